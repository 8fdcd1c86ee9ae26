"""Executors that work, and executors that mix up what they were handed."""

from __future__ import annotations

import itertools
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

FRAIL_TOO = [{"name": "z", "cv": 0.5, "hazards": [{"hazard": "arrest.shear"}]}]
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


class Remembers(Executor):
    """Works in the call; of the second work on it gives back the parts of the first, piece by piece."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self.results: list[Any] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.results.append(fn(*args, **kwargs))
        future: Future[Any] = Future()
        future.set_result(self.results[(len(self.results) - 1) % self.pieces])
        return future


AGAIN: dict[str, dict[str, Any]] = {
    "another seed": {"seed": 2},
    "another model": {"model": LINEAR.with_(scale={"*.lost": 2.0}, frailties=FRAIL_TOO)},
    "another end": {"until": 5.0},
    "other cells": {"cells": range(1000, 2000)},
    "other states watched": {"watch": ["growth"]},
    "other times": {"times": [1.0]},
    "the same once more": {},
}
"""In what the second run on an executor differs from the first; both are cut alike."""

KINDS: dict[str, Callable[..., Any]] = {
    "simulate": lambda model, **how: cascade.simulate(model, **how),
    "compare": lambda model, **how: cascade.compare(model, model.with_(scale={"arrest.*": 0.5}), **how),
    "selection": lambda model, **how: cascade.selection(model, **how),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", AGAIN)
def test_parts_of_an_earlier_run_are_no_parts_of_this_one(kind: str, other: str) -> None:
    if kind != "simulate" and AGAIN[other].keys() & {"watch", "times"}:
        pytest.skip("only a simulation takes these")
    first = {"model": LINEAR.with_(frailties=FRAIL_TOO), "cells": 1000, "seed": 1, "until": 50.0, "chunk": 100}
    executor = Remembers(10)
    assert KINDS[kind](**first, executor=executor) == KINDS[kind](**first)
    with pytest.raises(cascade.CascadeError, match="the executor did not give back"):
        KINDS[kind](**{**first, **AGAIN[other]}, executor=executor)


def test_parts_of_another_kind_of_work_are_none() -> None:
    model = LINEAR.with_(frailties=FRAIL_TOO)
    for one, two in itertools.permutations(KINDS.values(), 2):
        executor = Remembers(10)
        one(model, cells=1000, seed=1, chunk=100, executor=executor)
        with pytest.raises(cascade.CascadeError, match="the executor did not give back"):
            two(model, cells=1000, seed=1, chunk=100, executor=executor)
