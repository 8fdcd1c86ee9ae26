"""Whether counts are those of such a run: what was counted in two ways must say the same.

A state is left as often as it was entered, but for who is still there, and at no time by more cells than came.
The first entry to a stage, a milestone or a watched state is an arrival there.  Who entered a step passed it,
was lost or is still in it.  Of clusters, units times their sizes are the cells, and batches add up to all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cascade.common.types import Ints, Mask
from cascade.engine.counts import Totals
from cascade.engine.prepare import rows_of
from cascade.lowering.lowered import Lowered, spread
from cascade.lowering.timegrid import time_edges

if TYPE_CHECKING:
    from cascade.runs.result import Result


def add_up(result: Result) -> bool:
    """Whether the counts of a result can be those of its recipe."""
    totals = result.totals
    counted = all(int(getattr(totals, name).min(initial=0)) >= 0 for name in Totals.ARRAYS)
    return bool(
        counted
        and int(totals.started.sum()) == result.founders
        and _flows_close(result)
        and _first_entries_arrive(result)
        and _steps_close(result)
        and _listed(result)
        and (result.model.clusters is None or _units_are_cells(result))
    )


def _started_in(result: Result) -> Ints:
    """Cells that began in each of the model's states."""
    lowered, started = result.lowered, np.zeros(len(result.lowered.states), np.int64)
    np.add.at(started, lowered.base[lowered.start_state], result.totals.started * lowered.size_of[lowered.start_state])
    return started


def _flows_close(result: Result) -> bool:
    """In every state as many cells came as went and stayed, never more had gone than come, and none after the end."""
    lowered, counts, rows = result.lowered, result.totals.counts, rows_of(result.lowered)
    net = np.zeros((len(lowered.states), counts.shape[1]), np.int64)
    for i, t in enumerate(lowered.transitions):
        net[t.source] -= counts[i]
        if not t.is_death:
            net[t.target] += counts[i]
    present = _started_in(result)[:, None] + np.cumsum(net, axis=1)
    begins = np.concatenate([[0.0], time_edges(result.times)[:-1]])
    late = counts[:, begins > (np.inf if result.until is None else result.until)]
    stayed = counts[rows.stay : rows.inner].sum(axis=1)
    return bool((present >= 0).all() and np.array_equal(present[:, -1], stayed) and not late.any())


def _first_entries_arrive(result: Result) -> bool:
    """Whether first entries to stages, milestones and watched states are arrivals there.

    Where nobody can come back they are all the arrivals, in every bin of time; else at no time more.
    """
    lowered, counts, rows = result.lowered, result.totals.counts, rows_of(result.lowered)
    places = [lowered.state_stage >= k for k in range(1, len(lowered.stages) + 1)]
    places += [lowered.state_milestone == m for m in range(len(lowered.milestones))]
    places += [lowered.state_return == r for r in range(len(lowered.returns))]
    places += [np.isin(lowered.states, result.watch)]
    began = _started_in(result)
    return all(
        _arrive(lowered, counts, place, counts[rows.reach + i], int(began[place].sum()))
        for i, place in enumerate(places)
    )


def _arrive(lowered: Lowered, counts: Ints, place: Mask, entries: Ints, began: int) -> bool:
    """Whether first entries to a place where so many began, by bin of time, are arrivals there."""
    moves = [(i, t.source, t.target) for i, t in enumerate(lowered.transitions) if t.is_move]
    source, target = (np.array([move[side] for move in moves], np.int64) for side in (1, 2))
    coming = [i for i, a, b in moves if place[b] and not place[a]]
    arrivals = counts[coming].sum(axis=0)
    outside = spread(place, source, target) & ~place
    again = spread(outside, source, target) & place
    if again.any():
        ended = [i for i, t in enumerate(lowered.transitions) if t.is_death and place[t.source]]
        ended += [rows_of(lowered).stay + s for s in np.flatnonzero(place).tolist()]
        # Whoever ended there had been there.
        there = int(counts[ended].sum()) <= int(entries.sum()) + began
        return there and bool((np.cumsum(entries) <= np.cumsum(arrivals)).all())
    return np.array_equal(entries, arrivals)


def _steps_close(result: Result) -> bool:
    """Whether all who reached a step, or a milestone, are there, and all who did not pass it ended in it."""
    lowered, rows, overtaken = result.lowered, rows_of(result.lowered), result.totals.overtaken
    stage_of = np.full(rows.total, len(lowered.stages) + 1)  # beyond the last: nobody ends in such a row
    for i, t in enumerate(lowered.transitions):
        if t.is_death:
            stage_of[i] = lowered.state_stage[t.source]
    stage_of[rows.stay : rows.inner] = lowered.state_stage
    # Who ended in a state of one stage had come to a later one.
    possible = np.arange(len(overtaken))[:, None] > stage_of
    ended = result.ended
    reached = np.array([*(row.entered for row in result.funnel()), result.funnel().rows[-1].passed])
    return bool(
        not overtaken[~possible].any()
        and (ended >= 0).all()
        and np.array_equal(ended.sum(axis=1), reached - np.append(reached[1:], 0))
        and max(result.milestones().values(), default=0) <= result.cells
    )


def _listed(result: Result) -> bool:
    """Whether the watched cells are some of the run, rising, and as many as came."""
    listed, cells = result.totals.watched, [range(*r) for r in result.ranges]
    first = int(result.totals.counts[rows_of(result.lowered).watch].sum())
    whole = result.totals.watched_total
    return bool(
        (listed[1:] > listed[:-1]).all()
        and (not len(listed) or all(any(int(end) in r for r in cells) for end in (listed[0], listed[-1])))
        and (whole == first if result.model.clusters is None else (whole > 0) == (first > 0) and whole <= first)
    )


def _units_are_cells(result: Result) -> bool:
    """Whether units by size are the cells of each row, and the batches of founders all of them."""
    lowered, rows, totals = result.lowered, rows_of(result.lowered), result.totals
    sums: npt.NDArray[np.int64] = totals.counts.sum(axis=1)
    began = _started_in(result)
    whole = sums.copy()
    for k in range(len(lowered.stages)):
        whole[rows.reach + k] += began[lowered.state_stage > k].sum()
    for m in range(len(lowered.milestones)):
        whole[rows.milestone + m] += began[lowered.state_milestone == m].sum()
    for r in range(len(lowered.returns)):
        whole[rows.returns + r] += began[lowered.state_return == r].sum()
    absorbing = np.isin(np.arange(len(lowered.states)), lowered.base[lowered.absorbing])
    units = totals.by_size[rows.stay : rows.inner].sum(axis=1)
    by_size = totals.by_size @ np.arange(totals.by_size.shape[1])
    batches = totals.batches.sum(axis=0)
    return bool(
        np.array_equal(by_size, whole)
        and np.array_equal(batches[:-1], whole)
        and batches[-1] == result.cells
        and not totals.by_size[:, 0].any()
        and np.array_equal(totals.ended.sum(axis=0), np.where(absorbing, units, 0))
    )
