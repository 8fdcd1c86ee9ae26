"""A multi-state model of the cascade: states, competing hazards, frailties, a start.

A cell in a state leaves by one of its *moves* or dies of one of its *causes*; each has a
cause-specific hazard per hour.  The model is checked when it is made and cannot be
changed afterwards; ``with_`` gives a changed copy.
"""

from __future__ import annotations

import hashlib
import json
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tomli_w
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from cascade import graph
from cascade.errors import Fault, InputError, ModelError, is_number, is_whole, nearest
from cascade.files import write_atomically

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\s.*][^.*\n\r\t]*$")]


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _not_absurdly_small(value: float) -> float:
    if 0 < value < LEAST_HAZARD:
        raise ValueError(f"0, or a hazard from {LEAST_HAZARD:g} to 1e12 per hour")
    return value


LEAST_HAZARD = 1e-15
"""Smallest hazard above 0: once in a hundred billion years."""

Hazard = Annotated[
    float,
    BeforeValidator(_plain),
    Field(ge=0, le=1e12, allow_inf_nan=False),
    AfterValidator(_not_absurdly_small),
]
Share = Annotated[float, BeforeValidator(_plain), Field(ge=0, le=1, allow_inf_nan=False)]
Hours = Annotated[float, BeforeValidator(_plain), Field(ge=0, le=1e9, allow_inf_nan=False)]
Keys = Annotated[tuple[str, ...], Field(strict=False)]

ILLUSTRATIVE = "illustrative"
"""Key of the source of a number that is chosen for teaching and cites nothing."""


