r"""Generations of lesions at one pace of growth: first by the primary, then by the lesions of each class.

For a standard lesion of class c and age a, with z for each counted lesion that descends from it,

    log H_c(a) = (z - 1) Count_c(a) + sum_d int births_cd(v) [w H_d(a - v) - 1 - (w - 1)] dv,

w = z for children that are counted by then and 1 for others; means are its derivative at z = 1.  H is 1 before
shedding begins, so that some iterations settle it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cascade.common.types import Floats, Ints
from cascade.patient.descent import SIZES, Descent, Family
from cascade.patient.kernel.inputs import ESTABLISHED, FOUNDED, SHED
from cascade.patient.renewal import Panels, Rule, founded
from cascade.patient.sources import Class, Kind, Sources

WIDTH = 6.0
"""Of panels, in times that a source needs to shed e times as much where shedding begins."""


@dataclass(frozen=True)
class Order:
    """How finely ages are resolved."""

    points: int = 8
    nodes: int = 4
    halvings: int = 6
    width: float = WIDTH
    paces: int = 8


FINE, COARSE, OTHER = Order(), Order(6, 3, 3, 7.0, 5), Order(7, 3, 4, 7.5, 6)
"""What answers are made with, and what tells their errors: two, for one may agree where both are wrong."""


class Births:
    """Founders that one class sheds through one route, for multipliers of 1: what follows from them is linear."""

    def __init__(self, sources: Sources, source: Class, route: int, pace: float, end: float, order: Order) -> None:
        self.sources, self.pace = sources, pace
        self.own_pace = pace * source.ratio
        self.share = source.share
        self.route = sources.routes[route]
        self.onset = self.route.onset / self.own_pace
        self.end, self.order, self.rule = end, order, Rule.of(order.points)
        ways = sources.ways[source.origin]
        mine = np.flatnonzero(ways.route == route)
        self.site, self.chance = ways.site[mine], ways.chance[mine]
        self.empty = self.onset >= end or not len(mine)
        if self.empty:
            return
        self.width = sources.width(self.route, self.own_pace, order.width)
        self.grows = sources.rate(self.route, self.own_pace)
        self.panels = Panels.of(self.onset, end, self.width, self.rule, order.halvings, self.grows)
        found = founded(ways.delays, mine.tolist(), self.rate, self.onset, self.panels.ages, order.nodes)
        self.awake, self.every, self.density = (part * self.chance for part in found)

    def rate(self, age: Floats) -> Floats:
        """Cells shed a day at an age."""
        own = np.minimum(self.own_pace * age, self.sources.even_own)
        return np.asarray(self._per_day * self.sources.growth.size(own) ** self.route.exponent)

    def shed(self, age: Floats) -> Floats:
        """Cells shed by an age."""
        growth, route = self.sources.growth, self.route
        own, even = self.own_pace * np.maximum(age, self.onset), self.sources.even_own
        total = growth.shed(np.minimum(own, even), route.exponent)
        total += np.maximum(own - even, 0.0) * growth.size([even]) ** route.exponent
        return np.asarray(self._per_day / self.own_pace * (total - growth.shed([route.onset], route.exponent)))

    @property
    def _per_day(self) -> float:
        return float(self.share * self.route.rate * self.own_pace**self.route.per_division)

    def numbers(self, ages: Floats, own_sizes: Floats) -> Floats:
        """Mean numbers of children by level, age of the source and site, (X, A, J)."""
        sources = self.sources
        out = np.zeros((SIZES + len(own_sizes), len(ages), len(sources.sites)))
        if self.empty:
            return out
        out[SHED][:, self.site] = self.shed(ages)[:, None] * self.chance
        one = np.ones(1)
        out[FOUNDED][:, self.site] = self.panels.shifted(ages, 0.0 * one, one) @ self.awake
        for kind in sources.kinds:
            mine = np.flatnonzero(np.isin(self.site, kind.sites))
            if not len(mine):
                continue
            to, pace = self.site[mine], self.pace * kind.ratio
            early = self.panels.shifted(ages, sources.early / pace * one, kind.left * one)
            out[ESTABLISHED][:, to] += early @ self.awake[:, mine]
            for x, own in enumerate(own_sizes):
                if not np.isfinite(own):
                    continue
                shift = np.maximum(sources.early, sources.early - kind.own + own) / pace
                slept = own > np.maximum(sources.asleep_own, kind.own)
                share = kind.left * kind.share
                found = self.panels.shifted(ages, shift[~slept], share[~slept]) @ self.awake[:, mine]
                found += self.panels.shifted(ages, shift[slept], share[slept]) @ self.every[:, mine]
                out[SIZES + x][:, to] += found
        # Between points a polynomial may lie below 0 by its error.
        return np.maximum(out, 0.0)

    def of_class(self, child: Class, kind: Kind) -> tuple[Panels, Floats, Ints] | None:
        """Births of standard lesions of a class, a day: panels, (M p, n) and their sites."""
        if self.empty:
            return None
        pace = self.pace * kind.ratio
        shift = (self.sources.early - kind.own) / pace
        mine = np.flatnonzero(np.isin(self.site, child.sites))
        begin, end = self.onset + float(shift.min()), self.end - self.sources.routes[child.route].onset / pace
        if begin >= end or not len(mine):
            return None
        panels = Panels.of(begin, end, self.width, self.rule, 0, self.grows)
        born = self.panels.shifted(panels.ages, shift, kind.left * kind.share) @ self.density[:, mine]
        return panels, born, self.site[mine]


def _least(widths: list[Callable[[float], float]]) -> Callable[[float], float]:
    """The least of some widths at each age."""
    return lambda age: min(width(age) for width in widths)


class Generations:
    """All generations of one pace, for multipliers of 1."""

    def __init__(self, sources: Sources, times: Floats, own_sizes: Floats, pace: float, order: Order) -> None:
        sources = sources.at_paces(order.paces)
        self.sources, self.times, self.own_sizes, self.pace = sources, times, own_sizes, pace
        last = float(times.max(initial=0.0))
        routes = range(len(sources.routes))
        primary = [Births(sources, sources.classes[0], r, pace, last, order) for r in routes]
        self.first = np.array([births.numbers(times, own_sizes) for births in primary])
        self.panels: list[Panels] = []
        self.classes: list[Class] = []
        rule = Rule.of(order.points)
        begins = [births.onset for births in primary if not births.empty]
        if begins and len(sources.classes) > 1:
            routes_of_lesions = [sources.routes[r] for r in sorted({c.route for c in sources.classes[1:]})]
            fastest = pace * max(c.ratio for c in sources.classes)
            for each in sources.classes[1:]:
                kind = sources.kinds[each.kind]
                early = float((kind.own - sources.early).max()) / (pace * each.ratio)
                onset = sources.routes[each.route].onset / (pace * each.ratio)
                end = last - min(begins) + max(early, 0.0)
                if onset < end:
                    self.classes.append(each)
                    # Of the pace of the fastest, for these may descend from it.
                    widths = [
                        sources.width(route, s, order.width)
                        for route in routes_of_lesions
                        for s in (fastest, pace * each.ratio)
                    ]
                    self.panels.append(Panels.of(onset, end, _least(widths), rule, order.halvings))
        # Sizes that lesions come to after shedding has begun count some of those that have descendants.
        onset = min((sources.routes[each.route].onset for each in self.classes), default=np.inf)
        self.cut = [x for x, own in enumerate(own_sizes) if onset < own < np.inf]
        self.edges = np.cumsum([0, *(len(p.ages) for p in self.panels)])
        self.count: list[Floats] = []
        # Of each class of children maps (sites, 1 + cuts, ages of the sources, ages of the children).
        self.kernel0 = [self._maps(births, times) for births in primary]
        rows: list[list[Floats]] = []
        for each, panels in zip(self.classes, self.panels, strict=True):
            births = Births(sources, each, each.route, pace, float(panels.edges[-1]), order)
            self.count.append(births.numbers(panels.ages, own_sizes))
            rows.append(self._maps(births, panels.ages))
        self.kernel = [np.concatenate([row[d] for row in rows], axis=2) for d in range(len(self.classes))]

    def _maps(self, births: Births, ages: Floats) -> list[Floats]:
        """Of each class (sites, 1 + cuts, ages, points)."""
        out = []
        for child, panels in zip(self.classes, self.panels, strict=True):
            maps = np.zeros((len(child.sites), 1 + len(self.cut), len(ages), len(panels.ages)))
            out.append(maps)
            made = births.of_class(child, self.sources.kinds[child.kind])
            if made is None:
                continue
            born, density, sites = made
            to = np.searchsorted(child.sites, sites)
            for k, own in enumerate([0.0, *(self.own_sizes[x] for x in self.cut)]):
                maps[to, k] = born.convolved(density, panels, ages, own / (self.pace * child.ratio))
        return out

    def of_sites(self, site: Floats) -> Family:
        """With multipliers of sites (J,)."""
        return Family(self, site)

    def with_(self, route: Floats, site: Floats) -> Descent:
        """With multipliers of routes (R,) and sites (J,)."""
        return Descent(self.of_sites(site), route)
