"""What only the kernel reads: tables of hazards and choices, rows of the histograms, windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.common.types import Floats, Ints
from cascade.kernel.streams import KIND_CLOCK
from cascade.lowering.lowered import Lowered
from cascade.lowering.timegrid import FOREVER, time_edges

Words = npt.NDArray[np.uint32]


class Environment(NamedTuple):
    """Multipliers on the hazards, piecewise constant in time, shared by all cells.

    ``ends`` (W,): end of each window in hours, rising; ``multipliers`` (W, T): factor on
    each of the model's transitions.  The last window's end is the end of the run.
    """

    ends: Floats
    multipliers: Floats


class Tables(NamedTuple):
    """What the kernel reads.  W: windows, S: states, E: exits, G = 2: moves, deaths.

    A *slot* is a state in a window, ``window * S + state``; a *group* is ``2 * slot`` for
    the moves and ``2 * slot + 1`` for the deaths.  An *exit* index beyond E means that
    the cell is still in state ``exit - E`` at the end of the run.
    """

    states: int
    exits: int
    window_end: Floats  # (W,)
    mean: Floats  # (W S G,) mean time of the group's clock, 1 / summed hazard
    hazard: Floats  # (W E,)
    exit_start: Words  # (S G + 1,) where the exits of each state's group begin
    guide: Words  # (W S G cuts,) exit at which the search begins, by part of the unit interval
    cuts: int
    steps: int  # comparisons that are enough from there on
    bound: Floats  # (W E,) cumulative share within the group; 2 for its last exit
    goes_on: Words  # (E + S,) 1: a move, 0: a death or the end of the run
    target: Words  # (E + S,)
    row: Words  # (E + S,) row of the histogram
    stage: Words  # (S,)
    absorbed_row: Words  # (S,) row of "ended here"; 0 means: not absorbing (row 0 is a transition)
    marks: npt.NDArray[np.uint64]  # (S,) bits: 0-31 stages up to this one, 32-62 milestones and watch, 63 absorbing
    goal: int  # the stage beyond the last
    loops: bool  # some move leads to an earlier stage
    profile: Words  # (E,) row of the factors of frailties
    profiles: int  # P
    parts: Floats  # (W S G P,) summed hazard of the exits of a group by profile
    own: npt.NDArray[np.bool_]  # (S G,) groups with a hazard that frailties multiply
    start_state: Words  # (K,)
    start_cumulative: Floats  # (K,)
    entry_low: float
    entry_high: float
    bins: int
    fine: Words  # (coarse bins,) first fine bin of each; empty without a grid of the user's
    upper: Floats  # (bins,) upper edge of each fine bin; empty without such a grid
    reach_row: int  # row of stage 1; further stages follow
    bit_row: int  # row of milestone 0; the watch is the last row


class Frailties(NamedTuple):
    """What the kernel needs to draw F frailties and apply them in P profiles."""

    powers: Floats  # (P, F); row 0 is zero
    gamma: npt.NDArray[np.bool_]  # (F,)
    spread: Floats  # (F,) sigma of log Z, or shape of the gamma distribution


class Clocks(NamedTuple):
    """What the kernel needs of units with C clocks of their own, and of clusters."""

    purpose: npt.NDArray[np.uint64]  # (C,) purpose of the draws of member 0
    runs: npt.NDArray[np.bool_]  # (C S,)
    some: npt.NDArray[np.bool_]  # (S,) whether any clock runs
    renews: Words  # (E,) whether a move begins, ends or changes the rate of a clock
    start: Words  # (C S + 1,) where the switches of a clock in a state begin
    rate: Floats  # (W C S,) their summed hazard
    mean: Floats  # (W C S,) 1 / rate
    disturbs: npt.NDArray[np.bool_]  # (E,) whether a switch changes how fast other clocks run
    apart: Words  # (E + S,) 1 + state of the fragment that goes apart; 0: none
    size: Ints  # (S,) cells of a unit
    largest: int  # cells of the largest unit


class Prepared(NamedTuple):
    """All that the kernel reads of a model in an environment; None: what this model does not need."""

    tables: Tables
    frailties: Frailties | None
    clocks: Clocks | None


class Rows(NamedTuple):
    """Layout of the rows of the histograms."""

    stay: int  # of the first state: cells that ended their run or were absorbed there
    inner: int  # steps between phases: not shown
    reach: int  # first entry to stage 1
    milestone: int
    watch: int
    total: int


def rows_of(lowered: Lowered) -> Rows:
    """Rows: transitions, ended in state, inner, stages first reached, milestones, watch."""
    stay = len(lowered.transitions)
    inner = stay + len(lowered.states)
    reach = inner + 1
    milestone = reach + len(lowered.stages)
    watch = milestone + len(lowered.milestones)
    return Rows(stay, inner, reach, milestone, watch, watch + 1)


def environment(lowered: Lowered, until: float | None) -> Environment:
    """The windows of the model up to the end of a run."""
    end = FOREVER if until is None else float(until)
    kept = max(1, int(np.searchsorted(lowered.window_start, end, side="left")))
    return Environment(np.append(lowered.window_start[1:kept], end), lowered.multipliers[:kept])


def prepare(
    lowered: Lowered, environment: Environment, *, watch: Sequence[int] = (), grid: Sequence[float] = ()
) -> Prepared:
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
    made = _tables(lowered, environment, watch, grid)
    return Prepared(made, frailties(lowered), clocks(lowered, environment))


def _tables(lowered: Lowered, environment: Environment, watch: Sequence[int], grid: Sequence[float]) -> Tables:
    rows = rows_of(lowered)
    size, exits, _windows = lowered.size, len(lowered.exit_hazard), len(environment.ends)
    hazard = lowered.exit_hazard * environment.multipliers[:, lowered.exit_transition]
    rate, bound = _groups(lowered, hazard)
    guide, steps = _guide(lowered, bound)
    with np.errstate(divide="ignore", over="ignore"):
        mean = 1.0 / rate
    marks = (np.uint64(2) << lowered.stage.astype(np.uint64)) - np.uint64(1)
    has = lowered.state_milestone[lowered.base]
    marks[has >= 0] |= np.uint64(1) << (32 + has[has >= 0]).astype(np.uint64)
    marks[np.isin(lowered.base, np.array(watch, np.int64))] |= np.uint64(1) << np.uint64(32 + len(lowered.milestones))
    marks[lowered.absorbing] |= np.uint64(1) << np.uint64(63)
    ended = rows.stay + lowered.base
    edges = time_edges(grid)
    coarse = np.concatenate([[0.0], time_edges()[:-1]])
    live = lowered.exit_target >= 0
    earlier = lowered.stage[lowered.exit_target[live]] < lowered.stage[lowered.exit_source[live]]
    shares = lowered.start_share / lowered.start_share.sum()
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
        marks=marks,
        goal=lowered.goal,
        loops=bool(earlier.any()),
        profile=lowered.exit_profile.astype(np.uint32),
        profiles=len(lowered.profiles),
        parts=_parts(lowered, hazard).ravel(),
        own=_own(lowered),
        start_state=lowered.start_state.astype(np.uint32),
        start_cumulative=_cumulative(shares),
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
    cv = lowered.frailty_cv
    spread = np.where(lowered.frailty_gamma, cv**-2.0, np.sqrt(np.log1p(cv**2)))
    # Copies: what is lowered can only be read, which numba takes for another type.
    return Frailties(lowered.profiles.copy(), lowered.frailty_gamma.copy(), spread)


def clocks(lowered: Lowered, environment: Environment) -> Clocks | None:
    """What units with clocks of their own, or of several cells, need; None for plain cells."""
    largest = int(lowered.size_of.max())
    if not len(lowered.clocks) and largest == 1:
        return None
    hazard = lowered.exit_hazard * environment.multipliers[:, lowered.exit_transition]
    rate = np.zeros((len(hazard), len(lowered.clock_start) - 1))
    for w, g in zip(*np.nonzero(np.broadcast_to(np.diff(lowered.clock_start) > 0, rate.shape)), strict=True):
        rate[w, g] = _cumulative(hazard[w, lowered.clock_start[g] : lowered.clock_start[g + 1]])[-1]
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


def _own(lowered: Lowered) -> npt.NDArray[np.bool_]:
    """Groups of exits with a hazard that frailties multiply, (2 S,)."""
    own = np.zeros(2 * lowered.size, bool)
    frail = np.flatnonzero(lowered.exit_profile > 0)
    own[2 * lowered.exit_source[frail] + (lowered.exit_target[frail] < 0)] = True
    return own


def _parts(lowered: Lowered, hazard: Floats) -> Floats:
    """Summed hazards by profile, (W, 2 S, P): the rate of a group is their sum, each times its factor."""
    starts = lowered.exit_start
    group = np.searchsorted(starts, np.arange(starts[-1]), side="right") - 1
    parts = np.zeros((len(hazard), len(starts) - 1, len(lowered.profiles)))
    for w, hazards in enumerate(hazard):
        # In the order of the exits, one after the other: as in ``_cumulative``.
        np.add.at(parts[w], (group, lowered.exit_profile[: starts[-1]]), hazards[: starts[-1]])
    return parts


def _cumulative(shares: Sequence[float] | Floats) -> Floats:
    """Running sums in a fixed order."""
    total, sums = 0.0, []
    for share in shares:
        total += float(share)
        sums.append(total)
    return np.array(sums)


def _groups(lowered: Lowered, hazard: Floats) -> tuple[Floats, Floats]:
    """Summed hazards (W, 2 S), and cumulative shares within each group (W, E)."""
    starts = lowered.exit_start
    rate = np.zeros((len(hazard), len(starts) - 1))
    bound = np.full(hazard.shape, 2.0)
    for w in range(len(hazard)):
        for g, (begin, end) in enumerate(pairwise(starts)):
            sums = _cumulative(hazard[w, begin:end])
            if len(sums) and sums[-1] > 0:
                rate[w, g] = sums[-1]
                bound[w, begin : end - 1] = sums[:-1] / sums[-1]
    return rate, bound


def _guide(lowered: Lowered, bound: Floats) -> tuple[Words, int]:
    """For equal parts of the unit interval the first exit in question, and the comparisons left.

    References
    ----------
    Chen HC, Asau Y. AIIE Trans 1974;6:163-166 (the guide table).
    """
    starts = lowered.exit_start
    most = int(np.diff(starts).max(initial=1))
    for cuts in (1, 2, 4, 8, 16, 32, 64):
        guide, steps = _guide_of(starts, bound[0], cuts)
        # One comparison more costs less than a table that leaves the fastest cache.
        if steps <= 1 or (steps <= 2 and most > 4):
            break
    whole = np.repeat(guide[None], len(bound), axis=0)
    for w in range(1, len(bound)):
        whole[w], more = _guide_of(starts, bound[w], cuts, like=(guide, bound[0]))
        steps = max(steps, more)
    return whole, steps


def _guide_of(starts: Ints, bound: Floats, cuts: int, like: tuple[Words, Floats] | None = None) -> tuple[Words, int]:
    """Guide table of one window; groups that are as in the window ``like`` are copied from it."""
    parts = np.arange(cuts + 1) / cuts
    guide = np.zeros((len(starts) - 1, cuts), np.uint32) if like is None else like[0].copy()
    steps = 0
    for g, (begin, end) in enumerate(pairwise(starts)):
        own = bound[begin : max(begin, end - 1)]
        if like is not None and np.array_equal(own, like[1][begin : max(begin, end - 1)]):
            continue
        passed = np.searchsorted(own, parts, side="right")
        guide[g] = begin + passed[:-1]
        steps = max(steps, int(np.diff(passed).max()))
    return guide, steps
