"""Fits beside each other and their data: criteria by hand, chances that are kept, planted faults that are seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade import Data
from cascade.inference.drawing import drawn
from cascade.inference.free import free_of
from cascade.inference.likelihood import Likelihood
from helpers.budget import ALPHA
from helpers.models import DECAY


def study(
    seed: int, *, arms: tuple[str, ...] = ("a", "b"), animals: int = 6, factor: float = 1.0, fate: float = 0.0
) -> Data:
    """Counts of animals that differ by 0.2; in the second arm the hazard is another; ``fate``: later counts are off."""
    rows = [
        {"animal": f"{h} {k}", "arm": arm, "hours": h, "observable": name, "count": 5}
        for arm in arms for h in (3.0, 12.0, 30.0) for k in range(animals) for name in ("here", "gone")
    ]  # fmt: skip
    data, rng = Data.counts(rows, cells=1e4), np.random.default_rng(seed)
    models = {arm: DECAY.with_(scale={"here.lost": factor if arm == "b" else 1.0}) for arm in arms}
    likelihood = Likelihood(models, data, free_of(models, ["here.lost"], (), None), spread="one", shared=False)
    counts = drawn(likelihood, np.zeros(1), np.array([0.2]), rng)
    late = np.array([row.hours > 20 and row.observable == "here" for row in counts.rows])
    return counts.with_counts(np.where(late, counts.of("count") * math.exp(fate), counts.of("count")).astype(int))


def test_criteria_are_those_of_the_likelihoods() -> None:
    data = study(1, factor=2.0)
    one = cascade.fit(DECAY, data, ["here.lost", "here.gone"], starts=0, dose=False)
    two = cascade.fit(DECAY, data, ["here.lost", "here.gone"], by="arm", shared=["here.gone"], starts=0, dose=False)
    table = one.compare(two)
    more, less = table.rows
    assert (more.numbers, less.numbers) == (4, 3)
    assert more.log_likelihood == two.log_likelihood
    assert more.aic == 0
    assert less.aic == pytest.approx(-2 * one.log_likelihood + 6 - (-2 * two.log_likelihood + 8))
    assert less.chance == pytest.approx(stats.chi2.sf(2 * (two.log_likelihood - one.log_likelihood), 1))
    assert less.chance < 1e-4
    assert math.isnan(more.chance)
    assert sum(row.weight for row in table) == pytest.approx(1.0)


def test_only_parts_have_a_ratio() -> None:
    data = study(2)
    one = cascade.fit(DECAY, data, ["here.lost"], starts=0, dose=False)
    other = cascade.fit(DECAY, data, ["here.gone"], starts=0, dose=False)
    spreads = cascade.fit(DECAY, data, ["here.lost", "here.gone"], spread="each", starts=0, dose=False)
    assert math.isnan(one.compare(other).rows[1].chance)
    assert math.isnan(one.compare(spreads).rows[1].chance)
    elsewhere = cascade.fit(DECAY.with_(scale={"here.gone": 3}), data, ["here.lost", "here.gone"], starts=0, dose=False)
    assert math.isnan(one.compare(elsewhere).rows[1].chance)
    by_arm = cascade.fit(DECAY, data, ["here.lost"], by="arm", starts=0, dose=False)
    crossed = cascade.fit(DECAY, data, ["here.lost", "here.gone"], by="arm", shared=["here.lost"], starts=0, dose=False)
    assert math.isnan(by_arm.compare(crossed).rows[1].chance)


def test_fits_of_other_data_are_refused() -> None:
    one, other = (cascade.fit(DECAY, study(seed), ["here.lost"], starts=0) for seed in (1, 2))
    with pytest.raises(cascade.InputError, match="fits of the same data"):
        one.compare(other)
    with pytest.raises(cascade.InputError, match="fits, from cascade"):
        one.compare("other")  # type: ignore[arg-type]


def test_chances_of_a_right_model_are_not_too_small() -> None:
    """Of 30 studies whose model is right, means that are as far off as one in twenty are no more than so many."""
    off = of = 0
    for seed in range(30):
        fit = cascade.fit(DECAY, study(seed, arms=("a",)), ["here.lost", "here.gone"], starts=0, dose=False)
        rows = fit.check(studies=100).rows
        off, of = off + sum(row.chance < 0.05 for row in rows), of + len(rows)
    assert stats.binomtest(off, of, 0.05, alternative="greater").pvalue > ALPHA


def test_a_count_that_the_model_cannot_bring_forth_is_seen() -> None:
    fit = cascade.fit(DECAY, study(3, arms=("a",), fate=1.2), ["here.lost"], starts=0, dose=False)
    table = fit.check()
    worst = min(table, key=lambda row: row.chance)
    assert worst.chance < 0.02
    assert sum(row.chance < 0.05 for row in table) >= 2
    assert "means are as far off as in one of twenty of 400 simulated studies" in str(table)
    right = cascade.fit(DECAY, study(3, arms=("a",)), ["here.lost", "here.gone"], starts=0, dose=False)
    assert min(row.chance for row in right.check()) > worst.chance


def test_animals_that_differ_more_than_the_fit_says_are_seen() -> None:
    fit = cascade.fit(DECAY, study(4, arms=("a",)), ["here.lost", "here.gone"], spread="none", starts=0)
    assert any(row.spread > row.spread_high for row in fit.check())


def test_a_check_is_of_counts() -> None:
    fit = cascade.fit(DECAY, Data.times({"hours": [3, 5], "event": ["gone", "gone"]}), ["here.gone"], starts=0)
    with pytest.raises(cascade.InputError, match="a fit of counts"):
        fit.check()
