r"""How likely a test is positive, given what is expected: its sensitivity; without a tumour: its false positives.

With m what is expected of the tumour, in cells or fragments of a sample or as a level::

    cells      N + F >= c,   N negative binomial (m, m + d m^2), F Poisson(f)
               P = P(F >= c) + sum_{j<c} P(F = j) I_{x}(c - j, 1/d),    x = d m / (1 + d m)
    fragments  N >= c,       N Poisson(m + f)
    marker     (B + m) e^{s Z} >= c,   B the person's own level, log-normal, Z normal
               P = Phi(log((B + m) / c) / s), averaged over persons

I is the regularized incomplete beta function; each sum is of positive terms, so small chances keep their digits.
All three rise with m.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import optimize, special

from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.patient.clinic.blood_tests import CellTest, Marker, Test

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
FARTHEST = 9.0
"""Persons' own levels are averaged over so many standard deviations to each side: beyond are 2 in 10^19."""


def chance_of_positive(test: Test, expected: Any, background: float | None = None) -> Floats:
    """How likely a test is positive.

    Parameters
    ----------
    test : CellTest, Marker or DnaTest
    expected : (n,) float
        Of the tumour: cells of a tube that are recovered, fragments of a sample, or the level of a marker.
    background : float, optional
        Of a marker: the level that the person has without a tumour. Default: averaged over persons.

    Returns
    -------
    (n,) float

    Raises
    ------
    InputError
        For what is expected below 0 or not finite.
    """
    m = _expected(expected)
    if isinstance(test, Marker):
        return _of_a_level(test, m, background)
    if isinstance(test, CellTest):
        return _of_cells(test, m)
    return np.asarray(special.gammainc(test.positive, m + test.background))


def false_positives(test: Test) -> float:
    """Share of persons without a tumour in whom a test is positive: 1 less its specificity."""
    return float(chance_of_positive(test, 0.0)[0])


def expected_at(test: Test, chance: float = 0.5, background: float | None = None) -> float:
    """What has to be expected of the tumour for a test to be positive with a chance; 0: it is without any tumour.

    Raises
    ------
    InputError
        For a chance that is not above 0 and below 1.
    """
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 < chance < 1:
        raise InputError("chance", chance, "a number above 0 and below 1")

    def beyond(m: float) -> float:
        return float(chance_of_positive(test, m, background)[0]) - chance

    if beyond(0.0) >= 0:
        return 0.0
    high = 1.0
    while beyond(high) < 0:
        high *= 4.0
    return float(optimize.brentq(beyond, 0.0, high, xtol=1e-12 * high, rtol=1e-12))


def _expected(values: Any) -> Floats:
    try:
        m = np.atleast_1d(np.asarray(values, np.float64))
    except (TypeError, ValueError):
        raise InputError("expected", values, "numbers from 0 on") from None
    if not np.all(np.isfinite(m)) or np.any(m < 0):
        raise InputError("expected", values, "numbers from 0 on")
    return m


def _of_cells(test: CellTest, m: Floats) -> Floats:
    c, d, f = test.cutoff, test.dispersion, test.false_positives
    j = np.arange(c)
    false = np.exp(special.xlogy(j, f) - f - special.gammaln(j + 1.0))
    if d == 0.0:
        return np.asarray(special.gammainc(c, m + f))
    x, rest, k = d * m / (1.0 + d * m), 1.0 / (1.0 + d * m), (c - j)[:, None]
    # Of many cells 1 - x is small, and x has lost its digits.
    true = np.where(x < 0.5, special.betainc(k, 1.0 / d, x), special.betaincc(1.0 / d, k, rest))
    return np.asarray(special.gammainc(c, f) + (false[:, None] * true).sum(axis=0))


def _of_a_level(test: Marker, m: Floats, background: float | None) -> Floats:
    if background is not None:
        return np.asarray(special.ndtr(np.log((background + m) / test.cutoff) / test.error))
    return np.array([_of_persons(test, level) for level in m.tolist()])


def _of_persons(test: Marker, m: float) -> float:
    """Averaged over persons; in pieces about the person who has just the cutoff, where the chance turns."""
    if m == 0.0:
        both = math.hypot(test.background_spread, test.error)
        return float(special.ndtr(math.log(test.background / test.cutoff) / both))

    def at(y: Floats) -> Floats:
        level = test.background * np.exp(test.background_spread * y) + m
        chance = special.ndtr(np.log(level / test.cutoff) / test.error)
        return np.asarray(chance * np.exp(-0.5 * y * y) / math.sqrt(2.0 * math.pi))

    bounds = np.linspace(-FARTHEST, FARTHEST, 37)
    if m < test.cutoff:
        turn = math.log((test.cutoff - m) / test.background) / test.background_spread
        steep = test.error * test.cutoff / (test.cutoff - m) / test.background_spread
        bounds = np.unique(np.clip(np.append(bounds, turn + steep * np.linspace(-8.0, 8.0, 17)), -FARTHEST, FARTHEST))
    half, middle = np.diff(bounds) / 2.0, (bounds[1:] + bounds[:-1]) / 2.0
    values = at(middle[:, None] + half[:, None] * _NODES)
    return min(float((values @ _WEIGHTS) @ half), 1.0)
