"""Tables in workbooks: rows as the spreadsheet numbers them, cells as they are, and which sheet it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cascade
from cascade import Data
from cascade.cli import main

openpyxl = pytest.importorskip("openpyxl")

HEAD = ["mouse", "group", "day", "count"]
GOOD = [HEAD, ["a", "x", 1, 5], ["b", "x", 2, 7]]
NOTES = [["Counted by E. M."], [None], ["in May"]]


def book(folder: Path, **sheets: list[list[Any]]) -> Path:
    """A workbook of such sheets."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for i, row in enumerate(rows, 1):
            for k, value in enumerate(row, 1):
                sheet.cell(i, k, value)
    made.save(folder / "own.xlsx")
    return folder / "own.xlsx"


def read(path: object, **told: Any) -> Data:
    return Data.counts(path, {"here": "lodged"}, cells=1e5, **told)


@pytest.mark.parametrize("above", [0, 1, 3])
@pytest.mark.parametrize("between", [0, 2])
def test_rows_bear_the_numbers_of_the_spreadsheet_and_blank_ones_are_skipped(
    above: int, between: int, tmp_path: Path
) -> None:
    """As in a file, whose lines have numbers and whose blank ones are skipped, too."""
    blank: list[list[Any]] = [[None, " ", None, None]]
    rows = [*blank * above, HEAD, ["a", "x", 1, 5], *blank * between, ["b", "x", 2, -1], *blank, ["c", "x", "q", 1]]
    with pytest.raises(cascade.ModelError) as caught:
        read(book(tmp_path, Sheet1=rows))
    first = 3 + above + between
    assert [fault.path for fault in caught.value.faults] == [
        f"row {first}, column 'count'",
        f"row {first + 2}, column 'day'",
    ]


def test_blank_rows_are_skipped_in_every_dress() -> None:
    rows: list[dict[str, Any]] = [dict(zip(HEAD, cells, strict=True)) for cells in GOOD[1:]]
    for nothing in (None, "", " ", float("nan"), pd.NA):
        with_blank = [rows[0], dict.fromkeys(HEAD, nothing), rows[1]]
        frame = pd.DataFrame(with_blank, dtype=object)
        for table in (with_blank, frame, {name: frame[name].tolist() for name in HEAD}):
            assert read(table).rows == read(rows).rows
        wrong = pd.concat([frame, pd.DataFrame([{**rows[0], "count": -1}])], ignore_index=True)
        with pytest.raises(cascade.ModelError, match="row 3, column 'count'"):
            read(wrong)


def test_a_table_of_blank_rows_has_none() -> None:
    with pytest.raises(cascade.InputError, match="headings and rows"):
        read([dict.fromkeys(HEAD)])


@pytest.mark.parametrize("name", ["None", "null", "NULL", "N", "nil", "True", "1e3", "01", "2020-01-01"])
def test_names_are_read_as_they_stand(name: str, tmp_path: Path) -> None:
    data = read(book(tmp_path, Sheet1=[HEAD, [name, name, 1, 5]]))
    assert (data.rows[0].animal, data.rows[0].arm) == (name, name)


def test_what_is_missing_is_told_as_it_stands(tmp_path: Path) -> None:
    with pytest.raises(cascade.ModelError, match="row 2, column 'mouse' = 'NA'"):
        read(book(tmp_path, Sheet1=[HEAD, ["NA", "x", 1, 5]]))


def test_whole_numbers_are_names_and_columns_without_heading_are_left_alone(tmp_path: Path) -> None:
    rows = [[None, *HEAD, None], ["*", 12, 3.0, 1, 5, None], [None, 13, 3.5, 1, 6, None]]
    data = read(book(tmp_path, Sheet1=rows))
    assert [(row.animal, row.arm) for row in data.rows] == [("12", "3"), ("13", "3.5")]


def test_a_heading_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cascade.InputError, match="one for 'count'"):
        read(book(tmp_path, Sheet1=[[*HEAD, "count"], ["a", "x", 1, 5, 6]]))


