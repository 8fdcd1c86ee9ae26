"""The compiled kernel: a cache that is never stale, folders that cannot be written, a light import."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import cascade

PACKAGE = Path(cascade.__file__).parent
RUN = "import cascade; print(cascade.simulate(cascade.load('ctc-mouse'), cells=20000, seed=1, until=0.02).fates())"


def run(code: str, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # Without a cache folder of the caller's: compiled code then lies beside the copy.
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    env = {**inherited, "PYTHONPATH": str(path), **environment}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, cwd=path)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package of its own."""
    shutil.copytree(PACKAGE, tmp_path / "cascade", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_cache_saves_the_compiling_and_an_edit_of_the_streams_is_seen_in_spite_of_it(copy: Path) -> None:
    begin = time.perf_counter()
    before = run(RUN, copy).stdout
    compiling = time.perf_counter() - begin
    assert list((copy / "cascade" / "kernel" / "__pycache__").glob("loop.run-*.nbc"))
    begin = time.perf_counter()
    assert run(RUN, copy).stdout == before
    assert time.perf_counter() - begin < 0.7 * compiling
    source = copy / "cascade" / "kernel" / "streams.py"
    text = source.read_text()
    assert "0xD2511F53" in text
    source.write_text(text.replace("0xD2511F53", "0xD2511F55"))
    assert run(RUN, copy).stdout != before
    # The index of another version has another name: numba would stumble over its types.
    assert len(list((copy / "cascade" / "kernel" / "__pycache__").glob("loop.run-*.nbi"))) == 2


@pytest.mark.slow
def test_without_a_writable_folder_it_compiles_in_memory_with_one_notice(copy: Path) -> None:
    """A numba that finds no folder for its cache says so; the run goes on."""
    blocked = (
        "from numba.core import caching\n"
        "for name in ('UserProvidedCacheLocator', 'InTreeCacheLocator', 'UserWideCacheLocator'):\n"
        "    def fail(self): raise OSError('read-only')\n"
        "    (getattr(caching, name, None) or getattr(caching, '_' + name)).ensure_cache_path = fail\n"
    )
    wanted = run(RUN, copy, NUMBA_OPT="0").stdout
    done = run(blocked + RUN + "; " + RUN.partition("; ")[2], copy, NUMBA_OPT="0")
    assert done.stdout == wanted * 2
    assert done.stderr.count("no folder is writable") == 1


def test_import_is_light() -> None:
    """No matplotlib, numba or scipy, nothing compiled; under 0.5 s warm (the best of five)."""
    code = (
        "import sys, time; t = time.perf_counter(); import cascade; t = time.perf_counter() - t\n"
        "bad = {'matplotlib', 'numba', 'scipy', 'pandas'} & set(sys.modules); assert not bad, bad\n"
        "print(t)"
    )
    best = min(
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    )
    assert best < 0.5


def test_public_names() -> None:
    assert cascade.__all__ == [
        "CascadeError", "Funnel", "InputError", "Model", "ModelError", "Treatment", "body", "compare", "demo", "exact",
        "load", "models", "moving_cells", "open_result", "plot", "replay", "selection", "simulate", "treatment",
        "treatments",
    ]  # fmt: skip
    for name in cascade.__all__:
        assert getattr(cascade, name) is not None
    # A function must stay one after the module that holds it has been imported.
    importlib.import_module("cascade.runs.pairing")
    importlib.import_module("cascade.runs.simulation")
    assert callable(cascade.compare)
    assert callable(cascade.simulate)
    with pytest.raises(AttributeError):
        cascade.bogus  # noqa: B018
