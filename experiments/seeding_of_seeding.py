"""Do metastases seed metastases?  Two views that contradict each other, and what the disease says to each.

Gundem 2015 (PM01) found it in 5 of 10 men who died of prostate cancer; Hoelzel 2010 (PM02) holds that in breast cancer
it plays no part that a clinic could notice.  Here lesions of breast cancer shed a hundredth to a fifth of what a
primary of their size sheds, everything else as it was fitted with none; nodes of the region, which
do no harm where they are left (Fisher 2002), shed nothing.  Of patients operated without a metastasis seen who die of
the tumour: how many have a metastasis of 10 mm or more whose parent is a metastasis, how many of all such
lesions are of that kind; and how far distant recurrences within ten years move, which were fitted without it.

It is a map, without a verdict: what it says of curves of recurrence is printed below the table.

Naive comparator: Gundem's 5 of 10 with its exact binomial interval, as if all diseases had one share.  For research and
teaching, never for decisions about a patient.
"""

from __future__ import annotations

import sys

import numpy as np
from scipy import stats

import cascade
from _report import Row, arguments, finished, noting, own_folder
from cascade.patient.follow.scheme import CAUSES

SHARES = 0.0, 0.01, 0.1, 0.2
"""With 0.3 some patients have more than a million lesions, for which there is no room."""
LARGE_MM = 10.0
GUNDEM = 5, 10


def told(disease: cascade.Disease, patients: int, seed: int) -> tuple[float, float, float, int]:
    """Dead with a large metastasis of a metastasis, share of such, recurrences in ten years, number of the dead."""
    cohort = cascade.cohort(disease, patients=patients, seed=seed, care="surgery", until_years=60.0)
    r = cohort.register()
    of = (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
    diagnosed = np.where(r.mode > 0, r.diagnosed, 0.0)
    recurs = float((r.distant - diagnosed <= 10.0)[of].mean())
    dead = np.flatnonzero(of & (r.cause == 1 + CAUSES.index("tumour")) & np.isfinite(r.distant))
    some, of_lesions, large_lesions = 0, 0, 0
    for i in dead:
        course = cohort.patient(int(r.patient[i]))
        sizes = course.mm(float(r.death[i]))[:, 0]
        large = [n for n, mm in zip(course.lesions, sizes, strict=True) if n.number and mm >= LARGE_MM]
        again = sum(lesion.parent != 0 for lesion in large if disease.kinds[lesion.site] == "distant")
        some, of_lesions = some + (again > 0), of_lesions + again
        large_lesions += sum(disease.kinds[lesion.site] == "distant" for lesion in large)
    return some / max(len(dead), 1), of_lesions / max(large_lesions, 1), recurs, len(dead)


def main() -> int:
    """Run the experiment; 0 when predictions are those that were written down."""
    parser = noting(arguments(__doc__ or "", 1_000, 2015))
    options = parser.parse_args()
    own_folder(options, "seeding_of_seeding")
    whole = cascade.disease("breast")
    disease = whole.with_(death={"other": None}, presentation={"screening": []}, autopsy=None)
    exact = stats.binomtest(*GUNDEM).proportion_ci(method="exact")
    rows = []
    for share in SHARES:
        some, lesions, recurs, dead = told(
            disease.with_(lesions={"secondary": share}), int(options.cells), options.seed
        )
        name = f"lesions shed {share:g}"
        source = f"PM01 (5 of 10: {exact.low:.2f} to {exact.high:.2f}), PM02 (none): B; {dead} dead"
        rows += [
            Row(f"dead with a metastasis of a metastasis, {name}", "map", GUNDEM[0] / GUNDEM[1], some, None, source),
            Row(f"large metastases of a metastasis, {name}", "map", None, lesions, None),
            Row(f"distant recurrence within 10 years, {name}", "map", None, recurs, None),
        ]
    dead_of, again = ([row.simulated or 0.0 for row in rows[i::3]] for i in (0, 2))
    below = (
        f"lesions that shed {SHARES[-1]:g} of what primaries do bring metastases of metastases to {dead_of[-1]:.0%}"
        f" of the dead, and recurrences within ten years from {again[0]:.1%} to {again[-1]:.1%}: the curve alone"
        " hardly tells"
    )
    recipe = {"digest": whole.digest(), "seed": options.seed}
    return finished("seeding_of_seeding", options, rows, recipe, below=below)


if __name__ == "__main__":
    sys.exit(main())
