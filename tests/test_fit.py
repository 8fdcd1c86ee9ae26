"""Fits: the likelihood of animals, intervals that hold, what is not told, and what a fit says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

import cascade
from cascade import Observable
from cascade.inference import profiles
from cascade.inference.chains import agree, chains
from cascade.inference.drawing import drawn
from cascade.inference.free import free_of
from cascade.inference.identifiability import identified
from cascade.inference.likelihood import Likelihood
from cascade.inference.maximum import highest, restricted
from cascade.inference.posterior import _Density, pareto_k, priors_of
from cascade.inference.profiles import cut, degrees_of_freedom, root
from cascade.plot.profiled import curves_of
from helpers.budget import SIGMAS
from helpers.models import CYCLIC

DECAY = cascade.Model(
    name="decay",
    stages=["here"],
    states=[
        {
            "name": "here",
            "stage": "here",
            "deaths": [{"cause": "lost", "hazard": 0.1}],
            "moves": [{"to": "gone", "hazard": 1e-9}],
        },
        {"name": "gone", "absorbing": True},
    ],
)
"""Of N cells N exp(-q t) are there."""

RACE = cascade.Model(
    name="race",
    stages=["here", "there"],
    states=[
        {
            "name": "here",
            "stage": "here",
            "deaths": [{"cause": "shear", "hazard": 0.1}, {"cause": "immune killing", "hazard": 0.2}],
            "moves": [{"to": "there", "hazard": 0.05}],
        },
        {
            "name": "there",
            "stage": "there",
            "deaths": [{"cause": "apoptosis", "hazard": 0.02}],
            "moves": [{"to": "grown", "hazard": 0.004}],
        },
        {"name": "grown", "absorbing": True},
    ],
)


def rows_of(
    counts: Sequence[Sequence[int]], hours: Sequence[float], observable: str = "here"
) -> list[dict[str, object]]:
    """One animal for each count."""
    return [
        {"animal": f"{h:g}-{k}", "hours": h, "observable": observable, "count": count}
        for h, some in zip(hours, counts, strict=True)
        for k, count in enumerate(some)
    ]


def likelihood_of(data: cascade.Data, model: cascade.Model, names: Sequence[str], **kinds: object) -> Likelihood:
    models = dict.fromkeys(data.arms, model)
    options = {"spread": "one", "shared": False} | kinds
    return Likelihood(models, data, free_of(models, names, (), None), **options)  # type: ignore[arg-type]


def poisson(y: int, below: float, rate: np.ndarray) -> np.ndarray:
    if below:
        return np.asarray(stats.poisson.cdf(below - 1, rate))
    return np.asarray(np.exp(stats.poisson.logpmf(y, rate) - stats.poisson.logpmf(y, max(y, 1e-300)) * (y > 0)))


def averaged(y: int, below: float, eta: np.ndarray, spread: float) -> np.ndarray:
    """By a fine trapezoidal rule, at each eta."""
    x = np.linspace(-9 * spread, 9 * spread, 4001)
    density = stats.norm.pdf(x, 0, spread)
    return np.array([integrate.trapezoid(poisson(y, below, np.exp(e + x)) * density, x) for e in np.atleast_1d(eta)])


def test_the_likelihood_of_animals_is_the_double_integral() -> None:
    """Counts of 0, of a few and of many, and below a limit; one count and several, of two kinds."""
    rows = [
        ("a", 1.0, "here", 3, 0), ("a", 5.0, "here", 20, 0), ("a", 5.0, "there", 0, 0),
        ("b", 1.0, "here", 90_000, 0), ("b", 20.0, "here", 0, 4),
        ("c", 5.0, "there", 7, 0),
    ]  # fmt: skip
    table = [
        {
            "animal": a,
            "hours": h,
            "observable": o,
            "count": f"<{limit}" if limit else str(n),
            "cells": 1e5 if a == "b" else 60,
        }
        for a, h, o, n, limit in rows
    ]
    data = cascade.Data.counts(table)
    likelihood = likelihood_of(data, RACE, ["here.shear"], spread="each", shared=True)
    sds = np.array([0.4, 0.3, 0.5])
    expected = likelihood.expected(np.zeros(1))
    alone = {"here": 0.3, "there": 0.5}
    b = np.linspace(-8 * 0.4, 8 * 0.4, 1201)
    total = 0.0
    for first, end in zip(data.begin[:-1], data.begin[1:], strict=True):
        product = stats.norm.pdf(b, 0, 0.4)
        for j in range(first, end):
            row = data.rows[j]
            product = product * averaged(row.count, row.limit, expected.log[j] + b, alone[row.observable])
        total += math.log(integrate.trapezoid(product, b))
    assert likelihood.of(expected, np.log(sds)).value == pytest.approx(total, abs=2e-5)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("spread", ["one", "each", "none"])
@pytest.mark.parametrize("model", [RACE, CYCLIC], ids=["race", "cyclic"])
def test_slopes_of_the_likelihood_are_those_of_small_steps(model: cascade.Model, spread: str, shared: bool) -> None:
    """The plain and the restricted one, by hazards and by spreads."""
    states = [s.name for s in model.states if not s.absorbing][-2:]
    rows = [
        {"animal": k, "hours": h, "observable": o, "count": 5 * k + 3}
        for k in range(4) for h in (2.0, 9.0) for o in states
    ]  # fmt: skip
    data = cascade.Data.counts(rows, cells=2000)
    names = [name for name, part, _ in model.hazards() if part.hazard > 0][:3]
    likelihood = likelihood_of(data, model, names, spread=spread, shared=shared)
    theta, psi = np.array([0.2, -0.1, 0.3]), np.log(np.full(len(likelihood.spreads), 0.4))
    reference, step = likelihood.reference(likelihood.expected(theta)), 1e-4

    def value(t: np.ndarray, s: np.ndarray, which: int) -> float:
        expected = likelihood.expected(t)
        return (likelihood.of(expected, s) if which == 0 else likelihood.restricted(expected, s, reference)).value

    for which in (0, 1):
        expected = likelihood.expected(theta)
        got = likelihood.of(expected, psi) if which == 0 else likelihood.restricted(expected, psi, reference)
        for p, unit in enumerate(np.eye(3)):
            numeric = (value(theta + step * unit, psi, which) - value(theta - step * unit, psi, which)) / (2 * step)
            assert got.by_free[p] == pytest.approx(numeric, rel=1e-4, abs=1e-4)
        for s, unit in enumerate(np.eye(len(psi))):
            numeric = (value(theta, psi + step * unit, which) - value(theta, psi - step * unit, which)) / (2 * step)
            assert got.by_spread[s] == pytest.approx(numeric, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("animals", [2, 4, 8])
def test_the_interval_is_students_where_log_counts_are_normal(animals: int) -> None:
    """Of 10^12 cells counting adds nothing: log counts are normal around -q t, and the interval is that of a line."""
    rng, hours = np.random.default_rng(animals), np.array([4.0, 10.0, 25.0])
    t = np.repeat(hours, animals)
    logs = math.log(1e12) - 0.13 * t + rng.normal(0.0, 0.3, len(t))
    counts = np.rint(np.exp(logs)).astype(int).reshape(3, animals)
    data = cascade.Data.counts(rows_of(counts.tolist(), hours), cells=1e12)
    fit = cascade.fit(DECAY, data, ["here.lost"])
    row = fit.table().rows[0]
    y = math.log(1e12) - logs
    q, n = float(t @ y / (t @ t)), len(t)
    s = math.sqrt(float(((y - q * t) ** 2).sum()) / (n - 1))
    reach = stats.t.ppf(0.975, n - 1) * s / math.sqrt(float(t @ t))
    assert row.estimate == pytest.approx(q, rel=1e-3)
    assert row.degrees == pytest.approx(n - 1, rel=0.01)
    assert (row.low, row.high) == pytest.approx((q - reach, q + reach), rel=2e-3)
    assert fit.spreads["each count"] == pytest.approx(s, rel=1e-3)


def coverage(
    likelihood: Likelihood, sds: Sequence[float], studies: int, fitted: Likelihood | None = None
) -> np.ndarray:
    """How many intervals of each free hazard hold the truth."""
    rng, truth = np.random.default_rng(7), np.zeros(len(likelihood.free))
    held = np.zeros(len(truth), int)
    fitted = likelihood if fitted is None else fitted
    start = np.log(np.array(sds)) if fitted is likelihood else np.log(np.full(len(fitted.spreads), 0.3))
    for _ in range(studies):
        of_study = fitted.recounted(drawn(likelihood, truth, np.array(sds), rng))
        best, reference = restricted(of_study, highest(of_study, truth, start))
        degrees = degrees_of_freedom(of_study, best, reference)
        for p in range(len(truth)):
            held[p] += abs(root(of_study, best, reference, p, 0.0, best)[0]) < cut(degrees[p], 0.95)
    return held


FOLLOWED = [
    {"animal": k, "hours": h, "observable": "here", "count": 0} for k in range(4) for h in (2.0, 5.0, 9.0, 14.0)
]


def test_intervals_of_four_animals_hold() -> None:
    """Of 200 studies; the bound is that of the suite's budget around 95 %."""
    counts = [[0] * 4, [0] * 4, [0] * 4]
    data = cascade.Data.counts(rows_of(counts, [2.0, 6.0, 12.0]), cells=1e5)
    likelihood = likelihood_of(data, RACE, ["here.shear"])
    studies = 200
    low, high = stats.binom.ppf([1e-5, 1 - 1e-5], studies, 0.95)
    assert low <= coverage(likelihood, [0.4], studies)[0] <= high


