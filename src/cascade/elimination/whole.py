"""One system, whatever the stages: times and flows forward, chances adjoint, and derivatives from both."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from cascade.elimination.component import adjoint, censor, clear, forward, workspace
from cascade.elimination.jit import entry, step


@step
def _fill(system, c, hazards, z, inside, moves, leave):
    """A component of the system of the states ``inside``."""
    first, k = system.begin[c], system.begin[c + 1] - system.begin[c]
    clear(system, first, k, moves, leave)
    for p in range(k):
        s = system.order[first + p]
        leave[p] = z
        if not inside[s]:
            leave[p] += 1.0
            continue
        for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
            hazard, to = hazards[system.exit[a]], system.target[a]
            if to >= 0 and system.component[to] == c and inside[to]:
                if to != s:
                    moves[p, system.place[to]] += hazard
            else:
                leave[p] += hazard


@step
def _total(system, s, hazards):
    """Summed hazards of a state."""
    total = 0.0
    for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
        total += hazards[system.exit[a]]
    return total


@step
def times(system, hazards, z, inside, directions, moves, columns, flow):
    """``flow`` (1 + P, S), what flows in, becomes the time in each state ``inside``; elsewhere it stays what arrived.

    Row 0 is the system itself, the others its derivatives: row r by the logarithm of the hazards times
    ``directions[r - 1]``.  What the hazards gain carries cells of row 0 from their state to the target.
    False where cells circle for ever.
    """
    leave, out, held = columns[0], columns[1], columns[2]
    rows = len(flow)
    for c in range(len(system.begin) - 1):
        first, k = system.begin[c], system.begin[c + 1] - system.begin[c]
        busy = False
        for p in range(k):
            s = system.order[first + p]
            for r in range(rows):
                busy |= inside[s] and flow[r, s] != 0.0
        if not busy:
            continue
        s = system.order[first]
        total = z + _total(system, s, hazards)
        if k > 1:
            _fill(system, c, hazards, z, inside, moves, leave)
            censor(system, first, k, moves, leave, out)
        elif total == 0.0:
            return False
        for r in range(rows):
            if r > 0:
                _divert(system, c, hazards, inside, directions[r - 1], flow[0], flow[r])
            if k == 1:
                flow[r, s] /= total
            else:
                for p in range(k):
                    held[p] = flow[r, system.order[first + p]] if inside[system.order[first + p]] else 0.0
                if not forward(system, first, k, moves, out, held):
                    return False
                for p in range(k):
                    if inside[system.order[first + p]]:
                        flow[r, system.order[first + p]] = held[p]
            _pass_on(system, c, hazards, inside, flow[r])
    return True


@step
def _divert(system, c, hazards, inside, direction, time, flow):
    """What more of the hazards of a component make flow, per unit of their logarithm."""
    for p in range(system.begin[c], system.begin[c + 1]):
        s = system.order[p]
        if not inside[s] or time[s] == 0.0:
            continue
        for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
            e, to = system.exit[a], system.target[a]
            if direction[e] != 0.0:
                more = direction[e] * hazards[e] * time[s]
                flow[s] -= more
                if to >= 0:
                    flow[to] += more


@step
def _pass_on(system, c, hazards, inside, flow):
    """What leaves a component flows in elsewhere."""
    for p in range(system.begin[c], system.begin[c + 1]):
        s = system.order[p]
        if not inside[s] or flow[s] == 0.0:
            continue
        for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
            to = system.target[a]
            if to >= 0 and not (inside[to] and system.component[to] == c):
                flow[to] += flow[s] * hazards[system.exit[a]]


@step
def chances(system, hazards, z, inside, prize, moves, columns, gain):
    """``gain`` (S,), per hour in states ``inside`` and at once elsewhere, becomes what a cell in a state will gain.

    ``prize`` (E,): gained with every use of an exit.
    """
    leave, out, held = columns[0], columns[1], columns[2]
    for c in range(len(system.begin) - 2, -1, -1):
        first, k = system.begin[c], system.begin[c + 1] - system.begin[c]
        busy = False
        for p in range(k):
            s = system.order[first + p]
            held[p] = 0.0
            if not inside[s]:
                continue
            held[p] = gain[s]
            for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
                e, to = system.exit[a], system.target[a]
                held[p] += hazards[e] * prize[e]
                if to >= 0 and not (inside[to] and system.component[to] == c):
                    held[p] += hazards[e] * gain[to]
            busy |= held[p] != 0.0
        if not busy:
            continue
        if k == 1:
            s = system.order[first]
            total = z + _total(system, s, hazards)
            gain[s] = held[0] / total if total != 0.0 else held[0]
            continue
        _fill(system, c, hazards, z, inside, moves, leave)
        censor(system, first, k, moves, leave, out)
        adjoint(system, first, k, moves, out, held)
        for p in range(k):
            if inside[system.order[first + p]]:
                gain[system.order[first + p]] = held[p]


@entry
def flows(system, hazards, weights, z, inside, inflow, time, use):
    """Time in each state, and how often each exit is used; at z = 0 expected numbers.

    Parameters
    ----------
    system : System
    hazards : (N, E) float
    weights : (N,) float
    z : (Z,) complex
    inside : (S,) bool
        Whoever leaves these states does not come back.
    inflow : (N or 1, S) float
    time : (N or 1, Z, S) complex; use : (N or 1, Z, E) complex
        What comes out is added here, weighed: of each node, or of all.  ``time`` outside counts arrivals.

    Returns
    -------
    bool
        False where cells circle for ever.
    """
    moves, columns = workspace(system)
    flow = np.zeros((1, inflow.shape[1]), np.complex128)
    none = np.zeros((0, hazards.shape[1]))
    ends = True
    for n in range(len(weights)):
        begin = n if inflow.shape[0] > 1 else 0
        into = n if time.shape[0] > 1 else 0
        for i in range(len(z)):
            flow[0] = inflow[begin]
            ends &= times(system, hazards[n], z[i], inside, none, moves, columns, flow)
            for s in range(inflow.shape[1]):
                if flow[0, s] == 0.0:
                    continue
                time[into, i, s] += weights[n] * flow[0, s]
                if inside[s]:
                    for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
                        e = system.exit[a]
                        use[into, i, e] += weights[n] * flow[0, s] * hazards[n, e]
    return ends


@entry
def courses(system, hazards, weights, z, inside, inflow, directions, column, lost, there):
    """Transforms of the shares of cells that have died of each transition, and that are in each state.

    Parameters
    ----------
    system, weights, z, inside, inflow
        As for ``flows``; z is not 0.
    hazards : (B, N, E) float
        Of each of some sets.
    directions : (P, E) float
        For each derivative what it changes of the logarithms of the hazards.
    column : (S,) int
        Column of ``there`` that a state is added to; -1: none.
    lost : (B, 1 + P, Z, T or 0), there : (B, 1 + P, Z, columns) complex
        What comes out is added here, averaged over the nodes: the shares, and their derivatives.

    Returns
    -------
    bool
        False where cells circle for ever.
    """
    moves, columns = workspace(system)
    flow = np.zeros((lost.shape[1], inflow.shape[1]), np.complex128)
    ends = True
    for b in range(len(hazards)):
        ends &= _course(
            system, hazards[b], weights, z, inside, inflow, directions, column, moves, columns, flow, lost[b], there[b]
        )
    return ends


@step
def _course(system, hazards, weights, z, inside, inflow, directions, column, moves, columns, flow, lost, there):
    """Of one set."""
    ends = True
    for n in range(len(weights)):
        begin = n if inflow.shape[0] > 1 else 0
        for i in range(len(z)):
            flow[0] = inflow[begin]
            flow[1:] = 0.0
            ends &= times(system, hazards[n], z[i], inside, directions, moves, columns, flow)
            for s in range(inflow.shape[1]):
                if column[s] >= 0:
                    for r in range(len(there)):
                        there[r, i, column[s]] += weights[n] * (flow[r, s] if inside[s] else flow[r, s] / z[i])
                if not inside[s] or lost.shape[2] == 0:
                    continue
                for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
                    if system.target[a] >= 0:
                        continue
                    e, t = system.exit[a], system.transition[a]
                    flux = weights[n] * hazards[n, e] / z[i]
                    lost[0, i, t] += flux * flow[0, s]
                    for r in range(1, len(lost)):
                        lost[r, i, t] += flux * (flow[r, s] + directions[r - 1, e] * flow[0, s])
    return ends


@entry
def gains(system, hazards, weights, z, inside, inflow, gain, prize, value, slope):
    """What cells will gain, and its derivatives by the logarithm of the hazard of each transition.

    Of q_e: q_e x_s (prize_e + h_target - h_s), x forward and h adjoint, h = 0 for the dead.

    Parameters
    ----------
    system, hazards, weights, z, inside
        As for ``flows``.
    inflow : (S,) float
    gain : (S,) float
        Per hour in a state ``inside``, at once on arrival elsewhere.
    prize : (E,) float
        For each use of an exit.
    value : (Z,) complex; slope : (Z, T) complex
        What comes out is added here, averaged over the nodes.

    Returns
    -------
    bool
        False where cells circle for ever.
    """
    moves, columns = workspace(system)
    flow, worth = np.zeros((1, len(inflow)), np.complex128), np.zeros(len(inflow), np.complex128)
    none = np.zeros((0, hazards.shape[1]))
    ends = True
    for n in range(len(weights)):
        for i in range(len(z)):
            worth[:] = gain
            flow[0] = inflow
            chances(system, hazards[n], z[i], inside, prize, moves, columns, worth)
            ends &= times(system, hazards[n], z[i], inside, none, moves, columns, flow)
            for s in range(len(inflow)):
                value[i] += weights[n] * inflow[s] * worth[s]
                if not inside[s] or flow[0, s] == 0.0:
                    continue
                for a in range(system.exit_begin[s], system.exit_begin[s + 1]):
                    e, to = system.exit[a], system.target[a]
                    after = prize[e] + (worth[to] if to >= 0 else 0.0) - worth[s]
                    slope[i, system.transition[a]] += weights[n] * hazards[n, e] * flow[0, s] * after
    return ends


@entry
def window(system, hazards, z, inside, inflow, rate, ends, gain, prize, time, worth):
    """Of a window of the environment: forward from its beginning, adjoint from its end, at each node and z.

    Parameters
    ----------
    system, hazards, z, inside, gain, prize
        As for ``gains``; what is gained stays, so that its transform is over z.
    inflow : (N, S) float
        Share of cells in each state as it begins.
    rate : (S,) float
        Share that enters per hour.
    ends : (N, S) float
        What a cell in each state ``inside`` will gain after it.
    time, worth : (N, Z, S) complex
        Written: the transforms of the shares of cells in each state, by time after the beginning, and of what a
        cell there will gain, by time before the end.

    Returns
    -------
    bool
        False where cells circle for ever.
    """
    moves, columns = workspace(system)
    flow, later = np.zeros((1, len(gain)), np.complex128), np.zeros(len(prize), np.complex128)
    none = np.zeros((0, hazards.shape[1]))
    stays = True
    for n in range(len(hazards)):
        for i in range(len(z)):
            # At z = 0 the window has no end: numbers, not their transforms.
            once = 1.0 / z[i] if z[i] != 0.0 else 1.0 + 0.0 * z[i]
            for e in range(len(prize)):
                later[e] = prize[e] * once
            for s in range(len(gain)):
                flow[0, s] = inflow[n, s] + rate[s] * once
                worth[n, i, s] = ends[n, s] if inside[s] else gain[s] * once
            chances(system, hazards[n], z[i], inside, later, moves, columns, worth[n, i])
            stays &= times(system, hazards[n], z[i], inside, none, moves, columns, flow)
            for s in range(len(gain)):
                time[n, i, s] = flow[0, s] if inside[s] else 0.0 * z[i]
    return stays
