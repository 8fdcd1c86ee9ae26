"""What is written for R: whole, in the formats of its packages, and R estimates from it what is estimated here."""

from __future__ import annotations

import csv
import math
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

import cascade
from cascade import Data
from cascade.inference.maximum import highest
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


HAZARDS = ["dormant.death of dormant cells", "micrometastasis.regression", "extravasated.micrometastasis"]


def counted(*, batches: bool = False, frail: bool = False, arms: bool = False, **how: Any) -> cascade.Fit:
    """A fit of counts of twelve animals, one of them below a limit."""
    model = cascade.load("b16f1-liver")
    if frail:
        model = model.with_(frailties=[{"name": "wakes", "cv": 0.5, "hazards": [{"hazard": HAZARDS[0]}]}])
    table = {
        "mouse": ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3", "d1", "d2", "d3"],
        "group": (["control"] * 6 + ["NK cells gone"] * 6) if arms else ["control"] * 12,
        "day": [1, 1, 1, 13, 13, 13] * 2,
        "solitary": [78300, 91400, 66900, 31200, 44800, 38100, 81000, 69500, 88200, 50600, 73900, 61400],
        "grown": [1320, 1610, 980, "<50", 31, 19, 1240, 1450, 1530, 61, 44, 70],
        "dead": [4100, 6000, 5200, 8000, 9100, 9500, 3800, 5500, 6100, 7400, 9900, 8200],
        **({"experiment": [1, 2] * 6} if batches else {}),
    }
    seen: dict[str, Any] = {
        "solitary": ["lodged", "extravasated", "dormant"],
        "grown": ["micrometastasis", "macrometastasis"],
        "dead": cascade.Observable("dead", deaths="early death"),
    }
    names = ["solitary", "grown"] if not arms else [*seen]
    data = Data.counts(table, {name: seen[name] for name in names}, wide=names, cells=1e5)
    by: dict[str, Any] = {"by": "arm", "shared": HAZARDS[2:], "against": "control"} if arms else {}
    return cascade.fit(model, data, HAZARDS, starts=0, **{**by, **how})


def test_the_chain_that_r_reads_gives_what_is_expected(tmp_path: Path) -> None:
    """Matrix exponentials of the tables alone, against the solver; with deaths counted and arms of their own."""
    fit = counted(arms=True)
    cascade.export_r(fit, tmp_path)
    names = ("arms", "ways", "moved", "start", "counted", "counts")
    tables = {name: rows_of(tmp_path / f"{name}.csv") for name in names}
    theta = np.array([0.3, -0.5, 0.2, 0.7, -0.1])
    expected = fit.likelihood.expected(theta).log
    model_of = {row["arm"]: row["model"] for row in tables["arms"]}
    for row, log in zip(tables["counts"], expected, strict=True):
        of = model_of[row["arm"]]
        size = max(int(s["state"]) for s in tables["start"] if s["model"] == of)
        generator, begin = np.zeros((size, size)), np.zeros(size)
        for way in tables["ways"]:
            if way["model"] == of:
                mine = [m for m in tables["moved"] if m["model"] == of and m["way"] == way["way"]]
                factor = math.exp(math.fsum(theta[int(m["parameter"]) - 1] for m in mine))
                generator[int(way["from"]) - 1, int(way["to"]) - 1] += float(way["hazard"]) * factor
        generator -= np.diag(generator.sum(axis=1))
        for s in tables["start"]:
            begin[int(s["state"]) - 1] += float(s["share"]) if s["model"] == of else 0.0
        law = begin @ expm(generator * float(row["hours"]))
        this = (of, row["observable"])
        some = [int(c["state"]) - 1 for c in tables["counted"] if (c["model"], c["observable"]) == this]
        share = law[some].sum() * float(row["cells"]) * float(row["fraction"])
        assert math.log(share) == pytest.approx(log, abs=1e-7)


@pytest.mark.full
@pytest.mark.skipif(RSCRIPT is None, reason="R is not on this machine")
@pytest.mark.parametrize(
    ("how", "rel"),
    [({"spread": "none", "dose": False}, 1e-4), ({"spread": "none", "dose": True}, 1e-3), ({"arms": True}, 1e-3)],
    ids=["no spread", "a dose", "both, arms"],
)
def test_r_finds_the_highest_likelihood_of_counts(how: dict[str, Any], rel: float, tmp_path: Path) -> None:
    """By its own chain, its own integrals and its own search."""
    fit = counted(**how)
    best = highest(fit.likelihood, fit.best.theta, fit.best.spreads)
    run(cascade.export_r(fit, tmp_path))
    theirs = float((tmp_path / "log_likelihood_in_r.txt").read_text())
    assert theirs == pytest.approx(best.value, abs=1e-4 + 1e-7 * abs(best.value))
    for row, free, log in zip(rows_of(tmp_path / "hazards_in_r.csv"), fit.free, best.theta.tolist(), strict=True):
        assert (row["name"], row["arm"]) == (free.name, free.arm)
        start = 1.0 if math.isnan(free.start) else free.start
        assert float(row["estimate"]) == pytest.approx(start * math.exp(log), rel=rel)
    spreads = rows_of(tmp_path / "spreads_in_r.csv")
    assert [float(row["spread"]) for row in spreads] == pytest.approx(np.exp(best.spreads).tolist(), rel=0.01)


@pytest.mark.full
@pytest.mark.skipif(RSCRIPT is None, reason="R is not on this machine")
def test_r_finds_the_same_where_few_cells_or_fewer_than_a_limit_differ_widely(tmp_path: Path) -> None:
    """Chances that are steps, both by what counts share and by what they have alone."""
    table = {
        "mouse": [f"m{k}" for k in range(10)],
        "day": [13] * 6 + [1] * 4,
        "solitary": [3000, 900, 4000, "<500", "<500", 2500, 9000, "<500", 4000, 12000],
        "grown": ["<5", 3, "<5", 12, "<5", 0, 100, 30, "<50", 200],
    }
    seen = {"solitary": ["lodged", "extravasated", "dormant"], "grown": ["micrometastasis", "macrometastasis"]}
    data = Data.counts(table, seen, wide=[*seen], cells=1e5)
    fit = cascade.fit(cascade.load("b16f1-liver"), data, HAZARDS[:2], starts=0)
    best = highest(fit.likelihood, fit.best.theta, fit.best.spreads)
    assert np.exp(best.spreads).min() > 1.5
    run(cascade.export_r(fit, tmp_path))
    assert float((tmp_path / "log_likelihood_in_r.txt").read_text()) == pytest.approx(best.value, abs=2e-5)


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
        (lambda: cascade.fit(RACE, racing(20, 1)[0], ["here.there"], starts=0), "a fit of counts or of looks"),
        (lambda: counted(vary=HAZARDS[0]), "without hazards that differ between them"),
        (lambda: counted(batches=True), "stand in no experiments"),
        (lambda: counted(frail=True), "'frailties': a chain with constant hazards"),
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
