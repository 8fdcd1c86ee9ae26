"""The likelihood of data under a model: of its free hazards and of the spreads, with derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from cascade.common.errors import InputError, nearest
from cascade.common.types import Floats, Ints
from cascade.inference.data import Data
from cascade.inference.free import Free
from cascade.model import Model
from cascade.model.observables import Observable
from cascade.solution.shares import Shares

FARTHEST = 30.0
"""Of a free logarithm from the model: beyond it a hazard is 0 or infinite, as far as counts can tell."""


class Expected(NamedTuple):
    """What is expected of the median animal.

    Attributes
    ----------
    log : (n,) float
        Logarithms of expected counts; -inf where a share is below its own error.
    slope : (n, P) float
        Derivatives of it by the free logarithms.
    """

    log: Floats
    slope: Floats


class Value(NamedTuple):
    """A log likelihood, and its derivatives by the free logarithms (P,) and by those of the spreads (S,)."""

    value: float
    by_free: Floats
    by_spread: Floats


@dataclass(frozen=True)
class Reference:
    """Where the restricted likelihood is taken: derivatives of log expected counts, and expected counts."""

    slope: Floats
    rate: Floats


class Likelihood:
    """Of counts under the models of their arms.

    Parameters
    ----------
    models : mapping of str to Model
        By arm.
    data : Data
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
    """

    def __init__(
        self, models: Mapping[str, Model], data: Data, free: Sequence[Free], *, spread: str, shared: bool
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
        self.parts = [self._part(*alike) for alike in self._alike()]

    def _alike(self) -> list[tuple[list[str], Model, list[int]]]:
        """Arms that have the same model and the same free parameters, these, by number, beside them."""
        groups: dict[tuple[str, tuple[int, ...]], list[str]] = {}
        for arm, model in self.models.items():
            mine = tuple(p for p, free in enumerate(self.free) if free.arm in ("", arm))
            groups.setdefault((model.digest(), mine), []).append(arm)
        return [(arms, self.models[arms[0]], list(mine)) for (_, mine), arms in groups.items()]

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

    def recounted(self, data: Data) -> Likelihood:
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
        log, slope = np.full(len(self.counts), -np.inf), np.zeros((len(self.counts), len(self.free)))
        for shares, rows, which, when, mine in self.parts:
            values = shares.at(theta[mine], slopes=slopes)
            share, error = values.value[which, when], values.error[which, when]
            seen = share > error
            log[rows[seen]] = self._exposure[rows[seen]] + np.log(share[seen])
            if slopes:
                relative = values.slope[:, which, when] / np.where(seen, share, 1.0)
                slope[np.ix_(rows, mine)] = np.where(seen, relative, 0.0).T
        return Expected(log, slope)

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
        moved = by_spread.sum(axis=0)
        by_free = np.where(seen, by_eta, 0.0) @ expected.slope
        return Value(float(by_animal.sum()), by_free, moved if self.shared else moved[1:])

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

    def reference(self, expected: Expected) -> Reference:
        """Where the information is taken."""
        return Reference(expected.slope, np.where(np.isfinite(expected.log), np.exp(expected.log), 0.0))

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


def observable_of(name: str, data: Data, model: Model) -> Observable:
    """What a name in the data counts: as it was given, or one of the model, or one of its states.

    Raises
    ------
    InputError
        With the nearest names.
    """
    if name in data.observables:
        return data.observables[name]
    of_model = {one.name: one for one in model.observables}
    if name in of_model:
        return of_model[name]
    states = [state.name for state in model.states]
    if name not in states:
        near = nearest(name, [*of_model, *states])
        wanted = f"an observable that was given with the data, or one of the model or a state; {near}"
        raise InputError("observable", name, wanted)
    return Observable(name, states=name)


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
