"""Replay: full histories of chosen cells, recomputed from the seed by the same kernel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.answers.table import Table, plain
from cascade.common.arguments import check_cells, check_seed
from cascade.common.frozen import ByValue
from cascade.common.portable import exp
from cascade.common.text import hours, text_table
from cascade.engine.chosen import chosen, raised
from cascade.engine.chunk import Chunk, scratch_of
from cascade.engine.executor import Workers
from cascade.engine.prepare import Inputs, environment, frailties, prepare, rows_of
from cascade.kernel.streams import key_of
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.lowering.timegrid import FOREVER
from cascade.model import Model
from cascade.runs.plan import Plan, check_visits, foretell
from cascade.runs.visits import visits_of

_FIRST_ROOM = 16

LONG_LIVES = 1e6
"""Expected visits of all cells from which on is said that a replay takes long."""


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
    level : str
        Levels of the factors while it was there, and the size of a cluster, in words.
    """

    state: str
    entered: float
    left: float
    ended_by: str
    died: bool
    level: str = ""

    @property
    def way(self) -> str:
        """How the stay ended, in words."""
        return f"died: {self.ended_by}" if self.died else self.ended_by or "still there"


@dataclass(frozen=True, eq=False)
class History(ByValue):
    """The life of one cell, or of one unit of a cluster.

    Attributes
    ----------
    cell : int
        Number of the cell, or of the founder.
    stays : tuple of Stay
    member, size : int
        Lowest member of the unit, and its cells at the begin.
    fragments : tuple of History
        Of a founder: the lives of all fragments that went apart, by lowest member.
    traits : mapping of str to float
        Z of each frailty (mean 1 among all cells); empty for a fragment: it has its founder's.
    """

    cell: int
    stays: tuple[Stay, ...]
    member: int = 0
    size: int = 1
    fragments: tuple[History, ...] = ()
    traits: Mapping[str, float] = field(default_factory=dict)

    @property
    def fate(self) -> str:
        """``state.cause`` of a dead cell, the last state of another."""
        last = self.stays[-1]
        return f"{last.state}.{last.ended_by}" if last.died else last.state

    def __str__(self) -> str:
        named = any(s.level for s in self.stays)
        rows = [[s.state, *[s.level] * named, hours(s.entered), hours(s.left), s.way] for s in self.stays]
        header = ["state", *["level"] * named, "entered", "left", "by"]
        name = f"cell {self.cell}"
        if self.size > 1 or self.member:
            last = self.member + self.size - 1
            name += f", member {self.member}" if self.size == 1 else f", members {self.member} to {last}"
        if self.traits:
            name += ": " + ", ".join(f"{trait} {z:.2g}" for trait, z in self.traits.items())
        table = text_table(header, rows, left=(0, 1, 4) if named else (0, 3))
        return "\n\n".join([f"{name}\n{table}", *map(str, self.fragments)])


