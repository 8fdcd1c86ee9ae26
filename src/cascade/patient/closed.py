r"""More laws in closed form: a tumour that is itself random, sizes of clones, patients who differ, growing tumours.

They are limits and special cases of what `laws` solves and `cohort` simulates, and tests hold all three together;
`formulas` has those of tumours that grow exponentially.  Rates are a day.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from cascade.common.errors import InputError, is_number
from cascade.common.types import Complexes, Floats
from cascade.lowering.lower import lower
from cascade.patient.founding import Founding
from cascade.solution.solver import Solver


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
