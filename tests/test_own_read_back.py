"""What is handed out is read back the same: every kind of own data, in every form."""

from __future__ import annotations

import importlib
import json
import math
import pickle
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
import cascade.inference
from cascade import Data, Observable
from cascade.answers.sheets import read_sheet
from cascade.inference.data import Data as AnyData
from cascade.inference.headed import HOURS_OF, in_unit
from cascade.inference.saved import _row as saved_row
from cascade.inference.timed import Times

Read = Callable[..., Data]

COUNTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": ({"mouse": ["a", "b"], "day": [1, 2], "count": [3, 40]}, {"cells": 100}),
    "of two things": (
        {"mouse": ["a", "a"], "day": [1, 1], "assay": ["x", "y"], "count": [3, 40], "injected": [1e6, 1e6]}, {},
    ),
    "limits": ({"mouse": ["a", "b", "c"], "h": [24, 24, 36], "count": ["<10", "0", "12"]}, {"cells": 7, "limit": 5}),
    "parts and arms": (
        {"mouse": [1, 2], "arm": ["None", "0"], "hour": [0.1, 1e-5], "count": [1, 2], "fraction": [1e-5, 0.125]},
        {"cells": 1e15},
    ),
    "experiments": (
        {"mouse": ["a", "b"], "day": [1, 1], "batch": ["one, two", "01"], "count": [3, 4]}, {"cells": 12.125},
    ),
    "numbers of two readings": ({"mouse": ["a"], "h": [12.125], "count": [300], "fraction": [1.0]}, {"cells": 1.125}),
    "odd names": ({"mouse": ['say "a"', "b;c", "d,e", "f\tg"], "h": [1] * 4, "count": [1] * 4}, {"cells": 9}),
}  # fmt: skip

TIMES: dict[str, tuple[Any, dict[str, Any]]] = {
    "known and censored": ({"id": ["p", "q", "r"], "months": [3.1, 5, 7], "status": ["dead", "", "back"]}, {}),
    "marks": ({"day": ["<5", ">8", "3"], "event": ["a", "", "a"]}, {}),
    "between looks": ({"week": [3.3, 5], "after": [1.1, ""], "event": ["a", ""], "animal": ["m", "m"]}, {}),
    "entered": ({"year": [3, 5], "event": ["a", ""], "entry": [1.7, 0.3], "group": ["x", "y"]}, {}),
    "entered and had it by the first look": ({"day": ["<9", 4], "event": ["a", "a"], "entry": [5, 0]}, {}),
    "cells": ({"hour": [12.125, 13.125], "event": ["a", ""], "cells": [300, 1]}, {}),
    "an event that is called as nothing": ({"day": [1, 2], "event": ["0", "1"]}, {"events": {"0": "x", "1": None}}),
    "an event that is called none": ({"day": [1, 2], "event": ["none", ""]}, {"events": {"none": "x"}}),
    "one event": ({"day": [1, 2], "event": ["yes", "no"]}, {"events": {"met": "x"}}),
}

SEEN: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": (
        {"day": [1, 2], "organ": ["lung", "dead"], "k": [1, 0], "n": [7, 100]},
        {"observables": {"lung": "x", "dead": Observable("dead", deaths="shear")}},
    ),
    "arms and cells": (
        {"month": [1, 2], "arm": ["a", "b"], "organ": ["x", "x"], "k": [3, 4], "n": [500, 600], "cells": [1e4, 2.125]},
        {},
    ),
    "numbers of two readings": ({"hour": [123.456], "organ": ["x"], "k": [1], "n": [123]}, {}),
}

PANEL: dict[str, tuple[Any, dict[str, Any]]] = {
    "plain": ({"hour": [1, 2], "cell": ["a", "a"], "state": ["x", "y"]}, {}),
    "animals": (
        {"h": [12.125, 13.125] * 2, "cell": [1, 1, 2, 2], "mouse": ["m"] * 4, "arm": ["b"] * 4, "state": [*"xyyx"]},
        {},
    ),
    "numbers as names": ({"year": [0, 2], "cell": ["1", "1"], "state": ["100", "7"]}, {}),
}

PATIENTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "measured": ({"mm": [8, 15.125, None], "nodes": [0, 3, None], "m": ["no", "", "yes"], "ctc": [5, None, 0]}, {}),
    "ranges": (
        {"mm": ["<10", "10-20", ">=20", ""], "nodes": ["N0", "1-3", "4+", ""], "patients": [3, 40, 500, 1]}, {},
    ),
    "followed": ({"mm": [8, 9, 10], "days": [300, 12.125, None], "event": ["yes", "no", ""], "arm": [*"xyx"]}, {}),
    "chosen": ({"mm": [8, 9], "nodes": [0, 1], "months": [30, 50], "event": [1, 0]}, {"given": ["mm"]}),
    "whole millimetres": ({"mm": ["10-19", "20-29", "30+"], "patients": [3, 40, 5]}, {}),
    "classes": ({"mm": [5, 50], "nodes": ["N0", "N+"]}, {"mm": [7.5, 40], "nodes": [1], "tube": [2], "years": [3, 9]}),
}  # fmt: skip

KINDS: dict[str, tuple[Read, dict[str, tuple[Any, dict[str, Any]]], Callable[[Any], dict[str, Any]]]] = {
    "Counts": (Data.counts, COUNTS, lambda d: {"observables": d.observables}),
    "Times": (Data.times, TIMES, lambda d: {"events": d.observables}),
    "Seen": (Data.seen, SEEN, lambda d: {"observables": d.observables}),
    "Panel": (Data.panel, PANEL, lambda d: {"states": d.observables}),
    "Patients": (Data.patients, PATIENTS, lambda d: {"given": d.given} | vars(d.classes)),
}
"""Of each kind its reader, tables, and what its reader is told beside the table."""

CASES = [(kind, case) for kind, (_, cases, _) in KINDS.items() for case in cases]


def _parquet(data: Data, folder: Path) -> object:
    pytest.importorskip("pyarrow")
    return data.to_parquet(folder / "again.parquet")


def _arrow(data: Data, _: Path) -> object:
    pytest.importorskip("pyarrow")
    return data.to_arrow()


def _workbook(data: Data, folder: Path) -> object:
    pytest.importorskip("openpyxl")
    data.to_pandas().to_excel(folder / "again.xlsx", index=False)
    return folder / "again.xlsx"


def _guessed(data: Data, folder: Path) -> object:
    return pd.read_csv(data.to_csv(folder / "again.csv"), keep_default_na=False)


FORMS: dict[str, Callable[[Data, Path], object]] = {
    "csv": lambda data, folder: data.to_csv(folder / "again.csv"),
    "csv by pandas": _guessed,
    "frame": lambda data, _: data.to_pandas(),
    "dictionaries": lambda data, _: data.to_dicts(),
    "json": lambda data, _: json.loads(json.dumps(data.to_dicts(), allow_nan=False)),
    "arrow": _arrow,
    "parquet": _parquet,
    "workbook": _workbook,
}


def made(kind: str, case: str) -> Any:
    read, cases, _ = KINDS[kind]
    table, told = cases[case]
    if kind == "Counts" and "assay" not in table:
        told = {"observables": {"here": ["a", "b"]}, **told}
    return read(table, **told)


def kinds_there_are() -> set[str]:
    """Names of all kinds of data in the package."""
    for module in pkgutil.walk_packages(cascade.inference.__path__, "cascade.inference."):
        if "kernel" not in module.name:
            importlib.import_module(module.name)
    found, new = set(), {AnyData}
    while new:
        new = {kind for one in new for kind in one.__subclasses__()}
        found |= {kind.__name__ for kind in new}
    return found


def test_every_kind_of_data_is_here() -> None:
    assert kinds_there_are() == set(KINDS)
    readers = {name for name, one in vars(AnyData).items() if isinstance(one, staticmethod)} - {"funnels"}
    assert readers == {kind.lower() for kind in KINDS}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("kind", "case"), CASES)
