"""The page for students: what it holds, and in a real browser that it computes what the package computes."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.solution.answer import Exact
from cascade.solution.quadrature import fixed
from cascade.web.bodymap import body_map
from cascade.web.modules import joined
from cascade.web.page import payload
from helpers.models import CYCLIC, FRAIL, LINEAR, TWO_FRAILTIES, UNITS

ENGINE = joined("model.js")
NODE = shutil.which("node")
TEXTBOOK = cascade.load("textbook")
KINDS = Model(
    name="kinds",
    stages=["way", "rest"],
    states=[
        {"name": "blood", "stage": "way", "moves": [{"to": "bed", "hazard": 0.5}, {"to": "far", "hazard": 0.2},
                                                    {"to": "dormant", "hazard": 0.1}]},
        {"name": "bed", "stage": "rest", "moves": [{"to": "near", "hazard": 0.3}, {"to": "blood", "hazard": 0.2}],
         "deaths": [{"cause": "lost", "hazard": 0.4}]},
        {"name": "dormant", "stage": "rest", "absorbing": True},
        *({"name": name, "absorbing": True, "site": name, "landmark": "colony"} for name in ("far", "near")),
    ],
    sites=[{"name": "far", "route": "blood"}, {"name": "near", "route": "blood", "kind": "local"}],
)  # fmt: skip
MODELS = {
    "kinds": KINDS,
    "textbook": TEXTBOOK,
    "linear": LINEAR,
    "cyclic": CYCLIC,
    "waits for ever": CYCLIC.with_(hazards={"asleep.tissue": 0.0, "asleep.slow death": 0.0}),
    "b16f1-liver": cascade.load("b16f1-liver"),
    "colon": cascade.load("colon"),
}
LATE = {"states": [{"state": "blood", "share": 0.75}, {"state": "bed", "share": 0.25}], "entry_hours": [2.0, 2.0]}
# Nobody dies, and nothing is reached.
CLOSED = CYCLIC.with_(
    states=[
        state.model_copy(update={"deaths": (), "moves": tuple(m for m in state.moves if m.to != "tumour")})
        for state in CYCLIC.states[:-1]
    ],
    start=LATE,
)
# Cells that differ, switch and keep company.
COMPANY = {
    **{name: model for name, model in UNITS.items() if name != "clusters with factors and frailties"},
    "clusters, factor, frailty": UNITS["clusters with factors and frailties"].with_(frailties=FRAIL.frailties[1:2]),
    "two frailties": TWO_FRAILTIES,
    "correlated": TWO_FRAILTIES.with_(
        frailties=[f.model_copy(update={"distribution": "lognormal"}) for f in TWO_FRAILTIES.frailties],
        correlations=[{"between": ["shear resistance", "soil fitness"], "value": -0.6}],
    ),
    "one gamma": FRAIL.with_(frailties=FRAIL.frailties[1:2]),
    "platelets": cascade.load("platelets-all-four"),
    "emt": cascade.load("emt"),
    "clusters of the catalogue": cascade.load("clusters"),
    "many frailties": cascade.load("unlike-cells"),
}


def test_one_small_file_without_the_network(tmp_path: Path) -> None:
    for name in ("textbook", "colon", "lung", "unlike-cells", "clusters"):
        text = write_page(cascade.load(name), tmp_path / f"{name}.html", seed=1).read_text()
        assert len(text.encode()) < 1_000_000
        assert "http:" not in text
        assert "https:" not in text
        assert "never for decisions about a patient" in text
        assert "default-src 'none'" in text, "the browser itself forbids requests"
    result = cascade.simulate(TEXTBOOK, cells=1000, seed=7)
    assert '"seed":"7"' in result.to_html(tmp_path / "r.html").read_text()
    later = cascade.simulate(TEXTBOOK, cells=range(5000, 8000), seed=7)
    assert '"first":5000,"cells":3000' in later.to_html(tmp_path / "r.html").read_text()


def test_text_of_the_model_cannot_break_the_page(tmp_path: Path) -> None:
    evil = TEXTBOOK.with_(title="</script><script>alert(1)</script>", description="<img src=x onerror=alert(1)> & more")
    text = write_page(evil, tmp_path / "e.html", seed=1).read_text()
    assert "</script><script>" not in text
    hidden = write_page(TEXTBOOK.with_(description="<!-- <script>"), tmp_path / "h.html", seed=1).read_text()
    assert "<!-- <script>" not in hidden
    assert "<img" not in text, "in the data only, and there escaped"


def test_what_the_page_cannot_hold_is_refused(tmp_path: Path) -> None:
    kill = {"hazard": "*.immune killing", "factor": 0.5}
    treated = CYCLIC.with_treatments(cascade.Treatment(name="less killing", start_hours=1.0, effects=[kill]))
    many = [
        {"name": f"trait {i}", "cv": 0.5, "hazards": [{"hazard": h}]} for i, h in enumerate(("*.shear", "*.anoikis"))
    ]
    large = cascade.load("colon").with_(frailties=many)
    for model, wanted in ((treated, "enter at one moment"), (large, "too much for a page")):
        with pytest.raises(cascade.InputError, match=wanted):
            write_page(model, tmp_path / "x.html", seed=1)
    assert not (tmp_path / "x.html").exists()
    every = [{"name": h, "cv": 0.5, "hazards": [{"hazard": f"*.{h}"}]} for h in ("shear", "anoikis", "deformation")]
    wide = cascade.load("emt").with_(factors=(), frailties=every, description="x" * 999_000)
    with pytest.raises(cascade.InputError, match="its page would have"):
        write_page(wide, tmp_path / "x.html", seed=1)
    with pytest.raises(cascade.InputError, match="ends in"):
        write_page(TEXTBOOK, tmp_path / "x.txt", seed=1)
    for wrong in (0, -5, 1.5, math.nan, "abc", None, True):
        with pytest.raises(cascade.InputError, match="cells"):
            write_page(TEXTBOOK, tmp_path / "x.html", seed=1, cells=wrong)  # type: ignore[arg-type]
    with pytest.raises(cascade.InputError, match="model"):
        write_page("textbook", tmp_path / "x.html", seed=1)  # type: ignore[arg-type]
    with pytest.raises(cascade.InputError, match="path"):
        write_page(TEXTBOOK, None, seed=1)  # type: ignore[arg-type]


def scaled(model: Model, factors: dict[str, float]) -> Model:
    """The model with the deaths of whole steps multiplied, as a slider does."""
    stage = {state.name: state.stage for state in model.states}
    scale = {
        name: factors[stage[name.partition(".")[0]] or ""]
        for name, part, _ in model.hazards()
        if hasattr(part, "cause") and stage[name.partition(".")[0]] in factors
    }
    return model.with_(scale=scale)


def ask(
    evaluate: Any,
    model: Model,
    factors: dict[str, float],
    *,
    bits: bool = True,
    cells: int = 20_000,
    until: float | None = None,
) -> None:
    """The engine's funnel, counts and lives against the package's, sliders moved."""
    steps = {model.stages.index(step): factor for step, factor in factors.items()}
    data = payload(model, seed=5, until=until)
    found = evaluate({"data": data, "steps": list(steps.items()), "cells": cells, "lives": 150})
    changed = scaled(model, factors)
    # The same points of the frailties in both: how fine they are is another question, and another test.
    exact = Exact(changed, until, nodes=fixed(lower(changed)))
    assert found["exact"]["passed"] == pytest.approx([row.passed for row in exact.funnel(1.0)], rel=1e-9)
    for lost, row in zip(found["exact"]["lost"], exact.funnel(1.0), strict=True):
        assert {c: p for c, p in lost.items() if p} == pytest.approx(dict(row.lost), rel=1e-9)
    assert found["exact"]["still"] == pytest.approx([row.still for row in exact.funnel(1.0)], abs=1e-9)
    run = cascade.simulate(changed, cells=cells, seed=5, until=until)
    counted = run.funnel()
    assert found["counts"]["passed"] == [row.passed for row in counted]
    assert found["counts"]["lost"] == [dict(row.lost) for row in counted]
    assert found["exact"]["kinds"] == pytest.approx(list(exact.kinds().values()), rel=1e-9)
    assert found["counts"]["kinds"] == list(run.kinds().values())
    assert found["counts"]["cells"] == counted.rows[0].entered
    units = [u for h in cascade.replay(changed, seed=5, cells=range(150), until=until) for u in (h, *h.fragments)]
    assert [(u.member, u.size) for u in units] == [(life["member"], life["size"]) for life in found["lives"]]
    for unit, life in zip(units, found["lives"], strict=True):
        left = [s.left if math.isfinite(s.left) else None for s in unit.stays]
        ours = [(s.state, s.level, s.ended_by, s.died) for s in unit.stays]
        assert [(s["state"], s["level"], s["ended_by"], s["died"]) for s in life["stays"]] == ours
        times = [(s.entered, t) for s, t in zip(unit.stays, left, strict=True)]
        found_times = [(s["entered"], s["left"]) for s in life["stays"]]
        if bits:
            assert found_times == times, "bit for bit"
        else:
            assert [t for pair in found_times for t in pair] == pytest.approx([t for pair in times for t in pair])


ASK = """(given) => {
  const m = new cascade.Model(given.data);
  for (const [step, factor] of given.steps) m.scaleDeaths(step, factor);
  const lives = [];
  for (let cell = 0; cell < given.lives; cell++) lives.push(...m.lives(cell));
  return JSON.parse(JSON.stringify({exact: m.exact(), counts: m.simulate(0, given.cells), lives}));
}"""


def in_node(given: dict[str, Any]) -> Any:
    """What the engine says in node."""
    code = f"{ENGINE}\nconst cascade = {{ Model }};\nconsole.log(JSON.stringify(({ASK})({json.dumps(given)})))"
    done = subprocess.run(
        [str(NODE), "--input-type=module", "-"], input=code, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.sampled(3)
@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("name", MODELS)
def test_the_engine_in_node(name: str) -> None:
    model = MODELS[name]
    for factors in ({}, {model.stages[0]: 0.2, model.stages[-1]: 3.7}):
        ask(in_node, model, factors)


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("goal", ["tumour", "asleep", "bed", "dormancy"])
def test_the_engine_knows_cells_that_reach_a_goal(goal: str) -> None:
    ask(in_node, CYCLIC.given(goal), {})


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
def test_a_share_of_the_start_below_the_last_bit_of_1_is_on_the_page() -> None:
    states = [
        {"name": "lost ones", "stage": "way", "deaths": [{"cause": "lost", "hazard": 1.0}]},
        {"name": "others", "stage": "way", "moves": [{"to": "goal", "hazard": 1.0}]},
        {"name": "goal", "absorbing": True},
    ]
    starts = [{"state": "lost ones", "share": 1.0}, {"state": "others", "share": 1e-18}]
    model = Model(name="rare start", stages=["way"], states=states, start={"states": starts})
    found = in_node({"data": payload(model, seed=1), "steps": [], "cells": 10, "lives": 1})
    assert found["exact"]["passed"] == pytest.approx([1e-18], rel=1e-12)


def test_a_page_has_sliders_where_cells_die() -> None:
    assert payload(CYCLIC, seed=1)["sliders"] == [0, 1, 2]
    assert payload(CYCLIC.given("tumour"), seed=1)["sliders"] == []
    assert payload(CYCLIC.given("asleep"), seed=1)["sliders"] == [0, 1, 2]
    assert payload(CYCLIC.given("step: tissue"), seed=1)["sliders"] == []
    for goal, model in (("tumour", FRAIL), ("shear", CYCLIC)):
        with pytest.raises(cascade.InputError, match=r"conditioned model|no death"):
            payload(model.given(goal), seed=1)


@pytest.mark.sampled(0, 6)
@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("name", COMPANY)
def test_the_engine_knows_cells_that_differ_and_keep_company(name: str) -> None:
    model = COMPANY[name]
    ask(in_node, model, {}, cells=5000)
    # A factor on a hazard that has others is multiplied in another order: not the same last bit.
    ask(in_node, model, {model.stages[0]: 0.5, model.stages[-1]: 2.5}, bits=False, cells=5000)


TREATED = {
    "nk depletion": (TEXTBOOK.with_treatments(cascade.treatment("nk-depletion")), None),
    "chemotherapy and its end": (TEXTBOOK.with_treatments(cascade.treatment("chemotherapy")), None),
    "a moment": (LINEAR, 12.0),
    "kinds for two hours": (KINDS, 2.0),
    "kinds treated": (
        KINDS.with_treatments(
            cascade.Treatment(
                name="t", effects=[{"hazard": "blood.far", "factor": 0.1}], start_hours=1.0, end_hours=3.0
            )
        ),
        None,
    ),
    "a moment with a frailty": (FRAIL.with_(frailties=FRAIL.frailties[1:2], start=LATE), 30.0),
    "cloak, treated, for a day": (cascade.load("platelets").with_treatments(cascade.treatment("antiplatelet")), 24.0),
    "clusters for a day": (cascade.load("clusters"), 24.0),
    "to and fro for ever, for a day": (CLOSED, 24.0),
}


@pytest.mark.full
@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("name", TREATED)
def test_the_engine_knows_treatments_and_ends(name: str) -> None:
    model, until = TREATED[name]
    ask(in_node, model, {}, cells=5000, until=until)
    ask(in_node, model, {model.stages[0]: 0.5, model.stages[-1]: 2.5}, bits=False, cells=5000, until=until)


@pytest.mark.parametrize("name", ["one gamma", "two frailties", "correlated", "frail", "many frailties"])
def test_the_points_of_a_page_are_as_fine_as_said(name: str) -> None:
    page, whole = Exact(COMPANY[name], nodes=fixed(lower(COMPANY[name]))), cascade.exact(COMPANY[name])
    here, there = ([row.passed for row in exact.funnel(1.0)] for exact in (page, whole))
    few = len(COMPANY[name].frailties)
    assert here == pytest.approx(there, rel={1: 1e-9, 2: 1e-9, 3: 1e-6}.get(few, 0.05))


@pytest.fixture(scope="module")
def textbook_page(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The page of ``textbook``, opened from disk; whatever it asks for or complains of is noted."""
    path = write_page(TEXTBOOK, tmp_path_factory.mktemp("page") / "t.html", seed=5, cells=200_000)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(f"file://{path}")
    page.wait_for_selector("#progress[data-done=true]", timeout=30_000)
    yield page
    assert page.asked == [f"file://{path}"], "no request but for the file itself"
    assert page.complaints == []


