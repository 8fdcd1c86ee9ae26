"""What is expected in the blood, against equations of its own; what a laboratory draws; lead times."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import integrate, special, stats

import cascade
from cascade.common.errors import InputError
from cascade.kernel.streams import key_of
from cascade.patient.blood import IN_THE_BLOOD
from cascade.patient.clinic.blood_tests import BloodTests, CellTest, DnaTest, Marker, name_of
from cascade.patient.clinic.chances import chance_of_positive
from cascade.patient.clinic.draws import FIRST_MARKER, found, own_level, uniforms
from cascade.patient.clinic.leads import (
    EVEN,
    EXPECTED,
    lead_times,
    lead_times_of,
    quantile,
    quantile_interval,
)
from cascade.patient.clinic.levels import Levels, eliminated, slope_at
from cascade.patient.course import Course, course_of
from cascade.patient.kernel import streams
from cascade.patient.origins import origins
from cascade.patient.ranges import DAYS_PER_YEAR
from helpers import reference
from helpers.budget import ALPHA, agrees, within
from helpers.diseases import GROWTHS, PLAIN
from helpers.diseases import TEXTBOOK as WHOLE

assert WHOLE.blood is not None
TEXTBOOK = WHOLE.with_(blood={"markers": WHOLE.blood.markers[:1]})
COHORT = cascade.cohort(TEXTBOOK, patients=300, seed=1)
SOME = tuple(COHORT.patient(number) for number in (0, 5, 15, 20))
assert TEXTBOOK.blood is not None
CTC, CTDNA, CA125 = TEXTBOOK.blood.tests
assert isinstance(CTC, CellTest)
assert isinstance(CTDNA, DnaTest)
assert isinstance(CA125, Marker)


def lasting(half_life: float) -> Marker:
    """A marker that stays so many days; one unit per mL for each cell and day."""
    return Marker(
        name="m", per_cell_per_day=1000.0, half_life_days=half_life, litres=1.0, background=1.0, background_spread=1.0,
        error=1.0, cutoff=2.0, unit="U/mL",
    )  # fmt: skip


# Levels.


@pytest.mark.sampled(4, 8)
@pytest.mark.parametrize("course", SOME, ids=lambda c: f"patient {c.patient}")
@pytest.mark.parametrize("half_life", [0.02, 2.5, 6.3, 90.0])
def test_of_all_lesions_by_the_differential_equation(course: Course, half_life: float) -> None:
    """dM/dt = n - k M from the first cell on, for log(k M), which does not grow stiff by ten decades."""
    k = math.log(2.0) / half_life
    ends = [0.25 * course.years, 0.6 * course.years, course.years]

    def change(day: float, log_level: np.ndarray) -> np.ndarray:
        cells = max(float(course.cells(min(day / DAYS_PER_YEAR, course.years)).sum()), 1e-9)
        return np.asarray(k * (cells * np.exp(-log_level) - 1.0))

    days = [year * DAYS_PER_YEAR for year in ends]
    solved = integrate.solve_ivp(
        change, (0.0, days[-1]), [math.log(1e-3)], t_eval=days, method="LSODA", rtol=1e-7, atol=1e-9, max_step=20.0
    )
    levels = Levels(course).of(lasting(half_life), np.array(ends))
    assert levels == pytest.approx(np.exp(solved.y[0]) / k, rel=2e-5)


@pytest.mark.parametrize("half_life", [0.02, 6.3, 90.0, 3000.0])
def test_of_exponential_growth_in_closed_form(half_life: float) -> None:
    """M = (e^{gt} - e^{-kt}) / (g + k): the quasi-steady state is too high by 1 + g / k."""
    trait = {"name": "pace", "spread": 0.5, "acts_on": ["growth"]}
    growth = {"law": "exponential", "doubling_days": 60.0}
    disease = PLAIN.with_(tumour={"growth": growth}, traits=(trait,), efficiency=1e-12)
    course = course_of(disease, seed=1, patient=1, until_years=6.0)
    assert len(course.lesions) == 1
    pace = course.lesions[0].pace
    assert abs(pace - 1.0) > 0.2
    g, k = pace * math.log(2.0) / 60.0, math.log(2.0) / half_life
    days = np.array([30.0, 400.0, 2000.0])
    exact = (np.exp(g * days) - np.exp(-k * days)) / (g + k)
    assert Levels(course).of(lasting(half_life), days / DAYS_PER_YEAR) == pytest.approx(exact, rel=1e-9)
    # Deaths are births less growth, of one pace: g (1 / e - 1) a day and cell.
    assert isinstance(CTDNA, DnaTest)
    dna = CTDNA.model_copy(update={"half_life_hours": 0.5, "released": 1e-4})
    quick = 24.0 * math.log(2.0) / 0.5
    dies = g / disease.lesions.establishment - g
    wanted = 1e-4 * dies * np.exp(g * days) / (g + quick) * dna.ml / (1000.0 * dna.litres)
    assert Levels(course).of(dna, days / DAYS_PER_YEAR) == pytest.approx(wanted, rel=1e-9)
    told = dna.model_copy(update={"deaths_per_day": 0.15})
    assert Levels(course).of(told, days / DAYS_PER_YEAR) == pytest.approx(wanted / dies * pace * 0.15, rel=1e-9)


@pytest.mark.parametrize("course", SOME, ids=lambda c: f"patient {c.patient}")
def test_the_quasi_steady_state_is_a_bound(course: Course) -> None:
    """Too high, and by no more than the fastest growth of any lesion makes it."""
    years = np.linspace(0.02, 1.0, 50) * course.years
    steepest = TEXTBOOK.tumour.growth.slope * max(lesion.pace for lesion in course.lesions)
    for half_life in (0.02, 6.3, 90.0):
        k = math.log(2.0) / half_life
        steady = course.cells(years).sum(axis=0) / k
        exact = Levels(course).of(lasting(half_life), years)
        assert np.all(exact < steady * (1.0 + 1e-9))
        # From one cell at the first moment on: what has not yet come, e^{-(k + g) t}, is lacking.
        grown = -np.expm1(-k * years * DAYS_PER_YEAR)
        # A founder whose cells die out in the end is one cell of ten million.
        assert np.all(exact > steady / (1.0 + steepest / k) * grown * (1.0 - 1e-4))
    assert isinstance(CTDNA, DnaTest)
    assert steepest / eliminated(CTDNA) < 2e-3, "of DNA the steady state would do"


@pytest.mark.parametrize("name", GROWTHS)
def test_growth_at_a_size(name: str) -> None:
    """Against the size a little later and earlier."""
    growth = GROWTHS[name]
    days = np.array([33.0, 500.0, 1234.0, 2500.0, 3333.0])
    step = 1e-2
    wanted = np.log(growth.size(days + step) / growth.size(days - step)) / (2.0 * step)
    assert slope_at(growth, growth.size(days)) == pytest.approx(wanted, rel=1e-6)
    assert slope_at(growth, np.array([1.0]))[0] == pytest.approx(growth.slope, rel=1e-9)


def test_what_a_published_model_of_a_marker_says() -> None:
    """Hori & Gambhir's tumour grows by 0.00578 a day: its size where CA125 comes to the cutoff, from its numbers."""
    growth = {"law": "exponential", "doubling_days": math.log(2.0) / 0.00578}
    disease = PLAIN.with_(tumour={"growth": growth}, efficiency=1e-12, years=20.0, death={"burden_cells": 1e14})
    seen = 0
    for number in range(8):
        course = course_of(disease, seed=1, patient=number)
        own = own_level(CA125, 1, course.lesions[0].identity, FIRST_MARKER)  # type: ignore[arg-type]
        row = next(row for row in course.lead_times() if row.test == "CA125")
        if own < 34.0:
            seen += 1
            cells = (34.0 - own) * (0.11 + 0.00578) * 3150.0 / (4.5e-5 * 0.1)
            assert course.cells(row.years)[0, 0] == pytest.approx(cells, rel=1e-5)
    assert seen > 4


