"""Blood tests: sensitivity and specificity as laws, levels against an ODE, reports, lead times, wrong numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

import cascade
from cascade.common.errors import InputError, ModelError
from cascade.patient.clinic.blood_tests import CellTest, DnaTest, Marker
from cascade.patient.clinic.chances import chance_of_positive, expected_at, false_positives
from helpers.diseases import TEXTBOOK

BLOOD = TEXTBOOK.blood
assert BLOOD is not None
assert BLOOD.ctc is not None
assert BLOOD.ctdna is not None
CA125 = BLOOD.markers[0]
PSA = Marker(
    name="PSA", per_cell_per_day=1e-6, half_life_days=2.5, litres=3.0, background=1.0, background_spread=0.6,
    error=0.05, cutoff=4.0, unit="ng/mL",
)  # fmt: skip
TESTS = {
    "cells": BLOOD.ctc,
    "cells, two": BLOOD.ctc.model_copy(update={"cutoff": 2}),
    "cells, Poisson": BLOOD.ctc.model_copy(update={"dispersion": 0.0}),
    "cells, dispersed": CellTest(dispersion=20.0, cutoff=3),
    "DNA": BLOOD.ctdna,
    "DNA, many": DnaTest(released=0.1, half_life_hours=2.0, positive=7),
    "CA125": CA125,
    "PSA": PSA,
}


# Sensitivity and specificity.


@pytest.mark.parametrize("name", TESTS)
def test_the_more_is_expected_the_likelier_is_a_positive_test(name: str) -> None:
    m = np.concatenate([[0.0], np.geomspace(1e-6, 1e6, 200)])
    chance = chance_of_positive(TESTS[name], m)
    assert np.all(np.diff(chance) >= -1e-12)
    assert chance[0] == false_positives(TESTS[name]) < 0.05
    assert 0.3 < chance[-1] <= 1.0


def test_of_cells_by_adding_up_both_laws() -> None:
    """P(N + F >= c) by the terms of scipy's negative binomial and Poisson laws."""
    for test in (t for t in TESTS.values() if isinstance(t, CellTest)):
        for m in (1e-4, 0.3, 5.0, 80.0):
            d, below = test.dispersion, np.arange(test.cutoff)
            law = stats.nbinom(1.0 / d, 1.0 / (1.0 + d * m)) if d else stats.poisson(m)
            false = stats.poisson(test.false_positives)
            less = sum(law.pmf(n) * false.cdf(test.cutoff - 1 - n) for n in below)
            assert chance_of_positive(test, m)[0] == pytest.approx(1.0 - less, abs=1e-13)
            if d:
                assert law.var() == pytest.approx(m + d * m**2)


def test_small_dispersion_is_nearly_none() -> None:
    m = np.array([0.1, 3.0, 40.0])
    none = chance_of_positive(TESTS["cells, Poisson"], m)
    for d in (1e-12, 1e-7):
        some = chance_of_positive(BLOOD.ctc.model_copy(update={"dispersion": d}), m)  # type: ignore[union-attr]
        assert some == pytest.approx(none, rel=1e-5)


def test_of_dna() -> None:
    for test in (t for t in TESTS.values() if isinstance(t, DnaTest)):
        for m in (0.0, 0.2, 3.0, 50.0):
            assert chance_of_positive(test, m)[0] == pytest.approx(
                stats.poisson.sf(test.positive - 1, m + test.background), rel=1e-10
            )


def test_three_markers_of_the_package_leave_the_blood_at_their_published_rates() -> None:
    assert BLOOD is not None
    left = {marker.name: marker.half_life_days or math.log(2.0) / marker.eliminated_per_day for marker in BLOOD.markers}
    assert left == pytest.approx({"CA125": 6.3, "PSA": 2.5, "CEA": 4.6}, rel=0.01)
    psa = BLOOD.markers[1]
    # 3.5 ng/mL for each cm3 of cancer.
    assert psa.per_cell_per_day * 1e9 * left["PSA"] / math.log(2.0) / (1000 * psa.litres) == pytest.approx(
        3.5, rel=0.01
    )


@pytest.mark.parametrize("test", [CA125, PSA, PSA.model_copy(update={"error": 1e-3}), PSA.model_copy(
    update={"background_spread": 1e-3})], ids=["CA125", "PSA", "exact", "alike"])  # fmt: skip
@pytest.mark.parametrize("share", [0.0, 0.1, 0.7, 0.98, 1.0, 3.0])
def test_of_a_marker_by_adaptive_integration(test: Marker, share: float) -> None:
    """Over measurements at each own level, by another rule; the edge of an almost exact test is given to it."""
    m = share * test.cutoff

    def at(y: float) -> float:
        level = test.background * math.exp(test.background_spread * y) + m
        return float(stats.norm.cdf(math.log(level / test.cutoff) / test.error) * stats.norm.pdf(y))

    turns = []
    if m < test.cutoff:
        turn = math.log((test.cutoff - m) / test.background) / test.background_spread
        steep = test.error * test.cutoff / (test.cutoff - m) / test.background_spread
        turns = [y for y in (turn - 6 * steep, turn, turn + 6 * steep) if -9 < y < 9]
    whole = integrate.quad(at, -9.0, 9.0, points=turns or None, limit=400, epsabs=1e-12, epsrel=1e-11)[0]
    assert chance_of_positive(test, m)[0] == pytest.approx(whole, rel=1e-8, abs=1e-12)


