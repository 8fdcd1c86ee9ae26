"""Figures over time: state occupancy and cumulative incidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cascade.answers.curves import Curves
from cascade.common.arguments import check_flag
from cascade.common.colours import ALIVE_COLOUR, DEATH_COLOUR, INK, cause_colour
from cascade.common.errors import InputError
from cascade.common.shares import plain_percent
from cascade.common.sight import shades
from cascade.common.text import hours as told_hours
from cascade.common.text import number
from cascade.model import Model
from cascade.plot.fitting import broken, inches_of, width_of
from cascade.plot.lines import Line, draw_lines, label_ends, label_peaks, log_shares, name_of, time_axis
from cascade.plot.look import Look, look_of
from cascade.plot.notation import few, one_in
from cascade.plot.sheet import Heading, Plan, Sheet, frame, made
from cascade.plot.style import figure_around, sign
from cascade.runs.result import Result
from cascade.solution.answer import Exact

Floats = npt.NDArray[np.float64]
Draw = Callable[[Axes, Look, tuple[float, float]], None]
Room = Callable[[Look], tuple[float, float]]

DEAD = "dead"

LEAST_SEEN = 1e-14
"""Shares below which nothing is drawn: what rounding leaves."""

HIGH = 22.0
"""Height of the axes, in sizes of the text."""


def occupancy(
    source: Result | Exact | Curves,
    *,
    times: Sequence[float] | None = None,
    living: bool = False,
    ax: Axes | None = None,
    style: str = "screen",
) -> Figure:
    """Shares of cells in each state over time, and of the dead: lines on log axes, each with its name at its peak.

    States are blue, the later the darker; what has come to a goal is black.

    Parameters
    ----------
    source : Result, Exact or Curves
        Curves are those that ``occupancy`` of a result or an exact answer gave.
    times : sequence of float, optional
        Hours. Default: those of the result; for an exact answer a grid over its time scale; those of curves.
    living : bool
        Shares of the living cells only: shows the few that are left after heavy losses.
    ax : matplotlib Axes, optional
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).
    """
    check_flag(living, "living")
    look = look_of(style)
    figure = None if ax is None else figure_around(ax)
    curves, model = _curves_of(source, "occupancy", times)
    curves = _by_stage(_after_the_start(curves), model)
    if not len(curves.hours):
        raise InputError("source", curves.label, "a result in which something happened")
    hours, lines = _occupied(curves, model, living=living)
    alive = np.sum([line.shares for line in lines if line.name != DEAD], axis=0)
    whose = "share of the living cells" if living else "share of all cells"
    counted = _left(curves, float(curves.values[:, -1].sum())) if living else ""
    title = f"{curves.label}: {_made(curves)}, where the {'living ' * living}cells are{counted}"
    floor = _floor(lines, curves.cells, float(alive[alive > 0].min()) if not living and (alive > 0).any() else 1.0)

    def draw(ax: Axes, fitted: Look, inches: tuple[float, float]) -> None:
        draw_lines(ax, hours, lines, fitted, log=True)
        time_axis(ax, hours, fitted, inches[0])
        log_shares(ax, floor, 1.6, fitted, inches[1])
        frame(ax, fitted, left=True, grid="y")
        ax.set_ylabel(f"{whose} (log scale)", fontsize=fitted.small)
        label_peaks(ax, hours, lines, fitted, inches)

    sentence = f"Where the {'living ' * living}cells are, from {told_hours(hours[0])} to {told_hours(hours[-1])}"
    drawn = _figure(ax, look, draw, title, sentence, lambda fitted: (1.5 * fitted.em, _room_for_peaks(lines, fitted)))
    sign(figure or drawn, curves, alt=_said_of_states(title, whose, hours, lines))
    return figure or drawn


def _room_for_peaks(lines: Sequence[Line], look: Look) -> float:
    """Inches down that axes need, so that all names find a place near their peaks."""
    names = [name_of(line, look, 100.0) for line in lines]
    return 1.5 * sum(look.leading(name.count("\n") + 1) for name in names)


def _occupied(curves: Curves, model: Model, *, living: bool) -> tuple[Floats, list[Line]]:
    """A line for each state, with hours from where one cell in a thousand has left its start.

    Of the living: while there are some.
    """
    alive = curves.values.sum(axis=0)
    begin = {model.start.states[0].state, *model.stages[:1]}
    moved = 1.0 - next((v for name, v in zip(curves.names, curves.values, strict=True) if name in begin), alive * 0)
    shown = np.arange(len(alive)) >= max(0, int(np.argmax(moved > 1e-3)) - 1)
    shown &= (alive > 0) | (not living)
    values = np.clip(curves.values[:, shown], 0.0, 1.0)
    shares = values / values.sum(axis=0) if living else values
    goals = {BEYOND, *(state.name for state in model.states if state.stage is None)}
    blues = iter(shades(ALIVE_COLOUR, sum(name not in goals for name in curves.names)))
    lines = [
        Line(name, name, share, INK if name in goals else next(blues), heavy=name in goals)
        for name, share in zip(curves.names, shares, strict=True)
    ]
    if not living:
        lines.append(Line(DEAD, DEAD, np.clip(1.0 - values.sum(axis=0), 0.0, 1.0), DEATH_COLOUR))
    # Rounding of nearly all cells leaves dead ones of 1e-16.
    lines = [line._replace(shares=np.where(line.shares < LEAST_SEEN, 0.0, line.shares)) for line in lines]
    return curves.hours[shown], [line for line in lines if (line.shares > 0).any()]


def _floor(lines: Sequence[Line], cells: int, least: float) -> float:
    """Where the axis of shares begins: below the peak of every line, and of what was counted below one cell."""
    peaks = [float(line.shares.max()) for line in lines]
    low = min([*peaks, least]) / 4
    return max(low, 0.3 / cells) if cells else max(low, 1e-15)


def _left(curves: Curves, alive: float) -> str:
    """Of few that were counted, how many they are in the end."""
    left = round(alive * curves.cells)
    return f" ({number(left)} in the end)" if few(left, exact=not curves.cells) else ""


def _made(curves: Curves) -> str:
    """How many cells were counted, or that the curves are exact."""
    return f"{number(curves.cells)} cells" if curves.cells else "exact answer"


def _figure(ax: Axes | None, look: Look, draw: Draw, title: str, sentence: str, room: Room) -> Figure:
    """The figure of what ``draw`` draws into axes of so many inches; ``room``: inches beside them, and their height."""
    if ax is not None:
        draw(ax, look, inches_of(ax))
        ax.set_title(
            broken(title, inches_of(ax)[0], look.title), loc="left", fontsize=look.title, color=INK, gid="title"
        )
        return figure_around(ax)

    def plan(fitted: Look, width: float, high: float) -> Plan:
        pad = 0.4 * fitted.em
        heading = Heading(fitted, width - 2 * pad, title, sentence)
        beside, tall = room(fitted)
        left = pad + 0.4 * fitted.em + width_of("1 in 100,000", fitted.small) + 1.6 * fitted.em
        top, below = pad + heading.height, fitted.leading(2.8)
        tall = max(tall, HIGH * fitted.em, high - top - below - pad if high else 0.0)

        def put(sheet: Sheet) -> None:
            heading.draw(sheet, pad, pad)
            inches = width - left - pad - beside, tall
            draw(sheet.axes(left, top, *inches), fitted, inches)

        return Plan(top + tall + below + pad, put)

    return made(look, 2, plan)


def incidence(
    source: Result | Exact | Curves,
    *,
    times: Sequence[float] | None = None,
    ax: Axes | None = None,
    log: bool = True,
    style: str = "screen",
) -> Figure:
    """Cumulative incidence of each cause of death, and of success, over time: a line each, with its name at its end.

    Parameters
    ----------
    source : Result, Exact or Curves
        Curves are those that ``incidence`` of a result or an exact answer gave.
    times : sequence of float, optional
        Hours, as for ``occupancy``.
    ax : matplotlib Axes, optional
    log : bool
        Logarithmic shares, so that rare ends can be seen.
    style : str
        "screen", "paper" (183 mm wide, 7 points) or "slide" (13.33 by 7.5 inches).
    """
    check_flag(log, "log")
    look = look_of(style)
    figure = None if ax is None else figure_around(ax)
    curves, model = _curves_of(source, "incidence", times)
    if not curves.names:
        raise InputError("source", curves.label, "a model in which lives end: this one has no deaths and no goal")
    curves = _one_goal(_after_the_start(curves), model)
    if not len(curves.hours) or not (curves.values > 0).any():
        raise InputError("source", curves.label, "a result in which something happened")
    lines = _ends(curves, model, log=log)
    title = f"{curves.label}: {_made(curves)}, how lives end"
    floor = min(float(line.shares.max()) for line in lines if (line.shares > 0).any()) / 12

    def texts_of(fitted: Look) -> list[str]:
        return [broken(line.text, BESIDE * fitted.em, fitted.small) for line in lines]

    def draw(ax: Axes, fitted: Look, inches: tuple[float, float]) -> None:
        draw_lines(ax, curves.hours, lines, fitted, log=log)
        time_axis(ax, curves.hours, fitted, inches[0])
        if log:
            log_shares(ax, floor, 1.6, fitted, inches[1])
        else:
            ax.set_ylim(0, 1)
            ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: plain_percent(v)))
        frame(ax, fitted, left=True, grid="y")
        ax.set_ylabel("cumulative share of all cells", fontsize=fitted.small)
        label_ends(ax, lines, fitted, inches, texts_of(fitted), 0.25 * fitted.em)

    def room(fitted: Look) -> tuple[float, float]:
        texts = texts_of(fitted)
        wide = max(width_of(part, fitted.small, "bold") for text in texts for part in text.split("\n"))
        return wide + 2.0 * fitted.em, sum(fitted.leading(text.count("\n") + 1.12) for text in texts)

    dying = [line for line in lines if not line.heavy]
    sentence = f"How lives end: most by {dying[0].name}" if dying else "How lives end"
    drawn = _figure(ax, look, draw, title, sentence, room)
    sign(figure or drawn, curves, alt=_said_of_ends(title, lines))
    return figure or drawn


BESIDE = 19.0
"""Width of the names beside the ends of curves, in sizes of the text."""


def _ends(curves: Curves, model: Model, *, log: bool) -> list[Line]:
    """A line for each end, the most frequent first; beside a share of few stands how many they are."""
    goals = [BEYOND, *(state.name for state in model.states if state.stage is None)]
    lines = []
    for i in np.argsort(-curves.values[:, -1], kind="stable"):
        name, values = curves.names[i], curves.values[i]
        if log and not (values > 0).any():
            continue
        count = round(float(values[-1]) * curves.cells)
        counted = f" ({number(count)})" if few(count, exact=not curves.cells) else ""
        text = f"{name}  {one_in(float(values[-1]))}{counted}"
        colour = INK if name in goals else cause_colour(name)
        lines.append(Line(name, text, values, colour, heavy=name in goals))
    return lines


def _said_of_states(title: str, whose: str, hours: Floats, lines: Sequence[Line]) -> str:
    """The figure in words: of each state when it has most cells, and how many."""
    tops = [(line.name, float(line.shares.max()), float(hours[np.argmax(line.shares)])) for line in lines]
    peaks = ", ".join(f"{name} (at most {one_in(share)}, at {told_hours(at)})" for name, share, at in tops)
    return f"Lines of the {whose} in each state over time, on log axes. {title}. {peaks}."


def _said_of_ends(title: str, lines: Sequence[Line]) -> str:
    """The figure in words: the share of each end."""
    ends = ", ".join(f"{line.name} {one_in(float(line.shares[-1]))}" for line in lines)
    return f"Cumulative share of all cells by how their lives end, over time. {title}. In the end: {ends}."


BEYOND = "beyond the last step"
MOST_STATES, MOST_GOALS = 12, 4
"""More states than this are drawn by stage, more goals than this as one."""


def _grouped(curves: Curves, group: Mapping[str, str]) -> Curves:
    """Curves of the same group added up; those that are in no group stay."""
    names = list(dict.fromkeys(group.get(name, name) for name in curves.names))
    values = np.zeros((len(names), len(curves.hours)))
    for name, value in zip(curves.names, curves.values, strict=True):
        values[names.index(group.get(name, name))] += value
    return replace(curves, names=tuple(names), values=values)


def _after_the_start(curves: Curves) -> Curves:
    """Without time 0: the axis of time is logarithmic."""
    shown = curves.hours > 0
    return replace(curves, hours=curves.hours[shown], values=curves.values[:, shown])


def _by_stage(curves: Curves, model: Model) -> Curves:
    """States of a large model by their stages."""
    if len(model.states) <= MOST_STATES:
        return curves
    grouped = _grouped(curves, {state.name: state.stage or BEYOND for state in model.states})
    order = [grouped.names.index(name) for name in (*model.stages, BEYOND) if name in grouped.names]
    return replace(grouped, names=tuple(grouped.names[i] for i in order), values=grouped.values[order])


def _one_goal(curves: Curves, model: Model) -> Curves:
    """Many goals as one."""
    goals = [state.name for state in model.states if state.stage is None]
    return _grouped(curves, dict.fromkeys(goals, BEYOND)) if len(goals) > MOST_GOALS else curves


def _curves_of(
    source: object, kind: Literal["occupancy", "incidence"], times: Sequence[float] | None
) -> tuple[Curves, Model]:
    """The curves to draw and their model.

    Raises
    ------
    InputError
        For curves of another kind, or that no answer gave: they have no colours; for other times than theirs.
    """
    if isinstance(source, Exact):
        source = getattr(source, kind)(_times_of(source, times))
    elif isinstance(source, Result):
        source = getattr(source, kind)(times)
    elif times is not None:
        raise InputError("times", times, "none with curves, which have their own")
    if not isinstance(source, Curves):
        raise InputError("source", source, "a result, an exact answer, or curves of one")
    if source.model is None or source.kind != kind:
        raise InputError("source", source.names, f"curves that {kind} of a result or an exact answer gave")
    return source, source.model


def _times_of(source: Exact, times: Sequence[float] | None) -> Sequence[float]:
    """Times for the curves of an exact answer: from a hundredth of the shortest mean to the longest."""
    if times is not None:
        return times
    if source.lowered.has_endless_cycle():
        # Nobody passes for certain: the shortest stay in a state instead, and then to the end.
        lowered = source.lowered
        hazards = lowered.exit_hazard * lowered.multipliers[:, lowered.exit_transition].max(axis=0)
        means = [1.0 / float(np.bincount(lowered.exit_source, hazards).max()), source.until or 0.0]
    else:
        means = [t.mean_hours for t in source.times() if np.isfinite(t.mean_hours) and t.mean_hours > 0]
    low, high = (min(means) / 100, max(means) * 20) if means else (0.01, 1000.0)
    return [
        float(t) for t in np.geomspace(min(low, (source.until or high) / 100), min(high, source.until or high), 160)
    ]
