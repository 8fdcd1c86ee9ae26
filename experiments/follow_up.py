"""Images without symptoms after surgery of breast cancer: a trial of 1,243 women (Rosselli Del Turco 1994).

All were examined and had mammograms; one half also had radiographs of the chest and bone scans every six months, for
five years.  With them more metastases of lung and bone were found alone (112 of 622 women, 71 of 621 without), fewer
women were free of recurrence after five years (0.648 and 0.720), and as many died (0.186 and 0.195).  The disease knows
of all this only how women are followed up usually, which is its care.  The figures were read when that care was taken
from the trial, before any of them was asked of the disease: they are looked at, not predicted.

How the women were treated is not told (each clinic's own way); simulated are women under surgery and hormone treatment
if ER-positive, with and without the images.  Recurrences of the trial were local in a quarter; the disease has none, so
that what is compared is distant metastasis, how much more is found, and deaths.

Naive comparator: who looks finds what is there, sooner or later: no difference.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

import cascade
from _clock import since
from _draws import whole
from _images import USUAL, YEARS, alone, operated, recurred
from _registers import Calibration, Seen
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES

OF_FIT = "of the calibration, looked at"
TRIAL = "Rosselli Del Turco 1994 (1,243 women): B"


def died(r: Register) -> float:
    """Share that dies of the tumour within the years."""
    of = operated(r)
    return float(((r.cause == 1 + CAUSES.index("tumour")) & (since(r, r.death) < YEARS))[of].mean())


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    calibration = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    seen = Seen(disease, calibration)
    usual, images = seen.under(USUAL), seen.images
    thorax = {name: alone(disease, r) for name, r in (("usual", usual), ("images", images))}
    again = {name: recurred(r) for name, r in (("usual", usual), ("images", images))}
    both = 0.5 * (again["usual"] + again["images"])
    naive = f"{TRIAL}; naive 1"
    return [
        Row("distant metastasis within five years, both arms", "looked at", 289 / 1243, both, None, TRIAL),
        Row("lung or bone first and alone, usual", "looked at", 71 / 621, thorax["usual"], None, TRIAL),
        Row("lung or bone first and alone, images", "looked at", 112 / 622, thorax["images"], None, TRIAL),
        Row("lung or bone first and alone, images over usual", OF_FIT, (112 / 622) / (71 / 621),
            thorax["images"] / thorax["usual"], None, naive),
        Row("fewer free of recurrence at five years, with images", OF_FIT, 0.720 - 0.648,
            again["images"] - again["usual"], None, f"{TRIAL}; naive 0"),
        Row("deaths within five years, images over usual", "looked at", 0.186 / 0.195, died(images) / died(usual), None,
            naive, unit="ratio"),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(whole("follow_up", __doc__, 40_000, 1994, asked))
