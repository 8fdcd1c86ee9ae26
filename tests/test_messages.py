"""What errors say: the field by the name that the user gave it, once, and what to write instead."""

from __future__ import annotations

import inspect
import json
import os
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

import cascade
from cascade import body, plot
from cascade.common import notices
from cascade.model.base import Part
from cascade.patient.course import course_of
from helpers.models import CYCLIC

MODEL = cascade.Model.from_survival({"arrest": 0.5, "exit": 0.4})
RESULT = cascade.simulate(MODEL, cells=100, seed=1)
FUNNEL = RESULT.funnel()

SAID: list[tuple[Callable[[], object], str]] = [
    (lambda: plot.save(3, "x.png"), r"^figure = 3: a Figure"),  # type: ignore[arg-type]
    (lambda: FUNNEL.table(beside=3), r"^beside = 3: a funnel"),  # type: ignore[arg-type]
    (lambda: RESULT.save(""), r"^path = '': the name of a file"),
    (lambda: cascade.Model.from_survival({"a": 0.5}, goal="a"), r"^goal = 'a': the name of what is reached"),
    (lambda: cascade.Model.from_survival({"a": 0.5}, goal=3), r"^goal = 3: the name"),  # type: ignore[arg-type]
    (lambda: cascade.Treatment(name="x", effects=[]), r"^treatment 'x' has 1 fault"),  # type: ignore[arg-type]
    (lambda: body.circulation("male").model_copy(update={"beds": ()}), r"^circulation "),
    (lambda: body.cancer("colon").model_copy(update={"drainage": {"veins": 0.5}}), r"^cancer 'colon' has"),
    (lambda: plot.occupancy(RESULT.incidence()), r"^source = .*: curves that occupancy of a result"),
    (lambda: plot.incidence(3), r"^source = 3: a result, an exact answer, or curves"),  # type: ignore[arg-type]
    (lambda: plot.funnel(FUNNEL, labels=3), r"^labels = 3: a list of one name"),  # type: ignore[arg-type]
    (lambda: plot.funnel(FUNNEL, labels=[3]), r"^labels = \[3\]: a list of one name"),  # type: ignore[list-item]
    (lambda: plot.funnel(FUNNEL, labels="x"), r"^labels = 'x': a list of one name"),
]


@pytest.mark.parametrize("number", range(len(SAID)))
def test_errors_name_the_field_and_what_to_write(number: int) -> None:
    act, said = SAID[number]
    with pytest.raises(cascade.CascadeError, match=said):
        act()


def test_one_mistake_that_is_a_fault_everywhere_is_told_in_a_few_lines() -> None:
    many = cascade.Model.from_survival({f"s{i}": 0.5 for i in range(12)})
    with pytest.raises(cascade.ModelError) as caught:
        many.with_(stages=["x"])
    assert len(caught.value.faults) == 12
    lines = str(caught.value).splitlines()
    assert len(lines) == 1 + 3 + 1
    assert lines[-1] == "  and 9 more of this kind, up to states[11].stage"
    with pytest.raises(cascade.ModelError) as caught:
        cascade.Model(name="x" * 5000, stages=["a"], states=[])
    assert len(str(caught.value).splitlines()[0]) < 200


def test_a_treatment_that_does_not_fit_is_shown_as_one_that_does() -> None:
    """The example in the message can be copied, and works."""
    for model in (MODEL, CYCLIC):
        with pytest.raises(cascade.InputError, match="acts on a hazard of this model") as caught:
            model.with_treatments(cascade.treatment("nk-depletion").model_copy(update={"effects": other()}))
        written = str(caught.value).partition("of its own: ")[2]
        assert model.with_treatments(eval(written)).treatments  # noqa: S307 (our own message)


def other() -> list[dict[str, object]]:
    return [{"hazard": "moon.craters", "factor": 0.5}]


