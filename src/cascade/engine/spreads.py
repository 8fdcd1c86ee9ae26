"""How widely frailties are spread, as they are drawn."""

from __future__ import annotations

import math

import numpy as np

from cascade.common.portable import log1p, power
from cascade.common.types import Floats
from cascade.lowering.lowered import Lowered


def spreads(lowered: Lowered) -> Floats:
    """Sigma of log Z of a log-normal frailty, shape of a gamma one, (F,)."""
    kinds = zip(lowered.frailty_cv.tolist(), lowered.frailty_gamma.tolist(), strict=True)
    return np.array([power(cv, -2.0) if gamma else math.sqrt(log1p(cv * cv)) for cv, gamma in kinds])
