"""Own times, findings and looks: shares as others estimate them, intervals that hold with late entry, tables read."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import cascade
from cascade import Data, Observable
from helpers.budget import ALPHA

ROWS = [
    {"patient": "p1", "group": "a", "months": 3.0, "status": "relapse", "entry": 0.0},
    {"patient": "p2", "group": "a", "months": 5.0, "status": "", "entry": 1.0},
    {"patient": "p3", "group": "b", "months": 5.0, "status": "dead", "entry": 0.0},
    {"patient": "p4", "group": "b", "months": 7.5, "status": "relapse", "entry": 2.0},
]


def tied(seed: int, n: int, *, late: bool) -> dict[str, list[Any]]:
    """Times with many ties, two events, some censored, some who came late."""
    draw = np.random.default_rng(seed)
    day = draw.integers(1, 12, n)
    event = draw.choice(["a", "b", ""], n, p=[0.4, 0.25, 0.35])
    entry = np.minimum(draw.integers(0, 6, n), day - 1) if late else np.zeros(n, int)
    return {"day": day.tolist(), "event": event.tolist(), "entry": entry.tolist()}


# Shares ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("seed", "n"), [(1, 9), (2, 60), (3, 400)])
def test_kaplan_and_meier_as_lifelines_with_ties_and_late_entry(seed: int, n: int, late: bool) -> None:
    lifelines = pytest.importorskip("lifelines", reason="pip install 'metastatic-cascade[test]'")
    table = tied(seed, n, late=late)
    found = Data.times(table).survival()
    days, some = np.array(table["day"]), np.array(table["event"]) != ""
    # lifelines takes who enters at a time as at risk at it; ours, as R, after it.
    fitted = lifelines.KaplanMeierFitter().fit(days, some, entry=np.array(table["entry"]) + 0.5 * late)
    theirs = fitted.survival_function_at_times([row.time for row in found]).to_numpy()
    assert [row.share for row in found] == pytest.approx(theirs, abs=1e-12)
    at_risk = [int(((np.array(table["entry"]) < row.time) & (days >= row.time)).sum()) for row in found]
    assert [row.at_risk for row in found] == at_risk


@pytest.mark.parametrize("seed", [1, 2])
def test_aalen_and_johansen_as_lifelines(seed: int) -> None:
    lifelines = pytest.importorskip("lifelines", reason="pip install 'metastatic-cascade[test]'")
    draw = np.random.default_rng(seed)
    times, event = draw.exponential(5.0, 80), draw.choice(["a", "b", ""], 80)
    found = Data.times({"hours": times, "event": event}).incidence()
    for number, name in enumerate(("a", "b"), 1):
        codes = np.select([event == "a", event == "b"], [1, 2], 0)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fitted = lifelines.AalenJohansenFitter(calculate_variance=False).fit(times, codes, number)
        theirs = fitted.cumulative_density_.iloc[:, 0]
        mine = found.of("all", name)
        assert [row.share for row in mine] == pytest.approx(theirs.loc[[row.time for row in mine]].tolist(), abs=1e-12)


@pytest.mark.parametrize("late", [False, True])
def test_shares_of_all_ends_and_of_none_are_one(late: bool) -> None:
    data = Data.times(tied(4, 90, late=late))
    free, incidence = data.survival(), data.incidence()
    for k, row in enumerate(free):
        told = [incidence.of("all", event)[k].share for event in data.events]
        assert row.share + sum(told) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    ("n", "hazard", "other"), [(8, 0.2, 0.0), (25, 0.1, 0.15), pytest.param(60, 0.5, 0.2, marks=pytest.mark.slow)]
)
def test_intervals_hold_where_some_come_late(n: int, hazard: float, other: float) -> None:
    """Each side of an interval is missed by 2.5 % or less, where half come under observation late."""
    draw, studies, at = np.random.default_rng(5), 4000, 3.0
    total = hazard + other
    truth = hazard / total * -math.expm1(-total * at)
    low = high = known = 0
    for _ in range(studies):
        entry = np.where(draw.random(n) < 0.5, draw.uniform(0, 2.0, n), 0.0)
        end = entry + draw.exponential(1 / total, n) if total else entry + 9
        event = np.where(draw.random(n) < hazard / total, "e", "o")
        last = entry + draw.uniform(0.5, 6.0, n)
        name = np.where(end <= last, event, "")
        if "e" not in name:
            continue
        data = Data.times({"hours": np.minimum(end, last), "event": name, "entry": entry})
        rows = [row for row in data.incidence().of("all", "e") if row.time <= at]
        if not rows or np.isnan(rows[-1].share) or rows[-1].at_risk < 2:
            continue
        known += 1
        low += rows[-1].low > truth
        high += rows[-1].high < truth
    assert known > 0.5 * studies
    for missed in (low, high):
        assert stats.binomtest(missed, known, 0.025, alternative="greater").pvalue > ALPHA, (low, high, known)


def test_shares_where_times_are_not_known_are_refused() -> None:
    data = Data.times({"day": ["<3", "5"], "event": ["a", ""]})
    with pytest.raises(cascade.InputError, match="times of events that are known; 1 are not: fit a model"):
        data.incidence()


# Tables ------------------------------------------------------------------------------------------


def test_a_table_of_times_is_read() -> None:
    data = Data.times(ROWS)
    one, two, _, four = data.rows
    assert (one.unit, one.arm, one.event, one.after, one.by) == ("p1", "a", "relapse", 3 * 730.5, 3 * 730.5)
    assert two.censored
    assert (two.after, two.by, two.entry) == (5 * 730.5, math.inf, 730.5)
    assert four.entry == 2 * 730.5
    assert (data.unit, data.events, data.arms) == ("months", ("relapse", "dead"), ("a", "b"))
    assert data.to_dicts()[1] == {
        "unit": "p2", "animal": "p2", "arm": "a", "event": "", "after": None, "months": 5.0, "entry": 1.0, "cells": 1.0,
    }  # fmt: skip
    frame = pd.DataFrame(ROWS)
    assert Data.times(frame).rows == data.rows
    assert Data.times(frame.rename(columns={"months": "T"}), columns={"months": "T"}).rows == data.rows


def test_what_is_known_of_a_time_is_read(tmp_path: Path) -> None:
    path = tmp_path / "times.csv"
    path.write_text("mouse;after;day;event\nm1;;<4;a\nm2;2,5;4;a\nm3;;>9;\nm4;;6;a\n")
    rows = Data.times(path).rows
    assert [(row.after / 24, row.by / 24) for row in rows] == [(0, 4), (2.5, 4), (9, math.inf), (6, 6)]
    assert [row.animal for row in rows] == ["m1", "m2", "m3", "m4"]


@pytest.mark.parametrize(
    ("codes", "events", "wanted"),
    [
        ([1, 0, 1], {"1": "lung", "0": None}, ["1", "", "1"]),
        ([1, 0, 1], [Observable("lung", states="lung")], ["lung", "", "lung"]),
        ([2, 1, 2], {"2": Observable("dead", deaths="*"), "1": None}, ["2", "", "2"]),
        ([1.0, 0.0, float("nan")], (), "what happened, or nothing"),
        (["yes", "no", "yes"], {"yes": "lung"}, ["yes", "", "yes"]),
        (["a", "b", ""], {"a": "lung", "b": None}, ["a", "", ""]),
        (["a", "0", ""], {"a": "lung"}, "what happened, or nothing"),
        (["a", "c", ""], {"a": "lung"}, "one of 'a', '0'"),
    ],
)
def test_what_stands_for_an_event_and_for_none(codes: list[Any], events: Any, wanted: Any) -> None:
    table = {"day": [1, 2, 3], "status": codes}
    if isinstance(wanted, str):
        with pytest.raises(cascade.ModelError, match=wanted):
            Data.times(table, events)
    else:
        assert [row.event for row in Data.times(table, events).rows] == wanted


BAD: dict[str, tuple[dict[str, list[Any]], dict[str, Any], str]] = {
    "no times": ({"event": ["a"]}, {}, "a column of times"),
    "two times": ({"day": [1], "months": [1], "event": ["a"]}, {}, "one column of times"),
    "no unit": ({"time": [1], "event": ["a"]}, {}, "the heading 'time' does not say it"),
    "no event": ({"day": [1]}, {}, "what happened then, or nothing"),
    "all censored": ({"day": [1, 2], "event": ["", ""]}, {}, "at least one event"),
    "time 0": ({"day": [0, 2], "event": ["a", "a"]}, {}, "above 0"),
    "below 0": ({"day": [-1, 2], "event": ["a", "a"]}, {}, "a number >= 0"),
    "no number": ({"day": ["x", 2], "event": ["a", "a"]}, {}, "a number >= 0"),
    "late mark with event": ({"day": [">3", 2], "event": ["a", "a"]}, {}, "nothing, beside a time such as '>10'"),
    "early mark without": ({"day": ["<3", 2], "event": ["", "a"]}, {}, "what had happened by a time such as '<10'"),
    "after without event": ({"day": [3, 2], "after": [1, ""], "event": ["", "a"]}, {}, "nothing, where nothing"),
    "after beyond": ({"day": [3, 2], "after": [4, ""], "event": ["a", "a"]}, {}, "a time before that of the event"),
    "entry beyond": ({"day": [3, 2], "entry": [3, 0], "event": ["a", "a"]}, {}, "a time before the end"),
    "entry beyond a look": (
        {"day": [3, 2], "after": [1, ""], "entry": [2, 0], "event": ["a", "a"]}, {}, "not after the last look",
    ),
    "twice": ({"id": ["x", "x"], "day": [1, 2], "event": ["a", "a"]}, {}, "one row for each"),
    "cells twice": ({"day": [1], "event": ["a"], "cells": [3]}, {"cells": 4}, "None, since the table has a column"),
    "cells 0": ({"day": [1], "event": ["a"]}, {"cells": 0}, "a number of cells >= 1"),
    "unit": ({"day": [1], "event": ["a"]}, {"unit": "hours"}, "'days', as the heading 'day' says"),
    "unit unknown": ({"time": [1], "event": ["a"]}, {"unit": "decades"}, "'hours' or 'days' or 'weeks'"),
    "column unknown": ({"day": [1], "event": ["a"]}, {"columns": {"evnt": "event"}}, "'event'"),
    "column not there": ({"day": [1], "event": ["a"]}, {"columns": {"event": "evnt"}}, "a heading of the table"),
    "events no mapping": ({"day": [1], "event": ["a"]}, {"events": "a"}, "a mapping of names to states"),
    "columns no mapping": ({"day": [1], "event": ["a"]}, {"columns": ["event"]}, "a mapping such as"),
    "arm missing": ({"day": [1, 2], "event": ["a", "a"], "arm": ["x", ""]}, {}, "the name of an arm"),
    "name missing": ({"day": [1, 2], "event": ["a", "a"], "cell": ["x", ""]}, {}, "the name of the unit"),
}  # fmt: skip


@pytest.mark.parametrize("fault", BAD)
def test_every_fault_of_times_is_told(fault: str) -> None:
    table, kinds, wanted = BAD[fault]
    kinds = dict(kinds)
    with pytest.raises((cascade.InputError, cascade.ModelError)) as caught:
        Data.times(table, kinds.pop("events", ()), **kinds)
    assert wanted in str(caught.value)


def test_all_faults_of_a_table_are_told_at_once() -> None:
    table = {"day": [0, "x", 3], "event": ["a", "a", "a"], "arm": ["", "b", "c"]}
    with pytest.raises(cascade.ModelError) as caught:
        Data.times(table)
    told = str(caught.value)
    assert "row 0, column 'day'" in told
    assert "row 1, column 'day'" in told
    assert "row 0, column 'arm'" in told


BAD_SEEN: dict[str, tuple[dict[str, list[Any]], str]] = {
    "more than all": ({"day": [1], "organ": ["lung"], "k": [8], "n": [7]}, "no more than the 7"),
    "no found": ({"day": [1], "organ": ["lung"], "n": [7]}, "in how many it was found"),
    "no of": ({"day": [1], "organ": ["lung"], "k": [7]}, "how many were looked at"),
    "no organ": ({"day": [1], "k": [7], "n": [7]}, "what was looked for"),
    "of 0": ({"day": [1], "organ": ["lung"], "k": [0], "n": [0]}, "a whole number >= 1"),
    "half": ({"day": [1], "organ": ["lung"], "k": [0.5], "n": [1]}, "a whole number >= 0"),
    "no name": ({"day": [1], "organ": [""], "k": [0], "n": [1]}, "what was looked for"),
    "no time": ({"organ": ["lung"], "k": [0], "n": [1]}, "a column of times"),
}


@pytest.mark.parametrize("fault", BAD_SEEN)
def test_every_fault_of_findings_is_told(fault: str) -> None:
    table, wanted = BAD_SEEN[fault]
    with pytest.raises((cascade.InputError, cascade.ModelError)) as caught:
        Data.seen(table)
    assert wanted in str(caught.value)


BAD_PANEL: dict[str, tuple[dict[str, list[Any]], dict[str, Any], str]] = {
    "no cell": ({"hour": [1], "state": ["a"]}, {}, "the looks at one cell belong together"),
    "no state": ({"hour": [1], "cell": ["a"]}, {}, "where the cell was"),
    "one look each": ({"hour": [1, 1], "cell": ["a", "b"], "state": ["x", "y"]}, {}, "at least two looks at a cell"),
    "twice": ({"hour": [1, 1], "cell": ["a", "a"], "state": ["x", "y"]}, {}, "one look at each cell and time"),
    "unknown": ({"hour": [1, 2], "cell": ["a", "a"], "state": ["x", "y"]}, {"x": "x"}, "known: 'x'"),
    "empty": ({"hour": [1, 2], "cell": ["a", "a"], "state": ["x", ""]}, {}, "where the cell was"),
    "no number": ({"hour": [1, "later"], "cell": ["a", "a"], "state": ["x", "x"]}, {}, "a number >= 0"),
}


@pytest.mark.parametrize("fault", BAD_PANEL)
def test_every_fault_of_looks_is_told(fault: str) -> None:
    table, states, wanted = BAD_PANEL[fault]
    with pytest.raises((cascade.InputError, cascade.ModelError)) as caught:
        Data.panel(table, states)
    assert wanted in str(caught.value)


def test_looks_are_ordered_and_told() -> None:
    table = {"hour": [3, 1, 2, 1], "cell": ["a", "a", "b", "b"], "state": ["y", "x", "y", "x"]}
    data = Data.panel(table)
    assert [(row.unit, row.hours) for row in data.rows] == [("a", 1), ("a", 3), ("b", 1), ("b", 2)]
    assert data.moves() == {("x", "y"): 2}
    assert "4 looks at 2 cells" in str(data)


@pytest.mark.parametrize("kind", ["times", "seen", "panel"])
def test_data_are_handed_out(kind: str, tmp_path: Path) -> None:
    made: Data = {
        "times": lambda: Data.times(ROWS),
        "seen": lambda: Data.seen({"day": [1, 2], "organ": ["lung", "bone"], "k": [1, 0], "n": [7, 7]}),
        "panel": lambda: Data.panel({"hour": [1, 2], "cell": ["a", "a"], "state": ["x", "y"]}),
    }[kind]()
    assert len(made.to_pandas()) == len(made)
    assert len(made.to_csv(tmp_path / "rows.csv").read_text().splitlines()) == len(made) + 1
    assert made.told
    assert str(made)


# What a tester broke -----------------------------------------------------------------------------


def test_an_event_may_have_any_name() -> None:
    """Names that the package uses itself, too: the share of one event is no survival."""
    data = Data.times({"day": [1, 2, 3], "event": ["any event", "x", ""]})
    assert [row.share for row in data.incidence().of("all", "any event")] == pytest.approx([1 / 3] * 3)
    assert [row.share for row in data.survival()] == pytest.approx([2 / 3, 1 / 3, 1 / 3])


@pytest.mark.parametrize(
    "codes",
    [
        [True, False, True], ["yes", "no", "YES"], ["TRUE", "FALSE", "True"], [1, 0, 1],
        pd.array([True, False, True], "boolean"), pd.Categorical(["1", "0", "1"]), pd.array([1, 0, 1], "Int64"),
    ],
)  # fmt: skip
def test_one_event_may_be_written_as_yes_and_no(codes: Any) -> None:
    table = pd.DataFrame({"day": [3, 5, 8], "event": codes})
    rows = Data.times(table, {"metastasis": "lung"}).rows
    assert [row.event for row in rows] == ["metastasis", "", "metastasis"]


def test_rows_of_joined_frames_are_rows_of_their_own() -> None:
    frame = pd.DataFrame({"day": [1, 2], "event": ["a", ""]})
    data = Data.times(pd.concat([frame, frame]))
    assert len({row.unit for row in data.rows}) == 4


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda: Data.times({"day": [1], "event": ["a"]}, {"a": 5}), "events['a'] = 5"),
        (lambda: Data.panel({"cell": ["a"], "hours": [1], "state": ["x"]}, {"x": None}), "states['x'] = None"),
        (lambda: Data.times({"day": 5, "event": ["x"]}), "table['day'] = 5: a column of values"),
        (lambda: Data.times({"day": [1], "event": ["a"]}, cells=0.5), "a number of cells >= 1"),
        (lambda: Data.times({"day": [1, 0], "event": ["a", ""]}), "a time above 0"),
    ],
)
def test_messages_name_what_is_wrong(make: Any, wanted: str) -> None:
    with pytest.raises((cascade.InputError, cascade.ModelError)) as caught:
        make()
    assert wanted in str(caught.value)
