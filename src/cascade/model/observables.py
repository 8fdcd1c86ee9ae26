"""What is seen of a model: published figures, sites of colonies, how patients differ from cells."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from cascade.model.base import Hours, Keys, Name, Part, Share, Text


class Observation(Part):
    """A published figure that the model was calibrated to, or is to be compared with.

    ``role``: *calibrated* (it set a parameter), *predicted* (it did not), or *not available*
    (the model has no counterpart).  ``low`` and ``high`` are the published range, if any.
    """

    name: Name
    value: Annotated[float, Field(allow_inf_nan=False)]
    unit: Text
    role: Literal["calibrated", "predicted", "not available"]
    low: float | None = None
    high: float | None = None
    hours: Hours | None = None
    source: Keys = ()
    note: Text = ""


class Place(Part):
    """Where a state stands in pictures.

    Parameters
    ----------
    at : str
        A bed or vessel of the circulation, a site, the primary, or a place of its own name.
    step : int
        How many steps from there: cells that leave a vessel move on, state by state.
    """

    at: Name
    step: Annotated[int, Field(ge=0, le=1000)] = 0


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
    note: Text = ""
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
