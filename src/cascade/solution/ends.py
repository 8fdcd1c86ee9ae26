"""How lives end, exactly: by place, cause and kind of colony."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.answers.goals import by_goal
from cascade.answers.intervals import Interval
from cascade.answers.kinds import by_kind
from cascade.answers.routes import Counted, RouteCounts, Routes, check_routes, routes_of
from cascade.common.arguments import check_amount

if TYPE_CHECKING:
    from cascade.lowering.lowered import Lowered
    from cascade.model import Model
    from cascade.solution.courses import Courses
    from cascade.solution.prepared import Prepared


class Ends:
    """What an exact answer says of ends; its curves are those of the answer."""

    if TYPE_CHECKING:
        _courses: Courses
        _prepared: Prepared

        def events(self) -> dict[str, float]:
            """Expected times of each transition per cell."""

        @property
        def model(self) -> Model:
            """The model that is solved."""

        @property
        def lowered(self) -> Lowered:
            """The model as arrays."""

        def milestones(self) -> dict[str, float]:
            """Probability of each milestone."""

    def fates(self) -> dict[str, float]:
        """Probability of each end: ``state.cause`` for deaths, the state for cells still there."""
        lowered = self.lowered
        _, lost, there = self._courses.end[0]
        fates = {t.name: float(lost[:, i].sum()) for i, t in enumerate(lowered.transitions) if t.is_death}
        fates |= {name: float(there[:, s].sum()) for s, name in enumerate(lowered.states)}
        return {name: p for name, p in fates.items() if p > 0}

    def causes(self) -> dict[str, float]:
        """Probability of death by each cause, over all states."""
        causes: dict[str, float] = {}
        lost = self._courses.end[0].lost.sum(axis=0)
        for i, t in enumerate(self.lowered.transitions):
            if t.is_death:
                causes[t.way] = causes.get(t.way, 0.0) + float(lost[i])
        return causes

    def goals(self) -> dict[str, float]:
        """Of a conditioned model the share of its cells that reach each of its goals; see ``Result.goals``."""
        passed = dict(zip(self.lowered.stages, map(float, self._courses.end[0].entered[1:]), strict=True))
        return by_goal(self.model, self.fates(), self.milestones(), passed)

    def routes(self, cells: float = 1_000_000) -> Routes:
        """Expected distinct cells by route: how far they come on each, of what they die there, and an overview.

        Parameters
        ----------
        cells : float
            Number of cells that start.

        Raises
        ------
        InputError
            When the model declares no routes.
        """
        check_routes(self.model)
        cells = check_amount(cells)
        lowered = self.lowered
        on = np.array([state.route or "" for state in self.model.states])
        fates = {name: cells * p for name, p in self.fates().items()}
        began = dict.fromkeys(lowered.states, 0.0)
        for state, share in zip(lowered.start_state, self._prepared.start_share, strict=True):
            began[lowered.states[lowered.base[state]]] += cells * float(share)

        def came(route: str, stage: str) -> Counted:
            here = (on == route) & (lowered.state_stage == lowered.stages.index(stage))
            share, error = self._courses.ever(here[lowered.base])
            return Counted(cells * share, Interval(max(0.0, share - error), min(1.0, share + error)))

        def ended(states: list[str]) -> Counted:
            share = sum(fates.get(name, 0.0) for name in states) / cells
            return Counted(cells * share, Interval(share, share))

        events = {name: cells * times for name, times in self.events().items()}
        return routes_of(self.model, cells, RouteCounts(came, ended, fates, events, began), exact=True)

    def kinds(self) -> dict[str, float]:
        """Probability to found a distant metastasis, a nodal one, or local growth; empty without sites."""
        return by_kind(self.model, self.fates())

    def _kind_errors(self) -> dict[str, float]:
        """Errors of ``kinds``."""
        there = self._courses.end[1].there.sum(axis=0)
        return by_kind(self.model, dict(zip(self.lowered.states, map(float, there), strict=True)))

    @property
    def distant(self) -> float:
        """Probability that a cell founds a distant metastasis."""
        return self.kinds().get("distant", 0.0)

    @property
    def nodal(self) -> float:
        """Probability that a cell founds a metastasis in lymph nodes."""
        return self.kinds().get("nodal", 0.0)

    @property
    def local(self) -> float:
        """Probability that a cell grows where the primary is."""
        return self.kinds().get("local", 0.0)
