"""What only the kernel reads: tables of hazards and choices, rows of the histograms, windows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.kernel.inputs import Clocks, Frailties, Tables, Words
from cascade.kernel.streams import KIND_CLOCK
from cascade.lowering.lower import Floats, Ints, Lowered

FOREVER = float(np.finfo(np.float64).max)
"""Last moment of a run without ``until``: events that never come lie beyond it."""

BINS_PER_OCTAVE = 16
FIRST_OCTAVE, LAST_OCTAVE = -20, 28
"""Histograms of time reach from 2^-20 h (3 ms) to 2^28 h (30,000 years)."""


class Environment(NamedTuple):
    """Multipliers on the hazards, piecewise constant in time, shared by all cells.

    ``ends`` (W,): end of each window in hours, rising; ``multipliers`` (W, T): factor on
    each of the model's transitions.  The last window's end is the end of the run.
    """

    ends: Floats
    multipliers: Floats


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


def time_edges(grid: Sequence[float] = ()) -> Floats:
    """Upper edges of all bins of time in hours: 16 per octave, and the user's own.

    Times below the first edge fall into the first bin; the last edge is infinite.
    """
    octaves = 2.0 ** np.arange(FIRST_OCTAVE, LAST_OCTAVE)
    steps = 1.0 + np.arange(1, BINS_PER_OCTAVE + 1) / BINS_PER_OCTAVE
    edges = np.unique(np.concatenate([np.outer(octaves, steps).ravel(), np.asarray(grid, np.float64)]))
    edges[-1] = np.inf
    return edges


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
        frail=_frail(lowered),
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
    return Frailties(lowered.profiles, lowered.frailty_gamma, spread)


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
        size=lowered.size_of,
        largest=largest,
    )


def _frail(lowered: Lowered) -> npt.NDArray[np.bool_]:
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
