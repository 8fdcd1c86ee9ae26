"""Texts of a figure lie apart from each other and from the symbols of others."""

from __future__ import annotations

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle, RegularPolygon
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import cascade

SLACK = 1.0  # pixels that two boxes may share
CANCERS = [entry.name for entry in cascade.models() if entry.group == "cancers"]
KINDS = ("funnel", "waterfall", "organs", "occupancy", "incidence")


def shared(a: Bbox, b: Bbox) -> bool:
    """Whether two boxes share more than the slack in both directions."""
    return min(a.x1, b.x1) - max(a.x0, b.x0) > SLACK and min(a.y1, b.y1) - max(a.y0, b.y0) > SLACK


def texts_of(figure: Figure) -> list[Text]:
    """Texts that are seen: those of ticks only within their axis."""
    FigureCanvasAgg(figure).draw()
    hidden: set[int] = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            hidden |= {id(tick.label1) for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high}
    every = figure.findobj(Text)
    return [
        t for t in every if isinstance(t, Text) and t.get_visible() and t.get_text().strip() and id(t) not in hidden
    ]


def clashes(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure)]
    return [(a, b) for (a, x), (b, y) in combinations(boxes, 2) if shared(x, y)]


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["textbook", "breast"])
def test_texts_lie_apart(name: str, kind: str) -> None:
    model = cascade.load(name)
    for source in (cascade.exact(model), cascade.simulate(model, cells=20_000, seed=1)):
        if kind != "organs" or model.sites:
            assert not clashes(getattr(cascade.plot, kind)(source))


@pytest.mark.full
@pytest.mark.parametrize("name", CANCERS)
def test_names_and_lists_of_the_body_lie_apart_and_off_the_symbols(name: str) -> None:
    figure = cascade.plot.body(cascade.exact(cascade.load(name)))
    assert not clashes(figure)
    ax = figure.axes[0]
    (primary,) = (patch.get_window_extent() for patch in ax.patches if isinstance(patch, RegularPolygon))
    circles = [patch.get_window_extent() for patch in ax.patches if isinstance(patch, Circle)]
    (listed,) = (text.get_window_extent() for text in ax.texts if text.get_text().startswith("into the blood by"))
    others = [text.get_window_extent() for text in ax.texts if text.get_text() != "primary"]
    assert not any(shared(primary, circle) or shared(listed, circle) for circle in circles)
    assert not any(shared(primary, text) for text in others)


LONG = ["a long label of a funnel, such as people write", "b" * 60]


@pytest.mark.full
@pytest.mark.parametrize(("several", "labels"), [(1, None), (2, None), (2, LONG), (4, list("abcd"))])
@pytest.mark.parametrize("name", ["textbook", "platelets", "colon"])
def test_texts_of_a_funnel_end_near_the_right_of_its_panel(name: str, several: int, labels: list[str] | None) -> None:
    model = cascade.load(name)
    sources = [cascade.exact(model), cascade.simulate(model, cells=100_000, seed=2)] * 2
    figure = cascade.plot.funnel(*sources[:several], labels=labels)
    FigureCanvasAgg(figure).draw()
    ax = figure.axes[0]
    panel = ax.get_window_extent()
    ends = [(text.get_window_extent().x1 - panel.x0) / panel.width for text in ax.texts if text.get_text()]
    assert 0.7 < max(ends) < 1.0


def test_bars_of_a_comparison_lie_apart() -> None:
    ways = [{"name": name, "stage": "way", "moves": [{"to": "goal", "hazard": 1.0}],
             "deaths": [{"cause": "shear", "hazard": 1.0}]} for name in "ab"]  # fmt: skip
    start = {"name": "here", "stage": "start", "moves": [{"to": "a", "hazard": 1.0}, {"to": "b", "hazard": 1.0}]}
    states = [start, *ways, {"name": "goal", "absorbing": True}]
    model = cascade.Model(name="two ways", stages=["start", "way"], states=states)
    one, two = (model.with_(scale={f"{name}.shear": 9.0}) for name in "ab")
    found = cascade.compare(one, two, cells=2000, seed=1)
    assert any(row.saved and row.lost for row in found.causes())
    figure = cascade.plot.comparison(found)
    FigureCanvasAgg(figure).draw()
    for ax in figure.axes:
        bars = [patch.get_window_extent() for patch in ax.patches if isinstance(patch, Rectangle)]
        assert len([bar for bar in bars if bar.width > SLACK]) > 1
        assert not any(shared(a, b) for a, b in combinations(bars, 2))


def test_texts_on_each_other_are_seen() -> None:
    figure = cascade.plot.funnel(cascade.exact(cascade.load("textbook")))
    first = figure.axes[0].texts[0]
    assert not clashes(figure)
    figure.axes[0].annotate("again", first.xy, xytext=(9, 2), textcoords="offset points")  # type: ignore[attr-defined]
    assert clashes(figure)
