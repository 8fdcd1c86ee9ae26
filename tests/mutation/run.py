"""A mutation run: a seeded sample of small faults in one room, each met by the tests of that room.

    python tests/mutation/run.py answers
    python tests/mutation/run.py plot --sample 150 --seed 1 --folder build/mutation

The faults are those of cosmic-ray; its session stands in ``FOLDER/ROOM.sqlite``, and a run that was
stopped goes on where it was.  They are made in a copy of the checkout, never in the checkout.  Each
is met by the tests that run its line, the quickest first, in a process forked from one that has
loaded numpy, matplotlib and the compiled kernel (so it needs ``os.fork``).
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import logging
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cosmic_ray.commands import init
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec, TestOutcome, WorkerOutcome, WorkItem, WorkResult

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ROOMS: dict[str, Any] = tomllib.loads((HERE / "rooms.toml").read_text(encoding="utf-8"))
PYTEST = ["-x", "-q", "-p", "no:cacheprovider", "-n", "0", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
TIMED_OUT = "timeout"
LIBRARIES = (
    "matplotlib.backends.backend_agg matplotlib.figure numba numpy pandas pydantic pytest scipy.optimize"
    " scipy.sparse.linalg scipy.special scipy.stats hypothesis"
)


def copy_of_checkout(folder: Path) -> Path:
    """A copy of the tracked files, laid anew; without bytecode, whose stamps are too coarse for mutants."""
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, check=True, stdout=-1)  # noqa: S607
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


@dataclass(frozen=True)
class Lines:
    """A file of a room: what is left out, and the lines to which a fault belongs."""

    tree: ast.Module

    @classmethod
    def of(cls, path: Path) -> Lines:
        return cls(ast.parse(path.read_text(encoding="utf-8")))

    def left_out(self, spec: MutationSpec) -> bool:
        """Whether a fault is in a message, an annotation, or what only type checkers read."""
        return any(_inside(spec, node) for node in self._silent())

    def _silent(self) -> Iterator[ast.AST]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Raise) or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
                yield node
            for name in ("annotation", "returns"):
                if getattr(node, name, None) is not None:
                    yield getattr(node, name)

    def span(self, spec: MutationSpec) -> range:
        """Lines whose tests may see a fault: its statement; of what stands outside functions, the whole file."""
        around = [node for node in ast.walk(self.tree) if isinstance(node, ast.stmt) and _inside(spec, node)]
        functions = [node for node in around if isinstance(node, ast.FunctionDef)]
        if not functions:
            return range(1, 1 << 30)
        last = max(around, key=lambda node: node.lineno)
        if isinstance(last, ast.FunctionDef | ast.ClassDef):
            return range(functions[-1].lineno, (functions[-1].end_lineno or 0) + 1)
        body = getattr(last, "body", None)
        end = body[0].lineno - 1 if body and spec.start_pos[0] < body[0].lineno else last.end_lineno
        return range(last.lineno, max(last.lineno, end or 0) + 1)


def _inside(spec: MutationSpec, node: ast.AST) -> bool:
    decorated = getattr(node, "decorator_list", None)
    begin = (decorated[0].lineno, 0) if decorated else (node.lineno, node.col_offset)  # type: ignore[attr-defined]
    end = (node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]
    return begin <= tuple(spec.start_pos) and tuple(spec.end_pos) <= end


def draw(database: WorkDB, room: str, sample: int, seed: int) -> None:
    """Fill a session with all faults of a room; all but a seeded sample are marked as skipped."""
    paths = sorted(Path("src/cascade", room).glob("*.py"))
    init(paths, database, {})
    files = {path: Lines.of(path) for path in paths}
    operators = re.compile("|".join(ROOMS["excluded"]))
    items = sorted(database.work_items, key=_place)
    wanted = [
        item
        for item in items
        if not operators.fullmatch(item.mutations[0].operator_name)
        and not files[item.mutations[0].module_path].left_out(item.mutations[0])
    ]
    print(f"{room}: {len(wanted)} mutants of {len(paths)} files ({len(items)} before exclusions)")
    chosen = {item.job_id for item in random.Random(seed).sample(wanted, min(sample, len(wanted)))}  # noqa: S311
    skipped = [item.job_id for item in items if item.job_id not in chosen]
    database.set_multiple_results(skipped, WorkResult(WorkerOutcome.SKIPPED))


def _place(item: WorkItem) -> tuple[str, tuple[int, int], str, int]:
    spec = item.mutations[0]
    return str(spec.module_path), tuple(spec.start_pos), spec.operator_name, spec.occurrence


def preload(tree: Path) -> None:
    """Load what no mutant changes: libraries and the compiled kernel; the rest of the package is let go."""
    sys.path[:0] = [str(tree / "src"), str(tree / "tests")]
    for name in LIBRARIES.split():
        __import__(name)
    import cascade

    model = cascade.Model.from_survival({"arrest": 0.8, "exit": 0.5})
    cascade.simulate(model, cells=100, seed=1)
    for name in [name for name in sys.modules if name.partition(".")[0] == "cascade"]:
        if not name.startswith("cascade.kernel"):
            del sys.modules[name]


def in_child(work: Callable[[], int], seconds: float, log: Path) -> int | None:
    """Exit code of some work in a forked process, or None when it took too long."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.setsid()
        with open(log, "wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        code = 70
        try:
            code = work()
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


@dataclass(frozen=True)
class Tests:
    """The tests of a room: the lines that each runs, and its seconds."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[str]]]

    @classmethod
    def of(cls, room: str, folder: Path) -> Tests:
        """Run the tests of a room once, without any fault; not again while no file has changed."""
        from covering import watch

        files = [*sorted(Path("src").rglob("*.py")), *sorted(Path("tests").glob("*.py"))]
        digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
        out, log = folder / f"{room}-{digest[:12]}.json", folder / f"{room}.log"
        arguments = [*PYTEST, *(f"tests/{name}" for name in ROOMS[room]["tests"])]
        code = (
            0
            if out.exists()
            else in_child(lambda: watch(arguments, Path("src/cascade", room).resolve(), out), 1800, log)
        )
        if code != 0:
            out.unlink(missing_ok=True)
            raise SystemExit(log.read_text() + "\nthe tests fail without any mutant")
        known = json.loads(out.read_text())
        return cls(known["seconds"], known["lines"])

    def against(self, spec: MutationSpec, budget: float) -> list[str]:
        """Tests that may see a fault, the quickest first, as many as a budget of seconds allows."""
        span = Lines.of(spec.module_path).span(spec)
        by_line = self.lines.get(str(spec.module_path.resolve()), {})
        seeing = {test for line, tests in by_line.items() if int(line) in span for test in tests}
        chosen: list[str] = []
        for test in sorted(seeing, key=lambda test: (self.seconds[test], test)):
            budget -= self.seconds[test]
            if budget < 0 and chosen:
                break
            chosen.append(test)
        return chosen


def attempt(item: WorkItem, tests: Tests, budget: float, log: Path) -> WorkResult:
    """Make one fault, run the tests that may see it, and undo it."""
    spec = item.mutations[0]
    chosen = tests.against(spec, budget)
    limit = 10.0 + 3.0 * sum(tests.seconds[test] for test in chosen)
    with use_mutation(spec.module_path, get_operator(spec.operator_name)(), spec.occurrence) as (before, after):
        code = in_child(lambda: int(_pytest(chosen)), limit, log) if chosen else 0
    outcome = TestOutcome.SURVIVED if code == 0 else TestOutcome.KILLED
    output = TIMED_OUT if code is None else f"{len(chosen)} tests"
    return WorkResult(WorkerOutcome.NORMAL, output, outcome, _changed(before, after))


def _pytest(tests: list[str]) -> int:
    import pytest

    return int(pytest.main([*PYTEST, *tests]))


def _changed(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(f"    {line[0]} {line[1:].strip()}" for line in lines if not line.startswith(("---", "+++", "@@")))


def run(database: WorkDB, room: str, folder: Path, options: argparse.Namespace) -> None:
    """Every mutant of the sample that has no result yet, in the order in which all are drawn."""
    pending = sorted(database.pending_work_items, key=_place)
    if options.again:
        left = {job for job, result in database.results if result.test_outcome == TestOutcome.SURVIVED}
        pending += [item for item in database.work_items if item.job_id in left]
    random.Random(options.seed).shuffle(pending)  # noqa: S311
    if not pending:
        return
    tests, begin = Tests.of(room, folder), time.monotonic()
    for done, item in enumerate(pending, 1):
        if time.monotonic() - begin > 60 * options.minutes:
            print(f"stopped after {options.minutes:g} minutes, with {len(pending) - done + 1} to go")
            return
        result = attempt(item, tests, options.budget, folder / f"{room}.log")
        if options.again:
            _forget(database, item)
        database.set_result(item.job_id, result)
        spec = item.mutations[0]
        said = result.output if result.output == TIMED_OUT else result.test_outcome.value
        print(
            f"{time.monotonic() - begin:6.0f} s  {done}/{len(pending)}  {spec.module_path}:{spec.start_pos[0]}  {said}"
        )


def _forget(database: WorkDB, item: WorkItem) -> None:
    from cosmic_ray.work_db import WorkResultStorage

    with database._session_maker.begin() as session:
        session.query(WorkResultStorage).filter_by(job_id=item.job_id).delete()


def report(database: WorkDB, room: str) -> None:
    """Killed, survived, timed out; every survivor with what was changed."""
    results = {job: r for job, r in database.results if r.worker_outcome == WorkerOutcome.NORMAL}
    survivors = [item for item in database.work_items if (r := results.get(item.job_id)) and not r.is_killed]
    for item in sorted(survivors, key=_place):
        spec, result = item.mutations[0], results[item.job_id]
        print(f"\n{spec.module_path}:{spec.start_pos[0]}  {spec.operator_name}  ({result.output})\n{result.diff}")
    late = sum(r.output == TIMED_OUT for r in results.values())
    killed = len(results) - len(survivors) - late
    print(f"\n{room}: {len(results)} run, {killed} killed, {len(survivors)} survived, {late} timed out")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("room", choices=[name for name in ROOMS if name != "excluded"])
    parser.add_argument("--sample", type=int, default=150, help="mutants that are drawn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--budget", type=float, default=30.0, help="seconds of tests against one mutant")
    parser.add_argument("--minutes", type=float, default=120.0, help="stop after so many; a later call goes on")
    parser.add_argument("--folder", type=Path, help="where sessions are kept; default: nowhere")
    parser.add_argument("--again", action="store_true", help="run those once more that survived")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cascade-mutation-") as made:
        folder = (options.folder or Path(made)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        in_folder(options, folder)


def in_folder(options: argparse.Namespace, folder: Path) -> None:
    """Draw, run and report, with a copy of the checkout in a folder."""
    logging.disable(logging.INFO)
    sys.dont_write_bytecode = True
    tree = copy_of_checkout(folder / options.room)
    os.environ |= {"PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    os.environ.setdefault("NUMBA_CACHE_DIR", str(folder / "cache"))
    session = folder / f"{options.room}.sqlite"
    new = not session.exists()
    preload(tree)
    with chdir(tree), use_db(str(session), WorkDB.Mode.create) as database:
        if new:
            draw(database, options.room, options.sample, options.seed)
        run(database, options.room, folder, options)
        report(database, options.room)


if __name__ == "__main__":
    main()
