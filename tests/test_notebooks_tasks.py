"""The tasks of the notebooks: each can be solved with the controls, the page tells so, and the answers are right."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

import cascade
from helpers.notebooks import NOTEBOOKS, run, shown

pytestmark = pytest.mark.full
pytest.importorskip("marimo", reason="pip install 'metastatic-cascade[notebooks]'")
pytest.importorskip("anywidget", reason="pip install 'metastatic-cascade[notebooks]'")

# By the number of a notebook: which control a variable comes from, and how many times the variable the control shows.
CONTROLS: dict[str, dict[str, tuple[str, float]]] = {
    "1": {"factor": ("odds_slider", 1), "step": ("step_choice", 1)},
    "2": {"held": ("held_slider", 100), "tied": ("blood_choice", 1)},
    "3": {"weight": ("soil_slider", 1), "cancer_name": ("cancer_choice", 1)},
    "4": {"platelets": ("count_slider", 1), "killing": ("killing_slider", 1)},
    "5": {"power": ("power_slider", 1), "protected": ("company_choice", 1)},
    "6": {"cells": ("cells_slider", 1)},
    "7": {"day": ("day_slider", 1), "chosen": ("row_choice", 1)},
    "8": {"number": ("number_slider", 1), "seed": ("seed_slider", 1)},
}
PREDICTED = "micrometastases / injected, day 10"
# Settings, and the tasks that each solves.
SOLVED_BY: dict[str, list[tuple[dict[str, Any], set[int]]]] = {
    "1": [({"factor": 4.0, "step": "colonization"}, {1, 2}), ({"factor": 0.01, "step": "arrest"}, {3})],
    "2": [
        ({"held": 0.02, "tied": False}, {1}),
        ({"held": 0.1, "tied": False}, {2}),
        ({"held": 0.1, "tied": True}, {3}),
    ],
    "3": [({"weight": 0.0, "cancer_name": "melanoma"}, {1}), ({"weight": 0.6, "cancer_name": "breast"}, {2})],
    "4": [
        ({"platelets": 0.025, "killing": 1.0}, {1}),
        ({"platelets": 10.0, "killing": 1.0}, {2}),
        ({"platelets": 2.0, "killing": 0.0}, {3}),
    ],
    "5": [({"power": 3.4, "protected": False}, {1, 2}), ({"power": 1.0, "protected": True}, {3})],
    "6": [({"cells": 3_000_000}, {1, 3})],
    "7": [({"day": 2.5, "chosen": "none yet"}, {1}), ({"day": 9.0, "chosen": PREDICTED}, {2, 3})],
    "8": [
        ({"number": 200_000, "seed": 1}, {1}),
        ({"number": 10_000, "seed": 31}, {2}),
        ({"number": 1_000_000, "seed": 2}, {1, 3}),
    ],
}


def can_take(control: Any, value: Any) -> bool:
    """Whether a control has this mark."""
    if hasattr(control, "options"):
        return value in control.options.values()
    marks = control.steps or [control.start + k * control.step for k in range(round(control.stop / control.step) + 1)]
    return any(value == pytest.approx(mark, abs=1e-12) for mark in marks)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_task_can_be_solved_with_the_controls(name: str) -> None:
    opening, opened = shown(name)
    assert not any(opened["solved"].values()), "nothing is solved before anything was moved"
    assert "<strong>solved</strong>" not in opening
    done: set[int] = set()
    for values, tasks in SOLVED_BY[name[0]]:
        for variable, (control, times) in CONTROLS[name[0]].items():
            asked = values[variable] if times == 1 else values[variable] * times
            assert can_take(opened[control], asked), (variable, asked)
        told, said = shown(name, **values)
        assert {task for task, is_solved in said["solved"].items() if is_solved} == tasks
        assert told.count("<strong>solved</strong>") == len(tasks)
        done |= tasks
    # The second task of chance has a slider further down: see below.
    assert opened["solved"].keys() - done == ({2} if name == "6_chance" else set())


def test_two_patients_solve_their_task_with_six() -> None:
    for seen in (5, 6, 7):
        assert can_take(run("6_chance")["seen_slider"], seen)
        sliders = {"seen_slider": SimpleNamespace(value=seen), "exposure_slider": SimpleNamespace(value=0.6)}
        assert run("6_chance", cells=1_000_000, **sliders)["solved"][2] == (seen == 6)


@pytest.mark.parametrize(
    ("name", "slider", "values"),
    [
        ("1_the_bottleneck", "odds_slider", {"factor": 0.63, "step": "arrest"}),
        ("4_the_cloak", "count_slider", {"platelets": 0.63, "killing": 1.0}),
    ],
)
def test_sliders_say_the_factor_itself(name: str, slider: str, values: dict[str, Any]) -> None:
    """From × 0.01 to × 100 in tenths of a decade, in two figures; 1, as it is, is in the middle."""
    control = run(name)[slider]
    assert (control.value, control.steps[20], len(control.steps)) == (1.0, 1.0, 41)
    assert control.steps == pytest.approx([10 ** (k / 10) for k in range(-20, 21)], rel=0.04)
    assert "\u00d7 0.63" in shown(name, **values)[0]


def test_answers_are_the_first_marks_that_do() -> None:
    """What is said to be enough is enough, and a mark less is not."""
    textbook = cascade.load("textbook")
    dead = [f"{s.name}.{death.cause}" for s in textbook.states if s.stage == "colonization" for death in s.deaths]
    assert run("1_the_bottleneck")["can"] == {"colonization": 3.2}
    less, enough = (cascade.exact(textbook.with_(scale=dict.fromkeys(dead, 1 / f))).success for f in (2.5, 3.2))
    assert less < 1e-5 <= enough
    bed = run("2_the_first_bed")
    assert bed["spread"](0.01)[1]["breast"] > 1 > bed["spread"](0.02)[1]["breast"]
    assert (bed["lung_from"], bed["near"]) == (0.02, [10, 11])
    soil = run("3_seed_and_soil")
    assert soil["from_weight"] == 0.6
    assert soil["ordered"]("breast", 0.5)[1] < 0.8 <= soil["ordered"]("breast", 0.6)[1]
    cloak = run("4_the_cloak")
    enough, less = (cascade.exact(cloak["counted"](count, 1.0)).success for count in (0.025, 0.032))
    assert cloak["halving"] == 0.025
    assert enough <= cascade.exact(cascade.load("platelets")).success / 2 < less
    clusters = run("5_clusters")
    for safe, answer in clusters["answers"].items():
        for power, wanted in ((answer["low"], 23.0), (answer["middle"], 34.0), (answer["high"] + 0.1, 50.0)):
            before, at = (clusters["foci"](3, p, safe) / clusters["foci"](1, p, safe) for p in (power - 0.1, power))
            assert before <= wanted <= at
    assert (clusters["answers"][False]["half"], clusters["answers"][True]["half"]) == (3.4, 2.7)


def test_answers_about_chance_and_time() -> None:
    chance = run("6_chance")
    assert (chance["fewest"], chance["seen_from"]) == (3_000_000, 6)
    expected = chance["expected"] / 1e6
    assert math.exp(-2e6 * expected) > 0.05 > math.exp(-3e6 * expected)
    luzzi = run("7_reading_an_experiment")
    assert (luzzi["most_day"], luzzi["half_day"]) == (2.5, 9.0)
    there = cascade.exact(cascade.load("b16f1-liver")).occupancy([24.0 * day for day in (2.0, 2.5, 3.0, 8.5, 9.0)])
    micro = there["micrometastasis"]
    assert micro[1] > max(micro[0], micro[2])
    solitary = there["extravasated"] + there["dormant"]
    assert solitary[4] <= 0.5 < solitary[3]
    runs = run("8_exact_and_simulated")
    assert (runs["first_mark"], runs["million_without"], runs["missing"]) == (200_000, 2, [31, 37])
    # "Cell 17 is cell 17 in every run of its seed."
    few, twice = (cascade.simulate(cascade.load("textbook"), cells=n, seed=5) for n in (40, 80))
    assert [str(life) for life in few.replay(range(40))] == [str(life) for life in twice.replay(range(40))]
