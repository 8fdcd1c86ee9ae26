"""The course of one patient: the tumour and every lesion, when each was shed, slept, woke and founded, and its size.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from cascade.common.arguments import check_seed
from cascade.common.errors import InputError, is_whole
from cascade.common.frozen import FrozenDict
from cascade.common.text import text_table
from cascade.common.types import Floats
from cascade.lowering.lower import lower
from cascade.model.conditioned import given
from cascade.patient.checks import check_disease
from cascade.patient.clinic.replayed import lives_under
from cascade.patient.clinic.tested import Tested
from cascade.patient.clinic.told import Clinical, OwnTime, Visits, clinical_of, own_times_of
from cascade.patient.cohort import MOST_PATIENTS, check_care, check_years
from cascade.patient.counts import one_patient
from cascade.patient.disease import Disease
from cascade.patient.known import OneKnown, one_known
from cascade.patient.lesions import FounderRow, Founders, Lesion
from cascade.patient.lives import earlier, firsts, life_of, subtype_of
from cascade.patient.lowered import rules_of
from cascade.patient.origins import Way, origins
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.tables import WARNING
from cascade.patient.times import years_of
from cascade.patient.trees import Seeding
from cascade.runs.histories import History, Stay

CAUSES = ("", "the tumour", "other causes")


@dataclass(frozen=True)
class Course(Seeding, Tested):
    """One patient, from the first cell of the tumour to death or the end of the years that are told.

    Attributes
    ----------
    disease : Disease
    seed, patient : int
    years : float
        Until death, or the end.
    age : float
        In years, at the first cell of the tumour.
    cause : str
        Of death; "": alive at the end.
    traits : dict
        The patient's, mean 1 among all.
    subtype : str
        "" for a disease without any.
    lesions : tuple of Lesion
        The primary first, then by when they were shed; all that were shed in time, also those still in transit.
    clinical : Clinical, optional
        What was known and done, of a patient under a care.
    """

    disease: Disease
    seed: int
    patient: int
    years: float
    age: float
    cause: str
    traits: Mapping[str, float]
    subtype: str
    lesions: tuple[Lesion, ...]
    _ways: tuple[Way | None, ...] = field(repr=False, compare=False)
    clinical: Clinical | None = None
    _own: tuple[OwnTime | None, ...] = field(default=(), repr=False, compare=False)
    _under: Mapping[int, History] = field(default_factory=FrozenDict, repr=False, compare=False)

    def cells(self, years: Sequence[float] | float) -> Floats:
        """Cells of each lesion at some times, (lesions, times); 0 before founding and after the end of it.

        In the early phase the number is not followed: it is drawn at the end, and told here as if it had grown evenly.
        """
        t = years_of(years)
        return np.array([self._cells_of(lesion, t) for lesion in self.lesions])

    def _lesion(self, number: int) -> Lesion:
        if not is_whole(number) or not 0 <= number < len(self.lesions):
            raise InputError("lesion", number, f"the number of a lesion: 0 (the primary) to {len(self.lesions) - 1}")
        return self.lesions[number]

    def cells_of(self, number: int, years: Sequence[float] | float | Floats) -> Floats:
        """The same of one lesion, (times,)."""
        return self._cells_of(self._lesion(number), years_of(years))

    def _cells_of(self, lesion: Lesion, t: Floats) -> Floats:
        growth, early = self.disease.tumour.growth, self.disease.lesions.early_days
        if self._own and (own_time := self._own[lesion.number]) is not None:
            return self._cells_in(lesion, own_time, t * DAYS_PER_YEAR)
        if lesion.number == 0:
            return growth.size(t * DAYS_PER_YEAR * lesion.pace)
        if math.isinf(lesion.founded):
            return np.zeros(len(t))
        days = (t - lesion.founded) * DAYS_PER_YEAR
        old = early / lesion.pace
        young = (days >= 0) & (days < old)
        if not lesion.early_cells:
            return np.where(young, 1.0, 0.0)
        begun = float(growth.days(lesion.early_cells)[0])
        awake = np.where(t >= lesion.awake, lesion.awake - lesion.asleep, np.clip(t - lesion.asleep, 0.0, None))
        slept = awake * DAYS_PER_YEAR if math.isfinite(lesion.asleep) else np.zeros(len(t))
        own = begun + (days - old - slept) * lesion.pace
        grown = growth.size(np.clip(own, 0.0, None))
        return np.where(days >= old, grown, np.where(young, lesion.early_cells ** np.clip(days / old, 0, 1), 0.0))

    def _cells_in(self, lesion: Lesion, own_time: OwnTime, days: Floats) -> Floats:
        """Of a patient under a care: by the pieces of its own time."""
        own, early = own_time.at(days), self.disease.lesions.early_days
        there = own > -np.inf
        grown = self.disease.tumour.growth.size(np.where(own > 0.0, own, 0.0))
        young = there & (days < own_time.old) & (lesion.number > 0)
        part = np.clip((np.where(there, own, own_time.own[0]) - own_time.own[0]) / early, 0.0, 1.0)
        return np.where(there, np.where(young, lesion.early_cells**part, grown), 0.0)

    def visits(self) -> Visits:
        """What was seen at each visit, by eye and place, beside what was there.

        Raises
        ------
        InputError
            For a patient at whom nobody looked.
        """
        if self.clinical is None:
            raise InputError("care", None, f"a patient under a care: {', '.join(map(repr, self.disease.cares))}")
        return Visits(self.clinical.visits, f"{self.label}: visits, care {self.clinical.care}")

    def mm(self, years: Sequence[float] | float) -> Floats:
        """Diameters in millimetres, (lesions, times)."""
        cells = self.cells(years)
        return np.asarray(10.0 * (6.0 * cells / (math.pi * self.disease.tumour.cells_per_cm3)) ** (1.0 / 3.0))

    def end_of(self, number: int) -> float:
        """Year until which a lesion is there: that of the patient's end, or of its own, where it died out before.

        Of a lesion that dies out the end of the early phase is told: within it no number of cells is followed.
        """
        lesion = self._lesion(number)
        if lesion.fate != "died out":
            return min(self.years, lesion.gone)
        return min(self.years, lesion.founded + self.disease.lesions.early_days / lesion.pace / DAYS_PER_YEAR)

    def children(self, number: int) -> tuple[int, ...]:
        """Lesions that a lesion seeded.

        Raises
        ------
        InputError
            For a number that is no lesion's.
        """
        self._lesion(number)
        return tuple(lesion.number for lesion in self.lesions if lesion.parent == number)

    def life(self, number: int) -> History:
        """The life of the founder of a lesion, hour by hour: from setting out, through the vessel, to founding.

        Hours are counted from the moment at which it was shed: what it did before stands below 0.

        Raises
        ------
        InputError
            For a number that is no founder's.
        """
        if not is_whole(number) or not 1 <= number < len(self.lesions):
            last = len(self.lesions) - 1
            wanted = f"the number of a founder: 1 to {last}" if last else "none: no cell was shed that founds"
            raise InputError("lesion", number, wanted)
        lesion, way = self.lesions[number], self._ways[number]
        assert way is not None
        after = self._lives[number]
        before = life_of(lower(given(way.founding.before, "shed")), self.seed, earlier(lesion.identity, self.seed))
        whole = before.stays[-1].entered
        stays = [Stay(s.state, s.entered - whole, s.left - whole, s.ended_by, s.died) for s in before.stays[:-1]]
        return History(after.cell, (*stays, *after.stays))

    @cached_property
    def _lives(self) -> tuple[History, ...]:
        """From the vessel on, by lesion; the primary has an empty one."""
        lives: list[History] = []
        for lesion, way in zip(self.lesions, self._ways, strict=True):
            under = self._under.get(lesion.number)
            here = under or (History(0, ()) if way is None else life_of(way.lowered, self.seed, lesion.identity))
            lives.append(here)
        return tuple(lives)

    def founders(self) -> Founders:
        """When each founder was shed, left the vessel, fell asleep, woke and founded."""
        rows = []
        sizes = self.mm(self.years)[:, 0]
        for lesion, way, life in zip(self.lesions, self._ways, self._lives, strict=True):
            if way is None:
                continue
            milestone = {s.name: s.milestone for s in way.founding.model.states}
            landmark = {s.name: s.landmark for s in way.founding.model.states}
            year = {
                name: lesion.shed + hours / 24.0 / DAYS_PER_YEAR
                for name, hours in firsts(life, milestone, landmark).items()
            }
            when = {name: y if y <= self.years else math.inf for name, y in year.items()}
            out, asleep, woke = (when.get(name, math.inf) for name in ("out", "asleep", "woke"))
            woke = min(woke, lesion.founded) if math.isfinite(woke) else woke  # one moment, rounded twice
            stopped, resumed = (y if y <= self.years else math.inf for y in (lesion.asleep, lesion.awake))
            here = math.isfinite(lesion.founded)
            if not here:
                fate = "single cell, asleep" if math.isfinite(asleep) and math.isinf(woke) else "single cell"
            else:
                fate = "asleep" if math.isfinite(stopped) and math.isinf(resumed) else lesion.fate
            stays = here and bool(lesion.early_cells)
            rows.append(FounderRow(
                lesion.number, lesion.parent or 0, lesion.site, lesion.route, lesion.shed, out, asleep, woke,
                lesion.founded, fate, float(sizes[lesion.number]) if stays else 0.0,
                stopped if stays else math.inf, resumed if stays else math.inf,
            ))  # fmt: skip
        return Founders(tuple(rows), f"{self.label}: founders")

    @property
    def label(self) -> str:
        """Which patient."""
        return f"{self.disease.title or self.disease.name}: patient {self.patient:,} (seed {self.seed})"

    @property
    def ended(self) -> str:
        """How it ended, in words."""
        age = f"aged {self.age + self.years:.0f}"
        if self.cause:
            return f"died of {self.cause} {self.years:.1f} years after the first cell, {age}"
        return f"alive {self.years:g} years after the first cell, {age}"

    def __str__(self) -> str:
        traits = ", ".join(f"{name} {value:.3g}" for name, value in self.traits.items())
        primary = self.mm(self.years)[0, 0]
        head = f"{self.label}: {self.ended}\nprimary at the end: {primary:.3g} mm" + (f"; {traits}" if traits else "")
        head += f"\n{self.clinical}" if self.clinical is not None else ""
        founders = self.founders()
        if not len(founders):
            return f"{head}\n\nNo cell that founds was shed by then. {WARNING}"
        return f"{head}\n\n{text_table(*founders.as_text(), left=founders.left)}\n\n{founders.below}"

    def to_dict(self) -> dict[str, Any]:
        """The patient as plain data."""
        about = {"disease": self.disease.name, "digest": self.disease.digest(), "seed": self.seed}
        about |= {"patient": self.patient, "years": self.years, "age": self.age, "cause": self.cause}
        return {**about, "traits": dict(self.traits), "subtype": self.subtype, "founders": self.founders().to_dicts()}


def course_of(
    disease: Disease, *, seed: int, patient: int, care: str | None = None, until_years: float | None = None
) -> Course:
    """One patient of a disease, replayed: the same as in any cohort of this seed.

    Parameters
    ----------
    disease : Disease
    seed, patient : int
    care : str, optional
    until_years : float, optional
        As of the cohort.
    """
    check_disease(disease)
    seed, end = check_seed(seed), check_years(disease, until_years, care=care is not None)
    if not is_whole(patient) or not 0 <= patient < MOST_PATIENTS:
        raise InputError("patient", patient, "a whole number from 0 to 2^62")
    if care is not None:
        known = one_known(disease, check_care(disease, care), end, seed, int(patient))
        found, (age, day, cause, _, _), traits = known.lesions, known.course, known.traits
    else:
        known = None
        found, (age, day, cause, _, _), traits = one_patient(rules_of(disease, end, (end,), ()), seed, int(patient))
    years = min(float(day) / DAYS_PER_YEAR, end)
    # The primary, and in the order of shedding whatever was shed in time.
    kept = [0, *(i for i in np.argsort(found.shed, kind="stable").tolist() if i > 0 and found.shed[i] <= day)]
    place = {i: n for n, i in enumerate(kept)}
    every = [way for origin in origins(disease) for way in origin.ways]
    ways = tuple(None if i == 0 else every[found.way[i]] for i in kept)
    lesions = []
    for n, (i, way) in enumerate(zip(kept, ways, strict=True)):
        founded = float(found.founded[i]) / DAYS_PER_YEAR
        begin = (found.anchor[i] + found.asleep[i] / found.pace[i]) / DAYS_PER_YEAR
        lesions.append(Lesion(
            n, int(found.identity[i]), place[int(found.parent[i])] if i else None, way.site if way else "primary",
            way.route if way else "", float(found.shed[i]) / DAYS_PER_YEAR, founded if founded <= years else math.inf,
            float(found.early[i]), float(found.pace[i]), float(begin),
            float(begin + found.slept[i] / DAYS_PER_YEAR), _gone(known, i),
        ))  # fmt: skip
    named = dict(zip((trait.name for trait in disease.traits), traits.tolist(), strict=True))
    kind = disease.subtypes[subtype_of(disease, seed, lesions[0].identity)].name if disease.subtypes else ""
    told = disease, seed, int(patient), years, float(age), CAUSES[int(cause)], named, kind
    if care is None or known is None:
        return Course(*told, tuple(lesions), ways)
    clinical, own = clinical_of(disease, care, end, seed, known, kept), own_times_of(known, kept)
    return Course(*told, tuple(lesions), ways, clinical, own, lives_under(disease, care, end, seed, known, kept, ways))


def _gone(known: OneKnown | None, i: int) -> float:
    """Year in which treatment ended a lesion."""
    return math.inf if known is None or not known.pieces.number[i] else float(known.pieces.gone[i]) / DAYS_PER_YEAR
