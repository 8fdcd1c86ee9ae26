"""What was fitted to the autopsies: soil, the share of cells that is held, the exposure of patients.

The numbers stand in ``fitted.toml``, which experiments/fit_soil.py writes.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field

from cascade.common.files import packaged
from cascade.common.frozen import FrozenDict
from cascade.model.base import FrozenMapping, Name, Part, Share, Source

LogSoil = Annotated[float, Field(ge=-20, le=5.5, allow_inf_nan=False)]

LogError = Annotated[float, Field(ge=0, le=20, allow_inf_nan=False)]


class CancerFit(Part):
    """Of one cancer: log of the relative exposure of a patient, and how organs differ from their means (log).

    ``errors``: standard errors of the logarithm of the colonies that a patient is expected to have in each organ;
    ``shared``: of them the part that is common to all organs.
    """

    log_cells: Annotated[float, Field(ge=-50, le=100, allow_inf_nan=False)]
    deviation: FrozenMapping[Name, LogSoil] = Field(default_factory=FrozenDict)
    errors: FrozenMapping[Name, LogError] = Field(default_factory=FrozenDict)
    shared: LogError = 0.0


class Fit(Part):
    """Result of the fit.

    Parameters
    ----------
    share_held : float
        Share of the cells that are of the class *held*.
    k : float or None
        Heterogeneity between patients; none: all alike.
    tau : float
        Standard deviation of the deviations.
    widening : float
        How many times as spread they have to be for counts that were left out to lie inside their intervals; the
        errors are those of such deviations.
    soil : mapping of str to float
        Mean log soil of each organ over the cancers; they sum to 0.
    cancers : mapping of str to CancerFit
    """

    share_held: Share
    k: Annotated[float, Field(gt=0)] | None = None
    tau: float = 0.0
    widening: Annotated[float, Field(gt=0)] = 1.0
    soil: FrozenMapping[Name, LogSoil] = Field(default_factory=FrozenDict)
    cancers: FrozenMapping[Name, CancerFit] = Field(default_factory=FrozenDict)
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()


@cache
def fitted() -> Fit:
    """The fit of the package."""
    return Fit(**packaged("cascade.body", "data", "fitted.toml"))