def test_cells_of_a_tube() -> None:
    quiet = course_of(TEXTBOOK.with_(lesions={"secondary": 0.0}), seed=1, patient=15)
    wanted = [0.85 * row.in_sample for row in quiet.blood([6.0, 12.0])]
    assert Levels(quiet).of(CTC, np.array([6.0, 12.0])) == pytest.approx(wanted)
    tube = CTC.model_copy(update={"ml": 30.0, "recovery": 0.5})
    assert Levels(quiet).of(tube, np.array([6.0])) == pytest.approx(2.0 * wanted[0] / 0.85)
    # Of a metastasis a share of what a primary of its size would shed.
    levels, years = Levels(SOME[1]), np.array([SOME[1].years])
    alone = SOME[1].blood(years.tolist()).rows[0].in_blood
    whole = sum(levels._flowing(lesion, 1.0, by_route, years)[0] for lesion, _, by_route in levels._shed[1:])
    assert whole > 1.0
    assert levels.in_blood(years)[0] - alone == pytest.approx(TEXTBOOK.lesions.secondary * whole, rel=1e-6)


def test_a_sleeping_metastasis_sheds_nothing() -> None:
    """Though shedding begins at the size at which it sleeps."""
    disease = TEXTBOOK.with_(lesions={"asleep": 1.0, "asleep_years": 1000.0, "secondary": 1.0})
    assert disease.shedding[0].onset_cells == disease.lesions.asleep_cells
    asleep = 0
    for number in (5, 15, 20, 30):
        course = course_of(disease, seed=1, patient=number)
        levels, years = Levels(course), np.array([course.years])
        for lesion, share, by_route in levels._shed[1:]:
            if lesion.awake > course.years:
                asleep += bool(lesion.asleep < course.years - 1.0)
                assert levels._flowing(lesion, share, by_route, years)[0] == 0.0
    assert asleep > 5


