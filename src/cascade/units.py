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

from cascade.numerics import bits_of, minus_log
from cascade.streams import KIND_VISIT, clock_block, visit_block
from cascade.visits import mean_of, rewind

VISITS, WATCHED, RECORDED, UNFINISHED = 0, 1, 2, 3
"""Places of the tally."""

_ONE = np.uint32(1)
_TWO = np.uint32(2)
_BIT = np.uint64(1)
_MEMBER_BITS = np.uint64(8)
_BIN_SHIFT = np.int64(48)
_BIN_OFFSET = np.int64((1023 - 20) * 16)
_COARSE_BINS = np.int64(48 * 16)
_OFTEN = np.uint32(0xFFFF)
_MOST_DRAWS = np.uint32(0xFFFF0000)
_BATCH_BITS = np.uint64(63)  # spans.BATCHES - 1

_jit = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
# What is called for single rows is inlined: a call would copy the tuples of arrays each time.
_leaf = njit(error_model="numpy", inline="always")


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
            c_left[i], _ = clock_block(c_cell[i], np.uint64(0), kind | (c_member[i] << _MEMBER_BITS), k0, k1)
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
        purpose = KIND_VISIT | (member[i] << _MEMBER_BITS)
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

    The loop runs once, and again whenever the rates change: at the end of a window and after
    a switch.  Switches are counted here; the end of the visit is left to the others.
    """
    states, number = np.uint32(t.states), np.uint32(t.exits)
    window_end, exit_start, hazard, profile = t.window_end, t.exit_start, t.hazard, t.profile
    rates, means, switching, waiting = t.rate, t.mean, clocks.rate, clocks.mean
    guide, cuts, bound, target = t.guide, np.uint32(t.cuts), t.bound, t.target
    frail, runs, switch_start, soon = t.own, clocks.runs, clocks.start, u.soon
    purpose, apart, size_of = clocks.purpose, clocks.apart, clocks.size
    member, left, anchor, drawn = u.member, u.left, u.anchor, u.drawn
    wait_cell, wait_member, wait_state = u.wait_cell, u.wait_member, u.wait_state
    wait_window, wait_time, wait_seen = u.wait_window, u.wait_time, u.wait_seen
    row, fine, upper, counts, width = t.row, t.fine, t.upper, out.counts, np.int64(t.bins)
    event_cell, event_member, event_visit = out.event_cell, out.event_member, out.event_visit
    event_exit, event_time = out.event_exit, out.event_time
    fragments, recorded = u.waiting[0], out.tally[RECORDED]
    if grouped is not None:
        by_size, batches = grouped.by_size, grouped.batches
    all_clocks, last_window = np.uint32(purpose.size), np.uint32(window_end.size - 1)
    for j in range(special):
        i = listed[j]
        s, w = state[i], window[i]
        move_left, move_anchor, death_left, death_anchor = moves[i], time[i], deaths[i], time[i]
        move_rate = death_rate = now = 0.0
        again = False
        while True:
            group = _TWO * (w * states + s)
            to_move, to_death = rates[group], rates[group + _ONE]
            move_mean, death_mean = means[group], means[group + _ONE]
            if frail[_TWO * s]:
                to_move = 0.0
                for e in range(exit_start[_TWO * s], exit_start[_TWO * s + _ONE]):
                    to_move += hazard[w * number + np.uint32(e)] * factor[profile[e], i]
                move_mean = mean_of(to_move)
            if frail[_TWO * s + _ONE]:
                to_death = 0.0
                for e in range(exit_start[_TWO * s + _ONE], exit_start[_TWO * s + _TWO]):
                    to_death += hazard[w * number + np.uint32(e)] * factor[profile[e], i]
                death_mean = mean_of(to_death)
            if again:
                move_left, move_anchor = rewind(move_left, move_anchor, move_rate, to_move, now)
                death_left, death_anchor = rewind(death_left, death_anchor, death_rate, to_death, now)
            first, switch_due = np.uint32(0), np.inf
            for c in range(all_clocks):
                if runs[np.uint32(c) * states + s]:
                    due = anchor[c, i] + left[c, i] * waiting[(w * all_clocks + np.uint32(c)) * states + s]
                    if due < switch_due:
                        first, switch_due = np.uint32(c), due
            move_rate, death_rate, again = to_move, to_death, True
            move = move_anchor + move_left * move_mean
            death = death_anchor + death_left * death_mean
            visit_due = death if death < move else move
            soonest = switch_due if switch_due < visit_due else visit_due
            end = window_end[w]
            if soonest > end and w < last_window:
                for c in range(all_clocks):
                    at = np.uint32(c) * states + s
                    if runs[at]:
                        before = switching[w * all_clocks * states + at]
                        after = switching[(w + _ONE) * all_clocks * states + at]
                        left[c, i], anchor[c, i] = rewind(left[c, i], anchor[c, i], before, after, end)
                w += _ONE
                now = end
            elif soonest > end:
                event[i] = end
                exits[i] = number + s
                break
            elif switch_due < visit_due:
                at = first * states + s
                e, last = switch_start[at], switch_start[at + _ONE] - _ONE
                uniform, share = clock_block(
                    cell[i], np.uint64(drawn[first, i]), purpose[first] | (member[i] << _MEMBER_BITS), k0, k1
                )
                if e < last:
                    share *= switching[w * all_clocks * states + at]
                    total = hazard[w * number + e]
                    while e < last and share >= total:
                        e += _ONE
                        total += hazard[w * number + e]
                to = target[e]
                for c in range(all_clocks):
                    begin = (w * all_clocks + np.uint32(c)) * states
                    if c != first and runs[np.uint32(c) * states + s]:
                        before, after = switching[begin + s], switching[begin + to]
                        left[c, i], anchor[c, i] = rewind(left[c, i], anchor[c, i], before, after, switch_due)
                left[first, i] = minus_log(uniform)
                anchor[first, i] = switch_due
                drawn[first, i] += _ONE
                # Draws have 32 bits, and a run must end when it is told to.
                if drawn[first, i] & _OFTEN == 0 and (stop[0] != 0 or drawn[first, i] > _MOST_DRAWS):
                    out.tally[UNFINISHED] = 1
                    return
                b = bin_of(switch_due)
                if fine.size > 0:
                    b = np.int64(fine[b])
                    while switch_due >= upper[b]:
                        b += 1
                r = np.int64(row[e])
                if grouped is None:
                    counts[r * width + b] += 1
                else:
                    cells = size_of[s]
                    counts[r * width + b] += cells
                    by_size[r, cells] += 1
                    batches[batch_of(cell[i]), r] += cells
                    fragment = apart[e]
                    if fragment > 0:
                        wait_cell[fragments] = cell[i]
                        wait_member[fragments] = member[i] + np.uint64(size_of[to])
                        wait_state[fragments] = fragment - _ONE
                        wait_window[fragments] = w
                        wait_time[fragments] = switch_due
                        wait_seen[fragments] = seen[i]
                        fragments += 1
                        size[i] = size_of[to]
                if event_cell.size > 0:
                    if recorded < event_cell.size:
                        event_cell[recorded] = cell[i]
                        event_member[recorded] = member[i]
                        event_visit[recorded] = visit[i]
                        event_exit[recorded] = e
                        event_time[recorded] = switch_due
                    recorded += 1
                now = switch_due
                s = to
            else:
                event[i] = visit_due
                group = _TWO * s + np.uint32(death < move)
                if frail[group]:
                    share = choice[i] * (death_rate if death < move else move_rate)
                    chosen = exit_start[group]
                    total = 0.0
                    for e in range(exit_start[group], exit_start[group + _ONE] - _ONE):
                        total += hazard[w * number + np.uint32(e)] * factor[profile[e], i]
                        chosen += np.uint32(share >= total)
                    exits[i] = chosen
                else:
                    chosen = guide[(_TWO * w * states + group) * cuts + np.uint32(choice[i] * cuts)]
                    while choice[i] >= bound[w * number + chosen]:
                        chosen += _ONE
                    exits[i] = chosen
                break
        state[i] = s
        window[i] = w
        soon[i] = switch_due
    u.waiting[0] = fragments
    out.tally[RECORDED] = recorded


@_jit
def pass_on(moves, moved, cell, state, window, event, exits, target, clocks, u, k0, k1, listed):
    """Clocks of units that move on: some run on, some begin."""
    kind, runs, switching, waiting, purpose = clocks.kind, clocks.runs, clocks.rate, clocks.mean, clocks.purpose
    member, left, anchor, drawn, soon = u.member, u.left, u.anchor, u.drawn, u.soon
    states, all_clocks = np.uint32(kind.size), np.uint32(purpose.size)
    number = 0
    for j in range(moves):
        i = moved[j]
        listed[number] = i
        number += np.int64(kind[state[i]] != kind[target[exits[i]]])
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
                block = purpose[c] | (member[i] << _MEMBER_BITS)
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
