"""Questions to patients who were diagnosed and followed, answered from counts: survival, hazards, sites, diagnosis.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cascade.common.errors import InputError, is_whole, nearest
from cascade.common.frozen import ByValue
from cascade.common.types import Ints
from cascade.patient.follow import shares
from cascade.patient.follow.ends import ENDS as ENDS
from cascade.patient.follow.ends import SEEN, End, end_of, track_of
from cascade.patient.follow.estimators import Curve, at_risk, incidence, rates
from cascade.patient.follow.followed import Followed
from cascade.patient.follow.modes import modes
from cascade.patient.follow.months import AMONG, EVENT, TRACKS
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import MODES, MONTHS, Scheme
from cascade.patient.follow.staged import DiagnosisTable, QuartileTable, StagedSites
from cascade.patient.follow.tables import (
    HazardRow,
    HazardTable,
    SiteRow,
    SiteTable,
    SurvivalRow,
    SurvivalTable,
)

FEW_YEARS = (0, 1, 2, 3, 5, 10, 15, 20, 30)
"""Years that tables of several groups tell, where none are asked for."""

TOLD_OF = {
    "T": "T1: up to 20 mm, T2: up to 50 mm.",
    "N": "N1: 1 to 3 positive nodes, N2+: 4 and more; known from surgery on, so who dies before it is not among them.",
    "hidden": "Hidden: a distant lesion is there at diagnosis, and none is seen.",
    "mode": "By what led to diagnosis; metastasis: its symptoms, the primary unknown until then.",
    "age": "Age at diagnosis.",
    "trait": "Thirds of all patients, diagnosed or not.",
}
"""What the groups are that patients are told apart by, where their names do not say it."""

FALSE_ALARMS = 0.05
"""At most the probability that a table of hazards tells a mode that is none, in any of its groups."""


@dataclass(frozen=True, eq=False)
class FollowUp(ByValue):
    """Patients who were diagnosed and followed: their counts, and the tables made of them.

    Attributes
    ----------
    scheme : Scheme
    counts : Followed
    note : str
        How they were made, in words; it stands below each table.
    """

    scheme: Scheme
    counts: Followed
    note: str = ""

    @classmethod
    def of(cls, register: Register, note: str = "") -> FollowUp:
        """The follow-up of a register."""
        return cls(register.scheme, Followed.of(register), note)

    @property
    def patients(self) -> int:
        """Number of patients, diagnosed or not."""
        return int(self.counts.patients[0])

    @property
    def diagnosed(self) -> int:
        """Number of patients who were diagnosed."""
        return self.counts.diagnosed

    @property
    def label(self) -> str:
        """Name of the disease."""
        return self.scheme.label

    def left(self, end: str, by: str | None = None, *, seen: str = "scheduled", among: str | None = None) -> Ints:
        """Who leaves a follow-up in each month, by group: (groups, 3, months + 1), by ``months.EVENT`` and so on.

        Parameters
        ----------
        end : str
            One of ``ENDS``.
        by : str, optional
            What patients are told apart by: one of ``scheme.groups``. Default: all together.
        seen : str
            "scheduled" or "true"; of deaths that is the same.
        among : str, optional
            Who is followed: one of ``months.AMONG``. Default: that of the end.

        Raises
        ------
        InputError
            For another word.
        """
        asked = end_of(end)
        among = asked.among if among is None else among
        if among not in AMONG:
            raise InputError("among", among, f"{' or '.join(map(repr, AMONG))}")
        counted = self.counts.left[AMONG.index(among), track_of(asked, seen)]
        return np.asarray(counted[:, self.scheme.places[self._by(by)]].swapaxes(0, 1))

    def curve(self, end: str, by: str | None = None, *, seen: str = "scheduled", among: str | None = None) -> Curve:
        """The share by group and month since diagnosis, its interval and numbers at risk: (groups, months + 1).

        Parameters
        ----------
        end, by, seen, among
            As of ``left``.
        """
        return end_of(end).curve(self.left(end, by, seen=seen, among=among))

    def survival(
        self,
        end: str = "overall survival",
        by: str | None = None,
        *,
        seen: str = "scheduled",
        among: str | None = None,
        years: Iterable[int] | None = None,
    ) -> SurvivalTable:
        """Survival, or cumulative incidence, by year since diagnosis.

        Parameters
        ----------
        end : str
            "overall survival", "distant-metastasis-free survival", "freedom from distant metastasis" (deaths censored),
            "cumulative incidence of distant metastasis" (deaths compete), "recurrence-free survival", "cumulative
            incidence of recurrence", or "cumulative incidence of death of the tumour".
        by : str, optional
            "T", "N", "metastasis", "hidden", "mode", "age", "subtype", or "trait.NAME" in thirds.
        seen : str
            "scheduled": at visits or by symptoms; "true": on the first day on which it could be.
        among : str, optional
            "all diagnosed" or "no metastasis seen" (at diagnosis). Default: of deaths all, else the latter.
        years : iterable of int, optional
            Whole years since diagnosis. Default: all, or of several groups a few.

        Returns
        -------
        SurvivalTable

        Raises
        ------
        InputError
            For another word, or a year that is not followed.
        """
        asked, left = end_of(end), self.left(end, by, seen=seen, among=among)
        curve, rows = asked.curve(left), []
        events = left[:, EVENT] + left[:, EVENT + 1] if asked.composite else left[:, EVENT]
        risk = np.concatenate([curve.at_risk, np.zeros((len(left), 1), np.int64)], axis=1)
        wanted = self._years(years, few=by is not None)
        for g, group in enumerate(self.scheme.groups[self._by(by)]):
            for year in wanted:
                m = MONTHS * year
                if year and not curve.at_risk[g, m]:
                    continue  # nobody is followed so long
                share = (float(curve.share[g, m]), float(curve.low[g, m]), float(curve.high[g, m]))
                rows.append(SurvivalRow(group, float(year), int(risk[g, m + 1]), int(events[g, : m + 1].sum()), *share))
        return SurvivalTable(tuple(rows), end, by, self.label, self._noted(asked, by, seen, among))

    def hazard(
        self,
        end: str = "cumulative incidence of distant metastasis",
        by: str | None = None,
        *,
        seen: str = "scheduled",
        among: str | None = None,
    ) -> HazardTable:
        """Events a person-year by year since diagnosis, and the number of modes that are told from noise.

        Of an end at which deaths are censored, or compete, the hazard is that of its event alone.

        Parameters
        ----------
        end, by, seen, among
            As of ``survival``.

        Returns
        -------
        HazardTable
        """
        asked, left = end_of(end), self.left(end, by, seen=seen, among=among)
        found, rows, peaks = rates(left, competing=asked.composite), [], []
        groups = self.scheme.groups[self._by(by)]
        for g, group in enumerate(groups):
            followed = int((found.at_risk[g] > 0).sum())
            for year in range(followed):
                rate = (float(values[g, year]) for values in (found.rate, found.low, found.high))
                counted = int(found.at_risk[g, year]), int(found.events[g, year]), float(found.person_years[g, year])
                rows.append(HazardRow(group, year, *counted, *rate))
            peaked = modes(found.events[g], found.person_years[g], FALSE_ALARMS / len(groups))
            peaks.append((group, tuple((peak.first, peak.last) for peak in peaked)))
        at_once = left[:, EVENT : EVENT + 2 if asked.composite else EVENT + 1, 0].sum()
        told = f"{at_once:,} on the day of diagnosis are no hazard and left out. " if at_once else ""
        return HazardTable(tuple(rows), tuple(peaks), end, by, self.label, told + self._noted(asked, by, seen, among))

    def organs_since(self, years: Iterable[int] | None = None) -> SiteTable:
        """When lesions of each site were first seen: cumulative incidence among all diagnosed, while death competes.

        What was seen at diagnosis counts from year 0.

        Parameters
        ----------
        years : iterable of int, optional
            Whole years since diagnosis. Default: a few.

        Returns
        -------
        SiteTable
        """
        scheme, rows = self.scheme, []
        every = self.counts.left[0, TRACKS.index("distant"), :, scheme.places["all"].start]
        left = np.concatenate([every[None], self.counts.sites])
        curve, n = incidence(left), at_risk(left)
        names = [("any distant site", "distant"), *zip(scheme.sites, scheme.kinds, strict=True)]
        wanted = [y for y in self._years(years, few=True) if y == 0 or n[0, MONTHS * y]]
        last = left[:, EVENT, : MONTHS * wanted[-1] + 1].sum(axis=1)
        kinds = ["distant", "nodal", "local"]
        order = sorted(range(1, len(names)), key=lambda j: (kinds.index(names[j][1]), -last[j], names[j][0]))
        for j in [0, *order]:
            for year in wanted:
                m = MONTHS * year
                share = (float(curve.share[j, m]), float(curve.low[j, m]), float(curve.high[j, m]))
                if year == 0 or not math.isnan(share[0]):
                    rows.append(SiteRow(*names[j], float(year), int(left[j, EVENT, : m + 1].sum()), *share))
        told = "Event: the first lesion of the site seen; death competes. What is seen at diagnosis counts from year 0."
        return SiteTable(tuple(rows), self.label, f"{told} {self._made()}")

    def at_diagnosis(self, mode: str | None = None) -> DiagnosisTable:
        """How many were diagnosed, how, at which stage; what was seen beside what is there.

        Parameters
        ----------
        mode : str, optional
            Only those found by "symptoms", "screening" or "metastasis".

        Returns
        -------
        DiagnosisTable
        """
        rows = shares.at_diagnosis(self.counts, self._mode(mode))
        known = "T1: up to 20 mm, T2: up to 50 mm. N1: 1 to 3 nodes, N2+: 4 and more. There: founded, never to die out."
        return DiagnosisTable(rows, self.label + (f", found by {mode}" if mode else ""), f"{known} {self._made()}")

    def size_and_age(self) -> QuartileTable:
        """Quartiles of diameter and age at diagnosis, by what led to it."""
        told = "Diameters are known to 1 %, ages to a year."
        return QuartileTable(shares.quartiles(self.counts), self.label, f"{told} {self._made()}")

    def sites_at_diagnosis(self) -> StagedSites:
        """Where patients have lesions at diagnosis, and where some were seen by then."""
        told = "There: founded by then, and never to die out, of whatever size."
        return StagedSites(shares.staged_sites(self.counts.at_sites, self.scheme), self.label, f"{told} {self._made()}")

    def autopsies(self) -> StagedSites:
        """Where those who died of the tumour have lesions at death, and where the autopsy finds some.

        Of all of them, diagnosed or not; the autopsy is the eye that the disease names.
        """
        told = "At death of the tumour. There: founded by then, and never to die out, of whatever size."
        rows = shares.staged_sites(self.counts.autopsies, self.scheme)
        return StagedSites(rows, self.label, f"{told} {self._made()}", "death")

    def _by(self, by: object) -> str:
        if by is None:
            return "all"
        if not isinstance(by, str) or by not in self.scheme.groups:
            raise InputError("by", by, f"what patients are told apart by; {nearest(by, self.scheme.groups)}")
        return by

    def _mode(self, mode: object) -> int | None:
        if mode is None:
            return None
        if not isinstance(mode, str) or mode not in MODES:
            raise InputError("mode", mode, f"{', '.join(map(repr, MODES))}, or None for all")
        return MODES.index(mode)

    def _years(self, years: Iterable[int] | None, *, few: bool) -> Sequence[int]:
        most = self.scheme.months // MONTHS
        if years is None:
            return [year for year in (FEW_YEARS if few else range(most + 1)) if year <= most]
        wanted = f"whole years since diagnosis, from 0 to {most}"
        if not isinstance(years, Iterable) or isinstance(years, str | bytes | Mapping):
            raise InputError("years", years, wanted)
        given = list(years)
        if not given or not all(is_whole(year) and 0 <= year <= most for year in given):
            raise InputError("years", given, wanted)
        return sorted({int(year) for year in given})

    def _noted(self, end: End, by: str | None, seen: str, among: str | None) -> str:
        """What counts as event, when it is seen, who is followed, what the groups are, how it was made."""
        when = "" if end.track == "death" else f"{SEEN[seen]} "
        who = {AMONG[0]: "Of all diagnosed.", AMONG[1]: "Of those in whom no metastasis was seen at diagnosis."}
        groups = TOLD_OF.get((by or "").partition(".")[0], "")
        return " ".join(
            filter(None, (f"{end.told} {when}{who[end.among if among is None else among]}", groups, self._made()))
        )

    def _made(self) -> str:
        return self.note and f"{self.note.rstrip('.')}."
