"""Sums that are the same on every Python: since 3.12 ``sum`` compensates, and models would get other last bits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SHARE_TOLERANCE = 1e-6
"""How far shares may be from 1 in sum: as far as those of single precision are."""

_ROUNDING = 1e-9
"""How far those of doubles are, which nothing is done to."""


def in_order(values: Iterable[float]) -> float:
    """The sum of numbers, added one after the other.

    The one way in which floats are added where a number of a model is made.

    Examples
    --------
    >>> in_order([1e16, 1.0, -1e16])
    0.0
    """
    total = 0.0
    for value in values:
        total += value
    return total


def shares_of_one(shares: Sequence[float]) -> list[float]:
    """Shares that sum to 1 but for single precision, made to; others as they are.

    Examples
    --------
    >>> shares_of_one([0.25000001, 0.25000001, 0.5])[2] < 0.5, shares_of_one([0.5, 0.4])
    (True, [0.5, 0.4])
    """
    total = in_order(shares)
    if _ROUNDING < abs(total - 1.0) <= SHARE_TOLERANCE:
        return [share / total for share in shares]
    return list(shares)
