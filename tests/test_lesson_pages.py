"""Lessons in a real browser: they open, play, answer, are kept by their address, and can be read by everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.common.shares import percent
from cascade.lessons.page import write_lesson
from cascade.lessons.words import told, words
from cascade.lowering.lower import lower
from cascade.patient.taught import patient_lesson
from cascade.runs.taught import lesson
from cascade.solution.answer import Exact
from cascade.solution.quadrature import fixed

MODELS = ["platelets", "textbook", "colon", *sorted(
    {e.name for e in cascade.models()} - {"platelets", "textbook", "colon"}
)]  # fmt: skip
WIDTHS = (1920, 1280, 400, 320)
ARM = {"platelets": "antiplatelet", "b16f1-liver": "chemotherapy"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where lessons are written, each once for all tests."""
    return tmp_path_factory.mktemp("lessons")


def written(folder: Path, name: str, lang: str = "en") -> Path:
    """The lesson on a model, with one arm of few cells."""
    path = folder / f"{name}-{lang}.html"
    if not path.exists():
        model = cascade.load(name)
        treated = [cascade.treatment(ARM[name])] if name in ARM else []
        write_lesson(lesson(model, lang=lang, treat=treated), path)
    return path


class Shown:
    """A page of a lesson, and what it complained of and asked for."""

    def __init__(self, context: Any, path: Path, hash_: str = "") -> None:
        self.page = context.new_page()
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"{path.as_uri()}{hash_}")
        self.page.wait_for_function("() => globalThis.cascade?.lesson?.scenes?.length > 0")

    def film(self, what: str) -> Any:
        """Something of the stage of the first scene."""
        return self.page.evaluate(f"cascade.lesson.scenes[0].scene.stage.{what}")

    def fine(self) -> None:
        """Nothing failed, and nothing was asked of the network."""
        assert not self.faults
        assert [url for url in self.asked if not url.startswith("file:")] == []


@pytest.fixture
def opened(browser: Any, folder: Path) -> Iterator[Any]:
    """What opens lessons; all are closed afterwards."""
    contexts = []

    def go(name: str, hash_: str = "#film=shown", *, lang: str = "en", width: int = 1280, calm: bool = False) -> Shown:
        motion = "reduce" if calm else "no-preference"
        contexts.append(browser.new_context(viewport={"width": width, "height": 900}, reduced_motion=motion))
        return Shown(contexts[-1], written(folder, name, lang), hash_)

    yield go
    for context in contexts:
        context.close()


@pytest.mark.sampled(3, 12)
@pytest.mark.parametrize("name", MODELS)
def test_the_lesson_of_every_model_plays_by_itself_and_is_exact(opened: Any, folder: Path, name: str) -> None:
    shown = opened(name, "#film=shown")
    shown.page.wait_for_function("() => cascade.lesson.scenes[0].scene.stage.clock > 0.5")
    shown.page.wait_for_function("() => cascade.lesson.scenes[0].scene.stage.cells.ready", timeout=240_000)
    model = cascade.load(name)
    # The same points of the frailties in both: how fine they are is tested elsewhere.
    answer = Exact(model, nodes=fixed(lower(model))) if model.frailties else cascade.exact(model)
    wanted = [row.fraction_of_all for row in answer.funnel()]
    found = shown.page.evaluate("cascade.lesson.bench.model.exact().passed")
    assert found == pytest.approx(wanted, rel=1e-9)
    # What is written beside the bars is what the package would write.
    texts = shown.page.eval_on_selector_all("#film .share", "all => all.map((one) => one.textContent)")
    assert texts == [percent(share) for share in (1.0, *wanted)]
    assert written(folder, name).stat().st_size < 400_000
    shown.fine()


@pytest.mark.sampled(2, 12)
@pytest.mark.parametrize("name", MODELS)
def test_in_every_lesson_sliders_tasks_and_addresses_are_right(opened: Any, name: str) -> None:
    """Half the odds of the first step that kills; the step that fewest pass; and the page that the address leads to."""
    shown, model = opened(name, calm=True), cascade.load(name)
    nodes = fixed(lower(model)) if model.frailties else None
    passing = [row.fraction_of_previous for row in Exact(model, nodes=nodes).funnel()]
    for k, share in enumerate(passing if len(passing) > 1 else []):
        shown.page.select_option("#task-steepest select", str(k))
        shown.page.click("#task-steepest button")
        judged = shown.page.locator("#task-steepest .judged").get_attribute("data-right")
        assert judged == str(share == min(passing)).lower(), k
    sliders = shown.page.locator("#film .odds input")
    if sliders.count() == 0:  # nothing dies where cells are only cleared
        assert not any(state.deaths for state in model.states)
        return
    sliders.first.fill("-10")
    (step,) = shown.page.evaluate("cascade.lesson.bench.odds.flatMap((x, k) => (x === 1 ? [] : [k]))")
    inside = [state for state in model.states if state.stage == model.stages[step]]
    changed = model.with_(scale={f"{s.name}.{d.cause}": 2.0 for s in inside for d in s.deaths})
    wanted = [row.fraction_of_all for row in Exact(changed, nodes=nodes).funnel()]
    passed = "cascade.lesson.bench.model.exact().passed"
    assert shown.page.evaluate(passed) == pytest.approx(wanted, rel=1e-9)
    again = opened(name, f"#film={shown.page.evaluate('cascade.lesson.bench.state()')},shown", calm=True)
    assert again.page.evaluate(passed) == pytest.approx(wanted, rel=1e-9)
    shown.fine()
    again.fine()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", ["platelets", "emt", "clusters", "colon"])
