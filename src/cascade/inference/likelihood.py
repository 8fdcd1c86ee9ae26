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
        return self._expected(theta, slopes=slopes, shift=None)

    def _expected(self, theta: Floats, *, slopes: bool, shift: Callable[[Ints], Floats] | None) -> Expected:
        """``shift``: from the numbers of free parameters of an arm what is added to them."""
        log, slope = np.full(len(self.counts), -np.inf), np.zeros((len(self.counts), len(self.free)))
        for shares, rows, which, when, mine in self.parts:
            values = shares.at(theta[mine] + (0.0 if shift is None else shift(mine)), slopes=slopes)
            share, error = values.value[which, when], values.error[which, when]
            seen = share > error
            log[rows[seen]] = self._exposure[rows[seen]] + np.log(share[seen])
            if slopes:
                relative = values.slope[:, which, when] / np.where(seen, share, 1.0)
                slope[np.ix_(rows, mine)] = np.where(seen, relative, 0.0).T
        return Expected(log, slope, theta)

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
        from cascade.common.compiled import cached
        from cascade.inference.kernel import animals

        n, count = len(self.counts), len(self.begin) - 1
        seen = np.isfinite(expected.log)
        eta = np.where(seen, expected.log, -700.0)
        shared, alone = self._parted(np.exp(spreads))
        by_animal, by_eta, by_spread = np.zeros(count), np.zeros(n), np.zeros((count, 1 + len(alone)))
        points, weights = _points()
        run = cached(animals.likelihood, _room())
        run(
            self.begin, self.counts, self.below, eta, self.kind, shared, alone, points, weights,
            by_animal, by_eta, by_spread,
        )  # fmt: skip
        return by_animal, np.where(seen, by_eta, 0.0), by_spread

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
