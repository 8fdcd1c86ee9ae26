"""Patients at diagnosis, counted: stage, age, size, sites, screens before it; numbers that add up over chunks."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from cascade.common.types import Floats, Ints
from cascade.patient.follow.months import groups_of
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import MODES, N, T

LEAST_MM, MOST_MM, STEP = 1e-3, 1e4, 0.01
"""Bins of diameters: from, to, and their width on a natural log scale."""

SIZES = math.ceil(math.log(MOST_MM / LEAST_MM) / STEP)

OLDEST = 150
"""Ages are counted by whole years; who is older counts with this one."""

SCREENS = 64
"""Negative screens are counted one by one; who has more counts with this number."""


class Seeded(NamedTuple):
    """Distant metastases that are there at diagnosis, summed over patients: the early ones, all, and products.

    Early ones were shed before the primary could be seen.
    """

    early: int
    every: int
    early_early: int
    early_every: int
    every_every: int
    with_early: int
    with_any: int


def size_bin(mm: Floats) -> Ints:
    """Bins of diameters, (n,)."""
    place = np.floor(np.log(np.maximum(mm, LEAST_MM) / LEAST_MM) / STEP)
    return np.minimum(place, SIZES - 1).astype(np.int64)


def size_bounds() -> Floats:
    """Bounds of the bins of diameters in millimetres, (SIZES + 1,)."""
    return np.asarray(LEAST_MM * np.exp(STEP * np.arange(SIZES + 1)))


def at_diagnosis(register: Register) -> dict[str, Ints]:
    """Numbers of patients at diagnosis.

    Parameters
    ----------
    register : Register
        Of diagnosed patients alone.

    Returns
    -------
    stage : (modes, T, N, 2, 2) int
        By mode, categories, whether a metastasis was seen, and whether one is there.
    size : (modes, SIZES) int
        By diameter of the primary.
    age : (modes, OLDEST + 1) int
        By age in whole years.
    screens : (modes, SCREENS + 1) int
        By number of screening visits without a finding.
    at_sites : (J, 2, 2) int
        Of each site, whether a lesion was seen there by the day of diagnosis, and whether one is there.
    seeded : (7,) int
        See ``Seeded``.
    most_seeded : (1,) int
        The most metastases that one patient has at diagnosis.
    """
    groups, scheme = groups_of(register), register.scheme
    mode, seen, there = groups["mode"], register.metastasis_seen, register.metastasis_there.astype(np.int64)
    age = np.floor(register.age + register.diagnosed).clip(0, OLDEST).astype(np.int64)
    sites = np.zeros((len(scheme.sites), 2, 2), np.int64)
    for j in range(len(scheme.sites)):
        known = (register.seen_at[:, j] <= register.diagnosed).astype(np.int64)
        sites[j] = _table((known, (register.there[:, j] > 0).astype(np.int64)), (2, 2))
    early, every = register.seeded_early, register.seeded
    sums = Seeded(
        *(int(x.sum()) for x in (early, every, early * early, early * every, every * every, early > 0, every > 0))
    )
    modes = len(MODES)
    return {
        "stage": _table((mode, groups["T"], groups["N"], seen, there), (modes, len(T), len(N), 2, 2)),
        "size": _table((mode, size_bin(scheme.mm(register.cells))), (modes, SIZES)),
        "age": _table((mode, age), (modes, OLDEST + 1)),
        "screens": _table((mode, np.minimum(register.negative_screens, SCREENS)), (modes, SCREENS + 1)),
        "at_sites": sites,
        "seeded": np.array(sums, np.int64),
        "most_seeded": np.array([every.max(initial=0)], np.int64),
    }


def autopsies(register: Register) -> Ints:
    """Of each site, whether the autopsy sees a lesion there, and whether one is there: (J, 2, 2) patients.

    Parameters
    ----------
    register : Register
        Of those who are opened.
    """
    sites = np.zeros((len(register.scheme.sites), 2, 2), np.int64)
    for j in range(len(sites)):
        seen, there = (part[:, j] > 0 for part in (register.autopsied, register.at_death))
        sites[j] = _table((seen.astype(np.int64), there.astype(np.int64)), (2, 2))
    return sites


def _table(places: tuple[Ints, ...], shape: tuple[int, ...]) -> Ints:
    """How many patients are in each cell of a table."""
    at = np.ravel_multi_index(places, shape)
    return np.bincount(at, minlength=math.prod(shape)).reshape(shape).astype(np.int64)
