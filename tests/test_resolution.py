"""Stays that are shorter than what the clock of an old cell resolves: nothing is lost, or it is refused."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cascade
from cascade.common import notices
from cascade.common.version import STREAM_VERSION
from cascade.engine.prepare import MOST_BIAS
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.runs.provenance import doubt, same_lives
from helpers.budget import agrees
from helpers.models import clustered
from helpers.reference import Clock, Reference

CELLS = 40_000


def late_race(dormant: float, move: float, death: float, **fields: Any) -> Model:
    """A long sleep, then a race between a move and a death, and a second one in the next state."""
    states = [
        {"name": "asleep", "stage": "sleep", "moves": [{"to": "awake", "hazard": dormant}]},
        {"name": "awake", "stage": "race", "moves": [{"to": "growing", "hazard": move}],
         "deaths": [{"cause": "shear", "hazard": death}]},
        {"name": "growing", "stage": "growth", "moves": [{"to": "colony", "hazard": move}],
         "deaths": [{"cause": "regression", "hazard": death / 3}]},
        {"name": "colony", "absorbing": True},
    ]  # fmt: skip
    return Model(name="late", stages=["sleep", "race", "growth"], states=states, **fields)


FRAILTY = {"frailties": [{"name": "z", "cv": 0.5, "hazards": [{"hazard": "awake.shear"}]}]}
LEGAL = [1e-15, 1e-9, 1e-5, 1.0]
FAST = [1.0, 1e4, 1e10, 1e12]


@pytest.mark.parametrize("fields", [{}, FRAILTY], ids=["alike", "frail"])
@pytest.mark.parametrize(("dormant", "fast"), list(itertools.product(LEGAL, FAST)))
def test_deaths_are_counted_however_short_the_stay_and_old_the_cell(
    dormant: float, fast: float, fields: dict[str, Any]
) -> None:
    model = late_race(dormant, fast, fast, **fields)
    counted = cascade.simulate(model, cells=CELLS, seed=1).funnel()
    for row, truth in zip(counted, cascade.exact(model).funnel(), strict=True):
        assert agrees(int(row.passed), CELLS, truth.fraction_of_all), row.step


@pytest.mark.parametrize("dormant", LEGAL[1:])
def test_deaths_are_counted_where_hazards_change(dormant: float) -> None:
    """The sleep ends in a second window, in which shear is three times faster; the race is as short."""
    drug = cascade.Treatment(
        name="shear", effects=[{"hazard": "awake.shear", "factor": 3.0}], start_hours=0.5 / dormant
    )
    model = late_race(dormant, 1e11, 1e11).with_treatments(drug)
    counted = cascade.simulate(model, cells=CELLS, seed=1).funnel()
    for row, truth in zip(counted, cascade.exact(model).funnel(), strict=True):
        assert agrees(int(row.passed), CELLS, truth.fraction_of_all), row.step


def test_a_change_in_the_midst_of_a_short_race() -> None:
    """Cells wait in ``awake`` without a hazard until both open at once, at an hour that hides what they wait."""
    opening = 1e6
    closed = cascade.Treatment(
        name="closed",
        effects=[{"hazard": f"awake.{way}", "factor": 0.0} for way in ("growing", "shear")],
        start_hours=0.0, end_hours=opening,
    )  # fmt: skip
    model = late_race(1.0, 1e12, 3e12 / 4).with_treatments(closed)
    counted = cascade.simulate(model, cells=CELLS, seed=1).funnel()
    truth = 1e12 / (1e12 + 0.75e12)
    assert agrees(int(counted.rows[1].passed), CELLS, truth)


@pytest.mark.parametrize("fields", [{}, FRAILTY], ids=["alike", "frail"])
def test_replays_and_the_slow_reference_decide_alike(fields: dict[str, Any]) -> None:
    model = late_race(1e-9, 1e12, 1e12, **fields)
    slow = Reference(model, seed=3)
    lives = cascade.replay(model, seed=3, cells=range(300))
    ended = [(slow.life(cell).events[-1].state, slow.life(cell).events[-1].way) for cell in range(300)]
    shown = [(life.stays[-1].state, life.stays[-1].ended_by) for life in lives]
    dead = [end for end in ended if end[1] in ("shear", "regression")]
    assert 50 < len(dead) < 290
    assert [s for s in shown if s[1] in ("shear", "regression")] == dead


def with_cloak(dormant: float, fast: float, switch: float) -> Model:
    """The late race with a cloak that comes at its own rate and keeps shear away."""
    cloak = {
        "name": "cloak", "levels": ["bare", "cloaked"], "states": ["awake", "growing"],
        "switches": [{"level": "bare", "to": "cloaked", "hazard": switch}],
        "effects": [{"level": "cloaked", "hazard": "awake.shear", "factor": 0.0}],
    }  # fmt: skip
    return late_race(dormant, fast, fast, factors=[cloak])


@pytest.mark.parametrize(("dormant", "fast"), list(itertools.product(LEGAL, FAST)))
def test_switches_are_resolved_or_refused_with_the_numbers(dormant: float, fast: float) -> None:
    model = with_cloak(dormant, fast, fast)
    if 3 * fast * 40.0 / dormant / 2**52 > MOST_BIAS:
        with pytest.raises(cascade.InputError, match=rf"hazards = .* {40.0 / dormant:.3g} hours".replace("+", r"\+")):
            cascade.simulate(model, cells=CELLS, seed=1)
        early = MOST_BIAS * 2**52 / (3 * fast) / 2
        assert cascade.simulate(model, cells=CELLS, seed=1, until=early).cells == CELLS
        return
    counted = cascade.simulate(model, cells=CELLS, seed=1).funnel()
    for row, truth in zip(counted, cascade.exact(model).funnel(), strict=True):
        assert agrees(int(row.passed), CELLS, truth.fraction_of_all), row.step


def test_without_the_refusal_switches_would_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is there for a reason: beyond it a switch never comes before a move."""
    monkeypatch.setattr("cascade.engine.prepare.MOST_BIAS", np.inf)
    model = with_cloak(1e-9, 1e12, 1e12)
    counted = cascade.simulate(model, cells=CELLS, seed=1).funnel().rows[1]
    assert not agrees(int(counted.passed), CELLS, cascade.exact(model).funnel().rows[1].fraction_of_all)


