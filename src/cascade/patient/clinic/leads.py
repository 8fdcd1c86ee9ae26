"""Lead times: how long before the primary reaches a diameter each blood test is positive, of a patient and of many.

A test is taken to be positive from the first year on in which what is expected comes to its cutoff, or, of counts, in
which the chance of a positive result comes to 1/2.  No result is drawn for it but the level of a marker that each
person has without a tumour; who is beyond a cutoff without any has no lead time, and is counted apart.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cascade.answers.intervals import Interval, proportion
from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, is_number, is_whole
from cascade.common.shares import estimate_of_share
from cascade.patient.clinic.blood_tests import CellTest, Marker, Test, cutoff_of, name_of
from cascade.patient.clinic.chances import expected_at
from cascade.patient.clinic.draws import number_of, own_level
from cascade.patient.clinic.levels import Levels, tests_of
from cascade.patient.cohort import Cohort
from cascade.patient.course import Course
from cascade.patient.disease import Disease
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.tables import WARNING

EXPECTED, EVEN = "expected level at the cutoff", "chance of 1/2"
"""When a test is taken to be positive."""

STEPS, FINER = 128, 32
"""Parts of a life in which a level is looked for, and parts of such a part, twice; then it is taken to be straight."""

QUARTILES = (0.25, 0.5, 0.75)


class Threshold(NamedTuple):
    """What has to be expected of the tumour, with words for when that is."""

    test: Test
    when: str
    level: float


@dataclass(frozen=True)
class LeadRow:
    """One test of a patient.

    Attributes
    ----------
    test, when : str
    years : float
        Of the tumour, from which on the test is positive; infinity: not before the end; 0: also without the tumour.
    primary : float
        Year in which the primary reaches the diameter; infinity: not before the end.
    lead : float
        By how much the test is earlier: below 0 it is later, minus infinity: never; not a number: neither comes, or
        the test is positive without the tumour.
    """

    test: str
    when: str
    years: float
    primary: float
    lead: float


@dataclass(frozen=True)
class Leads(Table[LeadRow]):
    """Lead times of a patient, by test."""

    left = (0, 1)

    rows: tuple[LeadRow, ...]
    mm: float
    label: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["test", "positive from", "year", f"primary of {self.mm:g} mm", "lead, years"]
        lines = [[r.test, r.when, _year(r.years), _year(r.primary), _lead(r.lead)] for r in self.rows]
        return header, lines

    @property
    def caption(self) -> str:
        """Whose they are."""
        return self.label

    @property
    def below(self) -> str:
        """What has to be known to read it right."""
        return f"Years of the tumour; -: not before the end. {WARNING}"


@dataclass(frozen=True)
class LeadsRow:
    """One test of many patients.

    Attributes
    ----------
    test, when : str
    patients : int
        Those whose primary reaches the diameter before their end, and who are not positive without a tumour.
    without : int
        Those who would be positive without it.
    lower, median, upper : float
        Quartiles of the lead time in years; minus infinity: the test is never positive before the end.
    lower_low, lower_high, median_low, median_high, upper_low, upper_high : float
        Their 95 % intervals, between lead times of single patients.
    never, never_low, never_high : float
        Share of the patients in whom the test is never positive before the end, and its 95 % interval.
    """

    test: str
    when: str
    patients: int
    without: int
    lower: float
    lower_low: float
    lower_high: float
    median: float
    median_low: float
    median_high: float
    upper: float
    upper_low: float
    upper_high: float
    never: float
    never_low: float
    never_high: float


@dataclass(frozen=True)
class LeadTimes(Table[LeadsRow]):
    """Lead times of many patients, by test.

    Attributes
    ----------
    rows : tuple of LeadsRow
    mm : float
    asked, reached : int
        Patients who were looked at, and those whose primary reaches the diameter before their end.
    label : str
    """

    left = (0, 1)

    rows: tuple[LeadsRow, ...]
    mm: float
    asked: int
    reached: int
    label: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["test", "positive from", "patients", "lower quartile", "95 % interval", "median", "95 % interval"]
        header += ["upper quartile", "95 % interval", "never", "95 % interval"]
        lines = []
        for r in self.rows:
            line = [r.test, r.when, f"{r.patients:,}"]
            for value, low, high in (
                (r.lower, r.lower_low, r.lower_high),
                (r.median, r.median_low, r.median_high),
                (r.upper, r.upper_low, r.upper_high),
            ):
                line += [_lead(value), _between(low, high)]
            line += estimate_of_share(r.never, r.never_low, r.never_high) if r.patients else ("-", "-")
            lines.append(line)
        return header, lines

    @property
    def caption(self) -> str:
        """Whose they are."""
        return f"{self.label}: years by which a test is earlier than a primary of {self.mm:g} mm"

    @property
    def below(self) -> str:
        """What has to be known to read it right."""
        return (
            f"Of {self.reached:,} of {self.asked:,} patients, whose primary came to {self.mm:g} mm before their end; of"
            " a marker without those who would be positive without a tumour. Never: not before the end, be it soon"
            f" after. Intervals lie between single patients, whatever the law. {WARNING}"
        )

    def __str__(self) -> str:
        return f"{self.caption}\n\n{super().__str__()}"


def lead_times_of(course: Course, mm: float = 20.0) -> Leads:
    """By how much each blood test of a patient is earlier than a primary of a diameter.

    Parameters
    ----------
    course : Course
    mm : float
        Diameter of the primary, as imaging might see it.

    Raises
    ------
    InputError
        For a disease without blood tests, or a diameter that a tumour never has.

    Notes
    -----
    What is expected rises with the tumour, but of DNA where growth is given by points and grows faster: a level that
    rises and falls again within 1/128 of the life is not seen.
    """
    levels = Levels(course)
    primary = _year_of_size(course, mm)
    rows = []
    for test in levels.tests.tests:
        thresholds = tuple(_thresholds(course, test))
        for threshold, year in zip(thresholds, _first_years(levels, test, thresholds), strict=True):
            lead = math.nan if year == 0.0 or year == primary == math.inf else primary - year
            rows.append(LeadRow(name_of(test), threshold.when, year, primary, lead))
    return Leads(tuple(rows), float(mm), f"{course.label}: lead times")


def lead_times(cohort: Cohort, patients: int = 200, *, mm: float = 20.0) -> LeadTimes:
    """By how much each blood test is earlier than a primary of a diameter, among patients of a cohort.

    Parameters
    ----------
    cohort : Cohort
    patients : int
        The first of the cohort.
    mm : float
        Diameter of the primary, as imaging might see it.

    Returns
    -------
    LeadTimes
        Quartiles with 95 % intervals that hold whatever the law: between order statistics.

    Raises
    ------
    InputError
        For a disease without blood tests, more patients than there are, or a diameter that a tumour never has.

    Examples
    --------
    >>> import cascade
    >>> some = cascade.cohort(cascade.disease("textbook"), patients=10, seed=1)
    >>> [row.test for row in lead_times(some, 10)]
    ['CTC', 'CTC', 'ctDNA', 'ctDNA', 'CA125', 'PSA', 'CEA']
    """
    if not isinstance(cohort, Cohort):
        raise InputError("cohort", cohort, "a Cohort, as cascade.cohort gives")
    tests_of(cohort.disease)
    _check_mm(cohort.disease, mm)
    if not is_whole(patients) or not 1 <= patients <= cohort.patients:
        raise InputError("patients", patients, f"a number of patients of the cohort, from 1 to {cohort.patients:,}")
    numbers = [number for first, stop in cohort.ranges for number in range(first, min(stop, first + patients))]
    every = [lead_times_of(cohort.patient(number), mm).rows for number in numbers[:patients]]
    rows, reached = [], sum(math.isfinite(one[0].primary) for one in every)
    for same in zip(*every, strict=True):
        there = [row for row in same if math.isfinite(row.primary)]
        rows.append(_summed(same[0], there))
    return LeadTimes(tuple(rows), float(mm), len(every), reached, cohort.label)


def _summed(first: LeadRow, there: Sequence[LeadRow]) -> LeadsRow:
    """Quartiles of the lead times of patients whose primary reaches the diameter."""
    leads = sorted(row.lead for row in there if not math.isnan(row.lead))
    never = sum(lead == -math.inf for lead in leads)
    told = [value for q in QUARTILES for value in (quantile(leads, q), *quantile_interval(leads, q))]
    told += [never / len(leads) if leads else math.nan, *proportion(never, len(leads))]
    return LeadsRow(first.test, first.when, len(leads), len(there) - len(leads), *told)


def quantile(values: Sequence[float], q: float) -> float:
    """The least of rising values with at least a share q of them up to it; not a number where there are none."""
    return values[max(math.ceil(q * len(values) - 1e-9), 1) - 1] if len(values) else math.nan


def quantile_interval(values: Sequence[float], q: float, level: float = 0.95) -> Interval:
    """Interval of a quantile between two of rising values of independent patients, whatever their law.

    The number of values up to the quantile is binomial: each end is missed with half of 1 - level at most.  Where
    there are too few values an end is infinite.

    References
    ----------
    Thompson WR. Ann Math Stat 1936;7:122-128. David HA, Nagaraja HN. Order Statistics, 3rd ed., 2003, section 7.1.
    """
    from scipy.special import bdtr, bdtrc

    n, tail = len(values), (1.0 - level) / 2.0
    if n == 0:
        return Interval(-math.inf, math.inf)
    below = np.asarray(bdtr(np.arange(n, dtype=float), n, q))  # P(B <= k), k = 0, ..., n - 1
    beyond = np.append(1.0, bdtrc(np.arange(n, dtype=float), n, q))  # P(B >= k), k = 0, ..., n
    low = int(np.sum(below <= tail))  # the largest l with P(B <= l - 1) at most the tail
    high = int(np.sum(beyond > tail))  # the smallest u with P(B >= u) at most the tail
    return Interval(values[low - 1] if low else -math.inf, values[high - 1] if high <= n else math.inf)


def _check_mm(disease: Disease, mm: object) -> None:
    growth = disease.tumour.growth
    most = disease.mm(growth.most) if math.isfinite(growth.most) else 1e4
    if not is_number(mm) or not disease.mm(1.0) < mm < most:  # type: ignore[operator]
        wanted = f"a diameter in millimetres, above {disease.mm(1.0):.3g} (one cell) and below {most:.4g}"
        raise InputError("mm", mm, wanted)


def _year_of_size(course: Course, mm: float) -> float:
    disease = course.disease
    _check_mm(disease, mm)
    days = float(disease.tumour.growth.days(disease.cells_of(mm))[0])
    year = days / course.lesions[0].pace / DAYS_PER_YEAR
    return year if year <= course.years else math.inf


def _thresholds(course: Course, test: Test) -> Iterator[Threshold]:
    """What has to be expected of the tumour for a test of a patient to be taken for positive."""
    if isinstance(test, Marker):
        number = number_of(tests_of(course.disease), test)
        own = own_level(test, course.seed, course.lesions[0].identity, number)
        yield Threshold(test, EXPECTED, max(test.cutoff - own, 0.0))
        return
    false = test.false_positives if isinstance(test, CellTest) else test.background
    yield Threshold(test, EXPECTED, cutoff_of(test) - false)
    yield Threshold(test, EVEN, expected_at(test, 0.5))


def _first_years(levels: Levels, test: Test, thresholds: Sequence[Threshold]) -> list[float]:
    """The first years in which what is expected comes to thresholds; infinity: not before the end."""
    grid = np.linspace(0.0, levels.course.years, STEPS + 1)
    values = levels.of(test, grid)
    return [_first(levels, test, grid, values, threshold.level) for threshold in thresholds]


def _first(levels: Levels, test: Test, grid: np.ndarray, values: np.ndarray, level: float) -> float:
    if level <= 0.0:
        return 0.0
    for again in range(3):
        reached = np.flatnonzero(values >= level)
        if not reached.size:
            return math.inf
        at = max(int(reached[0]), 1)
        if again < 2:
            grid = np.linspace(grid[at - 1], grid[at], FINER + 1)
            values = levels.of(test, grid)
    low, high = float(values[at - 1]), float(values[at])
    part = (level - low) / (high - low) if high > low else 1.0
    return float(grid[at - 1] + min(max(part, 0.0), 1.0) * (grid[at] - grid[at - 1]))


def _year(years: float) -> str:
    return f"{years:.2f}" if math.isfinite(years) else "-"


def _lead(lead: float) -> str:
    if math.isnan(lead):
        return "-"
    return f"{lead:+.2f}" if math.isfinite(lead) else "never" if lead < 0 else "-"


def _between(low: float, high: float) -> str:
    if low == high == -math.inf:
        return "never"
    if math.isinf(low) and math.isinf(high):
        return "-"
    below = "never" if low == -math.inf else f"{low:+.2f}"
    return " to ".join((below, f"{high:+.2f}")) if math.isfinite(high) else f"above {low:+.2f}"