def test_the_ringed_cell_gets_there(opened: Any, name: str) -> None:
    shown = opened(name)
    shown.page.wait_for_function("() => cascade.lesson.scenes[0].scene.stage.cells.ready", timeout=240_000)
    shown.page.evaluate("cascade.lesson.scenes[0].scene.toggle()")
    shown.page.evaluate("cascade.lesson.scenes[0].scene.stage.seek(cascade.lesson.scenes[0].scene.stage.cells.length)")
    cell = shown.page.evaluate("cascade.data.founder")
    (life,) = cascade.replay(cascade.load(name), seed=1889, cells=range(cell, cell + 1))
    goal = cascade.load(name).goals
    assert any(part.stays[-1].state in goal for part in (life, *life.fragments))
    told = shown.page.inner_text("#film .told")
    assert f"{cell:,}" in told
    assert "It has got there." in told


# Pictures by hand: how many are asked for after a pause that was shorter than a picture.
ASKED = """() => {
  const [next, cancel] = [window.requestAnimationFrame, window.cancelAnimationFrame];
  const stage = cascade.lesson.scenes[0].scene.stage;
  stage.pause();
  const waiting = new Map();
  window.requestAnimationFrame = (frame) => { waiting.set(waiting.size + 1, frame); return waiting.size; };
  window.cancelAnimationFrame = (id) => { waiting.delete(id); };
  for (let k = 0; k < 3; k += 1) { stage.play(); stage.pause(); }
  stage.play();
  const asked = waiting.size;
  stage.pause();
  [window.requestAnimationFrame, window.cancelAnimationFrame] = [next, cancel];
  return asked;
}"""


def test_a_short_pause_does_not_double_the_pace(opened: Any) -> None:
    """Two rows of pictures, each of which moves the clock, would run the film twice as fast."""
    assert opened("textbook").page.evaluate(ASKED) == 1


def last_share(shown: Any) -> list[str]:
    """Lens and share of the last bar; how many were counted stands below as soon as they have been looked for."""
    return [str(line) for line in shown.page.inner_text("#film .barbox >> nth=-1").split("\n")[:2]]


def test_a_slider_moved_leaves_the_film_running_and_moves_the_numbers(opened: Any) -> None:
    shown = opened("platelets", "#film=shown")
    # Behind a lens cells are counted when they have been looked for.
    shown.page.wait_for_function("() => cascade.lesson.scenes[0].scene.stage.cells.ready")
    shown.page.wait_for_function("() => cascade.lesson.scenes[0].scene.stage.clock > 1")
    before = shown.film("clock")
    share = last_share(shown)
    assert share[1].endswith("%")
    shown.page.locator("#film .odds input").nth(2).fill("20")
    assert shown.film("clock") >= before
    assert shown.film("playing")
    assert last_share(shown) != share
    model = cascade.load("platelets")
    changed = model.with_(scale={"arrested.immune killing": 0.25, "arrested.shear": 0.25})
    wanted = [row.fraction_of_all for row in cascade.exact(changed).funnel()]
    assert shown.page.evaluate("cascade.lesson.bench.model.exact().passed") == pytest.approx(wanted, rel=1e-9)
    shown.page.get_by_role("button", name="All back").click()
    assert last_share(shown) == share
    shown.fine()


