"""The page with long names and in narrow windows: nothing is squeezed, cut or left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.model import Model

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


def opened(browser: Any, model: Model, width: int, folder: Path) -> Any:
    path = cascade.simulate(model, cells=10, seed=5).to_html(folder / "p.html")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"file://{path}#film=shown")
    page.wait_for_function("() => globalThis.cascade?.lesson?.scenes?.length > 0")
    return page


# Texts that are wider than what holds them; those for listeners alone, and those in a line, are.
CUT = """() => [...document.querySelectorAll("main *, header *")].filter((e) => e.offsetWidth
    && e.textContent.trim() && !e.closest(".heard, select, svg") && e.scrollWidth > e.clientWidth + 1
    && getComputedStyle(e).display !== "inline").map((e) => e.outerHTML.slice(0, 120))"""
# Pairs of texts of one row that lie over each other.
OVER = """() => { const found = [];
  for (const box of document.querySelectorAll("#film .barbox")) {
    const texts = [...box.querySelectorAll(".share, .counted, .chip")].filter((e) => e.textContent);
    const parts = texts.map((e) => [e.textContent, e.getBoundingClientRect()]);
    parts.forEach(([one, a], i) => parts.slice(i + 1).forEach(([other, b]) => {
      const beside = a.left >= b.right - 1 || b.left >= a.right - 1;
      if (!beside && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push([one, other]);
    }));
  }
  return found; }"""


@pytest.mark.parametrize("width", [1280, 800, 390, 320])
@pytest.mark.parametrize("name", MODELS)
def test_no_window_is_too_narrow_for_the_page_and_nothing_is_left_out(
    browser: Any, name: str, width: int, tmp_path: Path
) -> None:
    page = opened(browser, MODELS[name], width, tmp_path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    stages = MODELS[name].stages
    for kind, count in ((".share", len(stages) + 1), (".track", len(stages) + 1), (".odds input", len(stages))):
        cells = page.locator(f"#film {kind}")
        assert cells.count() == count
        assert all(cells.nth(i).is_visible() for i in range(count)), kind
    titles = page.locator("#film .ground .step > b")
    assert titles.all_inner_texts()[:-1] == list(stages)
    assert all(titles.nth(i).is_visible() for i in range(len(stages)))
    assert page.evaluate(CUT) == []
    assert page.evaluate(OVER) == []
    page.close()
