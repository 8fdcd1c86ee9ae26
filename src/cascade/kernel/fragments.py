"""Clusters that break: fragments wait for room in the block and then begin visits of their own."""

from __future__ import annotations

import numpy as np

from cascade.kernel.jit import step

_ONE = np.uint32(1)


@step
def take_waiting(rows, block, units):
    """Fragments that wait, in the rows from ``rows`` on; the number of rows then."""
    number = min(np.int64(block.cell.size) - rows, units.waiting[0])
    at, end = units.waiting[0] - number, rows + number
    span = slice(at, at + number)
    block.cell[rows:end] = units.wait_cell[span]
    block.visit[rows:end] = 0
    block.state[rows:end] = units.wait_state[span]
    block.window[rows:end] = units.wait_window[span]
    block.time[rows:end] = units.wait_time[span]
    block.seen[rows:end] = units.wait_seen[span]
    units.member[rows:end] = units.wait_member[span]
    units.waiting[0] = at
    return end


@step
def weigh(rows, clocks, block, units):
    """Cells of each unit at the begin of a round."""
    state, size, size_of = block.state, units.size, clocks.size
    for i in range(rows):
        size[i] = size_of[state[i]]


@step
def set_apart(staying, clocks, block, units, scratch):
    """Fragments of the clusters that broke in this round join those that wait."""
    cell, state, window, seen, member = block.cell, block.state, block.window, block.seen, units.member
    event, exits, moved, apart, size_of = scratch.event, scratch.exit, scratch.moved, clocks.apart, clocks.size
    wait_cell, wait_member, wait_state = units.wait_cell, units.wait_member, units.wait_state
    wait_window, wait_time, wait_seen = units.wait_window, units.wait_time, units.wait_seen
    at = units.waiting[0]
    for j in range(staying):
        i = moved[j]
        fragment = apart[exits[i]]
        if fragment > 0:
            # Lower members stay with the cluster, whose state is already the new one.
            wait_cell[at] = cell[i]
            wait_member[at] = member[i] + np.uint64(size_of[state[i]])
            wait_state[at] = fragment - _ONE
            wait_window[at] = window[i]
            wait_time[at] = event[i]
            wait_seen[at] = seen[i]
            at += 1
    units.waiting[0] = at
