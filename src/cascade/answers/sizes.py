"""Tables of single cells and clusters: how many of each came to a step, and the cells in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError
from cascade.common.frozen import ByValue
from cascade.common.text import number
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


@dataclass(frozen=True, eq=False)
class Sizes(ByValue, Table[SizeRow]):
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
        rows = []
        for step, units in zip(("start", *self.steps), self.by_size, strict=True):
            cells, number_of = (units @ n).item(), units.sum().item()
            mean = cells / number_of if number_of else float("nan")
            rows.append(SizeRow(step, units[1].item(), units[2:].sum().item(), cells, mean))
        return tuple(rows)

    def as_text(self) -> Texts:
        """Headings and lines."""
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

    @property
    def caption(self) -> str:
        """Whose table it is."""
        return self.label


def check_clusters(model: Model) -> None:
    """Refuse a model whose cells all leave alone.

    Raises
    ------
    InputError
        When it has no clusters.
    """
    if model.clusters is None:
        raise InputError("model", model.name, "a model with clusters")
