"""What a doctor knew and did, on the years of a patient: diagnosis, surgery, treatments, visits and what these saw."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from cascade.common.colours import BAND, INK, QUIET
from cascade.patient.clinic.eyes import Sight
from cascade.patient.clinic.told import Clinical, Given
from cascade.patient.course import Course
from cascade.plot.fitting import width_of, words
from cascade.plot.founders import told_mm
from cascade.plot.look import Look

ROW = 1.0
"""Lines of text that the row of visits takes, above the line of the end."""


@dataclass(frozen=True)
class Moment:
    """A visit: when, and whether anything was seen beside the primary before it was known."""

    years: float
    occasion: str
    seen: bool


def moments_of(told: Clinical, ended: float) -> list[Moment]:
    """Visits in order, each once; what is seen there by any eye."""
    found = dict.fromkeys(((years, occasion) for years, occasion, _ in told.looks), False)
    for row in told.visits:
        distant = row.place != "primary" or row.occasion == "screening"
        key = row.years, row.occasion
        found[key] = found.get(key, False) or (row.seen > 0 and distant)
    return [Moment(years, occasion, seen) for (years, occasion), seen in sorted(found.items()) if years <= ended]


@dataclass(frozen=True)
class Threshold:
    """The size of which eyes see half as many lesions as of the largest, and from when to when they looked.

    ``again``: when they looked at restaging, years after all else; infinity: they did not.
    """

    mm: float
    begin: float
    end: float
    name: str
    again: float = math.inf


def thresholds_of(course: Course) -> list[Threshold]:
    """Sizes at which eyes see half, of the places where the patient has a lesion; those of one size in one line.

    Screening is of the primary alone; what looks after diagnosis is drawn for the metastases.
    """
    told, disease = course.clinical, course.disease
    if told is None:
        return []
    sites = sorted({lesion.site for lesion in course.lesions[1:] if lesion.fate in ("grows", "ended by treatment")})
    lines: dict[float, dict[tuple[str, str], list[float]]] = {}
    for eye in disease.eyes:
        for screening in (True, False):
            mine = [(year, occasion == "screening") for year, occasion, name in told.looks if name == eye.name]
            years = [year for year, screened in mine if screened == screening and year <= course.years]
            if not years:
                continue
            sights = {"": eye.primary} if screening else {site: eye.of(site, disease.kinds[site]) for site in sites}
            for site, sight in sights.items():
                when = [year for year in years if sight is not None and _looks(course, eye.name, site, sight, year)]
                if sight is not None and when:
                    of = site if site in eye.organs and eye.lesions is not None else ""
                    lines.setdefault(sight.half_mm, {}).setdefault((eye.name, of), []).extend(when)
    return [_threshold(mm, by, told) for mm, by in sorted(lines.items())]


def _threshold(mm: float, by: dict[tuple[str, str], list[float]], told: Clinical) -> Threshold:
    """The line of a size; between the last look and restaging nobody looked."""
    years = sorted(year for when in by.values() for year in when)
    restaged = {year for year, occasion, _ in told.looks if occasion == "restaging"}
    others = [year for year in years if year not in restaged] or years
    again = years[-1] if years[-1] > others[-1] else math.inf
    return Threshold(mm, others[0], others[-1], _named(by), again)


def _looks(course: Course, eye: str, site: str, sight: Sight, year: float) -> bool:
    """Whether an eye looks at a site of the patient in a year; "": at the primary."""
    told = course.clinical
    assert told is not None
    place = site or "primary"
    if sight.looked_at < 1.0 and not any(row.eye == eye and row.place == place for row in told.visits):
        return False
    signs = [when for when, lesion in zip(told.symptoms, course.lesions, strict=True) if lesion.site == place]
    return not sight.only_with_symptoms or min(signs, default=math.inf) <= year


def _named(by: Iterable[tuple[str, str]]) -> str:
    """Eyes, with the organ where they see it unlike others."""
    every = set(by)
    return "; ".join(f"{eye}, {of}" if of else eye for eye, of in by if not of or (eye, "") not in every)


def draw_thresholds(ax: Axes, course: Course, look: Look, inches: tuple[float, float], span: float) -> None:
    """Dotted, while an eye looks; its name before it, after it, or where neither has room above it.

    A slide that shows less has the lines without names.
    """
    levels = thresholds_of(course)
    per_inch = span / inches[0]
    shortest = 2.0 * look.em * per_inch
    for one in levels:
        cells, end = course.disease.cells_of(one.mm), max(one.end, one.begin + shortest)
        ax.plot([one.begin, end], [cells, cells], color=INK, linestyle=DOTS, linewidth=0.7 * look.line, zorder=7,
                label=f"_half seen {one.name}")  # fmt: skip
        if math.isfinite(one.again):
            ax.plot([one.again, one.again + shortest], [cells, cells], color=INK, linestyle=DOTS,
                    linewidth=0.7 * look.line, zorder=7, label=f"_half seen at restaging {one.name}")  # fmt: skip
    for together in [] if look.terse else _near(ax, course, levels, look, inches):
        one = together[-1]
        text = "; ".join(f"{each.name}, {told_mm(each.mm)}" for each in together)
        cells = math.sqrt(course.disease.cells_of(one.mm) * course.disease.cells_of(together[0].mm))
        end = max(one.end, one.begin + shortest)
        wide = (width_of(text, look.small) + 0.6 * look.em) * per_inch
        before = one.begin - 0.3 * look.em * per_inch
        beside = end + 0.3 * look.em * per_inch
        if before - wide > 0.0:
            at, side, up = before, "right", "center"
        elif beside + wide < course.years:
            at, side, up = beside, "left", "center"
        else:
            at, side, up = max(end, wide), "right", "bottom"
        ax.text(at, cells, words(text), ha=side, va=up, fontsize=look.small, color=QUIET, zorder=2,
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8})  # fmt: skip


def _near(
    ax: Axes, course: Course, levels: list[Threshold], look: Look, inches: tuple[float, float]
) -> list[list[Threshold]]:
    """Lines in groups that have one text, for theirs would lie on each other: of one time, less than a line apart."""
    low, high = np.log(ax.get_ylim())
    groups: list[list[Threshold]] = []
    for one in levels:
        last = groups[-1][0] if groups else None
        if last is not None and (last.begin, last.end) == (one.begin, one.end):
            apart = math.log(course.disease.cells_of(one.mm) / course.disease.cells_of(last.mm)) / (high - low)
            if apart * inches[1] < look.leading(1):
                groups[-1].append(one)
                continue
        groups.append([one])
    return groups


DOTS = (0.0, (1.0, 1.6))
"""Of the lines of eyes: dashes are lesions that sleep."""


def draw_care(ax: Axes, course: Course, look: Look, inches: tuple[float, float], span: float) -> None:
    """Bands of treatments, lines of diagnosis and surgery, and the visits in a row above the axes."""
    told = course.clinical
    if told is None:
        return
    for one in told.given:
        if one.end > one.begin:
            band(ax, one)
    across = blended_transform_factory(ax.transData, ax.transAxes)
    y = 1.0 + 1.55 * look.leading(1) / inches[1]
    for moment in moments_of(told, course.years):
        ax.plot([moment.years], [y], transform=across, marker="o", markersize=0.75 * look.mark, color=QUIET,
                markerfacecolor=INK if moment.seen else "white", markeredgecolor=INK if moment.seen else QUIET,
                markeredgewidth=look.thin, linestyle="none", clip_on=False, zorder=8,
                label="_visit seen" if moment.seen else "_visit")  # fmt: skip
    events = [(told.diagnosed, f"diagnosed by {told.mode}")] if told.mode else []
    events += [(one.begin, one.name) for one in told.given]
    events += [(year, name) for name, year in (("local recurrence seen", told.local),) if math.isfinite(year)]
    events = [(year, name) for year, name in events if year <= course.years]
    per_inch = span / inches[0]
    told_at = sorted(_place(year, name, look, per_inch, course.years) for year, name in events)
    rows = lanes([left + wide / 2 for left, wide, *_ in told_at], [wide for _, wide, *_ in told_at])
    for (left, _, year, name), row in zip(told_at, rows, strict=True):
        ax.axvline(year, color=QUIET, linewidth=look.thin, zorder=1, label=f"_event {name}")
        high = 1.0 - (0.5 + row) * look.leading(1) / inches[1]
        ax.text(left * per_inch, high, words(name), transform=across, fontsize=look.small, color=QUIET, va="center",
                zorder=8, bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8})  # fmt: skip


def _place(year: float, name: str, look: Look, per_inch: float, last: float) -> tuple[float, float, float, str]:
    """Where the name of an event begins, and how wide it is, in inches: after its line, or before it at the end.

    After the last year stand the names of lesions.
    """
    gap, wide = 0.25 * look.em, width_of(name, look.small) + 0.8 * look.em
    at = year / per_inch
    left = at + gap if at + wide <= last / per_inch else max(at - wide + gap, 0.0)
    return left, wide, year, name


def band(ax: Axes, given: Given) -> None:
    """The time of a treatment, as high as the axes."""
    ax.fill_between([given.begin, given.end], *ax.get_ylim(), color=BAND, linewidth=0, zorder=0,
                    label=f"_treatment {given.name}")  # fmt: skip


def lanes(middles: list[float], widths: list[float]) -> list[int]:
    """A row for each text, so that none lies on another."""
    ends: list[float] = []
    rows = []
    for middle, width in zip(middles, widths, strict=True):
        row = next((k for k, end in enumerate(ends) if middle - width / 2 >= end), len(ends))
        if row == len(ends):
            ends.append(0.0)
        ends[row] = middle + width / 2
        rows.append(row)
    return rows


def threshold_caption(course: Course) -> str:
    """What the lines of eyes are."""
    levels = thresholds_of(course)
    when = (
        "while an eye looks, and at restaging"
        if any(math.isfinite(one.again) for one in levels)
        else "while an eye looks"
    )
    return f"Dotted, {when}: the size of which it sees half as many as of the largest lesions." if levels else ""


def care_caption(course: Course) -> str:
    """What the marks of care are."""
    told = course.clinical
    if told is None:
        return ""
    bands = any(one.end > one.begin for one in told.given)
    text = "Circles above: visits, filled where a lesion was seen. Thick: lesions that were seen."
    return text + (" Grey: systemic treatment." if bands else "")
