"""When visible metastases were seeded: a map over growth law, growth ratio and exponent of shedding, without a verdict.

Of metastases of 10 mm and more, at the diagnosis of a primary of 20 mm or five years after its removal, the share that
was seeded while the primary was smaller than 0.01 cm3.  With n(s) the primary's cells at age s, a cell shed at s founds
at once, grows R times as fast and is visible at age t if s <= t - T(10 mm) / R =: v, T the primary's own time to that
size (where metastases of a patient differ in growth, those that are seen are the faster); so the share is

    int_0^{min(e, v)} n(s)^a ds / int_0^{min(d, v)} n(s)^a ds,    n(e) = 0.01 cm3, d the age at removal,

and does not depend on how many are shed.  Hu 2019 (E56: 17 of 21 colorectal metastases) found most to be early: such
metastases were large enough to be resected, and it is this condition that makes them early, whatever the exponent.
From 0 to 1 all is possible: the share alone says nothing about when most cells leave.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import sys

import cascade
from _report import Row, arguments, finished, noting, own_folder
from cascade.patient.growth import Growth

LAWS = {
    "exponential": Growth(law="exponential", doubling_days=129.0),
    "logistic": cascade.disease("breast").tumour.growth,
    "gompertz": Growth(law="gompertz", doubling_days=60.0, largest=1e13),
}
RATIOS = 1.0, 1.4, 2.56, 4.0
EXPONENTS = 0.0, 0.5, 1.0
SMALL, FOUND, VISIBLE = 1e7, 4.19e9, 5.24e8
"""Cells of 0.01 cm3, of 20 mm, and of 10 mm."""


def early(growth: Growth, ratio: float, exponent: float, later_days: float) -> float | None:
    """The share of the visible that were seeded early; None where nothing is visible."""
    small, found, visible = (float(day) for day in growth.days([SMALL, FOUND, VISIBLE]))
    last = found + later_days - visible / ratio
    if last <= 0.0:
        return None
    some, of = growth.shed([min(small, last), min(found, last)], exponent)
    return float(some / of)


def main() -> int:
    """Print the map; 0 when it is that which was written down."""
    parser = noting(arguments(__doc__ or "", 0, 0))
    options = parser.parse_args()
    own_folder(options, "early_or_late")
    rows = []
    for years in (0.0, 5.0):
        for law, growth in LAWS.items():
            for ratio in RATIOS:
                for exponent in EXPONENTS:
                    when = "at diagnosis" if years == 0.0 else f"{years:g} years after"
                    name = f"{when}, {law}, lesions {ratio:g} times as fast, exponent {exponent:g}"
                    rows.append(Row(name, "map", 17 / 21, None, early(growth, ratio, exponent, 365.25 * years), "E56"))
    return finished("early_or_late", options, rows, {})


if __name__ == "__main__":
    sys.exit(main())
