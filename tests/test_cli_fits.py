"""The command that fits: what it says and leaves, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cascade
from cascade.cli import main

LINES = [
    "mouse,group,day,assay,count",
    *(
        f"{arm[0]}{day}-{k},{arm},{day},solitary,{count + 700 * k}"
        for arm, counts in (("control", (70_000, 39_000)), ("depleted", (72_000, 60_000)))
        for day, count in zip((1, 13), counts, strict=True)
        for k in range(4)
    ),
]
WHAT = ["--count", "solitary=lodged,extravasated,dormant", "--cells", "1e5"]
FREE = ["--free", "dormant.death of dormant cells"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mice.csv"
    path.write_text("\n".join(LINES) + "\n")
    return path


def ended(*arguments: str) -> object:
    """The exit code."""
    with pytest.raises(SystemExit) as end:
        main(["fit", "b16f1-liver", *arguments])
    return end.value.code


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert ended(*arguments) in (0, None)
    return capsys.readouterr().out


def test_the_command_says_what_python_says(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = cascade.Data.counts(table, {"solitary": ["lodged", "extravasated", "dormant"]}, cells=1e5)
    fit = cascade.fit(cascade.load("b16f1-liver"), data, FREE[1:], by="arm", against="control")
    out = tmp_path / "out"
    arguments = [str(table), *FREE, *WHAT, "--by-arm", "--against", "control"]
    text = said(capsys, *arguments, "--out", str(out))
    assert str(fit) in text
    assert sorted(path.name for path in out.iterdir()) == ["fit.json", "fit.png", "fit.txt"]
    assert str(cascade.open_fit(out / "fit.json")) == str(fit)
    assert str(fit) in (out / "fit.txt").read_text()
    told = json.loads(said(capsys, *arguments, "--json"))
    assert told["table"] == fit.table().to_dicts()


def test_a_wide_table_and_an_arm_that_was_treated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "wide.csv"
    rows = [
        "id;day;alive;cells;arm",
        *(f"m{k};{1 + 12 * (k % 2)};{50_000 - 9_000 * (k % 2)};100000;a" for k in range(6)),
    ]
    path.write_text("\n".join(rows) + "\n")
    what = ["--wide", "--count", "alive=lodged,extravasated,dormant", *FREE, "--column", "animal=id"]
    assert "12 counts" not in said(capsys, str(path), *what)
    chemotherapy = said(capsys, str(path), *what, "--arm", "a=chemotherapy@0h:100d")
    assert "6 counts of 6 animals" in chemotherapy


def test_a_folder_with_another_fit_is_left_alone(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert ended(str(table), *FREE, *WHAT, "--out", str(out)) == 0
    assert ended(str(table), *FREE, *WHAT, "--out", str(out)) == 0  # the same again
    before = (out / "fit.json").read_bytes()
    assert ended(str(table), *FREE, *WHAT, "--by-arm", "--out", str(out)) == 2
    assert "without another fit" in capsys.readouterr().err
    assert (out / "fit.json").read_bytes() == before
    assert ended(str(table), *FREE, *WHAT, "--by-arm", "--out", str(out), "--force") == 0
    assert (out / "fit.json").read_bytes() != before


WRONG = {
    "no free hazard": ([*WHAT], "at least one hazard"),
    "no cells": ([*FREE, *WHAT[:2]], "how many cells an animal was given"),
    "a range of cells": ([*FREE, *WHAT[:2], "--cells", "0:100"], "a number of cells"),
    "a count without a mark": ([*FREE, "--count", "solitary", "--cells", "1e5"], "NAME=VALUE"),
    "an unknown state": ([*FREE, "--count", "solitary=lodgd", "--cells", "1e5"], "did you mean 'lodged'"),
    "an unknown arm": ([*FREE, *WHAT, "--arm", "sham=chemotherapy"], "an arm of the table"),
    "an unknown treatment": ([*FREE, *WHAT, "--arm", "control=chemotherpy"], "chemotherapy"),
    "an unknown column": ([*FREE, *WHAT, "--column", "beast=mouse"], "one of animal"),
    "an unknown heading": ([*FREE, *WHAT, "--column", "animal=mose"], "did you mean 'mouse'"),
    "against nobody": ([*FREE, *WHAT, "--by-arm", "--against", "sham"], "one of the arms"),
    "a spread that is none": ([*FREE, *WHAT, "--spread", "two"], "'one', 'each', 'none'"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_ends_with_2_and_one_message(what: str, table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, words = WRONG[what]
    assert ended(str(table), *arguments) == 2
    assert words in " ".join(capsys.readouterr().err.split())
