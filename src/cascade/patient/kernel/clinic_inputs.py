"""What the kernel of patients reads and writes of presentation, eyes and care: named tuples of arrays.

P = J + 1 places (the primary first, then sites), E eyes, C screenings, Y systemic treatments, Z kinds of visits,
M = 2^c regimes of cells (c treatments that act on cells: their bits), W ways, L lives, S states of all lives,
K subtypes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cascade.patient.kernel.inputs import Flags, Floats, Ints, Longs, Shed

ALL, NONE_SEEN, SEEN, NODES = range(4)
"""Who is given a systemic treatment."""

FROM_SURGERY, FROM_DIAGNOSIS, FROM_SIGHT = range(3)
"""From what on it is given; sight: the first day on which a distant metastasis is seen, at diagnosis or later."""

NEVER, SYMPTOMS, SCREENED, SURFACED = range(4)
"""How a tumour became known."""

NUMBERS = (
    "age", "pace", "subtype", "diagnosed", "mode", "negative_screens", "log_cells", "visible", "surgery",
    "nodes_removed", "nodes_positive", "metastasis_seen", "seeded", "seeded_early", "local", "distant",
    "distant_true", "death", "cause",
)  # fmt: skip
"""Columns of ``Rows.number``; days, from the first cell, but for the age in years."""

(
    AGE, PACE, SUBTYPE, DIAGNOSED, MODE, SCREENS, CELLS, VISIBLE, OPERATED, REMOVED, POSITIVE, STAGED, SEEDED, EARLY,
    LOCAL, DISTANT, TRULY, DEATH, CAUSE,
) = range(len(NUMBERS))  # fmt: skip


class Signs(NamedTuple):
    """Symptoms by size: tables as those of shedding."""

    table: Shed
    row: Ints  # (P,) of the table; -1: none
    rate: Floats  # (P,) a day, of one cell to the power of the exponent


class Eyes(NamedTuple):
    """Sensitivity by place, (E, P)."""

    most: Floats  # 0: it does not look there
    half: Floats  # logarithm of cells
    width: Floats  # in logarithms of cells
    looked: Floats
    symptoms: Flags  # only with symptoms
    place: Longs  # (P,) numbers of the places in addresses


class Screens(NamedTuple):
    """Screenings, (C,): ages and intervals in years."""

    eye: Ints
    begin: Floats
    end: Floats
    every: Floats
    attends: Floats


class Killing(NamedTuple):
    """Numbers of cells that kill: logarithms; infinity: none does."""

    primary: float
    organ: Floats  # (J,)
    some: bool  # whether any but the burden of all


class Care(NamedTuple):
    """What is done; days."""

    staging: Flags  # (E,)
    restaging: Flags  # (E,)
    surgery: bool
    delay: float
    if_seen: bool
    local: float  # share in whom cells are left
    left: float  # own time of these
    again: bool  # whether what comes back from them is taken out
    station: Flags  # (J,)
    irradiated: Flags  # (J,)
    nodes: int
    removed: int
    least: float  # own time of what the pathologist sees; infinity: nobody looks
    begins: Ints  # (Y,)
    after: Floats
    length: Floats
    given: Ints
    share: Floats  # (Y, K) of the patients of each subtype
    kill: Floats  # share of cells that survive; 1: none is killed
    below: Floats  # own time of lesions that are killed
    resistant: Floats  # share of lesions of which none is killed
    slows: Floats
    wakes: Floats
    later: bool  # whether any begins once a metastasis is seen
    bit: Ints  # of the treatment among the regimes of cells; 0: none
    every: Floats  # (Z,)
    visits: Ints  # (Z,) number
    looks: Flags  # (Z, E)
    lingers: Floats  # (J,) share of surviving lineages, the establishment of lesions


class Regimes(NamedTuple):
    """Cells under treatment."""

    life: Ints  # (M, W) which conditioned model
    chance: Floats  # (S,) of founding, by state of every life
    extra: Floats  # (M, S) more hazard of death an hour, where the path is kept
    shed: Floats  # (M, R) what shedding is multiplied by
    bound: Floats  # (M, W) largest weight that a spell of the regime multiplies by


class Clinic(NamedTuple):
    """All that is read beside ``Rules``."""

    signs: Signs
    eyes: Eyes
    screens: Screens
    killing: Killing
    care: Care
    regimes: Regimes
    natural: bool  # nothing is done: one run of the patient tells all
    distant: Flags  # (J,) kind of the sites
    waits: bool  # whether any eye looks only with symptoms
    autopsy: int  # the eye that looks at death; -1: none


class Pieces(NamedTuple):
    """Pieces of the lives of lesions, (n, K): from a day on, own time grows by the pace."""

    number: Ints  # (n,)
    day: Floats
    own: Floats
    pace: Floats
    turn: Ints  # piece of the timeline
    old: Floats  # (n,) day on which the early phase is over
    gone: Floats  # (n,) day on which it is taken out or killed
    symptoms: Floats  # (n,)
    node: Ints  # (n,) within its station


class Timeline(NamedTuple):
    """Pieces of the care of one patient, (K,): from a day on."""

    day: Floats
    regime: Ints
    slow: Floats
    wake: Floats
    kill: Ints  # bits of the treatments whose first day it is
    spare: Floats  # share of the founders that treatments leave alive
    state: Floats  # number of pieces, day of surgery, whether cells are left, whether weights exceed 1, day of the next
    shed: Floats  # (R, K') cumulative shedding of one lesion by piece
    start: Floats  # (R, K') what has been shed by its beginning, in days cells^exponent
    each: Floats  # (R, K') cells shed for each of these
    path: Floats  # (0, 2) room for the states of a founder, where nobody wants to know


PIECES, OPERATION, RESIDUE, STRIPS, AGAIN = range(5)
"""Places of ``Timeline.state``."""


class Rows(NamedTuple):
    """The register: one row a patient."""

    number: Floats  # (n, C)
    trait: Floats  # (n, F)
    there: Ints  # (n, J)
    seen: Floats  # (n, J) day
    left: Ints  # (n, J) lesions at death
    opened: Ints  # (n, J) those that the autopsy sees
    founded: Ints  # (n, T) founders that have divided first since the time before


def pieces_room(number: int, treatments: int) -> Pieces:
    """Room for so many lesions."""
    most = 7 + 4 * treatments + 4
    shape = number, most
    return Pieces(
        np.zeros(number, np.int64), np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape, np.int64),
        np.zeros(number), np.zeros(number), np.zeros(number), np.zeros(number, np.int64),
    )  # fmt: skip


def timeline_of(treatments: int, routes: int) -> Timeline:
    """Room for the care of a patient."""
    most, pieces = 5 + 2 * treatments, 7 + 4 * treatments + 4
    return Timeline(
        np.zeros(most), np.zeros(most, np.int64), np.ones(most), np.ones(most), np.zeros(most, np.int64),
        np.ones(most), np.zeros(5), np.zeros((routes, pieces)), np.zeros((routes, pieces)), np.zeros((routes, pieces)),
        np.zeros((0, 2)),
    )  # fmt: skip


def rows_of(patients: int, traits: int, sites: int, times: int) -> Rows:
    """Room for the register of so many."""
    number = np.zeros((patients, len(NUMBERS)))
    shape, founded = (patients, sites), np.zeros((patients, times), np.int64)
    return Rows(
        number,
        np.zeros((patients, traits)),
        np.zeros(shape, np.int64),
        np.zeros(shape),
        np.zeros(shape, np.int64),
        np.zeros(shape, np.int64),
        founded,
    )
