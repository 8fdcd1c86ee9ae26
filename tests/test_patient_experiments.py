"""Experiments with patients: what they count is right, and a prediction that changes is seen."""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import integrate
from scipy.special import expit

import cascade
from cascade.patient.calibration import there
from cascade.patient.follow.scheme import CAUSES
from cascade.patient.growth import Growth
from cascade.patient.variants import number_at

sys.path.append(str(Path(__file__).parents[1] / "experiments"))

import _draws  # type: ignore[import-not-found]
import _images  # type: ignore[import-not-found]
import _organs  # type: ignore[import-not-found]
import _ranked  # type: ignore[import-not-found]
import _registers  # type: ignore[import-not-found]
import _report  # type: ignore[import-not-found]
import adjuvant  # type: ignore[import-not-found]
import blood_counts  # type: ignore[import-not-found]
import colon_recurrence  # type: ignore[import-not-found]
import delay  # type: ignore[import-not-found]
import early_or_late  # type: ignore[import-not-found]
import first_sites  # type: ignore[import-not-found]
import fit_coverage  # type: ignore[import-not-found]
import local_recurrence  # type: ignore[import-not-found]
import pancreas  # type: ignore[import-not-found]
import soil_of_patients  # type: ignore[import-not-found]
import surgery_a_year_earlier  # type: ignore[import-not-found]
import unknown_primary  # type: ignore[import-not-found]
import untreated  # type: ignore[import-not-found]

ROWS = [_report.Row("a", "predicted", 0.2, 0.21234, None), _report.Row("b", "map", None, None, 0.5)]


def test_the_hash_is_of_what_the_model_says_alone() -> None:
    whole = _report.hash_of(ROWS)
    assert _report.hash_of([replace(ROWS[0], observed=0.9, role="contradicted", source="x"), ROWS[1]]) == whole
    assert _report.hash_of([replace(ROWS[0], simulated=0.212341), ROWS[1]]) == whole  # beyond four figures
    for other in (replace(ROWS[0], simulated=0.2124), replace(ROWS[0], name="c")):
        assert _report.hash_of([other, ROWS[1]]) != whole
    assert _report.hash_of([ROWS[0], replace(ROWS[1], exact=0.5001)]) != whole
    assert _report.hash_of(ROWS[:1]) != whole


def test_a_prediction_that_changes_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "predictions.toml"
    note.write_text(f'[mine]\ncells = 5\nseed = 1\nsha256 = "{_report.hash_of(ROWS)}"\n')
    monkeypatch.setattr(_report, "PREDICTIONS", note)
    default, other = (argparse.Namespace(cells=cells, seed=1) for cells in (5.0, 6.0))
    changed = [replace(ROWS[0], simulated=0.3), ROWS[1]]
    assert _report.predicted("mine", default, ROWS) == []
    assert len(_report.predicted("mine", default, changed)) == 1
    assert _report.predicted("mine", other, changed) == []  # of other numbers nothing was written down
    assert _report.predicted("yours", default, changed) == []


def test_predictions_are_written_down_without_what_was_observed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    note = tmp_path / "predictions.toml"
    note.write_text(f'# What is predicted.\n\n[mine]\ncells = 5\nseed = 1\nsha256 = "{64 * "0"}"\n')
    monkeypatch.setattr(_report, "PREDICTIONS", note)
    for name, rows in {"mine": ROWS, "yours": ROWS[:1]}.items():
        options = argparse.Namespace(cells=5.0, seed=1, out=tmp_path, write_down=True)
        with pytest.raises(SystemExit) as ended:
            _report.finished(name, options, rows, {})
        assert ended.value.code == 0
        assert "0.2" not in capsys.readouterr().out.replace(_report.hash_of(rows), "")
        assert _report.predicted(name, argparse.Namespace(cells=5.0, seed=1), rows) == []
    assert note.read_text().startswith("# What is predicted.\n\n[mine]\n")
    assert list(tomllib.loads(note.read_text())) == ["mine", "yours"]
    # Of fewer cells they would take the place of those that every later run is compared with.
    with pytest.raises(SystemExit, match="are of 5 and seed 1"):
        _report.finished("mine", argparse.Namespace(cells=4.0, seed=1, out=tmp_path, write_down=True), ROWS, {})
    assert tomllib.loads(note.read_text())["mine"]["cells"] == 5


