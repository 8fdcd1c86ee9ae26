"""Answers that come: their work is bounded, what that costs is stated, and runs that would not end are refused."""

from __future__ import annotations

import contextlib
import io
import json
import math
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.cli import main
from cascade.common import notices
from cascade.engine import executor
from cascade.engine.executor import Workers
from cascade.model import Model
from cascade.runs.histories import traits_of
from cascade.runs.plan import MOST_OF_ONE, MOST_VISITS
from cascade.runs.visits import expected_visits
from cascade.solution.answer import Exact
from cascade.solution.passage_times import passage_times
from cascade.solution.prepared import MOST_SECONDS
from cascade.solution.quadrature import Nodes, random
from cascade.solution.solver import Solver
from helpers.models import CYCLIC, FRAIL, LINEAR, clustered, two_levels

UNLIKE = cascade.load("unlike-cells")


class Meter:
    """Nominal seconds of all solves: arithmetic, no clock."""

    def __init__(self) -> None:
        self.seconds = 0.0


@pytest.fixture
def meter(monkeypatch: pytest.MonkeyPatch) -> Meter:
    """Counts the work of every solve for as long as a test runs."""
    found = Meter()
    whole = {"by_stage": 1.0, "flows": 0.5, "courses": 0.5, "gains": 1.0}
    for name, share in whole.items():
        plain = getattr(Solver, name)

        def metered(
            self: Solver, hazards: Any, z: Any, *rest: Any, plain: Any = plain, share: float = share, **named: Any
        ) -> Any:
            found.seconds += share * self.cost * len(hazards) * len(z)
            return plain(self, hazards, z, *rest, **named)

        monkeypatch.setattr(Solver, name, metered)
    return found


COMMANDS = [
    ["exact", "{}"],
    ["exact", "{}", "--until", "20d"],
    ["exact", "{}", "--elasticities", "--json"],
    ["run", "{}", "--cells", "2000", "--seed", "1"],
    ["run", "{}", "--cells", "2000", "--seed", "1", "--until", "20d", "--json"],
    ["run", "{}", "--cells", "2000", "--seed", "1", "--no-exact"],
    ["show", "{}"],
]


@pytest.mark.sampled(0, 60)
@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c))
@pytest.mark.parametrize("name", [entry.name for entry in cascade.models()])
def test_every_command_answers_for_every_model_of_the_catalogue(
    name: str, command: list[str], meter: Meter, capsys: pytest.CaptureFixture[str]
) -> None:
    if command[-1] == "{}" and command[0] == "exact" and name not in ("textbook", "unlike-cells"):
        command = [*command, "--json"]
    with pytest.raises(SystemExit) as ended:
        main([part.format(name) for part in command])
    assert ended.value.code in (0, None), capsys.readouterr().err
    assert capsys.readouterr().out
    assert meter.seconds < 8 * MOST_SECONDS, "nominal seconds"
    if "--no-exact" in command:
        assert meter.seconds < 0.1


def treated(model: Model) -> Model:
    """The model with shear doubled for two days."""
    drug = cascade.Treatment(
        name="shear", effects=[{"hazard": "*.shear", "factor": 2.0}], start_hours=0.0, end_hours=48.0
    )
    return model.with_treatments(drug)


def three_with_phases() -> Model:
    """Three frailties over states in many phases: each node of the frailties is a system of a hundred states."""
    states = [{**state.model_dump(), "phases": 1 if state.absorbing else 20} for state in CYCLIC.states]
    frailties = [
        {"name": f"z{i}", "cv": 0.9, "hazards": [{"hazard": f"*.{way}"}]}
        for i, way in enumerate(("shear", "immune killing", "anoikis"))
        if any(death.cause == way for state in CYCLIC.states for death in state.deaths)
    ]
    while len(frailties) < 3:
        at = len(frailties)
        frailties.append({"name": f"z{at}", "cv": 0.9, "hazards": [{"hazard": "blood.bed", "power": 0.1 * at}]})
    return CYCLIC.with_(name="phased", states=states, frailties=frailties)


ANSWERS = {
    "funnel": lambda e: e.funnel(),
    "fates": lambda e: e.fates(),
    "milestones": lambda e: e.milestones(),
    "occupancy": lambda e: e.occupancy([1.0, 10.0, 100.0]),
    "times": lambda e: e.times(),
    "events": lambda e: e.events(),
}


