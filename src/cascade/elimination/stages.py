"""Stage by stage: what becomes of cells that flow in, by the furthest stage that they have reached."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from cascade.elimination.component import censor, clear, forward, workspace
from cascade.elimination.jit import entry, leaf


@entry
def by_stage(system, hazards, weights, z, inflow, rate, column, entered, lost, settled, present):
    """Solve at each node and each z, and add what comes out, weighed.

    Parameters
    ----------
    system : System
    hazards : (N, E) float
    weights : (N,) float
    z : (Z,) complex
    inflow : (N or 1, stages + 1, S) float; rate : (1, stages + 1, S) float
        What flows in at once, and per hour for ever; it counts as an arrival at its stage.
    column : (S,) int
        Column of ``settled`` and ``present`` that a state is added to.
    entered, lost, settled, present : (N or 1, Z, stages + 1[, T or columns]) complex
        What comes out is added here: of each node, or of all.

    Returns
    -------
    bool
        False where cells circle for ever: then there is no answer.
    """
    stages, size = inflow.shape[1], inflow.shape[2]
    waiting = np.zeros((stages, size), np.complex128)
    moves, columns = workspace(system)
    ends = True
    # Taken out of the tuple once: references to arrays would be counted at every state.
    order, first_of, exit_begin, exits = system.order, system.begin, system.exit_begin, system.exit
    targets, transitions, stage, absorbing = system.target, system.transition, system.stage, system.absorbing
    for n in range(len(weights)):
        into, begin = n if entered.shape[0] > 1 else 0, n if inflow.shape[0] > 1 else 0
        weight = weights[n]
        for i in range(len(z)):
            _begin(inflow[begin], rate[0], z[i], weight, waiting, entered[into, i])
            for furthest in range(stages):
                for c in range(len(first_of) - 1):
                    if first_of[c + 1] - first_of[c] > 1:
                        ends &= _component(
                            system, c, hazards[n], weight, z[i], furthest, waiting, moves, columns, column,
                            entered[into, i], lost[into, i], present[into, i],
                        )  # fmt: skip
                        continue
                    # A state that cells do not come back to.
                    s = order[first_of[c]]
                    flow = waiting[furthest, s]
                    if flow == 0.0:
                        continue
                    total = 0.0
                    for a in range(exit_begin[s], exit_begin[s + 1]):
                        total += hazards[n, exits[a]]
                    if absorbing[s] or total == 0.0:
                        settled[into, i, furthest, column[s]] += weight * flow
                        continue
                    time = flow / (z[i] + total)
                    present[into, i, furthest, column[s]] += weight * time
                    for a in range(exit_begin[s], exit_begin[s + 1]):
                        used, to = hazards[n, exits[a]] * time, targets[a]
                        if to < 0:
                            lost[into, i, furthest, transitions[a]] += weight * used
                            continue
                        beyond = max(furthest, stage[to])
                        waiting[beyond, to] += used
                        for k in range(furthest + 1, beyond + 1):
                            entered[into, i, k] += weight * used
    return ends


@leaf
def _begin(inflow, rate, z, weight, waiting, entered):
    """What flows in from outside waits in its state, and has entered its stage and all before it."""
    arrived = 0.0 * z
    for k in range(inflow.shape[0] - 1, -1, -1):
        for s in range(inflow.shape[1]):
            waiting[k, s] = inflow[k, s]
            if rate[k, s] != 0.0:
                waiting[k, s] += rate[k, s] / z
            arrived += waiting[k, s]
        entered[k] += weight * arrived


@leaf
def _component(system, c, hazards, weight, z, furthest, waiting, moves, columns, column, entered, lost, present):
    """States between which cells go to and fro, as far as the stage allows; False where it has no end."""
    first, k = system.begin[c], system.begin[c + 1] - system.begin[c]
    leave, rate, flow = columns[0], columns[1], columns[2]
    busy = False
    for p in range(k):
        flow[p] = waiting[furthest, system.order[first + p]]
        busy |= flow[p] != 0.0
    if not busy:
        return True
    clear(system, first, k, moves, leave)
    for p in range(k):
        s = system.order[first + p]
        leave[p] = z
        if system.stage[s] > furthest:
            leave[p] += 1.0  # left out: nothing flows in, and no state of this system leads to it
            continue
        for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
            hazard, to = hazards[system.exit[a]], system.target[a]
            if to >= 0 and system.component[to] == c and system.stage[to] <= furthest:
                if to != s:
                    moves[p, system.place[to]] += hazard
            else:
                leave[p] += hazard
    censor(system, first, k, moves, leave, rate)
    if not forward(system, first, k, moves, rate, flow):
        return False
    for p in range(k):
        s = system.order[first + p]
        if flow[p] != 0.0:
            present[furthest, column[s]] += weight * flow[p]
            for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
                used, to = hazards[system.exit[a]] * flow[p], system.target[a]
                if to < 0:
                    lost[furthest, system.transition[a]] += weight * used
                    continue
                beyond = max(furthest, system.stage[to])
                if beyond == furthest and system.component[to] == c:
                    continue  # solved together
                waiting[beyond, to] += used
                for i in range(furthest + 1, beyond + 1):
                    entered[i] += weight * used
    return True
