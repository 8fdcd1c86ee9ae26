"""The law of the largest of some weights: whether their mean settles, and what to put in their place.

References: Zhang J, Stephens MA. Technometrics 2009;51:316-325.  Vehtari A, et al. J Mach Learn Res 2024;25:1-58.
"""

from __future__ import annotations

import math

import numpy as np

from cascade.common.types import Floats


def pareto_k(weights: Floats) -> float:
    """Shape of the generalised Pareto law of the largest weights, by the estimate of Zhang and Stephens.

    Parameters
    ----------
    weights : (n,) float
        Not negative, in any unit.

    Examples
    --------
    >>> round(pareto_k(np.ones(1000)), 3)
    0.0
    """
    return pareto_of(weights)[0]


def pareto_of(weights: Floats) -> tuple[float, Floats]:
    """The shape of the law of the largest weights, and the weights with these replaced by its quantiles, (n,)."""
    n = len(weights)
    tail = int(min(0.2 * n, 3.0 * math.sqrt(n)))
    places = np.argsort(weights, kind="stable")[-tail - 1 :]
    order = weights[places]
    if tail < 5 or order[-1] <= 0:
        return math.inf, weights
    over = order[1:] - order[0]
    if over[-1] <= 1e-12 * order[-1]:
        return 0.0, weights
    over = over[over > 0]
    m = len(over)
    if m < 5:
        return math.inf, weights
    points = 30 + int(math.sqrt(m))
    quartile = over[int(m / 4.0 + 0.5) - 1]
    b = 1.0 / over[-1] + (1.0 - np.sqrt(points / (np.arange(1, points + 1) - 0.5))) / (3.0 * quartile)
    shapes = np.log1p(-b[:, None] * over).mean(axis=1)
    profile = m * (np.log(-b / shapes) - shapes - 1.0)
    share = 1.0 / np.exp(profile[:, None] - profile[None, :]).T.sum(axis=1)
    best = float((b * share).sum() / share.sum())
    k = float(np.log1p(-best * over).mean())
    scale = -k / best
    # Drawn to 0.5 where the tail is short, as the reference does.
    k = k * m / (m + 10.0) + 5.0 / (m + 10.0)
    smooth = weights.astype(float)
    at = np.log1p(-(np.arange(m) + 0.5) / m)
    smooth[places[-m:]] = np.minimum(order[0] + scale * np.expm1(-k * at) / k, order[-1])
    return k, smooth
