"""The commands about patients: what they print and save, and what they say of wrong input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

import cascade
from cascade.cli import main

WARNING = "never for decisions about a patient"


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a call in this process."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


COHORT = ("cohort", "textbook", "--patients", "500", "--seed", "3", "--years", "10", "-q")


def test_diseases_are_listed_and_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "diseases")
    assert code == 0
    assert "textbook" in out
    assert WARNING in out
    code, out, _ = call(capsys, "disease", "textbook")
    assert code == 0
    disease = cascade.disease("textbook")
    for told in (
        disease.digest()[:16],
        "Gompertz",
        "blood",
        "lymph",
        "leakiness",
        "illustrative",
        WARNING,
        "cascade show breast",
    ):
        assert told.lower() in out.lower()
    code, out, _ = call(capsys, "disease", "textbook", "--json")
    assert cascade.Disease(**json.loads(out)) == disease
    assert {row["name"] for row in json.loads(call(capsys, "diseases", "--json")[1])} == {"breast", "colon", "textbook"}


def test_a_cohort_is_printed_and_saved(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = call(capsys, *COHORT, "--at", "8", "--out", str(tmp_path))
    assert code == 0
    assert WARNING in out
    made = cascade.cohort(cascade.disease("textbook"), patients=500, seed=3, until_years=10)
    saved = cascade.open_cohort(tmp_path / "cohort.cascade")
    assert saved == made
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "cohort.cascade",
        "lesions.csv",
        "number-and-sizes.png",
        "tables.txt",
    ]
    for line in str(made.organs(8)).splitlines()[3:6]:
        assert line.split()[0] in out
    with (tmp_path / "lesions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(made.times) * len(made.groups)
    assert [float(r["mean"]) for r in rows if r["of"] == "anywhere"] == [row.mean for row in made.lesions()]
    # Once more into its own folder, and not into that of another.
    assert call(capsys, *COHORT, "--at", "8", "--out", str(tmp_path))[0] == 0
    code, _, err = call(
        capsys, "cohort", "textbook", "--patients", "501", "--seed", "3", "--years", "10", "--out", str(tmp_path)
    )
    assert code == 2
    assert "--out" in err
    assert "500 patients" in err
    code, out, _ = call(capsys, "plot", str(tmp_path / "cohort.cascade"))
    assert code == 0
    assert (tmp_path / "cohort-number-and-sizes.png").is_file()
    assert "--kind" in call(capsys, "plot", str(tmp_path / "cohort.cascade"), "--kind", "body")[2]


def test_a_cohort_as_json_beside_the_exact_answer(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(
        capsys, "cohort", "textbook", "--patients", "200", "--seed", "3", "--years", "6", "--exact", "--json"
    )
    assert code == 0
    data = json.loads(out)
    assert data["recipe"]["seed"] == 3
    assert [row["of"] for row in data["organs"]][:4] == ["anywhere", "distant", "nodal", "local"]
    assert len(data["exact"]["lesions"]) == len(data["lesions"]) == 7
    assert data["exact"]["recipe"]["exact"] is True


def test_a_patient_is_told_and_drawn(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture, tree = tmp_path / "course.png", tmp_path / "tree.svg"
    code, out, _ = call(capsys, "patient", "textbook", "3", "--life", "1", "--out", str(picture))
    assert code == 0
    course = cascade.cohort(cascade.disease("textbook"), patients=range(3, 4), seed=1).patient(3)
    assert str(course).splitlines()[0] in out
    assert course.life(1).stays[-1].state in out
    assert picture.is_file()
    assert call(capsys, "patient", "textbook", "3", "--tree", "--out", str(tree))[0] == 0
    assert tree.is_file()
    code, _, err = call(capsys, "patient", "textbook", "4", "--out", str(picture))
    assert code == 2
    assert "--out" in err
    data = json.loads(call(capsys, "patient", "textbook", "3", "--json")[1])
    assert data == course.to_dict() | {"files": []}


@pytest.mark.parametrize(("arguments", "told"), [
    (("cohort", "rectum"), ("DISEASE = 'rectum'", "textbook", "show, run")),
    (("cohort", "textbok"), ("DISEASE", "did you mean 'textbook'")),
    (("disease", "b16f1-liver"), ("DISEASE", "model of cells")),
    (("patient", "textbook", "x"), ("NUMBER = 'x'", "whole number")),
    (("patient", "textbook", "99999999999999999999"), ("NUMBER", "2^62")),
    (("patient", "textbook", "3", "--life", "99"), ("--life = 99", "1 to")),
    (("patient", "textbook", "3", "--years", "-1"), ("--years = -1", "above 0")),
    (("patient", "textbook", "3", "--seed", "a"), ("--seed = 'a'",)),
    (("cohort", "textbook", "--patients", "1.000"), ("--patients", "1 or 1000")),
    (("cohort", "textbook", "--patients", "0"), ("--patients",)),
    (("cohort", "textbook", "--patients", "10", "--at", "7.5"), ("--at = 7.5", "year at which")),
    (("cohort", "textbook", "--years", "900"), ("--years = 900",)),
])  # fmt: skip
def test_wrong_input_is_one_message_that_names_the_argument(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: tuple[str, ...]
) -> None:
    code, out, err = call(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert all(words in err for words in told), err
    assert "Traceback" not in err


def test_files_of_another_kind_are_answered_with_the_right_command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    disease, cancer = tmp_path / "disease.toml", tmp_path / "cancer.toml"
    cascade.disease("textbook").save(disease)
    cascade.body.cancer("colon").save(cancer)
    for command in ("run", "exact", "show", "replay"):
        code, _, err = call(capsys, command, str(disease))
        assert code == 2
        assert "this file is a disease" in err
        assert "cohort" in err
    code, _, err = call(capsys, "cohort", str(cancer))
    assert code == 2
    assert "model of cells" in err
    assert call(capsys, "disease", str(disease))[0] == 0
    cohort = tmp_path / "few.cascade"
    cascade.cohort(cascade.disease("textbook"), patients=5, seed=1).save(cohort)
    with pytest.raises(cascade.InputError, match="open_cohort"):
        cascade.open_result(cohort)
    cells = tmp_path / "cells.cascade"
    cascade.simulate(cascade.load("textbook"), cells=100, seed=1).save(cells)
    with pytest.raises(cascade.InputError, match="open_result"):
        cascade.open_cohort(cells)


@pytest.mark.parametrize(("options", "command"), [((), "breast`"), (("--care", "surgery"), "breast --care surgery`")])
def test_a_cohort_of_a_fitted_disease_says_what_its_intervals_leave_out(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], command: str
) -> None:
    """The command that it names is one; a disease that was not fitted has nothing to say."""
    code, out, _ = call(capsys, "cohort", "breast", "--patients", "200", *options)
    assert code == 0
    assert f"`cascade uncertain {command}" in " ".join(out.split())
    assert "uncertain" not in call(capsys, "cohort", "textbook", "--patients", "200", *options)[1]
    code, out, _ = call(capsys, "uncertain", "--help")
    assert code == 0
    assert "--care" in out
