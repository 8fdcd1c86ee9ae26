"""Figures against the tables they show: what each bar, whisker, band, point, circle, text and label says.

The expected values come from the public tables, or are worked out here; how the figures come by
theirs is not asked.  Numbers in texts are read back, as a reader would.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from matplotlib.text import Annotation, Text
from PIL import Image
from scipy import stats

import cascade
from cascade import plot
from models import CYCLIC, FRAIL

Floats = npt.NDArray[np.float64]

THREE, TWO = 6e-3, 0.051
"""Largest relative error of a number that is written with three, or with two, figures."""

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


def legend(ax: Axes) -> dict[str, str]:
    """Colours by label, in the order of the legend."""
    shown = ax.get_legend()
    assert shown is not None
    handles = [h.get_facecolor() if hasattr(h, "get_facecolor") else h.get_color() for h in shown.legend_handles]
    return dict(zip([t.get_text() for t in shown.get_texts()], map(to_hex, handles), strict=True))


def share_in(text: str) -> float:
    """The first share that a text says, per cent or 1 in N."""
    if text.startswith("all"):
        return 1.0
    if found := re.search(r"1 in \$10\^\{(\d+)\}\$", text):
        return 10.0 ** -int(found[1])
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


def whitened(colour: str, base: str) -> float:
    """Share of white in a colour that is ``base`` mixed with white; fails for any other."""
    pairs = [(c, b) for c, b in zip(to_rgb(colour), to_rgb(base), strict=True) if b < 0.98]
    shares = [(c - b) / (1.0 - b) for c, b in pairs]
    assert max(shares) - min(shares) < 0.02, (colour, base)
    return float(np.mean(shares))


def clopper_pearson(count: int, of: int) -> tuple[float, float]:
    """95 % interval; of no success its one-sided limit."""
    if count == 0:
        return 0.0, float(1.0 - 0.05 ** (1.0 / of))
    return float(stats.beta.ppf(0.025, count, of - count + 1)), float(stats.beta.ppf(0.975, count + 1, of - count))


def panel(figure: Figure, beginning: str) -> Axes:
    """The axes whose title begins so."""
    return next(ax for ax in figure.axes if ax.get_title(loc="left").startswith(beginning))


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


# Funnel.


@simulated_and_exact
def test_funnel_bars_end_at_the_shares_in_order_and_colour_of_the_steps(source: Source) -> None:
    rows = source().funnel().rows
    ax = picture(plot.funnel, source).axes[0]
    assert from_top(ax) == [row.step for row in rows]
    colours = plot.stage_colours([row.step for row in rows])
    for row in rows:
        (bar,) = bars_at(ax, ticks(ax.yaxis)[row.step])
        assert bar.left == pytest.approx(ax.get_xlim()[0])
        assert bar.right == pytest.approx(max(row.fraction_of_all, ax.get_xlim()[0]), rel=1e-9)
        assert bar.colour == to_hex(colours[row.step])


@pytest.mark.parametrize("source", [textbook, unfinished, cyclic])
def test_funnel_whiskers_are_the_intervals_and_zeros_have_only_an_upper_bound(source: Source) -> None:
    ax = picture(plot.funnel, source).axes[0]
    found, bounds = whiskers(ax), points(ax, "<")
    for y, row in enumerate(source().funnel()):
        if row.passed:
            assert found.pop(y) == pytest.approx((max(row.low, ax.get_xlim()[0]), row.high), rel=1e-9)
        else:
            assert bounds.pop(y) == pytest.approx(row.high, rel=1e-9)
    assert not found
    assert not bounds


def test_the_textbook_has_a_zero_count() -> None:
    assert [row.passed == 0 for row in textbook().funnel()] == [False] * 6 + [True]


@pytest.mark.parametrize("source", [textbook_exact, cyclic_exact])
def test_an_exact_funnel_has_no_whiskers(source: Source) -> None:
    ax = picture(plot.funnel, source).axes[0]
    assert not ax.lines


def test_a_whisker_begins_within_the_axes_where_its_low_end_is_beyond() -> None:
    single = cascade.Funnel.from_counts({"in": 11_000, "some": 500, "out": 1})
    ax = plot.funnel(single).axes[0]
    left = ax.get_xlim()[0]
    assert single.rows[-1].low < left < single.rows[-1].fraction_of_all
    assert whiskers(ax)[1.0] == pytest.approx((left, single.rows[-1].high))


@simulated_and_exact
def test_funnel_texts_are_the_share_of_the_previous_step_and_the_count(source: Source) -> None:
    ax = picture(plot.funnel, source).axes[0]
    for y, row in enumerate(source().funnel()):
        text = text_at(ax, max(row.fraction_of_all, row.high), y)
        if row.passed:
            assert " of previous" in text
            assert share_in(text) == pytest.approx(row.fraction_of_previous, rel=THREE)
            assert count_in(text.partition("(")[2]) == pytest.approx(row.passed, rel=THREE)
        else:
            assert text.startswith("none: below")
            assert " of all" in text
            assert share_in(text) == pytest.approx(row.high, rel=THREE)


@simulated_and_exact
def test_the_axis_of_a_funnel_is_logarithmic_and_holds_all_that_is_drawn(source: Source) -> None:
    ax = picture(plot.funnel, source).axes[0]
    low, high = ax.get_xlim()
    assert ax.get_xscale() == "log"
    rows = source().funnel().rows
    shown = [row.fraction_of_all if row.passed else row.high for row in rows]
    assert low < min(shown)
    assert high >= 1.0
    marks = ticks(ax.xaxis)
    assert len(marks) >= 2
    assert marks["all"] == 1.0
    assert {share_in(label): at for label, at in marks.items()} == pytest.approx({at: at for at in marks.values()})
    down, up = ax.get_ylim()
    assert down > len(rows) - 1 + 0.35
    assert up < -0.35


def test_a_zero_of_few_cells_lets_its_bound_set_the_axis() -> None:
    none = cascade.Funnel.from_counts({"in": 10**7, "out": 0})
    ax = plot.funnel(none).axes[0]
    assert ax.get_xlim()[0] < none.rows[0].high < 1e-6
    assert points(ax, "<") == {0.0: pytest.approx(none.rows[0].high)}


def test_a_step_that_no_cell_can_pass_is_said_to_be_passed_by_none() -> None:
    """Of an exact answer, whose zero has no upper bound: there is no place on the axis at which to stand."""
    ax = plot.funnel(cascade.exact(CYCLIC.with_(hazards={"tissue.tumour": 0.0}))).axes[0]
    assert text_at(ax, ax.get_xlim()[0], ticks(ax.yaxis)["tissue"]).startswith("none")


@simulated_and_exact
def test_causes_are_shares_of_all_that_came_no_further(source: Source) -> None:
    figure = picture(plot.funnel, source)
    left, right = figure.axes
    names = {colour: label for label, colour in legend(right).items()}
    assert len(names) == len(legend(right))
    for row in source().funnel():
        y = ticks(left.yaxis)[row.step]
        total = sum(row.lost.values()) + row.still
        parts = {cause: n / total for cause, n in {**row.lost, "still there": row.still}.items() if n}
        drawn = [bar for bar in bars_at(right, y) if bar.right - bar.left > 1e-12]
        assert {names[bar.colour]: bar.right - bar.left for bar in drawn} == pytest.approx(parts, rel=1e-9)
        for one, after in pairwise(drawn):
            assert after.left == pytest.approx(one.right, abs=1e-9)
        if drawn:
            assert (drawn[0].left, drawn[-1].right) == pytest.approx((0.0, 1.0), abs=1e-9)
        else:
            assert [t.get_text() for t in right.texts if where(t)[1] == y] == ["none lost"]


@simulated_and_exact
def test_texts_in_the_causes_say_the_share_they_stand_on(source: Source) -> None:
    right = picture(plot.funnel, source).axes[1]
    said = 0
    for y, row in enumerate(source().funnel()):
        for bar in bars_at(right, y):
            inside = [t for t in right.texts if where(t)[1] == y and bar.left < where(t)[0] < bar.right]
            if row.lost or row.still:
                assert len(inside) == (bar.right - bar.left > 0.12)
            for text in inside:
                assert share_in(text.get_text()) == pytest.approx(bar.right - bar.left, abs=0.0051)
                assert where(text)[0] == pytest.approx((bar.left + bar.right) / 2)
                said += 1
    assert said


@simulated_and_exact
def test_the_legend_of_the_causes_names_each_once_with_its_colour(source: Source) -> None:
    rows = source().funnel().rows
    causes = list(dict.fromkeys(cause for row in rows for cause in row.lost))
    shown = legend(picture(plot.funnel, source).axes[1])
    assert list(shown) == [*causes, *(["still there"] if any(row.still for row in rows) else [])]
    for cause, base in plot.cause_colours(causes).items():
        assert 0.2 < whitened(shown[cause], base) < 0.6


def test_causes_of_a_row_stand_in_the_order_of_the_legend() -> None:
    right = plot.funnel(unfinished()).axes[1]
    order = list(legend(right).values())
    for y in range(len(unfinished().funnel())):
        drawn = [order.index(bar.colour) for bar in bars_at(right, y) if bar.right > bar.left]
        assert drawn == sorted(drawn)
    assert order[-1] == "#e6e6e6"  # those who still live come last, and are grey


def test_the_causes_have_the_rows_of_the_funnel_and_an_axis_of_per_cent() -> None:
    left, right = plot.funnel(textbook()).axes
    assert left.get_ylim() == right.get_ylim()
    assert right.get_xlim() == (0.0, 1.0)
    assert all(share_in(label) == pytest.approx(at) for label, at in ticks(right.xaxis).items())
    assert "came no further" in right.get_xlabel()


def test_several_funnels_stand_side_by_side_in_the_order_given() -> None:
    sources = [textbook(), textbook_exact(), unfinished()]
    names = ["counted", "expected", "stopped"]
    figure = plot.funnel(*sources, labels=names)
    (ax,) = figure.axes
    assert from_top(ax) == list(textbook().model.stages)
    assert ax.get_xlim()[0] < min(row.fraction_of_all or row.high for one in sources for row in one.funnel())
    found = whiskers(ax)
    for k, rows in enumerate(zip(*(s.funnel() for s in sources), strict=True)):
        own = sorted(bars_at(ax, k), key=lambda bar: bar.bottom)
        assert [bar.right for bar in own] == pytest.approx([max(r.fraction_of_all, own[0].left) for r in rows])
        assert all(one.top <= after.bottom for one, after in pairwise(own))
        # The first has the colour of the step, each further one is paler.
        base = plot.stage_colours(textbook().model.stages)[rows[0].step]
        pale = [whitened(bar.colour, base) for bar in own]
        assert pale[0] == pytest.approx(0.0, abs=0.01)
        assert pale == sorted(set(pale))
        for bar, row, source, name in zip(own, rows, sources, names, strict=True):
            y = (bar.bottom + bar.top) / 2
            text = text_at(ax, max(row.fraction_of_all, row.high), y)
            assert text.endswith(f"   {name}")
            said, value = (share_in(text), row.fraction_of_previous if row.passed else row.high)
            assert said == pytest.approx(value, rel=THREE)
            drawn = source is not textbook_exact() and row.passed
            assert (round(y, 9) in found) == bool(drawn)
            if drawn:
                assert found[round(y, 9)] == pytest.approx((max(row.low, own[0].left), row.high))


def test_two_funnels_are_called_by_their_own_names_by_default() -> None:
    mine = cascade.Funnel.from_counts({"in": 1000, "a": 100, "b": 10}, label="mine")
    yours = cascade.Funnel.from_counts({"in": 500, "a": 80, "b": 20}, label="yours")
    (ax,) = plot.funnel(mine, yours).axes
    for k in range(2):
        drawn = sorted(bars_at(ax, k), key=lambda bar: bar.bottom)
        for bar, one in zip(drawn, (mine, yours), strict=True):
            row = one.rows[k]
            assert text_at(ax, row.high, (bar.bottom + bar.top) / 2).endswith(one.label)


def test_the_title_of_a_funnel_says_name_and_number_of_cells() -> None:
    assert plot.funnel(textbook()).get_suptitle() == f"{textbook().label}: 20,000 cells"
    counts = cascade.Funnel.from_counts({"in": 1000, "out": 10}, label="mine")
    figure = plot.funnel(counts)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["mine: 1,000 cells"]  # nothing known of causes


# Waterfall.


@simulated_and_exact
def test_waterfall_bars_go_from_the_share_before_to_the_share_after(source: Source) -> None:
    rows = source().funnel().rows
    (ax,) = picture(plot.waterfall, source).axes
    at = {label.replace("\n", " "): x for label, x in ticks(ax.xaxis).items()}
    assert sorted(at, key=lambda step: at[step]) == [row.step for row in rows]
    colours = plot.stage_colours([row.step for row in rows])
    drawn, before = bars(ax), 1.0
    for row in rows:
        if row.passed:
            (bar,) = (bar for bar in drawn if bar.left < at[row.step] < bar.right)
            assert (bar.top, bar.bottom) == pytest.approx((np.log10(before), np.log10(row.fraction_of_all)), abs=1e-9)
            assert bar.colour == to_hex(colours[row.step])
            text = text_at(ax, at[row.step], bar.bottom)
            lost = float(text.replace("\u2212", "-"))
            assert lost == pytest.approx(np.log10(row.fraction_of_all / before), abs=0.0051)
            before = row.fraction_of_all
        else:
            assert text_at(ax, at[row.step], np.log10(before)) == "none\npassed"
    assert len(drawn) == sum(row.passed > 0 for row in rows)


def test_a_waterfall_joins_each_bar_to_the_level_it_begins_at() -> None:
    (ax,) = plot.waterfall(cyclic()).axes
    shares = [row.fraction_of_all for row in cyclic().funnel()]
    assert list(whiskers(ax)) == pytest.approx(np.log10(shares[:-1]).tolist())
    for k, (left, right) in enumerate(whiskers(ax).values()):
        assert (left, right) == pytest.approx((k + 0.36, k + 1.36))


@simulated_and_exact
def test_the_axis_of_a_waterfall_reads_as_shares_and_holds_all_bars(source: Source) -> None:
    (ax,) = picture(plot.waterfall, source).axes
    marks = ticks(ax.yaxis)
    assert marks["all"] == 0.0
    assert all(share_in(label) == pytest.approx(10.0**at) for label, at in marks.items())
    low, high = ax.get_ylim()
    lowest = np.log10(min(row.fraction_of_all for row in source().funnel() if row.passed))
    assert low < lowest - 0.2  # room for the text below the bar
    assert min(marks.values()) <= lowest
    assert high > 0
    left, right = ax.get_xlim()
    assert left < -0.36
    assert right > len(source().funnel()) - 1 + 0.36
    assert ax.get_title(loc="left").startswith(source().funnel().label)


# Occupancy.


class Band(NamedTuple):
    hours: Floats
    bottom: Floats
    top: Floats
    colour: str


def bands(ax: Axes) -> dict[str, Band]:
    """Stacked areas by label, in the order in which they were drawn."""
    found = {}
    for area in ax.collections:
        assert isinstance(area, PolyCollection)
        corners = np.asarray(area.get_paths()[0].vertices)
        hours = np.unique(corners[:, 0])
        ends = [corners[corners[:, 0] == h, 1] for h in hours]
        colour = to_hex(area.get_facecolor()[0])
        low, high = (np.array([of(end) for end in ends]) for of in (np.min, np.max))
        found[str(area.get_label())] = Band(hours, low, high, colour)
    return found


def by_stage(curves: Any, model: cascade.Model) -> dict[str, Floats]:
    """Shares of the states of a stage added up; of those beyond the last one too."""
    stage = {state.name: state.stage or BEYOND for state in model.states}
    order = dict.fromkeys([*model.stages, BEYOND])
    return {name: sum((curves[s] for s in curves.names if stage[s] == name), np.zeros(len(curves.hours)))
            for name in order if name in stage.values()}  # fmt: skip


def assert_stacked(ax: Axes, hours: Floats, expected: Mapping[str, Floats], *, living: bool) -> None:
    """Bands as high as expected, in this order from the bottom; the dead on top unless it is of the living."""
    drawn = bands(ax)
    assert list(drawn) == [*expected, *([] if living else ["dead"])]
    below = np.zeros(len(hours))
    for name, value in expected.items():
        band = drawn[name]
        assert band.hours == pytest.approx(hours)
        assert band.bottom == pytest.approx(below, abs=1e-9)
        assert band.top - band.bottom == pytest.approx(value, abs=1e-9)
        below = below + value
    if living:
        assert below == pytest.approx(1.0)
    else:
        assert drawn["dead"].bottom == pytest.approx(below, abs=1e-9)
        assert drawn["dead"].top == pytest.approx(1.0)


@cache
def curves_at(curves: Callable[..., Any], hours: tuple[float, ...] | None) -> Any:
    """Occupancy or incidence of a source, asked once."""
    return curves(hours)


def expected_of(source: Any, hours: Floats, *, living: bool = False) -> dict[str, Floats]:
    """Shares of all, or of the living, at these hours."""
    curves = curves_at(source.occupancy, tuple(hours))
    assert curves.hours == pytest.approx(hours)
    large = len(source.model.states) > 24
    found = by_stage(curves, source.model) if large else {name: curves[name] for name in curves.names}
    alive = np.sum(list(found.values()), axis=0) if living else 1.0
    return {name: value / alive for name, value in found.items()}


@pytest.mark.parametrize("living", [False, True])
@pytest.mark.parametrize("source", [textbook, cyclic, unfinished, colon])
def test_occupancy_stacks_the_shares_of_the_table(source: Source, living: bool) -> None:
    (ax,) = picture(plot.occupancy, source, living=living).axes
    hours = next(iter(bands(ax).values())).hours
    assert_stacked(ax, hours, expected_of(source(), hours, living=living), living=living)


@pytest.mark.parametrize("living", [False, True])
@pytest.mark.parametrize("source", [cyclic_exact, colon_exact])
def test_occupancy_of_an_exact_answer_at_its_own_times(source: Source, living: bool) -> None:
    (ax,) = picture(plot.occupancy, source, living=living).axes
    hours = next(iter(bands(ax).values())).hours
    assert len(hours) > 50 or source is colon_exact
    assert_stacked(ax, hours, expected_of(source(), hours, living=living), living=living)


def test_times_of_an_exact_answer_span_those_of_its_steps() -> None:
    means = [row.mean_hours for row in cyclic_exact().times() if np.isfinite(row.mean_hours) and row.mean_hours > 0]
    for figure in (picture(plot.occupancy, cyclic_exact), picture(plot.incidence, cyclic_exact)):
        low, high = figure.axes[0].get_xlim()
        assert low < min(means)
        assert high > 5 * max(means)
    stopped = cascade.exact(CYCLIC, until=30.0)
    assert plot.incidence(stopped).axes[0].get_xlim()[1] == pytest.approx(30.0)
    at_once = plot.incidence(cascade.exact(CYCLIC, until=1e-3)).axes[0].get_xlim()
    assert at_once == pytest.approx((1e-5, 1e-3))


def test_times_given_are_those_drawn() -> None:
    times = [1.0, 30.0, 100.0, 300.0]
    for source in (textbook(), textbook_exact()):
        (ax,) = plot.occupancy(source, times=times).axes
        hours = np.array(times)
        assert_stacked(ax, hours, expected_of(source, hours), living=False)
        (ax,) = plot.incidence(source, times=times).axes
        assert all(line.get_xdata() == pytest.approx(times) for line in ax.lines)
    # The start of all things has no place on a logarithmic axis.
    assert bands(plot.occupancy(cyclic_exact(), times=[0.0, 1.0, 9.0]).axes[0])["blood"].hours.tolist() == [1.0, 9.0]


@pytest.mark.parametrize("living", [False, True])
def test_only_times_before_anything_happens_and_after_the_last_death_are_left_out(living: bool) -> None:
    curves = textbook().occupancy()
    hours = bands(plot.occupancy(textbook(), living=living).axes[0])["primary"].hours
    alive = curves.values.sum(axis=0) > 0
    assert not alive[-1]
    needed = (curves["primary"] < 1.0 - 1e-3) & (alive | (not living))
    assert set(curves.hours[needed]) <= set(hours)
    assert len(hours) <= needed.sum() + 1
    assert (hours.max() == curves.hours[-1]) == (not living)


def test_colours_of_states_are_those_of_their_stages_and_paler_for_later_ones() -> None:
    for source in (cyclic(), textbook()):
        model, drawn = source.model, bands(plot.occupancy(source).axes[0])
        palette = plot.stage_colours(model.stages)
        for stage in model.stages:
            own = [drawn[s.name].colour for s in model.states if s.stage == stage]
            pale = [whitened(colour, palette[stage]) for colour in own]
            assert pale[0] == pytest.approx(0.0, abs=0.01)
            assert pale == sorted(set(pale))
        assert drawn[model.states[-1].name].colour == GOAL
    drawn = bands(plot.occupancy(colon()).axes[0])
    assert {n: b.colour for n, b in drawn.items() if n not in (BEYOND, "dead")} == {
        stage: to_hex(colour) for stage, colour in plot.stage_colours(colon().model.stages).items()
    }
    assert drawn[BEYOND].colour == GOAL


@pytest.mark.parametrize("source", [textbook, colon])
@pytest.mark.parametrize("living", [False, True])
def test_the_legend_of_occupancy_has_the_order_and_colours_of_the_stack(source: Source, living: bool) -> None:
    (ax,) = picture(plot.occupancy, source, living=living).axes
    drawn = bands(ax)
    assert list(legend(ax).items()) == [(name, band.colour) for name, band in reversed(drawn.items())]
    assert ("living" in ax.get_ylabel()) == living
    assert ("all" in ax.get_ylabel()) != living
    assert ("living" in ax.get_title(loc="left")) == living


@pytest.mark.parametrize("draw", [plot.occupancy, plot.incidence])
@pytest.mark.parametrize("source", [textbook, cyclic_exact, colon, unfinished])
def test_the_axis_of_time_is_logarithmic_holds_all_times_and_is_marked_right(draw: Any, source: Source) -> None:
    (ax,) = picture(draw, source).axes
    drawn = np.concatenate(
        [line.get_xdata() for line in ax.lines] or [band.hours for band in bands(ax).values()]
    )  # fmt: skip
    assert ax.get_xscale() == "log"
    assert ax.get_xlim() == pytest.approx((drawn.min(), drawn.max()))
    marks = ticks(ax.xaxis)
    assert len(marks) >= 2
    for label, at in marks.items():
        assert hours_in(label) == pytest.approx(at, rel=1e-6)
        assert drawn.min() <= at <= drawn.max()


def test_the_axis_of_shares_goes_from_none_to_all() -> None:
    for living in (False, True):
        (ax,) = plot.occupancy(cyclic(), living=living).axes
        assert ax.get_ylim() == (0.0, 1.0)
        assert all(share_in(label) == pytest.approx(at) for label, at in ticks(ax.yaxis).items())


# Incidence.


def ends_of(source: Any, hours: tuple[float, ...] | None) -> tuple[Floats, dict[str, Floats], list[str]]:
    """Hours, curves by end (many goals as one), and which of them are goals."""
    curves = curves_at(source.incidence, hours)
    goals = [s.name for s in source.model.states if s.stage is None]
    found = {name: curves[name] for name in curves.names}
    if len(goals) > 4:
        together = np.sum([found.pop(goal) for goal in goals], axis=0)
        found, goals = {**found, BEYOND: together}, [BEYOND]
    return curves.hours, found, goals


incidences = pytest.mark.parametrize("source", [textbook, cyclic, unfinished, colon, cyclic_exact, colon_exact])


@incidences
@pytest.mark.parametrize("log", [True, False])
def test_incidence_draws_the_curve_of_each_end_under_its_name(source: Source, log: bool) -> None:
    (ax,) = picture(plot.incidence, source, log=log).axes
    asked = tuple(ax.lines[0].get_xdata()) if isinstance(source(), type(cyclic_exact())) else None
    hours, expected, goals = ends_of(source(), asked)
    palette = plot.cause_colours([name for name in expected if name not in goals])
    drawn = {str(line.get_label()).rpartition("  ")[0]: line for line in ax.lines}
    assert set(drawn) == {name for name, values in expected.items() if values.any() or not log}
    for name, line in drawn.items():
        assert line.get_xdata() == pytest.approx(hours)
        assert np.nan_to_num(line.get_ydata()) == pytest.approx(expected[name], rel=1e-9)
        assert to_hex(line.get_color()) == (GOAL if name in goals else to_hex(palette[name]))


@incidences
def test_the_legend_of_incidence_says_the_final_shares_the_largest_first(source: Source) -> None:
    (ax,) = picture(plot.incidence, source).axes
    finals = [float(line.get_ydata()[-1]) for line in ax.lines]
    assert finals == sorted(finals, reverse=True)
    for (label, colour), line in zip(legend(ax).items(), ax.lines, strict=True):
        assert label == line.get_label()
        assert colour == to_hex(line.get_color())
        assert share_in(label.rpartition("  ")[2]) == pytest.approx(line.get_ydata()[-1], rel=THREE)


@incidences
def test_each_curve_of_incidence_is_seen_on_its_axis(source: Source) -> None:
    (ax,) = picture(plot.incidence, source).axes
    low, high = ax.get_ylim()
    assert ax.get_yscale() == "log"
    assert high >= 1.0
    for line in ax.lines:
        assert low < np.nanmax(line.get_ydata()) / 5
    assert all(share_in(label) == pytest.approx(at) for label, at in ticks(ax.yaxis).items() if low <= at <= high)
    (ax,) = picture(plot.incidence, source, log=False).axes
    assert (ax.get_yscale(), ax.get_ylim()) == ("linear", (0.0, 1.0))
    assert all(share_in(label) == pytest.approx(at) for label, at in ticks(ax.yaxis).items())


# Organs.


@pytest.mark.parametrize("source", [colon, colon_exact])
def test_organs_draws_the_sites_with_most_colonies_in_the_order_of_the_table(source: Source) -> None:
    table = source().organs()
    ax = panel(picture(plot.organs, source), "Where colonies arise")
    shown = from_top(ax)
    settled = [row for row in table if row.colonies > 0]
    assert shown == [row.organ for row in settled if row.organ in shown]
    least = min(row.colonies for row in settled if row.organ in shown)
    others = [row for row in settled if row.organ not in shown]
    assert len(shown) == min(18, len(settled))
    assert all(row.colonies <= least for row in others)
    said = re.search(r"\((\d+) sites with fewer", ax.get_xlabel())
    assert int(said[1]) == len(others) if said else not others


@pytest.mark.parametrize("source", [colon, colon_exact])
def test_bars_of_organs_are_shares_of_all_colonies_with_their_intervals(source: Source) -> None:
    table = source().organs()
    total = sum(row.colonies for row in table)
    rows = {row.organ: row for row in table}
    ax = panel(picture(plot.organs, source), "Where colonies arise")
    found, routes = whiskers(ax), legend(ax)
    assert list(routes) == [
        r for r in dict.fromkeys(row.route for row in table) if r in {rows[o].route for o in from_top(ax)}
    ]
    assert len(set(routes.values())) == len(routes)
    for organ, y in ticks(ax.yaxis).items():
        row = rows[organ]
        (bar,) = bars_at(ax, y)
        assert (bar.left, bar.right) == pytest.approx((0.0, row.colonies / total))
        assert bar.colour == routes[row.route]
        assert share_in(text_at(ax, row.high, y)) == pytest.approx(row.colonies / total, rel=TWO)
        if table.exact:
            assert y not in found
        else:
            interval = clopper_pearson(row.colonies, total)
            assert found[y] == pytest.approx(interval, rel=1e-6)
        assert ax.get_xlim()[1] > max(bar.right, row.high)
    assert ax.get_xlim()[0] == 0.0
    assert all(share_in(label) == pytest.approx(at) for label, at in ticks(ax.xaxis).items() if at > 0)


def share_of_patients(exposure: Any, colonies_per_cell: float, detection: float) -> float:
    """Of the model's notes: 1 - (1 + m / k)^-k of the patients have a metastasis, and so many are found."""
    m = exposure.cells * colonies_per_cell
    free = np.exp(-m) if exposure.k is None else (1.0 + m / exposure.k) ** -exposure.k
    return float(detection * (1.0 - free))


