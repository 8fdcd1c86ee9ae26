"""The very same cells under two models: who is saved, who is lost, and at which step."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.arguments import cell_range, check_model, check_seed, check_until
from cascade.display import html_table, number, percent, text_table
from cascade.errors import InputError
from cascade.estimate import Interval, paired_difference
from cascade.lower import environment, lower, tables
from cascade.model import Model
from cascade.simulation import Progress, conduct, cut
from cascade.spans import Span, span_of
from cascade.streams import fresh_seed

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


@dataclass(frozen=True)
class Comparison:
    """The same cells under two models.

    Attributes
    ----------
    model, other : Model
    seed : int
    cells : int
    furthest : (stages + 1, stages + 1) int
        Cells by the furthest stage under ``model`` (rows) and under ``other`` (columns).
    """

    model: Model
    other: Model
    seed: int
    cells: int
    until: float | None
    furthest: npt.NDArray[np.int64]

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
        return paired_difference(self.saved, self.lost, self.cells)

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
            low, high = paired_difference(gained, lost, self.cells)
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
        end = f"saved {self.saved:,}, lost {self.lost:,}, unchanged {self.unchanged:,} of {self.cells:,} cells"
        return f"{text_table(*self._cells())}\n{end}\n{COUPLING}"

    def _repr_html_(self) -> str:
        return html_table(*self._cells(), caption=str(self).splitlines()[-2])


@dataclass(frozen=True)
class _Pair:
    """The same cells under two models, as a piece of work."""

    one: Span
    two: Span

    @property
    def number(self) -> int:
        return self.one.number


def _furthest(pair: _Pair) -> npt.NDArray[np.int64]:
    """Table of the furthest stages of a piece of work."""
    size = pair.one.stages + 1
    one, two = (span.run().outcomes[1].astype(np.int64) for span in (pair.one, pair.two))
    return np.bincount(one * size + two, minlength=size * size).reshape(size, size)


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
    chosen = cell_range(cells)
    seed = fresh_seed() if seed is None else check_seed(seed)
    sides = []
    for side in (model, other):
        lowered = lower(side)
        end = check_until(lowered, until)
        sides.append((lowered, tables(lowered, environment(lowered, end))))

    stop = np.zeros(1, np.uint8)

    def pairs() -> Iterator[_Pair]:
        for part in cut(chosen, chunk, executor):
            one, two = (span_of(lowered, made, seed, part, stop, outcomes=True) for lowered, made in sides)
            yield _Pair(one, two)

    size = len(model.stages) + 1
    table: npt.NDArray[np.int64] = np.zeros((size, size), np.int64)
    for part in conduct(_furthest, pairs(), len(chosen), stop, executor=executor, progress=progress):
        table += part
    return Comparison(model, other, seed, len(chosen), until, table)
