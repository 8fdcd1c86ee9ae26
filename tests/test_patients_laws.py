"""Simulated patients against closed laws, and planted errors of 2 %.  Thresholds: see ``helpers/budget.py``.

Founders of one patient are independent, given his traits: where a law is that of a founder, one patient who has
hundreds of thousands is as good as as many patients.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade.engine.prepare import environment, prepare
from cascade.lowering.lower import lower
from cascade.patient.cohort import cohort
from cascade.patient.counts import Counts, PatientChunk, one_patient
from cascade.patient.course import course_of
from cascade.patient.disease import Disease
from cascade.patient.early import BirthDeath
from cascade.patient.intervals import mean_interval
from cascade.patient.kernel.inputs import Lesions, Rules
from cascade.patient.lowered import rules_of
from cascade.patient.origins import Way, origins
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.runs.histories import histories_of
from helpers.budget import ALPHA, SIGMAS, agrees, cells_needed, within
from helpers.diseases import GROWTHS, PLAIN, TEXTBOOK, on_route

PATIENTS, SEED, YEARS = 200_000, 41, 4.0
POWER_99 = SIGMAS + float(stats.norm.ppf(0.99))
"""Standard errors that a planted error has to move a statistic by, to be caught with a power of 99 %."""

TIMES = (2.5, 3.0, YEARS)
BLOOD = on_route("blood", onset_cells=1e4).with_(years=YEARS)
PLEURA = on_route("blood").with_(
    years=YEARS,
    efficiency=1.0,
    lesions={"organs": {}},
    shedding=({"route": "pleura", "per_day": 1.0, "at_cells": 1e9, "exponent": 0.5},),
)
"""By a route whose cells pass few states."""


def shed(disease: Disease, years: float, chances: dict[str, float] | None = None) -> float:
    """Mean number of founders that a primary of mean traits has shed: the closed forms, and the exact cells."""
    growth, mean = disease.tumour.growth, 0.0
    found = {f.route: f for f in cascade.patient.foundings(disease.cancer)}
    for rule in disease.shedding:
        onset, now = float(growth.days(rule.onset_cells)[0]), years * DAYS_PER_YEAR
        if now > onset:
            both = growth.shed([onset, now], rule.exponent)
            cells = rule.per_day * rule.at_cells**-rule.exponent * float(both[1] - both[0])
            mean += cells * sum((chances or found[rule.route].chances).values()) * disease.efficiency
    return mean


def counted(rules: Rules, patients: int = PATIENTS, seed: int = SEED) -> Counts:
    """Counts of patients by rules that may have an error."""
    return PatientChunk(rules, seed, 0, patients).run()


def rules(disease: Disease) -> Rules:
    """What the kernel reads."""
    return rules_of(disease, disease.years, TIMES, ())


ANYWHERE = -4
"""Place of the group of all sites."""


@pytest.mark.parametrize("name", [*GROWTHS, "by number", "constant", "two routes"])
def test_the_number_shed_is_poisson(name: str) -> None:
    """Without traits: its mean and whole law at each time; with exponent 0 the source is constant."""
    disease = BLOOD
    if name in GROWTHS:
        disease = BLOOD.with_(tumour={"growth": GROWTHS[name]})
    elif name == "two routes":
        disease = PLAIN.with_(years=YEARS)
    else:
        rule = BLOOD.shedding[0].model_copy(update={"exponent": 1.0 if name == "by number" else 0.0})
        disease = BLOOD.with_(shedding=(rule,))
    scale = 1.0 / shed(disease, YEARS)
    disease = disease.with_(efficiency=disease.efficiency * scale)
    found = cohort(disease, patients=PATIENTS, seed=SEED, times=TIMES, sizes_mm=()).counts
    assert found.alive.tolist() == [PATIENTS] * len(TIMES)
    for t, time in enumerate(TIMES):
        mean = shed(disease, time)
        total = int(found.total[ANYWHERE, 0, t])
        assert within(total, PATIENTS * mean, math.sqrt(PATIENTS * mean)), (time, total / PATIENTS, mean)
        assert agrees(int(found.some[ANYWHERE, 0, t]), PATIENTS, -math.expm1(-mean))
        for k in range(1, 6):
            assert agrees(int(found.number[0, 0, t, k]), PATIENTS, float(stats.poisson.pmf(k, mean)))
        # The fourth moment of a Poisson number gives the error of its second.
        moments = [sum(stats.poisson.pmf(n, mean) * n**p for n in range(60)) for p in (2, 4)]
        spread = math.sqrt(PATIENTS * (moments[1] - moments[0] ** 2))
        assert within(int(found.square[ANYWHERE, 0, t]), PATIENTS * moments[0], spread)
    if name == "constant":
        onset = float(disease.tumour.growth.days(disease.shedding[0].onset_cells)[0])
        elapsed = [time * DAYS_PER_YEAR - onset for time in TIMES]
        assert shed(disease, TIMES[0]) / shed(disease, TIMES[2]) == pytest.approx(elapsed[0] / elapsed[2], rel=1e-12)


def test_sites_have_their_shares() -> None:
    """Given their number, founders are in each site by its chance."""
    disease = BLOOD.with_(efficiency=BLOOD.efficiency * 3.0 / shed(BLOOD, YEARS))
    found = cohort(disease, patients=PATIENTS, seed=SEED, times=TIMES, sizes_mm=())
    chances = cascade.patient.foundings(disease.cancer)[0].chances
    whole = int(found.counts.total[ANYWHERE, 0, -1])
    for site, chance in chances.items():
        count = int(found.counts.total[found.groups.index(site), 0, -1])
        assert agrees(count, whole, chance / sum(chances.values())), site


@pytest.mark.parametrize("what", ["shedding", "growth"])
def test_an_error_of_shedding_or_growth_is_caught(what: str) -> None:
    """2 % too much: in the number of founders of all patients, of which one has 2."""
    disease = BLOOD.with_(efficiency=BLOOD.efficiency * 2.0 / shed(BLOOD, YEARS))
    mean = shed(disease, YEARS)
    if what == "shedding":
        right = rules(disease)
        wrong, changed = right._replace(shed=right.shed._replace(rate=1.02 * right.shed.rate)), 1.02 * mean
    else:
        growth = disease.tumour.growth
        slower = growth.model_copy(update={"doubling_days": 1.02 * (growth.doubling_days or 0.0)})
        planted = disease.with_(tumour={"growth": slower})
        wrong, changed = rules(planted), shed(planted, YEARS)
    assert abs(changed - mean) > POWER_99 * math.sqrt(max(mean, changed) / PATIENTS)
    count = int(counted(wrong).total[ANYWHERE, 0, -1])
    assert not within(count, PATIENTS * mean, math.sqrt(PATIENTS * mean)), "the planted error went unseen"
    assert within(count, PATIENTS * changed, math.sqrt(PATIENTS * changed))


# Founders of one patient.

MANY = 600_000


@cache
def crowd(route: str) -> tuple[Disease, Lesions, list[Way]]:
    """A patient with hundreds of thousands of founders, all of them his primary's; half of the lesions sleep."""
    disease = (PLEURA if route == "pleura" else BLOOD).with_(
        lesions={"asleep": 0.5, "asleep_years": 2.0, "early_days": 60.0, "asleep_cells": 1e3}
    )
    disease = many(disease)
    ways = [way for origin in origins(disease) for way in origin.ways]
    return disease, one_patient(rules(disease), SEED, 0)[0], ways


