"""Colours and marks of the causes of death in a lesson, in light and in dark style."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from cascade.common.colours import LOOKS, cause_colour
from cascade.common.sight import contrast, linear, shown

DARK_STAGE = "#1A212B"
"""The ground of pictures in dark style, on which colours are seen."""

LEAST = 3.1
"""Contrast of a mark on its ground."""

_BY_MODEL: dict[str, str] = LOOKS["marks"]
_SPARE = ("square", "bar", "vee", "open")


def mark_of(cause: str) -> str:
    """The mark of a cause of death by its name; of a name of one's own always the same.

    Examples
    --------
    >>> mark_of("shear"), mark_of("early death") == mark_of("apoptosis in foreign soil")
    ('slashes', True)
    """
    known = _BY_MODEL.get(LOOKS["cause_of"].get(cause, cause))
    return known or _SPARE[sum(cause.encode()) % len(_SPARE)]


@cache
def on_dark(colour: str) -> str:
    """A colour of the same hue that is seen on the dark stage: as much white light added as it takes.

    Examples
    --------
    >>> contrast(on_dark("#4A2C12"), DARK_STAGE) >= LEAST
    True
    """
    light, part = linear(colour), 0.0
    while contrast(mixed := shown(_mixed(light, part)), DARK_STAGE) < LEAST + 1.2 and part < 1.0:
        part += 0.01
    return mixed


def _mixed(light: Sequence[float], part: float) -> tuple[float, float, float]:
    """Linear light with a part of white."""
    r, g, b = (x * (1 - part) + part for x in light)
    assert math.isfinite(r + g + b)
    return r, g, b


def causes_of(causes: Sequence[str]) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Marks, and colours in light and dark style, by cause."""
    return {c: mark_of(c) for c in causes}, {c: (cause_colour(c), on_dark(cause_colour(c))) for c in causes}
