"""Counts from a table: which column is which, and every fault of every row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cascade.common.errors import Fault, InputError, is_number, nearest
from cascade.inference.counted import Count
from cascade.inference.tables import Column, Columns
from cascade.model.observables import Observable

KNOWN: Mapping[str, tuple[str, ...]] = {
    "animal": ("animal", "animal id", "mouse", "mouse id", "rat", "id", "subject"),
    "arm": ("arm", "group", "treatment", "condition"),
    "hours": ("hours", "hour", "h", "time (h)", "time_h", "time [h]"),
    "days": ("days", "day", "d", "time (d)", "time_d", "time [d]"),
    "observable": ("observable", "assay", "kind", "what", "measure"),
    "count": ("count", "counts", "counted", "cells counted"),
    "cells": ("cells", "injected", "cells injected"),
    "fraction": ("fraction", "sampled", "fraction sampled", "sampled fraction"),
    "limit": ("limit", "limit of detection", "lod"),
}
"""Headings by which columns are known, whatever their capitals."""

MOST_COUNTED = 1e15
MOST_LIMIT = 1e6
ONE_ARM = "all"
"""Name of the arm where there is no column of arms."""

_WANTED = {
    "count": "a whole number >= 0 as it was counted, or such as '<10' (of a part of the tissue, give its fraction)",
    "hours": "a number >= 0",
    "cells": "a number of cells > 0",
    "fraction": "a fraction above 0, up to 1",
    "limit": f"a number from 0 to {MOST_LIMIT:g}, or nothing",
}


class Given(NamedTuple):
    """What was said of a table beside it.

    Attributes
    ----------
    columns : mapping of str to str
        Headings by what their columns hold.
    wide : tuple of str
        Headings of columns of counts.
    numbers : mapping of str to float
        Of all rows: 'cells', 'fraction', 'limit'.
    unit : str or None
        'hours' or 'days'.
    """

    columns: Mapping[str, str]
    wide: tuple[str, ...]
    numbers: Mapping[str, float | None]
    unit: str | None


def observables_of(given: Mapping[str, Any] | Sequence[Observable]) -> dict[str, Observable]:
    """Names and what they count.

    Raises
    ------
    InputError
        For what is no observable.
    """
    if not isinstance(given, Mapping | list | tuple):
        raise InputError("observables", given, "cascade.Observable(...), or a mapping of names to states")
    if isinstance(given, Mapping):
        return {
            str(name): one if isinstance(one, Observable) else Observable(str(name), states=one)
            for name, one in given.items()
        }
    for one in given:
        if not isinstance(one, Observable):
            raise InputError("observables", one, "cascade.Observable(...), or a mapping of names to states")
    return {one.name: one for one in given}


class Reading:
    """The counts in a table.

    Parameters
    ----------
    source : Columns
    given : Given
    observables : mapping of str to Observable
        Names that may stand in the table; with none any may.

    Raises
    ------
    InputError
        When a column is missing.
    """

    def __init__(self, source: Columns, given: Given, observables: Mapping[str, Observable]) -> None:
        self.source, self.given, self.observables = source, given, observables
        for what in given.columns:
            if what not in KNOWN:
                raise InputError("columns", what, f"one of {', '.join(KNOWN)}; {nearest(what, list(KNOWN))}")
        self.found = {what: source.find(what, given.columns.get(what), names) for what, names in KNOWN.items()}
        for what in ("cells", "fraction", "limit"):  # what is counted may be called so
            column = self.found[what]
            if column is not None and column.heading in given.wide:
                self.found[what] = None
        self.time, self.hours_each = self._time()
        self.animal = self._needed("animal", "all counts of one are one unit")
        self.counted = [self._wide(heading) for heading in given.wide] or [self._count_column()]
        self._check_observable()
        self.numbers = {what: self._constant(what) for what in ("cells", "fraction", "limit")}
        numbers = [column for column in (self.found[what] for what in self.numbers) if column is not None]
        self.below = [source.unmarked(column, "<") for column in self.counted]
        source.reading([*self.counted, self.time, *numbers])

    def rows(self) -> tuple[Count, ...]:
        """All counts, those of one animal together.

        Raises
        ------
        ModelError
            With every fault of the table.
        """
        rows = [count for row in range(len(self.source.rows)) for count in self._row(row)]
        self._check_together(rows)
        self.source.check()
        if not rows:
            raise InputError(self.source.name, "no count", "at least one count")
        by_animal: dict[tuple[str, str], list[Count]] = {}
        for count in rows:
            by_animal.setdefault((count.animal, count.arm), []).append(count)
        return tuple(count for some in by_animal.values() for count in some)

    def _row(self, row: int) -> list[Count]:
        """The counts of one row; faults are noted."""
        animal = self._text(row, self.animal, "the name of the animal")
        arm = ONE_ARM if self.found["arm"] is None else self._text(row, self.found["arm"], "the name of an arm")
        hours = self._number(row, "hours", self.time)
        shared = {what: self._of(what, row) for what in self.numbers}
        counts = []
        for column, marked in zip(self.counted, self.below, strict=True):
            if self.given.wide and not self.source.text(row, column):
                continue  # not counted in this animal
            name = column.heading if self.given.wide else self._name(row)
            count, below = self._count(row, column, marked=row in marked)
            if count is None or hours is None or None in shared.values():
                continue
            cells, fraction, limit = (float(value or 0.0) for value in shared.values())
            below = max(below, limit if count < limit else 0.0)
            at = hours * self.hours_each
            counts.append(Count(animal, arm, name, at, 0 if below else count, cells, fraction, below))
        return counts

    def _time(self) -> tuple[Column, float]:
        """The column of times, and the hours of one of its units."""
        unit, source = self.given.unit, self.source
        if unit not in (None, "hours", "days"):
            raise InputError("unit", unit, "'hours' or 'days'")
        said = [what for what in ("hours", "days") if self.found[what] is not None]
        if unit is not None and said and said != [unit]:
            raise InputError("unit", unit, f"{said[0]!r}, as the heading {self.found[said[0]].heading!r} says")  # type: ignore[union-attr]
        known = {what: column for what in ("hours", "days") if (column := self.found[what]) is not None}
        if len(known) > 1:
            headings = [column.heading for column in known.values()]
            raise InputError(f"{source.name}, headings", headings, "one column of times")
        time = next(iter(known.values()), None) or source.find("hours", None, ("time", "t"))
        if time is None:
            wanted = f"a column of times, such as 'day', or columns={{'days': ...}}; {self._there}"
            raise InputError(f"{source.name}, headings", "no times", wanted)
        if unit is None and not known:
            raise InputError("unit", None, f"'hours' or 'days': the heading {time.heading!r} does not say it")
        return time, 24.0 if (unit or next(iter(known))) == "days" else 1.0

    @property
    def _there(self) -> str:
        return f"there are {', '.join(self.source.headings)}"

    def _needed(self, what: str, why: str) -> Column:
        """A column that has to be there."""
        column = self.found[what]
        if column is None:
            wanted = f"a column of it ({why}), or columns={{{what!r}: ...}}; {self._there}"
            raise InputError(f"{self.source.name}, headings", f"no {what}", wanted)
        return column

    def _wide(self, heading: str) -> Column:
        """A column of counts of a wide table."""
        if heading.strip().lower() not in [name.strip().lower() for name in self.source.headings]:
            raise InputError("wide", heading, f"a heading of the table; {nearest(heading, self.source.headings)}")
        column = self.source.find("count", heading, ())
        assert column is not None
        if self.observables and column.heading not in self.observables:
            wanted = f"what is counted there; {nearest(column.heading, list(self.observables))}"
            raise InputError("observables", column.heading, wanted)
        return column

    def _count_column(self) -> Column:
        return self._needed("count", "or wide=[...] with the headings of several")

    def _check_observable(self) -> None:
        """That it is said what was counted."""
        if not self.given.wide and self.found["observable"] is None and len(self.observables) != 1:
            self._needed("observable", "what was counted, where it is not one thing alone")

    def _constant(self, what: str) -> float | None:
        """A number of all rows; None where a column has it."""
        value, column = self.given.numbers.get(what), self.found[what]
        if value is not None:
            if not right(what, value):
                raise InputError(what, value, _WANTED[what])
            if column is not None:
                raise InputError(what, value, f"None, since the table has a column of it, {column.heading!r}")
            return float(value)
        if column is not None:
            return None
        if what == "cells":
            wanted = f"how many cells an animal was given: cells=..., or columns={{'cells': ...}}; {self._there}"
            raise InputError("cells", None, wanted)
        return 1.0 if what == "fraction" else 0.0

    def _of(self, what: str, row: int) -> float | None:
        """A number of a row, from its column or of all rows; None, and a fault noted, where it is wrong."""
        constant, column = self.numbers[what], self.found[what]
        if constant is not None or column is None:
            return constant
        if what == "limit" and not self.source.text(row, column):
            return 0.0
        return self._number(row, what, column)

    def _number(self, row: int, what: str, column: Column) -> float | None:
        value = self.source.number(row, column, _WANTED[what])
        if value is not None and not right(what, value):
            self.source.fault(row, column, _WANTED[what])
            return None
        return value

    def _text(self, row: int, column: Column | None, wanted: str) -> str:
        assert column is not None
        text = self.source.text(row, column)
        if not text:
            self.source.fault(row, column, wanted)
        return text

    def _name(self, row: int) -> str:
        """What was counted."""
        column = self.found["observable"]
        if column is None:
            return next(iter(self.observables))
        name = self._text(row, column, "what was counted")
        if name and self.observables and name not in self.observables:
            self.source.fault(row, column, f"what was counted; {nearest(name, list(self.observables))}")
        return name

    def _count(self, row: int, column: Column, *, marked: bool) -> tuple[int | None, float]:
        """The count in a cell, and the number that it is known to be below, or 0."""
        if not marked:
            number = self._number(row, "count", column)
            return (None if number is None else int(number)), 0.0
        number = self.source.number(row, column, _WANTED["count"])
        if number is not None and 1 <= number <= MOST_LIMIT:
            return 0, number
        if number is not None:
            self.source.fault(row, column, _WANTED["count"])
        return None, 0.0

    def _check_together(self, rows: Sequence[Count]) -> None:
        """Note an animal of which one thing was counted twice at one time, or that was given two numbers of cells."""
        times: dict[tuple[object, ...], int] = {}
        cells: dict[tuple[str, str], set[float]] = {}
        for row in rows:
            key = row.animal, row.arm, row.hours, row.observable
            times[key] = times.get(key, 0) + 1
            cells.setdefault((row.animal, row.arm), set()).add(row.cells)
        for (animal, arm), numbers in cells.items():
            if len(numbers) > 1:
                where = f"animal {animal!r} of {arm!r}, cells"
                self.source.faults.append(Fault(where, sorted(numbers), "one number of cells for each animal"))
        for (name, of_arm, hours, observable), number in times.items():
            if number > 1:
                where = f"animal {name!r} of {of_arm!r}, {observable!r} at {hours} h"
                wanted = "one count of each animal, time and observable"
                self.source.faults.append(Fault(where, f"{number} counts", wanted))


def right(what: str, value: object) -> bool:
    """Whether a number of a table is in its range: 'count', 'hours', 'cells', 'fraction' or 'limit'."""
    if not is_number(value):
        return False
    number = float(value)  # type: ignore[arg-type]
    if what == "count":
        return 0 <= number <= MOST_COUNTED and number.is_integer()
    if what == "hours":
        return 0 <= number <= 1e9
    return {"cells": 0 < number <= MOST_COUNTED, "fraction": 0 < number <= 1, "limit": 0 <= number <= MOST_LIMIT}[what]
