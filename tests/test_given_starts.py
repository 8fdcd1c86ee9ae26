"""Cells that differ and start in several states, given a goal: each start is chosen by the cell's own chances."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import quad

import cascade
from cascade.model import Model
from cascade.runs.histories import History
from cascade.solution.passage_times import passage_times
from helpers.budget import agrees, within
from helpers.models import FRAIL, TWO_FRAILTIES, ways

SHARES = {"a": 0.6, "b": 0.4}


def two_starts(kind: str, cv: float, **fields: object) -> Model:
    """Two states in which cells start, and of which more of the trait favours the one and harms the other."""
    return Model(
        name="two starts",
        stages=["there"],
        states=[
            {"name": "a", "stage": "there", **ways({"on": 0.3}, {"shear": 1.0})},
            {"name": "b", "stage": "there", **ways({"on": 0.5}, {"immune": 2.0})},
            {"name": "on", "absorbing": True},
        ],
        start={"states": [{"state": s, "share": share} for s, share in SHARES.items()], "entry_hours": (1.0, 1.0)},
        frailties=[
            {"name": "z", "cv": cv, "distribution": kind, "hazards": [{"hazard": "a.on"}, {"hazard": "b.immune"}]}
        ],
        **fields,
    )


def totals(z: float) -> dict[str, float]:
    """Summed hazards of each state."""
    return {"a": 0.3 * z + 1.0, "b": 0.5 + 2.0 * z}


def reaching(z: float) -> dict[str, float]:
    """Hazards of success."""
    return {"a": 0.3 * z, "b": 0.5}


def mean(kind: str, cv: float, of: Callable[[float], float]) -> float:
    """The average over all cells, by adaptive quadrature in log Z."""
    if kind == "gamma":
        k = cv**-2.0
        norm = k * math.log(k) - math.lgamma(k)

        def density(x: float) -> float:
            return math.exp(k * x - k * math.exp(x) + norm)

        low, high = -40.0 / k, 8.0
    else:
        sigma = math.sqrt(math.log1p(cv * cv))

        def density(x: float) -> float:
            return math.exp(-0.5 * ((x + sigma**2 / 2) / sigma) ** 2) / sigma / math.sqrt(2 * math.pi)

        low, high = -0.5 * sigma**2 - 10 * sigma, -0.5 * sigma**2 + 10 * sigma
    pieces = itertools.pairwise(np.linspace(low, high, 60).tolist())
    return sum(quad(lambda x: density(x) * of(math.exp(x)), a, b, epsabs=1e-15, epsrel=1e-13)[0] for a, b in pieces)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("cv", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("kind", ["lognormal", "gamma"])
def test_by_quadrature(kind: str, cv: float) -> None:
    exact = cascade.exact(two_starts(kind, cv).given("on"))

    def share(state: str, hours: float = 0.0, trait: float = 0.0) -> float:
        def chosen(z: float) -> float:
            return (
                z**trait * SHARES[state] * reaching(z)[state] / totals(z)[state] * math.exp(-totals(z)[state] * hours)
            )

        return mean(kind, cv, chosen)

    chance = sum(map(share, SHARES))
    assert abs(exact.success - 1.0) <= 1e-12
    times = [0.0, 1.0, 1.2, 2.0, 6.0]
    curves = exact.occupancy(times)
    assert curves.errors is not None
    for state in SHARES:
        for i, time in enumerate(times):
            expected = share(state, max(0.0, time - 1.0)) / chance
            error = curves.errors[curves.names.index(state), i]
            assert error < 1e-8
            assert abs(curves[state][i] - expected) <= error + 1e-12, (state, time)
    reached = exact.reach(times)["there"]
    assert reached == pytest.approx([1.0 - sum(share(s, max(0.0, t - 1.0)) for s in SHARES) / chance for t in times],
                                    abs=1e-9)  # fmt: skip
    trait = sum(share(s, trait=1.0) for s in SHARES) / chance
    assert exact.traits()["z"] == pytest.approx((trait, trait), rel=1e-8)
    hours = exact.hours()
    for state in SHARES:
        spent = mean(kind, cv, lambda z, s=state: SHARES[s] * reaching(z)[s] / totals(z)[s] ** 2) / chance  # type: ignore[misc]
        assert hours[state] == pytest.approx(spent, rel=1e-8)
        assert exact.events()[f"{state}.on"] == pytest.approx(share(state) / chance, rel=1e-8)
    (row, *_), error = passage_times(exact._prepared, exact._courses, [])
    left = sum(share(s, row.median_hours - 1.0) for s in SHARES) / chance
    assert error < 1e-5
    assert abs(left - 0.5) <= error + 1e-9
    assert sum(hours.values()) + 1.0 == pytest.approx(row.mean_hours, rel=1e-8)
    # What the shares of all cells would say is seen here.
    assert abs(share("a") / chance - SHARES["a"]) > 0.01


def test_by_quadrature_until_an_end() -> None:
    exact = cascade.exact(two_starts("lognormal", 1.0).given("on"), until=1.5)

    def left(state: str, hours: float) -> float:
        return mean("lognormal", 1.0, lambda z: SHARES[state] * reaching(z)[state] / totals(z)[state]
                    * math.exp(-totals(z)[state] * hours))  # fmt: skip

    chance = left("a", 0.0) + left("b", 0.0)
    assert exact.success == pytest.approx(1.0 - (left("a", 0.5) + left("b", 0.5)) / chance, abs=1e-9)
    assert exact.fates()["a"] == pytest.approx(left("a", 0.5) / chance, abs=1e-9)


COMPANY = two_starts("lognormal", 0.7).with_(
    clusters={"sizes": [{"size": 1, "share": 0.6}, {"size": 3, "share": 0.4}],
              "effects": [{"hazard": "*.shear", "factor": 1.0, "power": -1.0}]},
)  # fmt: skip


def at(life: History, time: float) -> str:
    """The state in which a cell is, or waits to enter."""
    before = [stay for stay in life.stays if stay.entered <= time]
    last = before[-1] if before else life.stays[0]
    return last.state if time < last.left else ""


@pytest.mark.parametrize(
    ("model", "goal"),
    [
        (FRAIL.with_(hazards={"tissue.tumour": 0.5}), "tumour"),
        (TWO_FRAILTIES, "bed.shear"),
        (
            TWO_FRAILTIES.with_(
                start={"states": [{"state": "blood", "share": 0.8}, {"state": "tissue", "share": 0.2}]}
            ),
            "step: bed",
        ),
        (COMPANY, "on"),
        (COMPANY, "shear"),
    ],
    ids=["three frailties", "a death", "after the goal", "clusters", "clusters, a death"],
)
def test_against_the_simulation(model: Model, goal: str) -> None:
    few, times = model.given(goal), [0.5, 4.0, 40.0]
    result, exact = cascade.simulate(few, cells=40_000, seed=7), cascade.exact(few)
    curves = exact.occupancy(times)
    if not model.clusters:
        for fate, share in exact.fates().items():
            assert agrees(result.fates().get(fate, 0), result.cells, share), fate
    lives = list(cascade.replay(few, seed=8, cells=range(4000)))
    sizes = np.array([life.size for life in lives], float)
    for state in exact.lowered.states:
        for i, time in enumerate(times):
            there = np.array([at(life, time) == state for life in lives])
            # The share of cells: of all that live in units of one size or another.
            share = float(curves[state][i])
            ratio = float((sizes * there).sum() / sizes.sum())
            error = float(np.sqrt(((sizes * (there - ratio)) ** 2).sum()) / sizes.sum())
            floor = math.sqrt(share * (1.0 - share) / len(lives)) + 1.0 / len(lives)
            assert within(ratio, share, max(error, floor)), (state, time)
    if model.clusters:
        alone = np.array([life.fate != "on" for life in lives])
        assert within(float(alone.mean()), exact.no_colony, float(alone.std()) / math.sqrt(len(lives)) + 1e-12)
