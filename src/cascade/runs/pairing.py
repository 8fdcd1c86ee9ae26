"""The very same cells under two models: who is saved, who is lost, and at which step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.answers.intervals import Interval, batch_variance, clustered_difference, paired_difference
from cascade.common.errors import InputError
from cascade.common.text import hours, html_table, number, percent, text_table
from cascade.engine.chunk import Span, span_of
from cascade.engine.executor import LARGEST_SPAN, Progress, conduct, cut
from cascade.engine.prepare import environment, prepare, rows_of
from cascade.kernel.buffers import BATCHES, NO_MEMBER
from cascade.kernel.streams import fresh_seed
from cascade.lowering.arguments import cell_range, check_model, check_seed, check_until
from cascade.lowering.lower import Lowered, lower
from cascade.model import Model
from cascade.runs.capacity import settled
from cascade.runs.histories import History, replay, traits_of

SUCCESS, ALIVE = "success", "alive"

COUPLING = (
    "Which cells are saved or lost depends on how the two runs share their draws;"
    " only the net difference is a property of the two models."
)


@dataclass(frozen=True)
class ComparisonRow:
    """One step: distinct cells that passed it under each model.

    ``difference`` is (gained - lost) / all cells, with its 95 % interval ``low``, ``high``.
    """

    step: str
    passed: int
    passed_other: int
    gained: int
    lost: int
    difference: float
    low: float
    high: float


MOST_LISTED = 1000
"""Cells that a comparison names, of those saved and of those lost: the lowest numbers."""


@dataclass(frozen=True)
class End:
    """How a life ended: the furthest step, its cause of death ("" without one), and the kind of end."""

    step: str
    cause: str
    kind: Literal["death", "alive", "success"]


@dataclass(frozen=True)
class CauseRow:
    """Cells that ``model`` held or killed at a step by a cause, and what became of them under ``other``.

    ``saved``: they succeed; ``moved``: they end at another step or by another cause;
    ``lost``: cells that succeed under ``model`` and end so under ``other``.
    """

    step: str
    cause: str
    kind: str
    cells: int
    saved: int
    moved: int
    lost: int


@dataclass(frozen=True)
class TwoLives:
    """One cell under both models."""

    names: tuple[str, str]
    one: History
    two: History

    def __str__(self) -> str:
        like = ", ".join(f"{trait} {z:.2g}" for trait, z in self.one.traits.items())
        units = {life.member: life for life in self.one.fragments}
        others = {life.member: life for life in self.two.fragments}
        parts = [f"cell {self.one.cell}{': ' * bool(like)}{like}", self._table(self.one, self.two)]
        for member in sorted({*units, *others}):
            parts += [f"fragment from member {member}", self._table(units.get(member), others.get(member))]
        return "\n".join(parts)

    def _table(self, one: History | None, two: History | None) -> str:
        """Two lives side by side, of which one may not have been."""
        stays = (one.stays if one else ()), (two.stays if two else ())
        named = any(stay.level for life in stays for stay in life)
        lines = []
        for left, right in zip_longest(*stays):
            cells = [
                [s.state, *[s.level] * named, hours(s.entered), s.way] if s else [""] * (3 + named)
                for s in (left, right)
            ]
            lines.append([*cells[0], "=" if left == right else "|", *cells[1]])
        one_side, other_side = ([name, *["level"] * named, "entered", "left by"] for name in self.names)
        texts = (0, 1, 3, 4, 5, 6, 8) if named else (0, 2, 3, 4, 6)
        return text_table([*one_side, "", *other_side], lines, left=texts)


@dataclass(frozen=True)
class Comparison:
    """The same cells under two models.

    Attributes
    ----------
    model, other : Model
    seed : int
    cells : int
        With clusters: all cells of all units.
    furthest : (stages + 1, stages + 1) int
        Cells by the furthest stage under ``model`` (rows) and under ``other`` (columns).
    ends : mapping of (End, End) to int
        Cells by how they end under ``model`` and under ``other``.
    saved_cells, lost_cells : tuple of int
        Numbers of the cells (of clusters: the founders) that were saved and lost, the lowest thousand of each.
    batches : (batches, 1 + 2 steps) int
        Of clusters: cells, those that passed each step under ``model`` and under ``other``, by
        batch of founders, which are what is independent; empty for plain cells.
    """

    model: Model
    other: Model
    seed: int
    cells: int
    until: float | None
    furthest: npt.NDArray[np.int64]
    ends: Mapping[tuple[End, End], int]
    saved_cells: tuple[int, ...]
    lost_cells: tuple[int, ...]
    batches: npt.NDArray[np.int64]

    def causes(self) -> tuple[CauseRow, ...]:
        """What became of the cells by step and cause of death under ``model``, the most saved first."""
        found: dict[End, list[int]] = {}
        for (one, two), n in self.ends.items():
            for end in (one, two):
                found.setdefault(end, [0, 0, 0, 0])
            found[one][0] += n
            if one != two:
                found[one][1 if two.kind == SUCCESS else 2] += n
                if one.kind == SUCCESS:
                    found[two][3] += n
        rows = [CauseRow(e.step, e.cause, e.kind, *sums) for e, sums in found.items() if e.kind != SUCCESS]
        return tuple(sorted(rows, key=lambda r: (-r.saved - r.lost, -r.moved, r.step, r.cause)))

    @property
    def fewer_cells(self) -> float:
        """How many times fewer cells tell the difference than two independent runs would need.

        The ratio of the variances of the difference in success: independent over paired.
        """
        if len(self.batches):
            cells, steps = self.batches[:, 0], len(self.model.stages)
            before, after = self.batches[:, steps], self.batches[:, 2 * steps]
            paired = batch_variance(after - before, cells)
            independent = batch_variance(after, cells) + batch_variance(before, cells)
            return independent / paired if paired > 0 else float("inf")
        one, two = (float(self.furthest.sum(axis=1 - side)[-1]) / self.cells for side in (0, 1))
        independent = one * (1 - one) + two * (1 - two)
        paired = (self.saved + self.lost) / self.cells - ((self.saved - self.lost) / self.cells) ** 2
        return independent / paired if paired > 0 else float("inf")

    def replay(self, cells: Sequence[int]) -> tuple[TwoLives, ...]:
        """Both lives of each cell, in full."""
        lives = (replay(m, seed=self.seed, cells=cells, until=self.until) for m in (self.model, self.other))
        names = self.model.name, self.other.name
        return tuple(TwoLives(names, one, two) for one, two in zip(*lives, strict=True))

    def traits(self) -> dict[str, dict[str, float]]:
        """What the saved and the lost cells were like: mean of each frailty, among all cells 1.

        Of those in ``saved_cells`` and ``lost_cells``; a group without cells is left out.
        """
        found: dict[str, dict[str, float]] = {}
        for group, cells in (("saved", self.saved_cells), ("lost", self.lost_cells)):
            for trait, z in traits_of(self.model, seed=self.seed, cells=cells).items():
                if cells:
                    found.setdefault(trait, {})[group] = float(z.mean())
        return found

    def _traits(self) -> str:
        """The same as text."""
        found = self.traits()
        groups = [g for g, cells in (("saved", self.saved_cells), ("lost", self.lost_cells)) if cells]
        lines = [[trait, *(f"{means[group]:.3g}" for group in groups)] for trait, means in found.items()]
        counts = {"saved": len(self.saved_cells), "lost": len(self.lost_cells)}
        what = "founders " if self.model.clusters else ""
        header = ["trait (mean of all cells: 1)", *(f"of {counts[g]:,} {what}{g}" for g in groups)]
        return text_table(header, lines) if lines else ""

    @property
    def saved(self) -> int:
        """Cells that succeed under ``other`` only."""
        return int(self.furthest[:-1, -1].sum())

    @property
    def lost(self) -> int:
        """Cells that succeed under ``model`` only."""
        return int(self.furthest[-1, :-1].sum())

    @property
    def unchanged(self) -> int:
        """Cells that succeed under both or under neither."""
        return self.cells - self.saved - self.lost

    @property
    def difference(self) -> Interval:
        """95 % interval of the difference in the probability of success, paired by cell."""
        return self._difference(len(self.model.stages), self.saved, self.lost)

    def _difference(self, step: int, gained: int, lost: int) -> Interval:
        """Interval of the difference in the share that passed a step, the first being 1."""
        if not len(self.batches):
            return paired_difference(gained, lost, self.cells)
        steps = len(self.model.stages)
        change = self.batches[:, steps + step] - self.batches[:, step]
        return clustered_difference(change, self.batches[:, 0], self.model.clusters.largest)  # type: ignore[union-attr]

    @property
    def saved_from(self) -> dict[str, int]:
        """Saved cells by the step at which ``model`` held or killed them."""
        return dict(zip(self.model.stages, map(int, self.furthest[:-1, -1]), strict=True))

    @property
    def lost_at(self) -> dict[str, int]:
        """Lost cells by the step at which ``other`` holds or kills them."""
        return dict(zip(self.model.stages, map(int, self.furthest[-1, :-1]), strict=True))

    @property
    def rows(self) -> tuple[ComparisonRow, ...]:
        """One row per step."""
        rows = []
        for k, step in enumerate(self.model.stages, 1):
            gained, lost = int(self.furthest[:k, k:].sum()), int(self.furthest[k:, :k].sum())
            before, after = int(self.furthest[k:].sum()), int(self.furthest[:, k:].sum())
            low, high = self._difference(k, gained, lost)
            rows.append(ComparisonRow(step, before, after, gained, lost, (gained - lost) / self.cells, low, high))
        return tuple(rows)

    def __iter__(self) -> Iterator[ComparisonRow]:
        return iter(self.rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Rows as plain dictionaries."""
        return [asdict(row) for row in self.rows]

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        header = [
            "step",
            f"passed: {self.model.name}",
            f"passed: {self.other.name}",
            "gained",
            "lost",
            "difference",
            "95 % interval",
        ]
        lines = [
            [
                r.step,
                number(r.passed),
                number(r.passed_other),
                number(r.gained),
                number(r.lost),
                percent(r.difference),
                f"{percent(r.low)} to {percent(r.high)}",
            ]
            for r in self.rows
        ]
        return header, lines

    def __str__(self) -> str:
        end = self._summary()
        tables = [text_table(*self._cells()), self._causes(), self._traits()]
        parts = [part for table in tables if table for part in (table, "")] + [end]
        if self.saved + self.lost:
            parts.append(
                f"two independent runs would need {self.fewer_cells:.3g} times as many cells for this difference"
            )
        return "\n".join([*parts, COUPLING])

    def _summary(self) -> str:
        return f"saved {self.saved:,}, lost {self.lost:,}, unchanged {self.unchanged:,} of {self.cells:,} cells"

    def _causes(self, most: int = 12) -> str:
        """The causes from which or to which most cells moved, as text."""
        rows = [row for row in self.causes() if row.saved + row.lost + row.moved]
        header = ["step", "ended by", "cells", "saved from it", "moved from it", "lost to it"]
        lines = [
            [r.step, r.cause or f"({r.kind})", *(number(n) for n in (r.cells, r.saved, r.moved, r.lost))]
            for r in rows[:most]
        ]
        return text_table(header, lines, left=(0, 1)) if rows else ""

    def _repr_html_(self) -> str:
        return html_table(*self._cells(), caption=self._summary())


