"""Shares, marks of axes and few counts, as figures write them: per cent down to 0.1 %, 1 in N below."""

from __future__ import annotations

import math

from cascade.common.shares import estimate_of_share, percent

LEAST_PER_CENT = 0.00095
"""Smaller shares read as 1 in N."""

FEW_COUNTED = 100
"""Counts below which a share is shown with the count that it comes from: with 100 its interval has some 20 points."""

_RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")


def few(count: float, *, exact: bool) -> bool:
    """Whether a share of so many is too rough to stand alone."""
    return not exact and count < FEW_COUNTED


def power(exponent: int) -> str:
    """1, 10, 100, 1,000, 10,000, 100,000; then powers of ten in characters: a formula would change the typeface."""
    return f"{10**exponent:,}" if 0 <= exponent < 6 else f"10{str(exponent).translate(_RAISED)}"


def one_in(share: float) -> str:
    """A share in two figures.

    Examples
    --------
    >>> one_in(1.0), one_in(0.5), one_in(0.0123), one_in(0.0009), one_in(1.01e-6), one_in(0.9999), one_in(0.0)
    ('100 %', '50 %', '1.2 %', '1 in 1,100', '1 in 990,000', '99.99 %', '0 %')
    """
    if share <= 0 or share >= LEAST_PER_CENT:
        return percent(share, 2)
    times = 1.0 / share
    exponent = math.floor(math.log10(times)) - 1
    rounded = round(times / 10.0**exponent) * 10**exponent if exponent < 300 else times
    return f"1 in {rounded:,.0f}" if times < 1e15 else f"1 in {times:.1e}".replace("e+", "e")


def at_most(high: float) -> str:
    """What a share of none may be, rounded away from it.

    Examples
    --------
    >>> at_most(0.002991), at_most(1e-6)
    ('below 0.3 %', 'below 1 in 1,000,000')
    """
    return estimate_of_share(0.0, 0.0, high).interval


def decade_label(decades: float) -> str:
    """A mark of an axis of decades lost from all.

    Examples
    --------
    >>> decade_label(0), decade_label(2), decade_label(6)
    ('all', '1 in 100', '1 in 10\u2076')
    """
    return "all" if round(decades) == 0 else f"1 in {power(round(decades))}"


def count_label(exponent: int) -> str:
    """A mark of a logarithmic axis of numbers.

    Examples
    --------
    >>> count_label(0), count_label(3), count_label(7)
    ('1', '1,000', '10\u2077')
    """
    return power(exponent)


def sentence_of(share: float) -> str:
    """A share at the head of a sentence.

    Examples
    --------
    >>> sentence_of(1e-5), sentence_of(0.25)
    ('One in 100,000 cells', '25 % of cells')
    """
    told = one_in(share)
    return f"One{told[1:]} cells" if told.startswith("1 in ") else f"{told} of cells"
