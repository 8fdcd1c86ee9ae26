"""What the kernel reads of a model: tables of hazards and choices, frailties, clocks.

W: windows, S: states, E: exits, G = 2: moves, deaths; K: states to start in; F frailties in
P profiles; C clocks of factors.  A *slot* is a state in a window, ``window * S + state``; a
*group* is ``2 * slot`` for the moves and ``2 * slot + 1`` for the deaths.  An *exit* index
beyond E means that the cell is still in state ``exit - E`` at the end of the run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]
Longs = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Tables(NamedTuple):
    """What every model needs."""

    states: int
    exits: int
    window_end: Floats  # (W,)
    mean: Floats  # (W S G,) mean time of the group's clock, 1 / summed hazard
    hazard: Floats  # (W E,)
    exit_start: Words  # (S G + 1,) where the exits of each state's group begin
    guide: Words  # (W S G cuts,) exit at which the search begins, by part of the unit interval
    cuts: int
    steps: int  # comparisons that are enough from there on
    bound: Floats  # (W E,) cumulative share within the group; 2 for its last exit
    goes_on: Words  # (E + S,) 1: a move, 0: a death or the end of the run
    target: Words  # (E + S,)
    row: Words  # (E + S,) row of the histogram
    stage: Words  # (S,)
    absorbed_row: Words  # (S,) row of "ended here"; 0 means: not absorbing (row 0 is a transition)
    marks: Longs  # (S,) bits: 0-31 stages up to this one, 32-62 milestones and watch, 63 absorbing
    goal: int  # the stage beyond the last
    loops: bool  # some move leads to an earlier stage
    profile: Words  # (E,) row of ``Block.multiplier``
    profiles: int  # P
    parts: Floats  # (W S G P,) summed hazard of the exits of a group by profile
    frail: Flags  # (S G,) groups with a hazard that frailties multiply
    start_state: Words  # (K,)
    start_cumulative: Floats  # (K,)
    entry_low: float
    entry_high: float
    bins: int
    fine: Words  # (coarse bins,) first fine bin of each; empty without a grid of the user's
    upper: Floats  # (bins,) upper edge of each fine bin; empty without such a grid
    reach_row: int  # row of stage 1; further stages follow
    bit_row: int  # row of milestone 0; the watch is the last row


class Rare(NamedTuple):
    """What the kernel needs to choose among ways of which one is rare (``rare``)."""

    groups: Flags  # (W S G,) groups that hold a rare way
    switches: Flags  # (W C S,) clocks of which one switch is rare
    start: Longs  # (K - 1,) cumulative shares of the starts in parts of 2^64; empty where none is rare


class Frailties(NamedTuple):
    """What the kernel needs to draw F frailties and apply them in P profiles."""

    powers: Floats  # (P, F); row 0 is zero
    gamma: Flags  # (F,)
    spread: Floats  # (F,) sigma of log Z, or shape of the gamma distribution


class Clocks(NamedTuple):
    """What the kernel needs of units with C clocks of their own, and of clusters."""

    purpose: Longs  # (C,) purpose of the draws of member 0
    runs: Flags  # (C S,)
    some: Flags  # (S,) whether any clock runs
    renews: Words  # (E,) whether a move begins, ends or changes the rate of a clock
    start: Words  # (C S + 1,) where the switches of a clock in a state begin
    rate: Floats  # (W C S,) their summed hazard
    mean: Floats  # (W C S,) 1 / rate
    disturbs: Flags  # (E,) whether a switch changes how fast other clocks run
    apart: Words  # (E + S,) 1 + state of the fragment that goes apart; 0: none
    size: Ints  # (S,) cells of a unit
    largest: int  # cells of the largest unit


class Thin(NamedTuple):
    """Which events are taken where hazards are too high: chances to reach a goal by time, W windows, E exits.

    ``h`` (points, S): logarithms of the chances, by the time u to the end of a window of the model.
    """

    h: Floats
    early: Words  # (E + S,) 1: an event before the goal, which may be refused
    source: Words  # (E + S,)
    stay: Words  # (S,) exit by which a cell stays where it is
    end: Floats  # (W,)
    first: Ints  # (W,) point at which the block of equal steps begins
    begin: Floats  # (W,) u there
    per_hour: Floats  # (W,) steps per hour; 0 where chances stay
    steps: Ints  # (W,) steps of the block
    ceiling: Floats  # (W E,)


class Own(NamedTuple):
    """Cells that bring hazards and starts of their own, in the order of the run.

    ``multiplier`` (P, number): as ``Block.multiplier``; ``start`` (number,): which of the K starts.
    """

    multiplier: Floats
    start: Words
