"""What is written for R: whole, in the formats of its packages, and R estimates from it what is estimated here."""

from __future__ import annotations

import csv
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade import Data
from test_fit_times import FREE, RACE, STATES, WANDER, racing, wandering

RSCRIPT = shutil.which("Rscript")


@cache
def has(package: str) -> bool:
    """Whether R is here, with a package."""
    if RSCRIPT is None:
        return False
    return not subprocess.run([RSCRIPT, "-e", f"library({package})"], capture_output=True, check=False).returncode


def rows_of(path: Path) -> list[dict[str, Any]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def run(script: Path) -> None:
    subprocess.run([str(RSCRIPT), script.name], cwd=script.parent, check=True, capture_output=True)


def lives(cells: int = 200) -> Any:
    return cascade.replay(cascade.load("textbook"), seed=1, cells=range(cells), until=2000.0)


def test_lives_in_the_long_format_of_mstate(tmp_path: Path) -> None:
    """A line for each way out of a stay; one of them happened, but where the run ended."""
    histories = lives()
    rows = rows_of(cascade.export_r(histories, tmp_path).parent / "lives_mstate.csv")
    stays: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows:
        stays.setdefault((row["id"], row["Tstart"]), []).append(row)
    assert all(sum(int(row["status"]) for row in some) <= 1 for some in stays.values())
    happened = [row for row in rows if row["status"] == "1"]
    ended = [stay for history in histories for stay in history.stays if stay.ended_by and stay.left > stay.entered]
    assert len(happened) == len(ended)
    died = sum(row["to"].startswith("dead: ") for row in happened)
    assert died == sum(stay.died for stay in ended)
    numbers = {(row["from"], row["to"]): row["trans"] for row in rows}
    assert len(set(numbers.values())) == len(numbers)


def test_lives_in_the_long_format_of_msm(tmp_path: Path) -> None:
    histories = lives(50)
    rows = rows_of(cascade.export_r(histories, tmp_path).parent / "lives_msm.csv")
    for history in histories:
        mine = [row for row in rows if row["id"] == str(history.cell)]
        assert [row["state"] for row in mine][: len(history.stays)] == [stay.state for stay in history.stays]
        times = [float(row["time"]) for row in mine]
        assert times == sorted(times)
        last = history.stays[-1]
        assert mine[-1]["state"] == (f"dead: {last.ended_by}" if last.died else last.state)


def test_times_are_written_in_their_unit(tmp_path: Path) -> None:
    data = Data.times({"months": [3, 5], "event": ["a", ""], "entry": [0, 1], "group": ["x", "y"]})
    rows = rows_of(cascade.export_r(data, tmp_path).parent / "times.csv")
    assert [(float(r["entry"]), float(r["time"]), r["event"], r["arm"]) for r in rows] == [
        (0, 3, "a", "x"), (1, 5, "", "y"),
    ]  # fmt: skip
    assert "Rscript refit.R" in (tmp_path / "README.txt").read_text()


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        (lambda: Data.times({"day": ["<3", "5"], "event": ["a", ""]}), "times that are known"),
        (lambda: cascade.fit(RACE, racing(20, 1)[0], ["here.there"], starts=0), "times (cascade.Data.times), lives"),
        (lambda: 3, "times (cascade.Data.times), lives"),
        (lambda: cascade.fit(WANDER, Data.panel(wandering(9, 1), STATES), ["*.lost"], starts=0), "one by one"),
        (
            lambda: cascade.fit(
                WANDER,
                Data.panel(
                    {"cell": ["a", "a"], "hours": [1, 2], "state": ["in", "out"]},
                    {"in": ["rest", "moving"], "out": "outside"},
                ),
                ["rest.moving"], starts=0,
            ), "one state of the model each",
        ),
    ],
)  # fmt: skip
def test_what_r_has_no_likelihood_for_is_told(source: Any, wanted: str, tmp_path: Path) -> None:
    with pytest.raises(cascade.InputError) as caught:
        cascade.export_r(source(), tmp_path / "r")
    assert wanted in str(caught.value)
    assert not (tmp_path / "r").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "r").write_text("")
    with pytest.raises(cascade.InputError, match="a folder that can be made"):
        cascade.export_r(racing(20, 1)[0], tmp_path / "r")


