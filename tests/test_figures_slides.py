"""Slides can be read from the back of a room: their smallest type, over all figures, and what they leave out for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from matplotlib.figure import Figure

from cascade import plot
from cascade.plot.look import STYLES
from cascade.plot.sheet import READABLE, Plan, made
from helpers.drawn import told
from helpers.inspect import clashes, cut, small, texts_of
from test_figures_fits import FIGURES as OF_FITS
from test_figures_whole import FIGURES, MODELS, OF_PATIENTS, can_draw, compared, exact, selected

POINTS = 14.0
FULL = {"body": 12.0, "calibrated": 12.0}
"""Pictures whose layout is given, and forest plots: twenty beds stand below each other there."""

SLIDES: dict[str, Callable[[], Figure]] = {
    f"{kind} of {name}": lambda kind=kind, name=name: FIGURES[kind](name, "slide")
    for kind in FIGURES
    for name in MODELS
    if can_draw(kind, name)
}
SLIDES |= {which: lambda draw=draw: draw("slide") for which, draw in {**OF_PATIENTS, **OF_FITS}.items()}


def least_of(which: str) -> float:
    return next((points for name, points in FULL.items() if name in which.split(" of ")[0].split()), POINTS)


@pytest.mark.sampled(24, 72)
@pytest.mark.parametrize("which", SLIDES)
def test_every_slide_has_type_that_can_be_read(which: str) -> None:
    figure = SLIDES[which]()
    assert small(figure, least_of(which)) == []
    assert figure.get_size_inches() == pytest.approx((13.333, 7.5), abs=0.001)
    assert cut(figure) == []
    assert clashes(figure) == []


@pytest.mark.parametrize(
    "which",
    ["comparison of colon", "alluvial of textbook", "patients of breast", "organs of breast", "body of colon",
     "body of stomach", "course of 914", "seeding_tree of 914", "at_diagnosis of many", "ten with care",
     "fit of two arms"],
)  # fmt: skip
def test_the_fullest_slides_can_be_read(which: str) -> None:
    figure = SLIDES[which]()
    assert small(figure, least_of(which)) == []
    assert clashes(figure) == []


def test_small_type_on_a_slide_would_be_seen() -> None:
    figure = SLIDES["exact funnel of textbook"]()
    assert min(float(text.get_fontsize()) for text in texts_of(figure)) == STYLES["slide"].small
    figure.text(0.5, 0.5, "small", fontsize=13.9)
    assert [text for text, _ in small(figure, POINTS)] == ["small"]
    assert READABLE[-1] * STYLES["slide"].small == POINTS


@pytest.mark.parametrize(
    ("which", "left_out"),
    [
        ("comparison of colon", r"\d+ of \d+ ends from which cells were saved or lost are shown"),
        ("selection of unlike-cells", r"\d of 7 traits, those that change most"),
        ("elasticities of colon", r"\d+ weaker hazards not shown"),
        ("organs of breast", r"\(\d+ sites with fewer colonies are not shown\)"),
        ("patients of breast", r"share of patients \(\d+ of \d+ rows\)"),
        ("fit of two arms", r"Shown are \d of \d hazards"),
    ],
)
def test_what_a_slide_leaves_out_it_says(which: str, left_out: str) -> None:
    """The same figure on paper shows it."""
    slide = told(SLIDES[which]())
    assert re.search(left_out, slide), slide


def test_a_comparison_shows_the_ends_that_change_most() -> None:
    found = compared("textbook")
    ends = [row for row in found.causes() if row.kind == "death" and row.saved + row.moved + row.lost]
    text = told(plot.comparison(found, style="slide"))
    shown = [row for row in ends if f"{row.cause} ({row.step})" in text]
    assert shown == ends[: len(shown)]
    paper = told(plot.comparison(found, style="paper"))
    assert all(f"{row.cause} ({row.step})" in paper for row in ends[:10])


def test_traits_that_are_kept_are_those_whose_mean_changes_most() -> None:
    source = selected("unlike-cells")
    slide, paper = (plot.selection(source, style=style) for style in ("slide", "paper"))
    kept = [ax.get_label() for ax in slide.axes]
    assert [ax.get_label() for ax in paper.axes] == list(source.traits)
    assert kept == [trait for trait in source.traits if trait in kept], "in their order"

    def change(trait: str) -> float:
        means = [row.mean for row in source.rows if row.trait == trait and row.cells]
        return max(means[-1] / means[0], means[0] / means[-1])

    assert min(map(change, kept)) >= max(change(t) for t in source.traits if t not in kept)


def test_hazards_that_are_kept_are_the_strongest() -> None:
    rates = sorted(map(abs, exact("colon").elasticities("distant").values()), reverse=True)
    (ax,) = plot.elasticities(exact("colon"), style="slide").axes
    shown = [abs(bar.get_width()) for bar in ax.patches]
    assert shown == pytest.approx(rates[: len(shown)])


def test_less_is_shown_before_type_becomes_smaller_and_the_most_that_has_room() -> None:
    """A plan whose lines do not fit in type of 14 points: with as few left out as it takes; else the least is small."""
    asked: list[Any] = []

    def plan(look: Any, _: float, _high: float, least: int = 3) -> Plan:
        lines = max(least, 40 - look.terse)
        asked.append((look.terse, round(look.small, 2), lines))
        return Plan(lines * look.leading(1), lambda _: None)

    made(STYLES["slide"], 2, plan)
    _, size, lines = asked[-1]
    assert size >= POINTS
    assert lines * STYLES["slide"].smaller(READABLE[-1]).leading(1) <= 7.5
    assert (lines + 1) * STYLES["slide"].smaller(READABLE[-1]).leading(1) > 7.5
    assert [t for t, _, _ in asked] == sorted(t for t, _, _ in asked)
    asked.clear()
    made(STYLES["slide"], 2, lambda look, width, high: plan(look, width, high, 36))
    assert asked[-1][1] < POINTS
    assert asked[-1][2] == 36, "nothing more to leave out"
    asked.clear()
    made(STYLES["paper"], 2, plan)
    assert asked == [(0, 6.0, 40)]
