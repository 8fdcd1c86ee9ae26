"""Checks of what refers to something: hazards in frailties, treatments and a capacity; sites and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from cascade.common.errors import Fault, is_number, nearest
from cascade.model.names import alike, hazard_names, matching, switch_names
from cascade.model.raw import RawState, get, items, parts_with_source, repeated, text_of


def frailty_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """Hazards of frailties that are none, or are named twice."""
    names = hazard_names(states)
    for f, frailty in enumerate(items(data, "frailties")):
        used: set[str] = set()
        for h, entry in enumerate(items(frailty, "hazards")):
            pattern = get(entry, "hazard")
            if not isinstance(pattern, str):
                continue
            path = f"frailties[{f}].hazards[{h}].hazard"
            meant = matching(pattern, names)
            if not meant:
                yield Fault(
                    path,
                    pattern,
                    f"a hazard of the model, as 'state.target', 'state.cause' or '*.cause'; {nearest(pattern, names)}",
                )
            elif used & set(meant):
                yield Fault(path, pattern, "each hazard once in a frailty")
            used |= set(meant)


def treatment_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """Treatments that act on no hazard."""
    ways = hazard_names(states) + switch_names(data)
    for i, treatment in enumerate(items(data, "treatments")):
        acts = [p for effect in items(treatment, "effects") if isinstance(p := get(effect, "hazard"), str)]
        if acts and not any(matching(pattern, ways) for pattern in acts):
            yield Fault(f"treatments[{i}].effects", acts, "at least one that acts on a hazard of this model")


def capacity_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """States, hazards and windows of a shared capacity."""
    capacity = data.get("capacity")
    if capacity is None:
        return
    names, ways = [state.name for state in states], hazard_names(states) + switch_names(data)
    for field, candidates, what in (("occupied_by", names, "state"), ("hazards", ways, "hazard")):
        for i, pattern in enumerate(items(capacity, field)):
            if not isinstance(pattern, str):
                continue  # has a fault of type
            meant = alike(pattern, candidates) if field == "occupied_by" else matching(pattern, candidates)
            if not meant:
                yield Fault(f"capacity.{field}[{i}]", pattern, f"a {what} of the model; {nearest(pattern, candidates)}")
    windows = items(capacity, "windows")
    rising = windows and all(map(is_number, windows)) and windows[0] == 0 and all(a < b for a, b in pairwise(windows))
    if windows and not rising:
        yield Fault("capacity.windows", windows, "times at which windows begin, rising from 0")


def site_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Sites and landmarks of states, numbers of autopsies."""
    sites = [name for site in items(data, "sites") if (name := text_of(get(site, "name")))]
    for index, state in enumerate(items(data, "states")):
        site, landmark = get(state, "site"), get(state, "landmark")
        if isinstance(site, str) and site not in sites:
            yield Fault(f"states[{index}].site", site, f"the name of a site; {nearest(site, sites)}")
        if (site is None) != (landmark is None):
            yield Fault(f"states[{index}]", landmark or site, "a site and a landmark, or neither")
        elif landmark == "colony" and get(state, "absorbing", False) is not True:
            yield Fault(f"states[{index}].landmark", landmark, "an absorbing state for a colony")
    for index, site in enumerate(items(data, "sites")):
        counted, of = get(site, "found"), get(site, "of")
        if (counted is None) != (of is None) or (is_number(counted) and is_number(of) and counted > of):
            yield Fault(f"sites[{index}].found", counted, f"a number from 0 to that of the autopsies, of = {of}")


def route_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Routes of states, and steps of routes, that there are not."""
    routes = [name for route in items(data, "routes") if (name := text_of(get(route, "name")))]
    stages = [stage for stage in items(data, "stages") if isinstance(stage, str)]
    for index, again in repeated(routes):
        yield Fault(f"routes[{index}].name", again, "each route once")
    for index, route in enumerate(items(data, "routes")):
        steps = get(route, "steps", {})
        for step in steps if isinstance(steps, Mapping) else ():
            if isinstance(step, str) and step not in stages:
                yield Fault(f"routes[{index}].steps", step, f"a stage of the model; {nearest(step, stages)}")
    used = set()
    for index, state in enumerate(items(data, "states")):
        on = get(state, "route")
        if isinstance(on, str):
            used.add(on)
            if on not in routes:
                yield Fault(f"states[{index}].route", on, f"the name of a route; {nearest(on, routes)}")
    for index, name in enumerate(routes):
        if name not in used:
            yield Fault(f"routes[{index}].name", name, "a route that a state is on")


def source_faults(data: Mapping[str, Any]) -> Iterator[Fault]:
    """Keys of sources that nothing bears."""
    keys = {key for source in items(data, "sources") if (key := text_of(get(source, "key")))} | {"illustrative"}
    for path, part in parts_with_source(data):
        for key in items(part, "source"):
            if isinstance(key, str) and key not in keys:
                yield Fault(
                    f"{path}.source",
                    key,
                    f"the key of a source; {nearest(key, sorted(keys))}",
                )
