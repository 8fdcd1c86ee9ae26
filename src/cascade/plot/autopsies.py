"""Patients with a metastasis in each organ: the model, with what the fit leaves open, against the autopsies."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from cascade.answers.kinds import KINDS
from cascade.answers.patients import PatientRow, Patients
from cascade.common.colours import ALIVE_COLOUR, INK, QUIET, organ_mark
from cascade.common.errors import InputError
from cascade.common.shares import plain_percent
from cascade.plot.fitting import broken, inches_of, width_of
from cascade.plot.look import Look, look_of
from cascade.plot.notation import one_in
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, frame, made
from cascade.plot.sites import end_at_all
from cascade.plot.style import figure_around, sign
from cascade.solution.answer import Exact

MOST = 16
"""Organs that are shown, those with most patients."""

TOGETHER = 6
"""Organs of the table of organs given others, at most."""

LEAST_TOGETHER = 3

NAMES = 0.17
"""Of a figure's width that names of organs may have."""


def patients(source: Exact, *, ax: Axes | None = None, style: str = "screen") -> Figure:
    """Shares of patients with a metastasis in each organ, beside autopsies; and in one organ given another.

    Bands are 95 % intervals from the fit of soil and exposure, whiskers those of the counts.  Open diamonds were
    fitted to the counts beside them, filled ones were not.  With ``ax`` only the first panel is drawn.

    Parameters
    ----------
    source : Exact
        Of a cancer with autopsies; whole lives of all cells.
    ax : matplotlib Axes, optional
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).
    """
    if not isinstance(source, Exact):
        raise InputError("source", source, "an exact answer, from cascade.exact(...)")
    look = look_of(style)
    figure = None if ax is None else figure_around(ax)
    table = source.patients()
    title = f"{table.label}: patients with a metastasis"
    if ax is None:
        drawn = made(look, 2, lambda fitted, width, high: _plan(table, title, fitted, width, high))
    else:
        inches = inches_of(ax)
        names = [broken(_name(row), 0.3 * inches[0], look.small) for row in _shown(table)]
        _shares(ax, _shown(table), names, look)
        ax.set_title(broken(title, inches[0], look.title), loc="left", fontsize=look.title, color=INK, gid="title")
        drawn = figure_around(ax)
    sign(figure or drawn, source, alt=_said(title, table))
    return figure or drawn


def _shown(table: Patients, look: Look | None = None) -> list[PatientRow]:
    """Any distant one first, then organs of distant metastases, nodes and local growth; drawn from below."""
    kinds = list(KINDS)
    number = MOST if look is None else look.kept(MOST, least=5)
    most = sorted(table.rows, key=lambda row: (not _whole(row), -row.share))[: number + 1]
    return sorted(most, key=lambda row: (not _whole(row), kinds.index(row.kind), -row.share))[::-1]


def _whole(row: PatientRow) -> bool:
    """Whether the row is that of any distant metastasis."""
    return row.organ.startswith("any ")


def _name(row: PatientRow) -> str:
    """An organ, with how often it was looked at where that was seldom."""
    return f"{row.organ} ({one_in(row.detection)} looked for)" if row.detection < 1 else row.organ


def _plan(table: Patients, title: str, look: Look, width: float, high: float) -> Plan:
    """Shares at the left, one organ given another at the right."""
    pad, gap = 0.4 * look.em, 1.8 * look.em
    rows = _shown(table, look)
    sentence = f"{one_in(rows[-1].share)} of patients have a distant metastasis; most often in the {rows[-2].organ}"
    heading = Heading(look, width - 2 * pad, title, sentence)
    half = (width - 2 * pad - gap) * 0.52
    names = [broken(_name(row), NAMES * width, look.small) for row in rows]
    beside = max(width_of(part, look.small) for name in names for part in name.split("\n")) + 0.8 * look.em
    key = Key(
        [Entry("autopsies", INK, "o"), Entry("model, fitted to them", QUIET, "D", filled=False),
         Entry("model, not fitted to them", QUIET, "D")],
        look, half,
    )  # fmt: skip
    above, below = look.leading(0.3) + key.height, look.leading(2.6)
    tall = sum(max(1.7, name.count("\n") + 1.4) for name in names) * look.leading(1)
    top = pad + heading.height
    if high:
        tall = max(tall, min(1.5 * tall, high - top - above - below - pad))

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        key.draw(sheet, pad, top)
        ax = sheet.axes(pad + beside, top + above, half - beside - 1.3 * look.em, tall)
        ax.set_label("shares")
        _shares(ax, rows, names, look)
        if look.terse and len(rows) < len(table.rows):
            ax.set_xlabel(f"share of patients ({len(rows)} of {len(table.rows)} rows)")
        _given(sheet, table, pad + half + gap, top, width - 2 * pad - half - gap, tall + above)

    return Plan(top + above + tall + below + pad, draw)


