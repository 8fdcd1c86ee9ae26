"""Lives of cells by rows of a film: the furthest step that a cell has come to, from the events of the engine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cascade.engine.chunk import Chunk
from cascade.engine.executor import Workers
from cascade.engine.prepare import Inputs, rows_of
from cascade.kernel.buffers import NO_MEMBER
from cascade.kernel.streams import key_of
from cascade.model import Model
from cascade.runs.histories import start_states
from cascade.runs.plan import Plan

Event = tuple[int, int, float]
"""Visit, exit and time."""

_FIRST_ROOM = 16


@dataclass(frozen=True)
class Stay:
    """A stay in a row.

    Attributes
    ----------
    row : int
        The furthest step so far; as many as there are steps for who has passed them all.
    entered, left : float
        Hours; ``left`` is infinite when the cell never leaves.
    cause : str
        Of death, "" for who does not die here.
    start, end : float
        Seconds of the film, once they are known.
    """

    row: int
    entered: float
    left: float
    cause: str = ""
    start: float = 0.0
    end: float = 0.0


@dataclass(frozen=True)
class Track:
    """The way of a cell, or of a unit of a cluster, through the rows.

    Attributes
    ----------
    cell, member : int
        Number of the founder, and the lowest member of the unit.
    size : int
        Its cells when its life ends.
    stays : tuple of Stay
    begin : float
        Second of the film at which it appears.
    """

    cell: int
    member: int
    size: int
    stays: tuple[Stay, ...]
    begin: float = 0.0

    @property
    def furthest(self) -> int:
        """The last row."""
        return self.stays[-1].row


class Lives:
    """Lives of the cells of a seed.

    Parameters
    ----------
    model : Model
    seed, first : int
        And the number of the first cell.
    until : float, optional
        End of the run, in hours.
    """

    def __init__(self, model: Model, *, seed: int, first: int = 0, until: float | None = None) -> None:
        self.plan = Plan.of(model, range(first, first + 1), seed, until, Workers())
        self.first = first

    @cached_property
    def _inputs(self) -> Inputs:
        return self.plan.inputs()

    def reaching(self, cells: int, row: int) -> list[int]:
        """Numbers of the founders, among so many from the first on, of which a member comes to a row."""
        if row == 0:
            return list(range(self.first, self.first + cells))
        stop, found = np.zeros(1, np.uint8), []
        for chunk in self.plan.ends(self._inputs, range(self.first, self.first + cells), stop):
            last, furthest = chunk.run().outcomes
            places = len(furthest) // chunk.number
            there = np.flatnonzero((last != NO_MEMBER) & (furthest >= row))
            found += [chunk.first + int(k) for k in np.unique(there // places)]
        return sorted(found)

    def of(self, cells: Sequence[int]) -> list[list[Track]]:
        """Of each founder, in rising order of numbers, its track and those of its fragments, by lowest member."""
        numbers = tuple(sorted(set(cells)))
        events = self._events(numbers)
        starts = start_states(self.plan.lowered, self._inputs, self.plan.seed, numbers)
        return [self._family(cell, *starts[cell], events[cell]) for cell in numbers]

    def _events(self, cells: tuple[int, ...]) -> dict[int, dict[int, list[Event]]]:
        """All events of the cells, by cell and member."""
        lives: dict[int, dict[int, list[Event]]] = {cell: {} for cell in cells}
        if not cells:
            return lives
        lowered = self.plan.lowered
        layout, stages = rows_of(lowered), len(lowered.stages)
        about = layout.total, stages, slice(layout.stay, layout.inner)
        room = _FIRST_ROOM * len(cells)
        while True:
            run = Chunk(self._inputs, key_of(self.plan.seed), *about, 0, len(cells), cells=cells, events=room).run()
            if run.recorded <= room:
                break
            room = run.recorded
        for cell, member, visit, way, time in zip(*(column.tolist() for column in run.events), strict=True):
            lives[cell].setdefault(member, []).append((visit, way, time))
        return lives

    def _family(self, cell: int, state: int, entered: float, lives: dict[int, list[Event]]) -> list[Track]:
        """A founder and all that goes apart from it."""
        stage = self.plan.lowered.stage
        tracks, waiting = [], [(0, state, entered, int(stage[state]))]
        while waiting:
            member, state, entered, furthest = waiting.pop()
            # A switch ends no visit: several events of one visit come in the order of the run.
            life = sorted(lives.get(member, []), key=lambda event: event[0])
            track, apart = self._track(cell, member, state, entered, furthest, life)
            tracks.append(track)
            waiting += apart
        return sorted(tracks, key=lambda track: track.member)

    def _track(
        self, cell: int, member: int, state: int, entered: float, furthest: int, life: Sequence[Event]
    ) -> tuple[Track, list[tuple[int, int, float, int]]]:
        """The track of a unit; member, state, begin and furthest step of each fragment that goes apart from it."""
        lowered, stays = self.plan.lowered, list[Stay]()
        apart, exits, size, ended = [], len(lowered.exit_hazard), int(lowered.size_of[state]), False
        for _, way, time in life:
            row = max(furthest, int(lowered.stage[state]))
            if way >= exits:  # the run is over
                _note(stays, row, entered, math.inf)
                ended = True
                break
            dies = bool(lowered.exit_target[way] < 0)
            cause = lowered.transitions[lowered.exit_transition[way]].way if dies else ""
            _note(stays, row, entered, time, cause)
            if dies:
                ended = True
                break
            state, furthest = int(lowered.exit_target[way]), max(furthest, int(lowered.stage[lowered.exit_target[way]]))
            if lowered.exit_apart[way] >= 0:
                size = int(lowered.size_of[state])
                apart.append((member + size, int(lowered.exit_apart[way]), time, furthest))
            entered = time
        if not ended:
            _note(stays, max(furthest, int(lowered.stage[state])), entered, math.inf)
        return Track(cell, member, size, tuple(stays)), apart


def _note(stays: list[Stay], row: int, entered: float, left: float, cause: str = "") -> None:
    """A visit, in the furthest row that was reached: a cell may come back to earlier states."""
    if stays and row <= stays[-1].row:
        last = stays.pop()
        row, entered = last.row, last.entered
    stays.append(Stay(row, entered, left, cause))
