"""Figures of the steps against the tables they show: funnel and waterfall."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

import cascade
from cascade import plot
from helpers.drawn import (
    THREE,
    Source,
    bars,
    bars_at,
    count_in,
    cyclic,
    cyclic_exact,
    from_top,
    legend,
    picture,
    points,
    share_in,
    simulated_and_exact,
    text_at,
    textbook,
    textbook_exact,
    ticks,
    unfinished,
    where,
    whiskers,
    whitened,
)
from helpers.models import CYCLIC

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
    drawn = sorted(whiskers(ax).values())
    wanted = sorted((row.low, row.high) for row in one if row.passed for _ in range(several))
    assert np.array(drawn) == pytest.approx(np.array(wanted))
    assert all(ax.get_xlim()[0] <= low for low, _ in drawn)


def test_no_whisker_of_a_run_is_cut() -> None:
    for cells, seed in ((10**6, 1), (10**5, 2), (1000, 3)):
        run = cascade.simulate(cascade.load("textbook"), cells=cells, seed=seed)
        ax = plot.funnel(run).axes[0]
        wanted = sorted((row.low, row.high) for row in run.funnel() if row.passed)
        assert np.array(sorted(whiskers(ax).values())) == pytest.approx(np.array(wanted))


EXACT_FIGURES = (plot.funnel, plot.waterfall, plot.occupancy, plot.incidence)
ONLY_EXACT = {"elasticities"}


@pytest.mark.parametrize("draw", EXACT_FIGURES)
def test_a_figure_says_whether_it_is_exact_or_of_how_many_cells(draw: Callable[..., Figure]) -> None:
    """In what a reader sees, for every figure that shows either."""
    other = {"Picture", "cause_colours", "stage_colours", "check_path", "has_body", "save"}
    of_organs, of_two = {"organs", "body"}, {"comparison", "selection"}
    assert {f.__name__ for f in EXACT_FIGURES} == set(plot.__all__) - other - of_organs - of_two - ONLY_EXACT
    for source, wanted, never in (
        (textbook_exact(), "exact answer", ": 1,000,000"),
        (textbook(), "20,000 cells", "exact"),
    ):
        told = " ".join(" ".join(t.get_text().split()) for t in draw(source).findobj(Text) if isinstance(t, Text))
        assert wanted in told
        assert never not in told
    given = Figure().add_subplot()
    assert "exact answer" in " ".join(draw(textbook_exact(), ax=given).axes[0].get_title(loc="left").split())


def test_figures_by_organ_say_whether_they_are_exact() -> None:
    for draw in (plot.organs, plot.body):
        figure = draw(cascade.exact(cascade.load("colon")))
        told = " ".join(t.get_text() for t in figure.findobj(Text) if isinstance(t, Text))
        assert "exact" in told


def test_the_table_of_an_exact_funnel_says_so() -> None:
    assert textbook_exact().funnel().caption.endswith(": exact answer, of 1,000,000 cells")
    assert "exact" not in textbook().funnel().caption


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
            said, _, counted = text.partition("\n")
            few = not source().funnel().exact and row.passed < 100
            assert counted == (f"({row.passed} passed)" if few else "")
            lost = float(said.replace("\u2212", "-"))
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
