"""A lesson on patients begins with a question: what is below the waterline is covered until somebody has guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cascade
from cascade.lessons.page import write_lesson
from cascade.lessons.words import words
from cascade.patient.course import Course, course_of
from cascade.patient.taught import patient_lesson
from cascade.patient.timeline import GROWN, care_name, positions, studied

SEED = 1889
SCENE = "cascade.lesson.scenes[0].scene"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Path]:
    """Lessons on patients in a language."""
    folder = tmp_path_factory.mktemp("guess")

    def page(name: str, lang: str) -> Path:
        path = folder / f"{name}-{lang}.html"
        if not path.exists():
            write_lesson(patient_lesson(name, seed=SEED, lang=lang), path)
        return path

    return page


@pytest.fixture
def opened(browser: Any, pages: Callable[[str, str], Path]) -> Iterator[Callable[..., Any]]:
    contexts = []

    def go(name: str = "colon", hash_: str = "", *, lang: str = "en", width: int = 1280) -> Any:
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(f"{pages(name, lang).as_uri()}{hash_}")
        page.wait_for_function("() => globalThis.cascade?.lesson?.scenes?.length > 0")
        return page

    yield go
    for context in contexts:
        assert [page.complaints for page in context.pages if page.complaints] == []
        context.close()


def told(name: str, at: dict[str, Any]) -> Course:
    """The course of the patient of a position, from the package."""
    where = positions(cascade.disease(name))
    return lived(name, at["patient"] + 1, care_name(where.knives[at["knife"]], where.drugs[at["drug"]]))


@cache
def lived(name: str, patient: int, care: str) -> Course:
    return course_of(studied(cascade.disease(name)), seed=SEED, patient=patient, care=care)


def counted(name: str, at: dict[str, Any], years: list[float]) -> list[tuple[int, int]]:
    """How many an eye sees and how many are there, by year: the primary and metastases that grow."""
    course = told(name, at)
    lesions = [one.number for one in course.lesions if one.number == 0 or one.fate in GROWN]
    cells = np.array([course.cells_of(number, years) for number in lesions])
    seen = (cells > 0) & (course.disease.mm(1.0) * np.cbrt(cells) >= at["mm"])
    return [(int(a), int(b)) for a, b in zip(seen.sum(axis=0), (cells > 0).sum(axis=0), strict=True)]


@pytest.mark.sampled(2, 3)
@pytest.mark.parametrize("lang", ["en", "de"])
@pytest.mark.parametrize("name", ["colon", "breast", "textbook"])
def test_nothing_says_how_many_are_there_until_somebody_has_guessed(
    opened: Callable[..., Any], name: str, lang: str
) -> None:
    page, say = opened(name, lang=lang), words(lang)["patient"]
    at = page.evaluate(f"{SCENE}.at")
    knife = positions(cascade.disease(name)).knives[at["knife"]]
    assert knife is not None
    [(seen, there)] = counted(name, at, [knife - 1e-4])
    assert there > seen, "the first patient has something to hide"
    text = page.inner_text("#patient")
    assert f"{there}" not in re.findall(r"\d+", page.inner_text("#patient .time-said"))
    assert page.get_attribute("#patient svg[role=img]", "aria-label") == page.inner_text("#patient .time-said").strip()
    assert say["key_born"] not in text
    assert not page.is_visible("#tasks .task")
    assert words(lang)["page"]["first_film"] not in page.inner_text("#tasks")
    assert say["first"] in page.inner_text("#tasks")
    strips = page.eval_on_selector_all("#patient .time-on-there", "all => all.map((e) => e.textContent)")
    assert set(strips) == {"?"}
    # On top of the cover lies no course: but lines of the operation, of death, and those that lead to names.
    below = page.evaluate(
        """() => { const cover = document.querySelector(".time-cover"), parts = [...cover.parentNode.children];
        return parts.slice(parts.indexOf(cover) + 1).map((e) => e.getAttribute("class") ?? e.tagName); }"""
    )
    assert not {part for part in below if part.startswith(("time-never", "time-ended", "circle"))}
    assert below.count("path") + below.count("time-primary") <= below.count("time-halo")
    page.click("text=" + words(lang)["film"]["show"])
    assert f"{there}" in re.findall(r"\d+", page.inner_text("#patient .time-said"))
    assert f"{seen}" in re.findall(r"\d+", page.inner_text("#patient .time-said"))
    assert page.is_visible("#tasks .task")
    assert page.locator(".time-cover").count() == 0


def test_what_is_no_guess_is_refused_and_a_guess_is_kept_in_the_address(opened: Callable[..., Any]) -> None:
    page = opened()
    number, wrong = page.locator("#patient .guess .number"), page.locator("#patient .guess [role=status]")
    for text in ("", "many", "-1", "2.5", "100000"):
        number.fill(text)
        number.press("Enter")
        assert wrong.inner_text() == words("en")["patient"]["no_guess"].format(n="10,000"), text
        assert page.evaluate(f"{SCENE}.covered")
    number.fill("6")
    number.press("Enter")
    facts = page.evaluate(f"[{SCENE}.at, {SCENE}.state()]")
    knife = positions(cascade.disease("colon")).knives[facts[0]["knife"]]
    assert knife is not None
    there = counted("colon", facts[0], [knife - 1e-4])[0][1]
    assert page.inner_text(".time-answer b") == f"Your number: 6. Really there: {there}."
    assert facts[1] == "g6"
    page.locator(".time-cut").press("ArrowRight")
    assert page.inner_text(".time-answer b") == f"Your number: 6. Really there: {there}.", "of the question"
    page.wait_for_function("() => /k\\d+,g6/.test(location.hash)")
    again = opened("colon", page.evaluate("location.hash"))
    assert again.inner_text(".time-said") == page.inner_text(".time-said")
    assert again.inner_text(".time-answer b") == page.inner_text(".time-answer b")
    page.wait_for_function("() => /really there/.test(document.querySelector('.time-heard').textContent)")
    page.click(".time-answer button")
    assert page.text_content(".time-heard") == "", "whoever listens next is told nothing"
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.is_visible(".my-guess"), "room for a number on a sheet"
    assert page.is_visible("#tasks .task >> nth=0")
    page.emulate_media(media="screen")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(f"{SCENE}.covered && {SCENE}.at.knife === {SCENE}.first.knife")
    old = opened("colon", "#patient=k2")
    assert not old.evaluate(f"{SCENE}.covered"), "whoever moved the scalpel has seen it"
    assert old.evaluate(f"{SCENE}.state()") == "k2,s"
    for bad in ("g-3", "g1e9", "gx", "g99999999"):
        assert opened("colon", f"#patient={bad}").evaluate(f"{SCENE}.covered"), bad


STRIPS = """() => [...document.querySelectorAll("#patient svg[role=img] rect")].filter((e) => /^time-(seen|there|none)$/
  .test(e.getAttribute("class"))).map((e) => [Number(e.getAttribute("y")), Number(e.getAttribute("x")),
  Number(e.getAttribute("x")) + Number(e.getAttribute("width")), Number(e.nextElementSibling.textContent)])"""


@pytest.mark.parametrize("name", ["colon", "breast", "textbook"])
def test_no_task_asks_of_the_patient_of_the_question(opened: Callable[..., Any], name: str) -> None:
    """Whoever has uncovered that one would know it."""
    page = opened(name, "#patient=s")
    page.wait_for_selector("#tasks .task")
    number = page.evaluate(f"{SCENE}.data.patients[{SCENE}.first.patient].number")
    asked = re.findall(r"Patient (\d+) is operated", page.inner_text("#tasks"))
    assert asked
    assert asked != [str(number)]


@pytest.mark.sampled(2, 4)
@pytest.mark.parametrize("width", [320, 600, 1280])
@pytest.mark.parametrize("name", ["colon", "breast", "textbook"])
def test_a_number_in_a_strip_is_the_most_in_its_years(opened: Callable[..., Any], name: str, width: int) -> None:
    """In the middle of a year, or just before the operation: so no sentence says more than its box."""
    page = opened(name, "#patient=s", width=width)
    knives = positions(cascade.disease(name)).knives
    for knife, cut in enumerate(knives):
        page.evaluate(f"{SCENE}.at.knife = {knife}; {SCENE}.draw()")
        at, boxes = page.evaluate(f"{SCENE}.at"), page.evaluate(STRIPS)
        end = told(name, at).years
        rows = sorted({y for y, *_ in boxes})
        assert len(rows) == 2
        for y, left, right, shown in boxes:
            begin, until = (round(page.evaluate(f"(x) => {SCENE}.layout.year(x)", x)) for x in (left, right))
            when = [k + 0.5 for k in range(begin, until) if k + 0.5 < end]
            when += [cut - 1e-4] if cut is not None and begin < cut <= until and cut < end else []
            assert shown == max(pair[rows.index(y)] for pair in counted(name, at, when)), (cut, begin, until)
