"""The exact answer of a disease averaged over traits: against the simulation, mixtures and closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade.patient.laws import Laws
from cascade.patient.parts import Subtype, Trait
from helpers.budget import SIGMAS, within
from helpers.tumours import RARE, SIZES, YEARS, barren, days, plain, shedding, simulated, textbook

GROUPS = ("bone", "liver", "lung", "anywhere", "distant", "nodal", "local")


@pytest.mark.slow
def test_averages_over_traits_agree_with_the_simulation() -> None:
    # Of all paces and of correlated leakiness; lesions shed little, so that few patients hold most lesions.
    lives = {"burden_cells": 1e15, "other": None}
    pace, *leaks = textbook().traits
    traits = (pace.model_copy(update={"spread": 0.2}), *(t.model_copy(update={"spread": 0.8}) for t in leaks))
    disease = textbook().with_(death=lives, traits=traits, efficiency=2e-5, lesions={"secondary": 0.05})
    years = (5.0, 8.0, 11.0)
    found = Laws(disease).averaged(days(years), SIZES, numbers=[("distant", "founded"), ("nodal", 1)])
    assert found.alive == pytest.approx(np.ones(3), abs=1e-8)
    assert np.nanmax(found.none_error) < 1e-3
    out = simulated(disease, years, SIZES, 200_000)
    names = Laws(disease).groups
    for g in map(names.index, GROUPS):
        for x, t in np.ndindex(out.total.shape[1:]):
            n, some = int(out.alive[t]), int(out.some[g, x, t])
            share = 1.0 - found.none[g, x, t]
            error = np.hypot(np.sqrt(max(share * (1 - share), 1.0 / n) / n), found.none_error[g, x, t])
            if some >= RARE:
                assert within(some / n, share, error), (names[g], x, years[t])
                mean = out.total[g, x, t] / n
                error = np.hypot(np.sqrt((out.square[g, x, t] / n - mean**2) / n), found.mean_error[g, x, t])
                assert within(mean, found.mean[g, x, t], error), (names[g], x, years[t])
    for law, wrong, (name, x) in zip(found.number, found.number_error, (("distant", 1), ("nodal", 4)), strict=True):
        k = names.index(name) - names.index("anywhere")
        for t, m in np.ndindex(len(years), 5):
            p, n = law[t, m + 1], int(out.alive[t])
            error = np.hypot(np.sqrt(max(p * (1 - p), 1.0 / n) / n), wrong[t, m + 1])
            assert within(out.number[k, x, t, m + 1] / n, p, error), (name, x, years[t], m)


def test_patients_whom_the_primary_kills_are_left_out() -> None:
    # So few lesions that the primary alone kills.
    disease = textbook().with_(efficiency=4e-7, death={"burden_cells": 1e11, "other": None})
    years = (8.0, 11.0, 14.0)
    found = Laws(disease).averaged(days(years), SIZES)
    out = simulated(disease, years, SIZES, 100_000)
    own = float(disease.tumour.growth.days(1e11)[0])
    sigma = disease.traits[0].spread
    exactly = stats.norm.cdf((np.log(own / np.array(days(years))) + sigma**2 / 2) / sigma)
    assert found.alive == pytest.approx(exactly, abs=1e-7)
    g = Laws(disease).groups.index("anywhere")
    for t in range(3):
        assert within(out.alive[t] / 1e5, found.alive[t], np.sqrt(0.25 / 1e5) + 1e-3 / SIGMAS)
        n, share = int(out.alive[t]), 1.0 - found.none[g, 0, t]
        error = np.hypot(np.sqrt(share * (1 - share) / n), found.none_error[g, 0, t])
        assert within(out.some[g, 0, t] / n, share, error + 1e-3 / SIGMAS)


def trait(name: str, spread: float, *acts_on: str, distribution: str = "lognormal") -> dict[str, Any]:
    return {"name": name, "spread": spread, "acts_on": acts_on, "distribution": distribution}


def test_a_gamma_trait_of_seeding_makes_numbers_negative_binomial() -> None:
    theta = 0.7
    disease = barren().with_(traits=(Trait(**trait("luck", theta**0.5, "seeding", distribution="gamma")),))
    laws, times = Laws(disease), days((8.0, 11.0))
    one = laws.at(times, SIZES)
    found = laws.averaged(times, SIZES, numbers=[("distant", 1)])
    assert np.all(np.abs(found.mean - one.mean) <= found.mean_resolution + one.mean_error)
    expected = (1.0 + theta * one.mean) ** (-1.0 / theta)
    assert np.all(np.abs(found.none - expected) <= SIGMAS * found.none_error + found.none_resolution + 1e-4)
    mean = one.mean[laws.groups.index("distant"), 4]
    law = stats.nbinom.pmf(np.arange(32), 1 / theta, 1 / (1 + theta * mean[:, None]))
    assert found.number[0] == pytest.approx(law, abs=2e-4)


@pytest.mark.parametrize("distribution", ["lognormal", "gamma"])
def test_a_trait_of_growth_alone_is_an_integral_over_paces(distribution: str) -> None:
    spread = 0.25
    disease = shedding().with_(traits=(Trait(**trait("pace", spread, "growth", distribution=distribution)),))
    laws, times = Laws(disease), days((6.0, 9.0))
    found = laws.averaged(times, (1e6,))
    x, w = np.polynomial.hermite_e.hermegauss(20)
    shape = 1 / spread**2
    scores = stats.gamma.isf(stats.norm.sf(x), shape) / shape
    paces = np.exp(spread * x - spread**2 / 2) if distribution == "lognormal" else scores
    parts = [laws.at(times, (1e6,), pace=pace) for pace in paces]
    none = sum(v * part.none for v, part in zip(w / w.sum(), parts, strict=True))
    assert found.none == pytest.approx(none, abs=1e-4)
    assert not found.none_error.any()


def test_subtypes_are_mixed_by_their_shares() -> None:
    kinds = (
        Subtype(name="slow", share=0.7, growth=0.8, soil={"bone": 2.0}),
        Subtype(name="fast", share=0.3, growth=1.4, shedding={"blood": 0.5}),
    )
    disease = plain().with_(subtypes=kinds)
    laws, times = Laws(disease), days(YEARS)
    routes = [s.route for s in disease.shedding]
    mean, none = 0.0, 0.0
    for kind in kinds:
        route = [kind.shedding.get(name, 1.0) for name in routes]
        site = [kind.soil.get(name, 1.0) for name in disease.sites]
        at = laws.at(times, SIZES, pace=kind.growth, route=route, site=site)
        mean, none = mean + kind.share * at.mean, none + kind.share * at.none
    found = laws.averaged(times, SIZES)
    assert np.all(np.abs(found.mean - mean) <= found.mean_resolution + 1e-6 * mean)
    assert found.none == pytest.approx(none, abs=1e-4)


def test_soil_of_one_organ_is_averaged_with_all_its_generations() -> None:
    disease = shedding().with_(traits=(Trait(**trait("bone", 0.5, "soil.bone")),))
    laws, times = Laws(disease), days((8.0, 10.0))
    found = laws.averaged(times, (1e6,))
    place = disease.sites.index("bone")
    x, w = np.polynomial.hermite_e.hermegauss(20)
    mean, none = 0.0, 0.0
    for y, v in zip(x, w / w.sum(), strict=True):
        site = np.ones(len(disease.sites))
        site[place] = np.exp(0.5 * y - 0.125)
        at = laws.at(times, (1e6,), site=site)
        mean, none = mean + v * at.mean, none + v * at.none
    assert np.all(np.abs(found.none - none) <= SIGMAS * found.none_error + found.none_resolution + 1e-5)
    assert np.all(np.abs(found.mean - mean) <= SIGMAS * found.mean_error + found.mean_resolution + 1e-5 * mean)


@pytest.mark.parametrize("traits", [
    [{"name": "a", "spread": 1.2, "acts_on": ["shedding.blood"]}, {"name": "b", "spread": 0.3, "acts_on": ["growth"]}],
    [{"name": "a", "spread": 3.0, "distribution": "gamma", "acts_on": ["seeding"]}],
    [{"name": "a", "spread": 1.5, "acts_on": ["soil.liver"]}],
])  # fmt: skip
def test_a_mean_is_not_below_the_share_with_any_or_is_not_told(traits: list[dict[str, Any]]) -> None:
    """Also where the primary never kills, and moments of many generations are those of patients whom nobody has."""
    disease = cascade.disease("textbook").with_(traits=traits, correlations=[], death={"burden_cells": 1e13})
    found = cascade.exact(disease, times=[6.0, 14.0])
    for row in found.lesions():
        assert 0.0 < row.some < 1.0
        assert math.isnan(row.mean) or row.mean >= row.some * (1.0 - 1e-6)


def test_nothing_is_told_of_a_patient_whom_the_primary_has_killed() -> None:
    disease = cascade.disease("textbook")
    day = float(disease.tumour.growth.days(disease.death.burden_cells)[0]) / 2.0 / 365.25
    found = cascade.exact(disease, times=[day - 0.1, day + 0.1], traits={"pace": 2.0})
    before, after = found.lesions()
    assert (before.alive, after.alive) == (1.0, 0.0)
    assert before.mean > 0
    assert math.isnan(after.mean)
    assert math.isnan(after.some)
    assert all(math.isnan(row.mean) for row in found.organs(day + 0.1))
    assert [row.years for row in found.blood()] == [day - 0.1]
    with pytest.raises(cascade.InputError, match=r"years = .*before the primary has killed"):
        found.number(day + 0.1)
    course = cascade.cohort(disease, patients=range(7, 8), seed=1).patient(7)
    with pytest.raises(cascade.InputError, match=r"years = .*until the end"):
        course.blood(course.years + 0.1)


def test_soil_of_an_organ_is_that_of_a_class_of_all_patients() -> None:
    """Two ways to the same chances: of the lesions of an organ, and of a subtype that everybody has."""
    disease = shedding()
    own = disease.with_(lesions={"organs": {**disease.lesions.organs, "liver": {"soil": 2.5}}})
    of_all = disease.with_(subtypes=[{"name": "all", "share": 1.0, "soil": {"liver": 2.5}}])
    one = disease.with_(lesions={"organs": {**disease.lesions.organs, "liver": {"soil": 1.0}}})
    counts = [cascade.cohort(d, patients=3000, seed=4).counts for d in (own, of_all, one, disease)]
    assert np.array_equal(counts[0].some, counts[1].some)
    assert np.array_equal(counts[2].some, counts[3].some)
    assert not np.array_equal(counts[0].some, counts[3].some)
