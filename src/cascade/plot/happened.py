"""Figures of own times and findings: steps with numbers at risk, shares with intervals, and the curves of a fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from cascade.answers.intervals import proportion
from cascade.common.colours import ALIVE_COLOUR
from cascade.common.shares import estimate_of_share
from cascade.common.sight import shades
from cascade.common.text import number
from cascade.inference.chance_of import Chance, chance_of
from cascade.inference.data import Data
from cascade.inference.fitted import Fit
from cascade.inference.headed import HOURS_OF
from cascade.inference.seen import Seen
from cascade.inference.timed import Incidence, IncidenceRow, Time, Times
from cascade.plot.happened_apart import Small, drawn_apart
from cascade.plot.own import made_of
from cascade.plot.since import Line, Page, Panel, drawn
from cascade.plot.strips import STEPS

LEVEL = 0.95
POINTS = 60
MOST_MARKS = 40
"""Of an axis: numbers at risk are known at those of each step of which there are no more."""

MOST_TOGETHER = 3
"""Arms in one panel."""

IN_DAYS = 72.0
"""Hours beyond which an axis has days."""


def happened(source: Data | Fit, data: Times | Seen, style: str) -> Figure:
    """What stands in ``plot.data``, of times and of findings."""
    fit = source if isinstance(source, Fit) else None
    if isinstance(data, Seen):
        return drawn(_of_seen(data, fit), style)
    incidence, last = _known(data), _last(data)
    page = _of_times(data, incidence, fit, last)
    if len(data.arms) <= MOST_TOGETHER:
        return drawn(page, style)
    smalls = [
        Small(event, arm, tuple(_lines(data, incidence, fit, event, arm, ALIVE_COLOUR, last)),
              _at_risk(data.rows, arm, HOURS_OF[data.unit], last))
        for event in data.events for arm in data.arms
    ]  # fmt: skip
    return drawn_apart(page, smalls, last, style)


def _last(data: Times) -> float:
    """The last time of all, in the unit of the data."""
    return max(row.after if math.isinf(row.by) else row.by for row in data.rows) / HOURS_OF[data.unit]


def _of_times(data: Times, incidence: Incidence | None, fit: Fit | None, last: float) -> Page:
    colours = dict(zip(data.arms, shades(ALIVE_COLOUR, len(data.arms)), strict=True))
    panels = [_panel(data, incidence, fit, event, colours, last) for event in data.events]
    notes = []
    if incidence is not None:
        notes.append("Steps: Aalen and Johansen; bands: 95 %, at each time by itself; numbers: at risk.")
    else:
        notes.append("Times between two looks have no steps of their own.")
    if fit is not None:
        notes.append("Dashed: the fit.")
    return Page(
        f"{'Fit: ' if fit is not None else ''}{data.told}", _sentence(data, incidence, last), tuple(panels),
        tuple(notes), made_of(fit if fit is not None else data), _said(data, incidence, fit),
        heights=(0.3 if len(panels) < 3 else 0.2,), time=data.unit,
    )  # fmt: skip


def _known(data: Times) -> Incidence | None:
    """Shares that the times tell by themselves; None where times of events are not known."""
    if any(row.event and not row.exact for row in data.rows):
        return None
    return data.incidence(level=LEVEL)


def _panel(
    data: Times, incidence: Incidence | None, fit: Fit | None, event: str, colours: Mapping[str, str], last: float
) -> Panel:
    lines, risk, many = [], [], len(data.arms) > 1
    for arm in data.arms:
        lines += _lines(data, incidence, fit, event, arm, colours[arm], last)
        numbers = _at_risk(data.rows, arm, HOURS_OF[data.unit], last)
        risk.append((arm if many else "at risk", colours[arm], numbers))
    highest = max((float(np.nanmax(line.share)) for line in lines), default=0.0)
    return Panel(event, tuple(lines), "to whom it has happened", 1.02 if highest > 0.5 else 0.0, tuple(risk))


def _lines(
    data: Times, incidence: Incidence | None, fit: Fit | None, event: str, arm: str, colour: str, last: float
) -> list[Line]:
    """The steps of an event in an arm, and the curve of the fit."""
    lines, each, many = [], HOURS_OF[data.unit], len(data.arms) > 1
    some = incidence.of(arm, event) if incidence is not None else ()
    if some:
        lines.append(_steps(some, arm if many else event, colour))
    if fit is not None:
        hours = np.linspace(0.0, last * each, POINTS).tolist()
        found = chance_of(fit, event, hours, arm, LEVEL, None)
        lines.append(Line(f"{arm}, fit" if many else "fit", colour, found.hours / each, found.share, smooth=True))
    return lines


def _steps(rows: Sequence[IncidenceRow], name: str, colour: str) -> Line:
    """A curve from its begin, its band from the first time on."""
    time = np.array([0.0, *(row.time for row in rows)])
    share, low, high = (
        np.array([first, *(getattr(row, what) for row in rows)])
        for what, first in (("share", 0.0), ("low", math.nan), ("high", math.nan))
    )
    return Line(name, colour, time, share, low, high)


def _at_risk(rows: Sequence[Time], arm: str, each: float, last: float) -> dict[float, str]:
    """How many are seen and without event just before each time that an axis may mark."""
    entry, end = (np.array([getattr(row, what) for row in rows if row.arm == arm]) for what in ("entry", "after"))
    marks = {k * step for step in STEPS if last / step <= MOST_MARKS for k in range(MOST_MARKS + 1)}
    found = {}
    for mark in sorted(marks):
        there = ((entry < mark * each) | (entry == 0)) & (end >= mark * each)
        if mark <= last:
            found[mark] = f"{int(there.sum()):,}"
    return found


def _sentence(data: Times, incidence: Incidence | None, last: float) -> str:
    """What is seen, in a sentence."""
    event = data.events[0]
    if incidence is None:
        return f"{event[0].upper()}{event[1:]}, between two looks"
    told = []
    for arm in data.arms[:3]:
        known = [row for row in incidence.of(arm, event) if not math.isnan(row.share)]
        share, _ = estimate_of_share(known[-1].share, known[-1].low, known[-1].high)
        told.append(f"{arm} {share}" if len(data.arms) > 1 else share)
    return f"{event[0].upper()}{event[1:]} by the last look, {number(last)} {data.unit}: {', '.join(told)}"


def _said(data: Times, incidence: Incidence | None, fit: Fit | None) -> str:
    """For who cannot see it."""
    last = _last(data)
    beside = " The curves of a fit are beside." if fit is not None else ""
    return f"To whom events have happened, as steps over time. {_sentence(data, incidence, last)}.{beside}"


def _of_seen(data: Seen, fit: Fit | None) -> Page:
    longest = max(row.hours for row in data.rows)
    unit = "days" if longest > IN_DAYS else "hours"
    each = HOURS_OF[unit]
    colours = dict(zip(data.arms, shades(ALIVE_COLOUR, len(data.arms)), strict=True))
    panels, told = [], []
    for name in data.observed:
        lines = []
        for arm in data.arms:
            rows = sorted((r for r in data.rows if r.arm == arm and r.observable == name), key=lambda row: row.hours)
            if not rows:
                continue
            share = np.array([row.found / row.of for row in rows])
            ends = np.array([proportion(row.found, row.of) for row in rows])
            at = np.array([row.hours for row in rows]) / each
            lines.append(
                Line(arm if len(data.arms) > 1 else name, colours[arm], at, share, ends[:, 0], ends[:, 1], steps=False)
            )
            told.append(f"{name}, {arm}: {sum(row.found for row in rows)} of {sum(row.of for row in rows)}")
            if fit is not None:
                hours = np.linspace(0.0, longest, POINTS).tolist()
                found: Chance = chance_of(fit, name, hours, arm, LEVEL, None)
                label = f"{arm}, fit" if len(data.arms) > 1 else "fit"
                lines.append(Line(label, colours[arm], found.hours / each, found.share, smooth=True))
        panels.append(Panel(name, tuple(lines), "in which it was found", 1.02))
    notes = ["Bars: exact 95 % intervals.", "Dashed: the fit." if fit is not None else ""]
    return Page(
        f"{'Fit: ' if fit is not None else ''}{data.told}", "; ".join(told[:3]), tuple(panels), tuple(notes),
        made_of(fit if fit is not None else data), f"In how many it was found. {'; '.join(told)}.",
        time=unit, room=1.02,
    )  # fmt: skip