@cache
def alike_exact() -> Any:
    """All patients exposed alike."""
    model = colon().model
    return cascade.exact(model.with_(exposure={"cells": 2.0 * model.exposure.cells, "k": None}))


@cache
def uneven() -> Any:
    """Patients more unlike than exponential."""
    model = colon().model
    return cascade.simulate(model.with_(exposure={"cells": model.exposure.cells, "k": 0.4}), cells=3_000_000, seed=4)


@pytest.mark.parametrize("source", [colon, colon_exact, alike_exact, uneven])
def test_autopsies_and_model_stand_at_the_same_organ_each_with_its_interval(source: Source) -> None:
    model = source().model
    rows = {row.organ: row for row in source().organs()}
    sites = {site.name: site for site in model.sites if site.scored}
    ax = panel(picture(plot.organs, source), "Blood-borne")
    seen, expected, found = points(ax, "o"), points(ax, "D"), whiskers(ax)
    assert set(ticks(ax.yaxis)) == set(sites)
    shares = [sites[organ].found / sites[organ].of for organ in from_top(ax)]
    assert shares == sorted(shares, reverse=True)
    assert any(site.found == 0 for site in sites.values())
    assert any(site.detection < 1 for site in sites.values())
    for organ, y in ticks(ax.yaxis).items():
        site, above, below = sites[organ], round(y + 0.14, 9), round(y - 0.14, 9)
        assert seen.pop(above) == pytest.approx(site.found / site.of)
        assert found.pop(above) == pytest.approx(clopper_pearson(site.found, site.of), rel=1e-6)
        if source().organs().exact:
            per_cell = [rows[organ].colonies / 1e6] * 3
        else:
            low, high = clopper_pearson(rows[organ].colonies, source().cells)
            per_cell = [low, rows[organ].colonies / source().cells, high]
        low, middle, high = (share_of_patients(model.exposure, n, site.detection) for n in per_cell)
        assert expected.pop(below) == pytest.approx(middle, rel=1e-6)
        assert found.pop(below) == pytest.approx((low, high), rel=1e-6)
    assert not seen
    assert not expected
    assert not found