@dataclass(frozen=True)
class _Pair:
    """The same cells under two models, as a piece of work."""

    one: Span
    two: Span

    @property
    def number(self) -> int:
        return self.one.number


class _Found(NamedTuple):
    """What a piece of work found: furthest stages, pairs of ends with their numbers, cells that changed."""

    furthest: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    saved: list[int]
    lost: list[int]
    batches: npt.NDArray[np.int64]


def _run_pair(pair: _Pair) -> _Found:
    """Pair each cell with itself.  An end is a number: furthest stage times the rows, plus the final row."""
    size = pair.one.stages + 1
    (row_one, one), (row_two, two) = (
        tuple(part.astype(np.int64) for part in span.run().outcomes) for span in (pair.one, pair.two)
    )
    if len(one) != len(two) or not np.array_equal(row_one == NO_MEMBER, row_two == NO_MEMBER):
        wanted = "a model in which each founder has as many cells as in the first: levels at the start shift the draws"
        raise InputError("other", "the second model", wanted)
    places = len(one) // pair.number
    founder = np.arange(len(one)) // places
    if not (there := row_one != NO_MEMBER).all():
        row_one, row_two, one, two, founder = (part[there] for part in (row_one, row_two, one, two, founder))
    furthest = np.bincount(one * size + two, minlength=size * size).reshape(size, size)
    end_one, end_two = one * pair.one.rows + row_one, two * pair.two.rows + row_two
    width = size * pair.two.rows
    pairs, numbers = np.unique(end_one * width + end_two, return_counts=True)
    goal = size - 1
    saved, lost = (np.unique(founder[which])[:MOST_LISTED] + pair.one.first for which in
                   ((one < goal) & (two == goal), (one == goal) & (two < goal)))  # fmt: skip
    batches = np.zeros((0, 0), np.int64)
    if places > 1:
        batch = (founder + pair.one.first) % BATCHES
        columns = [np.ones(len(one), bool), *(side >= k for side in (one, two) for k in range(1, size))]
        batches = np.array([np.bincount(batch[column], minlength=BATCHES) for column in columns], np.int64).T
    return _Found(furthest, pairs, numbers, saved.tolist(), lost.tolist(), batches)


