"""Figures of the steps against the tables they show: the waterfall, several funnels, the alluvial figure."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

import cascade
from cascade import plot
from cascade.common.colours import ALIVE_COLOUR, ALIVE_PALE, cause_colour
from cascade.plot.streams import ENLARGE
from helpers.drawn import (
    TWO,
    Source,
    bars_at,
    count_in,
    cyclic,
    cyclic_exact,
    from_top,
    heading,
    key,
    picture,
    points,
    share_in,
    simulated_and_exact,
    textbook,
    textbook_exact,
    ticks,
    told,
    unfinished,
    where,
    whiskers,
)
from helpers.models import CYCLIC
from helpers.of_patients import OF_FITS, OF_PATIENTS

MODELS = [entry.name for entry in cascade.models()]


def decades(share: float) -> float:
    return float(-np.log10(share))


# The waterfall.


@simulated_and_exact
def test_bars_go_from_the_share_that_came_to_the_share_that_passed(source: Source) -> None:
    rows = source().funnel().rows
    ax = picture(plot.funnel, source).axes[0]
    assert from_top(ax) == [row.step for row in rows]
    before = 1.0
    for row in rows:
        drawn = bars_at(ax, ticks(ax.yaxis)[row.step])
        if row.passed and row.fraction_of_all < before:
            assert drawn[0].left == pytest.approx(decades(before), abs=1e-9)
            assert drawn[-1].right == pytest.approx(decades(row.fraction_of_all), rel=1e-9)
            for one, after in pairwise(drawn):
                assert after.left == pytest.approx(one.right, abs=1e-9)
        before = row.fraction_of_all or before
        if not row.passed:
            break


@simulated_and_exact
def test_a_bar_is_split_by_cause_in_proportion_to_the_deaths_the_most_first(source: Source) -> None:
    for y, row in enumerate(source().funnel()):
        ax = picture(plot.funnel, source).axes[0]
        drawn = bars_at(ax, y)
        total = sum(row.lost.values()) + row.still
        if not drawn:
            assert total == 0 or row.fraction_of_previous in (0.0, 1.0)
            continue
        wide = sum(bar.right - bar.left for bar in drawn)
        parts = {c: n / total for c, n in {**row.lost, "still there": row.still}.items() if n}
        colours = {ALIVE_PALE if c == "still there" else cause_colour(c): n for c, n in parts.items()}
        found = {bar.colour.upper(): (bar.right - bar.left) / wide for bar in drawn}
        assert found == pytest.approx(colours, rel=1e-6)
        assert list(found.values()) == pytest.approx(sorted(found.values(), reverse=True))


@simulated_and_exact
def test_counts_are_dots_with_their_intervals_and_exact_ends_are_lines(source: Source) -> None:
    funnel = source().funnel()
    ax = picture(plot.funnel, source).axes[0]
    dots, found, arrows = points(ax, "o"), whiskers(ax), points(ax, ">")
    if funnel.exact:
        assert not dots
        assert not found
        ends = [line for line in ax.lines if to_hex(line.get_color()) == "#222222" and len(line.get_xdata()) == 2]
        assert [line.get_xdata()[0] for line in ends] == pytest.approx([decades(r.fraction_of_all) for r in funnel])
        return
    for y, row in enumerate(funnel):
        if row.passed:
            assert dots[y + 0.5] == pytest.approx(decades(row.fraction_of_all), abs=1e-9)
            assert found[y + 0.5] == pytest.approx((decades(row.high), decades(row.low)), rel=1e-9, abs=1e-9)
        else:
            assert y + 0.5 not in dots
            if y + 0.5 in arrows:
                assert arrows[y + 0.5] == pytest.approx(decades(row.high), rel=1e-9)


def test_the_textbook_has_a_zero_count_with_an_arrow_at_its_bound() -> None:
    rows = textbook().funnel().rows
    assert [row.passed == 0 for row in rows] == [False] * 6 + [True]
    ax = plot.funnel(textbook()).axes[0]
    assert points(ax, ">")[6.5] == pytest.approx(decades(rows[-1].high))
    # The bar goes on beyond: nobody knows where it ends.
    assert points(ax, ">")[6.0] == pytest.approx(decades(rows[-1].high))
    assert "none: below" in told(plot.funnel(textbook()))


COUNTS = [
    {"in": 11_000, "some": 500, "out": 1},
    {"in": 10**6, "out": 1},
    {"in": 10**6, "some": 999, "more": 2, "out": 0},
    {"in": 20, "some": 2, "out": 1},
]


@pytest.mark.parametrize("counts", COUNTS)
@pytest.mark.parametrize("several", [1, 3])
def test_no_whisker_is_cut(counts: dict[str, int], several: int) -> None:
    """The axis goes as far as the lowest end: a whisker that stopped before would claim too much."""
    one = cascade.Funnel.from_counts(counts)
    (ax,) = plot.funnel(*[one] * several).axes
    lowest = max(decades(row.low) for row in one if row.passed)
    drawn = [x for ends in whiskers(ax).values() for x in ends]
    assert max(drawn) >= lowest - 1e-9
    assert ax.spines["bottom"].get_bounds()[1] > lowest
    assert ax.spines["bottom"].get_bounds()[0] == 0.0, "no share is above one"


def columns(ax: Axes, y: float) -> list[str]:
    """Texts at a height, from left to right."""
    found = [t for t in ax.texts if where(t)[1] == y and t.get_gid() != "cause"]
    return [t.get_text() for t in sorted(found, key=lambda t: where(t)[0])]


@simulated_and_exact
def test_columns_say_the_share_of_those_that_came_and_the_count(source: Source) -> None:
    funnel = source().funnel()
    ax = picture(plot.funnel, source).axes[0]
    for y, row in enumerate(funnel):
        passed, counted = columns(ax, float(y))
        if row.passed:
            assert share_in(passed) == pytest.approx(row.fraction_of_previous, rel=TWO)
        if funnel.exact:
            assert share_in(counted) == pytest.approx(row.fraction_of_all, rel=TWO)
        else:
            assert count_in(counted) == row.passed
    heads = [t.get_text() for t in ax.texts if where(t)[1] < -0.5]
    assert heads == ["pass", "of all" if funnel.exact else "counted"]


@pytest.mark.parametrize("source", [textbook, textbook_exact, unfinished])
def test_the_key_names_each_cause_once_with_its_colour_the_most_decades_first(source: Source) -> None:
    figure = picture(plot.funnel, source)
    found = key(figure)
    lost: dict[str, float] = {}
    for y, row in enumerate(source().funnel()):
        drawn = bars_at(figure.axes[0], y)
        names = sorted(({**row.lost, "still there": row.still}).items(), key=lambda part: -part[1])
        for bar, (cause, n) in zip(drawn, names, strict=False):
            lost[cause] = lost.get(cause, 0.0) + (bar.right - bar.left) * (n > 0)
    wanted = [cause for cause, n in sorted(lost.items(), key=lambda part: -part[1]) if n > 0]
    assert sorted(found) == sorted(wanted)
    assert all(found[c][0] == (ALIVE_PALE if c == "still there" else cause_colour(c)) for c in wanted)


def test_a_name_in_a_bar_is_that_of_its_cause() -> None:
    ax = plot.funnel(cascade.exact(cascade.load("clusters")), style="slide").axes[0]
    written = [t for t in ax.texts if t.get_gid() == "cause"]
    assert written
    for text in written:
        x, y = where(text)
        (bar,) = (bar for bar in bars_at(ax, y) if bar.left < x < bar.right)
        assert bar.colour.upper() == cause_colour(text.get_text())
        assert (bar.left + bar.right) / 2 == pytest.approx(x)


def test_a_count_and_the_exact_answer_of_one_model_are_one_figure() -> None:
    figure = plot.funnel(textbook(), textbook_exact())
    (ax,) = figure.axes
    for y, (row, count) in enumerate(zip(textbook_exact().funnel(), textbook().funnel(), strict=True)):
        assert bars_at(ax, y)[-1].right == pytest.approx(decades(row.fraction_of_all), rel=1e-9)
        assert (y + 0.5 in points(ax, "o")) == (count.passed > 0)
    assert heading(figure).endswith("bars exact, dots 20,000 cells")
    assert told(plot.funnel(textbook_exact(), textbook())) == told(figure), "in either order"
    # Of another model, or until another end, they stand side by side; so do two of a kind.
    for other in (cyclic_exact, lambda: cascade.exact(CYCLIC, until=30.0)):
        assert "bars exact" not in told(plot.funnel(cascade.simulate(CYCLIC, cells=100, seed=1, until=20.0), other()))
    assert "bars exact" not in told(plot.funnel(cyclic(), cyclic()))


def test_the_waterfall_is_the_funnel_of_one_source() -> None:
    assert told(plot.waterfall(textbook())) == told(plot.funnel(textbook()))


def test_a_step_that_no_cell_can_pass_is_said_to_be_passed_by_none() -> None:
    ax = plot.funnel(cascade.exact(CYCLIC.with_(hazards={"tissue.tumour": 0.0}))).axes[0]
    assert columns(ax, float(len(CYCLIC.stages) - 1))[0] == "none"


# Several.


def test_several_funnels_are_points_in_the_order_given_with_their_intervals() -> None:
    sources = [textbook(), textbook_exact(), unfinished()]
    names = ["counted", "expected", "stopped"]
    figure = plot.funnel(*sources, labels=names)
    (ax,) = figure.axes
    assert from_top(ax) == list(textbook().model.stages)
    keys = key(figure)
    assert list(keys) == names
    assert len({mark for _, mark in keys.values()}) == 3
    found = whiskers(ax)
    for k, rows in enumerate(zip(*(s.funnel() for s in sources), strict=True)):
        heights = []
        for j, (row, source, name) in enumerate(zip(rows, sources, names, strict=True)):
            y = round(k + (j - 1) * 0.86 / 3, 9)
            heights.append(y)
            _, mark = keys[name]
            (text,) = columns(ax, k + (j - 1) * 0.86 / 3)
            if row.passed:
                assert points(ax, mark)[y] == pytest.approx(decades(row.fraction_of_all), abs=1e-9)
                assert share_in(text) == pytest.approx(row.fraction_of_previous, rel=TWO)
            else:
                assert points(ax, ">")[y] == pytest.approx(decades(row.high))
                assert text.startswith("none: below")
            if source is not textbook_exact() and row.passed:
                assert found[y] == pytest.approx((decades(row.high), decades(row.low)), rel=1e-9, abs=1e-9)
        assert heights == sorted(heights)


def test_two_funnels_are_called_by_their_own_names_by_default() -> None:
    mine = cascade.Funnel.from_counts({"in": 1000, "a": 100, "b": 10}, label="mine")
    yours = cascade.Funnel.from_counts({"in": 500, "a": 80, "b": 20}, label="yours")
    assert list(key(plot.funnel(mine, yours))) == ["mine", "yours"]


def test_the_heading_of_a_funnel_says_name_and_number_of_cells() -> None:
    assert heading(plot.funnel(textbook())) == f"{textbook().label}: 20,000 cells"
    counts = cascade.Funnel.from_counts({"in": 1000, "out": 10}, label="mine")
    assert heading(plot.funnel(counts)) == "mine: 1,000 cells"
    assert key(plot.funnel(counts)) == {}, "nothing known of causes"
    ax = Figure().add_subplot()
    plot.funnel(counts, ax=ax)
    assert ax.get_title(loc="left") == "mine: 1,000 cells"


# What all figures of exact answers and counts say.

EXACT_FIGURES = (plot.funnel, plot.alluvial, plot.waterfall, plot.occupancy, plot.incidence)
ONLY_EXACT = {"elasticities", "patients"}


@pytest.mark.parametrize("draw", EXACT_FIGURES)
def test_a_figure_says_whether_it_is_exact_or_of_how_many_cells(draw: Callable[..., Figure]) -> None:
    """In what a reader sees, for every figure that shows either."""
    other = {"Picture", "alt_text", "cause_colours", "stage_colours", "check_path", "film", "has_body", "save"}
    of_organs, of_two = {"organs", "body"}, {"comparison", "selection"}
    shown = set(plot.__all__) - other - of_organs - of_two - OF_PATIENTS - OF_FITS - ONLY_EXACT
    assert {f.__name__ for f in EXACT_FIGURES} == shown
    for source, wanted, never in (
        (textbook_exact(), "exact answer", ": 1,000,000"),
        (textbook(), "20,000 cells", "exact"),
    ):
        assert wanted in told(draw(source))
        assert never not in told(draw(source))
        assert wanted in plot.alt_text(draw(source))


def test_figures_by_organ_say_whether_they_are_exact() -> None:
    for draw in (plot.organs, plot.body):
        assert "exact" in told(draw(cascade.exact(cascade.load("colon"))))


def test_the_table_of_an_exact_funnel_says_so() -> None:
    assert textbook_exact().funnel().caption.endswith(": exact answer, of 1,000,000 cells")
    assert "exact" not in textbook().funnel().caption


# The alluvial figure.


@cache
def exact_funnel(name: str) -> Any:
    return cascade.exact(cascade.load(name)).funnel()


def alluvial_parts(ax: Axes) -> tuple[list[Rectangle], list[Polygon], list[Polygon], Rectangle | None]:
    """The streams of the living, the branches, the wedges, and the end."""
    streams = [p for p in ax.patches if isinstance(p, Rectangle) and str(p.get_gid()).startswith("alive ")]
    wedges = [p for p in ax.patches if isinstance(p, Polygon) and to_hex(p.get_facecolor()).upper() == ALIVE_PALE
              and p.get_gid() is None]  # fmt: skip
    branches = [p for p in ax.patches if isinstance(p, Polygon) and p.get_gid() is not None]
    end = [p for p in ax.patches if p.get_gid() == "end"]
    return streams, branches, wedges, end[0] if end else None  # type: ignore[return-value]


@pytest.mark.sampled(8, 16)
@pytest.mark.parametrize("name", MODELS)
def test_heights_of_the_alluvial_figure_are_shares_that_add_up(name: str) -> None:
    funnel = exact_funnel(name)
    (ax,) = plot.alluvial(funnel).axes
    streams, branches, wedges, end = alluvial_parts(ax)
    whole = max(p.get_height() for p in (*streams, end) if p is not None)
    whole = max([whole, *(np.ptp(p.get_xy()[:, 1]) for p in wedges)])
    base, before = 1.0, 1.0
    factors = []
    for row, stream in zip(funnel, streams, strict=True):
        # Heights are of what the last wedge began with.
        assert stream.get_height() / whole == pytest.approx(row.fraction_of_all / base, rel=1e-6, abs=1e-12)
        own = [p for p in branches if str(p.get_gid()).endswith(f" {row.step}")]
        total = sum(row.lost.values()) + row.still
        for branch in own:
            cause = str(branch.get_gid()).removesuffix(f" {row.step}")
            share = row.lost[cause] / total * (before - row.fraction_of_all)
            corners = branch.get_xy()
            left = corners[corners[:, 0] == corners[:, 0].min(), 1]
            assert np.ptp(left) / whole == pytest.approx(share / base, rel=1e-5, abs=1e-9)
            assert to_hex(branch.get_facecolor()).upper() == cause_colour(cause)
        heights = [np.ptp(p.get_xy()[p.get_xy()[:, 0] == p.get_xy()[:, 0].min(), 1]) for p in own]
        assert stream.get_height() + sum(heights) == pytest.approx(before / base * whole, rel=1e-6), "all of them"
        left_over = row.fraction_of_all / base
        if left_over < ENLARGE or (row.step == funnel.rows[-1].step and left_over < 1 - 1e-12):
            factors.append(1.0 / left_over)
            base = row.fraction_of_all
        before = row.fraction_of_all
    assert len(wedges) == len(factors)
    said = [t.get_text() for t in ax.texts if t.get_text().startswith("\u00d7")]
    assert [count_in(text) for text in said] == pytest.approx(factors, rel=TWO)
    assert end is not None
    done = " ".join(t.get_text() for t in ax.texts if "all steps" in t.get_text())
    assert share_in(done.replace("\n", " ").partition(":")[2].strip()) == pytest.approx(before, rel=TWO)


@pytest.mark.parametrize("source", [textbook, unfinished])
def test_an_alluvial_figure_of_counts_shows_who_is_still_there_and_who_is_none(source: Source) -> None:
    figure = plot.alluvial(source())
    _, branches, _, end = alluvial_parts(figure.axes[0])
    still = [p for p in branches if str(p.get_gid()).startswith("still there")]
    assert bool(still) == any(row.still for row in source().funnel())
    assert (end is None) == (source().funnel().rows[-1].passed == 0)
    if end is None:
        assert "nobody seen to pass all: below" in told(figure)


def test_shares_at_the_head_of_each_block_are_of_all_cells() -> None:
    (ax,) = plot.alluvial(textbook_exact()).axes
    heads = [t.get_text() for t in ax.texts if t.get_color() == ALIVE_COLOUR and t.get_fontweight() != "bold"]
    before = [1.0, *(row.fraction_of_all for row in textbook_exact().funnel())][:-1]
    assert [share_in(head) for head in heads] == pytest.approx(before, rel=TWO)
