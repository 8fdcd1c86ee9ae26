"""The highest point of the likelihood: of all free logarithms and spreads, or with one of them held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade.common.types import Floats, Mask
from cascade.inference.likely import FARTHEST, Expected, Likely, Reference

LEAST_SPREAD, MOST_SPREAD = np.log(1e-3), np.log(5.0)
"""Bounds of the logarithms of spreads: below the first they are none."""

FIRST_SPREAD = np.log(0.2)
STEPS = 200

RESTARTS = 4

SMALL, LEFT = 1e-3, 0.05
"""Of a slope per standard error: searched for, and let pass; what is left to climb is half its square."""

SMALL_HELD = 1e-2
"""Where one is held: a root of 2 is told to 2e-5."""

SMALL_SPREAD = np.log(0.03)

UNSEEN = 1e9
"""The slope where nothing has been found yet: no end of a search."""


class Maximum(NamedTuple):
    """Where a likelihood is highest.

    Attributes
    ----------
    value : float
    theta : (P,) float
    spreads : (S,) float
        Logarithms.
    expected : Expected
    found : bool
        Whether the search came to an end.
    """

    value: float
    theta: Floats
    spreads: Floats
    expected: Expected
    found: bool


def highest(
    likelihood: Likely,
    theta: Floats,
    spreads: Floats,
    *,
    restricted: Reference | None = None,
    held: int | None = None,
    fixed: bool = False,
) -> Maximum:
    """The highest point from a start; ``restricted``: of the restricted likelihood; ``held``: a logarithm that stays.

    ``fixed``: spreads stay, too.

    Where a search ends before it is there, as in a bent valley, it begins again from where it has come to.
    """
    found = _climbed(likelihood, theta, spreads, restricted, held, fixed=fixed)
    small = found.spreads < SMALL_SPREAD
    if small.any() and not fixed:
        # Where a spread is next to none the likelihood is flat in its logarithm: it may be higher beyond.
        again = np.where(small, FIRST_SPREAD, found.spreads)
        other = _climbed(likelihood, found.theta, again, restricted, held, fixed=False)
        found = max(found, other, key=lambda one: one.value)
    return found


def _climbed(
    likelihood: Likely,
    theta: Floats,
    spreads: Floats,
    restricted: Reference | None,
    held: int | None,
    *,
    fixed: bool,
) -> Maximum:
    """A search, and further ones until it is at its end."""
    found = _search(likelihood, theta, spreads, restricted, held, fixed=fixed)
    for _ in range(RESTARTS):
        if found.found:
            break
        found = _search(likelihood, found.theta, found.spreads, restricted, held, fixed=fixed)
    return found


class _Hill:
    """The likelihood in turned and scaled coordinates x, 0 at its start, upside down.

    The free logarithms are turned and scaled so that the information at the start is 1 in all directions: in
    these coordinates a quasi-Newton search begins with Fisher's scoring.  Where counted cells could not be there is a
    slope back to the start.
    """

    def __init__(
        self,
        likelihood: Likely,
        theta: Floats,
        spreads: Floats,
        reference: Reference | None,
        held: int | None,
        *,
        fixed: bool,
    ) -> None:
        self.likelihood, self.theta, self.reference, self.fixed = likelihood, theta, reference, fixed
        begin = likelihood.expected(theta)
        likelihood.check(begin)
        self.some = np.array([p for p in range(len(theta)) if p != held], np.int64)
        information, _ = likelihood.information(likelihood.reference(begin), spreads)
        self.scale = _scale(information[np.ix_(self.some, self.some)])
        # Of normals the information about the logarithm of a spread is twice the number of those that it is of.
        self.of_spread = 1.0 / np.sqrt(2.0 * likelihood.sizes)
        self.start = np.concatenate([np.zeros(len(self.some)), spreads / self.of_spread])
        self.lowest = np.inf
        self.best: tuple[Floats, Floats, Expected] = (self.start, np.full(len(self.start), UNSEEN), begin)
        self._begin = begin

    @property
    def bounds(self) -> list[tuple[float | None, float | None]]:
        """Of x."""
        ends: list[tuple[float | None, float | None]]
        ends = [(LEAST_SPREAD / s, MOST_SPREAD / s) for s in self.of_spread.tolist()]
        if self.fixed:
            ends = [(x, x) for x in self.start[len(self.some) :].tolist()]
        return [*[(None, None)] * len(self.some), *ends]

    def at(self, x: Floats) -> tuple[Floats, Floats]:
        """Free logarithms and logarithms of spreads."""
        full, count = self.theta.copy(), len(self.some)
        full[self.some] = np.clip(self.theta[self.some] + self.scale @ x[:count], -FARTHEST, FARTHEST)
        return full, x[count:] * self.of_spread

    def __call__(self, x: Floats) -> tuple[float, Floats]:
        """Minus the likelihood, and its derivatives."""
        full, spread = self.at(x)
        expected = self._begin if np.array_equal(full, self.theta) else self.likelihood.expected(full)
        if not self.likelihood.possible(expected):
            apart = x - self.start
            return self.lowest + 1e3 * (1.0 + float(apart @ apart)), 2e3 * apart
        if self.reference is None:
            found = self.likelihood.of(expected, spread)
        else:
            found = self.likelihood.restricted(expected, spread, self.reference)
        inside = np.abs(full[self.some]) < FARTHEST
        by_x = self.scale.T @ (found.by_free[self.some] * inside)
        slope = -np.concatenate([by_x, found.by_spread * self.of_spread])
        if -found.value < self.lowest:
            self.lowest, self.best = -found.value, (x.copy(), slope, expected)
        return -found.value, slope


def _search(
    likelihood: Likely,
    theta: Floats,
    spreads: Floats,
    reference: Reference | None,
    held: int | None,
    *,
    fixed: bool,
) -> Maximum:
    """One search."""
    from scipy.optimize import minimize

    hill = _Hill(likelihood, theta, spreads, reference, held, fixed=fixed)
    if not len(hill.start):  # nothing is free
        return Maximum(-hill(hill.start)[0], theta.copy(), spreads.copy(), likelihood.expected(theta), found=True)
    small = SMALL if held is None else SMALL_HELD
    options = {"maxiter": STEPS, "ftol": 1e-13, "gtol": small, "maxcor": 20}
    minimize(hill, hill.start, jac=True, method="L-BFGS-B", bounds=hill.bounds, options=options)  # type: ignore[call-overload]
    x, slope, expected = hill.best
    full, spread = hill.at(x)
    uphill = slope * ~_at_bound(x, hill.bounds)
    found = bool(np.abs(uphill).max(initial=0.0) < LEFT)
    return Maximum(-hill.lowest, full, np.asarray(spread), expected, found)


def _at_bound(x: Floats, bounds: Sequence[tuple[float | None, float | None]]) -> Mask:
    return np.array([value in bound for value, bound in zip(x, bounds, strict=True)], bool)


def _scale(information: Floats) -> Floats:
    """What turns unit vectors into steps of one standard error; of what is not told, of a factor of e at most."""
    if not len(information):
        return np.zeros((0, 0))
    values, vectors = np.linalg.eigh(information)
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1.0)))


def restricted(likelihood: Likely, best: Maximum) -> tuple[Maximum, Reference]:
    """The highest point of the restricted likelihood, from that of the plain one, and where its information is taken.

    Taken twice: where the information is taken, the last time is where it is highest.
    """
    reference = likelihood.reference(best.expected)
    for _ in range(2):
        best = highest(likelihood, best.theta, best.spreads, restricted=reference)
        reference = likelihood.reference(best.expected)
    # Its value under the last information, from which profiles fall.
    return highest(likelihood, best.theta, best.spreads, restricted=reference), reference
