"""Fits a disease to published figures of patients, as its calibration says, which was committed before.

What is free, the rows, the role and the error of each, the number of patients and the seed stand in
``calibrations/NAME.toml``.  Rows are read off the registers of simulated cohorts, always of the same patients (the same
numbers, the same seed), so that they change smoothly with what is free.  Least squares of what the rows' errors make
comparable; then the singular values of the scaled sensitivities, which count what the targets identify, and for each
free parameter how much another value costs when all others are fitted again (to second order).

Without ``--fit`` the rows are shown as the disease has them, and nothing is fitted: that takes seconds.  With
``--write`` what was found stands in the file of the disease, or in one of its variants: numbers, covariance and rows.
For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import least_squares
from scipy.special import expit, logit

import cascade
from cascade.common.text import text_table
from cascade.patient import Free
from cascade.patient import Row as Told
from cascade.patient.calibration import UNIDENTIFIED, back, there
from cascade.patient.follow.register import Register
from cascade.patient.known import KnownChunk, registered
from cascade.patient.variants import changed, number_at

CALIBRATIONS = Path(__file__).parent / "calibrations"
STEP = 0.06
"""Of a free parameter, on its scale: wide enough that events of some patients change."""

CHUNK = 12_500
IDENTIFIED = 1.0
"""A combination is identified whose change by 1 on the scale changes the rows by as many of their errors."""


@dataclass(frozen=True)
class Row:
    """A published figure, and how it is read off a register."""

    id: str
    what: str
    observed: float
    error: float
    role: str
    source: str
    asked: dict[str, Any] = field(default_factory=dict)

    def told(self, value: float, key: str = "") -> Told:
        """Beside what the model says, for the file of the disease."""
        measure = "share" if self.what.startswith(("share", "recurrence")) else "size"
        return Told(
            name=self.id, role=self.role, measure=measure, observed=self.observed, simulated=float(f"{value:.4g}"),
            error=self.error, source=(key,) if key else (),
        )  # fmt: skip

    def apart(self, value: float) -> float:
        """Model less source in errors."""
        return self.told(max(value, 0.0)).apart if np.isfinite(value) else np.inf


@dataclass(frozen=True)
class Calibration:
    """What was committed: ``starts`` of what is ``free``, the rows and their roles."""

    disease: str
    patients: int
    seed: int
    years: float
    free: tuple[Free, ...]
    starts: tuple[float, ...]
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, name: str) -> Calibration:
        """The calibration of a disease."""
        told = tomllib.loads((CALIBRATIONS / f"{name}.toml").read_text())
        own = ("id", "what", "observed", "error", "role", "source")
        rows = [
            Row(*(row[key] for key in own), {key: value for key, value in row.items() if key not in own})
            for row in told["rows"]
        ]
        free = [Free(name=one["name"], where=one["where"], scale=one["scale"]) for one in told["free"]]
        starts = tuple(one["start"] for one in told["free"])
        return cls(told["disease"], told["patients"], told["seed"], told["years"], tuple(free), starts, tuple(rows))


def register_of(disease: cascade.Disease, care: str, c: Calibration) -> Register:
    """A row for each patient, numbered as the calibration says."""
    chunks = [
        KnownChunk(disease, care, c.years, (c.years,), (), c.seed, start, min(CHUNK, c.patients - start))
        for start in range(0, c.patients, CHUNK)
    ]
    chunks[0].run()  # what is worked out once
    with ThreadPoolExecutor(2) as pool:
        return Register.joined(list(pool.map(registered, chunks)))


@dataclass(frozen=True)
class Seen:
    """Registers of the same patients: of an era without screening and adjuvant treatment, and with hormone treatment.

    Nobody dies of other causes, so that shares are of all; ages do not matter then.
    """

    disease: cascade.Disease
    calibration: Calibration

    def _register(self, care: str) -> Register:
        era = self.disease.with_(death={"other": None}, presentation={"screening": []}, autopsy=None)
        return register_of(era, care, self.calibration)

    @cached_property
    def surgery(self) -> Register:
        """Surgery alone."""
        return self._register("surgery")

    @cached_property
    def hormone(self) -> Register:
        """Surgery and hormone treatment."""
        return self._register("surgery+hormone")

    def value(self, row: Row) -> float:
        """A row, simulated."""
        return float(WHAT[row.what](self, row.asked))

    def mm(self, register: Register) -> np.ndarray:
        """Diameters at diagnosis; 0: never diagnosed."""
        return diameters(self.disease, register)


def diameters(disease: cascade.Disease, register: Register) -> np.ndarray:
    """Of the primaries at diagnosis, in mm; 0: never diagnosed."""
    volume = 6.0 * register.cells / (np.pi * disease.tumour.cells_per_cm3)
    return np.asarray(10.0 * volume ** (1.0 / 3.0))


def distant_by(r: Register, years: float) -> np.ndarray:
    """Whether a distant metastasis is seen by so many years after diagnosis, of those who are diagnosed."""
    return since(r, r.distant) <= years


def since(r: Register, when: np.ndarray) -> np.ndarray:
    """Years since diagnosis; infinity: never, or never diagnosed."""
    return np.asarray(when - np.where(r.mode > 0, r.diagnosed, 0.0))


def between(seen: Seen, asked: dict[str, Any]) -> tuple[Register, np.ndarray]:
    """Those diagnosed by the primary, of a range of sizes."""
    r, mm = seen.surgery, seen.mm(seen.surgery)
    return r, (r.mode > 0) & (r.mode < 3) & (mm >= asked.get("low_mm", 0.0)) & (mm < asked.get("high_mm", np.inf))


def share_larger(seen: Seen, _: dict[str, Any]) -> float:
    """Of those diagnosed, larger than 20 mm."""
    r = seen.surgery
    return float((seen.mm(r)[r.mode > 0] > 20.0).mean())


def share_nodes(seen: Seen, asked: dict[str, Any]) -> float:
    """Of those operated, with a positive node."""
    r, some = between(seen, asked)
    of = some & (r.nodes_positive >= 0)
    return float((r.nodes_positive[of] > 0).mean())


def share_free(seen: Seen, asked: dict[str, Any]) -> float:
    """Without a distant metastasis seen, of all or of the node-negative."""
    r, some = between(seen, asked)
    if asked.get("nodes") == "N0":
        some = some & (r.nodes_positive == 0) & (r.metastasis_seen == 0)
    return 1.0 - float(distant_by(r, asked["within_years"])[some].mean())


def share_metastatic(seen: Seen, _: dict[str, Any]) -> float:
    """A metastasis seen at diagnosis."""
    r = seen.surgery
    return float((r.metastasis_seen[r.mode > 0] > 0).mean())


def size_of_half(seen: Seen, asked: dict[str, Any]) -> float:
    """Where a logistic curve in log diameter, of tumours near a size, comes to a half."""
    near = asked["near_mm"]
    r, some = between(seen, {"low_mm": near / 1.8, "high_mm": near * 1.8})
    x, y = np.log(seen.mm(r)[some] / near), distant_by(r, asked["within_years"])[some].astype(float)
    if len(y) < 200:
        return float("nan")
    design = np.stack([np.ones_like(x), x], axis=1)
    beta = np.array([logit(np.clip(y.mean(), 1e-3, 1 - 1e-3)), 1.0])
    for _ in range(30):
        p = expit(design @ beta)
        w = p * (1.0 - p) + 1e-9
        beta = beta + np.linalg.solve((design.T * w) @ design + 1e-6 * np.eye(2), design.T @ (y - p))
    return float(near * np.exp(np.clip(-beta[0] / max(beta[1], 0.2), -3.0, 3.0)))


def late_recurrence(seen: Seen, asked: dict[str, Any]) -> float:
    """ER-positive, hormone treatment: distant metastasis from year 5 to 20 of those without one at 5 years."""
    r, mm = seen.hormone, seen.mm(seen.hormone)
    size = mm <= 20.0 if asked["tumour"] == "T1" else (mm > 20.0) & (mm <= 50.0)
    low, high = {"N0": (0, 0), "N1": (1, 3), "N2+": (4, 9)}[asked["nodes"]]
    spread, died = since(r, r.distant), since(r, r.death)
    of = er_positive(seen, r) & (r.mode > 0) & (r.metastasis_seen == 0) & size & (spread > 5.0) & (died > 5.0)
    of &= (r.nodes_positive >= low) & (r.nodes_positive <= high)
    return float((spread[of] <= 20.0).mean()) if of.sum() > 20 else float("nan")


def years_ratio(seen: Seen, asked: dict[str, Any]) -> float:
    """Distant metastases a person-year of some years after surgery, over those of the first five, of a subtype."""
    r = seen.surgery
    names = [subtype.name for subtype in seen.disease.subtypes]
    of = (
        (r.subtype == names.index(asked["subtype"])) & (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
    )
    return hazard(r, of, asked["low_years"], asked["high_years"]) / max(hazard(r, of, 0.0, 5.0), 1e-12)


def hazard(r: Register, of: np.ndarray, low: float, high: float) -> float:
    """Distant metastases a person-year between two years after diagnosis."""
    spread = since(r, r.distant)[of]
    out = np.minimum(spread, since(r, np.minimum(r.death, r.end))[of])
    time = np.clip(out, low, high).sum() - low * len(out)
    return float(((spread > low) & (spread <= high)).sum() / max(time, 1e-9))


def er_positive(seen: Seen, r: Register) -> np.ndarray:
    """Those of the class of that name; all where there are no classes."""
    names = [subtype.name for subtype in seen.disease.subtypes]
    return np.asarray(r.subtype == names.index("ER-positive")) if names else np.ones(len(r), bool)


def rate_ratio(seen: Seen, asked: dict[str, Any]) -> float:
    """Distant metastases a person-year with hormone treatment, over those without, ER-positive."""
    rates = []
    for r in (seen.hormone, seen.surgery):
        of = er_positive(seen, r) & (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
        rates.append(hazard(r, of, asked["low_years"], asked["high_years"]))
    return rates[0] / max(rates[1], 1e-12)


WHAT = {
    "share, larger than 20 mm": share_larger,
    "share, nodes": share_nodes,
    "share, free of distant metastasis": share_free,
    "share, metastasis seen at diagnosis": share_metastatic,
    "size at which half have a distant metastasis": size_of_half,
    "recurrence from year 5 to 20": late_recurrence,
    "rate ratio of hormone treatment": rate_ratio,
    "hazard ratio of years": years_ratio,
}
"""How rows are read off."""


def told(rows: tuple[Row, ...], values: list[float]) -> str:
    """Rows beside the model."""
    lines = [
        [row.id, row.role, f"{row.observed:.3g}", f"{value:.3g}", f"{row.apart(value):+.1f}"]
        for row, value in zip(rows, values, strict=True)
    ]
    return text_table(["row", "role", "observed", "simulated", "errors apart"], lines)


def at(calibration: Calibration, disease: cascade.Disease, x: np.ndarray) -> cascade.Disease:
    """The disease at other values of what is free, on their scales."""
    return changed(disease, dict(zip([one.where for one in calibration.free], values(calibration, x), strict=True)))


def values(calibration: Calibration, x: np.ndarray) -> list[float]:
    """Free parameters on their own scale, as they are written."""
    return [float(f"{back(float(v), one.scale):.5g}") for one, v in zip(calibration.free, x, strict=True)]


def fit(calibration: Calibration, disease: cascade.Disease, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Free parameters on their scales, and the sensitivities of the target rows in errors."""
    targets = [row for row in calibration.rows if row.role == "target"]

    def residuals(x: np.ndarray) -> np.ndarray:
        try:
            seen = Seen(at(calibration, disease, x), calibration)
            out = np.array([row.apart(seen.value(row)) for row in targets])
        except cascade.CascadeError as error:  # patients with more lesions than there is room for
            print(f"  {error}")
            out = np.full(len(targets), np.nan)
        out = np.where(np.isfinite(out), out, 20.0)
        print(f"  {float(out @ out):9.2f}  " + " ".join(f"{v:.3g}" for v in values(calibration, x)), flush=True)
        return out

    def slopes(x: np.ndarray, both: bool = False) -> np.ndarray:
        columns, here = [], residuals(x)
        for step in STEP * np.eye(len(x)):
            other = residuals(x - step) if both else here
            columns.append((residuals(x + step) - other) / (STEP * (1 + both)))
        return np.array(columns).T

    found = least_squares(residuals, start, jac=slopes, method="trf", xtol=1e-3, ftol=1e-2, max_nfev=8)
    return found.x, slopes(found.x, both=True)


