"""The model of one cell of a unit: what clusters do to expected numbers of cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cascade.lowering.lowered import Lowered


def by_cell(lowered: Lowered) -> Lowered:
    """The model of one cell of a unit, chosen at random: what it goes through is what all cells do on average.

    A cell of a unit that breaks into k and n - k cells is among the first with probability
    k / n.  So expected numbers of cells, those of the branching process of clusters too, obey
    the equations of single cells.  The groups of exits that the kernel reads are left out.
    """
    if int(lowered.size_of.max()) == 1:
        return lowered
    low = lowered
    broken = np.flatnonzero(low.exit_apart >= 0)
    size = low.size_of[low.exit_source[broken]]
    stays = low.size_of[low.exit_target[broken]] / size
    hazard = low.exit_hazard.copy()
    hazard[broken] *= stays
    source = np.concatenate([low.exit_source, low.exit_source[broken]])
    target = np.concatenate([low.exit_target, low.exit_apart[broken]])
    hazard = np.concatenate([hazard, low.exit_hazard[broken] * (1.0 - stays)])
    # The bonds of a cluster give the same pair of sizes twice: such exits are one.
    rows = np.stack([source, target, *(np.concatenate([x, x[broken]]) for x in (low.exit_transition, low.exit_inner))])
    _, first, which = np.unique(rows, axis=1, return_index=True, return_inverse=True)
    every = np.concatenate([np.arange(len(low.exit_source)), broken])[first]
    weights = low.start_share * low.size_of[low.start_state]
    return replace(
        low,
        exit_start=np.zeros(0, np.int64),
        clock_start=np.zeros(0, np.int64),
        exit_source=source[first],
        exit_target=target[first],
        exit_hazard=np.asarray(np.bincount(which.ravel(), hazard, len(first)), np.float64),
        exit_transition=low.exit_transition[every],
        exit_inner=low.exit_inner[every],
        exit_apart=np.full(len(first), -1),
        exit_profile=low.exit_profile[every],
        start_share=weights / weights.sum(),
    )
