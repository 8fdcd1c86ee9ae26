"""One patient after the other: known, staged, operated, treated, seen again; a row of the register for each."""

from __future__ import annotations

import numpy as np

from cascade.kernel.numerics import minus_log
from cascade.patient.kernel import clinic_inputs as at
from cascade.patient.kernel.cared import day_of_death, grow
from cascade.patient.kernel.clinic_inputs import NODES, OPERATION
from cascade.patient.kernel.clinic_streams import screen_words, symptom_words
from cascade.patient.kernel.course import DAYS_PER_YEAR, OF_BURDEN, draw_patient
from cascade.patient.kernel.growth import log_size
from cascade.patient.kernel.inputs import ROOM, UNFINISHED
from cascade.patient.kernel.jit import entry, once, step
from cascade.patient.kernel.pieces import build, day_of_sign, day_reached, own_on
from cascade.patient.kernel.plan import begin_care, given, plan, positive_nodes
from cascade.patient.kernel.register import open_body, register
from cascade.patient.kernel.sights import is_staged, looks_at, seen_from
from cascade.patient.kernel.streams import primary_of
from cascade.patient.kernel.tally import clear, first_after
from cascade.patient.kernel.tally_pieces import add_cared


@step
def first_screen(screens, c, primary, age, visible, k0, k1):
    """The day of the first visit of a screening at which the primary can be seen; infinity: none."""
    phase, comes = screen_words(primary, c, k0, k1)
    if comes >= screens.attends[c] or visible == np.inf:
        return np.inf
    first, every = screens.begin[c] + phase * screens.every[c], screens.every[c]
    k = max(np.ceil((age + visible / DAYS_PER_YEAR - first) / every), 0.0)
    day = (first + k * every - age) * DAYS_PER_YEAR
    if day < visible:
        k += 1.0
        day = (first + k * every - age) * DAYS_PER_YEAR
    return day if first + k * every <= screens.end[c] else np.inf


@step
def negative_screens(screens, primary, age, known, k0, k1):
    """Visits of all screenings before a day."""
    number = 0.0
    for c in range(screens.eye.size):
        phase, comes = screen_words(primary, c, k0, k1)
        visit = screens.begin[c] + phase * screens.every[c]
        k = 0.0
        while comes < screens.attends[c] and visit + k * screens.every[c] <= screens.end[c]:
            if (visit + k * screens.every[c] - age) * DAYS_PER_YEAR >= known:
                break
            number += 1.0
            k += 1.0
    return number


@once
def known_by_primary(rules, clinic, pieces, primary, age, row, k0, k1):
    """Day and mode of diagnosis by the primary alone; into the row, when it could first be seen."""
    wait, _ = symptom_words(primary, 0, k0, k1)
    day, mode = day_of_sign(clinic.signs, pieces, 0, 0, minus_log(wait), 0.0), at.SYMPTOMS
    visible = np.inf
    for e in range(clinic.eyes.half.shape[0]):
        if clinic.care.staging[e] and looks_at(clinic.eyes, e, 0, primary, k0, k1):
            own = seen_from(rules.curve, clinic.eyes, e, 0, primary, e, k0, k1)
            visible = min(visible, day_reached(pieces, 0, own, 0.0))
    for c in range(clinic.screens.eye.size):
        e = clinic.screens.eye[c]
        if not looks_at(clinic.eyes, e, 0, primary, k0, k1):
            continue
        from_day = day_reached(pieces, 0, seen_from(rules.curve, clinic.eyes, e, 0, primary, e, k0, k1), 0.0)
        visible = min(visible, from_day)
        visit = first_screen(clinic.screens, c, primary, age, from_day, k0, k1)
        if visit < day:
            day, mode = visit, at.SCREENED
    row[at.VISIBLE] = visible
    return day, mode


@step
def begin_primary(lesions, primary, pace):
    """The primary, number 0."""
    lesions.identity[0], lesions.parent[0], lesions.way[0], lesions.number[0], lesions.site[0] = primary, -1, -1, 0, -1
    lesions.shed[0], lesions.founded[0], lesions.pace[0], lesions.anchor[0] = 0.0, 0.0, pace, 0.0
    lesions.early[0], lesions.asleep[0], lesions.slept[0] = 1.0, np.inf, 0.0


