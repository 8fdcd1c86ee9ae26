r"""A model of those cells alone that reach a goal, as arrays.

With h_s the chance to reach the goal from state s, the lives of those that do are those of a model with

    q'_e = q_e h(target) / h(source),        start'_s = start_s h_s / sum_r start_r h_r

(Doob's transform): ways that lead away from the goal are gone, and the summed hazards of a state are what they
were, since h is harmonic.  Once the goal is reached lives go on as those of all cells do: so a state may stand here
twice, before the goal and after it, as far as cells come to it there.

h is solved by elimination without subtraction: with a relative error of 1e-15 however small it is, and with the
same bits on every machine.  Where cells differ in frailties h is each cell's own: then the arrays keep the hazards
of all cells, and ``Lowered.aim`` says what they have to be multiplied by.

References: Doob JL. Bull Soc Math France 1957;85:431-458.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from cascade import elimination
from cascade.common.compiled import cached
from cascade.common.errors import InputError
from cascade.common.types import Floats, Mask
from cascade.lowering.lowered import Aim, Lowered, spread
from cascade.lowering.systems import system_of
from cascade.lowering.thinned import thinned
from cascade.lowering.within_reach import LEAST_CHANCE, started
from cascade.model.conditioned import Target
from cascade.model.factors import Factor
from cascade.model.parts import Frailty, State


class Aimed(Protocol):
    """What is asked of a conditioned model here."""

    @property
    def targets(self) -> Sequence[Target]:
        """The goals with their kinds."""

    @property
    def states(self) -> Sequence[State]:
        """States of the model."""

    @property
    def frailties(self) -> Sequence[Frailty]:
        """In what cells differ."""

    @property
    def factors(self) -> Sequence[Factor]:
        """What switches."""


class Goal(NamedTuple):
    """States in which the goal is reached, (S,) bool, and exits by which it is: deaths that are it, (E,) bool."""

    states: Mask
    deaths: Mask


def conditioned(model: Aimed, lowered: Lowered) -> Lowered:
    """The arrays of the cells that reach a goal of the model, from those of all cells.

    Raises
    ------
    InputError
        When no cell does.
    """
    made, aim = aimed(model, lowered)
    if len(lowered.window_start) > 1:
        _check_windows(model, lowered)
        return thinned(made, aim, chances_of(aim, (aim.hazard * aim.multipliers[-1])[None])[0])
    if len(lowered.profiles) > 1:
        return replace(made, aim=aim)
    return tilted(made, aim, chances(aim, np.ones((1, 1))))


def tilted(made: Lowered, aim: Aim, h: Floats) -> Lowered:
    """The arrays of the cells that reach a goal, from those of all and their chances (1, S)."""
    return replace(made, exit_hazard=made.exit_hazard * ratios(made, aim, h)[0], start_share=started(made, h[0]))


def _check_windows(model: Aimed, lowered: Lowered) -> None:
    """What cannot be told where hazards change with time."""
    why = "none where hazards change with time: its chances to reach the goal are not told"
    if len(lowered.profiles) > 1:
        raise InputError("frailties", [frailty.name for frailty in model.frailties], why)
    if len(lowered.clocks):
        raise InputError(
            "factors", [factor.name for factor in model.factors if factor.switches], f"{why} (it switches)"
        )
    low, high = lowered.entry_hours
    if high > low:
        raise InputError("start.entry_hours", [low, high], "one moment at which all cells enter, where hazards change")


def aimed(model: Aimed, lowered: Lowered) -> tuple[Lowered, Aim]:
    """The states before and after the goal, with the hazards of all cells; and what chances are solved from.

    Of a single window its multipliers are in the hazards.
    """
    if len(lowered.window_start) == 1:
        hazard = lowered.exit_hazard * lowered.multipliers[0, lowered.exit_transition]
        lowered = replace(lowered, exit_hazard=hazard, multipliers=np.ones(lowered.multipliers.shape))
    parts = [goal_of(model, target, lowered) for target in model.targets]
    goal = Goal(*(np.asarray(np.array(masks).any(axis=0)) for masks in zip(*parts, strict=True)))
    live: Mask = np.asarray((lowered.exit_hazard * lowered.multipliers[:, lowered.exit_transition] > 0).any(axis=0))
    before, after = _come_to(lowered, goal, live)
    if not (before | after)[lowered.start_state].any():
        wanted = "a goal that cells can reach: no way whose hazards are above 0 leads to it"
        raise InputError("goal", [target.name for target in model.targets], wanted)
    made = _joined(lowered, goal, before, after, live)
    states = np.concatenate([np.flatnonzero(before), np.flatnonzero(after)])
    aim = Aim(
        system_of(lowered, live & before[lowered.exit_source]), lowered.exit_hazard, lowered.exit_profile,
        before, goal.states.astype(np.float64), goal.deaths.astype(np.float64),
        lowered.exit_source, lowered.exit_target, lowered.multipliers[:, lowered.exit_transition],
        np.arange(len(states)) < len(np.flatnonzero(before)), states,
    )  # fmt: skip
    return made, aim


def goal_of(model: Aimed, target: Target, lowered: Lowered) -> Goal:
    """Where one of the goals is reached."""
    states, deaths = np.zeros(lowered.size, bool), np.zeros(len(lowered.exit_source), bool)
    if target.kind == "step":
        states = lowered.stage > lowered.stages.index(target.name)
    elif target.kind == "milestone":
        states = (lowered.state_milestone == lowered.milestones.index(target.name))[lowered.base]
    elif target.kind == "state":
        states = lowered.base == lowered.states.index(target.name)
    elif target.kind == "organ":
        colonies = [i for i, s in enumerate(model.states) if s.landmark == "colony" and s.site == target.name]
        states = np.isin(lowered.base, colonies)
    else:
        dead = [t.is_death and target.name in (t.way, t.name) for t in lowered.transitions]
        deaths = np.array(dead, bool)[lowered.exit_transition]
    return Goal(np.asarray(states), deaths)


def chances(aim: Aim, multipliers: Floats) -> Floats:
    """Chance to reach the goal from each state, (N, S), of cells whose hazards are multiplied by (N, P).

    Relative errors are 1e-15; at least ``LEAST_CHANCE`` before the goal, and 1 after it.
    """
    return chances_of(aim, aim.hazard * multipliers[:, aim.profile])


def chances_of(aim: Aim, hazards: Floats) -> Floats:
    """``chances`` with hazards of all cells, (N, E0)."""
    from cascade.elimination import founding

    found = np.empty((len(hazards), len(aim.goal)))
    cached(founding.founding, elimination)(aim.system, hazards, aim.inside, aim.goal, aim.prize, found)
    here = found[:, aim.state]
    return np.asarray(np.where(aim.before, np.where(here < LEAST_CHANCE, LEAST_CHANCE, here), 1.0))


def ratios(lowered: Lowered, aim: Aim, h: Floats) -> Floats:
    """What hazards are multiplied by, (N, E), given the chances (N, S); a death before the goal is the goal."""
    target, source = lowered.exit_target, lowered.exit_source
    after = np.where(target >= 0, h[:, target], 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(after > 0, after / h[:, source], 0.0)
    return np.asarray(np.where(aim.before[source], ratio, 1.0))


def _come_to(lowered: Lowered, goal: Goal, live: Mask) -> tuple[Mask, Mask]:
    """States that cells come to before they reach the goal, and after it."""
    source, target = lowered.exit_source, lowered.exit_target
    starts = np.zeros(lowered.size, bool)
    starts[lowered.start_state[lowered.start_share > 0]] = True
    on = live & (target >= 0) & ~goal.states[source]
    entering = on & np.append(goal.states, False)[target]
    on &= ~entering
    last = np.zeros(lowered.size, bool)
    last[source[entering | (live & goal.deaths & ~goal.states[source])]] = True
    come = spread(starts & ~goal.states, source[on], target[on])
    before = come & spread(last, target[on], source[on])
    reached = starts & goal.states
    reached[target[entering & before[source]]] = True
    moves = target >= 0
    return before, spread(reached, source[moves], target[moves])


def _joined(lowered: Lowered, goal: Goal, before: Mask, after: Mask, live: Mask) -> Lowered:
    """The arrays of the states before the goal, with the exits that lead to it, and of those after it."""
    source, target, ways = lowered.exit_source, lowered.exit_target, int(lowered.exit_start[-1])
    early, late = np.flatnonzero(before), np.flatnonzero(after)
    states = np.concatenate([early, late])
    place_before, place_after = np.full(lowered.size + 1, -1), np.full(lowered.size + 1, -1)
    place_before[early] = np.arange(len(early))
    place_after[late] = len(early) + np.arange(len(late))
    # Where a move before the goal leads to: beyond it, or on; -1 where the goal is lost.
    onward = np.where(np.append(goal.states, False), place_after, place_before)[target]
    leading = live & before[source] & np.where(target >= 0, onward >= 0, goal.deaths)
    later = after[source]
    exits = np.concatenate([np.flatnonzero(leading), np.flatnonzero(later)])
    new_source = np.concatenate([place_before[source[leading]], place_after[source[later]]])
    new_target = np.concatenate([onward[leading], place_after[target[later]]])
    new_target = np.where(target[exits] >= 0, new_target, -1)
    # Moves and deaths by state, then the switches by clock and state, as they are read.
    clock = np.zeros(len(exits), np.int64)
    is_switch = exits >= ways
    which = np.searchsorted(lowered.clock_start, exits[is_switch], side="right") - 1
    clock[is_switch] = 1 + which // lowered.size
    order = np.lexsort((exits, new_source, clock))
    exits, new_source, new_target, clock = exits[order], new_source[order], new_target[order], clock[order]
    group = 2 * new_source + (new_target < 0)
    size, clocks = len(states), len(lowered.clocks)
    plain = clock == 0
    starts = lowered.start_state
    begin = np.where(goal.states[starts], place_after[starts], place_before[starts])
    return replace(
        lowered,
        base=lowered.base[states],
        stage=lowered.stage[states],
        absorbing=lowered.absorbing[states],
        exit_start=np.searchsorted(group[plain], np.arange(2 * size + 1)).astype(np.int64),
        exit_source=new_source,
        exit_target=new_target,
        exit_hazard=lowered.exit_hazard[exits],
        exit_transition=lowered.exit_transition[exits],
        exit_inner=lowered.exit_inner[exits],
        exit_apart=np.full(len(exits), -1),
        clock_start=len(np.flatnonzero(plain))
        + np.searchsorted(((clock - 1) * size + new_source)[~plain], np.arange(clocks * size + 1)),
        clock_runs=lowered.clock_runs[:, states],
        size_of=lowered.size_of[states],
        levels=tuple(lowered.levels[s] for s in states.tolist()),
        exit_profile=lowered.exit_profile[exits],
        start_state=begin[begin >= 0],
        start_share=lowered.start_share[begin >= 0],
    )
