"""The parts of every model: states with their moves and deaths, traits that differ between cells, the start."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cascade.common.numbers import plain_number
from cascade.model.base import Hazard, Hours, Keys, Name, Part, Share, Text, rescaled
from cascade.model.limits import MAX_STATES
from cascade.model.observables import Place


class _Ranged(Part):
    """A hazard per hour, and the range of it that its source states: 95 % of what it may be, for uncertainty alone."""

    low: Hazard | None = None
    high: Hazard | None = None

    @model_validator(mode="after")
    def _a_range(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("low and high, or neither of them")
        if self.low is not None and self.high is not None and not 0 < self.low < self.high:
            raise ValueError("low above 0 and below high")
        return self


class Move(_Ranged):
    """The cell goes on to another state, at ``hazard`` per hour (per phase, where there are several).

    ``low`` and ``high``: the range that the source states, for uncertainty alone.
    """

    to: Name
    hazard: Hazard
    source: Keys = ()


class Death(_Ranged):
    """The cell dies of a named cause, at ``hazard`` per hour, in every phase alike.

    ``low`` and ``high``: the range that the source states, for uncertainty alone.
    """

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
        The competing ways out.  States may lead to each other alone: cells that come there circle
        for ever, and whoever runs or solves the model gives an end (``until``).
    phases : int
        Number of exponential phases that the moves need, one after the other (Erlang).
        Each phase is passed at the summed hazard of the moves; deaths act throughout.
        With no deaths the mean sojourn is phases / (sum of the hazards of the moves).
    milestone : str
        Distinct cells that ever enter a state with this label are counted.
    site, landmark : str
        What it means for a site (see `Site`) that a cell enters: it is now *arrested* there, has
        *extravasated*, or founded a *colony*.  Labels for tables: the engine ignores them.
    route : str
        A route of the model that it belongs to: cells are counted by route, too.
    place : Place
        Where it stands in pictures: digests leave it out, ``==`` does not.
    """

    name: Name
    stage: Name | None = None
    moves: Annotated[tuple[Move, ...], Field(strict=False)] = ()
    deaths: Annotated[tuple[Death, ...], Field(strict=False)] = ()
    phases: Annotated[int, Field(ge=1, le=MAX_STATES)] = 1
    absorbing: bool = False
    milestone: Name | None = None
    site: Name | None = None
    landmark: Literal["arrested", "extravasated", "colony"] | None = None
    route: Name | None = None
    place: Place | None = None
    source: Keys = ()


class FrailHazard(Part):
    """A hazard (``state.target``, ``state.cause`` or ``*.cause``) that is multiplied by Z^power."""

    hazard: Text
    power: Annotated[float, Field(ge=-10, le=10, allow_inf_nan=False)] = 1.0


class Frailty(Part):
    """A factor Z > 0 of mean 1 that differs between cells and is drawn once for each.

    ``cv`` is its coefficient of variation, standard deviation / mean.
    """

    name: Name
    cv: Annotated[float, BeforeValidator(plain_number), Field(ge=1e-3, le=10, allow_inf_nan=False)]
    distribution: Literal["lognormal", "gamma"] = "lognormal"
    hazards: Annotated[tuple[FrailHazard, ...], Field(strict=False, min_length=1)]
    source: Keys = ()


class Correlation(Part):
    """Correlation of the logarithms of two log-normal frailties."""

    between: Annotated[tuple[Name, Name], Field(strict=False)]
    value: Annotated[float, BeforeValidator(plain_number), Field(gt=-1, lt=1, allow_inf_nan=False)]
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

    states: Annotated[tuple[StartShare, ...], Field(strict=False), AfterValidator(rescaled)]
    entry_hours: Annotated[tuple[Hours, Hours], Field(strict=False)] = (0.0, 0.0)
    source: Keys = ()
