"""The calibration of diseases: rows are read off as they say, numbers go where they stand, the exact share is right."""

from __future__ import annotations

import dataclasses
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

import cascade
from cascade.common.shares import plain_percent
from cascade.patient.calibration import back, there
from cascade.patient.loader import disease_names
from cascade.patient.variants import changed, number_at

sys.path.append(str(Path(__file__).parents[1] / "experiments"))

import _clock  # type: ignore[import-not-found]
import _large  # type: ignore[import-not-found]
import _registers  # type: ignore[import-not-found]
import calibrate  # type: ignore[import-not-found]
import koscielny_1984  # type: ignore[import-not-found]

DISEASE = cascade.disease("breast")
FITTED = [name for name in disease_names() if cascade.disease(name).calibration is not None]
VARIANTS = [
    whole
    for name in FITTED
    for whole in (name, *(f"{name}:{one.name}" for one in cascade.disease(name).variants if one.calibration))
]


@dataclass
class Few:
    """A register of tumours whose spread is known."""

    cells: Any
    mode: Any
    diagnosed: Any
    distant: Any
    surgery: Any


class Planted:
    """Patients of whom a share expit(slope log(mm / half)) has a metastasis within a year."""

    def __init__(self, half: float, slope: float, seed: int) -> None:
        draw = np.random.default_rng(seed)
        mm = np.exp(draw.uniform(np.log(5.0), np.log(150.0), 40_000))
        volume = np.pi / 6.0 * (mm / 10.0) ** 3
        spread = draw.random(len(mm)) < expit(slope * np.log(mm / half))
        n = len(mm)
        self.disease = DISEASE
        self.surgery = Few(volume * 1e9, np.ones(n), np.full(n, 9.9), np.where(spread, 11.0, np.inf), np.full(n, 10.0))

    mm = _registers.Seen.mm


@pytest.mark.parametrize(("half", "slope"), [(35.0, 2.0), (40.0, 3.0), (70.0, 1.5)])
def test_the_size_of_half_is_found(half: float, slope: float) -> None:
    """Of 40,000 tumours, some 14,000 within reach: 3 % is more than five standard errors."""
    seen = Planted(half, slope, seed=1)
    found = _registers.size_of_half(seen, {"within_years": 1.5, "near_mm": 1.1 * half})
    assert found == pytest.approx(half, rel=0.03)
    assert _registers.size_of_half(seen, {"within_years": 0.5, "near_mm": half}) > 3.0 * half  # nobody so early


def test_no_row_hangs_on_whether_a_visit_at_its_end_belongs_to_a_window() -> None:
    """Visits lie at whole years after surgery: a little sooner or later changes nothing; what is then counts half."""
    years = np.array([0.5, 1.0, 4.9, 5.0, 5.1, np.inf])
    for moved in (-1e-9, 0.0, 1e-9):
        assert _clock.by(years, 5.0 + moved).tolist() == [1.0, 1.0, 1.0, 0.5, 0.0, 0.0]
        assert (_clock.by(years, 5.0) + _clock.after(years, 5.0 + moved)).tolist() == [1.0] * len(years)
    register = Few(np.ones(3), np.ones(3), np.full(3, 2.0), np.full(3, 9.0), np.array([2.1, 2.1, np.inf]))
    assert _clock.since(register, register.distant) == pytest.approx([6.9, 6.9, 7.0])
    assert _clock.since_diagnosis(register, register.distant) == pytest.approx([7.0, 7.0, 7.0])
    # Of five free at five years, of whom one is seen then: half of it is late.
    spread, died = np.array([5.0, 7.0, 20.0, np.inf, 3.0]), np.full(5, np.inf)
    assert _registers.later(spread, died, 5.0, 20.0) == pytest.approx((0.5 + 1.0 + 0.5) / 3.5)


