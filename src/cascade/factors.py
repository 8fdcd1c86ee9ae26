"""Factors as a grid of levels over states: what the lowering needs to expand them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from cascade import graph
from cascade.model import Model
from cascade.parts import Factor, Switch


@dataclass(frozen=True)
class Grid:
    """Levels of the factors that exist in a state.

    ``active`` numbers these factors; ``combos`` lists their levels, one number for each;
    ``begin`` the shares of cells that come in without any.
    """

    active: tuple[int, ...]
    combos: tuple[tuple[int, ...], ...]

    def at(self, levels: tuple[int, ...]) -> int:
        """Place of a combination of levels."""
        return self.combos.index(levels)


class Factors:
    """The factors of a model, state by state."""

    def __init__(self, model: Model) -> None:
        self.factors: tuple[Factor, ...] = model.factors
        inside = [set(graph.factor_states(factor, model.states)) for factor in self.factors]
        self.grids = []
        for state in model.states:
            active = tuple(f for f, names in enumerate(inside) if state.name in names)
            sizes = [range(len(self.factors[f].levels)) for f in active]
            self.grids.append(Grid(active, tuple(itertools.product(*sizes))))
        names = [name for name, _, _ in model.hazards()]
        # For each factor and level the multipliers of the hazards that it changes.
        self._effects: list[dict[tuple[int, str], float]] = []
        for factor in self.factors:
            found: dict[tuple[int, str], float] = {}
            for effect in factor.effects:
                for name in graph.matching(effect.hazard, names):
                    key = factor.levels.index(effect.level), name
                    found[key] = found.get(key, 1.0) * effect.factor
            self._effects.append(found)

    def multiplier(self, state: int, combo: tuple[int, ...], hazard: str) -> float:
        """What the levels of a cell make of a hazard."""
        product = 1.0
        for f, level in zip(self.grids[state].active, combo, strict=True):
            product *= self._effects[f].get((level, hazard), 1.0)
        return product

    def arrivals(self, source: int, combo: tuple[int, ...], target: int) -> Iterator[tuple[int, float]]:
        """Places in the grid of the target with the shares of cells that come to each."""
        kept = dict(zip(self.grids[source].active, combo, strict=True))
        yield from self._spread(target, kept)

    def beginnings(self, state: int) -> Iterator[tuple[int, float]]:
        """The same for cells that start in a state."""
        yield from self._spread(state, {})

    def _spread(self, target: int, kept: dict[int, int]) -> Iterator[tuple[int, float]]:
        grid = self.grids[target]
        choices = []
        for f in grid.active:
            factor = self.factors[f]
            begin = factor.begin or {factor.levels[0]: 1.0}
            new = [(factor.levels.index(level), share) for level, share in begin.items() if share > 0]
            choices.append([(kept[f], 1.0)] if f in kept else new)
        for picked in itertools.product(*choices):
            share = 1.0
            for _, part in picked:
                share *= part
            yield grid.at(tuple(level for level, _ in picked)), share

    def switches(self, state: int, combo: tuple[int, ...]) -> Iterator[tuple[int, str, Switch]]:
        """Switches open to a cell: place of the new levels, way and switch."""
        grid = self.grids[state]
        for place, f in enumerate(grid.active):
            factor = self.factors[f]
            for switch in factor.switches:
                if factor.levels[combo[place]] == switch.level:
                    new = list(combo)
                    new[place] = factor.levels.index(switch.to)
                    yield grid.at(tuple(new)), f"{factor.name}: {switch.to}", switch
