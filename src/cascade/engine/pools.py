"""Pools of processes of which one was killed: found out, made to say so, and made again.

A process that is killed while it writes a result leaves half of it in the pipe. The thread that reads the pipe waits
for the other half, and so never looks whether the process lives; the other processes wait for the lock that the dead
one holds. A pool of the standard library then never answers again, neither with a result nor with an error. What is
reached into here is private to the library; where a version of it has none of it, a pool is left as it is.
"""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any

_HOW: dict[str, Any] = {"mp_context": None, "initializer": None, "initargs": ()}
"""How a pool of processes was made, and what stands for what it does not tell."""


def again(pool: ProcessPoolExecutor, workers: int) -> ProcessPoolExecutor:
    """A new pool, made as the old one was."""
    how = {name: getattr(pool, f"_{name}", default) for name, default in _HOW.items()}
    return ProcessPoolExecutor(workers, **how)


def has_lost(pool: Executor) -> bool:
    """Whether a process of the pool has been killed, or has failed."""
    return any(process.exitcode for process in _processes(pool))


def give_up(pool: Executor) -> None:
    """End a pool that has lost a process and does not say so: its futures fail as those of a broken pool do.

    Its processes are killed and our own end of the pipe is closed, so that the thread that reads it comes to its end.
    """
    for process in _processes(pool):
        process.kill()
    writer = getattr(getattr(pool, "_result_queue", None), "_writer", None)
    if writer is not None:
        writer.close()


def _processes(pool: Executor) -> list[Any]:
    """The processes of a pool, as far as it has any and tells."""
    if not isinstance(pool, ProcessPoolExecutor):
        return []
    # Taken at once: the pool's own thread may empty the table meanwhile.
    return list((getattr(pool, "_processes", None) or {}).values())