def test_a_run_with_other_numbers_does_not_say_that_it_was_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    note = tmp_path / "predictions.toml"
    note.write_text(f'[mine]\ncells = 5\nseed = 1\nsha256 = "{_report.hash_of(ROWS)}"\n')
    monkeypatch.setattr(_report, "PREDICTIONS", note)
    (tmp_path / "mine").mkdir()
    for cells, said in ((5.0, "predictions as they were written down"), (6.0, "predictions not compared: of other")):
        assert _report.finished("mine", argparse.Namespace(cells=cells, seed=1, out=tmp_path), ROWS, {}) == 0
        assert f"passed: {said}" in capsys.readouterr().out


def test_an_experiment_fails_by_what_it_predicts_and_by_what_it_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "predictions.toml"
    note.write_text(f'[mine]\ncells = 5\nseed = 1\nsha256 = "{_report.hash_of(ROWS)}"\n')
    monkeypatch.setattr(_report, "PREDICTIONS", note)
    (tmp_path / "mine").mkdir()
    options = argparse.Namespace(cells=5.0, seed=1, out=tmp_path)
    assert _report.finished("mine", options, ROWS, {}) == 0
    assert (tmp_path / "mine" / "mine.json").is_file()
    assert _report.finished("mine", options, ROWS[:1], {}) == 1
    assert _report.finished("mine", options, ROWS, {}, problems=["a fault"]) == 1


def test_every_prediction_belongs_to_an_experiment_and_is_asked_for() -> None:
    for name, noted in tomllib.loads(_report.PREDICTIONS.read_text()).items():
        text = (_report.PREDICTIONS.parent / f"{name}.py").read_text()
        ends = (
            f'return finished("{name}", options, rows',
            f'= predicted("{name}", options, rows',
            f'sys.exit(whole("{name}", __doc__,',
        )
        assert any(end in text for end in ends), name
        assert len(noted["sha256"]) == 64


def test_every_experiment_on_patients_has_written_down_what_it_predicts() -> None:
    asked = re.compile(r'(?:return finished|= predicted|sys\.exit\(whole)\("(\w+)",')
    names = {name for path in _report.PREDICTIONS.parent.glob("*.py") for name in asked.findall(path.read_text())}
    assert names == set(tomllib.loads(_report.PREDICTIONS.read_text()))


def test_every_experiment_stands_in_the_list_of_readme() -> None:
    folder = _report.PREDICTIONS.parent
    listed = set(re.findall(r"^python experiments/(\w+)\.py", (folder.parent / "README.md").read_text(), re.MULTILINE))
    assert listed == {path.stem for path in folder.glob("[a-z]*.py")}


def test_bootstrap_cuts_hold_a_root_whose_law_the_resamples_have() -> None:
    """Of 40,000 roots 0.05 lie beyond: five standard errors are 0.0055; by the usual quantiles of 99 it is 0.07."""
    draw = np.random.default_rng(26)
    held = [np.abs(fit_coverage.over_cuts(draw.normal(size=100), draw.normal(size=(99, 100)))) < 1 for _ in range(400)]
    # The roots of one set of cuts hang together only by the cuts, of which each column has its own.
    assert np.mean(held) == pytest.approx(0.95, abs=0.0055)


