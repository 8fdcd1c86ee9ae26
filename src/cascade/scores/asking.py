"""What a model says where a figure was published: a share of its cells, or a ratio of two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cascade.catalog import treatment
from cascade.common.errors import InputError
from cascade.model import Model
from cascade.model.names import alike
from cascade.model.observables import Ask, Observation
from cascade.solution.answer import Exact, exact

LONGEST = 1e8
"""Hours within which a half-life is looked for."""


def value_of(model: Model, seen: Observation) -> float | None:
    """The model's counterpart of a figure; None where it has none, or a script alone asks for it.

    Raises
    ------
    InputError
        For states that the model does not have.
    """
    if seen.ask is None or seen.role == "not available":
        return None
    answer = exact(model)
    if seen.ask.half_life:
        hours = _half_life(answer, seen.ask.states)
        return hours * {"h": 1.0, "s": 3600.0, "min": 60.0, "d": 1 / 24.0}[seen.unit]
    value = _share(answer, seen.ask)
    if seen.ask.treated is None:
        return value
    return _share(exact(model.with_treatments(treatment(seen.ask.treated))), seen.ask) / value


def _share(answer: Exact, ask: Ask) -> float:
    """The share of cells in the states that are asked for."""
    there = _present(answer, ask.states, ask.hours)
    if not ask.among:
        return there
    return there / _present(answer, ask.among, ask.hours if ask.among_hours is None else ask.among_hours)


def _present(answer: Exact, patterns: Sequence[str], hours: float | None) -> float:
    """The share of all cells that are in some states at a time, or in the end."""
    names = answer.lowered.states
    wanted = dict.fromkeys(name for pattern in patterns for name in alike(pattern, names))
    if not wanted:
        raise InputError("ask.states", list(patterns), f"states of {answer.model.name}")
    if hours is None:
        fates = answer.fates()
        return float(sum(fates.get(name, 0.0) for name in wanted))
    curves = answer.occupancy([hours])
    return float(sum(curves[name][0] for name in wanted))


def _half_life(answer: Exact, patterns: Sequence[str]) -> float:
    """Hours after which half of the cells that start in some states are still in them, by bisection."""
    low, high = 1e-6, LONGEST
    if _present(answer, patterns, high) > 0.5:
        return float("inf")
    while high / low > 1 + 1e-9:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if _present(answer, patterns, middle) > 0.5 else (low, middle)
    return low
