"""Figures over time against the curves they show: occupancy and incidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex

import cascade
from cascade import plot
from cascade.answers.curves import Curves
from helpers.drawn import (
    BEYOND,
    GOAL,
    THREE,
    Floats,
    Source,
    colon,
    colon_exact,
    cyclic,
    cyclic_exact,
    hours_in,
    legend,
    picture,
    share_in,
    textbook,
    textbook_exact,
    ticks,
    unfinished,
    whitened,
)
from helpers.models import CYCLIC

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


@pytest.mark.sampled(5)
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


def test_hours_below_zero_are_refused_and_zero_has_no_place() -> None:
    source = cascade.exact(cascade.load("textbook"))
    for draw in (plot.occupancy, plot.incidence):
        with pytest.raises(cascade.InputError, match="times"):
            draw(source, times=[-1.0, 1.0])
        assert draw(source, times=[0.0, 1.0, 10.0]).axes


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", ["occupancy", "incidence"])
@pytest.mark.parametrize("source", [textbook, colon, unfinished, cyclic_exact])
def test_curves_alone_are_drawn_like_the_answer_that_gave_them(source: Source, kind: str, tmp_path: Path) -> None:
    answer = source()
    times = (0.5, 1.0, 2.0, 30.0) if source is cyclic_exact else None
    draw = getattr(plot, kind)
    curves = getattr(answer, kind)(times)
    for name, figure in (("one", draw(curves)), ("two", draw(answer, times=times))):
        plot.save(figure, tmp_path / f"{name}.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_curves_of_another_kind_or_of_nobody_are_refused() -> None:
    result = textbook()
    no_model = Curves(np.ones(1), ("a",), np.ones((1, 1)))
    wrong = [(plot.occupancy, result.incidence()), (plot.incidence, result.occupancy())]
    wrong += [(draw, cascade.exact(result.model).reach([1.0, 2.0])) for draw in (plot.occupancy, plot.incidence)]
    wrong += [(draw, no_model) for draw in (plot.occupancy, plot.incidence)]
    for draw, curves in wrong:
        with pytest.raises(cascade.InputError, match=r"^source = .*: curves that (occupancy|incidence)"):
            draw(curves)
    with pytest.raises(cascade.InputError, match=r"^times = .*: none with curves"):
        plot.occupancy(result.occupancy(), times=[1.0])
