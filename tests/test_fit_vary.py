"""A hazard that differs between animals: the likelihood with the curve solved for each, and what a fit says of it."""

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
from cascade.inference.varying import Varying
from cascade.inference.varying_two import VaryingTwo
from helpers.budget import within
from helpers.models import CYCLIC, DECAY


def likelihood_of(
    data: Data, model: cascade.Model, names: list[str], by: str | None = None, **kinds: object
) -> Varying:
    models = dict.fromkeys(data.arms, model)
    options = {"spread": "none", "shared": False, "vary": names[:1]} | kinds
    kind = VaryingTwo if len(options["vary"]) == 2 else Varying  # type: ignore[arg-type]
    return kind(models, data, free_of(models, names, (), by), **options)  # type: ignore[arg-type]


def study(animals: int, hours: tuple[float, ...], arms: tuple[str, ...] = ("all",), cells: float = 1e4) -> Data:
    rows = [
        {"animal": f"{k}", "arm": arm, "hours": h, "observable": name, "count": 5}
        for arm in arms for k in range(animals) for h in hours for name in ("here", "gone")
    ]  # fmt: skip
    return Data.counts(rows, cells=cells)


def test_the_likelihood_is_the_integral_over_animals() -> None:
    """Poisson counts whose curve is solved for each u; three animals, by quadrature of another kind."""
    data = study(3, (2.0, 12.0), cells=300).with_counts([250, 40, 60, 48, 220, 30, 150, 9, 260, 20, 20, 40])
    likelihood, omega = likelihood_of(data, DECAY, ["here.lost", "here.gone"]), 0.5
    found = likelihood.of(likelihood.expected(np.zeros(2)), np.log([omega])).value

    def joint(u: float, rows: range) -> float:
        total, product = 0.1 * math.exp(u) + 0.02, stats.norm.pdf(u, 0, omega)
        for j in rows:
            row = data.rows[j]
            here = math.exp(-total * row.hours)
            share = here if row.observable == "here" else 0.02 / total * (1 - here)
            product *= stats.poisson.pmf(row.count, 300 * share) / stats.poisson.pmf(row.count, row.count)
        return float(product)

    wanted = 0.0
    for a in range(3):
        rows = range(4 * a, 4 * a + 4)
        parts = [integrate.quad(joint, lo, lo + 0.25, args=(rows,), epsabs=0, epsrel=1e-9)[0]
                 for lo in np.arange(-3.0, 3.0, 0.25)]  # fmt: skip
        wanted += math.log(sum(parts))
    assert found == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize("by", [None, "arm"])
@pytest.mark.parametrize(
    "kinds",
    [
        {},
        {"spread": "one", "shared": True},
        {"spread": "each"},
        {"vary": ["here.lost", "here.gone"]},
        {"vary": ["here.lost", "here.gone"], "spread": "one", "shared": True},
    ],
)
def test_slopes_are_those_of_small_steps(kinds: dict[str, object], by: str | None) -> None:
    rng = np.random.default_rng(4)
    data = study(3, (2.0, 9.0), ("a", "b"), cells=400)
    likelihood = likelihood_of(data, DECAY, ["here.lost", "here.gone"], by, **kinds)
    sds = np.full(len(likelihood.spreads), 0.4)
    likelihood = likelihood.recounted(drawn(likelihood, np.zeros(len(likelihood.free)), sds, rng))  # type: ignore[assignment]
    theta, psi, step = np.linspace(-0.2, 0.3, len(likelihood.free)), np.log(sds), 1e-4
    found = likelihood.of(likelihood.expected(theta), psi)

    def value(t: np.ndarray, s: np.ndarray) -> float:
        return likelihood.of(likelihood.expected(t), s).value

    for p, e in enumerate(np.eye(len(theta)) * step):
        assert found.by_free[p] == pytest.approx((value(theta + e, psi) - value(theta - e, psi)) / (2 * step), abs=0.02)
    for s, e in enumerate(np.eye(len(psi)) * step):
        slope = (value(theta, psi + e) - value(theta, psi - e)) / (2 * step)
        assert found.by_spread[s] == pytest.approx(slope, abs=0.02)
    reference = likelihood.reference(likelihood.expected(theta))
    _, moved = likelihood.information(reference, psi)
    for s, e in enumerate(np.eye(len(psi)) * step):
        up, down = (likelihood.information(reference, psi + side * e)[0] for side in (1, -1))
        assert moved[s] == pytest.approx((up - down) / (2 * step), abs=1e-5)


