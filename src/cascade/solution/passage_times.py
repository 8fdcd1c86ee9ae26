"""How long it takes those that get there: means from a derivative at 0, medians by bisection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cascade.common.types import Floats
from cascade.solution.courses import Courses
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes, refinements

MEAN_TOLERANCE = 1e-6
STEP = 1e-30
"""Of derivatives by a complex step, which are exact: nothing cancels, however small the step is."""


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
    rows = []
    for k, name in enumerate(lowered.stages, 1):
        at_once = float(prepared.start_share[lowered.stage[lowered.start_state] >= k].sum())
        mean, p = _mean(prepared, complex(shifted.entered[0, k]), at_once)
        reached = _step_reached(prepared, courses, k)
        rows.append(_row(name, "step", p, mean if sure else float("nan"), mean, reached, at_once=at_once))
    for cause in causes:
        of_cause = [i for i, t in enumerate(lowered.transitions) if t.is_death and t.way == cause]
        mean, p = _mean(prepared, complex(shifted.lost[0][:, of_cause].sum()), 0.0)
        reached = _cause_reached(courses, of_cause)
        rows.append(_row(cause, "cause", p, mean if sure else float("nan"), mean, reached, at_once=0.0))
    return rows


def _mean(prepared: Prepared, value: complex, at_once: float) -> tuple[float, float]:
    """Mean hours of those to whom it happens, and its probability, from the transform near 0."""
    p = value.real
    if p <= 0:
        return float("nan"), 0.0
    entry = sum(prepared.lowered.entry_hours) / 2
    return (-value.imag / STEP + entry * (p - at_once)) / p, p


def _step_reached(prepared: Prepared, courses: Courses, k: int) -> Callable[[float], float]:
    """Probability of having passed to stage ``k`` or beyond by a time."""
    beyond = prepared.lowered.stage >= k
    if not prepared.solver.has_cycle:
        return lambda t: courses.hit_by(beyond, t, prepared.curve_nodes)
    return lambda t: float(courses.at(np.array([t]))[0][0, k])


def _cause_reached(courses: Courses, of_cause: Sequence[int]) -> Callable[[float], float]:
    """Probability of having died of a cause by a time."""
    return lambda t: float(courses.wholes(np.array([t]))[0][0, list(of_cause)].sum())


def _row(
    name: str, kind: str, p: float, mean: float, guess: float, reached: Callable[[float], float], *, at_once: float
) -> PassageTime:
    if p <= 0:
        return PassageTime(name, kind, 0.0, float("nan"), float("nan"))
    median = 0.0 if at_once >= p / 2 else _median(lambda t: reached(t) - p / 2, guess)
    return PassageTime(name, kind, p, mean, median)


def _median(rest: Callable[[float], float], guess: float) -> float:
    """Root of an increasing function of time, by bisection on a log scale around a guess."""
    from scipy.optimize import brentq

    low, high = guess * 1e-3, guess
    while rest(low) > 0 and low > 1e-15:
        low *= 1e-3
    while rest(high) < 0 and high < 1e15:
        high *= 2
    if rest(low) > 0 or rest(high) < 0:
        return float("nan")
    return float(brentq(rest, low, high, xtol=1e-300, rtol=1e-10))


def refined(prepared: Prepared, of: Callable[[Nodes], Floats]) -> tuple[Nodes, bool]:
    """Nodes at which a mean over the frailties stays as it is, and whether it does.

    Those of the probabilities may be too few for a mean time, which may even be infinite.
    """
    last: Floats | None = None
    for nodes in refinements(prepared.lowered):
        value = np.asarray(of(nodes), np.float64)
        if len(nodes.weights) == 1 or nodes.replicate.any():
            return nodes, True
        if last is not None and np.allclose(value, last, rtol=MEAN_TOLERANCE, atol=1e-300):
            return nodes, True
        last = value
    return prepared.nodes, False
