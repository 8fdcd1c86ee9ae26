"""Interval of the mean of a trait among survivors, from their histogram and what all cells are known to start with.

A mean of few cells with a skewed trait is mostly too small: the cells that make it are rare and not among them.
What the cells start with is known, though, and what selects them cannot bend it much.  So the density of log Z
among survivors is taken to be

    f(y) = f0(y) exp(a y + sum over k of b_k log(1 + e^(y - c_k))) / constant,

f0 that of all cells and the rest the logarithm of the chance to pass: at most a power of Z from knot to knot, as of
hazards that compete.  The b_k are normal around 0, so that few cells tell of a power alone and many of any curve.
The counts of the bins give the probability of (a, b), and it that of the mean.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cascade.answers.intervals import Interval
from cascade.common.types import Floats, Ints

KNOTS = (0.05, 0.35, 0.65, 0.95)
"""Where the chance to pass may bend: shares of the fitted survivors, each weighed by the root of Z."""

SPREAD_OF_BEND, SPREAD_OF_POWER = 1.5, 10.0
"""Standard deviations of the b_k and of a beforehand; powers of hazards are mostly about 1, and at most 10."""

POINTS = 512
"""Points at which the probability of (a, b) is taken."""

WIDER = 1.15
"""Times that these points lie farther apart than the normal approximation."""

ENOUGH = 60.0
"""Cells for each squared skewness from which on the mean is nearly normal."""

WIDEST = 100.0
"""Times that the upper end may be the lower one: what is known no better than to two powers of ten is not known.

It happens where the cells that make the mean are not among the few that passed.
"""

NARROW = 0.1
"""Coefficient of variation below which a trait is nearly normal, and too narrow for the bins."""


LEAST, LEAST_POWER = 5.0, 2.5
"""Cells that a gamma trait needs: so many times its cv, and this power of it.

The wider a gamma trait, the fewer of its cells make the mean.  With fewer cells than that no interval is as wide as
it has to be unless some of those are among them by luck, and these few runs would show intervals that lie too high.
So it goes by the number of cells, not by what they are like: those shown hold as often as all.
"""


class Carrier(NamedTuple):
    """The distribution of log Z among all cells, in strips finer than the bins.

    Attributes
    ----------
    y, log_mass : (m,) float
        Middles of the strips, and logarithms of what lies in them, up to a constant.
    bins : (b,) int
        Bins that have strips.
    first : (b,) int
        The first strip of each of these.
    least : float
        Survivors with fewer cells than that get no interval.
    """

    y: Floats
    log_mass: Floats
    bins: Ints
    first: Ints
    least: float = 2.0


@lru_cache(maxsize=64)
def carrier_of(distribution: str, cv: float, edges: tuple[float, ...]) -> Carrier:
    """The strips of a trait of mean 1.

    Parameters
    ----------
    distribution : "lognormal" or "gamma"
    cv : float
        Coefficient of variation.
    edges : tuple of float
        Of the bins of Z, from 0 to infinity.
    """
    inner = np.log(np.array(edges[1:-1]))
    steps = np.linspace(inner[0], inner[-1], 3 * (len(inner) - 1) + 1)
    if distribution == "lognormal":
        sigma = math.sqrt(math.log1p(cv * cv))
        middle = -sigma * sigma / 2.0
        below = np.linspace(min(inner[0] - 0.1, middle - 14.0 * sigma), inner[0], 25)
        above = np.linspace(inner[-1], max(inner[-1] + 0.1, middle + 14.0 * sigma), 25)
    else:
        shape = 1.0 / (cv * cv)
        # Far down a gamma density of log Z falls by e in 1 / shape: steps grow with the distance.
        far = math.log1p(max(1.0, inner[0] + 25.0 / shape))
        below = inner[0] - np.expm1(np.linspace(far, 0.0, 40))
        above = np.linspace(inner[-1], max(inner[-1] + 0.1, math.log(60.0 + 60.0 / shape)), 10)
    ends = np.concatenate([below[:-1], steps, above[1:]])
    low, high = ends[:-1], ends[1:]
    y = (low + high) / 2.0
    if distribution == "lognormal":
        log_mass = np.log(high - low) - ((y - middle) / sigma) ** 2 / 2.0
    else:
        log_mass = shape * high + np.log(-np.expm1(-shape * (high - low))) - shape * np.exp(y)
    bins = np.concatenate([np.zeros(len(below) - 1, int), np.repeat(np.arange(1, len(inner)), 3),
                           np.full(len(above) - 1, len(inner))])  # fmt: skip
    first = np.flatnonzero(np.diff(bins, prepend=-1))
    least = 2.0 if distribution == "lognormal" else max(2.0, LEAST * cv, cv**LEAST_POWER)
    return Carrier(y, log_mass, bins[first], first, least)


@lru_cache(maxsize=8)
def _points(dimensions: int) -> Floats:
    """Points spread evenly over a normal distribution: multiples of the roots of x^(d + 1) = x + 1, no random ones.

    References
    ----------
    Niederreiter H. Random Number Generation and Quasi-Monte Carlo Methods, 1992, section 3.1 (Kronecker sequences).
    """
    from scipy.special import ndtri

    root = 2.0
    for _ in range(60):
        root = (1.0 + root) ** (1.0 / (dimensions + 1))
    steps = np.array([root ** -(k + 1) for k in range(dimensions)])
    return np.asarray(ndtri((0.5 + np.outer(np.arange(1, POINTS + 1), steps)) % 1.0))


class _Fit(NamedTuple):
    """The most probable tilt: its coefficients, the logarithm of its probability, masses of the strips, curvature."""

    at: Floats
    height: float
    mass: Floats
    curvature: Floats


def _heights(carrier: Carrier, counts: Floats, features: Floats, prior: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Logarithms of the probabilities of some tilts, (p,), and masses of the strips, (p, m); ``at`` is (p, d)."""
    mass = at @ features.T
    mass += carrier.log_mass
    mass -= mass.max(axis=1, keepdims=True)
    np.exp(mass, out=mass)
    mass /= mass.sum(axis=1, keepdims=True)
    filled = counts > 0
    share = np.add.reduceat(mass, carrier.first, axis=1)[:, filled]
    height = np.log(np.maximum(share, 1e-300)) @ counts[filled]
    return height - (at * at) @ prior / 2.0, mass


