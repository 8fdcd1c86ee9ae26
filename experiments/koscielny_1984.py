"""Koscielny et al. 1984, 2009; Tubiana & Koscielny 1991: the size at which half of breast tumours have spread.

Of some 3,000 women operated at the Institut Gustave Roussy, without adjuvant treatment and followed for 15 to 30 years,
half of tumours of 35 mm had begun a distant metastasis (E46, calibrated); within five years of surgery half of tumours
of some 200 mL had one that was seen (PS13, calibrated: one row fixes a level, never a slope).  What is said by size in
between is predicted; the table of 1984 has not been read, and what is recalled of it (E48a-g, grade D) is orientation.

Exactly, with shedding by division (its power of the pace is 1) what a tumour has shed by a size does not depend on how
fast it grew: with traits z_r and S_r(V) what route r has shed by the volume V,

    P(a founder that grows was shed before V) = 1 - E exp(-sum_r z_r S_r(V) sum_j h_rj e_j),

h the chance to found in j, e that what is founded establishes.  The same question with e = 1 is counted in a simulated
cohort of tumours that all grow alike, and tests both.  More have shed such a cell than have a metastasis that is seen
within 25 years: many founders sleep for longer.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np
from scipy import stats

import cascade
from _clock import since
from _draws import of_patients, over_draws
from _large import shares_at
from _ranked import COMPARED, ranked
from _registers import Calibration, Seen, share_free, size_of_half
from _report import FALSE_ALARM, Row, finished, own_folder
from cascade.patient.growth import Growth
from cascade.patient.origins import origins
from cascade.patient.ranges import DAYS_PER_YEAR

SIZES_MM = (10.0, 20.0, 30.0, 35.0, 40.0, 50.0, 60.0, 70.0, 80.0)
RECALLED = {"10 to 25": 0.27, "26 to 35": 0.42, "36 to 45": 0.57, "46 to 55": 0.67, "56 to 65": 0.81}
"""E48a-e: by diameter in mm, recalled; orientation alone."""

YEARS = 25.0
RANKED = 4_000
"""Women who are ranked; each pair of them is looked at."""

POINTS = 60
"""Of the Gauss-Hermite rule of a trait."""


def shed_by(disease: cascade.Disease, mm: float) -> dict[str, float]:
    """Cells shed by each route before a diameter, of a patient whose traits are 1."""
    growth: Growth = disease.tumour.growth
    out = {}
    for shed in disease.shedding:
        if shed.per_division != 1.0:
            raise SystemExit(f"{disease.name}: shed by time, not by division: what is shed by a size depends on pace")
        begin, end = (float(growth.days(n)[0]) for n in (shed.onset_cells, max(disease.cells_of(mm), shed.onset_cells)))
        amount = np.diff(growth.shed([begin, end], shed.exponent))[0]
        out[shed.route] = shed.per_day * shed.at_cells**-shed.exponent * float(amount)
    return out


def initiated(disease: cascade.Disease, mm: float, established: bool = True) -> float:
    """Share of tumours that have shed, before a diameter, a cell that founds in a distant organ (and grows there)."""
    shed, mean = shed_by(disease, mm), {}
    for way in origins(disease)[0].ways:
        if disease.kinds[way.site] == "distant":
            lasts = disease.lesions.of(way.site, "establishment") if established else 1.0
            mean[way.route] = (
                mean.get(way.route, 0.0) + shed[way.route] * way.chance * disease.efficiency_in(way.site) * lasts
            )
    spread = {name: trait.spread for trait in disease.traits for name in trait.acts_on}
    x, w = np.polynomial.hermite_e.hermegauss(POINTS)
    w = w / w.sum()
    rho = disease.correlations[0].value if disease.correlations else 0.0
    blood, lymph = (spread.get(f"shedding.{route}", 0.0) for route in ("blood", "lymph"))
    one = np.exp(blood * x - 0.5 * blood**2)[:, None]
    two = np.exp(lymph * (rho * x[:, None] + np.sqrt(1.0 - rho**2) * x) - 0.5 * lymph**2)
    none = np.exp(-one * mean.get("blood", 0.0) - two * mean.get("lymph", 0.0))
    return float(1.0 - w @ none @ w)


def counted(disease: cascade.Disease, patients: int, seed: int) -> list[tuple[str, int, int, float]]:
    """Tumours that all grow alike, by day of a size: with a distant founder shed, of all, and the exact share."""
    alike = disease.with_(
        traits=[trait for trait in disease.traits if "growth" not in trait.acts_on], subtypes=[], presentation=None,
        care=[], eyes=[], pathologist=None, autopsy=None,
        death={"other": None, "burden_cells": 1e15, "organs": {}}, lesions={"secondary": 0.0},
    )  # fmt: skip
    days = [float(alike.tumour.growth.days(alike.cells_of(mm))[0]) for mm in SIZES_MM]
    times = [day / DAYS_PER_YEAR for day in days]
    found = cascade.cohort(alike, patients=patients, seed=seed, until_years=times[-1] + 0.01, times=times)
    g = found.groups.index("distant")
    some = found.counts.some[g, 0]
    of = found.counts.alive
    return [
        (f"{mm:g} mm", int(some[i]), int(of[i]), initiated(alike, mm, established=False))
        for i, mm in enumerate(SIZES_MM)
    ]


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows, without those that check the simulation."""
    calibration = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    seen = Seen(disease, calibration)
    half = size_of_half(seen, {"within_years": 25.0, "near_mm": 35.0})
    five, error = shares_at(seen, {"within_years": 5.0, "at_mm": 72.6}, 2 * int(options.cells))
    rows = [
        Row("half have a metastasis within 25 years, mm", "calibrated: target", 35.0, half, None, "E46"),
        Row(
            "spread within 5 years, about 200 mL",
            "calibrated: target",
            0.5,
            five,
            None,
            f"PS13; off by {error:.2f} by chance, of tumours that few reach",
        ),
    ]
    for low, high in ((10, 25), (26, 35), (36, 45), (46, 55), (56, 65)):
        name = f"{low} to {high}"
        asked = {"low_mm": low, "high_mm": high + 1.0, "within_years": 25.0}
        rows.append(Row(f"spread within 25 years, {name} mm", "orientation; recalled (D)", RECALLED[name],
                        1.0 - share_free(seen, asked), None, "E48"))  # fmt: skip
    lasting = "a distant metastasis that will grow shed before"
    rows += [Row(f"{lasting} {mm:g} mm", "predicted", None, None, initiated(disease, mm)) for mm in SIZES_MM]
    return rows + by_size(seen)


