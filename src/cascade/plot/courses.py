"""One patient over the years of the tumour: the size of every lesion, who shed it, and how long its founder slept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import INK, QUIET, organ_mark
from cascade.common.errors import InputError
from cascade.common.sight import dark
from cascade.patient.course import Course
from cascade.patient.lesions import Lesion
from cascade.plot.fitting import broken, inches_of, lines_in, width_of, words
from cascade.plot.founders import (
    DASHES,
    SLEEPERS,
    Life,
    Sign,
    caption_of,
    counts_of,
    draw_signs,
    lives_of,
    made_of,
    rows_of,
    signs_of,
    told_mm,
)  # fmt: skip
from cascade.plot.look import Look, look_of
from cascade.plot.notation import power
from cascade.plot.sheet import Heading, Plan, Sheet, apart, frame, made
from cascade.plot.strips import FEW, TIME, Group, draw_last, draw_strip, groups_of, year_marks
from cascade.plot.style import figure_around, sign
from cascade.plot.visits import ROW, care_caption, draw_care, draw_thresholds, threshold_caption

POINTS = 240
"""Of a curve."""

Floats = npt.NDArray[np.float64]


def course(source: Course, *, ax: Axes | None = None, style: str = "screen") -> Figure:
    """One patient from the first cell of the tumour to the end: every lesion by its size, every founder by its lane.

    Above, sizes on a log axis: in millimetres at the left, in cells at the right.  A thin line runs from the source of
    a founder, at the moment at which it was shed, down to its lane; the lesion rises where it was founded.  Lesions
    that sleep, small and without vessels, are dashed.  Below, founders while they are single cells, by site.

    Parameters
    ----------
    source : Course
        Of a patient: ``cohort.patient(number)``.
    ax : matplotlib Axes, optional
        For the sizes alone.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is no course.
    """
    if not isinstance(source, Course):
        raise InputError("source", source, "the course of a patient, from cohort.patient(number)")
    look = look_of(style)
    figure = None if ax is None else figure_around(ax)
    shown = Shown(source)
    if ax is None:
        drawn = made(look, 2, lambda fitted, width, high: _plan(shown, fitted, width, high))
    else:
        inches = inches_of(ax)
        _sizes(ax, shown, look, inches, _span(shown, look, inches[0]))
        ax.set_xlabel(TIME, fontsize=look.small, loc="left")
        ax.set_title(broken(source.label, inches[0], look.title), loc="left", fontsize=look.title, color=INK,
                     gid="title")  # fmt: skip
        drawn = figure_around(ax)
    sign(figure or drawn, made_of(source), alt=_said(shown))
    return figure or drawn


@dataclass(frozen=True)
class Shown:
    """A patient, and what is drawn of them."""

    course: Course

    @cached_property
    def lives(self) -> tuple[Life, ...]:
        """Founders."""
        return lives_of(self.course)

    @cached_property
    def growing(self) -> tuple[Lesion, ...]:
        """The primary and the lesions that grow."""
        return tuple(lesion for lesion in self.course.lesions if lesion.number == 0 or lesion.fate in GROWN)

    @cached_property
    def ends(self) -> dict[int, float]:
        """Cells at the end, by lesion."""
        found = {}
        for lesion in self.growing:
            last = self.end(lesion) - (1e-9 if math.isfinite(lesion.gone) else 0.0)
            found[lesion.number] = max(1.0, float(self.course.cells_of(lesion.number, last)[0]))
        return found

    def end(self, lesion: Lesion) -> float:
        """Year until which a lesion is there."""
        return min(self.course.years, lesion.gone)

    @cached_property
    def most(self) -> float:
        """Cells at the top of the axis."""
        return 3.0 * max(1000.0, *self.ends.values())

    def curve(self, lesion: Lesion) -> tuple[Floats, Floats]:
        """Years and cells of a lesion, with a point at each of its turns."""
        start = 0.0 if lesion.number == 0 else lesion.founded
        old = self.course.disease.lesions.early_days / lesion.pace / 365.25
        turns = [
            year for year in (start, start + old, lesion.asleep, lesion.awake) if start <= year <= self.course.years
        ]
        last = self.end(lesion) - (1e-9 if math.isfinite(lesion.gone) else 0.0)
        turns += [] if self.course.clinical is None else self._cared(start, last)
        years = np.unique(np.concatenate([np.linspace(start, last, POINTS), turns]))
        years = years[years <= last]
        return years, np.maximum(self.course.cells_of(lesion.number, years), 1.0)

    def _cared(self, start: float, last: float) -> list[float]:
        """Years at which care changes something, on both sides."""
        told = self.course.clinical
        assert told is not None
        when = [year for one in told.given for year in (one.begin, one.end)]
        return [year + step for year in when for step in (-1e-9, 1e-9) if start <= year + step <= last]

    def seen(self, lesion: Lesion) -> float:
        """Year in which a doctor first sees a lesion; where nobody looks it is drawn as seen."""
        return 0.0 if self.course.clinical is None else self.course.clinical.seen[lesion.number]

    @property
    def counts(self) -> str:
        """How many founders and lesions, in words."""
        return counts_of(self.lives)


GROWN = "grows", "ended by treatment"
"""Fates of lesions that have a curve."""

_ALONE = {
    "grows": "its lesion grows",
    "died out": "it died out",
    "in transit": "it is still a single cell",
    "ended by treatment": "treatment ended its lesion",
}


def _span(shown: Shown, look: Look, inches: float) -> float:
    """Years that the axis spans, with room for the names at the right."""
    beside = max(width_of(text, look.small, "bold") for text, *_ in _names(shown, 99)) + 2.6 * look.em
    return shown.course.years / max(0.4, 1.0 - beside / inches)


def _names(shown: Shown, room: int) -> list[tuple[str, Lesion, str]]:
    """Names and sizes of lesions that grow, the largest first, with their colours, as many as there is room for.

    The last tells the rest.
    """
    course = shown.course
    order = sorted(shown.growing, key=lambda lesion: -shown.ends[lesion.number])
    told = [
        (f"{lesion.site}  {_told_end(shown, lesion)}", lesion,
         organ_mark(lesion.site).colour)
        for lesion in order
    ]  # fmt: skip
    if len(told) <= room:
        return told
    rest = order[room - 1 :]
    largest = course.disease.mm(shown.ends[rest[0].number])
    return [*told[: room - 1], (f"{len(rest)} more, {told_mm(largest)} or less", rest[0], QUIET)]


def _told_end(shown: Shown, lesion: Lesion) -> str:
    """Size at the end, or that treatment ended it."""
    if math.isfinite(lesion.gone) and lesion.gone <= shown.course.years:
        return "taken out" if lesion.number == 0 else "ended by treatment"
    return told_mm(shown.course.disease.mm(shown.ends[lesion.number]))


def _plan(shown: Shown, look: Look, width: float, high: float) -> Plan:
    """Sizes above, the strip of single cells below, the key and the caption under them."""
    pad = 0.4 * look.em
    course = shown.course
    heading = Heading(look, width - 2 * pad, f"{course.label}: {course.ended}", _sentence(shown))
    marks_left = max(width_of(text, look.small) for text in (*_MM.values(), "one cell")) + 1.0 * look.em
    marks_right = width_of("10\u00b9\u00b2", look.small) + 1.9 * look.em
    left, across = pad + marks_left + 1.0 * look.em, width - 2 * pad - marks_left - marks_right - 1.0 * look.em
    signs = rows_of(_signs(shown), look, width - 2 * pad)
    groups = groups_of(shown.lives, course.years, look)
    note = broken(_caption(shown, groups, look), width - 2 * pad - 0.8 * look.em, look.small)
    strip = max(sum(group.height for group in groups), 2.0) * look.leading(1) + 0.5 * look.em
    axis = look.leading(2.6)
    foot = look.leading(len(signs)) + look.leading(lines_in([note])) + 0.9 * look.em
    visits = look.leading(ROW) if course.clinical is not None else 0.0
    top, gap = pad + heading.height + look.leading(1.2) + visits, 0.4 * look.em
    tall = 0.36 * width
    if high:
        tall = max(
            (0.18 - 0.01 * min(look.terse, 3)) * width, min(0.5 * width, high - top - gap - strip - axis - foot - pad)
        )

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        span = _span(shown, look, across)
        upper = sheet.axes(left, top, across, tall)
        upper.set_label("sizes")
        _sizes(upper, shown, look, (across, tall), span)
        upper.tick_params(axis="x", length=0, labelbottom=False)
        upper.spines["bottom"].set_visible(False)
        sheet.text(pad, top + tall / 2, "size of lesions", rotation=90, va="center", color=INK)
        lower = sheet.axes(left, top + tall + gap, across, strip)
        lower.set_label("single cells")
        draw_strip(lower, course, groups, look, (across, strip), span)
        sheet.text(left - 0.8 * look.em, top + tall + gap + strip / 2, "single\ncells", va="center", ha="right")
        y = max(top + tall + gap + strip + axis + 0.3 * look.em, high - foot - pad)
        draw_signs(sheet, pad, y, signs)
        sheet.text(pad, y + look.leading(len(signs)) + 0.3 * look.em, note, color=QUIET)

    return Plan(top + tall + gap + strip + axis + foot + pad, draw)


_MM = {1e-2: "0.01 mm", 1e-1: "0.1 mm", 1.0: "1 mm", 10.0: "1 cm", 100.0: "10 cm"}
"""Marks of diameters, in millimetres."""


def _sizes(ax: Axes, shown: Shown, look: Look, inches: tuple[float, float], span: float) -> None:
    """Curves of the primary and of all lesions that grow, and from whom each founder came."""
    course = shown.course
    ax.set_yscale("log")
    ax.set_xlim(-0.008 * span, span)
    ax.set_ylim(0.7, shown.most)
    draw_care(ax, course, look, inches, span)
    _sheddings(ax, shown, look)
    for lesion in sorted(shown.growing, key=lambda lesion: shown.ends[lesion.number]):
        _curve(ax, shown, lesion, look)
    _ends(ax, shown, look, inches, span)
    draw_thresholds(ax, course, look, inches, span)
    draw_last(ax, course, look, named=True)
    marks = {1.0: "one cell"} | {course.disease.cells_of(mm): text for mm, text in _MM.items()}
    marks = {n: text for n, text in marks.items() if n == 1.0 or 30.0 < n < shown.most}
    frame(ax, look, left=True)
    ax.set_yticks(list(marks), list(marks.values()))
    ax.minorticks_off()
    other = ax.twinx()
    other.set_yscale("log")
    other.set_ylim(0.7, shown.most)
    frame(other, look, bottom=False)
    other.spines["right"].set(visible=True, color=QUIET, linewidth=look.thin)
    ticks = range(0, math.floor(math.log10(shown.most)) + 1, 3)
    other.set_yticks([10.0**k for k in ticks], ["1" if not k else power(k) for k in ticks])
    other.minorticks_off()
    other.tick_params(axis="y", length=0.35 * look.small)
    other.set_ylabel("cells", fontsize=look.small, color=INK, labelpad=0.2 * look.small)
    ax.spines["bottom"].set_bounds(0.0, course.years)
    ax.set_xticks(year_marks(course.years, inches[0] * course.years / span, look))


def _curve(ax: Axes, shown: Shown, lesion: Lesion, look: Look) -> None:
    """A lesion over time; dashed while it sleeps."""
    primary = lesion.number == 0
    colour, mark = organ_mark(lesion.site)
    years, cells = shown.curve(lesion)
    many = len(shown.growing) > FEW
    wide = look.heavy if primary else 0.7 * look.line if many else look.line
    how: dict[str, Any] = {"color": colour, "linewidth": wide}
    order = 4 if primary else 3
    hidden = years < shown.seen(lesion)
    if shown.course.clinical is None or not hidden.any():
        ax.plot(years, cells, zorder=order, label=f"lesion {lesion.number}", solid_capstyle="butt", **how)
    else:  # thin until a doctor sees it
        ax.plot(years, cells, zorder=order, label=f"lesion {lesion.number}", color=colour, linewidth=0.6 * look.line)
        after = ~hidden
        ax.plot(years[after], cells[after], zorder=order, label=f"_seen {lesion.number}", color=colour,
                linewidth=max(wide, 1.6 * look.line), solid_capstyle="butt")  # fmt: skip
    asleep = (years >= lesion.asleep) & (years <= lesion.awake)
    if not primary and asleep.sum() > 1:
        where = [years[asleep][0], years[asleep][-1]]
        level = [cells[asleep][0], cells[asleep][-1]]
        ax.plot(where, level, color="white", linewidth=1.5 * wide, zorder=order, label="_ground")
        ax.plot(
            where, level, linestyle=DASHES, dash_capstyle="butt", zorder=order, label=f"_asleep {lesion.number}", **how
        )
    ended = math.isfinite(lesion.gone) and lesion.gone <= shown.course.years
    size = look.mark * (0.8 if many else 1.1)
    edge: dict[str, Any] = {"markeredgecolor": colour, "markeredgewidth": look.line} if ended else {
        "markeredgecolor": "white", "markeredgewidth": 0.5 * look.thin}  # fmt: skip
    ax.plot(years[-1:], cells[-1:], marker="x" if ended else mark, color=colour, markersize=size, linestyle="none",
            zorder=6, label=f"_end {lesion.number}", **edge)  # fmt: skip


def _sheddings(ax: Axes, shown: Shown, look: Look) -> None:
    """From the source at the moment of shedding down to the founder's lane; of many founders a tick there."""
    course = shown.course
    many = len(shown.lives) > FEW
    for life in shown.lives:
        start = max(1.0, float(course.cells_of(life.parent, life.shed)[0]))
        colour = organ_mark(life.site).colour
        if many:
            ax.plot([life.shed] * 2, [start * 1.25, start * 2.2], color=colour, linewidth=look.thin, zorder=5,
                    label=f"_from {life.lesion}")  # fmt: skip
            if life.fate == "grows":
                ax.plot([life.shed, life.founded], [start, 1.0], color=colour, linewidth=0.6 * look.thin, alpha=0.5,
                        zorder=1.5, label=f"_way {life.lesion}")  # fmt: skip
            continue
        ax.plot([life.shed] * 2, [start, 0.7], color=colour, linewidth=look.thin, alpha=0.9, zorder=1.5,
                label=f"_way {life.lesion}")  # fmt: skip
        ax.plot([life.shed], [start], marker="o", color=colour, markersize=look.mark * 0.6, markerfacecolor="white",
                markeredgewidth=look.thin, linestyle="none", zorder=5, label=f"_from {life.lesion}")  # fmt: skip
        ax.plot([life.shed], [1.0], marker="v", color=colour, markersize=look.mark * 0.7, linestyle="none",
                zorder=2, label=f"_arrow {life.lesion}")  # fmt: skip


