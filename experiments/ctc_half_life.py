"""Clearance of circulating tumour cells from the blood: mouse (100 s) and patient (1.7 h).

A unit check: the half-life is what was put in, so nothing here is predicted.  Mice and
patients differ about sixtyfold; the two models stand for two systems and are not pooled.
"""

from __future__ import annotations

import math
import sys

import numpy as np
from matplotlib.figure import Figure

import cascade
from _report import Row, arguments, counts_agree, off_target, own_folder, show, verdict, write
from cascade.common.colours import ALIVE_COLOUR, BAND, INK

HOURS = {"s": 1 / 3600, "h": 1.0}


def half_life(result, count: int) -> float:
    """Half-life in hours from the cells left at one moment: maximum likelihood for an exponential."""
    left = result.occupancy([count])["circulating"][0]
    return -math.log(2) * count / math.log(left)


def main() -> int:
    """Run the experiment; 0 when it passes."""
    options = arguments(__doc__ or "", cells=1e6, seed=2004).parse_args()
    folder = own_folder(options, "ctc_half_life")
    rows, checks, recipes = [], [], {}
    figure = Figure(figsize=(9.5, 4.2), layout="constrained")
    axes = figure.subplots(1, 2)
    for ax, name in zip(axes, ("ctc-mouse", "ctc-patient"), strict=True):
        model = cascade.load(name)
        seen = model.observations[0]
        unit, size = seen.unit, 1 / HOURS[seen.unit]
        published = seen.value / size
        times = [float(t) for t in published * np.array([0.25, 0.5, 1, 2, 3, 4, 6, 8])]
        result = cascade.simulate(model, cells=options.cells, seed=options.seed, times=times)
        result.save(folder / f"{name}.cascade")
        exact = cascade.exact(model)
        median = exact.times()[0].median_hours
        rows.append(
            Row(
                f"{name}: half-life ({unit})",
                seen.role,
                seen.value,
                half_life(result, published) * size,
                median * size,
                ", ".join(seen.source),
            )
        )
        left, truth = result.occupancy(times)["circulating"], exact.occupancy(times)["circulating"]
        n = result.cells
        checks += [
            (f"{name} at {t:.3g} h", round(float(p) * n), n, float(q))
            for t, p, q in zip(times, left, truth, strict=True)
        ]
        recipes[name] = result.recipe
        t = np.linspace(0, times[-1], 200)
        low, high = (0.5 ** (t * size / end) for end in (seen.low, seen.high))
        ax.fill_between(
            t * size,
            low,
            high,
            color=BAND,
            label=f"published range, {seen.low:g} to {seen.high:g} {unit}",
        )
        ax.plot(t * size, exact.occupancy(t)["circulating"], color=INK, label="exact")
        ax.plot(np.array(times) * size, left, "o", color=ALIVE_COLOUR, label=f"simulated, {n:,} cells")
        ax.set_yscale("log")
        ax.set_ylim(1e-3, 1.3)
        ax.set_xlabel(f"time ({unit})")
        ax.set_ylabel("share still in the blood")
        ax.set_title(model.title, loc="left", fontsize=10)
        ax.legend(frameon=False, fontsize=8)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    show(rows)
    write(folder / "table.json", rows, recipes)
    print(f"saved: {cascade.plot.save(figure, folder / 'clearance.png')}")
    problems = [f"simulated is not exact: {name}" for name in counts_agree(checks)]
    return verdict(problems + [f"calibrated row off by more than 1 %: {name}" for name in off_target(rows)])


if __name__ == "__main__":
    sys.exit(main())
