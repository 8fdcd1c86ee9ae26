"""Tables that people bring: files, data frames, mappings and lists of rows; every fault with its row and column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from cascade.answers.sheets import Sheet, read_sheet
from cascade.common.errors import CascadeError, Fault, InputError, ModelError, is_number, nearest
from cascade.inference.workbooks import PARQUET, SPREADSHEETS, read_parquet, read_workbook


@dataclass(frozen=True)
class Column:
    """One column: its heading, and its values as they stand there, '' or None where nothing does."""

    heading: str
    values: tuple[Any, ...]
    place: int


MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "<na>", "nat", "-", "--"})
"""Texts that say that nothing is known."""


class Columns:
    """The columns of a table, and the faults that are found in it.

    Parameters
    ----------
    table : path, pandas.DataFrame, mapping of str to sequence, or sequence of mappings
        CSV files as people have them; spreadsheets where pandas can read them, Parquet and Arrow where pyarrow can.
    sheet : str or int, optional
        Of a spreadsheet: by name, or by number from 1 on.  Default: the one that holds a table.

    Raises
    ------
    InputError
        Where it is no table, or has no rows.
    """

    def __init__(self, table: object, sheet: str | int | None = None) -> None:
        path = Path(table) if isinstance(table, str | Path) else None
        name = "table"
        self.name = name if path is None else path.name
        self.faults: list[Fault] = []
        self._faulty: set[tuple[int, int]] = set()
        self._sheet: Sheet | None = None
        self._of = sheet
        if sheet is not None and (path is None or path.suffix.lower() not in SPREADSHEETS):
            raise InputError("sheet", sheet, f"left out: only spreadsheets have sheets ({', '.join(SPREADSHEETS)})")
        try:
            self.columns, self.rows = self._read(table)
        except (TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
            if isinstance(error, CascadeError):
                raise
            raise InputError(name, type(table).__name__, f"a table that can be read ({error})") from None
        self._skip_blank()
        if not self.columns or not self.rows:
            raise InputError(
                name, table if isinstance(table, str | Path) else "empty", "a table with headings and rows"
            )

    def _read(self, table: object) -> tuple[tuple[Column, ...], tuple[str, ...]]:
        if isinstance(table, str | Path):
            if Path(table).suffix.lower() in SPREADSHEETS:
                headings, columns, rows = read_workbook(Path(table), self._of)
                return _columns(headings, columns), rows
            if Path(table).suffix.lower() in PARQUET:
                return self._read(read_parquet(Path(table)))
            self._sheet = sheet = read_sheet(table)
            by_column = list(zip(*(cells for _, cells in sheet.lines), strict=True))
            headed = sheet.headings if by_column else ()
            return _columns(headed, by_column), tuple(f"line {at}" for at, _ in sheet.lines)
        if hasattr(table, "to_pydict") and hasattr(table, "column_names"):  # Arrow's
            _check_differ(self.name, table.column_names)
            return self._read(table.to_pydict())
        if hasattr(table, "columns") and hasattr(table, "index") and hasattr(table, "__getitem__"):
            headings = [str(name) for name in table.columns]
            _check_differ(self.name, headings)
            values = [table[name].tolist() for name in table.columns]
            return _columns(headings, values), tuple(f"row {label}" for label in table.index)
        if isinstance(table, Mapping):
            for name, column in table.items():
                if isinstance(column, str | bytes) or not hasattr(column, "__iter__"):
                    raise InputError(f"{self.name}[{str(name)!r}]", column, "a column of values, such as a list")
            values = [list(column) for column in table.values()]
            if len({len(column) for column in values}) > 1:
                lengths = {str(name): len(column) for name, column in zip(table, values, strict=True)}
                raise InputError(self.name, lengths, "columns of the same length")
            return _columns(list(map(str, table)), values), _numbered(len(values[0]) if values else 0)
        if isinstance(table, Sequence) and all(isinstance(row, Mapping) for row in table):
            headings = list(dict.fromkeys(str(name) for row in table for name in row))
            return _columns(headings, [[row.get(h) for row in table] for h in headings]), _numbered(len(table))
        wanted = "the path of a CSV file, a pandas.DataFrame, a mapping of headings to columns, or a list of rows"
        raise InputError(self.name, type(table).__name__, wanted)

    @property
    def headings(self) -> tuple[str, ...]:
        """Headings in order."""
        return tuple(column.heading for column in self.columns)

    def find(self, what: str, given: str | None, known: Sequence[str]) -> Column | None:
        """The column that was named, or one with a heading that is known for what it holds; None without one.

        Raises
        ------
        InputError
            When the named one is not there, or several headings are known.
        """
        wanted = [given.strip().lower()] if given is not None else [name.lower() for name in known]
        found = [column for column in self.columns if column.heading.strip().lower() in wanted]
        if given is not None and not found:
            raise InputError(f"columns[{what!r}]", given, f"a heading of the table; {nearest(given, self.headings)}")
        if len(found) > 1:
            headings = [column.heading for column in found]
            raise InputError(
                f"{self.name}, headings", headings, f"one for {what!r}; or say which: columns={{{what!r}: ...}}"
            )
        return found[0] if found else None

    def _skip_blank(self) -> None:
        """Leave out rows in which nothing stands, as files between whose lines there are blank ones have them."""
        values = [column.values for column in self.columns]
        full = [i for i in range(len(self.rows)) if not all(_is_blank(some[i]) for some in values)]
        if len(full) < len(self.rows):
            self.columns = tuple(replace(c, values=tuple(c.values[i] for i in full)) for c in self.columns)
            self.rows = tuple(self.rows[i] for i in full)

    def fault(self, row: int, column: Column, accepted: str) -> None:
        """Note that a cell is wrong, unless that was noted."""
        if (row, column.place) in self._faulty:
            return
        self._faulty.add((row, column.place))
        self.faults.append(Fault(f"{self.rows[row]}, column {column.heading!r}", column.values[row], accepted))

    def reading(self, columns: Sequence[Column | None]) -> None:
        """Which columns hold numbers: together they tell the decimal mark of a file."""
        if self._sheet is not None:
            self._sheet = self._sheet.reading(column.place for column in columns if column is not None)

    def number(self, row: int, column: Column, accepted: str) -> float | None:
        """The number in a cell; None, and a fault noted, where it is none."""
        value = self._value(row, column)
        if self._sheet is not None:
            try:
                return float(self._sheet.number(row, column.place))
            except InputError as error:
                # With two readings the message says which they are.
                two = "reading" in error.accepted or "one cell" in error.accepted
                self.fault(row, column, error.accepted if two else accepted)
                return None
        if isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                self.fault(row, column, accepted)
                return None
        if not is_number(value) or not math.isfinite(value):
            self.fault(row, column, accepted)
            return None
        return float(value)

    def text(self, row: int, column: Column) -> str:
        """The text in a cell, '' where nothing is known; of a whole number without the point."""
        value = self._value(row, column)
        if value is None:
            return ""
        try:
            if isinstance(value, float | np.floating):
                return str(int(value)) if float(value).is_integer() else str(value)
            text = str(value).strip()
        except (ValueError, OverflowError):  # numbers with more digits than Python writes, or infinite
            return ""
        return "" if text.lower() in MISSING else text

    def is_empty(self, column: Column) -> bool:
        """Whether no cell of a column says anything."""
        return not any(self.text(row, column) for row in range(len(self.rows)))

    def _value(self, row: int, column: Column) -> Any:
        return _known(self.columns[column.place].values[row])

    def unmarked(self, column: Column, mark: str) -> frozenset[int]:
        """Take a mark from before the numbers of a column; the rows that had it."""
        values = list(self.columns[column.place].values)
        rows = [i for i, v in enumerate(values) if isinstance(v, str) and v.strip().startswith(mark)]
        if not rows:
            return frozenset()
        for i in rows:
            values[i] = values[i].strip().removeprefix(mark).strip()
        columns = list(self.columns)
        columns[column.place] = replace(column, values=tuple(values))
        self.columns = tuple(columns)
        if self._sheet is not None:
            lines = list(self._sheet.lines)
            for i in rows:
                at, cells = lines[i]
                lines[i] = at, (*cells[: column.place], values[i], *cells[column.place + 1 :])
            self._sheet = replace(self._sheet, lines=tuple(lines))
        return frozenset(rows)

    def check(self) -> None:
        """Raise every fault that was noted.

        Raises
        ------
        ModelError
        """
        if self.faults:
            raise ModelError(self.name, self.faults, "table")


def _columns(headings: Sequence[str], values: Sequence[Sequence[Any]]) -> tuple[Column, ...]:
    return tuple(Column(h, tuple(v), i) for i, (h, v) in enumerate(zip(headings, values, strict=True)))


def _check_differ(name: str, headings: Sequence[str]) -> None:
    if len(set(headings)) < len(headings):
        raise InputError(f"{name}, headings", list(headings), "headings that differ")


def _is_blank(value: Any) -> bool:
    """Whether nothing stands in a cell."""
    return _known(value) is None or (isinstance(value, str) and not value.strip())


def _known(value: Any) -> Any:
    """What stands in a cell; None where it is nothing that is known, as data frames write it."""
    if value is None or isinstance(value, np.ma.core.MaskedConstant):
        return None
    if isinstance(value, Decimal):
        return float(value)
    try:
        return value if bool(value == value) else None  # nan and its kin are unlike themselves
    except (TypeError, ValueError):
        return None


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"row {i}" for i in range(count))