def test_the_legend_tells_autopsies_from_model() -> None:
    ax = panel(plot.organs(colon_exact()), "Blood-borne")
    markers = [h.get_marker() for h in ax.get_legend().legend_handles]
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert dict(zip(labels, markers, strict=True)) == {"autopsies": "o", "model": "D"}
    pairs = {(line.get_marker(), to_hex(line.get_color())) for line in ax.lines if line.get_marker() in ("o", "D")}
    by_row = {to_hex(line.get_color()): {round(line.get_ydata()[0] % 1, 2)} for line in ax.lines}
    assert pairs == {("o", legend(ax)["autopsies"]), ("D", legend(ax)["model"])}
    assert by_row == {legend(ax)["autopsies"]: {0.14}, legend(ax)["model"]: {0.86}}
    low, high = ax.get_xlim()
    assert low <= 0 < max(max(line.get_xdata()) for line in ax.lines) <= high


def test_organs_leaves_the_autopsies_out_where_they_cannot_be_compared() -> None:
    stopped = cascade.simulate(colon().model, cells=2000, seed=1, until=24.0)
    assert stopped.organs().rows[0].colonies == 0
    (ax,) = plot.organs(stopped).axes
    assert [t.get_text() for t in ax.texts] == ["no colonies"]
    assert not bars(ax)
    assert plot.organs(stopped).get_suptitle() == f"{stopped.label}: 2,000 cells, until 24 h"
    (ax,) = plot.organs(cascade.exact(cascade.load("leukemia"))).axes
    assert len(bars(ax)) == 18


