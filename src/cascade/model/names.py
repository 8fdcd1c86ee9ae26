"""Names of hazards, ``state.way``, and the patterns that stand for several of them.

This is the one place that puts such names together and takes them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cascade.common.errors import is_number
from cascade.model.raw import RawState, get, items

BREAK = "clusters: break"
"""Way of a cluster that falls apart."""

EVERYWHERE = "*"
"""Pattern of every state."""


def hazard_name(state: str, way: str) -> str:
    """Name of a hazard: that of the state, and how it is left."""
    return f"{state}.{way}"


def pattern_parts(name: str) -> tuple[str, str]:
    """State and way of a name or pattern; neither holds a dot."""
    state, _, way = name.partition(".")
    return state, way


def switch_way(factor: str, level: str) -> str:
    """Way of a switch to a level."""
    return f"{factor}: {level}"


def hazard_names(states: Iterable[RawState]) -> list[str]:
    """Names of all moves and deaths, ``state.target`` and ``state.cause``, in order."""
    return [hazard_name(state.name, way) for state in states for way in state.targets + state.causes]


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
    state, way = pattern_parts(pattern)
    parts = {name: pattern_parts(name) for name in names}
    states = set(alike(state, {part[0] for part in parts.values()}))
    ways = set(alike(way, {part[1] for part in parts.values()}))
    return [name for name, part in parts.items() if part[0] in states and part[1] in ways]


def living_states(patterns: Iterable[object], states: Iterable[object]) -> list[str]:
    """Names of the states that fit one of the patterns, without the absorbing ones, in order."""
    living = [str(get(s, "name")) for s in states if get(s, "absorbing", False) is not True]
    fitting = {name for pattern in patterns for name in alike(str(pattern), living)}
    return [name for name in living if name in fitting]


def switch_ways(model: object) -> list[list[str]]:
    """For each state the ways of its switches: of the factors that are there, and of breaking."""
    states = items(model, "states")
    breaks = items(get(model, "clusters"), "breaks")
    bonds = [part for part in breaks if is_number(get(part, "hazard", 0)) and get(part, "hazard", 0) > 0]
    broken = set(living_states([get(part, "state") for part in bonds], states))
    inside = [(factor, set(living_states(items(factor, "states"), states))) for factor in items(model, "factors")]
    ways: list[list[str]] = []
    for state in states:
        name = get(state, "name")
        ways.append([])
        if not isinstance(name, str):
            continue  # has a fault of type
        for factor, names in inside:
            if name in names:
                reached = dict.fromkeys(str(get(switch, "to")) for switch in items(factor, "switches"))
                ways[-1] += [switch_way(get(factor, "name"), level) for level in reached]
        ways[-1] += [BREAK] * (name in broken)
    return ways


def switch_names(data: Mapping[str, object]) -> list[str]:
    """Names of the hazards of switching and of breaking, ``state.factor: level``, state by state."""
    states = items(data, "states")
    return [
        hazard_name(get(state, "name"), way)
        for state, ways in zip(states, switch_ways(data), strict=True)
        for way in ways
    ]
