"""What a fit says of an observable at any time: the curve of the median animal, and where a new animal would be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.common.arguments import check_moments
from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.inference.meeting import arm_of, given_cells, observable_of
from cascade.inference.nested import NAME
from cascade.solution.shares import Shares

if TYPE_CHECKING:
    from cascade.inference.fitted import Fit

MANY = 300.0
"""Expected counts from which on the log of a count is normal."""

NODES, REACH = 161, 6.0
"""Points of a trapezoidal rule over standard normals, and how far it goes."""


@dataclass(frozen=True)
class Prediction:
    """An observable over time.

    Attributes
    ----------
    observable, arm : str
    hours : (n,) float
    cells : float
        Given to an animal, times the fraction that is looked at.
    median, low, high : (n,) float
        Expected count of the median animal, and the interval of that curve, at each time.
    animal_low, animal_high : (n,) float
        Between these the count of a new animal would be.
    level : float
    """

    observable: str
    arm: str
    hours: Floats
    cells: float
    median: Floats
    low: Floats
    high: Floats
    animal_low: Floats
    animal_high: Floats
    level: float


def predicted(
    fit: Fit, observable: str, hours: Sequence[float], arm: str, level: float, cells: float | None
) -> Prediction:
    """What stands in ``Fit.predict``."""
    from scipy.stats import t as student

    arm = arm_of(fit, arm)
    at, model = check_moments(hours), fit.likelihood.models[arm]
    if not len(at):
        raise InputError("hours", list(hours), "at least one time")
    mine = [p for p, free in enumerate(fit.free) if free.arm in ("", arm)]
    groups = [model.hazard_table.named(fit.free[p].name, "free") for p in mine]
    shares = Shares(model, [observable_of(observable, fit.data, model)], at, groups)
    values = shares.at(fit.best.theta[mine])
    share = np.where(values.value[0] > values.error[0], values.value[0], 0.0)
    given = _cells(fit, observable, arm) if cells is None else given_cells(cells)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(share > 0, values.slope[:, 0] / share, 0.0)
    covariance = fit.covariance[np.ix_(mine, mine)]
    variance = np.einsum("pn,pq,qn->n", slope, covariance, slope)
    degrees = float(np.min(fit.degrees[mine])) if mine else math.inf
    reach = float(student.ppf(0.5 + level / 2.0, degrees)) * np.sqrt(variance)
    median = given * share
    # Of a curve that is not told a new animal may be anywhere: as far as numbers go.
    apart = _between_animals(fit, observable) ** 2 + _varied(fit, mine, slope)
    spread = np.sqrt(apart + np.minimum(variance, 100.0))
    low, high = _animal(median, spread, level)
    # No more than all cells can be there.
    most = np.maximum(given, median)
    reach = np.minimum(reach, 600.0)
    ends = median * np.exp(-reach), np.minimum(median * np.exp(reach), most)
    return Prediction(observable, arm, at, given, median, *ends, low, high, level)


def _varied(fit: Fit, mine: Sequence[int], slope: Floats) -> Floats:
    """Variance of log counts between animals, since a hazard differs between them: as far as the curve is linear."""
    vary = fit.asked["vary"]
    if vary is None:
        return np.zeros(slope.shape[1])
    place = next(k for k, p in enumerate(mine) if fit.free[p].name == vary)
    return np.asarray((fit.spreads[f"{vary} between animals"] * slope[place]) ** 2)


def _cells(fit: Fit, observable: str, arm: str) -> float:
    """What the animals of an arm were given, times the fraction that was looked at: the median."""
    rows = [row for row in fit.data.rows if row.arm == arm]
    mine = [row for row in rows if row.observable == observable] or rows
    return float(np.median([row.cells * row.fraction for row in mine]))


def _between_animals(fit: Fit, observable: str) -> float:
    """Spread of the log count of one animal around the median one's."""
    spreads = fit.spreads
    shared = spreads.get("all counts of an animal", 0.0) if "all counts of an animal" in spreads else 0.0
    alone = spreads.get("each count", spreads.get(observable, 0.0))
    return math.hypot(shared, alone, spreads.get(NAME, 0.0))


def _animal(median: Floats, spread: Floats, level: float) -> tuple[Floats, Floats]:
    """Quantiles of Poisson counts whose expected count is log-normal: of many the log count is normal."""
    from scipy.stats import norm

    found = []
    for share in (0.5 - level / 2.0, 0.5 + level / 2.0):
        apart = float(norm.ppf(share)) * np.sqrt(spread**2 + 1.0 / np.maximum(median, MANY))
        quantile = median * np.exp(np.minimum(apart, 600.0))
        few = median < MANY
        quantile[few] = _of_few(median[few], spread[few], share)
        found.append(quantile)
    return found[0], found[1]


def _of_few(median: Floats, spread: Floats, share: float) -> Floats:
    """The least whole counts whose chance, averaged over the log-normal by a fine trapezoidal rule, is that share."""
    from scipy.stats import poisson

    z = np.linspace(-REACH, REACH, NODES)
    weights = np.exp(-0.5 * z * z)
    rates = median[:, None] * np.exp(np.minimum(np.outer(spread, z), 60.0))
    weights /= weights.sum()
    low, high = np.full(len(median), -1.0), np.ceil(rates[:, -1] + 10.0 * np.sqrt(rates[:, -1]) + 50.0)
    while (high - low > np.maximum(1.0, 1e-6 * high)).any():
        middle = np.floor((low + high) / 2.0)
        enough = poisson.cdf(middle[:, None], rates) @ weights >= share
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
