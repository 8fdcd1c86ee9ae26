"""The clock of rows of follow-up: years since surgery, and what happens at the very end of a window.

Visits fall at whole years after surgery, and so do the ends of the windows of most sources.  Real visits scatter around
their day: what is found at a visit at the very end of a window is in it in one half of patients.  So it counts half,
and no row hangs on whether an end belongs to its window.
"""

from __future__ import annotations

import numpy as np

from cascade.patient.follow.register import Register

AT_THE_END = 0.02
"""Years: nearer to the end of a window than that is at it."""


def since(r: Register, when: np.ndarray) -> np.ndarray:
    """Years since surgery; since diagnosis of those who are not operated; infinity: never, or never diagnosed."""
    begin = np.where(np.isfinite(r.surgery), r.surgery, np.where(r.mode > 0, r.diagnosed, 0.0))
    return np.asarray(when - begin)


def since_diagnosis(r: Register, when: np.ndarray) -> np.ndarray:
    """Years since diagnosis, of sources that count from it; infinity: never, or never diagnosed."""
    return np.asarray(when - np.where(r.mode > 0, r.diagnosed, 0.0))


def by(years: np.ndarray, end: float) -> np.ndarray:
    """How much of what happens after such years is in a window: 1 before its end, one half at it, 0 after it."""
    near = np.abs(years - end) < AT_THE_END
    return np.where(near, 0.5, (years < end).astype(float))


def after(years: np.ndarray, end: float) -> np.ndarray:
    """How much is beyond the end of a window."""
    return 1.0 - by(years, end)


def middle(years: np.ndarray, weights: np.ndarray, every: float) -> float:
    """The middle time of what is found by visits every so many years, and by symptoms between them.

    Real visits scatter: what is found at a time counts as found evenly over one interval of visits around it.  So the
    middle moves smoothly with what is found when, and does not jump from visit to visit.
    """
    ends = np.concatenate([years - 0.5 * every, years + 0.5 * every])
    order = np.argsort(ends, kind="stable")
    # Between two ends the found share grows evenly, by what is spread over them.
    rate = np.cumsum(np.concatenate([weights, -weights])[order]) / every
    found = np.concatenate([[0.0], np.cumsum(rate[:-1] * np.diff(ends[order]))])
    return float(np.interp(0.5 * weights.sum(), found, ends[order]))
