"""What answers hang on: one number of a disease changed, all others as they were fitted and not fitted again.

Of numbers that no row of the calibration tells, or only in part: cells in a cubic centimetre, how shedding grows with
size (through what a tumour of 20 mm sheds) and with the pace of growth, the law of growth, the spread of the pace, how
much faster metastases grow and how far they differ in it, how many founders are established.  Answers, of the same
patients under surgery, in an era without screening: a metastasis seen at diagnosis; of those operated without one,
hidden distant ones that are founded and last (cells asleep are none yet), seen within five years of surgery, and
between five and twenty years; and the share of the commonest organ among those whose first is seen.  A map, without a
verdict: what moves an answer further than its interval says is no result of the fit.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np

import cascade
from _organs import distant_in
from _registers import Calibration, Seen
from _report import Row, arguments, noting, own_folder, predicted, verdict, write
from cascade.common.text import text_table
from cascade.patient.follow.register import Register
from cascade.patient.parts import OrganLesions
from cascade.patient.variants import changed, number_at

AT_MM = 20.0
"""The tumour whose shedding stays when its growth with size is another."""

AFTER = 0.25
"""Years after a visit is due: what is found there is found by then."""

ANSWERS = ("seen at diagnosis", "hidden", "in 5 years", "years 5 to 20", "first in an organ")

ONE_PACE, OWN_PACES = "metastases of one patient grow alike", "metastases differ in growth (log-sd 0.8)"
WIDE = 0.8
"""Asked where they do not already."""

Change = Callable[[cascade.Disease], cascade.Disease]


def times(place: str, factor: float) -> Change:
    """A number, times a factor."""
    return lambda disease: changed(disease, {place: factor * number_at(disease, place)})


def of_size(exponent: float) -> Change:
    """Shedding by another power of the size, the same of a tumour of 20 mm."""

    def change(disease: cascade.Disease) -> cascade.Disease:
        places = {}
        for shed in disease.shedding:
            kept = (disease.cells_of(AT_MM) / shed.at_cells) ** (shed.exponent - exponent)
            places |= {
                f"shedding.{shed.route}.exponent": exponent,
                f"shedding.{shed.route}.per_day": shed.per_day * kept,
            }
        return changed(disease, places)

    return change


def of_pace(power: float) -> Change:
    """Shedding by another power of the pace of growth."""
    return lambda disease: changed(disease, {f"shedding.{shed.route}.per_division": power for shed in disease.shedding})


def differing(spread: float) -> Change:
    """Metastases with paces of their own about the one that they have; in nodes all keep one pace."""

    def change(disease: cascade.Disease) -> cascade.Disease:
        nodes = [site for site in disease.sites if disease.kinds[site] == "nodal"]
        organs = dict(disease.lesions.organs)
        for site in nodes:
            organs[site] = organs.get(site, OrganLesions()).model_copy(update={"growth_spread": 0.0})
        return disease.with_(lesions={"growth_spread": spread, "organs": organs})

    return change


def law(name: str) -> Change:
    """Another law of growth, which doubles as fast at 20 mm and comes as near to the largest size."""

    def change(disease: cascade.Disease) -> cascade.Disease:
        growth, cells = disease.tumour.growth, disease.cells_of(AT_MM)
        wanted = float(np.diff(growth.days([cells, 2.0 * cells]))[0])
        fields = {"law": name, "doubling_days": 100.0}
        fields |= {} if name == "exponential" else {"largest": growth.largest or 1e12}
        other = type(growth)(**fields)
        found = float(np.diff(other.days([cells, 2.0 * cells]))[0])
        fields["doubling_days"] = 100.0 * wanted / found
        tumour = disease.tumour.model_copy(update={"growth": type(growth)(**fields)})
        return disease.with_(tumour=tumour, calibration=None, variants=())

    return change


CHANGES: dict[str, Change] = {
    "as fitted": lambda disease: disease,
    "half the cells in a cubic centimetre": times("tumour.cells_per_cm3", 0.5),
    "twice the cells in a cubic centimetre": times("tumour.cells_per_cm3", 2.0),
    "shed by diameter (exponent 1/3)": of_size(1.0 / 3.0),
    "shed by surface (exponent 2/3)": of_size(2.0 / 3.0),
    "shed by volume (exponent 1)": of_size(1.0),
    "shed by time (power of the pace 0)": of_pace(0.0),
    "shed by the square of the pace (power 2)": of_pace(2.0),
    "exponential growth": law("exponential"),
    "gompertz growth": law("gompertz"),
    "logistic growth": law("logistic"),
    "half the spread of growth": times("traits.pace.spread", 0.5),
    "twice the spread of growth": times("traits.pace.spread", 2.0),
    "metastases grow as fast as primaries": lambda disease: changed(disease, {"lesions.growth_ratio": 1.0}),
    ONE_PACE: differing(0.0),
    OWN_PACES: differing(WIDE),
    "half the founders": times("efficiency", 0.5),
    "twice the founders": times("efficiency", 2.0),
}


def is_already(disease: cascade.Disease, told: str) -> bool:
    """Whether the disease is what a change would make of it."""
    if told in (ONE_PACE, OWN_PACES):
        return (disease.lesions.growth_spread or 0.0) == (WIDE if told == OWN_PACES else 0.0)
    return told.startswith(disease.tumour.growth.law)


def first_seen(disease: cascade.Disease, r: Register) -> np.ndarray:
    """Of those in whom a distant metastasis is seen, by distant organ the share in whom it is the first there."""
    when = r.seen_at[:, distant_in(disease)]
    seen = np.isfinite(when).any(axis=1)
    first = np.argmin(np.where(np.isfinite(when), when, np.inf), axis=1)[seen]
    return np.bincount(first, minlength=when.shape[1]) / max(1, len(first))


def answers(disease: cascade.Disease, plan: Calibration, organ: int) -> list[float]:
    """What stands in ``ANSWERS``; ``organ``: whose share it is."""
    r = Seen(disease, plan).surgery
    found = r.mode > 0
    of = found & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
    with np.errstate(invalid="ignore"):
        after = (r.distant - r.surgery)[of]
    late = after > 5.0 + AFTER
    return [
        float((r.metastasis_seen > 0)[found].mean()),
        float((r.there[of][:, distant_in(disease)].sum(axis=1) > 0).mean()),
        float((after <= 5.0 + AFTER).mean()),
        float((after[late] <= 20.0 + AFTER).mean()),
        float(first_seen(disease, r)[organ]),
    ]


def main() -> int:
    """Print the map; 0 when it is that which was written down."""
    parser = noting(arguments(__doc__ or "", 3_000, 1923))
    options = parser.parse_args()
    folder = own_folder(options, "what_matters")
    rows: list[Row] = []
    recipe: dict[str, object] = {"seed": options.seed}
    for name in ("breast", "colon"):
        whole = cascade.disease(name)
        plan = replace(Calibration.of(name), patients=int(options.cells), seed=options.seed)
        organ = int(first_seen(whole, Seen(whole, plan).surgery).argmax())
        recipe[f"digest of {name}"] = whole.digest()
        head, lines = [name, *ANSWERS[:-1], f"first in {whole.sites[distant_in(whole)[organ]]}"], []
        for told, change in CHANGES.items():
            if is_already(whole, told):
                continue
            values = answers(change(whole), plan, organ)
            rows += [
                Row(f"{name}, {told}: {what}", "map", None, v, None) for what, v in zip(head[1:], values, strict=True)
            ]
            lines.append([told, *(f"{value:.3f}" for value in values)])
        print(f"{text_table(head, lines)}\n")
    problems = predicted("what_matters", options, rows)
    write(folder / "what_matters.json", rows, recipe)
    print(f"saved: {(folder / 'what_matters.json').resolve()}")
    return verdict(problems, "a map as it was written down", counted=False)


if __name__ == "__main__":
    sys.exit(main())
