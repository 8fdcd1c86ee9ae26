"""What is solved of a model: passages, curves over time and marches, averaged over its frailties.

The answers that users ask for are made of these in ``closed_form``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

from cascade.common.errors import CascadeError, InputError
from cascade.lowering.arguments import check_until
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.lowering.one_cell import by_cell
from cascade.model import Model, check_model
from cascade.solution.changing import March
from cascade.solution.components import Numbers
from cascade.solution.laplace import Transform, invert
from cascade.solution.passage import ENDLESS, Passage, Solver
from cascade.solution.quadrature import Nodes, refinements

Floats = npt.NDArray[np.float64]

QUADRATURE_TOLERANCE = 1e-10
UNTIL_TOLERANCE = 1e-8
CURVE_TOLERANCE = 1e-6
MARCHED_ERROR = 1e-5
ENTRY_POINTS = 24
ROUNDING = 1e-9
LOST_IN_ROUNDING = 1e-6


class Averages:
    """A model made ready to be solved.

    Attributes
    ----------
    model : Model
    lowered : Lowered
        Of one cell of a unit.
    until : float or None
    error : float
        See `cascade.Exact`.
    """

    def __init__(self, model: Model, until: float | None = None) -> None:
        self.model = check_model(model)
        # Shares are those of cells: a cluster counts as all its cells.
        self._by_unit: Lowered = lower(model)
        self.lowered: Lowered = by_cell(self._by_unit)
        self.until = check_until(self.lowered, until)
        self._solver = Solver(self.lowered)
        self._changes = len(self.lowered.window_start) > 1
        tolerance = QUADRATURE_TOLERANCE if self.until is None else UNTIL_TOLERANCE
        if self._changes and len(self.lowered.frailty_cv) > 1:
            # Each node is marched through all windows: fewer nodes, and no claim to more than they give.
            self._nodes, error = self._choose_nodes(CURVE_TOLERANCE, 1e-15)
            self.error = max(error, MARCHED_ERROR)
        else:
            self._nodes, self.error = self._choose_nodes(tolerance, 1e-15)

    def _march(self, nodes: Nodes, barrier: npt.NDArray[np.bool_] | None = None, *, units: bool = False) -> March:
        """The distribution of cells in a changing environment; with ``units`` their events count once a unit."""
        sizes = self.lowered.size_of if units else None
        return March(self._solver, self._hazards(nodes), nodes.weights, barrier, sizes)

    @cached_property
    def _marched(self) -> March:
        return self._march(self._nodes)

    def _merged(self, there: Floats) -> Floats:
        """Columns of expanded states added up to those of the model's states."""
        return np.asarray(np.add.reduceat(there, np.unique(self.lowered.base, return_index=True)[1], axis=-1))

    def _only_whole_lives(self, what: str, *, ending: bool = False, until: bool = False) -> None:
        """Refuse what needs hazards that stay, lives that are followed to their ends, and ends that come.

        ``ending``: cells may not circle for ever; ``until``: an end of the run does not matter.
        """
        if self._changes:
            wanted = f"a model without treatments or the course of a capacity: {what} need hazards that stay"
            raise InputError("model", self.model.name, wanted)
        if self.until is not None and not until:
            raise InputError("until", self.until, f"None: {what} are computed for whole lives")
        if ending and self.lowered.has_endless_cycle():
            raise InputError("model", self.model.name, "a model whose cells do not circle for ever")

    @property
    def changes(self) -> bool:
        """Whether hazards change with time: then there are no times of passage, elasticities or traits."""
        return self._changes

    def _hazards(self, nodes: Nodes) -> Floats:
        """Hazards at each node, (n, E); in a changing environment without its factors."""
        low = self.lowered
        base = low.exit_hazard if self._changes else low.exit_hazard * low.multipliers[0, low.exit_transition]
        return np.asarray(base * nodes.factors[:, low.exit_profile])

    def _choose_nodes(self, relative: float, absolute: float) -> tuple[Nodes, float]:
        """Nodes of the frailties fine enough for the probability of each step, and the error left."""
        last: Floats | None = None
        change, error = 0.0, 0.0
        low = self.lowered
        if not len(low.frailty_cv):
            return next(refinements(low)), 0.0
        windows = low.multipliers if self._changes else np.ones((1, len(low.transitions)))
        # Fine enough under the hazards of each window, or of some that are far apart.
        some = np.unique(np.linspace(0, len(windows) - 1, min(len(windows), 6)).astype(int)).tolist()
        for nodes in refinements(low):
            parts = []
            for w in some:
                z = np.full(len(nodes.weights), self._transform_at(w))
                hazards = self._hazards(nodes) * windows[w][low.exit_transition]
                parts.append(self._solver.passage(hazards, z).entered.real)
            entered = np.hstack(parts)
            value = nodes.weights @ entered
            if nodes.replicate.any():
                count = nodes.replicate.max() + 1
                means = np.array([entered[nodes.replicate == r].mean(axis=0) for r in range(count)])
                return nodes, float((means.std(axis=0, ddof=1) / np.sqrt(count)).max())
            if not np.isfinite(value).all():
                raise CascadeError("the average over the frailties did not converge: their spread is too large")
            if last is not None:
                before, change = change, float(np.max(np.abs(value - last)))
                # The rule converges geometrically: each change predicts what is left after it.
                error = min(change, 10 * change**2 / before) if before > 0 else change
                if error <= max(relative * float(value[len(low.stages) :: low.goal + 1].min()), absolute):
                    break
            last = value
        return nodes, error

    def _transform_at(self, window: int) -> float:
        """Where the transform stands for what has happened by the end of the run, or of a window.

        That of a time is 1 / time.  At 0, for whole lives, a model whose cells circle for ever has
        no answer; any place above 0 has one.
        """
        low = self.lowered
        if self.until is not None:
            return 1.0 / self.until
        last = window == len(low.window_start) - 1
        if last or not low.has_endless_cycle(window):
            return 0.0
        return 1.0 / float(low.window_start[window + 1] - low.window_start[window])

    @cached_property
    def _curve_nodes(self) -> Nodes:
        """Coarser nodes: a curve needs hundreds of solves at each of them."""
        return self._choose_nodes(CURVE_TOLERANCE, 1e-13)[0]

    def _average(self, nodes: Nodes, z: Numbers) -> Passage:
        """Passage at each z, averaged over the frailties: arrays of shape (len(z), ...)."""
        hazards = self._hazards(nodes)
        n, m = len(z), len(hazards)
        passage = self._solver.passage(np.repeat(hazards, n, axis=0), np.tile(z, m))
        parts = (passage.entered, passage.lost, passage.settled, passage.present)
        return Passage(*(np.tensordot(nodes.weights, p.reshape(m, n, *p.shape[1:]), axes=(0, 0)) for p in parts))

    def _poles(self, nodes: Nodes, without: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.complex128] | None:
        """Singularities of the transforms, that of a running total at 0 among them."""
        poles = self._solver.poles(self._hazards(nodes), without)
        return None if poles is None else np.append(poles, 0.0)

    @cached_property
    def _end(self) -> tuple[Floats, Floats, Floats]:
        """Entered (stages + 1), lost (stages + 1, T), still there (stages + 1, states)."""
        if self._changes and self.until is None:
            last = self._marched.at([float("inf")])[0]
            found = last.entered, last.lost, self._merged(last.there)
        elif self.until is None:
            p = self._average(self._nodes, np.zeros(1))
            found = p.entered[0].real, p.lost[0].real, p.settled[0].real
        else:
            entered, lost, there = self._curves(np.array([self.until]), self._nodes)
            found = entered[0], lost[0], there[0]
        # Where cells circle a billion times before they die, their few deaths drown in rounding.
        missing = abs(float(found[1].sum() + found[2].sum()) - 1.0)
        if missing > LOST_IN_ROUNDING:
            raise InputError("model", self.model.name, ENDLESS)
        self.error = max(self.error, missing if missing > ROUNDING else 0.0)
        return found

    def _curves(self, times: Floats, nodes: Nodes | None = None) -> tuple[Floats, Floats, Floats]:
        """The same three at each time, with a leading axis of times."""
        low = self.lowered
        used = self._curve_nodes if nodes is None else nodes
        stages, transitions, states = low.goal + 1, len(low.transitions), len(low.states)
        if self._changes:
            accounts = self._marched.at([float(t) for t in times])
            there = self._merged(np.array([a.there for a in accounts]).reshape(len(times), stages, low.size))
            entered, lost = np.array([a.entered for a in accounts]), np.array([a.lost for a in accounts])
            marched = entered.reshape(len(times), stages), lost.reshape(len(times), stages, transitions), there
            self._add_waiting(times, marched)
            return tuple(np.maximum(part, 0.0) for part in marched)  # type: ignore[return-value]
        cut = np.cumsum([stages, stages * transitions, stages * states])

        def transform(z: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
            p = self._average(used, z)
            over = z[:, None]
            there = (p.present + p.settled / z[:, None, None]).reshape(len(z), -1)
            return np.hstack([p.entered / over, p.lost.reshape(len(z), -1) / over, there])

        values = self._after_entry(transform, times, self._poles(used))
        out = (
            np.zeros((len(times), stages)),
            np.zeros((len(times), stages, transitions)),
            np.zeros((len(times), stages, states)),
        )
        for array, part in zip(out, np.split(values, cut[:-1], axis=1), strict=True):
            array += part.reshape(array.shape)
        self._add_waiting(times, out)
        if min(float(part.min()) for part in out) < -ROUNDING:
            raise CascadeError("the curves of this model did not converge: a share came out below 0")
        # What is exactly 0 comes out of the inversion as a rounding error of either sign.
        entered, lost, there = (np.maximum(part, 0.0) for part in out)
        return entered, lost, there

    def _wholes(self, times: Floats) -> tuple[Floats, Floats]:
        """Lost (n, T) and still there (n, states) at each time, whatever the stage: one solve, not one a stage."""
        low, used = self.lowered, self._curve_nodes if self.until is None else self._nodes
        if self._changes:
            _, gone, left = self._curves(times)
            return gone.sum(axis=1), left.sum(axis=1)
        hazards, weights = self._hazards(used), used.weights

        def transform(z: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
            m, n = len(hazards), len(z)
            over = np.tile(z, m)[:, None]
            lost, settled, present = self._solver.whole(np.repeat(hazards, n, axis=0), np.tile(z, m))
            joined = np.hstack([lost / over, present + settled / over])
            return np.asarray(np.tensordot(weights, joined.reshape(m, n, -1), axes=(0, 0)))

        values = self._after_entry(transform, times, self._poles(used))
        if float(values.min()) < -ROUNDING:
            raise CascadeError("the curves of this model did not converge: a share came out below 0")
        lost, there = np.split(np.maximum(values, 0.0), [len(low.transitions)], axis=1)
        waiting = self._waiting(times)
        for state, share in zip(low.start_state, low.start_share / low.start_share.sum(), strict=True):
            there[:, low.base[state]] += waiting * share
        return lost, there

    def _after_entry(self, transform: Transform, times: Floats, poles: npt.NDArray[np.complex128] | None) -> Floats:
        """Invert a transform, averaged over the time of entry.

        Early on, the average is a difference of integrals; long after the last entry, where
        such a difference would lose digits, it is a Gaussian quadrature over the entries.
        """
        earliest, latest = self.lowered.entry_hours
        span = latest - earliest
        if span == 0:
            return invert(transform, times - earliest, poles)
        late = times - latest > span
        values = np.zeros((len(times), *transform(np.ones(1, np.complex128)).shape[1:]))
        soon = times[~late]
        if soon.size:
            moments = np.concatenate([soon - earliest, soon - latest])
            integrals = invert(lambda z: np.asarray(transform(z) / z[:, None]), moments, poles)
            values[~late] = (integrals[: len(soon)] - integrals[len(soon) :]) / span
        if late.any():
            x, w = np.polynomial.legendre.leggauss(ENTRY_POINTS)
            entries = earliest + span * (x + 1.0) / 2.0
            moments = (times[late][:, None] - entries).ravel()
            parts = invert(transform, moments, poles).reshape(int(late.sum()), ENTRY_POINTS, -1)
            values[late] = np.tensordot(w / 2.0, parts, axes=(0, 1))
        return values

    def _add_waiting(self, times: Floats, out: tuple[Floats, Floats, Floats]) -> None:
        """Cells that have not entered yet wait in their start state."""
        low = self.lowered
        waiting = self._waiting(times)
        for state, share in zip(low.start_state, low.start_share / low.start_share.sum(), strict=True):
            stage = low.stage[state]
            out[0][:, : stage + 1] += (waiting * share)[:, None]
            out[2][:, stage, low.base[state]] += waiting * share

    def _waiting(self, times: Floats) -> Floats:
        """Share of the cells that have not entered yet."""
        earliest, latest = self.lowered.entry_hours
        if latest > earliest:
            return np.clip((latest - times) / (latest - earliest), 0.0, 1.0)
        return (times <= earliest).astype(np.float64)