@step
def surfaces(pieces, number, before):
    """The first lesion with symptoms before a day; 0: none."""
    first, day = 0, before
    for i in range(1, number):
        if pieces.symptoms[i] < day:
            first, day = i, pieces.symptoms[i]
    return first


@once
def treat(rules, clinic, timeline, lesions, pieces, number, alone, horizon, seen, known, sight, local, scratch, k0, k1):
    """The patient once more, now with care: number of lesions or -1, day of the primary's kill, positive nodes."""
    care, primary, kind = clinic.care, lesions.identity[0], np.int64(scratch.course[4])
    plan(care, clinic.regimes.bound, timeline, kind, seen, -1.0, known, sight, local, horizon, primary, k0, k1)
    positive, counted = -1.0, False
    for y in range(care.given.size):
        counted = counted or care.given[y] == NODES
    if counted and timeline.state[OPERATION] < np.inf:
        until = min(horizon, timeline.state[OPERATION] + 1e-6)
        number, alone = grow(rules, clinic, timeline, lesions, pieces, until, scratch, k0, k1)
        if number < 0:
            return -1, alone, positive
        positive = positive_nodes(care, lesions, pieces, number, timeline.state[OPERATION])
        plan(care, clinic.regimes.bound, timeline, kind, seen, positive, known, sight, local, horizon, primary, k0, k1)
    number, alone = grow(rules, clinic, timeline, lesions, pieces, horizon, scratch, k0, k1)
    if number >= 0:
        positive = positive_nodes(care, lesions, pieces, number, timeline.state[OPERATION])
    return number, alone, positive


@step
def due(care, row, sight, local):
    """Days on which a metastasis, and what came back where the primary was, are first seen that something is done of.

    And whether one of them is new.  What comes first is done first, for it may change when the other comes.
    """
    first, back = row[at.DISTANT], row[at.LOCAL]
    treats = care.later and sight == np.inf and first < np.inf
    operates = care.again and local == np.inf and back < np.inf and (back < first or care.if_seen)
    if treats and (first <= back or not operates):
        sight = first
    elif operates:
        local = back
    return sight, local, treats or operates


@once
def live_known(rules, clinic, timeline, patient, lesions, pieces, scratch, row, there, seen, k0, k1):
    """One patient with presentation and care: number of lesions, or -1 where room is short."""
    primary = primary_of(patient, k0, k1)
    draw_patient(rules, primary, k0, k1, scratch)
    course = scratch.course
    begin_primary(lesions, primary, course[3])
    begin_care(timeline)
    build(rules.curve, rules.early, clinic.care, timeline, lesions, pieces, 0, k0, k1)
    row[:], there[:], seen[:] = 0.0, 0, np.inf
    row[at.AGE], row[at.PACE], row[at.SUBTYPE], row[at.POSITIVE] = course[0], course[3], course[4], -1.0
    first, mode = known_by_primary(rules, clinic, pieces, primary, course[0], row, k0, k1)
    horizon = min(rules.horizon, course[1])
    latest = horizon if clinic.natural else min(horizon, first)
    number, alone = grow(rules, clinic, timeline, lesions, pieces, latest, scratch, k0, k1)
    if number < 0:
        return -1
    death = day_of_death(rules, clinic, timeline, lesions, pieces, number, latest, alone)
    by = surfaces(pieces, number, first)
    known = pieces.symptoms[by] if by > 0 else first
    mode = at.SURFACED if by > 0 else mode
    surfaced = lesions.site[by] if by > 0 else np.int64(-1)
    row[at.DIAGNOSED], row[at.OPERATED] = np.inf, np.inf
    row[at.DISTANT], row[at.TRULY], row[at.LOCAL] = np.inf, np.inf, np.inf
    if known < death and known <= horizon:
        row[at.DIAGNOSED], row[at.MODE] = known, mode
        row[at.SCREENS] = negative_screens(clinic.screens, primary, course[0], known, k0, k1)
        row[at.CELLS] = log_size(rules.curve, own_on(pieces, 0, known))
        metastatic = is_staged(rules.curve, clinic, lesions, pieces, number, known, surfaced, k0, k1)
        row[at.STAGED] = 1.0 if metastatic else 0.0
        # What is done once a metastasis, or what came back where the primary was, is seen changes nothing before that
        # day: who is not treated yet tells it.
        sight, local, more = known if metastatic else np.inf, np.inf, True
        while more:
            if not clinic.natural:
                number, alone, positive = treat(
                    rules, clinic, timeline, lesions, pieces, number, alone, horizon, metastatic, known, sight, local,
                    scratch, k0, k1,
                )  # fmt: skip
                if number < 0:
                    return -1
                row[at.OPERATED], row[at.POSITIVE] = timeline.state[OPERATION], positive
                row[at.REMOVED] = float(clinic.care.removed) if positive >= 0.0 else 0.0
                death = day_of_death(rules, clinic, timeline, lesions, pieces, number, horizon, alone)
            until = min(horizon, death)
            if row[at.OPERATED] > until:
                row[at.OPERATED], row[at.POSITIVE], row[at.REMOVED] = np.inf, -1.0, 0.0
            register(rules, clinic, lesions, pieces, number, known, surfaced, timeline, until, row, there, seen, k0, k1)
            if metastatic:  # also where care on this very day has taken it away
                row[at.DISTANT], row[at.TRULY] = known, known
            if local < np.inf:  # also where it has been taken away on this very day
                row[at.LOCAL] = local
            sight, local, more = due(clinic.care, row, sight, local)
    if death < np.inf and death <= horizon:
        course[1], course[2] = death, OF_BURDEN
    if course[1] > rules.horizon:
        course[1], course[2] = np.inf, 0.0
    row[at.DEATH], row[at.CAUSE] = course[1], course[2]
    return number


