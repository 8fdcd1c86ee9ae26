"""Cells in the blood and asleep: against expected stays, against counted cells, and by patient."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cascade
from cascade.body import cancer
from cascade.patient.blood import IN_THE_BLOOD, SAMPLE_ML, blood_of
from cascade.patient.founding import foundings
from cascade.patient.lives import SLEEPS

(BLOOD,) = (f for f in foundings(cancer("breast")) if f.route == "blood")
FLOWING = [s.name for s in BLOOD.model.states if s.route == "blood" and s.stage in IN_THE_BLOOD and s.landmark is None]
ASLEEP = [s.name for s in BLOOD.model.states if s.milestone in SLEEPS]


def constant(**fields: object) -> cascade.Disease:
    """Sheds a thousand cells a day from the first, by blood, and grows exponentially."""
    return cascade.Disease(**{
        "name": "constant", "cells": "breast", "efficiency": 0.5, "years": 30.0,
        "tumour": {"growth": {"law": "exponential", "doubling_days": 200.0}},
        "shedding": [{"route": "blood", "per_day": 1e3, "at_cells": 1.0, "exponent": 0.0, "onset_cells": 1.0}],
        "lesions": {"early_days": 300.0}, "death": {"burden_cells": 1e15}, **fields,
    })  # fmt: skip


def test_of_a_constant_source_as_many_are_there_as_come_in_a_mean_stay() -> None:
    """Little's law, once the longest stays have come round: 30 years for blood, never for those deeply asleep."""
    (row,) = blood_of(constant(), (30.0,), {})
    hours = cascade.exact(BLOOD.model).hours()
    stay = sum(hours[name] for name in FLOWING) / 24.0
    assert row.in_blood == pytest.approx(1e3 * stay, rel=1e-4)
    assert row.shed == pytest.approx(1e3)
    assert row.in_sample == pytest.approx(row.in_blood * SAMPLE_ML / 5000.0)
    assert row.any_in_sample == pytest.approx(-math.expm1(-row.in_sample))
    sleep = sum(hours[name] for name in ASLEEP) / 24.0
    assert 0.2 < row.asleep / (0.5 * 1e3 * sleep) < 1.0


def test_of_a_growing_source_cells_that_were_shed_are_counted() -> None:
    """Shed at random in the last days, each lived as a cell of the model: how many of them flow at the end."""
    growth, years = math.log(2) / 60.0, 6.0
    disease = constant(
        tumour={"growth": {"law": "exponential", "doubling_days": 60.0}},
        shedding=[{"route": "blood", "per_day": 1.0, "at_cells": 1.0, "exponent": 1.0, "onset_cells": 1.0}],
    )
    (row,) = blood_of(disease, (years,), {})
    n, ages = 100_000, [0.02, 0.2, 1.0, 3.0, 10.0]
    hours = [24.0 * age for age in ages]
    curves = cascade.simulate(BLOOD.model, cells=n, seed=3, times=hours).occupancy(hours)
    counted = np.sum([curves[name] for name in FLOWING], axis=0)
    exact = cascade.exact(BLOOD.model).occupancy(hours)
    expected = np.sum([exact[name] for name in FLOWING], axis=0)
    assert np.all(np.abs(counted - expected) < 4.9 * np.sqrt(expected * (1 - expected) / n) + 1e-9)
    # int e^{-g a} P(there at a) da by fine steps of the same occupancy, a way of its own.
    steps = np.concatenate([[0.0], np.geomspace(1e-5, 60.0, 3000)])
    there = np.sum(
        [cascade.exact(BLOOD.model).occupancy((24.0 * steps[1:]).tolist())[name] for name in FLOWING], axis=0
    )
    there = np.concatenate([[1.0], there]) * np.exp(-growth * steps)
    whole = float((np.diff(steps) * 0.5 * (there[1:] + there[:-1])).sum())
    assert row.in_blood == pytest.approx(math.exp(growth * years * 365.25) * whole, rel=2e-3)


def test_efficiency_scales_sleepers_and_not_the_blood() -> None:
    (one,), (two,) = (blood_of(constant(efficiency=e), (10.0,), {}) for e in (0.5, 0.25))
    assert two.in_blood == one.in_blood
    assert two.asleep == pytest.approx(0.5 * one.asleep)


def test_a_patient_has_the_traits_and_the_subtype_that_were_drawn() -> None:
    kinds = {"slow": (0.8, 1.0), "fast": (1.6, 3.0)}
    disease = cascade.disease("textbook").with_(subtypes=[
        {"name": name, "share": share, "growth": growth, "shedding": {"blood": more}}
        for (name, (growth, more)), share in zip(kinds.items(), (0.7, 0.3), strict=True)
    ])  # fmt: skip
    cohort, seen = cascade.cohort(disease, patients=60, seed=1), set()
    for number in range(60):
        course = cohort.patient(number)
        growth, more = kinds[course.subtype]
        assert course.lesions[0].pace == pytest.approx(growth * course.traits["pace"], rel=1e-12)
        seen.add(course.subtype)
        if number < 3:
            year = min(13.0, course.years)
            (row,) = course.blood(year)
            cells = disease.tumour.growth.size(year * 365.25 * course.lesions[0].pace)[0]
            by_route = [
                s.per_day * math.sqrt(cells / 1e9) * course.lesions[0].pace * course.traits[f"leakiness into {s.route}"]
                for s in disease.shedding
            ]
            assert row.shed == pytest.approx(by_route[0] * more + by_route[1])
    assert seen == set(kinds)


def test_before_shedding_begins_nothing_is_there() -> None:
    row = cascade.exact(cascade.disease("textbook"), times=[0.0, 1.0], traits={}).blood().rows[0]
    assert (row.shed, row.in_blood, row.any_in_sample, row.asleep) == (0.0, 0.0, 0.0, 0.0)


def test_cells_that_only_blood_carries_flow_too() -> None:
    """Their step has another name: Little's law, with the stays of all single cells that no bed holds."""
    alone = cancer("breast").from_site("bone")
    (founding,) = foundings(alone)
    assert founding.route == "blood"
    (row,) = blood_of(constant(cells=alone), (30.0,), {})
    hours = cascade.exact(founding.model).hours()
    stay = sum(hours[s.name] for s in founding.model.states if s.stage == "circulation") / 24.0
    assert stay > 0.05
    assert row.in_blood == pytest.approx(1e3 * stay, rel=2e-3)
