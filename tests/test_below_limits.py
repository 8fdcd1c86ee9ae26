"""Counts below a limit of detection: the chances of animals against integrals by adaptive rules, and their slopes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from scipy import integrate, special

from cascade.common.compiled import cached
from cascade.inference import kernel
from cascade.inference.kernel import animals
from cascade.inference.likelihood import _points


def chance(
    counts: Sequence[float],
    below: Sequence[float],
    eta: Sequence[float],
    shared: float,
    alone: float,
) -> tuple[float, np.ndarray, np.ndarray]:
    """Of one animal: log likelihood over the saturated model, derivatives by log counts, and by log spreads."""
    n = len(counts)
    by_animal, by_eta, by_spread = np.zeros(1), np.zeros(n), np.zeros((1, 2))
    arrays = [np.asarray(one, np.float64) for one in (counts, below, eta)]
    kind = np.zeros(n, np.int64) if alone else np.full(n, -1)
    run = cached(animals.likelihood, kernel)
    run(np.array([0, n]), *arrays, kind, shared, np.array([alone or 1.0]), *_points(), by_animal, by_eta, by_spread)
    return float(by_animal[0]), by_eta, by_spread[0]


def pieces(low: float, high: float, centre: float, wide: float) -> list[float]:
    """Where an adaptive rule is told to look: the law, and around the step."""
    inside = [min(max(centre + k * wide, low), high) for k in (-8, -2, 0, 2, 8)]
    return sorted({low, *inside, 0.25 * low, 0.0, 0.25 * high, high})


def alone_below(limit: float, eta: float, spread: float) -> float:
    """Log of the chance of a count below a limit, averaged over what it has alone."""

    def inside(x: float) -> float:
        below = float(special.gammaincc(limit, math.exp(min(eta + x, 700.0))))
        return below * math.exp(-0.5 * (x / spread) ** 2) / (spread * math.sqrt(2.0 * math.pi))

    ends = pieces(-12.0 * spread, 12.0 * spread, math.log(limit) - eta, 1.0 / math.sqrt(limit))
    parts = [integrate.quad(inside, a, b, epsabs=0.0, epsrel=1e-11, limit=200)[0] for a, b in zip(ends, ends[1:])]  # noqa: B905, RUF007
    return math.log(math.fsum(parts))


@pytest.mark.parametrize("limit", [1.0, 2.0, 5.0, 50.0, 1000.0])
@pytest.mark.parametrize("spread", [0.1, 0.6, 1.4, 3.0])
def test_the_chance_of_a_count_below_a_limit_is_its_integral(limit: float, spread: float) -> None:
    """Where the chance is a step as well as where it is smooth; with its slopes."""
    for z in (-4.0, -1.0, 0.0, 1.0, 3.0):
        eta = math.log(limit) + z * max(spread, 1.0 / math.sqrt(limit))
        value, by_eta, by_spread = chance([0.0], [limit], [eta], 0.0, spread)
        assert value == pytest.approx(alone_below(limit, eta, spread), abs=2e-6)
        step = 1e-4
        ends = [chance([0.0], [limit], [eta + s * step], 0.0, spread)[0] for s in (1, -1)]
        assert by_eta[0] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=2e-6)
        ends = [chance([0.0], [limit], [eta], 0.0, spread * math.exp(s * step))[0] for s in (1, -1)]
        assert by_spread[1] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=2e-6)


@pytest.mark.parametrize("spread", [0.3, 1.0, 1.6, 2.5])
@pytest.mark.parametrize("count", [0.0, 1.0, 3.0, 12.0])
def test_the_chance_of_few_cells_is_its_integral(count: float, spread: float) -> None:
    for away in (-1.5, 0.0, 1.5):
        eta = math.log(count + 0.5) + away * spread
        at = np.linspace(-12.0 * spread - 10.0, 12.0 * spread + 10.0, 200_001)
        saturated = count * math.log(count) - count if count else 0.0
        logged = count * (eta + at) - np.exp(np.minimum(eta + at, 700.0)) - 0.5 * (at / spread) ** 2 - saturated
        top = float(logged.max())
        total = math.fsum(np.exp(logged - top).tolist()) * float(at[1] - at[0]) / (spread * math.sqrt(2.0 * math.pi))
        assert chance([count], [0.0], [eta], 0.0, spread)[0] == pytest.approx(
            top + math.log(total), abs=1e-5 if spread < 2.0 else 3e-5
        )


@pytest.mark.parametrize(("limit", "spread", "away"), [(1e4, 0.02, 50.0), (1e3, 0.05, 40.0), (1.0, 1.51, 10.0)])
def test_a_count_far_above_its_limit_is_as_unlikely_as_it_is(limit: float, spread: float, away: float) -> None:
    """As by a fine rule in thirty digits, over where the integrand lies."""
    mpmath = pytest.importorskip("mpmath", reason="comes with the tests' symbolic packages")
    eta = math.log(limit) + away * spread

    def inside(x: float) -> float:
        below = mpmath.gammainc(limit, mpmath.exp(eta + x), mpmath.inf, regularized=True)
        return below * mpmath.exp(-((x / spread) ** 2) / 2) / (spread * mpmath.sqrt(2 * mpmath.pi))

    with mpmath.workdps(30):
        ends = [(-away - 3.0 + (away + 9.0) * k / 60.0) * spread for k in range(61)]
        wanted = float(mpmath.log(mpmath.quad(inside, ends)))
    assert chance([0.0], [limit], [eta], 0.0, spread)[0] == pytest.approx(wanted, rel=1e-8)


ANIMALS = {
    "a large limit": ([0.0, 0.0], [1e6, 1e6], [math.log(1e6) + 0.5, math.log(1e6) + 1.0], 1.0),
    "a large limit, widely": ([0.0, 0.0], [1e5, 1e5], [math.log(1e5) + 1.0, math.log(1e5)], 3.0),
    "one cell, widely": ([0.0, 1.0], [50.0, 0.0], [3.0, 2.0], 5.0),
    "none, widely": ([0.0, 0.0, 4.0], [0.0, 0.0, 0.0], [1.0, -1.0, 2.0], 2.5),
    "one seen, one below": ([0.0, 300.0], [50.0, 0.0], [4.5, 5.5], 0.8),
    "below, and likely": ([0.0, 300.0], [50.0, 0.0], [3.0, 5.9], 0.8),
    "both below": ([0.0, 0.0], [50.0, 5.0], [4.5, 3.0], 1.2),
    "far below": ([0.0, 3.0], [1000.0, 0.0], [7.5, 1.0], 0.9),
    "a wide spread": ([0.0, 0.0, 2.0], [2000.0, 3.0, 0.0], [8.0, 2.0, 1.0], 2.5),
}


@pytest.mark.parametrize("name", ANIMALS)
def test_counts_that_share_a_dose_are_averaged_together(name: str) -> None:
    counts, below, eta, shared = ANIMALS[name]

    def inside(b: float) -> float:
        total = -0.5 * (b / shared) ** 2
        for count, limit, at in zip(counts, below, eta, strict=True):
            if limit or count == 0.0:
                total += math.log(max(1e-300, float(special.gammaincc(limit or 1.0, math.exp(min(at + b, 700.0))))))
            else:
                total += count * (at + b - math.log(count)) - math.exp(at + b) + count
        return total

    at = np.linspace(-9.0 * shared, 9.0 * shared, 40_001 if max(below) < 1e4 else 400_001)
    logged = np.array([inside(float(b)) for b in at])
    top = float(logged.max())
    total = math.fsum(np.exp(logged - top).tolist()) * float(at[1] - at[0])
    value, by_eta, by_spread = chance(counts, below, eta, shared, 0.0)
    assert value == pytest.approx(top + math.log(total / (shared * math.sqrt(2.0 * math.pi))), abs=1e-7)
    step = 1e-4
    for j in range(len(counts)):
        ends = [
            chance(counts, below, [e + s * step * (i == j) for i, e in enumerate(eta)], shared, 0.0)[0] for s in (1, -1)
        ]
        assert by_eta[j] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-5)
    ends = [chance(counts, below, eta, shared * math.exp(s * step), 0.0)[0] for s in (1, -1)]
    assert by_spread[0] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-5)


def test_what_counts_have_alone_and_share_is_averaged_over_both() -> None:
    """The average over what is shared of averages over what each has alone."""
    counts, below, eta, shared, alone = [0.0, 0.0], [50.0, 200.0], [4.5, 5.0], 0.8, 0.4
    at = np.linspace(-8.0 * shared, 8.0 * shared, 801)
    parts = [alone_below(50.0, 4.5 + b, alone) + alone_below(200.0, 5.0 + b, alone) for b in at.tolist()]
    logged = np.array(parts) - 0.5 * (at / shared) ** 2
    top = float(logged.max())
    total = math.fsum(np.exp(logged - top).tolist()) * float(at[1] - at[0]) / (shared * math.sqrt(2.0 * math.pi))
    assert chance(counts, below, eta, shared, alone)[0] == pytest.approx(top + math.log(total), abs=1e-6)
