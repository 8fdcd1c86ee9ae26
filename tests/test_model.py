"""Models: faults all at once, each with path, value and what is accepted; round trips; copies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from cascade.common.errors import InputError, ModelError
from cascade.model import Model
from helpers.models import CYCLIC, FRAIL, LINEAR, random_models, ways


def valid() -> dict[str, Any]:
    """A valid model as plain data, to be spoilt."""
    return {
        "name": "m",
        "stages": ["one", "two"],
        "states": [
            {"name": "a", "stage": "one", **ways({"b": 1.0}, {"x": 1.0})},
            {"name": "b", "stage": "two", **ways({"end": 1.0}, {"y": 1.0})},
            {"name": "end", "absorbing": True},
        ],
    }


def faults(data: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ModelError) as caught:
        Model(**data)
    assert all(f.path in str(caught.value) for f in caught.value.faults)
    return {f.path: f.accepted for f in caught.value.faults}


def test_the_unspoilt_model_is_valid() -> None:
    assert Model(**valid()).start.states[0].state == "a"


@pytest.mark.parametrize("hazard", [-1.0, math.nan, math.inf, -math.inf, "1", True, None, 1e13, 1e-300])
def test_impossible_hazards(hazard: Any) -> None:
    data = valid()
    data["states"][0]["moves"][0]["hazard"] = hazard
    assert list(faults(data)) == ["states[0].moves[0].hazard"]


@pytest.mark.parametrize(
    ("path", "spoil"),
    [
        ("states[0].moves[0].to", lambda d: d["states"][0]["moves"][0].update(to="nowhere")),
        ("states[0].moves[0].to", lambda d: d["states"][0]["moves"][0].update(to="a")),
        ("states[2].name", lambda d: d["states"].insert(1, {**d["states"][0]}) or d["states"][1].update(name="b")),
        ("states[0].moves[1].to", lambda d: d["states"][0]["moves"].append({"to": "b", "hazard": 2.0})),
        ("states[0].deaths[1].cause", lambda d: d["states"][0]["deaths"].append({"cause": "x", "hazard": 2.0})),
        ("states[0].deaths[0].cause", lambda d: d["states"][0]["deaths"][0].update(cause="end")),
        ("states[0].deaths", lambda d: d["states"][0]["deaths"][0].update(cause="b")),
        ("states[1]", lambda d: d["states"][1].update(moves=[], deaths=[])),
        ("states[3]", lambda d: d["states"].append({"name": "lonely", "stage": "two", **ways({}, {"x": 1.0})})),
        ("states[2]", lambda d: d["states"][2].update(deaths=[{"cause": "x", "hazard": 1.0}])),
        ("states[0].stage", lambda d: d["states"][0].update(stage="three")),
        ("states[0].stage", lambda d: d["states"][0].pop("stage")),
        ("stages[1]", lambda d: d.update(stages=["one", "one"]) or d["states"][1].update(stage="one")),
        ("states[0].phases", lambda d: d["states"][0].update(phases=0)),
        ("states", lambda d: d["states"][0].update(phases=65_535)),
        ("start.states[0].state", lambda d: d.update(start={"states": [{"state": "z"}]})),
        ("start.states[0].state", lambda d: d.update(start={"states": [{"state": "end"}]})),
        ("start.states[0].share", lambda d: d.update(start={"states": [{"state": "a", "share": 1.5}]})),
        ("start.states", lambda d: d.update(start={"states": [{"state": "a", "share": 0.5}]})),
        ("start.entry_hours", lambda d: d.update(start={"states": [{"state": "a"}], "entry_hours": [2.0, 1.0]})),
        (
            "frailties[0].hazards[0].hazard",
            lambda d: d.update(frailties=[{"name": "z", "cv": 1.0, "hazards": [{"hazard": "a.q"}]}]),
        ),
        ("frailties[0].cv", lambda d: d.update(frailties=[{"name": "z", "cv": 0.0, "hazards": [{"hazard": "a.b"}]}])),
        ("states[0].source", lambda d: d["states"][0].update(source=["unknown"])),
        ("bogus", lambda d: d.update(bogus=1)),
        ("self", lambda d: d.update(self=1)),
        ("states[0].name", lambda d: d["states"][0].update(name="a.b")),
    ],
)
def test_each_fault_is_named_by_its_path(path: str, spoil: Any) -> None:
    data = valid()
    spoil(data)
    assert path in faults(data)


def test_a_cycle_that_can_never_end_is_a_model() -> None:
    """Who runs it needs an end (see test_closed); what nothing reaches is still a fault, circle or not."""
    data = valid()
    data["states"] += [{"name": n, "stage": "two", **ways({m: 1.0}, {})} for n, m in (("c", "d"), ("d", "c"))]
    assert set(faults(data)) == {"states[3]", "states[4]"}
    data["states"][0]["moves"].append({"to": "c", "hazard": 1.0})
    assert len(Model(**data).states) == 5


def test_reachability_is_judged_on_structure() -> None:
    data = valid()
    for state in data["states"][:2]:
        for way in state["moves"] + state["deaths"]:
            way["hazard"] = 0.0
    Model(**data)


def test_all_faults_of_types_and_graph_come_in_one_error() -> None:
    data = valid()
    data["states"][0]["moves"][0]["hazard"] = -1
    data["states"][1]["moves"][0]["to"] = "emd"
    data["stages"] = ["one", "two", 3]
    found = faults(data)
    assert {"states[0].moves[0].hazard", "states[1].moves[0].to", "stages[2]"} <= set(found)
    assert "did you mean 'end'" in found["states[1].moves[0].to"]


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (({"a": 1.5},), "survival['a']"),
        (({"a": -0.1},), "survival['a']"),
        (({"a": math.nan},), "survival['a']"),
        (({},), "survival"),
        (([0.1],), "survival"),
    ],
)
def test_survival_outside_0_and_1(arguments: Any, path: str) -> None:
    with pytest.raises(ModelError) as caught:
        Model.from_survival(*arguments)
    assert caught.value.faults[0].path == path


@pytest.mark.parametrize(
    "options",
    [
        {"mean_hours": 0.0},
        {"mean_hours": {"b": 1.0}},
        {"causes": {"a": {}}},
        {"causes": {"a": {"x": -1.0}}},
        {"causes": ["x"]},
        {"phases": {"a": 0}},
        {"phases": 3},
        {"mean_hours": {"a": math.inf}},
    ],
)
def test_faulty_options_of_from_survival(options: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        Model.from_survival({"a": 0.5}, **options)


def test_survival_very_near_1_keeps_its_loss() -> None:
    model = Model.from_survival({"a": 1 - 1e-9}, phases={"a": 60_000})
    move, death = model.states[0].moves[0].hazard, model.states[0].deaths[0].hazard
    # Loss per phase x phases, to first order.
    assert death / move * 60_000 == pytest.approx(1e-9, rel=1e-6)


@pytest.mark.parametrize("model", [LINEAR, CYCLIC, FRAIL], ids=lambda m: m.name)
def test_toml_round_trip_is_exact(model: Model) -> None:
    assert Model.from_toml(model.to_toml()) == model
    assert Model.from_toml(model.to_toml()).digest() == model.digest()


@given(random_models())
def test_toml_round_trip_of_random_models(model: Model) -> None:
    assert Model.from_toml(model.to_toml()) == model


@pytest.mark.parametrize("text", ["a = [", "x = " + "[" * 4000, "h = " + "9" * 5000, "\x00"])
def test_what_is_not_toml(text: str) -> None:
    with pytest.raises(InputError, match="TOML"):
        Model.from_toml(text)


def test_models_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        LINEAR.name = "other"  # type: ignore[misc]


def test_with_changes_a_copy() -> None:
    changed = CYCLIC.with_(hazards={"blood.shear": 7.0}, scale={"*.shear": 2.0}, name="new")
    values = {name: h for name, _, h in changed.hazards()}
    assert values["blood.shear"] == 14.0
    assert values["bed.shear"] == 10.0
    assert values["blood.bed"] == 40.0
    assert CYCLIC.name == "cyclic"
    with pytest.raises(InputError, match=r"did you mean 'blood\.shear'"):
        CYCLIC.with_(hazards={"blood.shaer": 1.0})
    for wrong in ({"hazards": {"blood.shear": "x"}}, {"scale": 5}, {"bogus": 1}):
        with pytest.raises(InputError):
            CYCLIC.with_(**wrong)
    with pytest.raises(ModelError):
        CYCLIC.with_(hazards={"blood.shear": -1.0})


def test_numpy_numbers_are_numbers() -> None:
    data = valid()
    data["states"][0]["moves"][0]["hazard"] = np.int64(3)
    assert Model(**data).states[0].moves[0].hazard == 3.0
