"""The hot loop: blocks of cells through their visits, arrays in and arrays out.

Each round every row of the block makes one visit: draw, clocks, choice, count; the rows
that live on are moved together and the block is filled up with new cells.  Almost all
rows take the plain path, a few loops without branches.  A row whose hazards differ
between cells or change before its event is resolved by ``resolve``, which is the whole
rule of a visit in one place.

The biology, the policy and every allocation live elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from cascade.numerics import bits_of, exp, log, minus_log, normal_quantile, normal_quantiles
from cascade.streams import frailty_block, start_block, visit_block

# Coarse bin of a time: its exponent and four top bits of the mantissa.
_BIN_SHIFT = np.int64(48)
_BIN_OFFSET = np.int64((1023 - 20) * 16)
_COARSE_BINS = np.int64(48 * 16)

_ONE = np.uint32(1)
_TWO = np.uint32(2)
_BIT = np.uint64(1)
_STAGE_BITS = np.uint64((1 << 32) - 1)
_FIRST_MILESTONE = np.uint64(32)
_ABSORBING_BIT = np.uint64(63)
_BOOST = np.uint64(0xFFFFFFFF)
# A clock that rounding has used up still has this left: 0 * infinity would be no time.
_LEAST = 1e-300

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
    group: npt.NDArray[np.uint32]
    exit: npt.NDArray[np.uint32]
    bin: npt.NDArray[np.uint32]
    moved: npt.NDArray[np.uint32]


class Out(NamedTuple):
    """What a run writes; integers, apart from the times of recorded events.

    ``counts`` (rows, bins) flat: events in bins of time; ``started`` (K,): cells by start;
    ``overtaken`` (stages + 1, rows) flat: cells whose last state belongs to another stage
    than the furthest one they reached; ``watched`` (n,): cell numbers; ``final_row`` and
    ``final_stage``: outcome by cell, or empty; ``event_*``: history, or empty; ``tally``:
    visits, watched cells, recorded events, whether the run is unfinished.
    """

    counts: npt.NDArray[np.int64]
    started: npt.NDArray[np.int64]
    overtaken: npt.NDArray[np.int64]
    watched: npt.NDArray[np.uint64]
    final_row: npt.NDArray[np.uint32]
    final_stage: npt.NDArray[np.uint32]
    event_cell: npt.NDArray[np.uint64]
    event_visit: npt.NDArray[np.uint32]
    event_exit: npt.NDArray[np.uint32]
    event_time: npt.NDArray[np.float64]
    tally: npt.NDArray[np.int64]


VISITS, WATCHED, RECORDED, UNFINISHED = 0, 1, 2, 3
_MOST_ROUNDS = np.int64((1 << 32) - 1)


@_jit
def log_gamma_frailty(shape, f, cell, k0, k1):
    """Logarithm of frailty number ``f`` of a cell, gamma of mean 1 with the given shape.

    By the method of Marsaglia & Tsang (ACM Trans Math Softw 2000;26:363-372).
    """
    boosted = shape if shape >= 1.0 else shape + 1.0
    d = boosted - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    boost = 0.0
    if shape < 1.0:
        u, _ = frailty_block(cell, f, _BOOST, k0, k1)
        boost = log(u) / shape
    attempt = np.uint64(0)
    while True:
        u, accept = frailty_block(cell, f, attempt, k0, k1)
        x = normal_quantile(u)
        v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x)
        if v > 0.0 and log(accept) < 0.5 * x * x + d - d * v + d * log(v):
            return log(d * v) + boost - log(shape)
        attempt += np.uint64(1)


# The functions of new cells are given views of their rows alone: a loop from 0 on is known
# to the compiler to need no check for negative indices, and so fits the vector registers.


@_jit
def fill(cell, visit, state, window, time, seen, cells, first, only, marks, entry):
    """New cells, all in state ``only`` at time ``entry``.

    Their numbers count up from ``first``, or are those listed in ``cells`` from there on.
    """
    for i in range(cell.size):
        cell[i] = first + np.uint64(i)
    if cells.size > 0:
        for i in range(cell.size):
            cell[i] = cells[np.int64(cell[i])]
    visit[:] = 0
    state[:] = only
    window[:] = 0
    time[:] = entry
    seen[:] = marks[only]


@_jit
def draw_starts(cell, state, time, seen, start_state, cumulative, low, high, marks, k0, k1, started):
    """Start states and times of entry of the new cells."""
    for i in range(cell.size):
        for_state, for_time = start_block(cell[i], k0, k1)
        start = 0
        while start < cumulative.size - 1 and for_state >= cumulative[start]:
            start += 1
        started[start] += 1
        state[i] = start_state[start]
        time[i] = low + for_time * (high - low)
        seen[i] = marks[state[i]]


@_jit
def draw_frailties(begin, cell, factor, powers, gamma, spread, k0, k1, uniform, value, tails):
    """Factors on the hazards of the new cells, in the columns from ``begin`` on; row 0 stays 1."""
    end = begin + cell.size
    for p in range(powers.shape[0]):
        factor[p][begin:end] = 1.0 if p == 0 else 0.0
    for f in range(gamma.size):
        if gamma[f]:
            for i in range(cell.size):
                value[i] = log_gamma_frailty(spread[f], np.uint64(f), cell[i], k0, k1)
        else:
            for i in range(cell.size):
                uniform[i], _ = frailty_block(cell[i], np.uint64(f), np.uint64(0), k0, k1)
            normal_quantiles(uniform, value, tails)
            sigma = spread[f]
            for i in range(cell.size):
                value[i] = sigma * value[i] - 0.5 * sigma * sigma
        for p in range(1, powers.shape[0]):
            power, logarithm = powers[p, f], factor[p][begin:end]
            if power != 0.0:
                for i in range(cell.size):
                    logarithm[i] += power * value[i]
    for p in range(1, powers.shape[0]):
        row = factor[p][begin:end]
        for i in range(cell.size):
            row[i] = exp(row[i])


@_jit
def draw(rows, cell, visit, k0, k1, moves, deaths, choice):
    """One Philox block for each row: two unit exponentials and a uniform."""
    for i in range(rows):
        moves[i], deaths[i], choice[i] = visit_block(cell[i], np.uint64(visit[i]), k0, k1)
    # A loop of its own for the logarithms: both then fit the vector registers.
    for i in range(rows):
        moves[i] = minus_log(moves[i])
        deaths[i] = minus_log(deaths[i])


@_jit
def clocks(rows, state, window, time, moves, deaths, states, mean, window_end, event, group):
    """Time and group of the first event of each row, hazards unchanged; number of late ones."""
    if window_end.size > 1:
        for i in range(rows):
            group[i] = _TWO * (window[i] * states + state[i])
    else:
        for i in range(rows):
            group[i] = _TWO * state[i]
    for i in range(rows):
        g = group[i]
        move = time[i] + moves[i] * mean[g]
        death = time[i] + deaths[i] * mean[g + _ONE]
        event[i] = death if death < move else move
        group[i] = g + np.uint32(death < move)
    late = 0
    if window_end.size > 1:
        for i in range(rows):
            late += np.int64(event[i] > window_end[window[i]])
    else:
        end = window_end[0]
        for i in range(rows):
            late += np.int64(event[i] > end)
    return late


@_jit
def choose(rows, group, window, choice, guide, cuts, steps, bound, exits_of_all, one_window, exits):
    """The exit within the winning group: the first whose cumulative share exceeds the draw.

    A table of ``cuts`` equal parts says where to begin; from there ``steps`` comparisons
    are always enough, so that nothing depends on a branch.
    """
    if cuts == 1:
        for i in range(rows):
            exits[i] = guide[group[i]]
    else:
        for i in range(rows):
            exits[i] = guide[group[i] * cuts + np.uint32(choice[i] * cuts)]
    for _ in range(steps):
        if one_window:
            for i in range(rows):
                exits[i] += np.uint32(choice[i] >= bound[exits[i]])
        else:
            for i in range(rows):
                exits[i] += np.uint32(choice[i] >= bound[window[i] * exits_of_all + exits[i]])


def group_rate(hazard, profile, factor, i, at, begin, end):
    """Summed hazard per hour of the exits ``begin`` to ``end`` for the cell in row ``i``.

    ``at``: where the hazards of its window begin.
    """
    total = 0.0
    for e in range(begin, end):
        total += hazard[at + np.uint32(e)] * factor[profile[e], i]
    return total


def group_exit(hazard, profile, factor, i, at, begin, end, share):
    """The exit of ``begin`` to ``end`` at which the running sum of hazards passes ``share``."""
    chosen = begin
    total = 0.0
    for e in range(begin, end - 1):
        total += hazard[at + np.uint32(e)] * factor[profile[e], i]
        chosen += np.uint32(share >= total)
    return chosen


_frail_rate, _frail_exit = _leaf(group_rate), _leaf(group_exit)
_late_rate, _late_exit = _jit(group_rate), _jit(group_exit)


@_leaf
def mean_of(rate):
    """Mean time of a clock; a rate of zero waits for ever."""
    return 1.0 / rate if rate > 0.0 else np.inf


@_leaf
def rewind(left, anchor, rate, new_rate, now):
    """A clock (left, anchor) after its rate has changed at time ``now``.

    The anchor moves only when the rate really changes, so that a window without a change
    leaves every bit as it was.
    """
    if new_rate == rate or anchor >= now:
        return left, anchor
    return max(left - (now - anchor) * rate, _LEAST), now


@_jit
def frail_visits(
    rows,
    state,
    window,
    time,
    factor,
    moves,
    deaths,
    choice,
    window_end,
    hazard,
    profile,
    frail,
    exit_start,
    event,
    exits,
):
    """Visits of rows whose hazards are their own, within their window; number of late ones.

    Rows that were late before and are not frail are counted again.
    """
    number = np.uint32(profile.size)
    late = 0
    for i in range(rows):
        s, at = state[i], window[i] * number
        if frail[s]:
            m0, m1, d1 = exit_start[_TWO * s], exit_start[_TWO * s + _ONE], exit_start[_TWO * s + _TWO]
            move_rate = _frail_rate(hazard, profile, factor, i, at, m0, m1)
            death_rate = _frail_rate(hazard, profile, factor, i, at, m1, d1)
            move = time[i] + moves[i] * mean_of(move_rate)
            death = time[i] + deaths[i] * mean_of(death_rate)
            event[i] = death if death < move else move
            if death < move:
                exits[i] = _frail_exit(hazard, profile, factor, i, at, m1, d1, choice[i] * death_rate)
            else:
                exits[i] = _frail_exit(hazard, profile, factor, i, at, m0, m1, choice[i] * move_rate)
        late += np.int64(event[i] > window_end[window[i]])
    return late


@_jit
def resolve(
    rows, state, window, time, factor, moves, deaths, choice, window_end, hazard, profile, exit_start, event, exits
):
    """Visits that outlast their window, by the whole rule.

    A clock is (anchor, exponential left at the anchor); its event is due at anchor +
    left / rate.  The clock that is due first wins; the exit within its group is chosen
    by the hazards of that moment.
    """
    number, last_window = np.uint32(profile.size), np.uint32(window_end.size - 1)
    for i in range(rows):
        s, w = state[i], window[i]
        if event[i] <= window_end[w]:
            continue
        m0, m1, d1 = exit_start[_TWO * s], exit_start[_TWO * s + _ONE], exit_start[_TWO * s + _TWO]
        move_anchor = death_anchor = time[i]
        move_left, death_left = moves[i], deaths[i]
        move_rate = _late_rate(hazard, profile, factor, i, w * number, m0, m1)
        death_rate = _late_rate(hazard, profile, factor, i, w * number, m1, d1)
        while True:
            move = move_anchor + move_left * mean_of(move_rate)
            death = death_anchor + death_left * mean_of(death_rate)
            earliest = death if death < move else move
            end = window_end[w]
            if earliest <= end or w == last_window:
                break
            w += _ONE
            rate = _late_rate(hazard, profile, factor, i, w * number, m0, m1)
            move_left, move_anchor = rewind(move_left, move_anchor, move_rate, rate, end)
            move_rate = rate
            rate = _late_rate(hazard, profile, factor, i, w * number, m1, d1)
            death_left, death_anchor = rewind(death_left, death_anchor, death_rate, rate, end)
            death_rate = rate
        window[i] = w
        if earliest > end:
            event[i] = end
            exits[i] = number + s
        else:
            begin, stop = (m1, d1) if death < move else (m0, m1)
            share = choice[i] * (death_rate if death < move else move_rate)
            event[i] = earliest
            exits[i] = _late_exit(hazard, profile, factor, i, w * number, begin, stop, share)


@_jit
def count(rows, event, exits, row, fine, upper, width, bins, counts):
    """Count the events of a round in their rows and bins of time."""
    for i in range(rows):
        b = (bits_of(event[i]) >> _BIN_SHIFT) - _BIN_OFFSET
        bins[i] = np.uint32(min(max(b, np.int64(0)), _COARSE_BINS - np.int64(1)))
    if fine.size > 0:
        for i in range(rows):
            b = fine[bins[i]]
            while event[i] >= upper[b]:
                b += _ONE
            bins[i] = b
    for i in range(rows):
        counts[np.uint64(row[exits[i]]) * width + np.uint64(bins[i])] += 1


@_leaf
def furthest_stage(seen, goal):
    """The last stage among the bits of ``seen``; ``goal`` is the last there can be."""
    stage = goal
    while stage > 0 and not (seen >> np.uint64(stage)) & _BIT:
        stage -= 1
    return stage


@_jit
def finish(rows, cell, state, seen, exits, goes_on, row, stage, goal, first, overtaken, final_row, final_stage):
    """Note how far the cells came that died or were still under way at the end."""
    for i in range(rows):
        e = exits[i]
        if goes_on[e] == 0:
            reached = furthest_stage(seen[i], goal)
            if reached != stage[state[i]]:
                overtaken[reached, row[e]] += 1
            if final_row.size > 0:
                at = np.int64(cell[i] - first)
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
def first_entries(new, fresh, cell, state, seen, bins, marks, reach_row, bit_row, width, counts, watched, tally):
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
                counts[row * width + b] += 1
            stages >>= _BIT
            row += 1
        others = (mark & ~(_BIT << _ABSORBING_BIT)) >> _FIRST_MILESTONE
        row = bit_row
        while others != 0:
            if others & _BIT:
                counts[row * width + b] += 1
                if row == watch_row:
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
):
    """Note the end of those of the fresh cells that reached an absorbing state."""
    for j in range(new):
        i = fresh[j]
        s = state[i]
        row = absorbed_row[s]
        if row > 0:
            reached = furthest_stage(seen[i], goal)
            counts[np.int64(row) * width + np.int64(bins[i])] += 1
            if reached != stage[s]:
                overtaken[reached, row] += 1
            if final_row.size > 0:
                at = np.int64(cell[i] - first)
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
def record(rows, cell, visit, exits, event, event_cell, event_visit, event_exit, event_time, tally):
    """Write down every event of a round; what does not fit is only counted."""
    at = tally[RECORDED]
    for i in range(rows):
        if at < event_cell.size:
            event_cell[at] = cell[i]
            event_visit[at] = visit[i]
            event_exit[at] = exits[i]
            event_time[at] = event[i]
        at += 1
    tally[RECORDED] = at


@njit(nogil=True, error_model="numpy")
def run(tables, frailties, key, cells, first, number, block, scratch, stop, out):
    """Run ``number`` cells from ``first`` on, or those listed in ``cells``, to their ends.

    Parameters
    ----------
    tables : Tables
    frailties : Frailties or None
        None is a type of its own to the compiler: what only frailties need is left out.
    key : (2,) uint64
    cells : (n,) uint64
        Cell numbers; empty: those from ``first`` on.
    first : uint64
    number : int
    block, scratch : Block, Scratch
        Room for the rows under way.
    stop : (1,) uint8
        When another thread sets it, the run ends at once, unfinished.
    out : Out
        Added to.
    """
    t = tables
    k0, k1 = key[0], key[1]
    cell, visit, state, window, time, seen, factor = block
    moves, deaths, choice, event, group, exits, bins, moved = scratch
    width = np.int64(t.bins)
    states = np.uint32(t.states)
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
        if taken < number and rows <= cell.size // 2:
            z = min(cell.size, rows + number - taken)
            at = np.uint64(taken) if cells.size > 0 else first + np.uint64(taken)
            c, st, ti, se = cell[rows:z], state[rows:z], time[rows:z], seen[rows:z]
            fill(c, visit[rows:z], st, window[rows:z], ti, se, cells, at, t.start_state[0], t.marks, t.entry_low)
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
                )
            else:
                out.started[0] += c.size
            if frailties is not None:
                room = slice(0, c.size)
                draw_frailties(
                    rows,
                    c,
                    factor,
                    frailties.powers,
                    frailties.gamma,
                    frailties.spread,
                    k0,
                    k1,
                    moves[room],
                    choice[room],
                    moved[room],
                )
            taken += z - rows
            rows = z
        if rows == 0:
            return
        out.tally[VISITS] += rows
        draw(rows, cell, visit, k0, k1, moves, deaths, choice)
        late = clocks(rows, state, window, time, moves, deaths, states, t.mean, t.window_end, event, group)
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
            late = frail_visits(
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
                frailties.states,
                t.exit_start,
                event,
                exits,
            )
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
                t.exit_start,
                event,
                exits,
            )
        count(rows, event, exits, t.row, t.fine, t.upper, np.uint64(width), bins, out.counts)
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
            )
        if out.event_cell.size > 0:
            record(
                rows,
                cell,
                visit,
                exits,
                event,
                out.event_cell,
                out.event_visit,
                out.event_exit,
                out.event_time,
                out.tally,
            )
        n = list_moves(rows, exits, t.goes_on, moved)
        # The group of a row has served: its room takes the list of the fresh.
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
        )
        gather(rows, moved, event, cell, visit, state, window, time, seen, factor)
