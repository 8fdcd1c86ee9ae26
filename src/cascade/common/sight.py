"""How colours are seen: contrast on white, OKLab, and what is left of them without red or green cones."""

from __future__ import annotations

import math
from functools import cache

Triple = tuple[float, float, float]

# Machado, Oliveira and Fernandes 2009, severity 1.0; for linear light.
MATRICES: dict[str, tuple[Triple, Triple, Triple]] = {
    "all cones": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
}
"""By who sees: linear light to linear light."""

SIGHTS = tuple(MATRICES)
"""Whom a colour is seen by."""

# Ottosson 2020: linear light to cones, and their cube roots to OKLab.
_CONES: tuple[Triple, Triple, Triple] = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_OKLAB: tuple[Triple, Triple, Triple] = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def linear(colour: str) -> Triple:
    """Red, green and blue light of "#rrggbb", from 0 to 1."""
    r, g, b = (int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5))
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in (r, g, b))
    return r, g, b


def shown(light: Triple) -> str:
    """The colour "#rrggbb" of linear light, cut to what a screen can show."""
    parts = (min(max(p, 0.0), 1.0) for p in light)
    bytes_of = (round(255.0 * (12.92 * p if p <= 0.0031308 else 1.055 * p ** (1 / 2.4) - 0.055)) for p in parts)
    return "#" + "".join(f"{b:02X}" for b in bytes_of)


def _times(matrix: tuple[Triple, Triple, Triple], x: Triple) -> Triple:
    a, b, c = (row[0] * x[0] + row[1] * x[1] + row[2] * x[2] for row in matrix)
    return a, b, c


def luminance(colour: str) -> float:
    """Relative luminance, from 0 of black to 1 of white."""
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(colour: str, ground: str = "#FFFFFF") -> float:
    """Contrast of two colours after WCAG 2.1, from 1 to 21.

    Examples
    --------
    >>> round(contrast("#000000"), 1), round(contrast("#FFFFFF"), 1)
    (21.0, 1.0)
    """
    one, two = luminance(colour), luminance(ground)
    return (max(one, two) + 0.05) / (min(one, two) + 0.05)


def seen(colour: str, sight: str) -> str:
    """The colour as somebody without red or green cones sees it, or as it is printed in grey ("grey")."""
    if sight == "grey":
        y = luminance(colour)
        return shown((y, y, y))
    return shown(_times(MATRICES[sight], linear(colour)))


@cache
def oklab(colour: str, sight: str = "all cones") -> Triple:
    """Lightness (0 to 1), green to red, blue to yellow of a colour, as somebody sees it."""
    r, g, b = (min(max(p, 0.0), 1.0) for p in _times(MATRICES[sight], linear(colour)))
    x, y, z = (p ** (1 / 3) for p in _times(_CONES, (r, g, b)))
    return _times(_OKLAB, (x, y, z))


def distance(one: str, two: str) -> float:
    """The least distance of two colours in OKLab, of all who see them."""
    squares = (sum((a - b) * (a - b) for a, b in zip(oklab(one, s), oklab(two, s), strict=True)) for s in SIGHTS)
    return math.sqrt(min(squares))


def dark(colour: str, least: float = 4.5) -> str:
    """The colour for text on white: darkened until its contrast is enough.

    Examples
    --------
    >>> dark("#0072B2"), round(contrast(dark("#CC8400")), 1)
    ('#0072B2', 4.6)
    """
    r, g, b = linear(colour)
    while contrast(shown((r, g, b))) < least:
        r, g, b = 0.96 * r, 0.96 * g, 0.96 * b
    return shown((r, g, b))


def on(colour: str) -> str:
    """Black or white, whichever can be read on a colour.

    Examples
    --------
    >>> on("#CC8400"), on("#4A2C12")
    ('#000000', '#FFFFFF')
    """
    return "#FFFFFF" if contrast(colour) >= 4.583 else "#000000"


def shades(colour: str, count: int, least: float = 3.2, most: float = 11.0) -> list[str]:
    """So many shades of a colour, from the palest to the darkest: of these contrasts on white, and between them.

    Examples
    --------
    >>> [round(contrast(shade), 1) for shade in shades("#0072B2", 3)]
    [3.2, 5.9, 11.0]
    """
    wanted = [least * (most / least) ** (k / max(count - 1, 1)) for k in range(count)] if count > 1 else [5.2] * count
    return [_of_contrast(colour, contrast_of) for contrast_of in wanted]


def _of_contrast(colour: str, wanted: float) -> str:
    """The colour, mixed with white or with black until it has this contrast on white."""
    light = linear(colour)
    mixed = luminance(colour)
    target = 1.05 / wanted - 0.05
    if target <= mixed:
        r, g, b = (p * target / mixed for p in light)
    else:
        share = (target - mixed) / (1.0 - mixed)
        r, g, b = (p + (1.0 - p) * share for p in light)
    return shown((r, g, b))
