"""What survivors are like: means of the frailties among the cells that pass each step, each with its error."""

from __future__ import annotations

import numpy as np

from cascade.common.types import Floats, Mask
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes


def traits_of_survivors(prepared: Prepared) -> tuple[Floats, Floats]:
    """Mean of each frailty among those that come to each stage, (frailties, stages + 1), and their errors.

    On a grid, refined until the means stay as they are; at random points with standard errors.
    """
    prepared.only_whole_lives("traits of survivors")
    return _at_random(prepared) if prepared.sampled else _on_a_grid(prepared)


def _entered(prepared: Prepared, nodes: Nodes) -> Floats:
    """Probability of coming to each stage, the start among them, at each node, (N, stages + 1)."""
    passage = prepared.solver.passage(prepared.hazards(nodes), np.zeros(1), start=prepared.starts(nodes))
    return np.asarray(passage.entered[:, 0].real)


def _on_a_grid(prepared: Prepared) -> tuple[Floats, Floats]:
    stages = prepared.lowered.goal + 1

    def solve(nodes: Nodes) -> tuple[Floats, Floats]:
        weighed = nodes.weights[:, None] * _entered(prepared, nodes)
        sums = np.concatenate([weighed.sum(axis=0), (np.exp(nodes.logs).T @ weighed).ravel()])
        return sums, np.zeros_like(sums)

    average = prepared.averaged(solve, 1, absolute=1e-300, unbounded=True)
    (come, *sums), (come_error, *errors) = (
        part.reshape(1 + prepared.frailties, stages) for part in (average.values, average.errors)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.array(sums).reshape(-1, stages) / come
        return means, (np.array(errors).reshape(-1, stages) + means * come_error) / come


def _at_random(prepared: Prepared) -> tuple[Floats, Floats]:
    nodes = prepared.nodes
    entered, replicate = _entered(prepared, nodes), nodes.replicate
    count = int(replicate.max()) + 1
    means = np.array([_means(prepared, entered, replicate == r) for r in range(count)])
    every = np.ones(len(replicate), bool)
    return _means(prepared, entered, every), np.asarray(means.std(axis=0, ddof=1) / np.sqrt(count))


def _means(prepared: Prepared, entered: Floats, used: Mask) -> Floats:
    """The means over some of the nodes."""
    nodes = prepared.nodes
    weighed = nodes.weights[used, None] * entered[used]
    z = np.exp(nodes.logs[used])
    with np.errstate(invalid="ignore", divide="ignore"):
        means = z.T @ weighed / weighed.sum(axis=0)
    if prepared.lowered.aim is not None:
        return np.asarray(means)
    # The mean of all cells is 1: what random points make of it is taken out.
    return np.asarray(means / (nodes.weights[used] @ z / nodes.weights[used].sum())[:, None])
