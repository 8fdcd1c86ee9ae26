"""The first cell that founds a colony: looked for among the very cells that the film shows, and those after them."""

from __future__ import annotations

import numpy as np

from cascade.engine.chunk import Chunk
from cascade.engine.executor import Workers
from cascade.kernel.buffers import NO_MEMBER
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.runs.plan import Plan
from cascade.solution.answer import Exact
from cascade.solution.quadrature import fixed
from cascade.web.page import MOST_IN_A_BROWSER

MOST_LOOKED = 100_000_000
"""Cells that are looked at: where colonies are rarer, none is shown."""

PATIENCE = 8.0
"""So many times the expected number: it is exceeded once in 3,000 models."""


def _founders(chunk: Chunk) -> list[int]:
    """Numbers of the cells of a chunk of which a member founds a colony."""
    row, furthest = chunk.run().outcomes
    places = len(furthest) // chunk.number
    there = np.flatnonzero((row != NO_MEMBER) & (furthest == chunk.stages))
    return sorted({int(k) // places + chunk.first for k in there})


def first_founder(
    model: Model, *, seed: int, first: int = 0, until: float | None = None, most: int = MOST_LOOKED
) -> tuple[int, int]:
    """The first cell from ``first`` on that founds a colony.

    Parameters
    ----------
    model : Model
    seed, first : int
    until : float, optional
        Hours after which the cells are looked at.
    most : int
        Cells that are looked at, or a few more.

    Returns
    -------
    cell : int
        -1 where none was found.
    looked : int
        Cells that were looked at, without end of a chunk.
    """
    # Roughly: it says how many to look at together.
    chance = Exact(model, until, nodes=fixed(lower(model))).funnel().rows[-1].fraction_of_all
    if chance <= 0:
        return -1, 0
    looked, size = 0, max(1000, int(min(most, 1 / chance)))
    while looked < min(most, PATIENCE / chance) and first + looked + size <= MOST_IN_A_BROWSER:
        plan = Plan.of(model, range(first + looked, first + looked + size), seed, until, Workers())
        stop = np.zeros(1, np.uint8)
        chunks = plan.ends(plan.inputs(), plan.cells, stop)
        found = [cell for part in plan.workers.results(_founders, chunks, size, stop) for cell in part]
        if found:
            return min(found), min(found) - first + 1
        looked += size
    return -1, looked
