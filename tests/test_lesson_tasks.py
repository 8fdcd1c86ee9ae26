"""Tasks of lessons: numbered from 1 in each, and of cells that all get there about their half-life."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.cli import main
from cascade.cli.galleries import data_of
from cascade.lessons.gallery import cards
from cascade.lessons.page import lesson_in
from cascade.lessons.tasks import asked_of, clearing, looked_at
from cascade.lessons.words import languages, words
from cascade.model import Model
from cascade.runs.taught import lesson
from cascade.web.page import payload
from helpers.node import asked, in_node

OWN = {
    "one step that many pass": ({"arrest": 0.95}, ["luck"]),
    "one step": ({"arrest": 0.2}, ["halve", "luck"]),
    "two steps that many pass": ({"arrest": 0.96, "exit": 0.95}, ["steepest", "luck"]),
    "two steps": ({"arrest": 0.3, "exit": 0.1}, ["steepest", "halve", "luck"]),
}
ALL_LEAVE = ["ctc-mouse", "ctc-patient"]


def made(model: Model, lang: str = "en", until: float | None = None) -> Any:
    return lesson(model, treat=(), looked=1000, lang=lang, until=until)


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("which", OWN)
def test_tasks_that_are_asked_are_numbered_from_one(which: str, lang: str) -> None:
    steps, there = OWN[which]
    texts = made(Model.from_survival(steps), lang)["texts"]["tasks"]
    assert [int(re.match(r"(\d)\. ", texts[task])[1]) for task in there] == [*range(1, len(there) + 1)]  # type: ignore[index]
    assert [int(re.search(r" (\d): ", texts[f"answer_{task}"])[1]) for task in there] == [*range(1, len(there) + 1)]  # type: ignore[index]


CAN = """
  const bench = new Bench(given.lesson), { sliders } = given.lesson.model;
  const last = () => bench.model.exact().passed.at(-1), first = last();
  const left = sliders.map((k) => {
    bench.odds.fill(1);
    bench.odds[k] = 1 / 8;
    bench.rebuild();
    return last() / first;
  });
  const steepest = sliders.length > 1 ? ["steepest"] : [], halve = left.some((x) => x <= 0.55) ? ["halve"] : [];
  console.log(JSON.stringify([...steepest, ...halve, "luck"]));
"""


@in_node
@pytest.mark.parametrize("which", [*OWN, "textbook", "b16f1-liver", "ctc-mouse"])
def test_the_same_tasks_are_counted_as_the_page_asks(which: str) -> None:
    model = Model.from_survival(OWN[which][0]) if which in OWN else cascade.load(which)
    found = asked_of(model, payload(model, seed=1), None)
    assert found == asked("bench.js", CAN, {"lesson": made(model)})
    assert which not in OWN or found == OWN[which][1]


def test_where_all_get_there_the_question_is_about_a_half_life() -> None:
    """After three of them: one in eight is left, and the page says when."""
    assert [entry.name for entry in cascade.models() if clearing(cascade.load(entry.name))] == ALL_LEAVE
    for name, half, after in (("ctc-mouse", 100 / 3600, "5 min"), ("ctc-patient", 1.7, "5.1 h")):
        model = cascade.load(name)
        until = looked_at(model)
        assert until == pytest.approx(3 * half)
        assert cascade.exact(model, until=until).success == pytest.approx(7 / 8)
        texts = made(model, until=until)["texts"]
        assert after in texts["film"]["question"]
        assert texts["tasks"]["luck"].startswith("1. Half of the cells leave the blood within ")
        assert f"{after} are 3 half-lives" in texts["tasks"]["answer_luck"]
        assert not re.search(r"treatment|slider|arm", texts["tasks"]["plan15"] + texts["tasks"]["plan45"])
    assert looked_at(cascade.load("textbook")) is None


@pytest.mark.parametrize("name", ALL_LEAVE)
def test_no_lesson_asks_how_many_of_all_cells_are_all(name: str, tmp_path: Path) -> None:
    """In the command and in the gallery; whoever says an hour gets it."""
    (card,) = (card for group in cards("en").values() for card in group if card.name == name)
    given = [data_of(card, "en")]
    for more in ([], ["--until", "1min"]):
        with pytest.raises(SystemExit) as ended:
            main(["lesson", name, "--quiet", "--out", str(tmp_path / "x.html"), *more])
        assert ended.value.code == 0
        given.append(lesson_in(tmp_path / "x.html") or {})
    ends = [data["model"]["until"] for data in given]
    assert ends == [looked_at(cascade.load(name))] * 2 + [pytest.approx(1 / 60)]
    for data in given:
        (day,) = (knob for knob in data["knobs"] if knob["id"] == "day")
        labels = [stop["label"] for stop in day["stops"]]
        assert len(labels) == len(set(labels))
        assert not any("0.08" in label or "0.016" in label for label in labels), "a second name for a moment"


@pytest.mark.parametrize("lang", languages())
def test_texts_in_place_of_others_have_no_holes_that_the_page_does_not_fill(lang: str) -> None:
    """What the page fills of the text that they stand for; half-lives are filled before."""
    table = words(lang)
    for path, text in table["cleared"].items():
        section, _, name = path.partition(".")
        holes = [set(re.findall(r"\{(\w+)\}", one)) for one in (text, table[section][name])]
        assert holes[0] <= holes[1] | {"half", "after", "halves"}, path
    for minutes in (15, 45):
        parts = re.findall(r"\((\d+)\)", table["cleared"][f"tasks.plan{minutes}"])
        assert sum(map(int, parts)) == minutes
    filled = made(cascade.load("ctc-mouse"), lang, 0.1)["texts"]
    assert not re.search(r"\{(half|after|halves)\}", str(filled))


@pytest.mark.parametrize("lang", languages())
def test_one_cell_is_looked_through_as_one(lang: str) -> None:
    """The first cell that was looked at gets there: nobody says that 1 cells were looked through."""
    alone = made(cascade.load("ctc-mouse"), lang)
    assert alone["founder"] == alone["first"] == 0
    assert "{looked}" not in alone["texts"]["film"]["ringed"]
    several = made(Model.from_survival({"arrest": 0.1}), lang)
    assert several["founder"] > 0
    assert "{looked}" in several["texts"]["film"]["ringed"]
