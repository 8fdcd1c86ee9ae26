"""The model of one cell of a unit: what clusters do to expected numbers of cells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cascade.common.portable import in_order
from cascade.lowering.lowered import Lowered


def by_cell(lowered: Lowered) -> Lowered:
    """The model of one cell of a unit, chosen at random: what it goes through is what all cells do on average.

    A cell of a unit that breaks into k and n - k cells is among the first with probability
    k / n.  So expected numbers of cells, those of the branching process of clusters too, obey
    the equations of single cells.  The groups of exits that the kernel reads are left out.
    """
    if int(lowered.size_of.max()) == 1:
        return lowered
    weights = lowered.start_share * lowered.size_of[lowered.start_state]
    share = weights / in_order(weights.tolist())
    broken = np.flatnonzero(lowered.exit_apart >= 0)
    if not len(broken):
        return replace(lowered, start_share=share)
    size = lowered.size_of[lowered.exit_source[broken]]
    stays = lowered.size_of[lowered.exit_target[broken]] / size
    hazard = lowered.exit_hazard.copy()
    hazard[broken] *= stays
    source = np.concatenate([lowered.exit_source, lowered.exit_source[broken]])
    target = np.concatenate([lowered.exit_target, lowered.exit_apart[broken]])
    hazard = np.concatenate([hazard, lowered.exit_hazard[broken] * (1.0 - stays)])
    # The bonds of a cluster give the same pair of sizes twice: such exits are one.
    rows = np.stack(
        [source, target, *(np.concatenate([x, x[broken]]) for x in (lowered.exit_transition, lowered.exit_inner))]
    )
    _, first, which = np.unique(rows, axis=1, return_index=True, return_inverse=True)
    every = np.concatenate([np.arange(len(lowered.exit_source)), broken])[first]
    return replace(
        lowered,
        exit_start=np.zeros(0, np.int64),
        clock_start=np.zeros(0, np.int64),
        exit_source=source[first],
        exit_target=target[first],
        exit_hazard=np.asarray(np.bincount(which.ravel(), hazard, len(first)), np.float64),
        exit_transition=lowered.exit_transition[every],
        exit_inner=lowered.exit_inner[every],
        exit_apart=np.full(len(first), -1),
        exit_profile=lowered.exit_profile[every],
        start_share=share,
    )
