"""Animals in experiments: the likelihood with what they share, intervals by experiments, tables that say it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

import cascade
from cascade import Data
from cascade.inference.drawing import drawn
from cascade.inference.free import free_of
from cascade.inference.likelihood import Likelihood
from cascade.inference.nested import NAME, Nested
from helpers.models import DECAY


def study(
    experiments: int, animals: int, hours: tuple[float, ...] = (2.0, 12.0), *,
    names: tuple[str, ...] = ("here", "gone"), arms: tuple[str, ...] = ("a",), cells: float = 1e4,
) -> Data:  # fmt: skip
    """Animals that are killed at each time, in each arm of each experiment."""
    rows = [
        {"animal": f"{e} {h} {k}", "arm": arm, "batch": f"day {e}", "hours": h, "observable": name, "count": 5}
        for e in range(experiments) for arm in arms for h in hours for k in range(animals) for name in names
    ]  # fmt: skip
    return Data.counts(rows, cells=cells)


def likelihood_of(data: Data, names: list[str], *, spread: str = "one", shared: bool = True) -> Nested:
    models = dict.fromkeys(data.arms, DECAY)
    return Nested(models, data, free_of(models, names, (), None), spread=spread, shared=shared)  # type: ignore[arg-type]


def test_the_likelihood_is_the_integral_over_experiments() -> None:
    """Over what an experiment shares, of the likelihood of its animals, by quadrature of another kind."""
    data, sds = study(2, 2, cells=300), [0.2, 0.3, 0.5]
    rng = np.random.default_rng(1)
    nested = likelihood_of(data, ["here.lost"])
    nested = nested.recounted(drawn(nested, np.zeros(1), np.array(sds), rng))  # type: ignore[assignment]
    expected = nested.expected(np.zeros(1))
    found = nested.of(expected, np.log(sds)).value
    plain = Likelihood(nested.models, nested.data, nested.free, spread="one", shared=True)
    animal = np.repeat(np.arange(len(nested.begin) - 1), np.diff(nested.begin))
    wanted = 0.0
    for e in range(2):
        mine = np.unique(animal[[i for i, row in enumerate(nested.data.rows) if row.experiment == f"day {e}"]])

        def joint(c: float, mine: np.ndarray = mine) -> float:
            moved = expected._replace(log=expected.log + c)
            return math.exp(plain._given(moved, np.log(sds[:2]))[0][mine].sum()) * float(stats.norm.pdf(c, 0, sds[2]))

        wanted += math.log(integrate.quad(joint, -3, 3, epsabs=0, epsrel=1e-8, limit=200)[0])
    assert found == pytest.approx(wanted, abs=2e-4)


@pytest.mark.parametrize("spread", ["one", "each"])
@pytest.mark.parametrize("shared", [False, True])
def test_slopes_are_those_of_small_steps(spread: str, shared: bool) -> None:
    rng, data = np.random.default_rng(4), study(3, 2)
    likelihood = likelihood_of(data, ["here.lost", "here.gone"], spread=spread, shared=shared)
    sds = np.full(len(likelihood.spreads), 0.4)
    likelihood = likelihood.recounted(drawn(likelihood, np.zeros(2), sds, rng))  # type: ignore[assignment]
    theta, psi, step = np.array([0.1, -0.2]), np.log(sds), 1e-4
    found = likelihood.of(likelihood.expected(theta), psi)

    def value(t: np.ndarray, s: np.ndarray) -> float:
        return likelihood.of(likelihood.expected(t), s).value

    for p, e in enumerate(np.eye(2) * step):
        slope = (value(theta + e, psi) - value(theta - e, psi)) / (2 * step)
        assert found.by_free[p] == pytest.approx(slope, abs=0.02 + 1e-3 * abs(slope))
    for s, e in enumerate(np.eye(len(psi)) * step):
        slope = (value(theta, psi + e) - value(theta, psi - e)) / (2 * step)
        assert found.by_spread[s] == pytest.approx(slope, abs=0.02)
    reference = likelihood.reference(likelihood.expected(theta))
    _, moved = likelihood.information(reference, psi)
    for s, e in enumerate(np.eye(len(psi)) * step):
        up, down = (likelihood.information(reference, psi + side * e)[0] for side in (1, -1))
        assert moved[s] == pytest.approx((up - down) / (2 * step), abs=1e-5)


def test_without_a_spread_of_experiments_it_is_the_likelihood_of_animals() -> None:
    rng, data = np.random.default_rng(5), study(3, 3)
    nested = likelihood_of(data, ["here.lost"])
    nested = nested.recounted(drawn(nested, np.zeros(1), np.array([0.2, 0.3, 1e-6]), rng))  # type: ignore[assignment]
    plain = Likelihood(nested.models, nested.data, nested.free, spread="one", shared=True)
    at = nested.expected(np.array([0.1]))
    assert nested.of(at, np.log([0.2, 0.3, 1e-6])).value == pytest.approx(
        plain.of(at, np.log([0.2, 0.3])).value, abs=1e-4
    )
    one, two = (which.information(which.reference(at), spreads)[0] for which, spreads in (
        (nested, np.log([0.2, 0.3, 1e-9])), (plain, np.log([0.2, 0.3]))))  # fmt: skip
    assert one == pytest.approx(two, rel=1e-9)


def test_intervals_are_by_experiments_and_effects_within_them_are_not() -> None:
    """Four experiments that differ by 0.5, each with both arms: a level is known as four are, an effect far better."""
    rng, data = np.random.default_rng(7), study(4, 4, (10.0,), names=("here",), arms=("a", "b"))
    models = {"a": DECAY, "b": DECAY.with_(scale={"here.lost": 1.5})}
    truth = Nested(models, data, free_of(models, ["here.lost"], (), None), spread="one", shared=False)  # type: ignore[arg-type]
    counts = drawn(truth, np.zeros(1), np.array([0.2, 0.5]), rng)
    fit = cascade.fit(DECAY, counts, ["here.lost"], by="arm", against="a", starts=0)
    base, effect = fit.table().rows
    assert base.degrees < 8
    assert math.log(base.high / base.low) > math.log(effect.high / effect.low)
    assert effect.low < 1.5 < effect.high
    assert 0.1 < fit.spreads[NAME] < 1.5
    assert "4 experiments, which differ by" in fit.table().below
    table = [{**row, "batch": ""} for row in counts.to_dicts()]
    for row in table:
        del row["experiment"], row["batch"]
    alone = cascade.fit(DECAY, Data.counts(table), ["here.lost"], by="arm", against="a", starts=0).table().rows
    assert math.log(alone[0].high / alone[0].low) < math.log(base.high / base.low)
    assert math.log(alone[1].high / alone[1].low) > math.log(effect.high / effect.low)


@pytest.mark.full
def test_intervals_hold_where_experiments_differ() -> None:
    """Of 60 studies of five experiments; animals taken as independent of their experiment hold far less."""
    rng, data = np.random.default_rng(8), study(5, 4, (10.0,), names=("here",))
    truth = likelihood_of(data, ["here.lost"], shared=False)
    held = alone = 0
    for _ in range(60):
        counts = drawn(truth, np.zeros(1), np.array([0.2, 0.5]), rng)
        row = cascade.fit(DECAY, counts, ["here.lost"], starts=0).table().rows[0]
        held += row.low <= 0.1 <= row.high
        table = [{k: v for k, v in one.items() if k != "experiment"} for one in counts.to_dicts()]
        row = cascade.fit(DECAY, Data.counts(table), ["here.lost"], starts=0).table().rows[0]
        alone += row.low <= 0.1 <= row.high
    assert held >= 50  # of 0.95, fewer in one of 2,000
    assert alone < 48


def test_a_new_animal_is_one_of_a_new_experiment() -> None:
    rng, data = np.random.default_rng(9), study(4, 3, (10.0,), names=("here",))
    truth = likelihood_of(data, ["here.lost"], shared=False)
    fit = cascade.fit(DECAY, drawn(truth, np.zeros(1), np.array([0.1, 0.6]), rng), ["here.lost"], starts=0)
    found = fit.predict("here", [10.0])
    width = float(np.log(found.animal_high / found.animal_low)[0])  # type: ignore[union-attr]
    assert width > 2 * 1.9 * fit.spreads[NAME]


def test_it_is_saved_and_opened_again(tmp_path: Path) -> None:
    fit = cascade.fit(DECAY, study(3, 2), ["here.lost"], starts=0)
    again = cascade.open_fit(fit.save(tmp_path / "fit.json"))
    assert str(again.table()) == str(fit.table())
    assert again.spreads.keys() == fit.spreads.keys()


def test_what_is_no_experiment_is_told() -> None:
    with pytest.raises(cascade.InputError, match="two experiments or more"):
        cascade.fit(DECAY, study(1, 3), ["here.lost"], starts=0)
    with pytest.raises(cascade.InputError, match="where animals stand in experiments"):
        cascade.fit(DECAY, study(3, 2), ["here.lost"], vary="here.lost")
    rows = [
        {"animal": "m", "experiment": e, "hours": h, "observable": "here", "count": 5} for e, h in (("x", 1), ("y", 2))
    ]
    with pytest.raises(cascade.ModelError, match="one experiment for each animal"):
        Data.counts(rows, cells=10)
    rows[1]["experiment"] = ""
    with pytest.raises(cascade.ModelError, match="the name of the experiment"):
        Data.counts(rows, cells=10)
