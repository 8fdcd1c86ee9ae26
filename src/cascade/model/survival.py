"""Hazards from the survival probability of each step: the shortest way to a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cascade.common.arguments import as_mapping
from cascade.common.errors import Fault, is_number, is_whole, nearest
from cascade.common.numbers import plain_number
from cascade.common.portable import exp, expm1, in_order, log
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
