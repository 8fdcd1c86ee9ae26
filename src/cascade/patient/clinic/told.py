"""What a doctor knows of one patient: diagnosis, treatments, and each visit with what was seen and what was there.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cascade import kernel
from cascade.answers.table import Table, Texts
from cascade.common.compiled import cached
from cascade.common.types import Floats
from cascade.kernel.streams import key_of
from cascade.patient import kernel as patient_kernel
from cascade.patient.clinic.care import MOMENTS
from cascade.patient.clinic.lowered import clinic_of
from cascade.patient.follow.scheme import MODES
from cascade.patient.kernel import clinic as compiled
from cascade.patient.kernel import clinic_inputs as at
from cascade.patient.kernel.clinic_streams import BED
from cascade.patient.kernel.sights import thresholds
from cascade.patient.lowered import curve_of
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.tables import WARNING

if TYPE_CHECKING:
    from cascade.patient.disease import Disease
    from cascade.patient.known import OneKnown

PRIMARY = "primary"
MOST_SCREENS = 500


class OwnTime(NamedTuple):
    """The own time of a lesion in pieces, days: from ``day`` on it is ``own`` and grows by ``pace``."""

    day: Floats
    own: Floats
    pace: Floats
    old: float
    gone: float

    def at(self, days: Floats) -> Floats:
        """Own time on some days; minus infinity where the lesion is not there."""
        s = np.clip(np.searchsorted(self.day, days, side="right") - 1, 0, None)
        own = self.own[s] + self.pace[s] * (days - self.day[s])
        return np.where((days >= self.day[0]) & (days < self.gone), own, -np.inf)


@dataclass(frozen=True)
class Given:
    """A treatment and when it is given, in years of the tumour; surgery, and second surgery, are moments."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class VisitRow:
    """What an eye sees of a place at a visit, beside what is there.

    Attributes
    ----------
    years : float
        Of the tumour.
    occasion : str
        "screening", "staging", "follow-up" or "restaging".
    eye, place : str
    there : int
        Lesions beyond the early phase.
    largest_mm : float
        The largest of these; 0 where there are none.
    seen : int
    seen_mm : float
        The largest that is seen; 0: nothing is.
    """

    years: float
    occasion: str
    eye: str
    place: str
    there: int
    largest_mm: float
    seen: int
    seen_mm: float


@dataclass(frozen=True)
class Visits(Table[VisitRow]):
    """Visits of a patient: a row for each eye and each place where there is something."""

    left = (1, 2, 3)

    rows: tuple[VisitRow, ...]
    label: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["years", "occasion", "eye", "place", "there", "largest, mm", "seen", "largest seen, mm"]
        lines = []
        for r in self.rows:
            sizes = [f"{mm:.3g}" if mm > 0 else "-" for mm in (r.largest_mm, r.seen_mm)]
            lines.append([f"{r.years:.2f}", r.occasion, r.eye, r.place, str(r.there), sizes[0], str(r.seen), sizes[1]])
        return header, lines

    @property
    def caption(self) -> str:
        """Whose visits."""
        return self.label

    @property
    def below(self) -> str:
        """What has to be known to read it right."""
        return f"Years of the tumour. Places where nothing is there beyond the early phase are left out. {WARNING}"


@dataclass(frozen=True)
class Clinical:
    """What was known and done of a patient; years of the tumour, infinity: never.

    Attributes
    ----------
    care : str
    diagnosed : float
    mode : str
        "symptoms", "screening", "metastasis"; "" where the tumour was never known.
    negative_screens : int
    mm : float
        Of the primary at diagnosis.
    metastasis_seen : bool
        At diagnosis.
    nodes_removed, nodes_positive : int
        -1 positive: nobody looked.
    local, distant, distant_true : float
        When local recurrence and a distant metastasis were seen; when it could have been, were one to look every day.
    given : tuple of Given
    symptoms, seen : tuple of float
        By lesion: when it gives symptoms, and when it is seen first.
    visits : tuple of VisitRow
    looks : tuple of (float, str, str)
        All visits, also those at which nothing was there: year, occasion and eye.
    """

    care: str
    diagnosed: float
    mode: str
    negative_screens: int
    mm: float
    metastasis_seen: bool
    nodes_removed: int
    nodes_positive: int
    local: float
    distant: float
    distant_true: float
    given: tuple[Given, ...]
    symptoms: tuple[float, ...]
    seen: tuple[float, ...]
    visits: tuple[VisitRow, ...]
    looks: tuple[tuple[float, str, str], ...] = ()

    @property
    def surgery(self) -> float:
        """Year of surgery; infinity: none."""
        return next((one.begin for one in self.given if one.name == "surgery"), math.inf)

    def __str__(self) -> str:
        if not self.mode:
            return f"care {self.care}: never diagnosed"
        how = {"symptoms": "by symptoms", "screening": "by screening", "metastasis": "by symptoms of a metastasis"}
        parts = [f"care {self.care}: diagnosed after {self.diagnosed:.2f} years {how[self.mode]}, {self.mm:.3g} mm"]
        parts.append("a metastasis seen" if self.metastasis_seen else "no metastasis seen")
        if self.nodes_positive >= 0:
            parts.append(f"{self.nodes_positive} of {self.nodes_removed} nodes positive")
        parts += [
            f"{one.name} at {one.begin:.2f}"
            if one.begin == one.end
            else f"{one.name} between {one.begin:.2f} and {one.end:.2f}"
            for one in self.given
        ]
        for name, year in (("local recurrence", self.local), ("distant metastasis", self.distant)):
            if math.isfinite(year):
                parts.append(f"{name} seen at {year:.2f}")
        return "; ".join(parts)


