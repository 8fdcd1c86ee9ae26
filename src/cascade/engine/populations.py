r"""The chance of one cell among others that share a capacity, however small: populations, split by their promise.

Symbols.  A *population* is N cells with one course of the capacity; cell 0 is marked.  In window w, with the
hazards q_w that the cells present as it begins bring about, h_w is the chance to reach the goal if q_w stayed for
ever: the importance function.  Within the window the marked cell moves by

    q_w(e) h_w(target) / h_w(source),

so that a life from x to y in it is drawn h_w(y) / h_w(x) times too often; the others move by q_w.  With x_w where
the marked cell is as window w begins,

    P(goal) = E[ h_0(x_0)  prod_w  h_(w+1)(x_(w+1)) / h_w(x_(w+1)) ],

without bias for any number of cells: the marked one acts on the others, and they on it.  Where these weights drift
apart the populations are resampled, the promising ones split; the product of the mean weights stays without bias.

References: Del Moral P, Garnier J. Ann Appl Probab 2005;15:2496-2534 (rare events by interacting particles);
Carpenter J, Clifford P, Fearnhead P. IEE Proc Radar Sonar Navig 1999;146:2-7 (systematic resampling).
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cascade.elimination.founding import room_for
from cascade.elimination.jit import entry, step
from cascade.elimination.system import System
from cascade.elimination.whole import chances
from cascade.kernel.inputs import Flags, Floats, Ints
from cascade.kernel.numerics import minus_log
from cascade.kernel.streams import population_words

_RESAMPLING = np.uint64(0xFFFFFFFF)
_STARTING = np.uint64(0xFFFFFFFE)
_ONE = np.uint64(1)


class Shared(NamedTuple):
    """A model whose cells share a capacity; S states, E exits, W windows.

    Attributes
    ----------
    system, inside, goal, prize
        As of ``Aim``.
    hazard : (E,) float; multipliers : (W, E) float
    crowded : (E,) bool
        Hazards that the capacity acts on.
    occupying : (S,) bool
    counted : (W,) bool
        Windows of the capacity: cells are counted as they begin.
    half : float
    begin : (S + 1,) int; exits, target : (E,) int
        Exits of each state, in a row, and where each leads; S: death.
    window : (W,) float
        Begin of each window.
    start : (K,) int; cumulative : (K,) float
    entry : (2,) float
    """

    system: System
    inside: Flags
    goal: Floats
    prize: Floats
    hazard: Floats
    multipliers: Floats
    crowded: Flags
    occupying: Flags
    counted: Flags
    half: float
    begin: Ints
    exits: Ints
    target: Ints
    window: Floats
    start: Ints
    cumulative: Floats
    entry: Floats


@step
def live(shared, hazards, state, time, end, h, marked, number, population, window, replicate, k0, k1):
    """A cell until the end of a window: its state then. A marked one moves by its chances, and stops at the goal."""
    states = np.int64(shared.goal.size)
    while state < states:
        if marked and (h[state] == 0.0 or shared.goal[state] > 0.0):
            return state, number
        total = 0.0
        for a in range(shared.begin[state], shared.begin[state + 1]):
            total += hazards[shared.exits[a]]
        if total == 0.0:
            return state, number
        wait, choice = population_words(number, population, window, replicate, k0, k1)
        number += _ONE
        time += minus_log(wait) / total
        if time >= end:
            return state, number
        # The sum of a marked cell's hazards is what it was: h is harmonic.  Rounding: the last open exit stays.
        part, sum_so_far, chosen = choice * total, 0.0, np.int64(-1)
        for a in range(shared.begin[state], shared.begin[state + 1]):
            e = shared.exits[a]
            hazard, to = hazards[e], shared.target[e]
            if marked:
                hazard *= (h[to] if to < states else shared.prize[e]) / h[state]
            if hazard > 0.0:
                chosen = e
                sum_so_far += hazard
                if sum_so_far > part:
                    break
        if chosen < 0:
            return state, number
        if marked and shared.prize[chosen] > 0.0:
            return states + 1, number
        state = shared.target[chosen]
    return state, number


@step
def count_present(shared, w, states, factor):
    """The factor of the capacity in window ``w`` for cells in these states; outside its windows it stays."""
    if not shared.counted[w]:
        return factor
    present = 0
    for c in range(states.size):
        # The dead have no state.
        if states[c] < shared.goal.size and shared.occupying[states[c]]:
            present += 1
    return 1.0 / (1.0 + present / shared.half)


@step
def solve(shared, w, factor, hazards, h, moves, columns):
    """Hazards in window ``w`` under a factor of the capacity, and the chances if they stayed."""
    for e in range(hazards.size):
        hazards[e] = shared.hazard[e] * shared.multipliers[w, e]
        if shared.crowded[e]:
            hazards[e] *= factor
    h[:] = shared.goal
    chances(shared.system, hazards, 0.0, shared.inside, shared.prize, moves, columns, h)


@step
def worth(h, state):
    """The chance of a marked cell: of a dead one 0, of one that died of the goal 1."""
    if state < h.size:
        return h[state]
    return 1.0 if state == h.size + 1 else 0.0


@step
def resample(weights, draw, source):
    """Which populations go on, in proportion to their weights, which become 1: numbers into ``source``."""
    size, total = len(weights), 0.0
    for p in range(size):
        total += weights[p]
    passed, chosen = weights[0], 0
    for p in range(size):
        point = (p + draw) * total / size
        while passed <= point and chosen < size - 1:
            chosen += 1
            passed += weights[chosen]
        source[p] = chosen
    weights[:] = 1.0


@step
def begin(shared, states, entries, population, replicate, k0, k1):
    """Where and when the cells of a population start."""
    low, high = shared.entry[0], shared.entry[1]
    for c in range(states.size):
        which, later = population_words(np.uint64(c), population, _STARTING, replicate, k0, k1)
        k = 0
        while k < shared.start.size - 1 and which >= shared.cumulative[k]:
            k += 1
        states[c] = shared.start[k]
        entries[c] = low + later * (high - low)


@entry
def chance_among(shared, cells, populations, replicate, key):
    """Estimate the chance of the marked cell, without bias.

    Parameters
    ----------
    shared : Shared
    cells, populations : int
    replicate : int
    key : (2,) uint64

    Returns
    -------
    (float, float)
        The estimate; visits that were made.
    """
    moves, columns = room_for(shared.system)
    exits = shared.hazard.size
    hazards, h = np.empty((populations, exits)), np.empty((populations, shared.goal.size))
    states, entries = np.empty((populations, cells), np.int64), np.empty((populations, cells))
    weights, before, factors = np.ones(populations), np.ones(populations), np.ones(populations)
    source = np.empty(populations, np.int64)
    k0, k1, estimate, visits = key[0], key[1], 1.0, 0.0
    for p in range(populations):
        begin(shared, states[p], entries[p], np.uint64(p), replicate, k0, k1)
    for w in range(shared.window.size):
        for p in range(populations):
            factors[p] = count_present(shared, w, states[p], factors[p])
            solve(shared, w, factors[p], hazards[p], h[p], moves, columns)
            weights[p] *= worth(h[p], states[p, 0]) / before[p] if before[p] > 0.0 else 0.0
        total = square = 0.0
        for p in range(populations):
            total += weights[p]
            square += weights[p] * weights[p]
        if total == 0.0:
            return 0.0, visits
        if w == shared.window.size - 1:
            return estimate * total / populations, visits
        if 2.0 * total * total < populations * square:
            estimate *= total / populations
            draw, _ = population_words(np.uint64(w), np.uint64(0), _RESAMPLING, replicate, k0, k1)
            resample(weights, draw, source)
            states, entries, factors = states[source], entries[source], factors[source]
            for p in range(populations):
                solve(shared, w, factors[p], hazards[p], h[p], moves, columns)
        start, end = shared.window[w], shared.window[w + 1]
        for p in range(populations):
            number = np.uint64(0)
            for c in range(cells):
                time = max(start, entries[p, c])
                if states[p, c] < shared.goal.size and time < end:
                    states[p, c], number = live(
                        shared, hazards[p], states[p, c], time, end, h[p], c == 0, number, np.uint64(p), np.uint64(w),
                        replicate, k0, k1,
                    )  # fmt: skip
            visits += float(number)
            before[p] = worth(h[p], states[p, 0])
    return 0.0, visits