@pytest.mark.full
@pytest.mark.parametrize("name", MODELS)
def test_the_engine_in_the_browser(name: str, textbook_page: Any) -> None:
    model = MODELS[name]
    ask(lambda given: textbook_page.evaluate(ASK, given), model, {model.stages[1]: 0.1})


@pytest.mark.full
@pytest.mark.parametrize("name", ["clusters, factor, frailty", "one gamma", "platelets", "clusters of the catalogue"])
def test_the_engine_in_the_browser_knows_company(name: str, textbook_page: Any) -> None:
    model = COMPANY[name]
    ask(lambda given: textbook_page.evaluate(ASK, given), model, {}, cells=5000)


def test_a_slider_changes_the_funnel_at_once_and_the_counts_after(textbook_page: Any) -> None:
    def exact() -> list[float]:
        return [float(e.get_attribute("data-value")) for e in textbook_page.query_selector_all(".row .exact")]

    def counted() -> list[int]:
        found = textbook_page.query_selector_all(".row .counted[data-value]")
        return [int(e.get_attribute("data-value")) for e in found]

    assert exact() == pytest.approx([row.passed for row in cascade.exact(TEXTBOOK).funnel(1.0)], rel=1e-9)
    assert counted() == [row.passed for row in cascade.simulate(TEXTBOOK, cells=200_000, seed=5).funnel()]
    slider = textbook_page.query_selector_all(".slider input")[1]
    changed = scaled(TEXTBOOK, {TEXTBOOK.stages[1]: 0.1})
    # Within the event itself, before anything is counted.
    at_once = textbook_page.evaluate(
        """(slider) => { slider.value = "-1"; slider.dispatchEvent(new Event("input"));
        return [...document.querySelectorAll(".row .exact")].map((e) => Number(e.dataset.value)); }""",
        slider,
    )
    assert at_once == pytest.approx([row.passed for row in cascade.exact(changed).funnel(1.0)], rel=1e-9)
    textbook_page.wait_for_selector("#progress[data-done=true]", timeout=30_000)
    assert counted() == [row.passed for row in cascade.simulate(changed, cells=200_000, seed=5).funnel()]
    textbook_page.click("#reset")
    textbook_page.wait_for_selector("#progress[data-done=true]", timeout=30_000)
    assert counted() == [row.passed for row in cascade.simulate(TEXTBOOK, cells=200_000, seed=5).funnel()]


