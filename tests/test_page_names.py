"""The page with long names and in narrow windows: nothing is squeezed, cut or left out."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.model import Model
from cascade.web.page import write_page

pytestmark = pytest.mark.full


def chain(count: int, name: str) -> Model:
    steps = [name.format(k) for k in range(count)]
    return Model.from_survival(dict.fromkeys(steps, 0.7), causes={steps[0]: {f"cause {k}": 1.0 for k in range(6)}})


MODELS = {
    "twelve long": chain(12, "step number {} with a rather long name of the passage through endothelium"),
    "five of one word": chain(5, "Epithelialmesenchymaltransitioninreverse{}"),
    "twenty short": chain(20, "step {}"),
    "textbook": cascade.load("textbook"),
}

# What is written on the canvas: text, place, the width that it may have, and the one that it has.
WRITTEN = """() => { const m = cascade.page.motion, g = m._context(), found = [], fill = g.fillText.bind(g);
  g.fillText = (text, x, y, most) => {
    const turned = g.getTransform().b !== 0;
    found.push([text, x, y, most ?? null, g.measureText(text).width, g.textAlign, turned]);
    fill(text, x, y, most);
  };
  m.finish(); delete g.fillText; return [found, m.view.width, m.view.height]; }"""


def opened(browser: Any, model: Model, width: int, folder: Path) -> Any:
    path = write_page(model, folder / "p.html", seed=5, cells=100_000)
    page = browser.new_page(viewport={"width": width, "height": 900}, bypass_csp=True)
    page.goto(f"file://{path}")
    page.wait_for_selector("#progress[data-done=true]", timeout=60_000)
    return page


@pytest.mark.parametrize("width", [1280, 800, 390])
@pytest.mark.parametrize("name", MODELS)
def test_texts_of_the_canvas_are_not_squeezed_and_lie_apart(
    browser: Any, name: str, width: int, tmp_path: Path
) -> None:
    page = opened(browser, MODELS[name], width, tmp_path)
    found, wide, high = page.evaluate(WRITTEN)
    page.close()
    assert found
    assert all(most is None or has <= most + 0.01 for _, _, _, most, has, _, _ in found)
    level = [(y, x - has / 2, x + has / 2, text) for text, x, y, _, has, _, turned in found if not turned]
    assert all(left >= 0 and right <= wide and 0 < y <= high for y, left, right, _ in level)
    for (y, _, right, one), (below, left, _, other) in pairwise(sorted(level)):
        assert y != below or right < left, (one, other)


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("name", MODELS)
def test_no_window_is_too_narrow_for_the_page_and_nothing_is_left_out(
    browser: Any, name: str, width: int, tmp_path: Path
) -> None:
    page = opened(browser, MODELS[name], width, tmp_path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    heads = page.locator(".row.head > *")
    assert [heads.nth(i).is_visible() for i in range(heads.count())] == [True] * 4
    for kind in (".exact", ".counted", ".bar"):
        cells = page.locator(f".row:not(.head) > {kind}")
        assert cells.count() == len(MODELS[name].stages)
        assert all(cells.nth(i).is_visible() for i in range(cells.count()))
    over = page.evaluate(
        "[...document.querySelectorAll('.row > span, .slider > *')].filter(e => e.scrollWidth > e.clientWidth + 1"
        " && getComputedStyle(e).display !== 'inline').map(e => e.textContent)"
    )
    assert over == []
    page.close()
