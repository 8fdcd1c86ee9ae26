"""What an assay sees of a model, and the counterpart of a published figure, counted or exact alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cascade.common.arguments import check_moments
from cascade.common.errors import InputError, nearest
from cascade.model.names import alike
from cascade.model.observables import Observable, Observation

if TYPE_CHECKING:
    import numpy.typing as npt

    from cascade.answers.curves import Curves
    from cascade.model import Model


class Observed:
    """What a result or an exact answer says of what is observed; its curves are its own."""

    if TYPE_CHECKING:

        @property
        def model(self) -> Model:
            """The model."""

        def occupancy(self, times: Sequence[float]) -> Curves:
            """Shares of cells in the states."""

        def incidence(self, times: Sequence[float]) -> Curves:
            """Shares of cells that have died, by cause."""

        def fates(self) -> dict[str, float] | dict[str, int]:
            """Cells by how they ended."""

    def observe(self, observable: Observable | str, times: Sequence[float]) -> npt.NDArray[np.float64]:
        """Share of all cells that an observable counts, at each time.

        Parameters
        ----------
        observable : Observable or str
            Or the name of one of the model.
        times : sequence of float
            Hours; of a simulated result as for ``occupancy``.

        Returns
        -------
        (n,) float

        Raises
        ------
        InputError
            For a name that the model does not have; for deaths of one state, which are not told from others here.
        """
        if isinstance(observable, str):
            known = {one.name: one for one in self.model.observables}
            if observable not in known:
                raise InputError("observable", observable, f"one of the model's; {nearest(observable, known)}")
            observable = known[observable]
        if not isinstance(observable, Observable):
            raise InputError("observable", observable, "cascade.Observable(...), or the name of one of the model")
        total = np.zeros(len(check_moments(times)))
        states = _named(observable.states, [state.name for state in self.model.states], "states", self.model.name)
        if states:
            curves = self.occupancy(times)
            total = total + np.sum([curves[name] for name in states], axis=0)
        if observable.deaths:
            causes = dict.fromkeys(death.cause for state in self.model.states for death in state.deaths)
            within = [pattern for pattern in observable.deaths if "." in pattern and not pattern.startswith("*.")]
            if within:
                wanted = "causes, whatever the state: deaths are told by cause over time; of one state in a fit alone"
                raise InputError("deaths", within[0], wanted)
            patterns = [pattern.removeprefix("*.") for pattern in observable.deaths]
            dead = _named(patterns, list(causes), "deaths", self.model.name)
            curves = self.incidence(times)
            total = total + np.sum([curves[name] for name in dead], axis=0)
        return np.asarray(total, np.float64)

    def figure(self, observation: Observation | str) -> float | None:
        """What the model has where a figure was published: a share of its cells, or a ratio of two.

        Parameters
        ----------
        observation : Observation or str
            Or the name of one of the model's.

        Returns
        -------
        float or None
            None where the model has no counterpart, or it takes more than one answer: a half-life, or a ratio of a
            treated model to an untreated one, which ``cascade.scorecard`` computes.
        """
        if isinstance(observation, str):
            known = {one.name: one for one in self.model.observations}
            if observation not in known:
                raise InputError("observation", observation, f"one of the model's; {nearest(observation, known)}")
            observation = known[observation]
        ask = observation.ask
        if ask is None or observation.role == "not available" or ask.half_life or ask.treated is not None:
            return None
        there = self._share(ask.states, ask.hours)
        if not ask.among:
            return there
        return there / self._share(ask.among, ask.hours if ask.among_hours is None else ask.among_hours)

    def _share(self, patterns: Sequence[str], hours: float | None) -> float:
        """The share of all cells that are in some states at a time, or in the end."""
        wanted = _named(patterns, [state.name for state in self.model.states], "ask.states", self.model.name)
        if hours is None:
            fates = self.fates()
            return float(sum(fates.get(name, 0) for name in wanted)) / self._all_cells
        curves = self.occupancy([hours])
        return float(sum(curves[name][0] for name in wanted))

    @property
    def _all_cells(self) -> float:
        """What ends add up to."""
        return 1.0


def _named(patterns: Sequence[str], names: Sequence[str], field: str, model: str) -> list[str]:
    """Names that patterns mean, each of which has to mean one."""
    found: dict[str, None] = {}
    for pattern in patterns:
        fitting = alike(pattern, names)
        if not fitting:
            raise InputError(field, pattern, f"one of {model}; {nearest(pattern, names)}")
        found.update(dict.fromkeys(fitting))
    return list(found)
