"""Numbers that people have: files of counts in every dress, tables of pandas, single precision; read or refused."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cascade
from cascade.answers.funnel import Funnel
from cascade.body import cancer
from cascade.cli import main
from cascade.cli.options import parse_cells, parse_hours
from cascade.common.numbers import readings
from helpers.models import CYCLIC, LINEAR, two_levels

COUNTS = {"injected": 1_200_000, "arrested": 870_000, "out": 12_345, "grown": 7}
PLAIN = Funnel.from_counts(COUNTS, label="own")


def written(folder: Path, data: str | bytes, name: str = "own.csv") -> Path:
    """A file with this in it."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def table(cells: Sequence[Sequence[str]], separator: str = ",", end: str = "\n") -> str:
    return end.join(separator.join(line) for line in cells) + end


ROWS = [["step", "number"], *([name, str(n)] for name, n in COUNTS.items())]

# How digits are grouped and quoted, by what separates the columns.
GROUPED = {
    ",": [lambda n: f"{n}", lambda n: f'"{n:,}"', lambda n: f"{n:_}", lambda n: f"{n:,}".replace(",", " "),
          lambda n: f"{n:,}".replace(",", "."), lambda n: f"{n:,}".replace(",", "'"), lambda n: f"{float(n)!r}"],
    ";": [lambda n: f"{n}", lambda n: f"{n:,}", lambda n: f"{n:,}".replace(",", "."), lambda n: f"{n}.00",
          lambda n: f"{n},0", lambda n: f"{n:,}".replace(",", "\u202f"), lambda n: f" {n} "],
    "\t": [lambda n: f"{n}", lambda n: f"{n:,}", lambda n: f"{n:,}".replace(",", "."), lambda n: f'"{n}"'],
}  # fmt: skip
WRITTEN = [(mark, i) for mark, ways in GROUPED.items() for i in range(len(ways))]
ENCODINGS = {
    "utf-8": "utf-8", "bom": "utf-8-sig", "utf-16": "utf-16", "no bom": "utf-16-le", "big": "utf-16-be",
    "ansi": "cp1252",
}  # fmt: skip


@pytest.mark.parametrize(("mark", "way"), WRITTEN)
def test_digits_are_grouped_as_in_the_file(mark: str, way: int, tmp_path: Path) -> None:
    """The first number, of seven digits, or decimals, tells what a mark means in all of them."""
    lines = [ROWS[0], *([name, GROUPED[mark][way](n)] for name, n in COUNTS.items())]
    assert Funnel.from_csv(written(tmp_path, table(lines, mark))) == PLAIN


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_any_encoding_and_any_end_of_line(encoding: str, end: str, tmp_path: Path) -> None:
    text = table([["Step", "Number"], ["in Schädel", "1000"], ["", ""], [" held ", " 40 "]], ";", end)
    read = Funnel.from_csv(written(tmp_path, text.encode(ENCODINGS[encoding])), label="x")
    assert read == Funnel.from_counts({"in Schädel": 1000, "held": 40}, label="x")


@pytest.mark.parametrize(
    ("headings", "columns"),
    [
        (["step", "percent", "number"], [0, None, 1]),
        (["number", "step"], [1, 0]),
        (["percent", "note", "Stage", "COUNT"], [None, None, 0, 1]),
        (["", "step", "cells"], [None, 0, 1]),
        (["Schritt", "Zellen"], [0, 1]),
        (["Schritt", "Anzahl überlebender Zellen", "Überlebensrate"], [0, 1, None]),
        (["étape", "nombre", "taux (%)", "jour"], [0, 1, None, None]),
        (["paso", "células vivas", "tiempo"], [0, 1, None]),
        (["Schritt", "Anteil %", "Zellen", "Bemerkung"], [0, None, 1, None]),
        (["step", "n", "number"], [0, None, 1]),
    ],
)
def test_columns_are_found_by_their_headings(headings: list[str], columns: list[int | None], tmp_path: Path) -> None:
    fill = {"percent": "12.5", "Anteil %": "12.5", "n": "3", "Überlebensrate": "0.3", "taux (%)": "9", "jour": "1"}
    lines = [headings]
    for pair in COUNTS.items():
        texts = (fill.get(h, "a") if c is None else str(pair[c]) for h, c in zip(headings, columns, strict=True))
        lines += [list(texts)]
    assert Funnel.from_csv(written(tmp_path, table(lines))) == PLAIN


