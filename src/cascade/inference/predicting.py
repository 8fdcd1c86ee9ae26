r"""What a fit says of an observable at any time: the curve of the median animal, and where a new animal would be.

The log expected count of a new animal lies around that of the median one by

    V = v + sum_k sigma_k^2,        v the variance of the curve, sigma_k the spreads between animals,

known from so few animals that its law is Student's, with Satterthwaite's 2 V^2 / var(V) degrees of freedom; its count
is Poisson.  Where a hazard differs between animals the curve is solved for each of them (``inference.varying``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common import text
from cascade.common.arguments import check_moments
from cascade.common.errors import InputError
from cascade.common.shares import whole_percent
from cascade.common.types import Floats, Mask
from cascade.inference.headed import ONE_ARM
from cascade.inference.meeting import arm_of, given_cells, observable_of
from cascade.inference.nested import NAME
from cascade.inference.varying import spread_of, varied
from cascade.solution.shares import Shares

if TYPE_CHECKING:
    from cascade.inference.fitted import Fit

MANY = 300.0
"""Expected counts from which on the log of a count is normal."""

NODES, REACH = 161, 6.0
"""Points of a trapezoidal rule over standard normals, and how far it goes."""

ANIMALS, FEWER = 41, 21
"""Points of the rule over animals whose hazard differs; of two hazards of each."""

FARTHEST = 600.0
"""Of a logarithm: beyond it a band is open."""

OPEN = 1e30
"""More cells than any animal has: an end that is told as open."""


@dataclass(frozen=True)
class PredictionRow:
    """An observable at one time.

    Attributes
    ----------
    observable, arm : str
    hours : float
    cells : float
        Given to an animal, times the fraction that is looked at.
    median, low, high : float
        Expected count of the median animal, and the interval of that curve.
    animal_low, animal_high : float
        Between these the count of a new animal would be.
    """

    observable: str
    arm: str
    hours: float
    cells: float
    median: float
    low: float
    high: float
    animal_low: float
    animal_high: float


@dataclass(frozen=True, eq=False)
class Prediction(Table[PredictionRow]):
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

    @property
    def rows(self) -> tuple[PredictionRow, ...]:
        """One for each time."""
        columns = (self.hours, self.median, self.low, self.high, self.animal_low, self.animal_high)
        return tuple(
            PredictionRow(self.observable, self.arm, at, self.cells, *counts)
            for at, *counts in zip(*(column.tolist() for column in columns), strict=True)
        )

    def as_text(self) -> Texts:
        """Headings and lines."""
        level = whole_percent(self.level)
        head = ["after", "median animal", f"{level} from", "to", f"a new animal, {level} from", "to"]
        counts = [(row.median, row.low, row.high, row.animal_low, row.animal_high) for row in self.rows]
        lines = [
            [text.hours(row.hours), *("open" if count > OPEN else text.number(count) for count in found)]
            for row, found in zip(self.rows, counts, strict=True)
        ]
        return head, lines

    @property
    def below(self) -> str:
        """Of what the numbers are."""
        of = self.observable if self.arm == ONE_ARM else f"{self.observable}, {self.arm}"
        return f"{of}: cells expected of {text.number(self.cells)} that are given and looked at."


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
    # No more than all cells can be there.
    most = np.maximum(given, median)
    reach = np.minimum(reach, FARTHEST)
    ends = median * np.exp(-reach), np.minimum(median * np.exp(reach), most)
    own = _between_animals(fit, observable)
    # Of a curve that is not told a new animal may be anywhere: as far as numbers go.
    spread = np.sqrt(own**2 + np.minimum(variance, 100.0))
    full = np.zeros((len(fit.free), len(at)))
    full[mine] = slope
    law = _Law(median, spread, _degrees(fit, full, spread, _parts(fit, observable)))
    names = varied(fit.asked["vary"])
    band = law.over(*_moved(fit, shares, mine, share, names), level) if names else law.ends(level)
    return Prediction(observable, arm, at, given, median, *ends, *band, level)


def _moved(fit: Fit, shares: Shares, mine: Sequence[int], share: Floats, names: Sequence[str]) -> tuple[Floats, Floats]:
    """Log counts of animals whose hazards are apart, over the median animal's, (B, n), and their weights (B,).

    At even steps of the normal laws of the hazards.
    """
    line = np.linspace(-REACH, REACH, ANIMALS if len(names) == 1 else FEWER)
    z = np.stack(np.meshgrid(*[line] * len(names), indexing="ij"), axis=-1).reshape(-1, len(names))
    levers = [[(fit.free[p].name == name) * fit.spreads[spread_of(name)] for p in mine] for name in names]
    values = shares.each(fit.best.theta[mine] + z @ np.array(levers, np.float64), slopes=False)
    there = np.maximum(np.where(values.value[:, 0] > values.error[:, 0], values.value[:, 0], 0.0), 1e-300)
    weights = np.exp(-0.5 * (z**2).sum(axis=1))
    return np.log(there / np.maximum(share, 1e-300)), weights / weights.sum()


def _cells(fit: Fit, observable: str, arm: str) -> float:
    """What the animals of an arm were given, times the fraction that was looked at: the median."""
    rows = [row for row in fit.data.rows if row.arm == arm]
    mine = [row for row in rows if row.observable == observable] or rows
    return float(np.median([row.cells * row.fraction for row in mine]))


def _parts(fit: Fit, observable: str) -> list[str]:
    """Spreads of log counts that one animal is apart by; where they differ by observable that of this one.

    Of an observable that was not counted it is the largest of those that were.
    """
    names = [name for name in ("all counts of an animal", NAME) if name in fit.spreads]
    others = {*names, *map(spread_of, varied(fit.asked["vary"]))}
    alone = [name for name in fit.spreads if name not in others]
    mine = [name for name in alone if name in ("each count", observable)] or alone
    return names + sorted(mine, key=lambda name: -fit.spreads[name])[:1]


def _between_animals(fit: Fit, observable: str) -> float:
    """Spread of the log count of one animal around the median one's; infinite where the data do not tell it."""
    parts = _parts(fit, observable)
    return math.inf if {*parts} & {*fit.untold} else math.hypot(*(fit.spreads[name] for name in parts))


