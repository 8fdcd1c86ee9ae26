r"""Diagnosis of patients of one pace, for multipliers of 1: all that is linear in shedding and founding, by its day.

While a patient is not diagnosed, no lesion has surfaced: lesions that have not are Poisson, thinned by the probability
not to have had symptoms.  By the day t of diagnosis with multipliers m of routes and sites

    symptoms        lambda(t) g(t) e^{-M(t)}
    screening       -Q'(t) e^{-L(t)} e^{-M(t)}
    a metastasis    M'(t) g(t) e^{-M(t)},         g = e^{-L} Q,

M the mean number that has surfaced, linear in m; in the third case one lesion comes from the intensity, by site with
shares M_j' / M', and the rest is Poisson as before (Mecke's formula).  Which eyes look at a site is an event of the
patient (`looked_at`): chances are sums over which.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cascade.common.types import Floats
from cascade.patient.diagnosed.fates import FINE, Fates, Look, Resolution
from cascade.patient.diagnosed.primary import Primary
from cascade.patient.diagnosed.sights import Clinic, Shown
from cascade.patient.disease import Disease
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.renewal import Panels, Rule
from cascade.patient.sources import Sources

EARLIEST_CELLS = 1e4
"""Before the primary is as large hardly anybody is diagnosed: one panel."""

T_CATEGORIES = (20.0, 50.0)
"""Millimetres up to which the primary is T1 and T2."""


@dataclass(frozen=True)
class Asked:
    """What is asked of diagnosis.

    Attributes
    ----------
    staging : tuple of str
        Eyes.
    until : float
        Days.
    years : tuple of float
        Ends of years of the tumour, by which those who are diagnosed are told.
    ages : tuple of float
        Ends of bands of the age at diagnosis, in years.
    """

    staging: tuple[str, ...]
    until: float
    years: tuple[float, ...]
    ages: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Looks:
    """Mean numbers by which eyes look.

    Attributes
    ----------
    chance : (P, J) float
        That those eyes look at a site.
    number : (P, R, J, T) float
    """

    chance: Floats
    number: Floats


@dataclass(frozen=True, eq=False)
class Staged:
    """Mean numbers by route, site and day, (R, J, T).

    Attributes
    ----------
    surfaced, rate : (R, J, T) float
        That have given symptoms, and their increase a day.
    there : (R, J, T) float
        Of all that are there and have not.
    seen, with_symptoms : Looks
        That have given none and are seen at staging; the second where another lesion of the site has given some.
    early : (2, R, J, T) float
        Of ``there`` those shed before the primary could be seen: of patients not diagnosed by screening, and of those
        who are.
    early_rate : (R, J, T) float
        Of ``rate`` the same, of patients not diagnosed by screening.
    """

    surfaced: Floats
    rate: Floats
    there: Floats
    seen: Looks
    with_symptoms: Looks
    early: Floats
    early_rate: Floats


class Diagnosis:
    """Diagnosis of patients of one pace.

    Attributes
    ----------
    days, weights : (T,) float
        Points of a quadrature.
    symptoms, screening, undiagnosed : (T,) float
        Densities by the day of diagnosis by symptoms and by screening, and g: but for e^{-M}.
    """

    def __init__(
        self, disease: Disease, sources: Sources, pace: float, asked: Asked, resolution: Resolution = FINE
    ) -> None:
        sources = sources.at_paces(resolution.paces)
        self.disease, self.sources, self.pace, self.asked = disease, sources, pace, asked
        self.resolution = resolution
        self.primary = Primary(disease, sources, pace, asked.staging, asked.until)
        self.clinic = Clinic(disease, sources)
        edges = self._edges()
        x, w = np.polynomial.legendre.leggauss(resolution.days)
        half = 0.5 * np.diff(edges)[:, None]
        self.days = (edges[:-1, None] + half * (1.0 + x)).ravel()
        self.weights = (half * w).ravel()
        self.mm = self.primary.mm(self.days)
        self._by_primary()

    def _edges(self) -> Floats:
        primary, growth, end = self.primary, self.disease.tumour.growth, self.primary.end
        begin = min(float(growth.days(min(EARLIEST_CELLS, 0.5 * growth.most))[0]) / self.pace, 0.5 * end)
        exponent = max(primary.symptoms.exponent if primary.symptoms is not None else 0.5, 0.5)
        steep = exponent if not self.clinic.hazards else max(exponent, *self.sources.mean_ratios)

        def width(age: float) -> float:
            slope = self.sources.slope(min(self.pace * age, self.sources.last))
            return min(self.resolution.hazard / max(self.pace * steep * slope, 1e-9), 0.1 * end)

        panels = Panels.of(begin, end, width, Rule.of(self.resolution.days))
        low, high = primary.age_range
        cuts = [turn - age for turn in primary.turns for age in (low, high)]
        cuts += [year * DAYS_PER_YEAR for year in self.asked.years]
        cuts += [
            float(growth.days(n)[0]) / self.pace
            for mm in T_CATEGORIES
            if (n := self.disease.cells_of(mm)) < growth.most
        ]
        if primary.symptoms is not None:
            cuts.append(primary.symptoms.least / self.pace)
        cuts += [day / self.pace for day, _ in growth.points]
        for kind in self.sources.fastest:
            # The first lesions to surface.
            middle = float((kind.share * kind.own).sum() / kind.share.sum())
            for hazard in self.clinic.hazards:
                grown = (self.sources.early - middle + hazard.least) / (self.pace * kind.ratio)
                cuts += [route.onset / self.pace + grown for route in self.sources.routes]
        every = np.unique(np.concatenate([[0.0], panels.edges, [cut for cut in cuts if 0 < cut < end]]))
        keep = np.append(True, np.diff(every) > 1e-9 * end)
        out = every[keep]
        out[-1] = end
        return np.asarray(out)

    def below(self, profile: Floats) -> Floats:
        """Sums of weights up to each day, in its panel by the polynomial through the points: (..., T)."""
        p = self.resolution.days
        x, w = np.polynomial.legendre.leggauss(p)
        powers = np.arange(p)
        values = np.linalg.inv(x[:, None] ** powers)
        until = ((x[:, None] ** (powers + 1) - (-1.0) ** (powers + 1)) / (powers + 1)) @ values
        masses = profile.reshape(*profile.shape[:-1], -1, p)
        before = np.cumsum(masses.sum(axis=-1), axis=-1) - masses.sum(axis=-1)
        within = masses @ (until / w).T
        return np.asarray((before[..., None] + within).reshape(profile.shape))

    def _by_primary(self) -> None:
        primary, days = self.primary, self.days
        bands = tuple(age * DAYS_PER_YEAR for age in self.asked.ages)
        ages = primary.ages(days, bands)
        at, t = ages.age, days[:, None]
        missed = [seen.missed(t, at) for seen in primary.seen if seen.screens]
        none = np.prod(missed, axis=0) if missed else np.ones(at.shape)
        seen_first = np.zeros(at.shape)
        k = 0
        for seen in primary.seen:
            if not seen.screens:
                continue
            others = np.prod([m for i, m in enumerate(missed) if i != k], axis=0) if len(missed) > 1 else 1.0
            for i in range(len(seen.screens)):
                seen_first += seen.first(i, t, at) * others
            k += 1
        lives = np.exp(-primary.total(days))
        by_age = np.stack([ages.weight * none, ages.weight * seen_first])
        self.undiagnosed, self.screening = by_age.sum(axis=2) * lives
        self.symptoms = primary.hazard(days) * self.undiagnosed
        band = np.searchsorted(bands, at + t)
        total = by_age.sum(axis=2)
        with np.errstate(invalid="ignore", divide="ignore"):
            self.age = np.where(total > 0, (by_age * (at + t)).sum(axis=2) / total, 0.0) / DAYS_PER_YEAR
            in_band = [(by_age * (band == b)).sum(axis=2) / total for b in range(len(bands) + 1)]
        self.bands = np.nan_to_num(np.moveaxis(np.array(in_band), 0, 2))

    @cached_property
    def fates(self) -> Fates:
        """Of founders-to-be until diagnosis."""
        return Fates(
            self.disease,
            self.sources,
            self.pace,
            self.primary.end,
            self.clinic.hazards,
            self.clinic.sights(self.asked.staging),
            self.resolution,
        )

    @cached_property
    def staged(self) -> Staged:
        """Numbers of lesions."""
        clinic, fates, days = self.clinic, self.fates, self.days
        routes, sites = range(len(self.sources.routes)), range(len(self.sources.sites))
        shape = (len(routes), len(sites), len(days))
        total = [fates.shed(days, r) for r in routes]
        rate = [fates.shed_rate(days, r) for r in routes]
        before = self._invisible()
        shown = Shown(clinic, fates)

        ways, found = self.sources.ways[0], fates.founded()

        def number(maps: list[Floats], table: Floats) -> Floats:
            out = np.zeros(shape)
            for r in routes:
                mine = np.flatnonzero(ways.route == r)
                out[r, ways.site[mine]] = (maps[r] @ table[:, mine]).T
            return out

        looks = [(name, 0.0) for name in self.asked.staging]
        every, more = ([clinic.patterns(looks, j, with_) for j in sites] for with_ in (False, True))
        nothing = shown.of([()] * len(sites))
        surfaced, rates = number(total, nothing), number(rate, nothing)
        left = found * ways.chance - nothing
        there = number(total, left)
        early, early_rate = np.zeros((2, *shape)), np.zeros(shape)
        if before is not None:
            early = np.array([number([part * side for part in total], left) for side in before])
            slopes = fates.slopes(nothing)
            shares = _ratio(number([part * before[0] for part in total], slopes), number(total, slopes))
            early_rate = shares * rates

        def by_looks(patterns: list[list[tuple[float, list[Look]]]]) -> Looks:
            most, parts = max(len(mine) for mine in patterns), []
            for p in range(most):
                table = shown.of([mine[min(p, len(mine) - 1)][1] for mine in patterns])
                parts.append(np.maximum(number(total, table) - surfaced, 0.0))
            chance = [[mine[p][0] if p < len(mine) else 0.0 for mine in patterns] for p in range(most)]
            return Looks(np.array(chance), np.array(parts))

        seen = by_looks(every)
        with_symptoms = by_looks(more) if more != every else seen
        for part in (surfaced, rates, there):
            np.maximum(part, 0.0, out=part)
        return Staged(surfaced, rates, there, seen, with_symptoms, early, early_rate)

    def _invisible(self) -> Floats | None:
        """P(the primary could not be seen when a cell was shed | diagnosis), by day, and age since shed: (2, T, Q)."""
        primary = self.primary
        if not primary.watches:
            return None
        number, parts = self.resolution.visible, self.resolution.ages
        grid = np.linspace(0.0, primary.end, 4001)
        sure = np.max([seen.looked * seen.by(grid) for seen in primary.seen], axis=0)
        begin = float(grid[min(int(np.searchsorted(sure, 1e-5)), len(grid) - 2)])
        after = np.concatenate([[0.0], np.linspace(begin, primary.end, number)])
        by_age = primary.ages(self.days, parts=parts, points=2)
        screened = [seen for seen in primary.seen if seen.screens]
        t, at, a = self.days[:, None, None], by_age.age[:, :, None], after[None, None, :]
        weight = by_age.weight[:, :, None]
        free = np.prod([1.0 - s.looked * s.by(after) for s in primary.seen if not s.screens], axis=0)
        out = np.ones((2, len(self.days), len(after)))
        if screened:
            both = [[seen.missed(t, at, which) for seen in screened] for which in (a, None)]
            out[0] = _ratio(*((weight * np.prod(part, axis=0)).sum(axis=1) for part in both))
            first = []
            for product, which in zip(both, (a, None), strict=True):
                density = np.zeros((*by_age.age.shape, len(after) if which is not None else 1))
                for k, seen in enumerate(screened):
                    rest = [m for i, m in enumerate(product) if i != k]
                    others = np.prod(rest, axis=0) if rest else 1.0
                    for i in range(len(seen.screens)):
                        density += seen.first(i, t, at, which) * others
                first.append((weight * density).sum(axis=1))
            out[1] = _ratio(*first)
        out *= free
        place = (self.days[:, None] - self.fates.ages - begin) / (after[2] - after[1])
        place = np.clip(place, 0.0, number - 1.0)
        k = np.minimum(place.astype(np.int64), number - 2)
        part, rows = place - k, np.arange(len(self.days))[:, None]
        return np.array(
            [side[rows, 1 + k] * (1.0 - part) + side[rows, 2 + k] * part for side in np.clip(out, 0.0, 1.0)]
        )


def _ratio(part: Floats, whole: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(np.nan_to_num(part / whole), 0.0, 1.0)
