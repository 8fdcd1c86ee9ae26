"""Own data: tables in every dress are read alike, and every fault is told by row and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import cascade
from cascade import Data, Observable

LONG = [
    {"mouse": "m1", "group": "control", "day": 1.0, "assay": "lodged", "count": 812, "injected": 1000},
    {"mouse": "m1", "group": "control", "day": 1.0, "assay": "out", "count": 90, "injected": 1000},
    {"mouse": "m2", "group": "depleted", "day": 2.5, "assay": "lodged", "count": 640, "injected": 900},
    {"mouse": "m2", "group": "depleted", "day": 2.5, "assay": "out", "count": 0, "injected": 900},
]
COUNTS = {"lodged": ["lodged"], "out": ["extravasated", "dormant"]}
PLAIN = Data.counts(LONG, COUNTS)


def of_columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def written(folder: Path, rows: list[dict[str, Any]], mark: str = ",", point: str = ".") -> Path:
    """The rows as a CSV file."""
    lines = [mark.join(rows[0])]
    lines += [
        mark.join(str(v).replace(".", point) if isinstance(v, float) else str(v) for v in row.values()) for row in rows
    ]
    path = folder / "own.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def wide(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows).pivot_table(index=["mouse", "group", "day", "injected"], columns="assay", values="count")
    return frame.reset_index()


DRESSES: dict[str, Callable[[Path], Data]] = {
    "columns": lambda _: Data.counts(of_columns(LONG), COUNTS),
    "frame": lambda _: Data.counts(pd.DataFrame(LONG), COUNTS),
    "frame of text": lambda _: Data.counts(pd.DataFrame(LONG).astype(str), COUNTS),
    "csv": lambda folder: Data.counts(written(folder, LONG), COUNTS),
    "semicolons": lambda folder: Data.counts(str(written(folder, LONG, ";", ",")), COUNTS),
    "wide": lambda _: Data.counts(wide(LONG), COUNTS, wide=["lodged", "out"]),
    "hours": lambda _: Data.counts(
        [{**{k: v for k, v in row.items() if k != "day"}, "hours": row["day"] * 24} for row in LONG], COUNTS
    ),
    "headings": lambda _: Data.counts(
        [dict(zip("abcdef", row.values(), strict=True)) for row in LONG],
        COUNTS,
        columns={"animal": "a", "arm": "b", "days": "c", "observable": "d", "count": "e", "cells": "f"},
    ),
    "unit": lambda _: Data.counts(pd.DataFrame(LONG).rename(columns={"day": "time"}), COUNTS, unit="days"),
    "capitals": lambda _: Data.counts(pd.DataFrame(LONG).rename(columns=str.upper), COUNTS),
    "observables": lambda _: Data.counts(LONG, [Observable(name, states=states) for name, states in COUNTS.items()]),
}


@pytest.mark.parametrize("dress", DRESSES)
def test_a_table_is_read_alike_in_every_dress(dress: str, tmp_path: Path) -> None:
    data = DRESSES[dress](tmp_path)
    assert sorted(data.to_dicts(), key=str) == sorted(PLAIN.to_dicts(), key=str)
    assert data.observables == PLAIN.observables


def test_spreadsheets_are_read_where_pandas_can(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    path = tmp_path / "own.xlsx"
    pd.DataFrame(LONG).to_excel(path, index=False)
    assert Data.counts(path, COUNTS).rows == PLAIN.rows


def test_what_is_read_is_what_was_counted() -> None:
    assert PLAIN.arms == ("control", "depleted")
    assert PLAIN.animals == ("m1", "m2")
    assert PLAIN.begin.tolist() == [0, 2, 4]
    first = PLAIN.rows[0]
    assert (first.hours, first.count, first.cells, first.fraction, first.limit) == (24.0, 812, 1000.0, 1.0, 0.0)
    assert "depleted" in str(PLAIN)


def test_rows_of_an_animal_stand_together_however_they_came() -> None:
    mixed = Data.counts([LONG[0], LONG[2], LONG[1], LONG[3]], COUNTS)
    assert mixed.rows == PLAIN.rows


def test_counts_below_a_limit() -> None:
    """As '<10', and by a column or an argument: 0 of what cannot be seen is no 0."""
    rows = [{"animal": k, "day": 1, "count": c} for k, c in enumerate(["<10", "3", "25"])]
    marked = Data.counts(rows, {"x": "lodged"}, cells=100, limit=5)
    assert [(r.count, r.limit) for r in marked.rows] == [(0, 10.0), (0, 5.0), (25, 0.0)]
    by_column = Data.counts(
        [{**row, "count": c, "LOD": lod} for row, c, lod in zip(rows, (0, 3, 25), (10, "", 30), strict=True)],
        {"x": "lodged"},
        cells=100,
    )
    assert [(r.count, r.limit) for r in by_column.rows] == [(0, 10.0), (3, 0.0), (0, 30.0)]


def test_a_part_of_the_tissue_is_in_the_expected_count() -> None:
    rows = [{"animal": 1, "day": 1, "count": 40, "fraction": 0.05}]
    assert Data.counts(rows, {"x": "lodged"}, cells=1e4).rows[0].fraction == 0.05


def test_what_was_not_counted_in_an_animal_of_a_wide_table_is_left_out() -> None:
    frame = wide(LONG)
    frame.loc[0, "out"] = np.nan
    assert len(Data.counts(frame, COUNTS, wide=["lodged", "out"])) == 3


ALIKE = {
    "arms of counts": (
        lambda g, h: Data.counts({"mouse": [1, 2], "arm": [g, h], "day": [1, 1], "x": [3, 4]}, wide=["x"], cells=9),
        "arms",
    ),
    "animals of one arm": (
        lambda g, h: Data.counts({"mouse": [g, h], "arm": ["a", "a"], "day": [1, 1], "x": [3, 4]}, wide=["x"], cells=9),
        "animals of 'a'",
    ),
    "animals without arms": (
        lambda g, h: Data.counts({"mouse": [g, h], "day": [1, 1], "x": [3, 4]}, wide=["x"], cells=9), "animals",
    ),
    "arms of times": (lambda g, h: Data.times({"arm": [g, h], "day": [1, 2], "event": ["x", "x"]}), "arms"),
    "arms of findings": (
        lambda g, h: Data.seen(
            {"arm": [g, h], "day": [1, 1], "organ": ["x", "x"], "found": [1, 1], "of": [2, 2]}
        ),
        "arms",
    ),
    "arms of patients": (lambda g, h: Data.patients({"arm": [g, h], "mm": [9, 9]}), "arms"),
    "arms of funnels": (
        lambda g, h: Data.funnels({"mouse": [1, 2], "arm": [g, h], "in": [9, 9], "out": [3, 4]}, ["in", "out"]), "arms",
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", ALIKE)
def test_names_that_differ_by_capitals_alone_are_told(
    which: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stay what they are: two."""
    monkeypatch.setattr("cascade.common.notices._said", set())
    read, what = ALIKE[which]
    read("control", "treated")
    assert capsys.readouterr().err == ""
    found = read("control", "Control")
    told = " ".join(capsys.readouterr().err.split())
    assert f"the {what} 'control' and 'Control' of table differ by capitals or blanks alone, and are taken as" in told
    if what == "arms":
        assert list(found.arms if isinstance(found, Data) else found) == ["control", "Control"]
    read("NK  gone", "NK gone")
    assert "'NK  gone' and 'NK gone'" in capsys.readouterr().err.replace("\n", " ")