def _degrees(fit: Fit, slope: Floats, spread: Floats, parts: Sequence[str]) -> Floats:
    """Of freedom of the variance of a new animal's log count, at each time, (n,); ``slope`` (P, n) is the curve's."""
    inside, known = fit.spread_law
    variance = spread**2
    if not inside.any():
        return np.full(len(variance), np.inf)
    _, moved = fit.likelihood.information(fit.reference, fit.best.spreads)
    pulled = fit.covariance @ slope
    by_spread = np.array([-np.einsum("pn,pq,qn->n", pulled, one, pulled) for one in moved])
    for k, name in enumerate(fit.likelihood.spreads):
        if name in parts:
            by_spread[k] += 2.0 * fit.spreads[name] ** 2
    uncertain = np.einsum("sn,st,tn->n", by_spread[inside], known, by_spread[inside])
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = 2.0 * variance**2 / uncertain
    return np.maximum(np.where(np.isfinite(degrees), degrees, np.inf), 1.0)


@dataclass(frozen=True)
class _Law:
    """Of counts, Poisson around expected ones whose logarithms follow Student's law; all (n,)."""

    median: Floats
    spread: Floats
    degrees: Floats

    def ends(self, level: float) -> tuple[Floats, Floats]:
        """Between which that share lies: of many the log count is Student's itself."""
        from scipy.stats import norm, t

        found = []
        few = (self.median < MANY) & np.isfinite(self.spread)
        for share in (0.5 - level / 2.0, 0.5 + level / 2.0):
            quantile = np.where(np.isinf(self.degrees), norm.ppf(share), t.ppf(share, np.minimum(self.degrees, 1e9)))
            apart = quantile * np.sqrt(self.spread**2 + 1.0 / np.maximum(self.median, MANY))
            end = self.median * np.exp(np.clip(apart, -FARTHEST, FARTHEST))
            if few.any():
                x, weights = self._rule(few)
                end[few] = _least(self.median[few, None] * np.exp(np.minimum(x, 60.0)), weights, share)
            found.append(end)
        return found[0], found[1]

    def over(self, moved: Floats, of_animal: Floats, level: float) -> tuple[Floats, Floats]:
        """As ``ends``, over animals whose curves are apart by ``moved`` (B, n), with weights ``of_animal`` (B,)."""
        if np.isinf(self.spread).any():
            return np.zeros_like(self.median), self.median * math.exp(FARTHEST)
        x, weights = self._rule(np.ones(len(self.median), bool), ANIMALS)
        rates = self.median[:, None, None] * np.exp(np.minimum(moved.T[:, :, None] + x[:, None, :], 60.0))
        both = of_animal[:, None] * weights[:, None, :]
        shape = len(self.median), -1
        rates, both = rates.reshape(shape), both.reshape(shape)
        low, high = (_least(rates, both, share) for share in (0.5 - level / 2.0, 0.5 + level / 2.0))
        return low, high

    def _rule(self, some: Mask, nodes: int = NODES) -> tuple[Floats, Floats]:
        """Points of the logarithm and their weights, (n, nodes): in z, where Student's law is about normal.

        t = sqrt(nu (exp(z^2 / nu) - 1)); Wallace DL. Ann Math Stat 1959;30:1121-1130.
        """
        from scipy.stats import t

        z, nu = np.linspace(-REACH, REACH, nodes), np.minimum(self.degrees[some], 1e6)[:, None]
        point = np.sign(z) * np.sqrt(nu * np.expm1(z * z / nu))
        slope = np.where(z == 0, 1.0, np.exp(z * z / nu) * z / np.where(z == 0, 1.0, point))
        weights = t.pdf(point, nu) * slope
        return np.asarray(self.spread[some, None] * point), weights / weights.sum(axis=1, keepdims=True)


def _least(rates: Floats, weights: Floats, share: float) -> Floats:
    """The least whole counts whose chance, averaged over Poisson laws (n, points), is that share."""
    from scipy.special import pdtr

    most = rates.max(axis=1)
    low, high = np.full(len(rates), -1.0), np.ceil(most + 10.0 * np.sqrt(most) + 50.0)
    while (high - low > np.maximum(1.0, 1e-6 * high)).any():
        middle = np.floor((low + high) / 2.0)
        enough = (pdtr(np.maximum(middle, 0.0)[:, None], rates) * weights).sum(axis=1) >= share
        low, high = np.where(enough & (middle >= 0), low, middle), np.where(enough & (middle >= 0), middle, high)
    return np.asarray(high)
