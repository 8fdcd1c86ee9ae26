"""Checks of the graph: names, states, the start, ways that lead somewhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cascade.common.errors import Fault, is_number, nearest
from cascade.common.numbers import SHARE_TOLERANCE
from cascade.model.raw import RawState, get, items, repeated, text_of


def name_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """Names that are used twice."""
    for index, name in repeated(items(data, "stages")):
        yield Fault(f"stages[{index}]", name, "each stage is named once")
    for field, key in (
        ("states", "name"),
        ("frailties", "name"),
        ("factors", "name"),
        ("sites", "name"),
        ("sources", "key"),
        ("observations", "name"),
        ("observables", "name"),
    ):
        for index, name in repeated([get(part, key) for part in items(data, field)]):
            yield Fault(f"{field}[{index}].{key}", name, "each name is used once")
    for state in states:
        for index, name in repeated(state.targets):
            yield Fault(f"states[{state.index}].moves[{index}].to", name, "one move to each target")
        for index, name in repeated(state.causes):
            yield Fault(f"states[{state.index}].deaths[{index}].cause", name, "each cause is named once in a state")
        for name in set(state.targets) & set(state.causes):
            yield Fault(
                f"states[{state.index}].deaths", name, "a cause may not bear the name of a target of the same state"
            )


def cause_faults(states: Sequence[RawState]) -> Iterator[Fault]:
    """Curves over time name causes of death and goals alike: they may not be the same."""
    goals = {state.name for state in states if state.absorbing}
    for state in states:
        for index, cause in enumerate(state.causes):
            if cause in goals:
                yield Fault(
                    f"states[{state.index}].deaths[{index}].cause",
                    cause,
                    "another name than that of an absorbing state",
                )


def state_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """States that lead nowhere, to nothing, or belong to no stage."""
    names = [state.name for state in states]
    stages = [s for s in items(data, "stages") if isinstance(s, str)]
    if isinstance(data.get("states"), list | tuple) and not data["states"]:
        yield Fault("states", (), "at least one state")
    for state in states:
        path = f"states[{state.index}]"
        for index, target in enumerate(state.targets):
            if target not in names:
                yield Fault(f"{path}.moves[{index}].to", target, f"the name of a state; {nearest(target, names)}")
            elif target == state.name:
                yield Fault(f"{path}.moves[{index}].to", target, "another state than this one")
        ways = len(state.targets) + len(state.causes)
        if state.absorbing and ways:
            yield Fault(path, state.name, "an absorbing state has no moves and no deaths")
        if state.absorbing and state.phases > 1:
            yield Fault(f"{path}.phases", state.phases, "1: an absorbing state has no phases to pass")
        if not state.absorbing and not ways:
            yield Fault(path, state.name, "a way out (moves or deaths), or absorbing = true")
        if state.stage is None and not state.absorbing:
            yield Fault(f"{path}.stage", None, f"the stage that this state belongs to; {nearest('', stages)}")
        elif state.stage is not None and state.stage not in stages:
            yield Fault(f"{path}.stage", state.stage, f"one of the stages; {nearest(state.stage, stages)}")


def start_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """Shares and times of the start."""
    start = data.get("start")
    names = {state.name: state for state in states}
    shares = items(start, "states")
    if start is not None and not shares and states:
        yield Fault("start.states", get(start, "states"), "at least one state with its share")
    total = 0.0
    for index, share in enumerate(shares):
        path = f"start.states[{index}]"
        name = text_of(get(share, "state"))
        if name is not None and name not in names:
            yield Fault(f"{path}.state", name, f"the name of a state; {nearest(name, names)}")
        elif name is not None and names[name].absorbing:
            yield Fault(f"{path}.state", name, "a state that is not absorbing")
        value = get(share, "share", 1.0)
        total += float(value) if is_number(value) else float("nan")
    for index, twice in repeated([get(share, "state") for share in shares]):
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


def way_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    """States that nobody comes to.  Cells may circle for ever: whether that needs an end is asked of who runs them."""
    names = {state.name for state in states}
    starts = {str(get(share, "state")) for share in items(data.get("start"), "states")} & names
    forward = {state.name: [t for t in state.targets if t in names] for state in states}
    reached = _spread(starts, forward)
    for state in states:
        if starts and state.name not in reached:
            yield Fault(f"states[{state.index}]", state.name, "a path that leads here from a start state")
