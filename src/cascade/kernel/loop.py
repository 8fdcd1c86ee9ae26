"""The hot loop: blocks of cells through their visits, arrays in and arrays out.

Each round every row of the block makes one visit: draw, clocks, choice, count; the rows
that live on are moved together and the block is filled up with new cells.  The rule of a
visit stands in ``visits``; here is what surrounds it.  The biology, the policy and every
allocation live elsewhere.
"""

from __future__ import annotations

import numpy as np

from cascade.kernel.births import begin_founders, draw_frailties, draw_starts, fill, take_own
from cascade.kernel.buffers import UNFINISHED, VISITS
from cascade.kernel.fragments import set_apart, take_waiting, weigh
from cascade.kernel.inputs import Frailties
from cascade.kernel.jit import entry, step
from cascade.kernel.rare import choose_rare
from cascade.kernel.switching import begin_units, list_special, pass_on, switching_visits
from cascade.kernel.tally import absorb, count, finish, first_entries, record
from cascade.kernel.thinning import refuse
from cascade.kernel.visits import choose, choose_frail, draw, race, race_frail, resolve

_ONE = np.uint32(1)
_ABSORBING_BIT = np.uint64(63)
_MOST_ROUNDS = np.int64((1 << 32) - 1)


@step
def list_moves(rows, tables, scratch):
    """Rows that go on, in order; their number."""
    exits, moved, goes_on = scratch.exit, scratch.moved, tables.goes_on
    moves = 0
    for i in range(rows):
        moved[moves] = np.uint32(i)
        moves += np.int64(goes_on[exits[i]])
    return moves


@step
def arrive(moves, tables, block, scratch):
    """New states of the cells that go on; numbers of those that stay under way, and of the fresh ones.

    ``moved`` keeps the rows that stay under way; ``group`` lists those that are anywhere for
    the first time: in a stage, at a milestone, or absorbed.
    """
    state, seen, exits, moved, fresh = block.state, block.seen, scratch.exit, scratch.moved, scratch.group
    target, marks = tables.target, tables.marks
    staying = new = 0
    # Lists are written without branches: what does not belong there is overwritten by the next.
    for j in range(moves):
        i = moved[j]
        s = target[exits[i]]
        state[i] = s
        mark = marks[s]
        fresh[new] = i
        new += np.int64((mark & ~seen[i]) != 0)
        moved[staying] = i
        staying += 1 - np.int64(mark >> _ABSORBING_BIT)
    return staying, new


@step
def gather(staying, block, units, scratch):
    """Bring the cells that stay under way to the top of the block."""
    cell, visit, state, window, time, seen, multiplier = block
    moved, event = scratch.moved, scratch.event
    for j in range(staying):
        i = moved[j]
        cell[j] = cell[i]
        visit[j] = visit[i] + _ONE
        state[j] = state[i]
        window[j] = window[i]
        time[j] = event[i]
        seen[j] = seen[i]
    for p in range(1, multiplier.shape[0]):
        for j in range(staying):
            multiplier[p, j] = multiplier[p, moved[j]]
    if units is not None:
        member, left, anchor, drawn, soon = units.member, units.left, units.anchor, units.drawn, units.soon
        for j in range(staying):
            i = moved[j]
            member[j] = member[i]
            soon[j] = soon[i]
        for c in range(left.shape[0]):
            for j in range(staying):
                i = moved[j]
                left[c, j] = left[c, i]
                anchor[c, j] = anchor[c, i]
                drawn[c, j] = drawn[c, i]


