"""Points of the frailties: grids of the trapezoidal rule for up to three, scrambled Sobol points above.

The rule converges like exp(-2 pi strip / step) for an integrand that is analytic in |Im x| < strip, as
products of hazards, densities and exp(-hazard t) are in log Z: halving the step squares what is left.

References: Trefethen LN, Weideman JAC. SIAM Rev 2014;56:385-458.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from cascade.common.types import Floats, Ints, Mask
from cascade.lowering.lowered import Lowered

MOST_ON_A_GRID = 3
MOST_POINTS = 40_000
_INTERVALS = {1: 16, 2: 8}
"""Of the first grid, by the number of frailties; each further one halves its steps."""

_POINTS = 8, 12, 18, 26, 34
"""Of a frailty among three: halved steps would be eight times as many points."""

DEPTH = 40.0
"""Points reach to where the density has fallen by this power of e."""

_SOBOL_REPLICATES = 16
_SOBOL_POINTS = 512


@dataclass(frozen=True)
class Nodes:
    """Points of the frailties with weights.

    Attributes
    ----------
    multipliers : (n, P) float
        Multiplier of the hazards of each profile; column 0 is 1.
    weights : (n,) float
        Their sums over grids and replicates are normalised by whoever averages.
    replicate : (n,) int
        Independent replicate that a random point belongs to; all 0 for points of a grid.
    logs : (n, F) float
        log Z of the frailties.
    edge : (n,) bool
        Whether a point lies on the edge of a grid: beyond it nothing is added.
    anew : bool
        Whether these are all points of a grid, and not those alone that it has more than the one before.
    """

    multipliers: Floats
    weights: Floats
    replicate: Ints
    logs: Floats
    edge: Mask
    anew: bool = False

    def __getitem__(self, which: slice | Mask) -> Nodes:
        """Some of the points."""
        return Nodes(
            self.multipliers[which], self.weights[which], self.replicate[which], self.logs[which], self.edge[which]
        )

    @classmethod
    def joined(cls, parts: Sequence[Nodes]) -> Nodes:
        """All points together, with weights that add up to 1."""
        weights = np.concatenate([part.weights for part in parts])
        return cls(
            np.concatenate([part.multipliers for part in parts]),
            weights / weights.sum(),
            np.concatenate([part.replicate for part in parts]),
            np.concatenate([part.logs for part in parts]),
            np.concatenate([part.edge for part in parts]),
        )


def alike(lowered: Lowered) -> Nodes:
    """One node: cells whose frailties are all 1."""
    none = np.zeros(1, bool)
    logs = np.zeros((1, len(lowered.frailty_cv)))
    return Nodes(np.ones((1, len(lowered.profiles))), np.ones(1), none.astype(np.int64), logs, none)


def on_a_grid(lowered: Lowered, most: int) -> bool:
    """Whether points of a grid serve: few frailties, and room for two grids."""
    frailties = len(lowered.frailty_cv)
    # Of a single frailty two grids are fewer points than the fewest random ones.
    second = {2: 2 * _INTERVALS[2] + 1, 3: _POINTS[1]}.get(frailties, 0) ** frailties
    return frailties <= 1 or (frailties <= MOST_ON_A_GRID and second <= most)


def grids(lowered: Lowered, most: int = MOST_POINTS) -> Iterator[Nodes]:
    """Of finer and finer grids the points that are new in each, as long as all are at most so many.

    Sums over the grids so far, divided by the sum of the weights, are the trapezoidal rule of the last.
    Of three frailties each grid is anew.
    """
    frailties = len(lowered.frailty_cv)
    if frailties == MOST_ON_A_GRID:
        yield from _of_three(lowered, most)
        return
    rules = [
        _rule(bool(g), float(cv), DEPTH)[0] for g, cv in zip(lowered.frailty_gamma, lowered.frailty_cv, strict=True)
    ]
    intervals, first = _INTERVALS[frailties], True
    most = max(min(most, MOST_POINTS), (2 * intervals + 1) ** frailties)
    while (intervals + 1) ** frailties <= most:
        index = np.indices((intervals + 1,) * frailties).reshape(frailties, -1).T
        if not first:
            index = index[(index % 2 == 1).any(axis=1)]
        logs, weights = np.empty(index.shape), np.ones(len(index))
        for f, rule in enumerate(rules):
            log_z, density = rule(intervals)
            logs[:, f] = log_z[index[:, f]]
            weights *= density[index[:, f]]
        edge = ((index == 0) | (index == intervals)).any(axis=1)
        replicate = np.zeros(len(weights), np.int64)
        yield Nodes(_multipliers(logs, lowered), weights, replicate, _mixed(logs, lowered), edge)
        intervals, first = 2 * intervals, False


def _of_three(lowered: Lowered, most: int) -> Iterator[Nodes]:
    """Grids of more and more points, each anew, which reach as far as their steps are fine."""
    for points in _POINTS:
        if points**3 > min(most, MOST_POINTS):
            return
        yield _matched(lowered, points)


def _matched(lowered: Lowered, points: int) -> Nodes:
    """A grid whose edges leave as much away as its steps do."""
    index = np.indices((points,) * len(lowered.frailty_cv)).reshape(len(lowered.frailty_cv), -1).T
    logs, weights = np.empty(index.shape), np.ones(len(index))
    for f, (gamma, cv) in enumerate(zip(lowered.frailty_gamma, lowered.frailty_cv, strict=True)):
        strip = 1.5 if gamma else math.pi / math.sqrt(math.log1p(float(cv) ** 2))
        for depth in np.arange(DEPTH, 1.0, -1.0).tolist():
            rule, low, high = _rule(bool(gamma), float(cv), depth)
            if 2 * math.pi * strip * (points - 1) / (high - low) >= depth:
                break
        log_z, density = rule(points - 1)
        logs[:, f] = log_z[index[:, f]]
        weights *= density[index[:, f]]
    edge = ((index == 0) | (index == points - 1)).any(axis=1)
    replicate = np.zeros(len(weights), np.int64)
    return Nodes(_multipliers(logs, lowered), weights, replicate, _mixed(logs, lowered), edge, anew=True)


def fixed(lowered: Lowered) -> Nodes:
    """Nodes for an answer that nobody refines, and that must come at once.

    Relative errors are below 1e-9 with one or two frailties and below 1e-6 with three, unless
    these are very wide; with more, of few random points, a few per cent.
    """
    frailties = len(lowered.frailty_cv)
    if frailties == 0:
        return alike(lowered)
    if frailties > MOST_ON_A_GRID:
        return Nodes.joined([random(lowered, 2 * _SOBOL_POINTS, replicates=2)])
    return Nodes.joined([_matched(lowered, (64, 34, 18)[frailties - 1])])


def _multipliers(logs: Floats, lowered: Lowered) -> Floats:
    """Factors on the hazards, kept within 1e-100 to 1e100: beyond, a probability has long reached its limit."""
    return np.asarray(np.exp(np.clip(logs @ lowered.profiles.T, -230.0, 230.0)))


def _mixed(logs: Floats, lowered: Lowered) -> Floats:
    """Logarithms of the frailties from those of the independent factors."""
    return np.asarray(logs @ lowered.mixing.T + lowered.shift)


@cache
def _rule(gamma: bool, cv: float, depth: float) -> tuple[Callable[[int], tuple[Floats, Floats]], float, float]:
    """For a number of intervals points of log Z and the density at them, for a frailty of mean 1; and the range.

    With x = t - exp(-t) the long left tail of the log Z of a gamma frailty becomes short.
    """
    if gamma:
        shape = cv**-2.0

        def log_density(t: Floats) -> Floats:
            x = t - np.exp(-t)
            return np.asarray(shape * x - np.exp(x) + np.log1p(np.exp(-t)))

        low, high, top = _range(log_density, depth)

        def of_gamma(intervals: int) -> tuple[Floats, Floats]:
            t = np.linspace(low, high, intervals + 1)
            return t - np.exp(-t) - np.log(shape), np.exp(log_density(t) - top)

        return of_gamma, low, high
    sigma, reach = float(np.sqrt(np.log1p(cv**2))), math.sqrt(2 * depth)

    def of_lognormal(intervals: int) -> tuple[Floats, Floats]:
        x = np.linspace(-reach, reach, intervals + 1)
        return sigma * x - 0.5 * sigma**2, np.exp(-0.5 * x**2)

    return of_lognormal, -reach, reach


def _range(log_density: Callable[[Floats], Floats], depth: float) -> tuple[float, float, float]:
    """Where a density has fallen to nothing on either side, and the logarithm of its greatest value."""
    from scipy.optimize import brentq, minimize_scalar

    def height(x: float) -> float:
        return float(log_density(np.array([x]))[0])

    with np.errstate(over="ignore", invalid="ignore"):
        coarse = np.linspace(-60.0, 60.0, 2401)
        heights = np.nan_to_num(log_density(coarse), nan=-np.inf)
    near = float(coarse[int(np.argmax(heights))])
    mode = float(
        minimize_scalar(
            lambda x: -height(x), bounds=(near - 0.1, near + 0.1), method="bounded", options={"xatol": 1e-9}
        ).x
    )
    top = height(mode)

    def edge(direction: float) -> float:
        reach = 1e-6
        while height(mode + direction * reach) > top - depth:
            reach *= 2.0
        fallen = brentq(lambda r: height(mode + direction * r) - top + depth, reach / 2.0, reach)
        return mode + direction * float(fallen)

    return edge(-1.0), edge(1.0), top


def random(lowered: Lowered, most: int, shifts: Sequence[Floats] = (), replicates: int | None = None) -> Nodes:
    """Randomised points: independent scramblings give a standard error.

    With ``shifts`` of the normal scores of the frailties, equal numbers of points lie around each of
    them, and are weighed by what they would have been drawn from (the balance heuristic).

    References
    ----------
    Owen AB. J Complexity 1998;14:466-489. Veach E, Guibas LJ. SIGGRAPH 1995:419-428.
    """
    if replicates is None:
        replicates = _SOBOL_REPLICATES if most >= 8 * _SOBOL_REPLICATES else _SOBOL_REPLICATES // 2
    points = 4
    while points < _SOBOL_POINTS and 2 * points * replicates <= most:
        points *= 2
    return _scrambled(lowered, replicates, points, shifts or (np.zeros(len(lowered.frailty_cv)),))[1]


def shift_of(lowered: Lowered, success: Callable[[Nodes], Floats]) -> Floats:
    """Mean normal scores of the frailties of those that succeed, (F,): few do, and they are unlike the others."""
    shift = np.zeros(len(lowered.frailty_cv))
    for _ in range(3):
        y, nodes = _scrambled(lowered, 1, _SOBOL_POINTS, (shift,))
        weighed = nodes.weights * success(nodes)
        if not weighed.sum() > 0:
            return np.zeros_like(shift)
        shift = np.clip(weighed @ y / weighed.sum(), -8.0, 8.0)
    return np.asarray(shift)


def _scrambled(lowered: Lowered, replicates: int, points: int, shifts: Sequence[Floats]) -> tuple[Floats, Nodes]:
    """Normal scores (n, F) and the nodes at them, the points of a replicate shared out among the shifts."""
    from scipy.special import gammainccinv, gammaincinv, ndtr, ndtri
    from scipy.stats import qmc

    frailties = len(lowered.frailty_cv)
    scores, replicate = [], []
    # Fixed scramblings: the exact answer of a model is one number, not a new one each time.
    for r, child in enumerate(np.random.SeedSequence(20121).spawn(replicates)):
        u = qmc.Sobol(frailties, scramble=True, rng=np.random.default_rng(child)).random(points)
        y = ndtri(np.clip(u, 1e-15, 1 - 1e-15))
        # Blocks of consecutive points are nets, every fourth point is none.
        which = np.arange(points) * len(shifts) // points
        scores.append(y + np.array(shifts)[which])
        replicate.append(np.full(points, r))
    at, number = np.vstack(scores), np.concatenate(replicate)
    shares = np.full(len(shifts), 1.0 / len(shifts))
    plain = np.exp(-0.5 * (at**2).sum(axis=1))
    drawn = sum(share * np.exp(-0.5 * ((at - s) ** 2).sum(axis=1)) for share, s in zip(shares, shifts, strict=True))
    logs = np.empty_like(at)
    for f, (gamma, cv) in enumerate(zip(lowered.frailty_gamma, lowered.frailty_cv, strict=True)):
        if gamma:
            shape = cv**-2.0
            lower, upper = gammaincinv(shape, ndtr(at[:, f])), gammainccinv(shape, ndtr(-at[:, f]))
            logs[:, f] = np.log(np.maximum(np.where(at[:, f] < 0, lower, upper) / shape, 1e-300))
        else:
            sigma = np.sqrt(np.log1p(cv**2))
            logs[:, f] = sigma * at[:, f] - 0.5 * sigma**2
    return at, Nodes(_multipliers(logs, lowered), plain / drawn / len(at), number, _mixed(logs, lowered), number < 0)
