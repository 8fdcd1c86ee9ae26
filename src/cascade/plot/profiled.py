"""Profiles of the hazards of a fit: how much worse the fit is where a hazard is another, and its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_COLOUR, INK, QUIET
from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.inference.counted import Counts
from cascade.inference.fitted import Fit
from cascade.inference.free import arms_told
from cascade.inference.profiles import Profile
from cascade.inference.seen import Seen
from cascade.inference.timed import Times
from cascade.plot.animals import data as data_figure
from cascade.plot.animals import draw_grid, grid_between, grid_of, notes_of, panels_of
from cascade.plot.fitting import broken, lines_in, two_lines, width_of
from cascade.plot.look import Look, look_of
from cascade.plot.own import WARNING, made_of
from cascade.plot.sheet import Heading, Plan, Sheet, frame, made
from cascade.plot.style import sign

MOST_BESIDE = 4
LEVEL = 0.95
OUT = "Profiles: twice the fall of the (of counts restricted) log likelihood; dashed: where the 95 % interval ends."


@dataclass(frozen=True)
class Curve:
    """The profile of one free hazard.

    Attributes
    ----------
    name : str
    unit : float
        The hazard in the model, or 1 of several that are multiplied together.
    axis : str
        What the axis is of.
    profile : Profile
    best : float
        The logarithm of the factor where the likelihood is highest.
    """

    name: str
    unit: float
    axis: str
    profile: Profile
    best: float

    @property
    def cut(self) -> float:
        """The fall at which the interval ends."""
        return self.profile.cut**2

    def drawn(self) -> tuple[Floats, Floats]:
        """Logarithms and falls, smooth between the points that were searched for."""
        from scipy.interpolate import PchipInterpolator

        x, r = self.profile.values, self.profile.roots
        if len(x) < 3:
            return x, r**2
        fine = np.linspace(x[0], x[-1], 161)
        return fine, np.asarray(PchipInterpolator(x, r)(fine)) ** 2


def profile(source: Fit, *, style: str = "screen") -> Figure:
    """The profile of each free hazard, with its interval below; an open side is an arrow.

    Parameters
    ----------
    source : Fit
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is no fit.
    """
    return _drawn(source, style, counts=False)


def fit(source: Fit, *, style: str = "screen") -> Figure:
    """Counts with the curves of a fit, and below the profile of each free hazard.

    Of times and findings the curves alone; of looks the profiles alone.

    Parameters
    ----------
    source : Fit
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is no fit.
    """
    if isinstance(source, Fit) and isinstance(source.data, Times | Seen):
        return data_figure(source, style=style)
    return _drawn(source, style, counts=isinstance(source, Fit) and isinstance(source.data, Counts))


def _drawn(source: Fit, style: str, *, counts: bool) -> Figure:
    if not isinstance(source, Fit):
        raise InputError("source", type(source).__name__, "a fit, from cascade.fit(model, data, free=[...])")
    look, curves = look_of(style), curves_of(source)
    figure = made(look, 2, lambda fitted, width, high: _plan(source, curves, fitted, width, high, counts=counts))
    parts = [f"{row.hazard} {row.arm}: {row.told}" for row in source.table()]
    sign(figure, made_of(source), alt=f"Profiles of fitted hazards. {made_of(source)}. {'. '.join(parts)}.")
    return figure


def curves_of(source: Fit) -> list[Curve]:
    """All profiles."""
    found, arms = [], arms_told(source.free)
    for p, free in enumerate(source.free):
        several = math.isnan(free.start)
        unit = 1.0 if several else free.start
        best = float(source.best.theta[p])
        axis = "per hour" if not several else f"x {free.against}" if free.against else "x the model"
        label = free.label if free.arm or not arms[p] else f"{free.name} ({arms[p]})"
        found.append(Curve(label, unit, axis, source.profile(free.name, free.arm, level=LEVEL), best))
    return found


def _plan(source: Fit, curves: Sequence[Curve], look: Look, width: float, high: float, *, counts: bool) -> Plan:
    pad = 0.4 * look.em
    label = f"{'Fit' if counts else 'Profiles of a fit'}: {made_of(source).split(';')[0]}"
    sentence = "What the data say of each hazard"
    heading = Heading(look, width - 2 * pad, label, sentence)
    panels = panels_of(source) if counts else []
    grid = grid_of(panels)
    every = [curves[k : k + MOST_BESIDE] for k in range(0, len(curves), MOST_BESIDE)]
    lines, grid = every[: look.kept(len(every), least=1, after=1)], grid[: look.kept(len(grid), least=1, after=3)]
    told = [*([] if look.terse else notes_of(source, panels)), OUT, f"{made_of(source)}.", WARNING]
    less = [f"{sum(map(len, lines))} of {len(curves)} hazards"] * (len(lines) < len(every))
    less += [f"{sum(map(len, grid))} of {len(panels)} panels of counts"] * (sum(map(len, grid)) < len(panels))
    told[:0] = [f"Shown are {' and '.join(less)}."] if less else []
    note = broken(" ".join(told), width - 2 * pad, look.small)
    foot = look.leading(lines_in([note])) + 0.4 * look.em
    each = look.leading(2.6 + 3.2)
    fixed = pad + heading.height + foot + pad + grid_between(grid, look) * bool(grid) + each * len(lines)
    total = len(grid) + len(lines)
    tall = 10.0 * look.em if not high else max((high - fixed) / total, 4.5 * look.em)

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        top = pad + heading.height
        if grid:
            top = draw_grid(sheet, grid, look, (pad, top, width - 2 * pad), tall)
        top = _draw_lines(sheet, lines, look, (pad, top, width - 2 * pad), tall)
        sheet.text(pad, max(top, high - foot - pad if high else 0.0), note, color=QUIET)

    return Plan(fixed + total * tall, draw)


def _draw_lines(
    sheet: Sheet, lines: Sequence[Sequence[Curve]], look: Look, box: tuple[float, float, float], tall: float
) -> float:
    """Draw the panels of profiles; where they end, in inches from the top."""
    left, top, across = box
    marks, gap = width_of("10,000", look.small) + 1.2 * look.em, 1.2 * look.em
    beside = max(len(line) for line in lines)
    wide = (across - marks - gap * (beside - 1) - 0.5 * look.em) / beside
    for line in lines:
        for k, curve in enumerate(line):
            x = left + marks + k * (wide + gap)
            texts = two_lines(curve.name, wide, look.small)
            sheet.text(x, top + look.leading(2 - len(texts)), "\n".join(texts), fontweight="bold")
            ax = sheet.axes(x, top + look.leading(2.6), wide, tall)
            ax.set_label(f"profile of {curve.name}")
            _panel(ax, curve, look, wide, left=k == 0)
        top += look.leading(2.6) + tall + look.leading(3.2)
    return top


def _panel(ax: Axes, curve: Curve, look: Look, wide: float, *, left: bool) -> None:
    x, fall = curve.drawn()
    highest = 1.7 * curve.cut
    low = curve.profile.low if math.isfinite(curve.profile.low) else x[0]
    high = curve.profile.high if math.isfinite(curve.profile.high) else x[-1]
    reach = max(high - low, 0.02)
    # Open sides are shown as far as there is something to see.
    begin, end = max(x[0], low - 0.3 * reach, curve.best - 6.0), min(x[-1], high + 0.3 * reach, curve.best + 6.0)
    begin, end = min(begin, low if math.isfinite(curve.profile.low) else begin) - 0.05 * reach, end + 0.05 * reach
    ax.set_xlim(begin, end)
    ax.set_ylim(-0.2 * highest, highest)
    ax.plot(
        x, np.where(fall <= highest, fall, np.nan), color=ALIVE_COLOUR, linewidth=look.line, zorder=4, label="profile"
    )
    ax.axhline(curve.cut, color=INK, linewidth=look.thin, linestyle=(0, (3, 2)), zorder=3)
    ends = [value if math.isfinite(value) else side for value, side in
            ((curve.profile.low, begin), (curve.profile.high, end))]  # fmt: skip
    bar = -0.1 * highest
    ax.plot(
        ends, [bar, bar], color=ALIVE_COLOUR, linewidth=look.heavy, solid_capstyle="butt", zorder=4, label="interval"
    )
    ax.plot([curve.best], [bar], "o", color=ALIVE_COLOUR, markeredgecolor="white", markersize=look.mark, zorder=5,
            label="estimate")  # fmt: skip
    for value, at, mark in ((curve.profile.low, begin, "<"), (curve.profile.high, end, ">")):
        if not math.isfinite(value):
            ax.plot([at], [bar], mark, color=ALIVE_COLOUR, markersize=1.3 * look.mark, clip_on=False, zorder=5,
                    label="open")  # fmt: skip
    frame(ax, look, left=True)
    step = _step(highest)
    falls = np.arange(0.0, highest + 1e-9, step)
    ax.set_yticks(falls, [f"{f:g}" for f in falls] if left else [""] * len(falls))
    ticks = _ticks(curve, begin, end, wide, look)
    ax.set_xticks([math.log(t / curve.unit) for t in ticks], [_told(t) for t in ticks])
    ax.minorticks_off()
    ax.set_xlabel(curve.axis, fontsize=look.small, loc="left",
                  labelpad=0.2 * look.small)  # fmt: skip


def _step(highest: float) -> float:
    """Between marks of falls: some four of them."""
    return next(step for step in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1e9) if highest / step <= 5)


def _ticks(curve: Curve, begin: float, end: float, wide: float, look: Look) -> list[float]:
    """Round hazards within the axis, as many as there is room for: evenly spaced, over decades powers of ten."""
    margin = 0.03 * (end - begin)
    low, high = (curve.unit * math.exp(x) for x in (begin + margin, end - margin))
    most = max(2, int(wide / (width_of("0.00025", look.small) + 1.2 * look.em)))
    if high < 6.0 * low:
        from matplotlib.ticker import MaxNLocator

        return [float(t) for t in MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low < t < high]
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [m * 10.0**k for k in range(-18, 14) for m in digits if low < m * 10.0**k < high]
        if 0 < len(found) <= most:
            return found
    decades = [10.0**k for k in range(-18, 14) if low < 10.0**k < high]
    return decades[:: max(1, -(-len(decades) // most))]


def _told(value: float) -> str:
    """A hazard as a mark of an axis."""
    return f"{value:.3g}".replace("e-0", "e-")
