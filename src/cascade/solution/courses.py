"""Courses: what has happened to the cells by a time, averaged over frailties and over times of entry.

With the transform F(z) of a rate of events, the share to which it has happened by t is the inverse
of F(z) / z; that of cells which are somewhere at t is the inverse of their transform itself.  Cells
that enter over an interval of length T are an average over it: the difference of the integrals from
both its ends, divided by T.
"""

from __future__ import annotations

import numpy as np

from cascade.common.errors import CascadeError, InputError
from cascade.common.types import Complexes, Floats, Mask
from cascade.solution.laplace import Transform, invert
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes
from cascade.solution.solver import ENDLESS

ENTRY_POINTS = 24
ROUNDING = 1e-9
"""A share that comes out this far below 0, or a sum of shares this far from 1, is rounding."""

LOST_IN_ROUNDING = 1e-6

Account = tuple[Floats, Floats, Floats]
"""Entered (..., stages + 1), lost (..., stages + 1, T), still there (..., stages + 1, states)."""


class Courses:
    """Courses of a prepared model."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self.lowered = prepared.lowered

    def end(self) -> tuple[Account, float]:
        """What has happened in the end, or by ``until``, and the share of cells that rounding has lost."""
        p = self.prepared
        if p.changes and p.until is None:
            last = p.marched.at([float("inf")])[0]
            account: Account = last.entered, last.lost, self._by_state(last.there)
        elif p.until is None:
            whole = p.average(p.nodes, np.zeros(1))
            account = whole.entered[0].real, whole.lost[0].real, whole.settled[0].real
        else:
            entered, lost, there = self.at(np.array([p.until]), p.nodes)
            account = entered[0], lost[0], there[0]
        # Where cells circle a billion times before they die, their few deaths drown in rounding.
        missing = abs(float(account[1].sum() + account[2].sum()) - 1.0)
        if missing > LOST_IN_ROUNDING:
            raise InputError("model", p.model.name, ENDLESS)
        return account, missing if missing > ROUNDING else 0.0

    def _by_state(self, there: Floats) -> Floats:
        """Columns of expanded states added up to those of the model's states."""
        return np.asarray(np.add.reduceat(there, np.unique(self.lowered.base, return_index=True)[1], axis=-1))

    def at(self, times: Floats, nodes: Nodes | None = None) -> Account:
        """What has happened by each time, with a leading axis of times."""
        if self.prepared.changes:
            return self._marched(times)
        used = self.prepared.curve_nodes if nodes is None else nodes
        stages, n = self.lowered.goal + 1, len(times)
        widths = 1, len(self.lowered.transitions), len(self.lowered.states)

        def transform(z: Complexes) -> Complexes:
            p = self.prepared.average(used, z)
            over = z[:, None]
            there = (p.present + p.settled / z[:, None, None]).reshape(len(z), -1)
            return np.hstack([p.entered / over, p.lost.reshape(len(z), -1) / over, there])

        values = self.after_entry(transform, times, self.prepared.poles(used), used.error)
        cuts = np.cumsum([stages * width for width in widths])[:-1]
        entered, lost, there = np.split(values, cuts, axis=1)
        account = entered.copy(), lost.reshape(n, stages, widths[1]).copy(), there.reshape(n, stages, widths[2]).copy()
        return self._checked(times, account)

    def _marched(self, times: Floats) -> Account:
        """The same where hazards change."""
        accounts = self.prepared.marched.at([float(t) for t in times])
        n, stages = len(times), self.lowered.goal + 1
        there = self._by_state(np.array([a.there for a in accounts]).reshape(n, stages, self.lowered.size))
        entered = np.array([a.entered for a in accounts]).reshape(n, stages)
        lost = np.array([a.lost for a in accounts]).reshape(n, stages, len(self.lowered.transitions))
        return self._checked(times, (entered, lost, there), marched=True)

    def _checked(self, times: Floats, account: Account, *, marched: bool = False) -> Account:
        """With the cells that still wait; what is exactly 0 comes out as a rounding error of either sign."""
        self._add_waiting(times, account)
        if not marched and min(float(part.min(initial=0.0)) for part in account) < -ROUNDING:
            raise CascadeError("the curves of this model did not converge: a share came out below 0")
        entered, lost, there = (np.maximum(part, 0.0) for part in account)
        return entered, lost, there

    def wholes(self, times: Floats) -> tuple[Floats, Floats]:
        """Lost (n, T) and still there (n, states) at each time, whatever the stage: one solve, not one a stage."""
        p = self.prepared
        if p.changes:
            _, gone, left = self.at(times)
            return gone.sum(axis=1), left.sum(axis=1)
        used = p.curve_nodes if p.until is None else p.nodes
        hazards, weights = p.hazards(used), used.weights

        def transform(z: Complexes) -> Complexes:
            lost, there = p.solver.courses(hazards, z, weights)
            return np.hstack([lost[0], there[0]])

        values = self.after_entry(transform, times, p.poles(used), used.error)
        if float(values.min(initial=0.0)) < -ROUNDING:
            raise CascadeError("the curves of this model did not converge: a share came out below 0")
        lost, there = np.split(np.maximum(values, 0.0), [len(self.lowered.transitions)], axis=1)
        waiting = self.waiting(times)
        for state, share in zip(self.lowered.start_state, p.start_share, strict=True):
            there[:, self.lowered.base[state]] += waiting * share
        return lost, there

    def hit_by(self, states: Mask, time: float, nodes: Nodes) -> float:
        """Probability of a first arrival in a set of states by a time."""
        p = self.prepared
        hazards, weights = p.hazards(nodes), nodes.weights

        def transform(z: Complexes) -> Complexes:
            return np.asarray((p.solver.hits(hazards, z, weights, states) / z)[:, None])

        # A set made absorbing has a spectrum of its own.
        value = float(self.after_entry(transform, np.array([time]), p.poles(nodes, without=states), nodes.error)[0, 0])
        started = float(self.lowered.start_share[states[self.lowered.start_state]].sum())
        return value + started * float(self.waiting(np.array([time]))[0])

    def after_entry(self, transform: Transform, times: Floats, poles: Complexes | None, error: float = 0.0) -> Floats:
        """Invert a transform, averaged over the time of entry.

        Early on, the average is a difference of integrals; long after the last entry, where
        such a difference would lose digits, it is a Gaussian quadrature over the entries.
        """
        earliest, latest = self.lowered.entry_hours
        span = latest - earliest
        if span == 0:
            return invert(transform, times - earliest, poles, error)
        late = times - latest > span
        values = np.zeros((len(times), *transform(np.ones(1, np.complex128)).shape[1:]))
        soon = times[~late]
        if soon.size:
            moments = np.concatenate([soon - earliest, soon - latest])
            integrals = invert(lambda z: np.asarray(transform(z) / z[:, None]), moments, poles, error)
            values[~late] = (integrals[: len(soon)] - integrals[len(soon) :]) / span
        if late.any():
            x, w = np.polynomial.legendre.leggauss(ENTRY_POINTS)
            entries = earliest + span * (x + 1.0) / 2.0
            moments = (times[late][:, None] - entries).ravel()
            parts = invert(transform, moments, poles, error).reshape(int(late.sum()), ENTRY_POINTS, -1)
            values[late] = np.tensordot(w / 2.0, parts, axes=(0, 1))
        return values

    def _add_waiting(self, times: Floats, account: Account) -> None:
        """Cells that have not entered yet wait in their start state."""
        waiting = self.waiting(times)
        for state, share in zip(self.lowered.start_state, self.prepared.start_share, strict=True):
            stage = self.lowered.stage[state]
            account[0][:, : stage + 1] += (waiting * share)[:, None]
            account[2][:, stage, self.lowered.base[state]] += waiting * share

    def waiting(self, times: Floats) -> Floats:
        """Share of the cells that have not entered yet."""
        earliest, latest = self.lowered.entry_hours
        if latest > earliest:
            return np.clip((latest - times) / (latest - earliest), 0.0, 1.0)
        return (times <= earliest).astype(np.float64)