def rows_of_the_page(page: Any) -> list[float]:
    """Shares that passed each step, exact, as the page has them."""
    return [float(e.get_attribute("data-value")) for e in page.query_selector_all(".row .exact[data-value]")]


def test_each_slider_does_what_is_written_beside_it(textbook_page: Any) -> None:
    """It multiplies the deaths in the states of the step that its label names, whenever a cell is there."""
    own = {state.name: state.stage for state in TEXTBOOK.states}
    before, moved = rows_of_the_page(textbook_page), {}
    for slider in textbook_page.query_selector_all(".slider"):
        label = slider.query_selector("span").inner_text()
        (step,) = (step for step in TEXTBOOK.stages if label == f"Deaths in the states of {step}")
        aria = slider.query_selector("input").get_attribute("aria-label")
        assert aria.startswith(label)
        deaths = {
            n: 0.1 for n, part, _ in TEXTBOOK.hazards() if hasattr(part, "cause") and own[n.split(".")[0]] == step
        }
        assert deaths
        textbook_page.evaluate(
            "(i) => { i.value = '-1'; i.dispatchEvent(new Event('input')); }", slider.query_selector("input")
        )
        shown = rows_of_the_page(textbook_page)
        assert shown == pytest.approx([row.passed for row in cascade.exact(TEXTBOOK.with_(scale=deaths)).funnel(1.0)])
        shares = [[b / a for a, b in pairwise([1.0, *passed])] for passed in (before, shown)]
        moved[step] = [s for s, a, b in zip(TEXTBOOK.stages, *shares, strict=True) if abs(a / b - 1.0) > 1e-3]
        textbook_page.click("#reset")
    assert list(moved) == list(TEXTBOOK.stages)
    assert all(step in rows for step, rows in moved.items())
    # "A slider can move the rows of other steps": arrest and extravasation lead back to circulation.
    assert set(moved["circulation"]) >= {"circulation", "arrest", "extravasation"}
    said = " ".join(textbook_page.inner_text("main").split())
    assert "A slider multiplies every hazard of death in the states of a step" in said
    assert "Cells may come back to these states from later steps, and die there then." in said
    assert "A row counts a cell by the furthest step that it reached, wherever it died" in said


