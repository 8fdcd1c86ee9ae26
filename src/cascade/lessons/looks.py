"""Colours and marks of the causes of death in a lesson, in light and in dark style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from cascade.common.colours import LOOKS, cause_colour
from cascade.common.sight import contrast, linear, shown

LIGHT_STAGE, DARK_STAGE = (LOOKS[style]["stage"] for style in ("light", "dark"))
"""The ground of pictures in light and in dark style, on which colours are seen."""

LEAST, WANTED = 3.1, 4.4
"""Contrast of a mark on its ground: at least, and what a colour is made lighter for."""

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
    """A colour of the same hue that is seen on the dark stage: more light, white only where that is not enough.

    Examples
    --------
    >>> contrast(on_dark("#4A2C12"), DARK_STAGE) >= LEAST
    True
    """
    light = linear(colour)
    brightest, factor, white = 1 / max(*light, 1e-3), 1.0, 0.0
    while contrast(found := shown(_lit(light, factor, white)), DARK_STAGE) < WANTED and white < 1.0:
        if factor < brightest:
            factor = min(brightest, 1.05 * factor)
        else:
            white += 0.01
    return found


@cache
def on_light(colour: str) -> str:
    """A colour as it is seen on the light stage: darker where that takes it.

    Examples
    --------
    >>> on_light("#1F6311"), contrast(on_light("#CC8400"), LIGHT_STAGE) >= LEAST
    ('#1F6311', True)
    """
    light, factor = linear(colour), 1.0
    while contrast(found := shown(_lit(light, factor, 0.0)), LIGHT_STAGE) < LEAST:
        factor *= 0.98
    return found


def _lit(light: Sequence[float], factor: float, white: float) -> tuple[float, float, float]:
    """Linear light, so many times as strong, and with a part of white."""
    r, g, b = (x * factor * (1 - white) + white for x in light)
    return r, g, b


def causes_of(causes: Sequence[str]) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Marks, and colours in light and dark style, by cause."""
    return {c: mark_of(c) for c in causes}, {c: (on_light(cause_colour(c)), on_dark(cause_colour(c))) for c in causes}


def properties(more: Mapping[str, tuple[str, str]] | None = None) -> str:
    """The colours of a page as properties of its style: light, dark where that is asked for, light in print.

    Parameters
    ----------
    more : mapping, optional
        Further properties, each with its colour in light and in dark style.
    """
    both = {f"--{name}": (LOOKS["light"][name], LOOKS["dark"][name]) for name in LOOKS["light"]} | dict(more or {})
    light, dark = ("".join(f"{name}:{pair[k]};" for name, pair in both.items()) for k in (0, 1))
    return (
        f":root{{{light}color-scheme:light}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}color-scheme:dark}}}}\n"
        f":root[data-theme=dark]{{{dark}color-scheme:dark}}\n"
        f"@media print{{:root:root{{{light}color-scheme:light}}}}\n"
    )
