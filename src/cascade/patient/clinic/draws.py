"""What a laboratory finds at a visit: drawn from the identity of the primary, the test and the visit, by inversion.

The same patient has the same result of the same visit whatever else is asked, and a level of a marker of one's own.
The uniforms have the same bits on every machine.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy import special, stats

from cascade.kernel.streams import key_of
from cascade.patient.clinic.blood_tests import BloodTests, CellTest, Marker, Test
from cascade.patient.kernel.streams import NO_VISIT, laboratory_words

FIRST_MARKER = 2
"""Number of the first marker in an address; 0: cells, 1: DNA.  A further marker changes no other test."""


class Found(NamedTuple):
    """A result, and what it would have been without the tumour."""

    result: float
    without: float


def uniforms(seed: int, primary: int, visit: int, test: int) -> tuple[float, float]:
    """Two uniforms of a visit (or of ``NO_VISIT``) and a test, by its number."""
    k0, k1 = key_of(seed)
    u, v = laboratory_words(np.uint64(primary), np.uint64(visit), np.uint64(test), k0, k1)
    return float(u), float(v)


def number_of(tests: BloodTests, test: Test) -> int:
    """Number of a test in an address."""
    if isinstance(test, Marker):
        return FIRST_MARKER + [marker.name for marker in tests.markers].index(test.name)
    return 0 if isinstance(test, CellTest) else 1


def own_level(marker: Marker, seed: int, primary: int, number: int) -> float:
    """The level of a marker that a patient has without a tumour."""
    u, _ = uniforms(seed, primary, int(NO_VISIT), number)
    return marker.background * math.exp(marker.background_spread * float(special.ndtri(u)))


def found(test: Test, expected: float, own: float, u: float, v: float) -> Found:
    """What is found where so much is expected of the tumour.

    Parameters
    ----------
    test : CellTest, Marker or DnaTest
    expected : float
        Recovered cells, fragments, or a level.
    own : float
        Of a marker: the person's own level.
    u, v : float
        Uniforms: cells or fragments of the tumour (of a marker the error of the measurement); those of none.
    """
    if isinstance(test, Marker):
        error = math.exp(test.error * float(special.ndtri(u)))
        return Found((own + expected) * error, own * error)
    if isinstance(test, CellTest):
        return _both(_cells(test, expected, u), _poisson(test.false_positives, v))
    return _both(_poisson(expected, u), _poisson(test.background, v))


def _both(true: float, false: float) -> Found:
    return Found(true + false, false)


def _cells(test: CellTest, m: float, u: float) -> float:
    d = test.dispersion
    if m == 0.0 or d == 0.0:
        return _poisson(m, u)
    return float(stats.nbinom.ppf(u, 1.0 / d, 1.0 / (1.0 + d * m)))


def _poisson(m: float, u: float) -> float:
    return float(stats.poisson.ppf(u, m)) if m > 0.0 else 0.0
