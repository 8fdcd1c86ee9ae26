"""Intervals of a disease that is fitted to patients: how often they hold what was true, over synthetic cohorts.

Each study draws patients of a disease that is known, from other random numbers than the fit simulates with, begins from
numbers that are wrong by a third, and asks whether the truth lies in the interval of each free number.  Told are the
share of intervals that hold, how often they miss below and above, and the spread of the estimates in their stated
errors, which is 1 where these are right.  Nothing is fitted to anything observed.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy import stats

import cascade
from cascade.common.files import write_atomically
from cascade.common.jsons import json_text
from cascade.common.text import text_table
from cascade.inference.cohorts.drawing import patients_drawn
from cascade.patient.calibration import there
from cascade.patient.variants import changed, number_at

FREE = ["efficiency", "presentation.primary.per_year", "shedding.lymph.per_day"]
EFFICIENCY = 4e-4
"""Ten times that of the textbook, so that some sixth of the patients recur."""

WRONG = 0.7
LEVEL = 0.95
FALSE_ALARM = 1e-3
"""Of the verdict, over all free numbers together, each as a study of its own."""


def errors(studies: int, patients: int, simulated: int, seed: int) -> np.ndarray:
    """Estimates less truth in their stated errors, (studies, P)."""
    disease = changed(cascade.disease("textbook"), {"efficiency": EFFICIENCY})
    begin = changed(disease, {where: WRONG * number_at(disease, where) for where in FREE})
    found = []
    for k in range(studies):
        data = patients_drawn(disease, "surgery", range(patients), seed=seed + 2 * k)
        fit = cascade.fit(
            begin, data, FREE, care="surgery", patients=simulated, seed=seed + 2 * k + 1, progress=False
        )  # fmt: skip
        truth = [there(number_at(disease, one.where), one.scale) for one in fit.free]
        found.append((fit.x - truth) / np.sqrt(np.diag(fit.covariance)))
        if sys.stderr.isatty():
            print(f"\r{k + 1} of {studies} studies", end="", file=sys.stderr)
    return np.array(found)


def main() -> int:
    """Run the experiment; 0 when no interval holds less often than chance allows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=100)
    parser.add_argument("--patients", type=int, default=400, help="of a study, of whom some nine in ten are diagnosed")
    parser.add_argument("--simulated", type=int, default=10_000, help="at each point of a fit")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    z = errors(options.studies, options.patients, options.simulated, options.seed)
    reach = float(stats.norm.ppf(0.5 + LEVEL / 2.0))
    held = (np.abs(z) <= reach).sum(axis=0)
    least = int(stats.binom.ppf(FALSE_ALARM / len(FREE), options.studies, LEVEL))
    lines = [
        [name, f"{k / options.studies:.3f}", f"{np.mean(z[:, p] > reach):.3f}", f"{np.mean(z[:, p] < -reach):.3f}",
         f"{np.mean(z[:, p]):+.2f}", f"{np.std(z[:, p], ddof=1):.2f}"]
        for p, (name, k) in enumerate(zip(FREE, held, strict=True))
    ]  # fmt: skip
    print(text_table(["free number", "held", "truth below", "truth above", "mean error", "spread"], lines))
    if options.out is not None:
        told = {"studies": options.studies, "patients": options.patients, "seed": options.seed, "errors": z.tolist()}
        write_atomically(options.out, json_text(told).encode())
    missed = [name for name, k in zip(FREE, held, strict=True) if k < least]
    print("passed: as many hold as chance allows" if not missed else f"FAILED: too few hold of {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
