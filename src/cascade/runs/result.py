"""Results of a run: integer counts with the recipe that made them, and what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cascade.answers.curves import Curves, choose_moments
from cascade.answers.funnel import Funnel, Milestone, row_of
from cascade.answers.intervals import Interval, clustered_proportion, proportion
from cascade.answers.kinds import KINDS, colonies_by_kind
from cascade.answers.observed import Observed
from cascade.answers.organs import Organs, organs_of
from cascade.answers.sizes import Sizes, check_clusters
from cascade.answers.table import end_of
from cascade.common.arguments import check_cells
from cascade.common.errors import InputError
from cascade.common.frozen import ByValue, read_only
from cascade.engine.counts import MOST_WATCHED, Totals
from cascade.engine.prepare import Rows, rows_of
from cascade.lessons.page import write_lesson
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.lowering.timegrid import time_edges
from cascade.model import Model
from cascade.runs.counted import CountedEnds
from cascade.runs.histories import Histories, replay
from cascade.runs.provenance import check_lives, doubt, same_lives, together
from cascade.runs.saved import recipe_of, save_result
from cascade.web.page import check_page

CLUSTERED = "Shares are those of cells; the intervals take founders, not cells, as independent."

COUPLED = (
    "These cells share a capacity and are not independent: the intervals, which take them as independent, are too"
    " narrow; an exact answer is that of independent cells under the course of the factors that this run found."
)


@dataclass(frozen=True, eq=False)
class Result(CountedEnds, Observed, ByValue):
    """What a simulation counted, and how it was made.

    Attributes
    ----------
    model : Model
    seed : int
    ranges : tuple of (int, int)
        Numbers of the cells (of clusters: of the founders) that were run, as half-open ranges.
    until : float or None
        End of the run in hours.
    times : tuple of float
        Times in hours at which counts are exact, beside 16 per octave.
    watch : tuple of str
        States whose arrivals are listed cell by cell.
    totals : Totals
        The counts.
    versions : dict
        Versions of the package and of the random streams.
    """

    model: Model
    seed: int
    ranges: tuple[tuple[int, int], ...]
    until: float | None
    times: tuple[float, ...]
    watch: tuple[str, ...]
    totals: Totals
    versions: Mapping[str, Any]

    @cached_property
    def lowered(self) -> Lowered:
        """The model as arrays."""
        return lower(self.model)

    @cached_property
    def _rows(self) -> Rows:
        return rows_of(self.lowered)

    @property
    def founders(self) -> int:
        """Number of units that were run: single cells, and clusters."""
        return sum(stop - start for start, stop in self.ranges)

    @cached_property
    def cells(self) -> int:
        """Number of cells that were run; of clusters all their cells."""
        return int(self._started_cells.sum())

    @property
    def _started_cells(self) -> npt.NDArray[np.int64]:
        """Cells by start."""
        return np.asarray(self.totals.started * self.lowered.size_of[self.lowered.start_state])

    @property
    def made(self) -> str:
        """How it was made, in words; with the numbers of its cells where they are others than the first."""
        told = f"until {self.until}, seed {self.seed}, cells {self.cells}"
        if self.model.clusters is None and self.ranges == ((0, self.cells),):
            return told
        return f"{told}, numbers " + " and ".join(f"{start}:{stop}" for start, stop in self.ranges)

    @property
    def label(self) -> str:
        """Name of the model."""
        return self.model.title or self.model.name

    @cached_property
    def doubt(self) -> str:
        """Why the counts of a result that an older version made may be untrue; "" where they are true."""
        return doubt(self.model, self.versions, self.until)

    @cached_property
    def _sums(self) -> npt.NDArray[np.int64]:
        return read_only(np.asarray(self.totals.counts.sum(axis=1)))

    @cached_property
    def ended(self) -> npt.NDArray[np.int64]:
        """Cells by furthest stage and final row, shape (stages + 1, rows)."""
        lowered, rows = self.lowered, self._rows
        ended = self.totals.overtaken.copy()
        elsewhere = ended.sum(axis=0)
        for t, transition in enumerate(lowered.transitions):
            if transition.is_death:
                ended[lowered.state_stage[transition.source], t] += self._sums[t] - elsewhere[t]
        for s in range(len(lowered.states)):
            ended[lowered.state_stage[s], rows.stay + s] += self._sums[rows.stay + s] - elsewhere[rows.stay + s]
        return read_only(ended)

    def funnel(self) -> Funnel:
        """Distinct cells that entered and passed each step, with the causes of loss."""
        lowered, rows, ended = self.lowered, self._rows, self.ended
        stages = len(lowered.stages)
        reached = [self.cells]
        for k in range(1, stages + 1):
            began = self._started(lowered.stage[lowered.start_state] >= k)
            reached.append(int(self._sums[rows.reach + k - 1]) + began)
        causes = list(dict.fromkeys(t.way for t in lowered.transitions if t.is_death))
        lines = []
        for k, step in enumerate(lowered.stages):
            lost = dict.fromkeys(causes, 0)
            for t, transition in enumerate(lowered.transitions):
                if transition.is_death:
                    lost[transition.way] += int(ended[k, t])
            lost = {cause: n for cause, n in lost.items() if n}
            still = int(ended[k, rows.stay : rows.inner].sum())
            interval = self._interval(rows.reach + k, reached[k + 1])
            lines.append(row_of(step, reached[k], reached[k + 1], self.cells, lost, still, interval=interval))
        marks = tuple(
            Milestone(name, n, n / self.cells, *self._interval(rows.milestone + m, n))
            for m, (name, n) in enumerate(self.milestones().items())
        )
        marks += tuple(
            Milestone(KINDS[kind], n, n / self.cells, *self._ended(kind, n)) for kind, n in self.kinds().items()
        )
        notes = [COUPLED] * (self.model.capacity is not None) + [CLUSTERED] * (self.model.clusters is not None)
        notes += [self.doubt] * bool(self.doubt)
        note = "\n".join(notes)
        made = Funnel(tuple(lines), self.cells, self.label, simulated=True, milestones=marks, note=note)
        return replace(made, digest=self.model.digest(), end=end_of(self.until))

    def __str__(self) -> str:
        return f"{self.label}: {self.cells:,} cells, seed {self.seed}\n{self.funnel()}"

    def _repr_html_(self) -> str:
        return self.funnel()._repr_html_()

    def _started(self, which: npt.NDArray[np.bool_]) -> int:
        return int(self._started_cells[which].sum())

    def _interval(self, row: int, count: int) -> Interval:
        """Of the share of cells in a row of the histograms; founders, not cells, are independent."""
        return self._interval_of([row], count)

    def _interval_of(self, rows: list[int], count: int, began: int = 0) -> Interval:
        """Of the share of cells in some rows together, and of so many that were there from the start."""
        if self.model.clusters is None:
            return proportion(count, self.cells)
        batches = self.totals.batches
        if 0 < began < self.cells:
            return Interval(0.0, 1.0)  # which batches those are of is not counted
        whole = batches[:, -1] * bool(began)
        return clustered_proportion(batches[:, rows].sum(axis=1) + whole, batches[:, -1], self.model.clusters.largest)

    def _ended(self, kind: str, count: int) -> Interval:
        """Of the share of cells that ended in colonies of a kind."""
        if self.model.clusters is None:
            return proportion(count, self.cells)
        names = set(colonies_by_kind(self.model)[kind])
        ended = self.totals.ended[:, [name in names for name in self.lowered.states]].sum(axis=1)
        return clustered_proportion(ended, self.totals.batches[:, -1], self.model.clusters.largest)

    def sizes(self) -> Sizes:
        """Single cells and clusters that started and that passed each step, by their size then.

        Raises
        ------
        InputError
            When the model has no clusters.
        """
        check_clusters(self.model)
        lowered, rows = self.lowered, self._rows
        table = np.zeros((len(lowered.stages) + 1, lowered.size_of.max() + 1), np.int64)
        np.add.at(table[0], lowered.size_of[lowered.start_state], self.totals.started)
        table[1:] = self.totals.by_size[rows.reach : rows.reach + len(lowered.stages)]
        return Sizes(lowered.stages, table, self.label)

    def milestones(self) -> dict[str, int]:
        """Distinct cells that ever entered a state with each milestone."""
        lowered, rows = self.lowered, self._rows
        of_start = lowered.state_milestone[lowered.base[lowered.start_state]]
        return {
            name: int(self._sums[rows.milestone + m]) + self._started(of_start == m)
            for m, name in enumerate(lowered.milestones)
        }

    def organs(self) -> Organs:
        """Cells held, cells out of the vessels and colonies founded in each organ, with intervals.

        A cluster is held, leaves and founds as one.

        Raises
        ------
        InputError
            When the model names no sites.
        """
        lowered = self.lowered
        arrivals = dict.fromkeys(lowered.states, 0)
        for i, t in enumerate(lowered.transitions):
            if not t.is_death and t.target != t.source:
                units = self._sums[i] if self.model.clusters is None else self.totals.by_size[i].sum()
                arrivals[lowered.states[t.target]] += int(units)
        for k, state in enumerate(lowered.base[lowered.start_state]):
            arrivals[lowered.states[state]] += int(self.totals.started[k])
        colonies, sizes, end = None, None, end_of(self.until)
        if self.model.clusters is not None:
            colonies = dict(zip(lowered.states, self.totals.ended.T, strict=True))
            sizes = self.totals.batches[:, -1]
        return organs_of(self.model, arrivals, self.cells, exact=False, batches=colonies, sizes=sizes, end=end)

    @property
    def _all_cells(self) -> float:
        return float(self.cells)

    @property
    def success(self) -> float:
        """Share of the cells that passed the last step; its interval stands in the funnel's last row."""
        return self.funnel().rows[-1].fraction_of_all

    @cached_property
    def edges(self) -> npt.NDArray[np.float64]:
        """Times in hours at which the counts by time are exact."""
        return read_only(time_edges(self.times))

    def occupancy(self, times: Sequence[float] | None = None) -> Curves:
        """Share of all cells in each state, by time.

        Parameters
        ----------
        times : sequence of float, optional
            Hours: 0, the end of the run, or any of ``edges`` (give ``times=`` to ``simulate``).
            Default: all edges from before the first event to after the last, or to the end.
        """
        lowered = self.lowered
        hours, gone = choose_moments(self.edges, times, self.totals.counts, self.until)
        net = np.zeros((len(lowered.states), self.totals.counts.shape[1]), np.int64)
        for i, t in enumerate(lowered.transitions):
            net[t.source] -= self.totals.counts[i]
            if not t.is_death:
                net[t.target] += self.totals.counts[i]
        present = _summed(net)[:, gone]
        for k, state in enumerate(lowered.base[lowered.start_state]):
            present[state] += self._started_cells[k]
        return Curves(
            hours, lowered.states, present / self.cells, self.label, "occupancy", self.model, self.made, self.cells
        )

    def incidence(self, times: Sequence[float] | None = None) -> Curves:
        """Cumulative incidence of each cause of death and of success, by time (shares of all cells).

        Parameters
        ----------
        times : sequence of float, optional
            Hours, as for ``occupancy``.
        """
        lowered = self.lowered
        hours, gone = choose_moments(self.edges, times, self.totals.counts, self.until)
        causes = list(dict.fromkeys(t.way for t in lowered.transitions if t.is_death))
        sums = {cause: np.zeros(self.totals.counts.shape[1], np.int64) for cause in causes}
        for i, t in enumerate(lowered.transitions):
            if t.is_death:
                sums[t.way] += self.totals.counts[i]
        for s in np.flatnonzero(lowered.state_stage == lowered.goal):
            sums[lowered.states[s]] = self.totals.counts[
                [i for i, t in enumerate(lowered.transitions) if t.target == s]
            ].sum(axis=0)
        counted = np.array(list(sums.values()), np.int64).reshape(len(sums), self.totals.counts.shape[1])
        values = _summed(counted)[:, gone] / self.cells
        return Curves(hours, tuple(sums), values, self.label, "incidence", self.model, self.made, self.cells)

    @property
    def watched(self) -> npt.NDArray[np.uint64]:
        """Numbers of the cells (of clusters: founders) that reached a watched state, the lowest million at most."""
        return self.totals.watched

    @property
    def watched_is_complete(self) -> bool:
        """Whether ``watched`` lists them all."""
        return self.totals.watched_total <= MOST_WATCHED

    def replay(self, cells: Sequence[int]) -> Histories:
        """Full histories of any of the cells, recomputed from the seed."""
        check_lives(self.model, self.versions, "replay", self.until)
        numbers = check_cells(cells)
        for cell in numbers:
            if not any(start <= cell < stop for start, stop in self.ranges):
                raise InputError("cells", cell, f"a cell of this run: {self.ranges}")
        return replay(self.model, seed=self.seed, cells=numbers, until=self.until)

    @property
    def recipe(self) -> dict[str, Any]:
        """How the result was made, as plain data."""
        return recipe_of(self)

    def save(self, path: str | Path) -> Path:
        """Write the result to a ``.cascade`` file (a zip of arrays and the recipe), whole or not at all."""
        return save_result(self, path)

    def to_html(self, path: str | Path) -> Path:
        """Write a lesson: one page with film, funnel, knobs and tasks; no installation, no network.

        It holds the model, the seed and the rules, and computes everything anew: the same cells
        (from the first of the run on; at most 100,000 are shown) until the same end, and the exact
        answer.  ``cascade lesson`` writes one with arms that are compared, or in German.

        Parameters
        ----------
        path : str or Path
            Ends in .html.

        Raises
        ------
        InputError
            For a model of so many states, frailties and changes of hazards that a slider would not be
            answered at once; for hazards that change while cells enter one by one.
        """
        check_lives(self.model, self.versions, "a page, which runs the cells anew,", self.until)
        from cascade.runs.taught import LOOKED, lesson  # which compares runs, and these give results

        where, first = check_page(path), self.ranges[0][0]
        data = lesson(self.model, seed=self.seed, first=first, until=self.until, treat=(), looked=LOOKED)
        return write_lesson(data, where)

    def merge(self, other: Result) -> Result:
        """The result of both runs together: one model and seed, no cell twice.

        Raises
        ------
        InputError
            When the recipes differ or the ranges of cells overlap.
        """
        if not isinstance(other, Result):
            raise InputError("merge: other", other, "a Result")
        for name in ("seed", "until", "times", "watch"):
            if getattr(self, name) != getattr(other, name):
                raise InputError(f"merge: {name}", getattr(other, name), f"the same as here: {getattr(self, name)!r}")
        if self.model.digest() != other.model.digest():
            raise InputError("merge: model", other.model.name, "the same model, every number of it")
        one, two = self.versions["streams"], other.versions["streams"]
        if not same_lives(self.model, one, two, self.until):
            raise InputError("merge: stream version", two, f"one whose cells live the same lives as under {one}")
        merged: list[tuple[int, int]] = []
        for start, stop in sorted(self.ranges + other.ranges):
            if merged and start < merged[-1][1]:
                raise InputError("merge: cells", (start, stop), f"no cell twice; already there: {merged[-1]}")
            if merged and start == merged[-1][1]:
                merged[-1] = (merged[-1][0], stop)
            else:
                merged.append((start, stop))
        versions = together(self.versions, other.versions)
        return replace(self, ranges=tuple(merged), totals=self.totals + other.totals, versions=versions)


def _summed(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """What has been counted when so many bins have gone by, shape (rows, bins + 1)."""
    return np.pad(np.cumsum(counts, axis=1), ((0, 0), (1, 0)))