def test_the_middle_time_does_not_jump_from_visit_to_visit() -> None:
    """Of what is found evenly in time it is the middle, however often one looks; it moves little with a few cases."""
    draw = np.random.default_rng(4)
    true = draw.uniform(0.0, 4.0, 20_000)
    for every in (0.5, 1.0):
        seen = np.where(draw.random(len(true)) < 0.1, true, np.round(true / every) * every)  # one in ten by symptoms
        assert _clock.middle(seen, np.ones(len(seen)), every) == pytest.approx(2.0, abs=0.05)
        # As the later ones weigh more and more, it rises by little steps: no farther than the density says.
        middles = np.array([_clock.middle(seen, np.exp(k * (seen - 2.0)), every) for k in np.linspace(-0.5, 0.5, 41)])
        steps = np.diff(middles)
        assert (steps > 0).all()
        assert steps.max() < 3.0 * steps.mean()
    few = [_clock.middle(np.append([1.0, 2.0], [2.0] * more), np.ones(2 + more), 1.0) for more in range(4)]
    assert few == pytest.approx([1.5, 1.75, 1.8333333, 1.875])


@pytest.mark.slow
@pytest.mark.parametrize("name", FITTED)
def test_chance_moves_no_target_by_more_than_half_its_error(name: str) -> None:
    """By six parts of the patients, whose deviation tells a half as more than three quarters in 1 of 20."""
    calibration = _registers.Calibration.of(name)
    errors = calibrate.by_chance(calibration, cascade.disease(name))
    off = {
        row.id: error
        for row, error in zip(calibration.rows, errors, strict=True)
        if row.role == "target" and error > 0.75
    }
    assert not off


@pytest.mark.slow
def test_tumours_that_are_found_late_stand_for_those_that_are_found() -> None:
    """Weighed, they are as many, as large, as often spread; where few are found, two seeds agree within errors."""
    disease = cascade.disease("breast")
    plan = dataclasses.replace(_registers.Calibration.of("breast"), patients=12_000, seed=5)
    seen = _registers.Seen(disease, plan)
    r = seen.surgery
    felt, mm = r.mode == 1, seen.mm(r)
    late, weights = _large.found_late(disease, dataclasses.replace(plan, seed=6), 0.5)
    size = _large.diameters(disease, late)
    assert weights.sum() / 12_000 == pytest.approx(felt.mean(), abs=0.02)
    for low, high in ((15.0, 25.0), (30.0, 40.0)):
        some, others = (mm > low) & (mm < high) & felt, weights * ((size > low) & (size < high))
        assert others.sum() / weights.sum() == pytest.approx(some.sum() / felt.sum(), abs=0.025)
        spread = _clock.by(_clock.since(r, r.distant), 5.0)[some].mean()
        assert (others * _clock.by(_clock.since(late, late.distant), 5.0)).sum() / others.sum() == pytest.approx(
            spread, abs=6.0 * np.sqrt(2.0 * spread * (1.0 - spread) / some.sum())
        )
    asked = {"at_mm": 72.6, "within_years": 5.0}
    told = [
        _large.shares_at(_registers.Seen(disease, dataclasses.replace(plan, seed=s)), asked, 40_000) for s in (7, 8)
    ]
    (one, first), (other, second) = told
    assert abs(one - other) < 5.0 * np.hypot(first, second)
    assert max(first, second) < 0.2


@pytest.mark.parametrize("name", FITTED)
def test_every_row_is_read_off_by_a_known_rule_and_has_a_source_and_a_role(name: str) -> None:
    calibration = _registers.Calibration.of(name)
    for row in calibration.rows:
        assert row.what in _registers.WHAT
        assert row.role in ("target", "choice", "comparison")
        assert row.source.rstrip().endswith((": A", ": B", ": C")), row.source  # recalled figures are no rows
    assert len({row.id for row in calibration.rows}) == len(calibration.rows)
    targets = [row for row in calibration.rows if row.role == "target"]
    assert len(targets) > len(calibration.free)


