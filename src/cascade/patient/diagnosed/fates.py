r"""What becomes of a founder-to-be by the time since it was shed: surfaced, seen, or hidden.

With x_k(z) = own_k + s z - early the own time of a lesion z days after founding, own_k (with share_k) that of its size
at the end of the early phase, a lesion has *shown* itself by symptoms or to an eye's look with probability

    1 - exp{-H(x)} prod_e [1 - phi_e(x_e)],

H the cumulative hazard of symptoms, phi_e the sensitivity at the size at the last look of eye e, a lag ago: one
threshold for each eye means that the last look decides.  Averaged over own_k this is G(z), nothing before the end of
the early phase; over the delay K(y) = int dF(d) G(y - d); and with c(a) cells shed a day at age a of the primary

    N(t) = h int_0^{min(t, surgery)} c(a) K(t - a) da

is the mean number that has shown itself by t: all is linear in K, and Poisson.  A lesion that sleeps stops at a size;
what it shows there is by its true age, what it shows later by the age without sleep, F then being the law of delay and
sleep together:  G(z) = G(lesions that never grow beyond that size) + rest.  This is exact for looks at one time; for
looks at several a lesion that slept between them is taken to have been smaller at the
earlier one, `freedom.uncertain` bounds that.

Gauss on panels of y = t - a, narrow towards 0, cut where something begins: a lesion that was shed early is one of large
y, and no less resolved than others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from cascade.common.types import Floats, Ints
from cascade.patient.clinic.eyes import Sight
from cascade.patient.diagnosed.lags import Lags, lags_of
from cascade.patient.diagnosed.primary import Hazard
from cascade.patient.disease import Disease
from cascade.patient.growth import Growth
from cascade.patient.sources import Kind, Sources

PARTS = 3
"""Of a step of the table of G, in the tables by own time."""

ALMOST = 1.0 - 1e-15
"""Largest sensitivity."""


@dataclass(frozen=True)
class Resolution:
    """How finely all is resolved.

    Attributes
    ----------
    points : int
        Of Gauss, in a panel of the time since shedding.
    width : float
        Of such a panel, in e-folds of the fastest growth.
    step : float
        Of the table of G, in e-folds.
    block : float
        Of early sizes, in e-folds.
    nodes : int
        Of Gauss, in an interval of the table of delays.
    days : int
        Of Gauss, in a panel of the day of diagnosis.
    hazard : float
        Width of such a panel, in e-folds of the hazard of symptoms.
    visible, ages : int
        Days at which the probability that the primary could not be seen is told, and parts of the ages then.
    paces : int
        Points of the rule over paces of single lesions.
    """

    points: int = 6
    width: float = 2.3
    step: float = 0.03
    block: float = 0.35
    nodes: int = 3
    days: int = 5
    hazard: float = 1.2
    visible: int = 140
    ages: int = 12
    paces: int = 8


FINE, COARSE = Resolution(), Resolution(5, 2.9, 0.045, 0.5, 3, 4, 1.45, 110, 8, 6)
"""What answers are made with, and what tells their errors."""


@lru_cache(maxsize=8)
def _lags(sources: Sources, nodes: int) -> Lags:
    return lags_of(sources.ways[0].delays, nodes)


@dataclass(frozen=True)
class Look:
    """The last look of some eyes, a lag ago (days)."""

    lag: float
    sights: tuple[Sight, ...]


class Fates:
    """Of founders-to-be of patients of one pace.

    Parameters
    ----------
    disease : Disease
    sources : Sources
    pace : float
    end : float
        Days after shedding that are asked for at most.
    hazards : sequence of Hazard
        Of symptoms of lesions: where panels are cut.
    sights : sequence of Sight
    resolution : Resolution
    """

    def __init__(
        self,
        disease: Disease,
        sources: Sources,
        pace: float,
        end: float,
        hazards: Sequence[Hazard],
        sights: Sequence[Sight],
        resolution: Resolution = FINE,
    ) -> None:
        self.disease, self.sources, self.pace, self.resolution = disease, sources, pace, resolution
        self.end = max(end, 1.0)
        fastest = pace * max(1.0, *(kind.ratio for kind in sources.kinds))
        slope = self.slope = steepest(disease.tumour.growth)
        self._step = min(self.end / 1000.0, resolution.step / (slope * fastest))
        self._step = max(self._step, self.end / 20_000.0)
        self._grid = int(np.ceil(self.end / self._step)) + 2
        self._blocks = {id(kind): _blocks(kind, slope, resolution.block) for kind in sources.kinds}
        self.edges = self._edges(slope, fastest, hazards, sights)
        x, w = np.polynomial.legendre.leggauss(resolution.points)
        self._x, self._w = np.asarray(x), np.asarray(w)
        self._bary = np.where(np.arange(len(x)) % 2, -1.0, 1.0) * np.sqrt((1.0 - x * x) * w)
        half = 0.5 * np.diff(self.edges)[:, None]
        self.ages = (self.edges[:-1, None] + half * (1.0 + self._x)).ravel()
        self.weights = (half * self._w).ravel()
        lags = _lags(sources, resolution.nodes)
        some = lags.days <= self.end
        self._lags = Lags(lags.days[some], lags.awake[some], lags.every[some])
        place = (self.ages[:, None] - self._lags.days) / self._step
        self._late = place < 0
        np.maximum(place, 0.0, out=place)
        self._place = place.astype(np.int32)
        self._part = place - self._place

    def _edges(self, slope: float, fastest: float, hazards: Sequence[Hazard], sights: Sequence[Sight]) -> Floats:
        """Panels: even, with more towards 0 and where eyes begin to see, and cuts where symptoms begin.

        Of lesions of paces of their own where these are so for the fastest: even panels are as narrow as it needs.
        """
        width = self.resolution.width / (slope * fastest)
        even = np.linspace(0.0, self.end, int(np.ceil(self.end / width)) + 1)
        cuts = [even, even[1] * 0.5 ** np.arange(1, 18)]
        for kind in self.sources.fastest:
            pace, early = self.pace * kind.ratio, self.sources.early
            begins = early / pace
            cuts.append(np.array([begins]))
            middle = float((kind.share * kind.own).sum() / kind.share.sum())
            shift = begins - middle / pace
            spread = float(np.sqrt((kind.share * (kind.own - middle) ** 2).sum() / kind.share.sum())) / pace
            cuts += [
                np.array([hazard.least / pace + shift + part * spread]) for hazard in hazards for part in (-1, 0, 1)
            ]
            for sight in sights:
                cells = min(self.disease.cells_of(sight.half_mm), 0.999 * self.disease.tumour.growth.most)
                centre = float(self.sources.own([cells])[0]) / pace + shift
                wide = 3.0 * sight.width / (slope * pace)
                if wide < width:
                    cuts.append(centre + wide * np.array([-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0]))
        every = np.unique(np.concatenate(cuts))
        every = every[(every >= 0.0) & (every <= self.end)]
        # Edges that nearly coincide are one; the first and the last stay.
        least = 1e-6 * self.end
        small = every < even[1]
        keep = np.concatenate([[True], (np.diff(every) > least) | small[1:]])
        out: Floats = every[keep]
        out[-1] = self.end
        return out

    def founded(self) -> Floats:
        """Share of the founders of each way that are there, with any cell that never dies out: (Q, W)."""
        delays = self.sources.ways[0].delays
        logs = np.log(np.clip(self.ages, delays.days[0], delays.days[-1]))
        table = CubicHermiteSpline(np.log(delays.days), delays.awake, delays.awake_slope)(logs)
        table *= self.ages[:, None] >= delays.days[0]
        left = np.zeros(len(self.sources.sites))
        for kind in self.sources.kinds:
            left[kind.sites] += kind.left
        return np.asarray(table * left[self.sources.ways[0].site])

    def shown(
        self, kinds: Sequence[Kind], sleeps: bool, hazard: Hazard | None, looks: Sequence[Look], ways: Ints
    ) -> Floats:
        """Probability for founders-to-be of some ways, of any of the kinds, to have shown themselves, (Q, ways)."""
        low, high = np.sum([self._of_founder(kind, sleeps, hazard, looks) for kind in kinds], axis=0)
        if not sleeps:
            return self._delayed(low + high) @ self._lags.awake[:, ways]
        out = self._delayed(low) @ self._lags.awake[:, ways] if low.any() else 0.0
        return np.asarray(out + self._delayed(high) @ self._lags.every[:, ways])

    def _delayed(self, table: Floats) -> Floats:
        """G at y - d, (Q, D)."""
        value = table[self._place]
        value += self._part * (table[self._place + 1] - value)
        value[self._late] = 0.0
        return np.asarray(value)

    def _of_founder(
        self, kind: Kind, sleeps: bool, hazard: Hazard | None, looks: Sequence[Look]
    ) -> tuple[Floats, Floats]:
        """G on the grid: what is shown up to the size at which lesions sleep, and what beyond."""
        pace, early, number = self.pace * kind.ratio, self.sources.early, self._grid
        z = np.arange(number) * self._step
        here = pace * z >= early
        longest = max((look.lag for look in looks), default=0.0)
        own, share = self._blocks[id(kind)]
        # By own time, evenly in parts of a step of the grid, so that all lesions read it at shifts.
        step, begin = pace * self._step / PARTS, -early - pace * longest
        nodes = begin + step * np.arange(PARTS * number + int((float(own.max()) - begin) / step) + PARTS + 2)
        at = np.clip(nodes, 0.0, self.sources.last)
        tables = [] if hazard is None else [(0.0, hazard.quickly(at, self.sources.last) / pace)]
        mm = self.disease.mm(1.0) * np.cbrt(self.disease.tumour.growth.size(at)) if looks else at
        for look in looks:
            missed = np.zeros(len(nodes))
            for sight in look.sights:
                missed -= np.log1p(-np.minimum(sight.sensitivity(mm), ALMOST))
            tables.append((look.lag, missed))
        low, high = np.zeros((2, number))
        for first, part in zip(own, share, strict=True):
            whole, small = np.zeros((2, number))
            asleep = max(self.sources.asleep_own, first)
            for i, (lag, table) in enumerate(tables):
                place = (first - early - pace * lag - begin) / step
                k = int(place)
                shift = place - k
                value = table[k : k + PARTS * number : PARTS] * (1.0 - shift)
                value += table[k + 1 : k + 1 + PARTS * number : PARTS] * shift
                if lag > 0:
                    value *= pace * (z - lag) >= early
                whole += value
                if sleeps and (hazard is None or i > 0):
                    small += np.minimum(value, np.interp(asleep, nodes, table))
            shown = -np.expm1(-whole)
            if sleeps:
                until = -np.expm1(-small)
                low += part * until
                shown -= until
            high += part * shown
        return kind.left * low * here, kind.left * high * here

    def slopes(self, table: Floats) -> Floats:
        """Derivatives by the time since shedding of functions at the points, (Q, n)."""
        p, x, b = len(self._x), self._x, self._bary
        away = x[:, None] - x + np.eye(p)
        matrix = b / b[:, None] / away
        np.fill_diagonal(matrix, 0.0)
        np.fill_diagonal(matrix, -matrix.sum(axis=1))
        half = 0.5 * np.diff(self.edges)[:, None, None]
        return np.asarray((matrix @ table.reshape(-1, p, table.shape[1]) / half).reshape(table.shape))

    def shed(self, days: Floats, route: int, until: Floats | None = None) -> Floats:
        """Map from K to the mean number of those shed by a route, (T, Q): for a multiplier of 1, up to some days."""
        return self._map(days, route, until)[0]

    def shed_rate(self, days: Floats, route: int) -> Floats:
        """Map from K to the derivative of the mean number by the day, (T, Q)."""
        total, at_onset = self._map(days, route, None, slope=True)
        return total + at_onset

    def _rate(self, route: int, age: Floats) -> Floats:
        """Cells that the primary sheds a day."""
        s = self.sources
        r = s.routes[route]
        own = np.minimum(self.pace * np.maximum(age, 0.0), s.even_own)
        return np.asarray(r.rate * self.pace**r.per_division * s.growth.size(own) ** r.exponent)

    def _steeper(self, route: int, age: Floats) -> Floats:
        step = 1e-4 / (self.slope * self.pace)
        return (self._rate(route, age + step) - self._rate(route, age - step)) / (2.0 * step)

    def _map(self, days: Floats, route: int, until: Floats | None, slope: bool = False) -> tuple[Floats, Floats]:
        onset, p = self.sources.routes[route].onset / self.pace, len(self._x)
        high = days - onset
        low = np.zeros(len(days)) if until is None else np.clip(days - until, 0.0, None)
        some = high > low
        rate = self._steeper if slope else self._rate
        out, edge = np.zeros((2, len(days), len(self.ages)))
        if not some.any():
            return out, edge
        last = len(self.edges) - 2
        ml = np.clip(np.searchsorted(self.edges, low, side="right") - 1, 0, last)
        mh = np.clip(np.searchsorted(self.edges, high, side="left") - 1, 0, last)
        panel = np.arange(last + 1)
        full = (panel > ml[:, None]) & (panel < mh[:, None]) & some[:, None]
        rows, cols = np.nonzero(full)
        if len(rows):
            q = cols[:, None] * p + np.arange(p)
            out[rows[:, None], q] = self.weights[q] * rate(route, days[rows][:, None] - self.ages[q])
        rows = np.flatnonzero(some)
        for side in (ml, mh):
            begin = np.maximum(self.edges[side], low)[rows]
            end = np.minimum(self.edges[side + 1], high)[rows]
            take = (end > begin) & ((side is ml) | (mh[rows] > ml[rows]))
            at, begin, end = rows[take], begin[take], end[take]
            half = 0.5 * (end - begin)[:, None]
            y = begin[:, None] + half * (1.0 + self._x)
            basis = self._basis(side[at], y)
            value = half * self._w * rate(route, days[at][:, None] - y)
            q = side[at][:, None] * p + np.arange(p)
            out[at[:, None], q] += np.einsum("np,npi->ni", value, basis)
        if slope:
            basis = self._basis(mh[rows], high[rows][:, None])[:, 0]
            q = mh[rows][:, None] * p + np.arange(p)
            edge[rows[:, None], q] = self._rate(route, np.full((len(rows), 1), onset)) * basis
        return out, edge

    def _basis(self, panel: Ints, y: Floats) -> Floats:
        """Lagrange's polynomials of panels at ages, (n, m, p)."""
        low, high = self.edges[panel][:, None], self.edges[panel + 1][:, None]
        u = (2.0 * y - low - high) / (high - low)
        away = u[:, :, None] - self._x
        hit = np.abs(away) < 1e-14
        away[hit] = 1e-14
        part = self._bary / away
        return np.asarray(part / part.sum(axis=2, keepdims=True))


def steepest(growth: Growth) -> float:
    """The largest slope of the logarithm of the size, a day: that of the first cells, but for points of one's own."""
    if not growth.points:
        return growth.slope
    whole = [(0.0, 1.0), *growth.points]
    return max(float(np.log(b[1] / a[1]) / (b[0] - a[0])) for a, b in pairwise(whole))


def _blocks(kind: Kind, slope: float, width: float) -> tuple[Floats, Floats]:
    """Own times of early sizes and shares, few: two for each block, with its mean and standard deviation."""
    order = np.argsort(kind.own, kind="stable")
    own, share = kind.own[order], kind.share[order]
    label = np.floor(slope * own / width).astype(int)
    times, shares = [], []
    for block in np.unique(label):
        mine = label == block
        whole = share[mine].sum()
        mean = float((share[mine] * own[mine]).sum() / whole)
        spread = float(np.sqrt(max((share[mine] * (own[mine] - mean) ** 2).sum() / whole, 0.0)))
        for side in (-1.0, 1.0) if spread > 0 else (0.0,):
            times.append(max(mean + side * spread, 0.0))
            shares.append(whole * (0.5 if spread > 0 else 1.0))
    return np.array(times), np.array(shares)
