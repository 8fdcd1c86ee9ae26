"""Questions to patients: the same tables from counts of a cohort, and from the exact answer.

For research and teaching, never for decisions about a patient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascade.answers.intervals import Interval, proportion
from cascade.common.errors import InputError, is_number, nearest
from cascade.patient.intervals import mean_interval
from cascade.patient.tables import (
    LEVELS,
    DeathRow,
    Deaths,
    LesionRow,
    LesionTable,
    Level,
    NumberRow,
    NumberTable,
    what_of,
)

if TYPE_CHECKING:
    from cascade.patient.counts import Counts


@dataclass(frozen=True)
class Estimated:
    """The mean number of lesions of a patient, and the share of patients with any, with their intervals."""

    mean: float
    mean_low: float
    mean_high: float
    some: float
    some_low: float
    some_high: float


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
        if years is None:
            return len(self.times) - 1
        if is_number(years) and float(years) in self.times:  # type: ignore[arg-type]
            return self.times.index(float(years))  # type: ignore[arg-type]
        shown = [f"{time:g}" for time in self.times]
        told = ", ".join(shown if len(shown) < 10 else [*shown[:8], "...", shown[-1]])
        raise InputError("years", years, f"a year at which lesions were counted: {told}")

    def _rows(self, asked: Sequence[tuple[str, Level, int]]) -> list[LesionRow]:
        """Rows of sites, levels and times."""
        places = [(self._group(of), self._level(level), time) for of, level, time in asked]
        self._foresee(places)
        rows = []
        for (of, level, time), place in zip(asked, places, strict=True):
            found = self._estimated(*place)
            values = (found.mean, found.mean_low, found.mean_high, found.some, found.some_low, found.some_high)
            rows.append(LesionRow(self.times[time], of, level, self._alive(time), *values))
        return rows

    def _foresee(self, places: Sequence[tuple[int, int, int]]) -> None:
        """What will be asked next, (group, level, time): to be worked out together, where it is work."""

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
        return self._table(self._rows([(of, level, t) for t in range(len(self.times))]))

    def organs(self, years: float | None = None, level: Level = "established") -> LesionTable:
        """Lesions of a patient by site, at a time (default: the last); where most patients have any comes first."""
        time, kinds = self._time(years), ("anywhere", "distant", "nodal", "local")
        rows = {row.of: row for row in self._rows([(of, level, time) for of in self.groups])}
        sites = [row for of, row in rows.items() if of not in kinds]
        sites.sort(key=lambda row: (-row.some if row.some == row.some else 0.0, row.of))
        return self._table([*(rows[of] for of in kinds), *sites])

    def in_order_of(self, other: LesionTable) -> LesionTable:
        """The rows of another table, in its order: what stands beside it."""
        return self._table(self._rows([(row.of, row.level, self._time(row.years)) for row in other]))

    def sizes(self, years: float | None = None, of: str = "anywhere") -> LesionTable:
        """Lesions of a patient by least size, at a time (default: the last): from all founders to the largest."""
        time = self._time(years)
        levels: list[Level] = [*LEVELS, *self.sizes_mm]
        return self._table(self._rows([(of, level, time) for level in levels]))

    def number(self, years: float | None = None, level: Level = "founded", of: str = "anywhere") -> NumberTable:
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
