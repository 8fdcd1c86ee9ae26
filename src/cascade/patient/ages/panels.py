"""Functions of age as values at p points of each of some panels: interpolation, sums of shifts, convolution.

A function is 0 before the first edge and is that of the last panel beyond the last edge.  In a panel it is e^(rate age)
times a polynomial: where it grows over some orders of magnitude it is right to a part of what it is there.
"""

from __future__ import annotations

import numpy as np
from numba import njit

entry = njit(nogil=True, error_model="numpy")
step = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


@step
def panel_of(edges, x):
    """The panel that holds an age, which is not before the first edge."""
    low, high = 0, edges.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if edges[middle] <= x:
            low = middle
        else:
            high = middle
    return low


@step
def weights_of(edges, rates, points, bary, k, x, out):
    """Weights of the points of panel k at an age: Lagrange's, by the barycentric formula, of f e^(-rate age)."""
    y = (2.0 * x - edges[k] - edges[k + 1]) / (edges[k + 1] - edges[k])
    total = 0.0
    for i in range(points.size):
        away = y - points[i]
        if away == 0.0:
            out[:] = 0.0
            out[i] = 1.0
            return
        out[i] = bary[i] / away
        total += out[i]
    half = 0.5 * rates[k] * (edges[k + 1] - edges[k])
    for i in range(points.size):
        out[i] *= np.exp(half * (y - points[i])) / total if half != 0.0 else 1.0 / total


@entry
def shifted(edges, rates, points, bary, ages, shifts, shares, out):
    """Rows of sum_k share_k f(age - shift_k), added to ``out`` (ages, panels x points)."""
    p = points.size
    weights = np.empty(p)
    for a in range(ages.size):
        for k in range(shifts.size):
            x = ages[a] - shifts[k]
            if x < edges[0]:
                continue
            panel = panel_of(edges, x)
            weights_of(edges, rates, points, bary, panel, x, weights)
            for i in range(p):
                out[a, panel * p + i] += shares[k] * weights[i]


@entry
def convolved(edges_b, rates_b, births, edges_h, rates_h, points, bary, gauss, ages, least, out):
    """Rows of int births_j(v) h(age - v) dv over age - v >= least, added to ``out`` (J, ages, panels x points of h).

    The interval is cut at the edges of both, so that each part is smooth; ``gauss``: weights of the points.
    """
    p, number = points.size, births.shape[1]
    at_b, at_h = np.empty(p), np.empty(p)
    last_b, last_h = edges_b.size - 1, edges_h.size - 1
    value = np.empty(number)
    for a in range(ages.size):
        age = ages[a]
        low, end = edges_b[0], min(edges_b[last_b], age - max(edges_h[0], least))
        i = 0
        j = last_h
        while low < end:
            while i < last_b - 1 and edges_b[i + 1] <= low:
                i += 1
            while j > 1 and age - edges_h[j - 1] <= low:
                j -= 1
            high = end
            if i < last_b - 1:
                high = min(high, edges_b[i + 1])
            if j > 1:
                high = min(high, age - edges_h[j - 1])
            half, middle = 0.5 * (high - low), 0.5 * (high + low)
            for q in range(p):
                v = middle + half * points[q]
                weights_of(edges_b, rates_b, points, bary, i, v, at_b)
                weights_of(edges_h, rates_h, points, bary, j - 1, age - v, at_h)
                for s in range(number):
                    total = 0.0
                    for k in range(p):
                        total += at_b[k] * births[i * p + k, s]
                    value[s] = total * half * gauss[q]
                for s in range(number):
                    for k in range(p):
                        out[s, a, (j - 1) * p + k] += value[s] * at_h[k]
            low = high
