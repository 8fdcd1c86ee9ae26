"""The check of a model's graph: everything that types and ranges cannot see.

It runs on whatever could be read of the model, so that a wrong number in one state and
a wrong name in another are reported together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cascade.common.errors import Fault, is_number, nearest

MAX_STATES = 65_535
"""Largest number of states after expansion into phases."""

MAX_STAGES = 31
"""Steps of a cascade."""

MAX_MILESTONES = 30
"""Distinct milestones that one model may have."""

BREAK = "clusters: break"
"""Way of a cluster that falls apart."""

SHARE_TOLERANCE = 1e-9
"""How far the shares of a start may be from 1 in sum."""


def get(part: object, field: str, default: Any = None) -> Any:
    """A field of a part that may be a mapping (still raw) or an object (parsed)."""
    if isinstance(part, Mapping):
        return part.get(field, default)
    return getattr(part, field, default)


def items(part: object, field: str) -> list[Any]:
    """A list field of a part; empty when it is missing or not a list."""
    value = get(part, field, ())
    return list(value) if isinstance(value, list | tuple) else []


@dataclass(frozen=True)
class Node:
    """What the check needs of one state."""

    index: int
    name: str
    stage: str | None
    absorbing: bool
    phases: int
    targets: tuple[str, ...]
    causes: tuple[str, ...]
    milestone: str | None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _nodes(data: Mapping[str, Any]) -> list[Node]:
    """Every state that has a name, with what is readable of it."""
    nodes = []
    for index, state in enumerate(items(data, "states")):
        name = _text(get(state, "name"))
        if name is None:
            continue
        phases = get(state, "phases", 1)
        nodes.append(
            Node(
                index,
                name,
                _text(get(state, "stage")),
                get(state, "absorbing", False) is True,
                phases if isinstance(phases, int) and phases > 0 else 1,
                tuple(t for m in items(state, "moves") if (t := _text(get(m, "to")))),
                tuple(c for d in items(state, "deaths") if (c := _text(get(d, "cause")))),
                _text(get(state, "milestone")),
            )
        )
    return nodes


def check(data: Mapping[str, Any]) -> Iterator[Fault]:
    """All faults of the graph of a model given as a mapping of its fields.

    Reachability is judged on structure: a hazard of 0 still counts as a way.
    """
    nodes = _nodes(data)
    yield from _check_names(data, nodes)
    yield from _check_states(data, nodes)
    yield from _check_causes(nodes)
    yield from _check_start(data, nodes)
    yield from _check_ways(data, nodes)
    yield from _check_frailties(data, nodes)
    yield from _check_correlations(data)
    yield from _check_factors(data, nodes)
    yield from _check_clusters(data, nodes)
    switches = set(switch_names(data))
    for node in nodes:
        for way in node.targets + node.causes:
            if f"{node.name}.{way}" in switches:
                yield Fault(
                    f"states[{node.index}]", way, "another name: a switch of a factor, or of breaking, has this one"
                )
    yield from _check_capacity(data, nodes)
    yield from _check_treatments(data, nodes)
    yield from _check_sites(data)
    yield from _check_sources(data)
    expanded = sum(node.phases for node in nodes)
    if expanded > MAX_STATES:
        yield Fault("states", f"{expanded} after expansion", f"at most {MAX_STATES} states, phases counted")
    if len(items(data, "stages")) > MAX_STAGES:
        yield Fault("stages", f"{len(items(data, 'stages'))} stages", f"at most {MAX_STAGES} stages")
    milestones = {node.milestone for node in nodes if node.milestone}
    if len(milestones) > MAX_MILESTONES:
        yield Fault("states", f"{len(milestones)} milestones", f"at most {MAX_MILESTONES} distinct milestones")


def _repeated(names: Sequence[object]) -> Iterator[tuple[int, object]]:
    seen: set[object] = set()
    for index, name in enumerate(names):
        if isinstance(name, str):
            if name in seen:
                yield index, name
            seen.add(name)


def _check_names(data: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[Fault]:
    for index, name in _repeated(items(data, "stages")):
        yield Fault(f"stages[{index}]", name, "each stage is named once")
    for field, key in (
        ("states", "name"),
        ("frailties", "name"),
        ("factors", "name"),
        ("sites", "name"),
        ("sources", "key"),
        ("observations", "name"),
    ):
        for index, name in _repeated([get(part, key) for part in items(data, field)]):
            yield Fault(f"{field}[{index}].{key}", name, "each name is used once")
    for node in nodes:
        for index, name in _repeated(node.targets):
            yield Fault(f"states[{node.index}].moves[{index}].to", name, "one move to each target")
        for index, name in _repeated(node.causes):
            yield Fault(f"states[{node.index}].deaths[{index}].cause", name, "each cause is named once in a state")
        for name in set(node.targets) & set(node.causes):
            yield Fault(
                f"states[{node.index}].deaths", name, "a cause may not bear the name of a target of the same state"
            )


def _check_causes(nodes: Sequence[Node]) -> Iterator[Fault]:
    """Curves over time name causes of death and goals alike: they may not be the same."""
    goals = {node.name for node in nodes if node.absorbing}
    for node in nodes:
        for index, cause in enumerate(node.causes):
            if cause in goals:
                yield Fault(
                    f"states[{node.index}].deaths[{index}].cause", cause, "another name than that of an absorbing state"
                )


def _check_states(data: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[Fault]:
    names = [node.name for node in nodes]
    stages = [s for s in items(data, "stages") if isinstance(s, str)]
    if isinstance(data.get("states"), list | tuple) and not data["states"]:
        yield Fault("states", (), "at least one state")
    for node in nodes:
        path = f"states[{node.index}]"
        for index, target in enumerate(node.targets):
            if target not in names:
                yield Fault(f"{path}.moves[{index}].to", target, f"the name of a state; {nearest(target, names)}")
            elif target == node.name:
                yield Fault(f"{path}.moves[{index}].to", target, "another state than this one")
        ways = len(node.targets) + len(node.causes)
        if node.absorbing and ways:
            yield Fault(path, node.name, "an absorbing state has no moves and no deaths")
        if node.absorbing and node.phases > 1:
            yield Fault(f"{path}.phases", node.phases, "1: an absorbing state has no phases to pass")
        if not node.absorbing and not ways:
            yield Fault(path, node.name, "a way out (moves or deaths), or absorbing = true")
        if node.stage is None and not node.absorbing:
            yield Fault(f"{path}.stage", None, f"the stage that this state belongs to; {nearest('', stages)}")
        elif node.stage is not None and node.stage not in stages:
            yield Fault(f"{path}.stage", node.stage, f"one of the stages; {nearest(node.stage, stages)}")


def _check_start(data: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[Fault]:
    start = data.get("start")
    names = {node.name: node for node in nodes}
    shares = items(start, "states")
    if start is not None and not shares and nodes:
        yield Fault("start.states", get(start, "states"), "at least one state with its share")
    total = 0.0
    for index, share in enumerate(shares):
        path = f"start.states[{index}]"
        name = _text(get(share, "state"))
        if name is not None and name not in names:
            yield Fault(f"{path}.state", name, f"the name of a state; {nearest(name, names)}")
        elif name is not None and names[name].absorbing:
            yield Fault(f"{path}.state", name, "a state that is not absorbing")
        value = get(share, "share", 1.0)
        total += float(value) if is_number(value) else float("nan")
    for index, twice in _repeated([get(share, "state") for share in shares]):
        yield Fault(f"start.states[{index}].state", twice, "each state once")
    # A share that is not a number, or lies outside [0, 1], has its own fault already.
    if shares and total == total and abs(total - 1.0) > SHARE_TOLERANCE:
        yield Fault("start.states", total, "shares that sum to 1")
    entry = get(start, "entry_hours", (0.0, 0.0))
    if isinstance(entry, list | tuple) and len(entry) == 2:
        low, high = entry
        if is_number(low) and is_number(high) and low > high:
            yield Fault("start.entry_hours", entry, "the earlier time first")


def _spread(seeds: Iterable[str], ways: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything that can be reached from the seeds along the ways."""
    reached = set(seeds)
    waiting = list(reached)
    while waiting:
        for target in ways.get(waiting.pop(), ()):
            if target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _check_ways(data: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[Fault]:
    names = {node.name for node in nodes}
    starts = {str(get(share, "state")) for share in items(data.get("start"), "states")} & names
    forward = {node.name: [t for t in node.targets if t in names] for node in nodes}
    backward: dict[str, list[str]] = {name: [] for name in names}
    for node in nodes:
        for target in forward[node.name]:
            backward[target].append(node.name)
    reached = _spread(starts, forward)
    # A dead end or an unknown target has its own fault: here only true cycles are named.
    ends = {n.name for n in nodes if n.absorbing or n.causes or len(forward[n.name]) < max(1, len(n.targets))}
    ending = _spread(ends, backward)
    for node in nodes:
        if starts and node.name not in reached:
            yield Fault(f"states[{node.index}]", node.name, "a path that leads here from a start state")
        if node.name not in ending:
            yield Fault(
                f"states[{node.index}]",
                node.name,
                "a way out of the cycle that it is in: a death or an absorbing state",
            )


def hazard_names(nodes: Iterable[Node]) -> list[str]:
    """Names of all hazards, ``state.target`` and ``state.cause``, in order."""
    return [f"{node.name}.{way}" for node in nodes for way in node.targets + node.causes]


def alike(pattern: str, names: Iterable[str]) -> list[str]:
    """Names that fit a pattern in which ``*`` stands for any text.

    Examples
    --------
    >>> alike("*, held", ["veins, held", "veins, passing"])
    ['veins, held']
    """
    fits = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL).fullmatch
    return [name for name in names if fits(name)]


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Names that a pattern means: itself, or all that fit where ``*`` stands for any text.

    The state and the way are compared apart: ``*.shear`` is the shear of every state,
    ``*: arrested.*: extravasated`` extravasation in every organ.

    Examples
    --------
    >>> matching("*.shear", ["a.shear", "b.shear", "b.anoikis"])
    ['a.shear', 'b.shear']
    >>> matching("*ed.c", ["armed.c", "armed.cd", "bed.c", "beds.c"])
    ['armed.c', 'bed.c']
    """
    if "*" not in pattern:
        return [name for name in names if name == pattern]
    state, _, way = pattern.partition(".")
    pairs = {name: name.partition(".") for name in names}
    states = set(alike(state, {pair[0] for pair in pairs.values()}))
    ways = set(alike(way, {pair[2] for pair in pairs.values()}))
    return [name for name, pair in pairs.items() if pair[0] in states and pair[2] in ways]


def _check_frailties(data: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[Fault]:
    names = hazard_names(nodes)
    for f, frailty in enumerate(items(data, "frailties")):
        used: set[str] = set()
        for h, entry in enumerate(items(frailty, "hazards")):
            pattern = get(entry, "hazard")
            if not isinstance(pattern, str):
                continue
            path = f"frailties[{f}].hazards[{h}].hazard"
            found = matching(pattern, names)
            if not found:
                yield Fault(
                    path,
                    pattern,
                    f"a hazard of the model, as 'state.target', 'state.cause' or '*.cause'; {nearest(pattern, names)}",
                )
            elif used & set(found):
                yield Fault(path, pattern, "each hazard once in a frailty")
            used |= set(found)


def factor_states(factor: object, states: Iterable[object]) -> list[str]:
    """Names of the states in which a factor exists: those that fit, without the absorbing ones."""
    living = [str(get(s, "name")) for s in states if get(s, "absorbing", False) is not True]
    return [name for name in living if any(alike(str(p), [name]) for p in items(factor, "states"))]


def switch_names(model: object) -> list[str]:
    """Names of the hazards of switching and of breaking, ``state.factor: level``, state by state."""
    found = []
    states = items(model, "states")
    breaks = items(get(model, "clusters"), "breaks")
    bonds = [part for part in breaks if is_number(get(part, "hazard", 0)) and get(part, "hazard", 0) > 0]
    broken = {name for part in bonds for name in factor_states({"states": [get(part, "state")]}, states)}
    inside = [(factor, set(factor_states(factor, states))) for factor in items(model, "factors")]
    for state in states:
        if not isinstance(get(state, "name"), str):
            continue  # has a fault of type
        for factor, names in inside:
            if get(state, "name") in names:
                reached = dict.fromkeys(str(get(switch, "to")) for switch in items(factor, "switches"))
                found += [f"{get(state, 'name')}.{get(factor, 'name')}: {level}" for level in reached]
        found += [f"{get(state, 'name')}.{BREAK}"] * (get(state, "name") in broken)
    return found


def _check_factors(data: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[Fault]:
    ways = hazard_names(nodes)
    grown = {node.name: node.phases for node in nodes}
    for f, factor in enumerate(items(data, "factors")):
        path = f"factors[{f}]"
        levels = [level for level in items(factor, "levels") if isinstance(level, str)]
        for index, name in _repeated(levels):
            yield Fault(f"{path}.levels[{index}]", name, "each level once")
        for i, pattern in enumerate(items(factor, "states")):
            if isinstance(pattern, str) and not factor_states({"states": [pattern]}, items(data, "states")):
                yield Fault(f"{path}.states[{i}]", pattern, f"a state that is not absorbing; {nearest(pattern, grown)}")
        begin = get(factor, "begin") or {}
        if isinstance(begin, Mapping) and begin and all(map(is_number, begin.values())):
            unknown = [level for level in begin if level not in levels]
            for level in unknown:
                yield Fault(f"{path}.begin", level, f"a level; {nearest(level, levels)}")
            total = sum(begin.values())
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
        for index, pair in _repeated(pairs):
            yield Fault(f"{path}.switches[{index}]", pair, "each switch once")
        for name in factor_states(factor, items(data, "states")):
            grown[name] = grown.get(name, 1) * max(1, len(levels))
    sizes = [size for part in items(data.get("clusters"), "sizes") if is_number(size := get(part, "size"))]
    for name in factor_states({"states": ["*"]}, items(data, "states")):
        grown[name] = grown.get(name, 1) * max([1, *sizes])
    if sum(grown.values()) > MAX_STATES and (items(data, "factors") or sizes):
        field, what = ("clusters", "sizes") if sizes else ("factors", "levels")
        yield Fault(field, f"{sum(grown.values())} states", f"at most {MAX_STATES} states, phases and {what} counted")


def _check_clusters(data: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[Fault]:
    clusters = data.get("clusters")
    if clusters is None:
        return
    sizes = items(clusters, "sizes")
    for index, size in _repeated([str(get(part, "size")) for part in sizes]):
        yield Fault(f"clusters.sizes[{index}].size", size, "each size once")
    shares = [get(part, "share") for part in sizes]
    if shares and all(map(is_number, shares)) and abs(sum(shares) - 1.0) > SHARE_TOLERANCE:
        yield Fault("clusters.sizes", sum(shares), "shares that sum to 1")
    whole = [size for part in sizes if is_number(size := get(part, "size"))]
    if whole and max(whole) == 1:
        yield Fault("clusters.sizes", whole, "at least one size above 1; without clusters leave the field out")
    for f, factor in enumerate(items(data, "factors")):
        if get(factor, "name") == "clusters":
            yield Fault(f"factors[{f}].name", "clusters", "another name: this one is taken by the clusters")
    ways = hazard_names(nodes)
    for i, effect in enumerate(items(clusters, "effects")):
        pattern = get(effect, "hazard")
        if isinstance(pattern, str) and not matching(pattern, ways):
            yield Fault(f"clusters.effects[{i}].hazard", pattern, f"a hazard of the model; {nearest(pattern, ways)}")
    entered: set[str] = set()
    for i, part in enumerate(items(clusters, "breaks")):
        pattern, path = get(part, "state"), f"clusters.breaks[{i}].state"
        if not isinstance(pattern, str):
            continue
        found = set(factor_states({"states": [pattern]}, items(data, "states")))
        if not found:
            names = [node.name for node in nodes]
            yield Fault(path, pattern, f"a state that is not absorbing; {nearest(pattern, names)}")
        if found & entered:
            yield Fault(path, pattern, "each state once")
        entered |= found


def _check_treatments(data: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[Fault]:
    ways = hazard_names(nodes) + switch_names(data)
    for i, treatment in enumerate(items(data, "treatments")):
        acts = [p for effect in items(treatment, "effects") if isinstance(p := get(effect, "hazard"), str)]
        if acts and not any(matching(pattern, ways) for pattern in acts):
            yield Fault(f"treatments[{i}].effects", acts, "at least one that acts on a hazard of this model")


def _check_capacity(data: Mapping[str, Any], nodes: Sequence[Node]) -> Iterator[Fault]:
    capacity = data.get("capacity")
    if capacity is None:
        return
    states, ways = [node.name for node in nodes], hazard_names(nodes) + switch_names(data)
    for field, known, what in (("occupied_by", states, "state"), ("hazards", ways, "hazard")):
        for i, pattern in enumerate(items(capacity, field)):
            if not isinstance(pattern, str):
                continue  # has a fault of type
            found = alike(pattern, known) if field == "occupied_by" else matching(pattern, known)
            if not found:
                yield Fault(f"capacity.{field}[{i}]", pattern, f"a {what} of the model; {nearest(pattern, known)}")
    windows = items(capacity, "windows")
    rising = windows and all(map(is_number, windows)) and windows[0] == 0 and all(a < b for a, b in pairwise(windows))
    if windows and not rising:
        yield Fault("capacity.windows", windows, "times at which windows begin, rising from 0")


def _check_correlations(data: Mapping[str, Any]) -> Iterator[Fault]:
    frailties = {_text(get(f, "name")): get(f, "distribution", "lognormal") for f in items(data, "frailties")}
    names = [name for name in frailties if name is not None]
    given = items(data, "correlations")
    matrix = [[float(a == b) for b in names] for a in names]
    seen: set[frozenset[str]] = set()
    for i, correlation in enumerate(given):
        pair, value = items(correlation, "between"), get(correlation, "value")
        path = f"correlations[{i}]"
        if len(pair) != 2 or not all(isinstance(name, str) for name in pair) or not is_number(value):
            return  # has a fault of type
        for name in pair:
            if name not in frailties:
                yield Fault(f"{path}.between", name, f"the name of a frailty; {nearest(name, names)}")
            elif frailties[name] != "lognormal":
                yield Fault(f"{path}.between", name, "log-normal frailties: only these can be correlated")
        if pair[0] == pair[1] or frozenset(pair) in seen:
            yield Fault(f"{path}.between", pair, "two frailties, each pair once")
        seen.add(frozenset(pair))
        if set(pair) <= set(names):
            a, b = (names.index(name) for name in pair)
            matrix[a][b] = matrix[b][a] = float(value)
    if given and cholesky(matrix) is None:
        values = [get(correlation, "value") for correlation in given]
        yield Fault("correlations", values, "a positive definite matrix: these cannot all hold together")


def cholesky(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Rows of the lower triangle L with L L^T = matrix, in a fixed order of sums; None where there is none."""
    done: list[list[float]] = []
    for i, row in enumerate(matrix):
        line: list[float] = []
        for j in range(i):
            line.append((row[j] - sum(a * b for a, b in zip(line, done[j], strict=False))) / done[j][j])
        left = row[i] - sum(a * a for a in line)
        if left < 1e-12:
            return None
        done.append([*line, left**0.5])
    return done


