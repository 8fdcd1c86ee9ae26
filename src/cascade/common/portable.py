"""Arithmetic with the same bits on every Python, processor and system: for whatever makes a number of a model.

One cell lives one life only while the numbers that it lives by have one set of bits.  These differ, if let:

- ``sum`` compensates since Python 3.12, and ``numpy.sum`` adds in blocks that depend on the processor;
- products of matrices and ``numpy.linalg`` go through a library that chooses its code by the processor;
- ``exp``, ``log`` and powers come from the system, or from vector units, each rounding in its own way.

So, where a model, its lowered arrays or the kernel's tables are made: floats are added one after the other,
and functions are rounded once, from more digits than matter.  A test reads these rooms for anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from functools import lru_cache

import numpy as np

from cascade.common.types import Floats

_WIDE = Context(prec=60, Emax=999_999, Emin=-999_999, traps=[])
"""Sixty digits: the chance that a seventeenth is rounded wrongly is nil.  No signals: infinity and nan come out."""


def in_order(values: Iterable[float]) -> float:
    """The sum of numbers, added one after the other.

    Examples
    --------
    >>> in_order([1e16, 1.0, -1e16])
    0.0
    """
    total = 0.0
    for value in values:
        total += value
    return total


def product(rows: Sequence[Sequence[float]] | Floats, vector: Sequence[float] | Floats) -> Floats:
    """A matrix times a vector, each entry added in order.

    Examples
    --------
    >>> product([[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0])
    array([21., 43.])
    """
    return np.array([in_order(float(a) * float(b) for a, b in zip(row, vector, strict=True)) for row in rows])


def solve(matrix: Floats, right: Floats) -> Floats:
    """The x with ``matrix @ x = right``, by elimination without exchanges.

    For matrices whose columns are dominated by their diagonals, as those of expected visits are: these need
    no exchange of rows, and lose no digits.

    Parameters
    ----------
    matrix : (n, n) float
    right : (n,) float

    Examples
    --------
    >>> solve(np.array([[2.0, -1.0], [-1.0, 2.0]]), np.array([1.0, 1.0]))
    array([1., 1.])
    """
    rows = np.column_stack([matrix, right])
    for k in range(len(right)):
        rows[k] /= rows[k, k]
        column = rows[:, k].copy()
        column[k] = 0.0
        # Entry by entry: nothing is added up here.
        rows -= column[:, None] * rows[k]
    return rows[:, -1].copy()


@lru_cache(maxsize=4096)
def exp(x: float) -> float:
    """E to the power x, rounded once.

    Examples
    --------
    >>> exp(1.0), exp(-1e9), exp(1e9)
    (2.718281828459045, 0.0, inf)
    """
    return float(_WIDE.exp(Decimal(x)))


@lru_cache(maxsize=4096)
def expm1(x: float) -> float:
    """E to the power x, less 1, rounded once; of tiny x, x.

    Examples
    --------
    >>> expm1(1e-10), expm1(1e-40)
    (1.00000000005e-10, 1e-40)
    """
    # Below 1e-20 the first term of the series is exact to 1e-20 of itself, and the digits above would not do.
    return x if abs(x) < 1e-20 else float(_WIDE.subtract(_WIDE.exp(Decimal(x)), Decimal(1)))


def log(x: float) -> float:
    """Natural logarithm, rounded once.

    Examples
    --------
    >>> log(10.0), log(0.0)
    (2.302585092994046, -inf)
    """
    return float(_WIDE.ln(Decimal(x)))


def log1p(x: float) -> float:
    """Natural logarithm of 1 + x, rounded once; of tiny x, x.

    Examples
    --------
    >>> log1p(0.5), log1p(1e-40)
    (0.4054651081081644, 1e-40)
    """
    return x if abs(x) < 1e-20 else float(_WIDE.ln(_WIDE.add(Decimal(1), Decimal(x))))


def power(base: float, exponent: float) -> float:
    """A positive base to a power, rounded once.

    Examples
    --------
    >>> power(2.0, 0.5), power(10.0, -2.0)
    (1.4142135623730951, 0.01)
    """
    return float(_WIDE.power(Decimal(base), Decimal(exponent)))