# What stands in columns that nobody reads, names of steps among them, decides nothing.
BESIDE = [
    "{a};number\n1.1;{n}\n1.2;40.000", "step;{a};number\na;1.2;{n}\nb;1.3;40.000",
    "step;number;{a}\na;{n};1.5\nb;40.000;2",
    "step;dose;number\na;0.5;{n}\nb;1.25;40.000", "step;number;day\n1,5 h;{n};0,5\n2,5 h;40.000;0,25",
]  # fmt: skip


@pytest.mark.parametrize("heading", ["Schritt", "version", "note", "page"])
@pytest.mark.parametrize("form", BESIDE)
def test_only_the_numbers_that_are_read_tell_the_decimal_mark(form: str, heading: str, tmp_path: Path) -> None:
    with pytest.raises(cascade.InputError, match=r"line 2.*300000, or 300 "):
        Funnel.from_csv(written(tmp_path, form.format(a=heading, n="300.000")))
    assert Funnel.from_csv(written(tmp_path, form.format(a=heading, n="3.000.000"))).cells == 3_000_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("step,number,note\ninjected,300,000,\nheld,40,000,", "line 2.*3 cells"),
        ("step,number,note\ninjected,300,000\nheld,40,000", "line 2.*300 or 300,000"),
        ("step,number,note\ninjected,300,120\nheld,40,x", "line 2.*300 or 300,120"),
        ("step,number,,\ninjected,300,000,\nheld,40,000,", "line 2.*300 or 300,000"),
        ("step,number,day\ninjected,300,012\nheld,40,x", "line 2.*300 or 300,012"),
        ("step,number,note,more\ninjected,1,200,000\nheld,40,000", "line 2.*1 or 1,200"),
        ("number,step\n300,000,a\n40,000,b", "line 2.*2 cells"),
        ("step,entered,passed,note\na,300,000,40", "line 2.*300 or 300,000"),
        ("step,entered,passed,still,note\na,300,200,100,000", "line 2.*100 or 100,000"),
        ("step,number\ninjected,300,\nheld,40,", "line 2.*2 cells"),
        ("step,number,day\ninjected,300,120\nheld,40,130", None),
        ("step,number,mice\ninjected,300,120\nheld,40,130", None),
        ("step;number;note\ninjected;300;000\nheld;40;", None),
        ("step,number,\ninjected,300,\nheld,40,", None),
    ],
)
def test_a_comma_among_digits_is_no_second_number(text: str, said: str | None, tmp_path: Path) -> None:
    if said is None:
        assert Funnel.from_csv(written(tmp_path, text)).cells == 300
        return
    with pytest.raises(cascade.InputError, match=said):
        Funnel.from_csv(written(tmp_path, text))


@pytest.mark.parametrize("marks", list(itertools.permutations(",;\t", 2)))
@pytest.mark.parametrize(
    ("form", "first"),
    [
        ("step{0}cells{1} living{0}note\ninj{0}300{1}500\nheld{0}40{1}100", 0),
        ("step{0}cells{1} living\ninj{0}300{1}500\nheld{0}40{1}100", 0),
        ("step{0}number{1}note{0}more\ninj{0}300{1}a\nheld{0}40{0}x", 0),
        ("step{0}cells{1} living{0}note\ninj{0}300{0}x\nheld{0}40", 300),
        ("step{0}cells{1} living{0}note\ninj{0}300{0}x{1} y\nheld{0}40{0}", 300),
        ('step{0}"cells{1} living"{0}note\ninj{0}300{0}"x{1} y"\nheld{0}40{0}"z{1}"', 300),
    ],
)
def test_of_two_separators_one_must_stand_in_every_line_and_the_other_not(
    form: str, first: int, marks: tuple[str, str], tmp_path: Path
) -> None:
    path = written(tmp_path, form.format(*marks))
    if first:
        assert Funnel.from_csv(path).cells == first
        return
    with pytest.raises(cascade.InputError):
        Funnel.from_csv(path)