def test_of_several_tables_the_sheet_is_said(tmp_path: Path) -> None:
    path = book(tmp_path, May=GOOD, Notes=NOTES, June=[HEAD, ["z", "y", 3, 9]])
    with pytest.raises(cascade.InputError) as caught:
        read(path)
    assert caught.value.field == "sheet"
    assert "'May', 'June'" in str(caught.value)
    assert read(path, sheet="May").arms == read(path, sheet=1).arms == ("x",)
    assert read(path, sheet="June").arms == read(path, sheet=3).arms == read(path, sheet="3").arms == ("y",)


def test_the_name_of_a_sheet_comes_before_its_number(tmp_path: Path) -> None:
    path = book(tmp_path, **{"2": GOOD, "1": [HEAD, ["z", "y", 3, 9]]})
    assert read(path, sheet="1").arms == ("y",)


@pytest.mark.parametrize(
    ("sheet", "wanted"),
    [
        ("may", "did you mean 'May'"),
        (0, "by number from 1 to 3"),
        (4, "by number from 1 to 3"),
        (1.0, "by name, or by number"),
        (True, "by name, or by number"),
        ("Notes", "a row of headings and rows below: 'May', 'June'"),
    ],
)
def test_a_sheet_that_is_none_is_told(sheet: Any, wanted: str, tmp_path: Path) -> None:
    path = book(tmp_path, May=GOOD, Notes=NOTES, June=GOOD)
    with pytest.raises(cascade.InputError) as caught:
        read(path, sheet=sheet)
    assert caught.value.field == "sheet"
    assert wanted in str(caught.value)


def test_sheets_without_a_table_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert read(book(tmp_path, Remarks=NOTES, Empty=[], Data=GOOD)).arms == ("x",)
    said = capsys.readouterr().err
    assert "'Data' is read" in said
    assert "'Remarks'" in said
    assert "'Empty'" not in said
    with pytest.raises(cascade.InputError, match="its sheets: 'Remarks', 'Empty'"):
        read(book(tmp_path, Remarks=NOTES, Empty=[]))


def test_only_spreadsheets_have_sheets(tmp_path: Path) -> None:
    data = read({name: [row[k] for row in GOOD[1:]] for k, name in enumerate(HEAD)})
    for table in (data.to_csv(tmp_path / "own.csv"), data.to_pandas()):
        with pytest.raises(cascade.InputError) as caught:
            read(table, sheet="May")
        assert (caught.value.field, "only spreadsheets" in str(caught.value)) == ("sheet", True)


READERS: dict[str, tuple[list[list[Any]], Any]] = {
    "counts": (GOOD, lambda path, **told: read(path, **told)),
    "funnels": (
        [["mouse", "i", "s"], ["a", 9, 5], ["b", 9, 6]], lambda path, **told: Data.funnels(path, ["i", "s"], **told),
    ),
    "times": ([["day", "event"], [1, "x"]], Data.times),
    "seen": ([["day", "organ", "k", "n"], [1, "x", 2, 3]], Data.seen),
    "panel": ([["cell", "day", "state"], ["a", 1, "x"], ["a", 2, "y"]], Data.panel),
    "patients": ([["mm", "nodes"], [9, 1]], Data.patients),
}  # fmt: skip


def test_every_reader_of_tables_is_here() -> None:
    assert {name for name, one in vars(Data).items() if isinstance(one, staticmethod)} == set(READERS)


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_takes_a_sheet(kind: str, tmp_path: Path) -> None:
    rows, reader = READERS[kind]
    path = book(tmp_path, One=rows, Two=rows)
    with pytest.raises(cascade.InputError, match="'One', 'Two'"):
        reader(path)
    assert len(reader(path, sheet="Two")) == len(reader(path, sheet=1)) > 0


def test_commands_that_read_data_take_a_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(book(tmp_path, One=GOOD, Two=GOOD))
    free = ["--free", "dormant.death of dormant cells", "--count", "here=lodged", "--cells", "1e5"]
    for command in (["fit", "b16f1-liver", path, *free], ["fit-disease", "textbook", path, "--free", "efficiency"]):
        for sheet in ([], ["--sheet", "Three"]):
            with pytest.raises(SystemExit) as end:
                main([*command, *sheet])
            said = " ".join(capsys.readouterr().err.split())
            assert end.value.code == 2
            assert ("--sheet" in said, "'One', 'Two'" in said) == (True, True), said
