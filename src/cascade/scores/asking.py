"""What a model says where a figure was published: a share of its cells, a ratio of two, or a half-life."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cascade.catalog import treatment
from cascade.model import Model
from cascade.model.observables import Observable, Observation
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
    if seen.ask.treated is None:
        return answer.figure(seen)
    plain = seen.model_copy(update={"ask": seen.ask.model_copy(update={"treated": None})})
    treated, untreated = exact(model.with_treatments(treatment(seen.ask.treated))).figure(plain), answer.figure(plain)
    assert treated is not None
    assert untreated is not None
    return treated / untreated


def _half_life(answer: Exact, states: Sequence[str]) -> float:
    """Hours after which half of the cells that start in some states are still in them, by bisection."""
    wanted = Observable("these", states=states)
    low, high = 1e-6, LONGEST
    if answer.observe(wanted, [high])[0] > 0.5:
        return float("inf")
    while high / low > 1 + 1e-9:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if answer.observe(wanted, [middle])[0] > 0.5 else (low, middle)
    return low
