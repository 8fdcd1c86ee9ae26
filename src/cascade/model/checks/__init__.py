"""The check of a model beyond types and ranges: everything that single fields cannot see.

It runs on whatever could be read of the model, so that a wrong number in one state and
a wrong name in another are reported together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cascade.common.errors import Fault
from cascade.model.checks import graph, references, units
from cascade.model.correlations import correlation_faults
from cascade.model.limits import MAX_MILESTONES, MAX_STAGES, MAX_STATES
from cascade.model.raw import RawState, items, raw_states


def check(data: Mapping[str, Any]) -> Iterator[Fault]:
    """All faults of a model given as a mapping of its fields.

    Reachability is judged on structure: a hazard of 0 still counts as a way.
    """
    states = raw_states(data)
    yield from graph.name_faults(data, states)
    yield from graph.state_faults(data, states)
    yield from graph.cause_faults(states)
    yield from graph.start_faults(data, states)
    yield from graph.way_faults(data, states)
    yield from references.frailty_faults(data, states)
    yield from correlation_faults(data)
    yield from units.factor_faults(data, states)
    yield from units.cluster_faults(data, states)
    yield from units.clash_faults(data, states)
    yield from references.capacity_faults(data, states)
    yield from references.treatment_faults(data, states)
    yield from references.site_faults(data)
    yield from references.route_faults(data)
    yield from references.source_faults(data)
    yield from _size_faults(data, states)


def _size_faults(data: Mapping[str, Any], states: Sequence[RawState]) -> Iterator[Fault]:
    expanded = sum(state.phases for state in states)
    if expanded > MAX_STATES:
        yield Fault("states", f"{expanded} after expansion", f"at most {MAX_STATES} states, phases counted")
    if len(items(data, "stages")) > MAX_STAGES:
        yield Fault("stages", f"{len(items(data, 'stages'))} stages", f"at most {MAX_STAGES} stages")
    milestones = {state.milestone for state in states if state.milestone}
    if len(milestones) > MAX_MILESTONES:
        yield Fault("states", f"{len(milestones)} milestones", f"at most {MAX_MILESTONES} distinct milestones")