def test_with_draws_each_row_lies_between_its_draws_and_the_answer_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A row that is a fitted number lies between the quantiles of the fit; what no draw changes has no width."""
    disease = cascade.disease("breast")
    calibration = disease.calibration
    assert calibration is not None
    place = calibration.free[0]

    def asked(one: cascade.Disease, _: argparse.Namespace) -> list[_report.Row]:
        number = number_at(one, place.where)
        return [
            _report.Row("number", "predicted", None, number, None),
            _report.Row("exact", "predicted", None, None, 2.0 * number),
            _report.Row("same", "predicted", None, 0.5, None),
            _report.Row("published alone", "calibrated", 0.1, None, None),
        ]

    few = argparse.Namespace(draws=39, seed=3)
    none = _draws.over_draws(asked, disease, argparse.Namespace(draws=0, seed=3))
    assert all(row.low is None for row in none)
    rows = {row.name: row for row in _draws.over_draws(asked, disease, few)}
    number = rows["number"]
    assert number.low is not None
    assert number.high is not None
    assert number.low < number_at(disease, place.where) < number.high
    assert (rows["exact"].low, rows["exact"].high) == pytest.approx((2.0 * number.low, 2.0 * number.high))
    assert (rows["same"].low, rows["same"].high) == (0.5, 0.5)
    assert rows["published alone"].low is None
    # The least and the greatest of 39 of a normal law on the scale of the fit: 1 to 4 errors off, but for 1 of 200.
    middle, error = there(number_at(disease, place.where), place.scale), calibration.errors[0]
    for end, sign in ((number.low, -1.0), (number.high, 1.0)):
        assert 1.0 < sign * (there(end, place.scale) - middle) / error < 4.0
    _report.show(list(rows.values()))
    head, *_ = capsys.readouterr().out.splitlines()
    assert head.split() == ["role", "observed", "simulated", "exact", "low", "high", "source"]
    _report.show(none)
    assert "low" not in capsys.readouterr().out
    parser = _draws.of_patients("", 10, 1)
    assert [parser.parse_args(words).draws for words in ([], ["--draws", "0"], ["--draws", "39"])] == [0, 0, 39]
    for wrong in ("5", "-39", "many", "39.5"):
        with pytest.raises(SystemExit):
            parser.parse_args([f"--draws={wrong}"])
        assert "a whole number, at least 39" in capsys.readouterr().err


def test_a_row_that_a_draw_does_not_answer_has_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of too few patients, of none, or with more lesions than there is room for: ends are not known, nothing stops."""
    disease = cascade.disease("breast")
    draws = [disease.with_(calibration=None, variants=(), title=str(k)) for k in range(39)]
    monkeypatch.setattr(type(disease), "draws", lambda *_: tuple(draws))

    def asked(one: cascade.Disease, _: argparse.Namespace) -> list[_report.Row]:
        k = draws.index(one) if one in draws else 20
        if k == 7 and fails:
            raise cascade.CascadeError("no room")
        rows = [_report.Row("whole", "predicted", None, float((5 * k) % 39), None)]
        rows.append(_report.Row("few", "predicted", None, math.nan if k == 30 else float(k), None))
        return rows if k == 11 else [*rows, _report.Row("seldom", "predicted", None, 1.0, None)]

    for fails in (False, True):
        rows = {row.name: row for row in _draws.over_draws(asked, disease, argparse.Namespace(draws=39, seed=3))}
        for name in ("few", "seldom"):
            assert math.isnan(rows[name].low)
            assert math.isnan(rows[name].high)
        assert fails == math.isnan(rows["whole"].low)
        assert fails or (rows["whole"].low, rows["whole"].high) == (0.0, 38.0)
    _report.show(list(rows.values()))


def test_intervals_are_not_written_over_by_a_run_without_them(tmp_path: Path) -> None:
    plain, drawn = (argparse.Namespace(cells=5.0, seed=1, out=tmp_path, force=False, draws=draws) for draws in (0, 39))
    _report.own_folder(drawn, "mine")
    _report.own_folder(drawn, "mine")
    with pytest.raises(SystemExit):
        _report.own_folder(plain, "mine")
    _report.finished("mine", drawn, ROWS, {"seed": 1})
    assert json.loads((tmp_path / "mine" / "mine.json").read_text())["recipe"] == {"seed": 1, "draws": 39}


def test_every_experiment_on_a_fitted_disease_takes_draws() -> None:
    """Whatever predicts of a fitted disease, and is no map of other numbers, says how far its rows are known."""
    maps = {"early_or_late", "fast_or_slow", "seeding_of_seeding", "what_matters", "pancreas"}
    for name in tomllib.loads(_report.PREDICTIONS.read_text()).keys() - maps:
        text = (_report.PREDICTIONS.parent / f"{name}.py").read_text()
        assert "from _draws import" in text, name


def test_first_sites_are_those_of_the_first_visit_that_finds_any() -> None:
    """Of five: bone alone; bone and lung at one visit; lung alone, bone later; too late; seen at diagnosis already."""
    disease = cascade.disease("breast")
    places = _organs.distant_in(disease)
    organs = [disease.sites[i] for i in places]
    bone, lung = (disease.sites.index(name) for name in ("bone", "lung"))
    seen_at = np.full((5, len(disease.sites)), np.inf)
    seen_at[0, bone], seen_at[1, [bone, lung]] = 3.0, [4.0, 4.01]
    seen_at[2, [lung, bone]], seen_at[3, bone], seen_at[4, bone] = [5.0, 6.0], 40.0, 1.0
    register = SimpleNamespace(
        mode=np.ones(5, int), metastasis_seen=np.array([0, 0, 0, 0, 1]), nodes_positive=np.zeros(5, int),
        seen_at=seen_at, distant=seen_at.min(axis=1), surgery=np.full(5, 1.0), diagnosed=np.full(5, 1.0),
    )  # fmt: skip
    seen = SimpleNamespace(disease=disease, surgery=register)
    names, first = first_sites.recurrences(seen, 15.0)
    assert names == organs
    found = [[organs[i] for i in np.flatnonzero(row)] for row in first]
    assert [sorted(row) for row in found] == [["bone"], ["bone", "lung"], ["lung"]]
    there = first_sites.at_diagnosis(seen)
    assert [[organs[i] for i in np.flatnonzero(row)] for row in there] == [["bone"]]


