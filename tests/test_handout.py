"""The page for students: what it holds, and in a real browser that it computes what the package computes."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.bodymap import body_map
from cascade.handout import payload, write_page
from cascade.model import Model
from models import CYCLIC, FRAIL, LINEAR

ENGINE = Path(cascade.__file__).parent / "web" / "engine.js"
NODE = shutil.which("node")
TEXTBOOK = cascade.load("textbook")
MODELS = {
    "textbook": TEXTBOOK,
    "linear": LINEAR,
    "cyclic": CYCLIC,
    "waits for ever": CYCLIC.with_(hazards={"asleep.tissue": 0.0, "asleep.slow death": 0.0}),
    "b16f1-liver": cascade.load("b16f1-liver"),
    "colon": cascade.load("colon"),
}


def test_one_small_file_without_the_network(tmp_path: Path) -> None:
    for name in ("textbook", "colon", "lung"):
        text = write_page(cascade.load(name), tmp_path / f"{name}.html", seed=1).read_text()
        assert len(text.encode()) < 1_000_000
        assert "http:" not in text
        assert "https:" not in text
        assert "never for decisions about a patient" in text
        assert "default-src 'none'" in text, "the browser itself forbids requests"
    result = cascade.simulate(TEXTBOOK, cells=1000, seed=7)
    assert '"seed":"7"' in result.to_html(tmp_path / "r.html").read_text()


def test_text_of_the_model_cannot_break_the_page(tmp_path: Path) -> None:
    evil = TEXTBOOK.with_(title="</script><script>alert(1)</script>", description="<img src=x onerror=alert(1)> & more")
    text = write_page(evil, tmp_path / "e.html", seed=1).read_text()
    assert "</script><script>" not in text
    assert text.count("<img") == 1, "only in the data, as text"


@pytest.mark.parametrize("field", ["frailties", "factors", "clusters", "treatments"])
def test_what_the_page_cannot_hold_is_refused(field: str, tmp_path: Path) -> None:
    model = {
        "frailties": FRAIL,
        "factors": cascade.load("platelets"),
        "clusters": cascade.load("clusters"),
        "treatments": TEXTBOOK.with_treatments(cascade.treatment("nk-depletion")),
    }[field]
    with pytest.raises(cascade.InputError, match="a page for students has none"):
        write_page(model, tmp_path / "x.html", seed=1)
    assert not (tmp_path / "x.html").exists()
    with pytest.raises(cascade.InputError, match="ends of their lives"):
        cascade.simulate(TEXTBOOK, cells=10, seed=1, until=5.0).to_html(tmp_path / "x.html")
    with pytest.raises(cascade.InputError, match="ends in"):
        write_page(TEXTBOOK, tmp_path / "x.txt", seed=1)


def scaled(model: Model, factors: dict[str, float]) -> Model:
    """The model with the deaths of whole steps multiplied, as a slider does."""
    stage = {state.name: state.stage for state in model.states}
    scale = {
        name: factors[stage[name.partition(".")[0]] or ""]
        for name, part, _ in model.hazards()
        if hasattr(part, "cause") and stage[name.partition(".")[0]] in factors
    }
    return model.with_(scale=scale)


def ask(evaluate: Any, model: Model, factors: dict[str, float]) -> None:
    """The engine's funnel, counts and lives against the package's, sliders moved."""
    steps = {model.stages.index(step): factor for step, factor in factors.items()}
    found = evaluate({"data": payload(model, seed=5), "steps": list(steps.items()), "cells": 20_000, "lives": 150})
    changed = scaled(model, factors)
    exact = cascade.exact(changed)
    assert found["exact"]["passed"] == pytest.approx([row.passed for row in exact.funnel(1.0)], rel=1e-9)
    for lost, row in zip(found["exact"]["lost"], exact.funnel(1.0), strict=True):
        assert lost == pytest.approx(dict(row.lost), rel=1e-9)
    counted = cascade.simulate(changed, cells=20_000, seed=5).funnel()
    assert found["counts"]["passed"] == [row.passed for row in counted]
    assert found["counts"]["lost"] == [dict(row.lost) for row in counted]
    for history, life in zip(cascade.replay(changed, seed=5, cells=range(150)), found["lives"], strict=True):
        left = [s.left if math.isfinite(s.left) else None for s in history.stays]
        ours = [(s.state, s.entered, t, s.ended_by, s.died) for s, t in zip(history.stays, left, strict=True)]
        theirs = [(s["state"], s["entered"], s["left"], s["ended_by"], s["died"]) for s in life]
        assert theirs == ours, "bit for bit"


ASK = """(given) => {
  const m = new cascade.Model(given.data);
  for (const [step, factor] of given.steps) m.scaleDeaths(step, factor);
  const lives = [];
  for (let cell = 0; cell < given.lives; cell++) lives.push(m.replay(cell));
  return JSON.parse(JSON.stringify({exact: m.exact(), counts: m.simulate(0, given.cells), lives}));
}"""


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("name", MODELS)
def test_the_engine_in_node(name: str) -> None:
    def evaluate(given: dict[str, Any]) -> Any:
        code = f"{ENGINE.read_text()};\nconsole.log(JSON.stringify(({ASK})({json.dumps(given)})))"
        done = subprocess.run([str(NODE), "-"], input=code, capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    model = MODELS[name]
    for factors in ({}, {model.stages[0]: 0.2, model.stages[-1]: 3.7}):
        ask(evaluate, model, factors)


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


@pytest.mark.parametrize("name", MODELS)
def test_the_engine_in_the_browser(name: str, textbook_page: Any) -> None:
    model = MODELS[name]
    ask(lambda given: textbook_page.evaluate(ASK, given), model, {model.stages[1]: 0.1})


def test_a_slider_changes_the_funnel_at_once_and_the_counts_after(textbook_page: Any) -> None:
    def exact() -> list[float]:
        return [float(e.get_attribute("data-value")) for e in textbook_page.query_selector_all(".row .exact")]

    def counted() -> list[int]:
        found = textbook_page.query_selector_all(".row .counted[data-value]")
        return [int(e.get_attribute("data-value")) for e in found]

    assert exact() == pytest.approx([row.passed for row in cascade.exact(TEXTBOOK).funnel(1.0)], rel=1e-9)
    assert counted() == [row.passed for row in cascade.simulate(TEXTBOOK, cells=200_000, seed=5).funnel()]
    slider = textbook_page.query_selector_all(".slider input")[1]
    seconds = textbook_page.evaluate(
        """(slider) => { const t = performance.now(); slider.value = "-1"; slider.dispatchEvent(new Event("input"));
        return (performance.now() - t) / 1000; }""",
        slider,
    )
    assert seconds < 1.0
    changed = scaled(TEXTBOOK, {TEXTBOOK.stages[1]: 0.1})
    assert exact() == pytest.approx([row.passed for row in cascade.exact(changed).funnel(1.0)], rel=1e-9)
    textbook_page.wait_for_selector("#progress[data-done=true]", timeout=30_000)
    assert counted() == [row.passed for row in cascade.simulate(changed, cells=200_000, seed=5).funnel()]
    textbook_page.click("#reset")
    textbook_page.wait_for_selector("#progress[data-done=true]", timeout=30_000)
    assert counted() == [row.passed for row in cascade.simulate(TEXTBOOK, cells=200_000, seed=5).funnel()]


def test_cells_move_and_their_counts_add_up_to_the_histories(textbook_page: Any) -> None:
    counts = "cascade.page.motion.counts()"
    textbook_page.evaluate("cascade.page.motion.show(cascade.page.motion.lives)")
    before = textbook_page.evaluate(counts)
    assert before["waiting"] >= before["cells"] - 1
    textbook_page.click("[data-do=play]")
    textbook_page.wait_for_timeout(1500)
    textbook_page.click("[data-do=play]")
    later = textbook_page.evaluate(counts)
    assert later["waiting"] < before["waiting"], "cells have moved"
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
        const s = t.stops[t.stops.length - 1].stay, [x, y] = m._at(...m.about.map.places[s.state]);
        return [s.died, Math.hypot(t.x - x, t.y - y) / m.unit]; }); }"""
    ends = page.evaluate(at)
    assert sum(died for died, _ in ends) > 200
    assert max(far for _, far in ends) < 0.5, "at the place of its last state"
    ways = page.evaluate(
        """() => { const m = cascade.page.motion, t = m.tracks[0];
        const from = {state: "left heart, held"}, to = {state: "liver (arterial), held"};
        return [0.3, 1].map((f) => m._way(t, from, to, f)); }"""
    )
    heart = page.evaluate('cascade.page.motion._at(...cascade.page.motion.about.map.places["left heart, held"])')
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


def test_less_motion_where_it_is_asked_for(browser: Any, tmp_path: Path) -> None:
    path = write_page(TEXTBOOK, tmp_path / "t.html", seed=5, cells=1000)
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"file://{path}")
    assert page.evaluate("cascade.page.motion.still") is True
    context.close()