def own_times_of(found: OneKnown, kept: Sequence[int]) -> tuple[OwnTime | None, ...]:
    """Own times of the lesions of a patient; None: it is a single cell, or dies out."""
    pieces = found.pieces
    made: list[OwnTime | None] = []
    for i in kept:
        n = int(pieces.number[i])
        day, own, pace = (part[i, :n].copy() for part in (pieces.day, pieces.own, pieces.pace))
        made.append(OwnTime(day, own, pace, float(pieces.old[i]), float(pieces.gone[i])) if n else None)
    return tuple(made)


class _Eyes:
    """Thresholds of the lesions of a patient, and the visits."""

    def __init__(self, disease: Disease, care: str, years: float, seed: int, found: OneKnown, kept: Sequence[int]):
        self.disease, self.years, self.found = disease, years, found
        _, self.clinic = clinic_of(disease, care, years, (years,), ())
        self.key, self.curve = key_of(seed), curve_of(disease.tumour.growth)
        self.own = own_times_of(found, kept)
        self.site = found.lesions.site[list(kept)]
        self.signs = np.where(found.pieces.number[list(kept)] > 0, found.pieces.symptoms[list(kept)], np.inf)
        self.signs[0] = np.inf
        self.places = np.concatenate([[0], self.site[1:] + 1])
        self.identities = found.lesions.identity[list(kept)]
        self.row = dict(zip(at.NUMBERS, found.row.tolist(), strict=True))
        self.first, self.looks = self._thresholds(0)
        self.again, _ = self._thresholds(BED)
        self.until = min(self.row["death"], years * DAYS_PER_YEAR)

    def _thresholds(self, bed: int) -> tuple[Floats, Any]:
        number = len(self.disease.eyes), len(self.identities)
        own, looks = np.zeros(number), np.zeros((number[0], 1 + len(self.disease.sites)), np.bool_)
        run = cached(thresholds, kernel, patient_kernel)
        run(self.curve, self.clinic.eyes, self.identities, self.places, bed, self.key, own, looks)
        return own, looks

    def occasions(self) -> Iterator[tuple[float, str, Any]]:
        """Days of visits, what for, and the eyes that look."""
        known, care = self.row["diagnosed"], self.clinic.care
        screens = self.clinic.screens
        days = np.full((len(screens.eye), MOST_SCREENS), np.inf)
        cached(compiled.screens_of, kernel, patient_kernel)(
            screens, self.identities[0], self.row["age"], self.key, days
        )
        end = min(known, self.until)
        for c, e in enumerate(screens.eye.tolist()):
            looks = np.arange(len(self.disease.eyes)) == e
            yield from ((float(day), "screening", looks) for day in days[c] if 0.0 <= day <= end)
        if not math.isfinite(known):
            return
        yield known, "staging", care.staging
        base = self.row["surgery"] if math.isfinite(self.row["surgery"]) else known
        for z in range(len(care.every)):
            for k in range(1, int(care.visits[z]) + 1):
                if (day := base + k * float(care.every[z])) <= self.until:
                    yield day, "follow-up", care.looks[z]
        if self.row["metastasis_seen"] == 0.0 and self.row["distant"] <= self.until:
            yield self.row["distant"], "restaging", care.restaging

    def looked(self) -> set[tuple[float, str, str]]:
        """Year, occasion and eye of all visits."""
        names = [eye.name for eye in self.disease.eyes]
        return {
            (day / DAYS_PER_YEAR, occasion, name)
            for day, occasion, looks in self.occasions()
            for name, looked in zip(names, looks, strict=True)
            if looked
        }

    def seen(self, day: float, occasion: str, e: int) -> Iterator[tuple[int, float, bool]]:
        """Lesions that are there on a day, own time, and whether an eye sees them."""
        symptoms, row = self.clinic.eyes.symptoms, self.row
        bed = math.isfinite(row["surgery"]) and day > row["surgery"]
        for i, own in enumerate(self.own):
            place = int(self.places[i])
            if (occasion == "screening" and i) or own is None or not self.looks[e, place] or own.old > day:
                continue
            now = float(own.at(np.array([day]))[0])
            if now == -math.inf:
                continue
            mine = self.signs[self.places == place].min() if symptoms[e, place] else -math.inf
            least = self.again[e, 0] if i == 0 and bed else self.first[e, i]
            yield i, now, bool(mine <= day and now >= least)

    def rows(self) -> Iterator[tuple[VisitRow, list[int]]]:
        """Rows of all visits, and the lesions that are seen."""
        names = (PRIMARY, *self.disease.sites)
        for day, occasion, looks in sorted(self.occasions(), key=lambda visit: visit[0]):
            for e, eye in enumerate(self.disease.eyes):
                if not looks[e]:
                    continue
                found = list(self.seen(day, occasion, e))
                for place in sorted({int(self.places[i]) for i, _, _ in found}):
                    here = [(i, self._mm(own), seen) for i, own, seen in found if self.places[i] == place]
                    mm = [size for _, size, _ in here]
                    seen = {i: size for i, size, is_seen in here if is_seen}
                    row = VisitRow(
                        day / DAYS_PER_YEAR, occasion, eye.name, names[place], len(here), max(mm), len(seen),
                        max(seen.values(), default=0.0),
                    )  # fmt: skip
                    yield row, list(seen)

    def _mm(self, own: float) -> float:
        return self.disease.mm(float(self.disease.tumour.growth.size([max(own, 0.0)])[0]))

    def given(self, care: str) -> tuple[Given, ...]:
        """Surgery and systemic treatments."""
        chosen, row = self.disease.care_of(care), self.row
        every: list[Given] = []
        if math.isfinite(row["surgery"]):
            every.append(Given(MOMENTS[0], row["surgery"] / DAYS_PER_YEAR, row["surgery"] / DAYS_PER_YEAR))
            again = float(self.found.timeline.state[at.AGAIN])
            if again == self.found.pieces.gone[0] and again <= self.until:
                every.append(Given(MOMENTS[1], again / DAYS_PER_YEAR, again / DAYS_PER_YEAR))
        begins = np.full(len(chosen.systemic), np.inf)
        if math.isfinite(row["diagnosed"]):
            cached(compiled.given_from, kernel, patient_kernel)(
                self.clinic.care, int(row["subtype"]), row["metastasis_seen"] > 0, row["surgery"],
                row["nodes_positive"], row["diagnosed"], row["distant"], self.identities[0], self.key, begins,
            )  # fmt: skip
        for one, begin in zip(chosen.systemic, begins.tolist(), strict=True):
            if begin <= self.until:
                end = min(begin + one.for_years * DAYS_PER_YEAR, self.until)
                every.append(Given(one.name, begin / DAYS_PER_YEAR, end / DAYS_PER_YEAR))
        return tuple(every)


