"""Odd surroundings: no streams, no working directory, nonsense in the environment, interrupts at any import."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

import cascade
from cascade.common.surroundings import blamed
from helpers.processes import started

CASCADE = (sys.executable, "-m", "cascade")
RUN = (*CASCADE, "run", "ctc-mouse", "--cells", "2000", "--seed", "1", "--until", "0.02")


def ended(command: tuple[str, ...], env: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    with started(command, env) as process:
        out, err = process.communicate(timeout=120)  # a guard against hanging
        return process.returncode, out, err


# As in a service, or an app without a window; what fails is written into a file.
WITHOUT_STREAMS = """
import sys, traceback, warnings
from pathlib import Path
where = Path(sys.argv[1])
sys.stdout = sys.stderr = None if sys.argv[2] == "none" else open(where / "closed", "w")
if sys.stderr:
    sys.stderr.close()
try:
    import cascade
    from cascade.cli import main
    model = cascade.load("ctc-mouse")
    frail = model.with_(frailties=[{"name": "z", "cv": 1.0, "hazards": [{"hazard": "*.cleared"}]}])
    for progress in (True, False, None):
        result = cascade.simulate(model, cells=2000, seed=1, until=0.02, progress=progress)
    cascade.simulate(model, cells=5_000_000, seed=1, until=0.001)  # long enough for a bar
    cascade.compare(model, model, cells=2000, seed=1, until=0.02, progress=True)
    cascade.exact(model, until=0.02)
    if sys.argv[2] == "none":
        warnings.warn("of nobody's")
        for arguments in (["models"], ["run", "ctc-mouse", "--cells", "2000"], ["run", "nonsense"], ["--help"]):
            try:
                main(arguments)
            except SystemExit as end:
                assert end.code == (2 if "nonsense" in arguments else 0), (arguments, end.code)
    (where / "said").write_text("well")
except BaseException:
    (where / "said").write_text(traceback.format_exc())
"""


@pytest.mark.full
@pytest.mark.parametrize("kind", ["none", "closed"])
def test_nothing_needs_a_stream(kind: str, tmp_path: Path) -> None:
    code, _, _ = ended((sys.executable, "-c", WITHOUT_STREAMS, str(tmp_path), kind))
    assert (tmp_path / "said").read_text() == "well"
    assert code == 0


# The command, in a folder that is gone.
DELETED = """
import os, sys, tempfile
folder = tempfile.mkdtemp()
os.chdir(folder)
os.rmdir(folder)
from cascade.cli import main
main(sys.argv[1:])
"""


@pytest.mark.full
@pytest.mark.skipif(os.name != "posix", reason="elsewhere no system takes a working directory away")
@pytest.mark.parametrize(
    "arguments",
    [RUN[3:], ("exact", "ctc-mouse"), ("models",), (*RUN[3:], "--out", "here"), ("demo", "--cells", "1000")],
)
def test_a_working_directory_that_was_deleted_is_named_where_it_is_needed(arguments: tuple[str, ...]) -> None:
    code, _, err = ended((sys.executable, "-c", DELETED, *arguments))
    assert "Traceback" not in err
    # Some libraries want one as they are imported, others do not.
    assert code in ((0, 2) if arguments[0] in ("run", "exact", "models") and "--out" not in arguments else (2,))
    assert code == 0 or "deleted" in err or "--out" in err or "path" in err


WRITES = """
import os, tempfile
import cascade
model = cascade.load("ctc-mouse")
figure = cascade.plot.funnel(cascade.Funnel.from_counts({"a": 2, "b": 1}))
result = cascade.simulate(model, cells=10, seed=1, until=0.02)
folder = tempfile.mkdtemp()
os.chdir(folder)
os.rmdir(folder)
for write in (
    lambda path: cascade.plot.save(figure, path + ".png"), lambda path: model.save(path + ".toml"),
    lambda path: result.save(path + ".cascade"), lambda path: result.to_html(path + ".html"),
):
    for name in ("here", "n" * 400):
        try:
            write(name)
        except cascade.InputError as error:
            print(error.field)
