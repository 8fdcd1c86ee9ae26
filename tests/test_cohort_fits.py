"""Diseases fitted to patients: what a table says, what is counted, and numbers that come back with their intervals."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade.cli import main
from cascade.inference.cohorts.drawing import patients_drawn
from cascade.inference.cohorts.fitted import DiseaseFit
from cascade.inference.cohorts.fitting import Search
from cascade.inference.cohorts.groups import Group, Said, Together, Viewed, groups_of
from cascade.inference.cohorts.rows import Patients
from cascade.inference.cohorts.saved import content_of
from cascade.inference.cohorts.tables import CountRow, CountRows, chance_of
from cascade.patient.blood import blood_of, tubes
from cascade.patient.calibration import there
from cascade.patient.known import diameters, register_for
from cascade.patient.variants import changed, number_at

ERRORS = 4.5
"""Standard errors from the truth: normal ones are farther once in 150,000 times."""

FREE = ["efficiency", "presentation.primary.per_year", "shedding.lymph.per_day"]


@cache
def disease() -> cascade.Disease:
    """More founders than the textbook has, so that a few hundred patients tell them."""
    return changed(cascade.disease("textbook"), {"efficiency": 4e-4})


@cache
def drawn(patients: int = 600, tube: bool = False) -> Patients:
    """Patients of it."""
    return patients_drawn(disease(), "surgery", range(patients), seed=77, tube=tube)


@cache
def fitted() -> DiseaseFit:
    """From numbers that are wrong by a third."""
    begin = changed(disease(), {where: 0.7 * number_at(disease(), where) for where in FREE})
    return cascade.fit(begin, drawn(), FREE, care="surgery", patients=4_000, seed=5, progress=False)


def apart(fit: DiseaseFit) -> np.ndarray:
    """Estimates less truth, in errors."""
    truth = [there(number_at(disease(), one.where), one.scale) for one in fit.free]
    return np.asarray((fit.x - truth) / np.sqrt(np.diag(fit.covariance)))


def test_numbers_come_back_and_the_disease_says_how_it_was_made(tmp_path: Path) -> None:
    fit = fitted()
    assert np.abs(apart(fit)).max() < ERRORS
    assert fit.identified == 3
    table = fit.table()
    assert [row.where for row in table] == FREE
    for row in table:
        assert row.low < row.estimate < row.high
        assert row.disease == pytest.approx(0.7 * number_at(disease(), row.where))
        assert number_at(fit.disease, row.where) == pytest.approx(row.estimate, rel=1e-12)
    wide, narrow = fit.table(0.99), fit.table(0.5)
    assert all(w.low < n.low and n.high < w.high for w, n in zip(wide, narrow, strict=True))
    path = tmp_path / "own.toml"
    fit.disease.save(path)
    again = cascade.disease(str(path))
    assert again == fit.disease
    assert str(again.calibrated()) == str(fit.rows())
    assert len(again.draws(3)) == 3


def test_a_saved_fit_is_the_same_and_a_changed_one_is_refused(tmp_path: Path) -> None:
    fit = fitted()
    path = fit.save(tmp_path / "fit.json")
    again = cascade.open_fit(path)
    assert isinstance(again, DiseaseFit)
    assert again.data == fit.data
    assert again.data.classes == fit.data.classes
    for told in ("table", "counts", "rows"):
        assert str(getattr(again, told)()) == str(getattr(fit, told)())
    assert again.disease == fit.disease
    whole = json.loads(path.read_text())

    def planted(signed: bool, **fields: Any) -> Path:
        told = whole | fields
        path.write_text(json.dumps(told | ({"content": content_of(told)} if signed else {})))
        return path

    numbers, first = whole["numbers"], whole["patients"][0]
    changes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"numbers": [numbers[0] + 0.01, *numbers[1:]]}, "comes to the same again"),
        ({"numbers": numbers[1:]}, "as fit.save"),
        ({"information": (2.0 * fit.information).tolist()}, "comes to the same again"),
        ({"patients": [first | {"metastasis": 1 - max(first["metastasis"], 0)}, *whole["patients"][1:]]}, "the same"),
        ({"asked": whole["asked"] | {"seed": 6}}, "comes to the same again"),
        ({"asked": whole["asked"] | {"patients": 10**12}}, "as fit.save"),
        ({"asked": whole["asked"] | {"care": {"all": "nothing"}}}, "as fit.save"),
        ({"disease": whole["disease"] | {"efficiency": 1e-3}}, "the disease is another"),
        ({"free": whole["free"][:2]}, "as fit.save"),
        ({"deviance": None}, "as fit.save"),
    )
    for fields, words in changes:
        with pytest.raises(cascade.InputError, match=words):
            cascade.open_fit(planted(True, **fields))
        with pytest.raises(cascade.InputError, match="not changed since"):
            cascade.open_fit(planted(False, **fields))
    for name, value in {"starts": [1.0], "source": "others", "noise": [], "made": "elsewhere"}.items():
        with pytest.raises(cascade.InputError, match="not changed since"):  # of these no table tells
            cascade.open_fit(planted(False, **{name: value}))
    assert isinstance(cascade.open_fit(planted(False)), DiseaseFit)


def test_fits_of_the_same_patients_stand_beside_each_other() -> None:
    """The whole fit says more than one that holds a wrong number; a fit of other patients is refused."""
    fit = fitted()
    part = cascade.fit(fit.begun, drawn(), FREE[:2], care="surgery", patients=4_000, seed=5, progress=False)
    table = part.compare(fit)
    assert [row.numbers for row in table] == [3, 2]
    assert table.rows[0].log_likelihood == pytest.approx(-fit.deviance / 2)
    assert table.rows[0].aic == 0.0
    more = part.deviance - fit.deviance
    assert table.rows[1].chance == pytest.approx(float(stats.chi2.sf(more, 1)))
    other = cascade.fit(disease(), drawn(), FREE[:2], care="surgery", patients=4_000, seed=5, progress=False)
    assert 0.0 <= other.compare(fit).rows[1].chance <= 1.0  # held elsewhere than the other began: a part all the same
    slower = changed(
        disease(), {"tumour.growth.doubling_days": 1.2 * number_at(disease(), "tumour.growth.doubling_days")}
    )
    assert math.isnan(replace(other, begun=slower).compare(fit).rows[1].chance)
    assert "simulated patients" in str(table)
    with pytest.raises(cascade.InputError, match="the same patients"):
        fit.compare(replace(fit, data=drawn(500)))
    for name in ("patients", "seed"):
        with pytest.raises(cascade.InputError, match=f"same simulated patients: {name}"):
            fit.compare(replace(fit, asked={**fit.asked, name: 9_000}))


def test_what_was_counted_and_in_nobody_simulated_is_said() -> None:
    """A class of none of the simulated patients has a small chance; metastases in years of none are named."""
    shares = Said(np.array([0.0, 1.0]), np.array([0.0, 400.0]))
    group = Group("all", "mm", -1, -1, -1, np.array([12.0, 88.0]), np.full(2, 100.0))
    low, high, chance = chance_of(group, shares, 0)
    assert (low, high) == (0.0, 0.0) or high < 5
    assert chance < 0.01
    never = Group("all", "years", -1, -1, 0, np.array([3.0]), np.array([500.0]))
    assert math.isnan(chance_of(never, Said(np.zeros(1), np.zeros(1)), 0)[2])
    rows = (CountRow("all", "a", 12.0, 100.0, 0.0, low, high, chance), CountRow("all", "b", 3, 500, 0, *[math.nan] * 3))
    below = CountRows(rows, "").below
    assert below.startswith("1 of 1 counts")
    assert "In 1 more metastases were seen" in below


@pytest.mark.parametrize("what", ["mm", "years"])
def test_counts_are_as_seldom_far_off_as_is_said(what: str) -> None:
    """Of counts drawn with the true share or rate, known from some simulated patients, 5 % have a chance below 5 %."""
    rng, few, tables = np.random.default_rng(8), 400, 4_000
    far, known = 0, 0
    for _ in range(tables):
        if what == "mm":
            behind = rng.binomial(few, 0.3)
            observed = rng.binomial(90, 0.3)
            said = Said(np.array([behind, few - behind]) / few, np.array([behind, few - behind], float))
            group = Group("all", what, -1, -1, -1, np.array([observed, 90.0 - observed]), np.full(2, 90.0))
        else:
            behind = rng.poisson(120.0)
            said = Said(np.array([behind / 4000.0]), np.array([float(behind)]))
            group = Group("all", what, -1, -1, 0, np.array([float(rng.poisson(15.0))]), np.array([500.0]))
        low, high, chance = chance_of(group, said, 0)
        far += chance < 0.05
        known += low <= group.observed[0] <= high
    # Whole counts: never more than said, by four errors of 4,000 tables.
    assert far / tables < 0.05 + 4 * math.sqrt(0.05 * 0.95 / tables)
    assert far / tables > 0.02
    assert known / tables > 0.95 - 4 * math.sqrt(0.05 * 0.95 / tables)


def test_the_fit_is_better_than_where_it_began_and_as_good_as_the_truth() -> None:
    """Than the truth worse by no more than what is left of the simulation's own roughness."""
    fit, data = fitted(), drawn()
    search = Search(disease(), data, fit.free, {"all": "surgery"}, 4_000, 5)

    def deviance(x: np.ndarray) -> float:
        m, added = search.parts(x)
        return float(np.sum(search.together.residuals(m[0], added) ** 2))

    begun = np.array([there(row.disease, one.scale) for row, one in zip(fit.table(), fit.free, strict=True)])
    assert fit.deviance == pytest.approx(deviance(fit.x))
    assert fit.deviance < deviance(begun) - 10.0
    assert fit.deviance < deviance(search.begin) + 4.0


