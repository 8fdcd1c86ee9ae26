"""The scale of the body: one for all circles, true at every mark, and none for what did not happen."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Circle
from matplotlib.text import Text

import cascade
from cascade.plot import bodies
from helpers.drawn import share_in, where
from helpers.inspect import clashes, shared
from test_figures_apart import CANCERS
from test_figures_places import circles, sites_drawn


@cache
def source(name: str, cells: int) -> Any:
    model = cascade.load(name)
    return cascade.simulate(model, cells=cells, seed=1) if cells else cascade.exact(model)


def scale(ax: Axes) -> dict[float, Circle]:
    """The circles of the legend by the share below them."""
    said = {}
    for circle in (c for c in circles(ax) if c.get_gid() == "scale"):
        (text,) = (t for t in ax.texts if where(t)[0] == circle.center[0] and where(t)[1] > circle.center[1])
        said[share_in(text.get_text())] = circle
    return said


def of_rows(ax: Axes, table: Any) -> list[tuple[Circle, str, str]]:
    return list(sites_drawn(ax, [row.organ for row in table]).values())


@pytest.mark.sampled(4, 8)
@pytest.mark.parametrize("name", CANCERS)
def test_one_scale_holds_for_all_circles(name: str) -> None:
    """Also for those of the legend, and whatever is the largest."""
    table = source(name, 0).organs()
    (ax, *_) = cascade.plot.body(source(name, 0)).axes
    drawn = {row.organ: circle for row, (circle, _, _) in zip(table, of_rows(ax, table), strict=True)}
    total, most = (of(row.colonies for row in table) for of in (sum, max))
    per_share = {r.organ: drawn[r.organ].radius ** 2 / r.colonies * total for r in table if r.colonies > 0.0101 * most}
    per_share |= {str(n): circle.radius**2 / n for n, circle in scale(ax).items() if n * total >= 0.0101 * most}
    assert len(per_share) >= 3
    assert max(per_share.values()) == pytest.approx(min(per_share.values()), rel=1e-6)


@pytest.mark.sampled(0, 8)
@pytest.mark.parametrize("name", CANCERS)
def test_circles_of_other_routes_lie_apart_and_inside(name: str) -> None:
    """Were they all as large as the largest, too: then all circles are smaller."""
    for full in (False, True):
        answer = source(name, 0)
        table = answer.organs()
        if full:
            most = max(row.colonies for row in table)
            table = replace(table, rows=tuple(replace(row, colonies=most) for row in table))
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
def test_circles_of_the_scale_are_round_shares_and_touch_no_number(name: str, cells: int) -> None:
    table = source(name, cells).organs()
    total, most = (of(row.colonies for row in table) for of in (sum, max))
    figure = cascade.plot.body(source(name, cells))
    ax = figure.axes[0]
    said = scale(ax)
    assert bool(said) == (total > 0)
    if not said:
        return
    assert 0.5 * most / total <= max(said) <= most / total + 1e-12
    assert all(float(f"{n:.1g}") == pytest.approx(n) for n in said)
    smallest = min(said)
    (text,) = (t for t in ax.texts if where(t)[0] == said[smallest].center[0] and where(t)[1] > 7)
    assert text.get_text().startswith("\u2264") == (smallest <= 0.01 * most / total)
    FigureCanvasAgg(figure).draw()
    texts = [t for t in ax.texts if where(t)[0] < 2.5 and where(t)[1] > 6.9]
    for circle in said.values():
        assert not any(shared(circle.get_window_extent(), t.get_window_extent()) for t in texts)


@pytest.mark.sampled(3, 8)
@pytest.mark.parametrize("name", CANCERS)
def test_a_body_without_colonies_tells_of_none(name: str) -> None:
    """No share, no colour, no scale of colours for what did not happen; nor of sizes where nothing was arrested."""
    for cells in (1, 300):
        run = cascade.simulate(cascade.load(name), cells=cells, seed=1, until=1e-6 if cells == 1 else 1.0)
        table = run.organs()
        assert not sum(row.colonies for row in table)
        figure = cascade.plot.body(run)
        told = [" ".join(t.get_text().split()) for t in figure.findobj(Text) if t.get_text()]
        assert not [text for text in told if "of all colonies" in text]
        heads = {row.route for row in table} - {site.route for site in run.model.sites if site.flow is not None}
        assert {f"{route}: no colonies" for route in heads} <= set(told)
        assert "no colonies" in told
        assert not [text for text in told if "%" in text and "into the blood" not in text]
        assert not scale(figure.axes[0])


def test_what_is_neither_colonies_nor_cells_arrested_is_refused() -> None:
    with pytest.raises(cascade.InputError, match=r"^what = 'cells': one of \['colonies', 'arrested'\]"):
        cascade.plot.body(source("colon", 0), what="cells")  # type: ignore[arg-type]
