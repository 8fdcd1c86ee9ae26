"""Executors that work, and executors that mix up what they were handed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest

import cascade
from helpers.models import FRAIL, LINEAR, clustered


class AtOnce(Executor):
    """Works in the call; ``gives`` chooses what to give back from all results so far."""

    def __init__(self, gives: Callable[[list[Any]], Any]) -> None:
        self.gives = gives
        self.results: list[Any] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.results.append(fn(*args, **kwargs))
        future.set_result(self.gives(self.results))
        return future


WRONG: dict[str, Callable[[list[Any]], Any]] = {
    "always the first": lambda results: results[0],
    "the one before": lambda results: results[max(0, len(results) - 2)],
    "nothing": lambda results: len(results) and None,
    "without its mark": lambda results: results[-1][1],
}

OTHER = LINEAR.with_(scale={"*.lost": 2.0})
RUNS: dict[str, Callable[[Executor], Any]] = {
    "simulate": lambda executor: cascade.simulate(LINEAR, cells=1000, seed=1, chunk=100, executor=executor).totals,
    "clusters": lambda executor: (
        cascade.simulate(clustered(LINEAR), cells=1000, seed=1, chunk=100, executor=executor).totals
    ),
    "compare": lambda executor: (
        cascade.compare(
            LINEAR, LINEAR.with_(scale={"*.lost": 2.0}), cells=1000, seed=1, chunk=100, executor=executor
        ).ends
    ),
    "selection": lambda executor: cascade.selection(FRAIL, cells=1000, seed=1, chunk=100, executor=executor).rows,
}


@pytest.mark.parametrize("name", RUNS)
def test_every_piece_of_work_is_counted_once(name: str) -> None:
    run = RUNS[name]
    assert run(AtOnce(lambda results: results[-1])) == run(None)  # type: ignore[arg-type]
    for gives in WRONG.values():
        with pytest.raises(cascade.CascadeError, match="the executor did not give back"):
            run(AtOnce(gives))