ELSE = [
    "pct", "PCT", "Anteil", "Anteil der Zellen", "pourcentage", "porcentaje", "percentuale", "percentage of cells",
    "frequency", "fréquence", "Häufigkeit", "rate", "Überlebensrate", "taux de survie", "survival", "fraction alive",
    "supervivencia", "proporción", "hours", "Stunden", "time (h)", "h", "jours", "días", "cells/ml", "cells per ml",
    "Zellen pro ml", "cellules par ml", "Zellkonzentration", "cell density", "cells (thousands)", "Zellen (Tausend)",
    "cells x10^3", "cells (10³)", "log10 cells", "relative cells", "volume", "intensity", "SD", "replicate", "version",
    "%", "cells %", "share", "probability", "Wahrscheinlichkeit", "odds", "hazard",
]  # fmt: skip


@pytest.mark.parametrize("heading", ELSE)
def test_what_is_no_number_of_cells_is_not_drawn_as_cells(heading: str, tmp_path: Path) -> None:
    for text in (
        f"Schritt;{heading}\na;100\nb;13",
        f"{heading};step\n100;a\n13;b",
        f"step;{heading};note\na;9;x\nb;3;y",
    ):
        with pytest.raises(cascade.InputError, match=r"headings.*none of shares, times or concentrations.*'number'"):
            Funnel.from_csv(written(tmp_path, text))
    # Beside numbers of cells it is left alone.
    beside = written(tmp_path, f"step;{heading};Zellen\na;1;100\nb;0,13;13")
    assert [row.passed for row in Funnel.from_csv(beside)] == [13]


CELLS = [
    "Zellen", "Zellzahl", "Anzahl", "number of cells", "cell count", "Living cells", "cellules", "nombre de souris",
    "células", "número", "aantal", "mice", "Tiere", "Patienten", "colonies", "n", "survivors", "surviving cells",
]  # fmt: skip


@pytest.mark.parametrize("heading", CELLS)
def test_numbers_of_cells_have_many_names(heading: str, tmp_path: Path) -> None:
    for text in (f"step;{heading}\na;100\nb;13", f"step;value;{heading}\na;1;100\nb;1;13"):
        read = Funnel.from_csv(written(tmp_path, text))
        assert (read.cells, read.rows[0].passed, read.note) == (100, 13, "")