def test_organs_in_a_given_axes_shows_the_comparison_alone() -> None:
    ax = Figure().add_subplot()
    figure = plot.organs(colon(), ax=ax)
    assert figure is ax.get_figure()
    assert points(ax, "D") == points(panel(plot.organs(colon()), "Blood-borne"), "D")
    assert ax.get_title(loc="left") == f"{colon().label}: 8,000,000 cells"


# The body.


def circles(ax: Axes) -> list[Circle]:
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


def named_circle(ax: Axes, text: Text) -> Circle:
    """The circle beside (or, for the lung, above) its name."""
    x, y = where(text)
    beside = [c for c in circles(ax) if abs(c.center[1] - y) < 1e-9]
    above = [c for c in circles(ax) if abs(c.center[0] - x) < 1e-9 and c.center[1] < y]
    return min(beside or above, key=lambda c: abs(c.center[0] - x) + abs(c.center[1] - y))


def sites_drawn(ax: Axes, organs: Iterable[str]) -> dict[str, tuple[Circle, str, str]]:
    """By organ its circle, the share beside it ("" without one) and the weight of that text."""
    found = {}
    for organ in organs:
        (name,) = (t for t in ax.texts if t.get_text() in (organ, f"{organ} (own organ)"))
        circle = named_circle(ax, name)
        shares = (t for t in ax.texts if t.get_text().endswith(" %") and where(t)[0] > circle.center[0])
        beside = [t for t in shares if abs(where(t)[1] - circle.center[1]) < 1e-9]
        beside = [t for t in beside if (where(t)[0] > 9) == (circle.center[0] > 9)]  # the list of the other routes
        said = (beside[0].get_text(), str(beside[0].get_weight())) if beside else ("", "")
        found[organ] = (circle, *said)
    return found