def _ends(ax: Axes, shown: Shown, look: Look, inches: tuple[float, float], span: float) -> None:
    """Names at the ends of curves, pushed apart, the largest on top."""
    high, decades = inches[1], math.log10(shown.most / 0.7)
    names = _names(shown, max(2, int(high / look.leading(1.05))))
    places = [
        (math.log10(shown.most) - math.log10(shown.ends[lesion.number])) / decades * high for _, lesion, _ in names
    ]
    found = apart(places, [look.leading(1.05)] * len(names), 0.0, high)
    year, per_inch = shown.course.years, span / inches[0]
    x = year + 1.4 * look.em * per_inch
    for (text, lesion, colour), y in zip(names, found, strict=True):
        at = shown.most / 10.0 ** (y / high * decades)
        ax.plot([shown.end(lesion) + 0.4 * look.em * per_inch, x], [shown.ends[lesion.number], at], color=colour,
                linewidth=look.thin, zorder=2, label="_leader",
                linestyle=":" if shown.end(lesion) < year else "-")  # fmt: skip
        ax.text(x + 0.3 * look.em * per_inch, at, words(text), fontsize=look.small, color=dark(colour), va="center",
                fontweight="bold" if lesion.number == 0 else "normal", zorder=7)  # fmt: skip


def _signs(shown: Shown) -> list[Sign]:
    """The key."""
    signs = signs_of(shown.lives, shown.course.years)
    if any(lesion.asleep < min(lesion.awake, shown.course.years) for lesion in shown.growing[1:]):
        signs.append(Sign("dashed", "above: sleeps as a lesion"))
    return signs


