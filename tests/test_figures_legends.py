"""Legends lie beside the data, and axes of shares end at all of them, whatever the numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import cascade
from helpers.drawn import compared, share_in, swapped_round, textbook, textbook_exact, traits, unfinished
from test_figures_apart import shared


def figures() -> Iterator[tuple[str, Figure]]:
    """All that have a legend or an axis of shares; of organs with few, with no and with many colonies."""
    for name, cells in (("breast", 10**6), ("colon", 1000), ("prostate", 10**5), ("brain", 10**5), ("lung", 0)):
        model = cascade.load(name)
        source = cascade.simulate(model, cells=cells, seed=1) if cells else cascade.exact(model)
        yield f"organs {name} {cells}", cascade.plot.organs(source)
    for source in (textbook(), textbook_exact(), unfinished()):
        for draw in (cascade.plot.funnel, cascade.plot.occupancy, cascade.plot.incidence):
            yield f"{draw.__name__} {source}", draw(source)
        yield "linear incidence", cascade.plot.incidence(source, log=False)
    for two in (compared(), swapped_round()):
        yield "comparison", cascade.plot.comparison(two)
    yield "selection", cascade.plot.selection(traits())


DRAWN = dict(figures())


def legends_on_data(figure: Figure) -> list[Axes]:
    """Axes into which a legend reaches, of itself or of others."""
    FigureCanvasAgg(figure).draw()
    legends = [ax.get_legend() for ax in figure.axes if ax.get_legend()]
    boxes = [legend.get_window_extent() for legend in legends if legend]
    return [ax for ax in figure.axes if any(shared(box, ax.get_window_extent()) for box in boxes)]


def beyond_all(figure: Figure) -> list[str]:
    """Marks of shares above 100 %, and axes of shares whose line goes on beyond it."""
    found = []
    for ax in figure.axes:
        for name, axis, side in (("x", ax.xaxis, "bottom"), ("y", ax.yaxis, "left")):
            labels = {t.get_loc(): t.label1.get_text() for t in axis.get_major_ticks()}
            low, high = sorted(axis.get_view_interval())
            seen = {at: text for at, text in labels.items() if low <= at <= high and re.search(r"\d %$", text)}
            found += [text for text in seen.values() if share_in(text) > 1.0]
            if len(seen) > 1 and max(ax.spines[side].get_bounds() or (high,)) > 1.0 and ax.spines[side].get_visible():
                found.append(f"{name} to {high}")
    return found


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", DRAWN)
def test_no_legend_lies_on_data(name: str) -> None:
    assert legends_on_data(DRAWN[name]) == []


@pytest.mark.parametrize("name", DRAWN)
def test_no_axis_of_shares_goes_beyond_all(name: str) -> None:
    assert beyond_all(DRAWN[name]) == []


def test_a_legend_on_data_and_an_axis_beyond_all_are_seen() -> None:
    figure = cascade.plot.organs(cascade.exact(cascade.load("colon")))
    ax = figure.axes[1]
    ax.legend(loc="lower right")
    ax.set_xlim(0.0, 1.3)
    ax.set_xticks([0.0, 0.5, 1.2])
    assert legends_on_data(figure) == [ax]
    assert beyond_all(figure) == ["120 %", "x to 1.3"]
    ax.spines["bottom"].set_bounds(0.0, 1.0)
    assert beyond_all(figure) == ["120 %"]
