"""Counts from a table: which column is which, and every fault of every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cascade.common.errors import Fault, InputError, all_nearest
from cascade.common.frozen import FrozenDict
from cascade.inference.counted import Count, Counts
from cascade.inference.headed import HOURS_OF, MOST_LIMIT, NAMES, TIMES, WANTED, Headed, observables_of
from cascade.inference.tables import Column, Columns
from cascade.model.observables import Observable

KNOWN: Mapping[str, tuple[str, ...]] = {
    "animal": NAMES["animal"],
    "arm": NAMES["arm"],
    "hours": TIMES["hours"],
    "days": TIMES["days"],
    "observable": NAMES["observable"],
    "experiment": ("experiment", "batch", "block", "series"),
    "count": ("count", "counts", "counted", "cells counted"),
    "cells": NAMES["cells"],
    "fraction": ("fraction", "sampled", "fraction sampled", "sampled fraction"),
    "limit": ("limit", "limit of detection", "lod"),
}
"""Headings by which columns are known, whatever their capitals."""


def read_counts(
    table: object,
    observables: Mapping[str, Any] | Sequence[Observable],
    columns: Mapping[str, str] | None,
    wide: Sequence[str],
    numbers: Mapping[str, float | None],
    unit: str | None,
    sheet: str | int | None,
) -> Counts:
    """What stands in ``Data.counts``."""
    known = observables_of(observables)
    if not isinstance(wide, Sequence) or isinstance(wide, str) or not all(isinstance(h, str) for h in wide):
        raise InputError("wide", wide, "a list of headings of columns of counts")
    source = Columns(table, sheet)
    rows = _Reading(Headed(source, KNOWN, columns, unit), known, wide, numbers).rows()
    return Counts(rows, FrozenDict(known), source.name)


class _Reading:
    """The counts in a table."""

    def __init__(
        self,
        headed: Headed,
        observables: Mapping[str, Observable],
        wide: Sequence[str],
        numbers: Mapping[str, float | None],
    ) -> None:
        self.headed, self.source, self.observables, self.wide = headed, headed.source, observables, wide
        for what in numbers:  # what is counted may be called so
            column = headed.found[what]
            if column is not None and column.heading in wide:
                headed.found[what] = None
        experiment = headed.found["experiment"]
        if experiment is not None and self.source.is_empty(experiment):  # as tables of the package have it
            headed.found["experiment"] = None
        needed = {"animal": "all counts of one are one unit"}
        if not wide:
            needed["count"] = "or wide=[...] with the headings of several"
        if not wide and len(observables) != 1:
            needed["observable"] = "what was counted, where it is not one thing alone"
        self.animal, *counted = headed.needed(needed)
        self.time, unit = headed.time_of()
        self.hours_each = HOURS_OF[unit]
        self.told: list[tuple[str, str, str, float | None, float | None, str]] = []
        self._check_wide()
        self.counted = [self._wide(heading) for heading in wide] or counted[:1]
        without = {"cells": None, "fraction": 1.0, "limit": 0.0}
        self.numbers = {
            what: headed.constant(what, value, without[what], "how many cells an animal was given")
            for what, value in numbers.items()
        }
        others = [column for what in numbers if (column := headed.found[what]) is not None]
        self.below = [self.source.unmarked(column, "<") for column in self.counted]
        self.source.reading([*self.counted, self.time, *others])

    def rows(self) -> tuple[Count, ...]:
        """All counts, those of one animal together.

        Raises
        ------
        ModelError
            With every fault of the table.
        """
        rows = [count for row in range(len(self.source.rows)) for count in self._row(row)]
        self._check_together()
        self.source.check()
        if not rows:
            raise InputError(self.source.name, "no count", "at least one count")
        by_animal: dict[tuple[str, str], list[Count]] = {}
        for count in rows:
            by_animal.setdefault((count.animal, count.arm), []).append(count)
        return tuple(count for some in by_animal.values() for count in some)

    def _row(self, row: int) -> list[Count]:
        """The counts of one row; faults are noted."""
        animal = self.headed.text(row, self.animal, "the name of the animal")
        arm = self.headed.arm(row)
        hours = self.headed.number(row, "hours", self.time)
        of = self.headed.found["experiment"]
        experiment = "" if of is None else self.headed.text(row, of, "the name of the experiment")
        shared = {what: self._of(what, row) for what in self.numbers}
        counts = []
        for column, marked in zip(self.counted, self.below, strict=True):
            if self.wide and not self.source.text(row, column):
                continue  # not counted in this animal
            name = column.heading
            if not self.wide:
                name = self.headed.name(row, "observable", self.observables, "what was counted")
            count, below = self._count(row, column, marked=row in marked)
            at = None if hours is None else hours * self.hours_each
            self.told.append((animal, arm, name, at, shared["cells"], experiment))
            if count is None or at is None or None in shared.values():
                continue
            cells, fraction, limit = (float(value or 0.0) for value in shared.values())
            below = max(below, limit if count < limit else 0.0)
            counts.append(Count(animal, arm, name, at, 0 if below else count, cells, fraction, below, experiment))
        return counts

    def _check_wide(self) -> None:
        """That all columns of counts of a wide table are there, and are said what they count."""
        headings = {heading.strip().lower(): heading for heading in self.source.headings}
        missing = [heading for heading in self.wide if heading.strip().lower() not in headings]
        if missing:
            wanted = f"{'headings' if missing[1:] else 'a heading'} of the table; "
            wanted += all_nearest(missing, self.source.headings)
            raise InputError("wide", missing if missing[1:] else missing[0], wanted)
        there = [headings[heading.strip().lower()] for heading in self.wide]
        unsaid = [heading for heading in there if heading not in self.observables] if self.observables else []
        if unsaid:
            wanted = f"what is counted there; {all_nearest(unsaid, list(self.observables))}"
            raise InputError("observables", unsaid if unsaid[1:] else unsaid[0], wanted)

    def _wide(self, heading: str) -> Column:
        """A column of counts of a wide table."""
        column = self.source.find("count", heading, ())
        assert column is not None
        return column

    def _of(self, what: str, row: int) -> float | None:
        """A number of a row, from its column or of all rows; None, and a fault noted, where it is wrong."""
        constant, column = self.numbers[what], self.headed.found[what]
        if constant is not None or column is None:
            return constant
        if what == "limit" and not self.source.text(row, column):
            return 0.0
        return self.headed.number(row, what, column)

    def _count(self, row: int, column: Column, *, marked: bool) -> tuple[int | None, float]:
        """The count in a cell, and the number that it is known to be below, or 0."""
        if not marked:
            number = self.headed.number(row, "count", column)
            return (None if number is None else int(number)), 0.0
        number = self.source.number(row, column, WANTED["count"])
        if number is not None and 1 <= number <= MOST_LIMIT:
            return 0, number
        if number is not None:
            self.source.fault(row, column, WANTED["count"])
        return None, 0.0

    def _check_together(self) -> None:
        """Note an animal of which one thing was counted twice at one time, or that was given two numbers of cells."""
        times: dict[tuple[str, str, float, str], int] = {}
        cells: dict[tuple[str, str], set[float]] = {}
        experiments: dict[tuple[str, str], set[str]] = {}
        for animal, arm, name, hours, given, experiment in self.told:
            if not animal or not arm:
                continue  # which is told
            if hours is not None and name:
                times[animal, arm, hours, name] = times.get((animal, arm, hours, name), 0) + 1
            cells.setdefault((animal, arm), set()).update([] if given is None else [given])
            experiments.setdefault((animal, arm), set()).update([experiment] if experiment else [])
        for (animal, arm), names in experiments.items():
            if len(names) > 1:
                where = f"animal {animal!r} of {arm!r}, experiment"
                self.source.faults.append(Fault(where, sorted(names), "one experiment for each animal"))
        for (animal, arm), numbers in cells.items():
            if len(numbers) > 1:
                where = f"animal {animal!r} of {arm!r}, cells"
                self.source.faults.append(Fault(where, sorted(numbers), "one number of cells for each animal"))
        for (name, of_arm, at, observable), number in times.items():
            if number > 1:
                where = f"animal {name!r} of {of_arm!r}, {observable!r} at {at} h"
                wanted = "one count of each animal, time and observable"
                self.source.faults.append(Fault(where, f"{number} counts", wanted))
