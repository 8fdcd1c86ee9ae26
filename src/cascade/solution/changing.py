"""Carrying the exact distribution of cells through windows of a changing environment.

Within a window all hazards are constant: its transform is inverted for the end of the
window, and what it gives flows into the next.  After the last change one solve at z = 0
gives the ends of all lives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from cascade.common.types import Complexes, Floats, Ints, Mask, Numbers
from cascade.solution.laplace import invert
from cascade.solution.solver import Solver

_BATCH_BYTES = 1 << 26


@dataclass(frozen=True)
class Segment:
    """A time during which hazards and immigration are constant.

    ``rate``: share of the cells that enters per hour; ``jump``: share that enters as it begins.
    """

    begin: float
    end: float
    multipliers: Floats
    rate: float
    jump: float

    @property
    def hours(self) -> float:
        """Length."""
        return self.end - self.begin


class Account(NamedTuple):
    """What has happened up to a moment, of all cells (frailties averaged).

    ``entered`` (stages + 1,): first arrivals at a stage or beyond; ``lost`` (stages + 1, T):
    deaths by furthest stage; ``used`` (T,): transitions; ``there`` (stages + 1, S): cells by
    furthest stage and expanded state.
    """

    entered: Floats
    lost: Floats
    used: Floats
    there: Floats


def segments(solver: Solver) -> list[Segment]:
    """Segments between all times at which anything changes."""
    lowered = solver.lowered
    earliest, latest = lowered.entry_hours
    cuts = sorted({0.0, *lowered.window_start.tolist(), earliest, latest})
    between_changes = []
    for begin, end in zip(cuts, [*cuts[1:], math.inf], strict=True):
        window = int(np.searchsorted(lowered.window_start, begin, side="right")) - 1
        inside = earliest <= begin and end <= latest and latest > earliest
        rate = 1.0 / (latest - earliest) if inside else 0.0
        jump = 1.0 if begin == earliest == latest else 0.0
        between_changes.append(Segment(begin, end, lowered.multipliers[window], rate, jump))
    return between_changes


class March:
    """The distribution of cells at any moment.

    Parameters
    ----------
    solver : Solver
    hazards : (N, E) float
        Hazards at each node of the frailties, in an unchanged environment.
    weights : (N,) float
    barrier : (S,) bool, optional
        Expanded states that cells do not leave once they are there: for first arrivals.  Stages
        are then left out of account.
    sizes : (S,) int, optional
        Cells of a unit: their transitions are then counted once for each unit.

    Attributes
    ----------
    error : float
        Weighted sum over the nodes of the errors of all inversions so far.
    """

    def __init__(
        self,
        solver: Solver,
        hazards: Floats,
        weights: Floats,
        barrier: Mask | None = None,
        sizes: Ints | None = None,
    ) -> None:
        self.solver, self.weights, self.error = solver, weights, 0.0
        lowered = solver.lowered
        free = np.ones(lowered.size, bool) if barrier is None else ~barrier
        # A barrier is a state that nobody leaves: whoever is there has arrived.
        self.hazards = hazards * free[lowered.exit_source]
        self.segments = segments(solver)
        self.once = np.ones(len(lowered.exit_source)) if sizes is None else 1.0 / sizes[lowered.exit_source]
        self.once *= ~lowered.exit_inner
        # First arrivals are asked of states, whatever the stages.
        self.start = solver.begin() if barrier is None else solver.begin().sum(axis=0, keepdims=True)

    def _multiplied(self, segment: Segment, nodes: slice) -> Floats:
        lowered = self.solver.lowered
        return self.hazards[nodes] * segment.multipliers[lowered.exit_transition]

    def _nodes(self) -> Iterator[slice]:
        """Nodes of the frailties in parts that fit the memory."""
        lowered = self.solver.lowered
        width = len(self.start) * (lowered.size + len(lowered.transitions) + 2) * 16 * 120
        step = max(1, _BATCH_BYTES // width)
        return (slice(a, a + step) for a in range(0, len(self.weights), step))

    def _transforms(self, segment: Segment, hazards: Floats, there: Floats, z: Numbers) -> tuple[Numbers, ...]:
        """Entered, lost, used, there and settled in a segment, per node and point z of its transform."""
        lowered = self.solver.lowered
        # What was there before has entered before.
        before = np.cumsum(there.sum(axis=2)[:, ::-1], axis=1)[:, None, ::-1]
        flow = self.solver.by_stage(hazards, z, there + segment.jump * self.start, segment.rate * self.start[None])
        by_exit = flow.present.sum(axis=2)[..., lowered.exit_source] * (hazards * self.once)[:, None]
        used = np.zeros((*by_exit.shape[:2], len(lowered.transitions)), np.complex128)
        np.add.at(used.T, lowered.exit_transition, by_exit.T)
        return flow.entered - before, flow.lost, used, flow.present, flow.settled

    def _advance(self, segment: Segment, nodes: slice, there: Floats, hours: Floats) -> list[tuple[Floats, ...]]:
        """Entered, lost, used and there at each of ``hours`` after the segment began, per node.

        ``there`` (N, stages + 1, S) is the distribution as it begins; entered, lost and used
        count what happens in the segment alone.
        """
        lowered = self.solver.lowered
        hazards = self._multiplied(segment, nodes)
        m = len(hazards)
        start = self.start

        def parts(z: Numbers) -> tuple[Numbers, ...]:
            return self._transforms(segment, hazards, there, z)

        # Those that enter at the very moment at which it begins still wait.
        nothing = np.zeros((m, len(start)))
        unused = np.zeros((m, len(lowered.transitions)))
        still = (nothing, np.zeros((m, len(start), len(lowered.transitions))), unused, there)
        at_hours: list[tuple[Floats, ...]] = [still] * len(hours)
        # Whole lives need no inversion: at z = 0 the transforms are the totals themselves.
        for i in np.flatnonzero(np.isinf(hours)).tolist():
            entered, lost, used, _, settled = (part[:, 0].real for part in parts(np.zeros(1)))
            at_hours[i] = entered, lost, used, settled
        later = np.flatnonzero((hours > 0) & np.isfinite(hours))
        if not len(later):
            return at_hours
        shapes: list[tuple[int, ...]] = []

        def transform(z: Complexes) -> Complexes:
            n = len(z)
            entered, lost, used, present, settled = parts(z)
            over = z[:, None, None]
            flat = []
            shapes.clear()
            for part in (entered / z[:, None], lost / over, used / z[:, None], present + settled / over):
                shapes.append((m, *part.shape[2:]))
                flat.append(part.swapaxes(0, 1).reshape(n, -1))
            return np.hstack(flat)

        values, errors = invert(transform, hours[later], self.solver.poles(hazards), steps=self.solver.steps)
        self.error += float(errors.max(initial=0.0)) * float(self.weights[nodes].sum())
        cuts = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
        for i, row in zip(later.tolist(), values, strict=True):
            split = zip(np.split(row, cuts), shapes, strict=True)
            at_hours[i] = tuple(part.reshape(shape) for part, shape in split)
        return at_hours

    @cached_property
    def _marks(self) -> list[list[tuple[slice, tuple[Floats, ...]]]]:
        """For each segment and part of the nodes what had happened before, and where the cells are."""
        lowered = self.solver.lowered
        marks: list[list[tuple[slice, tuple[Floats, ...]]]] = []
        state: list[tuple[slice, tuple[Floats, ...]]] = []
        for nodes in self._nodes():
            m = len(self.weights[nodes])
            goal, transitions = len(self.start), len(lowered.transitions)
            zeros = (np.zeros((m, goal)), np.zeros((m, goal, transitions)), np.zeros((m, transitions)))
            state.append((nodes, (*zeros, np.zeros((m, goal, lowered.size)))))
        for segment in self.segments:
            marks.append(state)
            if math.isinf(segment.end):
                break
            whole = np.array([segment.hours])
            state = [(nodes, self._steps(segment, nodes, before, whole)[0]) for nodes, before in state]
        return marks

    def _steps(
        self, segment: Segment, nodes: slice, before: tuple[Floats, ...], hours: Floats
    ) -> list[tuple[Floats, ...]]:
        """What had happened before and what happens in the segment together, at each of ``hours`` after its begin."""
        *sums, there = before
        at_hours = []
        for *more, now in self._advance(segment, nodes, there, hours):
            at_hours.append((*(a + b for a, b in zip(sums, more, strict=True)), now))
        return at_hours

    def at(self, times: Sequence[float]) -> list[Account]:
        """What has happened by each time in hours; infinity for whole lives."""
        begins = np.array([segment.begin for segment in self.segments])
        moments = np.asarray(times, np.float64)
        which = np.searchsorted(begins, moments, side="right") - 1
        totals: list[Any] = [None] * len(times)
        for k in np.unique(which).tolist():
            inside = np.flatnonzero(which == k)
            hours = moments[inside] - begins[k]
            for nodes, before in self._marks[k]:
                for i, parts in zip(inside.tolist(), self._steps(self.segments[k], nodes, before, hours), strict=True):
                    weighed = [np.tensordot(self.weights[nodes], part, axes=(0, 0)) for part in parts]
                    totals[i] = (
                        weighed if totals[i] is None else [a + b for a, b in zip(totals[i], weighed, strict=True)]
                    )
        return [Account(*total) for total in totals]
