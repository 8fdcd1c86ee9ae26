"""Patients from a table: which column is which, how they are put together, and every fault of every row."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from cascade.common.errors import InputError, is_number, nearest
from cascade.inference.cohorts.rows import Classes, Patient, Patients
from cascade.inference.headed import HOURS_OF, NAMES, TIMES, Headed
from cascade.inference.reading_times import HAPPENED, NOTHING
from cascade.inference.tables import Column, Columns

KNOWN: Mapping[str, tuple[str, ...]] = {
    "arm": NAMES["arm"],
    "mm": ("mm", "size", "size (mm)", "size_mm", "diameter", "diameter (mm)", "tumour size", "tumor size"),
    "mm_from": ("mm_from",),
    "mm_to": ("mm_to",),
    "nodes_from": ("nodes_from",),
    "nodes_to": ("nodes_to",),
    "nodes": ("nodes", "positive nodes", "nodes positive", "nodes_positive", "n"),
    "metastasis": ("metastasis", "metastatic", "m", "m1", "metastasis_seen", "stage iv"),
    "tube": ("ctc", "tube", "cells in 7.5 ml", "circulating tumour cells", "circulating tumor cells"),
    **TIMES,
    "event": ("event", "recurrence", "relapse", "distant", "distant recurrence", "status"),
    "patients": ("patients", "number", "count", "how many"),
}
"""Headings by which columns are known, whatever their capitals."""

ENDS = "from", "to"

GIVEN = ("mm", "nodes", "metastasis")

MM, NODES, TUBE = (10.0, 20.0, 30.0, 50.0), (1, 4, 10), (1, 5)
YEARS = (1.0, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 40.0)
"""Classes where none are said and no range in the table has borders of its own."""

MOST_MM, MOST_NODES, MOST_YEARS = 1000.0, 1000.0, 150.0

_NUMBER = r"(\d+(?:\.\d+)?)"
_BETWEEN = re.compile(rf"{_NUMBER}\s*(?:-|\u2013|to)\s*{_NUMBER}$")
_ABOVE = re.compile(rf"(?:>=|≥)\s*{_NUMBER}$|{_NUMBER}\s*(?:\+|and more)$")
_BELOW = re.compile(rf"<\s*{_NUMBER}$")
_BEYOND = re.compile(rf">\s*{_NUMBER}$")

WANTED = {
    "mm": "a diameter in mm, or a range such as '10-20', '<10', '>=50', or nothing",
    "nodes": "a number of positive nodes, or a range such as '1-3', '4+', 'N0', 'N+', or nothing",
    "metastasis": "yes, no or nothing",
    "tube": "a whole number of cells, or nothing",
    "years": f"a time of at most {MOST_YEARS:g} years, or nothing",
    "event": "whether a distant metastasis was seen then: yes, no",
    "patients": "a whole number from 0 on",
}


def read_patients(
    table: object,
    columns: Mapping[str, str] | None,
    unit: str | None,
    asked: Mapping[str, Sequence[float] | None],
    given: Sequence[str],
    sheet: str | int | None = None,
) -> Patients:
    """What stands in ``Data.patients``."""
    for what in given if not isinstance(given, str) else [given]:
        if what not in GIVEN:
            raise InputError("given", what, f"some of {', '.join(GIVEN)}; {nearest(str(what), GIVEN)}")
    source = Columns(table, sheet)
    reading = _Reading(Headed(source, KNOWN, columns, unit))
    rows = reading.rows()
    classes = Classes(
        _edges("mm", asked["mm"], [(r.mm_from, r.mm_to) for r in rows], MM),
        _whole(_edges("nodes", asked["nodes"], [(r.nodes_from, r.nodes_to + 1) for r in rows], NODES)),
        _whole(_edges("tube", asked["tube"], [], TUBE)),
        _years(_edges("years", asked["years"], [], YEARS), rows, said=asked["years"] is not None),
    )
    _check_ranges(source, reading.headed.found, rows, classes)
    source.check()
    kept = tuple(row for row in rows if row.patients)
    if not kept:
        raise InputError(source.name, "no patients", "at least one")
    given = (given,) if isinstance(given, str) else tuple(given)
    return Patients(kept, classes, given, source.name)


class _Reading:
    """The patients in a table."""

    def __init__(self, headed: Headed) -> None:
        self.headed, self.source = headed, headed.source
        self.time: Column | None = None
        said = ""
        if any(headed.found[unit] for unit in TIMES) or headed.unit:
            self.time, said = headed.time_of()
        self.each = HOURS_OF[said] / HOURS_OF["years"] if said else math.nan
        self.ends = [what for what in KNOWN if what.endswith(("_from", "_to"))]
        for what in ("mm", "nodes"):
            if headed.found[what] and (two := [h for end in ENDS if (h := headed.found[f"{what}_{end}"])]):
                headings = [column.heading for column in (headed.found[what], *two) if column]
                raise InputError(f"{self.source.name}, headings", headings, f"{what}, or where it lies from and to")
        if not any(headed.found[what] for what in ("mm", "nodes", "metastasis", "tube", *self.ends)) and not self.time:
            headed.needed(
                {"mm": "or of nodes, metastasis, tube, or years with event: something has to be known"}, times=False
            )
        if self.time is not None:
            headed.needed({"event": "what was seen then, or nothing"})
        self.source.reading([self.time, *(headed.found[what] for what in ("patients", "tube", *self.ends))])

    def rows(self) -> tuple[Patient, ...]:
        """All rows; of a wrong one what is right of it, and all its faults noted."""
        return tuple(self._row(i) for i in range(len(self.source.rows)))

    def _row(self, row: int) -> Patient:
        """One row."""
        mm, nodes = self._range(row, "mm", MOST_MM), self._range(row, "nodes", MOST_NODES)
        metastasis, tube = self._yes(row, "metastasis"), self._count(row, "tube", -1)
        patients = self._count(row, "patients", 1)
        years, event = self._seen(row)
        arm = self.headed.arm(row)
        if metastasis == 1 and event:
            column = self.headed.found["event"]
            assert column is not None
            self.source.fault(row, column, "no: it was there at diagnosis")
        return Patient(arm, *mm, *nodes, metastasis, tube, years, event, patients)

    def _seen(self, row: int) -> tuple[float, bool]:
        """Years that are followed, and whether a metastasis was seen then."""
        time, column = self.time, self.headed.found["event"]
        if time is None or not self.source.text(row, time):
            return math.nan, False
        assert column is not None
        years = self.source.number(row, time, WANTED["years"])
        if years is not None and not 0 <= years * self.each <= MOST_YEARS:
            self.source.fault(row, time, WANTED["years"])
            years = None
        return (math.nan if years is None else years * self.each), self._yes(row, "event", empty=0) == 1

    def _yes(self, row: int, what: str, empty: int = -1) -> int:
        """1, 0, or what an empty cell means."""
        column = self.headed.found[what]
        text = "" if column is None else self.source.text(row, column).lower()
        if not text:
            return empty
        assert column is not None
        if text in HAPPENED or text in ("m1", "distant", "metastasis", "recurrence", "relapse"):
            return 1
        if text not in NOTHING and text not in ("m0", "n"):
            self.source.fault(row, column, WANTED[what])
        return 0

    def _count(self, row: int, what: str, empty: int) -> int:
        """A whole number of a cell, or what an empty one means."""
        column = self.headed.found[what]
        if column is None or not self.source.text(row, column):
            return empty
        value = self.source.number(row, column, WANTED[what])
        if value is not None and not (0 <= value <= 1e9 and value.is_integer()):
            self.source.fault(row, column, WANTED[what])
        return 0 if value is None or not math.isfinite(value) else int(value)

    def _range(self, row: int, what: str, most: float) -> tuple[float, float]:
        """From the least to the most that a cell says; of sizes up to its second border, of nodes with it."""
        column = self.headed.found[what]
        if column is None:
            return self._between(row, what, most)
        text = self.source.text(row, column)
        if not text:
            return 0.0, math.inf
        assert column is not None
        ends = range_of(text, whole=what == "nodes")
        wrong = ends is None or not ends[0] <= ends[1] or ends[0] > most or (most < ends[1] < math.inf)
        if ends is None or wrong or (what == "mm" and ends[1] == 0):
            self.source.fault(row, column, WANTED[what])
            return 0.0, math.inf
        return ends

    def _between(self, row: int, what: str, most: float) -> tuple[float, float]:
        """The same from a column of the least and one of the most, of which an empty cell sets no end."""
        ends = [0.0, math.inf]
        for k, end in enumerate(ENDS):
            column = self.headed.found[f"{what}_{end}"]
            if column is None or not self.source.text(row, column):
                continue
            least = ends[0]
            wanted = f"a number from {least:g} to {most:g}{', whole' * (what == 'nodes')}, or nothing"
            value = self.source.number(row, column, wanted)
            if value is None:
                continue
            nothing = what == "mm" and end == "to" and value == 0
            if nothing or not ends[0] <= value <= most or (what == "nodes" and not value.is_integer()):
                self.source.fault(row, column, wanted)
                continue
            ends[k] = value
        return ends[0], ends[1]


def range_of(text: str, *, whole: bool) -> tuple[float, float] | None:
    """The least and the most that a text says, of whole numbers or of others; None where it is no range.

    Examples
    --------
    >>> [range_of(text, whole=True) for text in ("1-3", "4+", "<4", "N+", "many")]
    [(1.0, 3.0), (4.0, inf), (0.0, 3.0), (1.0, inf), None]
    """
    text = text.strip().lower()
    if whole:
        text = {"n0": "0", "n+": "1+", "no": "0", "yes": "1+"}.get(text, text)
    try:
        value = float(text)
    except ValueError:
        pass
    else:
        right = math.isfinite(value) and value >= 0 and (value.is_integer() or not whole)
        return (value, value) if right else None
    if found := _BETWEEN.match(text):
        return float(found[1]), float(found[2])
    if found := _ABOVE.match(text):
        return float(found[1] or found[2]), math.inf
    if found := _BELOW.match(text):
        return 0.0, float(found[1]) - whole
    if found := _BEYOND.match(text):
        return float(found[1]) + whole, math.inf
    return None


def _edges(
    what: str, said: Sequence[float] | None, ranges: Iterable[tuple[float, float]], without: Sequence[float]
) -> tuple[float, ...]:
    """Borders of classes: as they were said, as the ranges of the table have them, or the usual ones."""
    if said is not None:
        right = isinstance(said, list | tuple | np.ndarray) and len(said) > 0 and all(is_number(one) for one in said)
        ascending = right and all(a < b for a, b in pairwise((0.0, *said))) and math.isfinite(said[-1])
        if not ascending:
            raise InputError(what, said, "borders above 0, ascending, such as " + ", ".join(f"{v:g}" for v in without))
        return tuple(float(one) for one in said)
    wide = [(low, high) for low, high in ranges if _is_range(what, low, high)]
    least, most = {low for low, _ in wide}, {high for _, high in wide}
    # '10-19' beside '20-29' is in whole millimetres: up to 20.
    most -= {high for high in most - least if what == "mm" and high + 1 in least}
    return tuple(sorted(end for end in least | most if 0 < end < math.inf)) or tuple(without)


def _is_range(what: str, low: float, high: float) -> bool:
    """Whether it is less than a number, and more than nothing."""
    wide = high > low + 1 if what == "nodes" else high > low
    return wide and not (low == 0 and math.isinf(high))


def _whole(edges: Sequence[float]) -> tuple[int, ...]:
    if any(edge != int(edge) for edge in edges):
        raise InputError("nodes", list(edges), "whole numbers")
    return tuple(int(edge) for edge in edges)


def _years(edges: Sequence[float], rows: Sequence[Patient], *, said: bool) -> tuple[float, ...]:
    """Ends of intervals, as far as anybody is followed."""
    last = max((row.years for row in rows if not math.isnan(row.years)), default=0.0)
    if last == 0.0:
        return tuple(edges)
    kept = [edge for edge in edges if edge < last]
    more = [edge for edge in edges if edge >= last][:1]
    return tuple(kept + (more if said or more else [math.ceil(last)]))


def _check_ranges(
    source: Columns, found: Mapping[str, Column | None], rows: Sequence[Patient], classes: Classes
) -> None:
    """Note every range that lies in no one class."""
    for i, row in enumerate(rows):
        for what, low, high in (("mm", row.mm_from, row.mm_to), ("nodes", row.nodes_from, row.nodes_to + 1)):
            column, edges = found[what] or found[f"{what}_to"] or found[f"{what}_from"], getattr(classes, what)
            if column is None or not _is_range(what, low, high):
                continue
            if any(low < edge < high for edge in edges):
                source.fault(
                    i, column, f"a range within one class, whose borders are {', '.join(f'{e:g}' for e in edges)}"
                )
