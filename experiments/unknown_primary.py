"""Found by a metastasis first, the primary unknown until then: how many, and at which size of the primary.

Of all cancers 3 in 100 are of unknown primary (PT08: 2 to 5); of breast cancers hardly any begin with a distant
metastasis.  A node that is felt in the armpit leads to the primary, too; here more do than a clinic sees, for nodes
grow 3.6 times as fast as the primary (Engel 2022) without an end, and give symptoms by their size as other lesions do.

The exact answer is of patients whom no lesion but the primary kills before diagnosis.  In the simulation metastases
kill some before anything is known of them, which a clinic does not see: at most by so many are fewer found by a
metastasis.  A map says of what: were nodes felt as often as other lesions of their size give symptoms, hardly any
would die so, and twice as many would be found by a metastasis first.

Naive comparator: patients who are all alike, with the mean of each trait.

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
from _ranked import COMPARED
from _registers import Calibration, register_of
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES, MODES
from cascade.patient.known import diameters
from cascade.patient.variants import changed

BY_METASTASIS = 1 + MODES.index("metastasis")


def first_by_metastasis(r: Register) -> tuple[np.ndarray, float]:
    """Who is found by a metastasis first, and their share of the diagnosed."""
    first = r.mode == BY_METASTASIS
    return first, float(first.sum() / (r.mode > 0).sum())


def felt(disease: cascade.Disease) -> cascade.Disease:
    """The disease, in which nodes give symptoms as often as any other lesion of their size."""
    of = disease.presentation
    assert of is not None
    assert of.lesions is not None
    nodes = [site for site in of.organs if disease.kinds[site] != "distant"]
    return changed(disease, {f"presentation.organs.{site}.per_year": of.lesions.per_year for site in nodes})


def unknown_of_dead(r: Register) -> float:
    """Of those who die of the tumour the share of whom nothing was known."""
    dead = r.cause == 1 + CAUSES.index("tumour")
    return float((dead & (r.mode == 0)).sum() / dead.sum())


def exactly(disease: cascade.Disease) -> tuple[float, ...]:
    """By a metastasis first, of all and of the diagnosed; with a distant one seen then; mm of the primary."""
    answer = cascade.exact(disease).diagnosed("surgery")
    mode = answer.modes.value[2]
    found = answer.by_year.value[3, -1], mode, mode * answer.seen.value[3], answer.size_mm.value[3, 2]
    return tuple(map(float, found))


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    as_fitted = disease == cascade.disease("breast")  # not a draw of its fit, each of which would take as long
    disease = disease.with_(death={"other": None}, presentation={"screening": []}, autopsy=None)
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed, years=disease.years)
    others = disease.with_(traits=[], correlations=[]), felt(disease)
    r, alike, felt_nodes = (register_of(one, "surgery", plan) for one in (disease, *others))
    of_dead, if_felt = unknown_of_dead(r), unknown_of_dead(felt_nodes)
    (first, of_known), known = first_by_metastasis(r), int((r.mode > 0).sum())
    of_all, mode, far_of_all, size = exactly(disease) if as_fitted else (None,) * 4
    distant = distant_in(disease)
    far = first & np.isfinite(r.seen_at[:, distant]).any(axis=1) & (r.metastasis_seen > 0)
    mm = diameters(disease, r)[first]
    return [
        Row("found by a metastasis first, of all patients", "predicted", None, float(first.mean()), of_all),
        Row("of the dead of the tumour, before anything was known", "predicted", None, of_dead, None),
        Row("of the dead of the tumour, were nodes felt as lesions are", "map", None, if_felt, None),
        Row("found by a metastasis first, of the diagnosed", "predicted", None, of_known, mode),
        Row("found by a metastasis first, all patients alike", COMPARED, None, first_by_metastasis(alike)[1], None),
        Row("found by a metastasis first, were nodes felt", "map", None, first_by_metastasis(felt_nodes)[1], None),
        Row("with a distant metastasis then", "looked at; observed: all cancers", 0.03, float(far.sum() / known),
            far_of_all, "PT08: B"),
        Row("mm of the primary then, median", "predicted", None, float(np.median(mm)), size),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(whole("unknown_primary", __doc__, 20_000, 2014, asked))
