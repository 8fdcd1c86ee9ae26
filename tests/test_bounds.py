"""Answers that come: their work is bounded, what that costs is stated, and runs that would not end are refused."""

from __future__ import annotations

import io
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
from cascade.model import Model
from cascade.runs.plan import MOST_VISITS
from cascade.solution.answer import Exact
from cascade.solution.events import expected_visits
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


@pytest.mark.full
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


@pytest.mark.full
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("until", [None, 100.0])
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
    told = expected_visits(model, None)
    assert told == pytest.approx(2 * rate / death + 1, rel=1e-6)
    assert counted == pytest.approx(told, rel=6 / math.sqrt(3000))


def test_visits_of_clusters_and_factors_are_those_that_are_made() -> None:
    for model in (two_levels(CYCLIC, on=40.0, off=30.0), clustered(CYCLIC), CYCLIC):
        result = cascade.simulate(model, cells=4000, seed=1)
        assert result.totals.visits / 4000 <= 2 * expected_visits(model, None)


@pytest.mark.parametrize("until", [None, 1e6])
def test_runs_that_would_not_end_are_refused_at_once(until: float | None) -> None:
    model = circling(1e6, 1e-6)
    assert expected_visits(model, until) > MOST_VISITS
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
