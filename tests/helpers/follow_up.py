"""Follow-ups by dice whose truth is known: how often intervals of survival, incidence and hazards hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.patient.follow.estimators import Curve, incidence, net, survival
from helpers.coverage import Missed

Limits = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
Intervals = Callable[[npt.NDArray[np.int64]], Limits]

CURVES = {"incidence": incidence, "survival": survival, "net": net}


class Setting(NamedTuple):
    """Hazards a month of event, competing event and censoring (after whole months); of so many patients and months."""

    patients: int
    event: float
    competing: float
    censored: float
    months: int

    def truth(self, curve: str) -> npt.NDArray[np.float64]:
        """The share by month."""
        m = np.arange(self.months + 1)
        both = self.event + self.competing
        if curve == "net":
            return np.exp(-self.event * m)
        free = np.exp(-both * m)
        return free if curve == "survival" else (1.0 - free) * self.event / both

    def left(self, runs: int, seed: int) -> npt.NDArray[np.int64]:
        """Who leaves, by why and month: (runs, 3, months + 1)."""
        draw = np.random.default_rng([seed, *map(int, (self.patients, self.months))])
        shape = (runs, self.patients)
        event, competing = (
            draw.exponential(1.0 / rate if rate else np.inf, shape) for rate in (self.event, self.competing)
        )
        censored = draw.exponential(1.0 / self.censored if self.censored else np.inf, shape)
        censored = np.minimum(np.ceil(censored), self.months)
        first = np.minimum(event, competing)
        late = first > censored
        why = np.where(late, 2, np.where(event <= competing, 0, 1))
        month = np.ceil(np.where(late, censored, first)).astype(np.int64)
        at = np.ravel_multi_index((np.arange(runs)[:, None], why, month), (runs, 3, self.months + 1))
        return np.bincount(at.ravel(), minlength=runs * 3 * (self.months + 1)).reshape(runs, 3, self.months + 1)


def until(left: npt.NDArray[np.int64], month: int) -> npt.NDArray[np.int64]:
    """The same follow-ups up to a month: who leaves later is censored then."""
    cut = left[..., : month + 1].copy()
    cut[..., 2, month] += left[..., month + 1 :].sum(axis=(-2, -1))
    return cut


def missed_by(found: Limits, truth: float) -> Missed:
    """Shares of limits that lie above the truth, below it, and that are not given."""
    low, high = found
    return Missed(float((truth < low).mean()), float((truth > high).mean()), float(np.isnan(low).mean()))


def of_curve(setting: Setting, curve: str, month: int, runs: int, limits: Intervals | None = None) -> Missed:
    """How often the interval of a month misses; it is not given where nobody is at risk any more."""
    left = until(setting.left(runs, 7), month)
    if limits is not None:
        return missed_by(limits(left), setting.truth(curve)[month])
    found: Curve = CURVES[curve](left)
    return missed_by((found.low[:, month], found.high[:, month]), setting.truth(curve)[month])
