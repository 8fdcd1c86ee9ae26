"""How well a fit foretells an animal that it has not seen: against laws that are known, and against fits without it."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade.inference.left_out import _anew, weighed
from cascade.inference.pareto import pareto_of

HAZARDS = ["dormant.death of dormant cells", "micrometastasis.regression", "extravasated.micrometastasis"]
COUNTED = {"solitary": ["lodged", "extravasated", "dormant"], "grown": ["micrometastasis", "macrometastasis"]}


@cache
def fit(free: int = 3, experiments: bool = False) -> cascade.Fit:
    """Of twelve animals."""
    table = {
        "mouse": [f"{day}{k}" for day in (1, 13) for k in range(6)],
        "day": [1] * 6 + [13] * 6,
        "solitary": [78300, 91400, 66900, 81000, 69500, 88200, 31200, 44800, 38100, 50600, 73900, 61400],
        "grown": [1320, 1610, 980, 1240, 1450, 1530, 24, 31, 19, 61, 44, 70],
    }
    if experiments:
        table["batch"] = ["p", "q", "r"] * 4
    data = cascade.Data.counts(table, COUNTED, wide=list(COUNTED), cells=1e5)
    return cascade.fit(cascade.load("b16f1-liver"), data, HAZARDS[:free])


@pytest.mark.parametrize(("n", "sd"), [(8, 1.0), (30, 0.5)])
def test_of_a_normal_mean_what_is_left_out_has_the_known_density(n: int, sd: float) -> None:
    """Draws of the posterior of a mean with a flat prior; the law of one value given all others is normal, too.

    20,000 draws; the largest error of some dozen such values is some 0.02 where k is below 0.5.
    """
    rng = np.random.default_rng(n)
    values = rng.normal(0.0, sd, n)
    draws = rng.normal(values.mean(), sd / math.sqrt(n), 20_000)
    for a in range(n):
        found, k = weighed(stats.norm.logpdf(values[a], draws, sd))
        others = np.delete(values, a)
        wanted = stats.norm.logpdf(values[a], others.mean(), sd * math.sqrt(1 + 1 / (n - 1)))
        assert k < 0.7
        assert found == pytest.approx(wanted, abs=0.06)


def test_the_largest_weights_are_quantiles_of_their_law() -> None:
    """Of a Pareto law with k = 0.5: none is raised above the largest, all others stay, k is told within four errors."""
    rng = np.random.default_rng(3)
    weights = rng.pareto(2.0, 4_000) + 1.0
    k, smooth = pareto_of(weights)
    tail = int(3 * math.sqrt(4_000))
    assert k == pytest.approx(0.5, abs=4 * 1.5 / math.sqrt(tail))
    order = np.argsort(weights)
    assert np.array_equal(smooth[order[:-tail]], weights[order[:-tail]])
    assert smooth.max() <= weights.max()
    assert (np.diff(smooth[order[-tail:]]) >= 0).all()


@pytest.mark.parametrize("experiments", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_is_weighed_is_what_a_fit_without_it_says(experiments: bool) -> None:
    """Within the error of 2,000 draws."""
    whole = fit(2, experiments)
    posterior = whole.posterior(draws=2_000, seed=5)
    told = whole.leave_out(draws=2_000, seed=5)
    assert told.settled
    assert len(told.rows) == (3 if experiments else 12)
    checked = [a for a, row in enumerate(told.rows) if not row.anew][:3]
    assert checked
    for a in checked:
        exact, settled = _anew(whole, posterior, a, seed=11)
        assert settled
        assert told.rows[a].log_density == pytest.approx(exact, abs=0.3)


def test_each_animal_adds_up_to_the_likelihood() -> None:
    for one in (fit(2), fit(2, True), cascade.fit(fit(1).model, fit(1).data, HAZARDS[:1], vary=HAZARDS[0], starts=0)):
        expected = one.likelihood.expected(one.best.theta)
        each = one.likelihood.each(expected, one.best.spreads)
        assert len(each) == len(one.likelihood.units)
        assert each.sum() == pytest.approx(one.likelihood.of(expected, one.best.spreads).value, rel=1e-9)


def test_a_model_that_cannot_know_is_foretold_worse() -> None:
    """Of the regression of colonies the counts of day 13 tell: where it is held wrong all are foretold far worse."""
    wrong = cascade.load("b16f1-liver").with_(scale={HAZARDS[1]: 0.2})
    free, held = (cascade.fit(wrong, fit().data, HAZARDS[:k], starts=1).leave_out() for k in (2, 1))
    more, error = free.over(held)
    assert more > 3.0 * error
    assert held.over(free) == (-more, error)
    assert "standard error" in str(free)
    assert "Of so few as 12" in str(free)


def test_times_are_left_out_one_by_one() -> None:
    rows = [{"patient": str(k), "day": 5 + 3 * k, "event": "metastasis" if k % 3 else ""} for k in range(9)]
    times = cascade.Data.times(rows, {"metastasis": "macrometastasis"}, cells=2e6)
    told = cascade.fit(cascade.load("textbook"), times, ["micrometastasis.macrometastasis"], starts=0).leave_out()
    assert [row.animal for row in told.rows] == [str(k) for k in range(9)]
    assert math.isfinite(told.total)


def test_of_other_animals_there_is_no_difference() -> None:
    with pytest.raises(cascade.InputError, match="same data"):
        fit(2).leave_out().over(fit(2, True).leave_out())
