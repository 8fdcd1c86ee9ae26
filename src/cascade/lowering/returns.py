"""Where cells can be more than once: steps of routes whose distinct cells have to be noted cell by cell.

Everywhere else each arrival is a cell, and the counts of transitions tell how many there were.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Ints
from cascade.lowering.lowered import Transition, spread
from cascade.model import Model
from cascade.model.limits import MAX_MILESTONES


def returns_of(
    model: Model, transitions: Sequence[Transition], stage: Ints, milestones: int
) -> tuple[tuple[tuple[str, int], ...], Ints]:
    """Routes and stages that cells can come back to, and for each state its place among them, or -1.

    Raises
    ------
    InputError
        When there are more of them, with the milestones, than can be noted.
    """
    place = np.full(len(model.states), -1, np.int64)
    if not model.routes:
        return (), place
    moves = [(t.source, t.target) for t in transitions if t.is_move]
    source, target = (np.array([move[side] for move in moves], np.int64) for side in (0, 1))
    found: list[tuple[str, int]] = []
    for route in model.routes:
        on_route = np.array([state.route == route.name for state in model.states])
        for step in sorted(set(stage[on_route].tolist())):
            here = on_route & (stage == step)
            if step == len(model.stages):
                continue
            outside = spread(here, source, target) & ~here
            if (spread(outside, source, target) & here).any():
                place[here] = len(found)
                found.append((route.name, step))
    if milestones + len(found) > MAX_MILESTONES:
        wanted = f"routes and milestones of which at most {MAX_MILESTONES} are steps that cells come back to"
        raise InputError("routes", len(found), wanted)
    return tuple(found), place
