"""Counts of animals over time, a point each, with the curve of a fit: small multiples by arm and observable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_COLOUR, INK, QUIET
from cascade.common.text import number
from cascade.common.types import Floats
from cascade.inference.counted import Count
from cascade.inference.data import Data
from cascade.inference.fitted import Fit
from cascade.inference.predicting import Prediction, predicted
from cascade.inference.seen import Seen
from cascade.inference.timed import Times
from cascade.plot.fitting import MOST_LINES, broken, lines_in, two_lines, width_of
from cascade.plot.happened import happened
from cascade.plot.look import Look, look_of
from cascade.plot.notation import power
from cascade.plot.own import WARNING, counts_of, made_of
from cascade.plot.sheet import Heading, Plan, Sheet, frame, made
from cascade.plot.style import sign

MOST_BESIDE = 4
"""Panels beside each other."""

POINTS = 80
"""Of a curve."""

LEVEL = 0.95
"""Of bands."""

IN_DAYS = 72.0
"""Hours beyond which an axis has days."""

ZERO = 0.5
"""Counts below it stand in the strip of zeros."""


@dataclass(frozen=True)
class Panel:
    """The counts of one kind in one arm.

    Attributes
    ----------
    observable, arm : str
    rows : tuple of Count
    cells : float
        To which counts are scaled, where animals were given different numbers.
    curve : Prediction or None
        Of the fit.
    beside : Prediction or None
        Of the first arm.
    """

    observable: str
    arm: str
    rows: tuple[Count, ...]
    cells: float
    curve: Prediction | None
    beside: Prediction | None

    def scaled(self, row: Count, value: float) -> float:
        """A count as if so many cells had been given and looked at."""
        return value * self.cells / (row.cells * row.fraction)


def data(source: Data | Fit, *, style: str = "screen") -> Figure:
    """Own data over time; of a fit with its curves.

    Counts: a point for each animal.  Log counts, with zeros in a strip of their own; what is only known to be below a
    limit is an arrow down from it.  The inner band is that of the curve of the median animal, the outer one holds the
    count of a new animal.  Times: steps of who has had an event by then, with how many are at risk below, and the
    curves of the fit dashed.  Findings: shares with their intervals.

    Parameters
    ----------
    source : Data or Fit
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is neither.
    """
    shown = source.data if isinstance(source, Fit) else source
    if isinstance(shown, Times | Seen):
        return happened(source, shown, style)
    counts_of(source)
    look = look_of(style)
    panels = panels_of(source)
    figure = made(look, 2, lambda fitted, width, high: _plan(source, panels, fitted, width, high))
    sign(figure, made_of(source), alt=_said(source, panels))
    return figure


def panels_of(source: Data | Fit) -> list[Panel]:
    """All panels, those of one observable together."""
    counted = counts_of(source)
    last = max(row.hours for row in counted.rows)
    hours = np.linspace(0.0, 1.04 * last, POINTS)
    found = []
    for observable in counted.observed:
        some = [row for row in counted.rows if row.observable == observable]
        cells = float(np.median([row.cells * row.fraction for row in some]))
        curves = {}
        if isinstance(source, Fit):
            arms = [arm for arm in counted.arms if any(row.arm == arm for row in some)]
            curves = {arm: predicted(source, observable, hours.tolist(), arm, LEVEL, cells) for arm in arms}
        first = next(iter(curves), "")
        for arm in counted.arms:
            rows = tuple(row for row in some if row.arm == arm)
            if rows:
                curve, beside = curves.get(arm), curves.get(first)
                same = curve is None or beside is None or np.array_equal(curve.median, beside.median)
                found.append(Panel(observable, arm, rows, cells, curve, None if same else beside))
    return found


def notes_of(source: Data | Fit, panels: Sequence[Panel]) -> list[str]:
    """What has to be known to read the panels."""
    notes = []
    if isinstance(source, Fit) and panels:
        notes.append("Inner band: the curve of the median animal; outer band: the count of a new animal; both 95 %.")
        if any(panel.beside is not None for panel in panels):
            notes.append(f"Dashed: the curve of {panels[0].arm}.")
    if any(row.limit for panel in panels for row in panel.rows):
        notes.append("Arrows: below the limit of detection.")
    scaled = [p for p in panels if any(abs(row.cells * row.fraction / p.cells - 1) > 0.01 for row in p.rows)]
    if scaled:
        notes.append(f"Counts as of {number(scaled[0].cells)} cells, where animals were given others.")
    return notes


def _said(source: Data | Fit, panels: Sequence[Panel]) -> str:
    """For who cannot see it."""
    parts = [f"{one.observable}, {one.arm}: from {_least(one.rows)} to {_most(one.rows)}" for one in panels]
    return f"Counts of animals over time, on log axes. {made_of(source)}. {'. '.join(parts)}."


def _least(rows: Sequence[Count]) -> str:
    """The least count in words: below a limit it is no number."""
    counted = min((row.count for row in rows if not row.limit), default=math.inf)
    limit = min((row.limit for row in rows if row.limit), default=math.inf)
    if counted == 0 or math.isinf(limit):
        return f"{counted:,}"
    return f"below {limit:,g}" if limit <= counted else f"{counted:,} or less"


def _most(rows: Sequence[Count]) -> str:
    """The largest count in words."""
    counted = max((row.count for row in rows if not row.limit), default=-1)
    limit = max(row.limit for row in rows)
    return f"below {limit:,g}" if limit > counted else f"{counted:,}"


def _plan(source: Data | Fit, panels: Sequence[Panel], look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    counted = counts_of(source)
    label = f"{'Fit: ' if isinstance(source, Fit) else ''}{made_of(source)}"
    sentence = f"{' and '.join(counted.observed[:2])} over time, each animal a point"
    heading = Heading(look, width - 2 * pad, label.split(";")[0], sentence[0].upper() + sentence[1:])
    note = broken(" ".join([*notes_of(source, panels), f"{made_of(source)}.", WARNING]), width - 2 * pad, look.small)
    grid = grid_of(panels)
    foot = look.leading(lines_in([note])) + 0.4 * look.em
    fixed = pad + heading.height + foot + pad
    between = grid_between(grid, look)
    tall = 13.0 * look.em if not high else max((high - fixed - between) / len(grid), 5.0 * look.em)
    total = fixed + len(grid) * tall + between

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        top = draw_grid(sheet, grid, look, (pad, pad + heading.height, width - 2 * pad), tall)
        sheet.text(pad, max(top + 0.2 * look.em, high - foot - pad if high else 0.0), note, color=QUIET)

    return Plan(total, draw)


def grid_of(panels: Sequence[Panel]) -> list[list[Panel]]:
    """Lines of panels of one observable, at most so many beside each other."""
    lines: list[list[Panel]] = []
    for panel in panels:
        if not lines or lines[-1][0].observable != panel.observable or len(lines[-1]) == MOST_BESIDE:
            lines.append([])
        lines[-1].append(panel)
    return lines


def grid_between(grid: Sequence[Sequence[Panel]], look: Look) -> float:
    """Inches above and below the axes of all lines of panels."""
    return len(grid) * look.leading(0.6 + MOST_LINES + 1.9) + look.leading(1.0)


def draw_grid(
    sheet: Sheet, grid: Sequence[Sequence[Panel]], look: Look, box: tuple[float, float, float], tall: float
) -> float:
    """Draw all panels; where they end, in inches from the top."""
    left, top, across = box
    beside = max(len(line) for line in grid)
    marks = width_of("10,000", look.small) + 1.2 * look.em
    gap = 1.0 * look.em
    wide = (across - marks - gap * (beside - 1) - 0.5 * look.em) / beside
    for line in grid:
        low, high = _range([panel for other in grid for panel in other if panel.observable == line[0].observable])
        for k, panel in enumerate(line):
            x = left + marks + k * (wide + gap)
            title = f"{panel.observable}: {panel.arm}" if len(grid) > 1 or len(line) > 1 else panel.observable
            texts = two_lines(title, wide, look.small)
            sheet.text(x, top + look.leading(MOST_LINES - len(texts)), "\n".join(texts), fontweight="bold")
            ax = sheet.axes(x, top + look.leading(0.6 + MOST_LINES), wide, tall)
            ax.set_label(title)
            _panel(ax, panel, look, (wide, tall), (low, high), first=k == 0, last=line is grid[-1])
        top += look.leading(0.6 + MOST_LINES) + tall + look.leading(1.9)
    return top + look.leading(1.0)


def _range(line: Sequence[Panel]) -> tuple[float, float]:
    """Of the axis of counts of a line of panels, without the strip of zeros; from a negative number without strip."""
    values = [panel.scaled(row, row.limit or row.count) for panel in line for row in panel.rows]
    counts = [value for value in values if value > 0]
    curves = [panel.curve.median for panel in line if panel.curve is not None]
    high = 2.0 * max([*counts, *(float(curve.max()) for curve in curves)], default=1.0)
    least = min(counts, default=1.0)
    if min(values) > 0 and least > 20.0:  # nothing near 0: the axis begins below the counts
        return -0.25 * least, high
    return min(1.0, 0.7 * least), high


def _panel(
    ax: Axes,
    panel: Panel,
    look: Look,
    inches: tuple[float, float],
    span: tuple[float, float],
    *,
    first: bool,
    last: bool,
) -> None:
    (low, high), strip = span, span[0] > 0
    low = abs(low)
    unit = 24.0 if max(row.hours for row in panel.rows) > IN_DAYS else 1.0
    end = 1.08 * max(row.hours for row in panel.rows) / unit
    floor = low
    ax.set_yscale("log")
    if strip:  # of zeros, below a line, high enough for its mark
        part = max(1.7 * look.leading(1) / inches[1], 1.0 / 7.0)
        floor = low * 10 ** (-max(math.log10(high / low), 0.5) * part / (1.0 - part))
        ax.axhline(low, color=QUIET, linewidth=look.thin, zorder=2)
    ax.set_ylim(floor, high)
    ax.set_xlim(-0.03 * end, end)
    if panel.curve is not None:
        _curve(ax, panel.curve, unit, low, look)
    if panel.beside is not None:
        shown = panel.beside.median > low
        ax.plot(panel.beside.hours[shown] / unit, panel.beside.median[shown], color=QUIET, linewidth=look.thin * 1.4,
                linestyle=(0, (4, 2)), zorder=4, label="_beside")  # fmt: skip
    _points(ax, panel, look, unit, end, (floor, low))
    marks = low, high, (math.sqrt(floor * low) if strip else 0.0)
    _axes(ax, look, inches, marks, "days" if unit > 1 else "hours", left=first, named=last)


def _curve(ax: Axes, curve: Prediction, unit: float, low: float, look: Look) -> None:
    """The curve, and its two bands."""
    x = curve.hours / unit
    for below, above, alpha, name in (
        (curve.animal_low, curve.animal_high, 0.14, "_new animal"),
        (curve.low, curve.high, 0.32, "_curve"),
    ):
        shown = np.asarray(above) > low
        ax.fill_between(x[shown], np.maximum(below[shown], low), above[shown], color=ALIVE_COLOUR, alpha=alpha,
                        linewidth=0, zorder=3, label=name)  # fmt: skip
    shown = curve.median > low
    ax.plot(x[shown], curve.median[shown], color=ALIVE_COLOUR, linewidth=look.line, zorder=5, label="median animal")


def _points(ax: Axes, panel: Panel, look: Look, unit: float, last: float, strip: tuple[float, float]) -> None:
    """A circle for each animal, those of one time beside each other."""
    floor, low = strip
    zero = math.sqrt(floor * low)
    times: dict[float, int] = {}
    number_at = {hours: sum(row.hours == hours for row in panel.rows) for hours in {r.hours for r in panel.rows}}
    for row in panel.rows:
        k = times.get(row.hours, 0)
        times[row.hours] = k + 1
        x = row.hours / unit + (k - (number_at[row.hours] - 1) / 2.0) * min(0.012, 0.09 / number_at[row.hours]) * last
        how: dict[str, Any] = {
            "color": INK,
            "markerfacecolor": "white",
            "markeredgecolor": INK,
            "markeredgewidth": look.thin * 1.2,
        }
        value = panel.scaled(row, row.limit or row.count)
        if row.limit:
            ax.plot([x, x], [value, max(value / 1.8, low)], color=INK, linewidth=look.thin, zorder=6, label="_limit")
            ax.plot([x], [max(value / 1.8, low)], marker="v", markersize=look.mark * 0.7, color=INK, zorder=6,
                    linestyle="none", label="_limit")  # fmt: skip
            continue
        at = value if value >= low else zero
        ax.plot([x], [at], marker="o", markersize=look.mark * 0.9, linestyle="none", zorder=7, label="_animal", **how)


def _axes(
    ax: Axes,
    look: Look,
    inches: tuple[float, float],
    marks: tuple[float, float, float],
    unit: str,
    *,
    left: bool,
    named: bool,
) -> None:
    """Marks at powers of ten, 0 in its strip; days or hours."""
    low, high, zero = marks
    frame(ax, look, left=True, grid="y")
    begin, end = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    step = max(1, math.ceil((end - begin + 1) * 1.5 * look.leading(1) / max(inches[1] * 0.85, 0.1)))
    powers = list(range(begin, end + 1, step))
    texts = [*(["0"] if zero else []), *(power(m) if m >= 0 else f"{10.0**m:g}" for m in powers)]
    places = [*([zero] if zero else []), *(10.0**m for m in powers)]
    ax.set_yticks(places, texts if left else [""] * len(texts))
    ax.minorticks_off()
    last = ax.get_xlim()[1]
    ticks = _even(last, inches[0], look)
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    if named:
        ax.set_xlabel(unit, fontsize=look.small, loc="left", labelpad=0.2 * look.small)


def _even(last: float, inches: float, look: Look) -> Floats:
    """Round marks from 0, as many as there is room for."""
    most = max(2, int(inches / (3.2 * look.em)))
    for step in (m * 10.0**k for k in range(-3, 6) for m in (1.0, 2.0, 5.0)):
        if last / step <= most:
            return np.arange(0.0, last + 1e-9, step)
    return np.array([0.0])
