r"""How a tumour becomes known: symptoms by size, screening, and the eyes that look at diagnosis.

A lesion with n cells gives symptoms with the hazard ``per_year`` (n / n_0)^exponent, n_0 cells at ``at_mm``; of less
than ``least_mm`` it gives none.  With the exponent of shedding this is the race between diagnosis and seeding.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from cascade.common.frozen import FrozenDict
from cascade.common.numbers import plain_number
from cascade.model.base import FrozenMapping, Keys, Name, Part, Share
from cascade.patient.ranges import Millimetres, Rate, Years


class Symptoms(Part):
    """Symptoms by size.

    Parameters
    ----------
    per_year : float
        Hazard of a lesion of ``at_mm``.
    at_mm : float
    exponent : float
        Of the number of cells: 1 by volume, 1/3 by diameter.
    least_mm : float
        A smaller lesion gives none.
    source : tuple of str
    """

    per_year: Rate
    at_mm: Millimetres = 20.0
    exponent: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=2)] = 1.0
    least_mm: Millimetres = 2.0
    source: Keys = ()


class Screening(Part):
    """Regular visits at which an eye looks at the primary of people without symptoms.

    Parameters
    ----------
    eye : str
    from_age, to_age : float
        The first visit is some time within ``every_years`` of ``from_age``; none is after ``to_age``.
    every_years : float
    attends : float
        Share of the people who come.
    source : tuple of str
    """

    eye: Name
    from_age: Years
    to_age: Years
    every_years: Annotated[float, BeforeValidator(plain_number), Field(ge=0.25, le=100, allow_inf_nan=False)] = 2.0
    attends: Share = 1.0
    source: Keys = ()


class Presentation(Part):
    """How a tumour becomes known.

    Parameters
    ----------
    primary, lesions : Symptoms, optional
        Of the primary, and of a metastasis.
    organs : mapping of str to Symptoms
        Of metastases in an organ, instead of those of all.
    screening : tuple of Screening
    staging : tuple of str
        Eyes that look at diagnosis.
    years : float
        Years of the tumour that are followed under a care, by default.
    source : tuple of str
    """

    primary: Symptoms | None = None
    lesions: Symptoms | None = None
    organs: FrozenMapping[Name, Symptoms] = Field(default_factory=FrozenDict)
    screening: Annotated[tuple[Screening, ...], Field(strict=False, max_length=8)] = ()
    staging: Annotated[tuple[Name, ...], Field(strict=False, max_length=8)] = ()
    years: Annotated[float, BeforeValidator(plain_number), Field(gt=0, le=200, allow_inf_nan=False)] = 25.0
    source: Keys = ()

    def of(self, site: str) -> Symptoms | None:
        """Symptoms of metastases in a site."""
        return self.organs.get(site, self.lesions)
