"""The rule of a visit: draws, clocks and choice, for blocks of cells.

It stands here three times, from the fastest to the most general: ``race`` and ``choose`` for
all rows, without branches; ``race_frail`` and ``choose_frail`` for cells whose hazards are
their own; ``resolve`` for rows whose event lies beyond their window of the environment.  For
rows with factors that switch it stands once more, in ``switching``.
``tests/helpers/reference.py`` states it once.
"""

from __future__ import annotations

import numpy as np

from cascade.kernel.jit import leaf, step
from cascade.kernel.numerics import minus_log
from cascade.kernel.streams import KIND_VISIT, MEMBER_BITS, visit_words

_ONE = np.uint32(1)
_TWO = np.uint32(2)
LEAST_LEFT = 1e-300
"""What a clock that rounding has used up still has left: 0 * infinity would be no time."""


@step
def draw(rows, key, block, units, scratch):
    """Four words of the stream for each row: two unit exponentials and a uniform."""
    cell, visit, k0, k1 = block.cell, block.visit, key[0], key[1]
    moves, deaths, choice = scratch.for_moves, scratch.for_deaths, scratch.choice
    if units is None:
        for i in range(rows):
            moves[i], deaths[i], choice[i] = visit_words(cell[i], np.uint64(visit[i]), KIND_VISIT, k0, k1)
    else:
        member = units.member
        for i in range(rows):
            purpose = KIND_VISIT | (member[i] << MEMBER_BITS)
            moves[i], deaths[i], choice[i] = visit_words(cell[i], np.uint64(visit[i]), purpose, k0, k1)
    # A loop of its own for the logarithms: both then fit the vector registers.
    for i in range(rows):
        moves[i] = minus_log(moves[i])
        deaths[i] = minus_log(deaths[i])


@step
def race(rows, tables, block, scratch):
    """Time and group of the first event of each row, hazards unchanged; number of late ones."""
    state, window, time = block.state, block.window, block.time
    moves, deaths, event, group = scratch.for_moves, scratch.for_deaths, scratch.event, scratch.group
    mean, window_end, states = tables.mean, tables.window_end, np.uint32(tables.states)
    if window_end.size > 1:
        for i in range(rows):
            group[i] = _TWO * (window[i] * states + state[i])
    else:
        for i in range(rows):
            group[i] = _TWO * state[i]
    # Waits are compared, not moments: late in a life two moments may be one to the clock.
    for i in range(rows):
        g = group[i]
        move = moves[i] * mean[g]
        death = deaths[i] * mean[g + _ONE]
        event[i] = time[i] + (death if death < move else move)
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


@step
def choose(rows, tables, block, scratch):
    """The exit within the winning group: the first whose cumulative share exceeds the draw.

    A table of ``cuts`` equal parts says where to begin; from there ``steps`` comparisons
    are always enough.  The first is made for every row, so that nothing depends on a branch;
    few rows need more.
    """
    window, group, choice, exits = block.window, scratch.group, scratch.choice, scratch.exit
    guide, bound, cuts, steps = tables.guide, tables.bound, np.uint32(tables.cuts), tables.steps
    all_exits = np.uint32(tables.exits)
    if cuts == 1:
        for i in range(rows):
            exits[i] = guide[group[i]]
    else:
        for i in range(rows):
            exits[i] = guide[group[i] * cuts + np.uint32(choice[i] * cuts)]
    if steps == 0:
        return
    if tables.window_end.size == 1:
        for i in range(rows):
            exits[i] += np.uint32(choice[i] >= bound[exits[i]])
    else:
        for i in range(rows):
            exits[i] += np.uint32(choice[i] >= bound[window[i] * all_exits + exits[i]])
    if steps == 1:
        return
    for i in range(rows):
        at = window[i] * all_exits
        e = exits[i]
        while choice[i] >= bound[at + e]:
            e += _ONE
        exits[i] = e


def group_rate(parts, profiles, multiplier, i, group):
    """Summed hazard per hour of a group of exits for the cell in row ``i``."""
    at = np.int64(group) * profiles
    total = parts[at]
    for p in range(1, profiles):
        total += parts[at + p] * multiplier[p, i]
    return total


def group_exit(hazard, profile, multiplier, i, at, begin, end, share):
    """The exit of ``begin`` to ``end`` at which the running sum of hazards passes ``share``."""
    chosen = begin
    total = 0.0
    for e in range(begin, end - 1):
        total += hazard[at + np.uint32(e)] * multiplier[profile[e], i]
        chosen += np.uint32(share >= total)
    return chosen


# Few rows are late: for them a call will do, and there is less to compile.
frail_exit = leaf(group_exit)
_late_rate, _late_exit = step(group_rate), step(group_exit)


@leaf
def mean_of(rate):
    """Mean time of a clock; a rate of zero waits for ever."""
    return 1.0 / rate if rate > 0.0 else np.inf


@leaf
def is_first(wait, anchor, other_wait, other_anchor):
    """Whether a clock is due before another, by what they wait: their moments may be one to the clock of the cell."""
    return wait + (anchor - other_anchor) < other_wait


