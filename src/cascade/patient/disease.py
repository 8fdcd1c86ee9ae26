"""A disease as data: a tumour that grows and sheds, the cells that it sheds, and what becomes of their lesions.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from cascade.body import Cancer, cancer, cancer_names
from cascade.body.routes import routes
from cascade.common.errors import Fault, InputError, ModelError, nearest
from cascade.common.files import as_path, parse_toml, write_atomically
from cascade.common.frozen import FrozenDict
from cascade.common.numbers import SHARE_TOLERANCE, plain_number
from cascade.common.portable import in_order
from cascade.model.base import FrozenMapping, Keys, Name, Part, Share, Source, Text, faults_of, rescaled
from cascade.model.parts import Correlation
from cascade.patient.checks import faults
from cascade.patient.clinic.blood_tests import BloodTests
from cascade.patient.founding import model_of, route_of, sources_by_blood
from cascade.patient.growth import Growth

Number = Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1e15, allow_inf_nan=False)]
Rate = Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1e15, allow_inf_nan=False)]
Cells = Annotated[float, BeforeValidator(plain_number), Field(ge=1, le=1e15, allow_inf_nan=False)]
Years = Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1000, allow_inf_nan=False)]
Ratio = Annotated[float, BeforeValidator(plain_number), Field(ge=0.01, le=100, allow_inf_nan=False)]
Established = Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1, allow_inf_nan=False)]

DAYS_PER_YEAR = 365.25


class Tumour(Part):
    """The primary tumour, from its first cell on.

    Parameters
    ----------
    growth : Growth
    onset_age_years : tuple of (float, float)
        Age of the patient at the first cell: uniform between the two.
    cells_per_cm3 : float
        Turns cells into millimetres: published values go from 1e8 to 1e9.
    source : tuple of str
    """

    growth: Growth
    onset_age_years: Annotated[tuple[Years, Years], Field(strict=False)] = (50.0, 50.0)
    cells_per_cm3: Annotated[float, BeforeValidator(plain_number), Field(ge=1e6, le=1e10)] = 1e9
    source: Keys = ()


class Shedding(Part):
    """Cells that enter a vessel or a cavity, by one route: ``per_day`` (n / at_cells)^exponent s^per_division.

    Parameters
    ----------
    route : str
        One of the cancer's routes; on a route that is not listed nothing is shed.
    per_day : float
        Cells a day that a tumour of ``at_cells`` sheds where it grows at the common pace.
    at_cells : float
    exponent : float
        Of the size: 1/3 shed by diameter, 2/3 by surface, 1 by volume.
    onset_cells : float
        No cell is shed before the tumour is as large.
    per_division : float
        Of the pace s of growth: 0 shed by time, 1 by division, above 1 more by aggressive tumours.
    source : tuple of str
    """

    route: Name
    per_day: Rate
    at_cells: Cells = 1e9
    exponent: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=2)] = 0.5
    onset_cells: Cells = 1e6
    per_division: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=3)] = 1.0
    source: Keys = ()


class OrganLesions(Part):
    """What lesions of one organ have of their own; what is not given is that of all."""

    growth_ratio: Ratio | None = None
    establishment: Established | None = None
    asleep: Share | None = None
    asleep_years: Years | None = None
    secondary: Share | None = None
    source: Keys = ()


class Lesions(Part):
    """What becomes of a founder, from its first division on.

    Parameters
    ----------
    growth_ratio : float
        Pace of a lesion over that of the primary: it grows by the same law, so many times as fast.
    establishment : float
        Share of founders whose cells never die out: 1 less death over birth, in the early phase.
    early_days : float
        Days, by the lesion's own clock, of birth and death by chance; then it grows by the law.
    asleep : float
        Share of lesions that stop at ``asleep_cells``, without vessels, shedding nothing.
    asleep_years : float
        Mean of the exponential time until they go on.
    asleep_cells : float
    secondary : float
        Shedding of a metastasis, times that of a primary of its size: from 0 to 1.
    organs : mapping of str to OrganLesions
    source : tuple of str
    """

    growth_ratio: Ratio = 1.0
    establishment: Established = 0.5
    early_days: Number = 300.0
    asleep: Share = 0.0
    asleep_years: Years = 5.0
    asleep_cells: Cells = 1e5
    secondary: Share = 0.0
    organs: FrozenMapping[Name, OrganLesions] = Field(default_factory=FrozenDict)
    source: Keys = ()

    def of(self, organ: str, field: str) -> float:
        """A number of the lesions of an organ."""
        own = getattr(self.organs.get(organ), field, None)
        return float(getattr(self, field) if own is None else own)


class Trait(Part):
    """Something that differs between patients: a positive number of mean 1, drawn once for each.

    Parameters
    ----------
    name : str
    spread : float
        Standard deviation of the logarithm ("lognormal"), or coefficient of variation ("gamma").
    distribution : str
    acts_on : tuple of str
        "growth" (it scales time), "seeding" (founding anywhere), "shedding.ROUTE", "soil.ORGAN" (founding there).
    source : tuple of str
    """

    name: Name
    spread: Annotated[float, BeforeValidator(plain_number), Field(ge=1e-3, le=5, allow_inf_nan=False)]
    distribution: Literal["lognormal", "gamma"] = "lognormal"
    acts_on: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    source: Keys = ()


class Subtype(Part):
    """A class of patients, and what their tumours are multiplied by."""

    name: Name
    share: Share
    growth: Ratio = 1.0
    shedding: FrozenMapping[Name, Rate] = Field(default_factory=FrozenDict)
    soil: FrozenMapping[Name, Rate] = Field(default_factory=FrozenDict)
    source: Keys = ()


class Mortality(Part):
    """Gompertz's law of death of other causes: ``per_year`` at an age, twice as much every ``doubling_years``."""

    per_year: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=10)]
    at_age: Years = 60.0
    doubling_years: Annotated[float, BeforeValidator(plain_number), Field(ge=1, le=100)] = 8.0
    source: Keys = ()


