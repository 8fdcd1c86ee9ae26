r"""When the primary alone is diagnosed: by symptoms, or at a screening visit, by a patient who is alive.

A primary of pace s and n(s t) cells has by day t the cumulative hazard of symptoms

    L(t) = k / (s n_0^b) [S_b(s t) - S_b(own time of least_mm)],

S_b as of shedding (`growth`).  An eye that screens sees it from a day t* on, P(t* <= t) = phi(t), its sensitivity at
the size of that day.  Visits are evenly spaced with a uniform phase, so that one falls into an interval of length l of
the ages of screening with probability min(1, l / every), and with C(t) = int_0^t phi

    P(not seen by t) = 1 - attends looked / every [C(X) - C(max(0, from, X - every))],

ages counted from the first cell, X the earlier of t and the last age.  What is asked beside that t* > a is

    1 - looked phi(a) - attends looked / every [C(X) - C(m) - (X - m) phi(a)],    m = max(a, 0, from, X - every).

Eyes are independent, of two screenings by one eye phase and attendance are, so that these are summed over t*.  All is
averaged over the age at the first cell, together with death of other causes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from cascade.common.types import Floats
from cascade.patient.clinic.eyes import Sight
from cascade.patient.clinic.presentation import Screening, Symptoms
from cascade.patient.disease import Disease
from cascade.patient.growth import Growth
from cascade.patient.lowered import traits_of
from cascade.patient.ranges import DAYS_PER_YEAR
from cascade.patient.sources import Sources

SEEN_NODES = 4096
"""Of the table of C, evenly over the days of the tumour."""

TABLE = 30_000
"""Nodes of a table of the hazard of symptoms."""

THRESHOLDS = 300
"""Days t* that are summed over where an eye screens more than once."""

AGES = 6
"""Gauss points of each part of the ages at the first cell."""


class Hazard:
    """Symptoms of the primary or of a lesion, by own time; of a pace of 1."""

    def __init__(self, disease: Disease, sources: Sources, symptoms: Symptoms) -> None:
        self.growth, self.exponent = disease.tumour.growth, symptoms.exponent
        cells = disease.cells_of(symptoms.at_mm)
        self.scale = symptoms.per_year / DAYS_PER_YEAR * cells**-symptoms.exponent
        self.least = float(sources.own([disease.cells_of(symptoms.least_mm)])[0])
        self._before = self.growth.shed([self.least], self.exponent)

    def total(self, own: Floats) -> Floats:
        """Cumulative hazard by own times."""
        grown = self.growth.shed(np.maximum(own, self.least), self.exponent) - self._before
        return np.asarray(self.scale * grown)

    def quickly(self, own: Floats, last: float) -> Floats:
        """Cumulative hazard by own times that rise, up to the last, from a table (to 1e-5 of itself)."""
        at, total = _table(self.growth, self.exponent, self.least, max(last, self.least + 1.0))
        return np.asarray(self.scale * np.interp(own, at, total))

    def rate(self, own: Floats) -> Floats:
        """Hazard a day."""
        return np.asarray(np.where(own >= self.least, self.scale * self.growth.size(own) ** self.exponent, 0.0))


@lru_cache(maxsize=64)
def _table(growth: Growth, exponent: float, begin: float, end: float) -> tuple[Floats, Floats]:
    """What is shed from a day of own time on: even, so finely that it is straight between."""
    own = np.linspace(begin, end, TABLE)
    return own, growth.shed(own, exponent) - growth.shed([begin], exponent)


@dataclass(frozen=True, eq=False)
class Screen:
    """A screening in days: of ages, and the share of patients who come."""

    begin: float
    last: float
    every: float
    attends: float


@dataclass(frozen=True, eq=False)
class Watch:
    """An eye that can see the primary, and the screenings by it.

    Attributes
    ----------
    sight : Sight
    screens : tuple of Screen
    """

    sight: Sight
    screens: tuple[Screen, ...]


def watches(disease: Disease, staging: tuple[str, ...]) -> tuple[Watch, ...]:
    """Eyes of screening and staging that look at the primary."""
    presentation = disease.presentation
    screening: tuple[Screening, ...] = presentation.screening if presentation is not None else ()
    out = []
    for eye in disease.eyes:
        if eye.primary is None or eye.primary.looked_at == 0.0:
            continue
        mine = tuple(
            Screen(s.from_age * DAYS_PER_YEAR, s.to_age * DAYS_PER_YEAR, s.every_years * DAYS_PER_YEAR, s.attends)
            for s in screening
            if s.eye == eye.name
        )
        if mine or eye.name in staging:
            out.append(Watch(eye.primary, mine))
    return tuple(out)


@dataclass(frozen=True, eq=False)
class Ages:
    """Ages at the first cell, in days, and their weights, by day of diagnosis: (T, A) each.

    Attributes
    ----------
    age, weight : (T, A) float
        Weights: of the uniform law, times the probability to be alive.
    """

    age: Floats
    weight: Floats


class Primary:
    """The primary of patients of one pace.

    Parameters
    ----------
    disease : Disease
    sources : Sources
    pace : float
    staging : tuple of str
        Eyes at diagnosis.
    until : float
        Days that are followed, if it does not kill earlier.
    """

    def __init__(self, disease: Disease, sources: Sources, pace: float, staging: tuple[str, ...], until: float) -> None:
        self.disease, self.sources, self.pace = disease, sources, pace
        self.end = min(until, killed(disease, sources) / pace)
        presentation = disease.presentation
        symptoms = presentation.primary if presentation is not None else None
        self.symptoms = Hazard(disease, sources, symptoms) if symptoms is not None else None
        self.watches = watches(disease, staging)
        self.patients = traits_of(disease)

    def cells(self, days: Floats) -> Floats:
        """Its size."""
        return self.disease.tumour.growth.size(self.pace * np.maximum(days, 0.0))

    def mm(self, days: Floats) -> Floats:
        """Its diameter."""
        volume = 6.0 * self.cells(days) / (np.pi * self.disease.tumour.cells_per_cm3)
        return np.asarray(10.0 * volume ** (1.0 / 3.0))

    def total(self, days: Floats) -> Floats:
        """Cumulative hazard of its symptoms."""
        if self.symptoms is None:
            return np.zeros(np.shape(days))
        return np.asarray(self.symptoms.total(self.pace * days) / self.pace)

    def hazard(self, days: Floats) -> Floats:
        """Hazard of its symptoms, a day."""
        return np.zeros(np.shape(days)) if self.symptoms is None else self.symptoms.rate(self.pace * days)

    @property
    def age_range(self) -> tuple[float, float]:
        """Ages at the first cell, in days."""
        return self.patients.age_low * DAYS_PER_YEAR, self.patients.age_high * DAYS_PER_YEAR

    @property
    def turns(self) -> list[float]:
        """Ages in days at which screening begins, has come to all, and ends."""
        return [
            age for w in self.watches for s in w.screens for age in (s.begin, min(s.begin + s.every, s.last), s.last)
        ]

    def ages(self, days: Floats, bands: tuple[float, ...] = (), parts: int = 4, points: int = AGES) -> Ages:
        """Ages at the first cell, for each day of diagnosis; cut where screening changes, and at ages at diagnosis."""
        low, high = self.age_range
        if high == low:
            age, weight = np.full((len(days), 1), low), np.ones((len(days), 1))
        else:
            even = np.linspace(low, high, parts + 1)
            cuts = [np.full(len(days), edge) for edge in even] + [turn - days for turn in (*self.turns, *bands)]
            edges = np.sort(np.clip(np.array(cuts).T, low, high), axis=1)
            x, w = np.polynomial.legendre.leggauss(points)
            half = 0.5 * np.diff(edges, axis=1)[:, :, None]
            middle = 0.5 * (edges[:, 1:] + edges[:, :-1])[:, :, None]
            age = (middle + half * x).reshape(len(days), -1)
            weight = (half * w / (high - low)).reshape(len(days), -1)
        return Ages(age, weight * self.alive(age, days[:, None]))

    def alive(self, age: Floats, days: Floats) -> Floats:
        """Probability that no other cause has killed by so many days after that age."""
        p = self.patients
        if p.other_rate == 0.0:
            return np.ones(np.broadcast_shapes(np.shape(age), np.shape(days)))
        years, more = age / DAYS_PER_YEAR, days / DAYS_PER_YEAR
        grown = np.exp(p.other_slope * years) * np.expm1(p.other_slope * more)
        return np.asarray(np.exp(-p.other_rate / p.other_slope * grown))

    @cached_property
    def seen(self) -> tuple[Seen, ...]:
        """What each eye that watches sees."""
        return tuple(Seen(self, watch) for watch in self.watches)


class Seen:
    """One eye's sight of the primary of one pace, and its screenings."""

    def __init__(self, primary: Primary, watch: Watch) -> None:
        self.primary, self.screens, self.sight = primary, watch.screens, watch.sight
        self.looked = watch.sight.looked_at
        self._days = np.linspace(0.0, primary.end, SEEN_NODES)
        phi = watch.sight.sensitivity(primary.mm(self._days))
        x, w = np.polynomial.legendre.leggauss(4)
        step = self._days[1]
        between = self._days[:-1, None] + step * 0.5 * (1.0 + x)
        parts = (watch.sight.sensitivity(primary.mm(between)) * w).sum(axis=1) * step * 0.5
        self._table = CubicHermiteSpline(self._days, np.concatenate([[0.0], np.cumsum(parts)]), phi)

    def by(self, days: Floats) -> Floats:
        """Phi: the probability that it could have been seen by a day, if the eye looks."""
        return self.sight.sensitivity(self.primary.mm(days))

    def _sum(self, days: Floats) -> Floats:
        return np.asarray(self._table(np.clip(days, 0.0, self.primary.end)))

    def _bounds(self, screen: Screen, days: Floats, age: Floats) -> tuple[Floats, Floats]:
        """Begin and end of the visits that count, in days of the tumour."""
        last = np.minimum(days, screen.last - age)
        begin = np.maximum(np.maximum(screen.begin - age, last - screen.every), 0.0)
        return begin, np.maximum(last, begin)

    def missed(self, days: Floats, age: Floats, after: Floats | None = None) -> Floats:
        """P(not seen at a visit by some days), and that it could not be seen by ``after``."""
        free = np.ones(()) if after is None else 1.0 - self.looked * self.by(after)
        if not self.screens:
            return np.broadcast_to(free, np.broadcast_shapes(np.shape(days), np.shape(age), np.shape(free)))
        if len(self.screens) > 1:
            return self._several(days, age, after, None)
        (screen,) = self.screens
        begin, last = self._bounds(screen, days, age)
        if after is None:
            seen = self._sum(last) - self._sum(begin)
        else:
            low = np.maximum(begin, after)
            seen = self._sum(last) - self._sum(low) - (last - low) * self.by(after)
            seen = np.where(last > low, seen, 0.0)
        return np.asarray(free - screen.attends * self.looked / screen.every * seen)

    def first(self, i: int, days: Floats, age: Floats, after: Floats | None = None) -> Floats:
        """Density of being seen at a visit of screening ``i`` first, and that it could not be seen by ``after``."""
        if len(self.screens) > 1:
            return self._several(days, age, after, i)
        screen = self.screens[0]
        here = (days + age > screen.begin) & (days + age < screen.last)
        # Those who have had a visit within the interval before were not seen there.
        before = np.where(days + age > screen.begin + screen.every, days - screen.every, -1.0)
        none = np.where(before > 0, self.by(before), 0.0)
        if after is not None:
            none = np.maximum(none, self.by(after))
        density = screen.attends * self.looked / screen.every * (self.by(days) - none)
        return np.asarray(np.where(here, np.maximum(density, 0.0), 0.0))

    def _several(self, days: Floats, age: Floats, after: Floats | None, which: int | None) -> Floats:
        """The same of several screenings, by a sum over the day from which on it could be seen."""
        edges = np.linspace(0.0, self.primary.end, THRESHOLDS + 1)
        mass = np.diff(self.by(edges), prepend=0.0)
        could = np.concatenate([[0.0], 0.5 * (edges[1:] + edges[:-1])])
        shape = np.broadcast_shapes(np.shape(days), np.shape(age))
        later = np.zeros(1) if after is None else np.ravel(after)
        out = np.zeros(shape if after is None else (*shape[:-1], len(later)))
        never = 1.0 - self.looked * mass.sum()
        for day, part in zip(could.tolist(), mass.tolist(), strict=True):
            value = np.full(shape, self.looked * part)
            for i, screen in enumerate(self.screens):
                begin = np.maximum(np.maximum(screen.begin - age, day), 0.0)
                last = np.minimum(days, screen.last - age)
                if which == i:
                    here = (begin < days) & (days < screen.last - age) & (days - begin < screen.every)
                    value *= screen.attends / screen.every * here
                else:
                    value *= 1.0 - screen.attends * np.clip((last - begin) / screen.every, 0.0, 1.0)
            # Of what must not have been possible before, days rise along the last axis.
            if after is None:
                out += value
            else:
                out[..., : int(np.searchsorted(later, day))] += value
        return out if which is not None else out + never


def killed(disease: Disease, sources: Sources) -> float:
    """Own time at which the primary alone kills."""
    cells = min(disease.death.burden_cells, disease.death.primary_cells or np.inf)
    return float(sources.own([cells])[0]) if cells < disease.tumour.growth.most else np.inf
