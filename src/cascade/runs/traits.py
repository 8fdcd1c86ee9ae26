"""Selection made visible: the traits of the cells that pass each step against those that started."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cascade.answers.table import Table, Texts, check_same
from cascade.answers.tilted import TraitCounts, carrier_of, mean_interval
from cascade.common.errors import InputError
from cascade.common.frozen import ByValue
from cascade.common.portable import power
from cascade.common.shares import estimate_of_number
from cascade.common.text import number, text_table
from cascade.common.types import Floats, Ints
from cascade.model import Model

BINS = 160
"""Bins of log Z, between 10^-4 and 10^4."""

EDGES = np.array([0.0, *(power(10.0, 8.0 * i / (BINS - 2) - 4.0) for i in range(BINS - 1)), math.inf])


@dataclass(frozen=True)
class SelectionRow:
    """A trait among the cells that passed a step (or that started).

    ``mean`` with its 95 % interval ``low``, ``high``, nan where the cells are too few to tell it (one, or none of
    those that make the mean); ``median`` from a histogram of 20 bins per decade.
    """

    trait: str
    step: str
    cells: int
    mean: float
    low: float
    high: float
    median: float


@dataclass(frozen=True, eq=False)
class Selection(ByValue, Table[SelectionRow]):
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
    pairs : (steps,) int
        Ordered pairs of cells of one founder, each with itself among them, that passed: they share their traits.
    until : float or None
        End of the run in hours.
    """

    left = (0, 1)

    model: Model
    seed: int
    cells: int
    traits: tuple[str, ...]
    steps: tuple[str, ...]
    histogram: Ints
    sums: Floats
    squares: Floats
    pairs: Ints
    until: float | None = None

    @cached_property
    def rows(self) -> tuple[SelectionRow, ...]:
        """One row for each trait and step."""
        return tuple(self._row(f, k) for f in range(len(self.traits)) for k in range(len(self.steps)))

    def _row(self, f: int, k: int) -> SelectionRow:
        n = int(self.histogram[f, k].sum())
        if not n:
            return SelectionRow(self.traits[f], self.steps[k], 0, *[float("nan")] * 4)
        mean = float(self.sums[f, k]) / n
        variance = max(0.0, float(self.squares[f, k]) / n - mean**2)
        trait = TraitCounts(self.histogram[f, k], mean, variance, int(self.pairs[k]) / n)
        frailty = self.model.frailties[f]
        carrier = carrier_of(frailty.distribution, frailty.cv, tuple(EDGES.tolist()))
        low, high = mean_interval(trait, carrier, frailty.cv)
        return SelectionRow(self.traits[f], self.steps[k], n, mean, low, high, self._median(f, k))

    def _median(self, trait: int, step: int) -> float:
        counts = np.cumsum(self.histogram[trait, step])
        if counts[-1] == 0:
            return float("nan")
        b = int(np.searchsorted(counts, counts[-1] / 2.0))
        low, high = EDGES[max(b, 1)], EDGES[min(b + 1, BINS - 1)]
        return float(np.sqrt(low * high))

    def table(self, beside: Mapping[str, Sequence[float]] | None = None) -> str:
        """The table as text; with the exact means (``Exact.traits()``) in a column of their own.

        Raises
        ------
        InputError
            When their traits or steps differ.
        """
        return text_table(*self.as_text(beside), left=self.left)

    def as_text(self, beside: Mapping[str, Sequence[float]] | None = None) -> Texts:
        """Headings and lines."""
        header = ["trait", "of the cells that passed", "cells", "mean", "95 % interval", "median"]
        if beside is not None:
            self._check_beside(beside)
            header += ["exact mean"]
        lines = []
        for row in self.rows:
            line = [row.trait, row.step, number(row.cells), *estimate_of_number(row.mean, row.low, row.high)]
            line += [f"{row.median:.3g}" if row.cells else "-"]
            line += [f"{beside[row.trait][self.steps.index(row.step)]:.4g}"] if beside is not None else []
            lines.append(line)
        return header, lines

    def _check_beside(self, beside: object) -> None:
        """Means of the same traits, one for each step."""
        if not isinstance(beside, Mapping):
            raise InputError("beside", beside, "the traits of the exact answer: exact.traits()")
        check_same(beside, self.traits, "traits")
        for trait, means in beside.items():
            if len(means) != len(self.steps):
                raise InputError(f"beside[{trait!r}]", list(means), f"a mean for each of {list(self.steps)}")

    @property
    def caption(self) -> str:
        """Whose traits they are, of how many cells."""
        return f"{self.model.title or self.model.name}: {number(self.cells)} cells"
