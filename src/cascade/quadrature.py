"""Averages over frailties: Gaussian quadrature for up to three, scrambled Sobol points above."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascade.lower import Lowered

Floats = npt.NDArray[np.float64]

MOST_GAUSSIAN = 3
MOST_POINTS = 40_000
_SOBOL_REPLICATES = 16
_SOBOL_POINTS = 512


@dataclass(frozen=True)
class Nodes:
    """Points of the frailties with weights.

    Attributes
    ----------
    factors : (n, P) float
        Factor on the hazards of each profile; column 0 is 1.
    weights : (n,) float
        They sum to 1.
    replicate : (n,) int
        Independent replicate that a random point belongs to; all 0 for Gaussian points.
    """

    factors: Floats
    weights: Floats
    replicate: npt.NDArray[np.int64]


def refinements(lowered: Lowered) -> Iterator[Nodes]:
    """Finer and finer nodes; one alone where no frailty or only random points are to be had."""
    frailties = len(lowered.frailty_cv)
    if frailties == 0:
        yield Nodes(np.ones((1, 1)), np.ones(1), np.zeros(1, np.int64))
    elif frailties > MOST_GAUSSIAN:
        yield _sobol(lowered)
    else:
        for points in (6, 10, 16, 24, 34, 48, 64, 90, 120):
            if points**frailties <= MOST_POINTS:
                yield _gaussian(lowered, points)


def _gaussian(lowered: Lowered, points: int) -> Nodes:
    logs, weights = np.zeros((1, 0)), np.ones(1)
    for gamma, cv in zip(lowered.frailty_gamma, lowered.frailty_cv, strict=True):
        log_z, w = _one_frailty(bool(gamma), float(cv), points)
        logs = np.hstack([np.repeat(logs, points, axis=0), np.tile(log_z, len(logs))[:, None]])
        weights = np.outer(weights, w).ravel()
    return Nodes(np.exp(logs @ lowered.profiles.T), weights, np.zeros(len(weights), np.int64))


def _one_frailty(gamma: bool, cv: float, points: int) -> tuple[Floats, Floats]:
    """Points of log Z and weights for a frailty of mean 1."""
    from scipy.special import roots_genlaguerre, roots_hermitenorm

    if gamma:
        shape = cv**-2.0
        x, w = roots_genlaguerre(points, shape - 1.0)
        return np.log(x / shape), w / w.sum()
    sigma = np.sqrt(np.log1p(cv**2))
    x, w = roots_hermitenorm(points)
    return sigma * x - 0.5 * sigma**2, w / w.sum()


def _sobol(lowered: Lowered) -> Nodes:
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
    for r, child in enumerate(np.random.SeedSequence(20121).spawn(_SOBOL_REPLICATES)):
        u = qmc.Sobol(frailties, scramble=True, rng=np.random.default_rng(child)).random(_SOBOL_POINTS)
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
        replicate.append(np.full(_SOBOL_POINTS, r))
    factors = np.exp(np.vstack(logs) @ lowered.profiles.T)
    n = len(factors)
    return Nodes(factors, np.full(n, 1.0 / n), np.concatenate(replicate))
