"""The own time of a lesion in pieces: as treatment slows it, kills cells of it or takes it out, and as it sleeps."""

from __future__ import annotations

import numpy as np

from cascade.kernel.numerics import exp, log
from cascade.patient.kernel.clinic_inputs import AGAIN, OPERATION, PIECES, RESIDUE
from cascade.patient.kernel.clinic_streams import kill_words
from cascade.patient.kernel.growth import log_size, own_of_shed, own_time, shed_by
from cascade.patient.kernel.jit import once, step

GONE = -1e300
"""Own time of a lesion that is no longer there."""

TIE = 1e-12
"""Relative difference below which two numbers that should be one are one."""

MEAN = 64.0
"""From such a mean number of surviving lineages on it is their number."""


@step
def turn_at(timeline, day):
    """The piece of the timeline that holds a day."""
    k, last = 0, np.int64(timeline.state[PIECES]) - 1
    while k < last and timeline.day[k + 1] <= day:
        k += 1
    return k


@step
def turn_end(timeline, k):
    """The day on which a piece of the timeline ends."""
    return timeline.day[k + 1] if k + 1 < np.int64(timeline.state[PIECES]) else np.inf


@step
def surviving(mean, uniform):
    """A Poisson number by inversion; of a large mean the mean."""
    if mean > MEAN:
        return mean
    part, k = exp(-mean), 0.0
    whole = part
    while uniform >= whole and k < 1000.0:
        k += 1.0
        part *= mean / k
        whole += part
    return k


@step
def own_after(curve, early, care, lesions, i, own, begun, treatments, k0, k1):
    """Own time after the treatments that begin on a day have killed; ``GONE``: no cell is left."""
    site = lesions.site[i]
    lingers = care.lingers[site] if site >= 0 else 1.0
    for y in range(care.kill.size):
        if (treatments >> y) & 1 == 0 or care.kill[y] >= 1.0:
            continue
        logs = log_size(curve, own)
        if own - begun < early:
            # In the early phase cells are not counted: they are told as if they grew evenly.
            logs = (own - begun) / early * log(lesions.early[i])
        if own_time(curve, logs) >= care.below[y]:
            continue
        survive, resist = kill_words(lesions.identity[i], y, k0, k1)
        if resist < care.resistant[y]:
            continue
        many = surviving(exp(logs) * care.kill[y] * lingers, survive)
        if many == 0.0:
            return GONE
        own, begun = own_time(curve, min(logs, log(max(1.0, many / lingers)))), -np.inf
    return own


@step
def own_turned(curve, early, care, timeline, lesions, pieces, i, own, begun, k, k0, k1):
    """Own time of a lesion once a piece of the timeline has begun: surgery, and treatments that kill."""
    if timeline.day[k] == timeline.state[OPERATION]:
        if i > 0 and taken(care, lesions, pieces, i):
            return GONE
        if i == 0 and timeline.state[RESIDUE] == 0.0:
            return GONE
        if i == 0:
            own = min(own, care.left)
    if i == 0 and timeline.day[k] == timeline.state[AGAIN]:
        return GONE
    if timeline.kill[k] == 0:
        return own
    return own_after(curve, early, care, lesions, i, own, begun, timeline.kill[k], k0, k1)


@once
def build(curve, early, care, timeline, lesions, pieces, i, k0, k1):
    """Pieces of a lesion, from its founding on."""
    pieces.gone[i], pieces.old[i], pieces.number[i] = np.inf, np.inf, 0
    if lesions.early[i] == 0.0:
        return
    pace, until, left = lesions.pace[i], lesions.asleep[i], lesions.slept[i]
    day = lesions.founded[i]
    own = pace * (day - lesions.anchor[i])
    # Own times at which the early phase begins and ends; the primary has none.
    begun, grown = (own, own + early) if i > 0 else (-np.inf, own)
    k, n, asleep = turn_at(timeline, day), 0, False
    while True:
        end, speed = turn_end(timeline, k), pace * timeline.slow[k]
        pieces.day[i, n], pieces.own[i, n], pieces.turn[i, n] = day, own, k
        pieces.pace[i, n] = 0.0 if asleep else speed
        n += 1
        pieces.number[i] = n
        if asleep:
            waking = day + left / timeline.wake[k]
            if waking < end:
                day, asleep, until = waking, False, np.inf
                continue
            left -= (end - day) * timeline.wake[k]
        else:
            stop = day + max(until - own, 0.0) / speed
            if pieces.old[i] == np.inf and day + (grown - own) / speed <= min(stop, end):
                pieces.old[i] = day + (grown - own) / speed
            if stop < end:
                day, own, asleep = stop, until, True
                continue
            own = own + speed * (end - day) if end < np.inf else own
        if end == np.inf:
            return
        day, k, before = end, k + 1, own
        own = own_turned(curve, early, care, timeline, lesions, pieces, i, own, begun, k, k0, k1)
        if own == GONE:
            pieces.gone[i] = day
            return
        if own != before:
            asleep, begun = asleep and own >= until, -np.inf
            pieces.old[i] = min(pieces.old[i], day)


@step
def taken(care, lesions, pieces, i):
    """Whether a lesion lies in a node that is taken out, or irradiated, on the day of surgery."""
    site = lesions.site[i]
    if site < 0:
        return False
    return care.irradiated[site] or (care.station[site] and pieces.node[i] < care.removed)


@step
def own_on(pieces, i, day):
    """Own time of a lesion on a day that is not before its founding; ``GONE`` where it is no longer there."""
    if day >= pieces.gone[i]:
        return GONE
    s = pieces.number[i] - 1
    while s > 0 and pieces.day[i, s] > day:
        s -= 1
    return pieces.own[i, s] + pieces.pace[i, s] * (day - pieces.day[i, s])


@step
def piece_end(pieces, i, s):
    """The day on which a piece ends."""
    if s + 1 < pieces.number[i]:
        return pieces.day[i, s + 1]
    return pieces.gone[i]


@step
def day_reached(pieces, i, own, since):
    """The first day, from ``since`` on, on which a lesion has an own time or more."""
    for s in range(pieces.number[i]):
        end = piece_end(pieces, i, s)
        if end <= since:
            continue
        begin, pace = pieces.day[i, s], pieces.pace[i, s]
        at = pieces.own[i, s]
        if since > begin:
            at += pace * (since - begin)
            begin = since
        if at >= own:
            return begin
        if pace > 0.0:
            day = begin + (own - at) / pace
            if day < end:
                return day
    return np.inf


@once
def day_of_sign(signs, pieces, i, place, wait, since):
    """The day, from ``since`` on, on which the cumulative hazard of symptoms comes to ``wait``."""
    row, rate = signs.row[place], signs.rate[place]
    if row < 0 or rate == 0.0:
        return np.inf
    for s in range(pieces.number[i]):
        pace, end = pieces.pace[i, s], piece_end(pieces, i, s)
        if pace == 0.0 or end <= since:
            continue
        begin, own = pieces.day[i, s], pieces.own[i, s]
        if since > begin:
            own += pace * (since - begin)
            begin = since
        before = shed_by(signs.table, row, own)
        if end < np.inf:
            more = rate / pace * (shed_by(signs.table, row, own + pace * (end - begin)) - before)
            # A symptom that led to care on its very day comes before this care, whatever the last bit says.
            if more < wait * (1.0 - TIE):
                wait -= more
                continue
        # Where the end is known, rounding must not lead beyond it.
        return min(begin + (own_of_shed(signs.table, row, before + wait * pace / rate) - own) / pace, end)
    return np.inf
