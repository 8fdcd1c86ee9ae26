"""Pairing: the same cells run under two models, each paired with itself."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cascade.answers.kinds import KINDS, kind_of_states
from cascade.common.arguments import seed_of
from cascade.common.errors import InputError
from cascade.engine.chunk import Chunk
from cascade.engine.executor import Progress, Workers
from cascade.engine.prepare import rows_of
from cascade.kernel.buffers import BATCHES, NO_MEMBER
from cascade.lowering.lowered import Lowered
from cascade.model import Model, check_model
from cascade.runs.capacity import settled
from cascade.runs.comparison import Comparison, End
from cascade.runs.plan import Plan

MOST_LISTED = 1000
"""Cells that a comparison names, of those saved and of those lost: the lowest numbers."""


@dataclass(frozen=True)
class Pair:
    """The same cells under two models, as a piece of work; ``kinds`` of each as ``kinds_by_row``, or empty."""

    one: Chunk
    two: Chunk
    kinds: tuple[npt.NDArray[np.int64], ...] = ()

    @property
    def number(self) -> int:
        """Number of founders."""
        return self.one.number


class Paired(NamedTuple):
    """What a chunk of pairs adds up to: furthest stages, pairs of ends by code, cells that changed."""

    furthest: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int64]
    numbers: npt.NDArray[np.int64]
    saved: list[int]
    lost: list[int]
    batches: npt.NDArray[np.int64]
    colonies: npt.NDArray[np.int64]


def kinds_by_row(model: Model, lowered: Lowered) -> npt.NDArray[np.int64]:
    """Of each row in which a cell can end the place in ``KINDS`` of the colony that it is; their number for none."""
    rows = rows_of(lowered)
    places = np.full(rows.total, len(KINDS), np.int64)
    for name, kind in kind_of_states(model).items():
        places[rows.stay + lowered.states.index(name)] = kind
    return places


def run_pair(pair: Pair) -> Paired:
    """Pair each cell with itself.  An end is a number: furthest stage times the rows, plus the final row."""
    size = pair.one.stages + 1
    (row_one, one), (row_two, two) = (
        tuple(part.astype(np.int64) for part in chunk.run().outcomes) for chunk in (pair.one, pair.two)
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
    codes, numbers = np.unique(end_one * width + end_two, return_counts=True)
    goal = size - 1
    saved, lost = (np.unique(founder[which])[:MOST_LISTED] + pair.one.first for which in
                   ((one < goal) & (two == goal), (one == goal) & (two < goal)))  # fmt: skip
    founded = [row_to_kind[row] for row_to_kind, row in zip(pair.kinds, (row_one, row_two), strict=False)]
    colonies = np.zeros((0, 0), np.int64)
    if founded:
        kinds = len(KINDS) + 1
        colonies = np.bincount(founded[0] * kinds + founded[1], minlength=kinds * kinds).reshape(kinds, kinds)
    batches = np.zeros((0, 0), np.int64)
    if places > 1:
        batch = (founder + pair.one.first) % BATCHES
        columns = [np.ones(len(one), bool), *(side >= k for side in (one, two) for k in range(1, size))]
        columns += [side == kind for side in founded for kind in range(len(KINDS))]
        batches = np.array([np.bincount(batch[column], minlength=BATCHES) for column in columns], np.int64).T
    return Paired(furthest, codes, numbers, saved.tolist(), lost.tolist(), batches, colonies)


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
    if check_model(other).stages != check_model(model).stages:
        raise InputError("other.stages", other.stages, f"the same stages as the first model: {model.stages}")
    shed = [side.clusters and (side.clusters.sizes, side.start) for side in (model, other)]
    if shed[0] != shed[1]:
        wanted = "the same start and sizes of clusters as the first model: else a unit would not have the same cells"
        raise InputError("other.clusters", shed[1], wanted)
    workers, drawn = Workers(executor, chunk, progress), seed_of(seed)
    one, two = (settled(Plan.of(side, cells, drawn, until, workers)) for side in (model, other))
    return _compared(one, two)


def _compared(one: Plan, two: Plan) -> Comparison:
    """All cells paired, and what they add up to."""
    stop = np.zeros(1, np.uint8)
    # Both are cut alike, into what the slower one bears.
    slower = max((one.paced, two.paced), key=lambda workers: workers.visits)
    one, two = (replace(side, workers=slower) for side in (one, two))
    largest = min(side.largest_chunk for side in (one, two))
    sides = (side.ends(side.inputs(), side.cells, stop, largest) for side in (one, two))
    kinds: tuple[npt.NDArray[np.int64], ...] = ()
    if one.model.sites and two.model.sites:
        kinds = kinds_by_row(one.model, one.lowered), kinds_by_row(two.model, two.lowered)
    chunks = (Pair(first, second, kinds) for first, second in zip(*sides, strict=True))
    sums = _Sums(len(one.model.stages), len(KINDS) if kinds else 0, clusters=one.model.clusters is not None)
    for part in one.paced.results(run_pair, chunks, len(one.cells), stop):
        sums.add(part)
    width = (len(one.model.stages) + 1) * rows_of(two.lowered).total
    ends: Counter[tuple[End, End]] = Counter()
    for code, n in sums.codes.items():
        first_end, second_end = divmod(code, width)
        ends[_end(one.lowered, first_end), _end(two.lowered, second_end)] += n
    return Comparison(
        one.model, two.model, one.seed, int(sums.furthest.sum()), one.until, sums.furthest, dict(ends),
        tuple(sums.saved), tuple(sums.lost), sums.batches, one.cells,
        sums.colonies,
    )  # fmt: skip


class _Sums:
    """What chunks of pairs add up to."""

    def __init__(self, stages: int, kinds: int, *, clusters: bool) -> None:
        self.furthest: npt.NDArray[np.int64] = np.zeros((stages + 1, stages + 1), np.int64)
        columns = 1 + 2 * stages + 2 * kinds
        self.batches: npt.NDArray[np.int64] = np.zeros((BATCHES, columns) if clusters else (0, 0), np.int64)
        self.colonies: npt.NDArray[np.int64] = np.zeros((kinds + 1, kinds + 1) if kinds else (0, 0), np.int64)
        self.codes: Counter[int] = Counter()
        self.saved: list[int] = []
        self.lost: list[int] = []

    def add(self, part: Paired) -> None:
        """One chunk more; of saved and lost cells the lowest numbers are kept."""
        self.furthest += part.furthest
        self.batches += part.batches
        self.colonies += part.colonies
        self.codes.update(dict(zip(part.codes.tolist(), part.numbers.tolist(), strict=True)))
        self.saved = sorted(self.saved + part.saved)[:MOST_LISTED]
        self.lost = sorted(self.lost + part.lost)[:MOST_LISTED]
