"""Some months of chemotherapy after surgery: what one published figure fixes, and what follows (PX02, PX03).

The disease has no chemotherapy.  Here it is given one as its hormone treatment is told: it kills small lesions on its
first day and, for half a year, cells that begin new ones, but for the share of lesions that resist; women of all
receptors are given it.  That share is fixed by one row, recurrences of ER-poor women below 50 (PX03), and then says
how many deaths of breast cancer it prevents in all women (PX02), at which size and nodes it gains most, and, of the
women of a trial who all had it, how many have an event (see schumacher_1994.py).

The sources differ by age (below 50 and from 50 to 69), which is nothing to the cells here: one figure of the model
stands beside both of theirs.  What was read are ratios alone, without their errors.  Some patients of the trials had
no anthracyclines (PX03), or stopped early.  Shares of 0.4 to 0.8 were tried first: none prevents as many as the row
says, so that what follows has been looked at.

Naive comparator: the ratio of recurrences taken for that of deaths.

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
from _ranked import COMPARED
from _registers import Calibration, Seen, er_positive, hazard
from _report import Row
from adjuvant import death_rate
from cascade.patient.clinic.care import Systemic
from cascade.patient.follow.register import Register
from schumacher_1994 import YEARS, kept, of_trial

RESISTANT = (0.0, 0.2, 0.4)
"""Shares of lesions that are tried: between them the ratios are taken as straight lines."""

MONTHS = 6.0
FIXED, OLDER = 0.73, 0.82
"""Ratios of recurrence in ten years, ER-poor: below 50, and from 50 to 69."""

DEATHS = {"below 50": 0.62, "50 to 69": 0.80}
"""Ratios of the death rate of breast cancer, anthracyclines, all women."""

POOR, ALL = "EBCTCG 2008 (46 trials, 6,029 women): B", "EBCTCG 2005 (194 trials): B"


def given_to(resistant: float) -> str:
    """The name of a care."""
    return f"chemotherapy, {resistant:g} resist".replace(".", ",")


def with_chemotherapy(disease: cascade.Disease) -> cascade.Disease:
    """The disease with a care of each share that resists."""
    base = disease.care_of("surgery")
    cares = []
    for share in RESISTANT:
        drug = Systemic(
            name="chemotherapy", for_years=MONTHS / 12.0, log_kill=12.0, resistant=share, source=("illustrative",)
        )
        cares.append(base.model_copy(update={"name": given_to(share), "systemic": (drug, *base.systemic)}))
    return disease.with_(care=[*disease.care, *cares])


def operated(r: Register) -> np.ndarray:
    """Operated, none seen elsewhere."""
    return (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)


def recurrences(seen: Seen, r: Register) -> float:
    """A person-year, ER-negative, in ten years."""
    return hazard(r, operated(r) & ~er_positive(seen, r), 0.0, 10.0)


def deaths(seen: Seen, r: Register) -> float:
    """Of the tumour a person-year, all women, in fifteen years."""
    return death_rate(seen, r, 0.0, 15.0, of=operated(r))


def with_nodes(r: Register, low: int, high: int) -> float:
    """Share with a distant metastasis within ten years, by positive nodes."""
    of = operated(r) & (r.nodes_positive >= low) & (r.nodes_positive <= high)
    return float(by(since(r, r.distant)[of], 10.0).mean())


def events(r: Register) -> float:
    """Share of node-positive women with a distant metastasis or a death within the years of the trial."""
    of = operated(r) & (r.nodes_positive > 0)
    return float(by(np.minimum(since(r, r.distant), since(r, r.death))[of], YEARS).mean())


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    seen = Seen(with_chemotherapy(disease), plan)
    base, tried = seen.surgery, [seen.under(given_to(share)) for share in RESISTANT]
    ratios = [recurrences(seen, r) / recurrences(seen, base) for r in tried]
    if not ratios[0] <= FIXED <= ratios[-1]:
        raise ArithmeticError(
            f"no share that was tried gives a ratio of {FIXED:g}: {ratios[0]:.3f} to {ratios[-1]:.3f}"
        )
    share = float(np.interp(FIXED, ratios, RESISTANT))

    def at_it(of: list[float]) -> float:
        """What is told of the shares that were tried, at the one that the row fixes."""
        return float(np.interp(share, RESISTANT, of))

    ratio, died = at_it(ratios), at_it([deaths(seen, r) / deaths(seen, base) for r in tried])
    rows = [
        Row("lesions that resist, share", "fixed by the next row", None, share, None),
        Row("recurrence with over without, ER-negative, below 50", "calibrated", FIXED, ratio, None, POOR),
        Row("recurrence with over without, ER-negative, 50 to 69", "by construction", OLDER, ratio, None, POOR),
    ]
    rows += [
        Row(f"deaths with over without, {age}", "looked at", observed, died, None, ALL, unit="ratio")
        for age, observed in DEATHS.items()
    ]
    rows.append(Row("deaths, the ratio of recurrences says", COMPARED, None, ratio, None))
    for low, high, name in ((0, 0, "no positive node"), (1, 3, "1 to 3 positive nodes"), (4, 20, "4 and more")):
        gain = at_it([with_nodes(base, low, high) - with_nodes(r, low, high) for r in tried])
        rows.append(Row(f"fewer recurrences within 10 years, {name}", "predicted", None, gain, None))
    women = of_trial().within(YEARS)
    happened = 1.0 - kept(women.of(~women.given), YEARS)
    says = at_it([events(r) for r in tried])
    source = "Schumacher 1994, counted in its data: A; events of any kind"
    rows.append(Row("event in 5 years, positive nodes, no tamoxifen", "orientation", happened, says, None, source))
    return rows


if __name__ == "__main__":
    sys.exit(whole("polychemotherapy", __doc__, 30_000, 2005, asked))
