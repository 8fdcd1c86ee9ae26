"""Answers with the uncertainty of the parameters: asked of the disease as it was fitted, and of draws from the fit.

Of n draws and the truth, all drawn alike, each has the same chance to be the least, or the greatest: between the k-th
and the (n + 1 - k)-th of the draws lies the truth with a probability of (n + 1 - 2 k) / (n + 1), whatever the law of
the answer.  39 draws and k = 1 give 95 %.  What a simulated answer counts by chance is in the draws, too, and makes the
interval wider.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, is_whole
from cascade.patient.cohort import cohort, patient_range
from cascade.patient.tables import WARNING

if TYPE_CHECKING:
    from cascade.patient.cohort import Cohort
    from cascade.patient.disease import Disease

LEVEL = 0.95
DRAWS = 39
"""The fewest that give 95 %."""

YEARS = 5, 10
"""Since diagnosis."""

Answer = Callable[["Disease"], Mapping[str, float]]


@dataclass(frozen=True)
class UncertainRow:
    """An answer as fitted, and where it lies over what the fit leaves open.

    Attributes
    ----------
    what : str
    value : float
        Of the disease as it was fitted.
    low, high : float
        Of the parameters' 95 % interval; not a number where a draw has no answer.
    """

    what: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Uncertain(Table[UncertainRow]):
    """Answers with the uncertainty of the parameters."""

    rows: tuple[UncertainRow, ...]
    draws: int
    label: str

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines = [
            [r.what, *(f"{x:.3g}" if math.isfinite(x) else "-" for x in (r.value, r.low, r.high))] for r in self.rows
        ]
        return ["answer", "as fitted", "low", "high"], lines

    @property
    def caption(self) -> str:
        """Of which disease."""
        return self.label

    @property
    def below(self) -> str:
        """What the interval holds, and what it does not."""
        return (
            f"{self.label}. Low and high: over {self.draws} draws of the fitted parameters, which hold the truth with"
            f" a probability of {LEVEL:g} if the rest of the disease is right; variants are not in it. {WARNING}"
        )


def uncertain(
    disease: Disease,
    answer: Answer | None = None,
    *,
    care: str | None = None,
    patients: int | range = 2_000,
    draws: int = DRAWS,
    seed: int = 1,
    progress: bool | None = None,
) -> Uncertain:
    """Answers of a disease, with the uncertainty of its fitted parameters.

    Parameters
    ----------
    disease : Disease
        With a calibration.
    answer : callable, optional
        From a disease to numbers by name. Default: what is found at diagnosis, and what becomes of the patients, of
        simulated patients under a care.
    care : str, optional
        Of the default answer: a care of the disease. Default: its first.
    patients : int or range
        Of the default answer, of each draw; the same numbers and the same seed throughout.
    draws : int
        At least 39: fewer give no interval of 95 %.
    seed : int
    progress : bool, optional
        Whether a bar is shown. Default: on a terminal.

    Returns
    -------
    Uncertain

    Raises
    ------
    InputError
        For a disease that was not fitted, or too few draws.

    Notes
    -----
    An interval by order statistics: right whatever the law of the answer. For research and teaching, never for
    decisions about a patient.
    """
    if not is_whole(draws) or draws < DRAWS:
        raise InputError("draws", draws, f"a whole number, at least {DRAWS}")
    label = f"Disease {disease.name}, seed {seed}"
    if answer is None:
        under = care if care is not None else next((one.name for one in disease.care), "none")
        disease.care_of(under)
        answer = partial(_simulated, care=under, patients=patients, seed=seed)
        label = f"Disease {disease.name}, care {under}, {len(patient_range(patients)):,} patients, seed {seed}"
    every, middle = disease.draws(draws, seed), answer(disease)
    shown = progress if progress is not None else sys.stderr is not None and sys.stderr.isatty()
    return Uncertain(_rows(middle, _asked(answer, every, shown=shown)), draws, label)


def _asked(answer: Answer, every: Sequence[Disease], *, shown: bool) -> list[Mapping[str, float]]:
    """The answers of the draws, with a bar."""
    from tqdm.auto import tqdm

    return [answer(one) for one in tqdm(every, unit="draw", leave=False, disable=not shown)]


def _rows(middle: Mapping[str, float], found: Sequence[Mapping[str, float]]) -> tuple[UncertainRow, ...]:
    """Each answer as fitted, and between the draws of two ranks."""
    draws = len(found)
    rank = max(1, int((draws + 1) * (1.0 - LEVEL) / 2.0))
    rows = []
    for what, value in middle.items():
        values = np.sort([float(one[what]) for one in found])
        # What has no answer in some draws may lie anywhere there.
        low, high = (math.nan, math.nan) if np.isnan(values).any() else (values[rank - 1], values[draws - rank])
        rows.append(UncertainRow(what, float(value), float(low), float(high)))
    return tuple(rows)


def _simulated(disease: Disease, care: str, patients: int | range, seed: int) -> Mapping[str, float]:
    return headlines(cohort(disease, patients=patients, seed=seed, care=care, progress=False))


def headlines(found: Cohort) -> dict[str, float]:
    """What is asked of every cohort under a care: at diagnosis, and by years after it."""
    follow = found.follow_up()
    sizes = next(iter(follow.size_and_age()))
    numbers = {
        "diagnosed": follow.diagnosed / found.patients,
        "diameter at diagnosis, median (mm)": sizes.median,
    }
    for row in follow.at_diagnosis():
        if row.group in ("N0", "seen and there", "hidden: there, not seen", "screening"):
            numbers[f"{row.what}: {row.group}"] = row.share
    for end in ("cumulative incidence of distant metastasis", "overall survival"):
        for year in follow.survival(end, years=YEARS):
            numbers[f"{end}, {year.years:g} years"] = year.share
    return numbers
