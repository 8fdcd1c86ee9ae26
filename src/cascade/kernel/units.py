"""Units that are more than a cell in a state: factors with clocks of their own, clusters and their fragments.

What stands here is compiled into the kernel only for models that need it.  A factor's
clock is, like those of a visit, (anchor, exponential left at the anchor).  When it is due
first the level switches, and what is left of the visit's exponentials is used up on at the
new rates.  A fragment that goes apart from a cluster waits for room in
the block and then begins visits of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from cascade.kernel.numerics import bits_of, minus_log
from cascade.kernel.streams import KIND_VISIT, MEMBER_BITS, clock_block, visit_block
from cascade.kernel.visits import mean_of, rewind

VISITS, WATCHED, RECORDED, UNFINISHED = 0, 1, 2, 3
"""Places of the tally."""

_ONE = np.uint32(1)
_TWO = np.uint32(2)
_BIT = np.uint64(1)
_BIN_SHIFT = np.int64(48)
_BIN_OFFSET = np.int64((1023 - 20) * 16)
_COARSE_BINS = np.int64(48 * 16)
_MOST_DRAWS = np.uint32(0xFFFF0000)
_BATCH_BITS = np.uint64(63)  # spans.BATCHES - 1

_jit = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
# What is called for single rows is inlined: a call would copy the tuples of arrays each time.
_leaf = njit(error_model="numpy", inline="always")


class Switching(NamedTuple):
    """Room for the visits during which something changes, by their place in the list of these.

    ``state``, ``window``: as changed so far; ``visit``: when the visit ends if nothing else
    changes, by a death if ``dies``; ``due`` (clocks, rows): when each clock is due; ``next``:
    time of what comes next, and ``clock``: whose switch it is, the number of clocks for a
    window's end.  ``kept`` and ``ended`` are lists of places.  By place in ``kept``:
    ``address`` (3, rows): founder, draw and purpose; ``uniform`` and ``share``: what is drawn.
    """

    state: npt.NDArray[np.uint32]
    window: npt.NDArray[np.uint32]
    move_left: npt.NDArray[np.float64]
    move_anchor: npt.NDArray[np.float64]
    move_rate: npt.NDArray[np.float64]
    death_left: npt.NDArray[np.float64]
    death_anchor: npt.NDArray[np.float64]
    death_rate: npt.NDArray[np.float64]
    visit: npt.NDArray[np.float64]
    dies: npt.NDArray[np.uint32]
    due: npt.NDArray[np.float64]
    next: npt.NDArray[np.float64]
    clock: npt.NDArray[np.uint32]
    kept: npt.NDArray[np.uint32]
    ended: npt.NDArray[np.uint32]
    address: npt.NDArray[np.uint64]
    uniform: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]


class Units(NamedTuple):
    """Further columns of the units under way, and the fragments that wait.

    ``member``, ``size``: lowest member and number of cells; ``left``, ``anchor``, ``drawn``
    (clocks, rows): clocks of the factors, and how many draws each has used;
    ``soon``: when the first of them is due, if the unit stays where it is.
    """

    member: npt.NDArray[np.uint64]
    size: npt.NDArray[np.int64]
    left: npt.NDArray[np.float64]
    anchor: npt.NDArray[np.float64]
    drawn: npt.NDArray[np.uint32]
    soon: npt.NDArray[np.float64]
    waiting: npt.NDArray[np.int64]  # (1,) number of fragments
    wait_cell: npt.NDArray[np.uint64]
    wait_member: npt.NDArray[np.uint64]
    wait_state: npt.NDArray[np.uint32]
    wait_window: npt.NDArray[np.uint32]
    wait_time: npt.NDArray[np.float64]
    wait_seen: npt.NDArray[np.uint64]
    switching: Switching


class Grouped(NamedTuple):
    """What a run of units writes beside ``Out``.

    ``by_size`` (rows, largest + 1): units by row and size; ``batches`` (BATCHES, rows + 1):
    cells by batch of founders and row, the last column those that started; in rows of stages
    and milestones also those that began there.  ``ended`` (BATCHES, rows): units that were
    absorbed; ``noted``: founders in the list of the watched.
    """

    by_size: npt.NDArray[np.int64]
    batches: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]
    noted: npt.NDArray[np.uint8]


# Arrays are taken out of their tuples once, and what is inlined for single rows is given numbers
# alone: numba would count references to an array at every row.


@_leaf
def bin_of(time):
    """Coarse bin of a time: its exponent and four top bits of the mantissa."""
    b = (bits_of(time) >> _BIN_SHIFT) - _BIN_OFFSET
    return min(max(b, np.int64(0)), _COARSE_BINS - np.int64(1))


@_leaf
def batch_of(cell):
    """Batch of a founder."""
    return np.int64(cell & _BATCH_BITS)


@_jit
def begin_founders(begin, end, cell, state, seen, reach_row, bit_row, member, size_of, grouped):
    """Units that have just started, in the rows from ``begin`` on."""
    for i in range(begin, end):
        member[i] = 0
    if grouped is not None:
        by_size, batches = grouped.by_size, grouped.batches
        last = batches.shape[1] - 1
        for i in range(begin, end):
            size, batch = size_of[state[i]], batch_of(cell[i])
            batches[batch, last] += size
            # Where they start they have come to: stages from bit 1 on, milestones from bit 32.
            bits = seen[i] >> _BIT
            k = 1
            while bits != 0:
                if bits & _BIT and k < 63:
                    row = reach_row + k - 1 if k < 32 else bit_row + k - 32
                    by_size[row, size] += 1
                    batches[batch, row] += size
                bits >>= _BIT
                k += 1


@_jit
def begin_units(begin, end, cell, state, window, time, u, clocks, k0, k1):
    """Clocks of the units in the rows from ``begin`` on."""
    member, left, anchor, drawn = u.member, u.left, u.anchor, u.drawn
    purpose, runs, waiting, soon = clocks.purpose, clocks.runs, clocks.mean, u.soon
    states = np.uint32(clocks.size.size)
    for i in range(begin, end):
        soon[i] = np.inf
    c_state, c_cell, c_time, c_window = state[begin:end], cell[begin:end], time[begin:end], window[begin:end]
    c_member, c_soon = member[begin:end], soon[begin:end]
    # Every clock is drawn, whether it runs or not: loops without branches fit the vector registers.
    for c in range(purpose.size):
        c_left, c_anchor, c_drawn = left[c][begin:end], anchor[c][begin:end], drawn[c][begin:end]
        kind = purpose[c]
        for i in range(c_left.size):
            c_left[i], _ = clock_block(c_cell[i], np.uint64(0), kind | (c_member[i] << MEMBER_BITS), k0, k1)
        for i in range(c_left.size):
            c_left[i] = minus_log(c_left[i])
        for i in range(c_left.size):
            at = np.uint32(c) * states + c_state[i]
            c_anchor[i] = c_time[i]
            c_drawn[i] = np.uint32(runs[at])
            due = c_time[i] + c_left[i] * waiting[c_window[i] * np.uint32(purpose.size) * states + at]
            c_soon[i] = min(c_soon[i], due)


@_jit
def take_waiting(rows, cell, visit, state, window, time, seen, u):
    """Fragments that wait, in the rows from ``rows`` on; the number of rows then."""
    number = min(np.int64(cell.size) - rows, u.waiting[0])
    at = u.waiting[0] - number
    cell[rows : rows + number] = u.wait_cell[at : at + number]
    visit[rows : rows + number] = 0
    state[rows : rows + number] = u.wait_state[at : at + number]
    window[rows : rows + number] = u.wait_window[at : at + number]
    time[rows : rows + number] = u.wait_time[at : at + number]
    seen[rows : rows + number] = u.wait_seen[at : at + number]
    u.member[rows : rows + number] = u.wait_member[at : at + number]
    u.waiting[0] = at
    return rows + number


@_jit
def draw_members(rows, cell, visit, member, k0, k1, moves, deaths, choice):
    """``visits.draw`` for units of which the founder's number is not enough."""
    for i in range(rows):
        purpose = KIND_VISIT | (member[i] << MEMBER_BITS)
        moves[i], deaths[i], choice[i] = visit_block(cell[i], np.uint64(visit[i]), purpose, k0, k1)
    for i in range(rows):
        moves[i] = minus_log(moves[i])
        deaths[i] = minus_log(deaths[i])


