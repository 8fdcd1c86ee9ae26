"""The notebooks as apps, for those who do not see or point: what axe finds, texts of pictures, small windows."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from typing import Any

import pytest

import cascade
from helpers.notebooks import NOTEBOOKS
from helpers.processes import teaching

pytest.importorskip("marimo", reason="pip install 'metastatic-cascade[notebooks]'")
pytest.importorskip("anywidget", reason="pip install 'metastatic-cascade[notebooks]'")

# What marimo's own frame around our cells lacks, which no cell can give it: nothing else is passed over.
MARIMO_RULES = {
    "landmark-one-main": "its page has no main landmark",
    "region": "therefore all that cells show stands outside of landmarks",
}
MARIMO_PARTS = {"[data-testid=notebook-actions-dropdown]": "button-name: its menu at the upper right has no name"}

# Roots in shadow trees are those of marimo's elements.
PICTURES = """() => {
  const all = (root) => [...root.querySelectorAll("*")].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  return all(document).filter((e) => e.tagName === "IMG").map((e) => e.alt);
}"""


@pytest.fixture(scope="module")
def page(browser: Any) -> Iterator[Any]:
    with teaching() as address:
        page = browser.new_page(viewport={"width": 1280, "height": 2600})
        page.address = address
        yield page
        page.close()


def test_marimo_is_given_the_text_of_a_picture() -> None:
    """Twice as many pixels as points of the page, as its own pictures have."""
    picture = cascade.plot.funnel(cascade.exact(cascade.load("textbook")))
    kind, told = picture._mime_()
    (alt, encoded, wide) = re.fullmatch(
        r'<img alt="([^"]+)" src="data:image/png;base64,([^"]+)" style="width: (\d+)px; max-width: 100%">', told
    ).groups()  # type: ignore[union-attr]
    assert kind == "text/html"
    assert html.unescape(alt) == cascade.plot.alt_text(picture)
    pixels = int.from_bytes(base64.b64decode(encoded)[16:20], "big")
    assert pixels == pytest.approx(2 * int(wide), abs=2)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_axe_finds_nothing_that_is_ours(page: Any, name: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="pip install 'metastatic-cascade[browser]'")
    page.set_viewport_size({"width": 1280, "height": 2600})
    page.goto(f"{page.address}&file={name}.py", wait_until="commit")
    teacher = "marimo-accordion h3 button:has-text('For the teacher')"
    # What the last cell says stands there before what the long ones have computed.
    for awaited in ("text=Sources.", teacher, "img"):
        page.wait_for_selector(awaited)
    assert page.get_attribute(teacher, "aria-expanded") == "false", "answers are not seen before they are asked for"
    for button in page.locator("marimo-accordion h3 button").all():
        button.click()
    page.wait_for_selector("marimo-accordion h3 button[aria-expanded=true]:has-text('For the teacher')")
    page.wait_for_function("() => !document.getAnimations().some((one) => one.playState === 'running')")
    found = axe.Axe().run(page, context={"exclude": [[part] for part in MARIMO_PARTS]})
    ours = [v for v in found["violations"] if v["id"] not in MARIMO_RULES]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in ours] == []
    assert len(found["passes"]) > 20
    pictures = page.evaluate(PICTURES)
    assert pictures
    assert all(len(text) > 60 for text in pictures)
    page.set_viewport_size({"width": 400, "height": 900})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
