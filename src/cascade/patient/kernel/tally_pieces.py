"""Counts of the lesions of a patient whose sizes may fall: those that come to a level, and leave it."""

from __future__ import annotations

import numpy as np

from cascade.patient.kernel.inputs import ESTABLISHED, FOUNDED, MADE, SHED
from cascade.patient.kernel.jit import once, step
from cascade.patient.kernel.pieces import piece_end
from cascade.patient.kernel.tally import add_courses, first_after, mark


@once
def add_cared(rules, lesions, pieces, number, scratch, out):
    """The counts of one patient, added; ``scratch`` is clear again after it."""
    death = scratch.course[1]
    last = first_after(rules.times, death)
    for t in range(last):
        out.alive[t] += 1
    if scratch.course[2] > 0.0:
        out.deaths[np.int64(scratch.course[2]) - 1, last] += 1
    times, groups = rules.times, rules.sites.groups
    for i in range(1, number):
        site = lesions.site[i]
        mark(times, groups, scratch, site, SHED, lesions.shed[i], last, 1)
        if lesions.shed[i] <= death:
            out.tally[MADE] += 1
        mark(times, groups, scratch, site, FOUNDED, lesions.founded[i], last, 1)
        if lesions.early[i] == 0.0 or pieces.old[i] == np.inf:
            continue
        mark(times, groups, scratch, site, ESTABLISHED, pieces.old[i], last, 1)
        mark(times, groups, scratch, site, ESTABLISHED, pieces.gone[i], last, -1)
        for x in range(rules.sizes.size):
            mark_size(rules.sizes[x], times, groups, pieces, i, site, x, scratch, last)
    if number > 1:
        add_courses(rules, scratch, last, out)


@step
def mark_size(own, times, groups, pieces, i, site, x, scratch, last):
    """The days on which a lesion comes to a size, and falls below it."""
    above = False
    for s in range(pieces.number[i]):
        begin, end, pace = max(pieces.day[i, s], pieces.old[i]), piece_end(pieces, i, s), pieces.pace[i, s]
        if end <= begin:
            continue
        here = pieces.own[i, s] + pace * (begin - pieces.day[i, s])
        if above and here < own:
            mark(times, groups, scratch, site, ESTABLISHED + 1 + x, begin, last, -1)
            above = False
        if above:
            continue
        day = begin if here >= own else begin + (own - here) / pace if pace > 0.0 else np.inf
        if day < end:
            mark(times, groups, scratch, site, ESTABLISHED + 1 + x, day, last, 1)
            above = True
    if above:
        mark(times, groups, scratch, site, ESTABLISHED + 1 + x, pieces.gone[i], last, -1)
