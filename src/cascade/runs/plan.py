"""A plan: which cells of which model are run, from which seed, to which end, and who does the work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from cascade.common.arguments import cell_range, seed_of
from cascade.common.errors import CascadeError, InputError
from cascade.common.notices import notice
from cascade.engine.chosen import MOST_AT_ONCE
from cascade.engine.chunk import Chunk, chunk_of, run_totals
from cascade.engine.counts import Totals
from cascade.engine.executor import LARGEST_CHUNK, Workers
from cascade.engine.prepare import Inputs, environment, prepare
from cascade.lowering.arguments import check_until, tell_of_late_treatments
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.model import Model, check_model
from cascade.runs.visits import Visits, expected_visits

MOST_VISITS = 1e7
"""Expected visits of a cell beyond which no run is begun: a block of three thousand cells would take an hour."""

MOST_OF_ONE = 1e8
"""Expected visits of the unluckiest cell beyond which no run is begun: it alone would take a minute or two."""

MOST_TOLD = 1e15
"""Expected visits beyond which rounding tells how many they are."""

LONG_RUN = 1e10
"""Expected visits of a run from which on is said how long it takes."""

VISITS_PER_HOUR = 7e10
"""Of a processor or two."""


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
        visits = expected_visits(self.model, self.end, len(self.cells))
        check_visits(visits, self.until, len(self.cells))
        mean = visits.mean
        foretell(mean * len(self.cells))
        return replace(self.workers, visits=max(mean, self.workers.visits))

    def inputs(self, *, watch: Sequence[int] = (), grid: Sequence[float] = ()) -> Inputs:
        """What the kernel reads; see ``engine.prepare``."""
        _ = self.paced  # refuses a run that would not end
        return prepare(self.lowered, environment(self.lowered, self.end), watch=watch, grid=grid)

    def counts(self, inputs: Inputs) -> Totals:
        """All cells run, and what they add up to."""
        stop = np.zeros(1, np.uint8)
        parts = self.paced.cut(self.cells, self.largest_chunk if inputs.chosen else LARGEST_CHUNK)
        chunks = (chunk_of(self.lowered, inputs, self.seed, part, stop) for part in parts)
        totals = Totals.gathered(self.paced.results(run_totals, chunks, len(self.cells), stop))
        if int(totals.started.sum()) != len(self.cells):
            raise CascadeError(f"the parts of this run hold {int(totals.started.sum())} cells, not {len(self.cells)}")
        return totals

    @property
    def largest_chunk(self) -> int:
        """Founders of a chunk in which the end of every member is kept, or that bring hazards of their own."""
        if self.lowered.aim is not None:
            return MOST_AT_ONCE
        return LARGEST_CHUNK // (self.model.clusters.largest if self.model.clusters else 1)

    def ends(
        self, inputs: Inputs, cells: range, stop: npt.NDArray[np.uint8], largest: int | None = None
    ) -> Iterator[Chunk]:
        """Chunks in which the end of every member is kept; of at most so many founders."""
        for part in self.paced.cut(cells, largest or self.largest_chunk):
            yield chunk_of(self.lowered, inputs, self.seed, part, stop, outcomes=True)


def check_visits(visits: Visits, until: float | None, cells: int) -> None:
    """Refuse a run that would not end.

    Raises
    ------
    InputError
        When its cells, or one of them alone, would make too many visits.
    """
    who, made, most = "a cell", visits.mean, MOST_VISITS
    if visits.most > MOST_OF_ONE and (visits.frailty or visits.mean <= MOST_VISITS):
        who, made, most = f"the unluckiest of {cells:,} cells", visits.most, MOST_OF_ONE
        who += f" (one that is kept alive by its frailty {visits.frailty!r})" if visits.frailty else ""
    if made > most:
        told = f"some {made:.0e}" if made < MOST_TOLD else "more than can be told"
        wanted = (
            f"an end so early that {who} makes at most {most:.0e} visits to states; here it would make {told}:"
            " cells go to and fro and hardly ever leave (the exact answer needs no visits)"
        )
        raise InputError("until", until, wanted)


def foretell(visits: float, least: float = LONG_RUN, what: str = "fewer cells, or an earlier end (until),") -> None:
    """Say beforehand that a run takes long."""
    if visits < least:
        return
    hours = visits / VISITS_PER_HOUR
    spans = {0.5: "minutes", 12.0: "hours", 24.0 * 60: "days", 24.0 * 600: "months"}
    span = next((name for most, name in spans.items() if hours < most), "years")
    notice(f"some {visits:.0e} visits to states are to be made, which takes {span}; {what} take less", waiting=True)
