"""What the exact answer needs of a disease, in order: sources that shed, ways from them, classes of lesions alike.

Lesions are alike as sources when they drain alike, grow, establish, sleep and shed alike: one class.  Class 0 is the
primary.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats, Ints
from cascade.patient.delays import Delays, delays_of
from cascade.patient.disease import Disease
from cascade.patient.growth import Growth
from cascade.patient.lowered import WIDEST, curve_of, early_phase, group_names, largest_that_sheds, own_times
from cascade.patient.origins import origins
from cascade.patient.ranges import MOST_CELLS
from cascade.patient.renewal import early_sizes

LEAST_PACES = 2
"""Points of the rule over paces of single lesions, where nobody says how many."""

LEAST_EXPONENT = 0.5
"""Of the size, for the width of panels: what does not come from shedding changes with age too."""


@dataclass(frozen=True)
class Route:
    """How cells are shed by one route, in days of own time."""

    rate: float  # of one cell to the power of the exponent, a day
    exponent: float
    per_division: float
    onset: float


@dataclass(frozen=True, eq=False)
class Kind:
    """Lesions that grow and establish alike: what their early phase leaves.

    Where lesions of a site grow at paces of their own they are of several kinds: points of a rule over the paces.

    Attributes
    ----------
    ratio : float
    left : float
        Share of founders of its sites that are of this kind and have a cell at its end.
    own, share : (K,) float
        Own times of the sizes of what is left, and their shares.
    sites : (n,) int
    """

    ratio: float
    left: float
    own: Floats
    share: Floats
    sites: Ints


@dataclass(frozen=True, eq=False)
class Class:
    """Sources alike.

    Attributes
    ----------
    ratio, share : float
        Of growth and of shedding, over those of the primary.
    kind : int
        Of its early phase; -1: the primary.
    sites : (n,) int
    origin : int
    route : int
        By which a lesion sheds: the primary sheds by all.
    """

    ratio: float
    share: float
    kind: int
    sites: Ints
    origin: int
    route: int = -1


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways from an origin."""

    route: Ints
    site: Ints
    chance: Floats
    delays: Delays


def paces_apart(spread: float, points: int) -> list[tuple[float, float]]:
    """Factors of the pace of single lesions, and their shares: Gauss over logarithms that lie evenly."""
    if spread == 0.0:
        return [(1.0, 1.0)]
    x, w = np.polynomial.legendre.leggauss(points)
    return [(float(np.exp(WIDEST * spread * at)), float(share) / 2.0) for at, share in zip(x, w, strict=True)]


