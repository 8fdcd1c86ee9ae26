"""Traits tallied: cells run once more with their traits drawn beside their ends."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from cascade.common.errors import InputError
from cascade.common.portable import exp
from cascade.common.types import Ints
from cascade.engine.chosen import raised
from cascade.engine.chunk import BLOCK, Chunk, scratch_of
from cascade.engine.executor import Progress, Workers
from cascade.kernel.buffers import NO_MEMBER
from cascade.lowering.lowered import Lowered
from cascade.model import Model, check_model
from cascade.runs.capacity import settled
from cascade.runs.plan import Plan
from cascade.runs.provenance import check_lives
from cascade.runs.result import Result
from cascade.runs.traits import BINS, EDGES, Selection

_FIXED = float(1 << 20)

_MOST = float(1 << 20)
"""The largest Z that is told from others; and the whole multiples of it in a square are counted apart."""


@dataclass(frozen=True)
class Marked:
    """Cells whose traits are drawn beside their ends."""

    chunk: Chunk
    lowered: Lowered

    @property
    def number(self) -> int:
        """Number of founders."""
        return self.chunk.number


def tally(marked: Marked) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Histogram, sums and squares by furthest stage, and pairs of cells of one founder that passed each step.

    In fixed point: whole numbers add up the same in any order.  Of squares first what is left over multiples of
    ``_MOST``, then how many of these: in one number few of a large Z would be too many.
    """
    from cascade.engine.compiled import kernel_traits

    ends, furthest = marked.chunk.run().outcomes
    # One row for each founder, one column for each of its members.
    stages = furthest.astype(np.int64).reshape(marked.chunk.number, -1)
    there = ends.reshape(stages.shape) != NO_MEMBER
    alike, chosen = marked.chunk.inputs.frailties, marked.chunk.inputs.chosen
    assert alike is not None
    count, goals = len(alike.gamma), marked.lowered.goal + 1
    # The traits as products of powers of the independent factors, by the kernel's own functions.
    powers = np.vstack([np.zeros(count), marked.lowered.mixing])
    constant = np.array([exp(s) for s in marked.lowered.shift.tolist()])
    histogram = np.zeros((count, goals, BINS), np.int64)
    sums, rests, wholes = (np.zeros((count, goals), np.int64) for _ in range(3))
    pairs = np.zeros(goals, np.int64)
    scratch = scratch_of(BLOCK)
    for begin in range(0, len(stages), BLOCK):
        founder, member = np.nonzero(there[begin : begin + BLOCK])
        furthest_here = stages[begin : begin + BLOCK][founder, member]
        size = min(BLOCK, len(stages) - begin)
        came = np.bincount(founder * goals + furthest_here, minlength=size * goals).reshape(size, goals)
        pairs += (np.cumsum(came[:, ::-1], axis=1)[:, ::-1] ** 2).sum(axis=0)
        factor = np.ones((count + 1, size))
        first = np.uint64(marked.chunk.first + begin)
        if chosen is not None:
            _, logs = chosen.own_of(marked.chunk.key, first + np.arange(size).astype(np.uint64))
            factor = raised(powers, logs).T
        else:
            kernel_traits()(first, powers, alike.gamma, alike.spread, marked.chunk.key, factor, scratch)
        z = (factor[1:] * constant[:, None])[:, founder]
        for f in range(count):
            bins = np.clip(np.searchsorted(EDGES, z[f], side="right") - 1, 0, BINS - 1)
            histogram[f] += np.bincount(furthest_here * BINS + bins, minlength=goals * BINS).reshape(goals, BINS)
            capped = np.minimum(z[f], _MOST)
            np.add.at(sums[f], furthest_here, np.rint(capped * _FIXED).astype(np.int64))
            whole, rest = np.divmod(capped * capped, _MOST)
            np.add.at(rests[f], furthest_here, np.rint(rest * _FIXED).astype(np.int64))
            np.add.at(wholes[f], furthest_here, whole.astype(np.int64))
    return histogram, sums, rests, wholes, pairs


def selection(
    source: Model | Result,
    *,
    cells: int | float | range | None = None,
    seed: int | None = None,
    until: float | None = None,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Selection:
    """Traits of the cells that pass each step, against those that started.

    Parameters
    ----------
    source : Model or Result
        With frailties.  Of a result the same cells are run again.
    cells, seed, until, executor, chunk, progress
        As for ``simulate``; for a model ``cells`` is needed.

    Raises
    ------
    InputError
        When the model has no frailties.
    """
    workers = Workers(executor, chunk, progress)
    if isinstance(source, Result):
        if not (cells is None and seed is None and until is None):
            raise InputError("cells, seed, until", (cells, seed, until), "none: of a result its own are taken")
        check_lives(source.model, source.versions, "their traits", source.until)
        ranges = [range(*pair) for pair in source.ranges]
        plan = Plan.of(source.model, ranges[0], source.seed, source.until, workers)
    else:
        check_model(source)
        if cells is None:
            raise InputError("cells", None, "a number of cells, or a range of cell numbers")
        plan = settled(Plan.of(source, cells, seed, until, workers))
        ranges = [plan.cells]
    return _selected(plan, ranges)


def _selected(plan: Plan, ranges: Sequence[range]) -> Selection:
    """All cells run, their traits tallied by the furthest stage."""
    inputs, model = plan.inputs(), plan.model
    if inputs.frailties is None:
        raise InputError("source", model.name, "a model with frailties: without them all cells are alike")
    stop = np.zeros(1, np.uint8)
    chunks = (Marked(chunk, plan.lowered) for cells in ranges for chunk in plan.ends(inputs, cells, stop))
    sums: list[Ints] | None = None
    for part in plan.paced.results(tally, chunks, sum(map(len, ranges)), stop):
        sums = list(part) if sums is None else [a + b for a, b in zip(sums, part, strict=True)]
    assert sums is not None
    # Those that passed step k came to stage k + 1 or beyond.
    histogram, total, rests, wholes = (np.cumsum(part[:, ::-1], axis=1)[:, ::-1] for part in sums[:4])
    squares = rests / _FIXED + wholes * _MOST
    names, steps = tuple(f.name for f in model.frailties), ("start", *model.stages)
    cells = int(histogram[0, 0].sum())
    return Selection(
        model, plan.seed, cells, names, steps, histogram, total / _FIXED, squares, sums[4], plan.until
    )  # fmt: skip
