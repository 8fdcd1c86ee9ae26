"""How small a chance to reach a goal may be, and where those cells start that reach it."""

from __future__ import annotations

import numpy as np

from cascade.common.errors import InputError
from cascade.common.portable import in_order
from cascade.common.types import Floats
from cascade.lowering.lowered import LEAST_CHANCE, Lowered

__all__ = ["LEAST_CHANCE", "LEAST_OF_A_MODEL", "check_chance", "started"]

LEAST_OF_A_MODEL = 1e-270
"""Of all cells: then what is below ``LEAST_CHANCE`` concerns one in 10^20 of those that reach the goal."""


def check_chance(chance: float) -> None:
    """Refuse a goal that is out of reach of doubles.

    Raises
    ------
    InputError
        For a chance below ``LEAST_OF_A_MODEL``.
    """
    if not chance >= LEAST_OF_A_MODEL:
        wanted = f"one that a cell reaches with a chance of at least {LEAST_OF_A_MODEL:g}, under its treatments"
        raise InputError("goal", f"a goal with a chance below {LEAST_OF_A_MODEL:g}", wanted)


def started(lowered: Lowered, chances: Floats) -> Floats:
    """Shares (K,) of the starts among cells that reach the goal, from the chances (S,) as they start.

    Raises
    ------
    InputError
        Where the goal is out of reach of doubles.
    """
    shares = lowered.start_share * chances[lowered.start_state]
    total = in_order(shares.tolist())
    check_chance(total / in_order(lowered.start_share.tolist()))
    return np.asarray(shares / total)
