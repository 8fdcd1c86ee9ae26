"""JSON that any reader takes: null for infinity, in everything that the package writes or hands out."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cascade
from cascade.answers.table import Table
from cascade.common.jsons import json_text, plain_data
from cascade.patient.follow.answers import FollowUp
from helpers.models import CYCLIC, FRAIL, LINEAR
from helpers.registers import drawn

ROOT = Path(__file__).parents[1]


def loose(text: str) -> list[int]:
    """Lines on which JSON is written that only Python may be able to read."""
    lines = []
    for call in ast.walk(ast.parse(text)):
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] in {"dump", "dumps", "JSONEncoder"}:
            strict = any(k.arg == "allow_nan" and ast.unparse(k.value) == "False" for k in call.keywords)
            of_json = ast.unparse(call.func).split(".")[0] in {"json", "dump", "dumps", "JSONEncoder"}
            lines += [call.lineno] * (of_json and not strict)
    return lines


def test_nothing_writes_loose_json() -> None:
    assert loose("import json\njson.dumps(x)\njson.dump(x, f, allow_nan=True)\ndumps(x)") == [2, 3, 4]
    assert loose("json.dumps(x, allow_nan=False)\njson.loads(x)\ntomli_w.dumps(x)") == []
    package = ROOT / "src" / "cascade"
    found = {str(p.relative_to(package)): lines for p in package.rglob("*.py") if (lines := loose(p.read_text()))}
    assert not found


HALF = cascade.Model.from_survival({"arrest": 0.5})
TREATED = CYCLIC.with_treatments(
    cascade.Treatment(name="for ever", effects=[{"hazard": "*.shear", "factor": 0.5}], end_hours=None)
)
COHORT = cascade.cohort(cascade.disease("textbook"), patients=50, seed=1)
FOLLOWED = FollowUp.of(drawn(60, 1))
CARED = cascade.cohort(cascade.disease("textbook"), patients=50, seed=1, care="surgery")
TWICE = cascade.compare(cascade.disease("textbook"), care=("none", "surgery"), patients=50, seed=1)
FIT = cascade.fit(
    LINEAR,
    cascade.Data.counts([{"animal": k, "hours": 3.0, "count": 30 + k} for k in range(4)], {"x": "breach"}, cells=100),
    ["breach.arrest", "growth.lost"],
    starts=0,
)
"""The second hazard moves no count: its interval is open on both sides."""


@cache
def of_patients() -> cascade.DiseaseFit:
    """The second number moves nothing that was counted: its interval is not told."""
    data = cascade.Data.patients({"mm": [8, 15, 25], "patients": [30, 50, 60], "years": [3, 4, 5], "event": [0, 0, 1]})
    free = ["presentation.primary.per_year", "presentation.organs.brain.per_year"]
    disease = cascade.disease("textbook")
    return cascade.fit(disease, data, free, care="surgery", patients=2_000, seed=1, progress=False)


TIMES = cascade.Data.times({"day": [1, 2, 3], "event": ["a", "", "b"]})

HANDED_OUT: dict[str, Callable[[], Any]] = {
    "lives that go on for ever": lambda: cascade.replay(HALF, seed=1, cells=range(20)).to_dicts(),
    "lives of clusters": lambda: cascade.replay(cascade.load("clusters"), seed=1, cells=range(99)).to_dicts(),
    "funnel": lambda: cascade.simulate(CYCLIC, cells=100, seed=1).funnel().to_dicts(),
    "exact funnel": lambda: cascade.exact(CYCLIC).funnel().to_dicts(),
    "steps that no unit passed": lambda: cascade.simulate(cascade.load("clusters"), cells=3, seed=1).sizes().to_dicts(),
    "organs": lambda: cascade.exact(cascade.load("colon")).organs().to_dicts(),
    "patients": lambda: cascade.exact(cascade.load("colon")).patients().to_dicts(),
    "scores": lambda: cascade.scorecard(["b16f1-liver", "clusters"]).to_dicts(),
    "routes": lambda: cascade.exact(cascade.load("colon")).routes().to_dicts(),
    "pairs": lambda: cascade.exact(cascade.load("colon")).patients().pairs("liver").to_dicts(),
    "scale": lambda: cascade.scale("breast").to_dicts(),
    "traits of nobody": lambda: cascade.selection(FRAIL, cells=2, seed=1).to_dicts(),
    "steps of two models": lambda: cascade.compare(CYCLIC, TREATED, cells=100, seed=1).to_dicts(),
    "lesions": lambda: COHORT.lesions().to_dicts(),
    "sizes of lesions": lambda: COHORT.sizes(10.0).to_dicts(),
    "numbers of lesions": lambda: COHORT.number(10.0).to_dicts(),
    "deaths of patients": lambda: COHORT.deaths().to_dicts(),
    "founders, some in transit": lambda: COHORT.patient(7).founders().to_dicts(),
    "survival": lambda: FOLLOWED.survival().to_dicts(),
    "survival of groups, some empty": lambda: FOLLOWED.survival(by="T").to_dicts(),
    "hazards": lambda: FOLLOWED.hazard().to_dicts(),
    "sites since diagnosis": lambda: FOLLOWED.organs_since().to_dicts(),
    "at diagnosis": lambda: FOLLOWED.at_diagnosis().to_dicts(),
    "size and age at diagnosis": lambda: FOLLOWED.size_and_age().to_dicts(),
    "sites at diagnosis": lambda: FOLLOWED.sites_at_diagnosis().to_dicts(),
    "visits": lambda: CARED.patient(3).visits().to_dicts(),
    "autopsies": lambda: CARED.follow_up().autopsies().to_dicts(),
    "saved by care": lambda: TWICE.saved().to_dicts(),
    "two cares": lambda: TWICE.to_dict(),
    "diseases": lambda: cascade.diseases().to_dicts(),
    "figures of a fit": lambda: cascade.disease("breast").calibrated().to_dicts(),
    "parameters of a fit": lambda: cascade.disease("breast").parameters().to_dicts(),
    "answers over a fit": lambda: cascade.patient.uncertain(
        cascade.disease("breast"), lambda d: {"asleep": d.dormant or 0.0}
    ).to_dicts(),
    "scores of a disease": lambda: cascade.scorecard(["disease breast"]).to_dicts(),
    "blood": lambda: cascade.exact(COHORT.disease, times=[0.0, 10.0], traits={}).blood().to_dicts(),
    "reports of a laboratory": lambda: COHORT.patient(7).laboratory([5.0, 9.0]).to_dicts(),
    "lead times of a patient": lambda: COHORT.patient(7).lead_times().to_dicts(),
    "lead times of patients": lambda: cascade.patient.lead_times(COHORT, 5).to_dicts(),
    "times of which none is left at risk": lambda: TIMES.incidence().to_dicts(),
    "survival of own times": lambda: TIMES.survival().to_dicts(),
    "own times": lambda: TIMES.to_dicts(),
    "fits": lambda: FIT.compare(FIT).to_dicts(),
    "animals left out": lambda: FIT.leave_out(draws=300).to_dicts(),
    "a check of a fit": lambda: FIT.check(studies=40).to_dicts(),
    "studies": lambda: cascade.studies().to_dicts(),
    "a fit": lambda: FIT.table().to_dicts(),
    "own patients": lambda: of_patients().data.to_dicts(),
    "numbers of a disease fitted to patients": lambda: of_patients().table().to_dicts(),
    "counts of patients beside a disease": lambda: of_patients().counts().to_dicts(),
    "a posterior": lambda: FIT.posterior(draws=300).to_dicts(),
    "a sweep": lambda: cascade.sweep(LINEAR, {"*.shear": [1, 2]}).to_dicts(),
    "a sensitivity": lambda: cascade.sensitivity(LINEAR, points=16).to_dicts(),
    "elasticities": lambda: cascade.exact(LINEAR).elasticities().to_dicts(),
    "a gradient": lambda: cascade.exact(LINEAR).gradient().to_dicts(),
    "gradients of a curve": lambda: cascade.exact(CYCLIC).gradient(CYCLIC.states[0].name, times=[1.0, 3.0]).to_dicts(),
    "what a fit cannot tell": lambda: FIT.identifiability().to_dicts(),
    "power": lambda: cascade.power(
        LINEAR, {"breach.starvation": 2.0}, times=[3.0, 9.0], observables={"x": ["breach"]}
    ).to_dicts(),
    "counted curves": lambda: cascade.simulate(CYCLIC, cells=100, seed=1).occupancy().to_dicts(),
    "exact curves": lambda: cascade.exact(CYCLIC).incidence([0.0, 1.0]).to_dicts(),
}


@pytest.mark.parametrize("name", HANDED_OUT)
def test_what_is_handed_out_as_dictionaries_is_plain_data(name: str) -> None:
    rows = HANDED_OUT[name]()
    assert rows
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_each_table_hands_out_what_is_tested_here() -> None:
    """A new table is to be added above."""
    for module in pkgutil.walk_packages(cascade.__path__, "cascade."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    tables = {kind.__name__ for kind in Table.__subclasses__()}
    assert tables == {
        "Chance",
        "Check",
        "CountRows",
        "FittedNumbers",
        "Fits",
        "Incidence",
        "LeftOut",
        "Studies",
        "Funnel",
        "Organs",
        "Sizes",
        "Comparison",
        "Selection",
        "Histories",
        "Pairs",
        "Patients",
        "Routes",
        "Scale",
        "Scorecard",
        "Blood",
        "Power",
        "Posterior",
        "Prediction",
        "Deaths",
        "DiagnosisTable",
        "Diseases",
        "FitTable",
        "Founders",
        "HazardTable",
        "Laboratory",
        "LeadTimes",
        "Leads",
        "LesionTable",
        "NumberTable",
        "ParametersFitted",
        "QuartileTable",
        "RowsFitted",
        "SiteTable",
        "Saved",
        "Sensitivity",
        "StagedSites",
        "SurvivalTable",
        "Sweep",
        "Uncertain",
        "Visits",
    }


def test_a_stay_without_an_end_has_no_time_of_leaving() -> None:
    lives = cascade.replay(HALF, seed=1, cells=range(20))
    stays = [stay for life in lives for stay in life.stays]
    left = [row["left"] for row in lives.to_dicts()]
    assert left == [None if stay.left == float("inf") else stay.left for stay in stays]
    assert None in left


def test_plain_data_keeps_what_json_can_say() -> None:
    data = {"a": [np.int64(3), np.float64(0.1), True, None, "x"], "b": np.array([1.0, np.nan]), "c": (float("-inf"),)}
    assert plain_data(data) == {"a": [3, 0.1, True, None, "x"], "b": [1.0, None], "c": [None]}
    assert json.loads(json_text(data)) == plain_data(data)
    times = [asdict(time) for time in cascade.exact(CYCLIC).times()]
    assert len(json.loads(json_text(times))) == len(times)
    with pytest.raises(TypeError):
        json_text({"a": object()})
