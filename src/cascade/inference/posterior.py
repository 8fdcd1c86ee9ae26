r"""The posterior of hazards and spreads, by rounds of importance sampling from a t law.

Points x = (theta, psi) are drawn from a multivariate t law around the highest point of the posterior, with the
curvature there, and weigh posterior over t density; the next law has the mean and the covariance of the weighed
points.  After three rounds the last points are the answer, thinned by their weights.  The diagnostic is Pareto's k of
the largest weights: where it is above 0.7 means of them do not settle, and more rounds follow.  If it stays so, chains
by Hamiltonian dynamics take their place where the sampler for them is installed (``inference.chains``); the answer says
which of both it is, and whether it settled.

Priors are normal in the logarithms of hazards: over the range that the source of a hazard states, or around the model,
as wide as the grade of the source says; of spreads half-normal.

References: Vehtari A, Simpson D, Gelman A, Yao Y, Gabry J. J Mach Learn Res 2024;25(72):1-58. Zhang J, Stephens MA.
Technometrics 2009;51:316-325.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, is_number, nearest
from cascade.common.shares import estimate_of_number, whole_percent
from cascade.common.types import Floats
from cascade.engine.executor import Progress
from cascade.inference.chains import CHAINS, WITHOUT, agree, available, chains
from cascade.inference.free import Free, arms_told
from cascade.inference.likely import Likely, Value
from cascade.inference.maximum import LEAST_SPREAD, MOST_SPREAD
from cascade.inference.pareto import pareto_k
from cascade.inference.profiles import normal_quantile
from cascade.inference.ranges import spread_of, stated_range

if TYPE_CHECKING:
    from cascade.inference.fitted import Fit

HALF_NORMAL = 0.7
"""Scale of the prior of a spread."""

ROUNDS, MOST_ROUNDS = 3, 8
EACH = 50
"""Points of the first rounds for each number that is sampled."""

LEAST_WORTH = 50.0
"""Independent draws that weighed points have to be worth."""

DEGREES = 5.0
SETTLED = 0.7
WIDER = 1.2
"""Of each law against what it is fitted to."""


class Prior(NamedTuple):
    """Normal in the logarithm of a factor: its mean and standard deviation."""

    mean: float
    sd: float


@dataclass(frozen=True)
class PosteriorRow:
    """One free hazard, or a spread.

    Attributes
    ----------
    name, arm, against : str
        With ``against`` a factor over the hazard of that arm.
    median, low, high : float
        Per hour, or as the free hazard is told; spreads as they are.
    prior_low, prior_high : float
        Of the prior alone, at the same level.
    """

    name: str
    arm: str
    against: str
    median: float
    low: float
    high: float
    prior_low: float
    prior_high: float

    @property
    def told(self) -> str:
        """Median and interval in words."""
        return "{}, {}".format(*estimate_of_number(self.median, self.low, self.high))


@dataclass(frozen=True, eq=False)
class Posterior(Table[PosteriorRow]):
    """Draws of the posterior.

    Attributes
    ----------
    free : tuple of Free
    spreads : tuple of str
    theta : (n, P) float
        Logarithms of factors on the free hazards.
    sd : (n, S) float
        Spreads.
    log_likelihood : (n,) float
    k : float
        Pareto's k of the weights: below 0.7 means settle.
    effective : float
        Number of independent draws that the weighed points, or the chains, are worth.
    level : float
    rhat : float
        Of chains: how much wider all together are than each alone; nan where importance sampling settled.
    divergent : float
        Share of draws of the chains that lost their way.
    """

    free: tuple[Free, ...]
    spreads: tuple[str, ...]
    theta: Floats
    sd: Floats
    log_likelihood: Floats
    k: float
    effective: float
    level: float
    priors: tuple[Prior, ...]
    rhat: float = math.nan
    divergent: float = 0.0

    left = (0, 1)

    @property
    def by_chains(self) -> bool:
        """Whether the draws are those of chains, as importance sampling did not settle."""
        return not math.isnan(self.rhat)

    @property
    def settled(self) -> bool:
        """Whether the diagnostic is good, and draws are worth enough."""
        good = agree(self.rhat, self.divergent) if self.by_chains else self.k < SETTLED
        return good and self.effective >= LEAST_WORTH

    @property
    def rows(self) -> tuple[PosteriorRow, ...]:
        """Medians and intervals."""
        ends = (0.5 - self.level / 2.0, 0.5 + self.level / 2.0)
        rows, arms = [], arms_told(self.free)
        for p, (free, prior) in enumerate(zip(self.free, self.priors, strict=True)):
            unit = 1.0 if math.isnan(free.start) else free.start
            low, middle, high = unit * np.exp(np.quantile(self.theta[:, p], [ends[0], 0.5, ends[1]]))
            reach = normal_quantile(ends[1]) * prior.sd
            before = unit * math.exp(prior.mean - reach), unit * math.exp(prior.mean + reach)
            rows.append(PosteriorRow(free.name, arms[p], free.against, float(middle), float(low), float(high), *before))
        for s, name in enumerate(self.spreads):
            low, middle, high = np.quantile(self.sd[:, s], [ends[0], 0.5, ends[1]])
            half = [HALF_NORMAL * normal_quantile(0.5 + end / 2.0) for end in ends]
            rows.append(
                PosteriorRow(f"spread of {name}", "", "", float(middle), float(low), float(high), half[0], half[1])
            )
        return tuple(rows)

    def as_text(self) -> Texts:
        """Headings and lines."""
        head = ["", "arm", "median", f"{whole_percent(self.level)} from", "to", "prior from", "to"]
        lines = [
            [
                r.name,
                f"{r.arm} over {r.against}" if r.against else r.arm or "all",
                *(f"{v:.3g}" for v in (r.median, r.low, r.high, r.prior_low, r.prior_high)),
            ]
            for r in self.rows
        ]
        return head, lines

    @property
    def below(self) -> str:
        """The diagnostic, in words."""
        worth = f"{len(self.theta)} draws of points worth {self.effective:.0f} independent ones"
        told, never = f"{worth}; Pareto's k {self.k:.2f}", "take no interval from here"
        if self.by_chains:
            why = f"importance sampling did not settle (Pareto's k {self.k:.2f}), so these are draws of {CHAINS} chains"
            told = f"{worth}; {why} (nutpie): R-hat {self.rhat:.3f}, {whole_percent(self.divergent)} divergent"
            return f"{told}: they agree." if self.settled else f"{told}; they do not agree: {never}."
        if self.settled:
            return f"{told}, below {SETTLED}: means settle."
        return f"{told}; not below {SETTLED}, or worth too few: {never}; {WITHOUT}."


def priors_of(fit: Fit, given: Mapping[str, object] | None) -> tuple[Prior, ...]:
    """The prior of each free logarithm: by the grade of its source, or a range that was given.

    Raises
    ------
    InputError
        For a name that is not free, or a range that is none.
    """
    if not isinstance(given, Mapping | None):
        raise InputError("priors", given, "a mapping of free hazards to ranges")
    given = dict(given or {})
    names = list(dict.fromkeys(free.name for free in fit.free))
    for name in given:
        if name not in names:
            raise InputError("priors", name, f"a free hazard; {nearest(name, names)}")
    priors = []
    for free in fit.free:
        model = fit.likelihood.models[free.arm] if free.arm else next(iter(fit.likelihood.models.values()))
        if free.name not in given:
            numbers = model.hazard_table.named(free.name, "free")
            priors.append(_prior(spread_of(model, numbers) if free.against else stated_range(model, numbers), 1.0))
            continue
        ends = given[free.name]
        if (
            not isinstance(ends, tuple | list)
            or len(ends) != 2
            or not all(map(is_number, ends))
            or not 0 < ends[0] < ends[1]
        ):
            wanted = "two numbers above 0, the lower first, between which 95 % of the prior lie, as the hazard is told"
            raise InputError(f"priors[{free.name!r}]", ends, wanted)
        unit = 1.0 if math.isnan(free.start) else free.start
        priors.append(_prior((float(ends[0]), float(ends[1])), unit))
    return tuple(priors)


def _prior(ends: tuple[float, float], unit: float) -> Prior:
    """Of a range that holds 95 %."""
    low, high = (math.log(end / unit) for end in ends)
    return Prior((low + high) / 2.0, (high - low) / 2.0 / normal_quantile(0.975))


class _Density:
    """The posterior over the saturated model, at points x."""

    def __init__(self, likelihood: Likely, priors: tuple[Prior, ...]) -> None:
        self.likelihood = likelihood
        self.mean, self.sd = (np.array(part) for part in zip(*priors, strict=True))

    def at(self, x: Floats) -> tuple[float, float]:
        """Log density, and log likelihood."""
        prior, told = self._parts(x, slopes=False)
        return (-math.inf, -math.inf) if told is None else (told.value + prior, told.value)

    def sloped(self, x: Floats) -> tuple[float, Floats]:
        """Log density and its gradient, for chains."""
        prior, told = self._parts(x, slopes=True)
        if told is None:
            return -math.inf, np.zeros_like(x)
        theta, psi = x[: len(self.mean)], x[len(self.mean) :]
        by_theta = told.by_free - (theta - self.mean) / self.sd**2
        by_psi = np.where(psi > LEAST_SPREAD - 3.0, told.by_spread, 0.0) + 1.0 - (np.exp(psi) / HALF_NORMAL) ** 2
        return told.value + prior, np.concatenate([by_theta, by_psi])

    def _parts(self, x: Floats, *, slopes: bool) -> tuple[float, Value | None]:
        """Log prior, and the log likelihood; None where the data cannot be."""
        theta, psi = x[: len(self.mean)], x[len(self.mean) :]
        if (psi > MOST_SPREAD).any() or np.abs(theta).max(initial=0.0) > 25.0:
            return -math.inf, None
        # Of a spread half-normal; the density is that of its logarithm.
        prior = -0.5 * float((((theta - self.mean) / self.sd) ** 2).sum())
        prior += float((psi - 0.5 * (np.exp(psi) / HALF_NORMAL) ** 2).sum())
        expected = self.likelihood.expected(theta, slopes=slopes)
        if not self.likelihood.possible(expected):
            return -math.inf, None
        return prior, self.likelihood.of(expected, np.maximum(psi, LEAST_SPREAD - 3.0))


def sampled(
    fit: Fit,
    draws: int,
    priors: Mapping[str, object] | tuple[Prior, ...] | None,
    seed: int,
    level: float,
    progress: Progress = False,
) -> Posterior:
    """What stands in ``Fit.posterior``."""
    known = priors if isinstance(priors, tuple) else priors_of(fit, priors)
    density, rng = _Density(fit.likelihood, known), np.random.default_rng(seed)
    center, covariance = _begin(fit, density)
    best: tuple[float, Floats, Floats, Floats] | None = None
    for number in range(MOST_ROUNDS):
        count = EACH * len(center) if number < ROUNDS - 1 else max(draws, 2 * EACH * len(center))
        x, log_q = _from_t(rng, center, covariance, count)
        both = np.array([density.at(point) for point in x])
        weights = both[:, 0] - log_q
        if not np.isfinite(weights).any():
            raise InputError("priors", priors, "priors under which the counts are possible")
        weights = np.exp(np.where(np.isfinite(weights), weights - weights[np.isfinite(weights)].max(), -np.inf))
        k = pareto_k(weights)
        if best is None or number < ROUNDS or k < best[0]:
            best = k, x, weights / weights.sum(), both[:, 1]
        if number >= ROUNDS - 1 and k < SETTLED and effective(weights) >= LEAST_WORTH:
            break
        center, covariance = _refitted(x, weights / weights.sum(), covariance)
    assert best is not None
    k, x, shares, likelihoods = best
    chosen, size = _systematic(rng, shares, draws), len(fit.free)
    found = Posterior(
        fit.free, fit.likelihood.spreads, x[chosen, :size], np.exp(x[chosen, size:]), likelihoods[chosen], k,
        effective(shares), level, known,
    )  # fmt: skip
    return found if found.settled or not available() else _by_chains(found, density, x, shares, draws, seed, progress)


def _by_chains(
    found: Posterior, density: _Density, x: Floats, shares: Floats, draws: int, seed: int, progress: Progress
) -> Posterior:
    """Draws of chains in place of those that did not settle; these tell where the chains begin."""
    middle, size = shares @ x, found.theta.shape[1]
    wide = np.sqrt(shares @ (x - middle) ** 2)
    told = chains(density.sloped, x[int(shares.argmax())], np.maximum(wide, 0.05), -(-draws // CHAINS), seed, progress)
    points = told.x[np.linspace(0, len(told.x) - 1, draws).round().astype(int)]
    likelihoods = np.array([density.at(point)[1] for point in points])
    return replace(
        found, theta=points[:, :size], sd=np.exp(points[:, size:]), log_likelihood=likelihoods,
        effective=told.effective, rhat=told.rhat, divergent=told.divergent,
    )  # fmt: skip


def _begin(fit: Fit, density: _Density) -> tuple[Floats, Floats]:
    """Where the first law is: the estimate, drawn to the prior by what it weighs."""
    information, _ = fit.likelihood.information(fit.reference, fit.best.spreads)
    precision = np.diag(1.0 / density.sd**2)
    center = np.linalg.solve(information + precision, information @ fit.best.theta + precision @ density.mean)
    size, spreads = len(fit.free), len(fit.likelihood.spreads)
    covariance = np.zeros((size + spreads, size + spreads))
    covariance[:size, :size] = np.linalg.inv(information + precision)
    # Of the logarithm of a spread of n normals: 1 / (2 n), and no more than a factor of e.
    covariance[size:, size:] = np.diag(np.maximum(1.0 / (2.0 * fit.likelihood.sizes), 0.02))
    psi = np.maximum(fit.best.spreads, math.log(0.05))
    return np.concatenate([center, psi]), covariance * WIDER**2


def _from_t(rng: np.random.Generator, center: Floats, covariance: Floats, count: int) -> tuple[Floats, Floats]:
    """Points of a multivariate t law, and the logarithms of their densities but for a constant."""
    size = len(center)
    root = np.linalg.cholesky(covariance)
    normal = rng.standard_normal((count, size))
    scale = np.sqrt(DEGREES / rng.chisquare(DEGREES, count))
    apart = (normal * scale[:, None] ** 2 * normal).sum(axis=1)
    return center + (normal @ root.T) * scale[:, None], -0.5 * (DEGREES + size) * np.log1p(apart / DEGREES)


def _refitted(x: Floats, shares: Floats, before: Floats) -> tuple[Floats, Floats]:
    """Mean and covariance of weighed points, a little wider; of few with weight drawn to what they were before."""
    center = shares @ x
    apart = x - center
    covariance = (apart * shares[:, None]).T @ apart
    worth = 1.0 / float((shares**2).sum())
    trust = worth / (worth + 5.0 * x.shape[1])
    return center, (trust * covariance + (1.0 - trust) * before) * WIDER**2


def effective(weights: Floats) -> float:
    """How many independent draws weighed points are worth."""
    total = float((weights**2).sum())
    return float(weights.sum()) ** 2 / total if total > 0 else 0.0


def _systematic(rng: np.random.Generator, shares: Floats, count: int) -> Floats:
    """Places of points, each as often as its weight says, in random order."""
    at = (rng.random() + np.arange(count)) / count
    places = np.searchsorted(np.cumsum(shares), at).clip(max=len(shares) - 1)
    return np.asarray(rng.permutation(places))
