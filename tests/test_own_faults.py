"""Every fault of a table at once: of all rows and columns, and of names where data and model meet."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

import cascade
from cascade import Data, Observable

Reader = Callable[[dict[str, list[Any]]], object]

GOOD: dict[str, tuple[Reader, dict[str, Any], dict[str, Any]]] = {
    "counts": (
        lambda table: Data.counts(table, {"x": "lodged"}),
        {"mouse": "a", "arm": "g", "day": 3, "assay": "x", "count": 5, "cells": 9, "fraction": 0.5, "limit": 0,
         "batch": "b"},
        {"mouse": "", "arm": "", "day": -1, "assay": "q", "count": -1, "cells": 0, "fraction": 2, "limit": -1,
         "batch": ""},
    ),
    "wide counts": (
        lambda table: Data.counts(table, {"x": "lodged", "y": "out"}, wide=["x", "y"], cells=9),
        {"mouse": "a", "day": 3, "x": 5, "y": "<7"},
        {"mouse": "", "day": "q", "x": 0.5, "y": "<0"},
    ),
    "funnels": (
        lambda table: Data.funnels(table, ["i", "s", "t", "u"]),
        {"mouse": "a", "arm": "g", "i": 100, "s": 50, "t": 20, "u": 3},
        {"mouse": "", "arm": "", "i": "x", "s": -1, "t": 0.5, "u": "z"},
    ),
    "times": (
        lambda table: Data.times(table, {"x": "lodged"}),
        {"id": "a", "mouse": "m", "arm": "g", "day": 8, "event": "x", "after": 5, "entry": 1, "cells": 3},
        {"id": "", "mouse": "", "arm": "", "day": 0, "event": "q", "after": "z", "entry": -1, "cells": 0},
    ),
    "seen": (
        lambda table: Data.seen(table, {"x": "lodged"}),
        {"arm": "g", "day": 3, "organ": "x", "k": 2, "n": 5, "cells": 9},
        {"arm": "", "day": "q", "organ": "y", "k": 0.5, "n": 0, "cells": 0},
    ),
    "panel": (
        lambda table: Data.panel(table, {"x": "lodged"}),
        {"cell": "a", "mouse": "m", "arm": "g", "day": 3, "state": "x"},
        {"cell": "", "mouse": "", "arm": "", "day": -1, "state": "y"},
    ),
    "patients": (
        Data.patients,
        {"arm": "g", "mm": 9, "nodes": 1, "m": "no", "ctc": 3, "year": 5, "event": "yes", "patients": 2},
        {"arm": "", "mm": "big", "nodes": 1.5, "m": "perhaps", "ctc": 0.5, "year": 500, "event": "q", "patients": -1},
    ),
    "patients between": (
        Data.patients,
        {"mm_from": 5, "mm_to": 9, "nodes_from": 0, "nodes_to": 1},
        {"mm_from": -5, "mm_to": "z", "nodes_from": 0.5, "nodes_to": -1},
    ),
}  # fmt: skip
"""Of each reader a good row, and for each of its cells what is wrong there."""


def told(read: Reader, rows: list[dict[str, Any]]) -> list[str]:
    """Where faults are."""
    with pytest.raises(cascade.ModelError) as caught:
        read({name: [row[name] for row in rows] for name in rows[0]})
    return [fault.path for fault in caught.value.faults]


def test_every_reader_is_here() -> None:
    readers = {name for name, one in vars(Data).items() if isinstance(one, staticmethod)}
    assert readers == {name.split()[-1] if name.startswith("wide") else name.split()[0] for name in GOOD}


@pytest.mark.parametrize("kind", GOOD)
def test_every_wrong_cell_of_every_row_is_told_once(kind: str) -> None:
    read, good, bad = GOOD[kind]
    wanted = [f"row {i}, column {name!r}" for i in range(3) for name in bad]
    paths = told(read, [bad, bad, bad, good])
    assert sorted(path for path in paths if path.startswith("row")) == sorted(wanted)
    assert set(good) == set(bad)


@pytest.mark.parametrize("kind", GOOD)
def test_no_wrong_cell_hides_another(kind: str) -> None:
    """Of every two, both: what is wrong in one row and one column is told whatever else is."""
    read, good, bad = GOOD[kind]
    for one, other in itertools.combinations(bad, 2):
        paths = told(read, [{**good, one: bad[one], other: bad[other]}, {**good, one: bad[one]}])
        cells = {path for path in paths if path.startswith("row")}
        assert cells == {f"row 0, column {one!r}", f"row 0, column {other!r}", f"row 1, column {one!r}"}, (one, other)


TOGETHER: dict[str, tuple[str, list[dict[str, Any]], list[str]]] = {
    "an animal given two numbers, in rows with other faults": (
        "counts", [{"count": -1}, {"day": 4, "cells": 8, "limit": -1}],
        ["row 0, column 'count'", "row 1, column 'limit'", "animal 'a' of 'g', cells"],
    ),
    "two experiments beside a wrong time": (
        "counts", [{}, {"day": "q", "batch": "c"}], ["row 1, column 'day'", "animal 'a' of 'g', experiment"],
    ),
    "counted twice, both wrong": (
        "counts", [{"count": "q"}, {"count": 0.5}],
        ["row 0, column 'count'", "row 1, column 'count'", "animal 'a' of 'g', 'x' at 72.0 h"],
    ),
    "an animal twice, one row wrong": (
        "funnels", [{}, {"t": "q"}], ["row 1, column 't'", "animal 'a' of 'g'"],
    ),
    "steps that rise, past a wrong one": (
        "funnels", [{"s": "q", "t": 101, "u": 200}], [f"row 0, column {name!r}" for name in "stu"],
    ),
    "an order of times beside an event that is none": (
        "times", [{"event": "q", "after": 9, "entry": 20}],
        [f"row 0, column {n!r}" for n in ("event", "after", "entry")],
    ),
    "a mark without event, an entry that is no number": (
        "times", [{"day": "<5", "after": 7, "event": "", "entry": "q"}],
        [f"row 0, column {n!r}" for n in ("event", "after", "entry")],
    ),
    "a row twice, one wrong": ("times", [{}, {"cells": 0}], ["row 1, column 'cells'", "'g' 'm' 'a'"]),
    "more than all, at no time": (
        "seen", [{"k": 7, "day": -1}], ["row 0, column 'k'", "row 0, column 'day'"],
    ),
    "a look twice, one of no state": ("panel", [{}, {"state": "q"}], ["row 1, column 'state'", "'g' 'm' 'a' at 72 h"]),
    "seen twice, and no number": (
        "patients", [{"m": "yes", "ctc": 0.5}], ["row 0, column 'ctc'", "row 0, column 'event'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TOGETHER)
def test_what_does_not_go_together_is_told_beside_what_is_wrong(what: str) -> None:
    kind, changed, wanted = TOGETHER[what]
    read, good, _ = GOOD[kind]
    assert sorted(told(read, [good | change for change in changed])) == sorted(wanted)


def test_a_range_across_classes_is_told_beside_other_faults() -> None:
    with pytest.raises(cascade.ModelError) as caught:
        Data.patients({"mm": ["10-30", "big", "5-40"], "ctc": [0.5, 1, 2]}, mm=[20])
    assert len(caught.value.faults) == 4


def test_a_name_that_is_missing_is_no_second_fault() -> None:
    read, good, _ = GOOD["counts"]
    assert told(read, [good | {"mouse": ""}] * 2) == ["row 0, column 'mouse'", "row 1, column 'mouse'"]


MISSPELT: dict[str, tuple[Callable[[], object], list[str]]] = {
    "steps": (
        lambda: Data.funnels({"mouse": ["a"], "injected": [9], "arrested": [5]}, ["injectd", "arested", "injected"]),
        ["'injectd' did you mean 'injected'", "'arested' did you mean 'arrested'"],
    ),
    "wide": (
        lambda: Data.counts({"mouse": ["a"], "day": [1], "lodged": [9], "out": [5]}, wide=["lodgd", "outt"], cells=9),
        ["'lodgd' did you mean 'lodged'", "'outt' did you mean 'out'"],
    ),
    "what is counted there": (
        lambda: Data.counts(
            {"mouse": ["a"], "day": [1], "one": [9], "two": [5]}, {"oe": "x", "to": "y"}, wide=["one", "two"], cells=9
        ),
        ["'one' did you mean 'oe'", "'two' did you mean 'to'"],
    ),
    "columns that are not there": (
        lambda: Data.times({"T": [1], "fate": ["a"]}, columns={"event": "fat", "days": "day"}), ["'fat'", "'day'"],
    ),
    "columns that are not known": (
        lambda: Data.seen({"day": [1]}, columns={"fund": "x", "offf": "y"}), ["'fund' did you mean 'found'", "'offf'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", MISSPELT)
def test_all_misspelt_headings_are_told_at_once(what: str) -> None:
    make, wanted = MISSPELT[what]
    with pytest.raises(cascade.InputError) as caught:
        make()
    assert [words for words in wanted if words.lower() not in str(caught.value).lower()] == []


MISSING: dict[str, tuple[Callable[[dict[str, Any]], object], str, list[str]]] = {
    "counts": (
        Data.counts,
        "no times, no animal, no count, no observable",
        ["one unit", "wide=[...]", "one thing alone"],
    ),
    "times": (Data.times, "no times, no event", ["such as 'day'", "or nothing"]),
    "seen": (Data.seen, "no times, no found, no of, no observable", ["in how many", "looked at", "one thing alone"]),
    "panel": (Data.panel, "no times, no unit, no state", ["belong together", "where the cell was"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", MISSING)
def test_all_columns_that_are_missing_are_told_at_once(kind: str) -> None:
    read, wanted, words = MISSING[kind]
    with pytest.raises(cascade.InputError) as caught:
        read({"colour": ["red"]})
    assert f"'{wanted}'" in str(caught.value)
    assert [word for word in [*words, "there are colour"] if word not in str(caught.value)] == []


MODEL = cascade.load("b16f1-liver")
FREE = ["dormant.death of dormant cells"]
MET: dict[str, Callable[[Any], Data]] = {
    "counts": lambda known: Data.counts(
        {"mouse": [*"abcd"], "day": [1] * 4, "assay": ["lodgd", "dormnt", "one", "two"], "count": [9] * 4},
        known, cells=100,
    ),
    "times": lambda known: Data.times({"day": [1, 2, 3, 4, 5], "event": ["lodgd", "dormnt", "one", "two", ""]}, known),
    "seen": lambda known: Data.seen(
        {"day": [1] * 4, "organ": ["lodgd", "dormnt", "one", "two"], "k": [1] * 4, "n": [2] * 4}, known
    ),
    "panel": lambda known: Data.panel(
        {"day": [1, 2, 3, 4], "cell": ["a"] * 4, "state": ["lodgd", "dormnt", "one", "two"]}, known
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", MET)
def test_all_misspelt_names_are_told_where_data_and_model_meet(kind: str) -> None:
    with pytest.raises(cascade.ModelError) as caught:
        cascade.fit(MODEL, MET[kind](()), FREE)
    assert [(fault.path, fault.value) for fault in caught.value.faults] == [
        ("observable", name) for name in ("lodgd", "dormnt", "one", "two")
    ]
    assert "did you mean 'lodged'" in str(caught.value)
    assert "did you mean 'dormant'" in str(caught.value)


@pytest.mark.parametrize("kind", MET)
def test_all_misspelt_states_and_deaths_are_told_also_beside_right_ones(kind: str) -> None:
    known = {
        "lodgd": ["lodged", "extravsated"],
        "dormnt": ["*", "nowhere*"],
        "one": Observable("one", deaths=["early death", "sheer"]),
        "two": Observable("two", states="dormant", deaths="dormant.shear of all"),
    }
    with pytest.raises(cascade.ModelError) as caught:
        cascade.fit(MODEL, MET[kind](known), FREE)
    assert [(fault.path, fault.value) for fault in caught.value.faults] == [
        ("observable 'lodgd'", "extravsated"),
        ("observable 'dormnt'", "nowhere*"),
        ("observable 'one'", "sheer"),
        ("observable 'two'", "dormant.shear of all"),
    ]


def test_one_alone_is_told_as_an_argument() -> None:
    data = Data.counts({"mouse": [*"ab"], "day": [1, 1], "count": [3, 4]}, {"here": ["lodged", "dormnt"]}, cells=9)
    with pytest.raises(cascade.InputError, match="did you mean 'dormant'"):
        cascade.fit(MODEL, data, FREE)
    with pytest.raises(cascade.InputError, match="did you mean 'dormant'"):
        cascade.power(MODEL, {FREE[0]: 2}, animals=[4], times=[72], observables={"here": ["lodged", "dormnt"]})
