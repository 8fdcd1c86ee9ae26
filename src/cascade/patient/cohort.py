"""Cohorts: patients of a disease, simulated one by one; what is kept is what they add up to, and the recipe.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.common.arguments import seed_of
from cascade.common.errors import InputError, is_number, is_whole
from cascade.common.frozen import ByValue
from cascade.common.version import STREAM_VERSION
from cascade.engine.executor import Progress, Workers
from cascade.patient.checks import check_disease
from cascade.patient.clinic.lowered import clinic_of
from cascade.patient.counts import Counts, PatientChunk, counted
from cascade.patient.disease import Disease
from cascade.patient.follow.followed import Followed
from cascade.patient.kernel.inputs import Rules
from cascade.patient.known import LARGEST as OF_REGISTER
from cascade.patient.known import Known, KnownChunk, counted_known
from cascade.patient.lowered import group_names, rules_of
from cascade.patient.questions import Simulated
from cascade.patient.tables import COUNTED_ALONE
from cascade.runs.provenance import together, versions_here

if TYPE_CHECKING:
    from cascade.patient.course import Course
    from cascade.patient.follow.answers import FollowUp
    from cascade.patient.follow.register import Register

MOST_PATIENTS = 1 << 62
MOST_TIMES = 1000
MOST_SIZES = 16
SIZES_MM = (1.0, 5.0, 10.0, 20.0)
"""Diameters from which on lesions are counted, where none are given: as far as tumours come to them."""

VISITS = 60.0
"""About how long a patient takes, in visits of a cell to a state."""

LARGEST = 1 << 20

FOUNDERS_KILLED = 6
"""Version of the random streams from which on treatments kill cells that begin a lesion, too."""


def cohort(
    disease: Disease,
    *,
    patients: int | float | range,
    seed: int | None = None,
    care: str | None = None,
    until_years: float | None = None,
    times: Sequence[float] = (),
    sizes_mm: Sequence[float] = SIZES_MM,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Cohort:
    """Simulate patients of a disease, from the first cell of the tumour to death or ``until_years``.

    The result depends on disease, care, seed and patients alone: it is bit-identical for every executor, number of
    threads and size of chunk, and more patients leave those before them as they are.  For research and teaching,
    never for decisions about a patient.

    Parameters
    ----------
    disease : Disease
    patients : int or range
        Number of patients (from number 0 on), or a range of their numbers.
    seed : int, optional
        A whole number >= 0. Default: one is drawn, and stands in the result.
    care : str, optional
        What is done once the tumour is known: a care of the disease by name, or "none". Default: nobody looks.
    until_years : float, optional
        Years of the tumour that are followed. Default: those of the disease; under a care of its presentation.
    times : sequence of float, optional
        Years of the tumour at which lesions are counted. Default: whole years.
    sizes_mm : sequence of float
        Diameters in millimetres from which on lesions are counted, beside all.
    executor : concurrent.futures.Executor, optional
        Default: one thread per processor.
    chunk : int, optional
        Patients per task; it changes nothing but the speed.
    progress : bool or callable, optional
        True: a bar on stderr; a callable is given (done, all). Default: a bar for long runs on a terminal.

    Returns
    -------
    Cohort

    Raises
    ------
    InputError
        For a wrong argument, or a patient with more than a million lesions.

    Examples
    --------
    >>> import cascade
    >>> some = cascade.cohort(cascade.disease("textbook"), patients=1000, seed=1)
    >>> some.alive[0]
    1000
    """
    about = check_disease(disease), patient_range(patients), seed_of(seed), care, until_years, times, sizes_mm
    return _simulated(*about, Workers(executor, chunk, progress, VISITS, "patients"))


def _simulated(
    disease: Disease,
    patients: range,
    seed: int,
    care: object,
    until: object,
    times: object,
    sizes_mm: object,
    workers: Workers,
) -> Cohort:
    """The patients run, and what they add up to with its recipe."""
    years = check_years(disease, until, care=care is not None)
    when, sizes = check_times(times, years), check_sizes(disease, sizes_mm)
    named = None if care is None else check_care(disease, care)
    cells = tuple(disease.cells_of(mm) for mm in sizes)
    stop = np.zeros(1, np.uint8)
    ranges = ((patients.start, patients.stop),)
    if named is None:
        rules = rules_of(disease, years, when, cells)
        chunks = (PatientChunk(rules, seed, part.start, len(part), stop) for part in workers.cut(patients, LARGEST))
        counts = Counts.gathered(workers.results(counted, chunks, len(patients), stop))
        return Cohort(disease, seed, ranges, years, when, sizes, counts, versions_here())
    clinic_of(disease, named, years, when, cells)  # once, not in each thread
    followed = (
        KnownChunk(disease, named, years, when, cells, seed, part.start, len(part), stop)
        for part in workers.cut(patients, OF_REGISTER)
    )
    known = Known.gathered(workers.results(counted_known, followed, len(patients), stop))
    return Cohort(disease, seed, ranges, years, when, sizes, known.counts, versions_here(), named, known.followed)


@dataclass(frozen=True, eq=False)
class Cohort(Simulated, ByValue):
    """What a cohort counted, and how it was made.

    Attributes
    ----------
    disease : Disease
    seed : int
    ranges : tuple of (int, int)
        Numbers of the patients, as half-open ranges.
    years : float
        Years of the tumour that were followed.
    times : tuple of float
        Years at which lesions were counted.
    sizes_mm : tuple of float
    counts : Counts
    versions : dict
        Versions of the package and of the random streams.
    care : str, optional
        What was done; None: nobody looked.
    followed : Followed, optional
        What those add up to who were diagnosed.
    """

    disease: Disease
    seed: int
    ranges: tuple[tuple[int, int], ...]
    years: float
    times: tuple[float, ...]
    sizes_mm: tuple[float, ...]
    counts: Counts
    versions: Mapping[str, Any]
    care: str | None = None
    followed: Followed | None = None

    @property
    def patients(self) -> int:
        """Number of patients."""
        return sum(stop - start for start, stop in self.ranges)

    @property
    def alive(self) -> tuple[int, ...]:
        """Patients who are alive at each of ``times``."""
        return tuple(self.counts.alive.tolist())

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """Sites, and kinds of sites, that lesions are counted by."""
        return group_names(self.disease)

    @property
    def label(self) -> str:
        """Name of the disease."""
        return self.disease.title or self.disease.name

    @property
    def made(self) -> str:
        """How it was made, in words."""
        numbers = " and ".join(f"{start:,}:{stop:,}" for start, stop in self.ranges)
        of = f"{self.patients:,} patients (numbers {numbers}), seed {self.seed}, {self.years:g} years of the tumour"
        return of if self.care is None else f"{of}, care: {self.care}"

    @property
    def rules(self) -> Rules:
        """The disease as arrays."""
        sizes = tuple(self.disease.cells_of(mm) for mm in self.sizes_mm)
        return rules_of(self.disease, self.years, self.times, sizes)

    def patient(self, number: int) -> Course:
        """The whole course of one patient: exactly what the cohort counted.

        Raises
        ------
        InputError
            For a number that is none of the cohort.
        """
        from cascade.patient.course import course_of

        if not is_whole(number) or not any(start <= number < stop for start, stop in self.ranges):
            told = " or ".join(f"{start:,} to {stop - 1:,}" for start, stop in self.ranges)
            raise InputError("patient", number, f"the number of a patient of this cohort: {told}")
        self._check_same("a course")
        return course_of(self.disease, seed=self.seed, patient=int(number), care=self.care, until_years=self.years)

    def _check_same(self, what: str) -> None:
        """That the patients of a cohort, which may have been saved long ago, live the same lives here."""
        streams = self.versions.get("streams")
        kills = self.care is not None and any(one.log_kill > 0 for one in self.disease.care_of(self.care).systemic)
        if kills and not (isinstance(streams, int) and streams >= FOUNDERS_KILLED):
            wanted = (
                f"a cohort whose patients live the same lives under the random streams of this version"
                f" ({STREAM_VERSION}); counts and tables of this one are those of its own rules, but {what} would show"
                " other patients: simulate anew"
            )
            raise InputError("streams", streams, wanted)

    def follow_up(self) -> FollowUp:
        """Those who were diagnosed: at diagnosis, survival, hazards, sites by the time they were seen.

        Raises
        ------
        InputError
            For a cohort at which nobody looked.
        """
        from cascade.patient.follow.answers import FollowUp
        from cascade.patient.follow.scheme import Scheme

        if self.followed is None:
            raise InputError(
                "care", self.care, f"a cohort under a care, such as care={next(iter(self.disease.cares))!r}"
            )
        note = f"Care: {self.care}. {self.made}."
        if self.disease.calibration is not None:
            note = f"{note} {COUNTED_ALONE}"
        return FollowUp(Scheme.of(self.disease, self.years), self.followed, note)

    def register(self, patients: int | range | None = None) -> Register:
        """A row for each patient, of all or of a range of their numbers: at most a million at a time.

        Raises
        ------
        InputError
            For a cohort at which nobody looked, or patients that are none of it.
        """
        from cascade.patient.known import register_of

        self._check_same("a register")
        return register_of(self, patients)

    def merge(self, other: Cohort) -> Cohort:
        """Both cohorts together: one disease and seed, no patient twice.

        Raises
        ------
        InputError
            When the recipes differ or the ranges of patients overlap.
        """
        if not isinstance(other, Cohort):
            raise InputError("merge: other", other, "a Cohort")
        for name in ("seed", "care", "years", "times", "sizes_mm"):
            if getattr(self, name) != getattr(other, name):
                raise InputError(f"merge: {name}", getattr(other, name), f"the same as here: {getattr(self, name)!r}")
        if self.disease.digest() != other.disease.digest():
            raise InputError("merge: disease", other.disease.name, "the same disease, every number of it")
        if self.versions["streams"] != other.versions["streams"]:
            raise InputError("merge: stream version", other.versions["streams"], f"{self.versions['streams']}")
        merged: list[tuple[int, int]] = []
        for start, stop in sorted(self.ranges + other.ranges):
            if merged and start < merged[-1][1]:
                raise InputError("merge: patients", (start, stop), f"no patient twice; already there: {merged[-1]}")
            if merged and start == merged[-1][1]:
                merged[-1] = (merged[-1][0], stop)
            else:
                merged.append((start, stop))
        versions = together(self.versions, other.versions)
        both = None
        if self.followed is not None and other.followed is not None:
            both = self.followed + other.followed
        counts = self.counts + other.counts
        return replace(self, ranges=tuple(merged), counts=counts, versions=versions, followed=both)

    @property
    def recipe(self) -> dict[str, Any]:
        """How the cohort was made, as plain data."""
        from cascade.patient.saved import recipe_of

        return recipe_of(self)

    def save(self, path: str | Path) -> Path:
        """Write the cohort to a ``.cascade`` file (a zip of arrays and the recipe), whole or not at all."""
        from cascade.patient.saved import save_cohort

        return save_cohort(self, path)

    def __str__(self) -> str:
        return f"{self.label}: {self.made}\n\n{self.lesions()}"

    def _repr_html_(self) -> str:
        return self.lesions()._repr_html_()


def patient_range(patients: object) -> range:
    """The argument ``patients`` as a range of numbers."""
    if isinstance(patients, range) and patients.step == 1 and 0 <= patients.start < patients.stop <= MOST_PATIENTS:
        return patients
    if is_number(patients) and 1 <= patients <= MOST_PATIENTS and patients == int(patients):  # type: ignore[operator,call-overload]
        return range(int(patients))  # type: ignore[call-overload]
    wanted = "a whole number from 1 to 2^62, or a rising range of patient numbers with step 1"
    raise InputError("patients", patients, wanted)


def check_years(disease: Disease, years: object, *, care: bool = False) -> float:
    """Years of the tumour that are followed; under a care by default those of the presentation."""
    if years is None:
        return disease.presentation.years if care and disease.presentation is not None else disease.years
    if not is_number(years) or not 0 < years <= 200:  # type: ignore[operator]
        raise InputError("until_years", years, "years above 0, up to 200")
    return float(years)  # type: ignore[arg-type]


def check_care(disease: Disease, care: object) -> str:
    """The name of a care of a disease that patients of come to a doctor with."""
    name = disease.care_of(care).name
    if disease.presentation is None:
        wanted = f"None: {disease.name} has no presentation, so nobody is diagnosed"
        raise InputError("care", care, wanted)
    return name


def check_times(times: object, until: float) -> tuple[float, ...]:
    """Rising years from 0 to the end; whole years where none are given."""
    given = _numbers("times", times, f"rising years from 0 to {until:g}, at most {MOST_TIMES}")
    if not given:
        step = max(1, math.ceil(until / 40.0))
        whole = [float(year) for year in range(0, math.floor(until) + 1, step)]
        return tuple(whole if whole[-1] == until else [*whole, until])
    rising = all(a < b for a, b in pairwise(given))
    if not rising or not 0 <= given[0] <= given[-1] <= until or len(given) > MOST_TIMES:
        raise InputError("times", times, f"rising years from 0 to {until:g}, at most {MOST_TIMES}")
    return given


def check_sizes(disease: Disease, sizes: object) -> tuple[float, ...]:
    """Rising diameters that lesions can reach."""
    growth = disease.tumour.growth
    most = disease.mm(growth.most) if math.isfinite(growth.most) else 1e4
    if sizes is SIZES_MM:  # none were given: those that there can be
        return tuple(mm for mm in SIZES_MM if mm < most)
    least = disease.mm(2.0)
    wanted = f"rising diameters in millimetres, {least:.4g} (two cells) or more and below {most:.4g}, never reached"
    given = _numbers("sizes_mm", sizes, wanted)
    rising = all(a < b for a, b in pairwise(given))
    if not rising or len(given) > MOST_SIZES or not all(disease.cells_of(mm) >= 2 and mm < most for mm in given):
        raise InputError("sizes_mm", sizes, f"{wanted}; at most {MOST_SIZES}")
    return given


def _numbers(field: str, values: object, wanted: str) -> tuple[float, ...]:
    if is_number(values):
        return (float(values),)  # type: ignore[arg-type]
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping):
        raise InputError(field, values, wanted)
    numbers = list(values)
    for value in numbers:
        if not is_number(value):
            raise InputError(field, value, wanted)
    return tuple(float(value) for value in numbers)
