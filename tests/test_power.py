"""Power of a design: against simulated studies, the classical t test, and its symmetries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

import cascade
from helpers.budget import agrees
from test_fit import DECAY, RACE

ALIVE = {"alive": ["here"]}


def test_power_of_normal_counts_is_that_of_the_t_test() -> None:
    """One time, 10^12 cells: two groups of normal log counts with means apart by delta, nu = 2 n - 2."""
    factor, t, sd = 1.25, 10.0, 0.3
    study = cascade.power(
        DECAY, {"here.lost": factor}, animals=[3, 8, 20], cells=1e12, times=[t], observables=ALIVE, spread=sd
    )
    for row in study:
        n = row.animals
        beyond = 0.1 * (factor - 1) * t / (sd * math.sqrt(2 / n))
        nu = 2 * n - 2
        cut = stats.t.ppf(0.975, nu)
        expected = stats.nct.sf(cut, nu, beyond) + stats.nct.cdf(-cut, nu, beyond)
        # Degrees of freedom are the median of some studies.
        assert row.power == pytest.approx(expected, abs=0.02)
        assert row.in_all == 2 * n


@pytest.mark.full
@pytest.mark.parametrize(("animals", "dose", "spread"), [(4, 0.0, 0.4), (4, 0.3, 0.2)])
def test_power_is_the_share_of_simulated_studies(animals: int, dose: float, spread: float) -> None:
    """Within 0.04, that is what normal theory leaves, beyond the error of counting."""
    study = cascade.power(
        RACE, {"here.immune killing": 1.5}, animals=animals, cells=2e4, times=[3.0, 8.0],
        observables={"here": ["here"], "there": ["there"]}, free=["here.there"], spread=spread, dose=dose,
    )  # fmt: skip
    (row,) = study.rows
    n = 400
    told = round(study.simulated(animals, studies=n) * n)
    assert any(agrees(told, n, min(max(row.power + shift, 0.001), 0.999)) for shift in np.linspace(-0.04, 0.04, 9))


def test_more_animals_cells_and_effect_are_more_power() -> None:
    def of(factor: float = 1.5, animals: int = 5, cells: float = 1e3, spread: float = 0.4) -> float:
        return cascade.power(
            RACE, {"*.shear": factor}, animals=animals, cells=cells, times=[6.0], observables=ALIVE, spread=spread
        ).rows[0].power  # fmt: skip

    assert of() < of(animals=9)
    assert of() < of(factor=2.5)
    assert of(cells=100) < of()
    assert of(spread=0.8) < of()


REFUSED = {
    "two effects": ({"effect": {"here.shear": 2, "here.there": 2}}, "one hazard"),
    "no effect": ({"effect": {"here.shear": 1}}, "not 1"),
    "unknown": ({"effect": {"here.sheer": 2}}, "did you mean"),
    "one animal": ({"animals": 1}, "from 2"),
    "no times": ({"times": []}, "hours at which"),
    "nothing counted": ({"observables": {}}, "what is counted"),
    "spread": ({"spread": -1}, "standard deviation"),
    "level": ({"level": 95}, "between 0 and 1"),
    "tells nothing": ({"effect": {"there.apoptosis": 2}}, "counts that tell the effect"),
    "too few": (
        {"animals": 2, "free": ["here.there", "there.apoptosis"], "observables": {"there": ["there"]}},
        "more of them than",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_designed_is_refused(what: str) -> None:
    changes, words = REFUSED[what]
    given = {"effect": {"here.shear": 2}, "times": [5.0], "observables": ALIVE, "animals": 4} | changes
    with pytest.raises(cascade.CascadeError, match=words):
        cascade.power(RACE, given.pop("effect"), **given)  # type: ignore[arg-type]


def test_an_effect_over_an_arm_is_the_ratio_of_hazards() -> None:
    """Told with an interval of its own: the same as the two hazards apart, in the middle."""
    rng = np.random.default_rng(3)
    rows = [
        {"animal": f"{arm}{h}{k}", "arm": arm, "hours": h, "observable": "here",
         "count": int(rng.poisson(1e6 * math.exp(-0.35 * h * (1 if arm == "a" else 1.6)) * rng.lognormal(0, 0.2)))}
        for arm in "ab" for h in (2.0, 5.0) for k in range(4)
    ]  # fmt: skip
    data = cascade.Data.counts(rows, cells=1e6)
    apart = cascade.fit(RACE, data, ["here.immune killing"], by="arm")
    over = cascade.fit(RACE, data, ["here.immune killing"], by="arm", against="a")
    first, second = apart.table().rows
    base, effect = over.table().rows
    assert base.estimate == pytest.approx(first.estimate, rel=1e-3)
    assert effect.estimate == pytest.approx(second.estimate / first.estimate, rel=1e-3)
    assert effect.against == "a"
    assert effect.low < effect.estimate < effect.high
    assert over.models["b"].states[0].deaths[1].hazard == pytest.approx(second.estimate, rel=1e-3)
    assert "b over a" in str(over)
