"""The grid of time: bins in which events are counted, made of the exponent and top bits of the hour."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cascade.common.types import Floats

FOREVER = float(np.finfo(np.float64).max)
"""Last moment of a run without ``until``: events that never come lie beyond it."""

BINS_PER_OCTAVE = 16
FIRST_OCTAVE, LAST_OCTAVE = -20, 28
"""Histograms of time reach from 2^-20 h (3 ms) to 2^28 h (30,000 years)."""

MOST_GRID_HOURS = 2.0 ** (LAST_OCTAVE - 1)


def time_edges(grid: Sequence[float] = ()) -> Floats:
    """Upper edges of all bins of time in hours: 16 per octave, and the user's own.

    Times below the first edge fall into the first bin; the last edge is infinite.
    """
    octaves = 2.0 ** np.arange(FIRST_OCTAVE, LAST_OCTAVE)
    steps = 1.0 + np.arange(1, BINS_PER_OCTAVE + 1) / BINS_PER_OCTAVE
    edges = np.unique(np.concatenate([np.outer(octaves, steps).ravel(), np.asarray(grid, np.float64)]))
    edges[-1] = np.inf
    return edges