def _caption(shown: Shown, groups: Sequence[Group], look: Look) -> str:
    shared = sum(len(group.lives) for group in groups if group.shared)
    note = f"{shown.counts[0].upper()}{shown.counts[1:]}."
    if shared:
        note += f" {shared:,} of them share lanes."
    if len(shown.lives) > FEW and not look.terse:
        note += " Ticks on a curve: founders that it shed; thin lines lead to those that grow."
    care = care_caption(shown.course), threshold_caption(shown.course)
    if look.terse:
        return caption_of(made_of(shown.course), note, *care[: 2 if look.terse < 2 else 0])
    return caption_of(made_of(shown.course), note, SLEEPERS if shown.lives else "", *care)


def _sentence(shown: Shown) -> str:
    """What a slide says above it."""
    if not shown.lives:
        return "No cell was shed that founds a metastasis"
    if len(shown.lives) == 1:
        return f"One founder: {_ALONE[shown.lives[0].fate]}"
    told = (
        counts_of(shown.lives).replace(":", "").replace(" still a", " is still a").replace(" still s", " are still s")
    )
    return "Of " + " and ".join(told.rsplit(", ", 1))


def _said(shown: Shown) -> str:
    """The figure in words."""
    course = shown.course
    text = f"Course of one patient over the years of the tumour, sizes on a log axis. {course.label}: {course.ended}."
    text += f" {shown.counts[0].upper()}{shown.counts[1:]}."
    order = sorted(shown.growing, key=lambda lesion: -shown.ends[lesion.number])[:6]
    sizes = ", ".join(f"{le.site} {told_mm(course.disease.mm(shown.ends[le.number]))}" for le in order)
    return f"{text} Sizes at the end: {sizes}. {SLEEPERS if shown.lives else ''}".strip()
