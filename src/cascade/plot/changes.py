"""Figures of change: the traits of survivors along the cascade, the same cells under two models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation

from cascade.common.colours import GRID, INK, QUIET, stage_colours
from cascade.common.errors import InputError, is_whole
from cascade.common.text import number
from cascade.model import Model
from cascade.plot.fitting import LABEL, LINE, NAME, broken, headline, inches_of, lines_in, settle, width_of
from cascade.plot.style import Picture, figure_of, plain, sign
from cascade.runs.comparison import Comparison
from cascade.runs.traits import EDGES, Selection

FEW = 30
"""Cells below which a trait is drawn cell by cell."""

GAINED, LOST = "#228833", "#EE6677"
HALO = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.8}


def selection(source: Selection, *, ax: Axes | None = None) -> Figure:
    """Distribution of each trait among the cells that passed each step.

    Parameters
    ----------
    source : Selection
        From ``cascade.selection``.
    ax : matplotlib Axes, optional
        For a model with one trait.
    """
    if not isinstance(source, Selection):
        raise InputError("source", source, "a Selection, from cascade.selection(...)")
    count = len(source.traits)
    if ax is not None and count > 1:
        raise InputError("ax", ax, f"none: {count} traits need an axes each")
    if ax is None:
        across = count if count <= 4 else -(-count // 2)
        down = -(-count // across)
        size = (2.0 + 3.6 * across, (1.4 + 0.56 * len(source.steps)) * down + 0.4)
        figure: Figure = Picture(figsize=size, layout="constrained")
        panels = np.atleast_1d(figure.subplots(down, across, sharey=True, squeeze=False).ravel())
        axes = list(panels[:count])
        for empty in panels[count:]:
            empty.set_visible(False)
        title = f"{source.model.title or source.model.name}: {number(source.cells)} cells"
        headline(figure, title)
    else:
        figure, axes = figure_of(ax, (6.0, 5.0))[0], [ax]
    colours = {"start": QUIET, **stage_colours(source.model.stages)}
    for f, (panel, trait) in enumerate(zip(axes, source.traits, strict=True)):
        _ridges(panel, source, f, colours)
        plain(panel, trait)
        panel.spines["left"].set_visible(False)
        panel.tick_params(axis="y", length=0)
    sign(figure, source)
    if ax is None:
        lines = lines_in([text.get_text() for text in axes[0].get_yticklabels()])
        settle(figure, dict.fromkeys(axes, (2.6, len(source.steps) * max(0.5, 9.0 * LINE * lines + 0.1))))
    return figure


def _ridges(ax: Axes, source: Selection, trait: int, colours: dict[str, str]) -> None:
    middles = np.sqrt(EDGES[1:-2] * EDGES[2:-1])
    rows = [row for row in source.rows if row.trait == source.traits[trait]]
    inside = source.histogram[trait, :, 1:-1].sum(axis=0)
    rising = np.cumsum(inside) / max(1, inside.sum())
    low, high = (middles[min(len(middles) - 1, int(np.searchsorted(rising, edge)))] for edge in (2e-3, 0.9995))
    for k, row in enumerate(rows):
        density = source.histogram[trait, k, 1:-1].astype(float)
        base = len(rows) - 1 - k
        if 0 < row.cells < FEW and np.count_nonzero(density) == 1:
            # All in one bin, which has one middle: they stand at their own value, as their mean does.
            ax.vlines([row.mean], base, base + 0.3, color=colours[row.step], linewidth=2, zorder=k + 2)
        elif 0 < row.cells < FEW:
            ax.vlines(middles[density > 0], base, base + 0.3, color=colours[row.step], linewidth=2, zorder=k + 2)
        elif row.cells:
            # Few cells: wider bins, so that the shape is not noise.
            width = 1 if row.cells > 30_000 else 5 if row.cells > 1000 else 11
            density = np.convolve(density, np.ones(width) / width, mode="same")
            density *= 0.85 / density.max()
            ax.fill_between(
                middles, base, base + density, color=colours[row.step], alpha=0.75, linewidth=0, zorder=k + 2
            )
            ax.plot(middles, base + density, color=INK, linewidth=0.8, zorder=k + 2)
        if row.cells:
            ax.plot([row.mean], [base], "o", color=INK, markersize=4.5, zorder=20, clip_on=False)
            ax.annotate(f"{row.mean:.3g}", (row.mean, base), xytext=(0, -11), textcoords="offset points", ha="center",
                        fontsize=8.5, color=INK, zorder=20, bbox=HALO)  # fmt: skip
        ax.axhline(base, color=GRID, linewidth=0.8, zorder=1)
    ax.axvline(1.0, color=GRID, linewidth=0.8, zorder=1)
    ax.set_xscale("log")
    ax.set_xlim(low, max(high, low * 10))
    decades = np.log10(high / low)
    ticks = [m * 10.0**e for e in range(-4, 5) for m in ((1, 3) if decades < 3 else (1,))]
    ax.set_xticks([t for t in ticks if low <= t <= high])
    ax.minorticks_off()
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    labels = [f"{'started' if row.step == 'start' else 'passed ' + row.step}\n{number(row.cells)}" for row in rows]
    ax.set_yticks(range(len(rows)), [broken(label, NAME, 9.0) for label in reversed(labels)], fontsize=9)
    ax.set_ylim(-0.45, len(rows) - 0.05)
    ax.set_xlabel("times the mean cell (dot: mean)", fontsize=10, loc="left")


def comparison(source: Comparison, *, ax: Axes | None = None, most: int = 10) -> Figure:
    """The same cells under two models: gained and lost at each step; from which ends they were saved.

    With ``ax`` only the steps are drawn.

    Parameters
    ----------
    source : Comparison
    ax : matplotlib Axes, optional
    most : int
        Ends in the second panel.
    """
    if not isinstance(source, Comparison):
        raise InputError("source", source, "a Comparison, from cascade.compare(...)")
    if not is_whole(most) or most < 0:
        raise InputError("most", most, "a whole number of ends >= 0")
    title = f"{source.model.name} and {source.other.name}: the same {number(source.cells)} cells"
    rows = [row for row in source.causes() if row.kind == "death" and row.saved + row.moved + row.lost][:most]
    below = 9.0 * LINE * sum(_only(model).count("\n") + 1 for model in (source.model, source.other))
    if ax is None and rows:
        ends = [broken(f"{r.cause}\n({r.step})", NAME, 9.0) for r in rows]
        height = 1.8 + below + 0.42 * max(len(source.model.stages), len(rows))
        figure: Figure = Picture(figsize=(13.0, height), layout="constrained")
        left, right = figure.subplots(1, 2)
        headline(figure, title)
        _gained(left, source, "Passed a step under one of them only", _LEFT)
        ys = np.arange(len(rows))
        for counts, colour, label, shift in (
            ([r.saved for r in rows], GAINED, "saved: succeed now", -0.25),
            ([r.moved for r in rows], "#BBBBBB", "moved: end elsewhere now", 0.0),
            ([r.lost for r in rows], LOST, "lost to it: succeeded without", 0.25),
        ):
            if not any(counts):
                continue
            right.barh(ys + shift, np.maximum(counts, 0.0), height=0.24, color=colour, label=label)
        right.set_xscale("symlog", linthresh=1.0)
        right.set_xticks(_decades(max(max(r.saved, r.moved, r.lost) for r in rows), _RIGHT))
        right.set_yticks(ys, ends, fontsize=9)
        right.set_ylim(len(rows) - 0.4, -0.6)
        right.set_xlim(left=0)
        right.xaxis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
        right.set_xlabel("cells (log scale)", fontsize=10, loc="left")
        right.grid(axis="x", color=GRID, linewidth=0.7)
        right.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        plain(right, "By step and cause of death")
        high = max(_high(source.model.stages, LABEL), len(rows) * max(0.42, 9.0 * LINE * lines_in(ends) + 0.08))
        settle(figure, {left: (_LEFT, high), right: (_RIGHT, high)})
    else:
        figure, only = figure_of(ax, (8.0, 1.8 + below + 0.45 * len(source.model.stages)))
        _gained(only, source, title, _LEFT if ax is None else inches_of(ax)[0])
        if ax is None:
            settle(figure, {only: (_LEFT, _high(source.model.stages, LABEL))})
    sign(figure, source)
    return figure


def _only(model: Model) -> str:
    """Of cells that passed under one model."""
    return broken(f"only under {model.name}", 3.6, 9.0)


def _high(names: Sequence[str], size: float) -> float:
    """Inches for a row for each name."""
    return len(names) * max(0.42, size * LINE * lines_in([broken(name, NAME, size) for name in names]) + 0.08)


_LEFT, _RIGHT = 3.6, 3.0
"""Inches across the panels of a comparison, at least."""


def _decades(most: int, inches: float) -> list[float]:
    """Marks of an axis of cells, linear up to 1 and logarithmic beyond: as many as their labels leave room for."""
    last = max(1, int(np.ceil(np.log10(max(most, 1)))))
    # The part up to 1 is as wide as a decade and a ninth.
    decade = inches / (last + 1.2)
    widest = width_of(number(10.0**last), LABEL) + 0.15
    apart = max(1, int(np.ceil(widest / decade)))
    return [0.0, *(10.0**k for k in range(last % apart, last + 1, apart))]


def _most_marks(reach: float, inches: float) -> int:
    """Intervals between the marks of a linear axis, such that their labels lie apart."""
    widest = width_of(number(reach), LABEL) + 0.15
    return max(1, min(4, int(inches / widest)))


def _beside(most: int) -> float:
    """Inches beside the longest bar for its text."""
    return width_of(f"+{number(most)}", 9.0) + 0.2 if most else 0.15


def _gained(ax: Axes, source: Comparison, title: str, inches: float) -> None:
    """Cells gained and lost at each step, in axes so wide."""
    ys = np.arange(len(source.model.stages))
    gained, lost = np.array([r.gained for r in source]), np.array([r.lost for r in source])
    ax.barh(ys, gained, color=GAINED, height=0.6, label=_only(source.other))
    ax.barh(ys, -lost, color=LOST, height=0.6, label=_only(source.model))
    reach = max(int(gained.max(initial=0)), int(lost.max(initial=0)), 1)
    for y, (more, fewer) in enumerate(zip(gained, lost, strict=True)):
        if more:
            ax.annotate(
                f"+{number(more)}", (more, y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=9
            )
        if fewer:
            text = f"\u2212{number(fewer)}"
            ax.annotate(
                text, (-fewer, y), xytext=(-4, 0), textcoords="offset points", va="center", ha="right", fontsize=9
            )
    ax.axvline(0, color=INK, linewidth=0.8)
    left, right = _beside(int(lost.max(initial=0))), _beside(int(gained.max(initial=0)))
    scale = max(int(gained.max(initial=0) + lost.max(initial=0)), 1) / max(inches - left - right, 0.3 * inches)
    ax.set_xlim(-lost.max(initial=0) - scale * left, gained.max(initial=0) + scale * right)
    ax.set_yticks(ys, [broken(step, NAME) for step in source.model.stages])
    ax.set_ylim(len(ys) - 0.4, -0.6)
    ax.xaxis.set_major_locator(MaxNLocator(_most_marks(reach, inches), integer=True))
    if not (gained.any() or lost.any()):
        ax.set_xticks([0])
        none = "nothing gained, nothing lost:\nevery cell passes the same steps under both"
        ax.text(0.5, 0.5, none, transform=ax.transAxes, ha="center", va="center", fontsize=9, color=QUIET, bbox=HALO)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: number(abs(v))))
    note = "cells; which ones depends on the coupling,\nonly the difference on the models"
    label = "\n".join([note, *[broken(source.pairing, max(4.5, inches_of(ax)[0]), 9.0)] * bool(source.pairing)])
    more = 9.0 * LINE * (lines_in([label]) - 2)
    ax.set_xlabel(label, fontsize=9, loc="left")
    ax.grid(axis="x", color=GRID, linewidth=0.7)
    # As many points below the axes as ticks and label take, whatever the height of the axes.
    below = ax.transAxes + ScaledTranslation(0.0, -0.72 - more, ax.get_figure(root=True).dpi_scale_trans)  # type: ignore[union-attr]
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(0.0, 0.0), bbox_transform=below, ncols=1)
    plain(ax, title)
