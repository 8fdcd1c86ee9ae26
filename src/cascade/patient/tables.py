"""Tables of patients: lesions by time, site and size, their numbers; the same columns simulated and exact.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cascade.answers.intervals import Interval, proportion
from cascade.answers.table import Table, Texts, check_same, heading_beside
from cascade.common.errors import InputError, is_number, nearest
from cascade.common.shares import estimate_of_number, estimate_of_share, percent
from cascade.common.text import text_table
from cascade.patient.intervals import mean_interval
from cascade.patient.kernel.inputs import ESTABLISHED, FOUNDED, SHED

if TYPE_CHECKING:
    from cascade.patient.counts import Counts

WARNING = "For research and teaching, never for decisions about a patient."

LEVELS = {"shed": SHED, "founded": FOUNDED, "established": ESTABLISHED}
"""Levels of a lesion by name; beside these, diameters in millimetres."""

TOLD = {
    "shed": "cells shed that will found",
    "founded": "founders: cells that have divided",
    "established": "lesions that do not die out",
}
"""What is counted at a level, in words."""

Level = str | float


@dataclass(frozen=True)
class Estimated:
    """The mean number of lesions of a patient, and the share of patients with any, with their intervals."""

    mean: float
    mean_low: float
    mean_high: float
    some: float
    some_low: float
    some_high: float


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
            mean = estimate_of_number(row.mean, row.mean_low, row.mean_high)
            some = estimate_of_share(row.some, row.some_low, row.some_high)
            line = [column(row) for column in shown]
            line += [mean.value, some.value] if self.exact else [percent(row.alive), *mean, *some]
            line += [f"{other[i].mean:.4g}", percent(other[i].some)] if other else []
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


class Answers:
    """Tables that a simulated cohort and an exact answer both give."""

    if TYPE_CHECKING:

        @property
        def groups(self) -> tuple[str, ...]:
            """Sites, and kinds of sites."""

        @property
        def times(self) -> tuple[float, ...]:
            """Years of the tumour."""

        @property
        def sizes_mm(self) -> tuple[float, ...]:
            """Diameters."""

        @property
        def label(self) -> str:
            """Name of the disease."""

    exact_answer: bool = False

    def _estimated(self, group: int, level: int, time: int) -> Estimated:
        raise NotImplementedError

    def _numbers(self, kind: int, level: int, time: int) -> tuple[NumberRow, ...]:
        raise NotImplementedError

    def _alive(self, time: int) -> float:  # noqa: ARG002 (of an exact answer at any time)
        """Share of the patients who are alive."""
        return 1.0

    def _told(self) -> dict[str, str]:
        """Digest, end and note of a table."""
        return {}

    def _group(self, of: object) -> int:
        if of not in self.groups:
            raise InputError("of", of, f"a site, or a kind of sites; {nearest(of, self.groups)}")
        return self.groups.index(of)

    def _level(self, level: object) -> int:
        if isinstance(level, str) and level in LEVELS:
            return LEVELS[level]
        if is_number(level) and float(level) in self.sizes_mm:  # type: ignore[arg-type]
            return len(LEVELS) + self.sizes_mm.index(float(level))  # type: ignore[arg-type]
        sizes = ", ".join(f"{mm:g}" for mm in self.sizes_mm)
        raise InputError(
            "level", level, f"{', '.join(map(repr, LEVELS))}, or a diameter that was asked for: {sizes} mm"
        )

    def _time(self, years: object) -> int:
        if is_number(years) and float(years) in self.times:  # type: ignore[arg-type]
            return self.times.index(float(years))  # type: ignore[arg-type]
        told = ", ".join(f"{time:g}" for time in self.times[:8]) + (", ..." if len(self.times) > 8 else "")
        raise InputError("years", years, f"a year at which lesions were counted (times=): {told}")

    def _row(self, of: str, level: Level, time: int) -> LesionRow:
        found = self._estimated(self._group(of), self._level(level), time)
        values = (found.mean, found.mean_low, found.mean_high, found.some, found.some_low, found.some_high)
        return LesionRow(self.times[time], of, level, self._alive(time), *values)

    def _table(self, rows: Sequence[LesionRow]) -> LesionTable:
        return LesionTable(tuple(rows), self.label, self.exact_answer, **self._told())

    def lesions(self, level: Level = "founded", of: str = "anywhere") -> LesionTable:
        """Lesions of a patient at each time: their mean number, and the share of patients with any.

        Parameters
        ----------
        level : str or float
            "shed" (cells that will found), "founded", "established", or one of ``sizes_mm``.
        of : str
            A site; or "anywhere", "distant", "nodal", "local".

        Notes
        -----
        Of patients who are alive then. The share with any is the chance that the first has come by then.
        """
        return self._table([self._row(of, level, t) for t in range(len(self.times))])

    def organs(self, years: float, level: Level = "established") -> LesionTable:
        """Lesions of a patient by site, at a time; the sites in which the most patients have any come first."""
        time, kinds = self._time(years), ("anywhere", "distant", "nodal", "local")
        rows = [self._row(of, level, time) for of in self.groups if of not in kinds]
        rows.sort(key=lambda row: (-row.some, row.of))
        return self._table([*(self._row(of, level, time) for of in kinds), *rows])

    def in_order_of(self, other: LesionTable) -> LesionTable:
        """The rows of another table, in its order: what stands beside it."""
        return self._table([self._row(row.of, row.level, self._time(row.years)) for row in other])

    def sizes(self, years: float, of: str = "anywhere") -> LesionTable:
        """Lesions of a patient by least size, at a time: from all founders to the largest diameter."""
        time = self._time(years)
        levels: list[Level] = [*LEVELS, *self.sizes_mm]
        return self._table([self._row(of, level, time) for level in levels])

    def number(self, years: float, level: Level = "founded", of: str = "anywhere") -> NumberTable:
        """The law of the number of lesions of a patient at a time.

        Parameters
        ----------
        years : float
        level : str or float
        of : str
            "anywhere", "distant", "nodal" or "local".
        """
        kinds = self.groups[-4:]
        if of not in kinds:
            raise InputError("of", of, f"{', '.join(map(repr, kinds))}: of a single site numbers are not counted")
        rows = self._numbers(kinds.index(of), self._level(level), self._time(years))
        return NumberTable(rows, what_of(of, level), self.label, self.exact_answer)


class Simulated(Answers):
    """Answers from counts."""

    if TYPE_CHECKING:
        counts: Counts

        @property
        def patients(self) -> int:
            """Number of patients."""

    def _alive(self, time: int) -> float:
        return int(self.counts.alive[time]) / self.patients

    def deaths(self) -> Deaths:
        """Shares of all patients who are alive, and who have died of the tumour or of other causes, by time."""
        dead = self.counts.deaths.cumsum(axis=1)
        rows = [
            DeathRow(years, self._alive(t), int(dead[0, t]) / self.patients, int(dead[1, t]) / self.patients)
            for t, years in enumerate(self.times)
        ]
        return Deaths(tuple(rows), self.label)

    def _told(self) -> dict[str, str]:
        return {
            "digest": self.disease.digest(),  # type: ignore[attr-defined]
            "end": f"{self.years:g} years",  # type: ignore[attr-defined]
            "note": f"{self.made}. Of patients who are alive at the time.",  # type: ignore[attr-defined]
        }

    def _estimated(self, group: int, level: int, time: int) -> Estimated:
        c, alive = self.counts, int(self.counts.alive[time])
        total, some = int(c.total[group, level, time]), int(c.some[group, level, time])
        mean = mean_interval(total, int(c.square[group, level, time]), int(c.most[group, level, time]), alive)
        share = proportion(some, alive) if alive else Interval(0.0, 1.0)
        of = max(alive, 1)
        return Estimated(total / of, *mean, some / of, *share)

    def _numbers(self, kind: int, level: int, time: int) -> tuple[NumberRow, ...]:
        counted = self.counts.number[kind, level, time].tolist()
        alive = int(self.counts.alive[time])
        # Patients without any are not counted one by one.
        counted[0] = alive - sum(counted[1:])
        rows = []
        for n, patients in enumerate(counted):
            share = proportion(patients, alive) if alive else Interval(0.0, 1.0)
            rows.append(NumberRow(n, patients / max(alive, 1), *share, or_more=n == len(counted) - 1))
        return tuple(rows)
