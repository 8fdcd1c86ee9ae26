"""Fits of the same data beside each other, and a fit beside the data: which says more, and whether it says it well."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cascade.answers.table import Table, Texts
from cascade.common.errors import InputError, is_whole
from cascade.common.text import hours, number
from cascade.common.types import Floats
from cascade.inference.counted import Counts
from cascade.inference.drawing import drawn
from cascade.inference.likelihood import Likelihood

if TYPE_CHECKING:
    from cascade.inference.fitted import Fit

NEAR = 2.0
"""Of Akaike's criterion: fits that differ by less say as much."""

RARE = 0.05

FEW_ANIMALS = "with few animals it is told too small."


@dataclass(frozen=True)
class FitsRow:
    """One fit.

    Attributes
    ----------
    fit : str
        What is free in it.
    numbers : int
        Hazards and spreads that are fitted, or numbers of a disease.
    log_likelihood : float
        The highest of the plain likelihood; of a disease over that of the counts themselves, less what its simulated
        patients add to the error of a count.
    aic : float
        Akaike's criterion, less that of the best.
    weight : float
        e^{-aic / 2}, over the sum of all.
    chance : float
        Of so high a likelihood of the fit above it, were this one true: of the likelihood ratio; nan where it is not a
        part of the one above.
    """

    fit: str
    numbers: int
    log_likelihood: float
    aic: float
    weight: float
    chance: float


@dataclass(frozen=True, eq=False)
class Fits(Table[FitsRow]):
    """Fits of the same data, from the one with most fitted numbers to that with least.

    Attributes
    ----------
    rows : tuple of FitsRow
    told : str
        What limits the last column.
    """

    rows: tuple[FitsRow, ...]
    told: str

    def as_text(self) -> Texts:
        """Headings and lines."""
        head = ["free", "numbers", "log likelihood", "AIC, over the least", "weight", "ratio: chance"]
        lines = [
            [
                r.fit, str(r.numbers), f"{r.log_likelihood:.2f}", f"{r.aic:.1f}", f"{r.weight:.2f}",
                "" if math.isnan(r.chance) else f"{r.chance:.2g}",
            ]
            for r in self.rows
        ]  # fmt: skip
        return head, lines

    @property
    def below(self) -> str:
        """How to read them."""
        return (
            f"Fits whose criterion differs by less than {NEAR:g} say as much. Chance: that the line above is so much"
            f" better, were the lower one true (empty: the lower one is no part of it); {self.told}"
        )


def compared(fits: Sequence[Fit]) -> Fits:
    """What stands in ``Fit.compare``."""
    first = fits[0]
    for one in fits[1:]:
        if type(one.data) is not type(first.data) or one.data.rows != first.data.rows:
            raise InputError("others", one.data.told, f"fits of the same data: {first.data.told}")
    each = [Compared(", ".join(f.label for f in one.free), _numbers(one), one.log_likelihood) for one in fits]
    return in_order(each, lambda less, more: _is_part(fits[less], fits[more]), FEW_ANIMALS)


class Compared(NamedTuple):
    """A fit: what is free in it, how many numbers were fitted, and the highest log likelihood."""

    free: str
    numbers: int
    log_likelihood: float


def in_order(fits: Sequence[Compared], is_part: Callable[[int, int], bool], told: str) -> Fits:
    """Fits from the one with most numbers on; ``is_part`` says of two, by place, whether the first is in the second."""
    from scipy.stats import chi2

    order = sorted(range(len(fits)), key=lambda k: fits[k].numbers, reverse=True)
    criteria = np.array([-2.0 * fits[k].log_likelihood + 2.0 * fits[k].numbers for k in order])
    over = criteria - criteria.min()
    weights = np.exp(-0.5 * over) / np.exp(-0.5 * over).sum()
    rows = []
    for i, k in enumerate(order):
        one, chance = fits[k], math.nan
        if i and is_part(k, order[i - 1]):
            above = fits[order[i - 1]]
            more = 2.0 * (above.log_likelihood - one.log_likelihood)
            chance = float(chi2.sf(max(more, 0.0), above.numbers - one.numbers))
        rows.append(FitsRow(one.free, one.numbers, one.log_likelihood, float(over[i]), float(weights[i]), chance))
    return Fits(tuple(rows), told)


def _numbers(fit: Fit) -> int:
    return len(fit.free) + len(fit.likelihood.spreads)