def test_followed_animals_taken_as_independent_are_seen_to_fail() -> None:
    """The planted fault: what all counts of an animal share is left out, and intervals hold far less often."""
    data = cascade.Data.counts(FOLLOWED, cells=1e6)
    right = likelihood_of(data, DECAY, ["here.lost"], spread="none", shared=True)
    wrong = likelihood_of(data, DECAY, ["here.lost"], spread="one", shared=False)
    studies = 200
    low = stats.binom.ppf(1e-5, studies, 0.95)
    assert coverage(right, [0.4], studies)[0] >= low
    assert coverage(right, [0.4], studies, fitted=wrong)[0] < low


def test_a_synthetic_study_is_recovered() -> None:
    """Three arms of eight animals a day; the hazard that is twofold in one of them is told, the others hold 1."""
    rows = [
        {"animal": f"{arm}{h}{k}", "arm": arm, "hours": h, "observable": o, "count": 0}
        for arm in ("a", "b", "c") for h in (3.0, 8.0, 24.0, 72.0) for k in range(8) for o in ("here", "there")
    ]  # fmt: skip
    data = cascade.Data.counts(rows, cells=1e5)
    models = dict.fromkeys(data.arms, RACE)
    names = ["here.shear", "here.there", "there.apoptosis"]
    free = free_of(models, names, ["there.apoptosis"], "arm")
    likelihood = Likelihood(models, data, free, spread="one", shared=True)
    truth = np.array([0.0, math.log(2.0), 0.0, 0.0, 0.0, 0.0, 0.0])
    study = drawn(likelihood, truth, np.array([0.25, 0.15]), np.random.default_rng(2))
    fit = cascade.fit(RACE, study, names, by="arm", shared=["there.apoptosis"])
    assert [f.label for f in fit.free][:2] == ["here.shear (a)", "here.shear (b)"]
    errors = np.sqrt(np.diag(fit.covariance))
    assert (np.abs(fit.best.theta - truth) < SIGMAS * errors).all()
    table = {(row.hazard, row.arm): row for row in fit.table()}
    assert table["here.shear", "b"].low > RACE.states[0].deaths[0].hazard > table["here.shear", "a"].low
    assert fit.models["b"].states[0].deaths[0].hazard == pytest.approx(table["here.shear", "b"].estimate)
    with pytest.raises(cascade.InputError, match=r"one of fit\.models"):
        _ = fit.model


