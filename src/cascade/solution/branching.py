"""The branching process of clusters that break: chances that no cell of a unit gets there, and units by their size."""

from __future__ import annotations

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats, Mask, Numbers
from cascade.lowering.lowered import Lowered, spread
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes
from cascade.solution.solver import ENDLESS


def chance_of_none(lowered: Lowered, hazards: Floats, missed: Mask) -> Numbers:
    """Probability for a unit in each state that no cell of it ever comes to the others than ``missed``, (N, S).

    The generating function of the branching process at 0, from the smallest units up: a
    cluster breaks only into smaller ones, so that each size is a linear system.

    Parameters
    ----------
    lowered : Lowered
        By unit, not by cell.
    hazards : (N, E) float
    missed : (S,) bool
    """
    none = np.where(missed, 1.0, 0.0) * np.ones((len(hazards), 1))
    total = np.zeros((len(hazards), lowered.size))
    np.add.at(total.T, lowered.exit_source, hazards.T)
    # States that no unit comes to may have no answer.
    live = (hazards > 0).any(axis=0)
    source, target, apart = (x[live] for x in (lowered.exit_source, lowered.exit_target, lowered.exit_apart))
    seeds = np.isin(np.arange(lowered.size), lowered.start_state[lowered.start_share > 0])
    both = (
        np.concatenate([source[target >= 0], source[apart >= 0]]),
        np.concatenate([target[target >= 0], apart[apart >= 0]]),
    )
    reached = spread(seeds, *both)
    open_ = missed & reached & (total > 0).any(axis=0)
    for size in np.unique(lowered.size_of[open_]).tolist():
        unsolved = np.flatnonzero(open_ & (lowered.size_of == size))
        index = np.full(lowered.size, -1)
        index[unsolved] = np.arange(len(unsolved))
        out = np.flatnonzero(index[lowered.exit_source] >= 0)
        inside = (lowered.exit_target[out] >= 0) & (index[lowered.exit_target[out]] >= 0)
        within, away = out[inside], out[~inside]
        target, apart = lowered.exit_target[away], lowered.exit_apart[away]
        after = np.where(target >= 0, none[:, target], 1.0) * np.where(apart >= 0, none[:, apart], 1.0)
        inhomogeneous = np.zeros((len(hazards), len(unsolved)))
        np.add.at(inhomogeneous.T, index[lowered.exit_source[away]], (hazards[:, away] * after).T)
        matrix = np.zeros((len(hazards), len(unsolved), len(unsolved)))
        rows, columns = index[lowered.exit_source[within]], index[lowered.exit_target[within]]
        np.add.at(matrix.transpose(1, 2, 0), (rows, columns), -hazards[:, within].T)
        each = np.arange(len(unsolved))
        matrix[:, each, each] += np.where(total[:, unsolved] > 0, total[:, unsolved], 1.0)
        inhomogeneous += np.where(total[:, unsolved] > 0, 0.0, 1.0)
        try:
            none[:, unsolved] = np.linalg.solve(matrix, inhomogeneous[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            raise InputError("model", "its hazards", ENDLESS) from None
    return none


def no_colony(prepared: Prepared) -> float:
    """Probability that no cell of a unit that starts passes the last step."""
    prepared.only_whole_lives("chances of a colony", ending=True)
    units = prepared.by_unit

    def solve(nodes: Nodes) -> tuple[Floats, Floats]:
        none = chance_of_none(units, prepared.hazards(nodes, units), units.stage < units.goal)[:, units.start_state]
        start = prepared.starts(nodes)
        # Of units, each counted once; nodes and starts are those of their cells.
        cells = prepared.start_share[None] if start is None else start[:, units.start_state]
        shares = nodes.weights[:, None] * cells / units.size_of[units.start_state]
        return np.array([(shares * none).sum(), shares.sum()]), np.zeros(2)

    missed, every = prepared.averaged(solve, 1, absolute=1e-300).values
    return float(missed / every)


def units_by_size(prepared: Prepared) -> Floats:
    """Units that start, and that pass each step, per cell that starts, by their size then: (1 + steps, sizes + 1)."""
    prepared.only_whole_lives("numbers by size")
    lowered = prepared.lowered
    cells = np.zeros((len(lowered.stages) + 1, int(lowered.size_of.max()) + 1))

    def solve(nodes: Nodes) -> tuple[Floats, Floats]:
        hazards, starts, passed = prepared.hazards(nodes), prepared.starts(nodes), np.zeros_like(cells)
        for k in range(1, len(cells)):
            before = lowered.stage < k
            uses = prepared.solver.flows(hazards, np.zeros(1), nodes.weights, before, starts)[1][0].real
            into = np.flatnonzero(before[lowered.exit_source] & (lowered.exit_target >= 0))
            into = into[~before[lowered.exit_target[into]]]
            np.add.at(passed[k], lowered.size_of[lowered.exit_source[into]], uses[into])
        return passed, np.zeros_like(passed)

    for k in range(len(cells)):
        began = lowered.stage[lowered.start_state] >= k
        np.add.at(cells[k], lowered.size_of[lowered.start_state[began]], prepared.start_share[began])
    cells += prepared.averaged(solve, len(lowered.stages), absolute=1e-300).values
    return np.asarray(cells / np.maximum(np.arange(cells.shape[1]), 1))
