"""Checks of what cells have and are together: factors and clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cascade.common.errors import Fault, is_number, nearest
from cascade.common.numbers import SHARE_TOLERANCE
from cascade.common.portable import in_order
from cascade.model.limits import MAX_STATES
from cascade.model.names import EVERYWHERE, hazard_name, hazard_names, living_states, matching, switch_names
from cascade.model.raw import RawState, get, items, repeated


def factor_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """Levels, states, shares and hazards of factors."""
    ways = hazard_names(states)
    grown = {state.name: state.phases for state in states}
    for f, factor in enumerate(items(data, "factors")):
        path = f"factors[{f}]"
        levels = [level for level in items(factor, "levels") if isinstance(level, str)]
        for index, name in repeated(levels):
            yield Fault(f"{path}.levels[{index}]", name, "each level once")
        for i, pattern in enumerate(items(factor, "states")):
            if isinstance(pattern, str) and not living_states([pattern], items(data, "states")):
                yield Fault(f"{path}.states[{i}]", pattern, f"a state that is not absorbing; {nearest(pattern, grown)}")
        begin = get(factor, "begin") or {}
        if isinstance(begin, Mapping) and begin and all(map(is_number, begin.values())):
            unknown = [level for level in begin if level not in levels]
            for level in unknown:
                yield Fault(f"{path}.begin", level, f"a level; {nearest(level, levels)}")
            total = in_order(begin.values())
            if not unknown and abs(total - 1.0) > SHARE_TOLERANCE:
                yield Fault(f"{path}.begin", total, "shares that sum to 1")
        pairs = []
        for field in ("switches", "effects"):
            for i, part in enumerate(items(factor, field)):
                for end in ("level", "to") if field == "switches" else ("level",):
                    level = get(part, end)
                    if isinstance(level, str) and level not in levels:
                        yield Fault(f"{path}.{field}[{i}].{end}", level, f"a level; {nearest(level, levels)}")
                if field == "switches":
                    pairs.append(f"{get(part, 'level')} to {get(part, 'to')}")
                    if get(part, "level") == get(part, "to"):
                        yield Fault(f"{path}.switches[{i}].to", get(part, "to"), "another level than it comes from")
                elif isinstance(get(part, "hazard"), str) and not matching(str(get(part, "hazard")), ways):
                    pattern = get(part, "hazard")
                    yield Fault(
                        f"{path}.effects[{i}].hazard", pattern, f"a hazard of the model; {nearest(pattern, ways)}"
                    )
        for index, pair in repeated(pairs):
            yield Fault(f"{path}.switches[{index}]", pair, "each switch once")
        for name in living_states(items(factor, "states"), items(data, "states")):
            grown[name] = grown.get(name, 1) * max(1, len(levels))
    sizes = [size for part in items(data.get("clusters"), "sizes") if is_number(size := get(part, "size"))]
    for name in living_states([EVERYWHERE], items(data, "states")):
        grown[name] = grown.get(name, 1) * max([1, *sizes])
    if sum(grown.values()) > MAX_STATES and (items(data, "factors") or sizes):
        field, what = ("clusters", "sizes") if sizes else ("factors", "levels")
        yield Fault(field, f"{sum(grown.values())} states", f"at most {MAX_STATES} states, phases and {what} counted")


def cluster_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """Sizes, hazards and states of clusters."""
    clusters = data.get("clusters")
    if clusters is None:
        return
    sizes = items(clusters, "sizes")
    for index, size in repeated([str(get(part, "size")) for part in sizes]):
        yield Fault(f"clusters.sizes[{index}].size", size, "each size once")
    shares = [get(part, "share") for part in sizes]
    if shares and all(map(is_number, shares)) and abs(in_order(shares) - 1.0) > SHARE_TOLERANCE:
        yield Fault("clusters.sizes", in_order(shares), "shares that sum to 1")
    whole = [size for part in sizes if is_number(size := get(part, "size"))]
    if whole and max(whole) == 1:
        yield Fault("clusters.sizes", whole, "at least one size above 1; without clusters leave the field out")
    for f, factor in enumerate(items(data, "factors")):
        if get(factor, "name") == "clusters":
            yield Fault(f"factors[{f}].name", "clusters", "another name: this one is taken by the clusters")
    ways = hazard_names(states)
    for i, effect in enumerate(items(clusters, "effects")):
        pattern = get(effect, "hazard")
        if isinstance(pattern, str) and not matching(pattern, ways):
            yield Fault(f"clusters.effects[{i}].hazard", pattern, f"a hazard of the model; {nearest(pattern, ways)}")
    entered: set[str] = set()
    for i, part in enumerate(items(clusters, "breaks")):
        pattern, path = get(part, "state"), f"clusters.breaks[{i}].state"
        if not isinstance(pattern, str):
            continue
        meant = set(living_states([pattern], items(data, "states")))
        if not meant:
            names = [state.name for state in states]
            yield Fault(path, pattern, f"a state that is not absorbing; {nearest(pattern, names)}")
        if meant & entered:
            yield Fault(path, pattern, "each state once")
        entered |= meant


def clash_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """Ways of states that bear the name of a switch."""
    switches = set(switch_names(data))
    for state in states:
        for way in state.targets + state.causes:
            if hazard_name(state.name, way) in switches:
                wanted = "another name: a switch of a factor, or of breaking, has this one"
                yield Fault(f"states[{state.index}]", way, wanted)
