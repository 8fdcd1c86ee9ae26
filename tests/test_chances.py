"""Chances among cells that share a capacity: against the joint law of few cells, and how often intervals hold."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.linalg import expm

import cascade
from cascade.common.errors import InputError
from cascade.lowering.lower import lower
from cascade.model import Model
from helpers.budget import agrees, within
from helpers.models import CYCLIC, FRAIL, UNITS, ways

WINDOWS = (0.0, 0.7, 1.5, 4.0)


def crowd(chance: float, half: float = 0.5, **fields: object) -> Model:
    """Two states on the way; killing in the first is halved by so many cells there. ``chance``: of the last step."""
    return Model(
        name="crowd",
        stages=["blood", "bed"],
        states=[
            {"name": "blood", "stage": "blood", **ways({"bed": 0.4}, {"killing": 5.0})},
            {"name": "bed", "stage": "bed", **ways({"tumour": chance, "blood": 0.3}, {"anoikis": 1.0}), "phases": 2},
            {"name": "tumour", "absorbing": True},
        ],
        capacity={
            "occupied_by": ["blood"], "hazards": ["blood.killing"], "half": half,
            "windows": fields.pop("windows", WINDOWS),
        },
        **fields,
    )  # fmt: skip


def joint(model: Model, cells: int) -> float:
    """The chance of one of a few cells: all of them as one chain, window by window, its hazards by who is there."""
    assert model.capacity is not None
    ones = model.capacity.model_copy(update={"factors": (1.0,) * len(model.capacity.windows)})
    lowered = lower(model.with_(capacity=ones))
    size = lowered.size + 1  # and death
    goal = int(np.flatnonzero(lowered.absorbing)[0])
    occupying = np.append(np.isin(lowered.base, [lowered.states.index("blood")]), False)
    names = [t.name for t in lowered.transitions]
    crowded = np.array([names[t] in model.capacity.hazards for t in lowered.exit_transition])

    def generator(factor: float, multipliers: np.ndarray) -> np.ndarray:
        q = np.zeros((size, size))
        rates = lowered.exit_hazard * multipliers[lowered.exit_transition] * np.where(crowded, factor, 1.0)
        targets = np.where(lowered.exit_target >= 0, lowered.exit_target, size - 1)
        np.add.at(q, (lowered.exit_source, targets), rates)
        return q - np.diag(q.sum(axis=1))

    begin = np.zeros(size)
    np.add.at(begin, lowered.start_state, lowered.start_share)
    law = {combo: float(np.prod(begin[list(combo)])) for combo in itertools.product(range(size), repeat=cells)}
    law = {combo: p for combo, p in law.items() if p}
    state = {(combo, 1.0): p for combo, p in law.items()}
    starts = lowered.window_start
    for w, start in enumerate(starts):
        later: dict[tuple[tuple[int, ...], float], float] = {}
        for (combo, factor), p in state.items():
            if start in model.capacity.windows:
                factor = 1.0 / (1.0 + occupying[list(combo)].sum() / model.capacity.half)
            q = generator(factor, lowered.multipliers[w])
            if w == len(starts) - 1:
                live = ~(lowered.absorbing)
                inside = np.append(live, False)
                h = np.zeros(size)
                h[goal] = 1.0
                h[inside] = np.linalg.solve(-q[np.ix_(inside, inside)], q[inside, goal])
                later[combo, factor] = later.get((combo, factor), 0.0) + p * h[combo[0]]
                continue
            step = expm(q * (starts[w + 1] - start))
            rows = [step[s] for s in combo]
            for new in itertools.product(*(np.flatnonzero(row).tolist() for row in rows)):
                chance = p * float(np.prod([row[s] for row, s in zip(rows, new, strict=True)]))
                if chance:
                    later[new, factor] = later.get((new, factor), 0.0) + chance
        state = later
    return sum(state.values())


DRUG = cascade.Treatment(
    name="drug", effects=[{"hazard": "bed.anoikis", "factor": 3.0}], start_hours=1.0, end_hours=2.5
)
CASES: dict[str, tuple[Model, int]] = {
    "one cell, which finds the place it takes": (crowd(0.01), 1),
    "two": (crowd(0.01), 2),
    "three": (crowd(0.1, half=1.5), 3),
    "one in a hundred million": (crowd(1e-8), 2),
    "likely": (crowd(3.0), 2),
    "treated": (crowd(0.02, treatments=[DRUG]), 2),
    "one window": (crowd(0.01, windows=(0.0,)), 2),
    "two starts": (
        crowd(0.01, start={"states": [{"state": "blood", "share": 0.4}, {"state": "bed", "share": 0.6}]}), 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_chance_is_that_of_the_joint_law_without_bias(name: str) -> None:
    model, cells = CASES[name]
    truth = joint(model, cells)
    found = [cascade.chance(model, cells=cells, seed=seed, precision=1.0) for seed in range(60)]
    values = np.array([one.probability for one in found])
    assert within(values.mean(), truth, values.std(ddof=1) / np.sqrt(len(values)) + 1e-9 * truth)
    # With the capacity left out of account it would be another: the test sees that.
    alone = cascade.exact(model.with_(capacity=None)).success
    if name != "likely":
        assert not within(values.mean(), alone, values.std(ddof=1) / np.sqrt(len(values)))


@pytest.mark.sampled(0, 2)
@pytest.mark.parametrize("name", ["two", "three", "one in a hundred million", "likely", "treated"])
def test_intervals_hold(name: str) -> None:
    model, cells = CASES[name]
    truth = joint(model, cells)
    found = [cascade.chance(model, cells=cells, seed=1000 + seed, precision=1.0) for seed in range(1500)]
    assert agrees(sum(one.low <= truth <= one.high for one in found), len(found), 0.95)


def test_a_rare_chance_is_told_to_ten_per_cent() -> None:
    told = cascade.chance(crowd(1e-9, half=20.0), cells=50, seed=2)
    assert 1e-12 < told.probability < 1e-8
    assert told.high - told.low <= 0.2 * told.probability
    finer = cascade.chance(crowd(1e-9, half=20.0), cells=50, seed=2, precision=0.01)
    assert finer.populations > told.populations
    assert finer.low <= told.high
    assert told.low <= finer.high


def test_a_large_capacity_is_that_of_independent_cells() -> None:
    model = crowd(0.01, half=1e12)
    expected = cascade.exact(model.with_(capacity=None)).success
    assert cascade.chance(model, cells=3, seed=1).probability == pytest.approx(expected, rel=1e-9)


def test_what_a_run_counts() -> None:
    model, cells = crowd(1.0, half=5.0), 40
    told = cascade.chance(model, cells=cells, seed=3, precision=0.01)
    counted = [cascade.simulate(model, cells=range(k * cells, (k + 1) * cells), seed=1).success for k in range(100)]
    error = np.hypot(np.std(counted, ddof=1) / np.sqrt(len(counted)), (told.high - told.low) / 3.92)
    assert within(float(np.mean(counted)), told.probability, float(error))


LATE = crowd(0.01, start={"states": [{"state": "blood"}], "entry_hours": [0.0, 2.0]})


@pytest.mark.full
def test_other_goals_and_late_entries_as_in_many_runs() -> None:
    """Four hundred runs of five cells; that runs and chances agree at all is tried in the fast tier, above."""
    died = cascade.chance(LATE, "anoikis", cells=5, seed=1, precision=0.02)
    counted = [cascade.simulate(LATE, cells=range(5 * k, 5 * k + 5), seed=2).causes()["anoikis"] for k in range(400)]
    error = np.hypot(np.std(counted, ddof=1) / np.sqrt(len(counted)) / 5, (died.high - died.low) / 3.92)
    assert within(float(np.mean(counted)) / 5, died.probability, float(error))


def test_other_goals_and_late_entries() -> None:
    died = cascade.chance(LATE, "anoikis", cells=5, seed=1, precision=0.02)
    either = cascade.chance(LATE, ["anoikis", "tumour"], cells=5, seed=1)
    assert either.high > died.low
    assert cascade.chance(LATE, "state: bed", cells=5, seed=1, precision=0.02).low > died.low


def test_it_is_one_number_whoever_works() -> None:
    with ThreadPoolExecutor(3) as pool:
        assert cascade.chance(crowd(0.01), cells=4, seed=9, executor=pool) == cascade.chance(
            crowd(0.01), cells=4, seed=9
        )
    assert "one of 4 cells" in str(cascade.chance(crowd(0.01), cells=4, seed=9))


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "independent cells": (lambda: cascade.chance(CYCLIC, cells=2), "exact tells it"),
    "unlike cells": (lambda: cascade.chance(FRAIL.with_(capacity=crowd_of("blood")), cells=2), "frailties"),
    "clusters": (
        lambda: cascade.chance(UNITS["clusters"].with_(capacity=crowd_of("blood")), cells=2), "clusters",
    ),
    "no cells": (lambda: cascade.chance(crowd(0.1), cells=0), "a whole number from 1"),
    "no precision": (lambda: cascade.chance(crowd(0.1), cells=2, precision=0.0), "precision"),
    "no such goal": (lambda: cascade.chance(crowd(0.1), "tumor", cells=2), "did you mean"),
    "a treatment that closes a way": (
        lambda: cascade.chance(
            crowd(0.1).with_treatments(
                cascade.Treatment(name="d", effects=[{"hazard": "bed.tumour", "factor": 0.0}], end_hours=2.0)
            ),
            cells=2,
        ),
        "without a factor of 0",
    ),
}  # fmt: skip


def crowd_of(state: str) -> dict[str, object]:
    """A capacity that cells in a state occupy."""
    return {"occupied_by": [state], "hazards": ["*.shear"], "half": 2.0, "windows": [0.0, 1.0]}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_told_is_refused(name: str) -> None:
    run, told = WRONG[name]
    with pytest.raises(InputError, match=told):
        run()
