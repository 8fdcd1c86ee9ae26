"""Lowering: the one place where a model becomes flat arrays.

States are expanded into their phases and the levels of their factors; moves, deaths and
switches become *exits*.  This is what both the exact answer and the simulation need; what
only the kernel needs is made from it in ``engine``.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cascade.common.types import Floats, Ints, Mask
from cascade.lowering.conditioned import conditioned
from cascade.lowering.frailties import mixing_of, profiles_of
from cascade.lowering.levels import LevelGrids
from cascade.lowering.lowered import Lowered, Transition
from cascade.lowering.returns import returns_of
from cascade.lowering.windows import windows_of
from cascade.model import Conditioned, Model

MOST_REMEMBERED = 8
"""Lowered models that are kept, the last ones used: most answers are asked of few models."""

_remembered: OrderedDict[str, Lowered] = OrderedDict()


def lower(model: Model) -> Lowered:
    """Flat arrays of a model: made once for all answers, as long as the model is among the last few used."""
    digest = model.digest()
    lowered = _remembered.get(digest)
    if lowered is None:
        lowered = expand(model)
        if isinstance(model, Conditioned):
            lowered = conditioned(model, lowered)
        _remembered[digest] = lowered
    _remembered.move_to_end(digest)
    while len(_remembered) > MOST_REMEMBERED:
        _remembered.popitem(last=False)
    return lowered


class Exits(NamedTuple):
    """Exits in columns, each (E,); see ``Lowered`` for their meaning."""

    source: Ints
    target: Ints
    hazard: Floats
    transition: Ints
    inner: Mask
    profile: Ints
    apart: Ints

    @classmethod
    def of(
        cls,
        source: Ints,
        target: Ints,
        hazard: Floats,
        transition: int | Ints,
        *,
        profile: int = 0,
        inner: bool = False,
        apart: Ints | None = None,
    ) -> Exits:
        """Exits that have the transition, the profile and whether they are inner in common."""
        size = len(source)
        numbers = np.full(size, transition) if isinstance(transition, int) else transition
        fragment = np.full(size, -1) if apart is None else apart
        return cls(source, target, hazard, numbers, np.full(size, inner), np.full(size, profile), fragment)

    @classmethod
    def joined(cls, parts: list[Exits]) -> Exits:
        """All parts, one after the other."""
        if not parts:
            return cls._make(np.zeros(0, kind) for kind in (int, int, float, int, bool, int, int))
        return cls._make(np.concatenate(columns) for columns in zip(*parts, strict=True))

    def in_order(self, *keys: Ints) -> Exits:
        """The exits sorted by the keys, the last being the first to count; equal ones stay in order."""
        order = np.lexsort(keys)
        return Exits._make(column[order] for column in self)


class _Expansion:
    """A model on its way to arrays: where its states begin after expansion, and what acts on its hazards."""

    def __init__(self, model: Model) -> None:
        self.model, self.table, self.grids = model, model.hazard_table, LevelGrids(model)
        self.phases = np.array([state.phases for state in model.states], np.int64)
        self.widths = np.array([len(grid) for grid in self.grids.grids], np.int64)
        # Each state becomes a grid: its phases, and in each phase the levels of its factors.
        self.counts = self.phases * self.widths
        self.first = np.concatenate([[0], np.cumsum(self.counts)]).astype(np.int64)
        self.mixing, self.shift = mixing_of(model)
        self.profiles, self.profile, self.constant = profiles_of(model, self.mixing, self.shift)

    @property
    def size(self) -> int:
        """Number of states after expansion."""
        return int(self.first[-1])

    def ways(self) -> Exits:
        """Moves and deaths of all states: for each expanded state the moves, then the deaths."""
        parts, groups, orders = [], [], []
        for i in range(len(self.model.states)):
            for order, number in enumerate(n for n in self.table.of_state(i) if self.table.rows[n].part is not None):
                row = self.table.rows[number]
                for exits in self._moves(i, number) if row.target >= 0 else [self._deaths(i, number)]:
                    parts.append(exits)
                    groups.append(np.full(len(exits.source), row.target < 0))
                    orders.append(np.full(len(exits.source), order))
        exits = Exits.joined(parts)
        empty = np.zeros(0, np.int64)
        return exits.in_order(np.concatenate([empty, *orders]), np.concatenate([empty, *groups]), exits.source)

    def _hazards(self, state: int, number: int) -> Floats:
        """A hazard at each place of the grid of its state."""
        part = self.table.rows[number].part
        assert part is not None
        return np.asarray(part.hazard * self.constant[number] * self.grids.multipliers(state, number))

    def _moves(self, state: int, number: int) -> Iterator[Exits]:
        """Exits of one move: in all phases but the last it leads to the next one."""
        hazards, width = self._hazards(state, number), int(self.widths[state])
        profile, target = int(self.profile[number]), self.table.rows[number].target
        begin = int(self.first[state])
        inner = begin + np.arange((self.phases[state] - 1) * width)
        if len(inner):
            every = np.tile(hazards, self.phases[state] - 1)
            yield Exits.of(inner, inner + width, every, number, profile=profile, inner=True)
        last, to = begin + (int(self.phases[state]) - 1) * width, self.grids.arrivals(state, target)
        there = int(self.first[target])
        apart = np.where(to.apart >= 0, there + to.apart, -1)
        hazard = hazards[to.source] * to.share
        yield Exits.of(last + to.source, there + to.place, hazard, number, profile=profile, apart=apart)

    def _deaths(self, state: int, number: int) -> Exits:
        """Exits of one death, in every phase alike."""
        source = np.arange(self.first[state], self.first[state + 1])
        hazards = np.tile(self._hazards(state, number), self.phases[state])
        return Exits.of(source, np.full(len(source), -1), hazards, number, profile=int(self.profile[number]))

    def switches(self) -> tuple[Exits, Ints]:
        """Changes of level by clock and expanded state, and the clock of each."""
        parts, clocks = [], []
        place_of = {clock: c for c, clock in enumerate(self.grids.clocks)}
        for i in range(len(self.model.states)):
            changes = self.grids.changes(i)
            if not len(changes.source):
                continue
            number = {self.table.rows[n].way: n for n in self.table.of_state(i) if self.table.rows[n].part is None}
            numbers = np.array([number[way] for way in changes.way], np.int64)
            for phase in range(int(self.phases[i])):
                begin = int(self.first[i] + phase * self.widths[i])
                apart = np.where(changes.apart >= 0, begin + changes.apart, -1)
                parts.append(
                    Exits.of(begin + changes.source, begin + changes.place, changes.hazard, numbers, apart=apart)
                )
                clocks.append(np.array([place_of[clock] for clock in changes.clock.tolist()], np.int64))
        exits = Exits.joined(parts)
        clock = np.concatenate(clocks) if clocks else np.zeros(0, np.int64)
        return exits.in_order(exits.source, clock), np.sort(clock)

    def starts(self) -> tuple[Ints, Floats]:
        """Expanded states in which cells start, with their shares."""
        index = {state.name: i for i, state in enumerate(self.model.states)}
        pairs = [
            (int(self.first[index[s.state]]) + place, s.share * share)
            for s in self.model.start.states
            for place, share in self.grids.beginnings(index[s.state])
        ]
        return np.array([s for s, _ in pairs], np.int64), np.array([share for _, share in pairs], np.float64)


def expand(model: Model) -> Lowered:
    """Flat arrays of a model, made anew."""
    x = _Expansion(model)
    ways, (switches, clock) = x.ways(), x.switches()
    exits = Exits.joined([ways, switches])
    group = 2 * ways.source + (ways.target < 0)
    start_state, start_share = x.starts()
    window_start, multipliers = windows_of(model)
    states = range(len(model.states))
    runs = np.array([[x.grids.ticks(i, c) for i in states] for c in x.grids.clocks], bool)
    milestones = tuple(dict.fromkeys(state.milestone for state in model.states if state.milestone))
    stage_of = {stage: i for i, stage in enumerate(model.stages)}
    stage = np.array([stage_of.get(s.stage or "", len(model.stages)) for s in model.states], np.int64)
    transitions = tuple(Transition(row.state, row.way, row.target, row.name) for row in model.hazard_table)
    returns, state_return = returns_of(model, transitions, stage, len(milestones))
    return Lowered(
        states=tuple(state.name for state in model.states),
        stages=model.stages,
        transitions=transitions,
        milestones=milestones,
        returns=returns,
        state_return=state_return,
        state_stage=stage,
        state_milestone=np.array(
            [milestones.index(s.milestone) if s.milestone else -1 for s in model.states], np.int64
        ),
        base=np.repeat(np.arange(len(model.states)), x.counts),
        stage=np.repeat(stage, x.counts),
        absorbing=np.repeat(np.array([s.absorbing for s in model.states], bool), x.counts),
        exit_start=np.searchsorted(group, np.arange(2 * x.size + 1)).astype(np.int64),
        exit_source=exits.source,
        exit_target=exits.target,
        exit_hazard=exits.hazard,
        exit_transition=exits.transition,
        exit_inner=exits.inner,
        exit_apart=exits.apart,
        clocks=np.array(x.grids.clocks, np.int64),
        clock_start=len(ways.source)
        + np.searchsorted(clock * x.size + switches.source, np.arange(len(x.grids.clocks) * x.size + 1)),
        clock_runs=np.repeat(runs.reshape(len(x.grids.clocks), len(model.states)), x.counts, axis=1),
        size_of=np.concatenate([np.tile(x.grids.sizes(i), model.states[i].phases) for i in states]),
        levels=tuple(label for i in states for label in x.grids.labels(i) * model.states[i].phases),
        exit_profile=exits.profile,
        profiles=x.profiles,
        frailty_gamma=np.array([f.distribution == "gamma" for f in model.frailties], bool),
        frailty_cv=np.array([f.cv for f in model.frailties], np.float64),
        mixing=x.mixing,
        shift=x.shift,
        start_state=start_state,
        start_share=start_share,
        entry_hours=model.start.entry_hours,
        window_start=window_start,
        multipliers=multipliers,
    )
