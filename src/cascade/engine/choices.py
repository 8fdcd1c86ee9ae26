"""How exits are chosen: summed hazards of groups, cumulative shares, and the guide table for the search."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cascade.kernel.inputs import Flags, Floats, Ints, Words
from cascade.lowering.lowered import Lowered


def cumulative(shares: Sequence[float] | Floats) -> Floats:
    """Running sums in a fixed order."""
    total, sums = 0.0, []
    for share in shares:
        total += float(share)
        sums.append(total)
    return np.array(sums)


def rates_and_bounds(lowered: Lowered, hazard: Floats) -> tuple[Floats, Floats]:
    """Summed hazards (W, 2 S), and cumulative shares within each group (W, E)."""
    starts = lowered.exit_start
    rate = np.zeros((len(hazard), len(starts) - 1))
    bound = np.full(hazard.shape, 2.0)
    for w in range(len(hazard)):
        for g, (begin, end) in enumerate(pairwise(starts)):
            sums = cumulative(hazard[w, begin:end])
            if len(sums) and sums[-1] > 0:
                rate[w, g] = sums[-1]
                bound[w, begin : end - 1] = sums[:-1] / sums[-1]
    return rate, bound


def parts_of(lowered: Lowered, hazard: Floats) -> Floats:
    """Summed hazards by profile, (W, 2 S, P): the rate of a group is their sum, each times its multiplier."""
    starts = lowered.exit_start
    group = np.searchsorted(starts, np.arange(starts[-1]), side="right") - 1
    parts = np.zeros((len(hazard), len(starts) - 1, len(lowered.profiles)))
    for w, hazards in enumerate(hazard):
        # In the order of the exits, one after the other: as in ``cumulative``.
        np.add.at(parts[w], (group, lowered.exit_profile[: starts[-1]]), hazards[: starts[-1]])
    return parts


def frail_groups(lowered: Lowered) -> Flags:
    """Groups of exits with a hazard that frailties multiply, (2 S,)."""
    groups = np.zeros(2 * lowered.size, bool)
    multiplied = np.flatnonzero(lowered.exit_profile > 0)
    groups[2 * lowered.exit_source[multiplied] + (lowered.exit_target[multiplied] < 0)] = True
    return groups


def guide_table(lowered: Lowered, bound: Floats) -> tuple[Words, int]:
    """For equal parts of the unit interval the first exit in question, and the comparisons left.

    References
    ----------
    Chen HC, Asau Y. AIIE Trans 1974;6:163-166 (the guide table).
    """
    starts = lowered.exit_start
    most = int(np.diff(starts).max(initial=1))
    for cuts in (1, 2, 4, 8, 16, 32, 64):
        guide, steps = _guide_of(starts, bound[0], cuts)
        # One comparison more costs less than a table that leaves the fastest cache.
        if steps <= 1 or (steps <= 2 and most > 4):
            break
    whole = np.repeat(guide[None], len(bound), axis=0)
    for w in range(1, len(bound)):
        whole[w], more = _guide_of(starts, bound[w], cuts, like=(guide, bound[0]))
        steps = max(steps, more)
    return whole, steps


def _guide_of(starts: Ints, bound: Floats, cuts: int, like: tuple[Words, Floats] | None = None) -> tuple[Words, int]:
    """Guide table of one window; groups that are as in the window ``like`` are copied from it."""
    parts = np.arange(cuts + 1) / cuts
    guide = np.zeros((len(starts) - 1, cuts), np.uint32) if like is None else like[0].copy()
    steps = 0
    for g, (begin, end) in enumerate(pairwise(starts)):
        cumulative_shares = bound[begin : max(begin, end - 1)]
        if like is not None and np.array_equal(cumulative_shares, like[1][begin : max(begin, end - 1)]):
            continue
        passed = np.searchsorted(cumulative_shares, parts, side="right")
        guide[g] = begin + passed[:-1]
        steps = max(steps, int(np.diff(passed).max()))
    return guide, steps
