"""The rule of a visit: draws, clocks and choice, for blocks of cells; arrays in, arrays out.

It stands here three times, from the fastest to the most general: ``clocks`` and ``choose``
for all rows, without branches; ``frail_visits`` for rows whose hazards are their own;
``resolve`` for rows whose event lies beyond their window of the environment.  For rows with
factors that switch it stands once more, in ``units``.
``tests/reference.py`` states it once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from cascade.numerics import exp, log, minus_log, normal_quantile, normal_quantiles
from cascade.streams import KIND_VISIT, frailty_block, start_block, visit_block

_ONE = np.uint32(1)
_TWO = np.uint32(2)
_BOOST = np.uint64(0xFFFFFFFF)
# A clock that rounding has used up still has this left: 0 * infinity would be no time.
_LEAST = 1e-300

# Called by the kernel alone: wrappers for calls from Python would only cost compile time.
_jit = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
_leaf = njit(error_model="numpy", inline="always")


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
def draw_starts(cell, state, time, seen, start_state, cumulative, low, high, marks, k0, k1, started, uniform, later):
    """Start states and times of entry of the new cells; ``uniform`` and ``later`` are room for draws."""
    for i in range(cell.size):
        uniform[i], later[i] = start_block(cell[i], k0, k1)
    for i in range(cell.size):
        state[i] = 0
        time[i] = low + later[i] * (high - low)
    for k in range(cumulative.size - 1):
        share = cumulative[k]
        for i in range(cell.size):
            state[i] += np.uint32(uniform[i] >= share)
    for i in range(cell.size):
        started[state[i]] += 1
        state[i] = start_state[state[i]]
        seen[i] = marks[state[i]]


@_jit
def draw_frailties(begin, cell, factor, powers, gamma, spread, k0, k1, uniform, value, tails, room):
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
            normal_quantiles(uniform, value, tails, room)
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
        moves[i], deaths[i], choice[i] = visit_block(cell[i], np.uint64(visit[i]), KIND_VISIT, k0, k1)
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
    are always enough.  The first is made for every row, so that nothing depends on a branch;
    few rows need more.
    """
    if cuts == 1:
        for i in range(rows):
            exits[i] = guide[group[i]]
    else:
        for i in range(rows):
            exits[i] = guide[group[i] * cuts + np.uint32(choice[i] * cuts)]
    if steps == 0:
        return
    if one_window:
        for i in range(rows):
            exits[i] += np.uint32(choice[i] >= bound[exits[i]])
    else:
        for i in range(rows):
            exits[i] += np.uint32(choice[i] >= bound[window[i] * exits_of_all + exits[i]])
    if steps == 1:
        return
    for i in range(rows):
        at = window[i] * exits_of_all
        e = exits[i]
        while choice[i] >= bound[at + e]:
            e += _ONE
        exits[i] = e


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
    mean,
    frail,
    exit_start,
    won,
    guide,
    cuts,
    bound,
    event,
    exits,
):
    """Visits of rows with hazards of their own, within their window; number of late ones.

    Rows that were late before and are not frail are counted again.
    """
    number, groups = np.uint32(profile.size), np.uint32(frail.size)
    late = 0
    for i in range(rows):
        own, at = _TWO * state[i], window[i] * number
        if frail[own] or frail[own + _ONE]:
            m0, m1, d1 = exit_start[own], exit_start[own + _ONE], exit_start[own + _TWO]
            group = window[i] * groups + own
            move_rate = death_rate = 0.0
            move_mean, death_mean = mean[group], mean[group + _ONE]
            if frail[own]:
                move_rate = _frail_rate(hazard, profile, factor, i, at, m0, m1)
                move_mean = mean_of(move_rate)
            if frail[own + _ONE]:
                death_rate = _frail_rate(hazard, profile, factor, i, at, m1, d1)
                death_mean = mean_of(death_rate)
            move = time[i] + moves[i] * move_mean
            death = time[i] + deaths[i] * death_mean
            event[i] = death if death < move else move
            dies = np.uint32(death < move)
            if not frail[own + dies]:
                # The choice that was made for all rows stands, unless it was among the others.
                if won[i] == group + dies:
                    late += np.int64(event[i] > window_end[window[i]])
                    continue
                e = guide[(group + dies) * cuts + np.uint32(choice[i] * cuts)]
                while choice[i] >= bound[at + e]:
                    e += _ONE
                exits[i] = e
            elif dies:
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
