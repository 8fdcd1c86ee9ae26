"""The rule of a visit: draws, clocks and choice, for blocks of cells; arrays in, arrays out.

It stands here three times, from the fastest to the most general: ``clocks`` and ``choose``
for all rows, without branches; ``frail_clocks`` and ``choose_frail`` for cells whose hazards
are their own; ``resolve`` for rows whose event lies beyond their window of the environment.  For rows with
factors that switch it stands once more, in ``units``.
``tests/reference.py`` states it once.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from cascade.kernel.numerics import exp, log, minus_log, normal_quantile, normal_quantiles
from cascade.kernel.streams import KIND_VISIT, frailty_block, start_block, visit_block

_ONE = np.uint32(1)
_TWO = np.uint32(2)
BOOST_ATTEMPT = np.uint64(0xFFFFFFFF)
"""The attempt at a gamma frailty that stands for the draw below shape 1."""
LEAST_LEFT = 1e-300
"""What a clock that rounding has used up still has left: 0 * infinity would be no time."""

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
        u, _ = frailty_block(cell, f, BOOST_ATTEMPT, k0, k1)
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


def group_rate(parts, profiles, factor, i, group):
    """Summed hazard per hour of a group of exits for the cell in row ``i``."""
    at = np.int64(group) * profiles
    total = parts[at]
    for p in range(1, profiles):
        total += parts[at + p] * factor[p, i]
    return total


def group_exit(hazard, profile, factor, i, at, begin, end, share):
    """The exit of ``begin`` to ``end`` at which the running sum of hazards passes ``share``."""
    chosen = begin
    total = 0.0
    for e in range(begin, end - 1):
        total += hazard[at + np.uint32(e)] * factor[profile[e], i]
        chosen += np.uint32(share >= total)
    return chosen


_frail_exit = _leaf(group_exit)
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
    changed = (new_rate != rate) & (anchor < now)
    less = max(left - (now - anchor) * rate, LEAST_LEFT)
    return less if changed else left, now if changed else anchor


@_jit
def frail_clocks(
    rows,
    state,
    window,
    time,
    factor,
    moves,
    deaths,
    states,
    parts,
    profiles,
    window_end,
    event,
    group,
    move_rate,
    death_rate,
):
    """``clocks`` for cells with hazards of their own; also the rates of their two groups."""
    for i in range(rows):
        group[i] = _TWO * (window[i] * states + state[i])
    for i in range(rows):
        at = group[i] * np.uint32(profiles)
        move_rate[i] = parts[at]
        death_rate[i] = parts[at + np.uint32(profiles)]
    for p in range(1, profiles):
        multiplier = factor[p]
        for i in range(rows):
            at = group[i] * np.uint32(profiles) + np.uint32(p)
            move_rate[i] += parts[at] * multiplier[i]
            death_rate[i] += parts[at + np.uint32(profiles)] * multiplier[i]
    for i in range(rows):
        move = time[i] + moves[i] * mean_of(move_rate[i])
        death = time[i] + deaths[i] * mean_of(death_rate[i])
        event[i] = death if death < move else move
        group[i] += np.uint32(death < move)
    late = 0
    for i in range(rows):
        late += np.int64(event[i] > window_end[window[i]])
    return late


@_jit
def choose_frail(
    rows, window, factor, choice, hazard, profile, frail, exit_start, group, move_rate, death_rate, exits, listed
):
    """``choose`` once more, for groups with hazards that frailties multiply; ``listed`` is room for rows."""
    number, groups = np.uint32(profile.size), np.uint32(frail.size)
    found = 0
    for i in range(rows):
        listed[found] = np.uint32(i)
        found += np.int64(frail[group[i] - window[i] * groups])
    for j in range(found):
        i = listed[j]
        own = group[i] - window[i] * groups
        share = choice[i] * (death_rate[i] if own & _ONE else move_rate[i])
        begin, end = exit_start[own], exit_start[own + _ONE]
        exits[i] = _frail_exit(hazard, profile, factor, i, window[i] * number, begin, end, share)


@_jit
def resolve(
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
    profiles,
    parts,
    exit_start,
    event,
    exits,
):
    """Visits that outlast their window, by the whole rule.

    A clock is (anchor, exponential left at the anchor); its event is due at anchor +
    left / rate.  The clock that is due first wins; the exit within its group is chosen
    by the hazards of that moment.
    """
    number, last_window = np.uint32(profile.size), np.uint32(window_end.size - 1)
    groups = np.uint32(exit_start.size - 1)
    for i in range(rows):
        s, w = state[i], window[i]
        if event[i] <= window_end[w]:
            continue
        m0, m1, d1 = exit_start[_TWO * s], exit_start[_TWO * s + _ONE], exit_start[_TWO * s + _TWO]
        move_anchor = death_anchor = time[i]
        move_left, death_left = moves[i], deaths[i]
        group = w * groups + _TWO * s
        move_rate = _late_rate(parts, profiles, factor, i, group)
        death_rate = _late_rate(parts, profiles, factor, i, group + _ONE)
        while True:
            move = move_anchor + move_left * mean_of(move_rate)
            death = death_anchor + death_left * mean_of(death_rate)
            earliest = death if death < move else move
            end = window_end[w]
            if earliest <= end or w == last_window:
                break
            w += _ONE
            group = w * groups + _TWO * s
            rate = _late_rate(parts, profiles, factor, i, group)
            move_left, move_anchor = rewind(move_left, move_anchor, move_rate, rate, end)
            move_rate = rate
            rate = _late_rate(parts, profiles, factor, i, group + _ONE)
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
