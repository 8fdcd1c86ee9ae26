"""Averages over frailties in time: the error that is stated is kept, over kinds, spreads, hazards, powers and times."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import gammaln

import cascade
from cascade.common.types import Floats
from cascade.model import Model

MOVE = 0.3
TIMES = [0.01, 1.0, 10.0]


def dying(kind: str, cv: float, hazard: float, power: float) -> Model:
    """Cells in one state that die at a hazard times a power of their trait, and move on at another."""
    here = {
        "name": "a",
        "stage": "a",
        "moves": [{"to": "goal", "hazard": MOVE}],
        "deaths": [{"cause": "d", "hazard": hazard}],
    }
    trait = {"name": "z", "cv": cv, "distribution": kind, "hazards": [{"hazard": "a.d", "power": power}]}
    return Model(name="dying", stages=["a"], states=[here, {"name": "goal", "absorbing": True}], frailties=[trait])


def mean_over(kind: str, cv: float, of: Callable[[Floats], Floats]) -> float:
    """The mean of a bounded function of log Z, by a rule of two hundred thousand points with no error left."""
    if kind == "lognormal":
        x = np.linspace(-14.0, 14.0, 200_001)
        variance = np.log1p(cv**2)
        weights, log_z = np.exp(-0.5 * x**2), np.sqrt(variance) * x - variance / 2
    else:
        shape = cv**-2.0
        t = np.linspace(-11.0, 60.0, 200_001)
        y = t - np.exp(-t)
        log_z = y - np.log(shape)
        weights = np.exp(shape * y - np.exp(y) - gammaln(shape) + np.log1p(np.exp(-t)))
    with np.errstate(over="ignore", under="ignore"):
        return float(weights @ of(log_z) / weights.sum())


def cases() -> list[Any]:
    """The grid of the kinds; gamma with a negative power only to cv 5: beyond, its draws are below every number."""
    grid = itertools.product(
        ("lognormal", "gamma"), (0.1, 0.5, 1.0, 2.0, 5.0, 10.0), (0.1, 20.0), (-1.0, 0.5, 1.0, 2.0)
    )
    every = [case for case in grid if not (case[0] == "gamma" and case[3] < 0 and case[1] > 5.0)]
    named = [("lognormal", 1.0, 20.0, 1.0), ("gamma", 2.0, 20.0, -1.0), ("gamma", 5.0, 20.0, 1.0)]
    return [
        pytest.param(*case, marks=() if case in named or i % 7 == 0 else pytest.mark.full)
        for i, case in enumerate(every)
    ]


@pytest.mark.parametrize(("kind", "cv", "hazard", "power"), cases())
def test_curves_and_ends_keep_their_errors(kind: str, cv: float, hazard: float, power: float) -> None:
    exact = cascade.exact(dying(kind, cv, hazard, power))
    curves = exact.occupancy(TIMES)
    assert curves.errors is not None

    def rate(log_z: Floats) -> Floats:
        return np.asarray(hazard * np.exp(np.clip(power * log_z, -230, 230)))

    for i, t in enumerate(TIMES):
        truth = mean_over(kind, cv, lambda y, t=t: np.exp(-(rate(y) + MOVE) * t))  # type: ignore[misc]
        error = curves.errors[0, i]
        assert abs(curves["a"][i] - truth) <= error + 1e-14
        assert error <= 1e-9
        end = cascade.exact(exact.model, until=t)
        died = mean_over(kind, cv, lambda y, t=t: rate(y) / (rate(y) + MOVE) * -np.expm1(-(rate(y) + MOVE) * t))  # type: ignore[misc]
        assert end.fates().get("a.d", 0.0) == pytest.approx(died, abs=1e-9)
    success = mean_over(kind, cv, lambda y: MOVE / (rate(y) + MOVE))
    assert exact.success == pytest.approx(success, abs=exact.error + 1e-13)
    assert exact.error <= 1e-9


def test_the_closed_form_of_a_gamma_trait() -> None:
    """(1 + 20 t / k)^-k e^(-0.3 t) at cv 5, where old nodes were wrong by thousands of stated errors."""
    t = np.geomspace(1e-4, 30.0, 12)
    curves = cascade.exact(dying("gamma", 5.0, 20.0, 1.0)).occupancy(t.tolist())
    truth = (1 + 20 * t * 25) ** (-1 / 25) * np.exp(-MOVE * t)
    assert curves.errors is not None
    assert (np.abs(curves["a"] - truth) <= curves.errors[0]).all()
    assert curves.errors.max() < 1e-9


def test_medians_are_where_the_curves_say() -> None:
    for kind, cv in (("lognormal", 1.0), ("gamma", 2.0)):
        exact = cascade.exact(dying(kind, cv, 20.0, 1.0))
        row = exact.times()[0]
        assert exact.reach([row.median_hours])["a"][0] == pytest.approx(row.probability / 2, rel=1e-7)


def test_what_is_rare_in_time_is_not_told_as_a_number() -> None:
    """A hundred steps of an hour each, after one and a half: one in 10^140, which no contour knows."""
    wait = {"name": "w", "stage": "w", "phases": 100, "moves": [{"to": "goal", "hazard": 1.0}]}
    exact = cascade.exact(Model(name="rare", stages=["w"], states=[wait, {"name": "goal", "absorbing": True}]))
    curves = exact.incidence([1.5, 100.0])
    assert curves.errors is not None
    assert curves["goal"][0] == 0.0 < curves.errors[0, 0] < 1e-9
    assert curves["goal"][1] == pytest.approx(0.5133, abs=1e-3)


LONG = [((5.0, 5.0), True), ((2.0, 5.0), True)]
"""Wide traits under treatment, in the full tier; each of the two by itself is in the fast one."""


@pytest.mark.sampled(1, 3)
@pytest.mark.parametrize(
    ("cvs", "treated"),
    [((5.0, 5.0), False), ((2.0, 5.0), False), ((0.3, 1.0), False), ((0.3, 1.0), True)]
    + [pytest.param(*one, marks=pytest.mark.full) for one in LONG],
)
def test_two_traits_and_treatments_keep_their_errors(cvs: tuple[float, float], *, treated: bool) -> None:
    """Two causes with a gamma trait each: a product; a treatment only changes how long one of them is endured."""
    t, rates = np.array([0.01, 0.1, 1.0, 3.0, 10.0]), (20.0, 5.0)
    model = dying("gamma", cvs[0], rates[0], 1.0)
    here = model.states[0].model_dump()
    here["deaths"] = [*here["deaths"], {"cause": "e", "hazard": rates[1]}]
    more = {"name": "y", "cv": cvs[1], "distribution": "gamma", "hazards": [{"hazard": "a.e"}]}
    model = model.with_(states=[here, model.states[1]], frailties=[*model.frailties, more])
    endured = t.copy()
    if treated:
        drug = cascade.Treatment(name="t", effects=[{"hazard": "a.d", "factor": 3.0}], start_hours=0.5, end_hours=2.0)
        model, endured = model.with_treatments(drug), t + 2.0 * (np.clip(t, 0.5, 2.0) - 0.5)
    truth = np.exp(-MOVE * t)
    for cv, rate, time in zip(cvs, rates, (endured, t), strict=True):
        truth *= (1.0 + rate * time * cv**2) ** (-(cv**-2.0))
    curves = cascade.exact(model).occupancy(t.tolist())
    assert curves.errors is not None
    assert (np.abs(curves["a"] - truth) <= curves.errors[0]).all()
    assert curves.errors.max() < 1e-5
