r"""The likelihood of counts where a hazard differs between animals, with the curve solved anew for each of them.

With u ~ N(0, omega^2) the logarithm of what an animal's hazard is over the median one's,

    L_a(theta, psi, omega) = int phi(x) L_a(theta + omega x, psi) dx,

by the trapezoidal rule at points x that are the same for all animals, so that a curve is solved once for each point.
Its error falls as e^{-2 pi^2 (s / h)^2}, h the step and s how well the counts of an animal tell its own u, in units of
omega.  Taking the curve as linear in u instead is wrong by 0.1 of a logarithm at a coefficient of variation of 0.4.

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

REACH = 5.0
"""Of the points, in omega."""

FIRST_POINTS, MOST_POINTS = 41, 161
CLOSE = 1e-3
"""Of a log likelihood: a finer rule that differs less is not needed."""


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
        self.points = FIRST_POINTS
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

    def of(self, expected: Expected, spreads: Floats) -> Value:
        """The log likelihood over the saturated model, at logarithms of spreads (S,)."""
        omega, slopes = float(np.exp(spreads[-1])), bool(expected.slope.any())
        x = np.linspace(-REACH, REACH, self.points)
        logs = -0.5 * x * x
        logs -= np.log(np.exp(logs).sum())
        animals = len(self.begin) - 1
        by_animal = np.zeros((len(x), animals))
        kept: list[tuple[Floats, Floats, Floats]] = []
        for k, at in enumerate((omega * x).tolist()):
            one = self._moved(expected.theta, at, slopes=slopes)
            by_animal[k], by_eta, by_spread = self._given(one, spreads[:-1])
            kept.append((by_eta, one.slope, by_spread))
        joint = logs[:, None] + by_animal
        highest = joint.max(axis=0)
        weights = np.exp(joint - highest)
        total = weights.sum(axis=0)
        weights /= total
        by_free, moved, by_omega = np.zeros(len(self.free)), np.zeros(len(kept[0][2][0])), 0.0
        every = np.arange(len(self.counts))
        for share, at, (by_eta, slope, by_spread) in zip(weights, omega * x, kept, strict=True):
            of_row = by_eta * share[self._animal]
            by_free += of_row @ slope
            moved += share @ by_spread
            by_omega += at * float(of_row @ slope[every, self._which])
        alone = moved if self.shared else moved[1:]
        return Value(float((highest + np.log(total)).sum()), by_free, np.append(alone, by_omega))

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

    def finer(self, expected: Expected, spreads: Floats) -> bool:
        """Whether a rule of twice as many points says something else; then it is taken."""
        before, value = self.points, self.of(expected, spreads).value
        if 2 * before - 1 > MOST_POINTS:
            return False
        self.points = 2 * before - 1
        if abs(self.of(expected, spreads).value - value) > CLOSE:
            return True
        self.points = before
        return False

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
