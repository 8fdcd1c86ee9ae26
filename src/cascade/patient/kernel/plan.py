"""The care of one patient in time: surgery, nodes, and what is given from when to when."""

from __future__ import annotations

import numpy as np

from cascade.patient.kernel.clinic_inputs import (
    AGAIN,
    ALL,
    FROM_SIGHT,
    FROM_SURGERY,
    NODES,
    NONE_SEEN,
    OPERATION,
    PIECES,
    RESIDUE,
    SEEN,
    STRIPS,
)  # fmt: skip
from cascade.patient.kernel.clinic_streams import care_word
from cascade.patient.kernel.jit import step


@step
def begin_care(timeline):
    """A timeline on which nothing is done."""
    timeline.state[PIECES], timeline.state[OPERATION], timeline.state[RESIDUE] = 1.0, np.inf, 0.0
    timeline.state[STRIPS], timeline.state[AGAIN] = 0.0, np.inf
    timeline.day[0], timeline.regime[0], timeline.slow[0], timeline.wake[0], timeline.kill[0] = 0.0, 0, 1.0, 1.0, 0
    timeline.spare[0] = 1.0


@step
def given(care, y, kind, seen, operated, positive, known, sight, primary, k0, k1):
    """The first day of a systemic treatment; infinity: it is not given."""
    since = known
    if care.begins[y] == FROM_SURGERY:
        since = operated
    elif care.begins[y] == FROM_SIGHT:
        since = sight
    if since == np.inf:
        return np.inf
    who = care.given[y]
    fits = who == ALL or (who == SEEN and seen) or (who == NONE_SEEN and not seen) or (who == NODES and positive > 0)
    if not fits or care_word(primary, 1 + y, k0, k1) >= care.share[y, kind]:
        return np.inf
    return since + care.after[y]


@step
def insert(timeline, day):
    """A day on which a piece begins, in order, once."""
    if day == np.inf:
        return
    n = np.int64(timeline.state[PIECES])
    k = n
    while k > 0 and timeline.day[k - 1] >= day:
        k -= 1
    if k < n and timeline.day[k] == day:
        return
    for m in range(n, k, -1):
        timeline.day[m] = timeline.day[m - 1]
    timeline.day[k] = day
    timeline.state[PIECES] = n + 1.0


@step
def plan(care, bounds, timeline, kind, seen, positive, known, sight, local, dies, primary, k0, k1):
    """The timeline of a patient's care.

    ``kind``: the subtype; ``positive``: nodes that the pathologist found, -1 before; ``sight``: the day on which a
    metastasis is seen first; ``local``: that on which a local recurrence is, which is operated; infinity where none is
    or nobody knows yet.
    """
    begin_care(timeline)
    operated = known + care.delay if care.surgery and (care.if_seen or not seen) else np.inf
    if operated >= dies:
        operated = np.inf
    timeline.state[OPERATION] = operated
    timeline.state[RESIDUE] = 1.0 if care_word(primary, 0, k0, k1) < care.local else 0.0
    timeline.state[AGAIN] = local + care.delay
    insert(timeline, operated)
    insert(timeline, timeline.state[AGAIN])
    for y in range(care.after.size):
        begin = given(care, y, kind, seen, operated, positive, known, sight, primary, k0, k1)
        insert(timeline, begin)
        insert(timeline, begin + care.length[y])
    for k in range(np.int64(timeline.state[PIECES])):
        day = timeline.day[k]
        timeline.regime[k], timeline.slow[k], timeline.wake[k], timeline.kill[k] = 0, 1.0, 1.0, 0
        timeline.spare[k] = 1.0
        for y in range(care.after.size):
            begin = given(care, y, kind, seen, operated, positive, known, sight, primary, k0, k1)
            if begin <= day < begin + care.length[y]:
                timeline.regime[k] |= care.bit[y]
                timeline.slow[k] *= care.slows[y]
                timeline.wake[k] *= care.wakes[y]
                if care.below[y] > 0.0:
                    timeline.spare[k] *= care.resistant[y] + (1.0 - care.resistant[y]) * care.kill[y]
                if begin == day and care.kill[y] < 1.0:
                    timeline.kill[k] |= 1 << y
        for w in range(bounds.shape[1]):
            if bounds[timeline.regime[k], w] > 1.0:
                timeline.state[STRIPS] = 1.0


@step
def counts(care, lesions, pieces, i, day):
    """Whether the pathologist sees a lesion in a node that is taken out on a day."""
    site = lesions.site[i]
    if not care.station[site] or pieces.node[i] >= care.removed or pieces.number[i] == 0:
        return False
    if lesions.founded[i] >= day or pieces.gone[i] < day or pieces.old[i] > day:
        return False
    s = pieces.number[i] - 1
    while s > 0 and pieces.day[i, s] >= day:
        s -= 1
    return pieces.own[i, s] + pieces.pace[i, s] * (day - pieces.day[i, s]) >= care.least


@step
def positive_nodes(care, lesions, pieces, number, day):
    """Removed nodes with a lesion that the pathologist sees: each once; -1 where nobody looks."""
    if care.least == np.inf or day == np.inf:
        return -1.0
    found = 0.0
    for i in range(1, number):
        if not counts(care, lesions, pieces, i, day):
            continue
        first = True
        for h in range(1, i):
            if (
                lesions.site[h] == lesions.site[i]
                and pieces.node[h] == pieces.node[i]
                and counts(care, lesions, pieces, h, day)
            ):
                first = False
        found += 1.0 if first else 0.0
    return found
