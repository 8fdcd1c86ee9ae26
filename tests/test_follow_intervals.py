"""Survival, incidence and hazards: as lifelines estimates them, exactly binomial without censoring, holding with it.

Shares of misses count as too large only where their binomial chance under 2.5 % a side is below the threshold of
``budget``: a right interval fails a comparison in one of 2e8 choices of seeds.  Greenwood's interval fails them.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from cascade.common.errors import InputError
from cascade.patient.follow.estimators import at_risk, incidence, net, rates, survival
from helpers.budget import ALPHA
from helpers.follow_up import Setting, missed_by, of_curve, until

Left = npt.NDArray[np.int64]


def tied(seed: int, n: int, months: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any], Left]:
    """Patients with many in each month: months, why they left (0, 1; 2 censored), and counts."""
    draw = np.random.default_rng(seed)
    month, why = draw.integers(0, months, n), draw.choice(3, n, p=[0.4, 0.25, 0.35])
    left = np.zeros((3, months), np.int64)
    np.add.at(left, (why, month), 1)
    return month, why, left


# As others estimate ------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "n", "months"), [(1, 7, 5), (2, 60, 12), (3, 1000, 40), (4, 5000, 300)])
def test_kaplan_and_meier_as_lifelines(seed: int, n: int, months: int) -> None:
    lifelines = pytest.importorskip("lifelines", reason="pip install 'metastatic-cascade[test]'")
    month, why, left = tied(seed, n, months)
    for curve, event in ((survival(left), why < 2), (net(left), why == 0)):
        fitted = lifelines.KaplanMeierFitter().fit(month, event, timeline=np.arange(months))
        known = curve.at_risk > 0
        theirs = fitted.survival_function_.to_numpy()[:, 0]
        assert curve.share[known] == pytest.approx(theirs[known], abs=1e-12)
        table = fitted.event_table
        assert [int(table["at_risk"].get(m, curve.at_risk[m])) for m in range(months)] == curve.at_risk.tolist()


@pytest.mark.parametrize(("seed", "n", "months"), [(1, 7, 5), (2, 60, 12), (3, 1000, 40)])
def test_aalen_and_johansen_as_lifelines(seed: int, n: int, months: int) -> None:
    """Which has no ties: events of a month are put in any order before its end, where its censorings are."""
    lifelines = pytest.importorskip("lifelines", reason="pip install 'metastatic-cascade[test]'")
    month, why, left = tied(seed, n, months)
    order = np.random.default_rng(seed).permutation(n)
    time = month + 1.0 - np.where(why < 2, (1.0 + order) / (n + 2.0), 0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of ties, which it would break by dice
        theirs = lifelines.AalenJohansenFitter(calculate_variance=False).fit(time, np.where(why < 2, why + 1, 0), 1)
    steps = theirs.cumulative_density_
    curve = incidence(left)
    assert (curve.at_risk == at_risk(left)).all()
    for m in np.flatnonzero(curve.at_risk):
        assert curve.share[m] == pytest.approx(float(steps[steps.index <= m + 1.0].iloc[-1, 0]), abs=1e-12)


def test_a_fault_of_one_month_is_more_than_lifelines_allows() -> None:
    _, _, left = tied(2, 60, 12)
    late = np.zeros_like(left)
    late[0, 1:], late[1:] = left[0, :-1], left[1:]
    assert np.nanmax(np.abs(survival(late).share - survival(left).share)) > 1e-3
    # Deaths that are not censored: the incidence is not 1 less the net survival.
    assert np.nanmax(np.abs(incidence(left).share - (1.0 - net(left).share))) > 1e-2


def test_all_shares_together_are_one() -> None:
    _, _, left = tied(3, 1000, 40)
    both = incidence(left).share + incidence(left[[1, 0, 2]]).share + survival(left).share
    assert np.nanmax(np.abs(both - 1.0)) < 1e-12
    everyone = np.array([[3, 2, 5], [0, 0, 0], [0, 0, 0]])
    assert survival(everyone).share.tolist() == [0.7, pytest.approx(0.5), 0.0]
    assert incidence(everyone).share[2] == 1.0


def test_where_nobody_is_followed_nothing_is_told() -> None:
    left = np.array([[1, 0, 0, 0], [0, 0, 0, 0], [0, 4, 0, 0]])
    curve = survival(left)
    assert curve.at_risk.tolist() == [5, 4, 0, 0]
    assert np.isnan(np.array([curve.share, curve.low, curve.high])[:, 2:]).all()
    assert np.isfinite(np.array([curve.share, curve.low, curve.high])[:, :2]).all()
    found = rates(np.concatenate([left, np.zeros((3, 20), np.int64)], axis=1))
    assert np.isnan(found.rate[1])
    with pytest.raises(InputError, match="left"):
        survival(np.zeros((2, 5), np.int64))
    with pytest.raises(InputError, match="level"):
        survival(left, 1.0)


# Without censoring -------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 5, 20, 1000, 10**6, 10**9])
def test_without_censoring_the_intervals_are_the_binomial_ones(n: int) -> None:
    """However many competing events there were before: the limits of Clopper and Pearson of all patients."""
    months, draw = 24, np.random.default_rng(n)
    counts = draw.multinomial(n, draw.dirichlet(np.ones(2 * months + 1)))
    left = np.stack([counts[:months], counts[months:-1], np.zeros(months, np.int64)])
    left[2, -1] = counts[-1]
    for curve, events in ((incidence(left), left[0]), (survival(left).without, left[0] + left[1])):
        for m in np.flatnonzero(curve.at_risk):
            k = int(events[: m + 1].sum())
            wanted = (
                stats.beta(k, n - k + 1).ppf(0.025) if k else 0.0,
                stats.beta(k + 1, n - k).ppf(0.975) if k < n else 1.0,
            )
            assert (curve.low[m], curve.high[m]) == pytest.approx(wanted, rel=1e-9, abs=1e-15)
            assert curve.low[m] <= curve.share[m] <= curve.high[m]


def test_a_beta_product_is_that_of_fay_and_others() -> None:
    """By draws from the laws of the paper: of each event time beta (n - d + 1, d); below, one more event at once."""
    left = np.array([[0, 2, 1, 3, 0], [0, 0, 0, 0, 0], [1, 3, 0, 4, 6]])
    n = at_risk(left)
    draw, runs = np.random.default_rng(5), 400_000
    upper, curve = np.ones(runs), survival(left)
    for m, d in enumerate(left[0]):
        if d:
            upper *= draw.beta(n[m] - d + 1, d, runs)
        lower = upper * draw.beta(n[m] - d, 1, runs)
        # The products are no beta laws: of 20 patients the tails of those with their moments are a fifth off at most.
        assert (lower <= curve.low[m]).mean() == pytest.approx(0.025, rel=0.2)
        if left[0, : m + 1].any():
            assert (upper > curve.high[m]).mean() == pytest.approx(0.025, rel=0.2)


# With censoring ----------------------------------------------------------------------------

RUNS = 4000
SIDE = 0.025

HARD = {
    "five patients": (Setting(5, 0.02, 0.02, 0.03, 40), (1, 6, 18)),
    "few events": (Setting(20, 0.001, 0.02, 0.05, 40), (3, 12, 30)),
    "death competes with few": (Setting(30, 0.005, 0.06, 0.08, 40), (1, 12, 24)),
    "heavy censoring": (Setting(50, 0.02, 0.01, 0.1, 40), (1, 6, 24)),
    "nearly all have it": (Setting(30, 0.2, 0.02, 0.05, 30), (1, 6, 18)),
    "many, half of them censored early": (Setting(1000, 0.02, 0.02, 0.1, 24), (1, 12, 24)),
}


def too_many(share: float, runs: int, allowed: float = SIDE) -> bool:
    """Whether misses are more than chance allows."""
    return float(stats.binom.sf(round(share * runs) - 1, runs, allowed)) < ALPHA


def greenwood(left: Left) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The interval of survival that most programs give, for the last month."""
    n, events = at_risk(left).astype(float), left[:, 0] + left[:, 1]
    curve = survival(left).share[:, -1]
    left_over = np.where(n > events, n - events, np.nan)
    half = 1.96 * curve * np.sqrt(np.nansum(events / (np.maximum(n, 1) * left_over), axis=1))
    return curve - half, curve + half


