"""How long it takes those that get there: means from a derivative at 0, medians by bisection."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cascade.common.text import hours, percent, text_table
from cascade.common.types import Floats
from cascade.solution.courses import Courses
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes, refinements

MEAN_TOLERANCE = 1e-6
STEP = 1e-30
"""Of derivatives by a complex step, which are exact: nothing cancels, however small the step is."""

MANY_POINTS, FEW_POINTS = 33, 9
"""Chebyshev points of an octave of time; few of them where averages over frailties lose more than these do."""

SMOOTH = 1e-10
"""The last coefficients of a smooth curve, against its largest."""

NEAR = 0.01
"""Of a half octave: how near to a root a polynomial comes that does not quite follow its curve."""

FARTHEST = 60
"""Octaves from an hour, either way, within which a median is looked for."""


@dataclass(frozen=True)
class PassageTime:
    """How long it takes those that get there.

    Attributes
    ----------
    name : str
        A step (time from the start to having passed it) or a cause of death.
    kind : str
        "step" or "cause".
    probability : float
    mean_hours, median_hours : float
        Given that it happens; nan when it cannot, or where a mean over a frailty does not settle.
    """

    name: str
    kind: str
    probability: float
    mean_hours: float
    median_hours: float


def passage_times(prepared: Prepared, courses: Courses, causes: Sequence[str]) -> list[PassageTime]:
    """Mean and median hours to pass each step, and to die of each cause, of those who do."""
    prepared.only_whole_lives("times of passage", ending=True, until=True)
    lowered = prepared.lowered
    nodes, sure = refined(prepared, lambda n: prepared.average(n, np.array([1j * STEP])).entered[0].imag / STEP)
    shifted = prepared.average(nodes, np.array([1j * STEP]))
    of_causes = [[i for i, t in enumerate(lowered.transitions) if t.is_death and t.way == cause] for cause in causes]
    curves = Reached(prepared, courses, of_causes)
    rows = []
    for k, name in enumerate(lowered.stages, 1):
        at_once = float(prepared.start_share[lowered.stage[lowered.start_state] >= k].sum())
        mean, p = _mean(prepared, complex(shifted.entered[0, k]), at_once)
        rows.append(_row(name, "step", p, mean, sure, 0.0 if at_once >= p / 2 else curves.median(k - 1, mean)))
    for at, (cause, deaths) in enumerate(zip(causes, of_causes, strict=True), len(lowered.stages)):
        mean, p = _mean(prepared, complex(shifted.lost[0][:, deaths].sum()), 0.0)
        rows.append(_row(cause, "cause", p, mean, sure, curves.median(at, mean)))
    return rows


def _mean(prepared: Prepared, value: complex, at_once: float) -> tuple[float, float]:
    """Mean hours of those to whom it happens, and its probability, from the transform near 0."""
    p = value.real
    if p <= 0:
        return float("nan"), 0.0
    entry = sum(prepared.lowered.entry_hours) / 2
    return (-value.imag / STEP + entry * (p - at_once)) / p, p


def _row(name: str, kind: str, p: float, mean: float, sure: bool, median: float) -> PassageTime:
    if p <= 0:
        return PassageTime(name, kind, 0.0, float("nan"), float("nan"))
    return PassageTime(name, kind, p, mean if sure else float("nan"), median)


class Reached:
    """Probability of having passed each step, and of having died of each cause, by a time: octave by octave.

    An inversion costs the same solves for one time and for all within a factor of two, and for one row and
    for all of them.  So each octave is inverted once, for all rows, at Chebyshev points of log t; within it
    the rows are polynomials, whose roots are the medians.

    Parameters
    ----------
    prepared : Prepared
    courses : Courses
    of_causes : sequence of sequence of int
        Transitions of each cause of death.
    """

    def __init__(self, prepared: Prepared, courses: Courses, of_causes: Sequence[Sequence[int]]) -> None:
        self._courses, self._of_causes = courses, of_causes
        whole = prepared.average(prepared.curve_nodes, np.zeros(1))
        # Of the nodes that the curves have: their halves are reached for certain.
        self._ends = self._rows(whole.entered.real, whole.lost.real)[0]
        self._octaves: dict[int, tuple[Floats, bool]] = {}
        error = prepared.curve_nodes.error
        points = MANY_POINTS if error < 1e-5 else FEW_POINTS
        self._smooth = max(SMOOTH, error)
        self._at = np.cos(np.pi * np.arange(points) / (points - 1))[::-1]

    def _rows(self, entered: Floats, lost: Floats) -> Floats:
        """Steps and causes side by side, (times, rows)."""
        gone = lost.sum(axis=1)
        return np.column_stack([entered[:, 1:], *(gone[:, deaths].sum(axis=1) for deaths in self._of_causes)])

    def at(self, times: Floats) -> Floats:
        """Each row at each time, (times, rows)."""
        entered, lost, _ = self._courses.at(times)
        return self._rows(entered, lost)

    def _octave(self, number: int) -> tuple[Floats, bool]:
        """Chebyshev coefficients (points, rows) in log2 t from ``number`` to ``number`` + 1; whether they suffice."""
        if number not in self._octaves:
            values = self.at(2.0 ** (number + (1.0 - self._at) / 2.0))[::-1]
            coefficients = np.asarray(np.polynomial.chebyshev.chebfit(self._at, values, len(self._at) - 1), np.float64)
            tail = np.abs(coefficients[-3:]).max(axis=0)
            self._octaves[number] = coefficients, bool((tail <= self._smooth * np.abs(coefficients).max(axis=0)).all())
        return self._octaves[number]

    def _value(self, number: int, row: int, x: float) -> float:
        """A row at a place from -1 to 1 within an octave."""
        return float(np.polynomial.chebyshev.chebval(x, self._octave(number)[0][:, row]))

    def median(self, row: int, guess: float) -> float:
        """Time by which half of those have come to whom it ever happens; nan where it never does."""
        from scipy.optimize import brentq

        half = float(self._ends[row]) / 2.0
        if not half > 0 or not guess > 0:
            return float("nan")
        number = math.floor(math.log2(guess * math.log(2.0)))
        while self._value(number, row, -1.0) > half and number > -FARTHEST:
            number -= 1
        while self._value(number, row, 1.0) < half and number < FARTHEST:
            number += 1
        if abs(number) >= FARTHEST:
            return float("nan")
        x = brentq(lambda x: self._value(number, row, x) - half, -1.0, 1.0, xtol=1e-14, rtol=1e-12)
        if self._octave(number)[1]:
            return float(2.0 ** (number + (x + 1.0) / 2.0))

        # A kink, as where the entries end: a polynomial only comes near, and the curve itself is asked.
        def rest(x: float) -> float:
            return float(self.at(np.array([2.0 ** (number + (x + 1.0) / 2.0)]))[0, row]) - half

        low, high = max(-1.0, x - NEAR), min(1.0, x + NEAR)
        if rest(low) > 0 or rest(high) < 0:
            low, high = -1.0, 1.0
        return float(2.0 ** (number + (brentq(rest, low, high, xtol=1e-10) + 1.0) / 2.0))


def text_of(times: Sequence[PassageTime]) -> str:
    """A table for people."""
    rows = [[t.name, t.kind, percent(t.probability), hours(t.mean_hours), hours(t.median_hours)] for t in times]
    header = ["of those who pass, or die of", "", "probability", "mean time", "median time"]
    return text_table(header, rows, left=(0, 1))


def refined(prepared: Prepared, of: Callable[[Nodes], Floats]) -> tuple[Nodes, bool]:
    """Nodes at which a mean over the frailties stays as it is, and whether it does.

    Those of the probabilities may be too few for a mean time, which may even be infinite.
    """
    last: Floats | None = None
    for nodes in refinements(prepared.lowered, prepared.most_nodes(1)):
        value = np.asarray(of(nodes), np.float64)
        if len(nodes.weights) == 1 or nodes.replicate.any():
            return nodes, True
        if last is not None and np.allclose(value, last, rtol=MEAN_TOLERANCE, atol=1e-300):
            return nodes, True
        last = value
    return prepared.nodes, False
