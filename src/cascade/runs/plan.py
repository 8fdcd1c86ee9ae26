"""A plan: which cells of which model are run, from which seed, to which end, and who does the work."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cascade.common.arguments import cell_range, seed_of
from cascade.common.errors import CascadeError, InputError
from cascade.engine.chunk import Chunk, chunk_of, run_totals
from cascade.engine.counts import Totals
from cascade.engine.executor import LARGEST_CHUNK, Workers
from cascade.engine.prepare import Inputs, environment, prepare
from cascade.lowering.arguments import check_until, tell_of_late_treatments
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.model import Model, check_model
from cascade.solution.events import expected_visits

MOST_VISITS = 1e7
"""Expected visits of a cell beyond which no run is begun: a cell alone would take minutes, a block of them hours."""


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
        end = check_until(self.lowered, self.until)
        tell_of_late_treatments(self.model, end)
        return end

    @cached_property
    def paced(self) -> Workers:
        """The workers, told how long a cell takes.

        Raises
        ------
        InputError
            When they would make so many visits before that the run would not end.
        """
        visits = expected_visits(self.model, self.end)
        if visits > MOST_VISITS:
            what = f"{visits:.2g}" if math.isfinite(visits) else "more than can be told"
            wanted = (
                f"an end so early that a cell makes at most {MOST_VISITS:.0e} visits to states; here it would make"
                f" {what}: cells go to and fro and hardly ever leave (the exact answer needs no visits)"
            )
            raise InputError("until", self.until, wanted)
        return replace(self.workers, visits=max(visits, self.workers.visits))

    def inputs(self, *, watch: Sequence[int] = (), grid: Sequence[float] = ()) -> Inputs:
        """What the kernel reads; see ``engine.prepare``."""
        _ = self.paced  # refuses a run that would not end
        return prepare(self.lowered, environment(self.lowered, self.end), watch=watch, grid=grid)

    def counts(self, inputs: Inputs) -> Totals:
        """All cells run, and what they add up to."""
        stop = np.zeros(1, np.uint8)
        chunks = (chunk_of(self.lowered, inputs, self.seed, part, stop) for part in self.paced.cut(self.cells))
        totals = Totals.gathered(self.paced.results(run_totals, chunks, len(self.cells), stop))
        if int(totals.started.sum()) != len(self.cells):
            raise CascadeError(f"the parts of this run hold {int(totals.started.sum())} cells, not {len(self.cells)}")
        return totals

    @property
    def largest_chunk(self) -> int:
        """Founders of a chunk in which the end of every member is kept."""
        return LARGEST_CHUNK // (self.model.clusters.largest if self.model.clusters else 1)

    def ends(self, inputs: Inputs, cells: range, stop: npt.NDArray[np.uint8]) -> Iterator[Chunk]:
        """Chunks in which the end of every member is kept."""
        for part in self.paced.cut(cells, self.largest_chunk):
            yield chunk_of(self.lowered, inputs, self.seed, part, stop, outcomes=True)