def test_arms_that_share_all_are_solved_once_and_say_the_same() -> None:
    rows = [
        {"animal": f"{arm}{k}", "arm": arm, "hours": 4.0 * (1 + k % 3), "observable": "here", "count": 900 - 100 * k}
        for arm in ("a", "b") for k in range(6)
    ]  # fmt: skip
    data = cascade.Data.counts(rows, cells=2000)
    apart = {"a": RACE, "b": RACE.with_(name="race again")}  # another name, another digest
    assert len(likelihood_of(data, RACE, ["here.shear"]).parts) == 1
    one, two = (cascade.fit(model, data, ["here.shear"]) for model in (RACE, apart))
    assert len(two.likelihood.parts) == 2
    assert two.best.theta == pytest.approx(one.best.theta, abs=1e-6)


def study(model: cascade.Model, hours: Sequence[float], observables: Sequence[str], animals: int = 3) -> cascade.Data:
    """Counts near what is expected, with no spread."""
    rows = [
        {"animal": f"{h}{k}", "hours": h, "observable": o, "count": 0}
        for h in hours
        for k in range(animals)
        for o in observables
    ]
    data = cascade.Data.counts(rows, cells=1e5)
    free = [name for name, part, _ in model.hazards() if part.hazard > 0][:1]
    likelihood = likelihood_of(data, model, free)
    return drawn(likelihood, np.zeros(1), np.array([0.2]), np.random.default_rng(4))


def test_hazards_that_enter_by_their_sum_are_told_in_words() -> None:
    data = study(RACE, [1.0, 5.0, 20.0], ["there"])
    fit = cascade.fit(RACE, data, ["here.shear", "here.immune killing", "here.there"], starts=0)
    found = fit.identifiability()
    assert str(found).startswith("here.shear and here.immune killing enter only by their sum.")
    first, second, *least = found.to_dicts()
    assert [first["hazard"], second["hazard"]] == ["here.shear", "here.immune killing"]
    assert first["part"] == pytest.approx(-second["part"])
    assert (first["kind"], first["standard_error"], least[0]["kind"]) == ("sum", None, "told least")
    open_ends = [math.isinf(row.high) or row.low == 0 for row in fit.table()]
    both = [math.isinf(row.high) and row.low == 0 for row in fit.table()]
    assert [line[3] == "not told" for line in fit.table().as_text()[1]] == both
    assert all(open_ends[:2])
    assert not open_ends[2]


@pytest.mark.parametrize("animals", [2, 6])
def test_of_what_is_told_one_start_finds_the_ends_that_two_find(monkeypatch: pytest.MonkeyPatch, animals: int) -> None:
    """Where the data tell all that is free, the higher one of two starts leads no farther than the first."""
    free = ["here.shear", "here.there"]
    fit = cascade.fit(RACE, study(RACE, [1.0, 5.0, 20.0], ["here", "there"], animals), free, starts=0)
    one = [(row.low, row.high) for row in fit.table()]
    monkeypatch.setattr(profiles, "TOLD", math.inf)
    again = cascade.fit(RACE, study(RACE, [1.0, 5.0, 20.0], ["here", "there"], animals), free, starts=0)
    two = [(row.low, row.high) for row in again.table()]
    assert np.log(one) == pytest.approx(np.log(two), abs=2e-3)


def test_hazards_that_enter_by_their_product_are_told_in_words() -> None:
    """Two passages long past, whose chances multiply."""
    steps = cascade.Model.from_survival(
        {"arrest": 1e-3, "exit": 1e-3, "stay": 0.5}, mean_hours={"arrest": 1e-3, "exit": 1e-3, "stay": 50.0}
    )
    data = study(steps.with_(name="s"), [1.0, 5.0, 20.0, 60.0], ["stay"])
    # Hardly any cell passes: the chance of each step is nearly in proportion to its hazard.
    found = cascade.fit(steps, data, ["arrest.exit", "exit.stay", "stay.lost"], starts=0).identifiability()
    assert "the ratio of arrest.exit and exit.stay (standard error" in str(found)
    assert "only their product is told" in str(found)
    assert "a way of its own" not in str(found)


def test_a_product_of_which_nothing_else_is_told_is_told_in_words() -> None:
    """Of one cell in 10^8: the chance of each step is in proportion to its hazard, to all digits that count."""
    steps = cascade.Model.from_survival(
        {"arrest": 1e-8, "exit": 1e-8, "stay": 0.5}, mean_hours={"arrest": 1e-3, "exit": 1e-3, "stay": 50.0}
    )
    rows = [{"animal": f"{h}", "hours": h, "observable": "stay", "count": 1} for h in (20.0, 60.0)]
    likelihood = likelihood_of(cascade.Data.counts(rows, cells=1e12), steps, ["arrest.exit", "exit.stay"])
    assert str(identified(likelihood, np.eye(2))) == "arrest.exit and exit.stay enter only by their product."


