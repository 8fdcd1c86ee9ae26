"""Units that are more than a cell in a state: factors with clocks of their own, clusters and their fragments.

What stands here is compiled into the kernel only for models that need it.  A factor's
clock is, like those of a visit, (anchor, exponential left at the anchor).  When it is due
first the level switches, and the visit goes on: what is left of its exponentials is
*carried* to the next round.  A fragment that goes apart from a cluster waits for room in
the block and then begins visits of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from cascade.numerics import minus_log
from cascade.streams import KIND_VISIT, clock_block, visit_block
from cascade.visits import group_exit, group_rate, mean_of, rewind

BATCHES = 64
"""Founders are counted in so many batches, by number: their spread is that of founders, not of cells."""

_ONE = np.uint32(1)
_TWO = np.uint32(2)
_BIT = np.uint64(1)
_NO_CLOCK = np.int64(-1)
_MEMBER_BITS = np.uint64(8)
_BATCH_BITS = np.uint64(BATCHES - 1)

_jit = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
_rate, _exit = _jit(group_rate), _jit(group_exit)


class Units(NamedTuple):
    """Further columns of the units under way, and the fragments that wait.

    ``member``, ``size``: lowest member and number of cells; ``carried``: 1 for a visit that
    goes on after a switch; ``move_*``, ``death_*``: its clocks; ``left``, ``anchor``,
    ``drawn`` (clocks, rows): clocks of the factors, and how many draws each has used.
    """

    member: npt.NDArray[np.uint64]
    size: npt.NDArray[np.int64]
    carried: npt.NDArray[np.uint32]
    move_left: npt.NDArray[np.float64]
    move_anchor: npt.NDArray[np.float64]
    death_left: npt.NDArray[np.float64]
    death_anchor: npt.NDArray[np.float64]
    left: npt.NDArray[np.float64]
    anchor: npt.NDArray[np.float64]
    drawn: npt.NDArray[np.uint32]
    founders: npt.NDArray[np.int64]  # (1,) number of founders in this run
    waiting: npt.NDArray[np.int64]  # (1,) number of fragments
    wait_cell: npt.NDArray[np.uint64]
    wait_member: npt.NDArray[np.uint64]
    wait_state: npt.NDArray[np.uint32]
    wait_window: npt.NDArray[np.uint32]
    wait_time: npt.NDArray[np.float64]
    wait_seen: npt.NDArray[np.uint64]


class Grouped(NamedTuple):
    """What a run of units writes beside ``Out``.

    ``by_size`` (rows, largest + 1): units by row and size; ``batches`` (BATCHES, rows + 1):
    cells by batch of founders and row, the last column those that started; in rows of stages
    and milestones also those that began there.  ``noted``: founders in the list of the watched.
    """

    by_size: npt.NDArray[np.int64]
    batches: npt.NDArray[np.int64]
    noted: npt.NDArray[np.uint8]


@_jit
def book(grouped, row, cell, size):
    """Count a unit by its size, and its cells by the batch of its founder."""
    grouped.by_size[row, size] += 1
    grouped.batches[np.int64(cell & _BATCH_BITS), row] += size


@_jit
def end_members(i, cell, first, row, reached, u, final_row, final_stage):
    """Note the end of every member of the unit in row ``i``."""
    largest = final_row.size // u.founders[0]
    begin = np.int64(cell[i] - first) * largest + np.int64(u.member[i])
    final_row[begin : begin + u.size[i]] = row
    final_stage[begin : begin + u.size[i]] = reached


@_jit
def begin_units(begin, end, founders, cell, state, time, seen, t, u, clocks, grouped, k0, k1):
    """Clocks of the units in the rows from ``begin`` on; ``founders``: they have just started."""
    states = clocks.size.size
    for i in range(begin, end):
        u.carried[i] = 0
    if founders:
        last = grouped.batches.shape[1] - 1
        for i in range(begin, end):
            u.member[i] = 0
            size = clocks.size[state[i]]
            grouped.batches[np.int64(cell[i] & _BATCH_BITS), last] += size
            # Where they start they have come to: stages from bit 1 on, milestones from bit 32.
            for k in range(1, 63):
                if (seen[i] >> np.uint64(k)) & _BIT:
                    book(grouped, t.reach_row + k - 1 if k < 32 else t.bit_row + k - 32, cell[i], size)
    for c in range(clocks.purpose.size):
        for i in range(begin, end):
            u.drawn[c, i] = 0
            if clocks.runs[c * states + state[i]]:
                draw_clock(c, i, cell[i], time[i], u, clocks, k0, k1)


@_jit
def draw_clock(c, i, cell, now, u, clocks, k0, k1):
    """A new draw for clock ``c`` of the unit in row ``i``."""
    purpose = clocks.purpose[c] | (u.member[i] << _MEMBER_BITS)
    exponential, _ = clock_block(cell, np.uint64(u.drawn[c, i]), purpose, k0, k1)
    u.left[c, i] = minus_log(exponential)
    u.anchor[c, i] = now
    u.drawn[c, i] += _ONE


@_jit
def take_waiting(rows, cell, visit, state, window, time, seen, u):
    """Fragments that wait, in the rows from ``rows`` on; the number of rows then."""
    number = min(np.int64(cell.size) - rows, u.waiting[0])
    at = u.waiting[0] - number
    for j in range(number):
        i = rows + j
        cell[i] = u.wait_cell[at + j]
        visit[i] = 0
        state[i] = u.wait_state[at + j]
        window[i] = u.wait_window[at + j]
        time[i] = u.wait_time[at + j]
        seen[i] = u.wait_seen[at + j]
        u.member[i] = u.wait_member[at + j]
    u.waiting[0] = at
    return rows + number


@_jit
def draw_members(rows, cell, visit, u, k0, k1, moves, deaths, choice):
    """``visits.draw`` for units of which the founder's number is not enough."""
    for i in range(rows):
        purpose = KIND_VISIT | (u.member[i] << _MEMBER_BITS)
        moves[i], deaths[i], choice[i] = visit_block(cell[i], np.uint64(visit[i]), purpose, k0, k1)
    for i in range(rows):
        moves[i] = minus_log(moves[i])
        deaths[i] = minus_log(deaths[i])


