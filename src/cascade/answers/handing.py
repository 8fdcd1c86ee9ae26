"""Tables handed out: rows as a data frame, as an Arrow table, as CSV and as Parquet, the same in each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascade.common.errors import InputError
from cascade.common.files import as_path, write_atomically
from cascade.common.numbers import readings

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


class HandsOut:
    """What can tell its rows as plain dictionaries hands them out in other ways, too."""

    if TYPE_CHECKING:

        def to_dicts(self) -> list[dict[str, Any]]:
            """Rows as plain dictionaries."""

    def _flat(self) -> list[dict[str, Any]]:
        """Rows whose cells are numbers, texts or None: what is in a table of its own has columns of its own."""
        rows = [_flattened(row) for row in self.to_dicts()]
        names = dict.fromkeys(name for row in rows for name in row)
        return [{name: row.get(name) for name in names} for row in rows]

    def to_pandas(self) -> pd.DataFrame:
        """Rows as a pandas.DataFrame; what a row holds in a table of its own is in columns 'name: key'.

        Raises
        ------
        InputError
            Where pandas is not installed.
        """
        return _pandas("to_pandas").DataFrame(self._flat())

    def to_csv(self, path: str | Path) -> Path:
        """Rows as a CSV file with a line of headings, whole or not at all; what is not known is empty.

        Parameters
        ----------
        path : str or Path
        """
        rows, text = self._flat(), io.StringIO()
        names = list(rows[0]) if rows else []
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([_cell(row[name]) for name in names] for row in rows)
        found = as_path(path)
        write_atomically(found, text.getvalue().encode())
        return found

    def to_arrow(self) -> pa.Table:
        """Rows as a pyarrow.Table, which R, Julia, DuckDB and others read without a copy; columns as of ``to_pandas``.

        Raises
        ------
        InputError
            Where pandas or pyarrow is not installed.
        """
        arrow = _pyarrow("to_arrow")
        return arrow.Table.from_pandas(_pandas("to_arrow").DataFrame(self._flat()), preserve_index=False)

    def to_parquet(self, path: str | Path) -> Path:
        """Rows as a Parquet file, whole or not at all.

        Parameters
        ----------
        path : str or Path

        Raises
        ------
        InputError
            Where pandas or pyarrow is not installed.
        """
        frame, buffer = _pandas("to_parquet").DataFrame(self._flat()), io.BytesIO()
        _pyarrow("to_parquet")
        frame.to_parquet(buffer, index=False)
        found = as_path(path)
        write_atomically(found, buffer.getvalue())
        return found


def _flattened(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}: {key}": inner for key, inner in _flattened(value).items()}
        elif isinstance(value, list):
            flat[name] = json.dumps(value, allow_nan=False)
        else:
            flat[name] = value
    return flat


def _cell(value: Any) -> Any:
    """A value in a CSV file, of a number what has one reading: of 12.125, which may be 12,125, that is 12.1250."""
    if value is None:
        return ""
    text = str(value)
    return f"{text}0" if isinstance(value, float) and len(set(readings(text).values())) > 1 else value


def _pandas(what: str) -> Any:
    try:
        import pandas as pd
    except ImportError:
        raise InputError(what, "pandas", "pandas installed: pip install 'metastatic-cascade[io]'") from None
    return pd


def _pyarrow(what: str) -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise InputError(what, "pyarrow", "pyarrow installed: pip install 'metastatic-cascade[io]'") from None
    return pa
