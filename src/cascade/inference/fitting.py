"""Fitting: from a model and data to hazards, their intervals, and what was not told."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, is_number, is_whole, nearest
from cascade.common.types import Floats
from cascade.inference.data import Data, data_of
from cascade.inference.free import Free, free_of
from cascade.inference.identifiability import Identified, identified
from cascade.inference.likelihood import Likelihood, Reference
from cascade.inference.maximum import FIRST_SPREAD, LEAST_SPREAD, Maximum, highest, restricted
from cascade.inference.posterior import Posterior, sampled
from cascade.inference.predicting import Prediction, predicted
from cascade.inference.profiles import Profile, degrees_of_freedom, profile
from cascade.model import Model, check_model

EXTRA_STARTS = 4
FAR = 1.0
"""Spread of the logarithms of the extra starts."""

SPREADS = ("one", "each", "none")


@dataclass(frozen=True)
class FitRow:
    """One free hazard.

    Attributes
    ----------
    hazard : str
        Its name, or the pattern of several.
    arm : str
        '' where all arms share it.
    model : float
        In the model that was fitted, per hour; nan of several.
    estimate, low, high : float
        Per hour, of the median animal; of several hazards what they are multiplied by.  An open side is 0 or inf.
    factor : float
        Estimate over model.
    degrees : float
        Of freedom, of the interval.
    against : str
        The arm over whose hazard it is told; '' of a hazard itself.
    """

    hazard: str
    arm: str
    model: float
    estimate: float
    low: float
    high: float
    factor: float
    degrees: float
    against: str = ""


@dataclass(frozen=True)
class FitTable(Table[FitRow]):
    """Free hazards with their intervals."""

    rows: tuple[FitRow, ...]
    level: float
    told: str

    left = (0, 1)

    def as_text(self) -> Texts:
        """Headings and lines."""
        head = ["hazard", "arm", "in the model", "estimate", f"{self.level:.0%} from", "to", "x the model", "d.f."]
        lines = []
        for row in self.rows:
            ends = ["open" if row.low == 0 else f"{row.low:.3g}", "open" if math.isinf(row.high) else f"{row.high:.3g}"]
            start = "-" if math.isnan(row.model) else f"{row.model:.3g}"
            degrees = "inf" if math.isinf(row.degrees) else f"{row.degrees:.1f}"
            arm = row.arm or "all"
            if row.against:
                arm = f"{row.arm} over {row.against}"
            lines.append([row.hazard, arm, start, f"{row.estimate:.4g}", *ends, f"{row.factor:.3g}", degrees])
        return head, lines

    @property
    def below(self) -> str:
        """What the numbers are."""
        return self.told


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
    likelihood : Likelihood
    reference : Reference
    log_likelihood : float
        The highest of the plain likelihood, over the saturated model.
    starts : tuple of float
        What the search came to from each start.
    """

    data: Data
    free: tuple[Free, ...]
    likelihood: Likelihood
    best: Maximum
    reference: Reference
    log_likelihood: float
    starts: tuple[float, ...]

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
    def covariance(self) -> Floats:
        """Of the free logarithms, (P, P): the inverse of the information at the estimate."""
        information, _ = self.likelihood.information(self.reference, self.best.spreads)
        return np.asarray(np.linalg.pinv(information, hermitian=True))

    @cached_property
    def degrees(self) -> Floats:
        """Degrees of freedom of each free logarithm."""
        return degrees_of_freedom(self.likelihood, self.best, self.reference)

    def profile(self, hazard: str, arm: str = "", *, level: float = 0.95) -> Profile:
        """The profile of one free hazard, on the logarithm of its factor.

        Raises
        ------
        InputError
            For a hazard that is not free, or a level that is none.
        """
        return self._profile(self._place(hazard, arm), _level(level))

    def _place(self, hazard: str, arm: str) -> int:
        places = [p for p, free in enumerate(self.free) if free.name == hazard and free.arm == arm]
        if not places:
            labels = [free.label for free in self.free]
            raise InputError("hazard", f"{hazard} ({arm})" if arm else hazard, f"a free one; {nearest(hazard, labels)}")
        return places[0]

    def _profile(self, p: int, level: float) -> Profile:
        if (p, level) not in self._profiles:
            error = math.sqrt(max(float(self.covariance[p, p]), 0.0))
            degrees = float(self.degrees[p])
            self._profiles[p, level] = profile(self.likelihood, self.best, self.reference, p, degrees, error, level)
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
        rows = []
        for p, free in enumerate(self.free):
            found, factor = self._profile(p, level), math.exp(self.best.theta[p])
            unit = 1.0 if math.isnan(free.start) else free.start
            low, high = (unit * math.exp(end) for end in (found.low, found.high))
            numbers = free.start, unit * factor, low, high, factor, found.degrees
            rows.append(FitRow(free.name, free.arm, *numbers, free.against))
        return FitTable(tuple(rows), level, self._told())

    def _told(self) -> str:
        animals = len(self.data.begin) - 1
        spreads = ", ".join(f"{name} {value:.2g}" for name, value in self.spreads.items()) or "none fitted"
        lines = [
            f"{len(self.data)} counts of {animals} animals; hazards are those of the median animal, per hour.",
            f"Spread of log counts between animals: {spreads}; that it is normal cannot be told from so few.",
        ]
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
    ) -> Prediction:
        """An observable at any time: of the median animal, and of a new one.

        Parameters
        ----------
        observable : str
            One of the data, one of the model, or a state.
        hours : sequence of float
        arm : str, optional
        cells : float, optional
            Given to the animal; default: the median of the data, times the fraction that was looked at.
        level : float
            Of both intervals.

        Raises
        ------
        InputError
            For an unknown name.
        """
        return predicted(self, observable, hours, arm, _level(level), cells)

    def posterior(
        self,
        *,
        draws: int = 1000,
        priors: Mapping[str, object] | None = None,
        seed: int = 1,
        level: float = 0.95,
    ) -> Posterior:
        """The posterior of free hazards and spreads, by importance sampling.

        Parameters
        ----------
        draws : int
        priors : mapping of str to (float, float), optional
            By free hazard the range that holds 95 % of its prior, as the hazard is told; default: around the model,
            the wider the weaker the grade of its source.
        seed : int
        level : float
            Of the intervals that are shown.

        Raises
        ------
        InputError
            For an argument out of range.
        """
        if not is_whole(draws) or not 100 <= draws <= 1_000_000:
            raise InputError("draws", draws, "a whole number from 100 to 1000000")
        return sampled(self, int(draws), priors, seed, _level(level))

    def __str__(self) -> str:
        return str(self.table())

    def _repr_html_(self) -> str:
        return self.table()._repr_html_()


