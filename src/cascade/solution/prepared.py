"""A model made ready to be solved: its lowered form, the points of its frailties, and averages over them.

Every answer is an average over the frailties of something that is solved at fixed traits:

    answer = sum_n w_n f(hazards at node n),

the nodes refined until the answer itself, each of its numbers, does not change any more: an average of
exp(-hazard Z t) needs others than that of a probability.  What is solved at fixed traits stands in
``solver`` (hazards that stay) and ``changing`` (windows); curves over time in ``courses``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from cascade.common.errors import CascadeError, InputError
from cascade.common.types import Complexes, Floats, Mask, Numbers
from cascade.lowering.arguments import check_until, circling, tell_of_late_treatments
from cascade.lowering.conditioned import chances, ratios
from cascade.lowering.joint import joint
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.lowering.one_cell import by_cell
from cascade.model import Conditioned, Model, check_model
from cascade.solution.changing import Account, March
from cascade.solution.quadrature import MOST_POINTS, Nodes, alike, grids, on_a_grid, random, shift_of
from cascade.solution.reaching import Reaching
from cascade.solution.solver import Passage, Solver

RELATIVE, ABSOLUTE = 1e-10, 1e-10
"""Change of a number at which an average is not refined any more: a part of it, or of one."""

MOST_SECONDS = 2.0
"""Bound on the work of an answer, in nominal seconds (`Solver.cost`)."""

INVERSION_SOLVES, LINE_SOLVES = 75, 150
"""Solves that an inversion takes for all times within a factor of two of each other; for one, where it oscillates."""

MEDIAN_PARTS = 4
"""Parts of the bound on work in which nodes for medians are chosen; these take some twenty octaves of time."""


EDGE = 1e3
"""How much more may lie beyond a grid than at its edge, of numbers that grow as fast as the density falls."""

LEAST_SHIFT = 0.5
"""Of the normal scores of frailties, by which those that succeed differ, for points of their own."""


class Average(NamedTuple):
    """An average over the frailties.

    Attributes
    ----------
    values, errors : arrays of one shape
    nodes : Nodes
        The points at which it was taken, with weights that add up to 1.
    """

    values: Floats
    errors: Floats
    nodes: Nodes


class Prepared:
    """A model made ready to be solved.

    Parameters
    ----------
    model : Model
    until : float, optional
    nodes : Nodes, optional
        Points of the frailties; default: as many as each answer needs.

    Attributes
    ----------
    model : Model
    by_unit, lowered : Lowered
        By unit, and of one cell of a unit: shares are those of cells, a cluster counts as all of them.
    until : float or None
    solver : Solver
    changes : bool
        Whether hazards change with time.
    """

    def __init__(self, model: Model, until: float | None = None, nodes: Nodes | None = None) -> None:
        self.model = check_model(model)
        self.by_unit: Lowered = lower(model)
        self.joint = joint(model) if isinstance(model, Conditioned) and self.by_unit.thinning is not None else None
        self.lowered: Lowered = by_cell(self.by_unit) if self.joint is None else self.joint.told
        solved = self.lowered if self.joint is None else self.joint.lowered
        self.until = check_until(solved, until)
        tell_of_late_treatments(self.model, self.until)
        self.solver = Solver(solved)
        self.changes = len(self.lowered.window_start) > 1
        self._given = nodes

    @property
    def frailties(self) -> int:
        """Number of frailties."""
        return len(self.lowered.frailty_cv)

    @property
    def sampled(self) -> bool:
        """Whether averages over frailties are taken at random points: their errors are standard errors."""
        return bool(self.nodes.replicate.any())

    def averaged(
        self,
        solve: Callable[[Nodes], tuple[Floats, Floats]],
        solves: float,
        absolute: float = ABSOLUTE,
        *,
        unbounded: bool = False,
        nodes: Nodes | None = None,
    ) -> Average:
        """The average over the frailties of what is solved at each of their nodes, with the error of each number.

        Parameters
        ----------
        solve : callable
            For nodes the weighted sums of the numbers over them, and of their errors.
        solves : float
            How often each node is solved for; there are as few nodes as the bound on work allows.
        absolute : float
            Change at which the average may stay as it is.
        unbounded : bool
            Of numbers that are no shares, as times: what lies beyond the grid may not be negligible.
        nodes : Nodes, optional
            Those at which the average is taken, whatever its error.
        """
        nodes = self._given if nodes is None else nodes
        if nodes is not None:
            return Average(*solve(nodes), nodes)
        if not self.frailties:
            return Average(*solve(alike(self.lowered)), alike(self.lowered))
        most = self.most_nodes(solves)
        if on_a_grid(self.lowered, most):
            average = self._refined(solve, most, absolute)
            if not unbounded:
                return average
            edge, _ = solve(average.nodes[average.nodes.edge])
            return average._replace(errors=average.errors + EDGE * np.abs(edge))
        return self._at_random(solve, most)

    def _at_random(self, solve: Callable[[Nodes], tuple[Floats, Floats]], most: int) -> Average:
        """Random points among all cells, and as many among those that succeed: for each number the better ones."""
        shift = self._shift
        apart = [shift] if np.abs(shift).max() > LEAST_SHIFT else []
        around_each = [(), *([s] for s in apart)]
        each = most // len(around_each)
        points = [self._weighed(random(self.lowered, each, shifts)) for shifts in around_each]
        plain, *shifted = [replicated(solve, nodes) for nodes in points]
        value, spread, errors = plain
        for other, narrower, wrong in shifted:
            # Not just the smaller one: of two that are alike the choice would be biased.
            better = narrower < spread / 2.0
            value, spread, errors = (
                np.where(better, new, old) for new, old in ((other, value), (narrower, spread), (wrong, errors))
            )
        return Average(value, spread + errors, Nodes.joined([self.around_all(most)]))

    def around_all(self, most: int) -> Nodes:
        """Random points among all cells, those that succeed, and between."""
        shift = self._shift
        apart = float(np.abs(shift).max()) > LEAST_SHIFT
        around = [share * shift for share in (0.0, 0.5, 1.0, 1.0)] if apart else ()
        return self._weighed(random(self.lowered, most, around))

    def _weighed(self, nodes: Nodes) -> Nodes:
        """Points with weights in proportion to those among the cells that reach the goal of a conditioned model."""
        if self.lowered.aim is None:
            return nodes
        weights = nodes.weights * self._success(nodes)
        if nodes.replicate.any():
            count = int(nodes.replicate.max()) + 1
            weights = weights / (count * np.bincount(nodes.replicate, weights)[nodes.replicate])
        return replace(nodes, weights=weights)

    @cached_property
    def _shift(self) -> Floats:
        """How those that succeed differ in their frailties."""
        return shift_of(self.lowered, self._success)

    def _refined(self, solve: Callable[[Nodes], tuple[Floats, Floats]], most: int, absolute: float) -> Average:
        """The trapezoidal rule on finer and finer grids."""
        parts: list[Nodes] = []
        total, errors, weight = np.zeros(1), np.zeros(1), 0.0
        value = change = left = np.zeros(1)
        for number, nodes in enumerate(map(self._weighed, grids(self.lowered, most))):
            more, error = solve(nodes)
            if nodes.anew:
                parts, total, errors, weight = [], np.zeros(1), np.zeros(1), 0.0
            total, errors, weight = total + more, errors + error, weight + float(nodes.weights.sum())
            parts.append(nodes)
            before, value = value, total / weight
            if not np.isfinite(value).all():
                raise CascadeError("the average over the frailties did not converge: their spread is too large")
            if not number:
                continue
            last, change = change, np.abs(value - before)
            left = change
            if number > 1:
                # The change is the error of the value before; halving the steps about squares it.
                left = change * np.minimum(1.0, 10.0 * change / np.maximum(last, 1e-300))
            if (left <= np.maximum(RELATIVE * np.abs(value), np.maximum(absolute, errors / weight))).all():
                break
        else:
            left = change  # bounded before it has converged: no forecast, but the last change itself
        return Average(value, left + errors / weight, Nodes.joined(parts))

    def _success(self, nodes: Nodes) -> Floats:
        """Probability of success at each node, under the hazards of the last window; of the goal it is given."""
        if self.lowered.aim is not None:
            return np.asarray(self._chosen(nodes).sum(axis=1))
        hazards = self.hazards(nodes) * (
            self.lowered.multipliers[-1, self.lowered.exit_transition] if self.changes else 1
        )
        z = 0.0 if self.until is None and not self.lowered.has_endless_cycle() else 1.0 / (self.until or 1e4)
        return np.asarray(self.solver.passage(hazards, np.array([z])).entered[:, 0, -1].real)

    def _chosen(self, nodes: Nodes) -> Floats:
        """Of cells as they are at each node, the share that starts in each start state and reaches the goal, (N, K)."""
        lowered = self.lowered
        assert lowered.aim is not None
        h = chances(lowered.aim, nodes.multipliers)[:, lowered.start_state]
        return np.asarray(h * lowered.start_share / lowered.start_share.sum())

    def starts(self, nodes: Nodes) -> Floats | None:
        """Where cells start, (N, S), of cells that differ and reach a goal: by their own chances; None: all alike."""
        lowered = self.lowered
        if lowered.aim is None or len(lowered.start_state) == 1:
            return None
        chosen = self._chosen(nodes)
        start = np.zeros((len(chosen), lowered.size))
        np.add.at(start.T, lowered.start_state, (chosen / chosen.sum(axis=1, keepdims=True)).T)
        return start

    @cached_property
    def _started(self) -> tuple[Floats, Floats]:
        """Share of the cells that start in each start state, and its error, (K,)."""
        lowered = self.lowered
        if self.joint is not None:
            return self.reaching.start_share, self.reaching.start_error
        if self.starts(alike(lowered)) is None:
            return lowered.start_share / lowered.start_share.sum(), np.zeros(len(lowered.start_share))

        def solve(nodes: Nodes) -> tuple[Floats, Floats]:
            chosen = self._chosen(nodes)
            return nodes.weights @ (chosen / chosen.sum(axis=1, keepdims=True)), np.zeros(chosen.shape[1])

        return self.averaged(solve, 1)[:2]

    @property
    def start_share(self) -> Floats:
        """Share of the cells that start in each start state, (K,); of those that differ the mean."""
        return self._started[0]

    @property
    def start_error(self) -> Floats:
        """Errors of ``start_share``."""
        return self._started[1]

    @cached_property
    def whole(self) -> tuple[Passage, Passage, Nodes]:
        """What becomes of all cells in the end, where hazards stay; the error of each number; and the nodes."""
        shapes: list[tuple[int, ...]] = []

        def solve(nodes: Nodes) -> tuple[Floats, Floats]:
            passage = self.average(nodes, np.zeros(1))
            parts = [part[0].real for part in (passage.entered, passage.lost, passage.settled)]
            shapes[:] = [part.shape for part in parts]
            values = np.concatenate([part.ravel() for part in parts])
            return values, np.zeros_like(values)

        average = self.averaged(solve, 1, absolute=1e-300)
        cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

        def unpacked(flat: Floats) -> Passage:
            split = zip(np.split(flat, cuts), shapes, strict=True)
            entered, lost, settled = (part.reshape(shape) for part, shape in split)
            return Passage(entered, lost, settled, np.zeros_like(settled))

        return unpacked(average.values), unpacked(average.errors), average.nodes

    @property
    def nodes(self) -> Nodes:
        """Nodes fine enough for the ends of all lives."""
        return self.whole[2]

    @property
    def work(self) -> float:
        """Nominal seconds that an answer and the medians take at most: arithmetic, no measurement."""
        windows = len(self.lowered.window_start)
        curves = 0 if self.until is not None or self.changes else 5 * MEDIAN_PARTS
        solves = 1 + self.solves(curves or windows)
        most = {0: 1, 1: 1025, 2: 16_641}.get(self.frailties, MOST_POINTS)
        return self.solver.cost * solves * min(most, self.most_nodes(solves / 2))

    def solves(self, octaves: float, times: float = 1) -> float:
        """Solves that curves take at a node, over so many octaves and at so many times."""
        return max(octaves, times) * LINE_SOLVES if self.oscillates else octaves * INVERSION_SOLVES

    @cached_property
    def oscillates(self) -> bool:
        """Whether curves may oscillate: the fast inversion may not serve then."""
        poles = self.poles(alike(self.lowered))
        # A hyperbola reaches farther up than to the left: what dies out faster than it turns lies inside.
        return poles is None or bool((np.abs(poles.imag) > 0.5 * np.abs(poles.real)).any())

    def most_nodes(self, solves: float) -> int:
        """Nodes that the bound on work allows, each solved for so often."""
        return int(min(MOST_SECONDS / (self.solver.cost * solves), 1e9))

    def hazards(self, nodes: Nodes, units: Lowered | None = None) -> Floats:
        """Hazards at each node, (N, E), of one cell or of ``units``; without what windows multiply them by."""
        lowered = self.solver.lowered if units is None else units
        base = lowered.exit_hazard
        if not self.changes:
            base = base * lowered.multipliers[0, lowered.exit_transition]
        hazards = np.asarray(base * nodes.multipliers[:, lowered.exit_profile])
        if lowered.aim is None:
            return hazards
        return hazards * ratios(lowered, lowered.aim, chances(lowered.aim, nodes.multipliers))

    def average(self, nodes: Nodes, z: Numbers) -> Passage:
        """Passage at each z, summed over the nodes with their weights: arrays of shape (len(z), ...)."""
        return self.solver.passage(self.hazards(nodes), z, nodes.weights, self.starts(nodes))

    def poles(self, nodes: Nodes, without: Mask | None = None) -> Complexes | None:
        """Singularities of the transforms off the real axis."""
        return self.solver.poles(self.hazards(nodes), without)

    @cached_property
    def reaching(self) -> Reaching:
        """The cells that reach the goal of a conditioned model in a changing environment."""
        assert self.joint is not None
        return Reaching(self.joint, self.solver)

    def marched(
        self, times: Sequence[float], barrier: Mask | None = None, *, units: bool = False
    ) -> tuple[list[Account], list[Account]]:
        """What has happened by each time in a changing environment, and the errors.

        ``barrier``: expanded states that cells do not leave; with ``units`` events count once a unit.  Of conditioned
        models neither, and no uses of transitions: these have ``reaching``.
        """
        if self.joint is not None:
            found = self.reaching.at(times)
            wrong = [Account(*(np.full_like(part, error) for part in account)) for account, error in found]
            return [account for account, _ in found], wrong
        sizes = self.lowered.size_of if units else None
        shapes: list[tuple[int, ...]] = []

        def solve(nodes: Nodes) -> tuple[Floats, Floats]:
            march = March(self.solver, self.hazards(nodes), nodes.weights, barrier, sizes)
            accounts = march.at(times)
            shapes[:] = [part.shape for part in accounts[0]]
            values = np.array([np.concatenate([part.ravel() for part in account]) for account in accounts])
            return values, np.full_like(values, march.error)

        average = self.averaged(solve, self.solves(len(self.lowered.window_start) + 1))
        cuts = np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1]

        def unpacked(rows: Floats) -> list[Account]:
            split = (np.split(row, cuts) for row in rows)
            return [Account(*(part.reshape(shape) for part, shape in zip(s, shapes, strict=True))) for s in split]

        return unpacked(average.values), unpacked(average.errors)

    def only_whole_lives(self, what: str, *, ending: bool = False, until: bool = False) -> None:
        """Refuse what needs hazards that stay, lives that are followed to their ends, and ends that come.

        ``ending``: cells may not circle for ever; ``until``: an end of the run does not matter.
        """
        if self.changes:
            wanted = f"a model without treatments or the course of a capacity: {what} need hazards that stay"
            raise InputError("model", self.model.name, wanted)
        if (ending or (self.until is not None and not until)) and self.lowered.has_endless_cycle():
            wanted = f"one whose cells do not circle for ever: {what} are computed for whole lives, but"
            raise InputError("model", self.model.name, f"{wanted} {circling(self.lowered)}")
        if self.until is not None and not until:
            raise InputError("until", self.until, f"None: {what} are computed for whole lives")


def replicated(solve: Callable[[Nodes], tuple[Floats, Floats]], nodes: Nodes) -> tuple[Floats, Floats, Floats]:
    """Averages over random points, their standard errors, and the mean errors of what was averaged."""
    count = int(nodes.replicate.max()) + 1
    parts = [solve(nodes[nodes.replicate == r]) for r in range(count)]
    values, errors = (count * np.array(part) for part in zip(*parts, strict=True))
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(count), errors.mean(axis=0)
