"""Philox random streams keyed by (seed, cell, visit, purpose): every draw has an address.

A draw is a pure function of its address, so a cell's life does not depend on which
thread ran it, in what order, or which other cells were run.  The counter is

===========  ====  =====================================================
word         bits  meaning
===========  ====  =====================================================
0, 1           64  number of the founder cell, low word first
2              32  number of the visit (for a frailty: of the attempt; for a clock: of its draw)
3              32  purpose: kind (8), member of a cluster (16), detail (8)
===========  ====  =====================================================

A fragment of a cluster bears the number of its lowest member; a cell alone, and a founder,
is member 0.  The detail is the number of the frailty or of the factor (255: breaking).

Choices among rare ways (``rare``) have 64 bits: of a visit the lower 32 are a block of a kind of its
own, of a clock and of the start they are words of the same block that nothing else uses.

References
----------
Salmon JK, Moraes MA, Dror RO, Shaw DE. Parallel random numbers: as easy as 1, 2, 3.
SC'11. doi:10.1145/2063384.2063405
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cascade.kernel.jit import leaf
from cascade.kernel.numerics import BITS_OF_ONE, double_of

WORD = np.uint64(0xFFFFFFFF)
WORD_BITS = np.uint64(32)

ROUNDS = 10
MULTIPLIER_0 = np.uint64(0xD2511F53)
MULTIPLIER_1 = np.uint64(0xCD9E8D57)
WEYL_0 = np.uint64(0x9E3779B9)
WEYL_1 = np.uint64(0xBB67AE85)

KIND_VISIT = np.uint64(0)
KIND_START = np.uint64(1 << 24)
KIND_FRAILTY = np.uint64(2 << 24)
KIND_CLOCK = np.uint64(3 << 24)
KIND_RARE = np.uint64(4 << 24)
KIND_POPULATION = np.uint64(7 << 24)
KIND_TAKEN = np.uint64(6 << 24)
KIND_TRAIT = np.uint64(5 << 24)
"""Frailties of the cells of a conditioned model; detail 255: whether a try is taken."""
MEMBER_BITS = np.uint64(8)
"""The member stands above so many bits of the purpose."""

LOW_HALF = np.uint64(0xFFFF)
HALF_BITS = np.uint64(16)
_TWO_TO_32 = 2.0**32
_SHIFT_TO_MANTISSA = np.int64(4)
_ONE_LESS_HALF_STEP = 1.0 - 2.0**-49


@leaf
def philox(c0, c1, c2, c3, k0, k1):
    """Philox4x32-10: four 32-bit words (held in 64) from counter and key."""
    for _ in range(ROUNDS):
        p0 = MULTIPLIER_0 * c0
        p1 = MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (p1 >> WORD_BITS) ^ c1 ^ k0, p1 & WORD, (p0 >> WORD_BITS) ^ c3 ^ k1, p0 & WORD
        k0 = (k0 + WEYL_0) & WORD
        k1 = (k1 + WEYL_1) & WORD
    return c0, c1, c2, c3


@leaf
def uniform_48(word, half):
    """Uniform on (0, 1) from 48 bits: (k + 1/2) / 2^48, exact, never 0 or 1."""
    # The bits are laid into the mantissa of a double in [1, 2): no conversion needed.
    k = np.int64(word | (half << WORD_BITS))
    return double_of(BITS_OF_ONE | (k << _SHIFT_TO_MANTISSA)) - _ONE_LESS_HALF_STEP


@leaf
def visit_words(cell, visit, purpose, k0, k1):
    """Draws of one visit: two uniforms of 48 bits (moves, deaths), one of 32 (choice)."""
    w0, w1, w2, w3 = philox(cell & WORD, cell >> WORD_BITS, visit, purpose, k0, k1)
    for_moves = uniform_48(w0, w1 & LOW_HALF)
    for_deaths = uniform_48(w2, w1 >> HALF_BITS)
    choice = (float(np.int64(w3)) + 0.5) * 2.0**-32
    return for_moves, for_deaths, choice


@leaf
def start_words(cell, k0, k1):
    """Draws at birth: a uniform for the start state and one for the time of entry."""
    w0, w1, w2, _ = philox(cell & WORD, cell >> WORD_BITS, np.uint64(0), KIND_START, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF), uniform_48(w2, w1 >> HALF_BITS)


@leaf
def rare_word(choice, cell, visit, purpose, k0, k1):
    """The choice of a visit in 64 bits: above its own word, below the first of a block of ``KIND_RARE``."""
    w0, _, _, _ = philox(cell & WORD, cell >> WORD_BITS, visit, purpose, k0, k1)
    return (np.uint64(choice * _TWO_TO_32) << WORD_BITS) | w0


@leaf
def rare_start_word(cell, k0, k1):
    """The choice of the start in 64 bits: those of ``start_words``, and half a word more below them."""
    w0, w1, _, w3 = philox(cell & WORD, cell >> WORD_BITS, np.uint64(0), KIND_START, k0, k1)
    return ((w0 | ((w1 & LOW_HALF) << WORD_BITS)) << HALF_BITS) | (w3 & LOW_HALF)


@leaf
def rare_clock_word(cell, draw, purpose, k0, k1):
    """The choice of a switch in 64 bits: that of ``clock_words``, and the word before it below."""
    _, _, w2, w3 = philox(cell & WORD, cell >> WORD_BITS, draw, purpose, k0, k1)
    return (w3 << WORD_BITS) | w2


@leaf
def frailty_words(cell, frailty, attempt, k0, k1):
    """Two uniforms for frailty number ``frailty`` of a cell, at one attempt."""
    purpose = KIND_FRAILTY | frailty
    w0, w1, w2, _ = philox(cell & WORD, cell >> WORD_BITS, attempt, purpose, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF), uniform_48(w2, w1 >> HALF_BITS)


@leaf
def take_word(cell, visit, k0, k1):
    """A uniform for whether the event of a visit is taken, where hazards depend on the time."""
    w0, w1, _, _ = philox(cell & WORD, cell >> WORD_BITS, visit, KIND_TAKEN, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF)


@leaf
def population_words(number, population, window, replicate, k0, k1):
    """Two uniforms of a population: draw ``number`` of its cells in a window; 16 bits of the replicate."""
    purpose = KIND_POPULATION | (replicate << MEMBER_BITS)
    w0, w1, w2, _ = philox(number & WORD, population, window, purpose, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF), uniform_48(w2, w1 >> HALF_BITS)


@leaf
def trait_words(cell, detail, attempt, k0, k1):
    """Two uniforms for a frailty of a cell of a conditioned model, or for whether a try is taken."""
    w0, w1, w2, _ = philox(cell & WORD, cell >> WORD_BITS, attempt, KIND_TRAIT | detail, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF), uniform_48(w2, w1 >> HALF_BITS)


@leaf
def clock_words(cell, draw, purpose, k0, k1):
    """One draw of a factor's clock: a uniform of 48 bits (exponential), one of 32.

    The second chooses the switch with which the clock begins anew.
    """
    w0, w1, _, w3 = philox(cell & WORD, cell >> WORD_BITS, draw, purpose, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF), (float(np.int64(w3)) + 0.5) * 2.0**-32


def key_of(seed: int) -> npt.NDArray[np.uint64]:
    """Philox key of a seed: two 32-bit words, shape (2,), from ``SeedSequence``.

    Parameters
    ----------
    seed : int
        Any integer >= 0; neighbouring seeds give unrelated keys.
    """
    return np.random.SeedSequence(seed).generate_state(2, np.uint32).astype(np.uint64)
