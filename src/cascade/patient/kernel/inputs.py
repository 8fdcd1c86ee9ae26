"""What the kernel of patients reads and writes: named tuples of arrays.

R routes, J sites, O origins (what drains a source: its ways), W ways (a route from an origin to a site), F traits,
G groups of sites that are counted together, X levels (shed, founded, established, sizes), T times.
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

EXPONENTIAL, GOMPERTZ, LOGISTIC, POWER, POINTS = range(5)

SHED, FOUNDED, ESTABLISHED = range(3)
"""Levels before those of sizes."""

ROOM, UNFINISHED, MADE = range(3)
"""Places of ``Out.tally``: patients that need more room; an interrupt; founders-to-be."""


class Curve(NamedTuple):
    """A growth law: own time and logarithm of size, both ways."""

    law: int
    rate: float  # initial slope, a day
    limit: float  # logarithm of the largest size
    power: float
    days: Floats  # of points
    logs: Floats
    slopes: Floats


class Shed(NamedTuple):
    """Cumulative shedding by own time: nodes (R, N), values and slopes there; and rates."""

    own: Floats
    sum: Floats
    slope: Floats
    rate: Floats  # (R,) cells a day for one cell to the power of the exponent
    gamma: Floats  # (R,) power of the pace, less 1


class Sites(NamedTuple):
    """Lesions by site, (J,)."""

    ratio: Floats
    apart: Floats  # logarithm of the largest ratio of one lesion over the middle one
    gone: Floats  # probability that nothing is left at the end of the early phase
    log_q: Floats  # of the geometric law of what is left
    asleep: Floats
    sleep_days: Floats
    secondary: Floats
    counted: Flags  # among the cells that kill together
    origin: Ints  # -1: sheds nothing
    groups: Ints  # (J, 3) groups that it is counted in


class Ways(NamedTuple):
    """Ways by origin: those of origin o are ``first[o]`` to ``first[o + 1]``."""

    first: Ints  # (O + 1,)
    route: Ints  # (W,)
    site: Ints
    clock: Longs  # address
    chance: Floats
    life: Ints  # which of the conditioned models


class Lives(NamedTuple):
    """Conditioned models, one after the other: states and exits of all."""

    state0: Ints  # (L,) first state of each
    start0: Ints  # (L + 1,) first start
    start_state: Words
    start_cumulative: Floats
    start_rare: Longs  # cumulative shares in parts of 2^64
    start_is_rare: Flags  # (L,)
    mean: Floats  # (S,) hours
    exit0: Ints  # (S + 1,)
    rare: Flags  # (S,)
    ends: Flags  # (S,) founded
    bound: Floats  # (E,)
    hazard: Floats
    target: Words  # within the model


class Patients(NamedTuple):
    """What differs between patients."""

    lower: Floats  # (F, F) of the correlations
    gamma: Flags  # (F,)
    spread: Floats
    on_growth: Flags  # (F,)
    on_route: Flags  # (F, R)
    on_site: Flags  # (F, J)
    subtype: Floats  # (K,) cumulative shares
    subtype_growth: Floats  # (K,)
    subtype_route: Floats  # (K, R)
    subtype_site: Floats  # (K, J)
    age_low: float  # years
    age_high: float
    other_rate: float  # a year at age 0; 0: nobody dies of other causes
    other_slope: float  # a year


class Rules(NamedTuple):
    """All that is read."""

    curve: Curve
    shed: Shed
    sites: Sites
    ways: Ways
    lives: Lives
    patients: Patients
    early: float  # own days of the early phase
    asleep_own: float  # own time at which lesions stop
    burden: float  # logarithm of cells
    horizon: float  # days
    times: Floats  # (T,) days
    sizes: Floats  # (X - 3,) own times at which lesions come to the sizes that are counted
    groups: int
    kinds: int  # the last so many groups have their numbers of lesions counted


class Lesions(NamedTuple):
    """Room for the lesions of one patient, (n,): the primary first."""

    identity: Longs
    parent: Ints
    way: Ints
    number: Ints  # of the founder on its clock
    site: Ints
    shed: Floats  # days
    founded: Floats
    pace: Floats
    anchor: Floats  # day at which own time began, or would have
    early: Floats  # cells at the end of the early phase; 0: gone
    asleep: Floats  # own time at which it stops; infinity: it does not
    slept: Floats  # days of sleep


class Scratch(NamedTuple):
    """Room for one patient."""

    route: Floats  # (R,) multipliers
    site: Floats  # (J,)
    normal: Floats  # (F,)
    trait: Floats  # (F,)
    total: Floats  # (R,) shed by the horizon
    uniform: Floats  # (most ways of an origin,)
    change: Ints  # (G, X, T + 1)
    begin: Ints  # (G, X) first time with a change; T: none
    course: Floats  # (5,) age at onset, day of death, cause, pace of the primary, subtype


class Out(NamedTuple):
    """Counts, added to."""

    total: Ints  # (G, X, T) lesions
    square: Ints  # (G, X, T) sums of squares of patients' numbers
    some: Ints  # (G, X, T) patients with any
    most: Ints  # (G, X, T) the largest number in one patient
    number: Ints  # (kinds, X, T, N) patients by number of lesions; the last: that many or more
    alive: Ints  # (T,)
    deaths: Ints  # (2, T + 1) by cause, by the first time at which the patient is dead
    short: Longs  # patients that need more room
    tally: Ints


def lesions_room(number: int) -> Lesions:
    """Room for so many lesions."""
    longs = {"parent", "way", "number", "site"}
    made = [np.zeros(number, np.int64 if name in longs else np.float64) for name in Lesions._fields[1:]]
    return Lesions._make([np.zeros(number, np.uint64), *made])


def scratch_of(rules: Rules) -> Scratch:
    """Room for one patient of a disease."""
    routes, sites, traits = len(rules.shed.rate), len(rules.sites.ratio), len(rules.patients.spread)
    most = int(np.diff(rules.ways.first).max())
    shape = (rules.groups, 3 + len(rules.sizes))
    return Scratch(
        np.ones(routes), np.ones(sites), np.zeros(traits), np.zeros(traits), np.zeros(routes), np.zeros(most),
        np.zeros((*shape, len(rules.times) + 1), np.int64), np.full(shape, len(rules.times), np.int64), np.zeros(5),
    )  # fmt: skip


def out_of(rules: Rules, patients: int, numbers: int) -> Out:
    """Counts of nobody; numbers of lesions up to ``numbers``."""
    shape = (rules.groups, 3 + len(rules.sizes), len(rules.times))
    return Out(
        np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int64),
        np.zeros((rules.kinds, *shape[1:], numbers + 1), np.int64), np.zeros(shape[2], np.int64),
        np.zeros((2, shape[2] + 1), np.int64), np.zeros(patients, np.uint64), np.zeros(3, np.int64),
    )  # fmt: skip
