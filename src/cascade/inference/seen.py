"""Own data of findings: in how many of how many something was seen, each looked at once, as at autopsy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from cascade.answers.intervals import proportion
from cascade.common.shares import estimate_of_share
from cascade.common.text import hours, number, text_table
from cascade.inference.data import Data
from cascade.model.observables import Observable


@dataclass(frozen=True)
class Found:
    """One row: a group that was looked at.

    Attributes
    ----------
    arm, observable : str
    hours : float
    found, of : int
        In how many it was found, of how many.
    cells : float
        That each was given; one of them is enough.
    """

    arm: str
    observable: str
    hours: float
    found: int
    of: int
    cells: float


@dataclass(frozen=True)
class Seen(Data):
    """In how many of how many something was found.

    Make one with ``Data.seen``.

    Attributes
    ----------
    rows : tuple of Found
    observables : mapping of str to Observable
        What was given; an observable that is not here is one of the model, or a state of it.
    name : str
        Where they come from.
    """

    rows: tuple[Found, ...]
    observables: Mapping[str, Observable]
    name: str = field(default="data", compare=False)

    names: ClassVar[str] = "observable"

    @property
    def observed(self) -> tuple[str, ...]:
        """Names of what was looked for, in order of appearance."""
        return tuple(dict.fromkeys(row.observable for row in self.rows))

    @property
    def told(self) -> str:
        """How much there is, in words."""
        return f"{sum(row.found for row in self.rows):,} found in {sum(row.of for row in self.rows):,}"

    def __str__(self) -> str:
        lines = []
        for row in self.rows:
            told = estimate_of_share(row.found / row.of, *proportion(row.found, row.of))
            lines.append([row.arm, row.observable, hours(row.hours), number(row.found), number(row.of), *told])
        return text_table(["arm", "looked for", "time", "found in", "of", "share", ""], lines, left=(0, 1))