bodies = pytest.mark.parametrize("source", [colon, colon_exact, esophagus_exact])


@bodies
def test_the_area_of_a_circle_is_the_number_of_cells_arrested(source: Source) -> None:
    table = source().organs()
    (ax, *_) = picture(plot.body, source).axes
    drawn = sites_drawn(ax, [row.organ for row in table])
    most = max(row.arrested for row in table)
    blood = {site.route for site in source().model.sites if site.flow is not None}
    # Lines of the list of the other routes are narrow: no circle reaches into the next.
    listed = [drawn[row.organ][0] for row in table if row.route not in blood]
    assert all(after.center[1] - one.center[1] > one.radius + after.radius for one, after in pairwise(listed))
    widest = max(circle.radius for circle in listed)
    for row in table:
        radius = max(0.3 * np.sqrt(row.arrested / most), 0.035)
        expected = radius if row.route in blood else min(radius, widest)
        assert drawn[row.organ][0].radius == pytest.approx(expected, rel=1e-6)


@bodies
def test_the_colour_of_a_circle_is_the_number_of_colonies(source: Source) -> None:
    table = source().organs()
    (ax, *_) = picture(plot.body, source).axes
    most = max(row.colonies for row in table)
    for organ, (circle, _, _) in sites_drawn(ax, [row.organ for row in table]).items():
        (row,) = (row for row in table if row.organ == organ)
        # From a 300th of the most on, by the logarithm.
        height = np.clip(1.0 + np.log(row.colonies / most) / np.log(300.0), 0.0, 1.0) if row.colonies else None
        expected = "#ffffff" if height is None else to_hex(colormaps["YlOrRd"](float(height)))
        channels = zip(to_rgb(circle.get_facecolor()), to_rgb(expected), strict=True)
        assert max(abs(a - b) for a, b in channels) < 0.02, organ