def test_the_same_name_in_two_arms_is_two_animals() -> None:
    rows = [{"animal": 1, "arm": arm, "day": 1, "count": 3} for arm in "ab"]
    assert len(Data.counts(rows, {"x": "lodged"}, cells=10).begin) == 3


def row(**changes: Any) -> list[dict[str, Any]]:
    """One good row, changed; None takes the column away."""
    base: dict[str, Any] = {"animal": "a", "arm": "x", "day": 1, "observable": "o", "count": 5, "cells": 100}
    return [{k: v for k, v in (base | changes).items() if v is not None}]


O = {"o": "lodged"}  # noqa: E741
BAD: dict[str, tuple[Callable[[], object], str]] = {
    "no rows": (lambda: Data.counts([], O), "headings and rows"),
    "no columns": (lambda: Data.counts({}, O), "headings and rows"),
    "a number": (lambda: Data.counts(3, O), "path of a CSV file"),
    "no file": (lambda: Data.counts("nowhere.csv", O), "exist"),
    "no spreadsheet": (lambda: Data.counts("nowhere.xlsx", O), "exist|pandas needs"),
    "columns of two lengths": (lambda: Data.counts({"animal": [1], "day": [1, 2]}, O), "same length"),
    "headings twice": (lambda: Data.counts(pd.DataFrame([[1, 2]], columns=["day", "day"]), O), "headings that differ"),
    "two columns of animals": (lambda: Data.counts(row(mouse=3), O), "one for 'animal'"),
    "two columns of times": (lambda: Data.counts(row(hours=3), O), "one column of times"),
    "no animal": (lambda: Data.counts(row(animal=None), O), "all counts of one are one unit"),
    "no time": (lambda: Data.counts(row(day=None), O), "a column of times"),
    "no unit": (lambda: Data.counts(row(day=None, time=1), O), "'hours' or 'days'"),
    "a wrong unit": (lambda: Data.counts(row(), O, unit="weeks"), "'hours' or 'days'"),
    "no count": (lambda: Data.counts(row(count=None), O), "a column of it"),
    "no cells": (lambda: Data.counts(row(cells=None), O), "how many cells an animal was given"),
    "no observable": (lambda: Data.counts(row(observable=None), {**O, "p": "out"}), "where it is not one thing"),
    "a column that is not there": (lambda: Data.counts(row(), O, columns={"animal": "animl"}), "did you mean 'animal'"),
    "an unknown kind of column": (lambda: Data.counts(row(), O, columns={"beast": "animal"}), "one of animal"),
    "a wide column that is not there": (lambda: Data.counts(row(), O, wide=["o"]), "a heading of the table"),
    "a wide column of nothing": (lambda: Data.counts(row(q=3), O, wide=["q"]), "what is counted there"),
    "an unknown observable": (lambda: Data.counts(row(observable="oo"), O), "row 0, column 'observable'"),
    "an empty animal": (lambda: Data.counts(row(animal=""), O), "the name of the animal"),
    "a missing animal": (lambda: Data.counts(row(animal=float("nan")), O), "the name of the animal"),
    "an empty arm": (lambda: Data.counts(row(arm=" "), O), "the name of an arm"),
    "an empty observable": (lambda: Data.counts(row(observable=""), O), "what was counted"),
    "a time in words": (lambda: Data.counts(row(day="three"), O), "column 'day' = 'three': a number >= 0"),
    "a time below 0": (lambda: Data.counts(row(day=-1), O), "column 'day' = -1: a number >= 0"),
    "an endless time": (lambda: Data.counts(row(day=float("inf")), O), "a number >= 0"),
    "a count in words": (lambda: Data.counts(row(count="many"), O), "a whole number >= 0 as it was counted"),
    "half a cell": (lambda: Data.counts(row(count=2.5), O), "give its fraction"),
    "a count below 0": (lambda: Data.counts(row(count=-3), O), "a whole number >= 0"),
    "a missing count": (lambda: Data.counts(row(count=float("nan")), O), "a whole number >= 0"),
    "below nothing": (lambda: Data.counts(row(count="<"), O), "such as '<10'"),
    "below 0": (lambda: Data.counts(row(count="<0"), O), "such as '<10'"),
    "no cells given": (lambda: Data.counts(row(cells=0), O), "a number of cells > 0"),
    "cells in words": (lambda: Data.counts(row(cells="all"), O), "a number of cells > 0"),
    "cells below 0": (lambda: Data.counts(row(cells=None), O, cells=-1), "a number of cells > 0"),
    "a fraction above 1": (lambda: Data.counts(row(fraction=20), O), "above 0, up to 1"),
    "a fraction of 0": (lambda: Data.counts(row(), O, fraction=0), "above 0, up to 1"),
    "a fraction twice": (lambda: Data.counts(row(fraction=0.5), O, fraction=0.5), "a column of it"),
    "a limit below 0": (lambda: Data.counts(row(limit=-1), O), "a number from 0"),
    "counted twice": (lambda: Data.counts(row() + row(), O), "one count of each animal"),
    "two doses": (lambda: Data.counts(row() + row(day=2, cells=50), O), "one number of cells for each animal"),
    "observables of another kind": (lambda: Data.counts(row(), ["o"]), "cascade.Observable"),  # type: ignore[list-item]
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_table_is_told_in_one_message(what: str) -> None:
    read, words = BAD[what]
    with pytest.raises(cascade.CascadeError, match=words):
        read()


def test_there_are_forty_kinds_of_bad_tables() -> None:
    assert len(BAD) >= 40


def test_every_fault_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, [row(count=3)[0], row(animal="b", count=-1)[0], row(animal="c", day="x", cells=0)[0]])
    with pytest.raises(cascade.ModelError) as told:
        Data.counts(path, O)
    assert [fault.path for fault in told.value.faults] == [
        "line 3, column 'count'",
        "line 4, column 'day'",
        "line 4, column 'cells'",
    ]


