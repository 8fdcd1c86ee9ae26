"""Rows with what the fit of a disease leaves open: ``--draws 39`` asks each row of as many draws of its parameters.

Between the least and the greatest of 39 draws lies the answer of the true parameters with 95 %, if the rest of the
disease is right; that few patients are counted makes it wider.  Where a draw has no answer, of too few patients, the
row has no interval.  For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import replace

import cascade
from _report import Row, arguments, finished, noting, own_folder
from cascade.patient.over_draws import DRAWS

Asked = Callable[[cascade.Disease, argparse.Namespace], list[Row]]
"""The rows of an experiment, of a disease."""


def of_patients(text: str, patients: float, seed: int) -> argparse.ArgumentParser:
    """Options of an experiment on a fitted disease."""
    parser = noting(arguments(text, patients, seed))
    words = (
        f"also print between which values each row lies, over so many draws of the fit; at least {DRAWS}, each as long"
    )
    parser.add_argument("--draws", type=enough, default=0, help=f"{words} as the experiment (default: none)")
    return parser


def enough(text: str) -> int:
    """Draws that make an interval of 95 %, or none."""
    if not text.isdecimal() or 0 < int(text) < DRAWS:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number, at least {DRAWS}")
    return int(text)


def over_draws(asked: Asked, disease: cascade.Disease, options: argparse.Namespace) -> list[Row]:
    """The rows of a disease, with their intervals where ``--draws`` asks for them."""
    rows = asked(disease, options)
    if not options.draws:
        return rows

    names = [row.name for row in rows if row.value is not None]

    def answer(one: cascade.Disease) -> dict[str, float]:
        try:
            found = {row.name: row.value for row in (rows if one is disease else asked(one, options))}
        except cascade.CascadeError as error:  # patients with more lesions than there is room for
            print(f"a draw has no answer: {error}", file=sys.stderr)
            found = {}
        return {name: math.nan if (value := found.get(name)) is None else value for name in names}

    found = {
        row.what: row for row in cascade.patient.uncertain(disease, answer, draws=options.draws, seed=options.seed).rows
    }
    return [
        replace(row, low=found[row.name].low, high=found[row.name].high) if row.name in found else row for row in rows
    ]


def whole(
    name: str, text: str | None, patients: float, seed: int, asked: Asked, of: str = "breast",
    wrong: Callable[[list[Row]], list[str]] = lambda _: [],
) -> int:  # fmt: skip
    """Run an experiment on a fitted disease, whatever it asks; 0 when predictions are those that were written down.

    ``wrong``: what else must not be, told of the rows.
    """
    options = of_patients(text or "", patients, seed).parse_args()
    own_folder(options, name)
    disease = cascade.disease(of)
    rows = over_draws(asked, disease, options)
    recipe = {"digest": disease.digest(), "seed": options.seed}
    return finished(name, options, rows, recipe, problems=wrong(rows))
