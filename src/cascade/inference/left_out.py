r"""How well a fit foretells an animal that it has not seen: each is left out in turn.

With theta_s draws of the posterior of all animals, that of all but animal a has the weights 1 / L_a(theta_s), so that

    log p(a | others) = -log mean_s 1 / L_a(theta_s),

with the largest weights replaced by quantiles of a generalised Pareto law, whose k tells whether the mean settles.
Where it does not, the animal is left out indeed, and the rest fitted anew.  What is left out is whatever is independent
of the rest: an animal with all its counts, or an experiment with all its animals; a single count of an animal is not.

References: Vehtari A, Gelman A, Gabry J. Stat Comput 2017;27:1413-1432.  Sivula T, et al. arXiv:2008.10296, of how
little few units tell apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.inference.pareto import pareto_of
from cascade.inference.posterior import SETTLED, Posterior, sampled

if TYPE_CHECKING:
    from cascade.inference.fitted import Fit

FEW_UNITS = 20
"""Of fewer the error of a sum is not told well."""


@dataclass(frozen=True)
class LeftOutRow:
    """An animal that was left out.

    Attributes
    ----------
    arm, animal : str
        Or an experiment.
    log_density : float
        Of what was seen in it, given all others; over the saturated model where there is one.
    k : float
        Of the weights: from 0.7 on the rest was fitted anew.
    anew : bool
    """

    arm: str
    animal: str
    log_density: float
    k: float
    anew: bool


@dataclass(frozen=True, eq=False)
class LeftOut(Table[LeftOutRow]):
    """Animals left out one by one."""

    rows: tuple[LeftOutRow, ...]
    settled: bool

    left = (0, 1)

    @property
    def total(self) -> float:
        """The sum over all animals."""
        return math.fsum(row.log_density for row in self.rows)

    @property
    def error(self) -> float:
        """Standard error of the sum, by what differs between animals."""
        return _error([row.log_density for row in self.rows])

    def over(self, other: LeftOut) -> tuple[float, float]:
        """How much more the fit foretells than another one of the same data, and the error of that.

        Raises
        ------
        InputError
            For other animals.
        """
        if not isinstance(other, LeftOut) or [(r.arm, r.animal) for r in self.rows] != [
            (r.arm, r.animal) for r in other.rows
        ]:
            raise InputError("other", type(other).__name__, "what fit.leave_out() of the same data gave")
        apart = [a.log_density - b.log_density for a, b in zip(self.rows, other.rows, strict=True)]
        return math.fsum(apart), _error(apart)

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines = [
            [r.arm or "all", r.animal, f"{r.log_density:.2f}", f"{r.k:.2f}", "fitted anew" if r.anew else "weighed"]
            for r in self.rows
        ]
        return ["arm", "left out", "log density", "Pareto's k", "how"], lines

    @property
    def below(self) -> str:
        """What it comes to."""
        anew = sum(row.anew for row in self.rows)
        told = f"Sum {self.total:.1f}, standard error {self.error:.1f}"
        told += (
            f"; {anew} of {len(self.rows)} were left out indeed, since their weights did not settle." if anew else "."
        )
        told += " A difference between fits has an error of its own: .over(other)."
        if len(self.rows) < FEW_UNITS:
            told += f" Of so few as {len(self.rows)} an error is told too small."
        return told if self.settled else f"{told} The posterior did not settle: take no number from here."


def _error(values: list[float]) -> float:
    return math.sqrt(len(values)) * float(np.std(values, ddof=1)) if len(values) > 1 else math.inf


def leave_out(fit: Fit, posterior: Posterior, seed: int) -> LeftOut:
    """What stands in ``Fit.leave_out``."""
    each = _each(fit, posterior)
    rows, settled = [], posterior.settled
    for a, (arm, animal) in enumerate(fit.likelihood.units):
        density, k = weighed(each[:, a])
        anew = not k < SETTLED
        if anew:
            density, good = _anew(fit, posterior, a, seed)
            settled = settled and good
        rows.append(LeftOutRow(arm, animal, density, k, anew))
    return LeftOut(tuple(rows), settled)


def _each(fit: Fit, posterior: Posterior) -> Floats:
    """Log likelihoods by draw and animal, (n, A)."""
    found = []
    for theta, sd in zip(posterior.theta, posterior.sd, strict=True):
        expected = fit.likelihood.expected(theta, slopes=False)
        found.append(fit.likelihood.each(expected, np.log(np.maximum(sd, 1e-6))))
    return np.array(found)


def weighed(log: Floats) -> tuple[float, float]:
    """The log density of what was left out, from log likelihoods of it over draws with it (n,), and Pareto's k.

    Examples
    --------
    >>> weighed(np.full(1000, -2.0))
    (-2.0, 0.0)
    """
    weights = np.exp(log.min() - log)
    k, smooth = pareto_of(weights)
    weights = smooth if math.isfinite(k) else weights
    with np.errstate(divide="ignore"):
        shares = np.log(weights)
    return float(logsumexp(log + shares) - logsumexp(shares)), k


def _anew(fit: Fit, posterior: Posterior, a: int, seed: int) -> tuple[float, bool]:
    """The log density of an animal under the posterior of the others, and whether that settled."""
    from cascade.inference.fitting import fit as fit_of

    kept = tuple(row for row in fit.data.rows if _unit(fit, row) != fit.likelihood.units[a])
    whole: Any = fit.data
    data = replace(whole, rows=kept)
    if set(data.arms) != set(fit.data.arms):  # nothing tells of its arm without it
        return math.nan, False
    others = fit_of(fit.likelihood.models, data, **fit.asked)
    found = sampled(others, len(posterior.theta), posterior.priors, seed, posterior.level)
    each = _each(fit, found)[:, a]
    return float(logsumexp(each) - math.log(len(each))), found.settled


def _unit(fit: Fit, row: object) -> tuple[str, str]:
    """Whose a row of the data is."""
    experiment = getattr(row, "experiment", "")
    nested = any(arm == "" for arm, _ in fit.likelihood.units)
    return ("", experiment) if nested else (getattr(row, "arm", ""), getattr(row, "animal", ""))
