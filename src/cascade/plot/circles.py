"""Circles of the body: one scale for all of them, and a pen that writes beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from cascade.answers.organs import OrganRow, Organs
from cascade.body.schematic import Point
from cascade.common.colours import INK, QUIET, organ_mark
from cascade.plot.fitting import broken, width_of
from cascade.plot.look import Look
from cascade.plot.sites import share_of

LARGEST = 0.3
"""Radius of the largest circle, in inches of the layout."""

LEAST = 0.01
"""Share of the largest below which a circle shrinks no more: its bed has to be seen."""


What = Literal["colonies", "arrested"]


@dataclass(frozen=True)
class Pen:
    """Axes in inches of the layout, and how many inches of paper each of these is."""

    ax: Axes
    look: Look
    scale: float

    def text(self, x: float, y: float, text: str, **how: Any) -> None:
        """A text, by default small."""
        usual: dict[str, Any] = {"fontsize": self.look.small, "color": INK, "va": "center"}
        self.ax.text(x, y, text, **{**usual, **how})

    def broken(self, text: str, inches: float) -> str:
        """A text in lines of so many inches of the layout."""
        return broken(text, inches * self.scale, self.look.small)

    def high(self, text: str) -> float:
        """Inches of the layout that its lines take."""
        return self.look.leading(text.count("\n") + 1) / self.scale

    def wide(self, text: str) -> float:
        """Inches of the layout that a text takes."""
        return width_of(text, self.look.small) / self.scale


def number_of(row: OrganRow, what: What) -> float:
    """Colonies, or cells arrested, of an organ."""
    return row.colonies if what == "colonies" else row.arrested


def name_of(what: What) -> str:
    """What they are called."""
    return "colonies" if what == "colonies" else "cells arrested"


class Marks:
    """Circles by one scale, with the share that stands beside each: of all."""

    def __init__(self, table: Organs, what: What, total: float) -> None:
        self.table, self.what, self.total = table, what, total
        self.most = max((number_of(row, what) for row in table), default=0.0)
        self.largest = LARGEST
        self.exact = table.exact

    def said(self, row: OrganRow) -> str:
        """The share of all, as text; nothing for none."""
        count = number_of(row, self.what)
        return share_of(count, self.total, exact=self.exact) if count > 0 else ""

    def bold(self, row: OrganRow) -> str:
        """Weight of that text."""
        return "bold" if self.total and number_of(row, self.what) >= 0.1 * self.total else "normal"

    def radius(self, row: OrganRow | None) -> float:
        """The area is the share."""
        return self.radius_of(number_of(row, self.what) if row is not None else 0.0)

    def radius_of(self, count: float) -> float:
        """Of so many."""
        return self.largest * float(np.sqrt(max(count / self.most if self.most else 0.0, LEAST)))

    def circle(self, at: Point, row: OrganRow | None, look: Look) -> Circle:
        """In the colour of the organ; white where there is nothing."""
        some = row is not None and number_of(row, self.what) > 0
        face = organ_mark(row.organ).colour if some and row is not None else "white"
        edge = face if some else QUIET
        return Circle(at, self.radius(row), facecolor=face, edgecolor=edge, linewidth=look.thin, zorder=5)
