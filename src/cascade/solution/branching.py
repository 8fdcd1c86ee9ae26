"""The branching process of clusters that break: chances that no cell of a unit gets there."""

from __future__ import annotations

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats, Mask, Numbers
from cascade.lowering.lowered import Lowered, spread
from cascade.solution.passage import ENDLESS


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
    low = lowered
    none = np.where(missed, 1.0, 0.0) * np.ones((len(hazards), 1))
    total = np.zeros((len(hazards), low.size))
    np.add.at(total.T, low.exit_source, hazards.T)
    # States that no unit comes to may have no answer.
    live = (hazards > 0).any(axis=0)
    source, target, apart = (x[live] for x in (low.exit_source, low.exit_target, low.exit_apart))
    seeds = np.isin(np.arange(low.size), low.start_state[low.start_share > 0])
    both = (
        np.concatenate([source[target >= 0], source[apart >= 0]]),
        np.concatenate([target[target >= 0], apart[apart >= 0]]),
    )
    reached = spread(seeds, *both)
    open_ = missed & reached & (total > 0).any(axis=0)
    for size in np.unique(low.size_of[open_]).tolist():
        here = np.flatnonzero(open_ & (low.size_of == size))
        index = np.full(low.size, -1)
        index[here] = np.arange(len(here))
        out = np.flatnonzero(index[low.exit_source] >= 0)
        inside = (low.exit_target[out] >= 0) & (index[low.exit_target[out]] >= 0)
        within, away = out[inside], out[~inside]
        target, apart = low.exit_target[away], low.exit_apart[away]
        after = np.where(target >= 0, none[:, target], 1.0) * np.where(apart >= 0, none[:, apart], 1.0)
        known = np.zeros((len(hazards), len(here)))
        np.add.at(known.T, index[low.exit_source[away]], (hazards[:, away] * after).T)
        matrix = np.zeros((len(hazards), len(here), len(here)))
        rows, columns = index[low.exit_source[within]], index[low.exit_target[within]]
        np.add.at(matrix.transpose(1, 2, 0), (rows, columns), -hazards[:, within].T)
        each = np.arange(len(here))
        matrix[:, each, each] += np.where(total[:, here] > 0, total[:, here], 1.0)
        known += np.where(total[:, here] > 0, 0.0, 1.0)
        try:
            none[:, here] = np.linalg.solve(matrix, known[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            raise InputError("model", "its hazards", ENDLESS) from None
    return none
