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


KINDS = {
    "times": (
        "day,event,group\n3,out,a\n5,,a\n7,gone,a\n2,out,b\n9,gone,b\n",
        ["--count", "out=extravasated", "--count", "gone=death:*", "--free", "arrested.extravasated"],
        "5 rows with 4 events",
    ),
    "seen": (
        "day,organ,k,n\n5,grown,1,7\n20,grown,5,7\n",
        ["--count", "grown=macrometastasis", "--cells", "1e6", "--free", "micrometastasis.macrometastasis"],
        "6 found in 14",
    ),
    "panel": (
        "cell,hours,state\na,1,arrested\na,5,out\nb,0,arrested\nb,9,arrested\n",
        ["--count", "arrested=arrested", "--count", "out=extravasated", "--free", "arrested.extravasated"],
        "4 looks at 2 cells",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_other_tables_than_counts(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, what, told = KINDS[kind]
    path, out = tmp_path / "own.csv", tmp_path / "out"
    path.write_text(text)
    shown = ended_with(["fit", "textbook", str(path), "--kind", kind, *what, "--out", str(out)], capsys)
    assert told in shown
    assert cascade.open_fit(out / "fit.json").data.told == told
    assert (out / "fit.png").stat().st_size > 10_000
    assert ended_with(
        ["fit", "textbook", str(path), "--kind", kind, *what, "--out", str(out)], capsys
    )  # the same again
    changed = tmp_path / "other.csv"
    changed.write_text(text.replace("5", "6"))
    assert code_of(["fit", "textbook", str(changed), "--kind", kind, *what, "--out", str(out)]) == 2
    assert "without another fit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("what", "wanted"),
    [
        (["--kind", "tims"], "did you mean 'times'?"),
        (["--kind", "times", "--wide", "--count", "a=b"], "with --kind counts"),
        (["--kind", "panel", "--cells", "5"], "left out with --kind panel"),
        (["--kind", "times", "--count", "a=death:"], "NAME=STATE"),
    ],
)
def test_what_does_not_fit_a_kind_is_told(
    what: list[str], wanted: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.csv"
    path.write_text("day,event,cell,state\n3,out,a,b\n")
    assert code_of(["fit", "textbook", str(path), "--free", "*.shear", *what]) == 2
    assert wanted in capsys.readouterr().err


def code_of(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return end.value.code


def ended_with(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert code_of(arguments) in (0, None), capsys.readouterr().err
    return capsys.readouterr().out
