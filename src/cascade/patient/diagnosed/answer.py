"""The exact answer at diagnosis and after surgery, of one patient or averaged over traits, each number with its error.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.common.errors import InputError
from cascade.common.shares import percent
from cascade.common.text import text_table
from cascade.common.types import Floats
from cascade.patient.clinic.care import Care
from cascade.patient.diagnosed.averaging import BINS, Patient, Question, of_all, of_patient
from cascade.patient.diagnosed.diagnosis import Asked
from cascade.patient.diagnosed.freedom import KINDS, check_care, uncertain
from cascade.patient.diagnosed.totals import MODES, Sums
from cascade.patient.disease import Disease
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.tables import WARNING

if TYPE_CHECKING:
    from cascade.patient.sources import Sources

GROUPS = ("all", *MODES)
"""Who: all who are diagnosed, and by mode."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of the diameter of the primary."""

AGE_BANDS = (40.0, 50.0, 60.0, 70.0, 80.0)
"""Ages at diagnosis, in years, between which patients are counted."""

AFTER_YEARS = (1.0, 2.0, 3.0, 5.0, 10.0)
"""Since diagnosis."""

WIDE = 2.365
"""Standard errors of 95 %: Student's t for eight replicates."""

LEAST = 1e-5
"""Of each value, its error at least."""

NOBODY = 1e-9
"""Share of the patients of a ratio below whom it is not told."""

BELOW = (
    "Of patients who are alive at diagnosis: the primary alone kills earlier, or other causes; death by the burden of"
    " lesions, or of those of an organ, is in the simulation alone."
)
FIRST = " Lesions of the first generation alone: those that metastases have seeded are in the simulation alone."


@dataclass(frozen=True, eq=False)
class Told:
    """Numbers with their errors.

    Attributes
    ----------
    value, error : array of float
        Half-width: 95 % of the average over traits, and what coarser resolutions change, twice.
    """

    value: Floats
    error: Floats


