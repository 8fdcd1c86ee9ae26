"""Fits a disease to published figures of patients, as its calibration says, which was committed before.

What is free, the rows, the role and the error of each, the number of patients and the seed stand in
``calibrations/NAME.toml``.  Rows are read off the registers of simulated cohorts, always of the same patients (the same
numbers, the same seed), so that they change smoothly with what is free.  Least squares of what the rows' errors make
comparable; then the singular values of the scaled sensitivities, which count what the targets identify, and for each
free parameter how much another value costs when all others are fitted again (to second order).

Without ``--fit`` the rows are shown as the disease has them, and nothing is fitted: that takes seconds.  With
``--write`` what was found stands in the file of the disease, or in one of its variants: numbers, covariance and rows.
``--count`` leaves the numbers and counts rows and sensitivities anew, for when a row is read off otherwise than when
the disease was fitted; ``--errors`` tells how far each row is off by the chance of so many patients.
``--kept FILE`` is for a file in which something was added that no row depends on, such as a blood test: every row is
counted anew, must be as it stands there, and the fit is then said to be of the disease as it is now.
For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares

import cascade
from _registers import Calibration, Row, Seen
from cascade.common.text import text_table
from cascade.patient import Free
from cascade.patient.calibration import UNIDENTIFIED, back, there
from cascade.patient.variants import changed, number_at

PARTS = 6
"""Of the patients, to tell the chance of a row."""

STEP = 0.06
"""Of a free parameter, on its scale: wide enough that events of some patients change."""

IDENTIFIED = 1.0
"""A combination is identified whose change by 1 on the scale changes the rows by as many of their errors."""


def told(rows: tuple[Row, ...], values: list[float], errors: list[float] | None = None) -> str:
    """Rows beside the model; with the errors of chance, if they were asked for."""
    lines = [
        [row.id, row.role, f"{row.observed:.3g}", f"{value:.3g}", f"{row.apart(value):+.1f}"]
        + ([f"{error:.2f}"] if errors else [])
        for row, value, error in zip(rows, values, errors or [0.0] * len(rows), strict=True)
    ]
    return text_table(
        ["row", "role", "observed", "simulated", "errors apart", *(["by chance"] if errors else [])], lines
    )


def by_chance(calibration: Calibration, disease: cascade.Disease) -> list[float]:
    """How far each row is off by the chance of its patients, in its errors: by parts of as many patients in all."""
    plan = replace(calibration, patients=calibration.patients // PARTS)
    parts = [Seen(disease, replace(plan, seed=calibration.seed + 1 + k)) for k in range(PARTS)]
    apart = np.array([[row.apart(seen.value(row)) for row in calibration.rows] for seen in parts])
    return [float(v) for v in np.std(apart, axis=0, ddof=1) / np.sqrt(PARTS)]


def at(calibration: Calibration, disease: cascade.Disease, x: np.ndarray) -> cascade.Disease:
    """The disease at other values of what is free, on their scales."""
    return changed(disease, dict(zip([one.where for one in calibration.free], values(calibration, x), strict=True)))


def values(calibration: Calibration, x: np.ndarray) -> list[float]:
    """Free parameters on their own scale, as they are written."""
    return [float(f"{back(float(v), one.scale):.5g}") for one, v in zip(calibration.free, x, strict=True)]


def fit(
    calibration: Calibration, disease: cascade.Disease, start: np.ndarray, *, stays: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Free parameters on their scales, and the sensitivities of the target rows in errors; ``stays``: at the start."""
    targets = [row for row in calibration.rows if row.role == "target"]
    fewer = replace(calibration, patients=calibration.sloped)

    def residuals(x: np.ndarray, plan: Calibration = calibration) -> np.ndarray:
        try:
            seen = Seen(at(calibration, disease, x), plan)
            out = np.array([row.apart(seen.value(row)) for row in targets])
        except cascade.CascadeError as error:  # patients with more lesions than there is room for
            print(f"  {error}")
            out = np.full(len(targets), np.nan)
        out = np.where(np.isfinite(out), out, 20.0)
        print(f"  {float(out @ out):9.2f}  " + " ".join(f"{v:.3g}" for v in values(calibration, x)), flush=True)
        return out

    def slopes(x: np.ndarray, both: bool = False) -> np.ndarray:
        columns, here = [], residuals(x, fewer)
        for step in STEP * np.eye(len(x)):
            other = residuals(x - step, fewer) if both else here
            columns.append((residuals(x + step, fewer) - other) / (STEP * (1 + both)))
        return np.array(columns).T

    if stays:
        return start, slopes(start, both=True)
    found = least_squares(residuals, start, jac=slopes, method="trf", xtol=1e-3, ftol=1e-2, max_nfev=8)
    return found.x, slopes(found.x, both=True)


def covariance_of(slopes: np.ndarray) -> np.ndarray:
    """Of the free parameters on their scales; what no target identifies is known to a factor of e."""
    return np.asarray(np.linalg.inv(slopes.T @ slopes + np.eye(slopes.shape[1]) / UNIDENTIFIED**2))


