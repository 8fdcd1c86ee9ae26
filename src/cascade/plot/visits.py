"""What a doctor knew and did, on the years of a patient: diagnosis, surgery, treatments, visits and what these saw."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.transforms import blended_transform_factory

from cascade.common.colours import BAND, INK, QUIET
from cascade.patient.clinic.told import Clinical, Given
from cascade.patient.course import Course
from cascade.plot.fitting import width_of, words
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
    found: dict[tuple[float, str], bool] = {}
    for row in told.visits:
        distant = row.place != "primary" or row.occasion == "screening"
        key = row.years, row.occasion
        found[key] = found.get(key, False) or (row.seen > 0 and distant)
    return [Moment(years, occasion, seen) for (years, occasion), seen in sorted(found.items()) if years <= ended]


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
    wide = [width_of(name, look.small) + 0.8 * look.em for _, name in events]
    places = [year / per_inch + w / 2 for (year, _), w in zip(events, wide, strict=True)]
    rows = lanes(places, wide)
    for (year, name), w, row in zip(events, wide, rows, strict=True):
        ax.axvline(year, color=QUIET, linewidth=look.thin, zorder=1, label=f"_event {name}")
        high = 1.0 - (0.5 + row) * look.leading(1) / inches[1]
        left = min(year + 0.25 * look.em * per_inch, span - w * per_inch)
        ax.text(left, high, words(name), transform=across, fontsize=look.small, color=QUIET, va="center", zorder=8,
                bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8})  # fmt: skip


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


def care_caption(course: Course) -> str:
    """What the marks of care are."""
    told = course.clinical
    if told is None:
        return ""
    bands = any(one.end > one.begin for one in told.given)
    text = f"Care {told.care}. Circles above: visits, filled where a lesion was seen. Thick: lesions that were seen."
    return text + (" Grey: systemic treatment." if bands else "")
