"""Odd texts and odd numbers at the doors: control characters, empty and endless names, dates, iterators."""

from __future__ import annotations

import ast
import datetime as dt
import html
import re
import typing
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.dom import minidom

import numpy as np
import pytest

import cascade
from cascade import body
from cascade.cli import main
from cascade.common import notices
from cascade.common.text import html_table, printable, text_table
from cascade.model.base import Part, Text
from cascade.runs.taught import lesson

CONTROLS = ["\0", "\x07", "\x08", "\x1b[31m", "\x7f", "\x9b1m", "\u2028", "\u202e", "\u2066", "\ufffe", "\uffff"]
"""What ends a string, rings, deletes, colours, turns a line around, or may not stand in XML."""

# Names and texts of models.


def parts_of(kind: type[Part]) -> Iterator[type[Part]]:
    """Every kind of part there is."""
    for one in kind.__subclasses__():
        yield one
        yield from parts_of(one)


def fields_of_text() -> list[tuple[type[Part], str, Any]]:
    """Every field of every part that takes text, alone, in a list or as a key, and something that it is given."""
    # Whatever the modules of the package define has been imported by now.
    for name in ("body.cancers", "body.reference", "body.calibration", "body.network", "body.schematic"):
        __import__(f"cascade.{name}")
    fields = []
    for part in dict.fromkeys(parts_of(Part)):
        for name, field in part.model_fields.items():
            made = _with_text(field.annotation)
            if made is not None:
                fields.append((part, name, made))
    return fields


def _with_text(kind: Any) -> Callable[[str], Any] | None:
    """How a text is put into a value of a type; None where it holds none."""
    if kind is str:
        return lambda text: text
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is typing.Annotated:
        return _with_text(inner[0])
    if typing.get_origin(kind) is typing.Literal:
        return None
    if typing.get_origin(kind) is tuple and str in (inner[0], *typing.get_args(inner[0])):
        return lambda text: [text] * (1 if inner[-1] is Ellipsis else len(inner))
    if isinstance(typing.get_origin(kind), type) and issubclass(typing.get_origin(kind), Mapping):
        return (lambda text: {text: 1.0}) if str in (inner[0], *typing.get_args(inner[0])) else None
    return next((made for one in inner if (made := _with_text(one)) is not None), None)


FIELDS = fields_of_text()


def faults(part: type[Part], name: str, value: Any) -> str:
    """What is said of one field."""
    try:
        part(**{name: value})
    except cascade.ModelError as error:
        return "\n".join(str(fault) for fault in error.faults if fault.path.startswith(name))
    except ValueError as error:  # parts that are checked as a part of a model
        return "\n".join(
            f"{e['loc']} {e['type']}"
            for e in error.errors()
            if e["loc"][:1] == (name,)  # type: ignore[attr-defined]
        )
    return ""


@pytest.mark.parametrize(("part", "name", "made"), FIELDS, ids=lambda v: getattr(v, "__name__", v))
def test_no_field_takes_a_control_character(part: type[Part], name: str, made: Callable[[str], Any]) -> None:
    """A new field of text is tried as soon as it is there."""
    for control in CONTROLS:
        said = faults(part, name, made(f"a{control}b"))
        assert re.search("control character|string_pattern_mismatch", said), (control, said)
    for fine in ("plain", "Čapek's µ-cells 5 %"):
        assert not re.search("control character|string_pattern_mismatch", faults(part, name, made(fine)))


def test_the_fields_of_text_were_found() -> None:
    assert len(FIELDS) > 60
    assert {part.__name__ for part, _, _ in FIELDS} >= {
        "Model",
        "State",
        "Death",
        "Treatment",
        "Factor",
        "Source",
        "Cancer",
    }


def test_the_error_names_the_field_and_shows_no_control_character() -> None:
    model = cascade.load("textbook")
    with pytest.raises(cascade.ModelError) as error:
        model.with_(name="a\x1b[31mb", title="a\0b")
    for words in (r"name = 'a\x1b[31mb'", r"title = 'a\x00b'", "control character"):
        assert words in str(error.value)
    assert not re.search("[\x00-\x09\x0b-\x1f]", str(error.value))
    assert model.with_(description="two\nlines,\tand a tab").description.count("\n") == 1
    with pytest.raises(cascade.ModelError, match="control character"):
        cascade.Model.from_survival({"a\x1b": 0.5, "b": 0.5})
    assert Text