def test_a_heading_that_nobody_knows_is_named_and_never_preferred(tmp_path: Path) -> None:
    read = Funnel.from_csv(written(tmp_path, "step,abundance,note\na,100,x\nb,13,"))
    assert "the column 'abundance'" in read.table()
    for text in ("step,abundance\na,1\nb,0.13", "step,abundance,pct\na,9,100\nb,3,30", "step,one,two\na,9,8\nb,3,2"):
        with pytest.raises(cascade.InputError, match="number"):
            Funnel.from_csv(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fraction_of_all\na,100,40,40", "line 2, fraction_of_all = 40.*0.4, as 40 of 100"),
        ("fraction_of_previous\na,100,40,9", "line 2, fraction_of_previous = 9.*0.4, as 40 of 100"),
        ("fraction_of_all,low,high\na,100,40,0.9,0.95,0.99", "line 2, fraction_of_all = 0.9"),
        ("low,high\na,100,40,0,0", "line 2, high = 0.*from 0.4 to 1"),
        ("low,high\na,100,40,0.0,0.0", "line 2, high = 0"),
        ("low,high\na,100,40,30,50", "line 2, low = 30.*from 0 to 0.4"),
        ("low,high\na,100,40,0.5,0.3", "line 2, low = 0.5"),
        ("low,high\na,100,40,0.3,50", "line 2, high = 50"),
        ("low\na,100,40,-0.3", "line 2, low = -0.3"),
        ("high\na,100,40,0.39", "line 2, high = 0.39"),
        ("fraction_of_all\na,100,40,0.4\nb,40,10,0.25", "line 3, fraction_of_all = 0.25.*0.1, as 10 of 100"),
        ("fraction_of_previous\na,100,40,0.4\nb,40,10,0.1", "line 3, fraction_of_previous = 0.1.*0.25, as 10 of 40"),
        ("fraction_of_all\na,100,40,0.41", "line 2, fraction_of_all = 0.41"),
        ("fraction_of_all\na,100,40,0", "line 2, fraction_of_all = 0"),
        ("cells,kind\na,100,40,100,\nb,40,9,90,", "line 3, cells = 90.*100"),
        ("fraction_of_all,kind\na,100,40,0.4,\nx,,7,0.7,milestone", "line 3, fraction_of_all = 0.7.*0.07, as 7 of 100"),
        ("low,high,kind\na,100,40,0.3,0.5,\nx,,7,0.2,0.3,milestone", "line 3, low = 0.2"),
        ("kind\na,100,40,\nx,,700,milestone", "line 3.*from 0 to 100"),
    ],
)
def test_columns_of_a_funnel_must_say_one_thing(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(cascade.InputError, match=said):
        Funnel.from_csv(written(tmp_path, f"step,entered,passed,{text}"))


def test_any_share_of_a_written_funnel_that_is_changed_is_refused(tmp_path: Path) -> None:
    funnel = FUNNELS["stopped"]()
    lines = funnel.to_csv(tmp_path / "f.csv").read_text().splitlines()
    headings = lines[0].split(",")
    for at, name in itertools.product(range(1, len(lines)), ("fraction_of_previous", "fraction_of_all", "cells")):
        cells = lines[at].split(",")
        if not cells[column := headings.index(name)]:
            continue
        for other in (float(cells[column]) * 1.01 + 1e-3, float(cells[column]) * 100 + 1):
            cells[column] = repr(other)
            changed = [*lines[:at], ",".join(cells), *lines[at + 1 :]]
            with pytest.raises(cascade.InputError, match=rf"line {at + 1}|{other}"):
                Funnel.from_csv(written(tmp_path, "\n".join(changed), "g.csv"))


def test_what_a_funnel_leaves_out_follows_from_its_counts(tmp_path: Path) -> None:
    """Shares rounded by hand pass, and are shown as the counts give them."""
    text = "step,entered,passed,fraction_of_all,kind\na,300,100,0.33,\nb,100,2,.007,\nx,,200,,milestone"
    read = Funnel.from_csv(written(tmp_path, text))
    assert [row.fraction_of_all for row in read] == [100 / 300, 2 / 300]
    mark = read.milestones[0]
    assert (mark.fraction_of_all, mark.low < 200 / 300 < mark.high) == (200 / 300, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("step,number\ninjected,300.000\nheld,40", "line 2.*300000, or 300 "),
        ('step,number\ninjected,"300,000"\nheld,40', "line 2.*300000, or 300 "),
        ("step;number\ninjected;300,000\nheld;40", "line 2.*300000, or 300 "),
        ("step;number\ninjected;4000\nheld;1.200", "line 3.*1200, or 1.2 "),
        ("step;number\na;1.000.000\nb;2,000,000", "decimal mark"),
        ("step,number\ninjected,300,000\nheld,40", "line 2.*2 cells"),
        ("step,percent\na,100\nb,20", "headings.*'number'"),
        ("step,cells,animals\na,100,5\nb,20,3", None),
        ("step,cells,counts\na,100,5\nb,20,3", "headings.*'number'"),
        ("step,one,two\na,100,5\nb,20,3", "headings.*'number'"),
        ("step,number,number\na,100,5\nb,20,3", "one column 'number'"),
        ("step,passed\na,100\nb,20", "both 'entered' and 'passed'"),
        ("step,entered\na,100\nb,20", "both 'entered' and 'passed'"),
        ("step,number\na,100\nb,12 %", "line 3.*a name and a number"),
        ("step,number\na,100\nb,", "line 3.*a name and a number"),
        ("step,number\na,100\nb,nan", "line 3.*a name and a number"),
        ("step,number\na,100\nb,-3", "line 3.*whole number from 0"),
        ("step,number\na,100\nb,2.5", "line 3.*whole number from 0"),
        ("step,number\na,100\n,3", "a name for each number"),
        ("step number\na 100\nb 3", "between commas, semicolons or tabs"),
        ("step|number\na|100", "between commas, semicolons or tabs"),
        ('step,number\n"a,100\nb,3', "quotes are closed"),
        ("", "between commas, semicolons or tabs"),
        ("step,number\n", "at least two numbers"),
        ("step,entered,passed\na,100,20\nb,30,3", "line 3.*as many entered"),
        ("step,entered,passed\na,100,120", "line 2.*no more passed"),
        ("step,entered,passed,lost: x\na,100,20,70", "line 2.*100 in all"),
        ("step,entered,passed,still\na,100,20,90", "line 2.*100 in all"),
        ("step,entered,passed,cells\na,100,20,200", "line 2.*had started: 200"),
        ("step,entered,passed\na,0,0", "line 2.*some in the first"),
        ("step,entered,passed\na,100,", "line 2.*entered and that passed"),
        ("step,entered,passed\n", "at least one step"),
    ],
)
def test_what_is_not_plain_is_refused_with_what_to_write(text: str, said: str | None, tmp_path: Path) -> None:
    if said is None:
        assert Funnel.from_csv(written(tmp_path, text)).cells == 100
        return
    with pytest.raises(cascade.InputError, match=said):
        Funnel.from_csv(written(tmp_path, text))


