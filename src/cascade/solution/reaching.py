r"""Cells that reach a goal where hazards change with time: all cells, each weighed by its chance from where it is.

With r(x, t) the share of all cells in x, over the chance of all to reach the goal, and h(x, t) the chance from there,

    share of those that reach the goal in x at t  =  r(x, t) h(x, t),        h = 1 after the goal,

and a way e from s to x' is used by them   integral  q_e r(s, t) h(x', t) dt   times: in a window a convolution, the
inverse of a product of transforms, as for derivatives (`cascade.solution.windows`).  r is carried through the windows,
and always inverted times h: so errors are parts of the cells that reach the goal, however few these are.

Tables of h (`cascade.lowering.fading`) know it to some 1e-15 times the summed hazards times the hours, however small
it is.  An inversion of h over what they say knows the other digits, but where h is rare in time: the better is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from cascade.common.types import Complexes, Floats, Ints, Mask
from cascade.lowering.joint import Joint
from cascade.solution.changing import Account, Segment, segments
from cascade.solution.laplace import TOLERANCE, invert
from cascade.solution.solver import Solver

EXACT = 1e-15
"""Relative error of chances that are found by elimination, and of a step of a table."""

NOISE = 1e3
"""How much more of a chance may lie beyond the end of a window than within it, for an inversion to tell it."""


class Reaching:
    """The cells that reach a goal, at any moment.

    Parameters
    ----------
    joint : Joint
    solver : Solver
        Of ``joint.lowered``.

    Attributes
    ----------
    start_share, start_error : (K,) float
        Share of those that start in each start state; and the errors.
    """

    def __init__(self, joint: Joint, solver: Solver) -> None:
        self.joint, self.solver = joint, solver
        self.count = len(joint.told.transitions)
        self.segments = segments(solver)
        self.before = np.arange(joint.told.size) < int(joint.aim.before.sum())
        self._marks: list[tuple[Floats, Floats, float]] | None = None
        self._known: dict[float, tuple[Floats, Floats]] = {}
        chance, wrong = self._chances(joint.told.entry_hours[0])
        reaching = solver.start * chance
        self.start = solver.begin() / reaching.sum()
        states, share = joint.told.start_state, joint.told.start_share
        self.start_share = share / share.sum() * chance[states] / reaching.sum()
        # Of the chance of all: of whatever is told of those that reach the goal.
        self._error = float(reaching @ wrong / reaching.sum())
        self.start_error = self.start_share * (wrong[states] + self._error)

    def _hazards(self, segment: Segment) -> Floats:
        lowered = self.solver.lowered
        return np.asarray((lowered.exit_hazard * segment.multipliers[lowered.exit_transition])[None])

    def _chances(self, time: float) -> tuple[Floats, Floats]:
        """Chances to reach the goal from each state at a time, (S,), and their relative errors."""
        if time not in self._known:
            self._known[time] = self._found(time)
        return self._known[time]

    def _found(self, time: float) -> tuple[Floats, Floats]:
        segment, table = self.segments[self._segment(time)], self.joint.chances(time)
        if math.isinf(segment.end):
            return table, np.where(self.before, EXACT, 0.0)
        end, wrong = self._chances(segment.end)
        hours, total = segment.end - time, self.solver.total(self._hazards(segment))
        of_table = EXACT * (1.0 + 8.0 * float(total.max()) * hours)

        def rows(z: Complexes) -> Complexes:
            return np.asarray(self._worth(segment, z, end) / table)

        s = np.array([1.0, 0.03, 0.001]) / hours
        use = self.before & (np.abs(s[:, None] * rows(s.astype(np.complex128))).max(axis=0) < NOISE)
        values, errors = np.ones(len(table)), np.full(len(table), of_table)
        if use.any():
            poles = self.solver.poles(self._hazards(segment))
            more, less = invert(lambda z: rows(z)[:, use], np.array([hours]), poles, steps=self.solver.steps)
            values[use], errors[use] = more[0], less[0]
        better = use & (errors < of_table)
        left = np.where(better, errors, of_table) + float(wrong.max())
        return np.where(better, values, 1.0) * table, np.where(self.before, left, 0.0)

    def _worth(self, segment: Segment, z: Complexes, end: Floats) -> Complexes:
        """Transforms of the chances by the time before the end of a segment, (Z, S); at z = 0 they themselves."""
        lowered, nothing = self.solver.lowered, np.zeros((1, self.solver.lowered.size))
        # A death before the goal is the goal, or leads away from it.
        dies = (lowered.exit_target < 0) & (lowered.exit_transition < self.count)
        prize, after = (self.before[lowered.exit_source] & dies).astype(np.float64), (~self.before).astype(np.float64)
        hazards, here = self._hazards(segment), self.before
        return np.asarray(self.solver.window(hazards, z, here, nothing, nothing[0], end[None], after, prize)[1][0])

    def _inverted(self, rows: Callable[[Complexes], Complexes], segment: Segment, hours: float) -> tuple[Floats, float]:
        """Numbers (n,) at so many hours after a segment began, from their transforms (Z, n); and the sum of errors."""
        if math.isinf(hours):
            return np.asarray(rows(np.zeros(1, np.complex128))[0].real), 0.0
        # What cells would do if the window stayed may be far more than what they do in it.
        s = np.array([1.0, 0.03, 0.001]) / hours
        scale = float(np.abs(s[:, None] * rows(s.astype(np.complex128))).max(initial=1.0))
        poles = self.solver.poles(self._hazards(segment))
        values, errors = invert(rows, np.array([hours]), poles, TOLERANCE * scale, steps=self.solver.steps)
        return np.asarray(values[0]), float(errors.sum())

    def _after(self, segment: Segment, there: Floats, hours: float) -> tuple[Floats, Floats, float]:
        """Where those that reach the goal are, (stages + 1, S), their deaths in the segment, (stages + 1, T); error."""
        there = there + segment.jump * self.start
        stages, size = there.shape
        if not there.any():
            return there, np.zeros((stages, self.count)), 0.0
        (chance, _), hazards = self._chances(segment.begin + hours), self._hazards(segment)
        cut = stages * size

        def rows(z: Complexes) -> Complexes:
            flow = self.solver.by_stage(hazards, z, there[None])
            # Of whole lives what comes to stay, of others their transforms.
            once = np.where(z == 0, 1.0, 1.0 / np.where(z == 0, 1.0, z))[:, None, None]
            present = (flow.settled[0] * once + flow.present[0] * (z != 0)[:, None, None]) * chance
            lost = flow.lost[0][..., : self.count] * once
            return np.hstack([present.reshape(len(z), -1), lost.reshape(len(z), -1)])

        values, error = self._inverted(rows, segment, hours)
        return values[:cut].reshape(stages, size), values[cut:].reshape(stages, self.count), error

    def _begins(self) -> list[tuple[Floats, Floats, float]]:
        """For each segment r as it begins, the deaths before, and the error."""
        if self._marks is None:
            there, lost, error = np.zeros_like(self.start), np.zeros((len(self.start), self.count)), self._error
            self._marks = []
            for segment in self.segments:
                self._marks.append((there, lost, error))
                if math.isfinite(segment.end):
                    weighed, more, wrong = self._after(segment, there, segment.hours)
                    there, lost, error = weighed / self._chances(segment.end)[0], lost + more, error + wrong
        return self._marks

    def _segment(self, time: float) -> int:
        """The segment in which a time lies."""
        return int(np.searchsorted([s.begin for s in self.segments], time, side="right")) - 1

    def at(self, times: Sequence[float]) -> list[tuple[Account, float]]:
        """What has happened by each time in hours to those that reach the goal, and its error; infinity: whole lives.

        Uses of transitions are left out: they are asked by ``used``.
        """
        accounts = []
        for time in times:
            k = self._segment(time)
            segment, (there, lost, error) = self.segments[k], self._begins()[k]
            if time > segment.begin:
                weighed, more, wrong = self._after(segment, there, time - segment.begin)
                lost, error = lost + more, error + wrong
            else:  # those that enter at this very moment still wait
                weighed = there * self._chances(time)[0]
            error += float(weighed.sum(axis=0) @ self._chances(time)[1])
            # Whoever has come to a stage is still there, or has died beyond.
            furthest = weighed.sum(axis=1) + lost.sum(axis=1)
            entered = np.cumsum(furthest[::-1])[::-1]
            accounts.append((Account(entered, lost, np.zeros(self.count), weighed), error))
        return accounts

    def used(self, time: float, sizes: Ints | None = None, without: Mask | None = None) -> tuple[Floats, float]:
        """How often each transition has been used by a time, (T,), and the error of their sum.

        Parameters
        ----------
        time : float
        sizes : (S,) int, optional
            Cells of a unit: once for each unit.
        without : (S,) bool, optional
            Only ways that lead to these states for the first time.
        """
        lowered = self.solver.lowered
        live = ~lowered.absorbing if without is None else ~lowered.absorbing & ~without
        once = (~lowered.exit_inner).astype(np.float64)
        if without is not None:
            once = np.append(without, False)[lowered.exit_target].astype(np.float64)
        if sizes is not None:
            once = once / sizes[lowered.exit_source]
        total, there, error = np.zeros(self.count), np.zeros(lowered.size), self._error
        for k, segment in enumerate(self.segments):
            if segment.begin >= time:
                break
            if without is None:
                there = self._begins()[k][0].sum(axis=0)
            there = there + segment.jump * self.start.sum(axis=0)
            if not there.any():
                continue
            more, wrong = self._moved(segment, there, min(segment.end, time) - segment.begin, live, once)
            total, error = total + more, error + wrong
            if without is not None and segment.end < time:
                there, wrong = self._carried(segment, there, live)
                error += wrong
        return total, error if without is not None else error + self._begins()[self._segment(time)][2]

    def _times(self, segment: Segment, there: Floats, z: Complexes, live: Mask) -> Complexes:
        """Transforms of r in the states ``live``, (Z, S)."""
        none, exits = np.zeros(self.solver.lowered.size), np.zeros(len(self.solver.lowered.exit_source))
        hazards = self._hazards(segment)
        return np.asarray(self.solver.window(hazards, z, live, there[None], none, none[None], none, exits)[0][0])

    def _carried(self, segment: Segment, there: Floats, live: Mask) -> tuple[Floats, float]:
        """R in the states ``live`` at the end of a segment, (S,), and the error."""
        chance, _ = self._chances(segment.end)
        rows, error = self._inverted(lambda z: self._times(segment, there, z, live) * chance, segment, segment.hours)
        return rows / chance, error

    def _moved(
        self, segment: Segment, there: Floats, hours: float, live: Mask, counted: Floats
    ) -> tuple[Floats, float]:
        """Uses of each transition in so many hours from when a segment begins, (T,), and the error."""
        lowered, hazards = self.solver.lowered, self._hazards(segment)
        source, target, before = lowered.exit_source, lowered.exit_target, self.before
        goal = before[source] & (target < 0) & (lowered.exit_transition < self.count)
        # The last window has no end: then chances are those of its own.
        ending = np.zeros(lowered.size), np.zeros(lowered.size)
        end, wrong = ending if math.isinf(hours) else self._chances(segment.begin + hours)

        def rows(z: Complexes) -> Complexes:
            over = np.where(z == 0, 1.0, 1.0 / np.where(z == 0, 1.0, z))[:, None]
            worth, time = self._worth(segment, z, end), self._times(segment, there, z, live)
            gained = np.where(before[source], goal * over + np.where(target >= 0, worth[:, target], 0.0), over)
            uses = time[:, source] * gained * (hazards[0] * counted * live[source])
            summed = np.zeros((len(z), len(lowered.transitions)), np.complex128)
            np.add.at(summed.T, lowered.exit_transition, uses.T)
            return summed[:, : self.count]

        values, error = self._inverted(rows, segment, hours)
        return values, error + float(values.sum() * wrong.max())
