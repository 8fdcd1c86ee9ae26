"""The catalogue: every number sourced, numbers equal to a second transcription, shapes as promised."""

from __future__ import annotations

import builtins
import csv
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import cascade
from cascade.catalog import names
from cascade.catalog.loader import _model as anew
from cascade.model import Model
from cascade.model.base import ILLUSTRATIVE
from cascade.model.raw import parts_with_source

TRANSCRIPTION = Path(__file__).with_name("transcription.csv")


def unsourced(model: Model) -> list[str]:
    """Paths of the numbers of a model that name no source."""
    found = []
    for path, part in parts_with_source({field: getattr(model, field) for field in Model.model_fields}):
        is_state = hasattr(part, "phases")
        if not part.source and (not is_state or part.phases > 1):
            found.append(path)
    return found


@pytest.mark.parametrize("name", names())
def test_every_number_has_a_source(name: str) -> None:
    model = cascade.load(name)
    assert unsourced(model) == []
    for source in model.sources:
        assert source.doi or source.pmid or source.url, f"{source.key} has no DOI, no PMID and no address"
    assert "patient" in model.limits
    assert model.name == name


def test_a_planted_number_without_source_is_found() -> None:
    model = cascade.load("b16f1-liver")
    bare = model.states[1].model_copy(update={"moves": (model.states[1].moves[0].model_copy(update={"source": ()}),)})
    assert unsourced(model.with_(states=[model.states[0], bare, *model.states[2:]])) == ["states[1].moves[0]"]


def test_published_figures_equal_a_second_transcription() -> None:
    """Values, times, DOIs and grades, typed again by somebody who had not seen the catalogue."""
    with open(TRANSCRIPTION, newline="") as file:
        second = {row["key"]: row for row in csv.DictReader(file)}
    seen = set()
    for name in names():
        model = cascade.load(name)
        sources = {s.key: s for s in model.sources}
        for observation in model.observations:
            key = observation.source[0]
            row, source = second[key], sources[key]
            assert observation.value == float(row["value"]), key
            assert source.grade == row["grade"], key
            assert (source.doi or "") == row["doi"], key
            assert (source.pmid or "") in ("", row["pmid"]), key
            # The ratio of A03 chunks two days; its time is that of the later figure.
            if observation.hours is not None:
                assert observation.hours == float(row["hours"]), key
            seen.add(key)
    assert seen == set(second)


def test_digests_do_not_depend_on_how_python_adds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Since 3.12 ``sum`` of floats is compensated: put in its place, it moves no digest of models put together anew."""
    before = {name: cascade.load(name).digest() for name in names()}

    def compensated(values: Iterable[float], start: float = 0) -> float:
        values = list(values)
        return math.fsum(values) + start if any(isinstance(v, float) for v in values) else add(values, start)

    add = sum
    monkeypatch.setattr(builtins, "sum", compensated)
    again = {name: anew(name) for name in names()}
    assert all(again[name] is not cascade.load(name) for name in names())
    assert {name: model.digest() for name, model in again.items()} == before


def test_textbook_is_the_whole_standard_cascade() -> None:
    model, exact = cascade.load("textbook"), cascade.exact(cascade.load("textbook"))
    assert len(model.states) == 11
    assert model.stages[0] == "detachment"
    assert model.stages[-1] == "colonization"
    causes = exact.causes()
    wanted = {
        "anoikis",
        "immune killing",
        "starvation",
        "shear",
        "deformation",
        "apoptosis in foreign soil",
        "slow death",
        "regression",
    }
    assert wanted < set(causes)
    assert all(causes[c] > 0 for c in wanted)
    assert 0.5e-6 < exact.success < 2e-6
    rows = {row.step: row for row in exact.funnel()}
    # Heavy losses where biology has them, and not in circulation and arrest.
    assert rows["intravasation"].fraction_of_all < 0.01
    assert rows["colonization"].fraction_of_previous < 0.01
    assert rows["circulation"].fraction_of_previous > 0.9
    assert rows["arrest"].fraction_of_previous > 0.8
    lost = rows["circulation"].lost
    # A day-long anoikis hardly kills a cell that circulates for a minute.
    assert lost["anoikis"] / rows["circulation"].entered < 0.01
    assert all(part.source == (ILLUSTRATIVE,) for _, part, _ in model.hazards())


def test_luzzi_has_the_course_of_the_experiment() -> None:
    exact = cascade.exact(cascade.load("b16f1-liver"))
    days = np.arange(3.0, 13.01, 0.25)
    assert (np.diff(exact.occupancy(days * 24)["micrometastasis"]) < 0).all()
    macro = exact.occupancy([120.0, 312.0])["macrometastasis"]
    assert macro[0] < 0.05 * macro[1]


@pytest.mark.parametrize(("name", "hours"), [("ctc-mouse", 100 / 3600), ("ctc-patient", 1.7)])
def test_half_life_is_what_was_put_in(name: str, hours: float) -> None:
    assert cascade.exact(cascade.load(name)).times()[0].median_hours == pytest.approx(hours, rel=1e-8)


def test_nearest_names_are_offered(tmp_path: Path) -> None:
    with pytest.raises(cascade.InputError, match="did you mean 'textbook'"):
        cascade.load("text-book")
    with pytest.raises(cascade.InputError, match="TOML file"):
        cascade.load(tmp_path / "none.toml")
    path = tmp_path / "mine.toml"
    cascade.load("textbook").save(path)
    assert cascade.load(path) == cascade.load("textbook")
    assert "textbook" in str(cascade.models())
