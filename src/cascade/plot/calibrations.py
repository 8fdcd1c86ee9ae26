"""What a disease was fitted to, and what it was not: published figures or own counts beside what the disease says.

Shares lie on an axis of log odds, sizes, times and ratios over what was observed, on a log axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_COLOUR, INK, QUIET
from cascade.common.errors import InputError
from cascade.common.shares import plain_percent
from cascade.inference.cohorts.fitted import DiseaseFit
from cascade.patient.calibration import APART, LEAST_SHARE, Row, there
from cascade.patient.disease import Disease
from cascade.plot.fitting import broken, inches_of, lines_in, width_of
from cascade.plot.founders import caption_of
from cascade.plot.look import Look, look_of
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, frame, made
from cascade.plot.style import sign

ROLES = {
    "target": ("disease, fitted to it", False),
    "choice": ("disease, looked at before the model was chosen", False),
    "comparison": ("disease, neither", True),
}
"""Words of the key by the role of a row, and whether the mark is filled."""

MARKS = {"target": "D", "choice": "s", "comparison": "D"}
SHARES = (1e-4, 1e-3, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999)
RATIOS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
AXES = {
    "share": "share, on an axis of log odds",
    "size": "sizes, times, numbers and ratios, over what was observed (log axis)",
}
NAMES = 0.46
"""Of the width of a panel, for names of rows."""

MOST_ON_A_SLIDE = 14


def calibrated(source: Disease | DiseaseFit, *, style: str = "screen") -> Figure:
    """Each figure that a disease was fitted to, or that was kept aside, with its error, and what the disease says.

    Whiskers are two errors of what was observed to either side.  Open marks were fitted or looked at, filled ones
    neither.  A slide shows those that lie farthest apart.

    Parameters
    ----------
    source : Disease or DiseaseFit
        With a calibration.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        For a disease that was not fitted.
    """
    disease = source.disease if isinstance(source, DiseaseFit) else source
    if not isinstance(disease, Disease) or disease.calibration is None or not disease.calibration.rows:
        raise InputError("source", getattr(disease, "name", source), "a disease that was fitted to some figures")
    look, every = look_of(style), disease.calibration.rows
    rows = sorted(every, key=lambda row: -abs(row.apart))[:MOST_ON_A_SLIDE] if look.slide else list(every)
    rows = [row for row in every if row in rows]
    met = sum(abs(row.apart) <= APART for row in every)
    sentence = f"{met} of {len(every)} figures lie within two errors"
    less = f"Shown are the {len(rows)} of {len(every)} that lie farthest apart." if len(rows) < len(every) else ""
    told = f"disease {disease.name} (sha256 {disease.digest()[:16]}), fitted by {disease.calibration.made}"
    title = f"{disease.title or disease.name}: what was observed, and what the disease says"
    figure = made(
        look, 2, lambda fitted, width, high: _plan(rows, (title, sentence, caption_of(told, less)), fitted, width, high)
    )
    sign(figure, told, alt=_said(title, sentence, every))
    return figure


def _plan(rows: Sequence[Row], texts: tuple[str, str, str], look: Look, width: float, high: float) -> Plan:
    """Shares above, sizes and ratios below, each row with its name at the left."""
    pad = 0.4 * look.em
    inside = width - 2 * pad
    title, sentence, note = texts
    heading, note = Heading(look, inside, title, sentence), broken(note, inside, look.small)
    roles = [role for role in ROLES if any(row.role == role for row in rows)]
    shown = [Entry("observed, two errors", INK, "o")]
    shown += [Entry(ROLES[role][0], ALIVE_COLOUR, MARKS[role], filled=ROLES[role][1]) for role in roles]
    key = Key(shown, look, inside)
    panels = [[row for row in rows if row.measure == measure] for measure in ("share", "size")]
    named = [[broken(row.name, NAMES * inside, look.small) for row in part] for part in panels]
    beside = max(width_of(line, look.small) for part in named for name in part for line in name.split("\n"))
    beside += 0.8 * look.em
    talls = [sum(look.leading(1.35 + name.count("\n")) for name in part) for part in named]
    axis, foot = look.leading(3.0), look.leading(lines_in([note])) + 0.4 * look.em
    top = pad + heading.height + key.height + look.leading(0.5)
    fixed = top + axis * sum(bool(part) for part in panels) + foot + pad
    if high and fixed + sum(talls) < high:
        talls = [tall * min(1.6, (high - fixed) / sum(talls)) for tall in talls]

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        key.draw(sheet, pad, pad + heading.height)
        y = top
        for part, names, tall, measure in zip(panels, named, talls, ("share", "size"), strict=True):
            if not part:
                continue
            ax = sheet.axes(pad + beside, y, inside - beside - 0.6 * look.em, tall)
            ax.set_label(measure)
            _panel(ax, part, names, measure, look)
            y += tall + axis
        sheet.text(pad, max(y, high - foot - pad), note, color=QUIET)

    return Plan(fixed + sum(talls), draw)


def _panel(ax: Axes, rows: Sequence[Row], names: Sequence[str], measure: str, look: Look) -> None:
    """Of each row a dot with its whiskers, and the disease's mark below it."""
    ends: list[float] = []
    for y, row in enumerate(rows[::-1]):
        low, high = (_place(end, row) for end in row.range)
        model = _place(row.simulated, row)
        ax.plot([low, high], [y + 0.17] * 2, color=INK, linewidth=look.line, solid_capstyle="butt", zorder=3)
        seen = Entry(row.name, INK, "o")
        ax.plot([_place(row.observed, row)], [y + 0.17], marker="o", linestyle="none", zorder=4, **seen.how(look))
        mark = Entry(row.name, ALIVE_COLOUR, MARKS[row.role], filled=ROLES[row.role][1])
        ax.plot([model], [y - 0.17], marker=mark.mark, linestyle="none", zorder=5, clip_on=False, **mark.how(look))
        ends += [low, high, model]
    ax.set_yticks(range(len(rows)), list(names)[::-1])
    ax.set_ylim(-0.7, len(rows) - 0.3)
    room = 0.04 * (max(ends) - min(ends)) + 0.05
    ax.set_xlim(min(ends) - room, max(ends) + room)
    marks = SHARES if measure == "share" else RATIOS
    scale = "logit" if measure == "share" else "log"
    inside = [m for m in marks if min(ends) - room <= there(m, scale) <= max(ends) + room]
    ticks = _apart({there(m, scale): _told(m, measure) for m in inside}, inches_of(ax)[0], ax.get_xlim(), look)
    ax.set_xticks(list(ticks), list(ticks.values()))
    frame(ax, look, grid="x")
    what = (
        "share, on an axis of log odds"
        if measure == "share"
        else "sizes, times, numbers and ratios, over what was observed (log axis)"
    )
    ax.set_xlabel(what, fontsize=look.small, loc="left", labelpad=0.3 * look.small)


