r"""How many animals, at which days, to see an effect: by what their counts are expected to tell.

Two arms of a design are alike but for one hazard, which the effect multiplies in the second.  The counts that are
expected have a signed root delta at no effect, all other free logarithms fitted anew (``profiles``); with it

    power = P(|T| > t),      T noncentral t with nu degrees of freedom and delta,

two-sided.  Of normal log counts delta is the effect over its standard error.  nu is Satterthwaite's, the median of some
studies of the design.  The normal formula in place of T is up to 0.13 too high with few animals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common.arguments import check_seed
from cascade.common.errors import InputError, is_number, is_whole
from cascade.common.types import Floats
from cascade.inference.data import Data
from cascade.inference.drawing import drawn
from cascade.inference.free import free_of, texts_of
from cascade.inference.headed import observables_of
from cascade.inference.likelihood import Likelihood
from cascade.inference.maximum import Maximum, highest, restricted
from cascade.inference.meeting import check_names
from cascade.inference.profiles import cut, degrees_of_freedom, root
from cascade.model import Model, check_model

ARMS = ("control", "treated")
MOST_ANIMALS = 10_000
UNTOLD = 1e-3
"""Standard errors below which an effect moves no count."""

STUDIES = 15
"""Of which degrees of freedom are the median."""


@dataclass(frozen=True)
class PowerRow:
    """One number of animals.

    Attributes
    ----------
    animals : int
        At each time in each arm; of followed animals in each arm.
    in_all : int
    power : float
        Chance that the effect is told from none.
    error : float
        Standard error of the logarithm of the effect, as far as it is told from none.
    degrees : float
        Of freedom.
    """

    animals: int
    in_all: int
    power: float
    error: float
    degrees: float


@dataclass(frozen=True, eq=False)
class Power(Table[PowerRow]):
    """The power of a design, for some numbers of animals.

    Attributes
    ----------
    rows : tuple of PowerRow
    hazard : str
    factor : float
        That the effect multiplies it by.
    level : float
        Of the test: 1 less its false alarms.
    design : str
        In words.
    likelihoods : tuple of Likelihood
        Of the design with each number of animals.
    spreads : tuple of float
        Of the dose, and of each count, as far as they are above 0.

    Examples
    --------
    >>> import cascade
    >>> model = cascade.load("b16f1-liver")
    >>> study = cascade.power(model, {"dormant.death of dormant cells": 2}, animals=[4, 8], times=[24, 312],
    ...                       observables={"solitary": ["lodged", "extravasated", "dormant"]})
    >>> study.rows[1].power > study.rows[0].power
    True
    """

    rows: tuple[PowerRow, ...]
    hazard: str
    factor: float
    level: float
    design: str
    likelihoods: tuple[Likelihood, ...]
    spreads: tuple[float, ...]

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines = [
            [f"{r.animals}", f"{r.in_all}", f"{r.power:.3f}", f"{r.error:.3g}", f"{r.degrees:.0f}"] for r in self.rows
        ]
        return ["animals", "in all", "power", "error of log effect", "d.f."], lines

    @property
    def below(self) -> str:
        """What is tested."""
        return (
            f"{self.hazard} times {self.factor:g} in one of two arms; {self.design}. Two-sided at {1 - self.level:.3g};"
            " normal log counts are assumed where many are counted."
        )

    def simulated(self, animals: int, *, studies: int = 500, seed: int = 1) -> float:
        """Share of simulated studies in which the effect is told, by the interval of a fit: slow, and a check.

        Parameters
        ----------
        animals : int
            One of the rows.
        studies, seed : int
        """
        places = [i for i, row in enumerate(self.rows) if row.animals == animals]
        if not places:
            raise InputError("animals", animals, f"one of {[row.animals for row in self.rows]}")
        if not is_whole(studies) or not 1 <= studies <= 1_000_000:
            raise InputError("studies", studies, "a whole number from 1 to 1000000")
        seed, sds = check_seed(seed), list(self.spreads)
        return _simulated(self.likelihoods[places[0]], math.log(self.factor), self.level, int(studies), seed, sds)


def power(
    model: Model,
    effect: Mapping[str, float],
    *,
    animals: int | Sequence[int] = 8,
    cells: float = 1e5,
    times: Sequence[float] = (),
    observables: Mapping[str, Any] | Sequence[Any] = (),
    free: Sequence[str] = (),
    spread: float = 0.4,
    dose: float = 0.0,
    followed: bool = False,
    level: float = 0.95,
) -> Power:
    """How likely an experiment of two arms is to see an effect on a hazard.

    Parameters
    ----------
    model : Model
        Of the control arm.
    effect : mapping of str to float
        One hazard and the factor on it in the treated arm, such as ``{"arrested.immune killing": 2}``.
    animals : int or sequence of int
        At each time in each arm; of followed animals in each arm.
    cells : float
        Given to each animal.
    times : sequence of float
        Hours at which is counted.
    observables : mapping or sequence of Observable
        What is counted, as for ``Data.counts``.
    free : sequence of str, optional
        Further hazards that are not known, and fitted with the effect, alike in both arms.
    spread : float
        Of log counts between animals, each count by itself: 0.4 is a coefficient of variation of some 40 %.
    dose : float
        Of what all counts of an animal share.
    followed : bool
        Whether the same animals are counted at all times; else each is killed for its count.
    level : float
        Of the interval that has to leave out no effect.

    Raises
    ------
    InputError
        For an argument out of range; for a design that does not tell the effect at all.
    """
    if not isinstance(times, list | tuple | range | np.ndarray):
        raise InputError("times", times, "hours at which is counted, such as [72, 312]")
    asked = _Asked(
        check_model(model), effect, cells, tuple(times), observables, tuple(texts_of("free", free)), followed
    )
    hazard, factor = asked.checked(level)
    spreads = _Spreads.of(spread, dose)
    numbers = list(animals) if isinstance(animals, Sequence) else [animals]
    if not numbers or not all(is_whole(n) and 2 <= n <= MOST_ANIMALS for n in numbers):
        raise InputError("animals", animals, f"whole numbers from 2 to {MOST_ANIMALS}")
    likelihoods = [asked.designed(int(n), spreads) for n in numbers]
    pairs = zip(likelihoods, numbers, strict=True)
    rows = tuple(_row(one, int(n), math.log(factor), float(level), spreads) for one, n in pairs)
    return Power(rows, hazard, factor, float(level), asked.told, tuple(likelihoods), tuple(spreads.values))


@dataclass(frozen=True)
class _Asked:
    """A study that was not done yet."""

    model: Model
    effect: Mapping[str, float]
    cells: float
    times: tuple[float, ...]
    observables: Mapping[str, Any] | Sequence[Any]
    free: tuple[str, ...]
    followed: bool

    def checked(self, level: float) -> tuple[str, float]:
        """The hazard and the factor on it."""
        if not isinstance(self.effect, Mapping) or len(self.effect) != 1:
            wanted = "one hazard and the factor on it, such as {'*.immune killing': 2}"
            raise InputError("effect", self.effect, wanted)
        ((hazard, factor),) = self.effect.items()
        if not is_number(factor) or not 0 < factor < 1e6 or factor == 1:
            raise InputError(f"effect[{hazard!r}]", factor, "a factor above 0 that is not 1")
        if not is_number(level) or not 0 < level < 1:
            raise InputError("level", level, "a number between 0 and 1, such as 0.95")
        if not self.times or not all(map(is_number, self.times)):
            raise InputError("times", list(self.times), "hours at which is counted, such as [72, 312]")
        if not self.names:
            wanted = "what is counted, such as {'cells in lung': ['arrested', 'extravasated']}"
            raise InputError("observables", self.names, wanted)
        if hazard in self.free:
            raise InputError("free", hazard, "hazards beside the one that the effect is on")
        return hazard, float(factor)

    @property
    def names(self) -> list[str]:
        """Of what is counted."""
        return list(observables_of(self.observables))

    @property
    def told(self) -> str:
        """The design in words."""
        what = "followed" if self.followed else "killed for each count"
        return f"animals {what}, at {', '.join(f'{h:g}' for h in self.times)} h, {self.cells:g} cells each"

    def designed(self, animals: int, spreads: _Spreads) -> Likelihood:
        """The likelihood with so many animals: its counts are none."""
        rows = [
            {
                "animal": f"{k}" if self.followed else f"{hours} h, {k}",
                "arm": arm,
                "hours": hours,
                "observable": name,
                "count": 0,
            }
            for arm in ARMS
            for hours in self.times
            for k in range(animals)
            for name in self.names
        ]
        data, models = Data.counts(rows, self.observables, cells=self.cells), dict.fromkeys(ARMS, self.model)
        check_names(data, models)
        parameters = free_of(models, [*self.effect, *self.free], self.free, "arm", ARMS[0])
        return Likelihood(models, data, parameters, **spreads.kinds)


@dataclass(frozen=True)
class _Spreads:
    """Between animals: of each count, and of the dose."""

    alone: float
    dose: float

    @classmethod
    def of(cls, spread: float, dose: float) -> _Spreads:
        """Of numbers that were given."""
        for name, value in (("spread", spread), ("dose", dose)):
            if not is_number(value) or not 0 <= value <= 5:
                raise InputError(name, value, "a standard deviation of logarithms from 0 to 5")
        return cls(float(spread), float(dose))

    @property
    def kinds(self) -> dict[str, Any]:
        return {"spread": "one" if self.alone > 0 else "none", "shared": self.dose > 0}

    @property
    def values(self) -> list[float]:
        return [value for value in (self.dose, self.alone) if value > 0]


def _row(likelihood: Likelihood, animals: int, effect: float, level: float, spreads: _Spreads) -> PowerRow:
    from scipy.stats import nct, t

    in_all, theta = len(likelihood.begin) - 1, np.zeros(len(likelihood.free))
    theta[1] = effect
    if in_all <= len(theta):
        raise InputError("animals", animals, f"more of them than the {len(theta)} hazards that are fitted")
    logs = np.log(np.maximum(np.array(spreads.values), 1e-12))
    beyond = _expected_root(likelihood, theta, logs)
    if beyond < UNTOLD:
        raise InputError("observables", list(likelihood.data.observed), "counts that tell the effect: these do not")
    degrees = _degrees(likelihood, theta, spreads.values)
    quantile = float(t.ppf(0.5 + level / 2.0, degrees))
    chance = float(nct.sf(quantile, degrees, beyond) + nct.cdf(-quantile, degrees, beyond)) if beyond < 37 else 1.0
    return PowerRow(animals, in_all, min(1.0, chance), abs(effect) / beyond, degrees)


def _degrees(likelihood: Likelihood, theta: Floats, sds: list[float]) -> float:
    """Of freedom of the effect: the median of some studies at the truth."""
    if not sds:
        return 1e9
    rng, found, logs = np.random.default_rng(1), [], np.log(np.array(sds))
    expected = likelihood.expected(theta)
    reference = likelihood.reference(expected)
    for _ in range(STUDIES):
        study = likelihood.recounted(drawn(likelihood, theta, np.array(sds), rng))
        at = Maximum(0.0, theta, logs, expected, found=True)
        found.append(float(degrees_of_freedom(study, at, reference)[1]))
    return min(float(np.median(found)), 1e9)


def _expected_root(likelihood: Likelihood, theta: Floats, logs: Floats) -> float:
    """The signed root at no effect of the counts that are expected, spreads as they are."""
    truth = likelihood.expected(theta)
    study = likelihood.counted(likelihood.reference(truth).rate)
    here = study.of(truth, logs).value
    begin = theta.copy()
    begin[1] = 0.0
    null = highest(study, begin, logs, held=1, fixed=True)
    return math.sqrt(2.0 * max(0.0, here - null.value))


def _simulated(likelihood: Likelihood, effect: float, level: float, studies: int, seed: int, sds: list[float]) -> float:
    """Share of studies whose interval of the effect leaves out none: the signed root there is beyond its cut."""
    rng, truth = np.random.default_rng(seed), np.zeros(len(likelihood.free))
    truth[1] = effect
    logs, told = np.log(np.array(sds)), 0
    for _ in range(studies):
        study = likelihood.recounted(drawn(likelihood, truth, np.array(sds), rng))
        best, reference = restricted(study, highest(study, truth, logs))
        degrees = float(degrees_of_freedom(study, best, reference)[1])
        told += abs(root(study, best, reference, 1, 0.0, best)[0]) > cut(degrees, level)
    return told / studies