class Part(BaseModel):
    """Base of the parts: strict types, no unknown field, unchangeable."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Source(Part):
    """Where a number comes from.

    ``grade`` A: read in the full text or the data; B: in the abstract; C: quoted by
    another work; D: recalled, not verified; ``illustrative``: chosen, not measured.
    """

    key: Name
    citation: str = Field(min_length=1)
    grade: Literal["A", "B", "C", "D", "illustrative"]
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None
    note: str = ""


class Move(Part):
    """The cell goes on to another state, at ``hazard`` per hour (per phase, where there are several)."""

    to: Name
    hazard: Hazard
    source: Keys = ()


class Death(Part):
    """The cell dies of a named cause, at ``hazard`` per hour, in every phase alike."""

    cause: Name
    hazard: Hazard
    source: Keys = ()


class State(Part):
    """A state of a cell.

    Parameters
    ----------
    stage : str
        The stage of the cascade that a cell here is trying to pass.  An absorbing state
        without a stage lies beyond the last one: to reach it is to succeed.
    moves, deaths : tuple
        The competing ways out.
    phases : int
        Number of exponential phases that the moves need, one after the other (Erlang).
        Each phase is passed at the summed hazard of the moves; deaths act throughout.
        With no deaths the mean sojourn is phases / (sum of the hazards of the moves).
    milestone : str
        Distinct cells that ever enter a state with this label are counted.
    site, landmark : str
        What it means for a site (see `Site`) that a cell enters: it is now *arrested* there, has
        *extravasated*, or founded a *colony*.  Labels for tables: the engine ignores them.
    """

    name: Name
    stage: Name | None = None
    moves: Annotated[tuple[Move, ...], Field(strict=False)] = ()
    deaths: Annotated[tuple[Death, ...], Field(strict=False)] = ()
    phases: Annotated[int, Field(ge=1, le=graph.MAX_STATES)] = 1
    absorbing: bool = False
    milestone: Name | None = None
    site: Name | None = None
    landmark: Literal["arrested", "extravasated", "colony"] | None = None
    source: Keys = ()


class FrailHazard(Part):
    """A hazard (``state.target``, ``state.cause`` or ``*.cause``) that is multiplied by Z^power."""

    hazard: str
    power: Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)] = 1.0


class Frailty(Part):
    """A factor Z > 0 of mean 1 that differs between cells and is drawn once for each.

    ``cv`` is its coefficient of variation, standard deviation / mean.
    """

    name: Name
    cv: Annotated[float, BeforeValidator(_plain), Field(ge=1e-3, le=10, allow_inf_nan=False)]
    distribution: Literal["lognormal", "gamma"] = "lognormal"
    hazards: Annotated[tuple[FrailHazard, ...], Field(strict=False, min_length=1)]
    source: Keys = ()


class Correlation(Part):
    """Correlation of the logarithms of two log-normal frailties."""

    between: Annotated[tuple[Name, Name], Field(strict=False)]
    value: Annotated[float, BeforeValidator(_plain), Field(gt=-1, lt=1, allow_inf_nan=False)]
    source: Keys = ()


class StartShare(Part):
    """The share of the cells that start in a state."""

    state: Name
    share: Share = 1.0


class Start(Part):
    """Where and when cells begin: a distribution over states, and an entry time.

    The time of entry is uniform between the two ``entry_hours`` (default: all at 0).
    Until it enters, a cell waits in its start state.
    """

    states: Annotated[tuple[StartShare, ...], Field(strict=False)]
    entry_hours: Annotated[tuple[Hours, Hours], Field(strict=False)] = (0.0, 0.0)
    source: Keys = ()


class Observation(Part):
    """A published figure that the model was calibrated to, or is to be compared with.

    ``role``: *calibrated* (it set a parameter), *predicted* (it did not), or *not available*
    (the model has no counterpart).  ``low`` and ``high`` are the published range, if any.
    """

    name: Name
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: str
    role: Literal["calibrated", "predicted", "not available"]
    low: float | None = None
    high: float | None = None
    hours: Hours | None = None
    source: Keys = ()
    note: str = ""


class Site(Part):
    """A place where cells may found colonies, for tables and pictures by organ.

    Parameters
    ----------
    name : str
    route : str
        The way by which cells come there.
    flow : float, optional
        Blood that passes its capillary beds, in parts of the cardiac output (the lung has two beds).
    soil : float, optional
        Natural logarithm of how much better than average a cell fares here once it is held.
    own : bool
        Whether the primary itself lies here.
    found, of : int, optional
        Autopsies with a metastasis here, of how many.
    detection : float
        Probability that a metastasis here would have been found.
    scored : bool
        Whether ``found`` can be compared with the model (it was reached by this route).
    note : str
    """

    name: Name
    route: Name
    flow: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    soil: Annotated[float, Field(allow_inf_nan=False)] | None = None
    own: bool = False
    found: Annotated[int, Field(ge=0)] | None = None
    of: Annotated[int, Field(ge=1)] | None = None
    detection: Share = 1.0
    scored: bool = False
    note: str = ""
    source: Keys = ()


class Exposure(Part):
    """How patients differ from cells: what turns colonies per cell into shares of patients.

    A patient whose tumour sends out ``cells`` cells has a metastasis in a site with probability
    1 - (1 + m / k)^(-k), where m is the expected number of colonies there and 1 / k the
    squared coefficient of variation of the exposure between patients (k none: all alike).
    """

    cells: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    k: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    source: Keys = ()

    def share(self, colonies_per_cell: float, detection: float = 1.0) -> float:
        """Share of the patients in whom a metastasis is found.

        Examples
        --------
        >>> round(Exposure(cells=1000, k=1).share(0.001), 3)
        0.5
        """
        m = self.cells * colonies_per_cell
        missed = math.exp(-m) if self.k is None else (1.0 + m / self.k) ** -self.k
        return detection * (1.0 - missed)


class Effect(Part):
    """What a treatment does to hazards: ``factor`` on ``state.way`` or ``*.way``."""

    hazard: str
    factor: Annotated[float, BeforeValidator(_plain), Field(ge=0, le=1e6, allow_inf_nan=False)]
    source: Keys = ()
    note: str = ""


class Treatment(Part):
    """Factors on hazards for a while, the same for all cells.

    Parameters
    ----------
    name, title, description, limits : str
    effects : tuple of Effect
        At least one of them must be on a hazard of the model that is treated.
    start_hours : float
        When it begins.
    end_hours : float, optional
        When it ends; default: never.
    sources : tuple of Source

    Examples
    --------
    >>> shield = Treatment(name="shield", effects=[{"hazard": "*.shear", "factor": 0.1}], end_hours=24)
    >>> model = Model.from_survival({"arrest": 0.8}, causes={"arrest": {"shear": 1.0}})
    >>> model.with_treatments(shield).treatments[0].end_hours
    24.0
    """

    name: Name
    title: str = ""
    description: str = ""
    limits: str = ""
    effects: Annotated[tuple[Effect, ...], Field(strict=False, min_length=1)]
    start_hours: Hours = 0.0
    end_hours: Hours | None = None
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise ModelError(f"treatment {data.get('name', '?')}", faults_of(error)) from None
        if self.end_hours is not None and self.end_hours <= self.start_hours:
            fault = Fault("end_hours", self.end_hours, f"a time after its start ({self.start_hours:g} h)")
            raise ModelError(f"treatment {self.name}", [fault])

    def during(self, start_hours: float, end_hours: float | None = None) -> Treatment:
        """The same treatment at another time."""
        return Treatment(**{**dict(self), "start_hours": start_hours, "end_hours": end_hours})


class Capacity(Part):
    """What cells share: hazards that fall as more cells are there, because those who kill are few.

    In each window the hazards are multiplied by 1 / (1 + n / half), where n cells occupy the
    capacity as the window begins.  Cells are then not independent: ``simulate`` finds the
    factors that its own cells bring about, and the model of its result holds them.

    Parameters
    ----------
    occupied_by : tuple of str
        States whose cells count; ``*`` stands for any text.
    hazards : tuple of str
        Hazards that are multiplied, ``state.way`` or ``*.way``.
    half : float
        Number of cells at which they are halved.
    windows : tuple of float
        Hours at which the windows begin, rising from 0; the last has no end.
    factors : tuple of float, optional
        What a run has found.
    """

    name: Name = "immune capacity"
    occupied_by: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    hazards: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    half: Annotated[float, BeforeValidator(_plain), Field(gt=0, le=1e18, allow_inf_nan=False)]
    windows: Annotated[tuple[Hours, ...], Field(strict=False, min_length=1, max_length=5000)]
    factors: Annotated[tuple[Share, ...], Field(strict=False)] | None = None
    source: Keys = ()


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
    sites : tuple of Site, optional
        Where the cells may settle; the states name them.
    exposure : Exposure, optional
        What an autopsied patient amounts to, in cells.
    treatments : tuple of Treatment, optional
        Overlapping ones multiply.
    capacity : Capacity, optional
        What the cells share; without it they are independent.
    sources : tuple of Source, optional
    observations : tuple of Observation, optional
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
    title: str = ""
    description: str = ""
    limits: str = ""
    stages: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)]
    states: Annotated[tuple[State, ...], Field(strict=False)]
    start: Start
    frailties: Annotated[tuple[Frailty, ...], Field(strict=False, max_length=32)] = ()
    correlations: Annotated[tuple[Correlation, ...], Field(strict=False)] = ()
    sites: Annotated[tuple[Site, ...], Field(strict=False)] = ()
    exposure: Exposure | None = None
    treatments: Annotated[tuple[Treatment, ...], Field(strict=False)] = ()
    capacity: Capacity | None = None
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()
    observations: Annotated[tuple[Observation, ...], Field(strict=False)] = ()

    def __init__(self, /, **data: Any) -> None:
        if "start" not in data:
            data = {**data, "start": _default_start(data)}
        faults: list[Fault] = []
        try:
            super().__init__(**data)
        except ValidationError as error:
            faults += faults_of(error)
        faults += graph.check(data)
        if faults:
            raise ModelError(str(data.get("name", "?")), faults) from None

    @classmethod
    def from_survival(
        cls,
        survival: Mapping[str, float],
        *,
        mean_hours: Mapping[str, float] | float = 1.0,
        causes: Mapping[str, Mapping[str, float]] | None = None,
        phases: Mapping[str, int] | None = None,
        goal: str = "metastasis",
        name: str = "cascade",
        **fields: Any,
    ) -> Model:
        """A linear cascade from the survival probability of each step.

        Parameters
        ----------
        survival : mapping of str to float
            Probability of passing each step, in order; any names.
        mean_hours : mapping or float, optional
            Mean time in each step, of survivors and the lost together; 1 h where not given.
        causes : mapping, optional
            For each step the causes of loss with their weights; default: one, "lost".
        phases : mapping, optional
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
        faults = list(_survival_faults(survival, mean_hours, causes or {}, phases or {}))
        if faults:
            raise ModelError(name, faults)
        steps = list(survival)
        states: list[State] = []
        for step, target in zip(steps, [*steps[1:], goal], strict=True):
            k = (phases or {}).get(step, 1)
            hours = mean_hours[step] if isinstance(mean_hours, Mapping) and step in mean_hours else mean_hours
            move, death = _hazards_of(survival[step], 1.0 if isinstance(hours, Mapping) else hours, k)
            weights = (causes or {}).get(step, {"lost": 1.0})
            total = sum(weights.values())
            deaths = [{"cause": cause, "hazard": death * weight / total} for cause, weight in weights.items()]
            moves = [{"to": target, "hazard": move}]
            states.append({"name": step, "stage": step, "moves": moves, "deaths": deaths, "phases": k})  # type: ignore[arg-type]
        end = {"name": goal, "absorbing": True}
        return cls(name=name, stages=steps, states=[*states, end], **fields)

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
        new = {name: value for name, _, value in self.hazards()}
        for argument, changes in (("hazards", hazards or {}), ("scale", scale or {})):
            if not isinstance(changes, Mapping):
                raise InputError(argument, changes, "a mapping of names of hazards to numbers")
            for pattern, value in changes.items():
                found = graph.matching(str(pattern), new)
                if not found:
                    raise InputError(argument, pattern, f"the name of a hazard; {nearest(pattern, new)}")
                if not is_number(value):
                    raise InputError(f"{argument}[{pattern!r}]", value, "a number >= 0")
                for name in found:
                    new[name] = float(value) if argument == "hazards" else new[name] * value
        unknown = set(fields) - set(Model.model_fields)
        if unknown:
            raise InputError(
                "with_", sorted(unknown)[0], f"a field of Model; {nearest(sorted(unknown)[0], Model.model_fields)}"
            )
        data: dict[str, Any] = {field: getattr(self, field) for field in Model.model_fields}
        if hazards or scale:
            data["states"] = [_with_hazards(state, new) for state in self.states]
        return Model(**{**data, **fields})

    def with_treatments(self, *treatments: Treatment) -> Model:
        """A copy that is treated, beside what it was treated with before.

        Raises
        ------
        InputError
            When a treatment has no effect on any hazard of this model.
        """
        names = [name for name, _, _ in self.hazards()]
        for treatment in treatments:
            if not isinstance(treatment, Treatment):
                raise InputError("treatments", treatment, "a Treatment, such as cascade.treatment('nk-depletion')")
            if not any(graph.matching(effect.hazard, names) for effect in treatment.effects):
                acts = ", ".join(effect.hazard for effect in treatment.effects)
                raise InputError("treatments", treatment.name, f"one that acts on this model: it has none of {acts}")
        if not treatments:
            return self
        added, titles = (
            " + ".join(names) for names in zip(*((t.name, t.title or t.name) for t in treatments), strict=True)
        )
        title = f"{self.title or self.name}, {titles}"
        return self.with_(treatments=[*self.treatments, *treatments], name=f"{self.name} + {added}"[:80], title=title)

    def hazards(self) -> Iterator[tuple[str, Move | Death, float]]:
        """Every hazard as (name, part, value per hour), in the order of the states."""
        for state in self.states:
            for move in state.moves:
                yield f"{state.name}.{move.to}", move, move.hazard
            for death in state.deaths:
                yield f"{state.name}.{death.cause}", death, death.hazard

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
        try:
            data = tomllib.loads(text.removeprefix("\ufeff"))
        except (ValueError, RecursionError, AttributeError, TypeError) as error:
            raise InputError(where, str(error) or "nested too deep", "text in TOML (https://toml.io)") from None
        return cls(**data)

    def save(self, path: str | Path) -> None:
        """Write the model as a TOML file, whole or not at all."""
        write_atomically(Path(path), self.to_toml().encode())

    def digest(self) -> str:
        """SHA-256 over the whole model: two models are the same when it is."""
        # Without defaults: a field that is added in a later version changes no digest.
        canonical = json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()


