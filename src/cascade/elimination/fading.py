r"""How the chance to reach a goal changes within a window, backward from its end, on positive numbers alone.

With R the hazards of moves between the states before the goal, g those of reaching it, d the summed hazards of
all ways out, and u the time to the end of the window,

    dh/du = g + R h - D h,        h(u + s) = e^(Q s) h(u),    Q of the states and of the goal, where h is 1.

With P = 1 + Q / top, top the largest d, e^(Q s) = e^(-top s) sum_k (top s)^k / k! P^k has no negative term.  It is
summed for every step s with top s <= 1/8 (squared from much shorter ones it would keep their rounding: e^(-top s) of
a step below 1e-16 is 1); longer ones are made by squaring.  So the relative error of h is some top u 1e-15, however
small h is, and the bits are the same on every machine.

References: Grassmann WK. Comput Oper Res 1977;4:47-53 (randomization); Moler C, Van Loan C. SIAM Rev 2003;45:3-49
(squaring).
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from cascade.elimination.jit import entry, step

FIRST_STEPS, STEPS = 128, 64
"""Steps of the first block, and of each further one, which is as long as all before it."""

SHORTEST = 7
"""Squarings that make the first block: 2^7 steps."""

TERMS = 14


@step
def _times(a, b, out):
    """The product of two matrices, in a fixed order."""
    size = len(a)
    for i in range(size):
        for j in range(size):
            out[i, j] = 0.0
        for k in range(size):
            factor = a[i, k]
            if factor != 0.0:
                for j in range(size):
                    out[i, j] += factor * b[k, j]


@step
def _summed(chain, steps, decay, power, room, matrix):
    """``matrix`` becomes e^(-steps) sum_k steps^k / k! chain^k; ``decay``: e^(-steps)."""
    size = len(chain)
    matrix[:] = 0.0
    power[:] = 0.0
    for i in range(size):
        power[i, i] = 1.0
    weight = decay
    for k in range(TERMS):
        for i in range(size):
            for j in range(size):
                matrix[i, j] += weight * power[i, j]
        _times(power, chain, room)
        power[:] = room
        weight *= steps / (k + 1)


@entry
def fading(rates, goal, total, length, squarings, decay, table):
    """``table`` (points, n), of which the first row is given, becomes the chances by the time to the end.

    Parameters
    ----------
    rates : (n, n) float; goal, total : (n,) float
        Hazards of moves between states, of reaching the goal, and of all ways out.
    length : float
        Of the window, in hours.
    squarings : int
        At least ``SHORTEST``; the first step is ``length / 2^squarings``.
    decay : (levels,) float
        exp(-top * step) of the first step, of twice that, and so on, while top * step <= 1/8: by whoever has an
        exponential with the same bits everywhere.
    table : (1 + FIRST_STEPS + STEPS * (squarings - SHORTEST), n) float
    """
    size = len(total)
    top = 0.0
    for i in range(size):
        top = max(top, total[i])
    step_size = length
    for _ in range(squarings):
        step_size *= 0.5
    chain, power = np.zeros((size + 1, size + 1)), np.zeros((size + 1, size + 1))
    for i in range(size):
        for j in range(size):
            chain[i, j] = rates[i, j] / top
        chain[i, i] = 1.0 - total[i] / top
        chain[i, size] = goal[i] / top
    chain[size, size] = 1.0
    matrix, room = np.zeros((size + 1, size + 1)), np.empty((size + 1, size + 1))
    done = 0
    for level in range(squarings - SHORTEST + 1):
        if level < len(decay):
            _summed(chain, top * step_size, decay[level], power, room, matrix)
        else:
            _times(matrix, matrix, room)
            matrix, room = room, matrix
        step_size *= 2.0
        for _ in range(FIRST_STEPS if level == 0 else STEPS):
            for i in range(size):
                total_here = matrix[i, size]
                for j in range(size):
                    total_here += matrix[i, j] * table[done, j]
                table[done + 1, i] = total_here
            done += 1
