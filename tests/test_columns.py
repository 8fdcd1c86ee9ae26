"""Tables at the width of a terminal: every line fits, and nothing is lost."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.cli import main
from cascade.common.columns import LEAST_WIDTH, fitted, paragraphs, terminal_width, text_table
from cascade.common.notices import notice

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
COMMANDS = [line.partition("#")[0].strip() for line in re.findall(r"^cascade \w+.*$", README, re.MULTILINE)]
FEW = "--cells 2e5 -q"
SMALL = {"--cells 1e7": FEW, "--cells 1e8": FEW, "cascade demo": f"cascade demo {FEW}"}
PATHS = "saved: ", "figure: ", "page: "
"""Lines that end in the path of a file, which is not broken."""


@pytest.mark.full
def test_the_commands_of_the_readme_fit_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    cascade.load("textbook").with_(scale={"*.shear": 0.5}, name="mine").save("mine.toml")
    Path("counts.csv").write_text("step,number\ninjected,100000\narrested in the lung,870\ngrown,3\n")
    mice = [f"{day} {k},{day},alive,{60000 - 2000 * day + 900 * k}" for day in (1, 13) for k in range(3)]
    Path("mice.csv").write_text("\n".join(["mouse,day,assay,count", *mice]) + "\n")
    commands = [command for command in COMMANDS if "teach" not in command]
    assert len(commands) > 10
    wide = []
    for command in commands:
        for text, small in SMALL.items():
            command = command.replace(text, small)
        with pytest.raises(SystemExit) as end:
            main(shlex.split(command)[1:])
        out, err = capsys.readouterr()
        assert not end.value.code, (command, err)
        wide += [(command, line) for line in out.splitlines() if len(line) > 80 and not line.startswith(PATHS)]
    assert wide == []
    kept = Path("results/textbook/funnel.txt").read_text()
    assert kept.count("exact: passed") == 1, "a file is as wide as its table"
    assert max(map(len, kept.splitlines())) > 80


@pytest.mark.parametrize("name", [entry.name for entry in [*cascade.models(), *cascade.catalog.treatments()]])
def test_pages_of_the_catalogue_fit_too(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["show", name])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 5
    assert [line for line in lines if len(line) > 80 and " " in line.strip()] == []


words = st.lists(st.text("abcdefgh", min_size=1, max_size=9), min_size=1, max_size=6).map(" ".join)
numbers = st.integers(0, 10**7).map(lambda n: f"{n:,}")


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]], set[int]]:
    """Headings, lines and the columns of words; the first holds a name for each line."""
    of_words = draw(st.lists(st.booleans(), min_size=1, max_size=9))
    left = {0, *(c for c, is_left in enumerate(of_words) if is_left)}
    height = draw(st.integers(1, 4))
    lines = [
        [f"n{i} {draw(words)}", *(draw(words if c in left else numbers) for c in range(1, len(of_words)))]
        for i in range(height)
    ]
    return [draw(words) for _ in of_words], lines, left


@given(tables(), st.integers(LEAST_WIDTH, 130))
def test_a_table_fits_and_every_word_of_it_is_there(
    table: tuple[list[str], list[list[str]], set[int]], width: int
) -> None:
    header, lines, left = table
    with fitted(width):
        text = text_table(header, lines, left)
    assert all(len(line) <= width for line in text.split("\n"))
    blocks = text.split("\n\n")
    shown = 0
    for block in blocks:
        parts = block.split("\n")
        at = next(i for i, line in enumerate(parts) if set(line) <= set("- ") and line)
        spans = [match.span() for match in re.finditer("-+", parts[at])]
        heads = [" ".join(" ".join(line[a:b] for line in parts[:at]).split()) for a, b in spans]
        columns = [0, *range(shown + (shown == 0), shown + (shown == 0) + len(spans) - 1)]
        assert heads == [header[c] for c in columns]
        # Wrapped cells of a line follow each other: a column read down is its words in order.
        for c, (a, b) in zip(columns, spans, strict=True):
            down = " ".join(line[a:b] for line in parts[at + 1 :]).split()
            assert down == " ".join(line[c] for line in lines).split()
        shown = columns[-1] if len(columns) > 1 else 0
        shown += 1
    assert shown == len(header)


@given(tables())
def test_a_table_that_fits_stays_as_it_is(table: tuple[list[str], list[list[str]], set[int]]) -> None:
    plain = text_table(*table)
    widest = max(map(len, plain.split("\n")))
    with fitted(max(widest + 20, LEAST_WIDTH)):
        assert text_table(*table) == plain
        with fitted(None):
            assert text_table(*table) == plain


def test_each_part_of_a_folded_table_says_which_rows_it_has() -> None:
    header = ["state", "a number of them", "way", "another number", "grade"]
    lines = [["blood", "1", "to the bed", "2", "A"], ["", "3", "dies", "4", "illustrative"]]
    with fitted(40):
        blocks = text_table(header, lines, left=(0, 2, 4), keys=(0, 2)).split("\n\n")
    assert len(blocks) == 2
    assert all("state" in block and "way" in block and "to the bed" in block for block in blocks)


@given(st.lists(words, max_size=5).map("\n  ".join), st.integers(LEAST_WIDTH, 99))
def test_paragraphs_fit_and_keep_their_words(text: str, width: int) -> None:
    assert paragraphs(text) == text
    with fitted(width):
        broken = paragraphs(text)
    assert all(len(line) <= width for line in broken.split("\n"))
    assert broken.split() == text.split()


def test_only_a_terminal_or_columns_give_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is piped to a file is as wide as it is."""
    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal_width() is None
    for columns, width in (("80", 80), ("13", LEAST_WIDTH), ("", None), ("wide", None)):
        monkeypatch.setenv("COLUMNS", columns)
        assert terminal_width() == width


MESSAGES = [
    ["compare", "textbook", "b16f1-liver", "--cells", "1e5"],
    ["run", "no-such-model"],
    ["run", "textbook", "--cells", "many"],
    ["run", "textbook", "--cells", "1e400"],
    ["exact", "textbook", "--until", "-1"],
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("command", MESSAGES, ids=lambda c: " ".join(c[:3]))
@pytest.mark.parametrize("columns", [60, 80])
def test_messages_on_stderr_fit_the_terminal(command: list[str], columns: int) -> None:
    """Whatever ends a command; a word that is longer than the line stays whole."""
    done = subprocess.run(
        [sys.executable, "-m", "cascade", *command],
        env={**os.environ, "COLUMNS": str(columns)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert done.stderr
    for line in done.stderr.splitlines():
        assert len(line) <= columns or len(line.split()) <= 2, line


def test_a_message_and_a_notice_in_a_file_stay_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    text = "a notice of many words, " * 12
    notice(text)
    assert capsys.readouterr().err == f"cascade: {text}\n"


def test_a_notice_fits_the_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    text = "another notice of many words, " * 12
    notice(text)
    said = capsys.readouterr().err
    assert all(len(line) <= 60 for line in said.splitlines())
    assert said.split() == f"cascade: {text}".split()
