"""Lessons on small screens and on paper, in a real browser: nothing covers anything else, every bar says its lens."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.lessons.page import write_lesson
from cascade.lessons.words import words
from cascade.runs.taught import lesson


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A lesson on the textbook with an arm, in a language."""
    folder = tmp_path_factory.mktemp("sheets")

    def page(lang: str) -> Path:
        path = folder / f"{lang}.html"
        if not path.exists():
            treat = [cascade.treatment("nk-depletion")]
            write_lesson(lesson(cascade.load("textbook"), treat=treat, looked=1000, lang=lang), path)
        return path

    return page


@pytest.fixture
def opened(browser: Any, pages: Callable[[str], Path]) -> Iterator[Callable[..., Any]]:
    """What opens it, where motion is wanted by nobody."""
    contexts = []

    def go(hash_: str = "#film=shown", *, lang: str = "en", width: int = 1280) -> Any:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.goto(f"{pages(lang).as_uri()}{hash_}")
        page.wait_for_function("() => globalThis.cascade?.lesson?.scenes?.length > 0")
        return page

    yield go
    for context in contexts:
        context.close()


def test_every_enlarged_bar_says_how_many_times_it_is_too_long(opened: Callable[..., Any]) -> None:
    """Also where the row above is enlarged as much."""
    page = opened()
    zooms = page.evaluate("cascade.lesson.scenes[0].scene.stage.bars.zooms")
    labels = page.eval_on_selector_all("#film .lens", "all => all.map((one) => one.textContent)")
    lens, times = words("en")["film"]["lens"], "\N{MULTIPLICATION SIGN}"
    assert labels == [f"{lens} {times} {zoom:,}" if zoom > 1 else "" for zoom in zooms]
    assert any(a == b > 1 for a, b in itertools.pairwise(zooms))


# Of each scene with a film: names of steps that a pill lies on.
COVERED = """(scene) => [...document.querySelectorAll(`${scene} .ground`)].filter((ground) => {
  const [a, b] = [".step", ".opens"].map((part) => ground.querySelector(part).getBoundingClientRect());
  return b.width && a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1;
}).map((ground) => ground.textContent)"""


@pytest.mark.sampled(2, 4)
@pytest.mark.parametrize("width", [320, 400, 800, 1280])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_no_pill_lies_on_the_name_of_a_step(opened: Callable[..., Any], lang: str, width: int) -> None:
    page = opened("#film=shown&scene=2", lang=lang, width=width)
    page.wait_for_selector("#arms .arm .opens")
    for scene in ("#film", "#arms"):
        assert page.evaluate(COVERED, scene) == []


# How far the canvas is from the rows in which its cells are, and bars that lie on it.
PLACED = """() => {
  const seen = [...document.querySelectorAll("#film > .film, .arm > .film")].map((film) => {
    const box = (part) => part.getBoundingClientRect(), canvas = box(film.querySelector("canvas"));
    const rows = [...film.querySelectorAll(".ground")].map(box), last = rows[rows.length - 1];
    const bars = film.closest(".arm") ? [] : [...film.querySelectorAll(".barbox")].map(box);
    const stages = cascade.lesson.scenes.flatMap(({ scene }) => scene.stages ?? scene.stage ?? []);
    const { painter, clock, cells } = stages.find(({ grid }) => grid === film), top = rows[0].top;
    const drawn = painter.boxes.flatMap(({ y, h }, k) => [y + top - rows[k].top, h - rows[k].height]);
    const off = [canvas.left - rows[0].left, canvas.top - top, canvas.width - rows[0].width,
      canvas.bottom - last.bottom, ...drawn];
    const over = bars.filter((bar) => bar.left < canvas.right).length;
    return { off: Math.max(...off.map(Math.abs)), over, clock, ready: cells.ready };
  });
  const all = [...document.querySelectorAll("button:not(.word)")];
  const buttons = all.filter((one) => one.offsetWidth).map((one) => one.textContent);
  return { seen, wide: document.querySelector("#film > .film").offsetWidth, buttons };
}"""


