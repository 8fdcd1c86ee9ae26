"""Clusters of circulating tumour cells against single cells: Aceto 2014 (B10) and Liotta 1976 (B12).

Aceto compares per event *counted in blood*: (foci from clusters / foci from single cells) /
(counted clusters / counted single cells).  With S the expected foci per shed unit and T the
mean hours that it can be counted, that is (S_cluster / S_single) x (T_single / T_cluster):
ratio of success times ratio of residence.  Clusters are what was shed as clusters.

Three hypotheses, rules fixed beforehand:

* *added up*: a cluster of n is n cells, each with its own chance.  Nothing else.
* *protected*: besides, clusters resist anoikis and immune killing (illustrative sizes).
* *calibrated*: besides, the power of size in founding is set such that B10 comes out at 34.

The first two are direction only: whether they come within 23 to 50 is printed as it is.
The third reproduces B10 (calibrated, no evidence): the power is found anew here and must be
that of the catalogue.  B12 (clumps of 6 and 7 cells give more foci than as many single cells,
the larger the more per cell) is printed of each; of the third it is implied by the calibration.
Fragments of clusters that have become single are left out of the single cells counted, and
their foci are the cluster's; here that changes no figure by more than 1 %.  B11 (recalled,
grade D) and a variant whose clusters are held sooner (against B13) are printed, not scored.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from itertools import pairwise

from scipy.optimize import brentq

import cascade
from _report import CALIBRATED_TO, arguments, counts_agree, own_folder, verdict
from cascade.common.files import write_atomically
from cascade.common.jsons import json_text
from cascade.common.shares import percent
from cascade.common.text import text_table

OBSERVED, LOW, HIGH = 34.0, 23.0, 50.0
BLOOD = ("circulating", "in_bed")
FOUNDING = "extravasated.metastasis"
CLUMPS = (6, 7)


def with_effects(model: cascade.Model, name: str, powers: dict[str, float]) -> cascade.Model:
    """The model with these powers of size on hazards, and no others."""
    effects = [{"hazard": hazard, "power": power} for hazard, power in powers.items()]
    return model.with_(name=name, clusters={**model.clusters.model_dump(), "effects": effects})


def hypotheses() -> dict[str, cascade.Model]:
    """The three of the text, and the variant with clusters that are held sooner."""
    model = cascade.load("clusters")
    powers = {effect.hazard: effect.power for effect in model.clusters.effects}
    sooner = {**powers, "in_bed.arrested": 1.0}
    return {
        "added up": with_effects(model, "added up", {FOUNDING: 1.0}),
        "protected": with_effects(model, "protected", {**powers, FOUNDING: 1.0}),
        "calibrated": model,
        "held sooner": with_effects(model, "held sooner", sooner),
    }


def shed_as(model: cascade.Model, sizes: dict[int, float]) -> cascade.Model:
    """The same model, with units of these sizes alone; a model with clusters must name a size above 1."""
    total = sum(sizes.values())
    shares = {1: 0.0, 2: 0.0, **{size: share / total for size, share in sizes.items()}}
    clusters = model.clusters.model_dump()
    return model.with_(clusters={**clusters, "sizes": [{"size": n, "share": p} for n, p in shares.items()]})


@dataclass(frozen=True)
class Fate:
    """What becomes of a shed unit: expected foci, hours as a single or as a cluster in blood, cells."""

    foci: float
    hours: float
    cells: float


def fate_of(model: cascade.Model, sizes: dict[int, float]) -> Fate:
    """Exact, per shed unit of these sizes; a cluster counts as long as it, or what is left of it, is one."""
    answer = cascade.exact(shed_as(model, sizes))
    cells = sum(size * share for size, share in sizes.items()) / sum(sizes.values())
    founded = answer.sizes(cells).rows[-1]
    inside = answer.hours(per_founder=True, least_size=2 if max(sizes) > 1 else 1)
    return Fate(founded.singles + founded.clusters, sum(inside[state] for state in BLOOD), cells)


def calibrated_power(model: cascade.Model, several: dict[int, float]) -> float:
    """The power of size in founding with which B10 comes out as observed."""
    powers = {effect.hazard: effect.power for effect in model.clusters.effects}

    def off(power: float) -> float:
        tried = with_effects(model, "tried", {**powers, FOUNDING: power})
        single, cluster = fate_of(tried, {1: 1.0}), fate_of(tried, several)
        return math.log(cluster.foci / single.foci * single.hours / cluster.hours / OBSERVED)

    return float(brentq(off, 1.0, 5.0, xtol=1e-6))


def main() -> int:
    """Run the experiment; 0 when B10 is reproduced and simulation and exact answer agree."""
    options = arguments(__doc__ or "", cells=4e6, seed=2014).parse_args()
    folder = own_folder(options, "clusters")
    shed = {part.size: part.share for part in cascade.load("clusters").clusters.sizes}
    several = {size: share for size, share in shed.items() if size > 1}
    share_shed = sum(several.values())
    rows, clumps, checks, report, problems = [], [], [], {}, []
    for name, model in hypotheses().items():
        single, cluster = fate_of(model, {1: 1.0}), fate_of(model, several)
        success, residence = cluster.foci / single.foci, single.hours / cluster.hours
        counted = share_shed * cluster.hours / (share_shed * cluster.hours + (1 - share_shed) * single.hours)
        ratio = success * residence
        inside = "within" if LOW <= ratio <= HIGH else "outside"
        role = "calibrated" if name == "calibrated" else "direction only"
        figures = [f"{value:.3g}" for value in (success, success / cluster.cells, residence)]
        rows.append([name, role, f"{ratio:.3g}", inside, *figures, percent(counted)])
        each = {size: fate_of(model, {size: 1.0}).foci / size / single.foci for size in range(2, max(shed) + 1)}
        rises = all(a < b for a, b in pairwise(each[size] for size in (*CLUMPS, max(shed))))
        more = all(each[size] > 1.0 for size in CLUMPS) and rises
        clumps.append([name, *(f"{each[size]:.3g}" for size in (2, 4, 6, 7, 8)), "as B12" if more else "NOT as B12"])
        report[name] = {"per_counted_event": ratio, "per_shed_event": success, "residence": residence, "per_cell": each}
        if name == "calibrated":
            problems += [] if abs(ratio / OBSERVED - 1) <= CALIBRATED_TO else [f"B10: {ratio:.4g}, not {OBSERVED}"]
            used = next(effect.power for effect in model.clusters.effects if effect.hazard == FOUNDING)
            power = calibrated_power(model, several)
            problems += [] if abs(power - used) < 5e-4 else [f"the power is {power:.4f}, in the catalogue {used}"]
        # Founders with a metastasis, simulated, against the generating function.
        # Size acts on no single cell: one hypothesis is enough for them.
        kinds = [(several, "clusters")] + [({1: 1.0}, "single cells")] * (name == "calibrated")
        for sizes, label in kinds:
            part = shed_as(model, sizes)
            result = cascade.simulate(part, cells=options.cells, seed=options.seed, watch=part.goals, progress=False)
            chance = 1.0 - cascade.exact(part).no_colony
            assert result.watched_is_complete
            checks.append((f"{name}: {label}", len(result.watched), result.founders, chance))
    print("clusters over single cells (B10: 34-fold, 23 to 50, per counted event)")
    header = ["hypothesis", "role", "per counted event", "23 to 50", "per shed event", "per cell", "residence"]
    print(text_table([*header, "of counted events"], rows, left=(0, 1, 3)))
    print("\nfoci per cell of a clump over those of single cells (B12: above 1 for 6 and 7 cells, rising)")
    print(text_table(["hypothesis", "2 cells", "4", "6", "7", "8", ""], clumps, left=(0, 6)))
    print(
        "\nSize in founding is calibrated to B10: that row is no evidence. Cells that merely add up fall short of"
        "\nB10 and give no B12; B12 follows from any advantage that grows with size, so that it cannot tell one"
        "\nfrom another. B11, recalled and not verified (D): 2 to 5 % of the counted events are clusters, cleared"
        "\nabout three times as fast; here they are not, and even clusters that are held sooner in proportion to"
        "\ntheir size would be cleared less than twice as fast. Over 90 % traverse such constrictions (B13)."
    )
    problems += counts_agree(checks)
    write_atomically(folder / "clusters.json", json_text(report).encode())
    return verdict(problems, "B10 as calibrated")


if __name__ == "__main__":
    sys.exit(main())
