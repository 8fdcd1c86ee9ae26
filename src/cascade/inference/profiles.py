r"""Intervals: how far a hazard can be moved until the restricted likelihood, with all else fitted again, falls too low.

The signed root r(v) = sign(v - estimate) sqrt(2 (l_R highest - l_R highest with theta_i = v)) grows with the distance;
an end of the interval is where it comes to

    sqrt(nu log(1 + t^2 / nu)),        t the quantile of Student's law with nu degrees of freedom,

which is exact for normal log counts with one spread, nu = animals - free hazards.  With several spreads nu is
Satterthwaite's, 2 v^2 / var(v), v the variance of the estimate as a function of the spreads.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from cascade.common.types import Floats, Ints, Mask
from cascade.inference.likely import FARTHEST, Likely, Reference
from cascade.inference.maximum import LEAST_SPREAD, MOST_SPREAD, Maximum, highest

CLOSE = 2e-3
"""Of a root: ends are searched until it is as near to its cut."""

FAR_BELOW = 12.5
"""Of a root of 5, beyond the ends of most intervals: there may be a higher point elsewhere."""

TOLD = 1.0
"""Information about a direction of logarithms: with less than that the data do not tell it."""

IMPOSSIBLE = 1e6
"""Root where the counts are impossible."""

MOST_TRIES = 25
STEP = 0.05
FLAT = 0.05
"""Of a curvature: of one degree of freedom it is about 2."""


@dataclass(frozen=True)
class Profile:
    """The profile of one free logarithm.

    Attributes
    ----------
    values : (n,) float
        Of the logarithm, rising.
    roots : (n,) float
        The signed root at each.
    degrees : float
        Of freedom.
    low, high : float
        Ends of the interval; -inf, inf on an open side.
    cut : float
        The root at its ends.
    """

    values: Floats
    roots: Floats
    degrees: float
    low: float
    high: float
    cut: float


class Cut(NamedTuple):
    """Where an interval ends: the root, and what roots are divided by before."""

    root: float
    stretch: float = 1.0

    @classmethod
    def of(cls, degrees: float, level: float) -> Cut:
        """Of a likelihood that has the spread in it."""
        return cls(cut(degrees, level))


def student(degrees: float, level: float) -> float:
    """The quantile of Student's law on either side, or of the normal one."""
    from scipy.stats import t

    return float(t.ppf(0.5 + level / 2.0, degrees)) if math.isfinite(degrees) else normal_quantile(0.5 + level / 2.0)


def cut(degrees: float, level: float) -> float:
    """The signed root at the end of an interval."""
    quantile = student(degrees, level)
    return math.sqrt(degrees * math.log1p(quantile**2 / degrees)) if math.isfinite(degrees) else quantile


def normal_quantile(share: float) -> float:
    """Of the standard normal law."""
    from scipy.special import ndtri

    return float(ndtri(share))


def root(
    likelihood: Likely, best: Maximum, reference: Reference, p: int, value: float, near: Maximum
) -> tuple[float, Maximum]:
    """The signed root at one value of a free logarithm, searched for from a point near by.

    The others begin where they are expected once this one is there, by their regression on it.  Where the data do not
    tell all of them, at the higher one of this and where they were near by.  Where a search does not come to an end, or
    ends far below, at the other one, too.
    """
    found: Maximum | None = None
    for theta in _starts(likelihood, best, reference, p, value, near):
        other = highest(likelihood, theta, near.spreads, restricted=reference, held=p)
        found = other if found is None else max(found, other, key=lambda one: one.value)
        if found.found and best.value - found.value < FAR_BELOW:
            break
    if found is None:  # no cell could be where some were counted
        return math.copysign(IMPOSSIBLE, value - best.theta[p]), near
    fallen = max(0.0, best.value - found.value)
    return math.copysign(math.sqrt(2.0 * fallen), value - best.theta[p]), found


def _starts(
    likelihood: Likely, best: Maximum, reference: Reference, p: int, value: float, near: Maximum
) -> Iterator[Floats]:
    """Where searches may begin, the better one first: none where counted cells could not be."""
    information, _ = likelihood.information(reference, best.spreads)
    covariance = np.linalg.pinv(information, hermitian=True)
    regression = covariance[:, p] / covariance[p, p] if covariance[p, p] > 0 else np.zeros(len(covariance))
    starts = []
    for slope in (regression, np.zeros(len(covariance))):
        theta = np.clip(near.theta + slope * (value - near.theta[p]), -FARTHEST, FARTHEST)
        theta[p] = value
        starts.append(np.asarray(theta))
    if np.linalg.eigvalsh(information).min() < TOLD:
        starts.sort(key=lambda theta: _height(likelihood, theta, near.spreads), reverse=True)
    return (theta for theta in starts if likelihood.possible(likelihood.expected(theta, slopes=False)))


def _height(likelihood: Likely, theta: Floats, spreads: Floats) -> float:
    """The likelihood; -inf where counted cells could not be."""
    expected = likelihood.expected(theta, slopes=False)
    return likelihood.of(expected, spreads).value if likelihood.possible(expected) else -math.inf


