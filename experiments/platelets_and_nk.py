"""Platelets and NK cells, 2 x 2: whether the cloak helps, and whether it needs NK cells.

Outcome: cells alive in the lung 24 h after injection.  Palumbo 2005 (B17) gives the
mechanism, no size: without platelet function metastasis falls profoundly, and no longer
when NK cells are depleted.  Rules fixed beforehand for the default model, whose cloak does
only what has a source: with NK cells platelets help at least threefold; without them the
log benefit is at most 0.15 of that.  As the default cloak acts on NK killing alone, the second
holds by construction and says nothing more than that; the first depends on sizes that are
illustrative.  The variant with all four proposed effects is printed
as it comes.  Direction only: every size is illustrative, nothing is calibrated or predicted.
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

HOURS = 24.0
LEAST_BENEFIT, MOST_WITHOUT_NK = 3.0, 0.15
ALIVE = ("in_bed", "arrested", "extravasated", "metastasis")


def arms(name: str) -> dict[tuple[bool, bool], cascade.Model]:
    """The model with platelets on and off, NK cells on and off."""
    model = cascade.load(name)
    no_clumping = cascade.Treatment(name="no platelets", effects=[{"hazard": "*.cloak: cloaked", "factor": 0.0}])
    no_killing = cascade.Treatment(name="no NK cells", effects=[{"hazard": "*.immune killing", "factor": 0.0}])
    found = {}
    for platelets in (True, False):
        for killers in (True, False):
            off = [t for t, on in ((no_clumping, platelets), (no_killing, killers)) if not on]
            found[platelets, killers] = model.with_treatments(*off)
    return found


def main() -> int:
    """Run the experiment; 0 when the default model keeps the rules and simulation and exact answer agree."""
    options = arguments(__doc__ or "", cells=2e6, seed=2005).parse_args()
    folder = own_folder(options, "platelets_and_nk")
    checks, report, problems = [], {}, []
    for name in ("platelets", "platelets-all-four"):
        alive = {}
        rows = []
        for (platelets, killers), model in arms(name).items():
            result = cascade.simulate(model, cells=options.cells, seed=options.seed, times=[HOURS], progress=False)
            counted = sum(float(result.occupancy([HOURS])[state][0]) for state in ALIVE)
            exact = cascade.exact(model).occupancy([HOURS])
            alive[platelets, killers] = sum(float(exact[state][0]) for state in ALIVE)
            words = f"platelets {'on' if platelets else 'off'}, NK cells {'on' if killers else 'off'}"
            rows.append([words, percent(counted), percent(alive[platelets, killers])])
            checks.append((f"{name}: {words}", round(counted * result.cells), result.cells, alive[platelets, killers]))
        print(f"{cascade.load(name).title}: alive in the lung after 24 h")
        print(text_table(["", "simulated", "exact"], rows))
        with_nk, without = (alive[True, nk] / alive[False, nk] for nk in (True, False))
        share = math.log(without) / math.log(with_nk)
        print(
            f"benefit of platelets: {with_nk:.2f}-fold with NK cells, {without:.2f}-fold without; log ratio {share:.2f}"
        )
        report[name] = {"with_nk": with_nk, "without_nk": without, "log_ratio": share}
        kept = with_nk >= LEAST_BENEFIT and share <= MOST_WITHOUT_NK
        if name == "platelets":
            problems += [] if kept else [f"{name}: the rules for the default model"]
            print("direction only: " + ("as in B17\n" if kept else "NOT as in B17\n"))
        elif share > MOST_WITHOUT_NK:
            print("This disagrees with B17: there, NK depletion abolished the benefit of platelets.\n")
    problems += counts_agree(checks)
    write_atomically(folder / "platelets_and_nk.json", json_text(report).encode())
    return verdict(problems, "the rules for the default model")


if __name__ == "__main__":
    sys.exit(main())
