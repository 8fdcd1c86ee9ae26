"""Sentences above slides: what they say of counts holds, and of counts that tell nothing they say so."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from matplotlib.figure import Figure

import cascade
from cascade import plot

TEXTBOOK = cascade.load("textbook")
DEPLETED = TEXTBOOK.with_treatments(cascade.treatment("nk-depletion"))
EASY = cascade.Model.from_survival({"arrest": 0.2, "exit": 0.02})
MORE, FEWER = EASY.with_(name="more", scale={"exit.lost": 0.5}), EASY.with_(name="fewer", scale={"exit.lost": 2.0})


def headline(figure: Figure) -> str:
    (text,) = (t for t in figure.texts if t.get_gid() == "title")
    return " ".join(text.get_text().split())


@cache
def compared(other: cascade.Model, cells: int) -> Any:
    one = TEXTBOOK if other.stages == TEXTBOOK.stages else EASY
    return cascade.compare(one, other, cells=cells, seed=1)


def test_counts_that_do_not_tell_are_told_as_such() -> None:
    """Of a million cells hardly one passes under either model; exactly, 1.3 times as many do."""
    ratio = cascade.exact(DEPLETED).success / cascade.exact(TEXTBOOK).success
    assert ratio > 1.2
    found = compared(DEPLETED, 10**6)
    assert found.rows[-1].low <= 0 <= found.rows[-1].high
    told = headline(plot.comparison(found, style="slide"))
    assert told == "Too few cells to tell under which model more pass colonization"


@pytest.mark.parametrize(("other", "word"), [(MORE, "more"), (FEWER, "fewer")], ids=lambda part: str(part)[:5])
def test_counts_that_tell_are_told_with_their_number(other: cascade.Model, word: str) -> None:
    found = compared(other, 50_000)
    last = found.rows[-1]
    assert not last.low <= 0 <= last.high
    told = headline(plot.comparison(found, style="slide"))
    assert told == f"{abs(last.gained - last.lost):,} {word} pass exit under {other.name}"


@pytest.mark.parametrize("cells", [100, 50_000])
def test_of_the_same_model_nothing_is_left_open_that_is_seen(cells: int) -> None:
    told = headline(plot.comparison(compared(EASY.with_(name="again"), cells), style="slide"))
    assert told == "None of these cells passes other steps under again"


def test_where_most_colonies_arise_is_told_when_the_counts_tell_it() -> None:
    """By organs: of few colonies the fullest organ is chance."""
    model = cascade.load("colon")
    none, few, many = (
        headline(plot.organs(cascade.simulate(model, cells=cells, seed=2), style="slide"))
        for cells in (1000, 10**6, 8 * 10**6)
    )
    assert none == "No colonies among these cells"
    assert few == "Too few colonies to tell in which organ most arise"
    exact = headline(plot.organs(cascade.exact(model), style="slide"))
    assert many.partition(":")[0] == exact.partition(":")[0] == "Colonies are commonest in epicolic nodes"
