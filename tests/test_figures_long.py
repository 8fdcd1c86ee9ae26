"""Figures of models with long names and of one or many steps: nothing is cut, no label lies on another."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from itertools import combinations
from typing import Any

import pytest
from matplotlib.figure import Figure

import cascade
from cascade.model import Model
from cascade.plot.fitting import broken, width_of
from helpers.drawn import colon_exact
from helpers.inspect import clashes, cut, shared, texts_of
from helpers.of_patients import OF_FITS, OF_PATIENTS

TITLE = (
    "A model with a name as people give them, with the cell line, the organ, the mouse and the year of the work (2024)"
)
STEP = "detachment from the tumour and breach of the basement membrane"
CAUSE = "killed by an immune cell that was not meant to be there, number"
WORD = "Epithelialmesenchymaltransitioninreverse"


def linear(steps: list[str], causes: int) -> Model:
    """A chain of steps with so many causes of death in each."""
    lost = {step: {f"{CAUSE} {k}": 1.0 for k in range(causes)} for step in steps}
    return Model.from_survival(dict.fromkeys(steps, 0.6), causes=lost, title=TITLE, name="a name " * 10 + "ends here")


MODELS = {
    "one short step": lambda: linear(["arrest"], 1),
    "one long step": lambda: linear([STEP], 2),
    "seven long steps": lambda: linear([f"{STEP} {k}" for k in range(7)], 3),
    "one word": lambda: linear([f"{WORD}{k}" for k in range(5)], 2),
    "twenty short steps": lambda: linear([f"step {k}" for k in range(20)], 4),
    "twenty long steps": lambda: linear([f"{STEP} {k}" for k in range(20)], 12),
}


@cache
def counted(name: str) -> Any:
    return cascade.simulate(MODELS[name](), cells=2000, seed=1)


@cache
def expected(name: str) -> Any:
    return cascade.exact(MODELS[name]())


def compared(name: str) -> Any:
    model = MODELS[name]()
    better = model.with_(scale={model.hazard_names()[1]: 0.2}, name="another " * 9 + "end")
    return cascade.compare(model, better, cells=5000, seed=1)


def unchanged(name: str) -> Any:
    """No cell changes its end: only the steps are drawn, under the title."""
    model = MODELS[name]()
    return cascade.compare(model, model.with_(name="another " * 9 + "end"), cells=100, seed=1)


def selected(name: str) -> Any:
    model = MODELS[name]()
    deaths = [h for h in model.hazard_names() if CAUSE in h or "lost" in h]
    traits = [(STEP.replace("detachment", "resistance"), deaths[0]), ("fitness", deaths[-1])]
    unlike = [{"name": trait, "cv": 1.0, "hazards": [{"hazard": hazard}]} for trait, hazard in traits]
    return cascade.selection(model.with_(frailties=unlike), cells=5000, seed=1)


FIGURES: dict[str, Callable[[str], Figure]] = {
    "funnel": lambda name: cascade.plot.funnel(counted(name)),
    "exact funnel": lambda name: cascade.plot.funnel(expected(name)),
    "funnels": lambda name: cascade.plot.funnel(counted(name), expected(name), labels=["short", TITLE]),
    "waterfall": lambda name: cascade.plot.waterfall(counted(name), style="slide"),
    "alluvial": lambda name: cascade.plot.alluvial(counted(name)),
    "exact alluvial": lambda name: cascade.plot.alluvial(expected(name)),
    "occupancy": lambda name: cascade.plot.occupancy(counted(name), living=True),
    "incidence": lambda name: cascade.plot.incidence(counted(name)),
    "comparison": lambda name: cascade.plot.comparison(compared(name)),
    "empty comparison": lambda name: cascade.plot.comparison(unchanged(name)),
    "selection": lambda name: cascade.plot.selection(selected(name)),
    "elasticities": lambda name: cascade.plot.elasticities(expected(name)),
}
OF_ORGANS: dict[str, Callable[[Any], Figure]] = {
    "organs": cascade.plot.organs,
    "body": cascade.plot.body,
    "patients": cascade.plot.patients,
}


def upright(figure: Figure) -> list[str]:
    """Labels of ticks that are turned."""
    labels = [label for ax in figure.axes for label in (*ax.get_xticklabels(), *ax.get_yticklabels())]
    return [label.get_text() for label in labels if label.get_rotation() != 0]


def unbroken(text: str) -> str:
    return "".join(text.split())


def test_every_figure_is_tried() -> None:
    """A figure that is added has to be drawn here with long names."""
    drawn = {name.split()[-1].replace("funnels", "funnel") for name in FIGURES} | set(OF_ORGANS)
    other = {"Picture", "alt_text", "cause_colours", "stage_colours", "check_path", "film", "has_body", "save"}
    assert drawn == set(cascade.plot.__all__) - other - OF_PATIENTS - OF_FITS


@pytest.mark.sampled(0, 16)
@pytest.mark.parametrize("kind", FIGURES)
@pytest.mark.parametrize("name", MODELS)
def test_nothing_is_cut_and_no_label_lies_on_another(name: str, kind: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a layout that gives up warns
        figure = FIGURES[kind](name)
        assert cut(figure) == []
    assert clashes(figure) == []
    assert upright(figure) == []


@pytest.mark.full
@pytest.mark.parametrize("kind", FIGURES)
def test_long_names_are_told_whole(kind: str) -> None:
    name = "seven long steps"
    told = {unbroken(text.get_text()) for text in texts_of(FIGURES[kind](name))}
    model = MODELS[name]()
    # In incidence no step is named; in occupancy the states bear the names of their steps.
    steps = [] if kind == "incidence" else model.stages
    assert all(any(unbroken(step) in text for text in told) for step in steps)
    names = [model.name] if "comparison" in kind else [] if kind == "funnels" else [TITLE]
    assert all(any(unbroken(title) in text for text in told) for title in names)


@pytest.mark.full
@pytest.mark.parametrize("kind", OF_ORGANS)
@pytest.mark.parametrize("title", ["Colon cancer", TITLE, f"{TITLE}, {TITLE}"])
def test_titles_of_figures_by_organ_are_whole(kind: str, title: str) -> None:
    cancer = cascade.body.cancer("colon").with_(title=title)
    figure = OF_ORGANS[kind](cascade.exact(cancer.model()))
    assert cut(figure) == []
    assert clashes(figure) == []
    assert any(unbroken(title) in unbroken(text.get_text()) for text in texts_of(figure))


def test_names_in_axes_that_were_given_lie_apart() -> None:
    for wide in (5.0, 7.0, 14.0):
        for draw in (cascade.plot.funnel, cascade.plot.alluvial):
            ax = Figure(figsize=(wide, 9.0)).add_axes((0.3, 0.3, 0.68, 0.6))
            figure = draw(expected("seven long steps"), ax=ax)
            texts_of(figure)
            labels = [label.get_window_extent() for label in ax.get_yticklabels()]
            assert not any(shared(a, b) for a, b in combinations(labels, 2))


def test_a_text_is_broken_where_its_width_ends_and_nothing_is_lost() -> None:
    for text in (TITLE, STEP, WORD, "", "a", "two words", f"one\n{TITLE}", "cost $5"):
        for inches in (0.3, 1.0, 3.0, 20.0):
            lines = broken(text, inches, 9.0).replace(r"\$", "$")
            assert unbroken(lines) == unbroken(text)
            assert all(width_of(line, 9.0) <= inches or len(line) == 1 for line in lines.split("\n"))
    assert broken(TITLE, 20.0, 9.0) == TITLE
    assert broken("cost $5", 9.0, 9.0) == r"cost \$5"


def test_a_title_that_is_cut_and_a_label_on_another_are_seen() -> None:
    figure = cascade.plot.funnel(expected("seven long steps"))
    assert cut(figure) == []
    figure.axes[0].set_title(TITLE * 2, loc="left")
    assert len(cut(figure)) == 1
    figure.axes[0].set_xticks([0.0, 0.1], [STEP] * 2)
    assert clashes(figure)
    assert cut(cascade.plot.body(colon_exact())) == []
