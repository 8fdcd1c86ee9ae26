"""Rows that begin: founders with their start states, times of entry and frailties.

The functions look at their rows alone, through views: a loop from 0 on is known to the compiler
to need no check for negative indices, and so fits the vector registers.
"""

from __future__ import annotations

import numpy as np

from cascade.kernel.jit import step
from cascade.kernel.numerics import exp, log, normal_quantile, normal_quantiles
from cascade.kernel.streams import frailty_words, rare_start_word, start_words
from cascade.kernel.tally import batch_of

_BIT = np.uint64(1)
BOOST_ATTEMPT = np.uint64(0xFFFFFFFF)
"""The attempt at a gamma frailty that stands for the draw below shape 1."""


@step
def fill(begin, end, taken, first, cells, tables, block):
    """New cells in the rows from ``begin`` on, all in the first start state at the earliest time of entry.

    Their numbers count up from ``first + taken``, or are those listed in ``cells`` from ``taken`` on.
    """
    cell, marks, only = block.cell[begin:end], tables.marks, tables.start_state[0]
    lowest = np.uint64(taken) if cells.size > 0 else first + np.uint64(taken)
    for i in range(cell.size):
        cell[i] = lowest + np.uint64(i)
    if cells.size > 0:
        for i in range(cell.size):
            cell[i] = cells[np.int64(cell[i])]
    block.visit[begin:end] = 0
    block.state[begin:end] = only
    block.window[begin:end] = 0
    block.time[begin:end] = tables.entry_low
    block.seen[begin:end] = marks[only]


@step
def draw_starts(begin, end, key, tables, rare, block, scratch, out):
    """Start states and times of entry of the new cells in the rows from ``begin`` on."""
    cell, state = block.cell[begin:end], block.state[begin:end]
    time, seen = block.time[begin:end], block.seen[begin:end]
    uniform, later = scratch.for_moves[: end - begin], scratch.for_deaths[: end - begin]
    start_state, cumulative, marks, started = tables.start_state, tables.start_cumulative, tables.marks, out.started
    low, high, k0, k1 = tables.entry_low, tables.entry_high, key[0], key[1]
    for i in range(cell.size):
        uniform[i], later[i] = start_words(cell[i], k0, k1)
    for i in range(cell.size):
        state[i] = 0
        time[i] = low + later[i] * (high - low)
    # Comparisons counted, share by share: no branch that the processor would have to guess.
    for k in range(cumulative.size - 1):
        share = cumulative[k]
        for i in range(cell.size):
            state[i] += np.uint32(uniform[i] >= share)
    if rare is not None:
        ends = rare.start
        for i in range(cell.size if ends.size > 0 else 0):
            word = rare_start_word(cell[i], k0, k1)
            state[i] = 0
            for k in range(ends.size):
                state[i] += np.uint32(word >= ends[k])
    for i in range(cell.size):
        started[state[i]] += 1
        state[i] = start_state[state[i]]
        seen[i] = marks[state[i]]


@step
def take_own(begin, end, taken, key, own, tables, block, scratch, out):
    """Start states, times of entry and multipliers of new cells that bring their own, from number ``taken`` on."""
    cell, state = block.cell[begin:end], block.state[begin:end]
    time, seen = block.time[begin:end], block.seen[begin:end]
    later = scratch.for_deaths[: end - begin]
    starts, multiplier = own.start[taken : taken + end - begin], own.multiplier
    start_state, marks, started = tables.start_state, tables.marks, out.started
    low, high, k0, k1 = tables.entry_low, tables.entry_high, key[0], key[1]
    for i in range(cell.size):
        _, later[i] = start_words(cell[i], k0, k1)
    for i in range(cell.size):
        started[starts[i]] += 1
        state[i] = start_state[starts[i]]
        time[i] = low + later[i] * (high - low)
        seen[i] = marks[state[i]]
    for p in range(multiplier.shape[0]):
        block.multiplier[p][begin:end] = multiplier[p][taken : taken + end - begin]


@step
def begin_founders(begin, end, tables, clocks, block, units, grouped):
    """Founders of units that have just started, in the rows from ``begin`` on."""
    cell, state, seen, member = block.cell, block.state, block.seen, units.member
    for i in range(begin, end):
        member[i] = 0
    if grouped is not None:
        by_size, batches, size_of = grouped.by_size, grouped.batches, clocks.size
        reach_row, bit_row, last = tables.reach_row, tables.bit_row, batches.shape[1] - 1
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


@step
def log_gamma_frailty(shape, f, cell, k0, k1):
    """Logarithm of frailty number ``f`` of a cell, gamma of mean 1 with the given shape.

    By the method of Marsaglia & Tsang (ACM Trans Math Softw 2000;26:363-372).
    """
    boosted = shape if shape >= 1.0 else shape + 1.0
    d = boosted - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    boost = 0.0
    if shape < 1.0:
        u, _ = frailty_words(cell, f, BOOST_ATTEMPT, k0, k1)
        boost = log(u) / shape
    attempt = np.uint64(0)
    while True:
        u, accept = frailty_words(cell, f, attempt, k0, k1)
        x = normal_quantile(u)
        v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x)
        if v > 0.0 and log(accept) < 0.5 * x * x + d - d * v + d * log(v):
            return log(d * v) + boost - log(shape)
        attempt += np.uint64(1)


@step
def draw_frailties(begin, end, key, frailties, cells, multiplier, scratch):
    """Multipliers of the hazards of the cells in the columns from ``begin`` on; row 0 is 1."""
    powers, gamma, spread = frailties
    cell, room = cells[begin:end], slice(0, end - begin)
    uniform, value, tails = scratch.for_moves[room], scratch.choice[room], scratch.moved[room]
    tail_values, k0, k1 = scratch.for_deaths[room], key[0], key[1]
    for p in range(powers.shape[0]):
        multiplier[p][begin:end] = 1.0 if p == 0 else 0.0
    for f in range(gamma.size):
        if gamma[f]:
            for i in range(cell.size):
                value[i] = log_gamma_frailty(spread[f], np.uint64(f), cell[i], k0, k1)
        else:
            for i in range(cell.size):
                uniform[i], _ = frailty_words(cell[i], np.uint64(f), np.uint64(0), k0, k1)
            normal_quantiles(uniform, value, tails, tail_values)
            sigma = spread[f]
            for i in range(cell.size):
                value[i] = sigma * value[i] - 0.5 * sigma * sigma
        # Logarithms are added up in the rows of their profiles, and only these sums are raised.
        for p in range(1, powers.shape[0]):
            power, logarithm = powers[p, f], multiplier[p][begin:end]
            if power != 0.0:
                for i in range(cell.size):
                    logarithm[i] += power * value[i]
    for p in range(1, powers.shape[0]):
        row = multiplier[p][begin:end]
        for i in range(cell.size):
            row[i] = exp(row[i])
