"""Names of files that are none: every function that reads or writes names the field, and closes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade import body

MODEL = cascade.Model.from_survival({"arrest": 0.5})
RESULT = cascade.simulate(MODEL, cells=100, seed=1)

ACTS: dict[str, Callable[[Any], object]] = {
    "Funnel.from_csv": cascade.Funnel.from_csv,
    "Funnel.to_csv": RESULT.funnel().to_csv,
    "open_result": cascade.open_result,
    "Result.save": RESULT.save,
    "Result.to_html": RESULT.to_html,
    "plot.save": lambda path: cascade.plot.save(cascade.plot.funnel(RESULT), path),
    "Model.save": MODEL.save,
    "load": cascade.load,
    "treatment": cascade.treatment,
    "Cancer.save": body.cancer("colon").save,
}
READ = {"Funnel.from_csv", "open_result", "load", "treatment"}

NO_NAMES: list[Any] = [
    0, 1, 2, True, None, b"x.csv", "", ".", "\0.png", "a" * 5000 + ".png", ["x.csv"], 3.5, "nowhere/x.png", "/dev/null",
]  # fmt: skip


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("path", NO_NAMES, ids=lambda p: repr(p)[:12])
def test_what_is_no_file_is_named(act: str, path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(cascade.CascadeError):
        ACTS[act](path)
    for stream in (0, 1, 2):
        os.fstat(stream)  # still open
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="pipes have names on POSIX")
@pytest.mark.parametrize("act", ACTS)
def test_nobody_waits_for_a_pipe(act: str, tmp_path: Path) -> None:
    """Reading or writing one never came back before."""
    for name in ("x.toml", "x.csv", "x.cascade", "x.png", "x.html"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(cascade.InputError):
            ACTS[act](tmp_path / name)
        assert (tmp_path / name).is_fifo()


@pytest.mark.parametrize("act", sorted(set(ACTS) - READ))
def test_a_tilde_is_the_home(act: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    ending = {"plot.save": ".png", "Result.to_html": ".html", "Funnel.to_csv": ".csv"}.get(act, ".cascade")
    ACTS[act](f"~/mine{ending}")
    assert (tmp_path / f"mine{ending}").is_file()
    if act == "Funnel.to_csv":
        assert cascade.Funnel.from_csv("~/mine.csv").rows == RESULT.funnel().rows
    if act == "Result.save":
        assert cascade.open_result("~/mine.cascade") == RESULT