def test_of_two_fast_ways_out_only_the_ratio_is_told() -> None:
    """Seen long after: how many went which way is told, not when; nothing is left of both but their ratio."""
    rows = [
        {"animal": f"{day}-{k}", "day": day, "observable": name, "count": count + 37 * k}
        for day in (3, 13)
        for k in range(8)
        for name, count in (("solitary", 40_000), ("grown", 4_000))
    ]
    counted = {"solitary": ["lodged", "extravasated", "dormant"], "grown": ["micrometastasis", "macrometastasis"]}
    data = cascade.Data.counts(rows, counted, cells=3e5)
    fit = cascade.fit(cascade.load("b16f1-liver"), data, ["injected.lodged", "injected.early death"], starts=0)
    information = np.array([[1e3, -1e3 + 1e-6], [-1e3 + 1e-6, 1e3]])
    told = str(identified(fit.likelihood, information))
    assert "of the product of injected.lodged and injected.early death" in told
    assert "only their ratio is told" in told
    neither = str(identified(fit.likelihood, np.diag([2e-4, 1e-4]) + 1e-6))
    assert "is told" not in neither
    assert "one of 2 directions" in neither


@pytest.mark.parametrize("product", [0.01, 1.6, 20.0])
@pytest.mark.parametrize("third", [0.02, 300.0])
def test_what_alone_is_told_is_told_with_its_standard_error(product: float, third: float) -> None:
    """Of two hazards of three the ratio is not told; of their product its error as planted, whatever the third's."""
    data = study(RACE, [1.0, 5.0, 20.0], ["here", "there"])
    likelihood = likelihood_of(data, RACE, ["here.shear", "here.there", "there.apoptosis"])
    covariance = np.diag([0.0, 0.0, third**2])
    # Variances of log a and log b of which the product's is product^2 and the ratio's 250^2.
    covariance[:2, :2] = np.array([[1, 1], [1, 1]]) * product**2 / 4 + np.array([[1, -1], [-1, 1]]) * 250.0**2 / 4
    told = identified(likelihood, np.linalg.inv(covariance))
    if third > 250:
        assert told.weakest == {"there.apoptosis": pytest.approx(1.0)}
        assert "one of 2 directions" in str(told)
        return
    assert "of the ratio of here.shear and here.there (standard error of its logarithm more than 100)" in str(told)
    assert told.across == pytest.approx(product)
    assert (f"only their product is told (standard error {product:.2g})" in str(told)) == (product < 10)
    assert "directions" not in str(told)


@pytest.mark.parametrize("error", [30.0, 1e4])
def test_a_ratio_is_told_as_well_as_it_is_where_another_power_is_told_better(error: float) -> None:
    """Of a b^0.92 hardly anything, across it 0.05: what is told of a / b is far less than that, and is said."""
    data = study(RACE, [1.0, 5.0, 20.0], ["here", "there"])
    likelihood = likelihood_of(data, RACE, ["here.shear", "here.there"])
    weak = np.array([1.0, 0.92]) / np.hypot(1.0, 0.92)
    strong = np.array([weak[1], -weak[0]])
    covariance = error**2 * np.outer(weak, weak) + 0.05**2 * np.outer(strong, strong)
    information = np.outer(weak, weak) / error**2 + np.outer(strong, strong) / 0.05**2
    told = identified(likelihood, information)
    truth = float(np.sqrt(np.array([1.0, -1.0]) @ covariance @ np.array([1.0, -1.0])))
    assert told.across == pytest.approx(truth, rel=1e-6)
    assert truth > 20 * 0.05
    assert ("only their ratio is told" in str(told)) == (error < 100)


def test_a_hazard_that_moves_no_count_is_told() -> None:
    data = study(RACE, [1.0, 5.0, 20.0], ["here"])
    fit = cascade.fit(RACE, data, ["here.shear", "there.apoptosis"], starts=0)
    assert "there.apoptosis moves no count at all." in str(fit.identifiability())
    row = fit.table().rows[1]
    assert (row.low, row.high) == (0.0, math.inf)
    assert fit.table().as_text()[1][1][3] == "not told"
    assert "open" in str(fit)


def test_all_that_is_told_is_said_to_be() -> None:
    data = study(RACE, [1.0, 5.0, 20.0], ["here", "there"])
    fit = cascade.fit(RACE, data, ["here.shear", "here.there", "there.apoptosis"], starts=0)
    assert "in a way of its own" in str(fit.identifiability())


def test_predictions_are_those_of_the_fitted_model() -> None:
    data = study(RACE, [1.0, 5.0, 20.0], ["here", "there"])
    fit = cascade.fit(RACE, data, ["here.shear", "here.there"], starts=0)
    hours = [0.0, 2.0, 30.0]
    told = fit.predict("there", hours, cells=5000)
    assert told.median == pytest.approx(5000 * cascade.exact(fit.model).occupancy(hours)["there"], rel=1e-6, abs=1e-9)
    inside = slice(1, None)
    assert (told.low < told.median)[inside].all()
    assert (told.median < told.high)[inside].all()
    assert (told.animal_low <= told.low)[inside].all()
    assert (told.high <= told.animal_high)[inside].all()


def test_predictions_are_tables(tmp_path: Path) -> None:
    data = study(RACE, [1.0, 5.0, 20.0], ["here", "there"])
    told = cascade.fit(RACE, data, ["here.shear", "here.there"], starts=0).predict("there", [0.0, 2.0, 48.0])
    assert [row.median for row in told] == told.median.tolist()
    lines = told.to_csv(tmp_path / "told.csv").read_text().splitlines()
    assert lines[0] == "observable,arm,hours,cells,median,low,high,animal_low,animal_high"
    assert [line.split(",")[2] for line in lines[1:]] == ["0.0", "2.0", "48.0"]
    head, texts = told.as_text()
    assert [line[0] for line in texts] == ["0 s", "2 h", "2 d"]
    assert len(head) == len(texts[0])
    assert "there: cells expected of 100,000 that are given" in str(told)
    zeros = cascade.Data.counts(rows_of([[0, 0, 0], [0, 0, 0]], [40.0, 60.0]), cells=1000)
    nothing = cascade.fit(DECAY, zeros, ["here.lost"], starts=0).predict("here", [1.0])
    assert max(map(len, nothing.as_text()[1][0])) < 12


