"""The body as a schematic of its vessels: where cells found colonies, or are held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import get_args

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle, RegularPolygon

from cascade.answers.organs import OrganRow, Organs
from cascade.body import Circulation, came_in
from cascade.body.schematic import Layout, Point, Schematic, circulation_of, schematic
from cascade.common.colours import ARTERY, ARTERY_TEXT, INK, PORTAL, PORTAL_TEXT, QUIET, VEIN, VEIN_TEXT
from cascade.common.errors import InputError
from cascade.model import Model
from cascade.plot.circles import LARGEST, LEAST, Marks, Pen, What, name_of, number_of
from cascade.plot.elsewhere import draw_others, listed
from cascade.plot.fitting import broken, inches_of
from cascade.plot.look import Look, look_of
from cascade.plot.notation import one_in
from cascade.plot.sheet import Heading, Sheet
from cascade.plot.sites import made_of, organs_of, rough, share_of
from cascade.plot.style import figure_around, sign
from cascade.runs.result import Result
from cascade.solution.answer import Exact

LEAST_ARROW = 0.02
"""Share of the cells below which a way into the blood is listed, but not drawn."""

WIDEST = 0.277
"""Width of a vessel with the whole cardiac output, in inches of the layout."""

VESSELS = {"artery": ARTERY, "vein": VEIN, "portal": PORTAL}


def body(
    source: Result | Exact,
    *,
    body: Circulation | None = None,
    what: What = "colonies",
    ax: Axes | None = None,
    style: str = "screen",
) -> Figure:
    """The body as a schematic: vessels as wide as their flow, beds with their colonies.

    The area of a circle is the share of all colonies (or of all cells arrested), and the number beside it says
    the same share: one 100 % for the whole figure.  Each organ has its colour; the other routes stand on the right.

    Parameters
    ----------
    source : Result or Exact
        Of a model with sites, such as those of the cancers.
    body : Circulation, optional
        Default: the reference adult or animal whose flows the model has.
    what : str
        "colonies" or "arrested".
    ax : matplotlib Axes, optional
        Best 13 by 8.4 inches.
    style : str
        "screen", "paper" (183 mm wide, 6 points) or "slide" (13.33 by 7.5 inches).
    """
    look = look_of(style)
    table = organs_of(source)
    used = _circulation_of(source.model) if body is None else body
    if not isinstance(used, Circulation):
        raise InputError("body", body, "a Circulation, such as cascade.body.circulation('male'), or None")
    if what not in get_args(What):
        raise InputError("what", what, f"one of {list(get_args(What))}")
    drawn = schematic(used)
    layout, where = drawn.layout, drawn.where
    flowing = {site.route for site in source.model.sites if site.flow is not None}
    others = [route for route in dict.fromkeys(row.route for row in table) if route not in flowing]
    entries, origin = came_in(source.events(), used), "primary"
    if not sum(entries.values()):
        entries, origin = _injected(source.model, where), "injected"
    across = layout.width if others else layout.arteries + (_ORIGIN_AT_RIGHT if _right(layout, where, entries) else 0.5)
    marks = Marks(table, what, sum(number_of(row, what) for row in table))
    texts = f"{table.label}: {made_of(source, table)}{rough(table)}", _note(marks, used), _sentence(table, what)
    pen = _page(look, texts, (across, layout)) if ax is None else _given(ax, look, texts, (across, layout))
    lines = listed(pen, layout, marks, others)
    _vessels(pen, drawn)
    names = _beds(pen, layout, where, used, marks, source.model)
    _name_vessels(pen, drawn, names)
    _origin(pen, layout, where, entries, origin, exact=table.exact)
    if others:
        draw_others(pen, layout, marks, lines)
    _legend(pen, layout, marks)
    figure = figure_around(pen.ax)
    sign(figure, source, alt=_said(*texts[:2], marks))
    return figure


_TOP = 0.78
"""Where the page of the layout begins: above it stands the heading."""


ON_SLIDES = 0.75
"""Size of type of a slide, the smallest of 12 points: twenty beds stand below each other."""


def _given(ax: Axes, look: Look, texts: tuple[str, str, str], size: tuple[float, Layout]) -> Pen:
    """A pen for axes that somebody gave, with the heading as their title."""
    figure_around(ax)
    across, layout = size
    inches = inches_of(ax)
    label, note = broken(texts[0], inches[0], look.title), broken(texts[1], inches[0], look.title)
    ax.set_title(f"{label}\n{note}", loc="left", fontsize=look.title, color=INK, gid="title")
    return _ready(ax, look, min(inches[0] / across, inches[1] / (layout.height - _TOP)), size)


def _ready(ax: Axes, look: Look, scale: float, size: tuple[float, Layout]) -> Pen:
    """A pen for axes in inches of the layout."""
    ax.set_xlim(0, size[0])
    ax.set_ylim(size[1].height, _TOP)
    ax.set_aspect("equal")
    ax.axis("off")
    return Pen(ax, look, scale)


def _page(look: Look, texts: tuple[str, str, str], size: tuple[float, Layout]) -> Pen:
    """A pen for new axes on a sheet with its heading."""
    across, layout = size
    pad, down = 0.4 * look.em, layout.height - _TOP
    full = look.width(2)
    scale = (full - 2 * pad) / layout.width
    width = full if look.slide else across * scale + 2 * pad
    look = look.smaller(ON_SLIDES) if look.slide else look
    said = broken(texts[1], width - 2 * pad, look.small)
    under = look.leading(said.count("\n") + 1.2)
    heading = Heading(look, width - 2 * pad, texts[0], texts[2])
    high = look.height / 25.4 or heading.height + under + down * scale + 2 * pad
    scale = min((high - heading.height - under - 2 * pad) / down, scale)
    sheet = Sheet(look, width, high)
    heading.draw(sheet, pad, pad)
    sheet.text(pad, pad + heading.height - 0.2 * look.em, said, color=QUIET)
    left = (width - across * scale) / 2 if look.slide else pad
    ax = sheet.axes(left, pad + heading.height + under, across * scale, down * scale)
    return _ready(ax, look, scale, size)


def _note(marks: Marks, used: Circulation) -> str:
    """What circles and numbers are, and the part of the blood in it."""
    if not marks.total:
        return f"no {name_of(marks.what)}"
    blood = sum(number_of(row, marks.what) for row in marks.table if row.organ in used.organs)
    part = share_of(blood, marks.total, exact=marks.exact)
    return f"circles and numbers: share of all {name_of(marks.what)}; {part} by blood"


def _sentence(table: Organs, what: What) -> str:
    """What a slide says above it."""
    most = max(table, key=lambda row: number_of(row, what))
    count, total = number_of(most, what), sum(number_of(row, what) for row in table)
    if not count:
        return f"No {name_of(what)}"
    return f"{one_in(count / total)} of {name_of(what)} in {most.organ}"


def has_body(model: Model) -> bool:
    """Whether ``body`` can draw a model by itself: its sites have the flows of a reference adult or animal."""
    return bool(model.sites) and circulation_of(model.sites) is not None


def _circulation_of(model: Model) -> Circulation:
    reference_adult = circulation_of(model.sites)
    if reference_adult is None:
        raise InputError(
            "body", None, "the Circulation of the model: its flows are not those of a reference adult or animal"
        )
    return reference_adult


def _vessels(pen: Pen, drawn: Schematic) -> None:
    """Draw the vessels."""
    layout, ax = drawn.layout, pen.ax
    points = 72.0 * pen.scale
    for line in drawn.lines:
        width = max(0.9 * pen.look.thin, WIDEST * line.flow * points)
        ax.plot(*zip(*line.points, strict=True), color=VESSELS[line.kind], linewidth=width, zorder=1,
                solid_capstyle="round", solid_joinstyle="round")  # fmt: skip
    for x, name, colour in ((layout.veins, "right\nheart", VEIN_TEXT), (layout.arteries, "left\nheart", ARTERY_TEXT)):
        half = max(0.3, pen.wide("right") / 2 + 0.06)
        box = Rectangle((x - half, layout.hearts - 0.24), 2 * half, 0.48, facecolor=colour, edgecolor="white", zorder=3)
        ax.add_patch(box)
        pen.text(x, layout.hearts, name, ha="center", color="white", zorder=4, linespacing=0.95)
    pen.text(layout.arteries + 0.25, (layout.first + layout.last) / 2, "arteries", color=ARTERY_TEXT, rotation=90,
             ha="center")  # fmt: skip


_HALO = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.9}


def _beds(
    pen: Pen, layout: Layout, where: Mapping[str, Point], used: Circulation, marks: Marks, model: Model
) -> list[tuple[float, float]]:
    """Every bed with what its organ holds (a second bed nothing); where each name begins, and its height."""
    rows = {row.organ: row for row in marks.table}
    own = {site.name for site in model.sites if site.own}
    begins = []
    for bed in used.beds:
        if bed.name not in where:
            continue
        second = bed.name != bed.site
        name = f"{bed.name} ({bed.site})" if second else bed.name
        name = f"{name} (own organ)" if bed.site in own and not second else name
        _bed(pen, layout, where[bed.name], name, None if second else rows.get(bed.site), marks)
        begins.append((where[bed.name][0] - LARGEST - 0.1 - pen.wide(name), where[bed.name][1]))
    return begins


def _name_vessels(pen: Pen, drawn: Schematic, names: Sequence[tuple[float, float]]) -> None:
    """The portal vein, beside its trunk where no name of a bed reaches: above the first vein, or between two others."""
    levels = sorted({y for line in drawn.lines if line.kind == "portal" for _, y in line.points})
    for name, (x, _) in drawn.names:
        places = [levels[0] + 0.12, *((one + after) / 2 for one, after in pairwise(levels[1:]))]
        for text in (name, name.replace(" ", "\n")):
            end, high = x + max(map(pen.wide, text.split("\n"))) + 0.05, (1 + text.count("\n") / 2) * pen.high("x")
            free = [y for y in places if not any(left < end and abs(y - at) < high for left, at in names)]
            if free:
                break
        pen.text(x, (free or places)[0], text, color=PORTAL_TEXT)


def _bed(pen: Pen, layout: Layout, at: Point, text: str, row: OrganRow | None, marks: Marks) -> None:
    """A circle with its name at the left (of the lung below it) and its share at the right."""
    x, y = at
    radius = marks.radius(row)
    pen.ax.add_patch(marks.circle(at, row, pen.look))
    if y == layout.lung:
        pen.text(x, y + radius + 0.08, text, ha="center", va="top", zorder=6)
    else:
        pen.text(x - max(radius, 0.12) - 0.1, y, text, ha="right", bbox=_HALO, zorder=4)
    if row is not None and marks.said(row):
        right = x + max(radius, 0.12) + 0.1
        pen.text(right, y, marks.said(row), weight=marks.bold(row), bbox=_HALO, zorder=4)


def _injected(model: Model, where: Mapping[str, Point]) -> dict[str, float]:
    """Vessels and beds that cells are injected into, with the shares of all cells; {} where some begin in tissue."""
    entries: dict[str, float] = {}
    for begun in model.start.states:
        place, _, cells = begun.state.partition(", ")
        vessel = place.removesuffix(" (arterial)")
        if not cells or vessel not in where:
            return {}
        entries[vessel] = entries.get(vessel, 0.0) + begun.share
    return entries


_ORIGIN_AT_RIGHT = 3.5
"""Inches at the right of the arteries that the syringe and its list take."""


def _right(layout: Layout, where: Mapping[str, Point], entries: Mapping[str, float]) -> bool:
    """Whether most cells come into an artery: then the primary, or the syringe, stands at the right."""
    return bool(entries) and where[max(entries, key=lambda vessel: entries[vessel])][0] > layout.bed


def _origin(
    pen: Pen, layout: Layout, where: Mapping[str, Point], entries: Mapping[str, float], origin: str, *, exact: bool
) -> None:
    """The primary, or the syringe, with arrows to the vessels by which its cells come into the blood."""
    total = sum(entries.values())
    if total <= 0:
        return
    right = _right(layout, where, entries)
    x = layout.arteries + 0.85 if right else 0.75
    y = 1.2 if right else float(np.average([where[v][1] for v in entries], weights=list(entries.values())))
    y = min(max(y, 1.4 if right else 3.0), layout.last - 2.85)
    radius = max(0.32, pen.wide(origin) / 2 + 0.08)
    pen.ax.add_patch(RegularPolygon((x, y), 6, radius=radius, facecolor=INK, edgecolor="white", zorder=6))
    pen.text(x, y, origin, ha="center", color="white", zorder=7)
    for vessel, n in sorted(entries.items(), key=lambda item: -item[1]):
        end, share = where[vessel], n / total
        if share < LEAST_ARROW:
            continue
        curve = 0.12 if end[1] > y else -0.12
        arrow = FancyArrowPatch(
            (x, y), end, arrowstyle="-|>", mutation_scale=1.5 * pen.look.small,
            linewidth=(1.0 + 2.5 * share) * pen.look.thin, color=INK, shrinkA=72 * pen.scale * radius, shrinkB=7,
            zorder=6, connectionstyle=f"arc3,rad={curve}",
        )  # fmt: skip
        pen.ax.add_patch(arrow)
    listed = "into the blood by\n" + "\n".join(
        f"{share_of(n, total, exact=exact)} {v}" for v, n in sorted(entries.items(), key=lambda item: -item[1])
    )
    place = (x + radius + 0.12, y) if right else (0.12, y + radius + 0.37)
    pen.text(*place, listed, ha="left", va="center" if right else "top", linespacing=1.2)


def _legend(pen: Pen, layout: Layout, marks: Marks) -> None:
    """Circles of round shares, at the lower left; none where nothing happened."""
    if not marks.total:
        return
    share = marks.most / marks.total
    highest = float(f"{share:.0e}") if float(f"{share:.0e}") <= share else float(f"{share * 0.9:.0e}")
    x, y = 0.4, layout.height - 0.75
    for part in (1.0, 0.1, 0.01):
        radius = marks.radius_of(highest * part * marks.total)
        pen.ax.add_patch(Circle((x, y), radius, facecolor="white", edgecolor=INK, linewidth=pen.look.thin, gid="scale"))
        least = highest * part <= LEAST * share
        text = "\u2264 " * least + one_in(highest * part)
        pen.text(x, y + marks.radius_of(marks.most) + 0.13, text, ha="center", va="center")
        x += max(0.62, pen.wide(text) + 0.3)
    pen.text(0.12, y - marks.radius_of(marks.most) - 0.16, f"of all {name_of(marks.what)}", color=QUIET)


def _said(made: str, note: str, marks: Marks) -> str:
    """The figure in words."""
    rows = sorted(marks.table, key=lambda row: -number_of(row, marks.what))[:6]
    parts = ", ".join(f"{row.organ} {marks.said(row)}" for row in rows if marks.said(row))
    return f"Schematic of the circulation, with a circle at each organ. {made}; {note}. {parts}".strip() + "."
