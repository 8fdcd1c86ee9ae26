"""Several funnels side by side: a point for each source at each step, on one logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.answers.funnel import Funnel, FunnelRow
from cascade.common.colours import ALIVE_COLOUR, DEATH_COLOUR, GRID, INK, QUIET
from cascade.common.sight import dark
from cascade.common.text import number
from cascade.plot.fitting import broken, inches_of, lines_in, width_of, words
from cascade.plot.look import Look
from cascade.plot.notation import at_most, decade_label, few, one_in
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, frame, made

NAMES = 0.28
"""Of a figure's width that names of steps may have."""

_COLOURS = (ALIVE_COLOUR, QUIET, INK, DEATH_COLOUR)
_MARKS = "osD^vP"

TITLE = "Share of all cells that passed each step"


def entries_of(funnels: Sequence[Funnel], names: Sequence[str]) -> list[Entry]:
    """A colour and a mark for each source; what is exact is open."""
    return [
        Entry(name, _COLOURS[k % len(_COLOURS)], _MARKS[k % len(_MARKS)], filled=not one.exact)
        for k, (one, name) in enumerate(zip(funnels, names, strict=True))
    ]


def draw_arms(funnels: Sequence[Funnel], names: Sequence[str], look: Look, ax: Axes | None) -> Figure:
    """The figure, or what is drawn into axes that were given."""
    entries = entries_of(funnels, names)
    if ax is None:
        return made(look, 1, lambda fitted, width, high: _plan(funnels, entries, fitted, width, high))
    inches = inches_of(ax)
    steps = [broken(row.step, NAMES * 3 * inches[0], look.small) for row in funnels[0]]
    _draw(ax, funnels, entries, look, steps, inches, key=True)
    ax.set_title(broken(TITLE, inches[0], look.title), loc="left", fontsize=look.title, color=INK, gid="title")
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def _plan(funnels: Sequence[Funnel], entries: Sequence[Entry], look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    key = Key(entries, look, width - 2 * pad)
    heading = Heading(look, width - 2 * pad, TITLE, _sentence(funnels, entries))
    steps = [broken(row.step, NAMES * width, look.text) for row in funnels[0]]
    beside = max(width_of(line, look.text) for step in steps for line in step.split("\n")) + 0.7 * look.em
    left, across = pad + beside, width - 2 * pad - beside
    lane = look.leading(0.95)
    pitch = max(lane * (len(funnels) + 0.45), look.leading(lines_in(steps), small=False) + 0.2 * look.em)
    notes = "\n".join(
        broken(note, width - 2 * pad, look.small) for note in dict.fromkeys(f.note for f in funnels) if note
    )
    below = look.leading(2.6) + (look.leading(lines_in([notes]) + 0.3) if notes else 0.0)
    top = pad + heading.height + key.height + 0.3 * look.em
    if high:
        pitch = max(pitch, min(1.5 * pitch, (high - top - below - pad) / (len(steps) + 0.8)))
    down = (len(steps) + _HEAD) * pitch

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        key.draw(sheet, pad, pad + heading.height)
        ax = sheet.axes(left, top, across, down)
        _draw(ax, funnels, entries, look, steps, (across, down), key=False)
        if notes:
            sheet.text(pad, top + down + below - look.leading(lines_in([notes])), notes, color=QUIET)

    return Plan(top + down + below + pad, draw)


_HEAD = 0.6
"""Rows of room above the first."""


def _text(row: FunnelRow, one: Funnel) -> str:
    """The share of the previous step; of few the count, of none what it may be at most."""
    if not row.passed:
        return "none" if one.exact or row.high >= 1 else f"none: {at_most(row.high)} of all"
    return one_in(row.fraction_of_previous) + (f" ({number(row.passed)})" if few(row.passed, exact=one.exact) else "")


def _depth(funnels: Sequence[Funnel]) -> float:
    """Decades that the axis spans."""
    ends = [0.3]
    for one in funnels:
        for row in one:
            if row.passed:
                ends.append(-math.log10(row.low if row.low > 0 and not one.exact else row.fraction_of_all))
            elif 0 < row.high < 1:
                ends.append(-math.log10(row.high) + 0.25)
    return 1.03 * max(ends) + 0.05


def _draw(
    ax: Axes, funnels: Sequence[Funnel], entries: Sequence[Entry], look: Look, steps: Sequence[str],
    inches: tuple[float, float], *, key: bool,
) -> None:  # fmt: skip
    """Points with their intervals, joined from source to source by nothing; the texts at the right."""
    texts = [[_text(row, one) for row in one] for one in funnels]
    wide = max(width_of(text, look.small) for column in [["pass"], *texts] for text in column)
    decades, rows = _depth(funnels), len(steps)
    part = max(0.3 * inches[0], inches[0] - wide - 1.4 * look.em)
    end = decades * inches[0] / part
    ax.set_xlim(-0.02 * decades, end)
    ax.set_ylim(rows - 0.5, -0.5 - _HEAD)
    lane = 0.86 / len(funnels)
    for j, (one, entry) in enumerate(zip(funnels, entries, strict=True)):
        for k, row in enumerate(one):
            y = k + (j - (len(funnels) - 1) / 2) * lane
            if row.passed and not one.exact and row.low > 0:
                ends = [-math.log10(min(row.high, 1.0)), -math.log10(row.low)]
                ax.plot(ends, [y, y], color=entry.colour, linewidth=look.line, solid_capstyle="butt", zorder=4)
            if row.passed:
                ax.plot([-math.log10(row.fraction_of_all)], [y], zorder=5, **_mark(entry, look), linestyle="none")
            elif 0 < row.high < 1 and not one.exact:
                ax.plot([-math.log10(row.high)], [y], ">", color=entry.colour, markersize=look.mark * 1.1, zorder=5)
            ax.text(end, y, words(texts[j][k]), fontsize=look.small, ha="right", va="center", color=dark(entry.colour))
    for k in range(1, rows):
        ax.plot([0.0, end], [k - 0.5] * 2, color=GRID, linewidth=look.thin, zorder=0.4)
    ax.text(end, -0.5 - _HEAD / 2, "pass", fontsize=look.small, ha="right", va="center", color=QUIET)
    most = max(1, int(part / (width_of("1 in 100,000", look.small) + 0.6 * look.em)))
    step = max(1, math.ceil(math.floor(decades) / most))
    ticks = [float(d) for d in range(0, math.floor(decades) + 1, step)]
    ax.set_xticks(ticks, [decade_label(tick) for tick in ticks])
    ax.set_yticks(range(rows), steps)
    frame(ax, look, grid="x")
    ax.tick_params(axis="y", labelsize=look.text)
    ax.spines["bottom"].set_bounds(0.0, decades)
    label = ["cells still alive, of all that started"]
    if key:
        marks = {"o": "dots", "s": "squares", "D": "diamonds", "^": "triangles", "v": "triangles down", "P": "crosses"}
        label += [broken(f"{marks[entry.mark]}: {entry.name}", inches[0], look.small) for entry in entries]
    ax.set_xlabel("\n".join(label), loc="left", fontsize=look.small, labelpad=0.3 * look.small)


def _mark(entry: Entry, look: Look) -> dict[str, Any]:
    how = entry.how(look)
    return {"marker": entry.mark, **how, "markersize": look.mark * 1.15}


def _sentence(funnels: Sequence[Funnel], entries: Sequence[Entry]) -> str:
    """What a slide says above them: the last step of the first and the last source."""
    first, last = funnels[0].rows[-1], funnels[-1].rows[-1]
    step = first.step
    if first.fraction_of_all <= 0 or last.fraction_of_all <= 0 or entries[0].name == entries[-1].name:
        return f"Cells that pass {step}"
    return f"{one_in(first.fraction_of_all)} pass {step}; {entries[-1].name}: {one_in(last.fraction_of_all)}"


def said_of_arms(funnels: Sequence[Funnel], names: Sequence[str]) -> str:
    """The figure in words."""
    text = f"Shares of all cells that passed each step, of {len(funnels)} sources side by side on a log scale."
    for one, name in zip(funnels, names, strict=True):
        text += f" {name} ({one.made}): " + ", ".join(f"{one_in(row.fraction_of_all)} {row.step}" for row in one) + "."
    return text