def _check_sites(data: Mapping[str, Any]) -> Iterator[Fault]:
    sites = [name for site in items(data, "sites") if (name := _text(get(site, "name")))]
    for index, state in enumerate(items(data, "states")):
        site, landmark = get(state, "site"), get(state, "landmark")
        if isinstance(site, str) and site not in sites:
            yield Fault(f"states[{index}].site", site, f"the name of a site; {nearest(site, sites)}")
        if (site is None) != (landmark is None):
            yield Fault(f"states[{index}]", landmark or site, "a site and a landmark, or neither")
        elif landmark == "colony" and get(state, "absorbing", False) is not True:
            yield Fault(f"states[{index}].landmark", landmark, "an absorbing state for a colony")
    for index, site in enumerate(items(data, "sites")):
        found, of = get(site, "found"), get(site, "of")
        if (found is None) != (of is None) or (is_number(found) and is_number(of) and found > of):
            yield Fault(f"sites[{index}].found", found, f"a number from 0 to that of the autopsies, of = {of}")


def _check_sources(data: Mapping[str, Any]) -> Iterator[Fault]:
    keys = {key for source in items(data, "sources") if (key := _text(get(source, "key")))} | {"illustrative"}
    for path, part in parts_with_source(data):
        for key in items(part, "source"):
            if isinstance(key, str) and key not in keys:
                yield Fault(
                    f"{path}.source",
                    key,
                    f"the key of a source; {nearest(key, sorted(keys))}",
                )