def test_an_answer_knows_what_the_fit_leaves_open() -> None:
    def asked(one: cascade.Disease) -> dict[str, float]:
        return {"founders a day": one.efficiency * next(s.per_day for s in one.shedding if s.route == "lymph")}

    row = next(iter(fitted().uncertain(asked)))
    assert row.low < row.value < row.high


def test_counts_are_those_of_the_table_and_of_the_fitted_disease() -> None:
    fit, data = fitted(), drawn()
    rows = fit.counts().rows
    patients = sum(row.patients for row in data.rows)
    assert sum(row.observed for row in rows if row.what.endswith("at diagnosis")) == patients
    assert sum(row.observed for row in rows if row.what.startswith("metastases of")) == sum(r.event for r in data.rows)
    for group, said in zip(fit.groups, fit.said, strict=True):
        if group.what != "years":
            assert said.value.sum() == pytest.approx(1.0) or said.behind.sum() == 0
            assert set(group.exposure) == {group.observed.sum()}


@pytest.mark.parametrize(("tube", "told"), [(False, 1), (True, 2)])
def test_shedding_and_efficiency_are_told_apart_by_cells_in_tubes_alone(tube: bool, told: int) -> None:
    """Without them only the product enters, as far as the lymph is left out: two numbers, one combination."""
    by_blood = changed(disease(), {"shedding.lymph.per_day": 1e-6, "shedding.blood.per_day": 1e5, "efficiency": 4e-5})
    data = patients_drawn(by_blood, "surgery", range(800), seed=3, tube=tube)
    free = ["efficiency", "shedding.blood.per_day"]
    fit = cascade.fit(by_blood, data, free, care="surgery", patients=4_000, seed=5, progress=False)
    assert fit.identified == told
    assert all(math.isfinite(row.low) == (told == 2) for row in fit.table())
    assert ("not told" in str(fit)) == (told == 1)
    assert ("tell 1 of 2 combinations" in str(fit)) == (told == 1)


