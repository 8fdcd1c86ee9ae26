"""Tables of numbers in files as people have them: separators, encodings and ways to write numbers.

The standard library's reader takes the cells apart.  What a number means is told by the columns that are
read, together, and where these leave two readings, such as 300.000 for 300 or 300,000, it is refused.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cascade.answers.headings import names_numbers
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
    separator : str
    decimal : str
        The decimal mark that the numbers show which are read; '' where none does.
    read : frozenset of int
        Places of the columns whose numbers are read.
    """

    path: str
    headings: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    separator: str
    decimal: str = ""
    read: frozenset[int] = frozenset()

    def reading(self, columns: Iterable[int]) -> Sheet:
        """The same cells, of which the numbers of these columns are read: they tell the decimal mark, and no others.

        Raises
        ------
        InputError
            When two of them contradict each other.
        """
        read = frozenset(columns)
        texts = (text for _, cells in self.lines for column, text in enumerate(cells) if column in read)
        return replace(self, decimal=_decimal_mark(self.path, texts), read=read)

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
        if self._may_go_on(cells, column):
            whole = f"{text},{cells[column + 1]}"
            wanted = f"a number in one cell (this may be two, or one with a comma: {text} or {whole}), without marks"
            raise InputError(where, ", ".join(cells), f"{wanted}, or columns between semicolons")
        said = readings(text)
        values = {said[self.decimal]} if self.decimal in said else set(said.values())
        if len(values) > 1:
            low, high = sorted(values)
            wanted = f"a number with one reading: {high:.0f}, or {low:g} (this may be either)"
            raise InputError(where, text, wanted)
        if not values or (self.decimal and self.decimal not in said):
            raise InputError(where, ", ".join(cells), "a name and a number >= 0, such as 1000")
        return values.pop()

    def _may_go_on(self, cells: tuple[str, ...], column: int) -> bool:
        """Whether the next cell may be the rest of a number with a comma among its digits."""
        if self.separator != "," or column + 1 == len(cells):
            return False
        text, rest = cells[column], cells[column + 1]
        digits = bool(re.fullmatch(r"[1-9]\d{0,2}", text) and re.fullmatch(r"\d{3}", rest))
        # Nobody writes a number such as 012, and no number stands where neither we nor the heading expect one.
        expected = column + 1 in self.read or names_numbers(self.headings[column + 1])
        return digits and (rest.startswith("0") or not expected)


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
    separator, ((header_at, headings), *lines) = _taken_apart(path, rest if told else text, told or SEPARATORS, begin)
    if headings[0] and any(map(readings, headings)):
        wanted = "a line of headings first, such as: step,number"
        raise InputError(f"{path}, line {header_at}", ", ".join(headings), wanted)
    for at, cells in lines:
        if len(cells) > len(headings):
            wanted = f"{len(headings)} cells, as there are headings; a number with such a mark in quotes"
            raise InputError(f"{path}, line {at}", ", ".join(cells), wanted)
    full = tuple((at, (*cells, *[""] * (len(headings) - len(cells)))) for at, cells in lines)
    return Sheet(str(path), tuple(headings), full, separator)


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


def _taken_apart(path: str | Path, text: str, separators: str, begin: int) -> tuple[str, Lines]:
    """The separator that gives headings, and where several do, the only one that stands in every line; the cells."""
    found: dict[str, Lines] = {}
    faults = []
    for separator in separators:
        try:
            lines = _cells(path, text, separator, begin)
        except InputError as fault:
            faults.append(fault)
            continue
        if lines and any(lines[0][1][1:]):
            found[separator] = lines
    if len(found) > 1:
        everywhere = {mark: lines for mark, lines in found.items() if all(len(cells) > 1 for _, cells in lines)}
        if len(everywhere) != 1:
            at, headings = next(iter(found.values()))[0]
            wanted = "headings between commas, or semicolons, or tabs; one that has such a mark in itself in quotes"
            raise InputError(f"{path}, line {at}", next(iter(found)).join(headings), wanted)
        found = everywhere
    if found:
        return next(iter(found.items()))
    if faults:
        raise faults[0]
    raise InputError("file", str(path), "headings and columns between commas, semicolons or tabs, such as: step,number")


def _cells(path: str | Path, text: str, separator: str, begin: int) -> Lines:
    """Number and cells of each line that is not blank."""
    reader = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True)
    found = []
    try:
        for line in reader:
            cells = [cell.strip() for cell in line]
            if any(cells):
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
        wanted = "numbers with the same decimal mark in all columns that are read"
        raise InputError(f"{path}", " and ".join(shown.values()), wanted)
    return next(iter(shown), "")
