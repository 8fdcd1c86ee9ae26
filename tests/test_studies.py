"""Published studies that come with the package: what was published of them is what their tables say."""

from __future__ import annotations

import pytest

import cascade


def test_moertel_has_the_patients_and_recurrences_of_the_trial() -> None:
    data = cascade.study("moertel-1990")
    arms = {arm: [row for row in data.rows if row.arm == arm] for arm in data.arms}
    counted = {arm: (len(rows), sum(row.event == "recurrence" for row in rows)) for arm, rows in arms.items()}
    assert counted == {
        "observation": (315, 177), "levamisole": (310, 172), "levamisole and fluorouracil": (304, 119),
    }  # fmt: skip
    assert len({row.unit for row in data.rows}) == 929
    # Moertel 1995: of those observed 55 in 100 have had a recurrence by five years, where death competes with it.
    row = [r for r in data.incidence().of("observation", "recurrence") if r.time <= 5 * 365.25][-1]
    assert row.low < 0.55 < row.high


def test_jenkins_has_the_mice_of_the_paper() -> None:
    data = cascade.study("jenkins-2005")
    assert {(row.arm, row.of) for row in data.rows} == {("D3H2LN", 8), ("D3H1", 5)}
    assert {row.observable: row.found for row in data.rows if row.arm == "D3H2LN"}["brain"] == 7


def test_schumacher_has_the_women_and_recurrences_of_the_trial() -> None:
    data = cascade.study("schumacher-1994")
    assert sum(row.patients for row in data.rows) == 686
    assert sum(row.event for row in data.rows) == 299  # Sauerbrei & Royston 1999
    assert {arm: sum(row.arm == arm for row in data.rows) for arm in data.arms} == {"none": 440, "tamoxifen": 246}
    assert min(row.nodes_from for row in data.rows) == 1
    # Of all 720 women the rate of events with tamoxifen was 0.7 of that without (Schumacher 1994).
    rates = {
        arm: sum(row.event for row in data.rows if row.arm == arm) / sum(r.years for r in data.rows if r.arm == arm)
        for arm in data.arms
    }
    assert rates["tamoxifen"] / rates["none"] == pytest.approx(0.7, abs=0.05)


def test_each_has_its_source_and_its_terms() -> None:
    table = cascade.studies()
    assert {row.name for row in table} == {"moertel-1990", "jenkins-2005", "schumacher-1994"}
    assert {row.kind for row in table} == {"times", "seen", "patients"}
    for row in table:
        assert row.grade == "A"
        assert row.terms
        assert row.source.split(".")[0] in str(table)
        assert len(cascade.study(row.name)) > 10


def test_an_unknown_study_is_told_with_the_nearest() -> None:
    with pytest.raises(cascade.InputError, match="did you mean 'moertel-1990'"):
        cascade.study("moertel")