@pytest.mark.full
def test_a_script_that_the_font_lacks_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notices, "_said", set())
    states = [
        {"name": "血", "stage": "循环", "moves": [{"to": "目", "hazard": 1.0}],
         "deaths": [{"cause": "剪切", "hazard": 1.0}]},
        {"name": "目", "absorbing": True},
    ]  # fmt: skip
    model = cascade.Model(name="日本", title="转移级联", stages=["循环"], states=states)
    answer = cascade.exact(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for draw in (plot.funnel, plot.alluvial, plot.occupancy, plot.incidence):
            figure = draw(answer)  # type: ignore[operator]
            for kind in ("png", "svg", "pdf"):
                plot.save(figure, tmp_path / f"x.{kind}")
            figure._repr_png_()
    said = [line for line in capsys.readouterr().err.splitlines() if "compiling" not in line]
    assert len(said) == 1
    assert "font" in said[0]


THEIRS = ("Input should", "should have", "Field required", "valid ", "characters")
WRONG = [None, "", "x" * 100, "{x}", -1, 0, 1e300, 1.5, float("nan"), [], {}, [1], True, 10**9]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda w: repr(w)[:10])
def test_faults_are_told_in_the_words_of_this_package(wrong: object) -> None:
    """Every field of every part given what it does not take: no word of the library that checks the types."""
    told = 0
    for part in every_part():
        for field in part.model_fields:
            for make in WAYS:
                try:
                    make(part, {field: wrong})
                except cascade.CascadeError as error:
                    said = str(error)
                    told += 1
                    assert not any(words in said for words in THEIRS), said
                    assert "https:" not in said
    assert told > 200


WAYS: list[Callable[[Any, dict[str, object]], object]] = [
    lambda part, data: part(**data),
    lambda part, data: part.model_validate(data),
    lambda part, data: part.model_validate_json(json.dumps(data)),
    lambda part, data: part.model_construct(**data),
]


def every_part(base: type[Part] = Part) -> Iterator[type[Part]]:
    """All classes of parts: of models, and of the body."""
    for part in base.__subclasses__():
        if part.__module__.startswith("cascade."):
            yield part
            yield from every_part(part)


def of_every_kind(value: object) -> dict[type[Part], Part]:
    """One part of each kind that something holds."""
    found: dict[type[Part], Part] = {}
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Part):
            found.setdefault(type(value), value)
            waiting += [held for _, held in value]
        elif isinstance(value, tuple):
            waiting += value
    return found


HELD = of_every_kind(
    (
        *(cascade.load(name) for name in ("unlike-cells", "clusters", "emt", "colon", "ctc-mouse")),
        *(cascade.treatment(entry.name) for entry in cascade.treatments()),
        body.cancer("colon"), body.circulation("male"), body.fitted(), body.routes.routes(), body.reference.cells(),
    )
)  # fmt: skip


@pytest.mark.parametrize("kind", HELD, ids=lambda kind: kind.__name__)
def test_no_way_to_a_part_says_it_in_the_words_of_others(kind: type[Part]) -> None:
    """Made, read, copied or changed: every refusal is an error of this package that names the field."""
    part = HELD[kind]
    field = next(iter(kind.model_fields))
    wrong = {**dict(part), field: object()}
    acts: list[Callable[[], object]] = [
        lambda: kind(**wrong),
        lambda: kind(**wrong, bogus=1),
        lambda: kind.model_validate(wrong),
        lambda: kind.model_validate({**wrong, "bogus": 1}),
        lambda: kind.model_validate(3),
        lambda: kind.model_validate_json("{"),
        lambda: kind.model_validate_strings({field: "\x00"}),
        lambda: part.model_copy(update={field: object()}),
        lambda: part.copy(update={field: object()}),
        lambda: setattr(part, field, getattr(part, field)),
        lambda: setattr(part, "bogus", 1),
        lambda: delattr(part, field),
    ]
    for act in acts:
        with pytest.raises(cascade.CascadeError) as caught:
            act()
        assert "https:" not in str(caught.value)
    for act in acts[:3]:
        with pytest.raises(cascade.CascadeError, match=rf"(?m)^ *{field}\b"):
            act()
    assert kind.model_validate(dict(part)) == part
    assert kind.model_validate_json(part.model_dump_json()) == part


def test_faults_of_a_part_within_a_part_bear_the_whole_path() -> None:
    with pytest.raises(cascade.ModelError, match=r"treatments\[0\]\.effects\[0\]\.factor = -3"):
        MODEL.with_(treatments=[{"name": "t", "effects": [{"hazard": "arrest.lost", "factor": -3}]}])
    with pytest.raises(cascade.ModelError, match=r"^state 'x' has 1 fault:\n  moves\[0\]\.hazard = -1"):
        cascade.State(name="x", stage="a", moves=[{"to": "y", "hazard": -1}])  # type: ignore[list-item]
    with pytest.raises(cascade.ModelError, match=r"^start share 'x' has 1 fault:\n  share = 2"):
        cascade.StartShare(state="x", share=2)


# Arguments in the words of whoever gave them.

