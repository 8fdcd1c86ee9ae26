"""Where a new animal would be: the band holds new animals, of few animals, of any observable, of curves that differ."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import cascade
from helpers.models import DECAY

HAZARD = "here.lost"


def counted(counts: np.ndarray[Any, Any], hours: float, cells: float, name: str = "here") -> cascade.Data:
    rows = [{"animal": str(k), "hours": hours, "observable": name, "count": int(n)} for k, n in enumerate(counts)]
    return cascade.Data.counts(rows, cells=cells)


@pytest.mark.parametrize("animals", [4, 8])
def test_of_few_animals_the_band_holds_new_ones(animals: int) -> None:
    """Over 240 studies: a normal law in place of Student's would hold 85.5 and 90.9 %; the standard error is 0.6 %."""
    rng, spread, cells, hours = np.random.default_rng(11), 0.4, 5000.0, 8.0
    middle = cells * math.exp(-0.12 * hours)  # here.lost and here.gone
    held = []
    for _ in range(240):
        counts = rng.poisson(middle * np.exp(rng.normal(0, spread, animals)))
        told = cascade.fit(DECAY, counted(counts, hours, cells), [HAZARD], starts=0).predict("here", [hours])
        new = rng.poisson(middle * np.exp(rng.normal(0, spread, 2000)))
        held.append(np.mean((new >= told.animal_low[0]) & (new <= told.animal_high[0])))
    assert 0.932 < np.mean(held) < 0.988


def test_a_band_is_never_narrower_than_that_of_the_curve() -> None:
    rng = np.random.default_rng(3)
    for animals in (2, 3, 5):
        counts = rng.poisson(2000 * np.exp(rng.normal(0, 0.3, animals)))
        told = cascade.fit(DECAY, counted(counts, 8.0, 5000.0), [HAZARD], starts=0).predict("here", [2.0, 8.0, 20.0])
        assert (told.animal_low <= told.low).all()
        assert (told.animal_high >= np.minimum(told.high, told.cells)).all()


@pytest.mark.parametrize("counts", [[395], [0, 0, 0, 0]])
def test_a_spread_that_is_not_told_is_said_to_be_so_and_leaves_the_band_open(counts: list[int]) -> None:
    fit = cascade.fit(DECAY, counted(np.array(counts), 8.0, 5000.0), [HAZARD])
    assert "do not tell the spread of each count" in str(fit)
    told = fit.predict("here", [8.0])
    assert told.animal_low[0] <= 1e-6 * max(told.median[0], 1.0)
    assert told.animal_high[0] > 5000.0 or told.median[0] == 0
    seen = cascade.fit(DECAY, counted(np.array([395, 301, 560, 290]), 8.0, 5000.0), [HAZARD])
    assert "do not tell the spread" not in str(seen)


def test_what_was_not_counted_is_as_far_apart_as_what_was() -> None:
    """Where each observable has its own spread, that of a state is not left out of the band."""
    rng, cells = np.random.default_rng(5), 5000.0
    share = {"cells there": lambda h: math.exp(-0.12 * h), "gone": lambda h: (1 - math.exp(-0.12 * h)) / 6}
    rows = [
        {"animal": str(k), "hours": h, "observable": name,
         "count": int(rng.poisson(cells * share[name](h) * np.exp(rng.normal(0, sd))))}
        for k in range(8) for h in (4.0, 9.0) for name, sd in (("cells there", 0.5), ("gone", 0.1))
    ]  # fmt: skip
    observables = {"cells there": ["here"], "gone": ["gone"]}
    fit = cascade.fit(DECAY, cascade.Data.counts(rows, observables, cells=cells), [HAZARD], spread="each", starts=0)
    named, state = (fit.predict(name, [5.0]) for name in ("cells there", "here"))
    assert fit.spreads["cells there"] > fit.spreads["gone"]
    assert state.median == pytest.approx(named.median)
    assert state.animal_low == pytest.approx(named.animal_low)
    assert state.animal_high == pytest.approx(named.animal_high)


def test_where_a_hazard_differs_the_band_is_that_of_curves_solved_anew() -> None:
    """Of late times a linear curve would put the band above all cells, and too high at both ends."""
    rng, omega, cells = np.random.default_rng(8), 0.8, 20000.0
    hours, animals = (3.0, 8.0, 14.0), 30
    rates = 0.1 * np.exp(rng.normal(0, omega, animals)) + 0.02
    rows = [
        {"animal": str(k), "hours": h, "observable": "here", "count": int(rng.poisson(cells * math.exp(-rate * h)))}
        for k, rate in enumerate(rates) for h in hours
    ]  # fmt: skip
    fit = cascade.fit(DECAY, cascade.Data.counts(rows, cells=cells), [HAZARD], spread="none", dose=False, vary=HAZARD)
    at = 40.0
    told = fit.predict("here", [at])
    middle, apart = fit.best.theta[0], fit.spreads[f"{HAZARD} between animals"]
    new = 0.1 * np.exp(middle + rng.normal(0, apart, 400_000))
    counts = rng.poisson(cells * np.exp(-(new + 0.02) * at))
    low, high = np.quantile(counts, [0.025, 0.975])
    # The band has what the fit does not know, too: it is a little wider, and never as wide as all cells.
    assert 0.5 * low - 3 <= told.animal_low[0] <= low + 3
    assert 0.98 * high <= told.animal_high[0] <= min(1.6 * high, cells)