def _default_start(data: Mapping[str, Any]) -> dict[str, Any]:
    first = next(iter(graph.items(data, "states")), None)
    name = graph.get(first, "name")
    return {"states": [{"state": name, "share": 1.0}] if isinstance(name, str) else []}


def faults_of(error: ValidationError) -> Iterator[Fault]:
    """Faults of types and ranges, in the words of this package."""
    for item in error.errors(include_url=False):
        path = ""
        for step in item["loc"]:
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
        given = None if item["type"] == "missing" else item["input"]
        words = _WORDS.get(item["type"], item["msg"].removeprefix("Value error, "))
        if item["type"] == "literal_error":
            words = f"one of {item['ctx']['expected']}"
        yield Fault(path or "model", given, words)


# What a person who writes a model in TOML is told, for the most common faults of type.
_WORDS = {
    "missing": "this field is required",
    "extra_forbidden": "no field of this name is known here",
    "string_pattern_mismatch": "a name that does not begin with a space and has no '.' or '*'",
    "string_type": "text",
    "float_type": "a number",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a table of fields",
    "finite_number": "a finite number",
    "dict_type": "a table of names and values",
    "too_short": "at least one entry",
}


def _hazards_of(p: float, hours: float, phases: int) -> tuple[float, float]:
    """Hazards per phase (move, death) for survival p and a mean sojourn in hours."""
    if p in (0.0, 1.0):
        total = phases / hours if p else 1.0 / hours
        return total * p, total * (1.0 - p)
    log_r = math.log(p) / phases
    fails = -math.expm1(log_r)
    total = (1.0 - p) / (fails * hours)
    return total * math.exp(log_r), total * fails


