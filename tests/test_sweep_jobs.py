"""Sweeps in parts: each point by one job, joined to the table of the straight sweep; saved, opened, verified, told."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.cli import main
from cascade.inference import sweeping
from cascade.inference.kept import Kept
from cascade.inference.verifying import SOME, verify_sweep
from helpers.models import CYCLIC, DECAY, INSIDE, LINEAR, TWO_FRAILTIES, UNITS, changed

ALIVE = cascade.Observable("out", states="growth")
ASKED: dict[str, dict[str, Any]] = {
    "exact": {"vary": {"growth.lost": [0.5, 1, 2], "arrest.shear": [0.3, 3]}, "observables": [ALIVE], "times": [20.0]},
    "counted": {"vary": {"growth.lost": (0.5, 2.0)}, "design": "sobol", "points": 6, "cells": 2000, "seed": 3},
}


CLUSTERS = next(iter(UNITS.values())) if isinstance(UNITS, dict) else UNITS[0]
MODELS = {
    "linear": LINEAR, "cyclic": CYCLIC, "levels": INSIDE, "frailties": TWO_FRAILTIES, "clusters": CLUSTERS,
    "treated": changed(LINEAR, 3.0, "*.shear", begin=1.0, end=9.0),
}  # fmt: skip


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """How a command ends, and all that it says, in one line."""
    with pytest.raises(SystemExit) as end:
        main([*arguments])
    said = capsys.readouterr()
    return int(end.value.code or 0), " ".join((said.out + said.err).split())


@pytest.mark.parametrize("kind", ASKED)
def test_parts_are_joined_to_the_straight_sweep(kind: str, tmp_path: Path) -> None:
    straight = cascade.sweep(LINEAR, **ASKED[kind])
    parts = [cascade.sweep(LINEAR, **ASKED[kind], only=range(a, b)) for a, b in ((4, 6), (0, 3), (3, 4))]
    assert [part.points for part in parts] == [(4, 5), (0, 1, 2), (3,)]
    assert [part.whole for part in parts] == [False] * 3
    some = parts[0].merge(parts[1])
    assert some.ranges == ((0, 3), (4, 6))
    assert "5 of 6 sets of hazards" in some.label
    saved = some.save(tmp_path / "some.jsonl")
    assert cascade.open_sweep(saved) == some
    whole = cascade.open_sweep(saved).merge(parts[2])
    assert whole == straight
    assert whole.whole
    assert whole.label == straight.label
    # A file in which a job kept its points, one that was saved, and what goes on with it are the same.
    kept = tmp_path / "kept.jsonl"
    for only in (range(4, 6), range(3)):
        cascade.sweep(LINEAR, **ASKED[kind], only=only, path=kept)
    assert cascade.open_sweep(kept) == some
    assert cascade.sweep(LINEAR, **ASKED[kind], path=saved) == straight


def test_other_sweeps_and_points_that_are_there_are_not_joined() -> None:
    asked = ASKED["counted"]
    one = cascade.sweep(LINEAR, **asked, only=range(2))
    for change, words in (
        ({"seed": 4}, "differs in seed"),
        ({"cells": 1999}, "differs in cells"),
        ({"points": 7}, "differs in points"),
        ({"design": "latin"}, "differs in design"),
        ({"vary": {"growth.lost": (0.5, 2.5)}}, "differs in factors"),
        ({"vary": {"arrest.shear": (0.5, 2.0)}}, "differs in hazards"),
    ):
        other = cascade.sweep(LINEAR, **{**asked, **change}, only=range(2, 4))
        with pytest.raises(cascade.InputError, match=words):
            one.merge(other)
    other = cascade.sweep(LINEAR.with_(scale={"arrest.shear": 2}), **asked, only=range(2, 4))
    with pytest.raises(cascade.InputError, match="differs in model"):
        one.merge(other)
    with pytest.raises(cascade.InputError, match="points 1': points that are not here yet"):
        one.merge(cascade.sweep(LINEAR, **asked, only=range(1, 4)))
    with pytest.raises(cascade.InputError, match="a part of the same sweep"):
        one.merge(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("only", [range(0), range(7), range(-1, 2), range(0, 4, 2), 3, "0:2"])
def test_points_that_there_are_not_are_refused(only: Any) -> None:
    with pytest.raises(cascade.InputError, match=r"only = .*within range\(0, 6\)"):
        cascade.sweep(LINEAR, **ASKED["exact"], only=only)


@pytest.mark.parametrize(
    ("vary", "words"),
    [
        ({"growth.lost": [1.0, math.inf]}, "factors above 0"),
        ({"growth.lost": [1.0, 1.0]}, "each factor once"),
        ({"growth.lost": [1.0, 1e300]}, "hazard"),
        ({name: list(range(1, 1001)) for name in ("growth.lost", "arrest.shear", "exit.lost")}, "at most 1000000"),
    ],
)
@pytest.mark.parametrize("cells", [None, 100])
def test_factors_that_no_model_can_have_are_refused(
    vary: dict[str, Any], words: str, cells: int | None, tmp_path: Path
) -> None:
    model = cascade.Model.from_survival({"arrest": 0.4, "exit": 0.2, "growth": 0.5}, causes={"arrest": {"shear": 1.0}})
    with pytest.raises(cascade.CascadeError, match=words):
        cascade.sweep(model, vary, cells=cells, path=tmp_path / "s.jsonl")
    assert not (tmp_path / "s.jsonl").exists()


def test_an_exact_answer_has_the_error_that_it_states() -> None:
    """Of unlike cells each answer is that of the model itself, with the interval of that one."""
    model = cascade.load("unlike-cells")
    seen = cascade.Observable("there", states=[model.states[1].name])
    table = cascade.sweep(model, {"*.shear": [0.5, 1.0]}, observables=[seen], times=[5.0])
    for factor in (0.5, 1.0):
        there = model.with_(scale={"*.shear": factor})
        rows = [row for row in table if row.factors["*.shear"] == factor]
        funnel = cascade.exact(there).funnel(1.0).rows
        assert [(r.value, r.low, r.high) for r in rows[:-1]] == [(r.fraction_of_all, r.low, r.high) for r in funnel]
        assert all(row.low < row.high for row in rows)
        assert rows[-1].value == pytest.approx(cascade.exact(there).observe(seen, [5.0])[0], rel=1e-3)
    assert "exact" not in [line[-1] for line in table.as_text()[1] if line[-2] == "colonization"]


def test_cells_that_reach_a_goal_are_swept_exactly() -> None:
    goal = LINEAR.given("growth")
    name = next(row.name for row in goal.hazard_table if row.part is not None and row.part.hazard > 0)
    table = cascade.sweep(goal, {name: [0.5, 2.0]})
    for factor, value in zip(*table.of(), strict=True):
        there = cascade.exact(goal.with_(scale={name: float(factor[0])})).funnel(1.0).rows[-1]
        assert value == there.fraction_of_all


def test_a_long_exact_sweep_is_kept_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: an end after some hundred points.  What was answered until then is in the file."""
    monkeypatch.setattr(sweeping, "AT_ONCE", 50)

    class EndError(Exception):
        pass

    def end(done: int, _of: int) -> None:
        if done == 120:
            raise EndError

    path = tmp_path / "s.jsonl"
    asked: dict[str, Any] = {"vary": {"here.lost": (0.5, 2.0)}, "design": "latin", "points": 400}
    with pytest.raises(EndError):
        cascade.sweep(DECAY, **asked, path=path, progress=end)
    assert cascade.open_sweep(path).ranges == ((0, 120),)
    assert cascade.sweep(DECAY, **asked, path=path) == cascade.sweep(DECAY, **asked)


