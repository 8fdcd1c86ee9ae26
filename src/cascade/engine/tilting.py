r"""Cells of a conditioned model whose frailties differ: what they are like, where they start, and their own hazards.

Symbols.  y: scores of the F independent frailties of a cell; f(y): their density among all cells; H(y): the chance
that such a cell reaches the goal, sum_k start_k h_k(y), h solved for its own hazards.  Those that reach it have the
density f(y) H(y) / P.  They are chosen by rejection:

    propose y from  q(y) = (1 - e) p(y) + e f(y),        take it when  U M q(y) / f(y) < H(y),

p shifted to where the cells that succeed are, M at least the largest f H / q.  A log-normal frailty has a normal
score, f = N(0, 1) and p = N(c, w^2).  Of a gamma frailty of shape k the score is log Z, f has shape and rate k, p
shape c and rate w: H rises or falls like a power of Z, and the power adds to the shape.  The part e of all cells
keeps f H / q bounded whatever H is.

A start is then chosen by start_k h_k, and the hazards of the cell are multiplied by z h(target) / h(source).

Compiled with the rooms ``kernel`` and ``elimination``: the same bits on every machine.

References: von Neumann J. Natl Bur Stand Appl Math Ser 1951;12:36-38 (rejection); Hesterberg T. Technometrics
1995;37:185-194 (the part e, as a defensive mixture).
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
from cascade.kernel.numerics import exp, log, normal_quantile
from cascade.kernel.streams import trait_words
from cascade.lowering.within_reach import LEAST_CHANCE

ALL_CELLS = 0.0625
"""Share of proposals that are like all cells."""

MOST_TRIES = 1_000_000

_TAKEN = np.uint64(255)
_WITHIN = np.uint64(64)
"""Words of one try at a gamma frailty; the last is for shapes below 1."""

DONE, ENDLESS, EXCEEDED = 0, 1, 2
"""All cells chosen; too many tries; a chance above the bound was met."""


class Tilt(NamedTuple):
    """What is read of a conditioned model whose cells differ.

    Attributes
    ----------
    system, hazard, profile, inside, goal, prize
        As of ``Aim``: what chances are solved from.
    powers : (P, F) float
        Powers of the frailties; row 0 is zero.
    gamma : (F,) bool; spread : (F,) float
        Sigma of log Z, or the shape.
    start : (K,) int; share : (K,) float
        States of all cells, and shares.
    exit_profile, exit_source, exit_target : (Q,) int
        For each multiplier of the run: the profile, and states of all cells whose chances divide and multiply; -1: 1.
    """

    system: System
    hazard: Floats
    profile: Ints
    inside: Flags
    goal: Floats
    prize: Floats
    powers: Floats
    gamma: Flags
    spread: Floats
    start: Ints
    share: Floats
    exit_profile: Ints
    exit_source: Ints
    exit_target: Ints


class Proposal(NamedTuple):
    """From what traits are proposed: ``centre`` and ``width``, (F,), and the logarithm of M."""

    centre: Floats
    width: Floats
    most: float


@step
def chance(tilt, logs, moves, columns, hazards, multipliers, h):
    """Chance H of a cell with these log Z; also its ``multipliers`` (P,) and its chances ``h`` (S0,) by state."""
    powers, profile, hazard = tilt.powers, tilt.profile, tilt.hazard
    for p in range(powers.shape[0]):
        total = 0.0
        for f in range(logs.size):
            total += powers[p, f] * logs[f]
        multipliers[p] = exp(total)
    for e in range(hazard.size):
        hazards[e] = hazard[e] * multipliers[profile[e]]
    h[:] = tilt.goal
    chances(tilt.system, hazards, 0.0, tilt.inside, tilt.prize, moves, columns, h)
    total = 0.0
    for k in range(tilt.start.size):
        total += tilt.share[k] * h[tilt.start[k]]
    return total


@step
def to_logs(tilt, scores, logs):
    """Logarithms of the frailties from their scores."""
    for f in range(scores.size):
        sigma = tilt.spread[f]
        logs[f] = scores[f] if tilt.gamma[f] else sigma * scores[f] - 0.5 * sigma * sigma


@step
def log_gamma_function(x):
    """Logarithm of the gamma function for x > 0, by Stirling's series (relative error 1e-14)."""
    less = 0.0
    while x < 12.0:
        less += log(x)
        x += 1.0
    y = 1.0 / (x * x)
    tail = (1.0 / 12.0 - y * (1.0 / 360.0 - y * (1.0 / 1260.0 - y * (1.0 / 1680.0 - y / 1188.0)))) / x
    return (x - 0.5) * log(x) - x + 0.9189385332046727 + tail - less


