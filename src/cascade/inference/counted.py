"""Own data of counts: what was counted, in which animal, when, of which arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from cascade.common.text import text_table
from cascade.common.types import Floats, Ints
from cascade.inference.data import Data, number_of
from cascade.model.observables import Observable


@dataclass(frozen=True)
class Count:
    """One row: what was counted.

    Attributes
    ----------
    animal, arm, observable : str
    hours : float
    count : int
        0 where it is only known to be below ``limit``.
    cells : float
        That the animal was given.
    fraction : float
        Of the tissue that was looked at.
    limit : float
        0, or the number that the count is known to be below: it was under the limit of detection.
    experiment : str
        Animals of one share something; '' where nothing is said.
    """

    animal: str
    arm: str
    observable: str
    hours: float
    count: int
    cells: float
    fraction: float
    limit: float
    experiment: str = ""


@dataclass(frozen=True)
class Counts(Data):
    """Counts of animals.

    Make one with ``Data.counts``.

    Attributes
    ----------
    rows : tuple of Count
        Those of one animal stand together.
    observables : mapping of str to Observable
        What was given; an observable that is not here is one of the model, or a state of it.
    name : str
        Where they come from.

    Examples
    --------
    >>> data = Data.counts({"mouse": [1, 2], "day": [1, 1], "lodged": [812, 907]}, wide=["lodged"], cells=1000)
    >>> len(data), data.animals
    (2, ('1', '2'))
    """

    rows: tuple[Count, ...]
    observables: Mapping[str, Observable]
    name: str = field(default="data", compare=False)

    names: ClassVar[str] = "observable"

    @property
    def animals(self) -> tuple[str, ...]:
        """Names in order; the same name in two arms is two animals."""
        return tuple(animal for animal, _ in self._units)

    @cached_property
    def _units(self) -> dict[tuple[str, str], list[int]]:
        units: dict[tuple[str, str], list[int]] = {}
        for i, row in enumerate(self.rows):
            units.setdefault((row.animal, row.arm), []).append(i)
        return units

    @property
    def observed(self) -> tuple[str, ...]:
        """Names of what was counted, in order of appearance."""
        return tuple(dict.fromkeys(row.observable for row in self.rows))

    @property
    def begin(self) -> Ints:
        """Row at which each animal begins, and the number of rows, (A + 1,)."""
        sizes = [len(rows) for rows in self._units.values()]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    @property
    def told(self) -> str:
        """How much there is, in words."""
        return f"{number_of(len(self), 'count')} of {number_of(len(self.begin) - 1, 'animal')}"

    def of(self, attribute: str) -> Floats:
        """One number of each row, as an array."""
        return np.array([getattr(row, attribute) for row in self.rows], np.float64)

    def with_counts(self, counts: Sequence[int]) -> Counts:
        """The same animals with other counts: of a simulated study."""
        pairs = zip(self.rows, counts, strict=True)
        return Counts(tuple(replace(row, count=int(count)) for row, count in pairs), self.observables, self.name)

    def __str__(self) -> str:
        groups: dict[tuple[str, str], list[Count]] = {}
        for row in self.rows:
            groups.setdefault((row.arm, row.observable), []).append(row)
        lines = []
        for (arm, name), some in groups.items():
            counted = [row.count for row in some if not row.limit]
            ends = (min(counted), max(counted)) if counted else ("", "")
            animals, times = len({row.animal for row in some}), len({row.hours for row in some})
            lines.append([arm, name, *map(str, (animals, len(some), times, *ends, len(some) - len(counted)))])
        head = ["arm", "counted", "animals", "counts", "times", "least", "most", "below limit"]
        return text_table(head, lines, left=(0, 1))
