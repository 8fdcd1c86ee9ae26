"""Slow verification: ``pytest -m slow``.  Large runs against the exact answer, memory, power.

Rules: expected values from theory; fixed seeds; thresholds from budget.py.
"""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from scipy import stats

import cascade
from cascade.catalog import names
from helpers.budget import agrees, cells_needed, within

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", names())
def test_the_catalogue_at_100_million_cells(name: str) -> None:
    model = cascade.load(name)
    n = 100_000_000
    result, exact = cascade.simulate(model, cells=n, seed=2024), cascade.exact(model)
    fates, truth = result.fates(), exact.fates()

    def right(count: int, p: float) -> bool:
        """With more than three frailties the exact answer has a standard error of its own."""
        if exact.error < 1e-9:
            return agrees(count, n, p)
        return within(count / n, p, math.hypot(exact.error, math.sqrt(max(p, 1 / n) / n)))

    assert [f for f in {*fates, *truth} if not right(fates.get(f, 0), truth.get(f, 0.0))] == []
    rows = zip(result.funnel(), exact.funnel(1.0), strict=True)
    assert [a.step for a, b in rows if not right(int(a.passed), b.passed)] == []


def peak_megabytes(cells: float) -> float:
    """Peak memory of a process that runs the textbook cascade."""
    code = (
        "import pathlib, cascade\n"
        f"cascade.simulate(cascade.load('textbook'), cells={cells!r}, seed=1)\n"
        # Not ru_maxrss: that begins with the peak of the process that started this one.
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) / 1024)\n"
    )
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the peak memory as Linux gives it")
def test_memory_does_not_grow_with_the_cells() -> None:
    peak_megabytes(1e4)  # compiles, if need be: that takes more memory than any run
    small, large = peak_megabytes(1e7), peak_megabytes(1e9)
    assert large < 400
    assert large < 1.1 * small


def test_the_power_against_a_planted_error_is_99_per_cent() -> None:
    """200 seeds: the number of misses is binomial (200, at most 1 %); 99.9 % of the time at most 8."""
    right = cascade.Model.from_survival({"step": 0.3}, causes={"step": {"a": 1.0, "b": 2.0}})
    planted = right.with_(scale={"step.a": 1.02})
    p, q = (cascade.exact(m).fates()["step.a"] for m in (right, planted))
    n = cells_needed(p, q)
    misses = sum(agrees(cascade.simulate(planted, cells=n, seed=seed).fates()["step.a"], n, p) for seed in range(200))
    assert misses <= stats.binom.ppf(0.999, 200, 0.01)
