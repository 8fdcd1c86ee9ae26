"""What a chunk of cells adds up to: integers, so that the order of adding never matters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from cascade.common.frozen import ByValue

MOST_WATCHED = 1_000_000
"""Watched cells are listed up to this many, the lowest numbers."""


@dataclass(frozen=True, eq=False)
class Totals(ByValue):
    """Counts of a chunk of cells; see ``kernel.buffers.Out``.

    Attributes
    ----------
    counts : (rows, bins) int
        Events by row (``engine.prepare.rows_of``) and bin of time.
    started : (starts,) int
    overtaken : (stages + 1, rows) int
        Cells whose last state belongs to another stage than the furthest they reached.
    watched : (n,) uint64
        Lowest numbers of the watched cells (of clusters: founders), rising.
    by_size : (rows, largest + 1) int
        Units by row and size; empty for plain cells.
    batches : (batches, rows + 1) int
        Cells by batch of founders and row, the last column those that started; empty for plain cells.
        In rows of stages and milestones of both also those that began there: intervals need all.
    ended : (batches, states) int
        Units that were absorbed in a state, by batch of founders; empty for plain cells.
    watched_total, visits : int
    """

    ARRAYS: ClassVar[tuple[str, ...]] = ("counts", "started", "overtaken", "watched", "by_size", "batches", "ended")
    SUMMED: ClassVar[tuple[str, ...]] = tuple(name for name in ARRAYS if name != "watched")

    counts: npt.NDArray[np.int64]
    started: npt.NDArray[np.int64]
    overtaken: npt.NDArray[np.int64]
    watched: npt.NDArray[np.uint64]
    by_size: npt.NDArray[np.int64]
    batches: npt.NDArray[np.int64]
    ended: npt.NDArray[np.int64]
    watched_total: int
    visits: int

    @classmethod
    def gathered(cls, parts: Iterable[Totals]) -> Totals:
        """Totals of all parts together, added up in place: the tables of a large model take time to copy."""
        sums: dict[str, npt.NDArray[Any]] = {}
        watched: list[npt.NDArray[np.uint64]] = []
        watched_total = visits = 0
        for part in parts:
            for name in cls.SUMMED:
                if name in sums:
                    sums[name] += getattr(part, name)
                else:
                    sums[name] = getattr(part, name).copy()
            # The lowest numbers of all parts, in whatever order these come: each part lists its own lowest.
            watched = [np.sort(np.concatenate([*watched, part.watched]))[:MOST_WATCHED]]
            watched_total += part.watched_total
            visits += part.visits
        return cls(**sums, watched=watched[0], watched_total=watched_total, visits=visits)

    def __add__(self, other: Totals) -> Totals:
        """Totals of both together."""
        return Totals.gathered([self, other])