def test_births_and_deaths_add_up_to_growth() -> None:
    """Of the primary: births of all time, g_0 / e n a day, less deaths, are its cells."""
    course = course_of(PLAIN.with_(efficiency=1e-12), seed=1, patient=0, until_years=8.0)
    growth, e = PLAIN.tumour.growth, PLAIN.lesions.establishment
    steady = CTDNA.model_copy(update={"half_life_hours": 1e-4, "released": 1.0, "ml": 1.0, "litres": 1e-3})
    rate, years = eliminated(steady), np.linspace(0.0, 8.0, 4001)  # type: ignore[arg-type]
    dead = integrate.simpson(rate * Levels(course).of(steady, years), x=years * DAYS_PER_YEAR)
    end = 8.0 * DAYS_PER_YEAR
    born = growth.slope / e * float(growth.shed(end, 1.0)[0])
    assert born - dead == pytest.approx(float(growth.size(end)[0]) - 1.0, rel=1e-4)


def test_asleep_as_many_die_as_are_born() -> None:
    disease = TEXTBOOK.with_(lesions={"asleep": 1.0, "asleep_years": 1000.0}, tumour={"onset_age_years": (40.0, 40.0)})
    course = next(
        course
        for n in range(200)
        for course in [course_of(disease, seed=2, patient=n)]
        if any(lesion.asleep < course.years - 0.5 for lesion in course.lesions)
    )
    levels = Levels(course)
    lesion = next(one for one in course.lesions if one.asleep < course.years - 0.5)
    years = np.array([0.5 * (lesion.asleep + course.years)])
    cells = levels.cells(lesion, years)
    assert cells[0] == pytest.approx(disease.lesions.asleep_cells)
    births = disease.tumour.growth.slope / disease.lesions.of(lesion.site, "establishment") * lesion.pace
    assert levels._deaths(lesion, years, cells, CTDNA)[0] == pytest.approx(births)  # type: ignore[arg-type]


def test_cells_in_the_blood_are_those_of_the_primary_and_of_metastases_that_shed() -> None:
    years = np.array([6.0, 12.0])
    for course in SOME[:3]:
        told = [row.in_blood for row in course.blood(years.tolist())]
        assert np.all(Levels(course).in_blood(years) >= np.array(told) * (1.0 - 1e-9))
    # Of a disease whose metastases shed nothing they are the same.
    quiet = course_of(TEXTBOOK.with_(lesions={"secondary": 0.0}), seed=1, patient=15)
    wanted = [row.in_blood for row in quiet.blood(years.tolist())]
    assert Levels(quiet).in_blood(years) == pytest.approx(wanted, rel=1e-9)


