"""The conductor: spans of cells on an executor, their totals gathered as they come."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from cascade.common.arguments import check_chunk
from cascade.common.errors import InputError
from cascade.engine.chunk import run_totals, span_of
from cascade.engine.counts import Totals
from cascade.engine.prepare import Prepared
from cascade.lowering.lowered import Lowered

LARGEST_SPAN = 1 << 22
SMALLEST_SPAN = 1 << 14
LONG_RUN = 5_000_000

Progress = bool | Callable[[int, int], None] | None


class Work(Protocol):
    """A piece of work on a number of cells."""

    @property
    def number(self) -> int:
        """Number of cells."""


T = TypeVar("T", bound=Work)
U = TypeVar("U")


def conduct_totals(
    lowered: Lowered,
    prepared: Prepared,
    seed: int,
    cells: range,
    *,
    executor: Executor | None = None,
    chunk: int | None = None,
    progress: Progress = None,
) -> Totals:
    """Run all cells in spans and add their totals up."""
    stop = np.zeros(1, np.uint8)
    spans = (span_of(lowered, prepared, seed, part, stop) for part in cut(cells, chunk, executor))
    return Totals.gathered(conduct(run_totals, spans, len(cells), stop, executor=executor, progress=progress))


def cut(cells: range, chunk: int | None, executor: Executor | None, largest: int = LARGEST_SPAN) -> Iterator[range]:
    """The cells in parts of ``chunk``; by default several for each worker, none beyond ``largest``."""
    if chunk is None:
        chunk = min(largest, max(SMALLEST_SPAN, len(cells) // (8 * workers_of(executor))))
    chunk = check_chunk(chunk)
    for start in range(0, len(cells), chunk):
        yield cells[start : start + chunk]


def workers_of(executor: Executor | None) -> int:
    """Workers of an executor, as far as it tells; by default the processors that may be used."""
    told = getattr(executor, "_max_workers", None)
    if isinstance(told, int):
        return told
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def conduct(
    task: Callable[[T], U],
    parts: Iterable[T],
    cells: int,
    stop: npt.NDArray[np.uint8],
    *,
    executor: Executor | None = None,
    progress: Progress = None,
) -> Iterator[U]:
    """Results of ``task`` on every part (of ``part.number`` cells), as they come; few are under way at once.

    On an interrupt nothing more is begun, ``stop`` is set, and what is under way in this process ends at once.
    """
    if executor is not None and not isinstance(executor, Executor):
        raise InputError("executor", executor, "a concurrent.futures.Executor, or None")
    own = ThreadPoolExecutor(workers_of(None)) if executor is None else None
    pool = own or executor
    assert pool is not None
    most = 2 * workers_of(pool) + 1
    waiting: dict[Future[U], int] = {}
    try:
        with reporter(progress, cells) as report:
            todo = iter(parts)
            while True:
                for part in todo:
                    waiting[pool.submit(task, part)] = part.number
                    if len(waiting) >= most:
                        break
                if not waiting:
                    return
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    report(waiting.pop(future))
                    yield future.result()
    except BaseException:
        stop[0] = 1
        for future in waiting:
            future.cancel()
        wait(waiting)
        raise
    finally:
        if own is not None:
            own.shutdown(wait=True, cancel_futures=True)


@contextmanager
def reporter(progress: Progress, cells: int) -> Iterator[Callable[[int], object]]:
    """A function that is told how many more cells are done."""
    if callable(progress):
        done = 0

        def tell(more: int) -> None:
            nonlocal done
            done += more
            progress(done, cells)

        yield tell
        return
    if progress is not None and not isinstance(progress, bool):
        raise InputError("progress", progress, "True, False, None, or a function of (done, all)")
    on = progress if progress is not None else cells >= LONG_RUN and sys.stderr.isatty()
    if not on:
        yield lambda _: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=cells, unit=" cells", unit_scale=True, file=sys.stderr, dynamic_ncols=True) as bar:
        yield bar.update
