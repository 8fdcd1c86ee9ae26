"""The kernel of patients against a slow simulator on the same draws: every lesion of every patient."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

import cascade
from cascade.patient.counts import one_patient
from cascade.patient.course import course_of
from cascade.patient.disease import Disease
from cascade.patient.lowered import rules_of
from cascade.patient.origins import origins
from helpers.diseases import GROWTHS, PLAIN, TEXTBOOK, UNSEEN, all_kinds, drawn, shed_by
from helpers.reference_patients import Patients

KINDS = all_kinds()
PATIENTS, MANY = 12, 400
"""Patients of each disease that are compared; fewer where they have as many lesions together."""

CLOSE = 2e-9
"""Relative difference of days.  Those of shedding differ by 6e-11 at most (``test_the_table_of_what_is_shed``); the day
of death by burden is known to 1e-9 of a life."""


@pytest.mark.parametrize("name", GROWTHS)
@pytest.mark.parametrize("exponent", [0.0, 1 / 3, 1.0, 2.0])
def test_the_table_of_what_is_shed(name: str, exponent: float) -> None:
    """Hermite's cubics between the nodes, as the kernel reads them, against the closed forms."""
    growth = GROWTHS[name]
    disease = shed_by(PLAIN.with_(tumour={"growth": growth}), exponent=exponent, onset_cells=1e6)
    shed = rules_of(disease, 15.0, (15.0,), ()).shed
    table = CubicHermiteSpline(shed.own[0], shed.sum[0], shed.slope[0])
    onset, end = (float(day) for day in growth.days([1e6, min(1e12, growth.most * (1 - 1e-8))]))
    own = onset + (end - onset) * np.concatenate([np.geomspace(1e-6, 1.0, 2000), np.linspace(1e-3, 1.0, 2000)])
    truth = growth.shed(own, exponent) - growth.shed(onset, exponent)
    assert table(own) == pytest.approx(truth, rel=1e-7)
    days = np.abs(table(own) - truth) / growth.size(own) ** exponent
    assert (days < 6e-11 * own).all()


def assert_alike(disease: Disease, seed: int, numbers: range, most: int = MANY) -> int:
    """Patients of both; returns how many lesions were compared."""
    slow, rules = Patients(disease, seed), rules_of(disease, disease.years, (disease.years,), ())
    ways = [way for origin in origins(disease) for way in origin.ways]
    compared = 0
    for number in numbers:
        found, (age, day, cause, pace, _), traits = one_patient(rules, seed, number)
        truth = slow.patient(number)
        assert traits.tolist() == pytest.approx(truth.traits, rel=1e-11)
        assert (age, pace) == (pytest.approx(truth.age, rel=1e-13), pytest.approx(truth.lesions[0].pace, rel=1e-11))
        assert (day, cause) == (pytest.approx(truth.death, rel=CLOSE), truth.cause), number
        # Of what is shed after death by burden nobody asks: the table of shedding ends with the burden.
        slowly = {seed.identity: seed for seed in truth.lesions if seed.shed <= truth.death}
        shed = [(i, n) for i, n in enumerate(found.identity.tolist()) if found.shed[i] <= day]
        assert sorted(slowly) == sorted(n for _, n in shed), number
        for i, identity in shed:
            one = slowly[identity]
            assert found.number[i] == one.number
            if i > 0:
                way = ways[found.way[i]]
                parent = int(found.identity[found.parent[i]])
                assert (way.route, way.site, parent) == (one.route, one.site, one.parent), (number, i)
                assert disease.sites[found.site[i]] == one.site
            assert found.early[i] == one.early, (number, i)
            for name in ("shed", "founded", "pace", "asleep", "slept"):
                assert getattr(found, name)[i] == pytest.approx(getattr(one, name), rel=CLOSE), (name, number, i)
            if one.early:
                # Own time begins before or after founding: what it is wrong by is small beside a life.
                assert found.anchor[i] == pytest.approx(one.anchor, rel=CLOSE, abs=CLOSE * one.founded)
        compared += len(slowly) - 1
        if compared > most:
            break
    return compared


@pytest.mark.sampled(8, 16)
@pytest.mark.parametrize("name", KINDS)
def test_all_of_a_patient_is_what_the_rules_say(name: str) -> None:
    assert assert_alike(KINDS[name], 11, range(PATIENTS)) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_hundreds_of_patients(name: str) -> None:
    assert assert_alike(KINDS[name], 12, range(1 << 40, (1 << 40) + 300), 20_000) > 100


