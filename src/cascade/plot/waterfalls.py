"""The waterfall of a funnel: decades lost at each step, split by cause; counted cells as dots with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.answers.funnel import Funnel, FunnelRow
from cascade.answers.kinds import KINDS
from cascade.common.colours import ALIVE_COLOUR, ALIVE_PALE, INK, QUIET, cause_colour
from cascade.common.shares import estimate_of_share
from cascade.common.sight import dark, on
from cascade.common.text import number
from cascade.plot.fitting import broken, inches_of, lines_in, width_of, words
from cascade.plot.look import Look
from cascade.plot.notation import at_most, decade_label, one_in, sentence_of
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, frame, made

STILL = "still there"
"""Those that live where they are when the run ends."""

LOST = "lost"
"""The cause of those of whom nothing more is known."""

NAMES = 0.32
"""Of a figure's width that names of steps may have."""

HALF = 0.3
"""Half the height of a bar, in rows."""


@dataclass(frozen=True)
class Steps:
    """What a waterfall shows: bars of a funnel, and dots of a count of the same model."""

    bars: Funnel
    count: Funnel | None
    label: str

    @property
    def dots(self) -> Funnel | None:
        """The counted funnel, whose dots are drawn."""
        return None if self.bars.exact and self.count is None else self.count or self.bars

    @property
    def note(self) -> str:
        """What stands below: colonies by kind, and the note of the funnel."""
        return "\n".join(text for text in (kinds_of(self.bars), self.bars.note) if text)

    @property
    def heading(self) -> str:
        """Whose it is, and of how many cells."""
        if self.count is None:
            return f"{self.label}: {self.bars.made}"
        return f"{self.label}: bars exact, dots {number(self.count.cells)} cells"


def kinds_of(one: Funnel) -> str:
    """Colonies by kind, the distant ones first; "" of a model without kinds."""
    told = []
    for mark in one.milestones:
        if mark.name not in KINDS.values():
            continue
        if one.exact:
            told.append(f"{mark.name} {one_in(mark.fraction_of_all)}")
        elif mark.cells:
            share = estimate_of_share(mark.fraction_of_all, mark.low, mark.high)
            told.append(f"{mark.name} {number(mark.cells)} ({share.interval})")
        else:
            told.append(f"{mark.name} none ({at_most(mark.high)})")
    return f"of all cells: {', '.join(told)}" if told else ""


@dataclass(frozen=True)
class Bar:
    """From and to how many decades below all; the parts by cause; whether it goes on, as nobody is known to pass."""

    start: float
    end: float
    parts: tuple[tuple[str, float], ...]
    open: bool = False


def bars_of(one: Funnel) -> list[Bar]:
    """A bar for each step: a step that nobody passed ends at what it may be at most, those after it have none."""
    bars: list[Bar] = []
    before, gone = 0.0, False
    for row in one:
        total = sum(row.lost.values()) + row.still
        shares = [(cause, n / total) for cause, n in (*row.lost.items(), (STILL, row.still)) if n > 0 and total > 0]
        shares.sort(key=lambda part: -part[1])
        if row.fraction_of_all > 0:
            end = max(before, -math.log10(row.fraction_of_all))
        elif gone:
            end = before
        else:
            end = max(before, -math.log10(row.high) if 0 < row.high < 1 else before) if not one.exact else before + 1.0
        parts = tuple((cause, share * (end - before)) for cause, share in shares)
        bars.append(Bar(before, end, parts, row.fraction_of_all <= 0 and not gone))
        gone |= row.fraction_of_all <= 0
        before = end
    return bars


def decades_of(steps: Steps) -> float:
    """Decades that the axis spans: no bar, no dot and no interval ends beyond it."""
    ends = [bar.end + 0.25 * bar.open for bar in bars_of(steps.bars)]
    for row in steps.dots or ():
        if row.passed and row.low > 0:
            ends.append(-math.log10(row.low))
        elif not row.passed and 0 < row.high < 1:
            ends.append(-math.log10(row.high) + 0.25)
    return max(1.02 * max(ends), 0.3)