def test_the_band_of_a_new_animal_holds_new_animals() -> None:
    """95 % of counts drawn with the spreads of the fit, one for all, where the curve itself is well known."""
    data = study(RACE, [2.0, 10.0], ["here"], animals=90)
    fit = cascade.fit(RACE, data, ["here.shear"], starts=0)
    told = fit.predict("here", [2.0], cells=300)
    rng, n = np.random.default_rng(9), 4000
    rate = told.median[0] * np.exp(rng.normal(0, fit.spreads["each count"], n))
    counts = rng.poisson(rate)
    share = np.mean((counts >= told.animal_low[0]) & (counts <= told.animal_high[0]))
    # The band is that of whole counts, and holds the error of the curve, too.
    assert 0.945 < share < 0.975


@pytest.mark.parametrize("by_chains", [False, True])
def test_the_posterior_is_that_of_a_fine_grid(by_chains: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hazard and one spread: means and spreads of both by direct integration; by weights, and by chains."""
    if by_chains:  # as if the weights had not settled
        pytest.importorskip("nutpie", reason="pip install 'metastatic-cascade[nuts]'")
        monkeypatch.setattr("cascade.inference.posterior.SETTLED", -math.inf)
    data = study(RACE, [2.0, 6.0, 12.0], ["here"])
    fit = cascade.fit(RACE, data, ["here.shear"], starts=0)
    draws = 2000 if by_chains else 4000
    done: list[tuple[int, int]] = []
    told = {"priors": {"here.shear": (0.05, 0.2)}, "progress": lambda so_far, of: done.append((so_far, of))}
    found = fit.posterior(draws=draws, seed=3, **told)  # type: ignore[arg-type]
    assert found.settled
    # Draws of chains, those that tune included: long enough to be told.
    assert (len(done) > 2000 and done[-1][0] == done[-1][1]) if by_chains else not done
    assert found.by_chains == by_chains
    assert ("draws of 4 chains" in found.below) == by_chains
    assert len(found.theta) == draws
    mean, sd = math.log(math.sqrt(0.05 * 0.2) / 0.1), math.log(4.0) / 2 / stats.norm.ppf(0.975)
    theta, psi = np.linspace(-1.2, 1.2, 241), np.linspace(math.log(0.02), math.log(2.0), 161)
    density = np.zeros((len(theta), len(psi)))
    for i, t in enumerate(theta):
        expected = fit.likelihood.expected(np.array([t]))
        for j, s in enumerate(psi):
            prior = -0.5 * ((t - mean) / sd) ** 2 + s - 0.5 * (math.exp(s) / 0.7) ** 2
            density[i, j] = fit.likelihood.of(expected, np.array([s])).value + prior
    weight = np.exp(density - density.max())
    weight /= weight.sum()
    for column, grid, axis in ((found.theta[:, 0], theta, 1), (np.log(found.sd[:, 0]), psi, 0)):
        share = weight.sum(axis=axis)
        middle = float(share @ grid)
        spread = math.sqrt(float(share @ (grid - middle) ** 2))
        # Draws repeat: what they are worth stands beside them.
        worth = min(found.effective, len(column))
        assert column.mean() == pytest.approx(middle, abs=SIGMAS * spread / math.sqrt(worth))
        assert column.std() == pytest.approx(spread, rel=SIGMAS * 1.2 / math.sqrt(2 * worth))


def test_slopes_of_the_posterior_are_those_of_small_steps() -> None:
    """What chains follow; also where a spread is as good as none."""
    fit = cascade.fit(RACE, study(RACE, [2.0, 6.0], ["here"]), ["here.shear"], starts=0)
    density = _Density(fit.likelihood, priors_of(fit, None))
    for psi in (-9.5, -2.0, 0.3):
        x = np.array([0.2, *([psi] * len(fit.likelihood.spreads))])
        value, slope = density.sloped(x)
        assert value == pytest.approx(density.at(x)[0], rel=1e-12)
        steps = 1e-5 * np.eye(len(x))
        wanted = [(density.at(x + h)[0] - density.at(x - h)[0]) / 2e-5 for h in steps]
        assert slope == pytest.approx(wanted, rel=1e-5, abs=1e-5)


def test_chains_of_a_normal_law_agree_and_others_do_not() -> None:
    pytest.importorskip("nutpie", reason="pip install 'metastatic-cascade[nuts]'")
    told = chains(lambda x: (-0.5 * float(x[0] ** 2), np.array([-x[0]])), np.zeros(1), np.ones(1), 500, 1)
    assert agree(told.rhat, told.divergent)
    assert told.effective > 300
    assert not agree(math.inf, 0.0)
    assert not agree(1.0, 0.5)


def test_a_posterior_that_does_not_settle_says_so_and_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cascade.inference.posterior.SETTLED", -math.inf)
    monkeypatch.setattr("cascade.inference.posterior.available", lambda: False)
    fit = cascade.fit(RACE, study(RACE, [2.0, 6.0], ["here"]), ["here.shear"], starts=0)
    found = fit.posterior(draws=200)
    assert not found.settled
    assert not found.by_chains
    assert "take no interval from here" in found.below
    assert "metastatic-cascade[nuts]" in found.below


@pytest.mark.parametrize("k", [0.2, 0.5, 0.9])
def test_paretos_k_is_found_again(k: float) -> None:
    """Of 20,000 weights with a tail of that shape; the estimate has a standard error of some 0.05."""
    weights = stats.genpareto.rvs(k, size=20_000, random_state=1)
    assert pareto_k(weights) == pytest.approx(k, abs=0.2)


def test_priors_are_wide_by_the_grade_of_the_source() -> None:
    """An illustrative hazard may be far off, one that was read in the data less."""
    liver = cascade.load("b16f1-liver")
    data = study(liver, [24.0, 72.0], ["dormant", "micrometastasis"])
    fit = cascade.fit(liver, data, ["lodged.extravasated", "extravasated.dormant"], starts=0)
    graded, illustrative = fit.posterior(draws=300).priors
    assert graded.sd < illustrative.sd


REFUSED = {
    "not a list": ({"free": "here.shear"}, "a list of hazards"),
    "none free": ({"free": []}, "at least one hazard"),
    "unknown": ({"free": ["here.sheer"]}, "did you mean 'here.shear'"),
    "named twice": ({"free": ["here.shear", "here.there", "here.shear"]}, r"free\[2\] = 'here.shear': each haz"),
    "a pattern twice": ({"free": ["*.shear", "*.shear"]}, r"free\[1\] = '\*.shear': each hazard once"),
    "meant twice": ({"free": ["here.shear", "*.shear"]}, "do not overlap"),
    "shared but not free": ({"free": ["here.shear"], "shared": ["here.there"], "by": "arm"}, "one of those that are"),
    "by what": ({"free": ["here.shear"], "by": "animal"}, "'arm'"),
    "spread": ({"free": ["here.shear"], "spread": "two"}, "'one', 'each', 'none'"),
    "dose": ({"free": ["here.shear"], "dose": True}, "cannot be told apart"),
    "starts": ({"free": ["here.shear"], "starts": -1}, "from 0 to 1000"),
    "no data": ({"free": ["here.shear"], "data": "file.csv"}, "Data.counts"),
    "no model for an arm": ({"free": ["here.shear"], "model": {"treated": RACE}}, "a model for the arm 'all'"),
    "no such name": ({"free": ["here.shear"], "model": "textbok"}, "model = 'textbok': .*did you mean 'textbook'"),
    "no such name in an arm": (
        {"free": ["here.shear"], "model": {"all": "textbok"}}, r"model\['all'\] = .*did you mean 'textbook'"
    ),
    "no such observable": (
        {"free": ["here.shear"], "data": cascade.Data.counts(rows_of([[3]], [1.0], "heer"), cells=10)},
        "did you mean 'here'",
    ),
    "a cell where there is none": (
        {"free": ["here.shear"], "data": cascade.Data.counts(rows_of([[3]], [1e4]), cells=10)},
        "the model has no such cell",
    ),
    "a hazard of 0": (
        {"free": ["here.shear"], "model": RACE.with_(hazards={"here.shear": 0.0})},
        "a hazard above 0 to begin with",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_fitted_is_refused(what: str) -> None:
    changes, words = REFUSED[what]
    given = {"model": RACE, "data": cascade.Data.counts(rows_of([[50, 60]], [2.0]), cells=100)} | changes
    with pytest.raises(cascade.CascadeError, match=words):
        cascade.fit(given.pop("model"), given.pop("data"), **given)  # type: ignore[arg-type]


def test_answers_of_a_fit_refuse_what_they_cannot_say() -> None:
    data = study(RACE, [2.0, 6.0], ["here"])
    fit = cascade.fit(RACE, data, ["here.shear"], starts=0)
    for ask, words in (
        (lambda: fit.profile("here.there"), "a free one"),
        (lambda: fit.table(level=1.0), "between 0 and 1"),
        (lambda: fit.predict("nowhere", [1.0]), "an observable"),
        (lambda: fit.predict("here", [1.0], arm="b"), "one of the arms"),
        (lambda: fit.posterior(draws=5), "from 100"),
        (lambda: fit.posterior(priors={"x": (1, 2)}), "a free hazard"),
        (lambda: fit.posterior(priors={"here.shear": (2, 1)}), "the lower first"),
    ):
        with pytest.raises(cascade.InputError, match=words):
            ask()


def test_an_observable_of_the_data_is_what_was_given() -> None:
    """Living cells wherever they are, and the dead of one cause in one state."""
    both = [Observable("living", states=["here", "there"]), Observable("sheared", deaths="here.shear")]
    rows = [{"animal": k, "hours": 5.0, "observable": o, "count": 100} for k in range(3) for o in ("living", "sheared")]
    data = cascade.Data.counts(rows, both, cells=1000)
    expected = likelihood_of(data, RACE, ["here.shear"]).expected(np.zeros(1))
    there = cascade.exact(RACE).occupancy([5.0])
    assert np.exp(expected.log[0]) == pytest.approx(1000 * (there["here"][0] + there["there"][0]))
    assert np.exp(expected.log[1]) == pytest.approx(1000 * 0.1 / 0.35 * -math.expm1(-0.35 * 5.0))


def test_a_saved_fit_is_fitted_again_and_says_the_same(tmp_path: Path) -> None:
    rows = [
        {"animal": f"{arm}{k}", "arm": arm, "hours": 4.0 * (1 + k % 3), "observable": "alive", "count": c}
        for arm in ("a", "b") for k, c in enumerate(["900", "<40", "310", "700", "200", "12"])
    ]  # fmt: skip
    data = cascade.Data.counts(rows, {"alive": ["here"]}, cells=2000)
    fit = cascade.fit(RACE, data, ["here.shear"], by="arm", against="a", starts=1)
    path = fit.save(tmp_path / "fit.json")
    again = cascade.open_fit(path)
    assert again.data == fit.data
    assert str(again) == str(fit)
    text = path.read_text()
    for planted, words in (
        (text.replace('"count": 900', '"count": 90'), "comes to the same again"),
        (text.replace("immune killing", "immune kill"), "not changed since"),
        (text.replace('"fit": 1', '"fit": 7'), "as fit.save"),
        (text[:-30], "as fit.save"),
    ):
        assert planted != text
        path.write_text(planted)
        with pytest.raises(cascade.InputError, match=words):
            cascade.open_fit(path)


# What testers found.

LEAVES = DECAY.with_(hazards={"here.gone": 0.01})


def test_bands_are_wide_where_the_counts_tell_nothing() -> None:
    """Two hazards by their sum alone: how many go on is not told; nor anything by zeros alone."""
    data = study(LEAVES, [10.0, 40.0], ["here"])
    fit = cascade.fit(LEAVES, data, ["here.lost", "here.gone"], starts=0)
    told = fit.predict("gone", [50.0], cells=1000)
    assert told.high[0] > 20 * told.low[0]
    assert told.high[0] <= 1000
    zeros = cascade.Data.counts(rows_of([[0, 0, 0], [0, 0, 0]], [40.0, 60.0]), cells=1000)
    nothing = cascade.fit(DECAY, zeros, ["here.lost"], starts=0)
    told = nothing.predict("here", [1.0])
    assert told.high[0] > 1.5 * told.low[0]
    assert "No cell was counted" in str(nothing)


@pytest.mark.parametrize("degrees", [math.inf, 3.0, 7.5])
@pytest.mark.parametrize(("median", "spread"), [(3.0, 0.5), (40.0, 2.0), (1000.0, 1.2), (1e5, 1.0), (1e12, 0.1)])
def test_the_law_of_a_new_animal_is_that_of_many(median: float, spread: float, degrees: float) -> None:
    """Quantiles against a million draws: between the draws' own at levels a little apart."""
    from cascade.inference.predicting import _Law

    law = _Law(np.array([median]), np.array([spread]), np.array([degrees]))
    low, high = (float(end[0]) for end in law.ends(0.95))
    rng = np.random.default_rng(5)
    drawn = rng.normal(0, 1, 1_000_000) if math.isinf(degrees) else rng.standard_t(degrees, 1_000_000)
    rate = median * np.exp(np.minimum(spread * drawn, 60.0))
    counts = np.where(rate < 1e9, rng.poisson(np.minimum(rate, 1e9)), rate)
    for end, share in ((low, 0.025), (high, 0.975)):
        below, above = np.quantile(counts, [share - 0.002, share + 0.002])
        assert below - 1 <= end <= above + 1


def test_a_profile_does_not_stick_where_a_spread_vanishes() -> None:
    """Its end is where the restricted likelihood, at its highest over the spread, falls to the cut."""
    data = cascade.Data.counts(rows_of([[7], [1], [0]], [100.0, 200.0, 300.0]), cells=20)
    model = DECAY.with_(hazards={"here.lost": 0.01})
    fit = cascade.fit(model, data, ["here.lost"])
    found = fit.profile("here.lost")
    likelihood, reference = fit.likelihood, fit.reference
    spreads = np.log(np.geomspace(2e-3, 4.0, 120))

    def best(theta: float) -> float:
        expected = likelihood.expected(np.array([theta]))
        return max(likelihood.restricted(expected, np.array([s]), reference).value for s in spreads)

    top = max(best(theta) for theta in np.linspace(found.low, found.high, 60))
    for end in (found.low, found.high):
        fallen = math.sqrt(2 * (top - best(end)))
        assert fallen == pytest.approx(cut(found.degrees, 0.95), rel=0.02)


def test_a_hazard_that_is_far_from_flat_is_found() -> None:
    """From 10^-8 the counts are flat in it; from nearer they are not."""
    counts = [[620, 590, 655, 570, 610]]
    data = cascade.Data.counts(rows_of(counts, [50.0]), cells=1000)
    near, far = (
        cascade.fit(DECAY.with_(hazards={"here.lost": hazard}), data, ["here.lost"]).table().rows[0]
        for hazard in (0.01, 1e-8)
    )
    assert far.estimate == pytest.approx(near.estimate, rel=1e-3)
    assert (far.low, far.high) == pytest.approx((near.low, near.high), rel=0.01)


def test_counts_below_a_limit_are_fitted_to_the_end() -> None:
    rng = np.random.default_rng(8)
    for _ in range(25):
        counts = [
            f"<{limit}" if limit > n else str(n)
            for limit, n in zip((10, 1, 10, 1, 1, 20), rng.poisson(14, 6), strict=True)
        ]
        rows = [{"animal": k, "hours": 20.0, "observable": "here", "count": c} for k, c in enumerate(counts)]
        assert cascade.fit(DECAY, cascade.Data.counts(rows, cells=100), ["here.lost"]).best.found, counts


def test_one_hazard_without_spreads_and_time_0_alone() -> None:
    data = cascade.Data.counts(rows_of([[40, 45]], [5.0]), cells=100)
    fit = cascade.fit(DECAY, data, ["here.lost"], spread="none")
    row = fit.table().rows[0]
    assert row.low < row.estimate < row.high
    start = cascade.Data.counts(rows_of([[100, 90]], [0.0]), cells=100)
    assert cascade.fit(DECAY, start, ["here.lost"]).table().rows[0].low == 0
    assert fit.predict("gone", [0.0]).median[0] == 0


def test_an_effect_beyond_what_can_be_counted_has_all_power() -> None:
    """The more a hazard is multiplied, the likelier that is seen, also where nothing is left to count."""
    found = [
        cascade.power(
            LEAVES, {"here.lost": f}, animals=4, cells=1e5, times=[50.0], observables={"x": ["here"]}
        ).rows[0].power
        for f in (1.3, 2.0, 4.0, 8.0, 20.0, 60.0, 200.0)
    ]  # fmt: skip
    assert (np.diff(found) > -1e-3).all()
    assert found[-1] > 0.999


def test_a_prior_under_which_the_counts_are_impossible_is_refused() -> None:
    data = cascade.Data.counts(rows_of([[60, 70]], [9.0]), cells=100)
    fit = cascade.fit(DECAY, data, ["here.lost"], starts=0)
    found = fit.posterior(draws=200)
    assert found.settled == (found.k < 0.7 and found.effective >= 50)
    for wrong in ({"priors": 3}, {"seed": -1}, {"seed": "x"}):
        with pytest.raises(cascade.InputError):
            fit.posterior(**wrong)  # type: ignore[arg-type]
    with pytest.raises(cascade.InputError, match="at least one time"):
        fit.predict("here", [])
    for cells in ("5", -5, 0, float("nan")):
        with pytest.raises(cascade.InputError, match="a number of cells"):
            fit.predict("here", [1.0], cells=cells)  # type: ignore[arg-type]
    for given in ({"free": None}, {"shared": 3}, {"dose": "no"}, {"by": "arm", "against": ["all"]}):
        with pytest.raises(cascade.InputError):
            cascade.fit(DECAY, data, **({"free": ["here.lost"]} | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "edit",
    [
        ('"free": [', '"fre": ['), ('"logarithms": [', '"logarithms": [null, '), ('"count": 60', '"count": -4'),
        ('"count": 60', '"count": "x"'), ('"hours": 9.0', '"hours": null'), ('"arm": "all"', '"arm": []'),
        ('"cells": 100.0', '"cells": -4'), ('"starts": 4', '"starts": 4, "more": 1'),
    ],
)  # fmt: skip
def test_an_edited_fit_is_refused_in_one_message(edit: tuple[str, str], tmp_path: Path) -> None:
    data = cascade.Data.counts(rows_of([[60, 70]], [9.0]), cells=100)
    path = cascade.fit(DECAY, data, ["here.lost"]).save(tmp_path / "fit.json")
    text = path.read_text()
    assert edit[0] in text
    path.write_text(text.replace(*edit))
    with pytest.raises(cascade.InputError):
        cascade.open_fit(path)


def test_tables_and_pictures_say_whose_a_hazard_is() -> None:
    """The hazard over which those of other arms are told is that of its arm, not of all."""
    counts = [[900, 850, 980], [700, 640, 690]]
    rows = [
        row | {"arm": arm} for arm in ("control", "treated") for row in rows_of(counts, [0.5, 2.0])
    ]  # fmt: skip
    data = cascade.Data.counts(rows, cells=1000.0)
    asked = {"by": "arm", "against": "control", "shared": ["here.there"], "starts": 0}
    fit = cascade.fit(RACE, data, ["here.shear", "here.there"], **asked)  # type: ignore[call-overload]
    told, drawn = fit.table(), fit.posterior(draws=200, seed=1)
    wanted = [("here.shear", "control", ""), ("here.shear", "treated", "control"), ("here.there", "", "")]
    assert sorted((r.hazard, r.arm, r.against) for r in told) == sorted(wanted)
    assert sorted((r.name, r.arm, r.against) for r in drawn.rows if not r.name.startswith("spread")) == sorted(wanted)
    assert fit.profile("here.shear", "control").low == fit.profile("here.shear").low
    assert "here.shear (control)" in [curve.name for curve in curves_of(fit)]


def test_a_model_may_be_named_as_on_the_command_line() -> None:
    """By the name of a model of the catalogue, for all arms or for each."""
    data, free = study(cascade.load("textbook"), [2.0, 6.0], ["arrested"]), ["arrested.extravasated"]
    fits = [
        cascade.fit(given, data, free, starts=0)
        for given in (cascade.load("textbook"), "textbook", {"all": "textbook"})
    ]
    assert len({str(fit) for fit in fits}) == 1
    assert [model.name for fit in fits for model in fit.likelihood.models.values()] == ["textbook"] * 3


def test_cells_that_two_observables_count_are_said_to_count_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nested or equal sets, of states or of deaths; not where different animals were counted, or other states."""
    monkeypatch.setattr("cascade.common.notices._said", set())

    def said(observables: dict[str, object], *, apart: bool = False) -> str:
        rows = [
            {"animal": f"{k}{name if apart else ''}", "hours": 2.0, "observable": name, "count": count}
            for k in range(3) for name, count in zip(observables, (500, 600), strict=True)
        ]  # fmt: skip
        cascade.fit(RACE, cascade.Data.counts(rows, observables, cells=1000), ["here.shear"], starts=0)
        return " ".join(capsys.readouterr().err.split())

    assert said({"here": ["here"], "there": ["there"]}) == ""
    assert said({"solitary": ["here"], "alive": ["here", "there"]}, apart=True) == ""
    told = said({"solitary": ["here"], "alive": ["here", "there"]})
    assert "'solitary' and 'alive' of one animal at one time both count the cells of 'here': " in told
    assert "these cells count twice" in told
    assert "'one' and 'two' of one animal" in said({"one": ["*here"], "two": ["there", "here"]})
    dead = {"dead": Observable("dead", deaths="*"), "sheared": Observable("sheared", deaths="shear")}
    assert "both count the cells of 'here.shear': " in said(dead)  # type: ignore[arg-type]


def test_more_cells_than_there_were_are_said_to_be_so(capsys: pytest.CaptureFixture[str]) -> None:
    """A dose or a fraction that was forgotten: the fit would tell it by a spread alone."""
    data = cascade.Data.counts(rows_of([[900, 1100], [700, 640]], [0.5, 2.0]), cells=1000.0)
    cascade.fit(RACE, data, ["here.shear"], starts=0)
    assert "1 of 4 counts are larger than the cells given, the first 1,100 of 1,000" in capsys.readouterr().err
    cascade.fit(RACE, cascade.Data.counts(rows_of([[900, 1100]], [0.5]), cells=2000.0), ["here.shear"], starts=0)
    assert "larger" not in capsys.readouterr().err