@_jit
def weigh(rows, state, u, clocks):
    """Cells of each unit at the begin of a round; how many visits are new in it."""
    new = rows
    for i in range(rows):
        u.size[i] = clocks.size[state[i]]
        new -= np.int64(u.carried[i])
    return new


@_jit
def rate_of(t, clocks, factor, i, window, state, group):
    """Summed hazard per hour of the moves (group 0) or deaths (1) of a unit."""
    if clocks.frail[state]:
        begin, end = t.exit_start[_TWO * state + group], t.exit_start[_TWO * state + group + _ONE]
        return _rate(t.hazard, t.profile, factor, i, window * np.uint32(t.exits), begin, end)
    return t.rate[_TWO * (window * np.uint32(t.states) + state) + group]


@_jit
def exit_of(t, clocks, factor, i, window, state, group, rate, choice):
    """The exit within a group."""
    at = window * np.uint32(t.exits)
    if clocks.frail[state]:
        begin, end = t.exit_start[_TWO * state + group], t.exit_start[_TWO * state + group + _ONE]
        return _exit(t.hazard, t.profile, factor, i, at, begin, end, choice * rate)
    g = _TWO * (window * np.uint32(t.states) + state) + group
    e = t.guide[g * np.uint32(t.cuts) + np.uint32(choice * t.cuts)]
    while choice >= t.bound[at + e]:
        e += _ONE
    return e


@_jit
def switching_visits(
    rows, cell, state, window, time, factor, moves, deaths, choice, t, clocks, u, k0, k1, event, exits
):
    """Visits to states in which some clock of a factor runs, by the whole rule."""
    number, last_window = np.uint32(t.exits), np.uint32(t.window_end.size - 1)
    states, all_clocks = np.uint32(t.states), np.uint32(clocks.purpose.size)
    zero = np.uint32(0)
    for i in range(rows):
        s, w = state[i], window[i]
        if not clocks.some[s]:
            continue
        if u.carried[i]:
            move_left, move_anchor = u.move_left[i], u.move_anchor[i]
            death_left, death_anchor = u.death_left[i], u.death_anchor[i]
        else:
            move_left, death_left = moves[i], deaths[i]
            move_anchor = death_anchor = time[i]
        move_rate = rate_of(t, clocks, factor, i, w, s, zero)
        death_rate = rate_of(t, clocks, factor, i, w, s, _ONE)
        while True:
            move = move_anchor + move_left * mean_of(move_rate)
            death = death_anchor + death_left * mean_of(death_rate)
            visit_due = death if death < move else move
            first, switch_due = _NO_CLOCK, np.inf
            for c in range(all_clocks):
                rate = clocks.rate[(w * all_clocks + np.uint32(c)) * states + s]
                if rate > 0.0:
                    due = u.anchor[c, i] + u.left[c, i] * (1.0 / rate)
                    if due < switch_due:
                        first, switch_due = np.int64(c), due
            soonest = switch_due if switch_due < visit_due else visit_due
            end = t.window_end[w]
            if soonest <= end or w == last_window:
                break
            w += _ONE
            rate = rate_of(t, clocks, factor, i, w, s, zero)
            move_left, move_anchor = rewind(move_left, move_anchor, move_rate, rate, end)
            move_rate = rate
            rate = rate_of(t, clocks, factor, i, w, s, _ONE)
            death_left, death_anchor = rewind(death_left, death_anchor, death_rate, rate, end)
            death_rate = rate
            for c in range(all_clocks):
                at = np.uint32(c) * states + s
                if clocks.runs[at]:
                    before = clocks.rate[(w - _ONE) * all_clocks * states + at]
                    after = clocks.rate[w * all_clocks * states + at]
                    u.left[c, i], u.anchor[c, i] = rewind(u.left[c, i], u.anchor[c, i], before, after, end)
        window[i] = w
        u.carried[i] = 0
        if soonest > end:
            event[i] = end
            exits[i] = number + s
        elif switch_due < visit_due:
            e = switch_of(first, i, w, s, cell[i], t, clocks, u, k0, k1)
            to = t.target[e]
            rate = rate_of(t, clocks, factor, i, w, to, zero)
            u.move_left[i], u.move_anchor[i] = rewind(move_left, move_anchor, move_rate, rate, switch_due)
            rate = rate_of(t, clocks, factor, i, w, to, _ONE)
            u.death_left[i], u.death_anchor[i] = rewind(death_left, death_anchor, death_rate, rate, switch_due)
            rewind_clocks(i, first, w, s, to, switch_due, clocks, u)
            draw_clock(first, i, cell[i], switch_due, u, clocks, k0, k1)
            u.carried[i] = 1
            event[i] = switch_due
            exits[i] = e
        else:
            group = np.uint32(death < move)
            event[i] = visit_due
            exits[i] = exit_of(t, clocks, factor, i, w, s, group, death_rate if death < move else move_rate, choice[i])


