"""Passage: linear solves on a lowered model, one for each furthest stage.

Let x_s be the transform of the share of cells that are in state s while no stage beyond k has been
reached, f_s that of what enters s from outside them.  What flows in is what flows out:

    (z + d_s) x_s = f_s + sum_r x_r q_rs,        that is   (z + D - R)^T x = f,

with q_rs the hazard of the move from r to s, R their matrix, D the summed hazards d_s of all ways out.
At z = 0 x is the expected time in s, x_s q a number of events, and the probabilities of ends follow;
along a contour the same solve gives curves over time.  Cells that go beyond stage k enter the system
of the stage they come to: distinct cells are counted, however often they come back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Complexes, Floats, Ints, Mask, Numbers
from cascade.lowering.lowered import Lowered, spread
from cascade.solution.components import Components, Sums

LARGEST_DENSE = 300
_BATCH_BYTES = 1 << 24
MOST_REMEMBERED = 64
"""Sets of states whose ways out are remembered."""

ENDLESS = "hazards with which cells do not circle (nearly) for ever; or give an end with until"


@dataclass(frozen=True)
class Passage:
    """What one solve gives, for a batch of B (hazards, z).

    All are transforms of rates of events (per hour), except ``present``, the transform of
    the share of cells that are in a state.

    Attributes
    ----------
    entered : (B, stages + 1)
        First arrivals at stage k or beyond; the start counts as arrival.
    lost : (B, stages + 1, T)
        Deaths by furthest stage and transition.
    settled : (B, stages + 1, number of states)
        Arrivals in states that are never left: absorbing, or with all hazards 0.
    present : (B, stages + 1, number of states)
        Cells in all other states.
    """

    entered: Numbers
    lost: Numbers
    settled: Numbers
    present: Numbers


class Solver:
    """Solves for one lowered model."""

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.components = Components(lowered)
        self._moves = self.components.moves
        self._deaths = np.flatnonzero(lowered.exit_target < 0)
        self._into = Sums.by(self._moves, lowered.exit_target[self._moves])
        self._dying = Sums.by(self._deaths, lowered.exit_transition[self._deaths])
        self._merged = Sums.by(np.arange(lowered.size), lowered.base)
        self._by_states: dict[bytes, tuple[Ints, Sums, Sums]] = {}

    @cached_property
    def _leaving(self) -> Any:
        """Sparse (S, E): 1 where an exit leaves a state."""
        from scipy.sparse import coo_array

        lowered = self.lowered
        exits = len(lowered.exit_source)
        return coo_array((np.ones(exits), (lowered.exit_source, np.arange(exits))), shape=(lowered.size, exits)).tocsr()

    def total(self, hazards: Numbers) -> Numbers:
        """Summed hazards of each state, (B, S)."""
        return np.asarray((self._leaving @ hazards.T).T)

    @cached_property
    def cost(self) -> float:
        """Nominal seconds of one `passage` at one node and one z: what bounds of work are counted in.

        Arithmetic, no measurement: it is the same on every machine, as all answers must be.
        """
        lowered = self.lowered
        stages = lowered.goal + 1
        touched = lowered.size + len(lowered.exit_source) + len(lowered.transitions)
        sizes = np.bincount(self.components.labels) if self.components.largest <= LARGEST_DENSE else np.zeros(1)
        return float(stages * (1.6e-8 * touched + 1e-9 * (sizes[sizes > 1].astype(np.float64) ** 3).sum()))

    @property
    def has_cycle(self) -> bool:
        """Whether a cell can come back to a state (after expansion)."""
        return self.components.has_cycle

    def passage(self, hazards: Numbers, z: Numbers) -> Passage:
        """Solve for a batch: hazards (B, E) per hour, z (B,)."""
        size = min(self.lowered.size, LARGEST_DENSE)
        stages, states = len(self.lowered.stages) + 1, len(self.lowered.states) + len(self.lowered.transitions)
        step = max(1, _BATCH_BYTES // (16 * (size * size + stages * states)))
        parts = [self._passage(hazards[a : a + step], z[a : a + step]) for a in range(0, len(z), step)]
        names = ("entered", "lost", "settled", "present")
        return Passage(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def _passage(self, hazards: Numbers, z: Numbers) -> Passage:
        lowered = self.lowered
        kind = np.result_type(hazards, z)
        inflow = np.zeros((len(z), lowered.goal + 1, lowered.size), kind)
        inflow[:] = self.begin()
        flow = self.by_stage(hazards, z, inflow)
        settled = np.zeros((len(z), lowered.goal + 1, len(lowered.states)), kind)
        present = np.zeros_like(settled)
        settled[:, :, self._merged.groups] = np.add.reduceat(flow.settled, self._merged.starts, axis=2)
        present[:, :, self._merged.groups] = np.add.reduceat(flow.present, self._merged.starts, axis=2)
        return Passage(flow.entered, flow.lost, settled, present)

    def begin(self) -> Floats:
        """Where cells start, by furthest stage and expanded state, (stages + 1, S)."""
        lowered = self.lowered
        begin = np.zeros((lowered.goal + 1, lowered.size))
        for state, share in zip(lowered.start_state, lowered.start_share / lowered.start_share.sum(), strict=True):
            begin[lowered.stage[state], state] += share
        return begin

    def by_stage(self, hazards: Numbers, z: Numbers, inflow: Numbers) -> Passage:
        """Solve stage by stage for what flows in, (B, stages + 1, S); states are the expanded ones.

        ``inflow`` counts as an arrival at its stage.  It is used up.  With (B, 1, S) stages are
        left out of account.
        """
        lowered = self.lowered
        batch, goal = len(z), inflow.shape[1] - 1
        stage = lowered.stage if goal else np.zeros_like(lowered.stage)
        entered = np.cumsum(inflow.sum(axis=2)[:, ::-1], axis=1)[:, ::-1].copy()
        lost = np.zeros((batch, goal + 1, len(lowered.transitions)), inflow.dtype)
        settled, present = np.zeros_like(inflow), np.zeros_like(inflow)
        total = self.total(hazards)
        stuck = self.stuck(total)
        for furthest in range(goal + 1):
            inside = (stage <= furthest) & ~stuck
            x = self._time(hazards, z, total, inside, inflow[:, furthest])
            used, dying, into = self._ways_out(np.asarray(x.any(axis=0)))
            flow = x[:, lowered.exit_source[used]] * hazards[:, used]
            lost[:, furthest, dying.groups] = dying.of(flow)
            arrivals, to = into.of(flow), into.groups
            for beyond in range(furthest + 1, goal + 1):
                there = stage[to] == beyond
                inflow[:, beyond, to[there]] += arrivals[:, there]
                entered[:, furthest + 1 : beyond + 1] += arrivals[:, there].sum(axis=1)[:, None]
            ends = stuck[to] & (stage[to] <= furthest)
            inflow[:, furthest, to[ends]] += arrivals[:, ends]
            settled[:, furthest] = np.where(stuck, inflow[:, furthest], 0.0)
            present[:, furthest] = np.where(stuck, 0.0, x)
        return Passage(entered, lost, settled, present)

    def _ways_out(self, states: Mask) -> tuple[Ints, Sums, Sums]:
        """Exits of some states; their deaths by transition and their moves by target, as columns of these."""
        key = states.tobytes()
        if key not in self._by_states:
            lowered = self.lowered
            used = np.flatnonzero(states[lowered.exit_source])
            dies = lowered.exit_target[used] < 0
            moves = np.isin(used, self._moves)
            deaths = Sums.by(np.flatnonzero(dies), lowered.exit_transition[used[dies]])
            if len(self._by_states) > MOST_REMEMBERED:
                self._by_states.clear()
            self._by_states[key] = used, deaths, Sums.by(np.flatnonzero(moves), lowered.exit_target[used[moves]])
        return self._by_states[key]

    def stuck(self, total: Numbers) -> Mask:
        """States that no cell leaves: absorbing, or all hazards 0."""
        return np.asarray(self.lowered.absorbing | (total == 0).all(axis=0))

    def hits(self, hazards: Numbers, z: Numbers, states: Mask) -> Numbers:
        """Transform of the first arrivals in a set of (expanded) states, shape (B,)."""
        _, flow = self.first_arrivals(hazards, z, states)
        return np.asarray(self.begin()[:, states].sum() + flow.sum(axis=1))

    def first_arrivals(self, hazards: Numbers, z: Numbers, states: Mask) -> tuple[Ints, Numbers]:
        """Exits by which cells come to a set of states for the first time, and the transform of their uses."""
        lowered = self.lowered
        total = self.total(hazards)
        start = self._start(total.astype(np.result_type(hazards, z)))
        x = self._time(hazards, z, total, ~states & ~self.stuck(total), start)
        into = self._moves[states[lowered.exit_target[self._moves]] & ~states[lowered.exit_source[self._moves]]]
        return into, np.asarray(x[:, lowered.exit_source[into]] * hazards[:, into])

    def whole(self, hazards: Numbers, z: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Passage without regard to stages: lost (B, T), settled and present (B, number of states)."""
        lowered = self.lowered
        total = self.total(hazards)
        stuck = self.stuck(total)
        start = self._start(total.astype(np.result_type(hazards, z)))
        x = self._time(hazards, z, total, ~stuck, start)
        flow = x[:, lowered.exit_source] * hazards
        lost = np.zeros((len(z), len(lowered.transitions)), flow.dtype)
        settled = np.zeros((len(z), len(lowered.states)), flow.dtype)
        present = np.zeros_like(settled)
        lost[:, self._dying.groups] = self._dying.of(flow)
        start[:, self._into.groups] += self._into.of(flow)
        settled[:, self._merged.groups] = self._merged.of(np.where(stuck, start, 0.0))
        present[:, self._merged.groups] = self._merged.of(np.where(stuck, 0.0, x))
        return lost, settled, present

    def time_in_states(self, hazards: Numbers, z: Numbers | None = None) -> Numbers:
        """Expected hours in each expanded state that cells leave, (B, S); with ``z`` their transform."""
        total = self.total(hazards)
        at = np.zeros(len(hazards)) if z is None else z
        start = self._start(total.astype(np.result_type(hazards, at)))
        return self._time(hazards, at, total, ~self.stuck(total), start)

    def arrivals(self, hazards: Numbers) -> Numbers:
        """Expected arrivals in each expanded state, starts among them, (B, S)."""
        flow = self.time_in_states(hazards)[:, self.lowered.exit_source] * hazards
        arrived = self._start(flow[:, :1] * np.zeros(self.lowered.size))
        arrived[:, self._into.groups] += self._into.of(flow)
        return np.asarray(arrived)

    def _start(self, like: Numbers) -> Numbers:
        """Where cells start, (B, S), of the type of ``like``."""
        start = np.zeros_like(like)
        start[:, self.lowered.start_state] = self.lowered.start_share / self.lowered.start_share.sum()
        return start

    def poles(self, hazards: Floats, without: Mask | None = None) -> Complexes | None:
        """Singularities of all transforms, or None when the model is too large to tell.

        ``without``: of first arrivals in these states.
        """
        lowered, total = self.lowered, self.total(hazards)
        live = ~self.stuck(total)
        if self.components.largest > LARGEST_DENSE or len(hazards) * self.components.largest**3 > 10**10:
            return None
        if without is not None:
            return self.components.spectrum(hazards, total, live & ~without).astype(np.complex128)
        # The spectra of the systems are not that of the whole: take each of them.
        parts = [self.components.spectrum(hazards, total, live)]
        if self.has_cycle:
            parts += [
                self.components.spectrum(hazards, total, live & (lowered.stage <= k)) for k in range(lowered.goal)
            ]
        return np.concatenate([np.zeros(1), *parts]).astype(np.complex128)

    def _time(self, hazards: Numbers, z: Numbers, total: Numbers, inside: Mask, inflow: Numbers) -> Numbers:
        """Time spent in each state ``inside``, given what enters; (B, S), 0 elsewhere."""
        x = np.zeros_like(inflow)
        entering = inside & (inflow != 0).any(axis=0)
        inside = self._reached(entering, inside, (hazards != 0).any(axis=0))
        if not inside.any():
            return x
        diagonal = np.where(inside, total + np.asarray(z)[:, None], 1.0)
        # Many ranks of few states take longer than one system, unless it is solved often.
        quick = len(self.components.ranks) <= max(64, 4 * len(z)) and self.components.largest <= LARGEST_DENSE
        if quick and diagonal.all() and (self.components.largest < inside.sum() or inside.sum() > LARGEST_DENSE):
            try:
                return self.components.solve(hazards, diagonal, inside, inflow)
            except np.linalg.LinAlgError:
                raise InputError("model", "its hazards", ENDLESS) from None
        if inside.sum() <= LARGEST_DENSE:
            matrix = self._dense(hazards, z, total, inside)
            try:
                x[:, inside] = np.linalg.solve(matrix.swapaxes(1, 2), inflow[:, inside][..., None])[..., 0]
            except np.linalg.LinAlgError:
                raise InputError("model", "its hazards", ENDLESS) from None
        else:
            for b in range(len(z)):
                x[b, inside] = self._sparse_solve(hazards[b], z[b], total[b], inside, inflow[b, inside])
        return x

    def _reached(self, seeds: Mask, allowed: Mask, live: Mask) -> Mask:
        """Allowed states that cells in the seeds can come to, by exits with a hazard above 0."""
        lowered = self.lowered
        source, target = lowered.exit_source[self._moves], lowered.exit_target[self._moves]
        inside = allowed[source] & allowed[target] & live[self._moves]
        return spread(seeds, source[inside], target[inside])

    def _dense(self, hazards: Numbers, z: Numbers, total: Numbers, among: Mask) -> Numbers:
        """Matrices z + D - R over the states ``among``, shape (B, n, n)."""
        lowered = self.lowered
        index = np.cumsum(among) - 1
        n = int(among.sum())
        matrix = np.zeros((len(z), n, n), np.result_type(hazards, z))
        matrix[:, np.arange(n), np.arange(n)] = total[:, among] + np.asarray(z)[:, None]
        inside = self._moves[among[lowered.exit_source[self._moves]] & among[lowered.exit_target[self._moves]]]
        rows, columns = index[lowered.exit_source[inside]], index[lowered.exit_target[inside]]
        # Several exits may lead to one state: those of a phase do.
        pairs = Sums.by(inside, rows * n + columns)
        matrix.reshape(len(z), n * n)[:, pairs.groups] -= pairs.of(hazards)
        return matrix

    def _sparse_solve(self, hazards: Numbers, z: complex, total: Numbers, among: Mask, inflow: Numbers) -> Numbers:
        from scipy.sparse import coo_array, diags_array
        from scipy.sparse.linalg import splu

        lowered = self.lowered
        index = np.cumsum(among) - 1
        n = int(among.sum())
        inside = self._moves[among[lowered.exit_source[self._moves]] & among[lowered.exit_target[self._moves]]]
        rows, columns = index[lowered.exit_source[inside]], index[lowered.exit_target[inside]]
        moves = coo_array((hazards[inside], (columns, rows)), shape=(n, n))
        matrix = (diags_array(total[among] + z) - moves).tocsc()
        try:
            return np.asarray(splu(matrix).solve(inflow))
        except RuntimeError:
            raise InputError("model", "its hazards", ENDLESS) from None