def test_images_find_alone_what_is_first_in_lung_or_bone_alone() -> None:
    """Of eight operated women: lung alone, bone with lung, liver alone, bone too late, at the very end of the years."""
    disease = cascade.disease("breast")
    bone, lung, liver = (disease.sites.index(name) for name in ("bone", "lung", "liver"))
    seen_at = np.full((9, len(disease.sites)), np.inf)
    seen_at[0, lung], seen_at[1, [bone, lung]], seen_at[2, liver] = 3.0, [4.0, 4.01], 2.0
    seen_at[3, bone], seen_at[4, bone], seen_at[8, bone] = 9.0, 6.0, 0.5
    register = SimpleNamespace(
        mode=np.ones(9, int), metastasis_seen=np.eye(9, dtype=int)[8], nodes_positive=np.zeros(9, int),
        seen_at=seen_at, distant=seen_at.min(axis=1), surgery=np.full(9, 1.0), diagnosed=np.full(9, 1.0),
    )  # fmt: skip
    assert _images.alone(disease, register) == pytest.approx(1.5 / 8)  # what is seen at the very end counts half
    assert _images.alone(disease, register, ("liver",)) == pytest.approx(1 / 8)
    assert _images.recurred(register) == pytest.approx(3.5 / 8)
    more = SimpleNamespace(**vars(register) | {"seen_at": seen_at.copy(), "distant": register.distant.copy()})
    more.seen_at[5, bone] = more.distant[5] = 2.5
    seen = SimpleNamespace(disease=disease, images=more, under=lambda care: {"surgery+hormone": register}[care])
    assert _images.ratio_alone(seen, {}) == pytest.approx(2.5 / 1.5)
    assert _images.fewer_free(seen, {}) == pytest.approx(1 / 8)


def test_the_arms_of_the_trial_differ_by_images_alone() -> None:
    """Both arms have the same women, with the same care but for visits."""
    disease = cascade.disease("breast")
    cares = [one.model_dump() for one in _images.with_images(disease).care]
    usual, images = (next(one for one in cares if one["name"] == name) for name in (_images.USUAL, _images.IMAGES))
    assert {key for key in usual if usual[key] != images[key]} == {"name", "visits"}
    calibration = replace(_registers.Calibration.of("breast"), patients=300)
    seen = _registers.Seen(disease, calibration)
    a, b = seen.under(_images.USUAL), seen.images
    assert np.array_equal(a.cells, b.cells)
    assert np.array_equal(a.diagnosed, b.diagnosed)
    assert not np.array_equal(a.distant, b.distant)


def test_deaths_a_person_year_are_those_of_the_tumour_between_two_years() -> None:
    """Of four ER-positive women: dead of the tumour in year 3 and in year 7, of something else in year 4, alive."""
    disease = cascade.disease("breast")
    tumour, other = (1 + CAUSES.index(name) for name in ("tumour", CAUSES[-1]))
    register = SimpleNamespace(
        subtype=np.zeros(4, int), mode=np.ones(4, int), metastasis_seen=np.zeros(4, int),
        nodes_positive=np.zeros(4, int), surgery=np.full(4, 10.0), diagnosed=np.full(4, 10.0),
        death=np.array([13.0, 17.0, 14.0, np.inf]), end=np.full(4, 75.0), cause=np.array([tumour, tumour, other, 0]),
        distant=np.array([12.0, 14.5, np.inf, 15.5]),
    )  # fmt: skip
    assert disease.subtypes[0].name == "ER-positive"
    seen = SimpleNamespace(disease=disease)
    assert adjuvant.death_rate(seen, register, 0.0, 5.0) == pytest.approx(1.0 / (3 + 5 + 4 + 5))
    assert adjuvant.death_rate(seen, register, 5.0, 10.0) == pytest.approx(1.0 / (0 + 2 + 0 + 5))
    # Of women who are free of recurrence after five years the second is none.
    assert adjuvant.death_rate(seen, register, 5.0, 10.0, 5.0) == 0.0
    register.distant[1] = 15.5
    assert adjuvant.death_rate(seen, register, 5.0, 10.0, 5.0) == pytest.approx(1.0 / (2 + 0 + 5))


