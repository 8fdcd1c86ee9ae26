"""A cluster of dask serves as any executor does: the same bits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="pip install 'metastatic-cascade[cluster]'")

SCRIPT = """
import sys
import cascade

if __name__ == "__main__":
    from distributed import Client, LocalCluster

    model = cascade.load("textbook")
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        result = cascade.simulate(model, cells=200_000, seed=3, executor=client.get_executor())
        kept = cascade.resume(model, sys.argv[1], cells=100_000, seed=3, executor=client.get_executor())
    assert result == cascade.simulate(model, cells=200_000, seed=3)
    assert kept == cascade.simulate(model, cells=100_000, seed=3)
    print("the same")
"""


@pytest.mark.full
def test_a_cluster_of_dask_gives_the_same_result(tmp_path: Path) -> None:
    script = tmp_path / "run.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(tmp_path / "part.cascade")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)  # a guard against hanging
    assert done.stdout.strip().endswith("the same"), done.stderr[-2000:]
