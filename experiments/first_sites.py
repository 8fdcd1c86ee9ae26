"""Where metastases of breast cancer are first seen: after surgery (Berman 2013, Colzani 2014), and at diagnosis.

Of 1,754 women after breast-conserving treatment (1977 to 2003) Berman counted the organ that was seen first and alone;
of 995 of Stockholm and Gotland with a metastasis (1990 to 2006) Colzani counted those in the skeleton alone and in
several places.  Both were looked at before the eyes of the disease became those of the time and by organ: with yearly
tomography of everything, adrenals were seen as often as bone, which nobody finds.  What is seen at diagnosis, by organ,
was written down before anything was compared with it; it hangs on eyes and on growth by organ, which no source tells,
so far that it is illustrative (``shares_at_diagnosis.py``).

Simulated is an era without screening, surgery alone, and follow-up as the disease has it.  Naive comparator: where
autopsies find metastases at the end (diSibio & French 2008), of all that they find: as if what is there at the end were
what is seen first.  For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import numpy as np

import cascade
from _draws import whole
from _organs import distant_in, first_seen
from _registers import Calibration, Seen
from _report import Row

WITHIN = 15.0

BERMAN = {"bone": 0.411, "lung": 0.224, "liver": 0.073, "brain": 0.073}
COLZANI = {"bone": 0.325, "several": 0.283}


def recurrences(seen: Seen, within: float) -> tuple[list[str], np.ndarray]:
    """Organs, and whether each is seen first, (recurrences, organs); several where a visit finds several."""
    r = seen.surgery
    organs, first, here = first_seen(seen.disease, r)
    return organs, here[(r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0) & (first <= within)]


def at_diagnosis(seen: Seen) -> np.ndarray:
    """Whether each distant organ is seen at diagnosis, of those with a metastasis seen then."""
    r = seen.surgery
    some = (r.mode > 0) & (r.metastasis_seen > 0)
    return np.asarray(r.seen_at[some][:, distant_in(seen.disease)] <= r.diagnosed[some][:, None] + 1e-9)


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    seen = Seen(disease, replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed))
    organs, first = recurrences(seen, WITHIN)
    alone = first.sum(axis=1) == 1
    autopsies = disease.cancer.autopsies
    assert autopsies is not None, "a cancer that was autopsied"
    counted = {organ: autopsies.found.get(organ, 0) for organ in organs}
    rows = []
    for organ, observed in BERMAN.items():
        share = float((first[:, organs.index(organ)] & alone).mean())
        naive = f"at the end {counted[organ] / sum(counted.values()):.3f} of all, says an autopsy"
        rows.append(Row(f"{organ} first and alone", "looked at", observed, share, None, f"Berman 2013: B; {naive}"))
    bone = float((first[:, organs.index("bone")] & alone).mean())
    rows += [
        Row("bone alone, treated women", "looked at", COLZANI["bone"], bone, None, "Colzani 2014: B"),
        Row("several at once, treated women", "looked at", COLZANI["several"], float((~alone).mean()), None,
            "Colzani 2014: B"),
    ]  # fmt: skip
    there = at_diagnosis(seen)
    for organ in BERMAN:
        share = float(there[:, organs.index(organ)].mean())
        name = f"{organ}, of those with a metastasis seen at diagnosis"
        rows.append(Row(name, "illustrative", None, share, None, "moves as far as shares_at_diagnosis says"))
    rows.append(Row("organs with one at diagnosis, mean", "predicted", None, float(there.sum(axis=1).mean()), None))
    return rows


if __name__ == "__main__":
    sys.exit(whole("first_sites", __doc__, 40_000, 2013, asked))