def lost_by_cause(bars: Sequence[Bar]) -> dict[str, float]:
    """Decades by cause, the most first; those of nobody are not among them."""
    found: dict[str, float] = {}
    for bar in bars:
        for cause, decades in bar.parts:
            found[cause] = found.get(cause, 0.0) + decades
    return dict(sorted(found.items(), key=lambda part: -part[1]))


def colour_of(cause: str) -> str:
    """Of a cause, by name; pale blue of who is still there, grey of who is lost for reasons nobody knows."""
    return ALIVE_PALE if cause == STILL else QUIET if cause == LOST else cause_colour(cause)


def _columns(steps: Steps) -> tuple[list[str], list[str]]:
    """Texts of the columns "pass" and "counted" (of an exact answer "of all"), the headings first."""
    dots = steps.dots
    said = ["pass", *(_passed(row, steps.bars) for row in steps.bars)]
    if dots is None:
        return said, ["of all", *(one_in(row.fraction_of_all) for row in steps.bars)]
    return said, ["counted", *(number(row.passed) for row in dots)]


def _passed(row: FunnelRow, one: Funnel) -> str:
    """The share of those that came to a step; of a count of none what it may be at most."""
    if row.passed or row.entered <= 0:
        return one_in(row.fraction_of_previous) if row.entered > 0 else "\u2013"
    return "none" if one.exact else f"none: {at_most(row.high)} of all" if row.high < 1 else "none"


def draw_waterfall(steps: Steps, look: Look, ax: Axes | None) -> Figure:
    """The figure, or what is drawn into axes that were given."""
    if ax is None:
        return made(look, 1, lambda fitted, width, high: _plan(steps, fitted, width, high))
    shown = [broken(row.step, NAMES * 3 * inches_of(ax)[0], look.small) for row in steps.bars]
    _draw(ax, steps, look, shown, inches_of(ax), key=True)
    ax.set_title(broken(steps.heading, inches_of(ax)[0], look.title), loc="left", fontsize=look.title, color=INK,
                 gid="title")  # fmt: skip
    figure = ax.get_figure(root=True)
    assert isinstance(figure, Figure)
    return figure


def _plan(steps: Steps, look: Look, width: float, high: float) -> Plan:
    """Names at the left, bars, two columns at the right; the key in the free corner or below."""
    pad = 0.4 * look.em
    heading = Heading(look, width - 2 * pad, steps.heading, _sentence(steps))
    names = [broken(row.step, NAMES * width, look.text) for row in steps.bars]
    beside = max(width_of(line, look.text) for name in names for line in name.split("\n")) + 0.7 * look.em
    left, across = pad + beside, width - 2 * pad - beside
    rows = len(names)
    lines = (2.3 if steps.dots is not None else 1.8) - min(0.2 * look.terse, 0.6)
    pitch = max(lines * look.em, look.leading(lines_in(names), small=False) + 0.2 * look.em)
    note = broken(steps.note, width - 2 * pad, look.small) if steps.note else ""
    below = look.leading(2.6) + (look.leading(lines_in([note]) + 0.3) if note else 0.0)
    top = pad + heading.height
    key, least, under = _key(steps, look, width - 2 * pad), pitch, 0.0
    while True:
        if high:  # of a slide all the height
            pitch = max(least, min(2.2 * least, (high - top - below - pad - under) / (rows + 1.5)))
        inside = _corner(steps, look, (across, pitch))
        if inside is not None or key is None or under:
            break
        under = key.height + 0.5 * look.em
    if inside is not None:
        under = 0.0
    down = (rows + _ABOVE + _BELOW) * pitch

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        ax = sheet.axes(left, top, across, down)
        _draw(ax, steps, look, names, (across, down), key=False)
        y = top + down + below
        if note:
            sheet.text(pad, y - look.leading(lines_in([note])), note, color=QUIET)
        if inside is not None:
            inside.draw(sheet, left + _data_part(steps, look, across) - inside.width, top + 0.1 * pitch)
        elif key is not None:
            key.draw(sheet, pad, y + 0.2 * look.em)

    return Plan(top + down + below + under + pad, draw)


_ABOVE, _BELOW = 0.75, 0.15
"""Rows of room for the headings of the columns, and below the last dot."""


def _entries(steps: Steps) -> list[Entry]:
    """Of the key: the causes, those of most decades first; none where nothing is known of them."""
    causes = lost_by_cause(bars_of(steps.bars))
    return [Entry(cause, colour_of(cause)) for cause in causes] if set(causes) - {LOST} else []