def _is_part(less: Fit, more: Fit) -> bool:
    """Whether the one fit is the other with some numbers held: hazards at the model's, or alike in all arms."""
    same = {arm: model.digest() for arm, model in less.likelihood.models.items()} == {
        arm: model.digest() for arm, model in more.likelihood.models.items()
    }
    names, theirs = ({free.name for free in one.free} for one in (less, more))
    alike = less.likelihood.spreads == more.likelihood.spreads
    shared = {free.name for free in more.free if not free.arm} - {free.name for free in less.free if not free.arm}
    by_arm = {free.name for free in less.free if free.arm and not free.against}
    return same and alike and len(less.free) < len(more.free) and names <= theirs and not shared & by_arm


@dataclass(frozen=True)
class CheckRow:
    """What was counted at a time, beside studies that the fit brings forth.

    Attributes
    ----------
    arm, observable : str
    hours : float
    animals : int
    counted : float
        Geometric mean of count + 1/2, less 1/2.
    low, high : float
        Between which 95 % of simulated studies lie.
    spread : float
        Standard deviation of the log counts of the animals.
    spread_low, spread_high : float
    chance : float
        Of studies in which the mean is as far off, on either side.
    """

    arm: str
    observable: str
    hours: float
    animals: int
    counted: float
    low: float
    high: float
    spread: float
    spread_low: float
    spread_high: float
    chance: float


@dataclass(frozen=True, eq=False)
class Check(Table[CheckRow]):
    """Counts beside simulated studies of the same animals.

    Attributes
    ----------
    rows : tuple of CheckRow
    studies : int
    """

    rows: tuple[CheckRow, ...]
    studies: int

    left = (0, 1)

    def as_text(self) -> Texts:
        """Headings and lines."""
        head = ["arm", "counted", "time", "animals", "mean", "simulated from", "to", "spread", "from", "to", "chance"]
        lines = [
            [
                r.arm, r.observable, hours(r.hours), str(r.animals), *map(number, (r.counted, r.low, r.high)),
                *("" if math.isnan(v) else f"{v:.2f}" for v in (r.spread, r.spread_low, r.spread_high)),
                f"{r.chance:.2g}",
            ]
            for r in self.rows
        ]  # fmt: skip
        return head, lines

    @property
    def below(self) -> str:
        """How many are off."""
        off = sum(row.chance < RARE for row in self.rows)
        return (
            f"{off} of {len(self.rows)} means are as far off as in one of twenty of {self.studies} simulated studies;"
            f" of a right model some {RARE * len(self.rows):.1f} are, or fewer, since it was fitted to these."
        )


def checked(fit: Fit, studies: int, seed: int) -> Check:
    """What stands in ``Fit.check``."""
    likelihood = fit.likelihood
    if not isinstance(fit.data, Counts) or not isinstance(likelihood, Likelihood):
        raise InputError("fit", fit.data.told, "a fit of counts; of times and findings plot.data(fit) shows both")
    if not is_whole(studies) or not 40 <= studies <= 100_000:
        raise InputError("studies", studies, "a whole number from 40 to 100000")
    rng = np.random.default_rng(seed)
    sds = np.array(list(fit.spreads.values()))
    simulated = np.array([_logs(drawn(likelihood, fit.best.theta, sds, rng)) for _ in range(studies)])
    seen = _logs(fit.data)
    groups: dict[tuple[str, str, float], list[int]] = {}
    for i, row in enumerate(fit.data.rows):
        groups.setdefault((row.arm, row.observable, row.hours), []).append(i)
    return Check(tuple(_row(key, rows, seen, simulated) for key, rows in groups.items()), int(studies))


def _row(key: tuple[str, str, float], rows: Sequence[int], seen: Floats, simulated: Floats) -> CheckRow:
    some = simulated[:, list(rows)]
    means, mean = some.mean(axis=1), float(seen[list(rows)].mean())
    spread, low, high = math.nan, math.nan, math.nan
    if len(rows) > 1:
        spread = float(seen[list(rows)].std(ddof=1))
        low, high = np.quantile(some.std(axis=1, ddof=1), [0.025, 0.975]).tolist()
    # The data are one of the studies, so that a chance is never 0.
    below, above = (1 + int((means <= mean).sum())), (1 + int((means >= mean).sum()))
    chance = min(1.0, 2.0 * min(below, above) / (len(means) + 1))
    ends = np.quantile(means, [0.025, 0.975]).tolist()
    counted, least, most = (max(0.0, math.exp(x) - 0.5) for x in (mean, *ends))
    return CheckRow(*key, len(rows), counted, least, most, spread, low, high, chance)


def _logs(data: Counts) -> Floats:
    """Logarithms of counts and a half; what is below a limit counts as half of it."""
    count, limit = data.of("count"), data.of("limit")
    return np.log(np.where(limit > 0, np.maximum(limit / 2.0, 0.5), count + 0.5))
