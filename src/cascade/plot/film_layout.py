"""How a film is laid out: units of which 1,280 by 720 fill a picture, cells on the left, bars on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

WIDTH, HEIGHT = 1280.0, 720.0
"""Units of a picture; y grows downwards."""

POINT = 0.75
"""Points of a unit, on a slide of 13.33 inches."""

CAPILLARIES = 16
"""Side by side, across a row."""

EDGE, TOP, BOTTOM = 28.0, 82.0, 622.0
"""Of everything, and of the rows."""

FILM, BARS, NUMBERS = (28.0, 588.0), (616.0, 1036.0), (1052.0, 1252.0)
"""From left to right: cells, bars, shares."""

GAP, USUAL, TALLEST = 3.0, 67.5, 1.2
"""Between two rows; height of one of eight, for which the sizes hold, and how much larger they may be."""


class Box(NamedTuple):
    """A rectangle, in units."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Layout:
    """Sizes of the rows, in units.

    Attributes
    ----------
    rows : tuple of Box
        For the cells of each row.
    tracks : tuple of Box
        For the bars.
    scale : float
        Of type and dots, 1 with eight rows.
    """

    rows: tuple[Box, ...]
    tracks: tuple[Box, ...]
    scale: float

    @property
    def head(self) -> float:
        """Room for the name of a row."""
        return 21.0 * self.scale

    @property
    def dot(self) -> float:
        """Scale of the dots."""
        return 1.15 * self.scale


def layout_of(number: int) -> Layout:
    """The layout of so many rows."""
    pitch = (BOTTOM - TOP) / number
    scale = max(0.7, min(TALLEST, pitch / USUAL))
    left, right = FILM
    tops = [TOP + k * pitch for k in range(number)]
    rows = tuple(Box(left, top, right - left, pitch - GAP) for top in tops)
    # A bar with its lens above and its causes below stands in the middle of a row that is higher.
    off = max(0.0, (pitch - 64.0 * scale) / 2)
    tracks = tuple(Box(BARS[0], top + off + 17.0 * scale, BARS[1] - BARS[0], 20.0 * scale) for top in tops)
    return Layout(rows, tracks, scale)
