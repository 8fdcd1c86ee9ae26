"""Lesions of a patient while care changes what they do: what is shed piece by piece, and the day of death."""

from __future__ import annotations

import numpy as np

from cascade.kernel.numerics import exp, log, minus_log
from cascade.patient.kernel.clinic_inputs import OPERATION, PIECES, STRIPS
from cascade.patient.kernel.clinic_streams import founder_in, ring_words, symptom_words
from cascade.patient.kernel.course import LEAST, MOST_STEPS, begin_lesion, is_counted, pace_of
from cascade.patient.kernel.growth import log_size, own_of_shed, own_time, shed_by
from cascade.patient.kernel.jit import once, step
from cascade.patient.kernel.pieces import GONE, build, day_of_sign, day_reached, piece_end, taken, turn_at
from cascade.patient.kernel.streams import clock_word
from cascade.patient.kernel.transit import founding_of

_TOO_LARGE = 690.0
_ZERO = np.uint64(0)


@step
def shed_by_pieces(shed, factor, timeline, pieces, i, share, horizon, scratch):
    """Cells shed by a lesion by the end of each piece, and in all; whether there are any."""
    some = False
    for r in range(shed.rate.size):
        total = 0.0
        for s in range(pieces.number[i]):
            begin, end, pace = pieces.day[i, s], min(piece_end(pieces, i, s), horizon), pieces.pace[i, s]
            timeline.start[r, s] = shed_by(shed, r, pieces.own[i, s])
            if end > begin and pace > 0.0:
                until = shed_by(shed, r, pieces.own[i, s] + pace * (end - begin))
                each = share * shed.rate[r] * scratch.route[r] * factor[timeline.regime[pieces.turn[i, s]], r]
                each *= exp(shed.gamma[r] * log(pace)) if shed.gamma[r] != 0.0 else 1.0
                timeline.each[r, s] = each
                total += each * (until - timeline.start[r, s])
            timeline.shed[r, s] = total
        scratch.total[r] = total
        some = some or total > 0.0
    return some


@step
def day_of_amount(shed, timeline, pieces, i, r, amount):
    """The day on which a lesion has shed so much by a route."""
    s, last = 0, pieces.number[i] - 1
    while s < last and timeline.shed[r, s] <= amount:
        s += 1
    before = timeline.shed[r, s - 1] if s > 0 else 0.0
    own = own_of_shed(shed, r, timeline.start[r, s] + (amount - before) / timeline.each[r, s])
    day = pieces.day[i, s] + max(own - pieces.own[i, s], 0.0) / pieces.pace[i, s]
    return min(day, piece_end(pieces, i, s))


@step
def strips_of(bounds, timeline, w):
    """Strips of weights that a way needs: 1 where no treatment makes a founder likelier."""
    bound, before = 1.0, np.int64(0)
    for k in range(np.int64(timeline.state[PIECES])):
        regime = timeline.regime[k]
        if regime != before:
            bound *= bounds[regime, w]
        before = regime
    strips, most = 1, 1.0
    while most < bound and strips < 30:
        strips, most = strips + 1, 2.0 * most
    return strips


@once
def add_founder(
    rules, clinic, timeline, lesions, pieces, i, number, w, k, child, day, latent, horizon, scratch, k0, k1
):
    """A founder-to-be, if it founds: the number of lesions, or -1 where room is short."""
    founded, weight = founding_of(rules.lives, clinic.regimes, timeline, rules.ways.life[w], child, day, k0, k1)
    # A founder that divides first under a treatment is one cell, and dies of it as any other.
    if latent >= weight * timeline.spare[turn_at(timeline, founded)]:
        return number
    if number >= lesions.identity.size:
        return -1
    j = rules.ways.site[w]
    lesions.identity[number], lesions.parent[number] = child, i
    lesions.way[number], lesions.number[number], lesions.site[number] = w, np.int64(k), j
    lesions.shed[number], lesions.founded[number] = day, founded
    lesions.pace[number] = pace_of(rules.sites, j, child, scratch.course[3], k0, k1)
    wait = 0.5
    if clinic.care.station[j] or (clinic.signs.rate[j + 1] > 0.0 and founded < horizon):
        wait, node = symptom_words(child, 0, k0, k1)
        pieces.node[number] = np.int64(np.floor(node * clinic.care.nodes))
    if founded >= timeline.state[OPERATION] and taken(clinic.care, lesions, pieces, number):
        return number  # its node is no longer there
    begin_lesion(rules.sites, rules.curve, rules.early, rules.asleep_own, lesions, number, k0, k1)
    pieces.number[number], pieces.symptoms[number] = 0, np.inf
    pieces.old[number], pieces.gone[number] = np.inf, np.inf
    if founded < horizon and lesions.early[number] > 0.0:
        build(rules.curve, rules.early, clinic.care, timeline, lesions, pieces, number, k0, k1)
        pieces.symptoms[number] = day_of_sign(clinic.signs, pieces, number, j + 1, minus_log(wait), 0.0)
    return number + 1


