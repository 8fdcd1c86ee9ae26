"""The alluvial figure: the stream of living cells, and the branches of those that die, in heights that add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from cascade.answers.funnel import Funnel, FunnelRow
from cascade.common.colours import ALIVE_COLOUR, ALIVE_PALE, INK, QUIET
from cascade.common.errors import InputError
from cascade.common.sight import dark
from cascade.plot.fitting import broken, inches_of, width_of, words
from cascade.plot.look import Look, look_of
from cascade.plot.notation import at_most, few, one_in, sentence_of
from cascade.plot.sheet import Heading, Plan, Sheet, apart, made
from cascade.plot.steps import Funnels, funnel_of
from cascade.plot.style import figure_around, sign
from cascade.plot.waterfalls import STILL, colour_of, kinds_of

ENLARGE = 0.25
"""Of the height of a block, below which what is left is drawn larger: by a wedge that says how much."""

UNNAMED = 1 / 250
"""Of a block, below which a branch is drawn, but not named."""

NOTE = (
    "Heights are shares and add up. At a dashed wedge what is left is drawn larger by the factor given;"
    " percentages and 1 in N are always of all cells."
)
_TALL, _WEDGE, _BRANCH, _DROP, _FAN = 19.0, 2.6, 2.1, 0.7, 0.22
"""The height of all, the width of a wedge and of a branch, how far the first branch sinks and each further one more,
in sizes of the text."""

_BESIDE = 0.95
"""Width of what stands in a block besides its words and the branch."""


@dataclass(frozen=True)
class Branch:
    """Cells that end at a step: their cause, share of all, and their height in the block."""

    cause: str
    share: float
    height: float


@dataclass(frozen=True)
class Block:
    """A step: what comes, what goes on and what ends, in heights of which 1 is the whole block; then the wedge."""

    step: str
    before: float
    after: float
    top: float
    left: float
    branches: tuple[Branch, ...]
    factor: float = 1.0


def blocks_of(one: Funnel) -> list[Block]:
    """The blocks of a funnel; a step that nobody comes to has none."""
    blocks: list[Block] = []
    base = 1.0
    before = 1.0
    for k, row in enumerate(one):
        if before <= 0:
            break
        after = min(row.fraction_of_all, before)
        total = sum(row.lost.values()) + row.still
        ends = [(cause, n / total * (before - after)) for cause, n in _ends_of(row) if n > 0] if total > 0 else []
        if not total and before > after:
            ends = [("lost", before - after)]
        branches = tuple(Branch(cause, share, share / base) for cause, share in sorted(ends, key=lambda e: -e[1]))
        left = after / base
        last = k == len(one.rows) - 1
        factor = 1.0 / left if 0 < left < 1.0 - 1e-12 and (left < ENLARGE or last) else 1.0
        blocks.append(Block(row.step, before, after, before / base, left, branches, factor))
        base = after if factor > 1.0 else base
        before = after
    return blocks


def _ends_of(row: FunnelRow) -> list[tuple[str, float]]:
    return [*row.lost.items(), (STILL, row.still)]


def alluvial(source: Funnels, *, ax: Axes | None = None, style: str = "screen") -> Figure:
    """The stream of living cells from step to step, and what branches off it: where cells end, and of what.

    Heights are shares and add up.  Where less than a quarter of a block is left, a dashed wedge enlarges it, by the
    factor that stands in it; so a share of one in a million is as honest as one of a half.

    Parameters
    ----------
    source : Result, Exact or Funnel
    ax : matplotlib Axes, optional
        Twice as wide as high, or wider.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure
    """
    look = look_of(style)
    figure = None if ax is None else figure_around(ax)
    one = funnel_of(source)
    if not len(one.rows):
        raise InputError("source", one.label, "a funnel of at least one step")
    if ax is None:
        drawn = made(look, 2, lambda fitted, width, high: _plan(one, fitted, width, high))
    else:
        _draw(ax, Stream(one, look, *inches_of(ax)))
        drawn = figure_around(ax)
    sign(figure or drawn, source, alt=_said(one))
    return figure or drawn


@dataclass(frozen=True)
class Label:
    """A text beside a branch: where it stands, of what colour; x, y of the end of its branch."""

    text: str
    colour: str
    x: float
    y: float
    end: tuple[float, float]


class Stream:
    """Where everything stands, in inches from the top left of the axes.

    Parameters
    ----------
    one : Funnel
    look : Look
    width : float
        Inches across.
    high : float
        Inches down, 0 for as many as it needs.
    part : range, optional
        The blocks of this line of the figure; default: all.
    """

    def __init__(self, one: Funnel, look: Look, width: float, high: float = 0.0, part: range | None = None) -> None:
        self.one, self.look, self.width = one, look, width
        every = blocks_of(one)
        part = range(len(every)) if part is None else part
        self.blocks, self.ends = every[part.start : part.stop], part.stop == len(every)
        em = look.em
        self.done = self._done() if self.ends else ""
        self.beside = max(width_of(line, look.small, "bold") for line in self.done.split("\n")) + 0.6 * em
        self.wedge, self.branch = (wide * (1.0 - min(0.15 * look.terse, 0.5)) for wide in (_WEDGE * em, _BRANCH * em))
        self.final = 1.6 * em if self.ends else 0.0
        wedges = sum(block.factor > 1 for block in self.blocks)
        free = width - self.beside - self.final - wedges * self.wedge - 0.2 * em
        needs = self._needs()
        self.fits = sum(needs) <= free
        spare = (free - sum(needs)) / len(needs)
        self.wide = [need + spare if self.fits else need * free / sum(needs) for need in needs]
        self.head = [
            broken(block.step, wide - 0.3 * em, look.small) for block, wide in zip(self.blocks, self.wide, strict=True)
        ]
        self.top = look.leading(max(h.count("\n") + 1 for h in self.head) + 1.5)
        self.tall = (_TALL - min(look.terse, 4)) * em if not high else max(3 * em, high - self.top - 3.2 * em)
        self.labels: list[Label] = []
        self.lefts: list[float] = []
        self._place()

    def _needs(self) -> list[float]:
        """Inches that each block needs, so that no word of its texts is cut."""
        needs, named, size = [], set[str](), self.look.small
        for block in self.blocks:
            wide = max(width_of(word, size) for word in (*block.step.split(), one_in(block.before)))
            wide += 0.3 * self.look.em
            for branch in block.branches:
                if branch.height <= UNNAMED:
                    continue
                # "1 in" stands above its number where they do not fit beside each other.
                said = one_in(branch.share).removeprefix("1 in ").split("  ")
                said += [] if branch.cause in named else branch.cause.split()
                wide = max(wide, max(width_of(word, size) for word in said) + self.branch + _BESIDE * self.look.em)
                named.add(branch.cause)
            needs.append(wide)
        return needs

    def _done(self) -> str:
        """What stands beside the end."""
        last = self.one.rows[-1]
        if last.fraction_of_all > 0:
            told = one_in(last.fraction_of_all)
            few_of = f"\n({last.passed:,.0f} cells)" if few(last.passed, exact=self.one.exact) else ""
            whole = "pass all steps:" if not self.look.terse else "pass all\nsteps:"
            return f"{whole}\n{told}{few_of}"
        return "nobody\npasses all steps" if self.one.exact or last.high >= 1 else (
            f"nobody seen\nto pass all:\n{at_most(last.high)}")  # fmt: skip

    def _place(self) -> None:
        """Blocks from left to right, and the labels of their branches, apart from each other."""
        x, named, em = 0.0, set[str](), self.look.em
        for block, wide in zip(self.blocks, self.wide, strict=True):
            self.lefts.append(x)
            y = self.top + block.left * self.tall
            ends = []
            drop = _DROP * em
            for k, branch in enumerate(block.branches):
                high = branch.height * self.tall
                ends.append(y + high / 2 + drop)
                y += high
                drop += _FAN * em if k + 1 < len(block.branches) else 0.0
            shown = [k for k, b in enumerate(block.branches) if b.height > UNNAMED]
            at = x + self.branch + 0.75 * em
            room = x + wide - at - 0.15 * em
            texts = []
            for k in shown:
                branch = block.branches[k]
                told = one_in(branch.share)
                name = "" if branch.cause in named else broken(branch.cause, room, self.look.small) + "\n"
                if width_of(told, self.look.small) > room:
                    told = told.replace("in ", "in\n")
                texts.append(name + told)
                named.add(branch.cause)
            heights = [self.look.leading(t.count("\n") + 1.25) for t in texts]
            lowest = self.top + block.left * self.tall + 0.15 * em
            middles = apart([ends[k] for k in shown], heights, lowest, 1e6)
            for k, text, middle in zip(shown, texts, middles, strict=True):
                colour = colour_of(block.branches[k].cause)
                self.labels.append(Label(text, colour, at, middle, (x + self.branch, ends[k])))
            x += wide + (self.wedge if block.factor > 1 else 0.0)
        self.right = x

    @property
    def bottom(self) -> float:
        """Inches down to the lowest label, or branch."""
        most = max(len(block.branches) for block in self.blocks)
        lows = [self.top + self.tall + (_DROP + _FAN * most) * self.look.em]
        lows += [label.y + self.look.leading(label.text.count("\n") + 1.25) / 2 for label in self.labels]
        return max(lows) + 0.2 * self.look.em


def _lines(one: Funnel, look: Look, width: float) -> list[Stream]:
    """The stream, in as many lines as its texts need: one, but of models with very many steps."""
    count = len(blocks_of(one))
    for lines in range(1, count + 1):
        ends = [round(k * count / lines) for k in range(lines + 1)]
        found = [Stream(one, look, width, part=range(*pair)) for pair in pairwise(ends)]
        if all(stream.fits for stream in found):
            break
    return found


def _plan(one: Funnel, look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    heading = Heading(look, width - 2 * pad, f"{one.label}: {one.made}", _sentence(one))
    told = (NOTE if look.terse < 2 else f"{NOTE.split(';')[0]}.", _kinds(one) if look.terse < 3 else "")
    note = broken(" ".join(text for text in told if text), width - 2 * pad, look.small)
    streams = _lines(one, look, width - 2 * pad)
    if look.slide and len(streams) > 1 and not look.terse:
        return Plan(2 * high, lambda _: None)  # one line in smaller type rather than two
    top = pad + heading.height
    below = look.leading(note.count("\n") + 2)
    spare = high - (top + sum(stream.bottom for stream in streams) + below + pad)
    if spare > 0 and len(streams) == 1:  # of a slide all the height
        streams = [Stream(one, look, width - 2 * pad, streams[0].top + streams[0].tall + 3.2 * look.em + 0.8 * spare)]

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        y = top
        for stream in streams:
            _draw(sheet.axes(pad, y, width - 2 * pad, stream.bottom), stream)
            y += stream.bottom
        sheet.text(pad, y + 0.5 * look.leading(1), note, color=QUIET)

    return Plan(top + sum(stream.bottom for stream in streams) + below + pad, draw)


def _curve(x: float, wide: float, y: float, end: float, high: float) -> Polygon:
    """A branch that sinks as it goes to the right, as high at its end as where it leaves."""
    t = np.linspace(0.0, 1.0, 24)
    s = t * t * (3 - 2 * t)
    upper = np.column_stack([x + wide * t, y + (end - y) * s])
    return Polygon(
        np.vstack([upper, np.column_stack([upper[:, 0], upper[:, 1] + high])[::-1]]), closed=True, linewidth=0, zorder=2
    )


def _draw(ax: Axes, stream: Stream) -> None:
    """Blocks, branches, wedges and texts in axes of inches."""
    look, em = stream.look, stream.look.em
    ax.set_xlim(0.0, stream.width)
    ax.set_ylim(stream.bottom, 0.0)
    ax.axis("off")
    top, tall = stream.top, stream.tall
    for x, wide, block, head in zip(stream.lefts, stream.wide, stream.blocks, stream.head, strict=True):
        high = block.left * tall
        ax.add_patch(Rectangle((x, top), wide, high, facecolor=ALIVE_COLOUR, linewidth=0, zorder=2,
                               gid=f"alive {block.step}"))  # fmt: skip
        ax.plot([x, x + wide], [top, top], color=ALIVE_COLOUR, linewidth=look.thin, solid_capstyle="butt")
        y, drop = top + high, _DROP * em
        for branch in block.branches:
            tall_of = branch.height * tall
            curve = _curve(x, stream.branch, y, y + drop, tall_of)
            curve.set(facecolor=colour_of(branch.cause), gid=f"{branch.cause} {block.step}")
            ax.add_patch(curve)
            y += tall_of
            drop += _FAN * em
        if x:
            ax.plot([x, x], [top, top + block.top * tall], color="white", linewidth=look.line, zorder=3)
        ax.text(x + 0.1 * em, top - look.leading(1.3), head, fontsize=look.small, color=INK, va="bottom",
                linespacing=1.15)  # fmt: skip
        ax.text(x + 0.1 * em, top - look.leading(0.25), one_in(block.before) if block.before < 1 else "all",
                fontsize=look.small, color=ALIVE_COLOUR, va="bottom")  # fmt: skip
        if block.factor > 1:
            _wedge(ax, stream, x + wide, block)
    for label in stream.labels:
        ax.plot([label.end[0], label.x - 0.15 * em], [label.end[1], label.y], color=label.colour, linewidth=look.thin)
        colour = dark(label.colour) if label.colour != ALIVE_PALE else ALIVE_COLOUR
        ax.text(label.x, label.y, label.text, fontsize=look.small, color=colour, va="center", linespacing=1.1)
    if not stream.ends:
        return
    last = stream.blocks[-1]
    high = tall * (1.0 if last.factor > 1 else last.left)
    if last.after > 0 and stream.one.rows[-1].passed:
        ax.add_patch(Rectangle((stream.right, top), stream.final, high, facecolor=ALIVE_COLOUR, linewidth=0, gid="end"))
        y = top + high / 2
    else:
        y = top + look.leading(2)
    colour = ALIVE_COLOUR if last.after > 0 else INK
    ax.text(stream.right + stream.final + 0.4 * em, y, words(stream.done), fontsize=look.small, color=colour,
            va="center", fontweight="bold", linespacing=1.15)  # fmt: skip


def _wedge(ax: Axes, stream: Stream, x: float, block: Block) -> None:
    """What is left is drawn larger: from its height to that of a whole block."""
    look, top, tall = stream.look, stream.top, stream.tall
    corners = [(x, top), (x + stream.wedge, top), (x + stream.wedge, top + tall), (x, top + block.left * tall)]
    ax.add_patch(Polygon(corners, closed=True, facecolor=ALIVE_PALE, edgecolor=ALIVE_COLOUR, linewidth=look.thin,
                         linestyle=(0, (2, 2)), zorder=1))  # fmt: skip
    ax.text(x + 0.62 * stream.wedge, top + 0.2 * tall, f"\u00d7 {factor_text(block.factor)}", fontsize=look.small,
            color=dark(ALIVE_COLOUR, 6.0), rotation=90, ha="center", va="center", fontweight="bold")  # fmt: skip


def factor_text(factor: float) -> str:
    """How much larger, in two figures.

    Examples
    --------
    >>> factor_text(4.96), factor_text(4801.3), factor_text(1.25)
    ('5', '4,800', '1.2')
    """
    rounded = float(f"{factor:.2g}")
    return f"{rounded:,.0f}" if rounded >= 10 or rounded == round(rounded) else f"{rounded:g}"


def _kinds(one: Funnel) -> str:
    """Colonies by kind, as a sentence."""
    told = kinds_of(one)
    return f"{told[0].upper()}{told[1:]}." if told else ""


def _sentence(one: Funnel) -> str:
    last = one.rows[-1]
    if last.fraction_of_all <= 0:
        return "What became of the cells that set out"
    verb = "passes" if sentence_of(last.fraction_of_all).startswith("One") else "pass"
    return f"{sentence_of(last.fraction_of_all)} {verb} all steps; what became of the others"


def _said(one: Funnel) -> str:
    """The figure in words."""
    parts: Sequence[str] = [
        f"at {block.step} " + ", ".join(f"{one_in(b.share)} end by {b.cause}" for b in block.branches[:3])
        for block in blocks_of(one) if block.branches
    ]  # fmt: skip
    end = one.rows[-1].fraction_of_all
    told = f"Alluvial figure of what becomes of all cells. {one.label}: {one.made}. Of all cells, " + "; ".join(parts)
    return f"{told}. {one_in(end) if end > 0 else 'Nobody'} pass all steps."
