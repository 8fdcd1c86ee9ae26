"""Shares as people read them: per cent, 1 in N below that, and estimates with intervals that stay apart.

No share is rounded to what it is not: one that is small is not 0 %, one that is large is not 100 %,
and both ends of an interval differ from the estimate between them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from typing import NamedTuple

LEAST_IN_PERCENT = Decimal("1e-4")
"""Smaller shares read as 1 in N."""

FIGURES = 3
"""Figures that count, of a share that stands alone."""

POWERS_FROM = 10**15
"""N of 1 in N is written as a power from here on: nobody could count the zeros."""

NEGLIGIBLE = 1000
"""An end so many times nearer to 0 (or to 1) than the estimate may be rounded to it."""

_WIDE = Context(prec=1000)
"""Digits enough for every double."""


class Estimate(NamedTuple):
    """An estimate and its interval, as text."""

    value: str
    interval: str


def percent(fraction: float, figures: int = FIGURES) -> str:
    """A share that was counted or computed: per cent with so many figures that count, zeros among them.

    Below one in ten thousand it reads as 1 in N.  ``js/shares.js`` has the same rule for the page.

    Examples
    --------
    >>> percent(0.1), percent(0.000123), percent(1e-6), percent(8.4e-7), percent(0.98765), percent(0.99996)
    ('10.0 %', '0.0123 %', '1 in 1,000,000', '1 in 1,190,000', '98.8 %', '99.996 %')
    """
    return _percent(fraction, figures, _fixed)


def plain_percent(fraction: float, figures: int = FIGURES) -> str:
    """The same without zeros at the end: for a share that somebody has chosen, such as a mark of an axis.

    Examples
    --------
    >>> plain_percent(0.1), plain_percent(0.125), plain_percent(1e-6)
    ('10 %', '12.5 %', '1 in 1,000,000')
    """
    return _percent(fraction, figures, _plain)


def _percent(fraction: float, figures: int, written: Callable[[Decimal], str]) -> str:
    """Per cent, with its decimals written in one way or the other."""
    share = _exactly(fraction)
    if share == 0:
        return "0 %"
    if abs(share) < LEAST_IN_PERCENT:
        return _one_in(share, figures)
    if 0 < 1 - share < Decimal("1e-6"):
        return "above 99.9999 %"
    value = 100 * share
    # Of what is rounded: 9.996 has a figure less behind its point than before.
    places = _places(_round(value, _places(value, figures)), figures)
    places = _short_of_100(value, places)
    return f"{written(_round(value, places))} %"


def whole_percent(fraction: float) -> str:
    """A share in whole per cent; '<1 %' rather than 0, '>99 %' rather than 100.

    Examples
    --------
    >>> whole_percent(0.124), whole_percent(0.005), whole_percent(0.999), whole_percent(1)
    ('12 %', '<1 %', '>99 %', '100 %')
    """
    text = f"{100 * fraction:.0f} %"
    if text == "0 %" and fraction > 0:
        return "<1 %"
    return ">99 %" if text == "100 %" and fraction < 1 else text


def estimate_of_share(share: float, low: float, high: float) -> Estimate:
    """A share with its interval: digits until the ends differ from it, the ends rounded outward.

    A share of 0 has only an upper bound, one of 1 only a lower.

    Examples
    --------
    >>> estimate_of_share(0.1, 0.09998, 0.10003)
    Estimate(value='10.000 %', interval='9.998 to 10.003 %')
    >>> estimate_of_share(1e-6, 2.53e-8, 5.57e-6)
    Estimate(value='1 in 1,000,000', interval='0.02 to 5.57 in 1,000,000')
    >>> estimate_of_share(0.0, 0.0, 0.00299).interval, estimate_of_share(1.0, 0.9997, 1.0).interval
    ('below 0.299 %', 'above 99.97 %')
    """
    middle, below, above = map(_exactly, (share, low, high))
    if middle <= 0 or middle >= 1:
        return Estimate("0 %" if middle <= 0 else "100 %", _one_sided(middle <= 0, below, above))
    if middle < LEAST_IN_PERCENT:
        return _in_a_round_number(middle, below, above, middle)
    middle, below, above = 100 * middle, 100 * below, 100 * above
    value, lower, upper = _apart(middle, below, above, _short_of_100(middle, _places(middle, 3)))
    if upper == 100 > above and (100 - above) * NEGLIGIBLE >= 100 - middle:
        upper = _round(above, _places(100 - above, 1), ROUND_CEILING)
    return Estimate(f"{value:f} %", f"{lower:f} to {upper:f} %")


def estimate_of_difference(difference: float, low: float, high: float) -> Estimate:
    """The same for a difference of two shares, which may be below 0.

    Examples
    --------
    >>> estimate_of_difference(0.0, -2.77e-6, 2.77e-6)
    Estimate(value='0 %', interval='-2.77 to 2.77 in 1,000,000')
    >>> estimate_of_difference(-0.012, -0.0131, -0.011)
    Estimate(value='-1.20 %', interval='-1.31 to -1.10 %')
    """
    middle, below, above = map(_exactly, (difference, low, high))
    largest = max(map(abs, (middle, below, above)))
    if largest < LEAST_IN_PERCENT:
        return _in_a_round_number(middle, below, above, largest)
    value, lower, upper = _apart(100 * middle, 100 * below, 100 * above, _places(100 * largest, 3))
    return Estimate(f"{value:f} %" if middle else "0 %", f"{lower:f} to {upper:f} %")


def estimate_of_number(number: float, low: float, high: float, figures: int = 4) -> Estimate:
    """The same for any number; '-' for what is not known.

    Examples
    --------
    >>> estimate_of_number(1.0, 0.99998, 1.00001)
    Estimate(value='1.00000', interval='0.99998 to 1.00001')
    >>> estimate_of_number(2.0, float("nan"), float("nan"))
    Estimate(value='2', interval='-')
    """
    middle, below, above = map(_exactly, (number, low, high))
    if not (middle.is_finite() and below.is_finite() and above.is_finite()):
        return Estimate(f"{number:.{figures}g}" if middle.is_finite() else "-", "-")
    largest = max(map(abs, (middle, below, above)))
    value, lower, upper = _apart(middle, below, above, _places(largest, figures))
    return Estimate(f"{value:f}", f"{lower:f} to {upper:f}")


def _one_sided(none: bool, below: Decimal, above: Decimal) -> str:
    """The bound of a share of none, or of all; both ends where nothing is known."""
    if below <= 0 and above >= 1:
        return "0 to 100 %"
    if not none:
        value = 100 * below
        return f"above {_plain(_round(value, max(1, _places(100 - value, 1)), ROUND_FLOOR))} %"
    if 0 < above < LEAST_IN_PERCENT:
        inverse = _WIDE.divide(Decimal(1), above)
        inverse = _round(inverse, _places(inverse, 3, least=-400), ROUND_FLOOR)
        return f"below 1 in {_grouped(inverse)}"
    return f"below {_plain(_round(100 * above, _places(100 * above, 3), ROUND_CEILING))} %"


def _in_a_round_number(middle: Decimal, below: Decimal, above: Decimal, largest: Decimal) -> Estimate:
    """Small shares: the value as 1 in N, the interval as so many in 1,000,000."""
    if not largest:
        return Estimate("0 %", "0 to 0 %")
    base = Decimal(10) ** -largest.adjusted()
    _, lower, upper = _apart(base * middle, base * below, base * above, 2)
    interval = f"{lower:f} to {upper:f} in {_grouped(base)}"
    if not middle:
        return Estimate("0 %", interval)
    # N is rounded in another way than the ends, and must not come to lie beyond them.
    figures = 3
    while not (
        (below == middle or lower < base / _inverse(middle, figures))
        and (above == middle or base / _inverse(middle, figures) < upper)
    ):
        figures += 1
    return Estimate(_one_in(middle, figures), interval)


def _apart(middle: Decimal, below: Decimal, above: Decimal, places: int) -> tuple[Decimal, Decimal, Decimal]:
    """The three with as many decimal places as tell the first from the others and from 0, the ends rounded outward.

    An end is not rounded to 0 but where it is negligible against the estimate.
    """
    others = below, above, Decimal(0)
    while any(other != middle and _round(other, places) == _round(middle, places) for other in others):
        places += 1
    lower, upper = _round(below, places, ROUND_FLOOR), _round(above, places, ROUND_CEILING)
    if lower == 0 < below and below * NEGLIGIBLE >= middle:
        lower = _round(below, _places(below, 1), ROUND_FLOOR)
    if upper == 0 > above and above * NEGLIGIBLE <= middle:
        upper = _round(above, _places(above, 1), ROUND_CEILING)
    return _round(middle, places), lower, upper


def _exactly(value: float) -> Decimal:
    """The shortest decimal that is this double."""
    return Decimal(repr(float(value)))


def _places(value: Decimal, figures: int, least: int = 0) -> int:
    """Decimal places for so many figures that count."""
    return max(least, figures - 1 - value.adjusted())


def _short_of_100(value: Decimal, places: int) -> int:
    """Places with which what is less than 100 is not rounded to it."""
    while value < 100 and _round(value, places) == 100:
        places += 1
    return places


def _round(value: Decimal, places: int, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """The value with so many decimal places (tens, where they are below 0); without a minus before 0."""
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding, _WIDE)
    return rounded or abs(rounded)


def _fixed(value: Decimal) -> str:
    """With all its decimals."""
    return f"{value:f}"


def _plain(value: Decimal) -> str:
    """Without zeros at the end of its decimals."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _inverse(share: Decimal, figures: int) -> Decimal:
    """N of 1 in N, with so many figures."""
    inverse = _WIDE.divide(Decimal(1), share)
    return _round(inverse, _places(inverse, figures, least=-400))


def _one_in(share: Decimal, figures: int) -> str:
    sign = "-" if share < 0 else ""
    return f"{sign}1 in {_grouped(abs(_inverse(share, figures)))}"


def _grouped(number: Decimal) -> str:
    """1,000,000; as a power where nobody could count the zeros."""
    return f"{number:,f}" if number < POWERS_FROM else f"{number.normalize():e}".replace("e+", "e")
