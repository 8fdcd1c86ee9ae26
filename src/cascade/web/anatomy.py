"""Where a model's sites, primary and roads are in a body as it looks, as ``web/js/bodyscene.js`` reads it.

Outlines, organs and places are data (``anatomy.toml``).  Sites that nobody has placed stand beside a site whose name
theirs contains; those that resemble none are listed beside the body.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any, NamedTuple

from cascade.body import Circulation, cancer, cancer_names, circulation, injection_names
from cascade.body.animals import ANIMALS, animal
from cascade.body.network import LEFT_HEART
from cascade.body.places import PRIMARY
from cascade.body.routes import routes
from cascade.body.schematic import circulation_of
from cascade.common.colours import ARTERY, PORTAL, VEIN
from cascade.model import Model
from cascade.web.bodymap import network

Point = tuple[float, float]

APART = 5.0
"""Least distance of two places of a picture, in its units: smaller discs stay discs of their own."""

_TURN, _TRIES = 2.4, 400
"""Radians from one place that is tried to the next, and how many are."""

_STEPS = 8
"""Straight pieces for each piece of a curve."""

OTHER = "other"


class Body(NamedTuple):
    """A body's data, and whose they are: the animal, the sex, the cancer (or "")."""

    data: Mapping[str, Any]
    animal: str
    sex: str
    cancer: str


class Road(NamedTuple):
    """A road of cells: ``kind`` is how it is drawn, ``name`` what it is."""

    kind: str
    name: str
    points: Sequence[Point]


def anatomy(model: Model) -> dict[str, Any] | None:
    """The picture of a body for a model; None for one without sites.

    Returns
    -------
    dict
        ``animal``; ``view`` (x, y, width, height); ``behind``, ``outline``, ``front`` and ``lines`` (paths);
        ``organs`` (path, and 0, the width of a tube, or -1 of what is only a line); ``origin`` (x, y, name, whether
        cells are injected there) or None; ``roads`` (kind, name, path); ``sites`` (name, roads, ``at``: x and y or
        None, ``colonies``: names of states); ``network``, see ``web.bodymap.network``; ``colours`` of the vessels.
    """
    if not model.sites:
        return None
    used = circulation_of(model.sites)
    body = _body_of(model, used)
    origin, inside = _origin(model, body), outline_of(body.data)
    placed = _places(model, body, inside, origin)
    vessels = {vessel.name for vessel in (used or circulation("male")).vessels}
    entries = [name for name in _entries(model) if name in vessels]
    colonies: dict[str, list[str]] = {site.name: [] for site in model.sites}
    for state in model.states:
        if state.landmark == "colony" and state.site is not None:
            colonies[state.site].append(state.name)
    names = {body.sex, *(site.name for site in model.sites), *((origin[2],) if origin else ())}
    drawn = [organ for organ in body.data["organs"] if not organ.get("when") or names & set(organ["when"])]
    return {
        "animal": body.animal,
        "view": body.data["view"],
        "outline": _smooth(_ring(body.data), closed=True),
        "behind": body.data.get("behind", []),
        "front": body.data.get("front", []),
        "lines": body.data["lines"],
        "organs": [[organ["path"], -1 if organ.get("line") else organ.get("tube", 0)] for organ in drawn],
        "origin": origin,
        "roads": [
            [road.kind, road.name, _smooth(road.points)] for road in _roads(model, body, placed, origin, entries)
        ],
        "sites": [
            {
                "name": site.name,
                "roads": _roads_to(site.name, site.route, used if site.flow is not None else None, entries),
                "at": placed.get(site.name),
                "colonies": colonies[site.name],
            }
            for site in model.sites
        ],
        "network": network(used, entries) if used is not None else None,
        "colours": {"artery": ARTERY, "vein": VEIN, "portal": PORTAL},
    }


@cache
def bodies() -> dict[str, Any]:
    """All of ``anatomy.toml``."""
    return tomllib.loads((resources.files("cascade.web") / "anatomy.toml").read_text(encoding="utf-8"))


def _body_of(model: Model, used: Circulation | None) -> Body:
    """The body of a model: an animal's where its blood flows as the animal's, else that of people."""
    name = used.name if used is not None else ""
    known = model.name if model.name in cancer_names() else ""
    if name in ANIMALS:
        return Body(bodies()[name], name, "", known)
    sex = name or (cancer(known).sex if known else "male")
    return Body(bodies()["human"], "human", sex, known)


def outline_of(data: Mapping[str, Any]) -> list[Point]:
    """The outline of a body as a polygon."""
    ring = _ring(data)
    return [point for piece in _pieces(ring, closed=True) for point in _along(piece)]


