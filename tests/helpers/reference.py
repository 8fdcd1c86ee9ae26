"""A slow, readable simulator on the same draws: what the kernel must do, cell by cell.

Written from the rules, with Python's own integers, logarithm and normal quantile; it
shares no code with the package but reads the same ``Model``.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import NormalDist

import numpy as np

from cascade.model import Model
from cascade.model.factors import Factor

CLUSTERS = "clusters"
MASK = 0xFFFFFFFF
RARE, RARE_START = 2.0**-20, 2.0**-36


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


def words(cell: int, visit: int, purpose: int, key: Sequence[int]) -> tuple[int, int, int, int]:
    """The block of an address."""
    return philox((cell & MASK, cell >> 32, visit, purpose), key)


def uniforms(cell: int, visit: int, purpose: int, key: Sequence[int]) -> tuple[float, float, float]:
    """Two uniforms of 48 bits and one of 32, from one block."""
    w0, w1, w2, w3 = words(cell, visit, purpose, key)
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

    def is_before(self, other: Clock) -> bool:
        """Whether it is due first, by what both wait: late in a life two moments may be one number."""
        wait, others = (clock.left / clock.rate if clock.rate > 0 else math.inf for clock in (self, other))
        return wait + (self.anchor - other.anchor) < others

    def change(self, rate: float, now: float) -> None:
        """Run at another rate from ``now`` on."""
        if rate != self.rate and now > self.anchor:
            self.left = max(self.left - (now - self.anchor) * self.rate, 1e-300)
            self.anchor = now
        self.rate = rate


@dataclass
class Event:
    """How a stay in a state (all its phases, at one level of every factor) ended; ``way`` is '' for one still there."""

    state: str
    time: float
    way: str
    died: bool


@dataclass
class Life:
    """Start and events of one cell, or of one fragment of a cluster with the number of its lowest member."""

    start: str
    entered: float
    member: int
    size: int
    events: list[Event] = field(default_factory=list)
    visits: int = 0


@dataclass
class Agent:
    """What is known of a cell or cluster under way.

    ``switching``: for each factor that exists here its clock and the number of the clock's
    draw; ``drawn``: how many draws each has used.
    """

    life: Life
    state: str
    phase: int
    levels: dict[str, str]
    size: int
    time: float
    window: int
    switching: dict[str, tuple[Clock, int]] = field(default_factory=dict)
    drawn: dict[str, int] = field(default_factory=dict)


@dataclass
class Way:
    """One way out at its rate: where it leads at which levels and size, and the size of a fragment that goes apart."""

    name: str
    rate: float
    died: bool = False
    levels: dict[str, str] = field(default_factory=dict)
    size: int = 1
    apart: int = 0


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
        """Z of every frailty of a cell: normals L g, with L L^T the correlations and g independent."""
        names = [frailty.name for frailty in self.model.frailties]
        correlation = np.eye(len(names))
        for part in self.model.correlations:
            a, b = (names.index(name) for name in part.between)
            correlation[a, b] = correlation[b, a] = part.value
        drawn = [uniforms(cell, 0, (2 << 24) | f, self.key)[0] for f in range(len(names))]
        normal = np.linalg.cholesky(correlation) @ [NormalDist().inv_cdf(u) for u in drawn] if names else []
        found = []
        for f, frailty in enumerate(self.model.frailties):
            if frailty.distribution == "lognormal":
                sigma = math.sqrt(math.log1p(frailty.cv**2))
                found.append(math.exp(sigma * float(normal[f]) - sigma**2 / 2))
            else:
                found.append(self._gamma(cell, (2 << 24) | f, frailty.cv**-2.0))
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

    # Where factors exist and what they do.

    def _fits(self, pattern: str, name: str) -> bool:
        """Patterns of the tests are a name, ``*``, or ``*.way``."""
        return pattern in (name, "*") or (pattern.startswith("*.") and name.endswith(pattern[1:]))

    def _factors(self, state: str) -> list[Factor]:
        alive = not self.states[state].absorbing
        return [f for f in self.model.factors if alive and any(self._fits(p, state) for p in f.states)]

    def _levels(self, factor: Factor) -> list[tuple[str, float]]:
        begin = factor.begin or {factor.levels[0]: 1.0}
        return sorted(begin.items(), key=lambda item: factor.levels.index(item[0]))

    def hazard(self, name: str, hazard: float, z: Sequence[float], agent: Agent) -> float:
        """Hazard per hour of one way out, ``state.way``, of an agent with frailties ``z``."""
        hazard *= self.windows[agent.window][1].get(name, 1.0)
        for f, frailty in enumerate(self.model.frailties):
            for entry in frailty.hazards:
                if self._fits(entry.hazard, name):
                    hazard *= z[f] ** entry.power
        for factor in self._factors(agent.state):
            for effect in factor.effects:
                if effect.level == agent.levels[factor.name] and self._fits(effect.hazard, name):
                    hazard *= effect.factor
        if self.model.clusters is not None:
            for size_effect in self.model.clusters.effects:
                if self._fits(size_effect.hazard, name) and agent.size > 1:
                    hazard *= float(f"{size_effect.factor * agent.size**size_effect.power:.12g}")
        return hazard

    def ways(self, z: Sequence[float], agent: Agent) -> tuple[list[Way], list[Way]]:
        """Moves and deaths of an agent, each with what it leads to."""
        state = self.states[agent.state]
        moves = []
        for move in state.moves:
            rate = self.hazard(f"{state.name}.{move.to}", move.hazard, z, agent)
            if agent.phase < state.phases - 1:
                moves.append(Way(move.to, rate, levels=agent.levels, size=agent.size))
                continue
            there = self._factors(move.to)
            kept = [[(agent.levels[f.name], 1.0)] if f.name in agent.levels else self._levels(f) for f in there]
            for picked in itertools.product(*kept):
                levels = {f.name: level for f, (level, _) in zip(there, picked, strict=True)}
                share = rate * math.prod(part for _, part in picked)
                broken = self._breaks_on(move.to) if agent.size > 1 else 0.0
                moves.append(Way(move.to, share * (1 - broken), levels=levels, size=agent.size))
                if broken:
                    each = share * broken / (agent.size - 1)
                    moves += [
                        Way(move.to, each, levels=levels, size=k, apart=agent.size - k) for k in range(1, agent.size)
                    ]
        deaths = [Way(d.cause, self.hazard(f"{state.name}.{d.cause}", d.hazard, z, agent), True) for d in state.deaths]
        return moves, deaths

    def _breaks_on(self, state: str) -> float:
        """Probability that a cluster breaks as it enters a state."""
        assert self.model.clusters is not None
        found = [b.on_entering for b in self.model.clusters.breaks if self._fits(b.state, state)]
        return found[0] if found and not self.states[state].absorbing else 0.0

    def switches(self, name: str, agent: Agent) -> list[Way]:
        """Ways in which the level of a factor, or the size, changes."""
        shares = self.windows[agent.window][1]
        if name == CLUSTERS:
            assert self.model.clusters is not None
            bond = sum(b.hazard for b in self.model.clusters.breaks if self._fits(b.state, agent.state))
            bond *= shares.get(f"{agent.state}.clusters: break", 1.0)
            return [
                Way("clusters: break", bond, levels=agent.levels, size=k, apart=agent.size - k)
                for k in range(1, agent.size)
            ]
        factor = next(f for f in self.model.factors if f.name == name)
        found = []
        for switch in factor.switches:
            if switch.level == agent.levels[name]:
                rate = switch.hazard * shares.get(f"{agent.state}.{name}: {switch.to}", 1.0)
                levels = {**agent.levels, name: switch.to}
                found.append(Way(f"{name}: {switch.to}", rate, levels=levels, size=agent.size))
        return found

    # The life of an agent.

    def lives(self, cell: int) -> list[Life]:
        """The whole life of a cell; for a cluster one life for each fragment, the founder first."""
        model = self.model
        low, high = model.start.entry_hours
        u, v, _ = uniforms(cell, 0, 1 << 24, self.key)
        begins = []
        for share in model.start.states:
            there = self._factors(share.state)
            sizes = [(1, 1.0)]
            if model.clusters is not None:
                sizes = sorted((s.size, s.share) for s in model.clusters.sizes if s.share > 0)
            for *picked, (size, part) in itertools.product(*map(self._levels, there), sizes):
                levels = {f.name: level for f, (level, _) in zip(there, picked, strict=True)}
                begins.append((share.share * part * math.prod(p for _, p in picked), share.state, levels, size))
        total = 0.0
        for begin in begins:
            total += begin[0]
            _, start, levels, size = begin
            if u < total:
                break
        if holds_rare([begin[0] for begin in begins], RARE_START):
            w0, w1, _, w3 = words(cell, 0, 1 << 24, self.key)
            word = (((w1 & 0xFFFF) << 32 | w0) << 16) | (w3 & 0xFFFF)
            _, start, levels, size = begins[exactly([begin[0] for begin in begins], word)]
        time = low + v * (high - low) if high > low else low
        agent = Agent(Life(start, time, 0, size), start, 0, levels, size, time, 0)
        waiting, done = [agent], []
        z = self.frailties(cell)
        while waiting:
            agent = waiting.pop(0)
            for name in self._switching(agent):
                self._begin(cell, name, agent)
            waiting += self._live(cell, agent, z)
            done.append(agent.life)
        return done

    def life(self, cell: int) -> Life:
        """The life of a cell, of a cluster that of its lowest member."""
        return self.lives(cell)[0]

    def _switching(self, agent: Agent) -> list[str]:
        names = [f.name for f in self._factors(agent.state)]
        return names + [CLUSTERS] * (self.model.clusters is not None and not self.states[agent.state].absorbing)

    def _begin(self, cell: int, name: str, agent: Agent, number: int = 0) -> None:
        """A new draw of the clock of a factor; the exponential from the first uniform."""
        clock = Clock(-math.log(self._drawn(cell, name, agent, number)[0]), agent.time, 0.0)
        clock.rate = sum(way.rate for way in self.switches(name, agent))
        agent.switching[name] = clock, number
        agent.drawn[name] = number + 1

    def _drawn(self, cell: int, name: str, agent: Agent, number: int) -> tuple[float, float, float]:
        detail = 255 if name == CLUSTERS else [f.name for f in self.model.factors].index(name)
        return uniforms(cell, number, (3 << 24) | (agent.life.member << 8) | detail, self.key)

    def _switched(self, cell: int, name: str, agent: Agent, number: int) -> Way:
        """The switch with which a clock begins anew, by a draw; among rare ones by 64 bits of it."""
        ways = self.switches(name, agent)
        if not holds_rare([way.rate for way in ways], RARE):
            return _chosen(ways, self._drawn(cell, name, agent, number)[2])
        detail = 255 if name == CLUSTERS else [f.name for f in self.model.factors].index(name)
        _, _, w2, w3 = words(cell, number, (3 << 24) | (agent.life.member << 8) | detail, self.key)
        return ways[exactly([way.rate for way in ways], w3 << 32 | w2)]

    def _left(self, cell: int, agent: Agent, visit: int, z: Sequence[float], dies: bool) -> Way:
        """The way by which a visit ends; where one is rare at Z = 1, a second block says more exactly where."""
        which = int(dies)
        ways, alike = self.ways(z, agent)[which], self.ways([1.0] * len(z), agent)[which]
        _, _, _, w3 = words(cell, visit, agent.life.member << 8, self.key)
        if not holds_rare([way.rate for way in alike], RARE):
            return _chosen(ways, (w3 + 0.5) / 2**32)
        more, _, _, _ = words(cell, visit, (4 << 24) | (agent.life.member << 8), self.key)
        return ways[exactly([way.rate for way in ways], w3 << 32 | more)]

    def _live(self, cell: int, agent: Agent, z: Sequence[float]) -> list[Agent]:
        """From where an agent is to its end; the fragments that went apart on the way."""
        life, apart = agent.life, []
        while not self.states[agent.state].absorbing:
            u, v, _ = uniforms(cell, life.visits, agent.life.member << 8, self.key)
            life.visits += 1
            moves, deaths = self.ways(z, agent)
            move = Clock(-math.log(u), agent.time, sum(way.rate for way in moves))
            death = Clock(-math.log(v), agent.time, sum(way.rate for way in deaths))
            while True:
                name, switch = min(
                    ((name, clock) for name, (clock, _) in agent.switching.items()),
                    key=lambda item: item[1].due,
                    default=("", Clock(1.0, 0.0, 0.0)),
                )
                due = min(move.due, death.due, switch.due)
                end = self.windows[agent.window][0]
                if due > end and agent.window < len(self.windows) - 1:
                    agent.window += 1
                    agent.time = max(agent.time, end)  # it may not have entered yet
                elif due > end or due == math.inf:
                    life.events.append(Event(agent.state, max(min(due, end), agent.time), "", False))
                    return apart
                elif switch.due < min(move.due, death.due):
                    agent.time = due
                    number = agent.switching[name][1]
                    way = self._switched(cell, name, agent, number + 1)
                    life.events.append(Event(agent.state, due, way.name, False))
                    apart += self._turn(agent, way)
                    self._begin(cell, name, agent, number + 1)
                else:
                    break
                moves, deaths = self.ways(z, agent)
                move.change(sum(way.rate for way in moves), agent.time)
                death.change(sum(way.rate for way in deaths), agent.time)
                for other, (clock, _) in agent.switching.items():
                    clock.change(sum(way.rate for way in self.switches(other, agent)), agent.time)
            agent.time = due
            way = self._left(cell, agent, life.visits - 1, z, death.is_before(move))
            last = agent.phase == self.states[agent.state].phases - 1
            if way.died or last:
                life.events.append(Event(agent.state, due, way.name, way.died))
            if way.died:
                return apart
            before = self._switching(agent)
            agent.state, agent.phase = (way.name, 0) if last else (agent.state, agent.phase + 1)
            apart += self._turn(agent, way)
            for name in self._switching(agent):
                if name in before:
                    agent.switching[name][0].change(sum(w.rate for w in self.switches(name, agent)), agent.time)
                else:
                    self._begin(cell, name, agent, agent.drawn.get(name, 0))
            agent.switching = {name: agent.switching[name] for name in self._switching(agent)}
        return apart

    def _turn(self, agent: Agent, way: Way) -> list[Agent]:
        """The levels and the size of an agent after a way; the fragment that goes apart, if any."""
        agent.levels, agent.size = way.levels, way.size
        if not way.apart or self.states[agent.state].absorbing:
            return []
        life = Life(agent.state, agent.time, agent.life.member + way.size, way.apart)
        return [Agent(life, agent.state, agent.phase, way.levels, way.apart, agent.time, agent.window)]


def _chosen(ways: Sequence[Way], choice: float) -> Way:
    """The way at which the running sum of rates passes the draw."""
    rest = choice * sum(way.rate for way in ways)
    chosen = ways[-1]
    for way in ways:
        if rest < way.rate:
            return way
        rest -= way.rate
    return chosen


def holds_rare(shares: Sequence[float], rare: float) -> bool:
    """Whether one of the parts of a sum is some, but less than the share ``rare`` of it."""
    return any(0 < share / sum(shares) < rare for share in shares)


def exactly(shares: Sequence[float], word: int) -> int:
    """The first of the parts whose exact running sum is beyond word / 2^64 of the whole."""
    sums = list(itertools.accumulate(map(Fraction, shares)))
    return bisect_right(sums, Fraction(word, 1 << 64) * sums[-1])
