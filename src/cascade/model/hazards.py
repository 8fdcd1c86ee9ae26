"""The hazards of a model as a table: names and patterns become numbers here, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from cascade.common.errors import InputError, nearest
from cascade.common.frozen import FrozenDict
from cascade.model.names import alike, hazard_name, pattern_parts, switch_ways
from cascade.model.parts import Death, Move

if TYPE_CHECKING:
    from cascade.model.model import Model


class Hazard(NamedTuple):
    """One row: a move, a death, or the change of a level.

    Attributes
    ----------
    name : str
        ``state.way``.
    state : int
        The state that is left.
    way : str
        The target of a move, a cause of death, or ``factor: level``.
    target : int
        The state that is come to: that of a move, -1 of a death, the same one of a switch.
    part : Move, Death or None
        None for a switch, which has a hazard for each level that it begins at.
    """

    name: str
    state: int
    way: str
    target: int
    part: Move | Death | None


@dataclass(frozen=True)
class HazardTable:
    """All hazards, state by state: moves, deaths, then the switches of factors and of breaking."""

    rows: tuple[Hazard, ...]

    @classmethod
    def of(cls, model: Model) -> HazardTable:
        """The table of a model."""
        index = {state.name: i for i, state in enumerate(model.states)}
        switched = switch_ways(model)
        rows: list[Hazard] = []
        for i, state in enumerate(model.states):
            rows += [Hazard(hazard_name(state.name, m.to), i, m.to, index[m.to], m) for m in state.moves]
            rows += [Hazard(hazard_name(state.name, d.cause), i, d.cause, -1, d) for d in state.deaths]
            rows += [Hazard(hazard_name(state.name, way), i, way, i, None) for way in switched[i]]
        return cls(tuple(rows))

    def __iter__(self) -> Iterator[Hazard]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(row.name for row in self.rows)

    @cached_property
    def _number(self) -> FrozenDict[str, int]:
        return FrozenDict({row.name: number for number, row in enumerate(self.rows)})

    @cached_property
    def _by_state(self) -> FrozenDict[int, tuple[int, ...]]:
        """Numbers of the hazards of each state."""
        numbers: dict[int, list[int]] = {}
        for number, row in enumerate(self.rows):
            numbers.setdefault(row.state, []).append(number)
        return FrozenDict({state: tuple(some) for state, some in numbers.items()})

    def of_state(self, state: int) -> tuple[int, ...]:
        """Numbers of the hazards of a state, in order."""
        return self._by_state.get(state, ())

    def matching(self, pattern: str, *, switches: bool = True) -> list[int]:
        """Numbers of the hazards that a pattern means, in order; see ``names.matching``."""
        if "*" not in pattern:
            numbers = [self._number[pattern]] if pattern in self._number else []
        else:
            numbers = self._fitting(pattern)
        return [n for n in numbers if switches or self.rows[n].part is not None]

    def _fitting(self, pattern: str) -> list[int]:
        state, way = pattern_parts(pattern)
        states = set(alike(state, self._states))
        ways = set(alike(way, self._ways))
        return [n for n, (s, w) in enumerate(self._pairs) if s in states and w in ways]

    @cached_property
    def _pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(pattern_parts(name) for name in self.names)

    @cached_property
    def _states(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(state for state, _ in self._pairs))

    @cached_property
    def _ways(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(way for _, way in self._pairs))

    def named(self, pattern: object, field: str) -> list[int]:
        """Numbers of the moves and deaths that a user's pattern means.

        Raises
        ------
        InputError
            When it means none.
        """
        numbers = self.matching(str(pattern), switches=False)
        if not numbers:
            candidates = [row.name for row in self.rows if row.part is not None]
            raise InputError(field, pattern, f"the name of a hazard; {nearest(str(pattern), candidates)}")
        return numbers