def fit(
    model: Model | Mapping[str, Model],
    data: Data,
    free: Sequence[str],
    *,
    shared: Sequence[str] = (),
    by: str | None = None,
    against: str | None = None,
    spread: str = "one",
    dose: bool | None = None,
    starts: int = EXTRA_STARTS,
) -> Fit:
    """Fit hazards of a model to data of one's own.

    Parameters
    ----------
    model : Model, or mapping of str to Model
        For each arm of the data its own, such as a treated one; or one for all.
    data : Data
    free : sequence of str
        Hazards, as ``state.way``; a pattern such as ``*.immune killing`` is one factor on all that it means.
    shared : sequence of str, optional
        With ``by="arm"``: those that all arms share.
    by : str, optional
        'arm': each arm has free hazards of its own.
    against : str, optional
        With ``by="arm"``: an arm; of the others what is told is the factor on its hazards, with an interval of its own.
    spread : str
        What log counts vary by, each alone: 'one' spread for all, 'each' observable its own, or 'none'.
    dose : bool, optional
        Whether all counts of an animal share a part of it, as by an error of the dose; default: where any animal has
        several counts.
    starts : int
        Starts of the search besides the model itself.

    Returns
    -------
    Fit
        Hazards of the median animal, with intervals that hold with few animals.

    Raises
    ------
    InputError
        For names that the model does not know; for a count where the model has no cell.
    """
    data = data_of(data)
    models, shares_dose = _models(model, data), _dose(data, spread, dose)
    if not is_whole(starts) or not 0 <= starts <= 1000:
        raise InputError("starts", starts, "a whole number from 0 to 1000")
    parameters = free_of(models, free, shared, by, against)
    likelihood = Likelihood(models, data, parameters, spread=spread, shared=shares_dose)
    best, values = _best(likelihood, starts)
    highest_plain = best.value
    best, reference = restricted(likelihood, best)
    return Fit(data, tuple(parameters), likelihood, best, reference, highest_plain, tuple(values))


def _best(likelihood: Likelihood, starts: int) -> tuple[Maximum, list[float]]:
    """The highest of what several starts come to, by the plain likelihood."""
    rng = np.random.default_rng(1)
    size = len(likelihood.free)
    spreads = np.full(len(likelihood.spreads), FIRST_SPREAD)
    best = highest(likelihood, np.zeros(size), spreads)
    values = [best.value]
    for _ in range(starts):
        try:
            other = highest(likelihood, rng.normal(0.0, FAR, size), spreads)
        except InputError:  # no cell where one was counted, that far from the model
            continue
        values.append(other.value)
        if other.value > best.value:
            best = other
    return best, values


def _dose(data: Data, spread: str, dose: bool | None) -> bool:
    """Whether all counts of an animal share something."""
    if spread not in SPREADS:
        raise InputError("spread", spread, f"one of {', '.join(map(repr, SPREADS))}")
    several = len(data) > len(data.begin) - 1
    if dose and not several and spread != "none":
        wanted = "None or False: each animal has one count, of which two spreads cannot be told apart"
        raise InputError("dose", dose, wanted)
    return several and spread != "none" if dose is None else bool(dose)


def _models(model: Model | Mapping[str, Model], data: Data) -> dict[str, Model]:
    """The model of each arm."""
    if not isinstance(model, Mapping):
        return dict.fromkeys(data.arms, check_model(model))
    for arm in data.arms:
        if arm not in model:
            raise InputError("model", list(model), f"a model for the arm {arm!r}; {nearest(arm, model)}")
    return {arm: check_model(model[arm]) for arm in data.arms}


def _level(level: Any) -> float:
    if not is_number(level) or not 0 < level < 1:
        raise InputError("level", level, "a number between 0 and 1, such as 0.95")
    return float(level)
