"""Eyes: what they look at, and from which size on they see a lesion."""

from __future__ import annotations

import numpy as np

from cascade.kernel.numerics import log
from cascade.patient.kernel.clinic_streams import eye_word, look_word
from cascade.patient.kernel.growth import own_time
from cascade.patient.kernel.jit import entry, step
from cascade.patient.kernel.pieces import own_on


@step
def seen_from(curve, eyes, e, place, identity, number, k0, k1):
    """Own time from which an eye sees a lesion; infinity: never."""
    most = eyes.most[e, place]
    uniform = eye_word(identity, number, k0, k1)
    if uniform >= most:
        return np.inf
    logs = eyes.half[e, place] + eyes.width[e, place] * log(uniform / (most - uniform))
    return own_time(curve, max(logs, 0.0))


@step
def looks_at(eyes, e, place, primary, k0, k1):
    """Whether an eye looks at a place of a patient at all."""
    if eyes.most[e, place] == 0.0:
        return False
    return eyes.looked[e, place] >= 1.0 or look_word(primary, e, eyes.place[place], k0, k1) < eyes.looked[e, place]


@step
def seen_at(curve, eyes, staging, lesions, pieces, i, day, surfaced, k0, k1):
    """Whether the eyes of staging see a lesion on a day; ``surfaced``: the site whose symptoms led to diagnosis."""
    site = lesions.site[i]
    if pieces.old[i] > day:
        return False
    own = own_on(pieces, i, day)
    for e in range(eyes.half.shape[0]):
        if not staging[e] or (eyes.symptoms[e, site + 1] and surfaced != site):
            continue
        looks = looks_at(eyes, e, site + 1, lesions.identity[0], k0, k1)
        if looks and own >= seen_from(curve, eyes, e, site + 1, lesions.identity[i], e, k0, k1):
            return True
    return False


@step
def is_staged(curve, clinic, lesions, pieces, number, day, surfaced, k0, k1):
    """Whether a metastasis is seen at diagnosis."""
    eyes, staging = clinic.eyes, clinic.care.staging
    for i in range(1, number):
        if not clinic.distant[lesions.site[i]] or lesions.founded[i] > day:
            continue
        if pieces.symptoms[i] <= day or seen_at(curve, eyes, staging, lesions, pieces, i, day, surfaced, k0, k1):
            return True
    return False


@entry
def thresholds(curve, eyes, identities, places, bed, key, own, looks):
    """Own times from which eyes see the lesions of a patient, (E, n), and whether they look at places, (E, P).

    The primary is the first; ``bed``: of the tumour that came back in its place.
    """
    for e in range(own.shape[0]):
        for p in range(looks.shape[1]):
            looks[e, p] = looks_at(eyes, e, p, identities[0], key[0], key[1])
        for i in range(own.shape[1]):
            number = e + (bed if i == 0 else 0)
            own[e, i] = seen_from(curve, eyes, e, places[i], identities[i], number, key[0], key[1])