def clinical_of(disease: Disease, care: str, years: float, seed: int, found: OneKnown, kept: Sequence[int]) -> Clinical:
    """What was known and done of a patient that the kernel has left; ``kept``: lesions that are told, in order."""
    eyes = _Eyes(disease, care, years, seed, found, kept)
    row = eyes.row
    known = math.isfinite(row["diagnosed"])
    rows, first = [], eyes.signs.copy()
    if known:
        first[0] = row["diagnosed"]
    for visit, seen in eyes.rows():
        rows.append(visit)
        for i in seen:
            first[i] = min(first[i], visit.years * DAYS_PER_YEAR)

    def told(day: float) -> float:
        return day / DAYS_PER_YEAR if day <= eyes.until else math.inf

    return Clinical(
        care, row["diagnosed"] / DAYS_PER_YEAR, MODES[int(row["mode"]) - 1] if known else "",
        int(row["negative_screens"]), disease.mm(math.exp(row["log_cells"])) if known else 0.0,
        row["metastasis_seen"] > 0, int(row["nodes_removed"]), int(row["nodes_positive"]),
        row["local"] / DAYS_PER_YEAR, row["distant"] / DAYS_PER_YEAR, row["distant_true"] / DAYS_PER_YEAR,
        eyes.given(care), tuple(map(told, eyes.signs.tolist())), tuple(map(told, first.tolist())), tuple(rows),
        tuple(sorted(eyes.looked())),
    )  # fmt: skip
