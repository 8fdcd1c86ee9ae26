"""A multi-state model of the cascade: states, competing hazards, frailties, a start.

A cell in a state leaves by one of its *moves* or dies of one of its *causes*; each has a
cause-specific hazard per hour.  The model is checked when it is made and cannot be
changed afterwards; ``with_`` gives a changed copy.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tomli_w
from pydantic import Field, ValidationError

from cascade.common.arguments import Labelled
from cascade.common.errors import Fault, InputError, ModelError, is_number, nearest
from cascade.common.files import as_path, parse_toml, write_atomically
from cascade.model.base import HAZARDS, ILLUSTRATIVE, Name, Part, Source, Text, faults_of, is_hazard
from cascade.model.checks import check
from cascade.model.factors import Clusters, Factor
from cascade.model.hazards import HazardTable
from cascade.model.injection import injected_fields, start_in, told_of_injection
from cascade.model.observables import Exposure, Observable, Observation, RouteSteps, Site
from cascade.model.parts import Correlation, Death, Frailty, Move, Start, State
from cascade.model.raw import get, items, listed
from cascade.model.survival import given_by_step, in_words_of_arguments, linear_states, survival_faults
from cascade.model.treatments import Capacity, Treatment

if TYPE_CHECKING:
    from cascade.model.conditioned import Conditioned


class Model(Part):
    """A multi-state model with competing hazards.

    Parameters
    ----------
    name : str
        Short name.
    stages : tuple of str
        The steps of the cascade in order: the rows of the funnel.
    states : tuple of State
        At least one.
    start : Start, optional
        Default: all cells in the first state at time 0.
    frailties : tuple of Frailty, optional
    correlations : tuple of Correlation, optional
        Of log-normal frailties; those not named are 0.
    factors : tuple of Factor, optional
    clusters : Clusters, optional
        Cells that leave together; without it each leaves alone.
    sites : tuple of Site, optional
        Where the cells may settle; the states name them.
    routes : tuple of RouteSteps, optional
        Ways that cells take; the states name theirs, and cells are counted by route.
    exposure : Exposure, optional
        What an autopsied patient amounts to, in cells.
    treatments : tuple of Treatment, optional
        Overlapping ones multiply.
    capacity : Capacity, optional
        What the cells share; without it they are independent.
    sources : tuple of Source, optional
    observations : tuple of Observation, optional
    observables : tuple of Observable, optional
        What assays count.
    title, description, limits : str, optional

    Raises
    ------
    ModelError
        With every fault of types, ranges and graph at once.

    Examples
    --------
    >>> model = Model.from_survival({"shedding": 0.1, "colonization": 0.02})
    >>> [state.name for state in model.states]
    ['shedding', 'colonization', 'metastasis']
    """

    name: Name
    title: Text = ""
    description: Text = ""
    limits: Text = ""
    stages: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    states: Annotated[tuple[State, ...], Field(strict=False)]
    start: Start
    frailties: Annotated[tuple[Frailty, ...], Field(strict=False, max_length=32)] = ()
    correlations: Annotated[tuple[Correlation, ...], Field(strict=False)] = ()
    factors: Annotated[tuple[Factor, ...], Field(strict=False, max_length=8)] = ()
    clusters: Clusters | None = None
    sites: Annotated[tuple[Site, ...], Field(strict=False)] = ()
    routes: Annotated[tuple[RouteSteps, ...], Field(strict=False)] = ()
    exposure: Exposure | None = None
    treatments: Annotated[tuple[Treatment, ...], Field(strict=False)] = ()
    capacity: Capacity | None = None
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()
    observations: Annotated[tuple[Observation, ...], Field(strict=False)] = ()
    observables: Annotated[tuple[Observable, ...], Field(strict=False)] = ()

    def __init__(self, /, **data: Any) -> None:
        data = listed(data)
        if "start" not in data:
            data = {**data, "start": _default_start(data)}
        faults: list[Fault] = []
        try:
            super().__init__(**data)
        except ValidationError as error:
            faults += faults_of(error)
        faults += check(data)
        if faults:
            raise ModelError(str(data.get("name", "?")), faults) from None

    @classmethod
    def from_survival(
        cls,
        survival: Mapping[str, float] | Labelled,
        *,
        mean_hours: Mapping[str, float] | Labelled | float = 1.0,
        causes: Mapping[str, Mapping[str, float]] | None = None,
        phases: Mapping[str, int] | Labelled | None = None,
        goal: str = "metastasis",
        name: str = "cascade",
        **fields: Any,
    ) -> Model:
        """A linear cascade from the survival probability of each step.

        Parameters
        ----------
        survival : mapping of str to float, or pandas.Series
            Probability of passing each step, in order; any names.
        mean_hours : mapping, pandas.Series or float, optional
            Mean time in each step, of survivors and the lost together; 1 h where not given.
        causes : mapping, optional
            For each step the causes of loss with their weights; default: one, "lost".
        phases : mapping or pandas.Series, optional
            For each step the number of Erlang phases; default 1.
        goal : str
            Name of the final state.
        fields
            Further fields of the model.

        Notes
        -----
        With k phases, each phase is passed with probability r = p^(1/k), and the total
        hazard is (1 - p) / ((1 - r) m) for a mean of m hours; for p = 1 it is k / m.

        Examples
        --------
        >>> Model.from_survival({"arrest": 0.8}, mean_hours=2).states[0].moves[0].hazard
        0.4
        """
        for field in fields:
            if field not in cls.model_fields or field in ("stages", "states"):
                raise InputError("from_survival", field, "a field of Model other than stages and states")
        shares, times, lost_to, erlang = given_by_step(survival, mean_hours, causes, phases)
        if faults := list(survival_faults(shares, times, lost_to, erlang)):
            raise ModelError(name, faults)
        if not isinstance(goal, str) or goal in shares:
            raise InputError("goal", goal, "the name of what is reached in the end, not that of a step")
        steps, states = list(shares), linear_states(shares, times, lost_to, erlang, goal)
        try:
            return cls(name=name, stages=steps, states=states, **fields)
        except ModelError as error:
            # What follows from the first step alone, since nobody gave a start, is no fault of its own.
            own = [fault for fault in error.faults if "start" in fields or not fault.path.startswith("start")]
            raise ModelError(name, in_words_of_arguments(own, steps, goal, times)) from None

    def with_(
        self,
        *,
        hazards: Mapping[str, float] | None = None,
        scale: Mapping[str, float] | None = None,
        **fields: Any,
    ) -> Model:
        """A changed, revalidated copy.

        Parameters
        ----------
        hazards : mapping, optional
            New hazards (per hour) by name: ``state.target``, ``state.cause``, ``*.cause``.
        scale : mapping, optional
            Factors on named hazards, applied after ``hazards``.
        fields
            New values of whole fields, e.g. ``name="mine"``.

        Examples
        --------
        >>> model = Model.from_survival({"arrest": 0.8})
        >>> changed = model.with_(scale={"arrest.lost": 0.5})
        >>> changed.states[0].deaths[0].hazard == model.states[0].deaths[0].hazard / 2
        True
        """
        table, values = self.hazard_table, [row.part.hazard if row.part else 0.0 for row in self.hazard_table]
        given: dict[int, tuple[str, object]] = {}
        for argument, changes in (("hazards", hazards or {}), ("scale", scale or {})):
            if not isinstance(changes, Mapping):
                raise InputError(argument, changes, "a mapping of names of hazards to numbers")
            for pattern, value in changes.items():
                changed, by = table.named(pattern, argument), f"{argument}[{pattern!r}]"
                if not is_number(value):
                    raise InputError(by, value, "a number >= 0")
                if not 0 <= value < float("inf"):
                    raise ModelError(self.name, [Fault(by, value, "a number >= 0")])
                for number in changed:
                    values[number] = float(value) if argument == "hazards" else values[number] * float(value)
                    given[number] = by, value
        for number, (by, what) in given.items():
            if not is_hazard(values[number]):
                wanted = f"a number that leaves a hazard of {HAZARDS}; {table.rows[number].name} would be"
                raise ModelError(self.name, [Fault(by, what, f"{wanted} {values[number]:.3g} per hour")])
        known = type(self).model_fields
        unknown = set(fields) - set(known)
        if unknown:
            raise InputError("with_", sorted(unknown)[0], f"a field of Model; {nearest(sorted(unknown)[0], known)}")
        data = dict(self)
        if hazards or scale:
            data["states"] = [
                _with_hazards(state, [values[number] for number in table.of_state(i)])
                for i, state in enumerate(self.states)
            ]
        try:
            return type(self)(**{**data, **fields})
        except ModelError as error:
            raise (told_of_injection(error, self.name, fields["start"]) if "start" in fields else error) from None

    def injected(
        self, state: str | Mapping[str, float] | Labelled, *, entry_hours: Sequence[float] = (0.0, 0.0)
    ) -> Model:
        """The model of cells that are injected: they begin in ``state``, and what they cannot come to falls away.

        Parameters
        ----------
        state : str, mapping of str to float, or pandas.Series
            A state that is not absorbing; or several, with shares that sum to 1.
        entry_hours : pair of float
            Cells enter at a time uniform between the two, in hours; default: all at 0, from which times of
            treatments count.

        Returns
        -------
        Model
            With the states and stages that can still be reached, and of sites, frailties, factors, treatments,
            breaks of clusters and sources what still has a meaning.  Counts of autopsies, the exposure of patients
            and published figures of the old start fall away.  Where the start is this already, the same model.

        Raises
        ------
        InputError
            For a state that is unknown or absorbing, or shares that do not sum to 1.

        Notes
        -----
        Cells are as those that leave the primary: their traits are drawn anew (nothing has been selected on the
        way), a factor begins at the levels of cells that come into the state, and units have the sizes of the
        model's clusters; ``injected(...).with_(clusters=None)`` injects single cells.

        Examples
        --------
        >>> model = Model.from_survival({"shedding": 0.1, "arrest": 0.5, "growth": 0.02})
        >>> model.injected("arrest").stages
        ('arrest', 'growth')
        """
        start = start_in(self, state, entry_hours)
        if start.model_copy(update={"source": self.start.source}) == self.start:
            return self
        return Model(**injected_fields(self, start))

    def with_treatments(self, *treatments: Treatment) -> Model:
        """A copy that is treated, beside what it was treated with before.

        Raises
        ------
        InputError
            When a treatment has no effect on any hazard of this model.
        """
        for treatment in treatments:
            if not isinstance(treatment, Treatment):
                raise InputError("treatments", treatment, "a Treatment, such as cascade.treatment('nk-depletion')")
            if not any(self.hazard_table.matching(effect.hazard) for effect in treatment.effects):
                acts = ", ".join(effect.hazard for effect in treatment.effects)
                one = next((row.name for row in self.hazard_table if row.part is not None), "state.cause")
                effect = f"{{'hazard': {one!r}, 'factor': {treatment.effects[0].factor:g}}}"
                wanted = (
                    f"one that acts on a hazard of this model, which has none of {acts}; written for it, with hazards"
                    f" of its own: cascade.Treatment(name={treatment.name!r}, effects=[{effect}])"
                )
                raise InputError("treatments", treatment.name, wanted)
        if not treatments:
            return self
        added, titles = (
            " + ".join(names) for names in zip(*((t.name, t.title or t.name) for t in treatments), strict=True)
        )
        title = f"{self.title or self.name}, {titles}"
        return self.with_(treatments=[*self.treatments, *treatments], name=f"{self.name} + {added}"[:80], title=title)

    def given(self, goal: str | Sequence[str]) -> Conditioned:
        """The model of those cells alone that reach a goal; see ``cascade.given``."""
        from cascade.model.conditioned import given

        return given(self, goal)

    @cached_property
    def hazard_table(self) -> HazardTable:
        """All hazards, numbered; those of switches among them."""
        return HazardTable.of(self)

    def hazards(self) -> Iterator[tuple[str, Move | Death, float]]:
        """Every move and death as (name, part, value per hour), in the order of the states."""
        return ((row.name, row.part, row.part.hazard) for row in self.hazard_table if row.part is not None)

    def hazard_names(self) -> list[str]:
        """Names of all hazards: moves and deaths, then the switches of factors and of breaking."""
        rows = self.hazard_table
        return [row.name for row in rows if row.part is not None] + [row.name for row in rows if row.part is None]

    @property
    def goals(self) -> tuple[str, ...]:
        """Names of the states that lie beyond the last stage."""
        return tuple(state.name for state in self.states if state.stage is None)

    def grade_of(self, source: Sequence[str]) -> str:
        """Weakest evidence grade among the sources of a number; '' when it has none."""
        order = ("A", "B", "C", "D", ILLUSTRATIVE)
        grades = {s.key: s.grade for s in self.sources} | {ILLUSTRATIVE: ILLUSTRATIVE}
        return max((grades[key] for key in source), key=order.index, default="")

    def to_toml(self) -> str:
        """The model as TOML; ``from_toml`` gives back an equal model."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_defaults=True, exclude_none=True))

    @classmethod
    def from_toml(cls, text: str, *, where: str = "TOML") -> Model:
        """A model from TOML text; ``where`` names it in errors.

        Raises
        ------
        InputError
            When the text is not TOML.
        ModelError
            When it is not a model.
        """
        from cascade.model.conditioned import model_of

        return model_of(parse_toml(text, where))

    def save(self, path: str | Path) -> None:
        """Write the model as a TOML file, whole or not at all."""
        write_atomically(as_path(path), self.to_toml().encode())

    def digest(self) -> str:
        """SHA-256 over the whole model: two models are the same when it is."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        # Without defaults: a field that is added in a later version changes no digest.
        # Nor do places in pictures, what figures are asked, what colonies are called and how well exposures are
        # known: no life depends on them.
        untold = {"states": "place", "observations": "ask", "sites": "kind"}
        exclude: dict[str, Any] = {field: {"__all__": {part: True}} for field, part in untold.items()}
        for ways in ("moves", "deaths"):  # how well a hazard is known moves no cell
            exclude["states"]["__all__"][ways] = {"__all__": {"low", "high"}}
        exclude["exposure"] = {"errors", "shared"}
        exclude["observables"] = True  # they are looked at, and move no cell
        content = self.model_dump(mode="json", exclude_defaults=True, exclude=exclude)
        if self.exposure is not None:  # as it was called when the first digests were taken
            content["exposure"]["cells"] = content["exposure"].pop("relative_cells")
        canonical = json.dumps(content, sort_keys=True, allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def check_model(model: object) -> Model:
    """A model; a name is not one."""
    if not isinstance(model, Model):
        raise InputError("model", model, "a Model, e.g. from cascade.load('textbook')")
    return model


def _default_start(data: Mapping[str, Any]) -> dict[str, Any]:
    first = next(iter(items(data, "states")), None)
    name = get(first, "name")
    return {"states": [{"state": name, "share": 1.0}] if isinstance(name, str) else []}


def _with_hazards(state: State, values: Sequence[float]) -> dict[str, Any]:
    """Fields of a state with other hazards of its moves and deaths, in their order."""
    data = state.model_dump()
    for way, value in zip([*data["moves"], *data["deaths"]], values, strict=False):
        way["hazard"] = value
    return data
