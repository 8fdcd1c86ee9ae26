"""Figures of the steps: survival funnel and waterfall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from cascade.answers.funnel import Funnel, FunnelRow
from cascade.common.colours import GRID, INK, QUIET, cause_colours, stage_colours
from cascade.common.errors import InputError
from cascade.common.shares import estimate_of_share, percent, plain_percent, whole_percent
from cascade.common.text import number
from cascade.plot.fitting import LABEL, LINE, NAME, broken, headline, inches_of, lines_in, settle
from cascade.plot.style import Picture, few, figure_of, plain, shade, share_label, sign
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
    wanted = "a list of one name: there is one source" if len(funnels) == 1 else f"a list of {len(funnels)} names"
    if labels is not None and (isinstance(labels, str) or not isinstance(labels, Iterable)):
        raise InputError("labels", labels, wanted)
    names = list(labels) if labels is not None else [f.label for f in funnels]
    if len(names) != len(funnels) or not all(isinstance(name, str) for name in names):
        raise InputError("labels", names, wanted)
    # Names beside the bars may take several lines, those of the steps too.
    beside = lines_in([broken(name, _BESIDE, _size(len(funnels))) for name in names]) if len(funnels) > 1 else 1
    row = max(0.42 + 0.2 * len(funnels) * beside, LINE * LABEL * lines_in([broken(s, NAME) for s in steps]) + 0.1)
    height = 1.9 + len(steps) * row
    # "lost" is the cause that a funnel of plain numbers has: nothing to show of it.
    with_causes = ax is None and len(funnels) == 1 and any(set(row.lost) - {"lost"} for row in funnels[0])
    title = f"{names[0]}: {funnels[0].made}" if len(funnels) == 1 else "Survival funnel"
    if with_causes:
        figure: Figure = Picture(figsize=(12.0, height + 0.3), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.45, 1], sharey=True)
        headline(figure, title)
        _causes(right, funnels[0])
        _bars(left, funnels, names, "How many passed each step", 5.2)
        settle(figure, {left: (5.2, len(steps) * row), right: (3.0, len(steps) * row)})
    else:
        figure, left = figure_of(ax, (9.0, height))
        inches, _ = inches_of(left)
        _bars(left, funnels, names, title, inches)
        if ax is None:
            settle(figure, {left: (inches, len(steps) * row)})
    sign(figure, *sources)
    return figure


_BESIDE = 3.4
"""Inches for a line of a name beside a bar."""


def _size(funnels: int) -> float:
    """Points of the texts beside the bars."""
    return 9.0 if funnels < 3 else 7.5


def _bars(ax: Axes, funnels: Sequence[Funnel], names: Sequence[str], title: str, inches: float) -> None:
    """Bars of the share that passed each step, with whiskers and texts; ``inches`` is the width of the axes."""
    steps = [row.step for row in funnels[0]]
    palette = stage_colours(steps)
    floor = 10.0 ** np.floor(np.log10(min(_smallest(f) for f in funnels)) - 0.3)
    width = 0.8 / len(funnels)
    size = _size(len(funnels))
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
            text = broken(text, max(0.45 * inches, min(_BESIDE, 0.8 * inches)), size)
            halo = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            ax.annotate(
                text,
                (end, y),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                fontsize=size,
                color=INK,
                bbox=halo,
            )
            # Decades that the axis must span for this text to end inside it.
            taken = min(0.0088 * size * max(map(len, text.split("\n"))) + 0.2, 0.85 * inches)
            room = max(room, (np.log10(end) - np.log10(floor)) * inches / (inches - taken))
    ax.set_xscale("log")
    ax.set_xlim(floor, floor * 10.0**room)
    ax.set_yticks(range(len(steps)), [broken(step, NAME) for step in steps])
    ax.set_ylim(len(steps) - 0.4, -0.6)
    # At most one tick per 0.8 inch: their labels are words.
    most = max(2.0, inches / room * -np.log10(floor) / 0.8)
    ticks = 10.0 ** -np.arange(0.0, -np.log10(floor) + 0.5, max(1.0, np.ceil(-np.log10(floor) / most)))
    ax.set_xticks(ticks)
    ax.xaxis.set_major_formatter(FuncFormatter(share_label))
    ax.minorticks_off()
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    notes = dict.fromkeys(one.note for one in funnels if one.note)
    label = ["share of all cells that passed the step (log scale)", *(broken(note, inches, 9.0) for note in notes)]
    ax.set_xlabel("\n".join(label), fontsize=9 if notes else 10, loc="left")
    plain(ax, title)
    ax.spines["bottom"].set_bounds(floor, 1.0)


def _bar_text(row: FunnelRow, *, exact: bool) -> str:
    """The share of the previous step; of a count of zero what it may be at most."""
    if row.passed:
        return f"{percent(row.fraction_of_previous)} of previous"
    return "none" if exact else f"none: {estimate_of_share(0.0, 0.0, row.high).interval} of all"


def _smallest(one: Funnel) -> float:
    """The smallest share, or lower end of a whisker."""
    shares = [row.fraction_of_all for row in one if row.fraction_of_all > 0]
    shares += [row.low for row in one if row.passed and row.low > 0 and not one.exact]
    bounds = [row.high for row in one if row.fraction_of_all == 0 and row.high > 0]
    return min([*shares, *bounds, 0.1])


def _causes(ax: Axes, one: Funnel) -> None:
    """What those died of whose furthest step it was, as stacked shares."""
    causes = list(dict.fromkeys(cause for row in one for cause in row.lost))
    palette = cause_colours(causes)
    rough = [few(sum(row.lost.values()) + row.still, exact=one.exact) for row in one]
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
                    bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.8},
                )
            left += share
        if rough[y]:
            ax.text(1.02, y, f"of {number(total)}", va="center", fontsize=8.5, color=INK)
    still = any(row.still for row in one)
    handles = [
        Patch(
            facecolor=shade(palette[c], 0.4) if c in palette else "#E6E6E6",
            edgecolor="white",
            label=broken(c, NAME, 9.0),
        )
        for c in [*causes, *(["still there"] if still else [])]
    ]
    ax.legend(
        handles=handles,
        loc="upper left",
        # Beside shares of few cells stands of how many.
        bbox_to_anchor=(1.2 if any(rough) else 1.0, 1.0),
        frameon=False,
        fontsize=9,
        title="lost to",
        alignment="left",
    )
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: plain_percent(v)))
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
    names = [broken(row.step, _PITCH - 0.1) for row in one]
    given = ax
    figure, ax = figure_of(ax, (max(5.0, 1.9 + _PITCH * len(one)), 4.75 + LINE * LABEL * lines_in(names)))
    palette = stage_colours([row.step for row in one])
    before = 0.0
    for x, row in enumerate(rows):
        after = float(np.log10(row.fraction_of_all))
        ax.bar(x, after - before, bottom=before, color=palette[row.step], width=0.72)
        if x:
            ax.plot([x - 1 + 0.36, x + 0.36], [before, before], color=QUIET, linewidth=0.8)
        counted = f"\n({number(row.passed)} passed)" if few(row.passed, exact=one.exact) else ""
        text = f"{after - before:.2f}".replace("-", "\u2212") + counted
        _below(ax, text, x, after, 9.5 if not counted else 8.5, INK)
        before = after
    for x in range(len(rows), len(one)):
        ax.annotate("none\npassed", (x, before), ha="center", va="top", fontsize=9, color=QUIET)
    ax.set_xlim(-0.6, len(one) - 0.4)
    ax.set_ylim(before * 1.09 - 0.25 - 0.1 * any(few(row.passed, exact=one.exact) for row in one), 0.15)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, p: share_label(10.0**v, p)))
    ax.set_yticks(np.arange(0, np.floor(before) - 1, -1.0))
    ax.grid(axis="y", color=GRID, linewidth=0.7)
    ax.set_ylabel("share of all cells", fontsize=10)
    if one.note:
        ax.set_xlabel(broken(one.note, max(3.6, inches_of(ax)[0]), 9.0), fontsize=9, loc="left")
    plain(ax, f"{one.label}: {one.made}, decades lost at each step")
    _name_bars(ax, names if given is None else [row.step for row in one], fixed=given is not None)
    sign(figure, source)
    if given is None:
        settle(figure, {ax: (_PITCH * len(one), 3.6)})
    return figure


_PITCH = 1.15
"""Inches from bar to bar of a waterfall."""

_UPRIGHT = 0.75
"""Inches from bar to bar below which names stand on end: in axes that were given."""


def _name_bars(ax: Axes, names: Sequence[str], *, fixed: bool) -> None:
    """Names below the bars; in axes that were given on end, and small, where they are narrow."""
    if not fixed:
        ax.set_xticks(range(len(names)), names)
        return
    pitch = inches_of(ax)[0] / (len(names) + 0.2)
    upright = pitch < _UPRIGHT
    lines = [broken(name, NAME if upright else pitch - 0.1) for name in names]
    size = max(4.0, min(LABEL, pitch / (LINE * lines_in(lines)))) if upright else LABEL
    ax.set_xticks(range(len(names)), lines, rotation=90 if upright else 0)
    for label in ax.get_xticklabels():
        label.set_fontsize(size)


def _below(ax: Axes, text: str, x: float, y: float, size: float, colour: str) -> None:
    """A text that hangs from a point."""
    ax.annotate(
        text, (x, y), xytext=(0, -4), textcoords="offset points", ha="center", va="top", fontsize=size, color=colour
    )