def _fitted(carrier: Carrier, counts: Floats, features: Floats, prior: Floats, at: Floats) -> _Fit:
    """The most probable tilt by Newton's method, steps halved until they gain."""
    (height,), (mass,) = _heights(carrier, counts, features, prior, at[None])
    number, lengths = counts.sum(), np.diff(carrier.first, append=len(carrier.y))
    while True:
        mean = mass @ features
        share = np.maximum(np.add.reduceat(mass, carrier.first), 1e-300)
        within = np.add.reduceat(mass[:, None] * features, carrier.first, axis=0) / share[:, None]
        slope = counts @ within - number * mean - prior * at
        outer = (features * mass[:, None]).T @ features - np.outer(mean, mean)
        weighed = (features * (mass * np.repeat(counts / share, lengths))[:, None]).T @ features
        curvature = number * outer + np.diag(prior)
        exactly = curvature - weighed + (within * counts[:, None]).T @ within
        # The bins say less than cells would; where that leaves a saddle, as if they said all.
        if np.linalg.eigvalsh(exactly)[0] > 0.0:
            curvature = exactly
        step = np.linalg.solve(curvature, slope)
        gain = slope @ step
        if not gain > 1e-8:
            return _Fit(at, float(height), mass, curvature)
        while True:
            (higher,), (moved,) = _heights(carrier, counts, features, prior, (at + step)[None])
            if higher > height:
                break
            step /= 2.0
            gain /= 2.0
            if gain < 1e-9:
                return _Fit(at, float(height), mass, curvature)
        at, height, mass = at + step, higher, moved


class TraitCounts(NamedTuple):
    """What is counted of a trait among the cells that passed a step.

    Attributes
    ----------
    histogram : (bins,) int
        Cells by bins of Z.
    mean, variance : float
        Of their values, the variance with n and not n - 1.
    effect : float
        How many times larger the variance of the mean is than that of independent cells.
    """

    histogram: Ints
    mean: float
    variance: float
    design_effect: float = 1.0