def by_size(seen: Seen) -> list[Row]:
    """How well size, alone and with nodes, ranks the women of the disease by when a metastasis is seen."""
    r = seen.surgery
    some = np.flatnonzero((r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0))[:RANKED]
    again, out = since(r, r.distant)[some], np.minimum(since(r, np.minimum(r.death, r.end))[some], YEARS)
    size, nodes = np.log(seen.mm(r)[some]), np.log1p(r.nodes_positive[some])
    until, event = np.minimum(again, out), again <= out
    rows = []
    for name, score in {"size alone": size, "size and nodes": size + nodes}.items():
        rows += ranked(name, COMPARED, score, until, event, r.nodes_positive[some])
    return rows


def main() -> int:
    """Run the experiment; 0 when simulation and exact answer agree, and predictions are as they were written down."""
    parser = of_patients(__doc__ or "", 30_000, 1985)  # not the patients of the calibration
    parser.add_argument("--disease", default="breast", help="a name, NAME:VARIANT or a file (default: %(default)s)")
    options = parser.parse_args()
    own_folder(options, "koscielny_1984")
    disease = cascade.disease(options.disease)
    rows = over_draws(asked, disease, options)
    checks = counted(disease, int(options.cells), options.seed)
    level = FALSE_ALARM / len(checks)
    problems = []
    for name, count, n, share in checks:
        rows.append(Row(f"a distant founder shed before {name}", "check", None, count / n, share, ""))
        if stats.binomtest(count, n, share).pvalue < level:
            problems.append(f"{name}: {count} of {n} simulated, {share:.4g} exact")
    recipe = {"digest": disease.digest(), "seed": options.seed}
    return finished("koscielny_1984", options, rows, recipe, problems=problems)


if __name__ == "__main__":
    sys.exit(main())
