"""How many modes a hazard by year has: peaks that are told from the valleys between them, and not from noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cascade.common.errors import InputError, is_number
from cascade.common.types import Floats, Ints

LONGEST = 3
"""Years in a row that are taken together at most: broad peaks of small cohorts are told by them."""


class Peak(NamedTuple):
    """A mode of a hazard.

    Attributes
    ----------
    first, last : int
        Years in a row, from 0 on, whose hazard is told from that of the valleys beside it.
    """

    first: int
    last: int


def modes(events: Ints, person_years: Floats, false_alarms: float = 0.05) -> tuple[Peak, ...]:
    """The modes of a hazard by year, in their order.

    The rule: the longest row peak, valley, peak, ..., peak of one to three years each, in the order of time and without
    overlap, in which each peak differs from the valleys beside it by an exact test (given the events of both, binomial
    with the shares of their person-years).  All pairs of such years that could be compared share the false alarms, each
    as many (Bonferroni).

    Parameters
    ----------
    events : (years,) int
    person_years : (years,) float
        Years without any are left out.
    false_alarms : float
        At most the probability of finding more modes than the hazard has, in (0, 1).

    Returns
    -------
    tuple of Peak
        None where there is no event at all; one where no valley is told: the years of the highest hazard.

    Raises
    ------
    InputError
        For another probability, or for numbers that do not belong together.

    Notes
    -----
    If a hazard has k modes, no row of disjoint years can have k + 1 peaks above the valleys between them, in means over
    these years.  So to find more modes than there are, one of the comparisons that are found must be wrong, and that
    any of all is wrong has the probability ``false_alarms`` at most.  Modes that are there may be missed where events
    are few; visits make true modes of a hazard as it is seen, but not of the hazard itself.

    Examples
    --------
    >>> years = np.full(6, 1000.0)
    >>> len(modes(np.array([90, 30, 80, 60, 40, 20]), years)), len(modes(np.array([9, 3, 8, 6, 4, 2]), years))
    (2, 1)
    """
    events, time = np.asarray(events), np.asarray(person_years, np.float64)
    if events.ndim != 1 or events.shape != time.shape:
        raise InputError("events", events.shape, f"one number for each of {len(np.atleast_1d(time))} years")
    if not is_number(false_alarms) or not 0.0 < false_alarms < 1.0:
        raise InputError("false_alarms", false_alarms, "a probability in (0, 1)")
    if (events < 0).any() or (events[time <= 0] > 0).any():
        raise InputError("events", events.tolist(), "numbers from 0 on, in years with person-years")
    kept = np.flatnonzero(time > 0)
    if not events.sum():
        return ()
    found = _longest(_Blocks(events[kept].astype(np.int64), time[kept]), false_alarms)
    return tuple(Peak(int(kept[a]), int(kept[b - 1])) for a, b in found)


class _Blocks:
    """Rows of one to ``LONGEST`` years: where they begin and end (half open), events and person-years."""

    def __init__(self, events: Ints, time: Floats) -> None:
        years = len(events)
        spans = [(a, a + n) for a in range(years) for n in range(1, LONGEST + 1) if a + n <= years]
        self.spans = sorted(spans, key=lambda span: span[1])
        self.events = np.array([int(events[a:b].sum()) for a, b in self.spans], np.int64)
        self.time = np.array([float(time[a:b].sum()) for a, b in self.spans])
        self.rate = self.events / self.time

    def differ(self, level: float) -> tuple[Ints, Ints]:
        """Pairs (i before j) that an exact test tells apart: 1 where i is higher, and 1 where j is; (blocks, blocks).

        Of each pair either direction has the false alarms of ``level`` over twice the number of pairs.
        """
        from scipy.special import betainc

        begin, end = (np.array(side) for side in zip(*self.spans, strict=True))
        before = end[:, None] <= begin[None, :]
        each = level / max(2 * int(before.sum()), 1)
        of_i = np.broadcast_to(self.events[:, None], before.shape).astype(np.float64)
        of_j = np.broadcast_to(self.events[None, :], before.shape).astype(np.float64)
        share = self.time[:, None] / (self.time[:, None] + self.time[None, :])
        # P(at least so many of all events in i) where both hazards are the same; of none it is 1.
        many_i = np.where(of_i > 0, betainc(np.maximum(of_i, 1.0), of_j + 1.0, share), 1.0)
        many_j = np.where(of_j > 0, betainc(np.maximum(of_j, 1.0), of_i + 1.0, 1.0 - share), 1.0)
        return (before & (many_i <= each)).astype(np.int64), (before & (many_j <= each)).astype(np.int64)


def _longest(blocks: _Blocks, level: float) -> list[tuple[int, int]]:
    """The peaks of the longest row of peaks and valleys; of several such rows the one with the highest peaks."""
    falls, rises = blocks.differ(level)
    number = len(blocks.spans)
    # The best row that ends with a block as a peak, or as a valley: its peaks, their rates together, the one before.
    peak: list[tuple[int, float, int]] = []
    valley: list[tuple[int, float, int]] = []
    for j in range(number):
        rate, lower, higher = float(blocks.rate[j]), np.flatnonzero(rises[:j, j]), np.flatnonzero(falls[:j, j])
        up = [(valley[i][0] + 1, valley[i][1] + rate, i) for i in map(int, lower) if valley[i][0]]
        down = [(peak[i][0], peak[i][1], i) for i in map(int, higher)]
        peak.append(max([(1, rate, -1), *up]))
        valley.append(max([(0, 0.0, -1), *down]))
    at, found = max(range(number), key=lambda j: peak[j][:2]), []
    while at >= 0:
        found.append(blocks.spans[at])
        before = peak[at][2]
        at = valley[before][2] if before >= 0 else -1
    return found[::-1]