def parts_with_source(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every part of a model that holds a number, with its path."""
    for s, state in enumerate(items(data, "states")):
        path = f"states[{s}]"
        yield path, state
        yield from ((f"{path}.moves[{i}]", move) for i, move in enumerate(items(state, "moves")))
        yield from ((f"{path}.deaths[{i}]", death) for i, death in enumerate(items(state, "deaths")))
    yield from ((f"frailties[{i}]", frailty) for i, frailty in enumerate(items(data, "frailties")))
    for f, factor in enumerate(items(data, "factors")):
        yield f"factors[{f}]", factor
        for field in ("switches", "effects"):
            yield from ((f"factors[{f}].{field}[{i}]", part) for i, part in enumerate(items(factor, field)))
    clusters = data.get("clusters")
    for field in ("effects", "breaks"):
        yield from ((f"clusters.{field}[{i}]", part) for i, part in enumerate(items(clusters, field)))
    yield from ((f"correlations[{i}]", part) for i, part in enumerate(items(data, "correlations")))
    yield from ((f"observations[{i}]", seen) for i, seen in enumerate(items(data, "observations")))
    yield from ((f"sites[{i}]", site) for i, site in enumerate(items(data, "sites")))
    yield from (
        (field, data[field]) for field in ("start", "exposure", "capacity", "clusters") if data.get(field) is not None
    )
