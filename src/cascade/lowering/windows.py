"""Windows of the environment: between the times at which something changes, what multiplies each hazard."""

from __future__ import annotations

import math

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.model import Model


def windows_of(model: Model) -> tuple[Floats, Floats]:
    """Begin of each window in hours (W,), and the multipliers in it of each hazard of the table (W, T).

    A window ends where a treatment begins or ends, or a window of a shared capacity does.
    """
    times = {0.0} | {t.start_hours for t in model.treatments} | {t.end_hours for t in model.treatments if t.end_hours}
    shared = model.capacity
    if shared is not None and shared.factors is None:
        wanted = "a model whose cells are independent, or the model of a simulated result: it holds the factors"
        raise InputError("model.capacity", shared.name, wanted)
    times |= set(shared.windows) if shared is not None else set()
    starts = np.array(sorted(times), np.float64)
    multipliers = np.ones((len(starts), len(model.hazard_table)))
    for treatment in model.treatments:
        end = math.inf if treatment.end_hours is None else treatment.end_hours
        inside = (starts >= treatment.start_hours) & (starts < end)
        for effect in treatment.effects:
            for number in model.hazard_table.matching(effect.hazard):
                multipliers[inside, number] *= effect.factor
    if shared is not None and shared.factors is not None:
        course = np.array(shared.factors)[np.searchsorted(shared.windows, starts, side="right") - 1]
        crowded = sorted({n for pattern in shared.hazards for n in model.hazard_table.matching(pattern)})
        multipliers[:, crowded] *= course[:, None]
    return starts, multipliers