@_jit
def weigh(rows, state, size, size_of):
    """Cells of each unit at the begin of a round."""
    for i in range(rows):
        size[i] = size_of[state[i]]


@_jit
def list_special(rows, state, window, event, window_end, some, soon, listed):
    """Rows in which a factor switches or a window ends before the visit does; their number."""
    number = 0
    if window_end.size == 1:
        end = window_end[0]
        for i in range(rows):
            listed[number] = np.uint32(i)
            number += np.int64((event[i] > soon[i]) | (event[i] > end) & some[state[i]])
    else:
        for i in range(rows):
            listed[number] = np.uint32(i)
            late = (event[i] > window_end[window[i]]) & some[state[i]]
            number += np.int64((event[i] > soon[i]) | late)
    return number


@_jit
def switching_visits(
    special,
    listed,
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
    move_rates,
    death_rates,
    t,
    clocks,
    u,
    size,
    grouped,
    out,
    stop,
    k0,
    k1,
    event,
    exits,
):
    """Visits during which a factor switches or a window ends, by the whole rule.

    In each pass every visit that is left makes one change of its rates: a switch, or the end
    of its window.  Those that end before their next change are done; for the others the draws
    are made together.  Switches are counted here, the end of the visit is left to the others.
    """
    states, number = np.uint32(t.states), np.uint32(t.exits)
    window_end, exit_start, hazard, profile = t.window_end, t.exit_start, t.hazard, t.profile
    parts, profiles, own, target = t.parts, t.profiles, t.own, t.target
    guide, cuts, bound = t.guide, np.uint32(t.cuts), t.bound
    rate, mean, switch_start, disturbs = clocks.rate, clocks.mean, clocks.start, clocks.disturbs
    purpose, apart, size_of = clocks.purpose, clocks.apart, clocks.size
    member, left, anchor, drawn, soon = u.member, u.left, u.anchor, u.drawn, u.soon
    wait_cell, wait_member, wait_state = u.wait_cell, u.wait_member, u.wait_state
    wait_window, wait_time, wait_seen = u.wait_window, u.wait_time, u.wait_seen
    row, fine, upper, counts, width = t.row, t.fine, t.upper, out.counts, np.int64(t.bins)
    event_cell, event_member, event_visit = out.event_cell, out.event_member, out.event_visit
    event_exit, event_time = out.event_exit, out.event_time
    fragments, recorded = u.waiting[0], out.tally[RECORDED]
    r = u.switching
    on_state, on_window, visit_due, dies = r.state, r.window, r.visit, r.dies
    move_left, move_anchor, move_rate = r.move_left, r.move_anchor, r.move_rate
    death_left, death_anchor, death_rate = r.death_left, r.death_anchor, r.death_rate
    due, now, next_clock, kept, ended = r.due, r.next, r.clock, r.kept, r.ended
    founder, draw, kind, uniform, share = r.address[0], r.address[1], r.address[2], r.uniform, r.share
    if grouped is not None:
        by_size, batches = grouped.by_size, grouped.batches
    last_window = np.uint32(window_end.size - 1)
    # Without clocks nothing is special; the first exists.
    all_clocks = np.uint32(purpose.size)
    for j in range(special):
        i = listed[j]
        kept[j] = np.uint32(j)
        on_state[j], on_window[j] = state[i], window[i]
        move_left[j], death_left[j] = moves[i], deaths[i]
        move_anchor[j] = death_anchor[j] = time[i]
        visit_due[j] = event[i]
        moving = _TWO * (window[i] * states + state[i])
        move_rate[j] = move_rates[i] if profiles > 1 else parts[moving]
        death_rate[j] = death_rates[i] if profiles > 1 else parts[moving + _ONE]
    for c in range(all_clocks):
        for j in range(special):
            i = listed[j]
            at = (window[i] * all_clocks + np.uint32(c)) * states + state[i]
            due[c, j] = anchor[c, i] + left[c, i] * mean[at]
    going = special
    while going > 0:
        if stop[0] != 0:
            out.tally[UNFINISHED] = 1
            return
        go_on, done = 0, 0
        for k in range(going):
            j = kept[k]
            switch, clock = due[0, j], np.uint32(0)
            for c in range(1, all_clocks):
                earlier = due[c, j] < switch
                clock = np.uint32(c) if earlier else clock
                switch = due[c, j] if earlier else switch
            soonest = switch if switch < visit_due[j] else visit_due[j]
            end = window_end[on_window[j]]
            late = soonest > end
            goes = (late & (on_window[j] < last_window)) | (~late & (switch < visit_due[j]))
            now[j] = end if late else soonest
            next_clock[j] = all_clocks if late else clock
            soon[listed[j]] = switch
            ended[done] = j
            done += np.int64(not goes)
            kept[go_on] = j
            go_on += np.int64(goes)
        for k in range(done):
            j = ended[k]
            i, s, w = listed[j], on_state[j], on_window[j]
            state[i], window[i], event[i] = s, w, now[j]
            won = _TWO * s + dies[j]
            if next_clock[j] == all_clocks:
                exits[i] = number + s
            elif own[won]:
                part = choice[i] * (death_rate[j] if dies[j] else move_rate[j])
                chosen = exit_start[won]
                total = 0.0
                for e in range(exit_start[won], exit_start[won + _ONE] - _ONE):
                    total += hazard[w * number + np.uint32(e)] * factor[profile[e], i]
                    chosen += np.uint32(part >= total)
                exits[i] = chosen
            else:
                chosen = guide[(_TWO * w * states + won) * cuts + np.uint32(choice[i] * cuts)]
                while choice[i] >= bound[w * number + chosen]:
                    chosen += _ONE
                exits[i] = chosen
        going = go_on
        for k in range(going):
            j = kept[k]
            i, c = listed[j], next_clock[j]
            # Where a window ends the draw is not used.
            c = c if c < all_clocks else np.uint32(0)
            founder[k], draw[k] = cell[i], np.uint64(drawn[c, i])
            kind[k] = purpose[c] | (member[i] << MEMBER_BITS)
        for k in range(going):
            uniform[k], share[k] = clock_block(founder[k], draw[k], kind[k], k0, k1)
        for k in range(going):
            uniform[k] = minus_log(uniform[k])
        for k in range(going):
            j = kept[k]
            i, s, w, clock = listed[j], on_state[j], on_window[j], next_clock[j]
            to, w_to, changes = s, w + _ONE, True
            if clock < all_clocks:
                slot = clock * states + s
                e, last = switch_start[slot], switch_start[slot + _ONE] - _ONE
                if e < last:
                    part = share[k] * rate[w * all_clocks * states + slot]
                    total = hazard[w * number + e]
                    while e < last and part >= total:
                        e += _ONE
                        total += hazard[w * number + e]
                to, w_to, changes = target[e], w, disturbs[e]
                left[clock, i] = uniform[k]
                anchor[clock, i] = now[j]
                due[clock, j] = now[j] + uniform[k] * mean[(w * all_clocks + clock) * states + to]
                drawn[clock, i] += _ONE
                # Draws have 32 bits.
                if drawn[clock, i] > _MOST_DRAWS:
                    out.tally[UNFINISHED] = 1
                    return
                b = bin_of(now[j])
                if fine.size > 0:
                    b = np.int64(fine[b])
                    while now[j] >= upper[b]:
                        b += 1
                line = np.int64(row[e])
                if grouped is None:
                    counts[line * width + b] += 1
                else:
                    cells = size_of[s]
                    counts[line * width + b] += cells
                    by_size[line, cells] += 1
                    batches[batch_of(cell[i]), line] += cells
                    fragment = apart[e]
                    if fragment > 0:
                        wait_cell[fragments] = cell[i]
                        wait_member[fragments] = member[i] + np.uint64(size_of[to])
                        wait_state[fragments] = fragment - _ONE
                        wait_window[fragments] = w
                        wait_time[fragments] = now[j]
                        wait_seen[fragments] = seen[i]
                        fragments += 1
                        size[i] = size_of[to]
                if event_cell.size > 0:
                    if recorded < event_cell.size:
                        event_cell[recorded] = cell[i]
                        event_member[recorded] = member[i]
                        event_visit[recorded] = visit[i]
                        event_exit[recorded] = e
                        event_time[recorded] = now[j]
                    recorded += 1
            if changes:
                for c in range(all_clocks):
                    if c != clock:
                        before = (w * all_clocks + np.uint32(c)) * states + s
                        after = (w_to * all_clocks + np.uint32(c)) * states + to
                        left[c, i], anchor[c, i] = rewind(left[c, i], anchor[c, i], rate[before], rate[after], now[j])
                        due[c, j] = anchor[c, i] + left[c, i] * mean[after]
            on_state[j], on_window[j] = to, w_to
            group = np.int64(_TWO * (w_to * states + to)) * profiles
            to_move, to_death = parts[group], parts[group + profiles]
            for p in range(1, profiles):
                to_move += parts[group + p] * factor[p, i]
                to_death += parts[group + profiles + p] * factor[p, i]
            m_left, m_anchor = rewind(move_left[j], move_anchor[j], move_rate[j], to_move, now[j])
            d_left, d_anchor = rewind(death_left[j], death_anchor[j], death_rate[j], to_death, now[j])
            move_left[j], move_anchor[j], move_rate[j] = m_left, m_anchor, to_move
            death_left[j], death_anchor[j], death_rate[j] = d_left, d_anchor, to_death
            move = m_anchor + m_left * mean_of(to_move)
            death = d_anchor + d_left * mean_of(to_death)
            visit_due[j] = death if death < move else move
            dies[j] = np.uint32(death < move)
    u.waiting[0] = fragments
    out.tally[RECORDED] = recorded


