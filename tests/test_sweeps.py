"""Sweeps and sensitivities: against the model with its hazards changed, and indices that are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade import Observable
from cascade.common.errors import InputError
from cascade.inference.kept import Held
from cascade.inference.ranges import logs_at, ranges_of
from cascade.solution.passing import Passing
from helpers.models import CYCLIC, DECAY, FRAIL, INSIDE, LINEAR, TWO_FRAILTIES, UNITS, changed

CLUSTERS = next(iter(UNITS.values())) if isinstance(UNITS, dict) else UNITS[0]
MODELS = {"linear": LINEAR, "cyclic": CYCLIC, "levels": INSIDE, "frailties": TWO_FRAILTIES, "clusters": CLUSTERS}


@pytest.mark.parametrize("name", MODELS)
def test_chances_at_many_hazards_are_those_of_models_with_them(name: str) -> None:
    model = MODELS[name]
    names = [row.name for row in model.hazard_table if row.part is not None and row.part.hazard > 0][:3]
    passing = Passing(model, [[model.hazard_table.names.index(n)] for n in names])
    logs = np.random.default_rng(2).normal(0, 0.7, (4, 3))
    got = passing.at(logs)
    for row, log in zip(got, logs, strict=True):
        there = model.with_(scale=dict(zip(names, np.exp(log).tolist(), strict=True)))
        expected = [r.fraction_of_all for r in cascade.exact(there).funnel(1.0).rows]
        # Nodes of the frailties are those of the model itself.
        assert row == pytest.approx(expected, rel=1e-5 if model.frailties else 1e-9)


def test_a_grid_has_all_combinations_and_exact_answers() -> None:
    model = LINEAR
    vary = {"*.immune killing": [0.5, 1.0, 2.0], "arrest.shear": [0.1, 10.0]}
    alive = Observable("out", states="growth")
    table = cascade.sweep(model, vary, observables=[alive], times=[20.0, 90.0])
    assert len(table) == 6 * (len(model.stages) + 2)
    factors, values = table.of("growth")
    assert sorted(map(tuple, factors)) == sorted((a, b) for a in (0.5, 1.0, 2.0) for b in (0.1, 10.0))
    for (a, b), value in zip(factors, values, strict=True):
        there = model.with_(scale={"*.immune killing": a}).with_(scale={"arrest.shear": b})
        assert value == pytest.approx(cascade.exact(there).success, rel=1e-9)
    for row in table.rows:
        if row.hours is not None:
            there = model.with_(scale=dict(row.factors))
            assert row.value == pytest.approx(cascade.exact(there).observe(alive, [row.hours])[0], abs=1e-9)
            assert row.low <= row.value <= row.high


def test_a_treated_model_is_solved_through_its_windows() -> None:
    treated = changed(LINEAR, 3.0, "*.shear", begin=1.0, end=9.0)
    factors, values = cascade.sweep(treated, {"growth.lost": [0.5, 2.0]}).of()
    for (factor,), value in zip(factors, values, strict=True):
        there = treated.with_(scale={"growth.lost": factor})
        assert value == pytest.approx(cascade.exact(there).success, rel=1e-7)
    (row,) = cascade.sensitivity(treated, {"growth.lost": (0.5, 2.0)}, points=16)
    assert row.at_low == pytest.approx(values[0], rel=1e-7)
    assert row.at_high == pytest.approx(values[1], rel=1e-7)


def test_the_same_cells_run_at_every_point() -> None:
    """A death that is less likely loses no cell that passed: with other cells it would."""
    table = cascade.sweep(LINEAR, {"growth.lost": [0.25, 0.5, 1.0, 2.0, 4.0]}, cells=3000, seed=4)
    for step in LINEAR.stages:
        values = table.of(step)[1]
        assert (np.diff(values) <= 0).all()
    plain = cascade.simulate(LINEAR, cells=3000, seed=4).funnel().rows
    assert [r.value for r in table.rows if r.point == 2] == [r.fraction_of_all for r in plain]


def test_cells_of_a_sweep_run_where_an_executor_runs_them() -> None:
    asked: dict[str, Any] = {"vary": {"growth.lost": [0.5, 2.0]}, "seed": 4}
    with ThreadPoolExecutor(2) as pool:
        table = cascade.sweep(LINEAR, cells=3000, executor=pool, **asked)
        assert table == cascade.sweep(LINEAR, cells=3000, **asked)
        with pytest.raises(InputError, match=r"executor.*given with cells"):
            cascade.sweep(LINEAR, executor=pool, **asked)
        pool.shutdown()
        with pytest.raises((InputError, RuntimeError), match="shutdown"):
            cascade.sweep(LINEAR, cells=3000, executor=pool, **asked)


@pytest.mark.parametrize("design", ["latin", "sobol"])
def test_points_are_spread_over_their_ranges(design: str) -> None:
    """One in each of as many parts, even in logarithms."""
    factors, _ = cascade.sweep(
        LINEAR, {"growth.lost": (0.1, 10), "arrest.shear": (0.5, 2)}, design=design, points=64
    ).of()
    for column, (low, high) in zip(factors.T, ((0.1, 10), (0.5, 2)), strict=True):
        part = np.floor(64 * (np.log(column / low) / np.log(high / low))).astype(int)
        assert sorted(part) == list(range(64))


def test_indices_of_a_product_are_shares_of_its_variance() -> None:
    """Passing both steps is a product, so its logarithm a sum: alone and in all a hazard explains the same."""
    model = cascade.Model.from_survival({"arrest": 0.4, "exit": 0.2}, mean_hours={"arrest": 2.0, "exit": 3.0})
    ranges = {"arrest.lost": (0.2, 5.0), "exit.lost": (0.5, 2.0)}
    found = {row.hazard: row for row in cascade.sensitivity(model, ranges, points=4096, seed=3)}
    u = (np.arange(20_000) + 0.5) / 20_000
    variances = {}
    for name, p in (("arrest.lost", 0.4), ("exit.lost", 0.2)):
        low, high = ranges[name]
        odds = (1 - p) / p * low * (high / low) ** u
        variances[name] = float(np.var(-np.log1p(odds)))
    total = sum(variances.values())
    for name, variance in variances.items():
        row, share = found[name], variance / total
        assert row.first == pytest.approx(share, abs=0.02)
        assert row.total == pytest.approx(share, abs=0.02)
        assert row.first_low < share < row.first_high
        assert row.total_low < share < row.total_high


def test_of_one_seed_all_is_the_same_to_the_bit() -> None:
    """The intervals, too, which are resampled; and another seed has others."""
    model, ranges = cascade.load("textbook"), ["*.shear", "*.immune killing", "arrested.extravasated"]
    one, again, other = (cascade.sensitivity(model, ranges, points=64, seed=seed) for seed in (3, 3, 4))
    assert one.rows == again.rows
    assert one.rows != other.rows


def test_of_a_single_hazard_all_comes_from_it() -> None:
    """Of one that moves the answer all, of one that does not nothing."""
    model = cascade.load("textbook")
    (row,) = cascade.sensitivity(model, {"invading.circulating": (0.5, 2.0)}, points=1024)
    assert row.first == pytest.approx(1.0, abs=0.05)
    assert row.total == pytest.approx(1.0, abs=0.05)
    chances = [cascade.exact(model.with_(scale={row.hazard: x})).success for x in (0.5, 2.0)]
    assert [row.at_low, row.at_high] == pytest.approx(chances, rel=1e-9)
    (none,) = cascade.sensitivity(model, ["invading.circulating"], points=16, of="detachment")
    assert (none.first, none.total) == (0.0, 0.0)


def test_hazards_that_act_together_have_totals_above_what_they_do_alone() -> None:
    """Deaths that compete: each matters only where the other is small."""
    model = cascade.Model.from_survival({"arrest": 0.01}, causes={"arrest": {"shear": 1.0, "immune killing": 1.0}})
    found = cascade.sensitivity(model, {"arrest.shear": (0.01, 100), "arrest.immune killing": (0.01, 100)}, points=1024)
    for row in found:
        assert row.total - row.first > 0.1


def test_ranges_without_numbers_are_as_wide_as_the_source_is_weak() -> None:
    liver = cascade.load("b16f1-liver")
    read, round_number = ranges_of(liver, ["lodged.extravasated", "extravasated.dormant"])
    assert 1.0 < read.high < round_number.high
    assert read.low == pytest.approx(1 / read.high)
    middle, upper = logs_at([read], np.array([[0.5], [0.975]]))[:, 0]
    assert middle == pytest.approx(0.0, abs=1e-12)
    assert upper == pytest.approx(np.log(read.high))


# Sweeps that are killed ---------------------------------------------------------------------------

SWEPT: dict[str, dict[str, Any]] = {
    "exact": {"vary": {"growth.lost": [0.5, 1, 2], "arrest.shear": [0.3, 3]}},
    "counted": {"vary": {"growth.lost": (0.5, 2.0)}, "design": "sobol", "points": 4, "cells": 2000, "seed": 3},
}


@pytest.mark.parametrize("kind", SWEPT)
def test_a_sweep_that_was_killed_at_any_byte_goes_on_to_the_same_table(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is only added to is cut anywhere by a kill; what was whole is not worked out again."""
    path = tmp_path / "sweep"
    straight = cascade.sweep(LINEAR, **SWEPT[kind])
    assert cascade.sweep(LINEAR, **SWEPT[kind], path=path) == straight
    whole = path.read_bytes()
    worked: list[int] = []
    original = Held.add
    monkeypatch.setattr(Held, "add", lambda self, number, point: (worked.append(number), original(self, number, point)))
    points = len(straight.of()[1])
    for cut in range(0, len(whole), 7 if kind == "exact" else 97):
        path.write_bytes(whole[:cut])
        worked.clear()
        assert cascade.sweep(LINEAR, **SWEPT[kind], path=path) == straight
        assert path.read_bytes() == whole
        assert len(worked) == points - max(0, whole[:cut].count(b"\n") - 1)
    worked.clear()
    assert cascade.sweep(LINEAR, **SWEPT[kind], path=path) == straight
    assert worked == []


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"seed": 4}, "seed"),
        ({"cells": 1000}, "cells"),
        ({"points": 5}, "points"),
        ({"vary": {"arrest.shear": (0.5, 2.0)}}, "hazards"),
    ],
)
def test_the_file_of_another_sweep_is_refused_and_kept(other: dict[str, Any], named: str, tmp_path: Path) -> None:
    path = tmp_path / "sweep"
    cascade.sweep(LINEAR, **SWEPT["counted"], path=path)
    before = path.read_bytes()
    with pytest.raises(cascade.InputError, match=f"differs in its {named}"):
        cascade.sweep(LINEAR, **{**SWEPT["counted"], **other}, path=path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["what,is,this\n", "{}\n", "[1, 2]\n", "\n", "a note without an end"])
