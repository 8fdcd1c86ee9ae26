"""Cells that share a capacity: the settled course against a slow lockstep, invariance, windows, errors."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import cascade
from cascade.model import Model
from cascade.model.treatments import Capacity
from helpers.agreement import all_agree
from helpers.reference import Reference

CROWDED = cascade.Model(
    name="crowded",
    stages=["circulation", "tissue"],
    states=[
        {
            "name": "blood",
            "stage": "circulation",
            "moves": [{"to": "tissue", "hazard": 0.2}],
            "deaths": [{"cause": "immune killing", "hazard": 2.0}, {"cause": "shear", "hazard": 0.3}],
        },
        {
            "name": "tissue",
            "stage": "tissue",
            "moves": [{"to": "colony", "hazard": 0.5}, {"to": "blood", "hazard": 0.1}],
            "deaths": [{"cause": "immune killing", "hazard": 0.2}],
        },
        {"name": "colony", "absorbing": True},
    ],
)


def shared(half: float, windows: list[float], model: Model = CROWDED) -> Model:
    return model.with_(
        capacity={"occupied_by": ["blood"], "hazards": ["blood.immune killing"], "half": half, "windows": windows}
    )


def lockstep(model: Model, capacity: Capacity, cells: int, seed: int) -> list[float]:
    """Factors window by window, by the slow reference: each life up to the window, and a count."""
    factors: list[float] = []
    for begin in capacity.windows:
        ends = [*capacity.windows[1 : len(factors)], math.inf] if factors else [math.inf]
        windows = [(end, {"blood.immune killing": f}) for end, f in zip(ends, factors or [1.0], strict=True)]
        reference = Reference(model, seed, windows)
        present = 0
        for cell in range(cells):
            life = reference.life(cell)
            here = life.start
            for event in life.events:
                if event.time > begin or begin == 0:
                    break
                here = "" if event.died else event.way
            present += here == "blood"
        factors.append(1.0 / (1.0 + present / capacity.half))
    return factors


def test_the_course_is_that_of_a_slow_lockstep() -> None:
    model = shared(60.0, [0.0, 0.2, 0.4, 0.7, 1.0, 1.5, 2.5])
    result = cascade.simulate(model, cells=500, seed=5)
    found = result.model.capacity
    assert found is not None
    assert found.factors is not None
    assert list(found.factors) == lockstep(CROWDED, found, 500, 5)
    assert found.factors[0] == 1 / (1 + 500 / 60)
    assert found.factors[-1] > 3 * found.factors[0]


def test_bits_do_not_depend_on_threads_or_chunks(tmp_path: Path) -> None:
    model = shared(2000.0, np.linspace(0, 4, 21).tolist())
    whole = cascade.simulate(model, cells=40_000, seed=5)
    with ThreadPoolExecutor(3) as pool:
        parts = cascade.simulate(model, cells=40_000, seed=5, executor=pool, chunk=1234)
    assert parts.model == whole.model
    assert np.array_equal(parts.totals.counts, whole.totals.counts)
    opened = cascade.open_result(whole.save(tmp_path / "r.cascade"))
    fates: dict[str, int] = {}
    for history in opened.replay(range(3000)):
        fates[history.fate] = fates.get(history.fate, 0) + 1
    few = cascade.simulate(opened.model, cells=3000, seed=5)  # the course is kept, not found again
    assert few.model == opened.model
    assert fates == few.fates()
    assert "not independent" in str(whole.funnel())


def test_a_crowd_survives_better_and_a_large_capacity_changes_nothing() -> None:
    windows = np.linspace(0, 4, 21).tolist()
    alone = cascade.simulate(CROWDED, cells=40_000, seed=5)
    crowd = cascade.simulate(shared(2000.0, windows), cells=40_000, seed=5)
    plenty = cascade.simulate(shared(1e15, windows), cells=40_000, seed=5)
    assert crowd.success > 1.5 * alone.success
    assert plenty.fates() == alone.fates()


def test_independent_cells_under_the_course_agree_with_the_exact_answer() -> None:
    """Other cells under the same course are independent: their counts agree."""
    course = cascade.simulate(shared(2000.0, [0.0, 0.3, 0.6, 1.0, 2.0]), cells=40_000, seed=5).model
    fresh = cascade.simulate(course, cells=300_000, seed=77)
    assert all_agree(fresh, cascade.exact(course)) == []


def test_comparisons_settle_both_sides() -> None:
    model = shared(2000.0, [0.0, 0.3, 0.6, 1.0, 2.0])
    weaker = model.with_(scale={"blood.shear": 0.1}, name="less shear")
    found = cascade.compare(model, weaker, cells=20_000, seed=3)
    for side, given in ((found.model, model), (found.other, weaker)):
        assert side == cascade.simulate(given, cells=20_000, seed=3).model


@pytest.mark.slow
def test_halving_the_windows_moves_colonies_by_less_than_one_per_cent() -> None:
    """10^7 cells, the same draws."""
    counts = []
    for n in (100, 200):
        model = shared(5e5, np.linspace(0, 5, n + 1)[:-1].tolist())
        counts.append(cascade.simulate(model, cells=10**7, seed=1).funnel().rows[-1].passed)
    assert counts[0] > 100_000
    assert abs(counts[1] / counts[0] - 1) < 0.01


def test_wrong_capacities_get_clear_messages() -> None:
    with pytest.raises(cascade.InputError, match="the model of a simulated result"):
        cascade.exact(shared(10.0, [0.0]))
    for changes, message in (
        ({"windows": [1.0, 2.0]}, "rising from 0"),
        ({"windows": [0.0, 2.0, 2.0]}, "rising from 0"),
        ({"half": 0.0}, "half"),
        ({"occupied_by": ["blod"]}, "did you mean 'blood'"),
        ({"hazards": ["blood.nothing"]}, "a hazard of the model"),
        ({"factors": [0.5]}, "one factor for each of the 2 windows"),
    ):
        fields = {"occupied_by": ["blood"], "hazards": ["*.immune killing"], "half": 10.0, "windows": [0.0, 1.0]}
        with pytest.raises(cascade.ModelError, match=message) as caught:
            CROWDED.with_(capacity={**fields, **changes})
        assert len(caught.value.faults) == 1
