"""Closed forms of tumours that seed, and the exact answer where they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate

from cascade.common.errors import InputError
from cascade.lowering.lower import lower
from cascade.patient.delays import HOURS, delays_of
from cascade.patient.disease import Disease
from cascade.patient.early import BirthDeath
from cascade.patient.formulas import iwata_births, larger_than, relapses, renewal, undiagnosed_first
from cascade.patient.laws import Laws
from cascade.patient.origins import origins
from cascade.solution.solver import Solver
from helpers.tumours import alike, textbook

DOUBLING = 100.0
RATE = np.log(2.0) / DOUBLING


def exponential(**lesions: Any) -> Disease:
    """All grow exponentially; the primary sheds by volume, from early on, by the blood alone."""
    book = textbook()
    blood = book.shedding[0].model_copy(update={"exponent": 1.0, "onset_cells": 2.0})
    own = {"growth_ratio": 1.0, "secondary": 0.0, "asleep": 0.0, "early_days": 200.0, "organs": {}}
    growth = {"law": "exponential", "doubling_days": DOUBLING, "largest": None}
    return alike(book, tumour={"growth": growth}, shedding=(blood,), lesions=own | lesions)


def test_founders_of_an_exponential_source_are_the_transform_of_the_delay_at_its_growth() -> None:
    # Late, of all that has been shed a share E e^{-growth u} has founded.
    disease = exponential()
    laws, time = Laws(disease), 40 * DOUBLING
    at = laws.at([time], pace=1.0)
    for way in origins(disease)[0].ways[::4]:
        model = way.founding.model
        lowered = lower(model)
        hazards = (lowered.exit_hazard * lowered.multipliers[0, lowered.exit_transition])[None]
        z = np.array([0.0, RATE / HOURS], np.complex128)
        settled = Solver(lowered).passage(hazards, z, np.ones(1)).settled.sum(axis=1).real
        here = [s.landmark == "colony" and s.site == way.site for s in model.states]
        chance, later = settled[:, here].sum(axis=1)
        g = laws.groups.index(way.site)
        assert at.mean[g, 1, 0] / at.mean[g, 0, 0] == pytest.approx(later / chance, rel=2e-5)


@pytest.mark.parametrize("establishment", [0.2, 0.9])
def test_sizes_of_lesions_of_an_exponential_source_are_a_power_law(establishment: float) -> None:
    # The mean of birth and death is the growth law itself: of lesions as fast as the primary 1 in x has x cells.
    disease = exponential(establishment=establishment)
    sizes = (1e3, 1e5, 1e7)
    at = Laws(disease).at([40 * DOUBLING], sizes)
    assert at.mean[0, 3:, 0] == pytest.approx(at.mean[0, 1, 0] / np.array(sizes), rel=1e-4)
    # And of those twice as fast 1 in x^(1/2), but for the early phase, which is the same for all sizes.
    fast = Laws(disease.with_(lesions={"growth_ratio": 2.0})).at([40 * DOUBLING], sizes)
    assert fast.mean[0, 4:, 0] / fast.mean[0, 3:-1, 0] == pytest.approx([0.1, 0.1], rel=1e-4)
    x = np.array([1.0, 1e3, 1e6])
    with_formula = larger_than(x, 40 * DOUBLING, primary=RATE, lesions=2 * RATE, seeding=1e-9)
    assert with_formula == pytest.approx(with_formula[0] * x**-0.5, rel=1e-4)


def test_a_constant_source_founds_as_the_delay_says() -> None:
    book = textbook()
    blood = book.shedding[0].model_copy(update={"exponent": 0.0, "per_division": 0.0})
    disease = alike(book, shedding=(blood,), lesions={"secondary": 0.0})
    laws, (delays,) = Laws(disease), delays_of(disease)
    onset = float(disease.tumour.growth.days(blood.onset_cells)[0])
    times = np.array([2000.0, 4000.0, 8000.0])
    at = laws.at(times)
    for w, way in list(enumerate(origins(disease)[0].ways))[::5]:
        g = laws.groups.index(way.site)
        rate = blood.per_day * way.chance * disease.efficiency
        assert at.mean[g, 0] == pytest.approx(rate * (times - onset), rel=1e-9)
        for t, found in zip(times, at.mean[g, 1], strict=True):
            expected, _ = integrate.quad(
                lambda u, w=w: float(delays.founded(np.array([u]), w)[0]), 0, t - onset, limit=800
            )
            assert found == pytest.approx(rate * expected, rel=2e-5)


def test_metastases_of_metastases_follow_iwata() -> None:
    growth, seeding, end = 0.2, 0.03, 40.0
    found = []
    for n in (1000, 2000):
        t = np.linspace(0.0, end, n + 1)
        found.append(np.trapezoid(renewal(seeding * np.exp(growth * t), t[1]), t))
    total = (4 * found[1] - found[0]) / 3
    assert total == pytest.approx(iwata_births(end, growth, seeding)[0], rel=1e-5)


def test_relapses_are_an_integral_over_the_days_of_seeding() -> None:
    growth, seeding, birth, death, surgery = 0.08, 2e-4, 0.3, 0.2, 90.0
    numbers = {"growth": growth, "seeding": seeding, "birth": birth, "death": death}
    rate, rho, cells = birth - death, 1 - death / birth, 3000.0
    for t in (50.0, 90.0, 120.0, 200.0):
        expected, _ = integrate.quad(
            lambda s, t=t: seeding * np.exp(growth * s) * rho * np.exp(-rho * cells * np.exp(-rate * (t - s))),
            0.0, min(t, surgery), limit=400,
        )  # fmt: skip
        assert relapses(t, surgery, cells=cells, **numbers)[0] == pytest.approx(expected, rel=1e-7, abs=1e-14)
    # With the exact law of the time to so many cells it is near, as near as the number of cells is large.
    law = BirthDeath(birth=birth, death=death)
    x, w = np.polynomial.legendre.leggauss(60)
    s = surgery * (x + 1) / 2
    exactly = (surgery / 2 * w * seeding * np.exp(growth * s) * law.reached(200.0 - s, int(cells))[0]).sum()
    assert relapses(200.0, surgery, cells=cells, **numbers)[0] == pytest.approx(exactly, rel=2e-3)


def test_the_race_with_diagnosis() -> None:
    k, nu = 3e-5, 1e-5
    assert undiagnosed_first(k, nu) == pytest.approx(k / (k + nu))
    # Whatever the growth with equal exponents, and near it with nearly equal ones.
    assert undiagnosed_first(k, nu, growth=0.01, exponents=(2 / 3, 2 / 3)) == pytest.approx(k / (k + nu))
    near = undiagnosed_first(k, nu, growth=0.01, exponents=(1.0, 1.0 + 1e-9))
    assert near == pytest.approx(k / (k + nu), rel=1e-6)
    # By the density of the day of diagnosis.
    growth, alpha, beta, k, nu = 0.01, 0.5, 1.0, 1e-9, 1e-5

    def density(t: float) -> float:
        missed = k * np.expm1(beta * growth * t) / (beta * growth)
        seeded = nu * np.expm1(alpha * growth * t) / (alpha * growth)
        return float(k * np.exp(beta * growth * t - missed - seeded))

    expected, _ = integrate.quad(density, 0.0, 3000.0, points=[1000.0, 1600.0, 2000.0], limit=400)
    found = undiagnosed_first(k, nu, growth=growth, exponents=(alpha, beta))
    assert found == pytest.approx(expected, rel=1e-6)
    # Shedding by a lower power is earlier than by the same one: fewer are free of founders per founder shed later.
    assert found < undiagnosed_first(k, nu, growth=growth, exponents=(0.3, beta))


def test_wrong_numbers_are_refused() -> None:
    for call, field in (
        (lambda: iwata_births(-1.0, 0.1, 0.1), "days"),
        (lambda: iwata_births(1.0, 0.0, 0.1), "growth"),
        (lambda: undiagnosed_first(1.0, 0.0), "seeding"),
        (lambda: larger_than(0.5, 1.0, primary=1.0, lesions=1.0, seeding=1.0), "cells"),
        (lambda: relapses(1.0, 1.0, growth=0.1, seeding=0.1, birth=0.1, death=0.2, cells=10.0), "birth"),
    ):
        with pytest.raises(InputError, match=field):
            call()
