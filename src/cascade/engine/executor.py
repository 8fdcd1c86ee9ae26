"""Who does the work: chunks of cells on an executor, their results gathered as they come."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from cascade.common.arguments import check_chunk
from cascade.common.errors import CascadeError, InputError

LARGEST_CHUNK = 1 << 22
SMALLEST_CHUNK = 1 << 14
LONG_RUN = 5_000_000
"""Cells from which on a terminal is shown a bar."""

Progress = bool | Callable[[int, int], None] | None


class Work(Protocol):
    """A piece of work on a number of cells."""

    @property
    def number(self) -> int:
        """Number of cells."""


T = TypeVar("T", bound=Work)
U = TypeVar("U")


@dataclass(frozen=True)
class Workers:
    """Who works, in which chunks, and who is told how far it is; none of it changes a result.

    Attributes
    ----------
    executor : concurrent.futures.Executor, optional
        Default: one thread per processor.
    chunk : int, optional
        Cells per task.
    progress : bool or callable, optional
        True: a bar on stderr; a callable is given (done, all). Default: a bar for long runs on a terminal.
    """

    executor: Executor | None = None
    chunk: int | None = None
    progress: Progress = None

    def quietly(self) -> Workers:
        """The same, whose progress no function is told: for work before the work."""
        return replace(self, progress=False) if callable(self.progress) else self

    def cut(self, cells: range, largest: int = LARGEST_CHUNK) -> Iterator[range]:
        """The cells in chunks; by default several for each worker, none beyond ``largest``."""
        size = self.chunk
        if size is None:
            size = min(largest, max(SMALLEST_CHUNK, len(cells) // (8 * workers_of(self.executor))))
        size = check_chunk(size)
        for start in range(0, len(cells), size):
            yield cells[start : start + size]

    def results(
        self, task: Callable[[T], U], chunks: Iterable[T], cells: int, stop: npt.NDArray[np.uint8]
    ) -> Iterator[U]:
        """Results of ``task`` on every chunk, as they come; few are under way at once.

        On an interrupt nothing more is begun, ``stop`` is set, and what is under way in this process ends at once.
        """
        with self._pool() as pool, reporter(self.progress, cells) as report:
            most = 2 * workers_of(pool) + 1
            waiting: dict[Future[tuple[int, U]], tuple[int, int]] = {}
            todo = enumerate(chunks)
            try:
                while True:
                    for mark, chunk in todo:
                        waiting[pool.submit(_marked, task, chunk, mark)] = mark, chunk.number
                        if len(waiting) >= most:
                            break
                    if not waiting:
                        return
                    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in done:
                        mark, number = waiting.pop(future)
                        report(number)
                        yield _of_this(future.result(), mark)
            except BaseException:
                stop[0] = 1
                for future in waiting:
                    future.cancel()
                wait(waiting)
                raise

    @contextmanager
    def _pool(self) -> Iterator[Executor]:
        """The executor, or threads that end with the work."""
        if self.executor is not None:
            if not isinstance(self.executor, Executor):
                raise InputError("executor", self.executor, "a concurrent.futures.Executor, or None")
            yield self.executor
            return
        threads = ThreadPoolExecutor(workers_of(None))
        try:
            yield threads
        finally:
            threads.shutdown(wait=True, cancel_futures=True)


def _marked(task: Callable[[T], U], chunk: T, mark: int) -> tuple[int, U]:
    """The result of a chunk with the number of the chunk."""
    return mark, task(chunk)


def _of_this(returned: object, mark: int) -> Any:
    """The result, if it is that of the chunk that was handed out: executors can mix them up, or forget them."""
    if not (isinstance(returned, tuple) and len(returned) == 2 and returned[0] == mark):
        raise CascadeError(f"the executor did not give back the result of the piece of work {mark} that it was handed")
    return returned[1]


def workers_of(executor: Executor | None) -> int:
    """Workers of an executor, as far as it tells; by default the processors that may be used."""
    told = getattr(executor, "_max_workers", None)
    if isinstance(told, int):
        return told
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


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
