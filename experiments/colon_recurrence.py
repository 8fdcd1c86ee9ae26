"""Colon cancer: when and where it comes back, who dies of it, and what colonoscopy finds.

Fitted were sizes, nodes, metastases at diagnosis and within five years, the middle time to them and late ones (see
calibrations/colon.toml).  Predicted once, and looked at since, are the curve of recurrence of the node-positive without
treatment that works (Moertel 1995, counted in the published data: any recurrence, its clock begins some weeks after
surgery; simulated are distant metastases), five-year survival by stage (England 1996 to 2002, relative; simulated is
death of the tumour), the time for which a carcinoma can be found before symptoms, what is found by screening, and how
fast metastases of liver and lung double at the sizes at which others measured them.

Screened people of the source had polyps taken out, of which there are none here: what colonoscopy finds is smaller here
than theirs.  Naive comparators: a constant hazard through the five-year share of recurrences, and size alone
(c-index, and calibration: what a logistic curve of every other patient says of the others).
For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np

import cascade
from _clock import after, by, since
from _draws import whole
from _ranked import ranked
from _registers import Calibration, Seen, register_of, seen_in
from _report import Row
from cascade.patient.follow.scheme import CAUSES, MODES
from cascade.patient.known import diameters

MOERTEL = {0.5: 0.133, 1.0: 0.279, 2.0: 0.424, 3.0: 0.489, 5.0: 0.550, 7.0: 0.573}
"""Share with a recurrence of stage III, observation alone: Kaplan and Meier's estimate from the trial's data."""

SURVIVAL = {"no nodes": (13.2 * 0.932 + 36.9 * 0.770) / 50.1, "nodes": 0.477, "metastatic": 0.066}
"""Relative, five years: England 1996-2002; A and B together, C, D."""

DOUBLING = {("liver", 10.0): 86.0, ("liver", 30.0): 155.0, ("lung", 12.0): 70.0}
"""Days: Finlay 1988 (occult, overt), Sadahiro 2005; sizes are not theirs, but what those words mean."""

SYMPTOMS, SCREENING = (1 + MODES.index(mode) for mode in ("symptoms", "screening"))
RANKED = 4_000


def doubling(disease: cascade.Disease, organ: str, mm: float) -> float:
    """Days in which a metastasis of a patient of common pace doubles from a size on."""
    growth, cells = disease.tumour.growth, disease.cells_of(mm)
    return float(np.diff(growth.days([cells, 2.0 * cells]))[0]) / disease.lesions.of(organ, "growth_ratio")


def sojourn(disease: cascade.Disease, seen: Seen, mm: float) -> float:
    """Mean years from a diameter to symptoms, of those whose tumours were larger then."""
    r, growth = seen.surgery, disease.tumour.growth
    pace = next(i for i, trait in enumerate(disease.traits) if "growth" in trait.acts_on)
    of = (r.mode == SYMPTOMS) & (r.cells > disease.cells_of(mm))
    own = growth.days(r.cells[of]) - growth.days(disease.cells_of(mm))
    return float((own / r.traits[of, pace]).mean()) / 365.25


def stages(seen: Seen) -> dict[str, np.ndarray]:
    """Who is found with what."""
    r = seen.surgery
    operated = (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
    return {
        "no nodes": operated & (r.nodes_positive == 0),
        "nodes": operated & (r.nodes_positive > 0),
        "metastatic": (r.mode > 0) & (r.metastasis_seen > 0),
    }


def after_surgery(seen: Seen) -> list[Row]:
    """The curve of recurrence, survival by stage, organs, and how well sizes and nodes rank."""
    r, of = seen.surgery, stages(seen)
    again = since(r, r.distant)
    five = float(by(again, 5.0)[of["nodes"]].mean())
    rows = []
    for years, observed in MOERTEL.items():
        value = float(by(again, years)[of["nodes"]].mean())
        naive = f"a constant hazard says {1.0 - (1.0 - five) ** (years / 5.0):.3f}"
        role = "looked at" if years != 5.0 else "looked at; calibrated to Manfredi 2006"
        rows.append(
            Row(f"recurred within {years:g} years, nodes", role, observed, value, None, f"Moertel 1995: A; {naive}")
        )
    dead = np.where(r.cause == 1 + CAUSES.index("tumour"), since(r, r.death), np.inf)
    for name, observed in SURVIVAL.items():
        value = float(after(dead, 5.0)[of[name]].mean())
        rows.append(Row(f"alive after 5 years, {name}", "looked at", observed, value, None, "England 1996-2002: A"))
    operated = of["no nodes"] | of["nodes"]
    spread = by(again, 5.0)[operated].sum()
    for organ, observed in {"liver": 0.60, "lung": 0.39, "peritoneum": 0.19}.items():
        value = float(by(seen_in(seen, r, organ), 5.0)[operated].sum() / spread)
        role = "looked at" if organ != "peritoneum" else "calibrated: target"
        rows.append(Row(f"{organ}, of those with metastases in 5 years", role, observed, value, None, "van Gestel: B"))
    some = np.flatnonzero(operated)[:RANKED]
    until = np.minimum(again[some], 5.0)
    event = again[some] <= 5.0
    size, nodes = np.log(seen.mm(r)[some]), np.log1p(r.nodes_positive[some])
    for name, score in {"size alone": size, "size and nodes": 0.3 * size + nodes}.items():
        role = "naive comparator" if name == "size alone" else "predicted"
        rows += ranked(name, role, score, until, event, r.nodes_positive[some])
    return rows


def screened(disease: cascade.Disease, plan: Calibration) -> list[Row]:
    """What colonoscopy finds, and what symptoms do beside it; others die of other causes."""
    r = register_of(disease, "surgery", plan)
    mm, far = diameters(disease, r), r.metastasis_seen > 0
    alone = register_of(disease.with_(presentation={"screening": []}), "surgery", plan)
    found, felt = r.mode == SCREENING, r.mode == SYMPTOMS
    lead = (alone.diagnosed - np.where(found, r.diagnosed, 0.0))[found & (alone.mode > 0)]
    source, england = "US 2011-14 (PMID 26602596): B", "England 2012-13: A"
    others = (r.mode > 0) & ~found
    old = r.age + np.where(found, r.diagnosed, 0.0) > 70.0
    never = found & (alone.mode == 0)
    all_found, found_old = (float((never & of).sum() / of.sum()) for of in (found, found & old))
    return [
        Row("mm, found by colonoscopy, median", "looked at", 30.0, float(np.median(mm[found])), None, source),
        Row("mm, found by symptoms, median", "calibrated: target", 46.0, float(np.median(mm[felt])), None, source),
        Row("metastatic, found by colonoscopy", "looked at", 0.08, float(far[found].mean()), None, england),
        # The source's others are all that screening did not find: by symptoms of metastases, too.
        Row(
            "metastatic, not found by screening",
            "looked at",
            0.22,
            float(far[others].mean()),
            None,
            england,
        ),
        Row("years earlier, mean", "predicted", None, float(lead.mean()), None),
        Row("over-diagnosed, of those found by colonoscopy", "predicted", None, all_found, None),
        Row("over-diagnosed, of those above 70", "predicted", None, found_old, None),
    ]


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    plan = replace(Calibration.of("colon"), patients=int(options.cells), seed=options.seed)
    seen = Seen(disease, plan)
    rows = after_surgery(seen) + screened(disease, plan)
    for mm in (6.0, 10.0):
        name, source = f"years from {mm:g} mm to symptoms, mean", "Brenner 2011 (4.5 to 5.8; others 2.1 to 6.7): B"
        rows.append(Row(name, "looked at", 5.1, sojourn(disease, seen, mm), None, source))
    for (organ, mm), observed in DOUBLING.items():
        name, source = (
            f"days a doubling, {organ}, {mm:g} mm",
            "Finlay 1988: B" if organ == "liver" else "Sadahiro 2005: B",
        )
        rows.append(Row(name, "looked at", observed, None, doubling(disease, organ, mm), source))
    return rows


if __name__ == "__main__":
    sys.exit(whole("colon_recurrence", __doc__, 4_000, 1995, asked, "colon"))
