"""One component: censoring its states one by one, and what that makes of a system forward and adjoint.

``moves`` (k, k) holds the hazards r between its states, ``leave`` (k,) z and the hazards of all ways out of
it; both are used up: afterwards row p of ``moves`` holds the shares b_pj before p, column p the hazards r_ip,
and ``out`` (k,) the rates out_p.  ``first`` is where the component begins in the order of the system.
"""

# Compiled code takes arrays of any one type: real ones for chances, complex ones along a contour.
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from cascade.elimination.jit import leaf, step


@step
def workspace(system):
    """Room for the largest component: ``moves``, and three columns."""
    largest = 1
    for c in range(len(system.begin) - 1):
        largest = max(largest, system.begin[c + 1] - system.begin[c])
    return np.zeros((largest, largest), np.complex128), np.zeros((3, largest), np.complex128)


@leaf
def clear(system, first, k, moves, leave):
    """Zeros wherever something will be written."""
    for p in range(k):
        leave[p] = 0.0
        for a in range(system.before_begin[first + p], system.before_begin[first + p + 1]):
            moves[system.before[a], p] = 0.0
        for a in range(system.after_begin[first + p], system.after_begin[first + p + 1]):
            moves[p, system.after[a]] = 0.0


@leaf
def censor(system, first, k, moves, leave, out):
    """Censor all states, from the last to the first; False where cells can never leave."""
    ends = True
    for p in range(k - 1, -1, -1):
        begin, end = system.after_begin[first + p], system.after_begin[first + p + 1]
        total = leave[p]
        for a in range(begin, end):
            total += moves[p, system.after[a]]
        out[p] = total
        if total == 0.0:
            ends = False
            continue
        once = 1.0 / total
        for a in range(begin, end):
            moves[p, system.after[a]] *= once
        share = leave[p] * once
        for b in range(system.before_begin[first + p], system.before_begin[first + p + 1]):
            i = system.before[b]
            hazard = moves[i, p]
            if hazard == 0.0:
                continue
            for a in range(begin, end):
                j = system.after[a]
                if j != i:
                    moves[i, j] += hazard * moves[p, j]
            leave[i] += hazard * share
    return ends


@leaf
def forward(system, first, k, moves, out, flow):
    """Time in each state given what flows in; ``flow`` (k,) becomes the time.  False where it has no end."""
    for p in range(k - 1, -1, -1):
        if flow[p] != 0.0:
            for a in range(system.after_begin[first + p], system.after_begin[first + p + 1]):
                j = system.after[a]
                flow[j] += flow[p] * moves[p, j]
    for p in range(k):
        total = flow[p]
        for b in range(system.before_begin[first + p], system.before_begin[first + p + 1]):
            i = system.before[b]
            total += flow[i] * moves[i, p]
        if total != 0.0 and out[p] == 0.0:
            return False
        flow[p] = total / out[p] if total != 0.0 else total
    return True


@leaf
def adjoint(system, first, k, moves, out, gain):
    """What a cell in each state will gain; ``gain`` (k,), gained in each state per hour, becomes it."""
    for p in range(k - 1, -1, -1):
        if out[p] == 0.0:
            continue
        gain[p] /= out[p]
        for b in range(system.before_begin[first + p], system.before_begin[first + p + 1]):
            i = system.before[b]
            gain[i] += moves[i, p] * gain[p]
    for p in range(k):
        for a in range(system.after_begin[first + p], system.after_begin[first + p + 1]):
            j = system.after[a]
            gain[p] += moves[p, j] * gain[j]
