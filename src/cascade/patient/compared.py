"""The same patients under two cares: who lives longer, whose metastases and founders are prevented, and how many.

Both runs give a patient one tumour, one set of clocks and one set of draws: whatever differs, care has changed.  Two
groups of different patients would show the same mean difference, drowned in the differences between patients.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.answers.intervals import Interval, paired_difference
from cascade.answers.table import Table, Texts
from cascade.common.arguments import seed_of
from cascade.common.errors import InputError, is_whole
from cascade.common.frozen import ByValue
from cascade.common.shares import estimate_of_difference, estimate_of_number, percent
from cascade.common.text import text_table
from cascade.engine.executor import Progress, Workers
from cascade.patient.checks import check_disease
from cascade.patient.clinic.lowered import clinic_of
from cascade.patient.cohort import VISITS, check_care, check_years, patient_range
from cascade.patient.course import Course, course_of
from cascade.patient.disease import Disease
from cascade.patient.follow.months import months_since
from cascade.patient.follow.register import Register
from cascade.patient.intervals import mean_interval
from cascade.patient.known import LARGEST, KnownChunk
from cascade.patient.tables import WARNING

MOST_LISTED = 100
"""Patients whose numbers are kept, of those who gain most, and of those who lose most."""


@dataclass(frozen=True)
class TwoCares:
    """A chunk of patients under both cares."""

    one: KnownChunk
    two: KnownChunk

    @property
    def number(self) -> int:
        """Number of patients."""
        return self.one.number


class Paired(NamedTuple):
    """What a chunk of pairs adds up to.

    Attributes
    ----------
    patients, diagnosed : int
    alive, free : (4, years + 1) int
        Diagnosed patients who are followed so long, by year since diagnosis, by whether they live (are alive and free
        of a distant metastasis) under neither, the first care alone, the second alone, both.
    products : (2, 2) float
        Sums of products of the years that patients live in the years that are followed, from diagnosis on; by care.
    sums : (2,) float
        Sums of these years.
    changes : (2, 2) float
        Years gained under the second care, and lost: sums, and sums of squares.
    founders : (5,) int
        Up to the earlier of both deaths: founders under the first care and under the second; patients with fewer under
        the second, with more, and with any under the first.
    longer : (2,) int
        Patients who live longer under the second care, and under the first.
    gained, lost : list of (float, int)
        Years and numbers of patients with the largest differences.
    """

    patients: int
    diagnosed: int
    alive: npt.NDArray[np.int64]
    free: npt.NDArray[np.int64]
    products: npt.NDArray[np.float64]
    sums: npt.NDArray[np.float64]
    changes: npt.NDArray[np.float64]
    founders: npt.NDArray[np.int64]
    longer: npt.NDArray[np.int64]
    gained: list[tuple[float, int]]
    lost: list[tuple[float, int]]

    def plus(self, other: Paired) -> Paired:
        """Both together."""
        summed: dict[str, Any] = {}
        for name in self._fields:
            one, two = getattr(self, name), getattr(other, name)
            if name in ("gained", "lost"):
                summed[name] = heapq.nlargest(MOST_LISTED, one + two)
            else:
                summed[name] = one + two
        return Paired(**summed)


def paired(chunk: TwoCares) -> Paired:
    """A chunk of pairs; a function of the module, so that it can be sent to a process."""
    (_, one, founded), (_, two, others) = chunk.one.run(), chunk.two.run()
    known = one.mode > 0
    a, b, when = one[known], two[known], np.arange(math.ceil(chunk.one.years) + 1)
    lived = np.array([np.minimum(r.death, r.end) - r.diagnosed for r in (a, b)])
    change = lived[1] - lived[0]
    gained, lost = (
        heapq.nlargest(MOST_LISTED, zip(part[part > 0].tolist(), a.patient[part > 0].tolist(), strict=True))
        for part in (change, -change)
    )
    return Paired(
        len(one), len(a), _by_year(a, b, when, free=False), _by_year(a, b, when, free=True), lived @ lived.T,
        lived.sum(axis=1), np.array([[p.sum(), (p * p).sum()] for p in (change.clip(0.0), (-change).clip(0.0))]),
        _founders(chunk, one, two, founded, others),
        np.array([(change > 0).sum(), (change < 0).sum()]), gained, lost,
    )  # fmt: skip


def _by_year(one: Register, two: Register, when: npt.NDArray[Any], *, free: bool) -> npt.NDArray[np.int64]:
    """Patients by year and by whether an event has come under neither, one, or both."""
    last = np.floor(12.0 * (one.end - one.diagnosed) + 1e-6)
    without = []
    for register in (one, two):
        event = np.minimum(register.death, register.distant) if free else register.death
        month = np.full(len(register), np.inf)
        there = np.isfinite(event)
        month[there] = months_since(register.diagnosed[there], event[there])
        without.append(month[:, None] > 12 * when)
    followed = last[:, None] >= 12 * when
    place = without[0].astype(int) + 2 * without[1]
    return np.array([((place == k) & followed).sum(axis=0) for k in range(4)], np.int64)


def _founders(
    chunk: TwoCares, one: Register, two: Register, founded: npt.NDArray[np.int64], others: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Founders by the last whole year before the earlier of both deaths, and in how many patients they differ."""
    times = np.array(chunk.one.times)
    until = np.minimum(np.minimum(one.death, two.death), one.end)
    counted = times[None, :] <= until[:, None]
    a, b = (np.where(counted, part, 0).sum(axis=1) for part in (founded, others))
    return np.array([a.sum(), b.sum(), (b < a).sum(), (b > a).sum(), (a > 0).sum()])


