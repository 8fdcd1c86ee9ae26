"""What a fit of times, findings or looks says at any time: the chance that it has happened, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common import text
from cascade.common.arguments import check_moments
from cascade.common.errors import InputError
from cascade.common.shares import estimate_of_share, whole_percent
from cascade.common.types import Floats
from cascade.inference.headed import ONE_ARM
from cascade.inference.meeting import arm_of, given_cells, observable_of
from cascade.inference.timed import Times
from cascade.solution.shares import Shares

if TYPE_CHECKING:
    from cascade.inference.fitted import Fit

LARGEST = 30.0
"""Of a logarithm: beyond it an interval is open."""


@dataclass(frozen=True)
class ChanceRow:
    """A chance at one time.

    Attributes
    ----------
    observable, arm : str
    hours : float
    cells : float
        Of which one is enough.
    share, low, high : float
        And its interval.
    """

    observable: str
    arm: str
    hours: float
    cells: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Chance(Table[ChanceRow]):
    """A chance over time: that an event has happened, or that something is found.

    Attributes
    ----------
    observable, arm : str
    hours : (n,) float
    cells : float
        Of which one is enough.
    share, low, high : (n,) float
        And its interval at each time.
    level : float
    """

    observable: str
    arm: str
    hours: Floats
    cells: float
    share: Floats
    low: Floats
    high: Floats
    level: float

    @property
    def rows(self) -> tuple[ChanceRow, ...]:
        """One for each time."""
        columns = (self.hours, self.share, self.low, self.high)
        return tuple(
            ChanceRow(self.observable, self.arm, at, self.cells, *shares)
            for at, *shares in zip(*(column.tolist() for column in columns), strict=True)
        )

    def as_text(self) -> Texts:
        """Headings and lines."""
        head = ["after", "chance", whole_percent(self.level)]
        return head, [[text.hours(row.hours), *estimate_of_share(row.share, row.low, row.high)] for row in self.rows]

    @property
    def below(self) -> str:
        """Of what the chances are."""
        of = self.observable if self.arm == ONE_ARM else f"{self.observable}, {self.arm}"
        enough = "for a cell" if self.cells == 1 else f"where one of {text.number(self.cells)} cells is enough"
        return f"Chance of {of}, {enough}."


def _cells(fit: Fit, arm: str) -> float:
    """Of how many one is enough: the median of an arm; of looks one."""
    return float(np.median([getattr(row, "cells", 1.0) for row in fit.data.rows if row.arm == arm]))


def chance_of(fit: Fit, observable: str, hours: Sequence[float], arm: str, level: float, cells: float | None) -> Chance:
    """What stands in ``Fit.predict``, of data that are no counts: where the first event counts, of the others none has.

    The interval is symmetric in log(-log(1 - share)), where chances of many cells and of one differ by a constant.
    """
    from scipy.stats import t as student

    arm = arm_of(fit, arm)
    at, model = check_moments(hours), fit.likelihood.models[arm]
    if not len(at):
        raise InputError("hours", list(hours), "at least one time")
    mine = [p for p, free in enumerate(fit.free) if free.arm in ("", arm)]
    groups = [model.hazard_table.named(fit.free[p].name, "free") for p in mine]
    names = [observable]
    if isinstance(fit.data, Times):  # the others compete with it
        names += [event for event in fit.data.events if event != observable]
    given = [observable_of(name, fit.data, model) for name in names]
    values = Shares(model, given, at, groups, stopped=isinstance(fit.data, Times)).at(fit.best.theta[mine])
    number = _cells(fit, arm) if cells is None else given_cells(cells)
    one = np.clip(np.where(values.value[0] > values.error[0], values.value[0], 0.0), 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        none = number * np.log1p(-one)  # the logarithm of the chance that it has happened to none
        told = np.log(-none)
        slope = np.where((one > 0) & (one < 1), -values.slope[:, 0] / ((1.0 - one) * np.log1p(-one)), 0.0)
    covariance, degrees = fit.robust_covariance[np.ix_(mine, mine)], float(np.min(fit.degrees[mine]))
    quantile = float(student.ppf(0.5 + level / 2.0, degrees if math.isfinite(degrees) else 1e9))
    error = np.sqrt(np.maximum(np.einsum("pn,pq,qn->n", slope, covariance, slope), 0.0))
    reach = np.minimum(quantile * error, LARGEST)
    low, share, high = (-np.expm1(-np.exp(told + side * reach)) for side in (-1.0, 0.0, 1.0))
    return Chance(observable, arm, at, number, share, low, high, level)