@pytest.mark.sampled(0, 4)
@pytest.mark.parametrize(
    ("answer", "until"),
    [(answer, until) for answer in ANSWERS for until in (None, 100.0) if until is None or answer != "times"],
)  # times are those of whole lives, whatever the end
def test_models_with_frailties_and_phases_have_bounded_work(answer: str, until: float | None, meter: Meter) -> None:
    for model in (three_with_phases(), UNLIKE if answer == "times" else treated(UNLIKE)):
        meter.seconds = 0.0
        ANSWERS[answer](cascade.exact(model, until=until))
        # Medians take some twenty octaves, in each of which a large system is solved at few nodes.
        assert meter.seconds < (30 if answer == "times" else 12) * MOST_SECONDS, model.name


@cache
def finest() -> list[float]:
    """Probabilities of the steps of ``unlike-cells``, of a million points around those that succeed and all others."""
    prepared = cascade.exact(UNLIKE)._prepared
    shifts = [share * prepared._shift for share in (0.0, 0.5, 1.0, 1.0)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cascade.solution.quadrature._SOBOL_POINTS", 1 << 16)
        patch.setattr("cascade.solution.quadrature._SOBOL_REPLICATES", 8)
        nodes = Nodes.joined([random(prepared.lowered, 1 << 20, shifts)])
    return [row.fraction_of_all for row in Exact(UNLIKE, nodes=nodes).funnel().rows]


@pytest.mark.full
def test_the_error_that_is_stated_of_random_points_is_kept() -> None:
    """Also of the rare steps, each with an error of its own: four standard errors in 7 comparisons."""
    rows = cascade.exact(UNLIKE).funnel().rows
    for row, true in zip(rows, finest(), strict=True):
        error = (row.high - row.low) / 2
        assert abs(row.fraction_of_all - true) <= 4 * error, row.step
        assert error <= 3e-3 * true, "an error that says something"
    # Points around those that succeed: plain ones leave nine parts of a thousand.
    assert (rows[-1].high - rows[-1].low) / 2 <= 3e-4 * rows[-1].fraction_of_all


@pytest.mark.parametrize("seconds", [1e-9, 1e-4, 1e-3])
def test_the_error_of_a_grid_that_the_bound_cuts_short_is_kept(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    model = FRAIL.with_(frailties=FRAIL.frailties[:1])
    truth = cascade.exact(model)
    assert truth.error < 1e-9
    monkeypatch.setattr("cascade.solution.prepared.MOST_SECONDS", seconds)
    cut = cascade.exact(model)
    assert cut.error > 0
    for row, true in zip(cut.funnel(), truth.funnel(), strict=True):
        # Where even two grids are too many, the points are random, and the error a standard error.
        assert abs(row.fraction_of_all - true.fraction_of_all) <= 4 * cut.error


@pytest.mark.full
def test_medians_are_roots_of_the_curves() -> None:
    for model in (
        LINEAR,
        CYCLIC,
        FRAIL,
        clustered(LINEAR),
        LINEAR.with_(start={**LINEAR.start.model_dump(), "entry_hours": (0.0, 3.0)}),
    ):
        answer = cascade.exact(model)
        rows, error = passage_times(answer._prepared, answer._courses, list(answer.causes()))
        assert error < 1e-2 if len(model.frailties) == 3 else error < 1e-8
        for row in rows:
            curve = answer.reach if row.kind == "step" else answer.incidence
            curves = curve([row.median_hours, 1e7])
            (at, end), wrong = curves[row.name], curves.errors[curves.names.index(row.name)]
            assert at == pytest.approx(end / 2, rel=1e-6, abs=error + wrong.sum()), (model.name, row.name)


@pytest.mark.full
def test_long_work_is_said_before_it_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also how long; not of what comes at once, and not where quiet was asked for."""
    monkeypatch.setattr(notices, "_said", set())
    monkeypatch.setattr(notices, "_patient", False)
    monkeypatch.setattr("cascade.cli.commands.LONG", 1.0)
    path = UNLIKE.with_(frailties=UNLIKE.frailties[:4], correlations=()).save(tmp_path / "four.toml")
    for name, said in (("textbook", False), (str(tmp_path / "four.toml"), True)):
        with pytest.raises(SystemExit):
            main(["exact", name, "--until", "20d"])
        assert ("averages over unlike cells" in capsys.readouterr().err) == said, path
    assert cascade.exact(UNLIKE).work > 50 * cascade.exact(cascade.load("textbook")).work > 0


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("line", "why", "remedy"),
    [
        ("exact textbook", "many states", "exact has --no-times"),
        ("exact textbook --json", "many states", "exact has --no-times"),
        ("exact {frail}", "unlike cells", "exact has --no-times"),
        ("exact textbook --until 5d", "many states", ""),
        ("exact {frail} --until 5d", "unlike cells", ""),
        ("run textbook --cells 10 --seed 1", "many states", "run has --no-exact"),
        ("run {frail} --cells 10 --seed 1", "unlike cells", "run has --no-exact"),
        ("exact textbook --no-times", "", ""),
        ("run textbook --cells 10 --seed 1 --no-exact", "", ""),
    ],
)
def test_what_is_announced_is_true_of_the_model_and_helps_with_the_command(
    line: str,
    why: str,
    remedy: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notices, "_said", set())
    monkeypatch.setattr("cascade.cli.commands.LONG", 0.0)
    monkeypatch.setattr(notices, "be_patient", lambda *_: None)
    monkeypatch.setattr("cascade.cli.options.be_patient", lambda *_: None)
    FRAIL.with_(frailties=FRAIL.frailties[:1], correlations=()).save(tmp_path / "frail.toml")
    with pytest.raises(SystemExit) as ended:
        main(line.format(frail=tmp_path / "frail.toml").split())
    assert ended.value.code in (0, None)
    told = [said for said in capsys.readouterr().err.splitlines() if "the exact answer" in said]
    assert len(told) == bool(why)
    for said in told:
        assert why in said
        assert said.endswith(f"({remedy})" if remedy else "usual machine")


@pytest.mark.parametrize("option", ["", "--elasticities"])
def test_the_funnel_is_there_before_the_times(
    option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever ends the wait has it; and the times can be left out."""
    with pytest.raises(SystemExit):
        main(["exact", "textbook", *option.split()])
    whole = capsys.readouterr().out

    def waits(*_: object) -> str:
        raise KeyboardInterrupt

    for name in ("__str__", "times"):
        monkeypatch.setattr(Exact, name, waits)
    with pytest.raises(SystemExit) as ended:
        main(["exact", "textbook", *option.split()])
    assert ended.value.code == 130
    begin = capsys.readouterr().out
    assert "colonization" in begin
    assert whole.startswith(begin)
    for more in ([], ["--json"]):
        with pytest.raises(SystemExit) as ended:
            main(["exact", "textbook", "--no-times", *more, *option.split()])
        assert ended.value.code in (0, None)
        told = capsys.readouterr().out
        if more:
            assert json.loads(told)["times"] == []
        else:
            assert told.startswith(begin)
            assert "median" not in told
            assert "median" in whole


# Runs that would not end.


def circling(rate: float, death: float) -> Model:
    """Cells that go to and fro, and die so seldom."""
    states = [
        {
            "name": "x",
            "stage": "a",
            "moves": [{"to": "y", "hazard": rate}],
            "deaths": [{"cause": "d", "hazard": death}],
        },
        {"name": "y", "stage": "a", "moves": [{"to": "x", "hazard": rate}]},
    ]
    return Model(name="circling", stages=["a"], states=states)


@pytest.mark.parametrize(("rate", "death"), [(1.0, 0.3), (1e3, 1.0), (5.0, 1e-3)])
def test_visits_are_those_that_are_made(rate: float, death: float) -> None:
    model = circling(rate, death)
    counted = cascade.simulate(model, cells=3000, seed=1).totals.visits / 3000
    told = expected_visits(model, None).mean
    assert told == pytest.approx(2 * rate / death + 1, rel=1e-6)
    assert counted == pytest.approx(told, rel=6 / math.sqrt(3000))


def test_visits_of_clusters_and_factors_are_those_that_are_made() -> None:
    for model in (two_levels(CYCLIC, on=40.0, off=30.0), clustered(CYCLIC), CYCLIC):
        result = cascade.simulate(model, cells=4000, seed=1)
        assert result.totals.visits / 4000 <= 2 * expected_visits(model, None).mean


@pytest.mark.parametrize("until", [None, 1e6])
def test_runs_that_would_not_end_are_refused_at_once(until: float | None) -> None:
    model = circling(1e6, 1e-6)
    assert expected_visits(model, until).mean > MOST_VISITS
    acts = (
        lambda: cascade.simulate(model, cells=1, seed=1, until=until),
        lambda: cascade.replay(model, seed=1, cells=[0], until=until),
        lambda: cascade.compare(model, model, cells=1, seed=1, until=until),
    )
    for act in acts:
        with pytest.raises(cascade.InputError, match=r"until = .* to and fro"):
            act()
    assert cascade.simulate(model, cells=10, seed=1, until=1.0).cells == 10


def test_a_chunk_of_slow_cells_is_small_and_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells that go to and fro a million times: a chunk by their number alone would be silent for minutes."""
    slow, fast = circling(3e3, 0.3), circling(1.0, 0.3)
    told: list[tuple[int, int]] = []
    whole = cascade.simulate(slow, cells=300, seed=1, chunk=300)
    monkeypatch.setattr(executor, "LARGEST_WORK", 1 << 19)
    cut = cascade.simulate(slow, cells=300, seed=1, progress=lambda done, of: told.append((done, of)))
    assert len(told) > 2
    assert told[-1] == (300, 300)
    assert cut == whole
    # Of two models the slower one tells how both are cut.
    for pair in ((slow, fast), (fast, slow)):
        told.clear()
        compared = cascade.compare(*pair, cells=300, seed=1, progress=lambda done, of: told.append((done, of)))
        assert len(told) > 2
        assert compared == cascade.compare(*pair, cells=300, seed=1, chunk=300)


class Terminal(io.StringIO):
    """Standard error of somebody who looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("cells", "visits", "shown"), [(10_000, 1e4, True), (10_000, 10.0, False), (10**7, 10.0, True)]
)
def test_long_work_is_told_by_a_bar_whatever_makes_it_long(
    cells: int, visits: float, *, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with executor.reporter(None, cells, visits) as tell:
        tell(cells)
    assert ("cells" in terminal.getvalue()) == shown


# Cells that are unlike: the average says little, the unluckiest holds up all.


def power_on(way: str, power: float, cv: float = 10.0, **kind: object) -> dict[str, object]:
    """A frailty of one hazard."""
    return {"frailties": [{"name": "z", "cv": cv, "hazards": [{"hazard": way, "power": power}], **kind}]}


RARELY_TRAPPED = [
    # One cell in ten thousand comes to where hardly any cell leaves.
    {"name": "begin", "stage": "a", "moves": [{"to": "x", "hazard": 1e-4}], "deaths": [{"cause": "d", "hazard": 1.0}]},
    {"name": "x", "stage": "a", "moves": [{"to": "y", "hazard": 1.0}], "deaths": [{"cause": "d", "hazard": 1e-10}]},
    {"name": "y", "stage": "a", "moves": [{"to": "x", "hazard": 1.0}]},
]

UNLUCKY: dict[str, tuple[Model, int]] = {
    "death, to the fourth power": (circling(1.0, 0.1).with_(**power_on("x.d", 4.0)), 1000),
    "death, few cells": (circling(100.0, 0.01).with_(**power_on("x.d", 1.0)), 100),
    "death, gamma": (circling(1.0, 0.1).with_(**power_on("x.d", 1.0, 8.0, distribution="gamma")), 100),
    "moves": (circling(1.0, 0.1).with_(**power_on("*.y", 4.0)), 1000),
    "death, falling with the frailty": (circling(1.0, 0.1).with_(**power_on("x.d", -4.0)), 1000),
    "two, neither of which would do it alone": (
        circling(1.0, 0.1).with_(
            frailties=[
                {"name": n, "cv": 4.0, "hazards": [{"hazard": "x.d", "power": 2.0 * sign}]}
                for n, sign in (("z", 1), ("w", -1))
            ]
        ),
        300,
    ),
    "two that go together": (
        circling(1.0, 0.1).with_(
            frailties=[
                {"name": n, "cv": 3.0, "hazards": [{"hazard": way, "power": power}]}
                for n, way, power in (("z", "x.d", 1.5), ("w", "x.y", -1.5))
            ],
            correlations=[{"between": ["z", "w"], "value": 0.95}],
        ),
        100,
    ),
    "no frailty, but a rare trap": (Model(name="trap", stages=["a"], states=RARELY_TRAPPED), 10**5),
    "no frailty, but a rare start": (
        Model(
            name="trap",
            stages=["a"],
            states=RARELY_TRAPPED,
            start={"states": [{"state": "begin", "share": 0.9999}, {"state": "x", "share": 0.0001}]},
        ),
        10**5,
    ),
}


@pytest.mark.parametrize("name", UNLUCKY)
def test_runs_that_one_unlucky_cell_would_hold_up_are_refused_at_once(name: str) -> None:
    model, cells = UNLUCKY[name]
    for act in (
        lambda: cascade.simulate(model, cells=cells, seed=1),
        lambda: cascade.compare(model, model, cells=cells, seed=1),
    ):
        with pytest.raises(cascade.InputError, match=r"until = None: .* to and fro") as caught:
            act()
        assert ("frailty 'z'" in str(caught.value) or "'w'" in str(caught.value)) == bool(model.frailties)
    assert cascade.simulate(model, cells=cells, seed=1, until=20.0).cells == cells
    assert cascade.simulate(circling(1.0, 0.1), cells=10, seed=1).cells == 10


def test_the_unluckiest_of_few_is_not_that_of_many() -> None:
    """What hardly ever happens in a run of this size does not forbid it."""
    model = Model(name="trap", stages=["a"], states=RARELY_TRAPPED)
    assert cascade.simulate(model, cells=3, seed=1).cells == 3
    assert expected_visits(model, None, 3).most < MOST_OF_ONE < expected_visits(model, None, 10**6).most


def test_visits_of_unlike_cells_are_those_of_theory_and_those_that_are_made() -> None:
    """E[1 / Z] = 1 + cv^2 of a log-normal Z of mean 1."""
    model = circling(1.0, 0.1).with_(**power_on("x.d", 1.0, 0.8))
    told, counted = expected_visits(model, None, 10**6), cascade.simulate(model, cells=20_000, seed=1)
    assert told.mean == pytest.approx(20 * (1 + 0.8**2) + 1, rel=1e-3)
    spread = 20 * math.sqrt(2 * (1 + 0.8**2) ** 3)
    assert counted.totals.visits / 20_000 == pytest.approx(told.mean, abs=6 * spread / math.sqrt(20_000))
    sigma = math.sqrt(math.log1p(0.8**2))
    lowest = math.exp(-sigma * 5.199337582192 - sigma**2 / 2)  # the normal quantile of 1e-7
    assert told.most == pytest.approx(20 / lowest + 2, rel=1e-6)
    # Of two frailties on one death the unluckiest lies between them.
    both = [{"name": n, "cv": 0.8, "hazards": [{"hazard": "x.d"}]} for n in "vw"]
    pair = circling(1.0, 0.1).with_(
        states=[
            {
                "name": "x",
                "stage": "a",
                "moves": [{"to": "y", "hazard": 1.0}],
                "deaths": [{"cause": "d", "hazard": 0.1}],
            },
            {
                "name": "y",
                "stage": "a",
                "moves": [{"to": "x", "hazard": 1.0}],
                "deaths": [{"cause": "e", "hazard": 0.1}],
            },
        ],
        frailties=[{**one, "hazards": [{"hazard": way}]} for one, way in zip(both, ("x.d", "y.e"), strict=True)],
    )
    told = expected_visits(pair, None, 10**6)
    assert told.most > 1.5 * expected_visits(pair.with_(frailties=pair.frailties[:1]), None, 10**6).most


def test_replay_knows_which_cells_are_unlucky() -> None:
    """Of chosen cells the frailties are known: the lucky ones are shown, also where a run would be refused."""
    model, _ = UNLUCKY["death, to the fourth power"]
    lucky, unlucky = [], []
    for cell in range(40):
        (lucky if float(traits_of(model, seed=1, cells=[cell])["z"][0]) > 0.3 else unlucky).append(cell)
    assert lucky
    assert len(cascade.replay(model, seed=1, cells=[])) == 0
    assert len(cascade.replay(model, seed=1, cells=lucky)) == len(lucky)
    with pytest.raises(cascade.InputError, match=r"until = None: .*to and fro"):
        cascade.replay(model, seed=1, cells=[*lucky, *unlucky])
    assert len(cascade.replay(model, seed=1, cells=unlucky, until=5.0)) == len(unlucky)


def test_work_of_hours_is_said_before_it_is_begun(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_said", set())
    monkeypatch.setattr(notices, "_patient", False)
    slow, drawn = circling(1e3, 1e-3), []
    monkeypatch.setattr(Workers, "results", lambda *_: drawn.append(1) or iter(()))
    for act, said in (
        (lambda: cascade.simulate(slow, cells=10**6, seed=1), "2e+12 visits"),
        (lambda: cascade.compare(slow, slow.with_(name="b"), cells=10**7, seed=1), "2e+13 visits"),
        (lambda: cascade.simulate(LINEAR, cells=10**6, seed=1), ""),
    ):
        drawn.clear()
        with contextlib.suppress(Exception):
            act()
        told = capsys.readouterr().err
        assert said in told
        assert ("until" in told) == bool(said)
        assert drawn
    monkeypatch.setattr("cascade.runs.histories.LONG_LIVES", 1e3)
    cascade.replay(circling(1.0, 1e-2), seed=1, cells=range(10))
    assert "each of which is kept" in capsys.readouterr().err
    monkeypatch.setattr(notices, "_said", set())
    notices.be_patient()
    cascade.replay(circling(1.0, 1e-2), seed=1, cells=range(10))
    assert capsys.readouterr().err == ""