def _end(lowered: Lowered, number: int) -> End:
    """The end that a number stands for."""
    rows = rows_of(lowered)
    stage, row = divmod(number, rows.total)
    if stage == lowered.goal:
        return End(lowered.stages[-1], "", "success")
    death = row < len(lowered.transitions)
    return End(lowered.stages[stage], lowered.transitions[row].way if death else "", "death" if death else "alive")


def compare(
    model: Model,
    other: Model,
    *,
    cells: int | float | range,
    seed: int | None = None,
    until: float | None = None,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Comparison:
    """Run the same cells under two models and pair each cell with itself.

    Parameters
    ----------
    model, other : Model
        With the same stages.
    cells, seed, until, executor, chunk, progress
        As for ``simulate``.

    Raises
    ------
    InputError
        When the stages differ.

    Examples
    --------
    >>> import cascade
    >>> model = cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5})
    >>> treated = model.with_(scale={"*.lost": 0.5}, name="treated")
    >>> comparison = cascade.compare(model, treated, cells=10_000, seed=1)
    >>> comparison.lost
    0
    """
    check_model(model)
    if check_model(other).stages != model.stages:
        raise InputError("other.stages", other.stages, f"the same stages as the first model: {model.stages}")
    shed = [side.clusters and (side.clusters.sizes, side.start) for side in (model, other)]
    if shed[0] != shed[1]:
        wanted = "the same start and sizes of clusters as the first model: else a unit would not have the same cells"
        raise InputError("other.clusters", shed[1], wanted)
    chosen = cell_range(cells)
    seed = fresh_seed() if seed is None else check_seed(seed)
    sides = []
    model, other = (
        settled(side, chosen, seed, until, executor=executor, chunk=chunk, progress=progress) for side in (model, other)
    )
    for side in (model, other):
        lowered = lower(side)
        end = check_until(lowered, until)
        sides.append((lowered, prepare(lowered, environment(lowered, end))))

    stop = np.zeros(1, np.uint8)
    # The end of every member is kept while a part runs.
    largest = model.clusters.largest if model.clusters else 1

    def pairs() -> Iterator[_Pair]:
        for part in cut(chosen, chunk, executor, LARGEST_SPAN // largest):
            one, two = (span_of(lowered, made, seed, part, stop, outcomes=True) for lowered, made in sides)
            yield _Pair(one, two)

    size = len(model.stages) + 1
    table: npt.NDArray[np.int64] = np.zeros((size, size), np.int64)
    counted: Counter[int] = Counter()
    saved: list[int] = []
    lost: list[int] = []
    batches = np.zeros((0, 0) if largest == 1 else (BATCHES, 1 + 2 * len(model.stages)), np.int64)
    for part in conduct(_run_pair, pairs(), len(chosen), stop, executor=executor, progress=progress):
        table += part.furthest
        batches += part.batches
        counted.update(dict(zip(part.pairs.tolist(), part.numbers.tolist(), strict=True)))
        saved, lost = sorted(saved + part.saved)[:MOST_LISTED], sorted(lost + part.lost)[:MOST_LISTED]
    width = size * rows_of(sides[1][0]).total
    ends: Counter[tuple[End, End]] = Counter()
    for code, n in counted.items():
        one, two = divmod(code, width)
        ends[_end(sides[0][0], one), _end(sides[1][0], two)] += n
    return Comparison(
        model, other, seed, int(table.sum()), until, table, dict(ends), tuple(saved), tuple(lost), batches
    )
