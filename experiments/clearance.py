"""How fast are cells cleared from an organ?  Two published shares, each fitted with an interval; what follows beside.

Labelled cells in a vein of the tail: about 1 % are alive after 24 hours (Fidler 1970); into the liver: of the label
that it took up 73 % is there after 24 hours (Cohen 1990).  One hazard, or one factor on those by immune cells, is
fitted to each.  The abstracts state neither animals nor spreads: six animals that differ by 30 % are illustrative, and
with them the width of the intervals.

Roles: what is "calibrated" set a hazard and says nothing for it; what is "looked at" was known, from the page on
injections, before this was written, and set nothing here; only what is "predicted" speaks for or against the model.

Sources: Fidler IJ. J Natl Cancer Inst 1970;45:773-782.  Cohen S et al. Cancer Res 1990;50:1834-1840.  Gorelik E et al.
Int J Cancer 1982;30:107-112.  Luzzi KJ et al. Am J Pathol 1998;153:865-873.  All as their abstracts, or reviews, say.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from scipy.stats import norm

import cascade
from _report import Row, arguments, counts_agree, off_target, own_folder, show, verdict, write

DAY = 24.0
ANIMALS, SPREAD, CELLS = 6, 0.3, 100_000
ALIVE = ("arrested", "extravasated", "dormant", "micrometastasis", "colony")
EXTRAVASATED = ALIVE[1:]
SOLITARY = ALIVE[:3]

IN_LUNG = "lung: arrested.immune killing"
IN_LIVER = "liver: *.*killing"
LABEL_IN_LIVER = 0.73
HELD_FIRST = 1.0
"""Hours until the liver has taken the cells up."""


def counted(share: float, organ: str) -> cascade.Data:
    """Animals in which so many cells are alive in an organ after a day, about a published median."""
    apart = norm.ppf((np.arange(ANIMALS) + 0.5) / ANIMALS)
    counts = CELLS * share * np.exp(SPREAD * apart / apart.std(ddof=1))
    table = {
        "animal": np.arange(ANIMALS).tolist(),
        "day": [1.0] * ANIMALS,
        "alive": counts.round().astype(int).tolist(),
    }
    states = [f"{organ}: {step}" for step in ALIVE]
    return cascade.Data.counts(table, {"alive": states}, wide=["alive"], cells=CELLS)


def share(answer, organ: str, hours: float, steps: Sequence[str]) -> float:
    """Of all cells those that are in some states of an organ then; of an exact answer, or of a simulated result."""
    curves = answer.occupancy([hours])
    return float(sum(curves[f"{organ}: {step}"][0] for step in steps))


def treated(model: cascade.Model, name: str) -> cascade.Exact:
    """The exact answer under a treatment."""
    return cascade.exact(model.with_treatments(cascade.treatment(name)))


def fitted_in_lung(model: cascade.Model) -> cascade.Fit:
    """How fast held cells are killed."""
    return cascade.fit(model, counted(0.01, "lung"), [IN_LUNG])


def fitted_in_liver(model: cascade.Model) -> cascade.Fit:
    """By which factor all killing by immune cells there is faster, so that of what it took up the published part stays.

    What the liver has taken up by then hangs a little on that factor: it is fitted again with what it comes to.
    """
    fit = cascade.fit(model, counted(LABEL_IN_LIVER * taken_up(model), "liver"), [IN_LIVER])
    for _ in range(2):
        fit = cascade.fit(model, counted(LABEL_IN_LIVER * taken_up(fit.model), "liver"), [IN_LIVER])
    return fit


def taken_up(model: cascade.Model) -> float:
    """Share of the cells in the liver after the first hour."""
    return share(cascade.exact(model), "liver", HELD_FIRST, ALIVE)


def in_lung(model: cascade.Model, simulated: cascade.Result) -> list[Row]:
    """What the fitted killing of held cells says of the lung."""
    exact, depleted = cascade.exact(model), treated(model, "nk-depletion")
    without, with_all = (next(row.colonies for row in one.organs() if row.organ == "lung") for one in (depleted, exact))
    grown = share(exact, "lung", 14 * DAY, ("colony",)) / share(exact, "lung", 14 * DAY, ALIVE)
    kept = share(depleted, "lung", DAY, ALIVE) / share(exact, "lung", DAY, ALIVE)
    alive = share(simulated, "lung", DAY, ALIVE), share(exact, "lung", DAY, ALIVE)
    return [
        Row("lung: alive / injected, 24 h", "calibrated", 0.01, *alive, "Fidler 1970 (B)"),
        Row("lung: metastases / cells alive there, day 14", "predicted", 78 / 400, None, grown, "Fidler 1970 (B)"),
        Row(
            "lung: alive after 24 h, NK depleted / not", "looked at", 28.0, None, kept, "Gorelik 1982, other cells (B)"
        ),
        Row("lung: colonies, NK depleted / not", "looked at", 10.0, None, without / with_all, "Gorelik 1982 (B)"),
    ]


def in_liver(model: cascade.Model, simulated: cascade.Result) -> list[Row]:
    """What the fitted killing by immune cells says of the liver."""
    exact, boosted = cascade.exact(model), treated(model, "nk-boost")
    alive = tuple(share(one, "liver", DAY, ALIVE) / taken_up(model) for one in (simulated, exact))
    nude = share(boosted, "liver", DAY, ALIVE) / share(boosted, "liver", HELD_FIRST, ALIVE)
    third, last = share(exact, "liver", 3 * DAY, EXTRAVASATED), share(exact, "liver", 13 * DAY, SOLITARY)
    return [
        Row("liver: there after 24 h / taken up", "calibrated", LABEL_IN_LIVER, *alive, "Cohen 1990 (B)"),
        Row("liver: there after 24 h / taken up, NK threefold", "illustrative", 0.4, None, nude, "Cohen 1990 (B)"),
        Row("liver: extravasated and alive / injected, day 3", "looked at", 0.8, None, third, "Luzzi 1998 (C)"),
        Row("liver: solitary cells / injected, day 13", "looked at", 0.36, None, last, "Luzzi 1998 (C)"),
    ]


def main() -> int:
    """Run the experiment; 0 when it passes."""
    options = arguments(__doc__ or "", cells=1e6, seed=1970).parse_args()
    folder = own_folder(options, "clearance")
    lung, liver = (cascade.load(f"mouse-{where}-vein") for where in ("tail", "portal"))
    print(f"{ANIMALS} animals that differ by {SPREAD:g} (illustrative: the abstracts state neither)")
    fits = []
    for organ, fit in (("lung", fitted_in_lung(lung)), ("liver", fitted_in_liver(liver))):
        print(f"\n{organ}:\n{fit}")
        fits.append(fit.model)
    results = [cascade.simulate(model, cells=options.cells, seed=options.seed, times=[DAY]) for model in fits]
    rows = [*in_lung(fits[0], results[0]), *in_liver(fits[1], results[1])]
    print()
    show(rows)
    checks = [
        (f"{organ}: {step}", round(share(result, organ, DAY, (step,)) * result.cells), result.cells,
         share(cascade.exact(model), organ, DAY, (step,)))
        for organ, model, result in zip(("lung", "liver"), fits, results, strict=True)
        for step in ALIVE
    ]  # fmt: skip
    problems = [f"simulated is not exact: {name}" for name in counts_agree(checks)]
    problems += [f"calibrated row off by more than 1 %: {name}" for name in off_target(rows)]
    write(folder / "table.json", rows, {result.model.name: result.recipe for result in results})
    return verdict(problems)


if __name__ == "__main__":
    sys.exit(main())
