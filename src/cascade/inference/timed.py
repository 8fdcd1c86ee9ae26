"""Own data of times: when it happened, to whom, with what is not known of it; and the shares that follow from it.

Steps are the distinct times; at each, events come before censorings, and who comes under observation at it is at risk
after it.  The estimators and their intervals are those of followed patients (``patient.follow.estimators``), with steps
in place of months.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, is_number
from cascade.common.shares import estimate_of_share
from cascade.common.text import number, text_table
from cascade.common.types import Ints
from cascade.inference.data import Data, number_of
from cascade.inference.headed import HOURS_OF, in_unit
from cascade.model.observables import Observable
from cascade.patient.follow.estimators import incidence, survival

ANY = "any event"


@dataclass(frozen=True)
class Time:
    """One row: what happened, and when.

    Attributes
    ----------
    unit, animal, arm : str
        Rows of one animal depend on each other.
    event : str
        '' where nothing is known to have happened.
    after, by : float
        Hours between which it happened, (after, by], the same two where the time is known; of a censored row the last
        look, and infinity.
    entry : float
        Hours; only who has had no event by then is seen.
    cells : float
        Of which the first to come there makes the event.
    """

    unit: str
    animal: str
    arm: str
    event: str
    after: float
    by: float
    entry: float
    cells: float

    @property
    def censored(self) -> bool:
        """Whether nothing is known to have happened."""
        return not self.event

    @property
    def exact(self) -> bool:
        """Whether the time of the event is known."""
        return self.after == self.by


@dataclass(frozen=True)
class IncidenceRow:
    """An event in an arm by a time.

    Attributes
    ----------
    arm, event : str
    time : float
        In the unit of the data.
    at_risk : int
        Seen and without event just before it.
    events, censored : int
        At this time.
    share, low, high : float
        To whom it has happened by then; its interval at this time by itself.
    """

    arm: str
    event: str
    time: float
    at_risk: int
    events: int
    censored: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Incidence(Table[IncidenceRow]):
    """Shares to whom events have happened, by arm, event and time: Aalen's and Johansen's, or Kaplan's and Meier's.

    Attributes
    ----------
    rows : tuple of IncidenceRow
    unit : str
    level : float
    free : bool
        Whether shares are of those to whom it has not happened.
    """

    rows: tuple[IncidenceRow, ...]
    unit: str
    level: float
    free: bool = False

    left = (0, 1)

    def of(self, arm: str, event: str) -> tuple[IncidenceRow, ...]:
        """The rows of one curve."""
        return tuple(row for row in self.rows if row.arm == arm and row.event == event)

    def as_text(self) -> Texts:
        """Headings and lines."""
        head = ["arm", "event", self.unit, "at risk", "events", "censored", "without it" if self.free else "share", ""]
        lines = []
        for r in self.rows:
            value, interval = ("", "") if math.isnan(r.share) else estimate_of_share(r.share, r.low, r.high)
            numbers = map(number, (r.at_risk, r.events, r.censored))
            lines.append([r.arm, r.event, f"{r.time:g}", *numbers, value, interval])
        return head, lines

    @property
    def below(self) -> str:
        """What the intervals are."""
        return "Intervals hold at each time by itself, with few, too; beside other events Aalen and Johansen."


@dataclass(frozen=True)
class Times(Data):
    """Times to events of cells, animals or patients.

    Make one with ``Data.times``.

    Attributes
    ----------
    rows : tuple of Time
    observables : mapping of str to Observable
        What events are in the model, as given.
    name : str
        Where they come from.
    unit : str
        In which times are shown: 'hours', 'days', 'weeks', 'months', 'years'.
    """

    rows: tuple[Time, ...]
    observables: Mapping[str, Observable]
    name: str = field(default="data", compare=False)
    unit: str = "hours"

    names: ClassVar[str] = "event"

    @property
    def events(self) -> tuple[str, ...]:
        """Names of events, in order of appearance."""
        return tuple(dict.fromkeys(row.event for row in self.rows if row.event))

    @property
    def told(self) -> str:
        """How much there is, in words."""
        events = sum(not row.censored for row in self.rows)
        return f"{number_of(len(self), 'row')} with {number_of(events, 'event')}"

    def to_dicts(self) -> list[dict[str, Any]]:
        """Rows as plain dictionaries, which ``Data.times`` takes again.

        Times are in the unit of the data, which is the heading of the column: of the event, or of the last look where
        there is none.  ``after`` is the earlier look where the event lies between two, and None otherwise.
        """
        return [self._told(row) for row in self.rows]

    def _told(self, row: Time) -> dict[str, Any]:
        """One row, as it is handed out."""
        after, by, entry = (in_unit(hours, self.unit) for hours in (row.after, row.by, row.entry))
        between = not (row.censored or row.exact)
        told: dict[str, Any] = {"unit": row.unit, "animal": row.animal, "arm": row.arm, "event": row.event}
        told |= {"after": after if between else None, self.unit: after if row.censored else by}
        return told | {"entry": entry, "cells": row.cells}

    def incidence(self, *, level: float = 0.95) -> Incidence:
        """Of each arm and event the share to whom it has happened by each time, while the others compete.

        Parameters
        ----------
        level : float
            Of the intervals, at each time by itself.

        Raises
        ------
        InputError
            Where times of events lie between two looks: fit a model to them.
        """
        return self._curves(level, free=False)

    def survival(self, *, level: float = 0.95) -> Incidence:
        """Of each arm the share without any event by each time: Kaplan's and Meier's.

        Parameters
        ----------
        level : float
            Of the intervals, at each time by itself.

        Raises
        ------
        InputError
            Where times of events lie between two looks: fit a model to them.
        """
        return self._curves(level, free=True)

    def _curves(self, level: float, *, free: bool) -> Incidence:
        if not is_number(level) or not 0 < level < 1:
            raise InputError("level", level, "a number between 0 and 1, such as 0.95")
        self._check_known()
        rows: list[IncidenceRow] = []
        for arm in self.arms:
            steps = _Steps([row for row in self.rows if row.arm == arm])
            for event in (None,) if free else self.events:
                rows += steps.rows(arm, event, level, HOURS_OF[self.unit])
        return Incidence(tuple(rows), self.unit, level, free)

    def _check_known(self) -> None:
        """That all times of events are known."""
        between = [row for row in self.rows if row.event and not row.exact]
        if between:
            row, each = between[0], HOURS_OF[self.unit]
            told = f"between {row.after / each:g} and {row.by / each:g} {self.unit}"
            wanted = f"times of events that are known; {len(between)} are not: fit a model to them, cascade.fit(...)"
            raise InputError(f"time of {row.unit!r}", told, wanted)

    def __str__(self) -> str:
        lines = []
        each = HOURS_OF[self.unit]
        for arm in self.arms:
            some = [row for row in self.rows if row.arm == arm]
            events = [sum(row.event == event for row in some) for event in self.events]
            between, late = sum(not row.exact and bool(row.event) for row in some), sum(row.entry > 0 for row in some)
            last = max(row.after if math.isinf(row.by) else row.by for row in some) / each
            numbers = (len(some), *events, sum(row.censored for row in some), between, late)
            lines.append([arm, *map(number, numbers), f"{last:g}"])
        head = ["arm", "rows", *self.events, "censored", "between looks", "entered late", f"last, {self.unit}"]
        return text_table(head, lines)


class _Steps:
    """Rows of one arm, by the distinct times at which anything ends."""

    def __init__(self, rows: list[Time]) -> None:
        ends = np.array([row.after for row in rows])
        entry = np.array([row.entry for row in rows])
        self.times = np.unique(ends)
        self.names = np.array([row.event for row in rows])
        self.place = np.searchsorted(self.times, ends)
        # Under observation after its entry, up to its end and with it.
        self.of = ((entry[:, None] < self.times) & (ends[:, None] >= self.times)).sum(axis=0)

    def _at(self, some: Any) -> Ints:
        """How many of some rows end at each time."""
        return np.bincount(self.place[some], minlength=len(self.times)).astype(np.int64)

    def rows(self, arm: str, event: str | None, level: float, each: float) -> list[IncidenceRow]:
        """The curve of one event; None: of any of them the share without."""
        mine = self.names != "" if event is None else self.names == event
        others = (self.names != "") & ~mine
        left = np.stack([self._at(mine), self._at(others), self._at(self.names == "")])
        curve = survival(left, level, self.of) if event is None else incidence(left, level, self.of)
        return [
            IncidenceRow(
                arm, ANY if event is None else event, time / each, int(n), int(left[0, i]), int(left[2, i]),
                float(curve.share[i]), float(curve.low[i]), float(curve.high[i]),
            )
            for i, (time, n) in enumerate(zip(self.times.tolist(), curve.at_risk, strict=True))
        ]  # fmt: skip