def within(polygon: Sequence[Point], point: Point) -> bool:
    """Whether a point lies in a polygon.

    Examples
    --------
    >>> within([(0, 0), (2, 0), (2, 2), (0, 2)], (1, 1)), within([(0, 0), (2, 0), (2, 2), (0, 2)], (3, 1))
    (True, False)
    """
    x, y = point
    crossed = False
    for (x1, y1), (x2, y2) in pairwise([*polygon, polygon[0]]):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            crossed = not crossed
    return crossed


def _ring(data: Mapping[str, Any]) -> list[Point]:
    """Points of the outline: of a half and its mirror, or as they stand."""
    if "half" not in data:
        return [(x, y) for x, y in data["outline"]]
    middle, half = data["middle"], data["half"]
    # The first and the last point lie in the middle.
    return [(middle + x, y) for x, y in half] + [(middle - x, y) for x, y in half[-2:0:-1]]


def _pieces(points: Sequence[Point], *, closed: bool) -> list[tuple[Point, Point, Point, Point]]:
    """Bezier curves from point to point, each leaving in the direction of its neighbours (Catmull and Rom)."""
    around = [points[-1], *points, points[0], points[1]] if closed else [points[0], *points, points[-1]]
    pieces = []
    for before, start, end, after in zip(around, around[1:], around[2:], around[3:], strict=False):
        first = (start[0] + (end[0] - before[0]) / 6, start[1] + (end[1] - before[1]) / 6)
        second = (end[0] - (after[0] - start[0]) / 6, end[1] - (after[1] - start[1]) / 6)
        pieces.append((start, first, second, end))
    return pieces


def _along(piece: tuple[Point, Point, Point, Point]) -> Iterable[Point]:
    for step in range(_STEPS):
        t = step / _STEPS
        parts = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        yield (
            math.fsum(w * p[0] for w, p in zip(parts, piece, strict=True)),
            math.fsum(w * p[1] for w, p in zip(parts, piece, strict=True)),
        )


def _smooth(points: Sequence[Point], *, closed: bool = False) -> str:
    """A path through points."""
    pieces = _pieces(points, closed=closed)
    curves = ("C" + " ".join(f"{x:.4g} {y:.4g}" for x, y in piece[1:]) for piece in pieces)
    return f"M{points[0][0]:.4g} {points[0][1]:.4g}{''.join(curves)}{'Z' if closed else ''}"


def _known(body: Body) -> dict[str, Point]:
    """Places by site: the cancer's before the sex's before the common ones."""
    found: dict[str, Any] = dict(body.data["places"])
    for own in (body.sex, body.cancer):
        found |= body.data.get(own, {}) if own else {}
    return {name: (x, y) for name, (x, y) in found.items()}


def _origin(model: Model, body: Body) -> tuple[float, float, str, bool] | None:
    """Where the primary is, or where cells are injected; None where nothing says so."""
    primaries: Mapping[str, Any] = body.data["primaries"]
    if any(state.place is not None and state.place.at == PRIMARY for state in model.states):
        own = next((site.name for site in model.sites if site.own), "")
        name = cancer(body.cancer).primary if body.cancer else own
        for key in (body.cancer, name):
            if key in primaries:
                return (*primaries[key], name, False)
        return None
    places = {state.name: state.place.at for state in model.states if state.place is not None}
    started = places.get(model.start.states[0].state, "")
    where = animal(body.animal).injection(model.name).where if model.name in injection_names() else started
    return (*primaries[started], where, True) if started in primaries else None


def _places(
    model: Model, body: Body, inside: Sequence[Point], origin: tuple[float, float, str, bool] | None
) -> dict[str, Point]:
    """A place for each site that has one or resembles one that has: inside, and apart from all others."""
    known = _known(body)
    taken: list[Point] = [(origin[0], origin[1])] if origin else []
    placed: dict[str, Point] = {}
    # Those that have a place of their own come first, and keep it.
    for site in sorted(model.sites, key=lambda one: one.name not in known):
        near = known.get(site.name) or known.get(_like(site.name, known))
        if near is not None:
            free = _free(near, taken, inside)
            if free is not None:
                placed[site.name] = free
                taken.append(free)
    return placed


def _like(name: str, known: Iterable[str]) -> str:
    """The longest known name that another one contains as whole words, or ""."""
    words = f" {name.lower().replace('(', ' ').replace(')', ' ')} "
    return max((other for other in known if f" {other.lower()} " in words), key=len, default="")


def _free(near: Point, taken: Sequence[Point], inside: Sequence[Point]) -> Point | None:
    """The first point of a spiral that is apart from all others and inside."""
    for k in range(_TRIES):
        far = APART * math.sqrt(k) * 0.6
        x, y = near[0] + far * math.cos(_TURN * k), near[1] + far * math.sin(_TURN * k)
        if all(math.hypot(x - a, y - b) >= APART for a, b in taken) and within(inside, (x, y)):
            return (round(x, 1), round(y, 1))
    return None


