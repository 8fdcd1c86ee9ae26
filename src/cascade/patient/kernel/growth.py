"""Size by own time, own time by size, and what has been shed by an own time: both ways."""

from __future__ import annotations

import numpy as np

from cascade.kernel.numerics import exp, log
from cascade.patient.kernel.inputs import EXPONENTIAL, GOMPERTZ, LOGISTIC, POWER
from cascade.patient.kernel.jit import entry, step

NEWTON = 4
"""Steps that find a place within an interval of the table to the last digit."""


@step
def log_size(curve, own):
    """Logarithm of the cells at an own time."""
    if curve.law == EXPONENTIAL:
        return curve.rate * own
    if curve.law == GOMPERTZ:
        return curve.limit * (1.0 - exp(-curve.rate / curve.limit * own))
    if curve.law == LOGISTIC:
        q = curve.power
        c = exp(q * curve.limit) - 1.0
        return curve.limit - log(1.0 + c * exp(-q * curve.rate * own)) / q
    if curve.law == POWER:
        return log(1.0 + (1.0 - curve.power) * curve.rate * own) / (1.0 - curve.power)
    i = min(max(np.searchsorted(curve.days, own, side="right") - 1, 0), curve.slopes.size - 1)
    return curve.logs[i] + curve.slopes[i] * (own - curve.days[i])


@step
def own_time(curve, log_cells):
    """Own time at which so many cells are there; infinity where there never are."""
    if curve.law == EXPONENTIAL:
        return log_cells / curve.rate
    if curve.law == GOMPERTZ:
        left = 1.0 - log_cells / curve.limit
        return -log(left) * curve.limit / curve.rate if left > 0.0 else np.inf
    if curve.law == LOGISTIC:
        q = curve.power
        c = exp(q * curve.limit) - 1.0
        left = (exp(q * (curve.limit - log_cells)) - 1.0) / c
        return -log(left) / (q * curve.rate) if left > 0.0 else np.inf
    if curve.law == POWER:
        return (exp((1.0 - curve.power) * log_cells) - 1.0) / ((1.0 - curve.power) * curve.rate)
    i = min(max(np.searchsorted(curve.logs, log_cells, side="right") - 1, 0), curve.slopes.size - 1)
    return curve.days[i] + (log_cells - curve.logs[i]) / curve.slopes[i]


@entry
def sizes_at(curve, own, logs):
    """``log_size`` of many."""
    for i in range(own.size):
        logs[i] = log_size(curve, own[i])


@entry
def times_of(curve, logs, own):
    """``own_time`` of many."""
    for i in range(own.size):
        own[i] = own_time(curve, logs[i])


@entry
def tabulate(curve, exponent, own, nodes, weights, total, slope):
    """The integral of n^exponent at the nodes ``own``, by Gauss between them, and n^exponent there."""
    slope[0] = exp(exponent * log_size(curve, own[0]))
    total[0] = 0.0
    for i in range(1, own.size):
        slope[i] = exp(exponent * log_size(curve, own[i]))
        half, middle, part = 0.5 * (own[i] - own[i - 1]), 0.5 * (own[i] + own[i - 1]), 0.0
        for k in range(nodes.size):
            part += weights[k] * exp(exponent * log_size(curve, middle + half * nodes[k]))
        total[i] = total[i - 1] + half * part


@step
def place(nodes, value):
    """Index of the interval that holds a value: that of the first below, of the last beyond."""
    low, high = 0, nodes.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if nodes[middle] <= value:
            low = middle
        else:
            high = middle
    return low


@step
def cubic(x, width, y0, y1, d0, d1):
    """Hermite's cubic at a part x of an interval, and its slope by x."""
    rise, m0, m1 = y1 - y0, width * d0, width * d1
    a, b = m0 + m1 - 2.0 * rise, 3.0 * rise - 2.0 * m0 - m1
    return y0 + x * (m0 + x * (b + x * a)), m0 + x * (2.0 * b + 3.0 * x * a)


@step
def shed_by(shed, route, own):
    """What has been shed by an own time, in days cells^exponent."""
    nodes, total, slope = shed.own[route], shed.sum[route], shed.slope[route]
    last = nodes.size - 1
    if own <= nodes[0]:
        return 0.0
    if own >= nodes[last]:
        return total[last] + slope[last] * (own - nodes[last])
    i = place(nodes, own)
    width = nodes[i + 1] - nodes[i]
    x = (own - nodes[i]) / width
    return cubic(x, width, total[i], total[i + 1], slope[i], slope[i + 1])[0]


@step
def own_of_shed(shed, route, amount):
    """The own time by which so much has been shed: Newton's method, kept within the interval."""
    nodes, total, slope = shed.own[route], shed.sum[route], shed.slope[route]
    last = nodes.size - 1
    if amount >= total[last]:
        return nodes[last] + (amount - total[last]) / slope[last]
    i = place(total, amount)
    width = nodes[i + 1] - nodes[i]
    x = (amount - total[i]) / (total[i + 1] - total[i])
    for _ in range(NEWTON):
        value, rise = cubic(x, width, total[i], total[i + 1], slope[i], slope[i + 1])
        x = min(max(x - (value - amount) / rise, 0.0), 1.0)
    return nodes[i] + x * width
