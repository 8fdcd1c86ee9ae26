"""How lives end, exactly: by place, cause and kind of colony."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascade.answers.goals import by_goal
from cascade.answers.kinds import by_kind

if TYPE_CHECKING:
    from cascade.lowering.lowered import Lowered
    from cascade.model import Model
    from cascade.solution.courses import Courses


class Ends:
    """What an exact answer says of ends; its curves are those of the answer."""

    if TYPE_CHECKING:
        _courses: Courses

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
