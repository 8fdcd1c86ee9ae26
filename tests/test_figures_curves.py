"""Figures over time against the curves they show: occupancy and incidence."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D

import cascade
from cascade import plot
from cascade.answers.curves import Curves
from cascade.common.colours import DEATH_COLOUR
from cascade.common.sight import contrast, dark, oklab
from helpers.drawn import (
    BEYOND,
    GOAL,
    TWO,
    Floats,
    Source,
    colon,
    colon_exact,
    cyclic,
    cyclic_exact,
    hours_in,
    picture,
    share_in,
    textbook,
    textbook_exact,
    ticks,
    unfinished,
)
from helpers.models import CYCLIC

# Occupancy.


def lines(ax: Axes) -> dict[str, Line2D]:
    """Curves by name."""
    return {str(line.get_label()): line for line in ax.lines if not str(line.get_label()).startswith("_")}


def by_stage(curves: Any, model: cascade.Model) -> dict[str, Floats]:
    """Shares of the states of a stage added up; of those beyond the last one too."""
    stage = {state.name: state.stage or BEYOND for state in model.states}
    order = dict.fromkeys([*model.stages, BEYOND])
    return {name: sum((curves[s] for s in curves.names if stage[s] == name), np.zeros(len(curves.hours)))
            for name in order if name in stage.values()}  # fmt: skip


@cache
def curves_at(curves: Callable[..., Any], hours: tuple[float, ...] | None) -> Any:
    """Occupancy or incidence of a source, asked once."""
    return curves(hours)


def expected_of(source: Any, hours: Floats, *, living: bool = False) -> dict[str, Floats]:
    """Shares of all (and of the dead), or of the living, at these hours."""
    curves = curves_at(source.occupancy, tuple(hours))
    assert curves.hours == pytest.approx(hours)
    large = len(source.model.states) > 12
    found = by_stage(curves, source.model) if large else {name: curves[name] for name in curves.names}
    alive = np.sum(list(found.values()), axis=0)
    shares = {name: value / (alive if living else 1.0) for name, value in found.items()}
    dead = {} if living else {"dead": np.clip(1.0 - alive, 0.0, None)}
    return {name: value for name, value in {**shares, **dead}.items() if value.max() > 1e-14}


def assert_drawn(ax: Axes, source: Any, *, living: bool = False) -> None:
    """A line for each state, at its shares."""
    drawn = lines(ax)
    hours = next(iter(drawn.values())).get_xdata()
    expected = expected_of(source, hours, living=living)
    assert list(drawn) == list(expected)
    for name, line in drawn.items():
        assert line.get_xdata() == pytest.approx(hours)
        assert np.nan_to_num(line.get_ydata()) == pytest.approx(expected[name], rel=1e-9, abs=1.1e-14)


@pytest.mark.parametrize("living", [False, True])
@pytest.mark.parametrize("source", [textbook, cyclic, unfinished, colon, cyclic_exact, colon_exact])
def test_occupancy_draws_the_shares_of_the_table(source: Source, living: bool) -> None:
    (ax,) = picture(plot.occupancy, source, living=living).axes
    assert_drawn(ax, source(), living=living)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert ("living" in ax.get_ylabel()) == living
    assert ("all" in ax.get_ylabel()) != living


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
        assert all(line.get_xdata() == pytest.approx(times) for line in lines(ax).values())
        assert_drawn(ax, source)
        (ax,) = plot.incidence(source, times=times).axes
        assert all(line.get_xdata() == pytest.approx(times) for line in lines(ax).values())
    # The start of all things has no place on a logarithmic axis.
    assert lines(plot.occupancy(cyclic_exact(), times=[0.0, 1.0, 9.0]).axes[0])["blood"].get_xdata().tolist() == [1, 9]


@pytest.mark.parametrize("living", [False, True])
def test_only_times_before_anything_happens_and_after_the_last_death_are_left_out(living: bool) -> None:
    curves = textbook().occupancy()
    hours = lines(plot.occupancy(textbook(), living=living).axes[0])["primary"].get_xdata()
    alive = curves.values.sum(axis=0) > 0
    assert not alive[-1]
    needed = (curves["primary"] < 1.0 - 1e-3) & (alive | (not living))
    assert set(curves.hours[needed]) <= set(hours)
    assert len(hours) <= needed.sum() + 1
    assert (hours.max() == curves.hours[-1]) == (not living)


@pytest.mark.parametrize("source", [cyclic, textbook, colon])
def test_states_are_blue_the_later_the_darker_goals_are_ink_and_the_dead_are_dark_red(source: Source) -> None:
    (ax,) = picture(plot.occupancy, source).axes
    goals = {BEYOND, *(s.name for s in source().model.states if s.stage is None)}
    drawn = {name: to_hex(line.get_color()).upper() for name, line in lines(ax).items()}
    living = [colour for name, colour in drawn.items() if name not in {*goals, "dead"}]
    contrasts = [contrast(colour) for colour in living]
    assert contrasts == sorted(contrasts)
    assert len(set(living)) == len(living)
    assert all(oklab(colour)[2] < -0.03 for colour in living), "blue"
    assert all(c >= 3.0 for c in contrasts)
    assert all(colour == GOAL for name, colour in drawn.items() if name in goals)
    assert drawn["dead"] == DEATH_COLOUR


@pytest.mark.parametrize("living", [False, True])
@pytest.mark.parametrize("source", [textbook, cyclic_exact, colon, unfinished])
def test_each_line_of_occupancy_is_seen_and_bears_its_name_near_it(source: Source, living: bool) -> None:
    figure = picture(plot.occupancy, source, living=living)
    (ax,) = figure.axes
    low, high = ax.get_ylim()
    said = {" ".join(t.get_text().split()): t for t in ax.texts}
    assert sorted(said) == sorted(lines(ax))
    for name, line in lines(ax).items():
        peak = float(np.nanmax(line.get_ydata()))
        assert low < peak <= high
        assert said[name].get_color().upper() == dark(to_hex(line.get_color()).upper())


def test_of_what_was_counted_the_axis_begins_below_one_cell() -> None:
    for source in (textbook(), unfinished(), colon()):
        ax = plot.occupancy(source).axes[0]
        low, peaks = ax.get_ylim()[0], [np.nanmax(line.get_ydata()) for line in lines(ax).values()]
        assert 0.29 / source.cells <= low < min(peaks) / 2


@pytest.mark.parametrize("draw", [plot.occupancy, plot.incidence])
@pytest.mark.parametrize("source", [textbook, cyclic_exact, colon, unfinished])
def test_the_axis_of_time_is_logarithmic_holds_all_times_and_is_marked_right(draw: Any, source: Source) -> None:
    (ax,) = picture(draw, source).axes
    drawn = np.concatenate([line.get_xdata() for line in lines(ax).values()])
    assert ax.get_xscale() == "log"
    assert ax.get_xlim() == pytest.approx((drawn.min(), drawn.max()))
    marks = ticks(ax.xaxis)
    assert len(marks) >= 2
    for label, at in marks.items():
        assert hours_in(label) == pytest.approx(at, rel=1e-6)
        assert drawn.min() <= at <= drawn.max()


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


@pytest.mark.sampled(5, 12)
@incidences
@pytest.mark.parametrize("log", [True, False])
def test_incidence_draws_the_curve_of_each_end_under_its_name(source: Source, log: bool) -> None:
    (ax,) = picture(plot.incidence, source, log=log).axes
    asked = tuple(next(iter(lines(ax).values())).get_xdata()) if isinstance(source(), type(cyclic_exact())) else None
    hours, expected, goals = ends_of(source(), asked)
    drawn = lines(ax)
    assert set(drawn) == {name for name, values in expected.items() if values.any() or not log}
    for name, line in drawn.items():
        assert line.get_xdata() == pytest.approx(hours)
        assert np.nan_to_num(line.get_ydata()) == pytest.approx(expected[name], rel=1e-9)
        assert to_hex(line.get_color()).upper() == (GOAL if name in goals else plot.cause_colours([name])[name])


@incidences
def test_each_end_stands_at_its_curve_with_its_final_share_the_largest_first(source: Source) -> None:
    (ax,) = picture(plot.incidence, source).axes
    drawn = lines(ax)
    finals = [float(line.get_ydata()[-1]) for line in drawn.values()]
    assert finals == sorted(finals, reverse=True)
    heights = [t.get_position()[1] for t in ax.texts]
    assert heights == sorted(heights, reverse=True)
    for (name, line), text in zip(drawn.items(), ax.texts, strict=True):
        said = " ".join(text.get_text().split())
        assert said.startswith(name)
        assert share_in(said.removeprefix(name)) == pytest.approx(line.get_ydata()[-1], rel=TWO)
        assert text.get_color().upper() == dark(to_hex(line.get_color()).upper())
    # The thin line from the curve to its name begins where the curve ends.
    leaders = [line for line in ax.lines if line.get_label() == "_leader"]
    starts = [
        ax.transData.inverted().transform(ax.transAxes.transform((1.0, line.get_ydata()[0])))[1] for line in leaders
    ]
    assert starts == pytest.approx(finals, rel=1e-6)


@incidences
def test_each_curve_of_incidence_is_seen_on_its_axis(source: Source) -> None:
    (ax,) = picture(plot.incidence, source).axes
    low, high = ax.get_ylim()
    assert ax.get_yscale() == "log"
    assert high >= 1.0
    for line in lines(ax).values():
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


@pytest.mark.sampled(3, 8)
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
