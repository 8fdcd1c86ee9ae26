"""The exact answer of a disease as tables: the columns of a simulated cohort, without a seed.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.common.errors import InputError, is_number, nearest
from cascade.common.frozen import FrozenDict
from cascade.patient.checks import check_disease
from cascade.patient.cohort import SIZES_MM, check_sizes, check_times, check_years
from cascade.patient.disease import Disease
from cascade.patient.lowered import GROUPS
from cascade.patient.questions import Answers, Estimated
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.tables import LEVELS, NumberRow

if TYPE_CHECKING:
    from cascade.patient.blood import Blood
    from cascade.patient.diagnosed.answer import Diagnosed
    from cascade.patient.laws import At, Laws

REPLICATES = 8
"""Of an average over traits: its standard error is that between them."""

WIDE = 2.365
"""Standard errors on either side of 95 %: Student's t for so many replicates."""

FEW = 4
"""Sites up to which all is worked out where something is asked."""

AVERAGED = (
    "Averaged over traits, of patients whom the primary alone has not killed; death by the burden of lesions, which"
    " takes those who have many, is in the simulation alone. A mean is not told (-) where patients decide it of whom no"
    " cohort has one. Intervals are 95 % of the error of the averages."
)
AT_TRAITS = "Of one patient, until the primary kills; intervals are bounds of the error."


def exact_cohort(
    disease: Disease,
    *,
    until_years: float | None = None,
    times: Sequence[float] = (),
    sizes_mm: Sequence[float] = SIZES_MM,
    traits: Mapping[str, float] | None = None,
) -> ExactCohort:
    """The exact answer of a disease; see `cascade.exact`."""
    check_disease(disease)
    years = check_years(disease, until_years)
    when, sizes = check_times(times, years), check_sizes(disease, sizes_mm)
    return ExactCohort(disease, years, when, sizes, None if traits is None else check_traits(disease, traits))


def check_traits(disease: Disease, traits: object) -> FrozenDict[str, float]:
    """Values of traits by name, above 0; those that are not given are 1.

    Raises
    ------
    InputError
        For a trait that the disease has not, a value that none can have, or a disease with subtypes.
    """
    if not isinstance(traits, Mapping):
        raise InputError("traits", traits, "a mapping of traits to numbers, such as {'pace': 1.5}, or None")
    names = [trait.name for trait in disease.traits]
    for name, value in traits.items():
        if name not in names:
            raise InputError("traits", name, f"a trait of the disease; {nearest(name, names)}")
        if not is_number(value) or not 0 < value <= 1e6:
            raise InputError(f"traits[{name!r}]", value, "a number above 0, up to 1e6 (1: the mean of all patients)")
    if disease.subtypes:
        raise InputError("traits", dict(traits), "none for a disease with subtypes: make one of a single subtype")
    return FrozenDict({name: float(traits.get(name, 1.0)) for name in names})


