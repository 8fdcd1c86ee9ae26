r"""Closed forms of tumours that seed: special cases of `laws`, as tests and for experiments.

Notation: a tumour of n(t) = e^{delta t} cells sheds nu n^alpha cells a day of which each establishes a lesion with
probability rho; lesions grow at lambda.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from cascade.common.errors import InputError
from cascade.common.types import Floats

_LAGUERRE = 64


def iwata_births(days: Any, growth: float, seeding: float) -> Floats:
    """Metastases begun by a time, those of metastases too, where all grow exponentially and shed by volume.

    Births a day solve b(t) = m(t) + int_0^t m(s) b(t - s) ds with m(t) = ``seeding`` e^(``growth`` t), so that
    b = seeding e^{(growth + seeding) t}: shedding in proportion to the number of cells, no delay, no death.

    Parameters
    ----------
    days : array of float
    growth, seeding : float
        A day; ``seeding`` by one cell.

    References
    ----------
    Iwata K, Kawasaki K, Shigesada N. J Theor Biol 2000;203:177-186.
    """
    t = _days(days)
    both = _positive("growth", growth) + _positive("seeding", seeding)
    return np.asarray(seeding * np.expm1(both * t) / both)


def renewal(rate: Floats, step: float) -> Floats:
    """Births a day b = m + m * b on a grid of ages, by the trapezoidal rule: Iwata's equation for any growth.

    Parameters
    ----------
    rate : (n,) float
        m at ages 0, step, 2 step, ...: lesions begun a day by a lesion of that age, or by the primary.
    step : float
        Days; the error falls as its square.

    Returns
    -------
    (n,) float
    """
    m = np.asarray(rate, np.float64)
    h = _positive("step", step)
    births = np.zeros_like(m)
    for i in range(len(m)):
        past = m[1 : i + 1] @ births[i - 1 :: -1][:i] - 0.5 * m[i] * births[0] if i else 0.0
        births[i] = (m[i] + h * past) / (1.0 - 0.5 * h * m[0] * (i > 0))
    return births


def relapses(
    days: Any, surgery: float, *, growth: float, seeding: float, birth: float, death: float, cells: float
) -> Floats:
    r"""Mean number of lesions of so many cells by a time, of a primary removed on a day; none with e^{-mean}.

    A lesion comes to M cells by u with probability near rho exp(-rho M e^{-lambda u}), for large M, so that

        mean(t) = seeding rho / lambda e^{delta t} (rho M)^{-a} [gamma(a, y_1) - gamma(a, y_0)],   a = delta / lambda,

    y_0 = rho M e^{-lambda t}, y_1 = rho M e^{-lambda (t - min(t, surgery))}, gamma lower incomplete.

    Parameters
    ----------
    days : array of float
        Since the primary was one cell.
    surgery : float
    growth, seeding : float
        Of the primary, a day; lesions begun a day by each of its cells.
    birth, death : float
        Of cells of lesions.
    cells : float
        M.

    References
    ----------
    Avanzini S, Antal T. PLoS Comput Biol 2019;15:e1007423.
    """
    t = _days(days)
    rate, rho = birth - death, 1.0 - death / birth
    a, large = _positive("growth", growth) / _positive("birth less death", rate), rho * cells
    until = np.minimum(t, surgery)
    first, last = large * np.exp(-rate * t), large * np.exp(-rate * (t - until))
    part = special.gammainc(a, last) - special.gammainc(a, first)
    # Of what is near 1 the complements differ.
    upper = special.gammaincc(a, first) - special.gammaincc(a, last)
    scale = seeding * rho / rate * np.exp(growth * t - a * np.log(large) + special.gammaln(a))
    return np.asarray(scale * np.where(first > a, upper, part))


def undiagnosed_first(
    diagnosis: float, seeding: float, *, growth: float = 1.0, exponents: tuple[float, float] = (1.0, 1.0)
) -> float:
    r"""Probability that no founder was shed before diagnosis, of a primary that grows exponentially from one cell.

    Diagnosis has the hazard k n^beta, founders-to-be are shed at nu n^alpha.  With alpha = beta it is k / (k + nu),
    whatever the growth; else, with E a unit exponential,

        E exp{-(nu / (alpha delta)) [(1 + beta delta E / k)^{alpha / beta} - 1]}.

    Parameters
    ----------
    diagnosis, seeding : float
        k and nu, a day, of one cell.
    growth : float
        delta, a day.
    exponents : (float, float)
        alpha of shedding and beta of diagnosis.
    """
    k, nu, delta = _positive("diagnosis", diagnosis), _positive("seeding", seeding), _positive("growth", growth)
    alpha, beta = (_positive("exponents", value) for value in exponents)
    if alpha == beta:
        return k / (k + nu)
    # -log of a uniform, on panels that close in on both ends.
    x, w = np.polynomial.legendre.leggauss(_LAGUERRE)
    edges = np.concatenate([[0.0], np.exp(np.linspace(-40.0, np.log(40.0), 200))])
    half, middle = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    e = middle + half * x
    grown = np.expm1(alpha / beta * np.log1p(beta * delta * e / k))
    return float((half * w * np.exp(-e - nu / (alpha * delta) * grown)).sum())


def larger_than(cells: Any, days: float, *, primary: float, lesions: float, seeding: float) -> Floats:
    r"""Mean number of lesions with more than so many cells, all growing exponentially from one, not by chance.

    seeding / delta (e^{delta t} x^{-delta / lambda} - 1): sizes follow a power law.

    Parameters
    ----------
    cells : array of float
    days : float
    primary, lesions : float
        Growth a day.
    seeding : float
        Lesions begun a day by each cell of the primary.

    References
    ----------
    Hanin L, Rose J, Zaider M. J Theor Biol 2006;243:407-417.
    """
    x = np.asarray(cells, np.float64)
    if np.any(x < 1):
        raise InputError("cells", cells, "numbers of cells from 1 on")
    delta = _positive("primary", primary)
    return np.asarray(
        np.maximum(seeding / delta * np.expm1(delta * (days - np.log(x) / _positive("lesions", lesions))), 0.0)
    )


def _days(days: Any) -> Floats:
    t = np.atleast_1d(np.asarray(days, np.float64))
    if not np.all(np.isfinite(t)) or np.any(t < 0):
        raise InputError("days", days, "numbers from 0 on")
    return t


def _positive(field: str, value: float) -> float:
    if not np.isfinite(value) or value <= 0:
        raise InputError(field, value, "a number above 0")
    return float(value)