def degrees_of_freedom(likelihood: Likely, best: Maximum, reference: Reference) -> Floats:
    """Of each free logarithm, (P,): Satterthwaite's; infinite where no spread is fitted that matters."""
    information, moved = likelihood.information(reference, best.spreads)
    inside, spread = spread_law(likelihood, best, reference)
    if not inside.any():
        return np.full(len(information), np.inf)
    covariance = np.linalg.pinv(information, hermitian=True)
    # d covariance = - covariance dJ covariance.
    slopes = np.array([-np.diag(covariance @ one @ covariance) for one in moved[inside]])
    variance = np.einsum("sp,st,tp->p", slopes, spread, slopes)
    with np.errstate(divide="ignore", invalid="ignore"):
        degrees = 2.0 * np.diag(covariance) ** 2 / variance
    return np.maximum(np.where(np.isfinite(degrees), degrees, np.inf), 1.0)


def spread_law(likelihood: Likely, best: Maximum, reference: Reference) -> tuple[Mask, Floats]:
    """Which spreads are at no bound (S,), and the covariance of their logarithms, by the restricted likelihood."""
    inside = _inside(best)
    values, vectors = np.linalg.eigh(_bent(likelihood, best, reference, np.flatnonzero(inside)))
    # Where it is flat the spread is known to a factor of some e^2, no worse.
    return inside, np.asarray((vectors / np.maximum(values, 0.25)) @ vectors.T)


def _inside(best: Maximum) -> Mask:
    """Which spreads are at no bound."""
    return np.asarray((best.spreads > LEAST_SPREAD + 1e-6) & (best.spreads < MOST_SPREAD - 1e-6))


def untold(likelihood: Likely, best: Maximum, reference: Reference) -> Ints:
    """Spreads along which the restricted likelihood is flat: the data do not tell them, and they stay as they began."""
    inside = np.flatnonzero(_inside(best))
    bent = np.diag(_bent(likelihood, best, reference, inside))
    return inside[np.abs(bent) < FLAT]


def _bent(likelihood: Likely, best: Maximum, reference: Reference, which: Ints) -> Floats:
    """Minus the second derivatives of the restricted likelihood by logarithms of spreads."""
    rows = np.zeros((len(which), len(which)))
    for row, s in zip(rows, which, strict=True):
        step = np.zeros(len(best.spreads))
        step[s] = STEP
        up = likelihood.restricted(best.expected, best.spreads + step, reference).by_spread
        down = likelihood.restricted(best.expected, best.spreads - step, reference).by_spread
        row[:] = -(up - down)[which] / (2 * STEP)
    return (rows + rows.T) / 2.0


def profile(
    likelihood: Likely, best: Maximum, reference: Reference, p: int, degrees: float, error: float, cut: Cut
) -> Profile:
    """The profile of a free logarithm to both ends of its interval."""
    values, roots = [float(best.theta[p])], [0.0]
    if not math.isfinite(cut.stretch):  # of so few animals nothing is known
        return Profile(np.array(values), np.array(roots), degrees, -math.inf, math.inf, cut.root)
    wanted = cut.root * cut.stretch
    ends = [_end(likelihood, best, reference, p, side, wanted, error, values, roots) for side in (-1.0, 1.0)]
    order = np.argsort(values)
    return Profile(np.array(values)[order], np.array(roots)[order] / cut.stretch, degrees, ends[0], ends[1], cut.root)


def _end(
    likelihood: Likely,
    best: Maximum,
    reference: Reference,
    p: int,
    side: float,
    wanted: float,
    error: float,
    values: list[float],
    roots: list[float],
) -> float:
    """The end on one side: steps outward until the root is beyond the cut, then between."""
    near, outer = best, None
    inner = (float(best.theta[p]), 0.0)
    step = min(max(error, 1e-3), 2.0) * wanted
    for _ in range(MOST_TRIES):
        if outer is None:
            value = inner[0] + side * step
            if abs(value) > FARTHEST:
                return side * math.inf
        else:
            value = _between(inner, outer, wanted)
        r, found = root(likelihood, best, reference, p, value, near)
        values.append(value)
        roots.append(r)
        r = abs(r)
        if abs(r - wanted) < CLOSE * wanted:
            # The rest by the slope of the last step.
            return value + (wanted - r) * (value - inner[0]) / max(r - inner[1], 1e-9) if r != inner[1] else value
        if r < wanted:
            slope = (r - inner[1]) / abs(value - inner[0])
            inner, near = (value, r), found
            # As far as the slope so far says, but no more than three times as far as before.
            step = min(3.0 * step, 1.1 * (wanted - r) / slope if slope > 0 else 3.0 * step)
        else:
            outer = value, r
        if outer is not None and abs(outer[0] - inner[0]) < 1e-6:
            break
    return (inner[0] + outer[0]) / 2.0 if outer is not None else side * math.inf


def _between(inner: tuple[float, float], outer: tuple[float, float], wanted: float) -> float:
    """Where a straight line has the cut, kept off both ends."""
    share = (wanted - inner[1]) / (outer[1] - inner[1]) if outer[1] < 5.0 * wanted else 0.5
    return inner[0] + min(max(share, 0.05), 0.95) * (outer[0] - inner[0])
