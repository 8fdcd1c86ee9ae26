"""The page of a result: what it holds, and that it computes what the package computes, also in a real browser."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.common.shares import percent
from cascade.lessons.page import lesson_in
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.runs.taught import lesson
from cascade.solution.answer import Exact
from cascade.solution.quadrature import fixed
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


def written(model: Model, path: Path, *, seed: int = 1, until: float | None = None) -> Path:
    """The page of a run of few cells: it runs its own."""
    return cascade.simulate(model, cells=10, seed=seed, until=until).to_html(path)


def test_one_small_file_without_the_network(tmp_path: Path) -> None:
    for name in ("textbook", "colon", "lung", "unlike-cells", "clusters"):
        text = written(cascade.load(name), tmp_path / f"{name}.html").read_text(encoding="utf-8")
        assert len(text.encode()) < 400_000
        # Names of formats are no addresses.
        assert "http:" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "https:" not in text
        assert "never for decisions about a patient" in text
        assert "default-src 'none'" in text, "the browser itself forbids requests"


def test_the_page_of_a_result_begins_with_its_cells_and_ends_when_it_ends(tmp_path: Path) -> None:
    later = cascade.simulate(TEXTBOOK, cells=range(5000, 8000), seed=7, until=100.0)
    data = lesson_in(later.to_html(tmp_path / "r.html"))
    assert data is not None
    assert (data["seed"], data["first"], data["model"]["until"]) == ("7", 5000, 100.0)
    assert data["model"]["key"] == payload(TEXTBOOK, seed=7)["key"]
    assert data["arms"] == [], "which take seconds"
    assert data["treatments"]
    assert data["limits"] == TEXTBOOK.limits.strip()
    founder, looked = data["founder"], data["looked"]
    assert founder == 5000 + looked - 1
    before, after = (cascade.simulate(TEXTBOOK, cells=range(5000, founder + k), seed=7, until=100.0) for k in (0, 1))
    assert (before.funnel().rows[-1].passed, after.funnel().rows[-1].passed) == (0, 1)


def test_text_of_the_model_cannot_break_the_page(tmp_path: Path) -> None:
    evil = TEXTBOOK.with_(title="</script><script>alert(1)</script>", description="<img src=x onerror=alert(1)> & more")
    text = written(evil, tmp_path / "e.html").read_text(encoding="utf-8")
    assert "</script><script>" not in text
    assert "<img" not in text, "in the data only, and there escaped"
    hidden = written(TEXTBOOK.with_(description="<!-- <script>"), tmp_path / "h.html").read_text(encoding="utf-8")
    assert "<!-- <script>" not in hidden


def test_what_the_page_cannot_hold_is_refused(tmp_path: Path) -> None:
    kill = {"hazard": "*.immune killing", "factor": 0.5}
    treated = CYCLIC.with_treatments(cascade.Treatment(name="less killing", start_hours=1.0, effects=[kill]))
    many = [
        {"name": f"trait {i}", "cv": 0.5, "hazards": [{"hazard": h}]} for i, h in enumerate(("*.shear", "*.anoikis"))
    ]
    large = cascade.load("colon").with_(frailties=many)
    for model, wanted in ((treated, "enter at one moment"), (large, "too much for a page")):
        with pytest.raises(cascade.InputError, match=wanted):
            written(model, tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()
    wide = cascade.load("emt").with_(description="x" * 999_000)
    with pytest.raises(cascade.InputError, match="its lesson would have"):
        written(wide, tmp_path / "x.html")
    with pytest.raises(cascade.InputError, match="ends in"):
        written(TEXTBOOK, tmp_path / "x.txt")
    with pytest.raises(cascade.InputError, match="path"):
        written(TEXTBOOK, None)  # type: ignore[arg-type]
    with pytest.raises(cascade.InputError, match="model"):
        lesson("textbook")  # type: ignore[arg-type]
    for wrong in (-5, 1.5, math.nan, "abc", None, True):
        with pytest.raises(cascade.InputError, match="first"):
            lesson(TEXTBOOK, first=wrong, treat=())  # type: ignore[arg-type]
    # A browser takes no two of these for two.
    late = cascade.simulate(TEXTBOOK, cells=range(2**53 - 10, 2**53 + 10), seed=1)
    with pytest.raises(cascade.InputError, match="below 2\\^53"):
        late.to_html(tmp_path / "x.html")
    assert list(tmp_path.iterdir()) == []


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
    path = written(TEXTBOOK, tmp_path_factory.mktemp("page") / "t.html", seed=5)
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(f"file://{path}#film=shown")
    page.wait_for_function("() => globalThis.cascade?.lesson?.scenes?.length > 0")
    yield page
    assert {url.partition("#")[0] for url in page.asked} == {f"file://{path}"}, "no request but for the file itself"
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


STAGE = "cascade.lesson.scenes[0].scene.stage"
PASSED = "cascade.lesson.bench.model.exact().passed"
# Within the event itself: shares as numbers, and as they are written.
MOVE = f"""([slider, value]) => {{ slider.value = value; slider.dispatchEvent(new Event("input"));
    return [{PASSED}, [...document.querySelectorAll("#film .share")].map((e) => e.textContent)]; }}"""


def odds(page: Any) -> Any:
    return page.query_selector_all("#film .odds input")


def test_a_slider_changes_the_funnel_at_once_and_the_counts_after(textbook_page: Any) -> None:
    changed = scaled(TEXTBOOK, {TEXTBOOK.stages[1]: 0.125})
    wanted = [row.passed for row in cascade.exact(changed).funnel(1.0)]
    exact, shown = textbook_page.evaluate(MOVE, [odds(textbook_page)[1], "30"])
    assert exact == pytest.approx(wanted, rel=1e-9)
    assert shown == [percent(share) for share in (1.0, *wanted)]
    textbook_page.get_by_role("button", name="From the start").click()
    counted = f"() => {{ const s = {STAGE}; return s.cells.census(1e9).map((row) => row.came); }}"
    first = cascade.simulate(changed, cells=1000, seed=5).funnel()
    behind = textbook_page.evaluate(f"{STAGE}.cells.films[1].row")
    found = [1000 * came for came in textbook_page.evaluate(counted)[:behind]]
    assert found == pytest.approx([row.entered for row in first][:behind])
    textbook_page.get_by_role("button", name="All back").click()
    assert textbook_page.evaluate(PASSED) == pytest.approx([row.passed for row in cascade.exact(TEXTBOOK).funnel(1.0)])


def test_each_slider_does_what_is_written_beside_it(textbook_page: Any) -> None:
    """It multiplies the deaths in the states of the step that its label names, whenever a cell is there."""
    own = {state.name: state.stage for state in TEXTBOOK.states}
    before, moved = textbook_page.evaluate(PASSED), {}
    for slider in odds(textbook_page):
        label = slider.get_attribute("aria-label")
        (step,) = (step for step in TEXTBOOK.stages if label == f"Factor of the slider: {step}")
        deaths = {
            n: 0.125 for n, part, _ in TEXTBOOK.hazards() if hasattr(part, "cause") and own[n.split(".")[0]] == step
        }
        assert deaths
        shown, _ = textbook_page.evaluate(MOVE, [slider, "30"])
        assert "\N{MULTIPLICATION SIGN} 8" in slider.evaluate("(one) => one.parentElement.textContent")
        assert shown == pytest.approx([row.passed for row in cascade.exact(TEXTBOOK.with_(scale=deaths)).funnel(1.0)])
        shares = [[b / a for a, b in pairwise([1.0, *passed])] for passed in (before, shown)]
        moved[step] = [s for s, a, b in zip(TEXTBOOK.stages, *shares, strict=True) if abs(a / b - 1.0) > 1e-3]
        textbook_page.get_by_role("button", name="All back").click()
    assert list(moved) == list(TEXTBOOK.stages)
    assert all(step in rows for step, rows in moved.items())
    # "A slider can move the rows of other steps": arrest and extravasation lead back to circulation.
    assert set(moved["circulation"]) >= {"circulation", "arrest", "extravasation"}
    said = " ".join(textbook_page.inner_text("main").split())
    assert "A slider at \N{MULTIPLICATION SIGN} 2 halves every hazard of death in the states of its step" in said
    assert "Cells may come back to these states from later steps, and die there then" in said
    assert "A row counts a cell by the furthest step that it reached, wherever it died" in said


@pytest.mark.full
def test_a_row_counts_by_the_furthest_step_wherever_a_cell_died() -> None:
    """As the page says: of the cells that came to arrest and no further, some died in the state of circulation."""
    died = {h.stays[-1].state for h in cascade.replay(TEXTBOOK, seed=5, cells=range(200_000)) if _came_to_arrest(h)}
    assert died >= {"circulating", "in_bed"}


def _came_to_arrest(history: Any) -> bool:
    visited = {stay.state for stay in history.stays}
    return history.stays[-1].died and "in_bed" in visited and not visited & {"arrested", "extravasated"}


ODD = {
    "nobody dies": (CLOSED, 24.0),
    "nobody passes": (TEXTBOOK.with_(hazards={"primary.detached": 0.0, "primary.circulating": 0.0}), None),
    "only those that make it": (CYCLIC.given("tumour"), None),
    "cells that enter one by one": (CYCLIC, None),
    "one step": (Model.from_survival({"arrest": 0.3}), None),
    "names that mean something to a browser": (
        Model.from_survival(
            {"__proto__": 0.4, "constructor": 0.4, "<b>&amp;'": 0.4},
            causes={
                "constructor": {"toString": 1.0, "étouffé": 1.0, "a b": 0.5, "a_b": 0.5},
                "__proto__": {"</i>": 1.0},
            },
        ),
        None,
    ),
    "sizes and levels": (COMPANY["clusters, factor, frailty"], None),
    "treated, for a time": TREATED["kinds treated"],
    "a moment": (LINEAR, 12.0),
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", ODD)
def test_every_page_opens_plays_and_is_right(browser: Any, name: str, tmp_path: Path) -> None:
    model, until = ODD[name]
    path, faults = written(model, tmp_path / "o.html", until=until), []
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"file://{path}#film=shown")
    page.wait_for_function(f"() => globalThis.cascade?.lesson && {STAGE}.cells.ready", timeout=240_000)
    page.evaluate(f"{STAGE}.seek({STAGE}.cells.length)")
    page.evaluate("cascade.lesson.scenes.forEach(({ scene }) => { scene.shown(true); scene.restore(scene.state()); })")
    exact = Exact(model, until, nodes=fixed(lower(model))).funnel(1.0)
    assert page.evaluate(PASSED) == pytest.approx([row.passed for row in exact], rel=1e-9)
    texts = page.eval_on_selector_all("#film .share", "all => all.map((one) => one.textContent)")
    assert texts[1:] == [percent(share) for share in page.evaluate(PASSED)]
    assert len(texts) == len(model.stages) + 1
    whole = page.inner_text("body")
    assert not re.search(r"\bNaN\b|undefined|\[object|Infinity", whole)
    for stage in model.stages:
        assert stage in whole
    # Of no two causes one colour, unless the package has one for both; and all have one.
    colours = page.evaluate(f"cascade.data.marks.map(([cause]) => {STAGE}.painter.look[cause])")
    assert all(re.fullmatch(r"#[0-9A-Fa-f]{6}", colour) for colour in colours), colours
    assert faults == []
    page.close()
