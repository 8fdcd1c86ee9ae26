"""Years of the tumour, as an argument."""

from __future__ import annotations

import math

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats


def years_of(years: object, end: float = math.inf) -> Floats:
    """Years of the tumour, (times,), from 0 to an end.

    Raises
    ------
    InputError
        For anything else.
    """
    try:
        t = np.atleast_1d(np.asarray(years, np.float64))
    except (TypeError, ValueError):
        raise InputError("years", years, "years of the tumour, from 0 on") from None
    if t.ndim != 1 or not np.all(np.isfinite(t)) or np.any(t < 0):
        raise InputError("years", years, "years of the tumour, from 0 on")
    if np.any(t > end):
        raise InputError("years", years, f"years of the tumour until the end, {end:.2f}")
    return t
