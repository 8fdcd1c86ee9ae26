"""Runs that are killed and gone on with are the straight run, bit for bit; parts that were run apart are merged."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.cli import main
from cascade.patient import resume_cohort
from cascade.runs import resuming
from helpers.diseases import TEXTBOOK
from helpers.models import CYCLIC, LINEAR

CELLS = 40_000


@pytest.fixture(autouse=True)
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a run of few cells has many."""
    monkeypatch.setattr(resuming, "LEAST_SPAN", 1000)


class KilledError(Exception):
    """The end of a process, as far as a test can tell."""


def test_a_hundred_kills_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any moment: before a span, in the middle of one, or while the file is written."""
    rng, path = random.Random(3), tmp_path / "part.cascade"  # noqa: S311 (which moment it is needs no secret)
    straight = cascade.simulate(CYCLIC, cells=CELLS, seed=7, until=900.0, times=[3.0])
    real, save = resuming.simulate, type(straight).save
    kills = 0

    def perhaps(what: float) -> None:
        nonlocal kills
        if kills < 100 and rng.random() < what:
            kills += 1
            raise KilledError

    def simulated(*args: object, **named: object) -> object:
        perhaps(0.75)
        result = real(*args, **named)  # type: ignore[arg-type]
        perhaps(0.2)
        return result

    def saved(result: object, target: Path) -> Path:
        perhaps(0.2)
        done = save(result, target)  # type: ignore[arg-type]
        perhaps(0.1)
        return done

    monkeypatch.setattr(resuming, "simulate", simulated)
    monkeypatch.setattr(type(straight), "save", saved)
    while True:
        try:
            result = cascade.resume(CYCLIC, path, cells=CELLS, seed=7, until=900.0, times=[3.0])
            break
        except KilledError:
            continue
    assert kills == 100
    assert result == straight
    assert cascade.open_result(path) == straight


@pytest.mark.full
def test_a_process_that_is_killed_leaves_a_file_to_go_on_from(tmp_path: Path) -> None:
    """By the system, at random moments; never a file half written."""
    path, rng = tmp_path / "part.cascade", random.Random(1)  # noqa: S311
    code = (
        "import sys; import cascade; from cascade.runs import resuming; resuming.LEAST_SPAN = 20000;"
        "cascade.resume(cascade.load('textbook'), sys.argv[1], cells=3_000_000, seed=5)"
    )
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)], env={**os.environ})
        time.sleep(2.0 + 1.5 * rng.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
        if path.exists():
            held = cascade.open_result(path)
            assert held.ranges[0][0] == 0
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert cascade.open_result(path) == cascade.simulate(cascade.load("textbook"), cells=3_000_000, seed=5)


def test_more_cells_are_asked_for_later(tmp_path: Path) -> None:
    path = tmp_path / "r.cascade"
    cascade.resume(LINEAR, path, cells=range(5000, 8000), seed=2)
    told: list[tuple[int, int]] = []
    whole = cascade.resume(LINEAR, path, cells=10_000, seed=2, progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (7000, 7000)
    assert whole == cascade.simulate(LINEAR, cells=10_000, seed=2)


def test_a_file_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.cascade"
    cascade.resume(LINEAR, path, cells=3000, seed=2)
    before = path.read_bytes()
    for change, words in (
        ({"seed": 3}, "with seed 3"),
        ({"until": 5.0}, "with until 5.0"),
        ({"times": [1.0]}, "with times"),
        ({"watch": ["arrest"]}, "with watch"),
        ({"model": LINEAR.with_(scale={"arrest.shear": 2})}, "of this model"),
        ({"cells": 1000}, "of cells within 0:1000"),
    ):
        given = {"model": LINEAR, "cells": 3000, "seed": 2} | change
        with pytest.raises(cascade.InputError, match=words):
            cascade.resume(given.pop("model"), path, **given)  # type: ignore[arg-type]
    assert path.read_bytes() == before
    crowd = LINEAR.with_(
        capacity={"occupied_by": ["arrest"], "hazards": ["breach.immune killing"], "half": 5, "windows": [0, 1]}
    )
    with pytest.raises(cascade.InputError, match="independent cells"):
        cascade.resume(crowd, tmp_path / "c.cascade", cells=100, seed=1)


def ended(*arguments: str) -> object:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return end.value.code


def test_the_command_goes_on_and_merges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    out.mkdir()
    model = cascade.load("textbook")
    cascade.resume(model, out / "part.cascade", cells=2000, seed=4)  # what a killed run has left
    assert ended("run", "textbook", "--cells", "6000", "--seed", "4", "--resume", "--out", str(out), "-q") == 0
    straight = cascade.simulate(model, cells=6000, seed=4)
    assert cascade.open_result(out / "result.cascade") == straight
    assert not (out / "part.cascade").exists()
    apart = [tmp_path / f"{k}.cascade" for k in range(3)]
    for k, path in enumerate(apart):
        cascade.simulate(model, cells=range(2000 * k, 2000 * (k + 1)), seed=4).save(path)
    whole = tmp_path / "whole.cascade"
    assert ended("merge", *map(str, apart), "--out", str(whole)) == 0
    assert cascade.open_result(whole) == straight
    capsys.readouterr()
    for arguments, words in (
        (["merge", str(apart[0]), "--out", str(tmp_path / "x")], "two files or more"),
        (["merge", str(apart[0]), str(apart[0]), "--out", str(tmp_path / "x")], "no cell twice"),
        (["merge", *map(str, apart), "--out", str(whole)], "not there yet"),
        (["run", "textbook", "--resume", "--seed", "1"], "for --resume"),
        (["run", "textbook", "--resume", "--out", str(tmp_path / "y")], "given with --resume"),
    ):
        assert ended(*arguments) == 2
        assert words in " ".join(capsys.readouterr().err.split())


def test_cohorts_are_merged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    disease = cascade.disease("textbook")
    apart = [tmp_path / f"{k}.cascade" for k in range(2)]
    for k, path in enumerate(apart):
        cascade.cohort(disease, patients=range(50 * k, 50 * (k + 1)), seed=4).save(path)
    whole = tmp_path / "whole.cascade"
    assert ended("merge", *map(str, apart), "--out", str(whole)) == 0
    assert cascade.open_cohort(whole).lesions().rows == cascade.cohort(disease, patients=100, seed=4).lesions().rows
    cascade.simulate(LINEAR, cells=10, seed=4).save(tmp_path / "r.cascade")
    assert ended("merge", str(apart[0]), str(tmp_path / "r.cascade"), "--out", str(tmp_path / "z")) == 2
    assert "of the kind of" in capsys.readouterr().err


# Verified.


def test_a_saved_run_is_verified_as_a_whole_or_in_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from cascade.runs import verifying

    path = tmp_path / "r.cascade"
    result = cascade.simulate(CYCLIC, cells=range(500, 9500), seed=6, until=500.0, times=[2.0])
    result.save(path)
    assert ended("verify", str(path), "-q") == 0
    assert "all 9,000 cells were run again" in " ".join(capsys.readouterr().out.split())
    monkeypatch.setattr(verifying, "WHOLE", 1000)
    monkeypatch.setattr(verifying, "SPAN", 400)
    assert ended("verify", str(path), "--seed", "3", "-q") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "of 9,000 cells, in 8 random parts (chosen by 3) and around cells that are listed" in told


def test_a_run_that_was_made_otherwise_is_not_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the counts of another seed under this recipe, digest and all."""
    from cascade.runs import verifying

    right, other = (cascade.simulate(LINEAR, cells=9000, seed=seed) for seed in (1, 2))
    path = tmp_path / "r.cascade"
    replace(right, totals=other.totals).save(path)
    with pytest.raises(cascade.InputError, match="its counts differ"):
        verifying.verify(path)
    monkeypatch.setattr(verifying, "WHOLE", 100)
    with pytest.raises(cascade.InputError, match="differ"):
        verifying.verify(path, seed=1)


