"""A slow, readable simulator on the same draws: what the kernel must do, cell by cell.

Written from the rules, with Python's own integers, logarithm and normal quantile; it
shares no code with the package but reads the same ``Model``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from cascade.model import Model

MASK = 0xFFFFFFFF


def philox(counter: Sequence[int], key: Sequence[int]) -> tuple[int, int, int, int]:
    """Philox4x32-10 (Salmon et al., SC'11) on Python integers."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 1 << 32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 1 << 32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


def uniforms(cell: int, visit: int, purpose: int, key: Sequence[int]) -> tuple[float, float, float]:
    """Two uniforms of 48 bits and one of 32, from one block."""
    w0, w1, w2, w3 = philox((cell & MASK, cell >> 32, visit, purpose), key)
    first = (w0 + ((w1 & 0xFFFF) << 32) + 0.5) / 2**48
    second = (w2 + ((w1 >> 16) << 32) + 0.5) / 2**48
    return first, second, (w3 + 0.5) / 2**32


@dataclass
class Clock:
    """An exponential that is used up at a rate: due at anchor + left / rate."""

    left: float
    anchor: float
    rate: float

    @property
    def due(self) -> float:
        return self.anchor + self.left / self.rate if self.rate > 0 else math.inf

    def change(self, rate: float, now: float) -> None:
        """Run at another rate from ``now`` on."""
        if rate != self.rate and now > self.anchor:
            self.left = max(self.left - (now - self.anchor) * self.rate, 1e-300)
            self.anchor = now
        self.rate = rate


@dataclass
class Event:
    """How a stay in a state (all its phases) ended; ``way`` is '' for a cell still there."""

    state: str
    time: float
    way: str
    died: bool


@dataclass
class Life:
    """Start and events of one cell."""

    start: str
    entered: float
    events: list[Event]
    visits: int


class Reference:
    """The rules of a model, one cell at a time.

    ``windows``: (end in hours, {hazard name: multiplier}) in order; the last end is that
    of the run.
    """

    def __init__(
        self, model: Model, seed: int, windows: Sequence[tuple[float, Mapping[str, float]]] = ((math.inf, {}),)
    ) -> None:
        self.model = model
        self.key = [int(word) for word in np.random.SeedSequence(seed).generate_state(2, np.uint32)]
        self.states = {state.name: state for state in model.states}
        self.windows = windows

    def frailties(self, cell: int) -> list[float]:
        """Z of every frailty of a cell."""
        found = []
        for f, frailty in enumerate(self.model.frailties):
            purpose = (2 << 24) | f
            if frailty.distribution == "lognormal":
                sigma = math.sqrt(math.log1p(frailty.cv**2))
                z = NormalDist().inv_cdf(uniforms(cell, 0, purpose, self.key)[0])
                found.append(math.exp(sigma * z - sigma**2 / 2))
            else:
                found.append(self._gamma(cell, purpose, frailty.cv**-2.0))
        return found

    def _gamma(self, cell: int, purpose: int, shape: float) -> float:
        """Marsaglia & Tsang, scaled to mean 1; below shape 1 by one more uniform."""
        boost = 1.0
        used = shape
        if shape < 1:
            used = shape + 1
            boost = uniforms(cell, MASK, purpose, self.key)[0] ** (1 / shape)
        d = used - 1 / 3
        attempt = 0
        while True:
            u, accept, _ = uniforms(cell, attempt, purpose, self.key)
            x = NormalDist().inv_cdf(u)
            v = (1 + x / math.sqrt(9 * d)) ** 3
            if v > 0 and math.log(accept) < x * x / 2 + d - d * v + d * math.log(v):
                return d * v * boost / shape
            attempt += 1

    def hazard(self, state: str, way: str, hazard: float, z: Sequence[float], window: int) -> float:
        """Hazard per hour of one way out for a cell with frailties ``z`` in a window."""
        name = f"{state}.{way}"
        hazard *= self.windows[window][1].get(name, 1.0)
        power = 1.0
        for f, frailty in enumerate(self.model.frailties):
            for entry in frailty.hazards:
                if entry.hazard in (name, f"*.{way}"):
                    power *= z[f] ** entry.power
        return hazard * power

    def life(self, cell: int) -> Life:
        """The whole life of a cell."""
        model = self.model
        start = model.start.states[0].state
        low, high = model.start.entry_hours
        time = low
        if len(model.start.states) > 1 or high > low:
            u, v, _ = uniforms(cell, 0, 1 << 24, self.key)
            total = 0.0
            for share in model.start.states:
                total += share.share
                start = share.state
                if u < total:
                    break
            time = low + v * (high - low)
        z = self.frailties(cell)
        life = Life(start, time, [], 0)
        here, window = start, 0
        while not self.states[here].absorbing:
            phases = self.states[here].phases
            for phase in range(phases):
                time, window, way, died = self._visit(here, cell, life.visits, time, window, z)
                life.visits += 1
                if died or way == "":
                    life.events.append(Event(here, time, way, died))
                    return life
                if phase == phases - 1:
                    life.events.append(Event(here, time, way, False))
                    here = way
        return life

    def _visit(
        self, here: str, cell: int, visit: int, time: float, window: int, z: Sequence[float]
    ) -> tuple[float, int, str, bool]:
        state = self.states[here]
        u, v, choice = uniforms(cell, visit, 0, self.key)

        def rates(w: int) -> tuple[list[float], list[float]]:
            moves = [self.hazard(here, m.to, m.hazard, z, w) for m in state.moves]
            deaths = [self.hazard(here, d.cause, d.hazard, z, w) for d in state.deaths]
            return moves, deaths

        moves, deaths = rates(window)
        move, death = Clock(-math.log(u), time, sum(moves)), Clock(-math.log(v), time, sum(deaths))
        while min(move.due, death.due) > self.windows[window][0]:
            end = self.windows[window][0]
            if window == len(self.windows) - 1:
                return max(end, time), window, "", False
            window += 1
            moves, deaths = rates(window)
            move.change(sum(moves), end)
            death.change(sum(deaths), end)
        died = death.due < move.due
        due = min(move.due, death.due)
        if due == math.inf:
            return due, window, "", False
        rest = choice * sum(deaths if died else moves)
        for name, rate in zip(
            [d.cause for d in state.deaths] if died else [m.to for m in state.moves],
            deaths if died else moves,
            strict=True,
        ):
            way = name
            if rest < rate:
                break
            rest -= rate
        return due, window, way, died
