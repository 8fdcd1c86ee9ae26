"""Nodes, as a pathologist counts them, and distant metastasis, by the size of a breast tumour.

Carter's nodes by size were fitted; those of Ham 2001 (screened women, smaller tumours), numbers of nodes, the chance of
spread per cell (Michaelson 2005, PS07), the size at which one in a hundred has a distant metastasis within five years
(Coumans 2013, E04: from its own model), and deaths by size and nodes (Verschraegen 2005, PS09) are predicted.  PS09 is
of treated women, as those here are not: more die here.

It cannot show two exponents of shedding: with one exponent for both routes the slope of nodes by size follows from the
spread of the patients' traits, and another exponent with another spread meets Carter's rows as well.

Naive comparator: a logistic curve in log size, fitted to the simulated nodes themselves, beside the published ones: how
far size alone goes.  For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

import cascade
from _clock import since_diagnosis
from _registers import Calibration, Seen, between, distant_by, share_free, share_nodes
from _report import Row, arguments, finished, own_folder
from koscielny_1984 import initiated

HAM = {(1.0, 5.0): 0.103, (5.0, 10.0): 0.159, (10.0, 15.0): 0.243, (15.0, 20.0): 0.404}
"""Share with positive nodes by diameter in mm: Ham 2001, abstract."""

SIZES = ((5.0, 10.0), (10.0, 20.0), (20.0, 30.0), (30.0, 40.0), (40.0, 50.0), (50.0, 90.0))


def of_size(seen: Seen, low: float, high: float) -> np.ndarray:
    """Operated patients of a range of sizes, found by the primary."""
    r, some = between(seen, {"low_mm": low, "high_mm": high})
    return some & (r.nodes_positive >= 0)


def curve(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Intercept and slope of a logistic curve, by Newton's method."""
    design, beta = np.stack([np.ones_like(x), x], axis=1), np.array([logit(y.mean()), 0.0])
    for _ in range(30):
        p = expit(design @ beta)
        beta = beta + np.linalg.solve((design.T * (p * (1 - p))) @ design, design.T @ (y - p))
    return float(beta[0]), float(beta[1])


def deaths(seen: Seen, low: float, high: float, positive: bool) -> float:
    """Share dead of the tumour 15 years after diagnosis, node-negative or -positive, none seen elsewhere."""
    r = seen.surgery
    some = of_size(seen, low, high) & (r.metastasis_seen == 0) & ((r.nodes_positive > 0) == positive)
    return float((since_diagnosis(r, r.death)[some] <= 15.0).mean())


def size_of_risk(seen: Seen, share: float) -> float:
    """The diameter at which so many have a distant metastasis seen within five years: a logistic curve in log size."""
    r, some = between(seen, {"low_mm": 1.0, "high_mm": 90.0})
    a, b = curve(np.log(seen.mm(r)[some]), distant_by(r, 5.0)[some])
    return float(np.exp(brentq(lambda x: a + b * x - logit(share), -10.0, 10.0)))


def main() -> int:
    """Run the experiment; 0 when predictions are those that were written down."""
    parser = arguments(__doc__ or "", 40_000, 1989)
    options = parser.parse_args()
    own_folder(options, "size_and_nodes")
    calibration = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    disease = cascade.disease("breast")
    seen = Seen(disease, calibration)
    r = seen.surgery
    all_sizes = of_size(seen, 1.0, 90.0)
    a, b = curve(np.log(seen.mm(r)[all_sizes]), (r.nodes_positive[all_sizes] > 0).astype(float))
    rows = []
    for row in calibration.rows:
        if row.what == "share, nodes":
            middle = np.sqrt(row.asked["low_mm"] * row.asked["high_mm"])
            naive = f"size alone says {expit(a + b * np.log(middle)):.3f}"
            rows.append(Row(row.id, "calibrated", row.observed, seen.value(row), None, f"{row.source}; {naive}"))
    for (low, high), observed in HAM.items():
        value = share_nodes(seen, {"low_mm": low, "high_mm": high})
        rows.append(Row(f"nodes, {low:g} to {high:g} mm", "predicted", observed, value, None, "Ham 2001: B"))
    for low, high in SIZES:
        n = r.nodes_positive[of_size(seen, low, high)]
        name = f"positive nodes, {low:g} to {high:g} mm"
        rows.append(Row(f"1 to 3 {name}", "predicted; none was read", None, float(((n > 0) & (n < 4)).mean()), None))
        rows.append(Row(f"4 and more {name}", "predicted; none was read", None, float((n > 3).mean()), None))
    for low, high in SIZES:
        asked = {"low_mm": low, "high_mm": high, "within_years": 5.0}
        name = f"distant metastasis within 5 years, {low:g} to {high:g} mm"
        rows.append(Row(name, "predicted", None, 1.0 - share_free(seen, asked), None))
    per_cell = initiated(disease, 5.0) / disease.cells_of(5.0)
    rows += [
        Row("spread per cell by 5 mm", "predicted", 1e-8, None, per_cell, "Michaelson 2005 (PS07): B"),
        Row(
            "1 in 100 within five years, mm", "predicted", 2.7, size_of_risk(seen, 0.01), None, "Coumans 2013 (E04): B"
        ),
    ]
    for positive, (least, most) in {False: (0.10, 0.25), True: (0.20, 0.40)}.items():
        name = f"dead of the tumour in 15 years, node-{'positive' if positive else 'negative'}"
        for low, high, observed in ((2.0, 8.0, least), (40.0, 60.0, most)):
            value = deaths(seen, low, high, positive)
            role = "predicted; observed: treated"
            rows.append(Row(f"{name}, {low:g} to {high:g} mm", role, observed, value, None, "PS09: B"))
    return finished("size_and_nodes", options, rows, {"digest": disease.digest(), "seed": options.seed})


if __name__ == "__main__":
    sys.exit(main())
