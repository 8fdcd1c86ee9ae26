"""What errors say: the field by the name that the user gave it, once, and what to write instead."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade import body, plot
from cascade.common import notices
from cascade.model.base import Part
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
    (lambda: plot.funnel(FUNNEL, labels=3), r"^labels = 3: 1 names"),  # type: ignore[arg-type]
    (lambda: plot.funnel(FUNNEL, labels=[3]), r"^labels = \[3\]: 1 names"),  # type: ignore[list-item]
    (lambda: plot.funnel(FUNNEL, labels="x"), r"^labels = 'x': 1 names"),
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
        for draw in (plot.funnel, plot.waterfall, plot.occupancy, plot.incidence):
            figure = draw(answer)  # type: ignore[operator]
            for kind in ("png", "svg", "pdf"):
                plot.save(figure, tmp_path / f"x.{kind}")
            figure._repr_png_()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "font" in said


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