def alike(one: cascade.Sweep, two: cascade.Sweep) -> bool:
    """Whether the rows of the points of one are in the other."""
    return set(one.points) <= set(two.points) and all(row in two.rows for row in one.rows)


@pytest.mark.parametrize("name", MODELS)
def test_an_exact_answer_is_that_of_its_point_alone(name: str) -> None:
    """To the bit, whatever was asked before and beside it: jobs do not know of each other.

    Far points, and near ones, which one rule of the inverse may serve.
    """
    model = MODELS[name]
    some = [row.name for row in model.hazard_table if row.part is not None and row.part.hazard > 0][:2]
    far = [30.0] if model.frailties else [0.05, 1.9, 30.0]
    vary = {some[0]: [0.8, *far, 1.0], some[1]: [0.7, 1.0]}
    seen = [cascade.Observable(state.name, states=[state.name]) for state in model.states[:2]]
    asked: dict[str, Any] = {"vary": vary, "observables": seen, "times": [0.7, 30.0]}
    whole = cascade.sweep(model, **asked)
    for only in (range(1, 2), range(2, whole.recipe.points), range(5, 6)):
        assert alike(cascade.sweep(model, **asked, only=only), whole)


# Files --------------------------------------------------------------------------------------------


def test_a_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    cascade.sweep(LINEAR, **ASKED["exact"], path=path)
    head, *lines = path.read_text(encoding="utf-8").splitlines()
    recipe, first = json.loads(head), json.loads(lines[0])

    def written(*changed: object) -> Path:
        path.write_text("".join(f"{json.dumps(part)}\n" for part in changed), encoding="utf-8")
        return path

    def with_answer(**fields: Any) -> list[Any]:
        what, hours, value, low, high = first[2][0]
        new = {"what": what, "hours": hours, "value": value, "low": low, "high": high} | fields
        return [first[0], first[1], [list(new.values()), *first[2][1:]]]

    for line, words in (
        ([*first, 1], "line 2 is not"),
        ([99, *first[1:]], "its point 99 was changed"),
        ([0, [1.0], first[2]], "its point 0 was changed"),
        ([0, [1.0, -1.0], first[2]], "its point 0 was changed"),
        ([0, first[1], first[2][1:]], "its point 0 was changed"),
        (with_answer(what="escape"), "its point 0 was changed"),
        (with_answer(value=1.5), "its point 0 was changed"),
        (with_answer(low=None), "its point 0 was changed"),
    ):
        with pytest.raises(cascade.InputError, match=words):
            cascade.open_sweep(written(recipe, line))
        with pytest.raises(cascade.InputError, match="as a sweep leaves it"):
            cascade.sweep(LINEAR, **ASKED["exact"], path=path)
    # A point twice, as two processes may leave it: with other answers it is none.
    assert cascade.open_sweep(written(recipe, first, first)) == cascade.open_sweep(written(recipe, first))
    with pytest.raises(cascade.InputError, match="line 3 is not"):
        cascade.open_sweep(written(recipe, first, with_answer(value=0.3)))
    with pytest.raises(cascade.InputError, match="at least one point"):
        cascade.open_sweep(written(recipe))
    for field, value in (
        ("model", "0" * 64), ("sweep", 99), ("points", 0), ("cells", -1), ("seed", -1), ("hazards", []), ("times", "x"),
        ("made_of", {}), ("version", 3), ("observables", [{"name": "x"}]), ("design", "star"), ("points", 10**30),
        ("times", []), ("observables", []),
    ):  # fmt: skip
        with pytest.raises(cascade.InputError, match=r"a sweep, as cascade\.sweep"):
            cascade.open_sweep(written(recipe | {field: value}, first))
    with pytest.raises(cascade.InputError, match="its first line was changed since"):
        cascade.open_sweep(written({name: value for name, value in recipe.items() if name != "seed"}, first))
    # Other factors, as good as these: of a part nobody can tell but who sweeps, and who verifies.
    written(recipe, [0, [0.6, 0.3], first[2]])
    with pytest.raises(cascade.InputError, match="its point 0 was changed since"):
        cascade.sweep(LINEAR, **ASKED["exact"], path=path)
    with pytest.raises(cascade.InputError, match="comes to the same again: at point 0"):
        verify_sweep(path)
    # Of a whole the fingerprint tells, also where answers belong to the factors beside them.
    every = [json.loads(line) for line in lines]
    with pytest.raises(cascade.InputError, match="factors of its points were changed since"):
        cascade.open_sweep(written(recipe, [0, *every[1][1:]], *every[1:]))
    path.write_text(head + "\n" + "[" * 100_000 + "\n", encoding="utf-8")
    with pytest.raises(cascade.InputError, match="line 2 is not"):
        cascade.open_sweep(path)
    with pytest.raises(cascade.InputError, match="a sweep of hazards that its model has"):
        verify_sweep(written(recipe | {"hazards": ["a.b", "c.d"]}, first))


