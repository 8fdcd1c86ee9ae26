"""The house: rooms import only what stands below them, no module hides a public name, none is too large."""

from __future__ import annotations

import ast
import os
import pkgutil
import random
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cascade

ROOT = Path(__file__).parents[1]
PACKAGE = Path(cascade.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))


# Imports.

VIOLATIONS = {
    "a room imports one above it": ("solution/laplace.py", "import cascade.runs.result", "Rooms"),
    "answers import the lowering beside them": ("answers/curves.py", "import cascade.lowering.lower", "Rooms"),
    "a module beside the rooms": ("helpers.py", "", "Rooms"),
    "a room that the contract does not name": ("unnamed/__init__.py", "", "Rooms"),
    "the kernel imports the model": ("kernel/numerics.py", "import cascade.model", "The kernel"),
    "the kernel imports the package": ("kernel/streams.py", "import cascade", "The kernel"),
    "the kernel imports an error": ("kernel/loop.py", "from cascade.common.errors import CascadeError", "The kernel"),
    "the elimination imports the model": ("elimination/whole.py", "import cascade.model", "The elimination"),
    "the exact answer imports the kernel": ("solution/answer.py", "import cascade.kernel.streams", "The exact answer"),
    "it reaches the kernel by the lowering": (
        "lowering/windows.py",
        "from cascade.kernel import streams",
        "The exact answer",
    ),
    "the exact answer at diagnosis draws": (
        "patient/diagnosed/totals.py",
        "from cascade.patient.kernel import streams",
        "Diagnosis",
    ),
    "a comparison draws": ("runs/comparison.py", "import matplotlib", "Figures"),
    "a table needs pandas": ("answers/table.py", "from pandas import DataFrame", "Figures"),
    "the model draws inside a function": (
        "model/model.py",
        "def f() -> None:\n    import matplotlib.figure",
        "Figures",
    ),
}