def test_a_marker_is_at_its_cutoff_where_its_equation_says() -> None:
    """The level of what an exponentially growing tumour makes, by small steps of its equation."""
    years = blood_counts.marker_rows()[0].exact
    marker = next(one for one in cascade.disease("textbook").blood.markers if one.name == "CA125")  # type: ignore[union-attr]
    step, level, day, k = 0.05, 0.0, 0.0, marker.eliminated_per_day
    assert k is not None
    while level + marker.background < marker.cutoff:
        made = marker.per_cell_per_day * marker.to_blood / (1000.0 * marker.litres)
        middle = np.exp(blood_counts.OVARIAN_GROWTH * (day + 0.5 * step))
        level += step * (made * middle - k * level)
        day += step
    assert day / 365.25 == pytest.approx(years, rel=1e-3)


def test_concordance_is_that_of_all_pairs() -> None:
    draw = np.random.default_rng(5)
    score, event = draw.normal(size=60).round(1), draw.random(60) < 0.6
    until = draw.exponential(np.exp(-0.8 * score)).round(2)
    right = of = 0.0
    for i in range(60):
        for j in range(60):
            if event[i] and until[j] > until[i]:
                of += 1
                right += 1.0 if score[i] > score[j] else 0.5 if score[i] == score[j] else 0.0
    assert _ranked.concordance(score, until, event) == pytest.approx(right / of)
    assert _ranked.concordance(-until, until, event) == 1.0
    assert _ranked.concordance(0.0 * until, until, event) == 0.5


@pytest.mark.slow
def test_what_the_guide_says_of_how_long_hormone_treatment_is_given() -> None:
    """Fewer recurrences the longer, as many as was published; too few deaths of the shorter (docs/diseases.md)."""
    plan = replace(_registers.Calibration.of("breast"), patients=20_000, seed=7)
    seen = _registers.Seen(adjuvant.of_lengths(cascade.disease("breast")), plan)
    rows = {row.name: row for row in adjuvant.by_length(seen)}
    some = [rows[f"recurrence, {many} over none, ten years"] for many in ("1 year", "2 years", "5 years")]
    assert some[0].simulated > some[1].simulated > some[2].simulated
    # Its standard errors are some 0.03.
    assert all(abs(row.simulated - row.observed) < 0.1 for row in some)
    # Within the published interval; and less, as is published, in the years after it.
    assert 0.79 < rows["recurrence, ten years over five, years 5 to 10"].simulated < 1.02
    assert rows["recurrence, ten years over five, years 10 to 15"].simulated < 0.9
    # EBCTCG 1998: 0.88, 0.83 and 0.74, with standard errors of 0.03.
    assert rows["deaths, 1 year over none, ten years"].simulated < 0.8
    assert rows["deaths, 2 years over none, ten years"].simulated < 0.75
    assert rows["deaths, 5 years over none, ten years"].simulated < 0.68
    first = adjuvant.death_rate(seen, seen.hormone, 0.0, 5.0) / adjuvant.death_rate(seen, seen.surgery, 0.0, 5.0)
    assert first < 0.66  # 0.71, with a standard error of 0.05


def test_a_comparator_misses_where_patients_differ_by_what_it_does_not_know() -> None:
    draw = np.random.default_rng(8)
    n = 40_000
    score, nodes = draw.normal(2.0, 3.0, size=n), draw.choice([0, 2, 9], size=n)
    by_nodes = [nodes[1::2] == k for k in (0, 2, 9)]

    def misses(chance: np.ndarray) -> tuple[float, float]:
        says, happens = _ranked.said(score, draw.random(n) < chance)
        fifths = np.array_split(np.argsort(says, kind="stable"), 5)
        return _ranked.miss(says, happens, fifths), _ranked.miss(says, happens, by_nodes)

    # Five standard errors of the share of a fifth of the other half.
    assert max(misses(expit(0.5 * score - 1.0))) < 5.0 * 0.5 / np.sqrt(n / 10)
    # Who has half of it at both ends: no curve that only rises says so.
    bent, _ = misses(np.where(np.abs(score - 2.0) > 3.0, 0.5, 0.1))
    assert bent > 0.1
    straight, unknown = misses(expit(0.5 * score - 2.0 + 0.3 * nodes))
    assert unknown > 0.15 > 3.0 * straight


@pytest.mark.parametrize(("intercept", "slope"), [(-6.0, 0.0), (-7.0, 1.2), (-2.0, 0.9), (3.0, -2.0), (-40.0, 9.0)])
def test_a_logistic_curve_is_found_from_afar_too(intercept: float, slope: float) -> None:
    """Of logarithms of millimetres, whatever the share: the score vanishes there, and it lies near what was drawn."""
    draw = np.random.default_rng(9)
    x = draw.normal(2.9, 0.6, size=20_000)
    y = draw.random(len(x)) < expit(intercept + slope * x)
    a, b = _ranked.logistic(x, y.astype(float))
    left = expit(a + b * x) - y
    assert abs(left.mean()) < 1e-5
    assert abs((left * (x - x.mean())).mean()) < 1e-5
    p = expit(intercept + slope * x)
    design = np.stack([np.ones_like(x), x])
    errors = np.sqrt(np.diag(np.linalg.inv((design * p * (1.0 - p)) @ design.T)))
    assert np.all(np.abs(np.array([a - intercept, b - slope])) < 5.0 * errors)


