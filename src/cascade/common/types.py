"""Types of arrays, by the words that the whole package uses for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Complexes = npt.NDArray[np.complex128]
Numbers = npt.NDArray[Any]
"""Floats or complex numbers."""