@dataclass(frozen=True, eq=False)
class Diagnosed:
    """The exact answer at diagnosis, of patients who are diagnosed within the years that are followed.

    Arrays have who first, (4,): all who are diagnosed, by symptoms of the primary, by screening, by a metastasis.

    Attributes
    ----------
    disease : Disease
    care : Care
    years : tuple of float
        Years of the tumour by which those who are diagnosed are told, (Y,); the last is the end.
    traits : mapping of str to float, or None
        Of one patient; None: averaged over patients.

    Notes
    -----
    "Seen" are distant metastases at staging, and one whose symptoms led to diagnosis; "there" also those that are not
    seen; "hidden" is said of patients with any that is not seen. Lesions that die out early count nowhere.
    """

    disease: Disease
    care: Care
    years: tuple[float, ...]
    traits: Mapping[str, float] | None
    sources: Sources = field(repr=False)
    patient: Patient | None = field(repr=False)

    groups = GROUPS

    @property
    def staging(self) -> tuple[str, ...]:
        """Eyes that look at diagnosis."""
        presentation = self.disease.presentation
        usual = presentation.staging if presentation is not None else ()
        return usual if self.care.staging is None else self.care.staging

    def _question(self, years: tuple[float, ...] = ()) -> Question:
        asked = Asked(self.staging, self.years[-1] * DAYS_PER_YEAR, self.years, AGE_BANDS)
        return Question(self.disease, self.sources, asked, self.care, years)

    def _sums(self, question: Question) -> list[list[Sums]]:
        return of_all(question) if self.patient is None else of_patient(question, self.patient)

    @cached_property
    def _at_diagnosis(self) -> list[list[Sums]]:
        return self._sums(self._question())

    def _of(self, figure: Callable[[Sums], Floats], law: bool = False) -> Told:
        return _figure(self._at_diagnosis, figure, self.sources.delay_error, law)

    @cached_property
    def by_year(self) -> Told:
        """Share of all patients who are diagnosed by each year, (4, Y)."""
        return self._of(lambda s: np.cumsum(_who(s["by_year"]), axis=1)[:, : len(self.years)], law=True)

    @cached_property
    def modes(self) -> Told:
        """Shares of those who are diagnosed, (3,): by symptoms, screening, a metastasis."""
        return self._of(lambda s: _over(s["diagnosed"], s["diagnosed"].sum()))

    def _mean(self, name: str, law: bool = False) -> Told:
        return self._of(lambda s: _over(_who(s[name]).T, _who(s["diagnosed"]).T).T, law)

    @cached_property
    def categories(self) -> Told:
        """Shares with T1 (up to 20 mm), T2 (up to 50 mm) and T3, (4, 3)."""
        return self._mean("by_category", law=True)

    @cached_property
    def seen_by_category(self) -> Told:
        """Share of patients with T1, T2 and T3 in whom a metastasis is seen, (4, 3)."""
        return self._of(lambda s: _over(_who(s["seen_by_category"]), _who(s["by_category"])))

    @cached_property
    def size_mm(self) -> Told:
        """Quantiles of the diameter of the primary, (4, 5): of 5, 25, 50, 75 and 95 %."""
        return self._of(lambda s: _quantiles(_who(s["sizes"])), law=True)

    @cached_property
    def age(self) -> Told:
        """Mean age, (4,) years."""
        return self._mean("age")

    @cached_property
    def ages(self) -> Told:
        """Shares by age: up to 40, 50, 60, 70, 80 years, and above, (4, 6)."""
        return self._mean("bands", law=True)

    @cached_property
    def tumour_years(self) -> Told:
        """Mean time from the first cell to diagnosis, (4,) years."""
        return self._of(lambda s: _over(_who(s["day"]) / DAYS_PER_YEAR, _who(s["diagnosed"])))

    @cached_property
    def seen(self) -> Told:
        """Share in whom a distant metastasis is seen, (4,)."""
        return self._mean("seen")

    @cached_property
    def there(self) -> Told:
        """Share with a distant metastasis, seen or not, (4,)."""
        return self._mean("there")

    @cached_property
    def unseen(self) -> Told:
        """Share with distant metastases of which none is seen, (4,): beside ``seen``, and none there, the third."""
        return self._mean("unseen")

    @cached_property
    def hidden(self) -> Told:
        """Share with a distant metastasis that is not seen, whether or not another is, (4,)."""
        return self._mean("hidden")

    @cached_property
    def hidden_if_none_seen(self) -> Told:
        """Of those in whom none is seen the share with a distant metastasis, (4,)."""
        return self._of(lambda s: _over(_who(s["unseen"]), _who(s["diagnosed"] - s["seen"])))

    @cached_property
    def seen_number(self) -> Told:
        """Mean number of distant metastases that are seen, (4,)."""
        return self._mean("seen_number")

    @cached_property
    def there_number(self) -> Told:
        """Mean number of distant metastases, (4,)."""
        return self._mean("there_number")

    @cached_property
    def early_share(self) -> Told:
        """Of all distant metastases at diagnosis those shed before the primary could be seen, (4,); nan: no eye looks.

        By the eyes of screening and of staging that look at the primary in the patient.
        """
        return self._of(lambda s: _over(_who(s["early_number"]), _who(s["there_number"])) * self._watched)

    @property
    def _watched(self) -> float:
        presentation = self.disease.presentation
        names = {*self.staging, *(s.eye for s in (presentation.screening if presentation is not None else ()))}
        looks = [eye.primary for eye in self.disease.eyes if eye.name in names and eye.primary is not None]
        return 1.0 if any(sight.looked_at > 0 for sight in looks) else np.nan

    def organ(self, what: str = "seen") -> Told:
        """By site, (4, J), in the order of the disease's sites: share of patients, or mean number.

        Parameters
        ----------
        what : str
            "seen", "there", "seen_number" or "there_number".
        """
        wanted = ("seen", "there", "seen_number", "there_number")
        if what not in wanted:
            raise InputError("what", what, ", ".join(map(repr, wanted)))
        return self._mean(f"site_{what}")

    @cached_property
    def mean_traits(self) -> Told:
        """Mean traits of those who are diagnosed, (4, F), in the order of the disease's traits; of all patients 1."""
        # Over the mean of all patients, 1, as the same points tell it: what they miss is left out.
        return self._of(lambda s: _over(_over(_who(s["traits"]).T, _who(s["diagnosed"])).T, s["prior"]))

    def freedom(self, years: Sequence[float] = AFTER_YEARS) -> Told:
        """Freedom from distant metastasis of those in whom none was seen, who are operated: net of deaths, (2, Y).

        Parameters
        ----------
        years : sequence of float
            Since diagnosis.

        Returns
        -------
        Told
            First *true*: until the first day on which a distant lesion could be seen by an eye of the visits (or, where
            there are none, of staging), or gave symptoms; then *scheduled*, when a visit or symptoms show it.

        Raises
        ------
        InputError
            For care without surgery, with local recurrence, or with systemic treatment that begins before a metastasis
            is seen: these are in the simulation alone.
        """
        check_care(self.care)
        asked = tuple(float(year) for year in years)
        if not asked or not all(np.isfinite(year) and 0 <= year <= 100 for year in asked):
            raise InputError("years", years, "years since diagnosis, from 0 to 100")
        sums = self._sums(self._question(asked))
        wrong = self.sources.delay_error + uncertain(self.disease, self.care, self.staging, self.sources)
        return _figure(sums, lambda s: _over(s["free"][1:], s["free"][0]).reshape(len(KINDS), -1), wrong)

    @property
    def below(self) -> str:
        """What has to be known to read it right."""
        return f"{BELOW}{FIRST if self.disease.lesions_shed else ''} {WARNING}"

    def __str__(self) -> str:
        rows = [
            ("diagnosed, of all patients", Told(self.by_year.value[:, -1], self.by_year.error[:, -1])),
            ("a distant metastasis is seen", self.seen),
            ("there, none seen", self.unseen),
            ("hidden, whether or not one is seen", self.hidden),
            ("T1, up to 20 mm", Told(self.categories.value[:, 0], self.categories.error[:, 0])),
        ]
        lines = [[name, *(percent(float(v)) if np.isfinite(v) else "-" for v in told.value)] for name, told in rows]
        header = ["at diagnosis", *GROUPS]
        title = f"{self.disease.title or self.disease.name}: at diagnosis, exact"
        return f"{title}\n\n{text_table(header, lines)}\n\n{self.below}"


