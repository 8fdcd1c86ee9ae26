"""Figures over time: state occupancy and cumulative incidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from cascade.answers.curves import Curves
from cascade.common.arguments import check_flag
from cascade.common.colours import GOAL_COLOUR, GRID, cause_colours, stage_colours
from cascade.common.errors import InputError
from cascade.common.shares import percent, plain_percent
from cascade.common.text import number
from cascade.model import Model
from cascade.plot.fitting import LINE, NAME, broken, settle
from cascade.plot.style import few, figure_of, plain, shade, share_label, sign
from cascade.runs.result import Result
from cascade.solution.answer import Exact

Floats = npt.NDArray[np.float64]

THIN = 0.006
"""Share of a band that is as thin as the line around it."""


def occupancy(
    source: Result | Exact | Curves,
    *,
    times: Sequence[float] | None = None,
    living: bool = False,
    ax: Axes | None = None,
) -> Figure:
    """Stacked shares of cells in each state over time (log scale), the dead on top.

    Parameters
    ----------
    source : Result, Exact or Curves
        Curves are those that ``occupancy`` of a result or an exact answer gave.
    times : sequence of float, optional
        Hours. Default: those of the result; for an exact answer a grid over its time scale; those of curves.
    living : bool
        Shares of the living cells only: shows the few that are left after heavy losses.
    ax : matplotlib Axes, optional
    """
    check_flag(living, "living")
    curves, model = _curves_of(source, "occupancy", times)
    curves = _by_stage(_after_the_start(curves), model)
    if not len(curves.hours):
        raise InputError("source", curves.label, "a result in which something happened")
    given = ax
    figure, ax = figure_of(ax, (9.5, 5.0))
    palette = _state_colours(model) | stage_colours(model.stages) | {BEYOND: GOAL_COLOUR}
    alive = curves.values.sum(axis=0)
    # From where one cell in a thousand has left its start; of the living, while there are some.
    begin = {model.start.states[0].state, *model.stages[:1]}
    moved = 1.0 - next(v for name, v in zip(curves.names, curves.values, strict=True) if name in begin)
    shown = np.arange(len(alive)) >= max(0, int(np.argmax(moved > 1e-3)) - 1)
    shown &= (alive > 0) | (not living)
    hours, values = curves.hours[shown], np.clip(curves.values[:, shown], 0, 1)
    shares = values / values.sum(axis=0) if living else values
    ax.stackplot(
        hours,
        shares,
        colors=[palette[name] for name in curves.names],
        labels=[broken(name, NAME, 9.0) for name in curves.names],
    )
    if not living:
        ax.fill_between(hours, values.sum(axis=0), 1.0, color="#EFEFEF", label="dead", linewidth=0)
    _between(ax, hours, shares if living else np.vstack([shares, 1.0 - values.sum(axis=0)]))
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: plain_percent(v)))
    ax.set_ylabel("share of the living cells" if living else "share of all cells", fontsize=10)
    _time_axis(ax, hours)
    handles, names = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], names[::-1], loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=9)
    plain(ax, f"{curves.label}: {_made(curves)}, {_whose(curves, alive[shown], living=living)}")
    sign(figure, curves)
    if given is None:
        settle(figure, {ax: (5.5, max(3.8, _height(ax)))})
    return figure


def _between(ax: Axes, hours: Floats, shares: Floats) -> None:
    """White lines between bands that lie on each other, where both are thicker than a line."""
    for k in range(len(shares) - 1):
        # A band of nothing has no edge: the one below it goes on to the next.
        above = shares[k + 1 :]
        first = np.argmax(above > 0, axis=0)
        next_one = np.take_along_axis(above, first[None, :], axis=0)[0]
        seen = (shares[k] > THIN) & (next_one > THIN)
        ax.plot(hours, np.where(seen, shares[: k + 1].sum(axis=0), np.nan), color="white", linewidth=0.7)


def _whose(curves: Curves, alive: Floats, *, living: bool) -> str:
    """Whose places are shown; of few that were counted, how many they are in the end."""
    if not living:
        return "where the cells are"
    left = round(float(alive[-1]) * curves.cells) if len(alive) else 0
    counted = few(left, exact=not curves.cells)
    return f"where the living cells are{f' ({number(left)} in the end)' if counted else ''}"


def _made(curves: Curves) -> str:
    """How many cells were counted, or that the curves are exact."""
    return f"{number(curves.cells)} cells" if curves.cells else "exact answer"


def _height(ax: Axes) -> float:
    """Inches down the side of a legend."""
    legend = ax.get_legend()
    lines = sum(text.get_text().count("\n") + 1.35 for text in legend.get_texts()) if legend else 0.0
    return 9.0 * LINE * (lines + 2.0)


def incidence(
    source: Result | Exact | Curves, *, times: Sequence[float] | None = None, ax: Axes | None = None, log: bool = True
) -> Figure:
    """Cumulative incidence of each cause of death, and of success, over time.

    Parameters
    ----------
    source : Result, Exact or Curves
        Curves are those that ``incidence`` of a result or an exact answer gave.
    times : sequence of float, optional
        Hours, as for ``occupancy``.
    ax : matplotlib Axes, optional
    log : bool
        Logarithmic shares, so that rare ends can be seen.
    """
    check_flag(log, "log")
    curves, model = _curves_of(source, "incidence", times)
    if not curves.names:
        raise InputError("source", curves.label, "a model in which lives end: this one has no deaths and no goal")
    curves = _one_goal(_after_the_start(curves), model)
    if not len(curves.hours):
        raise InputError("source", curves.label, "a result in which something happened")
    given = ax
    figure, ax = figure_of(ax, (9.5, 5.0))
    _draw_ends(ax, curves, model, log=log)
    if not (curves.values > 0).any():
        raise InputError("source", curves.label, "a result in which something happened")
    if log:
        ax.set_yscale("log")
        smallest = min(float(v[v > 0].max()) for v in curves.values if (v > 0).any())
        ax.set_ylim(10.0 ** np.floor(np.log10(smallest) - 1), 1.5)
        ax.yaxis.set_major_formatter(FuncFormatter(share_label))
    else:
        ax.set_ylim(0, 1)
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: plain_percent(v)))
    ax.grid(color=GRID, linewidth=0.7)
    ax.set_ylabel("cumulative share of all cells", fontsize=10)
    _time_axis(ax, curves.hours)
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=9,
        title="end, and its share",
        alignment="left",
    )
    plain(ax, f"{curves.label}: {_made(curves)}, how lives end")
    sign(figure, curves)
    if given is None:
        settle(figure, {ax: (5.5, max(3.8, _height(ax)))})
    return figure


def _draw_ends(ax: Axes, curves: Curves, model: Model, *, log: bool) -> None:
    """A line for each end, the most frequent first; beside a share of few stands how many they are."""
    goals = [BEYOND, *(state.name for state in model.states if state.stage is None)]
    palette = cause_colours([name for name in curves.names if name not in goals])
    dashes = ["-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1))]
    order = np.argsort(-curves.values[:, -1])
    for rank, i in enumerate(order):
        name, values = curves.names[i], curves.values[i]
        shown = np.where(values > 0, values, np.nan) if log else values
        if np.isnan(shown).all():
            continue
        goal = name in goals
        count = round(float(values[-1]) * curves.cells)
        counted = f" ({number(count)})" if few(count, exact=not curves.cells) else ""
        style: Any = "-" if goal else dashes[rank % len(dashes)]
        ax.plot(
            curves.hours,
            shown,
            color=GOAL_COLOUR if goal else palette[name],
            linestyle=style,
            linewidth=2.4 if goal else 1.8,
            label=broken(f"{name}  {percent(values[-1])}{counted}", NAME + 0.6, 9.0),
        )


BEYOND = "beyond the last step"
MOST_STATES, MOST_GOALS = 24, 4
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


def _state_colours(model: Model) -> dict[str, tuple[float, float, float]]:
    """Colours of states: that of the stage, lighter for each further state of it."""
    palette = stage_colours(model.stages)
    colours: dict[str, tuple[float, float, float]] = {}
    for stage in model.stages:
        members = [state.name for state in model.states if state.stage == stage]
        for i, name in enumerate(members):
            colours[name] = shade(palette[stage], 0.75 * i / max(len(members), 2))
    for i, goal in enumerate(name for name in (state.name for state in model.states) if name not in colours):
        colours[goal] = shade(GOAL_COLOUR, 0.3 * i)
    return colours


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


def _time_axis(ax: Axes, hours: np.ndarray[Any, Any]) -> None:
    """A log axis of time with marks at minutes, hours, days, months, years."""
    marks = {
        1 / 3600: "1 s",
        10 / 3600: "10 s",
        1 / 60: "1 min",
        1 / 6: "10 min",
        1: "1 h",
        10: "10 h",
        24: "1 d",
        240: "10 d",
        2400: "100 d",
        8766: "1 y",
        87660: "10 y",
    }
    low, high = float(hours[0]), float(hours[-1])
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    shown = {h: text for h, text in marks.items() if low <= h <= high}
    if np.log10(high / low) > 6:
        shown = {h: text for h, text in shown.items() if text not in ("10 s", "10 min", "10 h", "100 d")}
    ax.set_xticks(list(shown), list(shown.values()))
    ax.minorticks_off()
    ax.set_xlabel("time since the start (log scale)", fontsize=10, loc="left")
