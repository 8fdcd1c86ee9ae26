"""Tutorials, questions and terms of the guide; and what it takes over from lessons, against the lessons themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.lessons.gallery import cards
from cascade.lessons.tasks import long_plan
from cascade.lessons.words import words
from cascade.runs.taught import lesson
from helpers.guide import DOCS, module
from helpers.node import asked, in_node

TERMS = module("terms")
LESSONS = module("lessons")
TUTORIALS = sorted(page for page in (DOCS / "tutorials").glob("*.md") if page.name != "index.md")


def named(page: Path) -> str:
    return str(page.relative_to(DOCS))


def title(page: Path) -> str:
    found = re.search(r"^# (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, page
    return found[1]


def test_links_to_tutorials_have_their_titles() -> None:
    """A title that is changed is changed wherever it is quoted."""
    asked = 0
    for page in [*DOCS.glob("*.md"), *DOCS.glob("*/*.md")]:
        for said, name in re.findall(r"\[([A-Z][^\]]*\?)\]\(\S*?(\w+)\.md\)", page.read_text(encoding="utf-8")):
            if (DOCS / "tutorials" / f"{name}.md") in TUTORIALS:
                asked += 1
                assert said == title(DOCS / "tutorials" / f"{name}.md"), page
    assert asked >= 8


# Terms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", TERMS.pages(), ids=named)
def test_every_term_is_linked_where_a_page_first_uses_it(page: Path) -> None:
    """All pages but references, the glossary, and pages that are being written, as docs/terms.py lists them."""
    _, missing = TERMS.with_links(page.read_text(encoding="utf-8"))
    assert not missing, "run: python docs/terms.py --write"


@pytest.mark.parametrize("page", TERMS.pages(), ids=named)
def test_every_link_to_a_term_finds_it(page: Path) -> None:
    roles = re.findall(r"\{term\}`([^`]*)`", page.read_text(encoding="utf-8"))
    entries = {re.fullmatch(r"(?:.*<)?(.*?)>?", role.replace("\n", " "))[1] for role in roles}  # type: ignore[index]
    assert entries <= set(TERMS.entries())


def test_a_page_that_nobody_thought_of_is_found_out() -> None:
    text = "# Hazard\n\nThe `hazard` of a [hazard](x.md).\n\n| hazard |\n\nWho met hazards\nor a\nrelative exposure.\n"
    told, added = TERMS.with_links(text)
    assert set(added) == {"hazard", "exposure, relative"}
    assert "met {term}`hazards <hazard>`" in told
    assert TERMS.with_links(told) == (told, [])


def test_the_glossary_is_in_order_and_says_each_term_once() -> None:
    entries = [entry.casefold() for entry in TERMS.entries()]
    assert entries == sorted(set(entries))


# Tutorials ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", TUTORIALS, ids=named)
def test_a_tutorial_goes_from_a_question_to_a_conclusion(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.search(r"^# .*\?$", text, re.MULTILINE)
    assert text.index("**Question.**") < text.index("## 1.") < text.index("## Try it") < text.index("## Conclusion")
    assert 3 <= len(re.findall(r"^## \d\. ", text, re.MULTILINE)) <= 6
    exercises = text.partition("## Try it")[2].partition("```")[0]
    assert 2 <= len(re.findall(r"^\d\. ", exercises, re.MULTILINE)) <= 3
    answers = text.partition(":tags: [hide-cell]")[2].partition("```")[0]
    for number in re.findall(r"^(\d)\. ", exercises, re.MULTILINE):
        assert re.search(rf'"{number}\.[ "]', answers), "answered by the cell that is hidden"
    assert "**Limits.**" in text.partition("## Conclusion")[2]
    assert page.name in (DOCS / "tutorials" / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", TUTORIALS, ids=named)
def test_what_a_cell_could_compute_is_not_typed(page: Path) -> None:
    """No share, ratio or decimal in the prose between cells: numbers there are names and settings."""
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```|\A---\n.*?\n---\n|`[^`]*`|\]\([^)]*\)", "", text, flags=re.DOTALL | re.MULTILINE)
    conclusion = prose.partition("## Conclusion")[2]
    assert not re.findall(r"\d", conclusion)
    assert not re.findall(r"\d+(?:\.\d+)? %", prose.partition("## 1.")[2].partition("## Try it")[0])


@pytest.mark.parametrize("page", [*TUTORIALS, DOCS / "faq.md"], ids=named)
def test_what_a_page_names_of_the_package_is_there(page: Path) -> None:
    for name in re.findall(r"\bcascade((?:\.[a-z_A-Z]+)+)\(", page.read_text(encoding="utf-8")):
        found: Any = cascade
        for part in name.strip(".").split("."):
            found = getattr(found, part)


def test_questions_are_questions_with_short_answers() -> None:
    text = (DOCS / "faq.md").read_text(encoding="utf-8")
    parts = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    assert 12 <= len(parts) <= 22
    for part in parts:
        question, _, answer = part.partition("\n")
        assert question.rstrip().endswith("?") or "?" in question
        assert len(answer.partition("\n## ")[0].split()) < 130, question


def test_everything_in_the_gallery_is_drawn() -> None:
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        assert re.search(r"^```\{code-cell\}\n(?:.*\n)*?cascade\.plot\.", part, re.MULTILINE), part.partition("\n")[0]


# Lessons in the guide -----------------------------------------------------------------------------


def test_pages_that_are_linked_are_written_and_frames_say_what_they_are() -> None:
    written = {f"{name}.html" for name in LESSONS.PAGES} | {f"patient-{name}.html" for name in LESSONS.PATIENTS}
    linked = set()
    for page in TERMS.pages():
        text = page.read_text(encoding="utf-8")
        linked |= set(re.findall(r'(?:href|src)="(?:\.\./)?lessons/([^"]*)"', text))
        for frame in re.findall(r"<iframe[^>]*>", text):
            assert 'title="' in frame
            assert 'loading="lazy"' in frame
    assert linked == written


def test_minutes_of_a_plan_add_up() -> None:
    """Also with the scenes that a page has, in each language."""
    for lang in ("en", "de"):
        texts = words(lang)["tasks"]
        plans = {15: [texts["plan15"], texts["patient_plan15"]], 45: [texts["patient_plan45"]]}
        plans[45] += [
            long_plan(texts, scenes)
            for scenes in ([], ["arms"], ["body"], ["arms", "body"], ["knob"], ["knob", "arms"])
        ]
        for minutes, told in plans.items():
            for text in told:
                assert sum(map(int, re.findall(r"\((\d+)\)", text))) == minutes
    assert LESSONS.long_plans()[2].startswith("- **45 minutes, with both:** as above (15); each group")


@pytest.mark.parametrize(
    ("name", "scenes"),
    [("colon", {"arms", "body"}), ("textbook", {"arms"}), ("mouse-tail-vein", {"body"}), ("clusters", set())],
)
def test_a_plan_speaks_of_the_scenes_that_the_page_has(name: str, scenes: set[str]) -> None:
    treat = [cascade.treatment("nk-depletion")] if "arms" in scenes else []
    data, texts = lesson(cascade.load(name), treat=treat, looked=1), words("en")["tasks"]
    assert {"arms": bool(data["arms"]), "body": bool(data["anatomy"])} == {
        one: one in scenes for one in ("arms", "body")
    }
    for scene in ("arms", "body"):
        begin = texts[f"plan_{scene}"].partition(":")[0]
        assert (f"; {begin}:" in data["texts"]["tasks"]["plan45"]) == (scene in scenes)
    knob = words("en")["terms"].get("knob clusters" if name == "clusters" else "knob held", "?")
    assert (f"({knob})" in data["texts"]["tasks"]["plan45"]) == (name == "clusters")


@in_node
@pytest.mark.parametrize("name", ["textbook", "emt", "clusters", "colon", "brain", "unlike-cells"])
def test_answers_for_teachers_are_those_of_the_page(name: str) -> None:
    """Shares that pass, as it is and with the slider of each step where it halves."""
    model = cascade.load(name)
    data = lesson(model, treat=[], looked=1)
    steps = [model.stages[k] for k in data["model"]["sliders"]]
    sliders = LESSONS.Sliders(model)
    odds = [sliders.that_halve(step) for step in steps]
    code = """
      const bench = new Bench(given.lesson), last = () => bench.model.exact().passed.at(-1), first = last();
      const with_ = (k, x) => { bench.odds.fill(1); bench.odds[k] = x; bench.rebuild(); return last() / first; };
      const left = given.lesson.model.sliders.map((k, n) => with_(k, given.odds[n] ?? 0.125));
      bench.reset();
      console.log(JSON.stringify([bench.model.exact().passed, left]));
    """
    passed, left = asked("bench.js", code, {"lesson": data, "odds": odds})
    assert passed == pytest.approx(sliders.passed(), rel=1e-9)
    for step, share, found in zip(steps, left, odds, strict=True):
        assert share == pytest.approx(sliders.left(step, found or 0.125), rel=1e-9)
        assert share > 0.55 if found is None else share == pytest.approx(0.5, abs=0.002)


def test_turned_sliders_are_solved_as_models_of_their_own() -> None:
    """What is lowered once, and then solved for each place, is what the package says of a model with these hazards."""
    for name, step in (("clusters", "extravasation"), ("prostate", "arrest")):
        model = cascade.load(name)
        dying = {f"{s.name}.{d.cause}": 4.0 for s in model.states if s.stage == step for d in s.deaths}
        rows = cascade.exact(model.with_(scale=dying)).funnel().rows
        assert LESSONS.Sliders(model).passed(step, 0.25) == pytest.approx([r.fraction_of_all for r in rows], rel=1e-9)


def test_the_page_for_teachers_has_the_answers_of_every_lesson(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of cancers, too, and of cells that differ in many traits; a step that cannot has its reason."""
    told = LESSONS.answers(cascade.load("brain"))
    assert [one.partition(":")[0] for one in told] == ["Task 1", "Task 2", "Task 3"]
    assert "arrest cannot: even at \N{MULTIPLICATION SIGN} 0.125, where its slider ends, 1 times" in told[1]
    for part in ("section", "patients_section"):
        monkeypatch.setattr(LESSONS, part, lambda card: f"<{card.kind} {card.name}>")
    shown = set(re.findall(r"<(model|disease) (.*?)>", LESSONS.teachers()))
    assert shown == {("model", entry.name) for entry in cascade.models()} | {
        ("disease", card.name) for card in cards("en")["patients"]
    }


