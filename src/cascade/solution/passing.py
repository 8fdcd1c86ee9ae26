"""Chances to pass each step of a model, at many sets of hazards: one compiled call for all of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.model import Conditioned, Model
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import alike

MOST_AT_ONCE = 4096
"""Sets of hazards times nodes of the frailties in one call."""


class Passing:
    """Chances of a cell to pass each step, whole lives long, where hazards are multiplied by factors.

    Parameters
    ----------
    model : Model
    groups : sequence of sequence of int
        For each factor the hazards of the model, by number, that it multiplies.

    Raises
    ------
    InputError
        For a conditioned model, or one whose hazards change with time.
    """

    def __init__(self, model: Model, groups: Sequence[Sequence[int]]) -> None:
        self._prepared = Prepared(model)
        if isinstance(model, Conditioned) or self._prepared.changes:
            raise InputError("model", model.name, "a model of all cells whose hazards do not change with time")
        self._prepared.only_whole_lives("chances", ending=True)
        lowered = self._prepared.lowered
        by_transition = np.zeros((len(groups), len(lowered.transitions)))
        for row, numbers in zip(by_transition, groups, strict=True):
            row[list(numbers)] = 1.0
        self._directions = by_transition[:, lowered.exit_transition]
        self._nodes = self._prepared.nodes if self._prepared.frailties else alike(lowered)
        self._hazards = self._prepared.hazards(self._nodes)

    @property
    def steps(self) -> tuple[str, ...]:
        """Names in order."""
        return self._prepared.lowered.stages

    def at(self, logs: Floats) -> Floats:
        """Chances to pass each step, (N, steps), at logarithms of factors (N, P)."""
        weights, nodes = self._nodes.weights, len(self._nodes.weights)
        each = max(1, MOST_AT_ONCE // nodes)
        found = []
        for begin in range(0, len(logs), each):
            factors = np.exp(np.asarray(logs[begin : begin + each], np.float64) @ self._directions)
            hazards = (factors[:, None, :] * self._hazards).reshape(-1, factors.shape[1])
            entered = self._prepared.solver.passage(hazards, np.zeros(1)).entered[:, 0, 1:].real
            found.append(np.einsum("nms,m->ns", entered.reshape(len(factors), nodes, -1), weights))
        return np.concatenate(found) if found else np.zeros((0, len(self.steps)))
