r"""The likelihood of counts where two hazards differ between animals, each by itself.

With u_k ~ N(0, omega_k^2), k = 1, 2,

    L_a(theta, psi, omega) = int int phi(x_1) phi(x_2) L_a(theta + omega x, psi) dx_1 dx_2,

by a product of trapezoidal rules, turned and stretched to the law of each animal's x given its counts: both hazards
may do the same to what was counted, so that the law is a ridge.  Curves are solved on a grid of both, cubic splines of
each between: first on a coarse one, which tells where the laws of all animals lie, then on a fine one there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cascade.common.types import Floats, Ints
from cascade.inference.likely import Expected
from cascade.inference.varying import FAR_OUT, Averaged, Solved, Varying

COARSE_GRID, FINE_GRID, MARGIN = 11, 25, 6.5
"""Points of each direction, first and then, and how far the grid goes beyond the middle of a law, in its widths."""

REACH, POINTS = 6.0, 13
"""Of the rule of each direction, in widths of the law."""

FINE, FAR, LAID, NARROWED = 0.75, 4.2, 8, 0.3
"""Least width of the law, in those of the rule, how many of its own the rule has to reach, how often it is laid, and
how much narrower it may become at once."""

CLIMBS, TRIED = 12, (1.0, 0.5, 0.25, 0.1)
"""Steps to the top of the law, and how much of each may be taken."""


class _Surfaces:
    """Log expected counts and their derivatives as functions of both x, from what was solved on the grid.

    Parameters
    ----------
    axes : sequence of array of float, (G1,) and (G2,)
    solved : Solved
        At the points of the grid, the second axis the faster.
    kinds, exposure : array, (n,)
        Of each count its kind, and the logarithm of the cells of which a share is expected.
    """

    def __init__(self, axes: Sequence[Floats], solved: Solved, kinds: Ints, exposure: Floats) -> None:
        from scipy.interpolate import CubicSpline

        self._axes, self._kinds, self._exposure = axes, kinds, exposure
        both = np.concatenate([solved.log[..., None], solved.slope], axis=2)
        both = both.reshape(len(axes[0]), len(axes[1]), *both.shape[1:])
        first = CubicSpline(axes[0], both, axis=0).c  # (4, G1 - 1, G2, M, 1 + P)
        self._c = CubicSpline(axes[1], first, axis=2).c  # (4, G2 - 1, 4, G1 - 1, M, 1 + P)

    def at(self, x: Floats) -> Floats:
        """Log expected counts at some x (B, n, 2), (B, n)."""
        return self._of(x, 0) + self._exposure

    def slope(self, x: Floats) -> Floats:
        """Their derivatives, (B, n, P)."""
        return np.stack([self._of(x, 1 + p) for p in range(self._c.shape[-1] - 1)], axis=-1)

    def _of(self, x: Floats, which: int) -> Floats:
        (i, u), (j, v) = (self._pieces(x[..., k], self._axes[k]) for k in range(2))
        c = self._c[:, j, :, i, self._kinds, which]  # (B, n, 4, 4): by powers of v, then of u
        found = ((c[..., 0] * u[..., None] + c[..., 1]) * u[..., None] + c[..., 2]) * u[..., None] + c[..., 3]
        return np.asarray(((found[..., 0] * v + found[..., 1]) * v + found[..., 2]) * v + found[..., 3])

    @staticmethod
    def _pieces(x: Floats, grid: Floats) -> tuple[Ints, Floats]:
        piece = np.clip(np.searchsorted(grid, x) - 1, 0, len(grid) - 2)
        return piece, x - grid[piece]


class VaryingTwo(Varying):
    """Of counts under models of which two hazards differ between animals; as ``Varying``."""

    def _over_animals(self, expected: Expected, spreads: Floats) -> Averaged:
        others, omega = self._parts_of(spreads)
        axes = [np.linspace(-FAR_OUT, FAR_OUT, COARSE_GRID)] * 2
        _, center, root = self._from_grid(axes, expected, others, omega)
        wide = MARGIN * np.sqrt((root**2).sum(axis=2))
        low, high = np.maximum((center - wide).min(axis=0), -FAR_OUT), np.minimum((center + wide).max(axis=0), FAR_OUT)
        axes = [np.linspace(low[k], high[k], FINE_GRID) for k in range(2)]
        surfaces, center, root = self._from_grid(axes, expected, others, omega)
        line = np.linspace(-REACH, REACH, POINTS)
        steps = np.stack(np.meshgrid(line, line, indexing="ij"), axis=-1).reshape(-1, 2)
        for _ in range(LAID):
            x = center + np.einsum("aij,bj->bai", root, steps)  # (B, A, 2)
            given = self._given_each(surfaces.at(x[:, self._animal]), others)
            area = np.log(np.abs(np.linalg.det(root)) * (line[1] - line[0]) ** 2)
            joint = given[0] - 0.5 * (x**2).sum(axis=2) + area - np.log(2.0 * np.pi)
            highest = joint.max(axis=0)
            weights = np.exp(joint - highest)
            total = weights.sum(axis=0)
            weights /= total
            mean = np.einsum("ba,bi->ai", weights, steps)  # in widths of the rule
            spread = np.einsum("ba,bi,bj->aij", weights, steps, steps) - np.einsum("ai,aj->aij", mean, mean)
            widths, turned = np.linalg.eigh(spread)
            sd = np.sqrt(np.maximum(widths, 0.0))
            good = (sd[:, 0] > FINE) & (REACH - np.abs(mean).max(axis=1) > FAR * sd[:, 1])
            if good.all():
                break
            again = root @ (turned * np.maximum(sd, NARROWED)[:, None, :])
            center = np.where(good[:, None], center, center + np.einsum("aij,aj->ai", root, mean))
            root = np.where(good[:, None, None], root, again)
        slope = surfaces.slope(x[:, self._animal])
        return Averaged(highest + np.log(total), weights, x, given[1], slope, given[2])

    def _from_grid(
        self, axes: Sequence[Floats], expected: Expected, others: Floats, omega: Floats
    ) -> tuple[_Surfaces, Floats, Floats]:
        """What is expected, from what is solved on a grid; and of each animal where about its law lies, as `_laid`."""
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        solved = self._solved_at(expected.theta, omega, grid)
        surfaces = _Surfaces(axes, solved, self._kinds, self._exposure)
        return surfaces, *self._laid(surfaces, grid, solved.log, others, omega)

    def _laid(
        self, surfaces: _Surfaces, grid: Floats, solved: Floats, others: Floats, omega: Floats
    ) -> tuple[Floats, Floats]:
        """Of each animal where about the law of its x lies, (A, 2), and a root of its covariance, (A, 2, 2).

        As if log counts were normal: from the highest point of the grid upwards by the slopes there.
        """
        log, weight, pull, open_ = self._as_if_normal(others)
        begin = self.begin[:-1]

        def residuals(expected: Floats) -> Floats:
            """Of log counts, (B, n)."""
            apart = log - expected
            return np.where(open_, np.minimum(apart, 0.0), apart)

        def joint(apart: Floats, x: Floats) -> Floats:
            """At points of each animal, (B, A)."""
            sums = np.add.reduceat(weight * apart, begin, axis=1)
            squares = np.add.reduceat(weight * apart**2, begin, axis=1)
            return np.asarray(-0.5 * (squares - pull * sums**2 + (x**2).sum(axis=-1)))

        on_grid = residuals(solved[:, self._kinds] + self._exposure)
        center = grid[np.argmax(joint(on_grid, grid[:, None]), axis=0)]
        every = np.arange(len(self.counts))
        for _ in range(CLIMBS):
            at = center[None, self._animal]
            apart, slope = residuals(surfaces.at(at))[0], surfaces.slope(at)[0]
            lever = omega * slope[every, self._levers].T  # by x, (n, 2)
            lever = np.where((open_ & (apart == 0.0))[:, None], 0.0, lever)
            weighted = np.add.reduceat(weight[:, None] * lever, begin)
            bent = np.add.reduceat(weight[:, None, None] * lever[:, :, None] * lever[:, None], begin)
            bent = bent - pull[:, None, None] * weighted[:, :, None] * weighted[:, None] + np.eye(2)
            uphill = np.add.reduceat((weight * apart)[:, None] * lever, begin)
            uphill = uphill - (pull * np.add.reduceat(weight * apart, begin))[:, None] * weighted - center
            step = np.clip(np.linalg.solve(bent, uphill[..., None])[..., 0], -1.0, 1.0)
            tried = center + np.array([0.0, *TRIED])[:, None, None] * step
            best = np.argmax(joint(residuals(surfaces.at(tried[:, self._animal])), tried), axis=0)
            center = tried[best, np.arange(len(center))]
        return center, np.asarray(np.linalg.cholesky(np.linalg.inv(bent)), np.float64)