def test_what_enters_nothing_that_was_counted_is_not_told() -> None:
    """The noise of simulated slopes is another one in each half of the patients: none of it is information."""
    free = ["presentation.primary.per_year", "presentation.organs.brain.per_year"]
    table = [{"mm": mm, "patients": n} for mm, n in ((8, 140), (15, 300), (25, 240), (40, 160))]
    data = cascade.Data.patients(table, mm=[10, 20, 30])
    fit = cascade.fit(disease(), data, free, care="surgery", patients=4_000, seed=5, progress=False)
    first, second = fit.table()
    assert math.isfinite(first.low)
    assert math.isnan(second.low)
    assert math.isnan(second.high)


def test_other_starts_come_to_the_same() -> None:
    """Of one number with one hill: from wherever the search begins, to counts as likely."""
    begin = changed(disease(), {FREE[0]: 0.7 * number_at(disease(), FREE[0])})
    asked: dict[str, Any] = {"care": "surgery", "patients": 4_000, "seed": 5, "progress": False}
    fit = cascade.fit(begin, drawn(), FREE[:1], starts=2, **asked)
    alone = cascade.fit(begin, drawn(), FREE[:1], **asked)
    assert len(fit.starts) == 3
    assert len(alone.starts) == 1
    assert fit.deviance == pytest.approx(min(fit.starts))
    assert fit.starts[0] == alone.starts[0]
    assert max(fit.starts) - min(fit.starts) < 1.0
    assert "All 3 starts came to counts as likely" in str(fit)
    assert "starts" not in str(alone)
    assert "Of 3 starts 1 ended at counts less likely" in str(replace(fit, starts=(10.0, 10.2, 19.0)))


