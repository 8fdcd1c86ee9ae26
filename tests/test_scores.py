"""The scorecard: what models say where figures were published, and whether they agree."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path
from typing import Any

import pytest

import cascade
from cascade.cli.app import main
from cascade.cli.descriptions_of_diseases import disease_page
from cascade.common.errors import InputError
from cascade.common.files import packaged
from cascade.model import Model
from cascade.model.observables import Observation
from cascade.scores.asking import value_of
from cascade.scores.scoring import VERDICTS, WITHIN, figures, scorecard, scores_of, scores_of_experiments, verdict_of
from helpers.models import CYCLIC, ways

RACE = Model(
    name="race",
    stages=["a", "b"],
    states=[
        {"name": "a", "stage": "a", **ways({"b": 0.3}, {"lost": 0.1})},
        {"name": "b", "stage": "b", **ways({"goal": 0.05}, {"lost": 0.2})},
        {"name": "goal", "absorbing": True},
    ],
)


def seen(ask: dict[str, object], unit: str = "fraction", **fields: object) -> Observation:
    """A figure that is asked like that."""
    return Observation(**{"name": "x", "value": 1.0, "unit": unit, "role": "predicted", "ask": ask, **fields})  # type: ignore[arg-type]


def test_what_is_asked_is_what_is_said() -> None:
    assert value_of(RACE, seen({"states": ["goal"]})) == pytest.approx(0.75 * 0.2)
    there = math.exp(-0.4 * 3.0)
    assert value_of(RACE, seen({"states": ["a"], "hours": 3.0})) == pytest.approx(there, rel=1e-9)
    b = 0.3 * (math.exp(-0.25 * 3) - math.exp(-0.4 * 3)) / 0.15
    assert value_of(RACE, seen({"states": ["b"], "hours": 3.0, "among": ["a", "b"]})) == pytest.approx(b / (b + there))
    late = seen({"states": ["a"], "hours": 3.0, "among": ["a"], "among_hours": 1.0})
    assert value_of(RACE, late) == pytest.approx(math.exp(-0.8), rel=1e-9)
    half = seen({"states": ["a"], "half_life": True}, unit="min")
    assert value_of(RACE, half) == pytest.approx(60 * math.log(2) / 0.4, rel=1e-6)
    assert value_of(RACE, seen({"states": ["*"], "hours": 1e5})) == pytest.approx(0.15, rel=1e-6)
    treated = seen({"states": ["goal"], "treated": "nk-depletion"})
    textbook = cascade.load("textbook")
    ratio = cascade.exact(textbook.with_treatments(cascade.treatment("nk-depletion"))).success
    wanted = treated.model_copy(update={"ask": {"states": ["macrometastasis"], "treated": "nk-depletion"}})
    assert value_of(textbook, wanted) == pytest.approx(ratio / cascade.exact(textbook).success)
    with pytest.raises(InputError, match="one of race"):
        value_of(RACE, seen({"states": ["nowhere"]}))


@pytest.mark.parametrize(
    ("fields", "value", "verdict"),
    [
        ({"value": 2.0}, 3.9, "predicted"),
        ({"value": 2.0}, 4.1, "contradicted"),
        ({"value": 2.0}, 0.9, "contradicted"),
        ({"value": 2.0, "low": 1.9, "high": 2.1}, 2.2, "contradicted"),
        ({"value": 2.0, "low": 1.0, "high": 9.0}, 8.0, "predicted"),
        ({"value": 2.0, "low": 1.0}, 80.0, "predicted"),
        ({"value": 2.0, "role": "calibrated"}, 2.01, "calibrated"),
        ({"value": 2.0, "role": "calibrated"}, 2.03, "contradicted"),
        ({"value": 2.0, "role": "calibrated", "low": 1.0, "high": 3.0}, 2.9, "calibrated"),
        ({"value": 2.0}, None, "cannot be asked"),
        ({"value": 2.0}, math.nan, "contradicted"),
    ],
)
def test_verdicts(fields: dict[str, object], value: float | None, verdict: str) -> None:
    assert verdict_of(seen({"states": ["a"]}, **fields), value) == verdict


def test_the_card_holds_every_figure_of_the_catalogue() -> None:
    card = scorecard()
    for entry in cascade.models():
        model = cascade.load(entry.name)
        rows = [row for row in card if row.model == entry.name]
        sites = [s for s in model.sites if s.found is not None] if model.exposure else []
        beside = figures().by_model.get(entry.name, [])
        absolute = 3 if entry.name == "breast" else 0
        assert len(rows) == len(model.observations) + len(sites) + len(beside) + absolute
    for name in cascade.patient.loader.disease_names():
        fit = cascade.disease(name).calibration
        rows = [row for row in card if row.model == f"disease {name}"]
        assert [row.figure for row in rows] != [] or fit is None
        of_fit = [row for row in rows if fit and row.figure in {one.name for one in fit.rows}]
        assert len(of_fit) == (len(fit.rows) if fit else 0)
        asked = [one["rows"] for one in experiments() if one["disease"] == name]
        assert len(rows) == len(of_fit) + sum(map(len, asked))
        for row in of_fit:  # the range and the verdict say the same
            assert row.value is not None
            assert row.low is not None
            assert row.high is not None
            assert (row.verdict != "contradicted") == (row.low <= row.value <= row.high), row.figure
    assert [VERDICTS.index(row.verdict) for row in card] == sorted(VERDICTS.index(row.verdict) for row in card)
    sums = card.sums()
    assert sum(sums["all"].values()) == len(card)
    assert all(sums["all"][v] == sum(row.verdict == v for row in card) for v in VERDICTS)
    # Whatever has a value in a model's data that can be asked is asked: a figure without a way is told so.
    silent = {(row.model, row.figure) for row in card if row.value is None and row.role != "not available"}
    assert silent == {("clusters", "metastases per counted event, clusters over single cells")}
    # Models made to meet figures do meet them.
    assert not [row for row in card if row.model == "b16f1-liver" and row.verdict == "contradicted"]


def experiments() -> list[dict[str, Any]]:
    """What experiments on diseases found, as the package has it."""
    found: list[dict[str, Any]] = packaged("cascade.scores", "experiments.toml")["experiments"]
    return found


def test_what_experiments_found_is_as_written_down_and_of_the_diseases_as_they_are() -> None:
    """Else the card would say what another disease said: collect.py writes it anew from new runs."""
    noted = tomllib.loads((Path(__file__).parents[1] / "experiments" / "predictions.toml").read_text(encoding="utf-8"))
    names = {one["name"] for one in experiments()}
    assert {"adjuvant", "colon_recurrence", "first_sites", "follow_up", "screening", "size_and_nodes"} <= names
    for one in experiments():
        assert one["sha256"] == noted[one["name"]]["sha256"], one["name"]
        assert one["digest"] == cascade.disease(one["disease"]).digest(), one["name"]
    card = {row.figure: row for row in scorecard(["disease breast", "disease colon"])}
    for one in experiments():
        for told in one["rows"]:
            row = card[f"{told['name']} ({one['name']})"]
            assert (row.published, row.value, row.role) == (told["published"], told["value"], told["role"])
            published, said = row.published, told["value"]
            if row.unit == "fraction" and 0.5 < published < 1.0:
                published, said = 1.0 - published, 1.0 - said
            within = published / WITHIN <= said <= published * WITHIN
            assert row.verdict == (told["role"] if within else "contradicted"), row.figure


def test_the_page_of_a_disease_tells_what_experiments_asked_contradictions_first() -> None:
    lines = disease_page(cascade.disease("colon")).split("\n")
    first = next(k for k, line in enumerate(lines) if line.startswith("asked in experiments/"))
    scores = [*scores_of_experiments(cascade.disease("colon"))]
    wrong = sum(score.verdict == "contradicted" for score in scores)
    verdicts = ["contradicted" in line for line in lines[first + 2 : first + 2 + len(scores)]]
    assert verdicts == [True] * wrong + [False] * (len(scores) - wrong)
    assert f"where no error is known: {wrong} of {len(scores)}." in lines[first + len(scores) + 3]
    assert "asked in experiments/" not in disease_page(cascade.disease("textbook"))


def test_of_a_disease_that_is_changed_no_experiment_is_told() -> None:
    disease = cascade.disease("breast")
    assert [*scores_of_experiments(disease)]
    assert [*scores_of_experiments(disease.with_(efficiency=disease.efficiency * 1.01))] == []


def test_a_model_that_is_changed_is_contradicted() -> None:
    model = cascade.load("ctc-mouse")
    assert [row.verdict for row in scores_of(model)] == ["calibrated"]
    slower = model.with_(scale={"circulating.cleared": 0.2})
    assert [row.verdict for row in scores_of(slower)] == ["contradicted"]
    fitted = {row.figure: row.verdict for row in scores_of(cascade.load("colon"))}
    lost = {row.figure: row.verdict for row in scores_of(cascade.load("colon").with_(scale={"liver: *.*": 0.0}))}
    assert fitted["patients with a metastasis: liver"] == "calibrated"
    assert lost["patients with a metastasis: liver"] == "contradicted"
    assert scores_of(CYCLIC) == []


def test_what_is_asked_changes_no_digest() -> None:
    model = cascade.load("b16f1-liver")
    silent = model.with_(observations=[o.model_copy(update={"ask": None}) for o in model.observations])
    assert silent.digest() == model.digest()


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["score", "b16f1-liver", "ctc-mouse"])
    told = capsys.readouterr().out
    assert end.value.code == 0
    assert "cannot be asked" in told
    assert "40.0 to 260.0 s" in told
    with pytest.raises(SystemExit) as end:
        main(["score", "b16"])
    assert end.value.code == 2
    assert "MODEL" in capsys.readouterr().err
