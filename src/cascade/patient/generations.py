r"""Generations of lesions at one pace of growth: first by the primary, then by the lesions of each class.

For a standard lesion of class c and age a, with z for each counted lesion that descends from it,

    log H_c(a) = (z - 1) Count_c(a) + sum_d int births_cd(v) [w H_d(a - v) - 1 - (w - 1)] dv,

w = z for children that are counted by then and 1 for others; means are its derivative at z = 1.  H is 1 before
shedding begins, so that some iterations settle it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cascade.common.types import Complexes, Floats, Ints
from cascade.patient.kernel.inputs import ESTABLISHED, FOUNDED, SHED
from cascade.patient.renewal import Panels, Rule, founded
from cascade.patient.sources import Class, Kind, Route, Sources

WIDTH = 6.0
"""Of panels, in times that a source needs to shed e times as much where shedding begins."""

LEAST_EXPONENT = 0.3
SIZES = ESTABLISHED + 1
MOST_GENERATIONS = 200
SETTLED = 1e-13


@dataclass(frozen=True)
class Order:
    """How finely ages are resolved."""

    points: int = 7
    nodes: int = 3
    halvings: int = 4
    width: float = WIDTH


FINE, COARSE = Order(), Order(6, 3, 3)
"""What answers are made with, and what tells their errors."""


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
        # Of each class of children maps (sites, 1 + cuts, ages of the sources, ages of the children).
        self.kernel0 = [self._maps(births, times) for births in primary]
        rows: list[list[Floats]] = []
        for each, panels in zip(self.classes, self.panels, strict=True):
            births = Births(sources, each, sources.lesion_route, pace, float(panels.edges[-1]), order)
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

    def with_(self, route: Floats, site: Floats) -> Descent:
        """With multipliers of routes (R,) and sites (J,)."""
        blood = float(route[self.sources.lesion_route])
        first = np.tensordot(route, self.first, axes=1) * site
        if not self.classes:
            return Descent(self, first, None, [], [])
        count = np.concatenate(self.count, axis=1) * (blood * site)
        by_site = [site[child.sites] for child in self.classes]
        kernel = [blood * m[:, None, None, None] * k for m, k in zip(by_site, self.kernel, strict=True)]
        kernel0 = [
            m[:, None, None, None] * sum(v * k[d] for v, k in zip(route, self.kernel0, strict=True))
            for d, m in enumerate(by_site)
        ]
        return Descent(self, first, count, kernel, kernel0)

    def later_means(self, site: Floats) -> Iterator[Floats]:
        """Mean numbers in the second generation, the third and so on, for routes of 1: (R, G, X, T) each.

        Generation k is in proportion to the multiplier of the primary's route, and to the power k - 1 of that of the
        lesions' route.
        """
        if not self.classes:
            return
        member = self.sources.member
        by_site = [site[child.sites] for child in self.classes]
        count = np.moveaxis((np.concatenate(self.count, axis=1) * site) @ member, 1, 0)
        whole = np.concatenate(
            [np.tensordot(m, k[:, 0], axes=1) for m, k in zip(by_site, self.kernel, strict=True)], axis=1
        )
        of_route = [
            np.concatenate([np.tensordot(m, k[d][:, 0], axes=1) for d, m in enumerate(by_site)], axis=1)
            for k in self.kernel0
        ]
        whole0, now = np.array(of_route), count.reshape(len(count), -1)
        for _ in range(MOST_GENERATIONS):
            term = np.moveaxis((whole0 @ now).reshape(*whole0.shape[:2], *count.shape[1:]), (2, 3), (-2, -1))
            if not np.any(np.abs(now) > SETTLED):
                return
            yield np.transpose(term, (0, 3, 2, 1))
            now = whole @ now


class Descent:
    """Numbers of lesions of a patient whose multipliers are known."""

    def __init__(
        self, of: Generations, first: Floats, count: Floats | None, kernel: list[Floats], kernel0: list[Floats]
    ) -> None:
        self.of, self.first, self.count = of, first, count
        self.kernel, self.kernel0 = kernel, kernel0
        self.member = of.sources.member
        if kernel:
            self.whole, self.whole0 = (
                np.concatenate([k[:, 0].sum(axis=0) for k in each], axis=1) for each in (kernel, kernel0)
            )
        # Levels by the map that counts children: all of them, or those of a size that is larger than at the onset.
        levels = range(len(first))
        self.by_cut = [[x for x in levels if x - SIZES not in of.cut], *([SIZES + x] for x in of.cut)]

    def mean(self) -> Floats:
        """Mean numbers by group, level and time, (G, X, T)."""
        own = np.moveaxis(self.first @ self.member, -1, 0)
        if self.count is None:
            return own
        count = np.moveaxis(self.count @ self.member, 1, 0)
        flat = count.reshape(len(count), -1)
        total = np.linalg.solve(np.eye(len(flat)) - self.whole, flat)
        more = (self.whole0 @ total).reshape(len(self.of.times), *count.shape[1:])
        return own + np.moveaxis(more, (0, 1, 2), (2, 1, 0))

    def none(self) -> Floats:
        """Probability of no lesion by group, level and time, (G, X, T)."""
        levels = list(range(len(self.first)))
        logs = [self.log_generating(g, levels, np.zeros(1))[:, :, 0] for g in range(self.member.shape[1])]
        return np.exp(np.array(logs))

    def log_generating(self, group: int, levels: list[int], z: Floats | Complexes) -> Floats | Complexes:
        """log E z^N of a group, (levels, T, Z)."""
        inside, less_one = self.member[:, group], z - 1.0
        own = (self.first[levels] @ inside)[:, :, None] * less_one
        if self.count is None:
            return np.asarray(own)
        alone = np.moveaxis((self.count[levels] @ inside)[:, :, None] * less_one, 1, 0)
        parts = [self._counted(inside, k) for k in range(len(self.by_cut))]
        where = [[i for i, x in enumerate(levels) if x in by] for by in self.by_cut]

        def step(whole: Floats, side: int, less: Floats | Complexes) -> Floats | Complexes:
            total = np.tensordot(whole, less, axes=1)
            for at, part in zip(where, parts, strict=True):
                if at and part is not None:
                    total[:, at] += np.tensordot(part[side], less[part[2], at], axes=1) * less_one
            return total

        less = np.zeros_like(alone)
        for _ in range(MOST_GENERATIONS):
            new = np.expm1(alone + step(self.whole, 0, less))
            change = np.abs(new - less).max(initial=0.0)
            less = new
            if change < SETTLED:
                break
        return np.asarray(own + np.moveaxis(step(self.whole0, 1, less), 1, 0))

    def _counted(self, inside: Floats, k: int) -> tuple[Floats, Floats, Any] | None:
        """Maps of children that are counted, of lesions and of the primary; and the ages of theirs."""
        some = [d for d, child in enumerate(self.of.classes) if inside[child.sites].any()]
        if not some:
            return None
        maps = [
            np.concatenate(
                [np.tensordot(inside[self.of.classes[d].sites], each[d][:, k], axes=1) for d in some], axis=1
            )
            for each in (self.kernel, self.kernel0)
        ]
        edges = self.of.edges
        at = np.concatenate([np.arange(edges[d], edges[d + 1]) for d in some])
        return maps[0], maps[1], at[:, None]
