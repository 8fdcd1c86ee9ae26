"""Figures of the steps: survival funnel and waterfall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cascade.answers.funnel import Funnel, FunnelRow
from cascade.common.colours import GRID, INK, QUIET, cause_colours, stage_colours
from cascade.common.errors import InputError
from cascade.common.shares import estimate_of_share, percent, whole_percent
from cascade.common.text import number
from cascade.plot.style import Picture, figure_of, plain, shade, share_label, sign, words
from cascade.runs.result import Result
from cascade.solution.answer import Exact

Funnels = Funnel | Result | Exact


def _funnel_of(source: Funnels) -> Funnel:
    if isinstance(source, Funnel):
        return source
    if not isinstance(source, Result | Exact):
        raise InputError("source", source, "a result, an exact answer or a funnel")
    return source.funnel()


def funnel(*sources: Funnels, ax: Axes | None = None, labels: Sequence[str] | None = None) -> Figure:
    """Survival funnel on a log scale: share of all cells that passed each step.

    Whiskers are 95 % intervals, the text is the share of the previous step.  Of a single
    result, drawn without ``ax``, a second panel shows what the lost cells died of.

    Parameters
    ----------
    sources : Result, Exact or Funnel
        One, or several side by side (with the same steps).
    ax : matplotlib Axes, optional
    labels : sequence of str, optional
        Names of the sources; default: their own.

    Returns
    -------
    matplotlib.figure.Figure
    """
    funnels = [_funnel_of(source) for source in sources]
    if not funnels:
        raise InputError("sources", sources, "at least one result, exact answer or funnel")
    steps = [row.step for row in funnels[0]]
    for other in funnels[1:]:
        if [row.step for row in other] != steps:
            raise InputError("sources", [row.step for row in other], f"funnels with the same steps: {steps}")
    names = list(labels) if labels is not None else [f.label for f in funnels]
    if len(names) != len(funnels):
        raise InputError("labels", names, f"{len(funnels)} names")
    height = 1.9 + len(steps) * (0.42 + 0.2 * len(funnels))
    # "lost" is the cause that a funnel of plain numbers has: nothing to show of it.
    with_causes = ax is None and len(funnels) == 1 and any(set(row.lost) - {"lost"} for row in funnels[0])
    title = f"{names[0]}: {number(funnels[0].cells)} cells" if len(funnels) == 1 else "Survival funnel"
    if with_causes:
        figure: Figure = Picture(figsize=(12.0, height + 0.3), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.45, 1], sharey=True)
        figure.suptitle(words(title), x=0.01, ha="left", fontsize=13, color=INK)
        _causes(right, funnels[0])
        _bars(left, funnels, names, "How many passed each step", 5.2)
    else:
        figure, left = figure_of(ax, (9.0, height))
        _bars(left, funnels, names, title, left.get_window_extent().width / figure.dpi)
    sign(figure, *sources)
    return figure


def _bars(ax: Axes, funnels: Sequence[Funnel], names: Sequence[str], title: str, inches: float) -> None:
    """Bars of the share that passed each step, with whiskers and texts; ``inches`` is the width of the axes."""
    steps = [row.step for row in funnels[0]]
    palette = stage_colours(steps)
    floor = 10.0 ** np.floor(np.log10(min(_smallest(f) for f in funnels)) - 0.3)
    width = 0.8 / len(funnels)
    size = 9.0 if len(funnels) < 3 else 7.5
    room = -np.log10(floor)
    for j, (one, name) in enumerate(zip(funnels, names, strict=True)):
        ys = np.arange(len(steps)) + (j - (len(funnels) - 1) / 2) * width
        for y, row in zip(ys, one, strict=True):
            colour = shade(palette[row.step], 0.55 * j / len(funnels))
            ax.barh(y, max(row.fraction_of_all - floor, 0.0), left=floor, height=width * 0.86, color=colour)
            end = max(row.fraction_of_all, row.high) or floor  # an exact 0 has no place on the axis
            if not one.exact and row.passed:
                ax.plot([max(row.low, floor), row.high], [y, y], color=INK, linewidth=1.4, solid_capstyle="butt")
            if not one.exact and not row.passed:
                ax.plot([row.high], [y], marker="<", color=INK, markersize=5)
            text = _bar_text(row, exact=one.exact)
            text += f"   {name}" if len(funnels) > 1 else f"   ({number(row.passed)})" if row.passed else ""
            halo = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            ax.annotate(
                words(text),
                (end, y),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                fontsize=size,
                color=INK,
                bbox=halo,
            )
            # Decades that the axis must span for this text to end inside it.
            taken = min(0.0088 * size * len(text) + 0.2, 0.85 * inches)
            room = max(room, (np.log10(end) - np.log10(floor)) * inches / (inches - taken))
    ax.set_xscale("log")
    ax.set_xlim(floor, floor * 10.0**room)
    ax.set_yticks(range(len(steps)), [words(step) for step in steps])
    ax.set_ylim(len(steps) - 0.4, -0.6)
    # At most one tick per 0.8 inch: their labels are words.
    most = max(2.0, inches / room * -np.log10(floor) / 0.8)
    ticks = 10.0 ** -np.arange(0.0, -np.log10(floor) + 0.5, max(1.0, np.ceil(-np.log10(floor) / most)))
    ax.set_xticks(ticks)
    ax.xaxis.set_major_formatter(FuncFormatter(share_label))
    ax.minorticks_off()
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    ax.set_xlabel("share of all cells that passed the step (log scale)", fontsize=10, loc="left")
    plain(ax, title)
    ax.spines["bottom"].set_bounds(floor, 1.0)


def _bar_text(row: FunnelRow, *, exact: bool) -> str:
    """The share of the previous step; of a count of zero what it may be at most."""
    if row.passed:
        return f"{percent(row.fraction_of_previous)} of previous"
    return "none" if exact else f"none: {estimate_of_share(0.0, 0.0, row.high).interval} of all"


def _smallest(one: Funnel) -> float:
    shares = [row.fraction_of_all for row in one if row.fraction_of_all > 0]
    bounds = [row.high for row in one if row.fraction_of_all == 0 and row.high > 0]
    return min([*shares, *bounds, 0.1])


def _causes(ax: Axes, one: Funnel) -> None:
    """What those died of whose furthest step it was, as stacked shares."""
    causes = list(dict.fromkeys(cause for row in one for cause in row.lost))
    palette = cause_colours(causes)
    for y, row in enumerate(one):
        total = sum(row.lost.values()) + row.still
        if total <= 0:
            ax.text(0.01, y, "none lost", va="center", fontsize=9, color=QUIET)
            continue
        left = 0.0
        for cause in [*causes, "still there"]:
            share = (row.still if cause == "still there" else row.lost.get(cause, 0.0)) / total
            colour = shade(palette[cause], 0.4) if cause in palette else colors.to_rgb("#E6E6E6")
            ax.barh(y, share, left=left, height=0.69, color=colour, edgecolor="white", linewidth=0.8)
            if share > 0.12:
                dark = sum(colour) < 1.5
                ax.text(
                    left + share / 2,
                    y,
                    whole_percent(share),
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color="white" if dark else INK,
                )
            left += share
    still = any(row.still for row in one)
    handles = [
        ax.barh([np.nan], [0], color=shade(palette[c], 0.4) if c in palette else "#E6E6E6", label=words(c))
        for c in [*causes, *(["still there"] if still else [])]
    ]
    ax.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=9,
        title="lost to",
        alignment="left",
    )
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: percent(v)))
    ax.tick_params(axis="y", left=False, labelleft=False)
    ax.set_xlabel("share of the cells that came no further", fontsize=10, loc="left")
    plain(ax, "What became of the others")
    ax.spines["left"].set_visible(False)


def waterfall(source: Funnels, *, ax: Axes | None = None) -> Figure:
    """Decades lost per step: where, on a log scale, the cells go.

    Parameters
    ----------
    source : Result, Exact or Funnel
    ax : matplotlib Axes, optional
    """
    one = _funnel_of(source)
    rows = [row for row in one if row.fraction_of_all > 0]
    figure, ax = figure_of(ax, (1.9 + 1.15 * len(one), 5.0))
    palette = stage_colours([row.step for row in one])
    before = 0.0
    for x, row in enumerate(rows):
        after = float(np.log10(row.fraction_of_all))
        ax.bar(x, after - before, bottom=before, color=palette[row.step], width=0.72)
        if x:
            ax.plot([x - 1 + 0.36, x + 0.36], [before, before], color=QUIET, linewidth=0.8)
        ax.annotate(
            f"{after - before:.2f}".replace("-", "\u2212"),
            (x, after),
            xytext=(0, -4),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=9.5,
            color=INK,
        )
        before = after
    for x in range(len(rows), len(one)):
        ax.annotate("none\npassed", (x, before), ha="center", va="top", fontsize=9, color=QUIET)
    ax.set_xticks(
        range(len(one)), [words(row.step).replace(" ", "\n") for row in one], rotation=0 if len(one) < 8 else 30
    )
    ax.set_xlim(-0.6, len(one) - 0.4)
    ax.set_ylim(before * 1.09 - 0.25, 0.15)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, p: share_label(10.0**v, p)))
    ax.set_yticks(np.arange(0, np.floor(before) - 1, -1.0))
    ax.grid(axis="y", color=GRID, linewidth=0.7)
    ax.set_ylabel("share of all cells", fontsize=10)
    plain(ax, f"{one.label}: decades lost at each step")
    sign(figure, source)
    return figure
