"""Funnels of animals: the share of cells that came through each step in the median animal, with its interval.

The number of cells of an animal that passed a step is Poisson given the animal, and its logarithm varies normally
between animals, as for every count (``likelihood``); what is fitted is the share of the median animal.  The interval is
the profile of the restricted likelihood with Student's cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from cascade.answers.funnel import Funnel, row_of
from cascade.answers.intervals import Interval, proportion
from cascade.common.errors import Fault, InputError, all_nearest
from cascade.common.frozen import FrozenDict
from cascade.common.types import Floats
from cascade.inference.counted import Count, Counts
from cascade.inference.free import Free
from cascade.inference.headed import NAMES, Headed
from cascade.inference.likelihood import Likelihood
from cascade.inference.likely import Expected
from cascade.inference.maximum import FIRST_SPREAD, highest, restricted
from cascade.inference.profiles import Cut, degrees_of_freedom, profile
from cascade.inference.tables import Column, Columns

KNOWN: Mapping[str, tuple[str, ...]] = {"animal": NAMES["animal"], "arm": NAMES["arm"]}
LEVEL = 0.95


class _Share(Likelihood):
    """Of one share in all animals: the logarithm of what a first guess is multiplied by."""

    def __init__(self, data: Counts, guess: float) -> None:
        self.models, self.data, self.free = {}, data, (Free("share", "", guess),)
        self.begin, self.counts, self.below = data.begin, data.of("count"), data.of("limit")
        self._exposure = np.log(data.of("cells"))
        self.kind, self.shared = np.zeros(len(data), np.int64), False
        self.spreads, self.sizes = ("each count",), np.array([float(len(data))])

    def expected(self, theta: Floats, *, slopes: bool = True) -> Expected:
        """Logarithms of expected counts."""
        del slopes
        log = self._exposure + math.log(self.free[0].start) + theta[0]
        return Expected(log, np.ones((len(log), 1)), theta)


def median_share(counts: Sequence[int], cells: Sequence[int], level: float = LEVEL) -> tuple[float, Interval]:
    """The share of cells that is counted in the median animal, and its interval.

    Parameters
    ----------
    counts, cells : sequence of int
        Of each animal: what was counted, of how many.
    level : float

    Examples
    --------
    >>> share, interval = median_share([120, 96, 150, 88], [1000, 1000, 1000, 1000])
    >>> round(share, 3), [round(end, 3) for end in interval]
    (0.111, [0.075, 0.163])
    """
    total, of = sum(counts), sum(cells)
    if len(counts) < 2 or total == 0:
        return total / of, proportion(total, of, level)
    rows = tuple(Count(f"{k}", "all", "passed", 0.0, n, float(m), 1.0, 0.0)
                 for k, (n, m) in enumerate(zip(counts, cells, strict=True)))  # fmt: skip
    likelihood = _Share(Counts(rows, FrozenDict({})), total / of)
    best, reference = restricted(likelihood, highest(likelihood, np.zeros(1), np.array([FIRST_SPREAD])))
    information, _ = likelihood.information(reference, best.spreads)
    error = float(information[0, 0]) ** -0.5
    degrees = min(float(degrees_of_freedom(likelihood, best, reference)[0]), len(counts) - 1.0)
    found = profile(likelihood, best, reference, 0, degrees, error, Cut.of(degrees, level))
    guess = likelihood.free[0].start
    share, low, high = (min(1.0, guess * math.exp(x)) for x in (float(best.theta[0]), found.low, found.high))
    return share, Interval(low, high)


def read_funnels(
    table: object, steps: Sequence[str], columns: Mapping[str, str] | None, sheet: str | int | None
) -> FrozenDict[str, Funnel]:
    """What stands in ``Data.funnels``."""
    if not isinstance(steps, Sequence) or isinstance(steps, str) or len(steps) < 2:
        raise InputError("steps", steps, "at least two headings: what was started with, and what was left at each step")
    source = Columns(table, sheet)
    headed = Headed(source, KNOWN, columns, None)
    (animal,) = headed.needed({"animal": "cells of one are one unit"}, times=False)
    headings = {str(step): source.find("steps", None, (str(step),)) for step in steps}
    missing = [step for step, column in headings.items() if column is None]
    if missing:
        wanted = f"headings of the table; {all_nearest(missing, source.headings)}"
        raise InputError("steps", missing if missing[1:] else missing[0], wanted)
    found = [column for step in steps if (column := headings[str(step)]) is not None]
    source.reading(found)
    arms: dict[str, dict[str, list[int]]] = {}
    for row in range(len(source.rows)):
        name, arm = headed.text(row, animal, "the name of the animal"), headed.arm(row)
        numbers = _numbers(source, row, found)
        if name and name in arms.setdefault(arm, {}):
            source.faults.append(Fault(f"animal {name!r} of {arm!r}", "two rows", "one row for each animal"))
        arms.setdefault(arm, {})[name] = numbers
    source.check()
    return FrozenDict(
        {arm: _funnel(arm, [str(step) for step in steps], list(rows.values())) for arm, rows in arms.items()}
    )


def _numbers(source: Columns, row: int, columns: Sequence[Column]) -> list[int]:
    """The numbers of one animal; faults are noted where they are no funnel."""
    numbers: list[int] = []
    for k, column in enumerate(columns):
        wanted = "a whole number >= 0" if k else "a whole number >= 1 of cells to start with"
        value = source.number(row, column, wanted)
        if value is None:
            continue
        if value != int(value) or value < (0 if k else 1):
            source.fault(row, column, wanted)
        elif numbers and value > numbers[-1]:
            source.fault(row, column, f"at most the number of the step before it ({numbers[-1]:,})")
        else:
            numbers.append(int(value))
    return numbers


def _funnel(arm: str, steps: Sequence[str], animals: Sequence[Sequence[int]]) -> Funnel:
    """The funnel of the median animal of an arm, of as many cells as the median one was given."""
    given = [numbers[0] for numbers in animals]
    cells = int(np.median(given))
    shares, intervals = [1.0], [Interval(1.0, 1.0)]
    for k in range(1, len(steps)):
        share, interval = median_share([numbers[k] for numbers in animals], given)
        shares.append(min(share, shares[-1]))
        intervals.append(interval)
    passed = [round(cells * share) for share in shares]
    rows = tuple(
        row_of(step, before, after, cells, {"lost": before - after}, 0, interval=interval)
        for step, before, after, interval in zip(steps[1:], passed, passed[1:], intervals[1:], strict=False)
    )
    many = f"{len(animals)} animals"
    note = f"The median of {many}; intervals are by what differs between them." if len(animals) > 1 else "One animal."
    return Funnel(rows, cells, f"{arm}, {many}" if len(animals) > 1 else arm, note=note)
