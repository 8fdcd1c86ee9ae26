"""Cells injected into a mouse: where they are held, what becomes of them, what NK cells do; published figures beside.

One number is fitted, the share of the deaths in tissue by NK cells (``--fit`` does it again): lung colonies after
injection into the tail vein are ten times as many, in the end, without NK cells (Gorelik 1982).  That nine of ten
cells are held in a bed was chosen (Chambers 2002 says most); that NK cells are three times as active is illustrative.
All other rows are predicted: none of them set anything.

What is predicted is mostly missed; the guide says by how much (docs/howto/injection.md).

Sources: Gorelik 1982 (Int J Cancer 30:107), Fidler 1970 (J Natl Cancer Inst 45:773), Hanna & Fidler 1980 (J Natl Cancer
Inst 65:801), Cohen 1990 (Cancer Res 50:1834), Luzzi 1998 (Am J Pathol 153:865, as quoted in reviews).
"""

from __future__ import annotations

import sys

from numpy import format_float_positional

import cascade
from cascade.common.text import text_table

DAY = 24.0
ALIVE = ("arrested", "extravasated", "dormant", "micrometastasis", "colony")
SOLITARY = ("arrested", "extravasated", "dormant")


def in_organs(model: cascade.Model, day: float, *steps: str) -> float:
    """Share of the cells that are in one of these states in some organ on a day."""
    curves = cascade.exact(model).occupancy([day * DAY])
    return float(sum(curves[f"{site.name}: {step}"][0] for site in model.sites for step in steps))


def in_organ(model: cascade.Model, organ: str, day: float) -> float:
    """Share of the cells that are alive in an organ on a day."""
    curves = cascade.exact(model).occupancy([day * DAY])
    return float(sum(curves[f"{organ}: {step}"][0] for step in ALIVE))


def of_organ(model: cascade.Model, organ: str, field: str, until: float | None = None) -> float:
    """Cells of a million that are arrested in an organ, or found a colony there."""
    rows = {row.organ: row for row in cascade.exact(model, until=until).organs()}
    return float(getattr(rows[organ], field))


def depleted(model: cascade.Model, first_day: float = 0.0) -> cascade.Model:
    """The model without most NK cells, from a day on."""
    return model.with_treatments(cascade.treatment("nk-depletion", start_hours=first_day * DAY))


def ratio(model: cascade.Model, organ: str, first_day: float = 0.0, until: float | None = None) -> float:
    """How many times as many colonies an organ has without NK cells."""
    return of_organ(depleted(model, first_day), organ, "colonies", until) / of_organ(model, organ, "colonies", until)


def rows() -> list[tuple[str, str, float, str]]:
    """Figure, what was published, what the model says, and whether it was fitted."""
    tail, portal, left = (cascade.load(f"mouse-{where}") for where in ("tail-vein", "portal-vein", "left-ventricle"))
    lung = ratio(tail, "lung")
    arrest = of_organ(depleted(tail), "lung", "arrested") / of_organ(tail, "lung", "arrested")
    taken = of_organ(portal, "liver", "arrested") / 1e6
    boosted = tail.with_treatments(cascade.treatment("nk-boost"))
    more = of_organ(boosted, "lung", "colonies") / of_organ(tail, "lung", "colonies")
    return [
        ("tail vein: held in the lung", "most (Fidler 1970)", of_organ(tail, "lung", "arrested") / 1e6, "chosen"),
        ("tail vein: alive after 24 h", "0.01 (Fidler 1970)", in_organs(tail, 1, *ALIVE), "predicted"),
        (
            "tail vein: alive in the lung after 24 h, NK depleted / not",
            "28, other cells and mice (Gorelik 1982)",
            in_organ(depleted(tail), "lung", 1) / in_organ(tail, "lung", 1),
            "predicted",
        ),
        ("tail vein: lung colonies, NK depleted / not", "10 (Gorelik 1982)", lung, "calibrated"),
        ("  the same, depleted from day 1 on", "", ratio(tail, "lung", 1.0), "predicted"),
        ("  the same, depleted from day 3 on", "", ratio(tail, "lung", 3.0), "predicted"),
        ("  the same, colonies by day 21 alone", "", ratio(tail, "lung", until=21 * DAY), "predicted"),
        ("tail vein: lung colonies, NK cells threefold / not", "1/7 in nude mice (Gorelik 1982)", more, "illustrative"),
        ("tail vein: held in the lung, NK depleted / not", "about 1 (Hanna 1980)", arrest, "predicted"),
        (
            "tail vein: liver colonies, NK depleted / not",
            "none to some (Gorelik 1982)",
            ratio(tail, "liver"),
            "predicted",
        ),
        ("portal vein: held in the liver", "most (Chambers 2002)", taken, "chosen"),
        (
            "portal vein: alive in the liver after 24 h, of those held",
            "0.73 of the label (Cohen 1990)",
            in_organ(portal, "liver", 1) / taken,
            "predicted",
        ),
        (
            "portal vein: extravasated and alive, day 3",
            "0.8 (Luzzi 1998)",
            in_organs(portal, 3, "extravasated", "dormant", "micrometastasis", "colony"),
            "predicted",
        ),
        ("portal vein: solitary cells, day 13", "0.36 (Luzzi 1998)", in_organs(portal, 13, *SOLITARY), "predicted"),
        ("portal vein: macrometastases, day 13", "0.0002 (Luzzi 1998)", in_organs(portal, 13, "colony"), "predicted"),
        ("portal vein: liver colonies, NK depleted / not", "", ratio(portal, "liver"), "predicted"),
        ("left ventricle: bone colonies, NK depleted / not", "", ratio(left, "bone"), "predicted"),
    ]


def fit() -> float:
    """The share of deaths in tissue by NK cells with which lung colonies are ten times as many without them."""
    from scipy.optimize import brentq

    wanted = next(o for o in cascade.load("mouse-tail-vein").observations if o.role == "calibrated").value
    return float(
        brentq(lambda share: ratio(cascade.body.injection("tail vein", nk_share=share), "lung") - wanted, 0.3, 0.95)
    )


def told() -> list[list[str]]:
    """The rows as text."""
    return [
        [what, published, format_float_positional(value, 2, fractional=False, trim="-"), role]
        for what, published, value, role in rows()
    ]


def main() -> None:
    """Print the table, or fit."""
    if sys.argv[1:] == ["--fit"]:
        print(f"share of deaths in tissue by NK cells: {fit():.4f}")
        return
    print(text_table(["figure", "published", "model, exact", "role"], told(), left=(0, 1, 3)))


if __name__ == "__main__":
    main()