def test_the_same_fit_twice_is_the_same_to_the_bit() -> None:
    def once() -> DiseaseFit:
        return cascade.fit(disease(), drawn(200), FREE[1:2], care="surgery", patients=2_000, seed=8, progress=False)

    assert np.array_equal(once().x, once().x)
    assert str(once()) == str(once())


@pytest.mark.slow
def test_intervals_hold_over_studies_of_few_patients() -> None:
    """Of 60 studies of 150 patients each: of 180 intervals at least 162 hold, but for a chance of 1 in 1,000."""
    held = []
    begin = changed(disease(), {where: 0.7 * number_at(disease(), where) for where in FREE})
    for k in range(60):
        data = patients_drawn(disease(), "surgery", range(180), seed=900 + k)
        fit = cascade.fit(begin, data, FREE, care="surgery", patients=6_000, seed=k, progress=False)
        held += list(np.abs(apart(fit)) < 1.96)
    assert sum(held) >= stats.binom.ppf(1e-3, len(held), 0.95)


# What is counted.


def test_a_deviance_is_twice_the_log_likelihood_below_the_saturated_one() -> None:
    rng = np.random.default_rng(4)
    shares, n = np.array([0.5, 0.3, 0.15, 0.05]), 400
    k = rng.multinomial(n, shares).astype(float)
    group = Group("all", "mm", -1, -1, -1, k, np.full(4, float(n)))
    wanted = 2 * (stats.multinomial.logpmf(k, n, k / n) - stats.multinomial.logpmf(k, n, shares))
    assert deviance(group, shares) == pytest.approx(wanted, rel=1e-6)
    rates, years = np.array([0.02, 0.05, 0.0, 0.1]), np.array([1000.0, 800.0, 0.0, 300.0])
    k = rng.poisson(rates * years).astype(float)
    group = Group("all", "years", -1, -1, 0, k, years)
    wanted = 2 * (stats.poisson.logpmf(k, k) - stats.poisson.logpmf(k, rates * years))[[0, 1, 3]].sum()
    assert deviance(group, rates) == pytest.approx(wanted, rel=1e-6)


def deviance(group: Group, value: np.ndarray, behind: float = 1e12) -> float:
    """Of one group, with so many simulated patients behind each share."""
    together = Together([group])
    return float(np.sum(together.residuals(*together.expected([Said(value, np.full(len(value), behind))])) ** 2))