@step
def log_density(tilt, scores):
    """Logarithm of f, but for a constant."""
    total = 0.0
    for f in range(scores.size):
        shape = tilt.spread[f]
        total += shape * (scores[f] - exp(scores[f])) if tilt.gamma[f] else -0.5 * scores[f] * scores[f]
    return total


@step
def log_ratio(tilt, centre, width, scores):
    """Logarithm of q / f."""
    total = 0.0
    for f in range(scores.size):
        s, c, w = scores[f], centre[f], width[f]
        if tilt.gamma[f]:
            k = tilt.spread[f]
            total += c * log(w) - log_gamma_function(c) - k * log(k) + log_gamma_function(k)
            total += (c - k) * s - (w - k) * exp(s)
        else:
            n = (s - c) / w
            total += 0.5 * s * s - 0.5 * n * n - log(w)
    return log((1.0 - ALL_CELLS) * exp(total) + ALL_CELLS)


@step
def gamma_score(shape, rate, f, cell, attempt, k0, k1):
    """Logarithm of a gamma variate, by the method of Marsaglia & Tsang (ACM Trans Math Softw 2000;26:363-372)."""
    boosted = shape if shape >= 1.0 else shape + 1.0
    d = boosted - 1.0 / 3.0
    c = 1.0 / np.sqrt(9.0 * d)
    boost, first = 0.0, attempt * _WITHIN
    if shape < 1.0:
        u, _ = trait_words(cell, f, first + _WITHIN - np.uint64(1), k0, k1)
        boost = log(u) / shape
    # Of 63 tries none is taken once in 10^80.
    for word in range(63):
        u, accept = trait_words(cell, f, first + np.uint64(word), k0, k1)
        x = normal_quantile(u)
        v = (1.0 + c * x) * (1.0 + c * x) * (1.0 + c * x)
        if v > 0.0 and log(accept) < 0.5 * x * x + d - d * v + d * log(v):
            return log(d * v) + boost - log(rate)
    return log(d) + boost - log(rate)


@step
def propose(tilt, centre, width, cell, attempt, k0, k1, scores):
    """Scores proposed to a cell, and the uniform that decides whether they are taken."""
    accept, which = trait_words(cell, _TAKEN, attempt, k0, k1)
    plain = which < ALL_CELLS
    for f in range(scores.size):
        if tilt.gamma[f]:
            shape = tilt.spread[f]
            c, w = (shape, shape) if plain else (centre[f], width[f])
            scores[f] = gamma_score(c, w, np.uint64(f), cell, attempt, k0, k1)
        else:
            u, _ = trait_words(cell, np.uint64(f), attempt, k0, k1)
            n = normal_quantile(u)
            scores[f] = n if plain else centre[f] + width[f] * n
    return accept