BOTH = ["here.lost", "here.gone"]


def of_two(data: Data, omegas: tuple[float, float], animal: int, cells: int) -> float:
    """The likelihood of an animal by brute force: a fine grid of both hazards, the same for all animals."""
    x = np.linspace(-8.0, 8.0, 1201)
    w = stats.norm.pdf(x) * (x[1] - x[0])
    lost, gone = 0.1 * np.exp(omegas[0] * x)[:, None], 0.02 * np.exp(omegas[1] * x)[None]
    log = np.zeros((len(x), len(x)))
    for row in data.rows[4 * animal : 4 * animal + 4]:
        here = np.exp(-(lost + gone) * row.hours)
        share = here if row.observable == "here" else gone / (lost + gone) * (1 - here)
        log += stats.poisson.logpmf(row.count, cells * share) - stats.poisson.logpmf(row.count, row.count)
    top = log.max()
    return float(top + np.log((w[:, None] * w * np.exp(log - top)).sum()))


@pytest.mark.parametrize("cells", [30, 300])
@pytest.mark.parametrize("omegas", [(0.5, 0.4), (0.2, 0.7), (0.9, 0.1)])
def test_of_two_hazards_it_is_the_integral_over_both(omegas: tuple[float, float], cells: int) -> None:
    counts = np.array([250, 40, 60, 48, 220, 30, 150, 9, 260, 20, 20, 40]) * cells // 300
    data = study(3, (2.0, 12.0), cells=cells).with_counts(counts.tolist())
    likelihood = likelihood_of(data, DECAY, BOTH, vary=BOTH)
    found = likelihood.each(likelihood.expected(np.zeros(2)), np.log(omegas))
    assert found == pytest.approx([of_two(data, omegas, a, cells) for a in range(3)], abs=1e-3)


def test_of_two_hazards_of_which_one_does_not_differ_it_is_that_of_the_other() -> None:
    rng, kinds = np.random.default_rng(8), {"spread": "one", "shared": True}
    data = study(4, (2.0, 9.0))
    one = likelihood_of(data, DECAY, BOTH, **kinds)
    data = drawn(one, np.zeros(2), np.array([0.2, 0.3, 0.4]), rng)
    one, two = (likelihood_of(data, DECAY, BOTH, **kinds | {"vary": vary}) for vary in (BOTH[:1], BOTH))
    theta = np.array([0.1, -0.1])
    right = one.of(one.expected(theta), np.log([0.2, 0.3, 0.4]))
    found = two.of(two.expected(theta), np.log([0.2, 0.3, 0.4, 1e-6]))
    assert found.value == pytest.approx(right.value, abs=1e-3)
    assert found.by_free == pytest.approx(right.by_free, abs=1e-2)
    reference = two.reference(two.expected(theta))
    assert two.information(reference, np.log([0.2, 0.3, 0.4, 1e-9]))[0] == pytest.approx(
        one.information(reference, np.log([0.2, 0.3, 0.4]))[0], rel=1e-9
    )


@pytest.fixture(scope="module")
def fitted_two() -> tuple[cascade.Fit, np.ndarray]:
    """A fit of twelve animals that tell both of their hazards each; and these, over the median ones, (12, 2)."""
    rng, data = np.random.default_rng(9), study(12, (2.0, 8.0, 20.0), cells=1e5)
    before = rng.bit_generator.state
    likelihood = likelihood_of(data, DECAY, BOTH, vary=BOTH, spread="none")
    counts = drawn(likelihood, np.zeros(2), np.array([0.3, 0.5]), rng)
    rng.bit_generator.state = before
    us = rng.normal(0.0, [0.3, 0.5], (12, 2))
    return cascade.fit(DECAY, counts, BOTH, vary=BOTH, spread="none", dose=False, starts=0), us


def test_of_two_hazards_known_of_each_animal_it_is_their_mean(fitted_two: tuple[cascade.Fit, np.ndarray]) -> None:
    fit, us = fitted_two
    assert fit.best.theta == pytest.approx(us.mean(axis=0), abs=0.01)
    sds = us.std(axis=0, ddof=1)
    assert list(fit.spreads.values()) == pytest.approx(sds.tolist(), rel=0.03)
    for row, mean, sd in zip(fit.table().rows, us.mean(axis=0), sds, strict=True):
        reach = float(stats.t.ppf(0.975, 11)) * sd / math.sqrt(12)
        assert math.log(row.low / row.model) == pytest.approx(mean - reach, abs=0.03)
        assert math.log(row.high / row.model) == pytest.approx(mean + reach, abs=0.03)


