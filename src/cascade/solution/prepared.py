"""A model made ready to be solved: its lowered form, the points of its frailties, and averages over them.

Every answer is an average over the frailties of something that is solved at fixed traits:

    answer = sum_n w_n f(hazards at node n),

the nodes chosen fine enough for the probability of each step.  What is solved at fixed traits stands
in ``passage`` (hazards that stay) and ``changing`` (windows); curves over time in ``courses``.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import numpy as np

from cascade.common.errors import CascadeError, InputError
from cascade.common.types import Complexes, Floats, Mask, Numbers
from cascade.lowering.arguments import check_until, tell_of_late_treatments
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.lowering.one_cell import by_cell
from cascade.model import Model, check_model
from cascade.solution.changing import March
from cascade.solution.quadrature import Nodes, refinements
from cascade.solution.solver import Passage, Solver

QUADRATURE_TOLERANCE = 1e-10
UNTIL_TOLERANCE = 1e-8
CURVE_TOLERANCE = 1e-6
MARCHED_ERROR = 1e-5

MOST_SECONDS = 2.0
"""Bound on the work of an answer, in nominal seconds (`Solver.cost`)."""

INVERSION_SOLVES = 66
"""Solves that an inversion takes for times within a factor of two of each other."""

CURVE_OCTAVES = 6
"""Octaves of time that a curve takes: what its nodes are chosen for."""


class Prepared:
    """A model made ready to be solved.

    Parameters
    ----------
    model : Model
    until : float, optional
    nodes : Nodes, optional
        Points of the frailties; default: as many as the probabilities need.

    Attributes
    ----------
    model : Model
    by_unit, lowered : Lowered
        By unit, and of one cell of a unit: shares are those of cells, a cluster counts as all of them.
    until : float or None
    solver : Solver
    changes : bool
        Whether hazards change with time.
    nodes : Nodes
    errors : (stages + 1,) float
        Numerical error of the probability of coming to each stage.
    error : float
        The largest of them; see `cascade.solution.answer.Exact`.
    """

    def __init__(self, model: Model, until: float | None = None, nodes: Nodes | None = None) -> None:
        self.model = check_model(model)
        self.by_unit: Lowered = lower(model)
        self.lowered: Lowered = by_cell(self.by_unit)
        self.until = check_until(self.lowered, until)
        tell_of_late_treatments(self.model, self.until)
        self.solver = Solver(self.lowered)
        self.changes = len(self.lowered.window_start) > 1
        self.start_share: Floats = self.lowered.start_share / self.lowered.start_share.sum()
        exact = np.zeros(self.lowered.goal + 1)
        self.nodes, self.errors = (nodes, exact) if nodes is not None else self._fine_enough()
        self.error = float(self.errors.max())

    def _fine_enough(self) -> tuple[Nodes, Floats]:
        """Nodes for the probabilities, and the errors left."""
        if self.changes and len(self.lowered.frailty_cv) > 1:
            # Each node is marched through all windows: fewer nodes, and no claim to more than they give.
            solves = INVERSION_SOLVES * len(self.lowered.window_start)
            nodes, error = self._choose_nodes(CURVE_TOLERANCE, 1e-15, solves)
            return nodes, np.maximum(error, MARCHED_ERROR)
        if self.until is None:
            return self._choose_nodes(QUADRATURE_TOLERANCE, 1e-15, 1)
        return self._choose_nodes(UNTIL_TOLERANCE, 1e-15, INVERSION_SOLVES)

    def _choose_nodes(self, relative: float, absolute: float, solves: float) -> tuple[Nodes, Floats]:
        """Nodes of the frailties that are told how good they are, and their errors; see ``_compared_nodes``."""
        nodes, errors = self._compared_nodes(relative, absolute, solves)
        return replace(nodes, error=float(errors.max())), errors

    def _compared_nodes(self, relative: float, absolute: float, solves: float) -> tuple[Nodes, Floats]:
        """Nodes of the frailties fine enough for the probability of each step, and the error left of each.

        ``solves``: how often each node will be solved for; there are as few nodes as the bound on work
        allows, and what that leaves of the error is told.
        """
        if not len(self.lowered.frailty_cv):
            return next(refinements(self.lowered)), np.zeros(self.lowered.goal + 1)
        last: Floats | None = None
        change = np.zeros(0)
        steps, goal = len(self.lowered.stages), self.lowered.goal
        for nodes in refinements(self.lowered, self.most_nodes(solves)):
            entered = self._entered_in_windows(nodes)
            value = nodes.weights @ entered
            if nodes.replicate.any():
                return nodes, self._worst(nodes.standard_errors(entered))
            if not np.isfinite(value).all():
                raise CascadeError("the average over the frailties did not converge: their spread is too large")
            if last is not None:
                before, change = change, np.abs(value - last)
                # The rule converges geometrically: each change predicts what is left after it.
                was = float(before.max(initial=0.0))
                error = np.minimum(change, 10 * change * (change.max() / was)) if was > 0 else change
                if float(error.max()) <= max(relative * float(value[steps :: goal + 1].min()), absolute):
                    return nodes, self._worst(error)
            last = value
        # The work is bounded before the rule has converged: no forecast, but the last change itself.
        return nodes, self._worst(change)

    def _worst(self, errors: Floats) -> Floats:
        """The largest error of each step over the windows that were looked at, (stages + 1,)."""
        return np.asarray(errors.reshape(-1, self.lowered.goal + 1).max(axis=0))

    def nodes_for(self, solves: float) -> Nodes:
        """Nodes for the ends of lives, each solved for so often: those at hand, where these are few enough."""
        if len(self.nodes.weights) <= self.most_nodes(solves):
            return self.nodes
        return self._choose_nodes(CURVE_TOLERANCE, 1e-15, solves)[0]

    @property
    def work(self) -> float:
        """Nominal seconds of the ends of all lives and of the curves from which medians come; of an end, of that."""
        if self.until is not None:
            return self.solver.cost * len(self.nodes.weights) * INVERSION_SOLVES
        if self.changes:
            return self.solver.cost * len(self.nodes.weights) * INVERSION_SOLVES * len(self.lowered.window_start)
        curves = len(self.curve_nodes.weights) * INVERSION_SOLVES * 2 * CURVE_OCTAVES
        return self.solver.cost * (len(self.nodes.weights) + curves)

    def most_nodes(self, solves: float) -> int:
        """Nodes that the bound on work allows, each solved for so often."""
        return int(min(MOST_SECONDS / (self.solver.cost * solves), 1e9))

    def _entered_in_windows(self, nodes: Nodes) -> Floats:
        """Probabilities of the steps at each node, under the hazards of each window, or of some that are far apart."""
        windows = self.lowered.multipliers if self.changes else np.ones((1, len(self.lowered.transitions)))
        chosen = np.unique(np.linspace(0, len(windows) - 1, min(len(windows), 6)).astype(int)).tolist()
        parts = []
        for window in chosen:
            hazards = self.hazards(nodes) * windows[window][self.lowered.exit_transition]
            passage = self.solver.passage(hazards, np.array([self.transform_at(window)]))
            parts.append(passage.entered[:, 0].real)
        return np.hstack(parts)

    def transform_at(self, window: int) -> float:
        """Where the transform stands for what has happened by the end of the run, or of a window.

        That of a time is 1 / time.  At 0, for whole lives, a model whose cells circle for ever has
        no answer; any place above 0 has one.
        """
        start = self.lowered.window_start
        if self.until is not None:
            return 1.0 / self.until
        if window == len(start) - 1 or not self.lowered.has_endless_cycle(window):
            return 0.0
        return 1.0 / float(start[window + 1] - start[window])

    @cached_property
    def _for_curves(self) -> tuple[Nodes, Floats]:
        return self._choose_nodes(CURVE_TOLERANCE, 1e-13, INVERSION_SOLVES * CURVE_OCTAVES)

    @property
    def curve_nodes(self) -> Nodes:
        """Coarser nodes: a curve needs hundreds of solves at each of them."""
        return self._for_curves[0]

    @property
    def curve_error(self) -> float:
        """What averages over the frailties lose with these nodes."""
        return float(self._for_curves[1].max())

    def hazards(self, nodes: Nodes) -> Floats:
        """Hazards at each node, (N, E); in a changing environment without its multipliers."""
        lowered = self.lowered
        base = lowered.exit_hazard
        if not self.changes:
            base = base * lowered.multipliers[0, lowered.exit_transition]
        return np.asarray(base * nodes.multipliers[:, lowered.exit_profile])

    def average(self, nodes: Nodes, z: Numbers) -> Passage:
        """Passage at each z, averaged over the frailties: arrays of shape (len(z), ...)."""
        return self.solver.passage(self.hazards(nodes), z, nodes.weights)

    def poles(self, nodes: Nodes, without: Mask | None = None) -> Complexes | None:
        """Singularities of the transforms off the real axis."""
        return self.solver.poles(self.hazards(nodes), without)

    def march(self, barrier: Mask | None = None, *, units: bool = False) -> March:
        """The distribution of cells in a changing environment; with ``units`` their events count once a unit."""
        sizes = self.lowered.size_of if units else None
        return March(self.solver, self.hazards(self.nodes), self.nodes.weights, barrier, sizes)

    @cached_property
    def marched(self) -> March:
        """The distribution of all cells."""
        return self.march()

    def only_whole_lives(self, what: str, *, ending: bool = False, until: bool = False) -> None:
        """Refuse what needs hazards that stay, lives that are followed to their ends, and ends that come.

        ``ending``: cells may not circle for ever; ``until``: an end of the run does not matter.
        """
        if self.changes:
            wanted = f"a model without treatments or the course of a capacity: {what} need hazards that stay"
            raise InputError("model", self.model.name, wanted)
        if self.until is not None and not until:
            raise InputError("until", self.until, f"None: {what} are computed for whole lives")
        if ending and self.lowered.has_endless_cycle():
            raise InputError("model", self.model.name, "a model whose cells do not circle for ever")
