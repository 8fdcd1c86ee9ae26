"""Five years of tamoxifen, ER-positive breast cancer: rates of recurrence with it over those without (PX01), by years.

The ratio of the first five years was fitted (the share of lesions that resist).  Of the others the treatment kills the
small ones on its first day and, as long as it is given, cells that begin new ones; single cells that sleep through it
wake as ever.  All other figures of tamoxifen, of recurrences and of deaths, were looked at when this kind of treatment
was chosen: with one that acted on its first day alone, or on all lesions of half of the women, they were contradicted.
The half of
first relapses that never come (PX04, Munich) is said of adjuvant treatment as a whole.

How long it is given was predicted, before it was compared, by an earlier fit, in which it worked on women and
metastases were not treated; it has been looked at since.  Ten years over five (ATLAS) is asked of women who are free of
distant recurrence after five years; one, two and five years over none (EBCTCG 1998) of all.  Both counted recurrences
of any kind, of women some of whom had stopped earlier; those of 1998 had tumours of unknown receptor among them.

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
from _registers import Calibration, Seen, er_positive, hazard
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES

YEARS = 15.0

DEATHS = {(0.0, 5.0): 0.71, (5.0, 10.0): 0.66, (10.0, 15.0): 0.68}
"""Rate ratios of deaths of breast cancer by years (standard errors 0.05, 0.05, 0.08): EBCTCG 2011."""

HORMONE = "surgery+hormone"

TEN_OVER_FIVE = {
    "recurrence": {(5.0, 10.0): 0.90, (10.0, 15.0): 0.75},
    "deaths": {(5.0, 10.0): 0.97, (10.0, 15.0): 0.71},
}
"""Rate ratios of ten years of tamoxifen over five, by years (the last from year 10 on): ATLAS, Davies 2013."""

ATLAS = "Davies 2013 (6,846 women): B"

OVER_NONE = {"recurrence": {1.0: 0.79, 2.0: 0.71, 5.0: 0.53}, "deaths": {1.0: 0.88, 2.0: 0.83, 5.0: 0.74}}
"""Rate ratios of so many years of tamoxifen over none, in about ten years: EBCTCG 1998, women not known ER-poor."""


def treated(seen: Seen, r: Register) -> np.ndarray:
    """ER-positive, operated, none seen elsewhere."""
    return er_positive(seen, r) & (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)


def death_rate(
    seen: Seen, r: Register, low: float, high: float, free: float = 0.0, *, of: np.ndarray | None = None
) -> float:
    """Deaths of the tumour a person-year between two years after surgery, of those free of recurrence after some.

    ``of``: which patients (default: the ER-positive).
    """
    of = (treated(seen, r) if of is None else of) & (since(r, r.distant) > free)
    end, died = since(r, np.minimum(r.death, r.end))[of], (r.cause == 1 + CAUSES.index("tumour"))[of]
    return float((died & (end >= low) & (end < high)).sum() / (np.clip(end, low, high) - low).sum())


def recurrence_rate(seen: Seen, r: Register, low: float, high: float, free: float = 0.0) -> float:
    """Distant recurrences a person-year between two years after surgery, of those free of one after some years."""
    return hazard(r, treated(seen, r) & (since(r, r.distant) > free), low, high)


ROLE = "looked at; an earlier fit predicted it"
RATES = {"recurrence": recurrence_rate, "deaths": death_rate}


def given_for(years: float) -> str:
    """The name of the care with hormone treatment of another length."""
    return f"{HORMONE}, {years:g} years"


LENGTHS = 1.0, 2.0, 10.0
"""Years, beside the five of the disease."""


def of_lengths(disease: cascade.Disease) -> cascade.Disease:
    """The disease with cares that give hormone treatment for other times."""
    base, more = disease.care_of(HORMONE), []
    for years in LENGTHS:
        given = [
            one.model_copy(update={"for_years": years}) if one.begins == "surgery" else one for one in base.systemic
        ]
        more.append(base.model_copy(update={"name": given_for(years), "systemic": tuple(given)}))
    return disease.with_(care=[*disease.care, *more])


def by_length(seen: Seen) -> list[Row]:
    """How long it is given: ten years over five, and fewer over none."""
    rows = []
    for what, rate in RATES.items():
        for (low, high), observed in TEN_OVER_FIVE[what].items():
            ten, five = (rate(seen, r, low, high, 5.0) for r in (seen.under(given_for(10.0)), seen.hormone))
            name = f"{what}, ten years over five, years {low:g} to {high:g}"
            rows.append(Row(name, ROLE, observed, ten / five, None, ATLAS, unit="ratio"))
        for years, observed in OVER_NONE[what].items():
            r = seen.hormone if years == 5.0 else seen.under(given_for(years))
            ratio = rate(seen, r, 0.0, 10.0) / rate(seen, seen.surgery, 0.0, 10.0)
            name = f"{what}, {years:g} {'year' if years == 1.0 else 'years'} over none, ten years"
            role = "looked at" if years == 5.0 else ROLE
            rows.append(Row(name, role, observed, ratio, None, "EBCTCG 1998: B", unit="ratio"))
    return rows


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    calibration = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    seen = Seen(of_lengths(disease), calibration)
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
        rows.append(Row(name, "looked at", observed, ratio, None, "EBCTCG 2011: B", unit="ratio"))
    for low, high in ((0, 0), (1, 3), (4, 20)):
        some = (seen.surgery.nodes_positive[of] >= low) & (seen.surgery.nodes_positive[of] <= high)
        gain = float(by(spread["without"][some], YEARS).mean() - by(spread["with"][some], YEARS).mean())
        name = "no positive node" if high == 0 else f"{low} to {high} positive nodes"
        rows.append(Row(f"fewer recurrences within 15 years, {name}", "predicted", None, gain, None))
    return rows + by_length(seen)


if __name__ == "__main__":
    sys.exit(whole("adjuvant", __doc__, 40_000, 2011, asked))
