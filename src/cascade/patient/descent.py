r"""Numbers of lesions from the maps of all generations: means, chances of none, generating functions.

With less = H - 1, K the births of standard lesions, K_z those of children that are counted,

    less = expm1((z - 1) Count + s (K + (z - 1) K_z) less),      s: what multiplies a lesion's shedding,

iterated from 0: each time one generation more is right, and after a few there are no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cascade.common.types import Complexes, Floats, Ints
from cascade.patient.kernel.inputs import ESTABLISHED

if TYPE_CHECKING:
    from cascade.patient.generations import Generations

SIZES = ESTABLISHED + 1
MOST_GENERATIONS = 200
SETTLED = 1e-13


class Counted(NamedTuple):
    """Maps of children that are counted, of some groups whose children are of the same classes, at some levels.

    Attributes
    ----------
    rows, levels : (g,) int and (x,) int
        Places of groups and levels.
    ages : slice
        Of the children, n of N.
    lesions : (g, N, n) float
        From ages of the children to those of lesions.
    primary : (R, g, T, n) float
        To times, by route.
    """

    rows: Ints
    levels: Ints
    ages: slice
    lesions: Floats
    primary: Floats

    def add(self, total: Any, less: Any, maps: Floats, less_one: Any) -> None:
        """Add (z - 1) K_z less to ``total`` (G, ages, X, Z)."""
        below = less[self.rows, self.ages][:, :, self.levels]
        more = (maps @ below.reshape(*below.shape[:2], -1)).reshape(len(below), -1, len(self.levels), less.shape[3])
        total[self.rows[:, None], :, self.levels] += np.swapaxes(more, 1, 2) * less_one


class Family:
    """Maps of all generations for multipliers of sites.

    Attributes
    ----------
    first : (R, X, T, J) float
        Mean numbers in the first generation, for routes of 1.
    count : (X, N, J) float, or None
        Mean numbers of children of lesions at their ages; None: no lesion sheds by the last time.
    whole, whole0 : (N, N) and (R, T, N) float
        Births of all children, of lesions and of the primary.
    levels : list of list of int
        Levels by the map of children that are counted: all of them, or those from a size on at which lesions shed.
    """

    def __init__(self, of: Generations, site: Floats) -> None:
        self.of, self.site = of, site
        self.member = of.sources.member
        self.first = of.first * site
        self.sheds = bool(of.classes)
        self._counted: dict[tuple[tuple[int, ...], tuple[int, ...]], list[Counted]] = {}
        levels = range(self.first.shape[1])
        self.levels = [[x for x in levels if x - SIZES not in of.cut], *([SIZES + x] for x in of.cut)]
        if self.sheds:
            self.count = np.concatenate(of.count, axis=1) * site
            every = [self._of_class(d, np.ones(len(site)), 0) for d in range(len(of.classes))]
            self.whole = np.concatenate([part for part, _ in every], axis=1)
            self.whole0 = np.concatenate([part for _, part in every], axis=2)

    def _of_class(self, d: int, inside: Floats, cut: int) -> tuple[Floats, Floats]:
        """Births of children of one class at some sites: of lesions (N, n), of the primary (R, T, n)."""
        sites = self.of.classes[d].sites
        some = np.flatnonzero(inside[sites])
        weight = (inside * self.site)[sites]
        lesions = np.zeros(self.of.kernel[d].shape[2:])
        for s in some:
            lesions += weight[s] * self.of.kernel[d][s, cut]
        return lesions, np.array([np.tensordot(weight, k[d][:, cut], axes=1) for k in self.of.kernel0])

    def counted(self, groups: list[int], levels: list[int]) -> list[Counted]:
        """Maps of children that are counted; groups whose lesions shed nothing have none."""
        key = tuple(groups), tuple(levels)
        if key not in self._counted:
            self._counted[key] = list(self._maps(groups, levels))
        return self._counted[key]

    def _maps(self, groups: list[int], levels: list[int]) -> Iterator[Counted]:
        alike: dict[tuple[int, int], list[int]] = {}
        for row, group in enumerate(groups):
            some = [d for d, child in enumerate(self.of.classes) if self.member[child.sites, group].any()]
            if some:
                alike.setdefault((min(some), max(some) + 1), []).append(row)
        for cut, by in enumerate(self.levels):
            at = np.array([i for i, x in enumerate(levels) if x in by], int)
            for (first, last), rows in alike.items() if len(at) else ():
                ages = slice(int(self.of.edges[first]), int(self.of.edges[last]))
                parts = [
                    [self._of_class(d, self.member[:, groups[row]], cut) for d in range(first, last)] for row in rows
                ]
                lesions, primary = (
                    np.array([np.concatenate([part[side] for part in row], axis=-1) for row in parts])
                    for side in (0, 1)
                )
                yield Counted(np.array(rows), at, ages, lesions, np.swapaxes(primary, 0, 1))

    @property
    def routes(self) -> Ints:
        """The route by which the lesions of each row shed, (N,)."""
        return np.repeat([child.route for child in self.of.classes], np.diff(self.of.edges))

    def later_means(self) -> Iterator[tuple[tuple[int, ...], Floats]]:
        """Mean numbers from the second generation on, for routes of 1, by the routes of the lesions between.

        Yields
        ------
        tuple of int, (R, G, X, T) float
            How many lesions of a line shed by each route, and the mean number at its end: it is in proportion to the
            multiplier of the primary's route, and to those of the lesions' routes to these powers.
        """
        if not self.sheds:
            return
        count = np.moveaxis(self.count @ self.member, 1, 0)
        now = self._by_route((0,) * len(self.of.sources.routes), count.reshape(len(count), -1))
        for _ in range(MOST_GENERATIONS):
            if not now:
                return
            after: dict[tuple[int, ...], Floats] = {}
            for lesions, numbers in now.items():
                term = (self.whole0 @ numbers).reshape(*self.whole0.shape[:2], *count.shape[1:])
                yield lesions, np.transpose(term, (0, 3, 2, 1))
                for more, part in self._by_route(lesions, self.whole @ numbers).items():
                    after[more] = after.get(more, 0.0) + part
            now = after

    def _by_route(self, lesions: tuple[int, ...], numbers: Floats) -> dict[tuple[int, ...], Floats]:
        """Numbers (N, n) apart by the route by which their sources shed, each one lesion more."""
        made = {}
        for r in sorted(set(self.routes.tolist())):
            part = np.where((self.routes == r)[:, None], numbers, 0.0)
            if np.any(np.abs(part) > SETTLED):
                made[tuple(n + (q == r) for q, n in enumerate(lesions))] = part
        return made


class Descent:
    """Numbers of lesions of a patient whose multipliers are known.

    Parameters
    ----------
    family : Family
    route : (R,) float
        Multipliers of shedding.
    scale : float
        Multiplier of all sites, besides those of the family.
    """

    def __init__(self, family: Family, route: Floats, scale: float = 1.0) -> None:
        self.family, self.route = family, route * scale
        self.first = np.tensordot(self.route, family.first, axes=1)
        # What lesions found, too, is multiplied: by what multiplies the route of each, (N, 1).
        if family.sheds:
            self.lesion = self.route[family.routes][:, None]
            self.count = family.count * self.lesion
            self.whole0 = np.tensordot(self.route, family.whole0, axes=1)

    def mean(self) -> Floats:
        """Mean numbers by group, level and time, (G, X, T)."""
        own = np.moveaxis(self.first @ self.family.member, -1, 0)
        if not self.family.sheds:
            return own
        count = np.moveaxis(self.count @ self.family.member, 1, 0)
        flat = count.reshape(len(count), -1)
        total = np.linalg.solve(np.eye(len(flat)) - self.lesion * self.family.whole, flat)
        more = (self.whole0 @ total).reshape(-1, *count.shape[1:])
        return np.asarray(own + np.moveaxis(more, (0, 1, 2), (2, 1, 0)))

    def none(
        self, settled: float = SETTLED, groups: Sequence[int] | None = None, levels: Sequence[int] | None = None
    ) -> Floats:
        """Probability of no lesion by group, level and time, (G, X, T): of all, or of those that are named."""
        of = list(range(self.family.member.shape[1]) if groups is None else groups)
        at = list(range(len(self.first)) if levels is None else levels)
        return np.asarray(np.exp(self._logs(of, at, np.zeros(1), settled)[..., 0]))

    def log_generating(self, group: int, levels: list[int], z: Floats | Complexes) -> Floats | Complexes:
        """Logarithm of E z^N of a group, (levels, T, Z)."""
        return np.asarray(self._logs([group], levels, z, SETTLED)[0])

    def _logs(self, groups: list[int], levels: list[int], z: Any, settled: float) -> Any:
        """Logarithm of E z^N, (groups, levels, T, Z)."""
        inside, less_one = self.family.member[:, groups], z - 1.0
        own = np.transpose(self.first[levels] @ inside, (2, 0, 1))[..., None] * less_one
        if not self.family.sheds:
            return own
        parts = self.family.counted(groups, levels)
        # Groups first: most are one site, whose children are of one class.
        alone = np.transpose(self.count[levels] @ inside, (2, 1, 0))[..., None] * less_one
        less, shape = np.zeros_like(alone), alone.shape[2:]
        flat = (*alone.shape[:2], -1)
        for _ in range(MOST_GENERATIONS):
            total = (self.family.whole @ less.reshape(flat)).reshape(less.shape)
            for part in parts:
                part.add(total, less, part.lesions, less_one)
            new = np.expm1(alone + self.lesion[:, :, None] * total)
            change = np.abs(new - less).max(initial=0.0)
            less = new
            if change < settled:
                break
        total = (self.whole0 @ less.reshape(flat)).reshape(len(less), -1, *shape)
        for part in parts:
            part.add(total, less, np.tensordot(self.route, part.primary, axes=1), less_one)
        return own + np.swapaxes(total, 1, 2)
