"""Sums that are the same on every Python: since 3.12 ``sum`` compensates, and models would get other last bits."""

from __future__ import annotations

from collections.abc import Iterable


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
