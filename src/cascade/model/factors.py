"""What a cell has or is for a while: factors with levels that switch, and cells that leave together."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from cascade.common.frozen import FrozenDict
from cascade.common.numbers import plain_number
from cascade.model.base import Hazard, Keys, Name, Part, Share, SharesByName, Text, rescaled


class Switch(Part):
    """A change of level, at ``hazard`` per hour."""

    level: Name
    to: Name
    hazard: Hazard
    source: Keys = ()


class LevelEffect(Part):
    """``factor`` on the hazards ``state.way`` or ``*.way`` while a cell is at a level."""

    level: Name
    hazard: Text
    factor: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1e6, allow_inf_nan=False)]
    source: Keys = ()
    note: Text = ""


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
    states: Annotated[tuple[Text, ...], Field(strict=False, min_length=1)]
    begin: SharesByName = Field(default_factory=FrozenDict)
    switches: Annotated[tuple[Switch, ...], Field(strict=False)] = ()
    effects: Annotated[tuple[LevelEffect, ...], Field(strict=False)] = ()
    source: Keys = ()


LARGEST_CLUSTER = 64
"""Most cells that leave together."""


class SizeShare(Part):
    """The share of the units that leave as ``size`` cells together."""

    size: Annotated[int, Field(ge=1, le=LARGEST_CLUSTER)]
    share: Share


class SizeEffect(Part):
    """What it does to a hazard (``state.way`` or ``*.way``) that n > 1 cells are together: ``factor`` * n^power."""

    hazard: Text
    factor: Annotated[float, BeforeValidator(plain_number), Field(ge=0, le=1e6, allow_inf_nan=False)] = 1.0
    power: Annotated[float, BeforeValidator(plain_number), Field(ge=-10, le=10, allow_inf_nan=False)] = 0.0
    source: Keys = ()
    note: Text = ""


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

    state: Text
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

    sizes: Annotated[tuple[SizeShare, ...], Field(strict=False, min_length=1), AfterValidator(rescaled)]
    effects: Annotated[tuple[SizeEffect, ...], Field(strict=False)] = ()
    breaks: Annotated[tuple[Breakage, ...], Field(strict=False)] = ()
    source: Keys = ()

    @property
    def largest(self) -> int:
        """Cells of the largest unit that leaves."""
        return max(part.size for part in self.sizes)
