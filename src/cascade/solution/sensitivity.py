"""By how much each hazard moves a probability: derivatives by a complex step, in which nothing cancels."""

from __future__ import annotations

import numpy as np

from cascade.solution.passage_times import STEP
from cascade.solution.prepared import Prepared


def elasticities(prepared: Prepared, stage: int) -> dict[str, float]:
    """D log P / d log hazard for every hazard, P the probability of coming to a stage; nan where P is 0."""
    prepared.only_whole_lives("elasticities")
    lowered, nodes = prepared.lowered, prepared.nodes
    hazards = prepared.hazards(nodes).astype(np.complex128)
    found = {}
    for t, transition in enumerate(lowered.transitions):
        moved = hazards * np.where(lowered.exit_transition == t, 1.0 + 1j * STEP, 1.0)
        chance = complex(nodes.weights @ prepared.solver.passage(moved, np.zeros(len(moved))).entered[:, stage])
        found[transition.name] = chance.imag / STEP / chance.real if chance.real > 0 else float("nan")
    return found
