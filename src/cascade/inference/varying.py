r"""The likelihood of counts where a hazard differs between animals, with the curve solved anew for each of them.

With u ~ N(0, omega^2) the logarithm of what an animal's hazard is over the median one's,

    L_a(theta, psi, omega) = int phi(x) L_a(theta + omega x, psi) dx,

by the trapezoidal rule at points of each animal's own, where the law of its x given its counts lies: of many counts
that is narrow.  Curves are solved, with their derivatives, at some u for all animals, and are cubic between (Hermite).
Taking the curve as linear in u instead is wrong by 0.1 of a logarithm at a coefficient of variation of 0.4.

For the restricted likelihood an animal's log counts have the variance V_a + omega^2 g g', g = d log p / d u.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from cascade.common.errors import InputError, nearest
from cascade.common.types import Floats, Ints, Mask
from cascade.inference.counted import Counts
from cascade.inference.free import Free
from cascade.inference.likelihood import Likelihood
from cascade.inference.likely import Expected, Reference, Value
from cascade.model import Model

FAR_OUT, COARSE, FINE_GRID, SLIGHT = 6.0, 25, 41, 0.3
"""How far curves are solved, in omega, and at how many points: fewer where omega is slight, at most so much."""

REACH, POINTS = 7.0, 19
"""Of the rule for each animal, in widths of the law of its u."""

FINE, FAR, LAID = 0.75, 5.5, 6
"""Least width of the law, in those of the rule, and how many of its own the rule has to reach; how often it is laid."""

CLIMBS = 12
MOST = 2
"""Hazards that differ: of three the grid would have a hundred thousand points."""

UNSEEN = -700.0
"""Of a logarithm of an expected count: none."""


def spread_of(vary: str) -> str:
    """The name of the spread of a hazard that differs."""
    return f"{vary} between animals"


def varied(vary: object) -> tuple[str, ...]:
    """What was asked to differ, as names.

    Raises
    ------
    InputError
        Where it is no name, or more than two, or the same twice.
    """
    names = () if vary is None else (vary,) if isinstance(vary, str) else vary
    wanted = "one of those that are free, or two, or None"
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise InputError("vary", vary, wanted)
    if len(names) > MOST or len(set(names)) < len(names):
        raise InputError("vary", vary, f"{wanted}, each once")
    return tuple(names)


def grid_of(omega: float) -> Floats:
    """Points at which curves are solved, in omega."""
    return np.linspace(-FAR_OUT, FAR_OUT, COARSE if omega <= SLIGHT else FINE_GRID)


class Solved(NamedTuple):
    """What was solved at the points of a grid, of each kind of count: those that one curve is of, M kinds.

    ``log`` (G, M): of the share of cells; ``slope`` (G, M, P): by the free logarithms; ``lever`` (G, M, D): by the u,
    in omega.
    """

    log: Floats
    slope: Floats
    lever: Floats


class _Curves:
    """Log expected counts and their derivatives as functions of u, in omega, from what was solved on the grid.

    Parameters
    ----------
    grid : array of float, (G,)
    solved : Solved
    kinds : array of int, (n,)
        Of each count its kind.
    exposure : array of float, (n,)
        Logarithms of the cells of which a share is expected.
    """

    def __init__(self, grid: Floats, solved: Solved, kinds: Ints, exposure: Floats) -> None:
        from scipy.interpolate import CubicHermiteSpline, CubicSpline

        self.grid, self._kinds, self._exposure = grid, kinds, exposure
        self._log = CubicHermiteSpline(grid, solved.log, solved.lever[..., 0]).c
        self._slope = CubicSpline(grid, solved.slope).c

    def at(self, x: Floats) -> Floats:
        """Log expected counts at some x for each count, (B, n)."""
        piece, apart = self._pieces(x)
        c = self._log[:, piece, self._kinds]
        return np.asarray(((c[0] * apart + c[1]) * apart + c[2]) * apart + c[3] + self._exposure)

    def slope(self, x: Floats) -> Floats:
        """Their derivatives, (B, n, P)."""
        piece, apart = self._pieces(x)
        c, apart = self._slope[:, piece, self._kinds], apart[..., None]
        return np.asarray(((c[0] * apart + c[1]) * apart + c[2]) * apart + c[3])

    def _pieces(self, x: Floats) -> tuple[Ints, Floats]:
        piece = np.clip(np.searchsorted(self.grid, x) - 1, 0, len(self.grid) - 2)
        return piece, x - self.grid[piece]


class Averaged(NamedTuple):
    """Over the points of the rule of each animal: log likelihoods (A,), and of each point and animal its weight (B, A).

    ``x`` (B, A, D) is where the point is; ``by_eta`` (B, n), ``slope`` (B, n, P), and ``by_spread`` (B, A, 1 + S) are
    derivatives there: by log expected counts, of these, and by spreads.
    """

    by_animal: Floats
    weights: Floats
    x: Floats
    by_eta: Floats
    slope: Floats
    by_spread: Floats


class Varying(Likelihood):
    """Of counts under models of which one hazard differs between animals; of several each by itself.

    Parameters
    ----------
    models, data, free, spread, shared
        As for ``Likelihood``.
    vary : sequence of str
        Free hazards, or patterns: D of them, here one.

    Raises
    ------
    InputError
        When one is not free, or an animal has one count alone: then it cannot be told from the spread of counts.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        data: Counts,
        free: Sequence[Free],
        *,
        spread: str,
        shared: bool,
        vary: Sequence[str],
    ) -> None:
        super().__init__(models, data, free, spread=spread, shared=shared)
        names = [one.name for one in free]
        for name in vary:
            if name not in names:
                raise InputError("vary", name, f"one of those that are free; {nearest(str(name), names)}")
        if len(data) == len(self.begin) - 1:
            wanted = "None: each animal has one count, of which this and the spread of counts cannot be told apart"
            raise InputError("vary", list(vary), wanted)
        self.vary = tuple(vary)
        self.spreads = (*self.spreads, *map(spread_of, self.vary))
        self.sizes = np.append(self.sizes, np.full(len(self.vary), len(self.begin) - 1))
        self._animal = np.repeat(np.arange(len(self.begin) - 1), np.diff(self.begin))
        self._levers: Ints = np.zeros((len(self.vary), len(data)), np.int64)
        kinds: dict[tuple[int, int, int], int] = {}
        self._kinds = np.zeros(len(data), np.int64)
        for part, (_, rows, which, when, mine) in enumerate(self.parts):
            for k, name in enumerate(self.vary):
                self._levers[k, rows] = next(p for p in mine.tolist() if self.free[p].name == name)
            keys = [(part, i, j) for i, j in zip(which.tolist(), when.tolist(), strict=True)]
            self._kinds[rows] = [kinds.setdefault(key, len(kinds)) for key in keys]
        self._first = np.unique(self._kinds, return_index=True)[1]

    def _parts_of(self, spreads: Floats) -> tuple[Floats, Floats]:
        """Logarithms of the spreads of counts, and the spreads of hazards, (D,)."""
        many = len(self.vary)
        return spreads[:-many], np.exp(spreads[-many:])

    def _moved(self, theta: Floats, us: Floats, *, slopes: bool) -> tuple[Floats, Floats]:
        """What is expected of animals whose hazards are e^u times the median one's, u (B, D): (B, n), (B, n, P)."""
        varied = np.array([[one.name == name for one in self.free] for name in self.vary], np.float64)
        return self._solved(theta + us @ varied, slopes=slopes)

    def _solved_at(self, theta: Floats, omega: Floats, x: Floats) -> Solved:
        """Of each kind of count, at some x (G, D), in omega."""
        log, slope = self._moved(theta, omega * x, slopes=True)
        some = self._first
        lever = slope[:, some[:, None], self._levers.T[some]] * omega
        share = np.where(np.isfinite(log), log - self._exposure, UNSEEN)
        return Solved(share[:, some], slope[:, some], lever)

    def each(self, expected: Expected, spreads: Floats) -> Floats:
        """Log likelihoods of the animals over the saturated model, (A,)."""
        return self._over_animals(expected, spreads).by_animal

    def of(self, expected: Expected, spreads: Floats) -> Value:
        """The log likelihood over the saturated model, at logarithms of spreads (S,)."""
        _, omega = self._parts_of(spreads)
        told = self._over_animals(expected, spreads)
        of_row = told.by_eta * told.weights[:, self._animal]
        by_free = np.einsum("bn,bnp->p", of_row, told.slope)
        moved = np.einsum("ba,bas->s", told.weights, told.by_spread)
        every = np.arange(len(self.counts))
        by_omega = [
            omega[k] * float((of_row * told.x[:, self._animal, k] * told.slope[:, every, which]).sum())
            for k, which in enumerate(self._levers)
        ]
        alone = moved if self.shared else moved[1:]
        return Value(float(told.by_animal.sum()), by_free, np.append(alone, by_omega))

    def _over_animals(self, expected: Expected, spreads: Floats) -> Averaged:
        others, omega = self._parts_of(spreads)
        grid = grid_of(float(omega[0]))
        curves = _Curves(grid, self._solved_at(expected.theta, omega, grid[:, None]), self._kinds, self._exposure)
        center, width = self._where(curves, others)
        steps = np.linspace(-REACH, REACH, POINTS)[:, None]
        for _ in range(LAID):
            x = center + steps * width  # of each animal, in omega
            given = self._given_each(curves.at(x[:, self._animal]), others)
            joint = given[0] - 0.5 * x * x + np.log(width * (steps[1] - steps[0])) - 0.5 * np.log(2.0 * np.pi)
            highest = joint.max(axis=0)
            weights = np.exp(joint - highest)
            total = weights.sum(axis=0)
            weights /= total
            mean = (weights * x).sum(axis=0)
            sd = np.sqrt((weights * (x - mean) ** 2).sum(axis=0))
            fine, far = sd > FINE * width, REACH * width - np.abs(mean - center) > FAR * sd
            if (fine & far).all():
                break
            center, width = np.where(fine & far, center, mean), np.where(fine & far, width, np.maximum(sd, 0.3 * width))
        slope = curves.slope(x[:, self._animal])
        return Averaged(highest + np.log(total), weights, x[..., None], given[1], slope, given[2])

    def _as_if_normal(self, others: Floats) -> tuple[Floats, Floats, Floats, Mask]:
        """As if log counts were normal: these, their weights, what an animal's share takes off, which are bounds."""
        shared, alone = self._parted(np.exp(others))
        counted = np.maximum(np.where(self.below > 0, self.below, self.counts), 0.5)
        own = np.where(self.kind >= 0, np.append(alone, 0.0)[self.kind], 0.0)
        weight, open_ = 1.0 / (own**2 + 1.0 / counted), (self.below > 0) | (self.counts == 0)
        pull = 1.0 / (1.0 / max(shared, 1e-9) ** 2 + np.add.reduceat(weight, self.begin[:-1]))
        return np.log(counted), weight, pull, open_

    def _where(self, curves: _Curves, others: Floats) -> tuple[Floats, Floats]:
        """Of each animal about where the law of its u given its counts lies, and how wide it is, in omega, (A,)."""
        grid, (log, weight, pull, open_) = curves.grid, self._as_if_normal(others)

        def joint(x: Floats) -> Floats:
            """At some points of each animal, (B, A)."""
            apart = log - curves.at(x[:, self._animal])
            apart = np.where(open_, np.minimum(apart, 0.0), apart)
            sums = np.add.reduceat(weight * apart, self.begin[:-1], axis=1)
            squares = np.add.reduceat(weight * apart**2, self.begin[:-1], axis=1)
            return np.asarray(-0.5 * (squares - pull * sums**2 + x * x))

        values = joint(np.repeat(grid[:, None], len(self.begin) - 1, axis=1))
        step = grid[1] - grid[0]
        center = grid[np.argmax(values, axis=0)]
        # A narrow law is climbed to by steps that are halved, as wide as a parabola through its top.
        sides, width = np.array([[-1.0], [0.0], [1.0]]), np.full(len(center), step)
        for _ in range(CLIMBS):
            low, here, high = joint(center + sides * width)
            bent = 2.0 * here - low - high
            peaked = (here >= low) & (here >= high) & (bent > 0)
            center = np.where(peaked, center + 0.5 * width * (high - low) / np.where(peaked, bent, 1.0),
                              center + width * np.sign(high - low))  # fmt: skip
            center = np.clip(center, grid[0], grid[-1])
            width = np.where(peaked & (bent > 1.0), width / 2.0, width)
        low, here, high = joint(center + sides * width)
        bent = np.maximum(2.0 * here - low - high, 1e-12)
        # By the curvature at its top, and by how far it reaches on the grid, the wider of the two.
        narrow = width / np.sqrt(bent)
        share = np.exp(values - values.max(axis=0))
        mean = (share * grid[:, None]).sum(axis=0) / share.sum(axis=0)
        spread = np.sqrt((share * (grid[:, None] - mean) ** 2).sum(axis=0) / share.sum(axis=0))
        wide = spread > step
        return np.where(wide, mean, center), np.clip(np.where(wide, np.maximum(narrow, spread), narrow), 1e-6, 1.5)

    def information(self, reference: Reference, spreads: Floats) -> tuple[Floats, Floats]:
        """About the free logarithms, (P, P), and its derivatives by the logarithms of the spreads, (S, P, P)."""
        others, omega = self._parts_of(spreads)
        shared, alone = self._parted(np.exp(others))
        size, count = reference.slope.shape[1], len(spreads)
        total, moved = np.zeros((size, size)), np.zeros((count, size, size))
        levers = omega[:, None] * reference.slope[np.arange(len(self.counts)), self._levers]  # (D, n)
        for rows in self._alike(reference.rate > 0):  # (A, n), animals of as many counts
            kind, g, d = self.kind[rows], levers[:, rows], reference.slope[rows]
            tau = np.where(kind >= 0, np.append(alone, 0.0)[kind], 0.0)
            variance = shared**2 + np.einsum("kan,kam->anm", g, g)
            variance[:, np.arange(rows.shape[1]), np.arange(rows.shape[1])] += tau**2 + 1.0 / reference.rate[rows]
            u = np.linalg.solve(variance, d)
            total += np.einsum("anp,anq->pq", d, u)
            offset = 1 if self.shared else 0
            if self.shared:
                sums = u.sum(axis=1)
                moved[0] -= 2.0 * shared**2 * sums.T @ sums
            for k in range(len(alone)):
                mine = u[kind == k]
                moved[offset + k] -= 2.0 * alone[k] ** 2 * mine.T @ mine
            pulled = np.einsum("kan,anp->kap", g, u)
            moved[count - len(omega) :] -= 2.0 * np.einsum("kap,kaq->kpq", pulled, pulled)
        return total, moved

    def _alike(self, some: Mask) -> list[Ints]:
        """Counts of which each is one of some, animal by animal, for animals that have as many."""
        rows = np.flatnonzero(some)
        sizes = np.bincount(self._animal[rows], minlength=len(self.begin) - 1)
        return [rows[sizes[self._animal[rows]] == size].reshape(-1, size) for size in np.unique(sizes[sizes > 0])]

    def medians(self, theta: Floats, spreads: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Log expected counts of animals that differ, drawn, and the other spreads."""
        log, many = np.zeros(len(self.counts)), len(self.vary)
        us = rng.normal(0.0, spreads[-many:], (len(self.begin) - 1, many))
        for a, moved in enumerate(self._moved(theta, us, slopes=False)[0]):
            rows = slice(self.begin[a], self.begin[a + 1])
            log[rows] = moved[rows]
        return log, spreads[:-many]

    def told(self, spreads: Mapping[str, float]) -> list[str]:
        """What has to be known to read estimates right, in sentences."""
        own = {name: spreads[spread_of(name)] for name in self.vary}
        lines = super().told({name: sd for name, sd in spreads.items() if name not in map(spread_of, own)})
        lines += [
            f"{name} differs between animals, its logarithm by {sd:.2g}; the curve is solved for each."
            for name, sd in own.items()
        ]
        if len(own) > 1:
            lines.append("Hazards differ independently of each other: whether they do cannot be told from so few.")
        return lines
