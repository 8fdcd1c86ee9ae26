"""How often each transition happens: the time spent in a state times the hazard."""

from __future__ import annotations

import numpy as np

from cascade.common.types import Floats, Numbers
from cascade.solution.courses import Courses
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes


def expected_events(prepared: Prepared, courses: Courses, *, units: bool) -> dict[str, float]:
    """Uses of each transition per cell that starts (by ``until``); with ``units`` a cluster's count once."""
    lowered, until = prepared.lowered, prepared.until
    if prepared.changes:
        end = float("inf") if until is None else until
        if prepared.joint is not None:
            used = prepared.reaching.used(end, lowered.size_of if units else None)[0]
        else:
            used = prepared.marched([end], units=units)[0][0].used
        return {t.name: max(0.0, float(used[i])) for i, t in enumerate(lowered.transitions)}
    if until is None:
        # Of cells that all reach a goal the steps say nothing of the nodes that events need.
        by_exit = prepared.averaged(lambda nodes: _ever(prepared, nodes), 1, absolute=1e-300).values
    else:
        by_exit = courses.averaged(lambda nodes: lambda z: _uses(prepared, nodes, z) / z[:, None], np.array([until]))[
            0
        ][0]
    return _by_transition(prepared, by_exit / lowered.size_of[lowered.exit_source] if units else by_exit)


def _ever(prepared: Prepared, nodes: Nodes) -> tuple[Floats, Floats]:
    """Uses over whole lives, (E,), and no errors of their own."""
    uses = np.asarray(_uses(prepared, nodes, np.zeros(1))[0].real)
    return uses, np.zeros_like(uses)


def _by_transition(prepared: Prepared, by_exit: Floats) -> dict[str, float]:
    """Uses of exits added up; a step between phases is no event."""
    lowered = prepared.lowered
    outer, size = ~lowered.exit_inner, len(lowered.transitions)
    counts = np.bincount(lowered.exit_transition[outer], weights=by_exit[outer], minlength=size)
    return {t.name: max(0.0, float(counts[i])) for i, t in enumerate(lowered.transitions)}


def _uses(prepared: Prepared, nodes: Nodes, z: Numbers) -> Numbers:
    """Expected uses of each exit, (len(z), E): their transform, at z = 0 their number."""
    return prepared.solver.flows(prepared.hazards(nodes), z, nodes.weights, start=prepared.starts(nodes))[1]
