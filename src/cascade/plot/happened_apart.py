"""Own times of many arms: small multiples, a line of panels for each event, a panel for each arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_COLOUR, INK, QUIET
from cascade.plot.fitting import broken, lines_in, two_lines, width_of
from cascade.plot.look import Look, look_of
from cascade.plot.notation import one_in
from cascade.plot.own import WARNING
from cascade.plot.sheet import Heading, Plan, Sheet, frame, made
from cascade.plot.since import Line, Page, marks_of
from cascade.plot.strips import year_marks
from cascade.plot.style import sign

MOST_BESIDE = 6


@dataclass(frozen=True)
class Small:
    """One panel: the curves of an event in an arm.

    Attributes
    ----------
    event, arm : str
    lines : tuple of Line
    at_risk : mapping of float to str
        At each time that an axis may mark.
    """

    event: str
    arm: str
    lines: tuple[Line, ...]
    at_risk: dict[float, str]


def drawn_apart(page: Page, panels: Sequence[Small], last: float, style: str) -> Figure:
    """The figure, with the texts of a page."""
    figure = made(look_of(style), 2, lambda look, width, high: _plan(page, panels, last, look, width, high))
    sign(figure, page.made, alt=page.said)
    return figure


def _plan(page: Page, panels: Sequence[Small], last: float, look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    heading = Heading(look, width - 2 * pad, page.heading, page.sentence)
    note = broken(" ".join([*page.notes, f"{page.made}.", WARNING]), width - 2 * pad, look.small)
    arms = len({panel.arm for panel in panels})
    most = -(-arms // -(-arms // MOST_BESIDE))  # lines of one length
    grid: list[list[Small]] = []
    for panel in panels:
        if not grid or grid[-1][0].event != panel.event or len(grid[-1]) == most:
            grid.append([])
        grid[-1].append(panel)
    every = len(grid)
    grid = grid[: look.kept(every, least=1, after=1)]
    if len(grid) < every:
        less = f"{sum(map(len, grid))} of {len(panels)} panels are shown."
        note = broken(" ".join([less, *page.notes[:1], f"{page.made}.", WARNING]), width - 2 * pad, look.small)
    foot = look.leading(lines_in([note])) + 0.4 * look.em
    each = look.leading(2.6 + 2.9)
    fixed = pad + heading.height + foot + pad + each * len(grid) + look.leading(1.0)
    tall = 8.0 * look.em if not high else max((high - fixed) / len(grid), 3.0 * look.em)

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        top = pad + heading.height
        marks, gap = width_of("at risk", look.small) + 1.4 * look.em, 1.2 * look.em
        beside = max(len(line) for line in grid)
        wide = (width - 2 * pad - marks - gap * (beside - 1) - 0.5 * look.em) / beside
        for line in grid:
            same = [panel for panel in panels if panel.event == line[0].event]
            highest = max(_highest(panel) for panel in same)
            for k, panel in enumerate(line):
                x = pad + marks + k * (wide + gap)
                texts = two_lines(f"{panel.event}: {panel.arm}", wide, look.small)
                sheet.text(x, top + look.leading(2 - len(texts)), "\n".join(texts), fontweight="bold")
                ax = sheet.axes(x, top + look.leading(2.6), wide, tall)
                ax.set_label(f"{panel.event}: {panel.arm}")
                _panel(ax, panel, look, (wide, tall), (last, highest), left=k == 0)
                below = top + look.leading(2.6) + tall + look.leading(1.5)
                for mark in year_marks(last, wide, look):
                    place = x + mark / last * wide
                    sheet.text(place, below, panel.at_risk.get(mark, ""), ha="center", color=INK)
                if k == 0:
                    half = width_of(max(panel.at_risk.values(), key=len, default=""), look.small) / 2
                    sheet.text(x - half - 0.5 * look.em, below, "at risk", ha="right", color=QUIET)
            top += each + tall
        sheet.text(pad + marks, top - look.leading(0.2), page.time, color=INK)
        sheet.text(pad, max(top + look.leading(1.0), high - foot - pad if high else 0.0), note, color=QUIET)

    return Plan(fixed + len(grid) * tall, draw)


def _highest(panel: Small) -> float:
    """Of the curves, and of a part of their bands."""
    shares = [float(np.nanmax(line.share, initial=0.0)) for line in panel.lines]
    above = [float(np.nanmax(line.high, initial=0.0)) for line in panel.lines if line.high is not None]
    highest = max(shares, default=0.0)
    return min(1.02, 1.1 * max(highest, min(max(above, default=0.0), 1.5 * highest)) or 1.0)


def _panel(
    ax: Axes, panel: Small, look: Look, inches: tuple[float, float], span: tuple[float, float], *, left: bool
) -> None:
    ax.set_xlim(0.0, span[0])
    ax.set_ylim(0.0, span[1])
    for line in panel.lines:
        if line.smooth:
            ax.plot(line.years, line.share, color=INK, linewidth=1.6 * look.thin, linestyle=(0, (4, 2)), zorder=5,
                    label=line.name)  # fmt: skip
            continue
        known = np.isfinite(line.share)
        if line.low is not None and line.high is not None:
            ax.fill_between(line.years[known], line.low[known], line.high[known], step="post", color=ALIVE_COLOUR,
                            alpha=0.18, linewidth=0, zorder=3, label="_band")  # fmt: skip
        ax.step(line.years[known], line.share[known], where="post", color=ALIVE_COLOUR, linewidth=look.line, zorder=4,
                label=line.name)  # fmt: skip
    frame(ax, look, left=True, grid="y")
    ticks = marks_of(span[1], inches[1], look)
    ax.set_yticks(ticks, [one_in(t) for t in ticks] if left else [""] * len(ticks))
    marks = year_marks(span[0], inches[0], look)
    ax.set_xticks(marks, [f"{mark:g}" for mark in marks])