@pytest.mark.parametrize("name", HARD)
@pytest.mark.parametrize("curve", ["incidence", "survival", "net"])
def test_each_side_holds_in_hard_cases(curve: str, name: str) -> None:
    setting, months = HARD[name]
    runs = RUNS if setting.patients < 500 else RUNS // 4
    for month in months:
        missed = of_curve(setting, curve, month, runs)
        assert not too_many(missed.above, runs), (month, missed)
        assert not too_many(missed.below, runs), (month, missed)


def test_intervals_are_not_wide_for_nothing() -> None:
    """Where events are many, nearly as many are missed as may be."""
    setting = Setting(1000, 0.02, 0.02, 0.05, 12)
    for curve in ("incidence", "survival"):
        missed = of_curve(setting, curve, 12, 2000)
        assert 0.025 < 1.0 - missed.held < 0.06


def test_greenwoods_interval_does_not_hold() -> None:
    """The comparisons above do see what they are for."""
    for name, month in (("few events", 3), ("heavy censoring", 1), ("five patients", 6)):
        missed = of_curve(HARD[name][0], "survival", month, RUNS, greenwood)
        assert too_many(missed.above + missed.below, RUNS, 2 * SIDE), name


@pytest.mark.parametrize("setting", [Setting(20, 0.01, 0.01, 0.03, 36), Setting(300, 0.0005, 0.01, 0.05, 36),
                                     Setting(400, 0.03, 0.01, 0.08, 36)], ids=["few", "rare", "many"])  # fmt: skip
