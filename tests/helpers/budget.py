"""One error budget for the whole suite: 1e-4, shared by at most 20,000 comparisons.

Every statistical comparison of the suite goes through ``agrees`` (exact binomial test) or
``within`` (normal), each two-sided at 1e-4 / 20,000 = 5e-9 (5.85 standard errors).  The
seeds are fixed, so a suite that passes passes always; the budget says how likely a right
program was to fail when the seeds were chosen.
"""

from __future__ import annotations

import math

from scipy import stats

ALPHA = 1e-4 / 20_000
SIGMAS = float(stats.norm.isf(ALPHA / 2))


def agrees(count: int, n: int, p: float) -> bool:
    """Whether ``count`` of ``n`` is compatible with probability ``p`` (known to 1e-9)."""
    if p <= 0.0:
        return count == 0
    if p >= 1.0 - 1e-12:
        return count == n
    return float(stats.binomtest(count, n, p).pvalue) >= ALPHA


def within(value: float, expected: float, standard_error: float) -> bool:
    """Whether a nearly normal statistic lies within the threshold."""
    return abs(value - expected) <= SIGMAS * standard_error


def cells_needed(p: float, changed: float, power: float = 0.99) -> int:
    """Cells with which a probability ``changed`` is told from ``p`` with the given power."""
    z = SIGMAS + float(stats.norm.ppf(power))
    spread = max(p * (1 - p), changed * (1 - changed))
    return math.ceil(z**2 * spread / (changed - p) ** 2)