def test_a_logistic_curve_is_found() -> None:
    """Of 200,000: 0.03 is more than four standard errors of either."""
    draw = np.random.default_rng(6)
    x = draw.normal(size=200_000)
    a, b = _ranked.logistic(x, (draw.random(len(x)) < expit(-0.7 + 1.3 * x)).astype(float))
    assert (a, b) == (pytest.approx(-0.7, abs=0.03), pytest.approx(1.3, abs=0.03))


@pytest.mark.parametrize("law", early_or_late.LAWS)
@pytest.mark.parametrize(("ratio", "exponent", "years"), [(4.0, 0.5, 0.0), (1.4, 1.0, 5.0), (2.56, 0.0, 5.0)])
def test_the_share_seeded_early_is_a_ratio_of_integrals(law: str, ratio: float, exponent: float, years: float) -> None:
    growth: Growth = early_or_late.LAWS[law]
    small, found, visible = (
        float(d) for d in growth.days([early_or_late.SMALL, early_or_late.FOUND, early_or_late.VISIBLE])
    )
    last = found + 365.25 * years - visible / ratio

    def shed(end: float) -> float:
        places = np.linspace(0.0, end, 4001)
        return float(integrate.simpson(growth.size(places) ** exponent, x=places))

    expected = shed(min(small, last)) / shed(min(found, last))
    assert early_or_late.early(growth, ratio, exponent, 365.25 * years) == pytest.approx(expected, rel=1e-4)


def test_the_map_is_what_a_simulation_counts() -> None:
    """Of patients who are all alike, as are their metastases, whose cells found at once: four standard errors at most.

    Founders need days, and lesions a phase of birth and death by chance: both shift the time by some days of thousands.
    """
    whole, ratio = cascade.disease("breast"), 3.5
    alike = whole.with_(
        lesions={"growth_ratio": ratio, "growth_spread": 0.0},
        traits=(), correlations=(), subtypes=(), presentation=None, eyes=(), pathologist=None, autopsy=None, care=(),
        calibration=None, variants=(), dormant=0.0, efficiency=0.3, death={"other": None, "burden_cells": 1e15},
    )  # fmt: skip
    growth = alike.tumour.growth
    small, found = (float(day) for day in growth.days([early_or_late.SMALL, early_or_late.FOUND]))
    early = of = 0
    made = cascade.cohort(alike, patients=40, seed=3, until_years=found / 365.25 + 0.01)
    for number in range(40):
        course = made.patient(number)
        mm = course.mm([found / 365.25])[:, 0]
        for lesion, size in zip(course.lesions, mm, strict=True):
            if lesion.site in alike.kinds and alike.kinds[lesion.site] == "distant" and size >= 10.0:
                of += 1
                early += lesion.shed * 365.25 < small
    share = early_or_late.early(growth, ratio, whole.shedding[0].exponent, 0.0)
    assert share is not None
    assert of > 0
    assert abs(early / of - share) <= 4.0 * np.sqrt(share * (1 - share) / of) + 0.03


@pytest.mark.parametrize("name", ["breast", "colon"])
def test_factors_of_soil_leave_what_blood_founds_and_all_else_as_it_was(name: str) -> None:
    """Numbers of organs that are no soil stay; the total of founders by the blood is the same to four figures."""
    disease = cascade.disease(name).with_(lesions={"organs": {"lung": {"growth_ratio": 1.3, "soil": 0.5}}})
    from cascade.patient.origins import origins

    chances = {way.site: way.chance for way in origins(disease)[0].ways if way.route == "blood"}
    put = soil_of_patients.with_soil(disease, {"liver": 3.0, "lung": 0.4})
    assert put.lesions.organs["lung"].growth_ratio == 1.3
    assert put.lesions.of("liver", "soil") / put.lesions.of("lung", "soil") == pytest.approx(7.5, rel=1e-3)
    whole = sum(chance * put.lesions.of(site, "soil") for site, chance in chances.items())
    assert whole == pytest.approx(sum(chances.values()), rel=1e-3)


