"""Circulating tumour cells of breast cancer in a tube of 7.5 mL: what early disease fixes, what it predicts of late.

A tube holds kappa times the cells that the disease has in the blood.  That one factor is fixed by the tubes of early
patients with a cell before surgery (B23); it is the product of what is shed a day and of how long a cell stays in the
blood.  Neither is known alone: half-lives were measured as 1.7 hours (patients, B08) and as 100 seconds (mice, B04).
For each, the table tells how many cells a tumour of 20 mm sheds a day, how long a cell stays, which share one circuit
of the blood takes out, and how many metastases begin per shed cell, beside 1 in 60 million (E01).  Founders a year are
those of the disease, which recurrences fix, so that the efficiency is a prediction.

Predicted: tubes of other early series, larger tubes, tubes by size, and tubes of patients whose distant metastasis has
just been seen, where lesions shed nothing, a tenth of, or as much as primaries of their size (secondary shedding, three
variants; after surgery nothing else is left to shed).  Counts do not depend on the half-life: kappa holds both.  Half
of patients with 5 cells and more (B20, B21) need lesions that shed.

Two rows are of other cancers and of no patient: what the laboratory's laws say of CA125 and of DNA of dead cells.

Naive comparator: a Poisson law with the mean of all early patients, all alike: it says how many have two cells or more.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace

import numpy as np
from scipy import stats
from scipy.optimize import brentq

import cascade
from _draws import whole
from _registers import Calibration, register_of
from _report import Row
from cascade.body import circulation
from cascade.patient.blood import BLOOD_ML, SAMPLE_ML, stay_days, tubes
from cascade.patient.clinic.levels import eliminated
from cascade.patient.follow.register import Register
from cascade.patient.known import diameters
from cascade.patient.origins import origins

RECOVERED = 0.85
"""Share of the cells in a tube that is found (Allard 2004; recalled)."""

EARLY = 0.235
HALF_LIVES = {"1.7 hours (B08)": 1.7, "100 seconds (B04)": 100.0 / 3600.0}
E01 = 1.0 / 6e7
LESIONS = 0.0, 0.1, 1.0

OVARIAN_GROWTH = 0.00578
"""A day, of the ovarian tumour of PB11."""

CTDNA_PER_CM3, CELLS_PER_CM3 = 0.21, 1e9
"""Haploid genomes of a tumour of 1 cm3 in a mL of plasma (PB07)."""

FOLLOWED = 250
"""Patients of each variant whose distant metastasis has just been seen."""


def any_of(mean: np.ndarray, cells: int = 1) -> float:
    """Share of tubes with so many cells, of Poisson counts with the patients' own means."""
    return float(stats.poisson.sf(cells - 1, mean).mean())


