"""A span of cells: the piece of work that any executor can be handed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cascade.common.errors import CascadeError
from cascade.engine.counts import MOST_WATCHED, Totals
from cascade.engine.prepare import Prepared, rows_of
from cascade.kernel.streams import key_of
from cascade.lowering.lowered import Lowered

if TYPE_CHECKING:
    from cascade.kernel.loop import Scratch

BLOCK = 3072
"""Rows of a block: its columns stay in the fast caches."""

BATCHES = 64
"""Founders are counted in so many batches, by number: their spread is that of founders, not of cells."""

NO_MEMBER = 0xFFFFFFFF
"""Final row of a member that a founder does not have."""


@dataclass(frozen=True)
class Span:
    """A piece of work that any executor can be handed: cells ``first`` to ``first + number``.

    ``cells`` lists the cell numbers instead; ``outcomes`` asks for the end of each cell,
    ``events`` for room to write down that many events.  Spans that share ``stop`` (in one
    process) end at once, unfinished, when it is set.
    """

    prepared: Prepared
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
        """Run the span."""
        from cascade.engine.compiled import kernel_run
        from cascade.kernel.loop import Block, Out
        from cascade.kernel.units import RECORDED, UNFINISHED, VISITS, WATCHED, Grouped, Switching, Units

        tables, frailties, clocks = self.prepared
        largest = clocks.largest if clocks else 1

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
            factor=np.ones((len(frailties.powers) if frailties else 1, BLOCK)),
        )
        scratch = scratch_of(BLOCK)
        outcomes = self.number * largest if self.outcomes else 0
        out = Out(
            counts=np.zeros(self.rows * tables.bins, np.int64),
            started=np.zeros(len(tables.start_state), np.int64),
            overtaken=np.zeros((self.stages + 1, self.rows), np.int64),
            watched=np.empty(self.number, np.uint64),
            final_row=np.full(outcomes, NO_MEMBER, np.uint32),
            final_stage=np.empty(outcomes, np.uint32),
            event_cell=np.empty(self.events, np.uint64),
            event_member=np.zeros(self.events, np.uint32),
            event_visit=np.empty(self.events, np.uint32),
            event_exit=np.empty(self.events, np.uint32),
            event_time=np.empty(self.events),
            tally=np.zeros(4, np.int64),
        )
        units = grouped = None
        if clocks is not None:
            # No more fragments can wait than the founders of one block have cells.
            room = BLOCK * largest
            ticks = len(clocks.purpose), BLOCK
            units = Units(
                member=np.zeros(BLOCK, np.uint64),
                size=np.ones(BLOCK, np.int64),
                left=np.empty(ticks),
                anchor=np.empty(ticks),
                drawn=np.empty(ticks, np.uint32),
                soon=reals(),
                waiting=np.zeros(1, np.int64),
                wait_cell=np.empty(room, np.uint64),
                wait_member=np.empty(room, np.uint64),
                wait_state=np.empty(room, np.uint32),
                wait_window=np.empty(room, np.uint32),
                wait_time=np.empty(room),
                wait_seen=np.empty(room, np.uint64),
                switching=Switching(
                    state=words(),
                    window=words(),
                    move_left=reals(),
                    move_anchor=reals(),
                    move_rate=reals(),
                    death_left=reals(),
                    death_anchor=reals(),
                    death_rate=reals(),
                    visit=reals(),
                    dies=words(),
                    due=np.empty(ticks),
                    next=reals(),
                    clock=words(),
                    kept=words(),
                    ended=words(),
                    address=np.empty((3, BLOCK), np.uint64),
                    uniform=reals(),
                    share=reals(),
                ),
            )
        if largest > 1:
            grouped = Grouped(
                by_size=np.zeros((self.rows, largest + 1), np.int64),
                batches=np.zeros((BATCHES, self.rows + 1), np.int64),
                ended=np.zeros((BATCHES, self.rows), np.int64),
                noted=np.zeros(0 if self.cells else self.number, np.uint8),
            )
        cells = np.array(self.cells, np.uint64)
        first, run = np.uint64(self.first), kernel_run()
        kinds = tables, frailties, clocks
        run(*kinds, self.key, cells, first, self.number, block, scratch, units, self.stop, out, grouped)
        if out.tally[UNFINISHED]:
            raise CascadeError(
                "stopped"
                if self.stop[0]
                else "cells made billions of visits: they circle (nearly) for ever; give an end with until"
            )
        watched = np.sort(out.watched[: out.tally[WATCHED]])[:MOST_WATCHED]
        counts = out.counts.reshape(self.rows, tables.bins)
        totals = Totals(
            counts,
            out.started,
            out.overtaken,
            watched,
            np.zeros((0, 0), np.int64) if grouped is None else grouped.by_size,
            np.zeros((0, 0), np.int64) if grouped is None else grouped.batches,
            np.zeros((0, 0), np.int64) if grouped is None else grouped.ended[:, self.ends],
            int(out.tally[WATCHED]),
            int(out.tally[VISITS]),
        )
        recorded = int(out.tally[RECORDED])
        events = (
            out.event_cell[:recorded],
            out.event_member[:recorded],
            out.event_visit[:recorded],
            out.event_exit[:recorded],
            out.event_time[:recorded],
        )
        return Done(totals, (out.final_row, out.final_stage), events, recorded)


def scratch_of(rows: int) -> Scratch:
    """Room for what one round computes."""
    from cascade.kernel.loop import Scratch

    # Arrays of their own: columns of one array would fall on the same lines of the cache.
    moves, deaths, choice, event, move_rate, death_rate = (np.empty(rows) for _ in range(6))
    group, exits, bins, moved = (np.empty(rows, np.uint32) for _ in range(4))
    return Scratch(moves, deaths, choice, event, move_rate, death_rate, group, exits, bins, moved)


@dataclass(frozen=True)
class Done:
    """What a span gives back.

    ``outcomes``: final row and furthest stage of each cell; of clusters by founder and
    member, ``NO_MEMBER`` where there is none.  ``events``: cell, member, visit, exit, time.
    """

    totals: Totals
    outcomes: tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]
    events: tuple[npt.NDArray[Any], ...]
    recorded: int


def run_totals(span: Span) -> Totals:
    """Totals of a span; a function of the module, so that it can be sent to a process."""
    return span.run().totals


def span_of(
    lowered: Lowered,
    prepared: Prepared,
    seed: int,
    cells: range,
    stop: npt.NDArray[np.uint8],
    *,
    outcomes: bool = False,
) -> Span:
    """The span of consecutive cells; those that share ``stop`` are ended together."""
    layout, stages = rows_of(lowered), len(lowered.stages)
    rows, ends = layout.total, slice(layout.stay, layout.inner)
    return Span(prepared, key_of(seed), rows, stages, ends, cells.start, len(cells), outcomes=outcomes, stop=stop)
