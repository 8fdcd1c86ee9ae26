"""How long cells stay: mean hours in each state over whole lives."""

from __future__ import annotations

import numpy as np

from cascade.common.types import Floats
from cascade.solution.passage_times import MEAN_TOLERANCE
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes


def hours_in_states(prepared: Prepared, *, per_founder: bool, least_size: int) -> Floats:
    """Mean hours that a cell, or a unit that starts, spends in each of the model's states, (states,).

    Infinite where cells stay for ever; nan where the average over a frailty does not settle.

    Parameters
    ----------
    prepared : Prepared
    per_founder : bool
        Of all fragments of a unit together, each counted once.
    least_size : int
        Only the time in units of at least so many cells.
    """
    lowered, solver = prepared.lowered, prepared.solver
    prepared.only_whole_lives("times in states", ending=True)

    def time_in(nodes: Nodes) -> Floats:
        flows = solver.flows(prepared.hazards(nodes), np.zeros(1), nodes.weights, start=prepared.starts(nodes))
        return np.asarray(flows[0][0].real)

    def lived(nodes: Nodes) -> tuple[Floats, Floats]:
        hazards, time = prepared.hazards(nodes), time_in(nodes)
        return np.where(solver.stuck(hazards), 0.0, time), np.zeros(lowered.size)

    spent, errors, nodes = prepared.averaged(lived, 1, absolute=1e-300, unbounded=True)
    if not nodes.replicate.any():
        spent = np.where(errors <= MEAN_TOLERANCE * spent, spent, np.nan)
    hazards = prepared.hazards(prepared.nodes)
    stays = solver.stuck(hazards) & ~lowered.absorbing
    for_ever = stays & (time_in(prepared.nodes) > 0)
    spent = np.where(lowered.size_of >= least_size, np.where(for_ever, np.inf, spent), 0.0)
    if per_founder:
        started = (prepared.start_share / lowered.size_of[lowered.start_state]).sum()
        spent = spent / lowered.size_of / started
    return np.asarray(np.bincount(lowered.base, spent, len(lowered.states)), np.float64)
