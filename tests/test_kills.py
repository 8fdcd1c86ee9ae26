"""Runs, cohorts and sweeps that the system kills, a hundred times in all, end as the straight ones do, bit for bit."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import cascade
from cascade.engine.counts import MOST_WATCHED
from cascade.patient import continuing, resume_cohort
from cascade.runs import resuming
from helpers.diseases import TEXTBOOK

KILLS = {"run": 34, "cohort": 33, "sweep": 33}
LONGEST = 0.3
"""Seconds from the start of the work to a kill, at most."""

VARY = {"*.shear": (0.2, 5.0), "*.immune killing": (0.5, 2.0)}


def run(path: Path, seed: int) -> object:
    """Of some sixty spans."""
    resuming.LEAST_SPAN = 1000
    return cascade.resume(cascade.load("textbook"), path, cells=20_000_000, seed=seed)


def cohort(path: Path, seed: int) -> object:
    """The same of patients."""
    continuing.LEAST_SPAN = 10
    return resume_cohort(TEXTBOOK, path, patients=4000, seed=seed, care="surgery")


def sweep(path: Path, seed: int) -> object:
    """Of points that are counted."""
    asked: dict[str, Any] = {"design": "sobol", "points": 256, "cells": 20_000, "seed": seed}
    return cascade.sweep(cascade.load("textbook"), VARY, path=path, **asked)


class Kind(NamedTuple):
    """Of what is killed: how it goes on, what is read of its file, and the straight one."""

    work: Callable[[Path, int], object]
    read: Callable[[Path], object]
    straight: Callable[[int], object]


OF_KIND = {
    "run": Kind(
        run,
        cascade.open_result,
        lambda seed: cascade.simulate(cascade.load("textbook"), cells=20_000_000, seed=seed),
    ),
    "cohort": Kind(
        cohort,
        cascade.open_cohort,
        lambda seed: cascade.cohort(TEXTBOOK, patients=4000, seed=seed, care="surgery"),
    ),
    "sweep": Kind(
        sweep,
        cascade.open_sweep,
        lambda seed: cascade.sweep(
            cascade.load("textbook"), VARY, design="sobol", points=256, cells=20_000, seed=seed
        ),
    ),
}  # fmt: skip


def child(kind: str, path: str, seed: int, begun: Any) -> None:
    """A process that goes on with the work; what it needs is compiled before it says that it begins."""
    cascade.simulate(cascade.load("textbook"), cells=10, seed=1)
    cascade.cohort(TEXTBOOK, patients=2, seed=1, care="surgery")
    begun.set()
    OF_KIND[kind].work(Path(path), seed)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KILLS)
def test_whatever_is_killed_by_the_system_ends_as_the_straight_one(kind: str, tmp_path: Path) -> None:
    one, rng = OF_KIND[kind], random.Random(5)  # noqa: S311 (which moment it is needs no secret)
    context, seed, kills, rounds = multiprocessing.get_context("spawn"), 1, 0, 0
    path = tmp_path / f"{seed}"
    while kills < KILLS[kind]:
        rounds += 1
        assert rounds < 20 * KILLS[kind], "a machine so fast that nothing can be killed on it: more work is to be done"
        begun = context.Event()
        process = context.Process(target=child, args=(kind, str(path), seed, begun))
        process.start()
        assert begun.wait(300)
        time.sleep(LONGEST * rng.random())
        alive = process.is_alive()
        process.kill()
        process.join()
        kills += alive
        if not alive:  # it was done before: another is begun
            assert process.exitcode == 0
            assert one.read(path) == one.straight(seed)
            seed += 1
            path = tmp_path / f"{seed}"
        elif path.exists() and (kind != "sweep" or path.read_bytes().count(b"\n") > 1):
            one.read(path)  # never half written; of a sweep there is something to read when a point is done
    one.work(path, seed)
    assert one.read(path) == one.straight(seed)


def test_what_is_kept_of_a_large_run_is_small(tmp_path: Path) -> None:
    """As many cells as ever are listed, counts of 10^12 cells: some megabytes, whatever the number of cells."""
    model = cascade.load("breast")
    some = cascade.simulate(model, cells=100_000, seed=1)
    rng = np.random.default_rng(1)
    listed = np.sort(rng.choice(10**12, MOST_WATCHED, replace=False)).astype(np.uint64)
    parts = {name: getattr(some.totals, name) * 10**7 for name in some.totals.ARRAYS}
    totals = replace(some.totals, **{**parts, "watched": listed, "watched_total": 10**9})
    path = replace(some, totals=totals, ranges=((0, 10**12),)).save(tmp_path / "large.cascade")
    assert path.stat().st_size < 10e6
    assert 10 * some.save(tmp_path / "small.cascade").stat().st_size < path.stat().st_size