def test_as_many_died_of_the_tumour_as_make_all_organs_as_frequent() -> None:
    found, seen = {"liver": 0.4, "lung": 0.2, "bone": 0.9}, {"liver": 0.2, "lung": 0.1}
    assert soil_of_patients.in_all(found, seen) == pytest.approx({"liver": 0.2, "lung": 0.1, "bone": 0.45})
    assert soil_of_patients.in_all(seen, {"liver": 0.4, "lung": 0.2}) == pytest.approx(seen)  # no more than all


def test_a_cell_stays_in_the_blood_as_long_as_the_exact_answer_says() -> None:
    """The mean stay is an integral over ages here, a linear system there."""
    from cascade.patient.blood import IN_THE_BLOOD
    from cascade.patient.founding import foundings

    cells = next(f for f in foundings(cascade.body.cancer("breast")) if f.route == "blood")
    hours = cascade.exact(cells.model).hours()
    flowing = [s for s in cells.model.states if s.route == "blood" and s.stage in IN_THE_BLOOD and s.landmark is None]
    stay = sum(hours[state.name] for state in flowing) / 24.0
    assert blood_counts.stay_days(cascade.disease("breast")) == pytest.approx(stay, rel=1e-3)


def test_tubes_of_patients_who_differ_are_counted_one_by_one() -> None:
    mean = np.array([0.0, 1.0, 3.0])
    assert blood_counts.any_of(mean) == pytest.approx((2.0 - np.exp(-1.0) - np.exp(-3.0)) / 3.0)
    assert blood_counts.any_of(mean, 2) == pytest.approx((2.0 - 2.0 * np.exp(-1.0) - 4.0 * np.exp(-3.0)) / 3.0)


@pytest.mark.parametrize("law", ["gompertz", "logistic"])
def test_laws_of_the_pancreas_have_the_measured_pace_at_the_measured_size(law: str) -> None:
    """Within the change of the pace over one doubling."""
    growth = Growth(**pancreas.law_of(law))
    cells = np.pi / 6.0 * (pancreas.AT_MM / 10.0) ** 3 * 1e9
    days = float(np.diff(growth.days([cells / 1.001, cells * 1.001]))[0]) * np.log(2.0) / (2.0 * np.log(1.001))
    assert days == pytest.approx(pancreas.DAYS, rel=1e-3)


def test_metastases_of_the_colon_double_as_their_source_says_at_its_size() -> None:
    """35 days in the liver, 72 in the lung at some 15 mm, to which their growth was set: within a tenth."""
    disease = cascade.disease("colon")
    assert colon_recurrence.doubling(disease, "liver", 15.0) == pytest.approx(35.0, rel=0.12)
    assert colon_recurrence.doubling(disease, "lung", 15.0) == pytest.approx(72.0, rel=0.12)


def test_of_primaries_alone_as_many_live_as_the_exact_answer_says() -> None:
    of = untreated.untreated(cascade.disease("breast"), primaries_alone=True)
    plan = replace(_registers.Calibration.of("breast"), patients=20_000, seed=3)
    left = untreated.years_left(_registers.register_of(of, untreated.NONE, plan))
    many = [(f"{years:g}", int((left > years).sum()), len(left), untreated.alone(of, years)) for years in (1, 3, 5, 10)]
    assert _report.counts_agree(many) == []
    # Of a primary that kills at half as many cells more than chance would tell.
    smaller = of.with_(death={"burden_cells": of.death.burden_cells / 2})
    wrong = [(name, count, n, untreated.alone(smaller, float(name))) for name, count, n, _ in many]
    assert len(_report.counts_agree(wrong)) > 1


def test_who_waits_is_followed_from_the_day_of_the_surgery() -> None:
    days = np.array([100.0, 100.0, 100.0, 100.0, 100.0])
    death = days + np.array([10.0, 40.0, 1000.0, 1826.25 + 40.0, 1826.25 + 60.0])
    r = SimpleNamespace(mode=np.ones(5, int), diagnosed=days / 365.25, death=death / 365.25)
    of = r.mode > 0
    assert delay.dies(r, of, 0.0).tolist() == [True, True, True, False, False]
    assert delay.dies(r, of, 30.0).tolist() == [True, True, False, False]  # one died before the surgery
    assert delay.dies(r, of, 50.0).tolist() == [True, True, False]
    assert delay.odds(0.2) == pytest.approx(0.25)


def test_what_must_not_be_is_told_of_the_rows() -> None:
    rows = [_report.Row("a", "calibrated", 0.26, 0.2, None), _report.Row("b", "calibrated", 0.07, 0.069, None)]
    assert local_recurrence.missed(rows) == ["a: 0.2 for 0.26"]
    for share, told in ((0.0005, 0), (0.01, 1)):
        helps = _report.Row(surgery_a_year_earlier.LATER_HELPS, "check", None, share, None)
        assert len(surgery_a_year_earlier.helped([helps])) == told


