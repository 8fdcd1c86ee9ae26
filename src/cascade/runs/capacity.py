"""Cells that share a capacity: the factors on its hazards that the cells themselves bring about.

All cells are run under a trial course of the factors; the cells that were present as each
window began give the next trial; when it repeats exactly, the course is one that its own
cells bring about.  A window is settled once those before it are, so that this ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
import numpy.typing as npt

from cascade.common.errors import CascadeError
from cascade.engine.counts import Totals
from cascade.engine.executor import Progress, conduct_totals
from cascade.engine.prepare import environment, prepare
from cascade.lowering.arguments import check_until
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.lowering.timegrid import time_edges
from cascade.model import Model, check_model
from cascade.model.names import alike
from cascade.model.treatments import Capacity


def settled(
    model: Model,
    cells: range,
    seed: int,
    until: float | None,
    *,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Model:
    """The model with the factors of its capacity that these cells bring about; any other model as it is."""
    capacity = check_model(model).capacity
    if capacity is None or capacity.factors is not None:
        return model
    shown = False if callable(progress) else progress
    factors: tuple[float, ...] = (1.0,) * len(capacity.windows)
    for _ in range(len(factors) + 2):
        trial = model.with_(capacity=Capacity(**{**dict(capacity), "factors": factors}))
        lowered = lower(trial)
        prepared = prepare(lowered, environment(lowered, check_until(lowered, until)), grid=capacity.windows[1:])
        totals = conduct_totals(lowered, prepared, seed, cells, executor=executor, chunk=chunk, progress=shown)
        present = cells_at(lowered, totals, capacity)
        found = tuple(1.0 / (1.0 + float(n) / capacity.half) for n in present)
        if found == factors:
            return trial
        factors = found
    raise CascadeError("the factors of the capacity did not settle")


def cells_at(lowered: Lowered, totals: Totals, capacity: Capacity) -> npt.NDArray[np.int64]:
    """Cells that occupy the capacity as each window begins."""
    edges = time_edges(capacity.windows[1:])
    occupying = _states(lowered.states, capacity.occupied_by)
    started = totals.started * lowered.size_of[lowered.start_state]
    begin = int(started[occupying[lowered.base[lowered.start_state]]].sum())
    net = np.zeros(totals.counts.shape[1], np.int64)
    for i, t in enumerate(lowered.transitions):
        change = -int(occupying[t.source]) + (0 if t.is_death else int(occupying[t.target]))
        if change:
            net += change * totals.counts[i]
    at = np.searchsorted(edges, capacity.windows[1:])
    return np.concatenate([[begin], begin + np.cumsum(net)[at]])


def _states(names: Sequence[str], patterns: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which states the patterns mean."""
    found = {name for pattern in patterns for name in alike(pattern, names)}
    return np.array([name in found for name in names])
