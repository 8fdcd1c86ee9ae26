r"""Conditioned models in windows, to be solved: what happens to all cells, and their chances to reach the goal.

With p(x, t) the share of all cells that are in x at t, among those that reach the goal it is

    P(X_t = x | goal) = p(x, t) h(x, t) / P(goal),        h = 1 after the goal.

p is that of all cells: beside the states before the goal and after it there are all ways out, those that lead away
from the goal, too.  h is tabulated as for lives (`cascade.lowering.thinned`): by sums of positive terms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from cascade.common.types import Floats
from cascade.lowering.conditioned import aimed, chances_of
from cascade.lowering.lower import expand, lower
from cascade.lowering.lowered import Aim, Lowered
from cascade.lowering.one_cell import by_cell
from cascade.lowering.thinned import within
from cascade.model import Conditioned


@dataclass(frozen=True)
class Joint:
    """All cells that may reach a goal, and their chances.

    Attributes
    ----------
    told : Lowered
        Of one cell of a unit: states before the goal and after it, in the windows of the model; starts and
        hazards are those of all cells.
    lowered : Lowered
        The same with the ways that lead away from the goal, as deaths: their transitions come after all others.
    aim : Aim
    """

    told: Lowered
    lowered: Lowered
    aim: Aim

    @cached_property
    def _ends(self) -> list[Floats]:
        """Chances at the end of each window, (S,); those of the last stay as they are."""
        starts = self.told.window_start.tolist()
        ends = [chances_of(self.aim, (self.aim.hazard * self.aim.multipliers[-1])[None])[0]] * 2
        for w in range(len(starts) - 2, 0, -1):
            ends.append(within(self.told, self.aim, w, starts[w + 1] - starts[w], ends[-1])[-1])
        return ends[::-1]

    def chances(self, time: float) -> Floats:
        """Chance to reach the goal from each state at a time in hours, (S,); 1 after it."""
        starts = self.told.window_start
        window = int(np.searchsorted(starts, time, side="right")) - 1
        if window == len(starts) - 1:
            return self._ends[window]
        return np.asarray(within(self.told, self.aim, window, float(starts[window + 1]) - time, self._ends[window])[-1])


def joint(model: Conditioned) -> Joint:
    """The model of all cells that may reach a goal, with their chances, where hazards change with time."""
    source = expand(model)
    made, aim = aimed(model, source)
    told = replace(
        made,
        exit_start=np.zeros(0, np.int64),
        clock_start=np.zeros(0, np.int64),
        start_share=by_cell(made).start_share,
        thinning=lower(model).thinning,
    )
    live = (source.exit_hazard * aim.multipliers > 0).any(axis=0)
    onward = np.append(aim.inside | (aim.goal > 0), False)[aim.target]
    away = np.flatnonzero(live & aim.inside[aim.source] & ~(onward | ((aim.target < 0) & (aim.prize > 0))))
    place = np.full(source.size, -1)
    place[aim.state[aim.before]] = np.arange(len(np.flatnonzero(aim.before)))
    count, none = len(source.transitions), np.zeros(len(away), np.int64)
    lowered = replace(
        told,
        thinning=None,
        transitions=(*made.transitions, *made.transitions),
        multipliers=np.concatenate([made.multipliers, made.multipliers], axis=1),
        exit_source=np.concatenate([made.exit_source, place[aim.source[away]]]),
        exit_target=np.concatenate([made.exit_target, none - 1]),
        exit_hazard=np.concatenate([made.exit_hazard, aim.hazard[away]]),
        exit_transition=np.concatenate([made.exit_transition, count + source.exit_transition[away]]),
        exit_inner=np.concatenate([made.exit_inner, none > 0]),
        exit_apart=np.concatenate([made.exit_apart, none - 1]),
        exit_profile=np.concatenate([made.exit_profile, none]),
    )
    return Joint(told, lowered, aim)