@bodies
def test_the_text_beside_a_circle_is_its_share_of_the_colonies_of_its_route(source: Source) -> None:
    table = source().organs()
    (ax, *_) = picture(plot.body, source).axes
    of_route = {route: sum(row.colonies for row in table.of_route(route)) for route in {r.route for r in table}}
    drawn = sites_drawn(ax, [row.organ for row in table])
    assert sum(bool(text) for _, text, _ in drawn.values()) == sum(row.colonies > 0 for row in table)
    for row in table:
        _, text, weight = drawn[row.organ]
        if row.colonies > 0:
            share = row.colonies / of_route[row.route]
            if share >= 1e-4:
                assert share_in(text) == pytest.approx(share, rel=TWO)
            else:
                assert text == "<0.01 %"
            assert weight == ("bold" if share >= 0.1 else "normal")


@bodies
def test_every_bed_is_drawn_and_a_second_bed_of_an_organ_holds_nothing(source: Source) -> None:
    (ax, *_) = picture(plot.body, source).axes
    (name,) = (t for t in ax.texts if t.get_text() == "bronchi (lung)")
    circle = named_circle(ax, name)
    assert (circle.radius, to_hex(circle.get_facecolor())) == (0.035, "#ffffff")
    own = {site.name for site in source().model.sites if site.own}
    said = {t.get_text().removesuffix(" (own organ)") for t in ax.texts if t.get_text().endswith(" (own organ)")}
    assert said == own


@bodies
def test_other_routes_are_listed_with_their_shares_of_all_colonies(source: Source) -> None:
    table, sites = source().organs(), source().model.sites
    (ax, *_) = picture(plot.body, source).axes
    total = sum(row.colonies for row in table)
    of_route = {
        route: sum(r.colonies for r in table.of_route(route)) for route in dict.fromkeys(r.route for r in table)
    }
    others = [route for route in of_route if route not in {site.route for site in sites if site.flow is not None}]
    assert len(others) >= 2
    heads = {t.get_text().partition(":")[0]: t for t in ax.texts if t.get_text().endswith(" % of all colonies")}
    heights = [where(heads[route])[1] for route in others]
    assert list(heads) == others
    assert heights == sorted(heights)
    for route, below in zip(others, [*heights[1:], np.inf], strict=True):
        assert share_in(heads[route].get_text()) == pytest.approx(of_route[route] / total, rel=TWO)
        listed = {
            t.get_text(): where(t)[1] for t in ax.texts if t.get_text() in {r.organ for r in table.of_route(route)}
        }
        assert list(listed) == [row.organ for row in table.of_route(route)]
        assert all(where(heads[route])[1] < y < below for y in listed.values())
    (note,) = (t.get_text() for t in ax.texts if "by blood" in t.get_text())
    blood = sum(of_route[route] for route in of_route if route not in others)
    assert share_in(note.partition("route; ")[2]) == pytest.approx(blood / total, rel=TWO)


def ways_in(source: Any) -> dict[str, float]:
    """Shares of the cells that came into the blood by each vessel, the most first."""
    entries = cascade.body.came_in(source.events(), cascade.body.circulation("male"))
    total = sum(entries.values())
    return {vessel: n / total for vessel, n in sorted(entries.items(), key=lambda item: -item[1])}


@bodies
def test_the_ways_into_the_blood_are_listed_the_most_used_first(source: Source) -> None:
    (ax, *_) = picture(plot.body, source).axes
    (listed,) = (t.get_text() for t in ax.texts if t.get_text().startswith("into the blood by"))
    said = [re.fullmatch(r"(\S+ %) (.*)", line) for line in listed.splitlines()[1:]]
    shares = {found[2]: share_in(found[1]) for found in said if found}
    assert list(shares) == list(ways_in(source()))
    assert shares == pytest.approx(ways_in(source()), rel=TWO)


def test_arrows_lead_to_the_vessels_and_are_wider_for_more_cells() -> None:
    (ax, *_) = plot.body(esophagus_exact()).axes
    ways = ways_in(esophagus_exact())
    assert list(ways) == ["azygos vein", "veins", "portal vein"]
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    widths = [arrow.get_linewidth() for arrow in arrows]
    assert widths == pytest.approx([1.0 + 2.5 * share for share in ways.values()])
    (trunk,) = (where(t)[0] for t in ax.texts if t.get_text() == "right\nheart")
    (portal,) = (where(t)[0] for t in ax.texts if t.get_text() == "portal vein")
    tips = [arrow._posA_posB[1] for arrow in arrows]
    assert [tip[0] for tip in tips] == pytest.approx([trunk, trunk, portal - 0.1])
    assert tips[0][1] < tips[1][1]  # the azygos vein joins high up
    (start,) = {arrow._posA_posB[0] for arrow in arrows}
    assert [where(t) for t in ax.texts if t.get_text() == "primary"] == [pytest.approx(start)]


def test_a_way_that_few_take_has_no_arrow() -> None:
    (ax, *_) = plot.body(colon_exact()).axes
    (arrow,) = (patch for patch in ax.patches if isinstance(patch, FancyArrowPatch))
    assert ways_in(colon_exact())["veins"] < 0.02
    assert arrow.get_linewidth() == pytest.approx(1.0 + 2.5 * ways_in(colon_exact())["portal vein"])


def test_vessels_are_as_wide_as_their_flow() -> None:
    (ax, *_) = plot.body(colon_exact()).axes
    (heart,) = (where(t)[0] for t in ax.texts if t.get_text() == "left\nheart")
    drawn = sites_drawn(ax, [site.name for site in colon_exact().model.sites if site.flow is not None])
    checked = 0
    for bed in cascade.body.circulation("male").beds:
        if bed.name in drawn and bed.flow > 0:
            x, y = drawn[bed.name][0].center
            (line,) = (
                line for line in ax.lines
                if set(line.get_ydata()) == {y} and sorted(line.get_xdata()) == pytest.approx([x, heart])
            )  # fmt: skip
            assert line.get_linewidth() == pytest.approx(max(0.7, 20.0 * bed.flow))
            checked += 1
    assert checked > 15


