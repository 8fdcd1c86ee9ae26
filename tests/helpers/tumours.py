"""Diseases for tests, and patients run by the kernel."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import cascade
import cascade.kernel
import cascade.patient.kernel
from cascade.common.compiled import cached
from cascade.kernel.streams import key_of
from cascade.patient.disease import Disease
from cascade.patient.kernel import course
from cascade.patient.kernel.inputs import ROOM, Out, lesions_room, out_of, scratch_of
from cascade.patient.lowered import rules_of
from helpers.diseases import UNSEEN

DAYS = 365.25
NUMBERS = 32
YEARS = (2.0, 5.0, 8.0, 11.0, 14.0)
SIZES = (30.0, 3e4, 1e6, 5e8)
RARE = 25
"""Patients below whom a mean is not compared: it is not nearly normal; shares are, by the binomial law."""


@cache
def textbook() -> Disease:
    """The disease with round numbers, at which nobody looks."""
    text = (Path(cascade.__file__).parent / "catalog" / "diseases" / "textbook.toml").read_text(encoding="utf-8")
    return Disease.from_toml(text).with_(**UNSEEN)


def alike(disease: Disease, **fields: Any) -> Disease:
    """A disease of patients without traits who do not die."""
    lives = {"burden_cells": 1e15, "other": None}
    return disease.with_(**{"traits": (), "correlations": (), "death": lives} | fields)


def simulated(
    disease: Disease, years: tuple[float, ...], sizes: tuple[float, ...], patients: int, seed: int = 1
) -> Out:
    """Counts over patients by the kernel, all of whom find room."""
    rules = rules_of(disease, max(years), years, sizes)
    out, stop = out_of(rules, patients, NUMBERS), np.zeros(1, np.uint8)
    run = cached(course.run, cascade.kernel, cascade.patient.kernel)
    nobody = np.empty(0, np.uint64)
    run(rules, key_of(seed), np.uint64(0), patients, nobody, lesions_room(8192), scratch_of(rules), stop, out)
    assert out.tally[ROOM] == 0
    return out


def plain() -> Disease:
    return alike(textbook())


def shedding() -> Disease:
    """Lesions shed as the primary does, all of them sooner."""
    return alike(
        textbook(),
        efficiency=2e-5,
        lesions={"secondary": 1.0, "growth_ratio": 2.5, "organs": {"bone": {"growth_ratio": 1.0, "asleep": 0.6}}},
    )


def barren() -> Disease:
    """No lesion sheds."""
    return alike(textbook(), efficiency=1e-4, lesions={"secondary": 0.0})


def days(years: tuple[float, ...]) -> list[float]:
    return [year * DAYS for year in years]
