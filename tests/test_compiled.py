"""The compiled kernel: a cache that is never stale, folders that cannot be written, a light import."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import cascade
from cascade.common.version import package_version

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


# Prints what the compiled code did, and how often it was taken from the folder.
STATISTICS = "; from cascade.kernel import loop; print(sum(loop.run.stats.cache_hits.values()))"


@pytest.mark.full
def test_the_cache_saves_the_compiling_and_an_edit_of_the_streams_is_seen_in_spite_of_it(copy: Path) -> None:
    folder = copy / "cascade" / "kernel" / "__pycache__"
    before, hits = run(RUN + STATISTICS, copy).stdout.splitlines()
    assert hits == "0"
    written = {path: path.stat().st_mtime_ns for path in folder.glob("loop.run-*.nbc")}
    assert len(written) == 1
    assert run(RUN + STATISTICS, copy).stdout.splitlines() == [before, "1"]
    assert {path: path.stat().st_mtime_ns for path in folder.glob("loop.run-*.nbc")} == written
    source = copy / "cascade" / "kernel" / "streams.py"
    text = source.read_text()
    assert "0xD2511F53" in text
    source.write_text(text.replace("0xD2511F53", "0xD2511F55"))
    after, hits = run(RUN + STATISTICS, copy).stdout.splitlines()
    assert hits == "0"
    assert after != before
    # What another version compiled has another name: neither is written over.
    assert len(list(folder.glob("loop.run-*.nbc"))) == 2


@pytest.mark.parametrize("room", ["kernel", "elimination"])
def test_an_edit_of_any_module_of_a_compiled_room_changes_the_stamp(copy: Path, room: str) -> None:
    """Also one that did not exist before."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from cascade import {room}\n"
        "from cascade.common import compiled\n"
        "stamps = [compiled.digest_of({room})]\n"
        "sources = sorted(Path({room}.__path__[0]).glob('*.py'))\n"
        "assert len(sources) > 4\n"
        "for source in [*sources, sources[0].with_name('later.py')]:\n"
        "    with source.open('a') as file: file.write('# edited\\n')\n"
        "    compiled.digest_of.cache_clear()\n"
        "    stamps.append(compiled.digest_of({room}))\n"
        "assert len(set(stamps)) == len(stamps), [str(source) for source in sources]\n"
    )
    run(code.replace("{room}", room), copy)


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
    """No matplotlib, numba or scipy, nothing compiled: of the package itself only what describes models."""
    code = (
        "import sys, cascade\n"
        "heavy = {'matplotlib', 'numba', 'llvmlite', 'scipy', 'pandas', 'IPython'}\n"
        "parts = {f'cascade.{name}' for name in ('kernel', 'engine', 'lowering', 'runs', 'solution', 'plot', 'web')}\n"
        "bad = (heavy | parts) & set(sys.modules); assert not bad, bad\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names() -> None:
    functions = {
        "CascadeError", "Conditioned", "Funnel", "InputError", "Model", "ModelError", "Treatment", "body", "chance",
        "compare", "demo", "exact", "given", "load", "models", "moving_cells", "open_result", "plot", "replay",
        "scale", "scorecard", "selection", "simulate", "treatment", "treatments",
        "Cohort", "Course", "Disease", "cohort", "disease", "diseases", "open_cohort", "patient",
        "Data", "DiseaseFit", "Fit", "Sweep", "export_r", "fit", "open_fit", "power", "resume", "sensitivity",
        "open_sweep", "studies", "study", "sweep",
    }  # fmt: skip
    # And every part that a file of a model may hold, but for the places of pictures, which the body writes.
    parts = set(cascade.Model.model_json_schema()["$defs"]) - {"Place"}
    assert set(cascade.__all__) == functions | parts
    assert cascade.__version__ == package_version()
    for name in [*cascade.__all__, "Result", "Exact", "Comparison"]:
        assert getattr(cascade, name).__name__.endswith(name)
    # A function must stay one after the module that holds it has been imported.
    importlib.import_module("cascade.runs.pairing")
    importlib.import_module("cascade.runs.simulation")
    assert callable(cascade.compare)
    assert callable(cascade.simulate)
    with pytest.raises(AttributeError):
        cascade.bogus  # noqa: B018
