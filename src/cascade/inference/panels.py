"""Own data of looks: in which state each cell was, time after time."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from cascade.common.text import number, text_table
from cascade.inference.data import Data, number_of
from cascade.model.observables import Observable


@dataclass(frozen=True)
class Look:
    """One row: a cell, and where it was.

    Attributes
    ----------
    unit, animal, arm : str
        Cells of one animal depend on each other.
    hours : float
    state : str
        As the data call it.
    """

    unit: str
    animal: str
    arm: str
    hours: float
    state: str


@dataclass(frozen=True)
class Panel(Data):
    """In which state each cell was, look by look.

    Make one with ``Data.panel``.

    Attributes
    ----------
    rows : tuple of Look
        Those of one cell stand together, in order of time.
    observables : mapping of str to Observable
        What states of the data are in the model, as given.
    name : str
        Where they come from.
    """

    rows: tuple[Look, ...]
    observables: Mapping[str, Observable]
    name: str = field(default="data", compare=False)

    names: ClassVar[str] = "state"

    @property
    def states(self) -> tuple[str, ...]:
        """Names of states, in order of appearance."""
        return tuple(dict.fromkeys(row.state for row in self.rows))

    @cached_property
    def units(self) -> tuple[tuple[Look, ...], ...]:
        """The looks of each cell."""
        found: dict[tuple[str, str, str], list[Look]] = {}
        for row in self.rows:
            found.setdefault((row.arm, row.animal, row.unit), []).append(row)
        return tuple(tuple(looks) for looks in found.values())

    def moves(self) -> dict[tuple[str, str], int]:
        """How often a cell that was in one state at a look was in another, or the same one, at the next."""
        moves: dict[tuple[str, str], int] = {}
        for looks in self.units:
            for a, b in itertools.pairwise(looks):
                moves[a.state, b.state] = moves.get((a.state, b.state), 0) + 1
        return moves

    @property
    def told(self) -> str:
        """How much there is, in words."""
        return f"{number_of(len(self), 'look')} at {number_of(len(self.units), 'cell')}"

    def __str__(self) -> str:
        moves = self.moves()
        lines = [[a, *(number(moves.get((a, b), 0)) for b in self.states)] for a in self.states]
        table = text_table(["from, to the next look", *self.states], lines)
        return f"{self.told}\n\n{table}"
