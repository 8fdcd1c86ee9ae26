"""By how much each hazard moves a probability: all derivatives from two solves, one forward and one adjoint."""

from __future__ import annotations

import numpy as np

from cascade.common.types import Floats
from cascade.solution.prepared import Prepared


def slopes_of_step(prepared: Prepared, stage: int) -> tuple[float, Floats]:
    """Probability of coming to a stage, and its derivatives by the logarithm of each hazard, (T,)."""
    prepared.only_whole_lives("elasticities")
    lowered, nodes = prepared.lowered, prepared.nodes
    beyond = lowered.stage >= stage
    value, slope = prepared.solver.gains(
        prepared.hazards(nodes), np.zeros(1), nodes.weights, ~beyond, beyond.astype(np.float64)
    )
    return float(value[0].real), slope[0].real


def elasticities(prepared: Prepared, stage: int) -> dict[str, float]:
    """D log P / d log hazard for every hazard, P the probability of coming to a stage; nan where P is 0."""
    value, slope = slopes_of_step(prepared, stage)
    names = [transition.name for transition in prepared.lowered.transitions]
    return dict(zip(names, (slope / value if value > 0 else np.full(len(names), np.nan)).tolist(), strict=True))
