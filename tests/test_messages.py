"""What errors say: the field by the name that the user gave it, once, and what to write instead."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

import cascade
from cascade import body, plot
from cascade.common import notices
from cascade.model.base import faults_of
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
    parts = [getattr(cascade, name) for name in cascade.Model.model_json_schema()["$defs"] if name != "Place"]
    for part in (cascade.Model, *parts):
        for field in part.model_fields:
            try:
                part(**{field: wrong})
            except cascade.ModelError as error:
                said = str(error)
            except ValidationError as error:
                said = "\n".join(map(str, faults_of(error)))
            else:
                continue
            told += 1
            assert not any(words in said for words in THEIRS), said
    assert told > 80
