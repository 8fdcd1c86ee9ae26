"""Funnels of animals: the median animal's shares with intervals that hold with few, and tables that are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

import cascade
from cascade import Data
from cascade.answers.intervals import proportion
from cascade.inference.funnels import median_share
from helpers.budget import ALPHA

TABLE = {
    "mouse": ["a", "b", "c", "d", "e", "f"],
    "group": ["control"] * 3 + ["treated"] * 3,
    "injected": [1000, 1000, 1200, 1000, 900, 1000],
    "arrested": [860, 910, 1005, 700, 640, 810],
    "out": [80, 120, 60, 20, 0, 31],
}
STEPS = ["injected", "arrested", "out"]


def test_each_arm_has_a_funnel_of_its_median_animal() -> None:
    found = Data.funnels(TABLE, STEPS)
    assert list(found) == ["control", "treated"]
    control = found["control"]
    assert [row.step for row in control] == ["arrested", "out"]
    assert control.cells == 1000
    assert all(row.entered == row.passed + sum(row.lost.values()) for row in control)
    assert all(row.low <= row.fraction_of_all <= row.high <= 1 for funnel in found.values() for row in funnel)
    # As of logarithms of shares of about 0.08, 0.12 and 0.05.
    assert control.rows[1].fraction_of_all == pytest.approx((0.08 * 0.12 * 0.05) ** (1 / 3), rel=0.03)
    assert "3 animals" in control.label
    assert "between them" in str(control)


def test_an_interval_is_wider_than_of_independent_cells() -> None:
    """Of three animals that differ as these do; cells taken as independent seem to say far more."""
    row = Data.funnels(TABLE, STEPS)["control"].rows[1]
    low, high = proportion(260, 3200)
    assert row.high / row.low > 2 * high / low


def test_one_animal_and_none_counted_are_told_as_cells() -> None:
    assert median_share([80], [1000]) == (0.08, proportion(80, 1000))
    assert median_share([0, 0, 0], [1000] * 3) == (0.0, proportion(0, 3000))


def test_shares_of_alike_animals_are_those_of_the_cells() -> None:
    share, interval = median_share([100, 101, 99, 100, 100, 100], [1000] * 6)
    assert share == pytest.approx(0.1, rel=0.01)
    low, high = proportion(600, 6000)
    assert interval.low == pytest.approx(low, rel=0.1)
    assert interval.high == pytest.approx(high, rel=0.1)


@pytest.mark.full
@pytest.mark.parametrize(("animals", "share", "spread"), [(4, 0.05, 0.5), (6, 0.003, 0.7)])
def test_intervals_hold_with_few_animals(animals: int, share: float, spread: float) -> None:
    draw, held, studies = np.random.default_rng(9), 0, 150
    for _ in range(studies):
        counts = draw.poisson(2000 * share * np.exp(spread * draw.standard_normal(animals)))
        low, high = median_share(counts.tolist(), [2000] * animals)[1]
        held += low <= share <= high
    assert stats.binomtest(held, studies, 0.95, alternative="less").pvalue > ALPHA
    assert held < studies


def test_a_funnel_of_animals_is_drawn_and_written(tmp_path: Any) -> None:
    funnel = Data.funnels(TABLE, STEPS)["treated"]
    cascade.plot.save(cascade.plot.funnel(funnel), tmp_path / "mine.png")
    again = cascade.Funnel.from_csv(funnel.to_csv(tmp_path / "mine.csv"))
    assert [row.passed for row in again] == [row.passed for row in funnel]


BAD: dict[str, tuple[dict[str, list[Any]], Any, str]] = {
    "more than before": ({"arrested": [1001, 910]}, STEPS, "at most the number of the step before it (1,000)"),
    "half a cell": ({"arrested": [800.5, 910]}, STEPS, "a whole number >= 0"),
    "below 0": ({"out": [-1, 9]}, STEPS, "a whole number >= 0"),
    "none to start with": ({"injected": [0, 1000]}, STEPS, "of cells to start with"),
    "no number": ({"out": ["many", 9]}, STEPS, "a whole number >= 0"),
    "twice": ({"mouse": ["a", "a"]}, STEPS, "one row for each animal"),
    "no name": ({"mouse": ["a", ""]}, STEPS, "the name of the animal"),
    "step not there": ({}, ["injected", "arested"], "headings of the table; did you mean 'arrested'"),
    "one step": ({}, ["injected"], "at least two headings"),
    "a text": ({}, "injected", "at least two headings"),
}


@pytest.mark.parametrize("fault", BAD)
def test_every_fault_is_told(fault: str) -> None:
    changed, steps, wanted = BAD[fault]
    table = {"mouse": ["a", "b"], "injected": [1000, 1000], "arrested": [860, 910], "out": [80, 120]} | changed
    with pytest.raises((cascade.InputError, cascade.ModelError)) as caught:
        Data.funnels(table, steps)
    assert wanted in str(caught.value)
