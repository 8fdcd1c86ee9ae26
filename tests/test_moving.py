"""Moving cells of a notebook in a real browser: they are the replayed ones, in their places, and seen by all."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

import cascade
from cascade.model import Model
from cascade.web.bodymap import body_map
from helpers.moving import mounted, opened

TEXTBOOK = cascade.load("textbook")


def chain(count: int, name: str) -> Model:
    steps = [name.format(k) for k in range(count)]
    return Model.from_survival(dict.fromkeys(steps, 0.7), causes={steps[0]: {f"cause {k}": 1.0 for k in range(6)}})


NAMED = {
    "twelve long": chain(12, "step number {} with a rather long name of the passage through endothelium"),
    "five of one word": chain(5, "Epithelialmesenchymaltransitioninreverse{}"),
    "twenty short": chain(20, "step {}"),
    "textbook": TEXTBOOK,
}


@pytest.fixture(scope="module")
def textbook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mounted(TEXTBOOK, tmp_path_factory.mktemp("moving"))


def test_cells_move_and_their_counts_add_up_to_the_histories(browser: Any, textbook: Path) -> None:
    page = opened(browser, textbook)
    before = page.evaluate("motion.counts()")
    assert before["waiting"] >= before["cells"] - 1
    page.click("[data-do=play]")
    # A cell moves; how soon is the machine's affair.
    page.wait_for_function("(waiting) => motion.counts().waiting < waiting", arg=before["waiting"])
    page.click("[data-do=play]")
    clock = page.evaluate("motion.clock")
    page.focus("canvas")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("motion.clock") > clock
    page.keyboard.press("n")
    assert page.inner_text(".story").startswith("Cell ")
    page.evaluate("motion.finish()")
    end = page.evaluate("motion.counts()")
    dead: Counter[str] = Counter()
    for history in cascade.replay(TEXTBOOK, seed=5, cells=range(end["cells"])):
        dead.update([history.stays[-1].ended_by] if history.stays[-1].died else [])
    shown: Counter[str] = Counter()
    for column in end["dead"]:
        shown.update(column)
    assert shown == dead
    assert end["waiting"] + sum(end["alive"]) + shown.total() == end["cells"] == 240
    page.context.close()


def test_cells_ride_the_body_and_stay_where_they_die(browser: Any, tmp_path: Path) -> None:
    page = opened(browser, mounted(cascade.load("breast"), tmp_path))
    at = """() => { motion.finish(); return motion.tracks.map((t) => {
        const s = t.stops[t.stops.length - 1].stay, [x, y] = motion.view.at(...motion.cast.map.places[s.state]);
        return [s.died, Math.hypot(t.x - x, t.y - y) / motion.view.unit]; }); }"""
    ends = page.evaluate(at)
    assert sum(died for died, _ in ends) > 200
    assert max(far for _, far in ends) < 0.5, "at the place of its last state"
    ways = page.evaluate(
        """() => { const t = motion.tracks[0];
        const from = {state: "left heart, held"}, to = {state: "liver (arterial), held"};
        return [0.3, 1].map((f) => motion.view.way(t, from, to, f)); }"""
    )
    heart = page.evaluate('motion.view.at(...motion.cast.map.places["left heart, held"])')
    assert abs(ways[0][0] - heart[0]) < 30 < abs(ways[1][0] - heart[0]), "down the artery first, then across"
    page.select_option("select:has(option[value=steps])", "steps")
    ends = page.evaluate("() => { motion.finish(); return motion.tracks.map(t => [t.x, t.y]); }")
    assert all(0 <= x <= 1280 and 0 <= y <= 400 for x, y in ends)
    page.context.close()


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
def test_less_motion_where_it_is_asked_for(browser: Any, textbook: Path) -> None:
    page = opened(browser, textbook, reduced_motion="reduce")
    assert page.evaluate("motion.still") is True
    page.context.close()


# What is written on the canvas: text, place, the width that it may have, and the one that it has.
WRITTEN = """() => { const m = motion, g = m._context(), found = [], fill = g.fillText.bind(g);
  g.fillText = (text, x, y, most) => {
    const turned = g.getTransform().b !== 0;
    found.push([text, x, y, most ?? null, g.measureText(text).width, g.textAlign, turned]);
    fill(text, x, y, most);
  };
  m.finish(); delete g.fillText; return [found, m.view.width, m.view.height]; }"""


@pytest.mark.full
@pytest.mark.parametrize("width", [1280, 800, 390, 320])
@pytest.mark.parametrize("name", NAMED)
def test_texts_of_the_canvas_are_not_squeezed_and_lie_apart(
    browser: Any, name: str, width: int, tmp_path: Path
) -> None:
    page = opened(browser, mounted(NAMED[name], tmp_path), width)
    found, wide, high = page.evaluate(WRITTEN)
    scrolled = page.evaluate("document.documentElement.scrollWidth")
    page.context.close()
    assert found
    assert scrolled <= width
    assert all(most is None or has <= most + 0.01 for _, _, _, most, has, _, _ in found)
    level = [(y, x - has / 2, x + has / 2, text) for text, x, y, _, has, _, turned in found if not turned]
    assert all(left >= 0 and right <= wide and 0 < y <= high for y, left, right, _ in level)
    for (y, _, right, one), (below, left, _, other) in pairwise(sorted(level)):
        assert y != below or right < left, (one, other)


@pytest.fixture(params=["light", "dark"])
def forced(request: pytest.FixtureRequest, browser: Any, textbook: Path) -> Iterator[Any]:
    """The page among forced colours, on a light and on a dark ground."""
    page = opened(browser, textbook, forced_colors="active", color_scheme=request.param)
    yield page
    page.context.close()


def pixels(part: Any) -> Any:
    """Colours of a part of the page, (height, width, 3)."""
    return imread(io.BytesIO(part.screenshot()))[..., :3]


@pytest.mark.full
def test_the_legend_and_the_cells_keep_their_colours_among_forced_ones(forced: Any) -> None:
    pictures = [pixels(dot) for dot in forced.query_selector_all(".legend i")]
    shown = [picture[picture.shape[0] // 2, picture.shape[1] // 2] for picture in pictures]
    causes = list(dict.fromkeys(death.cause for state in TEXTBOOK.states for death in state.deaths))
    wanted = [to_rgb(colour) for colour in cascade.plot.cause_colours(causes).values()]
    assert np.allclose(shown[1:-1], wanted, atol=0.02)
    canvas = pixels(forced.query_selector("canvas"))
    assert np.allclose(canvas[3, 3], 1.0), "names are written in dark ink: the ground is white"


@pytest.mark.full
def test_what_has_a_colour_of_its_own_is_printed(browser: Any, textbook: Path) -> None:
    page = opened(browser, textbook)
    parts = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((e) => e.style.background).map((e) => {
        const s = getComputedStyle(e);
        return [e.outerHTML, s.printColorAdjust, s.forcedColorAdjust]; })"""
    )
    assert len(parts) > 3
    assert [html for html, paper, kept in parts if (paper, kept) != ("exact", "none")] == []
    page.context.close()
