"""The exact answer at diagnosis and after surgery against patients who are drawn one by one, by the rules alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cascade
from cascade.patient.diagnosed.answer import AFTER_YEARS, Diagnosed
from cascade.patient.disease import Disease
from cascade.patient.sources import Sources
from helpers.budget import SIGMAS
from helpers.clinic import Patients, simulate
from helpers.tumours import textbook
from test_diagnosed import clinic, told

RARE = 60
"""Patients, and of them some with and some without, below whom shares are not compared: they are not nearly normal."""


def assert_near(name: Any, told_value: Any, error: Any, values: Any, *, scale: float = 1.0) -> None:
    """The mean of a column over patients, within the budget of the suite and the error that is told."""
    n, columns = len(values), np.asarray(values, float).reshape(len(values), -1)
    expected, wrong = (np.atleast_1d(part) for part in (told_value, error))
    for k, column in enumerate(columns.T):
        some = np.count_nonzero(column)
        if min(some, n - np.count_nonzero(column == column[0]) + some) < RARE or column.std() == 0:
            continue
        spread = column.std() / np.sqrt(n)
        assert abs(column.mean() - expected[k]) <= SIGMAS * spread + scale * wrong[k], (name, k)


def assert_agree(disease: Disease, found: Diagnosed, drawn: Patients, *, scale: float = 1.0) -> None:
    """Everything that both tell. ``scale``: of the error that is told."""
    kinds = np.array([disease.kinds[site] for site in disease.sites])
    seen, there = drawn.seen[:, kinds == "distant"].sum(axis=1), drawn.there[:, kinds == "distant"].sum(axis=1)
    all_of = drawn.mode > 0
    for k, year in enumerate(found.years):
        by = found.by_year
        assert_near(("year", year), by.value[0, k], by.error[0, k], drawn.diagnosed <= year, scale=scale)
    modes = np.stack([drawn.mode[all_of] == m for m in (1, 2, 3)], axis=1)
    assert_near("modes", found.modes.value, found.modes.error, modes, scale=scale)
    sizes = np.stack([drawn.mm <= 20, (drawn.mm > 20) & (drawn.mm <= 50), drawn.mm > 50], axis=1)
    columns: dict[str, Any] = {
        "seen": seen > 0, "there": there > 0, "unseen": (seen == 0) & (there > 0), "hidden": there > seen,
        "seen_number": seen, "there_number": there, "age": drawn.age, "tumour_years": drawn.diagnosed,
        "categories": sizes, "mean_traits": drawn.traits,
    }  # fmt: skip
    for m, mine in enumerate((all_of, drawn.mode == 1, drawn.mode == 2, drawn.mode == 3)):
        if mine.sum() < RARE:
            continue
        for name, column in columns.items():
            figure = getattr(found, name)
            if figure.value[m].size:
                assert_near((name, m), figure.value[m], figure.error[m], column[mine], scale=scale)
        for what in ("seen", "there"):
            figure, column = found.organ(what), getattr(drawn, what)[mine]
            assert_near((what, m), figure.value[m], figure.error[m], column > 0, scale=scale)
            figure = found.organ(f"{what}_number")
            assert_near((what, "number", m), figure.value[m], figure.error[m], column, scale=scale)
        if there[mine].sum() > RARE:
            # Of the share of lesions: what is early, less that share of all.
            share, wrong = found.early_share.value[m], found.early_share.error[m]
            column = drawn.early[mine] - share * there[mine]
            assert_near(("early", m), 0.0, wrong * there[mine].mean(), column, scale=scale)
    if found.care.surgery is not None:
        operated = all_of & (seen == 0)
        free = found.freedom()
        for row, column in enumerate((drawn.true, drawn.scheduled)):
            values = column[operated, None] > np.array(AFTER_YEARS)
            assert_near(("free", row), free.value[row], free.error[row], values, scale=scale)


@pytest.mark.parametrize(("pace", "spread"), [(1.0, 0.0), (1.4, 0.0), (1.0, 0.7)])
def test_patients_who_are_alike_agree_with_those_who_are_drawn(pace: float, spread: float) -> None:
    # Of another pace: all that grows doubles in a shorter time.  With a spread metastases have paces of their own.
    more = {"lesions": {"secondary": 0.0, "asleep_years": 2.0, "growth_spread": spread}} if spread else {}
    disease = clinic(**more)
    drawn = simulate(quicker(disease, pace), disease.care_of("surgery"), 15.0, 150_000, 5)
    found = told(disease, care="surgery", pace=pace)
    drawn = drawn._replace(traits=np.zeros((len(drawn.mode), 0)))
    assert_agree(disease, found, drawn)


@pytest.mark.parametrize("spread", [0.1, 0.8, pytest.param(2.0, marks=pytest.mark.slow)])
def test_panels_by_the_fastest_metastases_tell_what_panels_by_all_do(
    spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Panels are cut where the fastest begin to be seen, and as wide as the mean is steep: within the errors told."""
    organs = {site: {"growth_spread": 0.0} for site, kind in clinic().kinds.items() if kind == "nodal"}
    disease = clinic(lesions={"secondary": 0.0, "growth_spread": spread, "organs": organs})
    found = told(disease, care="surgery", pace=1.0)
    few = [found.seen, found.there_number, found.seen_number, found.hidden, found.freedom()]
    monkeypatch.setattr(Sources, "fastest", property(lambda self: self.kinds))
    monkeypatch.setattr(Sources, "mean_ratios", property(lambda self: [kind.ratio for kind in self.kinds]))
    other = told(disease, care="surgery", pace=1.0)
    many = [other.seen, other.there_number, other.seen_number, other.hidden, other.freedom()]
    assert not all(np.array_equal(a.value, b.value) for a, b in zip(few, many, strict=True))
    for a, b in zip(few, many, strict=True):
        assert np.all(np.abs(a.value - b.value) <= a.error), (a.value - b.value, a.error)


