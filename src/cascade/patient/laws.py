r"""The exact answer of a disease: numbers of lesions of a patient whose traits are known, and averaged over traits.

Given the traits, and as long as the patient lives, founders of each source are a Poisson process; with those that
lesions found in their turn, a branching process in the age of lesions (`generations`).  Left out is death by the burden
of lesions: patients live, or die as the primary alone decides.  All errors are estimated and kept: of ages by two
coarser resolutions, of delays by their tables; means over traits bear standard errors besides.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from cascade.common.errors import InputError, nearest
from cascade.common.types import Floats
from cascade.patient.averages import Averaged, Wanted, averaged, change_until
from cascade.patient.checks import check_disease
from cascade.patient.descent import SIZES, Descent
from cascade.patient.disease import Disease
from cascade.patient.generations import COARSE, FINE, OTHER, Generations, Order
from cascade.patient.numbers import ALIASED, numbers_of
from cascade.patient.sources import Sources

LEVELS = ("shed", "founded", "established")
"""Levels before those of sizes."""


class Laws:
    """The exact answer of a disease.

    Parameters
    ----------
    disease : Disease

    Attributes
    ----------
    groups : tuple of str
        Sites, and kinds of sites: axis G of all arrays.

    Notes
    -----
    Axes of arrays: G groups of sites, X levels (shed and to found one day, founded, established, then sizes), T times.
    A lesion has come to a size no earlier than at the end of its early phase, as in the simulation.
    """

    def __init__(self, disease: Disease) -> None:
        self.disease: Disease = check_disease(disease)
        self._sources = _sources_of(self.disease)
        self.groups = self._sources.groups

    @property
    def sources(self) -> Sources:
        """The disease as the exact answer reads it."""
        return self._sources

    def at(
        self,
        times: Sequence[float],
        sizes: Sequence[float] = (),
        *,
        pace: float = 1.0,
        route: Sequence[float] | None = None,
        site: Sequence[float] | None = None,
    ) -> At:
        """Numbers of lesions of a patient of known traits who lives.

        Parameters
        ----------
        times : sequence of float
            Days since the first cell of the primary, (T,).
        sizes : sequence of float
            Cells from which on lesions are counted.
        pace : float
            Of growth: the product of the traits that act on it.
        route, site : sequence of float, optional
            Multipliers of shedding, in the order of the disease's routes, and of founding, in that of its sites.

        Raises
        ------
        InputError
            For times below 0, sizes below one cell, a pace that is not above 0, multipliers below 0 or too few.
        """
        s = self._sources
        days, own = self._asked(times, sizes)
        if not np.isfinite(pace) or pace <= 0:
            raise InputError("pace", pace, "a number above 0")
        routes = _multipliers("route", route, len(s.routes))
        return At(s, days, own, float(pace), routes, _multipliers("site", site, len(s.sites)))

    def averaged(
        self,
        times: Sequence[float],
        sizes: Sequence[float] = (),
        *,
        groups: Sequence[str] | None = None,
        levels: Sequence[str | int] | None = None,
        numbers: Sequence[tuple[str, str | int]] = (),
        samples: int = 128,
        descendants: int = 1,
        replicates: int = 8,
        seed: int = 1,
    ) -> Averaged:
        """Numbers of lesions averaged over traits and subtypes, of patients who live as far as the primary decides.

        Parameters
        ----------
        times, sizes
            As of ``at``.
        groups, levels : sequence of str, or of str and int, optional
            Of which is told; fewer take less time.  Default: all.
        numbers : sequence of (str, str or int)
            Groups and levels of which the whole law of the number of lesions is wanted.
        samples, descendants : int
            Of traits for each pace and replicate: for the first generation, and for what its descendants add.
        replicates : int
            Independent shifts of the quasi-random points; standard errors are those of their mean.
        seed : int

        Raises
        ------
        InputError
            As ``at``; for a group or level that there is not, or numbers of samples below 1 (replicates: 2).

        Notes
        -----
        Generation k is in proportion to the k-th power of the multipliers.  Means over log-normal traits of many
        generations are finite, but may come from patients of whom no cohort has one, who in truth die of their
        lesions; chances of none and numbers below 32 do not suffer from it.
        """
        days, own = self._asked(times, sizes)
        wanted = [(group_of(self.groups, g), level_of(level, len(own))) for g, level in numbers]
        for name, value, least in (
            ("samples", samples, 1),
            ("descendants", descendants, 1),
            ("replicates", replicates, 2),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InputError(name, value, f"a whole number from {least} on")
        of = range(len(self.groups)) if groups is None else [group_of(self.groups, g) for g in groups]
        at = range(SIZES + len(own)) if levels is None else [level_of(level, len(own)) for level in levels]
        asked = Wanted(of, at, own, wanted, samples, descendants, replicates)
        return averaged(self.disease, self._sources, days, asked, seed)

    def _asked(self, times: Sequence[float], sizes: Sequence[float]) -> tuple[Floats, Floats]:
        days, cells = (np.atleast_1d(np.asarray(v, np.float64)) for v in (times, sizes))
        if days.ndim != 1 or not len(days) or not np.all(np.isfinite(days)) or np.any(days < 0):
            raise InputError("times", times, "days from 0 on")
        if cells.ndim != 1 or not np.all(np.isfinite(cells)) or np.any(cells < 1):
            raise InputError("sizes", sizes, "numbers of cells from 1 on")
        return days, self._sources.own(cells) if len(cells) else cells


COMMON = 1e-4
"""Of a mean, and of a chance of any: what all three resolutions may make wrong alike.

