"""Factors that switch: their clocks, and the visits during which a level or a window changes.

What stands here is compiled into the kernel only for models that need it.  A factor's
clock is, like those of a visit, (anchor, exponential left at the anchor).  When it is due
first the level switches, and what is left of the visit's exponentials is used up on at the
new rates.
"""

from __future__ import annotations

import numpy as np

from cascade.kernel.buffers import RECORDED, UNFINISHED
from cascade.kernel.jit import step
from cascade.kernel.numerics import minus_log
from cascade.kernel.rare import rare_exit
from cascade.kernel.streams import MEMBER_BITS, clock_words, rare_clock_word
from cascade.kernel.tally import batch_of, bin_of
from cascade.kernel.visits import frail_exit, is_first, mean_of, rewind

_ONE = np.uint32(1)
_TWO = np.uint32(2)
_MOST_DRAWS = np.uint32(0xFFFF0000)


@step
def begin_units(begin, end, key, clocks, block, units):
    """Clocks of the units in the rows from ``begin`` on."""
    cell, state, window = block.cell[begin:end], block.state[begin:end], block.window[begin:end]
    time, member, soon = block.time[begin:end], units.member[begin:end], units.soon[begin:end]
    all_left, all_anchor, all_drawn = units.left, units.anchor, units.drawn
    purpose, runs, mean = clocks.purpose, clocks.runs, clocks.mean
    states, all_clocks, k0, k1 = np.uint32(clocks.size.size), np.uint32(clocks.purpose.size), key[0], key[1]
    for i in range(soon.size):
        soon[i] = np.inf
    # Every clock is drawn, whether it runs or not: loops without branches fit the vector registers.
    for c in range(purpose.size):
        left, anchor, drawn = all_left[c][begin:end], all_anchor[c][begin:end], all_drawn[c][begin:end]
        kind = purpose[c]
        for i in range(left.size):
            left[i], _ = clock_words(cell[i], np.uint64(0), kind | (member[i] << MEMBER_BITS), k0, k1)
        for i in range(left.size):
            left[i] = minus_log(left[i])
        for i in range(left.size):
            at = np.uint32(c) * states + state[i]
            anchor[i] = time[i]
            drawn[i] = np.uint32(runs[at])
            due = time[i] + left[i] * mean[window[i] * all_clocks * states + at]
            soon[i] = min(soon[i], due)


@step
def list_special(rows, tables, clocks, block, units, scratch):
    """Rows in which a factor switches or a window ends before the visit does; their number."""
    state, window, event, listed = block.state, block.window, scratch.event, scratch.moved
    window_end, some, soon = tables.window_end, clocks.some, units.soon
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


@step
def start_switching(special, tables, clocks, block, units, scratch):
    """The visits in question as they begin: two clocks of the visit, and when those of the factors are due."""
    state, window, time, listed = block.state, block.window, block.time, scratch.moved
    moves, deaths, event = scratch.for_moves, scratch.for_deaths, scratch.event
    frail_moves, frail_deaths = scratch.move_rate, scratch.death_rate
    states, parts, profiles = np.uint32(tables.states), tables.parts, tables.profiles
    left, anchor, mean, all_clocks = units.left, units.anchor, clocks.mean, np.uint32(clocks.purpose.size)
    place = units.switching
    on_state, on_window, visit_due, going, due = place.state, place.window, place.visit, place.going, place.due
    move_left, move_anchor, move_rate = place.move_left, place.move_anchor, place.move_rate
    death_left, death_anchor, death_rate = place.death_left, place.death_anchor, place.death_rate
    for j in range(special):
        i = listed[j]
        going[j] = np.uint32(j)
        on_state[j], on_window[j] = state[i], window[i]
        move_left[j], death_left[j] = moves[i], deaths[i]
        move_anchor[j] = death_anchor[j] = time[i]
        visit_due[j] = event[i]
        group = _TWO * (window[i] * states + state[i])
        move_rate[j] = frail_moves[i] if profiles > 1 else parts[group]
        death_rate[j] = frail_deaths[i] if profiles > 1 else parts[group + _ONE]
    for c in range(all_clocks):
        for j in range(special):
            i = listed[j]
            at = (window[i] * all_clocks + np.uint32(c)) * states + state[i]
            due[c, j] = anchor[c, i] + left[c, i] * mean[at]


@step
def find_next(under_way, tables, units, scratch):
    """What comes next in each visit; numbers of those that go on after it, and of those that end."""
    window_end, soon, listed = tables.window_end, units.soon, scratch.moved
    place = units.switching
    on_window, visit_due, due, now = place.window, place.visit, place.due, place.next
    next_clock, going, ended = place.clock, place.going, place.ended
    # Without clocks nothing is special; the first exists.
    last_window, all_clocks = np.uint32(window_end.size - 1), np.uint32(due.shape[0])
    go_on, done = 0, 0
    for k in range(under_way):
        j = going[k]
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
        # Both lists are written without a branch: the next entry overwrites what did not belong there.
        ended[done] = j
        done += np.int64(not goes)
        going[go_on] = j
        go_on += np.int64(goes)
    return go_on, done


