"""Lowering: the one place where a model becomes flat arrays.

States are expanded into their phases and the levels of their factors; moves, deaths and
switches become *exits*.  This is what both the exact answer and the simulation need; what
only the kernel needs stands in ``tables``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cascade.common.errors import InputError
from cascade.lowering.levels import Arrival, Factors
from cascade.model import Model, checks

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Transition:
    """A move or death of the model, before expansion."""

    source: int
    way: str
    target: int  # -1 for a death
    name: str

    @property
    def is_death(self) -> bool:
        """Whether the cell dies of it."""
        return self.target < 0


@dataclass(frozen=True)
class Lowered:
    """A model as arrays.  S: states after expansion into phases, E: exits of these.

    Attributes
    ----------
    states, stages, transitions, milestones
        Names of the model's own states, stages, transitions and milestones, in order.
    state_stage, state_milestone : (number of states,) int
        Stage of each of the model's states, ``len(stages)`` beyond the last; milestone or -1.
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
    """

    states: tuple[str, ...]
    stages: tuple[str, ...]
    transitions: tuple[Transition, ...]
    milestones: tuple[str, ...]
    state_stage: Ints
    state_milestone: Ints
    base: Ints
    stage: Ints
    absorbing: npt.NDArray[np.bool_]
    exit_start: Ints
    exit_source: Ints
    exit_target: Ints
    exit_hazard: Floats
    exit_transition: Ints
    exit_inner: npt.NDArray[np.bool_]
    exit_apart: Ints
    clocks: Ints
    clock_start: Ints
    clock_runs: npt.NDArray[np.bool_]
    size_of: Ints
    levels: tuple[str, ...]
    exit_profile: Ints
    profiles: Floats
    frailty_gamma: npt.NDArray[np.bool_]
    frailty_cv: Floats
    mixing: Floats
    shift: Floats
    start_state: Ints
    start_share: Floats
    entry_hours: tuple[float, float]
    window_start: Floats
    multipliers: Floats

    @property
    def size(self) -> int:
        """Number of states after expansion."""
        return len(self.base)

    @cached_property
    def goal(self) -> int:
        """Index of the stage beyond the last: reaching it is success."""
        return len(self.stages)

    def has_endless_cycle(self, window: int = -1) -> bool:
        """Whether cells could circle for ever, because the hazards of every way out are 0.

        A state that no hazard leaves is no cycle: a cell waits there.  What is so in the last
        window is so for ever; of another it is asked what were if it stayed.
        """
        open_ = self.exit_hazard * self.multipliers[window, self.exit_transition] > 0
        live = open_ & (self.exit_target >= 0)
        ends = np.ones(self.size, bool)
        ends[self.exit_source[open_]] = False
        ends[self.exit_source[open_ & (self.exit_target < 0)]] = True
        source, target = self.exit_source[live], self.exit_target[live]
        starts = np.zeros(self.size, bool)
        starts[self.start_state[self.start_share > 0]] = True
        return bool((spread(starts, source, target) & ~spread(ends, target, source)).any())


def spread(seeds: npt.NDArray[np.bool_], source: Ints, target: Ints) -> npt.NDArray[np.bool_]:
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


def lower(model: Model) -> Lowered:
    """Flat arrays of a model."""
    names = [state.name for state in model.states]
    index = {name: i for i, name in enumerate(names)}
    stage_index = {stage: i for i, stage in enumerate(model.stages)}
    factors = Factors(model)
    # Each state becomes a grid: its phases, and in each phase the levels of its factors.
    widths = [len(grid.combos) for grid in factors.grids]
    sizes = [state.phases * width for state, width in zip(model.states, widths, strict=True)]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    milestones = tuple(dict.fromkeys(state.milestone for state in model.states if state.milestone))
    mixing, shift = _mixing(model)
    profiles, profile_of, constant_of = _profiles(model, mixing, shift)

    transitions: list[Transition] = []
    exits: list[tuple[int, int, float, int, bool, int, int]] = []
    switches: list[tuple[int, int, tuple[int, int, float, int, bool, int, int]]] = []
    exit_start = [0]
    switched = checks.switch_names(model)
    for i, state in enumerate(model.states):
        moves = [Transition(i, m.to, index[m.to], f"{state.name}.{m.to}") for m in state.moves]
        deaths = [Transition(i, d.cause, -1, f"{state.name}.{d.cause}") for d in state.deaths]
        own = [name for name in switched if name.partition(".")[0] == state.name]
        t0, t1 = len(transitions), len(transitions) + len(moves) + len(deaths)
        transitions += moves + deaths + [Transition(i, name.partition(".")[2], i, name) for name in own]
        hazards = [m.hazard for m in state.moves] + [d.hazard for d in state.deaths]
        hazards = [h * constant_of[t.name] for h, t in zip(hazards, moves + deaths, strict=True)]
        for phase in range(state.phases):
            inner = phase < state.phases - 1
            for place, combo in enumerate(factors.grids[i].combos):
                here = int(first[i]) + phase * widths[i] + place
                for j, move in enumerate(moves):
                    hazard = hazards[j] * factors.multiplier(i, combo, move.name)
                    to = [Arrival(here + widths[i] - int(first[i]), 1.0)] if inner else None
                    begin = int(first[i if inner else move.target])
                    for at, share, apart in to or factors.arrivals(i, combo, move.target):
                        other = begin + apart if apart >= 0 else -1
                        exits.append((here, begin + at, hazard * share, t0 + j, inner, profile_of[move.name], other))
                for change in factors.changes(i, combo):
                    t = t1 + own.index(f"{state.name}.{change.way}")
                    other = here - place + change.apart if change.apart >= 0 else -1
                    found = (here, here - place + change.place, change.hazard, t, False, 0, other)
                    switches.append((factors.clocks.index(change.clock), here, found))
                exit_start.append(len(exits))
                for j, death in enumerate(deaths, len(moves)):
                    hazard = hazards[j] * factors.multiplier(i, combo, death.name)
                    exits.append((here, -1, hazard, t0 + j, False, profile_of[death.name], -1))
                exit_start.append(len(exits))
    size = int(first[-1])
    switches.sort(key=lambda item: item[:2])
    clock_start = len(exits) + np.searchsorted(
        np.array([clock * size + here for clock, here, _ in switches], np.int64),
        np.arange(len(factors.clocks) * size + 1),
    )
    exits += [found for _, _, found in switches]

    starts = [
        (int(first[index[s.state]]) + at, s.share * share)
        for s in model.start.states
        for at, share in factors.beginnings(index[s.state])
    ]
    state_stage = np.array([stage_index.get(s.stage or "", len(model.stages)) for s in model.states], np.int64)
    columns = list(zip(*exits, strict=True)) if exits else [()] * 7
    return Lowered(
        states=tuple(names),
        stages=model.stages,
        transitions=tuple(transitions),
        milestones=milestones,
        state_stage=state_stage,
        state_milestone=np.array(
            [milestones.index(s.milestone) if s.milestone else -1 for s in model.states], np.int64
        ),
        base=np.repeat(np.arange(len(names)), sizes),
        stage=np.repeat(state_stage, sizes),
        absorbing=np.repeat(np.array([s.absorbing for s in model.states], bool), sizes),
        exit_start=np.array(exit_start, np.int64),
        exit_source=np.array(columns[0], np.int64),
        exit_target=np.array(columns[1], np.int64),
        exit_hazard=np.array(columns[2], np.float64),
        exit_transition=np.array(columns[3], np.int64),
        exit_inner=np.array(columns[4], bool),
        exit_apart=np.array(columns[6], np.int64),
        clocks=np.array(factors.clocks, np.int64),
        clock_start=clock_start.astype(np.int64),
        clock_runs=np.repeat(
            np.array([[factors.ticks(i, c) for i in range(len(names))] for c in factors.clocks], bool).reshape(
                len(factors.clocks), len(names)
            ),
            sizes,
            axis=1,
        ),
        size_of=np.array(
            [
                factors.size(c)
                for i, s in enumerate(model.states)
                for _ in range(s.phases)
                for c in factors.grids[i].combos
            ],
            np.int64,
        ),
        levels=tuple(
            factors.label(i, c)
            for i, s in enumerate(model.states)
            for _ in range(s.phases)
            for c in factors.grids[i].combos
        ),
        exit_profile=np.array(columns[5], np.int64),
        profiles=profiles,
        frailty_gamma=np.array([f.distribution == "gamma" for f in model.frailties], bool),
        frailty_cv=np.array([f.cv for f in model.frailties], np.float64),
        mixing=mixing,
        shift=shift,
        start_state=np.array([state for state, _ in starts], np.int64),
        start_share=np.array([share for _, share in starts], np.float64),
        entry_hours=model.start.entry_hours,
        **_windows(model, [t.name for t in transitions]),
    )


def by_cell(lowered: Lowered) -> Lowered:
    """The model of one cell of a unit, chosen at random: what it goes through is what all cells do on average.

    A cell of a unit that breaks into k and n - k cells is among the first with probability
    k / n.  So expected numbers of cells, those of the branching process of clusters too, obey
    the equations of single cells.  The groups of exits that the kernel reads are left out.
    """
    if int(lowered.size_of.max()) == 1:
        return lowered
    low = lowered
    broken = np.flatnonzero(low.exit_apart >= 0)
    size = low.size_of[low.exit_source[broken]]
    stays = low.size_of[low.exit_target[broken]] / size
    hazard = low.exit_hazard.copy()
    hazard[broken] *= stays
    source = np.concatenate([low.exit_source, low.exit_source[broken]])
    target = np.concatenate([low.exit_target, low.exit_apart[broken]])
    hazard = np.concatenate([hazard, low.exit_hazard[broken] * (1.0 - stays)])
    # The bonds of a cluster give the same pair of sizes twice: such exits are one.
    rows = np.stack([source, target, *(np.concatenate([x, x[broken]]) for x in (low.exit_transition, low.exit_inner))])
    _, first, which = np.unique(rows, axis=1, return_index=True, return_inverse=True)
    every = np.concatenate([np.arange(len(low.exit_source)), broken])[first]
    weights = low.start_share * low.size_of[low.start_state]
    return replace(
        low,
        exit_start=np.zeros(0, np.int64),
        clock_start=np.zeros(0, np.int64),
        exit_source=source[first],
        exit_target=target[first],
        exit_hazard=np.asarray(np.bincount(which.ravel(), hazard, len(first)), np.float64),
        exit_transition=low.exit_transition[every],
        exit_inner=low.exit_inner[every],
        exit_apart=np.full(len(first), -1),
        exit_profile=low.exit_profile[every],
        start_share=weights / weights.sum(),
    )


def _windows(model: Model, names: Sequence[str]) -> dict[str, Floats]:
    """Windows between the times at which a treatment begins or ends, and the factors in each on the transitions."""
    times = {0.0} | {t.start_hours for t in model.treatments} | {t.end_hours for t in model.treatments if t.end_hours}
    shared = model.capacity
    if shared is not None and shared.factors is None:
        wanted = "a model whose cells are independent, or the model of a simulated result: it holds the factors"
        raise InputError("model.capacity", shared.name, wanted)
    times |= set(shared.windows) if shared is not None else set()
    starts = np.array(sorted(times), np.float64)
    multipliers = np.ones((len(starts), len(names)))
    for treatment in model.treatments:
        end = math.inf if treatment.end_hours is None else treatment.end_hours
        inside = (starts >= treatment.start_hours) & (starts < end)
        for effect in treatment.effects:
            for name in checks.matching(effect.hazard, names):
                multipliers[inside, names.index(name)] *= effect.factor
    if shared is not None and shared.factors is not None:
        factor = np.array(shared.factors)[np.searchsorted(shared.windows, starts, side="right") - 1]
        for name in {name for pattern in shared.hazards for name in checks.matching(pattern, names)}:
            multipliers[:, names.index(name)] *= factor
    return {"window_start": starts, "multipliers": multipliers}


def _mixing(model: Model) -> tuple[Floats, Floats]:
    """How the logarithms of correlated frailties are made of independent ones.

    With log Z = sigma n - sigma^2 / 2 for each and n = L g, L Cholesky's factor of the
    correlations and g independent, log Z_f = sum_j (sigma_f L_fj / sigma_j) log Y_j + shift_f,
    where the Y_j have the same spreads as the Z_j and are independent.
    """
    size = len(model.frailties)
    if not model.correlations:
        return np.eye(size), np.zeros(size)
    names = [f.name for f in model.frailties]
    correlation = np.eye(size)
    for part in model.correlations:
        a, b = (names.index(name) for name in part.between)
        correlation[a, b] = correlation[b, a] = part.value
    rows = checks.cholesky(correlation.tolist())
    assert rows is not None  # checked with the model
    root = np.array([[*row, *[0.0] * (size - len(row))] for row in rows])
    sigma = np.array([math.sqrt(math.log1p(f.cv**2)) for f in model.frailties])
    alike = np.array([f.distribution == "lognormal" for f in model.frailties])
    mixing = np.where(alike[:, None] & alike, sigma[:, None] * root / sigma, np.eye(size))
    shift = np.where(alike, sigma * (root @ (sigma * alike)) / 2.0 - sigma**2 / 2.0, 0.0)
    return mixing, shift


def _profiles(model: Model, mixing: Floats, shift: Floats) -> tuple[Floats, dict[str, int], dict[str, float]]:
    """Distinct rows of powers of the independent factors; row and constant factor of each hazard."""
    names = [name for name, _, _ in model.hazards()]
    powers = {name: [0.0] * len(model.frailties) for name in names}
    for f, frailty in enumerate(model.frailties):
        for entry in frailty.hazards:
            for name in checks.matching(entry.hazard, names):
                powers[name][f] = float(entry.power)
    rows: dict[tuple[float, ...], int] = {(0.0,) * len(model.frailties): 0}
    profile_of, constant_of = {}, {}
    for name, own in powers.items():
        mixed = own if not model.correlations else (np.array(own) @ mixing).tolist()
        profile_of[name] = rows.setdefault(tuple(mixed), len(rows))
        constant_of[name] = math.exp(sum(power * s for power, s in zip(own, shift.tolist(), strict=True)))
    return np.array(list(rows), np.float64).reshape(len(rows), len(model.frailties)), profile_of, constant_of
