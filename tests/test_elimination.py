"""The compiled elimination against dense linear algebra, high precision and symmetries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from mpmath import lu_solve, matrix, mp, mpf

import cascade
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.lowering.one_cell import by_cell
from cascade.model import Model
from cascade.solution.solver import Solver
from helpers.models import CYCLIC, FRAIL, LINEAR, clustered, random_models, two_levels

PLACES = np.array([0.0, 0.3, 1.0 + 2.0j, 0.05 - 3.0j, -0.02 + 1.5j, 20.0 + 0.1j])


def dense(lowered: Lowered, hazards: Any, z: complex) -> tuple[Any, Any, Any, Any]:
    """Entered, lost, settled and present by furthest stage: (z + D - R)^T x = f, solved as it is written."""
    size, stages = lowered.size, lowered.goal + 1
    inflow = Solver(lowered).begin().astype(complex)
    lost = np.zeros((stages, len(lowered.transitions)), complex)
    settled, present = np.zeros((stages, size), complex), np.zeros((stages, size), complex)
    total = np.bincount(lowered.exit_source, hazards, size)
    stuck = lowered.absorbing | (total == 0)
    arrived = inflow.sum(axis=1)
    for k in range(stages):
        inside = np.flatnonzero((lowered.stage <= k) & ~stuck)
        among = np.isin(lowered.exit_target, inside) & np.isin(lowered.exit_source, inside)
        moves = np.zeros((size, size))
        np.add.at(moves, (lowered.exit_source[among], lowered.exit_target[among]), hazards[among])
        system = np.diag(z + total) - moves
        x = np.zeros(size, complex)
        x[inside] = np.linalg.solve(system[np.ix_(inside, inside)].T, inflow[k, inside])
        present[k] = x
        for e in np.flatnonzero(np.isin(lowered.exit_source, inside)):
            flow, to = hazards[e] * x[lowered.exit_source[e]], lowered.exit_target[e]
            if to < 0:
                lost[k, lowered.exit_transition[e]] += flow
            elif lowered.stage[to] > k:
                inflow[lowered.stage[to], to] += flow
                arrived[lowered.stage[to]] += flow
            elif stuck[to]:
                inflow[k, to] += flow
        settled[k, stuck] = inflow[k, stuck]
    # Whoever comes to a later stage from an earlier one has come to all between.
    return arrived, lost, settled, present


def compare(model: Model) -> None:
    lowered = by_cell(lower(model))
    hazards = lowered.exit_hazard * lowered.multipliers[0, lowered.exit_transition]
    passage = Solver(lowered).by_stage(hazards[None], PLACES, Solver(lowered).begin()[None])
    for i, z in enumerate(PLACES.tolist()):
        _, lost, settled, present = dense(lowered, hazards, z)
        for found, expected in ((passage.lost, lost), (passage.settled, settled), (passage.present, present)):
            assert found[0, i] == pytest.approx(expected, rel=1e-11, abs=1e-13)
        # First arrivals: what flows from before a stage to it or beyond.
        flows = passage.present[0, i][:, lowered.exit_source] * hazards
        for k in range(lowered.goal + 1):
            over = (lowered.exit_target >= 0) & (lowered.stage[lowered.exit_target] >= k)
            began = Solver(lowered).begin()[k:].sum()
            assert passage.entered[0, i, k] == pytest.approx(began + flows[:k][:, over].sum(), rel=1e-11, abs=1e-13)


@pytest.mark.parametrize(
    "model",
    [LINEAR, CYCLIC, two_levels(CYCLIC, on=4.0, off=3.0), clustered(CYCLIC), cascade.load("textbook")],
    ids=lambda model: model.name,
)
def test_by_stage_is_what_dense_algebra_says(model: Model) -> None:
    compare(model)


@given(random_models())
@settings(max_examples=25, deadline=None, derandomize=True)
def test_by_stage_of_random_models(model: Model) -> None:
    compare(model)


def chain(n: int, spread: float, rare: float, seed: int) -> tuple[Model, np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A random network with ways back, rare success, its rates and its deaths."""
    rng = np.random.default_rng(seed)
    rates = np.exp(spread * rng.normal(size=(n, n))) * (rng.random((n, n)) < 4 / n)
    np.fill_diagonal(rates, 0.0)
    rates[np.arange(n - 1), np.arange(1, n)] += 1e-3
    rates *= rare
    deaths = 10.0 * np.exp(spread * rng.normal(size=n))
    states: list[dict[str, Any]] = []
    for i in range(n):
        moves = [{"to": f"s{j}", "hazard": float(rates[i, j])} for j in range(n) if rates[i, j] > 0]
        moves += [{"to": "goal", "hazard": 1e-4}] if i == n - 1 else []
        states.append(
            {"name": f"s{i}", "stage": "a", "moves": moves, "deaths": [{"cause": "d", "hazard": float(deaths[i])}]}
        )
    states.append({"name": "goal", "absorbing": True})
    return Model(name="chain", stages=["a"], states=states), rates, deaths


@pytest.mark.parametrize(("n", "spread", "rare"), [(8, 1.0, 1.0), (20, 1.0, 1.0), (20, 4.0, 1.0), (20, 1.0, 1e-9)])
def test_small_chances_have_the_same_relative_error_as_large_ones(n: int, spread: float, rare: float) -> None:
    """Nothing is subtracted: a few units in the last place, however rare success is."""
    model, rates, deaths = chain(n, spread, rare, seed=n)
    with mp.workdps(80):
        system, goal = matrix(n, n), matrix(n, 1)
        goal[n - 1] = mpf(1e-4)
        for i in range(n):
            system[i, i] = mpf(float(deaths[i])) + goal[i] + sum(mpf(float(rate)) for rate in rates[i])
            for j in range(n):
                system[i, j] -= mpf(float(rates[i, j]))
        truth = lu_solve(system, goal)[0]
        success = cascade.exact(model).success
        assert abs(mpf(success) / truth - 1) < 1e-14
    assert rare == 1.0 or success < 1e-30


def test_states_in_another_order_change_no_answer() -> None:
    model = cascade.load("textbook")
    turned = model.with_(states=model.states[::-1])
    here, there = cascade.exact(model), cascade.exact(turned)
    assert here.fates() == pytest.approx(there.fates(), rel=1e-13)
    assert here.success == pytest.approx(there.success, rel=1e-14)


def test_nodes_of_a_frailty_are_solved_as_models_of_their_own() -> None:
    """Weights, and answers by node, against a model whose hazards are multiplied."""
    model = FRAIL.with_(frailties=FRAIL.frailties[:1])
    prepared = cascade.exact(model)._prepared
    nodes = prepared.nodes[np.arange(len(prepared.nodes.weights)) % 40 == 0]
    each = prepared.solver.passage(prepared.hazards(nodes), np.zeros(1)).entered[:, 0, -1].real
    for hazards, found in zip(prepared.hazards(nodes), each, strict=True):
        alone = prepared.solver.passage(hazards[None], np.zeros(1), np.ones(1))
        assert found == alone.entered[0, -1].real
    summed = prepared.solver.passage(prepared.hazards(nodes), np.zeros(1), nodes.weights).entered[0, -1].real
    assert summed == pytest.approx(float(nodes.weights @ each), rel=1e-14)
