"""The exact answer: what an infinite number of cells would do, by linear algebra.

It never calls the kernel, and the kernel never calls it: their agreement is a test of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cascade.answers.curves import Curves
from cascade.answers.funnel import Funnel, FunnelRow, Milestone
from cascade.answers.organs import Organs, organs_of
from cascade.answers.sizes import Sizes, check_clusters
from cascade.common.arguments import check_moments
from cascade.common.errors import InputError, is_number, nearest
from cascade.common.text import hours, percent, text_table
from cascade.model import Model
from cascade.solution.components import Numbers
from cascade.solution.passage import chance_of_none
from cascade.solution.prepared import Averages
from cascade.solution.quadrature import Nodes, refinements

Floats = npt.NDArray[np.float64]

MEAN_TOLERANCE = 1e-6
# Derivatives by a complex step are exact: nothing cancels, however small the step is.
_STEP = 1e-30


@dataclass(frozen=True)
class PassageTime:
    """How long it takes those that get there.

    Attributes
    ----------
    name : str
        A step (time from the start to having passed it) or a cause of death.
    kind : str
        "step" or "cause".
    probability : float
    mean_hours, median_hours : float
        Given that it happens; nan when it cannot, or where a mean over a frailty does not settle.
    """

    name: str
    kind: str
    probability: float
    mean_hours: float
    median_hours: float


class Exact(Averages):
    """Exact answer of a model; curves are computed when asked for.

    Parameters
    ----------
    model : Model
    until : float, optional
        Answer for this moment (hours) rather than for the end of all lives.

    Attributes
    ----------
    error : float
        Numerical error of the probabilities: of the quadrature over frailties, or, with
        more than three of them, one standard error; of rounding where cells circle very often
        (known once an answer has been asked for).  In a changing environment: under the
        hazards of each window as if they stayed.  Curves over time and answers for an
        ``until`` add the error of the inversion, at most 1e-9.
    """

    @property
    def success(self) -> float:
        """Probability that a cell passes the last step (by ``until``)."""
        return float(self._end[0][-1])

    def funnel(self, cells: float = 1_000_000) -> Funnel:
        """Expected numbers of distinct cells that enter and pass each step, with the causes of loss.

        Parameters
        ----------
        cells : float
            Number of cells that start.
        """
        if not is_number(cells) or not 0 < cells < 1e300:
            raise InputError("cells", cells, "a number > 0")
        low = self.lowered
        entered, lost, there = self._end
        rows = []
        for k, step in enumerate(low.stages):
            causes: dict[str, float] = {}
            for t, transition in enumerate(low.transitions):
                if transition.is_death and lost[k, t] > 0:
                    causes[transition.way] = causes.get(transition.way, 0.0) + cells * lost[k, t]
            share = float(entered[k + 1])
            previous = share / float(entered[k]) if entered[k] > 0 else 0.0
            low_end, high_end = max(0.0, share - self.error), min(1.0, share + self.error)
            rows.append(
                FunnelRow(
                    step,
                    cells * float(entered[k]),
                    cells * share,
                    previous,
                    share,
                    low_end,
                    high_end,
                    causes,
                    cells * float(there[k].sum()),
                )
            )
        label = self.model.title or self.model.name
        marks = tuple(
            Milestone(n, cells * p, p, max(0.0, p - self.error), min(1.0, p + self.error))
            for n, p in self.milestones().items()
        )
        return Funnel(tuple(rows), cells, label, exact=True, milestones=marks)

    def milestones(self) -> dict[str, float]:
        """Probability of ever entering (by ``until``) a state with each milestone."""
        low = self.lowered
        hazards, weights = self._hazards(self._nodes), self._nodes.weights
        found = {}
        for m, name in enumerate(low.milestones):
            states = low.state_milestone[low.base] == m
            if self._changes:
                end = float("inf") if self.until is None else self.until
                account = self._march(self._nodes, states).at([end])[0]
                waiting = 0.0 if self.until is None else float(self._waiting(np.array([self.until]))[0])
                started = float((low.start_share / low.start_share.sum())[states[low.start_state]].sum())
                found[name] = float(account.there[:, states].sum()) + waiting * started
            elif self.until is None:
                found[name] = float(weights @ self._solver.hits(hazards, np.zeros(len(weights)), states))
            else:
                found[name] = self._hit_by(states, self.until, self._nodes)
        return found

    def _hit_by(self, states: npt.NDArray[np.bool_], time: float, used: Nodes) -> float:
        """Probability of a first arrival in a set of states by a time."""
        low = self.lowered
        hazards, weights = self._hazards(used), used.weights

        def transform(z: npt.NDArray[np.complex128]) -> npt.NDArray[np.complex128]:
            m, n = len(hazards), len(z)
            hit = self._solver.hits(np.repeat(hazards, n, axis=0), np.tile(z, m), states).reshape(m, n)
            return np.asarray((weights @ hit / z)[:, None])

        # A set made absorbing has a spectrum of its own.
        poles = self._poles(used, without=states)
        value = float(self._after_entry(transform, np.array([time]), poles)[0, 0])
        started = float(low.start_share[states[low.start_state]].sum())
        return value + started * float(self._waiting(np.array([time]))[0])

    def traits(self) -> dict[str, tuple[float, ...]]:
        """Mean of each frailty among the cells that start, and among those that pass each step.

        Returns
        -------
        dict of str to tuple of float
            1 + number of steps; nan where no cell passes.
        """
        means = self._traits(np.ones(len(self._nodes.weights), bool))
        return {f.name: tuple(map(float, row)) for f, row in zip(self.model.frailties, means, strict=True)}

    def trait_errors(self) -> dict[str, tuple[float, ...]]:
        """Standard errors of ``traits``: 0 but for models with more than three frailties."""
        replicate = self._nodes.replicate
        count = int(replicate.max()) + 1
        if count == 1:
            return {name: (0.0,) * len(row) for name, row in self.traits().items()}
        means = np.array([self._traits(replicate == r) for r in range(count)])
        errors = means.std(axis=0, ddof=1) / np.sqrt(count)
        return {f.name: tuple(map(float, row)) for f, row in zip(self.model.frailties, errors, strict=True)}

    def _traits(self, used: npt.NDArray[np.bool_]) -> Floats:
        """Means over some of the nodes, (frailties, 1 + steps)."""
        nodes = self._nodes
        weighed = nodes.weights[used, None] * self._entered_by_node[used]
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.exp(nodes.logs[used]).T @ weighed / weighed.sum(axis=0)
        # The mean of all cells is 1: what random points make of it is taken out.
        return np.asarray(means / (nodes.weights[used] @ np.exp(nodes.logs[used]) / nodes.weights[used].sum())[:, None])

    @cached_property
    def _entered_by_node(self) -> Floats:
        self._only_whole_lives("traits of survivors")
        passage = self._solver.passage(self._hazards(self._nodes), np.zeros(len(self._nodes.weights)))
        return np.asarray(passage.entered.real)

    def sizes(self, cells: float = 1_000_000) -> Sizes:
        """Expected numbers of single cells and clusters that start and pass each step, by their size then.

        Parameters
        ----------
        cells : float
            Number of cells that start, those of clusters counted each.

        Raises
        ------
        InputError
            When the model has no clusters, is treated, or an end is given.
        """
        check_clusters(self.model)
        if not is_number(cells) or not 0 < cells < 1e300:
            raise InputError("cells", cells, "a number > 0")
        self._only_whole_lives("numbers by size")
        low = self.lowered
        hazards, weights = self._hazards(self._nodes), self._nodes.weights
        table = np.zeros((len(low.stages) + 1, int(low.size_of.max()) + 1))
        for k in range(len(low.stages) + 1):
            began = low.stage[low.start_state] >= k
            np.add.at(table[k], low.size_of[low.start_state[began]], low.start_share[began])
            if k:
                into, flow = self._solver.first_arrivals(hazards, np.zeros(len(weights)), low.stage >= k)
                np.add.at(table[k], low.size_of[low.exit_source[into]], weights @ flow.real)
        units = cells * table / np.maximum(np.arange(table.shape[1]), 1)
        return Sizes(low.stages, units, self.model.title or self.model.name)

    def hours(self, *, per_founder: bool = False, least_size: int = 1) -> dict[str, float]:
        """Mean hours that a cell spends in each state, over its whole life; without the wait for its entry.

        Infinite where cells stay for ever; nan where the average over a frailty does not settle,
        as where its mean does not exist.

        Parameters
        ----------
        per_founder : bool
            Of a unit that starts instead: those of all its fragments together, each counted once.
        least_size : int
            Count only the time in units of at least so many cells.

        Raises
        ------
        InputError
            When the model is treated, an end is given, or cells circle for ever.
        """
        self._only_whole_lives("times in states", ending=True)
        low = self.lowered
        hazards = self._hazards(self._nodes)

        def lived(nodes: Nodes) -> Floats:
            return np.asarray(nodes.weights @ self._solver.time_in_states(self._hazards(nodes)).real)

        refined, sure = self._refined(lived)
        spent = lived(refined) if sure else np.full(low.size, np.nan)
        stays = self._solver.stuck(self._solver.total(hazards)) & ~low.absorbing
        for_ever = stays & (self._nodes.weights @ self._solver.arrivals(hazards) > 0)
        spent = np.where(for_ever, np.inf, spent)
        spent = np.where(low.size_of >= least_size, spent, 0.0)
        if per_founder:
            started = (low.start_share / low.size_of[low.start_state]).sum()
            spent = spent / low.size_of / started
        spent = np.asarray(np.bincount(low.base, spent, len(low.states)), np.float64)
        kept = zip(low.states, self.model.states, spent.tolist(), strict=True)
        return {name: hours for name, state, hours in kept if not state.absorbing}

    @property
    def no_colony(self) -> float:
        """Probability that no cell of a unit that starts passes the last step.

        For clusters by the generating functions of the branching process: with q the
        probability from where a unit is, a cluster that breaks has q of one fragment times q
        of the other, given the traits that they share.

        Raises
        ------
        InputError
            When the model is treated, an end is given, or cells circle for ever.
        """
        self._only_whole_lives("chances of a colony", ending=True)
        low, nodes = self._by_unit, self._nodes
        hazards = low.exit_hazard * low.multipliers[0, low.exit_transition] * nodes.factors[:, low.exit_profile]
        none = chance_of_none(low, hazards, low.stage < low.goal)
        return float(nodes.weights @ none[:, low.start_state] @ low.start_share / low.start_share.sum())

    def fates(self) -> dict[str, float]:
        """Probability of each end: ``state.cause`` for deaths, the state for cells still there."""
        low = self.lowered
        _, lost, there = self._end
        fates = {t.name: float(lost[:, i].sum()) for i, t in enumerate(low.transitions) if t.is_death}
        fates |= {name: float(there[:, s].sum()) for s, name in enumerate(low.states)}
        return {name: p for name, p in fates.items() if p > 0}

    def causes(self) -> dict[str, float]:
        """Probability of death by each cause, over all states."""
        causes: dict[str, float] = {}
        lost = self._end[1].sum(axis=0)
        for i, t in enumerate(self.lowered.transitions):
            if t.is_death:
                causes[t.way] = causes.get(t.way, 0.0) + float(lost[i])
        return causes

    def events(self) -> dict[str, float]:
        """Expected number of times that each transition happens per cell (by ``until``)."""
        return self._events(units=False)

    def _events(self, *, units: bool) -> dict[str, float]:
        """Uses of each transition per cell that starts; with ``units`` a cluster's count once."""
        low = self.lowered
        hazards, weights = self._hazards(self._nodes), self._nodes.weights

        def flow(z: Numbers) -> Numbers:
            """Expected uses of each exit, (len(z), E): their transform, at z = 0 their number."""
            m, n = len(hazards), len(z)
            many = np.repeat(hazards, n, axis=0)
            used = self._solver.time_in_states(many, np.tile(z, m))[:, low.exit_source] * many
            return np.asarray(np.tensordot(weights, used.reshape(m, n, -1), axes=(0, 0)))

        if self._changes:
            marched = self._march(self._nodes, units=True) if units else self._marched
            times = marched.at([float("inf") if self.until is None else self.until])[0].used
            return {t.name: max(0.0, float(times[i])) for i, t in enumerate(low.transitions)}
        if self.until is None:
            used = flow(np.zeros(1))[0]
        else:
            at = np.array([self.until])
            used = self._after_entry(lambda z: flow(z) / z[:, None], at, self._poles(self._nodes))[0]
        outer = ~low.exit_inner
        used = used / low.size_of[low.exit_source] if units else used
        counts = np.bincount(low.exit_transition[outer], weights=used[outer], minlength=len(low.transitions))
        return {t.name: max(0.0, float(counts[i])) for i, t in enumerate(low.transitions)}

    def organs(self, cells: float = 1_000_000) -> Organs:
        """Expected numbers of cells held, cells out of the vessels and colonies in each organ.

        Parameters
        ----------
        cells : float
            Number of cells that start; a cluster of them is held, leaves and founds as one.

        Raises
        ------
        InputError
            When the model names no sites.
        """
        if not is_number(cells) or not 0 < cells < 1e300:
            raise InputError("cells", cells, "a number > 0")
        low = self.lowered
        events = self._events(units=True)
        arrivals = dict.fromkeys(low.states, 0.0)
        for t in low.transitions:
            if not t.is_death and t.target != t.source:
                arrivals[low.states[t.target]] += cells * events[t.name]
        for state, share in zip(low.start_state, low.start_share / low.start_share.sum(), strict=True):
            arrivals[low.states[low.base[state]]] += cells * float(share) / int(low.size_of[state])
        return organs_of(self.model, arrivals, cells, exact=True)

    def occupancy(self, times: Sequence[float]) -> Curves:
        """Probability of being in each state, at each time in hours."""
        at = check_moments(times)
        _, there = self._wholes(at)
        return Curves(at, self.lowered.states, there.T, self.model.title or self.model.name)

    def incidence(self, times: Sequence[float]) -> Curves:
        """Cumulative incidence of each cause of death and of success, at each time in hours."""
        low = self.lowered
        at = check_moments(times)
        lost, there = self._wholes(at)
        curves: dict[str, Floats] = {}
        for i, t in enumerate(low.transitions):
            if t.is_death:
                curves[t.way] = curves.get(t.way, np.zeros(len(at))) + lost[:, i]
        for s in np.flatnonzero(low.state_stage == low.goal):
            curves[low.states[s]] = there[:, s]
        return Curves(at, tuple(curves), np.array(list(curves.values())), self.model.title or self.model.name)

    def reach(self, times: Sequence[float]) -> Curves:
        """Probability of having passed each step by each time in hours."""
        at = check_moments(times)
        entered, _, _ = self._curves(at)
        return Curves(at, self.lowered.stages, entered[:, 1:].T, self.model.title or self.model.name)

    def times(self) -> list[PassageTime]:
        """Mean and median hours to pass each step, and to die of each cause, of those who do.

        For whole lives, whatever ``until`` is.  A cell that starts beyond a step has passed it at 0.
        """
        low = self.lowered
        self._only_whole_lives("times of passage", ending=True, until=True)
        nodes, sure = self._refined(lambda n: self._average(n, np.array([1j * _STEP])).entered[0].imag / _STEP)
        step = self._average(nodes, np.array([1j * _STEP]))
        shares = low.start_share / low.start_share.sum()
        rows = []
        for k, name in enumerate(low.stages):
            at_once = float(shares[low.stage[low.start_state] > k].sum())
            rows.append(self._row(name, "step", complex(step.entered[0, k + 1]), at_once, sure, k=k + 1))
        for cause in self.causes():
            which = [i for i, t in enumerate(low.transitions) if t.is_death and t.way == cause]
            rows.append(self._row(cause, "cause", complex(step.lost[0][:, which].sum()), 0.0, sure, which=which))
        return rows

    def _refined(self, of: Callable[[Nodes], Floats]) -> tuple[Nodes, bool]:
        """Nodes at which a mean over the frailties stays as it is, and whether it does.

        Those of the probabilities may be too few for a mean time, which may even be infinite.
        """
        last: Floats | None = None
        for nodes in refinements(self.lowered):
            value = np.asarray(of(nodes), np.float64)
            if len(nodes.weights) == 1 or nodes.replicate.any():
                return nodes, True
            if last is not None and np.allclose(value, last, rtol=MEAN_TOLERANCE, atol=1e-300):
                return nodes, True
            last = value
        return self._nodes, False

    def _row(
        self,
        name: str,
        kind: str,
        value: complex,
        at_once: float,
        sure: bool,
        *,
        k: int = 0,
        which: Sequence[int] = (),
    ) -> PassageTime:
        p = value.real
        if p <= 0:
            return PassageTime(name, kind, 0.0, float("nan"), float("nan"))
        shift = sum(self.lowered.entry_hours) / 2
        mean = (-value.imag / _STEP + shift * (p - at_once)) / p

        beyond = self.lowered.stage >= k

        def reached(t: float) -> float:
            if kind == "cause":
                return float(self._wholes(np.array([t]))[0][0, list(which)].sum()) - p / 2
            if not self._solver.has_cycle:
                return self._hit_by(beyond, t, self._curve_nodes) - p / 2
            return float(self._curves(np.array([t]))[0][0, k]) - p / 2

        median = 0.0 if at_once >= p / 2 else _median(reached, mean)
        return PassageTime(name, kind, p, mean if sure else float("nan"), median)

    def elasticities(self, of: str | None = None) -> dict[str, float]:
        """D log P / d log hazard for every hazard: by how many per cent P changes per per cent.

        Parameters
        ----------
        of : str, optional
            The step to be passed; default: the last, that is, success.
        """
        low = self.lowered
        self._only_whole_lives("elasticities")
        of = low.stages[-1] if of is None else of
        if of not in low.stages:
            raise InputError("of", of, f"the name of a step; {nearest(of, low.stages)}")
        k = low.stages.index(of) + 1
        hazards = self._hazards(self._nodes).astype(np.complex128)
        result = {}
        for t, transition in enumerate(low.transitions):
            moved = hazards * np.where(low.exit_transition == t, 1.0 + 1j * _STEP, 1.0)
            p = complex(self._nodes.weights @ self._solver.passage(moved, np.zeros(len(moved))).entered[:, k])
            result[transition.name] = p.imag / _STEP / p.real if p.real > 0 else float("nan")
        return result

    def _repr_html_(self) -> str:
        return self.funnel()._repr_html_()

    def __str__(self) -> str:
        lines = [str(self.funnel())]
        if self.until is None and not self._changes:
            rows = [
                [t.name, t.kind, percent(t.probability), hours(t.mean_hours), hours(t.median_hours)]
                for t in self.times()
            ]
            lines.append(
                text_table(
                    ["of those who pass, or die of", "", "probability", "mean time", "median time"], rows, left=(0, 1)
                )
            )
        if len(self._nodes.weights) > 1:
            lines.append(f"averaged over the frailties with an error of {self.error:.1g}")
        return "\n\n".join(lines)


def _median(reached: Callable[[float], float], guess: float) -> float:
    """Root of an increasing function of time, by bisection on a log scale around a guess."""
    from scipy.optimize import brentq

    low, high = guess * 1e-3, guess
    while reached(low) > 0 and low > 1e-15:
        low *= 1e-3
    while reached(high) < 0 and high < 1e15:
        high *= 2
    if reached(low) > 0 or reached(high) < 0:
        return float("nan")
    return float(brentq(reached, low, high, xtol=1e-300, rtol=1e-10))


def exact(model: Model, *, until: float | None = None) -> Exact:
    """Exact answer of a model: funnel, causes, curves over time, times, elasticities.

    Parameters
    ----------
    model : Model
    until : float, optional
        For this moment in hours; default: when all lives have ended.

    Examples
    --------
    >>> import cascade
    >>> model = cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5})
    >>> round(cascade.exact(model).success, 12)
    0.4
    """
    return Exact(model, until)
