"""Linear systems of a lowered model: by furthest stage, as a whole, forward and adjoint.

Let x_s be the transform of the share of cells that are in state s while no stage beyond k has been
reached, f_s that of what enters s from outside them.  What flows in is what flows out:

    (z + d_s) x_s = f_s + sum_r x_r q_rs,        that is   (z + D - R)^T x = f,

with q_rs the hazard of the move from r to s, R their matrix, D the summed hazards d_s of all ways out.
At z = 0 x is the expected time in s, x_s q a number of events, and the probabilities of ends follow;
along a contour the same solve gives curves over time.  Cells that go beyond stage k enter the system
of the stage they come to: distinct cells are counted, however often they come back.

How a system is solved stands in ``elimination``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Complexes, Floats, Ints, Mask, Numbers
from cascade.elimination.system import System
from cascade.lowering.lowered import Lowered, spread
from cascade.lowering.systems import components, system_of
from cascade.solution.spectrum import poles

ENDLESS = "hazards with which cells do not circle (nearly) for ever; or give an end with until"
MOST_REMEMBERED = 16
"""Systems that are kept: one for each set of exits that have a hazard."""


@dataclass(frozen=True)
class Passage:
    """What one solve gives, at Z places of the transform.

    All are transforms of rates of events (per hour), except ``present``, the transform of
    the share of cells that are in a state.

    Attributes
    ----------
    entered : (..., Z, stages + 1)
        First arrivals at stage k or beyond; the start counts as arrival.
    lost : (..., Z, stages + 1, T)
        Deaths by furthest stage and transition.
    settled : (..., Z, stages + 1, number of states)
        Arrivals in states that are never left: absorbing, or with all hazards 0.
    present : (..., Z, stages + 1, number of states)
        Cells in all other states.
    """

    entered: Numbers
    lost: Numbers
    settled: Numbers
    present: Numbers


class Solver:
    """Solves for one lowered model.

    Hazards are (N, E) per hour, at N nodes of the frailties; with weights (N,) answers are averages over
    them, without they have a leading axis of nodes.  ``z`` is (Z,), real or complex; ``start`` (N or 1, S) where
    cells start, if not all alike.
    """

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self._systems: dict[bytes, System] = {}
        self._leading: dict[tuple[int, bytes], Mask] = {}
        self._poles: dict[bytes, Complexes | None] = {}
        shares = lowered.start_share / lowered.start_share.sum()
        self._begin = np.zeros((lowered.goal + 1, lowered.size))
        np.add.at(self._begin, (lowered.stage[lowered.start_state], lowered.start_state), shares)

    def begin(self) -> Floats:
        """Where cells start, by furthest stage and expanded state, (stages + 1, S)."""
        return self._begin.copy()

    @property
    def start(self) -> Floats:
        """Where cells start, (S,)."""
        return np.asarray(self._begin.sum(axis=0))

    @cached_property
    def component(self) -> Ints:
        """Number of the component of each state, by all moves."""
        moves = self.lowered.exit_target >= 0
        return components(self.lowered.size, self.lowered.exit_source[moves], self.lowered.exit_target[moves])

    @cached_property
    def steps(self) -> int:
        """How many states a cell can pass in a row, those of circles counted once."""
        moves = self.lowered.exit_target >= 0
        source, target = (self.component[x[moves]] for x in (self.lowered.exit_source, self.lowered.exit_target))
        longest = np.bincount(self.component)
        own = longest.copy()
        # Moves lead to components of equal or higher numbers.
        for c, to in np.unique(np.stack([source, target])[:, source != target], axis=1).T.tolist():
            longest[to] = max(longest[to], longest[c] + own[to])
        return int(longest.max())

    @property
    def has_cycle(self) -> bool:
        """Whether a cell can come back to a state (after expansion)."""
        return int(self.component.max()) + 1 < self.lowered.size

    def total(self, hazards: Floats) -> Floats:
        """Summed hazards of each state, (N, S)."""
        total = np.zeros((len(hazards), self.lowered.size))
        np.add.at(total.T, self.lowered.exit_source, hazards.T)
        return total

    def stuck(self, hazards: Floats) -> Mask:
        """States that no cell leaves: absorbing, or all hazards 0."""
        left = np.zeros(self.lowered.size, bool)
        left[self.lowered.exit_source[(hazards != 0).any(axis=0)]] = True
        return np.asarray(self.lowered.absorbing | ~left)

    def system(self, hazards: Floats) -> System:
        """The system of those exits that have a hazard."""
        live = (hazards != 0).any(axis=0)
        key = live.tobytes()
        if key not in self._systems:
            if len(self._systems) >= MOST_REMEMBERED:
                self._systems.clear()
            self._systems[key] = system_of(self.lowered, live)
        return self._systems[key]

    @cached_property
    def cost(self) -> float:
        """Nominal seconds of one `passage` at one node and one z: what bounds of work are counted in.

        Arithmetic, no measurement: it is the same on every machine, as all answers must be.
        """
        lowered, system = self.lowered, self.system(self.lowered.exit_hazard[None])
        once = lowered.size * (lowered.goal + 1) + 4 * len(lowered.exit_source)
        filled = int((np.diff(system.before_begin) * np.diff(system.after_begin)).sum())
        solves = again = 0
        for first, end in zip(system.begin[:-1], system.begin[1:], strict=True):
            if end - first > 1:  # solved anew for each of its stages
                states = system.order[first:end]
                exits = int((system.exit_begin[states + 1] - system.exit_begin[states]).sum())
                stages = len(np.unique(system.stage[states]))
                solves, again = solves + stages, again + stages * (len(states) + exits)
        return 2.5e-9 * once + 7e-7 * solves + 1.2e-8 * again + 1e-8 * filled

    def passage(
        self, hazards: Floats, z: Numbers, weights: Floats | None = None, start: Floats | None = None
    ) -> Passage:
        """All cells by furthest stage; states are the model's own."""
        begin = self._begin[None]
        if start is not None:
            begin = np.zeros((len(start), *self._begin.shape))
            begin[:, self.lowered.stage, np.arange(self.lowered.size)] = start
        return self.by_stage(hazards, z, begin, None, weights, self.lowered.base)

    def by_stage(
        self,
        hazards: Floats,
        z: Numbers,
        inflow: Floats,
        rate: Floats | None = None,
        weights: Floats | None = None,
        column: Ints | None = None,
    ) -> Passage:
        """Solve stage by stage for what flows in at once, and at a rate per hour, (N or 1, stages + 1, S).

        What flows in counts as an arrival at its stage.  With (N or 1, 1, S) stages are left out of
        account.  ``column`` (S,): where states are added up; by default the expanded ones stay apart.
        """
        lowered, system = self.lowered, self.system(hazards)
        stages, width = inflow.shape[1], len(lowered.states) if column is not None else lowered.size
        if stages == 1:
            system = system._replace(stage=np.zeros_like(system.stage))
        axis = (1 if weights is not None else len(hazards), len(z), stages)
        widths = ((), (len(lowered.transitions),), (width,), (width,))
        entered, lost, settled, present = (np.zeros((*axis, *more), np.complex128) for more in widths)
        from cascade.elimination import stages as compiled

        _ends(
            _run(compiled.by_stage)(
                system, hazards, np.ones(len(hazards)) if weights is None else weights, z.astype(np.complex128),
                inflow, np.zeros((1, stages, lowered.size)) if rate is None else rate,
                np.arange(lowered.size) if column is None else column, entered, lost, settled, present,
            )
        )  # fmt: skip
        if weights is not None:
            return Passage(entered[0], lost[0], settled[0], present[0])
        return Passage(entered, lost, settled, present)

    def flows(
        self,
        hazards: Floats,
        z: Numbers,
        weights: Floats | None = None,
        inside: Mask | None = None,
        start: Floats | None = None,
    ) -> tuple[Complexes, Complexes]:
        """Time in each expanded state and uses of each exit until cells leave the states ``inside``: all by default.

        ([N,] Z, S) and ([N,] Z, E); outside, the first is the arrivals.
        """
        from cascade.elimination import whole

        lowered = self.lowered
        inside = ~self.stuck(hazards) if inside is None else inside & ~self.stuck(hazards)
        axis = (1 if weights is not None else len(hazards), len(z))
        time, use = (np.zeros((*axis, n), np.complex128) for n in (lowered.size, len(lowered.exit_source)))
        given = np.ones(len(hazards)) if weights is None else weights
        run = _run(whole.flows)
        start = self.start[None] if start is None else start
        _ends(run(self.system(hazards), hazards, given, z.astype(np.complex128), inside, start, time, use))
        return (time[0], use[0]) if weights is not None else (time, use)

    def hits(
        self, hazards: Floats, z: Numbers, weights: Floats, states: Mask, start: Floats | None = None
    ) -> Complexes:
        """Transform of the first arrivals in a set of (expanded) states, shape (Z,)."""
        time, _ = self.flows(hazards, z, weights, ~states, start)
        return np.asarray(time[:, states].sum(axis=1))

    def courses(
        self, hazards: Floats, z: Complexes, weights: Floats, start: Floats | None = None
    ) -> tuple[Complexes, Complexes]:
        """Transforms of the shares of dead by transition and of cells in each state of the model, whatever the stage.

        (Z, T) and (Z, states).
        """
        lost, there = self.pushed(hazards, z, weights, np.zeros((0, hazards.shape[1])), start=start)
        return lost[0], there[0]

    def pushed(
        self,
        hazards: Floats,
        z: Complexes,
        weights: Floats,
        directions: Floats,
        *,
        start: Floats | None = None,
        deaths: bool = True,
    ) -> tuple[Complexes, Complexes]:
        """As ``courses``, with derivatives by the logarithms of the hazards in each of the ``directions`` (P, E).

        (1 + P, Z, T), or T = 0 without ``deaths``, and (1 + P, Z, states); with a leading axis of sets where hazards
        (B, N, E) have one.
        """
        from cascade.elimination import whole

        sets, lowered = hazards.reshape(-1, *hazards.shape[-2:]), self.lowered
        rows = (len(sets), 1 + len(directions), len(z))
        lost = np.zeros((*rows, len(lowered.transitions) if deaths else 0), np.complex128)
        there = np.zeros((*rows, len(lowered.states)), np.complex128)
        all_sets = sets.reshape(-1, sets.shape[-1])
        inside, begin, run = ~self.stuck(all_sets), self.start[None] if start is None else start, _run(whole.courses)
        _ends(run(self.system(all_sets), sets, weights, z, inside, begin, directions, lowered.base, lost, there))
        return (lost, there) if hazards.ndim > 2 else (lost[0], there[0])

    def presence(
        self, hazards: Floats, weights: Floats, directions: Floats, state: int
    ) -> Callable[[Complexes], Complexes]:
        """From z (Z,) the transforms of the share in one state of the model, and its derivatives, (Z, 1 + P).

        Derivatives are by the logarithms of the hazards in each of the ``directions`` (P, E).  Solved for is only
        where cells may still come to that state.
        """
        from cascade.elimination import whole

        lowered, system, run = self.lowered, self.system(hazards), _run(whole.courses)
        wanted, open_ = lowered.base == state, (hazards != 0).any(axis=0) & (lowered.exit_target >= 0)
        inside = self._before(state, open_) & ~self.stuck(hazards)
        column, start = np.where(wanted, 0, -1), self.start[None]

        def transform(z: Complexes) -> Complexes:
            rows = 1 + len(directions), len(z)
            lost, there = np.zeros((1, *rows, 0), np.complex128), np.zeros((1, *rows, 1), np.complex128)
            _ends(run(system, hazards[None], weights, z, inside, start, directions, column, lost, there))
            return np.asarray(there[0, :, :, 0].T)

        return transform

    def _before(self, state: int, open_: Mask) -> Mask:
        """States from which cells may come to one of the model by these exits."""
        key = state, open_.tobytes()
        if key not in self._leading:
            if len(self._leading) >= MOST_REMEMBERED:
                self._leading.clear()
            source, target = self.lowered.exit_source[open_], self.lowered.exit_target[open_]
            self._leading[key] = spread(self.lowered.base == state, target, source)
        return self._leading[key]

    def gains(
        self, hazards: Floats, z: Numbers, weights: Floats, inside: Mask, gain: Floats, prize: Floats | None = None
    ) -> tuple[Complexes, Complexes]:
        """What cells gain in the states ``inside``, and its derivatives by the logarithms of all hazards.

        Two solves, one forward and one adjoint, give every derivative.

        Parameters
        ----------
        hazards, z, weights
            As everywhere here.
        inside : (S,) bool
            Whoever leaves these states does not come back.
        gain : (S,) float
            Per hour in a state ``inside``, at once on arrival elsewhere.
        prize : (E,) float, optional
            For each use of an exit.

        Returns
        -------
        (Z,) complex, (Z, T) complex
        """
        from cascade.elimination import whole

        inside = inside & ~self.stuck(hazards)
        each = np.zeros(hazards.shape[1]) if prize is None else prize
        value, slope = np.zeros(len(z), np.complex128), np.zeros((len(z), len(self.lowered.transitions)), np.complex128)
        run, at = _run(whole.gains), z.astype(np.complex128)
        _ends(run(self.system(hazards), hazards, weights, at, inside, self.start, gain, each, value, slope))
        return value, slope

    def window(
        self,
        hazards: Floats,
        z: Complexes,
        inside: Mask,
        begin: Floats,
        rate: Floats,
        end: Floats,
        gain: Floats,
        prize: Floats,
    ) -> tuple[Complexes, Complexes]:
        """Forward from the beginning of a window and adjoint from its end, (N, Z, S) each; see ``whole.window``."""
        from cascade.elimination import whole

        # Off z = 0 a window ends: a state that no hazard leaves in it keeps its cells for the next one.
        inside = inside & ~(self.stuck(hazards) if (z == 0).any() else self.lowered.absorbing)
        time, worth = (np.zeros((len(hazards), len(z), self.lowered.size), np.complex128) for _ in range(2))
        run, system = _run(whole.window), self.system(hazards)
        _ends(run(system, hazards, z.astype(np.complex128), inside, begin, rate, end, gain, prize, time, worth))
        return time, worth

    def poles(self, hazards: Floats, without: Mask | None = None) -> Complexes | None:
        """Singularities of all transforms that lie off the real axis, or None when the model is too large to tell.

        ``without``: of first arrivals in these states.
        """
        live = ~self.stuck(hazards)
        if without is not None or len(hazards) > 1:
            return poles(self.lowered, self.component, hazards, live, without)
        key = hazards.tobytes()
        if key not in self._poles:
            if len(self._poles) >= MOST_REMEMBERED:
                self._poles.clear()
            self._poles[key] = poles(self.lowered, self.component, hazards, live, None)
        return self._poles[key]


def _run(function: object) -> Callable[..., bool]:
    """A compiled function of the elimination."""
    from cascade import elimination
    from cascade.common.compiled import cached

    return cached(function, elimination)


def _ends(ends: bool) -> None:
    """That cells do not circle for ever."""
    if not ends:
        raise InputError("model", "its hazards", ENDLESS)
