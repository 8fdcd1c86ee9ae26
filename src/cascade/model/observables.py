"""What is seen of a model: published figures, sites of colonies, how patients differ from cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cascade.common.frozen import FrozenDict
from cascade.model.base import FrozenMapping, Hours, Keys, Name, Part, Share, Text


class Observable(Part):
    """What an assay counts: cells in some states, and cells that have died of some causes.

    Parameters
    ----------
    name : str
        As the assay is called, such as "cells in lung".
    states : tuple of str, optional
        Cells in these states; ``*`` stands for any text.
    deaths : tuple of str, optional
        Cells that have died so by then: causes, or hazards as ``state.cause``; ``*`` stands for any text.

    Examples
    --------
    >>> Observable("dead of shear", deaths=["shear"]).deaths
    ('shear',)
    """

    name: Name
    states: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    deaths: Annotated[tuple[Text, ...], Field(strict=False)] = ()

    def __init__(self, name: str | None = None, /, **fields: Any) -> None:
        for field in ("states", "deaths"):  # one of them may stand alone
            if isinstance(fields.get(field), str):
                fields[field] = (fields[field],)
        super().__init__(**(fields if name is None else {"name": name, **fields}))

    @model_validator(mode="after")
    def _counts(self) -> Observable:
        if not self.states and not self.deaths:
            raise ValueError("states or deaths that it counts")
        return self


class Ask(Part):
    """What of a model is the counterpart of a published figure: a share of its cells, or a ratio of two.

    Parameters
    ----------
    states : tuple of str
        Cells in these states; ``*`` stands for any text.
    hours : float, optional
        At this time; default: in the end.
    among : tuple of str
        Divided by the share of cells in these states; default: by all cells.
    among_hours : float, optional
        At this time; default: at the same.
    treated : str, optional
        The ratio of the treated model's share to the untreated one's; a name of ``cascade.treatments()``.
    half_life : bool
        The time, in the unit of the figure, after which half of the cells are still in the states.
    """

    states: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    hours: Hours | None = None
    among: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    among_hours: Hours | None = None
    treated: Name | None = None
    half_life: bool = False


class Observation(Part):
    """A published figure that the model was calibrated to, or is to be compared with.

    ``role``: *calibrated* (it set a parameter), *predicted* (it did not), or *not available*
    (the model has no counterpart).  ``low`` and ``high`` are the published range, if any.
    ``ask``: what of the model it is compared with; without it by a script alone.
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
    ask: Ask | None = None


class RouteSteps(Part):
    """A route that states may belong to: its name, and what the steps of the cascade are called on it.

    Parameters
    ----------
    name : str
    steps : mapping of str to str
        By step of the model; a step that is not named here keeps its name.
    """

    name: Name
    steps: FrozenMapping[Name, Text] = Field(default_factory=FrozenDict)


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


Kind = Literal["distant", "nodal", "local"]
"""What a colony is to a doctor: a distant metastasis, one in lymph nodes, or growth where the primary is."""


class Site(Part):
    """A place where cells may found colonies, for tables and pictures by organ.

    Parameters
    ----------
    name : str
    route : str
        The way by which cells come there.
    kind : str
        What colonies here are: *distant* metastases, *nodal* ones, or *local* growth (into neighbours, along nerves
        and veins, in the organ of the primary).
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
    kind: Kind = "distant"
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

    A patient has a metastasis in a site with probability 1 - (1 + m / k)^(-k), where m is ``relative_cells`` times
    the chance of a cell to found a colony there, and 1 / k the squared coefficient of variation of m between patients
    (k none: all alike).

    Only the product m is known, from autopsies.  ``relative_cells`` is the number of cells at *this model's* chance per
    cell, which is that of mice: it compares organs, cancers and treatments, and is not the number of cells that a
    tumour sheds, nor one to be found in blood.  For an absolute scale see `cascade.scale`.

    ``errors``: standard errors of log m by site, where it was fitted; ``shared``: the part that is common to all.
    """

    relative_cells: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    k: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    errors: FrozenMapping[Name, Annotated[float, Field(ge=0, le=20)]] = Field(default_factory=FrozenDict)
    shared: Annotated[float, Field(ge=0, le=20)] = 0.0
    source: Keys = ()

    @model_validator(mode="before")
    @classmethod
    def _named_before(cls, data: Any) -> Any:
        """Files of earlier versions call it ``cells``."""
        if isinstance(data, Mapping) and "cells" in data and "relative_cells" not in data:
            return {**{name: value for name, value in data.items() if name != "cells"}, "relative_cells": data["cells"]}
        return data

    def share(self, colonies_per_cell: float, detection: float = 1.0) -> float:
        """Share of the patients in whom a metastasis is found.

        Examples
        --------
        >>> round(Exposure(relative_cells=1000, k=1).share(0.001), 3)
        0.5
        """
        m = self.relative_cells * colonies_per_cell
        missed = math.exp(-m) if self.k is None else (1.0 + m / self.k) ** -self.k
        return detection * (1.0 - missed)