LONG = "n" * 5000


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"survival": {"a": 0.5}, "goal": ""}, ["goal"]),
        ({"survival": {"a": 0.5}, "goal": "a.b"}, ["goal"]),
        ({"survival": {"a": 0.5}, "goal": LONG}, ["goal"]),
        ({"survival": {1: 0.5}}, ["survival"]),
        ({"survival": {"a": 0.5, "b*": 0.1}}, ["survival"]),
        ({"survival": {"": 0.5, LONG: 0.1, 2.5: 0.1}}, ["survival", "survival", "survival"]),
        ({"survival": {f"s{i}": 0.5 for i in range(40)}}, ["survival"]),
        ({"survival": {"a": 0.5}, "causes": {"a": {"": 1}}}, ["causes['a']"]),
        ({"survival": {"a": 0.5, "b": 0.5}, "causes": {"b": {"metastasis": 1}}}, ["causes['b']"]),
        ({"survival": {"a": 0.5}, "mean_hours": 1e-14}, ["mean_hours['a']"]),
        ({"survival": {"a": 0.5, "b": 0.5}, "mean_hours": {"b": 1e-14}}, ["mean_hours['b']"]),
        ({"survival": {"a": 0.5}, "name": 3}, ["name"]),
        ({"survival": {"a": 0.5}, "start": {"states": [{"state": "q", "share": 1.0}]}}, ["start.states[0].state"]),
    ],
    ids=range(13),
)
def test_a_cascade_from_survival_blames_its_own_arguments(given: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(cascade.ModelError) as caught:
        cascade.Model.from_survival(given.pop("survival"), **given)
    assert [fault.path for fault in caught.value.faults] == fields
    assert max(map(len, str(caught.value).splitlines())) < 400


@pytest.mark.parametrize(
    "given",
    [
        {"scale": {"*.lost": -1}},
        {"scale": {"*.lost": float("nan")}},
        {"scale": {"*.lost": float("inf")}},
        {"scale": {"arrest.exit": 1e-300}},
        {"scale": {"arrest.exit": 1e300}},
        {"hazards": {"arrest.lost": -2.0}},
        {"hazards": {"*.lost": 1e13}},
        {"hazards": {"arrest.exit": 1e-20}},
        {"hazards": {"arrest.exit": 10.0}, "scale": {"arrest.exit": 1e12}},
    ],
    ids=str,
)
def test_changed_hazards_blame_what_was_given(given: dict[str, dict[str, float]]) -> None:
    argument, changes = list(given.items())[-1]
    (pattern, value), *_ = changes.items()
    with pytest.raises(
        cascade.CascadeError, match=rf"(?m)^ *{argument}\[{re.escape(repr(pattern))}\] = {re.escape(repr(value))}: "
    ):
        MODEL.with_(**given)
    assert MODEL.with_(scale={"arrest.exit": 1e-300, "*.exit": 1e300}).states[0].moves[0].hazard > 0


COLON = cascade.load("colon")
DISEASE = cascade.disease("textbook")
FRAIL = MODEL.with_(frailties=[{"name": "z", "cv": 1.0, "hazards": [{"hazard": "*.lost"}]}])
DRAWN: dict[str, Callable[[], object]] = {
    "funnel": lambda: RESULT,
    "alluvial": lambda: RESULT,
    "waterfall": lambda: RESULT,
    "occupancy": lambda: RESULT,
    "incidence": lambda: RESULT,
    "comparison": lambda: cascade.compare(MODEL, MODEL.with_(scale={"*.lost": 0.5}), cells=100, seed=1),
    "selection": lambda: cascade.selection(FRAIL, cells=100, seed=1),
    "organs": lambda: cascade.simulate(COLON, cells=20_000, seed=1),
    "body": lambda: cascade.simulate(COLON, cells=20_000, seed=1),
    "elasticities": lambda: cascade.exact(MODEL),
    "patients": lambda: cascade.exact(COLON),
    "course": lambda: course_of(DISEASE, seed=1, patient=3),
    "seeding_tree": lambda: course_of(DISEASE, seed=1, patient=3),
    "number_and_sizes": lambda: cascade.cohort(DISEASE, patients=10, seed=1),
}
OF_A_KIND: dict[str, list[object]] = {
    "style": [3, "poster", "", None, ["paper"]],
    "what": ["cells", 3, None, ["arrested"]],
    "ax": [3, "x", Figure(), object(), [Figure().add_subplot()]],
    "of": [3, "nowhere", ""],
    "mean_hours": ["a", 1, None],
    "living": ["a", 1, None, []],
    "log": ["no", 0, None],
    "body": [3, "male", COLON],
    "most": [-1, 1.5, "x", None],
    "labels": [3, "x", [3], ["a", "b"], []],
    "times": [3 + 1j, "x", [-1.0], [None]],
    "years": [-1, "x", [3.3], None, [None], {}, [1, 1], [1, 2, 3, 4, 5]],
    "level": [3.3, "x", None, []],
    "beside": [3, "x", {}],
}
"""What each argument of a figure does not take."""


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        (name, argument)
        for name in plot.__all__
        if name in DRAWN
        for argument in inspect.signature(getattr(plot, name)).parameters
        if argument not in ("source", "sources")
    ],
)
def test_every_argument_of_a_figure_is_checked(name: str, argument: str) -> None:
    """All of them: one that is added is asked for here what it does not take."""
    source, draw = DRAWN[name](), getattr(plot, name)
    for wrong in OF_A_KIND[argument]:
        with pytest.raises(cascade.InputError, match=rf"^{argument} = "):
            draw(source, **{argument: wrong})
    gone = Figure().add_subplot()
    gone.remove()
    if argument == "ax":
        with pytest.raises(cascade.InputError, match=r"^ax = "):
            draw(source, ax=gone)


