"""The hot loop: blocks of cells through their visits, arrays in and arrays out.

Each round every row of the block makes one visit: draw, clocks, choice, count; the rows
that live on are moved together and the block is filled up with new cells.  The rule of a
visit stands in ``visits``; here is what surrounds it.  The biology, the policy and every
allocation live elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from cascade.kernel.units import (
    RECORDED,
    UNFINISHED,
    VISITS,
    WATCHED,
    batch_of,
    begin_founders,
    begin_units,
    bin_of,
    draw_members,
    gather_units,
    list_special,
    pass_on,
    set_apart,
    switching_visits,
    take_waiting,
    weigh,
)
from cascade.kernel.visits import (
    choose,
    choose_frail,
    clocks,
    draw,
    draw_frailties,
    draw_starts,
    fill,
    frail_clocks,
    resolve,
)

_ONE = np.uint32(1)
_BIT = np.uint64(1)
_STAGE_BITS = np.uint64((1 << 32) - 1)
_FIRST_MILESTONE = np.uint64(32)
_ABSORBING_BIT = np.uint64(63)

# Called by ``run`` alone: wrappers for calls from Python would only cost compile time.
_jit = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
_leaf = njit(error_model="numpy", inline="always")


class Block(NamedTuple):
    """Columns of the cells under way, each of shape (rows,)."""

    cell: npt.NDArray[np.uint64]
    visit: npt.NDArray[np.uint32]
    state: npt.NDArray[np.uint32]
    window: npt.NDArray[np.uint32]
    time: npt.NDArray[np.float64]
    seen: npt.NDArray[np.uint64]  # stages reached and milestones, as bits
    factor: npt.NDArray[np.float64]  # (profiles, rows); profile 0 is 1


class Scratch(NamedTuple):
    """What one round computes for each row."""

    for_moves: npt.NDArray[np.float64]
    for_deaths: npt.NDArray[np.float64]
    choice: npt.NDArray[np.float64]
    event: npt.NDArray[np.float64]
    move_rate: npt.NDArray[np.float64]
    death_rate: npt.NDArray[np.float64]
    group: npt.NDArray[np.uint32]
    exit: npt.NDArray[np.uint32]
    bin: npt.NDArray[np.uint32]
    moved: npt.NDArray[np.uint32]


class Out(NamedTuple):
    """What a run writes; integers, apart from the times of recorded events.

    ``counts`` (rows, bins) flat: events in bins of time; ``started`` (K,): units by start;
    ``overtaken`` (stages + 1, rows) flat: cells whose last state belongs to another stage
    than the furthest one they reached; ``watched`` (n,): founders; ``final_row`` and
    ``final_stage``: outcome by cell, or empty; ``event_*``: history, or empty; ``tally``:
    visits, watched founders, recorded events, whether the run is unfinished.
    """

    counts: npt.NDArray[np.int64]
    started: npt.NDArray[np.int64]
    overtaken: npt.NDArray[np.int64]
    watched: npt.NDArray[np.uint64]
    final_row: npt.NDArray[np.uint32]
    final_stage: npt.NDArray[np.uint32]
    event_cell: npt.NDArray[np.uint64]
    event_member: npt.NDArray[np.uint32]
    event_visit: npt.NDArray[np.uint32]
    event_exit: npt.NDArray[np.uint32]
    event_time: npt.NDArray[np.float64]
    tally: npt.NDArray[np.int64]


_MOST_ROUNDS = np.int64((1 << 32) - 1)


@_jit
def count(rows, event, exits, row, fine, upper, width, bins, counts, cell, size, by_size, batches):
    """Count the events of a round in their rows and bins of time."""
    for i in range(rows):
        bins[i] = np.uint32(bin_of(event[i]))
    if fine.size > 0:
        for i in range(rows):
            b = fine[bins[i]]
            while event[i] >= upper[b]:
                b += _ONE
            bins[i] = b
    if size is None:
        for i in range(rows):
            counts[np.uint64(row[exits[i]]) * width + np.uint64(bins[i])] += 1
    else:
        for i in range(rows):
            r = row[exits[i]]
            counts[np.uint64(r) * width + np.uint64(bins[i])] += size[i]
            by_size[r, size[i]] += 1
            batches[batch_of(cell[i]), r] += size[i]


@_leaf
def furthest_stage(seen, goal):
    """The last stage among the bits of ``seen``; ``goal`` is the last there can be."""
    stage = goal
    while stage > 0 and not (seen >> np.uint64(stage)) & _BIT:
        stage -= 1
    return stage


@_jit
def finish(
    rows,
    cell,
    state,
    seen,
    exits,
    goes_on,
    row,
    stage,
    goal,
    first,
    overtaken,
    final_row,
    final_stage,
    size,
    member,
    largest,
    listed,
):
    """Note how far the cells came that died or were still under way at the end."""
    number = 0
    for i in range(rows):
        listed[number] = np.uint32(i)
        number += 1 - np.int64(goes_on[exits[i]])
    for j in range(number):
        i = listed[j]
        e = exits[i]
        reached = furthest_stage(seen[i], goal)
        if size is None:
            if reached != stage[state[i]]:
                overtaken[reached, row[e]] += 1
            if final_row.size > 0:
                at = np.int64(cell[i] - first)
                final_row[at] = row[e]
                final_stage[at] = reached
        else:
            if reached != stage[state[i]]:
                overtaken[reached, row[e]] += size[i]
            if final_row.size > 0:
                begin = np.int64(cell[i] - first) * largest + np.int64(member[i])
                for at in range(begin, begin + size[i]):
                    final_row[at] = row[e]
                    final_stage[at] = reached


@_jit
def list_moves(rows, exits, goes_on, moved):
    """Rows that go on, in order; their number."""
    moves = 0
    for i in range(rows):
        moved[moves] = np.uint32(i)
        moves += np.int64(goes_on[exits[i]])
    return moves


@_jit
def arrive(moves, moved, exits, target, state, seen, marks, fresh):
    """New states of the cells that go on; numbers of those kept under way, and of the fresh ones.

    ``moved`` keeps the rows that stay under way; ``fresh`` lists those that are anywhere for
    the first time: in a stage, at a milestone, or absorbed.
    """
    kept = new = 0
    for j in range(moves):
        i = moved[j]
        s = target[exits[i]]
        state[i] = s
        mark = marks[s]
        fresh[new] = i
        new += np.int64((mark & ~seen[i]) != 0)
        moved[kept] = i
        kept += 1 - np.int64(mark >> _ABSORBING_BIT)
    return kept, new


@_jit
def first_entries(
    new,
    fresh,
    cell,
    state,
    seen,
    bins,
    marks,
    reach_row,
    bit_row,
    width,
    counts,
    watched,
    tally,
    first,
    size,
    by_size,
    batches,
    noted,
):
    """Count the stages, milestones and watched states that cells enter for the first time."""
    watch_row = counts.size // width - 1
    for j in range(new):
        i = fresh[j]
        b = np.int64(bins[i])
        mark = marks[state[i]] & ~seen[i]
        seen[i] |= mark
        # Bit k is stage k, and none enters stage 0; milestones begin at bit 32.
        stages = (mark & _STAGE_BITS) >> _BIT
        row = reach_row
        while stages != 0:
            if stages & _BIT:
                if size is None:
                    counts[row * width + b] += 1
                else:
                    counts[row * width + b] += size[i]
                    by_size[row, size[i]] += 1
                    batches[batch_of(cell[i]), row] += size[i]
            stages >>= _BIT
            row += 1
        others = (mark & ~(_BIT << _ABSORBING_BIT)) >> _FIRST_MILESTONE
        row = bit_row
        while others != 0:
            if others & _BIT:
                if size is None:
                    counts[row * width + b] += 1
                    if row == watch_row:
                        watched[tally[WATCHED]] = cell[i]
                        tally[WATCHED] += 1
                else:
                    counts[row * width + b] += size[i]
                    by_size[row, size[i]] += 1
                    batches[batch_of(cell[i]), row] += size[i]
                    if row == watch_row and noted[np.int64(cell[i] - first)] == 0:
                        noted[np.int64(cell[i] - first)] = 1
                        watched[tally[WATCHED]] = cell[i]
                        tally[WATCHED] += 1
            others >>= _BIT
            row += 1


@_jit
def absorb(
    new,
    fresh,
    cell,
    state,
    seen,
    bins,
    stage,
    goal,
    absorbed_row,
    first,
    width,
    counts,
    overtaken,
    final_row,
    final_stage,
    size,
    member,
    largest,
    by_size,
    batches,
    ended,
):
    """Note the end of those of the fresh cells that reached an absorbing state."""
    for j in range(new):
        i = fresh[j]
        s = state[i]
        row = absorbed_row[s]
        if row > 0:
            reached = furthest_stage(seen[i], goal)
            at = np.int64(row) * width + np.int64(bins[i])
            if size is None:
                counts[at] += 1
                if reached != stage[s]:
                    overtaken[reached, row] += 1
                if final_row.size > 0:
                    at = np.int64(cell[i] - first)
                    final_row[at] = row
                    final_stage[at] = reached
            else:
                counts[at] += size[i]
                by_size[row, size[i]] += 1
                batches[batch_of(cell[i]), row] += size[i]
                ended[batch_of(cell[i]), row] += 1
                if reached != stage[s]:
                    overtaken[reached, row] += size[i]
                if final_row.size > 0:
                    begin = np.int64(cell[i] - first) * largest + np.int64(member[i])
                    for at in range(begin, begin + size[i]):
                        final_row[at] = row
                        final_stage[at] = reached


@_jit
def gather(kept, moved, event, cell, visit, state, window, time, seen, factor):
    """Bring the cells that stay under way to the top of the block."""
    for j in range(kept):
        i = moved[j]
        cell[j] = cell[i]
        visit[j] = visit[i] + _ONE
        state[j] = state[i]
        window[j] = window[i]
        time[j] = event[i]
        seen[j] = seen[i]
    for p in range(1, factor.shape[0]):
        for j in range(kept):
            factor[p, j] = factor[p, moved[j]]


@_jit
def record(rows, cell, visit, exits, event, out, units):
    """Write down every event of a round; what does not fit is only counted."""
    begin = out.tally[RECORDED]
    number = min(rows, max(out.event_cell.size - begin, 0))
    for i in range(number):
        out.event_cell[begin + i] = cell[i]
        out.event_visit[begin + i] = visit[i]
        out.event_exit[begin + i] = exits[i]
        out.event_time[begin + i] = event[i]
    if units is not None:
        for i in range(number):
            out.event_member[begin + i] = units.member[i]
    out.tally[RECORDED] = begin + rows


@njit(nogil=True, error_model="numpy")
def run(tables, frailties, clocks_of, key, cells, first, number, block, scratch, units, stop, out, grouped):
    """Run ``number`` cells from ``first`` on, or those listed in ``cells``, to their ends.

    Parameters
    ----------
    tables : Tables
    frailties : Frailties or None
        None is a type of its own to the compiler: what only frailties need is left out.
    clocks_of : Clocks or None
        The same of units with clocks of their own, or of several cells.
    key : (2,) uint64
    cells : (n,) uint64
        Cell numbers; empty: those from ``first`` on.
    first : uint64
    number : int
    block, scratch : Block, Scratch
        Room for the rows under way.
    units : Units or None
        With ``clocks_of``.
    grouped : Grouped or None
        With clusters.
    stop : (1,) uint8
        When another thread sets it, the run ends at once, unfinished.
    out : Out
        Added to.
    """
    t = tables
    k0, k1 = key[0], key[1]
    cell, visit, state, window, time, seen, factor = block
    moves, deaths, choice, event, move_rate, death_rate, group, exits, bins, moved = scratch
    width = np.int64(t.bins)
    states = np.uint32(t.states)
    member = None if units is None else units.member
    if grouped is None:
        size = by_size = batches = ended = noted = largest = None
    else:
        size, largest = units.size, clocks_of.largest
        by_size, batches, ended, noted = grouped.by_size, grouped.batches, grouped.ended, grouped.noted
    several_starts = t.start_state.size > 1 or t.entry_high > t.entry_low
    rows = 0
    taken = 0
    rounds = np.int64(0)
    while True:
        rounds += 1
        # Nobody has made more visits than there were rounds; their number has 32 bits.
        if stop[0] != 0 or rounds > _MOST_ROUNDS:
            out.tally[UNFINISHED] = 1
            return
        if rows <= cell.size // 2:
            z = rows
            if units is not None:
                # Fragments go first, so that never more wait than the founders of one block can break into.
                z = take_waiting(rows, cell, visit, state, window, time, seen, units)
            if z == rows and taken < number:
                z = min(cell.size, rows + number - taken)
                at = np.uint64(taken) if cells.size > 0 else first + np.uint64(taken)
                c, st, ti, se = cell[rows:z], state[rows:z], time[rows:z], seen[rows:z]
                fill(c, visit[rows:z], st, window[rows:z], ti, se, cells, at, t.start_state[0], t.marks, t.entry_low)
                room = slice(0, c.size)
                if several_starts:
                    draw_starts(
                        c,
                        st,
                        ti,
                        se,
                        t.start_state,
                        t.start_cumulative,
                        t.entry_low,
                        t.entry_high,
                        t.marks,
                        k0,
                        k1,
                        out.started,
                        moves[room],
                        deaths[room],
                    )
                else:
                    out.started[0] += c.size
                taken += z - rows
                if units is not None:
                    begin_founders(rows, z, cell, state, seen, t.reach_row, t.bit_row, member, clocks_of.size, grouped)
            if frailties is not None and z > rows:
                room = slice(0, z - rows)
                draw_frailties(
                    rows,
                    cell[rows:z],
                    factor,
                    frailties.powers,
                    frailties.gamma,
                    frailties.spread,
                    k0,
                    k1,
                    moves[room],
                    choice[room],
                    moved[room],
                    deaths[room],
                )
            if units is not None:
                begin_units(rows, z, cell, state, window, time, units, clocks_of, k0, k1)
            rows = z
        if rows == 0:
            return
        out.tally[VISITS] += rows
        if units is None:
            draw(rows, cell, visit, k0, k1, moves, deaths, choice)
        else:
            if grouped is not None:
                weigh(rows, state, size, clocks_of.size)
            draw_members(rows, cell, visit, member, k0, k1, moves, deaths, choice)
        if frailties is None:
            late = clocks(rows, state, window, time, moves, deaths, states, t.mean, t.window_end, event, group)
        else:
            late = frail_clocks(
                rows,
                state,
                window,
                time,
                factor,
                moves,
                deaths,
                states,
                t.parts,
                t.profiles,
                t.window_end,
                event,
                group,
                move_rate,
                death_rate,
            )
        choose(
            rows,
            group,
            window,
            choice,
            t.guide,
            np.uint32(t.cuts),
            t.steps,
            t.bound,
            np.uint32(t.exits),
            t.window_end.size == 1,
            exits,
        )
        if frailties is not None:
            choose_frail(
                rows,
                window,
                factor,
                choice,
                t.hazard,
                t.profile,
                t.own,
                t.exit_start,
                group,
                move_rate,
                death_rate,
                exits,
                moved,
            )
        if units is not None:
            special = list_special(rows, state, window, event, t.window_end, clocks_of.some, units.soon, moved)
            switching_visits(
                special,
                moved,
                cell,
                visit,
                state,
                window,
                time,
                seen,
                factor,
                moves,
                deaths,
                choice,
                move_rate,
                death_rate,
                t,
                clocks_of,
                units,
                size,
                grouped,
                out,
                stop,
                k0,
                k1,
                event,
                exits,
            )
            if out.tally[UNFINISHED] != 0:
                return
        if late > 0:
            resolve(
                rows,
                state,
                window,
                time,
                factor,
                moves,
                deaths,
                choice,
                t.window_end,
                t.hazard,
                t.profile,
                t.profiles,
                t.parts,
                t.exit_start,
                event,
                exits,
            )
        count(
            rows, event, exits, t.row, t.fine, t.upper, np.uint64(width), bins, out.counts, cell, size, by_size, batches
        )
        if out.event_cell.size > 0:
            record(rows, cell, visit, exits, event, out, units)
        # The group of a row has served: its room takes lists from here on.
        if t.loops or out.final_row.size > 0:
            finish(
                rows,
                cell,
                state,
                seen,
                exits,
                t.goes_on,
                t.row,
                t.stage,
                t.goal,
                first,
                out.overtaken,
                out.final_row,
                out.final_stage,
                size,
                member,
                largest,
                group,
            )
        n = list_moves(rows, exits, t.goes_on, moved)
        if units is not None:
            pass_on(n, moved, cell, state, window, event, exits, t.target, clocks_of, units, k0, k1, group)
        rows, new = arrive(n, moved, exits, t.target, state, seen, t.marks, group)
        first_entries(
            new,
            group,
            cell,
            state,
            seen,
            bins,
            t.marks,
            t.reach_row,
            t.bit_row,
            width,
            out.counts,
            out.watched,
            out.tally,
            first,
            size,
            by_size,
            batches,
            noted,
        )
        absorb(
            new,
            group,
            cell,
            state,
            seen,
            bins,
            t.stage,
            t.goal,
            t.absorbed_row,
            first,
            width,
            out.counts,
            out.overtaken,
            out.final_row,
            out.final_stage,
            size,
            member,
            largest,
            by_size,
            batches,
            ended,
        )
        if units is not None:
            set_apart(rows, moved, cell, state, window, seen, event, exits, clocks_of.apart, clocks_of.size, units)
        gather(rows, moved, event, cell, visit, state, window, time, seen, factor)
        if units is not None:
            gather_units(rows, moved, units)


@njit(nogil=True, error_model="numpy")
def traits(first, powers, gamma, spread, key, factor, scratch):
    """Factors of the cells from ``first`` on, (P, n), as ``run`` draws them; ``powers`` as in Frailties."""
    moves, deaths, choice, _event, _move_rate, _death_rate, _group, _exits, _bins, moved = scratch
    cell = np.empty(factor.shape[1], np.uint64)
    for i in range(cell.size):
        cell[i] = first + np.uint64(i)
    room = slice(0, cell.size)
    draw_frailties(
        0, cell, factor, powers, gamma, spread, key[0], key[1], moves[room], choice[room], moved[room], deaths[room]
    )