@dataclass(frozen=True)
class ExactCohort(Answers):
    """The exact answer of a disease: the tables of a `Cohort`, with stated errors in place of intervals.

    Attributes
    ----------
    disease : Disease
    years : float
    times : tuple of float
    sizes_mm : tuple of float
    traits : mapping of str to float, or None
        Of one patient; None: averaged over patients.

    Notes
    -----
    Exact are numbers and sizes of lesions given the traits, with secondary seeding and the whole law of their number,
    as long as the patient lives. Averages over traits are of those patients whom the primary alone has not killed by
    then; death of other causes is independent of traits and drops out; death by the burden of *lesions* is in the
    simulation alone, so that late, in fast tumours with many lesions, both differ.
    """

    disease: Disease
    years: float
    times: tuple[float, ...]
    sizes_mm: tuple[float, ...]
    traits: Mapping[str, float] | None = None
    _kept: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    exact_answer = True

    @property
    def groups(self) -> tuple[str, ...]:
        """Sites, and kinds of sites."""
        return tuple(self.laws.groups)

    @property
    def label(self) -> str:
        """Name of the disease."""
        return self.disease.title or self.disease.name

    @property
    def made(self) -> str:
        """How it was made, in words."""
        return (
            f"exact, {self.years:g} years of the tumour, {'averaged over traits' if self.traits is None else self._of}"
        )

    @property
    def _of(self) -> str:
        return "a patient with " + (", ".join(f"{k} {v:g}" for k, v in (self.traits or {}).items()) or "mean traits")

    @cached_property
    def laws(self) -> Laws:
        """What is solved."""
        from cascade.patient.laws import Laws

        return Laws(self.disease)

    @property
    def recipe(self) -> dict[str, Any]:
        """How it was made, as plain data."""
        from cascade.common.version import package_version

        about = {"exact": True, "disease": self.disease.name, "disease_sha256": self.disease.digest()}
        about |= {"years": self.years, "times": list(self.times), "sizes_mm": list(self.sizes_mm)}
        return {**about, "traits": None if self.traits is None else dict(self.traits), "version": package_version()}

    @cached_property
    def _days(self) -> list[float]:
        return [time * DAYS_PER_YEAR for time in self.times]

    @cached_property
    def _cells(self) -> list[float]:
        return [self.disease.cells_of(mm) for mm in self.sizes_mm]

    @cached_property
    def _at(self) -> At:
        """At the traits that were given."""
        pace, route, site = multipliers(self.disease, self.traits or {})
        return self.laws.at(self._days, self._cells, pace=pace, route=route.tolist(), site=site.tolist())

    def _foresee(self, places: Sequence[tuple[int, int, int]]) -> None:
        """Work out averages that will be asked for, together."""
        new = [place for place in places if place not in self._kept]
        if self.traits is not None or not new:
            return
        groups, levels, times = (sorted(set(part)) for part in zip(*new, strict=True))
        if len(groups) <= FEW:  # what else may be asked of them takes little more
            levels, times = list(range(len(LEVELS) + len(self.sizes_mm))), list(range(len(self.times)))
        own = [level - len(LEVELS) for level in levels if level >= len(LEVELS)]
        found = self.laws.averaged(
            [self._days[t] for t in times],
            [self._cells[x] for x in own],
            groups=[self.groups[g] for g in groups],
            levels=[list(LEVELS)[x] if x < len(LEVELS) else own.index(x - len(LEVELS)) for x in levels],
            replicates=REPLICATES,
        )
        at = {level: level if level < len(LEVELS) else len(LEVELS) + own.index(level - len(LEVELS)) for level in levels}
        parts = (
            found.mean, WIDE * found.mean_error + found.mean_resolution,
            found.none, WIDE * found.none_error + found.none_resolution,
        )  # fmt: skip
        for g, x, (i, t) in itertools.product(groups, levels, enumerate(times)):
            self._kept[g, x, t] = tuple(float(part[g, at[x], i]) for part in parts)

    def _told_of(self, place: tuple[int, int, int]) -> tuple[float, ...]:
        """Mean and probability of none, each with the half-width of its interval."""
        if self.traits is None:
            self._foresee([place])
            return self._kept[place]  # type: ignore[no-any-return]
        if not self._lives(place[2]):
            return (np.nan,) * 4
        parts = self._at.mean, self._at.mean_error, self._at.none, self._at.none_error
        return tuple(float(part[place]) for part in parts)

    def _lives(self, time: int) -> bool:
        """Whether a patient of the traits that were given lives, as far as the primary decides."""
        pace, growth = multipliers(self.disease, self.traits or {})[0], self.disease.tumour.growth
        burden = self.disease.death.burden_cells
        return burden >= growth.most or bool(self._days[time] * pace < growth.days(burden)[0])

    def _alive(self, time: int) -> float:
        return 1.0 if self.traits is None else float(self._lives(time))

    def _estimated(self, group: int, level: int, time: int) -> Estimated:
        mean, wrong, none, wrong_none = self._told_of((group, level, time))
        some = min(max(1.0 - none, 0.0), 1.0)
        low, high = max(mean - wrong, 0.0), mean + wrong
        if np.isnan(none):
            some = np.nan
        return Estimated(mean, low, high, some, max(some - wrong_none, 0.0), min(some + wrong_none, 1.0))

    def _numbers(self, kind: int, level: int, time: int) -> tuple[NumberRow, ...]:
        if self.traits is not None and not self._lives(time):
            raise InputError("years", self.times[time], "a year before the primary has killed this patient")
        key = "numbers", kind, level, time
        if key not in self._kept:
            self._kept[key] = self._law_of(GROUPS[kind], level, time)
        share, wrong = self._kept[key]
        rows = [
            NumberRow(n, float(p), max(float(p - e), 0.0), min(float(p + e), 1.0))
            for n, (p, e) in enumerate(zip(share, wrong, strict=True))
        ]
        left = min(max(1.0 - float(share.sum()), 0.0), 1.0)
        bound = min(float(wrong.sum()), 1.0)
        return (*rows, NumberRow(len(rows), left, max(left - bound, 0.0), min(left + bound, 1.0), or_more=True))

    def _law_of(self, of: str, level: int, time: int) -> tuple[Any, Any]:
        """Probabilities of numbers of lesions, and half-widths of their intervals."""
        named = list(LEVELS)[level] if level < len(LEVELS) else level - len(LEVELS)
        if self.traits is not None:
            share, wrong = self._at.number(of, named)
            return share[time], wrong[time]
        only = [] if level < len(LEVELS) else [self._cells[level - len(LEVELS)]]
        at = [0 if only else named]
        days = [self._days[time]]
        found = self.laws.averaged(days, only, groups=[of], levels=at, numbers=[(of, at[0])], replicates=REPLICATES)
        return found.number[0][0], WIDE * found.number_error[0][0]

    def diagnosed(self, care: str = "none") -> Diagnosed:
        """Diagnosis and staging, of those who are diagnosed within the years; freedom from metastasis after surgery.

        Parameters
        ----------
        care : str
            By name: it says which eyes look at diagnosis, and what follows.

        Raises
        ------
        InputError
            For a care that the disease has not, or a disease without a presentation.
        """
        from cascade.patient.diagnosed.answer import diagnosed
        from cascade.patient.diagnosed.averaging import Patient

        of, patient = self.disease.care_of(care), None
        if self.traits is not None:
            values = np.array([self.traits.get(trait.name, 1.0) for trait in self.disease.traits])
            patient = Patient(*multipliers(self.disease, self.traits), values)
        years = sorted({*(float(year) for year in self.times if year > 0), float(self.years)})
        return diagnosed(self.disease, of, years, self.laws.sources, self.traits, patient)

    def blood(self) -> Blood:
        """Cells of the primary in the blood, and asleep, by year: all cells that were shed, not only those that found.

        Of mean traits, or of those that were given; until the primary kills.
        """
        from cascade.patient.blood import blood_of

        living = tuple(year for t, year in enumerate(self.times) if self._lives(t))
        return blood_of(self.disease, living, self.traits or {})

    def _told(self) -> dict[str, str]:
        return {
            "digest": self.disease.digest(),
            "end": f"{self.years:g} years",
            "note": AVERAGED if self.traits is None else AT_TRAITS,
        }

    def __str__(self) -> str:
        return f"{self.label}: {self.made}\n\n{self.lesions()}"

    def _repr_html_(self) -> str:
        return self.lesions()._repr_html_()


def multipliers(
    disease: Disease, traits: Mapping[str, float]
) -> tuple[float, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Pace, and what shedding by each route and founding in each site are multiplied by, of a patient's traits."""
    pace, route = 1.0, np.ones(len(disease.shedding))
    site = np.ones(len(disease.sites))
    for trait in disease.traits:
        value = traits.get(trait.name, 1.0)
        pace *= value if "growth" in trait.acts_on else 1.0
        route *= [value if f"shedding.{s.route}" in trait.acts_on else 1.0 for s in disease.shedding]
        both = [f"soil.{name}" in trait.acts_on or "seeding" in trait.acts_on for name in disease.sites]
        site *= np.where(both, value, 1.0)
    return pace, route, site