def test_a_fit_of_two_is_told_saved_and_opened(fitted_two: tuple[cascade.Fit, np.ndarray], tmp_path: Path) -> None:
    fit, _ = fitted_two
    assert str(fit).count("differs between animals, its logarithm by") == 2
    assert "independently of each other" in str(fit)
    again = cascade.open_fit(fit.save(tmp_path / "fit.json"))
    assert again.asked["vary"] == BOTH
    assert str(again.table()) == str(fit.table())


def test_of_two_hazards_a_new_animal_is_anywhere_between(fitted_two: tuple[cascade.Fit, np.ndarray]) -> None:
    """The band of a new animal holds 95 % of animals that are drawn, and some more, for the curve is not known."""
    fit, _ = fitted_two
    band = fit.predict("here", [8.0])
    rng, estimate = np.random.default_rng(3), [row.estimate for row in fit.table().rows]
    rates = np.array(estimate) * np.exp(np.array(list(fit.spreads.values())) * rng.normal(size=(20_000, 2)))
    counts = rng.poisson(1e5 * np.exp(-rates.sum(axis=1) * 8.0))
    assert band.animal_low is not None
    assert band.animal_high is not None
    inside = ((counts >= band.animal_low) & (counts <= band.animal_high)).mean()
    assert 0.945 < inside < 0.985


def test_without_a_spread_of_the_hazard_it_is_the_likelihood_of_alike_animals() -> None:
    rng, kinds = np.random.default_rng(5), {"spread": "one", "shared": True}
    data = study(4, (2.0, 9.0))
    varying = likelihood_of(data, DECAY, ["here.lost", "here.gone"], **kinds)
    varying = varying.recounted(drawn(varying, np.zeros(2), np.array([0.2, 0.3, 1e-6]), rng))  # type: ignore[assignment]
    theta = np.array([0.1, -0.1])
    narrow = varying.of(varying.expected(theta), np.log([0.2, 0.3, 1e-6]))
    plain = super(Varying, varying).of(varying.expected(theta), np.log([0.2, 0.3]))
    assert narrow.value == pytest.approx(plain.value, abs=1e-4)
    assert narrow.by_free == pytest.approx(plain.by_free, abs=1e-3)
    one, _ = varying.information(varying.reference(varying.expected(theta)), np.log([0.2, 0.3, 1e-9]))
    two, _ = super(Varying, varying).information(varying.reference(varying.expected(theta)), np.log([0.2, 0.3]))
    assert one == pytest.approx(two, rel=1e-9)


def test_animals_are_drawn_with_curves_of_their_own() -> None:
    """The mean share of animals that differ is that over the law of their hazards, not that of the median animal."""
    data, rng, omega = study(4000, (30.0,), cells=1e6), np.random.default_rng(6), 0.6
    likelihood = likelihood_of(data, DECAY, ["here.lost"])
    counts = drawn(likelihood, np.zeros(1), np.array([omega]), rng).of("count")[::2] / 1e6
    u = np.linspace(-6 * omega, 6 * omega, 2001)
    weight = stats.norm.pdf(u, 0, omega)
    share = np.exp(-(0.1 * np.exp(u) + 0.02) * 30.0)
    mean = float((weight * share).sum() / weight.sum())
    assert within(float(counts.mean()), mean, float(counts.std() / math.sqrt(len(counts))))
    assert not within(float(counts.mean()), math.exp(-3.6), float(counts.std() / math.sqrt(len(counts))))


@pytest.fixture(scope="module")
def fitted() -> cascade.Fit:
    rng, data = np.random.default_rng(7), study(8, (2.0, 8.0, 20.0))
    likelihood = likelihood_of(data, DECAY, ["here.lost", "here.gone"], spread="one", shared=True)
    counts = drawn(likelihood, np.zeros(2), np.array([0.1, 0.15, 0.4]), rng)
    return cascade.fit(DECAY, counts, ["here.lost", "here.gone"], vary="here.lost", starts=0)


def test_an_interval_is_wider_where_a_hazard_differs(fitted: cascade.Fit) -> None:
    """Of eight animals whose hazards differ by 0.4 no hazard is known to better than some 0.4 / sqrt(8)."""
    row = fitted.table().rows[0]
    assert row.low < 0.1 < row.high
    assert math.log(row.high / row.low) / 2 > 0.4 / math.sqrt(8)
    assert row.degrees < 20
    alike = cascade.fit(DECAY, fitted.data, ["here.lost", "here.gone"], starts=0).table().rows[0]
    assert math.log(alike.high / alike.low) < math.log(row.high / row.low)
    assert "differs between animals, its logarithm by" in fitted.table().below
    assert "here.lost between animals" not in fitted.table().below.split("\n")[1]


