"""What is drawn for the tests of figures, made once, and how a figure is read as a reader would read it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Annotation, Text
from scipy import stats

import cascade
from cascade import plot
from helpers.models import CYCLIC, FRAIL

Floats = npt.NDArray[np.float64]

TWO = 0.051
"""Largest relative error of a number that is written with two figures."""

GOAL = "#222222"
BEYOND = "beyond the last step"


# What is drawn, made once.


@cache
def textbook() -> Any:
    """None of these cells passes the last step."""
    return cascade.simulate(cascade.load("textbook"), cells=20_000, seed=1, times=[1.0, 30.0, 100.0, 300.0])


@cache
def textbook_exact() -> Any:
    return cascade.exact(cascade.load("textbook"))


@cache
def unfinished() -> Any:
    """Stopped while cells are still alive at several steps."""
    return cascade.simulate(cascade.load("textbook"), cells=5000, seed=3, until=60.0)


@cache
def cyclic() -> Any:
    return cascade.simulate(CYCLIC, cells=20_000, seed=5)


@cache
def cyclic_exact() -> Any:
    return cascade.exact(CYCLIC)


@cache
def colon() -> Any:
    """A large model with enough cells for some colonies, by several routes."""
    return cascade.simulate(cascade.load("colon"), cells=8_000_000, seed=2)


@cache
def colon_exact() -> Any:
    return cascade.exact(cascade.load("colon"))


@cache
def esophagus_exact() -> Any:
    """Its cells come into the blood by three vessels."""
    return cascade.exact(cascade.load("esophagus"))


@cache
def traits() -> Any:
    """Many, fewer and few cells that passed."""
    return cascade.selection(FRAIL, cells=40_000, seed=1)


@cache
def few_traits() -> Any:
    """Single cells, and none, that passed the last step."""
    return cascade.selection(FRAIL.with_(name="few", scale={"tissue.tumour": 0.3}), cells=1000, seed=1)


OTHER = CYCLIC.with_(name="other", scale={"*.shear": 0.3, "*.immune killing": 1.5, "tissue.apoptosis": 2.0})


@cache
def compared() -> Any:
    """Cells gained and lost, and some still alive in the end."""
    return cascade.compare(CYCLIC, OTHER, cells=20_000, seed=7, until=60.0)


@cache
def swapped_round() -> Any:
    """More cells lost than gained."""
    return cascade.compare(OTHER, CYCLIC, cells=20_000, seed=7, until=60.0)


# How a figure is read.

_LOWERED = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789")


class Bar(NamedTuple):
    left: float
    right: float
    bottom: float
    top: float
    colour: str


def bars(ax: Axes) -> list[Bar]:
    """Rectangles of an axes, without those that only serve its legend."""
    boxes = [(p.get_bbox(), to_hex(p.get_facecolor())) for p in ax.patches if isinstance(p, Rectangle)]
    return [Bar(b.xmin, b.xmax, b.ymin, b.ymax, colour) for b, colour in boxes if np.isfinite(b.get_points()).all()]


def bars_at(ax: Axes, y: float) -> list[Bar]:
    """Bars of the row at y, from left to right."""
    return sorted(bar for bar in bars(ax) if abs((bar.bottom + bar.top) / 2 - y) < 0.5)


def whiskers(ax: Axes) -> dict[float, tuple[float, float]]:
    """Both ends of the horizontal lines, by their height."""
    found = {}
    for line in ax.lines:
        xs, ys = (np.asarray(v, float) for v in line.get_data())
        if len(xs) == 2 and ys[0] == ys[1] and line.get_transform() == ax.transData:
            found[round(float(ys[0]), 9)] = (float(xs[0]), float(xs[1]))
    return found


def points(ax: Axes, marker: str) -> dict[float, float]:
    """Where on x the points of a marker are, by their height."""
    lines = [line for line in ax.lines if line.get_marker() == marker]
    return {round(float(line.get_ydata()[0]), 9): float(line.get_xdata()[0]) for line in lines}


def ticks(axis: Axis) -> dict[str, float]:
    """Positions of an axis by the text that stands there."""
    at = [float(position) for position in axis.get_majorticklocs()]
    return dict(zip(axis.get_major_formatter().format_ticks(at), at, strict=True))


def from_top(ax: Axes) -> list[str]:
    """Labels of the rows as they stand below each other."""
    rows = ticks(ax.yaxis)
    return sorted(rows, key=lambda label: -ax.transData.transform((1.0, rows[label]))[1])


def where(text: Text) -> tuple[float, float]:
    """The point to which a text belongs."""
    x, y = text.xy if isinstance(text, Annotation) else text.get_position()
    return float(x), float(y)


def text_at(ax: Axes, x: float, y: float) -> str:
    """The one text at a point."""
    found = [t.get_text() for t in ax.texts if where(t) == pytest.approx((x, y), rel=1e-9, abs=1e-9)]
    assert len(found) == 1, (x, y, found)
    return found[0]


def key(figure: Figure) -> dict[str, tuple[str, str]]:
    """Colour and mark by name, of the keys of a figure: each name stands at the right of its mark."""
    FigureCanvasAgg(figure).draw()
    marks = [m for m in figure.artists if isinstance(m, Line2D)]
    found = {}
    for mark in marks:
        box = mark.get_window_extent()
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        beside = [(t.get_window_extent(), t) for t in figure.texts]
        text = min((pair for pair in beside if pair[0].x0 > x and pair[0].y0 < y < pair[0].y1), key=lambda p: p[0].x0)[
            1
        ]
        found[" ".join(text.get_text().split())] = (to_hex(mark.get_color()).upper(), str(mark.get_marker()))
    assert len(found) == len(marks)
    return found


def told(figure: Figure) -> str:
    """All that is written in a figure, in one line."""
    texts = [t for t in figure.findobj(Text) if isinstance(t, Text) and t.get_visible()]
    return " ".join(" ".join(t.get_text().split()) for t in texts)


def heading(figure: Figure) -> str:
    """What a figure says it is of."""
    (text,) = (t for t in figure.texts if t.get_gid() == "label")
    return " ".join(text.get_text().split())


def share_in(text: str) -> float:
    """The first share that a text says, per cent or 1 in N."""
    if text.startswith("all"):
        return 1.0
    if found := re.search(r"1 in 10([\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+)", text):
        return 10.0 ** -int(found[1].translate(_LOWERED))
    if found := re.search(r"1 in ([\d,]+)", text):
        return 1.0 / count_in(found[1])
    found = re.search(r"([\d.]+(?:e[-+]?\d+)?) %", text)
    assert found, text
    return float(found[1]) / 100.0


def count_in(text: str) -> float:
    """The first number that a text says, with digits grouped."""
    found = re.search(r"\d[\d,]*(\.\d+)?(e-\d+)?", text)
    assert found, text
    return float(found[0].replace(",", ""))


def hours_in(text: str) -> float:
    """A time that a text says."""
    value, unit = text.split()
    return float(value) * {"s": 1 / 3600, "min": 1 / 60, "h": 1.0, "d": 24.0, "y": 8766.0}[unit]


def clopper_pearson(count: int, of: int) -> tuple[float, float]:
    """95 % interval; of no success its one-sided limit."""
    if count == 0:
        return 0.0, float(1.0 - 0.05 ** (1.0 / of))
    return float(stats.beta.ppf(0.025, count, of - count + 1)), float(stats.beta.ppf(0.975, count + 1, of - count))


def panel(figure: Figure, name: str) -> Axes:
    """The axes of this name."""
    return next(ax for ax in figure.axes if ax.get_label() == name)


Source = Callable[[], Any]


@cache
def picture(draw: Callable[..., Figure], source: Source, **how: Any) -> Figure:
    """A figure that is only read, made once."""
    if source is colon_exact and draw in (plot.occupancy, plot.incidence):
        how["times"] = SOME_HOURS
    return draw(source(), **how)


SOME_HOURS = (1.0, 30.0, 400.0, 5000.0, 40_000.0)
"""For the exact curves of large models, which take their time."""

simulated_and_exact = pytest.mark.parametrize("source", [textbook, textbook_exact, unfinished, cyclic, cyclic_exact])