def test_the_last_numbers_are_covered_until_somebody_has_guessed(opened: Any) -> None:
    shown = opened("platelets", "")
    texts = shown.page.eval_on_selector_all("#film .share", "all => all.map((one) => one.textContent)")
    assert texts[-2:] == ["?", "?"]
    assert "?" not in texts[:-2]
    answer = cascade.exact(cascade.load("platelets")).funnel().rows[-1].fraction_of_all
    secret = shown.page.inner_text("#film")
    assert percent(answer) not in secret, "nowhere on the page"
    shown.page.fill("#film .guess input", "1,000")
    shown.page.get_by_role("button", name="That is my guess").click()
    told = shown.page.inner_text("#film .answer")
    assert percent(answer) in told
    assert f"{1000 / (answer * 1e5):.2g} times too high" in told
    # Covered again for the next class; and nobody's guess is a word, or more than all cells.
    shown.page.get_by_role("button", name="Cover again").click()
    assert shown.page.eval_on_selector_all("#film .share", "all => all.map((one) => one.textContent)")[-2:] == [
        "?",
        "?",
    ]
    for wrong in ("", "many", "200,000", "-5"):
        shown.page.fill("#film .guess input", wrong)
        shown.page.get_by_role("button", name="That is my guess").click()
        assert "0 to 100,000" in shown.page.inner_text("#film .guess")
    assert percent(answer) not in shown.page.inner_text("body"), "nor in another scene"
    assert "First the film" in shown.page.inner_text("#tasks")


@pytest.mark.parametrize("lang", ["en", "de"])
def test_tasks_take_the_right_answer_and_refuse_the_wrong(opened: Any, lang: str) -> None:
    shown = opened("platelets", lang=lang)
    page, texts = shown.page, words(lang)["tasks"]
    rows = cascade.exact(cascade.load("platelets")).funnel().rows
    passing = [row.fraction_of_previous for row in rows]
    right = passing.index(min(passing))
    for k in range(len(rows)):
        page.select_option("#task-steepest select", str(k))
        page.click("#task-steepest button")
        said = page.locator("#task-steepest .judged")
        assert said.get_attribute("data-right") == str(k == right).lower()
    sliders, judged = page.locator("#task-halve input"), page.locator("#task-halve .judged")
    page.click("#task-halve button")
    assert texts["halve_none"] in judged.inner_text()
    sliders.nth(3).fill("-10")  # half the odds of a step that few pass: half as many get there
    page.click("#task-halve button")
    assert judged.get_attribute("data-right") == "true"
    sliders.nth(1).fill("-3")
    page.click("#task-halve button")
    assert texts["halve_two"] in judged.inner_text()
    sliders.nth(1).fill("0")
    sliders.nth(3).fill("-20")
    page.click("#task-halve button")
    assert judged.get_attribute("data-right") == "false"
    many = 10 ** int(re.sub(r"\D", "", page.inner_text("#task-luck p >> nth=0").split(":")[0])[1:].count("0"))
    expected = rows[-1].fraction_of_all * many
    point = "," if lang == "de" else "."
    for given, wanted in ((f"{expected:.2g}", "true"), (f"{2 * expected:.2g}", "false"), ("", "false")):
        page.fill("#task-luck input", given.replace(".", point))
        page.click("#task-luck button")
        assert page.locator("#task-luck .judged").get_attribute("data-right") == wanted, given
    shown.fine()


def test_the_answers_for_the_teacher_are_right(opened: Any) -> None:
    """What the key says is done by the page's own check."""
    shown = opened("textbook")
    shown.page.click("summary")
    told = shown.page.inner_text(".teacher")
    rows = cascade.exact(cascade.load("textbook")).funnel().rows
    steepest = min(rows, key=lambda row: row.fraction_of_previous)
    assert steepest.step in told
    shown.page.wait_for_selector(".teacher li:nth-of-type(3)")
    told = shown.page.inner_text(".teacher")
    for k, step in enumerate(cascade.load("textbook").stages):
        odds = shown.page.evaluate(f"cascade.lesson.scenes.at(-1).scene.oddsThatHalve({k})")
        if odds is None:
            most = cascade.exact(scaled(step, 8.0)).funnel().rows[-1].fraction_of_all / rows[-1].fraction_of_all
            assert most > 0.55, "the slider does not reach so far"
            reason = {"end": "0.125", "times": f"{most:.2g}", "share": percent(rows[k].fraction_of_previous)}
            assert words("en")["tasks"]["cannot"].format(step=step, **reason) in told
            continue
        assert f"{step} \N{MULTIPLICATION SIGN} {odds:.2g}" in told
        half = cascade.exact(scaled(step, 1 / odds)).funnel().rows[-1].fraction_of_all
        assert half == pytest.approx(0.5 * rows[-1].fraction_of_all, rel=0.01)


def scaled(step: str, factor: float) -> cascade.Model:
    """The textbook with the deaths of a step multiplied."""
    model = cascade.load("textbook")
    stage = {state.name: state.stage for state in model.states}
    names = [name for name, part, _ in model.hazards() if hasattr(part, "cause") and stage[name.split(".")[0]] == step]
    return model.with_(scale=dict.fromkeys(names, factor))