@pytest.mark.full
def test_a_row_counts_by_the_furthest_step_wherever_a_cell_died() -> None:
    """As the page says: of the cells that came to arrest and no further, some died in the state of circulation."""
    died = {h.stays[-1].state for h in cascade.replay(TEXTBOOK, seed=5, cells=range(200_000)) if _came_to_arrest(h)}
    assert died >= {"circulating", "in_bed"}


def _came_to_arrest(history: Any) -> bool:
    visited = {stay.state for stay in history.stays}
    return history.stays[-1].died and "in_bed" in visited and not visited & {"arrested", "extravasated"}


def test_cells_move_and_their_counts_add_up_to_the_histories(textbook_page: Any) -> None:
    counts = "cascade.page.motion.counts()"
    textbook_page.bring_to_front()  # behind another page a browser draws no frames
    textbook_page.wait_for_selector("#progress[data-done=true]", timeout=30_000)
    textbook_page.evaluate("cascade.page.motion.show(cascade.page.motion.lives)")
    before = textbook_page.evaluate(counts)
    assert before["waiting"] >= before["cells"] - 1
    textbook_page.click("[data-do=play]")
    # A cell moves; how soon is the machine's affair.
    textbook_page.wait_for_function(f"(waiting) => {counts}.waiting < waiting", arg=before["waiting"])
    textbook_page.click("[data-do=play]")
    clock = textbook_page.evaluate("cascade.page.motion.clock")
    textbook_page.keyboard.press("Tab")
    textbook_page.focus("canvas")
    textbook_page.keyboard.press("ArrowRight")
    assert textbook_page.evaluate("cascade.page.motion.clock") > clock
    textbook_page.keyboard.press("n")
    assert textbook_page.inner_text(".story").startswith("Cell ")
    textbook_page.evaluate("cascade.page.motion.finish()")
    end = textbook_page.evaluate(counts)
    lives = cascade.replay(TEXTBOOK, seed=5, cells=range(end["cells"]))
    dead: dict[str, int] = {}
    for history in lives:
        if history.stays[-1].died:
            dead[history.stays[-1].ended_by] = dead.get(history.stays[-1].ended_by, 0) + 1
    shown: dict[str, int] = {}
    for column in end["dead"]:
        for cause, n in column.items():
            shown[cause] = shown.get(cause, 0) + n
    assert shown == dead
    assert end["waiting"] + sum(end["alive"]) + sum(shown.values()) == end["cells"] == 240