@_jit
def pass_on(moves, moved, cell, state, window, event, exits, target, clocks, u, k0, k1, listed):
    """Clocks of units that move on: some run on, some begin."""
    renews, runs, switching, waiting, purpose = clocks.renews, clocks.runs, clocks.rate, clocks.mean, clocks.purpose
    member, left, anchor, drawn, soon = u.member, u.left, u.anchor, u.drawn, u.soon
    states, all_clocks = np.uint32(clocks.size.size), np.uint32(purpose.size)
    number = 0
    for j in range(moves):
        i = moved[j]
        listed[number] = i
        number += np.int64(renews[exits[i]])
    for j in range(number):
        i = listed[j]
        s, to = state[i], target[exits[i]]
        soon[i] = np.inf
        for c in range(all_clocks):
            at = np.uint32(c) * states
            if not runs[at + to]:
                continue
            begin = window[i] * all_clocks * states + at
            if runs[at + s]:
                before, after = switching[begin + s], switching[begin + to]
                left[c, i], anchor[c, i] = rewind(left[c, i], anchor[c, i], before, after, event[i])
            else:
                block = purpose[c] | (member[i] << MEMBER_BITS)
                uniform, _ = clock_block(cell[i], np.uint64(drawn[c, i]), block, k0, k1)
                left[c, i] = minus_log(uniform)
                anchor[c, i] = event[i]
                drawn[c, i] += _ONE
            soon[i] = min(soon[i], anchor[c, i] + left[c, i] * waiting[begin + to])


