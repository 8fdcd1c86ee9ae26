r"""What is expected in the blood of a patient: tumour cells, markers, DNA of dead cells, from all that grow in him.

A marker or DNA that n(t) cells put into the blood, s p(t) a day, and that leaves it at a rate k has at time t

    M(t) = int_0^inf s p(t - a) e^{-k a} da = (s / k) E p(t - U / k),      U exponential, mean 1,

which is what dM/dt = s p - k M says: the quasi-steady state s p / k is too high by a factor of 1 + g / k where p
grows at a rate g.  The integral is taken as it stands.  Of a marker p = n; of DNA

    p = deaths a day = s_i (g_0 / e - g(n)) n,

births less growth, in the own time of a lesion of pace s_i: g(n) is the slope of its law at its size, 0 in sleep,
g_0 that of the first cells, of whose lineages a share e establishes.

Tumour cells in the blood come from the primary and from all metastases that shed, by the routes on which they shed
(`cascade.patient.blood`); cells asleep elsewhere, clusters, and what a sampling from one arm sees of its own organ are
left out.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.patient.blood import BLOOD_ML, multiplied, presence, simpson
from cascade.patient.clinic.blood_tests import BloodTests, CellTest, DnaTest, Marker, Test
from cascade.patient.disease import Disease
from cascade.patient.founding import Founding, foundings
from cascade.patient.growth import Growth
from cascade.patient.origins import origins
from cascade.patient.ranges import DAYS_PER_YEAR

if TYPE_CHECKING:
    from cascade.patient.course import Course
    from cascade.patient.lesions import Lesion


def _panels() -> tuple[Floats, Floats]:
    """Places and weights of an integral from 0 to 1, in panels that double: of what falls however fast from 0 on."""
    places, weights = np.polynomial.legendre.leggauss(12)
    bounds = np.concatenate([[0.0], 2.0 ** np.arange(-16.0, 1.0)])
    half, middle = np.diff(bounds) / 2.0, (bounds[1:] + bounds[:-1]) / 2.0
    return (middle[:, None] + half[:, None] * places).ravel(), (half[:, None] * weights).ravel()


_PLACES, _WEIGHTS = _panels()

FARTHEST = 40.0
"""In mean stays in the blood: of what was made before, less than 1 part in 10^17 is left."""


def tests_of(disease: Disease) -> BloodTests:
    """The blood tests of a disease.

    Raises
    ------
    InputError
        Where it has none.
    """
    if disease.blood is None:
        raise InputError("disease.blood", None, f"blood tests, which {disease.name!r} has none of ([blood])")
    return disease.blood


def eliminated(test: Marker | DnaTest) -> float:
    """Share of a marker or of DNA that leaves the blood, a day."""
    if isinstance(test, DnaTest):
        return 24.0 * math.log(2.0) / test.half_life_hours
    if test.half_life_days is None:
        assert test.eliminated_per_day is not None
        return test.eliminated_per_day
    return math.log(2.0) / test.half_life_days


class Levels:
    """What is expected of a patient's tumour, by test and time, given the course.

    Parameters
    ----------
    course : Course

    Raises
    ------
    InputError
        For a disease without blood tests.
    """

    def __init__(self, course: Course) -> None:
        self.course, self.disease, self.tests = course, course.disease, tests_of(course.disease)
        # What never has a cell is in no blood.
        self.lesions = [lesion for lesion in course.lesions if math.isfinite(lesion.founded) or lesion.number == 0]
        self._factors = multiplied(self.disease, course.traits, course.subtype)[1]
        self._shed = [(lesion, *shed) for lesion in self.lesions if (shed := self._shedding(lesion))[1]]

    def of(self, test: Test, years: Floats) -> Floats:
        """Expected of the tumour at some times, (T,): recovered cells or fragments of a sample, or a level."""
        if isinstance(test, CellTest):
            return test.recovery * test.ml / BLOOD_ML * self.in_blood(years)
        k = eliminated(test)
        if isinstance(test, DnaTest):
            return test.released * test.ml / (1000.0 * test.litres) * self._carried(years, k, test)
        return test.per_cell_per_day * test.to_blood / (1000.0 * test.litres) * self._carried(years, k, None)

    def in_blood(self, years: Floats) -> Floats:
        """Single tumour cells in all of the blood, (T,), of the primary and of metastases that shed."""
        whole = np.zeros(len(years))
        for lesion, share, by_route in self._shed:
            if lesion.number == 0 or lesion.founded <= years.max(initial=0.0):
                whole += self._flowing(lesion, share, by_route, years)
        return whole

    def _carried(self, years: Floats, k: float, dna: DnaTest | None) -> Floats:
        """All of a marker that is in the blood, for one a day and cell; of DNA for one a death."""
        whole = np.zeros(len(years))
        for lesion in self.lesions:
            old = np.maximum(years - (lesion.founded if lesion.number else 0.0), 0.0) * DAYS_PER_YEAR
            if not old.any():
                continue
            # Not beyond the founding of the lesion, at which its first cell begins at once.
            farthest = np.minimum(FARTHEST, k * old)[:, None]
            u = farthest * _PLACES
            when = years[:, None] - u / k / DAYS_PER_YEAR
            made = self.cells(lesion, when)
            if dna is not None:
                made = made * self._deaths(lesion, when, made, dna)
            whole += (made * np.exp(-u) * farthest * _WEIGHTS).sum(axis=1) / k
        return whole

    def cells(self, lesion: Lesion, years: Floats) -> Floats:
        """Cells of a lesion at some times of any shape; none before the first cell of the tumour."""
        n = self.course.cells_of(lesion.number, np.maximum(years, 0.0).ravel()).reshape(years.shape)
        return np.where(years >= 0.0, n, 0.0)

    def _deaths(self, lesion: Lesion, years: Floats, cells: Floats, test: DnaTest) -> Floats:
        """Deaths a day of a cell."""
        if test.deaths_per_day is not None:
            return np.full(years.shape, test.deaths_per_day * lesion.pace)
        growth, lesions = self.disease.tumour.growth, self.disease.lesions
        births = growth.slope / lesions.of(lesion.site, "establishment")
        asleep = (years >= lesion.asleep) & (years < lesion.awake)
        grows = np.where(asleep, 0.0, slope_at(growth, np.maximum(cells, 1.0)))
        return lesion.pace * np.maximum(births - grows, 0.0)

    def _shedding(self, lesion: Lesion) -> tuple[float, tuple[Founding, ...]]:
        """Share of what a primary would shed, and the cells that are shed, by route."""
        routes = [shed.route for shed in self.disease.shedding]
        if lesion.number == 0:
            return 1.0, tuple(f for f in foundings(self.disease.cancer) if f.route in routes)
        ways = [way for origin in origins(self.disease)[1:] if lesion.site in origin.sources for way in origin.ways]
        made = {way.route: way.founding for way in ways if way.route in routes}
        share = self.disease.lesions.of(lesion.site, "secondary") if lesion.early_cells else 0.0
        return share, tuple(made.values()) if share > 0.0 else ()

    def _flowing(self, lesion: Lesion, share: float, by_route: tuple[Founding, ...], years: Floats) -> Floats:
        whole = np.zeros(len(years))
        ages = presence(self.disease.cancer, by_route[0])[0]
        when = years[:, None] - np.append(0.0, ages) / DAYS_PER_YEAR
        cells = self.cells(lesion, when)
        awake = (when < lesion.asleep) | (when >= lesion.awake)
        for founding in by_route:
            shed = next(s for s in self.disease.shedding if s.route == founding.route)
            there = presence(self.disease.cancer, founding)[1]
            rate = shed.per_day * self._factors[shed.route] * share * lesion.pace**shed.per_division
            rates = np.where((cells >= shed.onset_cells) & awake, rate * (cells / shed.at_cells) ** shed.exponent, 0.0)
            # Cells younger than the first age are all there.
            whole += rates[:, 0] * there[0] * ages[0] + rates[:, 1:] @ (simpson(ages) * there)
        return whole


def slope_at(growth: Growth, cells: Floats) -> Floats:
    """Growth of the logarithm of the size, a day of own time, at some sizes."""
    n = np.asarray(cells, float)
    if growth.law == "points":
        days = np.array([0.0, *(point[0] for point in growth.points)])
        logs = np.log([1.0, *(point[1] for point in growth.points)])
        slopes = np.diff(logs) / np.diff(days)
        at = np.searchsorted(logs, np.log(n), side="right") - 1
        return np.asarray(slopes[np.clip(at, 0, len(slopes) - 1)])
    assert growth.doubling_days is not None
    rate = math.log(2.0) / growth.doubling_days
    if growth.law == "gompertz":
        return np.asarray(rate * np.maximum(1.0 - np.log(n) / math.log(growth.most), 0.0))
    if growth.law == "logistic":
        return np.asarray(rate * np.maximum(1.0 - (n / growth.most) ** growth.power, 0.0))
    return np.asarray(rate * n ** (growth.power - 1.0)) if growth.law == "power" else np.full(n.shape, rate)
