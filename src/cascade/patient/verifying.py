"""Saved cohorts recomputed: whether a file holds what its recipe makes.

A cohort keeps what its patients add up to, and none of them.  So one of up to two hundred thousand is run again as a
whole, and every count compared; of a larger one random parts are, and their counts compared by chance, as those of
cells are (``cascade.runs.verifying``), a patient being counted once in each.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Ints
from cascade.common.version import STREAM_VERSION
from cascade.engine.executor import Progress
from cascade.patient.cohort import Cohort, cohort
from cascade.patient.saved import open_cohort
from cascade.runs.verifying import BY_CHANCE, log_chances

WHOLE = 200_000
"""Patients up to which a cohort is recomputed as a whole."""

SPANS, SPAN = 8, 10_000
"""Of a larger cohort: random parts, and patients of each."""

ONCE, ONCE_FOLLOWED = ("some", "alive", "deaths", "number"), ("left", "stage", "size", "age")
"""Counts in each entry of which a patient is at most once: of all, and of those who were diagnosed."""


@dataclass(frozen=True)
class VerifiedCohort:
    """What was recomputed of a saved cohort.

    Attributes
    ----------
    path : str
    patients : int
        That were run again.
    of : int
    whole : bool
        Whether all were: then every count was compared, else by chance those of patients.
    seed : int
        Of the choice of the parts.
    """

    path: str
    patients: int
    of: int
    whole: bool
    seed: int

    def __str__(self) -> str:
        if self.whole:
            return f"{self.path}: all {self.of:,} patients were run again, and every count is the same"
        return (
            f"{self.path}: {self.patients:,} of {self.of:,} patients, in {SPANS} random parts (chosen by {self.seed}),"
            " were run again, and no count of patients in the file is more or less than chance allows by what was"
            " counted there"
        )


def verify_cohort(path: str | Path, *, seed: int | None = None, progress: Progress = None) -> VerifiedCohort:
    """Recompute a saved cohort, as a whole or in random parts, and say that it is the same.

    Parameters
    ----------
    path : str or Path
        Of a cohort.
    seed : int, optional
        Which parts of a large cohort; drawn if not given.
    progress : bool or callable, optional
        As for ``cascade.cohort``.

    Raises
    ------
    InputError
        When what is recomputed is not what the file holds.
    """
    held = open_cohort(path)
    whole = held.patients <= WHOLE
    seed = 0 if whole else secrets.randbits(32) if seed is None else seed
    spans = [range(*ends) for ends in held.ranges] if whole else _spans(held, np.random.default_rng(seed))
    again: Cohort | None = None
    for span in spans:
        part = _run(held, span, progress)
        again = part if again is None else again.merge(part)
    assert again is not None  # there is at least one patient
    if whole:
        same = again.counts == held.counts and again.followed == held.followed
        unlike = "" if same else "its counts differ"
    else:
        unlike = _unlike(held, again)
    if unlike:
        streams = held.versions["streams"]
        of = "" if streams == STREAM_VERSION else f" (it is of streams {streams}, and these are {STREAM_VERSION})"
        raise InputError("file", str(path), f"a cohort that comes to the same again: {unlike}{of}")
    return VerifiedCohort(str(path), again.patients, held.patients, whole, seed)


def _run(held: Cohort, span: range, progress: Progress) -> Cohort:
    return cohort(
        held.disease, patients=span, seed=held.seed, care=held.care, until_years=held.years, times=held.times,
        sizes_mm=held.sizes_mm, progress=progress,
    )  # fmt: skip


def _spans(held: Cohort, rng: np.random.Generator) -> list[range]:
    """Random parts of a cohort, no patient in two of them."""
    every = [range(begin, min(begin + SPAN, stop)) for start, stop in held.ranges for begin in range(start, stop, SPAN)]
    return [every[i] for i in sorted(rng.choice(len(every), min(SPANS, len(every)), replace=False).tolist())]


def _pairs(held: Cohort, again: Cohort) -> Iterator[tuple[str, Ints, Ints]]:
    """Counts of patients, by name: in all, and in those who were run again."""
    for name in ONCE:
        yield name, getattr(held.counts, name), getattr(again.counts, name)
    if held.followed is not None:
        for name in ONCE_FOLLOWED:
            yield name, getattr(held.followed, name), getattr(again.followed, name)


def _unlike(held: Cohort, again: Cohort) -> str:
    """Where more or fewer patients are counted than chance allows, if anywhere: the least likely of all counts."""
    least, where, tests = 0.0, "", 0.0
    for name, whole, part in _pairs(held, again):
        tests += 2.0 * whole.size
        chance = log_chances(whole, part, again.patients / held.patients, 1.0)
        if whole.size and chance.min() < least:
            at = np.unravel_index(int(np.argmin(chance)), whole.shape)
            least = float(chance[at])
            counted = f"{part[at]:,} in {again.patients:,} that were run again, {whole[at]:,} in all {held.patients:,}"
            where = f"{name!r} of patients: {counted}"
    return where if math.log(tests) + least < math.log(BY_CHANCE) else ""
