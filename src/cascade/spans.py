"""A span of cells: the piece of work that any executor can be handed."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from cascade.errors import CascadeError
from cascade.lower import Lowered
from cascade.streams import key_of
from cascade.tables import Frailties, Tables, frailties, rows_of
from cascade.totals import MOST_WATCHED, Totals

BLOCK = 2048
"""Rows of a block: its columns stay in the fast caches."""


@dataclass(frozen=True)
class Span:
    """A piece of work that any executor can be handed: cells ``first`` to ``first + number``.

    ``cells`` lists the cell numbers instead; ``outcomes`` asks for the end of each cell,
    ``events`` for room to write down that many events.  Spans that share ``stop`` (in one
    process) end at once, unfinished, when it is set.
    """

    tables: Tables
    frailties: Frailties | None
    key: npt.NDArray[np.uint64]
    rows: int
    stages: int
    first: int
    number: int
    cells: tuple[int, ...] = ()
    outcomes: bool = False
    events: int = 0
    stop: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1, np.uint8))

    def run(self) -> Done:
        """Run the span."""
        from cascade.compiled import kernel_run
        from cascade.kernel import RECORDED, UNFINISHED, VISITS, WATCHED, Block, Out, Scratch

        def words() -> npt.NDArray[np.uint32]:
            return np.empty(BLOCK, np.uint32)

        def reals() -> npt.NDArray[np.float64]:
            return np.empty(BLOCK)

        block = Block(
            cell=np.empty(BLOCK, np.uint64),
            visit=words(),
            state=words(),
            window=words(),
            time=reals(),
            seen=np.empty(BLOCK, np.uint64),
            factor=np.ones((len(self.frailties.powers) if self.frailties else 1, BLOCK)),
        )
        scratch = Scratch(reals(), reals(), reals(), reals(), words(), words(), words(), words())
        outcomes = self.number if self.outcomes else 0
        out = Out(
            counts=np.zeros(self.rows * self.tables.bins, np.int64),
            started=np.zeros(len(self.tables.start_state), np.int64),
            overtaken=np.zeros((self.stages + 1, self.rows), np.int64),
            watched=np.empty(self.number, np.uint64),
            final_row=np.empty(outcomes, np.uint32),
            final_stage=np.empty(outcomes, np.uint32),
            event_cell=np.empty(self.events, np.uint64),
            event_visit=np.empty(self.events, np.uint32),
            event_exit=np.empty(self.events, np.uint32),
            event_time=np.empty(self.events),
            tally=np.zeros(4, np.int64),
        )
        cells = np.array(self.cells, np.uint64)
        first = np.uint64(self.first)
        kernel_run()(self.tables, self.frailties, self.key, cells, first, self.number, block, scratch, self.stop, out)
        if out.tally[UNFINISHED]:
            raise CascadeError(
                "stopped"
                if self.stop[0]
                else "cells made billions of visits: they circle (nearly) for ever; give an end with until"
            )
        watched = np.sort(out.watched[: out.tally[WATCHED]])[:MOST_WATCHED]
        counts = out.counts.reshape(self.rows, self.tables.bins)
        totals = Totals(counts, out.started, out.overtaken, watched, int(out.tally[WATCHED]), int(out.tally[VISITS]))
        recorded = int(out.tally[RECORDED])
        events = (
            out.event_cell[:recorded],
            out.event_visit[:recorded],
            out.event_exit[:recorded],
            out.event_time[:recorded],
        )
        return Done(totals, (out.final_row, out.final_stage), events, recorded)


@dataclass(frozen=True)
class Done:
    """What a span gives back."""

    totals: Totals
    outcomes: tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]
    events: tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32], npt.NDArray[np.uint32], npt.NDArray[np.float64]]
    recorded: int


def run_totals(span: Span) -> Totals:
    """Totals of a span; a function of the module, so that it can be sent to a process."""
    return span.run().totals


def span_of(
    lowered: Lowered,
    prepared: Tables,
    seed: int,
    cells: range,
    stop: npt.NDArray[np.uint8],
    *,
    outcomes: bool = False,
) -> Span:
    """The span of consecutive cells; those that share ``stop`` are ended together."""
    rows, stages = rows_of(lowered).total, len(lowered.stages)
    key, alike = key_of(seed), frailties(lowered)
    return Span(prepared, alike, key, rows, stages, cells.start, len(cells), outcomes=outcomes, stop=stop)
