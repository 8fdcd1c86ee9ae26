"""A search and profiles of our own against those of iminuit, on the same likelihood."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cascade
from cascade.inference.drawing import drawn

iminuit = pytest.importorskip("iminuit", reason="pip install 'metastatic-cascade[test]'")

HAZARDS = ["lodged.extravasated", "dormant.death of dormant cells", "micrometastasis.regression"]
COUNTED = {"solitary": ["lodged", "extravasated", "dormant"], "grown": ["micrometastasis", "macrometastasis"]}


def test_estimates_and_profiles_are_those_of_iminuit() -> None:
    """Three hazards, two spreads: iminuit follows the same restricted likelihood by its own search, without slopes."""
    rows = [
        {"animal": f"{day}{k}", "day": day, "observable": name, "count": 0}
        for day in (1, 5, 13)
        for k in range(6)
        for name in COUNTED
    ]
    model = cascade.load("b16f1-liver")
    design = cascade.fit(model, cascade.Data.counts(rows, COUNTED, cells=3e5), HAZARDS, starts=0)
    rng = np.random.default_rng(5)
    data = drawn(design.likelihood, np.array([0.2, -0.3, 0.1]), np.array([0.3, 0.2]), rng)
    fit = cascade.fit(model, data, HAZARDS)
    likelihood, size = fit.likelihood, len(HAZARDS)

    def cost(x: np.ndarray) -> float:
        expected = likelihood.expected(x[:size], slopes=False)
        if not likelihood.possible(expected):
            return 1e9
        return -likelihood.restricted(expected, x[size:], fit.reference).value

    begin = np.concatenate([fit.best.theta, fit.best.spreads])
    search = iminuit.Minuit(cost, begin + 0.05)
    search.errordef, search.strategy, search.tol = 0.5, 2, 1e-4
    search.limits[size:] = [(-6.0, 2.0)] * (len(begin) - size)
    search.migrad()
    assert search.valid
    errors = np.sqrt(np.diag(fit.covariance))
    assert (np.abs(np.array(search.values)[:size] - fit.best.theta) < 0.01 * errors[:size] + 1e-4).all()
    for p, name in enumerate(HAZARDS):
        profile = fit.profile(name)
        ends = {"low": profile.low, "high": profile.high}
        for side, end in ends.items():
            assert math.isfinite(end), (name, side)
            one = iminuit.Minuit(cost, np.array(search.values))
            one.errordef, one.strategy, one.tol = 0.5, 2, 1e-4
            one.limits[size:] = [(-6.0, 2.0)] * (len(begin) - size)
            one.values[p], one.fixed[p] = end, True
            one.migrad()
            root = math.sqrt(2.0 * (one.fval - search.fval))
            # A signed root at the end of the interval, to a thousandth of it.
            assert root == pytest.approx(profile.cut, rel=2e-3), (name, side)