@pytest.mark.parametrize(
    "scale",
    [{"*.anoikis": 1.5}, {"invading.immune killing": 0.2, "invading.starvation": 2.0}, {"primary.*": 0.5}],
    ids=["more of a cause", "one cause told as another", "later"],
)
def test_of_a_large_run_every_count_is_compared(
    scale: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted, digest and all, what another model counted: it is the counts that tell, for few cells are watched."""
    from cascade.runs import verifying

    monkeypatch.setattr(verifying, "WHOLE", 1000)
    monkeypatch.setattr(verifying, "SPAN", 5000)
    model, path = cascade.load("textbook"), tmp_path / "r.cascade"
    right = cascade.simulate(model, cells=200_000, seed=1)
    right.save(path)
    for seed in range(3):
        told = verifying.verify(path, seed=seed)
        assert not told.whole
        assert "than chance allows" in str(told)
    other = cascade.simulate(model.with_(scale=scale), cells=200_000, seed=1)
    replace(right, totals=replace(other.totals, watched=right.totals.watched)).save(path)
    for seed in range(3):
        with pytest.raises(cascade.InputError, match="comes to the same again"):
            verifying.verify(path, seed=seed)


def test_cells_that_are_listed_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counts of another seed are as likely: it is the few that came far by which they are told."""
    from cascade.runs import verifying

    monkeypatch.setattr(verifying, "WHOLE", 1000)
    monkeypatch.setattr(verifying, "SPAN", 100)
    path, model = tmp_path / "r.cascade", cascade.load("textbook")
    right, other = (cascade.simulate(model, cells=200_000, seed=seed, watch=["extravasated"]) for seed in (1, 2))
    assert 4 < len(right.watched) < 2000
    replace(right, totals=other.totals).save(path)
    for seed in range(3):
        with pytest.raises(cascade.InputError, match="differ"):
            verifying.verify(path, seed=seed)


def test_in_clusters_counts_of_a_large_run_are_those_of_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cascade.runs import verifying

    monkeypatch.setattr(verifying, "WHOLE", 1000)
    monkeypatch.setattr(verifying, "SPAN", 2000)
    path = tmp_path / "r.cascade"
    cascade.simulate(cascade.load("clusters"), cells=100_000, seed=3).save(path)
    for seed in range(4):
        assert "chance allows" in str(verifying.verify(path, seed=seed))


@pytest.mark.parametrize("kind", ["model", "disease", "treatment"])
def test_the_schema_is_printed_for_editors(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    assert ended("schema", kind) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["type"] == "object"
    assert {"model": "stages", "disease": "lesions", "treatment": "effects"}[kind] in told["properties"]
    assert ended("schema", "modl") == 2


# Cohorts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("care", [None, "surgery"])
def test_a_cohort_that_is_stopped_is_the_straight_one(
    care: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cascade.patient.continuing.LEAST_SPAN", 40)
    disease, path = TEXTBOOK, tmp_path / "cohort.cascade"
    asked: dict[str, Any] = {"patients": 300, "seed": 3, "care": care, "times": (5.0, 10.0)}
    for stop_after in (1, 3, 2):

        def told(done: int, _all: int, after: int = 40 * stop_after) -> None:
            if done >= after:
                raise KilledError

        with contextlib.suppress(KilledError):
            resume_cohort(disease, path, **asked, progress=told)
        assert cascade.open_cohort(path).patients < 300
    whole = resume_cohort(disease, path, **asked)
    straight = cascade.cohort(disease, **asked)
    assert whole == straight
    assert cascade.open_cohort(path) == straight
    assert resume_cohort(disease, path, **asked) == straight  # nothing is left to do
    more = resume_cohort(disease, path, **{**asked, "patients": 350})
    assert more == cascade.cohort(disease, **{**asked, "patients": 350})


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"seed": 4}, "a cohort with seed 4; this has 3"),
        ({"care": "surgery"}, "a cohort with care 'surgery'; this has None"),
        ({"sizes_mm": (2.0,)}, "sizes_mm"),
        ({"patients": 30}, "patients within 0:30; this has 0:60"),
    ],
)
def test_a_file_of_another_cohort_is_refused(changed: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    path = tmp_path / "cohort.cascade"
    resume_cohort(TEXTBOOK, path, patients=60, seed=3)
    before = path.read_bytes()
    with pytest.raises(cascade.InputError) as caught:
        resume_cohort(TEXTBOOK, path, **{"patients": 60, "seed": 3, **changed})
    assert wanted in str(caught.value)
    assert path.read_bytes() == before
    with pytest.raises(cascade.InputError, match="of this disease; this is of"):
        resume_cohort(TEXTBOOK.with_(efficiency=1e-5), path, patients=60, seed=3)


@pytest.mark.parametrize("care", [None, "surgery"])
def test_the_command_goes_on_with_a_cohort_that_was_killed(
    care: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cascade.patient.continuing.LEAST_SPAN", 40)
    real, spans = cascade.Cohort.save, 0

    def killed(cohort: cascade.Cohort, path: str | Path) -> Path:
        nonlocal spans
        spans += 1
        if spans == 3:
            raise KilledError
        return real(cohort, path)

    under = ["--care", care] if care else []
    asked = ["cohort", "textbook", "--patients", "200", "--seed", "3", "--years", "10", *under, "-q"]
    with monkeypatch.context() as until_then:
        until_then.setattr(cascade.Cohort, "save", killed)
        with pytest.raises(KilledError):
            main([*asked, "--out", str(tmp_path), "--resume"])
    assert cascade.open_cohort(tmp_path / "part.cascade").patients == 80
    assert ended(*asked, "--out", str(tmp_path), "--resume") == 0
    straight = cascade.cohort(cascade.disease("textbook"), patients=200, seed=3, until_years=10, care=care)
    assert cascade.open_cohort(tmp_path / "cohort.cascade") == straight
    assert not (tmp_path / "part.cascade").exists()
    capsys.readouterr()
    for arguments, words in (
        (["--resume", "--seed", "1"], "for --resume"),
        (["--resume", "--out", str(tmp_path / "y")], "given with --resume"),
        (["--resume", "--care", "none", "--care", "surgery"], "of patients under one care, or none"),
    ):
        assert ended("cohort", "textbook", "--patients", "10", *arguments) == 2
        assert words in " ".join(capsys.readouterr().err.split())