@pytest.mark.sampled(6, 16)
@pytest.mark.parametrize("seed", range(60))
def test_any_disease(seed: int) -> None:
    """Drawn at random, with odd numbers everywhere."""
    disease = drawn(seed, patients=4)
    assert assert_alike(disease, seed, range(4), 10_000) >= 0
    made = cascade.cohort(disease, patients=4, seed=seed)
    assert str(made)
    assert str(made.patient(0))


CANCERS = cascade.body.cancer_names()


def of_all_routes(name: str) -> Disease:
    """Cells of a cancer, shed by all its routes alike; all metastases shed that can."""
    rules = [{"route": use.name, "per_day": 1.0} for use in cascade.body.cancer(name).routes]
    found = {f.route: sum(f.chances.values()) for f in cascade.patient.foundings(cascade.body.cancer(name))}
    rules = [{**rule, "per_day": 2e-3 / found[rule["route"]]} for rule in rules if found[rule["route"]] > 0]
    own = {"cells": name, "traits": (), "correlations": (), "efficiency": 1.0, "death": {"other": None}}
    return TEXTBOOK.with_(**UNSEEN, **own, shedding=rules, lesions={"organs": {}, "secondary": 1.0})


@pytest.mark.sampled(4, 8)
@pytest.mark.parametrize("name", CANCERS)
def test_ways_have_the_exact_chances(name: str) -> None:
    """Also of routes on which cells begin in several places, and come to a site from one of them alone."""
    ways = origins(of_all_routes(name))[0].ways
    assert len(ways) > 2
    for way in ways:
        assert way.chance == pytest.approx(way.founding.chances[way.site], rel=1e-9), (way.route, way.site)


@pytest.mark.parametrize(
    "name", ["cervix", *(pytest.param(n, marks=pytest.mark.slow) for n in CANCERS if n != "cervix")]
)
def test_cells_of_every_cancer(name: str) -> None:
    assert assert_alike(of_all_routes(name), 3, range(4), 200) > 100


def test_a_course_tells_the_same() -> None:
    """Years in place of days; lesions by when they were shed; what was shed or founded after the end is not there."""
    slow = Patients(TEXTBOOK, 11)
    told = 0
    for number in range(8):
        truth, course = slow.patient(number), course_of(TEXTBOOK, seed=11, patient=number)
        end = min(truth.death, TEXTBOOK.years * 365.25)
        kept = [seed for seed in truth.lesions if seed.shed <= end]
        kept = [kept[0], *sorted(kept[1:], key=lambda seed: seed.shed)]
        assert [lesion.identity for lesion in course.lesions] == [seed.identity for seed in kept]
        assert course.years == pytest.approx(end / 365.25, rel=CLOSE)
        assert course.cause == ("", "the tumour", "other causes")[truth.cause]
        cells = course.cells(course.years)[:, 0]
        for lesion, seed, size in zip(course.lesions[1:], kept[1:], cells[1:], strict=True):
            assert lesion.site == seed.site
            assert course.lesions[lesion.parent or 0].identity == seed.parent
            assert lesion.shed * 365.25 == pytest.approx(seed.shed, rel=CLOSE)
            if seed.founded > end:
                assert math.isinf(lesion.founded)
                assert size == 0.0
                continue
            assert lesion.founded * 365.25 == pytest.approx(seed.founded, rel=CLOSE)
            if end >= seed.founded + TEXTBOOK.lesions.early_days / seed.pace and seed.early:
                assert size == pytest.approx(float(slow.growth.size(seed.own(end))[0]), rel=1e-7)
            told += 1
    assert told > 20


def test_lives_are_those_of_the_rules() -> None:
    """A founder's life as a course tells it, state by state."""
    slow, course = Patients(TEXTBOOK, 11), course_of(TEXTBOOK, seed=11, patient=0)
    for lesion in course.lesions[1:6]:
        source = "primary" if lesion.parent == 0 else course.lesions[lesion.parent or 0].site
        path = slow.walks(source)[lesion.route, lesion.site].path(lesion.identity)
        states, hours = [path[0][0][0]], [0.0]
        for (state, phase), hour in path:
            if phase == 0 and hour > 0:
                states.append(state)
                hours.append(hour)
        stays = [stay for stay in course.life(lesion.number).stays if stay.entered >= 0]
        assert [stay.state for stay in stays] == states
        assert [stay.entered for stay in stays] == pytest.approx(hours, rel=1e-11)
