"""The likelihood of data under a model: of its free hazards and of the spreads, with derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import cache
from typing import Any

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats, Ints
from cascade.inference.counted import Counts
from cascade.inference.free import Free
from cascade.inference.likely import Expected, Reference, Value
from cascade.inference.meeting import alike_arms, observable_of
from cascade.model import Model
from cascade.solution.shares import Shares


class Likelihood:
    """Of counts under the models of their arms.

    Parameters
    ----------
    models : mapping of str to Model
        By arm.
    data : Counts
    free : sequence of Free
    spread : str
        'one': what a count has alone has one spread; 'each': each observable its own; 'none'.
    shared : bool
        Whether the counts of an animal share something.

    Attributes
    ----------
    spreads : tuple of str
        What each spread is of, the shared one first, if there is one.
    sizes : (S,) float
        Of how many animals or counts.
    units : tuple of (str, str)
        Arm and name of the animals, each of which is independent of the others.
    """

    datum = "count"

    def __init__(
        self, models: Mapping[str, Model], data: Counts, free: Sequence[Free], *, spread: str, shared: bool
    ) -> None:
        self.models, self.data, self.free = dict(models), data, tuple(free)
        self.begin, self.counts, self.below = data.begin, data.of("count"), data.of("limit")
        self._exposure = np.log(data.of("cells") * data.of("fraction"))
        names = data.observed
        kinds = {"one": dict.fromkeys(names, 0), "each": {name: i for i, name in enumerate(names)}, "none": {}}[spread]
        self.kind: Ints = np.array([kinds.get(row.observable, -1) for row in data.rows], np.int64)
        alone = {"one": ["each count"], "each": list(names), "none": []}[spread]
        self.shared = shared
        self.spreads = (*(["all counts of an animal"] if shared else []), *alone)
        self.sizes = np.array(
            ([len(self.begin) - 1] if shared else []) + [int((self.kind == k).sum()) for k in range(len(alone))], float
        )
        self.units = tuple((data.rows[i].arm, data.rows[i].animal) for i in self.begin[:-1])
        self.parts = [self._part(arms, self.models[arms[0]], mine) for arms, mine in alike_arms(models, self.free)]

    def _part(self, arms: Sequence[str], model: Model, mine: Sequence[int]) -> tuple[Shares, Ints, Ints, Ints, Ints]:
        """Of some arms the curves; of each of their rows the number, the observable and the time; free parameters."""
        rows = [i for i, row in enumerate(self.data.rows) if row.arm in arms]
        names = list(dict.fromkeys(self.data.rows[i].observable for i in rows))
        hours = sorted({self.data.rows[i].hours for i in rows})
        groups = [model.hazard_table.named(self.free[p].name, "free") for p in mine]
        shares = Shares(model, [observable_of(name, self.data, model) for name in names], np.array(hours), groups)
        which = np.array([names.index(self.data.rows[i].observable) for i in rows])
        when = np.array([hours.index(self.data.rows[i].hours) for i in rows])
        return shares, np.array(rows), which, when, np.array(mine, np.int64)

    def recounted(self, data: Counts) -> Likelihood:
        """The likelihood of other counts of the same animals."""
        other = copy(self)
        other.data, other.counts, other.below = data, data.of("count"), data.of("limit")
        return other

    def counted(self, counts: Floats) -> Likelihood:
        """The likelihood of such numbers, whole or not, all of them seen."""
        other = copy(self)
        other.counts, other.below = counts, np.zeros(len(counts))
        return other

    def expected(self, theta: Floats, *, slopes: bool = True) -> Expected:
        """What is expected of the median animal at free logarithms (P,); without ``slopes`` these are 0."""
        log, slope = self._solved(theta[None], slopes=slopes)
        return Expected(log[0], slope[0], theta)

    def _solved(self, thetas: Floats, *, slopes: bool) -> tuple[Floats, Floats]:
        """What is expected (B, n), and its derivatives (B, n, P), at some sets of free logarithms (B, P)."""
        log = np.full((len(thetas), len(self.counts)), -np.inf)
        slope = np.zeros((*log.shape, len(self.free)))
        for shares, rows, which, when, mine in self.parts:
            values = shares.each(thetas[:, mine], slopes=slopes)
            share, error = values.value[:, which, when], values.error[:, which, when]
            seen = share > error
            log[:, rows] = np.where(seen, self._exposure[rows] + np.log(np.where(seen, share, 1.0)), -np.inf)
            if slopes:
                relative = values.slope[:, :, which, when] / np.where(seen, share, 1.0)[:, None]
                slope[:, rows[:, None], mine] = np.where(seen[:, None], relative, 0.0).transpose(0, 2, 1)
        return log, slope

    def possible(self, expected: Expected) -> bool:
        """Whether there are cells wherever some were counted."""
        return not (~np.isfinite(expected.log) & (self.counts > 0)).any()

    def check(self, expected: Expected) -> None:
        """That nothing was counted where the model has no cell.

        Raises
        ------
        InputError
            Naming the first such count.
        """
        wrong = np.flatnonzero(~np.isfinite(expected.log) & (self.counts > 0))
        if wrong.size:
            row = self.data.rows[int(wrong[0])]
            where = f"animal {row.animal!r} of {row.arm!r}, {row.observable!r} at {row.hours:g} h"
            wanted = (
                "0, since the model has no such cell then: a fault of the data, of the model, or of where its hazards"
                " begin, model.with_(hazards=...)"
            )
            raise InputError(where, row.count, wanted)

    def of(self, expected: Expected, spreads: Floats) -> Value:
        """The log likelihood over the saturated model, at logarithms of spreads (S,)."""
        by_animal, by_eta, by_spread = self._given(expected, spreads)
        moved = by_spread.sum(axis=0)
        return Value(float(by_animal.sum()), by_eta @ expected.slope, moved if self.shared else moved[1:])

    def each(self, expected: Expected, spreads: Floats) -> Floats:
        """Log likelihoods of the animals over the saturated model, (A,)."""
        return self._given(expected, spreads)[0]

    def _given(self, expected: Expected, spreads: Floats) -> tuple[Floats, Floats, Floats]:
        """Log likelihoods of the animals (A,), derivatives by log expected counts (n,) and by spreads (A, 1 + S)."""
        by_animal, by_eta, by_spread = self._given_each(expected.log[None], spreads)
        return by_animal[0], by_eta[0], by_spread[0]

    def _given_each(self, log: Floats, spreads: Floats) -> tuple[Floats, Floats, Floats]:
        """As ``_given``, at some sets of log expected counts (B, n): as if there were B times the animals."""
        from cascade.common.compiled import cached
        from cascade.inference.kernel import animals

        (sets, n), count = log.shape, len(self.begin) - 1
        seen = np.isfinite(log)
        eta = np.where(seen, log, -700.0)
        shared, alone = self._parted(np.exp(spreads))
        begin = np.append((np.arange(sets)[:, None] * n + self.begin[:-1]).ravel(), sets * n)
        by_animal, by_eta, by_spread = (
            np.zeros(sets * count),
            np.zeros(sets * n),
            np.zeros((sets * count, 1 + len(alone))),
        )
        points, weights = _points()
        run = cached(animals.likelihood, _room())
        run(
            begin, np.tile(self.counts, sets), np.tile(self.below, sets), eta.ravel(), np.tile(self.kind, sets),
            shared, alone, points, weights, by_animal, by_eta, by_spread,
        )  # fmt: skip
        by_eta = np.where(seen, by_eta.reshape(sets, n), 0.0)
        return by_animal.reshape(sets, count), by_eta, by_spread.reshape(sets, count, -1)

    def information(self, reference: Reference, spreads: Floats) -> tuple[Floats, Floats]:
        """About the free logarithms, (P, P), and its derivatives by the logarithms of the spreads, (S, P, P)."""
        from cascade.common.compiled import cached
        from cascade.inference.kernel import information

        shared, alone = self._parted(np.exp(spreads))
        size = reference.slope.shape[1]
        total, moved = np.zeros((size, size)), np.zeros((1 + len(alone), size, size))
        run: Callable[..., Any] = cached(information.information, _room())
        run(self.begin, reference.slope, reference.rate, self.kind, shared, alone, total, moved)
        return total, moved if self.shared else moved[1:]

    def medians(self, theta: Floats, spreads: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Log expected counts (n,) of the median animal, and the spreads around them."""
        del rng
        return self.expected(theta, slopes=False).log, spreads

    def reference(self, expected: Expected) -> Reference:
        """Where the information is taken."""
        return Reference(expected.slope, np.where(np.isfinite(expected.log), np.exp(expected.log), 0.0))

    def depending(self, theta: Floats) -> None:
        """None: what counts of an animal share is in the likelihood."""

    def told(self, spreads: Mapping[str, float]) -> list[str]:
        """What has to be known to read estimates right, in sentences."""
        varied = ", ".join(f"{name} {value:.2g}" for name, value in spreads.items()) or "none fitted"
        lines = [
            f"{self.data.told}; hazards are those of the median animal, per hour.",
            f"Spread of log counts between animals: {varied}; that it is normal cannot be told from so few.",
        ]
        if not self.counts.any():
            lines.append("No cell was counted: only the sides of intervals that are not open say anything.")
        return lines

    def restricted(self, expected: Expected, spreads: Floats, reference: Reference) -> Value:
        """The restricted log likelihood: less half the logarithm of the determinant of the information."""
        plain = self.of(expected, spreads)
        information, moved = self.information(reference, spreads)
        # What the counts do not tell at all has no part in it.
        values, vectors = np.linalg.eigh(information)
        told = values > 1e-12 * values.max(initial=0.0)
        inverse = (vectors[:, told] / values[told]) @ vectors[:, told].T
        penalty = 0.5 * float(np.log(values[told]).sum())
        by_spread = plain.by_spread - 0.5 * np.einsum("pq,sqp->s", inverse, moved)
        return Value(plain.value - penalty, plain.by_free, by_spread)

    def _parted(self, spreads: Floats) -> tuple[float, Floats]:
        """The shared spread, and those that counts have alone."""
        return (float(spreads[0]), spreads[1:]) if self.shared else (0.0, spreads)


@cache
def _points() -> tuple[Floats, Floats]:
    """Of Gauss and Hermite, by rule, and the logarithms of the weights, plus the squares of the points."""
    from cascade.inference.kernel.counts import FEW, MANY_POINTS, POINTS

    points, weights = np.zeros((3, MANY_POINTS)), np.full((3, MANY_POINTS), -np.inf)
    for row, count in enumerate((FEW, POINTS, MANY_POINTS)):
        x, w = np.polynomial.hermite.hermgauss(count)
        points[row, :count], weights[row, :count] = x, np.log(w) + x * x
    return points, weights


def _room() -> Any:
    from cascade.inference import kernel

    return kernel
