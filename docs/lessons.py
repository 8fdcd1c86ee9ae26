"""What the guide shows of lessons: some of their pages whole, and plans and answers for teachers, from their own texts.

The answers are those that a page works out behind "For the teacher" (``js/taskscene.js``, ``js/timetasks.js``): here
by the exact answer of the package, as the guide is built.
"""

from __future__ import annotations

import itertools
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize

import cascade
from cascade.answers.funnel import causes_text
from cascade.common.shares import percent
from cascade.lessons.gallery import Card, cards
from cascade.lessons.knobs import acting_on
from cascade.lessons.page import write_lesson
from cascade.lessons.tasks import long_plan, looked_at, texts_for
from cascade.lessons.words import words
from cascade.lowering.lower import lower
from cascade.lowering.one_cell import by_cell
from cascade.patient.course import course_of
from cascade.patient.taught import patient_lesson
from cascade.patient.timeline import GROWN, care_name, studied
from cascade.runs.arms import change_most
from cascade.runs.taught import ARMS, lesson
from cascade.solution.quadrature import fixed
from cascade.solution.solver import Solver
from cascade.web.page import payload

PAGES = ("textbook", "platelets", "colon")
"""Models whose lessons the guide has whole."""

PATIENTS = ("breast",)
"""Diseases whose lessons it has."""

SEED = 1889
STEEP, HALF = 2.0**-3, 0.55
"""Of the task to halve: where a slider ends, and what still counts as half."""

SET_OUT = 100_000
"""Cells of a film."""

TIMES = "\N{MULTIPLICATION SIGN}"
TUMOUR = 1
"""As a cause of death."""

WORDS = words("en")


def say(key: str, **values: object) -> str:
    """A text of the lessons, with its values."""
    section, _, name = key.partition(".")
    return WORDS[section][name].format(**values)


def term(name: str) -> str:
    """What a name of a model is called."""
    return WORDS["terms"].get(name, name)


def factor(value: float) -> str:
    """A factor as the pages write it: two figures, or whole.

    Examples
    --------
    >>> factor(0.6543), factor(12.4), factor(123.4), factor(12345.0)
    ('0.65', '12', '123', '12,300')
    """
    if value >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{float(f'{value:.2g}'):g}"


# Pages --------------------------------------------------------------------------------------------


@cache
def patients_of(disease: str) -> dict[str, Any]:
    """The lesson on patients of a disease."""
    return patient_lesson(disease, seed=SEED)


