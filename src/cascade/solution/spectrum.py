"""Singularities of transforms: eigenvalues of the components, where curves over time oscillate."""

from __future__ import annotations

import numpy as np

from cascade.common.types import Complexes, Floats, Ints, Mask
from cascade.lowering.lowered import Lowered

MOST_WORK = 10**10
"""Nodes times the cube of a component's states beyond which its eigenvalues are not asked for."""


def poles(
    lowered: Lowered, component: Ints, hazards: Floats, live: Mask, without: Mask | None = None
) -> Complexes | None:
    """Singularities off the real axis, or None where the components are too large to tell.

    Those on it, the negative summed hazards and 0 among them, lie inside every contour.  The spectra of
    the systems of the stages are not that of the whole: each is taken.

    Parameters
    ----------
    lowered : Lowered
    component : (S,) int
        Component of each state.
    hazards : (N, E) float
    live : (S,) bool
        States that cells leave.
    without : (S,) bool, optional
        Of first arrivals in these states.
    """
    sizes = np.bincount(component)
    if len(hazards) * int(sizes.max()) ** 3 > MOST_WORK:
        return None
    parts = [np.zeros(0, np.complex128)]
    for c in np.flatnonzero(sizes > 1).tolist():
        states = component == c
        if without is not None:
            parts.append(_spectrum(lowered, hazards, states & live & ~without))
            continue
        furthest = np.unique(lowered.stage[states]).tolist()
        parts += [_spectrum(lowered, hazards, states & live & (lowered.stage <= k)) for k in furthest]
    found = np.concatenate(parts)
    return np.asarray(np.unique(found[found.imag != 0]))


def _spectrum(lowered: Lowered, hazards: Floats, among: Mask) -> Complexes:
    """Eigenvalues of -(D - R) over some states, of all nodes."""
    index, n = np.cumsum(among) - 1, int(among.sum())
    if n < 3:  # two states that lead to each other have real ones
        return np.zeros(0, np.complex128)
    out = np.flatnonzero(among[lowered.exit_source])
    matrix = np.zeros((n, n, len(hazards)))
    rows = index[lowered.exit_source[out]]
    np.add.at(matrix, (rows, rows), -hazards[:, out].T)
    inside = out[(lowered.exit_target[out] >= 0) & among[lowered.exit_target[out]]]
    rows, columns = index[lowered.exit_source[inside]], index[lowered.exit_target[inside]]
    np.add.at(matrix, (rows, columns), hazards[:, inside].T)
    return np.asarray(np.linalg.eigvals(matrix.transpose(2, 0, 1)).ravel(), np.complex128)
