r"""The likelihood of counts where animals of one experiment share something: a batch of cells, a day, a surgeon.

With c ~ N(0, kappa^2) in the log expected counts of all animals of an experiment,

    L(theta, psi, kappa) = prod_experiments int phi(c / kappa) / kappa prod_animals L_a(theta, psi; eta + c) dc,

by the trapezoidal rule where the law of c given the counts of the experiment lies.  For the restricted likelihood the
log counts of an experiment have the variances of its animals and kappa^2 1 1'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.inference.counted import Counts
from cascade.inference.free import Free
from cascade.inference.likelihood import Likelihood
from cascade.inference.likely import Expected, Reference, Value
from cascade.model import Model

NAME = "all counts of an experiment"
REACH, POINTS = 6.0, 33
"""Of the rule, in widths of the law of c."""

CLIMBS = 8


class Nested(Likelihood):
    """Of counts of animals in experiments.

    Parameters
    ----------
    models, data, free, spread, shared
        As for ``Likelihood``.

    Raises
    ------
    InputError
        Where there is one experiment alone: then what its animals share is no spread.
    """

    def __init__(
        self, models: Mapping[str, Model], data: Counts, free: Sequence[Free], *, spread: str, shared: bool
    ) -> None:
        super().__init__(models, data, free, spread=spread, shared=shared)
        names = list(dict.fromkeys(row.experiment for row in data.rows))
        if len(names) < 2:
            raise InputError("experiment", names[0], "two experiments or more, or none: dose and spread tell the rest")
        self.count = len(names)
        self._of_row = np.array([names.index(row.experiment) for row in data.rows])
        self._of_animal = self._of_row[self.begin[:-1]]
        self.units = tuple(("", name) for name in names)
        self.spreads = (*self.spreads, NAME)
        self.sizes = np.append(self.sizes, self.count)

    def each(self, expected: Expected, spreads: Floats) -> Floats:
        """Log likelihoods of the experiments over the saturated model, (E,)."""
        by_experiment, _, _ = self._over_experiments(expected, spreads)
        return by_experiment

    def of(self, expected: Expected, spreads: Floats) -> Value:
        """The log likelihood over the saturated model, at logarithms of spreads (S,)."""
        kappa = float(np.exp(spreads[-1]))
        by_experiment, weights, kept = self._over_experiments(expected, spreads)
        by_eta, moved, square = np.zeros(len(self.counts)), np.zeros(kept[0][1].shape[1]), np.zeros(self.count)
        for share, (eta, by_spread, c) in zip(weights, kept, strict=True):
            by_eta += share[self._of_row] * eta
            moved += share[self._of_animal] @ by_spread
            square += share * c * c
        alone = moved if self.shared else moved[1:]
        by_kappa = float((square / kappa**2 - 1.0).sum())
        return Value(float(by_experiment.sum()), by_eta @ expected.slope, np.append(alone, by_kappa))

    def _over_experiments(
        self, expected: Expected, spreads: Floats
    ) -> tuple[Floats, Floats, list[tuple[Floats, Floats, Floats]]]:
        """Log likelihoods of the experiments, and the weights of the points of the rule with what was found at each."""
        kappa = float(np.exp(spreads[-1]))
        center, width = self._where(expected, spreads, kappa)
        steps = np.linspace(-REACH, REACH, POINTS)
        joint = np.zeros((POINTS, self.count))
        kept: list[tuple[Floats, Floats, Floats]] = []
        for k, step in enumerate(steps.tolist()):
            c = center + step * width
            by_animal, by_eta, by_spread = self._shifted(expected, c, spreads)
            density = -0.5 * (c / kappa) ** 2 - np.log(kappa) - 0.5 * np.log(2.0 * np.pi)
            joint[k] = self._summed(by_animal, self._of_animal) + density + np.log(width * (steps[1] - steps[0]))
            kept.append((by_eta, by_spread, c))
        highest = joint.max(axis=0)
        weights = np.exp(joint - highest)
        total = weights.sum(axis=0)
        return highest + np.log(total), weights / total, kept

    def _summed(self, values: Floats, whose: Floats) -> Floats:
        """Values summed by experiment."""
        return np.asarray(np.bincount(whose, values, self.count), np.float64)

    def _shifted(self, expected: Expected, c: Floats, spreads: Floats) -> tuple[Floats, Floats, Floats]:
        """Likelihoods of the animals where each experiment has its c."""
        return self._given(expected._replace(log=expected.log + c[self._of_row]), spreads[:-1])

    def _where(self, expected: Expected, spreads: Floats, kappa: float) -> tuple[Floats, Floats]:
        """Of each experiment where the law of its c given its counts lies, and how wide it is."""
        rate = np.where(np.isfinite(expected.log), np.exp(np.minimum(expected.log, 700.0)), 0.0)
        shared, alone = self._parted(np.exp(spreads[:-1]))
        tau = np.where(self.kind >= 0, np.append(alone, 0.0)[self.kind], 0.0)
        with np.errstate(divide="ignore"):
            w = 1.0 / (tau**2 + 1.0 / np.maximum(np.maximum(rate, self.counts), 1e-3))
        of_animal = np.add.reduceat(w, self.begin[:-1])
        known = self._summed(of_animal / (1.0 + shared**2 * of_animal), self._of_animal)
        precision = known + 1.0 / kappa**2
        center = np.zeros(self.count)

        def slope(c: Floats) -> Floats:
            return self._summed(self._shifted(expected, c, spreads)[1], self._of_row) - c / kappa**2

        step = 1.0 / np.sqrt(precision)
        for _ in range(CLIMBS):
            up, down = slope(center + 0.5 * step), slope(center - 0.5 * step)
            bent = np.maximum((down - up) / step, 0.1 / step**2)
            center = center + np.clip(0.5 * (up + down) / bent, -4.0 * step, 4.0 * step)
            step = 1.0 / np.sqrt(bent)
        return center, np.minimum(step, kappa)

    def information(self, reference: Reference, spreads: Floats) -> tuple[Floats, Floats]:
        """About the free logarithms, (P, P), and its derivatives by the logarithms of the spreads, (S, P, P)."""
        shared, alone = self._parted(np.exp(spreads[:-1]))
        kappa, size = float(np.exp(spreads[-1])), reference.slope.shape[1]
        total, moved = np.zeros((size, size)), np.zeros((len(spreads), size, size))
        animal = np.repeat(np.arange(len(self.begin) - 1), np.diff(self.begin))
        offset = 1 if self.shared else 0
        for e in range(self.count):
            rows = np.flatnonzero((self._of_row == e) & (reference.rate > 0))
            if not len(rows):
                continue
            kind, d = self.kind[rows], reference.slope[rows]
            tau = np.where(kind >= 0, np.append(alone, 0.0)[kind], 0.0)
            same = (animal[rows][:, None] == animal[rows]).astype(float)
            variance = np.diag(tau**2 + 1.0 / reference.rate[rows]) + shared**2 * same + kappa**2
            u = np.linalg.solve(variance, d)
            total += d.T @ u
            if self.shared:
                moved[0] -= 2.0 * shared**2 * u.T @ same @ u
            for k in range(len(alone)):
                mine = u[kind == k]
                moved[offset + k] -= 2.0 * alone[k] ** 2 * mine.T @ mine
            sums = u.sum(axis=0)
            moved[-1] -= 2.0 * kappa**2 * np.outer(sums, sums)
        return total, moved

    def medians(self, theta: Floats, spreads: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Log expected counts of the median animal of experiments that differ, drawn, and the other spreads."""
        c = rng.normal(0.0, float(spreads[-1]), self.count)
        return self.expected(theta, slopes=False).log + c[self._of_row], spreads[:-1]

    def told(self, spreads: Mapping[str, float]) -> list[str]:
        """What has to be known to read estimates right, in sentences."""
        lines = super().told({name: sd for name, sd in spreads.items() if name != NAME})
        lines.append(f"Animals stand in {self.count} experiments, which differ by {spreads[NAME]:.2g} of a logarithm.")
        return lines
