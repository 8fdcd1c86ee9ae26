r"""Generations of lesions at one pace of growth: first by the primary, then by the lesions of each class.

For a standard lesion of class c and age a, with z for each counted lesion that descends from it,

    log H_c(a) = (z - 1) Count_c(a) + sum_d int births_cd(v) [w H_d(a - v) - 1 - (w - 1)] dv,

w = z for children that are counted by then and 1 for others; means are its derivative at z = 1.  H is 1 before
shedding begins, so that some iterations settle it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cascade.common.types import Floats, Ints
from cascade.patient.kernel.inputs import ESTABLISHED, FOUNDED, SHED
from cascade.patient.renewal import Panels, Rule, founded
from cascade.patient.sources import Class, Kind, Route, Sources

WIDTH = 6.0
"""Of panels, in times that a source needs to shed e times as much where shedding begins."""

LEAST_EXPONENT = 0.3
SIZES = ESTABLISHED + 1


@dataclass(frozen=True)
class Order:
    """How finely ages are resolved."""

    points: int = 10
    nodes: int = 4
    halvings: int = 5
    width: float = WIDTH


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
        slope = sources.slope(self.route.onset) * self.own_pace * max(self.route.exponent, LEAST_EXPONENT)
        self.width = order.width / slope
        self.panels = Panels.of(self.onset, end, self.width, self.rule, order.halvings)
        found = founded(ways.delays, mine.tolist(), self.rate, self.onset, self.panels.ages, order.nodes)
        self.awake, self.every, self.density = (part * self.chance for part in found)

    def rate(self, age: Floats) -> Floats:
        """Cells shed a day at an age."""
        return self._per_day * self.sources.growth.size(self.own_pace * age) ** self.route.exponent

    def shed(self, age: Floats) -> Floats:
        """Cells shed by an age."""
        growth, route = self.sources.growth, self.route
        total = growth.shed(self.own_pace * np.maximum(age, self.onset), route.exponent)
        return self._per_day / self.own_pace * (total - growth.shed([route.onset], route.exponent))

    @property
    def _per_day(self) -> float:
        return self.share * self.route.rate * self.own_pace**self.route.per_division

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
            out[ESTABLISHED][:, to] = early @ self.awake[:, mine]
            for x, own in enumerate(own_sizes):
                if not np.isfinite(own):
                    continue
                shift = np.maximum(sources.early, sources.early - kind.own + own) / pace
                slept = own > np.maximum(sources.asleep_own, kind.own)
                share = kind.left * kind.share
                found = self.panels.shifted(ages, shift[~slept], share[~slept]) @ self.awake[:, mine]
                found += self.panels.shifted(ages, shift[slept], share[slept]) @ self.every[:, mine]
                out[SIZES + x][:, to] = found
        return out

    def of_class(self, child: Class, kind: Kind) -> tuple[Panels, Floats, Ints] | None:
        """Births of standard lesions of a class, a day: panels, (M p, n) and their sites."""
        if self.empty:
            return None
        pace = self.pace * kind.ratio
        shift = (self.sources.early - kind.own) / pace
        mine = np.flatnonzero(np.isin(self.site, child.sites))
        begin, end = self.onset + float(shift.min()), self.end - self._onset_of_child(pace)
        if begin >= end or not len(mine):
            return None
        panels = Panels.of(begin, end, self.width, self.rule, 0)
        born = self.panels.shifted(panels.ages, shift, kind.left * kind.share) @ self.density[:, mine]
        return panels, born, self.site[mine]

    def _onset_of_child(self, pace: float) -> float:
        return self.route_of_lesions.onset / pace

    @property
    def route_of_lesions(self) -> Route:
        """The route by which lesions shed."""
        return self.sources.routes[self.sources.lesion_route]


class Generations:
    """All generations of one pace, for multipliers of 1."""

    def __init__(self, sources: Sources, times: Floats, own_sizes: Floats, pace: float, order: Order) -> None:
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
            route = sources.routes[sources.lesion_route]
            fastest = pace * max(c.ratio for c in sources.classes)
            width = order.width / (sources.slope(route.onset) * fastest * max(route.exponent, LEAST_EXPONENT))
            for each in sources.classes[1:]:
                kind = sources.kinds[each.kind]
                early = float((kind.own - sources.early).max()) / (pace * each.ratio)
                end, onset = last - min(begins) + max(early, 0.0), route.onset / (pace * each.ratio)
                if onset < end:
                    self.classes.append(each)
                    self.panels.append(Panels.of(onset, end, width, rule, order.halvings))
        # Sizes that lesions come to after shedding has begun count some of those that have descendants.
        onset = sources.routes[sources.lesion_route].onset if self.classes else np.inf
        self.cut = [x for x, own in enumerate(own_sizes) if onset < own < np.inf]
        self.edges = np.cumsum([0, *(len(p.ages) for p in self.panels)])
        self.count: list[Floats] = []
        size = int(self.edges[-1])
        # Maps (sites of a source, cuts, ages, all points): of the primary by route.
        self.kernel0 = [self._maps(births, times) for births in primary]
        self.kernel = np.zeros((len(sources.sites), 1 + len(self.cut), size, size))
        for c, (each, panels) in enumerate(zip(self.classes, self.panels, strict=True)):
            births = Births(sources, each, sources.lesion_route, pace, float(panels.edges[-1]), order)
            self.count.append(births.numbers(panels.ages, own_sizes))
            self.kernel[:, :, self.edges[c] : self.edges[c + 1]] = self._maps(births, panels.ages)

    def _maps(self, births: Births, ages: Floats) -> Floats:
        """(J, 1 + cuts, ages, points of all classes)."""
        sources = self.sources
        out = np.zeros((len(sources.sites), 1 + len(self.cut), len(ages), int(self.edges[-1])))
        for d, (child, panels) in enumerate(zip(self.classes, self.panels, strict=True)):
            made = births.of_class(child, sources.kinds[child.kind])
            if made is None:
                continue
            born, density, sites = made
            into = slice(self.edges[d], self.edges[d + 1])
            out[sites, 0, :, into] = born.convolved(density, panels, ages)
            for k, x in enumerate(self.cut):
                least = self.own_sizes[x] / (self.pace * child.ratio)
                out[sites, 1 + k, :, into] = born.convolved(density, panels, ages, least)
        return out

    def with_(self, route: Floats, site: Floats) -> Descent:
        """With multipliers of routes (R,) and sites (J,)."""
        blood = route[self.sources.lesion_route] if self.classes else 1.0
        first = np.tensordot(route, self.first, axes=1) * site
        size = int(self.edges[-1])
        if not size:
            return Descent(self, first, np.zeros((first.shape[0], 0, len(site))), None, None)
        count = np.concatenate(self.count, axis=1) * (blood * site)
        kernel = self.kernel * (blood * site)[:, None, None, None]
        kernel0 = sum(m * k for m, k in zip(route, self.kernel0, strict=True)) * site[:, None, None, None]
        return Descent(self, first, count, kernel, kernel0)


class Descent:
    """Numbers of lesions of a patient whose multipliers are known."""

    def __init__(
        self, of: Generations, first: Floats, count: Floats, kernel: Floats | None, kernel0: Floats | None
    ) -> None:
        self.of, self.first, self.count = of, first, count
        self.kernel, self.kernel0 = kernel, kernel0
        self.member = of.sources.member
        if kernel is not None and kernel0 is not None:
            self.whole, self.whole0 = kernel[:, 0].sum(axis=0), kernel0[:, 0].sum(axis=0)

    def mean(self) -> Floats:
        """Mean numbers by group, level and time, (G, X, T)."""
        own = np.moveaxis(self.first @ self.member, -1, 0)
        if self.kernel is None:
            return own
        # Columns: level and group.
        count = np.moveaxis(self.count @ self.member, 1, 0)
        flat = count.reshape(len(count), -1)
        total = np.linalg.solve(np.eye(len(flat)) - self.whole, flat)
        more = (self.whole0 @ total).reshape(len(self.of.times), *count.shape[1:])
        return own + np.moveaxis(more, (0, 1, 2), (2, 1, 0))

    def none(self, group: int) -> Floats:
        """Probability of no lesion of a group, by level and time, (X, T)."""
        return np.array([np.exp(self.log_generating(group, x, np.zeros(1))[:, 0]) for x in range(len(self.first))])

    def log_generating(self, group: int, level: int, z: Floats | np.ndarray) -> np.ndarray:
        """log E z^N at each time, (T, Z)."""
        inside = self.member[:, group]
        own = (self.first[level] @ inside)[:, None] * (z - 1.0)
        if self.kernel is None or self.kernel0 is None:
            return own
        x = level - SIZES
        cut = 1 + self.of.cut.index(x) if x in self.of.cut else 0
        counted, counted0 = (np.tensordot(inside, k[:, cut], axes=1) for k in (self.kernel, self.kernel0))
        alone = (self.count[level] @ inside)[:, None] * (z - 1.0)
        less = np.zeros_like(alone)
        for _ in range(100):
            new = np.expm1(alone + self.whole @ less + (z - 1.0) * (counted @ less))
            change = np.abs(new - less).max(initial=0.0)
            less = new
            if change < 1e-13:
                break
        return own + self.whole0 @ less + (z - 1.0) * (counted0 @ less)