def many(disease: Disease) -> Disease:
    """So much shedding that one patient has many founders."""
    rule = disease.shedding[0]
    return disease.with_(shedding=(rule.model_copy(update={"per_day": rule.per_day * MANY / shed(disease, YEARS)}),))


def within_hours(way: Way, hours: float) -> float:
    """Chance of a founder to divide within so many hours, by the exact answer of the cells that do."""
    curves = cascade.exact(way.cells).incidence([hours])
    return float(curves.values[:, 0].sum())


def quick(lesions: Lesions, way: int, hours: float) -> tuple[int, int]:
    """Founders of a way who divide within so many hours of shedding, and all."""
    own = lesions.way[1:] == way
    waits = 24.0 * (lesions.founded[1:] - lesions.shed[1:])[own]
    return int((waits <= hours).sum()), int(own.sum())


def test_founders_take_as_long_as_the_exact_cells() -> None:
    _, lesions, ways = crowd("pleura")
    assert len(lesions.way) > 0.9 * MANY
    for w, way in enumerate(ways):
        for hours in (0.3, 3.0, 24.0, 200.0, 3000.0, 4e4):
            p = within_hours(way, hours)
            count, number = quick(lesions, w, hours)
            assert agrees(count, number, min(p, 1.0)), (way.site, hours)


