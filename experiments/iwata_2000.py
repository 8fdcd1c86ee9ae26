"""Iwata, Kawasaki & Shigesada 2000: colonies by size in one patient with hepatocellular carcinoma, untreated.

Their model: the primary and every colony grow by one Gompertz law, and a tumour of x cells founds m x^alpha colonies a
day, which found in their turn.  The mean number founded a day, b(t), solves the renewal equation

    b(t) = m n(t)^alpha + int_0^t m n(t - s)^alpha b(s) ds,        N(t) = int_0^t b,        N(> x, t) = N(t - age(x)).

Here stand the renewal equation (checked against its closed form for exponential growth), the exact answer of a disease
with these numbers, and a simulated cohort of it.  The disease has what they have not: cells take time to found, and
shed into the vessels that drain where they grow, so that metastases do not all found as often as the primary would;
with these chances, and the mean delay, the renewal equation is solved once more.  The counts of their patient, by size
at three CT scans, are in no source that could be read here, and the four numbers are recalled (grade D): nothing is
compared with a patient.

Source: J Theor Biol 2000;203:177-186, doi:10.1006/jtbi.2000.1075 (parameters: grade D).
For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
import sys

import numpy as np
from scipy import stats

import cascade
from _report import FALSE_ALARM, Row, arguments, own_folder, show, verdict, write
from cascade.patient.delays import delays_of
from cascade.patient.origins import origins
from cascade.patient.ranges import DAYS_PER_YEAR

A, LARGEST, M, ALPHA = 0.00286, 7.3e10, 5.3e-8, 0.663
PRIMARY_CELLS = (1e9, 1e10, 5e10)
"""Of the primary, when colonies are counted."""

SIZES_MM = (2.0, 5.0, 10.0, 20.0)
CLOSE = 2e-3
"""Relative error to which the renewal equation is solved, by halving its steps."""


def size(days: np.ndarray) -> np.ndarray:
    """Cells of a tumour from one cell on."""
    return np.exp(math.log(LARGEST) * -np.expm1(-A * days))


def age_at(cells: float) -> float:
    """Days until a tumour has so many cells."""
    return -math.log1p(-math.log(cells) / math.log(LARGEST)) / A


def founded(kernel, primary, end: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Times, and the mean number of colonies founded by them: the renewal equation by the trapezoidal rule."""
    t = np.linspace(0.0, end, steps + 1)
    h, k, m = t[1], kernel(t), primary(t)
    b = np.zeros(steps + 1)
    for i in range(steps + 1):
        past = (k[1 : i + 1] * b[i - 1 :: -1][:i]).sum() - 0.5 * k[i] * b[0] if i else 0.0
        b[i] = (m[i] + h * past) / (1.0 - 0.5 * h * k[0])
    return t, np.concatenate([[0.0], np.cumsum(0.5 * h * (b[1:] + b[:-1]))])


def refined(kernel, primary, end: float) -> tuple[np.ndarray, np.ndarray, float]:
    """The same at two steps, extrapolated; and what the extrapolation changed."""
    t, coarse = founded(kernel, primary, end, 1500)
    _, fine = founded(kernel, primary, end, 3000)
    best = (4.0 * fine[::2] - coarse) / 3.0
    return t, best, float(abs(best[-1] / fine[-1] - 1.0))


def closed_form() -> float:
    """How far the equation is from its closed form where growth is exponential: b = m exp((lambda + m) t)."""
    lam, m, end = 0.02, 0.003, 200.0

    def rate(t: np.ndarray) -> np.ndarray:
        return m * np.exp(lam * t)

    _, found, _ = refined(rate, rate, end)
    return abs(found[-1] / (m * math.expm1((lam + m) * end) / (lam + m)) - 1.0)


def disease() -> tuple[cascade.Disease, float, float, float]:
    """A disease with these numbers; chance of a shed cell; that of one that a metastasis sheds, over it; mean delay."""
    cells = cascade.body.cancer("liver").with_(dormant=0.0)
    made = cascade.Disease(
        name="Iwata 2000",
        cells=cells,
        years=6.0,
        tumour={
            "growth": {"law": "gompertz", "doubling_days": math.log(2) / (A * math.log(LARGEST)), "largest": LARGEST}
        },
        shedding=[{"route": "blood", "per_day": 1.0, "at_cells": 1.0, "exponent": ALPHA, "onset_cells": 50.0}],
        lesions={"establishment": 1.0, "early_days": 1.0, "secondary": 1.0},
        death={"burden_cells": 1e15},
    )
    first, *others = origins(made)
    whole = sum(way.chance for way in first.ways)
    by_site = {way.site: way.chance / whole for way in first.ways}
    later = sum(
        by_site[site] * sum(way.chance for way in o.ways) for o in others for site in o.sources if site in by_site
    )
    days = sum(way.chance * delay for way, delay in zip(first.ways, delays_of(made)[0].mean, strict=True)) / whole
    used = made.with_(shedding=[made.shedding[0].model_copy(update={"per_day": M / whole})])
    return used, whole, later / whole, float(days)


