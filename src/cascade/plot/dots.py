"""Numbers of cells as dots on a log axis, row by row, zeros in a strip of their own, the numbers beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes

from cascade.common.colours import GRID, QUIET
from cascade.common.sight import dark
from cascade.common.text import number
from cascade.plot.fitting import width_of, words
from cascade.plot.look import Look
from cascade.plot.notation import count_label
from cascade.plot.sheet import Entry, frame

ZERO = -0.75
"""Where zeros stand, in decades: 1 is at 0."""

_LEFT, _LINE = -1.15, -0.38
HEAD = 0.75
"""Rows of room for the headings of the columns."""


class Series(NamedTuple):
    """A number for each row, how it is marked, what stands before it in its column, and the column's heading."""

    entry: Entry
    numbers: Sequence[int]
    sign: str = ""
    heading: str = ""

    @property
    def texts(self) -> list[str]:
        """Its column, the heading first."""
        return [self.heading or self.entry.name, *(f"{self.sign if n else ''}{number(n)}" for n in self.numbers)]


def place_of(count: float) -> float:
    """Where a number of cells stands on the axis."""
    return math.log10(count) if count >= 1 else ZERO


def columns_wide(series: Sequence[Series], look: Look) -> float:
    """Inches of the columns at the right."""
    return sum(max(width_of(text, look.small) for text in one.texts) + 1.1 * look.em for one in series)


def draw_dots(
    ax: Axes, names: Sequence[str], series: Sequence[Series], look: Look, inches: tuple[float, float], label: str
) -> None:
    """Dots of each series in lanes of each row, the columns of numbers at the right, all in axes of so many inches."""
    rows, across = len(names), inches[0]
    most = max((n for one in series for n in one.numbers), default=1)
    end = max(1.0, math.log10(max(most, 1)) + 0.12)
    wide = columns_wide(series, look) + 0.3 * look.em
    beside = wide < 0.55 * across  # of narrow axes that were given the dots alone
    part = across - wide if beside else across
    ax.set_xlim(_LEFT, _LEFT + (end - _LEFT) * across / part)
    ax.set_ylim(rows - 0.45, -0.5 - HEAD)
    lane = 0.72 / len(series)
    per_inch = (end - _LEFT) / part
    for j, one in enumerate(series):
        shift = (j - (len(series) - 1) / 2) * lane
        how = {**one.entry.how(look), "markersize": look.mark * 1.1, "linestyle": "none"}
        for y, count in enumerate(one.numbers):
            ax.plot([place_of(count)], [y + shift], marker=one.entry.mark, zorder=4, label=one.entry.name, **how)
    x = across
    for one in reversed(series if beside else []):
        for k, text in enumerate(one.texts):
            colour = QUIET if not k else dark(one.entry.colour)
            ax.text(_LEFT + x * per_inch, k - 1.0 if k else -0.5 - HEAD / 2, words(text), fontsize=look.small,
                    ha="right", va="center", color=colour)  # fmt: skip
        x -= max(width_of(text, look.small) for text in one.texts) + 1.1 * look.em
    for y in range(1, rows):
        ax.plot([_LEFT, _LEFT + across * per_inch], [y - 0.5] * 2, color=GRID, linewidth=look.thin, zorder=0.4)
    ax.plot([_LINE, _LINE], [-0.5, rows - 0.5], color=QUIET, linewidth=look.thin, zorder=1)
    ticks = marks_of(end, (end - _LEFT) / part, look)
    ax.set_xticks([ZERO, *ticks], ["0", *(count_label(int(tick)) for tick in ticks)])
    ax.set_yticks(range(rows), names)
    frame(ax, look, grid="x")
    ax.spines["bottom"].set_bounds(_LEFT, end)
    ax.set_xlabel(label, loc="left", fontsize=look.small, labelpad=0.3 * look.small)


def marks_of(end: float, decades_per_inch: float, look: Look) -> list[float]:
    """Decades that are marked: as many as their labels leave room for."""
    last = math.floor(end + 1e-9)
    widest = max(width_of(count_label(k), look.small) for k in range(last + 1)) + 0.7 * look.em
    need = widest * decades_per_inch
    step = max(1, math.ceil(need))
    return [float(k) for k in range(last % step, last + 1, step) if k - ZERO >= 0.6 * need]