@pytest.mark.full
def test_cells_are_left_in_as_many_women_as_have_a_local_recurrence() -> None:
    disease = cascade.disease("breast")
    plan = replace(_registers.Calibration.of("breast"), patients=8_000, seed=4)
    left = local_recurrence.found(disease, plan)
    r = _registers.register_of(local_recurrence.operated_on(disease, left), local_recurrence.WITHOUT, plan)
    five, ever = (local_recurrence.local_by(disease, r, years) for years in (5.0, 25.0))
    assert five == pytest.approx(local_recurrence.LOCAL, rel=0.1)
    assert five / ever == pytest.approx(local_recurrence.EARLY, rel=0.1)
    # What comes back is taken out: where it stays, more women die.
    both = local_recurrence.operated_on(disease, left)
    stays = [
        care.model_copy(update={"surgery": care.surgery.model_copy(update={"again": None})})
        for care in both.care
        if care.surgery is not None
    ]
    of = local_recurrence.operated(r)
    worse = _registers.register_of(both.with_(care=stays), local_recurrence.WITHOUT, plan)
    assert local_recurrence.dead(worse, of) > local_recurrence.dead(r, of) + 0.02


def test_the_guide_says_what_was_asked_of_it_that_nothing_was_fitted_for() -> None:
    """Numbers of the page are those of the scorecard, which are of the predictions that were written down."""
    text = " ".join((Path(__file__).parents[1] / "docs" / "diseases.md").read_text(encoding="utf-8").split())
    told = tomllib.loads((Path(cascade.__file__).parent / "scores" / "experiments.toml").read_text())
    rows = {
        row["name"]: row
        for one in told["experiments"]
        if one["name"] in ("untreated", "delay", "local_recurrence")
        for row in one["rows"]
    }
    assert {row["role"] for row in rows.values()} == {"predicted"}
    median = rows["untreated, years from symptoms to death, median"]
    assert (
        f"half live {median['value']:.1f} years from their symptoms on, for {median['published']:g} published" in text
    )
    alive = {years: rows[f"untreated, alive after {years} years"] for years in (5, 10, 15)}
    share = {years: f"{100 * row['value']:.0f} %" for years, row in alive.items()}
    seen = {years: f"{100 * row['published']:.0f} %" for years, row in alive.items()}
    said = f"{share[5]} are alive after five years for {seen[5]}, {share[10]} after ten for {seen[10]}"
    assert f"{said}, {share[15]} after fifteen for {seen[15]}" in text
    for days, words in ((135, "over those alive are"), (270, "who waited three and more,")):
        row = rows[f"odds of death within five years, {days} days over 45"]
        assert f"{words} {row['value']:.2f} times" in text
        assert f"for {row['published']:.2f}" in text
    again = rows["any recurrence in 10 years, no nodes, cells left"]
    assert (
        f"{100 * again['value']:.0f} % have any recurrence within ten years, for {100 * again['published']:.0f} %"
        in text
    )
    fewer = rows["fewer dead, for a local recurrence less"]
    assert (
        f"one death for {1 / fewer['value']:.0f} local recurrences, published is one for {1 / fewer['published']:.0f}"
        in text
    )


@pytest.mark.full
def test_the_guide_says_of_what_those_die_of_whom_nothing_is_known() -> None:
    """Of 6,000 patients: shares within four standard errors of what the sentence says."""
    text = " ".join((Path(__file__).parents[1] / "docs" / "diseases.md").read_text(encoding="utf-8").split())
    assert "of those who die of the tumour about one in a hundred die before anything is known" in text
    assert "were nodes counted among the cells that kill, about one in seven would" in text
    disease = cascade.disease("breast").with_(death={"other": None}, presentation={"screening": []}, autopsy=None)
    plan = replace(_registers.Calibration.of("breast"), patients=6_000, seed=8, years=disease.years)
    both = [_registers.register_of(one, "surgery", plan) for one in (disease, unknown_primary.counted(disease))]
    unknown = [unknown_primary.unknown_of_dead(r) for r in both]
    assert unknown[0] == pytest.approx(1 / 100, abs=0.007)
    assert unknown[1] == pytest.approx(1 / 7, abs=0.026)
    by_node = unknown_primary.by_a_node(disease, both[0])
    assert (both[0].metastasis_seen[by_node] == 0).all()
    assert by_node.sum() / (both[0].mode > 0).sum() == pytest.approx(0.01, abs=0.006)
