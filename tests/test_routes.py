"""Cells by route: counted as their lives say, exact as counted, and no step that a route lacks."""

from __future__ import annotations

import math
from collections import defaultdict
from pathlib import Path

import pytest
from scipy.stats import binom

import cascade
from cascade.answers.routes import steps_of
from cascade.body import cancer_names
from cascade.lowering.lower import lower
from cascade.model.observables import RouteSteps

CANCERS = cancer_names()
IN_VESSELS = ("vessel", "vein", "blood", "capillary", "held in a bed")


def reached(model: cascade.Model, starts: list[str]) -> set[str]:
    """States that cells can come to from some."""
    ways = {state.name: [move.to for move in state.moves] for state in model.states}
    seen, waiting = set(starts), list(starts)
    while waiting:
        new = set(ways[waiting.pop()]) - seen
        seen |= new
        waiting += new
    return seen


@pytest.mark.sampled(3, 8)
@pytest.mark.parametrize("name", CANCERS)
def test_steps_are_counted_as_the_lives_say(name: str) -> None:
    """Cell by cell, in lives that are told one by one: also where cells come back."""
    model = cascade.load(name)
    cells = 1500
    result = cascade.simulate(model, cells=cells, seed=7)
    route_of = {state.name: (state.route, state.stage) for state in model.states}
    been: dict[tuple[str | None, str | None], set[int]] = defaultdict(set)
    for life in cascade.replay(model, seed=7, cells=range(cells)):
        for stay in life.stays:
            been[route_of[stay.state]].add(life.cell)
    table = {(row.route, row.step): row for row in result.routes()}
    for route, stage, title in steps_of(model):
        assert table[route, title].cells == len(been[route, stage]), (route, title)


@pytest.mark.sampled(3, 8)
@pytest.mark.parametrize("name", CANCERS)
def test_counted_steps_agree_with_the_exact_ones(name: str) -> None:
    """False alarm 1e-6 a row, some 25 rows a cancer."""
    model = cascade.load(name)
    cells = 200_000
    counted, exact = cascade.simulate(model, cells=cells, seed=11).routes(), cascade.exact(model).routes(cells)
    assert [(row.route, row.step) for row in counted] == [(row.route, row.step) for row in exact]
    for row, truth in zip(counted, exact, strict=True):
        p = min(1.0, truth.fraction_of_all)
        assert min(binom.cdf(row.cells, cells, p), binom.sf(row.cells - 1, cells, p)) > 5e-7, (row, truth)


@pytest.mark.parametrize("name", CANCERS)
def test_routes_add_up(name: str) -> None:
    model = cascade.load(name)
    answer = cascade.exact(model)
    table = answer.routes(1.0)
    assert math.fsum(one.set_out for one in table.sums) == pytest.approx(1.0)
    assert math.fsum(n for one in table.sums for n in one.colonies.values()) == pytest.approx(answer.success, rel=1e-10)
    for kind in ("distant", "nodal", "local"):
        total = math.fsum(one.colonies.get(kind, 0.0) for one in table.sums)
        assert total == pytest.approx(answer.kinds()[kind], rel=1e-10)
    lost = math.fsum(n for row in table for n in row.lost.values())
    assert lost + answer.success == pytest.approx(1.0, abs=1e-9)
    for one in table.sums:
        rows = table.of_route(one.route)
        if one.set_out:
            assert rows[0].cells == pytest.approx(one.set_out + (one.came_in if len(rows) == 1 else 0.0))


@pytest.mark.parametrize("name", CANCERS)
def test_no_row_claims_a_vessel_for_a_route_without_one(name: str) -> None:
    """By the states that cells of the route come to, not by its name."""
    model = cascade.load(name)
    vessels = {state.name for state in model.states if state.route == "blood" or "lymph vessel" in state.name}
    for start in model.start.states:
        route = next(state.route for state in model.states if state.name == start.state)
        if reached(model, [start.state]) & vessels:
            continue
        for row in cascade.exact(model).routes().of_route(str(route)):
            assert not any(word in row.step for word in IN_VESSELS), row
    # Nor does a row of all cells together, where some of them never come into one.
    if len(model.routes) > 1:
        assert not {"intravasation", "extravasation", "circulation"} & set(model.stages)


def test_a_share_of_the_cells_that_enter_never_enter_a_vessel() -> None:
    """What the funnel of all cells called intravasated: 15 % of prostate's and 95 % of brain's were not."""
    for name, least, most in (("prostate", 0.1, 0.2), ("brain", 0.9, 0.97)):
        model = cascade.load(name)
        table = cascade.exact(model).routes(1.0)
        vessels = sum(row.cells for row in table if row.step in ("in the blood", "in a lymph vessel"))
        entered = next(row.fraction_of_all for row in cascade.exact(model).funnel() if row.step == "entry")
        assert least < 1.0 - vessels / entered < most