class Death(Part):
    """Death of the tumour, when primary and lesions come to ``burden_cells`` together, and of other causes."""

    burden_cells: Cells = 1e12
    other: Mortality | None = None
    source: Keys = ()


class Disease(Part):
    """A tumour that grows, sheds cells into the cascade and seeds lesions, which grow in their turn.

    Parameters
    ----------
    name, title, description, limits : str
    cells : str or Cancer
        The cells that are shed: a cancer of the package by name, or one of your own.
    efficiency : float
        The chance of a shed cell to found, times that of the cell model, whose absolute scale is not known
        (`cascade.scale`).
    years : float
        Years of the tumour that are followed, by default.
    tumour : Tumour
    shedding : tuple of Shedding
    lesions : Lesions
    traits : tuple of Trait
    correlations : tuple of Correlation
        Of the logarithms of two log-normal traits.
    subtypes : tuple of Subtype
    death : Death
    blood : BloodTests, optional
        What a laboratory looks for.
    sources : tuple of Source

    Raises
    ------
    ModelError
        With every fault at once.

    Notes
    -----
    For research and teaching, never for decisions about a patient.
    """

    name: Name
    title: Text = ""
    description: Text = ""
    limits: Text = ""
    cells: Name | Cancer
    efficiency: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=1e6, allow_inf_nan=False)] = 1.0
    years: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=200)] = 15.0
    tumour: Tumour
    shedding: Annotated[tuple[Shedding, ...], Field(strict=False, min_length=1)]
    lesions: Lesions = Field(default_factory=Lesions)
    traits: Annotated[tuple[Trait, ...], Field(strict=False)] = ()
    correlations: Annotated[tuple[Correlation, ...], Field(strict=False)] = ()
    subtypes: Annotated[tuple[Subtype, ...], Field(strict=False), AfterValidator(rescaled)] = ()
    death: Death = Field(default_factory=Death)
    blood: BloodTests | None = None
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            found = _of_cells(faults_of(error), data.get("cells"))
            raise ModelError(str(data.get("name", "?")), found, "disease") from None
        if found := list(self._faults()):
            raise ModelError(self.name, found, "disease")

    def _faults(self) -> Iterator[Fault]:
        if isinstance(self.cells, str) and self.cells not in cancer_names():
            accepted = f"the name of a cancer, or a cancer of your own; {nearest(self.cells, cancer_names())}"
            yield Fault("cells", self.cells, accepted)
            return
        shares = in_order(subtype.share for subtype in self.subtypes)
        if self.subtypes and abs(shares - 1.0) > SHARE_TOLERANCE:
            yield Fault("subtypes", shares, "shares that sum to 1")
        yield from faults(self)

    @cached_property
    def cancer(self) -> Cancer:
        """The cells that are shed."""
        return cancer(self.cells) if isinstance(self.cells, str) else self.cells

    @cached_property
    def sites(self) -> tuple[str, ...]:
        """Sites that cells come to by the routes on which they are shed."""
        model, routes = model_of(self.cancer), [shed.route for shed in self.shedding]
        states = {state.name: state for state in model.states}
        todo = [start.state for start in model.start.states if route_of(start.state) in routes]
        seen = set(todo)
        while todo:
            after = {move.to for move in states[todo.pop()].moves} - seen
            seen |= after
            todo += after
        colonies = {state.site for name, state in states.items() if name in seen and state.landmark == "colony"}
        return tuple(site.name for site in model.sites if site.name in colonies)

    @cached_property
    def can_shed(self) -> tuple[str, ...]:
        """Sites whose metastases can shed: organs with a capillary bed, nodes of a chain."""
        blood = next(route.name for route in routes().routes if route.circulates)
        shed = [s.route for s in self.shedding]
        can = set(sources_by_blood(self.cancer)) if blood in shed else set()
        chains = [use for use in self.cancer.routes if routes().route(use.name).chain and use.name in shed]
        can |= {site.name for use in chains for site in use.sites}
        return tuple(site for site in self.sites if site in can)

    @property
    def lesions_shed(self) -> bool:
        """Whether any metastasis sheds."""
        return any(self.lesions.of(site, "secondary") > 0 for site in self.can_shed)

    @property
    def sleeps(self) -> bool:
        """Whether any lesion sleeps."""
        return any(self.lesions.of(site, "asleep") > 0 for site in self.sites)

    @classmethod
    def from_toml(cls, text: str, *, where: str = "TOML") -> Disease:
        """A disease from TOML text; ``where`` names it in errors."""
        return cls(**parse_toml(text, where))

    def to_toml(self) -> str:
        """The disease as TOML text."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_defaults=True, exclude_none=True))

    def save(self, path: str | Path) -> None:
        """Write the disease as a TOML file, whole or not at all: a start for one of your own."""
        write_atomically(as_path(path), self.to_toml().encode())

    def with_(self, **fields: Any) -> Disease:
        """A changed, revalidated copy; a part may be given as a table of the fields that change.

        Examples
        --------
        >>> import cascade
        >>> cascade.disease("textbook").with_(lesions={"secondary": 0.0}).lesions.secondary
        0.0
        """
        changed: dict[str, Any] = {}
        for field, value in fields.items():
            if field not in Disease.model_fields:
                raise InputError("with_", field, f"a field of Disease; {nearest(field, Disease.model_fields)}")
            part = getattr(self, field)
            into = isinstance(part, Part) and isinstance(value, Mapping) and field != "cells"
            changed[field] = part.model_copy(update=_within(part, value)) if into else value
        return self.model_copy(update=changed)

    def digest(self) -> str:
        """Fingerprint of all that changes a result."""
        import hashlib
        import json

        texts = {"title", "description", "limits", "sources", "name", "years"}
        told = _unsourced(self.model_dump(mode="json", exclude=texts)) | {"cells": model_of(self.cancer).digest()}
        return hashlib.sha256(json.dumps(told, sort_keys=True, allow_nan=False).encode()).hexdigest()

    def mm(self, cells: float) -> float:
        """Diameter in millimetres of a ball of so many cells."""
        return 10.0 * float((6.0 * cells / (math.pi * self.tumour.cells_per_cm3)) ** (1.0 / 3.0))

    def cells_of(self, mm: float) -> float:
        """Cells of a ball of so many millimetres."""
        return math.pi / 6.0 * (mm / 10.0) ** 3 * self.tumour.cells_per_cm3

    def grade_of(self, keys: Keys) -> str:
        """The weakest evidence grade of some sources."""
        order = ("A", "B", "C", "D", "illustrative")
        grades = {source.key: source.grade for source in self.sources} | {"illustrative": "illustrative"}
        return max((grades[key] for key in keys), key=order.index, default="illustrative")


def _unsourced(data: Any) -> Any:
    """Data without the keys of sources."""
    if isinstance(data, dict):
        return {name: _unsourced(value) for name, value in data.items() if name != "source"}
    return [_unsourced(value) for value in data] if isinstance(data, list) else data


def _of_cells(every: Iterable[Fault], cells: object) -> list[Fault]:
    """Faults of a disease; of its cells those of what was given, a name or a table."""
    found = list(every)
    ours = [fault for fault in found if not fault.path.startswith("cells.")]
    if len(ours) < len(found) and not isinstance(cells, Mapping):
        return [
            Fault(
                "cells", cells, "the name of a cancer, without a control character, or a table with the fields of one"
            ),
            *ours,
        ]
    within = [fault for fault in found if fault.path.startswith("cells.Cancer")]
    return [replace(fault, path=fault.path.replace("cells.Cancer", "cells", 1)) for fault in within] + ours


def _within(part: Part, value: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a part, those that are parts themselves with what changes in them."""
    known = type(part).model_fields
    new: dict[str, Any] = {}
    for field, inner in value.items():
        if field not in known:
            raise InputError("with_", field, f"a field of {type(part).__name__}; {nearest(field, known)}")
        own = getattr(part, field)
        into = isinstance(own, Part) and isinstance(inner, Mapping)
        if isinstance(own, Growth) and into and inner.get("law", own.law) != own.law:
            new[field] = Growth(**inner)  # of another law, which has other numbers
        else:
            new[field] = own.model_copy(update=_within(own, inner)) if into else inner
    return new