@_jit
def set_apart(kept, moved, cell, state, window, seen, event, exits, apart, size_of, u):
    """Fragments of the clusters that broke in this round join those that wait."""
    at, member = u.waiting[0], u.member
    wait_cell, wait_member, wait_state = u.wait_cell, u.wait_member, u.wait_state
    wait_window, wait_time, wait_seen = u.wait_window, u.wait_time, u.wait_seen
    for j in range(kept):
        i = moved[j]
        fragment = apart[exits[i]]
        if fragment > 0:
            wait_cell[at] = cell[i]
            wait_member[at] = member[i] + np.uint64(size_of[state[i]])
            wait_state[at] = fragment - _ONE
            wait_window[at] = window[i]
            wait_time[at] = event[i]
            wait_seen[at] = seen[i]
            at += 1
    u.waiting[0] = at


@_jit
def gather_units(kept, moved, u):
    """``kernel.gather`` for the further columns."""
    member, left, anchor, drawn, soon = u.member, u.left, u.anchor, u.drawn, u.soon
    for j in range(kept):
        i = moved[j]
        member[j] = member[i]
        soon[j] = soon[i]
    for c in range(left.shape[0]):
        for j in range(kept):
            i = moved[j]
            left[c, j] = left[c, i]
            anchor[c, j] = anchor[c, i]
            drawn[c, j] = drawn[c, i]