def test_two_arms_say_what_the_package_says(opened: Any) -> None:
    shown = opened("platelets")
    shown.page.evaluate("cascade.lesson.page.go(1, true)")
    arm = shown.page.evaluate("cascade.data.arms[0]")
    model = cascade.load("platelets")
    treated = model.with_treatments(cascade.treatment("antiplatelet"))
    pairs = cascade.compare(model, treated, cells=arm["cells"], seed=1889)
    told = shown.page.inner_text("#arms .result")
    founders = int(pairs.furthest[-1].sum())
    assert f"Of the {founders} that get there among {arm['cells']:,} cells, the other arm loses {pairs.lost}" in told
    causes: dict[str, int] = {}
    for (one, two), n in pairs.ends.items():
        if one.kind == "success" and two.kind == "death":
            causes[two.cause] = causes.get(two.cause, 0) + n
    assert causes
    for cause, n in causes.items():
        assert f"{n}: {cause}" in told
    assert len(arm["saved"]) == pairs.saved
    # Both lives of a cell, as the package replays them.
    cell = arm["lost"][0]
    (life,) = cascade.replay(treated, seed=1889, cells=range(cell, cell + 1))
    assert f"dies: {life.stays[-1].ended_by}" in shown.page.inner_text("#arms .lives")
    shown.fine()


@pytest.mark.parametrize("lang", ["en", "de"])
def test_an_arm_that_begins_and_ends_says_so_and_is_that_of_the_package(browser: Any, folder: Path, lang: str) -> None:
    model, once = cascade.load("platelets"), cascade.treatment("nk-boost", 1.0, 48.0)
    treated = model.with_treatments(once)
    data = lesson(model, treat=[once, cascade.treatment("nk-boost")], looked=1000, lang=lang)
    context = browser.new_context(reduced_motion="reduce")
    shown = Shown(context, write_lesson(data, folder / f"window-{lang}.html"), "#film=shown&scene=2")
    shown.page.wait_for_selector("#arms .ends li")
    name = words(lang)["terms"].get("nk-boost", "nk-boost")
    when = {"en": "from 60 min until 2 days", "de": "von 60 min bis 2 Tage"}[lang]
    assert shown.page.locator("#arms .films h3").all_inner_texts()[1] == f"{name}, {when}"
    assert shown.page.locator("#arms select option").all_inner_texts() == [f"{name}, {when}", name]
    passed = shown.page.evaluate("cascade.lesson.scenes.find(({ id }) => id === 'arms').scene.other.exact().passed")
    ours = [row.fraction_of_all for row in Exact(treated, nodes=fixed(lower(treated))).funnel().rows]
    assert passed == pytest.approx(ours, rel=1e-9)
    arm = data["arms"][0]
    pairs = cascade.compare(model, treated, cells=arm["cells"], seed=1889)
    assert (len(arm["lost"]), len(arm["saved"])) == (pairs.lost, pairs.saved)
    cell = arm["lost"][0]
    (life,) = cascade.replay(treated, seed=1889, cells=range(cell, cell + 1))
    cause = words(lang)["terms"].get(str(life.stays[-1].ended_by), str(life.stays[-1].ended_by))
    assert words(lang)["arms"]["dies"].format(cause=cause) in shown.page.inner_text("#arms .lives")
    shown.fine()
    context.close()


@pytest.mark.parametrize("kind", ["beside", "treat"])
def test_of_two_models_none_is_called_a_treatment(browser: Any, folder: Path, kind: str) -> None:
    """Both columns have names; that an effect is illustrative is said of treatments alone."""
    beside = scaled("circulation", 0.5) if kind == "beside" else None
    treat = (cascade.treatment("nk-depletion"),) if kind == "treat" else ()
    context = browser.new_context(reduced_motion="reduce")
    data = lesson(cascade.load("textbook"), treat=treat, beside=beside, looked=1000)
    shown = Shown(context, write_lesson(data, folder / f"arms-{kind}.html"), "#film=shown&scene=2")
    shown.page.wait_for_selector("#arms .ends li")
    heads, text = shown.page.locator("#arms .films h3").all_inner_texts(), shown.page.inner_text("#arms")
    say = words("en")
    assert ("was fitted to it" in text) == (kind == "treat")
    assert heads[0] == (
        say["arms"]["first"] if kind == "treat" else say["terms"].get("model textbook", cascade.load("textbook").title)
    )
    shown.fine()
    context.close()


