"""Simulated against exact: counts, curves, planted errors.  Thresholds: see budget.py."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
from cascade.model import Model
from helpers.agreement import all_agree
from helpers.budget import ALPHA, SIGMAS, agrees, cells_needed, within
from helpers.models import CYCLIC, FRAIL, LINEAR, TURNED_BACK, TWO_FRAILTIES, random_models


@pytest.mark.sampled(6)
@pytest.mark.parametrize("until", [None, 0.05, 20.0])
@pytest.mark.parametrize("model", [LINEAR, CYCLIC, TURNED_BACK, TWO_FRAILTIES], ids=lambda m: m.name)
def test_counts_agree(model: Model, until: float | None) -> None:
    result = cascade.simulate(model, cells=400_000, seed=77, until=until)
    assert all_agree(result, cascade.exact(model, until=until)) == []


@given(random_models(), st.integers(0, 2**31))
def test_random_models_agree(model: Model, seed: int) -> None:
    result = cascade.simulate(model, cells=60_000, seed=seed)
    assert all_agree(result, cascade.exact(model)) == []


@settings(max_examples=12)
@given(random_models(), st.integers(0, 2**31))
def test_random_models_agree_at_a_time(model: Model, seed: int) -> None:
    result = cascade.simulate(model, cells=60_000, seed=seed, until=1.0)
    assert all_agree(result, cascade.exact(model, until=1.0)) == []


def test_three_frailties_agree() -> None:
    assert all_agree(cascade.simulate(FRAIL, cells=1_000_000, seed=78), cascade.exact(FRAIL)) == []


@pytest.mark.parametrize("model", [LINEAR, CYCLIC, TWO_FRAILTIES], ids=lambda m: m.name)
def test_curves_agree(model: Model) -> None:
    times = [0.01, 0.5, 4.0, 30.0, 200.0]
    n = 300_000
    result, exact = cascade.simulate(model, cells=n, seed=5, times=times), cascade.exact(model)
    for ours, truth in (
        (result.occupancy(times), exact.occupancy(times)),
        (result.incidence(times), exact.incidence(times)),
    ):
        assert ours.names == truth.names
        for i in range(len(ours.names)):
            for j in range(len(times)):
                p = float(np.clip(truth.values[i, j], 0.0, 1.0))
                # The curves of a frail model are known to about 1e-6 only.
                if p > 1e-5:
                    assert agrees(round(ours.values[i, j] * n), n, p), (ours.names[i], times[j])


@pytest.mark.sampled(4)
@pytest.mark.parametrize("until", [None, 7.0])
@pytest.mark.parametrize("model", [LINEAR, CYCLIC, TURNED_BACK, cascade.load("ctc-mouse")], ids=lambda m: m.name)
def test_curves_at_the_times_of_the_result_itself(model: Model, until: float | None) -> None:
    """Without ``times=``, at every hour that the curves come with: each bin belongs to its own time.

    A cumulative incidence is an empirical distribution: Dvoretzky, Kiefer and Wolfowitz bound the
    largest distance (Massart's constant).  An occupancy is a difference of two for each visit: it is
    compared at every eighth hour, and at the first and the last.
    """
    n = 400_000
    result, exact = cascade.simulate(model, cells=n, seed=15, until=until), cascade.exact(model)
    curves = result.incidence()
    assert len(curves.hours) > 40
    farthest = math.sqrt(math.log(2 / ALPHA) / (2 * n))
    for ours, truth in zip(curves.values, exact.incidence(curves.hours).values, strict=True):
        assert np.abs(ours - truth).max() < farthest
    seen = result.occupancy()
    at = sorted({*range(0, len(seen.hours), 8), len(seen.hours) - 1})
    truth = exact.occupancy(seen.hours[at]).values.clip(0.0, 1.0)
    for name, row, expected in zip(seen.names, seen.values[:, at], truth, strict=True):
        for hour, value, p in zip(seen.hours[at], row, expected, strict=True):
            assert agrees(round(value * n), n, float(p)), (name, hour)
    # Whatever happened, happened between the first hour and the last: neither is cut off.
    assert seen.values[:, 0].sum() == pytest.approx(1.0, abs=1e-4)
    if until is None:
        ends = {**result.fates(), **result.causes()}
        assert curves.values[:, -1].tolist() == [ends.get(name, 0) / n for name in curves.names]


@pytest.mark.sampled(0, 12)
@pytest.mark.parametrize("name", [e.name for e in cascade.models()])
def test_catalogue_agrees(name: str) -> None:
    model = cascade.load(name)
    # Cells that pass the lung fifty times take as long as fifty that do not.
    cells = 3_000_000 if model.clusters is None else 500_000
    assert all_agree(cascade.simulate(model, cells=cells, seed=8), cascade.exact(model)) == []


TEXTBOOK = cascade.load("textbook")
HAZARDS = [name for name, _, _ in TEXTBOOK.hazards()]


def from_state(model: Model, state: str) -> Model:
    """One state of a model and its ways out: cells start there, every other state absorbs."""
    kept = next(s for s in model.states if s.name == state)
    others = [{"name": m.to, "absorbing": True} for m in kept.moves]
    return Model(name=state, stages=[kept.stage], states=[kept, *others])


@pytest.mark.full
@pytest.mark.parametrize("name", HAZARDS)
def test_a_planted_error_of_two_per_cent_is_caught(name: str) -> None:
    """With 99 % power: the share of each way out, cells started in that hazard's state."""
    state, _, way = name.partition(".")
    right = from_state(TEXTBOOK, state)
    planted = right.with_(scale={name: 1.02})

    # A death ends as "state.cause", a move in the state that it leads to.
    fate = name if name in cascade.exact(right).fates() else way
    # A rare way out is watched where it is common: its rivals are slowed, all alike.
    rivals = [h for h, _, _ in right.hazards() if h != name]
    for slowed in (1.0, 1e-2, 1e-5):
        one, two = (m.with_(scale=dict.fromkeys(rivals, slowed)) for m in (right, planted))
        p, q = (cascade.exact(m).fates()[fate] for m in (one, two))
        n = cells_needed(p, q)
        if n <= 20_000_000:
            break
    count = cascade.simulate(two, cells=n, seed=31).fates()[fate]
    assert not agrees(count, n, p), "the planted error went unseen"
    assert agrees(count, n, q)


@pytest.mark.parametrize("state", [s.name for s in TEXTBOOK.states if not s.absorbing])
def test_a_planted_error_of_time_scale_is_caught(state: str) -> None:
    """All hazards of a state 2 % too large: seen in who is still there after one mean sojourn."""
    right = from_state(TEXTBOOK, state)
    planted = right.with_(scale={name: 1.02 for name, _, _ in right.hazards()})
    mean = 1.0 / sum(h for _, _, h in right.hazards())
    p, q = np.exp(-1.0), np.exp(-1.02)
    n = cells_needed(p, q)
    count = cascade.simulate(planted, cells=n, seed=32, until=mean).fates()[state]
    assert not agrees(count, n, p), "the planted error went unseen"
    assert agrees(count, n, q)


@pytest.mark.full
def test_immigration_and_death() -> None:
    """A case of the Discrete Stochastic Model Test Suite: immigration at rate a, death at rate m.

    The number alive at T is Poisson of mean a (1 - exp(-m T)) / m.  1,000 replicates; the
    mean against its standard error; the variance by sqrt(n / (kurtosis - 1)) of the ratio,
    the kurtosis of a Poisson variable being 3 + 1 / mean.
    """
    rate, death, span, runs = 20.0, 0.5, 6.0, 1000
    model = Model(
        name="immigration and death",
        stages=["alive"],
        states=[{"name": "alive", "stage": "alive", "deaths": [{"cause": "death", "hazard": death}]}],
        start={"states": [{"state": "alive"}], "entry_hours": [0.0, span]},
    )
    numbers = np.random.default_rng(17).poisson(rate * span, runs)
    alive, first = np.zeros(runs), 0
    for i, number in enumerate(numbers):
        alive[i] = (
            cascade.simulate(model, cells=range(first, first + number), seed=18, until=span).fates().get("alive", 0)
        )
        first += int(number)
    mean = rate * -np.expm1(-death * span) / death
    assert within(alive.mean(), mean, np.sqrt(mean / runs))
    kurtosis = 3 + 1 / mean
    assert abs(alive.var(ddof=1) / mean - 1) * np.sqrt(runs / (kurtosis - 1)) < SIGMAS


def test_seeds_and_cells_are_independent() -> None:
    """Success in halves of the cells and under neighbouring seeds: chi-square of a 2 x 2 table."""
    n = 200_000
    won = []
    for seed, first in ((1, 0), (2, 0), (1, n)):
        flags = np.zeros(n, bool)
        cells = cascade.simulate(LINEAR, cells=range(first, first + n), seed=seed).watched - np.uint64(first)
        flags[cells.astype(int)] = True
        won.append(flags)
    p = won[0].mean()
    for other in won[1:]:
        both = (won[0] & other).sum()
        assert within(both, n * p * other.mean(), np.sqrt(n) * p)
