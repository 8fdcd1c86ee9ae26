"""By how much hazards move an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.answers.handing import HandsOut
from cascade.common.errors import InputError, nearest
from cascade.common.frozen import ByValue, FrozenDict
from cascade.common.jsons import plain_data


class Elasticities(FrozenDict[str, float], HandsOut):
    """By how many per cent an answer changes per per cent of each hazard: a mapping that is handed out as a table."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Elasticities, (dict(self),)

    def to_dicts(self) -> list[dict[str, Any]]:
        """A row for each hazard, in the order of the model."""
        return [{"hazard": name, "elasticity": plain_data(value)} for name, value in self.items()]


@dataclass(frozen=True, eq=False)
class Gradient(ByValue, HandsOut):
    """An answer, and its derivatives by the logarithms of hazards: what a small relative change of each adds.

    Attributes
    ----------
    of : str
        The step, milestone, organ or state that was asked for.
    hours : (n,) float or None
        Times of a curve; None for a single number, then arrays have no axis of times.
    value : float, or (n,) float
    hazards : tuple of str
        Names, ``state.way``.
    slope : (hazards,) or (hazards, n) float
        d value / d log hazard.
    error : float or (n,) float
        Numerical error of the value; a value or slope that is not above its error is 0.
    slope_error : (hazards,) or (hazards, n) float
    """

    of: str
    hours: npt.NDArray[np.float64] | None
    value: float | npt.NDArray[np.float64]
    hazards: tuple[str, ...]
    slope: npt.NDArray[np.float64]
    error: float | npt.NDArray[np.float64]
    slope_error: npt.NDArray[np.float64]

    def to_dicts(self) -> list[dict[str, Any]]:
        """A row for each hazard, and of a curve for each time."""
        at = [None] if self.hours is None else self.hours.tolist()
        values, errors = np.atleast_1d(self.value).tolist(), np.atleast_1d(self.error).tolist()
        slopes, wrong = (part.reshape(len(self.hazards), -1).tolist() for part in (self.slope, self.slope_error))
        return [
            {
                "hazard": hazard, "of": self.of, "hours": hours, "value": values[i], "error": errors[i],
                "slope": slopes[h][i], "slope_error": wrong[h][i],
            }
            for h, hazard in enumerate(self.hazards)
            for i, hours in enumerate(at)
        ]  # fmt: skip

    def __getitem__(self, hazard: str) -> float | npt.NDArray[np.float64]:
        """The derivative by the logarithm of one hazard."""
        if hazard not in self.hazards:
            raise InputError("hazard", hazard, nearest(hazard, self.hazards))
        row = self.slope[self.hazards.index(hazard)]
        return row if row.ndim else float(row)
