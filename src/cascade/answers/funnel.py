"""The survival funnel: how many cells entered and passed each step, and of what the others died."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from cascade.answers.funnel_files import MOST_COUNTED, counts_of, csv_text, is_funnel, rows_of
from cascade.answers.intervals import Interval, proportion
from cascade.answers.kinds import KINDS
from cascade.answers.sheets import read_sheet
from cascade.answers.table import Table, Texts, check_same, heading_beside
from cascade.common.arguments import Labelled
from cascade.common.errors import InputError, is_number
from cascade.common.files import as_path, write_atomically
from cascade.common.frozen import ByValue
from cascade.common.shares import estimate_of_share, percent, whole_percent
from cascade.common.text import number, text_table


@dataclass(frozen=True, eq=False)
class FunnelRow(ByValue):
    """One step of the cascade.

    Attributes
    ----------
    step : str
    entered, passed : float
        Distinct cells that reached the step, and that went beyond it; whole numbers when
        counted, expected numbers when exact.
    fraction_of_previous : float
        passed / entered (0 when none entered).
    fraction_of_all : float
        passed / all cells that started.
    low, high : float
        95 % interval of ``fraction_of_all``; for an exact answer its numerical error.
    lost : dict of str to float
        Cells whose furthest step this was and that died, by final cause.
    still : float
        Cells whose furthest step this was and that are still alive.
    """

    step: str
    entered: float
    passed: float
    fraction_of_previous: float
    fraction_of_all: float
    low: float
    high: float
    lost: Mapping[str, float] = field(default_factory=dict)
    still: float = 0.0


@dataclass(frozen=True)
class Milestone:
    """Distinct cells that ever entered a state with this label, and their share of all."""

    name: str
    cells: float
    fraction_of_all: float
    low: float
    high: float


@dataclass(frozen=True)
class Funnel(Table[FunnelRow]):
    """Rows of the funnel, in order; ``entered = passed + sum(lost) + still`` in each.

    ``digest`` of its model and ``end`` of its run, in words, are "" where nobody knows them.

    Examples
    --------
    >>> funnel = Funnel.from_counts({"injected": 1000, "arrested": 870, "extravasated": 800})
    >>> [(row.step, int(row.entered), int(row.passed)) for row in funnel]
    [('arrested', 1000, 870), ('extravasated', 870, 800)]
    """

    rows: tuple[FunnelRow, ...]
    cells: float
    label: str = ""
    exact: bool = False
    simulated: bool = False
    milestones: tuple[Milestone, ...] = ()
    note: str = ""
    digest: str = field(default="", compare=False, repr=False)
    end: str = field(default="", compare=False, repr=False)

    @property
    def below(self) -> str:
        """The note."""
        return self.note

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, float] | Sequence[tuple[str, float]] | Labelled, *, label: str = "own counts"
    ) -> Funnel:
        """A funnel of one's own data: numbers of cells (or animals, patients) in order.

        Parameters
        ----------
        counts : mapping, sequence of (name, number) or pandas.Series
            The first is what was started with; each later one is what was left at that step.

        Raises
        ------
        InputError
            When a number is negative, not whole, larger than the one before, or the first is 0.
        """
        try:
            if isinstance(counts, Mapping | Labelled):
                pairs = list(counts.items())
            else:
                pairs = [(str(name), n) for name, n in counts]
        except (TypeError, ValueError):
            raise InputError("counts", counts, "a mapping, or pairs, of names and numbers") from None
        names = [name for name, _ in pairs]
        for name in names:
            if not isinstance(name, str) or not name or names.count(name) > 1:
                raise InputError("counts", name, "a name for each number, each once")
        if len(pairs) < 2:
            raise InputError("counts", pairs, "at least two numbers: what was started with, and what was left")
        before = float("inf")
        for name, n in pairs:
            if not is_number(n) or not 0 <= n <= MOST_COUNTED or n != int(n):
                several = not isinstance(n, str | bytes) and hasattr(n, "__iter__")
                hint = "; groups and replicates are read by cascade.Data.funnels(table, steps)" if several else ""
                raise InputError(f"counts[{name!r}]", n, f"a whole number from 0 to 1e18{hint}")
            if n > before:
                raise InputError(f"counts[{name!r}]", n, f"at most the number before it ({before:g})")
            before = n
        total = int(pairs[0][1])
        if total == 0:
            raise InputError(f"counts[{pairs[0][0]!r}]", 0, "a number above 0 to start with")
        rows = [
            row_of(step, int(entered), int(passed), total, {"lost": int(entered - passed)}, 0)
            for (_, entered), (step, passed) in pairwise(pairs)
        ]
        return cls(tuple(rows), total, label)

    @classmethod
    def from_csv(cls, path: str | Path, *, label: str | None = None) -> Funnel:
        """A funnel from a table in a file, read by its headings.

        Parameters
        ----------
        path : str or Path
            Columns ``step`` and ``number`` (the first number is what was started with), or those of
            ``to_csv``: ``entered`` and ``passed``, whose shares must be those of the numbers.  Others are
            left alone.  Separated by commas, semicolons or tabs; decimals and thousands as in the file.
            A heading that no word of tells whether cells were counted is taken only where no other column
            has numbers, and is named in the note.
        label : str, optional
            Default: the name of the file.

        Raises
        ------
        InputError
            When the file is no such table, or a number has two readings: 300.000 may be 300 or 300,000.
        """
        sheet, name = read_sheet(path), Path(path).stem if label is None else label
        if not is_funnel(sheet):
            counts, taken = counts_of(sheet)
            return replace(cls.from_counts(counts, label=name), note=taken)
        lines, marks, cells, kind = rows_of(sheet)
        rows, milestones = tuple(FunnelRow(**line) for line in lines), tuple(Milestone(**mark) for mark in marks)
        exact, simulated = kind == "exact", kind == "simulated"
        return cls(rows, cells, name, exact=exact, simulated=simulated, milestones=milestones)

    def to_csv(self, path: str | Path) -> Path:
        """Write the table as CSV: every number, causes of loss in columns of their own, then milestones.

        ``from_csv`` gives back the same funnel, but for its note.

        Raises
        ------
        InputError
            When the file cannot be written.
        """
        target = as_path(path)
        write_atomically(target, csv_text(self.rows, self.milestones, self.cells, self.kind).encode())
        return target

    def table(self, beside: Funnel | None = None) -> str:
        """The funnel as text, the causes of loss below it.

        Parameters
        ----------
        beside : Funnel, optional
            Another funnel of the same steps, such as the exact answer: what passed there, of as many
            cells, in a column of its own that says what it is, and of which model and end if these differ.

        Raises
        ------
        InputError
            When the steps differ.
        """
        header, lines = self.as_text(beside)
        causes = [[line[0], line[-1]] for line in lines if line[-1]]
        text = text_table(header[:-1], [line[:-1] for line in lines])
        text += "\n\n" + text_table(["step", "lost to"], causes, left=(0, 1)) if causes else ""
        return f"{text}\n\n{self.note}" if self.note else text

    def as_text(self, beside: Funnel | None = None) -> Texts:
        """Headings and lines: steps, then milestones; the causes of loss in the last column."""
        header = ["step", "entered", "passed", "of previous", "of all"]
        header += [] if self.exact else ["95 % interval"]
        if beside is not None:
            _check_beside(beside, self)
            header += [heading_beside(beside.kind, "passed", beside, self)]
        lines = []
        for i, row in enumerate(self.rows):
            line = [row.step, number(row.entered), number(row.passed), percent(row.fraction_of_previous)]
            line += self._of_all(row)
            line += [number(beside.rows[i].passed * self.cells / beside.cells)] if beside is not None else []
            lines.append([*line, causes_text(row)])
        shares = {mark.name: mark.fraction_of_all for mark in beside.milestones} if beside is not None else {}
        for mark in self.milestones:
            name = mark.name if mark.name in KINDS.values() else f"ever {mark.name}"
            line = [f"  {name}", "", number(mark.cells), "", *self._of_all(mark)]
            if beside is not None:
                line.append(number(shares[mark.name] * self.cells) if mark.name in shares else "")
            lines.append([*line, ""])
        return [*header, "lost to"], lines

    def _of_all(self, row: FunnelRow | Milestone) -> list[str]:
        """The share of all cells; with its interval where it was counted."""
        if self.exact:
            return [percent(row.fraction_of_all)]
        return list(estimate_of_share(row.fraction_of_all, row.low, row.high))

    @property
    def kind(self) -> str:
        """Where the numbers come from: "exact", "simulated", or "counted" by somebody."""
        return "exact" if self.exact else "simulated" if self.simulated else "counted"

    @property
    def made(self) -> str:
        """Of how many cells; of the exact answer that it is exact."""
        return f"{'exact answer, of ' if self.exact else ''}{number(self.cells)} cells"

    @property
    def caption(self) -> str:
        """Whose funnel it is, and of how many cells."""
        return f"{self.label}: {self.made}"

    def __str__(self) -> str:
        return self.table()


def _check_beside(beside: object, funnel: Funnel) -> None:
    """A funnel of the same steps."""
    if not isinstance(beside, Funnel):
        raise InputError("beside", beside, "a funnel, such as that of the exact answer: exact.funnel()")
    check_same([row.step for row in beside], [row.step for row in funnel], "steps")


def row_of(
    step: str,
    entered: int,
    passed: int,
    cells: int,
    lost: Mapping[str, float],
    still: float,
    *,
    interval: Interval | None = None,
) -> FunnelRow:
    """A counted row with its interval, by default that of independent cells."""
    low, high = interval or proportion(passed, cells)
    return FunnelRow(
        step,
        entered,
        passed,
        passed / entered if entered else 0.0,
        passed / cells if cells else 0.0,
        low,
        high,
        dict(lost),
        still,
    )


MOST_CAUSES = 4
"""Causes of loss that the row of a step tells."""


def causes_text(row: FunnelRow, most: int = MOST_CAUSES) -> str:
    """Causes of loss with their shares of all that ended at this step."""
    total = sum(row.lost.values()) + row.still
    if total <= 0:
        return ""
    parts = sorted(((n, cause) for cause, n in row.lost.items() if n > 0), key=lambda part: -part[0])
    texts = [f"{cause} {whole_percent(n / total)}" for n, cause in parts[:most]]
    if row.still > 0:
        texts.append(f"(still there {whole_percent(row.still / total)})")
    return ", ".join(texts) + (", ..." if len(parts) > most else "")
