"""Five years of tamoxifen, ER-positive breast cancer: rates of recurrence with it over those without (PX01), by years.

The ratio of the first five years was fitted (the share of patients whom treatment rids of all small lesions); those of
later years were looked at when this kind of treatment was chosen, and so was that adjuvant treatment as a whole was
said to eradicate half of first relapses (PX04, Munich): who is rid of lesions stays so, but cells that slept through
the treatment wake as ever.  Deaths of the tumour with it over those without, by years, were read (from the abstract of
EBCTCG 2011) when the last fit was begun, and neither fitted nor looked at before.

Naive comparator: a constant ratio, as Cox's model has it, that of the first five years: what it says of recurrence
within 15 years beside what is simulated, and how many of a thousand it is wrong by.

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
from _registers import Calibration, Seen, er_positive
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES

YEARS = 15.0

DEATHS = {(0.0, 5.0): 0.71, (5.0, 10.0): 0.66, (10.0, 15.0): 0.68}
"""Rate ratios of deaths of breast cancer by years (standard errors 0.05, 0.05, 0.08): EBCTCG 2011."""


def treated(seen: Seen, r: Register) -> np.ndarray:
    """ER-positive, operated, none seen elsewhere."""
    return er_positive(seen, r) & (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)


def death_rate(seen: Seen, r: Register, low: float, high: float) -> float:
    """Deaths of the tumour a person-year between two years after surgery."""
    of = treated(seen, r)
    end, died = since(r, np.minimum(r.death, r.end))[of], (r.cause == 1 + CAUSES.index("tumour"))[of]
    return float((died & (end >= low) & (end < high)).sum() / (np.clip(end, low, high) - low).sum())


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    calibration = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    seen = Seen(disease, calibration)
    role = {"target": "calibrated", "choice": "looked at", "comparison": "predicted"}
    kept = [row for row in calibration.rows if row.id.startswith("rate with tamoxifen")]
    rows = [Row(row.id, role[row.role], row.observed, seen.value(row), None, row.source) for row in kept]
    of = treated(seen, seen.surgery) & treated(seen, seen.hormone)
    spread = {name: since(r, r.distant)[of] for name, r in (("without", seen.surgery), ("with", seen.hormone))}
    share = {name: float(by(times, YEARS).mean()) for name, times in spread.items()}
    constant = 1.0 - (1.0 - share["without"]) ** seen.value(kept[0])
    never = (spread["without"] < np.inf) & (spread["with"] == np.inf)
    later = (spread["without"] < spread["with"]) & (spread["with"] < np.inf)
    late = float(later.sum() / (spread["without"] < np.inf).sum())
    half = float(never.sum() / (spread["without"] < np.inf).sum())
    rows += [
        Row("recurrence within 15 years, without", "predicted", None, share["without"], None),
        Row("recurrence within 15 years, with", "predicted", None, share["with"], None),
        Row("recurrence within 15 years, a constant ratio says", "naive comparator", None, constant, None),
        Row("of first relapses never come", "looked at; observed: all adjuvant treatment", 0.5, half, None, "PX04: B"),
        Row("of first relapses come later", "predicted", None, late, None),
    ]
    for (begin, end), observed in DEATHS.items():
        ratio = death_rate(seen, seen.hormone, begin, end) / death_rate(seen, seen.surgery, begin, end)
        name = f"deaths with tamoxifen over without, years {begin:g} to {end:g}"
        rows.append(Row(name, "predicted", observed, ratio, None, "EBCTCG 2011: B"))
    for low, high in ((0, 0), (1, 3), (4, 20)):
        some = (seen.surgery.nodes_positive[of] >= low) & (seen.surgery.nodes_positive[of] <= high)
        gain = float(by(spread["without"][some], YEARS).mean() - by(spread["with"][some], YEARS).mean())
        name = "no positive node" if high == 0 else f"{low} to {high} positive nodes"
        rows.append(Row(f"fewer recurrences within 15 years, {name}", "predicted", None, gain, None))
    return rows


if __name__ == "__main__":
    sys.exit(whole("adjuvant", __doc__, 40_000, 2011, asked))
