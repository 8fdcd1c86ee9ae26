r"""Chances of looks under a model: cells that were seen in one state after another.

With A the generator of the model as a chain, its deaths kept apart, and O_k which of its states look alike at look k,
the chance of a cell's looks after its first one is

    q = a_1 P(t_2 - t_1) O_2 P(t_3 - t_2) O_3 ... 1,      P(t) = e^{A t},

with a_1 the law over the states that look as they did at the first look: that of cells which the model has there by
then, where it is more than one.  Derivatives are those of the complex step, Im q(theta + i h) / h, exact to rounding.

Reference: Jackson CH. J Stat Softw 2011;38(8):1-28.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Complexes, Floats, Ints, Mask
from cascade.inference.data import Data
from cascade.inference.free import Free
from cascade.inference.independent import Independent
from cascade.inference.meeting import alike_arms, observable_of
from cascade.inference.panels import Look, Panel
from cascade.model import Conditioned, Model
from cascade.solution.prepared import Prepared
from cascade.solution.shares import deaths_of, states_of

TINY = 1e-30
"""Of the complex step: derivatives have no error of it."""

MOST_STATES = 300

TERMS = 18
"""Of the series of an exponential of at most 1."""


def likelihood_of_panel(models: Mapping[str, Model], data: Panel, free: Sequence[Free]) -> Independent:
    """Of looks at cells.

    Raises
    ------
    InputError
        For a state that the model does not know; for a model that is no chain with constant hazards.
    """
    units, size = data.units, len(free)
    parts = []
    for arms, mine in alike_arms(models, free):
        some = [i for i, looks in enumerate(units) if looks[0].arm in arms]
        parts.append((np.array(some), np.array(mine, np.int64), _Chain(models[arms[0]], data, some, mine, free)))

    def chances(theta: Floats, slopes: bool) -> tuple[Floats, Floats]:
        log, slope = np.full(len(units), -np.inf), np.zeros((len(units), size))
        for places, mine, chain in parts:
            found, moved = chain.at(theta[mine], slopes=slopes)
            log[places] = found
            if slopes:
                slope[np.ix_(places, mine)] = moved.T
        return log, slope

    names = [_named(looks, data) for looks in units]
    whose = [(looks[0].arm, looks[0].animal) for looks in units]
    return Independent(models, free, chances, names, np.ones(len(units)), whose, what=data.told)


class _Chain:
    """A model as a chain, and the looks at some cells in it."""

    def __init__(
        self, model: Model, data: Panel, some: Sequence[int], mine: Sequence[int], free: Sequence[Free]
    ) -> None:
        prepared = Prepared(model)
        check_chain(model, prepared, "looks at cells")
        self.lowered = lowered = prepared.lowered
        deaths = [i for i, t in enumerate(lowered.transitions) if t.is_death]
        self.size = lowered.size + len(deaths)
        place = {transition: lowered.size + k for k, transition in enumerate(deaths)}
        self.source = lowered.exit_source
        dead = np.array([place.get(t, -1) for t in lowered.exit_transition.tolist()])
        self.target = np.where(lowered.exit_target >= 0, lowered.exit_target, dead)
        self.hazards = lowered.exit_hazard
        by_transition = np.zeros((len(mine), len(lowered.transitions)))
        for row, p in zip(by_transition, mine, strict=True):
            row[list(model.hazard_table.named(free[p].name, "free"))] = 1.0
        self.directions = by_transition[:, lowered.exit_transition]
        self._begin = np.zeros(self.size)
        np.add.at(self._begin, lowered.start_state, lowered.start_share)
        self.looks = [data.units[i] for i in some]
        self._index(model, data)

    def _index(self, model: Model, data: Panel) -> None:
        """Which states each look leaves open, and which time has gone by since the last one."""
        names = list(dict.fromkeys(look.state for looks in self.looks for look in looks))
        self.open: Mask = np.array([self._open(name, model, data) for name in names])
        longest = max(len(looks) for looks in self.looks)
        self.state: Ints = np.full((len(self.looks), longest), -1, np.int64)
        gaps = np.zeros((len(self.looks), longest))
        for i, looks in enumerate(self.looks):
            for k, look in enumerate(looks):
                self.state[i, k] = names.index(look.state)
                gaps[i, k] = look.hours - (looks[k - 1].hours if k else 0.0)
        several = self.open[self.state[:, 0]].sum(axis=1) > 1
        gaps[~several, 0] = 0.0  # where a cell was is known: what was before says no more
        self.first = several
        self._check_there(gaps, model, data)
        # To rounding alike: looks every 0.1 h are one gap.
        self.gaps, self.gap = np.unique(np.round(gaps, 9), return_inverse=True)
        self.gap = self.gap.reshape(gaps.shape)

    def _check_there(self, gaps: Floats, model: Model, data: Panel) -> None:
        """That the model has cells where one of several states was seen first."""
        for i in np.flatnonzero(self.first):
            first = self.looks[i][0]
            law = (
                self._begin @ chances_of_moves(self._generator(np.zeros(len(self.directions))), gaps[i, :1])[0, 0].real
            )
            if not law[self.open[self.state[i, 0]]].sum() > 0:
                told = f"{first.unit} of {data.name}: {first.state!r} at {first.hours:g} h"
                wanted = (
                    f"a first look at which {model.name} has cells in one of its states: hours count from when cells"
                    " begin in the model, since several states look alike"
                )
                raise InputError("data", told, wanted)

    def _generator(self, logs: Floats) -> Floats:
        """The generator at free logarithms, (1, S, S)."""
        rates = self.hazards * np.exp(logs @ self.directions)
        found = np.zeros((1, self.size, self.size))
        np.add.at(found[0], (self.source, self.target), rates)
        np.add.at(found[0], (self.source, self.source), -rates)
        return found

    def _open(self, name: str, model: Model, data: Data) -> Mask:
        """Which states of the chain a state of the data may be."""
        one, lowered = observable_of(name, data, model), self.lowered
        names = [t.name for t in lowered.transitions]
        dead = [t.name for t in lowered.transitions if t.is_death]
        there, lost = states_of(one, lowered.states), deaths_of(one, names, dead)
        if not there.any() and not lost.any():
            raise InputError(f"state {name!r}", ", ".join((*one.states, *one.deaths)), f"states of {model.name}")
        of_death = [i for i, t in enumerate(lowered.transitions) if t.is_death]
        return np.concatenate([there[lowered.base], lost[of_death]]).astype(bool)

    def at(self, logs: Floats, *, slopes: bool) -> tuple[Floats, Floats]:
        """Log chances (n,), and their derivatives (P, n)."""
        steps = np.vstack([np.zeros(len(logs)), np.eye(len(logs)) * TINY]) if slopes else np.zeros((1, len(logs)))
        factors = np.exp((logs + 1j * steps) @ self.directions) if slopes else np.exp((logs + steps) @ self.directions)
        rates = self.hazards * factors
        generator = np.zeros((len(steps), self.size, self.size), rates.dtype)
        for k, row in enumerate(rates):
            np.add.at(generator[k], (self.source, self.target), row)
            np.add.at(generator[k], (self.source, self.source), -row)
        log = self._forward(chances_of_moves(generator, self.gaps))
        with np.errstate(invalid="ignore"):
            slope = np.where(np.isfinite(log[0].real), log[1:].imag / TINY, 0.0)
        return log[0].real.astype(np.float64), slope

    def _forward(self, moves: Floats | Complexes) -> Complexes:
        """Logarithms of the chances, (1 + P, n), from chances of moves (1 + P, gaps, S, S)."""
        n, longest = self.state.shape
        law = np.where(self.first[:, None], self._begin, self.open[self.state[:, 0]]).astype(moves.dtype)
        law = np.broadcast_to(law, (len(moves), n, self.size)).copy()
        log = np.zeros((len(moves), n), moves.dtype)
        for k in range(longest):
            there = np.flatnonzero(self.state[:, k] >= 0)
            for gap in np.unique(self.gap[there, k]):
                mine = there[self.gap[there, k] == gap]
                law[:, mine] = (law[:, mine] @ moves[:, gap]) * self.open[self.state[mine, k]]
            total = law[:, there].sum(axis=2)
            some = total[0].real > 0
            log[:, there[~some]] = -np.inf
            safe = np.where(some, total, 1.0)
            law[:, there] /= safe[:, :, None]
            if k:  # the first look is given
                log[:, there] += np.where(some, np.log(safe), 0.0)
        return np.asarray(log, np.complex128)


def chances_of_moves(generator: Floats | Complexes, gaps: Floats) -> Complexes:
    r"""e^{A t} of generators (K, S, S) at each gap of time (n,): (K, n, S, S).

    With q the largest rate out of a state, A + q has no part below 0, so that in

        e^{A t} = (e^{-q t / m} sum_k ((A + q) t / m)^k / k!)^m,      m a power of 2, q t / m < 1,

    nothing cancels: each chance is right to some m roundings of its own size, and what cannot be is 0.
    """
    size = generator.shape[-1]
    fastest = float(np.abs(np.diagonal(generator, axis1=1, axis2=2)).max(initial=0.0)) or 1.0
    halvings = max(0, int(np.ceil(np.log2(max(fastest * float(gaps.max(initial=0.0)), 1e-300)))) + 1)
    part = gaps[:, None, None] / 2.0**halvings
    up = (generator + fastest * np.eye(size))[:, None] * part
    moves = np.broadcast_to(np.eye(size), up.shape).astype(np.complex128)
    for k in range(TERMS, 0, -1):
        moves = np.eye(size) + (up @ moves) / k
    moves = moves * np.exp(-fastest * part)
    for _ in range(halvings):
        moves = moves @ moves
    return np.asarray(moves)


def check_chain(model: Model, prepared: Prepared, what_for: str) -> None:
    """That it is a chain with constant hazards.

    Raises
    ------
    InputError
        For what makes it none.
    """
    lowered = prepared.lowered
    wrong = {
        "conditioned on a goal": isinstance(model, Conditioned),
        "hazards that change with time": prepared.changes,
        "frailties": bool(prepared.frailties),
        "an interval of entry": lowered.entry_hours[1] > lowered.entry_hours[0],
        f"{lowered.size} states, as a chain": lowered.size > MOST_STATES,
    }
    for what, is_so in wrong.items():
        if is_so:
            wanted = f"a chain with constant hazards, of no more than {MOST_STATES} states, for {what_for}"
            raise InputError(f"model {model.name!r}", what, wanted)


def _named(looks: Sequence[Look], data: Data) -> str:
    """What the looks at a cell say."""
    told = ", ".join(f"{look.state} at {look.hours:g} h" for look in looks[:6])
    return f"{looks[0].unit} of {looks[0].arm!r} in {data.name}: {told}{', ...' if len(looks) > 6 else ''}"
