"""Found by a metastasis first, the primary unknown until then: how many, and at which size of the primary.

Of all cancers 3 in 100 are of unknown primary (PT08: 2 to 5).  Of 2,316 women with symptoms of breast cancer about 1 in
100 came with a lump in the armpit, and 5 in 100 without any symptom of the breast (Koo 2017, as quoted by others).
From the 1 in 100 the disease has how often a node is felt; the 5 in 100 were looked at before its last fit.

The exact answer is of patients whom no lesion but the primary kills before diagnosis.  In the simulation metastases
kill some before anything is known of them, which a clinic does not see.  A map says of what they would die, if nodes
were counted among the cells that kill as any other lesion is: they grow 3.6 times as fast as the primary (Engel 2022).

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

BY_METASTASIS = 1 + MODES.index("metastasis")
KOO = "Koo 2017 (2,316 women with symptoms), quoted: C"


def first_by_metastasis(r: Register) -> tuple[np.ndarray, float]:
    """Who is found by a metastasis first, and their share of the diagnosed."""
    first = r.mode == BY_METASTASIS
    return first, float(first.sum() / (r.mode > 0).sum())


def counted(disease: cascade.Disease) -> cascade.Disease:
    """The disease, in which lesions of all sites are counted among the cells that kill."""
    return disease.with_(death={"not_counted": None})


def by_a_node(disease: cascade.Disease, r: Register) -> np.ndarray:
    """Who is found by a node: it, and no distant one, has shown itself on that day, for no staging looks at nodes."""
    nodal = np.array([disease.kinds[site] == "nodal" for site in disease.sites])
    here = r.seen_at == r.diagnosed[:, None]
    return (r.mode == BY_METASTASIS) & here[:, nodal].any(axis=1) & ~here[:, distant_in(disease)].any(axis=1)


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
    others = disease.with_(traits=[], correlations=[]), counted(disease)
    r, alike, with_nodes = (register_of(one, "surgery", plan) for one in (disease, *others))
    of_dead, if_counted = unknown_of_dead(r), unknown_of_dead(with_nodes)
    (first, of_known), known = first_by_metastasis(r), int((r.mode > 0).sum())
    of_all, mode, far_of_all, size = exactly(disease) if as_fitted else (None,) * 4
    distant = distant_in(disease)
    far = first & np.isfinite(r.seen_at[:, distant]).any(axis=1) & (r.metastasis_seen > 0)
    mm, by_node = diameters(disease, r)[first], float(by_a_node(disease, r).sum() / known)
    return [
        Row("found by a metastasis first, of all patients", "predicted", None, float(first.mean()), of_all),
        Row("of the dead of the tumour, before anything was known", "predicted", None, of_dead, None),
        Row("of the dead of the tumour, were nodes counted", "map", None, if_counted, None),
        Row("found by a metastasis first, all patients alike", COMPARED, None, first_by_metastasis(alike)[1], None),
        Row("found by a metastasis or a node first, of the diagnosed", "looked at", 0.05, of_known, mode, KOO),
        Row("found by a node first, of the diagnosed", "looked at", 0.01, by_node, None, KOO),
        Row("with a distant metastasis then", "looked at; observed: all cancers", 0.03, float(far.sum() / known),
            far_of_all, "PT08: B"),
        Row("mm of the primary then, median", "predicted", None, float(np.median(mm)), size),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(whole("unknown_primary", __doc__, 20_000, 2014, asked))
