r"""Shares of cells that an assay counts, at times, with their derivatives, and at other hazards of the same model.

With M what an observable counts (states, deaths), x(z) the transform of where cells are and y(z) of what they have
died of,

    share(t) = inverse of  M x(z) + M y(z),      d share / d log factor = inverse of its derivative,

along one contour, pushed forward beside each other (``elimination.whole.courses``).  The rate at which it becomes so
is the inverse of z M x(z) + z M y(z), where no cell is so at the start.  Cells can be stopped in states, so that the
share there is that of the cells which have ever been there; then hazards that lead out of these states are 0.

A model is made ready once: the first time, and whenever hazards have moved by a factor of e since, the inverse is
refined until nothing changes, and the coarsest rule is kept that says the same; with it a set of factors is one call
of compiled code.  Where hazards change with time there is an adjoint solve for each observable and time in place of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cascade.common.errors import InputError, nearest
from cascade.common.types import Complexes, Floats, Mask
from cascade.model import Conditioned, Model
from cascade.model.names import alike, matching
from cascade.model.observables import Observable
from cascade.solution.courses import Courses
from cascade.solution.laplace import Rule, Transform, rule
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes
from cascade.solution.windows import Windows

NEAR = 1.0
"""Of a logarithm: as far from where a rule was found to serve it is taken to."""

MOST_KNOWN = 200
"""Rules that are kept, the last ones: where a hazard differs between animals some tens serve one likelihood."""

AGREE = 1e-11
"""Of shares and their derivatives, over the largest of any time: a rule that differs less from the refined serves."""

STAYS = 36
"""In a row, for which a rule has one part."""


class Values(NamedTuple):
    """Shares, their derivatives by the logarithms of the factors, and the errors of the shares.

    Attributes
    ----------
    value : (K, n) float
        Of each observable at each time.
    slope : (P, K, n) float
    error : (K, n) float
    rate, rate_slope, rate_error : (K, n), (P, K, n), (K, n) float
        An hour, of the shares; without columns where they were not asked for.
    """

    value: Floats
    slope: Floats
    error: Floats
    rate: Floats
    rate_slope: Floats
    rate_error: Floats


class _Known(NamedTuple):
    """A rule that was found to serve, where it was, the nodes of the frailties, and the errors of what it gives."""

    at: Floats
    hazards: Floats
    nodes: Nodes
    rule: Rule
    error: Floats


class Shares:
    """Shares of the cells of a model that each of some observables counts, at some times.

    Parameters
    ----------
    model : Model
    observables : sequence of Observable
    times : (n,) float
        Hours.
    groups : sequence of sequences of int
        For each factor the hazards of the model, by number, that it multiplies.
    stopped : bool
        Whether cells stay in the states of the observables for good.
    rates : bool
        Whether rates are asked for, too.

    Raises
    ------
    InputError
        For a conditioned model; for an observable of which the model has no state or cause; for rates where hazards
        change with time, or of what cells are at the start.
    """

    def __init__(
        self,
        model: Model,
        observables: Sequence[Observable],
        times: Floats,
        groups: Sequence[Sequence[int]],
        *,
        stopped: bool = False,
        rates: bool = False,
    ) -> None:
        if isinstance(model, Conditioned):
            raise InputError("model", model.name, "a model of all cells: hazards change who reaches a goal, too")
        self.observables, self.times = tuple(observables), np.asarray(times, np.float64)
        self._prepared = Prepared(model)
        self._courses = Courses(self._prepared)
        lowered = self._prepared.lowered
        self.there = np.array([states_of(one, lowered.states) for one in observables]).reshape(-1, len(lowered.states))
        names = [t.name for t in lowered.transitions]
        deaths = [t.name for t in lowered.transitions if t.is_death]
        self.lost = np.array([deaths_of(one, names, deaths) for one in observables]).reshape(-1, len(names))
        for one, states, dead in zip(observables, self.there, self.lost, strict=True):
            if not states.any() and not dead.any():
                what, known = (one.states, lowered.states) if one.states else (one.deaths, deaths)
                wanted = f"states or deaths of {model.name}; {nearest(what[0] if what else '', known)}"
                raise InputError(f"observable {one.name!r}", ", ".join(what), wanted)
        by_transition = np.zeros((len(groups), len(names)))
        for row, numbers in zip(by_transition, groups, strict=True):
            row[list(numbers)] = 1.0
        self._known: list[_Known] = []
        self._served = np.zeros((0, len(groups)))  # where each of them was found
        self._of_cell: dict[tuple[float, ...], list[_Known]] = {}
        self._of_transition = by_transition
        self._directions = by_transition[:, lowered.exit_transition]
        starts = np.bincount(
            lowered.base[lowered.start_state], self._prepared.start_share, minlength=len(lowered.states)
        )
        self._waiting = np.outer(self.there @ starts, self._courses.waiting(self.times))
        self._rates, self._open = rates, np.ones(len(lowered.exit_transition))
        if stopped:
            self._open[np.any(self.there, axis=0)[lowered.base[lowered.exit_source]]] = 0.0
        if rates and self._prepared.changes:
            raise InputError("times", "known", f"times between two looks: hazards of {model.name} change with time")
        if rates and (self.there @ starts > 0).any():
            one = self.observables[int(np.argmax(self.there @ starts))]
            raise InputError(f"observable {one.name!r}", ", ".join(one.states), "states in which no cell begins")

    def at(self, logs: Floats, *, slopes: bool = True) -> Values:
        """All shares where the hazards of each group are multiplied by exp(logs), (P,).

        Without ``slopes`` there are none of them, which takes a part of the time.
        """
        logs = np.asarray(logs, np.float64)
        factors = np.exp(logs @ self._directions) * self._open
        known = self._near(logs)
        if known is not None:
            z, weights = known.rule
            transform = self._transform(known.hazards * factors, known.nodes.weights, slopes=slopes)
            return self._values((weights @ transform(z)).imag, known.error)
        if self._prepared.changes:
            return self._through_windows(factors)
        return self._refined(logs, factors)

    def of_point(self, logs: Floats) -> Values:
        """As ``at`` without slopes, to the bit the same whatever was asked before.

        The rule is that of the middle of a cell of a lattice, and so of the point alone.
        """
        middle = NEAR * np.round(np.asarray(logs, np.float64) / NEAR)
        cell = tuple(middle.tolist())
        if cell not in self._of_cell:
            self._remembers([])
            self.at(middle, slopes=False)
            self._of_cell = dict([*self._of_cell.items()][1 - MOST_KNOWN :]) | {cell: self._known}
        self._remembers(self._of_cell[cell])
        return self.at(logs, slopes=False)

    def _remembers(self, known: list[_Known]) -> None:
        """Rules, and where each was found."""
        self._known = known
        self._served = np.array([one.at for one in known]).reshape(len(known), len(self._of_transition))

    def each(self, logs: Floats, *, slopes: bool = True) -> Values:
        """As ``at`` of each of some sets, (B, P); all values have a leading axis of sets.

        Sets that one rule serves are one call of compiled code.
        """
        found: list[tuple[list[int], Values]] = []
        served: dict[int, tuple[_Known, list[int]]] = {}
        kept = len(self._of_transition) if slopes else 0
        for b, own in enumerate(logs):
            known = self._near(own)
            if known is None:
                one = self.at(own, slopes=slopes)
                one = one._replace(slope=one.slope[:kept], rate_slope=one.rate_slope[:kept])
                found.append(([b], Values(*(part[None] for part in one))))
            else:
                served.setdefault(id(known), (known, []))[1].append(b)
        for known, some in served.values():
            z, weights = known.rule
            factors = np.exp(logs[some] @ self._directions) * self._open
            transform = self._transform(known.hazards * factors[:, None], known.nodes.weights, slopes=slopes)
            rows = (weights @ transform(z)).imag.reshape(len(weights), len(some), -1)
            found.append((some, self._of_sets(rows, known.error)))
        back = np.argsort(np.concatenate([some for some, _ in found]))
        return Values(*(np.concatenate(part)[back] for part in zip(*(values for _, values in found), strict=True)))

    def _near(self, logs: Floats) -> _Known | None:
        """The last rule that serves there."""
        near = (np.abs(self._served - logs) < NEAR).all(axis=1)
        return self._known[int(np.argmax(near))] if near.any() else None

    def _refined(self, logs: Floats, factors: Floats) -> Values:
        """Nodes of the frailties and the inverse refined until nothing changes; remembers a rule that says the same."""
        prepared = self._prepared

        def solve(nodes: Nodes) -> tuple[Floats, Floats]:
            hazards = prepared.hazards(nodes) * factors
            return self._courses.inverted(self._transform(hazards, nodes.weights), self.times, self._poles(hazards))

        octaves = len(np.unique(np.floor(np.log2(np.maximum(self.times, 1e-300)))))
        average = prepared.averaged(solve, prepared.solves(octaves, len(self.times)))
        nodes, values, errors = average.nodes, average.values, average.errors
        if prepared.frailties:  # more points than one: what is found at these is what a rule gives again
            values, more = solve(nodes)
            errors = errors + more + np.abs(values - average.values)
        error = errors.reshape(len(self.times), -1, *self._width)[:, 0]
        found = self._rule(logs, prepared.hazards(nodes), nodes, values, error)
        if found is not None:
            self._remembers([found, *self._known][:MOST_KNOWN])
        return self._values(values, error)

    @property
    def _width(self) -> tuple[int, int]:
        """Shares, or shares and rates, of each observable."""
        return 2 if self._rates else 1, len(self.observables)

    def _values(self, rows: Floats, error: Floats) -> Values:
        """From rows (n, (1 + P) (1 or 2) K), and errors (n, 1 or 2, K)."""
        return Values(*(part[0] for part in self._of_sets(rows[:, None], error)))

    def _of_sets(self, rows: Floats, error: Floats) -> Values:
        """From rows (n, B, (1 + P) (1 or 2) K) values with a leading axis of sets, which have one error."""
        parts = rows.reshape(*rows.shape[:2], -1, *self._width)
        value, slope = parts[:, :, 0].transpose(2, 1, 3, 0), parts[:, :, 1:].transpose(3, 1, 2, 4, 0)
        wrong = np.broadcast_to(error.transpose(1, 2, 0)[:, None], value.shape)
        shares = value[0] + self._waiting, slope[0], wrong[0]
        if not self._rates:
            return Values(*shares, value[0, ..., :0], slope[0, ..., :0], value[0, ..., :0])
        return Values(*shares, value[1], slope[1], wrong[1])

    def _rule(self, logs: Floats, hazards: Floats, nodes: Nodes, values: Floats, error: Floats) -> _Known | None:
        """The coarsest rule that says what the refined inverse says; None where none does, or more is asked of it."""
        lowered, solver = self._prepared.lowered, self._prepared.solver
        here = hazards * np.exp(logs @ self._directions) * self._open
        poles = self._poles(here)
        if lowered.entry_hours[1] > lowered.entry_hours[0] or poles is None or poles.size:
            return None
        times, transform = self.times - lowered.entry_hours[0], self._transform(here, nodes.weights)
        if not (times > 0).any():
            return None
        # Of each observable and rate what is small at all times is right to its own size.
        sized = np.abs(values).reshape(len(times), -1, *self._width).max(axis=(0, 1))
        room = np.broadcast_to(AGREE * np.maximum(sized, 1e-290), values.reshape(len(times), -1, *self._width).shape)
        room = room.reshape(values.shape)
        for intervals in (36, 72):
            z, weights = one = rule(times, intervals, -(-solver.steps // STAYS))
            if (np.abs((weights @ transform(z)).imag - values) <= room).all():
                return _Known(logs, hazards, nodes, one, error + room.reshape(len(times), -1, *self._width)[:, 0])
        return None

    def _poles(self, hazards: Floats) -> Complexes | None:
        solver = self._prepared.solver
        return solver.poles(hazards) if solver.has_cycle else np.zeros(0, np.complex128)

    def _transform(self, hazards: Floats, weights: Floats, *, slopes: bool = True) -> Transform:
        """Of the shares, and rates, and their derivatives, (Z, (1 + P) (1 or 2) K), or without derivatives.

        Hazards of some sets, (B, N, E), give B times the columns, set by set.
        """
        solver, directions = self._prepared.solver, self._directions if slopes else self._directions[:0]
        deaths = bool(self.lost.any())

        def transform(z: Complexes) -> Complexes:
            lost, there = solver.pushed(hazards, z, weights, directions, deaths=deaths)
            rows = there @ self.there.T
            if deaths:
                rows = rows + lost @ self.lost.T
            if self._rates:
                rows = np.concatenate([rows, rows * z[:, None]], axis=-1)
            return np.asarray(np.moveaxis(rows, -2, 0).reshape(len(z), -1))

        return transform

    def _through_windows(self, factors: Floats) -> Values:
        """Where hazards change with time: to be there at a time is to gain 1 at it, so each time is a question."""
        prepared, shape = self._prepared, (len(self.observables), len(self.times))
        base = prepared.lowered.base
        questions = [
            self._question(states.astype(bool)[base], dead.astype(bool))
            for states, dead in zip(self.there, self.lost, strict=True)
        ]

        def solve(nodes: Nodes) -> tuple[Floats, Floats]:
            hazards = prepared.hazards(nodes) * factors
            rows = np.zeros((*shape, 1 + len(self._of_transition)))
            errors = np.zeros_like(rows)
            for k, asked in enumerate(questions):
                for i, time in enumerate(self.times.tolist()):
                    found, wrong = Windows.summed(prepared.solver, hazards, nodes.weights, time, asked)
                    rows[k, i, 0], rows[k, i, 1:] = found[0], self._of_transition @ found[1:]
                    errors[k, i] = wrong[0]
            return rows, errors

        windows = 3 * len(prepared.lowered.window_start) * shape[0]
        average = prepared.averaged(solve, prepared.solves(windows * max(1, shape[1])))
        rows = average.values
        slope, nothing = np.moveaxis(rows[..., 1:], 2, 0), np.zeros((shape[0], 0))
        none = np.zeros((len(slope), shape[0], 0))
        return Values(rows[..., 0] + self._waiting, slope, average.errors[..., 0], nothing, none, nothing)

    def _question(self, states: Mask, dead: Mask) -> tuple[Mask, Floats, Floats, Floats]:
        """What a cell gains that is in the states at the end, or has died so."""
        lowered = self._prepared.lowered
        stay = states & lowered.absorbing
        prize = dead[lowered.exit_transition].astype(np.float64)
        return ~stay, stay.astype(np.float64), prize, (states & ~stay).astype(np.float64)


def states_of(observable: Observable, states: Sequence[str]) -> Mask:
    """Which states it counts."""
    found = {name for pattern in observable.states for name in alike(pattern, states)}
    return np.array([name in found for name in states])


def deaths_of(observable: Observable, names: Sequence[str], deaths: Sequence[str]) -> Mask:
    """Which deaths it counts: a pattern without a dot is a cause, whatever the state."""
    found: set[str] = set()
    for pattern in observable.deaths:
        found.update(matching(pattern if "." in pattern else f"*.{pattern}", deaths))
    return np.array([name in found for name in names])
