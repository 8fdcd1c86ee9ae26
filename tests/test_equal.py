"""Answers that hold arrays: equal by what they hold, hashed, and never changed by whoever has them."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cascade
from helpers.immutable import changeable
from helpers.models import CYCLIC, TWO_FRAILTIES, UNITS

CLUSTERS = UNITS["clusters"]
MADE: dict[str, Callable[[int], Any]] = {
    "result": lambda seed: cascade.simulate(CYCLIC, cells=500, seed=seed),
    "result of clusters": lambda seed: cascade.simulate(CLUSTERS, cells=500, seed=seed),
    "totals": lambda seed: cascade.simulate(CYCLIC, cells=500, seed=seed).totals,
    "funnel": lambda seed: cascade.simulate(CYCLIC, cells=500, seed=seed).funnel(),
    "row": lambda seed: cascade.simulate(CYCLIC, cells=500, seed=seed).funnel().rows[0],
    "organs": lambda seed: cascade.simulate(cascade.load("colon"), cells=5000, seed=seed).organs(),
    "sizes": lambda seed: cascade.simulate(CLUSTERS, cells=500, seed=seed).sizes(),
    "occupancy": lambda seed: cascade.simulate(CYCLIC, cells=500, seed=seed).occupancy(),
    "incidence": lambda seed: cascade.simulate(CYCLIC, cells=500, seed=seed).incidence(),
    "selection": lambda seed: cascade.selection(TWO_FRAILTIES, cells=500, seed=seed),
    "comparison": lambda seed: cascade.compare(CYCLIC, CYCLIC.with_(scale={"*.shear": 0.5}), cells=500, seed=seed),
    "histories": lambda seed: cascade.replay(TWO_FRAILTIES, seed=seed, cells=[1, 2]),
    "history": lambda seed: cascade.replay(TWO_FRAILTIES, seed=seed, cells=[1, 2])[0],
    "exact curves": lambda seed: cascade.exact(CYCLIC).occupancy([1.0, 2.0 + seed]),
    "exact funnel": lambda seed: cascade.exact(CYCLIC).funnel(100 + seed),
}


@pytest.mark.parametrize("name", MADE)
def test_answers_are_equal_by_what_they_hold(name: str) -> None:
    one, again, other = MADE[name](1), MADE[name](1), MADE[name](2)
    assert one == again
    assert one is not again
    assert one != other
    assert one != "something else"
    assert one in [other, again]
    assert hash(one) == hash(again)
    assert len({one, again, other}) == 2
    assert copy.deepcopy(one) == one


@pytest.mark.parametrize("name", MADE)
def test_nothing_of_an_answer_can_be_changed(name: str) -> None:
    assert list(changeable(MADE[name](1))) == []


def test_one_number_more_makes_another_result() -> None:
    result = cascade.simulate(CYCLIC, cells=500, seed=1)
    for array in result.totals.ARRAYS:
        changed = getattr(result.totals, array).copy()
        if not changed.size:
            continue
        changed.flat[-1] += 1
        assert dataclasses.replace(result.totals, **{array: changed}) != result.totals
        with pytest.raises(ValueError, match="read-only"):
            getattr(result.totals, array).flat[-1] += 1


def test_numbers_that_are_none_are_equal() -> None:
    """Means of an empty group are not-a-number in both of two equal tables."""
    still = CYCLIC.with_(hazards={"bed.tissue": 0.0}, frailties=TWO_FRAILTIES.frailties)
    one, two = (cascade.selection(still, cells=50, seed=1) for _ in range(2))
    assert any(np.isnan(row.mean) for row in one)
    assert one == two