def compare_cares(
    disease: Disease,
    care: Sequence[str],
    *,
    patients: int | float | range,
    seed: int | None = None,
    until_years: float | None = None,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> CareComparison:
    """The same patients under two cares; see `cascade.compare`."""
    years = check_years(check_disease(disease), until_years, care=True)
    if isinstance(care, str) or not isinstance(care, Sequence) or len(care) != 2:
        raise InputError("care", care, "two cares of the disease, such as ('none', 'surgery')")
    names = check_care(disease, care[0]), check_care(disease, care[1])
    numbers, key = patient_range(patients), seed_of(seed)
    workers = Workers(executor, chunk, progress, 2.0 * VISITS, "patients")
    times = tuple(float(year) for year in range(math.floor(years) + 1))
    for name in names:
        clinic_of(disease, name, years, times, ())
    stop = np.zeros(1, np.uint8)
    chunks = (
        TwoCares(*(KnownChunk(disease, name, years, times, (), key, part.start, len(part), stop) for name in names))
        for part in workers.cut(numbers, LARGEST)
    )
    found: Paired | None = None
    for part in workers.results(paired, chunks, len(numbers), stop):
        found = part if found is None else found.plus(part)
    assert found is not None
    return CareComparison(disease, names, key, (numbers.start, numbers.stop), years, found)


@dataclass(frozen=True)
class SavedRow:
    """Diagnosed patients under two cares, by year since diagnosis.

    Attributes
    ----------
    years : int
    followed : int
        Diagnosed patients who are followed so long.
    one, two : float
        Shares under the first and the second care.
    saved, lost : int
        Under the second care alone, and under the first alone.
    difference, low, high : float
        (saved - lost) / followed, with its 95 % interval of the same patients.
    """

    years: int
    followed: int
    one: float
    two: float
    saved: int
    lost: int
    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Saved(Table[SavedRow]):
    """Who is saved and who is lost by year."""

    rows: tuple[SavedRow, ...]
    cares: tuple[str, str] = ("", "")
    what: str = "alive"
    label: str = ""
    note: str = field(default="", compare=False, repr=False)

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["years since diagnosis", "followed", f"{self.what}, {self.cares[0]}", f"{self.what}, {self.cares[1]}"]
        header += ["saved", "lost", "difference", "95 % interval"]
        lines = []
        for row in self.rows:
            told = estimate_of_difference(row.difference, row.low, row.high)
            counts = [f"{row.saved:,}", f"{row.lost:,}", *told]
            lines.append([str(row.years), f"{row.followed:,}", percent(row.one), percent(row.two), *counts])
        return header, lines

    @property
    def caption(self) -> str:
        """Whose table it is."""
        return self.label

    @property
    def below(self) -> str:
        """What has to be known to read it right."""
        cares = f"Saved: {self.what} under {self.cares[1]} alone; lost: under {self.cares[0]} alone."
        cares += " Of those who are followed so long: in late years of those alone who were diagnosed early."
        return f"{cares} {self.note} {WARNING}"


@dataclass(frozen=True, eq=False)
class CareComparison(ByValue):
    """The same patients under two cares.

    Attributes
    ----------
    disease : Disease
    cares : (str, str)
    seed : int
    numbers : (int, int)
        Numbers of the patients, as a half-open range.
    years : float
        Of the tumour.
    paired : Paired
        What pairs add up to.
    """

    disease: Disease
    cares: tuple[str, str]
    seed: int
    numbers: tuple[int, int]
    years: float
    paired: Paired

    @property
    def patients(self) -> int:
        """Number of patients."""
        return self.paired.patients

    @property
    def label(self) -> str:
        """Which disease, and which cares."""
        return f"{self.disease.title or self.disease.name}: {self.cares[0]} against {self.cares[1]}, the same patients"

    @property
    def made(self) -> str:
        """How it was made, in words."""
        first, stop = self.numbers
        about = f"{self.patients:,} patients (numbers {first:,}:{stop:,}), seed {self.seed}"
        return f"{about}, {self.years:g} years of the tumour; {self.paired.diagnosed:,} were diagnosed."

    def saved(self, what: str = "alive") -> Saved:
        """Who is saved and who is lost, by year since diagnosis.

        Parameters
        ----------
        what : str
            "alive", or "alive and free of distant metastasis".
        """
        counted = {"alive": self.paired.alive, "alive and free of distant metastasis": self.paired.free}
        if what not in counted:
            raise InputError("what", what, " or ".join(map(repr, counted)))
        rows = []
        for year, (neither, first, second, both) in enumerate(counted[what].T.tolist()):
            of = neither + first + second + both
            if of == 0:
                continue
            low, high = paired_difference(second, first, of)
            shares = (first + both) / of, (second + both) / of
            rows.append(SavedRow(year, of, *shares, second, first, (second - first) / of, low, high))
        return Saved(tuple(rows), self.cares, what, self.label, self.made)

    @property
    def gain(self) -> tuple[float, Interval]:
        """Years that a diagnosed patient lives longer under the second care, of those followed; 95 % interval."""
        n = self.paired.diagnosed
        if n == 0:
            return math.nan, Interval(-math.inf, math.inf)
        (more, squares), (less, others) = self.paired.changes.tolist()
        most, least = (part[0][0] if part else 0.0 for part in (self.paired.gained, self.paired.lost))
        up, down = mean_interval(more, squares, most, n), mean_interval(less, others, least, n)
        # Limits of a difference from those of its parts (Zou & Donner, Stat Med 2008;27:1693-1702).
        a, b = more / n, less / n
        low = a - b - math.hypot(a - up.low, down.high - b)
        return a - b, Interval(low, a - b + math.hypot(up.high - a, b - down.low))

    @property
    def _variances(self) -> tuple[float, float]:
        """Of the difference of the years, of one patient: the same under both, and of two different patients."""
        n = self.paired.diagnosed
        if n == 0:
            return 0.0, 0.0
        means = self.paired.sums / n
        covariance = self.paired.products / n - np.outer(means, means)
        apart = float(covariance[0, 0] + covariance[1, 1])
        return max(apart - 2.0 * float(covariance[0, 1]), 0.0), apart

    @property
    def times_more(self) -> float:
        """How many times as many patients independent groups need for the gain; infinity: nobody differs."""
        same, apart = self._variances
        return apart / same if same > 0 else math.inf

    @property
    def who(self) -> tuple[int, ...]:
        """Numbers of the patients who gain most years under the second care, the first of them first."""
        return tuple(number for _, number in self.paired.gained)

    def patient(self, number: int) -> tuple[Course, Course]:
        """Both courses of one patient.

        Raises
        ------
        InputError
            For a number that is none of the patients.
        """
        first, stop = self.numbers
        if not is_whole(number) or not first <= number < stop:
            raise InputError("patient", number, f"the number of a patient: {first:,} to {stop - 1:,}")
        one, two = (
            course_of(self.disease, seed=self.seed, patient=int(number), care=care, until_years=self.years)
            for care in self.cares
        )
        return one, two

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain data."""
        founders = dict(zip(("one", "two", "fewer", "more", "with_any"), self.paired.founders.tolist(), strict=True))
        gain, (low, high) = self.gain
        return {
            "disease": self.disease.name, "digest": self.disease.digest(), "care": list(self.cares), "seed": self.seed,
            "patients": list(self.numbers), "years": self.years, "diagnosed": self.paired.diagnosed,
            "saved": self.saved().to_dicts(), "founders": founders, "longer": self.paired.longer.tolist(),
            "gain_years": [gain, low, high] if self.paired.diagnosed else None,
            "times_more": self.times_more if math.isfinite(self.times_more) else None,
            "who": list(self.who),
        }  # fmt: skip

    def __str__(self) -> str:
        founders, longer = self.paired.founders.tolist(), self.paired.longer.tolist()
        one, two = self.cares
        parts = [f"{self.label}\n{self.made}", text_table(*self.saved().as_text(), left=())]
        if self.paired.diagnosed:
            gain, (low, high) = self.gain
            told = estimate_of_number(gain, low, high)
            parts.append(
                f"years that a diagnosed patient lives longer under {two}, of those that are followed:"
                f" {told.value} (95 % interval {told.interval})"
            )
        parts.append(
            f"{longer[0]:,} live longer under {two}, {longer[1]:,} under {one}; founders up to the earlier death:"
            f" {founders[0]:,} under {one}, {founders[1]:,} under {two}; fewer in {founders[2]:,} patients, more in"
            f" {founders[3]:,}"
        )
        if math.isfinite(self.times_more):
            parts.append(f"two groups of different patients would have to be {self.times_more:.3g} times as large")
        if self.who:
            parts.append(f"who gains most: patients {', '.join(f'{n:,}' for n in self.who[:5])}")
        return "\n\n".join([*parts, WARNING])
