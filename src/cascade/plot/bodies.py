"""The body as a schematic of its vessels: where cells are held and found colonies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle, RegularPolygon

from cascade.answers.organs import OrganRow, Organs
from cascade.body import Circulation, came_in
from cascade.body.schematic import Layout, Point, Schematic, circulation_of, schematic
from cascade.common.colours import ARTERY, ARTERY_TEXT, INK, PORTAL, PORTAL_TEXT, QUIET, VEIN, VEIN_TEXT
from cascade.common.errors import InputError
from cascade.common.text import number
from cascade.model import Model
from cascade.plot.fitting import broken, smaller, width_of, words
from cascade.plot.sites import made_of, organs_of, rough, share_of
from cascade.plot.style import Picture, figure_around, sign
from cascade.runs.result import Result
from cascade.solution.answer import Exact

LEAST_ARROW = 0.02
"""Share of the cells below which a way into the blood is listed, but not drawn."""

WIDEST = 20.0
"""Points, for the whole cardiac output."""

LARGEST = 0.3
"""Radius of the largest circle, in inches."""

LEAST = 0.01
"""Share of the most cells arrested below which a circle shrinks no more: its bed has to be seen."""

KINDS = {"artery": ARTERY, "vein": VEIN, "portal": PORTAL}


def body(source: Result | Exact, *, body: Circulation | None = None, ax: Axes | None = None) -> Figure:
    """The body as a schematic: vessels as wide as their flow, beds with what they hold.

    The area of a circle is the number of cells arrested, its colour the number of colonies;
    beside it stands its share of the colonies of the same route.  The other routes stand on
    the right, each with its share of all colonies.

    Parameters
    ----------
    source : Result or Exact
        Of a model with sites, such as those of the cancers.
    body : Circulation, optional
        Default: the reference adult or animal whose flows the model has.
    ax : matplotlib Axes, optional
        Best 13 by 8.4 inches.
    """
    table = organs_of(source)
    used = _circulation_of(source.model) if body is None else body
    if not isinstance(used, Circulation):
        raise InputError("body", body, "a Circulation, such as cascade.body.circulation('male'), or None")
    drawn = schematic(used)
    layout = drawn.layout
    if ax is None:
        figure: Figure = Picture(figsize=(layout.width, layout.height))
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    else:
        figure = figure_around(ax)
    ax.set_xlim(0, layout.width)
    ax.set_ylim(layout.height, 0)
    ax.set_aspect("equal")
    ax.axis("off")
    cells = source.cells if isinstance(source, Result) else table.cells
    _heading(ax, layout, table, made_of(source, table), used)
    flowing = {site.route for site in source.model.sites if site.flow is not None}
    marks = _Marks(table, _room(layout, table, flowing))
    of_route = {route: sum(row.colonies for row in table.of_route(route)) or 1.0 for route in {r.route for r in table}}
    table = replace(table, rows=tuple(replace(row, share=row.colonies / of_route[row.route]) for row in table))
    where = _vessels(ax, drawn)
    _beds(ax, layout, where, used, table, marks, source.model)
    entries, origin = came_in(source.events(), used), "primary"
    if not sum(entries.values()):
        entries, origin = _injected(source.model, where), "injected"
    _origin(ax, layout, where, entries, origin, exact=table.exact)
    _other_routes(ax, layout, table, marks, flowing)
    _legend(ax, layout, marks, cells)
    sign(figure, source)
    return figure


def _heading(ax: Axes, layout: Layout, table: Organs, made: str, used: Circulation) -> None:
    """Whose body it is, of how many cells, and what is drawn."""
    wide = layout.width - 0.5
    size = smaller(table.label, wide, 17.0, least=9.0, weight="bold")
    # Only a name that is too long even in small type takes two lines.
    label = broken(table.label, wide, size, "bold") if size <= 9.0 else words(table.label)
    ax.text(
        0.25, 0.42, label, fontsize=size, color=INK, weight="bold", va="baseline" if "\n" not in label else "bottom"
    )
    total = sum(row.colonies for row in table)
    blood = sum(row.colonies for row in table if row.organ in used.organs)
    part = f"; {share_of(blood, total, exact=table.exact)} of all colonies by blood" if total else ""
    note = f"{made}{rough(table)}; circle: cells arrested"
    note += "; colour: colonies; beside it: share of the colonies of its route" if total else ""
    ax.text(0.25, 0.74, note + part, fontsize=smaller(note + part, wide, 10.0), color=QUIET)


def _beds(
    ax: Axes,
    layout: Layout,
    where: Mapping[str, Point],
    used: Circulation,
    table: Organs,
    marks: _Marks,
    model: Model,
) -> None:
    """Every bed with what its organ holds; a second bed of an organ holds nothing of its own."""
    rows = {row.organ: row for row in table}
    for bed in used.beds:
        if bed.name not in where:
            continue
        second = bed.name != bed.site
        name = f"{bed.name} ({bed.site})" if second else bed.name
        row = None if second else rows.get(bed.site)
        _bed(ax, layout, where[bed.name], name, row, marks, _own(model, bed.site) and not second)


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


def _own(model: Model, organ: str) -> bool:
    return any(site.own for site in model.sites if site.name == organ)


class _Marks:
    """Colour and radius of a circle, by one scale for all of them, and the share that stands beside it."""

    def __init__(self, table: Organs, largest: float) -> None:
        self.exact = table.exact
        of_route = {row.route: sum(other.colonies for other in table.of_route(row.route)) or 1.0 for row in table}
        self.said = {
            row.organ: share_of(row.colonies, of_route[row.route], exact=table.exact)
            for row in table
            if row.colonies > 0
        }
        self.largest = largest
        self.most = max((row.arrested for row in table), default=0.0)
        self.top = max((row.colonies for row in table), default=0.0)
        top = self.top or 1.0  # without colonies nothing has a colour
        self.norm = LogNorm(top / 300.0, top, clip=True)
        self.map = colormaps["YlOrRd"]

    def of(self, row: OrganRow | None) -> Any:
        return self.map(self.norm(row.colonies)) if row is not None and row.colonies > 0 else "white"

    def radius(self, row: OrganRow | None) -> float:
        return self.radius_of(row.arrested if row is not None else 0.0)

    def radius_of(self, arrested: float) -> float:
        """The area is the number of cells."""
        share = arrested / self.most if self.most else 0.0
        return self.largest * float(np.sqrt(max(share, LEAST)))

    def counts(self, most: float, parts: Sequence[float]) -> list[float]:
        """Round numbers for a scale: the most with one digit, and parts of it; of what was counted, whole ones."""
        if most <= 0:
            return []
        one = 10.0 ** np.floor(np.log10(most))
        highest = float(f"{one * np.floor(most / one * (1 + 1e-12)):.1g}")
        return [float(f"{highest * part:.1g}") for part in parts if self.exact or highest * part >= 1]


def _vessels(ax: Axes, drawn: Schematic) -> Mapping[str, Point]:
    """Draw the vessels; returns where beds and vessels are."""
    layout = drawn.layout
    for line in drawn.lines:
        style: dict[str, Any] = {"solid_capstyle": "round", "solid_joinstyle": "round"}
        width = max(0.7, WIDEST * line.flow)
        ax.plot(*zip(*line.points, strict=True), color=KINDS[line.kind], linewidth=width, zorder=1, **style)
    for name, (x, y) in drawn.names:
        ax.text(x, y, name, fontsize=8.5, color=PORTAL_TEXT, va="center")
    hearts = ((layout.veins, "right\nheart", VEIN_TEXT), (layout.arteries, "left\nheart", ARTERY_TEXT))
    for x, name, colour in hearts:
        ax.add_patch(
            Rectangle((x - 0.27, layout.hearts - 0.24), 0.54, 0.48, facecolor=colour, edgecolor="white", zorder=3)
        )
        ax.text(x, layout.hearts, name, ha="center", va="center", fontsize=8.5, color="white", zorder=4)
    middle = (layout.first + layout.last) / 2
    ax.text(
        layout.arteries + 0.2, middle, "arteries", fontsize=9, color=ARTERY_TEXT, rotation=90, va="center", ha="center"
    )
    return drawn.where


def _bed(
    ax: Axes,
    layout: Layout,
    at: tuple[float, float],
    name: str,
    row: OrganRow | None,
    marks: _Marks,
    is_primary: bool,
) -> None:
    x, y = at
    radius = marks.radius(row)
    ax.add_patch(Circle((x, y), radius, facecolor=marks.of(row), edgecolor=INK, linewidth=0.9, zorder=5))
    halo = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.9}
    text = f"{name} (own organ)" if is_primary else name
    if y == layout.lung:
        ax.text(x, y + radius + 0.1, text, ha="center", va="top", fontsize=10, color=INK, zorder=6)
    else:
        left = x - max(radius, 0.12) - 0.1
        ax.text(left, y, text, ha="right", va="center", fontsize=9, color=INK, bbox=halo, zorder=4)
    if row is not None and row.colonies > 0:
        right = x + max(radius, 0.12) + 0.1
        bold = "bold" if row.share >= 0.1 else "normal"
        ax.text(right, y, marks.said[row.organ], va="center", fontsize=9, weight=bold, color=INK, bbox=halo, zorder=4)


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


def _origin(
    ax: Axes, layout: Layout, where: Mapping[str, Point], entries: Mapping[str, float], origin: str, *, exact: bool
) -> None:
    """The primary, or the syringe, with arrows to the vessels by which its cells come into the blood."""
    total = sum(entries.values())
    if total <= 0:
        return
    main = max(entries, key=lambda vessel: entries[vessel])
    right = where[main][0] > layout.bed
    x = layout.arteries + 0.85 if right else 0.75
    y = 1.15 if right else float(np.average([where[v][1] for v in entries], weights=list(entries.values())))
    y = min(max(y, 1.4 if right else 3.0), layout.last - 2.85)
    ax.add_patch(RegularPolygon((x, y), 6, radius=0.3, facecolor=INK, edgecolor="white", zorder=6))
    ax.text(x, y, origin, ha="center", va="center", fontsize=7.5, color="white", zorder=7)
    for vessel, n in sorted(entries.items(), key=lambda item: -item[1]):
        end, share = where[vessel], n / total
        if share < LEAST_ARROW:
            continue
        curve = 0.12 if end[1] > y else -0.12
        arrow = FancyArrowPatch(
            (x, y), end, arrowstyle="-|>", mutation_scale=13, linewidth=1.0 + 2.5 * share, color=INK,
            shrinkA=20, shrinkB=7, connectionstyle=f"arc3,rad={curve}", zorder=6,
        )  # fmt: skip
        ax.add_patch(arrow)
    listed = "into the blood by\n" + "\n".join(
        f"{share_of(n, total, exact=exact)} {v}" for v, n in sorted(entries.items(), key=lambda item: -item[1])
    )
    ax.text(0.15 if not right else x + 0.4, y + 0.6 if not right else y, listed, ha="left",
            va="top" if not right else "center", fontsize=8.5, color=INK, linespacing=1.35)  # fmt: skip


def _room(layout: Layout, table: Organs, drawn: set[str]) -> float:
    """Radius of the largest circle with which the list of the other routes ends where the body does."""
    high, largest = layout.last - layout.first, LARGEST
    while largest > 0.1 and sum(_heights(table, _Marks(table, largest), drawn, _STEP)) > high:
        largest *= 0.9
    return largest


_STEP = 0.27
"""Inches from line to line of the other routes, at least."""


def _others(table: Organs, drawn: set[str]) -> list[str]:
    """Routes that no vessel shows."""
    return [route for route in dict.fromkeys(row.route for row in table) if route not in drawn]


def _heights(table: Organs, marks: _Marks, drawn: set[str], step: float) -> list[float]:
    """Inches for the lines of the other routes: each has its name, and its sites with their circles."""
    heights = []
    for route in _others(table, drawn):
        heights += [1.35 * step, *(max(step, 2 * marks.radius(row) + 0.06) for row in table.of_route(route))]
    return heights


def _other_routes(ax: Axes, layout: Layout, table: Organs, marks: _Marks, drawn: set[str]) -> None:
    """The routes that are not drawn yet, each with its sites."""
    routes = _others(table, drawn)
    if not routes:
        return
    total, high = sum(row.colonies for row in table), layout.last - layout.first
    step = 0.34 if sum(_heights(table, marks, drawn, 0.34)) <= high else _STEP
    heights = iter(_heights(table, marks, drawn, step))
    y = layout.first
    ax.text(layout.other, y - 0.12, "Other routes", fontsize=12, weight="bold", color=INK, va="bottom")
    for route in routes:
        of_route = sum(row.colonies for row in table.of_route(route))
        share = f"{share_of(of_route, total, exact=marks.exact)} of all colonies" if total else "no colonies"
        text = f"{words(route)}: {share}"
        size = smaller(text, layout.width - layout.other - 0.2, 9.5)
        tall = next(heights)
        ax.text(layout.other, y + 0.7 * tall, text, fontsize=size, color=QUIET, va="center", style="italic")
        y += tall
        for row in table.of_route(route):
            tall = next(heights)
            _listed(ax, layout, y + tall / 2, row, marks)
            y += tall


def _listed(ax: Axes, layout: Layout, y: float, row: OrganRow, marks: _Marks) -> None:
    """A site of another route in its line."""
    at = layout.other + 0.3
    ax.add_patch(Circle((at, y), marks.radius(row), facecolor=marks.of(row), edgecolor=INK, linewidth=0.9))
    beside = width_of(marks.said.get(row.organ, ""), 10.0) + 0.35
    size = smaller(row.organ, layout.width - layout.other - 0.7 - beside, 9.0)
    ax.text(layout.other + 0.7, y, words(row.organ), fontsize=size, va="center", color=INK)
    if row.colonies > 0:
        bold = "bold" if row.share >= 0.1 else "normal"
        ax.text(layout.width - 0.25, y, marks.said[row.organ], fontsize=9, va="center", ha="right", weight=bold)


def _legend(ax: Axes, layout: Layout, marks: _Marks, cells: float) -> None:
    """Scales of colour and size, at the lower left; none for what did not happen."""
    x, y = 0.35, layout.height - 1.62
    colonies = "colonies" if marks.top else "no colonies"
    ax.text(x, y - 0.08, f"{colonies}, of {number(cells)} cells", fontsize=8.5, color=INK, va="bottom")
    if marks.top:
        _colours(ax, marks, (x, y, 1.75, 0.13))
    arrested = marks.counts(marks.most, (0.01, 0.1, 1.0))
    ax.text(x, y + 1.46, "cells arrested" if arrested else "no cells arrested", fontsize=8.5, color=INK, va="center")
    for i, count in enumerate(arrested):
        at = x + 0.12 + 0.62 * i + 0.1 * i * i
        radius = marks.radius_of(count)
        ax.add_patch(Circle((at, y + 0.72), radius, facecolor="white", edgecolor=INK, linewidth=0.8))
        # The smallest circle is that of all who are fewer, too.
        least = count <= LEAST * marks.most
        text = f"\u2264 {number(count)}" if least else number(count)
        ax.text(at, y + 1.15, text, fontsize=7.5, ha="center", va="center", color=INK)


def _colours(ax: Axes, marks: _Marks, box: tuple[float, float, float, float]) -> None:
    """The bar of colours, with marks at round numbers; of what was counted it begins with one colony."""
    bar = ax.inset_axes(box, transform=ax.transData)
    scale = ax.get_figure(root=True).colorbar(  # type: ignore[union-attr]
        ScalarMappable(marks.norm, marks.map), cax=bar, orientation="horizontal"
    )
    low = marks.top / 300.0
    counts = [count for count in marks.counts(marks.top, (0.001, 0.01, 0.1, 1.0)) if count >= low]
    if not marks.exact:
        low = max(low, min(0.8, 0.5 * marks.top))
        counts = [1.0, *(count for count in counts if count >= 2)]
    bar.set_xlim(low, marks.top)
    scale.set_ticks(counts, labels=[number(count) for count in counts])
    scale.ax.minorticks_off()
    scale.ax.tick_params(labelsize=8, length=2)
    scale.outline.set_visible(False)