def _key(steps: Steps, look: Look, width: float) -> Key | None:
    entries = _entries(steps)
    return Key(entries, look, width) if entries else None


def _corner(steps: Steps, look: Look, inches: tuple[float, float]) -> Key | None:
    """The key in the corner at the upper right, one cause a line, where no bar and no dot comes."""
    entries = _entries(steps)
    if not entries:
        return None
    width = max(width_of(entry.name, look.small) for entry in entries) + 1.3 * look.em
    across, pitch = inches
    part, decades = _data_part(steps, look, across), decades_of(steps)
    if width > 0.75 * part:
        return None
    key = Key(entries, look, width, stacked=True)
    for k, bar in enumerate(bars_of(steps.bars)):
        if (k + _ABOVE - 0.5) * pitch > key.height + 0.3 * look.em:
            break
        ends = [bar.end + 0.25 * bar.open]
        if steps.dots is not None:
            row = steps.dots.rows[k]
            ends += [-math.log10(row.low)] if row.passed and row.low > 0 else []
        if max(ends) / decades * part > part - width - 0.9 * look.em:
            return None
    return key if key.height < (len(steps.bars.rows) + _ABOVE) * pitch else None


def _widths(steps: Steps, look: Look) -> tuple[float, float]:
    """Inches of the two columns."""
    one, two = (max(width_of(text, look.small) for text in column) for column in _columns(steps))
    return one, two


def _data_part(steps: Steps, look: Look, across: float) -> float:
    """Inches of the axes that are no columns."""
    one, two = _widths(steps, look)
    return max(0.3 * across, across - one - two - 2.0 * look.em)


def _draw(ax: Axes, steps: Steps, look: Look, names: Sequence[str], inches: tuple[float, float], *, key: bool) -> None:
    """Bars, dots and columns in axes of so many inches."""
    bars, decades, rows = bars_of(steps.bars), decades_of(steps), len(names)
    part = _data_part(steps, look, inches[0])
    ax.set_xlim(0.0, decades * inches[0] / part)
    ax.set_ylim(rows - 0.5 + _BELOW + 0.1, -0.5 - _ABOVE + 0.1)
    for y, bar in enumerate(bars):
        _bar(ax, y, bar, look, (decades, part))
        if bar.open:
            ax.plot([bar.end], [y], marker=">", color=INK, markersize=look.mark * 1.2, zorder=5)
    if steps.bars.exact:
        for y, bar in enumerate(bars):
            if not bar.open and bar.end >= bar.start and steps.bars.rows[y].passed:
                ax.plot([bar.end] * 2, [y - HALF - 0.08, y + HALF + 0.08], color=INK, linewidth=look.line,
                        solid_capstyle="butt", zorder=5)  # fmt: skip
    for y, (bar, after) in enumerate(pairwise(bars)):
        if not bar.open and steps.bars.rows[y].passed:
            ax.plot([bar.end, after.start], [y + HALF, y + 1 - HALF], color=QUIET, linewidth=look.thin, zorder=1)
    if steps.dots is not None:
        _dots(ax, steps.dots, look)
    for k, column in enumerate(_columns(steps)):
        _column(ax, steps, look, column, k, decades * inches[0] / part / inches[0], inches[0])
    most = max(1, int(part / (width_of("1 in 100,000", look.small) + 0.6 * look.em)))
    step = max(1, math.ceil(math.floor(decades + 1e-9) / most))
    ticks = [float(d) for d in range(0, math.floor(decades + 1e-9) + 1, step)]
    ax.set_xticks(ticks, [decade_label(tick) for tick in ticks])
    ax.set_yticks(range(rows), names)
    frame(ax, look, grid="x")
    ax.tick_params(axis="y", labelsize=look.text)
    for line in ax.get_xgridlines():
        line.set_zorder(0.5)
    ax.spines["bottom"].set_bounds(0.0, decades)
    label = ["cells still alive, of all that started"]
    entries = _entries(steps) if key else []
    label += [broken("bars: " + ", ".join(entry.name for entry in entries), inches[0], look.small)] * bool(entries)
    label += [broken(steps.note, inches[0], look.small)] * bool(key and steps.note)
    ax.set_xlabel("\n".join(label), loc="left", fontsize=look.small, labelpad=0.3 * look.small)