@pytest.mark.full
def test_founders_by_blood_take_as_long_as_the_exact_cells() -> None:
    _, lesions, ways = crowd("blood")
    for site in ("bone", "lung"):
        w = next(i for i, way in enumerate(ways) if way.site == site)
        hours = [1.0, 24.0, 240.0, 2400.0, 3e4, 1e5, 4e5]
        exact = cascade.exact(ways[w].cells).incidence(hours).values.sum(axis=0)
        for hour, p in zip(hours, exact, strict=True):
            count, number = quick(lesions, w, hour)
            assert agrees(count, number, float(p)), (site, hour)


def test_an_error_of_the_delay_is_caught() -> None:
    """Cells that are 2 % slower: in who has divided within some hours of shedding."""
    disease, lesions, ways = crowd("pleura")
    right = rules(disease)
    wrong = right._replace(lives=right.lives._replace(mean=1.02 * right.lives.mean))
    w = int(np.argmax([way.chance for way in ways]))
    # All hazards 2 % smaller: what had come by t comes by 1.02 t.
    waits = [float(np.quantile(24.0 * (lesions.founded - lesions.shed)[1:], q)) for q in (0.2, 0.4, 0.6, 0.8)]
    needed = {h: cells_needed(within_hours(ways[w], h), within_hours(ways[w], h / 1.02)) for h in waits}
    hours = min(needed, key=needed.__getitem__)
    count, number = quick(one_patient(wrong, SEED, 0)[0], w, hours)
    assert number >= needed[hours]
    assert not agrees(count, number, within_hours(ways[w], hours)), "the planted error went unseen"
    assert agrees(count, number, within_hours(ways[w], hours / 1.02))


def test_early_sizes_are_those_of_birth_and_death() -> None:
    disease, lesions, _ = crowd("pleura")
    birth = disease.tumour.growth.slope / disease.lesions.establishment
    law = BirthDeath(birth=birth, death=birth - disease.tumour.growth.slope)
    number = len(lesions.early) - 1
    sizes = law.sizes(disease.lesions.early_days, 12)
    for cells, p in enumerate(sizes):
        assert agrees(int((lesions.early[1:] == cells).sum()), number, float(p)), cells
    assert agrees(int((lesions.early[1:] > 12).sum()), number, float(1.0 - sizes.sum()))


def test_an_error_of_establishment_is_caught() -> None:
    """2 % more that establish: in the share that are not gone."""
    disease, lesions, _ = crowd("pleura")
    planted = disease.with_(lesions={"establishment": 1.02 * disease.lesions.establishment})
    birth = [disease.tumour.growth.slope / d.lesions.establishment for d in (disease, planted)]
    p, q = (1.0 - float(BirthDeath(birth=b, death=b - disease.tumour.growth.slope).gone(60.0)) for b in birth)
    found = one_patient(rules(planted), SEED, 0)[0]
    number, count = len(found.early) - 1, int((found.early[1:] > 0).sum())
    assert number == len(lesions.early) - 1 >= cells_needed(p, q)
    assert not agrees(count, number, p), "the planted error went unseen"
    assert agrees(count, number, q)