def _who(sums: Any) -> Floats:
    """All, then by mode."""
    part = np.asarray(sums, np.float64)
    return np.concatenate([part.sum(axis=0, keepdims=True), part])


def _over(part: Any, whole: Any) -> Floats:
    """Ratios; nan where they are of nobody, or of patients of whom no cohort has one."""
    of = np.asarray(whole, np.float64)
    some = of > NOBODY * np.max(of, initial=0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(some, np.divide(part, of), np.nan))


def _quantiles(below: Floats) -> Floats:
    """Diameters, of patients with less than each."""
    out = np.full((len(below), len(QUANTILES)), np.nan)
    for row, counts in zip(out, below, strict=True):
        if counts[-1] > 0:
            row[:] = np.exp(np.interp(np.array(QUANTILES) * counts[-1], counts, BINS))
    return out


def _figure(sums: list[list[Sums]], figure: Callable[[Sums], Floats], delays: float, law: bool = False) -> Told:
    """A figure, the standard error between replicates, and twice what coarser resolutions change.

    ``law``: of a whole law, where all along the last axis that are told have the largest error among them.
    """
    replicates, *others = sums
    value = figure(_mean_of(replicates))
    changes = [np.abs(figure(_mean_of(replicates[: len(other)])) - figure(_mean_of(other))) for other in others]
    error = 2.0 * np.max(changes, axis=0) + delays + LEAST * np.abs(value)
    if len(replicates) > 1:
        told = [figure(s) for s in replicates]
        error = error + WIDE * np.std(told, axis=0, ddof=1) / np.sqrt(len(told))
    if law:
        error = np.where(np.isfinite(error), np.nanmax(error, axis=-1, keepdims=True, initial=0.0), np.nan)
    return Told(value, np.asarray(error))


def _mean_of(sums: list[Sums]) -> Sums:
    return {name: np.asarray(np.mean([s[name] for s in sums], axis=0)) for name in sums[0]}


def diagnosed(
    disease: Disease,
    care: Care,
    years: Sequence[float],
    sources: Sources,
    traits: Mapping[str, float] | None,
    patient: Patient | None,
) -> Diagnosed:
    """The exact answer at diagnosis.

    Raises
    ------
    InputError
        For a disease without a presentation.
    """
    if disease.presentation is None:
        wanted = "a disease with a presentation: without it nobody is diagnosed"
        raise InputError("presentation", None, wanted)
    return Diagnosed(disease, care, tuple(years), traits, sources, patient)
