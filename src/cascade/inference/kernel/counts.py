"""One count: its chance where what it has alone is known, and averaged over that."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

from cascade.inference.kernel.jit import step

MOST_STEPS = 100
MANY = 1e4
"""Counts above which derivatives are taken by parts."""

NARROW = 1e-7
"""Spreads below it are none."""


FEW, POINTS, MANY_POINTS = 5, 11, 31
"""Points of the rules; the last is for counts below a limit, whose chance is flat on one side."""

EVEN = 0.1
"""Skewness in standard units below which few points serve."""


@step
def chance(y, log_y, below, eta):
    """Log of the chance of a count over the saturated model, its derivative by eta, and minus the second one.

    With d = eta - log y, the first is -y (e^d - 1 - d): no difference of large numbers, however many were counted.
    """
    if below > 0.0:
        return _below(below, eta, math.exp(min(eta, 600.0)))
    if y == 0.0:
        rate = math.exp(min(eta, 600.0))
        return -rate, -rate, rate
    d = min(eta - log_y, 600.0)
    over = math.expm1(d)
    return -y * (over - d), -y * over, y * (1.0 + over)


@step
def _below(limit, eta, rate):
    """Of a count that is only known to be below a limit: sum over k < limit of the Poisson chances."""
    # Relative to the last term, downwards; where the rate is below the limit the terms grow at first.
    top = limit - 1.0
    term, total, k = 1.0, 1.0, top
    while k > 0.0:
        term *= k / rate
        total += term
        k -= 1.0
        if term < 1e-17 * total and k < rate:
            break
        if total > 1e250:
            # So far below the limit that it is certain.
            return 0.0, 0.0, 0.0
    last = top * eta - rate - math.lgamma(limit)
    value = last + math.log(total)
    # d/d eta of log sum is minus rate times the share of the last term.
    slope = rate / total
    return min(value, 0.0), -slope, max(slope * (limit - rate + slope), 0.0)


@step
def rule(skewness, limited):
    """Which rule serves, and how many points it has: few where the integrand is nearly normal."""
    if limited:
        return 2, MANY_POINTS
    return (0, FEW) if skewness < EVEN else (1, POINTS)


@step
def mode(y, log_y, below, eta, spread):
    """Where the chance of a count times the normal density of what it has alone is highest.

    From the right of it Newton's steps never pass it: the derivative is concave.
    """
    x = 0.0
    if below == 0.0 and y > 0.0 and log_y > eta:
        x = min(spread * spread * y, log_y - eta)
    precision = 1.0 / (spread * spread)
    for _ in range(MOST_STEPS):
        _, slope, curvature = chance(y, log_y, below, eta + x)
        change = (slope - x * precision) / (curvature + precision)
        x += change
        if abs(change) < 1e-9 * (1.0 + abs(x)):
            break
    return x


@step
def averaged(y, log_y, below, eta, spread, points, weights):
    """Log of the chance averaged over what a count has alone; the means of its derivative and of the square of that.

    ``points``, ``weights`` (3, K): of Gauss and Hermite, few and more, the weights with exp(points^2), in logs.
    """
    if spread < NARROW:
        value, slope, _ = chance(y, log_y, below, eta)
        return value, slope, 0.0
    center = mode(y, log_y, below, eta, spread)
    _, _, curvature = chance(y, log_y, below, eta + center)
    error = 1.0 / math.sqrt(curvature + 1.0 / (spread * spread))
    which, count = rule(curvature * error**3, below > 0.0)
    width = math.sqrt(2.0) * error
    # Over the mode, where the integrand is highest: nothing overflows.
    most, _, _ = chance(y, log_y, below, eta + center)
    most -= 0.5 * (center / spread) ** 2
    total, by_eta, mean, square = 0.0, 0.0, 0.0, 0.0
    for k in range(count):
        x = center + width * points[which, k]
        value, slope, _ = chance(y, log_y, below, eta + x)
        share = math.exp(value - 0.5 * (x / spread) ** 2 + weights[which, k] - most)
        total += share
        by_eta += share * slope
        mean += share * x
        square += share * x * x
    # width / (spread sqrt(2 pi)) of the substitution and the density.
    scale = math.log(width / (spread * 2.5066282746310002))
    # By parts the mean of the derivative is that of x over the variance: of large numbers without their noise.
    by_eta = mean / (spread * spread) if y > MANY else by_eta
    return most + math.log(total) + scale, by_eta / total, square / total
