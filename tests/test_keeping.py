"""No command writes over another run; the same run may be written again, and --force means it."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import cascade
from cascade.cli import main
from cascade.cli.keeping import Recipe

EXPERIMENTS = Path(__file__).parents[1] / "experiments"


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Exit code and stderr of a call in this process."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    return int(end.value.code or 0), capsys.readouterr().err


RUN = ("run", "textbook", "--cells", "2000", "--seed", "1", "-q")
COMPARE = ("compare", "textbook", "--treat", "nk-depletion@0:2d", "--cells", "2000", "--seed", "1", "-q")
OTHERS = {
    "seed": ("--seed", "2"),
    "cells": ("--cells", "3000"),
    "until": ("--until", "24"),
    "a treatment": ("--treat", "exercise@0:1d"),
}


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.full
@pytest.mark.parametrize("other", [*OTHERS, "drawn seed", "range", "model"])
def test_a_run_does_not_go_into_the_folder_of_another(
    other: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(capsys, *RUN, "--out", tmp_path)[0] == 0
    before = held(tmp_path)
    wanted = {
        "drawn seed": ("run", "textbook", "--cells", "2000", "-q"),
        "range": (*RUN, "--cells", "1000:3000"),
        "model": ("run", "emt", *RUN[2:]),
    }.get(other) or (*RUN, *OTHERS[other])
    code, said = call(capsys, *wanted, "--out", tmp_path)
    assert code == 2
    for word in (str(tmp_path), "another run (model textbook, seed 1, cells 0:2000)", "--force"):
        assert word in said
    assert held(tmp_path) == before
    assert call(capsys, *wanted, "--out", tmp_path, "--force")[0] == 0
    assert held(tmp_path)["result.cascade"] != before["result.cascade"]


@pytest.mark.full
def test_of_a_run_that_was_written_over_nothing_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "run", "colon", *RUN[2:], "--out", tmp_path)[0] == 0
    assert "body.png" in held(tmp_path)
    (tmp_path / "mine.png").write_text("unconcerned")
    assert call(capsys, *RUN, "--out", tmp_path, "--force")[0] == 0
    assert sorted(held(tmp_path)) == ["funnel.csv", "funnel.png", "funnel.txt", "mine.png", "result.cascade"]


def test_a_place_where_nothing_can_be_written_is_told_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here no work would end."""
    monkeypatch.setattr("cascade.engine.executor.Workers.results", lambda *_: pytest.fail("it works"))
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").write_text("")
    for name in ("folder.png", "nowhere/x.png", "file/x.png"):
        for arguments in (COMPARE, ("demo", "--cells", "1e13", "-q")):
            code, said = call(capsys, *arguments, "--out", tmp_path / name, "--force")
            assert code == 2
            assert "--out" in said
    assert call(capsys, *RUN, "--out", tmp_path / "file")[0] == 2
    assert call(capsys, "demo", "-q", "--out", tmp_path / "x.png", "--html", tmp_path / "nowhere" / "x.html")[0] == 2


@pytest.mark.full
def test_the_same_run_may_be_written_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (RUN, (*RUN, "--until", "2d"), ("run", "clusters", *RUN[2:]), (*RUN, "--cells", "50:99")):
        folder = tmp_path / "-".join(arguments).replace(":", "_")
        for _ in range(2):
            assert call(capsys, *arguments, "--out", folder)[0] == 0


