"""The exact answer at diagnosis and after surgery: closed laws, finer resolution, itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import integrate

import cascade
from cascade.common.errors import InputError
from cascade.patient.diagnosed import averaging
from cascade.patient.diagnosed.answer import Diagnosed
from cascade.patient.diagnosed.averaging import Patient, Question
from cascade.patient.diagnosed.diagnosis import Asked, Diagnosis
from cascade.patient.diagnosed.fates import FINE, Resolution
from cascade.patient.diagnosed.freedom import last_looks
from cascade.patient.disease import Disease
from cascade.patient.formulas import undiagnosed_first
from cascade.patient.laws import Laws
from cascade.patient.sources import Sources
from helpers.tumours import DAYS, alike, textbook

DOUBLING = 100.0
FINEST = Resolution(8, 1.3, 0.012, 0.2, 6, 7, 0.6, 320, 24)
CT = {"name": "CT", "lesions": {"half_mm": 8.0, "most": 0.95}}
SYMPTOMS = {"per_year": 0.5, "at_mm": 20.0}


def one_law(doubling: float = DOUBLING, ratio: float = 1.0, per_day: float = 50.0, **fields: Any) -> Disease:
    """All grow exponentially from one cell without chance, and shed by volume into the blood alone, from early on."""
    book = textbook()
    blood = book.shedding[0].model_copy(update={"exponent": 1.0, "onset_cells": 2.0, "per_day": per_day})
    own = {
        "growth_ratio": ratio,
        "secondary": 0.0,
        "asleep": 0.0,
        "early_days": 0.01,
        "establishment": 1.0,
        "organs": {},
    }
    growth = {"law": "exponential", "doubling_days": doubling, "largest": None}
    return alike(book, tumour={"growth": growth}, shedding=(blood,), lesions=own, efficiency=0.01, years=30.0, **fields)


def at_once(disease: Disease) -> Sources:
    """Cells found as soon as they are shed."""
    sources = Sources(disease)
    ways = sources.ways[0]
    ones = np.ones_like(ways.delays.awake)
    same = replace(ways.delays, awake=ones, all=ones, awake_slope=0 * ones, all_slope=0 * ones)
    sources.ways = (replace(ways, delays=same), *sources.ways[1:])
    sources.delay_error = 0.0
    return sources


def told(disease: Disease, sources: Sources | None = None, care: str = "none", pace: float = 1.0) -> Diagnosed:
    """Of a patient of mean traits."""
    routes, sites, traits = len(disease.shedding), len(disease.sites), len(disease.traits)
    patient = Patient(pace, np.ones(routes), np.ones(sites), np.ones(traits))
    years = tuple(float(year) for year in range(1, int(disease.years) + 1))
    return Diagnosed(disease, disease.care_of(care), years, {}, sources or Sources(disease), patient)


def distant(sources: Sources, disease: Disease) -> np.ndarray[Any, Any]:
    return np.array([disease.kinds[site] == "distant" for site in sources.sites])


def seeding(disease: Disease, kinds: tuple[str, ...] = ("distant",)) -> float:
    """Founders shed a day for one cell of the primary, of all sites of some kinds."""
    sources = Sources(disease)
    ways = sources.ways[0]
    mine = [disease.kinds[sources.sites[j]] in kinds for j in ways.site]
    return float(ways.chance[mine].sum() * sources.routes[0].rate)


@pytest.mark.parametrize("beta", [0.7, 1.0, 1.3])
def test_the_race_between_diagnosis_and_founding(beta: float) -> None:
    symptoms = {"per_year": 0.5, "at_mm": 20.0, "exponent": beta, "least_mm": 0.0158}
    disease = one_law(presentation={"primary": symptoms})
    found = told(disease, at_once(disease))
    k = 0.5 / DAYS * disease.cells_of(20.0) ** -beta
    rate = float(np.log(2.0)) / DOUBLING
    nobody = undiagnosed_first(k, seeding(disease), growth=rate, exponents=(1.0, beta))
    assert found.by_year.value[0, -1] == pytest.approx(1.0, abs=1e-6)
    assert 1.0 - found.there.value[0] == pytest.approx(nobody, abs=2e-5)
    assert found.there.error[0] < 1e-3
    assert 0.02 < nobody < 0.98


def test_given_its_size_growth_matters() -> None:
    # exp(-seeding int n): the slower tumour has seeded more at the same size.
    for doubling in (50.0, 200.0):
        disease = one_law(doubling, presentation={"primary": SYMPTOMS})
        asked = Asked((), 30.0 * DAYS, (30.0,), ())
        sources = at_once(disease)
        here = Diagnosis(disease, sources, 1.0, asked)
        number = here.staged.there[:, distant(sources, disease)].sum(axis=(0, 1))
        # All but what lies in the early phase is there; two cells come first.
        begin = float(disease.tumour.growth.days(2.0)[0])
        expected = seeding(disease) * (
            disease.tumour.growth.shed(here.days, 1.0) - disease.tumour.growth.shed([begin], 1.0)
        )
        late = here.days > begin + 100.0
        assert number[late] == pytest.approx(expected[late], rel=1e-5)


RATIO = 4.0
LESIONS = {"per_year": 3.0, "at_mm": 10.0, "exponent": 0.8, "least_mm": 2.0}


def staged_by_hand(disease: Disease) -> dict[str, float]:
    """Numbers at diagnosis of `one_law` with ``CT``, by sums over fine grids of days of diagnosis and of shedding."""
    growth, rate = disease.tumour.growth, disease.tumour.growth.slope
    presentation = disease.presentation
    assert presentation is not None
    assert presentation.primary is not None
    assert presentation.lesions is not None

    def hazard(of: Any) -> tuple[float, float, float]:
        per_day = of.per_year / DAYS * disease.cells_of(of.at_mm) ** -of.exponent
        return per_day, of.exponent, float(growth.days(disease.cells_of(of.least_mm))[0])

    def total(of: Any, age: Any) -> Any:
        k, b, least = hazard(of)
        return np.where(age > least, k / (b * rate) * (np.exp(b * rate * age) - np.exp(b * rate * least)), 0.0)

    step = 0.5
    days = np.arange(0.0, 36.0 / rate, step)
    begin, early = float(growth.days(2.0)[0]), disease.lesions.early_days
    shed = np.where(days >= begin, np.exp(rate * days), 0.0)
    own = np.maximum(RATIO * days - early, 0.0)
    cells = np.exp(np.minimum(rate * own, 60.0))
    sight = disease.eyes[0].lesions
    assert sight is not None
    mm = disease.mm(1.0) * np.cbrt(cells)
    without = np.exp(-total(presentation.lesions, own) / RATIO)
    seen_now = without * sight.most / (1.0 + (sight.half_mm / mm) ** (1.0 / sight.width))

    def number(function: Any) -> Any:
        value = np.convolve(shed, function)[: len(days)] * step
        return value - 0.5 * step * (shed * function[0] + shed[0] * function)

    some, every = seeding(disease), seeding(disease, ("distant", "nodal"))
    surfaced, there = number(1.0 - without), number(without)
    seen = number(seen_now)
    k, b, least = hazard(presentation.primary)
    symptoms = np.where(days >= least, k * np.exp(b * rate * days), 0.0)
    alone = np.exp(-total(presentation.primary, days) - every * surfaced)
    by_primary = symptoms * alone
    by_lesion = alone * every * np.gradient(surfaced, days)
    mass = float(integrate.simpson(by_primary, x=days))
    of_lesion = float(integrate.simpson(by_lesion, x=days))

    def mean(value: Any) -> float:
        return float(integrate.simpson(by_primary * value, x=days)) / mass

    return {
        "primary": mass / (mass + of_lesion),
        "seen": mean(1.0 - np.exp(-some * seen)),
        "there": mean(1.0 - np.exp(-some * there)),
        "hidden": mean(1.0 - np.exp(-some * (there - seen))),
        "seen_number": mean(some * seen),
        "days": mean(days),
    }


def told_of(found: Diagnosed) -> dict[str, float]:
    values = {name: float(getattr(found, name).value[1]) for name in ("seen", "there", "hidden", "seen_number")}
    return values | {
        "primary": float(found.modes.value[0]),
        "days": float(found.tumour_years.value[1]) * DAYS,
    }


def with_lesions(doubling: float = DOUBLING, **changed: Any) -> Disease:
    sight = {"half_mm": 8.0, "most": 0.95} | changed.get("sight", {})
    presentation = {
        "primary": SYMPTOMS | changed.get("primary", {}),
        "lesions": LESIONS | changed.get("lesions", {}),
        "staging": ["CT"],
    }
    return one_law(doubling, RATIO, 1e3, presentation=presentation, eyes=[{"name": "CT", "lesions": sight}])


def test_what_is_seen_and_hidden_is_that_of_closed_laws() -> None:
    disease = with_lesions()
    expected = staged_by_hand(disease)
    found = told_of(told(disease, at_once(disease)))
    assert found == pytest.approx(expected, rel=5e-4)
    assert 0.01 < expected["seen"] < expected["there"] < 0.98
    assert 0.5 < expected["primary"] < 0.999


@pytest.mark.parametrize("changed", [
    {"sight": {"most": 0.95 * 0.98}}, {"sight": {"half_mm": 8.0 * 1.02}}, {"primary": {"per_year": 0.5 * 1.02}},
    {"lesions": {"per_year": 3.0 * 1.02}}, {"doubling": DOUBLING * 1.02},
], ids=["sensitivity", "half", "symptoms", "symptoms of lesions", "growth"])  # fmt: skip
def test_two_per_cent_would_be_seen(changed: dict[str, Any]) -> None:
    disease = with_lesions(**changed)
    found = told_of(told(disease, at_once(disease)))
    assert found != pytest.approx(staged_by_hand(with_lesions()), rel=5e-4)


def test_two_eyes_are_independent_and_two_looks_of_one_are_not() -> None:
    twice = [CT, CT | {"name": "MR"}]
    visits = {"eyes": ["CT"], "every_years": 1.0, "for_years": 10.0}
    often = visits | {"every_years": 0.25}
    care = [
        {"name": name, "surgery": {"delay_days": 0.0}, "visits": [of]}
        for name, of in (("rare", visits), ("often", often))
    ]
    disease = one_law(
        ratio=RATIO, per_day=1e3, presentation={"primary": SYMPTOMS, "staging": ["CT"]}, eyes=twice, care=care
    )
    sources = at_once(disease)
    one, two = (told(disease.with_(presentation={"staging": eyes}), sources) for eyes in (["CT"], ["CT", "MR"]))
    asked = Asked(("CT",), 30.0 * DAYS, (30.0,), ())
    seen = [Diagnosis(disease, sources, 1.0, replace(asked, staging=eyes)).staged for eyes in (("CT",), ("CT", "MR"))]
    late = seen[0].there[0, 0] > 0
    # Of large lesions 0.95 and 1 - 0.05^2.
    share = [part.seen.number[0, 0, 0, late][-1] / part.there[0, 0, late][-1] for part in seen]
    assert share[0] < share[1] < 2 * share[0]
    assert two.seen.value[0] > one.seen.value[0]
    # At whole years the last of four looks is the only one of one: more looks see no more.
    rare, more = (told(disease, sources, name).freedom((1.0, 2.0, 5.0)) for name in ("rare", "often"))
    assert more.value == pytest.approx(rare.value, abs=1e-12)
    # And between them they come earlier.
    rare, more = (told(disease, sources, name).freedom((1.6,)) for name in ("rare", "often"))
    assert more.value[1, 0] < rare.value[1, 0] - 1e-3
    assert more.value[0] == pytest.approx(rare.value[0], abs=1e-12)


def test_one_eye_looks_twice_at_what_it_did_not_see_and_sees_nothing() -> None:
    # Lesions of one size for good: whoever is not seen at diagnosis is not seen by the same eye later.
    points = {"law": "points", "doubling_days": None, "largest": None, "points": [(300.0, 1e8), (3000.0, 1.0000001e8)]}
    care = [{"name": "look", "surgery": {"delay_days": 0.0}, "visits": [{"eyes": ["CT"], "every_years": 0.5}]}]
    base = one_law(
        per_day=1e3,
        care=care,
        eyes=[CT | {"lesions": {"half_mm": 5.8}}],
        presentation={"primary": SYMPTOMS, "staging": ["CT"]},
    )
    disease = base.with_(tumour={"growth": points}, years=8.0)
    found = told(disease, at_once(disease), "look")
    assert found.seen.value[0] > 0.1
    assert found.hidden_if_none_seen.value[0] > 0.1
    # Those who were founded in the last 300 days before surgery, and grew, alone.
    after = found.freedom((0.0, 1.0, 2.0, 6.0))
    free, error = after.value[0], after.error[0]
    assert free[0] == pytest.approx(1.0, abs=1e-9)
    assert free[1] < 1.0 - 1e-3
    assert np.all(np.abs(free[1:] - free[1]) <= error[1:])
    assert error.max() < 1e-3


def clinic(**fields: Any) -> Disease:
    """The textbook disease with all that a clinic has, of patients who are alike."""
    eyes = [
        {"name": "CT", "lesions": {"half_mm": 6.0, "most": 0.95}, "organs": {
            "bone": {"half_mm": 15.0, "looked_at": 0.5}}},
        {"name": "scan", "primary": {"half_mm": 12.0, "looked_at": 0.6}, "organs": {
            "bone": {"half_mm": 5.0, "most": 0.9}, "brain": {"half_mm": 5.0, "only_with_symptoms": True}}},
        {"name": "mammography", "primary": {"half_mm": 10.0, "most": 0.9}},
    ]  # fmt: skip
    presentation = {
        "primary": {"per_year": 0.4, "at_mm": 20.0},
        "lesions": {"per_year": 2.0, "at_mm": 20.0, "least_mm": 3.0},
        "organs": {"bone": {"per_year": 4.0, "at_mm": 15.0, "exponent": 0.7}},
        "staging": ["CT", "scan"],
        "screening": [{"eye": "mammography", "from_age": 50, "to_age": 70, "every_years": 2, "attends": 0.7}],
    }
    visits = [{"eyes": ["CT"], "every_years": 1.0, "for_years": 3.0}]
    care = [{"name": "surgery", "surgery": {"delay_days": 60.0}, "visits": visits}]
    given: dict[str, Any] = {
        "traits": (), "correlations": (), "efficiency": 1e-3, "lesions": {"secondary": 0.0, "asleep_years": 2.0},
        "eyes": eyes, "presentation": presentation, "care": care,
    }  # fmt: skip
    return textbook().with_(**given | fields)


NUMBERS = (
    "modes", "categories", "seen_by_category", "size_mm", "age", "ages", "tumour_years", "seen", "there", "unseen",
    "hidden", "hidden_if_none_seen", "seen_number", "there_number", "early_share", "by_year",
)  # fmt: skip


@pytest.mark.sampled(2, 4)
@pytest.mark.parametrize("pace", [0.7, 1.0, 1.6])
@pytest.mark.parametrize("growth", ["gompertz", "exponential", "points"])
def test_errors_hold_what_a_finer_resolution_changes(pace: float, growth: str, monkeypatch: pytest.MonkeyPatch) -> None:
    laws = {
        "gompertz": {},
        "exponential": {"law": "exponential", "doubling_days": 70.0, "largest": None},
        "points": {"law": "points", "points": [(700.0, 1e4), (1500.0, 1e8), (3500.0, 1e11), (6000.0, 1e13)]},
    }
    disease = clinic()
    if growth != "gompertz":
        disease = disease.with_(tumour={"growth": laws[growth]})
    found = told(disease, care="surgery", pace=pace)
    finest = told(disease, found.sources, "surgery", pace)
    free = found.freedom()
    assert found.modes.value.sum() == pytest.approx(1.0)  # worked out before what follows
    for resolution in ("FINE", "COARSE"):
        monkeypatch.setattr(averaging, resolution, FINEST)
    exactly = {name: getattr(finest, name) for name in NUMBERS}
    for what in ("seen", "there", "seen_number", "there_number"):
        exactly[what + " by organ"] = finest.organ(what)
    later = finest.freedom()
    for name, best in exactly.items():
        mine = found.organ(name.removesuffix(" by organ")) if name.endswith("organ") else getattr(found, name)
        known = np.isfinite(mine.value)
        assert np.all(np.abs(mine.value - best.value)[known] <= mine.error[known] + 1e-9), name
        assert np.all(mine.error[known] < 2e-2 * (1.0 + np.abs(mine.value[known]))), name
    assert np.all(np.abs(free.value - later.value) <= free.error)
    # Mostly the bound of what lesions that slept between two looks change.
    assert free.error.max() < 2e-3
    assert np.abs(free.value - later.value).max() < 1e-4


def test_what_the_tables_say_together() -> None:
    found = told(clinic(), care="surgery")
    assert found.modes.value.sum() == pytest.approx(1.0)
    assert found.categories.value.sum(axis=1) == pytest.approx(np.ones(4))
    assert found.ages.value.sum(axis=1) == pytest.approx(np.ones(4))
    assert np.all(found.unseen.value <= found.hidden.value + 1e-12)
    # Seen, there and none seen, none there.
    assert found.there.value == pytest.approx(found.seen.value + found.unseen.value, abs=1e-9)
    assert found.hidden_if_none_seen.value * (1.0 - found.seen.value) == pytest.approx(found.unseen.value)
    mixed = (found.categories.value * found.seen_by_category.value).sum(axis=1)
    assert mixed == pytest.approx(found.seen.value, rel=1e-9)
    organs = found.organ("there_number").value[:, distant(found.sources, found.disease)]
    assert organs.sum(axis=1) == pytest.approx(found.there_number.value)
    assert np.all(np.diff(found.by_year.value, axis=1) >= 0)
    free = found.freedom((0.0, 1.0, 2.0, 3.0, 5.0, 10.0)).value
    assert free[:, 0] == pytest.approx(np.ones(2), abs=1e-9)
    assert np.all(np.diff(free, axis=1) < 0)
    assert np.all(free[1] >= free[0] - 1e-12)
    assert "hidden" in str(found)


def test_numbers_there_are_those_of_the_other_exact_answer() -> None:
    # Without symptoms of lesions all that have founded and do not die out are there.
    disease = clinic().with_(presentation={"lesions": None, "organs": {}})
    asked = Asked(("CT",), 15.0 * DAYS, (15.0,), ())
    laws = Laws(disease)
    here = Diagnosis(disease, laws.sources, 1.2, asked)
    some = slice(len(here.days) // 2, None, 12)
    at = laws.at(here.days[some], pace=1.2)
    for j, site in enumerate(disease.sites[:6]):
        left = next(kind.left for kind in laws.sources.kinds if j in kind.sites)
        number = here.staged.there[:, j, some].sum(axis=0)
        expected = left * at.mean[laws.groups.index(site), 1]
        assert number == pytest.approx(expected, rel=1e-5, abs=1e-9), site


def test_the_rate_of_surfacing_is_the_slope_of_those_who_have() -> None:
    disease = clinic()
    here = Diagnosis(disease, Sources(disease), 1.0, Asked(("CT",), 15.0 * DAYS, (15.0,), ()), FINE)
    surfaced, rate = (part.sum(axis=(0, 1)) for part in (here.staged.surfaced, here.staged.rate))
    until = here.below(rate * here.weights)
    assert until[-40:] == pytest.approx(surfaced[-40:], rel=1e-4)


def test_two_screenings_by_one_eye_are_one_where_nobody_comes_to_the_second() -> None:
    one = clinic(lesions={"secondary": 0.0}, efficiency=1e-6)
    assert one.presentation is not None
    first = one.presentation.screening[0]
    for attends in (0.0, 0.6):
        second = first.model_copy(update={"from_age": 45.0, "to_age": 75.0, "every_years": 3.0, "attends": attends})
        both = told(one.with_(presentation={"screening": (first, second)}))
        alone = told(one)
        if attends == 0.0:
            assert both.modes.value == pytest.approx(alone.modes.value, abs=1e-3)
            assert both.early_share.value[0] == pytest.approx(alone.early_share.value[0], abs=5e-3)
        else:
            assert both.modes.value[1] > alone.modes.value[1] + 0.02


def test_only_the_first_generation_is_told_and_it_is_said() -> None:
    one, many = clinic(), clinic(lesions={"secondary": 0.5, "asleep_years": 2.0})
    first, flagged = (cascade.exact(d, traits={}).diagnosed("surgery") for d in (one, many))
    assert "first generation" in flagged.below
    assert "first generation" not in first.below
    assert flagged.there.value == pytest.approx(first.there.value, rel=1e-9)


def test_subtypes_are_mixed_by_who_is_diagnosed() -> None:
    kinds = [
        {"name": "slow", "share": 0.7, "growth": 0.6, "soil": {"bone": 2.0}},
        {"name": "fast", "share": 0.3, "growth": 1.4, "shedding": {"blood": 0.5}},
    ]
    disease, alone = clinic(subtypes=kinds), clinic()
    found, total, seen, pace = cascade.exact(disease).diagnosed("surgery"), 0.0, 0.0, 0.0
    sources, error = Sources(alone), 0.0
    for kind in disease.subtypes:
        route = np.array([kind.shedding.get(s.route, 1.0) for s in disease.shedding])
        site = np.array([kind.soil.get(name, 1.0) for name in disease.sites])
        patient = Patient(kind.growth, route, site, np.ones(0))
        one = Diagnosed(alone, alone.cares["surgery"], found.years, {}, sources, patient)
        share = kind.share * one.by_year.value[0, -1]
        total, seen, pace = total + share, seen + share * one.seen.value[0], pace + share * kind.growth
        error += kind.share * one.by_year.error[0, -1]
    assert abs(found.by_year.value[0, -1] - total) <= found.by_year.error[0, -1] + error
    assert abs(found.seen.value[0] - seen / total) <= found.seen.error[0] + 1e-4
    # Of the fast more are diagnosed.
    assert pace / total > 0.7 * 0.6 + 0.3 * 1.4


def test_a_primary_may_be_unknown_until_a_metastasis_surfaces() -> None:
    disease = clinic().with_(presentation={"primary": None, "screening": ()}, years=12.0)
    found = told(disease)
    assert found.modes.value == pytest.approx([0.0, 0.0, 1.0])
    assert np.isnan(found.seen.value[1])
    assert found.there.value[0] <= 1.0
    screened = told(clinic().with_(presentation={"primary": None, "lesions": None, "organs": {}}))
    assert screened.modes.value == pytest.approx([0.0, 1.0, 0.0])
    assert np.isnan(
        told(clinic().with_(eyes=[CT], presentation={"screening": (), "staging": ["CT"]}, care=())).early_share.value
    ).all()


@pytest.mark.slow
def test_other_points_of_the_traits_change_no_more_than_is_told() -> None:
    disease = clinic(traits=textbook().traits, correlations=textbook().correlations, efficiency=2e-4)
    found, other = (cascade.exact(disease).diagnosed("surgery") for _ in range(2))
    other.__dict__["_at_diagnosis"] = averaging.of_all(other._question(), seed=2)
    for name in (*NUMBERS, "mean_traits"):
        one, two = getattr(found, name), getattr(other, name)
        known = np.isfinite(one.value)
        # 95 % each: twice as much is six standard errors of a difference.
        allowed = 2.0 * np.hypot(one.error, two.error)
        assert np.all(np.abs(one.value - two.value)[known] <= allowed[known]), name


def test_last_looks_of_visits() -> None:
    visits = [{"eyes": ["CT"], "every_years": 1.0, "for_years": 3.0}, {"eyes": ["CT", "scan"], "every_years": 0.5}]
    care = clinic(care=[{"name": "a", "surgery": {"delay_days": 30.0}, "visits": visits}]).cares["a"]
    assert last_looks(care, 30.0) == {}
    assert last_looks(care, 30.0 + 0.5 * DAYS) == {"CT": 30.0 + 0.5 * DAYS, "scan": 30.0 + 0.5 * DAYS}
    assert last_looks(care, 40 * DAYS) == {"CT": 30.0 + 10 * DAYS, "scan": 30.0 + 10 * DAYS}


def test_what_is_in_the_simulation_alone_is_refused() -> None:
    base = {"name": "care", "surgery": {"delay_days": 30.0}}
    for care, field in (
        (base | {"surgery": {"local_recurrence": 0.1}}, "local_recurrence"),
        (base | {"systemic": [{"name": "chemo", "log_kill": 1.0}]}, "systemic"),
        ({"name": "care"}, "care"),
    ):
        found = told(clinic(care=[care]), care="care")
        assert found.seen.value[0] > 0
        with pytest.raises(InputError, match=rf"{field}.*simulation alone"):
            found.freedom()
    with pytest.raises(InputError, match="presentation"):
        cascade.exact(textbook()).diagnosed()
    found = told(clinic(), care="surgery")
    with pytest.raises(InputError, match="care"):
        cascade.exact(clinic()).diagnosed("nothing")
    with pytest.raises(InputError, match="what"):
        found.organ("hidden")
    for years in ((), (-1.0,), (float("nan"),)):
        with pytest.raises(InputError, match="years"):
            found.freedom(years)


def test_what_waits_for_a_metastasis_changes_no_freedom_from_one() -> None:
    base: dict[str, Any] = {"name": "care", "surgery": {"delay_days": 30.0}}
    waits = {"name": "drug", "begins": "metastasis seen", "slows": 0.1, "log_kill": 5.0}
    plain, treated = (told(clinic(care=[care]), care="care") for care in (base, base | {"systemic": [waits]}))
    one, two = (found.freedom((1.0, 2.0, 10.0)) for found in (plain, treated))
    assert one.value.tolist() == two.value.tolist()
    assert 0.0 < one.value[0, 2] < one.value[0, 0] < 1.0


def test_a_question_is_of_the_care_s_own_staging() -> None:
    disease = clinic(care=[{"name": "blind", "staging": []}])
    found = told(disease, care="blind")
    assert found.staging == ()
    # Whom a metastasis has led to diagnosis is seen without an eye.
    assert found.seen.value[1] == 0.0
    assert found.seen.value[3] > 0.0
    assert isinstance(found._question(), Question)


def test_where_all_are_sure_to_hide_something_nothing_is_divided_by_nothing() -> None:
    """So many founders that the chance of none underflows, and an eye that looks only where there are symptoms."""
    found = told(clinic(efficiency=3.0), care="surgery")
    assert np.all(np.abs(found.hidden.value - 1.0) <= found.hidden.error + 1e-3)
    assert np.all(found.hidden.value <= found.there.value + found.hidden.error + found.there.error)
    assert found.modes.value.sum() == pytest.approx(1.0)
