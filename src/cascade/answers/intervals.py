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


def paired_difference(gained: float, lost: float, of: float, level: float = 0.95) -> Interval:
    """Interval of (gained - lost) / n for pairs: the same cells under two models.

    The score interval, corrected for skewness: the differences d that the counts do not refuse when
    (found - d) / error lies z or more from 0, error and skewness being those of the shares gained and lost that are
    likeliest where the difference is d.  Both sides are missed alike, also where only gains, or no change at all,
    were counted.

    Parameters
    ----------
    gained, lost, of : float
        Discordant pairs of each kind, of so many pairs; fractions where pairs are not independent and stand for fewer.
    level : float
        Coverage, in (0, 1).

    References
    ----------
    Tango T. Stat Med 1998;17:891-908. Gart JJ, Nam J. Biometrics 1988;44:323-338 (the correction). Laud PJ. Pharm
    Stat 2017;16:334-348 (both sides alike).

    Examples
    --------
    >>> low, high = paired_difference(40, 10, 1000)
    >>> low < 0.03 < high
    True
    >>> low, high = paired_difference(0, 0, 1000)
    >>> round(low, 4), round(high, 4)
    (-0.0028, 0.0028)
    """
    if of <= 0:
        return Interval(-1.0, 1.0)
    z = _normal_quantile(level)
    return Interval(-_score_limit(lost, gained, of, z, z), _score_limit(gained, lost, of, z, z))


def _normal_quantile(level: float) -> float:
    """How many standard errors the ends of a normal interval of some coverage lie away."""
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2.0))


def _score_limit(gained: float, lost: float, of: float, most: float, z: float) -> float:
    """The upper limit: beyond it every difference is refused, by a score below -``most``; z of the correction."""
    inside = (gained - lost) / of
    step = (math.sqrt(gained + lost) + 1.0) / of
    while (outside := min(1.0, inside + step)) < 1.0 and _score(gained, lost, of, outside, z) > -most:
        inside, step = outside, 2.0 * step
    for _ in range(60):
        middle = (inside + outside) / 2.0
        if _score(gained, lost, of, middle, z) > -most:
            inside = middle
        else:
            outside = middle
    return outside


def _score(gained: float, lost: float, of: float, difference: float, z: float) -> float:
    """How many standard errors a count lies above a difference, less what skewness makes of z of them."""
    # Beyond 0 the shares change places: the rarer one is found without loss of digits.
    few, many = (lost, gained) if difference >= 0.0 else (gained, lost)
    size = abs(difference)
    b, c = few + many - size * (2.0 * of + few - many), few * size * (1.0 - size)
    root = math.sqrt(b * b + 8.0 * of * c)
    # The root of the quadratic that is not below 0, without a difference of nearly equal numbers.
    rarer = (b + root) / (4.0 * of) if b > 0.0 else 2.0 * c / max(root - b, 5e-324)
    changed = 2.0 * rarer + size
    variance = changed - size * size
    away = (gained - lost) / of - difference
    if variance <= 0.0:
        return math.copysign(math.inf, away) if away else 0.0
    third = difference * (1.0 - 3.0 * changed + 2.0 * size * size)
    skewness = third / (variance * math.sqrt(variance * of))
    return away / math.sqrt(variance / of) - skewness * (z * z - 1.0) / 6.0


def clustered_difference(
    change: npt.NDArray[np.int64],
    sizes: npt.NDArray[np.int64],
    discordant: tuple[int, int],
    largest: int,
    level: float = 0.95,
) -> Interval:
    """Interval of the mean change per cell where the cells of one founder share their fate.

    That of ``paired_difference`` for so many times fewer cells as the variance between batches of founders is larger
    than that of independent cells, with Student's t for their number.  The limit away from 0 allows for one more
    founder of ``largest`` cells that changes, as in ``clustered_proportion``.

    Parameters
    ----------
    change, sizes : (batches,) int
        Cells gained less cells lost, and cells, by batch of founders.
    discordant : tuple of int
        Cells gained, and lost.
    largest : int
        Cells of the largest unit.
    level : float
        Coverage, in (0, 1).

    References
    ----------
    Kish L. Survey Sampling, 1965 (the design effect). Fay MP, Feuer EJ. Stat Med 1997;16:791-801 (one more of the
    largest weight).
    """
    from scipy.special import stdtrit

    of, batches = int(sizes.sum()), int((sizes > 0).sum())
    if of == 0 or batches < 2:
        return Interval(-1.0, 1.0)
    gained, lost = discordant
    changed, net = gained + lost, gained - lost
    variance = (changed - net**2 / of) / of**2
    effect = float(largest)
    if variance > 0.0:
        effect = min(effect, max(1.0, batch_variance(change, sizes) / variance))
    further = min(float(largest), max(effect, (effect * changed + largest**2) / (changed + largest)))
    t = float(stdtrit(batches - 1, 0.5 + level / 2.0))
    low_effect, high_effect = (further, further) if not net else (effect, further) if net > 0 else (further, effect)
    z = _normal_quantile(level)
    low = -_score_limit(lost / low_effect, gained / low_effect, of / low_effect, t, z)
    return Interval(low, _score_limit(gained / high_effect, lost / high_effect, of / high_effect, t, z))
