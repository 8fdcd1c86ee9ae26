"""What an assay counts: shares of observables and their derivatives, against the exact answer and a simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import cascade
from cascade import Observable
from cascade.solution.shares import Shares
from helpers.budget import agrees
from helpers.models import CYCLIC, INSIDE, LINEAR, TWO_FRAILTIES, UNITS, changed

MODELS = {
    "linear": LINEAR,
    "cyclic": CYCLIC,
    "two frailties": TWO_FRAILTIES,
    "levels": INSIDE,
    "clusters": next(iter(UNITS.values())) if isinstance(UNITS, dict) else UNITS[0],
    "entry": LINEAR.with_(start={"states": [{"state": "detachment", "share": 1.0}], "entry_hours": (0.0, 6.0)}),
    "treated": changed(CYCLIC, 3.0, "*.shear", begin=2.0, end=9.0),
}
HOURS = np.array([0.5, 3.0, 8.0, 40.0, 300.0])


def observables(model: cascade.Model) -> list[Observable]:
    """A state, all living states, a cause, and both together."""
    living = [s.name for s in model.states if not s.absorbing]
    cause = next(d.cause for s in model.states for d in s.deaths)
    goals = [s.name for s in model.states if s.absorbing]
    return [
        Observable("one", states=living[-1]),
        Observable("living", states=living),
        Observable("dead", deaths=cause),
        Observable("both", states=[*living[:1], *goals], deaths=[cause]),
    ]


def groups(model: cascade.Model) -> list[list[int]]:
    """Some hazards alone, and a pattern of several."""
    table = model.hazard_table
    cause = next(d.cause for s in model.states for d in s.deaths)
    several = table.named(f"*.{cause}", "free")
    alone = [n for n, row in enumerate(table) if row.part is not None and n not in several][:3]
    return [[n] for n in alone] + [several]


def scaled(model: cascade.Model, logs: np.ndarray) -> cascade.Model:
    """The model at other hazards, by the other way."""
    factors = {}
    for numbers, log in zip(groups(model), logs, strict=True):
        factors |= {model.hazard_table.rows[n].name: float(np.exp(log)) for n in numbers}
    return model.with_(scale=factors)


@pytest.mark.parametrize("name", MODELS)
def test_shares_at_other_hazards_are_those_of_the_model_with_them(name: str) -> None:
    """Also after the rule has been found to serve elsewhere, and far from there."""
    model, some = MODELS[name], observables(MODELS[name])
    shares = Shares(model, some, HOURS, groups(model))
    rng = np.random.default_rng(1)
    for spread in (0.0, 0.3, 2.0):
        logs = rng.normal(0.0, spread, 4)
        got, exact = shares.at(logs), cascade.exact(scaled(model, logs))
        for k, one in enumerate(some):
            assert (np.abs(got.value[k] - exact.observe(one, HOURS)) < got.error[k] + 1e-9).all(), (one.name, spread)
            # With frailties work is bounded, and the error says what that leaves.
            assert got.error.max() < (1e-2 if model.frailties else 1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_slopes_are_those_of_small_steps(name: str) -> None:
    model, some = MODELS[name], observables(MODELS[name])
    shares, step = Shares(model, some, HOURS, groups(model)), 1e-4
    at = np.array([0.2, -0.3, 0.1, 0.4])
    got = shares.at(at)
    for p in range(4):
        ahead, behind = (shares.at(at + sign * step * np.eye(4)[p]).value for sign in (1, -1))
        assert got.slope[p] == pytest.approx((ahead - behind) / (2 * step), abs=2e-6)
    assert shares.at(at, slopes=False).value == pytest.approx(got.value, abs=3e-11)


def test_a_planted_error_in_a_slope_is_seen() -> None:
    """A derivative that is one part in a hundred off differs by more than the test allows."""
    got = Shares(LINEAR, observables(LINEAR), HOURS, groups(LINEAR)).at(np.zeros(4))
    assert np.abs(0.01 * got.slope).max() > 2e-4


def test_observed_shares_of_a_simulation_agree() -> None:
    hours = [3.0, 40.0]
    result = cascade.simulate(CYCLIC, cells=200_000, seed=5, times=hours)
    for one in observables(CYCLIC):
        for share, p in zip(result.observe(one, hours), cascade.exact(CYCLIC).observe(one, hours), strict=True):
            assert agrees(round(share * 200_000), 200_000, p), one.name


def test_observables_of_the_model_are_asked_for_by_name() -> None:
    """They are part of the file, move no cell, and go with the states that are left."""
    alive = Observable("alive", states=["detachment", "breach", "arrest", "growth"])
    model = LINEAR.with_(observables=[alive, Observable("early", states="detachment")])
    assert model.digest() == LINEAR.digest()
    assert cascade.Model.from_toml(model.to_toml()) == model
    there = cascade.exact(model).occupancy([5.0])
    expected = sum(there[s][0] for s in alive.states)
    assert cascade.exact(model).observe("alive", [5.0])[0] == pytest.approx(expected, abs=1e-12)
    assert [one.name for one in model.injected("arrest").observables] == ["alive"]


@pytest.mark.parametrize("name", ["b16f1-liver", "ctc-mouse", "platelets"])
def test_published_figures_are_asked_for_by_name(name: str) -> None:
    """What the scorecard computes is what an answer says, of every figure that one answer can have."""
    from cascade.scores.asking import value_of

    model = cascade.load(name)
    exact, told = cascade.exact(model), 0
    for seen in model.observations:
        if seen.ask is not None and not seen.ask.half_life and seen.ask.treated is None:
            assert exact.figure(seen.name) == value_of(model, seen)
            told += exact.figure(seen.name) is not None
    assert told > 0 or name != "b16f1-liver"


BAD: dict[str, tuple[Callable[[], object], str]] = {
    "a name that is none": (lambda: cascade.exact(LINEAR).observe("alive", [1.0]), "one of the model's"),
    "no state like it": (
        lambda: cascade.exact(LINEAR).observe(Observable("x", states="arest"), [1.0]),
        "did you mean 'arrest'",
    ),
    "no cause like it": (
        lambda: cascade.exact(LINEAR).observe(Observable("x", deaths="sheer"), [1.0]),
        "did you mean 'shear'",
    ),
    "deaths of a state": (
        lambda: cascade.exact(LINEAR).observe(Observable("x", deaths="arrest.shear"), [1.0]),
        "causes, whatever the state",
    ),
    "counts nothing": (lambda: Observable("x"), "states or deaths"),
    "no times": (
        lambda: cascade.exact(LINEAR).observe(Observable("x", states="arrest"), None),  # type: ignore[arg-type]
        "times",
    ),
    "no observable": (lambda: cascade.exact(LINEAR).observe(3, [1.0]), "cascade.Observable"),  # type: ignore[arg-type]
    "a figure that is none": (lambda: cascade.exact(LINEAR).figure("x"), "one of the model's"),
    "twice": (
        lambda: LINEAR.with_(observables=[Observable("a", states="arrest"), Observable("a", states="growth")]),
        "each name is used once",
    ),
    "conditioned": (
        lambda: Shares(cascade.given(LINEAR, "metastasis"), [Observable("a", states="arrest")], HOURS, []),
        "a model of all cells",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_observed_is_refused(what: str) -> None:
    ask, words = BAD[what]
    with pytest.raises(cascade.CascadeError, match=words):
        ask()
