r"""Numbers of lesions averaged over the traits of patients, with standard errors.

    E f = E f_1 + E [f - f_1],      f_1: of the first generation alone, Poisson,

the first part at many points of the traits, for it costs a product of matrices, the second at few, for it is small.
Means need no second part where traits act on all sites alike: generation k is a power of the multipliers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cascade.common.types import Floats
from cascade.patient.disease import Disease
from cascade.patient.generations import COARSE, Generations
from cascade.patient.pace import Pace, Traits
from cascade.patient.sources import Sources

NUMBERS = 32
LIGHT = 1e-12
"""Weight of a place of the quadrature that is left out."""


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
        Mean numbers of lesions, and probability of none; nan where nobody is alive.
    mean_error, none_error : (G, X, T) float
        Standard errors.
    number, number_error : tuple of (T, 32) float
        Probabilities of 0 to 31 lesions, of each group and level that was asked for.
    """

    times: Floats
    alive: Floats
    mean: Floats
    mean_error: Floats
    none: Floats
    none_error: Floats
    number: tuple[Floats, ...]
    number_error: tuple[Floats, ...]


def averaged(
    disease: Disease,
    sources: Sources,
    times: Floats,
    own: Floats,
    wanted: Sequence[tuple[int, int]],
    samples: int,
    descendants: int,
    replicates: int,
    seed: int,
) -> Averaged:
    """What `Laws.averaged` gives, for own times of sizes and places of groups and levels."""
    traits, rng = Traits(disease), np.random.default_rng(seed)
    shape = replicates, sources.member.shape[1], 3 + len(own), len(times)
    mean, none = np.zeros(shape), np.zeros(shape)
    number = [np.zeros((replicates, len(times), NUMBERS)) for _ in wanted]
    alive = np.zeros(len(times))
    for at in traits.paces(times, sources.burden_own):
        here = at.pace * times < sources.burden_own
        if at.weight < LIGHT or not here.any():
            continue
        alive[here] += at.weight
        generations = Generations(sources, times[here], own, at.pace, COARSE)
        sums = _of_pace(traits, at, generations, wanted, (samples, descendants, replicates), rng)
        mean[..., here] += at.weight * sums[0]
        none[..., here] += at.weight * sums[1]
        for total, part in zip(number, sums[2], strict=True):
            total[:, here] += at.weight * part
    with np.errstate(invalid="ignore", divide="ignore"):
        both = [_with_error(total / alive) for total in (mean, none)]
        laws = [_with_error(total / alive[:, None]) for total in number]
    return Averaged(
        times, alive, *both[0], *both[1], tuple(law for law, _ in laws), tuple(error for _, error in laws)
    )  # fmt: skip


def _with_error(replicates: Floats) -> tuple[Floats, Floats]:
    """Mean over replicates, and its standard error."""
    return replicates.mean(axis=0), replicates.std(axis=0, ddof=1) / np.sqrt(len(replicates))


def _of_pace(
    traits: Traits,
    at: Pace,
    generations: Generations,
    wanted: Sequence[tuple[int, int]],
    sizes: tuple[int, int, int],
    rng: np.random.Generator,
) -> tuple[Floats, Floats, list[Floats]]:
    """Means, chances of none and laws by replicate at one pace."""
    samples, descendants, replicates = sizes
    route, site = traits.multipliers(at, traits.points(samples, replicates, rng))
    first = _first(generations, route, site)
    by_replicate = (replicates, samples, *first.shape[1:])
    none = np.exp(-first).reshape(by_replicate).mean(axis=1)
    laws = [_poisson(first[:, g, x]).reshape(replicates, samples, -1, NUMBERS).mean(axis=1) for g, x in wanted]
    more = bool(generations.classes)
    if more and traits.even:
        first = first + _later(generations, route, site)
    mean = first.reshape(by_replicate).mean(axis=1)
    if more:
        from cascade.patient.laws import numbers_of

        route, site = traits.multipliers(at, traits.points(descendants, replicates, rng))
        first = _first(generations, route, site)
        for s in range(len(route)):
            descent = generations.with_(route[s], site[s])
            r = s // descendants
            none[r] += (descent.none() - np.exp(-first[s])) / descendants
            if not traits.even:
                mean[r] += (descent.mean() - first[s]) / descendants
            for law, (g, x) in zip(laws, wanted, strict=True):
                law[r] += (numbers_of(descent, g, x) - _poisson(first[s, g, x])) / descendants
    return mean, none, laws


def _first(generations: Generations, route: Floats, site: Floats) -> Floats:
    """Mean numbers in the first generation, (S, G, X, T)."""
    member = generations.sources.member
    both = (route[:, :, None] * site[:, None, :]).reshape(len(route), -1)
    by = np.einsum("rxtj,jg->rjgxt", generations.first, member)
    return np.asarray((both @ by.reshape(both.shape[1], -1)).reshape(len(route), *by.shape[2:]))


def _later(generations: Generations, route: Floats, site: Floats) -> Floats:
    """Mean numbers in all later generations, where all sites are multiplied alike but for what the first has."""
    base = site[0]
    scale = site[:, np.argmax(base)] / base.max()
    own = route[:, generations.sources.lesion_route]
    total = np.zeros((len(route), generations.sources.member.shape[1], *generations.first.shape[1:3]))
    power = own * scale**2
    for term in generations.later_means(base):
        total += power[:, None, None, None] * np.tensordot(route, term, axes=1)
        power = power * own * scale
    return total


def _poisson(mean: Floats) -> Floats:
    """Probabilities of 0 to 31, (..., 32)."""
    return np.asarray(stats.poisson.pmf(np.arange(NUMBERS), mean[..., None]))
