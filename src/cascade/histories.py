"""Replay: full histories of chosen cells, recomputed from the seed by the same kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cascade.arguments import check_cells, check_model, check_seed, check_until
from cascade.display import hours, text_table
from cascade.lower import Lowered, lower
from cascade.model import Model
from cascade.spans import Span
from cascade.streams import key_of
from cascade.tables import Tables, environment, frailties, rows_of, tables_of

_FIRST_ROOM = 16


@dataclass(frozen=True)
class Stay:
    """A stay of a cell in a state.

    Attributes
    ----------
    state : str
    entered, left : float
        Hours; ``left`` is infinite when the cell never leaves.
    ended_by : str
        The target of the move, the cause of death, or '' when the cell is still there.
    died : bool
    """

    state: str
    entered: float
    left: float
    ended_by: str
    died: bool

    @property
    def way(self) -> str:
        """How the stay ended, in words."""
        return f"died: {self.ended_by}" if self.died else self.ended_by or "still there"


@dataclass(frozen=True)
class History:
    """The life of one cell."""

    cell: int
    stays: tuple[Stay, ...]

    @property
    def fate(self) -> str:
        """``state.cause`` of a dead cell, the last state of another."""
        last = self.stays[-1]
        return f"{last.state}.{last.ended_by}" if last.died else last.state

    def __str__(self) -> str:
        rows = [[s.state, hours(s.entered), hours(s.left), s.way] for s in self.stays]
        return f"cell {self.cell}\n" + text_table(["state", "entered", "left", "by"], rows, left=(0, 3))


@dataclass(frozen=True)
class Histories:
    """Histories of several cells, in the order asked for."""

    cells: tuple[History, ...]

    def __iter__(self) -> Iterator[History]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, index: int) -> History:
        return self.cells[index]

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary per stay."""
        return [{"cell": history.cell, **asdict(stay)} for history in self for stay in history.stays]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.cells))


def replay(model: Model, *, seed: int, cells: Sequence[int], until: float | None = None) -> Histories:
    """Full histories of any cells of a model: states, times, causes.

    Parameters
    ----------
    model : Model
    seed : int
    cells : sequence of int
        Cell numbers, in any order.
    until : float, optional
        End of the run in hours; must be that of the run that is replayed.

    Examples
    --------
    >>> import cascade
    >>> model = cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5})
    >>> len(cascade.replay(model, seed=1, cells=[0, 999_999_999]))
    2
    """
    numbers = check_cells(cells)
    lowered = lower(check_model(model))
    prepared = tables_of(lowered, environment(lowered, check_until(lowered, until)))
    return histories_of(lowered, prepared, check_seed(seed), numbers)


def histories_of(lowered: Lowered, prepared: Tables, seed: int, cells: Sequence[int]) -> Histories:
    """Histories of the cells, each computed once."""
    distinct = tuple(sorted(set(cells)))
    lives: dict[int, list[tuple[int, int, float]]] = {cell: [] for cell in distinct}
    if distinct:
        rows, stages = rows_of(lowered).total, len(lowered.stages)
        room = _FIRST_ROOM * len(distinct)
        while True:
            done = Span(
                prepared, frailties(lowered), key_of(seed), rows, stages, 0, len(distinct), cells=distinct, events=room
            ).run()
            if done.recorded <= room:
                break
            room = done.recorded
        for cell, visit, way, time in zip(*(column.tolist() for column in done.events), strict=True):
            lives[cell].append((visit, way, time))
    starts = start_states(lowered, prepared, seed, distinct)
    return Histories(tuple(_history(lowered, cell, *starts[cell], sorted(lives[cell])) for cell in cells))


def start_states(lowered: Lowered, prepared: Tables, seed: int, cells: Sequence[int]) -> dict[int, tuple[int, float]]:
    """State (expanded) and time of entry of each cell, by the draws that the kernel uses."""
    from cascade.streams import start_block

    several = len(lowered.start_state) > 1 or prepared.entry_high > prepared.entry_low
    k0, k1 = key_of(seed)
    starts = {}
    for cell in cells:
        which, time = 0, prepared.entry_low
        if several:
            for_state, for_time = start_block(np.uint64(cell), k0, k1)
            which = int(np.searchsorted(prepared.start_cumulative[:-1], for_state, side="right"))
            time += for_time * (prepared.entry_high - prepared.entry_low)
        starts[cell] = (int(lowered.start_state[which]), float(time))
    return starts


def _history(
    lowered: Lowered, cell: int, state: int, entered: float, life: Sequence[tuple[int, int, float]]
) -> History:
    stays = []
    exits = len(lowered.exit_hazard)
    for _, way, time in life:
        name = lowered.states[lowered.base[state]]
        if way >= exits:
            # A cell that would have entered after the end of the run has not left before it came.
            stays.append(Stay(name, entered, max(entered, time), "", False))
            break
        if lowered.exit_inner[way]:
            state = int(lowered.exit_target[way])
            continue
        transition = lowered.transitions[lowered.exit_transition[way]]
        stays.append(Stay(name, entered, time, transition.way, transition.is_death))
        state, entered = int(lowered.exit_target[way]), time
    if not stays[-1].died and stays[-1].ended_by:
        stays.append(Stay(lowered.states[lowered.base[state]], entered, float("inf"), "", False))
    return History(cell, tuple(stays))
