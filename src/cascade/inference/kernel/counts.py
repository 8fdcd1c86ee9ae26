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
"""Points of the rules; the last is for counts below a limit or of none, whose chance is flat on one side, and few."""

SHARP = 1.5
"""Spread times the root of a limit above which the chance to be below it is a step: then what is drawn is averaged."""

STEP, FAR, FADED = 0.4, 10.0, 40.0
"""Of the trapezoidal rule over what is drawn, in widths at its mode; how far it reaches; a logarithm of nothing."""

EVEN, SKEW = 0.1, 0.3
"""Skewness in standard units below which few points serve, and above which many are needed."""


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
def _log_normal(z):
    """Logarithm of the chance that a standard normal is below z."""
    if z > -20.0:
        return math.log(0.5 * math.erfc(-z / 1.4142135623730951))
    return -0.5 * z * z - math.log(-z * 2.5066282746310002) + math.log1p(-1.0 / z**2 + 3.0 / z**4 - 15.0 / z**6)


@step
def _below_averaged(limit, eta, spread):
    """Of a count below a limit, averaged over what it has alone, where that is wide: as ``averaged``.

    A Poisson count is below L if a gamma variable of shape L is above its rate.  So with g its logarithm,

        E_x P(count < L | eta + x) = E_g Phi((g - eta) / spread),

    which is smooth in g where the chance as a function of x is a step.  Given g and that x < u = g - eta, with
    z = u / spread and m = phi(z) / Phi(z), the mean of x^2 is spread^2 (1 - z m); the derivative of log Phi by eta is
    -m / spread.
    """
    middle = math.log(limit) - eta
    # The mode of t = g - log L in the integrand, which is log-concave, and how narrow it is there.
    t, bent = 0.0, limit
    for _ in range(MOST_STEPS):
        z = (t + middle) / spread
        mills = math.exp(-0.5 * z * z - _log_normal(z)) / 2.5066282746310002
        bent = limit * math.exp(t) + mills * (mills + z) / (spread * spread)
        change = (limit * (1.0 - math.exp(t)) + mills / spread) / bent
        t += min(max(change, -1.0), 1.0)
        if abs(change) < 1e-9:
            break
    wide = 1.0 / math.sqrt(max(bent, limit))
    low, high = t - FAR * wide - FADED / limit, t + FAR * wide
    count = int((high - low) / (STEP * wide)) + 1
    width = (high - low) / count
    constant = limit * math.log(limit) - math.lgamma(limit) + math.log(width)
    most, total, by_eta, square = -math.inf, 0.0, 0.0, 0.0
    for k in range(count + 1):
        t = low + k * width
        z = (t + middle) / spread
        inside = _log_normal(z)
        logged = constant + limit * (t - math.exp(t)) + inside
        if logged > most:
            again = math.exp(most - logged)
            total, by_eta, square, most = total * again, by_eta * again, square * again, logged
        share = math.exp(logged - most)
        mills = math.exp(-0.5 * z * z - inside) / 2.5066282746310002
        total += share
        by_eta -= share * mills / spread
        square += share * max(0.0, 1.0 - z * mills)
    return min(most + math.log(total), 0.0), by_eta / total, spread * spread * square / total


@step
def rule(skewness, limited):
    """Which rule serves, and how many points it has: few where the integrand is nearly normal."""
    if limited or skewness > SKEW:
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
    if spread * math.sqrt(below) > SHARP:
        return _below_averaged(below, eta, spread)
    center = mode(y, log_y, below, eta, spread)
    _, _, curvature = chance(y, log_y, below, eta + center)
    error = 1.0 / math.sqrt(curvature + 1.0 / (spread * spread))
    which, count = rule(curvature * error**3, below > 0.0 or y == 0.0)
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