def test_one_process_at_a_time_adds_to_a_file(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="a system without locks of files")
    path = tmp_path / "s.jsonl"
    cascade.sweep(LINEAR, **ASKED["exact"], only=range(2), path=path)
    before = path.read_bytes()
    recipe = cascade.open_sweep(path).recipe
    with Kept(path, recipe.as_dict(), recipe.differs).opened():
        with pytest.raises(cascade.InputError, match="no other process adds points to"):
            cascade.sweep(LINEAR, **ASKED["exact"], path=path)
        assert path.read_bytes() == before
    assert cascade.sweep(LINEAR, **ASKED["exact"], path=path).whole


def test_what_cannot_be_answered_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class OhError(Exception):
        pass

    def fails(*_: object) -> object:
        raise OhError

    path = tmp_path / "s.jsonl"
    with monkeypatch.context() as until_then:
        until_then.setattr(sweeping.Asked, "answers", fails)
        with pytest.raises(OhError):
            cascade.sweep(LINEAR, **ASKED["exact"], path=path)
        assert not path.exists()
    cascade.sweep(LINEAR, **ASKED["exact"], path=path, only=range(1))
    with monkeypatch.context() as until_then:
        until_then.setattr(sweeping.Asked, "answers", fails)
        with pytest.raises(OhError):
            cascade.sweep(LINEAR, **ASKED["exact"], path=path)
    assert cascade.open_sweep(path).points == (0,)