def test_a_file_of_something_else_is_refused_and_kept(text: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(cascade.InputError, match="a new file, or one that a sweep has left"):
        cascade.sweep(LINEAR, **SWEPT["exact"], path=path)
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", [".", "no/such/folder/sweep"])
def test_a_file_that_cannot_be_written_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(cascade.InputError, match="a file that can be read and written"):
        cascade.sweep(LINEAR, **SWEPT["exact"], path=tmp_path / name)


def test_a_file_that_somebody_changed_is_refused_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "sweep"
    cascade.sweep(LINEAR, **SWEPT["exact"], path=path)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*lines[:2], "{oh}\n", *lines[3:]]), encoding="utf-8")
    with pytest.raises(cascade.InputError, match="line 3 is not"):
        cascade.sweep(LINEAR, **SWEPT["exact"], path=path)


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "no hazards": (lambda: cascade.sweep(LINEAR, {}), "hazards, or patterns"),
    "unknown": (lambda: cascade.sweep(LINEAR, {"growth.lst": [1, 2]}), "did you mean 'growth.lost'"),
    "a factor of 0": (lambda: cascade.sweep(LINEAR, {"growth.lost": [0, 2]}), "factors above 0"),
    "a design": (lambda: cascade.sweep(LINEAR, {"growth.lost": [1, 2]}, design="star"), "one of 'grid'"),
    "a range": (lambda: cascade.sweep(LINEAR, {"growth.lost": [1, 2, 3]}, design="latin"), "the lower first"),
    "points": (lambda: cascade.sweep(LINEAR, {"growth.lost": (1, 2)}, design="latin", points=0), "from 1"),
    "times alone": (lambda: cascade.sweep(LINEAR, {"growth.lost": [1]}, times=[3.0]), "both, or neither"),
    "twice": (lambda: cascade.sensitivity(LINEAR, ["*.lost", "growth.lost"]), "do not overlap"),
    "no power": (lambda: cascade.sensitivity(LINEAR, points=100), "a power of 2"),
    "no step": (lambda: cascade.sensitivity(LINEAR, of="exit"), "a step"),
    "a seed": (lambda: cascade.sweep(LINEAR, {"growth.lost": (1, 2)}, design="latin", seed="x"), "seed"),  # type: ignore[arg-type]
    "a seed of a grid": (lambda: cascade.sweep(LINEAR, {"growth.lost": [1]}, seed=-1), "seed"),
    "a seed of indices": (lambda: cascade.sensitivity(LINEAR, seed=-1), "seed"),
    "no observable": (
        lambda: cascade.sweep(LINEAR, {"growth.lost": [1]}, observables=["x"], times=[1.0]),  # type: ignore[list-item]
        "cascade.Observable",
    ),
    "no such answer": (lambda: cascade.sweep(LINEAR, {"growth.lost": [1]}).of("x"), "one of"),
    "progress": (lambda: cascade.sweep(LINEAR, {"growth.lost": [1]}, progress="bar"), "a function of"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_swept_is_refused(what: str) -> None:
    ask, words = REFUSED[what]
    with pytest.raises(cascade.CascadeError, match=words):
        ask()


def test_progress_is_told_point_by_point() -> None:
    told: list[tuple[int, int]] = []
    cascade.sweep(FRAIL, {"*.shear": [1, 2, 3]}, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 3), (2, 3), (3, 3)]