@entry
def run_known(rules, clinic, key, first, number, listed, lesions, pieces, timeline, scratch, stop, out, rows):
    """Patients from ``first`` on, or those listed, into ``out`` and ``rows``; who needs more room is listed there."""
    clear(scratch)
    for n in range(listed.size if listed.size > 0 else number):
        if stop[0] != 0:
            out.tally[UNFINISHED] = 1
            return
        patient = listed[n] if listed.size > 0 else first + np.uint64(n)
        at_row = np.int64(patient - first)
        row, there, seen = rows.number[at_row], rows.there[at_row], rows.seen[at_row]
        found = live_known(rules, clinic, timeline, patient, lesions, pieces, scratch, row, there, seen, key[0], key[1])
        if found < 0:
            out.short[out.tally[ROOM]] = patient
            out.tally[ROOM] += 1
            continue
        for f in range(scratch.trait.size):
            rows.trait[at_row, f] = scratch.trait[f]
        founded = rows.founded[at_row]
        founded[:] = 0
        for i in range(1, found):
            year = first_after(rules.times, lesions.founded[i])
            if year < founded.size:
                founded[year] += 1
        death, left, opened = min(scratch.course[1], 1e300), rows.left[at_row], rows.opened[at_row]
        open_body(rules.curve, clinic.eyes, clinic.autopsy, lesions, pieces, found, death, left, opened, key[0], key[1])
        add_cared(rules, lesions, pieces, found, scratch, out)


@entry
def one_known(rules, clinic, key, patient, lesions, pieces, timeline, scratch, row, there, seen):
    """One patient, all kept; number of lesions, or -1."""
    return live_known(rules, clinic, timeline, patient, lesions, pieces, scratch, row, there, seen, key[0], key[1])


@entry
def screens_of(screens, primary, age, key, visits):
    """Days of the visits of each screening to which a patient comes, (C, N); infinity beyond the last."""
    for c in range(screens.eye.size):
        phase, comes = screen_words(primary, c, key[0], key[1])
        for k in range(visits.shape[1]):
            years = screens.begin[c] + phase * screens.every[c] + k * screens.every[c]
            there = comes < screens.attends[c] and years <= screens.end[c]
            visits[c, k] = (years - age) * DAYS_PER_YEAR if there else np.inf


@entry
def given_from(care, kind, seen, operated, positive, known, sight, primary, key, begins):
    """First days of the systemic treatments of a patient, (Y,); infinity: not given."""
    for y in range(begins.size):
        begins[y] = given(care, y, kind, seen, operated, positive, known, sight, primary, key[0], key[1])
