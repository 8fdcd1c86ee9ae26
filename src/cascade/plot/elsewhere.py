"""The routes that no vessel of the body shows, listed at its right: each with its sites and their circles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cascade.answers.organs import OrganRow
from cascade.body.schematic import Layout
from cascade.common.colours import QUIET
from cascade.plot.circles import LARGEST, Marks, Pen, name_of, number_of
from cascade.plot.sites import share_of

_STEPS = (0.34, 0.27, 0.2)
"""Inches from line to line, the most there is room for."""

_NAME = 0.7
"""Inches from the left of the list to the names of its sites."""


class Listed(NamedTuple):
    """A line of the list: the heading of a route, or a site; its text, and the inches that it takes."""

    text: str
    row: OrganRow | None
    high: float


def listed(pen: Pen, layout: Layout, marks: Marks, others: Sequence[str]) -> list[Listed]:
    """The list, with circles so large and lines so far apart that it ends where the body does."""
    room = layout.last - layout.first
    marks.largest = LARGEST
    while True:
        for step in _STEPS:
            lines = _lines(pen, layout, marks, others, step)
            if sum(line.high for line in lines) <= room:
                return lines
        if marks.largest <= 0.1:
            return lines
        marks.largest *= 0.9


def _lines(pen: Pen, layout: Layout, marks: Marks, others: Sequence[str], step: float) -> list[Listed]:
    lines: list[Listed] = []
    name = name_of(marks.what)
    for route in others:
        of_route = sum(number_of(row, marks.what) for row in marks.table.of_route(route))
        share = f"{share_of(of_route, marks.total, exact=marks.exact)} of all {name}" if marks.total else f"no {name}"
        text = pen.broken(f"{route}: {share}", layout.width - layout.other - 0.15)
        lines.append(Listed(text, None, max(1.35 * step, pen.high(text) + 0.1)))
        for row in marks.table.of_route(route):
            beside = pen.wide(marks.said(row)) * (1.15 if marks.bold(row) == "bold" else 1.0) + 0.3
            text = pen.broken(row.organ, layout.width - layout.other - _NAME - 0.15 - beside)
            lines.append(Listed(text, row, max(step, 2 * marks.radius(row) + 0.06, pen.high(text) + 0.03)))
    return lines


def draw_others(pen: Pen, layout: Layout, marks: Marks, lines: Sequence[Listed]) -> None:
    """Draw the list."""
    y = layout.first
    pen.text(layout.other, y - 0.12, "Other routes", fontsize=pen.look.text, weight="bold", va="bottom")
    for line in lines:
        middle = y + line.high / 2
        y += line.high
        if line.row is None:
            pen.text(layout.other, middle, line.text, color=QUIET, style="italic", linespacing=1.1)
            continue
        pen.ax.add_patch(marks.circle((layout.other + 0.3, middle), line.row, pen.look))
        pen.text(layout.other + _NAME, middle, line.text, linespacing=1.0)
        if marks.said(line.row):
            pen.text(layout.width - 0.15, middle, marks.said(line.row), ha="right", weight=marks.bold(line.row))
