"""The cache of compiled code: damaged, forbidden, full, begun twice at once; the kernel is compiled all the same."""

from __future__ import annotations

import contextlib
import errno
import os
import pickle
import shutil
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import config, njit
from numba.core import caching

from cascade import kernel
from cascade.common import compiled, notices
from helpers.processes import started


def twice(x: Any) -> Any:
    """What is compiled here: quickly, and through the same cache as the kernel."""
    return x + x


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of its own, and notices that nobody has heard nor silenced."""
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(notices, "_said", set())
    monkeypatch.setattr(notices, "_patient", False)
    return tmp_path


def fresh(x: Any = 2.0) -> tuple[Any, int]:
    """What a function says that knows nothing but its folder, and how often it was taken from there."""
    function = njit(twice)
    function._cache = compiled.cache_of(function.py_func, kernel)
    return function(x), sum(function.stats.cache_hits.values())


def entries(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.nbc"))


def test_what_was_compiled_is_found_again_and_the_compiling_is_said_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fresh() == (4.0, 0)
    assert capsys.readouterr().err.count("compiling, once") == 1
    assert len(entries(folder)) == 1
    notices._said.clear()
    assert fresh() == (4.0, 1)
    assert capsys.readouterr().err == ""
    # Another signature is another entry, and neither stands in the other's place.
    assert fresh(np.ones(2))[1] == 0
    assert fresh() == (4.0, 1)
    assert fresh(np.ones(2))[1] == 1


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("something")


def pipe_in_its_place(path: Path) -> None:
    """Whoever reads it waits for ever for somebody who writes."""
    path.unlink()
    os.mkfifo(path)


def socket_in_its_place(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as one, contextlib.chdir(path.parent):  # its name may not be long
        one.bind(path.name)


def linked(where: str) -> Callable[[Path], None]:
    """A link in its place, to what has no end or no beginning."""

    def link(path: Path) -> None:
        path.unlink()
        path.symlink_to(where)

    return link


def unreadable(path: Path) -> None:
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


def of_another_build(path: Path) -> None:
    """Well formed and sealed, under the name of another."""
    fresh(np.ones(2))
    other = next(entry for entry in entries(path.parent) if entry != path)
    shutil.copy(other, path)


def pickled_elsewhere(path: Path) -> None:
    """As numba itself writes: without a seal, and pickled well."""
    path.write_bytes(pickle.dumps(("_", b"machine code")))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "emptied": lambda path: path.write_bytes(b""),
    "cut in half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut within its seal": lambda path: path.write_bytes(path.read_bytes()[:20]),
    "garbage": lambda path: path.write_bytes(np.random.default_rng(1).bytes(5000)),
    "zeros, as after a crash of the system": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "a bit of the machine code": lambda path: flip(path, path.stat().st_size // 2),
    "the last bit": lambda path: flip(path, -1),
    "a bit of the seal": lambda path: flip(path, 3),
    "a folder in its place": folder_in_its_place,
    "a pipe in its place": pipe_in_its_place,
    "a socket in its place": socket_in_its_place,
    "a link to a device without an end": linked("/dev/zero"),
    "a link to a device without a beginning": linked("/dev/null"),
    "a link to a folder": linked("/"),
    "a link to nothing": lambda path: (path.unlink(), path.symlink_to("nowhere")),
    "a link to itself": lambda path: (path.unlink(), path.symlink_to(path.name)),
    "unreadable": unreadable,
    "of another build": of_another_build,
    "of numba's own making": pickled_elsewhere,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_set_aside_and_the_code_compiled_anew(
    folder: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fresh()
    path = entries(folder)[0]
    if os.name != "posix" and ("pipe" in damage or "socket" in damage or "device" in damage):
        pytest.skip("there are none here")
    DAMAGES[damage](path)
    capsys.readouterr()
    notices._said.clear()
    assert fresh() == (4.0, 0)
    said = capsys.readouterr().err
    if damage != "a link to nothing":  # nothing is there: compiled as at the first time
        assert said.count("\n") == said.count("cannot be used") == 1, said
        assert str(path) in said
        aside = list(path.parent.glob(f"{path.name}.damaged-*"))
        assert len(aside) == 1
        assert aside[0].name in said
    # The next run is as if nothing had been.
    notices._said.clear()
    assert fresh() == (4.0, 1)
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("folder")
def test_whatever_linking_raises_is_damage_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh()
    with monkeypatch.context() as patch:

        def fails(*_: object) -> None:
            raise MemoryError("LLVM does not understand this")

        patch.setattr(caching.CompileResultCacheImpl, "rebuild", fails)
        assert fresh() == (4.0, 0)
    assert "LLVM does not understand this" in capsys.readouterr().err
    assert fresh() == (4.0, 1)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_disk_that_takes_nothing_costs_the_cache_and_not_the_run(
    folder: Path, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        with open(path, "wb") as file:
            file.write(data[:10])
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert fresh() == (4.0, 0)
    said = capsys.readouterr().err
    assert said.count("cannot be kept") == 1
    assert os.strerror(code) in said
    assert [path for path in folder.rglob("*") if path.is_file()] == [], "nothing half written stays"


@pytest.mark.usefixtures("folder")
def test_a_folder_that_became_a_file_costs_the_cache_and_not_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    function = njit(twice)
    function._cache = compiled.cache_of(function.py_func, kernel)
    place = Path(function._cache.cache_path)
    place.rmdir()
    place.write_text("in the way")
    assert function(2.0) == 4.0
    assert "cannot be kept" in capsys.readouterr().err


def test_a_file_that_cannot_be_moved_away_is_left_and_said(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh()
    entries(folder)[0].write_bytes(b"")

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(Path, "replace", refuse)
    assert fresh() == (4.0, 0)
    assert "stays" in capsys.readouterr().err


def test_who_asked_for_quiet_hears_of_damage_and_not_of_waiting(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_patient", False)
    notices.be_patient()
    fresh()
    assert capsys.readouterr().err == ""
    entries(folder)[0].write_bytes(b"")
    fresh()
    assert "cannot be used" in capsys.readouterr().err


def test_notices_need_no_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "_said", set())
    monkeypatch.setattr(notices, "_patient", False)
    closed = open(os.devnull, "w")  # noqa: SIM115
    closed.close()
    for stream in (None, closed):
        monkeypatch.setattr(sys, "stderr", stream)
        notices.notice(f"to {stream}")


RUN = "import cascade; print(cascade.simulate(cascade.load('ctc-mouse'), cells=20000, seed=1, until=0.02).fates())"


@pytest.mark.slow
def test_two_processes_that_begin_cold_at_once_both_work_and_leave_one_file(tmp_path: Path) -> None:
    env = {"NUMBA_CACHE_DIR": str(tmp_path)}
    with ExitStack() as stack:
        both = [stack.enter_context(started([sys.executable, "-c", RUN], env)) for _ in range(2)]
        said = [process.communicate(timeout=300) for process in both]  # a guard against hanging
    assert [process.returncode for process in both] == [0, 0], said
    assert said[0][0] == said[1][0] != ""
    assert len(entries(tmp_path)) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == entries(tmp_path)
    # What they left serves a third; when it is emptied, the command line goes on as well.
    for damage, hears in (("", ""), ("emptied", "cannot be used")):
        if damage:
            DAMAGES[damage](entries(tmp_path)[0])
        arguments = ["run", "ctc-mouse", "--cells", "20000", "--seed", "1", "--until", "0.02", "--json"]
        command = [sys.executable, "-m", "cascade", *arguments]
        with started(command, env) as process:
            _, err = process.communicate(timeout=300)
            assert process.returncode == 0
        assert hears in err
        assert bool(err) == bool(hears)