def write_pages(folder: Path) -> None:
    """Write the lessons that the guide has whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        write_lesson(lesson(cascade.load(name), seed=SEED), folder / f"{name}.html")
    for name in PATIENTS:
        write_lesson(patients_of(name), folder / f"patient-{name}.html")


# Answers ------------------------------------------------------------------------------------------


def passing(model: cascade.Model) -> list[float]:
    """Of each step the share of the cells that enter it which pass; of an average over points that of the page."""
    if fixed(lower(model)).replicate.any():
        came = [1.0, *Sliders(model).passed()]
        return [after / before for before, after in itertools.pairwise(came)]
    return [row.fraction_of_previous for row in cascade.exact(model, until=looked_at(model)).funnel()]


def success(model: cascade.Model) -> float:
    """The share of the cells that pass the last step; of an average over points drawn at random that of the page."""
    if fixed(lower(model)).replicate.any():
        return Sliders(model).passed()[-1]
    return float(cascade.exact(model, until=looked_at(model)).funnel().rows[-1].fraction_of_all)


class Sliders:
    """A model whose sliders are turned as in its page: lowered once, then solved for many places of a slider.

    To make and lower the model anew for each place takes ten times as long as to solve it.  Where cells differ in many
    traits, the points of the average are those of the page.
    """

    def __init__(self, model: cascade.Model) -> None:
        nodes, lowered = fixed(lower(model)), by_cell(lower(model))
        hazards = lowered.exit_hazard * lowered.multipliers[0, lowered.exit_transition]
        self.stages, self.weights, self.solver = lowered.stages, nodes.weights, Solver(lowered)
        self.hazards = hazards * nodes.multipliers[:, lowered.exit_profile]
        self.dying = np.where(lowered.exit_target < 0, lowered.stage[lowered.exit_source], -1)

    def passed(self, step: str = "", odds: float = 1.0) -> list[float]:
        """The share of all cells that passes each step, with the slider of one at these odds."""
        turned = self.dying == (self.stages.index(step) if step else -2)
        hazards = np.where(turned, self.hazards / odds, self.hazards)
        entered = self.solver.passage(hazards, np.zeros(1), self.weights).entered[0].real
        return [float(share) for share in entered[1 : len(self.stages) + 1]]

    def left(self, step: str, odds: float) -> float:
        """How many times as many get there as with no slider turned."""
        return self.passed(step, odds)[-1] / self.passed()[-1]

    def that_halve(self, step: str) -> float | None:
        """The slider of a step that halves the number of those that get there; None: it does not reach so far."""

        def over(power: float) -> float:
            return self.left(step, 2.0**power) - 0.5

        lowest = math.log2(STEEP)
        end = over(lowest)
        if end > HALF - 0.5:
            return None
        return STEEP if end > 0 else float(2.0 ** optimize.brentq(over, lowest, 0.0, xtol=0.002))

    def why_not(self, step: str) -> str:
        """That a step cannot, and why: how many are left at the end of its slider, and how many pass it as it is."""
        came = [1.0, *self.passed()]
        k = self.stages.index(step)
        share = percent(came[k + 1] / came[k])
        return say("tasks.cannot", step=term(step), end=f"{STEEP:g}", times=factor(self.left(step, STEEP)), share=share)


def many(share: float) -> int:
    """So many cells that the answer is a number of two or three digits; not as many as the film has: that says it."""
    cells = int(10 ** max(3, math.ceil(-math.log10(share or 1.0)) + 2))
    return cells // 10 if cells == SET_OUT else cells


def own_words(model: cascade.Model) -> dict[str, dict[str, str]]:
    """The texts of a lesson as the page of this model has them: its tasks from 1 on, and its own question."""
    return texts_for(model, WORDS, payload(model, seed=SEED), looked_at(model), alone=False)


def answers(model: cascade.Model) -> list[str]:
    """Of the tasks of a lesson on a model."""
    own = own_words(model)["tasks"]
    base, shares, all_of_them = payload(model, seed=SEED), passing(model), success(model)
    steps = [model.stages[k] for k in base["sliders"]]
    told = []
    if len(steps) > 1:
        steepest = shares.index(min(shares))
        step, share = term(model.stages[steepest]), percent(shares[steepest])
        told.append(own["answer_steepest"].format(step=step, share=share))
    sliders = Sliders(model)
    found = {step: sliders.that_halve(step) for step in steps}
    if any(odds is not None for odds in found.values()):
        listed = "; ".join(
            sliders.why_not(step) if odds is None else f"{term(step)} {TIMES} {factor(odds)}"
            for step, odds in found.items()
        )
        told.append(own["answer_halve"].format(list=listed))
    cells = many(all_of_them)
    told.append(f"{own['answer_luck'].format(value=factor(all_of_them * cells))[:-1]} (of {cells:,} cells).")
    return told


def compared(model: cascade.Model) -> list[str]:
    """What is compared with that of another lesson: half-lives in the blood, or the organ that leads."""
    if any(one.ask and one.ask.half_life for one in model.observations):
        (gone,) = (row for row in cascade.exact(model).times() if row.kind == "step")
        hours = gone.median_hours
        return [f"Half-life in the blood: {factor(3600 * hours)} seconds, or {factor(hours)} hours."]
    if model.name.startswith("mouse-"):
        rows = list(cascade.exact(model).organs())
        first = max(rows, key=lambda row: row.colonies)
        share = percent(first.colonies / sum(row.colonies for row in rows))
        return [f"Colonies are commonest in: {term(first.organ)}, {share} of all."]
    return []


def arms(model: cascade.Model) -> list[str]:
    """Of the treatments that change most: how many times as many get there, exactly."""
    first = success(model)
    most = change_most(model, acting_on(model), None, ARMS)
    return [f"{term(one.name)} {TIMES} {factor(success(model.with_treatments(one)) / first)}" for one in most]


def patient_answers(disease: str) -> list[tuple[str, int]]:
    """Of the tasks of a lesson on patients: each question with its answer."""
    data = patients_of(disease)["patient"]
    patients, knives = data["patients"], data["knives"]

    def dying(knife: int) -> int:
        return sum(int(one["causes"][knife][0]) == TUMOUR for one in patients)

    with_knife = range(len(knives) - 1)
    least = min(map(dying, with_knife))
    worth = max(knife for knife in with_knife if dying(knife) == least)
    told = [
        (say("tasks.patient_untreated", n=len(patients)), dying(len(knives) - 1)),
        (say("tasks.patient_early", n=len(patients), year=f"{knives[worth]:.1f}"), least),
    ]
    middle, mm = len(knives) // 2, float(f"{data['eye']['mm']:.2g}")
    for one in reversed(patients):
        there, seen = at_operation(disease, data, one, middle, mm)
        if there - seen >= 2:
            asked = {"patient": one["number"], "year": f"{knives[middle]:.1f}", "mm": factor(mm)}
            return [*told, (say("tasks.patient_hidden", **asked), there - seen)]
    return told


def at_operation(disease: str, data: dict[str, Any], one: dict[str, Any], knife: int, mm: float) -> tuple[int, int]:
    """Tumours and metastases that are there just before an operation, and how many an eye for so many mm sees."""
    year = data["knives"][knife]
    if year is None or year >= one["ends"][knife][0] / 1000:
        return 0, 0
    whole = studied(cascade.disease(disease))
    course = course_of(whole, seed=int(data["seed"]), patient=one["number"], care=care_name(year, None))
    shown = [lesion.number == 0 or lesion.fate in GROWN for lesion in course.lesions]
    cells = course.cells(year - 2 / 3652.5)[:, 0][shown]
    smallest = math.pi / 6 * (mm / 10) ** 3 * data["cells_per_cm3"]
    return int((cells > 0).sum()), int((cells >= smallest).sum())


# The page for teachers ----------------------------------------------------------------------------


def section(card: Card) -> str:
    """A lesson on a model: what it is on, how many get there, where cells die, and the answers."""
    model = cascade.load(card.model)
    share = success(model)
    goal = term(f"goal {payload(model, seed=SEED)['cast']['goal']}")
    film = own_words(model)["film"]
    lines = [
        f"### {card.title}\n",
        f"{card.about} {facts(card)} `cascade lesson {card.name} --out {card.name}.html`\n",
        f"*The film asks:* {film['question'].format(n='100,000', goal=goal)} "
        f"{film['answer'].format(n=factor(100_000 * share), share=percent(share))}\n",
        "| step | of the cells that enter pass | the others |",
        "| --- | --- | --- |",
        *(
            f"| {term(row.step)} | {percent(row.fraction_of_previous)} | {causes_text(row)} |"
            for row in cascade.exact(model, until=looked_at(model)).funnel()
        ),
        "",
        *(f"- {answer}" for answer in answers(model)),
        *(f"- {one}" for one in compared(model)),
    ]
    two = arms(model)
    lines += [f"- Two arms, colonies against untreated: {'; '.join(two)}."] if two else []
    return "\n".join(lines) + "\n"


def patients_section(card: Card) -> str:
    """A lesson on patients."""
    asked = patient_answers(card.name)
    lines = [
        f"### {card.title}\n",
        f"{card.about} {facts(card)} `cascade lesson --patient {card.name} --out patient-{card.name}.html`\n",
        *(f"{question} **{answer}.**" for question, answer in asked),
    ]
    return "\n".join(lines) + "\n"


def facts(card: Card) -> str:
    """For whom, and for how long."""
    return f"{say('gallery.level', n=card.level).capitalize()}, {say('gallery.minutes', n=card.minutes)}."


def plans(kind: str) -> list[str]:
    """The plans for 15 and for 45 minutes; minutes of each part stand in brackets."""
    texts = (say(f"tasks.{kind}{minutes}") for minutes in (15, 45))
    return list(map(planned, texts))


def planned(text: str) -> str:
    """A plan as an item of a list."""
    first, _, rest = text.partition(":")
    return f"- **{first}:**{rest}"


def long_plans() -> list[str]:
    """What fills 45 minutes with what a page has."""
    texts, knob = words("en")["tasks"], "platelets, clusters, the phenotype"
    kinds = {
        "with two arms": ["arms"], "with a body": ["body"], "with both": ["arms", "body"],
        "with a knob of its own": ["knob"], "with none of these": [],
    }  # fmt: skip
    return [planned(long_plan(texts, scenes, knob).replace(":", f", {kind}:", 1)) for kind, scenes in kinds.items()]


def teachers() -> str:
    """The page for teachers, as Markdown."""
    groups = cards("en")
    models = [*groups["start"], *groups["experiments"], *groups["cancers"]]
    parts = [
        "## A plan for lessons on cells\n",
        planned(say("tasks.plan15")),
        *long_plans(),
        "\n## A plan for lessons on patients\n",
        *plans("patient_plan"),
        "\n## Tasks of lessons on cells\n",
        f"{say('tasks.steepest')}",
        f"{say('tasks.halve', goal='found a colony')}",
        f"{say('tasks.luck', n='N', goal='found a colony')} N is such that the answer has two or three digits.",
        "\n## Answers: cells\n",
        f"{say('gallery.levels')}\n",
        *map(section, models),
        "## Answers: patients\n",
        *map(patients_section, groups["patients"]),
    ]
    return "\n".join(parts)