def test_a_new_animal_may_be_farther_off_where_a_hazard_differs(fitted: cascade.Fit) -> None:
    found = fitted.predict("here", [2.0, 20.0])
    widths = np.log(found.animal_high / found.animal_low)  # type: ignore[union-attr]
    assert widths[1] > widths[0]


def test_it_is_saved_and_opened_again(fitted: cascade.Fit, tmp_path: Path) -> None:
    again = cascade.open_fit(fitted.save(tmp_path / "fit.json"))
    assert str(again.table()) == str(fitted.table())


def test_cycles_too() -> None:
    rows = [
        {"animal": f"{k}", "hours": h, "observable": name, "count": 5}
        for k in range(3) for h in (0.5, 4.0) for name in ("tissue", "tumour")
    ]  # fmt: skip
    likelihood = likelihood_of(Data.counts(rows, cells=1e4), CYCLIC, ["bed.tissue"])
    counts = drawn(likelihood, np.zeros(1), np.array([0.3]), np.random.default_rng(1))
    likelihood = likelihood.recounted(counts)  # type: ignore[assignment]
    psi, step = np.log([0.3]), 1e-4

    def value(t: float) -> float:
        return likelihood.of(likelihood.expected(np.array([t])), psi).value

    found = likelihood.of(likelihood.expected(np.array([0.1])), psi).by_free[0]
    assert found == pytest.approx((value(0.1 + step) - value(0.1 - step)) / (2 * step), rel=1e-3)


@pytest.mark.parametrize(
    ("data", "vary", "wanted"),
    [
        (study(3, (2.0, 9.0)), "here.gone", "one of those that are free"),
        (study(3, (2.0, 9.0)), 3, "one of those that are free, or two, or None"),
        (study(3, (2.0, 9.0)), ["here.lost", 3], "one of those that are free, or two, or None"),
        (study(3, (2.0, 9.0)), ["here.lost", "here.lost"], "each once"),
        (study(3, (2.0, 9.0)), ["here.lost", "here.gone", "here.x"], "each once"),
        (study(3, (2.0, 9.0)), ["here.lost", "here.gon"], "did you mean|those that are free"),
        (
            Data.counts([{"animal": k, "hours": 2, "count": 5} for k in range(4)], {"here": "here"}, cells=10),
            "here.lost", "each animal has one count",
        ),
        (Data.times({"hours": [1, 2], "event": ["gone", "gone"]}), "here.lost", "of counts alone"),
    ],
)  # fmt: skip
def test_what_cannot_differ_is_told(data: Data, vary: object, wanted: str) -> None:
    with pytest.raises(cascade.InputError, match=wanted):
        cascade.fit(DECAY, data, ["here.lost"], vary=vary)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [0, 1])
def test_of_animals_whose_hazards_are_known_the_fit_is_that_of_their_mean(seed: int) -> None:
    """Twelve animals of so many cells that each tells its own hazard: Student's interval of the mean logarithm."""
    draw, rows, logs = np.random.default_rng(seed), [], []
    for k in range(12):
        logs.append(math.log(0.12) + 0.4 * float(draw.normal()))
        for hours in (3.0, 8.0, 18.0):
            count = int(draw.poisson(1e5 * math.exp(-math.exp(logs[-1]) * hours)))
            rows.append({"animal": k, "hours": hours, "observable": "here", "count": count})
    model = DECAY.with_(hazards={"here.gone": 1e-12}, name="one exit")
    data = Data.counts(rows, cells=1e5)
    fit = cascade.fit(model, data, ["here.lost"], vary="here.lost", spread="none", dose=False)
    row, mean, sd = fit.table().rows[0], float(np.mean(logs)), float(np.std(logs, ddof=1))
    reach = float(stats.t.ppf(0.975, 11)) * sd / math.sqrt(12)
    assert math.log(row.estimate) == pytest.approx(mean, abs=0.02)
    assert math.log(row.low) == pytest.approx(mean - reach, abs=0.03)
    assert math.log(row.high) == pytest.approx(mean + reach, abs=0.03)
    assert row.degrees == pytest.approx(11.0, abs=0.3)
    assert fit.spreads["here.lost between animals"] == pytest.approx(sd, rel=0.05)
