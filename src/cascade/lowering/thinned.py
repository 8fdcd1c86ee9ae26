r"""Conditioned models in windows: the chance to reach the goal depends on the time, and so do the hazards.

A cell in s at time t moves by exit e with the hazard q_e h(target, t) / h(s, t).  In a run it is given hazards that
are never lower, constant in short windows, and what is too much is refused: an event at t is taken with the
probability of its own hazard over that (thinning).  Where it is refused the cell stays, and draws anew.

    window of the model:      |------------------------------------------| T
    windows of the run:       |              |       |       |   |   | |||
    u = T - t, in octaves:       2^k               ...             2  1  0

h within a window is tabulated backward from its end, 64 steps an octave (``elimination.fading``), and interpolated.
Where a way shuts as the window ends, h rises backward from almost nothing: with Q h <= c h at u = 0 it stays below
e^(cu) h(0), so that a first step that is short against 1 / c follows it, and little is refused.

References: Lewis PAW, Shedler GS. Nav Res Logist Q 1979;26:403-413.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cascade import elimination
from cascade.common.compiled import cached
from cascade.common.portable import exp, in_order
from cascade.common.types import Floats, Ints
from cascade.elimination.fading import FIRST_STEPS, SHORTEST, STEPS, fading
from cascade.lowering.lowered import Aim, Lowered, Thinning
from cascade.lowering.within_reach import LEAST_CHANCE, started

LARGEST_STEP = 0.125
"""Of the first step times the largest summed hazard."""

LARGEST_GROWTH = 1.0 / 32.0
"""Of the first step times the fastest relative growth of a chance at the end of a window."""

MOST_SQUARINGS = 70
"""Steps that are shorter than those between times as doubles would tell nothing."""

STEPS_OF_A_WINDOW = 16
MARGIN = 1.01
"""Above the largest ratio at the points of a window of the run: between points it may be a little larger."""


class _Window(NamedTuple):
    """Windows of the run in one of the model, in the order of time."""

    start: Floats
    end: Floats
    first: Ints
    steps: Ints
    begin: Floats
    per_hour: Floats
    ceiling: Floats


def thinned(lowered: Lowered, aim: Aim, last: Floats) -> Lowered:
    """The arrays of a conditioned model whose hazards change with time.

    Parameters
    ----------
    lowered : Lowered
        With the hazards of all cells.
    aim : Aim
    last : (S,) float
        Chances in the last window.

    Raises
    ------
    InputError
        Where the goal is out of reach of doubles.
    """
    lowered = _with_stays(lowered)
    starts = lowered.window_start.tolist()
    parts: list[_Window] = [_constant(lowered, aim, starts[-1], last)]
    tables = [np.tile(last, (8, 1))]
    later, points, entry = last, 8, lowered.entry_hours[0]
    entering = last
    for w in range(len(starts) - 2, -1, -1):
        table = within(lowered, aim, w, starts[w + 1] - starts[w], later)
        parts.append(_cut(lowered, aim, starts[w], starts[w + 1], table, points))
        tables.append(table)
        if starts[w] <= entry < starts[w + 1]:
            # Before they enter, cells wait, whatever happens to others meanwhile.
            whole = entry == starts[w]
            entering = table[-1] if whole else within(lowered, aim, w, starts[w + 1] - entry, later)[-1]
        later, points = table[-1], points + len(table)
    joined = _Window(*(np.concatenate(columns) for columns in zip(*parts[::-1], strict=True)))
    which = np.searchsorted(lowered.window_start, joined.start, side="right") - 1
    return replace(
        lowered,
        start_share=started(lowered, entering),
        window_start=joined.start,
        multipliers=lowered.multipliers[which],
        thinning=Thinning(np.concatenate(tables), aim.before, *joined[1:]),
    )


def _with_stays(lowered: Lowered) -> Lowered:
    """One more exit for each state, without a hazard, by which a cell stays where it is: the last of its moves."""
    size, ways = lowered.size, int(lowered.exit_start[-1])
    states = np.arange(size)
    dies = lowered.exit_target[:ways] < 0
    # By state: its moves, the stay, its deaths.
    place = np.concatenate([2 * dies, np.ones(size)])
    order = np.lexsort((place, np.concatenate([lowered.exit_source[:ways], states])))

    def whole(values: Ints, new: Ints) -> Ints:
        return np.asarray(np.concatenate([np.concatenate([values[:ways], new])[order], values[ways:]]))

    zeros = np.zeros(size, np.int64)
    hazard = np.concatenate([np.concatenate([lowered.exit_hazard[:ways], np.zeros(size)])[order],
                             lowered.exit_hazard[ways:]])  # fmt: skip
    inner = whole(lowered.exit_inner.astype(np.int64), zeros + 1) > 0
    return replace(
        lowered,
        exit_start=lowered.exit_start + (np.arange(2 * size + 1) + 1) // 2,
        clock_start=lowered.clock_start + size,
        exit_source=whole(lowered.exit_source, states),
        exit_target=whole(lowered.exit_target, states),
        exit_hazard=hazard,
        exit_transition=whole(lowered.exit_transition, zeros),
        exit_inner=inner,
        exit_apart=whole(lowered.exit_apart, zeros - 1),
        exit_profile=whole(lowered.exit_profile, zeros),
    )


def within(lowered: Lowered, aim: Aim, window: int, hours: float, later: Floats) -> Floats:
    """Chances in a window by the time to its end, up to so many hours, (points, S); ``later``: those at its end."""
    size = len(np.flatnonzero(aim.before))
    # All ways out, those that lead away from the goal, too: of the model of all cells.
    place = np.full(len(aim.inside) + 1, -1)
    place[aim.state[:size]] = np.arange(size)
    hazard = aim.hazard * aim.multipliers[window]
    early = place[aim.source] >= 0
    source, target, hazard = place[aim.source[early]], aim.target[early], hazard[early]
    total = np.bincount(source, hazard, size).astype(np.float64)
    reached = np.where(target >= 0, np.append(aim.goal, 0.0)[target] > 0, aim.prize[early] > 0)
    goal = np.bincount(source[reached], hazard[reached], size).astype(np.float64)
    onward = (place[target] >= 0) & ~reached & (target >= 0)
    rates = np.zeros((size, size))
    np.add.at(rates, (source[onward], place[target[onward]]), hazard[onward])
    top, growth, squarings, step = float(total.max()), _growth(rates, goal, total, later[:size]), 0, hours
    while (
        top * step > LARGEST_STEP
        or squarings < SHORTEST
        or (growth * step > LARGEST_GROWTH and squarings < MOST_SQUARINGS)
    ):
        squarings, step = squarings + 1, step * 0.5
    decay = [exp(-top * step)]
    while len(decay) <= squarings - SHORTEST and top * step * 2.0 <= LARGEST_STEP:
        step *= 2.0
        decay.append(exp(-top * step))
    table = np.ones((1 + FIRST_STEPS + STEPS * (squarings - SHORTEST), lowered.size))
    made = np.empty((len(table), size))
    made[0] = later[:size]
    cached(fading, elimination)(rates, goal, total, hours, squarings, np.array(decay), made)
    table[:, :size] = np.where(made < LEAST_CHANCE, LEAST_CHANCE, made)
    return table


def _growth(rates: Floats, goal: Floats, total: Floats, h: Floats) -> float:
    """How fast the chances of a window grow backward from its end, at most, relative to themselves."""
    fastest, chances = 0.0, h.tolist()
    for row, reached, leaving, chance in zip(rates.tolist(), goal.tolist(), total.tolist(), chances, strict=True):
        gained = reached + in_order(q * x for q, x in zip(row, chances, strict=True))
        fastest = max(fastest, gained / chance - leaving)
    return fastest


def _cut(lowered: Lowered, aim: Aim, start: float, end: float, table: Floats, points: int) -> _Window:
    """Windows of the run within one of the model, of whose table the first point is number ``points``."""
    blocks = [(0, FIRST_STEPS)] + [(f, STEPS) for f in range(FIRST_STEPS, len(table) - 1, STEPS)]
    step = end - start
    for _ in range(len(blocks) - 1 + SHORTEST):
        step *= 0.5
    begin, rows = 0.0, []
    for number, (first, steps) in enumerate(blocks):
        step *= 1.0 if number <= 0 else 2.0
        for at in range(0, steps, STEPS_OF_A_WINDOW):
            here = table[first + at : first + at + STEPS_OF_A_WINDOW + 1]
            u = begin + (at + STEPS_OF_A_WINDOW) * step
            ceiling = _ceiling(lowered, aim, here)
            rows.append((max(start, end - u), end, points + first, steps, begin, 1.0 / step, ceiling))
        begin += steps * step
    rows[-1] = (start, *rows[-1][1:])
    # Those at the very end that are shorter than the steps of time as a double are left out.
    rows = [row for row in rows if row[0] < end]
    columns = list(zip(*rows[::-1], strict=True))
    return _Window(*(np.array(column) for column in columns))


def _constant(lowered: Lowered, aim: Aim, start: float, last: Floats) -> _Window:
    """The last window, in which chances stay."""
    one = np.array([start]), np.array([start]), np.array([0]), np.array([7]), np.zeros(1), np.zeros(1)
    return _Window(*one, _ceiling(lowered, aim, last[None])[None])


def _ceiling(lowered: Lowered, aim: Aim, h: Floats) -> Floats:
    """What the hazards of all cells are multiplied by in a window of the run, (E,), at least."""
    source, target = lowered.exit_source, lowered.exit_target
    early = aim.before[source]
    largest = (np.where(target >= 0, h[:, target], 1.0) / h[:, source]).max(axis=0)
    # Where the goal is out of reach none of these cells is; hazards there would only count as visits that nobody makes.
    largest = np.where(h[:, source].max(axis=0) > LEAST_CHANCE, MARGIN * largest, 0.0)
    return np.asarray(np.where(early & (target != source), largest, 1.0))
