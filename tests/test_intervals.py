"""Intervals: each formula written a second time from its source, at its edges and between them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

import cascade
from cascade.answers.intervals import (
    Interval,
    batch_variance,
    clustered_difference,
    clustered_proportion,
    paired_difference,
    proportion,
)

Counts = npt.NDArray[np.int64]
LEVELS = (0.5, 0.9, 0.95, 0.999)


def batches(seed: int, number: int, *, empty: int = 0) -> tuple[Counts, Counts]:
    """Counts and sizes of some batches of founders, a few of them without cells."""
    draw = np.random.default_rng(seed)
    sizes = np.concatenate([draw.integers(1, 40, number), np.zeros(empty, np.int64)])
    return draw.binomial(sizes, 0.3), sizes


@pytest.mark.parametrize("level", LEVELS)
def test_a_proportion_is_that_of_clopper_and_pearson(level: float) -> None:
    for n in (1, 2, 7, 1000):
        for k in {k for k in (1, 2, n // 2, n - 1) if 0 < k < n}:
            wanted = stats.binomtest(k, n).proportion_ci(confidence_level=level, method="exact")
            assert proportion(k, n, level) == pytest.approx((wanted.low, wanted.high), rel=1e-9)
        # Of none, and of all, the whole risk is on the one side that is open.
        assert (1 - proportion(0, n, level).high) ** n == pytest.approx(1 - level)
        assert proportion(n, n, level).low ** n == pytest.approx(1 - level)
        assert (proportion(0, n, level).low, proportion(n, n, level).high) == (0.0, 1.0)


@pytest.mark.parametrize("effects", [(1.0, 4.0), (3.0, 1.0), (2.5, 6.0)])
def test_a_design_effect_makes_so_many_times_fewer_cells_of_them(effects: tuple[float, float]) -> None:
    lower, upper = effects
    k, n, tail = 30, 200, 0.025
    low = stats.beta(k / lower, (n - k) / lower + 1).ppf(tail)
    high = stats.beta(k / upper + 1, (n - k) / upper).ppf(1 - tail)
    assert proportion(k, n, design_effects=effects) == pytest.approx((low, high), rel=1e-9)
    assert (1 - proportion(0, n, design_effects=effects).high) ** (n / upper) == pytest.approx(0.05)
    assert proportion(n, n, design_effects=effects).low ** (n / lower) == pytest.approx(0.05)


def test_of_nothing_anything_may_be() -> None:
    assert proportion(0, 0) == (0.0, 1.0)
    assert all(paired_difference(0, 0, 0, level) == (-1.0, 1.0) for level in LEVELS)
    none, one = np.zeros(3, np.int64), np.array([5, 0, 0])
    for sizes in (none, one):
        assert clustered_difference(none, sizes, 4) == (-1.0, 1.0), "one batch tells no spread"


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_a_level_is_a_coverage(level: float) -> None:
    with pytest.raises(cascade.InputError, match="level"):
        proportion(1, 10, level)


@pytest.mark.parametrize("count", [-1, 11])
def test_a_count_is_one_of_the_cells(count: int) -> None:
    with pytest.raises(cascade.InputError, match="count"):
        proportion(count, 10)


@pytest.mark.parametrize("empty", [0, 5])
def test_the_variance_of_a_ratio_is_that_of_cochran(empty: int) -> None:
    """(1 / (B m^2)) sum (y - r x)^2 / (B - 1), m the mean size; batches without cells are none."""
    values, sizes = batches(1, 12, empty=empty)
    pairs = [(int(y), int(x)) for y, x in zip(values, sizes, strict=True) if x]
    b = len(pairs)
    mean, ratio = sum(x for _, x in pairs) / b, sum(y for y, _ in pairs) / sum(x for _, x in pairs)
    wanted = sum((y - ratio * x) ** 2 for y, x in pairs) / (b - 1) / b / mean**2
    assert batch_variance(values, sizes) == pytest.approx(wanted, rel=1e-12)
    assert batch_variance(values[:1], sizes[:1]) == math.inf


@pytest.mark.parametrize(
    ("gained", "lost", "of"), [(0, 0, 10), (40, 10, 1000), (3, 9, 12), (12, 0, 12), (0, 900, 1000)]
)
@pytest.mark.parametrize("level", LEVELS)
def test_a_paired_difference_is_that_of_bonett_and_price(gained: int, lost: int, of: int, level: float) -> None:
    p, q = (gained + 1) / (of + 2), (lost + 1) / (of + 2)
    error = math.sqrt((p + q - (p - q) ** 2) / (of + 2))
    wanted = stats.norm.interval(level, loc=p - q, scale=error)
    assert paired_difference(gained, lost, of, level) == pytest.approx(np.clip(wanted, -1, 1), rel=1e-12)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("number", "largest"), [(2, 3), (3, 1), (30, 8)])
def test_a_clustered_difference_is_that_of_student(number: int, largest: int, level: float) -> None:
    better, sizes = batches(2, number, empty=2)
    worse, _ = batches(3, number, empty=2)
    change = better - np.minimum(worse, sizes)
    middle = change.sum() / sizes.sum()
    error = math.hypot(math.sqrt(batch_variance(change, sizes)), largest / sizes.sum())
    wanted = stats.t(number - 1).interval(level)[1] * error
    found = clustered_difference(change, sizes, largest, level)
    assert found == pytest.approx(np.clip([middle - wanted, middle + wanted], -1, 1), rel=1e-9)


def test_a_batch_of_one_cell_is_a_batch() -> None:
    ones = np.ones(20, np.int64)
    change = np.array([1, 0, 0, -1] * 5)
    error = math.hypot(change.std(ddof=1) / math.sqrt(20), 1 / 20)
    wanted = stats.t(19).interval(0.95)[1] * error
    assert clustered_difference(change, ones, 1) == pytest.approx((-wanted, wanted), rel=1e-9)


def away(count: int, share: float, effect: float, largest: int) -> float:
    """Design effect of the limit away from a count: with one more founder of the largest size."""
    variance = effect * count * (1 - share)
    return min(max((variance + largest**2) / (count + largest), effect), largest)


@pytest.mark.parametrize(("seed", "number"), list(itertools.product((1, 2, 3), (2, 12, 200))))
@pytest.mark.parametrize("largest", [1, 3, 40])
def test_a_clustered_proportion_is_that_of_kish_with_one_more_founder(seed: int, number: int, largest: int) -> None:
    counts, sizes = batches(seed, number)
    k, n = int(counts.sum()), int(sizes.sum())
    p = k / n
    effect = min(max(batch_variance(counts, sizes) / (p * (1 - p) / n), 1.0), largest)
    effects = away(n - k, 1 - p, effect, largest), away(k, p, effect, largest)
    assert clustered_proportion(counts, sizes, largest) == pytest.approx(
        proportion(k, n, design_effects=effects), rel=1e-9
    )


def test_cells_that_left_alone_have_the_interval_of_cells() -> None:
    counts, sizes = batches(4, 300)
    assert clustered_proportion(counts, sizes, 1) == proportion(int(counts.sum()), int(sizes.sum()))
    alike = np.full(10, 6)
    assert clustered_proportion(0 * alike, alike, 6) == proportion(0, 60, design_effects=(6, 6))
    assert clustered_proportion(alike, alike, 6) == proportion(60, 60, design_effects=(6, 6))
    assert isinstance(clustered_proportion(alike, alike, 6), Interval)
