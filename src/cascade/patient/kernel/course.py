"""One patient after the other: traits, lesions from the queue, death, counts."""

from __future__ import annotations

import numpy as np

from cascade.kernel.births import log_gamma_frailty
from cascade.kernel.numerics import exp, log, minus_log, normal_quantile
from cascade.kernel.streams import frailty_words
from cascade.patient.kernel.growth import log_size, own_of_shed, own_time, shed_by
from cascade.patient.kernel.inputs import ROOM, UNFINISHED
from cascade.patient.kernel.jit import entry, once, step
from cascade.patient.kernel.lives import live
from cascade.patient.kernel.streams import clock_word, fate_words, founder_of, growth_word, lesion_words, primary_of
from cascade.patient.kernel.tally import add_patient, clear

DAYS_PER_YEAR = 365.25
_TOO_LARGE = 690.0
MOST_STEPS = 200
LEAST = 1e-9
"""Part of a life to which the day of death by burden is known."""
_ZERO = np.uint64(0)
_NO_DEATH, OF_BURDEN, OF_OTHER = 0.0, 1.0, 2.0


@step
def draw_patient(rules, primary, k0, k1, scratch):
    """Traits, subtype, age and day of death of other causes: into ``scratch``."""
    p, route, site, course = rules.patients, scratch.route, scratch.site, scratch.course
    growth = 1.0
    age, other, kind = fate_words(primary, k0, k1)
    c = 0
    while c < p.subtype.size - 1 and kind >= p.subtype[c]:
        c += 1
    growth *= p.subtype_growth[c]
    for r in range(route.size):
        route[r] = p.subtype_route[c, r]
    for j in range(site.size):
        site[j] = p.subtype_site[c, j]
    for f in range(p.spread.size):
        if not p.gamma[f]:
            u, _ = frailty_words(primary, np.uint64(f), _ZERO, k0, k1)
            scratch.normal[f] = normal_quantile(u)
    for f in range(p.spread.size):
        if p.gamma[f]:
            value = exp(log_gamma_frailty(p.spread[f], np.uint64(f), primary, k0, k1))
        else:
            x = 0.0
            for g in range(f + 1):
                x += p.lower[f, g] * scratch.normal[g]
            value = exp(p.spread[f] * x - 0.5 * p.spread[f] * p.spread[f])
        scratch.trait[f] = value
        if p.on_growth[f]:
            growth *= value
        for r in range(route.size):
            if p.on_route[f, r]:
                route[r] *= value
        for j in range(site.size):
            if p.on_site[f, j]:
                site[j] *= value
    course[4] = float(c)
    years = p.age_low + age * (p.age_high - p.age_low)
    course[0], course[1], course[2], course[3] = years, np.inf, _NO_DEATH, growth
    if p.other_rate > 0.0:
        now = p.other_rate * exp(p.other_slope * years)
        left = log(1.0 + p.other_slope * minus_log(other) / now) / p.other_slope
        course[1], course[2] = left * DAYS_PER_YEAR, OF_OTHER


@step
def pace_of(sites, j, identity, patient, k0, k1):
    """The pace of a lesion of a site, of a patient of some pace."""
    pace = patient * sites.ratio[j]
    if sites.apart[j] > 0.0:
        pace *= exp(sites.apart[j] * (2.0 * growth_word(identity, k0, k1) - 1.0))
    return pace


@step
def own_at(lesions, i, day):
    """Own time of a lesion on a day: it stands still in sleep."""
    own = lesions.pace[i] * (day - lesions.anchor[i])
    if own <= lesions.asleep[i]:
        return own
    return max(lesions.asleep[i], own - lesions.pace[i] * lesions.slept[i])


@step
def day_of(lesions, i, own):
    """The day on which a lesion comes to an own time."""
    day = lesions.anchor[i] + own / lesions.pace[i]
    return day if own <= lesions.asleep[i] else day + lesions.slept[i]


@step
def begin_lesion(sites, curve, early_days, asleep_own, lesions, i, k0, k1):
    """Early size or the end of a founder, its own clock and its sleep."""
    site = lesions.site[i]
    early, sleep, whether = lesion_words(lesions.identity[i], k0, k1)
    pace = lesions.pace[i]
    lesions.asleep[i], lesions.slept[i], lesions.anchor[i] = np.inf, 0.0, lesions.founded[i]
    if early < sites.gone[site]:
        lesions.early[i] = 0.0
        return
    left = max((1.0 - early) / (1.0 - sites.gone[site]), 1e-300)
    cells = 1.0 + np.floor(log(min(left, 1.0)) / sites.log_q[site])
    lesions.early[i] = cells
    own = own_time(curve, log(cells))
    # From one cell on by the law it would have begun so much later.
    lesions.anchor[i] = lesions.founded[i] + (early_days - own) / pace
    if whether < sites.asleep[site]:
        lesions.asleep[i] = max(asleep_own, own)
        lesions.slept[i] = minus_log(sleep) * sites.sleep_days[site]


