r"""The time from shedding to the first division, of the cells that found: one law for each way, as a table.

With f(z) the transform of the rate at which shed cells of a route divide for the first time in a site,

    F(t) = P(founded by t | founds there) = inverse of f(z) / (z f(0)),

and of a founder that sleeps later on, an exponential time of mean theta, F * Exp: inverse of f(z) / (z f(0) (1 +
theta z)).  Seconds in a capillary stand beside decades of dormancy: tables are even over log t, 32 nodes a decade from
0.01 h to 200 years, and cubic between.  The error is seen at the middles: the table is made of twice as many nodes, of
which the even ones alone tell how wrong a table of half the nodes is; halving divides it by sixteen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.interpolate import CubicSpline

from cascade.common.types import Complexes, Floats
from cascade.lowering.lower import lower
from cascade.patient.disease import Disease
from cascade.patient.founding import Founding
from cascade.patient.origins import Way, origins
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.solution.laplace import invert
from cascade.solution.solver import Solver

HOURS = 24.0
NODES_PER_DECADE = 32
FIRST_HOURS = 0.01
LAST_YEARS = 200.0

_DECADES = float(np.log10(LAST_YEARS * DAYS_PER_YEAR * HOURS / FIRST_HOURS))
_NODES = 2 * int(np.ceil(_DECADES * NODES_PER_DECADE / 2)) + 1


@dataclass(frozen=True, eq=False)
class Delays:
    """Laws of the delays of the ways of one origin, over log t.

    Attributes
    ----------
    days : (N,) float
        Nodes, even over the logarithm; before the first nobody has founded.
    awake, all : (N, W) float
        Shares that have founded, and shares that have founded and slept, where some sleep.
    awake_slope, all_slope : (N, W) float
        Slopes by log t.
    mean : (W,) float
        Days, without sleep.
    late : (W,) float
        Share that founds after the last node.
    error : (W,) float
        Of every share between nodes.
    """

    days: Floats
    awake: Floats
    all: Floats
    awake_slope: Floats
    all_slope: Floats
    mean: Floats
    late: Floats
    error: Floats

    def founded(self, days: Floats, way: int) -> Floats:
        """Share of the founders of a way that have founded after so many days."""
        t = np.log(np.clip(np.asarray(days, np.float64), self.days[0], self.days[-1]))
        from scipy.interpolate import CubicHermiteSpline

        table = CubicHermiteSpline(np.log(self.days), self.awake[:, way], self.awake_slope[:, way])
        return np.asarray(np.where(np.asarray(days) < self.days[0], 0.0, table(t)))


def delays_of(disease: Disease) -> tuple[Delays, ...]:
    """Laws of the delays, by origin, their ways in order.

    Parameters
    ----------
    disease : Disease
    """
    lesions = disease.lesions
    made = []
    for origin in origins(disease):
        asleep = tuple(lesions.of(way.site, "asleep") for way in origin.ways)
        theta = tuple(lesions.of(way.site, "asleep_years") * DAYS_PER_YEAR * HOURS for way in origin.ways)
        made.append(_delays(origin.ways, asleep, theta))
    return tuple(made)


@lru_cache(maxsize=64)
def _delays(ways: tuple[Way, ...], asleep: tuple[float, ...], theta: tuple[float, ...]) -> Delays:
    hours = FIRST_HOURS * 10.0 ** (np.arange(_NODES) * _DECADES / (_NODES - 1))
    logs = np.log(hours)
    awake, slept = np.zeros((2, len(hours), len(ways)))
    wrong, mean = np.zeros(len(ways)), np.zeros(len(ways))
    for founding in dict.fromkeys(way.founding for way in ways):
        mine = [w for w, way in enumerate(ways) if way.founding is founding]
        sites = tuple(ways[w].site for w in mine)
        values, errors, means = _inverted(founding, sites, tuple(theta[w] for w in mine), hours)
        awake[:, mine], slept[:, mine] = values
        wrong[mine], mean[mine] = errors.max(axis=(0, 1)), means / HOURS
    share = np.array(asleep)
    mixed = (1.0 - share) * awake + share * slept
    error = wrong.copy()
    slopes = []
    for table in (awake, mixed):
        between = CubicSpline(logs[::2], table[::2])(logs[1::2]) - table[1::2]
        error = np.maximum(error, wrong + np.abs(between).max(axis=0, initial=0.0) / 16.0)
        slopes.append(CubicSpline(logs, table)(logs, 1))
    return Delays(hours / HOURS, awake, mixed, slopes[0], slopes[1], mean, 1.0 - awake[-1], error)


def _inverted(
    founding: Founding, sites: tuple[str, ...], theta: tuple[float, ...], hours: Floats
) -> tuple[Floats, Floats, Floats]:
    """Shares founded, and founded and slept, (2, N, sites), their errors, and means in hours."""
    lowered = lower(founding.model)
    solver = Solver(lowered)
    hazards = (lowered.exit_hazard * lowered.multipliers[0, lowered.exit_transition])[None]
    colony = [(s.site if s.landmark == "colony" else None) for s in founding.model.states]
    pick = np.array([[name == site for site in sites] for name in colony], np.float64)
    one = np.ones(1)

    def density(z: Complexes) -> Complexes:
        settled = solver.passage(hazards, z, one).settled.sum(axis=1)
        return np.asarray(settled @ pick)

    step = 1e-4 / float(hours[-1])
    whole = density(np.array([0.0, step]) + 0j).real
    mean = (whole[0] - whole[1]) / (step * whole[0])
    sleep = np.array(theta)

    def transform(z: Complexes) -> Complexes:
        founded = density(z) / whole[0] / z[:, None]
        return np.stack([founded, founded / (1.0 + z[:, None] * sleep)], axis=1)

    values, errors = invert(transform, hours, solver.poles(hazards), steps=solver.steps)
    shares = np.maximum.accumulate(np.clip(values, 0.0, 1.0), axis=0)
    return np.moveaxis(shares, 1, 0), np.moveaxis(errors, 1, 0), mean
