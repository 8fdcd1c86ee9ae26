"""Draws of patients and lesions: kinds of addresses that no cell uses.

The counter of Philox is (identity, number, kind and clock); see ``cascade.kernel.streams``.  Identities are
2^62 and more, numbers of cells below it.
"""

from __future__ import annotations

import numpy as np

from cascade.kernel.jit import leaf
from cascade.kernel.streams import HALF_BITS, LOW_HALF, WORD, WORD_BITS, philox, uniform_48

KIND_PATIENT = np.uint64(8 << 24)
KIND_CLOCK_OF_LESION = np.uint64(9 << 24)
KIND_FOUNDER = np.uint64(10 << 24)
KIND_LESION = np.uint64(11 << 24)
KIND_FATE = np.uint64(12 << 24)
KIND_LABORATORY = np.uint64(13 << 24)
KIND_GROWTH = np.uint64(20 << 24)

NO_VISIT = np.uint64(0xFFFFFFFF)
"""Number under which a patient's own level of a marker is drawn, beside those of visits."""

EARLIER = np.uint64(0xFFFFFFFF)
"""Number under which a founder has another identity: as the cell that it was before it was shed."""

ROUTE_BITS = 16
"""An address of a clock is the route above so many bits, and the site."""

_ZERO = np.uint64(0)
_TOP = np.uint64(0x3FFFFFFF)
LEAST_IDENTITY = np.uint64(1 << 62)


@leaf
def identity_of(w0, w1):
    """2^62 and 62 bits more."""
    return LEAST_IDENTITY + (w0 | ((w1 & _TOP) << WORD_BITS))


@leaf
def primary_of(patient, k0, k1):
    """Identity of the primary of a patient."""
    w0, w1, _, _ = philox(patient & WORD, patient >> WORD_BITS, _ZERO, KIND_PATIENT, k0, k1)
    return identity_of(w0, w1)


@leaf
def founder_of(parent, clock, k, k0, k1):
    """Identity of founder number ``k`` of a clock of a lesion."""
    w0, w1, _, _ = philox(parent & WORD, parent >> WORD_BITS, k, KIND_FOUNDER | clock, k0, k1)
    return identity_of(w0, w1)


@leaf
def clock_word(lesion, clock, k, k0, k1):
    """A uniform for the wait of a clock before founder ``k``; the block has a second one, which nobody uses yet."""
    w0, w1, _, _ = philox(lesion & WORD, lesion >> WORD_BITS, k, KIND_CLOCK_OF_LESION | clock, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF)


@leaf
def lesion_words(lesion, k0, k1):
    """Of a lesion: uniforms for its early size and the length of its sleep (48 bits), and for whether it sleeps."""
    w0, w1, w2, w3 = philox(lesion & WORD, lesion >> WORD_BITS, _ZERO, KIND_LESION, k0, k1)
    early, sleep = uniform_48(w0, w1 & LOW_HALF), uniform_48(w2, w1 >> HALF_BITS)
    return early, sleep, (float(np.int64(w3)) + 0.5) * 2.0**-32


@leaf
def growth_word(lesion, k0, k1):
    """A uniform for how fast a lesion grows beside others of its organ."""
    w0, w1, _, _ = philox(lesion & WORD, lesion >> WORD_BITS, _ZERO, KIND_GROWTH, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF)


@leaf
def fate_words(primary, k0, k1):
    """Of a patient: uniforms for the age and for death of other causes (48 bits), and for the subtype."""
    w0, w1, w2, w3 = philox(primary & WORD, primary >> WORD_BITS, _ZERO, KIND_FATE, k0, k1)
    age, other = uniform_48(w0, w1 & LOW_HALF), uniform_48(w2, w1 >> HALF_BITS)
    return age, other, (float(np.int64(w3)) + 0.5) * 2.0**-32


@leaf
def laboratory_words(primary, visit, test, k0, k1):
    """Two uniforms of 48 bits for a blood test of a patient: what is of the tumour, and what is not."""
    w0, w1, w2, _ = philox(primary & WORD, primary >> WORD_BITS, visit, KIND_LABORATORY | test, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF), uniform_48(w2, w1 >> HALF_BITS)