def _told(mark: float, measure: str) -> str:
    if measure == "share":
        return plain_percent(mark)
    return "as observed" if mark == 1 else f"x {mark:g}"


def _apart(ticks: dict[float, str], inches: float, span: tuple[float, float], look: Look) -> dict[float, str]:
    """Marks of an axis, those that lie apart from each other; the middle ones first."""
    kept: dict[float, str] = {}
    for at in sorted(ticks, key=abs):
        half = {x: width_of(text, look.small) / 2 for x, text in {**kept, at: ticks[at]}.items()}
        each = inches / (span[1] - span[0])
        if all(abs(at - x) * each > half[at] + half[x] + 0.5 * look.em for x in kept):
            kept[at] = ticks[at]
    return dict(sorted(kept.items()))


def _place(value: float, row: Row) -> float:
    """Where a value lies on its axis: a share by its log odds, anything else by its logarithm over what was seen."""
    if row.measure == "share":
        return there(min(max(value, LEAST_SHARE), 1.0 - LEAST_SHARE), "logit")
    return math.log(max(value, LEAST_SHARE * row.observed) / row.observed)


def _said(title: str, sentence: str, rows: Sequence[Row]) -> str:
    """The figure in words."""
    far = sorted(rows, key=lambda row: -abs(row.apart))[:3]
    told = ", ".join(f"{row.name} ({row.observed:g} observed, {row.simulated:g} of the disease)" for row in far)
    return f"{title}. {sentence}. Farthest apart: {told}."
