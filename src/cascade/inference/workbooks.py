"""Tables of files that other packages read: the sheet of a workbook that holds one, its cells as they are, and Parquet.

Rows of a sheet are numbered as the spreadsheet numbers them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cascade.common.errors import InputError, is_whole, nearest
from cascade.common.notices import notice

SPREADSHEETS = (".xlsx", ".xls", ".ods")
PARQUET = (".parquet", ".pq")

Row = tuple[int, Sequence[Any]]
"""Number of a row in the spreadsheet, and its cells."""


def read_workbook(path: Path, sheet: object) -> tuple[list[str], list[list[Any]], tuple[str, ...]]:
    """Headings, columns, and what each row is called, of the one sheet with a table, or of that which was said.

    Raises
    ------
    InputError
        Where several sheets hold tables, none does, or there is no such sheet.
    """
    sheets = _sheets(path)
    tables = [name for name, rows in sheets.items() if _is_table(rows)]
    if sheet is not None:
        name = _named(sheet, list(sheets), tables)
    elif len(tables) > 1:
        told = ", ".join(map(repr, tables))
        raise InputError("sheet", None, f"one of the sheets of {path.name} with a table, by name or number: {told}")
    elif not tables:
        told = ", ".join(map(repr, sheets))
        raise InputError("file", str(path), f"a sheet with a row of headings and rows below; its sheets: {told}")
    else:
        name = tables[0]
        others = [repr(other) for other, rows in sheets.items() if rows and other != name]
        if others:
            notice(f"of {path.name} the sheet {name!r} is read; no table is in {', '.join(others)}")
    (_, first), *rows = sheets[name]
    headings = [_text(cell) for cell in first]
    there = [i for i, heading in enumerate(headings) if heading or any(_text(cells[i]) for _, cells in rows)]
    columns = [[cells[i] for _, cells in rows] for i in there]
    return [headings[i] for i in there], columns, tuple(f"row {at}" for at, _ in rows)


def read_parquet(path: Path) -> Mapping[str, list[Any]]:
    """The columns of a Parquet file.

    Raises
    ------
    InputError
        Where it cannot be read.
    """
    try:
        import pyarrow.parquet as pq
    except ImportError:
        wanted = "a CSV file; Parquet is read where pyarrow is installed: pip install 'metastatic-cascade[io]'"
        raise InputError("file", str(path), wanted) from None
    try:
        columns: Mapping[str, list[Any]] = pq.read_table(path).to_pydict()
    except FileNotFoundError:
        raise InputError("file", str(path), "a file that exists") from None
    except (ValueError, OSError) as error:
        raise InputError("file", str(path), f"a Parquet file that can be read ({error})") from None
    return columns


def _sheets(path: Path) -> dict[str, list[Row]]:
    """The rows of each sheet that are not blank, by pandas, which is asked to guess nothing."""
    try:
        import pandas as pd
    except ImportError:
        wanted = "a CSV file; spreadsheets are read where pandas is installed: save the sheet as CSV, and give that"
        raise InputError("file", str(path), wanted) from None
    try:
        frames = pd.read_excel(path, sheet_name=None, header=None, dtype=object, keep_default_na=False, na_filter=False)
    except FileNotFoundError:
        raise InputError("file", str(path), "a file that exists") from None
    except ImportError as error:
        raise InputError("file", str(path), f"a CSV file, or what pandas needs to read it ({error})") from None
    except (ValueError, KeyError, OSError) as error:
        raise InputError("file", str(path), f"a spreadsheet that can be read ({error})") from None
    found: dict[str, list[Row]] = {}
    for name, frame in frames.items():
        rows = enumerate(zip(*(frame[column].tolist() for column in frame.columns), strict=True), 1)
        found[str(name)] = [(at, cells) for at, cells in rows if any(map(_text, cells))]
    return found


def _text(cell: Any) -> str:
    """The text of a cell, '' where nothing stands: a fault of a formula is no number."""
    return "" if cell is None or cell != cell else str(cell).strip()


def _is_table(rows: Sequence[Row]) -> bool:
    """Whether there are headings, and rows below."""
    return len(rows) > 1 and sum(map(bool, map(_text, rows[0][1]))) > 1


def _named(sheet: object, names: Sequence[str], tables: Sequence[str]) -> str:
    """The sheet of a name, or of a number from 1 on."""
    text = str(sheet).strip()
    number = int(text) if text.isdecimal() and (is_whole(sheet) or isinstance(sheet, str)) else 0
    name = text if text in names else names[number - 1] if 1 <= number <= len(names) else None
    if name is None:
        raise InputError(
            "sheet", sheet, f"a sheet by name, or by number from 1 to {len(names)}; {nearest(text, names)}"
        )
    if name not in tables:
        told = ", ".join(map(repr, tables)) or "none"
        raise InputError("sheet", name, f"a sheet with a row of headings and rows below: {told}")
    return name