def circling(dormant: float, fast: float) -> Model:
    """The late race, run again and again by cells that fall asleep anew."""
    model = late_race(dormant, fast, fast)
    back = {"to": "asleep", "hazard": fast}
    states = [s.model_dump() for s in model.states]
    states[2]["moves"] = [*states[2]["moves"], back]
    return model.with_(states=states)


OLD: dict[str, Callable[[float, float], Model]] = {
    "plain": lambda dormant, fast: late_race(dormant, fast, fast),
    "circling": circling,
    "entering late": lambda dormant, fast: late_race(
        1.0, fast, fast,
        start={"states": [{"state": "asleep", "share": 1.0}], "entry_hours": [0.0, min(1e9, 10.0 / dormant)]},
    ),
    "treated": lambda dormant, fast: late_race(dormant, fast / 9, fast / 9).with_treatments(
        cascade.Treatment(
            name="speed", effects=[{"hazard": "*.*", "factor": 9.0}], start_hours=1.0 / dormant
        )
    ),
    "of clusters": lambda dormant, fast: clustered(late_race(dormant, fast, fast)),
    "a sleep that ends early": lambda _, fast: late_race(1.0, fast, fast),
}  # fmt: skip


def before_4(self: Clock, other: Clock) -> bool:
    """How streams before 4 told which of two clocks is due first."""
    return self.due < other.due


def lives_of(model: Model, until: float) -> list[list[tuple[str, str]]]:
    """States and ways of the first cells, as the slow reference tells them."""
    lowered = lower(model)
    ends = [end for end in lowered.window_start[1:].tolist() if end < until] + [until]
    names = [t.name for t in lowered.transitions]
    windows = [(end, dict(zip(names, row, strict=True))) for end, row in zip(ends, lowered.multipliers, strict=False)]
    slow = Reference(model, 4, windows)
    return [[(e.state, e.way) for life in slow.lives(cell) for e in life.events] for cell in range(150)]


@pytest.mark.parametrize("kind", OLD)
@pytest.mark.parametrize(("dormant", "fast"), [(1e-9, 1e12), (1e-7, 1e10), (1e-4, 1e5), (1e-3, 1e3), (1.0, 1e12)])
def test_files_of_older_streams_pass_for_alike_only_where_their_lives_are(
    kind: str, dormant: float, fast: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slow reference lives the cells once under each rule of what is due first."""
    model = OLD[kind](dormant, fast)
    for until in (math.inf, 1e-3):
        now = lives_of(model, until)
        with monkeypatch.context() as old:
            old.setattr(Clock, "is_before", before_4)
            then = lives_of(model, until)
        given = None if until == math.inf else until
        alike = same_lives(model, 3, until=given)
        assert now == then or not alike
        others = sum(a != b for a, b in zip(now, then, strict=True))
        if others > 20:
            assert doubt(model, {"streams": 3}, given)
        assert not doubt(model, {"streams": STREAM_VERSION}, given)
    # The bound is no refusal of everything.
    assert same_lives(model, 3) == (dormant == 1e-3) or kind == "a sleep that ends early"


def test_what_older_streams_counted_untruly_is_told_and_lived_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(notices, "_said", set())
    monkeypatch.setattr(notices, "_patient", False)
    model = late_race(1e-9, 1e12, 1e12)
    made = cascade.simulate(model, cells=1000, seed=1)
    old = replace(made, versions={**made.versions, "streams": 3, "cascade": "0.0.9"})
    opened = cascade.open_result(old.save(tmp_path / "r.cascade"))
    said = "counts may be untrue. Simulate anew"
    assert said in capsys.readouterr().err
    assert said in str(opened)
    assert said in opened.funnel().note
    for act in (lambda: opened.replay([7]), lambda: opened.to_html(tmp_path / "page.html")):
        with pytest.raises(cascade.InputError, match="the counts of this one may be untrue") as error:
            act()
        assert "install" not in str(error.value)
    with pytest.raises(cascade.InputError, match="merge: stream version"):
        opened.merge(cascade.simulate(model, cells=range(1000, 1100), seed=1))
    # Of two old ones the doubt stays; an end before the race leaves no doubt.
    rest = cascade.simulate(model, cells=range(1000, 1100), seed=1)
    both = opened.merge(replace(rest, versions={**rest.versions, "streams": 3}))
    assert said in cascade.open_result(both.save(tmp_path / "both.cascade")).doubt
    early = cascade.simulate(model, cells=1000, seed=1, until=1e-3)
    assert not replace(early, versions={**early.versions, "streams": 3}).doubt
    assert not made.doubt
