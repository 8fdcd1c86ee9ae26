"""Blood tests of one patient over the years: what is expected, what a laboratory reports, and when a test leads."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cascade.common.colours import ALIVE_COLOUR, DEATH_COLOUR, INK, QUIET
from cascade.common.errors import InputError
from cascade.patient.clinic.laboratory import LaboratoryRow
from cascade.patient.clinic.leads import Leads
from cascade.patient.course import Course
from cascade.plot.fitting import broken, lines_in, width_of
from cascade.plot.founders import caption_of, made_of
from cascade.plot.look import Look, look_of
from cascade.plot.notation import power
from cascade.plot.sheet import Entry, Heading, Key, Plan, Sheet, frame, made
from cascade.plot.strips import TIME, year_marks
from cascade.plot.style import sign

CURVE, VISITS = 81, 13
"""Points of the curve of what is expected, and visits at which blood is drawn, over the years of a patient."""


def blood_and_lead(source: Course, *, mm: float = 20.0, style: str = "screen") -> Figure:
    """Each blood test: what is expected as a line, what a laboratory reports as dots, the cutoff dashed.

    A vertical line is the year in which the primary comes to ``mm``: a test that passes its cutoff before it leads.

    Parameters
    ----------
    source : Course
        Of a patient of a disease with blood tests.
    mm : float
        Diameter of the primary.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        When ``source`` is no course, or its disease has no blood tests.
    """
    if not isinstance(source, Course):
        raise InputError("source", source, "the course of a patient, from cohort.patient(number)")
    leads = source.lead_times(mm=mm)
    visits = np.linspace(0.0, source.years, VISITS + 1)[1:]
    reported = list(source.laboratory(visits.tolist()).rows)
    expected = list(source.laboratory(np.linspace(1e-3, source.years, CURVE).tolist()).rows)
    tests = list(dict.fromkeys(row.test for row in reported))
    parts = [([r for r in expected if r.test == t], [r for r in reported if r.test == t]) for t in tests]
    look = look_of(style)
    figure = made(look, 2, lambda fitted, width, high: _plan(source, parts, leads, fitted, width, high))
    sign(figure, made_of(source), alt=f"Blood tests by year. {source.label}. {_told(leads)}.")
    return figure


Part = tuple[list[LaboratoryRow], list[LaboratoryRow]]


def _told(leads: Leads) -> str:
    """Lead times in words."""
    told = []
    for row in leads.rows:
        when = "never before the end" if math.isinf(row.lead) else f"{abs(row.lead):.1f} years"
        side = "" if math.isinf(row.lead) else " earlier" if row.lead > 0 else " later"
        told.append(f"{row.test} ({row.when}): {when}{side}")
    return f"Against a primary of {leads.mm:g} mm: {'; '.join(told)}"


def _plan(course: Course, every: list[Part], leads: Leads, look: Look, width: float, high: float) -> Plan:
    pad = 0.4 * look.em
    parts = _leading(every, leads)[: look.kept(len(every), least=2)]
    left_out = f" {len(parts)} of {len(every)} tests, those that lead most." if len(parts) < len(every) else ""
    best = max((row for row in leads.rows), key=lambda row: row.lead)
    lead = "none leads" if best.lead <= 0 else f"{best.test} leads by {best.lead:.1f} years"
    heading = Heading(look, width - 2 * pad, f"{course.label}: blood tests",
                      f"Against a primary of {leads.mm:g} mm {lead}")  # fmt: skip
    entries = [Entry("expected", ALIVE_COLOUR, "_"), Entry("reported, negative", INK, "o", filled=False),
               Entry("reported, positive", DEATH_COLOUR, "o")]  # fmt: skip
    key = Key(entries, look, width - 2 * pad)
    told = "" if look.terse else f"{_told(leads)}. "
    note = caption_of(made_of(course), f"{told}Dashed: cutoff.{left_out}")
    note = broken(note, width - 2 * pad - 0.8 * look.em, look.small)
    foot = look.leading(lines_in([note])) + 0.5 * look.em
    marks = width_of("0.0001", look.small) + 1.2 * look.em
    title, below = look.leading(1.5), look.leading(0.7)
    begin, tall = pad + heading.height + key.height + 0.3 * look.em, 0.13 * width
    fixed = begin + len(parts) * (title + below) + look.leading(2.0) + foot + pad
    if high:
        tall = max((high - fixed) / len(parts), 0.05 * width)

    def draw(sheet: Sheet) -> None:
        heading.draw(sheet, pad, pad)
        key.draw(sheet, pad, pad + heading.height)
        for k, part in enumerate(parts):
            top = begin + k * (title + below + tall)
            first = part[0][0]
            sheet.text(pad + marks, top, f"{first.test} ({first.unit})")
            across = width - 2 * pad - marks - 0.8 * look.em
            ax = sheet.axes(pad + marks, top + title, across, tall)
            ax.set_label(first.test)
            _test(ax, part, look, course.years, leads, (across, tall))
            ax.tick_params(axis="x", labelbottom=k == len(parts) - 1)
            if k == len(parts) - 1:
                ax.set_xlabel(TIME, fontsize=look.small, loc="left", labelpad=0.2 * look.small)
        sheet.text(pad, begin + len(parts) * (title + below + tall) + look.leading(2.0), note, color=QUIET)

    return Plan(fixed + len(parts) * tall, draw)


def _leading(parts: list[Part], leads: Leads) -> list[Part]:
    """Tests, those that lead most first."""
    lead = {row.test: row.lead for row in leads.rows}
    return sorted(parts, key=lambda part: -lead.get(part[0][0].test, -math.inf))


def _test(ax: Axes, part: Part, look: Look, end: float, leads: Leads, inches: tuple[float, float]) -> None:
    """One test on a log axis; reports of none stand at its foot."""
    expected, reported = part
    cutoff = expected[0].cutoff
    values = [row.expected for row in expected] + [row.reported for row in reported if row.reported > 0]
    low = min(max(min(values), 1e-3 * cutoff), 0.3 * cutoff) / 1.5
    top = 1.8 * max(*values, cutoff)
    ax.set_yscale("log")
    ax.set_xlim(0.0, 1.02 * end)
    ax.set_ylim(low, top)
    known = [row for row in expected if row.expected > 0]
    ax.plot([row.years for row in known], [row.expected for row in known], color=ALIVE_COLOUR, linewidth=look.line,
            zorder=3, label="expected")  # fmt: skip
    ax.axhline(cutoff, color=QUIET, linewidth=look.thin, linestyle="--", zorder=2, label="_cutoff")
    primary = leads.rows[0].primary
    if math.isfinite(primary):
        ax.axvline(primary, color=INK, linewidth=look.thin, zorder=2, label="_primary")
    for row in reported:
        ax.plot([row.years], [max(row.reported, low * 1.12)], marker="o", linestyle="none", zorder=5, clip_on=False,
                color=DEATH_COLOUR if row.positive else INK, markersize=look.mark, markeredgewidth=look.thin,
                markerfacecolor=DEATH_COLOUR if row.positive else "white",
                label="_positive" if row.positive else "_negative")  # fmt: skip
    frame(ax, look, left=True)
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(top))
    step = max(1, math.ceil((last - first) * 1.9 * look.leading(1) / max(inches[1], 0.1)))
    ticks = list(range(last, first - 1, -step))
    ax.set_yticks([10.0**k for k in ticks], [f"{10.0**k:,g}" if -4 < k < 5 else power(k) for k in ticks])
    ax.minorticks_off()
    ax.set_xticks(year_marks(end, inches[0], look))
