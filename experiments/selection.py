"""Selection along the cascade: who gets through, and what unlike cells change.

Nothing is calibrated or predicted: the traits of ``unlike-cells`` are illustrative.  It shows
(1) the traits of those that pass each step against those that started, simulated and
exact; (2) the heterogeneous population against a homogeneous one of the same mean traits
(all 1): spread alone changes survival, because hazards act through curves; (3) that the
cells which survive the journey answer treatments otherwise than those that started: the
founders of colonies are not a fair sample.
"""

from __future__ import annotations

import math
import sys

import cascade
from _report import arguments, counts_agree, own_folder, verdict
from cascade.common.files import write_atomically
from cascade.common.jsons import json_text
from cascade.common.shares import percent
from cascade.common.text import text_table

TREATMENTS = ("nk-depletion", "exercise", "anti-adhesion", "targeted")


def main() -> int:
    """Run the experiment; 0 when simulated and exact traits agree."""
    options = arguments(__doc__ or "", cells=4e6, seed=1952).parse_args()
    folder = own_folder(options, "selection")
    unlike = cascade.load("unlike-cells")
    alike = unlike.with_(frailties=(), correlations=(), name="alike cells")
    exact, plain = cascade.exact(unlike), cascade.exact(alike)
    found = cascade.selection(unlike, cells=options.cells, seed=options.seed, progress=False)
    traits = exact.traits()
    print(found.table(beside=traits))
    errors = exact.trait_errors()
    worst = max(error / mean for name in traits for error, mean in zip(errors[name], traits[name], strict=True))
    print(
        f"standard errors of the exact means (random points: seven traits) are up to {percent(float(f'{worst:.1g}'))}"
    )

    print("\nunlike cells against alike ones of the same mean (exact; share of all cells that passed)")
    rows = []
    for one, two in zip(exact.funnel(), plain.funnel(), strict=True):
        ratio = one.fraction_of_all / two.fraction_of_all
        rows.append([one.step, percent(one.fraction_of_all), percent(two.fraction_of_all), f"{ratio:.2f}"])
    print(text_table(["step", "unlike", "alike", "ratio"], rows))
    print(f"standard error of the exact answer for unlike cells: {exact.error:.1g}")

    print("\ntreatments: factor on the number of macrometastases (exact)")
    rows = []
    for name in TREATMENTS:
        treatment = cascade.treatment(name)
        factors = [
            cascade.exact(model.with_treatments(treatment)).success / answer.success
            for model, answer in ((unlike, exact), (alike, plain))
        ]
        rows.append([name, *(f"{factor:.3f}" for factor in factors)])
    print(text_table(["treatment", "unlike cells", "alike cells"], rows))

    # What the survivors of extravasation were like decides how the blood's killers strike them again.
    last = [row for row in found if row.step == "extravasation" and row.cells]
    changed = [row for row in last if row.low > 1.0 or row.high < 1.0]
    print("\nof those that left the vessels these traits differ from 1 (95 % interval):")
    for row in changed:
        print(f"  {row.trait}: mean {row.mean:.2f} ({row.low:.2f} to {row.high:.2f})")

    funnel = cascade.simulate(unlike, cells=options.cells, seed=options.seed, progress=False).funnel()
    checks = [
        (row.step, int(row.passed), funnel.cells, truth.fraction_of_all)
        for row, truth in zip(funnel, exact.funnel(), strict=True)
        if row.passed
    ][:4]
    cascade.plot.save(cascade.plot.selection(found), folder / "selection.png")
    report = {"rows": found.to_dicts(), "exact": traits, "cells": found.cells, "seed": found.seed}
    write_atomically(folder / "selection.json", json_text(report).encode())
    wrong = counts_agree(checks)
    for row in found:
        truth = traits[row.trait][found.steps.index(row.step)]
        error = math.hypot((row.high - row.low) / 2 / 1.96, errors[row.trait][found.steps.index(row.step)])
        # 5 standard errors: few cells and heavy tails are no case for a finer test.
        if row.cells > 1000 and abs(row.mean - truth) > 5 * error:
            wrong.append(f"{row.trait}, {row.step}")
    print(f"\nsaved: {(folder / 'selection.png').resolve()}")
    return verdict(wrong, "means of the traits within 5 standard errors")


if __name__ == "__main__":
    sys.exit(main())