Of 224 random diseases the error was larger than what the others change in two, by 6e-7 of the mean at most; in one
that was searched for by 3e-5 of it.
"""


class At:
    """Numbers of lesions of a patient of known traits.

    Attributes
    ----------
    times : (T,) float
        Days.
    mean, mean_error : (G, X, T) float
    none, none_error : (G, X, T) float
        Probability of no lesion, and its error.
    """

    def __init__(self, sources: Sources, times: Floats, own: Floats, pace: float, route: Floats, site: Floats) -> None:
        self.times, self._sources, self._own = times, sources, own
        self._traits = pace, route, site

    def resolved(self, order: Order) -> Descent:
        """With ages resolved so finely."""
        pace, route, site = self._traits
        return Generations(self._sources, self.times, self._own, pace, order).with_(route, site)

    @cached_property
    def _fine(self) -> Descent:
        return self.resolved(FINE)

    @cached_property
    def _others(self) -> tuple[Descent, ...]:
        return self.resolved(COARSE), self.resolved(OTHER)

    @cached_property
    def mean(self) -> Floats:
        """Mean numbers."""
        return self._fine.mean()

    @cached_property
    def mean_error(self) -> Floats:
        """Errors of ``mean``."""
        change = self._until(self.mean, [other.mean() for other in self._others])
        return change + self._of_delays + COMMON * self.mean

    @cached_property
    def none(self) -> Floats:
        """Probability of no lesion."""
        return self._fine.none()

    @cached_property
    def none_error(self) -> Floats:
        """Errors of ``none``."""
        change = self._until(self.none, [other.none() for other in self._others])
        return change + np.minimum(self._of_delays, 1.0) + COMMON * (1.0 - self.none)

    def _until(self, value: Floats, others: list[Floats]) -> Floats:
        return change_until(self.times, np.maximum(*(np.abs(value - other) for other in others)))

    @property
    def _of_delays(self) -> Floats:
        """What the tables of delays make wrong: at most so much of all founders that were shed."""
        return self._sources.delay_error * self.mean[:, :1]

    def shares(self, group: str, level: str | int) -> Floats:
        """Probabilities of 0, 1, ..., 31 lesions, as ``number`` tells them, without errors: a third of the work."""
        return numbers_of(self._fine, group_of(self._sources.groups, group), level_of(level, len(self._own)))

    def number(self, group: str, level: str | int) -> tuple[Floats, Floats]:
        """Probabilities of 0, 1, ..., 31 lesions of a group at each time, (T, 32), and their errors.

        Parameters
        ----------
        group : str
        level : str or int
            "shed", "founded", "established", or the place of a size, from 0 on.

        Raises
        ------
        InputError
            For a group or a level that there is not.
        """
        g, x = group_of(self._sources.groups, group), level_of(level, len(self._own))
        fine, *others = (numbers_of(descent, g, x) for descent in (self._fine, *self._others))
        change = self._until(fine.T, [other.T for other in others]).T
        common = COMMON * (1.0 - fine[:, :1])
        return fine, change + ALIASED + np.minimum(self._of_delays[g].T, 1.0) + common


def group_of(groups: Sequence[str], name: str) -> int:
    """Place of a group."""
    if name not in groups:
        raise InputError("group", name, f"a site or a kind of sites; {nearest(str(name), groups)}")
    return list(groups).index(name)


def level_of(level: str | int, sizes: int) -> int:
    """Place of a level."""
    if isinstance(level, str) and level in LEVELS:
        return LEVELS.index(level)
    if isinstance(level, int) and not isinstance(level, bool) and 0 <= level < sizes:
        return SIZES + level
    raise InputError("level", level, f"one of {', '.join(LEVELS)}, or the place of a size below {sizes}")


@lru_cache(maxsize=16)
def _sources_of(disease: Disease) -> Sources:
    return Sources(disease)


def _multipliers(field: str, values: Any, number: int) -> Floats:
    if values is None:
        return np.ones(number)
    given = np.asarray(values, np.float64)
    if given.shape != (number,) or not np.all(np.isfinite(given)) or np.any(given < 0):
        raise InputError(field, values, f"{number} numbers from 0 on")
    return given