def test_every_figure_is_among_those_whose_arguments_are_checked() -> None:
    drawing = {
        name for name in plot.__all__ if "ax" in getattr(inspect.signature(getattr(plot, name)), "parameters", {})
    }
    assert drawing == set(DRAWN)


def test_long_names_are_cut_wherever_they_stand() -> None:
    for act in (
        lambda: cascade.load(f"{LONG}.toml"),
        lambda: cascade.load(Path(LONG)),
        lambda: cascade.load(LONG),
        lambda: cascade.treatment(f"{LONG}.toml"),
        lambda: cascade.open_result(LONG),
        lambda: cascade.Funnel.from_csv(f"{LONG}.csv"),
        lambda: RESULT.save(LONG),
        lambda: RESULT.to_html(f"{LONG}.html"),
        lambda: MODEL.save(f"{LONG}.toml"),
        lambda: plot.save(plot.funnel(RESULT), f"{LONG}.png"),
        lambda: FUNNEL.to_csv(f"{LONG}.csv"),
        lambda: MODEL.with_(scale={LONG: 1.0}),
        lambda: MODEL.with_(scale={"*.lost": LONG}),  # type: ignore[dict-item]
        lambda: MODEL.with_(**{LONG: 1.0}),
        lambda: cascade.Model.from_toml("= 3", where=LONG),
        lambda: cascade.Model.from_survival({LONG: 2.0}),
        lambda: cascade.Model.from_survival({"a": 0.5}, phases={LONG: 2}),
        lambda: cascade.Model.from_survival({LONG: 0.5}, phases={"x": 2}),
        lambda: cascade.simulate(MODEL, cells=LONG, seed=1),  # type: ignore[arg-type]
        lambda: cascade.simulate(MODEL, cells=10, seed=1, watch=[LONG]),
    ):
        with pytest.raises(cascade.CascadeError) as caught:
            act()
        assert "n" * 130 not in str(caught.value)
        assert str(caught.value).count("n" * 20) < 25


def test_a_place_where_no_file_can_be_is_told_from_none(tmp_path: Path) -> None:
    for read in (cascade.open_result, cascade.Funnel.from_csv):
        for path, words in ((tmp_path, "not a folder"), (Path(os.devnull), "or a device"), (tmp_path / "x", "exists")):
            with pytest.raises(cascade.InputError, match=rf"^file = .*{words}"):
                read(path)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda: cascade.Move(to="x", hazzard=1.0), r"hazzard = 1.0: .*did you mean 'hazard'\?"),
        (lambda: cascade.State(name="s", stage="a", movs=[]), r"movs = \[\]: .*did you mean 'moves'\?"),
        (lambda: cascade.Treatment(name="t", effects=[{"hazard": "*.x", "factr": 2.0}]), r"factr = 2.0: .*'factor'"),
        (
            lambda: cascade.load("textbook").with_(start={"states": [{"state": "primary", "shar": 1.0}]}),
            r"start.states\[0\].shar = 1.0: .*did you mean 'share'\?",
        ),
        (lambda: cascade.load("emt").with_(factors=[{"nme": "f"}]), r"factors\[0\].nme = 'f': .*did you mean 'name'"),
    ],
)
def test_a_field_that_nobody_knows_is_told_with_the_nearest(write: Callable[[], object], said: str) -> None:
    with pytest.raises(cascade.ModelError, match=said):
        write()
