"""Colours as people see them: with all cones, without those for green, and in grey."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb

Floats = npt.NDArray[np.float64]

DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
"""Machado, Oliveira and Fernandes 2009, table of severity 1.0; for linear light."""

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = np.array([0.95047, 1.0, 1.08883])

SIGHTS = ("all cones", "deuteranopia", "grey")


def lab(colour: Any, sight: str = "all cones") -> Floats:
    """L*, a*, b* of a colour."""
    rgb = np.array(to_rgb(colour))
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    if sight == "deuteranopia":
        light = np.clip(DEUTERANOPIA @ light, 0.0, 1.0)
    xyz = _TO_XYZ @ light / _WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    found: Floats = np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])
    return found * [1, 0, 0] if sight == "grey" else found


def apart(one: Any, two: Any, sight: str = "all cones") -> float:
    """The distance of two colours in L*a*b* (1976); some 2 can be told apart side by side."""
    return float(np.linalg.norm(lab(one, sight) - lab(two, sight)))
