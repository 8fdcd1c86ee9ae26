"""A chunk of cells: the piece of work that any executor can be handed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.common.errors import CascadeError
from cascade.engine.counts import MOST_WATCHED, Totals
from cascade.engine.prepare import Inputs, rows_of
from cascade.kernel.buffers import (
    EXCEEDED,
    RECORDED,
    UNFINISHED,
    VISITS,
    WATCHED,
    Block,
    Grouped,
    Out,
    Scratch,
    Units,
)
from cascade.kernel.streams import key_of
from cascade.lowering.lowered import Lowered

BLOCK = 3072
"""Rows of a block: its columns stay in the fast caches."""


@dataclass(frozen=True)
class Chunk:
    """A piece of work that any executor can be handed: cells ``first`` to ``first + number``.

    ``cells`` lists the cell numbers instead; ``outcomes`` asks for the end of each cell,
    ``events`` for room to write down that many events.  Chunks that share ``stop`` (in one
    process) end at once, unfinished, when it is set.
    """

    inputs: Inputs
    key: npt.NDArray[np.uint64]
    rows: int
    stages: int
    ends: slice
    first: int
    number: int
    cells: tuple[int, ...] = ()
    outcomes: bool = False
    events: int = 0
    stop: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1, np.uint8))

    def run(self) -> Done:
        """Run the chunk."""
        from cascade.engine.compiled import kernel_run

        tables, frailties, clocks, rare, chosen, thin = self.inputs
        largest = clocks.largest if clocks else 1
        shape, outcomes = (self.rows, tables.bins), self.number * largest if self.outcomes else 0
        block = Block.empty(BLOCK, len(frailties.powers) if frailties else 1)
        out = Out.zero(shape, len(tables.start_state), self.stages, self.number, outcomes, self.events)
        units = Units.empty(BLOCK, len(clocks.purpose), largest) if clocks else None
        grouped = Grouped.zero(self.rows, largest, 0 if self.cells else self.number) if largest > 1 else None
        cells, first, run = np.array(self.cells, np.uint64), np.uint64(self.first), kernel_run()
        kinds, own = (tables, frailties, clocks, rare), None
        if chosen is not None:
            numbers = cells if self.cells else first + np.arange(self.number).astype(np.uint64)
            own, _ = chosen.own_of(self.key, numbers)
        rooms = block, scratch_of(BLOCK), units, self.stop, out, grouped
        run(*kinds, self.key, cells, first, self.number, *rooms, own, thin)
        if out.tally[EXCEEDED]:
            raise CascadeError(f"{out.tally[EXCEEDED]} hazards were above their ceiling; please report the model")
        if out.tally[UNFINISHED]:
            raise CascadeError(
                "stopped"
                if self.stop[0]
                else "cells made billions of visits: they circle (nearly) for ever; give an end with until"
            )
        return self._done(out, grouped)

    def _done(self, out: Out, grouped: Grouped | None) -> Done:
        """What the kernel has written."""
        watched = np.sort(out.watched[: out.tally[WATCHED]])[:MOST_WATCHED]
        none = np.zeros((0, 0), np.int64)
        totals = Totals(
            counts=out.counts.reshape(self.rows, -1),
            started=out.started,
            overtaken=out.overtaken,
            watched=watched,
            by_size=grouped.by_size if grouped else none,
            batches=grouped.batches if grouped else none,
            ended=grouped.ended[:, self.ends] if grouped else none,
            watched_total=int(out.tally[WATCHED]),
            visits=int(out.tally[VISITS]),
        )
        recorded = int(out.tally[RECORDED])
        columns = out.event_cell, out.event_member, out.event_visit, out.event_exit, out.event_time
        events = tuple(column[:recorded] for column in columns)
        return Done(totals, (out.final_row, out.final_stage), events, recorded)


def scratch_of(rows: int) -> Scratch:
    """Room for what one round computes."""
    return Scratch.empty(rows)


@dataclass(frozen=True)
class Done:
    """What a chunk gives back.

    ``outcomes``: final row and furthest stage of each cell; of clusters by founder and
    member, ``NO_MEMBER`` where there is none.  ``events``: cell, member, visit, exit, time.
    """

    totals: Totals
    outcomes: tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]
    events: tuple[npt.NDArray[Any], ...]
    recorded: int


def run_totals(chunk: Chunk) -> Totals:
    """Totals of a chunk; a function of the module, so that it can be sent to a process."""
    return chunk.run().totals


def chunk_of(
    lowered: Lowered,
    inputs: Inputs,
    seed: int,
    cells: range,
    stop: npt.NDArray[np.uint8],
    *,
    outcomes: bool = False,
) -> Chunk:
    """The chunk of consecutive cells; those that share ``stop`` are ended together."""
    layout, stages = rows_of(lowered), len(lowered.stages)
    rows, ends = layout.total, slice(layout.stay, layout.inner)
    return Chunk(inputs, key_of(seed), rows, stages, ends, cells.start, len(cells), outcomes=outcomes, stop=stop)
