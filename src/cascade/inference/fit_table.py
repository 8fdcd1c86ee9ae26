"""The table of a fit: free hazards, their estimates and their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cascade.answers.table import Table, Texts
from cascade.common.shares import estimate_of_number, whole_percent

MOST_DEGREES = 1e4
"""Beyond which Student's law is the normal one."""


@dataclass(frozen=True)
class FitRow:
    """One free hazard.

    Attributes
    ----------
    hazard : str
        Its name, or the pattern of several.
    arm : str
        '' where all arms share it.
    model : float
        In the model that was fitted, per hour; nan of several.
    estimate, low, high : float
        Per hour, of the median animal; of several hazards what they are multiplied by.  An open side is 0 or inf.
    factor : float
        Estimate over model.
    degrees : float
        Of freedom, of the interval.
    against : str
        The arm over whose hazard it is told; '' of a hazard itself.
    """

    hazard: str
    arm: str
    model: float
    estimate: float
    low: float
    high: float
    factor: float
    degrees: float
    against: str = ""

    @property
    def told(self) -> str:
        """Estimate and interval in words."""
        if self.low > 0 and math.isfinite(self.high):
            return "{}, {}".format(*estimate_of_number(self.estimate, self.low, self.high))
        if self.low == 0 and math.isinf(self.high):
            return "not told: open below and above"
        below, above = ("open below" if self.low == 0 else f"at least {self.low:.3g}"), "open above"
        if math.isfinite(self.high):
            above = f"at most {self.high:.3g}"
        return f"{self.estimate:.3g}, {below} and {above}"


@dataclass(frozen=True)
class FitTable(Table[FitRow]):
    """Free hazards with their intervals."""

    rows: tuple[FitRow, ...]
    level: float
    told: str

    left = (0, 1)

    def as_text(self) -> Texts:
        """Headings and lines."""
        level = whole_percent(self.level)
        head = ["hazard", "arm", "in the model", "estimate", f"{level} from", "to", "x the model", "d.f."]
        lines = []
        for row in self.rows:
            ends = ["open" if row.low == 0 else f"{row.low:.3g}", "open" if math.isinf(row.high) else f"{row.high:.3g}"]
            start = "-" if math.isnan(row.model) else f"{row.model:.3g}"
            degrees = "inf" if row.degrees > MOST_DEGREES else f"{row.degrees:.1f}"
            arm = f"{row.arm} over {row.against}" if row.against else row.arm or "all"
            # Where no side has an end, the number is where the search stopped, and says nothing.
            told = row.low > 0 or math.isfinite(row.high)
            numbers = (f"{row.estimate:.4g}", f"{row.factor:.3g}") if told else ("not told", "-")
            lines.append([row.hazard, arm, start, numbers[0], *ends, numbers[1], degrees])
        return head, lines

    @property
    def below(self) -> str:
        """What the numbers are."""
        return self.told