def main() -> int:
    """Run the experiment; 0 when simulation, exact answer and renewal equation agree."""
    options = arguments(__doc__ or "", 20_000, 2000).parse_args()
    folder = own_folder(options, "iwata_2000")
    problems = []
    apart = closed_form()
    print(f"renewal equation against its closed form, exponential growth: {apart:.1e} apart")
    if apart > 1e-4:
        problems.append("the renewal equation misses its closed form")
    ill, chance, later, delay = disease()
    times = [age_at(cells) / DAYS_PER_YEAR for cells in PRIMARY_CELLS]
    print(f"a shed cell founds with a chance of {chance:.2g}, after {delay:.1f} days on average;", end=" ")
    print(f"one that a metastasis sheds {later:.3f} times as often")

    def shed_before(days: np.ndarray) -> np.ndarray:
        return M * np.where(days > delay, size(np.maximum(days - delay, 0.0)) ** ALPHA, 0.0)

    t, plain, error = refined(lambda s: M * size(s) ** ALPHA, lambda s: M * size(s) ** ALPHA, times[-1] * DAYS_PER_YEAR)
    _, ours, _ = refined(lambda s: later * shed_before(s), shed_before, times[-1] * DAYS_PER_YEAR)
    if error > CLOSE:
        problems.append(f"the renewal equation is solved to {error:.1e} only")
    asked = {"until_years": times[-1], "times": times, "sizes_mm": SIZES_MM}
    exact = cascade.exact(ill, traits={}, **asked)
    found = cascade.cohort(ill, patients=options.cells, seed=options.seed, **asked)
    rows, level = [], FALSE_ALARM / (len(times) * (1 + len(SIZES_MM)))
    z = stats.norm.isf(level / 2)
    g, n = found.groups.index("anywhere"), found.patients
    for i, (cells, year) in enumerate(zip(PRIMARY_CELLS, times, strict=True)):
        for x, mm in enumerate((None, *SIZES_MM)):
            older = 0.0 if mm is None else age_at(ill.cells_of(mm))
            before = max(year * DAYS_PER_YEAR - older, 0.0)
            theirs, here = (float(np.interp(before, t, numbers)) for numbers in (plain, ours))
            known = exact.sizes(year).rows[1 if mm is None else 2 + x]
            place = 1 if mm is None else 2 + x
            total, square = (int(part[g, place, i]) for part in (found.counts.total, found.counts.square))
            mean = total / n
            spread = math.sqrt(max(square / n - mean * mean, 1.0 / n) / n)
            if abs(mean - known.mean) > z * spread + (known.mean_high - known.mean):
                problems.append(
                    f"{mean:.4g} colonies simulated, {known.mean:.4g} exact (primary of {cells:g}, {mm} mm)"
                )
            what = "colonies" if mm is None else f"colonies of {mm:g} mm or more"
            name = f"{what}, primary of {cells:.0e} cells ({year * DAYS_PER_YEAR:.0f} days)"
            rows.append(Row(name, "renewal: Iwata", theirs, mean, known.mean, "recalled parameters (D)"))
            if here > 1e-3 and abs(known.mean / here - 1.0) > 0.05:
                wanted = f"{here:.4g} by the renewal equation with these chances and this delay"
                problems.append(f"{name}: {known.mean:.4g} exact, {wanted}")
    print(
        "\n'observed' is the renewal equation with the numbers of Iwata et al.; no count of their patient is compared\n"
    )
    show(rows)
    write(folder / "iwata_2000.json", rows, {"digest": ill.digest(), "seed": options.seed, "patients": n})
    print(f"\nsaved: {(folder / 'iwata_2000.json').resolve()}")
    return verdict(problems, "and the renewal equation, with the chances and the mean delay of the disease, within 5 %")


if __name__ == "__main__":
    sys.exit(main())
