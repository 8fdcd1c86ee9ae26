"""How the cells of a run ended, counted: by place, cause and kind of colony."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cascade.answers.goals import by_goal
from cascade.answers.kinds import by_kind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from cascade.answers.funnel import Funnel
    from cascade.engine.prepare import Rows
    from cascade.lowering.lowered import Lowered
    from cascade.model import Model


class CountedEnds:
    """What a result says of ends; its counts are those of the result."""

    if TYPE_CHECKING:
        model: Model

        @property
        def lowered(self) -> Lowered:
            """The model as arrays."""

        @property
        def _rows(self) -> Rows:
            """Rows of the histograms."""

        @property
        def _sums(self) -> npt.NDArray[np.int64]:
            """Counts by row."""

        def funnel(self) -> Funnel:
            """Distinct cells by step."""

        def milestones(self) -> dict[str, int]:
            """Distinct cells by milestone."""

    def fates(self) -> dict[str, int]:
        """Cells by where they ended: ``state.cause`` for the dead, the state for the others."""
        lowered, rows = self.lowered, self._rows
        fates = {t.name: int(self._sums[i]) for i, t in enumerate(lowered.transitions) if t.is_death}
        fates |= {name: int(self._sums[rows.stay + s]) for s, name in enumerate(lowered.states)}
        return {name: n for name, n in fates.items() if n}

    def causes(self) -> dict[str, int]:
        """Deaths by cause, over all states."""
        lowered = self.lowered
        causes: dict[str, int] = {}
        for i, t in enumerate(lowered.transitions):
            if t.is_death:
                causes[t.way] = causes.get(t.way, 0) + int(self._sums[i])
        return causes

    def events(self) -> dict[str, int]:
        """How often each transition happened; a cell in a loop counts each time."""
        return {t.name: int(self._sums[i]) for i, t in enumerate(self.lowered.transitions)}

    def kinds(self) -> dict[str, int]:
        """Cells that founded a distant metastasis, a nodal one, or local growth; empty without sites."""
        return {kind: int(n) for kind, n in by_kind(self.model, self.fates()).items()}

    def goals(self) -> dict[str, int]:
        """Cells of a conditioned model that reached each of its goals; one that reached several counts in each.

        Raises
        ------
        InputError
            For a model of all cells, and for a goal in a state that cells leave again.
        """
        passed = {row.step: int(row.passed) for row in self.funnel()}
        return {name: int(n) for name, n in by_goal(self.model, self.fates(), self.milestones(), passed).items()}
