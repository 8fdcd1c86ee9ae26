"""Times, findings and looks from tables: which column is which, and every fault of every row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cascade.common.errors import Fault, InputError
from cascade.common.frozen import FrozenDict
from cascade.inference.headed import HOURS_OF, NAMES, TIMES, Headed, observables_of
from cascade.inference.panels import Look, Panel
from cascade.inference.seen import Found, Seen
from cascade.inference.tables import Column, Columns
from cascade.inference.timed import Time, Times
from cascade.model.observables import Observable

UNIT = ("unit", "id", "cell", "cell id", "track", "track id", "patient", "patient id", "subject")
ANIMAL = ("animal", "animal id", "mouse", "mouse id", "rat")

KNOWN_TIMES: Mapping[str, tuple[str, ...]] = {
    "unit": UNIT,
    "animal": ANIMAL,
    "arm": NAMES["arm"],
    **TIMES,
    "event": ("event", "status", "outcome", "end", "cause"),
    "after": ("after", "last without", "left", "time1"),
    "entry": ("entry", "entered", "enter", "start"),
    "cells": NAMES["cells"],
}
"""Headings by which columns of times are known, whatever their capitals."""

KNOWN_SEEN: Mapping[str, tuple[str, ...]] = {
    "arm": NAMES["arm"],
    **TIMES,
    "observable": (*NAMES["observable"], "organ", "site"),
    "found": ("found", "k", "positive", "with", "events"),
    "of": ("of", "n", "total", "animals", "autopsies"),
    "cells": NAMES["cells"],
}

KNOWN_PANEL: Mapping[str, tuple[str, ...]] = {
    "unit": UNIT,
    "animal": ANIMAL,
    "arm": NAMES["arm"],
    **TIMES,
    "state": ("state", "states", "class", "phenotype", "observable"),
}

NOTHING = frozenset({"", "0", "censored", "censor", "alive", "none", "no", "false"})
"""What says in a column of events that nothing has happened, where it is not said otherwise."""


HAPPENED = frozenset({"1", "true", "yes", "y"})
"""What says that it has happened, where one event alone is given."""


def read_times(
    table: object,
    events: Mapping[str, Any] | Sequence[Observable],
    columns: Mapping[str, str] | None,
    numbers: Mapping[str, float | None],
    unit: str | None,
    sheet: str | int | None,
) -> Times:
    """What stands in ``Data.times``."""
    none = set()
    if isinstance(events, Mapping):
        none = {str(name).strip() for name, one in events.items() if one is None}
        events = {str(name): one for name, one in events.items() if one is not None}
    known = observables_of(events, "events")
    source = Columns(table, sheet)
    reading = _TimesReading(Headed(source, KNOWN_TIMES, columns, unit), known, none, numbers)
    return Times(reading.rows(), FrozenDict(known), source.name, reading.unit)


class _TimesReading:
    """The times in a table."""

    def __init__(
        self, headed: Headed, events: Mapping[str, Observable], none: set[str], numbers: Mapping[str, float | None]
    ) -> None:
        self.headed, self.source, self.events, self.none = headed, headed.source, events, none
        (self.event,) = headed.needed({"event": "what happened then, or nothing"})
        self.time, self.unit = headed.time_of()
        self.each = HOURS_OF[self.unit]
        self.cells = headed.constant("cells", numbers["cells"], 1.0, kind="first of")
        self.keys: list[tuple[str, str, str]] = []
        self.early = self.source.unmarked(self.time, "<")
        self.late = self.source.unmarked(self.time, ">")
        texts = {self.source.text(row, self.event) for row in range(len(self.source.rows))} - {"", *events}
        # Where a code says that nothing has happened, an empty cell says nothing; beside a cause that censors it does.
        self.said = any(text.lower() in NOTHING or (text in none and text.isdigit()) for text in texts)
        others = [headed.found[what] for what in ("after", "entry", "cells")]
        self.source.reading([self.time, *others])

    def rows(self) -> tuple[Time, ...]:
        """All rows.

        Raises
        ------
        ModelError
            With every fault of the table.
        """
        rows = [time for row in range(len(self.source.rows)) if (time := self._row(row)) is not None]
        _check_once(self.source, self.keys, "one row for each")
        self.source.check()
        if not any(row.event for row in rows):
            raise InputError(self.source.name, "no event", "at least one event; all rows are censored")
        return tuple(rows)

    def _row(self, row: int) -> Time | None:
        """One row; None, and all its faults noted, where it is wrong."""
        headed, source, before = self.headed, self.source, len(self.source.faults)
        unit, animal = _who(headed, row)
        arm, event = headed.arm(row), self._event(row)
        self.keys.append((arm, animal, unit))
        by, after, entry = (self._hours(row, column) for column in self._times())
        cells = self.cells if self.cells is not None else headed.number(row, "first of", self._column("cells"))
        given = headed.found["after"] is not None and bool(source.text(row, self._column("after")))
        self._check_event(row, event, given=given)
        self._check_order(row, event, by, after if given else None, entry)
        if len(source.faults) > before:
            return None
        assert event is not None
        assert by is not None
        assert after is not None
        assert entry is not None
        assert cells is not None
        if not event:
            after, by = by, math.inf
        elif row not in self.early and not given:
            after = by
        return Time(unit, animal, arm, event, after, by, entry, cells)

    def _check_event(self, row: int, event: str | None, *, given: bool) -> None:
        """Note where what happened does not go with how its time is written."""
        if row in self.late and event:
            wanted = "nothing, beside a time such as '>10', by which nothing had happened"
            self.source.fault(row, self.event, wanted)
        if row in self.early and event == "":
            self.source.fault(row, self.event, "what had happened by a time such as '<10'")
        elif given and event == "":
            self.source.fault(row, self._column("after"), "nothing, where nothing has happened")

    def _check_order(
        self, row: int, event: str | None, by: float | None, after: float | None, entry: float | None
    ) -> None:
        """Note which of the times of a row that are known are in no order."""
        happened = event != "" or row in self.early
        if happened and after is not None and by is not None and after >= by:
            self.source.fault(row, self._column("after"), "a time before that of the event")
        if not entry:
            return
        # A look at the start says no more than none.
        looked = happened and after is not None and 0 < after < entry
        if looked or (by is not None and entry >= by):
            wanted = "a time before the end, and not after the last look without event"
            self.source.fault(row, self._column("entry"), wanted)

    def _times(self) -> tuple[Column | None, ...]:
        return self.time, self.headed.found["after"], self.headed.found["entry"]

    def _column(self, what: str) -> Column:
        column = self.headed.found[what]
        assert column is not None
        return column

    def _hours(self, row: int, column: Column | None) -> float | None:
        """A time in hours; of an empty cell beside that of times 0."""
        if column is None or (column is not self.time and not self.source.text(row, column)):
            return 0.0
        number = self.headed.number(row, "hours", column)
        if number == 0 and column is self.time:
            self.source.fault(
                row, column, "a time above 0: what is so at the start is no event, and nobody seen no longer"
            )
            return None
        return None if number is None else number * self.each

    def _event(self, row: int) -> str | None:
        """The name of what happened, '' of nothing; None, and a fault noted, for a name that was not given."""
        name = self.source.text(row, self.event)
        if name in self.events:
            return name
        if name in self.none or (not self.none and name.lower() in NOTHING and bool(name)):
            return ""
        if not name:
            if self.said and row not in self.late:
                self.source.fault(row, self.event, "what happened, or nothing, as other rows say it")
            return None if self.said and row not in self.late else ""
        if self.events:
            if name.lower() in HAPPENED and len(self.events) == 1:
                return next(iter(self.events))
            known = [*self.events, *(sorted(self.none) or ["0"])]
            self.source.fault(row, self.event, f"one of {', '.join(map(repr, known))}")
            return None
        return name


def read_seen(
    table: object,
    observables: Mapping[str, Any] | Sequence[Observable],
    columns: Mapping[str, str] | None,
    numbers: Mapping[str, float | None],
    unit: str | None,
    sheet: str | int | None,
) -> Seen:
    """What stands in ``Data.seen``."""
    known, source = observables_of(observables), Columns(table, sheet)
    headed = Headed(source, KNOWN_SEEN, columns, unit)
    needed = {"found": "in how many it was found", "of": "how many were looked at"}
    if len(known) != 1:
        needed["observable"] = "what was looked for, where it is not one thing alone"
    found, of, *_ = headed.needed(needed)
    time, said = headed.time_of()
    cells, column = headed.constant("cells", numbers["cells"], 1.0, kind="first of"), headed.found["cells"]
    source.reading([time, found, of, column])
    rows = []
    for row in range(len(source.rows)):
        arm, name = headed.arm(row), headed.name(row, "observable", known, "what was looked for")
        hours, k, n = (headed.number(row, what, c) for what, c in (("hours", time), ("found", found), ("of", of)))
        given = cells if column is None else headed.number(row, "first of", column)
        if k is not None and n is not None and k > n:
            source.fault(row, found, f"no more than the {n:g} that were looked at")
        if hours is None or k is None or n is None or given is None:
            continue
        rows.append(Found(arm, name, hours * HOURS_OF[said], int(k), int(n), given))
    source.check()
    return Seen(tuple(rows), FrozenDict(known), source.name)


def read_panel(
    table: object,
    states: Mapping[str, Any] | Sequence[Observable],
    columns: Mapping[str, str] | None,
    unit: str | None,
    sheet: str | int | None,
) -> Panel:
    """What stands in ``Data.panel``."""
    known, source = observables_of(states, "states"), Columns(table, sheet)
    headed = Headed(source, KNOWN_PANEL, columns, unit)
    headed.needed({"unit": "the looks at one cell belong together", "state": "where the cell was"})
    time, said = headed.time_of()
    source.reading([time])
    looks: dict[tuple[str, str, str], list[Look]] = {}
    places = []
    for row in range(len(source.rows)):
        (cell, animal), arm = _who(headed, row), headed.arm(row)
        name = headed.name(row, "state", known, "where the cell was")
        hours = headed.number(row, "hours", time)
        if hours is None:
            continue
        look = Look(cell, animal, arm, hours * HOURS_OF[said], name)
        looks.setdefault((arm, animal, cell), []).append(look)
        places.append((arm, animal, cell, look.hours))
    _check_once(source, places, "one look at each cell and time")
    source.check()
    if not any(len(some) > 1 for some in looks.values()):
        raise InputError(source.name, "no cell looked at twice", "at least two looks at a cell")
    ordered = (sorted(some, key=lambda look: look.hours) for some in looks.values())
    return Panel(tuple(look for some in ordered for look in some), FrozenDict(known), source.name)


def _who(headed: Headed, row: int) -> tuple[str, str]:
    """Whose row it is, and of which animal; a row without a name is its own, and its own animal."""
    names = {what: headed.found[what] for what in ("unit", "animal")}
    said = {what: headed.text(row, c, f"the name of the {what}") for what, c in names.items() if c is not None}
    rows = headed.source.rows
    unit = said.get("unit") or (rows[row] if len(set(rows)) == len(rows) else f"row {row}")
    return unit, said.get("animal") or unit


def _check_once(source: Columns, keys: Sequence[tuple[object, ...]], wanted: str) -> None:
    """Note what stands there twice."""
    counted: dict[tuple[object, ...], int] = {}
    for key in keys:
        if "" not in key:  # a name that is missing is told
            counted[key] = counted.get(key, 0) + 1
    for key, number in counted.items():
        if number > 1:
            told = " ".join(repr(part) if isinstance(part, str) else f"at {part:g} h" for part in key)
            source.faults.append(Fault(told, f"{number} rows", wanted))
