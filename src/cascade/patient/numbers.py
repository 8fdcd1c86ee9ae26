"""Whole laws of numbers of lesions, from generating functions on a circle."""

from __future__ import annotations

import numpy as np

from cascade.common.types import Floats
from cascade.patient.descent import Descent

CIRCLE = 64
"""Points on the circle."""

NUMBERS = 32
ALIASED = 1e-8
"""Error of what is folded in from numbers of lesions of 64 and more."""

RADIUS = ALIASED ** (1.0 / CIRCLE)


def numbers_of(descent: Descent, group: int, level: int) -> Floats:
    """P(N = n) for n below 32, (T, 32), from the generating function on a circle."""
    z = RADIUS * np.exp(2j * np.pi * np.arange(CIRCLE // 2 + 1) / CIRCLE)
    values = np.exp(descent.log_generating(group, [level], z)[0])
    found = np.fft.irfft(np.conj(values), CIRCLE, axis=1)[:, :NUMBERS]
    return np.asarray(np.clip(found * RADIUS ** -np.arange(float(NUMBERS)), 0.0, 1.0))
