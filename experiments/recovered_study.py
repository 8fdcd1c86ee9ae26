"""A synthetic study with eight animals an arm: hazards that are known are fitted again, with intervals.

Three arms of eight animals at each of three days, two counts in each animal.  One hazard is doubled in the second arm,
another is halved in the third; animals differ by what all their counts share (a coefficient of variation of some 25 %)
and by each count (15 %).  The counts are drawn once, from the seed; the fit knows the model's other hazards, and tells
those of the arms as factors on the control's.  Role: every row is recovered, which says that the fit works, and nothing
of any tumour.
"""

from __future__ import annotations

import math
import sys

import numpy as np
from scipy import stats

import cascade
from _report import FALSE_ALARM, Row, arguments, own_folder, show, verdict, write
from cascade.inference.drawing import drawn

DAYS = (1, 4, 13)
ANIMALS = 8
COUNTED = {"solitary": ["lodged", "extravasated", "dormant"], "grown": ["micrometastasis", "macrometastasis"]}
DEATH, REGRESSION = "dormant.death of dormant cells", "micrometastasis.regression"
TRUTH = {("dies twice as fast", DEATH): 2.0, ("regresses half as fast", REGRESSION): 0.5}
SPREADS = (0.25, 0.15)


def study(model: cascade.Model, cells: float, seed: int) -> cascade.Data:
    """The counts."""
    arms = ["control", *(arm for arm, _ in TRUTH)]
    rows = [
        {"animal": f"day {day}, {k}", "arm": arm, "day": day, "observable": name, "count": 0}
        for arm in arms
        for day in DAYS
        for k in range(ANIMALS)
        for name in COUNTED
    ]
    design = cascade.Data.counts(rows, COUNTED, cells=cells)
    fit = cascade.fit(model, design, [DEATH, REGRESSION], by="arm", against="control", starts=0)
    truth = np.array([math.log(TRUTH.get((free.arm, free.name), 1.0)) for free in fit.free])
    return drawn(fit.likelihood, truth, np.array(SPREADS), np.random.default_rng(seed))


def main() -> int:
    """Run the study; 0 when what is known is recovered."""
    options = arguments(__doc__ or "", cells=1e5, seed=26).parse_args()
    folder = own_folder(options, "recovered_study")
    model = cascade.load("b16f1-liver")
    data = study(model, options.cells, options.seed)
    fit = cascade.fit(model, data, [DEATH, REGRESSION], by="arm", against="control")
    print(f"{data}\n\n{fit}\n\n{fit.identifiability()}\n")
    rows, problems = [], []
    errors, hazards = np.sqrt(np.diag(fit.covariance)), {name: value for name, _, value in model.hazards()}
    for row, free, error, degrees in zip(fit.table(), fit.free, errors, fit.degrees, strict=True):
        true = TRUTH.get((free.arm, free.name), 1.0) * (1.0 if free.against else hazards[free.name])
        unit = "" if free.against else " per hour"
        interval = f"interval {row.low:.3g} - {row.high:.3g}"
        rows.append(Row(f"{free.label}{unit}", "recovered", true, row.estimate, None, interval))
        away = abs(math.log(row.estimate / true)) / error
        if 2 * stats.t.sf(away, max(degrees, 2.0)) < FALSE_ALARM / len(fit.free):
            problems.append(f"{free.label}: {row.estimate:.4g}, and {true:.4g} is true ({away:.1f} errors)")
    show(rows)
    print("\nobserved: what is true; simulated: the estimate\n")
    fit.save(folder / "fit.json")
    write(folder / "table.json", rows, {"seed": options.seed, "cells": options.cells, "model": model.digest()})
    for name, figure in (("fit", cascade.plot.fit(fit)), ("counts", cascade.plot.data(data))):
        print(f"saved: {cascade.plot.save(figure, folder / f'{name}.png')}")
    return verdict(problems, "every hazard within its error of what is true", counted=False)


if __name__ == "__main__":
    sys.exit(main())