def test_the_error_of_the_simulation_is_in_the_weights() -> None:
    """Counted from as many simulated patients as there are, twice the squared error: half the deviance."""
    k, share = np.array([30.0, 70.0]), np.array([0.4, 0.6])
    group = Group("all", "mm", -1, -1, -1, k, np.full(2, 100.0))
    together = Together([group])
    same = together.expected([Said(share, 100.0 * share)])
    assert same.added == pytest.approx(1.0)
    assert np.sum(together.residuals(*same) ** 2) == pytest.approx(deviance(group, share) / 2, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_few_are_put_together_and_nobody_is_lost(seed: int) -> None:
    rng = np.random.default_rng(seed)
    groups = [
        Group(arm, what, mm, -1, -1, rng.poisson(rng.choice([0.1, 1.0, 20.0]), size).astype(float), np.full(size, 50.0))
        for arm in "ab" for what, size in (("mm", 5), ("nodes", 4), ("years", 7)) for mm in range(3)
    ]  # fmt: skip
    together = Together(groups)
    assert together.observed.sum() == sum(group.observed.sum() for group in groups)
    of: dict[int, set[tuple[str, str]]] = {}
    whose = [(group.arm, group.what) for group in groups for _ in group.observed]
    for place, who in zip(together.place, whose, strict=True):
        of.setdefault(int(place), set()).add(who)
    assert all(len(who) == 1 for who in of.values())  # of one arm, counted by one thing
    totals = {who: sum(k.sum() for k in (g.observed for g in groups if (g.arm, g.what) == who)) for who in whose}
    for place, k in enumerate(together.observed):
        (who,) = of[place]
        assert (
            k >= min(5.0, totals[who]) or sum(who in them for them in of.values()) == 1 or k == 0 or alone(groups, who)
        )
    said = [Said(rng.random(len(group.observed)), np.full(len(group.observed), 9.0)) for group in groups]
    whole = sum(float(group.exposure @ one.value) for group, one in zip(groups, said, strict=True))
    assert together.expected(said).m.sum() == pytest.approx(whole)


def alone(groups: list[Group], who: tuple[str, str]) -> bool:
    """Whether few of all were counted in the groups that were put together, so that one count is left of them."""
    rest = [g for g in groups if (g.arm, g.what) == who]
    rest = [g for g in rest if g.observed.sum() - (0 if g.what == "years" else g.observed.max()) < 5]
    return sum(float(g.observed.sum()) for g in rest) < 5


@pytest.mark.parametrize("seed", range(3))
def test_every_patient_is_counted_once_by_each_thing_that_is_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(300):
        there_ = rng.random() < 0.1
        rows.append({
            "arm": rng.choice(["a", "b"]),
            "mm": rng.choice(["", "<10", "10-19", "20+", str(round(float(rng.uniform(1, 60)), 1))]),
            "nodes": rng.choice(["", "N0", "1-3", "4+", "2", "7"]),
            "metastasis": "yes" if there_ else rng.choice(["no", ""]),
            "ctc": rng.choice(["", "0", "3", "12"]),
            "months": rng.choice(["", "7", "31", "122"]),
            "event": "" if there_ else rng.choice(["yes", "no"]),
            "patients": int(rng.integers(1, 4)),
        })  # fmt: skip
    data = cascade.Data.patients(rows)
    groups = groups_of(data)

    def counted(what: str) -> float:
        return float(sum(group.observed.sum() for group in groups if group.what == what))

    def of(known: Any) -> int:
        return int(sum(row["patients"] for row in rows if known(row)))

    assert counted("mm") == of(lambda row: row["mm"])
    assert counted("metastasis") == of(lambda row: row["metastasis"])
    assert counted("nodes") == of(lambda row: row["nodes"] and row["metastasis"] != "yes")
    assert counted("tube") == of(lambda row: row["ctc"])
    followed = [row for row in rows if row["months"] and row["metastasis"] != "yes"]
    assert counted("years") == sum(row["patients"] for row in followed if row["event"] == "yes")
    exposure = sum(group.exposure.sum() for group in groups if group.what == "years")
    assert exposure == pytest.approx(sum(row["patients"] * int(row["months"]) for row in followed) / 12.0, rel=1e-3)


def test_a_register_says_what_its_rows_say() -> None:
    """Against a loop over patients."""
    data = drawn()
    r = register_for(disease(), "surgery", range(1500), years=25.0, seed=2)
    seen, mm = Viewed(disease(), r, data.classes, tube=False), diameters(disease(), r)
    edges = (0.0, *data.classes.mm, math.inf)
    for group in groups_of(data):
        some = [
            i for i in range(len(r))
            if r.mode[i] > 0 and (group.metastasis < 0 or r.metastasis_seen[i] == group.metastasis)
            and (group.mm < 0 or edges[group.mm] <= mm[i] < edges[group.mm + 1])
            and (group.nodes < 0 or (r.nodes_positive[i] >= 0
                 and group.nodes == sum(r.nodes_positive[i] >= n for n in data.classes.nodes)))
        ]  # fmt: skip
        said = seen.says(group)
        if group.what == "nodes":
            counted = [
                sum(r.nodes_positive[i] >= n for n in data.classes.nodes) for i in some if r.nodes_positive[i] >= 0
            ]
            assert said.behind == pytest.approx(np.bincount(counted, minlength=4))
            assert said.value == pytest.approx(said.behind / max(len(counted), 1))
        if group.what == "years":
            events, time = np.zeros(len(group.observed)), np.zeros(len(group.observed))
            for i in some:
                last = min(r.distant[i], r.death[i], r.end[i]) - r.diagnosed[i]
                for k, end in enumerate(data.classes.years):
                    begin = data.classes.years[k - 1] if k else 0.0
                    time[k] += min(max(last - begin, 0.0), end - begin)
                    events[k] += r.distant[i] - r.diagnosed[i] == last and begin < last <= end + 1e-9
            assert said.behind == pytest.approx(events)
            assert said.value == pytest.approx(events / np.maximum(time, 1.0))


@pytest.mark.parametrize("name", ["textbook", "breast"])
def test_a_tube_holds_what_the_blood_of_the_day_holds(name: str) -> None:
    one = cascade.disease(name)
    r = register_for(one, "surgery", range(60), years=40.0, seed=6)
    r = r[(r.mode > 0) & (r.diagnosed > 0)]
    means = tubes(one, r)
    kinds = [kind.name for kind in one.subtypes] or [""]
    for i in range(0, len(r), 7):
        traits = {trait.name: float(v) for trait, v in zip(one.traits, r.traits[i], strict=True)}
        exact = blood_of(one, (float(r.diagnosed[i]),), traits, kinds[r.subtype[i]]).rows[0].in_sample
        assert means[i] == pytest.approx(exact, rel=0.02)


def test_registers_are_those_of_the_cohort() -> None:
    """The same to the bit as a cohort hands out."""
    cohort = cascade.cohort(disease(), patients=range(40, 900), seed=12, care="surgery", progress=False)
    ours, theirs = register_for(disease(), "surgery", range(40, 900), years=cohort.years, seed=12), cohort.register()
    for name in ours.columns():
        assert np.array_equal(getattr(ours, name), getattr(theirs, name), equal_nan=True)


# Tables.


def test_ranges_are_read_as_people_write_them() -> None:
    table = {"Size (mm)": ["<10", "10-19", "20 - 29", ">=30", "14.5"], "Nodes": ["N0", "N+", "0", "3", ""]}
    data = cascade.Data.patients(table, nodes=[1])
    assert data.classes.mm == (10.0, 20.0, 30.0)
    assert [(row.mm_from, row.mm_to) for row in data.rows] == [
        (0, 10),
        (10, 19),
        (20, 29),
        (30, math.inf),
        (14.5, 14.5),
    ]
    assert [(row.nodes_from, row.nodes_to) for row in data.rows] == [
        (0, 0),
        (1, math.inf),
        (0, 0),
        (3, 3),
        (0, math.inf),
    ]
    sizes = next(group for group in groups_of(data) if group.what == "mm")
    assert sizes.observed.tolist() == [1, 2, 1, 1]


def test_what_patients_were_chosen_by_says_nothing() -> None:
    table = {"mm": [12, 14, 25], "nodes": [0, 2, 1], "m": ["no", "no", "yes"]}
    whole, some = cascade.Data.patients(table), cascade.Data.patients(table, given=["mm", "metastasis"])
    assert {group.what for group in groups_of(whole)} == {"mm", "metastasis", "nodes"}
    assert {group.what for group in groups_of(some)} == {"nodes"}


def test_all_faults_of_a_table_are_told_at_once() -> None:
    table = {
        "mm": ["big", "-3", "12", "12", "12", "12"],
        "nodes": ["0", "1.5", "4-1", "0", "0", "0"],
        "m": ["no", "no", "perhaps", "yes", "no", "no"],
        "ctc": ["0", "0", "0", "0", "2.5", "0"],
        "years": ["1", "2", "3", "4", "500", "six"],
        "event": ["no", "no", "no", "yes", "no", "often"],
    }
    with pytest.raises(cascade.ModelError) as error:
        cascade.Data.patients(table)
    for told in ("big", "-3", "1.5", "4-1", "perhaps", "at diagnosis", "2.5", "500", "six", "often"):
        assert told in str(error.value), told


@pytest.mark.parametrize(
    ("table", "asked", "told"),
    [
        ({"colour": ["red"]}, {}, "something has to be known"),
        ({"years": [3.0]}, {}, "event"),
        ({"mm": ["10-30"]}, {"mm": [20]}, "within one class"),
        ({"mm": [12]}, {"mm": [20, 10]}, "ascending"),
        ({"mm": [12]}, {"nodes": [0, 2]}, "ascending"),
        ({"mm": [12]}, {"nodes": [1.5]}, "whole"),
        ({"mm": [12]}, {"given": ["size"]}, "mm"),
        ({"mm": [12], "patients": [0]}, {}, "at least one"),
        ({"mm": [12]}, {"columns": {"size": "mm"}}, "mm"),
    ],
)
def test_bad_tables_and_classes_are_refused(table: dict[str, Any], asked: dict[str, Any], told: str) -> None:
    with pytest.raises((cascade.InputError, cascade.ModelError), match=told):
        cascade.Data.patients(table, **asked)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"free": ["efficiency", "efficiency"]}, "once"),
        ({"free": []}, "places"),
        ({"free": ["efficacy"]}, "efficiency"),
        ({"free": ["name"]}, "number"),
        ({"care": "prayer"}, "surgery"),
        ({"care": {"control": "surgery"}}, "all"),
        ({"patients": 10}, "2,000"),
        ({"starts": -1}, "from 0 to 100"),
        ({"starts": 1.5}, "from 0 to 100"),
        ({"spread": "each"}, "left out"),
        ({"vary": "efficiency"}, "left out"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change: dict[str, Any], told: str) -> None:
    asked: dict[str, Any] = {"free": FREE[:1], "care": "surgery", **change}
    free = asked.pop("free")
    with pytest.raises(cascade.InputError, match=told):
        cascade.fit(disease(), drawn(), free, **asked)


