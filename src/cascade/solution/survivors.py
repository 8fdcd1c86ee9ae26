"""What survivors are like: means of the frailties among the cells that pass each step."""

from __future__ import annotations

import numpy as np

from cascade.common.types import Floats, Mask
from cascade.solution.prepared import Prepared


def entered_by_node(prepared: Prepared) -> Floats:
    """Probability of coming to each stage, the start among them, at each node of the frailties, (N, stages + 1)."""
    prepared.only_whole_lives("traits of survivors")
    nodes = prepared.nodes
    return np.asarray(prepared.solver.passage(prepared.hazards(nodes), np.zeros(1)).entered[:, 0].real)


def trait_means(prepared: Prepared, entered: Floats, used: Mask | None = None) -> Floats:
    """Mean of each frailty among those that come to each stage, (frailties, stages + 1), over some of the nodes."""
    nodes = prepared.nodes
    used = np.ones(len(nodes.weights), bool) if used is None else used
    weighed = nodes.weights[used, None] * entered[used]
    z = np.exp(nodes.logs[used])
    with np.errstate(invalid="ignore", divide="ignore"):
        means = z.T @ weighed / weighed.sum(axis=0)
    if prepared.lowered.aim is not None:
        return np.asarray(means)
    # The mean of all cells is 1: what random points make of it is taken out.
    return np.asarray(means / (nodes.weights[used] @ z / nodes.weights[used].sum())[:, None])


def trait_errors(prepared: Prepared, entered: Floats) -> Floats:
    """Standard errors of these means: 0 where the nodes are no random points."""
    replicate = prepared.nodes.replicate
    count = int(replicate.max()) + 1
    if count == 1:
        return np.zeros_like(trait_means(prepared, entered))
    means = np.array([trait_means(prepared, entered, replicate == r) for r in range(count)])
    return np.asarray(means.std(axis=0, ddof=1) / np.sqrt(count))
