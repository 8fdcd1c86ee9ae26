"""What a laboratory reports of a patient, visit by visit, beside what is expected.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, is_whole
from cascade.common.shares import percent
from cascade.patient.clinic.blood_tests import CellTest, Marker, Test, cutoff_of, name_of, unit_of
from cascade.patient.clinic.chances import chance_of_positive
from cascade.patient.clinic.draws import found, number_of, own_level, uniforms
from cascade.patient.clinic.levels import Levels
from cascade.patient.tables import WARNING
from cascade.patient.times import years_of

if TYPE_CHECKING:
    from cascade.patient.course import Course

MOST_VISITS = 1_000_000


@dataclass(frozen=True)
class LaboratoryRow:
    """One test at one visit.

    Attributes
    ----------
    visit : int
    years : float
        Of the tumour.
    test, unit : str
    tumour : float
        Expected of the tumour: cells recovered from the tube, fragments in the sample, or a level.
    expected : float
        With those of no tumour, or the person's own level of a marker.
    reported : float
    without : float
        What the same draws would have given without the tumour: false cells or fragments, or the person's own level.
    cutoff : float
    positive : bool
        At least the cutoff.
    false_positive : bool
        It would be so without the tumour.
    chance : float
        Of being positive, given what is expected.
    """

    visit: int
    years: float
    test: str
    unit: str
    tumour: float
    expected: float
    reported: float
    without: float
    cutoff: float
    positive: bool
    false_positive: bool
    chance: float


@dataclass(frozen=True)
class Laboratory(Table[LaboratoryRow]):
    """What a laboratory reports, by visit and test."""

    left = (2,)

    rows: tuple[LaboratoryRow, ...]
    label: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        header = ["visit", "years", "test", "of the tumour", "expected", "reported", "cutoff", "positive", "chance"]
        lines = []
        for r in self.rows:
            told = ("yes, also without the tumour" if r.false_positive else "yes") if r.positive else "no"
            numbers = [f"{value:.3g}" for value in (r.tumour, r.expected, r.reported, r.cutoff)]
            name = f"{r.test} ({r.unit})"
            lines.append([f"{r.visit}", f"{r.years:g}", name, *numbers, told, percent(r.chance)])
        return header, lines

    @property
    def caption(self) -> str:
        """Whose report it is."""
        return self.label

    @property
    def below(self) -> str:
        """What has to be known to read it right."""
        return (
            "Drawn for this patient and visit. A chance is that of a positive result, given what is expected. Cells are"
            " those of the primary and of metastases that shed; clusters, and what one arm sees of its own organ, are"
            f" left out. {WARNING}"
        )


def laboratory_of(course: Course, years: Sequence[float] | float, first_visit: int = 0) -> Laboratory:
    """What a laboratory reports of a patient."""
    levels = Levels(course)
    when = years_of(years, course.years)
    if not is_whole(first_visit) or not 0 <= first_visit < MOST_VISITS:
        raise InputError("first_visit", first_visit, f"the number of a visit, from 0 to {MOST_VISITS:,}")
    tests = levels.tests
    rows = tuple(
        # Each year by itself, for the same bits whatever else is asked.
        _row(course, test, number_of(tests, test), first_visit + i, year, float(levels.of(test, when[i : i + 1])[0]))
        for i, year in enumerate(when.tolist())
        for test in tests.tests
    )
    return Laboratory(rows, f"{course.label}: what a laboratory reports")


def _row(course: Course, test: Test, number: int, visit: int, year: float, tumour: float) -> LaboratoryRow:
    primary = course.lesions[0].identity
    own = own_level(test, course.seed, primary, number) if isinstance(test, Marker) else None
    result, without = found(test, tumour, own or 0.0, *uniforms(course.seed, primary, visit, number))
    usual = own if own is not None else test.false_positives if isinstance(test, CellTest) else test.background
    cutoff = cutoff_of(test)
    return LaboratoryRow(
        visit, year, name_of(test), unit_of(test), tumour, tumour + usual, result, without, cutoff, result >= cutoff,
        without >= cutoff, float(chance_of_positive(test, tumour, own)[0]),
    )  # fmt: skip