def test_models_have_no_patients_and_diseases_no_cells() -> None:
    counts = cascade.Data.counts({"day": [1], "animal": ["a"], "arrested": [5]}, wide=["arrested"], cells=100)
    with pytest.raises(cascade.InputError, match=r"Data\.patients"):
        cascade.fit(disease(), counts, ["efficiency"])
    with pytest.raises(cascade.InputError, match="a disease"):
        cascade.fit(cascade.load("textbook"), drawn(), ["*.shear"])
    with pytest.raises(cascade.InputError, match="left out"):
        cascade.fit(cascade.load("textbook"), counts, ["*.shear"], care="surgery")


def test_the_command_says_what_python_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "patients.csv", tmp_path / "out"
    rows = ["<10,N0,120", "10-20,N0,210", "10-20,N+,31", ">=20,N0,180", ">=20,N+,60"]
    path.write_text("\n".join(["mm,nodes,patients", *rows]) + "\n")
    free = "shedding.lymph.per_day"
    asked = ["fit-disease", "textbook", str(path), "--free", free, "--patients", "3000", "--seed", "4",
             "--care", "surgery", "--out", str(out), "--quiet"]  # fmt: skip
    with pytest.raises(SystemExit) as end:
        main(asked)
    assert end.value.code in (0, None)
    told = capsys.readouterr().out
    fit = cascade.fit(cascade.disease("textbook"), cascade.Data.patients(path), [free], care="surgery", patients=3000,
                      seed=4, progress=False)  # fmt: skip
    assert str(fit) in told
    assert sorted(one.name for one in out.iterdir()) == ["fit.json", "fit.png", "fit.txt", "fitted.toml"]
    assert cascade.disease(str(out / "fitted.toml")) == fit.disease
    with pytest.raises(SystemExit) as end:
        main(asked)
    assert end.value.code == 2
    assert "another fit" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*asked, "--force", "--care", "surgery"])
    assert "ARM=CARE" in capsys.readouterr().err
