"""Figures of change: the traits of survivors along the cascade, the same cells under two models."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cascade.common.colours import ALIVE_COLOUR, DEATH_COLOUR, GRID, INK, QUIET
from cascade.common.errors import InputError, is_whole
from cascade.common.text import number
from cascade.plot.dots import HEAD, Series, draw_dots
from cascade.plot.fitting import broken, inches_of, lines_in, width_of
from cascade.plot.look import Look, look_of
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, frame, made
from cascade.plot.style import figure_around, sign
from cascade.runs.comparison import CauseRow, Comparison, ComparisonRow
from cascade.runs.traits import EDGES, Selection

TIMES = "times the mean cell (dot, number: mean)"
"""What the axis of a trait is."""

FEW = 30
"""Cells below which a trait is drawn cell by cell."""


def selection(source: Selection, *, ax: Axes | None = None, style: str = "screen") -> Figure:
    """Distribution of each trait among the cells that passed each step.

    Parameters
    ----------
    source : Selection
        From ``cascade.selection``.
    ax : matplotlib Axes, optional
        For a model with one trait.
    style : str
        "screen", "paper" (89 mm wide for one trait, 183 mm for more, 7 points) or "slide" (13.33 by 7.5 inches).
    """
    look = look_of(style)
    if not isinstance(source, Selection):
        raise InputError("source", source, "a Selection, from cascade.selection(...)")
    count = len(source.traits)
    if ax is not None and count > 1:
        raise InputError("ax", ax, f"none: {count} traits need an axes each")
    if ax is None:
        drawn = made(look, min(count, 2), lambda fitted, width, high: _traits(source, fitted, width, high))
    else:
        figure_around(ax)
        inches = inches_of(ax)
        _ridges(ax, source, 0, _labels(source, look, 2.4), look, inches[0])
        ax.set_title(broken(source.traits[0], inches[0], look.title), loc="left", fontsize=look.title, color=INK,
                     gid="title")  # fmt: skip
        drawn = figure_around(ax)
    sign(drawn, source, alt=_said_of_traits(source))
    return drawn


def _labels(source: Selection, look: Look, inches: float) -> list[str]:
    """Names of the rows, with their cells."""
    rows = [row for row in source.rows if row.trait == source.traits[0]]
    named = ["started" if row.step == "start" else f"passed {row.step}" for row in rows]
    between = "\n" if look.terse < 2 else ": "
    texts = [f"{name}{between}{number(row.cells)}" for name, row in zip(named, rows, strict=True)]
    return [broken(text, inches, look.small) for text in texts]


def _traits(source: Selection, look: Look, width: float, high: float) -> Plan:
    """A panel for each trait, at most four abreast (of a slide eight), with names of rows at the left."""
    pad, order = 0.4 * look.em, _most_changed(source)
    kept = sorted(order[: look.kept(len(order), least=4)])
    count = len(kept)
    title = f"{source.model.title or source.model.name}: {number(source.cells)} cells"
    title += f"; {count} of {len(order)} traits, those that change most" if count < len(order) else ""
    sentence = f"Who passes {source.steps[-1]}: the traits of survivors"
    heading = Heading(look, width - 2 * pad, title, sentence)
    labels = _labels(source, look, 0.26 * width)
    beside = max(width_of(line, look.small) for label in labels for line in label.split("\n")) + 0.8 * look.em
    most = 8 if look.slide else 3
    abreast = count if count <= most else -(-count // 2) if count <= 8 else 4
    gap = 1.6 * look.em
    across = (width - 2 * pad - beside - gap * (abreast - 1)) / abreast
    names = [broken(source.traits[f], across, look.text) for f in kept]
    above, below = look.leading(lines_in(names) + 0.5, small=False), look.leading(1.9)
    below += look.leading(lines_in([broken(TIMES, across, look.small)]))
    down = -(-count // abreast)
    pitch = max((3.2 if look.terse < 2 else 2.2) * look.em, look.leading(lines_in(labels) + 0.4))
    need = down * len(labels) * pitch
    fixed = pad + heading.height + down * (above + below) + pad
    stretch = max(1.0, min(1.6, (high - fixed) / need)) if high else 1.0
    tall = len(labels) * pitch * stretch

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        for k, (f, name) in enumerate(zip(kept, names, strict=True)):
            line, place = divmod(k, abreast)
            left = pad + beside + place * (across + gap)
            top = pad + heading.height + line * (above + tall + below)
            sheet.text(left, top, name, fontsize=look.text, gid="trait")
            ax = sheet.axes(left, top + above, across, tall)
            _ridges(ax, source, f, labels, look, across)
            ax.set_label(source.traits[f])
            if place:
                ax.tick_params(axis="y", labelleft=False)

    return Plan(fixed + need * stretch, draw)


def _most_changed(source: Selection) -> list[int]:
    """Traits, those first whose mean differs most between all and the last that there are."""

    def change(f: int) -> float:
        means = [row.mean for row in source.rows if row.trait == source.traits[f] and row.cells and row.mean > 0]
        return abs(math.log(means[-1] / means[0])) if means else 0.0

    return sorted(range(len(source.traits)), key=lambda f: -change(f))


def _said_of_traits(source: Selection) -> str:
    """The figure in words: the mean of each trait of all, and of the last that there are."""
    parts = []
    for trait in source.traits:
        rows = [row for row in source.rows if row.trait == trait and row.cells]
        if rows:
            parts.append(f"{trait}: mean {rows[0].mean:.3g} at the start, {rows[-1].mean:.3g} in the "
                         f"{number(rows[-1].cells)} that passed {rows[-1].step}")  # fmt: skip
    told = "; ".join(parts)
    return f"Distributions of traits among the cells that passed each step, {number(source.cells)} cells. {told}."


def _ridges(ax: Axes, source: Selection, trait: int, labels: Sequence[str], look: Look, inches: float) -> None:
    """The densities below each other, the mean of each as a dot."""
    middles = np.sqrt(EDGES[1:-2] * EDGES[2:-1])
    rows = [row for row in source.rows if row.trait == source.traits[trait]]
    inside = source.histogram[trait, :, 1:-1].sum(axis=0)
    rising = np.cumsum(inside) / max(1, inside.sum())
    low, high = (middles[min(len(middles) - 1, int(np.searchsorted(rising, edge)))] for edge in (2e-3, 0.9995))
    high = max(high, low * 10)
    seen = (middles >= low) & (middles <= high)
    for k, row in enumerate(rows):
        density = source.histogram[trait, k, 1:-1].astype(float)
        base = len(rows) - 1 - k
        if 0 < row.cells < FEW and np.count_nonzero(density) == 1:
            # All in one bin, which has one middle: they stand at their own value, as their mean does.
            ax.vlines([row.mean], base, base + 0.3, color=ALIVE_COLOUR, linewidth=look.line, zorder=k + 2)
        elif 0 < row.cells < FEW:
            ax.vlines(middles[density > 0], base, base + 0.3, color=ALIVE_COLOUR, linewidth=look.line, zorder=k + 2)
        elif row.cells:
            # Few cells: wider bins, so that the shape is not noise.
            width = 1 if row.cells > 30_000 else 5 if row.cells > 1000 else 11
            density = np.convolve(density, np.ones(width) / width, mode="same")
            density *= 0.85 / density.max()
            ax.fill_between(
                middles[seen],
                base,
                base + density[seen],
                color=QUIET if row.step == "start" else ALIVE_COLOUR,
                alpha=0.55,
                linewidth=0,
                zorder=k + 2,
            )
            ax.plot(middles[seen], base + density[seen], color=INK, linewidth=look.thin, zorder=k + 2)
        if row.cells:
            ax.plot([row.mean], [base], "o", color=INK, markersize=look.mark, zorder=20, clip_on=False)
            # At the right, where densities end.
            ax.text(0.995, base + 0.08, f"{row.mean:.3g}", transform=ax.get_yaxis_transform(), ha="right",
                    va="bottom", fontsize=look.small, color=INK, zorder=20)  # fmt: skip
        ax.plot([low, high], [base, base], color=GRID, linewidth=look.thin, zorder=1)
    ax.axvline(1.0, color=GRID, linewidth=look.thin, zorder=1)
    ax.set_xscale("log")
    beside = width_of("0.9999", look.small) + 0.4 * look.em
    ax.set_xlim(low, high * (high / low) ** (beside / max(inches - beside, 0.3 * inches)))
    for within in ((1, 3), (1,)):
        ticks = [t for e in range(-6, 7) for m in within if low <= (t := m * 10.0**e) <= high]
        if len(ticks) * (width_of("0.001", look.small) + 0.4 * look.em) < inches:
            break
    ax.set_xticks(ticks)
    ax.minorticks_off()
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    ax.set_yticks(range(len(rows)), list(reversed(labels)))
    ax.set_ylim(-0.6, len(rows) - 0.05)
    label = broken(TIMES, inches, look.small)
    ax.set_xlabel(label, fontsize=look.small, loc="left", labelpad=0.3 * look.small)
    frame(ax, look)
    ax.spines["bottom"].set_bounds(low, high)


def comparison(source: Comparison, *, ax: Axes | None = None, most: int = 10, style: str = "screen") -> Figure:
    """The same cells under two models: gained and lost at each step; from which ends they were saved.

    Dots on a logarithmic axis, zeros in a strip of their own, each number beside them.  With ``ax`` only the
    steps are drawn.

    Parameters
    ----------
    source : Comparison
    ax : matplotlib Axes, optional
    most : int
        Ends in the second panel.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).
    """
    look = look_of(style)
    if not isinstance(source, Comparison):
        raise InputError("source", source, "a Comparison, from cascade.compare(...)")
    if not is_whole(most) or most < 0:
        raise InputError("most", most, "a whole number of ends >= 0")
    if ax is not None:
        figure_around(ax)
    ends = [row for row in source.causes() if row.kind == "death" and row.saved + row.moved + row.lost][:most]
    if ax is None:
        drawn = made(look, 2, lambda fitted, width, high: _two_panels(source, ends, fitted, width, high))
    else:
        inches = inches_of(ax)
        names = [broken(row.step, NAMES * inches[0], look.small) for row in _rows(source)]
        _steps(ax, source, names, look, inches, alone=True)
        ax.set_title(broken(_title(source), inches[0], look.title), loc="left", fontsize=look.title, color=INK,
                     gid="title")  # fmt: skip
        drawn = figure_around(ax)
    sign(drawn, source, alt=_said(source, ends))
    return drawn


def _title(source: Comparison) -> str:
    one, other = source.names
    return f"{one} and {other}: the same {number(source.cells)} cells"


def _rows(source: Comparison) -> tuple[ComparisonRow, ...]:
    """Kinds of colonies, the distant ones first, then steps."""
    return (*source.kinds(), *source.rows)


def _unchanged(source: Comparison) -> bool:
    return not any(row.gained or row.lost for row in _rows(source))


def _sentence(source: Comparison) -> str:
    """What a slide says above it: how many more reach the goal, where the counts tell that any do."""
    told = next(iter(source.kinds()), source.rows[-1])
    does = f"found a {told.step}" if source.kinds() else f"pass {told.step}"
    if _unchanged(source):
        return f"None of these cells passes other steps under {source.names[1]}"
    if told.low <= 0 <= told.high:
        return f"Too few cells to tell under which model more {does}"
    more = told.gained - told.lost
    return f"{number(abs(more))} {'more' if more > 0 else 'fewer'} {does} under {source.names[1]}"


def _two_panels(source: Comparison, every: Sequence[CauseRow], look: Look, width: float, high: float) -> Plan:
    """The steps above, the ends below; on a slide as many of these as there is room for."""
    pad = 0.4 * look.em
    most = min(len(every), MOST_ON_SLIDES) if look.slide else len(every)
    ends = every[: look.kept(most, least=0)]
    left_out = f"{len(ends)} of {len(every)} ends from which cells were saved or lost are shown."
    left_out = left_out if look.terse and len(ends) < len(every) else ""
    heading = Heading(look, width - 2 * pad, _title(source), _sentence(source))
    steps = [broken(row.step, NAMES * width, look.small) for row in _rows(source)]
    causes = [broken(f"{row.cause} ({row.step})", NAMES * width, look.small) for row in ends]
    beside = max(width_of(line, look.small) for name in (*steps, *causes) for line in name.split("\n")) + 0.8 * look.em
    left, across = pad + beside, width - 2 * pad - beside
    told = (COUPLED, left_out) if look.terse else (COUPLED, source.pairing)
    note = broken(" ".join(filter(None, told)), width - 2 * pad, look.small)
    key = Key(_arms_of(source), look, width - 2 * pad)
    panel = look.leading(1.6)
    tight = 0.8 if look.terse > 1 else 1.0
    pitches = [max((1.75, 2.3)[k] * tight * look.em, look.leading(lines_in(names)) + 0.3 * look.em)
               for k, names in enumerate((steps, causes))]  # fmt: skip
    under = look.leading(2.7)
    fixed = pad + heading.height + 2 * key.height + under + look.leading(note.count("\n") + 1.6) + pad
    fixed += panel + under + key.height if causes else 0.0
    rows = [len(steps) + HEAD, len(causes) + HEAD if causes else 0.0]
    need = sum(n * pitch for n, pitch in zip(rows, pitches, strict=True))
    stretch = max(1.0, min(1.4, (high - fixed) / need)) if high else 1.0

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        top = pad + heading.height
        key.draw(sheet, pad, top)
        top += key.height
        tall = rows[0] * pitches[0] * stretch
        _steps(sheet.axes(left, top, across, tall), source, steps, look, (across, tall))
        top += tall + under
        if causes:
            tall = rows[1] * pitches[1] * stretch
            sheet.text(pad, top, "From which ends", fontsize=look.text)
            Key(_KINDS, look, width - 2 * pad - 10 * look.em).draw(sheet, pad + 10 * look.em, top)
            top += panel
            ax = sheet.axes(left, top, across, tall)
            kinds = [(entry, entry.name.partition(":")[0]) for entry in _KINDS]
            series = [Series(entry, [getattr(row, kind) for row in ends], heading=kind) for entry, kind in kinds]
            draw_dots(ax, causes, series, look, (across, tall), "cells (log scale)")
            top += tall + under
        sheet.text(pad, top, note, color=QUIET)

    return Plan(fixed + need * stretch, draw)


_KINDS = (
    Entry("saved: succeed now", ALIVE_COLOUR, "o"),
    Entry("moved: end elsewhere now", QUIET, "s", filled=False),
    Entry("lost: succeeded without", DEATH_COLOUR, "D"),
)
"""What became of the cells that ended so under the first model."""

COUPLED = "Which cells depends on the coupling, only the difference on the models."

MOST_ON_SLIDES = 5
"""Ends that a slide shows."""

NAMES = 0.3
"""Of a figure's width that names may have."""


