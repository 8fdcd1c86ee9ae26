"""A lowered model: flat arrays, what both the exact answer and the simulation are made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cascade.common.frozen import ReadOnly, read_only
from cascade.common.types import Floats, Ints, Mask
from cascade.elimination.system import System

LEAST_CHANCE = 1e-290
"""Below it a chance to reach a goal is next to the smallest numbers there are, and taken for it."""


@dataclass(frozen=True)
class Transition:
    """A move, a death or a switch of the model, before expansion."""

    source: int
    way: str
    target: int  # -1 for a death, the same state for a switch
    name: str

    @property
    def is_death(self) -> bool:
        """Whether the cell dies of it."""
        return self.target < 0

    @property
    def is_move(self) -> bool:
        """Whether the cell comes to another state."""
        return self.target >= 0 and self.target != self.source


class Aim(NamedTuple):
    """What the chance to reach a goal is solved from: states and exits of all cells, S0 and E0.

    Attributes
    ----------
    system : System
        Of the states before the goal.
    hazard : (E0,) float; profile : (E0,) int
        As of ``Lowered``.
    inside : (S0,) bool
        States before the goal.
    goal : (S0,) float
        1 in the states in which it is reached.
    prize : (E0,) float
        1 for the deaths that are a goal.
    source, target : (E0,) int
    multipliers : (W, E0) float
        What the hazards are multiplied by in each window.
    before : (S,) bool
        Of the conditioned arrays: states before the goal.
    state : (S,) int
        The state of all cells that each of them is.
    """

    system: System
    hazard: Floats
    profile: Ints
    inside: Mask
    goal: Floats
    prize: Floats
    source: Ints
    target: Ints
    multipliers: Floats
    before: Mask
    state: Ints


class Thinning(NamedTuple):
    """Of a conditioned model in windows: chances by time, and how much hazards in short windows are too high.

    Attributes
    ----------
    h : (points, S) float
        Chance to reach the goal, by the time u to the end of a window of the model.
    before : (S,) bool
        States before the goal.
    end : (W,) float
        Of each window of the run: the end of the window of the model that it lies in.
    first : (W,) int
        The point at which its block of equal steps begins.
    steps : (W,) int
        Steps of the block.
    begin, per_hour : (W,) float
        u of that point, and steps per hour; 0 where chances stay.
    ceiling : (W, E) float
        What the hazards of all cells are multiplied by.
    """

    h: Floats
    before: Mask
    end: Floats
    first: Ints
    steps: Ints
    begin: Floats
    per_hour: Floats
    ceiling: Floats


@dataclass(frozen=True, eq=False)
class Lowered(ReadOnly):  # one serves many answers
    """A model as arrays.  S: states after expansion into phases, levels and sizes, E: exits of these.

    Attributes
    ----------
    states, stages, transitions, milestones
        Names of the model's own states, stages, transitions and milestones, in order.
    state_stage, state_milestone : (number of states,) int
        Stage of each of the model's states, ``len(stages)`` beyond the last; milestone or -1.
    returns : tuple of (str, int)
        Routes and stages in whose states cells can be more than once: who came there is noted cell by cell.
    state_return : (number of states,) int
        Place in ``returns`` of each of the model's states, or -1.
    base : (S,) int
        The model's state that an expanded state belongs to.
    stage : (S,) int
    absorbing : (S,) bool
    exit_start : (2 S + 1,) int
        Exits of state s: moves from ``exit_start[2 s]``, deaths from ``exit_start[2 s + 1]``.
        Switches come after all of them.
    exit_source, exit_target : (E,) int
        Expanded states; target -1 for a death.
    exit_hazard : (E,) float
        Per hour, at Z = 1.
    exit_transition : (E,) int
        The model's transition that the exit belongs to.
    exit_inner : (E,) bool
        Whether the exit only leads to the next phase.
    exit_apart : (E,) int
        Expanded state of the fragment that goes apart from a cluster, or -1.
    clocks : (C,) int
        Numbers of the factors that switch, and of breaking: each has a clock of its own.
    clock_start : (C S + 1,) int
        Switches of clock c in state s: from ``clock_start[c S + s]``, after all moves and deaths.
    clock_runs : (C, S) bool
        Whether a clock runs in a state (it may have nothing to do there).
    size_of : (S,) int
        Cells of a unit; 1 in absorbing states.
    levels : tuple of str
        Levels of the factors in words, by expanded state.
    exit_profile : (E,) int
        Row of ``profiles`` whose factor multiplies the hazard; 0: none.
    profiles : (P, F) float
        Powers of the F frailties; row 0 is zero.
        Of independent factors: correlated frailties are mixtures of these.
    frailty_gamma : (F,) bool
    frailty_cv : (F,) float
    mixing : (F, F) float; shift : (F,) float
        log Z of the frailties is ``mixing`` times log Z of the independent factors, plus ``shift``.
    start_state : (K,) int; start_share : (K,) float; entry_hours : (low, high)
    window_start : (W,) float
        Begin of each window of the environment in hours, rising from 0.
    multipliers : (W, T) float
        Factor on each of the model's transitions in each window.
    aim : Aim or None
        Of a conditioned model whose cells differ: shares and hazards are those of all cells, and every cell has to
        be chosen, and its hazards multiplied, by its own chances to reach the goal.
    thinning : Thinning or None
        Of a conditioned model in windows, which are those of a run: hazards in them are those of all cells.
    """

    states: tuple[str, ...]
    stages: tuple[str, ...]
    transitions: tuple[Transition, ...]
    milestones: tuple[str, ...]
    state_stage: Ints
    state_milestone: Ints
    returns: tuple[tuple[str, int], ...]
    state_return: Ints
    base: Ints
    stage: Ints
    absorbing: Mask
    exit_start: Ints
    exit_source: Ints
    exit_target: Ints
    exit_hazard: Floats
    exit_transition: Ints
    exit_inner: Mask
    exit_apart: Ints
    clocks: Ints
    clock_start: Ints
    clock_runs: Mask
    size_of: Ints
    levels: tuple[str, ...]
    exit_profile: Ints
    profiles: Floats
    frailty_gamma: Mask
    frailty_cv: Floats
    mixing: Floats
    shift: Floats
    start_state: Ints
    start_share: Floats
    entry_hours: tuple[float, float]
    window_start: Floats
    multipliers: Floats
    aim: Aim | None = None
    thinning: Thinning | None = None

    @property
    def size(self) -> int:
        """Number of states after expansion."""
        return len(self.base)

    @cached_property
    def goal(self) -> int:
        """Index of the stage beyond the last: reaching it is success."""
        return len(self.stages)

    def has_endless_cycle(self, window: int = -1) -> bool:
        """Whether cells could circle for ever."""
        return bool(self.endless(window).any())

    def endless(self, window: int = -1) -> Mask:
        """States in which cells circle for ever, (S,): they come there, and no hazard leads out any more.

        A state that no hazard leaves is no cycle: a cell waits there.  What is so in the last
        window is so for ever; of another it is asked what were if it stayed.  They may have come
        in an earlier window, by a way that is closed by now.
        """
        open_ = self.exit_hazard * self.multipliers[window, self.exit_transition] > 0
        live = open_ & (self.exit_target >= 0)
        ends = np.ones(self.size, bool)
        ends[self.exit_source[open_]] = False
        ends[self.exit_source[open_ & (self.exit_target < 0)]] = True
        if self.thinning is not None and window in (-1, len(self.multipliers) - 1):
            # Of cells that reach a goal none is where it is out of reach for good.
            ends |= self.thinning.h[0] <= LEAST_CHANCE
        source, target = self.exit_source[live], self.exit_target[live]
        return np.asarray(self._reached[window] & ~spread(ends, target, source))

    @cached_property
    def _reached(self) -> tuple[Mask, ...]:
        """States that cells come to by the end of each window, if it is long enough, (S,) each."""
        reached = np.zeros(self.size, bool)
        reached[self.start_state[self.start_share > 0]] = True
        before, found = np.zeros(0, bool), []
        for multipliers in self.multipliers:
            live = (self.exit_target >= 0) & (self.exit_hazard * multipliers[self.exit_transition] > 0)
            if not np.array_equal(live, before):
                reached, before = spread(reached, self.exit_source[live], self.exit_target[live]), live
            found.append(read_only(reached))
        return tuple(found)


def spread(seeds: Mask, source: Ints, target: Ints) -> Mask:
    """All that can be reached from the seeds along edges from source to target, shape (S,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order

    # One more node that leads to every seed.
    size = len(seeds)
    begin = np.flatnonzero(seeds)
    rows = np.concatenate([source, np.full(len(begin), size)])
    columns = np.concatenate([target, begin])
    edges = coo_array((np.ones(len(rows)), (rows, columns)), shape=(size + 1, size + 1)).tocsr()
    reached = np.zeros(size + 1, bool)
    reached[breadth_first_order(edges, size, return_predecessors=False)] = True
    return reached[:size]
