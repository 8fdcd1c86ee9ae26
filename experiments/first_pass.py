"""What the first capillary bed takes and what reaches the second, for held and for passing cells.

Three primaries: the colon drains to the liver first, the breast to the lung, the lung to all
organs at once.  Injected cells are mostly held in the first bed (A12); the clearance of
circulating cells from patients and mice says that most pass.  Nothing is predicted: the
arrest of the held is chosen, that of the passing follows from a half-life.  The rows of the
mouse use its half-life (100 s) in a human circulation, whose circuit takes 49 s instead of
several; they show how far the two published half-lives lie apart.
"""

from __future__ import annotations

import sys

from matplotlib.figure import Figure

import cascade
from _report import arguments, counts_agree, own_folder, verdict
from cascade import body
from cascade.common.colours import ALIVE_COLOUR, ALIVE_PALE, DEATH_COLOUR, INK
from cascade.common.files import write_atomically
from cascade.common.jsons import json_text
from cascade.common.shares import percent
from cascade.common.text import text_table

CLASSES = {
    "held": lambda: body.cell_classes(1.0)[0],
    "passing, patient (1.7 h)": lambda: body.cell_classes(0.0)[1],
    "passing, mouse (100 s)": lambda: body.cell_classes(0.0, half_life_hours=100 / 3600)[1],
}
PRIMARIES = ("colon", "breast", "lung")


def short(share: float) -> str:
    """A share with three figures."""
    return percent(float(f"{share:.3g}"))


def passage(events: dict[str, float], beds: set[str], cells: str) -> dict[str, float]:
    """Cells that came to a first bed on their first pass; of these held there, dead there, gone on alive."""
    came = {name.partition(".")[2] for name in events}
    plain = {f"{bed}, {cells}" for bed in beds}
    names = plain if plain <= came else {f"{bed} (arterial), {cells}" for bed in beds}
    found = dict.fromkeys(("came", "held", "died", "second"), 0.0)
    for name, times in events.items():
        source, _, way = name.partition(".")
        if way in names:
            found["came"] += times
        elif source in names and way.endswith(": arrested"):
            found["held"] += times
        elif source in names and way.endswith(f", {cells}"):
            found["second"] += times
        elif source in names:
            found["died"] += times
    return found


def main() -> int:
    """Run the experiment; 0 when simulation and exact answer agree."""
    options = arguments(__doc__ or "", cells=1e6, seed=2002).parse_args()
    folder = own_folder(options, "first_pass")
    rows, checks, report = [], [], []
    bars: dict[str, list[tuple[str, float, float, float]]] = {}
    for primary in PRIMARIES:
        cancer = body.cancer(primary)
        # Blood alone: the share of the other routes says nothing about the first bed.
        cancer = cancer.with_(routes=[body.RouteUse(name="blood", share=1.0)])
        circulation = body.circulation(cancer.sex)
        first = {bed for vessel in cancer.drainage for bed in circulation.first_beds(vessel)}
        for label, make in CLASSES.items():
            cells = make()
            model = cancer.model(classes=[cells])
            result = cascade.simulate(model, cells=options.cells, seed=options.seed, progress=False)
            counted = passage(result.events(), first, cells.name)
            exact = passage(cascade.exact(model).events(), first, cells.name)
            shares = {key: counted[key] / counted["came"] for key in ("held", "died", "second")}
            truth = {key: exact[key] / exact["came"] for key in shares}
            where = next(iter(first)) if len(first) == 1 else f"{len(first)} beds by their flow"
            scaled = circulation.scaled(cells)
            both = [f"{short(shares[key])} ({short(truth[key])})" for key in shares]
            rows.append([primary, where, label, f"{scaled.arrest:.3g}", *both])
            checks += [(f"{primary}, {label}: {k}", round(counted[k]), round(counted["came"]), truth[k])
                       for k in ("held", "died", "second")]  # fmt: skip
            bars.setdefault(label, []).append((primary, truth["held"], truth["died"], truth["second"]))
            report.append({"primary": primary, "class": label, "simulated": shares, "exact": truth})
    header = ["primary", "first bed", "cells", "arrest per bed", "held there (exact)", "died there", "passed on alive"]
    print(text_table(header, rows, left=(0, 1, 2)))
    circuit = body.circulation("male").circuit
    vessels = body.circulation("male").scaled(body.cell_classes(0.0)[1]).vessel_deaths
    between = sum(vessels.values()) * sum(
        body.circulation("male").hours(v) for v in ("veins", "right heart", "left heart")
    )
    print(f"\nbetween two beds {percent(float(f'{between:.1g}'))} at most die: those that pass on come to a second bed")
    print("\nlost in one circuit of the blood; 2 to 8 % follow from a rat tumour (Butler 1975; no row is within):")
    for label, make in CLASSES.items():
        scaled = body.circulation("male").scaled(make())
        lost = circuit(scaled)
        print(f"  {label}: {percent(float(f'{sum(lost.held.values()) + sum(lost.deaths.values()):.2g}'))}")

    worst = 0.0
    for name in PRIMARIES:
        pooled, whole = (cascade.exact(body.cancer(name).model(pool=pool)).organs() for pool in (True, False))
        shares = {row.organ: row.share for row in whole}
        worst = max(worst, *(abs(row.share / shares[row.organ] - 1) for row in pooled if shares[row.organ]))
    print(f"\npool after the first pass against the whole network: shares of the organs differ by {worst:.1g} at most")

    figure = Figure(figsize=(11, 3.6), layout="constrained")
    for ax, (label, values) in zip(figure.subplots(1, len(bars), sharey=True), bars.items(), strict=True):
        for y, (_, held, died, second) in enumerate(values):
            ax.barh(y, held, color=ALIVE_COLOUR, label="held" if y == 0 else None)
            ax.barh(y, died, left=held, color=DEATH_COLOUR, label="died" if y == 0 else None)
            ax.barh(y, second, left=held + died, color=ALIVE_PALE, label="passed on" if y == 0 else None)
            ax.text(0.5, y, f"held {short(held)}", ha="center", va="center", color="white" if held > 0.5 else INK)
        ax.set_yticks(range(len(values)), [value[0] for value in values])
        ax.set_xlim(0, 1)
        ax.set_title(label, loc="left", fontsize=11)
        ax.set_xlabel("of the cells in the first bed")
    ax.legend(frameon=False, fontsize=9, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.savefig(folder / "first_pass.png", dpi=130)
    write_atomically(folder / "first_pass.json", json_text(report).encode())
    wrong = counts_agree(checks)
    print(f"saved: {(folder / 'first_pass.json').resolve()}")
    return verdict(wrong, "nothing fitted, nothing scored")


if __name__ == "__main__":
    sys.exit(main())
