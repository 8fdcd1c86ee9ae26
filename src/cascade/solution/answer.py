"""The exact answer: what an infinite number of cells would do, by linear algebra; it never calls the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from cascade.answers.curves import Curves
from cascade.answers.funnel import Funnel, FunnelRow, Milestone
from cascade.answers.gradient import Elasticities, Gradient
from cascade.answers.kinds import KINDS
from cascade.answers.observed import Observed
from cascade.answers.organs import Organs, organs_of
from cascade.answers.patients import Patients, patients_of
from cascade.answers.sizes import Sizes, check_clusters
from cascade.answers.table import end_of
from cascade.common.arguments import check_amount, check_moments, check_size
from cascade.common.errors import InputError
from cascade.common.types import Floats, Mask
from cascade.lowering.lowered import Lowered
from cascade.model import Conditioned, Model
from cascade.solution.branching import no_colony, units_by_size
from cascade.solution.courses import Courses
from cascade.solution.ends import Ends
from cascade.solution.events import expected_events
from cascade.solution.passage_times import PassageTime, passage_times, text_of
from cascade.solution.prepared import Prepared
from cascade.solution.quadrature import Nodes
from cascade.solution.sensitivity import elasticities, gradient
from cascade.solution.stays import hours_in_states
from cascade.solution.survivors import traits_of_survivors

ROUNDING = 1e-12


class Exact(Ends, Observed):
    """Exact answer of a model; curves are computed when asked for.

    Parameters
    ----------
    model : Model
    until : float, optional
        Answer for this moment (hours) rather than for the end of all lives.
    nodes : Nodes, optional
        Points of the frailties; default: as many as each answer needs.

    Attributes
    ----------
    error : float
        Largest numerical error of the steps' probabilities: of the average over frailties (with more than
        three, one standard error) and, by an ``until`` or in windows, of inversion.  Each row and each value
        of a curve has its own.  Work is bounded: where it would be large, errors are.
    """

    def __init__(self, model: Model, until: float | None = None, *, nodes: Nodes | None = None) -> None:
        self._prepared = Prepared(model, until, nodes)
        self._courses = Courses(self._prepared)

    @property
    def model(self) -> Model:
        """The model that is solved."""
        return self._prepared.model

    @property
    def lowered(self) -> Lowered:
        """The model as arrays, of one cell of a unit."""
        return self._prepared.lowered

    @property
    def until(self) -> float | None:
        """The moment for which the answer is given; None: the end of all lives."""
        return self._prepared.until

    @property
    def changes(self) -> bool:
        """Whether hazards change with time: then there are no times of passage or traits."""
        return self._prepared.changes

    @property
    def label(self) -> str:
        """Name of the model."""
        return self.model.title or self.model.name

    @property
    def made(self) -> str:
        """How it was made, in words."""
        return f"until {self.until}, exact answer"

    @property
    def error(self) -> float:
        """Numerical error of the probabilities of the steps."""
        return float(self._courses.end[1].entered.max())

    @property
    def work(self) -> float:
        """What the whole answer takes, in nominal seconds."""
        return self._prepared.work

    @property
    def success(self) -> float:
        """Probability that a cell passes the last step (by ``until``)."""
        return float(self._courses.end[0].entered[-1])

    def funnel(self, cells: float = 1_000_000) -> Funnel:
        """Expected numbers of distinct cells that enter and pass each step, with the causes of loss.

        Parameters
        ----------
        cells : float
            Number of cells that start.
        """
        cells = check_amount(cells)
        entered, errors = ([self._whole(float(p)) for p in course.entered] for course in self._courses.end)
        rows = []
        for k, step in enumerate(self.lowered.stages):
            share, before = entered[k + 1], entered[k]
            previous = share / before if before > 0 else 0.0
            lost, still = self._losses(k, cells)
            bounds = _bounds(share, errors[k + 1])
            rows.append(FunnelRow(step, cells * before, cells * share, previous, share, *bounds, lost, still))
        reached = {name: self._courses.ever(states) for name, states in self._milestone_states().items()}
        shares = [(name, self._whole(p), error) for name, (p, error) in reached.items()]
        marks = tuple(Milestone(name, cells * p, p, *_bounds(p, error)) for name, p, error in shares)
        errors_of = self._kind_errors()
        marks += tuple(
            Milestone(KINDS[kind], cells * p, p, *_bounds(p, errors_of[kind])) for kind, p in self.kinds().items()
        )
        end, digest = end_of(self.until), self.model.digest()
        return Funnel(tuple(rows), cells, self.label, exact=True, milestones=marks, digest=digest, end=end)

    def _whole(self, share: float) -> float:
        """A share; of cells that all reach their goal, rounding aside, 1."""
        return 1.0 if isinstance(self.model, Conditioned) and abs(share - 1.0) < ROUNDING else share

    def _losses(self, stage: int, cells: float) -> tuple[dict[str, float], float]:
        """Of those who came as far as a stage: dead by cause, and still there."""
        _, lost, there = self._courses.end[0]
        causes: dict[str, float] = {}
        for t, transition in enumerate(self.lowered.transitions):
            if transition.is_death and lost[stage, t] > 0:
                causes[transition.way] = causes.get(transition.way, 0.0) + cells * lost[stage, t]
        return causes, cells * float(there[stage].sum())

    def milestones(self) -> dict[str, float]:
        """Probability of ever entering (by ``until``) a state with each milestone."""
        return {name: self._courses.ever(states)[0] for name, states in self._milestone_states().items()}

    def _milestone_states(self) -> dict[str, Mask]:
        """Expanded states with each milestone."""
        lowered = self.lowered
        of_state = lowered.state_milestone[lowered.base]
        return {name: of_state == m for m, name in enumerate(lowered.milestones)}

    def traits(self) -> dict[str, tuple[float, ...]]:
        """Mean of each frailty among the cells that start, and among those that pass each step.

        Returns
        -------
        dict of str to tuple of float
            1 + number of steps; nan where no cell passes.
        """
        return self._by_frailty(self._traits[0])

    def trait_errors(self) -> dict[str, tuple[float, ...]]:
        """Errors of ``traits``; with more than three frailties standard errors."""
        return self._by_frailty(self._traits[1])

    @cached_property
    def _traits(self) -> tuple[Floats, Floats]:
        return traits_of_survivors(self._prepared)

    def _by_frailty(self, rows: Floats) -> dict[str, tuple[float, ...]]:
        return {f.name: tuple(map(float, row)) for f, row in zip(self.model.frailties, rows, strict=True)}

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
        cells = check_amount(cells)
        return Sizes(self.lowered.stages, cells * units_by_size(self._prepared), self.label)

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
            When the model is treated, an end is given, or cells circle for ever; for a wrong ``least_size``.
        """
        spent = hours_in_states(self._prepared, per_founder=per_founder, least_size=check_size(least_size))
        rows = zip(self.lowered.states, self.model.states, spent.tolist(), strict=True)
        return {name: hours for name, state, hours in rows if not state.absorbing}

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
        return no_colony(self._prepared)

    def events(self) -> dict[str, float]:
        """Expected number of times that each transition happens per cell (by ``until``)."""
        return expected_events(self._prepared, self._courses, units=False)

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
        cells = check_amount(cells)
        lowered = self.lowered
        events = expected_events(self._prepared, self._courses, units=True)
        arrivals = dict.fromkeys(lowered.states, 0.0)
        for t in lowered.transitions:
            if t.is_move:
                arrivals[lowered.states[t.target]] += cells * events[t.name]
        for state, share in zip(lowered.start_state, self._prepared.start_share, strict=True):
            arrivals[lowered.states[lowered.base[state]]] += cells * float(share) / int(lowered.size_of[state])
        return organs_of(self.model, arrivals, cells, exact=True, end=end_of(self.until))

    def patients(self) -> Patients:
        """Shares of patients with a metastasis in each organ, alone and together.

        Raises
        ------
        InputError
            When the model has no exposure of patients, or an end is given.
        """
        if self.until is not None:
            raise InputError("until", self.until, "None: patients are seen when all lives have ended")
        colonies = {row.organ: row.colonies for row in self.organs(1.0)} if self.model.exposure else {}
        return patients_of(self.model, colonies)

    def occupancy(self, times: Sequence[float]) -> Curves:
        """Probability of being in each state, at each time in hours."""
        at = check_moments(times)
        (_, there), (_, errors) = self._courses.wholes(at)
        return Curves(at, self.lowered.states, there.T, self.label, "occupancy", self.model, self.made, 0, errors.T)

    def incidence(self, times: Sequence[float]) -> Curves:
        """Cumulative incidence of each cause of death and of success, at each time in hours."""
        at = check_moments(times)
        values, errors = (self._ends(*both) for both in self._courses.wholes(at))
        rows, wrong = (np.array(list(curves.values())).reshape(len(curves), len(at)) for curves in (values, errors))
        return Curves(at, tuple(values), rows, self.label, "incidence", self.model, self.made, 0, wrong)

    def _ends(self, lost: Floats, there: Floats) -> dict[str, Floats]:
        """Deaths by cause, and cells in states beyond the last step."""
        lowered = self.lowered
        curves: dict[str, Floats] = {}
        for i, t in enumerate(lowered.transitions):
            if t.is_death:
                curves[t.way] = curves.get(t.way, np.zeros(len(lost))) + lost[:, i]
        for s in np.flatnonzero(lowered.state_stage == lowered.goal):
            curves[lowered.states[s]] = there[:, s]
        return curves

    def reach(self, times: Sequence[float]) -> Curves:
        """Probability of having passed each step by each time in hours."""
        at = check_moments(times)
        values, errors = (course.entered[:, 1:].T for course in self._courses.at(at))
        return Curves(at, self.lowered.stages, values, self.label, "reach", self.model, self.made, 0, errors)

    def times(self) -> list[PassageTime]:
        """Mean and median hours to pass each step, and to die of each cause, of those who do.

        For whole lives, whatever ``until`` is.  A cell that starts beyond a step has passed it at 0.
        """
        return passage_times(self._prepared, self._courses, list(self.causes()))[0]

    def elasticities(self, of: str | None = None, *, mean_hours: bool = False) -> Elasticities:
        """D log answer / d log hazard for every hazard: by how many per cent it changes per per cent.

        By ``until``, if there is one; of treatments those of the hazards that they act on.

        Parameters
        ----------
        of : str, optional
            The step to be passed, the milestone to be reached, or the organ whose colonies are counted;
            default: the last step, that is, success.
        mean_hours : bool
            Of the mean time until it happens instead, of those to whom it ever does.

        Raises
        ------
        InputError
            For another name; for a mean time where hazards change.
        """
        return elasticities(self._prepared, self._courses, of, mean_hours=mean_hours)

    def gradient(
        self, of: str | None = None, wrt: Sequence[str] | None = None, *, times: Sequence[float] | None = None
    ) -> Gradient:
        """An answer, and its derivatives by the logarithms of hazards.

        Parameters
        ----------
        of : str, optional
            As for ``elasticities``; with ``times`` the name of a state, whose occupancy it is.
        wrt : sequence of str, optional
            Hazards, as ``state.way``, or patterns of them; default: all.
        times : sequence of float, optional
            Hours.
        """
        return gradient(self._prepared, self._courses, of, wrt, None if times is None else check_moments(times))

    def _repr_html_(self) -> str:
        return self.funnel()._repr_html_()

    def __str__(self) -> str:
        lines = [str(self.funnel())]
        told = f"averaged over the frailties with an error of {self.error:.1g}"
        if self.until is None and not self.changes:
            times, error = passage_times(self._prepared, self._courses, list(self.causes()))
            lines.append(text_of(times))
            told += f"; in the probabilities of median times of {error:.1g}"
        return "\n\n".join([*lines, *([told] if self.model.frailties else [])])


def _bounds(share: float, error: float) -> tuple[float, float]:
    """A probability less and plus its numerical error."""
    return max(0.0, share - error), min(1.0, share + error)


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
