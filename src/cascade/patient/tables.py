"""Tables of patients: lesions by time, site and size, their numbers; the same columns simulated and exact.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from cascade.answers.table import Table, Texts, check_same, heading_beside
from cascade.common.errors import InputError
from cascade.common.shares import Estimate, estimate_of_number, estimate_of_share, percent
from cascade.common.text import text_table
from cascade.patient.kernel.inputs import ESTABLISHED, FOUNDED, SHED

WARNING = "For research and teaching, never for decisions about a patient."

COUNTED_ALONE = (
    "Intervals are of counting alone: how far numbers that were fitted are known, cascade.patient.uncertain adds."
)
"""Of a disease that was fitted."""

LEVELS = {"shed": SHED, "founded": FOUNDED, "established": ESTABLISHED}
"""Levels of a lesion by name; beside these, diameters in millimetres."""

TOLD = {
    "shed": "cells shed that will found",
    "founded": "founders: cells that have divided",
    "established": "lesions beyond the early phase",
}
"""What is counted at a level, in words."""

Level = str | float


@dataclass(frozen=True)
class LesionRow:
    """Lesions of patients who are alive at a time.

    Attributes
    ----------
    years : float
        Of the tumour.
    of : str
        A site; or "anywhere", "distant", "nodal", "local".
    level : str or float
        "shed", "founded", "established", or a diameter in millimetres: lesions at least as large.
    alive : float
        Share of the patients who are alive then; of an exact answer 1.
    mean, mean_low, mean_high : float
        Number of lesions of a patient, and its 95 % interval; of an exact answer the bounds of its error.
    some, some_low, some_high : float
        Share of the patients with any, and the same.
    """

    years: float
    of: str
    level: Level
    alive: float
    mean: float
    mean_low: float
    mean_high: float
    some: float
    some_low: float
    some_high: float


@dataclass(frozen=True)
class LesionTable(Table[LesionRow]):
    """Rows by time, or by site and time."""

    left = (0,)

    rows: tuple[LesionRow, ...]
    label: str = ""
    exact: bool = False
    digest: str = field(default="", compare=False, repr=False)
    end: str = field(default="", compare=False, repr=False)
    note: str = field(default="", compare=False, repr=False)

    def table(self, beside: LesionTable | None = None) -> str:
        """The table as text; the means of another one, such as the exact answer, in a column of their own."""
        return f"{self.caption}\n\n{text_table(*self.as_text(beside), left=self.left)}\n\n{self.below}"

    def as_text(self, beside: LesionTable | None = None) -> Texts:
        """Headings and lines."""
        # What is the same in all rows stands above the table.
        shown = [column for column in _COLUMNS if len(self) == 1 or len({column(row) for row in self.rows}) > 1]
        header = [_COLUMNS[column] for column in shown]
        header += ["mean number", "share with any"] if self.exact else ["alive", "mean number", "95 % interval"]
        header += [] if self.exact else ["share with any", "95 % interval"]
        other: list[LesionRow] = []
        if beside is not None:
            if not isinstance(beside, LesionTable):
                raise InputError("beside", beside, "a table of lesions, such as that of the exact answer")
            check_same([_key(row) for row in beside], [_key(row) for row in self], "times and sites")
            kind = "exact" if beside.exact else "simulated"
            header += [heading_beside(kind, what, beside, self) for what in ("mean number", "share with any")]
            other = list(beside)
        lines = []
        for i, row in enumerate(self.rows):
            mean, some = _mean_of(row), _some_of(row)
            line = [column(row) for column in shown]
            line += [mean.value, some.value] if self.exact else [percent(row.alive), *mean, *some]
            line += [_mean_of(other[i]).value, _some_of(other[i]).value] if other else []
            lines.append(line)
        return header, lines

    @property
    def what(self) -> str:
        """What is counted, as far as all rows count the same."""
        first, parts = self.rows[0], []
        if len({row.level for row in self.rows}) == 1:
            parts.append(told_of(first.level))
        if len({row.of for row in self.rows}) == 1:
            parts.append(first.of)
        if len({row.years for row in self.rows}) == 1:
            parts.append(f"after {first.years:g} years")
        return ", ".join(parts)

    @property
    def caption(self) -> str:
        """Whose table it is, of what."""
        return f"{self.label}: {self.what}"

    def __str__(self) -> str:
        return f"{self.caption}\n\n{super().__str__()}"

    @property
    def below(self) -> str:
        """What has to be known to read it right."""
        return f"{self.note} {WARNING}".strip()


@dataclass(frozen=True)
class NumberRow:
    """Patients with so many lesions.

    Attributes
    ----------
    number : int
    share, low, high : float
        Of the patients who are alive; 95 % interval, or the bounds of the error.
    or_more : bool
        Whether those with more are counted here.
    """

    number: int
    share: float
    low: float
    high: float
    or_more: bool = False


@dataclass(frozen=True)
class NumberTable(Table[NumberRow]):
    """How many lesions patients have: P(N = 0), P(N = 1), ..."""

    rows: tuple[NumberRow, ...]
    what: str = ""
    label: str = ""
    exact: bool = False

    def as_text(self) -> Texts:
        """Headings and lines, up to the last number that anybody has; of an exact answer that is above its error."""
        told = [row for row in self.rows if row.share > (row.high - row.share if self.exact else 0.0)]
        last = max((row.number for row in told), default=0)
        lines = []
        for row in self.rows[: last + 1]:
            share = estimate_of_share(row.share, row.low, row.high)
            lines.append([f"{row.number}{' or more' * row.or_more}", *(share[: 1 if self.exact else 2])])
        return [self.what or "lesions", "share of patients", *["95 % interval"] * (not self.exact)], lines

    @property
    def caption(self) -> str:
        """Whose table it is."""
        return self.label

    @property
    def below(self) -> str:
        """What it is for."""
        return WARNING


def _key(row: LesionRow) -> str:
    return f"{what_of(row.of, row.level)} after {row.years:g} years"


def told_of(level: Level) -> str:
    """What is counted at a level, in words."""
    return TOLD[level] if isinstance(level, str) else f"lesions of {level:g} mm or more"


def what_of(of: str, level: Level) -> str:
    """Which lesions, in words."""
    return told_of(level) if of == "anywhere" else f"{told_of(level)}, {of}"


NOT_TOLD = Estimate("-", "")
"""Of an exact answer: nobody lives, or a mean is that of patients of whom no cohort has one."""


def _mean_of(row: LesionRow) -> Estimate:
    if math.isnan(row.mean):
        return NOT_TOLD
    if row.mean == 0.0:
        return Estimate("0", f"below {row.mean_high:.2g}")
    return estimate_of_number(row.mean, row.mean_low, row.mean_high)


def _some_of(row: LesionRow) -> Estimate:
    return NOT_TOLD if math.isnan(row.some) else estimate_of_share(row.some, row.some_low, row.some_high)


def _years(row: LesionRow) -> str:
    return f"{row.years:g}"


def _site(row: LesionRow) -> str:
    return row.of


def _level_of(row: LesionRow) -> str:
    return told_of(row.level)


_COLUMNS = {_years: "years", _site: "site", _level_of: "size"}
"""Columns that tell which row it is."""


@dataclass(frozen=True)
class DeathRow:
    """Shares of all patients by a time.

    Attributes
    ----------
    years : float
    alive, of_tumour, of_other : float
    """

    years: float
    alive: float
    of_tumour: float
    of_other: float


@dataclass(frozen=True)
class Deaths(Table[DeathRow]):
    """Who is alive, and who has died of what, by time."""

    rows: tuple[DeathRow, ...]
    label: str = ""

    def as_text(self) -> Texts:
        """Headings and lines."""
        lines = [[f"{r.years:g}", percent(r.alive), percent(r.of_tumour), percent(r.of_other)] for r in self.rows]
        return ["years", "alive", "died of the tumour", "of other causes"], lines

    @property
    def caption(self) -> str:
        """Whose table it is."""
        return self.label

    @property
    def below(self) -> str:
        """What it is for."""
        return WARNING