def test_what_only_bears_the_name_of_a_table_is_named(tmp_path: Path) -> None:
    book = tmp_path / "book.csv"
    with ZipFile(book, "w") as file:
        file.writestr("xl/workbook.xml", "<workbook/>")
    old = written(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old.csv")
    for path, what in ((book, "xlsx"), (old, "xls")):
        with pytest.raises(cascade.InputError, match=f"{what}.*save its sheet as CSV"):
            Funnel.from_csv(path)
    with pytest.raises(cascade.InputError, match="UTF-8 or UTF-16"):
        Funnel.from_csv(written(tmp_path, b"step,number\na,1\n\0\x01\x02"))
    with pytest.raises(cascade.InputError, match="a file that exists"):
        Funnel.from_csv(tmp_path / "none.csv")
    told = Funnel.from_csv(written(tmp_path, "sep=;\nstep;number\na,b;3\nc;1\n"), label="x")
    assert told == Funnel.from_counts({"a,b": 3, "c": 1}, label="x")


FUNNELS = {
    "simulated": lambda: cascade.simulate(cascade.load("textbook"), cells=30_000, seed=1).funnel(),
    "stopped": lambda: cascade.simulate(CYCLIC, cells=3000, seed=1, until=20.0).funnel(),
    "clusters": lambda: cascade.simulate(cascade.load("clusters"), cells=3000, seed=1).funnel(),
    "exact": lambda: cascade.exact(CYCLIC).funnel(),
    "exact until": lambda: cascade.exact(cascade.load("textbook"), until=100.0).funnel(30_000),
    "counted": lambda: PLAIN,
    "names": lambda: Funnel.from_counts({"a": 9, 'held, "long"': 8, "1,000": 7, "ever; so": 7}),
}


@pytest.mark.parametrize("name", FUNNELS)
def test_a_funnel_that_was_written_is_read_as_the_same(name: str, tmp_path: Path) -> None:
    funnel = FUNNELS[name]()
    read = Funnel.from_csv(funnel.to_csv(tmp_path / "f.csv"))
    assert replace(read, label=funnel.label, note=funnel.note) == funnel
    assert read.label == "f"
    assert read.as_text() == funnel.as_text()


@pytest.mark.parametrize("name", FUNNELS)
@pytest.mark.parametrize("keep", [["step", "entered", "passed"], None])
def test_a_funnel_that_pandas_wrote_is_not_shifted(name: str, keep: list[str] | None, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    funnel = FUNNELS[name]()
    frame = pandas.DataFrame(funnel.to_dicts())
    for index, separator in itertools.product((True, False), ",;\t"):
        path = tmp_path / "f.csv"
        (frame if keep is None else frame[keep]).to_csv(path, index=index, sep=separator)
        read = Funnel.from_csv(path)
        assert [(r.step, r.entered, r.passed) for r in read] == [(r.step, r.entered, r.passed) for r in funnel]
        assert (read.cells, read.exact) == (funnel.rows[0].entered, funnel.exact)
        for row in read:
            assert row.entered == pytest.approx(row.passed + sum(row.lost.values()) + row.still)


def test_what_a_run_writes_is_drawn_as_the_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out + err

    assert call("run", "textbook", "--cells", "1e4", "--seed", "1", "-q", "--out", str(tmp_path))[0] == 0
    run = cascade.open_result(tmp_path / "result.cascade").funnel()
    code, said = call("plot", str(tmp_path / "funnel.csv"))
    assert code == 0
    assert run.table() in said
    code, said = call("plot", str(tmp_path / "funnel.txt"))
    assert (code, "funnel.txt" in said) == (2, True)
    ZipFile(tmp_path / "mine.xlsx", "w").close()
    written(tmp_path, b"PK\x03\x04", "mine.xlsx")
    code, said = call("plot", str(tmp_path / "mine.xlsx"))
    assert (code, "save its sheet as CSV" in said) == (2, True)


def test_series_of_pandas_are_mappings() -> None:
    pandas = pytest.importorskip("pandas")
    for kind in ("int64", "float32", "Int64", "object"):
        counts = pandas.Series(COUNTS).astype(kind)
        assert Funnel.from_counts(counts, label="own") == PLAIN
    survival = {"detachment": 0.1, "arrest": 0.8, "growth": 0.25}
    hours, phases = {"detachment": 2.0, "arrest": 0.5, "growth": 9.0}, {"detachment": 1, "arrest": 2, "growth": 3}
    causes = {"arrest": {"shear": 1.0, "anoikis": 3.0}}
    wanted = cascade.Model.from_survival(survival, mean_hours=hours, phases=phases, causes=causes)
    for kind in ("float64", "float32", "Float64"):
        series = pandas.Series(survival).astype(kind)
        weights = {step: pandas.Series(table) for step, table in causes.items()}
        given = {"mean_hours": pandas.Series(hours), "phases": pandas.Series(phases), "causes": weights}
        model = cascade.Model.from_survival(series, **given)
        assert (model == wanted) or kind == "float32"
        assert cascade.exact(model).success == pytest.approx(0.02, rel=1e-6)
    marked = {step: np.float32(share) for step, share in survival.items()}
    assert cascade.Model.from_survival(marked, mean_hours=hours, phases=phases, causes=causes) == wanted
    with pytest.raises(cascade.InputError, match="a name for each number"):
        Funnel.from_counts(pandas.Series([3, 2, 1]))
    with pytest.raises(cascade.InputError, match="each once"):
        Funnel.from_counts(pandas.Series([3, 2, 1], index=["a", "b", "b"]))
    with pytest.raises(cascade.InputError, match="whole number from 0"):
        Funnel.from_counts(pandas.Series({"a": 3, "b": None}))
    for wrong in (pandas.Series([0.5, 0.2]), pandas.Series([0.5, 0.2], index=["a", "a"])):
        with pytest.raises(cascade.CascadeError, match="a mapping of at least one step"):
            cascade.Model.from_survival(wrong)


def single(*shares: float) -> list[np.float32]:
    return [np.float32(share) for share in shares]


def shares_everywhere(shares: Sequence[float]) -> dict[str, object]:
    """The same three shares at each place that has some; what the parts hold then."""
    names = ("detachment", "breach", "arrest")
    start = {"states": [{"state": name, "share": s} for name, s in zip(names, shares, strict=True)]}
    levels = {"levels": ["off", "on", "more"], "begin": dict(zip(["off", "on", "more"], shares, strict=True))}
    sizes = [{"size": size, "share": share} for size, share in zip((1, 2, 5), shares, strict=True)]
    colon = cancer("colon")
    vessels = dict(zip(("portal vein", "veins", "vertebral plexus"), shares, strict=True))
    return {
        "start": [s.share for s in LINEAR.with_(start=start).start.states],
        "begin": list(two_levels(LINEAR, **levels).factors[0].begin.values()),
        "sizes": [s.share for s in LINEAR.with_(clusters={"sizes": sizes}).clusters.sizes],
        "drainage": list(colon.with_(drainage=vessels).drainage.values()),
    }


@pytest.mark.parametrize("shares", [(0.1, 0.2, 0.7), (1 / 3, 1 / 3, 1 / 3), (0.15, 0.35, 0.5), (1e-5, 0.4, 0.59999)])
def test_shares_in_single_precision_sum_to_one_wherever_there_are_shares(shares: tuple[float, ...]) -> None:
    """Whether or not they are still marked as such, when they come."""
    for sort in (single(*shares), [float(share) for share in single(*shares)]):
        for where, kept in shares_everywhere(sort).items():
            assert sum(kept) == pytest.approx(1.0, abs=1e-9), where  # type: ignore[call-overload]
            assert kept == pytest.approx(list(shares), rel=1e-6), where
    tenths = [np.float32(0.1)] * 10
    assert sum(float(t) for t in tenths) - 1 > 1e-9, "what was refused before"


def test_shares_that_do_not_sum_to_one_are_still_refused() -> None:
    for shares in ((0.3, 0.3, 0.3), (0.3, 0.3, 0.40001)):
        with pytest.raises(cascade.CascadeError, match="sum to 1"):
            shares_everywhere(shares)


@pytest.mark.parametrize("text", ["10.000", "10,000", "1.500", "1.000.000", "12.000:20.000", "1:1,000", "300.000"])
def test_a_number_of_cells_with_two_readings_is_asked_for(text: str) -> None:
    with pytest.raises(cascade.InputError, match=r"--cells.*(without marks|such as)"):
        parse_cells(text)


@pytest.mark.parametrize(("text", "plain"), [("1.500d", "1500d, or 1.5000d"), ("10,000", "10000, or 10.0000")])
def test_a_time_with_two_readings_is_asked_for(text: str, plain: str) -> None:
    for option in ("--until", "--treat"):
        with pytest.raises(cascade.InputError, match=f"{option}.*{plain}"):
            parse_hours(text, option)
    assert [parse_hours(t) for t in ("0.125", "1.5000d", "1500.000", "1e3")] == [0.125, 36.0, 1500.0, 1000.0]
    with pytest.raises(cascade.InputError, match="a time > 0"):
        parse_hours("1,5")


@pytest.mark.parametrize(
    ("text", "cells"),
    [("1e5", 100_000), ("100_000", 100_000), ("100000", 100_000), ("1,000,000", 10**6), ("1.5e3", 1500), ("2.0", 2),
     ("1_000:2_000", range(1000, 2000)), ("0:1e3", range(1000))],
)  # fmt: skip
def test_numbers_of_cells_with_one_reading(text: str, cells: int | range) -> None:
    assert parse_cells(text) == cells


@given(st.integers(0, 10**15), st.sampled_from(".,_' "))
def test_a_grouped_number_says_itself_or_that_it_may_be_another(number: int, mark: str) -> None:
    text = f"{number:,}".replace(",", mark)
    said = readings(text)
    assert number in said.values()
    if len(set(said.values())) > 1:
        assert mark in ".,"
        assert 1000 <= number < 10**6


@given(st.floats(0.0, 1e15), st.sampled_from(".,"))
def test_a_decimal_number_says_itself(number: float, mark: str) -> None:
    said = readings(repr(number).replace(".", mark))
    assert said[mark] == number or "e" in repr(number)
