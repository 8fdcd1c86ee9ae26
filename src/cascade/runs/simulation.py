"""Simulation of a model: a plan, its cells run, the recipe kept with what they add up to."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

from cascade.engine.executor import Progress, Workers
from cascade.lowering.arguments import check_grid, watched_states
from cascade.model import Model
from cascade.runs.capacity import settled
from cascade.runs.plan import Plan
from cascade.runs.provenance import versions_here
from cascade.runs.result import Result


def simulate(
    model: Model,
    *,
    cells: int | float | range,
    seed: int | None = None,
    until: float | None = None,
    times: Sequence[float] = (),
    watch: Sequence[str] | None = None,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Result:
    """Simulate cells of a model, each to its death, its success or ``until``.

    The result depends on model, seed and cells alone: it is bit-identical for every
    executor, number of threads and size of chunk.

    Parameters
    ----------
    model : Model
    cells : int or range
        Number of cells (from number 0 on), or a range of cell numbers.  Of a model with
        clusters: of units that leave; ``Result.cells`` then counts all their cells.
    seed : int, optional
        A whole number >= 0. Default: one is drawn, and stands in the result.
    until : float, optional
        End of the run in hours. Default: none.
    times : sequence of float, optional
        Hours, in any order, at which curves over time shall be exact, beside 16 times per octave.
    watch : sequence of str, optional
        States whose arrivals are listed cell by cell. Default: those beyond the last stage.
    executor : concurrent.futures.Executor, optional
        Default: one thread per processor. It must stay open until the run returns: one that is
        shut down, cancels a task or loses a process ends the run with an error. A task that
        never ends cannot be told from a slow one; an interrupt (Ctrl-C) ends the run.
    chunk : int, optional
        Cells per task; it changes nothing but the speed.
    progress : bool or callable, optional
        True: a bar on stderr; a callable is given (done, all). Default: a bar for long
        runs on a terminal.

    Returns
    -------
    Result

    Raises
    ------
    InputError
        For a wrong argument, or an executor that does not work until all is done.

    Examples
    --------
    >>> import cascade
    >>> model = cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5})
    >>> result = cascade.simulate(model, cells=10_000, seed=1)
    >>> result.funnel().rows[0].entered
    10000
    """
    return _simulated(Plan.of(model, cells, seed, until, Workers(executor, chunk, progress)), times, watch)


def _simulated(plan: Plan, times: Sequence[float], watch: Sequence[str] | None) -> Result:
    """The cells of a plan run, and what they add up to with its recipe."""
    grid = check_grid(times)
    plan = settled(plan)
    names = plan.model.goals if watch is None else watch
    totals = plan.counts(plan.inputs(watch=watched_states(plan.lowered, names), grid=grid))
    ranges = ((plan.cells.start, plan.cells.stop),)
    return Result(plan.model, plan.seed, ranges, plan.end, grid, tuple(names), totals, versions_here())
