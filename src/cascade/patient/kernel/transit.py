"""Lives of founders-to-be while care changes the hazards of cells: one life, one weight.

A founder-to-be lives the life of a cell that founds without care, and has a weight w and a latent uniform V: it founds
if V < w, or where it first divides while a treatment kills lesions if V < w times the share of cells that this spares.
Under a regime r whose treatments do more than kill it lives by the arrays of that regime, and where regimes change, in
the state x,

    w  <-  w h_r'(x) / h_r(x)

h the chance to found; the rest of the wait is kept, and so are the draws of visits.  Under a regime that only raises
hazards of death its path is kept, and w is multiplied by exp(-(more hazard) x time): such a regime adds no founder.
"""

from __future__ import annotations

import numpy as np

from cascade.kernel.numerics import exp, minus_log
from cascade.kernel.streams import KIND_RARE, KIND_VISIT, rare_word, visit_words
from cascade.patient.kernel.clinic_inputs import PIECES
from cascade.patient.kernel.jit import entry, step
from cascade.patient.kernel.lives import begin, live, rare_exit_of
from cascade.patient.kernel.pieces import turn_at, turn_end

HOURS = 24.0


@step
def founding_of(lives, regimes, timeline, base, cell, shed, k0, k1):
    """Day on which a founder-to-be that is shed on a day founds, and its weight."""
    k = turn_at(timeline, shed)
    if timeline.regime[k] == 0:
        founded = shed + live(lives, base, cell, k0, k1) / HOURS
        last = np.int64(timeline.state[PIECES]) - 1
        while k < last and timeline.regime[k + 1] == 0:
            k += 1
        if k == last or timeline.day[k + 1] >= founded:
            return founded, 1.0
    return live_under(lives, regimes, timeline, base, cell, shed, k0, k1, timeline.path)


@step
def live_under(lives, regimes, timeline, base, cell, shed, k0, k1, path):
    """The same where treatments act on cells; ``path``: room for states, and hours since it was shed."""
    k = turn_at(timeline, shed)
    x = begin(lives, base, cell, k0, k1) - lives.state0[base]
    at_base = lives.state0[base]
    life = regimes.life[timeline.regime[k], base]
    weight = regimes.chance[lives.state0[life] + x] / regimes.chance[at_base + x]
    hours, visit = 0.0, np.uint64(0)
    note(path, visit, x, hours)
    while not lives.ends[lives.state0[life] + x]:
        move, _, choice = visit_words(cell, visit, KIND_VISIT, k0, k1)
        wait = minus_log(move)
        while True:
            mean, end = lives.mean[lives.state0[life] + x], (turn_end(timeline, k) - shed) * HOURS
            due = hours + wait * mean
            extra = regimes.extra[timeline.regime[k], at_base + x]
            if extra > 0.0:
                weight *= exp(-extra * (min(due, end) - hours))
            if due <= end:
                hours = due
                break
            wait, hours, k = max(wait - (end - hours) / mean, 0.0), end, k + 1
            before, life = life, regimes.life[timeline.regime[k], base]
            weight *= regimes.chance[lives.state0[life] + x] / regimes.chance[lives.state0[before] + x]
        x = exit_of(lives, life, x, cell, visit, choice, k0, k1)
        visit += np.uint64(1)
        note(path, visit, x, hours)
    return shed + hours / HOURS, weight


@step
def exit_of(lives, life, x, cell, visit, choice, k0, k1):
    """The state to which a visit leads."""
    s = lives.state0[life] + x
    e = lives.exit0[s]
    if lives.rare[s]:
        word = rare_word(choice, cell, visit, KIND_RARE, k0, k1)
        e = rare_exit_of(lives.hazard, e, lives.exit0[s + 1], word)
    else:
        while choice >= lives.bound[e]:
            e += 1
    return np.int64(lives.target[e])


@step
def note(path, visit, x, hours):
    """A state that is come to, and when."""
    if np.int64(visit) < path.shape[0]:
        path[np.int64(visit), 0] = x
        path[np.int64(visit), 1] = hours


@entry
def path_of(lives, regimes, timeline, base, cell, shed, key, path):
    """The life of a founder that was shed on a day, into ``path``; the day on which it founds."""
    return live_under(lives, regimes, timeline, base, cell, shed, key[0], key[1], path)[0]
