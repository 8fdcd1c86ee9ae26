"""Where cells are shed from, and the ways from there: a route to a site, with the chance to found and the lives.

An *origin* is what drains a source: all organs that drain alike are one.  A *way* leads from an origin by a route to
a site; its chance is that of a shed cell to found there, by elimination without subtraction, so that it has the same
bits on every machine, and its cells are those of the model that is conditioned on founding there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from cascade.body import Cancer
from cascade.common.portable import in_order
from cascade.lowering.conditioned import aimed, chances, tilted
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.lowering.within_reach import LEAST_OF_A_MODEL
from cascade.model import Model
from cascade.model.conditioned import Conditioned, Target, given
from cascade.model.factors import Factor
from cascade.model.parts import Frailty, State
from cascade.patient.disease import Disease
from cascade.patient.founding import Founding, foundings, sources_by_lymph

PRIMARY = "primary"


@dataclass(frozen=True)
class Founds:
    """The goal of a way, and all of a conditioned model that its arrays need: making one takes twenty times longer."""

    site: str
    model: Model

    @property
    def targets(self) -> tuple[Target, ...]:
        """Founding in the site."""
        return (Target("organ", self.site),)

    @property
    def states(self) -> tuple[State, ...]:
        """All states of the cells."""
        return self.model.states

    @property
    def frailties(self) -> tuple[Frailty, ...]:
        """In what cells differ."""
        return self.model.frailties

    @property
    def factors(self) -> tuple[Factor, ...]:
        """What switches."""
        return self.model.factors


@dataclass(frozen=True)
class Way:
    """From an origin by a route to a site.

    Attributes
    ----------
    founding : Founding
        The cells of the route, from the vessel to their first division.
    site : str
    chance : float
        That a shed cell founds there.
    lowered : Lowered
        ``cells`` as arrays.
    """

    founding: Founding
    site: str
    chance: float
    lowered: Lowered

    @property
    def route(self) -> str:
        """The route."""
        return self.founding.route

    @cached_property
    def cells(self) -> Conditioned:
        """The model of those cells alone that found there: a founder is a cell of it."""
        return given(self.founding.model, f"organ: {self.site}")


@dataclass(frozen=True)
class Origin:
    """Sources that drain alike.

    Attributes
    ----------
    sources : tuple of str
        "primary", or organs.
    ways : tuple of Way
        By route, as the disease lists them, and by site.
    """

    sources: tuple[str, ...]
    ways: tuple[Way, ...]


def origins(disease: Disease) -> tuple[Origin, ...]:
    """Origins of a disease: that of the primary first, then those of organs whose metastases shed."""
    shed = tuple(s.route for s in disease.shedding)
    sources = tuple(site for site in disease.can_shed if disease.lesions.of(site, "secondary") > 0)
    return _origins(disease.cancer, shed, sources)


@lru_cache(maxsize=16)
def _origins(cancer: Cancer, shed: tuple[str, ...], sources: tuple[str, ...]) -> tuple[Origin, ...]:
    by_route = {founding.route: founding for founding in foundings(cancer)}
    made = [Origin((PRIMARY,), _ways(tuple(by_route[route] for route in shed)))]
    drained: dict[tuple[tuple[str, float], ...], list[str]] = {}
    nodes = sources_by_lymph(cancer)
    for site in sources:
        drainage = {site: 1.0} if site in nodes else cancer.from_site(site).drainage
        drained.setdefault(tuple(sorted(drainage.items())), []).append(site)
    made += [Origin(tuple(organs), _ways(foundings(cancer, organs[0]))) for organs in drained.values()]
    return tuple(made)


def _ways(founded: tuple[Founding, ...]) -> tuple[Way, ...]:
    ways = []
    for founding in founded:
        every = lower(founding.model)
        colonies = [state.site for state in founding.model.states if state.landmark == "colony"]
        for site in sorted({site for site in colonies if site is not None}):
            made, aim = aimed(Founds(site, founding.model), every)
            h = chances(aim, np.ones((1, 1)))
            # Of all cells: those that begin where the site is never reached are none of ``made``.
            total = in_order(every.start_share.tolist())
            chance = in_order((made.start_share * h[0, made.start_state]).tolist()) / total
            if chance > LEAST_OF_A_MODEL:
                ways.append(Way(founding, site, chance, tilted(made, aim, h)))
    return tuple(ways)