def one_figure(value: float) -> float:
    return float(f"{value:.1g}")


@bodies
def test_the_scales_of_the_body_tell_size_and_colour(source: Source) -> None:
    table = source().organs()
    ax, bar = picture(plot.body, source).axes[0], picture(plot.body, source).axes[0].child_axes[0]
    most, top = max(row.arrested for row in table), max(row.colonies for row in table)
    (title,) = (t for t in ax.texts if t.get_text() == "cells arrested")
    above = where(title)[1]
    scale = sorted((c for c in circles(ax) if c.center[0] < 2.5 and c.center[1] > 6.5), key=lambda c: c.center[0])
    said = [t for t in ax.texts for c in scale if abs(where(t)[0] - c.center[0]) < 1e-9 and where(t)[1] < above]
    said = [t for t in said if where(t)[1] > scale[0].center[1]]
    numbers = [count_in(t.get_text()) for t in said]
    assert [c.radius for c in scale] == pytest.approx([0.03, 0.3 * 0.1**0.5, 0.3])
    assert numbers == pytest.approx([one_figure(0.01 * most), one_figure(0.1 * most), one_figure(most)])
    marks = ticks(bar.xaxis)
    assert [count_in(label) for label in marks] == pytest.approx([one_figure(top / n) for n in (300, 10, 1)])
    assert list(marks.values()) == pytest.approx([top / 300, top / 10, top])
    cells = "8,000,000" if source is colon else "1,000,000"
    assert f"colonies, of {cells} cells" in [t.get_text() for t in ax.texts]


def test_the_scale_of_colour_has_the_colours_of_the_circles() -> None:
    figure = plot.body(colon_exact())
    (mesh,) = (c for c in figure.axes[0].child_axes[0].collections if not isinstance(c, LineCollection))
    lightest, darkest = (to_hex(mesh.cmap(mesh.norm(v))) for v in (mesh.norm.vmin, mesh.norm.vmax))
    assert (lightest, darkest) == tuple(to_hex(colormaps["YlOrRd"](v)) for v in (0.0, 1.0))


def test_an_empty_body_has_white_circles_and_no_shares() -> None:
    few = cascade.simulate(cascade.load("lung"), cells=10, seed=1)
    (ax, *_) = plot.body(few).axes
    drawn = sites_drawn(ax, [row.organ for row in few.organs()])
    assert {to_hex(circle.get_facecolor()) for circle, _, _ in drawn.values()} == {"#ffffff"}
    assert {text for _, text, _ in drawn.values()} == {""}
    assert not any("of all colonies" in t.get_text() and "by blood" in t.get_text() for t in ax.texts)


# Selection.


def trait_panels(source: Any) -> dict[str, Axes]:
    """Axes by the name of their trait."""
    shown = {ax.get_title(loc="left"): ax for ax in plot.selection(source).axes if ax.get_visible()}
    assert list(shown) == list(source.traits)
    return shown


def by_trait(source: Any, trait: str) -> list[Any]:
    return [row for row in source if row.trait == trait]


@pytest.mark.parametrize("source", [traits, few_traits])
def test_steps_of_a_selection_stand_below_each_other_with_their_cells(source: Source) -> None:
    for trait, ax in trait_panels(source()).items():
        labels = [label.split("\n") for label in from_top(ax)]
        rows = by_trait(source(), trait)
        assert [name for name, _ in labels] == ["started", *(f"passed {row.step}" for row in rows[1:])]
        assert [count_in(n) for _, n in labels] == [row.cells for row in rows]


@pytest.mark.parametrize("source", [traits, few_traits])
def test_dot_and_text_of_a_selection_are_the_mean(source: Source) -> None:
    for trait, ax in trait_panels(source()).items():
        dots = points(ax, "o")
        for label, row in zip(from_top(ax), by_trait(source(), trait), strict=True):
            y = ticks(ax.yaxis)[label]
            assert (y in dots) == (row.cells > 0)
            if row.cells:
                assert dots[y] == pytest.approx(row.mean)
                assert float(text_at(ax, row.mean, y)) == pytest.approx(row.mean, rel=THREE)
                assert ax.get_xlim()[0] < row.mean < ax.get_xlim()[1]