def test_the_same_run_of_a_shared_capacity_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its result holds the factors that the cells brought about, which the file of the model has not."""
    crowd = {
        "occupied_by": ["circulating"], "hazards": ["circulating.immune killing"], "half": 50, "windows": range(5),
    }  # fmt: skip
    path = cascade.load("textbook").with_(capacity=crowd).save(tmp_path / "crowd.toml")
    assert path is None or Path(path).exists()
    arguments = ("run", tmp_path / "crowd.toml", *RUN[2:], "--out", tmp_path / "out")
    for _ in range(2):
        assert call(capsys, *arguments)[0] == 0
    assert call(capsys, *arguments, "--seed", "2")[0] == 2


def test_files_that_are_of_no_run_are_kept_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("result.cascade", "funnel.txt", "body.png"):
        folder = tmp_path / name.replace(".", "-")
        folder.mkdir()
        (folder / name).write_text("mine")
        (folder / "unconcerned.txt").write_text("mine")
        code, said = call(capsys, *RUN, "--out", folder)
        assert code == 2
        assert name in said
        assert "unconcerned" not in said
        assert (folder / name).read_text() == "mine"


@pytest.mark.full
@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_comparison_is_not_drawn_over_another(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = tmp_path / f"c.{kind}"
    for _ in range(2):
        assert call(capsys, *COMPARE, "--out", figure)[0] == 0
    for other in OTHERS.values():
        code, said = call(capsys, *COMPARE, *other, "--out", figure)
        assert code == 2
        assert "another run (model textbook, seed 1)" in said
    assert call(capsys, *COMPARE[:5], "2000", "-q", "--out", figure)[0] == 2, "a seed that is drawn"
    assert call(capsys, *COMPARE, "--cells", "0:2000", "--out", figure)[0] == 0
    before = figure.read_bytes()
    assert call(capsys, *COMPARE, "--cells", "1:2001", "--out", figure)[0] == 2
    assert figure.read_bytes() == before
    assert call(capsys, *COMPARE, "--seed", "2", "--out", figure, "--force")[0] == 0
    assert figure.read_bytes() != before


CLUSTERS = ("compare", "clusters", "--treat", "anticoagulant", "--cells", "200", "--seed", "1", "-q")


@pytest.mark.sampled(0, 4)
@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
@pytest.mark.parametrize("other", [("--cells", "300"), ("--cells", "1:201"), ("--cells", "20"), ("--cells", "2000")])
def test_a_comparison_of_clusters_is_not_drawn_over_another(
    kind: str, other: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their units are counted before the run, their cells are not."""
    figure = tmp_path / f"c.{kind}"
    for first, second in ((CLUSTERS, (*CLUSTERS, *other)), ((*CLUSTERS, *other), CLUSTERS)):
        figure.unlink(missing_ok=True)
        for _ in range(2):
            assert call(capsys, *first, "--out", figure)[0] == 0
        before = figure.read_bytes()
        code, said = call(capsys, *second, "--out", figure)
        assert (code, figure.read_bytes()) == (2, before)
        assert "another run (model clusters, seed 1)" in said


def test_a_recipe_knows_its_own_note_alone() -> None:
    """As far as it tells: one of an earlier version, without numbers, counted from 0 on and could not tell clusters."""
    plain, clusters = cascade.load("textbook"), cascade.load("clusters")

    def known(model: cascade.Model, cells: range, note: str, monkeypatch: pytest.MonkeyPatch) -> bool:
        monkeypatch.setattr("cascade.cli.keeping.note_in", lambda _: note)
        return Recipe((model,), 1, cells, None).is_drawn(Path("x.png"))

    with pytest.MonkeyPatch.context() as patch:
        for model in (plain, clusters):
            sign = f"model {model.name} (sha256 {model.digest()[:16]}), until None, seed 1, cells 20"
            for numbers, own in ((", numbers 0:20", True), (", numbers 0:200", False), (", numbers 1:21", False)):
                assert known(model, range(20), sign + numbers, patch) == own
            assert known(model, range(20), sign, patch) == (model is plain)
            assert not known(model, range(1, 21), sign, patch)
            assert known(model, range(5, 25), sign + ", numbers 5:25", patch)


