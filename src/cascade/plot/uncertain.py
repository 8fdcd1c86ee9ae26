"""What uncertain hazards do to an answer: a tornado of a sensitivity, a heat map of a sweep over two of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_COLOUR, DEATH_COLOUR, INK, QUIET
from cascade.common.errors import InputError
from cascade.inference.indices import Sensitivity, SensitivityRow
from cascade.inference.swept import Sweep
from cascade.plot.fitting import broken, lines_in, width_of, words
from cascade.plot.look import Look, look_of
from cascade.plot.notation import one_in
from cascade.plot.own import WARNING
from cascade.plot.sheet import Heading, Plan, Sheet, frame, made
from cascade.plot.style import sign

MOST_ROWS = 15
"""Hazards of a tornado; those that matter least are left out, and the figure says so."""


def tornado(source: Sensitivity, *, style: str = "screen") -> Figure:
    """The answer with each hazard at either end of its range, all others as in the model; the most important first.

    Blue where more of the hazard lets more cells pass, brown where it lets fewer; a number at the right of each bar is
    its total index, the share of the variance that is left when all other hazards are known.

    Parameters
    ----------
    source : Sensitivity
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is none.
    """
    if not isinstance(source, Sensitivity):
        raise InputError("source", source, "a sensitivity, from cascade.sensitivity(model, ...)")
    look, rows = look_of(style), source.rows[:MOST_ROWS]
    figure = made(look, 2, lambda fitted, width, high: _tornado(source, rows, fitted, width, high))
    told = [
        f"{row.hazard}: {one_in(row.at_low)} and {one_in(row.at_high)}, total index {row.total:.2f}" for row in rows
    ]
    sign(figure, source.label, alt=f"Shares of cells that pass {source.of}. {source.below} {'. '.join(told)}.")
    return figure


def _tornado(source: Sensitivity, rows: Sequence[SensitivityRow], look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    heading = Heading(
        look, width - 2 * pad, f"{source.label}: cells that pass {source.of}", f"What decides how many pass {source.of}"
    )
    left_out = len(source.rows) - len(rows)
    told = (
        "Bars: with a hazard at either end of its range, others as in the model (line); blue where more of it lets more"
        " cells pass, brown where it lets fewer. Right: total index."
    )
    more = f"{left_out} hazards that matter less are left out." if left_out else ""
    note = broken(
        " ".join(part for part in (told, more, f"{source.label}.", WARNING) if part), width - 2 * pad, look.small
    )
    foot = look.leading(lines_in([note])) + 0.4 * look.em
    names = [broken(row.hazard, 0.34 * width, look.small) for row in rows]
    beside = max(width_of(part, look.small) for name in names for part in name.split("\n")) + 1.2 * look.em
    right = width_of("0.99", look.small) + 1.2 * look.em
    fixed = pad + heading.height + look.leading(2.8) + foot + pad
    line = look.leading(max(1.6, 1.15 * lines_in(names)))
    tall = line * len(rows) if not high else max(high - fixed, 1.15 * look.leading(lines_in(names)) * len(rows))

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        top, across = pad + heading.height, width - 2 * pad - beside - right
        ax = sheet.axes(pad + beside, top, across, tall)
        ax.set_label("tornado")
        _bars(ax, source, rows, names, look, across)
        sheet.text(pad, max(top + tall + look.leading(2.8), high - foot - pad if high else 0.0), note, color=QUIET)

    return Plan(fixed + tall, draw)


def _bars(
    ax: Axes, source: Sensitivity, rows: Sequence[SensitivityRow], names: Sequence[str], look: Look, across: float
) -> None:
    ends = [value for row in rows for value in (row.at_low, row.at_high, source.value) if value > 0]
    low, high = min(ends) / 1.5, min(max(ends) * 1.5, 1.0 if max(ends) < 0.6 else 1.3)
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    for k, row in enumerate(rows):
        colour = ALIVE_COLOUR if row.at_high > row.at_low else DEATH_COLOUR
        first, last = sorted((max(row.at_low, low), max(row.at_high, low)))
        ax.barh([k], [last - first], left=[first], height=0.62, color=colour, linewidth=0, zorder=3, label=row.hazard)
        ax.text(1.0 + 0.5 * look.em / across, k, f"{max(row.total, 0.0):.2f}", transform=ax.get_yaxis_transform(),
                fontsize=look.small, va="center", color=INK)  # fmt: skip
    ax.axvline(source.value, color=INK, linewidth=look.thin, zorder=4)
    frame(ax, look, grid="x")
    ax.set_yticks(range(len(rows)), list(names))
    ax.tick_params(axis="y", labelleft=True, labelsize=look.small)
    begin, end = math.ceil(math.log10(low)), math.floor(math.log10(high) + 1e-9)
    widest = max((width_of(one_in(10.0**m), look.small) for m in range(begin, end + 1)), default=0.0)
    step = max(1, math.ceil((widest + look.em) * math.log10(high / low) / across))
    marks: list[float] = [*range(end, begin - 1, -step)][::-1] or [math.log10(source.value)]
    ax.set_xticks([10.0**m for m in marks], [one_in(10.0**m) for m in marks])
    ax.minorticks_off()
    ax.set_xlabel(f"share of all cells that pass {source.of} (log scale)", fontsize=look.small, loc="left",
                  labelpad=0.3 * look.small)  # fmt: skip


def heat_map(source: Sweep, *, what: str | None = None, hours: float | None = None, style: str = "screen") -> Figure:
    """A sweep over a grid of two hazards: the answer in each field, darker where more cells pass.

    Parameters
    ----------
    source : Sweep
        Over a grid of two hazards.
    what : str, optional
        A step, or an observable; default: the last step.
    hours : float, optional
        Of an observable that was asked for at several times.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is no sweep over a grid of two hazards.
    """
    if not isinstance(source, Sweep):
        raise InputError("source", source, "a sweep, from cascade.sweep(model, ...)")
    factors, values = source.of(what, hours=hours)
    grid = [sorted(set(column)) for column in factors.T.tolist()]
    if len(grid) != 2 or len(values) != len(grid[0]) * len(grid[1]):
        raise InputError("source", source.label, "a sweep over a grid of two hazards")
    table = np.zeros((len(grid[1]), len(grid[0])))
    for (x, y), value in zip(factors.tolist(), values.tolist(), strict=True):
        table[grid[1].index(y), grid[0].index(x)] = value
    names = list(dict.fromkeys(row.what for row in source.rows if row.hours is None)) or [source.rows[-1].what]
    what = (names[-1] if what is None else what) + ("" if hours is None else f" at {hours:g} h")
    look = look_of(style)
    figure = made(look, 2, lambda fitted, width, high: _heat(source, what, grid, table, fitted, width, high))
    told = f"from {one_in(float(table.min()))}, up to {one_in(float(table.max()))}"
    sign(figure, source.label, alt=f"Heat map of {what} over {' and '.join(source.hazards)}: {told}. {source.label}.")
    return figure


def _heat(
    source: Sweep, what: str, grid: Sequence[Sequence[float]], table: np.ndarray, look: Look, width: float, high: float
) -> Plan:
    pad = 0.4 * look.em
    heading = Heading(
        look, width - 2 * pad, f"{what}: {source.label.split(';')[0]}", f"{what[0].upper()}{what[1:]} by two hazards"
    )
    note = broken(f"{source.label}. {WARNING}", width - 2 * pad, look.small)
    foot = look.leading(lines_in([note])) + 0.4 * look.em
    beside = width_of("0.0001", look.small) + 1.4 * look.em
    fixed = pad + heading.height + look.leading(1.4 + 2.9) + foot + pad
    tall = 2.2 * look.em * len(grid[1]) if not high else max(high - fixed, 1.6 * look.em * len(grid[1]))

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        top, across = pad + heading.height, width - 2 * pad - beside
        sheet.text(pad, top, f"x {words(source.hazards[1])}", color=INK)
        ax = sheet.axes(pad + beside, top + look.leading(1.4), across, tall)
        ax.set_label("heat map")
        _fields(ax, source, grid, table, look, across)
        below = top + look.leading(1.4) + tall + look.leading(2.9)
        sheet.text(pad, max(below, high - foot - pad if high else 0.0), note, color=QUIET)

    return Plan(fixed + tall, draw)


def _fields(
    ax: Axes, source: Sweep, grid: Sequence[Sequence[float]], table: np.ndarray, look: Look, across: float
) -> None:
    logs = np.log10(np.maximum(table, 1e-300))
    low, high = float(logs.min()), float(logs.max())
    blues = LinearSegmentedColormap.from_list("alive", ["#FFFFFF", ALIVE_COLOUR])
    # Not to the full colour: what stands in a field is read on it.
    ax.imshow(logs, origin="lower", aspect="auto", cmap=blues, vmin=low, vmax=high + 0.6 * max(high - low, 1e-9))
    wide = across / len(grid[0])
    for (row, column), value in np.ndenumerate(table):
        text = one_in(float(value))
        if width_of(text, look.small) < 0.95 * wide:
            ax.text(column, row, text, ha="center", va="center", fontsize=look.small, color=INK)
    frame(ax, look, left=True)
    every = max(1, math.ceil(len(grid[0]) * (width_of("0.0001", look.small) + 0.6 * look.em) / across))
    ax.set_xticks(range(0, len(grid[0]), every), [f"{v:.3g}" for v in grid[0][::every]])
    ax.set_yticks(range(len(grid[1])), [f"{v:.3g}" for v in grid[1]])
    ax.set_xlabel(f"x {words(source.hazards[0])}", fontsize=look.small, loc="left", labelpad=0.3 * look.small)
