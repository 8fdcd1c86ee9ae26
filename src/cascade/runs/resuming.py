"""Runs that may be killed: span after span of cells, what is done kept in a file, and gone on from there.

A cell's life depends on the model, the seed and its number alone, so a run is the merger of its spans, bit for bit,
however it is cut and however often it was killed.  After each span the file is written anew, whole or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from cascade.common.arguments import cell_range, check_seed
from cascade.common.errors import InputError
from cascade.common.files import as_path
from cascade.engine.executor import Progress, reporter
from cascade.lowering.arguments import check_grid
from cascade.model import Model, check_model
from cascade.runs.provenance import same_lives, versions_here
from cascade.runs.result import Result
from cascade.runs.saved import open_result
from cascade.runs.simulation import simulate
from cascade.runs.spans import missing_spans

LEAST_SPAN = 1 << 18
"""Cells of a span: a smaller run has fewer."""

VISITS = 10.0
"""Of a cell, for the bar."""


def resume(
    model: Model,
    path: str | Path,
    *,
    cells: int | float | range,
    seed: int,
    until: float | None = None,
    times: Sequence[float] = (),
    watch: Sequence[str] | None = None,
    executor: Executor | None = None,
    progress: Progress = None,
) -> Result:
    """Simulate as ``simulate`` does, and keep what is done in a file; a run that was killed goes on from there.

    The result is that of the straight run, bit for bit.

    Parameters
    ----------
    model : Model
        Of independent cells: cells that share a capacity are run together or not at all.
    path : str or Path
        Of the file: new, or what an earlier call with the same model, seed and end has left.  More cells than then
        may be asked for: only those that are not there are run.
    cells, until, times, watch, executor, progress
        As for ``simulate``.
    seed : int
        Given: a run that is gone on with has to have the same one.

    Returns
    -------
    Result
        Of all cells that the file holds; the file holds it, too.

    Raises
    ------
    InputError
        When the file holds another run, or cells that were not asked for.
    """
    plan = _Plan(check_model(model), as_path(path), cell_range(cells), check_seed(seed), until, tuple(times), watch)
    if model.capacity is not None:
        raise InputError("model", model.name, "a model of independent cells: those that share a capacity run together")
    result = plan.opened()
    missing = plan.missing(result)
    with reporter(progress, sum(map(len, missing)), VISITS, "cells") as report:
        for span in missing:
            part = simulate(
                model, cells=span, seed=plan.seed, until=until, times=times, watch=watch, executor=executor,
                progress=False,
            )  # fmt: skip
            result = part if result is None else result.merge(part)
            result.save(plan.path)
            report(len(span))
    assert result is not None  # there is at least one cell
    return result


@dataclass(frozen=True)
class _Plan:
    """What is to be run, and where it is kept."""

    model: Model
    path: Path
    cells: range
    seed: int
    until: float | None
    times: tuple[float, ...]
    watch: Sequence[str] | None

    def opened(self) -> Result | None:
        """What the file holds; None where there is none."""
        if not self.path.exists():
            return None
        held = open_result(self.path)
        wanted = {
            "seed": self.seed,
            "until": None if self.until is None else float(self.until),
            "times": check_grid(self.times),
            "watch": tuple(self.model.goals if self.watch is None else self.watch),
        }
        for name, value in wanted.items():
            if getattr(held, name) != value:
                told = f"the file of a run with {name} {value!r}; this has {getattr(held, name)!r}"
                raise InputError("path", str(self.path), told)
        if held.model.digest() != self.model.digest():
            raise InputError("path", str(self.path), f"the file of a run of this model; this is of {held.model.name}")
        here, there = versions_here()["streams"], held.versions["streams"]
        if not same_lives(self.model, here, there, self.until):
            raise InputError("path", str(self.path), f"a run of stream version {here}; this is of {there}")
        beyond = [r for r in held.ranges if r[0] < self.cells.start or r[1] > self.cells.stop]
        if beyond:
            told = f"a run of cells within {self.cells.start}:{self.cells.stop}; this has {beyond[0][0]}:{beyond[0][1]}"
            raise InputError("path", str(self.path), told)
        return held

    def missing(self, held: Result | None) -> list[range]:
        """Spans of the cells that are not there yet, in order."""
        return missing_spans(self.cells, held.ranges if held else (), LEAST_SPAN)
