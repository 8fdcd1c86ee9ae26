"""Funnels in CSV files: those of the package, and tables of one's own, read by their headings."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from cascade.answers.intervals import proportion
from cascade.answers.sheets import Sheet
from cascade.common.errors import InputError
from cascade.common.jsons import plain_data
from cascade.common.numbers import readings

MOST_COUNTED = 10**18

ROUNDED = 1e-6
"""How far expected numbers that ought to be the same may lie apart, relative."""

NAMES = ("step", "steps", "stage", "name", "state")
COUNTS = ("number", "numbers", "count", "counts", "cells", "n")
OF_THE_WHOLE = re.compile(r"%|\b(per ?cent|share|fraction|proportion|prozent|ratio)", re.IGNORECASE)
"""Headings of columns that hold no numbers of cells."""

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


def counts_of(sheet: Sheet) -> list[tuple[str, float]]:
    """Names and numbers of a table of one's own.

    Raises
    ------
    InputError
        When it is not plain which column holds the numbers, or one of them is none.
    """
    column = _counted_column(sheet)
    names = name_column(sheet, column)
    counts = []
    for i, (at, cells) in enumerate(sheet.lines):
        value = sheet.number(i, column)
        if not 0 <= value <= MOST_COUNTED or value != int(value):
            raise InputError(f"{sheet.path}, line {at}", ", ".join(cells), "a name and a whole number from 0 to 1e18")
        counts.append((cells[names], value))
    return counts


def name_column(sheet: Sheet, other: int | None = None) -> int:
    """The column of names: by its heading, else the first."""
    named = [place for name in NAMES if (place := sheet.column(name)) is not None]
    return named[0] if named else next(i for i in range(len(sheet.headings)) if i != other)


def _counted_column(sheet: Sheet) -> int:
    """The column of numbers: by its heading, else the only one that can be meant."""
    known = [place for name in COUNTS if (place := sheet.column(name)) is not None]
    if known and (len(known) == 1 or sheet.headings[known[0]].lower() == "number"):
        return known[0]
    names = name_column(sheet)
    others = [i for i, heading in enumerate(sheet.headings) if i != names and not OF_THE_WHOLE.search(heading)]
    if len(others) > 1:
        others = [i for i in others if all(readings(cells[i]) for _, cells in sheet.lines)]
    if len(others) != 1 or known:
        wanted = "one column of numbers of cells, with the heading 'number'"
        raise InputError(f"{sheet.path}, headings", list(sheet.headings), wanted)
    return others[0]


def rows_of(sheet: Sheet) -> tuple[list[dict[str, Any]], list[dict[str, Any]], float, str]:
    """Rows and milestones of a funnel as fields, its cells, and its kind: "exact", "simulated" or "counted".

    Raises
    ------
    InputError
        When a step lets more pass than entered, or others enter than had passed the step before.
    """
    places = {name: at for name in (*NUMBERS, CELLS, KIND) if (at := sheet.column(name)) is not None}
    causes = {heading[len(LOST) :]: i for i, heading in enumerate(sheet.headings) if heading.startswith(LOST)}
    names = name_column(sheet)
    rows: list[dict[str, Any]] = []
    marks, kinds, started = [], set(), 0.0
    for i, (_, cells) in enumerate(sheet.lines):
        given = {name: sheet.number(i, at) for name, at in places.items() if name != KIND and cells[at]}
        kind = cells[places[KIND]] if KIND in places else ""
        if kind == MILESTONE:
            shares = {name: given.get(name, 0.0) for name in ("fraction_of_all", "low", "high")}
            marks.append({"name": cells[names], "cells": given.get("passed", 0), **shares})
            continue
        kinds.add(kind)
        cells_given = given.pop(CELLS, None)
        started = started or cells_given or given.get("entered", 0.0)
        lost = {cause: sheet.number(i, at) for cause, at in causes.items() if cells[at]} if causes else None
        _check_row(sheet, i, given, rows[-1]["passed"] if rows else started)
        rows.append({"step": cells[names], **_completed(given, lost, started)})
        _check_lost(sheet, i, rows[-1])
    if not rows:
        raise InputError(sheet.path, list(sheet.headings), "at least one step below the headings")
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


def _completed(given: Mapping[str, float], lost: Mapping[str, float] | None, cells: float) -> dict[str, Any]:
    """Fields of a row; what its line does not say follows from what entered and what passed."""
    entered, passed, still = given["entered"], given["passed"], given.get("still", 0)
    if lost is None:
        lost = {"lost": entered - passed - still} if entered > passed + still else {}
    low, high = proportion(int(passed), int(cells)) if not {"low", "high"} <= set(given) else (0.0, 0.0)
    follows = {"fraction_of_previous": passed / entered if entered else 0.0, "fraction_of_all": passed / cells}
    return {**follows, "low": low, "high": high, "still": still, **given, "lost": lost}
