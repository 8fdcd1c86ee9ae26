"""Tables as people read them: every number of a line is that of its row, beside it that of the other answer."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.answers.funnel import Funnel, FunnelRow, causes_text, row_of
from cascade.answers.handing import HandsOut
from cascade.answers.organs import organs_of
from cascade.answers.sizes import Sizes
from cascade.answers.table import Table
from cascade.common.shares import estimate_of_share, percent
from cascade.common.text import number
from helpers.drawn import told
from helpers.models import FRAIL, LINEAR, TURNED_BACK, two_levels

CELLS = 3000
MODELS = {
    "textbook": cascade.load("textbook"),
    "clusters": cascade.load("clusters"),
    "turned back": two_levels(TURNED_BACK),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_funnel_shows_its_rows_and_those_beside_it(name: str) -> None:
    counted, exact = cascade.simulate(MODELS[name], cells=CELLS, seed=1).funnel(), cascade.exact(MODELS[name]).funnel()
    header, lines = counted.as_text(exact)
    assert header == ["step", "entered", "passed", "of previous", "of all", "95 % interval", "exact: passed", "lost to"]
    for line, row, other in zip(lines, counted.rows, exact.rows, strict=False):
        assert line[:3] == [row.step, number(row.entered), number(row.passed)]
        assert line[3] == percent(row.fraction_of_previous)
        assert line[4:6] == list(estimate_of_share(row.fraction_of_all, row.low, row.high))
        # The exact funnel of one cell, told for as many as were counted.
        assert line[6] == number(other.fraction_of_all * counted.cells)
    marks = lines[len(counted.rows) :]
    assert len(marks) == len(counted.milestones)
    for line, mark, other_mark in zip(marks, counted.milestones, exact.milestones, strict=True):
        assert line[:4] == [f"  ever {mark.name}", "", number(mark.cells), ""]
        assert line[4:6] == list(estimate_of_share(mark.fraction_of_all, mark.low, mark.high))
        assert line[6:] == [number(other_mark.fraction_of_all * counted.cells), ""]
    text = counted.table(exact)
    steps, _, causes = text.partition("\n\n")
    assert "lost to" not in steps
    listed = causes.split("\n\n")[0].splitlines()
    assert listed[0].split() == ["step", "lost", "to"]
    ended = [row for row in counted.rows if causes_text(row)]
    for line, row in zip(listed[-len(ended) :], ended, strict=True):
        assert line.startswith(row.step)
        assert line.index(causes_text(row)) == listed[0].index("lost to"), "texts stand to the left"


@pytest.mark.parametrize("still", [0, 7])
@pytest.mark.parametrize("causes", [0, 1, 4, 5])
def test_the_largest_causes_of_loss_come_first(causes: int, still: int) -> None:
    lost = {f"cause {i}": float(10 * (i + 1)) for i in range(causes)} | {"nothing": 0.0}
    total = sum(lost.values()) + still
    row = row_of("step", 1000, 1, 1000, lost, still)
    shares = [f"cause {i} {100 * 10 * (i + 1) / total:.0f} %" for i in reversed(range(causes))][:4]
    waiting = [f"(still there {100 * still / total:.0f} %)"] if still else []
    assert causes_text(row) == ", ".join(shares + waiting) + (", ..." if causes > 4 else "")


def test_a_share_that_is_small_is_not_none() -> None:
    text = causes_text(row_of("step", 1000, 1, 1000, {"often": 999.0, "seldom": 1.0}, 0))
    assert text == "often >99 %, seldom <1 %"


def test_own_counts_are_lost_to_what_was_there_before() -> None:
    rows = Funnel.from_counts({"injected": 100, "held": 40, "colonies": 3}).rows
    assert [(r.step, r.entered, r.passed, dict(r.lost), r.still) for r in rows] == [
        ("held", 100, 40, {"lost": 60}, 0),
        ("colonies", 40, 3, {"lost": 37}, 0),
    ]
    assert Funnel.from_counts({"a": 10**18, "b": 0}).cells == 10**18
    with pytest.raises(cascade.InputError, match="1e18"):
        Funnel.from_counts({"a": 10**18 + 1, "b": 0})


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("injected,100\nheld,40", "line 1.*headings"),
        ("step,number\ninjected", "line 2.*a name and a number"),
        ("step,number\n\ninjected,100\nheld,x", "line 4.*a name and a number"),
        ("step\ninjected\nheld", "between commas, semicolons or tabs"),
    ],
)
def test_a_file_says_which_line_is_wrong(lines: str, wanted: str, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(lines)
    with pytest.raises(cascade.InputError, match=wanted):
        Funnel.from_csv(path)


def test_columns_after_the_second_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("step,number,note\n injected , 1000 ,first\nheld,40,second\n")
    funnel = Funnel.from_csv(path)
    assert [row.step for row in funnel.rows] == ["held"]
    assert (funnel.cells, funnel.label) == (1000, "own")


def test_organs_show_their_rows_and_the_colonies_beside_them() -> None:
    colon = cascade.load("colon")
    counted, exact = cascade.simulate(colon, cells=2_000_000, seed=1).organs(), cascade.exact(colon).organs()
    header, lines = counted.as_text(exact)
    assert header[-2:] == ["95 % interval", "exact: colonies"]
    of_one = {row.organ: row.colonies for row in exact}
    for line, row in zip(lines, counted, strict=True):
        numbers = [number(n) for n in (row.arrested, row.extravasated, row.colonies)]
        assert line[:8] == [row.organ, row.kind, row.route, *numbers, *estimate_of_share(row.share, row.low, row.high)]
        assert line[8] == number(of_one[row.organ] * counted.cells / exact.cells)
    # Distant metastases first; of a kind the routes in turn, the most colonies first.
    assert [kind for kind, _ in groupby(row.kind for row in counted)] == ["distant", "nodal", "local"]
    keys = [(row.kind, row.route, -row.colonies, -row.arrested, row.organ) for row in counted]
    groups = [list(own) for _, own in groupby(keys, key=lambda key: key[:2])]
    assert len(groups) == len({own[0][:2] for own in groups})
    assert all(own == sorted(own) for own in groups)
    assert [line for line in counted.table(exact).splitlines() if line.startswith("liver")]


def test_sizes_show_units_cells_and_their_mean() -> None:
    result = cascade.simulate(MODELS["clusters"], cells=CELLS, seed=1)
    sizes = result.sizes()
    _, lines = sizes.as_text()
    assert len(sizes) == len(lines) == 1 + len(MODELS["clusters"].stages)
    for line, row, units in zip(lines, sizes, sizes.by_size, strict=True):
        by_hand = sum(k * n for k, n in enumerate(units.tolist()))
        assert (row.singles, row.clusters, row.cells) == (units[1], sum(units[2:]), by_hand)
        assert line[1:4] == [number(n) for n in (row.singles, row.clusters, row.cells)]
        assert line[4] == (f"{by_hand / sum(units.tolist()):.3g}" if by_hand else "-")
    assert sizes.rows[0].cells == result.cells


@pytest.mark.parametrize(
    "table", [cascade.exact(MODELS["clusters"]).sizes(), cascade.exact(MODELS["textbook"]).funnel()]
)
def test_names_stand_to_the_left_and_numbers_to_the_right(table: Table[object]) -> None:
    lines = str(table).split("\n\n")[0].splitlines()
    assert all(re.match(r"\S| {2}ever", line) for line in lines if not set(line) <= set("- "))
    assert len({len(line.rstrip()) for line in lines}) == 1, "the last column ends where its heading ends"
    assert isinstance(table, Funnel | Sizes)


def test_organs_and_routes_stand_to_the_left() -> None:
    header, *lines = str(cascade.exact(cascade.load("colon")).organs()).splitlines()
    at = header.index("route")
    assert header[at - 1] == " "
    assert all(line[at - 1] == " " and line[at] != " " for line in lines if not set(line) <= set("- "))


def test_a_notebook_shows_whose_table_it_is() -> None:
    clusters = cascade.load("clusters")
    result = cascade.simulate(clusters, cells=CELLS, seed=1)
    tables = [result.funnel(), result.sizes(), cascade.exact(cascade.load("colon")).organs()]
    for table, name in zip(tables, (clusters, clusters, cascade.load("colon")), strict=True):
        assert (name.title or name.name) in table.caption
        assert html.escape(table.caption) in table._repr_html_()
    assert Table().caption == ""


def test_organs_that_nobody_came_to_have_none() -> None:
    colon = cascade.load("colon")
    rows = organs_of(colon, {}, 100, exact=False).rows
    assert len(rows) == len(colon.sites)
    assert {(r.arrested, r.extravasated, r.colonies, r.share, r.low, r.high) for r in rows} == {(0, 0, 0, 0, 0, 1)}


def test_of_a_row_that_says_no_more_nobody_is_left() -> None:
    row = FunnelRow("step", 5, 5, 1.0, 1.0, 1.0, 1.0)
    assert row.entered == row.passed + sum(row.lost.values()) + row.still


def test_a_name_of_a_funnel_is_given_by_name() -> None:
    """So that a second table is not taken for one."""
    with pytest.raises(TypeError):
        Funnel.from_counts({"a": 2, "b": 1}, "label")  # type: ignore[misc]


# Tables side by side.


def funnels() -> dict[str, Funnel]:
    """Of the same steps: one of each kind."""
    model = MODELS["clusters"]
    own = Funnel.from_counts({"shed": 1000, **dict(zip(model.stages, (500, 90, 1), strict=True))})
    return {
        "simulated": cascade.simulate(model, cells=CELLS, seed=1).funnel(),
        "exact": cascade.exact(model).funnel(),
        "counted": own,
    }


@pytest.mark.parametrize("beside", ["simulated", "exact", "counted"])
@pytest.mark.parametrize("table", ["simulated", "exact", "counted"])
def test_a_funnel_beside_another_is_called_what_it_is(table: str, beside: str) -> None:
    one, two = funnels()[table], funnels()[beside]
    header, lines = one.as_text(two)
    of_another = f" ({two.label})" if one.label != two.label else ""
    assert [name for name in header if ": passed" in name] == [f"{beside}{of_another}: passed"]
    at = header.index(f"{beside}{of_another}: passed")
    for line, row in zip(lines, two, strict=False):
        assert line[at] == number(row.passed * one.cells / two.cells)


def test_what_stands_beside_names_its_model_and_its_end_where_these_differ() -> None:
    colon = cascade.load("colon")
    other = colon.with_(scale={"*.shear": 0.5})
    made = {
        "simulated: ": cascade.simulate(colon, cells=3000, seed=2),
        "simulated (until 10 h): ": cascade.simulate(colon, cells=1000, seed=1, until=10.0),
        "simulated (another model): ": cascade.simulate(other, cells=1000, seed=1),
        "simulated (another model, until 0.5 h): ": cascade.simulate(other, cells=1000, seed=1, until=0.5),
        "simulated (Thing): ": cascade.simulate(other.with_(title="Thing"), cells=1000, seed=1),
        "simulated (Thing, until 10 h): ": cascade.simulate(colon.with_(title="Thing"), cells=9, seed=1, until=10.0),
    }
    first = cascade.simulate(colon, cells=1000, seed=1)
    for name, result in made.items():
        assert result.funnel().as_text(first.funnel())[0][-2].startswith("simulated")
        assert first.funnel().as_text(result.funnel())[0][-2] == f"{name}passed"
        assert first.organs().as_text(result.organs())[0][-1] == f"{name}colonies"
    early = made["simulated (until 10 h): "]
    assert early.funnel().as_text(first.funnel())[0][-2] == "simulated (without an end): passed"
    truth = cascade.exact(other.with_(title="Thing"))
    assert first.funnel().as_text(truth.funnel())[0][-2] == "exact (Thing): passed"
    assert first.organs().as_text(truth.organs())[0][-1] == "exact (Thing): colonies"


def test_notes_are_told_wherever_a_funnel_is_shown() -> None:
    """As text, in a notebook, in figures."""
    clusters = cascade.simulate(MODELS["clusters"], cells=CELLS, seed=1)
    note = clusters.funnel().note
    assert note
    figures = [cascade.plot.funnel(clusters), cascade.plot.funnel(clusters.funnel()), cascade.plot.waterfall(clusters)]
    labels = [told(figure) for figure in figures]
    for view in (str(clusters), clusters.funnel()._repr_html_(), clusters._repr_html_(), *labels):
        assert note in view
    for plain in (cascade.simulate(LINEAR, cells=99, seed=1), cascade.exact(LINEAR)):
        assert "<p>" not in plain._repr_html_()


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["a", "b"], "only here: 'c'"),
        (["a", "b", "c", "d"], "only beside: 'd'"),
        (["a", "x", "c"], "only beside: 'x'; only here: 'b'"),
        (["b", "a", "c"], "in another order"),
        ([], "only here"),
    ],
)
def test_funnels_of_other_steps_are_not_paired_by_position(steps: list[str], said: str) -> None:
    def funnel(names: list[str]) -> Funnel:
        if not names:
            return Funnel((), 10)
        return Funnel.from_counts({"start": 10, **dict.fromkeys(names, 5)})

    for show in (funnel(["a", "b", "c"]).table, funnel(["a", "b", "c"]).as_text):
        with pytest.raises(cascade.InputError, match=said):
            show(funnel(steps))
        with pytest.raises(cascade.InputError, match="a funnel"):
            show([1, 2, 3])  # type: ignore[arg-type]


def test_organs_and_traits_of_others_are_not_paired() -> None:
    colon, prostate = (cascade.exact(cascade.load(name)).organs() for name in ("colon", "prostate"))
    with pytest.raises(cascade.InputError, match=r"only beside.*only here"):
        colon.table(beside=prostate)
    with pytest.raises(cascade.InputError, match="a table of organs"):
        colon.table(beside=cascade.exact(MODELS["textbook"]).funnel())  # type: ignore[arg-type]
    counted = cascade.simulate(cascade.load("colon"), cells=1000, seed=1).organs()
    assert "simulated: colonies" in colon.table(beside=counted)
    assert "exact: colonies" in counted.table(beside=colon)
    found = cascade.selection(FRAIL, cells=1000, seed=1)
    exact = cascade.exact(FRAIL).traits()
    assert "exact mean" in found.table(exact)
    with pytest.raises(cascade.InputError, match="only here: 'visibility'"):
        found.table({name: means for name, means in exact.items() if name != "visibility"})
    with pytest.raises(cascade.InputError, match="a mean for each"):
        found.table({name: means[:-1] for name, means in exact.items()})


# Handed out.

OUT: dict[str, Callable[[], Any]] = {
    "funnel": lambda: cascade.exact(cascade.load("textbook")).funnel(),
    "organs": lambda: cascade.exact(cascade.load("colon")).organs(),
    "curves": lambda: cascade.exact(cascade.load("textbook")).occupancy([1.0, 10.0]),
    "lives": lambda: cascade.replay(cascade.load("textbook"), seed=1, cells=range(3)),
    "counts": lambda: cascade.Data.counts([{"animal": 1, "day": 2, "count": 3}], {"x": "arrested"}, cells=10),
    "diseases": lambda: cascade.diseases(),
}


@pytest.mark.parametrize("name", OUT)
def test_a_frame_and_a_file_have_the_rows_of_the_dictionaries(name: str, tmp_path: Path) -> None:
    """Numbers are the same to the last digit; what is nested has columns of its own."""
    import pandas as pd

    table = OUT[name]()
    rows, frame = table.to_dicts(), table.to_pandas()
    assert len(frame) == len(rows)
    path = tmp_path / "table.csv"
    HandsOut.to_csv(table, path)
    read = pd.read_csv(path, float_precision="round_trip")
    assert list(read.columns) == list(frame.columns)
    for row, framed, back in zip(rows, frame.to_dict("records"), read.to_dict("records"), strict=True):
        for key, value in row.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                assert framed[key] == value
                assert back[key] == value
            if isinstance(value, dict):
                for inner, number in value.items():
                    if isinstance(number, int | float):
                        assert back[f"{key}: {inner}"] == pytest.approx(number, rel=1e-15)


def test_parquet_where_pyarrow_is_and_a_message_where_not(tmp_path: Path) -> None:
    import importlib.util

    table = OUT["organs"]()
    if importlib.util.find_spec("pyarrow") is None:
        with pytest.raises(cascade.InputError, match="pyarrow installed"):
            table.to_parquet(tmp_path / "t.parquet")
        assert not list(tmp_path.iterdir())
        return
    import pandas as pd

    read = pd.read_parquet(table.to_parquet(tmp_path / "t.parquet"))
    assert read["organ"].tolist() == [row["organ"] for row in table.to_dicts()]


@pytest.mark.parametrize("name", OUT)
def test_arrow_has_the_rows_of_the_frame(name: str) -> None:
    """Where pyarrow is, of every table; lives, too."""
    pytest.importorskip("pyarrow", reason="pip install 'metastatic-cascade[io]'")
    table = OUT[name]()
    found, frame = table.to_arrow(), table.to_pandas()
    assert found.column_names == list(frame.columns)
    assert found.num_rows == len(frame)
    assert found.to_pandas().equals(frame)


def test_without_pyarrow_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(cascade.InputError, match="pyarrow installed"):
        OUT["organs"]().to_arrow()
    with pytest.raises(cascade.InputError, match="pyarrow installed"):
        OUT["organs"]().to_parquet(tmp_path / "t.parquet")
    assert not list(tmp_path.iterdir())


def test_without_pandas_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(cascade.InputError, match="pandas installed"):
        OUT["organs"]().to_pandas()
