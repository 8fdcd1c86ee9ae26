"""Tables of numbers in files as people have them: separators, encodings and ways to write numbers.

The standard library's reader takes the cells apart.  What a number means is told by the file as a
whole, and where the file leaves two readings, such as 300.000 for 300 or 300,000, it is refused.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cascade.common.errors import InputError
from cascade.common.files import check_exists
from cascade.common.numbers import readings

SEPARATORS = ",;\t"

SPREADSHEETS = {b"PK\x03\x04": "an xlsx or ods file", b"\xd0\xcf\x11\xe0": "an xls file"}
"""First bytes of files that only bear the name of a CSV file."""

Lines = list[tuple[int, list[str]]]
"""Number of each line in its file, and its cells."""


@dataclass(frozen=True)
class Sheet:
    """The cells of a file, without blank lines.

    Attributes
    ----------
    path : str
    headings : tuple of str
    lines : tuple of (int, tuple of str)
        Number of each line in the file, and as many cells as there are headings.
    decimal : str
        The decimal mark that the numbers of the file show; '' where none does.
    """

    path: str
    headings: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    decimal: str

    def column(self, heading: str) -> int | None:
        """Place of the one column with this heading, whatever its capitals; None without one.

        Raises
        ------
        InputError
            When there are several.
        """
        found = [i for i, name in enumerate(self.headings) if name.lower() == heading]
        if len(found) > 1:
            raise InputError(f"{self.path}, headings", list(self.headings), f"one column {heading!r}")
        return found[0] if found else None

    def number(self, line: int, column: int) -> float:
        """The number in a cell; a whole one as int.

        Raises
        ------
        InputError
            When it is none, or has two readings in this file.
        """
        at, cells = self.lines[line]
        text, where = cells[column], f"{self.path}, line {at}"
        said = readings(text)
        values = {said[self.decimal]} if self.decimal in said else set(said.values())
        if len(values) > 1:
            low, high = sorted(values)
            wanted = f"a number with one reading: {high:.0f}, or {low:g} (this may be either)"
            raise InputError(where, text, wanted)
        if not values or (self.decimal and self.decimal not in said):
            raise InputError(where, ", ".join(cells), "a name and a number >= 0, such as 1000")
        return values.pop()


def read_sheet(path: str | Path) -> Sheet:
    """The table in a text file.

    Raises
    ------
    InputError
        When it cannot be read, is a spreadsheet under another name, has no headings or no columns.
    """
    text = _text_of(path)
    first, _, rest = text.partition("\n")
    told = first.strip().lower().startswith("sep=") and first.strip()[4:5]  # as spreadsheets say it
    begin = 2 if told else 1
    (header_at, headings), *lines = _taken_apart(path, rest if told else text, told or SEPARATORS, begin)
    if headings[0] and any(map(readings, headings)):
        wanted = "a line of headings first, such as: step,number"
        raise InputError(f"{path}, line {header_at}", ", ".join(headings), wanted)
    for at, cells in lines:
        if len(cells) > len(headings):
            wanted = f"{len(headings)} cells, as there are headings; a number with such a mark in quotes"
            raise InputError(f"{path}, line {at}", ", ".join(cells), wanted)
    full = tuple((at, (*cells, *[""] * (len(headings) - len(cells)))) for at, cells in lines)
    return Sheet(str(path), tuple(headings), full, _decimal_mark(path, (c for _, cells in full for c in cells)))


def _text_of(path: str | Path) -> str:
    """The text of a file, whatever its encoding and its ends of lines."""
    try:
        data = check_exists(path).read_bytes()
    except InputError:
        raise
    except OSError as error:
        raise InputError("file", str(path), f"a readable CSV file ({error})") from None
    for begin, what in SPREADSHEETS.items():
        if data.startswith(begin):
            raise InputError("file", str(path), f"a CSV file; this is {what}: save its sheet as CSV, and read that")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data[:200]:
        encodings = ["utf-16-le" if data[1:2] == b"\0" else "utf-16-be"]
    else:
        encodings = ["utf-8-sig", "cp1252"]  # the second is what spreadsheets on Windows write
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise InputError("file", str(path), "a CSV file: text in UTF-8 or UTF-16")


def _taken_apart(path: str | Path, text: str, separators: str, begin: int) -> Lines:
    """Cells by the one separator that gives headings, and where several do, every line as many."""
    found, faults = [], []
    for separator in separators:
        try:
            lines = _cells(path, text, separator, begin)
        except InputError as fault:
            faults.append(fault)
            continue
        if lines and len(lines[0][1]) > 1:
            found.append(lines)
    if len(found) > 1:
        found = [lines for lines in found if len({len(cells) for _, cells in lines}) == 1]
    if len(found) == 1:
        return found[0]
    if faults and not found:
        raise faults[0]
    raise InputError("file", str(path), "headings and columns between commas, semicolons or tabs, such as: step,number")


def _cells(path: str | Path, text: str, separator: str, begin: int) -> Lines:
    """Number and cells of each line that is not blank; what is empty at its end is left out."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True)
    found = []
    try:
        for line in reader:
            cells = [cell.strip() for cell in line]
            while cells and not cells[-1]:
                cells.pop()
            if cells:
                found.append((reader.line_num + begin - 1, cells))
    except csv.Error as error:
        at = reader.line_num + begin - 1
        raise InputError(f"{path}, line {at}", str(error), "cells whose quotes are closed") from None
    return found


def _decimal_mark(path: str | Path, texts: Iterable[str]) -> str:
    """The decimal mark that numbers show which have one reading; '' where none does.

    Raises
    ------
    InputError
        When two numbers contradict each other.
    """
    shown: dict[str, str] = {}
    for text in texts:
        said = list(readings(text))
        if len(said) == 1:
            shown.setdefault(said[0], text)
    if len(shown) > 1:
        wanted = "numbers with the same decimal mark in the whole file"
        raise InputError(f"{path}", " and ".join(shown.values()), wanted)
    return next(iter(shown), "")
