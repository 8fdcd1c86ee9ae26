"""How the cells of a run ended, counted: by place, cause and kind of colony."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cascade.answers.goals import by_goal
from cascade.answers.kinds import by_kind
from cascade.answers.routes import Counted, RouteCounts, Routes, check_routes, routes_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from cascade.answers.funnel import Funnel
    from cascade.answers.intervals import Interval
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
        def cells(self) -> int:
            """Cells that were run."""

        @property
        def _started_cells(self) -> npt.NDArray[np.int64]:
            """Cells by start."""

        def _interval_of(self, rows: list[int], count: int, began: int = 0) -> Interval:
            """Interval of the share of cells in some rows together."""

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

    def routes(self) -> Routes:
        """Distinct cells by route: how far they came on each, of what they died there, and an overview.

        Raises
        ------
        InputError
            When the model declares no routes.
        """
        check_routes(self.model)
        lowered, rows = self.lowered, self._rows
        on = np.array([state.route or "" for state in self.model.states])
        began = dict.fromkeys(lowered.states, 0)
        for k, state in enumerate(lowered.base[lowered.start_state]):
            began[lowered.states[state]] += int(self._started_cells[k])

        def came(route: str, stage: str) -> Counted:
            step = lowered.stages.index(stage)
            here = (on == route) & (lowered.state_stage == step)
            if (route, step) in lowered.returns:
                noted = [rows.returns + lowered.returns.index((route, step))]
            else:
                moves = enumerate(lowered.transitions)
                noted = [i for i, t in moves if t.is_move and here[t.target] and not here[t.source]]
            starting = sum(began[lowered.states[s]] for s in np.flatnonzero(here).tolist())
            number = int(self._sums[noted].sum()) + starting
            return Counted(number, self._interval_of(noted, number, starting))

        def ended(states: list[str]) -> Counted:
            noted = [rows.stay + lowered.states.index(name) for name in states]
            number = int(self._sums[noted].sum())
            return Counted(number, self._interval_of(noted, number))

        counts = RouteCounts(came, ended, self.fates(), self.events(), began)
        return routes_of(self.model, self.cells, counts, exact=False)

    def goals(self) -> dict[str, int]:
        """Cells of a conditioned model that reached each of its goals; one that reached several counts in each.

        Raises
        ------
        InputError
            For a model of all cells, and for a goal in a state that cells leave again.
        """
        passed = {row.step: int(row.passed) for row in self.funnel()}
        return {name: int(n) for name, n in by_goal(self.model, self.fates(), self.milestones(), passed).items()}
