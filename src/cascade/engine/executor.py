"""Who does the work: chunks of cells on an executor, their results gathered as they come."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any, Generic, NoReturn, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from cascade.common.arguments import check_chunk
from cascade.common.errors import CascadeError, InputError, shorten
from cascade.common.notices import notice
from cascade.engine.pools import again, give_up, has_lost

LARGEST_CHUNK = 1 << 22
SMALLEST_CHUNK = 1 << 14
LARGEST_WORK = 1 << 26
"""Visits of a chunk: a second or two of work, after which progress is told and an interrupt is heard."""

LONG_WORK = 5e7
"""Visits of a run from which on a terminal is shown a bar."""

TICK = 0.5
"""Seconds after which a wait is begun again: some systems hear no interrupt while they wait."""

PATIENCE = 4
"""Ticks that a pool which has lost a process is given to say so."""

SILENCE = 60.0
"""Seconds after which an executor that has given nothing back is spoken of."""

GRACE = 10.0
"""Seconds that work in other processes is given to end after an interrupt."""

Mark = tuple[str, int]
"""Which piece of which work: a name that no other work has, here or in any other process, and the number of the piece.

It stands for all that makes the work another, such as model, seed, end and cells: an executor may still hold parts
of earlier work that was cut alike.
"""

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
        Default: one thread per processor. It must stay open until the work is done.
    chunk : int, optional
        Cells per task.
    progress : bool or callable, optional
        True: a bar on stderr; a callable is given (done, all). Default: a bar for long runs on a terminal.
    visits : float
        How many visits to states a cell is expected to make: how long it takes.
    unit : str
        What is counted, for the bar.
    """

    executor: Executor | None = None
    chunk: int | None = None
    progress: Progress = None
    visits: float = 1.0
    unit: str = "cells"

    def quietly(self) -> Workers:
        """The same, whose progress no function is told: for work before the work."""
        return replace(self, progress=False) if callable(self.progress) else self

    def cut(self, cells: range, largest: int = LARGEST_CHUNK) -> Iterator[range]:
        """The cells in chunks; by default several for each worker, none beyond ``largest``, nor of too much work."""
        size = self.chunk
        if size is None:
            size = min(largest, max(SMALLEST_CHUNK, len(cells) // (8 * workers_of(self.executor))))
            size = min(size, max(1, int(LARGEST_WORK / self.visits)))
        size = check_chunk(size)
        for start in range(0, len(cells), size):
            yield cells[start : start + size]

    def results(
        self, task: Callable[[T], U], chunks: Iterable[T], cells: int, stop: npt.NDArray[np.uint8]
    ) -> Iterator[U]:
        """Results of ``task`` on every chunk, as they come; few are under way at once.

        On an interrupt nothing more is begun, ``stop`` is set, and what is under way in this process ends at once.
        A task that never ends cannot be told from a slow one: it is waited for until an interrupt, which is
        said on stderr after a while.

        Raises
        ------
        InputError
            When the executor is shut down, hands out no futures, cancels a task, or loses processes before it has given
            anything back; a pool of processes that loses one later is replaced, which is said.
        """
        with self._pool() as pool, reporter(self.progress, cells, self.visits, self.unit) as report:
            under_way = _UnderWay(self, pool, task)
            work = secrets.token_hex(16)
            todo = (((work, piece), chunk) for piece, chunk in enumerate(chunks))
            try:
                while True:
                    for mark, chunk in todo:
                        under_way.begin(mark, chunk)
                        if under_way.full:
                            break
                    if under_way.empty:
                        return
                    result, number = under_way.next()
                    report(number)
                    yield result
            except BaseException:
                stop[0] = 1
                under_way.cancel()
                raise
            finally:
                under_way.close()

    def refuse(self, reason: object) -> NoReturn:
        """Say why the executor cannot do the work.

        Raises
        ------
        InputError
        """
        wanted = f"one that works until all is done, which this did not ({reason})"
        if isinstance(reason, BrokenExecutor):
            wanted += '; a process was killed, or a script lacks: if __name__ == "__main__":'
        raise InputError("executor", self.executor, wanted) from None

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


class _UnderWay(Generic[T, U]):
    """Pieces of work that an executor has been handed, each given back once.

    Where a process of a pool is killed, as by a machine without memory left, the pool is lost with all that it holds.
    What it has not given back is begun again in a new one; what it has given back stays.
    """

    def __init__(self, workers: Workers, pool: Executor, task: Callable[[T], U]) -> None:
        self.workers, self.pool, self.task = workers, pool, task
        self.most = 2 * workers_of(pool) + 1
        self.waiting: dict[Future[tuple[Mark, U]], tuple[Mark, T]] = {}
        # Those that have ended, cancelled ones too: ``wait`` never hears of these from a pool that was shut down.
        self.ended: SimpleQueue[Future[tuple[Mark, U]]] = SimpleQueue()
        self.since_lost = 0
        self.own: ProcessPoolExecutor | None = None

    @property
    def full(self) -> bool:
        """Whether as many are under way as keep all workers busy."""
        return len(self.waiting) >= self.most

    @property
    def empty(self) -> bool:
        """Whether none is."""
        return not self.waiting

    def begin(self, mark: Mark, chunk: T) -> None:
        """Hand out a piece, or say why the executor takes none."""
        try:
            future: object = self.pool.submit(_marked, self.task, chunk, mark)
        except NotImplementedError:
            self.workers.refuse("it takes no work")
        except BrokenExecutor as error:
            self._renew(error)
            self.begin(mark, chunk)
            return
        except RuntimeError as error:
            self.workers.refuse(error)
        if not isinstance(future, Future):
            self.workers.refuse(f"its submit gives back {shorten(future)}, no concurrent.futures.Future")
        if future in self.waiting:
            raise _mixed_up(mark)
        self.waiting[future] = mark, chunk
        future.add_done_callback(self.ended.put)

    def next(self) -> tuple[U, int]:
        """The next result, and of how many cells."""
        while True:
            future = _next(self.ended, self.pool, told=self.workers.executor is None)
            if future not in self.waiting:
                continue  # of a pool that was lost: it has been begun again
            mark, chunk = self.waiting.pop(future)
            if future.cancelled():
                self.workers.refuse("a task was cancelled")
            try:
                result = future.result()
            except BrokenExecutor as error:
                self._renew(error)
                self.begin(mark, chunk)
                continue
            self.since_lost += 1
            return _of_this(result, mark), chunk.number

    def _renew(self, error: BrokenExecutor) -> None:
        """A new pool in place of one that has lost a process, and in it all that the old one has not given back.

        A pool that has given nothing back is not replaced: it breaks for a reason of its own, such as a script that
        cannot be imported.
        """
        if not isinstance(self.pool, ProcessPoolExecutor) or not self.since_lost:
            self.workers.refuse(error)
        lost = {f: given for f, given in self.waiting.items() if not (f.done() and f.exception() is None)}
        notice(f"a process was killed; {len(lost) + 1} pieces of work begin again in a new pool of processes")
        self.close()
        old, self.since_lost = self.pool, 0
        self.own = self.pool = again(old, workers_of(old))
        for future in lost:
            del self.waiting[future]
        for mark, chunk in lost.values():
            self.begin(mark, chunk)

    def cancel(self) -> None:
        """What is not begun never is, and what is gets a while to end."""
        wait([future for future in self.waiting if not future.cancel()], GRACE)

    def close(self) -> None:
        """End a pool that took the place of another."""
        if self.own is not None:
            self.own.shutdown(wait=False, cancel_futures=True)


def _next(ended: SimpleQueue[Future[U]], pool: Executor, *, told: bool) -> Future[U]:
    """The next task that has ended; a long silence is told, unless it has been or nobody could be to blame.

    A pool that has lost a process says so at once, or never does: it is given a few ticks.
    """
    silent, lost = 0.0, 0
    while True:
        try:
            return ended.get(timeout=TICK)
        except Empty:
            silent += TICK
        lost = lost + 1 if has_lost(pool) else 0
        if lost > PATIENCE:
            give_up(pool)
            lost = 0
        if silent >= SILENCE and not told:
            told = True
            notice(
                f"the executor has given nothing back for {silent:.0f} s: its work is slow, or never ends;"
                " an interrupt (Ctrl-C) ends the run",
            )


def _marked(task: Callable[[T], U], chunk: T, mark: Mark) -> tuple[Mark, U]:
    """The result of a chunk with the mark of the chunk."""
    return mark, task(chunk)


def _of_this(returned: object, mark: Mark) -> Any:
    """The result, if it is that of the chunk that was handed out: executors can mix them up, or forget them."""
    if not (isinstance(returned, tuple) and len(returned) == 2 and returned[0] == mark):
        raise _mixed_up(mark)
    return returned[1]


def _mixed_up(mark: Mark) -> CascadeError:
    return CascadeError(f"the executor did not give back the result of the piece of work {mark[1]} that it was handed")


def workers_of(executor: Executor | None) -> int:
    """Workers of an executor, as far as it tells; by default the processors that may be used."""
    for name in "_max_workers", "num_workers":  # of the standard library, and of mpi4py
        told = getattr(executor, name, None)
        if isinstance(told, int):
            return told
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


@contextmanager
def reporter(progress: Progress, cells: int, visits: float, unit: str = "cells") -> Iterator[Callable[[int], object]]:
    """A function that is told how many more cells are done, each of so many visits."""
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
    stream = sys.stderr
    # A service, or an app without a window, has none; others have closed it.
    there = stream is not None and not getattr(stream, "closed", False)
    wanted = progress if progress is not None else cells * visits >= LONG_WORK and there and stream.isatty()
    if not (there and wanted):
        yield lambda _: None
        return
    from tqdm.auto import tqdm

    with tqdm(total=cells, unit=f" {unit}", unit_scale=True, file=stream, dynamic_ncols=True) as bar:
        yield bar.update