@pytest.mark.parametrize("kind", ASKED)
def test_a_sweep_is_verified_and_a_planted_answer_is_found(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    whole = cascade.sweep(LINEAR, **ASKED[kind], path=path)
    assert str(verify_sweep(path)).endswith("all 6 points were answered again, and every answer is the same")
    whole_text = path.read_text(encoding="utf-8")
    last = whole.rows[-1].value
    assert last > 0
    path.write_text(whole_text.replace(json.dumps(last), json.dumps(last * (1 + 1e-6))), encoding="utf-8")
    with pytest.raises(cascade.InputError, match="comes to the same again: at point"):
        verify_sweep(path)


def test_of_a_large_sweep_points_are_chosen_at_random(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    asked: dict[str, Any] = {"vary": {"here.lost": (0.5, 2.0)}, "design": "latin", "points": 400}
    cascade.sweep(DECAY, **asked, path=path, only=range(100, 300))
    found = verify_sweep(path, seed=5)
    assert (found.points, found.of, found.design) == (SOME, 200, 400)
    assert f"{SOME} of 200 points (of a sweep of 400: it is not whole), chosen at random (by 5)" in str(found)


# The command --------------------------------------------------------------------------------------


def test_the_command_sweeps_in_jobs_goes_on_merges_and_verifies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["sweep", "textbook", "--vary", "*.shear=0.2:5", "--vary", "*.immune killing=0.5:2", "--design", "sobol"]
    asked += ["--points", "8", "--cells", "2000", "--seed", "7", "-q"]
    ranges = {"*.shear": (0.2, 5.0), "*.immune killing": (0.5, 2.0)}
    how: dict[str, Any] = {"design": "sobol", "points": 8, "cells": 2000, "seed": 7}
    straight = cascade.sweep(cascade.load("textbook"), ranges, **how)
    files = []
    for k in range(2):
        out = tmp_path / f"part-{k}"
        code, said = told(capsys, *asked, "--only", f"{4 * k}:{4 * k + 4}", "--out", str(out))
        assert code == 0
        assert "4 of 8 sets of hazards (sobol)" in said
        files.append(str(out / "sweep.jsonl"))
    whole = tmp_path / "whole.jsonl"
    code, said = told(capsys, "merge", *files, "--out", str(whole))
    assert code == 0
    assert "0 to 7, of 2 files" in said
    assert cascade.open_sweep(whole) == straight
    assert "all 8 points were answered again" in told(capsys, "verify", str(whole), "-q")[1]
    # Gone on with, after a kill that cut a line.
    first = Path(files[0])
    os.truncate(first, first.stat().st_size - 9)
    code, said = told(capsys, *asked, "--out", str(first.parent))
    assert code == 2
    assert "or --resume" in said
    code, _ = told(capsys, *asked, "--out", str(first.parent), "--resume")
    assert code == 0
    assert cascade.open_sweep(first) == straight
    assert "sweep.txt, sweep.csv are the same" in told(capsys, "verify", str(first), "-q")[1]
    (first.parent / "sweep.csv").write_text("point\n1\n", encoding="utf-8")
    code, said = told(capsys, "verify", str(first), "-q")
    assert code == 2
    assert "the table that sweep.jsonl beside it makes" in said
    code, said = told(capsys, *asked[:-3], "--seed", "8", "--out", str(first.parent), "--resume")
    assert code == 2
    assert "differs in its seed" in said
    assert told(capsys, "merge", files[0], files[1], "--out", str(tmp_path / "x"))[0] == 2  # points twice
    crate = told(capsys, "crate", str(first.parent))
    assert crate[0] == 0
    assert "sweep of *.shear, *.immune killing" in (first.parent / "ro-crate-metadata.json").read_text(encoding="utf-8")


def test_the_command_draws_a_grid_of_two_hazards(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["sweep", "textbook", "--vary", "*.shear=0.5,1,2", "--vary", "*.anoikis=0.5,2", "--observe"]
    asked += ["seen=macrometastasis", "--at", "60d", "--out", str(tmp_path)]
    code, said = told(capsys, *asked)
    assert code == 0
    assert {p.name for p in tmp_path.iterdir()} == {"sweep.jsonl", "sweep.txt", "sweep.csv", "heat.png"}
    assert "textbook, 6 sets of hazards (grid), exact" in said
    code, said = told(capsys, *asked, "--force", "--json")
    rows = json.loads(said)["rows"]
    assert [row["hours"] for row in rows if row["what"] == "seen"] == [1440.0] * 6
    # What is wrong is told before anything is taken away.
    held = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for wrong in (["--only", "x"], ["--only", "5:9"], ["--vary", "*.sheer=1"], ["--at", "60d"], ["--cells", "0"]):
        assert told(capsys, *asked, "--force", *wrong)[0] == 2
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == held
    assert told(capsys, *asked[:4], "--out", str(tmp_path), "--force")[0] == 0
    assert not (tmp_path / "heat.png").exists()  # of another sweep nothing is left


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "hazards, or patterns"),
        (["--vary", "*.shear"], "--vary = '*.shear': HAZARD=FACTORS"),
        (["--vary", "*.sheer=1,2"], "did you mean"),
        (["--vary", "*.shear=a,b"], "factors such as 0.5,1,2"),
        (["--vary", "*.shear=0,2"], "factors above 0"),
        (["--vary", "*.shear=0.5:2"], "--design latin or sobol"),
        (["--vary", "*.shear=0.5,2", "--design", "latin"], "two factors, from and to, such as 0.2:5"),
        (["--vary", "*.shear=2:0.5", "--design", "latin"], "the lower first"),
        (["--vary", "*.shear=0.5,2", "--design", "star"], "one of grid, latin, sobol"),
        (["--vary", "*.shear=0.5:2", "--design", "latin", "--points", "0"], "--points"),
        (["--vary", "*.shear=0.5,2", "--only", "3"], "numbers of points, from and to: 0:16"),
        (["--vary", "*.shear=0.5,2", "--only", "1:4"], "--only"),
        (["--vary", "*.shear=0.5,2", "--resume"], "--out"),
        (["--vary", "*.shear=0.5,2", "--at", "3d"], "both, or neither"),
        (["--vary", "*.shear=0.5,2", "--observe", "x=nowhere", "--at", "3d"], "nowhere"),
        (["--vary", "*.shear=0.5,2", "--observe", "x=", "--at", "3d"], "--observe"),
        (["--vary", "*.shear=0.5,2", "--cells", "5:9"], "a number of cells"),
        (["--vary", "*.shear=0.5,2", "--seed", "x"], "--seed"),
        (["--vary", "*.shear=0.5,inf"], "factors above 0"),
        (["--vary", "*.shear=0.5:inf", "--design", "latin"], "the lower first"),
        (["--vary", "*.shear=0.5,2", "--vary", "*.shear=1,2"], "is given twice"),
        (["--vary", "*.shear=0.5:2", "--design", "latn"], "did you mean 'latin'"),
        (["--vary", "*.shear=0.5,2", "--points", "8"], "left out with --design grid"),
        (["--vary", "*.shear=0.5,2", "--threads", "2"], "given with --cells"),
    ],
)
def test_what_the_command_cannot_do_is_told(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = told(capsys, "sweep", "textbook", *arguments)
    assert code == 2
    assert words in said


def test_a_model_that_changes_with_time_is_swept_in_parts() -> None:
    """The other way to an answer, by a model at each point."""
    treated = changed(LINEAR, 3.0, "*.shear", begin=1.0, end=9.0)
    vary = {treated.hazard_names()[0]: [0.5, 1.0, 2.0]}
    parts = [cascade.sweep(treated, vary, only=range(k, k + 1)) for k in range(3)]
    assert parts[2].merge(parts[0]).merge(parts[1]) == cascade.sweep(treated, vary)