def test_tables_print_no_control_character() -> None:
    for control in CONTROLS:
        rows = [[f"a{control}b", "1"]]
        for text in (text_table([f"h{control}", "n"], rows), html_table([f"h{control}", "n"], rows, f"c{control}")):
            assert printable(text.replace("\n", "")) == text.replace("\n", "")
    assert printable("Čapek 😀 µ\u200d") == "Čapek 😀 µ\u200d"


def odd_funnel() -> cascade.Funnel:
    odd = "".join(CONTROLS)
    return cascade.Funnel.from_counts({f"a{odd}": 100, f"b{odd}<&": 50, f"c{odd}": 5}, label=f"mine{odd}")


def test_a_funnel_of_odd_names_is_printed_and_drawn_without_them(tmp_path: Path) -> None:
    funnel = odd_funnel()
    for text in (str(funnel), html.unescape(funnel._repr_html_())):
        assert printable(text.replace("\n", "")) == text.replace("\n", "")
    for name, figure in (
        ("funnel", cascade.plot.funnel(funnel)),
        ("waterfall", cascade.plot.waterfall(funnel)),
        ("labels", cascade.plot.funnel(funnel, funnel, labels=[f"x{c}" for c in CONTROLS[:2]])),
    ):
        path = cascade.plot.save(figure, tmp_path / f"{name}.svg")
        assert minidom.parse(str(path)).documentElement.tagName == "svg"  # noqa: S318 (our own file)
        cascade.plot.save(figure, tmp_path / f"{name}.png")
        cascade.plot.save(figure, tmp_path / f"{name}.pdf")


# Times, sizes, cells.

MODEL = cascade.load("ctc-mouse")
RESULT = cascade.simulate(MODEL, cells=1000, seed=1, until=0.05, times=[0.01, 0.02])
EXACT = cascade.exact(MODEL)
SPAN = dt.timedelta(hours=1)
DATES = [
    SPAN, dt.datetime.fromisoformat("2026-01-01"), dt.date(2026, 1, 1), dt.time(1),
    np.timedelta64(1, "h"), np.datetime64("2026-01-01"),
]  # fmt: skip
TIMED: dict[str, Callable[[Any], object]] = {
    "simulate until": lambda t: cascade.simulate(MODEL, cells=10, seed=1, until=t),
    "simulate times": lambda t: cascade.simulate(MODEL, cells=10, seed=1, times=[t], until=0.02),
    "compare until": lambda t: cascade.compare(MODEL, MODEL, cells=10, seed=1, until=t),
    "replay until": lambda t: cascade.replay(MODEL, seed=1, cells=[1], until=t),
    "exact until": lambda t: cascade.exact(MODEL, until=t),
    "occupancy": lambda t: RESULT.occupancy([t]),
    "incidence": lambda t: RESULT.incidence(np.array([t])),
    "exact occupancy": lambda t: EXACT.occupancy(t),
    "exact incidence": lambda t: EXACT.incidence([t]),
    "exact reach": lambda t: EXACT.reach((t,)),
    "treatment": lambda t: cascade.treatment("nk-depletion", t),
    "treatment end": lambda t: cascade.treatment("nk-depletion", 0, t),
    "entry": lambda t: MODEL.with_(start={"states": [{"state": "circulating"}], "entry_hours": (0.0, t)}),
    "windows": lambda t: MODEL.with_(
        capacity={"occupied_by": ["circulating"], "hazards": ["circulating.cleared"], "half": 5, "windows": [0, t]}
    ),
    "mean hours": lambda t: cascade.Model.from_survival({"a": 0.5}, mean_hours=t),
    "lesson": lambda t: lesson(MODEL, until=t, treat=()),
}


@pytest.mark.parametrize("date", DATES, ids=lambda d: f"{type(d).__module__}.{type(d).__name__}")
@pytest.mark.parametrize("where", TIMED)
def test_a_date_is_no_number_of_hours_and_the_error_says_what_to_write(where: str, date: Any) -> None:
    with pytest.raises(cascade.CascadeError, match=r"span / datetime.timedelta\(hours=1\)"):
        TIMED[where](date)
    assert isinstance(SPAN / dt.timedelta(hours=1), float)