def test_of_a_person_whose_own_level_is_known() -> None:
    assert chance_of_positive(PSA, 3.0, background=1.0)[0] == pytest.approx(0.5)
    assert chance_of_positive(PSA, 3.0, background=1.2)[0] == pytest.approx(stats.norm.cdf(math.log(4.2 / 4.0) / 0.05))


@pytest.mark.parametrize("name", TESTS)
def test_what_has_to_be_expected_for_a_chance(name: str) -> None:
    for chance in (0.1, 0.5, 0.9):
        m = expected_at(TESTS[name], chance)
        assert chance_of_positive(TESTS[name], m)[0] == pytest.approx(chance, rel=1e-8)
    if (false := false_positives(TESTS[name])) > 0.0:
        assert expected_at(TESTS[name], 0.5 * false) == 0.0


def test_false_positives_of_the_healthy_are_the_published_ones() -> None:
    """Of the mean number that stands in the file: 0.3 % with two cells or more."""
    assert false_positives(TESTS["cells, two"]) == pytest.approx(0.003, rel=2e-3)
    # Between persons and measurements: log-normal.
    spread = math.hypot(CA125.background_spread, CA125.error)
    assert false_positives(CA125) == pytest.approx(stats.norm.sf(math.log(CA125.cutoff / CA125.background) / spread))


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf, "x", [1.0, -1.0]])
def test_what_cannot_be_expected(wrong: Any) -> None:
    with pytest.raises(InputError, match="expected"):
        chance_of_positive(PSA, wrong)
    with pytest.raises(InputError, match="chance"):
        expected_at(PSA, wrong)


# Wrong numbers.

WRONG: list[tuple[tuple[str | int, ...], Any, str, str]] = [
    (("ctc", "recovery"), 1.1, "blood.ctc.recovery", "<= 1"),
    (("ctc", "recovery"), 0.0, "blood.ctc.recovery", "> 0"),
    (("ctc", "ml"), 0.0, "blood.ctc.ml", "> 0"),
    (("ctc", "cutoff"), 0, "blood.ctc.cutoff", ">= 1"),
    (("ctc", "cutoff"), 2.5, "blood.ctc.cutoff", "a whole number"),
    (("ctc", "dispersion"), -0.1, "blood.ctc.dispersion", ">= 0"),
    (("ctc", "false_positives"), 7.0, "blood.ctc.false_positives", "below the cutoff, 5"),
    (("ctc", "source"), ["nobody"], "blood.ctc.source", "the key of a source"),
    (("ctc", "recovered"), 0.5, "blood.ctc.recovered", "did you mean 'recovery'"),
    (("markers", 0, "half_life_days"), 6.0, "blood.markers[0]", "one of the two"),
    (("markers", 0, "eliminated_per_day"), -0.1, "blood.markers[0].eliminated_per_day", ">= 0.0001"),
    (("markers", 0, "cutoff"), 0.0, "blood.markers[0].cutoff", "> 0"),
    (("markers", 0, "cutoff"), 10.0, "blood.markers[0].background", "below the cutoff, 10"),
    (("markers", 0, "to_blood"), 2.0, "blood.markers[0].to_blood", "<= 1"),
    (("markers", 0, "error"), 0.0, "blood.markers[0].error", ">= 0.001"),
    (("markers", 0, "unit"), "", "blood.markers[0].unit", "at least 1 letter"),
    (("markers", 0, "name"), "ctdna", "blood.markers[0].name", "names of their own"),
    (("markers", 0, "source"), ["nobody"], "blood.markers[0].source", "the key of a source"),
    (("ctdna", "half_life_hours"), -0.5, "blood.ctdna.half_life_hours", "> 0"),
    (("ctdna", "released"), 1.5, "blood.ctdna.released", "<= 1"),
    (("ctdna", "positive"), 0, "blood.ctdna.positive", ">= 1"),
    (("ctdna", "background"), 2.0, "blood.ctdna.background", "below the least number"),
]


def with_(path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    data: Any = TEXTBOOK.model_dump(mode="json", exclude_none=True)
    at = data["blood"]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return data  # type: ignore[no-any-return]


@pytest.mark.parametrize(("path", "value", "where", "wanted"), WRONG, ids=[f"{n} {w[2]}" for n, w in enumerate(WRONG)])
def test_a_fault_of_a_test(path: tuple[str | int, ...], value: Any, where: str, wanted: str) -> None:
    with pytest.raises(ModelError) as error:
        cascade.Disease(**with_(path, value))
    assert any(f.path == where and wanted in f.accepted for f in error.value.faults), str(error.value)


def test_faults_of_several_tests() -> None:
    for tests, path in (
        ({}, "blood.ctc"),
        ({"markers": [PSA, PSA]}, "blood.markers[1].name"),
        ({"markers": [PSA.model_copy(update={"name": f"m{i}"}) for i in range(65)]}, "blood.markers"),
    ):
        with pytest.raises(ModelError) as error:
            TEXTBOOK.with_(blood=cascade.patient.BloodTests(**tests))
        assert path in [fault.path for fault in error.value.faults]
    rate = PSA.model_dump(exclude={"half_life_days"})
    with pytest.raises(ModelError, match="one of the two"):
        Marker(**rate)


def test_there_and_back_through_a_file() -> None:
    again = cascade.Disease.from_toml(TEXTBOOK.to_toml())
    assert again == TEXTBOOK
    other = TEXTBOOK.with_(blood={"ctc": {"cutoff": 2}})
    assert other.blood is not None
    assert other.blood.markers == TEXTBOOK.blood.markers  # type: ignore[union-attr]
    assert other.digest() != TEXTBOOK.digest()
