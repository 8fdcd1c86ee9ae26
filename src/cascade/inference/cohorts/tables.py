"""Tables of a disease fitted to patients: its free numbers with their intervals, and each count beside it.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy import stats

from cascade.answers.table import Table, Texts
from cascade.common.shares import whole_percent
from cascade.inference.cohorts.groups import Group, Said

RARE = 0.05
HALF = 0.5


@dataclass(frozen=True)
class FittedNumber:
    """A free number of a disease.

    Attributes
    ----------
    where : str
        Its place in the disease.
    disease, estimate, low, high : float
        As the disease had it, as it was fitted, and its interval: nan where the data do not tell it.
    """

    where: str
    disease: float
    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class FittedNumbers(Table[FittedNumber]):
    """Free numbers with their intervals."""

    rows: tuple[FittedNumber, ...]
    level: float
    told: str

    def as_text(self) -> Texts:
        """Headings and lines."""
        level = whole_percent(self.level)
        lines = []
        for row in self.rows:
            ends = [f"{v:.3g}" if math.isfinite(v) else "not told" for v in (row.low, row.high)]
            lines.append([row.where, f"{row.disease:.4g}", f"{row.estimate:.4g}", *ends])
        return ["free number", "in the disease", "fitted", f"{level} from", "to"], lines

    @property
    def below(self) -> str:
        """What the numbers are."""
        return self.told


@dataclass(frozen=True)
class CountRow:
    """What was counted, beside the disease.

    Attributes
    ----------
    of, what : str
        Of whom, and what: a class.
    observed : float
        Patients, or distant metastases.
    exposure : float
        Patients in all, or years in which they were followed.
    expected : float
        Of the fitted disease.
    low, high : float
        Between which 95 % of such tables of the fitted disease have it; nan of metastases in years in which none of the
        simulated patients has one.
    chance : float
        That such a table has it as far off, on either side; nan as above.
    """

    of: str
    what: str
    observed: float
    exposure: float
    expected: float
    low: float
    high: float
    chance: float


@dataclass(frozen=True)
class CountRows(Table[CountRow]):
    """Counts of patients beside the fitted disease."""

    rows: tuple[CountRow, ...]
    told: str

    left = (0, 1)

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines = []
        for r in self.rows:
            known = not math.isnan(r.chance)
            ends = [f"{r.low:g}", f"{r.high:g}", f"{r.chance:.2g}"] if known else ["-"] * 3
            lines.append([r.of, r.what, f"{r.observed:g}", f"{r.expected:.1f}", *ends, f"{r.exposure:.6g}"])
        return ["patients", "counted", "observed", "expected", "95 % from", "to", "chance", "of"], lines

    @property
    def below(self) -> str:
        """What the numbers are, and how many are off."""
        known = [r.chance for r in self.rows if not math.isnan(r.chance)]
        off = sum(chance < RARE for chance in known)
        unexpected = sum(r.observed > 0 for r in self.rows if math.isnan(r.chance))
        more = f" In {unexpected} more metastases were seen, and in no simulated patient." if unexpected else ""
        return (
            f"{off} of {len(known)} counts are so far off that one in twenty tables of the fitted disease has them so;"
            f" of a right disease some {RARE * len(known):.1f} are, or fewer, since it was fitted to them.{more}"
            f" {self.told}"
        )


def chance_of(group: Group, said: Said, place: int) -> tuple[float, float, float]:
    """Between which 95 % of counts of a class lie, and the chance of one as far off as was counted.

    By the counting of the table and by that of the simulated patients behind the share or rate: negative binomial of
    events, beta-binomial of patients.
    """
    n, behind, k = float(group.exposure[place]), float(said.behind[place]), float(group.observed[place])
    rest = float(said.behind.sum()) - behind
    law: Any
    if group.what == "years":
        if behind <= 0:
            return math.nan, math.nan, math.nan
        law = stats.nbinom(behind, behind / (behind + n * float(said.value[place])))
    else:
        # Of a class of none, or of all, of the simulated patients: as if it were half of one.
        law = stats.betabinom(round(n), max(behind, HALF), max(rest, HALF))
    chance = min(1.0, 2.0 * min(float(law.cdf(k)), float(law.sf(k - 1.0))))
    return float(law.ppf(0.025)), float(law.ppf(0.975)), chance
