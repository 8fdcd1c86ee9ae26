"""Animals: their counts together, averaged over what all counts of an animal share."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from cascade.inference.kernel.counts import NARROW, averaged, chance, mode, rule
from cascade.inference.kernel.jit import entry, step

MOST_STEPS = 60

REACH, FINE, MOST = 9.0, 0.8, 4000
"""Of the rule over what the counts share where some are below a limit: its reach in widths of the law, its step in
those of the narrowest chance, and how many points it has at most."""


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
def _steps(first, end, counts, logs, below, eta, alone, shared, center, error):
    """Where the trapezoidal rule begins, and its step; 0 where no count is below a limit, and Gauss's rule serves.

    The law of what is shared is no narrower than these counts make it at its mode and no wider than those that were
    seen let it be; a chance to be below a limit L is a step as wide as what a count has alone and its own chance.
    """
    limited, precision, narrow = False, 1.0 / (shared * shared), error
    for j in range(first, end):
        if below[j] > 0.0:
            limited = True
            narrow = min(narrow, math.sqrt(1.0 / below[j] + alone[j] * alone[j]))
        else:
            x = mode(counts[j], logs[j], below[j], eta[j] + center, alone[j]) if alone[j] >= NARROW else 0.0
            _, _, bent = chance(counts[j], logs[j], below[j], eta[j] + center + x)
            precision += bent / (1.0 + alone[j] * alone[j] * bent)
    if not limited:
        return center, 0.0
    far = REACH / math.sqrt(precision)
    return center - far, max(FINE * narrow, 2.0 * far / MOST)


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
    which, count = rule((curvature - 1.0 / shared**2) * error**3, False)
    width = math.sqrt(2.0) * error
    begin, step_ = _steps(first, end, counts, logs, below, eta, alone, shared, center, error)
    if step_ > 0.0:
        count = int(2.0 * (center - begin) / step_) + 1
    slopes, means = np.zeros(size), np.zeros(size)
    total_slopes, total_squares = np.zeros(size), np.zeros(size)
    most, total, square = -math.inf, 0.0, 0.0
    for k in range(count):
        b = center + width * points[which, k] if step_ == 0.0 else begin + k * step_
        logged = (weights[which, k] if step_ == 0.0 else 0.0) - 0.5 * (b / shared) ** 2
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
    over = width if step_ == 0.0 else step_
    return most + math.log(total) + math.log(over / (shared * 2.5066282746310002)), square / total


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
