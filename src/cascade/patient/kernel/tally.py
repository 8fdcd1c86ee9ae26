"""Counts of patients and lesions, by group of sites, level and time, of those who are alive then."""

from __future__ import annotations

import numpy as np

from cascade.patient.kernel.inputs import ESTABLISHED, FOUNDED, MADE, SHED
from cascade.patient.kernel.jit import once, step


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
def mark(times, groups, scratch, site, level, day, last, number):
    """So many lesions more have come to a level on a day."""
    at = first_after(times, day)
    if at >= last:
        return
    for g in groups[site]:
        scratch.change[g, level, at] += number
        scratch.begin[g, level] = min(scratch.begin[g, level], at)


@once
def add_patient(rules, lesions, number, scratch, out):
    """The counts of one patient, added; ``scratch`` is clear again after it."""
    from_death = scratch.course[1]
    last = first_after(rules.times, from_death)
    for t in range(last):
        out.alive[t] += 1
    if scratch.course[2] > 0.0:
        out.deaths[np.int64(scratch.course[2]) - 1, last] += 1
    early, sizes, times, groups = rules.early, rules.sizes, rules.times, rules.sites.groups
    for i in range(1, number):
        site = lesions.site[i]
        mark(times, groups, scratch, site, SHED, lesions.shed[i], last, 1)
        if lesions.shed[i] <= from_death:
            out.tally[MADE] += 1
        mark(times, groups, scratch, site, FOUNDED, lesions.founded[i], last, 1)
        if lesions.early[i] > 0.0:
            old_enough = lesions.founded[i] + early / lesions.pace[i]
            mark(times, groups, scratch, site, ESTABLISHED, old_enough, last, 1)
            for x in range(sizes.size):
                own = sizes[x]
                day = lesions.anchor[i] + own / lesions.pace[i]
                if own > lesions.asleep[i]:
                    day += lesions.slept[i]
                mark(times, groups, scratch, site, ESTABLISHED + 1 + x, max(day, old_enough), last, 1)
    if number > 1:
        add_courses(rules, scratch, last, out)


@step
def add_courses(rules, scratch, last, out):
    """Numbers of lesions by time, from the changes; these are clear again after it."""
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
                if now == 0:  # none is left
                    continue
                out.total[g, x, t] += now
                out.square[g, x, t] += now * now
                out.some[g, x, t] += 1
                out.most[g, x, t] = max(out.most[g, x, t], now)
                if g >= counted:
                    out.number[g - counted, x, t, min(now, most)] += 1
            begin[g, x] = none
