"""Counts of patients and lesions, by group of sites, level and time, of those who are alive then."""

from __future__ import annotations

import numpy as np

from cascade.patient.kernel.inputs import ESTABLISHED, FOUNDED, MADE, SHED
from cascade.patient.kernel.jit import step


@step
def clear(scratch):
    """Nothing changes yet."""
    scratch.change[:] = 0
    scratch.begin[:] = scratch.change.shape[2] - 1


@step
def first_after(times, day):
    """Index of the first time that is not before a day."""
    low, high = 0, times.size
    while low < high:
        middle = (low + high) // 2
        if times[middle] < day:
            low = middle + 1
        else:
            high = middle
    return low


@step
def mark(rules, scratch, site, level, day, last):
    """A lesion has come to a level on a day."""
    at = first_after(rules.times, day)
    if at >= last:
        return
    for g in rules.sites.groups[site]:
        scratch.change[g, level, at] += 1
        scratch.begin[g, level] = min(scratch.begin[g, level], at)


@step
def add_patient(rules, lesions, number, scratch, out):
    """The counts of one patient, added; ``scratch`` is clear again after it."""
    from_death = scratch.course[1]
    last = first_after(rules.times, from_death)
    for t in range(last):
        out.alive[t] += 1
    if scratch.course[2] > 0.0:
        out.deaths[np.int64(scratch.course[2]) - 1, last] += 1
    early, sizes = rules.early, rules.sizes
    for i in range(1, number):
        site = lesions.site[i]
        mark(rules, scratch, site, SHED, lesions.shed[i], last)
        if lesions.shed[i] <= from_death:
            out.tally[MADE] += 1
        mark(rules, scratch, site, FOUNDED, lesions.founded[i], last)
        if lesions.early[i] > 0.0:
            old_enough = lesions.founded[i] + early / lesions.pace[i]
            mark(rules, scratch, site, ESTABLISHED, old_enough, last)
            for x in range(sizes.size):
                own = sizes[x]
                day = lesions.anchor[i] + own / lesions.pace[i]
                if own > lesions.asleep[i]:
                    day += lesions.slept[i]
                mark(rules, scratch, site, ESTABLISHED + 1 + x, max(day, old_enough), last)
    if number > 1:
        _add_courses(rules, scratch, last, out)


@step
def _add_courses(rules, scratch, last, out):
    change, begin = scratch.change, scratch.begin
    groups, levels = begin.shape
    none, counted, most = change.shape[2] - 1, groups - rules.kinds, out.number.shape[3] - 1
    for g in range(groups):
        for x in range(levels):
            if begin[g, x] == none:
                continue
            now = 0
            for t in range(begin[g, x], last):
                now += change[g, x, t]
                change[g, x, t] = 0
                out.total[g, x, t] += now
                out.square[g, x, t] += now * now
                out.some[g, x, t] += 1
                out.most[g, x, t] = max(out.most[g, x, t], now)
                if g >= counted:
                    out.number[g - counted, x, t, min(now, most)] += 1
            begin[g, x] = none
