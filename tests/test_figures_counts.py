"""Comparisons of any number of cells: labels lie apart, marks are whole, and what did not change is said."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import cascade
from cascade.runs.comparison import SAME_SUCCESS
from helpers.drawn import OTHER, compared, count_in, swapped_round
from helpers.models import CYCLIC, clustered
from test_figures_apart import clashes, texts_of
from test_figures_long import cut


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
    for ax in figure.axes:
        assert len(marks_on(ax)) >= 2
        assert all(at.is_integer() for at in marks_on(ax))
    # The right axis is labelled up to what it shows.
    right = figure.axes[1]
    most = max(max(row.saved, row.moved, row.lost) for row in times(source(), factor).causes() if row.kind == "death")
    assert 0.1 < max(marks_on(right)) / most < 1000


@pytest.mark.parametrize("inches", [1.5, 3.0, 6.0])
@pytest.mark.parametrize("factor", [1, 1000, 10**7])
def test_marks_lie_apart_in_axes_that_were_given(factor: int, inches: float) -> None:
    wide = inches + 3.0
    figure = Figure(figsize=(wide, 5.0))
    cascade.plot.comparison(times(compared(), factor), ax=figure.add_axes((1.5 / wide, 0.4, inches / wide, 0.5)))
    labels = {id(label) for label in figure.axes[0].get_xticklabels()}
    boxes = sorted((t.get_window_extent() for t in texts_of(figure) if id(t) in labels), key=lambda box: box.x0)
    assert all(one.x1 < after.x0 for one, after in pairwise(boxes))


def test_one_cell_that_changed_has_whole_marks() -> None:
    model = cascade.Model.from_survival({"one": 0.6, "two": 0.5})
    for seed in range(20):
        found = cascade.compare(model, model.with_(scale={model.hazard_names()[1]: 0.5}), cells=3, seed=seed)
        for ax in cascade.plot.comparison(found).axes:
            assert all(at.is_integer() for at in marks_on(ax))


MODELS = [cascade.load("textbook"), CYCLIC, clustered(CYCLIC)]


@pytest.mark.parametrize("model", MODELS, ids=["textbook", "cyclic", "units"])
def test_a_comparison_in_which_nothing_changed_says_so(model: Any) -> None:
    figure = cascade.plot.comparison(cascade.compare(model, model.with_(name="same"), cells=100, seed=1))
    ax = figure.axes[0]
    assert [t.get_text().split(":")[0] for t in ax.texts] == ["nothing gained, nothing lost"]
    assert marks_on(ax) == [0.0]
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
