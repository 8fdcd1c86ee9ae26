"""Interval estimates for counted cells: proportions, zero counts, paired differences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cascade.common.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Interval(NamedTuple):
    """Two ends of an interval."""

    low: float
    high: float


def proportion(
    count: int, of: int, level: float = 0.95, *, design_effects: tuple[float, float] = (1.0, 1.0)
) -> Interval:
    """Exact (Clopper-Pearson) interval of a proportion.

    A count of zero gets the one-sided upper bound 1 - (1 - level)^(1/n), close to 3/n at
    95 % (the rule of three); a full count mirrors it.  Where n p is between 3.0 and 3.7 this
    lowers the coverage of a 95 % interval to 92.5 %.

    Parameters
    ----------
    count, of : int
        ``count`` successes of ``of``; with ``of`` = 0 the interval is [0, 1].
    level : float
        Coverage, in (0, 1).
    design_effects : tuple of float
        How many times larger the variance is than that of independent cells, for the lower and
        the upper limit: each is that of so many times fewer cells.

    References
    ----------
    Clopper CJ, Pearson ES. Biometrika 1934;26:404-413. Hanley JA, Lippman-Hand A. JAMA
    1983;249:1743-1745.

    Examples
    --------
    >>> low, high = proportion(0, 1000)
    >>> low, round(high, 4)
    (0.0, 0.003)
    """
    if not 0 <= count <= of:
        raise InputError("count", count, f"a number from 0 to {of}")
    if not 0.0 < level < 1.0:
        raise InputError("level", level, "a coverage in (0, 1)")
    if of == 0:
        return Interval(0.0, 1.0)
    lower, upper = design_effects
    if count == 0:
        return Interval(0.0, -math.expm1(math.log1p(-level) * upper / of))
    if count == of:
        return Interval(math.exp(math.log1p(-level) * lower / of), 1.0)
    from scipy.special import betaincinv

    tail = (1.0 - level) / 2.0
    low = float(betaincinv(count / lower, (of - count) / lower + 1, tail))
    high = float(betaincinv(count / upper + 1, (of - count) / upper, 1.0 - tail))
    return Interval(low, high)


def clustered_proportion(
    counts: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], largest: int, level: float = 0.95
) -> Interval:
    """Interval of a share of cells of which those of one founder share their fate.

    The share in batches of founders (``counts`` of ``sizes`` cells) varies as founders do, and
    tells how many times larger the variance is than that of independent cells: the interval is
    that of so many times fewer of them.  Where few cells are counted (or all but a few), one
    more founder of ``largest`` cells might change the picture: the limit away from them allows
    for it.

    References
    ----------
    Cochran WG. Sampling Techniques, 3rd ed., 1977, section 6.3 (the ratio of two sums). Kish
    L. Survey Sampling, 1965 (the design effect). Fay MP, Feuer EJ. Stat Med 1997;16:791-801
    (an upper limit that allows for one more of the largest weight).
    """
    count, of = int(counts.sum()), int(sizes.sum())
    if count in (0, of):
        return proportion(count, of, level, design_effects=(largest, largest))
    p = count / of
    # At most that of founders which are all as large as the largest; one batch tells nothing.
    effect = min(float(largest), max(1.0, batch_variance(counts, sizes) * of / (p * (1.0 - p))))

    def away_from(some: int, share: float) -> float:
        return min(float(largest), max(effect, (effect * some * (1.0 - share) + largest**2) / (some + largest)))

    return proportion(count, of, level, design_effects=(away_from(of - count, 1.0 - p), away_from(count, p)))


def batch_variance(values: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64]) -> float:
    """Variance of the ratio of the sums of ``values`` and ``sizes``, from their batches."""
    used = sizes > 0
    values, sizes, batches = values[used], sizes[used], int(used.sum())
    if batches < 2:
        return math.inf
    total = int(sizes.sum())
    ratio = int(values.sum()) / total
    return float(((values - ratio * sizes) ** 2).sum()) * batches / (batches - 1) / total**2


def paired_difference(gained: int, lost: int, of: int, level: float = 0.95) -> Interval:
    """Interval of (gained - lost) / n for pairs: the same cells under two models.

    The adjusted Wald interval: one is added to each discordant count, two to n.

    References
    ----------
    Bonett DG, Price RM. J Educ Behav Stat 2012;37:479-488.

    Examples
    --------
    >>> low, high = paired_difference(40, 10, 1000)
    >>> low < 0.03 < high
    True
    """
    if of <= 0:
        return Interval(-1.0, 1.0)
    from scipy.special import ndtri

    a, b, n = gained + 1.0, lost + 1.0, of + 2.0
    middle = (a - b) / n
    half = float(ndtri(0.5 + level / 2.0)) * math.sqrt(max(0.0, (a + b) / n - middle**2) / n)
    return Interval(max(-1.0, middle - half), min(1.0, middle + half))


def clustered_difference(
    change: npt.NDArray[np.int64], sizes: npt.NDArray[np.int64], largest: int, level: float = 0.95
) -> Interval:
    """Interval of the mean change per cell, from batches of founders: Student's t.

    One more founder of ``largest`` cells that changes is added to the variance, as one is to
    the counts of ``paired_difference``.
    """
    from scipy.special import stdtrit

    of = int(sizes.sum())
    batches = int((sizes > 0).sum())
    if of == 0 or batches < 2:
        return Interval(-1.0, 1.0)
    middle = int(change.sum()) / of
    half = float(stdtrit(batches - 1, 0.5 + level / 2.0)) * math.sqrt(
        batch_variance(change, sizes) + (largest / of) ** 2
    )
    return Interval(max(-1.0, middle - half), min(1.0, middle + half))
