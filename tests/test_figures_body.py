"""The scales of the body: one for all circles, true at every mark, and none for what did not happen."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Circle
from matplotlib.text import Text

import cascade
from cascade.plot import bodies
from helpers.drawn import count_in, where
from test_figures_apart import CANCERS, clashes, shared
from test_figures_places import circles, sites_drawn


@cache
def source(name: str, cells: int) -> Any:
    model = cascade.load(name)
    return cascade.simulate(model, cells=cells, seed=1) if cells else cascade.exact(model)


def scale(ax: Axes) -> dict[float, Circle]:
    """The circles of the legend by the number below them."""
    found = [c for c in circles(ax) if c.center[0] < 2.5 and c.center[1] > 6.5]
    said = {}
    for circle in found:
        below = [t for t in ax.texts if where(t)[0] == circle.center[0] and where(t)[1] > circle.center[1]]
        (text,) = below
        said[count_in(text.get_text())] = circle
    return said


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", CANCERS)
def test_one_scale_holds_for_all_circles(name: str) -> None:
    """Also for those of the legend, and whatever is the largest."""
    table = source(name, 0).organs()
    (ax, *_) = cascade.plot.body(source(name, 0)).axes
    drawn = {row.organ: circle for row, (circle, _, _) in zip(table, of_rows(ax, table), strict=True)}
    most = max(row.arrested for row in table)
    per_cell = {row.organ: drawn[row.organ].radius ** 2 / row.arrested for row in table if row.arrested > 0.0101 * most}
    per_cell |= {str(n): circle.radius**2 / n for n, circle in scale(ax).items() if n >= 0.0101 * most}
    assert len(per_cell) >= 3
    assert max(per_cell.values()) == pytest.approx(min(per_cell.values()), rel=1e-6)


def of_rows(ax: Axes, table: Any) -> list[tuple[Circle, str, str]]:
    return list(sites_drawn(ax, [row.organ for row in table]).values())


@pytest.mark.full
@pytest.mark.parametrize("name", CANCERS)
def test_circles_of_other_routes_lie_apart_and_inside(name: str) -> None:
    """Were they all as large as the largest, too: then all circles are smaller."""
    for full in (False, True):
        answer = source(name, 0)
        table = answer.organs()
        if full:
            most = max(row.arrested for row in table)
            table = replace(table, rows=tuple(replace(row, arrested=most) for row in table))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bodies, "organs_of", lambda _, table=table: table)
            figure = cascade.plot.body(answer)
        (ax, *_) = figure.axes
        assert not full or not clashes(figure)
        blood = {site.route for site in answer.model.sites if site.flow is not None}
        listed = [c for row, (c, _, _) in zip(table, of_rows(ax, table), strict=True) if row.route not in blood]
        for one, after in pairwise(listed):
            assert after.center[1] - one.center[1] > one.radius + after.radius
        assert all(circle.center[1] + circle.radius < 8.4 for circle in listed)


NUMBERS = [("colon", 0), ("colon", 2_000_000), ("breast", 1_000_000), ("breast", 0), ("prostate", 300), ("lung", 10)]


@pytest.mark.parametrize(("name", "cells"), NUMBERS)
def test_marks_of_both_scales_are_where_their_numbers_are(name: str, cells: int) -> None:
    table = source(name, cells).organs()
    figure = cascade.plot.body(source(name, cells))
    ax = figure.axes[0]
    most, top = max(row.arrested for row in table), max(row.colonies for row in table)
    FigureCanvasAgg(figure).draw()
    if most:
        said = scale(ax)
        assert 0.5 * most <= max(said) <= most
        for n, circle in said.items():
            assert circle.radius == pytest.approx(0.3 * np.sqrt(n / most if n > 0.01 * most else 0.01))
            assert float(f"{n:.1g}") == n
        smallest = min(said)
        (text,) = (
            t for t in ax.texts if where(t)[0] == said[smallest].center[0] and where(t)[1] > 6.5 and t.get_text()
        )
        assert text.get_text().startswith("\u2264") == (smallest <= 0.01 * most)
    if top:
        bar = ax.child_axes[0]
        labels = {tick.get_loc(): tick.label1.get_text() for tick in bar.xaxis.get_major_ticks()}
        assert labels
        assert all(count_in(label) == pytest.approx(at) for at, label in labels.items())
        low, high = bar.get_xlim()
        assert low < min(labels)
        assert high == pytest.approx(top)
        assert bool(cells) <= all(at >= 1 and at.is_integer() for at in labels)


@pytest.mark.parametrize(("name", "cells"), NUMBERS)
def test_numbers_of_the_scale_touch_no_circle(name: str, cells: int) -> None:
    figure = cascade.plot.body(source(name, cells))
    FigureCanvasAgg(figure).draw()
    ax = figure.axes[0]
    texts = [t for t in ax.texts if where(t)[0] < 2.5 and where(t)[1] > 6.4]
    assert texts
    for circle in scale(ax).values():
        assert not any(shared(circle.get_window_extent(), t.get_window_extent()) for t in texts)
        assert min(t.get_window_extent().y1 for t in texts) < circle.get_window_extent().y0


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", CANCERS)
def test_a_body_without_colonies_tells_of_none(name: str) -> None:
    """No share, no colour, no scale of colours for what did not happen; nor of sizes where nothing was arrested."""
    for cells in (1, 300):
        run = cascade.simulate(cascade.load(name), cells=cells, seed=1, until=1e-6 if cells == 1 else 1.0)
        table = run.organs()
        assert not sum(row.colonies for row in table)
        figure = cascade.plot.body(run)
        told = [t.get_text() for t in figure.findobj(Text) if t.get_text()]
        assert not [text for text in told if "of all colonies" in text or "colour" in text]
        heads = {row.route for row in table} - {site.route for site in run.model.sites if site.flow is not None}
        assert {f"{route}: no colonies" for route in heads} <= set(told)
        assert [text for text in told if text.startswith("no colonies, of")]
        assert not figure.axes[0].child_axes
        assert not [text for text in told if "%" in text and "into the blood" not in text]
        if not sum(row.arrested for row in table):
            assert "no cells arrested" in told
            assert not scale(figure.axes[0])