def test_cells_that_a_metastasis_sheds_by_another_rule() -> None:
    """The trapezoid over fine steps, of the occupancy that the model of its origin solves."""
    course = course_of(TEXTBOOK.with_(lesions={"secondary": 1.0, "asleep": 0.0}), seed=1, patient=5)
    levels, disease, seen = Levels(course), course.disease, set()
    for lesion, share, by_route in levels._shed[1:]:
        origin = next(o for o in origins(disease)[1:] if lesion.site in o.sources)
        assert share == 1.0
        assert {f.route for f in by_route} == {way.route for way in origin.ways}
        if lesion.site in seen or levels.cells(lesion, np.array([course.years]))[0] < 1e8:
            continue
        seen.add(lesion.site)
        whole = 0.0
        for founding in by_route:
            shed = next(s for s in disease.shedding if s.route == founding.route)
            steps = np.concatenate([[1e-9], np.geomspace(1e-5, 3000.0, 4000)])
            states = founding.model.states
            names = [s.name for s in states if s.route == "blood" and s.stage in IN_THE_BLOOD and s.landmark is None]
            curves = cascade.exact(founding.model).occupancy((24.0 * steps).tolist())
            there = np.sum([curves[name] for name in names], axis=0)
            cells = levels.cells(lesion, course.years - steps / DAYS_PER_YEAR)
            factor = course.traits[f"leakiness into {founding.route}"]
            rate = np.where(cells >= shed.onset_cells, shed.per_day * (cells / shed.at_cells) ** shed.exponent, 0.0)
            whole += factor * lesion.pace * integrate.trapezoid(rate * there, steps)
        told = levels._flowing(lesion, share, by_route, np.array([course.years]))[0]
        assert told == pytest.approx(whole, rel=3e-3)
    assert len(seen) >= 2


# Draws.


def test_addresses_are_blocks_of_a_kind_of_their_own() -> None:
    key = [int(word) for word in key_of(5)]
    kinds = [value for name, value in vars(streams).items() if name.startswith("KIND_")]
    assert len({int(kind) for kind in kinds}) == len(kinds)
    assert streams.KIND_LABORATORY == 13 << 24
    for primary, visit, test in ((2**62, 0, 0), (2**62 + 2**40 + 17, 7, 5), (2**63 - 1, 2**32 - 1, 65)):
        wanted = reference.uniforms(primary, visit, (13 << 24) | test, key)[:2]
        assert uniforms(5, primary, visit, test) == wanted


def identities(n: int) -> list[int]:
    """Primaries of as many patients."""
    k0, k1 = key_of(7)
    zero = np.uint64(0)
    return [int(streams.primary_of(np.uint64(patient), zero | k0, zero | k1)) for patient in range(n)]


PRIMARIES = identities(8_000)


def drawn(test: Any, number: int, m: float) -> np.ndarray:
    return np.array([found(test, m, 0.0, *uniforms(7, p, 3, number)).result for p in PRIMARIES])


@pytest.mark.parametrize("m", [0.0, 0.4, 6.0])
@pytest.mark.parametrize("d", [0.0, 0.5, 3.0])
def test_counted_cells_have_their_law(m: float, d: float) -> None:
    """Chi-squared over the numbers with 20 expected or more, at the level of all comparisons of the suite."""
    test = CellTest(dispersion=d, false_positives=0.3, cutoff=2)
    numbers = drawn(test, 0, m)
    true = stats.nbinom(1 / d, 1 / (1 + d * m)) if d else stats.poisson(m)
    one = true.pmf(np.arange(400)) if m else np.eye(1, 400)[0]
    law = np.convolve(one, stats.poisson(0.3).pmf(np.arange(60)))[:400]
    assert chi_squared(numbers, law) > ALPHA
    positive = int(np.sum(numbers >= test.cutoff))
    assert agrees(positive, len(numbers), float(chance_of_positive(test, m)[0]))


@pytest.mark.parametrize("m", [0.0, 0.5, 8.0])
def test_counted_fragments_have_their_law(m: float) -> None:
    test = DnaTest(released=1e-4, half_life_hours=0.5, background=0.4, positive=2)
    numbers = drawn(test, 1, m)
    assert chi_squared(numbers, stats.poisson(m + 0.4).pmf(np.arange(200))) > ALPHA
    assert agrees(int(np.sum(numbers >= 2)), len(numbers), float(chance_of_positive(test, m)[0]))


