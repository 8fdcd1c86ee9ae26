"""Closed networks: cells circle for ever, and what is asked by an end or at a time has an answer all the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

import cascade
from cascade import plot
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.runs.taught import lesson
from helpers.agreement import all_agree
from helpers.budget import agrees
from helpers.lives import all_same
from helpers.models import CYCLIC, changed, clustered, two_levels, ways

A_TO_B, B_TO_A = 2.0, 0.5


def circle(begin: str = "A", **fields: object) -> Model:
    """Two states, to and fro for ever: nobody dies, nothing is reached."""
    states = [
        {"name": "A", "stage": "round", **ways({"B": A_TO_B}, {})},
        {"name": "B", "stage": "round", **ways({"A": B_TO_A}, {})},
    ]
    return Model(name="circle", stages=["round"], states=states, start={"states": [{"state": begin}]}, **fields)


# Some cells die or succeed; those that come to C circle between C and D for ever, through two stages.
TRAP = Model(
    name="trap",
    stages=["one", "two"],
    states=[
        {"name": "A", "stage": "one", **ways({"B": 2.0}, {"early": 0.1})},
        {"name": "B", "stage": "two", **ways({"A": 0.5, "C": 0.3, "goal": 0.1}, {"late": 0.05})},
        {"name": "C", "stage": "one", **ways({"D": 1.0}, {}), "milestone": "trapped", "phases": 3},
        {"name": "D", "stage": "two", **ways({"C": 0.7}, {})},
        {"name": "goal", "absorbing": True},
    ],
)
FRAIL_TRAP = TRAP.with_(
    name="frail trap",
    frailties=[
        {"name": "speed", "cv": 0.8, "distribution": "gamma", "hazards": [{"hazard": "B.C"}, {"hazard": "C.D"}]}
    ],
)
MODELS = {
    "circle": circle(),
    "trap": TRAP,
    "frailty": FRAIL_TRAP,
    "factor": two_levels(TRAP),
    "clusters": clustered(TRAP),
    "clusters, factor, frailty": clustered(two_levels(FRAIL_TRAP)),
    "treated": changed(TRAP, 0.2, "C.D", "B.goal", begin=1.0, end=4.0),
}


@pytest.mark.parametrize("begin", ["A", "B"])
def test_two_states_to_and_fro(begin: str) -> None:
    """In B at t: a / (a + b) + (the share at 0 - a / (a + b)) exp(-(a + b) t); started anywhere, for any time."""
    model, t = circle(begin), np.array([0.0, 0.01, 0.3, 1.0, 5.0, 1e4])
    rate = A_TO_B + B_TO_A
    in_b = A_TO_B / rate + (float(begin == "B") - A_TO_B / rate) * np.exp(-rate * t)
    exact = cascade.exact(model, until=5.0)
    found = exact.occupancy(t)
    assert found["B"] == pytest.approx(in_b, abs=1e-9)
    assert found["A"] == pytest.approx(1 - in_b, abs=1e-9)
    assert exact.fates() == pytest.approx({"A": 1 - in_b[4], "B": in_b[4]}, abs=1e-9)
    assert exact.success == 0.0
    # Of n moves from A to B and back as many are expected as time is spent there times the hazard.
    time_in_b = A_TO_B / rate * 5.0 + (float(begin == "B") - A_TO_B / rate) * (1 - math.exp(-rate * 5.0)) / rate
    assert exact.events() == pytest.approx({"A.B": A_TO_B * (5.0 - time_in_b), "B.A": B_TO_A * time_in_b}, abs=1e-6)
    n = 100_000
    result = cascade.simulate(model, cells=n, seed=3, until=5.0, times=[0.3, 1.0])
    for time, share in zip((0.3, 1.0, 5.0), in_b[[2, 3, 4]], strict=True):
        assert agrees(round(float(result.occupancy([time])["B"][0]) * n), n, float(share))


def test_derivatives_of_the_occupancy_of_a_circle() -> None:
    """Of a / (a + b) (1 - E) with E = exp(-(a + b) t), by log a and by log b."""
    a, b, t = A_TO_B, B_TO_A, 1.0
    rate, left = a + b, math.exp(-(a + b) * t)
    found = cascade.exact(circle(), until=5.0).gradient("B", times=[t])
    by_a, by_b = (float(row[0]) for row in found.slope)
    assert by_a == pytest.approx(a * (b / rate**2 * (1 - left) + a / rate * t * left), rel=1e-9)
    assert by_b == pytest.approx(b * (-a / rate**2 * (1 - left) + a / rate * t * left), rel=1e-9)


@given(st.integers(2, 5).flatmap(lambda n: st.lists(st.floats(0.05, 20.0), min_size=n * (n - 1), max_size=n * (n - 1))))
@settings(max_examples=15)
def test_any_closed_network_is_its_matrix_exponential(hazards: list[float]) -> None:
    """Every state leads to every other: the generator is known, and so is the answer at any time."""
    size = round((1 + math.sqrt(1 + 4 * len(hazards))) / 2)
    q, given_ = np.zeros((size, size)), iter(hazards)
    for i in range(size):
        for j in range(size):
            if i != j:
                q[i, j] = next(given_)
    np.fill_diagonal(q, -q.sum(axis=1))
    states = [
        {"name": f"s{i}", "stage": "all", **ways({f"s{j}": q[i, j] for j in range(size) if j != i}, {})}
        for i in range(size)
    ]
    for begin in range(size):
        model = Model(name="net", stages=["all"], states=states, start={"states": [{"state": f"s{begin}"}]})
        found = cascade.exact(model, until=1.0).occupancy([0.05, 1.0, 100.0]).values
        for column, t in zip(found.T, (0.05, 1.0, 100.0), strict=True):
            assert column == pytest.approx(expm(q * t)[begin], abs=1e-8)


@pytest.mark.parametrize("until", [0.7, 20.0])
@pytest.mark.parametrize("name", MODELS)
def test_simulated_and_exact_are_one(name: str, until: float) -> None:
    model = MODELS[name]
    result, exact = cascade.simulate(model, cells=40_000, seed=5, until=until), cascade.exact(model, until=until)
    assert all_agree(result, exact) == []
    assert sum(exact.fates().values()) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", [name for name in MODELS if name != "treated"])
def test_every_cell_lives_as_in_the_reference(name: str) -> None:
    all_same(MODELS[name], 4, range(60), ((9.0, {}),))


def test_a_treatment_closes_the_only_way_out() -> None:
    """A and B to and fro with a leak in B, closed from 2 h on: whoever is left by then is left for ever."""
    states = [
        {"name": "A", "stage": "round", **ways({"B": A_TO_B}, {})},
        {"name": "B", "stage": "round", **ways({"A": B_TO_A}, {"leak": 0.4})},
    ]
    model = changed(Model(name="leak", stages=["round"], states=states), 0.0, "B.leak", begin=2.0)
    closed = np.array([[-A_TO_B, A_TO_B], [B_TO_A, -B_TO_A]])
    left = np.array([1.0, 0.0]) @ expm((closed - np.diag([0.0, 0.4])) * 2.0)
    exact = cascade.exact(model, until=6.0)
    assert exact.causes() == pytest.approx({"leak": 1 - left.sum()}, abs=1e-8)
    assert exact.occupancy([6.0]).values[:, 0] == pytest.approx(left @ expm(closed * 4.0), abs=1e-8)
    n = 100_000
    result = cascade.simulate(model, cells=n, seed=6, until=6.0)
    assert agrees(result.fates()["B.leak"], n, float(1 - left.sum()))
    assert agrees(result.fates()["B"], n, float((left @ expm(closed * 4.0))[1]))
    for call in whole_lives(model):
        with pytest.raises(cascade.InputError, match=r"until.*end in hours.*'A', 'B' circle for ever"):
            call()


def test_who_came_while_the_way_in_was_open_circles_for_ever() -> None:
    """The way into a closed circle, open for an hour: what is reached in the last window alone is not enough."""
    states = [
        {"name": "A", "stage": "all", **ways({"B": 1.0}, {"lost": 1.0})},
        {"name": "B", "stage": "all", **ways({"C": 1.0}, {})},
        {"name": "C", "stage": "all", **ways({"B": 1.0}, {})},
    ]
    model = changed(Model(name="shut", stages=["all"], states=states), 0.0, "A.B", begin=1.0)
    lowered = lower(model)
    assert {lowered.states[s] for s in lowered.base[lowered.endless()]} == {"B", "C"}
    for call in whole_lives(model):
        with pytest.raises(cascade.InputError, match="'B', 'C' circle for ever"):
            call()
    # Open later instead, it was not yet passed; shut from the start, it never is.
    assert lower(changed(model, 0.0, "A.B")).has_endless_cycle(0) is False
    assert cascade.exact(changed(model, 0.0, "A.B")).fates() == pytest.approx({"A.lost": 1.0})


def whole_lives(model: Model) -> list[Callable[[], object]]:
    """What follows lives to their ends."""
    return [
        lambda: cascade.exact(model),
        lambda: cascade.simulate(model, cells=10, seed=1),
        lambda: cascade.replay(model, seed=1, cells=[0]),
        lambda: cascade.compare(model, model, cells=10, seed=1),
        lambda: lesson(model, treat=()),
    ]


@pytest.mark.parametrize("name", MODELS)
def test_lives_without_end_need_one(name: str) -> None:
    """Refused at once, with the states that hold them and what to do."""
    where = "'A', 'B'" if name == "circle" else "'C', 'D'"
    for call in whole_lives(MODELS[name]):
        with pytest.raises(cascade.InputError, match=f"until = None: an end in hours: .*{where} circle for ever"):
            call()


def test_what_is_known_of_whole_lives_alone_says_why_not() -> None:
    """Not that the end be left out, which would be refused in its turn."""
    exact = cascade.exact(clustered(FRAIL_TRAP), until=3.0)
    asked: list[Callable[[], object]] = [
        exact.times, exact.traits, exact.hours, exact.sizes, lambda: exact.no_colony,
        lambda: exact.elasticities(mean_hours=True),
    ]  # fmt: skip
    for ask in asked:
        with pytest.raises(cascade.InputError, match=r"for ever: .* whole lives, but .*'C', 'D' circle for ever"):
            ask()
    assert exact.elasticities("two")["B.goal"] > 0


@pytest.mark.full
def test_tables_figures_and_files(tmp_path: Path) -> None:
    for name, model in MODELS.items():
        result, exact = cascade.simulate(model, cells=500, seed=1, until=6.0), cascade.exact(model, until=6.0)
        opened = cascade.open_result(result.save(tmp_path / "r.cascade"))
        assert opened == result
        assert Model.from_toml(model.to_toml()) == model
        assert [str(life) for life in opened.replay([3])] == [str(life) for life in result.replay([3])]
        if not model.frailties:  # with them this one is too large for a page
            assert result.to_html(tmp_path / "page.html").exists()
        both = cascade.compare(model, model.with_(scale={"A.B": 0.5}), cells=500, seed=1, until=6.0)
        assert str(both)
        for source in (result, exact):
            assert plot.funnel(source).axes
            if not model.treatments:  # of an exact answer under treatments the times are asked for
                assert plot.occupancy(source).axes
            if name != "circle":
                assert plot.incidence(source, times=None if source is result else [1.0, 6.0]).axes


def test_curves_of_ends_where_nothing_ends() -> None:
    """No curves, and none to draw."""
    for source in (cascade.simulate(circle(), cells=100, seed=1, until=6.0), cascade.exact(circle(), until=6.0)):
        curves = source.incidence([6.0])
        assert (curves.names, curves.values.shape) == ((), (0, 1))
        assert curves.to_dicts() == [{"hours": 6.0}]
        for drawn in (source, curves):
            with pytest.raises(cascade.InputError, match="no deaths and no goal"):
                plot.incidence(drawn)


def test_any_state_of_a_circle_may_be_the_start() -> None:
    """With every state reached from every other, each may be started in; what nothing reaches is still refused."""
    for name in ("blood", "bed", "tissue", "asleep"):
        assert cascade.exact(CYCLIC.with_(start={"states": [{"state": name}]})).success > 0
    with pytest.raises(cascade.ModelError, match="a path that leads here from a start state"):
        TRAP.with_(start={"states": [{"state": "C"}]})
