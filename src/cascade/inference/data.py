"""Data of one's own: what was counted, in which animal, when, of which arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from cascade.answers.handing import HandsOut
from cascade.common.errors import InputError
from cascade.common.frozen import FrozenDict
from cascade.common.text import text_table
from cascade.common.types import Floats, Ints
from cascade.inference.counted import Count
from cascade.inference.reading import Given, Reading, observables_of
from cascade.inference.tables import Columns
from cascade.model.observables import Observable


@dataclass(frozen=True)
class Data(HandsOut):
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
    name: str = "data"

    @classmethod
    def counts(
        cls,
        table: object,
        observables: Mapping[str, Any] | Sequence[Observable] = (),
        *,
        columns: Mapping[str, str] | None = None,
        wide: Sequence[str] = (),
        cells: float | None = None,
        fraction: float | None = None,
        limit: float | None = None,
        unit: str | None = None,
    ) -> Data:
        """Counts per animal, time and kind of cell, from a table.

        Parameters
        ----------
        table : path, pandas.DataFrame, mapping of str to sequence, or sequence of mappings
            Long, with a column of counts and one of what was counted, or wide, with a column for each.
        observables : sequence of Observable, or mapping of str to Observable, str or sequence of str
            What stands in the column of observables, or in the headings of a wide table; names map to states of the
            model.  A name that is not given is looked for in the model when data and model meet.
        columns : mapping of str to str, optional
            Headings, where they are not known: of 'animal', 'arm', 'hours' or 'days', 'observable', 'count', 'cells'
            (given to the animal), 'fraction' (of the tissue that was looked at), 'limit' (counts below it are not
            seen).  A count may also be written '<10'.
        wide : sequence of str, optional
            Headings of the columns of counts of a wide table.
        cells, fraction, limit : float, optional
            For all rows, in place of a column; a fraction of 1 and no limit where nothing is said.
        unit : str, optional
            'hours' or 'days', where the heading does not say it.

        Raises
        ------
        InputError
            When a column is missing.
        ModelError
            With every fault of the table at once, by row and column.
        """
        known = observables_of(observables)
        if not isinstance(wide, Sequence) or isinstance(wide, str) or not all(isinstance(h, str) for h in wide):
            raise InputError("wide", wide, "a list of headings of columns of counts")
        if columns is not None and not (
            isinstance(columns, Mapping) and all(isinstance(h, str) for h in columns.values())
        ):
            raise InputError("columns", columns, "a mapping such as {'animal': 'mouse'}")
        numbers = {"cells": cells, "fraction": fraction, "limit": limit}
        source = Columns(table)
        rows = Reading(source, Given(columns or {}, tuple(wide), numbers, unit), known).rows()
        return cls(rows, FrozenDict(known), source.name)

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
    def arms(self) -> tuple[str, ...]:
        """Names in order of appearance."""
        return tuple(dict.fromkeys(row.arm for row in self.rows))

    @property
    def observed(self) -> tuple[str, ...]:
        """Names of what was counted, in order of appearance."""
        return tuple(dict.fromkeys(row.observable for row in self.rows))

    @property
    def begin(self) -> Ints:
        """Row at which each animal begins, and the number of rows, (A + 1,)."""
        sizes = [len(rows) for rows in self._units.values()]
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def of(self, attribute: str) -> Floats:
        """One number of each row, as an array."""
        return np.array([getattr(row, attribute) for row in self.rows], np.float64)

    def with_counts(self, counts: Sequence[int]) -> Data:
        """The same animals with other counts: of a simulated study."""
        pairs = zip(self.rows, counts, strict=True)
        return Data(tuple(replace(row, count=int(count)) for row, count in pairs), self.observables, self.name)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Rows as plain dictionaries."""
        return [dict(vars(row)) for row in self.rows]

    def __len__(self) -> int:
        return len(self.rows)

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


def data_of(data: object) -> Data:
    """Data; a table is not."""
    if not isinstance(data, Data):
        wanted = "cascade.Data.counts(table, ...)" + (f"; {Path(data).name} is a path" if isinstance(data, str) else "")
        raise InputError("data", type(data).__name__, wanted)
    return data
