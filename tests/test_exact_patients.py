"""The exact answer of a disease against the simulation, closed forms, and itself at a finer resolution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import cascade
from cascade.common.errors import InputError
from cascade.patient.delays import HOURS, delays_of
from cascade.patient.disease import Disease
from cascade.patient.generations import Order
from cascade.patient.laws import At, Laws
from cascade.patient.numbers import numbers_of
from cascade.patient.origins import origins
from cascade.patient.sources import paces_apart
from cascade.solution.answer import Exact, exact
from helpers.budget import SIGMAS, agrees
from helpers.tumours import DAYS, RARE, SIZES, YEARS, alike, barren, days, plain, shedding, simulated, textbook

GROUPS = ("bone", "liver", "lung", "anywhere", "distant", "nodal", "local")
FINEST = Order(12, 6, 10, 3.0, 15)


def assert_agree(disease: Disease, at: Any, years: tuple[float, ...], patients: int, seed: int = 1) -> None:
    """Means, shares with any and numbers of lesions, within the budget of the suite and the errors that are told."""
    out = simulated(disease, years, SIZES, patients, seed)
    names = Laws(disease).groups
    counted = names.index("anywhere")
    for g in map(names.index, GROUPS):
        for x, t in np.ndindex(out.total.shape[1:]):
            where = names[g], x, years[t]
            n, some = int(out.alive[t]), int(out.some[g, x, t])
            chance, wrong = 1.0 - at.none[g, x, t], float(at.none_error[g, x, t])
            assert any(agrees(some, n, float(np.clip(chance + d, 0.0, 1.0))) for d in (0.0, -wrong, wrong)), where
            if some >= RARE:
                mean = out.total[g, x, t] / n
                error = np.sqrt((out.square[g, x, t] / n - mean**2) / n)
                assert abs(mean - at.mean[g, x, t]) <= SIGMAS * error + at.mean_error[g, x, t], where
    if isinstance(at, At):
        for k, name in enumerate(names[counted:]):
            for x, level in ((0, "shed"), (1, "founded"), (2, "established"), (5, 2)):
                law, wrong = at.number(name, level)
                for t, n in np.ndindex(len(years), 6):
                    # Of nobody with none: the simulation counts those who have had one.
                    count = int(out.number[k, x, t, n + 1])
                    assert agrees(count, int(out.alive[t]), float(law[t, n + 1])) or wrong[t, n + 1] > 1e-4, (
                        name,
                        x,
                        t,
                        n,
                    )


def uneven() -> Disease:
    """Metastases of paces of their own; in nodes, which shed, all are alike."""
    nodes = [site for site in plain().sites if plain().kinds[site] == "nodal"]
    own = {site: {"growth_spread": 0.0, "secondary": 0.3} for site in nodes}
    return plain().with_(
        lesions={"secondary": 0.0, "growth_spread": 0.8, "organs": {**own, "bone": {"growth_spread": 0.3}}}
    )


def widest() -> Disease:
    """As far apart as they may be."""
    return plain().with_(lesions={"secondary": 0.0, "growth_spread": 2.0, "organs": {}})


BOOK = {"textbook": plain(), "shedding": shedding(), "barren": barren(), "uneven": uneven()}


@pytest.mark.parametrize("disease", BOOK.values(), ids=BOOK)
def test_known_traits_agree_with_the_simulation(disease: Disease) -> None:
    assert_agree(disease, Laws(disease).at(days(YEARS), SIZES), YEARS, 200_000)


def test_a_small_fault_would_be_seen() -> None:
    # Founders that grow as soon as they found, sleep or not: each alone is seen.
    disease = plain()
    for change in ({"early_days": 280.0}, {"asleep": 0.1}, {"establishment": 0.53}):
        other = Laws(disease.with_(lesions=change)).at(days(YEARS), SIZES)
        with pytest.raises(AssertionError):
            assert_agree(disease, other, YEARS, 200_000)


def test_paces_of_their_own_are_seen() -> None:
    """Where lesions differ, an answer for lesions that do not is seen to be wrong."""
    alike = plain().with_(lesions={"secondary": 0.0, "organs": {}})
    other = Laws(alike.with_(lesions={"growth_spread": 0.3})).at(days(YEARS), SIZES)
    assert_agree(alike, Laws(alike).at(days(YEARS), SIZES), YEARS, 200_000)
    with pytest.raises(AssertionError):
        assert_agree(alike, other, YEARS, 200_000)


def test_paces_of_single_lesions_are_a_rule_for_an_even_law() -> None:
    """Of a smooth function of the logarithm, such as a power of the pace, the mean is exact."""
    for spread in (0.2, 0.8, 2.0):
        factors, shares = np.array(paces_apart(spread, 8)).T
        assert shares.sum() == pytest.approx(1.0)
        assert shares @ np.log(factors) == pytest.approx(0.0, abs=1e-12)
        assert np.sqrt(shares @ np.log(factors) ** 2) == pytest.approx(spread)
        half = np.sqrt(3.0) * spread
        assert shares @ factors == pytest.approx(np.sinh(half) / half, rel=1e-6)
    assert paces_apart(0.0, 8) == [(1.0, 1.0)]


def test_lesions_of_their_own_pace_that_shed_are_in_the_simulation_alone() -> None:
    disease = plain().with_(lesions={"growth_spread": 0.5, "secondary": 0.5})
    with pytest.raises(
        cascade.InputError, match=r"lesions\.organs\..*\.growth_spread = 0\.5: 0: .*in the simulation alone"
    ):
        Laws(disease)
    assert cascade.cohort(disease, patients=50, seed=1).patients == 50


def test_a_spread_of_none_is_no_spread() -> None:
    """The same patients, to the bit; and with one the same founders, at the same times, of other paces."""
    disease, none, wide = (
        plain().with_(efficiency=1e-3, lesions={"secondary": 0.0, "growth_spread": spread, "organs": {}})
        for spread in (None, 0.0, 0.6)
    )
    cohorts = [cascade.cohort(one, patients=40, seed=3) for one in (disease, none, wide)]
    paces = []
    for k in range(40):
        plain_, same, other = (one.patient(k) for one in cohorts)
        assert plain_.lesions == same.lesions
        if plain_.years != other.years:
            continue
        assert [(a.shed, a.founded, a.site) for a in plain_.lesions] == [
            (b.shed, b.founded, b.site) for b in other.lesions
        ]
        paces += [b.pace / a.pace for a, b in zip(plain_.lesions[1:], other.lesions[1:], strict=True)]
    logs = np.log(paces)
    assert len(logs) > 200
    assert np.abs(logs).max() <= np.sqrt(3.0) * 0.6 + 1e-9
    assert logs.std() == pytest.approx(0.6, abs=4 * 0.6 / np.sqrt(len(logs)))
    assert stats.kstest(logs, stats.uniform(-np.sqrt(3.0) * 0.6, 2 * np.sqrt(3.0) * 0.6).cdf).pvalue > 1e-6


@pytest.mark.sampled(3, 5)
@pytest.mark.parametrize("pace", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("disease", [*BOOK.values(), widest()], ids=[*BOOK, "widest"])
def test_errors_hold_what_a_finer_resolution_changes(disease: Disease, pace: float) -> None:
    laws = Laws(disease)
    at = laws.at(days(YEARS), SIZES, pace=pace)
    finest = at.resolved(FINEST)
    assert np.all(np.abs(at.mean - finest.mean()) <= at.mean_error)
    assert np.all(np.abs(at.none - finest.none()) <= at.none_error)
    if disease == widest():
        return  # there they are told, and not small
    # And they are small: of a mean, and of a probability.
    assert np.all(at.mean_error <= 1e-3 * at.mean.max())
    assert at.none_error.max() < 3e-4


def test_whole_laws_have_the_means_and_the_chances_of_none() -> None:
    at = Laws(plain()).at(days(YEARS), SIZES)
    groups = Laws(plain()).groups
    for name in ("bone", "distant"):
        for x, level in enumerate(("shed", "founded", "established", 0, 1, 2, 3)):
            law, error = at.number(name, level)
            assert np.all(np.abs(law[:, 0] - at.none[groups.index(name), x]) <= error[:, 0])
            # All but what lies beyond 31 lesions.
            known = law.sum(axis=1) > 1 - 1e-12
            mean = (law * np.arange(32)).sum(axis=1)
            assert mean[known] == pytest.approx(at.mean[groups.index(name), x][known], abs=1e-6)


def test_without_shedding_lesions_numbers_are_poisson() -> None:
    laws = Laws(barren())
    at = laws.at(days(YEARS), SIZES)
    assert at.none == pytest.approx(np.exp(-at.mean), rel=1e-12)
    law, _ = at.number("distant", 1)
    mean = at.mean[laws.groups.index("distant"), 4]
    assert law == pytest.approx(stats.poisson.pmf(np.arange(32), mean[:, None]), abs=1e-7)


def test_founders_are_the_integral_of_shedding_and_delay() -> None:
    disease = barren()
    laws, own = Laws(disease), disease.tumour.growth
    at = laws.at(days(YEARS), SIZES, pace=1.3)
    (delays,) = delays_of(disease)
    ways = origins(disease)[0].ways
    for site in ("bone", "lung"):
        for year, found in zip(YEARS, at.mean[laws.groups.index(site), 1], strict=True):
            total = 0.0
            for w, way in enumerate(ways):
                if way.site != site:
                    continue
                shed = next(s for s in disease.shedding if s.route == way.route)
                onset, end = float(own.days(shed.onset_cells)[0]) / 1.3, year * DAYS

                def rate(age: float, shed: Any = shed, w: int = w, end: float = end) -> float:
                    per_day = shed.per_day * 1.3 * (own.size([1.3 * age])[0] / shed.at_cells) ** shed.exponent
                    return float(per_day * delays.founded(np.array([end - age]), w)[0])

                if end > onset:
                    value, _ = integrate.quad(rate, onset, end, limit=500, epsrel=1e-8)
                    total += way.chance * disease.efficiency_in(way.site) * value
            assert found == pytest.approx(total, rel=2e-5, abs=1e-12)


def test_delays_are_those_of_the_conditioned_cells() -> None:
    disease = plain()
    for origin, delays in list(zip(origins(disease), delays_of(disease), strict=True))[:2]:
        for w in (0, len(origin.ways) - 1):
            way = origin.ways[w]
            answer = exact(way.cells)
            # Between the nodes of the table, from hours to decades.
            at = delays.days[20::31] * 1.017
            curves = answer.reach((at * HOURS).tolist())
            assert np.all(np.abs(delays.founded(at, w) - curves.values[-1]) <= delays.error[w] + 1e-9)
            assert delays.mean[w] * HOURS == pytest.approx(_hours(answer), rel=1e-4)
        assert delays.error.max() < 1e-6


def _hours(answer: Exact) -> float:
    return [row for row in answer.times() if row.kind == "step"][-1].mean_hours


def test_sleep_is_one_exponential_more() -> None:
    disease = plain()
    (delays, *_) = delays_of(disease)
    site = origins(disease)[0].ways[0].site
    theta, share = disease.lesions.of(site, "asleep_years") * DAYS, disease.lesions.of(site, "asleep")
    for k in (150, 200, 240):
        t = delays.days[k]
        slept, _ = integrate.quad(
            lambda d, t=t: float(delays.founded(np.array([t - d]), 0)[0]) * np.exp(-d / theta) / theta,
            0.0,
            t,
            limit=500,
        )
        assert delays.all[k, 0] == pytest.approx((1 - share) * delays.awake[k, 0] + share * slept, abs=2e-6)


def test_multipliers_scale_what_they_act_on() -> None:
    laws = Laws(barren())
    one = laws.at(days(YEARS), SIZES)
    names, sites = laws.groups, laws.disease.sites
    site = np.ones(len(sites))
    site[sites.index("bone")] = 3.0
    two = laws.at(days(YEARS), SIZES, route=(2.0, 2.0), site=site)
    assert two.mean[names.index("bone")] == pytest.approx(6.0 * one.mean[names.index("bone")])
    assert two.mean[names.index("liver")] == pytest.approx(2.0 * one.mean[names.index("liver")])
    none = laws.at(days(YEARS), SIZES, route=(0.0, 0.0))
    assert not none.mean.any()
    assert np.all(none.none == 1.0)


def test_lesions_that_shed_scale_with_the_route_in_every_generation() -> None:
    laws = Laws(shedding())
    means = [
        laws.at(days(YEARS), SIZES, route=(m, 0.0)).mean[laws.groups.index("distant"), 1, -1] for m in (1e-4, 1.0, 2.0)
    ]
    # Small multipliers leave the first generation.
    assert means[1] > 1.02 * means[0] * 1e4
    assert means[2] > 2.02 * means[1]


def test_wrong_arguments_are_refused() -> None:
    laws = Laws(barren())
    for arguments, field in (
        (([-1.0],), "times"),
        (([],), "times"),
        (([1.0], [0.5]), "sizes"),
        (([float("nan")],), "times"),
    ):
        with pytest.raises(InputError, match=field):
            laws.at(*arguments)
    for keywords, field in (({"pace": 0.0}, "pace"), ({"route": (1.0,)}, "route"), ({"site": (-1.0,)}, "site")):
        with pytest.raises(InputError, match=field):
            laws.at([1.0], **keywords)
    at = laws.at([1.0], [10.0])
    for group, level, field in (("bones", "shed", "group"), ("bone", "size", "level"), ("bone", 1, "level")):
        with pytest.raises(InputError, match=field):
            at.number(group, level)
    for keywords, field in (({"samples": 0}, "samples"), ({"replicates": 1}, "replicates")):
        with pytest.raises(InputError, match=field):
            laws.averaged([1.0], **keywords)
    with pytest.raises(InputError, match="disease"):
        Laws("textbook")


SMALL = st.fixed_dictionaries(
    {
        "law": st.sampled_from(["exponential", "gompertz", "logistic", "power"]),
        "doubling": st.floats(30.0, 90.0),
        "exponent": st.sampled_from([0.0, 1.0 / 3.0, 0.5, 2.0 / 3.0, 1.0]),
        "per_division": st.floats(0.0, 2.0),
        "ratio": st.floats(0.7, 2.5),
        "early": st.floats(30.0, 300.0),
        "establishment": st.floats(0.1, 1.0),
        "asleep": st.floats(0.0, 0.9),
        "asleep_years": st.floats(0.1, 20.0),
        "secondary": st.sampled_from([0.0, 0.3, 1.0]),
    }
)


def random_disease(numbers: dict[str, Any], pace: float = 1.0) -> tuple[Disease, tuple[float, ...]]:
    """A disease with about four founders a patient, and years in which no tumour or lesion comes to kill."""
    growth: dict[str, Any] = {"law": numbers["law"], "doubling_days": numbers["doubling"], "largest": None}
    if numbers["law"] in ("gompertz", "logistic"):
        growth["largest"] = 1e12
    if numbers["law"] == "power":
        growth["exponent"] = 0.9
    book = textbook()
    onset = max(1e6, 41 * 2 ** (numbers["early"] / numbers["doubling"]))
    change = {"exponent": numbers["exponent"], "per_division": numbers["per_division"], "onset_cells": onset}
    names = ("establishment", "asleep", "asleep_years", "secondary")
    lesions = {name: numbers[name] for name in names}
    lesions |= {"growth_ratio": numbers["ratio"], "early_days": numbers["early"], "organs": {}}
    shed = tuple(s.model_copy(update=change) for s in book.shedding)
    disease = alike(book, tumour={"growth": growth}, shedding=shed, lesions=lesions)
    killed = float(disease.tumour.growth.days(0.999e12)[0]) / max(1.0, numbers["ratio"]) / pace
    end = max(YEARS) * DAYS if np.isfinite(disease.tumour.growth.most) else 0.9 * killed
    years = tuple(float(np.round(part * end / DAYS, 3)) for part in (0.5, 0.7, 0.85, 1.0))
    # The efficiency follows from the mean number, once it is known.
    laws = Laws(disease.with_(lesions={"secondary": 0.0}))
    first = laws.at(days(years), SIZES, pace=pace).mean[laws.groups.index("anywhere"), 0, -1]
    assume(first > 0)
    return disease.with_(efficiency=min(disease.efficiency * 4.0 / first, 1e3)), years


@pytest.mark.slow
@settings(max_examples=30, deadline=None, derandomize=True)
@given(SMALL)
def test_random_diseases_agree_with_the_simulation(numbers: dict[str, Any]) -> None:
    disease, years = random_disease(numbers)
    assert_agree(disease, Laws(disease).at(days(years), SIZES), years, 30_000)


WRONG_ALIKE = {
    "law": "power", "doubling": 30.0, "exponent": 0.0, "per_division": 0.0, "ratio": 0.7, "early": 30.0,
    "establishment": 0.8163377494613742, "asleep": 0.0, "asleep_years": 11.489728658845753, "secondary": 0.3,
}  # fmt: skip
"""Found by a search: the mean is off by 2e-6 of itself, a sixth more than what other resolutions change."""


@pytest.mark.slow
@settings(max_examples=30, deadline=None, derandomize=True)
@given(SMALL, st.floats(0.4, 2.5))
@example(WRONG_ALIKE, 0.5768273225284481)
def test_errors_of_random_diseases_hold(numbers: dict[str, Any], pace: float) -> None:
    disease, years = random_disease(numbers, pace)
    at = Laws(disease).at(days(years), SIZES, pace=pace)
    finest = at.resolved(FINEST)
    assert np.all(np.abs(at.mean - finest.mean()) <= at.mean_error)
    assert np.all(np.abs(at.none - finest.none()) <= at.none_error)
    for name in ("liver", "apical axillary nodes", "anywhere"):
        for x, level in ((0, "shed"), (1, "founded"), (5, 2)):
            law, wrong = at.number(name, level)
            assert np.all(np.abs(law - numbers_of(finest, Laws(disease).groups.index(name), x)) <= wrong)
    assert at.none_error.max() < 2e-2  # of use: of 224 diseases drawn so the largest was 0.013
