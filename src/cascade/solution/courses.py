"""Courses: what has happened to the cells by a time, averaged over frailties and over times of entry.

With the transform F(z) of a rate of events, the share to which it has happened by t is the inverse
of F(z) / z; that of cells which are somewhere at t is the inverse of their transform itself.  Cells
that enter over an interval of length T are an average over it: the difference of the integrals from
both its ends, divided by T.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Complexes, Floats, Mask
from cascade.solution.changing import Account
from cascade.solution.laplace import Transform, invert
from cascade.solution.prepared import Prepared, replicated
from cascade.solution.quadrature import Nodes, on_a_grid
from cascade.solution.solver import ENDLESS

ENTRY_POINTS = 24
LOST_IN_ROUNDING = 1e-6


class Course(NamedTuple):
    """What has happened by each of n times, or its errors.

    Attributes
    ----------
    entered : (n, stages + 1)
    lost : (n, stages + 1, T)
    there : (n, stages + 1, states)
        Still there, by furthest stage and state of the model.
    """

    entered: Floats
    lost: Floats
    there: Floats

    def at(self, time: int) -> Course:
        """Those of one time, without the axis of times."""
        return Course(*(part[time] for part in self))


class Courses:
    """Courses of a prepared model."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.lowered = prepared.lowered

    @cached_property
    def end(self) -> tuple[Course, Course]:
        """What has happened in the end, or by ``until``, without an axis of times; and the errors."""
        p = self.prepared
        if p.until is not None:
            course, errors = (both.at(0) for both in self.at(np.array([p.until])))
        elif p.changes:
            (last,), (wrong,) = p.marched([float("inf")])
            course, errors = (Course(a.entered, a.lost, self._by_state(a.there)) for a in (last, wrong))
        else:
            value, error, _ = p.whole
            course, errors = (Course(part.entered, part.lost, part.settled) for part in (value, error))
        # Where cells circle a billion times before they die, their few deaths drown in rounding.
        missing = abs(float(course.lost.sum() + course.there.sum()) - 1.0)
        if missing > LOST_IN_ROUNDING + float(errors.lost.sum() + errors.there.sum()):
            raise InputError("model", p.model.name, ENDLESS)
        return course, errors

    def _by_state(self, there: Floats) -> Floats:
        """Columns of expanded states added up to those of the model's states."""
        summed = np.zeros((len(self.lowered.states), *there.shape[:-1]))
        np.add.at(summed, self.lowered.base, np.moveaxis(there, -1, 0))
        return np.asarray(np.moveaxis(summed, 0, -1))

    def at(self, times: Floats, nodes: Nodes | None = None) -> tuple[Course, Course]:
        """What has happened by each time, and the errors; of given nodes alone those of inversion."""
        if self.prepared.changes:
            return self._marched(times)
        stages, n = self.lowered.goal + 1, len(times)
        widths = 1, len(self.lowered.transitions), len(self.lowered.states)

        def transform_of(nodes: Nodes) -> Transform:
            def transform(z: Complexes) -> Complexes:
                p = self.prepared.average(nodes, z)
                over = z[:, None]
                there = (p.present + p.settled / z[:, None, None]).reshape(len(z), -1)
                return np.hstack([p.entered / over, p.lost.reshape(len(z), -1) / over, there])

            return transform

        values, errors = self.averaged(transform_of, times, nodes=nodes)
        cuts = np.cumsum([stages * width for width in widths])[:-1]

        def unpacked(rows: Floats) -> Course:
            entered, lost, there = (part.copy() for part in np.split(rows, cuts, axis=1))
            return Course(entered, lost.reshape(n, stages, widths[1]), there.reshape(n, stages, widths[2]))

        # Of some of the nodes those cells wait that they stand for.
        of_all = 1.0 if nodes is None else float(nodes.weights.sum())
        return self._checked(times, unpacked(values), unpacked(errors), of_all)

    def averaged(
        self,
        transform_of: Callable[[Nodes], Transform],
        times: Floats,
        without: Mask | None = None,
        nodes: Nodes | None = None,
    ) -> tuple[Floats, Floats]:
        """The inverse of a transform, averaged over frailties and times of entry, at each time; and the errors.

        ``transform_of``: for nodes the transform, summed over them with their weights.
        """
        p = self.prepared

        def solve(nodes: Nodes) -> tuple[Floats, Floats]:
            # A set made absorbing has a spectrum of its own.
            return self._after_entry(transform_of(nodes), times, p.poles(nodes, without))

        solves = 1.0
        if p.frailties and len(times):
            octaves = len(np.unique(np.floor(np.log2(np.maximum(times, 1e-300)))))
            solves = p.solves(octaves, len(times))
        average = p.averaged(solve, solves, nodes=nodes)
        return average.values, average.errors

    def inverted(self, transform: Transform, times: Floats, poles: Complexes | None) -> tuple[Floats, Floats]:
        """The inverse of a transform at each time, averaged over times of entry; and the errors."""
        return self._after_entry(transform, times, poles)

    def nodes_near(self, time: float, parts: int) -> tuple[Nodes, float]:
        """Nodes for curves around a time and before, for a part of the bound on work, and what is lost with them."""
        p, times = self.prepared, time * np.array([0.02, 1.0])
        most = p.most_nodes(p.solves(1) * parts)

        def solve(nodes: Nodes) -> tuple[Floats, Floats]:
            course, _ = self.at(times, nodes)
            return course.entered, np.zeros_like(course.entered)

        if p.frailties and not on_a_grid(self.lowered, most):
            nodes = p.around_all(most)
            return Nodes.joined([nodes]), float(replicated(solve, nodes)[1].max())
        average = p.averaged(solve, p.solves(1) * parts)
        return average.nodes, float(average.errors.max())

    def _marched(self, times: Floats) -> tuple[Course, Course]:
        """The same where hazards change."""
        values, errors = self.prepared.marched([float(t) for t in times])
        n, stages = len(times), self.lowered.goal + 1

        def packed(accounts: list[Account]) -> Course:
            there = self._by_state(np.array([a.there for a in accounts]).reshape(n, stages, self.lowered.size))
            entered = np.array([a.entered for a in accounts]).reshape(n, stages)
            lost = np.array([a.lost for a in accounts]).reshape(n, stages, len(self.lowered.transitions))
            return Course(entered, lost, there)

        return self._checked(times, packed(values), packed(errors))

    def _checked(self, times: Floats, course: Course, errors: Course, of_all: float = 1.0) -> tuple[Course, Course]:
        """With the cells that still wait; a share that is less than its error is none that is known."""
        self._add_waiting(times, course, of_all * self.prepared.start_share)
        self._add_waiting(times, errors, of_all * self.prepared.start_error)
        return Course(*(known(part, error) for part, error in zip(course, errors, strict=True))), errors

    def wholes(self, times: Floats) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Lost (n, T) and still there (n, states) at each time, whatever the stage: one solve, not one a stage.

        And the errors of both.
        """
        p = self.prepared
        if p.changes:
            course, wrong = self.at(times)
            return (
                (course.lost.sum(axis=1), course.there.sum(axis=1)),
                (wrong.lost.max(axis=1), wrong.there.max(axis=1)),
            )

        def transform_of(nodes: Nodes) -> Transform:
            hazards, start = p.hazards(nodes), p.starts(nodes)

            def transform(z: Complexes) -> Complexes:
                lost, there = p.solver.courses(hazards, z, nodes.weights, start)
                return np.hstack([lost, there])

            return transform

        values, errors = self.averaged(transform_of, times)
        waiting = self.waiting(times)
        cut = len(self.lowered.transitions)
        for state, share, error in zip(self.lowered.start_state, p.start_share, p.start_error, strict=True):
            values[:, cut + self.lowered.base[state]] += waiting * share
            errors[:, cut + self.lowered.base[state]] += waiting * error
        values = known(values, errors)
        return (values[:, :cut], values[:, cut:]), (errors[:, :cut], errors[:, cut:])

    def ever(self, states: Mask) -> tuple[float, float]:
        """Probability of ever coming (by ``until``) to a set of expanded states, and its error."""
        p = self.prepared
        if p.changes:
            end = np.inf if p.until is None else p.until
            started = float(p.start_share[states[self.lowered.start_state]].sum())
            if p.joint is not None:
                used, error = p.reaching.used(end, without=states)
                return float(used.sum()) + started, error + float(p.start_error[states[self.lowered.start_state]].sum())
            (account,), (wrong,) = p.marched([end], states)
            waiting = float(self.waiting(np.array([end]))[0])
            return float(account.there[:, states].sum()) + waiting * started, float(wrong.there[:, states].sum())
        if p.until is not None:
            return self.hit_by(states, p.until)

        def hits(nodes: Nodes) -> tuple[Floats, Floats]:
            value = p.solver.hits(p.hazards(nodes), np.zeros(1), nodes.weights, states, p.starts(nodes)).real
            return value, np.zeros(1)

        average = p.averaged(hits, 1, absolute=1e-300)
        return float(average.values[0]), float(average.errors[0])

    def hit_by(self, states: Mask, time: float) -> tuple[float, float]:
        """Probability of a first arrival in a set of states by a time, and its error."""
        p = self.prepared

        def transform_of(nodes: Nodes) -> Transform:
            hazards, start = p.hazards(nodes), p.starts(nodes)
            return lambda z: np.asarray((p.solver.hits(hazards, z, nodes.weights, states, start) / z)[:, None])

        values, errors = self.averaged(transform_of, np.array([time]), without=states)
        started = float(p.start_share[states[self.lowered.start_state]].sum())
        return float(values[0, 0]) + started * float(self.waiting(np.array([time]))[0]), float(errors[0, 0])

    def _after_entry(self, transform: Transform, times: Floats, poles: Complexes | None) -> tuple[Floats, Floats]:
        """Invert a transform, averaged over the time of entry; and the errors.

        Early on, the average is a difference of integrals; long after the last entry, where
        such a difference would lose digits, it is a Gaussian quadrature over the entries.
        """
        earliest, latest = self.lowered.entry_hours
        span, steps = latest - earliest, self.prepared.solver.steps
        if span == 0:
            return invert(transform, times - earliest, poles, steps=steps)
        late = times - latest > span
        values = np.zeros((len(times), *transform(np.ones(1, np.complex128)).shape[1:]))
        errors = np.zeros_like(values)
        soon = times[~late]
        if soon.size:
            moments, n = np.concatenate([soon - earliest, soon - latest]), len(soon)
            integrals, wrong = invert(lambda z: np.asarray(transform(z) / z[:, None]), moments, poles, steps=steps)
            values[~late], errors[~late] = (integrals[:n] - integrals[n:]) / span, (wrong[:n] + wrong[n:]) / span
        if late.any():
            x, w = np.polynomial.legendre.leggauss(ENTRY_POINTS)
            entries = earliest + span * (x + 1.0) / 2.0
            moments = (times[late][:, None] - entries).ravel()
            for into, part in zip((values, errors), invert(transform, moments, poles, steps=steps), strict=True):
                into[late] = np.tensordot(w / 2.0, part.reshape(int(late.sum()), ENTRY_POINTS, -1), axes=(0, 1))
        return values, errors

    def _add_waiting(self, times: Floats, course: Course, shares: Floats) -> None:
        """Cells that have not entered yet wait in their start state; or the errors of their shares."""
        waiting = self.waiting(times)
        for state, share in zip(self.lowered.start_state, shares, strict=True):
            stage = self.lowered.stage[state]
            course[0][:, : stage + 1] += (waiting * share)[:, None]
            course[2][:, stage, self.lowered.base[state]] += waiting * share

    def waiting(self, times: Floats) -> Floats:
        """Share of the cells that have not entered yet."""
        earliest, latest = self.lowered.entry_hours
        if latest > earliest:
            return np.clip((latest - times) / (latest - earliest), 0.0, 1.0)
        return (times <= earliest).astype(np.float64)


def known(values: Floats, errors: Floats) -> Floats:
    """Shares; 0 where no more is known than that they are below their error."""
    return np.where(values > errors, values, 0.0)
