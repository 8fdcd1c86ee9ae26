"""Frailties as independent factors: how correlated ones are mixed from them, which powers act on each hazard."""

from __future__ import annotations

import math

import numpy as np

from cascade.common.portable import exp, in_order, log1p, product
from cascade.common.types import Floats, Ints
from cascade.model import Model
from cascade.model.correlations import cholesky


def mixing_of(model: Model) -> tuple[Floats, Floats]:
    """How the logarithms of correlated frailties are made of independent ones.

    With log Z = sigma n - sigma^2 / 2 for each and n = L g, L Cholesky's factor of the
    correlations and g independent, log Z_f = sum_j (sigma_f L_fj / sigma_j) log Y_j + shift_f,
    where the Y_j have the same spreads as the Z_j and are independent.
    """
    size = len(model.frailties)
    if not model.correlations:
        return np.eye(size), np.zeros(size)
    names = [f.name for f in model.frailties]
    correlation = np.eye(size)
    for part in model.correlations:
        a, b = (names.index(name) for name in part.between)
        correlation[a, b] = correlation[b, a] = part.value
    rows = cholesky(correlation.tolist())
    assert rows is not None  # checked with the model
    root = np.array([[*row, *[0.0] * (size - len(row))] for row in rows])
    sigma = np.array([math.sqrt(log1p(f.cv * f.cv)) for f in model.frailties])
    alike = np.array([f.distribution == "lognormal" for f in model.frailties])
    mixing = np.where(alike[:, None] & alike, sigma[:, None] * root / sigma, np.eye(size))
    shift = np.where(alike, sigma * product(root, sigma * alike) / 2.0 - sigma * sigma / 2.0, 0.0)
    return mixing, shift


def profiles_of(model: Model, mixing: Floats, shift: Floats) -> tuple[Floats, Ints, Floats]:
    """Distinct rows of powers of the independent factors (P, F); row (T,) and constant factor (T,) of each hazard."""
    table, size = model.hazard_table, len(model.frailties)
    powers = np.zeros((len(table), size))
    for f, frailty in enumerate(model.frailties):
        for entry in frailty.hazards:
            powers[table.matching(entry.hazard, switches=False), f] = entry.power
    rows: dict[tuple[float, ...], int] = {(0.0,) * size: 0}
    profile, constant = np.zeros(len(table), np.int64), np.ones(len(table))
    for number in np.flatnonzero((powers != 0).any(axis=1)).tolist():
        mixed = product(mixing.T, powers[number]) if model.correlations else powers[number]
        profile[number] = rows.setdefault(tuple(mixed.tolist()), len(rows))
        shifts = zip(powers[number].tolist(), shift.tolist(), strict=True)
        constant[number] = exp(in_order(power * s for power, s in shifts))
    return np.array(list(rows), np.float64).reshape(len(rows), size), profile, constant