def test_hazards_hold_on_either_side(setting: Setting) -> None:
    left = setting.left(RUNS, 3)
    for competing, truth in ((False, 12 * setting.event), (True, 12 * (setting.event + setting.competing))):
        found = rates(left, competing=competing)
        for year in range(3):
            missed = missed_by((found.low[:, year], found.high[:, year]), truth)
            assert not too_many(missed.above, RUNS), (year, missed)
            assert not too_many(missed.below, RUNS), (year, missed)
    # Limits of half the coverage are found out.
    halved = rates(left, 0.8)
    missed = missed_by((halved.low[:, 0], halved.high[:, 0]), 12 * setting.event)
    assert too_many(max(missed.above, missed.below), RUNS)


def test_a_hazard_is_events_over_the_time_of_those_who_are_followed() -> None:
    left = np.zeros((3, 30), np.int64)
    left[0, [0, 3, 12, 13]] = 2, 1, 1, 1
    left[1, 6], left[2, 12], left[2, 29] = 1, 4, 10
    found = rates(left)
    # Of 18 at risk after diagnosis: one to the middle of month 3, one of month 6, one of month 12.
    first = (15 * 12 + 2.5 + 5.5 + 11.5) / 12
    second = (10 * 12 + 0.5) / 12
    assert found.at_risk.tolist() == [18, 11, 10]
    assert found.events.tolist() == [2, 1, 0]
    assert found.person_years.tolist() == pytest.approx([first, second, 10 * 5 / 12])
    assert found.rate.tolist() == pytest.approx([2 / first, 1 / second, 0.0])
    exact = stats.chi2(6).ppf(0.975) / 2 / first, stats.chi2(4).ppf(0.025) / 2 / first
    assert (found.high[0], found.low[0]) == pytest.approx(exact)
    assert (found.low[2], found.high[2]) == pytest.approx((0.0, -np.log(0.025) / (10 * 5 / 12)))
    assert rates(left, competing=True).events.tolist() == [3, 1, 0]


def test_a_follow_up_that_is_cut_is_the_same_until_then() -> None:
    """Of the helper that these tests stand on."""
    left = Setting(50, 0.02, 0.02, 0.05, 24).left(20, 1)
    for month in (0, 7, 23):
        cut, whole = incidence(until(left, month)), incidence(left)
        assert np.array_equal(cut.share, whole.share[:, : month + 1], equal_nan=True)
        assert np.array_equal(cut.high, whole.high[:, : month + 1], equal_nan=True)
