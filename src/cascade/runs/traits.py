"""Selection made visible: the traits of the cells that pass each step against those that started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.common.errors import InputError
from cascade.common.text import html_table, number, text_table
from cascade.engine.chunk import BLOCK, Span, scratch_of, span_of
from cascade.engine.executor import LARGEST_SPAN, Progress, conduct, cut
from cascade.engine.prepare import environment, prepare
from cascade.kernel.buffers import NO_MEMBER
from cascade.kernel.streams import fresh_seed
from cascade.lowering.arguments import cell_range, check_model, check_seed, check_until
from cascade.lowering.lower import Lowered, lower
from cascade.model import Model
from cascade.runs.capacity import settled
from cascade.runs.result import Result

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]

BINS = 160
"""Bins of log Z, between 10^-4 and 10^4."""

EDGES = np.concatenate([[0.0], np.geomspace(1e-4, 1e4, BINS - 1), [np.inf]])
_FIXED = float(1 << 20)
_MOST = float(1 << 20)


@dataclass(frozen=True)
class SelectionRow:
    """A trait among the cells that passed a step (or that started).

    ``mean`` with its 95 % interval ``low``, ``high``; ``median`` from a histogram of 20 bins per decade.
    """

    trait: str
    step: str
    cells: int
    mean: float
    low: float
    high: float
    median: float


@dataclass(frozen=True)
class Selection:
    """Traits of the cells that passed each step.

    Attributes
    ----------
    model : Model
    seed : int
    cells : int
    traits : tuple of str
        Names of the frailties.
    steps : tuple of str
        "start", and the steps of the model.
    histogram : (traits, steps, bins) int
        Cells that passed, by bins of Z with the given ``EDGES``.
    sums, squares : (traits, steps) float
        Sums of Z and of Z squared.
    """

    model: Model
    seed: int
    cells: int
    traits: tuple[str, ...]
    steps: tuple[str, ...]
    histogram: Counts
    sums: Floats
    squares: Floats

    @property
    def together(self) -> int:
        """Cells that may share their traits: those of the largest cluster; the intervals allow for it."""
        return self.model.clusters.largest if self.model.clusters else 1

    @property
    def rows(self) -> tuple[SelectionRow, ...]:
        """One row for each trait and step."""
        rows = []
        for f, trait in enumerate(self.traits):
            for k, step in enumerate(self.steps):
                n = int(self.histogram[f, k].sum())
                mean = self.sums[f, k] / n if n else float("nan")
                variance = max(0.0, self.squares[f, k] / n - mean**2) if n else float("nan")
                half = 1.96 * (variance * self.together / n) ** 0.5 if n > 1 else float("nan")
                rows.append(SelectionRow(trait, step, n, mean, mean - half, mean + half, self._median(f, k)))
        return tuple(rows)

    def _median(self, trait: int, step: int) -> float:
        counts = np.cumsum(self.histogram[trait, step])
        if counts[-1] == 0:
            return float("nan")
        b = int(np.searchsorted(counts, counts[-1] / 2.0))
        low, high = EDGES[max(b, 1)], EDGES[min(b + 1, BINS - 1)]
        return float(np.sqrt(low * high))

    def __iter__(self) -> Iterator[SelectionRow]:
        return iter(self.rows)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Rows as plain dictionaries."""
        return [asdict(row) for row in self.rows]

    def table(self, beside: Mapping[str, Sequence[float]] | None = None) -> str:
        """The table as text; with the exact means (``Exact.traits()``) in a column of their own."""
        return text_table(*self._cells(beside), left=(0, 1))

    def _cells(self, beside: Mapping[str, Sequence[float]] | None = None) -> tuple[list[str], list[list[str]]]:
        header = ["trait", "of the cells that passed", "cells", "mean", "95 % interval", "median"]
        header += ["exact mean"] if beside else []
        lines = []
        for row in self.rows:
            line = [row.trait, row.step, number(row.cells), f"{row.mean:.4g}", f"{row.low:.4g} to {row.high:.4g}"]
            line += [f"{row.median:.3g}"]
            line += [f"{beside[row.trait][self.steps.index(row.step)]:.4g}"] if beside else []
            lines.append(line)
        return header, lines

    def __str__(self) -> str:
        return self.table()

    def _repr_html_(self) -> str:
        return html_table(*self._cells(), caption=f"{self.model.title or self.model.name}: {number(self.cells)} cells")


@dataclass(frozen=True)
class _Piece:
    """Cells whose traits are drawn beside their ends."""

    span: Span
    lowered: Lowered

    @property
    def number(self) -> int:
        return self.span.number