# Ranges that sources state -------------------------------------------------------------------------


def test_a_range_that_a_source_states_is_taken_and_changes_no_digest() -> None:
    """Half-lives of 40 to 260 s, of 1 to 2.4 h: what else is known of the catalogue's hazards is their grade."""
    for name, low, high, hour in (("ctc-mouse", 40.0, 260.0, 3600.0), ("ctc-patient", 1.0, 2.4, 1.0)):
        model = cascade.load(name)
        move = model.states[0].moves[0]
        assert (move.low, move.high) == pytest.approx((math.log(2) * hour / high, math.log(2) * hour / low), rel=1e-3)
        (found,) = ranges_of(model, None)
        assert (found.low, found.high) == (move.low / move.hazard, move.high / move.hazard)  # type: ignore[operator]
        plain = model.states[0].model_copy(update={"moves": (move.model_copy(update={"low": None, "high": None}),)})
        without = model.with_(states=(plain, *model.states[1:]))
        assert without.digest() == model.digest()
        assert ranges_of(without, None)[0].high != found.high
    table = {"animal": [1, 2, 3], "hours": [0.01] * 3, "count": [80, 75, 82]}
    data = cascade.Data.counts(table, {"x": "circulating"}, cells=100)
    row = cascade.fit(cascade.load("ctc-mouse"), data, ["circulating.cleared"], starts=0).posterior(draws=200).rows[0]
    assert (row.prior_low, row.prior_high) == pytest.approx((9.597, 62.38), rel=1e-3)


