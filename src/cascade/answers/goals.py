"""How many cells of a conditioned model reached each of its goals."""

from __future__ import annotations

from collections.abc import Mapping

from cascade.common.errors import InputError
from cascade.model import Conditioned, Model
from cascade.model.conditioned import Target


def by_goal(
    model: Model, fates: Mapping[str, float], milestones: Mapping[str, float], passed: Mapping[str, float]
) -> dict[str, float]:
    """Of each goal how many cells reached it, or their share; a cell that reaches several counts in each.

    Parameters
    ----------
    model : Model
        A conditioned one.
    fates, milestones, passed : mapping of str to number
        By where cells ended, by milestone, by step.

    Raises
    ------
    InputError
        For a model of all cells; for a state that is left again, whose cells are not told from each other.
    """
    if not isinstance(model, Conditioned):
        raise InputError("model", model.name, "a conditioned model: cascade.given(model, goal)")
    return {
        name: _of(model, target, fates, milestones, passed)
        for name, target in zip(model.goal, model.targets, strict=True)
    }


def _of(
    model: Model,
    target: Target,
    fates: Mapping[str, float],
    milestones: Mapping[str, float],
    passed: Mapping[str, float],
) -> float:
    """How many reached one goal."""
    if target.kind == "step":
        return passed[target.name]
    if target.kind == "milestone":
        return milestones[target.name]
    if target.kind == "cause":
        deaths = (f"{state.name}.{death.cause}" for state in model.states for death in state.deaths)
        ends = [name for name in deaths if target.name in (name, name.split(".", 1)[1])]
    else:
        colonies = {state.name for state in model.states if state.landmark == "colony" and state.site == target.name}
        wanted = colonies if target.kind == "organ" else {target.name}
        states = [state for state in model.states if state.name in wanted]
        left = [state.name for state in states if not state.absorbing]
        if left:
            told = f"goals that are ends: cells that come to {left[0]!r} twice count twice; give it a milestone"
            raise InputError("goal", target.name, told)
        ends = [state.name for state in states]
    return sum(fates.get(name, 0) for name in ends)
