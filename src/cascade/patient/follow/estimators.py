r"""Survival, incidence where death competes, and hazards, from counts by month; with intervals for few patients, too.

Month m counts those with an event in (m - 1, m]; censorings are at the ends of months, after the events.  With
:math:`n_m` at risk in it, of whom :math:`d_m` have the event, :math:`c_m` a competing one and :math:`w_m` are censored,

.. math::

    S_m = \prod_{k \le m} (1 - (d_k + c_k) / n_k), \qquad F_m = \sum_{k \le m} S_{k-1} d_k / n_k

(Kaplan and Meier 1958; Aalen and Johansen 1978).  Where competing events are counted as censored, 1 - F is the net
survival of Kaplan and Meier; where none compete, 1 - F is S.

**Intervals** are beta products (Fay, Brittain and Proschan 2013), here with competing events.  Given who is at risk,
what happens in a month has the law of Dirichlet with parameters :math:`(d_k, c_k, n_k - d_k - c_k + 1)`; the months are
independent, and make S and F step by step.  The lower limit of F is a quantile of that F; for the upper one a patient
more has the event right after the month: F + S B, B beta of :math:`(1, n_m - d_m - c_m)`.  Both laws are taken as beta
laws with their mean and variance.  What holds:

* Where nobody was censored before, they are the exact binomial ones (Clopper and Pearson), of F and of S alike.
* Where some were, coverage is not proven; simulated, each side is missed by 2.5 % or less, of 5 to 1,000 patients, with
  few events, early months and heavy censoring, too (``tests/test_follow_intervals.py``).
* They hold at one month each, not for the whole curve together.
* Of net survival, deaths within a month count as if they were at its end: where a share q of those at risk dies in a
  month, its hazard is told too low by q / 2 of itself.  The others have no such error.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.common.errors import InputError, is_number
from cascade.common.types import Floats, Ints
from cascade.patient.follow.scheme import MONTHS


class Curve(NamedTuple):
    """A share by month, and its 95 % interval at each month: (..., months) each.

    Attributes
    ----------
    at_risk : (..., months) int
        Who is at risk in the month: followed and without event until it begins.
    share, low, high : (..., months) float
        By the end of the month; not a number from the month on in which nobody is at risk any more.
    """

    at_risk: Ints
    share: Floats
    low: Floats
    high: Floats

    @property
    def without(self) -> Curve:
        """The share of those to whom it has not happened."""
        return Curve(self.at_risk, 1.0 - self.share, 1.0 - self.high, 1.0 - self.low)


class Rates(NamedTuple):
    """Events a person-year, by year since diagnosis: (..., years) each.

    Attributes
    ----------
    at_risk : (..., years) int
        At the begin of the year.
    events : (..., years) int
    person_years : (..., years) float
    rate, low, high : (..., years) float
        Not a number where nobody is at risk.
    """

    at_risk: Ints
    events: Ints
    person_years: Floats
    rate: Floats
    low: Floats
    high: Floats


def at_risk(left: Ints) -> Ints:
    """Who is at risk in each month, before its events.

    Parameters
    ----------
    left : (..., 3, months) int
        Who leaves by event, by a competing one, and censored.

    Returns
    -------
    (..., months) int
    """
    out = left.sum(axis=-2)
    return np.asarray(out[..., ::-1].cumsum(axis=-1)[..., ::-1])


def incidence(left: Ints, level: float = 0.95, risk: Ints | None = None) -> Curve:
    """Aalen's and Johansen's share to whom the event has happened by each month, while others compete.

    Parameters
    ----------
    left : (..., 3, months) int
        Who leaves by event, by a competing one, and censored.
    level : float
        Coverage, in (0, 1).
    risk : (..., months) int, optional
        Who is at risk in each month, where some come under observation late; default: all who have not left.

    Raises
    ------
    InputError
        For another shape, or another level.

    Examples
    --------
    >>> left = np.array([[1, 2, 0], [0, 1, 1], [0, 0, 5]])  # of 10: 3 events, 2 competing, 5 censored at the end
    >>> [round(float(x), 3) for x in incidence(left).share]
    [0.1, 0.3, 0.3]
    """
    _check(left, level)
    n = at_risk(left) if risk is None else risk
    share, chain = np.zeros(n.shape), _Chain(n.shape[:-1])
    low, high = np.zeros(n.shape), np.ones(n.shape)
    free, total, alone = np.ones(n.shape[:-1]), np.zeros(n.shape[:-1]), np.ones(n.shape[:-1], np.bool_)
    tail = (1.0 - level) / 2.0
    for m in range(n.shape[-1]):
        event, competing, of = (x.astype(np.float64) for x in (left[..., 0, m], left[..., 1, m], n[..., m]))
        some = np.maximum(of, 1.0)
        total = total + free * event / some
        free = free * (of - event - competing) / some
        # Where nothing has competed yet, the rest of S to the last digit: of all it is 1.
        alone &= competing == 0
        share[..., m] = np.where(alone, 1.0 - free, np.minimum(total, 1.0))
        chain.step(event, competing, of - event - competing)
        low[..., m], high[..., m] = chain.limits(of - event - competing, tail)
    low, high = np.minimum(low, share), np.maximum(high, share)  # but for rounding they are
    unknown = n == 0
    for values in (share, low, high):
        values[unknown] = np.nan
    return Curve(n, share, low, high)


def survival(left: Ints, level: float = 0.95, risk: Ints | None = None) -> Curve:
    """Kaplan's and Meier's share without any of the events, competing ones among them, by each month.

    Parameters
    ----------
    left : (..., 3, months) int
        Who leaves by event, by another one, and censored.
    level : float
    risk : (..., months) int, optional
        Who is at risk in each month, as for ``incidence``.
    """
    _check(left, level)
    events = np.stack([left[..., 0, :] + left[..., 1, :], np.zeros_like(left[..., 0, :]), left[..., 2, :]], axis=-2)
    return incidence(events, level, risk).without


def net(left: Ints, level: float = 0.95) -> Curve:
    """Kaplan's and Meier's share without the event by each month, competing events counted as censored.

    Parameters
    ----------
    left : (..., 3, months) int
        Who leaves by event, by a competing one, and censored.
    level : float
    """
    _check(left, level)
    events = np.stack([left[..., 0, :], np.zeros_like(left[..., 0, :]), left[..., 1, :] + left[..., 2, :]], axis=-2)
    return incidence(events, level).without


def rates(left: Ints, level: float = 0.95, *, competing: bool = False) -> Rates:
    """Events over person-years, by year since diagnosis, with exact limits of Poisson counts.

    Who has an event, or a competing one, is counted with half of that month.  Events on the day of diagnosis (month 0)
    are no hazard and are left out.  The limits are those of Garwood (1936), as if the person-years were given:
    simulated, each side is missed by 2.5 % or less where a hazard is the same all over a year.

    Parameters
    ----------
    left : (..., 3, months) int
        Who leaves by event, by a competing one, and censored.
    level : float
    competing : bool
        Whether competing events count as well.
    """
    from scipy.special import gammaincinv

    _check(left, level)
    n, out = at_risk(left), left[..., 0, :] + left[..., 1, :]
    events = left[..., 0, :] + left[..., 1, :] if competing else left[..., 0, :]
    time = (n - out / 2.0) / MONTHS
    counted, years = _by_year(events).sum(axis=-1), _by_year(time).sum(axis=-1)
    tail, some = (1.0 - level) / 2.0, np.where(years > 0, years, np.nan)
    low = np.where(counted > 0, gammaincinv(np.maximum(counted, 1), tail), 0.0)
    high = gammaincinv(counted + 1.0, 1.0 - tail)
    return Rates(_by_year(n)[..., 0], counted, years, counted / some, low / some, high / some)


def _by_year(months: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Months from the first on, twelve to a year, the last year filled with none: (..., years, 12)."""
    after = months[..., 1:]
    short = -after.shape[-1] % MONTHS
    full = np.concatenate([after, np.zeros((*after.shape[:-1], short), after.dtype)], axis=-1)
    return full.reshape(*full.shape[:-1], -1, MONTHS)