@pytest.mark.parametrize("founds", [True, False])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_two_models_are_told_apart_by_name_in_the_words_of_the_page(
    browser: Any, folder: Path, lang: str, founds: bool
) -> None:
    """Neither is how it is, none is an arm in which cells no longer do what they did."""
    one, other, say = cascade.load("platelets"), cascade.load("platelets-all-four"), words(lang)
    data = lesson(one, beside=other, looked=1000, lang=lang)
    if not founds:
        data["arms"][0] |= {"founders": 0, "lost": [], "saved": []}
    context = browser.new_context(reduced_motion="reduce")
    path = write_lesson(data, folder / f"models-{lang}-{founds}.html")
    shown = Shown(context, path, "#film=shown&scene=2")
    shown.page.wait_for_selector("#arms .ends li")
    text = shown.page.inner_text("#arms")
    names = [say["terms"].get(f"model {model.name}", model.title) for model in (one, other)]
    models = {key.removesuffix("_model") for key in say["arms"] if key.endswith("_model")}
    assert models >= {"lead", "founders", "founders_all", "none", "saved", "saved_none", "exact"}
    for key in models:
        for part in re.split(r"\{\w+\}", say["arms"][key]):
            words_of_model = " ".join(say["arms"][f"{key}_model"].split())
            assert len(part) < 12 or part in words_of_model or part not in text, key
    for name in names:
        assert name in shown.page.inner_text("#arms .ends")
    assert (names[0] in shown.page.inner_text("#arms .result h3")) or founds
    about = " ".join(told(lang, other.name, other.description, other.limits)[0].split())
    assert about in " ".join(text.split())
    assert (other.title in text) == (lang == "en")
    shown.fine()
    context.close()


@pytest.mark.parametrize("name", ["platelets", "clusters", "textbook"])
def test_no_task_asks_for_what_the_film_has_said(opened: Any, name: str) -> None:
    shown = opened(name, "#film=shown", calm=True)
    shown.page.wait_for_selector("#tasks .task")
    asked = shown.page.inner_text("#tasks")
    assert "cells set out" in asked
    assert " 100,000 cells set out" not in asked


@pytest.mark.parametrize("width", [320, 400])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_on_a_phone_a_link_leads_to_a_heading_that_is_seen(browser: Any, folder: Path, lang: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 700}, reduced_motion="reduce")
    shown = Shown(context, written(folder, "colon", lang), "#film=shown&scene=2")
    shown.page.wait_for_timeout(1500)
    seen = shown.page.evaluate(
        """() => { const h = document.querySelectorAll('.scene')[1].querySelector('h2').getBoundingClientRect();
        const on = document.elementFromPoint(h.left + 5, h.top + h.height / 2);
        return [h.top, on && on.tagName]; }"""
    )
    assert seen[0] >= 0
    assert seen[1] == "H2"
    shown.page.evaluate("window.scrollTo(0, 0)")
    edges = shown.page.evaluate(
        "() => [...document.querySelectorAll('.top nav button')].map((b) => b.getBoundingClientRect().right)"
    )
    assert max(edges) <= width
    shown.fine()
    context.close()


@pytest.mark.parametrize(("name", "precise"), [("textbook", True), ("unlike-cells", False)])
def test_no_mean_over_random_points_is_called_exact(opened: Any, name: str, precise: bool) -> None:
    shown = opened(name, "#film=shown", calm=True)
    shown.page.wait_for_function("() => document.querySelector('#film .answer').textContent")
    answer, about = shown.page.inner_text("#film .answer"), shown.page.inner_text("footer").lower()
    assert ("exactly" in answer) == precise
    assert ("give or take some per cent" in answer) != precise
    assert ("drawn at random" in about) != precise
    assert precise or "exact: the mean" not in about
    shown.fine()


def test_an_address_is_a_scenario(opened: Any) -> None:
    shown = opened("platelets", "")
    shown.page.locator("#film .odds input").nth(1).fill("-12")
    shown.page.locator("#film .knob input").first.fill("0")
    shown.page.select_option("#film .treatment select >> nth=0", "nk-boost")
    shown.page.fill("#film .guess input", "250")
    shown.page.get_by_role("button", name="That is my guess").click()
    shown.page.keyboard.press("d")
    shown.page.wait_for_timeout(400)
    address = shown.page.evaluate("location.hash")
    again = opened("platelets", address)
    for what in (
        "cascade.lesson.bench.model.exact().passed",
        "cascade.lesson.bench.state()",
        "document.documentElement.dataset.theme",
        "document.querySelector('#film .answer').textContent",
        "document.querySelector('#film .treatment select').value",
    ):
        assert again.page.evaluate(what) == shown.page.evaluate(what), what
    # What nobody wrote is passed over.
    wrong = opened("platelets", "#film=o9-5,o1-99999,kcloak-77,t-aspirin-0-x,h-200,g-&scene=88&theme=pink")
    assert wrong.page.evaluate("cascade.lesson.bench.odds") == pytest.approx([1, 16, 1, 1])
    wrong.fine()
    again.fine()


