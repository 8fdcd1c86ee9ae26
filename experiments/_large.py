r"""Tumours larger than almost all are when they are found: shares by size from patients whose symptoms come later.

Of ten thousand tumours three are found above 65 mm, so that a share there would be read off a handful.  A second cohort
has a hazard of symptoms c times as high; a tumour that is found by symptoms in it stands for

    exp(-(1 - c) H) / c        of those of the disease, H its cumulative hazard when it is found,

which is the ratio of the densities of being found then.  Per unit of the tumour's own time the hazard is that of its
size, so with pace s, and n(t) the common curve,

    H = per_year / s  int (n(t) / n(at_mm))^exponent dt        from the least size with symptoms on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

import cascade
from _clock import by, since
from _registers import Calibration, Seen, register_of
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import MODES
from cascade.patient.known import diameters
from cascade.patient.variants import changed

LATER = 0.2
"""c."""

WIDTH = 1.15
"""A size is one within a factor of it."""

YEAR = 365.25
BATCHES = 10


def cumulative(disease: cascade.Disease, r: Register) -> np.ndarray:
    """The cumulative hazard of symptoms of each primary when it was found."""
    symptoms, growth = disease.presentation.primary, disease.tumour.growth
    least = float(growth.days(disease.cells_of(symptoms.least_mm))[0])
    days = growth.days(np.maximum(r.cells, 1.0))
    shed = np.asarray(growth.shed(np.append(days, least), symptoms.exponent))
    common = np.maximum(shed[:-1] - shed[-1], 0.0) / disease.cells_of(symptoms.at_mm) ** symptoms.exponent
    return np.asarray(symptoms.per_year / YEAR * common / pace(disease, r))


def pace(disease: cascade.Disease, r: Register) -> np.ndarray:
    """Of growth of each primary."""
    own = np.ones(len(r.cells))
    for i, trait in enumerate(disease.traits):
        if "growth" in trait.acts_on:
            own = own * r.traits[:, i]
    kinds = np.array([subtype.growth for subtype in disease.subtypes] or [1.0])
    return np.asarray(own * kinds[r.subtype])


def found_late(disease: cascade.Disease, plan: Calibration, c: float = LATER) -> tuple[Register, np.ndarray]:
    """Patients of an era without screening whose symptoms come later, and what each stands for."""
    place = "presentation.primary.per_year"
    era = disease.with_(death={"other": None}, presentation={"screening": []}, autopsy=None)
    r = register_of(changed(era, {place: c * disease.presentation.primary.per_year}), "surgery", plan)
    felt = r.mode == 1 + MODES.index("symptoms")
    weights = np.where(felt, np.exp(-(1.0 - c) * cumulative(disease, r)) / c, 0.0)
    return r, weights


def shares_at(seen: Seen, asked: dict[str, Any], patients: int) -> tuple[float, float]:
    """Of tumours found by symptoms at a size, those in which a distant metastasis is seen within some years; its error.

    The error is that of counting so many patients, by batches of them.
    """
    return share_of(found_late(seen.disease, replace(seen.calibration, patients=patients)), seen, asked)


def share_of(found: tuple[Register, np.ndarray], seen: Seen, asked: dict[str, Any]) -> tuple[float, float]:
    """The share and its error among tumours of a size, of patients who stand for as many as their weights say."""
    r, weights = found
    mm, near = diameters(seen.disease, r), asked["at_mm"]
    weights = np.where((mm > near / WIDTH) & (mm < near * WIDTH), weights, 0.0)
    spread = by(since(r, r.distant), asked["within_years"])
    batch = np.arange(len(mm)) * BATCHES // len(mm)
    whole = np.bincount(batch, weights, minlength=BATCHES)
    part = np.bincount(batch, weights * spread, minlength=BATCHES)
    share = float(part.sum() / whole.sum()) if whole.sum() > 0 else float("nan")
    error = np.sqrt(BATCHES / (BATCHES - 1) * np.sum((part - share * whole) ** 2)) / max(whole.sum(), 1e-300)
    return share, float(error)