@step
def end_visits(done, tables, clocks, block, units, scratch):
    """Exits of the visits that end before their next change, by the hazards of that moment."""
    state, window, multiplier = block.state, block.window, block.multiplier
    event, choice, exits, listed = scratch.event, scratch.choice, scratch.exit, scratch.moved
    states, all_exits, all_clocks = np.uint32(tables.states), np.uint32(tables.exits), np.uint32(clocks.purpose.size)
    exit_start, hazard, profile, frail = tables.exit_start, tables.hazard, tables.profile, tables.frail
    guide, cuts, bound = tables.guide, np.uint32(tables.cuts), tables.bound
    place = units.switching
    on_state, on_window, dies, now = place.state, place.window, place.dies, place.next
    move_rate, death_rate, next_clock, ended = place.move_rate, place.death_rate, place.clock, place.ended
    for k in range(done):
        j = ended[k]
        i, s, w = listed[j], on_state[j], on_window[j]
        state[i], window[i], event[i] = s, w, now[j]
        won = _TWO * s + dies[j]
        if next_clock[j] == all_clocks:
            exits[i] = all_exits + s
        elif frail[won]:
            share = choice[i] * (death_rate[j] if dies[j] else move_rate[j])
            begin, end = exit_start[won], exit_start[won + _ONE]
            exits[i] = frail_exit(hazard, profile, multiplier, i, w * all_exits, begin, end, share)
        else:
            chosen = guide[(_TWO * w * states + won) * cuts + np.uint32(choice[i] * cuts)]
            while choice[i] >= bound[w * all_exits + chosen]:
                chosen += _ONE
            exits[i] = chosen


@step
def draw_switches(under_way, key, clocks, block, units, scratch):
    """A draw for each visit that goes on; where a window ends it is not used."""
    cell, member, drawn, listed = block.cell, units.member, units.drawn, scratch.moved
    purpose, all_clocks, k0, k1 = clocks.purpose, np.uint32(clocks.purpose.size), key[0], key[1]
    place = units.switching
    next_clock, going, uniform, share = place.clock, place.going, place.uniform, place.share
    founder, draw, kind = place.address[0], place.address[1], place.address[2]
    # Addresses are gathered first: draws and logarithms then run through the vector registers.
    for k in range(under_way):
        j = going[k]
        i, c = listed[j], next_clock[j]
        c = c if c < all_clocks else np.uint32(0)
        founder[k], draw[k] = cell[i], np.uint64(drawn[c, i])
        kind[k] = purpose[c] | (member[i] << MEMBER_BITS)
    for k in range(under_way):
        uniform[k], share[k] = clock_words(founder[k], draw[k], kind[k], k0, k1)
    for k in range(under_way):
        uniform[k] = minus_log(uniform[k])


