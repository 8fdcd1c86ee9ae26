"""What is there at diagnosis, and when lesions are seen after it: a row of the register."""

from __future__ import annotations

import numpy as np

from cascade.kernel.numerics import minus_log
from cascade.patient.kernel import clinic_inputs as at
from cascade.patient.kernel.clinic_inputs import OPERATION, RESIDUE
from cascade.patient.kernel.clinic_streams import BED, symptom_words
from cascade.patient.kernel.jit import once, step
from cascade.patient.kernel.pieces import day_of_sign, day_reached, own_on
from cascade.patient.kernel.sights import looks_at, seen_at, seen_from


@step
def first_visit(care, z, base, from_day, pieces, i, own, until):
    """The first visit of a kind, from a day on, at which an eye sees a lesion."""
    every = care.every[z]
    k = max(np.ceil((from_day - base) / every), 1.0)
    while k <= care.visits[z]:
        day = base + k * every
        if day > until:
            break
        if day >= from_day and own_on(pieces, i, day) >= own:
            return day
        k += 1.0
    return np.inf


@once
def follow(curve, eyes, care, lesions, pieces, i, place, number, known, base, signs, until, k0, k1):
    """Days on which a lesion is seen at a visit, and on which it could have been; ``signs``: symptoms of its site."""
    seen, truly = np.inf, np.inf
    primary, regular = lesions.identity[0], False
    for z in range(care.every.size):
        for e in range(eyes.half.shape[0]):
            if not care.looks[z, e]:
                continue
            regular = True
            if not looks_at(eyes, e, place, primary, k0, k1):
                continue
            own = seen_from(curve, eyes, e, place, lesions.identity[i], number + e, k0, k1)
            since = max(known, max(pieces.old[i], signs if eyes.symptoms[e, place] else 0.0))
            from_day = day_reached(pieces, i, own, since)
            truly = min(truly, from_day)
            if from_day < until:
                seen = min(seen, first_visit(care, z, base, from_day, pieces, i, own, until))
    for e in range(eyes.half.shape[0] if not regular else 0):
        if care.staging[e] and not eyes.symptoms[e, place] and looks_at(eyes, e, place, primary, k0, k1):
            own = seen_from(curve, eyes, e, place, lesions.identity[i], number + e, k0, k1)
            truly = min(truly, day_reached(pieces, i, own, max(known, pieces.old[i])))
    return seen, truly


@once
def open_body(curve, eyes, autopsy, lesions, pieces, number, death, left, opened, k0, k1):
    """Lesions that are there at death, by site, and those that the autopsy sees."""
    left[:], opened[:] = 0, 0
    for i in range(1, number):
        if pieces.number[i] == 0 or lesions.founded[i] >= death or pieces.gone[i] <= death:
            continue
        site = lesions.site[i]
        left[site] += 1
        if autopsy < 0 or pieces.old[i] > death or not looks_at(eyes, autopsy, site + 1, lesions.identity[0], k0, k1):
            continue
        if own_on(pieces, i, death) >= seen_from(curve, eyes, autopsy, site + 1, lesions.identity[i], autopsy, k0, k1):
            opened[site] += 1


@once
def restage(curve, clinic, lesions, pieces, number, day, seen, k0, k1):
    """What the eyes of restaging see of the lesions on the day on which a metastasis is first known of."""
    for i in range(1, number):
        if pieces.number[i] == 0 or lesions.founded[i] >= day or seen[lesions.site[i]] <= day:
            continue
        # Where an eye looks with symptoms alone, the symptoms have shown the site by then.
        if seen_at(curve, clinic.eyes, clinic.care.restaging, lesions, pieces, i, day, np.int64(-1), k0, k1):
            seen[lesions.site[i]] = day


@step
def bed_seen(curve, eyes, looking, lesions, pieces, day, k0, k1):
    """Whether eyes see on a day the tumour that came back where the primary was."""
    for e in range(eyes.half.shape[0]):
        looks = looking[e] and looks_at(eyes, e, 0, lesions.identity[0], k0, k1)
        if looks and own_on(pieces, 0, day) >= seen_from(curve, eyes, e, 0, lesions.identity[0], BED + e, k0, k1):
            return True
    return False


@once
def register(rules, clinic, lesions, pieces, number, known, surfaced, timeline, until, row, there, seen, k0, k1):
    """What of the lesions is there at diagnosis, and when they are seen."""
    curve, eyes, care, operated = rules.curve, clinic.eyes, clinic.care, timeline.state[OPERATION]
    base = operated if operated < np.inf else known
    row[at.DISTANT], row[at.TRULY], row[at.LOCAL] = np.inf, np.inf, np.inf
    row[at.SEEDED], row[at.EARLY], there[:], seen[:] = 0.0, 0.0, 0, np.inf
    for i in range(1, number):
        site = lesions.site[i]
        if pieces.number[i] == 0 or lesions.founded[i] >= until:
            continue
        signs = pieces.symptoms[i]
        for h in range(1, number if clinic.waits else 1):
            if lesions.site[h] == site:
                signs = min(signs, pieces.symptoms[h])
        by_visit, truly = follow(curve, eyes, care, lesions, pieces, i, site + 1, 0, known, base, signs, until, k0, k1)
        day = min(by_visit, pieces.symptoms[i])
        if lesions.founded[i] <= known:
            there[site] += 1
            if clinic.distant[site]:
                row[at.SEEDED] += 1.0
                row[at.EARLY] += 1.0 if lesions.shed[i] < row[at.VISIBLE] else 0.0
            seen_then = seen_at(curve, eyes, care.staging, lesions, pieces, i, known, surfaced, k0, k1)
            if day <= known or seen_then:
                day, truly = known, known
        truly = min(truly, max(pieces.symptoms[i], known))
        if day <= until:
            seen[site] = min(seen[site], day)
            if clinic.distant[site]:
                row[at.DISTANT] = min(row[at.DISTANT], day)
        if truly <= until and clinic.distant[site]:
            row[at.TRULY] = min(row[at.TRULY], truly)
    first = row[at.DISTANT] if row[at.STAGED] == 0.0 else np.inf
    if first < np.inf:
        restage(curve, clinic, lesions, pieces, number, first, seen, k0, k1)
    if operated < np.inf and timeline.state[RESIDUE] > 0.0:
        wait, _ = symptom_words(lesions.identity[0], BED, k0, k1)
        again = day_of_sign(clinic.signs, pieces, 0, 0, minus_log(wait), operated)
        by_visit, _ = follow(curve, eyes, care, lesions, pieces, 0, 0, BED, operated, base, np.inf, until, k0, k1)
        day = min(again, by_visit)
        if operated < first < day and bed_seen(curve, eyes, care.restaging, lesions, pieces, first, k0, k1):
            day = first
        row[at.LOCAL] = day if day <= until else np.inf
