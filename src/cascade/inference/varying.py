r"""The likelihood of counts where a hazard differs between animals, with the curve solved anew for each of them.

With u ~ N(0, omega^2) the logarithm of what an animal's hazard is over the median one's,

    L_a(theta, psi, omega) = int phi(x) L_a(theta + omega x, psi) dx,

by the trapezoidal rule at points of each animal's own, where the law of its x given its counts lies: of many counts
that is narrow.  Curves are solved at some u for all animals, and are cubic splines between.  Taking the curve as linear
in u instead is wrong by 0.1 of a logarithm at a coefficient of variation of 0.4.

For the restricted likelihood an animal's log counts have the variance V_a + omega^2 g g', g = d log p / d u.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cascade.common.errors import InputError, nearest
from cascade.common.types import Floats, Ints
from cascade.inference.counted import Counts
from cascade.inference.free import Free
from cascade.inference.likelihood import Likelihood
from cascade.inference.likely import Expected, Reference, Value
from cascade.model import Model

GRID = np.linspace(-6.0, 6.0, 41)
"""Points at which curves are solved, in omega; between them they are a cubic spline."""

REACH, POINTS = 7.0, 41
"""Of the rule for each animal, in widths of the law of its u."""

CLIMBS = 12
UNSEEN = -700.0
"""Of a logarithm of an expected count: none."""


class _Curves:
    """Log expected counts and their derivatives as functions of u, in omega."""

    def __init__(self, solved: Sequence[Expected]) -> None:
        from scipy.interpolate import CubicSpline

        log = np.array([np.where(np.isfinite(one.log), one.log, UNSEEN) for one in solved])
        self._log = CubicSpline(GRID, log).c
        self._slope = CubicSpline(GRID, np.array([one.slope for one in solved])).c

    def at(self, x: Floats, theta: Floats, *, slopes: bool) -> Expected:
        """At one x for each count, (n,)."""
        piece = np.clip(np.searchsorted(GRID, x) - 1, 0, len(GRID) - 2)
        apart, every = x - GRID[piece], np.arange(len(x))
        c = self._log[:, piece, every]
        log = ((c[0] * apart + c[1]) * apart + c[2]) * apart + c[3]
        if not slopes:
            return Expected(np.asarray(log), np.zeros((len(x), self._slope.shape[-1])), theta)
        d, apart = self._slope[:, piece, every], apart[:, None]
        return Expected(np.asarray(log), np.asarray(((d[0] * apart + d[1]) * apart + d[2]) * apart + d[3]), theta)


_Kept = tuple[Floats, Floats, Floats, Floats]
"""Derivatives by log expected counts, their slopes, derivatives by spreads, and the logarithms of the hazard."""


class Varying(Likelihood):
    """Of counts under models of which one hazard differs between animals.

    Parameters
    ----------
    models, data, free, spread, shared
        As for ``Likelihood``.
    vary : str
        A free hazard, or pattern.

    Raises
    ------
    InputError
        When it is not free, or an animal has one count alone: then it cannot be told from the spread of counts.
    """

    def __init__(
        self,
        models: Mapping[str, Model],
        data: Counts,
        free: Sequence[Free],
        *,
        spread: str,
        shared: bool,
        vary: str,
    ) -> None:
        super().__init__(models, data, free, spread=spread, shared=shared)
        names = [one.name for one in free]
        if vary not in names:
            raise InputError("vary", vary, f"one of those that are free; {nearest(str(vary), names)}")
        if len(data) == len(self.begin) - 1:
            wanted = "None: each animal has one count, of which this and the spread of counts cannot be told apart"
            raise InputError("vary", vary, wanted)
        self.vary = vary
        self.spreads = (*self.spreads, f"{vary} between animals")
        self.sizes = np.append(self.sizes, len(self.begin) - 1)
        self._animal = np.repeat(np.arange(len(self.begin) - 1), np.diff(self.begin))
        self._which: Ints = np.zeros(len(data), np.int64)
        for _, rows, _, _, mine in self.parts:
            self._which[rows] = mine[self._place(mine)]

    def _place(self, mine: Ints) -> int:
        """Where among the free parameters of some arms it is."""
        return next(k for k, p in enumerate(mine.tolist()) if self.free[p].name == self.vary)

    def _moved(self, theta: Floats, u: float, *, slopes: bool) -> Expected:
        """What is expected of an animal whose hazard is e^u times the median one's."""
        return self._expected(theta, slopes=slopes, shift=lambda mine: u * (np.arange(len(mine)) == self._place(mine)))

    def each(self, expected: Expected, spreads: Floats) -> Floats:
        """Log likelihoods of the animals over the saturated model, (A,)."""
        by_animal, _, _ = self._over_animals(expected, spreads)
        return by_animal

    def of(self, expected: Expected, spreads: Floats) -> Value:
        """The log likelihood over the saturated model, at logarithms of spreads (S,)."""
        omega = float(np.exp(spreads[-1]))
        by_animal, weights, kept = self._over_animals(expected, spreads)
        by_free, moved, by_omega = np.zeros(len(self.free)), np.zeros(len(kept[0][2][0])), 0.0
        every = np.arange(len(self.counts))
        for share, (by_eta, slope, by_spread, x) in zip(weights, kept, strict=True):
            of_row = by_eta * share[self._animal]
            by_free += of_row @ slope
            moved += share @ by_spread
            by_omega += omega * float((of_row * x[self._animal]) @ slope[every, self._which])
        alone = moved if self.shared else moved[1:]
        return Value(float(by_animal.sum()), by_free, np.append(alone, by_omega))

    def _over_animals(self, expected: Expected, spreads: Floats) -> tuple[Floats, Floats, list[_Kept]]:
        """Log likelihoods of the animals, and the weights of the points of the rule with what was found at each."""
        omega, slopes = float(np.exp(spreads[-1])), bool(expected.slope.any())
        curves = _Curves([self._moved(expected.theta, u, slopes=slopes) for u in (omega * GRID).tolist()])
        center, width = self._where(curves, spreads)
        steps = np.linspace(-REACH, REACH, POINTS)
        animals = len(self.begin) - 1
        joint = np.zeros((POINTS, animals))
        kept: list[_Kept] = []
        for k, step in enumerate(steps.tolist()):
            x = center + step * width  # of each animal, in omega
            one = curves.at(x[self._animal], expected.theta, slopes=slopes)
            by_animal, by_eta, by_spread = self._given(one, spreads[:-1])
            joint[k] = by_animal - 0.5 * x * x + np.log(width * (steps[1] - steps[0])) - 0.5 * np.log(2.0 * np.pi)
            kept.append((by_eta, one.slope, by_spread, x))
        highest = joint.max(axis=0)
        weights = np.exp(joint - highest)
        total = weights.sum(axis=0)
        return highest + np.log(total), weights / total, kept

    def _where(self, curves: _Curves, spreads: Floats) -> tuple[Floats, Floats]:
        """Of each animal where the law of its u given its counts lies, and how wide it is, in omega, (A,) each."""
        none = np.zeros(0)

        def joint(x: Floats) -> Floats:
            one = curves.at(x[self._animal], none, slopes=False)
            return np.asarray(self._given(one, spreads[:-1])[0] - 0.5 * x * x)

        animals = len(self.begin) - 1
        values = np.array([joint(np.full(animals, x)) for x in GRID.tolist()])
        step = GRID[1] - GRID[0]
        center = GRID[np.argmax(values, axis=0)]
        # A narrow law is climbed to by steps that are halved, as wide as a parabola through its top.
        width = np.full(animals, step)
        for _ in range(CLIMBS):
            low, here, high = (joint(center + side * width) for side in (-1.0, 0.0, 1.0))
            bent = 2.0 * here - low - high
            peaked = (here >= low) & (here >= high) & (bent > 0)
            center = np.where(peaked, center + 0.5 * width * (high - low) / np.where(peaked, bent, 1.0),
                              center + width * np.sign(high - low))  # fmt: skip
            center = np.clip(center, GRID[0], GRID[-1])
            width = np.where(peaked & (bent > 1.0), width / 2.0, width)
        low, here, high = (joint(center + side * width) for side in (-1.0, 0.0, 1.0))
        bent = np.maximum(2.0 * here - low - high, 1e-12)
        # By the curvature at its top, and by how far it reaches on the grid, the wider of the two.
        narrow = width / np.sqrt(bent)
        share = np.exp(values - values.max(axis=0))
        mean = (share * GRID[:, None]).sum(axis=0) / share.sum(axis=0)
        spread = np.sqrt((share * (GRID[:, None] - mean) ** 2).sum(axis=0) / share.sum(axis=0))
        wide = spread > step
        return np.where(wide, mean, center), np.clip(np.where(wide, np.maximum(narrow, spread), narrow), 1e-6, 1.5)

    def information(self, reference: Reference, spreads: Floats) -> tuple[Floats, Floats]:
        """About the free logarithms, (P, P), and its derivatives by the logarithms of the spreads, (S, P, P)."""
        shared, alone = self._parted(np.exp(spreads[:-1]))
        omega = float(np.exp(spreads[-1]))
        size, count = reference.slope.shape[1], len(spreads)
        total, moved = np.zeros((size, size)), np.zeros((count, size, size))
        lever = reference.slope[np.arange(len(self.counts)), self._which]
        for first, end in zip(self.begin[:-1], self.begin[1:], strict=True):
            rows = np.arange(first, end)[reference.rate[first:end] > 0]
            if not len(rows):
                continue
            kind = self.kind[rows]
            tau = np.where(kind >= 0, np.append(alone, 0.0)[kind], 0.0)
            g, d = lever[rows], reference.slope[rows]
            variance = np.diag(tau**2 + 1.0 / reference.rate[rows]) + shared**2 + omega**2 * np.outer(g, g)
            u = np.linalg.solve(variance, d)
            total += d.T @ u
            offset = 1 if self.shared else 0
            if self.shared:
                sums = u.sum(axis=0)
                moved[0] -= 2.0 * shared**2 * np.outer(sums, sums)
            for k in range(len(alone)):
                mine = u[kind == k]
                moved[offset + k] -= 2.0 * alone[k] ** 2 * mine.T @ mine
            pulled = g @ u
            moved[-1] -= 2.0 * omega**2 * np.outer(pulled, pulled)
        return total, moved

    def medians(self, theta: Floats, spreads: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Log expected counts of animals that differ, drawn, and the other spreads."""
        log = np.zeros(len(self.counts))
        for a, u in enumerate(rng.normal(0.0, float(spreads[-1]), len(self.begin) - 1).tolist()):
            rows = slice(self.begin[a], self.begin[a + 1])
            log[rows] = self._moved(theta, u, slopes=False).log[rows]
        return log, spreads[:-1]

    def told(self, spreads: Mapping[str, float]) -> list[str]:
        """What has to be known to read estimates right, in sentences."""
        own = f"{self.vary} between animals"
        lines, varied = super().told({name: sd for name, sd in spreads.items() if name != own}), spreads[own]
        lines.append(
            f"{self.vary} differs between animals, its logarithm by {varied:.2g}; the curve is solved for each."
        )
        return lines
