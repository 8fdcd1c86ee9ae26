"""States between which cells go to and fro, in order: what makes large linear systems small.

A strongly connected component is a set of states of which each can be reached from each.
Between components there is no way back: they are solved one after the other, those of one
size and rank together, each as a small dense system.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cascade.common.types import Floats, Ints, Mask, Numbers
from cascade.lowering.lowered import Lowered


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

    def matrices(self, hazards: Numbers, diagonal: Numbers, inside: Mask) -> Numbers:
        """Z + D - R of each component, (B, m, k, k); the identity for states that are not ``inside``."""
        m, k = self.states.shape
        flat = np.zeros((len(diagonal), m * k * k), np.result_type(hazards, diagonal))
        flat[:, self.within.groups] = -self.within.of(hazards)
        whole = flat.reshape(len(diagonal), m, k, k)
        solved = inside[self.states]
        whole *= solved[:, :, None] & solved[:, None, :]
        each = np.arange(k)
        whole[:, :, each, each] += np.where(solved, diagonal[:, self.states], 1.0)
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

        lowered = self.lowered
        source, target = lowered.exit_source[self.moves], lowered.exit_target[self.moves]
        graph = coo_array((np.ones(len(source)), (source, target)), shape=(lowered.size, lowered.size))
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
        lowered, (count, label) = self.lowered, self._found
        source, target = label[lowered.exit_source[self.moves]], label[lowered.exit_target[self.moves]]
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
        lowered, (_, label) = self.lowered, self._found
        size = np.bincount(label)[label]
        source, target = lowered.exit_source[self.moves], lowered.exit_target[self.moves]
        inside = label[source] == label[target]
        ranks = []
        for r in range(int(self._rank.max()) + 1):
            of_rank = self._rank == r
            blocks = []
            for k in np.unique(size[of_rank]).tolist():
                some = np.flatnonzero(of_rank & (size == k))
                states = some[np.argsort(label[some], kind="stable")].reshape(-1, k)
                place = np.full(lowered.size, -1)
                place[states.ravel()] = np.arange(states.size)
                within = inside & (place[source] >= 0)
                at = place[source[within]] * k + place[target[within]] % k
                blocks.append(Blocks(states, Sums.by(self.moves[within], at)))
            leaving = ~inside & of_rank[source]
            ranks.append((blocks, Sums.by(self.moves[leaving], target[leaving])))
        return ranks

    def solve(self, hazards: Numbers, diagonal: Numbers, inside: Mask, inflow: Numbers) -> Numbers:
        """Time in each state ``inside`` given what enters, rank by rank; (B, S), 0 elsewhere.

        ``diagonal`` (B, S) is z plus the summed hazards.

        Raises
        ------
        numpy.linalg.LinAlgError
            When a system has no solution.
        """
        lowered = self.lowered
        entering = inflow.astype(np.result_type(hazards, diagonal, inflow))
        x = np.zeros_like(entering)
        for components, out in self.ranks:
            busy = False
            for block in components:
                states = block.states[inside[block.states].any(axis=1)]
                if not len(states):
                    continue
                busy = True
                if block.states.shape[1] == 1:
                    alone = states[:, 0]
                    x[:, alone] = entering[:, alone] / diagonal[:, alone]
                    continue
                matrix = block.matrices(hazards, diagonal, inside)
                held = entering[:, block.states] * inside[block.states]
                x[:, block.states] = np.linalg.solve(matrix.swapaxes(2, 3), held[..., None])[..., 0]
            if busy and len(out.members):
                flow = x[:, lowered.exit_source[out.members]] * hazards[:, out.members]
                entering[:, out.groups] += out.sums(flow)
        return np.where(inside, x, 0.0)

    def spectrum(self, hazards: Floats, total: Floats, inside: Mask) -> Numbers:
        """Eigenvalues of -(D - R) over the states ``inside``, one after the other."""
        if not self.has_cycle:
            return np.unique(-total[:, inside])
        eigenvalues: list[Numbers] = []
        for components, _ in self.ranks:
            for block in components:
                solved = inside[block.states]
                if not solved.any():
                    continue
                if block.states.shape[1] == 1:
                    eigenvalues.append(-total[:, block.states[solved.ravel(), 0]].ravel())
                else:
                    eigenvalues.append(np.linalg.eigvals(-block.matrices(hazards, total, inside)).ravel())
        return np.unique(np.concatenate(eigenvalues)) if eigenvalues else np.zeros(0)