def covariance_of(slopes: np.ndarray) -> np.ndarray:
    """Of the free parameters on their scales; what no target identifies is known to a factor of e."""
    return np.asarray(np.linalg.inv(slopes.T @ slopes + np.eye(slopes.shape[1]) / UNIDENTIFIED**2))


def fitted(name: str, calibration: Calibration, disease: cascade.Disease, x: np.ndarray, slopes: np.ndarray) -> Any:
    """What a fit found, for the file of the disease; the rows are of the disease as it is written."""
    seen = Seen(at(calibration, disease, x), calibration)
    covariance = covariance_of(slopes)
    return {
        "digest": at(calibration, disease, x).digest(),
        "made": f"experiments/calibrate.py {name}, {calibration.patients} patients, seed {calibration.seed}",
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


def main() -> int:
    """Show, or fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of a disease that has a calibration, or NAME:VARIANT")
    parser.add_argument("--disease", type=Path, help="a file in place of the disease of the package")
    parser.add_argument("--fit", action="store_true", help="fit, from where the disease is; --start: from the file's")
    parser.add_argument("--start", action="store_true", help="with --fit: from the starts of the calibration")
    parser.add_argument("--write", type=Path, help="with --fit: the file of the disease with what was found")
    options = parser.parse_args()
    name, _, variant = options.name.partition(":")
    calibration = Calibration.of(name)
    whole = cascade.disease(str(options.disease or calibration.disease))
    disease = whole.variant(variant) if variant else whole
    if options.fit:
        at_hand = [number_at(disease, one.where) for one in calibration.free]
        from_where = calibration.starts if options.start else at_hand
        start = np.array([there(v, one.scale) for v, one in zip(from_where, calibration.free, strict=True)])
        x, slopes = fit(calibration, disease, start)
        print(told_of_fit(calibration, x, slopes))
        found = fitted(options.name, calibration, disease, x, slopes)
        disease = at(calibration, disease, x)
        if options.write is not None:
            written(whole, variant, disease, found, calibration.free).save(options.write)
    seen = Seen(disease, calibration)
    print("\n" + told(calibration.rows, [seen.value(row) for row in calibration.rows]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
