"""Rare ways: where a group of exits holds one, the choice among them has 64 bits instead of 32.

Every exit but the one with the largest hazard has a width of its own, in parts of 2^64: exact for
its share to the 53 bits of a double, to 2^-64 for the rarest.  Those before the largest are laid
off from below and those after it from above, and the largest has what is left.  So no rounding of
a large share moves the share of a rare one, and the order is that of ``visits.choose``: the upper
32 bits are the word of the plain choice, and hardly a cell chooses otherwise than by it alone.
"""

from __future__ import annotations

import numpy as np

from cascade.kernel.jit import step
from cascade.kernel.streams import KIND_RARE, MEMBER_BITS, rare_word

RARE = 1.0 / (1 << 20)
"""Below this share of its group a way is rare: 32 bits would be wrong by up to 2^-12 of the share."""

RARE_START = 1.0 / (1 << 36)
"""The same for the start, which has 48 bits anyway."""

_ONE = np.uint32(1)
_TWO = np.uint32(2)
WORDS = float(1 << 64)


@step
def rare_exit(hazard, profile, multiplier, i, at, begin, end, word):
    """The exit of ``begin`` to ``end`` in whose part of the 64-bit numbers ``word`` lies."""
    first, last = np.int64(begin), np.int64(end) - 1
    largest, most, total = first, -1.0, 0.0
    for e in range(first, last + 1):
        rate = hazard[at + np.uint32(e)] * multiplier[profile[e], i]
        total += rate
        if rate > most:
            largest, most = e, rate
    laid = np.uint64(0)
    for e in range(first, largest):
        laid += np.uint64(hazard[at + np.uint32(e)] * multiplier[profile[e], i] / total * WORDS)
        if word < laid:
            return np.uint32(e)
    laid = np.uint64(0)
    for e in range(last, largest, -1):
        laid += np.uint64(hazard[at + np.uint32(e)] * multiplier[profile[e], i] / total * WORDS)
        if ~word < laid:
            return np.uint32(e)
    return np.uint32(largest)


@step
def choose_rare(rows, key, tables, rare, block, units, scratch):
    """The choice once more, for rows whose winning group holds a rare way."""
    cell, visit, state, window = block.cell, block.visit, block.state, block.window
    choice, exits, listed = scratch.choice, scratch.exit, scratch.moved
    hazard, profile, exit_start, held = tables.hazard, tables.profile, tables.exit_start, rare.groups
    all_exits, groups, k0, k1 = np.uint32(tables.exits), np.uint32(exit_start.size - 1), key[0], key[1]
    number_listed = 0
    for i in range(rows):
        won = _TWO * state[i]
        won += np.uint32(exits[i] >= exit_start[won + _ONE])
        listed[number_listed] = np.uint32(i)
        number_listed += np.int64((exits[i] < all_exits) & held[window[i] * groups + won])
    for j in range(number_listed):
        i = listed[j]
        won = _TWO * state[i]
        won += np.uint32(exits[i] >= exit_start[won + _ONE])
        purpose = KIND_RARE
        if units is not None:
            purpose |= units.member[i] << MEMBER_BITS
        word = rare_word(choice[i], cell[i], np.uint64(visit[i]), purpose, k0, k1)
        begin, end = exit_start[won], exit_start[won + _ONE]
        exits[i] = rare_exit(hazard, profile, block.multiplier, i, window[i] * all_exits, begin, end, word)
