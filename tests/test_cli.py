"""The command line as a new user meets it: good calls, wrong calls, interrupts, pipes."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path

import pytest

import cascade
from cascade.answers.kinds import KINDS
from cascade.cli import main
from cascade.cli.options import parse_cells, parse_hours
from cascade.common.shares import percent
from helpers.processes import started


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a call in this process."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    out, err = capsys.readouterr()
    return int(end.value.code or 0), out, err


CASCADE = (sys.executable, "-m", "cascade")


def test_run_prints_the_funnel_with_the_exact_answer(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "run", "textbook", "--cells", "2e5", "--seed", "1", "-q")
    assert code == 0
    assert "seed 1" in out
    assert "exact: passed" in out
    assert "never for decisions about a patient" in out
    # The rule of three where nobody passed, and the exact value beside it.
    assert "below" in out


def test_run_saves_result_table_and_figure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = call(
        capsys,
        "run",
        "b16f1-liver",
        "--cells",
        "5000:15000",
        "--seed",
        "2",
        "--until",
        "13d",
        "-q",
        "--out",
        str(tmp_path),
    )
    assert code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["funnel.csv", "funnel.png", "funnel.txt", "result.cascade"]
    saved = cascade.open_result(tmp_path / "result.cascade")
    assert saved.ranges == ((5000, 15000),)
    assert saved.until == 312.0
    assert str(tmp_path / "funnel.png") in out
    for kind, style in (("funnel", "paper"), ("alluvial", "slide"), ("waterfall", "screen"), ("occupancy", "paper"),
                        ("incidence", "slide")):  # fmt: skip
        target = str(tmp_path / f"{kind}.svg")
        code, out, _ = call(
            capsys, "plot", str(tmp_path / "result.cascade"), "--kind", kind, "--style", style, "--out", target
        )
        assert code == 0
        assert (tmp_path / f"{kind}.svg").read_text().startswith("<?xml")


def strict(text: str) -> dict[str, object]:
    """JSON without the words that JSON does not have."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "textbook", "--cells", "1e4", "--seed", "1", "-q"),
        ("exact", "textbook", "--elasticities"),
        ("exact", "b16f1-liver", "--until", "72h"),
        ("compare", "textbook", "textbook", "--cells", "1e4", "--seed", "1", "-q"),
        ("models",),
        ("show", "ctc-mouse"),
    ],
)
def test_json_for_machines(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    code, out, err = call(capsys, *arguments, "--json")
    assert code == 0
    assert strict(out)
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "textbok"), "did you mean 'textbook'"),
        (("run", "none.toml"), "none.toml"),
        (("run", "textbook", "--cells", "nope"), "--cells"),
        (("run", "textbook", "--cells", "0"), "--cells"),
        (("run", "textbook", "--cells", "1,5"), "--cells"),
        (("run", "textbook", "--cells", "5:1"), "'5:1'"),
        (("run", "textbook", "--cells", "1e999"), "cells"),
        (("run", "textbook", "--seed", "-1"), "--seed"),
        (("run", "textbook", "--seed", "x"), "--seed"),
        (("run", "textbook", "--until", "2 weeks"), "--until"),
        (("run", "textbook", "--until", "-3"), "--until"),
        (("run", "textbook", "--threads", "0"), "--threads"),
        (("run", "textbook", "--out", "/proc/none"), "--out"),
        (("exact", "textbook", "--until", "nan"), "--until"),
        (("compare", "textbook", "b16f1-liver"), "stages"),
        (("plot", "none.cascade"), "a file that exists"),
        (("plot", "."), "a file, not a folder"),
        (("demo", "--out", "x.jpg"), ".png"),
        (("demo", "--cells", "1:5"), "--cells"),
        (("bogus",), "bogus"),
    ],
)
def test_wrong_input_ends_with_2_and_names_the_field(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    code, _, err = call(capsys, *arguments)
    assert code == 2
    assert words in err
    assert "Traceback" not in err


def test_a_faulty_model_file_lists_every_fault(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    text = (
        cascade.load("textbook")
        .to_toml()
        .replace("hazard = 0.001", "hazard = -1.0", 1)
        .replace('to = "invading"', 'to = "invadng"')
    )
    path.write_text(text)
    code, _, err = call(capsys, "run", str(path))
    assert code == 2
    assert "hazard = -1.0" in err
    assert "did you mean 'invading'" in err


def test_own_counts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("step,number\ninjected $x,1000\narrested $y_{,870\ngrown,0\n")
    assert call(capsys, "plot", str(path))[0] == 0
    assert (tmp_path / "mine-funnel.png").read_bytes()[:4] == b"\x89PNG"
    path.write_text("a,10\nb,5\n")
    assert call(capsys, "plot", str(path))[0] == 2


@pytest.mark.parametrize(("text", "hours"), [("90s", 0.025), ("20min", 1 / 3), ("36h", 36), ("13d", 312), ("1.5", 1.5)])
def test_times_with_units(text: str, hours: float) -> None:
    assert parse_hours(text) == pytest.approx(hours)


def test_numbers_of_cells_are_exact() -> None:
    assert parse_cells("9007199254740993:9007199254740995") == range(9007199254740993, 9007199254740995)
    assert parse_cells("1e6") == parse_cells("1,000,000") == parse_cells("1_000_000") == 1_000_000


ENDLESS = """
name = "endless"
stages = ["a"]
states = [
    { name = "x", stage = "a", moves = [{ to = "y", hazard = 1e3 }], deaths = [{ cause = "d", hazard = 3e-4 }] },
    { name = "y", stage = "a", moves = [{ to = "x", hazard = 1e3 }] },
]
"""


# The command, which says when the kernel has begun.
TELLING = """
import os, sys
from cascade.cli import main
from cascade.engine import compiled

kernel_run = compiled.kernel_run

def told():
    os.write(1, b"running\\n")  # in one piece, whatever other threads say
    return kernel_run()

compiled.kernel_run = told
main(sys.argv[1:])
"""


@pytest.mark.parametrize("model", ["textbook", "endless"])
def test_an_interrupt_ends_at_once_with_130(model: str, tmp_path: Path) -> None:
    """Also when a single cell circles nearly for ever: the kernel itself is told to stop."""
    path = tmp_path / "endless.toml"
    path.write_text(ENDLESS)
    name = model if model == "textbook" else str(path)
    arguments = ["run", name, "--cells", "1e13", "--seed", "1", "-q"]
    with started([sys.executable, "-c", TELLING, *arguments]) as run:
        assert run.stdout
        assert run.stdout.readline() == "running\n"
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)  # a guard against hanging
        assert run.returncode == 130
    assert "interrupted" in err
    assert "Traceback" not in err
    assert set(out.split()) <= {"running"}


def test_a_reader_that_leaves_is_no_error() -> None:
    with started([*CASCADE, "show", "textbook"]) as run:
        assert run.stdout
        run.stdout.close()
        assert run.stderr
        assert "Traceback" not in run.stderr.read()
        assert run.wait(timeout=60) == 0


def test_a_console_without_our_letters() -> None:
    with started([*CASCADE, "models"], {"PYTHONIOENCODING": "ascii"}) as run:
        out, err = run.communicate(timeout=60)
        assert run.returncode == 0
    assert "breast" in out
    assert err == ""


def test_demo(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = call(capsys, "demo", "--cells", "1e6", "--out", str(tmp_path / "demo.png"), "-q")
    assert code == 0
    assert "The standard cascade" in out
    assert "Luzzi 1998" in out
    assert str(tmp_path / "demo.png") in out
    assert (tmp_path / "demo.png").exists()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = call(capsys, "--version")
    assert code == 0
    assert out.startswith("cascade ")


def test_treatments_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    figure = tmp_path / "c.png"
    arguments = ["compare", "b16f1-liver", "--treat", str(_halved(tmp_path)), "--cells", "3e5", "--seed", "1", "-q"]
    code, out, _ = call(capsys, *arguments, "--story", "1", "--out", str(figure))
    assert code == 0
    assert "saved from it" in out
    assert "independent runs would need" in out
    assert out.count("cell ") >= 1
    assert figure.stat().st_size > 10_000
    code, out, _ = call(capsys, *arguments, "--json")
    data = json.loads(out)
    assert data["saved"] == sum(row["saved"] for row in data["causes"]) > 0
    code, out, _ = call(capsys, "exact", "textbook", "--treat", "nk-depletion@0:2d", "--json")
    assert (code, json.loads(out)["times"]) == (0, [])
    for wrong, message in (
        (["compare", "textbook"], "another model, or a treatment"),
        (["exact", "textbook", "--treat", "nk"], "the name of a treatment"),
        (["exact", "textbook", "--treat", "nk-depletion@5:2"], "a time after its start"),
        (["exact", "textbook", "--treat", "nk-depletion@"], "name@from:to"),
        (["run", "nk-depletion"], "this is a treatment"),
    ):
        code, _, err = call(capsys, *wrong)
        assert code == 2
        assert message in err


def _halved(folder: Path) -> Path:
    path = folder / "halved.toml"
    path.write_text('name = "halved"\neffects = [{ hazard = "*.regression", factor = 0.5 }]\n')
    return path


@pytest.mark.full
def test_cancers_on_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, out, _ = call(capsys, "run", "colon", "--cells", "1e5", "--seed", "1", "-q", "--out", str(tmp_path))
    assert code == 0
    assert "exact: colonies" in out
    assert {p.name for p in tmp_path.iterdir()} == {
        "result.cascade", "funnel.txt", "funnel.csv", "funnel.png", "organs.png", "body.png",
    }  # fmt: skip
    code, out, _ = call(capsys, "show", "prostate")
    for text in ("first bed", "30 % by the vertebral plexus: bone", "log soil", "48 %", "91 of 193", "limits"):
        assert text in out
    code, out, _ = call(capsys, "models")
    for text in ("teaching", "experiments", "cancers", "treatments", "unscored", "15 autopsy counts"):
        assert text in out
    code, _, err = call(capsys, "plot", str(tmp_path / "result.cascade"), "--kind", "body")
    assert code == 0
    call(capsys, "run", "textbook", "--cells", "1e4", "--seed", "1", "-q", "--out", str(tmp_path / "t"))
    code, _, err = call(capsys, "plot", str(tmp_path / "t" / "result.cascade"), "--kind", "body")
    assert code == 2
    assert "a model with sites" in err


def test_distant_metastases_stand_at_the_head_of_what_is_said_of_a_cancer(capsys: pytest.CaptureFixture[str]) -> None:
    shares = cascade.exact(cascade.load("colon")).kinds()
    solved = "; ".join(f"{name}: {percent(shares[kind])}" for kind, name in KINDS.items())
    for arguments in (("exact", "colon", "--no-times"), ("show", "colon")):
        _, out, _ = call(capsys, *arguments)
        assert f"{solved}. Success counts all of these." in " ".join(out[: out.index("----")].split())
    _, out, _ = call(capsys, "run", "colon", "--cells", "1e5", "--seed", "1", "-q", "--no-exact")
    counted = cascade.simulate(cascade.load("colon"), cells=100_000, seed=1).kinds()
    head = " ".join(out[: out.index("----")].split())
    for kind, name in KINDS.items():
        assert f"{name}: {counted[kind]} cell" in head
    for name in ("textbook", "prostate"):
        _, out, _ = call(capsys, "exact", name, "--no-times", "--elasticities")
        assert ("Success counts" in out) == ("elasticity of distant metastases" in out) == (name == "prostate")
    exact = cascade.exact(cascade.load("prostate"))
    of, success = exact.elasticities("distant"), exact.elasticities()
    first = max(of, key=lambda name: (abs(of[name]), abs(success[name])))
    lines = [line.split() for line in out[out.index("elasticity of distant") :].splitlines()]
    assert " ".join(lines[2]) == f"{first} {of[first]:+.4f} {success[first]:+.4f}"
    _, out, _ = call(
        capsys, "compare", "colon", "--treat", "nk-depletion", "--cells", "1e5", "--seed", "1", "-q", "--json"
    )
    found = json.loads(out)["kinds"]
    assert [row["step"] for row in found] == list(KINDS.values())
    assert sum(row["passed"] for row in found) == sum(counted.values())


def test_show_tells_whose_share_is_held(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    cascade.body.cancer("colon").with_(held=0.3).save(tmp_path / "mine.toml")
    assert (
        "30 % of the cells are of a kind that the first bed holds"
        in call(capsys, "show", str(tmp_path / "mine.toml"))[1]
    )
    assert "(set)" in call(capsys, "show", str(tmp_path / "mine.toml"))[1]
    assert "(fitted)" in call(capsys, "show", "colon")[1]


def test_show_lists_the_published_figures_with_their_role(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(capsys, "show", "b16f1-liver")
    table = out[out.index("published figures") : out.index("sources")]
    for seen in cascade.load("b16f1-liver").observations:
        line = next(line for line in table.splitlines() if line.startswith(seen.name[:20]) and seen.source[0] in line)
        assert seen.role in line
    _, out, _ = call(capsys, "show", "ctc-patient")
    assert re.search(r"published figures(.|\n)* (h|s) ", out)
    assert "published figures" not in call(capsys, "show", "textbook")[1]


def test_two_models_of_one_name_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    few = cascade.load("textbook").given("arrest")
    found = cascade.compare(few, few.with_(scale={"*.shear": 0.5}), cells=100, seed=1)
    assert found.names == ("textbook given arrest (first)", "textbook given arrest (second)")
    assert all(name in str(found) for name in found.names)
    assert all(name in str(found.replay([3])[0]) for name in found.names)
    _, out, _ = call(capsys, "compare", "textbook", "textbook", "--cells", "100", "--seed", "1", "-q")
    assert out.startswith("textbook (first) | textbook (second)")


NAMED = [
    # What is wrong, and by which name on the command line.
    ("exact colon --until 1e30", "--until"),
    ("demo --out x.jpg", "--out"),
    ("demo --cells 10 --out x.png --html x.jpg", "--html"),
    ("run textbook --cells 1e40 -q", "--cells"),
    ("run textbook --cells 10 --until 1e-20", "--until"),
    ("run textbook --cells 10 --treat exercise@5:2", "--treat"),
    ("run ctc-mouse --cells 10 --treat anticoagulant", "--treat"),
    ("exact ctc-mouse --treat exercise --treat anticoagulant", "--treat"),
    ("compare ctc-mouse --cells 10 --treat anticoagulant", "--treat"),
    ("compare textbook --cells 10 --treat exercise --out x.jpg", "--out"),
    ("compare textbook ctc-mouse --cells 10", "OTHER"),
    ("compare clusters textbook --cells 10", "OTHER"),
    ("run {endless} --cells 10", "--until"),
    ("run {nn}.toml", "MODEL"),
    ("show {nn}.toml", "MODEL"),
    ("show {nn}", "MODEL"),
    ("run textbook --treat {nn}.toml", "--treat"),
    ("compare textbook {nn}.toml", "OTHER"),
    ("plot {saved} --kind body --out x.png", "--kind"),
    ("plot {saved} --kind organs --out x.png", "--kind"),
    ("plot {saved} --out x.jpg", "--out"),
    ("plot .", "FILE"),
    ("plot /dev/null", "FILE"),
    ("plot {endless}", "FILE"),
    ("plot none.csv", "FILE"),
]


@pytest.mark.parametrize(("line", "option"), NAMED, ids=[line for line, _ in NAMED])
def test_what_is_wrong_is_named_as_on_the_command_line(
    line: str, option: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never by the name of a Python argument, nor with None for what nobody wrote."""
    monkeypatch.chdir(tmp_path)
    model = cascade.Model.from_survival({"a": 0.5})
    cascade.simulate(model, cells=10, seed=1).save("saved.cascade")
    circling = model.with_(
        states=[
            {"name": "a", "stage": "a", "moves": [{"to": "b", "hazard": 1}], "deaths": [{"cause": "d", "hazard": 0}]},
            {"name": "b", "stage": "a", "moves": [{"to": "a", "hazard": 1}]},
        ]
    )
    circling.save("endless.toml")
    code, _, err = call(capsys, *line.format(saved="saved.cascade", endless="endless.toml", nn="n" * 5000).split())
    assert code == 2
    assert re.match(rf"cascade: {option}( = |, | is not given)", err), err
    assert "None" not in err.split(":")[1]
    assert "n" * 130 not in err
    assert "Python" not in err


def test_a_remedy_for_a_treatment_is_one_for_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file that is proposed works."""
    monkeypatch.chdir(tmp_path)
    _, _, err = call(capsys, "run", "ctc-mouse", "--treat", "anticoagulant")
    assert "cascade.Treatment" not in err
    lines = [line.strip() for line in err.partition("hold:\n")[2].splitlines()]
    Path("mine.toml").write_text("\n".join(lines))
    assert call(capsys, "run", "ctc-mouse", "--treat", "mine.toml@0:2d", "--cells", "100", "--seed", "1", "-q")[0] == 0
    _, _, err = call(capsys, "compare", "textbook")
    assert "--treat" in err
    assert "None" not in err