@dataclass(frozen=True)
class Histories(Table[History]):
    """Histories of several cells, in the order asked for."""

    cells: tuple[History, ...]

    @property
    def rows(self) -> tuple[History, ...]:
        """The histories."""
        return self.cells

    def __getitem__(self, index: int) -> History:
        return self.cells[index]

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dictionary per stay; a stay that never ends has None for the time when it was left."""
        lives = [life for history in self for life in (history, *history.fragments)]
        return [{"cell": life.cell, "member": life.member, **plain(stay)} for life in lives for stay in life.stays]

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.cells))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


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
    plan = Plan.of(model, 1, check_seed(seed), until, Workers())
    distinct = sorted(set(numbers))
    # Of these very cells is known what the frailties are.
    visits = visits_of(plan.model, plan.end, _drawn(plan.lowered, plan.seed, distinct, plan.lowered.profiles))
    check_visits(visits, until, len(distinct))
    foretell(visits.mean * len(distinct), LONG_LIVES, "each of which is kept; fewer cells, or an earlier end (until),")
    inputs = prepare(plan.lowered, environment(plan.lowered, plan.end))
    traits = traits_of(model, seed=plan.seed, cells=distinct)
    return histories_of(plan.lowered, inputs, plan.seed, numbers, traits)


def histories_of(
    lowered: Lowered,
    inputs: Inputs,
    seed: int,
    cells: Sequence[int],
    traits: Mapping[str, npt.NDArray[np.float64]] | None = None,
) -> Histories:
    """Histories of the cells, each computed once; ``traits`` of each distinct cell, in rising order."""
    distinct = tuple(sorted(set(cells)))
    lives: dict[int, dict[int, list[tuple[int, int, float]]]] = {cell: {} for cell in distinct}
    if distinct:
        layout, stages = rows_of(lowered), len(lowered.stages)
        about = layout.total, stages, slice(layout.stay, layout.inner)
        room = _FIRST_ROOM * len(distinct)
        while True:
            done = Chunk(inputs, key_of(seed), *about, 0, len(distinct), cells=distinct, events=room).run()
            if done.recorded <= room:
                break
            room = done.recorded
        for cell, member, visit, way, time in zip(*(column.tolist() for column in done.events), strict=True):
            lives[cell].setdefault(member, []).append((visit, way, time))
    starts = start_states(lowered, inputs, seed, distinct)
    traits = traits or {}
    histories = {
        cell: _founder(lowered, cell, *starts[cell], lives[cell], {name: float(z[i]) for name, z in traits.items()})
        for i, cell in enumerate(distinct)
    }
    return Histories(tuple(histories[cell] for cell in cells))


def _founder(
    lowered: Lowered,
    cell: int,
    state: int,
    entered: float,
    lives: dict[int, list[tuple[int, int, float]]],
    traits: Mapping[str, float],
) -> History:
    """The history of a founder with those of its fragments."""
    done: dict[int, History] = {}
    waiting = [(0, state, entered)]
    while waiting:
        member, state, entered = waiting.pop()
        # A switch does not end a visit: several events of one visit come in the order of the run.
        life = sorted(lives[member], key=lambda event: event[0])
        done[member], apart = _history(lowered, cell, member, state, entered, life)
        waiting += apart
    fragments = tuple(done[member] for member in sorted(done) if member)
    return replace(done[0], fragments=fragments, traits=traits)


def traits_of(model: Model, *, seed: int, cells: Sequence[int]) -> dict[str, npt.NDArray[np.float64]]:
    """Z of every frailty of chosen cells (of clusters: founders), by the kernel's own functions.

    Returns
    -------
    dict of str to (n,) float
        Empty for a model without frailties.
    """
    lowered = lower(model)
    if not len(lowered.frailty_cv):
        return {}
    # The traits as products of powers of the independent factors.
    powers = np.vstack([np.zeros(len(model.frailties)), lowered.mixing])
    values = _drawn(lowered, seed, cells, powers)[:, 1:] * [exp(s) for s in lowered.shift.tolist()]
    return {frailty.name: values[:, f] for f, frailty in enumerate(model.frailties)}


def _drawn(
    lowered: Lowered, seed: int, cells: Sequence[int], powers: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Products of powers (P, F) of the independent factors of chosen cells, (n, P), by the kernel's own functions."""
    if lowered.aim is not None:
        _, logs = chosen(lowered).own_of(key_of(seed), np.array(cells, np.uint64))
        return raised(powers, logs)
    multipliers, drawn = np.ones((len(cells), len(powers), 1)), frailties(lowered)
    if drawn is None:
        return multipliers[:, :, 0]
    from cascade.engine.compiled import kernel_traits

    key, scratch, powers = key_of(seed), scratch_of(1), powers.copy()
    for cell, factor in zip(cells, multipliers, strict=True):
        kernel_traits()(np.uint64(cell), powers, drawn.gamma, drawn.spread, key, factor, scratch)
    return multipliers[:, :, 0]


def start_states(lowered: Lowered, inputs: Inputs, seed: int, cells: Sequence[int]) -> dict[int, tuple[int, float]]:
    """State (expanded) and time of entry of each cell, by the draws that the kernel uses."""
    from cascade.kernel.streams import rare_start_word, start_words

    made = inputs.tables
    several = len(lowered.start_state) > 1 or made.entry_high > made.entry_low
    k0, k1 = key_of(seed)
    starts = {}
    own = None
    if inputs.chosen is not None:
        own, _ = inputs.chosen.own_of(key_of(seed), np.array(cells, np.uint64))
    for i, cell in enumerate(cells):
        which, time = 0, made.entry_low
        if own is not None:
            which = int(own.start[i])
            time += start_words(np.uint64(cell), k0, k1)[1] * (made.entry_high - made.entry_low)
        elif several:
            for_state, for_time = start_words(np.uint64(cell), k0, k1)
            which = int(np.searchsorted(made.start_cumulative[:-1], for_state, side="right"))
            if inputs.rare is not None and inputs.rare.start.size > 0:
                word = rare_start_word(np.uint64(cell), k0, k1)
                which = int(np.searchsorted(inputs.rare.start, np.uint64(word), side="right"))
            time += for_time * (made.entry_high - made.entry_low)
        starts[cell] = (int(lowered.start_state[which]), float(time))
    return starts


def _history(
    lowered: Lowered, cell: int, member: int, state: int, entered: float, life: Sequence[tuple[int, int, float]]
) -> tuple[History, list[tuple[int, int, float]]]:
    """The history of a unit; member, state and begin of each fragment that goes apart from it."""
    stays: list[Stay] = []
    apart = []
    exits, size = len(lowered.exit_hazard), int(lowered.size_of[state])
    for _, way, time in life:
        name = lowered.states[lowered.base[state]]
        if way >= exits:
            # A cell that would have entered after the end of the run has not left before it came.
            left = max(entered, time) if time < FOREVER else float("inf")
            stays.append(Stay(name, entered, left, "", False, lowered.levels[state]))
            break
        if lowered.exit_apart[way] >= 0:
            rest = member + int(lowered.size_of[lowered.exit_target[way]])
            apart.append((rest, int(lowered.exit_apart[way]), time))
        if lowered.exit_inner[way]:
            state = int(lowered.exit_target[way])
            continue
        transition = lowered.transitions[lowered.exit_transition[way]]
        stays.append(Stay(name, entered, time, transition.way, transition.is_death, lowered.levels[state]))
        state, entered = int(lowered.exit_target[way]), time
    if not stays[-1].died and stays[-1].ended_by:
        name = lowered.states[lowered.base[state]]
        stays.append(Stay(name, entered, float("inf"), "", False, lowered.levels[state]))
    return History(cell, tuple(stays), member, size), apart
