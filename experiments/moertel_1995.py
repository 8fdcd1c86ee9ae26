"""Times to recurrence of colon cancer with positive nodes, fitted: Moertel 1990 and 1995 (929 patients of a trial).

Patients after surgery either are rid of the tumour, sooner or later, or it comes back; both die of other causes.  Who
is rid of it looks like who is not, so that the hazard of recurrence of those under observation falls: a chain of two
states, of which one is hidden,

    operated -> recurrence;    operated -> rid;    either -> death without recurrence.

Its hazards are fitted to the times of the trial, with intervals, in three ways: the treatment acts on recurrence, or on
how soon patients are rid of the tumour, or on nothing that lasts: nobody is ever rid of it (the naive comparator, in
which recurrences go on as they began).  The published effect (Moertel 1995: with fluorouracil and levamisole 40 % fewer
recurrences a year, with levamisole alone 2 %) is of the same patients, so that it is a check of the fit and no
prediction; and so is the share that had a recurrence, beside Aalen's and Johansen's.

A chain of patients knows nothing of tumours: that is `colon`, whose numbers these data set in part.
For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import sys

import cascade
from _report import Row, arguments, own_folder, show, verdict, write

OBSERVED, TREATED, OTHER = "observation", "levamisole and fluorouracil", "levamisole"
PUBLISHED = {TREATED: 0.60, OTHER: 0.98}
"""Rate of recurrence over that of those observed."""

YEARS = (1, 2, 3, 5, 7)
HOURS_PER_YEAR = 8766.0
FALSE_ALARM = 1e-3
"""Of each interval of Aalen and Johansen beside which the curve is laid."""

RECURS, RID, DIES = "operated.recurrence", "operated.rid", "*.death without recurrence"
SOURCE = "Moertel 1995: B"


def chain(rid: float = 1e-5) -> cascade.Model:
    """The states; hazards are where the fit begins, an hour."""
    died = {"to": "death without recurrence", "hazard": 1e-6}
    leave = [{"to": "recurrence", "hazard": 2e-5}, died]
    return cascade.Model(
        name="after-surgery",
        stages=["after surgery"],
        start={"states": [{"state": "operated"}]},
        states=[
            {
                "name": "operated",
                "stage": "after surgery",
                "moves": [*leave, {"to": "rid", "hazard": rid}] if rid else leave,
            },
            *([{"name": "rid", "stage": "after surgery", "moves": [died]}] if rid else []),
            {"name": "recurrence", "absorbing": True},
            {"name": "death without recurrence", "absorbing": True},
        ],
    )


def fits(data: cascade.Data) -> dict[str, cascade.Fit]:
    """In three ways; each arm has its own hazard of what the treatment acts on."""
    arms = {"by": "arm", "against": OBSERVED}
    return {
        "on recurrence": cascade.fit(chain(), data, [RECURS, RID, DIES], shared=[RID, DIES], **arms),
        "on being rid of it": cascade.fit(chain(), data, [RECURS, RID, DIES], shared=[RECURS, DIES], **arms),
        "on recurrence, nobody is rid": cascade.fit(chain(0.0), data, [RECURS, DIES], shared=[DIES], **arms),
    }


def beside(data: cascade.Data, fit: cascade.Fit) -> tuple[list[Row], list[str]]:
    """Shares with a recurrence by some years, beside Aalen's and Johansen's; and where they are apart."""
    rows, problems = [], []
    curves = data.incidence(level=1.0 - FALSE_ALARM)
    for arm in data.arms:
        said = fit.predict("recurrence", [year * HOURS_PER_YEAR for year in YEARS], arm=arm, cells=1.0)
        for year, share in zip(YEARS, said.share.tolist(), strict=True):
            seen = [row for row in curves.of(arm, "recurrence") if row.time <= 365.25 * year][-1]
            name = f"recurrence within {year} years, {arm}"
            interval = f"its data; {seen.low:.3f} to {seen.high:.3f} with {1 - FALSE_ALARM:.1%}"
            rows.append(Row(name, "the same patients", seen.share, None, share, interval))
            if not seen.low <= share <= seen.high:
                problems.append(f"{name}: {share:.3f}, and {seen.low:.3f} to {seen.high:.3f} were seen")
    return rows, problems


def main() -> int:
    """Fit the times; 0 when the best chain goes through them and the published effects lie in its intervals."""
    options = arguments(__doc__ or "", cells=929, seed=1995).parse_args()
    folder = own_folder(options, "moertel_1995")
    data = cascade.study("moertel-1990")
    found = fits(data)
    whole, *others = found.values()
    compared = whole.compare(*others)
    print(f"{data}\n")
    for name, fit in found.items():
        print(f"The treatment acts {name}:\n\n{fit}\n\n{fit.identifiability()}\n")
    print(f"{compared}\n")
    rows, problems = beside(data, whole)
    for row in whole.table():
        if row.arm in PUBLISHED and row.against:
            told = f"{SOURCE}; interval {row.low:.2f} to {row.high:.2f}"
            rows.append(
                Row(f"rate of recurrence, {row.arm}", "the same patients", PUBLISHED[row.arm], None, row.estimate, told)
            )
            if not row.low < PUBLISHED[row.arm] < row.high:
                problems.append(f"{row.arm}: {PUBLISHED[row.arm]} is not in {row.low:.2f} to {row.high:.2f}")
    show(rows)
    print("\nexact: of the fitted chain\n")
    whole.save(folder / "fit.json")
    write(folder / "table.json", rows, {"seed": options.seed, "cells": options.cells, "model": chain().digest()})
    print(f"saved: {cascade.plot.save(cascade.plot.data(whole), folder / 'times.png')}")
    return verdict(problems, "the chain goes through the times; published effects in its intervals", counted=False)


if __name__ == "__main__":
    sys.exit(main())
