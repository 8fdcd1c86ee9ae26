"""A fit: hazards with their intervals, what was not told, predictions, the posterior."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cascade.common.arguments import check_seed
from cascade.common.errors import InputError, is_number, is_whole, nearest
from cascade.common.types import Floats, Mask
from cascade.engine.executor import Progress
from cascade.inference.chance_of import Chance, chance_of
from cascade.inference.comparing import Check, Fits, checked, compared
from cascade.inference.counted import Counts
from cascade.inference.data import Data
from cascade.inference.fit_table import FitRow, FitTable
from cascade.inference.free import Free, arms_told
from cascade.inference.identifiability import Identified, identified
from cascade.inference.likely import Likely, Reference
from cascade.inference.maximum import LEAST_SPREAD, Maximum
from cascade.inference.posterior import Posterior, sampled
from cascade.inference.predicting import Prediction, predicted
from cascade.inference.profiles import Cut, Profile, degrees_of_freedom, profile, spread_law, student, untold
from cascade.model import Model

if TYPE_CHECKING:
    from cascade.inference.left_out import LeftOut

UNTOLD = 10.0
"""Standard error of a logarithm that the counts do not tell."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A model fitted to data.

    Attributes
    ----------
    models : mapping of str to Model
        By arm, with the estimates.
    data : Data
    free : tuple of Free
    best : Maximum
        The highest point of the restricted likelihood.
    likelihood : Likely
    reference : Reference
    log_likelihood : float
        The highest of the plain likelihood, over the saturated model.
    starts : tuple of float
        What the search came to from each start.
    asked : mapping
        The arguments of ``cascade.fit``.
    """

    data: Data
    free: tuple[Free, ...]
    likelihood: Likely
    best: Maximum
    reference: Reference
    log_likelihood: float
    starts: tuple[float, ...]
    asked: Mapping[str, Any]

    @cached_property
    def models(self) -> dict[str, Model]:
        """The model of each arm, with the estimates."""
        return {arm: self._fitted(arm, model) for arm, model in self.likelihood.models.items()}

    def _fitted(self, arm: str, model: Model) -> Model:
        scale: dict[str, float] = {}
        for free, log in zip(self.free, self.best.theta.tolist(), strict=True):
            if free.arm in ("", arm):
                scale[free.name] = scale.get(free.name, 1.0) * math.exp(log)
        return model.with_(scale=scale)

    @property
    def model(self) -> Model:
        """The model with the estimates, where all arms share one.

        Raises
        ------
        InputError
            When arms have models of their own: they stand in ``models``.
        """
        models = list(self.models.values())
        if any(model != models[0] for model in models[1:]):
            raise InputError("model", list(self.models), "one of fit.models: arms differ")
        return models[0]

    @property
    def spreads(self) -> dict[str, float]:
        """Spreads of log expected counts between animals; 0 where none is seen."""
        values = np.where(self.best.spreads > LEAST_SPREAD + 1e-6, np.exp(self.best.spreads), 0.0)
        return dict(zip(self.likelihood.spreads, values.tolist(), strict=True))

    @cached_property
    def spread_law(self) -> tuple[Mask, Floats]:
        """Which spreads are at no bound, and the covariance of their logarithms."""
        return spread_law(self.likelihood, self.best, self.reference)

    @cached_property
    def untold(self) -> tuple[str, ...]:
        """Spreads that the data do not tell: they are as the search began."""
        return tuple(self.likelihood.spreads[s] for s in untold(self.likelihood, self.best, self.reference))

    @cached_property
    def covariance(self) -> Floats:
        """Of the free logarithms, (P, P): the inverse of the information at the estimate.

        What the counts do not tell has a standard error of ten: a factor of e^20 on either side.
        """
        information, _ = self.likelihood.information(self.reference, self.best.spreads)
        return np.asarray(np.linalg.inv(information + np.eye(len(information)) / UNTOLD**2))

    @property
    def robust_covariance(self) -> Floats:
        """Of the free logarithms, (P, P), with what rows of one animal share."""
        stretch = np.ones(len(self.free)) if self._depending is None else np.minimum(self._depending[0], 1e3)
        return self.covariance * np.outer(stretch, stretch)

    @cached_property
    def degrees(self) -> Floats:
        """Degrees of freedom of each free logarithm."""
        if self._depending is not None:
            return self._depending[1]
        return degrees_of_freedom(self.likelihood, self.best, self.reference)

    @cached_property
    def _depending(self) -> tuple[Floats, Floats] | None:
        """What intervals are stretched by, since rows of one animal depend on each other, and degrees of freedom."""
        return self.likelihood.depending(self.best.theta)

    def profile(self, hazard: str, arm: str = "", *, level: float = 0.95) -> Profile:
        """The profile of one free hazard, on the logarithm of its factor.

        Raises
        ------
        InputError
            For a hazard that is not free, or a level that is none.
        """
        return self._profile(self._place(hazard, arm), _level(level))

    def _place(self, hazard: str, arm: str) -> int:
        arms = arms_told(self.free)
        places = [p for p, free in enumerate(self.free) if free.name == hazard and arm in (free.arm, arms[p])]
        if not places:
            labels = [free.label for free in self.free]
            raise InputError("hazard", f"{hazard} ({arm})" if arm else hazard, f"a free one; {nearest(hazard, labels)}")
        return places[0]

    def _profile(self, p: int, level: float) -> Profile:
        if (p, level) not in self._profiles:
            error = math.sqrt(max(float(self.covariance[p, p]), 0.0))
            degrees = float(self.degrees[p])
            wanted = Cut.of(degrees, level)
            if self._depending is not None:
                wanted = Cut(student(degrees, level), float(self._depending[0][p]))
            self._profiles[p, level] = profile(self.likelihood, self.best, self.reference, p, degrees, error, wanted)
        return self._profiles[p, level]

    @cached_property
    def _profiles(self) -> dict[tuple[int, float], Profile]:
        return {}

    def table(self, *, level: float = 0.95) -> FitTable:
        """Free hazards with the ends of their profiles.

        Parameters
        ----------
        level : float
            Of the intervals.
        """
        level = _level(level)
        rows, arms = [], arms_told(self.free)
        for p, free in enumerate(self.free):
            found, factor = self._profile(p, level), math.exp(self.best.theta[p])
            unit = 1.0 if math.isnan(free.start) else free.start
            low, high = (unit * math.exp(end) for end in (found.low, found.high))
            numbers = free.start, unit * factor, low, high, factor, found.degrees
            rows.append(FitRow(free.name, arms[p], *numbers, free.against))
        return FitTable(tuple(rows), level, self._told())

    def _told(self) -> str:
        lines = self.likelihood.told(self.spreads)
        if self.untold:
            names = " and of ".join(self.untold)
            lines.append(f"These data do not tell the spread of {names}: it stands as the search began.")
        if not self.best.found:
            lines.append("The search did not come to an end: take no number from here.")
        others = [value for value in self.starts if value < max(self.starts) - 0.01]
        if others:
            lines.append(
                f"Of {len(self.starts)} starts {len(others)} ended lower: the likelihood has several hills, or a ridge."
            )
        return "\n".join(lines)

    def identifiability(self) -> Identified:
        """What these data tell of the free hazards, and what no data of this design could."""
        information, _ = self.likelihood.information(self.reference, self.best.spreads)
        return identified(self.likelihood, information)

    def predict(
        self,
        observable: str,
        hours: Sequence[float],
        *,
        arm: str = "",
        cells: float | None = None,
        level: float = 0.95,
    ) -> Prediction | Chance:
        """An observable at any time: of the median animal, and of a new one; of data that are no counts its chance.

        Parameters
        ----------
        observable : str
            One of the data, one of the model, or a state.  A new animal's count of what the data have not is apart by
            the largest spread of those that they have.
        hours : sequence of float
        arm : str, optional
        cells : float, optional
            Given to the animal; default: the median of the data, of counts times the fraction that was looked at.
        level : float
            Of both intervals.

        Raises
        ------
        InputError
            For an unknown name.
        """
        if isinstance(self.data, Counts):
            return predicted(self, observable, hours, arm, _level(level), cells)
        return chance_of(self, observable, hours, arm, _level(level), cells)

    def posterior(
        self,
        *,
        draws: int = 1000,
        priors: Mapping[str, object] | None = None,
        seed: int = 1,
        level: float = 0.95,
        progress: Progress = None,
    ) -> Posterior:
        """The posterior of free hazards and spreads, by importance sampling, or by chains where that does not settle.

        Parameters
        ----------
        draws : int
        priors : mapping of str to (float, float), optional
            By free hazard the range that holds 95 % of its prior, as the hazard is told; default: around the model,
            the wider the weaker the grade of its source.
        seed : int
        level : float
            Of the intervals that are shown.
        progress : bool or callable, optional
            As for ``simulate``: of the draws of chains, if it comes to these.

        Raises
        ------
        InputError
            For an argument out of range.
        """
        if not is_whole(draws) or not 100 <= draws <= 1_000_000:
            raise InputError("draws", draws, "a whole number from 100 to 1000000")
        if self._depending is not None:
            wanted = "rows of animals of their own: what those of one animal share has no likelihood here"
            raise InputError("posterior", "several rows of one animal", wanted)
        return sampled(self, int(draws), priors, check_seed(seed), _level(level), progress)

    def compare(self, *others: Fit) -> Fits:
        """Fits of the same data beside each other: Akaike's criterion, and likelihood ratios of those that are parts.

        Parameters
        ----------
        others : Fit
            With other free hazards, models or spreads.

        Raises
        ------
        InputError
            For a fit of other data.
        """
        for one in others:
            if not isinstance(one, Fit):
                raise InputError("others", type(one).__name__, "fits, from cascade.fit(...)")
        return compared([self, *others])

    def check(self, *, studies: int = 400, seed: int = 1) -> Check:
        """Counts beside studies of the same animals, simulated from the fit: means, and spreads between animals.

        Parameters
        ----------
        studies : int
        seed : int

        Raises
        ------
        InputError
            For other data than counts.
        """
        return checked(self, studies, check_seed(seed))

    def leave_out(self, *, draws: int = 1000, priors: Mapping[str, object] | None = None, seed: int = 1) -> LeftOut:
        """How well the fit foretells each animal, or experiment, from all others.

        Parameters
        ----------
        draws, priors, seed
            Of the posterior; see ``posterior``.

        Returns
        -------
        LeftOut
            ``total`` beside that of another fit of the same data by ``over``.

        Raises
        ------
        InputError
            For data without a posterior, or of one animal.
        """
        from cascade.inference.left_out import leave_out

        if len(self.likelihood.units) < 2:
            raise InputError("leave_out", self.data.told, "two animals or more, or two experiments")
        return leave_out(self, self.posterior(draws=draws, priors=priors, seed=seed), seed)

    def save(self, path: str | Path) -> Path:
        """Write the fit as JSON, whole or not at all: models, counts, what was asked and what was found.

        ``cascade.open_fit`` reads it, fits again and says where that comes to anything else.
        """
        from cascade.inference.saved import save_fit

        return save_fit(self, path)

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def _level(level: Any) -> float:
    if not is_number(level) or not 0 < level < 1:
        raise InputError("level", level, "a number between 0 and 1, such as 0.95")
    return float(level)