@pytest.mark.parametrize(("low", "high"), [(2.0, None), (None, 2.0), (2.0, 1.0), (0.0, 1.0)])
def test_a_range_that_is_none_is_told(low: float | None, high: float | None) -> None:
    move = {"to": "t", "hazard": 1.0, "low": low, "high": high}
    with pytest.raises(cascade.ModelError, match=r"low and high|low above 0"):
        cascade.Model(
            name="x", stages=["a"],
            states=[{"name": "s", "stage": "a", "moves": [move]}, {"name": "t", "absorbing": True}],
        )  # fmt: skip


def test_a_law_of_factors_is_that_of_the_sample() -> None:
    """Quantiles of the sampled factors are those of the law; it may be any above 0."""
    laws = {"here.lost": stats.lognorm(0.5), "here.gone": stats.triang(0.3, 0.5, 2.0)}
    found = cascade.sweep(DECAY, laws, design="latin", points=200)
    factors, _ = found.of()
    for column, law in zip(factors.T, laws.values(), strict=True):
        inside = law.cdf(np.sort(column))
        assert np.abs(inside - (np.arange(200) + 0.5) / 200).max() < 0.5 / 200 + 1e-9
    table = cascade.sensitivity(DECAY, laws, points=64)
    assert [row.hazard for row in table] == sorted(laws, key=lambda name: [r.hazard for r in table].index(name))
    for wrong in (stats.norm(1, 1), stats.uniform(0, 1e-320), "wide"):
        with pytest.raises(cascade.InputError, match="ranges"):
            cascade.sweep(DECAY, {"here.lost": wrong}, design="latin", points=8)


