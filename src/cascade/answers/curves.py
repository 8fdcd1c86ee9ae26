"""Curves over time, with the same columns for a simulation and for the exact answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.answers.handing import HandsOut
from cascade.common.arguments import hours_in_order
from cascade.common.errors import InputError
from cascade.common.frozen import ByValue
from cascade.common.jsons import plain_data
from cascade.model import Model


@dataclass(frozen=True, eq=False)
class Curves(HandsOut, ByValue):
    """One curve per name.

    Attributes
    ----------
    hours : (n,) float
    names : tuple of str
    values : (len(names), n) float
        Shares of all cells that started.
    label : str
        What they belong to.
    kind : str
        "occupancy", "incidence" or "reach", by the question that they answer.
    model : Model or None
        The model whose cells they are of; None for curves that no answer gave.
    made : str
        How: the end of the run, and seed and cells or that it is the exact answer.
    cells : int
        Cells that were counted; 0 for an exact answer.
    errors : (len(names), n) float or None
        Of an exact answer the numerical error of each value; a value that is not above its error is 0.
        None for counted curves.
    """

    hours: npt.NDArray[np.float64]
    names: tuple[str, ...]
    values: npt.NDArray[np.float64]
    label: str = ""
    kind: str = ""
    model: Model | None = None
    made: str = ""
    cells: int = 0
    errors: npt.NDArray[np.float64] | None = None

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


def choose_moments(
    edges: npt.NDArray[np.float64],
    times: Sequence[float] | None,
    counts: npt.NDArray[np.int64],
    until: float | None,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Hours at which counted curves are asked for, and the number of bins that have gone by then.

    Known are the start, when no bin has, the edges, and the end of the run, when all have.  By
    default: from the edge before the first event to that after the last, or to the end.  (Without
    an end, what happens later than the last finite edge, 30,000 years, belongs to no moment.)

    Raises
    ------
    InputError
        When a time is none of these: a histogram knows nothing between its edges.
    """
    if times is not None:
        return _asked(edges, times, len(edges), until)
    used = np.flatnonzero(counts.any(axis=0))
    if used.size == 0:
        return np.zeros(0), np.zeros(0, np.int64)
    gone = np.arange(used[0], used[-1] + 2)
    hours = np.concatenate([[0.0], edges])[gone]
    within = hours <= until if until is not None else gone < len(edges)
    hours, gone = hours[within], gone[within]
    if until is not None and gone[-1] <= used[-1]:
        hours, gone = np.append(hours, until), np.append(gone, len(edges))
    return hours, gone


def _asked(
    edges: npt.NDArray[np.float64], times: Sequence[float], bins: int, until: float | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """The same for times that are asked for."""
    wanted = hours_in_order(times)
    at = np.minimum(np.searchsorted(edges, wanted), len(edges) - 1)
    gone = np.where(wanted == 0.0, 0, np.where(wanted == until, bins, at + 1))
    wrong = wanted[(wanted != 0.0) & (wanted != until) & ((edges[at] != wanted) | ~np.isfinite(wanted))]
    if wrong.size:
        known = "times that were given to simulate(..., times=...), 0, the end of the run, or edges of the result"
        raise InputError("times", float(wrong[0]), known)
    if until is not None and wanted.size and wanted.max() > until:
        raise InputError("times", float(wanted.max()), f"times up to the end of the run, {until:g} h")
    return wanted, gone
