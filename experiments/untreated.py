"""How long women live whose breast cancer nobody treats: 250 of one hospital, 1805 to 1933 (Bloom 1962).

Half of them lived 2.7 years from the first symptoms that they told of, 44 % three years, 18 % five, 4 % ten and 1 %
fifteen; 5 % died of other causes.  Of 1,022 women of nine series, probably those of Bloom among them, half lived 2.3
years, 19.8 % five and 3.7 % ten (Johnstone 2000).  No figure of untreated women was used when the disease was fitted:
how long they live follows from how fast tumours and metastases grow, from the size at which they give symptoms, and
from the burden that kills.  Nobody is screened, nothing is done.  The women of Bloom came to a hospital and stayed
there; those who lived long at home are not among them.  Of other causes they died as women did then, those here as
women do today: orientation alone.

The exact answer is of women whom the primary alone kills, found by symptoms of the primary: integrals over the day of
the symptoms and the pace of growth.  Beside it stands the simulation in which there are no metastases.

Naive comparator: a constant hazard with the published median.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import replace

import numpy as np
from scipy import special

import cascade
from _clock import since_diagnosis
from _draws import whole
from _ranked import COMPARED
from _registers import Calibration, register_of
from _report import Row
from cascade.patient.follow.register import Register
from cascade.patient.follow.scheme import CAUSES

NONE = "none"
BLOOM = "Bloom 1962 (250 women): B"
JOHNSTONE = "Johnstone 2000 (1,022 women): B"
ALIVE = {3.0: 0.44, 5.0: 0.18, 10.0: 0.04, 15.0: 0.01}
"""Shares alive, by years from the first symptoms (Bloom 1962)."""

NINE_SERIES = {5.0: 0.198, 10.0: 0.037}
"""Shares alive of the 1,022 women of nine series, by years (Johnstone 2000)."""

MEDIAN = 2.7
DAYS = 365.25
STEPS = 4001
"""Of the pace, from 6 standard deviations below to 6 above: the trapezoidal rule, exact to many figures."""


def untreated(disease: cascade.Disease, *, primaries_alone: bool = False) -> cascade.Disease:
    """The disease of an era without screening; ``primaries_alone``: none spreads, and nobody dies of other causes."""
    of = disease.with_(presentation={"screening": []}, autopsy=None, calibration=None, variants=())
    return of.with_(efficiency=1e-12, death={"other": None}) if primaries_alone else of


def years_left(r: Register) -> np.ndarray:
    """From symptoms to death, of those who have any; infinity: alive at the end."""
    return since_diagnosis(r, r.death)[r.mode > 0]


def alone(disease: cascade.Disease, years: float) -> float:
    """Exact share alive so many years after symptoms of the primary, whom the primary alone kills.

    At own age u the primary has n(u) cells, gives symptoms at a hazard h n(u)^e a year, and kills at age U.  A woman of
    pace s has none by u with the chance S(u) = exp(-H(u) / s), H the integral of the hazard over own years.  Alive t
    years after symptoms are those who have them before U - s t: the mean of 1 - S(U - s t), over that of 1 - S(U).
    Traits of growth are log-normal and not correlated.
    """
    growth, of = disease.tumour.growth, disease.presentation
    assert of is not None
    assert of.primary is not None
    symptoms = of.primary
    sigma = math.sqrt(sum(t.spread**2 for t in disease.traits if "growth" in t.acts_on))
    y = np.linspace(-6.0, 6.0, STEPS)
    weight = np.exp(-0.5 * y * y) / np.exp(-0.5 * y * y).sum()
    kills = float(growth.days(min(disease.death.burden_cells, disease.death.primary_cells or np.inf))[0])
    first = float(growth.days(disease.cells_of(symptoms.least_mm))[0])
    rate = symptoms.per_year / DAYS * disease.cells_of(symptoms.at_mm) ** -symptoms.exponent
    before = float(growth.shed(first, symptoms.exponent)[0])
    shares = []
    for after in (years, 0.0):
        share = 0.0
        for kind in disease.subtypes:
            pace = kind.growth * np.exp(sigma * y - 0.5 * sigma**2)
            own = np.maximum(kills - pace * after * DAYS, first)
            hazard = rate * (growth.shed(own, symptoms.exponent) - before)
            share += kind.share * float(weight @ -special.expm1(-hazard / pace))
        shares.append(share)
    return shares[0] / shares[1]


def asked(disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """Its rows."""
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    r = register_of(untreated(disease), NONE, plan)
    primaries_alone = untreated(disease, primaries_alone=True)
    of_primaries = years_left(register_of(primaries_alone, NONE, plan))
    left, known = years_left(r), r.mode > 0
    other = float((r.cause == 1 + CAUSES.index("other causes"))[known & (r.cause > 0)].mean())
    rows = [Row("untreated, years from symptoms to death, median", "predicted", MEDIAN, float(np.median(left)), None,
                BLOOM)]  # fmt: skip
    for years, share in ALIVE.items():
        name = f"untreated, alive after {years:g} years"
        rows.append(Row(name, "predicted", share, float((left > years).mean()), None, BLOOM))
        rows.append(Row(f"{name}, a constant hazard says", COMPARED, None, 0.5 ** (years / MEDIAN), None))
        exact = alone(primaries_alone, years)
        name = f"alive after {years:g} years, were there no metastases"
        rows.append(Row(name, "map", None, float((of_primaries > years).mean()), exact))
    rows += [
        Row("untreated, dead of other causes", "orientation: as women die today", 0.05, other, None, BLOOM),
        Row("untreated, years to death, median, nine series", "predicted", 2.3, float(np.median(left)), None,
            JOHNSTONE),
        *(
            Row(f"untreated, alive after {years:g} years, nine series", "predicted", share,
                float((left > years).mean()), None, JOHNSTONE)
            for years, share in NINE_SERIES.items()
        ),
    ]  # fmt: skip
    for c, kind in enumerate(disease.subtypes):
        of = r.subtype[known] == c
        rows.append(
            Row(f"untreated, years to death, median, {kind.name}", "predicted", None, float(np.median(left[of])), None)
        )
    return rows


if __name__ == "__main__":
    sys.exit(whole("untreated", __doc__, 40_000, 1962, asked))
