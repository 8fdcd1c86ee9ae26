"""A plan: which cells of which model are run, from which seed, to which end, and who does the work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cascade.common.arguments import cell_range, seed_of
from cascade.common.errors import CascadeError
from cascade.engine.chunk import Chunk, chunk_of, run_totals
from cascade.engine.counts import Totals
from cascade.engine.executor import LARGEST_CHUNK, Workers
from cascade.engine.prepare import Inputs, environment, prepare
from cascade.lowering.arguments import check_until
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.model import Model, check_model


@dataclass(frozen=True)
class Plan:
    """What every kind of run begins with; its arguments are checked.

    Attributes
    ----------
    model : Model
    cells : range
        Numbers of the cells; of clusters, of the founders.
    seed : int
    until : float or None
        End of the run in hours, as given.
    workers : Workers
    """

    model: Model
    cells: range
    seed: int
    until: float | None
    workers: Workers

    @classmethod
    def of(cls, model: object, cells: object, seed: object, until: float | None, workers: Workers) -> Plan:
        """A plan from what a user gave; without a seed one is drawn."""
        return cls(check_model(model), cell_range(cells), seed_of(seed), until, workers)

    @cached_property
    def lowered(self) -> Lowered:
        """The model as arrays."""
        return lower(self.model)

    @cached_property
    def end(self) -> float | None:
        """The end of the run, checked against the model."""
        return check_until(self.lowered, self.until)

    def inputs(self, *, watch: Sequence[int] = (), grid: Sequence[float] = ()) -> Inputs:
        """What the kernel reads; see ``engine.prepare``."""
        return prepare(self.lowered, environment(self.lowered, self.end), watch=watch, grid=grid)

    def counts(self, inputs: Inputs) -> Totals:
        """All cells run, and what they add up to."""
        stop = np.zeros(1, np.uint8)
        chunks = (chunk_of(self.lowered, inputs, self.seed, part, stop) for part in self.workers.cut(self.cells))
        totals = Totals.gathered(self.workers.results(run_totals, chunks, len(self.cells), stop))
        if int(totals.started.sum()) != len(self.cells):
            raise CascadeError(f"the parts of this run hold {int(totals.started.sum())} cells, not {len(self.cells)}")
        return totals

    @property
    def largest_chunk(self) -> int:
        """Founders of a chunk in which the end of every member is kept."""
        return LARGEST_CHUNK // (self.model.clusters.largest if self.model.clusters else 1)

    def ends(self, inputs: Inputs, cells: range, stop: npt.NDArray[np.uint8]) -> Iterator[Chunk]:
        """Chunks in which the end of every member is kept."""
        for part in self.workers.cut(cells, self.largest_chunk):
            yield chunk_of(self.lowered, inputs, self.seed, part, stop, outcomes=True)
