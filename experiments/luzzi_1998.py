"""Luzzi et al. 1998: B16F1 melanoma cells in the mouse liver, from portal injection to day 13.

Prints observed, simulated and exact figures.  Rows marked "calibrated" set a hazard of the
model and say nothing for it; only "predicted" rows could.  Then the four hazards are fitted
again, with the intervals that a study of so many animals would give them.

Source: Am J Pathol 1998;153:865-873 (PMID 9736035), as quoted in reviews.
"""

from __future__ import annotations

import sys

import numpy as np

import cascade
from _report import Row, arguments, counts_agree, off_target, own_folder, show, verdict, write

DAY = 24.0
MOMENTS = {"90 min": 1.5, "day 3": 3 * DAY, "day 5": 5 * DAY, "day 10": 10 * DAY, "day 13": 13 * DAY}
EXTRAVASATED = ("extravasated", "dormant", "micrometastasis", "macrometastasis")


def figures(answer) -> dict[str, float | None]:
    """The published quantities, as the model's own observations ask for them."""
    return {seen.name: answer.figure(seen) for seen in answer.model.observations}


def course(model: cascade.Model) -> list[str]:
    """Faults of the time course: micrometastases must fall after day 3, few tumours exist on day 5."""
    exact = cascade.exact(model)
    days = np.arange(3.0, 13.01, 0.25)
    micro = exact.occupancy(days * DAY)["micrometastasis"]
    macro = exact.occupancy([5 * DAY, 13 * DAY])["macrometastasis"]
    early = macro[0] / macro[1]
    print(f"\ntime course: micrometastases {micro[0]:.4g} on day 3, {micro[8]:.4g} on day 5, {micro[-1]:.4g} on day 13")
    print(f"             {early:.1%} of the macrometastases of day 13 exist on day 5")
    wrong = []
    if not (np.diff(micro) < 0).all():
        wrong.append("micrometastases do not fall after day 3")
    if not early < 0.05:
        wrong.append(f"{early:.1%} of the final macrometastases exist on day 5, not under 5 %")
    return wrong


def study(model: cascade.Model, animals: int, spread: float, cells: float = 3e5) -> cascade.Data:
    """Counts with the published shares as their medians, of so many animals a day that differ by a spread.

    The paper's abstract states neither animals nor spreads: these are illustrative.
    """
    from scipy.stats import norm

    apart = norm.ppf((np.arange(animals) + 0.5) / animals)
    factors = np.exp(spread * apart / apart.std(ddof=1))
    share = {o.name: o.value for o in model.observations}
    out = share["extravasated and alive / injected, day 3"]
    micro = out * share["micrometastases / extravasated, day 3"]
    macro = micro * share["macrometastases day 13 / micrometastases day 3"]
    solitary = share["solitary cells / injected, day 13"]
    counted = {(3, "out"): out, (3, "micro"): micro, (13, "macro"): macro, (13, "solitary"): solitary}
    observables = {
        "out": EXTRAVASATED,
        "micro": ["micrometastasis"],
        "macro": ["macrometastasis"],
        "solitary": ["lodged", "extravasated", "dormant"],
    }
    # An animal has many counts beside each other: each observable differs in an order of its own.
    rows = []
    for turn, ((day, name), value) in enumerate(counted.items()):
        for k in range(animals):
            count = round(cells * value * factors[(k + turn) % animals])
            rows.append({"animal": f"day {day}, {k}", "day": day, "observable": name, "count": count})
    return cascade.Data.counts(rows, observables, cells=cells)


def fit(model: cascade.Model, animals: int = 6, spread: float = 0.3) -> None:
    """Fit the four hazards to the four figures, with the intervals that such a study would give them."""
    names = [
        "lodged.extravasated",
        "extravasated.micrometastasis",
        "dormant.death of dormant cells",
        "micrometastasis.regression",
    ]
    data = study(model, animals, spread)
    print(f"{animals} animals a day that differ by {spread:g} (illustrative: the abstract states neither)\n")
    print(data)
    # Slow and fast extravasation give the same four figures: a fit from either side, each in its own hill.
    for label, factor in (("slow extravasation", 1.0), ("fast extravasation", 4.0)):
        found = cascade.fit(model.with_(scale={names[0]: factor}), data, names, starts=0)
        print(f"\n{label}: log likelihood {found.log_likelihood:.2f}\n{found}\n{found.identifiability()}")


def main() -> int:
    """Run the experiment; 0 when it passes."""
    parser = arguments(__doc__ or "", cells=1e7, seed=1998)
    parser.add_argument("--fit", action="store_true", help="only the fit")
    options = parser.parse_args()
    model = cascade.load("b16f1-liver")
    if options.fit:
        fit(model)
        return 0
    folder = own_folder(options, "luzzi_1998")
    times = list(MOMENTS.values())
    result = cascade.simulate(model, cells=options.cells, seed=options.seed, until=13 * DAY, times=times)
    result.save(folder / "result.cascade")
    exact = cascade.exact(model, until=13 * DAY)

    saved = cascade.open_result(folder / "result.cascade")
    print(saved.funnel().table(beside=exact.funnel()), "\n")
    ours, truth = figures(saved), figures(exact)
    rows = []
    for seen in model.observations:
        grade = model.grade_of(seen.source)
        mark = f"{', '.join(seen.source)} (grade {grade}{', unverified' if grade == 'D' else ''})"
        rows.append(Row(seen.name, seen.role, seen.value, ours.get(seen.name), truth.get(seen.name), mark))
    show(rows)
    n = saved.cells
    checks = [
        (
            f"{state}, {moment}",
            round(float(saved.occupancy(times)[state][j]) * n),
            n,
            float(exact.occupancy(times)[state][j]),
        )
        for state in ("lodged", *EXTRAVASATED)
        for j, moment in enumerate(MOMENTS)
    ]
    problems = [f"simulated is not exact: {name}" for name in counts_agree(checks)]
    problems += [f"calibrated row off by more than 1 %: {name}" for name in off_target(rows)]
    problems += course(model)
    write(folder / "table.json", rows, saved.recipe)
    for kind in ("funnel", "occupancy", "incidence"):
        path = cascade.plot.save(getattr(cascade.plot, kind)(saved), folder / f"{kind}.png")
        print(f"saved: {path}")
    print()
    fit(model)
    print()
    return verdict(problems)


if __name__ == "__main__":
    sys.exit(main())
