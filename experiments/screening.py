"""Mammography every two years from 50 to 70: lead time, sizes, stages, and what would never have been found.

The same patients, numbered, live once where nobody is screened and once where three in four come (with deaths of other
causes): whoever is diagnosed in both is diagnosed so many years earlier; whoever is found by screening, and in the
other world died before anything was noticed, is over-diagnosed, of no other cause than a rival death.  Sizes were read
of screened women of other places (found by screening 12 to 15 mm, outside 20 to 21 mm; 32 mm before there was any);
mean time from screen-detectable to symptoms of 3.3 years (PT06) is recalled: orientation alone.  Sizes with screening
have exact answers, of women whom no lesion but the primary kills before diagnosis; those without would take as long
again.

Naive comparator, size at diagnosis alone: by how many doublings what screening finds is smaller, times the mean
doubling time at that size, as if screening found an average tumour, only earlier.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np

import cascade
from _draws import whole
from _registers import Calibration, register_of
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES, MODES
from cascade.patient.known import diameters

AGES = (50, 55), (55, 60), (60, 65), (65, 71)
SYMPTOMS, SCREENING = (1 + MODES.index(mode) for mode in ("symptoms", "screening"))


def large(disease: cascade.Disease, r: Register) -> float:
    """Share of the diagnosed with more than 20 mm, or a positive node."""
    some = (r.mode > 0) & (r.nodes_positive >= 0)
    return float(((diameters(disease, r) > 20.0) | (r.nodes_positive > 0))[some].mean())


def exactly(disease: cascade.Disease) -> tuple[float, ...]:
    """Medians of the diameters that are found by symptoms and by screening; the share that is found by screening."""
    answer = cascade.exact(disease).diagnosed("surgery")
    sizes = answer.size_mm.value[[SYMPTOMS, SCREENING], 2]
    return float(sizes[0]), float(sizes[1]), float(answer.modes.value[SCREENING - 1])


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    as_fitted = disease == cascade.disease("breast")  # not a draw of its fit, each of which would take as long
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    by_symptoms, by_screening, share = exactly(disease) if as_fitted else (None,) * 3
    invited = register_of(disease, "surgery", plan)
    alone = register_of(disease.with_(presentation={"screening": []}), "surgery", plan)
    found = invited.mode == SCREENING
    both = found & (alone.mode > 0)
    lead = (alone.diagnosed - np.where(invited.mode > 0, invited.diagnosed, 0.0))[both]
    never = found & (alone.mode == 0)
    at = invited.age + np.where(found, invited.diagnosed, 0.0)
    by_age = {f"{low} to {high}": found & (at >= low) & (at < high) for low, high in AGES}
    sizes, before = diameters(disease, invited), diameters(disease, alone)
    pace = next(i for i, trait in enumerate(disease.traits) if "growth" in trait.acts_on)
    interval = (invited.mode == SYMPTOMS) & (invited.negative_screens > 0)
    doublings = 3.0 * np.log2(np.median(before[alone.mode == SYMPTOMS]) / np.median(sizes[found]))
    growth = disease.tumour.growth
    slow_at = np.diff([float(growth.days(n)[0]) for n in disease.cells_of(15.0) * np.array([1.0, 2.0])])[0] / 365.25
    dead = {
        name: float((r.cause == 1 + CAUSES.index("tumour")).mean()) for name, r in (("no", alone), ("with", invited))
    }
    slow, fast = (float(invited.traits[some, pace].mean()) for some in (found, interval))
    sized = {"found": sizes[found], "symptoms": sizes[invited.mode == SYMPTOMS], "before": before[alone.mode > 0]}
    median = {name: float(np.median(of)) for name, of in sized.items()}
    said = "predicted"
    return [
        Row("mm, found by screening, median", "looked at", 13.5, median["found"], by_screening,
            "Basel 12, Finland 15: B"),
        Row("mm, found by symptoms beside it, median", "looked at", 20.5, median["symptoms"], by_symptoms,
            "Basel 21, Finland 20: B"),
        Row("mm, no screening, median", "looked at", 32.0, median["before"], None, "Finland 1977-86: B"),
        Row("found by screening, of the diagnosed", said, None, float(found.sum() / (invited.mode > 0).sum()), share),
        Row("larger than 20 mm or with nodes, no screening", said, None, large(disease, alone), None),
        Row("larger than 20 mm or with nodes, with screening", said, None, large(disease, invited), None),
        Row("years earlier, of those found by screening, mean", "looked at; recalled (D)", 3.3,
            float(lead.mean()), None, "PT06"),
        Row("years earlier, median", said, None, float(np.median(lead)), None),
        Row("years earlier, size alone says", "naive comparator", None, float(doublings * slow_at), None),
        Row("pace, found by screening (mean of all is 1)", said, None, slow, None),
        Row("pace, found between screens", said, None, fast, None),
        Row("over-diagnosed, of those found by screening", said, None, float(never.sum() / found.sum()), None),
        *(
            Row(f"over-diagnosed, found at {ages}", said, None, float((never & of).sum() / of.sum()), None)
            for ages, of in by_age.items()
        ),
        Row("dead of the tumour, of all patients, no screening", said, None, dead["no"], None),
        Row("dead of the tumour, of all patients, with screening", said, None, dead["with"], None),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(whole("screening", __doc__, 40_000, 1985, asked))
