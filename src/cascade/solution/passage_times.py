"""How long it takes those that get there: means from a derivative at 0, medians by bisection."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cascade.common.text import hours, percent, text_table
from cascade.common.types import Floats, Mask
from cascade.solution.courses import Courses
from cascade.solution.prepared import MEDIAN_PARTS, Prepared
from cascade.solution.quadrature import Nodes

MEAN_TOLERANCE = 1e-6
STEP = 1e-150
"""Of derivatives by a complex step, which are exact: nothing cancels, however small the step is."""

POINTS = 9, 17, 33
"""Chebyshev points of an octave of time: as many as the curve needs."""

SMOOTH = 1e-10
"""The last coefficients of a smooth curve, against its largest."""

NEAR = 0.01
"""Of a half octave: how near to a root a polynomial comes that does not quite follow its curve."""

FARTHEST = 60
"""Octaves from an hour, either way, within which a median is looked for."""


def _chebyshev(points: int) -> Floats:
    """Points from -1 to 1; of twice as many intervals every other one is the same."""
    return np.asarray(-np.cos(np.pi * np.arange(points) / (points - 1)), np.float64)


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


def passage_times(prepared: Prepared, courses: Courses, causes: Sequence[str]) -> tuple[list[PassageTime], float]:
    """Mean and median hours to pass each step, and to die of each cause, of those who do.

    And the error of the probabilities at which the medians were found.
    """
    prepared.only_whole_lives("times of passage", ending=True, until=True)
    lowered = prepared.lowered

    def delayed(nodes: Nodes) -> tuple[Floats, Floats]:
        passage = prepared.average(nodes, np.array([1j * STEP]))
        parts = np.concatenate([passage.entered[0], passage.lost[0].sum(axis=0)])
        values = np.concatenate([parts.real, parts.imag / STEP])
        return values, np.zeros_like(values)

    average = prepared.averaged(delayed, 1, absolute=1e-300, unbounded=True)
    (p, delay), (_, wrong) = (np.split(part, 2) for part in average[:2])
    of_causes = [[i for i, t in enumerate(lowered.transitions) if t.is_death and t.way == cause] for cause in causes]
    success = float(p[lowered.goal])
    curves = Reached(prepared, courses, of_causes, -float(delay[lowered.goal]) / success if success > 0 else 1.0)

    def sure(value: float, error: float) -> bool:
        """Whether a mean over the frailties settles."""
        return prepared.sampled or error <= MEAN_TOLERANCE * abs(value)

    rows = []
    for k, name in enumerate(lowered.stages, 1):
        at_once = float(prepared.start_share[lowered.stage[lowered.start_state] >= k].sum())
        mean = _mean(prepared, float(p[k]), float(delay[k]), at_once)
        median = 0.0 if at_once >= p[k] / 2 else curves.median(k - 1, mean)
        rows.append(_row(name, "step", float(p[k]), mean if sure(delay[k], wrong[k]) else math.nan, median))
    for at, (cause, deaths) in enumerate(zip(causes, of_causes, strict=True), len(lowered.stages)):
        which = lowered.goal + 1 + np.array(deaths)
        chance = float(p[which].sum())
        mean = _mean(prepared, chance, float(delay[which].sum()), 0.0)
        settled = sure(delay[which].sum(), wrong[which].sum())
        rows.append(_row(cause, "cause", chance, mean if settled else math.nan, curves.median(at, mean)))
    return rows, curves.error


def _mean(prepared: Prepared, p: float, delay: float, at_once: float) -> float:
    """Mean hours of those to whom it happens."""
    if p <= 0:
        return float("nan")
    entry = sum(prepared.lowered.entry_hours) / 2
    return (-delay + entry * (p - at_once)) / p


def _row(name: str, kind: str, p: float, mean: float, median: float) -> PassageTime:
    if p <= 0:
        return PassageTime(name, kind, 0.0, float("nan"), float("nan"))
    return PassageTime(name, kind, p, mean, median)


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
    near : float
        A time in hours around which the curves are wanted.

    Attributes
    ----------
    error : float
        The largest error of a probability so far.
    """

    def __init__(self, prepared: Prepared, courses: Courses, of_causes: Sequence[Sequence[int]], near: float) -> None:
        self._courses, self._of_causes = courses, of_causes
        self._octaves: dict[int, tuple[Floats, Mask]] = {}
        self.error = 0.0
        self._edges: dict[int, Floats] = {}
        self._begun: dict[int, Floats] = {}
        self._oscillates = prepared.oscillates
        self._nodes, self._lost = courses.nodes_near(near if 1e-12 < near < 1e12 else 1.0, MEDIAN_PARTS)
        # Of the nodes that the curves have: their halves are reached for certain.
        whole = prepared.average(self._nodes, np.zeros(1))
        self._ends = self._rows(whole.entered.real, whole.lost.real)[0]

    def _rows(self, entered: Floats, lost: Floats) -> Floats:
        """Steps and causes side by side, (times, rows)."""
        gone = lost.sum(axis=1)
        return np.column_stack([entered[:, 1:], *(gone[:, deaths].sum(axis=1) for deaths in self._of_causes)])

    def at(self, times: Floats) -> Floats:
        """Each row at each time, (times, rows)."""
        course, errors = self._courses.at(times, self._nodes)
        self.error = max(self.error, self._lost + float(errors.entered.max()))
        return self._rows(course.entered, course.lost)

    def _edge(self, number: int) -> Floats:
        """Each row at 2 to the ``number`` hours, (rows,)."""
        if number not in self._edges:
            if self._oscillates:  # each time has an inversion of its own
                self._edges[number] = self.at(np.array([2.0**number]))[0]
            else:
                self._few(number)
        return self._edges[number]

    def _few(self, number: int) -> Floats:
        """Each row at few points of an octave: as much work as one of them."""
        if number not in self._begun:
            values = self.at(2.0 ** (number + (1.0 + _chebyshev(POINTS[0])) / 2.0))
            self._begun[number] = values
            self._edges.setdefault(number, values[0])
            self._edges.setdefault(number + 1, values[-1])
        return self._begun[number]

    def _octave(self, number: int) -> tuple[Floats, Mask]:
        """Chebyshev coefficients (points, rows) in log2 t from ``number`` to ``number`` + 1; whether they suffice."""
        if number not in self._octaves:
            values = self._few(number)
            for points in POINTS:
                x, skip = _chebyshev(points), (points - 1) // (len(values) - 1)
                if skip > 1:  # every other point is one of those before
                    whole, new = np.empty((points, values.shape[1])), np.arange(points) % skip != 0
                    whole[::skip] = values
                    whole[new] = self.at(2.0 ** (number + (1.0 + x[new]) / 2.0))
                    values = whole
                coefficients = np.asarray(np.polynomial.chebyshev.chebfit(x, values, points - 1), np.float64)
                smooth = np.maximum(SMOOTH * np.abs(coefficients).max(axis=0), self.error)
                sufficient = np.abs(coefficients[-3:]).max(axis=0) <= smooth
                if sufficient.all():
                    break
            self._octaves[number] = coefficients, sufficient
        return self._octaves[number]

    def _value(self, number: int, row: int, x: float) -> float:
        """A row at a place from -1 to 1 within an octave."""
        return float(np.polynomial.chebyshev.chebval(x, self._octave(number)[0][:, row]))

    def median(self, row: int, guess: float) -> float:
        """Time by which half of those have come to whom it ever happens; nan where it never does."""
        from scipy.optimize import brentq

        half = float(self._ends[row]) / 2.0
        if not half > 0:
            return float("nan")
        guess = guess if 1e-15 < guess < 1e15 else 1.0
        number = math.floor(math.log2(guess * math.log(2.0)))
        while self._edge(number)[row] > half and number > -FARTHEST:
            number -= 1
        while self._edge(number + 1)[row] < half and number < FARTHEST:
            number += 1
        if abs(number) >= FARTHEST:
            return float("nan")
        if (self._value(number, row, -1.0) - half) * (self._value(number, row, 1.0) - half) > 0:
            return float(2.0 ** (number + float(self._edge(number)[row] < half)))  # within rounding of an edge
        x = brentq(lambda x: self._value(number, row, x) - half, -1.0, 1.0, xtol=1e-14, rtol=1e-12)
        if self._octave(number)[1][row]:
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
