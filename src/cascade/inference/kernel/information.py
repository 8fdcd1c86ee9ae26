"""How much counts tell about hazards: their normal approximation, and its derivatives by the spreads."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from cascade.inference.kernel.jit import entry


@entry
def information(begin, slopes, rate, kind, shared, spreads, total, by_spread):
    """Add sum over animals of D' V^-1 D, V = shared^2 1 1' + diag(spread^2 + 1 / rate), and its derivatives.

    With W = diag of 1 / (spread^2 + 1 / rate), V^-1 = W - W 1 1' W / (1 / shared^2 + 1' W 1).

    Parameters
    ----------
    begin : (A + 1,) int
    slopes : (n, P) float
        D, of the logarithms of expected counts.
    rate : (n,) float
        Expected counts; where 0 a count tells nothing.
    kind : (n,) int; shared : float; spreads : (S,) float
        As for `cascade.inference.kernel.animals.likelihood`.
    total : (P, P) float; by_spread : (1 + S, P, P) float
        Added to: the information, and its derivatives by the logarithms of the spreads.
    """
    P = slopes.shape[1]  # noqa: N806
    for a in range(len(begin) - 1):
        first, end = begin[a], begin[a + 1]
        m = end - first
        w, sum_w = np.zeros(m), 0.0
        for j in range(m):
            if rate[first + j] > 0.0:
                tau = spreads[kind[first + j]] if kind[first + j] >= 0 else 0.0
                w[j] = 1.0 / (tau * tau + 1.0 / rate[first + j])
                sum_w += w[j]
        if sum_w == 0.0:
            continue
        lever = shared * shared / (1.0 + shared * shared * sum_w)
        # u = V^-1 D row by row: w_j (D_j - lever * sum_i w_i D_i).
        mean = np.zeros(P)
        for j in range(m):
            for p in range(P):
                mean[p] += w[j] * slopes[first + j, p]
        u = np.zeros((m, P))
        for j in range(m):
            for p in range(P):
                u[j, p] = w[j] * (slopes[first + j, p] - lever * mean[p])
        sums = np.zeros(P)
        for j in range(m):
            tau = spreads[kind[first + j]] if kind[first + j] >= 0 else 0.0
            for p in range(P):
                sums[p] += u[j, p]
                for q in range(P):
                    total[p, q] += u[j, p] * slopes[first + j, q]
                    if kind[first + j] >= 0 and rate[first + j] > 0.0:
                        by_spread[1 + kind[first + j], p, q] -= 2.0 * tau * tau * u[j, p] * u[j, q]
        for p in range(P):
            for q in range(P):
                by_spread[0, p, q] -= 2.0 * shared * shared * sums[p] * sums[q]
