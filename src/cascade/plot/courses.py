"""One patient over the years of the tumour: the size of every lesion, who shed it, and how long its founder slept."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import DEATH_COLOUR, INK, QUIET, organ_mark
from cascade.common.errors import InputError
from cascade.common.sight import dark
from cascade.patient.course import Course, Lesion
from cascade.plot.fitting import broken, inches_of, lines_in, width_of, words
from cascade.plot.founders import (
    DASHES, SLEEPERS, Life, Sign, caption_of, draw_end, draw_signs, draw_single, lives_of, made_of, packed, rows_of,
    signs_of, told_mm,
)  # fmt: skip
from cascade.plot.look import Look, look_of
from cascade.plot.notation import power
from cascade.plot.sheet import Heading, Plan, Sheet, apart, frame, made
from cascade.plot.style import figure_around, sign

POINTS = 240
"""Of a curve."""

LANES = 30
"""Of the strip, at most; then founders of a site share."""

FEW = 24
"""Founders up to which the line from the source to the founder is drawn boldly."""

Floats = npt.NDArray[np.float64]


def course(course: Course, *, ax: Axes | None = None, style: str = "screen") -> Figure:
    """One patient from the first cell of the tumour to the end: every lesion by its size, every founder by its lane.

    Above, sizes on a log axis: in millimetres at the left, in cells at the right.  A thin line runs from the source of
    a founder, at the moment at which it was shed, down to its lane; the lesion rises where it was founded.  Lesions that
    sleep, small and without vessels, are dashed.  Below, founders while they are single cells, by site.

    Parameters
    ----------
    course : Course
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
        When ``course`` is none.
    """
    if not isinstance(course, Course):
        raise InputError("course", course, "the course of a patient, from cohort.patient(number)")
    look = look_of(style)
    figure = None if ax is None else figure_around(ax)
    shown = Shown(course)
    if ax is None:
        drawn = made(look, 2, lambda fitted, width, high: _plan(shown, fitted, width, high))
    else:
        inches = inches_of(ax)
        _sizes(ax, shown, look, inches, _span(shown, look, inches[0]))
        ax.set_xlabel("years since the first cell of the tumour", fontsize=look.small, loc="left")
        ax.set_title(broken(course.label, inches[0], look.title), loc="left", fontsize=look.title, color=INK,
                     gid="title")  # fmt: skip
        drawn = figure_around(ax)
    sign(figure or drawn, made_of(course), alt=_said(shown))
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
        return tuple(lesion for lesion in self.course.lesions if lesion.number == 0 or lesion.fate == "grows")

    @cached_property
    def ends(self) -> dict[int, float]:
        """Cells at the end, by lesion."""
        found = self.course.cells(self.course.years)[:, 0]
        return {lesion.number: max(1.0, float(found[lesion.number])) for lesion in self.growing}

    @cached_property
    def most(self) -> float:
        """Cells at the top of the axis."""
        return 2.0 * max(10.0, *self.ends.values())

    def curve(self, lesion: Lesion) -> tuple[Floats, Floats]:
        """Years and cells of a lesion, with a point at each of its turns."""
        start = 0.0 if lesion.number == 0 else lesion.founded
        old = self.course.disease.lesions.early_days / lesion.pace / 365.25
        turns = [year for year in (start, start + old, lesion.asleep, lesion.awake) if start <= year <= self.course.years]
        years = np.unique(np.concatenate([np.linspace(start, self.course.years, POINTS), turns]))
        return years, np.maximum(self.course._cells_of(lesion, years), 1.0)

    @cached_property
    def counts(self) -> str:
        """How many founders and lesions, in words."""
        fates = Counter(life.fate for life in self.lives)
        told = [f"{fates[fate]:,} {word}" for fate, word in _FATES.items() if fates[fate]]
        if not told:
            return "no cell was shed that founds"
        return f"{len(self.lives):,} founder{'s' * (len(self.lives) > 1)}: {', '.join(told)}"

    @cached_property
    def lanes(self) -> list[Group]:
        """The strip: founders by site, the site of the first founder on top."""
        return _grouped(self.lives, 0.012 * self.course.years)


_FATES = {"grows": "grow", "died out": "died out", "in transit": "asleep or in transit at the end"}


@dataclass(frozen=True)
class Group:
    """Founders of a site, the lane of each, and how many lanes there are."""

    site: str
    lives: tuple[Life, ...]
    places: tuple[int, ...]
    lanes: int
    shared: bool


def _grouped(lives: Sequence[Life], gap: float) -> list[Group]:
    by_site: dict[str, list[Life]] = {}
    for life in lives:
        by_site.setdefault(life.site, []).append(life)
    spans = {site: [(life.shed, _last(life) + gap) for life in some] for site, some in by_site.items()}
    need = {site: max(packed(some, len(some))) + 1 for site, some in spans.items()}
    given = dict.fromkeys(by_site, 1)
    # One lane more at a time to the site that is most crowded, until none is or there are no more.
    while sum(given.values()) < LANES and any(given[site] < need[site] for site in need):
        given[max(need, key=lambda site: need[site] / given[site] if given[site] < need[site] else 0.0)] += 1
    return [
        Group(site, tuple(some), tuple(packed(spans[site], given[site])), given[site], given[site] < need[site])
        for site, some in by_site.items()
    ]


def _last(life: Life) -> float:
    """Until when a founder takes its lane."""
    return life.last if life.gone else life.single


def _span(shown: Shown, look: Look, inches: float) -> float:
    """Years that the axis spans, with room for the names at the right."""
    beside = max(width_of(text, look.small) for text, _ in _names(shown, 99)) + 2.6 * look.em
    return shown.course.years / max(0.4, 1.0 - beside / inches)


def _names(shown: Shown, room: int) -> list[tuple[str, Lesion]]:
    """Names and sizes of lesions that grow, the largest first, as many as there is room for; the last tells the rest."""
    course = shown.course
    order = sorted(shown.growing, key=lambda lesion: -shown.ends[lesion.number])
    told = [(f"{lesion.site}  {told_mm(course.disease.mm(shown.ends[lesion.number]))}", lesion) for lesion in order]
    if len(told) <= room:
        return told
    rest = order[room - 1 :]
    largest = course.disease.mm(shown.ends[rest[0].number])
    return [*told[: room - 1], (f"{len(rest)} more, {told_mm(largest)} or less", rest[0])]


def _plan(shown: Shown, look: Look, width: float, high: float) -> Plan:
    """Sizes above, the strip of single cells below, the key and the caption under them."""
    pad = 0.4 * look.em
    course = shown.course
    heading = Heading(look, width - 2 * pad, f"{course.label}: {course.ended}", _sentence(shown))
    marks_left = max(width_of(text, look.small) for text in (*_MM.values(), "one cell")) + 1.0 * look.em
    marks_right = width_of("10\u00b9\u00b2", look.small) + 1.9 * look.em
    left, across = pad + marks_left + 1.0 * look.em, width - 2 * pad - marks_left - marks_right - 1.0 * look.em
    signs = rows_of(_signs(shown), look, width - 2 * pad)
    note = broken(_caption(shown), width - 2 * pad, look.small)
    groups = shown.lanes
    lanes = sum(group.lanes for group in groups)
    strip = max(lanes * 0.62, len(groups) * 1.02, 1.4) * look.leading(1) + 0.5 * look.em
    axis = look.leading(2.6)
    foot = look.leading(len(signs)) + look.leading(lines_in([note])) + 0.9 * look.em
    top, gap = pad + heading.height + look.leading(1.2), 0.8 * look.em
    tall = 0.36 * width
    if high:
        tall = max(0.18 * width, min(0.5 * width, high - top - gap - strip - axis - foot - pad))

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
        _strip(lower, shown, look, (across, strip), span)
        sheet.text(pad, top + tall + gap + strip / 2, broken("single cells", strip, look.small), rotation=90,
                   va="center", ha="left", color=INK)  # fmt: skip
        y = top + tall + gap + strip + axis + 0.3 * look.em
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
    _sheddings(ax, shown, look)
    for lesion in sorted(shown.growing, key=lambda lesion: shown.ends[lesion.number]):
        _curve(ax, shown, lesion, look, inches)
    _ends(ax, shown, look, inches, span)
    _death(ax, shown, look, named=True)
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
    ax.set_xticks(_years(course.years, inches[0] * course.years / span, look))


def _years(last: float, inches: float, look: Look) -> list[float]:
    """Marks of an axis of years: as many as there is room for."""
    most = max(2.0, inches / (3.2 * look.em))
    step = next(step for step in (0.5, 1, 2, 5, 10, 20, 50, 100, 200) if last / step <= most)
    return [k * step for k in range(math.floor(last / step + 1e-9) + 1)]


def _curve(ax: Axes, shown: Shown, lesion: Lesion, look: Look, inches: tuple[float, float]) -> None:
    """A lesion over time; dashed while it sleeps."""
    primary = lesion.number == 0
    colour, mark = (INK, organ_mark("primary").mark) if primary else organ_mark(lesion.site)
    years, cells = shown.curve(lesion)
    many = len(shown.growing) > FEW
    how = {"color": colour, "linewidth": look.heavy if primary else 0.7 * look.line if many else look.line}
    order = 4 if primary else 3
    ax.plot(years, cells, zorder=order, label=f"lesion {lesion.number}", solid_capstyle="butt", **how)
    asleep = (years >= lesion.asleep) & (years <= lesion.awake)
    if not primary and asleep.sum() > 1:
        where = [years[asleep][0], years[asleep][-1]]
        level = [cells[asleep][0], cells[asleep][-1]]
        ax.plot(where, level, color="white", linewidth=1.5 * how["linewidth"], zorder=order, label="_ground")
        ax.plot(where, level, linestyle=DASHES, dash_capstyle="butt", zorder=order, label=f"_asleep {lesion.number}", **how)
    ax.plot(years[-1:], cells[-1:], marker=mark, color=colour, markersize=look.mark * (0.8 if many else 1.1),
            markeredgecolor="white", markeredgewidth=0.5 * look.thin, linestyle="none", zorder=6,
            label=f"_end {lesion.number}")  # fmt: skip


def _sheddings(ax: Axes, shown: Shown, look: Look) -> None:
    """A thin line from the source at the moment of shedding down to the lane of the founder."""
    course = shown.course
    many = len(shown.lives) > FEW
    for life in shown.lives:
        source = course.lesions[life.parent]
        start = float(np.maximum(course._cells_of(source, np.array([life.shed])), 1.0)[0])
        colour = organ_mark(life.site).colour
        ax.plot([life.shed, life.shed], [start, 0.7], color=colour, linewidth=look.thin * (0.6 if many else 1.0),
                alpha=0.45 if many else 0.9, zorder=1.5, label=f"_shed {life.lesion}")  # fmt: skip
        ax.plot([life.shed], [start], marker="_" if many else "o", color=colour, markersize=look.mark * 0.45,
                markerfacecolor="white", markeredgewidth=look.thin, linestyle="none", zorder=5,
                label=f"_from {life.lesion}")  # fmt: skip
        if not many:
            ax.plot([life.shed], [1.0], marker="v", color=colour, markersize=look.mark * 0.7, linestyle="none",
                    zorder=2, label=f"_arrow {life.lesion}")  # fmt: skip


def _ends(ax: Axes, shown: Shown, look: Look, inches: tuple[float, float], span: float) -> None:
    """Names at the ends of curves, pushed apart, the largest on top."""
    high, decades = inches[1], math.log10(shown.most / 0.7)
    names = _names(shown, max(2, int(high / look.leading(1.05))))
    places = [(math.log10(shown.most) - math.log10(shown.ends[lesion.number])) / decades * high for _, lesion in names]
    found = apart(places, [look.leading(1.05)] * len(names), 0.0, high)
    year, per_inch = shown.course.years, span / inches[0]
    x = year + 1.4 * look.em * per_inch
    for (text, lesion), y in zip(names, found, strict=True):
        at = shown.most / 10.0 ** (y / high * decades)
        colour = INK if lesion.number == 0 else organ_mark(lesion.site).colour
        if text[0].isdigit():  # the rest, of many sites
            colour = QUIET
        ax.plot([year + 0.4 * look.em * per_inch, x], [shown.ends[lesion.number], at], color=colour,
                linewidth=look.thin, zorder=2, label="_leader")  # fmt: skip
        ax.text(x + 0.3 * look.em * per_inch, at, words(text), fontsize=look.small, color=dark(colour), va="center",
                fontweight="bold" if lesion.number == 0 else "normal", zorder=7)  # fmt: skip


def _death(ax: Axes, shown: Shown, look: Look, *, named: bool) -> None:
    """The end of the patient."""
    course = shown.course
    colour = DEATH_COLOUR if course.cause else QUIET
    low, high = ax.get_ylim()
    ax.plot([course.years] * 2, [low, high], color=colour, linewidth=look.heavy * 0.8 if course.cause else look.thin,
            zorder=2.5, label="end", solid_capstyle="butt")  # fmt: skip
    if named:
        text = f"died of {course.cause}" if course.cause else "alive"
        ax.annotate(f"{text}, {course.years:.1f} years", (course.years, 1.0), xycoords=("data", "axes fraction"),
                    xytext=(0, 0.3 * look.small), textcoords="offset points", ha="right", va="bottom",
                    fontsize=look.small, color=dark(colour))  # fmt: skip


def _strip(ax: Axes, shown: Shown, look: Look, inches: tuple[float, float], span: float) -> None:
    """A lane for each founder while it is a single cell, by site."""
    groups, course = shown.lanes, shown.course
    across, high = inches
    ax.set_xlim(-0.008 * span, span)
    heights = [max(group.lanes * 0.62, 1.02) * look.leading(1) for group in groups]
    spare = (high - sum(heights)) / max(1, len(groups) + 1)
    ax.set_ylim(high, 0.0)
    top = spare
    many = len(shown.lives) > FEW
    for group, tall in zip(groups, heights, strict=True):
        pitch = tall / group.lanes
        for life, place in zip(group.lives, group.places, strict=True):
            y = top + (place + 0.5) * pitch
            draw_single(ax, y, life, look, span / across, size=0.75 if many else 1.0)
            if life.gone:
                draw_end(ax, y, life, look, course.years)
            if not many:
                ax.plot([life.shed] * 2, [0.0, y], color=organ_mark(life.site).colour, linewidth=look.thin, alpha=0.9,
                        zorder=1.5, label="_leader")  # fmt: skip
        text = f"{group.site}  \u00d7 {len(group.lives)}" if len(group.lives) > 1 else group.site
        ax.text(course.years + 1.7 * look.em * span / across, top + tall / 2, words(text), fontsize=look.small,
                color=dark(organ_mark(group.site).colour), va="center")  # fmt: skip
        top += tall + spare
    if not groups:
        ax.text(0.0, high / 2, "none", fontsize=look.small, color=QUIET, va="center")
    _death(ax, shown, look, named=False)
    frame(ax, look)
    ax.set_yticks([])
    ax.spines["bottom"].set_bounds(0.0, course.years)
    ax.set_xticks(_years(course.years, across * course.years / span, look))
    ax.set_xlabel("years since the first cell of the tumour", fontsize=look.small, loc="left", labelpad=0.3 * look.small)


def _signs(shown: Shown) -> list[Sign]:
    """The key."""
    signs = signs_of(shown.lives, shown.course.years)
    if any(lesion.asleep < min(lesion.awake, shown.course.years) for lesion in shown.growing[1:]):
        signs.append(Sign("dashed", "above: a lesion that sleeps"))
    return signs


def _caption(shown: Shown) -> str:
    shared = sum(len(group.lives) for group in shown.lanes if group.shared)
    note = f"{shown.counts[0].upper()}{shown.counts[1:]}."
    if shared:
        note += f" {shared:,} of them share lanes."
    return caption_of(made_of(shown.course), note, SLEEPERS if shown.lives else "")


def _sentence(shown: Shown) -> str:
    """What a slide says above it."""
    grown = len(shown.growing) - 1
    if not shown.lives:
        return "No cell was shed that founds a metastasis"
    many = f"{len(shown.lives):,} cell{'s' * (len(shown.lives) > 1)} founded or will"
    if not grown:
        return f"{many}, and no lesion grows"
    return f"{many}: {grown:,} lesion{'s grow' if grown > 1 else ' grows'}"


def _said(shown: Shown) -> str:
    """The figure in words."""
    course = shown.course
    text = f"Course of one patient over the years of the tumour, sizes on a log axis. {course.label}: {course.ended}."
    text += f" {shown.counts[0].upper()}{shown.counts[1:]}."
    order = sorted(shown.growing, key=lambda lesion: -shown.ends[lesion.number])[:6]
    sizes = ", ".join(f"{le.site} {told_mm(course.disease.mm(shown.ends[le.number]))}" for le in order)
    return f"{text} Sizes at the end: {sizes}. {SLEEPERS if shown.lives else ''}".strip()
