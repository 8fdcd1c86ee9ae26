"""The states of cells in the blood: the first pass bed by bed, then one pool, or the whole network.

In the pool a cell meets the beds in the order and by the shares of the flow, one circuit
after the other: each hazard is the probability of that end in one circuit over the time
that a circuit takes.  So the organs get the same shares as in the whole network, and the
time of arrest is exponential instead of a sum of many passages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cascade.body.network import LEFT_HEART, RIGHT_HEART, CellClass, Circulation, Ways
from cascade.body.places import POOL


class Location(NamedTuple):
    """A vessel or bed, and whether the cell has been through the arteries."""

    node: str
    arterial: bool


def name_of(location: Location, cells: CellClass) -> str:
    """Name of the state of a class of cells in a location."""
    return f"{location.node}{' (arterial)' if location.arterial else ''}, {cells.name}"


def pool_of(cells: CellClass) -> str:
    """Name of the state of a class of cells that has been round once."""
    return f"{POOL}, {cells.name}"


def entrance(vessel: str, classes: Iterable[CellClass]) -> dict[str, float]:
    """States of the cells that enter by a vessel, with their shares."""
    return {name_of(Location(vessel, False), cells): cells.share for cells in classes if cells.share > 0}


def came_in(events: Mapping[str, float], circulation: Circulation) -> dict[str, float]:
    """Cells that entered the blood by each vessel, from the number of times of each transition."""
    entered: dict[str, float] = {}
    for name, times in events.items():
        source, _, target = name.partition(".")
        vessel, _, cells = target.partition(", ")
        inside = source.endswith(f", {cells}")
        if cells and vessel in circulation.nodes and not inside and times > 0:
            entered[vessel] = entered.get(vessel, 0.0) + times
    return entered


def states(
    circulation: Circulation,
    classes: Iterable[CellClass],
    entries: Iterable[str],
    *,
    homing: Mapping[str, float],
    pool: bool,
) -> list[dict[str, Any]]:
    """States of all classes in all places that they can come to, as fields of State.

    Parameters
    ----------
    circulation : Circulation
    classes : iterable of CellClass
    entries : iterable of str
        Vessels by which cells enter.
    homing : mapping
        Factors on the hazard of arrest in organs.
    pool : bool
        Whether cells that return to the right heart are lumped; otherwise they go on bed by bed.
    """
    filled: list[dict[str, Any]] = []
    for cells in classes:
        if cells.share <= 0:
            continue
        scaled = circulation.scaled(cells, homing)
        waiting = [Location(vessel, False) for vessel in dict.fromkeys(entries)]
        seen, comes_round = set(waiting), False
        while waiting:
            location = waiting.pop(0)
            ways = circulation.ways(location.node, scaled, homing)
            moves: dict[str, float] = {}
            flows: dict[str, tuple[str, ...]] = {}
            for node, hazard in ways.moves.items():
                if pool and location.arterial and node == RIGHT_HEART:
                    moves[pool_of(cells)] = hazard
                    comes_round |= hazard > 0
                    continue
                onward = Location(node, pool and (location.arterial or location.node == LEFT_HEART))
                moves[name_of(onward, cells)] = hazard
                flows[name_of(onward, cells)] = circulation.flow_source(node)
                if onward not in seen and hazard > 0:
                    seen.add(onward)
                    waiting.append(onward)
            bed = circulation.is_bed(location.node)
            stage = "arrest" if bed else "circulation"
            source = circulation.source_of(location.node)
            filled.append(_state(name_of(location, cells), location.node, stage, moves, ways, source, cells, flows))
        if comes_round:
            circuit = circulation.circuit(scaled, homing)
            ways = circulation.ways(RIGHT_HEART, scaled, homing)._replace(
                held={organ: p / circuit.hours for organ, p in circuit.held.items()},
                deaths={cause: p / circuit.hours for cause, p in circuit.deaths.items()},
            )
            filled.append(_state(pool_of(cells), POOL, "circulation", {}, ways, circulation.source, cells))
    return filled


def _state(
    name: str,
    at: str,
    stage: str,
    moves: Mapping[str, float],
    ways: Ways,
    source: Iterable[str],
    cells: CellClass,
    flows: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, Any]:
    """Fields of a state; times and flows come from the circulation, chances of arrest and death from the class."""
    held = {f"{organ}: arrested": hazard for organ, hazard in ways.held.items()}
    both = list(dict.fromkeys([*source, *cells.source]))
    way = {to: list(dict.fromkeys([*both, *keys])) for to, keys in (flows or {}).items()}
    return {
        "name": name,
        "place": {"at": at},
        "stage": stage,
        "moves": [{"to": to, "hazard": h, "source": way.get(to, both)} for to, h in {**moves, **held}.items() if h > 0],
        "deaths": [{"cause": c, "hazard": h, "source": cells.source} for c, h in ways.deaths.items() if h > 0],
    }
