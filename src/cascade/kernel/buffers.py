"""Where the kernel works and writes: the rows under way, room for a round, counts and histories."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.kernel.inputs import Floats, Ints, Longs, Words

BATCHES = 64
"""Founders are counted in so many batches, by number: their spread is that of founders, not of cells.

A power of two.
"""

NO_MEMBER = 0xFFFFFFFF
"""Final row of a member that a founder does not have."""

VISITS, WATCHED, RECORDED, UNFINISHED, EXCEEDED = 0, 1, 2, 3, 4
"""Places of the tally."""


def _reals(rows: int, number: int) -> tuple[Floats, ...]:
    # Arrays of their own: columns of one array would fall on the same lines of the cache.
    return tuple(np.empty(rows) for _ in range(number))


def _words(rows: int, number: int) -> tuple[Words, ...]:
    return tuple(np.empty(rows, np.uint32) for _ in range(number))


class Block(NamedTuple):
    """Columns of the cells under way, each of shape (rows,)."""

    cell: Longs  # number of the founder
    visit: Words
    state: Words
    window: Words
    time: Floats
    seen: Longs  # stages reached and milestones, as bits
    multiplier: Floats  # (P, rows) of the cell's hazards; profile 0 is 1

    @classmethod
    def empty(cls, rows: int, profiles: int) -> Block:
        """Room for so many rows."""
        cell, seen = np.empty(rows, np.uint64), np.empty(rows, np.uint64)
        return cls._make([cell, *_words(rows, 3), *_reals(rows, 1), seen, np.ones((profiles, rows))])


class Scratch(NamedTuple):
    """What one round computes for each row, each of shape (rows,)."""

    for_moves: Floats  # unit exponentials
    for_deaths: Floats
    choice: Floats  # uniform
    event: Floats  # time at which the visit ends
    move_rate: Floats
    death_rate: Floats
    group: Words  # the group that wins; later room for lists of rows
    exit: Words
    bin: Words
    moved: Words  # lists of rows

    @classmethod
    def empty(cls, rows: int) -> Scratch:
        """Room for so many rows."""
        return cls._make([*_reals(rows, 6), *_words(rows, 4)])


class Out(NamedTuple):
    """What a run writes; integers, apart from the times of recorded events."""

    counts: Ints  # (rows of the histogram * bins,) events in bins of time
    started: Ints  # (K,) units by start
    overtaken: Ints  # (stages + 1, rows) cells whose last state is of another stage than the furthest they reached
    watched: Longs  # (number,) founders
    final_row: Words  # (number * largest,) outcome by founder and member, or empty
    final_stage: Words
    event_cell: Longs  # (events,) history, or empty
    event_member: Words
    event_visit: Words
    event_exit: Words
    event_time: Floats
    tally: Ints  # (5,) visits, watched founders, recorded events, whether unfinished, hazards above their ceiling

    @classmethod
    def zero(cls, shape: tuple[int, int], starts: int, stages: int, number: int, outcomes: int, events: int) -> Out:
        """Nothing counted yet.

        Parameters
        ----------
        shape : (int, int)
            Rows and bins of the histogram.
        starts, stages : int
        number : int
            Cells of the run.
        outcomes : int
            Members whose outcome is noted.
        events : int
            Events that are written down.
        """
        return cls(
            counts=np.zeros(shape[0] * shape[1], np.int64),
            started=np.zeros(starts, np.int64),
            overtaken=np.zeros((stages + 1, shape[0]), np.int64),
            watched=np.empty(number, np.uint64),
            final_row=np.full(outcomes, NO_MEMBER, np.uint32),
            final_stage=np.empty(outcomes, np.uint32),
            event_cell=np.empty(events, np.uint64),
            event_member=np.zeros(events, np.uint32),
            event_visit=np.empty(events, np.uint32),
            event_exit=np.empty(events, np.uint32),
            event_time=np.empty(events),
            tally=np.zeros(5, np.int64),
        )


class Switching(NamedTuple):
    """Room for the visits during which something changes, by their *place* in the list of these."""

    state: Words  # (rows,) as changed so far
    window: Words
    move_left: Floats  # (rows,) exponential left at the anchor
    move_anchor: Floats
    move_rate: Floats
    death_left: Floats
    death_anchor: Floats
    death_rate: Floats
    visit: Floats  # (rows,) when the visit ends if nothing else changes
    next: Floats  # (rows,) time of what comes next
    dies: Words  # (rows,) whether the visit would end by a death
    clock: Words  # (rows,) whose switch comes next; C: the end of a window
    going: Words  # (rows,) list of places whose visit goes on
    ended: Words  # (rows,) list of places whose visit has ended
    due: Floats  # (C, rows) when each clock is due
    address: Longs  # (3, rows) by place in ``going``: founder, draw and purpose
    uniform: Floats  # (rows,) by place in ``going``: what is drawn for the time
    share: Floats  # (rows,) and for the choice

    @classmethod
    def empty(cls, rows: int, clocks: int) -> Switching:
        """Room for so many rows."""
        due, address = np.empty((clocks, rows)), np.empty((3, rows), np.uint64)
        return cls._make([*_words(rows, 2), *_reals(rows, 8), *_words(rows, 4), due, address, *_reals(rows, 2)])


class Units(NamedTuple):
    """Further columns of the units under way, and the fragments that wait."""

    member: Longs  # (rows,) lowest member
    size: Ints  # (rows,) cells
    left: Floats  # (C, rows) clocks of the factors: exponential left at the anchor
    anchor: Floats  # (C, rows)
    drawn: Words  # (C, rows) how many draws the clock has used
    soon: Floats  # (rows,) when the first of them is due, if the unit stays where it is
    waiting: Ints  # (1,) number of fragments that wait
    wait_cell: Longs  # (rows * largest,)
    wait_member: Longs
    wait_state: Words
    wait_window: Words
    wait_time: Floats
    wait_seen: Longs
    switching: Switching

    @classmethod
    def empty(cls, rows: int, clocks: int, largest: int) -> Units:
        """Room for so many rows."""
        # No more fragments can wait than the founders of one block have cells.
        room = rows * largest
        return cls(
            member=np.zeros(rows, np.uint64),
            size=np.ones(rows, np.int64),
            left=np.empty((clocks, rows)),
            anchor=np.empty((clocks, rows)),
            drawn=np.empty((clocks, rows), np.uint32),
            soon=np.empty(rows),
            waiting=np.zeros(1, np.int64),
            wait_cell=np.empty(room, np.uint64),
            wait_member=np.empty(room, np.uint64),
            wait_state=np.empty(room, np.uint32),
            wait_window=np.empty(room, np.uint32),
            wait_time=np.empty(room),
            wait_seen=np.empty(room, np.uint64),
            switching=Switching.empty(rows, clocks),
        )


class Grouped(NamedTuple):
    """What a run of clusters writes beside ``Out``.

    In rows of stages and milestones ``by_size`` and ``batches`` have those that began there, too.
    """

    by_size: Ints  # (rows of the histogram, largest + 1) units by row and size
    batches: Ints  # (BATCHES, rows + 1) cells by batch of founders, the last column those that started
    ended: Ints  # (BATCHES, rows) units that were absorbed
    noted: npt.NDArray[np.uint8]  # (number,) founders in the list of the watched

    @classmethod
    def zero(cls, rows: int, largest: int, number: int) -> Grouped:
        """Nothing counted yet; ``number`` of founders that may be watched."""
        return cls(
            by_size=np.zeros((rows, largest + 1), np.int64),
            batches=np.zeros((BATCHES, rows + 1), np.int64),
            ended=np.zeros((BATCHES, rows), np.int64),
            noted=np.zeros(number, np.uint8),
        )
