"""The same bits for any executor, thread, chunk, process or processor."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import cascade
from cascade.model import Model
from helpers.digests import digest
from helpers.models import CYCLIC, FRAIL, LINEAR

CELLS = 60_000


@pytest.mark.parametrize("model", [LINEAR, CYCLIC, FRAIL], ids=lambda m: m.name)
def test_threads_and_chunks(model: Model) -> None:
    wanted = digest(cascade.simulate(model, cells=CELLS, seed=4, until=90.0))
    for workers in (1, 2, 3):
        with ThreadPoolExecutor(workers) as pool:
            for chunk in (None, 1, 777, 1023, 50_001) if workers == 2 else (None, 9973):
                cells = CELLS if chunk != 1 else 500
                got = cascade.simulate(model, cells=cells, seed=4, until=90.0, executor=pool, chunk=chunk)
                assert digest(got) == (
                    wanted if chunk != 1 else digest(cascade.simulate(model, cells=500, seed=4, until=90.0))
                )


def test_a_process_pool_with_spawn() -> None:
    wanted = digest(cascade.simulate(FRAIL, cells=CELLS, seed=4))
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert digest(cascade.simulate(FRAIL, cells=CELLS, seed=4, executor=pool, chunk=7001)) == wanted
        pair = cascade.compare(LINEAR, LINEAR.with_(scale={"*.shear": 0.5}), cells=20_000, seed=1, executor=pool)
    assert np.array_equal(
        pair.furthest, cascade.compare(LINEAR, LINEAR.with_(scale={"*.shear": 0.5}), cells=20_000, seed=1).furthest
    )


def test_merged_ranges_in_any_order() -> None:
    whole = cascade.simulate(CYCLIC, cells=CELLS, seed=4)
    cuts = [0, 1, 20_000, 20_001, 59_999, CELLS]
    parts = [cascade.simulate(CYCLIC, cells=range(a, b), seed=4) for a, b in pairwise(cuts)]
    merged = parts[3].merge(parts[0]).merge(parts[4]).merge(parts[1]).merge(parts[2])
    assert digest(merged) == digest(whole)
    assert merged.ranges == whole.ranges == ((0, CELLS),)


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
import cascade
from helpers.models import CYCLIC, FRAIL
from helpers.digests import digest
for model in (CYCLIC, FRAIL):
    print(digest(cascade.simulate(model, cells=60000, seed=4, until=90.0)))
"""


def in_a_new_process(**environment: str) -> list[str]:
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, here],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.fixture(scope="module")
def wanted() -> list[str]:
    return [digest(cascade.simulate(m, cells=CELLS, seed=4, until=90.0)) for m in (CYCLIC, FRAIL)]


def test_a_new_process(wanted: list[str]) -> None:
    assert in_a_new_process(PYTHONHASHSEED="5") == wanted


@pytest.mark.full
def test_a_generic_processor_gives_the_same_bits_as_the_host(wanted: list[str], tmp_path: object) -> None:
    """No fused multiply-add, no wide vectors: the plain instruction set of the architecture."""
    assert in_a_new_process(NUMBA_CPU_NAME="generic", NUMBA_CPU_FEATURES="", NUMBA_CACHE_DIR=str(tmp_path)) == wanted
