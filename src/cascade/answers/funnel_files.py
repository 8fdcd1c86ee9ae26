"""Funnels in CSV files: those of the package, and tables of one's own, read by their headings."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from cascade.answers.headings import COUNTS, NAMES, names_cells, names_else
from cascade.answers.intervals import proportion
from cascade.answers.sheets import Sheet
from cascade.common.errors import InputError
from cascade.common.jsons import plain_data
from cascade.common.numbers import readings

MOST_COUNTED = 10**18

ROUNDED = 1e-6
"""How far expected numbers that ought to be the same may lie apart, relative."""

NUMBERS = ("entered", "passed", "fraction_of_previous", "fraction_of_all", "low", "high", "still")
LOST, CELLS, KIND, MILESTONE = "lost: ", "cells", "kind", "milestone"


def csv_text(rows: Iterable[Any], milestones: Iterable[Any], cells: float, kind: str) -> str:
    """The table of a funnel of so many cells: every number of its rows, causes of loss in columns of their own."""
    rows = list(rows)
    causes = list(dict.fromkeys(cause for row in rows for cause in row.lost))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["step", *NUMBERS, *(LOST + cause for cause in causes), CELLS, KIND])
    for row in rows:
        lost = [plain_data(row.lost.get(cause, "")) for cause in causes]
        writer.writerow([row.step, *(plain_data(getattr(row, name)) for name in NUMBERS), *lost, cells, kind])
    for mark in milestones:
        numbers = ["", mark.cells, "", mark.fraction_of_all, mark.low, mark.high, ""]
        writer.writerow([mark.name, *map(plain_data, numbers), *[""] * len(causes), cells, MILESTONE])
    return out.getvalue()


def is_funnel(sheet: Sheet) -> bool:
    """Whether a table says what entered and what passed each step.

    Raises
    ------
    InputError
        When it says only one of them: what was started with would be a guess.
    """
    places = [sheet.column("entered"), sheet.column("passed")]
    if places.count(None) == 1 and not any(sheet.column(name) is not None for name in COUNTS):
        wanted = "both 'entered' and 'passed', or one column 'number' that begins with what was started with"
        raise InputError(f"{sheet.path}, headings", list(sheet.headings), wanted)
    return None not in places


def counts_of(sheet: Sheet) -> tuple[list[tuple[str, float]], str]:
    """Names and numbers of a table of one's own; which column was taken for the numbers, where no word says it.

    Raises
    ------
    InputError
        When it is not plain which column holds the numbers, or one of them is none.
    """
    column, names = _counted_column(sheet)
    sheet = sheet.reading([column])
    counts = []
    for i, (at, cells) in enumerate(sheet.lines):
        value = sheet.number(i, column)
        if not 0 <= value <= MOST_COUNTED or value != int(value):
            raise InputError(f"{sheet.path}, line {at}", ", ".join(cells), "a name and a whole number from 0 to 1e18")
        counts.append((cells[names], value))
    heading = sheet.headings[column]
    return counts, "" if names_cells(heading) else f"Taken for numbers of cells: the column {heading!r}."


def name_column(sheet: Sheet, other: int | None = None) -> int:
    """The column of names: by its heading, else the first."""
    named = [place for name in NAMES if (place := sheet.column(name)) is not None]
    return named[0] if named else next(i for i in range(len(sheet.headings)) if i != other)


def _counted_column(sheet: Sheet) -> tuple[int, int]:
    """The column of numbers, by its heading, else the only one that holds any; that of names."""
    known = [place for name in COUNTS if (place := sheet.column(name)) is not None]
    if known and (len(known) == 1 or sheet.headings[known[0]].lower() == "number"):
        return known[0], name_column(sheet, known[0])
    names = name_column(sheet)
    others = [i for i in range(len(sheet.headings)) if i != names and any(cells[i] for _, cells in sheet.lines)]
    if len(others) > 1:
        others = [i for i in others if all(readings(cells[i]) for _, cells in sheet.lines)]
    told = [i for i in others if names_cells(sheet.headings[i])]
    # Where no word says what is counted, nothing else may be there that could be meant.
    chosen = told or others
    if len(chosen) != 1 or known or names_else(sheet.headings[chosen[0]]):
        wanted = "one column of numbers of cells, none of shares, times or concentrations, with the heading 'number'"
        raise InputError(f"{sheet.path}, headings", list(sheet.headings), wanted)
    return chosen[0], names


def rows_of(sheet: Sheet) -> tuple[list[dict[str, Any]], list[dict[str, Any]], float, str]:
    """Rows and milestones of a funnel as fields, its cells, and its kind: "exact", "simulated" or "counted".

    Raises
    ------
    InputError
        When a step lets more pass than entered, others enter than had passed the step before, or a column says
        other shares than the numbers beside it.
    """
    places = {name: at for name in (*NUMBERS, CELLS, KIND) if (at := sheet.column(name)) is not None}
    causes = {heading[len(LOST) :]: i for i, heading in enumerate(sheet.headings) if heading.startswith(LOST)}
    sheet = sheet.reading([*(at for name, at in places.items() if name != KIND), *causes.values()])
    names = name_column(sheet)
    rows: list[dict[str, Any]] = []
    marked, kinds, started = [], set(), 0.0
    for i, (_, cells) in enumerate(sheet.lines):
        given = {name: sheet.number(i, at) for name, at in places.items() if name != KIND and cells[at]}
        kind = cells[places[KIND]] if KIND in places else ""
        if kind == MILESTONE:
            marked.append((i, given))
            continue
        kinds.add(kind)
        started = started or given.get(CELLS, given.get("entered", 0.0))
        lost = {cause: sheet.number(i, at) for cause, at in causes.items() if cells[at]} if causes else None
        _check_row(sheet, i, given, rows[-1]["passed"] if rows else started)
        rows.append({"step": cells[names], **_completed(sheet, i, given, lost, started)})
        _check_lost(sheet, i, rows[-1])
    if not rows:
        raise InputError(sheet.path, list(sheet.headings), "at least one step below the headings")
    marks = []
    for i, given in marked:
        ever = given.get("passed", 0)
        if not 0 <= ever <= started:
            raise InputError(f"{sheet.path}, line {sheet.lines[i][0]}", ever, f"a number from 0 to {started:g}")
        shares = _shares(sheet, i, given, {"fraction_of_all": (ever, started)}, started)
        marks.append({"name": sheet.lines[i][1][names], "cells": ever, **shares})
    whole = all(row[name] == int(row[name]) for row in rows for name in ("entered", "passed"))
    kind = kinds.pop() if len(kinds) == 1 else ""
    return rows, marks, started, kind or ("counted" if whole else "exact")


def _check_row(sheet: Sheet, line: int, given: Mapping[str, float], before: float) -> None:
    """Whether the numbers of a step are possible where so many had passed before, or had started."""
    at, cells = sheet.lines[line]
    where = f"{sheet.path}, line {at}"
    if not {"entered", "passed"} <= set(given):
        raise InputError(where, ", ".join(cells), "numbers that entered and that passed")
    entered, passed = given["entered"], given["passed"]
    if not 0 <= passed <= entered <= MOST_COUNTED or (line == 0 and entered == 0):
        raise InputError(where, [entered, passed], "numbers >= 0, no more passed than entered, some in the first step")
    if not math.isclose(entered, before, rel_tol=ROUNDED):
        raise InputError(where, entered, f"as many entered as had passed the step before, or had started: {before:g}")


def _check_lost(sheet: Sheet, line: int, row: Mapping[str, Any]) -> None:
    """Whether everybody who entered a step passed, was lost or is still there."""
    ended = [row["passed"], row["still"], *row["lost"].values()]
    if min(ended) < 0 or not math.isclose(sum(ended), row["entered"], rel_tol=ROUNDED):
        wanted = f"numbers >= 0 that passed, were lost and are still there, {row['entered']:g} in all"
        raise InputError(f"{sheet.path}, line {sheet.lines[line][0]}", ended, wanted)


def _completed(
    sheet: Sheet, line: int, given: Mapping[str, float], lost: Mapping[str, float] | None, started: float
) -> dict[str, Any]:
    """Fields of a row; what its line does not say follows from what entered and what passed."""
    entered, passed, still = given["entered"], given["passed"], given.get("still", 0)
    if lost is None:
        lost = {"lost": entered - passed - still} if entered > passed + still else {}
    parts = {"fraction_of_previous": (passed, entered), "fraction_of_all": (passed, started)}
    shares = _shares(sheet, line, given, parts, started)
    return {"entered": entered, "passed": passed, **shares, "still": still, "lost": lost}


def _shares(
    sheet: Sheet, line: int, given: Mapping[str, float], parts: Mapping[str, tuple[float, float]], started: float
) -> dict[str, float]:
    """Shares of a line as the counts give them, and the ends of their interval.

    Raises
    ------
    InputError
        When a column says another share, or an interval without the share, or other numbers of cells.
    """
    where = f"{sheet.path}, line {sheet.lines[line][0]}"
    if not math.isclose(given.get(CELLS, started), started, rel_tol=ROUNDED):
        raise InputError(f"{where}, {CELLS}", given[CELLS], f"the cells of the first line: {started:g}")
    shares = {name: part / whole if whole else 0.0 for name, (part, whole) in parts.items()}
    for name, share in shares.items():
        said = given.get(name, share)
        if math.isclose(said, share, rel_tol=ROUNDED):
            shares[name] = said  # every digit that was written
        elif abs(said - share) > 0.5001 * _unit(sheet.lines[line][1][sheet.column(name) or 0]):
            part, whole = parts[name]
            raise InputError(f"{where}, {name}", said, f"{share:.6g}, as {part:g} of {whole:g} are, or no such column")
    share = shares["fraction_of_all"]
    low, high = proportion(int(parts["fraction_of_all"][0]), int(started))
    ends = {"low": given.get("low", low), "high": given.get("high", high)}
    least, most = share * (1.0 - ROUNDED), share * (1.0 + ROUNDED)
    for name, fits in (("low", 0.0 <= ends["low"] <= most), ("high", least <= ends["high"] <= 1.0)):
        if not fits:
            bound = f"from 0 to {share:.6g}" if name == "low" else f"from {share:.6g} to 1"
            wanted = f"an end of the interval of fraction_of_all, {bound}, or no such column"
            raise InputError(f"{where}, {name}", ends[name], wanted)
    return {**shares, **ends}


def _unit(text: str) -> float:
    """One unit of the last digit of a share in plain decimals; of another text none."""
    decimals = re.fullmatch(r"[01]?[.,](\d+)", text)
    return 10.0 ** -len(decimals[1]) if decimals else 0.0
