"""Where the states of a model stand in the picture of the body, as ``web/js/body.js`` reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cascade.body.network import LEFT_HEART, RIGHT_HEART, Circulation
from cascade.body.places import BEFORE_THE_VESSEL, POOL, PRIMARY
from cascade.body.schematic import Schematic, circulation_of, schematic
from cascade.model import Model
from cascade.model.observables import Place

_NEST = 0.42
"""Inches between two places of one organ, or of the primary."""


def body_map(model: Model) -> dict[str, Any] | None:
    """Vessels, names and a place for every state; None for a model without the sites of a body.

    Returns
    -------
    dict
        ``width`` and ``height`` of the picture; ``lines`` (points, flow, kind); ``names`` and
        ``more`` (text, x, y, alignment); ``places``: x and y by state; ``beds``: x of the beds,
        and their heights; ``hearts``: x and y of both.  In inches from the top left.
    """
    used = circulation_of(model.sites) if model.sites else None
    if used is None:
        return None
    drawn = schematic(used)
    layout, where = drawn.layout, drawn.where
    sites = {bed.name: bed.site for bed in used.beds}
    names: list[tuple[str, float, float, str]] = [
        ("right heart", layout.veins - 0.3, layout.hearts, "right"),
        ("left heart", layout.arteries - 0.3, layout.hearts, "right"),
        (POOL, layout.bed, layout.hearts + 0.28, "center"),
    ]
    if any(state.place is not None and state.place.at == PRIMARY for state in model.states):  # not of injected cells
        names.append((PRIMARY, 0.75, 2.45, "center"))
        names += [(stage, 1.2, _primary_height(k), "left") for k, stage in enumerate(model.stages[:BEFORE_THE_VESSEL])]
    for bed, site in sites.items():
        if bed in where:
            x, y = where[bed]
            text = bed if bed == site else f"{bed} ({site})"
            names.append((text, x, y + 0.3, "center") if y == layout.lung else (text, x - 0.2, y, "right"))
    places, elsewhere = _places(model, drawn)
    y = layout.first
    for name, states in elsewhere.items():
        step = min(0.55, (layout.last - layout.first) / max(1, len(elsewhere)))
        names.append((name, layout.other, y - 0.02, "left"))
        for k, state in enumerate(states):
            places[state] = (layout.other + 0.15 + _NEST * min(k, 5), y + 0.24)
        y += step
    return {
        "width": layout.width if elsewhere else layout.other,
        "height": layout.height,
        "lines": [[[c for point in line.points for c in point], line.flow, line.kind] for line in drawn.lines],
        "names": names,
        # Where there is room for them.
        "more": [(name, x, y, "left") for name, (x, y) in drawn.names],
        "places": places,
        "beds": [layout.bed, *(where[bed][1] for bed in sites if bed in where)],
        "hearts": [*where[RIGHT_HEART], *where[LEFT_HEART]],
    }


def network(used: Circulation, entries: Sequence[str]) -> dict[str, Any]:
    """The circulation alone, as ``web/js/networkview.js`` reads it; ``entries``: vessels by which cells come into it.

    Returns
    -------
    dict
        ``lines`` (points, flow, kind); ``beds`` (name, organ, x, y); ``hearts`` and ``vessels`` (name, x, y);
        ``entries`` (x, y). In inches from the top left.
    """
    drawn = schematic(used)
    where, layout = drawn.where, drawn.layout
    return {
        "lines": [[[c for point in line.points for c in point], line.flow, line.kind] for line in drawn.lines],
        "beds": [[bed.name, bed.site, *where[bed.name]] for bed in used.beds if bed.name in where],
        "hearts": [[RIGHT_HEART, layout.veins, layout.hearts], [LEFT_HEART, layout.arteries, layout.hearts]],
        "vessels": [[name, x, y] for name, (x, y) in drawn.names],
        "entries": [[*where[name]] for name in entries if name in where],
    }


def _places(model: Model, drawn: Schematic) -> tuple[dict[str, tuple[float, float]], dict[str, list[str]]]:
    """Coordinates of the states in beds, vessels and the primary; the others by the place they belong to."""
    places: dict[str, tuple[float, float]] = {}
    elsewhere: dict[str, list[str]] = {}
    for state in model.states:
        place = state.place or Place(at=state.name)
        if place.at == PRIMARY:
            places[state.name] = (0.75, _primary_height(place.step))
        elif place.at == POOL:
            places[state.name] = (drawn.layout.bed, drawn.layout.hearts)
        elif place.at in drawn.where:
            # Arrested in the bed; what has left the vessel stands to the right of it.
            x, y = drawn.where[place.at]
            places[state.name] = (x + _NEST * place.step, y)
        else:
            elsewhere.setdefault(place.at, []).append(state.name)
    return places, elsewhere


def _primary_height(step: int) -> float:
    return 2.95 + 0.85 * step