def _entries(model: Model) -> list[str]:
    """Where cells come to from the primary, or where they start."""
    places = {state.name: state.place.at for state in model.states if state.place is not None}
    found = [places.get(begun.state, "") for begun in model.start.states if places.get(begun.state) != PRIMARY]
    for state in model.states:
        if places.get(state.name) == PRIMARY:
            found += [places[m.to] for m in state.moves if m.hazard > 0 and places.get(m.to, PRIMARY) != PRIMARY]
    return list(dict.fromkeys(found))


def _roads_to(site: str, route: str, used: Circulation | None, entries: Sequence[str]) -> list[str]:
    """By what cells come to a site: of an organ the vessel that leads there first, and the arteries."""
    if used is None or site not in used.organs:
        return [route]
    direct = [v for v in entries if not used.is_bed(v) and v in used.nodes and _first(used, v) == site]
    # All blood passes the bed before the left heart, and comes there by the veins.
    if any(bed.site == site and bed.to == LEFT_HEART for bed in used.beds):
        return direct or ["veins"]
    return [*direct, "arteries"]


def _first(used: Circulation, vessel: str) -> str:
    beds = used.first_beds(vessel)
    return used.site(max(beds, key=lambda bed: beds[bed])) if len(beds) == 1 else ""


def _roads(
    model: Model,
    body: Body,
    placed: Mapping[str, Point],
    origin: tuple[float, float, str, bool] | None,
    entries: Sequence[str],
) -> list[Road]:
    """The roads of a model: by blood, by lymph from node to node, and from the primary straight to its neighbours."""
    made: list[Road] = []
    start = None if origin is None else (origin[0], origin[1])
    if any(site.flow is not None for site in model.sites):
        made += _by_blood(body, start, entries)
    chains = {route.name for route in map(routes().route, routes().names) if route.chain}
    for route in dict.fromkeys(site.route for site in model.sites if site.flow is None):
        stops = [placed[site.name] for site in model.sites if site.route == route and site.name in placed]
        if not stops or start is None:
            continue
        if route in chains:
            made.append(Road(bodies()["nodes"], bodies()["nodes"], [start, *stops]))
            if any(site.flow is not None for site in model.sites):
                made.append(
                    Road(bodies()["nodes"], bodies()["nodes"], _join(stops[-1], _points(body.data["roads"]["duct"])))
                )
        else:
            made += [Road(OTHER, route, [start, _bent(start, stop), stop]) for stop in stops]
    return made


def _by_blood(body: Body, start: Point | None, entries: Sequence[str]) -> list[Road]:
    """From the primary by each vessel to the heart, through the lung, and by the arteries."""
    data = body.data["roads"]
    lower, upper, spine = (_points(data[name]) for name in ("lower", "upper", "spine"))
    made: list[Road] = []
    for vessel in entries if start is not None else ():
        assert start is not None
        if vessel in ("portal vein", "splenic vein"):
            made.append(Road("portal", "portal vein", _join(start, _points(data["portal"]))))
            made.append(Road("vein", "veins", _points(data["after_bed"])))
        elif vessel == "azygos vein":
            made.append(Road("vein", vessel, _join(start, spine)))
        elif vessel == "vertebral plexus":
            made.append(Road("vein", vessel, _join(start, _points(data["plexus"]))))
        elif vessel == LEFT_HEART:
            if math.dist(start, data["left_heart"]) > 4 * APART:
                end = (data["left_heart"][0], data["left_heart"][1])
                made.append(Road("artery", vessel, [start, _bent(start, end), end]))
        else:
            trunk = min((lower, upper), key=lambda points: min(math.dist(start, p) for p in points[:-1]))
            made.append(Road("vein", "veins", _join(start, trunk)))
    made += [Road("vein", "veins", _points(way)) for way in data["lungs"]]
    made += [Road("artery", "arteries", _points(way)) for way in data["arteries"]]
    return made


def _points(given: Sequence[Sequence[float]]) -> list[Point]:
    return [(x, y) for x, y in given]


def _join(start: Point, road: Sequence[Point]) -> list[Point]:
    """From a point to where a road is nearest, and on along it."""
    near = min(range(len(road) - 1), key=lambda k: math.dist(start, road[k]))
    (x, y), (on_x, on_y) = road[near], road[near + 1]
    # Not back: what is already beyond that point goes on to the next.
    beyond = (start[0] - x) * (on_x - x) + (start[1] - y) * (on_y - y) > 0
    return [start, *road[near + 1 if beyond else near :]]


def _bent(start: Point, end: Point) -> Point:
    """A point beside the middle of a straight line."""
    return (start[0] + end[0]) / 2 + (end[1] - start[1]) / 7, (start[1] + end[1]) / 2 - (end[0] - start[0]) / 7
