"""Events that are taken or refused, where hazards depend on the time: by their chances to reach a goal."""

from __future__ import annotations

import numpy as np

from cascade.kernel.buffers import EXCEEDED
from cascade.kernel.jit import entry, step
from cascade.kernel.numerics import exp, log
from cascade.kernel.streams import take_word

POINTS = 8
"""Of an interpolation: with 64 steps an octave its relative error is below 1e-9."""

# Weights of Lagrange's polynomials at 0, 1, ... 7, up to a factor: 1, -7, 21, -35, 35, -21, 7, -1.
_WEIGHTS = (1.0, -7.0, 21.0, -35.0, 35.0, -21.0, 7.0, -1.0)
_SLACK = 1.0 + 1e-9


@step
def between(h, first, x, steps, column):
    """The logarithm of a chance ``x`` steps after the point ``first`` of a block of ``steps`` steps."""
    at = np.int64(x) - np.int64(3)
    at = min(max(at, np.int64(0)), steps - np.int64(POINTS - 1))
    y = x - float(at)
    nearest = np.int64(y + 0.5)
    if y == float(nearest):
        return h[first + at + nearest, column]
    top = bottom = 0.0
    for k in range(POINTS):
        weight = _WEIGHTS[k] / (y - float(k))
        top += weight * h[first + at + k, column]
        bottom += weight
    return top / bottom


@step
def refuse(rows, key, tables, thin, block, scratch, out):
    """Refuse events whose hazard was too high for their time: the cell stays where it is."""
    cell, visit, window = block.cell, block.visit, block.window
    event, exits = scratch.event, scratch.exit
    early, source, target = thin.early, thin.source, tables.target
    all_exits = np.uint32(tables.exits)
    for i in range(rows):
        e = exits[i]
        if not early[e]:
            continue
        w = window[i]
        per_hour, steps = thin.per_hour[w], np.int64(thin.steps[w])
        x = 0.0
        if per_hour > 0.0:
            x = (thin.end[w] - event[i] - thin.begin[w]) * per_hour
            x = min(max(x, 0.0), float(steps))
        here = between(thin.h, thin.first[w], x, steps, source[e])
        # A death before the goal is the goal: its chance is 1.
        there = between(thin.h, thin.first[w], x, steps, target[e]) if tables.goes_on[e] else 0.0
        ratio = exp(there - here)
        ceiling = thin.ceiling[w * all_exits + e]
        if ratio > ceiling * _SLACK:
            out.tally[EXCEEDED] += 1
        if take_word(cell[i], np.uint64(visit[i]), key[0], key[1]) * ceiling >= ratio:
            exits[i] = thin.stay[source[e]]


@entry
def logarithms(values):
    """Logarithms of an array, in place."""
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            values[i, j] = log(values[i, j])
