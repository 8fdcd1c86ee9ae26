r"""Traits of patients as a quadrature: the pace of growth by Gauss, all else given the pace by quasi-random points.

What acts on growth scales time, and all maps of ages with it: it is the trait that costs, while others multiply.  With
log-normal traits x = L e, those on growth sum to a' e + const: e = y a/|a| + Q eta, y by Gauss and eta as it is drawn.
Patients are followed while the primary alone leaves them alive: for each time panels of y end at the pace that kills.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special, stats
from scipy.stats import qmc

from cascade.common.types import Floats
from cascade.patient.disease import Disease
from cascade.patient.generations import Generations
from cascade.patient.kernel.inputs import Patients
from cascade.patient.lowered import traits_of

FARTHEST = 6.0
"""Standard deviations of the logarithm of the pace within which it is followed; beyond are 2 patients in 10^9."""

POINTS, FEW, NARROW = 4, 2, 0.4
OTHER_POINTS = 12


@dataclass(frozen=True, eq=False)
class Pace:
    """One place of the quadrature.

    Attributes
    ----------
    weight, pace : float
    subtype : int
    normal : float
        Of the direction of growth.
    known : dict of int to float
        Gamma traits that act on growth.
    """

    weight: float
    pace: float
    subtype: int
    normal: float
    known: dict[int, float]


class Traits:
    """The traits of a disease."""

    def __init__(self, disease: Disease) -> None:
        self.p: Patients = traits_of(disease)
        p = self.p
        self.shares = np.diff(p.subtype, prepend=0.0)
        self.log = np.flatnonzero(~p.gamma)
        self.gamma = np.flatnonzero(p.gamma)
        growth = self.log[p.on_growth[self.log]]
        lower = p.lower[np.ix_(self.log, self.log)]
        self._lower = lower
        a = (p.spread[growth][:, None] * p.lower[np.ix_(growth, self.log)]).sum(axis=0)
        self.sigma = float(np.sqrt((a * a).sum()))
        self.drift = float((p.spread[growth] ** 2).sum() / 2.0)
        # Directions: that of growth first, if there is one, then all others.
        if self.sigma > 0:
            basis = np.linalg.qr(np.column_stack([a / self.sigma, np.eye(len(a))]))[0]
            basis[:, 0] *= np.sign(basis[:, 0] @ a)
            self._directions = basis
        else:
            self._directions = np.eye(len(self.log))
        self.free = [int(f) for f in self.gamma if not p.on_growth[f]]
        self.dimensions = len(self.log) - (self.sigma > 0) + len(self.free)

    def paces(self, times: Floats, burden: float) -> Iterator[Pace]:
        """Places of the quadrature, for times in days and a burden in own days."""
        p = self.p
        kills = burden / times[times > 0]
        gammas = [int(f) for f in self.gamma if p.on_growth[f]]
        main = None if self.sigma > 0 or not gammas else gammas.pop(0)
        x, w = np.polynomial.hermite_e.hermegauss(OTHER_POINTS)
        grid = np.meshgrid(*[np.arange(len(x))] * len(gammas), indexing="ij") if gammas else []
        places = np.array([g.ravel() for g in grid]).T if gammas else np.zeros((1, 0), int)
        for c, share in enumerate(self.shares):
            for place in places:
                known = {f: float(self.quantile(f, x[k])) for f, k in zip(gammas, place, strict=True)}
                weight = share * float(np.prod(w[place] / w.sum()))
                factor = float(p.subtype_growth[c] * np.prod(list(known.values())))
                yield from self._along(weight, factor, c, known, main, kills)

    def _along(
        self, weight: float, factor: float, c: int, known: dict[int, float], main: int | None, kills: Floats
    ) -> Iterator[Pace]:
        if main is None and not self.sigma > 0:
            yield Pace(weight, factor, c, 0.0, known)
            return
        if main is None:
            ends = (np.log(kills / factor) + self.drift) / self.sigma
        else:
            shape = self.p.spread[main]
            ends = special.ndtri(stats.gamma.cdf(kills / factor, shape, scale=1.0 / shape))
        for y, w in _normal(ends[np.isfinite(ends)]):
            if main is None:
                yield Pace(weight * w, factor * float(np.exp(self.sigma * y - self.drift)), c, y, known)
            else:
                value = float(self.quantile(main, y))
                yield Pace(weight * w, factor * value, c, 0.0, known | {main: value})

    def quantile(self, trait: int, normal: Floats | float) -> Floats:
        """A gamma trait by its normal score."""
        shape = self.p.spread[trait]
        lower = special.gammaincinv(shape, special.ndtr(np.minimum(normal, 0.0)))
        upper = special.gammainccinv(shape, special.ndtr(-np.maximum(normal, 0.0)))
        return np.asarray(np.where(np.asarray(normal) <= 0.0, lower, upper) / shape)

    def multipliers(self, at: Pace, points: Floats) -> tuple[Floats, Floats]:
        """Multipliers of routes and sites at points of the unit cube (S, dimensions): (S, R) and (S, J)."""
        p, value = self.p, self.values(at, points)
        route = np.where(p.on_route, value[:, :, None], 1.0).prod(axis=1) * p.subtype_route[at.subtype]
        site = np.where(p.on_site, value[:, :, None], 1.0).prod(axis=1) * p.subtype_site[at.subtype]
        return route, site

    def values(self, at: Pace, points: Floats) -> Floats:
        """Traits at points of the unit cube (S, dimensions): (S, F)."""
        p = self.p
        normal = special.ndtri(np.clip(points, 1e-12, 1.0 - 1e-12))
        inner = normal[:, : self.dimensions - len(self.free)]
        along = np.full((len(points), int(self.sigma > 0)), at.normal)
        x = np.hstack([along, inner]) @ self._directions.T @ self._lower.T
        value = np.ones((len(points), len(p.gamma)))
        spread = p.spread[self.log]
        value[:, self.log] = np.exp(spread * x - 0.5 * spread**2)
        for k, f in enumerate(self.free):
            value[:, f] = self.quantile(f, normal[:, self.dimensions - len(self.free) + k])
        for f, known in at.known.items():
            value[:, f] = known
        return value

    def moment(self, at: Pace, powers: Floats, within: float = np.inf) -> float:
        """E of the product of the traits to some powers, (F,), given the pace; infinite where a gamma one is.

        ``within``: of patients who lie within so many standard deviations of the mean logarithm of the product.
        """
        p = self.p
        spread, k = p.spread[self.log], powers[self.log]
        g = (k * spread) @ self._lower @ self._directions
        along = int(self.sigma > 0)
        total = -0.5 * float(k @ spread**2) + 0.5 * float(g[along:] @ g[along:])
        total += float(g[0]) * at.normal if along else 0.0
        if np.isfinite(within):
            total += float(special.log_ndtr(within - np.sqrt(float(g[along:] @ g[along:]))))
        for f in self.free:
            shape = p.spread[f]
            total += special.gammaln(shape + powers[f]) - special.gammaln(shape) - powers[f] * np.log(shape)
        total += sum(powers[f] * np.log(value) for f, value in at.known.items())
        return float(np.exp(total))

    def mean(self, at: Pace, generations: Generations, within: float = np.inf) -> Floats:
        """Mean numbers given the pace, (G, X, T): of the first generation, and where traits are even of all."""
        p, member = self.p, generations.sources.member
        of_route, of_site = p.subtype_route[at.subtype], p.subtype_site[at.subtype]
        on_route, on_site = p.on_route.astype(float), p.on_site.astype(float)
        both = np.zeros((len(of_route), len(of_site)))
        done: dict[bytes, float] = {}
        for r, j in np.ndindex(both.shape):
            powers = on_route[:, r] + on_site[:, j]
            key = powers.tobytes()
            if key not in done:
                done[key] = self.moment(at, powers, within)
            both[r, j] = of_route[r] * of_site[j] * done[key]
        total = np.einsum("rxtj,rj,jg->gxt", generations.first, both, member, optimize=True)
        if not (self.even and generations.classes):
            return np.asarray(total)
        seeds = on_site[:, 0]
        for lesions, term in generations.of_sites(of_site).later_means():
            between, generation = np.array(lesions, float), 2 + sum(lesions) - 1
            for r in range(len(of_route)):
                powers = on_route[:, r] + generation * seeds + on_route @ between
                scale = of_route[r] * float(np.prod(of_route**between))
                # Below 0 by the error of the maps alone, and times a large moment.
                total += scale * self.moment(at, powers, within) * np.maximum(term[r], 0.0)
        return np.asarray(total)

    def points(self, number: int, replicates: int, rng: np.random.Generator) -> Floats:
        """Sobol's points, shifted anew for each replicate: (replicates x number, dimensions)."""
        if not self.dimensions:
            return np.zeros((replicates * number, 0))
        size = 1 << (number - 1).bit_length()
        base = qmc.Sobol(self.dimensions, scramble=False).random(size)[:number]
        shift = rng.random((replicates, 1, self.dimensions))
        return np.asarray(((base + shift) % 1.0).reshape(-1, self.dimensions))

    @property
    def even(self) -> bool:
        """Whether traits act on all sites alike, subtypes aside."""
        return bool((self.p.on_site == self.p.on_site[:, :1]).all())


def _normal(ends: Floats) -> Iterator[tuple[float, float]]:
    """Points and weights of a normal number, in panels between the ends."""
    edges = np.unique(np.clip([-FARTHEST, *ends, FARTHEST], -FARTHEST, FARTHEST))
    for low, high in pairwise(edges.tolist()):
        parts = max(1, int(np.ceil(high - low)))
        x, w = np.polynomial.legendre.leggauss(POINTS if high - low > NARROW else FEW)
        for i in range(parts):
            half = 0.5 * (high - low) / parts
            for y, part in zip(low + half * (2 * i + 1) + half * x, w * half, strict=True):
                yield float(y), float(part * np.exp(-0.5 * y * y) / np.sqrt(2.0 * np.pi))