@pytest.mark.full
@pytest.mark.skipif(not has("survival"), reason="R, or its package survival, is not on this machine")
@pytest.mark.parametrize("arms", [1, 2])
def test_survival_of_r_finds_the_same_shares(arms: int, tmp_path: Path) -> None:
    table = [
        {"hours": row.after, "event": row.event, "entry": row.entry, "arm": f"arm {k}"}
        for k in range(arms) for row in racing(60, 1 + k)[0].rows
    ]  # fmt: skip
    data = Data.times(table)
    run(cascade.export_r(data, tmp_path))
    theirs = {(r["arm"], r["event"], round(float(r["time"]), 6)): float(r["share"])
              for r in rows_of(tmp_path / "incidence_in_r.csv")}  # fmt: skip
    found = 0
    for row in data.incidence():
        key = row.arm, row.event, round(row.time, 6)
        if key in theirs:
            found += 1
            assert row.share == pytest.approx(theirs[key], abs=1e-6)
    assert found > 60 * arms


@pytest.mark.full
@pytest.mark.skipif(RSCRIPT is None, reason="R is not on this machine")
def test_r_finds_the_hazards_of_lives(tmp_path: Path) -> None:
    run(cascade.export_r(lives(2000), tmp_path))
    known = {f"{name}": part.hazard for name, part, _ in cascade.load("textbook").hazards()}
    for row in rows_of(tmp_path / "hazards_in_r.csv"):
        name = f"{row['from']}.{row['to'].removeprefix('dead: ')}"
        # Of some twenty intervals of 95 %, those that are a little wider hold them all.
        low, high = float(row["low"]) / 1.5, float(row["high"]) * 1.5
        assert low <= known[name] <= high


@pytest.mark.full
@pytest.mark.skipif(not has("msm"), reason="R, or its package msm, is not on this machine")
def test_msm_finds_the_free_hazards_of_a_fit(tmp_path: Path) -> None:
    fit = cascade.fit(WANDER, Data.panel(wandering(150, 3), STATES), FREE[:5], starts=0)
    run(cascade.export_r(fit, tmp_path))
    theirs = {(r["from"], r["to"]): float(r["hazard"]) for r in rows_of(tmp_path / "hazards_in_r.csv")}
    for row in fit.table():
        state, way = row.hazard.split(".")
        assert theirs[state, way if way in STATES else "gone"] == pytest.approx(row.estimate, rel=3e-3)
    assert theirs["outside", "grown"] == pytest.approx(0.02)


@pytest.mark.full
@pytest.mark.skipif(not has("msm"), reason="R, or its package msm, is not on this machine")
def test_msm_fits_looks_at_a_large_model_in_which_deaths_look_alike(tmp_path: Path) -> None:
    """Hazards of one state that lead to one look are one rate; msm's search does not end where it began."""
    states = ["arrested", "arrested", "out", "arrested", "gone", "arrested", "arrested", "arrested"]
    table = {"cell": list("aaabbccc"), "hours": [0, 4, 9, 0, 6, 0, 3, 8], "state": states}
    seen = {"arrested": "arrested", "out": "extravasated", "gone": cascade.Observable("gone", deaths="*")}
    fit = cascade.fit(cascade.load("textbook"), Data.panel(table, seen), ["arrested.extravasated"])
    run(cascade.export_r(fit, tmp_path))
    theirs = {(r["from"], r["to"]): float(r["hazard"]) for r in rows_of(tmp_path / "hazards_in_r.csv")}
    assert theirs["arrested", "out"] == pytest.approx(fit.table().rows[0].estimate, rel=3e-3)
    part = cascade.load("textbook").hazard_table
    assert theirs["arrested", "gone"] == pytest.approx(
        sum(row.part.hazard for row in part if row.name in ("arrested.immune killing", "arrested.shear"))
    )


@pytest.mark.full
@pytest.mark.skipif(not has("survival"), reason="R, or its package survival, is not on this machine")
def test_names_of_arms_stay_apart_in_r(tmp_path: Path) -> None:
    """'1' and '01' are two arms, whatever R makes of numbers."""
    table = {"hours": [1, 2, 3, 4], "event": ["a", "a", "", "a"], "arm": ["1", "01", "1", "01"]}
    run(cascade.export_r(Data.times(table), tmp_path))
    assert {row["arm"] for row in rows_of(tmp_path / "incidence_in_r.csv")} == {"1", "01"}
