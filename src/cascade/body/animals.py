"""Animals as data: their circulation, the cells that are injected into them, and how often NK cells kill."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import Field, model_validator

from cascade.body.network import Circulation, Positive
from cascade.common.errors import InputError, nearest
from cascade.common.files import packaged
from cascade.model.base import Keys, Name, Part, Share, Source, Text
from cascade.model.observables import Observation

ANIMALS = ("mouse",)


class InjectedCells(Part):
    """Share of the cells that are of the class *held*, and the half-life of the others, in hours."""

    share_held: Share
    half_life_hours: Positive
    source: Keys = ()


class NaturalKillers(Part):
    """Share of the deaths in tissue that are by NK cells."""

    share: Share
    source: Keys = ()


class Injection(Part):
    """Where cells are put, the vessel that they come to, and what has been seen of such cells."""

    where: Name
    name: Name
    vessel: Name
    title: Text
    description: Text = ""
    observations: Annotated[tuple[Observation, ...], Field(strict=False)] = ()


class Animal(Part):
    """An animal.

    Parameters
    ----------
    tissue : str
        The route whose states at a site are those of the organs.
    circulation : Circulation
    cells : InjectedCells
    nk : NaturalKillers
    injections : tuple of Injection
    sources : tuple of Source
    """

    tissue: Name
    circulation: Circulation
    cells: InjectedCells
    nk: NaturalKillers
    injections: Annotated[tuple[Injection, ...], Field(strict=False)]
    sources: Annotated[tuple[Source, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _vessels_are_there(self) -> Animal:
        for one in self.injections:
            if self.circulation.is_bed(one.vessel) or one.vessel not in self.circulation.nodes:
                raise ValueError(f"a vessel of the circulation for '{one.where}', not '{one.vessel}'")
        return self

    def injection(self, where: str) -> Injection:
        """What is known of an injection, by where it is put or by the name of its model."""
        for one in self.injections:
            if where in (one.where, one.name):
                return one
        raise InputError(
            "where", where, f"a place of injection; {nearest(where, [one.where for one in self.injections])}"
        )


@cache
def animal(name: str) -> Animal:
    """An animal of the package by name."""
    if name not in ANIMALS:
        raise InputError("animal", name, f"an animal; {nearest(name, ANIMALS)}")
    data: dict[str, Any] = packaged("cascade.body", "data", "animals", f"{name}.toml")
    given = data["circulation"]
    capillaries = given.pop("capillaries")["volume"]
    flowing = {"vessels": data.pop("vessels"), "beds": data.pop("beds"), "sources": data["sources"]}
    body = Circulation(name=name, **given, capillary_volume=capillaries, **flowing)
    return Animal(**{**data, "circulation": body})


def animal_circulation(name: str = "mouse") -> Circulation:
    """The circulation of an animal.

    Parameters
    ----------
    name : str
        "mouse": of 20 g.

    Raises
    ------
    InputError
        For an animal that the package lacks.

    Examples
    --------
    >>> round(animal_circulation("mouse").organ_flow("liver"), 3)
    0.161
    """
    return animal(name).circulation
