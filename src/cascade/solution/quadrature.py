"""Averages over frailties: trapezoidal quadrature for up to three, scrambled Sobol points above."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cascade.common.types import Floats, Ints
from cascade.lowering.lowered import Lowered

MOST_ON_A_GRID = 3
MOST_POINTS = 40_000
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
        They sum to 1.
    replicate : (n,) int
        Independent replicate that a random point belongs to; all 0 for points of a grid.
    logs : (n, F) float
        log Z of the frailties.
    """

    multipliers: Floats
    weights: Floats
    replicate: Ints
    logs: Floats

    def standard_errors(self, values: Floats) -> Floats:
        """Standard errors of the averages of (n, ...), from the spread of independent replicates."""
        count = self.replicate.max() + 1
        means = np.array([values[self.replicate == r].mean(axis=0) for r in range(count)])
        return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(count))


def refinements(lowered: Lowered, most: int = MOST_POINTS) -> Iterator[Nodes]:
    """Finer and finer nodes; one alone where no frailty or only random points are to be had.

    At least two grids, and at least four random points for each replicate, however few ``most`` allows.
    """
    frailties = len(lowered.frailty_cv)
    if frailties == 0:
        yield Nodes(np.ones((1, 1)), np.ones(1), np.zeros(1, np.int64), np.zeros((1, 0)))
    elif frailties > MOST_ON_A_GRID:
        points = 4
        while points < _SOBOL_POINTS and 2 * points * _SOBOL_REPLICATES <= most:
            points *= 2
        yield _sobol(lowered, points=points)
    else:
        for k, points in enumerate((8, 12, 18, 26, 34, 48, 64, 96, 150)):
            if points**frailties <= min(most, MOST_POINTS) or k < 2:
                yield _grid(lowered, points)


def fixed(lowered: Lowered) -> Nodes:
    """Nodes for an answer that nobody refines, and that must come at once.

    Relative errors are below 1e-9 with one or two frailties and below 1e-6 with three, unless
    these are very wide; with more, of few random points, a few per cent.
    """
    frailties = len(lowered.frailty_cv)
    if frailties == 0:
        return next(refinements(lowered))
    if frailties > MOST_ON_A_GRID:
        return _sobol(lowered, replicates=2)
    return _grid(lowered, (64, 34, 18)[frailties - 1])


def _grid(lowered: Lowered, points: int) -> Nodes:
    """Tensor product of one rule per frailty."""
    logs, weights = np.zeros((1, 0)), np.ones(1)
    for gamma, cv in zip(lowered.frailty_gamma, lowered.frailty_cv, strict=True):
        log_z, w = _gamma(float(cv), points) if gamma else _lognormal(float(cv), points)
        logs = np.hstack([np.repeat(logs, points, axis=0), np.tile(log_z, len(logs))[:, None]])
        weights = np.outer(weights, w).ravel()
    return Nodes(_multipliers(logs, lowered), weights, np.zeros(len(weights), np.int64), _mixed(logs, lowered))


def _multipliers(logs: Floats, lowered: Lowered) -> Floats:
    """Factors on the hazards, kept within 1e-100 to 1e100: beyond, a probability has long reached its limit."""
    return np.asarray(np.exp(np.clip(logs @ lowered.profiles.T, -230.0, 230.0)))


def _mixed(logs: Floats, lowered: Lowered) -> Floats:
    """Logarithms of the frailties from those of the independent factors."""
    return np.asarray(logs @ lowered.mixing.T + lowered.shift)


def _lognormal(cv: float, points: int) -> tuple[Floats, Floats]:
    """Points of log Z and weights for a log-normal frailty of mean 1."""
    sigma = float(np.sqrt(np.log1p(cv**2)))
    # A probability that depends on Z as a / (b + Z) has its poles at Im log Z = pi.
    x, w = _trapezoidal(lambda x: -0.5 * x**2, np.pi / sigma, points)
    return sigma * x - 0.5 * sigma**2, w


def _gamma(cv: float, points: int) -> tuple[Floats, Floats]:
    """Points of log Z and weights for a gamma frailty of mean 1.

    With x = t - exp(-t) the long left tail of log Z becomes short.
    """
    shape = cv**-2.0
    t, w = _trapezoidal(lambda t: shape * (t - np.exp(-t)) - np.exp(t - np.exp(-t)) + np.log1p(np.exp(-t)), 1.5, points)
    return t - np.exp(-t) - np.log(shape), w


def _trapezoidal(log_density: Callable[[Floats], Floats], strip: float, points: int) -> tuple[Floats, Floats]:
    """Equally spaced points and normalised weights for an analytic density.

    The trapezoidal rule converges like exp(-2 pi strip / step) for an integrand that is
    analytic in |Im x| < strip; the range is chosen so that what is cut off is as small.

    References
    ----------
    Trefethen LN, Weideman JAC. SIAM Rev 2014;56:385-458.
    """
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

    def edge(depth: float, direction: float) -> float:
        """Where the density has fallen by exp(-depth)."""
        reach = 1e-6
        while height(mode + direction * reach) > top - depth:
            reach *= 2.0
        return (
            float(brentq(lambda r: height(mode + direction * r) - top + depth, reach / 2.0, reach))
            if reach > 1e-6
            else reach
        )

    x = np.array([mode])
    for depth in np.arange(40.0, 1.0, -1.0):
        x = np.linspace(mode - edge(depth, -1.0), mode + edge(depth, 1.0), points)
        if 2 * np.pi * strip / (x[1] - x[0]) >= depth:
            break
    density = np.exp(log_density(x) - top)
    return x, density / density.sum()


def _sobol(lowered: Lowered, replicates: int = _SOBOL_REPLICATES, points: int = _SOBOL_POINTS) -> Nodes:
    """Randomised points: independent scramblings give a standard error.

    References
    ----------
    Owen AB. J Complexity 1998;14:466-489.
    """
    from scipy.special import gammaincinv, ndtri
    from scipy.stats import qmc

    frailties = len(lowered.frailty_cv)
    logs, replicate = [], []
    # Fixed scramblings: the exact answer of a model is one number, not a new one each time.
    for r, child in enumerate(np.random.SeedSequence(20121).spawn(replicates)):
        u = qmc.Sobol(frailties, scramble=True, rng=np.random.default_rng(child)).random(points)
        u = np.clip(u, 1e-15, 1 - 1e-15)
        log_z = np.empty_like(u)
        for f, (gamma, cv) in enumerate(zip(lowered.frailty_gamma, lowered.frailty_cv, strict=True)):
            if gamma:
                shape = cv**-2.0
                log_z[:, f] = np.log(np.maximum(gammaincinv(shape, u[:, f]) / shape, 1e-300))
            else:
                sigma = np.sqrt(np.log1p(cv**2))
                log_z[:, f] = sigma * ndtri(u[:, f]) - 0.5 * sigma**2
        logs.append(log_z)
        replicate.append(np.full(points, r))
    at = np.vstack(logs)
    weights = np.full(len(at), 1.0 / len(at))
    return Nodes(_multipliers(at, lowered), weights, np.concatenate(replicate), _mixed(at, lowered))
