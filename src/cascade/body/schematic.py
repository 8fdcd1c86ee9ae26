"""The body as a schematic: where beds and vessels stand, and the lines between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cascade.body.animals import ANIMALS, animal_circulation
from cascade.body.network import LEFT_HEART, RIGHT_HEART, Bed, Circulation
from cascade.body.reference import SEXES, circulation
from cascade.model.observables import Site

Point = tuple[float, float]


@dataclass(frozen=True)
class Layout:
    """Where things stand, in inches from the top left of a page of 13 by 8.4."""

    width: float = 13.0
    height: float = 8.4
    veins: float = 2.55
    portal: float = 3.35
    bed: float = 5.95
    arteries: float = 8.1
    other: float = 9.35
    lung: float = 1.15
    hearts: float = 1.95
    first: float = 2.5
    last: float = 8.05

    def rung(self, index: int, count: int) -> float:
        """Height of one of ``count`` beds."""
        return self.first + (self.last - self.first) * index / max(count - 1, 1)


@dataclass(frozen=True)
class Line:
    """A vessel, ``kind`` artery, vein or portal; ``flow`` in parts of the cardiac output."""

    points: tuple[Point, ...]
    flow: float
    kind: str


@dataclass(frozen=True)
class Schematic:
    """Lines, where beds and vessels are by name, and names of veins that lead to another bed."""

    layout: Layout
    lines: tuple[Line, ...]
    where: dict[str, Point]
    names: tuple[tuple[str, Point], ...]


def circulation_of(sites: Sequence[Site]) -> Circulation | None:
    """The reference adult or animal whose flows the sites of a model have; the first for a model without blood."""
    flows = {site.name: site.flow for site in sites if site.flow is not None}
    for one in (*map(circulation, SEXES), *map(animal_circulation, ANIMALS)):
        if all(name in one.organs and abs(one.organ_flow(name) - flow) < 1e-9 for name, flow in flows.items()):
            return one
    return None


def schematic(used: Circulation, layout: Layout | None = None) -> Schematic:
    """The schematic of a circulation."""
    layout = layout or Layout()
    beds = [bed for bed in used.beds if bed.flow > 0]
    upper = next(bed.name for bed in used.beds if bed.to == LEFT_HEART)
    levels = {bed.name: layout.rung(i, len(beds)) for i, bed in enumerate(beds)}
    flows = used.flows
    lines: list[Line] = []
    names: list[tuple[str, Point]] = []

    def line(xs: Sequence[float], ys: Sequence[float], flow: float, kind: str) -> None:
        lines.append(Line(tuple(zip(xs, ys, strict=True)), flow, kind))

    # Trunks: what is still to be given off, and what has come together.
    arterial, venous = 1.0, 1.0
    above_a, above_v = layout.hearts, layout.hearts
    for bed in beds:
        y = levels[bed.name]
        line([layout.arteries] * 2, [above_a, y], arterial, "artery")
        line([layout.bed, layout.arteries], [y, y], bed.flow, "artery")
        arterial, above_a = max(0.0, arterial - bed.flow), y
        into_portal = any(vessel.name == bed.to and vessel.to in levels for vessel in used.vessels)
        if not into_portal:
            through = flows[bed.name]
            line([layout.veins] * 2, [above_v, y], venous, "vein")
            line([layout.veins, layout.bed], [y, y], through, "vein")
            venous, above_v = max(0.0, venous - through), y
    # Veins that lead to another bed.
    for vessel in used.vessels:
        fed = [bed for bed in beds if bed.to == vessel.name]
        if vessel.to in levels and fed:
            carried = 0.0
            for low, high in _rising(fed, levels, levels[vessel.to] + 0.1):
                carried += low.flow
                y = levels[low.name]
                line([layout.portal, layout.bed], [y, y], low.flow, "portal")
                line([layout.portal] * 2, [y, high], carried, "portal")
            end = levels[vessel.to] + 0.1
            line([layout.portal, layout.bed - 0.1], [end, end], carried, "portal")
            lowest = sorted((levels[bed.name] for bed in fed), reverse=True)[:2]
            names.append((vessel.name, (layout.portal + 0.1, sum(lowest) / 2)))
    # The bed between the two hearts.
    line([layout.veins, layout.veins, layout.bed], [layout.hearts, layout.lung, layout.lung], 1.0, "vein")
    line([layout.bed, layout.arteries, layout.arteries], [layout.lung, layout.lung, layout.hearts], 1.0, "artery")
    where = {name: (layout.bed, y) for name, y in levels.items()} | {upper: (layout.bed, layout.lung)}
    where |= _vessels(used, layout, levels)
    return Schematic(layout, tuple(lines), where, tuple(names))


def _vessels(used: Circulation, layout: Layout, levels: Mapping[str, float]) -> dict[str, Point]:
    """Where the vessels are, with the heights of the beds."""
    where: dict[str, Point] = {}
    portal = next((v for v in used.vessels if v.to in levels and any(b.to == v.name for b in used.beds)), None)
    for vessel in used.vessels:
        if vessel.name == LEFT_HEART:
            where[vessel.name] = (layout.arteries + 0.24, layout.hearts - 0.05)
        elif vessel.name == RIGHT_HEART:
            where[vessel.name] = (layout.veins, layout.hearts)
        elif portal is not None and vessel.name == portal.name:
            where[vessel.name] = (layout.portal, levels[portal.to] + 0.45)
        elif portal is not None and vessel.to == portal.name:  # where the veins of the beds come into it
            where[vessel.name] = (layout.portal, max(levels[bed.name] for bed in used.beds if bed.to == portal.name))
        elif vessel.to in levels:  # beside the name of the bed
            where[vessel.name] = (layout.bed - 0.35 - 0.075 * len(vessel.to), levels[vessel.to])
        elif vessel.to == RIGHT_HEART and vessel.volume is None:
            where[vessel.name] = (layout.veins, layout.first + 0.25)
        else:
            where[vessel.name] = (layout.veins, (layout.first + layout.last) / 2)
    return where


def _rising(fed: Sequence[Bed], levels: dict[str, float], end: float) -> list[tuple[Bed, float]]:
    """The beds from the lowest, each with the height to which its vein rises."""
    order = sorted(fed, key=lambda bed: -levels[bed.name])
    return list(zip(order, [*(levels[bed.name] for bed in order[1:]), end], strict=True))
