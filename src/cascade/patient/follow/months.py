"""Diagnosed patients counted by the month in which they leave a follow-up, and why: numbers that add up over chunks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cascade.common.types import Floats, Ints, Mask
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import AGES, MONTHS, T_MM

TRACKS = ("death", "distant", "distant, true", "recurrence", "recurrence, true")
"""What is waited for; *true* were one to look every day."""

EVENT, COMPETING, CENSORED = range(3)
"""Why a patient leaves a track.  Of "death" the event is death of the tumour, and the competing one of other causes; of
all others the event is what is waited for, and the competing one is death of whatever cause before it."""

AMONG = ("all diagnosed", "no metastasis seen")
"""Who is followed: all; those in whom no metastasis was seen at diagnosis."""

ROUNDING = 1e-6
"""Of a month: a visit after whole years is not one in the next month because two doubles were subtracted."""


class Left(NamedTuple):
    """When patients leave a track, and why.

    Attributes
    ----------
    month : (n,) int
        Since diagnosis: m for a time in (m - 1, m] months, 0 for the day of diagnosis.
    why : (n,) int
        ``EVENT``, ``COMPETING`` or ``CENSORED``.
    """

    month: Ints
    why: Ints


def months_since(diagnosed: Floats, when: Floats) -> Ints:
    """Whole months since diagnosis, as registries record them: m for a time in (m - 1, m] months.

    Parameters
    ----------
    diagnosed, when : (n,) float
        Years; ``when`` is finite and not before ``diagnosed``.
    """
    return np.ceil(MONTHS * (when - diagnosed) - ROUNDING).clip(0.0).astype(np.int64)


def left(register: Register, track: str) -> Left:
    """When and why diagnosed patients leave a track; all rows of the register must be of diagnosed ones."""
    if track == "death":
        tumour = register.cause == 1
        death = np.where(tumour, register.death, np.inf), np.where(tumour, np.inf, register.death)
        return first_of(register, *death)
    return first_of(register, _awaited(register, track), register.death)


def first_of(register: Register, event: Floats, competing: Floats) -> Left:
    """Which comes first: the event (also on the day of what competes), what competes, or the end.

    Patients are followed for whole months: what comes in the month in which a follow-up ends is not counted.  Else
    those who leave within a month would be counted as at risk for all of it, and hazards told too low.
    """
    when, why = np.minimum(event, competing), np.where(event <= competing, EVENT, COMPETING)
    seen = when <= register.end
    month = months_since(register.diagnosed, np.where(seen, when, register.end))
    last = np.floor(MONTHS * (register.end - register.diagnosed) + ROUNDING).astype(np.int64)
    seen &= month <= last
    return Left(np.where(seen, month, last), np.where(seen, why, CENSORED))


def _awaited(register: Register, track: str) -> Floats:
    """When what a track waits for was first seen."""
    distant = register.distant_true if track.endswith("true") else register.distant
    return np.minimum(distant, register.local) if track.startswith("recurrence") else distant


def groups_of(register: Register) -> dict[str, Ints]:
    """The group of each patient, by what patients are told apart by: places in ``scheme.groups``, (n,) each."""
    scheme, nodes = register.scheme, register.nodes_positive
    seen, there = register.metastasis_seen > 0, register.metastasis_there
    cells = [scheme.cells_of(mm) for mm in T_MM]
    made = {
        "all": np.zeros(len(register), np.int64),
        "T": np.searchsorted(cells, register.cells, side="left"),  # as large as the bound is still below it
        "N": np.select([nodes < 0, nodes == 0, nodes <= 3], [3, 0, 1], 2),
        "metastasis": seen.astype(np.int64),
        "hidden": np.where(seen, 2, there.astype(np.int64)),
        "mode": register.mode - 1,
        "age": np.searchsorted(AGES, register.age + register.diagnosed, side="right"),
        "subtype": register.subtype,
    }
    for name, cuts, values in zip(scheme.traits, scheme.cuts, register.traits.T, strict=True):
        made[f"trait.{name}"] = np.searchsorted(cuts, values, side="right")
    return {name: np.asarray(made[name], np.int64) for name in scheme.groups}


def by_month(register: Register) -> dict[str, Ints]:
    """Numbers of diagnosed patients by group and month, and by site and month.

    Parameters
    ----------
    register : Register
        Of diagnosed patients alone.

    Returns
    -------
    left : (AMONG, TRACKS, 3, groups, months + 1) int
        Patients who leave a track, by why and when.
    sites : (J, 3, months + 1) int
        All diagnosed: when a lesion of a site was first seen, death before it, neither.
    """
    scheme = register.scheme
    months, groups = scheme.months + 1, groups_of(register)
    counts = np.zeros((len(AMONG), len(TRACKS), 3, scheme.strata, months), np.int64)
    among: tuple[Mask, ...] = (np.ones(len(register), np.bool_), register.metastasis_seen == 0)
    for i, track in enumerate(TRACKS):
        when = left(register, track)
        for j, chosen in enumerate(among):
            for name, place in scheme.places.items():
                shape = (3, place.stop - place.start, months)
                at = np.ravel_multi_index((when.why[chosen], groups[name][chosen], when.month[chosen]), shape)
                counts[j, i, :, place] = np.bincount(at, minlength=int(np.prod(shape))).reshape(shape)
    sites = np.zeros((len(scheme.sites), 3, months), np.int64)
    for j in range(len(scheme.sites)):
        when = first_of(register, register.seen_at[:, j], register.death)
        at = np.ravel_multi_index((when.why, when.month), (3, months))
        sites[j] = np.bincount(at, minlength=3 * months).reshape(3, months)
    return {"left": counts, "sites": sites}
