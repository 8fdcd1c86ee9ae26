"""Checks of the arguments that are looked at beside a lowered model; each returns the plain value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cascade.common.arguments import LEAST_HOURS, MOST_HOURS
from cascade.common.errors import InputError, is_number, nearest
from cascade.common.notices import notice
from cascade.lowering.lowered import Lowered
from cascade.lowering.timegrid import MOST_GRID_HOURS
from cascade.model import Model

MOST_NAMED = 5
"""States that a message names."""


def check_grid(times: object) -> tuple[float, ...]:
    """Times in hours for exact edges of the histograms: sorted, each once."""
    if not isinstance(times, Iterable) or isinstance(times, str | bytes | Mapping):
        raise InputError("times", times, "a sequence of hours > 0")
    values = list(times)
    for value in values:
        if not is_number(value) or not 0.0 < value < MOST_GRID_HOURS:
            raise InputError("times", value, f"hours > 0, below {MOST_GRID_HOURS:g}")
    return tuple(sorted({float(value) for value in values}))


def check_until(lowered: Lowered, until: object) -> float | None:
    """The end of a run in hours; needed where cells could otherwise circle for ever."""
    if until is None:
        if lowered.has_endless_cycle():
            raise InputError("until", None, f"an end in hours: {circling(lowered)}")
        return None
    if not is_number(until) or not LEAST_HOURS <= until <= MOST_HOURS:  # type: ignore[operator]
        raise InputError("until", until, f"hours from {LEAST_HOURS:g} to {MOST_HOURS:g}, or None")
    return float(until)  # type: ignore[arg-type]


def circling(lowered: Lowered) -> str:
    """Where cells circle for ever, in words."""
    names = [lowered.states[s] for s in dict.fromkeys(lowered.base[lowered.endless()].tolist())]
    told = ", ".join(map(repr, names[:MOST_NAMED])) + (
        f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED)
    )
    return f"cells that come to {told} circle for ever, for no hazard leads out"


def tell_of_late_treatments(model: Model, until: float | None) -> None:
    """Say which treatments begin only when the run has ended: they change nothing."""
    for treatment in model.treatments:
        if until is not None and treatment.start_hours >= until:
            begin, end = f"{treatment.start_hours:g} h", f"{until:g} h"
            notice(f"treatment {treatment.name!r} begins at {begin}, the run ends at {end}: it changes nothing")


def watched_states(lowered: Lowered, names: object) -> list[int]:
    """Indices of the states to watch."""
    if not isinstance(names, Sequence) or isinstance(names, str | bytes):
        raise InputError("watch", names, "a sequence of names of states")
    starts = {lowered.states[s] for s in lowered.base[lowered.start_state]}
    for name in names:
        if name not in lowered.states:
            raise InputError("watch", name, f"the name of a state; {nearest(name, lowered.states)}")
        if name in starts:
            raise InputError("watch", name, "a state in which no cell starts")
    return [lowered.states.index(name) for name in names]
