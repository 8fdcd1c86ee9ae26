"""Panels over years since diagnosis: curves of shares with bands, names at their ends, numbers below."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import INK, QUIET
from cascade.common.errors import InputError
from cascade.common.sight import dark
from cascade.common.types import Floats
from cascade.patient.cohort import Cohort
from cascade.patient.follow.answers import FollowUp
from cascade.plot.fitting import broken, lines_in, shortened, width_of, words
from cascade.plot.founders import caption_of
from cascade.plot.look import Look, look_of
from cascade.plot.notation import one_in
from cascade.plot.sheet import Heading, Plan, Sheet, apart, frame, made
from cascade.plot.strips import year_marks
from cascade.plot.style import sign

TIME = "years since diagnosis"
MOST_NAMES = 0.3
"""Of the width, for names beside numbers below an axis."""

NARROW = 0.006
"""Part of the axis below which a band is not told from its line."""


@dataclass(frozen=True)
class Line:
    """A curve of a panel.

    Attributes
    ----------
    name : str
    colour : str
    years, share : array of float
    low, high : array of float, optional
        95 %, pointwise.
    steps : bool
        Or dots, with bars for intervals.
    exact : bool
        A thin line of ink with open diamonds.
    smooth : bool
        A thin dashed line with its band.
    """

    name: str
    colour: str
    years: Floats
    share: Floats
    low: Floats | None = None
    high: Floats | None = None
    steps: bool = True
    exact: bool = False
    smooth: bool = False


@dataclass(frozen=True)
class Panel:
    """Curves, the axis they are on, and rows of numbers below.

    Attributes
    ----------
    title : str
    lines : tuple of Line
    axis : str
        What is on the vertical axis.
    top : float
        Of the axis; 0: as high as the curves.
    rows : tuple of (str, str, sequence)
        Name, colour and a number for each of the marked years, by year or by another time.
    per_cent : bool
    symmetric : bool
        About 0, at least 3 on either side.
    bars : tuple of Bars
    areas : tuple of Area
        From the lowest to the highest.
    """

    title: str
    lines: tuple[Line, ...]
    axis: str
    top: float = 0.0
    rows: tuple[tuple[str, str, Mapping[Any, str]], ...] = ()
    per_cent: bool = True
    symmetric: bool = False
    bars: tuple[Bars, ...] = ()
    areas: tuple[Area, ...] = ()

    @property
    def names(self) -> list[str]:
        """Of all that is drawn."""
        return [
            *(line.name for line in self.lines), *(bars.name for bars in self.bars), *(area.name for area in self.areas)
        ]  # fmt: skip

    @property
    def years(self) -> list[Floats]:
        """Of all that is drawn."""
        return [
            *(line.years for line in self.lines), *(bars.years for bars in self.bars),
            *(area.years for area in self.areas),
        ]  # fmt: skip


@dataclass(frozen=True)
class Area:
    """A share that lies on those below it."""

    name: str
    colour: str
    years: Floats
    share: Floats


@dataclass(frozen=True)
class Bars:
    """Bars from 0: the numbers of each year, up or down."""

    name: str
    colour: str
    years: Floats
    values: Floats


@dataclass(frozen=True)
class Page:
    """A figure: panels one above the other."""

    heading: str
    sentence: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...]
    made: str
    said: str
    columns: int = 2
    heights: tuple[float, ...] = field(default=(0.34,))
    time: str = TIME
    room: float = 1.0
    """End of the axis, over the last time."""


def followed(source: object) -> FollowUp:
    """The follow-up of a cohort under a care.

    Raises
    ------
    InputError
        For anything else, or where nobody was diagnosed.
    """
    if isinstance(source, Cohort):
        source = source.follow_up()
    if not isinstance(source, FollowUp):
        raise InputError("source", source, "a cohort under a care, from cascade.cohort(disease, care=...)")
    if source.diagnosed == 0:
        raise InputError("source", source.label, "patients of whom some were diagnosed")
    return source


def made_from(source: Cohort | FollowUp) -> str:
    """How patients were made: the disease with its digest, where it is known, and the recipe in words."""
    if isinstance(source, FollowUp):
        return f"{source.label}; {source.note.rstrip('.')}"
    disease = source.disease
    return f"disease {disease.name} (sha256 {disease.digest()[:16]}), {source.made}"


def drawn(page: Page, style: str) -> Figure:
    """The figure of a page."""
    look = look_of(style)
    figure = made(look, page.columns, lambda fitted, width, high: _plan(page, fitted, width, high))
    sign(figure, page.made, alt=page.said)
    return figure


def _plan(page: Page, look: Look, width: float, high: float) -> Plan:
    pad, every = 0.4 * look.em, page.panels
    page = replace(page, panels=every[: look.kept(len(every), least=1, after=1)])
    heading = Heading(look, width - 2 * pad, page.heading, page.sentence)
    less = [f"{len(page.panels)} of {len(every)} panels are shown."] * (len(page.panels) < len(every))
    note = caption_of(page.made, *less, *page.notes[: len(page.notes) if look.terse < 2 else 1])
    note = broken(note, width - 2 * pad - 0.8 * look.em, look.small)
    foot = look.leading(lines_in([note])) + 0.5 * look.em
    marks = width_of("100 %", look.small) + 1.0 * look.em
    for panel in page.panels:
        for name, _, numbers in panel.rows:
            half = max((width_of(number, look.small) for number in numbers.values()), default=0.0) / 2
            marks = max(marks, min(width_of(name, look.small), MOST_NAMES * width) + half + 0.7 * look.em)
    names = [name for panel in page.panels for name in panel.names]
    beside = min(max(width_of(name, look.small) for name in names) + 1.6 * look.em, 0.4 * width)
    across = width - 2 * pad - marks - beside
    titles = look.leading(1.5, small=False)
    below = [
        look.leading(1.2 * len(p.rows) + (2.6 if k == len(page.panels) - 1 else 1.8 if p.rows else 0.6))
        for k, p in enumerate(page.panels)
    ]
    fixed = pad + heading.height + titles * len(page.panels) + sum(below) + foot + pad
    shares = [*page.heights, *[page.heights[-1]] * len(page.panels)][: len(page.panels)]
    talls = [share * width for share in shares]
    if high:
        room = max(high - fixed, 0.12 * width)
        talls = [room * share / sum(shares) for share in shares]
    years = [part for p in page.panels for part in p.years]
    last = max((float(np.max(part)) for part in years), default=1.0)
    # Half a bar more on either side.
    span = (-0.5, last + 0.5) if any(p.bars for p in page.panels) else (0.0, page.room * last or 1.0)

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        top = pad + heading.height
        for k, (panel, tall) in enumerate(zip(page.panels, talls, strict=True)):
            title = words(shortened(f"{panel.title} ({panel.axis})", across + beside, look.text))
            sheet.text(pad + marks, top, title, fontsize=look.text if not look.slide else look.small)
            top += titles
            ax = sheet.axes(pad + marks, top, across, tall)
            ax.set_label(panel.title)
            _panel(
                ax,
                panel,
                look,
                (across, tall),
                span,
                time=page.time if panel is page.panels[-1] else "",
                beside=beside - 1.6 * look.em,
            )
            _rows(sheet, panel, look, (pad + marks, top + tall, across), span)
            top += tall + below[k]
        sheet.text(pad, max(top, high - foot - pad), note, color=QUIET)

    return Plan(fixed + sum(talls), draw)


def _panel(
    ax: Axes,
    panel: Panel,
    look: Look,
    inches: tuple[float, float],
    span: tuple[float, float],
    *,
    time: str,
    beside: float,
) -> None:
    top = panel.top or _top(panel)
    low = -_deepest(panel) if panel.bars else 0.0
    if panel.symmetric:
        top = max([3.0, *(1.1 * float(np.nanmax(np.abs(line.share))) for line in panel.lines if len(line.share))])
        low = -top / 1.08
    ax.set_xlim(*span)
    ax.set_ylim(1.08 * low, top)
    for bars in panel.bars:
        ax.bar(bars.years, bars.values, width=0.7, color=bars.colour, linewidth=0, label=bars.name)
    for line in panel.lines:
        _line(ax, line, look, top)
    _areas(ax, panel.areas, look)
    frame(ax, look, left=True, grid="y")
    if panel.per_cent:
        ticks = marks_of(top, inches[1], look)
        ax.set_yticks(ticks, [one_in(t) for t in ticks])
    marks = year_marks(span[1], inches[0], look)
    ax.set_xticks(marks, [f"{m:g}" for m in marks] if time or panel.rows else [""] * len(marks))
    if time:
        ax.set_xlabel(time, fontsize=look.small, loc="left", labelpad=(0.3 + 1.25 * 1.2 * len(panel.rows)) * look.small)
    _names(ax, panel, look, inches, top, 1.08 * low, beside)


def _line(ax: Axes, line: Line, look: Look, top: float) -> None:
    known = np.isfinite(line.share)
    if line.exact:
        ax.plot(line.years[known], line.share[known], color=INK, linewidth=1.4 * look.thin, marker="D",
                markersize=1.2 * look.mark, markerfacecolor="none", markeredgewidth=look.thin, zorder=6,
                label=line.name)  # fmt: skip
        return
    if line.smooth:
        ax.plot(line.years[known], line.share[known], color=dark(line.colour), linewidth=1.6 * look.thin,
                linestyle=(0, (4, 2)), zorder=6, label=line.name)  # fmt: skip
        return
    if line.steps:
        ax.step(line.years[known], line.share[known], where="post", color=line.colour, linewidth=look.line, zorder=4,
                label=line.name)  # fmt: skip
        if line.low is not None and line.high is not None:
            ax.fill_between(line.years[known], line.low[known], line.high[known], step="post", color=line.colour,
                            alpha=0.18, linewidth=0, zorder=3, label=f"_band {line.name}")  # fmt: skip
        return
    ax.plot(line.years[known], line.share[known], color=line.colour, marker="o", markersize=look.mark, zorder=5,
            linewidth=look.thin, markeredgecolor="white", markeredgewidth=0.5 * look.thin, label=line.name)  # fmt: skip
    if line.low is not None and line.high is not None:
        for year, below, above in zip(line.years[known], line.low[known], line.high[known], strict=True):
            ax.plot([year, year], [below, min(above, top)], color=line.colour, linewidth=0.8 * look.line, zorder=4,
                    solid_capstyle="butt", label="_interval")  # fmt: skip


def _areas(ax: Axes, areas: tuple[Area, ...], look: Look) -> None:
    """One on the other, with white between."""
    below = np.zeros(len(areas[0].share)) if areas else np.zeros(0)
    for area in areas:
        above = below + area.share
        ax.fill_between(area.years, below, above, step="post", color=area.colour, linewidth=0, zorder=3,
                        label=area.name)  # fmt: skip
        ax.step(area.years, above, where="post", color="white", linewidth=look.thin, zorder=4, label="_border")
        below = above


def _top(panel: Panel) -> float:
    """The highest of the curves, with room above it."""
    highest = 0.0
    for line in panel.lines:
        some = line.share[np.isfinite(line.share)]
        highest = max(highest, float(some.max(initial=0.0)))
        if line.high is not None and line.steps:
            above = line.high[np.isfinite(line.high)]
            highest = max(highest, min(float(above.max(initial=0.0)), 1.5 * float(some.max(initial=0.0))))
    for bars in panel.bars:
        highest = max(highest, float(np.max(bars.values, initial=0.0)))
    return 1.12 * highest if highest > 0 else 1.0


def _deepest(panel: Panel) -> float:
    return max(0.0, -min((float(np.min(bars.values, initial=0.0)) for bars in panel.bars), default=0.0))


def marks_of(top: float, tall: float, look: Look) -> list[float]:
    """Round shares from 0 to the top."""
    most = max(2, int(tall / look.leading(2.2)))
    for step in (m * 10.0**k for k in range(-6, 1) for m in (1.0, 2.0, 2.5, 5.0)):
        if top / step <= most:
            return [step * n for n in range(math.floor(top / step + 1e-9) + 1)]
    return [0.0, top]


def _names(
    ax: Axes, panel: Panel, look: Look, inches: tuple[float, float], top: float, low: float, room: float
) -> None:
    """Names at the right of the axes, pushed apart."""
    ends = []
    for line in panel.lines:
        known = np.flatnonzero(np.isfinite(line.share))
        at = float(line.share[known[-1]]) if len(known) else 0.0
        ends.append((at, line.name, INK if line.exact else line.colour))
    ends += [(0.5 * (top if np.max(bars.values, initial=0.0) > 0 else low), bars.name, bars.colour)
             for bars in panel.bars]  # fmt: skip
    below = 0.0
    for area in panel.areas:
        ends.append((below + 0.5 * float(area.share[-1]), area.name, area.colour))
        below += float(area.share[-1])
    high = inches[1]
    places = [(top - min(max(at, low), top)) / (top - low) * high for at, _, _ in ends]
    found = apart(places, [look.leading(1.1)] * len(ends), 0.0, high)
    for (_, name, colour), place, y in zip(ends, places, found, strict=True):
        if not name:
            continue
        start, stop = 1.0 + 0.2 * look.em / inches[0], 1.0 + 0.9 * look.em / inches[0]
        ax.plot([start, stop], [1 - place / high, 1 - y / high], transform=ax.transAxes, color=colour,
                linewidth=look.thin, clip_on=False, label="_leader")  # fmt: skip
        told = words(shortened(name, room, look.small))
        ax.text(stop + 0.25 * look.em / inches[0], 1 - y / high, told, transform=ax.transAxes, va="center",
                fontsize=look.small, color=dark(colour))  # fmt: skip


def _rows(sheet: Sheet, panel: Panel, look: Look, box: tuple[float, float, float], span: tuple[float, float]) -> None:
    """Numbers below the axis, under their years."""
    left, top, across = box
    marks = year_marks(span[1], across, look)
    for k, (name, colour, numbers) in enumerate(panel.rows):
        y = top + look.leading(1.4 + 1.2 * k)
        half = max((width_of(number, look.small) for number in numbers.values()), default=0.0) / 2
        told = words(shortened(name, left - half - 0.8 * look.em, look.small))
        sheet.text(left - half - 0.4 * look.em, y, told, ha="right", color=dark(colour))
        for mark in marks:
            sheet.text(
                left + (mark - span[0]) / (span[1] - span[0]) * across,
                y,
                numbers.get(mark, ""),
                ha="center",
                color=dark(colour),
            )