def _arms_of(source: Comparison) -> list[Entry]:
    """Cells that passed under one model alone."""
    return [
        Entry(f"gained: only under {source.names[1]}", ALIVE_COLOUR, "o"),
        Entry(f"lost: only under {source.names[0]}", DEATH_COLOUR, "D"),
    ]


def _steps(
    ax: Axes, source: Comparison, names: Sequence[str], look: Look, inches: tuple[float, float], *, alone: bool = False
) -> None:
    """Cells gained and lost in each kind of colony and at each step."""
    gained, lost = _arms_of(source)
    series = [
        Series(gained, [row.gained for row in _rows(source)], "+", "gained"),
        Series(lost, [row.lost for row in _rows(source)], "\u2212", "lost"),
    ]
    founded = "founded such a colony, or " * bool(source.kinds())
    label = f"cells that {founded}passed the step under one of them only (log scale)"
    if alone:
        said = f"dots: {gained.name}; diamonds: {lost.name}"
        label = "\n".join([label, broken(said, inches[0], look.small), *[broken(source.pairing, inches[0], look.small)]
                           * bool(source.pairing)])  # fmt: skip
    draw_dots(ax, names, series, look, inches, label)
    if _unchanged(source):
        none = broken(
            "nothing gained, nothing lost: every cell passes the same steps under both", 0.5 * inches[0], look.small
        )
        ax.text(0.45, 0.5, none, transform=ax.transAxes, ha="center", va="center", fontsize=look.small, color=QUIET,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip


def _said(source: Comparison, ends: Sequence[CauseRow]) -> str:
    """The figure in words."""
    rows = _rows(source)
    steps = ", ".join(f"{row.step} {number(row.gained)} gained and {number(row.lost)} lost" for row in rows)
    text = f"Dots on a log axis: {_title(source)}; cells that passed a step under one of them only. {steps}."
    if ends:
        text += " Saved from " + ", ".join(f"{row.cause} at {row.step}: {number(row.saved)}" for row in ends[:4]) + "."
    return text