def test_an_answer_at_several_times_is_asked_for_by_time() -> None:
    """Rows of two times beside each other would be two values of one point."""
    here = cascade.Observable("there", states=["here"])
    found = cascade.sweep(DECAY, {"here.lost": [0.5, 2.0]}, observables=[here], times=[1.0, 9.0])
    with pytest.raises(cascade.InputError, match="one of 1, 9"):
        found.of("there")
    for hours in (1.0, 9.0):
        factors, values = found.of("there", hours=hours)
        assert factors.tolist() == [[0.5], [2.0]]
        assert values == pytest.approx(np.exp(-(0.1 * np.array([0.5, 2.0]) + 0.02) * hours))
    for wrong in (2.0, "soon"):
        with pytest.raises(cascade.InputError, match="one of 1, 9"):
            found.of("there", hours=wrong)  # type: ignore[arg-type]
    with pytest.raises(cascade.InputError, match="a step, at no time"):
        found.of(found.rows[0].what if found.rows[0].hours is None else None, hours=1.0)


def test_other_numbers_than_hazards_are_varied_by_their_place() -> None:
    """A frailty's spread, a treatment's factor and a share of the start, each as a model that has them."""
    frail = FRAIL.frailties[0]
    place = f"frailties.{frail.name}.cv"
    found = cascade.sweep(FRAIL, {place: [0.5, 1.0], FRAIL.hazard_table.names[0]: [1.0, 2.0]})
    factors, values = found.of()
    for (spread, hazard), value in zip(factors.tolist(), values.tolist(), strict=True):
        others = [
            one if one.name != frail.name else one.model_copy(update={"cv": spread * one.cv}) for one in FRAIL.frailties
        ]
        there = FRAIL.with_(frailties=others).with_(scale={FRAIL.hazard_table.names[0]: hazard})
        assert value == pytest.approx(cascade.exact(there).funnel(1.0).rows[-1].fraction_of_all, rel=1e-6)
    treated = cascade.load("textbook").with_treatments(cascade.treatment("chemotherapy"))
    table = cascade.sweep(treated, {"treatments.chemotherapy.effects.0.factor": [0.1, 1.0]})
    (_, weak), (_, full) = zip(*table.of(), strict=True)
    assert full == pytest.approx(cascade.exact(treated).funnel(1.0).rows[-1].fraction_of_all)
    assert weak > full
    done: list[int] = []
    told = cascade.sensitivity(
        FRAIL, {place: (0.5, 2.0), FRAIL.hazard_table.names[0]: (0.5, 2.0)}, points=16,
        progress=lambda so_far, of: done.append(of - so_far),
    )  # fmt: skip
    assert {row.hazard for row in told} == {place, FRAIL.hazard_table.names[0]}
    assert done[-1] == 0
    for wrong, what in (
        ("frailties.nobody.cv", "a place in the file of a model"),
        (f"frailties.{frail.name}.name", "the place of a number"),
        ("nothing.at.all", "the name of a hazard"),
    ):
        with pytest.raises(cascade.InputError, match=what):
            cascade.sweep(FRAIL, {wrong: [0.5, 2.0]})
    with pytest.raises(cascade.InputError, match="a range of factors with it"):
        cascade.sensitivity(FRAIL, [place])
    with pytest.raises(cascade.ModelError):
        cascade.sweep(FRAIL, {"start.states.0.share": [0.5]})
