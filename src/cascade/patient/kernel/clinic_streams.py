"""Draws of eyes, symptoms and care: kinds of addresses of their own."""

from __future__ import annotations

import numpy as np

from cascade.kernel.jit import leaf
from cascade.kernel.streams import HALF_BITS, LOW_HALF, WORD, WORD_BITS, philox, uniform_48
from cascade.patient.kernel.jit import step
from cascade.patient.kernel.streams import KIND_CLOCK_OF_LESION, KIND_FOUNDER, identity_of

KIND_EYE = np.uint64(14 << 24)
KIND_SYMPTOM = np.uint64(15 << 24)
KIND_KILL = np.uint64(16 << 24)
KIND_SCREEN = np.uint64(17 << 24)
KIND_LOOK = np.uint64(18 << 24)
KIND_CARE = np.uint64(19 << 24)

STRIP_CLOCK, STRIP_FOUNDER = 32, 64
"""Kinds of the clocks of strip 0, where they differ, and of the identities of its founders: strip m has m more."""

BED = 256
"""Numbers from here on are of the tumour that comes back where the primary was."""

_EYE_BITS = np.uint64(16)


@leaf
def two(identity, number, kind, k0, k1):
    """The two uniforms of 48 bits of a block."""
    w0, w1, w2, _ = philox(identity & WORD, identity >> WORD_BITS, number, kind, k0, k1)
    return uniform_48(w0, w1 & LOW_HALF), uniform_48(w2, w1 >> HALF_BITS)


@leaf
def ring_words(lesion, clock, strip, k, k0, k1):
    """Of ring k of a clock of a strip: the wait before it, and the latent uniform of its founder."""
    kind = KIND_CLOCK_OF_LESION if strip == 0 else np.uint64((STRIP_CLOCK + strip) << 24)
    return two(lesion, k, kind | clock, k0, k1)


@step
def founder_in(parent, clock, strip, k, k0, k1):
    """Identity of founder k of a clock of a strip."""
    kind = KIND_FOUNDER if strip == 0 else np.uint64((STRIP_FOUNDER + strip) << 24)
    w0, w1, _, _ = philox(parent & WORD, parent >> WORD_BITS, k, kind | clock, k0, k1)
    return identity_of(w0, w1)


@step
def eye_word(lesion, eye, k0, k1):
    """The threshold of a lesion for an eye; ``eye`` beyond ``BED``: of the tumour that came back."""
    return two(lesion, np.uint64(eye), KIND_EYE, k0, k1)[0]


@step
def symptom_words(lesion, number, k0, k1):
    """How long a lesion waits for symptoms, and its node within a station."""
    return two(lesion, np.uint64(number), KIND_SYMPTOM, k0, k1)


@step
def kill_words(lesion, treatment, k0, k1):
    """For how many cells survive a treatment, and whether any is killed."""
    return two(lesion, np.uint64(treatment), KIND_KILL, k0, k1)


@step
def screen_words(primary, screening, k0, k1):
    """When a patient comes first, within the interval, and whether at all."""
    return two(primary, np.uint64(screening), KIND_SCREEN, k0, k1)


@step
def look_word(primary, eye, place, k0, k1):
    """Whether an eye looks at a place of a patient."""
    return two(primary, (np.uint64(eye) << _EYE_BITS) | place, KIND_LOOK, k0, k1)[0]


@step
def care_word(primary, number, k0, k1):
    """Whether cells are left by surgery (0), or a treatment is given (1 and its number)."""
    return two(primary, np.uint64(number), KIND_CARE, k0, k1)[0]
