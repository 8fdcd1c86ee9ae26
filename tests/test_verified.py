"""What lies beside a saved run is verified with it, cohorts are as runs are, and other files are named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import cascade
from cascade.cli import main
from cascade.patient import verifying
from helpers.diseases import TEXTBOOK
from helpers.models import DECAY, LINEAR

RUN = ("run", "textbook", "--cells", "3000", "--seed", "1", "-q")
COHORT = ("cohort", "textbook", "--patients", "60", "--seed", "3", "--years", "10", "-q")
UNDER_CARE = (*COHORT, "--care", "surgery")


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code of a call in this process, and all that it says on one line."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    out, err = capsys.readouterr()
    return int(end.value.code or 0), " ".join(f"{out} {err}".split())


@pytest.mark.parametrize(
    ("command", "tables"),
    [
        (RUN, ["funnel.txt", "funnel.csv"]),
        ((*RUN, "--no-exact", "--until", "2d", "--treat", "nk-depletion@0h:1d"), ["funnel.txt", "funnel.csv"]),
        (COHORT, ["tables.txt", "lesions.csv"]),
        ((*COHORT, "--at", "7"), ["tables.txt", "lesions.csv"]),
        (UNDER_CARE, ["tables.txt", "survival.csv", "hazards.csv", "patients.csv", "sites.csv"]),
    ],
    ids=["run", "run without the exact answer", "cohort", "cohort at a year", "under a care"],
)
def test_a_table_beside_a_saved_run_that_was_altered_is_named(
    command: Sequence[str], tables: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, *command, "--out", str(tmp_path))[0] == 0
    saved = next(tmp_path.glob("*.cascade"))
    code, told = call(capsys, "verify", str(saved), "-q")
    assert code == 0
    assert f"made again from it: {', '.join(tables)} are the same" in told
    for name in {tables[0], tables[-1]} if command in (RUN, COHORT) else tables[-1:]:
        table = tmp_path / name
        right = table.read_bytes()
        lines = right.decode().split("\n")
        last = max(k for k, line in enumerate(lines) if any(letter.isdigit() for letter in line))
        lines[last] = "".join(str((int(c) + 1) % 10) if c.isdigit() else c for c in lines[last])
        table.write_text("\n".join(lines), newline="")
        code, told = call(capsys, "verify", str(saved), "-q")
        assert code == 2
        assert str(table) in told.replace(" ", "") or name in told
        assert f"the table that {saved.name} beside it makes: its line {last + 1} has" in told
        table.write_bytes(right)


def test_a_table_whose_lines_end_otherwise_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a version control or an archive may leave it."""
    assert call(capsys, *RUN, "--no-exact", "--out", str(tmp_path))[0] == 0
    table = tmp_path / "funnel.csv"
    table.write_bytes(table.read_bytes().replace(b"\n", b"\r\n"))
    assert call(capsys, "verify", str(tmp_path / "result.cascade"), "-q")[0] == 0


def test_tables_beside_a_file_that_out_did_not_name_are_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, *RUN, "--out", str(tmp_path))[0] == 0
    other = cascade.simulate(LINEAR, cells=500, seed=2).save(tmp_path / "other.cascade")
    code, told = call(capsys, "verify", str(other), "-q")
    assert code == 0
    assert "tables beside it" not in told


@pytest.mark.parametrize("care", [None, "surgery"])
def test_a_saved_cohort_is_verified_as_a_whole_or_in_parts(
    care: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "some.cascade"
    right, other = (cascade.cohort(TEXTBOOK, patients=range(100, 900), seed=s, care=care) for s in (4, 5))
    right.merge(cascade.cohort(TEXTBOOK, patients=range(1000, 1200), seed=4, care=care)).save(path)
    code, told = call(capsys, "verify", str(path), "-q")
    assert code == 0
    assert "all 1,000 patients were run again, and every count is the same" in told
    monkeypatch.setattr(verifying, "SPAN", 50)
    monkeypatch.setattr(verifying, "WHOLE", 500)
    code, told = call(capsys, "verify", str(path), "--seed", "3", "-q")
    assert code == 0
    assert "400 of 1,000 patients, in 8 random parts (chosen by 3), were run again" in told
    monkeypatch.setattr(verifying, "WHOLE", 1000)
    replace(right, counts=other.counts, followed=other.followed).save(path)
    with pytest.raises(cascade.InputError, match="comes to the same again: its counts differ"):
        verifying.verify_cohort(path)


def test_of_a_large_cohort_counts_that_chance_does_not_make_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted, digest and all: what patients of another disease add up to."""
    monkeypatch.setattr(verifying, "SPAN", 50)
    monkeypatch.setattr(verifying, "WHOLE", 500)
    right = cascade.cohort(TEXTBOOK, patients=1000, seed=4)
    other = cascade.cohort(TEXTBOOK.with_(efficiency=TEXTBOOK.efficiency / 30.0), patients=1000, seed=4)
    path = replace(right, counts=other.counts).save(tmp_path / "some.cascade")
    for seed in range(3):
        with pytest.raises(cascade.InputError, match=r"of patients: \d+ in 400 that were run again, [\d,]+ in all 1,0"):
            verifying.verify_cohort(path, seed=seed)


def test_files_of_another_kind_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = cascade.Model.from_survival({"arrest": 0.5, "exit": 0.2})
    sweep, fit, table, figure = (tmp_path / name for name in ("s.jsonl", "f.json", "t.csv", "p.cascade"))
    cascade.sweep(model, {"arrest.lost": [0.5, 1, 2]}, path=sweep)
    counts = cascade.Data.counts([{"animal": "a", "observable": "here", "hours": 9.0, "count": 60}], cells=100)
    cascade.fit(DECAY, counts, ["here.lost"]).save(fit)
    table.write_text("step,entered,passed\narrest,100,50\n")
    figure.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(8))
    for path, kind in (
        (sweep, "a sweep (cascade.open_sweep)"),
        (fit, "a saved fit (cascade.open_fit)"),
        (table, "a table or other text"),
        (figure, "a figure (PNG)"),
    ):
        code, told = call(capsys, "verify", str(path))
        if path == sweep:  # which is verified as such
            assert code == 0
            with pytest.raises(cascade.InputError, match=re.escape(f"this file is {kind}")):
                cascade.open_result(path)
        else:
            assert code == 2
            assert f"a result of cells, saved by Result.save; this file is {kind}" in told
        with pytest.raises(cascade.InputError, match=r"a cohort saved by Cohort\.save; this file is"):
            cascade.open_cohort(path)