def ridge(source: Any, trait: str, step: str) -> Floats:
    """Cells by bin of the trait between 10^-4 and 10^4, a moving mean where they are few; the highest is 1."""
    counts = source.histogram[source.traits.index(trait), source.steps.index(step), 1:-1].astype(float)
    wide = 1 if counts.sum() > 30_000 else 5 if counts.sum() > 1000 else 11
    padded = np.pad(counts, wide // 2)
    means = np.array([padded[b : b + wide].mean() for b in range(len(counts))])
    return means / means.max()


EDGES = np.geomspace(1e-4, 1e4, 159)
MIDDLES = np.sqrt(EDGES[1:] * EDGES[:-1])


def test_ridges_are_as_high_as_the_cells_are_many() -> None:
    for trait, ax in trait_panels(traits()).items():
        areas = {area_bottom(area): area for area in ax.collections}
        outlines = {float(np.min(line.get_ydata())): line for line in ax.lines if len(line.get_xdata()) > 2}
        colours = {"start": "#666666", **plot.stage_colours(FRAIL.stages)}
        for label, row in zip(from_top(ax), by_trait(traits(), trait), strict=True):
            y = ticks(ax.yaxis)[label]
            corners = areas[y].get_paths()[0].vertices
            expected = ridge(traits(), trait, row.step)
            heights = np.array([corners[corners[:, 0] == x, 1].max() for x in np.unique(corners[:, 0])]) - y
            assert np.unique(corners[:, 0]) == pytest.approx(MIDDLES)
            assert heights / heights.max() == pytest.approx(expected, abs=1e-9)
            assert 0.5 < heights.max() < 1.0  # below the next row
            assert outlines[y].get_ydata() - y == pytest.approx(heights, abs=1e-9)
            assert outlines[y].get_xdata() == pytest.approx(MIDDLES)
            assert to_hex(areas[y].get_facecolor()[0]) == to_hex(colours[row.step])


def area_bottom(area: Any) -> float:
    return float(area.get_paths()[0].vertices[:, 1].min())


def test_a_trait_of_few_cells_is_drawn_cell_by_cell() -> None:
    seen = set()
    for trait, ax in trait_panels(few_traits()).items():
        strokes = [c for c in ax.collections if isinstance(c, LineCollection)]
        for k, (label, row) in enumerate(zip(from_top(ax), by_trait(few_traits(), trait), strict=True)):
            y = ticks(ax.yaxis)[label]
            at = [s for c in strokes for s in c.get_segments() if s[:, 1].min() == y]
            seen.add(row.cells < 30)
            if row.cells < 30:
                filled = few_traits().histogram[few_traits().traits.index(trait), k, 1:-1] > 0
                assert sorted(s[0, 0] for s in at) == pytest.approx(MIDDLES[filled])
            else:
                assert not at
    assert seen == {True, False}


@pytest.mark.parametrize("source", [traits, few_traits])
def test_the_axis_of_a_trait_holds_all_but_the_rarest(source: Source) -> None:
    for f, ax in enumerate(trait_panels(source()).values()):
        low, high = ax.get_xlim()
        counts = source().histogram[f, :, 1:-1].sum(axis=0)
        assert ax.get_xscale() == "log"
        assert counts[low > MIDDLES].sum() < 0.004 * counts.sum()
        assert counts[high < MIDDLES].sum() < 0.002 * counts.sum()
        marks = ticks(ax.xaxis)
        assert len(marks) >= 2
        assert all(float(label) == pytest.approx(at) for label, at in marks.items())
        down, up = ax.get_ylim()
        assert down < 0
        assert up >= len(source().steps) - 1 + 0.85


def test_the_title_of_a_selection_says_how_many_cells() -> None:
    assert plot.selection(traits()).get_suptitle() == "frail: 40,000 cells"


# Comparison.


@pytest.mark.parametrize("swapped", [False, True])
def test_gained_and_lost_cells_are_drawn_at_their_step(swapped: bool) -> None:
    source, names = (swapped_round(), ["other", "cyclic"]) if swapped else (compared(), ["cyclic", "other"])
    for figure in (plot.comparison(source), plot.comparison(source, ax=Figure().add_subplot())):
        ax = figure.axes[0]
        colours = legend(ax)
        assert from_top(ax) == list(CYCLIC.stages)
        assert list(colours) == [f"only under {name}" for name in reversed(names)]
        for row in source:
            y = ticks(ax.yaxis)[row.step]
            drawn = {bar.colour: (bar.left, bar.right) for bar in bars_at(ax, y)}
            assert drawn == {
                colours[f"only under {names[1]}"]: pytest.approx((0.0, row.gained)),
                colours[f"only under {names[0]}"]: pytest.approx((-row.lost, 0.0)),
            }
            said = {where(t)[0]: t.get_text() for t in ax.texts if where(t)[1] == y}
            changes = {row.gained: f"+{row.gained:,}", -row.lost: f"\u2212{row.lost:,}"}
            assert said == {n: text for n, text in changes.items() if n}
            low, high = ax.get_xlim()
            assert low < -row.lost
            assert row.gained < high
        assert all(sum(getattr(row, kind) > 0 for row in source) >= 2 for kind in ("gained", "lost"))
        assert all(count_in(label) == abs(at) for label, at in ticks(ax.xaxis).items())


@pytest.mark.parametrize("most", [10, 3])
def test_what_became_of_cells_by_cause_is_drawn_the_most_saved_first(most: int) -> None:
    right = plot.comparison(compared(), most=most).axes[1]
    dead = [row for row in compared().causes() if row.kind == "death" and row.saved + row.moved + row.lost]
    assert any(row.kind == "alive" for row in compared().causes())
    assert len(dead) > 3
    expected = {f"{row.cause}\n({row.step})": row for row in dead[:most]}
    assert from_top(right) == list(expected)
    colours = {re.match(r"\w+", label)[0]: colour for label, colour in legend(right).items()}
    for label, row in expected.items():
        drawn = {bar.colour: bar.right for bar in bars_at(right, ticks(right.yaxis)[label])}
        assert {kind: drawn[colour] for kind, colour in colours.items()} == {
            "saved": row.saved, "moved": row.moved, "lost": row.lost
        }  # fmt: skip
        assert max(drawn.values()) <= right.get_xlim()[1]
    assert right.get_xlim()[0] == 0
    assert right.get_xscale() == "symlog"
    assert all(count_in(label) == pytest.approx(at) for label, at in ticks(right.xaxis).items())


def test_a_comparison_without_losses_draws_none() -> None:
    better = CYCLIC.with_(name="better", scale={"*.shear": 0.0})
    kept = cascade.compare(CYCLIC, better, cells=3000, seed=1)
    ax, right = plot.comparison(kept).axes
    for row in kept:
        said = [t.get_text() for t in ax.texts if where(t)[1] == ticks(ax.yaxis)[row.step]]
        assert said == [*([f"+{row.gained:,}"] if row.gained else []), *([f"\u2212{row.lost:,}"] if row.lost else [])]
    kinds = {re.match(r"\w+", label)[0] for label in legend(right)}
    assert kinds == {k for k in ("saved", "moved", "lost") if any(getattr(r, k) for r in kept.causes())}


def test_the_title_of_a_comparison_names_both_models_and_the_cells() -> None:
    assert plot.comparison(compared()).get_suptitle() == "cyclic and other: the same 20,000 cells"


# What a file says of itself.


def noted(figure: Figure, folder: Path, kind: str) -> str:
    """The note that a saved figure carries."""
    path = plot.save(figure, folder / f"figure.{kind}")
    if kind == "png":
        with Image.open(path) as image:
            return str(image.info["Description"])
    found = re.search(r"<dc:description>(.*?)</dc:description>", path.read_text(), re.DOTALL)
    assert found
    return found[1].strip()


def note_of(source: Any) -> str:
    """Model, digest, end, seed and number of cells."""
    model = f"model {source.model.name} (sha256 {source.model.digest()[:16]}), until {source.until}"
    made = f"seed {source.seed}, cells {source.cells}" if hasattr(source, "seed") else "exact answer"
    return f"{model}, {made}"


@pytest.mark.parametrize("kind", ["png", "svg"])
@pytest.mark.parametrize("source", [unfinished, cyclic_exact])
def test_a_saved_figure_says_of_which_run_it_is(source: Source, kind: str, tmp_path: Path) -> None:
    note = noted(picture(plot.waterfall, source), tmp_path, kind)
    assert note.startswith(f"{note_of(source())}; metastatic-cascade ")


@pytest.mark.parametrize("draw", [plot.funnel, plot.waterfall, plot.occupancy, plot.incidence, plot.organs, plot.body])
def test_every_figure_is_signed(draw: Any, tmp_path: Path) -> None:
    assert note_of(colon()) in noted(draw(colon()), tmp_path, "svg")


def test_a_figure_of_several_sources_names_them_all(tmp_path: Path) -> None:
    counts = cascade.Funnel.from_counts(dict(zip(["in", *CYCLIC.stages], [90, 9, 4, 1], strict=True)), label="mine")
    note = noted(plot.funnel(cyclic(), cyclic_exact(), counts), tmp_path, "svg")
    assert note.startswith(f"{note_of(cyclic())}; {note_of(cyclic_exact())}; mine; ")


def test_selection_and_comparison_name_their_models(tmp_path: Path) -> None:
    names = {m.name: f"model {m.name} (sha256 {m.digest()[:16]})" for m in (FRAIL, CYCLIC, OTHER)}
    assert names["frail"] in noted(plot.selection(traits()), tmp_path, "svg")
    assert f"{names['cyclic']}; {names['other']}" in noted(plot.comparison(compared()), tmp_path, "svg")