def chi_squared(numbers: np.ndarray, law: np.ndarray) -> float:
    """P value, with all numbers that are expected less than 20 times in one class."""
    n = len(numbers)
    often = np.flatnonzero(n * law >= 20)
    counts = np.bincount(numbers.astype(int), minlength=len(law))
    seen, wanted = counts[often], n * law[often]
    rest = n - wanted.sum()
    if rest >= 20:
        seen, wanted = np.append(seen, n - seen.sum()), np.append(wanted, rest)
    return float(stats.chi2.sf(((seen - wanted) ** 2 / wanted).sum(), len(wanted) - 1))


def test_a_planted_fault_of_the_dispersion_is_seen() -> None:
    numbers = drawn(CellTest(dispersion=0.8, false_positives=0.0), 0, 6.0)
    assert chi_squared(numbers, stats.nbinom(2.0, 1 / 4).pmf(np.arange(400))) < ALPHA


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_measured_levels_have_their_law(share: float) -> None:
    assert isinstance(CA125, Marker)
    test = CA125.model_copy(update={"error": 0.3})
    m = share * test.cutoff
    own = [own_level(test, 7, p, FIRST_MARKER) for p in PRIMARIES]
    results = [found(test, m, o, *uniforms(7, p, 0, FIRST_MARKER)) for p, o in zip(PRIMARIES, own, strict=True)]
    positive = sum(one.result >= test.cutoff for one in results)
    assert agrees(positive, len(results), float(chance_of_positive(test, m)[0]))
    # Persons and measurements are independent of each other, and each normal on a log scale.
    person = np.log(np.array(own) / test.background) / test.background_spread
    error = np.log(np.array([one.result for one in results]) / (np.array(own) + m)) / test.error
    for z in (person, error):
        assert stats.kstest(z, "norm").pvalue > ALPHA
    assert within(float(np.mean(person * error)), 0.0, 1.0 / math.sqrt(len(own)))
    assert [one.without for one in results] == pytest.approx(
        [o * math.exp(0.3 * e) for o, e in zip(own, error, strict=True)]
    )


def test_tests_and_visits_are_unrelated() -> None:
    n = 5000
    at = {
        (visit, test): np.array([uniforms(7, p, visit, test) for p in PRIMARIES[:n]])
        for visit in (0, 1, int(streams.NO_VISIT))
        for test in (0, 1, 2)
    }
    columns = np.concatenate(list(at.values()), axis=1)
    r = np.corrcoef(columns, rowvar=False)[np.triu_indices(columns.shape[1], 1)]
    assert np.max(np.abs(r)) * math.sqrt(n) < special.ndtri(1 - ALPHA / 2)


# Reports.


def test_a_report_belongs_to_patient_test_and_visit() -> None:
    course = SOME[2]
    report = course.laboratory([5.0, 7.0, 9.0])
    assert report == COHORT.patient(15).laboratory([5.0, 7.0, 9.0])
    later = course.laboratory([7.0, 9.0], first_visit=1)
    assert later.rows == report.rows[3:]
    # A visit at another time has the same draws.
    for a, b in zip(report.rows[:3], course.laboratory(4.0).rows, strict=True):
        assert a.without == b.without
    assert any(a.without != b.without for a, b in zip(report.rows[:3], SOME[1].laboratory(5.0).rows, strict=True))
    # A marker more changes no other test, nor any life.
    more = TEXTBOOK.with_(blood={"markers": [CA125, CA125.model_copy(update={"name": "other"})]})
    other = course_of(more, seed=1, patient=15)
    assert other.lesions == course.lesions
    kept = [row for row in other.laboratory([5.0, 7.0, 9.0]).rows if row.test != "other"]
    assert tuple(kept) == report.rows


def test_what_stands_in_a_report() -> None:
    for course in SOME:
        years = [0.3 * course.years, course.years]
        levels = Levels(course)
        for row in course.laboratory(years):
            test = next(t for t in levels.tests.tests if name_of(t) == row.test)
            assert row.tumour == levels.of(test, np.array([row.years]))[0]
            assert row.positive == (row.reported >= row.cutoff)
            assert row.false_positive == (row.without >= row.cutoff)
            assert row.false_positive <= row.positive
            assert row.reported >= row.without
            own = row.expected - row.tumour if isinstance(test, Marker) else None
            assert row.chance == pytest.approx(chance_of_positive(test, row.tumour, own)[0], rel=1e-6)
        text = str(course.laboratory(years))
        assert "never for decisions about a patient" in text
        assert "CA125 (U/mL)" in text


