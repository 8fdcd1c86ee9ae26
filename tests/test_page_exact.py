"""The exact answer of a page against that of the package: as precise as README says, for each kind of model."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.lowering.lower import lower
from cascade.model import Model
from cascade.runs.arms import FOUNDERS, MOST_CELLS, cells_for
from cascade.solution.answer import Exact
from cascade.solution.quadrature import MOST_ON_A_GRID, fixed
from cascade.web.page import payload
from helpers.guide import DOCS, read
from helpers.models import ALIKE, FRAIL, TWO_FRAILTIES
from helpers.node import asked, in_node

README = " ".join((Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8").split())
MODELS = [entry.name for entry in cascade.models()]
NINE, SIX, SOME_PER_CENT = 1e-9, 1e-6, 0.05
UNLIKE = {
    "one": FRAIL.with_(name="one", frailties=FRAIL.frailties[:1]),
    "two": TWO_FRAILTIES,
    "two log-normal": ALIKE,
    "three": FRAIL,
    "seven": cascade.load("unlike-cells"),
}
WITHIN = {1: NINE, 2: NINE, 3: SIX, 7: SOME_PER_CENT}
"""Of `exact`, by the number of traits in which cells differ."""


def passed_on(model: Model) -> Any:
    code = "console.log(JSON.stringify(new Model(given.base).exact().passed));"
    return asked("model.js", code, {"base": payload(model, seed=1)})


def passed_in(answer: Exact) -> list[float]:
    return [row.fraction_of_all for row in answer.funnel()]


@in_node
@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", [name for name in MODELS if not cascade.load(name).frailties])
def test_a_page_says_what_exact_says_to_nine_digits(name: str) -> None:
    assert passed_on(cascade.load(name)) == pytest.approx(passed_in(cascade.exact(cascade.load(name))), rel=NINE, abs=0)


@in_node
@pytest.mark.parametrize("which", UNLIKE)
def test_of_cells_that_differ_as_precisely_as_is_said(which: str) -> None:
    """To nine digits over the same points; and these points against as many as `exact` wants."""
    model = UNLIKE[which]
    found = passed_on(model)
    assert found == pytest.approx(passed_in(Exact(model, nodes=fixed(lower(model)))), rel=NINE, abs=0)
    assert found == pytest.approx(passed_in(cascade.exact(model)), rel=WITHIN[len(model.frailties)], abs=0)


def test_readme_says_no_more_than_that() -> None:
    assert "equal to `exact` to nine digits where cells are alike or differ in one or two traits" in README
    assert "to six with three" in README
    assert "with more, averaged over random points, to some per cent" in README
    assert MOST_ON_A_GRID == 3
    assert set(WITHIN) == {len(model.frailties) for model in UNLIKE.values()}


@pytest.mark.parametrize("name", ["textbook", "unlike-cells", "platelets", "emt"])
def test_cells_of_two_arms_are_as_many_as_the_guide_says(name: str) -> None:
    """Enough for some hundred founders, or as many as are looked at: then of `textbook` so many founders on average."""
    text = read(DOCS / "teaching.md")
    found = re.search(
        r"enough for some hundred that get there, but at most (\d+) million \(in `textbook` some (\d+) do\)", text
    )
    assert found
    assert int(found[1]) * 10**6 == MOST_CELLS
    chance = passed_in(cascade.exact(cascade.load(name)))[-1]
    if name == "textbook":
        assert chance * cells_for(chance) == pytest.approx(int(found[2]), rel=0.1)
    enough = chance * MOST_CELLS >= FOUNDERS
    assert enough == (cells_for(chance) < MOST_CELLS)
    if enough:
        assert chance * cells_for(chance) == pytest.approx(FOUNDERS, rel=0.05)
