"""Numbers as people write them: with thousands grouped or not, and the decimal mark of their language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from cascade.common.portable import in_order

SHARE_TOLERANCE = 1e-6
"""How far shares may be from 1 in sum: as far as those of single precision are."""

_ROUNDING = 1e-9
"""How far those of doubles are, which nothing is done to."""

DECIMAL_MARKS = ".", ","

_GROUPING = ".,_'\u2019 \u00a0\u2009\u202f"
_LIKE_A_NUMBER = re.compile(rf"[+-]?(\d[\d{_GROUPING}]*|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)


def plain_number(value: Any) -> Any:
    """NumPy's numbers as Python's; of single precision the shortest decimal that it stands for.

    Examples
    --------
    >>> plain_number(np.float32(0.1)), plain_number(np.int64(3)), plain_number("x")
    (0.1, 3, 'x')
    """
    if isinstance(value, np.floating) and value.itemsize < 8:
        return float(str(value))
    return value.item() if isinstance(value, np.generic) else value


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


def number_of(text: str, decimal: str = ".") -> float | None:
    """A number written with this decimal mark, a whole one as int; None for anything else.

    Examples
    --------
    >>> number_of("1,234.5"), number_of("1.234,5", ","), number_of("1e6"), number_of("12 000"), number_of("12 %")
    (1234.5, 1234.5, 1000000.0, 12000, None)
    """
    if not _LIKE_A_NUMBER.fullmatch(text):
        return None
    mantissa, e, exponent = text.lower().partition("e")
    whole, point, part = mantissa.partition(decimal)
    groups = re.split(f"[{_GROUPING}]", whole.lstrip("+-"))
    if len(groups) > 1:
        one_mark = len(set(re.findall(f"[{_GROUPING}]", whole))) == 1
        begins = re.fullmatch(r"[1-9]\d{0,2}", groups[0])
        if e or not (one_mark and begins and all(re.fullmatch(r"\d{3}", group) for group in groups[1:])):
            return None
    if not re.fullmatch(r"\d*", part):
        return None
    digits = "-" * whole.startswith("-") + "".join(groups)
    return float(f"{digits or 0}.{part or 0}{e}{exponent}") if point or e else int(digits)


def readings(text: str) -> dict[str, float]:
    """What a text says with each decimal mark with which it is a number.

    Examples
    --------
    >>> readings("300.000"), readings("1.000.000"), readings("0,5"), readings("ten")
    ({'.': 300.0, ',': 300000}, {',': 1000000}, {',': 0.5}, {})
    """
    values = {mark: number_of(text, mark) for mark in DECIMAL_MARKS}
    return {mark: value for mark, value in values.items() if value is not None}