def test_with_reduced_motion_nothing_moves_until_play(opened: Any) -> None:
    shown = opened("platelets", calm=True)
    first = shown.film("clock")
    shown.page.wait_for_timeout(700)
    assert shown.film("clock") == first
    assert not shown.film("playing")
    assert first > 5, "a picture with cells in it"
    shown.page.click("#film .controls button >> nth=0")
    shown.page.wait_for_function(f"() => cascade.lesson.scenes[0].scene.stage.clock > {first}")


def test_a_film_that_stands_still_counts_the_cells_behind_lenses(opened: Any) -> None:
    """They are looked for piece by piece: what stands still is drawn again when they are found."""
    shown = opened("textbook", calm=True)
    shown.page.wait_for_function("() => cascade.lesson.scenes[0].scene.stage.cells.ready", timeout=60_000)
    counted = shown.page.locator("#film .counted").all_inner_texts()
    looked = shown.film("cells.lookedAt")
    assert len(set(looked)) > 1, "there are lenses"
    assert [text.split()[-1] for text in counted] == [f"{round(number):,}" for number in looked]
    shown.fine()


def test_keys_lead_a_class(opened: Any) -> None:
    shown = opened("platelets")
    shown.page.keyboard.press("p")
    shown.page.wait_for_timeout(300)
    size = float(shown.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)"))
    assert size >= 18.5
    seen = shown.page.evaluate(
        "[...document.querySelectorAll('.scene')].filter((s) => s.offsetHeight > 0).map((s) => s.id)"
    )
    assert seen == ["film"]
    shown.page.keyboard.press("2")
    seen = shown.page.evaluate(
        "[...document.querySelectorAll('.scene')].filter((s) => s.offsetHeight > 0).map((s) => s.id)"
    )
    assert seen == ["arms"]
    assert not shown.film("playing")
    shown.page.keyboard.press("1")
    shown.page.wait_for_function("() => cascade.lesson.scenes[0].scene.stage.playing")
    shown.page.keyboard.press(" ")
    assert not shown.film("playing")
    shown.fine()


def test_where_a_treatment_cannot_begin_and_end_the_page_says_why(browser: Any, folder: Path) -> None:
    """Of models that a page could not solve at once with it; elsewhere there are two lists of hours."""
    context = browser.new_context(reduced_motion="reduce")
    always = words("en")["film"]["always"]
    for windows in (True, False):
        data = lesson(cascade.load("platelets"), treat=(), looked=1000) | {"windows": windows}
        shown = Shown(context, write_lesson(data, folder / "windows.html"), "#film=t-nk-boost-0-x,shown")
        told = shown.page.inner_text("#film .treatment p")
        assert told.startswith("More cells in the blood")
        assert told.endswith(always) != windows
        hours = shown.page.locator("#film .treatment select").filter(visible=True)
        assert hours.count() == (3 if windows else 1)
        shown.fine()
    context.close()


def test_another_link_in_the_same_page_is_another_scenario(opened: Any) -> None:
    """What the second does not name stands as at first; a guess that nobody could write uncovers nothing."""
    shown = opened("colon", "#film=kvessel-1,shown&body=network&scene=2&theme=dark", calm=True)
    begun = shown.page.evaluate("[cascade.lesson.bench.knobs.vessel, cascade.lesson.scenes[1].scene.state()]")
    assert begun == [1, "network"]
    shown.page.evaluate("location.hash = '#film=shown&scene=3'")
    shown.page.wait_for_function("cascade.lesson.bench.knobs.vessel === 0")
    theme = "document.documentElement.dataset.theme ?? ''"
    told = f"[cascade.lesson.scenes[1].scene.state(), {theme}, cascade.lesson.page.current]"
    assert shown.page.evaluate(told) == ["", "", 2]
    guessed = "[cascade.lesson.scenes[0].scene.open, cascade.lesson.scenes[0].scene.guess]"
    for wrong in ("g-1.2.3", "g-...", "g-1e9", "g-100001"):
        shown.page.evaluate(f"cascade.lesson.scenes[0].scene.restore('{wrong}')")
        assert shown.page.evaluate(guessed) == [False, None]
    shown.page.evaluate("cascade.lesson.scenes[0].scene.restore('g-12.5')")
    assert shown.page.evaluate(guessed) == [True, 12.5]
    shown.fine()


def test_a_link_shows_the_soil_that_it_turned(opened: Any) -> None:
    """Of four organs one is seen: that which stands otherwise than at first."""
    shown = opened("colon", "#film=ksoillung-4,shown", calm=True)
    seen = shown.page.locator("#film .soils .knob").filter(visible=True)
    assert seen.count() == 1
    assert seen.inner_text().endswith(" 10")
    assert shown.page.locator("#film .soils select").input_value() == "1"
    shown.page.get_by_role("button", name="All back").click()
    assert seen.inner_text().endswith(" 1")
    shown.fine()