class Sources:
    """A disease as the exact answer reads it."""

    def __init__(self, disease: Disease) -> None:
        self.growth: Growth = disease.tumour.growth
        self.curve = curve_of(self.growth)
        lesions, sites = disease.lesions, disease.sites
        self.sites, self.groups = sites, group_names(disease)
        self.early = float(lesions.early_days)
        self.asleep_own = self.own([lesions.asleep_cells])[0] if disease.sleeps else np.inf
        self.burden_own = float(self.own([disease.death.burden_cells])[0])
        self.routes = tuple(
            Route(s.per_day * s.at_cells**-s.exponent, s.exponent, s.per_division, float(self.own([s.onset_cells])[0]))
            for s in disease.shedding
        )
        # As in the simulation, a tumour that is larger than that sheds evenly.
        self.even_own = float(self.own([largest_that_sheds(disease)])[0])
        # Later a tumour has nearly its largest size.
        self.last = float(self.own([min(MOST_CELLS, 0.999 * self.growth.most)])[0])
        names = [s.route for s in disease.shedding]
        made = origins(disease)
        self.ways = tuple(
            Ways(
                np.array([names.index(way.route) for way in origin.ways]),
                np.array([sites.index(way.site) for way in origin.ways]),
                np.array([way.chance * disease.efficiency_in(way.site) for way in origin.ways]),
                delays,
            )
            for origin, delays in zip(made, delays_of(disease), strict=True)
        )
        self.delay_error = max(float(ways.delays.error.max(initial=0.0)) for ways in self.ways)
        self._disease = disease
        self._at_paces: dict[int, Sources] = {}
        self.kinds, of_site = self._kinds(disease, LEAST_PACES)
        self.classes = self._classes(disease, {s: o for o, each in enumerate(made) for s in each.sources}, of_site)
        self.member = self._member(disease)
        self.source_of = np.full(len(sites), -1)
        for c, each in enumerate(self.classes[1:]):
            self.source_of[each.sites] = c

    @property
    def _paces_of_sites(self) -> list[list[Kind]]:
        """Kinds of the same sites: one, or several where lesions have paces of their own."""
        of: dict[tuple[int, ...], list[Kind]] = {}
        for kind in self.kinds:
            of.setdefault(tuple(kind.sites.tolist()), []).append(kind)
        return list(of.values())

    @property
    def fastest(self) -> list[Kind]:
        """Of the kinds of each site the fastest."""
        return [max(kinds, key=lambda kind: kind.ratio) for kinds in self._paces_of_sites]

    @property
    def mean_ratios(self) -> list[float]:
        """Of growth over that of the primary, of the kinds of each site the mean: so steep are sums over the kinds."""
        return [sum(k.left * k.ratio for k in kinds) / sum(k.left for k in kinds) for kinds in self._paces_of_sites]

    def own(self, cells: object) -> Floats:
        """Own times of sizes."""
        return own_times(self.curve, np.atleast_1d(np.asarray(cells, float)).tolist())

    def slope(self, own: float) -> float:
        """Of the logarithm of the size, a day of own time."""
        step = 1e-3 * max(own, 1.0)
        low, high = self.growth.size(np.array([max(own - step, 0.0), own + step]))
        return float((np.log(high) - np.log(low)) / (own + step - max(own - step, 0.0)))

    def rate(self, route: Route, pace: float) -> Callable[[float], float]:
        """By the age of a source, half the rate at which it sheds more: its founders lie between none and it."""

        def at(age: float) -> float:
            return 0.5 * pace * route.exponent * self.slope(min(max(pace * age, route.onset), self.last))

        return at

    def width(self, route: Route, pace: float, times: float) -> Callable[[float], float]:
        """Of panels, by the age of a source of some pace: while it comes to shed e times as much so many times."""

        def at(age: float) -> float:
            slope = self.slope(min(max(pace * age, route.onset), self.last)) * max(route.exponent, LEAST_EXPONENT)
            return times / (pace * max(slope, 1e-9))

        return at

    def at_paces(self, points: int) -> Sources:
        """With so many points of the rule over paces of single lesions, where these differ."""
        if len(self.kinds) == len(self._paces_of_sites):
            return self
        if points not in self._at_paces:
            other = copy(self)
            other.kinds, _ = self._kinds(self._disease, points)
            self._at_paces[points] = other
        return self._at_paces[points]

    def _kinds(self, disease: Disease, points: int) -> tuple[tuple[Kind, ...], Ints]:
        lesions = disease.lesions
        names = ("growth_ratio", "establishment", "growth_spread")
        keys = [tuple(lesions.of(s, name) for name in names) for s in self.sites]
        made: list[Kind] = []
        first: dict[tuple[float, ...], int] = {}
        # Those of one pace first: classes of sources name them by number, whatever the points.
        for key in sorted(dict.fromkeys(keys), key=lambda key: key[2] > 0):
            alike = np.array([j for j, each in enumerate(keys) if each == key])
            gone, one = early_phase(disease, self.sites[alike[0]])
            _, own, share = early_sizes(one, self.own)
            first[key] = len(made)
            for factor, weight in paces_apart(key[2], points):
                made.append(Kind(key[0] * factor, weight * (1.0 - gone), own, share, alike))
        return tuple(made), np.array([first[key] for key in keys])

    def _classes(self, disease: Disease, origin: dict[str, int], kind: Ints) -> tuple[Class, ...]:
        lesions = disease.lesions
        alike: dict[tuple[float, ...], list[int]] = {}
        for j, site in enumerate(self.sites):
            if site in origin and lesions.of(site, "secondary") > 0:
                if lesions.of(site, "growth_spread") > 0:
                    wanted = "0: what lesions of paces of their own seed is in the simulation alone"
                    raise InputError(f"lesions.organs.{site}.growth_spread", lesions.of(site, "growth_spread"), wanted)
                numbers = (lesions.of(site, name) for name in ("asleep", "asleep_years", "secondary"))
                alike.setdefault((origin[site], kind[j], *numbers), []).append(j)
        primary = Class(1.0, 1.0, -1, np.zeros(0, int), 0)
        lesion = [
            Class(
                self.kinds[int(key[1])].ratio,
                key[4],
                int(key[1]),
                np.array(of),
                int(key[0]),
                int(self.ways[int(key[0])].route[0]),
            )
            for key, of in alike.items()
        ]
        return (primary, *lesion)

    def _member(self, disease: Disease) -> Floats:
        """Groups of each site, (J, G)."""
        kinds = {site.name: site.kind for site in disease.cancer.model().sites}
        of = [{site, "anywhere", kinds[site]} for site in self.sites]
        # A site may bear the name of a group: sites come first.
        number = len(self.sites)
        own = np.eye(number)
        more = np.array(
            [[name in each - {self.sites[j]} for name in self.groups[number:]] for j, each in enumerate(of)]
        )
        return np.hstack([own, more.astype(float)])
