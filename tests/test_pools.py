"""Executors that end before the work does, cancel it, or never finish: an error that says so, or an interrupt."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.engine import executor as work
from helpers.processes import started

MODEL = cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5})


class Odd(Executor):
    """An executor of which the third task fares as ``fate`` says; it works in the calling thread."""

    _max_workers = 2

    def __init__(self, fate: Callable[[Future[Any], Odd], object]) -> None:
        self.fate, self.tasks = fate, 0

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.tasks += 1
        future: Future[Any] = Future()
        if self.tasks == 3:
            self.fate(future, self)
        else:
            future.set_result(task(*args, **kwargs))
        return future


def refuses(*_: object) -> None:
    raise RuntimeError("cannot schedule new futures after shutdown")


def breaks(*_: object) -> None:
    raise BrokenExecutor("A process in the pool was terminated abruptly")


FATES: dict[str, tuple[Callable[[Future[Any], Odd], object], str]] = {
    "cancelled before it began": (lambda future, _: future.cancel(), "cancelled"),
    "refused": (refuses, "after shutdown"),
    "refused by a broken pool": (breaks, "__main__"),
    "broken under way": (lambda future, _: future.set_exception(BrokenExecutor("abruptly")), "__main__"),
}
WORK: dict[str, Callable[[Executor], object]] = {
    "simulate": lambda pool: cascade.simulate(MODEL, cells=1000, seed=1, executor=pool, chunk=100),
    "compare": lambda pool: cascade.compare(MODEL, MODEL, cells=1000, seed=1, executor=pool, chunk=100),
    "selection": lambda pool: cascade.selection(
        MODEL.with_(frailties=[{"name": "f", "cv": 1.0, "hazards": [{"hazard": "*.lost"}]}]),
        cells=1000, seed=1, executor=pool, chunk=100,
    ),
}  # fmt: skip


@pytest.mark.parametrize("fate", FATES)
def test_an_executor_that_does_not_do_its_work_is_named(fate: str) -> None:
    task, words = FATES[fate]
    with pytest.raises(cascade.InputError, match=words) as error:
        WORK["simulate"](Odd(task))
    assert error.value.field == "executor"


# Guards against hanging: what is tried here never returned before.
ENDED_WHILE_IT_WORKS = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
import cascade
model = cascade.load("textbook")
pool = ThreadPoolExecutor(1)
def told(done, all):
    threading.Thread(target=pool.shutdown, kwargs={"wait": False, "cancel_futures": sys.argv[1] == "cancel"}).start()
try:
    cascade.simulate(model, cells=10**8, seed=1, executor=pool, chunk=1000, progress=told)
except cascade.InputError as error:
    print(error.field, error)
"""


@pytest.mark.parametrize("kind", ["cancel", "drain"])
def test_a_pool_that_is_shut_down_while_it_works_ends_the_run(kind: str) -> None:
    with started([sys.executable, "-c", ENDED_WHILE_IT_WORKS, kind]) as process:
        out, err = process.communicate(timeout=60)
    assert out.startswith("executor executor = "), err
    assert "Traceback" not in err