@leaf
def rewind(left, anchor, rate, new_rate, now):
    """A clock (left, anchor) after its rate has changed at time ``now``.

    The anchor moves only when the rate really changes, so that a window without a change
    leaves every bit as it was.
    """
    changed = (new_rate != rate) & (anchor < now)
    less = max(left - (now - anchor) * rate, LEAST_LEFT)
    return less if changed else left, now if changed else anchor


@step
def race_frail(rows, tables, block, scratch):
    """``race`` for cells with hazards of their own; also the rates of their two groups."""
    state, window, time, multipliers = block.state, block.window, block.time, block.multiplier
    moves, deaths, event, group = scratch.for_moves, scratch.for_deaths, scratch.event, scratch.group
    move_rate, death_rate = scratch.move_rate, scratch.death_rate
    parts, profiles, window_end, states = tables.parts, tables.profiles, tables.window_end, np.uint32(tables.states)
    for i in range(rows):
        group[i] = _TWO * (window[i] * states + state[i])
    for i in range(rows):
        at = group[i] * np.uint32(profiles)
        move_rate[i] = parts[at]
        death_rate[i] = parts[at + np.uint32(profiles)]
    # Summed profile by profile, so that every loop runs along the rows.
    for p in range(1, profiles):
        multiplier = multipliers[p]
        for i in range(rows):
            at = group[i] * np.uint32(profiles) + np.uint32(p)
            move_rate[i] += parts[at] * multiplier[i]
            death_rate[i] += parts[at + np.uint32(profiles)] * multiplier[i]
    for i in range(rows):
        move = moves[i] * mean_of(move_rate[i])
        death = deaths[i] * mean_of(death_rate[i])
        event[i] = time[i] + (death if death < move else move)
        group[i] += np.uint32(death < move)
    late = 0
    for i in range(rows):
        late += np.int64(event[i] > window_end[window[i]])
    return late


@step
def choose_frail(rows, tables, block, scratch):
    """``choose`` once more, for groups with hazards that frailties multiply."""
    window, multiplier = block.window, block.multiplier
    choice, group, exits, listed = scratch.choice, scratch.group, scratch.exit, scratch.moved
    move_rate, death_rate = scratch.move_rate, scratch.death_rate
    hazard, profile, frail, exit_start = tables.hazard, tables.profile, tables.frail, tables.exit_start
    all_exits, groups = np.uint32(profile.size), np.uint32(frail.size)
    number_listed = 0
    for i in range(rows):
        listed[number_listed] = np.uint32(i)
        number_listed += np.int64(frail[group[i] - window[i] * groups])
    for j in range(number_listed):
        i = listed[j]
        won = group[i] - window[i] * groups
        share = choice[i] * (death_rate[i] if won & _ONE else move_rate[i])
        begin, end = exit_start[won], exit_start[won + _ONE]
        exits[i] = frail_exit(hazard, profile, multiplier, i, window[i] * all_exits, begin, end, share)


@step
def resolve(rows, tables, block, scratch):
    """Visits that outlast their window, by the whole rule.

    A clock is (anchor, exponential left at the anchor); its event is due at anchor +
    left / rate.  The clock that is due first wins (``is_first``); the exit within its group is chosen
    by the hazards of that moment.
    """
    state, window, time, multiplier = block.state, block.window, block.time, block.multiplier
    moves, deaths, choice = scratch.for_moves, scratch.for_deaths, scratch.choice
    event, exits = scratch.event, scratch.exit
    window_end, exit_start, hazard, profile = tables.window_end, tables.exit_start, tables.hazard, tables.profile
    parts, profiles = tables.parts, tables.profiles
    all_exits, last_window = np.uint32(profile.size), np.uint32(window_end.size - 1)
    groups = np.uint32(exit_start.size - 1)
    for i in range(rows):
        s, w = state[i], window[i]
        if event[i] <= window_end[w]:
            continue
        m0, m1, d1 = exit_start[_TWO * s], exit_start[_TWO * s + _ONE], exit_start[_TWO * s + _TWO]
        move_anchor = death_anchor = time[i]
        move_left, death_left = moves[i], deaths[i]
        group = w * groups + _TWO * s
        move_rate = _late_rate(parts, profiles, multiplier, i, group)
        death_rate = _late_rate(parts, profiles, multiplier, i, group + _ONE)
        while True:
            move, death = move_left * mean_of(move_rate), death_left * mean_of(death_rate)
            dies = is_first(death, death_anchor, move, move_anchor)
            earliest = death_anchor + death if dies else move_anchor + move
            end = window_end[w]
            if earliest <= end or w == last_window:
                break
            w += _ONE
            group = w * groups + _TWO * s
            rate = _late_rate(parts, profiles, multiplier, i, group)
            move_left, move_anchor = rewind(move_left, move_anchor, move_rate, rate, end)
            move_rate = rate
            rate = _late_rate(parts, profiles, multiplier, i, group + _ONE)
            death_left, death_anchor = rewind(death_left, death_anchor, death_rate, rate, end)
            death_rate = rate
        window[i] = w
        if earliest > end:
            event[i] = end
            exits[i] = all_exits + s
        else:
            begin, stop = (m1, d1) if dies else (m0, m1)
            share = choice[i] * (death_rate if dies else move_rate)
            event[i] = earliest
            exits[i] = _late_exit(hazard, profile, multiplier, i, w * all_exits, begin, stop, share)
