"""What is counted: events in their bins of time, first entries, ends, and histories.

Without clusters a row counts as one cell, and what only clusters need is not compiled.
"""

from __future__ import annotations

import numpy as np

from cascade.kernel.buffers import BATCHES, RECORDED, WATCHED
from cascade.kernel.jit import leaf, step
from cascade.kernel.numerics import bits_of

_ONE = np.uint32(1)
_BIT = np.uint64(1)
_STAGE_BITS = np.uint64((1 << 32) - 1)
_FIRST_MILESTONE = np.uint64(32)
_ABSORBING_BIT = np.uint64(63)

_BIN_SHIFT = np.int64(48)
_BIN_OFFSET = np.int64((1023 - 20) * 16)
_COARSE_BINS = np.int64(48 * 16)
_BATCH_BITS = np.uint64(BATCHES - 1)


@leaf
def bin_of(time):
    """Coarse bin of a time: its exponent and four top bits of the mantissa."""
    b = (bits_of(time) >> _BIN_SHIFT) - _BIN_OFFSET
    return min(max(b, np.int64(0)), _COARSE_BINS - np.int64(1))


@leaf
def batch_of(cell):
    """Batch of a founder."""
    return np.int64(cell & _BATCH_BITS)


@step
def count(rows, tables, block, units, grouped, scratch, out):
    """Count the events of a round in their rows and bins of time."""
    event, exits, bins, counts = scratch.event, scratch.exit, scratch.bin, out.counts
    row, fine, upper, width = tables.row, tables.fine, tables.upper, np.uint64(tables.bins)
    for i in range(rows):
        bins[i] = np.uint32(bin_of(event[i]))
    if fine.size > 0:
        for i in range(rows):
            b = fine[bins[i]]
            while event[i] >= upper[b]:
                b += _ONE
            bins[i] = b
    if grouped is None:
        for i in range(rows):
            counts[np.uint64(row[exits[i]]) * width + np.uint64(bins[i])] += 1
    else:
        cell, size, by_size, batches = block.cell, units.size, grouped.by_size, grouped.batches
        for i in range(rows):
            r = row[exits[i]]
            counts[np.uint64(r) * width + np.uint64(bins[i])] += size[i]
            by_size[r, size[i]] += 1
            batches[batch_of(cell[i]), r] += size[i]


@step
def record(rows, block, units, scratch, out):
    """Write down every event of a round; what does not fit is only counted."""
    cell, visit, exits, event = block.cell, block.visit, scratch.exit, scratch.event
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


@leaf
def furthest_stage(seen, goal):
    """The last stage among the bits of ``seen``; ``goal`` is the last there can be."""
    stage = goal
    while stage > 0 and not (seen >> np.uint64(stage)) & _BIT:
        stage -= 1
    return stage


@step
def finish(rows, first, tables, clocks, block, units, grouped, scratch, out):
    """Note how far the cells came that died or were still under way at the end."""
    cell, state, seen, exits, listed = block.cell, block.state, block.seen, scratch.exit, scratch.group
    goes_on, row, stage, goal = tables.goes_on, tables.row, tables.stage, tables.goal
    overtaken, final_row, final_stage = out.overtaken, out.final_row, out.final_stage
    if grouped is not None:
        size_of_unit, member, largest = units.size, units.member, clocks.largest
    number_listed = 0
    for i in range(rows):
        listed[number_listed] = np.uint32(i)
        number_listed += 1 - np.int64(goes_on[exits[i]])
    for j in range(number_listed):
        i = listed[j]
        end_row = row[exits[i]]
        reached = furthest_stage(seen[i], goal)
        size = 1 if grouped is None else size_of_unit[i]
        if reached != stage[state[i]]:
            overtaken[reached, end_row] += size
        if final_row.size > 0:
            at = np.int64(cell[i] - first)
            if grouped is not None:
                at = at * largest + np.int64(member[i])
            for place in range(at, at + size):
                final_row[place] = end_row
                final_stage[place] = reached


@step
def first_entries(new, first, tables, block, units, grouped, scratch, out):
    """Count the stages, milestones and watched states that cells enter for the first time."""
    cell, state, seen, bins, fresh = block.cell, block.state, block.seen, scratch.bin, scratch.group
    marks, reach_row, bit_row, width = tables.marks, tables.reach_row, tables.bit_row, np.int64(tables.bins)
    counts, watched, tally = out.counts, out.watched, out.tally
    watch_row = counts.size // width - 1
    if grouped is not None:
        size_of_unit, by_size, batches, noted = units.size, grouped.by_size, grouped.batches, grouped.noted
    for j in range(new):
        i = fresh[j]
        b = np.int64(bins[i])
        mark = marks[state[i]] & ~seen[i]
        seen[i] |= mark
        size = 1 if grouped is None else size_of_unit[i]
        # Bit k is stage k, and none enters stage 0; milestones begin at bit 32.
        stages, row = (mark & _STAGE_BITS) >> _BIT, reach_row
        while stages != 0:
            if stages & _BIT:
                counts[row * width + b] += size
                if grouped is not None:
                    by_size[row, size] += 1
                    batches[batch_of(cell[i]), row] += size
            stages >>= _BIT
            row += 1
        others, row = (mark & ~(_BIT << _ABSORBING_BIT)) >> _FIRST_MILESTONE, bit_row
        while others != 0:
            if others & _BIT:
                counts[row * width + b] += size
                if grouped is not None:
                    by_size[row, size] += 1
                    batches[batch_of(cell[i]), row] += size
                if row == watch_row:
                    # Of a cluster the founder is listed, once.
                    again = False
                    if grouped is not None:
                        again = noted[np.int64(cell[i] - first)] != 0
                        noted[np.int64(cell[i] - first)] = 1
                    if not again:
                        watched[tally[WATCHED]] = cell[i]
                        tally[WATCHED] += 1
            others >>= _BIT
            row += 1


@step
def absorb(new, first, tables, clocks, block, units, grouped, scratch, out):
    """Note the end of those of the fresh cells that reached an absorbing state."""
    cell, state, seen, bins, fresh = block.cell, block.state, block.seen, scratch.bin, scratch.group
    stage, goal, absorbed_row, width = tables.stage, tables.goal, tables.absorbed_row, np.int64(tables.bins)
    counts, overtaken, final_row, final_stage = out.counts, out.overtaken, out.final_row, out.final_stage
    if grouped is not None:
        size_of_unit, member, largest = units.size, units.member, clocks.largest
        by_size, batches, ended = grouped.by_size, grouped.batches, grouped.ended
    for j in range(new):
        i = fresh[j]
        s = state[i]
        row = absorbed_row[s]
        if row == 0:
            continue
        reached = furthest_stage(seen[i], goal)
        size = 1 if grouped is None else size_of_unit[i]
        counts[np.int64(row) * width + np.int64(bins[i])] += size
        if grouped is not None:
            by_size[row, size] += 1
            batches[batch_of(cell[i]), row] += size
            ended[batch_of(cell[i]), row] += 1
        if reached != stage[s]:
            overtaken[reached, row] += size
        if final_row.size > 0:
            at = np.int64(cell[i] - first)
            if grouped is not None:
                at = at * largest + np.int64(member[i])
            for place in range(at, at + size):
                final_row[place] = row
                final_stage[place] = reached