@pytest.mark.parametrize("name", FITTED)
def test_numbers_go_where_they_stand(name: str) -> None:
    """Each free parameter changes its number, and nothing else."""
    disease = cascade.disease(name)
    for free in _registers.Calibration.of(name).free:
        value = back(0.25 + there(number_at(disease, free.where), free.scale), free.scale)
        other = changed(disease, {free.where: value})
        aside = {"calibration", "variants"}
        told, before = (d.model_dump(mode="json", exclude_none=True, exclude=aside) for d in (other, disease))
        differ = leaves(told) ^ leaves(before)
        assert {path for path, _ in differ} == {path for path, _ in differ if path.endswith(free.where.split(".")[-1])}
        assert len({path for path, _ in differ}) == (len(disease.care) if "*" in free.where else 1)
    for where in ("shedding.nerve.per_day", "efficiency.more", "title", "lesions", "traits.pace"):
        with pytest.raises(cascade.InputError, match="place"):
            changed(disease, {where: 1.0})


def test_what_the_guide_says_contradicts_breast_cancer_does() -> None:
    """And no other row of its calibration: another one means another sentence in docs/diseases.md."""
    calibration = DISEASE.calibration
    assert calibration is not None
    assert {row.name for row in calibration.rows if row.verdict in ("contradicted", "not met")} == {
        "nodes, below 10 mm",  # too few
        "5 mm: free at 5 years",  # of small tumours more recur early
        "15 mm: free at 5 years",
        "recurrence in years 5 to 20, T2N4-9",  # too few late
        "fewer free of any recurrence at five years, with images, read as distant",
    }
    rows = {row.name: row for row in calibration.rows}
    for few in ("nodes, below 10 mm", "5 mm: free at 5 years", "15 mm: free at 5 years"):
        assert rows[few].simulated < rows[few].observed
    assert rows["recurrence in years 5 to 20, T2N4-9"].simulated < rows["recurrence in years 5 to 20, T2N4-9"].observed
    for nearer, before in (("nodes, 50 mm and more", 0.6452), ("200 mL: spread in 5 years", 0.3647)):
        assert abs(rows[nearer].simulated - rows[nearer].observed) < abs(before - rows[nearer].observed)


@pytest.mark.parametrize("name", disease_names())
def test_what_a_variant_changes_is_not_what_the_disease_already_has(name: str) -> None:
    """Else a number of its own was written over, say when the disease was fitted again."""
    disease = cascade.disease(name)
    for one in disease.variants:
        for where, value in one.changes.items():
            assert number_at(disease, where) != value, (one.name, where)


EVERY_VARIANT = [f"{name}:{one.name}" for name in disease_names() for one in cascade.disease(name).variants]


@pytest.mark.full
@pytest.mark.parametrize("name", EVERY_VARIANT)
def test_patients_of_a_variant_live(name: str) -> None:
    """Also the leaky ones: where lesions shed without an end, one of some thousands has more than there is room for."""
    cohort = cascade.cohort(cascade.disease(name), patients=4_000, seed=1, care="surgery")
    assert cohort.counts.made > 0


def test_what_a_variant_is_about_is_not_free_in_it() -> None:
    """The variant of slow lesions stays one, whatever is fitted in it."""
    whole, slow = (_registers.Calibration.of(name) for name in ("breast", "breast:slow-lesions"))
    assert {one.where for one in whole.free} - {one.where for one in slow.free} == {"lesions.growth_ratio"}
    assert whole.rows == slow.rows
    assert len(slow.starts) == len(slow.free)
    assert cascade.disease("breast:slow-lesions").lesions.growth_ratio == 1.4


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if ":" in name else pytest.mark.full) for name in VARIANTS]
)
def test_the_file_of_a_disease_tells_what_its_script_finds(name: str) -> None:
    """Every row that stands there as simulated is counted anew; every free parameter is that of the calibration."""
    disease = cascade.disease(name)
    assert disease.calibration is not None
    calibration = _registers.Calibration.of(name)
    seen = _registers.Seen(disease, calibration)
    told = {row.name: row for row in disease.calibration.rows}
    assert set(told) == {row.id for row in calibration.rows}
    for row in calibration.rows:
        one = told[row.id]
        assert (one.observed, one.error, one.role) == (row.observed, row.error, row.role), row.id
        assert one.simulated == pytest.approx(seen.value(row), rel=1e-3), row.id
    assert disease.calibration.free == calibration.free


