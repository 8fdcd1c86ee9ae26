"""Laws of delays as points with masses: few where days do not matter, Gauss in the intervals of the table elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cascade.common.types import Floats
from cascade.patient.delays import Delays

AT_ONCE, SHORT = 0.1, 3.0
"""Days of delay below which intervals of its table are put together, and below which each is one point."""


@dataclass(frozen=True, eq=False)
class Lags:
    """Delays as points with masses.

    Attributes
    ----------
    days : (D,) float
    awake, every : (D, W) float
        Masses of the law of the delay, and of delay and sleep.
    """

    days: Floats
    awake: Floats
    every: Floats


def lags_of(delays: Delays, nodes: int) -> Lags:
    """Points of the laws of delays: few where days do not matter, Gauss in the intervals of the table elsewhere."""
    logs = np.log(delays.days)
    step = logs[1] - logs[0]
    soon = int(np.searchsorted(delays.days, AT_ONCE))
    short = max(int(np.searchsorted(delays.days, SHORT)), soon)
    edges = np.unique(np.concatenate([np.arange(0, soon, 8), np.arange(soon, short + 1)]))
    days = [np.exp(0.5 * (logs[edges[1:]] + logs[edges[:-1]]))]
    masses = [[np.diff(table[edges], axis=0, prepend=0.0)[1:] for table in (delays.awake, delays.all)]]
    # What has founded before the table begins has founded at once.
    masses[0] = [
        np.vstack([table[:1], part]) for table, part in zip((delays.awake, delays.all), masses[0], strict=True)
    ]
    days[0] = np.concatenate([delays.days[:1], days[0]])
    x, w = np.polynomial.legendre.leggauss(nodes)
    x, w = 0.5 * (1.0 + x), 0.5 * w
    first = np.arange(int(edges[-1]), len(logs) - 1)
    days.append(np.exp(logs[first][:, None] + step * x).ravel())
    late = []
    for table, slope in ((delays.awake, delays.awake_slope), (delays.all, delays.all_slope)):
        rise = 6.0 * x * (1.0 - x)
        parts = (
            (table[first + 1] - table[first])[:, None, :] * rise[:, None]
            + slope[first][:, None, :] * (step * (1 - x) * (1 - 3 * x))[:, None]
            + slope[first + 1][:, None, :] * (step * x * (3 * x - 2))[:, None]
        )
        late.append((parts * w[:, None]).reshape(-1, table.shape[1]))
    masses.append(late)
    awake, every = (np.vstack([part[i] for part in masses]) for i in (0, 1))
    return Lags(np.concatenate(days), awake, every)