@_jit
def switch_of(c, i, w, s, cell, t, clocks, u, k0, k1):
    """The switch that a clock brings about, chosen by the block of its draw."""
    at = np.uint32(c) * np.uint32(t.states) + s
    begin, end = clocks.start[at], clocks.start[at + _ONE]
    purpose = clocks.purpose[c] | (u.member[i] << _MEMBER_BITS)
    _, choice = clock_block(cell, np.uint64(u.drawn[c, i] - _ONE), purpose, k0, k1)
    share = choice * clocks.rate[w * np.uint32(clocks.purpose.size) * np.uint32(t.states) + at]
    chosen = begin
    total = 0.0
    for e in range(begin, end - _ONE):
        total += t.hazard[w * np.uint32(t.exits) + np.uint32(e)]
        chosen += np.uint32(share >= total)
    return chosen


@_jit
def rewind_clocks(i, but, w, s, to, now, clocks, u):
    """Clocks that run on as the state changes from ``s`` to ``to``, but one of them."""
    states, all_clocks = np.uint32(clocks.size.size), np.uint32(clocks.purpose.size)
    for c in range(all_clocks):
        at = np.uint32(c) * states
        if np.int64(c) != but and clocks.runs[at + s] and clocks.runs[at + to]:
            begin = w * all_clocks * states + at
            before, after = clocks.rate[begin + s], clocks.rate[begin + to]
            u.left[c, i], u.anchor[c, i] = rewind(u.left[c, i], u.anchor[c, i], before, after, now)


@_jit
def pass_on(moves, moved, cell, state, window, event, exits, t, clocks, u, k0, k1):
    """Clocks of units that move on: some run on, some begin."""
    states = np.uint32(t.states)
    for j in range(moves):
        i = moved[j]
        if u.carried[i]:
            continue
        s, to = state[i], t.target[exits[i]]
        if not clocks.some[to]:
            continue
        rewind_clocks(i, _NO_CLOCK, window[i], s, to, event[i], clocks, u)
        for c in range(clocks.purpose.size):
            at = np.uint32(c) * states
            if clocks.runs[at + to] and not clocks.runs[at + s]:
                draw_clock(c, i, cell[i], event[i], u, clocks, k0, k1)


@_jit
def set_apart(kept, moved, cell, state, window, seen, event, exits, clocks, u):
    """Fragments of the clusters that broke in this round join those that wait."""
    at = u.waiting[0]
    for j in range(kept):
        i = moved[j]
        apart = clocks.apart[exits[i]]
        if apart > 0:
            u.wait_cell[at] = cell[i]
            u.wait_member[at] = u.member[i] + np.uint64(clocks.size[state[i]])
            u.wait_state[at] = apart - _ONE
            u.wait_window[at] = window[i]
            u.wait_time[at] = event[i]
            u.wait_seen[at] = seen[i]
            at += 1
    u.waiting[0] = at


@_jit
def gather_units(kept, moved, visit, u):
    """``kernel.gather`` for the further columns; a visit that is carried keeps its number."""
    for j in range(kept):
        i = moved[j]
        u.member[j] = u.member[i]
        u.carried[j] = u.carried[i]
        visit[j] -= u.carried[j]
        u.move_left[j], u.move_anchor[j] = u.move_left[i], u.move_anchor[i]
        u.death_left[j], u.death_anchor[j] = u.death_left[i], u.death_anchor[i]
    for c in range(u.left.shape[0]):
        for j in range(kept):
            i = moved[j]
            u.left[c, j] = u.left[c, i]
            u.anchor[c, j] = u.anchor[c, i]
            u.drawn[c, j] = u.drawn[c, i]
