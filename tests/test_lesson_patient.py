"""The time line of a lesson: its patients are the package's, under every place of the knife and the drug."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.common.sight import contrast
from cascade.patient.course import CAUSES, Course, course_of
from cascade.patient.timeline import GROWN, MOST_BYTES, care_name, drug_of, positions, studied, timeline
from cascade.web.modules import joined, needed

NODE = shutil.which("node")
WEB = files("cascade.web")
CURVES = joined("timelinecurves.js")
DISEASES = ["colon", "breast", "textbook"]
PATIENTS = 3
ERROR = 0.01
"""Of sizes, as days are sent in tenths."""
HALF_A_TENTH = 0.0501 / 365.25
"""Of a day, in years."""


@cache
def sent(name: str) -> dict[str, Any]:
    """Few patients of a disease, as a page gets them."""
    return json.loads(json.dumps(timeline(name, seed=1, patients=PATIENTS)))  # type: ignore[no-any-return]


def packed(data: dict[str, Any]) -> str:
    """As a page has it."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False)


def asked(data: dict[str, Any], code: str) -> Any:
    """What node makes of a payload."""
    text = f"{CURVES}\nconst data = {packed(data)};\nconsole.log(JSON.stringify({code}));"
    done = subprocess.run(
        [str(NODE), "--input-type=module", "-"], input=text, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def course(name: str, number: int, knife: int, drug: int) -> Course:
    """The same patient from the package."""
    disease = cascade.disease(name)
    where = positions(disease)
    care = care_name(where.knives[knife], where.drugs[drug])
    return course_of(studied(disease), seed=1, patient=number, care=care)


def tenths(years: float) -> int:
    """Tenths of days."""
    return round(3652.5 * years)


def grown(told: Course) -> list[Any]:
    """The primary and metastases that grow, by birth."""
    every = [lesion for lesion in told.lesions if lesion.number == 0 or lesion.fate in GROWN]
    return sorted(every, key=lambda lesion: lesion.founded if lesion.number else 0.0)


def places(name: str) -> list[tuple[int, int]]:
    """Some places of knife and drug: none, each alone, both."""
    where = positions(cascade.disease(name))
    none, last = len(where.knives) - 1, len(where.drugs) - 1
    return [(none, 0), (0, 0), (5, 0), (none, 1), (none, last), (3, 1), (7, last), (5, 2)]


@pytest.mark.sampled(1, 3)
@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("name", DISEASES)
def test_patients_of_the_page_are_those_of_the_package(name: str) -> None:
    data, times = sent(name), [0.5 * k for k in range(60)]
    every = [(p, k, d) for p in range(PATIENTS) for k, d in places(name)]
    code = f"""{json.dumps(every)}.map(([patient, knife, drug]) => ({{
        end: endUnder(data, {{ patient, knife, drug }}),
        lesions: lesionsUnder(data, {{ patient, knife, drug }}).map((lesion) => ({{
            site: lesion.site.site, begin: lesion.begin, end: lesion.end,
            cells: {json.dumps(times)}.map((t) => lesion.cells(t)) }})) }}))"""
    for (p, k, d), found in zip(every, asked(data, code), strict=True):
        told = course(name, data["patients"][p]["number"], k, d)
        assert found["end"] == [pytest.approx(told.years, abs=1e-3), CAUSES.index(told.cause)]
        # Lesions that begin on one tenth of a day, which is all that the page knows, stand in any order.
        begins = {lesion.number: lesion.founded if lesion.number else 0.0 for lesion in told.lesions}
        lesions = sorted(
            grown(told), key=lambda one: (tenths(begins[one.number]), one.site, tenths(told.end_of(one.number)))
        )
        page = sorted(found["lesions"], key=lambda one: (tenths(one["begin"]), one["site"], tenths(one["end"])))
        assert [lesion["site"] for lesion in page] == [lesion.site for lesion in lesions]
        for mine, lesion in zip(page, lesions, strict=True):
            assert mine["begin"] == pytest.approx(lesion.founded if lesion.number else 0.0, abs=HALF_A_TENTH)
            assert mine["end"] == pytest.approx(told.end_of(lesion.number), abs=1e-3)
            cells = told.cells_of(lesion.number, times)
            # A tenth of a day beside a birth or an end, also one that comes after death, is on its other side.
            ends = mine["begin"], mine["end"], lesion.gone
            near = [min(abs(t - end) for end in ends) < 1e-3 for t in times]
            for t, one, n in zip(times, mine["cells"], cells.tolist(), strict=True):
                assert near[times.index(t)] or one == pytest.approx(n, rel=ERROR), (name, p, k, d, lesion, t)


def test_lesions_that_do_not_count_stay_in_the_picture() -> None:
    """A page draws up to three times its "burden": nodes that outgrow what kills are below, others change nothing."""
    disease = cascade.disease("textbook")
    killing = timeline(disease, seed=1, patients=1)["burden"]
    spared = disease.with_(
        efficiency=1e-3, death={"burden_cells": 1e9, "not_counted": ["axillary nodes"]},
        lesions={"growth_ratio": 6.0, "secondary": 0.0},
    )  # fmt: skip
    data, largest = timeline(spared, seed=1, patients=2), 0.0
    where = positions(spared)
    for one in data["patients"]:
        told = course_of(
            studied(spared), seed=1, patient=one["number"], care=care_name(where.knives[-1], where.drugs[0])
        )
        largest = max(largest, *(float(told.cells_of(k.number, [told.years - 1e-6])[0]) for k in grown(told)))
    assert 3e9 < largest < 3.0 * data["burden"]
    assert killing == pytest.approx(disease.death.burden_cells)


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
def test_why_a_drug_changes_nothing_is_true_of_the_course() -> None:
    """No metastasis is there while it is given, or the patient does not die of those that are: else nothing is said."""
    name, none = "breast", 9
    data = sent(name)
    every = [(p, k, d) for p in range(PATIENTS) for k in (0, 2, none) for d in range(1, len(data["masks"][0]))]
    code = f"{json.dumps(every)}.map(([patient, knife, drug]) => idleFor(data, {{ patient, knife, drug }}))"
    said = dict(zip(every, asked(data, code), strict=True))
    assert set(said.values()) == {"", "late", "alone", "spared"}
    for (p, k, d), why in said.items():
        number, drug = data["patients"][p]["number"], positions(cascade.disease(name)).drugs[d]
        assert drug is not None
        under, without = course(name, number, k, d), course(name, number, k, 0)
        same = round(1000 * under.years) == round(1000 * without.years) and under.cause == without.cause
        there = [
            lesion
            for one in (under, without)
            for lesion in grown(one)
            if lesion.number and lesion.founded < sum(drug) and one.end_of(lesion.number) > drug[0]
        ]
        wanted = (
            "late"
            if round(1000 * under.years) <= 1000 * drug[0]
            else ""
            if not same
            else "alone"
            if not there
            else ""
            if under.cause == "the tumour"
            else "spared"
        )
        assert why == wanted, (p, k, d)


@pytest.mark.sampled(1, 3)
@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("name", DISEASES)
def test_at_every_operation_the_tumour_is_counted_before_it_is_taken_out(name: str) -> None:
    """Days are sent in tenths: a moment that is too close to the knife may lie behind it."""
    # Of the textbook's patients the second keeps cells of the primary: something begins in the tenth of the knife.
    data = json.loads(json.dumps(timeline(name, seed=1889, patients=2))) if name == "textbook" else sent(name)
    found = asked(
        data,
        """data.patients.flatMap((_, patient) => data.knives.slice(0, -1).map((year, knife) => {
          const at = { patient, knife, drug: 0, mm: data.eye.mm }, facts = factsOf(data, at);
          const primary = lesionsUnder(data, { ...at, knife: data.knives.length - 1 }).find(({ id }) => id === 0);
          return [facts.operated, facts.there, facts.seen, primary.cells(year - 0.02) >= cellsOfMm(data, at.mm)];
        }))""",
    )
    operated = [fact for fact in found if fact[0]]
    assert len(operated) > 5
    assert any(large for *_, large in operated)
    for _, there, seen, large in operated:
        assert there >= 1
        assert seen >= large


@pytest.mark.sampled(1, 3)
@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("name", ["breast", "colon", "textbook"])
def test_metastases_that_the_drug_keeps_from_beginning_are_told(name: str) -> None:
    """Of a drug that kills what begins while it is given some; the page counts them as the patient's courses do."""
    data = sent(name)
    drugs = range(1, len(data["masks"][0]))
    every = [(p, k, d) for p in range(PATIENTS) for k in (2, 5, len(data["knives"]) - 1) for d in drugs]
    code = f"{json.dumps(every)}.map(([patient, knife, drug]) => factsOf(data, {{ patient, knife, drug, mm: 8 }}).kept)"
    kept = asked(data, code)
    for (p, k, d), many in zip(every, kept, strict=True):
        number = data["patients"][p]["number"]
        under, without = (course(name, number, k, one) for one in (d, 0))
        born, otherwise = ({lesion.identity for lesion in grown(one)} for one in (under, without))
        assert many == len(otherwise - born), (p, k, d)
    assert max(kept) > 0 or not any(one["works"] for one in data["patients"])


@pytest.mark.sampled(1, 3)
@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize("name", DISEASES)
def test_the_knife_adds_no_metastasis_and_whoever_is_never_born_is_known(name: str) -> None:
    data = sent(name)
    none = len(data["knives"]) - 1
    every = [(p, k) for p in range(PATIENTS) for k in (0, 4, none)]
    facts = asked(
        data,
        f"{json.dumps(every)}.map(([patient, knife]) => factsOf(data, {{ patient, knife, drug: 0, mm: data.eye.mm }}))",
    )
    for (p, k), fact in zip(every, facts, strict=True):
        number = data["patients"][p]["number"]
        told, without = course(name, number, k, 0), course(name, number, none, 0)
        born, otherwise = ({lesion.identity for lesion in grown(one)} for one in (told, without))
        assert fact["never"] == len(otherwise - born)
        assert fact["born"] == len(born) - 1
        knife = data["knives"][k]
        operated = knife is not None and knife < told.years
        assert fact["operated"] == operated
        when = (knife if operated else told.years) - 1e-4
        cells = [float(told.cells_of(lesion.number, when)[0]) for lesion in grown(told)]
        assert fact["there"] == sum(n > 0 for n in cells)
        assert fact["seen"] == sum(told.disease.mm(n) >= data["eye"]["mm"] for n in cells)


def test_all_patients_have_the_same_tumour() -> None:
    of = studied(cascade.disease("colon"))
    courses = [course_of(of, seed=1, patient=number, care="none") for number in range(4)]
    assert {float(told.cells_of(0, 2.0)[0]) for told in courses} == {float(courses[0].cells_of(0, 2.0)[0])}
    assert all(told.clinical is not None and not told.clinical.given for told in courses)
    # Who is known to be ill is not treated by that: births are those of patients at whom nobody looks.
    alone = course_of(of, seed=1, patient=1, until_years=of.presentation.years if of.presentation else None)
    assert {lesion.identity for lesion in alone.lesions} == {lesion.identity for lesion in courses[1].lesions}


def test_the_operation_comes_in_the_year_that_is_told() -> None:
    where = positions(cascade.disease("colon"))
    for k in (0, 5):
        told = course("colon", 1, k, 0)
        assert told.clinical is not None
        assert told.clinical.surgery == pytest.approx(where.knives[k], abs=1e-9)


@pytest.mark.full
@pytest.mark.parametrize("name", DISEASES)
def test_a_payload_has_room_in_a_page(name: str) -> None:
    assert len(packed(timeline(name, seed=1, patients=10))) < MOST_BYTES


def test_organs_stand_out_on_light_and_dark() -> None:
    for site in sent("colon")["sites"]:
        if site["site"] != "primary":
            assert contrast(site["light"]) >= 3.0
            assert contrast(site["dark"], "#1A212B") >= 3.0


def test_a_page_has_room_for_few_patients() -> None:
    with pytest.raises(cascade.InputError, match="patients"):
        timeline("colon", patients=13)


def test_both_languages_have_all_texts_and_no_other() -> None:
    english, german = (
        tomllib.loads((WEB / "texts" / f"{lang}.toml").read_text(encoding="utf-8"))["patient"] for lang in ("en", "de")
    )
    assert english.keys() == german.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", german[key])), key
    code = "".join((WEB / "js" / name).read_text(encoding="utf-8") for name in dict.fromkeys(needed("timescene.js")))
    assert set(re.findall(r"patient\.(\w+)[\"`]", code)) <= english.keys()


PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>time line</title><style>{style}</style><main><section id="host" class="scene on"></section></main><script>
{script}
const say = speaker({texts}), data = {data};
window.changes = 0;
document.addEventListener("changed", () => {{ window.changes += 1; }});
window.scene = new TimeScene(document.querySelector("#host"), data, say);
window.factsOf = factsOf;
</script></html>"""


@pytest.fixture(scope="module")
def scene(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The scene alone in a page."""
    texts = tomllib.loads((WEB / "texts" / "en.toml").read_text(encoding="utf-8"))
    table = {"lang": "en", "texts": texts, "terms": texts.get("terms", {})}
    style = "".join((WEB / name).read_text(encoding="utf-8") for name in ("lesson.css", "timescene.css"))
    # Modules that both need stand once: the texts bring the numbers.
    script = joined("timescene.js") + joined("texts.js")
    path = Path(tmp_path_factory.mktemp("scene") / "t.html")
    page_text = PAGE.format(style=style, script=script, texts=json.dumps(table), data=packed(sent("colon")))
    path.write_text(page_text, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(f"file://{path}")
    yield page
    assert page.complaints == []
    page.close()


def facts_told(page: Any) -> str:
    """The sentence that the package says for where the handles stand."""
    at, data = page.evaluate("scene.at"), sent("colon")
    told = course("colon", data["patients"][at["patient"]]["number"], at["knife"], at["drug"])
    without = course("colon", data["patients"][at["patient"]]["number"], len(data["knives"]) - 1, at["drug"])
    knife = data["knives"][at["knife"]]
    cells = [float(told.cells_of(lesion.number, knife - 1e-4)[0]) for lesion in grown(told)]
    seen, there = sum(told.disease.mm(n) >= at["mm"] for n in cells), sum(n > 0 for n in cells)
    never = len({le.identity for le in grown(without)} - {le.identity for le in grown(told)})
    return f"At the operation in year {knife:g} the doctor sees {seen} (really there: {there}). {never} later one"


def test_keys_move_the_handles_and_the_sentence_agrees(scene: Any) -> None:
    scene.evaluate("scene.restore('')")
    said = lambda: scene.inner_text(".time-said")  # noqa: E731
    assert said().startswith(facts_told(scene))
    before = scene.evaluate("changes")
    for handle, key, part in ((".time-cut", "ArrowRight", "knife"), (".time-eye", "ArrowDown", "mm"),
                              (".time-start", "Home", "drug"), (".time-cut", "ArrowLeft", "knife")):  # fmt: skip
        was = scene.evaluate(f"scene.at.{part}")
        scene.focus(handle)
        scene.keyboard.press(key)
        scene.wait_for_function(f"scene.at.{part} !== {was} && !scene.frame")
        assert said().startswith(facts_told(scene))
        value = scene.get_attribute(handle, "aria-valuetext")
        assert value
        assert scene.evaluate("document.activeElement.className").endswith(handle[1:])
    assert scene.evaluate("changes") == before + 4
    scene.focus(".time-cut")
    scene.keyboard.press("End")
    scene.wait_for_function("!scene.frame")
    assert "place 10 of 10" in scene.get_attribute(".time-cut", "aria-valuetext")
    assert "are born that grow" in said()


def test_listeners_are_told_once_what_many_keys_did(scene: Any) -> None:
    """At most one sentence in some seconds, and the last: as in all scenes, by the one module that speaks."""
    code = {path.name: path.read_text(encoding="utf-8") for path in Path(str(WEB / "js")).glob("*.js")}
    speaks = {name for name, text in code.items() if "aria-live" in text}
    assert speaks == {"spoken.js", "motion.js"}, "the latter is no part of a lesson, and speaks when somebody presses"
    scene.evaluate("scene.restore('k0')")
    # Nothing has been said that could be said again, and nothing is about to be.
    scene.evaluate("clearTimeout(scene.spoken.timer); scene.spoken.at = -Infinity; scene.heard.textContent = ''")
    scene.wait_for_function("scene.heard.textContent === ''")
    scene.evaluate(
        """window.told = []; new MutationObserver(() => { told.push(scene.heard.textContent); })
        .observe(scene.heard, { childList: true, characterData: true, subtree: true })"""
    )
    # Six keys at once, and no picture is drawn before it speaks.
    scene.evaluate(
        """() => {
        const soon = scene.soon, handle = document.querySelector(".time-cut");
        scene.soon = () => { scene.frame = 1e9; };
        const press = () => handle.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
        for (let k = 0; k < 6; k += 1) press();
        scene.soon = soon; }"""
    )
    assert scene.evaluate("scene.state()") == "k6"
    scene.wait_for_function("told.length > 0")
    said = scene.inner_text(".time-said")
    assert scene.evaluate("told") == [said]
    assert said.startswith(facts_told(scene))
    assert scene.evaluate("scene.spoken.region === scene.heard")
    assert scene.get_attribute(".time-heard", "aria-live") == "polite"


def test_handles_are_dragged_to_the_next_place(scene: Any) -> None:
    scene.evaluate("scene.restore('')")
    scene.bring_to_front()
    box, at = scene.locator(".time-cut").bounding_box(), scene.evaluate("scene.at.knife")
    scene.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    scene.mouse.down()
    where = scene.evaluate(f"scene.layout.x(data.knives[{at - 3}]) + scene.stage.getBoundingClientRect().left + 3")
    scene.mouse.move(where, box["y"])
    scene.mouse.up()
    assert scene.evaluate("scene.at.knife") == at - 3


def test_the_state_comes_back(scene: Any) -> None:
    for text in ("", "k2", "e2.5,k9,d1,p3,o", "d2", "e12,o"):
        scene.evaluate("scene.restore('')")
        scene.evaluate("(text) => scene.restore(text)", text)
        assert scene.evaluate("scene.state()") == text
    scene.evaluate("scene.restore('k99,p77,exx,d-3')")
    assert scene.evaluate("scene.state()") == ""
    cards = scene.locator(".time-card")
    cards.nth(2).click()
    assert scene.evaluate("scene.state()") == "p3"
    scene.wait_for_function("!scene.frame")
    assert cards.nth(2).get_attribute("aria-pressed") == "true"


@pytest.mark.full
@pytest.mark.parametrize("width", [1920, 1280, 400, 320])
def test_nothing_is_cut_and_targets_are_large(scene: Any, width: int) -> None:
    scene.set_viewport_size({"width": width, "height": 900})
    for state in ("", "k0,d1", "k9,d3", "k8,d2,e50"):
        scene.evaluate(f"scene.restore('{state}')")
        assert scene.evaluate("document.documentElement.scrollWidth") <= width
        outside = scene.evaluate(
            "[...document.querySelectorAll('.time-stage text, .time-handle span')].filter((e) => {"
            " const box = e.getBoundingClientRect();"
            " return box.width && (box.left < -0.5 || box.right > innerWidth + 0.5); }).map((e) => e.textContent)"
        )
        assert outside == []
        small = scene.evaluate(
            "[...document.querySelectorAll('.time-handle, .time-card, #host select, #host summary')].filter((e) =>"
            " e.offsetParent && (e.offsetHeight < 44 || e.offsetWidth < 44)).map((e) => e.className)"
        )
        assert small == []
    scene.set_viewport_size({"width": 1280, "height": 900})


def test_the_drug_of_a_time_line_is_for_whom_and_on_what_the_disease_says() -> None:
    """All patients are of the commonest subtype: a drug for another one works in none of them."""
    breast = cascade.disease("breast")
    given = drug_of(breast)
    assert given is not None
    told = timeline(breast, seed=1, patients=2)["drug"]
    assert (told["share"], told["resistant"]) == (1.0, given.resistant)
    assert timeline("textbook", seed=1, patients=1)["drug"]["resistant"] == 0.0
    care = breast.care_of("surgery+hormone")
    other = given.model_copy(update={"subtypes": ("ER-negative",), "share": 0.7})
    data = timeline(breast.with_(care=[care.model_copy(update={"systemic": (other,)})]), seed=1, patients=2)
    assert data["drug"]["share"] == 0.0
    assert not any(one["works"] for one in data["patients"])