NO_HOURS = ["1", ["1"], b"1", [True], {0.01: 1}, {0.01}, [[0.01]], [None], None, np.array(0.01), 1j]


@pytest.mark.parametrize("wrong", NO_HOURS, ids=repr)
def test_what_is_no_hours_is_refused_alike_by_both_answers(wrong: Any) -> None:
    for curves in (EXACT.occupancy, EXACT.incidence, EXACT.reach):
        with pytest.raises(cascade.InputError, match="hours"):
            curves(wrong)
    if wrong is not None:
        for curves in (RESULT.occupancy, RESULT.incidence):
            with pytest.raises(cascade.InputError, match="hours"):
                curves(wrong)


def test_no_times_give_curves_without_a_point() -> None:
    treated = MODEL.with_treatments(cascade.Treatment(name="t", effects=[{"hazard": "*.cleared", "factor": 0.5}]))
    for answer in (RESULT, EXACT, cascade.exact(MODEL, until=1.0), cascade.exact(treated)):
        curves = [answer.occupancy([]), answer.incidence([])]
        curves += [answer.reach([])] if hasattr(answer, "reach") else []
        for curve in curves:
            assert curve.values.shape == (len(curve.names), 0)
            assert curve.to_dicts() == []


def test_iterators_serve_as_lists() -> None:
    """Each is used up once, and all that was in it is seen."""
    for answer in (RESULT, EXACT):
        for curves in (answer.occupancy, answer.incidence):
            assert curves(t for t in (0.01, 0.02)) == curves([0.01, 0.02])
    assert cascade.simulate(MODEL, cells=10, seed=1, until=1.0, times=(t for t in (1, 2))).times == (1.0, 2.0)
    assert [life.cell for life in RESULT.replay(iter([3, 5]))] == [3, 5]
    assert [life.cell for life in cascade.replay(MODEL, seed=1, cells=iter([3, 5]))] == [3, 5]
    pairs = cascade.compare(MODEL, MODEL, cells=10, seed=1, until=1.0)
    assert len(pairs.replay(iter([3, 5]))) == 2
    with pytest.raises(cascade.InputError, match="watch"):
        cascade.simulate(MODEL, cells=10, seed=1, watch=(name for name in ("circulating",)))  # type: ignore[arg-type]


def plain_model() -> dict[str, Any]:
    """A model as plain data, in which something is wrong that only the second look finds."""
    return {
        "name": "x",
        "stages": ["s"],
        "start": {"states": [{"state": "a"}], "entry_hours": [0.0, 1.0]},
        "states": [
            {"name": "a", "stage": "s", "moves": [{"to": "b", "hazard": 1}], "deaths": [{"cause": "d", "hazard": 1}]},
            {"name": "b", "absorbing": True},
        ],
        "frailties": [{"name": "z", "cv": 1.0, "hazards": [{"hazard": "a.d"}]}],
        "factors": [{
            "name": "f", "levels": ["u", "v"], "states": ["a"],
            "switches": [{"level": "u", "to": "v", "hazard": 1.0}],
            "effects": [{"level": "v", "hazard": "a.d", "factor": 0.5}],
        }],
        "capacity": {"occupied_by": ["a"], "hazards": ["a.d"], "half": 5, "windows": [0, 1]},
        "treatments": [{"name": "t", "effects": [{"hazard": "a.d", "factor": 0.5}]}],
    }  # fmt: skip


def walked(data: Any, wrap: Callable[[list[Any]], Any]) -> Any:
    """The same data with something else in place of every list."""
    if isinstance(data, dict):
        return {name: walked(value, wrap) for name, value in data.items()}
    return wrap([walked(value, wrap) for value in data]) if isinstance(data, list) else data


WRAPS = [
    iter,
    tuple,
    deque,
    lambda values: (value for value in values),
    lambda values: dict(enumerate(values)).values(),
]


