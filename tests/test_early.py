"""A lesion of a few cells: against the matrix exponential, a simulation of jumps, and its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import chi2

import cascade
from cascade.patient.early import BirthDeath

LAWS = [BirthDeath(birth=0.3, death=0.2), BirthDeath(birth=0.15), BirthDeath(birth=1.0, death=0.99)]


def generator(law: BirthDeath, most: int) -> np.ndarray:
    """Rates between 0, ..., ``most`` cells; at 0 and at the most nothing happens any more."""
    rates = np.zeros((most + 1, most + 1))
    for n in range(1, most):
        rates[n, n + 1], rates[n, n - 1] = law.birth * n, law.death * n
        rates[n, n] = -(law.birth + law.death) * n
    return rates


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("days", [0.0, 0.5, 4.0])
def test_sizes_are_those_of_the_chain(law: BirthDeath, days: float) -> None:
    most = 400
    exact = expm(generator(law, most) * days)[1, :60]
    assert law.sizes(days, 59) == pytest.approx(exact, abs=1e-10)
    assert float(law.gone(days)) == pytest.approx(exact[0], abs=1e-12)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("cells", [2, 7, 40])
def test_time_to_a_size_is_that_of_the_chain(law: BirthDeath, cells: int) -> None:
    days = np.array([0.1, 1.0, 5.0, 20.0, 60.0])
    exact = [expm(generator(law, cells) * t)[1, cells] for t in days]
    values, errors = law.reached(days, cells)
    assert np.all(np.abs(values - exact) <= errors + 1e-12)
    assert errors.max() < 1e-9
    at_last, _ = law.reached(np.array([1e5]), cells)
    assert float(at_last[0]) == pytest.approx(law.reached_at_last(cells), rel=1e-8)


def test_time_to_many_cells_comes_near_to_its_limit() -> None:
    """Gumbel: 0.4 % off at 5,000 cells in the lower tail, far more at 300."""
    law = LAWS[0]
    off = {}
    for cells in (300, 5000):
        # Where 1 % of those that come there have come.
        days = math.log(law.establishes * cells / -math.log(0.01)) / law.growth
        value, error = law.reached(days, cells)
        limit = law.establishes * 0.01
        assert float(error[0]) < 1e-9
        off[cells] = abs(float(value[0]) / limit - 1.0)
    assert off[300] > 5.0 * off[5000]
    assert off[5000] < 0.06


@pytest.mark.parametrize("law", LAWS)
def test_draws_have_the_law(law: BirthDeath) -> None:
    """Chi-squared over sizes, false alarm 1e-4; the reference jumps one birth or death at a time in other tests."""
    days, number = 6.0, 200_000
    drawn = law.drawn(np.random.default_rng(3).random(number), days)
    most = int(np.searchsorted(-law.sizes(days, 4000), -20.0 / number)) or 1
    wanted = law.sizes(days, min(most, 60))
    counts = np.bincount(np.minimum(drawn, len(wanted)).astype(int), minlength=len(wanted) + 1)
    expected = number * np.append(wanted, 1.0 - wanted.sum())
    keep = expected > 5
    statistic = ((counts - expected)[keep] ** 2 / expected[keep]).sum()
    assert statistic < chi2.ppf(1.0 - 1e-4, keep.sum() - 1)


def test_jumps_one_by_one_say_the_same() -> None:
    law, days, number = LAWS[0], 10.0, 4000
    random = np.random.default_rng(5)
    gone = 0
    for _ in range(number):
        n, t = 1, 0.0
        while n:
            t += random.exponential(1.0 / ((law.birth + law.death) * n))
            if t > days:
                break
            n += 1 if random.random() < law.birth / (law.birth + law.death) else -1
        gone += n == 0
    p = float(law.gone(days))
    assert abs(gone / number - p) < 4.0 * math.sqrt(p * (1 - p) / number)


def test_a_lesion_that_cannot_die_is_never_gone() -> None:
    law = BirthDeath(birth=0.15)
    assert law.establishes == 1.0
    assert float(law.gone(1e4)) == 0.0
    assert law.drawn(np.array([1e-9, 0.5, 1.0 - 1e-9]), 0.0).tolist() == [1, 1, 1]
    assert law.drawn(np.array([0.5]), 400.0)[0] > 1e25**0.5


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(cascade.ModelError, match="above the death"):
        BirthDeath(birth=0.1, death=0.1)
    with pytest.raises(cascade.ModelError, match="birth"):
        BirthDeath(birth=math.nan)
    with pytest.raises(cascade.InputError, match="days"):
        LAWS[0].gone(-1.0)
    with pytest.raises(cascade.InputError, match="cells"):
        LAWS[0].reached(1.0, 1)
    with pytest.raises(cascade.InputError, match="most"):
        LAWS[0].sizes(1.0, -1)
