"""Pan et al. 2017: distant recurrence of ER-positive breast cancer from year 5 to 20, by size and nodes (PD01).

The rows of T1 were fitted; those of T2, and hazards by receptor (Colleoni 2016), were looked at before the model was
chosen (see the calibration).  Predicted is what a map shows of no cells that sleep, and of a wide spread of
growth (log-sd 1.23, of screening, in place of 0.56, of ultrasound), everything else as it was fitted: not fitted again,
the map says what each does, not which is right.

Cells in the marrow of 30.6 % of patients at diagnosis (E62) stand beside the share with any lasting distant founder,
and with one in bone: cells that found are fewer than cells that lie there.  Circulating cells 7 to 22 years after
mastectomy (13 of 36, PD03) contradict the disease: its lesions shed nothing, so that nothing circulates.  Deaths of
these women are shown beside their recurrences; no figure of them has been read.  Recurrences are distant ones: the
disease has no local recurrence, so of rows of any recurrence (Colleoni) only the ratio of years is asked.

Size alone, the naive comparator, ranks patients by their recurrence as the c-index says; a logistic curve of every
other patient says of the others how many recur in twenty years.  Beside it size with the number of nodes, and what has
been shed into the blood, which nobody knows.  For research and teaching, never for decisions about a patient.
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
from _registers import Calibration, Seen, free_at_five
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES
from cascade.patient.variants import changed

WIDE = 1.23
RANKED = 4_000
"""Patients of the c-index: all pairs of them are compared."""


def ranks(seen: Seen) -> list[Row]:
    """How well size, size with nodes, and what was shed rank recurrences in 20 years, and say how many there are."""
    r: Register = seen.surgery
    some = np.flatnonzero((r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0))[:RANKED]
    spread = since(r, r.distant)[some]
    until = np.minimum(np.minimum(spread, since(r, np.minimum(r.death, r.end))[some]), 20.0)
    event = (spread <= until) & (spread < 20.0)
    size, nodes = np.log(seen.mm(r)[some]), np.log1p(r.nodes_positive[some])
    blood = next(i for i, trait in enumerate(seen.disease.traits) if "shedding.blood" in trait.acts_on)
    growth = seen.disease.tumour.growth
    exponent = next(shed.exponent for shed in seen.disease.shedding if shed.route == "blood")
    shed = np.log(growth.shed(growth.days(r.cells[some]), exponent)) + np.log(r.traits[some, blood])
    scores = {"size alone": size, "size and nodes": size + nodes, "cells shed into the blood, which nobody knows": shed}
    rows = []
    for name, score in scores.items():
        role = "naive comparator" if name == "size alone" else "looked at; about 0.65 in the literature"
        literature = 0.65 if name == "size and nodes" else None
        rows += ranked(name, role, score, until, event, r.nodes_positive[some], literature)
    return rows


def there(seen: Seen, organ: str | None) -> float:
    """Share of the diagnosed with a lasting founder there: in an organ, or in any distant one."""
    r = seen.surgery
    of, sites = r.mode > 0, seen.disease.sites
    mine = [i for i, site in enumerate(sites) if seen.disease.kinds[site] == "distant" and organ in (None, site)]
    return float((r.there[of][:, mine].sum(axis=1) > 0).mean())


def late_deaths(seen: Seen, which: dict[str, str]) -> float:
    """Of women free of distant metastasis at 5 years, those who die of the tumour by year 20."""
    r, of = free_at_five(seen, which)
    free = after(since(r, r.distant), 5.0)[of] * after(since(r, r.death), 5.0)[of]
    died = by(since(r, r.death), 20.0)[of] * (r.cause[of] == 1 + CAUSES.index("tumour"))
    return float((free * died).sum() / max(free.sum(), 1e-9))


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    calibration = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    seen = Seen(disease, calibration)
    roles = {"target": "calibrated", "choice": "looked at", "comparison": "predicted"}
    kept = [row for row in calibration.rows if row.id.startswith(("recurrence in years", "ER-"))]
    rows = [Row(row.id, roles[row.role], row.observed, seen.value(row), None, row.source) for row in kept]
    late = [row for row in kept if row.id.startswith("recurrence in years")]
    rows += [
        Row(row.id.replace("recurrence", "death of the tumour"), "predicted", None, late_deaths(seen, row.asked), None)
        for row in late
    ]
    rows += [
        Row(
            "a founder that lasts, anywhere distant",
            "looked at; observed: cells in marrow",
            0.306,
            there(seen, None),
            None,
        ),
        Row("a founder that lasts, in bone", "looked at; observed: cells in marrow", 0.306, there(seen, "bone"), None),
        Row("circulating cells years after surgery", "contradicted", 13 / 36, 0.0, 0.0, "PD03"),
    ]
    rows += ranks(seen)
    wide = changed(disease, {"traits.pace.spread": WIDE})
    for name, other in {
        "no cell sleeps": disease.with_(dormant=0.0, calibration=None, variants=()),
        "growth differs widely": wide,
        "both": wide.with_(dormant=0.0),
    }.items():
        look = Seen(other, calibration)
        rows += [Row(f"{row.id}, {name}", "map", row.observed, look.value(row), None) for row in kept[:3]]
    return rows


if __name__ == "__main__":
    sys.exit(whole("late_recurrence", __doc__, 10_000, 2017, asked))