def test_a_link_leads_to_the_begin_of_its_scene(opened: Any) -> None:
    """Also where scenes above it have grown since."""
    shown = opened("colon", "#film=shown&scene=3", calm=True)
    shown.page.wait_for_timeout(1500)
    top = shown.page.evaluate("cascade.lesson.scenes[2].host.getBoundingClientRect().top")
    assert 0 <= top < 120
    shown.page.mouse.wheel(0, -300)
    shown.page.wait_for_timeout(600)
    assert shown.page.evaluate("cascade.lesson.scenes[2].host.getBoundingClientRect().top") > 200
    shown.fine()


def test_before_a_class_a_scene_begins_at_its_top(opened: Any) -> None:
    shown = opened("colon", "#film=shown&scene=3", calm=True)
    shown.page.evaluate("scrollTo(0, 400)")
    shown.page.keyboard.press("p")
    shown.page.evaluate("scrollTo(0, 300)")
    shown.page.keyboard.press("2")
    shown.page.wait_for_function("scrollY === 0")
    shown.fine()


def test_a_screen_reader_is_not_talked_to_at_every_key(opened: Any) -> None:
    shown = opened("platelets")
    shown.page.evaluate(
        """globalThis.said = 0; for (const region of document.querySelectorAll('[aria-live]'))
        new MutationObserver(() => { said += 1; })
        .observe(region, { childList: true, characterData: true, subtree: true })"""
    )
    slider = shown.page.locator("#film .odds input").first
    slider.focus()
    for _ in range(10):
        shown.page.keyboard.press("ArrowRight")
    shown.page.wait_for_timeout(4500)
    assert 1 <= shown.page.evaluate("said") <= 2


@pytest.mark.sampled(1, 3)
@pytest.mark.parametrize("name", ["platelets", "colon", "textbook"])
@pytest.mark.parametrize("lang", ["en", "de"])
def test_nothing_is_cut_at_any_width(opened: Any, name: str, lang: str) -> None:
    for width in WIDTHS:
        shown = opened(name, "#film=shown", lang=lang, width=width)
        shown.page.wait_for_timeout(300)
        assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
        # No text is wider than what holds it, but for those that scroll.
        cut = shown.page.evaluate(
            """['button', 'h2', 'h3', 'p', 'output', '.share', 'td', 'th']
            .flatMap((part) => [...document.querySelectorAll(`main ${part}`)])
            .filter((e) => e.offsetWidth && !e.classList.contains('heard') && e.scrollWidth > e.clientWidth + 1
                && getComputedStyle(e).display !== 'inline').map((e) => e.textContent.slice(0, 40))"""
        )
        assert cut == [], width
        small = shown.page.evaluate(
            """[...document.querySelectorAll('main button:not(.word), main select, main input')]
            .filter((e) => e.offsetWidth && (e.offsetHeight < 34 || e.offsetWidth < 44))
            .map((e) => e.outerHTML.slice(0, 80))"""
        )
        assert small == [], width


# Text that is seen and smaller than that, in pixels of the screen; a triangle is no text.
SMALL = """(least) => {
  const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const part = node.parentElement, range = document.createRange(), svg = part.closest("svg");
    range.selectNode(node);
    const { width, height } = range.getBoundingClientRect(), matrix = svg && part.getScreenCTM?.();
    if (width < 2 || height < 2 || part.closest(".tip")) continue;
    if (!part.checkVisibility({ visibilityProperty: true })) continue;
    const size = parseFloat(getComputedStyle(part).fontSize) * (matrix ? Math.hypot(matrix.a, matrix.b) : 1);
    if (size < least - 0.01) found.push(`${size.toFixed(1)}: ${node.textContent.trim().slice(0, 30)}`);
  }
  return found;
}"""


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", ["textbook", "platelets", "colon", "breast"])
def test_before_a_class_no_text_is_small_and_all_rows_stand_on_the_wall(browser: Any, folder: Path, name: str) -> None:
    path = written(folder, name)
    if name == "breast":  # its patients
        path = write_lesson(patient_lesson(name), folder / "patients.html")
    for width, height in ((1920, 1080), (1280, 720)):
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        shown = Shown(context, path, "#film=shown&present=1")
        for number in range(len(shown.page.evaluate("cascade.lesson.scenes.map(() => 0)"))):
            shown.page.keyboard.press(str(number + 1))
            shown.page.wait_for_timeout(400)
            assert shown.page.evaluate(SMALL, 20) == []
            if number == 0:
                picture = shown.page.evaluate(
                    "document.querySelector('.film, .time-stage').getBoundingClientRect().bottom"
                )
                assert picture <= height
        context.close()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["platelets", "colon"])