def mean_interval(trait: TraitCounts, carrier: Carrier, cv: float, level: float = 0.95) -> Interval:
    """Interval of the mean of a trait among survivors; nan where they are too few to tell it.

    Student's t, corrected for skewness, where there are enough cells for the skewness of the fit; else the quantiles
    of the mean under tilts of what all cells start with, by their probability given the bins.  The mean of the cells
    lies in it always.

    Parameters
    ----------
    trait : TraitCounts
    carrier : Carrier
        Of the same bins.
    cv : float
        Of the trait among all cells.
    level : float
        Coverage, in (0, 1).

    References
    ----------
    Efron B, Tibshirani R. Ann Stat 1996;24:2431-2461 (exponential families around a carrier). Johnson NJ. J Am Stat
    Assoc 1978;73:536-544 (the correction for skewness). Kish L. Survey Sampling, 1965 (the design effect).
    """
    n = float(trait.histogram.sum()) / trait.design_effect
    nothing = Interval(math.nan, math.nan)
    if trait.histogram.sum() < 2 or n <= 1.0:
        return nothing
    if cv < NARROW:
        return _student(trait, n, 0.0, level)
    # What is above the last edge is known to be above it only.
    if n < carrier.least or 2 * trait.histogram[-1] > trait.histogram.sum():
        return nothing
    counts = trait.histogram[carrier.bins] / trait.design_effect
    y, z = carrier.y, np.exp(carrier.y)
    fit = _fitted(carrier, counts, y[:, None], np.array([SPREAD_OF_POWER**-2]), np.zeros(1))
    between = np.cumsum(fit.mass * np.sqrt(z))
    knots = y[np.minimum(np.searchsorted(between, np.array(KNOTS) * between[-1]), len(y) - 1)]
    features = np.column_stack([y, *(np.logaddexp(0.0, y - knot) for knot in knots)])
    prior = np.array([SPREAD_OF_POWER**-2, *[SPREAD_OF_BEND**-2] * len(knots)])
    fit = _fitted(carrier, counts, features, prior, np.append(fit.at, np.zeros(len(knots))))
    away = z - fit.mass @ z
    skewness = float(fit.mass @ away**3 / (fit.mass @ away**2) ** 1.5)
    if n > ENOUGH * skewness**2:
        return _student(trait, n, skewness, level)
    points = _points(len(prior))
    # Points with the spread of the normal approximation: x with C x x' C' = 1 / curvature.
    spread = np.linalg.inv(np.linalg.cholesky(fit.curvature))
    tilts = fit.at + WIDER * points @ spread
    heights, means = np.empty(POINTS), np.empty(POINTS)
    for begin in range(0, POINTS, 32):  # as much at once as stays in the cache
        part = slice(begin, begin + 32)
        heights[part], mass = _heights(carrier, counts, features, prior, tilts[part])
        means[part] = mass @ z
    weights = np.exp(np.minimum(heights - fit.height + (points**2).sum(axis=1) / 2.0, 50.0))
    order = np.argsort(means, kind="stable")
    rising = np.cumsum(weights[order])
    tail = (1.0 - level) / 2.0
    ends = np.interp([tail, 1.0 - tail], (rising - weights[order] / 2.0) / rising[-1], np.log(means[order]))
    if ends[1] - ends[0] > math.log(WIDEST):
        return nothing
    return Interval(min(math.exp(ends[0]), trait.mean), max(math.exp(ends[1]), trait.mean))


def _student(trait: TraitCounts, n: float, skewness: float, level: float) -> Interval:
    """Student's t for the mean of n independent cells, its ends moved by the skewness."""
    from scipy.special import stdtrit

    t = float(stdtrit(n - 1.0, 0.5 + level / 2.0))
    moved = skewness / math.sqrt(n) * (1.0 + 2.0 * t * t) / 6.0
    error = math.sqrt(max(0.0, trait.variance) / (n - 1.0))
    return Interval(trait.mean - error * (t - moved), trait.mean + error * (t + moved))
