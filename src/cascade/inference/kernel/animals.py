"""Animals: their counts together, averaged over what all counts of an animal share."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from cascade.inference.kernel.counts import NARROW, SHARP, averaged, chance, mode, rule
from cascade.inference.kernel.jit import entry, step

MOST_STEPS = 60

REACH, FADED, COARSE = 9.0, 40.0, 3.0
"""Where some counts are below a limit: reach of the rule, in widths; a logarithm of nothing; panels, in widths."""

AROUND = np.array([-8.0, -5.0, -2.5, 0.0, 2.5, 5.0, 8.0])
"""Ends of panels around a step, in its widths."""

NODES, SHARES = np.polynomial.legendre.leggauss(12)
"""Of a panel, from -1 to 1."""


@step
def _shared_mode(first, end, counts, logs, below, eta, alone, shared):
    """Most likely of what the counts share, with what each has alone; and the curvature there."""
    precision = 1.0 / (shared * shared)
    low, high, b = -1e3, 1e3, 0.0
    for _ in range(MOST_STEPS):
        slope, curvature = -b * precision, precision
        for j in range(first, end):
            x = mode(counts[j], logs[j], below[j], eta[j] + b, alone[j]) if alone[j] >= NARROW else 0.0
            _, more, bent = chance(counts[j], logs[j], below[j], eta[j] + b + x)
            slope += more
            curvature += bent / (1.0 + alone[j] * alone[j] * bent)
        if slope > 0.0:
            low = b
        else:
            high = b
        change = slope / curvature
        if not low < b + change < high:
            change = (low + high) / 2.0 - b
        b += change
        if abs(change) < 1e-9 * (1.0 + abs(b)):
            break
    return b, curvature


@step
def _steep(below, alone, shared):
    """How wide a step the chance to be below a limit is, where it is narrow beside what counts share; else 0."""
    if below == 0.0:
        return 0.0
    width = math.sqrt(1.0 / below + alone * alone)
    return width if shared > SHARP * width else 0.0


@step
def _places(first, end, counts, logs, below, eta, alone, shared, center, error, points, weights):
    """Points at which what the counts share is asked for, and the logarithms of their weights.

    Gauss and Hermite's around the mode, where all counts were seen.  A chance to be below a limit L is a step, as wide
    as what a count has alone and its own chance let it be, which such points may miss: then Gauss and Legendre's in
    panels, as wide as the law that the seen counts allow, and narrow around each step and around the mode.  The
    integrand is log-concave, and no wider than what is shared; on the left counts that were seen fade as exp(y b).
    """
    limits, seen, precision, narrow = 0, 0.0, 1.0 / (shared * shared), False
    for j in range(first, end):
        if _steep(below[j], alone[j], shared) > 0.0:
            limits += 1
            continue
        narrow |= below[j] > 0.0 or counts[j] == 0.0
        x = mode(counts[j], logs[j], below[j], eta[j] + center, alone[j]) if alone[j] >= NARROW else 0.0
        _, _, bent = chance(counts[j], logs[j], below[j], eta[j] + center + x)
        precision += bent / (1.0 + alone[j] * alone[j] * bent)
        seen += counts[j]
    if limits == 0:
        which, count = rule((precision - 1.0 / shared**2) * error**3, narrow)
        width = math.sqrt(2.0) * error
        return center + width * points[which, :count], weights[which, :count] + math.log(width)
    wide = 1.0 / math.sqrt(precision)
    low = center - (min(REACH * wide + FADED / seen, REACH * shared) if seen > 0.0 else REACH * shared)
    high = center + REACH * wide
    many = int((high - low) / (COARSE * wide)) + 1
    ends = np.empty(many + 1 + len(AROUND) * (limits + 1))
    for k in range(many + 1):
        ends[k] = low + (high - low) * k / many
    n = many + 1
    for j in range(first - 1, end):
        by = error if j < first else _steep(below[j], alone[j], shared)
        if by == 0.0:
            continue
        middle = center if j < first else math.log(below[j]) - eta[j]
        for k in range(len(AROUND)):
            ends[n] = min(max(middle + by * AROUND[k], low), high)
            n += 1
    ends.sort()
    places, logged, n = np.zeros(len(ends) * len(NODES)), np.full(len(ends) * len(NODES), -math.inf), 0
    for k in range(len(ends) - 1):
        half = 0.5 * (ends[k + 1] - ends[k])
        if half > 0.0:
            for g in range(len(NODES)):
                places[n], logged[n] = ends[k] + half * (1.0 + NODES[g]), math.log(half * SHARES[g])
                n += 1
    return places[:n], logged[:n]


@step
def _one(first, end, counts, logs, below, eta, alone, shared, points, weights, by_eta, squares):
    """Of one animal: log chance, the mean square of what its counts share; adds to what each count has."""
    if shared < NARROW:
        total = 0.0
        for j in range(first, end):
            value, by_eta[j], squares[j] = averaged(counts[j], logs[j], below[j], eta[j], alone[j], points, weights)
            total += value
        return total, 0.0
    if end - first == 1:
        # Both are normal, and only their sum is seen.
        both = shared * shared + alone[first] * alone[first]
        value, by_eta[first], square = averaged(
            counts[first], logs[first], below[first], eta[first], math.sqrt(both), points, weights
        )
        # E[x^2] / both - 1 is the derivative by the logarithm of the spread of the sum.
        moved = square / both - 1.0
        squares[first] = alone[first] ** 2 * (1.0 + moved * alone[first] ** 2 / both)
        return value, shared * shared * (1.0 + moved * shared * shared / both)
    center, curvature = _shared_mode(first, end, counts, logs, below, eta, alone, shared)
    size, error = end - first, 1.0 / math.sqrt(curvature)
    places, logged_weights = _places(
        first, end, counts, logs, below, eta, alone, shared, center, error, points, weights
    )
    slopes, means = np.zeros(size), np.zeros(size)
    total_slopes, total_squares = np.zeros(size), np.zeros(size)
    most, total, square = -math.inf, 0.0, 0.0
    for k in range(len(places)):
        b = places[k]
        logged = logged_weights[k] - 0.5 * (b / shared) ** 2
        for j in range(first, end):
            value, slope, mean = averaged(counts[j], logs[j], below[j], eta[j] + b, alone[j], points, weights)
            logged += value
            slopes[j - first], means[j - first] = slope, mean
        if logged > most:
            again = math.exp(most - logged)
            total, square, most = total * again, square * again, logged
            total_slopes *= again
            total_squares *= again
        share = math.exp(logged - most)
        total += share
        square += share * b * b
        total_slopes += share * slopes
        total_squares += share * means
    for j in range(size):
        by_eta[first + j], squares[first + j] = total_slopes[j] / total, total_squares[j] / total
    return most + math.log(total) - math.log(shared * 2.5066282746310002), square / total


@entry
def likelihood(begin, counts, below, eta, kind, shared, spreads, points, weights, by_animal, by_eta, by_spread):
    """Log likelihood of each animal over the saturated model, and derivatives.

    Parameters
    ----------
    begin : (A + 1,) int
        First count of each animal.
    counts, below : (n,) float
        What was counted; where ``below`` > 0 only that it was less than that.
    eta : (n,) float
        Log expected count of the median animal.
    kind : (n,) int
        Which of the spreads a count has alone; -1: none.
    shared : float
        Spread of what all counts of an animal share; 0: nothing.
    spreads : (S,) float
    points, weights : (3, K) float
        Of Gauss and Hermite, by rule; the logarithms of the weights, plus the squares of the points.
    by_animal : (A,) float; by_eta : (n,) float
        Written: log likelihoods, and derivatives.
    by_spread : (A, 1 + S) float
        Written: derivatives by the logarithms of the shared spread and of the others.
    """
    alone, squares, logs = np.zeros(len(counts)), np.zeros(len(counts)), np.zeros(len(counts))
    for j in range(len(counts)):
        if counts[j] > 0.0:
            logs[j] = math.log(counts[j])
        if kind[j] >= 0:
            alone[j] = spreads[kind[j]]
    for a in range(len(begin) - 1):
        first, end = begin[a], begin[a + 1]
        by_animal[a], square = _one(
            first, end, counts, logs, below, eta, alone, shared, points, weights, by_eta, squares
        )
        by_spread[a] = 0.0
        if shared >= NARROW:
            by_spread[a, 0] = square / (shared * shared) - 1.0
        for j in range(first, end):
            if kind[j] >= 0 and alone[j] >= NARROW:
                by_spread[a, 1 + kind[j]] += squares[j] / (alone[j] * alone[j]) - 1.0
