"""Nodes, as a pathologist counts them, and distant metastasis, by the size of a breast tumour.

Carter's nodes by size were fitted; those of Ham 2001 (screened women, smaller tumours), numbers of nodes, the chance of
spread per cell (Michaelson 2005, PS07), the size at which one in a hundred has a distant metastasis within five years
(Coumans 2013, E04: from its own model), deaths by size and nodes (Verschraegen 2005, PS09), distant metastasis within
five years of women of all sizes (the Netherlands, E06) and survival of five years at both ends of size and nodes (E51,
Carter 1989: relative; simulated is death of the tumour) were predicted once and have been looked at since.
PS09 is of women who were treated after surgery, as those here are not before a metastasis is seen: more die here. So
are the women of E06, and here those of the row beside it: screened, with hormone treatment where it works. Survival
of five years is of the operated here, who have no metastasis that is seen, there of all; of large tumours it is
counted among those found late.

It cannot show two exponents of shedding: with one exponent for both routes the slope of nodes by size follows from the
spread of the patients' traits, and another exponent with another spread meets Carter's rows as well.

Naive comparator: a logistic curve in log size, fitted to the simulated nodes themselves, beside the published ones: how
far size alone goes.  For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

import cascade
from _clock import since_diagnosis
from _draws import whole
from _ranked import logistic
from _registers import Calibration, Seen, between, distant_by, register_of, share_free, share_nodes
from _report import Row
from cascade.patient.follow.scheme import CAUSES
from koscielny_1984 import initiated

HAM = {(1.0, 5.0): 0.103, (5.0, 10.0): 0.159, (10.0, 15.0): 0.243, (15.0, 20.0): 0.404}
"""Share with positive nodes by diameter in mm: Ham 2001, abstract."""

SIZES = ((5.0, 10.0), (10.0, 20.0), (20.0, 30.0), (30.0, 40.0), (40.0, 50.0), (50.0, 90.0))


def of_size(seen: Seen, low: float, high: float) -> np.ndarray:
    """Operated patients of a range of sizes, found by the primary."""
    r, some = between(seen, {"low_mm": low, "high_mm": high})
    return some & (r.nodes_positive >= 0)


def deaths(seen: Seen, low: float, high: float, positive: bool) -> float:
    """Share dead of the tumour 15 years after diagnosis, node-negative or -positive, none seen elsewhere."""
    r = seen.surgery
    some = of_size(seen, low, high) & (r.metastasis_seen == 0) & ((r.nodes_positive > 0) == positive)
    return float((since_diagnosis(r, r.death)[some] <= 15.0).mean())


def alive(seen: Seen, *, large: bool) -> float:
    """Share of the operated not dead of the tumour in 5 years: of 50 mm and more with nodes, or below 20 mm without."""
    r, weights = seen.found_late if large else (seen.surgery, (seen.surgery.mode > 0).astype(float))
    mm = seen.mm(r)
    weights = weights * ((mm >= 50.0) & (r.nodes_positive > 0) if large else (mm < 20.0) & (r.nodes_positive == 0))
    dead = (r.cause == 1 + CAUSES.index("tumour")) & (since_diagnosis(r, r.death) <= 5.0)
    return float((weights * ~dead).sum() / weights.sum())


def in_their_time(disease: cascade.Disease, plan: Calibration) -> float:
    """Screened, with hormone treatment: distant metastasis within 5 years of those without one at diagnosis."""
    r = register_of(disease, "surgery+hormone", plan)
    of = (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
    return float(distant_by(r, 5.0)[of].mean())


def size_of_risk(seen: Seen, share: float) -> float:
    """The diameter at which so many have a distant metastasis seen within five years: a logistic curve in log size."""
    r, some = between(seen, {"low_mm": 1.0, "high_mm": 90.0})
    a, b = logistic(np.log(seen.mm(r)[some]), distant_by(r, 5.0)[some])
    return float(np.exp(brentq(lambda x: a + b * x - logit(share), -10.0, 10.0)))


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    calibration = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    seen = Seen(disease, calibration)
    r = seen.surgery
    all_sizes = of_size(seen, 1.0, 90.0)
    a, b = logistic(np.log(seen.mm(r)[all_sizes]), (r.nodes_positive[all_sizes] > 0).astype(float))
    rows = []
    for row in calibration.rows:
        if row.what.startswith("share, nodes"):
            middle = np.sqrt(row.asked["low_mm"] * row.asked["high_mm"])
            naive = f"size alone says {expit(a + b * np.log(middle)):.3f}"
            rows.append(Row(row.id, "calibrated", row.observed, seen.value(row), None, f"{row.source}; {naive}"))
    for (low, high), observed in HAM.items():
        value = share_nodes(seen, {"low_mm": low, "high_mm": high})
        rows.append(Row(f"nodes, {low:g} to {high:g} mm", "looked at", observed, value, None, "Ham 2001: B"))
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
        Row("spread per cell by 5 mm", "looked at", 1e-8, None, per_cell, "Michaelson 2005 (PS07): B"),
        Row(
            "1 in 100 within five years, mm", "looked at", 2.7, size_of_risk(seen, 0.01), None, "Coumans 2013 (E04): B"
        ),
    ]
    rows += [
        Row("distant metastasis within 5 years, all, treated", "looked at", 0.092, in_their_time(disease, calibration),
            None, "Coumans 2013 (E06): B"),
        Row("alive after 5 years, below 20 mm, no nodes", "looked at", 0.963, alive(seen, large=False), None,
            "Carter 1989 (E51), quoted: C"),
        Row("alive after 5 years, 50 mm and more, nodes", "looked at", 0.455, alive(seen, large=True), None,
            "Carter 1989 (E51), quoted: C"),
    ]  # fmt: skip
    for positive, (least, most) in {False: (0.10, 0.25), True: (0.20, 0.40)}.items():
        name = f"dead of the tumour in 15 years, node-{'positive' if positive else 'negative'}"
        for low, high, observed in ((2.0, 8.0, least), (40.0, 60.0, most)):
            value = deaths(seen, low, high, positive)
            role = "looked at; observed: treated"
            rows.append(Row(f"{name}, {low:g} to {high:g} mm", role, observed, value, None, "PS09: B"))
    return rows


if __name__ == "__main__":
    sys.exit(whole("size_and_nodes", __doc__, 20_000, 1989, asked))