"""


@pytest.mark.skipif(os.name != "posix", reason="elsewhere no system takes a working directory away")
def test_what_is_written_nowhere_or_under_too_long_a_name_is_named() -> None:
    code, out, err = ended((sys.executable, "-c", WRITES))
    assert (code, out.split()) == (0, ["path"] * 8), err


NONSENSE = [
    {"MPLBACKEND": "nonsense"},
    {"MPLBACKEND": "module://none.at.all"},
    {"OMP_NUM_THREADS": "many"},
    {"OMP_NUM_THREADS": "-1", "OPENBLAS_NUM_THREADS": "x"},
    {"NUMBA_NUM_THREADS": "0", "NUMBA_OPT": "2"},
    {"NUMBA_NUM_THREADS": "many"},
    {"NUMBA_CPU_NAME": "abacus"},
    {"NUMBA_OPT": "best"},
    {"NUMBA_CACHE_DIR": os.devnull},
    {"NUMBA_CACHE_LOCATOR_CLASSES": "Nobody"},
    {"NUMBA_CAPTURED_ERRORS": "x"},
    {"NUMBA_DEBUG_CACHE": "x"},
    {"MPLCONFIGDIR": os.devnull},
    {"TMPDIR": "/nowhere", "HOME": "/nowhere"},
    {"COLUMNS": "x", "TERM": "x", "LANG": "x", "LC_ALL": "x", "TZ": "x"},
]


@pytest.mark.full
@pytest.mark.parametrize("env", NONSENSE, ids=str)
def test_nonsense_in_the_environment_is_passed_over_or_named(env: dict[str, str], tmp_path: Path) -> None:
    code, _, err = ended((*RUN, "--out", str(tmp_path / "out")), env)
    # Of a number that is none numba says so itself, names it, and goes on.
    assert "Traceback" not in err or (code == 0 and f"{next(iter(env))!r} is defined but" in err)
    assert code in (0, 2)
    if code:
        assert any(f"{name} = {value!r}" in err for name, value in env.items()), err


def test_a_backend_that_is_none_is_named_in_python_too() -> None:
    code = "import cascade\ntry: cascade.plot.funnel\nexcept cascade.InputError as error: print(error.field)"
    assert ended((sys.executable, "-c", code), {"MPLBACKEND": "nonsense"})[1] == "MPLBACKEND\n"


def test_what_is_no_fault_of_the_surroundings_is_not_blamed_on_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    for error in (ValueError("of somebody"), FileNotFoundError("there is a folder"), KeyboardInterrupt()):
        assert blamed(error) is None


# An interrupt that comes just as a module is looked for; in "turned" the module makes another error of it.
INTERRUPTED = """
import os, signal, sys
name, turned, *arguments = sys.argv[1:]

class Finder:
    def find_spec(self, wanted, *_):
        if wanted == name:
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt:
                if turned == "turned":
                    raise ImportError("the core failed to load")
                raise

sys.meta_path.insert(0, Finder())
from cascade.cli import main
main(arguments)
"""


@pytest.mark.full
@pytest.mark.skipif(os.name != "posix", reason="interrupts are sent as on POSIX")
@pytest.mark.parametrize("turned", ["plain", "turned"])
@pytest.mark.parametrize(
    "module", ["cascade.cli.app", "typer", "pydantic", "numpy", "numba", "scipy", "cascade.kernel.loop", "matplotlib"]
)
def test_an_interrupt_while_importing_ends_with_130(module: str, turned: str, tmp_path: Path) -> None:
    arguments = (*RUN[3:], "--out", str(tmp_path / "out"))
    code, _, err = ended((sys.executable, "-c", INTERRUPTED, module, turned, *arguments))
    assert err.count("interrupted") == 1, err
    assert "Traceback" not in err
    assert code == 130


@pytest.mark.skipif(os.name != "posix", reason="interrupts are sent as on POSIX")
def test_the_package_itself_imports_nothing_that_takes_time() -> None:
    """What comes before the command can catch an interrupt must be short."""
    code = "import sys, cascade.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    _, out, _ = ended((sys.executable, "-c", code))
    assert not {"numpy", "pydantic", "typer", "matplotlib", "numba", "scipy", "tomli_w", "rich"} & set(out.split())


def test_handlers_of_others_stay(capsys: pytest.CaptureFixture[str]) -> None:
    from cascade.cli import main

    before = signal.getsignal(signal.SIGINT)
    for handler in (signal.SIG_IGN, signal.default_int_handler, lambda *_: None):
        signal.signal(signal.SIGINT, handler)
        with pytest.raises(SystemExit):
            main(["--version"])
        assert signal.getsignal(signal.SIGINT) is handler
    signal.signal(signal.SIGINT, before)
    assert "cascade" in capsys.readouterr().out


def refused(seed: int) -> None:
    cascade.simulate(cascade.load("ctc-mouse"), cells=10, seed=seed)


def test_errors_come_back_from_other_processes() -> None:
    """One that cannot be unpickled breaks the whole pool."""
    with pytest.raises(cascade.InputError) as error:
        refused(-1)
    again = pickle.loads(pickle.dumps(error.value))  # noqa: S301
    assert (type(again), str(again), again.field) == (cascade.InputError, str(error.value), "seed")
    with pytest.raises(cascade.ModelError) as fault:
        cascade.Model(name="x", stages=[], states=[])
    assert pickle.loads(pickle.dumps(fault.value)).faults == fault.value.faults  # noqa: S301
    renamed = error.value.renamed("--seed")
    assert str(pickle.loads(pickle.dumps(renamed))) == str(renamed) == str(error.value).replace("seed", "--seed", 1)  # noqa: S301
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(cascade.InputError, match="seed"):
            pool.submit(refused, -1).result()
        pool.submit(abs, -1).result()
