r"""Numbers of lesions from the maps of all generations: means, chances of none, generating functions.

With less = H - 1, K the births of standard lesions, K_z those of children that are counted,

    less = expm1((z - 1) Count + s (K + (z - 1) K_z) less),      s: what multiplies a lesion's shedding,

iterated from 0: each time one generation more is right, and after a few there are no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cascade.common.types import Complexes, Floats
from cascade.patient.kernel.inputs import ESTABLISHED

if TYPE_CHECKING:
    from cascade.patient.generations import Generations

SIZES = ESTABLISHED + 1
MOST_GENERATIONS = 200
SETTLED = 1e-13


class Counted(NamedTuple):
    """Maps of children of a group that are counted: from ages of theirs to ages of lesions, and to times by route."""

    ages: Any  # places of their ages
    lesions: Floats  # (N, n)
    primary: Floats  # (R, T, n)


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
        self._counted: dict[tuple[int, int], Counted | None] = {}
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
        lesions = sum(weight[s] * self.of.kernel[d][s, cut] for s in some)
        return np.asarray(lesions), np.array([np.tensordot(weight, k[d][:, cut], axes=1) for k in self.of.kernel0])

    def counted(self, group: int, cut: int) -> Counted | None:
        """Maps of children of a group; None: those of the group shed nothing."""
        key = group, cut
        if key not in self._counted:
            inside, edges = self.member[:, group], self.of.edges
            some = [d for d, child in enumerate(self.of.classes) if inside[child.sites].any()]
            made = None
            if some:
                parts = [self._of_class(d, inside, cut) for d in some]
                ages = np.concatenate([np.arange(edges[d], edges[d + 1]) for d in some])
                at: Any = slice(edges[some[0]], edges[some[0] + 1]) if len(some) == 1 else ages
                made = Counted(at, *(np.concatenate([part[side] for part in parts], axis=-1) for side in (0, 1)))
            self._counted[key] = made
        return self._counted[key]

    def later_means(self) -> Iterator[Floats]:
        """Mean numbers in the second generation, the third and so on, for routes of 1: (R, G, X, T) each.

        Generation k is in proportion to the multiplier of the primary's route, and to the power k - 1 of that of the
        lesions' route.
        """
        if not self.sheds:
            return
        count = np.moveaxis(self.count @ self.member, 1, 0)
        now = count.reshape(len(count), -1)
        for _ in range(MOST_GENERATIONS):
            if not np.any(np.abs(now) > SETTLED):
                return
            term = (self.whole0 @ now).reshape(*self.whole0.shape[:2], *count.shape[1:])
            yield np.transpose(term, (0, 3, 2, 1))
            now = self.whole @ now


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
        self.lesion = float(self.route[family.of.sources.lesion_route])
        # What lesions found, too, is multiplied.
        if family.sheds:
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
        return own + np.moveaxis(more, (0, 1, 2), (2, 1, 0))

    def none(self, settled: float = SETTLED) -> Floats:
        """Probability of no lesion by group, level and time, (G, X, T)."""
        groups = list(range(self.family.member.shape[1]))
        return np.asarray(np.exp(self._logs(groups, list(range(len(self.first))), np.zeros(1), settled)[..., 0]))

    def log_generating(self, group: int, levels: list[int], z: Floats | Complexes) -> Floats | Complexes:
        """Logarithm of E z^N of a group, (levels, T, Z)."""
        return self._logs([group], levels, z, SETTLED)[0]

    def _logs(self, groups: list[int], levels: list[int], z: Any, settled: float) -> Any:
        """Logarithm of E z^N, (groups, levels, T, Z)."""
        inside, less_one = self.family.member[:, groups], z - 1.0
        own = np.transpose(self.first[levels] @ inside, (2, 0, 1))[..., None] * less_one
        if not self.family.sheds:
            return own
        alone = np.transpose(self.count[levels] @ inside, (1, 2, 0))[..., None] * less_one
        less = np.zeros_like(alone)
        whole = self.family.whole
        for _ in range(MOST_GENERATIONS):
            total = (whole @ less.reshape(len(less), -1)).reshape(less.shape)
            self._count(total, less, groups, levels, less_one, primary=False)
            new = np.expm1(alone + self.lesion * total)
            change = np.abs(new - less).max(initial=0.0)
            less = new
            if change < settled:
                break
        total = (self.whole0 @ less.reshape(len(less), -1)).reshape(-1, *less.shape[1:])
        self._count(total, less, groups, levels, less_one, primary=True)
        return own + np.moveaxis(total, 0, 2)

    def _count(
        self, total: Any, less: Any, groups: list[int], levels: list[int], less_one: Any, *, primary: bool
    ) -> None:
        """Add (z - 1) K_z less."""
        for k, by in enumerate(self.family.levels):
            at = [i for i, x in enumerate(levels) if x in by]
            for g, group in enumerate(groups if at else []):
                counted = self.family.counted(group, k)
                if counted is None:
                    continue
                below = less[counted.ages, g][:, at]
                maps = np.tensordot(self.route, counted.primary, axes=1) if primary else counted.lesions
                part = (maps @ below.reshape(len(below), -1)).reshape(-1, *below.shape[1:])
                total[:, g, at] += part * less_one
