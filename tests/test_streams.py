"""Streams: known answers, independence of addresses, bits of the numerics."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from cascade.common.arguments import seed_of
from cascade.kernel import numerics, streams
from helpers import reference

KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def words(values: tuple[int, ...]) -> list[np.uint64]:
    return [np.uint64(v) for v in values]


@pytest.mark.parametrize(("counter", "key", "output"), KNOWN)
def test_known_answers(counter: tuple[int, ...], key: tuple[int, ...], output: tuple[int, ...]) -> None:
    assert tuple(int(w) for w in streams.philox(*words(counter), *words(key))) == output
    assert reference.philox(counter, key) == output


def test_blocks_are_the_reference_blocks() -> None:
    key = streams.key_of(5)
    plain = [int(word) for word in key]
    for cell in (0, 1, 2**32 - 1, 2**32, 2**45 + 17):
        for visit in (0, 1, 77):
            ours = streams.visit_words(np.uint64(cell), np.uint64(visit), streams.KIND_VISIT, *key)
            assert tuple(ours) == reference.uniforms(cell, visit, 0, plain)
        assert tuple(streams.start_words(np.uint64(cell), *key)) == reference.uniforms(cell, 0, 1 << 24, plain)[:2]
        ours = streams.frailty_words(np.uint64(cell), np.uint64(3), np.uint64(9), *key)
        assert tuple(ours) == reference.uniforms(cell, 9, (2 << 24) | 3, plain)[:2]


def test_uniforms_never_reach_0_or_1() -> None:
    least = streams.uniform_48(np.uint64(0), np.uint64(0))
    most = streams.uniform_48(np.uint64(0xFFFFFFFF), np.uint64(0xFFFF))
    assert least == 2.0**-49
    assert most == 1.0 - 2.0**-49
    assert 0.0 < -numerics.log(most) < -numerics.log(least) < 35.0


def test_neighbouring_seeds_and_cells_are_unrelated() -> None:
    """Correlation of 20,000 uniforms between neighbours: |r| sqrt(n) < 5 (two-sided 6e-7 each)."""
    n = 20_000

    def column(seed: int, first: int, visit: int) -> np.ndarray:
        key = streams.key_of(seed)
        return np.array(
            [streams.visit_words(np.uint64(first + i), np.uint64(visit), streams.KIND_VISIT, *key)[0] for i in range(n)]
        )

    base = column(7, 0, 0)
    for other in (column(8, 0, 0), column(7, n, 0), column(7, 0, 1), column(7, 1, 0), column(7, 2**32, 0)):
        assert abs(np.corrcoef(base, other)[0, 1]) * math.sqrt(n) < 5.0
    # Kolmogorov-Smirnov against the uniform distribution, false alarm 1e-6.
    assert stats.kstest(base, "uniform").pvalue > 1e-6


def test_fresh_seeds_differ() -> None:
    assert len({seed_of(None) for _ in range(20)}) == 20


def points(low: float, high: float, n: int = 4000) -> list[float]:
    return [float(x) for x in np.random.default_rng(1).uniform(low, high, n)]


def ulps(got: float, true: mpmath.mpf) -> float:
    return float(abs(mpmath.mpf(got) - true) / abs(mpmath.mpf(float(np.spacing(float(true))))))


def test_log_is_good_to_3e_16() -> None:
    with mpmath.workdps(40):
        inputs = [
            *points(0, 1),
            *(10.0**e for e in points(-14.7, 3)),
            2.0**-49,
            1 - 2.0**-49,
            *(1 - 10.0**e for e in points(-14, -1)),
        ]
        for x in inputs:
            true = mpmath.log(mpmath.mpf(x))
            assert abs(mpmath.mpf(numerics.log(x)) - true) <= 3e-16 * abs(true)


def test_exp_is_within_one_ulp_of_high_precision() -> None:
    with mpmath.workdps(40):
        assert max(ulps(numerics.exp(x), mpmath.exp(mpmath.mpf(x))) for x in [*points(-60, 60), 0.0]) < 1.0
    assert numerics.exp(-1e9) > 0
    assert math.isfinite(numerics.exp(1e9))


def test_normal_quantile_against_high_precision() -> None:
    with mpmath.workdps(40):
        inputs = [*points(0, 1, 1000), *(10.0**e for e in points(-14.6, -1, 500)), 0.925, 0.075]
        for p in inputs:
            z = numerics.normal_quantile(p)
            # One Newton step from z in high precision: the distance to the true quantile.
            density = mpmath.npdf(mpmath.mpf(z))
            step = (mpmath.ncdf(mpmath.mpf(z)) - mpmath.mpf(p)) / density
            assert abs(float(step)) <= 4e-15 * max(1.0, abs(z))


def test_vector_of_quantiles_is_the_scalar_one() -> None:
    p = np.array([*points(0, 1, 500), 1e-12, 1 - 1e-12, 1.38e-11, 1.4e-11, 0.5])
    out = np.empty_like(p)
    numerics.normal_quantiles(p, out, np.empty(len(p), np.uint32), np.empty(len(p)))
    assert [float(x) for x in out] == [numerics.normal_quantile(float(x)) for x in p]
