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
from helpers.coverage import score

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
        assert clustered_difference(none, sizes, (0, 0), 4) == (-1.0, 1.0), "one batch tells no spread"


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
    ("gained", "lost", "of"),
    [(0, 0, 10), (40, 10, 1000), (3, 9, 12), (12, 0, 12), (0, 900, 1000), (1, 0, 10**9), (0, 0, 10**9), (2.5, 0.5, 9)],
)
@pytest.mark.parametrize("level", LEVELS)
def test_a_paired_difference_ends_where_the_score_refuses_it(gained: float, lost: float, of: int, level: float) -> None:
    """The score is written a second time, by the likelihood's own maximum; -1 and 1 refuse nothing."""
    z = float(stats.norm.ppf(0.5 + level / 2))
    low, high = paired_difference(gained, lost, of, level)
    assert -1 <= low <= (gained - lost) / of <= high <= 1
    assert paired_difference(lost, gained, of, level) == (-high, -low)
    for end, side in ((low, 1.0), (high, -1.0)):
        if abs(end) < 1.0:
            assert score_at(gained, lost, of, end, z) == pytest.approx(side * z, rel=1e-6), (end, side)


def score_at(gained: float, lost: float, of: float, difference: float, z: float) -> float:
    """The score of any difference: below 0 that of its mirror image."""
    if difference < 0:
        return -score_at(lost, gained, of, -difference, z)
    return float(score(np.array([float(gained)]), np.array([float(lost)]), of, difference, z)[0])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("number", "largest"), [(2, 3), (3, 1), (30, 8), (64, 40)])
def test_a_clustered_difference_is_that_of_fewer_pairs(number: int, largest: int, level: float) -> None:
    better, sizes = batches(2, number, empty=2)
    worse, _ = batches(3, number, empty=2)
    change, of = better - np.minimum(worse, sizes), int(sizes.sum())
    gained, lost = int(change[change > 0].sum()) + 2, -int(change[change < 0].sum()) + 2
    of_cells = (gained + lost - (gained - lost) ** 2 / of) / of**2
    effect = min(max(batch_variance(change, sizes) / of_cells, 1.0), largest)
    further = max(effect, (effect * (gained + lost) + largest**2) / (gained + lost + largest))
    further = min(further, largest)
    away = (gained > lost, gained < lost)
    t, z = float(stats.t(number - 1).ppf(0.5 + level / 2)), float(stats.norm.ppf(0.5 + level / 2))
    found = clustered_difference(change, sizes, (gained, lost), largest, level)
    for end, side, near in zip(found, (1.0, -1.0), away, strict=True):
        e = effect if near else further
        if abs(end) < 1.0 - 1e-9:
            assert score_at(gained / e, lost / e, of / e, end, z) == pytest.approx(side * t, rel=1e-6)
    assert found.low < (gained - lost) / of < found.high


def test_without_a_change_a_cluster_counts_as_one_pair() -> None:
    none, sizes = np.zeros(64, np.int64), np.full(64, 60)
    low, high = clustered_difference(none, sizes, (0, 0), 6)
    assert -low == high
    assert high > paired_difference(0, 0, 640).high > 0
    assert high == pytest.approx(paired_difference(0, 0, 640).high, rel=0.1)
    # One changed founder of the largest size moves both ends to its side.
    one = none.copy()
    one[3] = 6
    moved = clustered_difference(one, sizes, (6, 0), 6)
    assert moved.high > high
    assert low < moved.low < 6 / 3840


def test_a_batch_of_one_cell_is_a_batch() -> None:
    ones = np.ones(20, np.int64)
    change = np.array([1, 0, 0, -1] * 5)
    low, high = clustered_difference(change, ones, (5, 5), 1)
    assert -low == pytest.approx(high)
    error = change.std(ddof=1) / math.sqrt(20)
    # Its own variance is that of independent cells times 20 / 19, and no unit is larger than one cell.
    assert high == pytest.approx(stats.t(19).ppf(0.975) * error, rel=0.1)


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
