"""Linear solves on a lowered model, level by level of the furthest stage reached.

Everything exact comes from one system.  At level k (no stage beyond k reached yet) the
transform of the time spent in each state, x(z), solves

    (z + D - R)^T x = f,

D the summed hazards, R the hazards of the moves that stay at the level, f what enters it.
At z = 0 this gives probabilities and expected times; along a contour, curves over time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.common.errors import InputError
from cascade.lowering.lowered import Lowered, spread
from cascade.solution.components import Components, Numbers, Sums

LARGEST_DENSE = 300
_BATCH_BYTES = 1 << 26
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
        low = lowered
        self.components = Components(lowered)
        self._moves = self.components.moves
        self._deaths = np.flatnonzero(low.exit_target < 0)
        self._into = Sums.by(self._moves, low.exit_target[self._moves])
        self._dying = Sums.by(self._deaths, low.exit_transition[self._deaths])
        self._merged = Sums.by(np.arange(low.size), low.base)

    @cached_property
    def _leaving(self) -> Any:
        """Sparse (S, E): 1 where an exit leaves a state."""
        from scipy.sparse import coo_array

        low = self.lowered
        exits = len(low.exit_source)
        return coo_array((np.ones(exits), (low.exit_source, np.arange(exits))), shape=(low.size, exits)).tocsr()

    def total(self, hazards: Numbers) -> Numbers:
        """Summed hazards of each state, (B, S)."""
        return np.asarray((self._leaving @ hazards.T).T)

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
        low = self.lowered
        kind = np.result_type(hazards, z)
        inflow = np.zeros((len(z), low.goal + 1, low.size), kind)
        inflow[:] = self.begin()
        flow = self.levels(hazards, z, inflow)
        settled = np.zeros((len(z), low.goal + 1, len(low.states)), kind)
        present = np.zeros_like(settled)
        settled[:, :, self._merged.groups] = np.add.reduceat(flow.settled, self._merged.starts, axis=2)
        present[:, :, self._merged.groups] = np.add.reduceat(flow.present, self._merged.starts, axis=2)
        return Passage(flow.entered, flow.lost, settled, present)

    def begin(self) -> npt.NDArray[np.float64]:
        """Where cells start, by furthest stage and expanded state, (stages + 1, S)."""
        low = self.lowered
        begin = np.zeros((low.goal + 1, low.size))
        for state, share in zip(low.start_state, low.start_share / low.start_share.sum(), strict=True):
            begin[low.stage[state], state] += share
        return begin

    def levels(self, hazards: Numbers, z: Numbers, inflow: Numbers) -> Passage:
        """Solve level by level for what flows in, (B, stages + 1, S); states are the expanded ones.

        ``inflow`` counts as an arrival at its stage.  It is used up.  With (B, 1, S) stages are
        left out of account.
        """
        low = self.lowered
        batch, goal = len(z), inflow.shape[1] - 1
        stage = low.stage if goal else np.zeros_like(low.stage)
        entered = np.cumsum(inflow.sum(axis=2)[:, ::-1], axis=1)[:, ::-1].copy()
        lost = np.zeros((batch, goal + 1, len(low.transitions)), inflow.dtype)
        settled, present = np.zeros_like(inflow), np.zeros_like(inflow)
        total = self.total(hazards)
        stuck = self.stuck(total)
        to = self._into.groups
        for level in range(goal + 1):
            here = (stage <= level) & ~stuck
            x = self._time(hazards, z, total, here, inflow[:, level])
            flow = x[:, low.exit_source] * hazards
            lost[:, level, self._dying.groups] = self._dying.of(flow)
            arrivals = self._into.of(flow)
            for beyond in range(level + 1, goal + 1):
                there = stage[to] == beyond
                inflow[:, beyond, to[there]] += arrivals[:, there]
                entered[:, level + 1 : beyond + 1] += arrivals[:, there].sum(axis=1)[:, None]
            ends = stuck[to] & (stage[to] <= level)
            inflow[:, level, to[ends]] += arrivals[:, ends]
            settled[:, level] = np.where(stuck, inflow[:, level], 0.0)
            present[:, level] = np.where(stuck, 0.0, x)
        return Passage(entered, lost, settled, present)

    def stuck(self, total: Numbers) -> npt.NDArray[np.bool_]:
        """States that no cell leaves: absorbing, or all hazards 0."""
        return np.asarray(self.lowered.absorbing | (total == 0).all(axis=0))

    def hits(self, hazards: Numbers, z: Numbers, states: npt.NDArray[np.bool_]) -> Numbers:
        """Transform of the first arrivals in a set of (expanded) states, shape (B,)."""
        _, flow = self.first_arrivals(hazards, z, states)
        return np.asarray(self.begin()[:, states].sum() + flow.sum(axis=1))

    def first_arrivals(
        self, hazards: Numbers, z: Numbers, states: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.int64], Numbers]:
        """Exits by which cells come to a set of states for the first time, and the transform of their uses."""
        low = self.lowered
        total = self.total(hazards)
        start = self._start(total.astype(np.result_type(hazards, z)))
        x = self._time(hazards, z, total, ~states & ~self.stuck(total), start)
        into = self._moves[states[low.exit_target[self._moves]] & ~states[low.exit_source[self._moves]]]
        return into, np.asarray(x[:, low.exit_source[into]] * hazards[:, into])

    def whole(self, hazards: Numbers, z: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Passage without regard to stages: lost (B, T), settled and present (B, number of states)."""
        low = self.lowered
        total = self.total(hazards)
        stuck = self.stuck(total)
        start = self._start(total.astype(np.result_type(hazards, z)))
        x = self._time(hazards, z, total, ~stuck, start)
        flow = x[:, low.exit_source] * hazards
        lost = np.zeros((len(z), len(low.transitions)), flow.dtype)
        settled = np.zeros((len(z), len(low.states)), flow.dtype)
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
        found = self._start(flow[:, :1] * np.zeros(self.lowered.size))
        found[:, self._into.groups] += self._into.of(flow)
        return np.asarray(found)

    def _start(self, like: Numbers) -> Numbers:
        """Where cells start, (B, S), of the type of ``like``."""
        start = np.zeros_like(like)
        start[:, self.lowered.start_state] = self.lowered.start_share / self.lowered.start_share.sum()
        return start

    def poles(
        self, hazards: npt.NDArray[np.float64], without: npt.NDArray[np.bool_] | None = None
    ) -> npt.NDArray[np.complex128] | None:
        """Singularities of all transforms, or None when the model is too large to tell.

        ``without``: of first arrivals in these states.
        """
        low, total = self.lowered, self.total(hazards)
        live = ~self.stuck(total)
        if self.components.largest > LARGEST_DENSE or len(hazards) * self.components.largest**3 > 10**10:
            return None
        if without is not None:
            return self.components.spectrum(hazards, total, live & ~without).astype(np.complex128)
        # The spectra of the levels are not that of the whole: take each of them.
        parts = [self.components.spectrum(hazards, total, live)]
        if self.has_cycle:
            parts += [self.components.spectrum(hazards, total, live & (low.stage <= k)) for k in range(low.goal)]
        return np.concatenate([np.zeros(1), *parts]).astype(np.complex128)

    def _time(
        self, hazards: Numbers, z: Numbers, total: Numbers, here: npt.NDArray[np.bool_], inflow: Numbers
    ) -> Numbers:
        """Time spent in each state ``here``, given what enters; (B, S), 0 elsewhere."""
        x = np.zeros_like(inflow)
        entering = here & (inflow != 0).any(axis=0)
        here = self._reached(entering, here, (hazards != 0).any(axis=0))
        if not here.any():
            return x
        diagonal = np.where(here, total + np.asarray(z)[:, None], 1.0)
        # Many ranks of few states take longer than one system, unless it is solved often.
        quick = len(self.components.ranks) <= max(64, 4 * len(z)) and self.components.largest <= LARGEST_DENSE
        if quick and diagonal.all() and (self.components.largest < here.sum() or here.sum() > LARGEST_DENSE):
            try:
                return self.components.solve(hazards, diagonal, here, inflow)
            except np.linalg.LinAlgError:
                raise InputError("model", "its hazards", ENDLESS) from None
        if here.sum() <= LARGEST_DENSE:
            matrix = self._dense(hazards, z, total, here)
            try:
                x[:, here] = np.linalg.solve(matrix.swapaxes(1, 2), inflow[:, here][..., None])[..., 0]
            except np.linalg.LinAlgError:
                raise InputError("model", "its hazards", ENDLESS) from None
        else:
            for b in range(len(z)):
                x[b, here] = self._sparse_solve(hazards[b], z[b], total[b], here, inflow[b, here])
        return x

    def _reached(
        self, seeds: npt.NDArray[np.bool_], allowed: npt.NDArray[np.bool_], live: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Allowed states that cells in the seeds can come to, by exits with a hazard above 0."""
        low = self.lowered
        source, target = low.exit_source[self._moves], low.exit_target[self._moves]
        inside = allowed[source] & allowed[target] & live[self._moves]
        return spread(seeds, source[inside], target[inside])

    def _dense(self, hazards: Numbers, z: Numbers, total: Numbers, here: npt.NDArray[np.bool_]) -> Numbers:
        """Matrices z + D - R over the states ``here``, shape (B, n, n)."""
        low = self.lowered
        index = np.cumsum(here) - 1
        n = int(here.sum())
        matrix = np.zeros((len(z), n, n), np.result_type(hazards, z))
        matrix[:, np.arange(n), np.arange(n)] = total[:, here] + np.asarray(z)[:, None]
        inside = self._moves[here[low.exit_source[self._moves]] & here[low.exit_target[self._moves]]]
        rows, columns = index[low.exit_source[inside]], index[low.exit_target[inside]]
        # Several exits may lead to one state: those of a phase do.
        pairs = Sums.by(inside, rows * n + columns)
        matrix.reshape(len(z), n * n)[:, pairs.groups] -= pairs.of(hazards)
        return matrix

    def _sparse_solve(
        self, hazards: Numbers, z: complex, total: Numbers, here: npt.NDArray[np.bool_], inflow: Numbers
    ) -> Numbers:
        from scipy.sparse import coo_array, diags_array
        from scipy.sparse.linalg import splu

        low = self.lowered
        index = np.cumsum(here) - 1
        n = int(here.sum())
        inside = self._moves[here[low.exit_source[self._moves]] & here[low.exit_target[self._moves]]]
        rows, columns = index[low.exit_source[inside]], index[low.exit_target[inside]]
        moves = coo_array((hazards[inside], (columns, rows)), shape=(n, n))
        matrix = (diags_array(total[here] + z) - moves).tocsc()
        try:
            return np.asarray(splu(matrix).solve(inflow))
        except RuntimeError:
            raise InputError("model", "its hazards", ENDLESS) from None


def chance_of_none(lowered: Lowered, hazards: npt.NDArray[np.float64], missed: npt.NDArray[np.bool_]) -> Numbers:
    """Probability for a unit in each state that no cell of it ever comes to the others than ``missed``, (N, S).

    The generating function of the branching process at 0, from the smallest units up: a
    cluster breaks only into smaller ones, so that each size is a linear system.

    Parameters
    ----------
    lowered : Lowered
        By unit, not by cell.
    hazards : (N, E) float
    missed : (S,) bool
    """
    low = lowered
    none = np.where(missed, 1.0, 0.0) * np.ones((len(hazards), 1))
    total = np.zeros((len(hazards), low.size))
    np.add.at(total.T, low.exit_source, hazards.T)
    # States that no unit comes to may have no answer.
    live = (hazards > 0).any(axis=0)
    source, target, apart = (x[live] for x in (low.exit_source, low.exit_target, low.exit_apart))
    seeds = np.isin(np.arange(low.size), low.start_state[low.start_share > 0])
    both = (
        np.concatenate([source[target >= 0], source[apart >= 0]]),
        np.concatenate([target[target >= 0], apart[apart >= 0]]),
    )
    reached = spread(seeds, *both)
    open_ = missed & reached & (total > 0).any(axis=0)
    for size in np.unique(low.size_of[open_]).tolist():
        here = np.flatnonzero(open_ & (low.size_of == size))
        index = np.full(low.size, -1)
        index[here] = np.arange(len(here))
        out = np.flatnonzero(index[low.exit_source] >= 0)
        inside = (low.exit_target[out] >= 0) & (index[low.exit_target[out]] >= 0)
        within, away = out[inside], out[~inside]
        target, apart = low.exit_target[away], low.exit_apart[away]
        after = np.where(target >= 0, none[:, target], 1.0) * np.where(apart >= 0, none[:, apart], 1.0)
        known = np.zeros((len(hazards), len(here)))
        np.add.at(known.T, index[low.exit_source[away]], (hazards[:, away] * after).T)
        matrix = np.zeros((len(hazards), len(here), len(here)))
        rows, columns = index[low.exit_source[within]], index[low.exit_target[within]]
        np.add.at(matrix.transpose(1, 2, 0), (rows, columns), -hazards[:, within].T)
        each = np.arange(len(here))
        matrix[:, each, each] += np.where(total[:, here] > 0, total[:, here], 1.0)
        known += np.where(total[:, here] > 0, 0.0, 1.0)
        try:
            none[:, here] = np.linalg.solve(matrix, known[:, :, None])[:, :, 0]
        except np.linalg.LinAlgError:
            raise InputError("model", "its hazards", ENDLESS) from None
    return none
