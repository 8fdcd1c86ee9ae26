"""Curves over time, with the same columns for a simulation and for the exact answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.common.errors import InputError
from cascade.common.frozen import ByValue
from cascade.common.jsons import plain_data


@dataclass(frozen=True, eq=False)
class Curves(ByValue):
    """One curve per name.

    Attributes
    ----------
    hours : (n,) float
    names : tuple of str
    values : (len(names), n) float
        Shares of all cells that started.
    label : str
        What they belong to.
    """

    hours: npt.NDArray[np.float64]
    names: tuple[str, ...]
    values: npt.NDArray[np.float64]
    label: str = ""

    def __getitem__(self, name: str) -> npt.NDArray[np.float64]:
        """The curve of one name, shape (n,)."""
        if name not in self.names:
            raise InputError("name", name, f"one of {list(self.names)}")
        return np.asarray(self.values[self.names.index(name)])

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary per time."""
        return [
            plain_data({"hours": h, **dict(zip(self.names, column, strict=True))})
            for h, column in zip(self.hours, self.values.T, strict=True)
        ]


def choose_edges(
    edges: npt.NDArray[np.float64],
    times: Sequence[float] | None,
    counts: npt.NDArray[np.int64],
    until: float | None,
) -> npt.NDArray[np.int64]:
    """Indices of the edges at which curves are asked for.

    Raises
    ------
    InputError
        When a time is not an edge: a histogram knows nothing between its edges.
    """
    if times is not None:
        try:
            wanted = np.atleast_1d(np.asarray(times, np.float64))
        except (TypeError, ValueError):
            raise InputError("times", times, "a sequence of hours") from None
        if wanted.ndim != 1:
            raise InputError("times", times, "a plain sequence of hours")
        at = np.searchsorted(edges, wanted)
        wrong = wanted[(at >= len(edges)) | (edges[np.minimum(at, len(edges) - 1)] != wanted)]
        if wrong.size:
            raise InputError(
                "times", float(wrong[0]), "times that were given to simulate(..., times=...), or edges of the result"
            )
        if until is not None and wanted.size and wanted.max() > until:
            raise InputError("times", float(wanted.max()), f"times up to the end of the run, {until:g} h")
        return at
    used = np.flatnonzero(counts.any(axis=0))
    if used.size == 0:
        return np.arange(0)
    at = np.arange(max(0, used[0] - 1), min(used[-1] + 1, len(edges) - 1))
    return at[edges[at] <= until] if until is not None else at
