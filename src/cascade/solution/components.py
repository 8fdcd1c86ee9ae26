"""States between which cells go to and fro, in order: what makes large linear systems small.

A strongly connected component is a set of states of which each can be reached from each.
Between components there is no way back: they are solved one after the other, those of one
size and rank together, each as a small dense system.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.lowering.lowered import Lowered

Numbers = npt.NDArray[Any]
"""Floats or complex numbers."""

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sums:
    """Sums over columns of an array by group.

    Attributes
    ----------
    members : columns, those of a group together
    starts : first member of each group
    groups : number of each group
    """

    members: Ints
    starts: Ints
    groups: Ints

    @classmethod
    def by(cls, columns: Ints, group: Ints) -> Sums:
        """Group the columns."""
        order = np.argsort(group, kind="stable")
        groups, starts = np.unique(group[order], return_index=True)
        return cls(columns[order], starts, groups)

    def of(self, values: Numbers) -> Numbers:
        """Sums of the columns of (B, n) by group, (B, groups)."""
        return self.sums(values[:, self.members])

    def sums(self, values: Numbers) -> Numbers:
        """The same of the columns of the members alone, in their order."""
        if not len(self.groups):
            return np.zeros((len(values), 0), values.dtype)
        return np.asarray(np.add.reduceat(values, self.starts, axis=1))


@dataclass(frozen=True)
class Blocks:
    """Components of one rank and size k.

    Attributes
    ----------
    states : (m, k) int
    within : Sums
        Moves inside the components, by place in an array of shape (m, k, k): from row to column.
    """

    states: Ints
    within: Sums

    def matrices(self, hazards: Numbers, diagonal: Numbers, here: Mask) -> Numbers:
        """Z + D - R of each component, (B, m, k, k); the identity for states that are not ``here``."""
        m, k = self.states.shape
        found = np.zeros((len(diagonal), m * k * k), np.result_type(hazards, diagonal))
        found[:, self.within.groups] = -self.within.of(hazards)
        whole = found.reshape(len(diagonal), m, k, k)
        kept = here[self.states]
        whole *= kept[:, :, None] & kept[:, None, :]
        each = np.arange(k)
        whole[:, :, each, each] += np.where(kept, diagonal[:, self.states], 1.0)
        return whole


class Components:
    """The components of a lowered model."""

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.moves = np.flatnonzero(lowered.exit_target >= 0)

    @cached_property
    def _found(self) -> tuple[int, Ints]:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        low = self.lowered
        source, target = low.exit_source[self.moves], low.exit_target[self.moves]
        graph = coo_array((np.ones(len(source)), (source, target)), shape=(low.size, low.size))
        count, label = connected_components(graph, connection="strong")
        return int(count), label.astype(np.int64)

    @property
    def has_cycle(self) -> bool:
        """Whether a cell can come back to a state (after expansion)."""
        return self._found[0] < self.lowered.size

    @cached_property
    def largest(self) -> int:
        """States of the largest component."""
        return int(np.bincount(self._found[1]).max())

    @cached_property
    def _rank(self) -> Ints:
        """The order in which cells come to the components, by state: all moves lead to later ranks."""
        low, (count, label) = self.lowered, self._found
        source, target = label[low.exit_source[self.moves]], label[low.exit_target[self.moves]]
        between = np.unique(np.stack([source, target])[:, source != target], axis=1)
        rank = np.zeros(count, np.int64)
        while True:
            later = rank.copy()
            np.maximum.at(later, between[1], rank[between[0]] + 1)
            if np.array_equal(later, rank):
                return np.asarray(rank[label])
            rank = later

    @cached_property
    def ranks(self) -> list[tuple[list[Blocks], Sums]]:
        """For each rank its components by size, and the moves that leave the rank by target."""
        low, (_, label) = self.lowered, self._found
        size = np.bincount(label)[label]
        source, target = low.exit_source[self.moves], low.exit_target[self.moves]
        inside = label[source] == label[target]
        ranks = []
        for r in range(int(self._rank.max()) + 1):
            here = self._rank == r
            blocks = []
            for k in np.unique(size[here]).tolist():
                some = np.flatnonzero(here & (size == k))
                states = some[np.argsort(label[some], kind="stable")].reshape(-1, k)
                place = np.full(low.size, -1)
                place[states.ravel()] = np.arange(states.size)
                own = inside & (place[source] >= 0)
                at = place[source[own]] * k + place[target[own]] % k
                blocks.append(Blocks(states, Sums.by(self.moves[own], at)))
            leaving = ~inside & here[source]
            ranks.append((blocks, Sums.by(self.moves[leaving], target[leaving])))
        return ranks

    def solve(self, hazards: Numbers, diagonal: Numbers, here: Mask, inflow: Numbers) -> Numbers:
        """Time in each state ``here`` given what enters, rank by rank; (B, S), 0 elsewhere.

        ``diagonal`` (B, S) is z plus the summed hazards.

        Raises
        ------
        numpy.linalg.LinAlgError
            When a system has no solution.
        """
        low = self.lowered
        entering = inflow.astype(np.result_type(hazards, diagonal, inflow))
        x = np.zeros_like(entering)
        for components, out in self.ranks:
            busy = False
            for block in components:
                states = block.states[here[block.states].any(axis=1)]
                if not len(states):
                    continue
                busy = True
                if block.states.shape[1] == 1:
                    alone = states[:, 0]
                    x[:, alone] = entering[:, alone] / diagonal[:, alone]
                    continue
                matrix = block.matrices(hazards, diagonal, here)
                held = entering[:, block.states] * here[block.states]
                x[:, block.states] = np.linalg.solve(matrix.swapaxes(2, 3), held[..., None])[..., 0]
            if busy and len(out.members):
                flow = x[:, low.exit_source[out.members]] * hazards[:, out.members]
                entering[:, out.groups] += out.sums(flow)
        return np.where(here, x, 0.0)

    def spectrum(self, hazards: npt.NDArray[np.float64], total: npt.NDArray[np.float64], here: Mask) -> Numbers:
        """Eigenvalues of -(D - R) over the states ``here``, one after the other."""
        if not self.has_cycle:
            return np.unique(-total[:, here])
        found: list[Numbers] = []
        for components, _ in self.ranks:
            for block in components:
                kept = here[block.states]
                if not kept.any():
                    continue
                if block.states.shape[1] == 1:
                    found.append(-total[:, block.states[kept.ravel(), 0]].ravel())
                else:
                    found.append(np.linalg.eigvals(-block.matrices(hazards, total, here)).ravel())
        return np.unique(np.concatenate(found)) if found else np.zeros(0)
