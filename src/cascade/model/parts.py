"""The parts of a model: states, hazards, traits, sites, treatments, sources; strict types, unchangeable."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from cascade.common.errors import Fault, ModelError, nearest
from cascade.model import checks

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\s.*][^.*\n\r\t]*$")]


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _not_absurdly_small(value: float) -> float:
    if 0 < value < LEAST_HAZARD:
        raise ValueError(f"0, or a hazard from {LEAST_HAZARD:g} to 1e12 per hour")
    return value


LARGEST_CLUSTER = 64
"""Most cells that leave together."""

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
    phases: Annotated[int, Field(ge=1, le=checks.MAX_STATES)] = 1
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


class Switch(Part):
    """A change of level, at ``hazard`` per hour."""

    level: Name
    to: Name
    hazard: Hazard
    source: Keys = ()


class LevelEffect(Part):
    """``factor`` on the hazards ``state.way`` or ``*.way`` while a cell is at a level."""

    level: Name
    hazard: str
    factor: Annotated[float, BeforeValidator(_plain), Field(ge=0, le=1e6, allow_inf_nan=False)]
    source: Keys = ()
    note: str = ""


class Factor(Part):
    """Something discrete that a cell has or is while it is in some states: a cloak, a phenotype.

    A cell that comes to one of the states from outside them begins at a level drawn by
    ``begin``; within them it keeps its level until it switches; outside them it has none.

    Parameters
    ----------
    name : str
    levels : tuple of str
        At least two.
    states : tuple of str
        Where it exists; ``*`` stands for any text.  Never in absorbing states.
    begin : mapping of str to float
        Shares of the levels of cells that come in; default: all at the first level.
    switches : tuple of Switch
        A treatment multiplies them as ``state.factor: level``, e.g. ``*.cloak: cloaked``.
    effects : tuple of LevelEffect

    Notes
    -----
    The clock of a factor has draws of its own, and a switch ends no visit: what is left of the
    exponentials of moves and deaths is used up on at the new hazards.  So the same cell with
    and without a cloak keeps its luck.
    """

    name: Name
    levels: Annotated[tuple[Name, ...], Field(strict=False, min_length=2, max_length=64)]
    states: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    begin: dict[Name, Share] = Field(default_factory=dict)
    switches: Annotated[tuple[Switch, ...], Field(strict=False)] = ()
    effects: Annotated[tuple[LevelEffect, ...], Field(strict=False)] = ()
    source: Keys = ()


class SizeShare(Part):
    """The share of the units that leave as ``size`` cells together."""

    size: Annotated[int, Field(ge=1, le=LARGEST_CLUSTER)]
    share: Share


class SizeEffect(Part):
    """What it does to a hazard (``state.way`` or ``*.way``) that n > 1 cells are together: ``factor`` * n^power."""

    hazard: str
    factor: Annotated[float, BeforeValidator(_plain), Field(ge=0, le=1e6, allow_inf_nan=False)] = 1.0
    power: Annotated[float, BeforeValidator(_plain), Field(ge=-10, le=10, allow_inf_nan=False)] = 0.0
    source: Keys = ()
    note: str = ""


class Breakage(Part):
    """Where clusters break in two.

    Parameters
    ----------
    state : str
        ``*`` stands for any text.
    on_entering : float
        Probability that a cluster breaks as it comes in, at one of its bonds, each as likely;
        it is part of the move, and no event of its own.
    hazard : float
        Per hour and bond, while it is there; a cluster of n cells is a chain with n - 1 bonds.
    """

    state: str
    on_entering: Share = 0.0
    hazard: Hazard = 0.0
    source: Keys = ()


class Clusters(Part):
    """Cells that leave together.

    A unit of n cells, numbered from 0, lives and dies as one.  Where it breaks, the fragment
    with the lowest member goes on with the unit's visits and the other starts its own; both
    keep the traits of the founder.  Shares of a funnel are then shares of all *cells*.

    Parameters
    ----------
    sizes : tuple of SizeShare
        How units leave.
    effects : tuple of SizeEffect
    breaks : tuple of Breakage
        A treatment multiplies their hazards as ``state.clusters: break``.
    """

    sizes: Annotated[tuple[SizeShare, ...], Field(strict=False, min_length=1)]
    effects: Annotated[tuple[SizeEffect, ...], Field(strict=False)] = ()
    breaks: Annotated[tuple[Breakage, ...], Field(strict=False)] = ()
    source: Keys = ()

    @property
    def largest(self) -> int:
        """Cells of the largest unit that leaves."""
        return max(part.size for part in self.sizes)


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
    >>> from cascade import Model
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
        keys = {source.key for source in self.sources} | {ILLUSTRATIVE}
        unknown = sorted({key for effect in self.effects for key in effect.source} - keys)
        if unknown:
            fault = Fault("effects.source", unknown[0], f"the key of a source; {nearest(unknown[0], sorted(keys))}")
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
        States whose cells count; ``*`` stands for any text.  A cell that has not entered yet
        counts as in its start state.
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

    @model_validator(mode="after")
    def _one_factor_each(self) -> Capacity:
        if self.factors is not None and len(self.factors) != len(self.windows):
            raise ValueError(f"one factor for each of the {len(self.windows)} windows, not {len(self.factors)}")
        return self


def faults_of(error: ValidationError) -> Iterator[Fault]:
    """Faults of types and ranges, in the words of this package."""
    for item in error.errors(include_url=False):
        path = ""
        for step in item["loc"]:
            path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
        given = None if item["type"] == "missing" else item["input"]
        if item["type"] == "too_short" and len(item["input"]) > item["ctx"]["actual_length"]:
            continue  # its entries have faults of their own
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