def test_axe_finds_nothing(opened: Any, name: str, theme: str) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright", reason="pip install 'metastatic-cascade[browser]'")
    # The browser's own rule for pages forbids scripts of others: axe is let in here.
    shown = opened(name, f"#film=shown&theme={theme}", calm=True)
    found = axe.Axe().run(shown.page)
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found["violations"]] == []


def test_printed_it_keeps_its_bars(opened: Any) -> None:
    shown = opened("platelets", "#film=shown", calm=True)
    shown.page.emulate_media(media="print")
    shown.page.wait_for_timeout(200)
    bars = shown.page.evaluate(
        """[...document.querySelectorAll('#film .parts')].map((bar) => [bar.offsetWidth > 50,
        [...bar.children].every((part) => getComputedStyle(part).printColorAdjust === 'exact')])"""
    )
    assert bars
    assert all(wide and kept for wide, kept in bars)
    assert shown.page.evaluate("document.querySelector('#film .knobs').offsetHeight") == 0
    assert shown.page.locator("#film button:not(.word)").filter(visible=True).count() == 0


def on_paper(shown: Shown, scene: str) -> list[str]:
    """What a scene says on paper of what was moved."""
    return [str(line) for line in shown.page.locator(f"#{scene} .on-paper li").filter(visible=True).all_inner_texts()]


def test_on_paper_stands_what_was_moved_for_the_printed_numbers(opened: Any, browser: Any, folder: Path) -> None:
    """Sliders are not printed, and the numbers are those of the moved ones: a line for each, and none for others."""
    times = "\N{MULTIPLICATION SIGN}"
    tasks = "halve:0;-10;0;0"
    shown = opened("platelets", f"#film=o1--7,kcloak-0,t-nk-boost-24-72,shown&tasks={tasks}", calm=True)
    shown.page.wait_for_function("() => cascade.lesson.scenes.at(-1).scene.tasks.ready")
    assert on_paper(shown, "film") == [], "on a screen the sliders say it"
    shown.page.emulate_media(media="print")
    passes = shown.page.inner_text("#tasks .on-paper").split(", ")[-1]
    model = cascade.load("platelets")
    there = [state for state in model.states if state.stage == "arrest"]
    arrest = {f"{state.name}.{death.cause}" for state in there for death in state.deaths}
    half = model.with_(scale=dict.fromkeys(arrest, 2.0))
    (share,) = [row.fraction_of_previous for row in cascade.exact(half).funnel() if row.step == "arrest"]
    assert passes == f"{percent(share)} pass"
    moved = on_paper(shown, "film")
    assert re.fullmatch(rf"arrest {times} 0\.62, [\d.]+ % pass", moved[0])
    assert moved[1:] == ["Platelets: 0 %", "Treatment: nk-boost, from 24 h until 3 days"]
    assert on_paper(shown, "tasks") == [f"arrest {times} 0.5, {passes}"]
    shown.page.evaluate("cascade.lesson.scenes[0].scene.reset()")
    assert on_paper(shown, "film") == []
    german = opened("colon", "#film=ksoilliver-4,h-30,shown", calm=True, lang="de")
    german.page.emulate_media(media="print")
    assert on_paper(german, "film") == [f"Boden: Leber: {times} 10", "Vom ersten Kapillarbett gehalten: 30 %"]
    assert on_paper(german, "body") == on_paper(german, "film"), "the body follows the knobs"
    context = browser.new_context(reduced_motion="reduce")
    path = write_lesson(patient_lesson("breast"), folder / "paper.html")
    patient = Shown(context, path, "#patient=e2.5,k2,d1,p3")
    patient.page.emulate_media(media="print")
    chips = patient.page.locator(".time-handle").all_inner_texts()
    assert len(chips) == 4, "scalpel, drug, how long, eye"
    knife, drug, years, eye = chips
    assert on_paper(patient, "patient") == ["Patient 3", knife, f"{drug}, {years}", eye]
    context.close()


def test_a_drug_that_is_given_for_one_year_is_not_given_for_years(browser: Any, folder: Path) -> None:
    """Fluorouracil: half a year, or twice that."""
    context = browser.new_context(reduced_motion="reduce")
    for lang, said in (("en", ["0.5 years", "1 year"]), ("de", ["0,5 Jahre", "1 Jahr"])):
        path = write_lesson(patient_lesson("colon", lang=lang), folder / f"year.{lang}.html")
        chips = [
            Shown(context, path, f"#patient=d{d}").page.locator(".time-handle").all_inner_texts()[2] for d in (1, 2)
        ]
        assert chips == said
    context.close()