def _tally(piece: _Piece) -> tuple[Counts, Counts, Counts]:
    """Histogram, sums and squares (in fixed point: whole numbers add up the same in any order) by furthest stage."""
    from cascade.engine.compiled import kernel_traits

    ends, furthest = piece.span.run().outcomes
    # One row for each founder, one column for each of its members.
    stages = furthest.astype(np.int64).reshape(piece.span.number, -1)
    there = ends.reshape(stages.shape) != NO_MEMBER
    alike = piece.span.prepared.frailties
    assert alike is not None
    count, goals = len(alike.gamma), piece.lowered.goal + 1
    # The traits as products of powers of the independent factors, by the kernel's own functions.
    powers = np.vstack([np.zeros(count), piece.lowered.mixing])
    constant = np.exp(piece.lowered.shift)
    histogram = np.zeros((count, goals, BINS), np.int64)
    sums, squares = np.zeros((count, goals), np.int64), np.zeros((count, goals), np.int64)
    scratch = scratch_of(BLOCK)
    for begin in range(0, len(stages), BLOCK):
        founder, member = np.nonzero(there[begin : begin + BLOCK])
        here = stages[begin : begin + BLOCK][founder, member]
        size = min(BLOCK, len(stages) - begin)
        factor = np.ones((count + 1, size))
        first = np.uint64(piece.span.first + begin)
        kernel_traits()(first, powers, alike.gamma, alike.spread, piece.span.key, factor, scratch)
        z = (factor[1:] * constant[:, None])[:, founder]
        for f in range(count):
            bins = np.clip(np.searchsorted(EDGES, z[f], side="right") - 1, 0, BINS - 1)
            histogram[f] += np.bincount(here * BINS + bins, minlength=goals * BINS).reshape(goals, BINS)
            kept = np.minimum(z[f], _MOST)
            np.add.at(sums[f], here, np.rint(kept * _FIXED).astype(np.int64))
            np.add.at(squares[f], here, np.rint(np.minimum(kept**2, _MOST) * _FIXED).astype(np.int64))
    return histogram, sums, squares


def selection(
    source: Model | Result,
    *,
    cells: int | float | range | None = None,
    seed: int | None = None,
    until: float | None = None,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Selection:
    """Traits of the cells that pass each step, against those that started.

    Parameters
    ----------
    source : Model or Result
        With frailties.  Of a result the same cells are run again.
    cells, seed, until, executor, chunk, progress
        As for ``simulate``; for a model ``cells`` is needed.

    Raises
    ------
    InputError
        When the model has no frailties.
    """
    if isinstance(source, Result):
        if not (cells is None and seed is None and until is None):
            raise InputError("cells, seed, until", (cells, seed, until), "none: of a result its own are taken")
        model, seed, until = source.model, source.seed, source.until
        ranges = [range(*pair) for pair in source.ranges]
    else:
        model = check_model(source)
        seed = fresh_seed() if seed is None else check_seed(seed)
        if cells is None:
            raise InputError("cells", None, "a number of cells, or a range of cell numbers")
        ranges = [cell_range(cells)]
        model = settled(model, ranges[0], seed, until, executor=executor, chunk=chunk, progress=progress)
    lowered = lower(model)
    prepared = prepare(lowered, environment(lowered, check_until(lowered, until)))
    if prepared.frailties is None:
        raise InputError("source", model.name, "a model with frailties: without them all cells are alike")
    stop = np.zeros(1, np.uint8)

    def pieces() -> Iterator[_Piece]:
        for one in ranges:
            for part in cut(one, chunk, executor, LARGEST_SPAN // (model.clusters.largest if model.clusters else 1)):
                yield _Piece(span_of(lowered, prepared, seed, part, stop, outcomes=True), lowered)

    total = sum(len(one) for one in ranges)
    found: list[Counts] | None = None
    for part in conduct(_tally, pieces(), total, stop, executor=executor, progress=progress):
        found = list(part) if found is None else [a + b for a, b in zip(found, part, strict=True)]
    assert found is not None
    # Those that passed step k came to stage k + 1 or beyond.
    histogram, sums, squares = (np.cumsum(part[:, ::-1], axis=1)[:, ::-1] for part in found)
    names, steps = tuple(f.name for f in model.frailties), ("start", *model.stages)
    total = int(histogram[0, 0].sum())
    return Selection(model, seed, total, names, steps, histogram, sums / _FIXED, squares / _FIXED)
