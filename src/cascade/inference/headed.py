"""Tables whose columns are known by their headings: times in a unit, names, numbers in their ranges."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cascade.common.errors import InputError, all_nearest, is_number, nearest, shorten
from cascade.common.notices import notice
from cascade.inference.tables import Column, Columns
from cascade.model.observables import Observable

TIMES: Mapping[str, tuple[str, ...]] = {
    "hours": ("hours", "hour", "h", "time (h)", "time_h", "time [h]"),
    "days": ("days", "day", "d", "time (d)", "time_d", "time [d]"),
    "weeks": ("weeks", "week", "time (weeks)", "time_weeks"),
    "months": ("months", "month", "time (months)", "time_months"),
    "years": ("years", "year", "time (years)", "time_years"),
}
"""Headings of times, by their unit."""

HOURS_OF: Mapping[str, float] = {"hours": 1.0, "days": 24.0, "weeks": 168.0, "months": 730.5, "years": 8766.0}

NAMES: Mapping[str, tuple[str, ...]] = {
    "animal": ("animal", "animal id", "mouse", "mouse id", "rat", "id", "subject"),
    "arm": ("arm", "group", "treatment", "condition"),
    "observable": ("observable", "assay", "kind", "what", "measure"),
    "cells": ("cells", "injected", "cells injected"),
}
"""Headings that several kinds of tables have."""

MOST_COUNTED = 1e15
MOST_LIMIT = 1e6
LONGEST = 1e9
"""Hours."""

ONE_ARM = "all"
"""Name of the arm where there is no column of arms."""

WANTED = {
    "count": "a whole number >= 0 as it was counted, or such as '<10' (of a part of the tissue, give its fraction)",
    "hours": "a number >= 0",
    "cells": "a number of cells > 0",
    "first of": "a number of cells >= 1, of which the first counts",
    "fraction": "a fraction above 0, up to 1",
    "limit": f"a number from 0 to {MOST_LIMIT:g}, or nothing",
    "found": "a whole number >= 0",
    "of": "a whole number >= 1",
}
"""What a number has to be, by what it is."""


def observables_of(
    given: Mapping[str, Any] | Sequence[Observable], field: str = "observables"
) -> dict[str, Observable]:
    """Names and what they count.

    Raises
    ------
    InputError
        For what is no observable.
    """
    wanted = "cascade.Observable(...), or a mapping of names to states"
    if not isinstance(given, Mapping | list | tuple):
        raise InputError(field, given, wanted)
    if isinstance(given, Mapping):
        return {str(name): _observable(field, str(name), one, wanted) for name, one in given.items()}
    for one in given:
        if not isinstance(one, Observable):
            raise InputError(field, one, wanted)
    return {one.name: one for one in given}


def _observable(field: str, name: str, one: object, wanted: str) -> Observable:
    """What a name means."""
    if isinstance(one, Observable):
        return one
    some = [one] if isinstance(one, str) else list(one) if isinstance(one, Sequence) else []
    if not some or not all(isinstance(state, str) and state for state in some):
        raise InputError(f"{field}[{name!r}]", one, f"a state, a list of states, or {wanted.split(', or')[0]}")
    return Observable(name, states=tuple(some))


def in_unit(hours: float, unit: str) -> float:
    """A time in another unit: the shortest number that comes to the same hours when it is read again.

    Examples
    --------
    >>> in_unit(74.4, "days"), 74.4 / 24
    (3.1, 3.1)
    """
    each = HOURS_OF[unit]
    near = [hours / each]
    for end in (-math.inf, math.inf):
        last = near[0]
        for _ in range(2):
            last = math.nextafter(last, end)
            near.append(last)
    right = [number for number in near if number * each == hours]
    return min(right, key=lambda number: len(repr(number)), default=near[0])


class Headed:
    """A table, and its columns by what they hold.

    Parameters
    ----------
    source : Columns
    known : mapping of str to sequence of str
        Headings by which columns are known, whatever their capitals, by what they hold.
    columns : mapping of str to str or None
        Headings that were said.
    unit : str or None
        Of times.

    Raises
    ------
    InputError
        When a column that was said is not there, or what it holds is not known.
    """

    def __init__(
        self,
        source: Columns,
        known: Mapping[str, Sequence[str]],
        columns: Mapping[str, str] | None,
        unit: str | None,
    ) -> None:
        if columns is not None and not (
            isinstance(columns, Mapping) and all(isinstance(h, str) for h in columns.values())
        ):
            raise InputError("columns", columns, f"a mapping such as {{{next(iter(known))!r}: 'a heading'}}")
        unknown = [what for what in columns or {} if what not in known]
        if unknown:
            wanted = f"{'some' if unknown[1:] else 'one'} of {', '.join(known)}; {all_nearest(unknown, list(known))}"
            raise InputError("columns", unknown if unknown[1:] else unknown[0], wanted)
        there = {heading.strip().lower() for heading in source.headings}
        missing = {what: heading for what, heading in (columns or {}).items() if heading.strip().lower() not in there}
        if len(missing) > 1:
            wanted = f"headings of the table; {all_nearest(list(missing.values()), source.headings)}"
            raise InputError("columns", missing, wanted)
        self.source, self.unit = source, unit
        self.units = [what for what in TIMES if what in known]
        self.found = {what: source.find(what, (columns or {}).get(what), names) for what, names in known.items()}
        self._say_if_alike()

    def _say_if_alike(self) -> None:
        """Arms, and animals of one arm, whose names differ by capitals or blanks alone: each is one of its own."""
        arms, animals = self.found["arm"], self.found.get("animal")
        pairs = dict.fromkeys(
            (self.source.text(row, arms) if arms else "", self.source.text(row, animals) if animals else "")
            for row in range(len(self.source.rows))
        )
        named: dict[tuple[str, str], dict[str, None]] = {}
        for arm, animal in pairs:
            named.setdefault(("arms", _folded(arm)), {})[arm] = None
            named.setdefault((f"animals of {arm!r}" if arms else "animals", _folded(animal)), {})[animal] = None
        for (what, _), names in named.items():
            if len(names) > 1:
                notice(
                    f"the {what} {' and '.join(map(shorten, names))} of {self.source.name} differ by capitals or blanks"
                    " alone, and are taken as different: if one is meant, write it in one way"
                )

    def time_of(self) -> tuple[Column, str]:
        """The column of times, and its unit.

        Raises
        ------
        InputError
            Where there is none, or several, or no unit.
        """
        source, units = self.source, " or ".join(map(repr, self.units))
        if self.unit is not None and self.unit not in self.units:
            raise InputError("unit", self.unit, units)
        known = {what: column for what in self.units if (column := self.found[what]) is not None}
        for said, column in known.items():
            if self.unit not in (None, said):
                raise InputError("unit", self.unit, f"{said!r}, as the heading {column.heading!r} says")
        if len(known) > 1:
            headings = [column.heading for column in known.values()]
            raise InputError(f"{source.name}, headings", headings, "one column of times")
        time = next(iter(known.values()), None) or self._time()
        if time is None:
            wanted = f"a column of times, such as 'day', or columns={{'days': ...}}; {self.there}"
            raise InputError(f"{source.name}, headings", "no times", wanted)
        unit = self.unit or next(iter(known), None)
        if unit is None:
            raise InputError("unit", None, f"{units}: the heading {time.heading!r} does not say it")
        return time, unit

    @property
    def there(self) -> str:
        """Which headings there are."""
        return f"there are {', '.join(self.source.headings)}"

    def needed(self, columns: Mapping[str, str], *, times: bool = True) -> list[Column]:
        """Columns that have to be there, each with why; all that are missing are told at once.

        Parameters
        ----------
        columns : mapping of str to str
        times : bool
            Whether times have to be there, too.

        Raises
        ------
        InputError
        """
        found = {what: self.found[what] for what in columns}
        missing = [what for what, column in found.items() if column is None]
        if times and missing and not any(self.found[unit] for unit in self.units) and not self._time():
            missing = ["times", *missing]
        if missing:
            whys = [f"of {what} ({why})" for what, why in columns.items() if what in missing]
            whys = (["of times, such as 'day'"] if "times" in missing else []) + whys
            one = missing[-1]
            of = f"a column {whys[0].replace(one, 'it', 1)}" if len(missing) == 1 else f"columns {', '.join(whys)}"
            wanted = f"{of}, or columns={{{one!r}: ...}}; {self.there}"
            raise InputError(f"{self.source.name}, headings", ", ".join(f"no {what}" for what in missing), wanted)
        return [column for column in found.values() if column is not None]

    def _time(self) -> Column | None:
        """A column of times whose heading says no unit."""
        return self.source.find("hours", None, ("time", "t"))

    def text(self, row: int, column: Column, wanted: str) -> str:
        """The text in a cell; '', and a fault noted, where there is none."""
        text = self.source.text(row, column)
        if not text:
            self.source.fault(row, column, wanted)
        return text

    def arm(self, row: int) -> str:
        """The arm of a row."""
        column = self.found["arm"]
        return ONE_ARM if column is None else self.text(row, column, "the name of an arm")

    def name(self, row: int, what: str, known: Mapping[str, Any], wanted: str) -> str:
        """A name in a column of names, or the only one that was given; '', and a fault noted, for another."""
        column = self.found[what]
        if column is None:
            return next(iter(known))
        name = self.text(row, column, wanted)
        if name and known and name not in known:
            self.source.fault(row, column, f"{wanted}; {nearest(name, list(known))}")
        return name

    def constant(
        self, what: str, value: object, without: float | None, why: str = "", *, kind: str = ""
    ) -> float | None:
        """A number of all rows, as it was given or as it is without; None where a column has it.

        Raises
        ------
        InputError
            For one out of range or given twice, or where it is needed.
        """
        column = self.found[what]
        if value is not None:
            if not right(kind or what, value):
                raise InputError(what, value, WANTED[kind or what])
            if column is not None:
                raise InputError(what, value, f"None, since the table has a column of it, {column.heading!r}")
            return float(value)  # type: ignore[arg-type]
        if column is None and without is None:
            raise InputError(what, None, f"{why}: {what}=..., or columns={{{what!r}: ...}}; {self.there}")
        return without if column is None else None

    def number(self, row: int, what: str, column: Column) -> float | None:
        """The number in a cell; None, and a fault noted, where it is none or out of its range."""
        value = self.source.number(row, column, WANTED[what])
        if value is not None and not right(what, value):
            self.source.fault(row, column, WANTED[what])
            return None
        return value


def _folded(name: str) -> str:
    """A name without what people write now so, now so."""
    return " ".join(name.split()).casefold()


def right(what: str, value: object) -> bool:
    """Whether a number of a table is in its range: of a count, a time in hours, cells, a fraction, a limit."""
    if not is_number(value):
        return False
    number = float(value)  # type: ignore[arg-type]
    if what in ("count", "found"):
        return 0 <= number <= MOST_COUNTED and number.is_integer()
    if what == "of":
        return 1 <= number <= MOST_COUNTED and number.is_integer()
    if what == "hours":
        return 0 <= number <= LONGEST
    return {
        "first of": 1 <= number <= MOST_COUNTED,
        "cells": 0 < number <= MOST_COUNTED,
        "fraction": 0 < number <= 1,
        "limit": 0 <= number <= MOST_LIMIT,
    }[what]
