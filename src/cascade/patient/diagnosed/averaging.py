r"""Averages over traits given diagnosis: sums over patients of prior times density, then ratios of sums.

The pace is integrated by Gauss on panels, no wider than a third of an e-fold of it, for by when a tumour is diagnosed
depends on it sharply; other traits given the pace by shifted quasi-random points, the same for all paces, in replicates
that tell a standard error.  All is done again, more coarsely and with other places of the pace: twice
the change is what resolution leaves.  Fast tumours are diagnosed in a shorter time, slow ones never or of other causes
dead: those diagnosed, and more so those diagnosed by screening, are no sample of the prior.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import PchipInterpolator

from cascade.common.types import Floats, Ints
from cascade.patient.clinic.care import Care
from cascade.patient.diagnosed.diagnosis import T_CATEGORIES, Asked, Diagnosis
from cascade.patient.diagnosed.fates import COARSE, FINE, Resolution
from cascade.patient.diagnosed.freedom import Freedom
from cascade.patient.diagnosed.primary import killed
from cascade.patient.diagnosed.totals import Sums, Totals
from cascade.patient.disease import Disease
from cascade.patient.pace import Pace, Traits
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.sources import Sources

ROUGH, OTHER = (
    replace(COARSE, points=4, width=3.4, step=0.06, nodes=2, hazard=1.9, visible=80, ages=5, paces=4),
    replace(COARSE, points=5, width=4.1, step=0.052, nodes=2, days=3, hazard=1.3, visible=95, ages=6, paces=5),
)
"""What tells errors: two, for one may agree where both are wrong."""

SPACED = 0.35
"""Of the logarithm of the pace, the width of panels."""

LIGHT = 1e-7
"""Weights of paces that are left out."""

NOBODY = 1e-9
"""Share of patients of a pace who are diagnosed, below which it is left out."""

SAMPLES, REPLICATES = 64, 8

BINS = np.log(10.0) * np.linspace(-1.0, 3.0, 801)
"""Logarithms of diameters between which patients are counted."""


@dataclass(frozen=True, eq=False)
class Patient:
    """One patient's pace, multipliers and traits."""

    pace: float
    route: Floats
    site: Floats
    traits: Floats


@dataclass(frozen=True, eq=False)
class Question:
    """What is worked out: at diagnosis, or freedom after it."""

    disease: Disease
    sources: Sources
    asked: Asked
    care: Care
    years: tuple[float, ...] = ()


def of_patient(question: Question, patient: Patient) -> list[list[Sums]]:
    """Sums for one patient: fine, and as coarser resolutions have them."""
    made = []
    # Freedom is of later times, when less depends on days.
    for resolution in (COARSE if question.years else FINE, ROUGH, OTHER):
        work = _Work(question, patient.pace, resolution)
        made.append([work.of(patient.route[None], patient.site[None], patient.traits[None], np.ones(1))])
    return made


def of_all(question: Question, seed: int = 1) -> list[list[Sums]]:
    """Sums by replicate: of the answer, and of coarser resolutions."""
    traits = Traits(question.disease)
    samples, replicates = (SAMPLES, REPLICATES) if traits.dimensions else (1, 1)
    points = traits.points(samples, replicates, np.random.default_rng(seed))
    out = []
    # Of freedom, which is of later times, less depends on days.
    plan = (ROUGH, OTHER) if question.years else (COARSE, ROUGH, OTHER)
    for number, resolution, shift in zip((replicates, 1, 1), plan, (0.0, 0.5, 0.25), strict=False):
        sums: list[Sums] = [{} for _ in range(number)]
        for at in _paces(traits, question, shift):
            work = _Work(question, at.pace, resolution)
            if work.of_nobody:
                continue
            route, site = traits.multipliers(at, points)
            values = traits.values(at, points)
            for r in range(number):
                some = slice(r * samples, (r + 1) * samples)
                weight = np.full(samples, at.weight / samples)
                for name, part in work.of(route[some], site[some], values[some], weight).items():
                    sums[r][name] = sums[r].get(name, 0.0) + part
        out.append(sums)
    return out


def _paces(traits: Traits, question: Question, shift: float) -> list[Pace]:
    """Places of the pace: panels end at that of patients whom the primary kills at the end of the years."""
    p = traits.p
    of_gamma = (1.0 / p.spread[traits.gamma])[p.on_growth[traits.gamma]].sum()
    sigma = float(np.sqrt(traits.sigma**2 + of_gamma))
    most = int(np.ceil(6.0 * sigma / SPACED))
    ends = SPACED * (np.arange(-most, most + 1) + shift) if sigma > SPACED else np.array([0.37 * sigma * 2.0 * shift])
    ends = np.exp(ends)
    kills = killed(question.disease, question.sources) / question.asked.until
    paces = np.append(ends, kills) if np.isfinite(kills) else ends
    return [at for at in traits.paces(1.0 / paces, 1.0) if at.weight > LIGHT]


class _Work:
    """One pace: sums over patients, of what is asked."""

    def __init__(self, question: Question, pace: float, resolution: Resolution) -> None:
        self.question = question
        self.diagnosis = Diagnosis(question.disease, question.sources, pace, question.asked, resolution)
        d, s = self.diagnosis, question.sources
        chance = float(d.weights @ (d.symptoms + d.screening))
        # So slow that nobody is diagnosed, and that none sheds.
        self.of_nobody = chance < NOBODY and pace * d.primary.end < min(r.onset for r in s.routes)
        if self.of_nobody:
            return
        after = bool(question.years)
        self.freedom = Freedom(self.diagnosis, question.care, question.years) if after else None
        self.totals = None if after else Totals(self.diagnosis)

    def of(self, route: Floats, site: Floats, traits: Floats, weight: Floats) -> Sums:
        """Sums over some patients."""
        if self.freedom is not None:
            return {"free": self.freedom.of(route, site, weight)}
        assert self.totals is not None
        sums = self.totals.of(route, site, traits, weight)
        sums["prior"] = weight @ traits
        return sums | _told(self.diagnosis, sums.pop("profile"), sums.pop("seen_profile"))


def _told(d: Diagnosis, profile: Floats, seen: Floats) -> Sums:
    """Those who are diagnosed by year, size and age, by mode."""
    year = np.searchsorted(np.array(d.asked.years) * DAYS_PER_YEAR, d.days)
    size = np.searchsorted(np.array(T_CATEGORIES), d.mm)
    law = np.array([0, 1, 0])
    by_age = profile[:, :, None] * d.bands[law]
    shape = PchipInterpolator(np.log(d.mm), d.below(profile), axis=1, extrapolate=False)(BINS)
    before, after = np.log(d.mm[0]) > BINS, np.log(d.mm[-1]) < BINS
    sizes = np.where(before, 0.0, np.where(after, profile.sum(axis=1)[:, None], shape))
    return {
        "diagnosed": profile.sum(axis=1),
        "by_year": _binned(profile, year, len(d.asked.years) + 1),
        "by_category": _binned(profile, size, 3),
        "seen_by_category": _binned(seen, size, 3),
        "sizes": sizes,
        "age": (profile * d.age[law]).sum(axis=1),
        "bands": by_age.sum(axis=1),
        "day": (profile * d.days).sum(axis=1),
    }


def _binned(values: Floats, place: Ints, number: int) -> Floats:
    return np.array([np.bincount(place, row, number) for row in values])
