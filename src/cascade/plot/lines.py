"""Lines over time, each with its name beside it: at its end, or where it is highest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from cascade.common.sight import dark
from cascade.common.text import hours as told_hours
from cascade.plot.fitting import broken, width_of
from cascade.plot.look import Look
from cascade.plot.notation import power
from cascade.plot.sheet import apart

Floats = npt.NDArray[np.float64]


class Line(NamedTuple):
    """A curve: what stands beside it, its shares, its colour, and whether it is heavier than others."""

    name: str
    text: str
    shares: Floats
    colour: str
    heavy: bool = False


MARKS = {
    1 / 3600: "1 s", 10 / 3600: "10 s", 1 / 60: "1 min", 1 / 6: "10 min", 1: "1 h", 10: "10 h", 24: "1 d",
    240: "10 d", 2400: "100 d", 8766: "1 y", 87660: "10 y", 876600: "100 y",
}  # fmt: skip
"""Marks of an axis of time, by hours."""

_FIRST_TO_GO = ("10 s", "10 min", "10 h", "100 d", "1 s", "10 y")
"""Marks that give way where there is no room for all."""


def time_axis(ax: Axes, hours: Floats, look: Look, inches: float) -> None:
    """A log axis of time with marks at minutes, hours, days, months, years, as many as there is room for."""
    low, high = float(hours[0]), float(hours[-1])
    if not low < high:
        low, high = low / 2, high * 2
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    shown = {h: text for h, text in MARKS.items() if low <= h <= high}
    for text in ("", *_FIRST_TO_GO):
        shown = {h: t for h, t in shown.items() if t != text}
        places = {h: math.log(h / low) / math.log(high / low) * inches for h in shown}
        order = sorted(places)
        wide = {h: width_of(shown[h], look.small) for h in order}
        if all(places[b] - places[a] > (wide[a] + wide[b]) / 2 + 0.5 * look.em
               for a, b in pairwise(order)):  # fmt: skip
            break
    if not shown:  # between two marks: the ends tell themselves
        shown = {low: told_hours(low), high: told_hours(high)}
    ax.set_xticks(list(shown), list(shown.values()))
    ax.minorticks_off()
    ax.set_xlabel("time since the start (log scale)", fontsize=look.small, loc="left", labelpad=0.3 * look.small)


def log_shares(ax: Axes, low: float, high: float, look: Look, inches: float) -> None:
    """A log axis of shares, with marks in one notation."""
    ax.set_yscale("log")
    ax.set_ylim(low, high)
    first, last = math.ceil(math.log10(low) - 1e-9), min(0, math.floor(math.log10(high) + 1e-9))
    step = max(1, math.ceil((last - first) * 1.9 * look.leading(1) / max(inches, 0.1)))
    marks = list(range(last, first - 1, -step))
    ax.set_yticks([10.0**m for m in marks], ["all" if m == 0 else f"1 in {power(-m)}" for m in marks])
    ax.minorticks_off()


def draw_lines(ax: Axes, hours: Floats, lines: Sequence[Line], look: Look, *, log: bool) -> None:
    """The curves alone; on a log axis without their zeros."""
    for line in lines:
        shares = np.where(line.shares > 0, line.shares, np.nan) if log else line.shares
        wide = look.heavy if line.heavy else look.line
        ax.plot(hours, shares, color=line.colour, linewidth=wide, label=line.name, zorder=4 if line.heavy else 3,
                solid_capstyle="butt")  # fmt: skip
        known = np.flatnonzero(~np.isnan(shares))
        if len(known) == 1:  # a single moment is a dot
            ax.plot(hours[known], shares[known], "o", color=line.colour, markersize=look.mark * 0.8, zorder=4,
                    label=f"_{line.name}")  # fmt: skip


def label_ends(
    ax: Axes, lines: Sequence[Line], look: Look, inches: tuple[float, float], texts: Sequence[str], down: float
) -> None:
    """Names at the right of the axes, each in its colour, pushed apart, with a thin line to where its curve ends.

    ``inches``: of the axes; ``down``: how far labels may go below them and above them.
    """
    across, high = inches
    places = [_height(ax, float(line.shares[-1])) * high for line in lines]
    heights = [look.leading(text.count("\n") + 1.12) for text in texts]
    found = apart([-p for p in places], heights, -high - down, down)
    for line, text, place, y in zip(lines, texts, places, found, strict=True):
        start, end = 1.0, 1.0 + 1.4 * look.em / across
        if 0 <= place <= high:
            ax.plot([start, end], [place / high, -y / high], transform=ax.transAxes, color=line.colour,
                    linewidth=look.thin, clip_on=False, label="_leader")  # fmt: skip
        ax.text(end + 0.35 * look.em / across, -y / high, text, transform=ax.transAxes, fontsize=look.small,
                color=dark(line.colour), va="center", linespacing=1.05,
                fontweight="bold" if line.heavy else "normal")  # fmt: skip


def _height(ax: Axes, share: float) -> float:
    """Where a share stands on the axis, from 0 at the bottom to 1 at the top."""
    low, high = ax.get_ylim()
    if ax.get_yscale() == "log":
        return -1.0 if share <= 0 else (math.log(share) - math.log(low)) / (math.log(high) - math.log(low))
    return (share - low) / (high - low)


class _Box(NamedTuple):
    x0: float
    y0: float
    x1: float
    y1: float

    def meets(self, other: _Box) -> bool:
        return self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1


def name_of(line: Line, look: Look, inches: float) -> str:
    """The name of a curve, in lines of at most so much of the inches of the axes."""
    return broken(line.text, min(16 * look.em, 0.6 * inches), look.small)


def label_peaks(ax: Axes, hours: Floats, lines: Sequence[Line], look: Look, inches: tuple[float, float]) -> None:
    """Names near where their curves are highest, apart from each other and inside the axes, with a thin line there."""
    across, high = inches
    low_x, high_x = (math.log(v) for v in ax.get_xlim())
    taken: list[_Box] = []
    curves = [_in_inches(ax, hours, line.shares, inches) for line in lines]
    for line in sorted(lines, key=lambda line: -float(np.max(line.shares))):
        top = int(np.argmax(line.shares))
        x = (math.log(hours[top]) - low_x) / (high_x - low_x) * across
        y = min(max(_height(ax, float(line.shares[top])), 0.0), 1.0) * high
        text = name_of(line, look, across)
        wide = max(width_of(part, look.small, "bold" if line.heavy else "normal") for part in text.split("\n"))
        tall = look.leading(text.count("\n") + 1.0)
        box = _best(x, y, (wide, tall), taken, curves, inches, look)
        taken.append(box)
        centre = ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
        if abs(centre[1] - y) > tall * 1.1 or not box.x0 <= x <= box.x1:
            edge = (min(max(x, box.x0), box.x1), box.y0 if centre[1] > y else box.y1)
            ax.plot([x / across, edge[0] / across], [y / high, edge[1] / high], transform=ax.transAxes,
                    color=line.colour, linewidth=look.thin, zorder=2, label="_leader")  # fmt: skip
        ax.text(centre[0] / across, centre[1] / high, text, transform=ax.transAxes, fontsize=look.small, ha="center",
                va="center", color=dark(line.colour), zorder=6, linespacing=1.05,
                fontweight="bold" if line.heavy else "normal")  # fmt: skip


def _in_inches(ax: Axes, hours: Floats, shares: Floats, inches: tuple[float, float]) -> Floats:
    """Points of a curve in inches from the lower left; those below the axes are nowhere."""
    low, high = (math.log(v) for v in ax.get_xlim())
    x = (np.log(hours) - low) / max(high - low, 1e-12) * inches[0]
    y = np.array([_height(ax, float(share)) for share in shares]) * inches[1]
    return np.column_stack([x, np.where(y < 0, np.nan, y)])


def _best(
    x: float, y: float, size: tuple[float, float], taken: Sequence[_Box], curves: Sequence[Floats],
    inches: tuple[float, float], look: Look,
) -> _Box:  # fmt: skip
    """The place for a label with the fewest points of curves behind it, near its peak; never on another label."""
    wide, tall = size
    best, least = None, math.inf
    for up in range(-9, 14):
        for aside in (0.0, 0.5, -0.5, 1.0, -1.0, 1.6, -1.6, 2.4, -2.4, 3.4, -3.4):
            left = min(max(x + (aside - 0.5) * wide, 0.1 * look.em), inches[0] - wide - 0.1 * look.em)
            bottom = y + (up + 0.25) * 0.9 * tall if up >= 0 else y + up * 0.9 * tall - 0.25 * tall
            if bottom < 0.02 or bottom + tall > inches[1]:
                continue
            box = _Box(left, bottom, left + wide, bottom + tall)
            if any(box.meets(other) for other in taken):
                continue
            crossed = sum(_crosses(box, curve) for curve in curves)
            far = abs(bottom + tall / 2 - y) / tall + abs(left + wide / 2 - x) / wide
            cost = 2.5 * crossed + far + (0.5 if up < 0 else 0.0)
            if cost < least:
                best, least = box, cost
    if best is not None:
        return best
    left, bottom = min(max(x, 0.0), inches[0] - wide), min(max(y, 0.02), inches[1] - tall)
    return _Box(left, bottom, left + wide, bottom + tall)


def _crosses(box: _Box, curve: Floats) -> bool:
    """Whether a curve goes through a box: by its points, and points between them."""
    ends = np.vstack([curve[:-1], curve[1:]])
    between = (curve[:-1] + curve[1:]) / 2
    points = np.vstack([ends, between, (curve[:-1] + between) / 2, (between + curve[1:]) / 2])
    x, y = points[:, 0], points[:, 1]
    return bool(((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)).any())
