"""The address of a lesson: whatever control stands otherwise stands in it, and a fresh page with it is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.lessons.page import write_lesson
from cascade.model import Model
from cascade.model.factors import Factor
from cascade.patient.taught import patient_lesson
from cascade.runs.taught import lesson

CONTROLS = "input, select, textarea, button, summary, [role=slider], [aria-pressed], [aria-expanded], [contenteditable]"

EXCEPTIONS = {
    ".guess *": "a number counts as a guess when it is handed in: then the answer is open, as the address says",
    ".answer button, .time-answer button": "covers the answer again, which the address says",
    ".reset": "takes back what others moved",
    ".controls > button": "plays, pauses and begins anew: a link begins its film at the first moment",
    ".body-again": "the discs grow anew, to where they were",
    "button.word": "opens a note that closes by itself",
}
"""Controls that are not in the address, and why not."""

FOUND = f"""[...document.querySelectorAll("{CONTROLS}")]
    .filter((one) => !{list(EXCEPTIONS)}.some((name) => one.matches(name)))"""

# Of every control how it stands; and what is said to answers, and which life is told.
STAND = f"""() => {{
  const stand = (e) => [e.tagName, e.id || e.className, e.getAttribute("aria-label"), e.value, e.checked,
    e.parentElement.open, e.checkVisibility(), ...["pressed", "expanded", "current", "valuenow", "valuetext"]
      .map((name) => e.getAttribute(`aria-${{name}}`))];
  const told = [".judged", ".lives h3", ".answer", ".on-paper li"];
  return [{FOUND}.map(stand), told.map((one) => [...document.querySelectorAll(one)].map((e) => e.textContent)),
    document.documentElement.dataset.theme ?? "", document.documentElement.classList.contains("present")];
}}"""

# Moves a control, if it can be moved now, as somebody would; says what it is.
MOVE = f"""([k, press]) => {{
  const e = {FOUND}[k], name = e.id || e.getAttribute("aria-label") || e.className || e.textContent;
  const chosen = e.getAttribute("aria-pressed") === "true" || e.hasAttribute("aria-current");
  if (!e.checkVisibility() || e.disabled || chosen) return "-";
  const tell = (...kinds) => {{ for (const kind of kinds) e.dispatchEvent(new Event(kind, {{ bubbles: true }})); }};
  if (e.getAttribute("role") === "slider") {{
    for (const key of ["ArrowLeft", "ArrowRight"]) {{
      e.dispatchEvent(new KeyboardEvent("keydown", {{ key, bubbles: true, cancelable: true }}));
      if (cascade.lesson.page.address() !== press) break;
    }}
  }} else if (e.type === "range") {{
    e.value = e.value === e.min ? e.max : e.min;
    tell("input", "change");
  }} else if (e.tagName === "INPUT") {{
    e.value = "1,2.5 & ä=#;:%";
    tell("input", "change");
  }} else if (e.tagName === "SELECT") {{
    const at = (e.selectedIndex + 1) % e.options.length;
    if (at === e.selectedIndex) return "-";
    e.selectedIndex = at;
    tell("input", "change");
  }} else e.click();
  return `${{e.closest("section")?.id ?? "page"}}: ${{e.tagName}} ${{name}}`;
}}"""


def textbook_of_my_own() -> Model:
    """A factor whose name is no plain letters, and knobs of it."""
    model = cascade.load("platelets")
    (factor,) = model.factors
    renamed = Factor.model_validate(factor.model_dump() | {"name": "Mäntel"})
    return model.with_(factors=[renamed])


def beside() -> dict[str, Any]:
    """Two arms: another model, and treatments."""
    other = cascade.load("platelets-all-four")
    return lesson(cascade.load("platelets"), beside=other, treat=[cascade.treatment("antiplatelet")], looked=10_000)


PAGES: dict[str, Callable[[], dict[str, Any]]] = {
    "two arms": beside,
    "a cancer": lambda: lesson(cascade.load("colon"), treat=(), looked=10_000),
    "German": lambda: lesson(cascade.load("emt"), treat=(), looked=10_000, lang="de"),
    "patients": lambda: patient_lesson("textbook"),
}


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """What opens a lesson at an address."""
    contexts = []

    def go(data: dict[str, Any], address: str) -> Any:
        path = tmp_path / "lesson.html"
        if not path.exists():
            write_lesson(data, path)
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce"))
        page = contexts[-1].new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(f"{path.as_uri()}{address}")
        page.wait_for_function("() => globalThis.cascade?.lesson?.scenes?.at(-1).scene.tasks.ready")
        # Two arms are drawn when they are come to: here at once.
        page.evaluate("cascade.lesson.scenes.forEach(({ scene }) => scene.films && scene._begin())")
        return page

    yield go
    for context in contexts:
        context.close()


def settled(page: Any) -> str:
    """The address, when it says how the page stands."""
    page.wait_for_function("() => !cascade.lesson.scenes.some(({ scene }) => scene.frame && scene.draw)")
    page.wait_for_function("() => location.hash === cascade.lesson.page.address()", timeout=5000)
    return str(page.evaluate("location.hash"))


def differences(one: Any, other: Any) -> list[Any]:
    """What stands in two pages otherwise."""
    found = []
    for mine, theirs in zip(one.evaluate(STAND), other.evaluate(STAND), strict=True):
        if isinstance(mine, list) and len(mine) == len(theirs):
            found += [pair for pair in zip(mine, theirs, strict=True) if pair[0] != pair[1]]
        elif mine != theirs:
            found.append((mine, theirs))
    return found


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", PAGES)
def test_every_control_that_moves_is_in_the_address_and_comes_back(opened: Any, name: str) -> None:
    """One after the other, each beside all that were moved before; the page before a class hides the rest: at last."""
    data = PAGES[name]()
    begin = "#film=shown" if data["model"] else "#patient=s"
    page = opened(data, begin)
    again = opened(data, begin)
    moved, before = [], page.evaluate("cascade.lesson.page.address()")
    number = len(page.evaluate(STAND)[0])
    # Those in the head of the page come first in it, and change what is seen of all others.
    head = page.locator("header").locator(CONTROLS).count()
    for k in [*range(head, number), *range(head)]:
        what = page.evaluate(MOVE, [k, before])
        if what == "-":
            continue
        address = settled(page)
        assert address != before, f"{what} moved, and the address is the same"
        moved.append(what)
        again.evaluate("(address) => { location.hash = address; }", address)
        assert settled(again) == address, what
        assert differences(again, page) == [], what
        before = address
    assert {one.split(": ")[0] for one in moved} == {
        "page",
        *page.evaluate("cascade.lesson.scenes.map(({ id }) => id)"),
    }
    fresh = opened(data, before)
    assert settled(fresh) == before
    assert differences(fresh, page) == []
    assert page.faults == again.faults == fresh.faults == []


def test_the_list_of_exceptions_names_what_there_is(opened: Any) -> None:
    """An exception for a control that is gone would hide one that comes."""
    pages = [opened(PAGES["a cancer"](), "#film=shown")]
    for selector in EXCEPTIONS:
        assert any(page.locator(selector).count() for page in pages), selector
    # Where no motion is wanted nothing grows anew; it is there all the same.
    assert pages[0].locator(".body-again").count() == 1


def test_the_speed_of_the_film_is_in_the_address(opened: Any) -> None:
    page = opened(PAGES["a cancer"](), "#film=v-4,shown")
    assert page.evaluate("cascade.lesson.scenes[0].scene.stage.speed") == 4
    speed = page.get_by_label("Speed")
    assert speed.input_value() == "4"
    speed.select_option("0.5")
    assert "v-0.5" in settled(page)
    for wrong in ("v-3", "v-", "v-1e9", "w-2"):
        page.evaluate(f"cascade.lesson.scenes[0].scene.restore('{wrong},shown')")
        assert page.evaluate("cascade.lesson.scenes[0].scene.stage.speed") == 1
    assert page.faults == []


def test_a_name_of_ones_own_is_kept_in_an_address(opened: Any) -> None:
    """Of a factor in a model that somebody wrote: letters beyond ASCII, which addresses have in another form."""
    data = lesson(textbook_of_my_own(), treat=(), looked=1000)
    assert [knob["id"] for knob in data["knobs"]][:1] == ["Mäntel"]
    page = opened(data, "#film=shown")
    page.locator("#film .knob input").first.fill("0")
    address = settled(page)
    fresh = opened(data, address)
    assert fresh.evaluate("cascade.lesson.bench.knobs['Mäntel']") == 0
    assert settled(fresh) == address
    # What nobody wrote is passed over.
    for wrong in ("#film=k%E0%A4-1,shown", "#tasks=luck:%E0:c,halve:x;9,steepest:77", "#arms=9-9"):
        broken = opened(data, wrong)
        assert broken.faults == []
        assert broken.evaluate("cascade.lesson.bench.knobs['Mäntel']") == data["knobs"][0]["at"]