def awake(disease: Disease, lesions: Lesions, day: float, mean: float) -> tuple[int, float, float]:
    """Lesions beyond the size of sleep, of those that came to it; the mean number, given when, and its variance."""
    growth, limit = disease.tumour.growth, disease.lesions.asleep_cells
    asleep = np.isfinite(lesions.asleep) & (lesions.early > 0)
    fell = (lesions.anchor + lesions.asleep / lesions.pace)[asleep]
    there = fell < day
    own = lesions.pace[asleep] * (day - lesions.anchor[asleep])
    own = np.maximum(lesions.asleep[asleep], own - lesions.pace[asleep] * lesions.slept[asleep])[there]
    larger = int((growth.size(own) > limit * (1 + 1e-9)).sum())
    p = -np.expm1(-(day - fell[there]) / mean)
    return larger, float(p.sum()), float((p * (1.0 - p)).sum())


def test_lesions_sleep_and_wake() -> None:
    disease, lesions, _ = crowd("pleura")
    mean, day = disease.lesions.asleep_years * DAYS_PER_YEAR, 8.0 * DAYS_PER_YEAR
    some = lesions.early[1:] > 0
    sleeps = np.isfinite(lesions.asleep[1:]) & some
    assert agrees(int(sleeps.sum()), int(some.sum()), disease.lesions.asleep)
    slept = np.sort(lesions.slept[1:][sleeps])
    # Dvoretzky, Kiefer and Wolfowitz, with Massart's constant.
    steps = np.arange(len(slept) + 1) / len(slept)
    law = -np.expm1(-slept / mean)
    assert max(np.abs(law - steps[1:]).max(), np.abs(law - steps[:-1]).max()) < math.sqrt(
        math.log(2 / ALPHA) / (2 * len(slept))
    )
    larger, expected, variance = awake(disease, lesions, day, mean)
    assert within(larger, expected, math.sqrt(variance))


def test_an_error_of_waking_is_caught() -> None:
    """2 % longer sleep: in the sizes of lesions at a time."""
    disease, *_ = crowd("pleura")
    disease = disease.with_(lesions={"asleep": 1.0, "establishment": 1.0})
    right = rules(disease)
    wrong = right._replace(sites=right.sites._replace(sleep_days=1.02 * right.sites.sleep_days))
    found = one_patient(wrong, SEED, 0)[0]
    mean, day = disease.lesions.asleep_years * DAYS_PER_YEAR, 6.0 * DAYS_PER_YEAR
    larger, expected, variance = awake(disease, found, day, mean)
    _, slower, _ = awake(disease, found, day, 1.02 * mean)
    assert expected - slower > POWER_99 * math.sqrt(variance)
    assert not within(larger, expected, math.sqrt(variance)), "the planted error went unseen"
    assert within(larger, slower, math.sqrt(variance))


def test_lives_are_those_of_replayed_cells() -> None:
    """A founder is a cell of the conditioned model, by its identity: the kernel of cells gives the same life."""
    course = course_of(TEXTBOOK, seed=11, patient=0)
    every = {(w.founding.source, w.route, w.site): w for o in origins(TEXTBOOK) for w in o.ways}
    told = 0
    for lesion in course.lesions[1:5]:
        if lesion.parent != 0:
            continue
        way = every["primary", lesion.route, lesion.site]
        lowered = lower(way.cells)
        replayed = histories_of(lowered, prepare(lowered, environment(lowered, None)), 11, [lesion.identity])[0]
        own = [stay for stay in course.life(lesion.number).stays if stay.entered >= 0.0]
        assert [(s.state, s.entered, s.left) for s in own] == [(s.state, s.entered, s.left) for s in replayed.stays]
        if math.isfinite(lesion.founded):
            hours = 24.0 * DAYS_PER_YEAR * (lesion.founded - lesion.shed)
            assert replayed.stays[-1].entered == pytest.approx(hours, rel=1e-9, abs=1e-6)
        told += 1
    assert told > 1