def _shares(ax: Axes, rows: Sequence[PatientRow], names: Sequence[str], look: Look) -> None:
    """Of each organ a dot of what was seen, and the model's diamond on the band of the fit below it."""
    ends = [0.0]
    for y, row in enumerate(rows):
        colour = INK if _whole(row) else organ_mark(row.organ).colour
        # What an autopsy would have found of it.
        found = row.share * row.detection
        if row.low is not None and row.high is not None:
            low, high = row.low * row.detection, row.high * row.detection
            ax.plot([low, high], [y - 0.16] * 2, color=_pale(colour, 0.65), linewidth=2.2 * look.line,
                    solid_capstyle="butt", zorder=2)  # fmt: skip
            ends.append(high)
        entry = Entry(row.organ, colour, "D", filled=not row.fitted)
        ax.plot([found], [y - 0.16], marker="D", linestyle="none", zorder=4, **entry.how(look))
        ends.append(found)
        if row.found is not None and row.of and row.seen_low is not None and row.seen_high is not None:
            ax.plot([row.seen_low, row.seen_high], [y + 0.16] * 2, color=INK, linewidth=look.line,
                    solid_capstyle="butt", zorder=3)  # fmt: skip
            seen = Entry(row.organ, INK, "o")
            ax.plot([row.found / row.of], [y + 0.16], marker="o", linestyle="none", zorder=4, **seen.how(look))
            ends.append(row.seen_high)
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlim(-0.01, min(1.0, max(ends) * 1.04) + 0.01)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda v, _: plain_percent(v)))
    frame(ax, look, grid="x")
    ax.set_xlabel("share of patients", fontsize=look.small, loc="left", labelpad=0.3 * look.small)
    end_at_all(ax)


def _given(sheet: Sheet, table: Patients, left: float, top: float, width: float, tall: float) -> None:
    """A table: of patients with a metastasis in the organ of the row the share with one in that of the column."""
    look = sheet.look
    organs = [row.organ for row in _shown(table, look)[::-1] if not _whole(row)][:TOGETHER]
    told = "Of those with a metastasis in ..., share with one in ..."
    sheet.text(left, top, broken(told, width, look.small), gid="panel")
    wide = min(0.3 * width, max(width_of(organ, look.small) for organ in organs) + 0.6 * look.em)
    # As many columns as have room for their longest word.
    while len(organs) > LEAST_TOGETHER and _longest(organs, look) > 0.94 * (width - wide) / len(organs):
        organs = organs[:-1]
    names = [broken(organ, wide, look.small) for organ in organs]
    cell = (width - wide) / len(organs)
    heads = [broken(organ, 0.94 * cell, look.small) for organ in organs]
    head = look.leading(1.4 + max(name.count("\n") + 1 for name in heads))
    high = min((tall - head) / len(organs), 2.6 * look.em)
    for j, name in enumerate(heads):
        sheet.text(left + wide + (j + 0.5) * cell, top + head - look.leading(0.25), name, ha="center", va="bottom")
    for i, given in enumerate(organs):
        y = top + head + i * high
        sheet.text(left, y + high / 2, names[i], va="center")
        for j, organ in enumerate(organs):
            share = 1.0 if organ == given else table.among(organ, given=given)
            x = left + wide + j * cell
            if organ != given:
                box = Rectangle(
                    ((x + 0.02 * cell) / sheet.width, 1.0 - (y + 0.96 * high) / sheet.height),
                    0.96 * cell / sheet.width, 0.92 * high / sheet.height,
                    transform=sheet.figure.transFigure, linewidth=0, facecolor=_pale(ALIVE_COLOUR, 1.0 - 0.45 * share),
                )  # fmt: skip
                sheet.figure.add_artist(box)
            told = "\N{EM DASH}" if organ == given else one_in(share)
            sheet.text(x + cell / 2, y + high / 2, told, ha="center", va="center", zorder=5)


def _longest(organs: Sequence[str], look: Look) -> float:
    """Inches of the longest word among names."""
    return max(width_of(word, look.small) for organ in organs for word in organ.split())


def _said(title: str, table: Patients) -> str:
    """The figure in words."""
    parts = []
    for row in _shown(table)[:-7:-1]:
        seen = f" ({one_in(row.found / row.of)} of autopsies)" if row.found is not None and row.of else ""
        parts.append(f"{row.organ} {one_in(row.share)}{seen}")
    return f"Shares of patients by organ, model and autopsies. {title}. {', '.join(parts)}."


def _pale(colour: str, lighter: float) -> str:
    """The colour, mixed with white by the share ``lighter``."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(p + (255 - p) * lighter):02X}" for p in parts)