@once
def seed(rules, lesions, i, number, horizon, scratch, k0, k1):
    """Founders-to-be that a lesion sheds before the horizon; those that found before it join the queue.

    Returns the number of lesions, or -1 where room is short.
    """
    ways, shed, site = rules.ways, rules.shed, lesions.site[i]
    origin = 0 if i == 0 else rules.sites.origin[site]
    if origin < 0 or lesions.early[i] == 0.0:
        return number
    share = 1.0 if i == 0 else rules.sites.secondary[site]
    own, pace, identity = own_at(lesions, i, horizon), lesions.pace[i], lesions.identity[i]
    some = False
    for r in range(shed.rate.size):
        scratch.total[r] = share * shed.rate[r] * scratch.route[r] * shed_by(shed, r, own)
        scratch.total[r] *= exp(shed.gamma[r] * log(pace)) if shed.gamma[r] != 0.0 else 1.0
        some = some or scratch.total[r] > 0.0
    if not some:
        return number
    first, stop = ways.first[origin], ways.first[origin + 1]
    uniform, clock = scratch.uniform, ways.clock
    for w in range(first, stop):
        uniform[w - first] = clock_word(identity, clock[w], _ZERO, k0, k1)
    for w in range(first, stop):
        r, j = ways.route[w], ways.site[w]
        whole = scratch.total[r] * ways.chance[w] * scratch.site[j]
        # -log(u) is at least 1 - u: most clocks are seen not to ring without a logarithm.
        if 1.0 - uniform[w - first] >= whole:
            continue
        reached, k = minus_log(uniform[w - first]), np.uint64(0)
        by_horizon = shed_by(shed, r, own)
        while reached < whole:
            child = founder_of(identity, clock[w], k, k0, k1)
            day = day_of(lesions, i, own_of_shed(shed, r, by_horizon * (reached / whole)))
            founded = day + live(rules.lives, ways.life[w], child, k0, k1) / 24.0
            # Also those that are in transit at the horizon: shed, and not yet founded.
            if number >= lesions.identity.size:
                return -1
            lesions.identity[number], lesions.parent[number] = child, i
            lesions.way[number], lesions.number[number], lesions.site[number] = w, np.int64(k), j
            lesions.shed[number], lesions.founded[number] = day, founded
            lesions.pace[number] = pace_of(rules.sites, j, child, scratch.course[3], k0, k1)
            begin_lesion(rules.sites, rules.curve, rules.early, rules.asleep_own, lesions, number, k0, k1)
            number += 1
            k += np.uint64(1)
            reached += minus_log(clock_word(identity, clock[w], k, k0, k1))
    return number


@step
def is_counted(sites, site):
    """Whether lesions of a site (-1: the primary) are among the cells that kill together."""
    return site < 0 or sites.counted[site]


@step
def log_burden(rules, lesions, number, day):
    """Logarithm of the cells that kill together, on a day."""
    total = 0.0
    for i in range(number):
        if is_counted(rules.sites, lesions.site[i]) and lesions.early[i] > 0.0 and day > lesions.founded[i]:
            own = own_at(lesions, i, day)
            if own > 0.0:
                total += exp(min(log_size(rules.curve, own), _TOO_LARGE))
    return log(max(total, 1.0))


@step
def day_of_burden(rules, lesions, number, latest):
    """The day on which the cells that kill together come to the burden, known to have come by ``latest``.

    False position, with the value at an end that stays halved (Illinois).
    """
    low, high = 0.0, latest
    below, above = -rules.burden, max(log_burden(rules, lesions, number, latest) - rules.burden, LEAST)
    for _ in range(MOST_STEPS):
        if high - low <= LEAST * high:
            break
        middle = low - below * (high - low) / (above - below)
        middle = min(max(middle, low + 0.01 * (high - low)), high - 0.01 * LEAST * (high - low))
        value = log_burden(rules, lesions, number, middle) - rules.burden
        if value >= 0.0:
            high, above, below = middle, max(value, 1e-300), 0.5 * below
        else:
            low, below, above = middle, value, 0.5 * above
    return high


@once
def live_patient(rules, patient, k0, k1, lesions, scratch):
    """One patient: number of lesions, or -1 where room is short; ``scratch.course`` has age, death and cause."""
    primary = primary_of(patient, k0, k1)
    draw_patient(rules, primary, k0, k1, scratch)
    course = scratch.course
    lesions.identity[0], lesions.parent[0], lesions.way[0], lesions.number[0], lesions.site[0] = primary, -1, -1, 0, -1
    lesions.shed[0], lesions.founded[0], lesions.pace[0], lesions.anchor[0] = 0.0, 0.0, course[3], 0.0
    lesions.early[0], lesions.asleep[0], lesions.slept[0] = 1.0, np.inf, 0.0
    # The primary alone kills on that day; nothing later is of interest.
    alone = own_time(rules.curve, rules.burden) / course[3]
    horizon = min(rules.horizon, course[1], alone)
    number, i = 1, 0
    while i < number:
        if lesions.founded[i] < horizon:
            number = seed(rules, lesions, i, number, horizon, scratch, k0, k1)
            if number < 0:
                return -1
        i += 1
    if alone <= horizon or log_burden(rules, lesions, number, horizon) >= rules.burden:
        course[1], course[2] = day_of_burden(rules, lesions, number, horizon), OF_BURDEN
    if course[1] > rules.horizon:
        course[1], course[2] = np.inf, _NO_DEATH
    return number


@entry
def run(rules, key, first, number, listed, lesions, scratch, stop, out):
    """Patients from ``first`` on, or those listed, into ``out``; those that need more room are listed there."""
    clear(scratch)
    for n in range(listed.size if listed.size > 0 else number):
        if stop[0] != 0:
            out.tally[UNFINISHED] = 1
            return
        patient = listed[n] if listed.size > 0 else first + np.uint64(n)
        found = live_patient(rules, patient, key[0], key[1], lesions, scratch)
        if found < 0:
            out.short[out.tally[ROOM]] = patient
            out.tally[ROOM] += 1
        else:
            add_patient(rules, lesions, found, scratch, out)


@entry
def one(rules, key, patient, lesions, scratch):
    """One patient, lesions and course kept; number of lesions, or -1."""
    return live_patient(rules, patient, key[0], key[1], lesions, scratch)
