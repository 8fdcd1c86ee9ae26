"""Growth laws: against differential equations, quadrature of many digits, and published statements."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

import cascade
from cascade.patient.growth import LAWS, Growth
from helpers.diseases import GROWTHS

CURVES = {
    "exponential": Growth(law="exponential", doubling_days=52.0),
    "gompertz": Growth(law="gompertz", doubling_days=20.0, largest=3.1e12),
    "logistic": Growth(law="logistic", doubling_days=52.0, largest=1e12),
    "logistic, q = 1/2": Growth(law="logistic", doubling_days=30.0, largest=1e9, exponent=0.5),
    "logistic, ten cells": Growth(law="logistic", doubling_days=30.0, largest=10.0),
    "power": Growth(law="power", doubling_days=3.0),
    "power, p = 0.8": Growth(law="power", doubling_days=10.0, exponent=0.8),
    "points": Growth(law="points", points=((100.0, 50.0), (1000.0, 1e6), (3000.0, 1e9))),
}
EQUATIONS = {
    "exponential": lambda n, g: g._rate * n,
    "gompertz": lambda n, g: g._rate / math.log(g.largest) * n * math.log(g.largest / n),
    "logistic": lambda n, g: g._rate * n * (1.0 - (n / g.largest) ** 0.25),
    "logistic, q = 1/2": lambda n, g: g._rate * n * (1.0 - (n / g.largest) ** 0.5),
    "logistic, ten cells": lambda n, g: g._rate * n * (1.0 - (n / g.largest) ** 0.25),
    "power": lambda n, g: g._rate * n**0.5,
    "power, p = 0.8": lambda n, g: g._rate * n**0.8,
}


def test_every_law_is_tried() -> None:
    assert {curve.law for curve in CURVES.values()} == set(LAWS)


@pytest.mark.parametrize("name", EQUATIONS)
def test_size_solves_the_equation_of_the_law(name: str) -> None:
    curve = CURVES[name]
    days = np.linspace(0.0, float(curve.days(min(1e8, 0.9 * curve.most))[0]), 7)
    logs = solve_ivp(
        lambda _, y: [EQUATIONS[name](math.exp(y[0]), curve) / math.exp(y[0])],
        (0.0, days[-1]), [0.0], t_eval=days, rtol=1e-11, atol=1e-12, method="DOP853",
    ).y[0]  # fmt: skip
    assert np.log(curve.size(days)) == pytest.approx(logs, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("name", CURVES)
def test_size_and_time_are_each_other_s_inverse(name: str) -> None:
    curve = CURVES[name]
    cells = np.geomspace(1.0, min(curve.most * (1.0 - 1e-9), 1e12), 60)
    assert np.log(curve.size(curve.days(cells))) == pytest.approx(np.log(cells), rel=1e-9, abs=1e-12)
    assert float(curve.days(1.0)[0]) == 0.0
    assert np.all(np.diff(curve.days(cells)) > 0)


@pytest.mark.parametrize("exponent", [0.0, 0.1, 1.0 / 3.0, 0.5, 2.0 / 3.0, 1.0, 1.7])
@pytest.mark.parametrize("name", CURVES)
def test_what_is_shed_is_the_integral(name: str, exponent: float) -> None:
    curve = CURVES[name]
    end = float(curve.days(min(1e9, 0.9 * curve.most))[0])
    breaks = [point[0] for point in curve.points]
    for days in (0.003 * end, 0.1 * end, 0.5 * end, 0.9 * end, end):
        edges = np.unique([0.0, *np.linspace(0.0, days, 12)[1:], *(b for b in breaks if b < days)])
        parts = [
            quad(lambda s: float(curve.size(s)[0]) ** exponent, a, b, epsabs=0, epsrel=1e-13)[0]
            for a, b in pairwise(edges.tolist())
        ]
        assert float(curve.shed(days, exponent)[0]) == pytest.approx(math.fsum(parts), rel=3e-11)


@pytest.mark.parametrize("exponent", [0.0, 1.0 / 3.0, 1.0])
@pytest.mark.parametrize("name", CURVES)
def test_shedding_is_read_both_ways(name: str, exponent: float) -> None:
    curve = CURVES[name]
    days = np.concatenate([[0.0], np.geomspace(1e-3, float(curve.days(min(1e9, 0.9 * curve.most))[0]), 40)])
    back = curve.days_of_shed(curve.shed(days, exponent), exponent)
    assert back == pytest.approx(days, rel=1e-8, abs=1e-12)


def test_long_after_its_largest_size_a_logistic_tumour_sheds_steadily() -> None:
    curve = CURVES["logistic"]
    a, b = (float(v) for v in curve.shed([1e6, 2e6], 0.5))
    assert b - a == pytest.approx(1e6 * 1e12**0.5, rel=1e-9)


def test_published_statements() -> None:
    """Coumans 2013: doubling is 23 % slower at 12 mm and 16 % at 8 mm; 1e12 cells are 1 kg."""
    curve = CURVES["logistic"]
    for diameter, slower in ((12.0, 0.23), (8.0, 0.16)):
        cells = math.pi / 6.0 * diameter**3 / 1000.0 * 1e9
        doubling = float(np.diff(curve.days([cells / 2**0.5, cells * 2**0.5]))[0])
        assert doubling / 52.0 - 1.0 == pytest.approx(slower, abs=0.025)


@pytest.mark.parametrize("name", [name for name in CURVES if name not in ("points", "logistic, ten cells")])
def test_a_small_tumour_doubles_in_the_given_time(name: str) -> None:
    curve = CURVES[name]
    assert curve.doubling_days is not None
    slope = (float(curve.size(1e-6)[0]) - 1.0) / 1e-6
    slower = 1e-2 if curve.law == "logistic" else 1e-4
    assert slope == pytest.approx(math.log(2.0) / curve.doubling_days, rel=slower + 1e-9)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"law": "linear", "doubling_days": 1.0}, "law"),
        ({"law": "exponential"}, "doubling_days"),
        ({"law": "exponential", "doubling_days": -1.0}, "doubling_days"),
        ({"law": "gompertz", "doubling_days": 1.0}, "largest"),
        ({"law": "exponential", "doubling_days": 1.0, "largest": 1e9}, "largest"),
        ({"law": "gompertz", "doubling_days": 1.0, "largest": 1e9, "exponent": 0.5}, "exponent"),
        ({"law": "power", "doubling_days": 1.0, "exponent": 1.5}, "exponent"),
        ({"law": "points"}, "points"),
        ({"law": "points", "points": ((1.0, 5.0), (2.0, 4.0))}, "points"),
        ({"law": "points", "points": ((1.0, math.nan),)}, "points"),
    ],
)
def test_a_law_that_lacks_something_is_refused(fields: dict[str, object], named: str) -> None:
    with pytest.raises(cascade.ModelError, match=named):
        Growth(**fields)  # type: ignore[arg-type]


def test_what_never_happens_is_refused() -> None:
    with pytest.raises(cascade.InputError, match=r"cells.*below 1e\+12"):
        CURVES["logistic"].days(1e12)
    with pytest.raises(cascade.InputError, match="days"):
        CURVES["power"].size(-1.0)
    with pytest.raises(cascade.InputError, match="exponent"):
        CURVES["power"].shed(1.0, -0.1)
    with pytest.raises(cascade.InputError, match="amount"):
        CURVES["power"].days_of_shed(1e300, 0.0)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("q", [0.001, 0.01, 0.03, 0.1, 0.9])
@pytest.mark.parametrize("largest", [5.0, 1e4, 1e13])
def test_what_a_logistic_tumour_sheds_at_any_exponent(q: float, largest: float) -> None:
    """S = int n^a dt = int e^{a v} / (r (1 - (e^v / K)^q)) dv over v = log n, to many digits."""
    curve = Growth(law="logistic", doubling_days=60.0, largest=largest, exponent=q)
    rate, limit = mpmath.log(2) / 60, mpmath.log(largest)
    for part in (1e-3, 0.1, 0.5, 0.9, 0.999):
        days = float(curve.days(math.exp(part * math.log(largest)))[0])
        until = mpmath.log(float(curve.size(days)[0]))
        for a in (1.0 / 3.0, 1.0, 2.0):
            wanted = mpmath.quad(
                lambda v: mpmath.exp(a * v) / (rate * -mpmath.expm1(q * (v - limit))),  # noqa: B023
                mpmath.linspace(0, until, 8),
            )
            # Sizes themselves are rounded: late they say less of the day.
            assert float(curve.shed(days, a)[0]) == pytest.approx(float(wanted), rel=1e-10 / min(q, 0.1))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("law", ["exponential", "gompertz", "logistic", "power"])
def test_the_inverse_of_what_is_shed_ends_when_it_is_found(
    law: str, exponent: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once found it is not sought again by halving: two dozen evaluations, of which half look for the bounds."""
    growth = GROWTHS[law]
    days = np.geomspace(30.0, 3000.0, 7)
    amounts, calls, shed = growth.shed(days, exponent), [0], Growth.shed

    def counted(self: Growth, t: Any, a: float) -> Any:
        calls[0] += 1
        return shed(self, t, a)

    monkeypatch.setattr(Growth, "shed", counted)
    assert growth.days_of_shed(amounts, exponent) == pytest.approx(days, rel=1e-9)
    assert calls[0] <= 13 + 16
