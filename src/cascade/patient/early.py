r"""A lesion while it is a few cells: birth and death from the first division on, until it is gone or large.

Each cell divides at rate b and dies at rate d.  At age a, with E = e^{(b - d) a},

    P(none left) = d (E - 1) / (b E - d),    P(n | some left) = (1 - q) q^{n - 1},    q = b (E - 1) / (b E - d)

(zero-modified geometric), and in the end a share d / b is gone.  The time T_M to M cells, of those that come to M, has
the transform E[e^{-z T_M}; T_M < inf] = 1 / u_M(z),

    u_0 = 0,  u_1 = 1,  b n u_{n+1} = (b n + d n + z) u_n - d n u_{n-1},

here by the ratios r_n = u_{n+1} / u_n, which cannot overflow: log u_M is a sum of log r_n.  Its singularities lie on
the negative axis.  For large M P(T_M <= t) is near rho exp(-rho M e^{-(b - d) t}), rho = 1 - d / b, which is far off
early on.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from cascade.common.errors import InputError, is_whole
from cascade.common.types import Complexes, Floats
from cascade.model.base import Keys, Part
from cascade.solution.laplace import invert

PerDay = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]

MOST_CELLS = 100_000
"""Cells to which the law of the time is solved: later a lesion grows by its law, without chance."""


class BirthDeath(Part):
    """Birth and death of the cells of a small lesion, a day.

    Parameters
    ----------
    birth : float
        Above ``death``: what never grows founds nothing.
    death : float
    source : tuple of str

    Examples
    --------
    >>> BirthDeath(birth=0.3, death=0.2).establishes
    0.33333333333333326
    """

    birth: PerDay
    death: PerDay = 0.0
    source: Keys = ()

    @model_validator(mode="after")
    def _grows(self) -> BirthDeath:
        if not self.birth > self.death:
            raise ValueError("a birth above the death: what does not grow founds nothing")
        return self

    @property
    def growth(self) -> float:
        """Birth less death: the initial slope of the growth law of what survives."""
        return self.birth - self.death

    @property
    def establishes(self) -> float:
        """Share of founders whose cells never die out."""
        return 1.0 - self.death / self.birth

    def _two(self, days: Any) -> tuple[Floats, Floats]:
        """Probability that none is left, and 1 - q."""
        age = np.asarray(days, dtype=np.float64)
        if not np.all(np.isfinite(age)) or np.any(age < 0):
            raise InputError("days", days, "numbers from 0 on")
        # E over all, so that nothing overflows.
        less = np.exp(-self.growth * age)
        grown = -np.expm1(-self.growth * age)
        under = self.birth - self.death * less
        return self.death * grown / under, self.growth * less / under

    def gone(self, days: Any) -> Floats:
        """Probability that no cell is left at an age."""
        return self._two(days)[0]

    def sizes(self, days: float, most: int) -> Floats:
        """Probabilities of 0, 1, ..., ``most`` cells at an age."""
        gone, one = (float(part) for part in self._two(days))
        if not is_whole(most) or most < 0:
            raise InputError("most", most, "a whole number from 0 on")
        return np.concatenate([[gone], (1.0 - gone) * one * np.exp(_log_of(one) * np.arange(most))])

    def drawn(self, uniform: Any, days: float) -> Floats:
        """Cells at an age for uniforms in (0, 1), whole numbers: 0 where all are gone. One uniform a lesion."""
        gone, one = (float(part) for part in self._two(days))
        u = np.asarray(uniform, dtype=np.float64)
        left = np.clip((1.0 - u) / (1.0 - gone), 1e-300, 1.0)
        more = np.zeros(u.shape) if one == 1.0 else np.floor(np.log(left) / _log_of(one))
        return np.where(u < gone, 0.0, 1.0 + more)

    def transform(self, z: Complexes, cells: int) -> Complexes:
        """E[e^{-z T}; T < inf] of the time to so many cells."""
        b, d = self.birth, self.death
        ratio = (b + d + z) / b
        log_u = np.log(ratio) if cells > 1 else np.zeros_like(z)
        for n in range(2, cells):
            ratio = ((b + d) * n + z - d * n / ratio) / (b * n)
            log_u = log_u + np.log(ratio)
        return np.asarray(np.exp(-log_u))

    def reached(self, days: Any, cells: int) -> tuple[Floats, Floats]:
        """Probability of having come to so many cells by an age, and its error.

        Raises
        ------
        InputError
            For ages below 0, or cells that are no whole number from 2 to 100,000.
        """
        age = np.atleast_1d(np.asarray(days, dtype=np.float64))
        if not np.all(np.isfinite(age)) or np.any(age < 0):
            raise InputError("days", days, "numbers from 0 on")
        if not is_whole(cells) or not 2 <= cells <= MOST_CELLS:
            raise InputError("cells", cells, f"a whole number from 2 to {MOST_CELLS:,}")
        values, errors = invert(lambda z: self.transform(z, cells) / z, age, np.zeros(0, np.complex128))
        return np.clip(values, 0.0, 1.0), errors

    def reached_at_last(self, cells: int) -> float:
        """Probability of ever coming to so many cells: (1 - d/b) / (1 - (d/b)^M)."""
        x = self.death / self.birth
        return (1.0 - x) / (1.0 - x**cells)


def _log_of(one: float) -> float:
    """Logarithm of q, of 1 - q; of q = 0 so far below 0 that no second cell is likely."""
    return float(np.log1p(-one)) if one < 1.0 else -1e300
