"""Found by a metastasis first, the primary unknown until then: how many, and at which size of the primary.

Of all cancers 3 in 100 are of unknown primary (PT08: 2 to 5); of breast cancers hardly any begin with a distant
metastasis.  A node that is felt in the armpit leads to the primary, too; here more do than a clinic sees, for nodes
grow 3.6 times as fast as the primary (Engel 2022) without an end, and give symptoms by their size as other lesions do.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np

import cascade
from _draws import whole
from _organs import distant_in
from _registers import Calibration, register_of
from _report import Row
from cascade.patient.follow.scheme import MODES
from cascade.patient.known import diameters

BY_METASTASIS = 1 + MODES.index("metastasis")


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    disease = disease.with_(death={"other": None}, presentation={"screening": []}, autopsy=None)
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed, years=disease.years)
    r = register_of(disease, "surgery", plan)
    first = r.mode == BY_METASTASIS
    distant = distant_in(disease)
    far = first & np.isfinite(r.seen_at[:, distant]).any(axis=1) & (r.metastasis_seen > 0)
    known = int((r.mode > 0).sum())
    mm = diameters(disease, r)[first]
    return [
        Row("found by a metastasis first, of all patients", "predicted", None, float(first.mean()), None),
        Row("found by a metastasis first, of the diagnosed", "predicted", None, float(first.sum() / known), None),
        Row("with a distant metastasis then", "looked at; observed: all cancers", 0.03, float(far.sum() / known), None,
            "PT08: B"),
        Row("mm of the primary then, median", "predicted", None, float(np.median(mm)), None),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(whole("unknown_primary", __doc__, 40_000, 2014, asked))
