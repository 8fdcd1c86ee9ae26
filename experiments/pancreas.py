"""Pancreatic cancer: the clock of Yachida 2010 and the patients of Haeno 2012 (E58 to E60).

There is no disease "pancreas" in the package: nodes, shedding and presentation have no sources good enough.  The one
that is made here has what was read: primaries that double in 93 days at 29 mm (mean 132, standard deviation 132:
log-normal), found at 35 mm, with a metastasis seen in 38.5 % (Haeno's table, 96 of 101 patients of an autopsy
programme); who has none that is seen and is not operated lives 11.9 months.  Three numbers are fitted to these three
rows: the hazard of symptoms, the efficiency, and the size of the primary that kills.  Laws of growth have the measured
pace at the measured size; how much faster lesions grow was not read, so that it is a map.  (As fast as primaries they
cannot be: one that is seen at diagnosis would have to be seeded by a tumour of a few cells.)

Predicted: months that patients live (metastasis seen; operated), metastases that nobody
sees at diagnosis, and the clock: years from the first cell to the first founder of a metastasis, and from it to death,
beside Yachida's five and two years or more.  Yachida's clock counts from clones, not from cells: his founder is the
first cell here, his metastatic clone, at the earliest, the first founder.

Naive comparator: size alone.  Were metastasis a matter of size, those without any would have the smaller tumours:
Haeno's medians are 33 and 40 mm.  For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
import sys
from dataclasses import replace

import numpy as np

import cascade
from _clock import since_diagnosis
from _organs import distant_in
from _ranked import COMPARED, concordance
from _registers import Calibration, register_of
from _report import Row, arguments, finished, noting, own_folder
from cascade.patient.follow.register import Register
from cascade.patient.known import diameters

AT_MM, MEAN_DAYS, DEVIATION = 29.0, 132.3, 132.1
SPREAD = math.sqrt(math.log1p((DEVIATION / MEAN_DAYS) ** 2))
DAYS = MEAN_DAYS * math.exp(-0.5 * SPREAD**2)
"""Median doubling time of primaries of ``AT_MM``."""

FOUND_MM, SEEN = 35.0, 37 / 96
LARGEST = 1e12
ROUNDS = 7
OF_ROUNDS = 1_500
"""Patients of each round of the fit."""

ALONE_MONTHS = 11.9
MAPPED = (("gompertz", 1.5), ("gompertz", 2.5), ("logistic", 2.5))
MONTHS = 12.0
MOST_STEP = 5.0


def law_of(name: str) -> dict[str, object]:
    """A growth law with the measured pace at the measured size."""
    cells = math.pi / 6.0 * (AT_MM / 10.0) ** 3 * 1e9
    if name == "gompertz":
        return {"law": name, "doubling_days": DAYS * (1.0 - math.log(cells) / math.log(LARGEST)), "largest": LARGEST}
    slower = 1.0 - (cells / LARGEST) ** 0.25
    return {"law": "logistic", "doubling_days": DAYS * slower, "largest": LARGEST}


def disease_of(law: str, ratio: float, per_year: float, efficiency: float, lethal: float) -> cascade.Disease:
    """Pancreatic cancer, as far as it was read."""
    seen = {"half_mm": 7.5}
    return cascade.Disease(
        name="pancreas", cells="pancreas", efficiency=efficiency, years=40.0,
        tumour={"growth": law_of(law)}, shedding=[{"route": "blood", "per_day": 1000.0}],
        traits=[
            {"name": "pace", "spread": SPREAD, "acts_on": ["growth"]},
            {"name": "leakiness", "spread": 1.5, "acts_on": ["shedding.blood"]},
        ],
        lesions={"early_days": 100.0, "growth_ratio": ratio},
        death={"burden_cells": 5e11, "primary_cells": lethal},
        presentation={
            "primary": {"per_year": per_year}, "lesions": {"per_year": 0.5, "at_mm": 40.0, "least_mm": 10.0},
            "staging": ["computed tomography"],
        },
        eyes=[{"name": "computed tomography", "primary": seen, "lesions": seen}],
        care=[
            {"name": "surgery", "surgery": {}},
            {"name": "left alone", "visits": [{"eyes": ["computed tomography"], "every_years": 0.25}]},
        ],
    )  # fmt: skip


def fitted(law: str, ratio: float, plan: Calibration) -> cascade.Disease:
    """Symptoms, efficiency and lethal size such that the three rows are met."""
    per_year, efficiency, lethal = 0.25, 1e-2, 2e11
    for _ in range(ROUNDS):
        disease = disease_of(law, ratio, per_year, efficiency, lethal)
        r = register_of(disease, "left alone", replace(plan, patients=min(OF_ROUNDS, plan.patients)))
        known, seen = r.mode > 0, r.metastasis_seen > 0
        mm, share = float(np.median(diameters(disease, r)[known])), float(seen[known].mean())
        wanted = math.log1p(-SEEN) / math.log1p(-min(max(share, 1e-3), 0.999))
        begun = float(np.median(r.cells[known]))
        lethal = begun * (lethal / begun) ** (ALONE_MONTHS / max(alive(r, known & ~seen), 1.0))
        per_year *= (mm / FOUND_MM) ** 3
        efficiency *= min(max(wanted, 1.0 / MOST_STEP), MOST_STEP)
    return disease_of(law, ratio, per_year, efficiency, lethal)


def alive(r: Register, of: np.ndarray) -> float:
    """Months that half of some patients live after diagnosis."""
    return MONTHS * float(np.median(since_diagnosis(r, np.minimum(r.death, r.end))[of]))


def clock(disease: cascade.Disease, patients: int, seed: int) -> tuple[float, float]:
    """Years to the first founder of a metastasis, and from it to death: medians of those who die with one."""
    cohort = cascade.cohort(disease, patients=patients, seed=seed, care="left alone", until_years=80.0)
    first, rest = [], []
    for k in range(patients):
        course = cohort.patient(k)
        shed = [lesion.shed for lesion in course.lesions if lesion.number and lesion.fate == "grows"]
        if course.cause == "the tumour" and shed:
            first.append(min(shed))
            rest.append(course.years - min(shed))
    return float(np.median(first)), float(np.median(rest))


def main() -> int:
    """Run the experiment; 0 when predictions are those that were written down."""
    parser = noting(arguments(__doc__ or "", 3_000, 2012))
    options = parser.parse_args()
    own_folder(options, "pancreas")
    plan = Calibration("pancreas", int(options.cells), OF_ROUNDS, options.seed, 80.0, (), (), ())
    rows = []
    for law, ratio in MAPPED:
        disease = fitted(law, ratio, plan)
        r = register_of(disease, "left alone", plan)
        operated = register_of(disease, "surgery", plan)
        known, mm = r.mode > 0, diameters(disease, r)
        seen, none = known & (r.metastasis_seen > 0), known & (r.metastasis_seen == 0)
        distant = distant_in(disease)
        hidden = (r.there[:, distant].sum(axis=1) > 0) & none
        first, rest = clock(disease, min(300, int(options.cells)), options.seed)
        cut = (operated.mode > 0) & (operated.metastasis_seen == 0) & np.isfinite(operated.surgery)
        of = f", {law}, lesions {ratio:g} times as fast"
        ranks = concordance(
            mm[known], since_diagnosis(r, np.minimum(r.death, r.end))[known], r.death[known] <= r.end[known]
        )
        rows += [
            Row(f"mm at diagnosis{of}", "calibrated: target", FOUND_MM, float(np.median(mm[known])), None, "E59: A"),
            Row(f"metastasis seen{of}", "calibrated: target", SEEN, float(seen.sum() / known.sum()), None, "E59: A"),
            Row(f"mm, none seen{of}", "predicted", 33.0, float(np.median(mm[none])), None, "E59: A"),
            Row(f"mm, metastasis seen{of}", "predicted", 40.0, float(np.median(mm[seen])), None, "E59: A"),
            Row(f"hidden, of those with none seen{of}", "predicted; 'likely all'", 1.0,
                float(hidden.sum() / none.sum()), None, "E59: B"),
            Row(f"months alive, metastasis seen{of}", "predicted", 7.0, alive(r, seen), None, "E59: A"),
            Row(f"months alive, none seen, left alone{of}", "calibrated: target", 11.9, alive(r, none), None, "E59: A"),
            Row(f"months alive, operated{of}", "predicted", 24.4, alive(operated, cut), None, "E59: A"),
            Row(f"c-index of size alone, of death{of}", COMPARED, None, ranks, None),
            Row(f"years to the first founder{of}", "predicted; 'at least'", 5.0, first, None, "Yachida, E58: B"),
            Row(f"years from it to death{of}", "predicted; 'average'", 2.0, rest, None, "Yachida, E58: B"),
        ]  # fmt: skip
    return finished("pancreas", options, rows, {"seed": options.seed, "patients": int(options.cells)})


if __name__ == "__main__":
    sys.exit(main())
