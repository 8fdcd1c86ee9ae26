"""Texts of a figure lie apart from each other and from the symbols of others."""

from __future__ import annotations

import pytest
from matplotlib.patches import Circle, RegularPolygon

import cascade
from helpers.inspect import clashes, shared

CANCERS = [entry.name for entry in cascade.models() if entry.group == "cancers"]
KINDS = ("funnel", "alluvial", "organs", "occupancy", "incidence")


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["textbook", "breast"])
def test_texts_lie_apart(name: str, kind: str) -> None:
    model = cascade.load(name)
    for source in (cascade.exact(model), cascade.simulate(model, cells=20_000, seed=1)):
        if kind != "organs" or model.sites:
            assert not clashes(getattr(cascade.plot, kind)(source))


@pytest.mark.sampled(0, 8)
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


def test_texts_on_each_other_are_seen() -> None:
    figure = cascade.plot.funnel(cascade.exact(cascade.load("textbook")))
    first = figure.axes[0].texts[0]
    assert not clashes(figure)
    figure.axes[0].annotate("again", first.get_position(), xytext=(1, 1), textcoords="offset points")
    assert clashes(figure)
