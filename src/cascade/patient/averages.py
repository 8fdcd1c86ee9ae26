r"""Numbers of lesions averaged over the traits of patients, with standard errors.

    E f = E f_1 + E [f - f_1],      f_1: of the first generation alone, Poisson,

the first part at many points of the traits, for it costs a product of matrices, the second at few, for it is small.
The means of the first generation are moments in closed form, and so are those of all generations where traits act on
all sites alike: generation k is in proportion to a power of the multipliers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats

from cascade.common.types import Floats
from cascade.patient.descent import Descent
from cascade.patient.disease import Disease
from cascade.patient.generations import COARSE, FINE, Generations
from cascade.patient.numbers import NUMBERS, numbers_of
from cascade.patient.pace import Pace, Traits
from cascade.patient.sources import Sources

LIGHT, SLIGHT = 1e-12, 1e-6
"""Weights of a place of the quadrature that is left out, and where descendants are left out of probabilities."""

USUAL, OF_NOBODY = 5.0, 0.05
"""A mean of which so large a part comes from patients beyond so many standard deviations, who in truth die of their
lesions and of whom no cohort has one, is not told."""

LEAST = 2048, 16
"""Points of the traits, for each replicate, of the first generation and of its descendants, of all paces together."""

NEARLY = 1e-9
"""To which generating functions of descendants are settled here."""


@dataclass(frozen=True, eq=False)
class Averaged:
    """Numbers of lesions averaged over traits, of patients whom the primary has not killed.

    Attributes
    ----------
    times : (T,) float
        Days.
    alive : (T,) float
        Share of patients whom the primary alone has not killed; others die of other causes, whatever their traits.
    mean, none : (G, X, T) float
        Mean numbers of lesions, and probability of none; nan where nobody is alive, and where nobody asked; means also
        where they are those of patients of whom no cohort has one.
    mean_error, none_error : (G, X, T) float
        Standard errors.
    mean_resolution, none_resolution : (G, X, T) float
        What a coarser resolution of ages changes; of none at some of the traits.
    number, number_error : tuple of (T, 32) float
        Probabilities of 0 to 31 lesions, of each group and level that was asked for.
    """

    times: Floats
    alive: Floats
    mean: Floats
    mean_error: Floats
    none: Floats
    none_error: Floats
    mean_resolution: Floats
    none_resolution: Floats
    number: tuple[Floats, ...]
    number_error: tuple[Floats, ...]


class Wanted(NamedTuple):
    """What is asked for: groups and levels, sizes by own times, whole laws of which, points by replicate."""

    groups: Sequence[int]
    levels: Sequence[int]
    own: Floats
    laws: Sequence[tuple[int, int]]
    samples: int
    descendants: int
    replicates: int


def averaged(disease: Disease, sources: Sources, times: Floats, wanted: Wanted, seed: int) -> Averaged:
    """What `Laws.averaged` gives."""
    traits, rng, own = Traits(disease), np.random.default_rng(seed), wanted.own
    places = [at for at in traits.paces(times, sources.burden_own) if at.weight >= LIGHT]
    if not traits.dimensions:
        # Nothing but the pace, or nothing at all: one point tells all.
        wanted = wanted._replace(samples=1, descendants=1, replicates=1)
    else:
        # Where there are few paces, or one, each stands for many patients.
        samples, descendants = (-(-n // len(places)) for n in LEAST)
        samples, descendants = max(samples, wanted.samples), max(descendants, wanted.descendants)
        wanted = wanted._replace(samples=samples, descendants=descendants)
    shape = sources.member.shape[1], 3 + len(own), len(times)
    mean, none = np.zeros((2, wanted.replicates, *shape))
    usual = np.zeros(shape)
    coarse = np.zeros((2, *shape))
    number = [np.zeros((wanted.replicates, len(times), NUMBERS)) for _ in wanted.laws]
    alive = np.zeros(len(times))
    for at in places:
        here = at.pace * times < sources.burden_own
        if not here.any():
            continue
        alive[here] += at.weight
        both = [Generations(sources, times[here], own, at.pace, order) for order in (FINE, COARSE)]
        sums = _of_pace(traits, at, both, wanted, rng)
        mean[..., here] += at.weight * sums.mean
        if abs(at.normal) <= USUAL:
            usual[..., here] += at.weight * sums.usual
        none[..., here] += at.weight * sums.none
        coarse[..., here] += at.weight * sums.coarse
        for total, part in zip(number, sums.laws, strict=True):
            total[:, here] += at.weight * part
    with np.errstate(invalid="ignore", divide="ignore"):
        told = [_with_error(total / alive) for total in (mean, none)]
        laws = [_with_error(total / alive[:, None]) for total in number]
        coarse = change_until(times, coarse / alive)
        of_nobody = ~(usual / alive > (1.0 - OF_NOBODY) * told[0][0]) & (told[0][0] > 0)
    for part in (*told[0], coarse[0]):
        part[of_nobody] = np.nan
    law, wrong = (tuple(part[side] for part in laws) for side in (0, 1))
    others = np.ones(shape[:2], bool)
    others[np.ix_(wanted.groups, wanted.levels)] = False
    for part in (*told[0], *told[1], *coarse):
        part[others] = np.nan
    return Averaged(times, alive, *told[0], *told[1], coarse[0], coarse[1], law, wrong)


def change_until(times: Floats, change: Floats) -> Floats:
    """Twice the largest change up to each time, (..., T): answers may cross where both are wrong."""
    order = np.argsort(times, kind="stable")
    return np.asarray(2.0 * np.fmax.accumulate(change[..., order], axis=-1)[..., np.argsort(order)])


def _with_error(replicates: Floats) -> tuple[Floats, Floats]:
    """Mean over replicates, and its standard error: of one, where nothing is drawn, none."""
    if len(replicates) == 1:
        return replicates[0], np.zeros(replicates.shape[1:])
    return replicates.mean(axis=0), replicates.std(axis=0, ddof=1) / np.sqrt(len(replicates))


class OfPace(NamedTuple):
    """Sums at one pace: means and chances of none (replicates, G, X, T), errors of ages (2, G, X, T), laws.

    And means (G, X, T) of those patients alone who are not too far from the usual.
    """

    mean: Floats
    none: Floats
    coarse: Floats
    laws: list[Floats]
    usual: Floats


def _of_pace(traits: Traits, at: Pace, both: Sequence[Generations], wanted: Wanted, rng: np.random.Generator) -> OfPace:
    """Means, chances of none and laws by replicate at one pace; what a coarser resolution changes."""
    generations, coarser = both
    replicates, laws = wanted.replicates, wanted.laws
    route, site = traits.multipliers(at, traits.points(wanted.samples, replicates, rng))
    none, made = [], [np.zeros((replicates, len(generations.times), NUMBERS)) for _ in laws]
    for r in range(replicates):
        # One after the other: the numbers of all of them would not fit the memory.
        some = slice(r * wanted.samples, (r + 1) * wanted.samples)
        first = _first(generations, route[some], site[some])
        none.append(np.exp(-first).mean(axis=0))
        for law, (g, x) in zip(made, laws, strict=True):
            law[r] = _poisson(first[:, g, x]).mean(axis=0)
    known = traits.mean(at, generations)
    mean, usual = np.array([known] * replicates), traits.mean(at, generations, USUAL)
    errors = np.array([np.abs(known - traits.mean(at, coarser)), np.zeros(known.shape)])
    if not generations.classes or at.weight < SLIGHT:
        return OfPace(mean, np.array(none), errors, made, usual)
    descendants = wanted.descendants
    route, site = traits.multipliers(at, traits.points(descendants, replicates, rng))
    first = _first(generations, route, site)
    scale = site.max(axis=1) if traits.even else np.ones(len(site))
    base = site[0] / scale[0] if traits.even and scale[0] > 0 else None
    family = generations.of_sites(base) if base is not None else None
    asked, at_levels = wanted.groups, wanted.levels
    place = np.ix_(asked, at_levels)
    for s in range(len(route)):
        descent = Descent(family or generations.of_sites(site[s]), route[s], float(scale[s]))
        here, share = descent.none(NEARLY, asked, at_levels), 1.0 / descendants
        if s == 0:
            other = Descent(coarser.of_sites(site[s]), route[s])
            errors[1][place] = np.abs(here - other.none(NEARLY, asked, at_levels))
            if not traits.even:
                errors[0] = np.abs(descent.mean() - other.mean())
        r = s // descendants
        none[r][place] += share * (here - np.exp(-first[s][place]))
        if not traits.even:
            mean[r] += share * (descent.mean() - first[s])
        for law, (g, x) in zip(made, laws, strict=True):
            law[r] += share * (numbers_of(descent, g, x) - _poisson(first[s, g, x]))
    return OfPace(mean, np.array(none), errors, made, usual if traits.even else mean.mean(axis=0))


def _first(generations: Generations, route: Floats, site: Floats) -> Floats:
    """Mean numbers in the first generation, (S, G, X, T)."""
    both = (route[:, :, None] * site[:, None, :]).reshape(len(route), -1)
    by = np.einsum("rxtj,jg->rjgxt", generations.first, generations.sources.member)
    return np.asarray((both @ by.reshape(both.shape[1], -1)).reshape(len(route), *by.shape[2:]))


def _poisson(mean: Floats) -> Floats:
    """Probabilities of 0 to 31, (..., 32)."""
    return np.asarray(stats.poisson.pmf(np.arange(NUMBERS), mean[..., None]))
