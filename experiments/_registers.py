"""Rows of a calibration, and how each is read off the registers of simulated patients.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import cascade
from _clock import after, by, middle, since
from _images import IMAGES, fewer_free, ratio_alone, with_images
from _ranked import logistic
from cascade.patient import Free
from cascade.patient import Row as Told
from cascade.patient.follow.register import Register
from cascade.patient.known import diameters, register_for

CALIBRATIONS = Path(__file__).parent / "calibrations"

MORE = 4
"""Times as many patients for rows of which few patients are: tumours found large, recurrences by size and nodes."""


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
            error=self.error, source=(key,) if key else (), cited="" if key else self.source,
        )  # fmt: skip

    def apart(self, value: float) -> float:
        """Model less source in errors."""
        return self.told(max(value, 0.0)).apart if np.isfinite(value) else np.inf


@dataclass(frozen=True)
class Calibration:
    """What was committed: ``starts`` of what is ``free``, the rows and their roles; ``sloped``: patients of slopes."""

    disease: str
    patients: int
    sloped: int
    seed: int
    years: float
    free: tuple[Free, ...]
    starts: tuple[float, ...]
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, name: str) -> Calibration:
        """The calibration of a disease, or NAME:VARIANT: what the variant is about is not free there."""
        name, _, variant = name.partition(":")
        told = tomllib.loads((CALIBRATIONS / f"{name}.toml").read_text())
        own = ("id", "what", "observed", "error", "role", "source")
        rows = [
            Row(*(row[key] for key in own), {key: value for key, value in row.items() if key not in own})
            for row in told["rows"]
        ]
        mine = [one for one in told["free"] if variant not in one.get("fixed_in", ())]
        free = [Free(name=one["name"], where=one["where"], scale=one["scale"]) for one in mine]
        starts = tuple(one["start"] for one in mine)
        numbers = (told[key] for key in ("patients", "sloped", "seed", "years"))
        return cls(told["disease"], *numbers, tuple(free), starts, tuple(rows))


def register_of(disease: cascade.Disease, care: str, c: Calibration) -> Register:
    """A row for each patient, numbered as the calibration says."""
    return register_for(disease, care, range(c.patients), years=c.years, seed=c.seed)


@dataclass(frozen=True)
class Seen:
    """Registers of the same patients, by care, of an era without screening.

    Nobody dies of other causes, so that shares are of all; ages do not matter then.
    """

    disease: cascade.Disease
    calibration: Calibration

    def under(self, care: str, more: int = 1) -> Register:
        """Under a care, of so many times the patients, counted once."""
        if (care, more) not in self._registers:
            era = self.disease.with_(death={"other": None}, presentation={"screening": []}, autopsy=None)
            plan = replace(self.calibration, patients=more * self.calibration.patients)
            self._registers[care, more] = register_of(era, care, plan)
        return self._registers[care, more]

    @cached_property
    def _registers(self) -> dict[tuple[str, int], Register]:
        return {}

    @cached_property
    def found_late(self) -> tuple[Register, np.ndarray]:
        """More patients, whose symptoms come later, and what each stands for: for tumours that are seldom so large."""
        from _large import found_late

        return found_late(self.disease, replace(self.calibration, patients=MORE * self.calibration.patients))

    @cached_property
    def images(self) -> Register:
        """Surgery, hormone treatment and images without symptoms."""
        return replace(self, disease=with_images(self.disease)).under(IMAGES)

    @property
    def surgery(self) -> Register:
        """Surgery alone."""
        return self.under("surgery")

    @property
    def hormone(self) -> Register:
        """Surgery and hormone treatment."""
        return self.under("surgery+hormone")

    def value(self, row: Row) -> float:
        """A row, simulated."""
        return float(WHAT[row.what](self, row.asked))

    def mm(self, register: Register) -> np.ndarray:
        """Diameters at diagnosis; 0: never diagnosed."""
        return diameters(self.disease, register)


def distant_by(r: Register, years: float) -> np.ndarray:
    """Whether a distant metastasis is seen by so many years after surgery, of those who are diagnosed."""
    return by(since(r, r.distant), years)


def between(seen: Seen, asked: dict[str, Any]) -> tuple[Register, np.ndarray]:
    """Those diagnosed by the primary, of a range of sizes."""
    r, mm = seen.surgery, seen.mm(seen.surgery)
    return r, (r.mode > 0) & (r.mode < 3) & (mm >= asked.get("low_mm", 0.0)) & (mm < asked.get("high_mm", np.inf))


def months_doubling(seen: Seen, _: dict[str, Any]) -> float:
    """In which a small metastasis of a patient of common pace doubles."""
    return seen.disease.tumour.growth.doubling_days / seen.disease.lesions.growth_ratio / (365.25 / 12.0)


def share_larger(seen: Seen, _: dict[str, Any]) -> float:
    """Of those diagnosed, larger than 20 mm."""
    r = seen.surgery
    return float((seen.mm(r)[r.mode > 0] > 20.0).mean())


def share_nodes(seen: Seen, asked: dict[str, Any]) -> float:
    """Of those operated, with a positive node."""
    r, some = between(seen, asked)
    of = some & (r.nodes_positive >= 0)
    return float((r.nodes_positive[of] > 0).mean())


def share_nodes_of_large(seen: Seen, asked: dict[str, Any]) -> float:
    """Of tumours found by symptoms, in a range of sizes at which few are: with a positive node, of those operated."""
    r, weights = seen.found_late
    mm = seen.mm(r)
    weights = weights * ((mm >= asked["low_mm"]) & (mm < asked["high_mm"]) & (r.nodes_positive >= 0))
    return float((weights * (r.nodes_positive > 0)).sum() / weights.sum()) if weights.any() else float("nan")


def share_free(seen: Seen, asked: dict[str, Any]) -> float:
    """Without a distant metastasis seen, of all or (``nodes``) of those operated, by what the pathologist found."""
    r, some = between(seen, asked)
    if "nodes" in asked:
        some = some & (r.nodes_positive >= 0) & (r.metastasis_seen == 0)
        some &= {"N0": r.nodes_positive == 0, "N+": r.nodes_positive > 0, "any": r.mode > 0}[asked["nodes"]]
    return 1.0 - float(distant_by(r, asked["within_years"])[some].mean())


def share_spread(seen: Seen, asked: dict[str, Any]) -> float:
    """With a distant metastasis seen after surgery: the rest; in an organ, where one is named."""
    if "organ" not in asked:
        return 1.0 - share_free(seen, asked)
    r, some = between(seen, asked)
    some = some & (r.nodes_positive >= 0) & (r.metastasis_seen == 0)
    if asked["nodes"] != "any":
        some &= (r.nodes_positive > 0) == (asked["nodes"] == "N+")
    return float(by(seen_in(seen, r, asked["organ"]), asked["within_years"])[some].mean())


def seen_in(seen: Seen, r: Register, organ: str) -> np.ndarray:
    """Years from surgery to when a metastasis of an organ is first seen."""
    return since(r, r.seen_at[:, seen.disease.sites.index(organ)])


def share_metastatic(seen: Seen, asked: dict[str, Any]) -> float:
    """A metastasis seen at diagnosis, of all or of sizes; in an organ, where one is named."""
    r, mm = seen.surgery, seen.mm(seen.surgery)
    of = (r.mode > 0) & (mm >= asked.get("low_mm", 0.0)) & (mm < asked.get("high_mm", np.inf))
    there = r.metastasis_seen > 0
    if "organ" in asked:
        there = there & (r.seen_at[:, seen.disease.sites.index(asked["organ"])] <= r.diagnosed + 1e-9)
    return float(there[of].mean())


def share_of_sizes(seen: Seen, asked: dict[str, Any]) -> float:
    """Of those diagnosed, within a range of sizes."""
    r, mm = seen.surgery, seen.mm(seen.surgery)
    return float(((mm >= asked.get("low_mm", 0.0)) & (mm < asked.get("high_mm", np.inf)))[r.mode > 0].mean())


def median_mm(seen: Seen, asked: dict[str, Any]) -> float:
    """The middle diameter at diagnosis, of all or of those with (or without) a metastasis seen."""
    r, mm = seen.surgery, seen.mm(seen.surgery)
    of = (r.mode > 0) & ((r.metastasis_seen == asked["metastasis"]) if "metastasis" in asked else True)
    return float(np.median(mm[of]))


def recurred(seen: Seen, asked: dict[str, Any]) -> np.ndarray:
    """Years from surgery to the distant metastasis, of those operated without one."""
    r = seen.surgery
    of = (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
    if asked.get("nodes") == "N+":
        of &= r.nodes_positive > 0
    when = np.minimum(r.distant, r.local) if asked.get("local") else r.distant
    return np.asarray(since(r, when)[of])


def months_to_spread(seen: Seen, asked: dict[str, Any]) -> float:
    """The middle time from surgery to a distant metastasis, of those seen within some years."""
    years = recurred(seen, asked)
    within = by(years, asked["within_years"])
    every = seen.disease.care_of("surgery").visits[0].every_years
    return 12.0 * middle(years[within > 0], within[within > 0], every) if within.sum() > 20 else float("nan")


def share_soon(seen: Seen, asked: dict[str, Any]) -> float:
    """Of distant metastases seen within some years of surgery, those within fewer."""
    years = recurred(seen, asked)
    within = by(years, asked["within_years"]).sum()
    return float(by(years, asked["soon_years"]).sum() / within) if within > 20 else float("nan")


def share_late(seen: Seen, asked: dict[str, Any]) -> float:
    """Of those alive without distant metastasis some years after surgery, those in whom one is seen later."""
    r = seen.surgery
    of = (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
    return later(since(r, r.distant)[of], since(r, r.death)[of], asked["low_years"], asked["high_years"])


def later(spread: np.ndarray, died: np.ndarray, low: float, high: float) -> float:
    """Of those alive and free at the beginning of a window, those whose metastasis is seen in it."""
    free = after(spread, low) * after(died, low)
    return float((np.maximum(by(spread, high) - by(spread, low), 0.0) * after(died, low)).sum() / max(free.sum(), 1e-9))


def months_alive(seen: Seen, _: dict[str, Any]) -> float:
    """Months that half of those with a metastasis seen at diagnosis live."""
    r = seen.surgery
    of = (r.mode > 0) & (r.metastasis_seen > 0)
    return 12.0 * float(np.median(since(r, np.minimum(r.death, r.end))[of]))


def with_metastasis(seen: Seen, asked: dict[str, Any]) -> np.ndarray:
    """Years from the first distant metastasis after surgery to death, of those without one at diagnosis."""
    r = seen.under(asked["care"])
    of = (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0) & (r.distant < np.inf)
    return np.asarray((since(r, np.minimum(r.death, r.end)) - since(r, r.distant))[of])


def months_left(seen: Seen, asked: dict[str, Any]) -> float:
    """Months that half of those live in whom a distant metastasis is seen after surgery."""
    years = with_metastasis(seen, asked)
    return 12.0 * float(np.median(years)) if len(years) > 20 else float("nan")


def share_alive(seen: Seen, asked: dict[str, Any]) -> float:
    """Alive some years after a distant metastasis is seen, of those in whom it is seen after surgery."""
    years = with_metastasis(seen, asked)
    return float((years > asked["years"]).mean()) if len(years) > 20 else float("nan")


def rest_recurs(seen: Seen, asked: dict[str, Any]) -> float:
    """Distant metastases within some years with a treatment, over those without, of the node-positive."""
    shares = []
    for r in (seen.under(asked["care"]), seen.surgery):
        of = (r.mode > 0) & (r.mode < 3) & (r.metastasis_seen == 0) & (r.nodes_positive > 0)
        shares.append(float(distant_by(r, asked["within_years"])[of].mean()))
    return shares[0] / max(shares[1], 1e-12)


def size_of_half(seen: Seen, asked: dict[str, Any]) -> float:
    """Where a logistic curve in log diameter, of tumours near a size, comes to a half."""
    near = asked["near_mm"]
    r, some = between(seen, {"low_mm": near / 1.8, "high_mm": near * 1.8})
    x, y = np.log(seen.mm(r)[some] / near), distant_by(r, asked["within_years"])[some]
    if len(y) < 200:
        return float("nan")
    intercept, slope = logistic(x, y)
    return float(near * np.exp(np.clip(-intercept / max(slope, 0.2), -3.0, 3.0)))


def free_at_five(seen: Seen, asked: dict[str, Any]) -> tuple[Register, np.ndarray]:
    """ER-positive, hormone treatment, of a size and number of nodes: about free and alive at 5 years.

    Who is so at the very end of the fifth year counts half, by ``after``.
    """
    r = seen.under("surgery+hormone", MORE)
    mm = seen.mm(r)
    size = mm <= 20.0 if asked["tumour"] == "T1" else (mm > 20.0) & (mm <= 50.0)
    low, high = {"N0": (0, 0), "N1": (1, 3), "N2+": (4, 9)}[asked["nodes"]]
    spread, died = since(r, r.distant), since(r, r.death)
    of = er_positive(seen, r) & (r.mode > 0) & (r.metastasis_seen == 0) & size & (spread > 4.5) & (died > 4.5)
    return r, of & (r.nodes_positive >= low) & (r.nodes_positive <= high)


def late_recurrence(seen: Seen, asked: dict[str, Any]) -> float:
    """Of these, distant metastasis from year 5 to 20 of those without one at 5 years."""
    r, of = free_at_five(seen, asked)
    spread, died = since(r, r.distant), since(r, r.death)
    return later(spread[of], died[of], 5.0, 20.0) if of.sum() > 20 else float("nan")


def years_ratio(seen: Seen, asked: dict[str, Any]) -> float:
    """Distant metastases a person-year of some years after surgery, over those of the first five, of a subtype."""
    r = seen.surgery
    names = [subtype.name for subtype in seen.disease.subtypes]
    of = (
        (r.subtype == names.index(asked["subtype"])) & (r.mode > 0) & (r.metastasis_seen == 0) & (r.nodes_positive >= 0)
    )
    return hazard(r, of, asked["low_years"], asked["high_years"]) / max(hazard(r, of, 0.0, 5.0), 1e-12)


def hazard(r: Register, of: np.ndarray, low: float, high: float) -> float:
    """Distant metastases a person-year between two years after surgery."""
    spread = since(r, r.distant)[of]
    out = np.minimum(spread, since(r, np.minimum(r.death, r.end))[of])
    time = np.clip(out, low, high).sum() - low * len(out)
    return float((by(spread, high) - by(spread, low)).sum() / max(time, 1e-9))


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


def share_of_large(seen: Seen, asked: dict[str, Any]) -> float:
    """Of tumours found by symptoms at a size at which few are, with a distant metastasis seen within some years."""
    from _large import share_of

    return share_of(seen.found_late, seen, asked)[0]


WHAT = {
    "share, larger than 20 mm": share_larger,
    "share, nodes": share_nodes,
    "share, nodes of a size seldom found": share_nodes_of_large,
    "share, free of distant metastasis": share_free,
    "share, metastasis seen at diagnosis": share_metastatic,
    "size at which half have a distant metastasis": size_of_half,
    "share, distant metastasis of a size": share_of_large,
    "recurrence from year 5 to 20": late_recurrence,
    "rate ratio of hormone treatment": rate_ratio,
    "hazard ratio of years": years_ratio,
    "share, of sizes": share_of_sizes,
    "share, distant metastasis": share_spread,
    "share, of these, soon": share_soon,
    "share, late": share_late,
    "median diameter": median_mm,
    "months to a distant metastasis": months_to_spread,
    "months a doubling of metastases": months_doubling,
    "months alive with one": months_alive,
    "months from a distant metastasis to death": months_left,
    "share, alive after a distant metastasis": share_alive,
    "ratio of metastases found alone, with images": ratio_alone,
    "difference of shares free, with images": fewer_free,
    "ratio of recurrences with a treatment": rest_recurs,
}
"""How rows are read off."""