def test_cells_ride_the_body_and_stay_where_they_die(browser: Any, tmp_path: Path) -> None:
    model = cascade.load("breast")
    picture = body_map(model)
    assert picture is not None
    path = write_page(model, tmp_path / "b.html", seed=5, cells=1000)
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"file://{path}")
    page.wait_for_selector("#progress[data-done=true]", timeout=30_000)
    at = """() => { const m = cascade.page.motion; m.finish(); return m.tracks.map((t) => {
        const s = t.stops[t.stops.length - 1].stay, [x, y] = m.view.at(...m.cast.map.places[s.state]);
        return [s.died, Math.hypot(t.x - x, t.y - y) / m.view.unit]; }); }"""
    ends = page.evaluate(at)
    assert sum(died for died, _ in ends) > 200
    assert max(far for _, far in ends) < 0.5, "at the place of its last state"
    ways = page.evaluate(
        """() => { const m = cascade.page.motion, t = m.tracks[0];
        const from = {state: "left heart, held"}, to = {state: "liver (arterial), held"};
        return [0.3, 1].map((f) => m.view.way(t, from, to, f)); }"""
    )
    heart = page.evaluate('cascade.page.motion.view.at(...cascade.page.motion.cast.map.places["left heart, held"])')
    assert abs(ways[0][0] - heart[0]) < 30 < abs(ways[1][0] - heart[0]), "down the artery first, then across"
    page.select_option("select:has(option[value=steps])", "steps")
    ends = page.evaluate("() => { const m = cascade.page.motion; m.finish(); return m.tracks.map(t => [t.x, t.y]); }")
    assert all(0 <= x <= 1280 and 0 <= y <= 400 for x, y in ends)
    page.close()


