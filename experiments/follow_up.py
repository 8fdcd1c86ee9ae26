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

import numpy as np

import cascade
from _clock import by, since
from _draws import whole
from _registers import Calibration, Seen, distant_in
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES

YEARS = 5.0
USUAL, IMAGES = "surgery+hormone", "surgery+hormone, images"
LOOKED_AT = {"eyes": ["chest radiograph", "bone scan"], "every_years": 0.5, "for_years": YEARS}
TOGETHER = 0.02
"""Years: organs in which metastases are seen within them are seen at once."""

TRIAL = "Rosselli Del Turco 1994 (1,243 women): B"


def with_images(disease: cascade.Disease) -> cascade.Disease:
    """The disease with a care of the same treatment and the images of the trial."""
    usual = disease.care_of(USUAL).model_dump()
    return disease.with_(care=[*disease.care, {**usual, "name": IMAGES, "visits": [LOOKED_AT]}])


def operated(r: Register) -> np.ndarray:
    """Those of the trial: operated, none seen elsewhere."""
    return np.asarray((r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0))


def recurred(r: Register) -> float:
    """Share with a distant metastasis seen within the years."""
    return float(by(since(r, r.distant), YEARS)[operated(r)].mean())


def alone(seen: Seen, r: Register, organs: tuple[str, ...]) -> float:
    """Share in whom a metastasis is first seen within the years, in one of some organs alone."""
    places = distant_in(seen.disease)
    names = [seen.disease.sites[i] for i in places]
    when = since(r, r.seen_at[:, places].T).T
    first = when.min(axis=1)
    here = np.isfinite(when) & (when <= first[:, None] + TOGETHER)
    mine = here[:, [names.index(organ) for organ in organs]].any(axis=1) & (here.sum(axis=1) == 1)
    return float((by(first, YEARS) * mine)[operated(r)].mean())


def died(r: Register) -> float:
    """Share that dies of the tumour within the years."""
    of = operated(r)
    return float(((r.cause == 1 + CAUSES.index("tumour")) & (since(r, r.death) < YEARS))[of].mean())


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    calibration = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    seen = Seen(with_images(disease), calibration)
    usual, images = seen.under(USUAL), seen.under(IMAGES)
    thorax = {name: alone(seen, r, ("lung", "bone")) for name, r in (("usual", usual), ("images", images))}
    again = {name: recurred(r) for name, r in (("usual", usual), ("images", images))}
    both = 0.5 * (again["usual"] + again["images"])
    naive = f"{TRIAL}; naive 1"
    return [
        Row("distant metastasis within five years, both arms", "looked at", 289 / 1243, both, None, TRIAL),
        Row("lung or bone first and alone, usual", "looked at", 71 / 621, thorax["usual"], None, TRIAL),
        Row("lung or bone first and alone, images", "looked at", 112 / 622, thorax["images"], None, TRIAL),
        Row("lung or bone first and alone, images over usual", "looked at", (112 / 622) / (71 / 621),
            thorax["images"] / thorax["usual"], None, naive),
        Row("fewer free of recurrence at five years, with images", "looked at", 0.720 - 0.648,
            again["images"] - again["usual"], None, f"{TRIAL}; naive 0"),
        Row("deaths within five years, images over usual", "looked at", 0.186 / 0.195, died(images) / died(usual), None,
            naive),
    ]  # fmt: skip


if __name__ == "__main__":
    sys.exit(whole("follow_up", __doc__, 40_000, 1994, asked))
