"""By how much hazards move an answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cascade.common.errors import InputError, nearest
from cascade.common.frozen import ByValue


@dataclass(frozen=True, eq=False)
class Gradient(ByValue):
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

    def __getitem__(self, hazard: str) -> float | npt.NDArray[np.float64]:
        """The derivative by the logarithm of one hazard."""
        if hazard not in self.hazards:
            raise InputError("hazard", hazard, nearest(hazard, self.hazards))
        row = self.slope[self.hazards.index(hazard)]
        return row if row.ndim else float(row)