def quicker(disease: Disease, pace: float) -> Disease:
    """A disease whose law is so many times as fast, and sheds as often by division."""
    assert disease.tumour.growth.doubling_days is not None
    shedding = [s.model_copy(update={"per_day": s.per_day * pace**s.per_division}) for s in disease.shedding]
    growth = {"doubling_days": disease.tumour.growth.doubling_days / pace}
    return disease.with_(
        tumour={"growth": growth}, shedding=shedding, lesions={"early_days": disease.lesions.early_days / pace}
    )


def test_a_small_fault_would_be_seen() -> None:
    disease = clinic()
    drawn = simulate(disease, disease.care_of("surgery"), 15.0, 150_000, 5)
    drawn = drawn._replace(traits=np.zeros((len(drawn.mode), 0)))
    changes: tuple[dict[str, Any], ...] = (
        {"efficiency": 1.05e-3},
        {"presentation": {"primary": {"per_year": 0.42, "at_mm": 20.0}}},
        {"lesions": {"establishment": 0.53}},
        {"lesions": {"growth_spread": 0.25}},
        {"tumour": {"growth": {"doubling_days": 51.0}}},
    )
    for change in changes:
        found = told(disease.with_(**change), care="surgery")
        with pytest.raises(AssertionError):
            assert_agree(disease, found, drawn)


def test_those_who_are_diagnosed_are_no_sample_of_the_prior() -> None:
    # A spread of 1 of the pace: who is diagnosed within the years, and by screening, has another pace.
    traits = ({"name": "pace", "spread": 1.0, "acts_on": ["growth"]},)
    disease = clinic(traits=traits, efficiency=3e-4)
    found = cascade.exact(disease, until_years=20.0).diagnosed()
    drawn = simulate(disease, disease.care_of("none"), 20.0, 300_000, 7)
    assert_agree(disease, found, drawn)
    pace = found.mean_traits.value[:, 0]
    assert pace[0] > 1.2
    assert pace[2] < pace[1] - 0.1


@pytest.mark.slow
def test_averages_over_many_traits_agree_with_those_who_are_drawn() -> None:
    traits = (
        {"name": "pace", "spread": 0.4, "acts_on": ["growth"]},
        {"name": "leak", "spread": 0.7, "acts_on": ["shedding.blood"]},
        {"name": "nodes", "spread": 0.5, "acts_on": ["shedding.lymph", "soil.liver"]},
    )
    disease = clinic(traits=traits, correlations=({"between": ["pace", "leak"], "value": 0.4},), efficiency=2e-4)
    found = cascade.exact(disease).diagnosed("surgery")
    drawn = simulate(disease, disease.care_of("surgery"), 15.0, 1_000_000, 3)
    assert_agree(disease, found, drawn)
    # Other points of the traits change no more than is told.
    assert found.there.error[0] < 5e-3


@pytest.mark.slow
def test_the_textbook_disease_with_its_own_traits_agrees() -> None:
    with_clinic = clinic()
    disease = textbook().with_(
        lesions={"secondary": 0.0}, efficiency=2e-4, eyes=with_clinic.eyes, presentation=with_clinic.presentation,
        care=with_clinic.care,
    )  # fmt: skip
    found = cascade.exact(disease).diagnosed("surgery")
    assert_agree(disease, found, simulate(disease, disease.care_of("surgery"), 15.0, 1_000_000, 4))


def test_two_screenings_by_one_eye_agree_with_those_who_are_drawn() -> None:
    base = clinic(efficiency=1e-4)
    assert base.presentation is not None
    first = base.presentation.screening[0]
    second = first.model_copy(update={"from_age": 45.0, "to_age": 75.0, "every_years": 3.0, "attends": 0.6})
    disease = base.with_(presentation={"screening": (first, second)})
    found = told(disease, care="surgery")
    drawn = simulate(disease, disease.care_of("surgery"), 15.0, 200_000, 6)
    drawn = drawn._replace(traits=np.zeros((len(drawn.mode), 0)))
    assert_agree(disease, found, drawn)
