r"""By how much each hazard moves an answer: every derivative from two solves, one forward and one adjoint.

A question is what cells gain: 1 on arrival beyond a step, in a milestone; with every colony.  With x the time in
each state and h what a cell there will still gain, a hazard q_e from s to t moves the answer by

    d answer / d log q_e = q_e x_s (prize_e + h_t - h_s),

at z = 0 for whole lives; along a contour, over z, for an ``until``; and by a step off z = 0 for mean times.
Occupancy at many times has many questions at once: there it is cheaper to push the derivatives of x forward
beside x, one solve each for a hazard.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade.answers.gradient import Elasticities, Gradient
from cascade.answers.kinds import colonies_by_kind
from cascade.common.errors import InputError, nearest
from cascade.common.types import Complexes, Floats, Mask
from cascade.model import Conditioned
from cascade.solution.courses import Courses, known
from cascade.solution.laplace import Transform
from cascade.solution.passage_times import STEP
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes
from cascade.solution.windows import Windows


class Question(NamedTuple):
    """What cells gain.

    Attributes
    ----------
    inside : (S,) bool
        States in which they still may gain: whoever leaves them does not come back.
    gain : (S,) float
        At once, on arrival elsewhere.
    prize : (E,) float
        With every use of an exit.
    start : float
        Gained by cells that start there.
    """

    inside: Mask
    gain: Floats
    prize: Floats
    start: float


def question_of(prepared: Prepared, of: str) -> Question:
    """The question that a name asks: a step, a milestone, or colonies of an organ or of a kind.

    Raises
    ------
    InputError
        When it is none of these.
    """
    lowered, model = prepared.lowered, prepared.model
    none = np.zeros(len(lowered.exit_source))
    if of in lowered.stages or of in lowered.milestones:
        if of in lowered.stages:
            beyond = lowered.stage > lowered.stages.index(of)
        else:
            beyond = (lowered.state_milestone == lowered.milestones.index(of))[lowered.base]
        started = float(prepared.start_share[beyond[lowered.start_state]].sum())
        return Question(~beyond, beyond.astype(np.float64), none, started)
    of_kind = set(colonies_by_kind(model).get(of, ()))
    colonies = [i for i, s in enumerate(model.states) if s.name in of_kind or (s.landmark == "colony" and s.site == of)]
    if colonies:
        there = np.isin(lowered.base, colonies)
        entering = (lowered.exit_target >= 0) & ~lowered.exit_inner
        entering[entering] = there[lowered.exit_target[entering]]
        entering &= ~there[lowered.exit_source]
        prize = entering / lowered.size_of[lowered.exit_target]
        starts = lowered.start_state[there[lowered.start_state]]
        started = float(np.bincount(lowered.start_state, prepared.start_share, lowered.size)[starts].sum())
        return Question(np.ones(lowered.size, bool), np.zeros(lowered.size), prize, started)
    names = [*lowered.stages, *lowered.milestones, *colonies_by_kind(model), *(site.name for site in model.sites)]
    wanted = f"a step, a milestone, 'distant', 'nodal', 'local' or an organ with colonies; {nearest(of, names)}"
    raise InputError("of", of, wanted)


class Slopes(NamedTuple):
    """An answer, its derivatives by the logarithm of each hazard, (T,), and the errors of both."""

    value: float
    slope: Floats
    error: float
    slope_error: Floats


def slopes(prepared: Prepared, courses: Courses, question: Question) -> Slopes:
    """The answer and its derivatives; by ``until``, if there is one."""
    if prepared.changes:
        return _through_windows(prepared, question)
    inside, gain, prize, start = question

    def at(nodes: Nodes, z: Complexes) -> Complexes:
        value, slope = prepared.solver.gains(prepared.hazards(nodes), z, nodes.weights, inside, gain, prize)
        return np.column_stack([value, slope])

    if prepared.until is None:
        average = prepared.averaged(lambda nodes: _settled(at(nodes, np.zeros(1, np.complex128))), 2, absolute=1e-300)
        values, errors = average.values[0], average.errors[0]
    else:

        def transform_of(nodes: Nodes) -> Transform:
            return lambda z: at(nodes, z) / z[:, None]

        found = courses.averaged(transform_of, np.array([prepared.until]))
        values, errors = (part[0] for part in found)
        values = np.where(np.abs(values) > errors, values, 0.0)
    # Who starts beyond has gained whatever the hazards.
    counted = 0.0 if prize.any() else start
    by_time = 1.0 - float(courses.waiting(np.array([prepared.until]))[0]) if prepared.until is not None else 1.0
    value = float(values[0]) - counted * by_time + start
    return Slopes(value, np.asarray(values[1:]), float(errors[0]), np.asarray(errors[1:]))


def _through_windows(prepared: Prepared, question: Question) -> Slopes:
    """The same where hazards change with time."""
    inside, gain, prize, start = question

    def solve(nodes: Nodes) -> tuple[Floats, Floats]:
        asked = inside, gain, prize, np.zeros(len(gain))
        return Windows.summed(prepared.solver, prepared.hazards(nodes), nodes.weights, prepared.until, asked)

    average = prepared.averaged(solve, prepared.solves(3 * len(prepared.lowered.window_start)))
    values = np.where(np.abs(average.values) > average.errors, average.values, 0.0)
    return Slopes(float(values[0]) + start, np.asarray(values[1:]), float(average.errors[0]), average.errors[1:])


def _settled(values: Complexes) -> tuple[Floats, Floats]:
    """Real parts, and no error of their own."""
    return values.real, np.zeros(values.shape)


def mean_hours(prepared: Prepared, question: Question) -> Slopes:
    """Mean hours until it happens, of those to whom it ever does, and the derivatives by the logarithms of hazards.

    With F(z) the transform, mean = -F'(0) / F(0); F' is the imaginary part a step off 0.
    """
    prepared.only_whole_lives("mean times", ending=True, until=True)
    inside, gain, prize, _ = question

    def solve(nodes: Nodes) -> tuple[Floats, Floats]:
        hazards = prepared.hazards(nodes)
        value, slope = prepared.solver.gains(hazards, np.array([1j * STEP]), nodes.weights, inside, gain, prize)
        both = np.concatenate([value, slope[0]])
        parts = np.concatenate([both.real, both.imag / STEP])
        return parts, np.zeros_like(parts)

    average = prepared.averaged(solve, 2, absolute=1e-300, unbounded=True)
    (p, *by_p), (f, *by_f) = np.split(average.values, 2)
    (p_error, *by_p_error), (f_error, *by_f_error) = np.split(average.errors, 2)
    if not p > 0:
        none = np.full(len(by_p), np.nan)
        return Slopes(float("nan"), none, float("nan"), none)
    entry, mean = sum(prepared.lowered.entry_hours) / 2, f / p
    slope = -(np.array(by_f) - mean * np.array(by_p)) / p
    # To first order in the errors of what is divided.
    error = (f_error + abs(mean) * p_error) / p
    of_slope = (
        np.array(by_f_error) + abs(mean) * np.array(by_p_error) + error * np.abs(by_p) + np.abs(slope) * p_error
    ) / p
    return Slopes(float(entry - mean), slope, float(error), of_slope)


def occupancy_slopes(prepared: Prepared, courses: Courses, of: str, wrt: Sequence[int], times: Floats) -> Gradient:
    """Occupancy of a state at each time, and its derivatives by the logarithms of some hazards."""
    lowered = prepared.lowered
    column = lowered.states.index(of)
    if prepared.changes:
        values, errors = _presence_in_windows(prepared, lowered.base == column, times)
        every = [0, *(1 + t for t in wrt)]
        values, errors = values[:, every], errors[:, every]
    else:
        directions = np.array([lowered.exit_transition == t for t in wrt], np.float64)

        def transform_of(nodes: Nodes) -> Transform:
            shape = len(wrt), len(lowered.exit_source)
            return prepared.solver.presence(prepared.hazards(nodes), nodes.weights, directions.reshape(shape), column)

        values, errors = courses.averaged(transform_of, times)
    starts = lowered.base[lowered.start_state] == column
    values[:, 0] += courses.waiting(times) * float(prepared.start_share[starts].sum())
    names = tuple(lowered.transitions[t].name for t in wrt)
    slope = np.where(np.abs(values[:, 1:]) > errors[:, 1:], values[:, 1:], 0.0).T
    return Gradient(of, times, known(values[:, 0], errors[:, 0]), names, slope, errors[:, 0], errors[:, 1:].T)


def _presence_in_windows(prepared: Prepared, states: Mask, times: Floats) -> tuple[Floats, Floats]:
    """Shares of cells in a set of states at each time and their derivatives, (n, 1 + T), where hazards change.

    Without the cells that have not entered yet.  To be there at a time is to gain 1 at it: each time is a question.
    """
    lowered = prepared.lowered
    stay = states & lowered.absorbing
    # What is never left is gained on arrival: no cell starts there.
    asked = ~stay, stay.astype(np.float64), np.zeros(len(lowered.exit_source)), (states & ~stay).astype(np.float64)
    windows = 3 * len(lowered.window_start)

    def solve(nodes: Nodes) -> tuple[Floats, Floats]:
        hazards, rows = prepared.hazards(nodes), (len(times), 1 + len(lowered.transitions))
        values, errors = np.zeros(rows), np.zeros(rows)
        for i, time in enumerate(times.tolist()):
            values[i], errors[i] = Windows.summed(prepared.solver, hazards, nodes.weights, time, asked)
        return values, errors

    average = prepared.averaged(solve, prepared.solves(windows * max(1, len(times))))
    return average.values, average.errors


def _of_all_cells(prepared: Prepared) -> None:
    """Refuse a conditioned model: a hazard changes the chance to reach its goal as well."""
    if isinstance(prepared.model, Conditioned):
        wanted = "a model of all cells, such as the source of this one: hazards change who reaches its goal, too"
        raise InputError("model", prepared.model.name, wanted)


def elasticities(prepared: Prepared, courses: Courses, of: str | None, *, mean_hours: bool) -> Elasticities:
    """What stands in `cascade.solution.answer.Exact.elasticities`."""
    _of_all_cells(prepared)
    value, slope, _, _ = _of_number(prepared, courses, of, hours=mean_hours)
    by_value = slope / value if value > 0 else np.full(len(slope), np.nan)
    names = (transition.name for transition in prepared.lowered.transitions)
    return Elasticities(zip(names, by_value.tolist(), strict=True))


def gradient(
    prepared: Prepared, courses: Courses, of: str | None, wrt: Sequence[str] | None, times: Floats | None
) -> Gradient:
    """What stands in `cascade.solution.answer.Exact.gradient`."""
    _of_all_cells(prepared)
    lowered = prepared.lowered
    numbers = _hazards_like(prepared, wrt)
    if times is None:
        value, slope, error, wrong = _of_number(prepared, courses, of, hours=False)
        names = tuple(lowered.transitions[t].name for t in numbers)
        return Gradient(of or lowered.stages[-1], None, value, names, slope[numbers], error, wrong[numbers])
    if of not in lowered.states:
        wanted = f"the name of a state, whose occupancy is asked for at times; {nearest(str(of), lowered.states)}"
        raise InputError("of", of, wanted)
    return occupancy_slopes(prepared, courses, of, numbers, times)


def _of_number(prepared: Prepared, courses: Courses, of: str | None, *, hours: bool) -> Slopes:
    """An answer that is one number, and its derivatives."""
    question = question_of(prepared, prepared.lowered.stages[-1] if of is None else of)
    return mean_hours(prepared, question) if hours else slopes(prepared, courses, question)


def _hazards_like(prepared: Prepared, wrt: Sequence[str] | None) -> list[int]:
    """Numbers of the hazards that patterns name, in the order of the model."""
    if wrt is None:
        return list(range(len(prepared.lowered.transitions)))
    if isinstance(wrt, str) or not all(isinstance(name, str) for name in wrt):
        raise InputError("wrt", wrt, "a list of names of hazards, as 'state.way'")
    found: set[int] = set()
    for name in wrt:
        matching = prepared.model.hazard_table.matching(name)
        if not matching:
            names = [transition.name for transition in prepared.lowered.transitions]
            raise InputError("wrt", name, f"a hazard of the model, or a pattern of some; {nearest(name, names)}")
        found.update(matching)
    return sorted(found)
