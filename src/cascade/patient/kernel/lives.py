"""Lives of founders: those of cells of a conditioned model, as the kernel of cells runs them, one at a time.

The same draws at the same addresses choose the same exits: what is replayed by the kernel of cells is what was lived.
"""

from __future__ import annotations

import numpy as np

from cascade.kernel.numerics import minus_log
from cascade.kernel.rare import WORDS
from cascade.kernel.streams import KIND_RARE, KIND_VISIT, rare_start_word, rare_word, start_words, visit_words
from cascade.patient.kernel.jit import step


@step
def begin(lives, life, cell, k0, k1):
    """The state in which a founder begins, of all states."""
    first, stop = lives.start0[life], lives.start0[life + 1]
    uniform, _ = start_words(cell, k0, k1)
    k = first
    if lives.start_is_rare[life]:
        word = rare_start_word(cell, k0, k1)
        while k < stop - 1 and word >= lives.start_rare[k]:
            k += 1
    else:
        while k < stop - 1 and uniform >= lives.start_cumulative[k]:
            k += 1
    return lives.state0[life] + np.int64(lives.start_state[k])


@step
def rare_exit_of(hazard, begin, end, word):
    """The exit in whose part of the 64-bit numbers ``word`` lies; see ``cascade.kernel.rare``."""
    largest, most, total = begin, -1.0, 0.0
    for e in range(begin, end):
        total += hazard[e]
        if hazard[e] > most:
            largest, most = e, hazard[e]
    laid = np.uint64(0)
    for e in range(begin, largest):
        laid += np.uint64(hazard[e] / total * WORDS)
        if word < laid:
            return e
    laid = np.uint64(0)
    for e in range(end - 1, largest, -1):
        laid += np.uint64(hazard[e] / total * WORDS)
        if ~word < laid:
            return e
    return largest


@step
def live(lives, life, cell, k0, k1):
    """Hours from shedding to the first division."""
    state, hours, visit = begin(lives, life, cell, k0, k1), 0.0, np.uint64(0)
    first, mean, exit0, bound, target = lives.state0[life], lives.mean, lives.exit0, lives.bound, lives.target
    ends, rare = lives.ends, lives.rare
    while not ends[state]:
        move, _, choice = visit_words(cell, visit, KIND_VISIT, k0, k1)
        hours += minus_log(move) * mean[state]
        e = exit0[state]
        if rare[state]:
            word = rare_word(choice, cell, visit, KIND_RARE, k0, k1)
            e = rare_exit_of(lives.hazard, e, exit0[state + 1], word)
        else:
            while choice >= bound[e]:
                e += 1
        state = first + np.int64(target[e])
        visit += np.uint64(1)
    return hours
