"""In which organs metastases of simulated patients are first seen.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import numpy as np

import cascade
from _clock import since
from cascade.patient.follow.register import Register

TOGETHER = 0.02
"""Years: organs in which metastases are seen within them are seen at once."""


def distant_in(disease: cascade.Disease) -> list[int]:
    """Places of the distant organs."""
    return [i for i, site in enumerate(disease.sites) if disease.kinds[site] == "distant"]


def first_seen(disease: cascade.Disease, r: Register) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Organs, years from surgery to the first metastasis seen, (N,), and whether in each organ, (N, organs)."""
    places = distant_in(disease)
    when = since(r, r.seen_at[:, places].T).T
    first = when.min(axis=1)
    here = np.isfinite(when) & (when <= first[:, None] + TOGETHER)
    return [disease.sites[i] for i in places], first, here