def early(disease: cascade.Disease, plan: Calibration) -> tuple[Register, np.ndarray, np.ndarray]:
    """Patients who are operated without a metastasis seen: cells in a tube as the cell model has them, and mm."""
    r = register_of(disease, "surgery", plan)
    some = (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
    return r, (RECOVERED * tubes(disease, r))[some], diameters(disease, r)[some]


def late(disease: cascade.Disease, seed: int) -> np.ndarray:
    """Cells in a tube on the day a distant metastasis is first seen, were lesions to shed as primaries of their size.

    They seed nothing: with as many founders per cell as the primary some patients have more than a million lesions.
    """
    cohort = cascade.cohort(disease, patients=20 * FOLLOWED, seed=seed, care="surgery", until_years=60.0)
    r = cohort.register()
    blood = next(shed for shed in disease.shedding if shed.route == "blood")
    of_trait = [trait.name for trait in disease.traits if "shedding.blood" in trait.acts_on]
    found = []
    for i in np.flatnonzero(np.isfinite(r.distant) & (r.distant > r.surgery))[:FOLLOWED]:
        course = cohort.patient(int(r.patient[i]))
        leaks = math.prod(course.traits[name] for name in of_trait)
        cells = course.cells(float(r.distant[i]))[:, 0]
        for lesion, n in zip(course.lesions, cells, strict=True):
            if lesion.number == 0 or lesion.site not in disease.can_shed or n < blood.onset_cells:
                cells[lesion.number] = 0.0
            else:
                grows = lesion.pace**blood.per_division
                cells[lesion.number] = blood.per_day * leaks * grows * (n / blood.at_cells) ** blood.exponent
        found.append(float(cells.sum()))
    return np.array(found) * stay_days(disease) * RECOVERED * SAMPLE_ML / BLOOD_ML


def scale_rows(disease: cascade.Disease, kappa: float) -> list[Row]:
    """Shedding, stay, capture and efficiency that follow for each half-life."""
    blood = next(shed for shed in disease.shedding if shed.route == "blood")
    at = blood.per_day * (disease.cells_of(20.0) / blood.at_cells) ** blood.exponent
    # E01 is of metastases: of those that are founded, those that are established.
    chance = sum(
        way.chance * disease.efficiency_in(way.site) * disease.lesions.of(way.site, "establishment")
        for way in origins(disease)[0].ways
        if way.route == "blood"
    )
    flow = circulation(disease.cancer.sex)
    circuit = flow.blood_volume / flow.cardiac_output / 60.0  # hours
    rows = []
    for name, half in HALF_LIVES.items():
        stay = half / math.log(2.0)
        shed = kappa * at * stay_days(disease) * 24.0 / stay
        efficiency = chance * at / shed
        rows += [
            Row(f"shed a day by a tumour of 20 mm, half-life {name}", "follows", None, None, shed),
            Row(f"mean stay in the blood, hours, half-life {name}", "assumed", None, None, stay),
            Row(f"taken out by one circuit, half-life {name}", "follows", None, None, -math.expm1(-circuit / stay)),
            Row(
                f"lasting founders per cell shed into the blood, half-life {name}",
                "looked at",
                E01,
                None,
                efficiency,
                "E01",
            ),
        ]
    return rows


def marker_rows() -> list[Row]:
    """What the laboratory of the disease "textbook", whose numbers are published ones, says of other cancers."""
    blood = cascade.disease("textbook").blood
    assert blood is not None
    assert blood.ctdna is not None
    marker, dna = next(one for one in blood.markers if one.name == "CA125"), blood.ctdna
    k = eliminated(marker)
    # A tumour that grows at a rate g holds the level (s / (k + g)) n / V of what its cells make.
    each = marker.per_cell_per_day * marker.to_blood / (k + OVARIAN_GROWTH) / (1000.0 * marker.litres)
    cells = (marker.cutoff - marker.background) / each
    deaths = CTDNA_PER_CM3 * 1000.0 * dna.litres * eliminated(dna) / (2.0 * dna.released * CELLS_PER_CM3)
    return [
        Row("years until CA125 of an ovarian tumour is at its cutoff", "check of a law", 10.1, None,
            math.log(cells) / OVARIAN_GROWTH / 365.25, "Hori 2011, abstract (PB11): B"),
        Row("deaths a day of a lung cancer's cells, of its DNA in plasma", "follows", None, None, deaths,
            "0.21 haploid genomes a mL at 1 cm3 (PB07, PB08): B"),
    ]  # fmt: skip


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    disease = disease.with_(death={"other": None}, presentation={"screening": []}, autopsy=None)
    _, tubes, mm = early(disease, plan)
    kappa = float(np.exp(brentq(lambda x: any_of(math.exp(x) * tubes) - EARLY, -20.0, 20.0)))
    tubes = kappa * tubes
    said = "predicted"
    rows = [
        Row("any cell, early", "calibrated", EARLY, any_of(tubes), None, "B23: C"),
        Row("any cell, early, other series", "looked at", 0.202, any_of(tubes), None, "Janni 2016: B"),
        Row("any cell in 23 mL, early", "looked at", 0.21, any_of(tubes * 23.0 / SAMPLE_ML), None, "SUCCESS: C"),
        Row("2 cells and more, early", said, None, any_of(tubes, 2), None),
        Row("2 cells and more, all alike", "naive comparator", None, any_of(np.full(1, -math.log1p(-EARLY)), 2), None),
        Row("any cell, up to 20 mm", said, None, any_of(tubes[mm <= 20.0]), None),
        Row("any cell, larger than 20 mm", said, None, any_of(tubes[mm > 20.0]), None),
        Row("kappa", "calibrated", None, kappa, None),
    ]
    observed = {5: (0.49, "B20: B"), 1: (0.70, "B22: B"), 2: (0.36, "B24, of all samples: D")}
    metastatic = kappa * late(disease, options.seed)
    for share in LESIONS:
        found = share * metastatic
        # Of the disease as it is lesions shed nothing: what else they might is a map.
        name, role = f"lesions shed {share:g} of what primaries do", "looked at" if share == 0.0 else "map"
        for cells, (value, source) in observed.items():
            positive = any_of(found, cells)
            rows.append(Row(f"{cells} and more, metastatic, {name}", role, value, positive, None, source))
        spread = float(np.std(found) / np.mean(found)) if found.any() else None
        rows.append(Row(f"spread of the mean over its mean, {name}", role, 11.6, spread, None, "PB04: D"))
    rows += [*scale_rows(disease, kappa), *marker_rows()]
    return rows


if __name__ == "__main__":
    sys.exit(whole("blood_counts", __doc__, 20_000, 2004, asked))
