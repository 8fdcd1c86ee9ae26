"""Counts that were left out of the fit of soil, in their predictions; and how much wider those must be.

The deviations u of an organ from its mean over the cancers are fitted by maximum likelihood, which knows nothing of
cancers that were left out: their counts lie outside their intervals too often.  The spread of u is therefore
multiplied by a *widening*, chosen such that left-out counts lie inside their intervals as often as they should at three
levels.  For each fold it is chosen by the left-out counts of the other folds: what is reported was not chosen by
itself.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

import _soil

FOLDS, DRAWS = 10, 200
LEVELS = (0.95, 0.8, 0.5)
WIDENINGS = np.round(np.arange(1.0, 2.51, 0.05), 2)
FALSE_ALARM = 0.05
"""Probability that intervals that hold are said not to, at one of the levels."""


class Fold(NamedTuple):
    """Rows that were left out; draws of their log means without deviations, and of the deviations, (D, R)."""

    rest: _soil.Table
    middle: np.ndarray
    deviation: np.ndarray
    random: np.ndarray


def folds(data: _soil.Table, k: float, seed: int = 7) -> list[Fold]:
    """All counts, a tenth of them left out at a time; parameters are drawn from their estimates' normal law."""
    random = np.random.default_rng(seed)
    fold = random.permutation(len(data.y)) % FOLDS
    made = []
    for f in range(FOLDS):
        part, rest = data.where(fold != f), data.where(fold == f)
        share = _soil.best_share(part, k)[0]
        found = _soil.fit(part, np.log(part.arrests(share)), k, errors=True)
        assert found.hessian is not None
        centre = np.concatenate([found.alpha, found.beta[:-1], [math.log(found.tau)]])
        drawn = random.multivariate_normal(centre, np.linalg.inv(found.hessian), DRAWS)
        c, o = len(found.alpha), len(found.beta)
        beta = np.hstack([drawn[:, c : c + o - 1], -drawn[:, c : c + o - 1].sum(axis=1, keepdims=True)])
        middle = drawn[:, :c][:, rest.cancer] + np.log(rest.arrests(share)) + beta[:, rest.organ]
        deviation = np.exp(drawn[:, -1:]) * random.standard_normal(middle.shape)
        made.append(Fold(rest, middle, deviation, random.random(len(rest.y))))
    return made


def predicted(fold: Fold, k: float, widening: float) -> tuple[np.ndarray, np.ndarray]:
    """Of each left-out count the chances of at most, and of at least, as much."""
    rest = fold.rest
    p = rest.detection * _soil.share_of_patients(fold.middle + widening * fold.deviation, k)[0]
    return binom.cdf(rest.y, rest.n, p).mean(axis=0), binom.sf(rest.y - 1, rest.n, p).mean(axis=0)


def places(fold: Fold, k: float, widening: float) -> np.ndarray:
    """Randomised places of the counts in their predictions: uniform where those are right."""
    at_most, at_least = predicted(fold, k, widening)
    return 1.0 - at_least + fold.random * (at_most + at_least - 1.0)


def covered(places: np.ndarray) -> list[float]:
    """Shares of the places inside the intervals of each level."""
    return [float(np.mean(np.abs(places - 0.5) < level / 2)) for level in LEVELS]


def widening(left: list[Fold], k: float) -> float:
    """The widening at which the levels are kept best, in standard errors of the shares."""
    losses = []
    for width in WIDENINGS:
        shares = covered(np.concatenate([places(fold, k, width) for fold in left]))
        losses.append(sum((s - level) ** 2 / (level * (1 - level)) for s, level in zip(shares, LEVELS, strict=True)))
    return float(WIDENINGS[int(np.argmin(losses))])


class Coverage(NamedTuple):
    """Widenings by fold; counts inside their 95 % intervals; randomised places of all, widened and as fitted."""

    widenings: list[float]
    inside: int
    places: np.ndarray
    as_fitted: np.ndarray


def coverage(left: list[Fold], k: float) -> Coverage:
    """Left-out counts in their predictions, each fold widened as the other folds say."""
    widenings = [widening([other for other in left if other is not fold], k) for fold in left]
    inside = 0
    for fold, width in zip(left, widenings, strict=True):
        at_most, at_least = predicted(fold, k, width)
        inside += int(((at_most > 0.025) & (at_least > 0.025)).sum())
    widened = np.concatenate([places(fold, k, width) for fold, width in zip(left, widenings, strict=True)])
    return Coverage(widenings, inside, widened, np.concatenate([places(fold, k, 1.0) for fold in left]))


def holds(places: np.ndarray) -> bool:
    """Whether intervals are kept at each level, as far as so many counts can tell."""
    n = len(places)
    return all(
        binom.cdf(round(share * n), n, level) > FALSE_ALARM / 2 / len(LEVELS)
        and binom.sf(round(share * n) - 1, n, level) > FALSE_ALARM / 2 / len(LEVELS)
        for share, level in zip(covered(places), LEVELS, strict=True)
    )
