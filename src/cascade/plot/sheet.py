"""A figure laid out in inches from its top left: axes, texts, marks, keys and headings where they are put."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cascade.common.colours import GRID, INK, QUIET
from cascade.common.sight import dark
from cascade.plot.fitting import broken, width_of
from cascade.plot.look import Look
from cascade.plot.style import Picture

LEAST_TITLE = 0.55
"""Of its size, below which the title of a slide takes a second line."""

READABLE = (1.0, 0.94, 0.875)
"""Sizes of type that a slide has, the last of 14 points; where it has no room for them less is shown."""

SMALLER = (0.81, 0.75, 0.66, 0.6, 0.54, 0.48, 0.42, 0.36)
"""Those of a slide that has no room even for the least that a figure shows."""

MOST_TERSE = 12
"""Times that a figure shows less."""


class Sheet:
    """A picture, and its inches from the top left.

    Parameters
    ----------
    look : Look
    width, height : float
        Inches.
    """

    def __init__(self, look: Look, width: float, height: float) -> None:
        self.look, self.width, self.height = look, width, height
        self.figure = Picture(figsize=(width, height))
        self.figure.look = look

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """New axes."""
        box = (left / self.width, 1.0 - (top + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box)

    def text(self, x: float, y: float, text: str, **how: Any) -> None:
        """A text; by default small, and its top left there."""
        usual: dict[str, Any] = {"fontsize": self.look.small, "color": INK, "va": "top", "ha": "left"}
        self.figure.text(x / self.width, 1.0 - y / self.height, text, **{**usual, "linespacing": 1.15, **how})

    def mark(self, x: float, y: float, entry: Entry) -> None:
        """The mark of a key, its middle there."""
        line = Line2D([x / self.width], [1.0 - y / self.height], transform=self.figure.transFigure)
        line.set(marker=entry.mark, linestyle="none", **entry.how(self.look))
        self.figure.add_artist(line)


class Entry(NamedTuple):
    """A line of a key: a name, its colour and mark, and whether the mark is filled."""

    name: str
    colour: str
    mark: str = "s"
    filled: bool = True

    def how(self, look: Look) -> dict[str, Any]:
        """The mark as matplotlib draws it."""
        face = self.colour if self.filled else "white"
        return {"color": self.colour, "markerfacecolor": face, "markeredgecolor": self.colour,
                "markersize": look.mark * 1.35, "markeredgewidth": look.thin * 1.5}  # fmt: skip


@dataclass(frozen=True)
class Key:
    """A key that runs on in lines of a width, each name after its mark.

    Attributes
    ----------
    entries : sequence of Entry
    look : Look
    width : float
        Inches.
    stacked : bool
        One name a line.
    """

    entries: Sequence[Entry]
    look: Look
    width: float
    stacked: bool = False
    places: list[tuple[float, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        x, line, deepest, indent = 0.0, 0, 1, self.indent
        for entry in self.entries:
            text = broken(entry.name, self.width - indent, self.look.small)
            wide = indent + max(width_of(part, self.look.small) for part in text.split("\n"))
            if x > 0 and (self.stacked or x + wide > self.width):
                x, line, deepest = 0.0, line + deepest, 1
            self.places.append((x, line, text))
            deepest = max(deepest, text.count("\n") + 1)
            x += wide + 1.1 * self.look.em
        object.__setattr__(self, "lines", line + deepest if self.entries else 0)

    lines: int = 0

    @property
    def indent(self) -> float:
        """Inches from a mark to its name."""
        return 1.05 * self.look.em

    @property
    def height(self) -> float:
        """Inches."""
        return self.look.leading(self.lines)

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        """Draw it, its top left there."""
        for entry, (x, line, text) in zip(self.entries, self.places, strict=True):
            y = top + self.look.leading(line)
            sheet.mark(left + x + 0.35 * self.look.em, y + 0.5 * self.look.leading(1), entry)
            sheet.text(left + x + self.indent, y + 0.08 * self.look.leading(1), text, color=dark(entry.colour))


@dataclass(frozen=True)
class Heading:
    """What a figure is of: of a slide a sentence above it, and the rest in small type below that.

    Attributes
    ----------
    look : Look
    width : float
        Inches.
    label : str
        What is shown, of how many cells.
    sentence : str
        What is seen.
    """

    look: Look
    width: float
    label: str
    sentence: str = ""

    @property
    def _title(self) -> tuple[str, float]:
        """The sentence, and the size of type with which it fits."""
        inches = width_of(self.sentence, self.look.title, "bold")
        size = self.look.title * max(LEAST_TITLE, min(1.0, self.width / max(inches, 1e-9)))
        return broken(self.sentence, self.width, size, "bold"), size

    def _label(self) -> tuple[str, float]:
        size = self.look.small if self.look.slide else self.look.title
        return broken(self.label, self.width, size), size

    @property
    def height(self) -> float:
        """Inches, with the room below it."""
        text, size = self._label()
        high = (text.count("\n") + 1) * 1.28 * size / 72.0 if text else 0.0
        if self.look.slide and self.sentence:
            title, size = self._title
            high += (title.count("\n") + 1) * 1.28 * size / 72.0
        return high + 0.35 * self.look.em

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        """Draw it, its top left there."""
        if self.look.slide and self.sentence:
            title, size = self._title
            sheet.text(left, top, title, fontsize=size, fontweight="bold", gid="title")
            top += (title.count("\n") + 1) * 1.28 * size / 72.0
        label, size = self._label()
        colour = QUIET if self.look.slide else INK
        sheet.text(left, top, label, fontsize=size, color=colour, gid="label")


class Plan(NamedTuple):
    """A figure that is laid out: how high it is in inches, and how it is drawn on a sheet of that height."""

    height: float
    draw: Callable[[Sheet], None]


def made(look: Look, columns: int, plan: Callable[[Look, float, float], Plan]) -> Figure:
    """The figure of a plan, as wide as its columns; of a slide so much less of it that its type can be read.

    Parameters
    ----------
    look : Look
    columns : int
        1 or 2.
    plan : callable
        Of a look, a width and the height that there is (0: as high as it needs), in inches.
    """
    width, high = look.width(columns), look.height / 25.4
    if not look.slide:
        planned = plan(look, width, 0.0)
        sheet = Sheet(look, width, planned.height)
    else:
        fitted, planned = _fitted(look, width, high, plan)
        sheet = Sheet(fitted, width, max(high, planned.height))
    planned.draw(sheet)
    return sheet.figure


def _fitted(look: Look, width: float, high: float, plan: Callable[[Look, float, float], Plan]) -> tuple[Look, Plan]:
    """Type that can be read, and as much as there is room for in it; smaller type where nothing more can go."""
    least, before, same = look, [0.0], 0
    for terse in range(MOST_TERSE):
        heights = []
        for factor in READABLE:
            fitted = replace(look.smaller(factor), terse=terse)
            planned = plan(fitted, width, high)
            if planned.height <= high + 1e-6:
                return fitted, planned
            heights.append(planned.height)
        same = same + 1 if heights == before else 0
        if same > 2:  # there is nothing more that it could leave out
            break
        before, least = heights, replace(look, terse=terse)
    for factor in SMALLER:
        planned = plan(least.smaller(factor), width, high)
        if planned.height <= high + 1e-6:
            break
    return least.smaller(factor), planned


def frame(ax: Axes, look: Look, *, left: bool = False, bottom: bool = True, grid: Literal["", "x", "y"] = "") -> None:
    """Two thin spines at most, small labels of ticks, a pale grid along an axis."""
    for name, spine in ax.spines.items():
        spine.set_visible((name == "left" and left) or (name == "bottom" and bottom))
        spine.set(color=QUIET, linewidth=look.thin)
    ax.tick_params(labelsize=look.small, width=look.thin, length=0.35 * look.small, color=QUIET, labelcolor=INK,
                   pad=0.3 * look.small)  # fmt: skip
    for axis, shown in ((ax.xaxis, bottom), (ax.yaxis, left)):
        axis.label.set(size=look.small, color=INK)
        if not shown:
            axis.set_tick_params(length=0)
    ax.minorticks_off()
    ax.set_axisbelow(True)
    ax.patch.set_visible(False)
    if grid:
        ax.grid(axis=grid, color=GRID, linewidth=look.thin)


def apart(places: Sequence[float], heights: Sequence[float], low: float, high: float) -> list[float]:
    """Places near those asked for, in their order, so that labels of these heights lie apart within low and high.

    Where there is not room for all, they lie as far apart as there is.
    """
    order = sorted(range(len(places)), key=lambda k: places[k])
    room = (high - low) / max(sum(heights), 1e-12)
    need = [min(1.0, room) * heights[k] for k in order]
    # Groups of labels that touch, each at the mean of what its members ask for.
    groups: list[list[float]] = []  # wanted middle of the first, number, height of all
    for k, tall in zip(order, need, strict=True):
        groups.append([places[k], 1, tall])
        while len(groups) > 1:
            (x, n, a), (y, m, b) = groups[-2:]
            if x + a / 2 <= y - b / 2 + 1e-12:
                break
            start = (n * (x - a / 2) + m * (y - b / 2 - a)) / (n + m)
            groups[-2:] = [[start + (a + b) / 2, n + m, a + b]]
    for group in groups:
        group[0] = min(max(group[0], low + group[2] / 2), high - group[2] / 2)
    _push(groups, high)
    found, at = [0.0] * len(places), 0
    for middle, count, tall in groups:
        edge = middle - tall / 2
        for _ in range(int(count)):
            found[order[at]] = edge + need[at] / 2
            edge += need[at]
            at += 1
    return found


def _push(groups: list[list[float]], high: float) -> None:
    """Groups that were moved in from the ends lie apart from their neighbours."""
    for one, after in pairwise(groups):
        after[0] = max(after[0], one[0] + one[2] / 2 + after[2] / 2)
    if groups:
        groups[-1][0] = min(groups[-1][0], high - groups[-1][2] / 2)
        for k in range(len(groups) - 2, -1, -1):
            groups[k][0] = min(groups[k][0], groups[k + 1][0] - groups[k + 1][2] / 2 - groups[k][2] / 2)
