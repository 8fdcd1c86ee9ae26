"""A model of those cells alone that reach a goal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field

from cascade.common.arguments import Labelled
from cascade.common.errors import Fault, InputError, ModelError, nearest
from cascade.model.base import Text
from cascade.model.model import Model, check_model

Kind = Literal["step", "organ", "milestone", "state", "cause"]

DOES: dict[Kind, str] = {
    "step": "pass",
    "organ": "found a colony in",
    "milestone": "come to",
    "state": "come to",
    "cause": "die of",
}
"""What cells do that reach a goal of each kind."""


class Target(NamedTuple):
    """A goal, and what kind of goal it is."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        return f"{DOES[self.kind]} {self.name}"


class Conditioned(Model):
    """A model of those cells alone that reach a goal, each of them as likely as among all that do.

    Whatever takes a model takes it: its cells live whole lives of the law that the cells of ``source`` have, given
    that they reach one of the goals.  Hazards are those of all cells, as they stand in ``source``; what is changed by
    ``with_`` is changed there.

    Parameters
    ----------
    goal : tuple of str
        At least one.  Of several: cells that reach any of them.
    fields
        All fields of ``Model``.

    Raises
    ------
    ModelError
        For an unknown goal, and for models of which such lives cannot be told: with a capacity, or clusters that
        break.
    """

    goal: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]

    def __init__(self, /, **data: Any) -> None:
        super().__init__(**data)
        if faults := list(_faults(self)):
            raise ModelError(self.name, faults) from None

    @property
    def source(self) -> Model:
        """The model of all cells."""
        return Model(**{field: value for field, value in self if field != "goal"})

    def with_(self, **fields: Any) -> Model:
        """A changed copy, see ``Model.with_``; with another ``goal`` name and title, unless given, tell the new one."""
        changed = super().with_(**fields)
        if not isinstance(changed, Conditioned) or changed.goal == self.goal:
            return changed
        told = {"title": self.title.replace(self.told, changed.told), "name": self.name.replace(
            _named(self.targets), _named(changed.targets))[:80]}  # fmt: skip
        return Conditioned(**{**dict(changed), **{field: text for field, text in told.items() if field not in fields}})

    def injected(
        self, state: str | Mapping[str, float] | Labelled, *, entry_hours: Sequence[float] = (0.0, 0.0)
    ) -> Conditioned:
        """Cells that are injected, of which those that reach the goal; see ``Model.injected``."""
        return given(self.source.injected(state, entry_hours=entry_hours), self.goal)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The goals with their kinds."""
        return tuple(target_of(self, name) for name in self.goal)

    @property
    def told(self) -> str:
        """Which cells they are, in words."""
        return "cells that " + " or ".join(dict.fromkeys(map(str, self.targets)))


def given(model: Model, goal: str | Sequence[str]) -> Conditioned:
    """The model of those cells alone that reach a goal.

    Of a million cells perhaps one founds a metastasis; here every one does, and lives as those few do: with their
    traits, their ways and their times.  However rare success is, a life costs no more than any other.

    Parameters
    ----------
    model : Model
    goal : str or sequence of str
        A step that is passed, an organ in which a colony is founded, a milestone or a state that is come to, or a
        cause of death (of any state, or as ``state.cause``).  Where one name means several, the first of these; or
        with its kind, as ``"state: arrest"``.  Of several goals: cells that reach any of them.

    Returns
    -------
    Conditioned
        A model for ``simulate``, ``exact``, ``replay``, ``compare``.

    Raises
    ------
    InputError
        For an unknown goal; for one that no cell reaches, or with a chance below 1e-270, once the model is run.
    ModelError
        For a model with a capacity, or clusters that break.

    Examples
    --------
    >>> import cascade
    >>> few = cascade.given(cascade.load("textbook"), "macrometastasis")
    >>> cascade.simulate(few, cells=1000, seed=1).success
    1.0
    """
    if isinstance(check_model(model), Conditioned):
        raise InputError("model", model.name, "a model of all cells, such as the source of this one")
    names: object = [goal] if isinstance(goal, str) else goal
    if isinstance(names, bytes) or not isinstance(names, Sequence) or not names:
        raise InputError("goal", goal, f"the name of a goal, or several; {nearest('', goals_of(model))}")
    targets: dict[Target, str] = {}
    for name in names:
        targets.setdefault(target_of(model, name), name)
    title = f"{model.title or model.name}: cells that {' or '.join(map(str, targets))}"
    called = f"{model.name}{_named(targets)}"[:80]
    return Conditioned(**{**dict(model), "name": called, "title": title, "goal": tuple(targets.values())})


def _named(targets: Iterable[Target]) -> str:
    """What the name of a model says of its goals; names of models have no points."""
    return f" given {' or '.join(target.name for target in targets).replace('.', ' ')}"


def _names(model: Model) -> Iterator[Target]:
    """All goals there are, the first meaning of a name first."""
    colonies = {state.site for state in model.states if state.landmark == "colony"}
    yield from (Target("step", stage) for stage in model.stages)
    yield from (Target("organ", site.name) for site in model.sites if site.name in colonies)
    yield from (Target("milestone", state.milestone) for state in model.states if state.milestone)
    yield from (Target("state", state.name) for state in model.states)
    for state in model.states:
        for death in state.deaths:
            yield Target("cause", death.cause)
            yield Target("cause", f"{state.name}.{death.cause}")


def goals_of(model: Model) -> list[str]:
    """Names of all goals, states beyond the last step first."""
    return list(dict.fromkeys([*model.goals, *(target.name for target in _names(model))]))


def target_of(model: Model, name: object) -> Target:
    """The goal that a name means.

    Raises
    ------
    InputError
        When it means none.
    """
    known = list(dict.fromkeys(_names(model)))
    for target in known:
        if target.name == name:
            return target
    if isinstance(name, str) and ":" in name:
        kind, rest = (part.strip() for part in name.split(":", 1))
        for target in known:
            if target == (kind, rest):
                return target
    wanted = f"a step, an organ with colonies, a milestone, a state or a cause; {nearest(name, goals_of(model))}"
    raise InputError("goal", name, wanted)


def _faults(model: Conditioned) -> Iterator[Fault]:
    """Goals that are none, and models whose lives cannot be told given a goal."""
    for index, name in enumerate(model.goal):
        try:
            target_of(model, name)
        except InputError as error:
            yield Fault(f"goal[{index}]", name, error.accepted)
    why = "the model of a result, which holds the course that all cells bring about; their chance: cascade.chance"
    if model.capacity is not None and model.capacity.factors is None:
        yield Fault("capacity", model.capacity.name, why)
    if model.clusters is not None and model.clusters.breaks:
        told = [part.state for part in model.clusters.breaks]
        yield Fault("clusters.breaks", told, "none: of the parts of a cluster one may reach the goal and one not")


def model_of(data: Mapping[str, Any]) -> Model:
    """A model from its fields; with a goal among them, of the cells that reach it."""
    return Conditioned(**data) if "goal" in data else Model(**data)
