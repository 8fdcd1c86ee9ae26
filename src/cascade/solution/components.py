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
class Alike:
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
        # States left out stay in the matrix as rows of the identity, so that all have one shape.
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
    def _labelled(self) -> tuple[int, Ints]:
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        lowered = self.lowered
        source, target = lowered.exit_source[self.moves], lowered.exit_target[self.moves]
        graph = coo_array((np.ones(len(source)), (source, target)), shape=(lowered.size, lowered.size))
        count, label = connected_components(graph, connection="strong")
        return int(count), label.astype(np.int64)

    @property
    def labels(self) -> Ints:
        """Number of the component of each state."""
        return self._labelled[1]

    @property
    def has_cycle(self) -> bool:
        """Whether a cell can come back to a state (after expansion)."""
        return self._labelled[0] < self.lowered.size

    @cached_property
    def largest(self) -> int:
        """States of the largest component."""
        return int(np.bincount(self._labelled[1]).max())

    @cached_property
    def _rank(self) -> Ints:
        """The order in which cells come to the components, by state: all moves lead to later ranks."""
        lowered, (count, label) = self.lowered, self._labelled
        source, target = label[lowered.exit_source[self.moves]], label[lowered.exit_target[self.moves]]
        between = np.unique(np.stack([source, target])[:, source != target], axis=1)
        # Pushed on until nothing moves: as many passes as the longest way between components.
        rank = np.zeros(count, np.int64)
        while True:
            later = rank.copy()
            np.maximum.at(later, between[1], rank[between[0]] + 1)
            if np.array_equal(later, rank):
                return np.asarray(rank[label])
            rank = later

    @cached_property
    def ranks(self) -> list[tuple[list[Alike], Sums]]:
        """For each rank its components by size, and the moves that leave the rank by target."""
        lowered, (_, label) = self.lowered, self._labelled
        size = np.bincount(label)[label]
        source, target = lowered.exit_source[self.moves], lowered.exit_target[self.moves]
        inside = label[source] == label[target]
        ranks = []
        for r in range(int(self._rank.max()) + 1):
            of_rank = self._rank == r
            groups_alike = []
            for k in np.unique(size[of_rank]).tolist():
                some = np.flatnonzero(of_rank & (size == k))
                states = some[np.argsort(label[some], kind="stable")].reshape(-1, k)
                # A state's place in the row of all states of these components: component times k plus column.
                place = np.full(lowered.size, -1)
                place[states.ravel()] = np.arange(states.size)
                within = inside & (place[source] >= 0)
                at = place[source[within]] * k + place[target[within]] % k
                groups_alike.append(Alike(states, Sums.by(self.moves[within], at)))
            leaving = ~inside & of_rank[source]
            ranks.append((groups_alike, Sums.by(self.moves[leaving], target[leaving])))
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
            for alike in components:
                states = alike.states[inside[alike.states].any(axis=1)]
                if not len(states):
                    continue
                busy = True
                # A state that cells do not come back to needs no matrix.
                if alike.states.shape[1] == 1:
                    alone = states[:, 0]
                    x[:, alone] = entering[:, alone] / diagonal[:, alone]
                    continue
                matrix = alike.matrices(hazards, diagonal, inside)
                held = entering[:, alike.states] * inside[alike.states]
                x[:, alike.states] = np.linalg.solve(matrix.swapaxes(2, 3), held[..., None])[..., 0]
            # Whatever leaves this rank enters a later one, which is solved after it.
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
            for alike in components:
                solved = inside[alike.states]
                if not solved.any():
                    continue
                if alike.states.shape[1] == 1:
                    eigenvalues.append(-total[:, alike.states[solved.ravel(), 0]].ravel())
                else:
                    eigenvalues.append(np.linalg.eigvals(-alike.matrices(hazards, total, inside)).ravel())
        return np.unique(np.concatenate(eigenvalues)) if eigenvalues else np.zeros(0)
