r"""Growth laws of tumours and lesions: size by time, time by size, and what has been shed, all in closed form.

A tumour has n(t) cells, n(0) = 1, and doubles in a time D at first: r = log 2 / D.  With K the largest size,

    exponential   n = e^{r t}
    Gompertz      log n = L (1 - e^{-b t}),  L = log K,  b = r / L
    logistic      n = K (1 + c e^{-k t})^{-1/q},  c = K^q - 1,  k = q r      (Coumans 2013: q = 1/4)
    power         n = (1 + (1 - p) r t)^{1 / (1 - p)}                         (Hart 1998: p = 1/2)
    points        log n straight between points of one's own

Cells are shed in proportion to n^a: to their number (a = 1), the surface (2/3) or the diameter (1/3).  What matters is

    S_a(t) = int_0^t n(s)^a ds        (day cells^a)

    exponential   (e^{a r t} - 1) / (a r)
    Gompertz      K^a / b [E1(a L e^{-b t}) - E1(a L)]
    logistic      K^a / k [B(w(t)) - B(w(0))],  w = 1 / (1 + c e^{-k t}),  B(w) = int_0^w x^{a/q - 1} / (1 - x) dx
    power         [(1 + v t)^{m + 1} - 1] / (v (m + 1)),  v = (1 - p) r,  m = a / (1 - p)

and S_0(t) = t.  A trait that makes a tumour grow faster scales time; a lesion of another size at its beginning is one
that has grown to that size, so that all are one curve.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator
from scipy import special

from cascade.common.errors import InputError
from cascade.common.types import Floats
from cascade.model.base import Keys, Part

LAWS = ("exponential", "gompertz", "logistic", "power", "points")

Days = Annotated[float, Field(gt=0, le=1e7, allow_inf_nan=False)]
Cells = Annotated[float, Field(gt=1, le=1e15, allow_inf_nan=False)]
Point = Annotated[tuple[float, float], Field(strict=False)]  # of files: a list

_GAUSS = np.polynomial.legendre.leggauss(24)
_PANELS = 16


class Growth(Part):
    """How a tumour or a lesion grows, from one cell.

    Parameters
    ----------
    law : str
        "exponential", "gompertz", "logistic", "power" or "points".
    doubling_days : float, optional
        Of a small one; not of points.
    largest : float, optional
        Cells that a Gompertz or logistic curve comes near to.
    exponent : float, optional
        Of the logistic law (default 1/4) or the power law (default 1/2).
    points : tuple of (float, float)
        Days and cells of a curve of one's own, both rising; from one cell at day 0.
    source : tuple of str

    Examples
    --------
    >>> round(float(Growth(law="exponential", doubling_days=50.0).days(2.0)[0]), 9)
    50.0
    """

    law: Literal["exponential", "gompertz", "logistic", "power", "points"]
    doubling_days: Days | None = None
    largest: Cells | None = None
    exponent: Annotated[float, Field(gt=0, lt=1)] | None = None
    points: Annotated[tuple[Point, ...], Field(strict=False)] = ()
    source: Keys = ()

    @model_validator(mode="after")
    def _has_what_its_law_needs(self) -> Growth:
        bounded = self.law in ("gompertz", "logistic")
        if (self.doubling_days is None) != (self.law == "points"):
            raise ValueError("a doubling time (doubling_days), and none for points")
        if (self.largest is None) == bounded:
            raise ValueError("a largest size (largest) of a Gompertz or logistic law, and of no other")
        if self.exponent is not None and self.law not in ("logistic", "power"):
            raise ValueError("an exponent of a logistic or power law, and of no other")
        if bool(self.points) != (self.law == "points"):
            raise ValueError("points (days, cells) for the law of that name, and for no other")
        if self.points:
            whole = [(0.0, 1.0), *self.points]
            rising = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(whole))
            if not rising or not all(math.isfinite(v) for pair in self.points for v in pair):
                raise ValueError("points whose days rise from above 0, and whose cells rise from above 1")
        return self

    @property
    def _rate(self) -> float:
        assert self.doubling_days is not None
        return math.log(2.0) / self.doubling_days

    @property
    def slope(self) -> float:
        """The rate of growth of the first cells, a day: birth less death."""
        if self.law == "points":
            day, cells = self.points[0]
            return math.log(cells) / day
        return self._rate * (1.0 if self.law != "logistic" else -math.expm1(-self.power * math.log(self.most)))

    @property
    def power(self) -> float:
        """The exponent, with its default."""
        return self.exponent if self.exponent is not None else (0.25 if self.law == "logistic" else 0.5)

    @property
    def most(self) -> float:
        """Cells that are never reached; infinity where there is no such number."""
        return self.largest if self.largest is not None else math.inf

    def size(self, days: Any) -> Floats:
        """Cells after so many days.

        Raises
        ------
        InputError
            For days below 0 or not finite.
        """
        t = _numbers("days", days, 0.0)
        if self.law == "exponential":
            return np.asarray(np.exp(self._rate * t))
        if self.law == "gompertz":
            limit = math.log(self.most)
            return np.exp(-limit * np.expm1(-self._rate / limit * t))
        if self.law == "logistic":
            q = self.power
            return np.asarray(self.most * (1.0 + (self.most**q - 1.0) * np.exp(-q * self._rate * t)) ** (-1.0 / q))
        if self.law == "power":
            p = self.power
            return np.asarray((1.0 + (1.0 - p) * self._rate * t) ** (1.0 / (1.0 - p)))
        days_of, logs, slopes = self._pieces()
        i = np.clip(np.searchsorted(days_of, t, side="right") - 1, 0, len(slopes) - 1)
        return np.exp(logs[i] + slopes[i] * (t - days_of[i]))

    def days(self, cells: Any) -> Floats:
        """Days until a size is reached.

        Raises
        ------
        InputError
            For cells below 1, or a size that is never reached.
        """
        n = _numbers("cells", cells, 1.0)
        if np.any(n >= self.most):
            raise InputError("cells", float(n.max()), f"a size that is reached: below {self.most:g}")
        if self.law == "exponential":
            return np.asarray(np.log(n) / self._rate)
        if self.law == "gompertz":
            limit = math.log(self.most)
            return -np.log1p(-np.log(n) / limit) * limit / self._rate
        if self.law == "logistic":
            # n (1 + c e^{-k t})^{1/q} = K, written so that nothing is lost near one cell or near K.
            q, logs = self.power, np.log(n)
            whole = math.log(self.most)
            gained = np.log(np.expm1(q * whole)) - np.log(np.expm1(q * (whole - logs)))
            return np.asarray(gained / (q * self._rate))
        if self.law == "power":
            p = self.power
            return np.expm1((1.0 - p) * np.log(n)) / ((1.0 - p) * self._rate)
        days_of, logs, slopes = self._pieces()
        i = np.clip(np.searchsorted(logs, np.log(n), side="right") - 1, 0, len(slopes) - 1)
        return days_of[i] + (np.log(n) - logs[i]) / slopes[i]

    def shed(self, days: Any, exponent: float) -> Floats:
        """S(t): the integral of size to the power of ``exponent`` from one cell on, in days times cells^exponent.

        Raises
        ------
        InputError
            For days below 0, or an exponent that is not from 0 to 2.
        """
        t = _numbers("days", days, 0.0)
        a = _exponent(exponent)
        if a == 0.0:
            return t.copy()
        if self.law == "exponential":
            return np.asarray(np.expm1(a * self._rate * t) / (a * self._rate))
        if self.law == "gompertz":
            limit = math.log(self.most)
            b = self._rate / limit
            past = special.exp1(a * limit * np.exp(-b * t)) - special.exp1(a * limit)
            return np.asarray(self.most**a / b * past)
        if self.law == "logistic":
            return self._shed_logistic(t, a)
        if self.law == "power":
            v = (1.0 - self.power) * self._rate
            m = a / (1.0 - self.power)
            return np.expm1((m + 1.0) * np.log1p(v * t)) / (v * (m + 1.0))
        days_of, logs, slopes = self._pieces()
        whole = np.exp(a * logs[:-1]) * np.expm1(a * slopes[:-1] * np.diff(days_of)) / (a * slopes[:-1])
        before = np.concatenate([[0.0], np.cumsum(whole)])
        i = np.clip(np.searchsorted(days_of, t, side="right") - 1, 0, len(slopes) - 1)
        return before[i] + np.exp(a * logs[i]) * np.expm1(a * slopes[i] * (t - days_of[i])) / (a * slopes[i])

    def days_of_shed(self, amount: Any, exponent: float) -> Floats:
        """Days until S has come to an amount: Newton's method on log S, kept between bounds.

        Raises
        ------
        InputError
            For an amount below 0, or one that is not reached within 1e9 days.
        """
        wanted = _numbers("amount", amount, 0.0)
        a = _exponent(exponent)
        high = np.ones_like(wanted)
        while np.any(short := self.shed(high, a) < wanted):
            high = np.where(short, 2.0 * high, high)
            if high.max() > 1e9:
                raise InputError("amount", float(wanted.max()), "what is shed within 1e9 days")
        low, t, last = np.zeros_like(wanted), high.copy(), math.inf
        for _ in range(200):
            value = self.shed(t, a)
            low, high = np.where(value < wanted, t, low), np.where(value < wanted, high, t)
            with np.errstate(divide="ignore", invalid="ignore"):  # of nothing the logarithm is none: then it is halved
                step = t - np.log(value / wanted) * value / self.size(t) ** a
            new = np.where((step >= low) & (step <= high), step, 0.5 * (low + high))
            moved = float(np.max(np.abs(new - t) / np.maximum(new, 1e-300), initial=0.0))
            if moved <= 4e-16 or last <= moved < 1e-12:  # steps that no longer shrink are those of rounding
                break
            t, last = new, moved
        return np.where(wanted == 0.0, 0.0, t)

    def _shed_logistic(self, t: Floats, a: float) -> Floats:
        """K^a / k [B(w(t)) - B(w(0))]: up to w = 1/2 by the series of B, beyond by an integral over y = -log(1 - w)."""
        q = self.power
        k, c, m = q * self._rate, math.expm1(q * math.log(self.most)), a / q
        left = c * np.exp(-k * t)
        w = 1.0 / (1.0 + left)
        begun = 1.0 / (1.0 + c)
        grown = _series(np.minimum(w, 0.5), m) - _series(min(begun, 0.5), m)
        late = w > 0.5
        # y = log((1 + left) / left); left may be too small for a number.
        until = np.log1p(left[late]) - math.log(c) + k * t[late]
        grown[late] += _beyond(max(math.log(2.0), math.log1p(c) - math.log(c)), until, m)
        return np.asarray(self.most**a / k * np.maximum(grown, 0.0))  # at day 0 what is left is rounding

    def _pieces(self) -> tuple[Floats, Floats, Floats]:
        """Days, log sizes and slopes of the pieces between points; the last slope goes on."""
        days = np.array([0.0, *(point[0] for point in self.points)])
        logs = np.log([1.0, *(point[1] for point in self.points)])
        slopes = np.diff(logs) / np.diff(days)
        return days, logs, np.append(slopes, slopes[-1])


def _series(w: Any, m: float) -> Any:
    """B(w) for w up to 1/2: w^m / m 2F1(m, 1; m + 1; w), a series that converges at once."""
    return w**m / m * special.hyp2f1(m, 1.0, m + 1.0, w)


def _beyond(begin: float, until: Floats, m: float) -> Floats:
    """Integral of x^{m-1} / (1 - x) over y = -log(1 - x): of (1 - e^{-y})^{m-1} by Gauss, nothing of which cancels."""
    nodes, weights = _GAUSS
    flat = max(math.log(max(m, 1.0)) + 38.0, begin)  # from here on 1 to the last digit
    width = (np.maximum(np.minimum(until, flat), begin) - begin) / _PANELS
    places = (np.arange(_PANELS)[:, None] + (nodes + 1.0) / 2.0).ravel()
    y = begin + width[:, None] * places
    value = np.exp((m - 1.0) * np.log1p(-np.exp(-y)))
    whole = (value * np.tile(weights, _PANELS)).sum(axis=1) * width / 2.0
    return np.asarray(whole + np.maximum(until - flat, 0.0))


def _exponent(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2:
        raise InputError("exponent", value, "a number from 0 to 2")
    return float(value)


def _numbers(field: str, values: Any, least: float) -> Floats:
    """Numbers that are finite and not below the least."""
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(field, values, "a number, or an array of them") from None
    if not np.all(np.isfinite(numbers)) or np.any(numbers < least):
        raise InputError(field, values, f"numbers from {least:g} on")
    return np.atleast_1d(numbers) if numbers.ndim == 0 else numbers
