"""Posteriors: what is believed of each hazard after the counts, beside what was believed before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_COLOUR, INK, QUIET
from cascade.common.errors import InputError
from cascade.common.shares import whole_percent
from cascade.inference.posterior import Posterior, PosteriorRow
from cascade.plot.fitting import broken, lines_in, width_of
from cascade.plot.look import Look, look_of
from cascade.plot.notation import power
from cascade.plot.own import WARNING
from cascade.plot.sheet import Heading, Plan, Sheet, frame, made
from cascade.plot.style import sign


def posterior(source: Posterior, *, style: str = "screen") -> Figure:
    """Median and interval of each free hazard and spread; the interval of its prior is a pale bar behind.

    Parameters
    ----------
    source : Posterior
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
    if not isinstance(source, Posterior):
        raise InputError("source", source, "a posterior, from cascade.fit(...).posterior()")
    look, rows = look_of(style), source.rows
    figure = made(look, 2, lambda fitted, width, high: _plan(source, rows, fitted, width, high))
    told = [f"{_name(row)}: {row.told}" for row in rows]
    sign(figure, f"posterior, {source.below}", alt=f"Intervals of a posterior. {source.below} {'. '.join(told)}.")
    return figure


def _name(row: PosteriorRow) -> str:
    if row.against:
        return f"{row.name} ({row.arm} over {row.against})"
    return f"{row.name} ({row.arm})" if row.arm else row.name


def _plan(source: Posterior, rows: Sequence[PosteriorRow], look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    level = whole_percent(source.level)
    heading = Heading(look, width - 2 * pad, f"Posterior: {len(rows)} numbers", "What is believed after the counts")
    told = f"Dots: medians; bars: {level}; pale: {level} of the prior. Per hour; spreads are of log counts."
    note = broken(" ".join([told, source.below, WARNING]), width - 2 * pad, look.small)
    foot = look.leading(lines_in([note])) + 0.4 * look.em
    names = [broken(_name(row), 0.32 * width, look.small) for row in rows]
    beside = max(width_of(part, look.small) for name in names for part in name.split("\n")) + 1.2 * look.em
    fixed = pad + heading.height + look.leading(2.8) + foot + pad
    line = look.leading(max(1.9, 1.3 * lines_in(names)))
    tall = line * len(rows) if not high else max(high - fixed, 1.2 * look.leading(1) * len(rows))

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        top, across = pad + heading.height, width - 2 * pad - beside - 0.8 * look.em
        ax = sheet.axes(pad + beside, top, across, tall)
        ax.set_label("posterior")
        _bars(ax, rows, names, look, across)
        sheet.text(pad, max(top + tall + look.leading(2.8), high - foot - pad if high else 0.0), note, color=QUIET)

    return Plan(fixed + tall, draw)


def _bars(ax: Axes, rows: Sequence[PosteriorRow], names: Sequence[str], look: Look, across: float) -> None:
    ax.set_xscale("log")
    ends = [value for row in rows for value in (row.low, row.high, row.prior_low, row.prior_high) if value > 0]
    low, high = min(ends) / 1.3, max(ends) * 1.3
    ax.set_xlim(low, high)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    for k, row in enumerate(rows):
        ax.plot([row.prior_low, row.prior_high], [k, k], color=ALIVE_COLOUR, alpha=0.22, linewidth=2.2 * look.heavy,
                solid_capstyle="butt", zorder=2, label="prior")  # fmt: skip
        ax.plot([row.low, row.high], [k, k], color=INK, linewidth=look.line, solid_capstyle="butt", zorder=4,
                label="interval")  # fmt: skip
        ax.plot([row.median], [k], "o", color=ALIVE_COLOUR, markeredgecolor=INK, markeredgewidth=look.thin,
                markersize=1.2 * look.mark, zorder=5, label="median")  # fmt: skip
    frame(ax, look, grid="x")
    ax.set_yticks(range(len(rows)), list(names))
    ax.tick_params(axis="y", labelleft=True, labelsize=look.small)
    begin, end = int(np.ceil(np.log10(low))), int(np.floor(np.log10(high)))
    step = max(1, round((end - begin + 1) * 4.5 * look.em / across))
    marks = list(range(begin, end + 1, step))
    ax.set_xticks([10.0**m for m in marks], [power(m) if m >= 0 else _small(m) for m in marks])
    ax.minorticks_off()
    ax.set_xlabel(
        "per hour, or a factor, or a spread (log scale)", fontsize=look.small, loc="left", labelpad=0.3 * look.small
    )


def _small(exponent: int) -> str:
    """0.1 to 0.001 in digits, then powers."""
    return f"{10.0**exponent:g}" if exponent >= -3 else power(exponent)
