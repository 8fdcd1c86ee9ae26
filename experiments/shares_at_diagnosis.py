"""A map: where metastases are seen at diagnosis, over what eyes and growth by organ may be.

Soil is fitted to autopsies; what staging sees at diagnosis follows, but also hangs on which sizes each eye sees and on
how fast metastases of an organ grow.  Each of these is moved by itself, all else as fitted: eyes over what their
sources leave open (of bone scans 6 to 20 mm), growth in one organ by a third either way, for no source tells it by
organ.  Least and most are those of all that was moved; each row has its standard error, and only what moves by several
of them is told.  A share that moves as far is illustrative, no prediction.

Of patients with a metastasis seen at diagnosis, an era without screening.  Naive comparator: in how many of those who
were autopsied one was found, at the end and with or without any elsewhere.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

import cascade
from _draws import whole
from _organs import distant_in
from _registers import Calibration, Seen
from _report import Row
from cascade.patient.variants import changed

ORGANS = "bone", "lung", "liver", "brain"

EYES = {
    ("bone scan", "bone"): (6.0, 20.0),
    ("chest radiograph", "lung"): (10.0, 25.0),
    ("liver ultrasound", "liver"): (8.0, 20.0),
}
"""Diameters of which an eye may see half, mm: about what its source leaves open, either way."""

PACES = 0.75, 1.33
"""Times as fast as they are, metastases of one organ."""


def variations(disease: cascade.Disease) -> Iterator[tuple[str, cascade.Disease]]:
    """Names, and the disease with one number moved."""
    for (eye, organ), sizes in EYES.items():
        for mm in sizes:
            yield f"{eye}: half at {mm:g} mm", changed(disease, {f"eyes.{eye}.organs.{organ}.half_mm": mm})
    for organ in ORGANS:
        for factor in PACES:
            own = disease.lesions.organs[organ]
            grown = own.model_copy(update={"growth_ratio": factor * disease.lesions.growth_ratio})
            organs = {**disease.lesions.organs, organ: grown}
            yield f"{organ}: growth x {factor:g}", disease.with_(lesions={"organs": organs}, calibration=None)


def shares(disease: cascade.Disease, plan: Calibration) -> dict[str, tuple[float, float]]:
    """Of those with a metastasis seen at diagnosis, the share with one in an organ, and its standard error."""
    seen = Seen(disease, plan)
    r, places = seen.surgery, distant_in(disease)
    names = [disease.sites[i] for i in places]
    some = (r.mode > 0) & (r.metastasis_seen > 0)
    there = np.asarray(r.seen_at[some][:, places] <= r.diagnosed[some][:, None] + 1e-9)
    share = {organ: float(there[:, names.index(organ)].mean()) for organ in ORGANS}
    return {organ: (p, math.sqrt(p * (1.0 - p) / len(there))) for organ, p in share.items()}


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    fitted = shares(disease, plan)
    moved = {name: shares(one, plan) for name, one in variations(disease)}
    autopsies = disease.cancer.autopsies
    assert autopsies is not None, "a cancer that was autopsied"
    rows = []
    for organ in ORGANS:
        share, error = fitted[organ]
        naive = f"naive: {autopsies.found.get(organ, 0) / autopsies.of:.2f} of those autopsied"
        rows.append(Row(f"{organ}, as fitted", "map", None, share, None, f"standard error {error:.3f}; {naive}"))
        for what, extreme in (("least", min), ("most", max)):
            by = extreme(moved, key=lambda name: moved[name][organ][0])
            value, error = moved[by][organ]
            rows.append(Row(f"{organ}, {what}", "map", None, value, None, f"standard error {error:.3f}; {by}"))
    return rows


if __name__ == "__main__":
    sys.exit(whole("shares_at_diagnosis", __doc__, 8_000, 1984, asked))