# Intervals.

COHORTS = 1500
"""Small cohorts; an interval that holds in 95 % of all is allowed to hold in so many standard errors less."""


def test_no_lesion_at_all() -> None:
    """Of none in n patients the upper limit is that of a Poisson number of none, -log(0.025) / n."""
    for of in (1, 10, 1000, 10**9):
        low, high = mean_interval(0, 0, 0, of)
        assert low == 0.0
        assert high == pytest.approx(-math.log(0.025) / of, rel=1e-12)
    assert mean_interval(0, 0, 0, 0) == (0.0, math.inf)


def test_where_patients_are_alike_the_interval_is_that_of_a_poisson_number() -> None:
    """Weights of 1: the exact limits of Garwood, but for the variance, which is that between patients."""
    for total in (1, 3, 20, 400):
        of = 10_000_000
        low, high = mean_interval(total, total, 1, of)
        assert low * of == pytest.approx(float(stats.gamma.ppf(0.025, total)), rel=1e-3)
        assert high * of == pytest.approx(float(stats.gamma.ppf(0.975, total + 1)), rel=1e-3)


def covered(spread: float, mean: float, patients: int, cohorts: int) -> tuple[int, int]:
    """How many intervals of so many cohorts lie above and below the mean, which is known: traits have mean 1."""
    traits = () if spread == 0 else ({"name": "leaky", "spread": spread, "acts_on": ["shedding.blood"]},)
    disease = BLOOD.with_(traits=traits, efficiency=BLOOD.efficiency * mean / shed(BLOOD, YEARS))
    above = below = 0
    read = rules(disease)
    for number in range(cohorts):
        found = PatientChunk(read, SEED, number * patients, patients).run()
        numbers = [int(getattr(found, name)[ANYWHERE, 0, -1]) for name in ("total", "square", "most")]
        low, high = mean_interval(*numbers, int(found.alive[-1]))
        above += low > mean
        below += high < mean
    return above, below


@pytest.mark.parametrize(("spread", "mean"), [(0.0, 0.02), (0.5, 0.1), (1.2, 0.1), (2.0, 0.05)])
def test_intervals_of_small_cohorts_hold(spread: float, mean: float) -> None:
    """Of 100 patients who differ widely, few of whom have any; on each side alone too."""
    above, below = covered(spread, mean, 100, COHORTS)
    allowed = SIGMAS * math.sqrt(COHORTS * 0.05 * 0.95)
    assert above + below <= 0.05 * COHORTS + allowed
    assert below <= 0.025 * COHORTS + allowed


def test_where_few_patients_have_nearly_all_lesions_upper_limits_are_too_low() -> None:
    """What ``mean_interval`` says of itself: at a spread of 2 some 12 % of the means lie above, of 100 patients."""
    above, below = covered(2.0, 0.5, 100, COHORTS)
    assert agrees(above, COHORTS, 0.002)
    assert agrees(below, COHORTS, 0.12)


def test_intervals_that_are_too_narrow_would_be_found() -> None:
    """Those of a plain normal mean, of the same cohorts: far more miss than are allowed."""
    missed = 0
    disease = BLOOD.with_(
        traits=({"name": "leaky", "spread": 2.0, "acts_on": ["shedding.blood"]},),
        efficiency=BLOOD.efficiency * 0.05 / shed(BLOOD, YEARS),
    )
    for number in range(COHORTS):
        found = PatientChunk(rules(disease), SEED, number * 100, 100).run()
        total, square = (int(getattr(found, name)[ANYWHERE, 0, -1]) for name in ("total", "square"))
        error = 1.96 * math.sqrt(max(square - total**2 / 100, 0.0) / 99 / 100)
        missed += not total / 100 - error <= 0.05 <= total / 100 + error
    assert missed > 0.05 * COHORTS + SIGMAS * math.sqrt(COHORTS * 0.05 * 0.95)
