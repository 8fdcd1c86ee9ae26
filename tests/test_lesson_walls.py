"""Lessons before a class and with little room: all rows stand on the wall, in type as large as it has room for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.lessons.page import write_lesson
from cascade.lessons.words import words
from cascade.runs.taught import lesson

WALLS = ((1280, 720), (1280, 800), (1366, 768), (1920, 1080))
LEAST, MOST = 20, 28
"""Sizes of type before a class."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Lessons in a language: that on the textbook has an arm."""
    folder = tmp_path_factory.mktemp("walls")

    def page(name: str, lang: str) -> Path:
        path = folder / f"{name}-{lang}.html"
        if not path.exists():
            treat = [cascade.treatment("nk-depletion")] if name == "textbook" else []
            write_lesson(lesson(cascade.load(name), treat=treat, looked=100_000, lang=lang), path)
        return path

    return page


@pytest.fixture
def opened(browser: Any, pages: Callable[[str, str], Path]) -> Iterator[Callable[..., Any]]:
    """What opens them, where motion is wanted by nobody."""
    contexts = []

    def go(name: str, hash_: str, *, lang: str = "en", wall: tuple[int, int] = (1280, 900)) -> Any:
        size = {"width": wall[0], "height": wall[1]}
        contexts.append(browser.new_context(viewport=size, reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.goto(f"{pages(name, lang).as_uri()}{hash_}")
        page.wait_for_function("() => globalThis.cascade?.lesson?.scenes?.length > 0")
        page.wait_for_timeout(400)
        return page

    yield go
    for context in contexts:
        context.close()


# Of the scene that is seen: its type, where its films end, and names of steps and pills that lie on each other.
STANDS = """() => {
  const scene = document.querySelector(".scene.on"), box = (one) => one.getBoundingClientRect();
  const words = [...scene.querySelectorAll(".film .step, .film .opens")].map((one) => [one.textContent, box(one)]);
  const lowest = ".film, .film .share, .film .counted";
  const seen = words.filter(([, { width }]) => width > 0);
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  return {
    type: parseFloat(getComputedStyle(document.documentElement).fontSize),
    bottom: Math.max(...[...scene.querySelectorAll(lowest)].map((one) => box(one).bottom)),
    covered: seen.flatMap(([text, a], k) => seen.filter(([, b], n) => n > k && meet(a, b)).map(([b]) => [text, b])),
    wide: document.documentElement.scrollWidth,
  };
}"""


@pytest.mark.sampled(3, 9)
@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("name", ["textbook", "colon", "clusters"])
def test_before_a_class_all_rows_stand_on_the_wall(
    opened: Callable[..., Any], name: str, lang: str, wall: tuple[int, int]
) -> None:
    """Covered, uncovered, with a guess, and side by side with another arm."""
    scenes = ["present=1", "film=shown&present=1", "film=g-100000&present=1"]
    for scene in scenes + ["film=shown&scene=2&present=1"] * (name == "textbook"):
        found = opened(name, f"#{scene}", lang=lang, wall=wall).evaluate(STANDS)
        assert found["bottom"] <= wall[1], scene
        assert found["covered"] == [], scene
        assert LEAST <= found["type"] <= MOST, scene
        assert found["wide"] <= wall[0], scene
        assert wall[0] < 1920 or found["type"] == MOST, "there is room for it"


def test_type_grows_and_shrinks_with_the_wall(opened: Callable[..., Any]) -> None:
    page = opened("clusters", "#film=shown", wall=(1280, 720))
    plain = page.evaluate(STANDS)["type"]
    page.keyboard.press("p")
    page.wait_for_timeout(300)
    small = page.evaluate(STANDS)["type"]
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.wait_for_timeout(300)
    assert page.evaluate(STANDS)["type"] > small > plain
    page.keyboard.press("p")
    page.wait_for_timeout(300)
    assert page.evaluate(STANDS)["type"] == plain


# Of each row: how many causes there are, how many are seen whole, and whether dots say that there are more.
CAUSES = """(scene) => [...document.querySelectorAll(`${scene} .why`)].map((why) => {
  const room = why.getBoundingClientRect(), chips = [...why.querySelectorAll(".chip:not(.more)")];
  const inside = (one) => {
    const { left, right, bottom, width } = one.getBoundingClientRect();
    return width > 0 && left >= room.left - 1 && right <= room.right + 1 && bottom <= room.bottom + 1;
  };
  const more = why.querySelector(".more");
  return [chips.length, chips.filter(inside).length, more ? inside(more) : false];
}).filter(([all]) => all > 0)"""


@pytest.mark.sampled(4, 14)
@pytest.mark.parametrize("width", [320, 1100, 1280, 1920])
@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("name", ["textbook", "platelets", "clusters", "colon", "unlike-cells"])
def test_causes_that_are_not_seen_are_told_by_dots(
    opened: Callable[..., Any], name: str, lang: str, width: int
) -> None:
    page = opened(name, "#film=shown&scene=2", lang=lang, wall=(width, 900))
    for scene in ("#film", "#arms") if name == "textbook" else ("#film",):
        page.wait_for_selector(f"{scene} .chip")
        found = page.evaluate(CAUSES, scene)
        assert found
        for every, seen, dots in found:
            assert seen
            assert dots or seen == every
    if width == 320:
        assert any(seen > 2 for _, seen, _ in page.evaluate(CAUSES, "#film")), "below each other all have room"


UNDER = """() => [...document.querySelectorAll("#film .odds")].map((odds) => {
  const row = odds.style.getPropertyValue("--row"), box = (one) => one.getBoundingClientRect();
  const bar = document.querySelectorAll("#film .barbox")[Number(row)];
  const next = [...document.querySelectorAll("#film .ground")][Number(row) + 1];
  return [box(bar).bottom, box(odds).top, box(odds).bottom, box(next).top];
})"""


@pytest.mark.parametrize("width", [320, 400, 800])
def test_on_a_phone_a_slider_stands_in_its_row(opened: Callable[..., Any], width: int) -> None:
    page = opened("textbook", "#film=shown", lang="de", wall=(width, 800))
    rows = page.evaluate(UNDER)
    assert len(rows) == len(cascade.load("textbook").stages)
    for bar, top, bottom, following in rows:
        assert bar - 1 <= top < bottom <= following + 1


@pytest.mark.parametrize("width", [320, 400, 800, 1280])
def test_a_link_leads_below_the_header(opened: Callable[..., Any], width: int) -> None:
    """Of however many lines it is."""
    page = opened("textbook", "#film=shown&scene=2", lang="de", wall=(width, 700))
    page.wait_for_timeout(1500)
    assert (
        page.evaluate(
            """() => { const { left, top } = document.querySelector("#arms h2").getBoundingClientRect();
        return document.elementFromPoint(left + 5, top + 5).tagName; }"""
        )
        == "H2"
    )


# Each knob from where it stands to each position: whether the film began anew.
TURNED = """() => {
  const { stage } = cascade.lesson.scenes[0].scene;
  return cascade.data.knobs.filter(({ organ }) => !organ).map(({ id, at }) => {
    const input = document.querySelector(`#film .knob[data-knob="${id}"] input`), found = [];
    for (let to = 0; to <= Number(input.max); to += 1) {
      const go = (where) => { input.value = String(where); input.dispatchEvent(new Event("input")); };
      go(at);
      stage.seek(3);
      go(to);
      found.push(stage.clock !== 3);
      go(at);
    }
    return [id, found, input.closest(".knob").querySelector(".anew")?.textContent ?? ""];
  });
}"""


@pytest.mark.sampled(2, 6)
@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("name", ["platelets", "clusters", "colon", "prostate", "emt", "leukemia"])
def test_a_knob_that_begins_the_film_anew_says_so(opened: Callable[..., Any], name: str, lang: str) -> None:
    page, say = opened(name, "#film=shown", lang=lang), words(lang)["film"]
    for id_, anew, told in page.evaluate(TURNED):
        labels = page.evaluate("(id) => cascade.data.knobs.find((one) => one.id === id).stops.map((s) => s.label)", id_)
        some = [label for label, new in zip(labels, anew, strict=True) if new]
        if not some:
            assert told == "", id_
        elif len(some) < len(labels) / 2:
            assert told == say["anew_at"].format(stops=", ".join(some)), id_
        else:
            assert told == say["anew"], id_


@pytest.mark.parametrize("name", ["colon", "breast"])
def test_the_share_of_the_model_is_a_position_of_its_slider(opened: Callable[..., Any], name: str) -> None:
    page = opened(name, "#film=shown")
    slider = page.locator('#film .knob[data-knob="held"] input')
    output = page.locator('#film .knob[data-knob="held"] output')
    first, exact = output.inner_text(), "cascade.lesson.bench.model.exact().passed"
    before = page.evaluate(exact)
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert output.inner_text() != first
    assert page.evaluate(exact) != before
    page.keyboard.press("ArrowLeft")
    assert output.inner_text() == first
    assert page.evaluate(exact) == before
    assert page.evaluate("cascade.lesson.bench.held") is None
    for step in range(1, 20):  # of all positions the address keeps each
        slider.fill(str(step))
        told = output.inner_text()
        again = opened(name, f"#film={page.evaluate('cascade.lesson.bench.state()')},shown") if step == 7 else None
        if again is not None:
            assert again.locator('#film .knob[data-knob="held"] output').inner_text() == told