NEVER = """
from concurrent.futures import Executor, Future
import cascade
class Never(Executor):
    def submit(self, *args, **kwargs):
        print("waits", flush=True)
        future = Future()
        future.set_running_or_notify_cancel()
        return future
import cascade.engine.executor as executor
executor.GRACE = 0.1
model = cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5})
try:
    cascade.simulate(model, cells=10, seed=1, executor=Never())
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(os.name != "posix", reason="interrupts are sent as on POSIX")
def test_an_interrupt_ends_the_wait_for_a_task_that_never_ends() -> None:
    with started([sys.executable, "-c", NEVER]) as process:
        assert process.stdout
        assert process.stdout.readline() == "waits\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert out == "interrupted\n", err


@pytest.mark.parametrize("kind", WORK)
def test_every_kind_of_run_says_so(kind: str) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(cascade.InputError, match="shutdown"):
        WORK[kind](pool)


def test_an_error_of_a_task_is_its_own() -> None:
    """What a task raises is no fault of the executor, even when it is a RuntimeError."""

    def fails(future: Future[Any], _: Odd) -> None:
        future.set_exception(RuntimeError("of the task"))

    with pytest.raises(RuntimeError, match="of the task"):
        WORK["simulate"](Odd(fails))


def test_a_future_that_is_handed_out_twice_is_noticed() -> None:
    """Else one piece of work would be counted for another, or waited for in vain."""

    class Same(Odd):
        future: Future[Any] = Future()

        def submit(self, *_: Any, **__: Any) -> Future[Any]:
            return self.future

    with pytest.raises(cascade.CascadeError, match="did not give back"):
        WORK["simulate"](Same(refuses))


@pytest.mark.parametrize("kind", WORK)
@pytest.mark.parametrize("given", [None, 3, "later", ThreadPoolExecutor, object()], ids=range(5))
def test_an_executor_that_hands_out_no_futures_is_named(given: object, kind: str) -> None:
    class Careless(Odd):
        def submit(self, *_: Any, **__: Any) -> Any:
            return given

    with pytest.raises(cascade.InputError, match=r"no concurrent.futures.Future") as error:
        WORK[kind](Careless(refuses))
    assert error.value.field == "executor"
    with pytest.raises(cascade.InputError, match="takes no work"):
        WORK[kind](Executor())


class Late(Odd):
    """Its third task is done when something was said of it, and not before."""

    def __init__(self) -> None:
        super().__init__(lambda future, _: self.waiting.append(future))
        self.waiting: list[Future[Any]] = []
        self.said: list[str] = []

    def submit(self, task: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        before = len(self.waiting)
        future = super().submit(task, *args, **kwargs)
        if len(self.waiting) > before:
            self.work = lambda: task(*args, **kwargs)
        return future

    def hear(self, text: str) -> None:
        self.said.append(text)
        self.waiting.pop().set_result(self.work())


@pytest.mark.parametrize("kind", WORK)
def test_a_long_silence_of_an_executor_is_told(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TICK", 0.001)
    monkeypatch.setattr(work, "SILENCE", 0.003)
    pool = Late()
    monkeypatch.setattr(work, "notice", pool.hear)
    WORK[kind](pool)
    assert len(pool.said) == 1
    assert "nothing back" in pool.said[0]
    assert "Ctrl-C" in pool.said[0]


def test_our_own_threads_are_never_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TICK", 1e-6)
    monkeypatch.setattr(work, "SILENCE", 1e-6)
    monkeypatch.setattr(work, "notice", lambda text: pytest.fail(text))
    cascade.simulate(MODEL, cells=10**6, seed=1)


# Processes that are killed ------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import cascade

model = cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5})
kills = int(sys.argv[1])

def main():
    asked = dict(cells=60_000, seed=1, chunk=2_000)
    straight = cascade.simulate(model, **asked)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        seen, alive = [], {}
        def told(done, all):
            seen.append(done)
            if len(seen) in {4 * (k + 1) for k in range(kills)}:
                import multiprocessing
                multiprocessing.active_children()[0].kill()
        result = cascade.simulate(model, **asked, executor=pool, progress=told)
    assert seen[-1] == 60_000 and seen == sorted(seen), seen
    assert result == straight and result.funnel() == straight.funnel()
    print("the same")

if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize("kills", [1, 3])
def test_a_process_that_is_killed_costs_its_pieces_and_not_the_run(kills: int, tmp_path: Path) -> None:
    """Nothing is counted twice and nothing is lost; that a pool was replaced is said."""
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    with started([sys.executable, str(script), str(kills)]) as process:
        out, err = process.communicate(timeout=300)
    assert "the same" in out, err
    assert err.count("begin again in a new pool of processes") >= 1


HALF = """
import os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
import numpy as np
from cascade.engine.executor import Workers

@dataclass(frozen=True)
class Piece:
    number: int

def task(piece):
    mark = Path(sys.argv[1])
    if piece.number == 7 and not mark.exists():
        mark.touch()
        frame = sys._getframe()
        while "result_queue" not in frame.f_locals:
            frame = frame.f_back
        queue = frame.f_locals["result_queue"]
        with queue._wlock:
            os.write(queue._writer.fileno(), b"\\0\\0\\1\\0half of a result")
            os.kill(os.getpid(), signal.SIGKILL)
    return piece.number

def main():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        work = Workers(executor=pool).results(task, [Piece(n) for n in range(1, 41)], 820, np.zeros(1, np.uint8))
        assert sorted(work) == list(range(1, 41))
    print("the same")

if __name__ == "__main__":
    main()
"""


def test_a_process_that_is_killed_while_it_writes_is_found_out(tmp_path: Path) -> None:
    """The pool waits for the other half of the message for ever; we do not. Seen in one run of twelve."""
    script = tmp_path / "half.py"
    script.write_text(HALF)
    with started([sys.executable, str(script), str(tmp_path / "killed")]) as process:
        out, err = process.communicate(timeout=120)
    assert "the same" in out, err
    assert err.count("begin again in a new pool of processes") == 1


@pytest.mark.parametrize("name", ["_max_workers", "num_workers"])
def test_workers_are_counted_of_pools_that_tell_them(name: str) -> None:
    """By the name of the standard library, or by that of mpi4py: each of 65 workers is to have its pieces."""

    class Pool(Executor):
        pass

    pool = Pool()
    setattr(pool, name, 65)
    assert work.workers_of(pool) == 65
    assert 1 <= work.workers_of(Pool()) <= (os.cpu_count() or 1)
