"""What only the kernel reads: tables of hazards and choices, rows of the histograms, windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cascade.common.errors import InputError
from cascade.common.portable import in_order
from cascade.common.types import Floats
from cascade.engine.choices import (
    cumulative,
    frail_groups,
    guide_table,
    parts_of,
    rare_groups,
    rates_and_bounds,
    start_thresholds,
)
from cascade.engine.chosen import Chosen, chosen, with_own_profiles
from cascade.engine.spreads import spreads
from cascade.kernel.inputs import Clocks, Frailties, Longs, Rare, Tables, Thin
from cascade.kernel.streams import KIND_CLOCK
from cascade.lowering.conditioned import chances, ratios
from cascade.lowering.lowered import Lowered
from cascade.lowering.timegrid import FOREVER, time_edges


class Environment(NamedTuple):
    """Multipliers on the hazards, piecewise constant in time, shared by all cells.

    ``ends`` (W,): end of each window in hours, rising; ``multipliers`` (W, T): on each of
    the model's transitions.  The last window's end is the end of the run.
    """

    ends: Floats
    multipliers: Floats


class Inputs(NamedTuple):
    """All that the kernel reads of a model in an environment; None: what this model does not need."""

    tables: Tables
    frailties: Frailties | None
    clocks: Clocks | None
    rare: Rare | None
    chosen: Chosen | None = None
    thin: Thin | None = None


class Rows(NamedTuple):
    """Layout of the rows of the histograms."""

    stay: int  # of the first state: cells that ended their run or were absorbed there
    inner: int  # steps between phases: not shown
    reach: int  # first entry to stage 1
    milestone: int
    returns: int  # routes and stages in which cells can be more than once
    watch: int
    total: int


def rows_of(lowered: Lowered) -> Rows:
    """Rows: transitions, ended in state, inner, stages first reached, milestones, returns, watch."""
    stay = len(lowered.transitions)
    inner = stay + len(lowered.states)
    reach = inner + 1
    milestone = reach + len(lowered.stages)
    returns = milestone + len(lowered.milestones)
    watch = returns + len(lowered.returns)
    return Rows(stay, inner, reach, milestone, returns, watch, watch + 1)


def environment(lowered: Lowered, until: float | None) -> Environment:
    """The windows of the model up to the end of a run."""
    end = FOREVER if until is None else float(until)
    windows = max(1, int(np.searchsorted(lowered.window_start, end, side="left")))
    return Environment(np.append(lowered.window_start[1:windows], end), lowered.multipliers[:windows])


def prepare(
    lowered: Lowered, environment: Environment, *, watch: Sequence[int] = (), grid: Sequence[float] = ()
) -> Inputs:
    """All that the kernel reads.

    Parameters
    ----------
    lowered : Lowered
    environment : Environment
    watch : sequence of int
        Indices of the model's states whose first entry is noted cell by cell.
    grid : sequence of float
        Times in hours that shall be exact edges of the histograms.
    """
    if lowered.aim is None:
        made = _tables(lowered, environment, watch, grid)
        thin = thin_of(lowered, len(made.window_end))
        return Inputs(made, frailties(lowered), clocks(lowered, environment), rare(lowered, environment), None, thin)
    own, _ = with_own_profiles(lowered)
    made = _tables(own, environment, watch, grid)
    # Which ways are rare is told at Z = 1, here as elsewhere.
    typical = (
        lowered.exit_hazard * ratios(lowered, lowered.aim, chances(lowered.aim, np.ones((1, len(lowered.profiles)))))[0]
    )
    told = rare(replace(own, exit_hazard=typical), environment)
    return Inputs(made, frailties(own), clocks(own, environment), told, chosen(lowered))


def _hazards(lowered: Lowered, environment: Environment) -> Floats:
    """Hazards in each window, (W, E)."""
    hazard = lowered.exit_hazard * environment.multipliers[:, lowered.exit_transition]
    if lowered.thinning is not None:
        hazard = hazard * lowered.thinning.ceiling[: len(hazard)]
    return np.asarray(hazard)


def thin_of(lowered: Lowered, windows: int) -> Thin | None:
    """Which events are taken of those of hazards that are too high; None where they are not."""
    told = lowered.thinning
    if told is None:
        return None
    from cascade.engine.compiled import kernel_logarithms

    h = told.h.copy()
    kernel_logarithms()(h)
    states = np.arange(lowered.size)
    early = told.before[lowered.exit_source] & (lowered.exit_target != lowered.exit_source)
    none = np.zeros(lowered.size, bool)
    return Thin(
        h=h,
        early=np.concatenate([early, none]).astype(np.uint32),
        source=np.concatenate([lowered.exit_source, states]).astype(np.uint32),
        stay=(lowered.exit_start[2 * states + 1] - 1).astype(np.uint32),
        end=told.end[:windows].copy(),
        first=told.first[:windows].copy(),
        begin=told.begin[:windows].copy(),
        per_hour=told.per_hour[:windows].copy(),
        steps=told.steps[:windows].copy(),
        ceiling=told.ceiling[:windows].ravel(),
    )


def _marks(lowered: Lowered, watch: Sequence[int]) -> Longs:
    """Bits of each state: stages up to its own, milestone, route and stage, if it is watched, if it absorbs."""
    marks = (np.uint64(2) << lowered.stage.astype(np.uint64)) - np.uint64(1)
    milestone = lowered.state_milestone[lowered.base]
    marks[milestone >= 0] |= np.uint64(1) << (32 + milestone[milestone >= 0]).astype(np.uint64)
    number = 32 + len(lowered.milestones)
    back = lowered.state_return[lowered.base]
    marks[back >= 0] |= np.uint64(1) << (number + back[back >= 0]).astype(np.uint64)
    watched = np.isin(lowered.base, np.array(watch, np.int64))
    marks[watched] |= np.uint64(1) << np.uint64(number + len(lowered.returns))
    marks[lowered.absorbing] |= np.uint64(1) << np.uint64(63)
    return marks


def _tables(lowered: Lowered, environment: Environment, watch: Sequence[int], grid: Sequence[float]) -> Tables:
    rows = rows_of(lowered)
    size, exits = lowered.size, len(lowered.exit_hazard)
    hazard = _hazards(lowered, environment)
    rate, bound = rates_and_bounds(lowered, hazard)
    guide, steps = guide_table(lowered, bound)
    with np.errstate(divide="ignore", over="ignore"):
        mean = 1.0 / rate
    ended = rows.stay + lowered.base
    edges = time_edges(grid)
    coarse = np.concatenate([[0.0], time_edges()[:-1]])
    live = lowered.exit_target >= 0
    earlier = lowered.stage[lowered.exit_target[live]] < lowered.stage[lowered.exit_source[live]]
    shares = lowered.start_share / in_order(lowered.start_share.tolist())
    return Tables(
        states=size,
        exits=exits,
        window_end=environment.ends.astype(np.float64),
        mean=mean.ravel(),
        hazard=hazard.ravel(),
        exit_start=lowered.exit_start.astype(np.uint32),
        guide=guide.ravel(),
        cuts=guide.shape[-1],
        steps=steps,
        bound=bound.ravel(),
        goes_on=np.concatenate([live, np.zeros(size, bool)]).astype(np.uint32),
        target=np.concatenate([np.where(live, lowered.exit_target, 0), np.arange(size)]).astype(np.uint32),
        row=np.concatenate([np.where(lowered.exit_inner, rows.inner, lowered.exit_transition), ended]).astype(
            np.uint32
        ),
        stage=lowered.stage.astype(np.uint32),
        absorbed_row=np.where(lowered.absorbing, ended, 0).astype(np.uint32),
        marks=_marks(lowered, watch),
        goal=lowered.goal,
        loops=bool(earlier.any()),
        profile=lowered.exit_profile.astype(np.uint32),
        profiles=len(lowered.profiles),
        parts=parts_of(lowered, hazard).ravel(),
        frail=frail_groups(lowered),
        start_state=lowered.start_state.astype(np.uint32),
        start_cumulative=cumulative(shares),
        entry_low=float(lowered.entry_hours[0]),
        entry_high=float(lowered.entry_hours[1]),
        bins=len(edges),
        fine=np.searchsorted(edges, coarse, side="right").astype(np.uint32) if len(grid) else np.empty(0, np.uint32),
        upper=edges if len(grid) else np.empty(0),
        reach_row=rows.reach,
        bit_row=rows.milestone,
    )


def frailties(lowered: Lowered) -> Frailties | None:
    """Frailties as the kernel draws them; None for a model whose cells are alike."""
    if len(lowered.profiles) == 1:
        return None
    # Copies: what is lowered can only be read, which numba takes for another type.
    return Frailties(lowered.profiles.copy(), lowered.frailty_gamma.copy(), spreads(lowered))


def rare(lowered: Lowered, environment: Environment) -> Rare | None:
    """Where the choice has 64 bits up to the end of a run (``kernel.rare``); None for a model without rare ways."""
    hazard = _hazards(lowered, environment)
    groups = rare_groups(lowered.exit_start, hazard, rates_and_bounds(lowered, hazard)[0])
    switches = rare_groups(lowered.clock_start, hazard, _clock_rates(lowered, hazard))
    start = start_thresholds(lowered.start_share / in_order(lowered.start_share.tolist()))
    if not (groups.any() or switches.any() or len(start)):
        return None
    return Rare(groups.ravel(), switches.ravel(), start)


MOST_BIAS = 1e-4
"""How far the chance of a switch before a move may be off because two moments are one to the clock."""


class Resolution(NamedTuple):
    """What the clock of a cell has to tell apart: the largest sum of hazards, in the oldest cell."""

    fastest: float  # per hour
    hours: float

    @property
    def bias(self) -> float:
        """Chance, at most, that an event is taken for later or earlier than another: rate times hours / 2^52."""
        return self.fastest * self.hours / 2.0**52


def resolution_of(lowered: Lowered, environment: Environment) -> Resolution:
    """How fast anything happens, and how old cells may be then.

    Moments are hours since the start, doubles: after T hours they are told apart to T / 2^52, and an event of
    rate r is on the wrong side of another with a chance of at most r T / 2^52.
    """
    hazard = lowered.exit_hazard * environment.multipliers[:, lowered.exit_transition]
    rates = np.array([np.bincount(lowered.exit_source, of_window, lowered.size) for of_window in hazard])
    slowest = float(rates[rates > 0].min(initial=np.inf))
    # Of a million million cells not one waits for 40 means.
    longest = float(lowered.window_start[-1]) + lowered.entry_hours[1] + 40.0 / slowest
    return Resolution(float(rates.max()), min(float(environment.ends[-1]), longest))


def _check_resolution(lowered: Lowered, environment: Environment) -> None:
    """That the clock tells a switch from the end of a visit.

    A move and a death are compared by what they wait, and need no such bound.

    Raises
    ------
    InputError
        When the chance that it does not may be above ``MOST_BIAS``.
    """
    told = resolution_of(lowered, environment)
    if told.bias > MOST_BIAS:
        wanted = (
            f"hazards that sum to at most {MOST_BIAS * 2.0**52 / told.hours:.3g} per hour: beyond, the clock of a cell"
            f" that has lived for {told.hours:.3g} hours cannot tell a switch of a factor, or a break, from a move;"
            " give an earlier end with until, or make slow states faster"
        )
        raise InputError("hazards", f"{told.fastest:.3g} per hour", wanted)


def _clock_rates(lowered: Lowered, hazard: Floats) -> Floats:
    """Summed hazards of the switches of each clock in each state, (W, C S)."""
    rate = np.zeros((len(hazard), len(lowered.clock_start) - 1))
    for w, g in zip(*np.nonzero(np.broadcast_to(np.diff(lowered.clock_start) > 0, rate.shape)), strict=True):
        rate[w, g] = cumulative(hazard[w, lowered.clock_start[g] : lowered.clock_start[g + 1]])[-1]
    return rate


def clocks(lowered: Lowered, environment: Environment) -> Clocks | None:
    """What units with clocks of their own, or of several cells, need; None for plain cells."""
    largest = int(lowered.size_of.max())
    if not len(lowered.clocks) and largest == 1:
        return None
    _check_resolution(lowered, environment)
    hazard = lowered.exit_hazard * environment.multipliers[:, lowered.exit_transition]
    rate = _clock_rates(lowered, hazard)
    with np.errstate(divide="ignore", over="ignore"):
        mean = 1.0 / rate
    after = np.where(lowered.exit_target >= 0, lowered.exit_target, lowered.exit_source)
    # Window by window: all at once would be large.
    differs = np.zeros((len(lowered.clocks), len(lowered.exit_hazard)), bool)
    for running in rate.reshape(len(hazard), len(lowered.clocks), lowered.size):
        differs |= running[:, after] != running[:, lowered.exit_source]
    begins = lowered.clock_runs[:, after] != lowered.clock_runs[:, lowered.exit_source]
    renews = (differs | begins).any(axis=0)
    which = np.searchsorted(lowered.clock_start, np.arange(len(lowered.exit_hazard)), side="right") - 1
    which //= lowered.size
    differs[which[which >= 0], np.flatnonzero(which >= 0)] = False
    return Clocks(
        purpose=np.array([KIND_CLOCK | np.uint64(clock) for clock in lowered.clocks], np.uint64),
        runs=lowered.clock_runs.ravel(),
        some=np.asarray(lowered.clock_runs.any(axis=0)),
        renews=renews.astype(np.uint32),
        start=lowered.clock_start.astype(np.uint32),
        rate=rate.ravel(),
        mean=mean.ravel(),
        disturbs=np.asarray(differs.any(axis=0)),
        apart=np.concatenate([lowered.exit_apart + 1, np.zeros(lowered.size, np.int64)]).astype(np.uint32),
        size=lowered.size_of.copy(),
        largest=largest,
    )
