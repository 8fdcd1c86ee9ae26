"""Factors and the sizes of clusters as a grid of levels over each state.

The sizes of clusters are one more factor, the last: level n - 1 is a unit of n cells.  A state in
which the factors ``active`` exist becomes one state for each combination of their levels; a *place*
is the number of a combination, in the order of ``itertools.product``.  Whatever depends on the
active factors alone is worked out once for all states that have them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cascade.common.portable import power
from cascade.common.types import Floats, Ints
from cascade.model import Model
from cascade.model.factors import Clusters, Factor
from cascade.model.hazards import HazardTable
from cascade.model.names import BREAK, EVERYWHERE, living_states, switch_way

SIZE_CLOCK = 255
"""Number of the clock of breaking; that of a factor is its own."""


@dataclass(frozen=True)
class Grid:
    """Combinations of the levels of the factors that exist in a state."""

    active: tuple[int, ...]
    combos: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.combos)

    @cached_property
    def place(self) -> dict[tuple[int, ...], int]:
        """Place of each combination of levels."""
        return {combo: i for i, combo in enumerate(self.combos)}

    @cached_property
    def columns(self) -> Ints:
        """Levels by active factor and place, (active, places)."""
        return np.array(self.combos, np.int64).reshape(len(self.combos), len(self.active)).T


class Arrivals(NamedTuple):
    """Where units come to that move from one grid to another, in the order of the places that they leave.

    ``apart``: place of a fragment that goes apart as a cluster comes in, or -1.
    """

    source: Ints
    place: Ints
    share: Floats
    apart: Ints


class Changes(NamedTuple):
    """Changes of level within a grid: number of the clock, way and hazard of each, and where it leads."""

    source: Ints
    clock: Ints
    way: tuple[str, ...]
    hazard: Floats
    place: Ints
    apart: Ints


class LevelGrids:
    """The grids of a model, state by state."""

    def __init__(self, model: Model) -> None:
        table = model.hazard_table
        self.factors, self.clusters = model.factors, model.clusters
        self.largest = model.clusters.largest if model.clusters else 1
        inside = [set(living_states(factor.states, model.states)) for factor in self.factors]
        self._levels: list[Sequence[str]] = [factor.levels for factor in self.factors]
        # Where levels begin: numbers and shares, in the order of the levels, not of a table in a file.
        self._begin = [
            sorted((f.levels.index(level), share) for level, share in (f.begin or {f.levels[0]: 1.0}).items() if share)
            for f in self.factors
        ]
        self._effects = [_level_effects(factor, table) for factor in self.factors]
        self._on_entering, self._bond = [0.0] * len(model.states), [0.0] * len(model.states)
        if self.clusters is not None:
            inside.append(set(living_states([EVERYWHERE], model.states)))
            self._levels.append([f"{n} cells" if n > 1 else "" for n in range(1, self.largest + 1)])
            self._begin.append(sorted((part.size - 1, part.share) for part in self.clusters.sizes if part.share))
            self._effects.append(_size_effects(self.clusters, table))
            self._set_breaks(model)
        self.clocks = tuple(f for f, factor in enumerate(self.factors) if factor.switches)
        self.clocks += (SIZE_CLOCK,) * any(self._bond)
        self._grids: dict[tuple[int, ...], Grid] = {}
        active = [tuple(f for f, names in enumerate(inside) if state.name in names) for state in model.states]
        self.grids = [self._grid(which) for which in active]
        self._arrivals: dict[tuple[object, ...], Arrivals] = {}
        self._changes: dict[tuple[object, ...], Changes] = {}

    def _grid(self, active: tuple[int, ...]) -> Grid:
        if active not in self._grids:
            ranges = [range(len(self._levels[f])) for f in active]
            self._grids[active] = Grid(active, tuple(itertools.product(*ranges)))
        return self._grids[active]

    def _set_breaks(self, model: Model) -> None:
        assert self.clusters is not None
        for part in self.clusters.breaks:
            broken = set(living_states([part.state], model.states))
            for i, state in enumerate(model.states):
                if state.name in broken:
                    self._on_entering[i], self._bond[i] = part.on_entering, part.hazard

    def labels(self, state: int) -> list[str]:
        """The levels in words, by place."""
        grid = self.grids[state]
        words = ([self._levels[f][level] for f, level in zip(grid.active, c, strict=True)] for c in grid.combos)
        return [", ".join(word for word in combo if word) for combo in words]

    def sizes(self, state: int) -> Ints:
        """Cells of a unit by place; 1 in an absorbing state, where sizes are no longer told apart."""
        grid = self.grids[state]
        if self.clusters is None or not grid.active:
            return np.ones(len(grid), np.int64)
        return np.asarray(grid.columns[-1] + 1)

    def ticks(self, state: int, clock: int) -> bool:
        """Whether a clock runs in a state."""
        return (len(self.factors) if clock == SIZE_CLOCK else clock) in self.grids[state].active

    def multipliers(self, state: int, hazard: int) -> Floats:
        """What the levels make of a hazard, by place."""
        grid = self.grids[state]
        product = np.ones(len(grid))
        for f, levels in zip(grid.active, grid.columns, strict=True):
            if hazard in self._effects[f]:
                product *= self._effects[f][hazard][levels]
        return product

    def arrivals(self, source: int, target: int) -> Arrivals:
        """Where units come to that move between two states, with the shares of each; some clusters break."""
        key = self.grids[source].active, self.grids[target].active, self._on_entering[target]
        if key not in self._arrivals:
            rows = [
                (place, *arrival)
                for place, combo in enumerate(self.grids[source].combos)
                for arrival in self._arrive(self.grids[source], combo, target)
            ]
            columns = list(zip(*rows, strict=True))
            self._arrivals[key] = Arrivals(
                *(np.array(column, kind) for column, kind in zip(columns, (int, int, float, int), strict=True))
            )
        return self._arrivals[key]

    def _arrive(self, grid: Grid, combo: tuple[int, ...], target: int) -> Iterator[tuple[int, float, int]]:
        """Place, share, and place of a fragment or -1, of units that leave with these levels."""
        levels_kept = dict(zip(grid.active, combo, strict=True))
        sizes, chance = self.sizes(target), self._on_entering[target]
        for place, share in self._spread(self.grids[target], levels_kept):
            size = int(sizes[place])
            if size == 1 or chance == 0:
                yield place, share, -1
                continue
            if chance < 1:
                yield place, share * (1.0 - chance), -1
            for k in range(1, size):
                yield place - size + k, share * chance / (size - 1), place - k

    def beginnings(self, state: int) -> Iterator[tuple[int, float]]:
        """Places and shares of units that start in a state; none breaks."""
        yield from self._spread(self.grids[state], {})

    def _spread(self, grid: Grid, levels_kept: Mapping[int, int]) -> Iterator[tuple[int, float]]:
        """Places that units come to with the levels that they keep, others being drawn."""
        choices = [[(levels_kept[f], 1.0)] if f in levels_kept else self._begin[f] for f in grid.active]
        for picked in itertools.product(*choices):
            share = 1.0
            for _, part in picked:
                share *= part
            yield grid.place[tuple(level for level, _ in picked)], share

    def changes(self, state: int) -> Changes:
        """Changes of level that are open to units in a state."""
        key = self.grids[state].active, self._bond[state]
        if key not in self._changes:
            rows = [
                (place, *change)
                for place, combo in enumerate(self.grids[state].combos)
                for change in self._change(state, place, combo)
            ]
            columns = list(zip(*rows, strict=True)) or [()] * 6
            source, clock, way, hazard, to, apart = columns
            self._changes[key] = Changes(
                np.array(source, np.int64), np.array(clock, np.int64), tuple(way), np.array(hazard, np.float64),
                np.array(to, np.int64), np.array(apart, np.int64),
            )  # fmt: skip
        return self._changes[key]

    def _change(self, state: int, place: int, combo: tuple[int, ...]) -> Iterator[tuple[int, str, float, int, int]]:
        """Clock, way, hazard, new place, and place of a fragment or -1, of each change at these levels."""
        grid = self.grids[state]
        for column, f in enumerate(grid.active):
            for switch in self.factors[f].switches if f < len(self.factors) else ():
                factor = self.factors[f]
                if factor.levels[combo[column]] == switch.level:
                    new = (*combo[:column], factor.levels.index(switch.to), *combo[column + 1 :])
                    yield f, switch_way(factor.name, switch.to), switch.hazard, grid.place[new], -1
        if self._bond[state]:
            size = int(self.sizes(state)[place])
            for k in range(1, size):
                yield SIZE_CLOCK, BREAK, self._bond[state], place - size + k, place - k


def _level_effects(factor: Factor, table: HazardTable) -> dict[int, Floats]:
    """For each hazard that a factor changes its multipliers by level."""
    multipliers: dict[int, Floats] = {}
    for effect in factor.effects:
        for number in table.matching(effect.hazard, switches=False):
            by_level = multipliers.setdefault(number, np.ones(len(factor.levels)))
            by_level[factor.levels.index(effect.level)] *= effect.factor
    return multipliers


def _size_effects(clusters: Clusters, table: HazardTable) -> dict[int, Floats]:
    """For each hazard that company changes its multipliers by size - 1."""
    multipliers: dict[int, Floats] = {}
    for effect in clusters.effects:
        for number in table.matching(effect.hazard, switches=False):
            by_size = multipliers.setdefault(number, np.ones(clusters.largest))
            for n in range(2, clusters.largest + 1):
                by_size[n - 1] *= float(f"{effect.factor * power(float(n), effect.power):.12g}")
    return multipliers