@entry
def choose(tilt, centre, width, most, key, cells, logs, start, multiplier):
    """Choose the traits and starts of cells, and their multipliers.

    Parameters
    ----------
    tilt : Tilt
    centre, width, most
        As of ``Proposal``.
    key : (2,) uint64
    cells : (n,) uint64
    logs : (n, F) float
        Written: log Z of the independent frailties.
    start : (n,) uint32
        Written: which of the K starts.
    multiplier : (1 + Q, n) float
        Written: row 0 is 1.

    Returns
    -------
    int
        ``DONE``, ``ENDLESS`` or ``EXCEEDED``.
    """
    moves, columns = room_for(tilt.system)
    hazards, multipliers = np.empty(tilt.hazard.size), np.empty(tilt.powers.shape[0])
    h, scores = np.empty(tilt.goal.size), np.empty(tilt.gamma.size)
    k0, k1, bound = key[0], key[1], exp(most)
    for i in range(cells.size):
        attempt = 0
        while True:
            if attempt == MOST_TRIES:
                return ENDLESS
            accept = propose(tilt, centre, width, cells[i], np.uint64(attempt), k0, k1, scores)
            attempt += 1
            to_logs(tilt, scores, logs[i])
            found = chance(tilt, logs[i], moves, columns, hazards, multipliers, h)
            limit = bound * exp(log_ratio(tilt, centre, width, scores))
            if found > limit:
                return EXCEEDED
            # Next to the smallest numbers there are: such traits are never taken.
            if found > LEAST_CHANCE and accept * limit < found:
                break
        # Where it starts: the word that its founder has for it among all cells.
        _, which = trait_words(cells[i], _TAKEN, np.uint64(MOST_TRIES), k0, k1)
        part, total = which * found, 0.0
        start[i] = 0
        for k in range(tilt.start.size - 1):
            total += tilt.share[k] * h[tilt.start[k]]
            start[i] += np.uint32(part >= total)
        multiplier[0, i] = 1.0
        for q in range(tilt.exit_profile.size):
            value = multipliers[tilt.exit_profile[q]]
            if tilt.exit_target[q] >= 0:
                value *= h[tilt.exit_target[q]]
            if tilt.exit_source[q] >= 0:
                here = h[tilt.exit_source[q]]
                value = value / here if here > 0.0 else 0.0
            multiplier[1 + q, i] = value
    return DONE


@step
def height(tilt, kind, centre, width, scores, logs, moves, columns, hazards, multipliers, h):
    """What is searched for its top: log f H (kind 0), or log H f / q (kind 1)."""
    to_logs(tilt, scores, logs)
    found = chance(tilt, logs, moves, columns, hazards, multipliers, h)
    value = log(max(found, LEAST_CHANCE))
    return value + log_density(tilt, scores) if kind == 0 else value - log_ratio(tilt, centre, width, scores)


@entry
def climb(tilt, kind, centre, width, scores, smallest):
    """Climb from ``scores``, which become the top: Hooke and Jeeves' direct search, J ACM 1961;8:212-229.

    Returns
    -------
    float
        The height there.
    """
    moves, columns = room_for(tilt.system)
    hazards, multipliers = np.empty(tilt.hazard.size), np.empty(tilt.powers.shape[0])
    h, size = np.empty(tilt.goal.size), scores.size
    logs, trial, base = np.empty(size), scores.copy(), scores.copy()
    rooms = (moves, columns, hazards, multipliers, h)
    best = height(tilt, kind, centre, width, scores, logs, *rooms)
    step_size = 1.0
    while step_size > smallest:
        base[:] = scores
        before = best
        for f in range(size):
            for sign in (1.0, -1.0):
                trial[:] = scores
                trial[f] += sign * step_size
                value = height(tilt, kind, centre, width, trial, logs, *rooms)
                if value > best:
                    best = value
                    scores[:] = trial
                    break
        if best > before:
            # As far again in the direction that has helped.
            trial[:] = scores + (scores - base)
            value = height(tilt, kind, centre, width, trial, logs, *rooms)
            if value > best:
                best = value
                scores[:] = trial
        else:
            step_size *= 0.5
    return best


@entry
def moments(tilt, centre, width, key, number, mean, square):
    """Means of the scores (of gamma frailties: of Z) of those that succeed, and of their squares, from proposals.

    Returns
    -------
    float
        Chance to succeed, among all cells.
    """
    moves, columns = room_for(tilt.system)
    hazards, multipliers = np.empty(tilt.hazard.size), np.empty(tilt.powers.shape[0])
    h, scores, logs = np.empty(tilt.goal.size), np.empty(mean.size), np.empty(mean.size)
    mean[:] = 0.0
    square[:] = 0.0
    total = 0.0
    for i in range(number):
        propose(tilt, centre, width, np.uint64(i), np.uint64(0), key[0], key[1], scores)
        to_logs(tilt, scores, logs)
        found = chance(tilt, logs, moves, columns, hazards, multipliers, h)
        weight = found * exp(-log_ratio(tilt, centre, width, scores))
        total += weight
        for f in range(mean.size):
            value = exp(scores[f]) if tilt.gamma[f] else scores[f]
            mean[f] += weight * value
            square[f] += weight * value * value
    if total > 0.0:
        for f in range(mean.size):
            mean[f] /= total
            square[f] /= total
    return total / number
