"""A map, without a verdict: hidden metastases of tumours found by screening and between screens, at equal size.

Interval cancers grow faster.  Whether they have spread further at the same size depends on what shedding follows: by
time, a slow tumour has had longer to shed (its power of the pace, per_division, is 0); by division, all have shed alike
by a size (1); with a power of 2 the fast have shed more.  Of tumours of 10 to 20 mm, the share with a lasting distant
founder, by that power and by the spread of growth between patients (log-sd 0.56 as of ultrasound, 1.23 of screening);
everything else as it was fitted, and not fitted again.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import cascade
from _organs import distant_in
from _registers import Calibration, register_of
from _report import Row, arguments, finished, noting, own_folder
from cascade.patient.known import diameters
from cascade.patient.variants import changed
from screening import SCREENING, SYMPTOMS


def main() -> int:
    """Print the map; 0 when it is that which was written down."""
    parser = noting(arguments(__doc__ or "", 15_000, 1987))
    options = parser.parse_args()
    own_folder(options, "fast_or_slow")
    plan = replace(Calibration.of("breast"), patients=int(options.cells), seed=options.seed)
    disease = cascade.disease("breast")
    distant = distant_in(disease)
    rows = []
    for spread in (0.3, 0.56, 1.23):
        for power in (0.0, 1.0, 2.0):
            places = {f"shedding.{shed.route}.per_division": power for shed in disease.shedding}
            r = register_of(changed(disease, places | {"traits.pace.spread": spread}), "surgery", plan)
            mm = diameters(disease, r)
            size, spread_there = (mm >= 10.0) & (mm < 20.0), r.there[:, distant].sum(axis=1) > 0
            screened = size & (r.mode == SCREENING)
            between = size & (r.mode == SYMPTOMS) & (r.negative_screens > 0)
            for name, some in (("by screening", screened), ("between screens", between)):
                value = float(spread_there[some].mean())
                rows.append(Row(f"power {power:g}, spread {spread:g}, found {name}", "map", None, value, None))
    return finished("fast_or_slow", options, rows, {"digest": disease.digest(), "seed": options.seed})


if __name__ == "__main__":
    sys.exit(main())
