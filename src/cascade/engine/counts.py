"""What a span of cells adds up to: integers, so that the order of adding never matters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

MOST_WATCHED = 1_000_000
"""Watched cells are listed up to this many, the lowest numbers."""


@dataclass(frozen=True)
class Totals:
    """Counts of a span of cells; see ``kernel.buffers.Out``.

    Attributes
    ----------
    counts : (rows, bins) int
        Events by row (``tables.rows_of``) and bin of time.
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
        found: Totals | None = None
        for part in parts:
            if found is None:
                found = part
                continue
            for into, more in (
                (found.counts, part.counts),
                (found.started, part.started),
                (found.overtaken, part.overtaken),
                (found.by_size, part.by_size),
                (found.batches, part.batches),
                (found.ended, part.ended),
            ):
                into += more
            watched = np.sort(np.concatenate([found.watched, part.watched]))[:MOST_WATCHED]
            total, visits = found.watched_total + part.watched_total, found.visits + part.visits
            found = cls(
                found.counts,
                found.started,
                found.overtaken,
                watched,
                found.by_size,
                found.batches,
                found.ended,
                total,
                visits,
            )
        assert found is not None
        return found

    def __add__(self, other: Totals) -> Totals:
        """Totals of both spans together."""
        return Totals(
            self.counts + other.counts,
            self.started + other.started,
            self.overtaken + other.overtaken,
            np.sort(np.concatenate([self.watched, other.watched]))[:MOST_WATCHED],
            self.by_size + other.by_size,
            self.batches + other.batches,
            self.ended + other.ended,
            self.watched_total + other.watched_total,
            self.visits + other.visits,
        )