@pytest.mark.parametrize("name", cascade.body.cancer_names())
def test_every_state_of_a_cancer_has_a_place_in_the_picture(name: str) -> None:
    model = cascade.load(name)
    picture = body_map(model)
    assert picture is not None
    assert set(picture["places"]) == {state.name for state in model.states}
    assert all(0 < x < picture["width"] and 0.5 < y < picture["height"] for x, y in picture["places"].values())
    beds = {x for state, (x, _) in picture["places"].items() if state.endswith(", held") and state.startswith("kidney")}
    assert beds <= {picture["beds"][0]}
    assert body_map(TEXTBOOK) is None


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_wider_than_the_window(browser: Any, width: int, tmp_path: Path) -> None:
    path = write_page(cascade.load("colon"), tmp_path / "c.html", seed=5, cells=1000)
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"file://{path}")
    page.wait_for_selector("#progress[data-done=true]", timeout=30_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        "[...document.querySelectorAll('.row span, .slider span, button, select')].filter(e => e.offsetParent"
        " && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').map(e => e.textContent)"
    )
    assert cut == []
    page.close()


@pytest.mark.full
def test_less_motion_where_it_is_asked_for(browser: Any, tmp_path: Path) -> None:
    path = write_page(TEXTBOOK, tmp_path / "t.html", seed=5, cells=1000)
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"file://{path}")
    assert page.evaluate("cascade.page.motion.still") is True
    context.close()
