"""Derivatives of every answer against differences of two answers, and against each other."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

import cascade
from cascade.lowering.lowered import Lowered
from cascade.model import Model
from helpers.models import CYCLIC, FRAIL, LINEAR, clustered, two_levels

STEP = 1e-4
DRUG = cascade.Treatment(
    name="drug", effects=[{"hazard": "*.shear", "factor": 2.0}, {"hazard": "*.anoikis", "factor": 0.0}],
    start_hours=1.0, end_hours=5.0,
)  # fmt: skip
COLON = cascade.load("colon")
MODELS = {
    "linear": LINEAR,
    "cyclic": CYCLIC,
    "phases": CYCLIC.with_(states=[{**s.model_dump(), "phases": 1 if s.absorbing else 3} for s in CYCLIC.states]),
    "frail": FRAIL.with_(frailties=FRAIL.frailties[:1]),
    "factor": two_levels(CYCLIC, on=4.0, off=3.0),
    "clusters": clustered(CYCLIC),
    "late": LINEAR.with_(start={**LINEAR.start.model_dump(), "entry_hours": (0.0, 3.0)}),
}
TREATED = {f"{name}, treated": MODELS[name].with_treatments(DRUG) for name in ("cyclic", "frail", "late", "clusters")}


def moved(model: Model, hazard: str, by: float) -> Model:
    """The model with one hazard changed by a factor; a switch or break has no name to scale."""
    return model.with_(scale={hazard: by})


def slope(model: Model, hazard: str, answer: Callable[[Model], Any]) -> Any:
    """D answer / d log hazard by a central difference of the fourth order."""
    far, near = ([answer(moved(model, hazard, math.exp(s * STEP * k))) for s in (1, -1)] for k in (200, 100))
    return (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * 100 * STEP)


def hazards_of(model: Model) -> list[str]:
    """Some hazards of moves and deaths, spread over the model."""
    names = [name for name, _, _ in model.hazards() if "->" not in name]
    names = [name for name in names if name in {t.name for t in cascade.exact(model).lowered.transitions}]
    return names[:: max(1, len(names) // 5)]


@pytest.mark.sampled(7, 14)
@pytest.mark.parametrize("until", [None, 5.0])
@pytest.mark.parametrize("name", [*MODELS, *(pytest.param(n, marks=pytest.mark.full) for n in TREATED)])
def test_of_a_step_and_a_milestone(name: str, until: float | None) -> None:
    model = (MODELS | TREATED)[name]
    exact = cascade.exact(model, until=until)
    step = model.stages[-1]
    questions = {step: lambda m: cascade.exact(m, until=until).funnel(1.0).rows[-1].passed}
    for milestone in exact.milestones():
        questions[milestone] = lambda m, n=milestone: cascade.exact(m, until=until).milestones()[n]  # type: ignore[misc]
    for of, answer in questions.items():
        gradient, rates = exact.gradient(of), exact.elasticities(of)
        assert gradient.value == pytest.approx(answer(model), rel=1e-7, abs=1e-12)
        assert 0 <= gradient.error < 1e-8
        assert gradient.error > 0 or until is None, "an inversion has one"
        for hazard in hazards_of(model):
            expected = slope(model, hazard, answer)
            assert gradient[hazard] == pytest.approx(expected, rel=1e-6, abs=1e-9), (of, hazard)
            if gradient.value > 0:
                assert rates[hazard] == pytest.approx(gradient[hazard] / gradient.value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks={"frail": [pytest.mark.slow], "late": [pytest.mark.full]}.get(n, [])) for n in MODELS],
)
def test_of_mean_times(name: str) -> None:
    model = MODELS[name]
    step = model.stages[-1]

    def mean(m: Model) -> float:
        return next(row.mean_hours for row in cascade.exact(m).times() if row.name == step)

    rates = cascade.exact(model).elasticities(step, mean_hours=True)
    for hazard in hazards_of(model)[1:3]:
        assert rates[hazard] == pytest.approx(slope(model, hazard, mean) / mean(model), rel=1e-5, abs=1e-7), hazard


@pytest.mark.parametrize("name", MODELS)
def test_of_occupancy_at_times(name: str) -> None:
    model, times = MODELS[name], [0.1, 1.0, 10.0]
    exact = cascade.exact(model)
    state = exact.lowered.states[1]
    hazards = hazards_of(model)[:3]
    gradient = exact.gradient(state, hazards, times=times)
    assert gradient.value == pytest.approx(exact.occupancy(times)[state], rel=1e-9, abs=1e-11)
    for hazard in hazards:
        expected = slope(model, hazard, lambda m: cascade.exact(m).occupancy(times)[state])
        assert gradient[hazard] == pytest.approx(expected, rel=1e-6, abs=1e-8), hazard
    assert np.all(np.asarray(gradient.error) < 1e-8)


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.full if "frail" in n else []) for n in TREATED])
def test_of_occupancy_under_treatments(name: str) -> None:
    model, times = TREATED[name], [0.0, 0.5, 1.0, 4.0, 10.0]
    exact = cascade.exact(model)
    hazards, curves = hazards_of(model)[1:3], exact.occupancy(times)
    assert curves.errors is not None
    expected = [slope(model, hazard, lambda m: cascade.exact(m).occupancy(times).values) for hazard in hazards]
    states = exact.lowered.states[1::3] if model.frailties else exact.lowered.states
    for state in states:
        gradient, row = exact.gradient(state, hazards, times=times), curves.names.index(state)
        within = np.asarray(gradient.error) + curves.errors[row] + 1e-15
        assert np.all(np.abs(gradient.value - curves[state]) <= within), state
        for hazard, slopes in zip(hazards, expected, strict=True):
            assert gradient[hazard] == pytest.approx(slopes[row], rel=1e-6, abs=1e-9), (state, hazard)
    assert exact.gradient(states[0], [], times=[]).slope.shape == (0, 0)


@pytest.mark.parametrize("entered", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("name", ["cyclic", "clusters"])
def test_of_occupancy_under_treatments_its_errors_are_kept(name: str, entered: float) -> None:
    """Against one matrix exponential a window, of the shares and their derivatives side by side."""
    model = MODELS[name].with_treatments(DRUG)
    model = model.with_(start={**model.start.model_dump(), "entry_hours": (entered, entered)})
    exact, times = cascade.exact(model), [1.5, 4.0, 40.0]
    hazards = hazards_of(model)[:3]
    for state in exact.lowered.states[1:]:
        gradient = exact.gradient(state, hazards, times=times)
        for hazard in hazards:
            for i, time in enumerate(times):
                value, moved = by_exponentials(exact.lowered, state, hazard, time)
                assert abs(gradient.value[i] - value) <= gradient.error[i] + 1e-14, (state, time)
                wrong = np.asarray(gradient.slope_error)[gradient.hazards.index(hazard), i]
                assert wrong < 1e-9
                assert abs(gradient[hazard][i] - moved) <= wrong + 1e-14, (state, hazard, time)


def by_exponentials(lowered: Lowered, state: str, hazard: str, time: float) -> tuple[float, float]:
    """The share of cells in a state, and its derivative, where all enter at one moment."""
    size, entry = lowered.size, lowered.entry_hours[0]
    row = np.zeros(2 * size)
    np.add.at(row, lowered.start_state, lowered.start_share / lowered.start_share.sum())
    wrt = [t.name for t in lowered.transitions].index(hazard)
    cuts = [entry, *(w for w in lowered.window_start if entry < w < time), time]
    for begin, end in itertools.pairwise(cuts if time > entry else []):
        window = int(np.searchsorted(lowered.window_start, begin, side="right")) - 1
        rates = np.zeros((2 * size, 2 * size))
        hazards = lowered.exit_hazard * lowered.multipliers[window, lowered.exit_transition]
        each = zip(lowered.exit_source, lowered.exit_target, lowered.exit_transition, hazards, strict=True)
        for source, target, transition, q in each:
            for to, part in ((0, 1), (size, int(transition == wrt))):
                for where in (0, size) if not to else (0,):
                    rates[source + where, source + where + to] -= part * q
                    if target >= 0:
                        rates[source + where, target + where + to] += part * q
        row = row @ expm(rates * (end - begin))
    there = lowered.base == lowered.states.index(state)
    return float(row[:size][there].sum()), float(row[size:][there].sum())


@pytest.mark.parametrize("name", ["cyclic", "factor", "clusters"])
def test_of_occupancy_of_every_state(name: str) -> None:
    """What is not on the way to a state is left out of its system, in circles, too: nothing is lost by it."""
    model, times = MODELS[name], [0.5, 4.0]
    exact = cascade.exact(model)
    hazard, curves = hazards_of(model)[0], exact.occupancy(times)
    expected = slope(model, hazard, lambda m: cascade.exact(m).occupancy(times).values)
    for state in exact.lowered.states:
        gradient = exact.gradient(state, [hazard], times=times)
        assert gradient.value == pytest.approx(curves[state], rel=1e-9, abs=1e-11), state
        assert gradient[hazard] == pytest.approx(expected[curves.names.index(state)], rel=1e-6, abs=1e-8), state


@pytest.mark.parametrize("until", [None, 4.0])
def test_under_a_treatment_that_holds_cells(until: float | None) -> None:
    """All ways out of a state closed for a while: its cells wait, and go on after it."""
    ways: list[dict[str, object]] = [
        {"name": "x", "stage": "a", "moves": [{"to": "y", "hazard": 1.0}]},
        {"name": "y", "stage": "b", "moves": [{"to": "goal", "hazard": 0.5}],
         "deaths": [{"cause": "lost", "hazard": 0.3}]},
        {"name": "goal", "absorbing": True},
    ]  # fmt: skip
    pause = cascade.Treatment(
        name="pause", effects=[{"hazard": "y.*", "factor": 0.0}], start_hours=0.5, end_hours=2.0,
    )  # fmt: skip
    model = Model(name="held", stages=["a", "b"], states=ways).with_treatments(pause)
    gradient = cascade.exact(model, until=until).gradient()
    if until is None:
        by_hand = {"y.goal": 0.625 * 0.375, "y.lost": -0.625 * 0.375, "x.y": 0.0}
        assert gradient.value == pytest.approx(0.625, rel=1e-9)
        for hazard, wanted in by_hand.items():
            assert gradient[hazard] == pytest.approx(wanted, rel=1e-9, abs=1e-12), hazard
    assert gradient.value == pytest.approx(cascade.exact(model, until=until).success, rel=1e-9)
    for hazard in gradient.hazards:
        expected = slope(model, hazard, lambda m: cascade.exact(m, until=until).success)
        assert gradient[hazard] == pytest.approx(expected, rel=1e-6, abs=1e-9), hazard


def test_under_a_treatment_that_changes_nothing() -> None:
    """Windows through which hazards stay: the same derivatives as without them."""
    nothing = DRUG.model_copy(update={"effects": [{"hazard": "*.shear", "factor": 1.0}]})
    for until in (None, 3.0, 20.0):
        here, there = (cascade.exact(m, until=until).gradient() for m in (CYCLIC.with_treatments(nothing), CYCLIC))
        assert here.value == pytest.approx(there.value, rel=1e-9)
        assert here.slope == pytest.approx(there.slope, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("until", [None, 2000.0])
def test_of_the_colonies_of_an_organ(until: float | None) -> None:
    def colonies(m: Model, organ: str) -> float:
        return next(row.colonies for row in cascade.exact(m, until=until).organs(1.0) if row.organ == organ)

    exact = cascade.exact(COLON, until=until)
    for organ in ("liver", "lung"):
        gradient = exact.gradient(organ)
        assert gradient.value == pytest.approx(colonies(COLON, organ), rel=1e-9)
        largest = sorted(gradient.hazards, key=lambda h: -abs(float(gradient[h])))[:3]
        for hazard in largest:
            expected = slope(COLON, hazard, lambda m, o=organ: colonies(m, o))  # type: ignore[misc]
            assert gradient[hazard] == pytest.approx(expected, rel=1e-5), (organ, hazard)


def test_speeding_all_up_changes_no_probability_and_shortens_all_times() -> None:
    """Symmetries: the elasticities of a probability add up to 0, those of a mean time to -1."""
    for name in ("linear", "cyclic", "phases", "clusters", "factor"):
        exact = cascade.exact(MODELS[name])
        assert sum(exact.elasticities().values()) == pytest.approx(0.0, abs=1e-12)
        mean = next(row.mean_hours for row in exact.times() if row.name == exact.model.stages[-1])
        waited = sum(exact.lowered.entry_hours) / 2
        assert sum(exact.elasticities(mean_hours=True).values()) == pytest.approx(waited / mean - 1.0, abs=1e-9)


def test_wrong_questions_name_what_could_be_asked() -> None:
    exact = cascade.exact(COLON)
    for ask, said in (
        (lambda: exact.elasticities("livr"), r"^of = 'livr': .*liver"),
        (lambda: exact.gradient("liver", ["nothing"]), r"^wrt = 'nothing': a hazard"),
        (lambda: exact.gradient("liver", "x"), r"^wrt = 'x': a list"),
        (lambda: exact.gradient("liver", times=[1.0]), r"^of = 'liver': the name of a state"),
    ):
        with pytest.raises(cascade.InputError, match=said):
            ask()


def test_what_moves_an_answer_is_handed_out_as_a_table(tmp_path: Path) -> None:
    exact = cascade.exact(LINEAR)
    rates = exact.elasticities()
    assert rates == dict(rates)
    assert [row["hazard"] for row in rates.to_dicts()] == LINEAR.hazard_names()
    assert {row["hazard"]: row["elasticity"] for row in rates.to_dicts()} == rates
    text = rates.to_csv(tmp_path / "rates.csv").read_text(encoding="utf-8").splitlines()
    assert text[0] == "hazard,elasticity"
    assert len(text) == 1 + len(rates)
    assert pickle.loads(pickle.dumps(rates)) == copy.deepcopy(rates) == rates  # noqa: S301
    with pytest.raises(TypeError, match="cannot be changed"):
        rates["arrest.shear"] = 0.0
    state = LINEAR.states[0].name
    curve = exact.gradient(state, LINEAR.hazard_names()[:2], times=[1.0, 4.0])
    rows = curve.to_dicts()
    assert [(row["hazard"], row["hours"]) for row in rows] == [(h, t) for h in curve.hazards for t in (1.0, 4.0)]
    assert [row["slope"] for row in rows] == curve.slope.ravel().tolist()
    assert [row["value"] for row in rows] == [*curve.value.tolist()] * 2  # type: ignore[union-attr]