@pytest.mark.full
def test_results_of_other_cells_are_not_drawn_over_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As many cells of one seed, but others."""
    figure = tmp_path / "f.png"
    for name in ("textbook", "clusters"):
        figure.unlink(missing_ok=True)
        for cells, code in (("0:1000", 0), ("1000", 0), ("1000:2000", 2)):
            folder = tmp_path / f"{name}-{cells.replace(':', '-')}"
            assert call(capsys, "run", name, "--seed", "1", "--cells", cells, "-q", "--out", folder)[0] == 0
            assert call(capsys, "plot", folder / "result.cascade", "--out", figure)[0] == code, (name, cells)


@pytest.mark.full
def test_a_saved_result_is_not_drawn_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    call(capsys, *RUN, "--out", one)
    call(capsys, *RUN, "--seed", "2", "--out", two)
    figure = tmp_path / "f.png"
    for arguments, code in (
        ((one, "--out", figure), 0),
        ((one, "--out", figure), 0),
        ((one, "--kind", "waterfall", "--out", figure), 0),
        ((two, "--out", figure), 2),
        ((two, "--out", figure, "--force"), 0),
        ((two,), 0),
        ((two,), 0),
    ):
        folder, *others = arguments
        assert call(capsys, "plot", Path(str(folder)) / "result.cascade", *others)[0] == code, arguments
    counts = tmp_path / "counts.csv"
    counts.write_text("step,number\ninjected,1000\ngrown,10\n")
    assert call(capsys, "plot", counts, "--out", figure)[0] == 2
    for _ in range(2):
        assert call(capsys, "plot", counts)[0] == 0
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n")
    assert call(capsys, "plot", counts, "--out", photo)[0] == 2


@pytest.mark.full
def test_the_demo_is_not_shown_over_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure, page = tmp_path / "d.png", tmp_path / "d.html"
    demo = ("demo", "--cells", "1e4", "-q")
    for _ in range(2):
        assert call(capsys, *demo, "--out", figure, "--html", page)[0] == 0
    assert call(capsys, *demo, "--seed", "2", "--out", figure)[0] == 2
    code, said = call(capsys, *demo, "--seed", "2", "--out", tmp_path / "e.png", "--html", page)
    assert code == 2
    assert "--html" in said
    # Of more cells or fewer the page is the same: it shows the first ones.
    text = page.read_text(encoding="utf-8")
    assert call(capsys, *demo, "--cells", "2e4", "--out", tmp_path / "e.png", "--html", page)[0] == 0
    assert page.read_text(encoding="utf-8") == text
    for other in (('"arms":[]', '"arms":[{}]'), ('"first":0', '"first":7'), ('"lesson":"textbook"', '"lesson":"mine"')):
        page.write_text(text.replace(*other, 1), encoding="utf-8")
        code, said = call(capsys, *demo, "--out", figure, "--html", page)
        assert code == 2, other
        assert "--html" in said
    page.write_text("my thesis")
    assert call(capsys, *demo, "--out", figure, "--html", page)[0] == 2
    assert call(capsys, *demo, "--out", figure, "--html", page, "--force")[0] == 0


def test_every_command_that_writes_can_be_forced() -> None:
    """Also those that come later: whoever has --out has --force."""
    import typer

    from cascade.cli.app import app

    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    writing = {name for name, command in commands.items() if any("--out" in p.opts for p in command.params)}
    forced = {name for name, command in commands.items() if any("--force" in p.opts for p in command.params)}
    assert writing == forced >= {"run", "compare", "plot", "demo"}


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in EXPERIMENTS.glob("[a-z]*.py") if "arguments(" in path.read_text())
)
def test_no_experiment_writes_over_another_run(name: str) -> None:
    """Each asks for its folder before any work."""
    text = (EXPERIMENTS / f"{name}.py").read_text()
    assert f'own_folder(options, "{name}")' in text
    assert "options.out" not in text


def test_the_folder_of_an_experiment_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    report = importlib.import_module("_report")

    def folder(*options: str) -> Path:
        parser = report.arguments("", cells=10, seed=1)
        return Path(report.own_folder(parser.parse_args(["--out", str(tmp_path), *options]), "mine"))

    for _ in range(2):
        (folder() / "table.json").write_text("rows")
    for other in (("--seed", "2"), ("--cells", "20")):
        with pytest.raises(SystemExit) as end:
            folder(*other)
        assert end.value.code == 2
    folder("--seed", "2", "--force")
    with pytest.raises(SystemExit):
        folder()
    (tmp_path / "mine" / "run.json").unlink()
    with pytest.raises(SystemExit):
        folder()
