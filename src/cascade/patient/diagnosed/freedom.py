r"""Freedom from distant metastasis after surgery, of patients of whom none was seen at diagnosis.

The primary is taken out on the day S = T + delay: what it has shed by then may still found.  With lesions that have
shown themselves by t, by symptoms or at the last look of each eye, those of staging at T among them, of mean B(T, t),

    P(none seen at T, nothing seen by t | diagnosed at T by the primary) = E e^{-B(T, t)} / e^{-M(T)},

Poisson, since diagnosis by the primary, surgery and visits do not depend on lesions that have not shown themselves;
nodal lesions have not surfaced by T.  *True*: looked at on every day from T on; *scheduled*: at visits on S + k every,
k = 1, 2, ...  Deaths are censored: net of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.patient.clinic.care import Care
from cascade.patient.diagnosed.diagnosis import Diagnosis
from cascade.patient.diagnosed.fates import Fates, Look
from cascade.patient.diagnosed.sights import Shown
from cascade.patient.disease import Disease
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.sources import Sources

KINDS = ("true", "scheduled")
"""Whether lesions are looked for on every day, or at visits."""

LEAST = 1e-7
"""Of all densities: days of diagnosis with less are left out."""


def check_care(care: Care) -> None:
    """That what follows diagnosis has an exact answer.

    Raises
    ------
    InputError
        For care without surgery, with local recurrence, or with systemic treatment that begins before a metastasis
        is seen.
    """
    alone = "; anything else is in the simulation alone"
    if care.surgery is None:
        raise InputError("care", care.name, f"a care with surgery{alone}")
    if care.surgery.local_recurrence > 0:
        value = care.surgery.local_recurrence
        raise InputError("care.surgery.local_recurrence", value, f"0: nothing is left that sheds{alone}")
    # What begins once a metastasis is seen changes nothing before.
    if names := [given.name for given in care.systemic if given.begins != "metastasis seen"]:
        raise InputError("care.systemic", names, f"none{alone}")


def last_looks(care: Care, days: float) -> dict[str, float]:
    """Eyes of visits by so many days since diagnosis, with the day since diagnosis of their last look; 0: none yet."""
    start = care.surgery.delay_days if care.surgery is not None else 0.0
    out: dict[str, float] = {}
    for visits in care.visits:
        every, most = visits.every_years * DAYS_PER_YEAR, visits.for_years * DAYS_PER_YEAR
        done = np.floor((min(days - start, most) + 1e-9 * every) / every)
        if done < 1:
            continue
        for eye in visits.eyes:
            out[eye] = max(out.get(eye, 0.0), start + float(done) * every)
    return out


class Freedom:
    """Of patients of one pace.

    Parameters
    ----------
    diagnosis : Diagnosis
    care : Care
    years : sequence of float
        Since diagnosis.
    """

    def __init__(self, diagnosis: Diagnosis, care: Care, years: Sequence[float]) -> None:
        assert care.surgery is not None
        self.diagnosis, self.care, self.years = diagnosis, care, tuple(years)
        self.distant = np.flatnonzero(diagnosis.clinic.distant)
        d = diagnosis
        density = d.weights * (d.symptoms + d.screening)
        self.some = np.flatnonzero(density > LEAST * density.sum()) if density.sum() > 0 else np.zeros(0, int)
        self._maps()

    def _looks(self, kind: str, year: float) -> list[tuple[str, float]]:
        """Eyes and how long ago their last look was."""
        days, staging = year * DAYS_PER_YEAR, self.diagnosis.asked.staging
        looks: dict[str, float] = dict.fromkeys(staging, days)
        if kind == "true":
            every_day = {eye for visits in self.care.visits for eye in visits.eyes} or set(staging)
            looks |= dict.fromkeys(sorted(every_day), 0.0)
        else:
            looks |= {eye: days - day for eye, day in last_looks(self.care, days).items()}
        # Of equal lags all that follows is worked out once.
        return sorted((eye, round(lag, 6)) for eye, lag in looks.items())

    def _maps(self) -> None:
        """Mean numbers shown, of patterns of looks, by route, site, day of diagnosis and year."""
        d, clinic, care = self.diagnosis, self.diagnosis.clinic, self.care
        assert care.surgery is not None
        sites = range(len(d.sources.sites))
        eyes = {*d.asked.staging, *(eye for visits in care.visits for eye in visits.eyes)}
        longest = max(self.years) * DAYS_PER_YEAR
        end = float(d.days[self.some].max(initial=0.0)) + longest
        fates = Fates(d.disease, d.sources, d.pace, end, clinic.hazards, clinic.sights(sorted(eyes)), d.resolution)
        shown, ways = Shown(clinic, fates), d.sources.ways[0]
        days = d.days[self.some]
        routes = range(len(d.sources.routes))
        asked = [("staging", 0.0), *((kind, year) for kind in KINDS for year in self.years)]
        self.parts: dict[tuple[str, float], list[tuple[Floats, Floats]]] = {}
        kept: dict[float, list[Floats]] = {}
        for kind, year in asked:
            day = year * DAYS_PER_YEAR
            if year not in kept:
                until = days + min(day, care.surgery.delay_days) if day > 0 else None
                kept[year] = [fates.shed(days + day, r, until) for r in routes]
            looks = [(eye, 0.0) for eye in d.asked.staging] if kind == "staging" else self._looks(kind, year)
            nobody: list[tuple[float, list[Look]]] = [(1.0, [])]
            patterns = [clinic.patterns(looks, j, False) if clinic.distant[j] else nobody for j in sites]
            most = max(len(mine) for mine in patterns)
            parts = []
            for p in range(most):
                table = shown.of([mine[min(p, len(mine) - 1)][1] for mine in patterns])
                number = np.zeros((len(routes), len(sites), len(days)))
                for r in routes:
                    mine = np.flatnonzero(ways.route == r)
                    number[r, ways.site[mine]] = (kept[year][r] @ table[:, mine]).T
                chance = np.array([mine[p][0] if p < len(mine) else 0.0 for mine in patterns])
                parts.append((chance, np.maximum(number, 0.0)))
            self.parts[kind, year] = parts

    def of(self, route: Floats, site: Floats, weight: Floats) -> Floats:
        """Patients who were operated, and of these those without a distant metastasis: (1 + 2 Y,) sums.

        First those at diagnosis, then true by year, then as scheduled.
        """
        d, some = self.diagnosis, self.some
        staged, distant = d.staged, self.distant
        nodal = np.setdiff1d(np.arange(site.shape[1]), distant)
        surfaced = np.einsum(
            "sr,rjt,sj->st", route, staged.surfaced[:, nodal][:, :, some], site[:, nodal], optimize=True
        )
        rate = np.einsum("sr,rjt,sj->st", route, staged.rate[:, nodal][:, :, some], site[:, nodal], optimize=True)
        density = d.symptoms[some] + d.screening[some] + d.undiagnosed[some] * rate
        base = weight[:, None] * d.weights[some] * density * np.exp(-surfaced)
        return np.array([float((base * self._none(parts, route, site)).sum()) for parts in self.parts.values()])

    def _none(self, parts: Sequence[tuple[Floats, Floats]], route: Floats, site: Floats) -> Floats:
        """P(no distant lesion has shown itself), (S, T)."""
        sure = self.distant[np.array([parts[0][0][j] >= 1.0 for j in self.distant], bool)]
        number = np.einsum("sr,rjt,sj->st", route, parts[0][1][:, sure], site[:, sure], optimize=True)
        out = np.exp(-number)
        for j in np.setdiff1d(self.distant, sure):
            terms = [c[j] * np.exp(-(route @ n[:, j]) * site[:, j : j + 1]) for c, n in parts if c[j] > 0]
            out *= np.sum(terms, axis=0)
        return np.asarray(out)


def uncertain(disease: Disease, care: Care, staging: tuple[str, ...], sources: Sources) -> float:
    """Bound of what lesions that slept between two looks make wrong: the chance that one is seen asleep.

    A change of a Poisson mean from b to b (1 + e) changes e^{-b} by no more than e / 2.7.
    """
    if not np.isfinite(sources.asleep_own):
        return 0.0
    mm, worst = disease.mm(disease.lesions.asleep_cells), 0.0
    eyes = {*staging, *(eye for visits in care.visits for eye in visits.eyes)}
    for site in sources.sites:
        share = disease.lesions.of(site, "asleep")
        of = [eye.of(site, disease.kinds[site]) for eye in disease.eyes if eye.name in eyes]
        seen = sum(float(sight.sensitivity(mm)) for sight in of if sight is not None)
        worst = max(worst, share * seen * (disease.kinds[site] == "distant"))
    return worst / math.e