def test_so_many_are_positive_as_are_expected_to_be() -> None:
    """Over patients and years: each positive with its own chance."""
    courses = [COHORT.patient(number) for number in range(100)]
    rows = [row for one in courses for row in one.laboratory([min(year, one.years) for year in (7.0, 8.0, 9.0, 10.0)])]
    for test in ("CTC", "ctDNA", "CA125"):
        told = [row for row in rows if row.test == test]
        chance = np.array([row.chance for row in told])
        assert within(sum(row.positive for row in told), chance.sum(), math.sqrt((chance * (1 - chance)).sum()))
        assert 0.05 < chance.mean() < 0.95


def test_what_cannot_be_reported() -> None:
    course = SOME[3]
    for wrong in (course.years + 0.01, -1.0, math.nan, "x", [[1.0]]):
        with pytest.raises(InputError, match="years"):
            course.laboratory(wrong)  # type: ignore[arg-type]
    for visit in (-1, 1.5, 1_000_000):
        with pytest.raises(InputError, match="first_visit"):
            course.laboratory(1.0, first_visit=visit)  # type: ignore[arg-type]
    bare = course_of(TEXTBOOK.with_(blood=None), seed=1, patient=0)
    for asked in (lambda: bare.laboratory(1.0), bare.lead_times):
        with pytest.raises(InputError, match="none of"):
            asked()


# Lead times.


@pytest.mark.parametrize("course", [SOME[1], SOME[2], COHORT.patient(10)], ids=lambda c: f"patient {c.patient}")
def test_first_years_by_a_fine_grid(course: Course) -> None:
    levels = Levels(course)
    years = np.linspace(0.0, course.years, 2001)
    primary = years[np.argmax(course.mm(years)[0] >= 20.0)]
    for row in lead_times_of(course, 20.0):
        test = next(t for t in levels.tests.tests if name_of(t) == row.test)
        level = levels.of(test, years)
        if row.when == EVEN:
            passed = chance_of_positive(test, level) >= 0.5
        else:
            own = {"CTC": CTC.false_positives, "ctDNA": CTDNA.background}.get(row.test)  # type: ignore[union-attr]
            if own is None:
                own = own_level(CA125, 1, course.lesions[0].identity, FIRST_MARKER)  # type: ignore[arg-type]
            cutoff = {"CTC": 5, "ctDNA": 2, "CA125": 34.0}[row.test]
            passed = level + own >= cutoff
        wanted = years[np.argmax(passed)] if passed.any() else math.inf
        assert row.years == pytest.approx(wanted, abs=1.5 * years[1])
        assert row.primary == pytest.approx(primary, abs=1.5 * years[1])
        if math.isfinite(row.years):
            assert row.lead == pytest.approx(row.primary - row.years)
        else:
            assert row.lead == -math.inf
    assert [(row.test, row.when) for row in lead_times_of(course)] == [
        ("CTC", EXPECTED), ("CTC", EVEN), ("ctDNA", EXPECTED), ("ctDNA", EVEN), ("CA125", EXPECTED)
    ]  # fmt: skip


def test_a_higher_cutoff_comes_later_and_a_larger_primary_leads_more() -> None:
    course = SOME[1]
    found_at = []
    for cutoff in (2, 5, 9, 30):
        other = course_of(TEXTBOOK.with_(blood={"ctc": {"cutoff": cutoff}}), seed=1, patient=5)
        found_at.append([row.years for row in lead_times_of(other) if row.test == "CTC"])
    for early, late in pairwise(found_at):
        assert all(a < b for a, b in zip(early, late, strict=True))
    leads = [[row.lead for row in lead_times_of(course, mm)] for mm in (1.0, 5.0, 20.0, 30.0)]
    for small, large in pairwise(leads):
        assert all(a < b for a, b in zip(small, large, strict=True))