def fitted(
    name: str, calibration: Calibration, disease: cascade.Disease, x: np.ndarray, slopes: np.ndarray, note: str = ""
) -> Any:
    """What a fit found, for the file of the disease; the rows are of the disease as it is written."""
    seen = Seen(at(calibration, disease, x), calibration)
    covariance = covariance_of(slopes)
    return {
        "digest": at(calibration, disease, x).digest(),
        "made": f"experiments/calibrate.py {name}, {calibration.patients} patients ({calibration.sloped} for errors), "
        f"seed {calibration.seed}{note}",
        "free": calibration.free,
        "covariance": [[float(f"{v:.6g}") for v in row] for row in covariance],
        "identified": int((np.linalg.svd(slopes, compute_uv=False) > IDENTIFIED).sum()),
        "rows": [row.told(seen.value(row)) for row in calibration.rows],
    }


def told_of_fit(calibration: Calibration, x: np.ndarray, slopes: np.ndarray) -> str:
    """The free parameters with their errors, and what is identified."""
    errors = np.sqrt(np.diag(covariance_of(slopes)))
    lines = [
        [one.name, f"{back(m, one.scale):.4g}", f"{back(m - s, one.scale):.3g}", f"{back(m + s, one.scale):.3g}"]
        for one, m, s in zip(calibration.free, x, errors, strict=True)
    ]
    singular = np.linalg.svd(slopes, compute_uv=False)
    told = f"identified combinations: {(singular > IDENTIFIED).sum()} of {len(x)}; singular values "
    return (
        text_table(["free", "value", "less one error", "more one error"], lines)
        + f"\n\n{told}{', '.join(f'{s:.2g}' for s in singular)}"
    )


def written(whole: cascade.Disease, variant: str, other: cascade.Disease, found: Any, free: tuple[Free, ...]) -> Any:
    """The disease with a fit, its own or that of a variant."""
    if not variant:
        new = changed(whole, {one.where: number_at(other, one.where) for one in free})
        return new.with_(calibration=found, variants=whole.variants)
    changes = {one.where: number_at(other, one.where) for one in free}
    variants = [
        one.model_copy(update={"changes": {**one.changes, **changes}, "calibration": found})
        if one.name == variant
        else one
        for one in whole.variants
    ]
    return whole.with_(variants=variants)


def kept(path: Path, calibration: Calibration) -> int:
    """Say of the fits of a file that they hold for what it is now; 1 where a row is another."""
    told = tomllib.loads(path.read_text())
    fits = [told, *told.get("variants", [])]
    stood = [one.pop("calibration", None) for one in fits]
    bare = cascade.Disease(**told)
    changed_rows: list[str] = []
    for one, fit_of in zip(fits, stood, strict=True):
        if fit_of is None:
            continue
        disease = bare if one is told else bare.variant(one["name"])
        seen, rows = Seen(disease, calibration), {row["name"]: row["simulated"] for row in fit_of["rows"]}
        found = [(row.id, seen.value(row)) for row in calibration.rows]
        changed_rows += [
            f"{disease.name}, {name}: {value:.4g}, and {rows[name]:.4g} stood there"
            for name, value in found
            if abs(value - rows[name]) > 1e-3 * abs(rows[name])
        ]
        one["calibration"] = fit_of | {"digest": disease.digest()}
    print("\n".join(changed_rows) or "every row is as it stood")
    if not changed_rows:
        cascade.Disease(**told).save(path)
    return 1 if changed_rows else 0


def main() -> int:
    """Show, or fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of a disease that has a calibration, or NAME:VARIANT")
    parser.add_argument("--disease", type=Path, help="a file in place of the disease of the package")
    parser.add_argument("--fit", action="store_true", help="fit, from where the disease is; --start: from the file's")
    parser.add_argument("--count", action="store_true", help="as --fit, but leave the numbers: rows are counted anew")
    parser.add_argument("--errors", action="store_true", help="how far each row is off by chance")
    parser.add_argument("--start", action="store_true", help="with --fit: from the starts of the calibration")
    parser.add_argument("--write", type=Path, help="with --fit: the file of the disease with what was found")
    parser.add_argument("--kept", type=Path, help="of a file: its fits are of what it is now; nothing is fitted")
    options = parser.parse_args()
    variant = options.name.partition(":")[2]
    calibration = Calibration.of(options.name)
    if options.kept is not None:
        return kept(options.kept, calibration)
    whole = cascade.disease(str(options.disease or calibration.disease))
    disease = whole.variant(variant) if variant else whole
    if options.fit or options.count:
        at_hand = [number_at(disease, one.where) for one in calibration.free]
        from_where = calibration.starts if options.start else at_hand
        start = np.array([there(v, one.scale) for v, one in zip(from_where, calibration.free, strict=True)])
        x, slopes = fit(calibration, disease, start, stays=options.count)
        print(told_of_fit(calibration, x, slopes))
        note = "; numbers as fitted before, rows and errors counted anew" if options.count else ""
        found = fitted(options.name, calibration, disease, x, slopes, note)
        disease = at(calibration, disease, x)
        if options.write is not None:
            written(whole, variant, disease, found, calibration.free).save(options.write)
    seen = Seen(disease, calibration)
    errors = by_chance(calibration, disease) if options.errors else None
    print("\n" + told(calibration.rows, [seen.value(row) for row in calibration.rows], errors))
    return 0


if __name__ == "__main__":
    sys.exit(main())
