"""Follow-ups by dice whose truth is known: how often intervals of survival, incidence and hazards hold."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.patient.follow.estimators import Curve, incidence, net, survival
from helpers.coverage import Missed

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


def of_curve(setting: Setting, curve: str, month: int, runs: int, seed: int = 7) -> Missed:
    """How often the interval of a month misses; it is not given where nobody is at risk any more."""
    found: Curve = CURVES[curve](setting.left(runs, seed))
    truth = setting.truth(curve)[month]
    low, high = found.low[:, month], found.high[:, month]
    none = float(np.isnan(low).mean())
    return Missed(float((truth < low).mean()), float((truth > high).mean()), none)
