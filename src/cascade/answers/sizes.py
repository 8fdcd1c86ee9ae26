"""Tables of single cells and clusters: how many of each came to a step, and the cells in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.common.errors import InputError
from cascade.common.text import html_table, number, text_table
from cascade.model import Model


@dataclass(frozen=True)
class SizeRow:
    """Units that came to a step, or passed the last.

    Attributes
    ----------
    step : str
        "start", then the steps by what it is to pass them.
    singles, clusters : float
        Units of one cell, and of several, at the size with which they first passed;
        whole numbers when counted, expected numbers when exact.
    cells : float
        Cells in all of them.
    mean_size : float
        Cells per unit; nan without any.
    """

    step: str
    singles: float
    clusters: float
    cells: float
    mean_size: float


@dataclass(frozen=True)
class Sizes:
    """One row for those that started, then one for each step passed.

    ``by_size`` (1 + steps, largest + 1): units by row and number of cells.
    """

    steps: tuple[str, ...]
    by_size: npt.NDArray[Any]
    label: str = ""

    @property
    def rows(self) -> tuple[SizeRow, ...]:
        """The rows in order."""
        n = np.arange(self.by_size.shape[1])
        found = []
        for step, units in zip(("start", *self.steps), self.by_size, strict=True):
            cells, number_of = (units @ n).item(), units.sum().item()
            mean = cells / number_of if number_of else float("nan")
            found.append(SizeRow(step, units[1].item(), units[2:].sum().item(), cells, mean))
        return tuple(found)

    def __iter__(self) -> Iterator[SizeRow]:
        return iter(self.rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Rows as plain dictionaries."""
        return [asdict(row) for row in self.rows]

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        header = ["units that passed", "single cells", "clusters", "cells in all", "cells per unit"]
        lines = [
            [
                "(started)" if row.step == "start" else row.step,
                *(number(n) for n in (row.singles, row.clusters, row.cells)),
                f"{row.mean_size:.3g}" if row.cells else "-",
            ]
            for row in self.rows
        ]
        return header, lines

    def __str__(self) -> str:
        return text_table(*self._cells())

    def _repr_html_(self) -> str:
        return html_table(*self._cells(), caption=self.label)


def check_clusters(model: Model) -> None:
    """Refuse a model whose cells all leave alone.

    Raises
    ------
    InputError
        When it has no clusters.
    """
    if model.clusters is None:
        raise InputError("model", model.name, "a model with clusters")
