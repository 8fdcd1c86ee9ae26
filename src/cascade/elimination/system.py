"""A system of states and exits as the compiled functions read it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class System(NamedTuple):
    """States in the order of their solution, and the exits that have a hazard.

    Attributes
    ----------
    order : (S,) int
        States, component after component, none before those that lead to it.  Within a component the last
        is censored first.
    begin : (components + 1,) int
        Where each component begins in ``order``.
    place : (S,) int
        Where a state stands in its component.
    component : (S,) int
        Component of a state.
    exit_begin : (S + 1,) int
        Exits of state s: from ``exit_begin[s]`` in the columns below.
    exit, target, transition : (live exits,) int
        Number of the exit, its target (-1 for a death) and its transition.
    before_begin, before : (S + 1,), (n,) int
        For the state at each place of ``order``: places in its component, before its own, from which moves
        come to it once those behind it are censored.
    after_begin, after : (S + 1,), (n,) int
        The same for the places to which moves lead.
    stage : (S,) int
        Stage of a state.
    absorbing : (S,) bool
    """

    order: Ints
    begin: Ints
    place: Ints
    component: Ints
    exit_begin: Ints
    exit: Ints
    target: Ints
    transition: Ints
    before_begin: Ints
    before: Ints
    after_begin: Ints
    after: Ints
    stage: Ints
    absorbing: Mask
