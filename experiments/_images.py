"""What images without symptoms find after surgery of breast cancer: the arms of a trial (Rosselli Del Turco 1994).

Both arms are the same patients.  One has the usual follow-up; the other also has radiographs of the chest and bone
scans every six months for five years.  For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import cascade
from _clock import by, since
from _organs import first_seen
from cascade.patient.follow.register import Register

if TYPE_CHECKING:
    from _registers import Seen

YEARS = 5.0
USUAL, IMAGES = "surgery+hormone", "surgery+hormone, images"
LOOKED_AT = {"eyes": ["chest radiograph", "bone scan"], "every_years": 0.5, "for_years": YEARS}
THORAX = ("lung", "bone")


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


def alone(disease: cascade.Disease, r: Register, organs: tuple[str, ...] = THORAX) -> float:
    """Share in whom a metastasis is first seen within the years, in one of some organs alone."""
    names, first, here = first_seen(disease, r)
    mine = here[:, [names.index(organ) for organ in organs]].any(axis=1) & (here.sum(axis=1) == 1)
    return float((by(first, YEARS) * mine)[operated(r)].mean())


def ratio_alone(seen: Seen, _: dict[str, Any]) -> float:
    """Lung or bone first and alone: with images over without."""
    return alone(seen.disease, seen.images) / max(alone(seen.disease, seen.under(USUAL)), 1e-12)


def fewer_free(seen: Seen, _: dict[str, Any]) -> float:
    """How much smaller the share free of a distant metastasis is with images."""
    return recurred(seen.images) - recurred(seen.under(USUAL))