def test_a_sample_of_patients() -> None:
    table = lead_times(COHORT, 60, mm=15.0)
    every = [lead_times_of(COHORT.patient(number), 15.0).rows for number in range(60)]
    assert table.asked == 60
    assert table.reached == sum(math.isfinite(rows[0].primary) for rows in every) < 60
    for at, row in enumerate(table):
        leads = sorted(rows[at].lead for rows in every if math.isfinite(rows[at].primary) and rows[at].years > 0)
        assert row.patients == len(leads)
        assert row.patients + row.without == table.reached
        assert row.never == pytest.approx(np.mean(np.array(leads) == -math.inf))
        assert row.never_low <= row.never <= row.never_high
        for q, value, low, high in (
            (0.25, row.lower, row.lower_low, row.lower_high),
            (0.5, row.median, row.median_low, row.median_high),
            (0.75, row.upper, row.upper_low, row.upper_high),
        ):
            assert value == leads[math.ceil(q * len(leads)) - 1]
            assert low <= value <= high
    assert any(row.without for row in table)
    assert "before their end" in str(table)


def test_patients_without_a_lead_time() -> None:
    """Nobody's primary gets so large; one is positive without a tumour; both never come."""
    table = lead_times(cascade.cohort(TEXTBOOK, patients=3, seed=1, until_years=3.0), 3)
    assert table.reached == 0
    assert all(math.isnan(row.median) and row.median_low == -math.inf for row in table)
    assert "0 of 3 patients" in str(table)
    course = course_of(TEXTBOOK, seed=1, patient=15, until_years=3.0)
    assert all(math.isnan(row.lead) and row.years == math.inf for row in course.lead_times())
    primaries = [COHORT.patient(number).lesions[0].identity for number in range(300)]
    own = [own_level(CA125, 1, primary, FIRST_MARKER) for primary in primaries]  # type: ignore[arg-type]
    high = COHORT.patient(int(np.argmax(own)))
    row = high.lead_times().rows[-1]
    assert max(own) > 34.0
    assert row.years == 0.0
    assert math.isnan(row.lead)


@pytest.mark.parametrize("q", [0.25, 0.5, 0.75])
def test_intervals_of_quantiles_hold_as_often_as_they_say(q: float) -> None:
    """The chance to hold, by the binomial law, of every number of patients to 300; one place narrower is too narrow."""
    for n in range(1, 301):
        values = list(range(1, n + 1))
        low, high = quantile_interval(values, q)
        below = int(low) if math.isfinite(low) else 0
        beyond = int(high) if math.isfinite(high) else n + 1
        miss_low = stats.binom.cdf(below - 1, n, q) if below else 0.0
        miss_high = stats.binom.sf(beyond - 1, n, q) if beyond <= n else 0.0
        assert max(miss_low, miss_high) <= 0.025
        assert stats.binom.cdf(below, n, q) > 0.025
        assert stats.binom.sf(beyond - 2, n, q) > 0.025
        assert low <= quantile(values, q) <= high
    rng = np.random.default_rng(3)
    truth = float(stats.lognorm.ppf(q, 1.5))
    held = 0
    for _ in range(4000):
        low, high = quantile_interval(np.sort(rng.lognormal(sigma=1.5, size=40)).tolist(), q)
        held += low <= truth <= high
    assert held / 4000 > 0.95 - 5.85 * math.sqrt(0.05 * 0.95 / 4000)


def test_of_nobody_nothing_is_known() -> None:
    assert quantile_interval([], 0.5) == (-math.inf, math.inf)
    assert math.isnan(quantile([], 0.5))


def test_wrong_questions_for_lead_times() -> None:
    for mm in (0.0, 1e4, -1.0, math.nan, "x", True):
        with pytest.raises(InputError, match="mm"):
            lead_times(COHORT, 5, mm=mm)  # type: ignore[arg-type]
        with pytest.raises(InputError, match="mm"):
            SOME[0].lead_times(mm)  # type: ignore[arg-type]
    for patients in (0, 301, 1.5, "x"):
        with pytest.raises(InputError, match="patients"):
            lead_times(COHORT, patients)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="cohort"):
        lead_times("textbook")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="none of"):
        lead_times(cascade.cohort(TEXTBOOK.with_(blood=None), patients=2, seed=1), 2)


def test_blood_tests_change_no_life() -> None:
    other = cascade.cohort(TEXTBOOK.with_(blood=BloodTests(ctdna=CTDNA)), patients=300, seed=1)
    assert other.counts == COHORT.counts
