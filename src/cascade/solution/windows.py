r"""Derivatives through windows of a changing environment.

With p(t) the shares of cells in the states and h(t) what a cell there will still gain by the end, a hazard q_e
from s to t', which a window multiplies by m, moves the answer by

    d answer / d log q_e = sum over windows of  integral  m q_e p_s(t) (prize_e + h_t'(t) - h_s(t)) dt.

p is carried forward through the windows, h backward; of an occupancy at a time, h is 1 in that state then.  Within
a window of length L the integral is a convolution, p by the time after its beginning with h by the time before its
end: the inverse, at L, of the product of their transforms.  The last window, without an end, is one solve at z = 0.
"""

from __future__ import annotations

import math

import numpy as np

from cascade.common.types import Complexes, Floats, Mask
from cascade.solution.changing import Segment, segments
from cascade.solution.laplace import invert
from cascade.solution.solver import Solver

_MOST_BYTES = 1 << 26

Asked = tuple[Mask, Floats, Floats, Floats]
"""``inside``, ``gain`` and ``prize`` of a question; and what a cell in each state gains at the end, (S,)."""


class Windows:
    """The windows at some nodes of the frailties.

    Parameters
    ----------
    solver : Solver
    hazards : (N, E) float
        In an unchanged environment.
    until : float or None
    question
        What is gained; see `cascade.solution.sensitivity.Question`.

    Attributes
    ----------
    error : float
        The sum of the errors of all inversions so far.
    """

    def __init__(self, solver: Solver, hazards: Floats, until: float | None, question: Asked) -> None:
        self.solver, self.hazards = solver, hazards
        self.inside, self.gain, self.prize, self.final = question
        end = math.inf if until is None else until
        self.segments = [segment for segment in segments(solver) if segment.begin < end]
        self.hours = [min(segment.end, end) - segment.begin for segment in self.segments]
        self.error = 0.0

    @classmethod
    def summed(
        cls,
        solver: Solver,
        hazards: Floats,
        weights: Floats,
        until: float | None,
        question: Asked,
    ) -> tuple[Floats, Floats]:
        """The answer and its derivatives, (1 + T,), summed over nodes with their weights; and the errors."""
        width = 150 * (3 * solver.lowered.size + 2 * len(solver.lowered.exit_source)) * 16
        step = max(1, _MOST_BYTES // width)
        total = np.zeros(1 + len(solver.lowered.transitions))
        error = 0.0
        for begin in range(0, len(weights), step):
            some = slice(begin, begin + step)
            windows = cls(solver, hazards[some], until, question)
            total += weights[some] @ windows.slopes()
            error += windows.error * float(weights[some].sum())
        return total, np.full_like(total, error)

    def slopes(self) -> Floats:
        """The answer and its derivatives by the logarithms of the hazards, (N, 1 + T)."""
        nothing = np.zeros((len(self.hazards), self.solver.lowered.size))
        ends_with = bool(self.final.any())
        begins, there = [], nothing
        for segment, hours in zip(self.segments, self.hours, strict=True):
            there = there + segment.jump * self.solver.start
            begins.append(there)
            if len(begins) < len(self.segments) or ends_with:
                there = self._at_end(segment, hours, there, nothing, forward=True)
        ends, later = [], nothing + self.final
        for segment, hours in reversed(list(zip(self.segments, self.hours, strict=True))):
            ends.append(later)
            if segment.begin > 0.0:
                later = self._at_end(segment, hours, nothing, later, forward=False)
        each = zip(self.segments, self.hours, begins, reversed(ends), strict=True)
        moved = np.zeros((len(self.hazards), 1 + len(self.solver.lowered.transitions)))
        moved[:, 0] = there @ self.final
        for window in each:
            moved += self._moved(*window)
        return moved

    def _of(self, segment: Segment, z: Complexes, begin: Floats, end: Floats) -> tuple[Floats, Complexes, Complexes]:
        """Hazards (N, E), and the transforms of p and of h, (N, Z, S)."""
        hazards = self.hazards * segment.multipliers[self.solver.lowered.exit_transition]
        rate = segment.rate * self.solver.start
        return hazards, *self.solver.window(hazards, z, self.inside, begin, rate, end, self.gain, self.prize)

    def _at_end(self, segment: Segment, hours: float, begin: Floats, end: Floats, *, forward: bool) -> Floats:
        """P at the end of a window, or h at its beginning, (N, S)."""
        nodes, states = begin.shape

        def transform(z: Complexes) -> Complexes:
            _, time, worth = self._of(segment, z, begin, end)
            return np.asarray((time if forward else worth).swapaxes(0, 1).reshape(len(z), -1))

        if math.isinf(hours):
            return transform(np.zeros(1, np.complex128)).real.reshape(nodes, states)
        return self._inverted(transform, segment, hours).reshape(nodes, states)

    def _inverted(self, transform: object, segment: Segment, hours: float) -> Floats:
        hazards = self.hazards * segment.multipliers[self.solver.lowered.exit_transition]
        poles, steps = self.solver.poles(hazards), self.solver.steps
        values, errors = invert(transform, np.array([hours]), poles, steps=steps)  # type: ignore[arg-type]
        self.error += float(errors.max(initial=0.0))
        return np.asarray(values[0], np.float64)

    def _moved(self, segment: Segment, hours: float, begin: Floats, end: Floats) -> Floats:
        """What a window adds to the answer, and to its derivatives, (N, 1 + T)."""
        lowered = self.solver.lowered
        source, target = lowered.exit_source, lowered.exit_target
        moves = target >= 0
        into = np.where(moves & ~self.inside[target] & self.inside[source], self.gain[target], 0.0)

        def transform(z: Complexes) -> Complexes:
            hazards, time, worth = self._of(segment, z, begin, end)
            once = np.where(z == 0, 1.0, 1.0 / np.where(z == 0, 1.0, z))[None, :, None]
            used = time[..., source] * (hazards * self.inside[source])[:, None]
            after = self.prize * once + np.where(moves, worth[..., target], 0.0) - worth[..., source]
            rows = np.zeros((*time.shape[:2], 1 + len(lowered.transitions)), np.complex128)
            rows[..., 0] = (used * (into + self.prize) * once).sum(axis=2)
            np.add.at(rows.T, lowered.exit_transition + 1, (used * after).T)
            return np.asarray(rows.swapaxes(0, 1).reshape(len(z), -1))

        if math.isinf(hours):
            values = transform(np.zeros(1, np.complex128)).real[0]
        else:
            values = self._inverted(transform, segment, hours)
        return np.asarray(values.reshape(len(begin), -1), np.float64)
