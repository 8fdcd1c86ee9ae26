"""Factors and the sizes of clusters as a grid of levels over states: what the lowering needs to expand them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from cascade.model import Model, checks
from cascade.model.parts import Clusters

SIZE_CLOCK = 255
"""Number of the clock of breaking; that of a factor is its own."""


@dataclass(frozen=True)
class Grid:
    """Levels of the factors that exist in a state.

    ``active`` numbers these factors, that of the sizes of clusters last; ``combos`` lists
    their levels, one number for each.
    """

    active: tuple[int, ...]
    combos: tuple[tuple[int, ...], ...]

    def at(self, levels: tuple[int, ...]) -> int:
        """Place of a combination of levels."""
        return self.combos.index(levels)


class Arrival(NamedTuple):
    """Where a unit comes to: a place in the grid, with its share, and that of a fragment gone apart, or -1."""

    place: int
    share: float
    apart: int = -1


class Change(NamedTuple):
    """A change of level: number of its clock, way, hazard per hour, new place and that of a fragment, or -1."""

    clock: int
    way: str
    hazard: float
    place: int
    apart: int = -1


class Factors:
    """The factors of a model, state by state; the sizes of its clusters are one more."""

    def __init__(self, model: Model) -> None:
        self.factors = model.factors
        self.clusters = model.clusters
        self.largest = model.clusters.largest if model.clusters else 1
        inside = [set(checks.factor_states(factor, model.states)) for factor in self.factors]
        levels = [factor.levels for factor in self.factors]
        # Where levels begin: numbers and shares, in the order of the levels, not of a table in a file.
        self._begin = [
            sorted((f.levels.index(level), share) for level, share in (f.begin or {f.levels[0]: 1.0}).items() if share)
            for f in self.factors
        ]
        names = [name for name, _, _ in model.hazards()]
        # For each factor and level the multipliers of the hazards that it changes.
        self._effects: list[dict[tuple[int, str], float]] = []
        for factor in self.factors:
            found: dict[tuple[int, str], float] = {}
            for effect in factor.effects:
                for name in checks.matching(effect.hazard, names):
                    key = factor.levels.index(effect.level), name
                    found[key] = found.get(key, 1.0) * effect.factor
            self._effects.append(found)
        self._entering: list[float] = [0.0] * len(model.states)
        self._bond: list[float] = [0.0] * len(model.states)
        if self.clusters is not None:
            inside.append(set(checks.factor_states({"states": ["*"]}, model.states)))
            levels.append(tuple(f"{n} cells" if n > 1 else "" for n in range(1, self.largest + 1)))
            self._begin.append(sorted((part.size - 1, part.share) for part in self.clusters.sizes if part.share))
            self._effects.append(_size_effects(self.clusters, names))
            for part in self.clusters.breaks:
                broken = checks.factor_states({"states": [part.state]}, model.states)
                for i, state in enumerate(model.states):
                    if state.name in broken:
                        self._entering[i], self._bond[i] = part.on_entering, part.hazard
        self._levels = levels
        self.clocks = tuple(f for f, factor in enumerate(self.factors) if factor.switches)
        if any(self._bond):
            self.clocks += (SIZE_CLOCK,)
        self.grids = []
        for state in model.states:
            active = tuple(f for f, names_of in enumerate(inside) if state.name in names_of)
            sizes = [range(len(levels[f])) for f in active]
            self.grids.append(Grid(active, tuple(itertools.product(*sizes))))

    def label(self, state: int, combo: tuple[int, ...]) -> str:
        """The levels in words."""
        words = [self._levels[f][level] for f, level in zip(self.grids[state].active, combo, strict=True)]
        return ", ".join(word for word in words if word)

    def ticks(self, state: int, clock: int) -> bool:
        """Whether a clock runs in a state."""
        return (len(self.factors) if clock == SIZE_CLOCK else clock) in self.grids[state].active

    def multiplier(self, state: int, combo: tuple[int, ...], hazard: str) -> float:
        """What the levels of a cell make of a hazard."""
        product = 1.0
        for f, level in zip(self.grids[state].active, combo, strict=True):
            product *= self._effects[f].get((level, hazard), 1.0)
        return product

    def size(self, combo: tuple[int, ...]) -> int:
        """Cells of a unit; 1 in an absorbing state, where sizes are no longer told apart."""
        return combo[-1] + 1 if self.clusters is not None and combo else 1

    def arrivals(self, source: int, combo: tuple[int, ...], target: int) -> Iterator[Arrival]:
        """Places in the grid of the target with the shares of units that come to each; some break."""
        kept = dict(zip(self.grids[source].active, combo, strict=True))
        for place, share in self._spread(target, kept):
            size, chance = self.size(self.grids[target].combos[place]), self._entering[target]
            if size == 1 or chance == 0:
                yield Arrival(place, share)
                continue
            if chance < 1:
                yield Arrival(place, share * (1.0 - chance))
            for k in range(1, size):
                yield Arrival(place - size + k, share * chance / (size - 1), place - k)

    def beginnings(self, state: int) -> Iterator[tuple[int, float]]:
        """The same for units that start in a state; none breaks."""
        yield from self._spread(state, {})

    def _spread(self, target: int, kept: dict[int, int]) -> Iterator[tuple[int, float]]:
        grid = self.grids[target]
        choices = [[(kept[f], 1.0)] if f in kept else self._begin[f] for f in grid.active]
        for picked in itertools.product(*choices):
            share = 1.0
            for _, part in picked:
                share *= part
            yield grid.at(tuple(level for level, _ in picked)), share

    def changes(self, state: int, combo: tuple[int, ...]) -> Iterator[Change]:
        """Changes of level that are open to a unit."""
        grid = self.grids[state]
        for place, f in enumerate(grid.active):
            if f == len(self.factors):
                continue
            factor = self.factors[f]
            for switch in factor.switches:
                if factor.levels[combo[place]] == switch.level:
                    new = list(combo)
                    new[place] = factor.levels.index(switch.to)
                    yield Change(f, f"{factor.name}: {switch.to}", switch.hazard, grid.at(tuple(new)))
        size, here = self.size(combo), grid.at(combo)
        if self._bond[state]:
            for k in range(1, size):
                yield Change(SIZE_CLOCK, checks.BREAK, self._bond[state], here - size + k, here - k)


def _size_effects(clusters: Clusters, names: list[str]) -> dict[tuple[int, str], float]:
    """Multipliers of hazards by size; key: size - 1 and hazard."""
    found: dict[tuple[int, str], float] = {}
    for effect in clusters.effects:
        for name in checks.matching(effect.hazard, names):
            for n in range(2, clusters.largest + 1):
                # A power differs between machines in its last bit: twelve figures do not.
                factor = float(f"{effect.factor * float(n) ** effect.power:.12g}")
                found[n - 1, name] = found.get((n - 1, name), 1.0) * factor
    return found