@pytest.mark.parametrize("width", [400, 1280])
def test_printed_without_notice_the_film_lies_in_its_rows(opened: Callable[..., Any], width: int) -> None:
    """A browser lays out the sheet when it prints; two arms that nobody has come to see are on it, too."""
    page = opened(width=width)
    page.evaluate(
        f"""() => matchMedia("print").addEventListener("change", ({{ matches }}) => {{
        if (matches) globalThis.printed = ({PLACED})(); }})"""
    )
    assert page.pdf(format="A4")
    page.wait_for_timeout(300)
    printed, again = page.evaluate("printed"), page.evaluate(PLACED)
    assert len(printed["seen"]) == 3, "the film and two arms"
    for film in [*printed["seen"], *again["seen"]]:
        assert film["off"] < 1
        assert film["over"] == 0 or width == 400
    assert all(film["over"] == 0 and film["ready"] and film["clock"] > 0 for film in printed["seen"])
    assert 600 < printed["wide"] < 700, "of a sheet of A4"
    assert again["wide"] != printed["wide"]
    assert printed["buttons"] == []


COUNTED = """() => [...document.querySelectorAll("#film .counted")].map((e) => e.textContent)"""


def test_bars_on_paper_are_those_of_the_end(opened: Callable[..., Any]) -> None:
    """Also where the film stood at its beginning, and where the sheet is laid out anew; then it goes on as it was."""
    page, stage = opened(), "cascade.lesson.scenes[0].scene.stage"
    page.wait_for_function(f"() => {stage}.cells.ready")
    page.evaluate(f"{stage}.seek(0)")
    begin = page.evaluate(COUNTED)
    assert begin[-1] == "0 of 100,000", "nobody has come yet: that is no result"
    page.evaluate(f"{stage}.seek({stage}.cells.length)")
    end = page.evaluate(COUNTED)
    assert end[-1] == "none of these 100,000"
    page.evaluate(f"{stage}.seek(0)")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_timeout(300)
    page.evaluate(f"{stage}.fit()")
    assert page.evaluate(COUNTED) == end
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.evaluate(f"{stage}.seek(0)")
    assert page.evaluate(COUNTED) == begin


def test_a_covered_sheet_has_room_for_a_number_and_the_tasks_and_tells_nothing(opened: Callable[..., Any]) -> None:
    page, stage = opened(""), "cascade.lesson.scenes[0].scene.stage"
    page.wait_for_function(f"() => {stage}.cells.ready")
    page.evaluate(f"{stage}.seek({stage}.cells.length)")
    for seen in (page.inner_text(".living"), page.inner_text("#film .told")):
        assert not re.search(r"\d", seen), "the share that lives at the end is the answer"
    page.wait_for_selector("#tasks .teacher summary")  # a teacher reads the plan before the lesson
    assert not page.is_visible("#tasks .task")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.is_visible(".my-guess")
    assert page.locator("#tasks .task").count() == 3
    assert page.is_visible("#tasks .task >> nth=0")
    for hidden in ("#tasks .teacher", "#tasks .first-film", "#arms h2", ".answer"):
        assert not page.is_visible(hidden), hidden


def test_the_bars_of_the_end_are_counted_also_where_cells_are_found_after_it(opened: Callable[..., Any]) -> None:
    """A film that is over before its last cells were found shows them when it stops."""
    page, stage = opened(), "cascade.lesson.scenes[0].scene.stage"
    page.wait_for_function(f"() => {stage}.cells.ready")
    page.evaluate(f"{stage}.seek({stage}.cells.length)")
    end = page.evaluate(COUNTED)
    page.evaluate(
        f"""() => {{ const stage = {stage}, last = stage.cells.films.at(-1);
        last.ready = false;
        stage.play();
        stage.clock = stage.cells.length + 1;
        stage._bars();
        last.ready = true; }}"""
    )
    page.wait_for_function(f"() => !{stage}.playing")
    assert page.evaluate(COUNTED) == end


@pytest.mark.parametrize("lang", ["en", "de"])
def test_a_step_after_a_death_was_not_passed_over(lang: str) -> None:
    assert {"en": "after a death nothing follows", "de": "nach einem Tod folgt nichts"}[lang] in words(lang)["arms"][
        "life_about"
    ]