def leaves(told: Any, path: str = "") -> set[tuple[str, str]]:
    """Numbers and texts of a table, with where they stand."""
    if isinstance(told, dict):
        return set().union(*(leaves(value, f"{path}.{key}") for key, value in told.items()), set())
    if isinstance(told, list):
        return set().union(*(leaves(value, f"{path}.{i}") for i, value in enumerate(told)), set())
    return {(path, repr(told))}


def test_the_exact_share_that_has_spread_is_an_average_over_patients() -> None:
    """Against a million drawn pairs of traits, correlated as the disease says: 0.002 is four standard errors."""
    draw = np.random.default_rng(3)
    blood, lymph = (next(t.spread for t in DISEASE.traits if f"shedding.{r}" in t.acts_on) for r in ("blood", "lymph"))
    rho = DISEASE.correlations[0].value
    x, y = draw.standard_normal((2, 10**6))
    y = rho * x + np.sqrt(1.0 - rho**2) * y
    shed, mean = koscielny_1984.shed_by(DISEASE, 30.0), {"blood": 0.0, "lymph": 0.0}
    for way in koscielny_1984.origins(DISEASE)[0].ways:
        if DISEASE.kinds[way.site] == "distant":
            mean[way.route] += shed[way.route] * way.chance * DISEASE.efficiency_in(way.site) * 0.5
    of = np.exp(blood * x - blood**2 / 2) * mean["blood"] + np.exp(lymph * y - lymph**2 / 2) * mean["lymph"]
    assert koscielny_1984.initiated(DISEASE, 30.0) == pytest.approx(1.0 - np.exp(-of).mean(), abs=0.002)
    assert koscielny_1984.initiated(DISEASE, 10.0) < koscielny_1984.initiated(DISEASE, 30.0)


def test_what_is_shed_by_time_has_no_share_by_size() -> None:
    by_time = [shed.model_copy(update={"per_division": 0.0}) for shed in DISEASE.shedding]
    with pytest.raises(SystemExit, match="pace"):
        koscielny_1984.shed_by(DISEASE.with_(shedding=by_time), 30.0)


def test_the_share_of_sleepers_is_that_of_the_disease_and_is_told() -> None:
    from cascade.cli.descriptions_of_diseases import disease_page

    awake = DISEASE.with_(dormant=0.0)
    assert awake.cancer.dormant == 0.0
    assert DISEASE.with_(dormant=None).cancer == cascade.body.cancer("breast")
    assert DISEASE.dormant is not None
    assert f"{plain_percent(DISEASE.dormant)} slept as single cells" in disease_page(DISEASE)
    assert "slept as single cells" not in disease_page(DISEASE.with_(dormant=None))
    assert awake.digest() != DISEASE.digest()


@pytest.mark.parametrize(("name", "begins", "free"), [("breast", "## Breast", "Ten"), ("colon", "## Colon", "Nine")])
def test_the_guide_says_whose_figures_all_rows_are(name: str, begins: str, free: str) -> None:
    """Each source of a row stands in the table of its disease; how many numbers are free is as is said."""
    calibration = _registers.Calibration.of(name)
    page = (Path(__file__).parents[1] / "docs" / "diseases.md").read_text()
    mine = begins + page.split(begins)[1].split("\n## ")[0]
    table = "\n".join(line for line in mine.splitlines() if line.startswith("|"))
    for row in calibration.rows:
        names = re.findall(r"[A-Z][A-Za-z-]{2,}|[a-z]{8,}", row.source.split(":")[0])
        assert any(one in table for one in names), row.source
    assert f"{free} numbers are free" in mine
    assert {"Ten": 10, "Nine": 9}[free] == len(calibration.free)
    if name == "colon":
        places = {
            row.source.split(":")[0].split(",")[0].split(" (")[0] for row in calibration.rows if row.role == "target"
        }
        assert len(places) == 9
        assert "targets come from nine places" in mine
