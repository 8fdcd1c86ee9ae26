"""The chance to reach a goal from each state, on real numbers alone: no subtraction, the same bits everywhere."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from cascade.elimination.jit import entry, step
from cascade.elimination.whole import chances


@step
def room_for(system):
    """Room for the largest component, as ``component.workspace``, for real numbers."""
    largest = 1
    for c in range(len(system.begin) - 1):
        largest = max(largest, system.begin[c + 1] - system.begin[c])
    return np.zeros((largest, largest)), np.zeros((3, largest))


@entry
def founding(system, hazards, inside, goal, prize, chance):
    """``chance`` (N, S) becomes the chance to reach a goal from each state, at each node.

    Parameters
    ----------
    system : System
    hazards : (N, E) float
    inside : (S,) bool
        States outside the goal that can be left.
    goal : (S,) float
        1 in the states of the goal.
    prize : (E,) float
        1 for the deaths that are a goal.
    chance : (N, S) float
    """
    moves, columns = room_for(system)
    for n in range(len(hazards)):
        chance[n] = goal
        chances(system, hazards[n], 0.0, inside, prize, moves, columns, chance[n])