@step
def switching_visits(special, key, tables, clocks, rare, block, units, grouped, scratch, stop, out):
    """Visits during which a factor switches or a window ends, by the whole rule.

    In each pass every visit that is left makes one change of its rates: a switch, or the end
    of its window.  Those that end before their next change are done; for the others the draws
    are made together.  Switches are counted here, the end of the visit is left to the others.
    """
    start_switching(special, tables, clocks, block, units, scratch)
    states, all_exits, all_clocks = np.uint32(tables.states), np.uint32(tables.exits), np.uint32(clocks.purpose.size)
    hazard, target, parts, profiles = tables.hazard, tables.target, tables.parts, tables.profiles
    row, fine, upper, counts, width = tables.row, tables.fine, tables.upper, out.counts, np.int64(tables.bins)
    rate, mean, switch_start, disturbs = clocks.rate, clocks.mean, clocks.start, clocks.disturbs
    apart, size_of, cell, visit, seen = clocks.apart, clocks.size, block.cell, block.visit, block.seen
    multiplier, listed, member, size = block.multiplier, scratch.moved, units.member, units.size
    left, anchor, drawn = units.left, units.anchor, units.drawn
    wait_cell, wait_member, wait_state = units.wait_cell, units.wait_member, units.wait_state
    wait_window, wait_time, wait_seen = units.wait_window, units.wait_time, units.wait_seen
    event_cell, event_member, event_visit = out.event_cell, out.event_member, out.event_visit
    event_exit, event_time, tally = out.event_exit, out.event_time, out.tally
    fragments, recorded = units.waiting[0], tally[RECORDED]
    place = units.switching
    on_state, on_window, visit_due, dies = place.state, place.window, place.visit, place.dies
    move_left, move_anchor, move_rate = place.move_left, place.move_anchor, place.move_rate
    death_left, death_anchor, death_rate = place.death_left, place.death_anchor, place.death_rate
    due, now, next_clock, going = place.due, place.next, place.clock, place.going
    uniform, share = place.uniform, place.share
    if grouped is not None:
        by_size, batches = grouped.by_size, grouped.batches
    if rare is not None:
        held, purpose, profile, k0, k1 = rare.switches, clocks.purpose, tables.profile, key[0], key[1]
    under_way = special
    while under_way > 0:
        if stop[0] != 0:
            tally[UNFINISHED] = 1
            return
        under_way, done = find_next(under_way, tables, units, scratch)
        end_visits(done, tables, clocks, block, units, scratch)
        draw_switches(under_way, key, clocks, block, units, scratch)
        # One loop for the whole change: in four functions it took 9 % longer per visit.
        for k in range(under_way):
            j = going[k]
            i, s, w, clock = listed[j], on_state[j], on_window[j], next_clock[j]
            to, w_to, changes = s, w + _ONE, True
            if clock < all_clocks:
                slot = clock * states + s
                e, last = switch_start[slot], switch_start[slot + _ONE] - _ONE
                if e < last:
                    part = share[k] * rate[w * all_clocks * states + slot]
                    total = hazard[w * all_exits + e]
                    while e < last and part >= total:
                        e += _ONE
                        total += hazard[w * all_exits + e]
                    if rare is not None:  # noqa: SIM102 (only a test for None alone is left out by the compiler)
                        if held[w * all_clocks * states + slot]:
                            kind = purpose[clock] | (member[i] << MEMBER_BITS)
                            word = rare_clock_word(cell[i], np.uint64(drawn[clock, i]), kind, k0, k1)
                            begin, end = switch_start[slot], last + _ONE
                            e = rare_exit(hazard, profile, multiplier, i, w * all_exits, begin, end, word)
                to, w_to, changes = target[e], w, disturbs[e]
                left[clock, i] = uniform[k]
                anchor[clock, i] = now[j]
                due[clock, j] = now[j] + uniform[k] * mean[(w * all_clocks + clock) * states + to]
                drawn[clock, i] += _ONE
                # Draws have 32 bits.
                if drawn[clock, i] > _MOST_DRAWS:
                    tally[UNFINISHED] = 1
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
            # Most switches leave the other clocks as fast as they were.
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
                to_move += parts[group + p] * multiplier[p, i]
                to_death += parts[group + profiles + p] * multiplier[p, i]
            m_left, m_anchor = rewind(move_left[j], move_anchor[j], move_rate[j], to_move, now[j])
            d_left, d_anchor = rewind(death_left[j], death_anchor[j], death_rate[j], to_death, now[j])
            move_left[j], move_anchor[j], move_rate[j] = m_left, m_anchor, to_move
            death_left[j], death_anchor[j], death_rate[j] = d_left, d_anchor, to_death
            move, death = m_left * mean_of(to_move), d_left * mean_of(to_death)
            first = is_first(death, d_anchor, move, m_anchor)
            visit_due[j] = d_anchor + death if first else m_anchor + move
            dies[j] = np.uint32(first)
    units.waiting[0] = fragments
    tally[RECORDED] = recorded


@step
def pass_on(moves, key, tables, clocks, block, units, scratch):
    """Clocks of units that move on: some run on, some begin."""
    cell, state, window, target = block.cell, block.state, block.window, tables.target
    event, exits, moved, listed = scratch.event, scratch.exit, scratch.moved, scratch.group
    renews, runs, rate, mean, purpose = clocks.renews, clocks.runs, clocks.rate, clocks.mean, clocks.purpose
    member, left, anchor, drawn, soon = units.member, units.left, units.anchor, units.drawn, units.soon
    states, all_clocks, k0, k1 = np.uint32(clocks.size.size), np.uint32(purpose.size), key[0], key[1]
    number_listed = 0
    for j in range(moves):
        i = moved[j]
        listed[number_listed] = i
        number_listed += np.int64(renews[exits[i]])
    for j in range(number_listed):
        i = listed[j]
        s, to = state[i], target[exits[i]]
        soon[i] = np.inf
        for c in range(all_clocks):
            at = np.uint32(c) * states
            if not runs[at + to]:
                continue
            begin = window[i] * all_clocks * states + at
            if runs[at + s]:
                before, after = rate[begin + s], rate[begin + to]
                left[c, i], anchor[c, i] = rewind(left[c, i], anchor[c, i], before, after, event[i])
            else:
                kind = purpose[c] | (member[i] << MEMBER_BITS)
                uniform, _ = clock_words(cell[i], np.uint64(drawn[c, i]), kind, k0, k1)
                left[c, i] = minus_log(uniform)
                anchor[c, i] = event[i]
                drawn[c, i] += _ONE
            soon[i] = min(soon[i], anchor[c, i] + left[c, i] * mean[begin + to])
