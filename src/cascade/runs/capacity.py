"""Cells that share a capacity: the multipliers of its hazards that the cells themselves bring about.

All cells are run under a trial course of the multipliers; the cells that were present as each
window began give the next trial; when it repeats exactly, the course is one that its own
cells bring about.  A window is settled once those before it are, so that this ends.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cascade.common.errors import CascadeError
from cascade.common.types import Ints, Mask
from cascade.engine.counts import Totals
from cascade.lowering.lowered import Lowered
from cascade.lowering.timegrid import time_edges
from cascade.model.names import alike
from cascade.model.treatments import Capacity
from cascade.runs.plan import Plan


def settled(plan: Plan) -> Plan:
    """The plan for the model with the course of its capacity that these cells bring about; any other as it is."""
    capacity = plan.model.capacity
    if capacity is None or capacity.factors is not None:
        return plan
    course: tuple[float, ...] = (1.0,) * len(capacity.windows)
    # A window is right once those before it are: as many trials as windows, and one to see that it repeats.
    for _ in range(len(course) + 1):
        model = plan.model.with_(capacity=capacity.model_copy(update={"factors": course}))
        trial = replace(plan, model=model, workers=plan.workers.quietly())
        present = cells_at(trial.lowered, trial.counts(trial.inputs(grid=capacity.windows[1:])), capacity)
        next_course = tuple(1.0 / (1.0 + float(n) / capacity.half) for n in present)
        if next_course == course:
            return replace(plan, model=model)
        course = next_course
    raise CascadeError("the factors of the capacity did not settle")


def cells_at(lowered: Lowered, totals: Totals, capacity: Capacity) -> Ints:
    """Cells that occupy the capacity as each window begins."""
    edges = time_edges(capacity.windows[1:])
    occupying = _occupying(lowered, capacity)
    started = totals.started * lowered.size_of[lowered.start_state]
    begin = int(started[occupying[lowered.base[lowered.start_state]]].sum())
    net = np.zeros(totals.counts.shape[1], np.int64)
    for i, t in enumerate(lowered.transitions):
        change = -int(occupying[t.source]) + (0 if t.is_death else int(occupying[t.target]))
        # A move between two states that count changes nothing.
        if change:
            net += change * totals.counts[i]
    at = np.searchsorted(edges, capacity.windows[1:])
    return np.concatenate([[begin], begin + np.cumsum(net)[at]])


def _occupying(lowered: Lowered, capacity: Capacity) -> Mask:
    """Which states count."""
    names = {name for pattern in capacity.occupied_by for name in alike(pattern, lowered.states)}
    return np.array([name in names for name in lowered.states])
