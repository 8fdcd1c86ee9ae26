"""Hazards from the survival probability of each step: the shortest way to a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cascade.common.arguments import as_mapping
from cascade.common.errors import Fault, is_number, is_whole, nearest
from cascade.common.numbers import plain_number
from cascade.common.portable import exp, expm1, in_order, log
from cascade.model.base import HAZARDS
from cascade.model.limits import MAX_STATES


def hazards_of(p: float, hours: float, phases: int) -> tuple[float, float]:
    """Hazards per phase (move, death) for survival p and a mean sojourn in hours."""
    if p in (0.0, 1.0):
        total = phases / hours if p else 1.0 / hours
        return total * p, total * (1.0 - p)
    log_r = log(p) / phases
    fails = -expm1(log_r)
    total = (1.0 - p) / (fails * hours)
    return total * exp(log_r), total * fails


def linear_states(
    shares: Mapping[str, float], times: Any, causes: Mapping[str, Any], phases: Mapping[str, int], goal: str
) -> list[dict[str, Any]]:
    """Fields of the states of a linear cascade, one after the other, and of its goal."""
    steps, states = list(shares), []
    for step, target in zip(steps, [*steps[1:], goal], strict=True):
        k = int(phases.get(step, 1))
        move, death = hazards_of(shares[step], times.get(step, 1.0) if isinstance(times, Mapping) else times, k)
        weights = causes.get(step, {"lost": 1.0})
        total = in_order(weights.values())
        deaths = [{"cause": cause, "hazard": death * weight / total} for cause, weight in weights.items()]
        moves = [{"to": target, "hazard": move}]
        states.append({"name": step, "stage": step, "moves": moves, "deaths": deaths, "phases": k})
    return [*states, {"name": goal, "absorbing": True}]


def given_by_step(survival: Any, mean_hours: Any, causes: Any, phases: Any) -> tuple[Any, Any, Any, Any]:
    """The arguments of ``from_survival`` as plain mappings of plain numbers, where they can be; no check yet."""
    given = [survival, mean_hours, {} if causes is None else causes, {} if phases is None else phases]
    shares, hours, weights, whole = map(_plain, given)
    return shares, hours, weights, whole


def _plain(value: Any) -> Any:
    """A mapping, or a series of pandas, and what it holds; else a number as Python's."""
    table = as_mapping(value)
    if isinstance(table, Mapping):
        return {name: _plain(entry) for name, entry in table.items()}
    return plain_number(table)


def in_words_of_arguments(
    faults: Iterable[Fault], steps: Sequence[str], goal: object, mean_hours: Any
) -> Iterator[Fault]:
    """Faults of the model that was made, as faults of the arguments that it was made from: each once.

    ``states[1].moves[0].to`` is the name of the next step, or the goal; a hazard follows from the mean time.
    """
    told = set()
    for fault in faults:
        path, value, accepted = fault.path, fault.value, fault.accepted
        if found := re.match(r"states\[(\d+)\](.*)|stages(?:\[(\d+)\])?", path):
            at, rest = int(found[1] or found[3] or 0), found[2] or ""
            named = at + (rest == ".moves[0].to")
            if named >= len(steps):
                path, value = "goal", goal
            elif ".cause" in rest or rest == ".deaths":
                path = f"causes[{steps[at]!r}]"
            elif rest.endswith(".hazard"):
                path, accepted = f"mean_hours[{steps[at]!r}]", f"a time of which hazards follow that are {HAZARDS}"
                accepted += f"; one would be {value:.3g} per hour" if is_number(value) else ""
                value = mean_hours.get(steps[at], 1.0) if isinstance(mean_hours, Mapping) else mean_hours
            elif rest == ".phases":
                path = f"phases[{steps[at]!r}]"
            else:
                path = "survival"
        if (path, repr(value)) not in told:
            told.add((path, repr(value)))
            yield Fault(path, value, accepted)


def survival_faults(survival: Any, mean_hours: Any, causes: Any, phases: Any) -> Iterator[Fault]:
    """Faults of the arguments of ``from_survival``, whatever they are."""
    if not isinstance(survival, Mapping) or not survival:
        yield Fault("survival", survival, "a mapping of at least one step to its probability")
        return
    for step, p in survival.items():
        if not is_number(p) or not 0.0 <= p <= 1.0:
            yield Fault(f"survival[{step!r}]", p, "a probability in [0, 1]")
    for argument, given in (("causes", causes), ("phases", phases)):
        if not isinstance(given, Mapping):
            yield Fault(argument, given, "a mapping from the names of steps")
            return
    hours = mean_hours if isinstance(mean_hours, Mapping) else dict.fromkeys(survival, mean_hours)
    for step, h in hours.items():
        if not is_number(h) or not 0.0 < h <= 1e9:
            yield Fault(f"mean_hours[{step!r}]", h, "hours > 0, at most 1e9")
    for argument, mapping in (("mean_hours", hours), ("causes", causes), ("phases", phases)):
        for step in mapping:
            if step not in survival:
                yield Fault(f"{argument}[{step!r}]", step, f"the name of a step; {nearest(step, survival)}")
    for step, k in phases.items():
        if not is_whole(k) or not 1 <= k <= MAX_STATES:
            yield Fault(f"phases[{step!r}]", k, f"a whole number from 1 to {MAX_STATES}")
    for step, weights in causes.items():
        ok = isinstance(weights, Mapping) and weights and all(is_number(w) and 0 <= w < 1e300 for w in weights.values())
        if not ok or not in_order(weights.values()) > 0:
            yield Fault(f"causes[{step!r}]", weights, "weights >= 0, at least one of them above 0")
