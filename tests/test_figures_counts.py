"""Comparisons of any number of cells: labels lie apart, marks are whole, and what did not change is said."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import cascade
from cascade.plot.dots import ZERO
from cascade.runs.comparison import SAME_SUCCESS
from helpers.drawn import OTHER, compared, count_in, swapped_round
from helpers.inspect import clashes, cut, texts_of
from helpers.models import CYCLIC, clustered


def times(source: Any, factor: int) -> Any:
    """As if there were so many times as many cells."""
    ends = {key: n * factor for key, n in source.ends.items()}
    return replace(source, cells=source.cells * factor, furthest=source.furthest * factor, ends=ends)


def marks_on(ax: Axes) -> list[float]:
    low, high = ax.get_xlim()
    return [float(at) for at in ax.get_xticks() if low <= at <= high]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("factor", [10**k for k in range(9)])
@pytest.mark.parametrize("source", [compared, swapped_round])
def test_labels_of_a_comparison_lie_apart_for_any_number_of_cells(source: Any, factor: int) -> None:
    figure = cascade.plot.comparison(times(source(), factor))
    assert clashes(figure) == []
    assert cut(figure) == []
    for ax, numbers in zip(figure.axes, numbers_of(times(source(), factor)), strict=True):
        # A mark at zero, and whole powers of ten up to what is shown.
        zero, *powers = marks_on(ax)
        assert zero == ZERO
        assert all(at.is_integer() for at in powers)
        assert 10.0 ** max(powers) <= max(1, max(numbers)) < 10.0 ** (max(powers) + 4)


def numbers_of(source: Any) -> list[list[int]]:
    """Numbers of cells that each panel shows."""
    causes = [row for row in source.causes() if row.kind == "death"]
    return [[n for row in source for n in (row.gained, row.lost)],
            [n for row in causes for n in (row.saved, row.moved, row.lost)]]  # fmt: skip


@pytest.mark.parametrize("inches", [1.5, 3.0, 6.0])
@pytest.mark.parametrize("factor", [1, 1000, 10**7])
def test_marks_lie_apart_in_axes_that_were_given(factor: int, inches: float) -> None:
    wide = inches + 3.0
    figure = Figure(figsize=(wide, 5.0))
    cascade.plot.comparison(times(compared(), factor), ax=figure.add_axes((1.5 / wide, 0.4, inches / wide, 0.5)))
    labels = {id(label) for label in figure.axes[0].get_xticklabels()}
    boxes = sorted((t.get_window_extent() for t in texts_of(figure) if id(t) in labels), key=lambda box: box.x0)
    assert all(one.x1 < after.x0 for one, after in pairwise(boxes))


MODELS = [cascade.load("textbook"), CYCLIC, clustered(CYCLIC)]


@pytest.mark.parametrize("model", MODELS, ids=["textbook", "cyclic", "units"])
def test_a_comparison_in_which_nothing_changed_says_so(model: Any) -> None:
    figure = cascade.plot.comparison(cascade.compare(model, model.with_(name="same"), cells=100, seed=1))
    ax = figure.axes[0]
    assert [t for t in ax.texts if t.get_text().startswith("nothing gained")]
    told = cascade.plot.comparison(compared())
    assert not [t for t in told.axes[0].texts if "nothing" in t.get_text()]


@pytest.mark.parametrize("model", [CYCLIC, clustered(CYCLIC)], ids=["cells", "units"])
def test_no_text_calls_cells_unchanged_that_passed_other_steps(model: Any) -> None:
    """The table tells of cells that came further and did not succeed: they have the same success, no more."""
    found = cascade.compare(model, OTHER.with_(clusters=model.clusters), cells=3000, seed=7)
    assert sum(row.gained + row.lost for row in found.rows[:-1]) > found.saved + found.lost
    figure = " ".join(t.get_text() for t in texts_of(cascade.plot.comparison(found)))
    for text in (str(found), found.caption, found._repr_html_(), figure):
        assert "unchanged" not in text
    for text in (str(found), found.caption, found._repr_html_()):
        assert f"the same success {found.cells - found.saved - found.lost:,} of {found.cells:,} cells" in text
        assert SAME_SUCCESS in " ".join(text.split())
    assert count_in(found.caption) == found.saved