def _bar(ax: Axes, y: float, bar: Bar, look: Look, scale: tuple[float, float]) -> None:
    """The parts of a bar, the largest first, with white lines between those that are wide enough."""
    decades, inches = scale
    at = bar.start
    if bar.end <= bar.start:
        return
    if not bar.parts and bar.end > bar.start:
        ax.barh(y, bar.end - bar.start, left=at, height=2 * HALF, color=QUIET, linewidth=0)
    for cause, wide in bar.parts:
        ax.barh(y, wide, left=at, height=2 * HALF, color=colour_of(cause), linewidth=0, zorder=2)
        if wide * inches / decades > width_of(cause, look.small) + 0.5 * look.em:
            ax.text(at + wide / 2, y, words(cause), fontsize=look.small, color=on(colour_of(cause)), ha="center",
                    va="center", zorder=4, gid="cause")  # fmt: skip
        at += wide
        if wide * inches / decades > 3 * look.thin / 72 and bar.end - at > 3 * look.thin / 72 * decades / inches:
            ax.plot([at, at], [y - HALF, y + HALF], color="white", linewidth=look.thin, zorder=3)


def _dots(ax: Axes, one: Funnel, look: Look) -> None:
    """What was counted, below its bar: a dot with its interval; of none an arrow down from the upper bound."""
    gone = False
    for k, row in enumerate(one):
        y = k + 0.5
        if row.passed:
            at, high = -math.log10(row.fraction_of_all), -math.log10(min(row.high, 1.0))
            low = -math.log10(row.low) if row.low > 0 else at
            ax.plot([high, low], [y, y], color=ALIVE_COLOUR, linewidth=look.line, solid_capstyle="butt", zorder=6)
            ax.plot([at], [y], "o", color=ALIVE_COLOUR, markersize=look.mark, markeredgecolor="white",
                    markeredgewidth=look.thin * 0.6, zorder=7)  # fmt: skip
        elif not gone and 0 < row.high < 1:
            ax.plot([-math.log10(row.high)], [y], marker=">", color=ALIVE_COLOUR, markersize=look.mark * 1.1, zorder=7)
        gone |= not row.passed


def _column(
    ax: Axes, steps: Steps, look: Look, texts: Sequence[str], which: int, per_inch: float, across: float
) -> None:
    """A column of texts at the right, the first as its heading: "pass" to the left, counts to the right."""
    x = across if which else _data_part(steps, look, across) + 1.0 * look.em
    colour = dark(ALIVE_COLOUR) if which and steps.dots is not None else INK
    for k, text in enumerate(texts):
        y = k - 1.0 if k else -0.5 - _ABOVE + 0.35
        ax.text(x * per_inch, y, words(text), fontsize=look.small, color=QUIET if not k else colour,
                ha="right" if which else "left", va="center", zorder=8)  # fmt: skip


def _sentence(steps: Steps) -> str:
    """What a slide says above its waterfall."""
    last = steps.bars.rows[-1]
    if last.fraction_of_all <= 0:
        return f"No cell {'passes' if steps.bars.exact else 'was seen to pass'} {last.step}"
    return f"{sentence_of(last.fraction_of_all)} passes {last.step}".replace("of cells passes", "of cells pass")


def said_of(steps: Steps) -> str:
    """The waterfall in words."""
    one, bars = steps.bars, bars_of(steps.bars)
    passed = ", ".join(f"{one_in(row.fraction_of_all)} {row.step}" for row in one)
    text = f"Waterfall of the cells lost at each step, on a log scale. {steps.heading}. Of all cells pass: {passed}."
    lost = [bar.end - bar.start for bar in bars]
    if sum(lost) > 0:
        worst = max(range(len(lost)), key=lambda k: lost[k])
        text += f" Most are lost at {one.rows[worst].step}: {lost[worst]:.1f} of {sum(lost):.1f} decades"
        named = [cause for cause, _ in bars[worst].parts if cause not in (LOST, STILL)]
        text += f", of {' and '.join(named[:2])}." if named else "."
    return text