def test_numbers_with_two_readings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("animal;day;count;cells\na;1;1.000;200\n")
    with pytest.raises(cascade.CascadeError, match="one reading"):
        Data.counts(path, O)


# What testers found.

MISSING = [None, float("nan"), np.float32("nan"), pd.NA, pd.NaT, np.ma.masked, "", " ", "NA", "#N/A", "n/a", "-"]


@pytest.mark.parametrize("value", MISSING, ids=repr)
def test_what_is_missing_is_no_name(value: object) -> None:
    for column in ("animal", "arm", "observable"):
        table = {name: [v] for name, v in row()[0].items()} | {column: [value]}
        with pytest.raises(cascade.ModelError, match=f"column '{column}'"):
            Data.counts(table, O)


def test_counts_beside_a_limit_are_read_as_all_others(tmp_path: Path) -> None:
    """The decimal mark of the file tells what a mark among digits is, whether or not another count has a '<'."""
    path = tmp_path / "own.csv"
    path.write_text("animal;day;count;cells\na;1,5;1.000;90000\nb;2,5;<10;90000\n")
    assert [(r.count, r.limit) for r in Data.counts(path, O).rows] == [(1000, 0.0), (0, 10.0)]


SILENT: dict[str, tuple[Callable[[], object], str]] = {
    "hours in a column of days": (lambda: Data.counts(row(), O, unit="hours"), "as the heading 'day' says"),
    "cells twice": (lambda: Data.counts(row(), O, cells=7), "a column of it"),
    "a dose in other units": (lambda: Data.counts(row(cells=None, dose=5), O), "how many cells"),
    "a number of too many digits": (lambda: Data.counts(row(count=10**400), O), "a whole number"),
    "a name of too many digits": (lambda: Data.counts(row(animal=10**5000), O), "the name of the animal"),
    "no column": (lambda: Data.counts({"animal": 3, "day": None}, O), "a column of values, such as a list"),
    "no observables": (lambda: Data.counts(row(), None), "cascade.Observable"),  # type: ignore[arg-type]
    "wide a text": (lambda: Data.counts(row(), O, wide="o"), "a list of headings"),
    "columns a number": (lambda: Data.counts(row(), O, columns={"animal": 3}), "a mapping such as"),  # type: ignore[dict-item]
    "a class": (lambda: Data.counts(pd.DataFrame, O), "path of a CSV|can be read"),
}


@pytest.mark.parametrize("what", SILENT)
def test_nothing_is_read_wrong_in_silence(what: str) -> None:
    read, words = SILENT[what]
    with pytest.raises(cascade.CascadeError, match=words):
        read()


def test_a_column_of_counts_may_be_called_cells() -> None:
    rows = [{"animal": "a", "day": 1, "cells": 40}]
    assert Data.counts(rows, {"cells": "lodged"}, wide=["cells"], cells=900).rows[0].count == 40
