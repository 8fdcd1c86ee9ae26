"""The share of the cells that the first bed holds, as a slider of the page can change it.

Cells are of a class from where they enter the blood, and each class has states of its own.  So the share stands in the
hazards of the ways in alone, and these are linear in it: those of the class *held* in proportion to the share, those of
the other to what is left.  Soil and exposure stay as they were fitted, as in ``cancer.with_(held=0.3)``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from cascade.body import circulation
from cascade.body.reference import cells
from cascade.common.portable import in_order
from cascade.lowering.lowered import Lowered
from cascade.model import Conditioned, Model

NO_WAY_IN = 2


class Held(NamedTuple):
    """The share, and of each transition which class comes in by it: 0 held, 1 passing, 2 none comes in."""

    share: float
    entry: tuple[int, ...]


def held_of(model: Model, lowered: Lowered) -> Held | None:
    """What a slider of the share held needs; None for models in which no single share stands in the ways in alone.

    So it is where the cells of a model are not of the two classes of the package, where some start in the blood, where
    all or none are held (the states of the others are left out), where somebody has changed single hazards of the ways
    in, and in conditioned models, whose hazards are those of cells that make it.
    """
    names = [f", {one.name}" for one in cells().classes]
    inside = [next((k for k, name in enumerate(names) if s.name.endswith(name)), NO_WAY_IN) for s in model.states]
    vessels = {vessel.name for sex in ("male", "female") for vessel in circulation(sex).vessels}
    started = {lowered.states[state] for state in lowered.base[lowered.start_state].tolist()}
    if isinstance(model, Conditioned) or any(model.states[k].name in started for k, of in enumerate(inside) if of < 2):
        return None
    entry: list[int] = []
    ways: dict[tuple[int, str], list[float]] = {}
    for t in lowered.transitions:
        of = inside[t.target] if t.target >= 0 and inside[t.source] == NO_WAY_IN else NO_WAY_IN
        entry.append(of)
        if of != NO_WAY_IN:
            source, vessel = model.states[t.source], lowered.states[t.target].removesuffix(names[of])
            if vessel not in vessels:
                return None
            hazard = next(move.hazard for move in source.moves if move.to == lowered.states[t.target])
            ways.setdefault((t.source, vessel), [0.0, 0.0])[of] = hazard
    shares = [held / in_order([held, passing]) for held, passing in ways.values() if held + passing > 0]
    if not shares or not 0.0 < shares[0] < 1.0:
        return None
    if not all(math.isclose(share, shares[0], rel_tol=1e-9) for share in shares):
        return None
    return Held(shares[0], tuple(entry))
