r"""Laws in closed form: where a tumour grows exponentially, or a law holds whatever its growth.

They are limits and special cases of what `laws` solves and `cohort` simulates, and tests hold all three together.
Throughout: a tumour of n(t) cells sheds, and of these *found* nu n^alpha cells a day (shedding times the chance to found);
rho is the share of founders that establish.  Times in days.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import special

from cascade.common.errors import InputError, is_number
from cascade.common.types import Complexes, Floats
from cascade.lowering.lower import lower
from cascade.patient.founding import Founding
from cascade.solution.solver import Solver

_GAUSS = np.polynomial.legendre.leggauss(400)


def none_before_diagnosis(
    founding: float,
    diagnosis: float,
    *,
    founding_exponent: float = 1.0,
    diagnosis_exponent: float = 1.0,
    growth: float = 0.0,
) -> float:
    r"""Chance that no cell that will found was shed before a tumour is diagnosed: a race.

    Founders are shed at founding n^alpha a day, the tumour is found with hazard diagnosis n^beta.  With alpha = beta the
    chance is k / (k + nu), whatever the growth law; else, with n = e^{d t} from one cell on, it is

        E exp{-(nu / (alpha d)) [(1 + beta d E / k)^{alpha / beta} - 1]},        E ~ Exp(1).

    Parameters
    ----------
    founding : float
        nu, a day.
    diagnosis : float
        k, a day; above 0.
    founding_exponent, diagnosis_exponent : float
        alpha and beta.
    growth : float
        d, a day; needed where the exponents differ.

    Raises
    ------
    InputError
        For rates that are none, or exponents that differ without a growth.
    """
    nu, k = _positive("founding", founding, zero=True), _positive("diagnosis", diagnosis)
    alpha, beta = _positive("founding_exponent", founding_exponent), _positive("diagnosis_exponent", diagnosis_exponent)
    if alpha == beta:
        return k / (k + nu)
    d = _positive("growth", growth)
    # E by its quantiles, u = 1 - (1 - x)^2 (2 x + 1): smooth at both ends.
    x = 0.5 * (_GAUSS[0] + 1.0)
    weight = 0.5 * _GAUSS[1] * 6.0 * x * (1.0 - x)
    exponential = -np.log(np.maximum((1.0 - x) ** 2 * (2.0 * x + 1.0), 1e-300))
    shed = nu / (alpha * d) * np.expm1(alpha / beta * np.log1p(beta * d * exponential / k))
    return float((weight * np.exp(-shed)).sum())


def none_of_random_primary(birth: float, death: float, founding: float, days: float) -> float:
    r"""Chance that a tumour of random birth and death, from one cell on and still there, has founded nothing.

    F' = birth F^2 - (birth + death + founding) F + death, F(0) = c, is a Riccati equation; with roots r_1 < r_2,

        F_c(t) = (r_1 - r_2 q) / (1 - q),    q = (c - r_1) / (c - r_2) e^{birth (r_1 - r_2) t},

    and the chance is [F_1 - F_0](founding) / [1 - F_0](0).

    Parameters
    ----------
    birth, death, founding : float
        Of each cell, a day; a cell that is shed leaves the tumour.
    days : float
    """
    rates = _positive("birth", birth), _positive("death", death, zero=True)
    nu, t = _positive("founding", founding, zero=True), _positive("days", days)

    def solved(start: float, killed: float) -> float:
        whole = rates[0] + rates[1] + killed
        root = math.sqrt(whole * whole - 4.0 * rates[0] * rates[1])
        low, high = 2.0 * rates[1] / (whole + root), (whole + root) / (2.0 * rates[0])
        q = (start - low) / (start - high) * math.exp(-root * t)
        return (low - high * q) / (1.0 - q)

    return (solved(1.0, nu) - solved(0.0, nu)) / (1.0 - solved(0.0, 0.0))


def relapses(
    founding: float, growth: float, birth: float, death: float, cells: float, days: Any, removed: float = math.inf
) -> Floats:
    r"""Mean number of lesions of at least so many cells, from an exponential primary of n = e^{d t} cells.

    Lesions grow from one cell by birth a and death b, lambda = a - b, rho = 1 - b / a; for large M

        Lambda(t) = (nu rho / lambda) e^{d t} (rho M)^{-d / lambda} [gamma(d / lambda, y_1) - gamma(d / lambda, y_0)],
        y_0 = rho M e^{-lambda t},    y_1 = rho M e^{-lambda (t - min(t, T))},

    gamma the lower incomplete gamma function; exp(-Lambda) is the chance of no relapse.  Cells found at once.  With
    shedding by n^alpha d becomes alpha d.

    Parameters
    ----------
    founding : float
        nu: founders a day of one cell.
    growth : float
        d, a day.
    birth, death : float
        Of lesions, a day.
    cells : float
        M: above some thousands.
    days : array_like
    removed : float
        T: the day of surgery.

    References
    ----------
    Avanzini S, Antal T. PLoS Comput Biol 2019;15:e1007423.
    """
    nu, d = _positive("founding", founding, zero=True), _positive("growth", growth)
    a, b, t = _positive("birth", birth), _positive("death", death, zero=True), np.asarray(days, np.float64)
    if b >= a:
        raise InputError("death", death, "less than the birth")
    lam, rho, ratio = a - b, 1.0 - b / a, d / (a - b)
    top = rho * _positive("cells", cells)
    y0, y1 = (top * np.exp(-lam * s) for s in (t, t - np.minimum(t, removed)))
    part = special.gammainc(ratio, y1) - special.gammainc(ratio, y0)
    return np.asarray(nu * rho / lam * np.exp(d * t) * top**-ratio * special.gamma(ratio) * part)


def larger_than(
    founding: float, growth: float, lesion_growth: float, cells: Any, days: float, removed: float = math.inf
) -> Floats:
    r"""Mean number of lesions larger than some sizes, where all grow exponentially: Pareto's law with exponent d / lambda.

    (nu / d) (e^{d min(t - age, T)} - 1), age = log(x) / lambda: truncated above by the oldest lesion there can be, and
    after surgery at T below by e^{lambda (t - T)}.  Given their number, sizes are independent.

    Parameters
    ----------
    founding, growth : float
        nu and d; with shedding by n^alpha d is alpha times that of the tumour.
    lesion_growth : float
        lambda, a day.
    cells : array_like
    days : float
    removed : float

    References
    ----------
    Hanin L, Rose J, Zaider M. J Theor Biol 2006;243:407-417.
    """
    nu, d = _positive("founding", founding, zero=True), _positive("growth", growth)
    age = np.log(np.maximum(np.asarray(cells, np.float64), 1.0)) / _positive("lesion_growth", lesion_growth)
    return np.asarray(nu / d * np.expm1(d * np.clip(days - age, 0.0, removed)))


def clone_sizes(birth: float, death: float, growth: float, most: int) -> Floats:
    r"""Probabilities of 0, 1, ..., ``most`` cells in a lesion that was founded at an exponential age, Exp(d).

    Of an exponential primary, long after it began, ages of founders are such; with r = d / lambda

        E x^Z = 1 - rho 2F1(1, r; 1 + r; xi / a),    xi = (b - a x) / (1 - x),

    taken from a circle by Fourier.

    References
    ----------
    Nicholson MD, Antal T. Bull Math Biol 2016;78:2243-2276. Cheek D, Antal T. Ann Appl Probab 2018;28:3922-3947.
    """
    a, b, d = _positive("birth", birth), _positive("death", death, zero=True), _positive("growth", growth)
    if b >= a:
        raise InputError("death", death, "less than the birth")
    ratio, number = d / (a - b), 1 << max(8, (4 * most).bit_length())
    radius = 1e-10 ** (1.0 / number)
    x = radius * np.exp(2j * np.pi * np.arange(number) / number)
    xi = (b - a * x) / (1.0 - x)
    values = 1.0 - (1.0 - b / a) * special.hyp2f1(1.0, ratio, 1.0 + ratio, xi / a)
    return np.asarray(np.fft.fft(values).real[: most + 1] / number * radius ** -np.arange(most + 1.0))


def none_among_patients(mean: float, dispersion: float) -> float:
    r"""Share of patients without a lesion where their means differ by a gamma trait: (1 + theta L)^{-1 / theta}.

    Parameters
    ----------
    mean : float
        L, of the average patient.
    dispersion : float
        theta: variance of the trait, its coefficient of variation squared.
    """
    return math.exp(-math.log1p(_positive("dispersion", dispersion) * _positive("mean", mean, zero=True)) / dispersion)


def discounted_chances(founding: Founding, per_day: float) -> dict[str, float]:
    r"""E[e^{-z T}; founds] of a shed cell, by site: its chance, each day until founding discounted at a rate z.

    In a tumour that sheds in proportion to e^{z t} for long, the founders a day are this times what is shed that day:
    it, not the chance alone, is the efficiency of a growing tumour.

    Parameters
    ----------
    founding : Founding
    per_day : float
        z: the exponent of shedding times the growth rate.
    """
    z = _positive("per_day", per_day, zero=True)
    lowered = lower(founding.model)
    hazards = (lowered.exit_hazard * lowered.multipliers[0, lowered.exit_transition])[None]
    at: Complexes = np.array([z / 24.0], np.complex128)
    settled = Solver(lowered).passage(hazards, at, np.ones(1)).settled.sum(axis=1)[0].real
    found: dict[str, float] = {}
    for state, share in zip(founding.model.states, settled.tolist(), strict=True):
        if state.landmark == "colony" and state.site is not None:
            found[state.site] = found.get(state.site, 0.0) + share
    return found


def _positive(field: str, value: object, *, zero: bool = False) -> float:
    if not is_number(value) or not math.isfinite(value) or value < 0 or (value == 0 and not zero):  # type: ignore[arg-type,operator]
        raise InputError(field, value, "a number from 0 on" if zero else "a number above 0")
    return float(value)  # type: ignore[arg-type]