def test_only_steps_that_cells_come_back_to_are_noted_cell_by_cell() -> None:
    lowered = lower(cascade.load("colon"))
    found = {(route, lowered.stages[step]) for route, step in lowered.returns}
    assert found == {("blood", "transit"), ("blood", "arrest"), ("lymph", "arrest"), ("lymph", "exit"),
                     ("lymph", "transit"), ("lymph", "colonization")}  # fmt: skip
    assert lower(cascade.load("textbook")).returns == ()


def test_results_are_merged_saved_and_opened_with_their_routes(tmp_path: Path) -> None:
    model = cascade.load("breast")
    one = cascade.simulate(model, cells=range(3000), seed=5)
    two = cascade.simulate(model, cells=range(3000, 5000), seed=5)
    whole = cascade.simulate(model, cells=5000, seed=5)
    assert one.merge(two).routes() == whole.routes()
    assert cascade.open_result(whole.save(tmp_path / "a.cascade")).routes() == whole.routes()


def test_a_model_with_routes_is_loaded_as_a_model(tmp_path: Path) -> None:
    """A cancer's file has routes, too, but no states."""
    model = cascade.load("colon")
    model.save(tmp_path / "mine.toml")
    assert cascade.load(tmp_path / "mine.toml") == model
    cascade.body.cancer("colon").save(tmp_path / "cancer.toml")
    assert cascade.load(tmp_path / "cancer.toml").digest() == model.digest()


def test_the_table_and_what_it_hands_out() -> None:
    table = cascade.simulate(cascade.load("prostate"), cells=20_000, seed=3).routes()
    text = str(table)
    assert text.index("distant metastasis") < text.index("local growth")
    assert "in the sheath of a nerve" in text
    assert {row["route"] for row in table.to_dicts()} == {one.route for one in table.sums}
    with pytest.raises(cascade.InputError, match=r"route = 'nerves'.*'nerve'"):
        table.of_route("nerves")
    with pytest.raises(cascade.InputError, match="declares routes"):
        cascade.exact(cascade.load("textbook")).routes()


def test_routes_of_one_s_own_model() -> None:
    model = cascade.load("textbook")
    states = [state.model_copy(update={"route": "blood"}) for state in model.states]
    own = model.with_(states=states, routes=[RouteSteps(name="blood", steps={"arrest": "stuck"})])
    rows = {row.step: row for row in cascade.exact(own).routes(1.0)}
    assert "stuck" in rows
    assert own.to_toml()
    assert cascade.Model.from_toml(own.to_toml()) == own
    for wrong, named in (
        ({"routes": [RouteSteps(name="lymph")]}, r"states\[0\]\.route = 'blood'"),
        ({"routes": [RouteSteps(name="blood", steps={"arest": "x"})]}, r"did you mean 'arrest'"),
        ({"routes": [RouteSteps(name="blood"), RouteSteps(name="blood")]}, "each route once"),
        ({"routes": [RouteSteps(name="blood"), RouteSteps(name="lymph")]}, "a route that a state is on"),
    ):
        with pytest.raises(cascade.ModelError, match=named):
            own.with_(**wrong)  # type: ignore[arg-type]


def test_the_command_line_tells_routes(capsys: pytest.CaptureFixture[str]) -> None:
    from cascade.cli.app import main

    with pytest.raises(SystemExit):
        main(["exact", "prostate", "--no-times"])
    said = capsys.readouterr().out
    assert "set out" in said
    assert "in the sheath of a nerve" in said
    assert "intravasation" not in said


def in_routes(name: str) -> cascade.Model:
    """A model of the catalogue with all states on one route."""
    model = cascade.load(name)
    states = [s.model_copy(update={"route": "way"}) for s in model.states]
    return model.with_(states=states, routes=[RouteSteps(name="way")])


SIBLINGS = {
    "conditioned": (lambda: cascade.load("colon").given("liver"), None),
    "treated": (lambda: cascade.load("colon").with_treatments(cascade.treatment("nk-depletion", end_hours=240)), None),
    "cut short": (lambda: cascade.load("colon"), 200.0),
    "injected": (lambda: cascade.load("prostate").injected("nerve sheath"), None),
    "frail and switching": (lambda: in_routes("unlike-cells"), None),
    "clusters": (lambda: in_routes("clusters"), None),
}


@pytest.mark.parametrize("name", SIBLINGS)
def test_routes_of_models_of_other_kinds(name: str) -> None:
    """Counted against exact; false alarm 1e-5 a row. Counts of cells that share a founder spread more."""
    make, until = SIBLINGS[name]
    model = make()
    result = cascade.simulate(model, cells=60_000, seed=4, until=until)
    counted, cells = result.routes(), result.cells
    exact = cascade.exact(model, until=until).routes(cells)
    size = model.clusters.largest if model.clusters is not None else 1
    for row, truth in zip(counted, exact, strict=True):
        p = min(1.0, truth.fraction_of_all)
        assert row.low <= row.fraction_of_all <= row.high
        if size == 1:
            assert min(binom.cdf(row.cells, cells, p), binom.sf(row.cells - 1, cells, p)) > 5e-6, (row, truth)
        else:
            assert abs(row.cells - truth.cells) <= 4.5 * math.sqrt(size * cells * p * (1 - p)) + 1e-6, (row, truth)
