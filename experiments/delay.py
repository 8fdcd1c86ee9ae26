"""A few months between the symptoms of breast cancer and its treatment: what they do to survival (Richards 1999).

Of 53,912 women in 38 studies those who waited three to six months died within five years at 1.24 times the odds of
those who waited less (95 % 1.17 to 1.30), and those who waited three months and more at 1.47 times (1.42 to 1.53).
Here the same patients are treated 45, 135 and 270 days after their symptoms (the middle of the first two classes; how
long the last is on average was not told: a guess), and survival runs from then, as in most of the studies, whatever
its cause: who dies before it is not asked.  All are asked who had symptoms, also those of a metastasis, whose
treatment does not wait.  Nobody is screened.  Women who wait are others than those who do not, in the studies alone:
their tumours may be slower.

Naive comparator, size alone: what a logistic curve of death by size, fitted to the women who wait least, says of the
sizes to which the tumours grow.

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
from _ranked import COMPARED, logistic
from _registers import Calibration, register_of
from _report import Row
from cascade.patient.follow.register import Register
from surgery_a_year_earlier import grown_by

SHORT, THREE_TO_SIX, LONG = 45.0, 135.0, 270.0
"""Days from symptoms to surgery."""

OBSERVED = {THREE_TO_SIX: 1.24, LONG: 1.47}
YEARS, DAYS = 5.0, 365.25
SOURCE = "Richards 1999 (53,912 women in 38 studies): B"


def named(days: float) -> str:
    """The care with surgery so many days after the symptoms."""
    return f"surgery after {days:g} days"


def waiting(disease: cascade.Disease) -> cascade.Disease:
    """The disease with a care for each delay, of an era without screening."""
    first, cares = disease.care_of("surgery"), []
    assert first.surgery is not None
    for days in (SHORT, *OBSERVED):
        operation = first.surgery.model_copy(update={"delay_days": days})
        cares.append(first.model_copy(update={"name": named(days), "surgery": operation}))
    return disease.with_(care=cares, presentation={"screening": []}, autopsy=None, calibration=None, variants=())


def dies(r: Register, of: np.ndarray, begin: float) -> np.ndarray:
    """Who of some patients dies within five years of a day after symptoms; who is dead by then is not asked."""
    left = since_diagnosis(r, r.death)[of] - begin / DAYS
    return np.asarray(left[left >= 0.0] < YEARS)


def odds(share: float) -> float:
    """Of a share."""
    return share / (1.0 - share)


def asked(given: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    disease = waiting(given)
    registers = {days: register_of(disease, named(days), plan) for days in (SHORT, *OBSERVED)}
    soon = registers[SHORT]
    of = soon.mode > 0
    share = {days: float(dies(r, of, days).mean()) for days, r in registers.items()}
    # Survival of the same women from their symptoms on: what waiting does, without the later beginning of the clock.
    from_symptoms = {days: float(dies(r, of, 0.0).mean()) for days, r in registers.items()}
    then = {days: since_diagnosis(r, r.death)[of] >= days / DAYS for days, r in registers.items()}
    sizes = {days: np.log(grown_by(disease, soon, of, days)[there]) for days, there in then.items()}
    a, b = logistic(sizes[SHORT], dies(soon, of, SHORT).astype(float))
    said = {days: float(expit(a + b * mm).mean()) for days, mm in sizes.items()}
    rows = [Row("dead within five years of surgery soon after symptoms", "predicted", None, share[SHORT], None)]
    for days, observed in OBSERVED.items():
        gone = float(1.0 - then[days].mean())
        rows.append(Row(f"dead before surgery after {days:g} days", "predicted", None, gone, None))
        name = f"odds of death within five years, {days:g} days over {SHORT:g}"
        rows += [
            Row(name, "predicted", observed, odds(share[days]) / odds(share[SHORT]), None, SOURCE, unit="ratio"),
            Row(f"{name}, size alone says", COMPARED, None, odds(said[days]) / odds(said[SHORT]), None, unit="ratio"),
            Row(f"{name}, counted from symptoms", "predicted", None,
                odds(from_symptoms[days]) / odds(from_symptoms[SHORT]), None, unit="ratio"),
        ]  # fmt: skip
    return rows


if __name__ == "__main__":
    sys.exit(whole("delay", __doc__, 40_000, 1999, asked))