def test_what_is_handed_out_is_read_back(kind: str, case: str, form: str, tmp_path: Path) -> None:
    read, _, told = KINDS[kind]
    data = made(kind, case)
    if form == "csv by pandas" and case in ("experiments", "parts and arms"):
        pytest.skip("pandas makes a number of the name 01, and rounds as it likes")
    again = read(FORMS[form](data, tmp_path), **told(data))
    if form == "workbook":  # of a number these hold sixteen digits
        assert [list(row.values()) for row in again.to_dicts()] == [
            [pytest.approx(v, rel=1e-14) if isinstance(v, float) else v for v in row.values()]
            for row in data.to_dicts()
        ]
        return
    assert again == data
    assert again.to_dicts() == data.to_dicts()
    assert hash(again.rows) == hash(data.rows)
    assert pickle.loads(pickle.dumps(data)) == data  # noqa: S301


def test_of_patients_the_classes_follow_from_the_table_again(tmp_path: Path) -> None:
    for case in ("measured", "ranges", "whole millimetres"):
        data = made("Patients", case)
        assert Data.patients(data.to_csv(tmp_path / f"{case}.csv")) == data


@pytest.mark.parametrize(("kind", "case"), CASES)
def test_every_attribute_of_a_row_tells(kind: str, case: str) -> None:
    """Another number or name anywhere is other data; where they come from is not."""
    data = made(kind, case)
    assert replace(data, name="elsewhere") == data
    row = data.rows[0]
    for name, value in vars(row).items():
        other = replace(row, **{name: f"{value}!" if isinstance(value, str) else 17})
        assert replace(data, rows=(other, *data.rows[1:])) != data, name


@settings(deadline=None, max_examples=200)
@given(
    number=st.floats(1e-3, 1e4, allow_subnormal=False) | st.integers(1, 10**7).map(lambda n: n / 1000),
    unit=st.sampled_from(sorted(HOURS_OF)),
)
def test_a_time_in_its_unit_comes_to_the_same_hours(number: float, unit: str) -> None:
    hours = number * HOURS_OF[unit]
    again = in_unit(hours, unit)
    assert again * HOURS_OF[unit] == hours
    assert len(repr(again)) <= len(repr(number))


@settings(deadline=None, max_examples=100)
@given(number=st.floats(0, 9e8) | st.integers(1, 999999).map(lambda n: n / 1000))
def test_a_number_in_a_file_has_one_reading(number: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    data = Data.panel({"h": [number, 2e9 / 2], "cell": ["a", "a"], "state": ["x", "y"]})
    sheet = read_sheet(data.to_csv(tmp_path_factory.mktemp("one") / "own.csv"))
    place = sheet.headings.index("hours")
    assert [sheet.number(i, place) for i in range(2)] == [row.hours for row in data.rows]


def test_an_empty_column_of_experiments_is_none_and_a_gap_in_one_is_a_fault() -> None:
    table = {"mouse": ["a", "b"], "day": [1, 1], "count": [3, 4], "batch": ["", None]}
    assert {row.experiment for row in Data.counts(table, {"x": "y"}, cells=9).rows} == {""}
    with pytest.raises(cascade.ModelError, match="the name of the experiment"):
        Data.counts(table | {"batch": ["", "b1"]}, {"x": "y"}, cells=9)


@pytest.mark.parametrize(
    ("table", "wanted"),
    [
        ({"mm_from": [20], "mm_to": [10]}, "a number from 20 to 1000"),
        ({"mm_from": [-1]}, "a number from 0 to 1000"),
        ({"mm_to": [0]}, "a number from 0"),
        ({"nodes_from": [1.5]}, "whole"),
        ({"nodes_to": ["many"]}, "whole"),
        ({"mm": [5], "mm_to": [7]}, "mm, or where it lies from and to"),
    ],
)
def test_ends_of_ranges_that_are_wrong(table: dict[str, Any], wanted: str) -> None:
    with pytest.raises((cascade.InputError, cascade.ModelError)) as caught:
        Data.patients(table)
    assert wanted in str(caught.value)


def test_who_came_late_and_had_it_by_the_first_look_is_saved_and_read() -> None:
    data = made("Times", "entered and had it by the first look")
    assert isinstance(data, Times)
    rows = [saved_row("times", vars(row)) for row in data.rows]
    assert tuple(rows) == data.rows
    assert rows[0].entry > rows[0].after == 0
    assert math.isfinite(rows[0].by)
