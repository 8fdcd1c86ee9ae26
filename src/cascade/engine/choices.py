"""How exits are chosen: summed hazards of groups, cumulative shares, the guide table for the search, rare ways."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from cascade.kernel.inputs import Flags, Floats, Ints, Longs, Words
from cascade.kernel.rare import RARE, RARE_START, WORDS
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


def rare_groups(starts: Ints, hazard: Floats, rate: Floats) -> Flags:
    """Groups that hold a rare way, in each window (W, groups): a share above 0 and below ``RARE``.

    Frailties are left out (Z = 1).  Where a cell's own make a way rare, most cells that take it are
    others: what 32 bits are wrong by in that cell is small beside the share among all.  ``rate``: summed
    hazards of the groups, (W, groups).
    """
    group = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    rare = np.zeros(rate.shape, bool)
    for w, hazards in enumerate(hazard[:, starts[0] : starts[-1]]):
        some = hazards > 0
        rare[w, group[some][hazards[some] / rate[w, group[some]] < RARE]] = True
    return rare


def start_thresholds(shares: Floats) -> Longs:
    """Cumulative shares of the start in parts of 2^64, (K - 1,); empty where no share is rare for 48 bits."""
    total = float(cumulative(shares)[-1])
    rare = any(0 < share / total < RARE_START for share in shares.tolist())
    return thresholds(shares) if rare else np.zeros(0, np.uint64)


def thresholds(shares: Sequence[float] | Floats) -> Longs:
    """Where the parts of the 64-bit numbers end, but for the last: (number of shares - 1,).

    The rule of ``kernel.rare``: the largest share has what the others leave.
    """
    given = [float(share) for share in shares]
    total = float(cumulative(given)[-1])
    largest, ends, laid, last = given.index(max(given)), [], 0, (1 << 64) - 1
    for share in given[:largest]:
        laid += int(share / total * WORDS)
        ends.append(laid)
    # From above: where only shares of 0 follow, their parts begin beyond the last number.
    laid, after = 0, []
    for share in given[:largest:-1]:
        laid += int(share / total * WORDS)
        after.append(min(last, last + 1 - laid))
    return np.array([*ends, *after[::-1]], np.uint64)


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