@pytest.mark.parametrize("wrap", WRAPS)
def test_every_list_of_a_model_may_be_anything_that_can_be_walked_through(wrap: Callable[[list[Any]], Any]) -> None:
    """At any depth, and what is wrong inside is found all the same."""
    listed = cascade.Model(**plain_model())
    assert cascade.Model(**walked(plain_model(), wrap)).digest() == listed.digest()
    for place in ("frailties", "factors", "capacity", "treatments"):
        data = plain_model()
        text = repr(data[place]).replace("'a.d'", "'a.nothing'")
        data[place] = ast.literal_eval(text)
        with pytest.raises(cascade.ModelError, match="nothing") as one:
            cascade.Model(**data)
        with pytest.raises(cascade.ModelError) as two:
            cascade.Model(**walked(data, wrap))
        assert [fault.path for fault in one.value.faults] == [fault.path for fault in two.value.faults]


@pytest.mark.parametrize("path", [1, None, b"x.toml", 1.5, ["x"]])
def test_a_path_is_text(path: Any) -> None:
    for thing in (MODEL, body.cancer("colon")):
        with pytest.raises(cascade.InputError) as error:
            thing.save(path)
        assert error.value.field == "path"


@pytest.mark.parametrize("wrong", ["a", 0, -1, 1.5, None, True, np.timedelta64(2, "h"), [1]])
def test_a_size_is_a_whole_number(wrong: Any) -> None:
    with pytest.raises(cascade.InputError) as error:
        cascade.exact(cascade.load("clusters")).hours(least_size=wrong)
    assert error.value.field == "least_size"


def test_a_treatment_that_begins_after_the_end_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = MODEL.with_treatments(
        cascade.Treatment(name="late", start_hours=2, effects=[{"hazard": "*.cleared", "factor": 0}])
    )
    for run in (
        lambda until: cascade.simulate(late, cells=10, seed=1, until=until),
        lambda until: cascade.compare(MODEL, late, cells=10, seed=1, until=until),
        lambda until: cascade.exact(late, until=until),
    ):
        monkeypatch.setattr(notices, "_said", set())
        for until, said in ((None, 0), (3.0, 0), (2.0, 1), (1.0, 2)):
            run(until)
            err = capsys.readouterr().err
            assert err.count("'late' begins at 2 h") == min(said, 1), (until, err)
            assert "the kernel" in err or err.count("\n") == min(said, 1)


# The command line.


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and stderr of a call in this process."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return int(end.value.code or 0), capsys.readouterr().err


RUN = ("run", "ctc-mouse", "--cells", "100", "--seed", "1", "--until", "0.02", "-q")
PATHS = {
    "run": (*RUN, "--out"),
    "compare": ("compare", "ctc-mouse", "ctc-mouse", "--cells", "100", "-q", "--out"),
    "plot": ("plot",),
    "plot out": ("plot", "none.csv", "--out"),
    "demo": ("demo", "--cells", "100", "-q", "--out"),
    "demo page": ("demo", "--cells", "100", "-q", "--html"),
}


@pytest.mark.parametrize("where", PATHS)
def test_empty_and_endless_names_are_refused(
    where: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    endless = "x" * 5000 + ".png", "y" * 300 + ".html"
    for name, words in (("", "not empty"), ("  ", "not empty"), (endless[0], "name"), (endless[1], "name")):
        code, err = call(capsys, *PATHS[where], name)
        assert code == 2
        assert words in err
    assert list(tmp_path.iterdir()) == []
    long = f"{'z' * 251}.png"  # as long as a name may be
    if where in ("compare", "demo"):
        assert call(capsys, *PATHS[where], long)[0] == 0
        assert (tmp_path / long).exists()


def test_the_word_that_is_wrong_is_blamed(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, field in (
        (("compare", "textbook", "mistake"), "OTHER = 'mistake'"),
        (("compare", "mistake", "textbook"), "MODEL = 'mistake'"),
        (("run", "mistake"), "MODEL = 'mistake'"),
        (("exact", "mistake.toml"), "MODEL = 'mistake.toml'"),
        (("run", "textbook", "--treat", "mistake"), "--treat = 'mistake'"),
        (("show", "mistake"), "MODEL = 'mistake'"),
        (("compare", "textbook", "nk-depletion"), "OTHER = 'nk-depletion'"),
    ):
        code, err = call(capsys, *arguments)
        assert code == 2
        assert field in err
