"""The reference bodies and classes of cells of the package, read from its TOML files."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field

from cascade.body.network import CellClass, Circulation
from cascade.common.errors import InputError, is_number
from cascade.common.files import packaged
from cascade.common.frozen import FrozenDict
from cascade.model.base import FrozenMapping, Part, Share, Source, Text
from cascade.model.observables import Kind

SEXES = ("male", "female")


class Finding(Part):
    """How an organ was looked at in autopsies, its soil if it cannot be fitted, and what colonies there are."""

    detection: Share = 1.0
    soil: float = 0.0
    note: Text = ""
    kind: Kind = "distant"


class Cells(Part):
    """Classes of cells in the blood, and how metastases were found."""

    classes: Annotated[tuple[CellClass, ...], Field(strict=False)]
    organs: FrozenMapping[Text, Finding] = Field(default_factory=FrozenDict)
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()


@cache
def circulation(sex: str = "male") -> Circulation:
    """The circulation of a reference adult of ICRP Publication 89.

    Parameters
    ----------
    sex : str
        "male" or "female".

    Examples
    --------
    >>> body = circulation("female")
    >>> round(body.organ_flow("liver"), 3)
    0.275
    """
    if sex not in SEXES:
        raise InputError("sex", sex, "'male' or 'female'")
    data = packaged("cascade.body", "data", "circulation.toml")
    of_sex = data["sexes"][sex]
    beds = [{**bed, "flow": bed["flow"][sex]} for bed in data["beds"]]
    return Circulation(
        name=sex,
        **of_sex,
        capillary_volume=data["capillaries"]["volume"],
        vessels=data["vessels"],
        beds=beds,
        sources=data["sources"],
    )


@cache
def cells() -> Cells:
    """Classes of cells, without the fitted shares, and how each organ was looked at."""
    return Cells(**packaged("cascade.body", "data", "cells.toml"))


def cell_classes(share_held: float, *, half_life_hours: float | None = None) -> tuple[CellClass, CellClass]:
    """The two classes, *held* and *passing*, with the given share held.

    Parameters
    ----------
    share_held : float
    half_life_hours : float, optional
        Of the passing cells; default: that of patients (1.7 h). In mice it is 40 to 260 s.

    Examples
    --------
    >>> [cells.name for cells in cell_classes(0.1)]
    ['held', 'passing']
    """
    if not is_number(share_held) or not 0.0 <= share_held <= 1.0:
        raise InputError("share_held", share_held, "a share in [0, 1]")
    if half_life_hours is not None and (not is_number(half_life_hours) or not 0 < half_life_hours <= 1e9):
        raise InputError("half_life_hours", half_life_hours, "hours > 0")
    held, passing = cells().classes
    life = passing.half_life_hours if half_life_hours is None else float(half_life_hours)
    return (
        held.model_copy(update={"share": float(share_held)}),
        passing.model_copy(update={"share": 1.0 - float(share_held), "half_life_hours": life}),
    )


def finding(organ: str) -> Finding:
    """How an organ was looked at."""
    return cells().organs.get(organ, Finding())