def _survival_faults(survival: Any, mean_hours: Any, causes: Any, phases: Any) -> Iterator[Fault]:
    """Faults of the arguments of ``from_survival``, whatever they are."""
    if not isinstance(survival, Mapping) or not survival:
        yield Fault("survival", survival, "a mapping of at least one step to its probability")
        return
    for step, p in survival.items():
        if not is_number(p) or not 0.0 <= p <= 1.0:
            yield Fault(f"survival[{step!r}]", p, "a probability in [0, 1]")
    for argument, given in (("causes", causes), ("phases", phases)):
        if not isinstance(given, Mapping):
            yield Fault(argument, given, "a mapping from the names of steps")
            return
    hours = mean_hours if isinstance(mean_hours, Mapping) else dict.fromkeys(survival, mean_hours)
    for step, h in hours.items():
        if not is_number(h) or not 0.0 < h <= 1e9:
            yield Fault(f"mean_hours[{step!r}]", h, "hours > 0, at most 1e9")
    for argument, mapping in (("mean_hours", hours), ("causes", causes), ("phases", phases)):
        for step in mapping:
            if step not in survival:
                yield Fault(f"{argument}[{step!r}]", step, f"the name of a step; {nearest(step, survival)}")
    for step, k in phases.items():
        if not is_whole(k) or not 1 <= k <= graph.MAX_STATES:
            yield Fault(f"phases[{step!r}]", k, f"a whole number from 1 to {graph.MAX_STATES}")
    for step, weights in causes.items():
        ok = isinstance(weights, Mapping) and weights and all(is_number(w) and 0 <= w < 1e300 for w in weights.values())
        if not ok or not sum(weights.values()) > 0:
            yield Fault(f"causes[{step!r}]", weights, "weights >= 0, at least one of them above 0")


def _with_hazards(state: State, new: Mapping[str, float]) -> dict[str, Any]:
    data = state.model_dump()
    for move in data["moves"]:
        move["hazard"] = new[f"{state.name}.{move['to']}"]
    for death in data["deaths"]:
        death["hazard"] = new[f"{state.name}.{death['cause']}"]
    return data