def contracts(folder: Path) -> str:
    """What import-linter says of the package in a folder."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    env = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package with its contract."""
    pytest.importorskip("importlinter", reason="pip install 'metastatic-cascade[lint]'")
    folder = tmp_path_factory.mktemp("house")
    shutil.copytree(PACKAGE, folder / "cascade", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contract_is_kept(copy: Path) -> None:
    said = contracts(copy)
    assert " 0 broken" in said, said


def test_the_rules_name_every_room() -> None:
    """A rule that lists rooms holds for the new one too."""
    rooms = {f"cascade.{path.parent.name}" for path in PACKAGE.glob("*/__init__.py")}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rules = {rule["name"]: rule for rule in settings["tool"]["importlinter"]["contracts"]}
    kernel, elimination, figures = (
        next(r for name, r in rules.items() if name.startswith(s)) for s in ("The kernel", "The elimination", "Figures")
    )
    table = (ROOT / "CONTRIBUTING.md").read_text().split("| room |")[1].split("\n\n")[0]
    assert {f"cascade.{name}" for name in re.findall(r"`(\w+)/`", table.replace("`js/`", ""))} == rooms
    assert set(kernel["forbidden_modules"]) == rooms - {"cascade.kernel"}
    assert set(elimination["forbidden_modules"]) == rooms - {"cascade.elimination"}
    assert set(figures["source_modules"]) == rooms - {"cascade.plot", "cascade.cli"}


@pytest.mark.full
@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_planted_violation_breaks_the_contract(name: str, copy: Path) -> None:
    file, line, contract = VIOLATIONS[name]
    path = copy / "cascade" / file
    text = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{text or ''}\n{line}\n")
    said = contracts(copy)
    if text is None:
        path.unlink()
        if path.parent != copy / "cascade":
            path.parent.rmdir()
    else:
        path.write_text(text)
    broken = [line for line in said.splitlines() if " BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), said


# Names.

CHECK = """
import importlib, sys, types
for name in sys.argv[1:]:
    importlib.import_module(name)
import cascade
from cascade import body, patient, plot
wrong = [
    f"{where.__name__}.{name}"
    for where in (cascade, body, patient, plot)
    for name in where.__all__
    if isinstance(getattr(where, name), types.ModuleType) != (getattr(where, name) in (body, patient, plot))
]
assert not wrong, wrong
"""


def submodules() -> list[str]:
    """Every module of the package that can be imported."""
    found = pkgutil.walk_packages([str(PACKAGE)], "cascade.")
    return [module.name for module in found if not module.name.endswith("__main__")]


@pytest.mark.full
@pytest.mark.parametrize("seed", range(3))
def test_modules_imported_in_any_order_hide_no_public_name(seed: int) -> None:
    """Whoever imports a module that bears the name of a function puts it in the function's place."""
    names = submodules()
    assert len(names) > 60
    random.Random(seed).shuffle(names)  # noqa: S311
    subprocess.run([sys.executable, "-c", CHECK, *names], check=True, capture_output=True, text=True)


def test_no_module_bears_the_name_of_a_function_beside_it() -> None:
    """Also of those that are promised to come."""
    promised = {"given", "disease", "diseases", "cohort", "fit", "sweep", "sensitivity"}
    public = {"cascade": {*cascade.__all__, *promised} - {"body", "patient", "plot"}}
    public |= {
        f"cascade.{room.__name__.rpartition('.')[2]}": set(room.__all__)
        for room in (cascade.body, cascade.patient, cascade.plot)
    }
    clashes = [name for name in submodules() if name.rpartition(".")[2] in public.get(name.rpartition(".")[0], ())]
    assert clashes == []


# Sizes.

LONGEST_MODULE, LONGEST_FUNCTION = 400, 60
COMPILED_LOOPS = {"run", "switching_visits", "by_stage"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_outgrows_its_size(path: Path) -> None:
    """A module or function that does has two jobs."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    tree = ast.parse(text)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name not in COMPILED_LOOPS]
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno + 1 > LONGEST_FUNCTION] == []
    assert ast.get_docstring(tree), "one sentence of purpose"


def test_importing_the_package_is_light() -> None:
    """No matplotlib, numba, scipy or pandas, and nothing compiled."""
    code = (
        "import sys, cascade\n"
        "heavy = {'matplotlib', 'numba', 'scipy', 'pandas', 'typer', 'tqdm'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "rooms = {name.split('.')[1] for name in sys.modules if name.startswith('cascade.')}\n"
        "assert rooms <= {'common', 'model', 'answers'}, rooms\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


CLOCKS = {"perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns", "process_time", "time_ns"}


def clocks_read(code: str) -> set[str]:
    """Clocks that some code reads."""
    names = {n.attr for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Attribute)}
    names |= {n.id for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Name)}
    return names & CLOCKS


def test_no_test_reads_a_clock() -> None:
    """Times belong to the benchmark; a deadline against hanging is given to whatever waits."""
    assert clocks_read("import time\nassert time.perf_counter() < 1") == {"perf_counter"}
    tests = Path(__file__).parent
    # A mutation run is no test: it must give up on faults that never end.
    for path in sorted({*tests.rglob("*.py")} - {*tests.glob("mutation/*.py")}):
        assert clocks_read(path.read_text(encoding="utf-8")) == set(), path


@pytest.mark.parametrize("module", ["tilting", "populations"])
def test_code_on_disk_is_stamped_with_all_that_it_is_compiled_from(module: str) -> None:
    """A constant of another room would be compiled in, and outlive its change."""
    from cascade.engine.compiled import ROOMS

    tree = ast.parse((PACKAGE / "engine" / f"{module}.py").read_text(encoding="utf-8"))
    taken = {n.module.split(".")[1] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module
             and n.module.startswith("cascade.")}  # fmt: skip
    assert {"elimination", "kernel"} <= taken
    assert taken <= {room.__name__.removeprefix("cascade.") for room in ROOMS}