def _check(left: Ints, level: float) -> None:
    if left.ndim < 2 or left.shape[-2] != 3:
        raise InputError("left", left.shape, "an array of shape (..., 3, months): events, competing ones, censorings")
    if not is_number(level) or not 0.0 < level < 1.0:
        raise InputError("level", level, "a coverage in (0, 1)")


class _Chain:
    """Means, variances and covariance of the share F with the event and of the share S without any, month by month."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.mean_f, self.var_f, self.cov = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.mean_s, self.var_s = np.ones(shape), np.zeros(shape)

    def step(self, event: Floats, competing: Floats, free: Floats) -> None:
        """A month of Dirichlet's law (event, competing, free + 1)."""
        total = event + competing + free + 1.0
        p, r = event / total, (free + 1.0) / total
        var_p, var_r, cov_pr = (x / (total + 1.0) for x in (p * (1.0 - p), r * (1.0 - r), -p * r))
        second = self.var_s + self.mean_s**2
        self.var_f = (
            self.var_f + 2.0 * p * self.cov + self.var_s * p * p + second * var_p
        )  # of F + S p, p independent of both
        self.cov = r * self.cov + self.var_s * p * r + second * cov_pr
        self.mean_f = self.mean_f + self.mean_s * p
        self.var_s = self.var_s * r * r + second * var_r
        self.mean_s = self.mean_s * r

    def limits(self, free: Floats, tail: float) -> tuple[Floats, Floats]:
        """Quantiles of F, and of F + S B, B beta of (1, free)."""
        low = _quantile(self.mean_f, self.var_f, tail)
        b = 1.0 / (1.0 + free)
        var_b = b * (1.0 - b) / (2.0 + free)
        mean = self.mean_f + self.mean_s * b
        second = self.var_s + self.mean_s**2
        variance = self.var_f + 2.0 * b * self.cov + self.var_s * b * b + second * var_b
        return low, _quantile(mean, variance, 1.0 - tail)


def _quantile(mean: Floats, variance: Floats, at: float) -> Floats:
    """Quantile of the beta law with this mean and variance; the mean itself where it does not vary."""
    from scipy.special import betaincinv

    varies = (variance > 0.0) & (mean > 0.0) & (mean < 1.0)
    m, v = np.where(varies, mean, 0.5), np.where(varies, variance, 0.05)
    size = np.maximum(m * (1.0 - m) / v - 1.0, 1e-9)
    return np.where(varies, betaincinv(m * size, (1.0 - m) * size, at), mean)