@once
def seed_under(rules, clinic, timeline, lesions, pieces, i, number, horizon, scratch, k0, k1):
    """Founders that a lesion sheds before the horizon: the number of lesions, or -1 where room is short."""
    ways, site = rules.ways, lesions.site[i]
    origin, share = (np.int64(0), 1.0) if i == 0 else (rules.sites.origin[site], rules.sites.secondary[site])
    if not shed_by_pieces(rules.shed, clinic.regimes.shed, timeline, pieces, i, share, horizon, scratch):
        return number
    identity, uniform, clock = lesions.identity[i], scratch.uniform, ways.clock
    first, stop = ways.first[origin], ways.first[origin + 1]
    for w in range(first, stop):
        uniform[w - first] = clock_word(identity, clock[w], _ZERO, k0, k1)
    for w in range(first, stop):
        r, strips = ways.route[w], 1
        chance = ways.chance[w] * scratch.site[ways.site[w]]
        if timeline.state[STRIPS] > 0.0:
            strips = strips_of(clinic.regimes.bound, timeline, w)
        # -log(u) is at least 1 - u: most clocks are seen not to ring without a logarithm.
        if strips == 1 and 1.0 - uniform[w - first] >= scratch.total[r] * chance:
            continue
        rate = 1.0
        for strip in range(strips):
            whole = scratch.total[r] * chance * rate
            k = np.uint64(0)
            wait, latent = ring_words(identity, clock[w], strip, k, k0, k1)
            reached = minus_log(wait)
            while reached < whole:
                amount = scratch.total[r] * (reached / whole)
                day = day_of_amount(rules.shed, timeline, pieces, i, r, amount)
                child = founder_in(identity, clock[w], strip, k, k0, k1)
                value = latent if strip == 0 else rate * (1.0 + latent)
                number = add_founder(
                    rules, clinic, timeline, lesions, pieces, i, number, w, k, child, day, value, horizon,
                    scratch, k0, k1,
                )  # fmt: skip
                if number < 0:
                    return -1
                k += np.uint64(1)
                wait, latent = ring_words(identity, clock[w], strip, k, k0, k1)
                reached += minus_log(wait)
            rate = rate if strip == 0 else 2.0 * rate
    return number


@step
def sheds(sites, site):
    """Whether lesions of a site shed."""
    return sites.origin[site] >= 0 and sites.secondary[site] > 0.0


@step
def grow(rules, clinic, timeline, lesions, pieces, horizon, scratch, k0, k1):
    """All lesions that are shed before the horizon: their number, or -1 where room is short; day of the primary's kill.

    The primary has been begun.
    """
    build(rules.curve, rules.early, clinic.care, timeline, lesions, pieces, 0, k0, k1)
    largest = min(rules.burden, clinic.killing.primary)
    alone = day_reached(pieces, 0, own_time(rules.curve, largest), 0.0)
    until = min(horizon, alone)
    number, i, lethal = 1, 0, own_time(rules.curve, rules.burden)
    while i < number:
        if lesions.founded[i] < until and pieces.number[i] > 0 and (i == 0 or sheds(rules.sites, lesions.site[i])):
            known = number
            number = seed_under(rules, clinic, timeline, lesions, pieces, i, number, until, scratch, k0, k1)
            if number < 0:
                return -1, alone
            # A lesion that kills by itself ends what others shed.
            for n in range(known, number):
                if not is_counted(rules.sites, lesions.site[n]):
                    continue
                until = min(until, day_reached(pieces, n, lethal, 0.0))
        i += 1
    return number, alone


@step
def own_until(pieces, i, day):
    """Own time of a lesion just before a day; ``GONE`` where it is no longer there."""
    if day > pieces.gone[i]:
        return GONE
    s = pieces.number[i] - 1
    while s > 0 and pieces.day[i, s] >= day:
        s -= 1
    return pieces.own[i, s] + pieces.pace[i, s] * (day - pieces.day[i, s])


@step
def log_cells(rules, lesions, pieces, number, day, site):
    """Logarithm of the cells just before a day: of those that kill together (-2), of the primary (-1), of a site."""
    total = 0.0
    for i in range(1 if site == -1 else number):
        of = lesions.site[i]
        here = is_counted(rules.sites, of) if site < -1 else site == of
        if here and pieces.number[i] > 0 and day > lesions.founded[i]:
            own = own_until(pieces, i, day)
            if own > 0.0:
                total += exp(min(log_size(rules.curve, own), _TOO_LARGE))
    return log(max(total, 1.0))


@step
def excess(rules, killing, lesions, pieces, number, day):
    """By how much the largest of the numbers that kill exceeds its bound, in logarithms."""
    most = log_cells(rules, lesions, pieces, number, day, -2) - rules.burden
    if killing.some:
        most = max(most, log_cells(rules, lesions, pieces, number, day, -1) - killing.primary)
        for j in range(killing.organ.size):
            if killing.organ[j] < np.inf:
                cells = log_cells(rules, lesions, pieces, number, day, j)
                most = max(most, cells - killing.organ[j])
    return most


@step
def day_of_death(rules, clinic, timeline, lesions, pieces, number, latest, alone):
    """The first day on which the cells kill; infinity where they do not by ``latest``."""
    until = min(latest, alone)
    for k in range(np.int64(timeline.state[PIECES])):
        low = timeline.day[k]
        if low >= until:
            break
        high = min(timeline.day[k + 1], until) if k + 1 < np.int64(timeline.state[PIECES]) else until
        # Between turns all sizes rise.
        above = excess(rules, clinic.killing, lesions, pieces, number, high)
        if above >= 0.0:
            return crossing(rules, clinic.killing, lesions, pieces, number, low, high, above)
    return alone if alone <= latest else np.inf


@step
def crossing(rules, killing, lesions, pieces, number, low, high, above):
    """Where the excess comes to 0: false position, with the value at an end that stays halved (Illinois)."""
    below = -rules.burden
    above = max(above, LEAST)
    for _ in range(MOST_STEPS):
        if high - low <= LEAST * high:
            break
        middle = low - below * (high - low) / (above - below)
        middle = min(max(middle, low + 0.01 * (high - low)), high - 0.01 * LEAST * (high - low))
        value = excess(rules, killing, lesions, pieces, number, middle)
        if value >= 0.0:
            high, above, below = middle, max(value, 1e-300), 0.5 * below
        else:
            low, below, above = middle, value, 0.5 * above
    return high
