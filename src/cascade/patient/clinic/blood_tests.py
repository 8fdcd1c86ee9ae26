"""Blood tests as data: counted tumour cells, markers, and DNA of dead tumour cells.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from cascade.common.errors import Fault
from cascade.common.numbers import plain_number
from cascade.model.base import Keys, Name, Part, Text

Positive = Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1e15, allow_inf_nan=False)]
Daily = Annotated[float, BeforeValidator(plain_number), Field(ge=1e-4, le=1e4, allow_inf_nan=False)]
Lasting = Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1e4, allow_inf_nan=False)]
Recovered = Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1, allow_inf_nan=False)]
Spread = Annotated[float, BeforeValidator(plain_number), Field(ge=1e-3, le=5, allow_inf_nan=False)]
Least = Annotated[int, BeforeValidator(plain_number), Field(ge=1, le=10_000)]

MOST_MARKERS = 64

CELLS, DNA = "CTC", "ctDNA"
"""Names of the tests that are no markers."""


class CellTest(Part):
    """Tumour cells counted in a tube of blood: ``recovery`` of those that are there, and others taken for them.

    Of m cells that are expected to be recovered the number is negative binomial, with variance m + dispersion m^2;
    those that are wrongly counted are Poisson.

    Parameters
    ----------
    ml : float
        Blood in the tube.
    recovery : float
        Share of the cells in it that are found.
    dispersion : float
        0: Poisson.
    false_positives : float
        Mean number of cells of no tumour that are counted in a tube.
    cutoff : int
        So many cells are positive.
    source : tuple of str
    """

    ml: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=5000)] = 7.5
    recovery: Recovered = 0.85
    dispersion: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=100)] = 0.0
    false_positives: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1000)] = 0.0
    cutoff: Least = 5
    source: Keys = ()


class Marker(Part):
    """Something that tumour cells make and blood carries, in one compartment that is mixed and emptied at a rate.

    A person without a tumour has a level of one's own, log-normal between persons; what is measured is the level
    times a log-normal error of median 1.

    Parameters
    ----------
    name : str
    per_cell_per_day : float
        What a tumour cell makes, in amounts of ``unit``.
    to_blood : float
        Share of it that comes to the blood.
    half_life_days, eliminated_per_day : float, optional
        How fast it leaves the blood again: one of the two.
    litres : float
        It is spread over.
    background : float
        Median level of persons without a tumour.
    background_spread : float
        Standard deviation of its logarithm between persons.
    error : float
        Standard deviation of the logarithm of one measurement.
    cutoff : float
        So high a level is positive.
    unit : str
        Of levels: an amount per mL, such as "U/mL".
    source : tuple of str
    """

    name: Name
    per_cell_per_day: Positive
    to_blood: Recovered = 1.0
    half_life_days: Lasting | None = None
    eliminated_per_day: Daily | None = None
    litres: Positive
    background: Positive
    background_spread: Spread
    error: Spread
    cutoff: Positive
    unit: Annotated[Text, Field(min_length=1)]
    source: Keys = ()

    @model_validator(mode="after")
    def _leaves_the_blood_at_one_rate(self) -> Marker:
        if (self.half_life_days is None) == (self.eliminated_per_day is None):
            raise ValueError("a half-life (half_life_days) or a share a day (eliminated_per_day), one of the two")
        return self


class DnaTest(Part):
    """Fragments of the DNA of dead tumour cells in a sample of plasma: their number is Poisson.

    Parameters
    ----------
    released : float
        Genomes that a dying cell leaves in the plasma.
    deaths_per_day : float, optional
        Of a cell of a tumour of common pace, times which it is; default: what the disease says, births less growth
        at the size that there is.  With slope g of the growth of the first cells and establishment e there are g / e
        births a day.
    half_life_hours : float
        Of the fragments in the plasma.
    litres : float
        All plasma.
    ml : float
        Plasma that is looked through.
    background : float
        Mean number of fragments of no tumour that are counted in a sample.
    positive : int
        So many fragments are positive.
    source : tuple of str
    """

    released: Recovered
    deaths_per_day: Positive | None = None
    half_life_hours: Lasting
    litres: Positive = 3.0
    ml: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=3000)] = 4.0
    background: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1000)] = 0.0
    positive: Least = 1
    source: Keys = ()


class BloodTests(Part):
    """What a laboratory looks for in the blood: at least one of the three.

    Parameters
    ----------
    ctc : CellTest, optional
    markers : tuple of Marker
    ctdna : DnaTest, optional
    """

    ctc: CellTest | None = None
    markers: Annotated[tuple[Marker, ...], Field(strict=False)] = ()
    ctdna: DnaTest | None = None

    @property
    def tests(self) -> tuple[CellTest | Marker | DnaTest, ...]:
        """All tests: cells, DNA, then markers."""
        return (*(test for test in (self.ctc, self.ctdna) if test is not None), *self.markers)


Test = CellTest | Marker | DnaTest


def name_of(test: Test) -> str:
    """What a test is called in tables."""
    return test.name if isinstance(test, Marker) else CELLS if isinstance(test, CellTest) else DNA


def unit_of(test: Test) -> str:
    """Of its results."""
    if isinstance(test, Marker):
        return test.unit
    return f"cells in {test.ml:g} mL" if isinstance(test, CellTest) else f"fragments in {test.ml:g} mL"


def cutoff_of(test: Test) -> float:
    """The least result that is positive."""
    return float(test.positive if isinstance(test, DnaTest) else test.cutoff)


def faults_of_tests(tests: BloodTests) -> Iterator[Fault]:
    """What is wrong with tests whose numbers are each right."""
    if not tests.tests:
        yield Fault("blood.ctc", None, "at least one test: ctc, markers or ctdna")
    if len(tests.markers) > MOST_MARKERS:
        yield Fault("blood.markers", len(tests.markers), f"at most {MOST_MARKERS} markers")
    taken = [CELLS.lower(), DNA.lower()]
    for i, marker in enumerate(tests.markers):
        if marker.name.lower() in taken:
            yield Fault(f"blood.markers[{i}].name", marker.name, f"names of their own, none of {CELLS} and {DNA}")
        taken.append(marker.name.lower())
        if marker.background >= marker.cutoff:
            wanted = f"below the cutoff, {marker.cutoff:g}: else half of those without a tumour are positive"
            yield Fault(f"blood.markers[{i}].background", marker.background, wanted)
    if tests.ctc is not None and tests.ctc.false_positives >= tests.ctc.cutoff:
        wanted = f"below the cutoff, {tests.ctc.cutoff}: else half of those without a tumour are positive"
        yield Fault("blood.ctc.false_positives", tests.ctc.false_positives, wanted)
    if tests.ctdna is not None and tests.ctdna.background >= tests.ctdna.positive:
        wanted = f"below the least number that is positive, {tests.ctdna.positive}: else half without a tumour are so"
        yield Fault("blood.ctdna.background", tests.ctdna.background, wanted)