@entry
def run(
    tables, frailties, clocks, rare, key, cells, first, number, block, scratch, units, stop, out, grouped, own, thin
):
    """Run ``number`` cells from ``first`` on, or those listed in ``cells``, to their ends.

    Parameters
    ----------
    tables : Tables
    frailties : Frailties or None
        None is a type of its own to the compiler: what only frailties need is left out.
    clocks : Clocks or None
        The same of units with clocks of their own, or of several cells.
    rare : Rare or None
        The same of models that hold a rare way.
    key : (2,) uint64
    cells : (n,) uint64
        Cell numbers; empty: those from ``first`` on.
    first : uint64
    number : int
    block, scratch : Block, Scratch
        Room for the rows under way.
    units : Units or None
        With ``clocks``.
    stop : (1,) uint8
        When another thread sets it, the run ends at once, unfinished.
    out : Out
        Added to.
    grouped : Grouped or None
        With clusters.
    own : Own or None
        Cells that bring hazards and starts of their own: none is drawn.
    thin : Thin or None
        Of hazards that depend on the time: which events are taken.
    """
    capacity = block.cell.size
    several_starts = tables.start_state.size > 1 or tables.entry_high > tables.entry_low
    rows = 0
    taken = 0
    rounds = np.int64(0)
    while True:
        rounds += 1
        # Nobody has made more visits than there were rounds; their number has 32 bits.
        if stop[0] != 0 or rounds > _MOST_ROUNDS:
            out.tally[UNFINISHED] = 1
            return
        # Half empty: filled up less often, the functions of new cells run along more rows at a time.
        if rows <= capacity // 2:
            begin = rows
            if units is not None:
                # Fragments go first, so that never more wait than the founders of one block can break into.
                rows = take_waiting(begin, block, units)
            if rows == begin and taken < number:
                rows = min(capacity, begin + number - taken)
                fill(begin, rows, taken, first, cells, tables, block)
                if own is not None:
                    take_own(begin, rows, taken, key, own, tables, block, scratch, out)
                elif several_starts:
                    draw_starts(begin, rows, key, tables, rare, block, scratch, out)
                else:
                    out.started[0] += rows - begin
                taken += rows - begin
                if units is not None:
                    begin_founders(begin, rows, tables, clocks, block, units, grouped)
            if frailties is not None and own is None and rows > begin:
                draw_frailties(begin, rows, key, frailties, block.cell, block.multiplier, scratch)
            if units is not None:
                begin_units(begin, rows, key, clocks, block, units)
        if rows == 0:
            return
        out.tally[VISITS] += rows
        if grouped is not None:
            weigh(rows, clocks, block, units)
        draw(rows, key, block, units, scratch)
        late = race(rows, tables, block, scratch) if frailties is None else race_frail(rows, tables, block, scratch)
        choose(rows, tables, block, scratch)
        if frailties is not None:
            choose_frail(rows, tables, block, scratch)
        if units is not None:
            special = list_special(rows, tables, clocks, block, units, scratch)
            switching_visits(special, key, tables, clocks, rare, block, units, grouped, scratch, stop, out)
            if out.tally[UNFINISHED] != 0:
                return
        if late > 0:
            resolve(rows, tables, block, scratch)
        if rare is not None:
            choose_rare(rows, key, tables, rare, block, units, scratch)
        if thin is not None:
            refuse(rows, key, tables, thin, block, scratch, out)
        count(rows, tables, block, units, grouped, scratch, out)
        if out.event_cell.size > 0:
            record(rows, block, units, scratch, out)
        # The group of a row has served: its room takes lists from here on.
        if tables.loops or out.final_row.size > 0:
            finish(rows, first, tables, clocks, block, units, grouped, scratch, out)
        moves = list_moves(rows, tables, scratch)
        if units is not None:
            pass_on(moves, key, tables, clocks, block, units, scratch)
        rows, new = arrive(moves, tables, block, scratch)
        first_entries(new, first, tables, block, units, grouped, scratch, out)
        absorb(new, first, tables, clocks, block, units, grouped, scratch, out)
        if units is not None:
            set_apart(rows, clocks, block, units, scratch)
        gather(rows, block, units, scratch)


@entry
def traits(first, powers, gamma, spread, key, multiplier, scratch):
    """Multipliers of the cells from ``first`` on, (P, n), as ``run`` draws them; ``powers`` as in Frailties."""
    cell = np.empty(multiplier.shape[1], np.uint64)
    for i in range(cell.size):
        cell[i] = first + np.uint64(i)
    draw_frailties(0, cell.size, key, Frailties(powers, gamma, spread), cell, multiplier, scratch)
