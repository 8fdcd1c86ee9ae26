"""Shares of patients by organ: alone, together, given another, with intervals from the fit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade import body
from cascade.answers.patients import interval_of
from cascade.cli.app import main
from cascade.model.observables import Exposure
from helpers.models import CYCLIC


def test_shares_are_averages_over_the_exposures_of_patients() -> None:
    patients = cascade.exact(cascade.load("breast")).patients()
    k = patients.exposure.k
    assert k is not None
    # Exposures are gamma with shape k: colonies of organs are Poisson given the exposure, independent.
    x = stats.gamma.ppf((np.arange(200_000) + 0.5) / 200_000, k, scale=1 / k)
    hit = {organ: 1 - np.exp(-patients.means[organ] * x) for organ in ("bone", "liver", "lung")}
    for organ, p in hit.items():
        assert patients.share(organ) == pytest.approx(p.mean(), rel=1e-4)
    both = float((hit["bone"] * hit["liver"]).mean())
    assert patients.together("bone", "liver") == pytest.approx(both, rel=1e-4)
    assert patients.among("bone", given="liver") == pytest.approx(both / hit["liver"].mean(), rel=1e-4)
    either = 1 - (1 - hit["bone"]) * (1 - hit["liver"]) * (1 - hit["lung"])
    assert patients.share("bone", "liver", "lung") == pytest.approx(either.mean(), rel=1e-4)
    # What is common to all organs ties them together.
    assert patients.among("bone", given="liver") > 1.2 * patients.share("bone")
    assert patients.together("bone", "bone") == patients.share("bone")
    rows = {row.organ: row for row in patients}
    distant = [site.name for site in cascade.load("breast").sites if site.kind == "distant"]
    assert rows["any distant"].share == pytest.approx(patients.share(*distant))
    for kind in ("distant", "nodal", "local"):
        shares = [row.share for row in patients.rows[1:] if row.kind == kind]
        assert shares
        assert shares == sorted(shares, reverse=True)


def test_intervals_hold_what_the_fit_is_known_to() -> None:
    errors, shared = {"a": 0.3, "b": 0.5, "c": 0.25}, 0.2
    exposure = Exposure(relative_cells=1.0, k=1.0, errors=errors, shared=shared)
    truth = {"a": 0.4, "b": 0.05, "c": 3.0}
    rng = np.random.default_rng(7)

    def either(m: dict[str, float]) -> float:
        return exposure.share(m["a"] + m["c"])

    def both(m: dict[str, float]) -> float:
        return exposure.share(m["a"]) + exposure.share(m["b"]) - exposure.share(m["a"] + m["b"])

    def among(m: dict[str, float]) -> float:
        return both(m) / exposure.share(m["b"])

    questions = {"one": (["a"], lambda m: exposure.share(m["a"])), "either": (["a", "c"], either),
                 "both": (["a", "b"], both), "among": (["a", "b"], among)}  # fmt: skip
    held = dict.fromkeys(questions, 0)
    runs = 4000
    for _ in range(runs):
        common = rng.normal(0, shared)
        found = {
            n: m * math.exp(common + rng.normal(0, math.sqrt(errors[n] ** 2 - shared**2))) for n, m in truth.items()
        }
        for name, (organs, share) in questions.items():
            ends = interval_of(exposure, found, organs, share)
            assert ends is not None
            held[name] += ends.low <= share(truth) <= ends.high
    assert all(0.935 < n / runs < 0.965 for n in held.values()), held


def test_what_was_not_fitted_has_no_interval() -> None:
    model = cascade.load("breast")
    patients = cascade.exact(model).patients()
    assert set(patients.exposure.errors) == {site.name for site in model.sites if site.scored and site.soil is not None}
    for row in patients.rows[1:]:
        assert (row.low is not None) == (row.organ in patients.exposure.errors)
        if row.low is not None and row.high is not None:
            assert row.low < row.share < row.high
    assert patients.interval("axillary nodes") is None
    assert patients.interval("bone", given="axillary nodes") is None
    narrow, wide = patients.interval("bone"), patients.interval("bone", "liver")
    assert narrow is not None
    assert wide is not None
    assert wide.low < patients.together("bone", "liver") < wide.high
    given = patients.interval("bone", given="liver")
    assert given is not None
    assert given.low < patients.among("bone", given="liver") < given.high


def test_how_well_exposure_is_known_changes_no_digest() -> None:
    model = cascade.load("colon")
    assert model.exposure is not None
    assert model.exposure.errors
    silent = model.with_(exposure=model.exposure.model_copy(update={"errors": {}, "shared": 0.0}))
    assert silent.digest() == model.digest()
    assert all(row.low is None for row in cascade.exact(silent).patients().rows[1:])


@pytest.mark.parametrize("name", [n for n in body.cancer_names() if body.cancer(n).autopsies])
def test_fitted_counts_are_met_within_both_intervals(name: str) -> None:
    for row in cascade.exact(cascade.load(name)).patients():
        if row.fitted and row.low is not None and row.high is not None and row.found is not None and row.found > 20:
            assert row.seen_low is not None
            assert row.seen_high is not None
            assert row.low * row.detection <= row.seen_high
            assert row.seen_low <= row.high * row.detection


def test_what_has_no_patients_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(cascade.InputError, match="exposure of patients"):
        cascade.exact(CYCLIC).patients()
    with pytest.raises(cascade.InputError, match="until"):
        cascade.exact(cascade.load("colon"), until=24.0).patients()
    with pytest.raises(cascade.InputError, match="did you mean 'liver'"):
        cascade.exact(cascade.load("colon")).patients().share("livr")
    with pytest.raises(SystemExit) as end:
        main(["patients", "colon"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    assert "any distant" in told
    assert "never for decisions about a patient" in told
    with pytest.raises(SystemExit) as end:
        main(["patients", "textbook"])
    assert end.value.code == 2


def test_pairs_are_the_shares_together_and_given_with_their_intervals() -> None:
    table = cascade.exact(cascade.load("colon")).patients()
    pairs = {row.organ: row for row in table.pairs("liver")}
    assert set(pairs) == {row.organ for row in table.rows[1:]} - {"liver"}
    for organ in ("lung", "peritoneum", "epicolic nodes"):
        row = pairs[organ]
        assert row.both == table.together(organ, "liver")
        assert row.among == pytest.approx(row.both / table.share("liver"))
        both, among = table.interval(organ, "liver"), table.interval(organ, given="liver")
        if both is None:
            assert math.isnan(row.both_low)
            assert math.isnan(row.among_high)
        else:
            assert (row.both_low, row.both_high) == both
            assert (row.among_low, row.among_high) == among
    assert pairs["lung"].both_low < pairs["lung"].both < pairs["lung"].both_high
    assert math.isnan(pairs["peritoneum"].both_low)
    with pytest.raises(cascade.InputError, match=r"organ = 'livr'.*did you mean 'liver'"):
        table.pairs("livr")


def test_distant_metastases_lead_the_table_of_patients() -> None:
    rows = cascade.exact(cascade.load("breast")).patients().rows
    order = [("distant", "nodal", "local").index(row.kind) for row in rows]
    assert rows[0].organ.startswith("any distant")
    assert order == sorted(order)


def test_the_command_tells_an_organ_beside_another(capsys: pytest.CaptureFixture[str]) -> None:
    def run(*words: str) -> int:
        with pytest.raises(SystemExit) as end:
            main(["patients", "colon", *words])
        return int(end.value.code or 0)

    assert run("--given", "liver") == 0
    assert "of those in liver" in capsys.readouterr().out
    assert run("--given", "liver", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["given"] == "liver"
    assert {row["organ"] for row in told["pairs"]} >= {"lung", "bone"}
    assert run("--given", "livr") == 2
    assert "--given" in capsys.readouterr().err
