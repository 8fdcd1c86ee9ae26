"""Laws in closed form: against simulations written here, the exact answer, and each other's limits."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cascade
from cascade.body import cancer
from cascade.patient import closed
from cascade.patient.early import BirthDeath
from cascade.patient.founding import foundings

ALLOWED = 4.9
"""Standard errors: a false alarm in 10^6."""


def near(counted: int, of: int, expected: float) -> None:
    spread = math.sqrt(max(expected * (1 - expected), 1e-12) / of)
    assert abs(counted / of - expected) < ALLOWED * spread


def test_a_random_primary() -> None:
    """Cell by cell: births, deaths, and cells that are shed and found."""
    birth, death, nu, end = 0.25, 0.15, 4e-3, 30.0
    draw, there, none = np.random.default_rng(2), 0, 0
    for _ in range(6000):
        cells, t, founded = 1, 0.0, 0
        while cells:
            t += draw.exponential(1.0 / ((birth + death + nu) * cells))
            if t > end:
                break
            u = draw.random() * (birth + death + nu)
            cells += 1 if u < birth else -1
            founded += u >= birth + death
        if cells:
            there, none = there + 1, none + (founded == 0)
    near(none, there, closed.none_of_random_primary(birth, death, nu, end))
    assert closed.none_of_random_primary(birth, death, 0.0, end) == pytest.approx(1.0, rel=1e-12)


def test_clone_sizes() -> None:
    birth, death, d, n = 0.3, 0.2, 0.08, 400_000
    draw = np.random.default_rng(4)
    lesion = BirthDeath(birth=birth, death=death)
    ages = draw.exponential(1 / d, n)
    gone = lesion.gone(ages)
    grown = (birth - death) * np.exp(-(birth - death) * ages) / (birth - death * np.exp(-(birth - death) * ages))
    cells = np.where(draw.random(n) < gone, 0, draw.geometric(np.clip(grown, 1e-300, 1.0)))
    expected = closed.clone_sizes(birth, death, d, 30)
    for size in (0, 1, 2, 5, 20):
        near(int((cells == size).sum()), n, float(expected[size]))


def test_patients_who_differ_by_a_gamma_trait() -> None:
    mean, theta = 1.7, 2.5
    disease = simple(
        traits=[{"name": "seeds", "spread": math.sqrt(theta), "distribution": "gamma", "acts_on": ["seeding"]}]
    )
    years = 10.0
    level = next(iter(cascade.exact(simple(), until_years=years, times=[years], traits={}).lesions("shed"))).mean
    disease = disease.with_(efficiency=disease.efficiency * mean / level)
    found = cascade.cohort(disease, patients=100_000, seed=5, until_years=years, times=[years])
    none = found.patients - int(found.counts.some[found.groups.index("anywhere"), 0, 0])
    near(none, found.patients, closed.none_among_patients(mean, theta))


def simple(**fields: object) -> cascade.Disease:
    """Exponential growth, one route, no secondary shedding, nobody dies."""
    return cascade.Disease(**{
        "name": "simple", "cells": "breast", "efficiency": 1e-3, "years": 10.0,
        "tumour": {"growth": {"law": "exponential", "doubling_days": 90.0}},
        "shedding": [{"route": "blood", "per_day": 1e-2, "at_cells": 1.0, "exponent": 0.5, "onset_cells": 1.0}],
        "lesions": {"early_days": 300.0}, "death": {"burden_cells": 1e15}, **fields,
    })  # fmt: skip


def test_in_the_cascade_founders_are_what_is_shed_times_a_discounted_chance() -> None:
    """Long after the tumour began: mean founded by T = (mu / (alpha d)) e^{alpha d T} E[e^{-alpha d T_f}]."""
    disease, years = simple(), 10.0
    d = math.log(2) / 90.0
    (founding,) = (f for f in foundings(cancer("breast")) if f.route == "blood")
    chances = closed.discounted_chances(founding, 0.5 * d)
    assert all(chances[site] < founding.chances[site] for site in chances)
    assert closed.discounted_chances(founding, 0.0) == pytest.approx(dict(founding.chances), rel=1e-9)
    expected = 1e-2 * disease.efficiency / (0.5 * d) * math.exp(0.5 * d * years * 365.25) * sum(chances.values())
    row = next(iter(cascade.exact(disease, until_years=years, times=[years], traits={}).lesions("founded")))
    # What was shed at first, and has not founded yet, is left out of the limit.
    assert row.mean == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(("call", "field"), [
    (lambda: closed.none_of_random_primary(0.0, 0.1, 0.1, 1.0), "birth"),
    (lambda: closed.none_of_random_primary(0.2, 0.1, -0.1, 1.0), "founding"),
    (lambda: closed.clone_sizes(0.2, 0.3, 1.0, 5), "death"),
    (lambda: closed.none_among_patients(1.0, math.nan), "dispersion"),
])  # fmt: skip
def test_numbers_that_none_can_be_are_refused(call, field: str) -> None:
    with pytest.raises(cascade.InputError, match=field):
        call()
