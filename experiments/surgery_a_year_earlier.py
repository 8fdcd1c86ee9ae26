"""The same patients, operated 30 and 395 days after diagnosis: for how many a year matters.

A metastasis that is there already is not undone by surgery: only what would have been shed in that year is prevented.
So most who relapse do so either way, and most who stay free would have.  Patients are numbered: the
same cells are shed until the first surgery, and each patient is compared with herself.  Nobody dies here but of a
primary that is not taken out in time, which counts as spread.

Naive comparator, size alone: the share that has spread at the size at which the tumour was, and at the size to which it
grew in the year, by the logistic curve of E46 whose slope is fitted to the simulated patients.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np
from scipy.special import expit

import cascade
from _clock import since_diagnosis
from _draws import whole
from _ranked import logistic
from _registers import Calibration, register_of
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.known import diameters

LATER = 365.0
YEARS = 20.0


LATER_HELPS = "free only with the later surgery"


def grown_by(disease: cascade.Disease, r: Register, some: np.ndarray, days: float) -> np.ndarray:
    """Diameters of some patients so many days after diagnosis, were nothing done, in mm."""
    growth = disease.tumour.growth
    pace = r.traits[some, next(i for i, t in enumerate(disease.traits) if "growth" in t.acts_on)]
    kinds = np.array([subtype.growth for subtype in disease.subtypes])[r.subtype[some]]
    grown = growth.size(growth.days(r.cells[some]) + days * pace * kinds)
    return np.asarray(diameters(disease, r)[some] * (grown / r.cells[some]) ** (1.0 / 3.0))


def asked(given: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    first = next(care for care in given.care if care.name == "surgery")
    assert first.surgery is not None
    waits = first.surgery.model_copy(update={"delay_days": first.surgery.delay_days + LATER, "again": None})
    disease = given.with_(
        care=[first, first.model_copy(update={"name": "a year later", "surgery": waits})],
        presentation={"screening": []}, autopsy=None,
        death={"other": None, "burden_cells": 1e15, "primary_cells": 5e11, "organs": {}}, calibration=None, variants=(),
    )  # fmt: skip
    early, late = (register_of(disease, care, plan) for care in ("surgery", "a year later"))
    some = (early.mode > 0) & (early.metastasis_seen == 0)
    assert np.array_equal(early.diagnosed[some], late.diagnosed[some])
    # Who dies of the primary while waiting for surgery is lost, too.
    spread = [(since_diagnosis(r, np.minimum(r.distant, r.death)) <= YEARS)[some] for r in (early, late)]
    mm, later = (grown_by(disease, early, some, days) for days in (0.0, LATER))
    a, b = logistic(np.log(mm), spread[0].astype(float))
    naive = float((expit(a + b * np.log(later)) - expit(a + b * np.log(mm))).mean())
    rows = [
        Row("distant metastasis within 20 years", "predicted", None, float(spread[0].mean()), None),
        Row(
            "distant metastasis within 20 years, surgery a year later", "predicted", None, float(spread[1].mean()), None
        ),
        Row("more, of all, by a year", "predicted", None, float(spread[1].mean() - spread[0].mean()), None),
        Row("more, of all, size alone says", "naive comparator", None, naive, None),
        Row("spread either way", "predicted", None, float((spread[0] & spread[1]).mean()), None),
        Row("free either way", "predicted", None, float((~spread[0] & ~spread[1]).mean()), None),
        Row("free only with the earlier surgery", "predicted", None, float((~spread[0] & spread[1]).mean()), None),
        Row(LATER_HELPS, "check", None, float((spread[0] & ~spread[1]).mean()), None),
    ]
    for low, high in ((5.0, 10.0), (10.0, 20.0), (20.0, 30.0), (30.0, 50.0)):
        of = (mm >= low) & (mm < high)
        more = float(spread[1][of].mean() - spread[0][of].mean())
        rows.append(Row(f"more by a year, {low:g} to {high:g} mm", "predicted", None, more, None))
    return rows


def helped(rows: list[Row]) -> list[str]:
    """Whether a later surgery keeps patients free: more than a few, who are seen about the twentieth year."""
    share = next(row.value or 0.0 for row in rows if row.name == LATER_HELPS)
    return ["patients whom a later surgery keeps free"] if share > 0.001 else []


if __name__ == "__main__":
    sys.exit(whole("surgery_a_year_earlier", __doc__, 40_000, 1894, asked, wrong=helped))