@in_node
@pytest.mark.full
@pytest.mark.parametrize("name", ["textbook", "breast", "colon"])
def test_answers_on_patients_are_those_of_the_page(name: str) -> None:
    data = json.loads(json.dumps(LESSONS.patients_of(name)["patient"]))
    middle, mm = len(data["knives"]) // 2, float(f"{data['eye']['mm']:.2g}")
    code = """
      const { data, middle, mm } = given, none = data.knives.length - 1;
      const facts = data.patients.map((_, patient) => factsOf(data, { patient, knife: middle, drug: 0, mm }));
      const dying = data.knives.map((_, knife) => data.patients.filter((_, patient) =>
        endUnder(data, { patient, knife, drug: 0, mm: 1 })[1] === 1).length);
      const counted = facts.map(({ operated, there, seen }) => (operated ? [there, seen] : [0, 0]));
      console.log(JSON.stringify([counted, dying]));
    """
    facts, dying = asked("timelinecurves.js", code, {"data": data, "middle": middle, "mm": mm})
    assert [list(LESSONS.at_operation(name, data, one, middle, mm)) for one in data["patients"]] == facts
    (_, untreated), (_, early), *hidden = LESSONS.patient_answers(name)
    assert (untreated, early) == (dying[-1], min(dying[:-1]))
    assert all(value >= 2 for _, value in hidden)
