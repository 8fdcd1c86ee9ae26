"""The parts of a disease: a tumour, what it sheds, its lesions, what differs between patients, death."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from cascade.common.frozen import FrozenDict
from cascade.common.numbers import plain_number
from cascade.model.base import FrozenMapping, Keys, Name, Part, Share, Text
from cascade.patient.growth import Growth
from cascade.patient.ranges import Apart, Cells, Established, Number, Rate, Ratio, Years


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
    """What lesions of one organ have of their own; what is not given is that of all.

    Parameters
    ----------
    growth_ratio, growth_spread, establishment, asleep, asleep_years, secondary : float, optional
    soil : float, optional
        Chance to found there, times that of the cells: organs as autopsies of patients find them.
    source : tuple of str
    """

    growth_ratio: Ratio | None = None
    growth_spread: Apart | None = None
    establishment: Established | None = None
    asleep: Share | None = None
    asleep_years: Years | None = None
    secondary: Share | None = None
    soil: Ratio | None = None
    source: Keys = ()


class Lesions(Part):
    """What becomes of a founder, from its first division on.

    Parameters
    ----------
    growth_ratio : float
        Pace of a lesion over that of the primary: it grows by the same law, so many times as fast.
    growth_spread : float, optional
        Standard deviation, between lesions, of the logarithm of that ratio, whose middle ``growth_ratio`` then is; the
        logarithm lies evenly between sqrt(3) times as much less and more. Not given: all lesions of an organ are alike.
        What lesions of paces of their own shed (``secondary`` above 0) is in the simulation alone, without an exact
        answer.
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
    growth_spread: Apart | None = None
    establishment: Established = 0.5
    early_days: Number = 300.0
    asleep: Share = 0.0
    asleep_years: Years = 5.0
    asleep_cells: Cells = 1e5
    secondary: Share = 0.0
    organs: FrozenMapping[Name, OrganLesions] = Field(default_factory=FrozenDict)
    source: Keys = ()

    soil: ClassVar[float] = 1.0  # of organs that have none of their own

    def of(self, organ: str, field: str) -> float:
        """A number of the lesions of an organ."""
        own = getattr(self.organs.get(organ), field, None)
        return float((getattr(self, field) if own is None else own) or 0.0)


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
    """Death of the tumour, by the number of its cells, and of other causes.

    Parameters
    ----------
    burden_cells : float
        Of primary and lesions together, but for those of ``not_counted``.
    not_counted : tuple of str, optional
        Sites whose lesions are not among these, and shed nothing, as nodes that grow without doing harm; a number of
        their own in ``organs`` kills even so.
    primary_cells : float, optional
        Of the primary alone.
    organs : mapping of str to float
        Of the lesions of a site together.
    other : Mortality, optional
    source : tuple of str
    """

    burden_cells: Cells = 1e12
    not_counted: Annotated[tuple[Name, ...], Field(strict=False, min_length=1)] | None = None
    primary_cells: Cells | None = None
    organs: FrozenMapping[Name, Cells] = Field(default_factory=FrozenDict)
    other: Mortality | None = None
    source: Keys = ()
