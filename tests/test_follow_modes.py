"""Modes of a hazard: found where they are, and not made of noise; false alarms as rare as is said."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from cascade.common.errors import InputError
from cascade.patient.follow.modes import LONGEST, Peak, modes
from helpers.budget import ALPHA

YEARS = np.arange(15)
ONE_MODE = {
    "constant": np.full(15, 0.05),
    "falling": 0.2 * np.exp(-YEARS / 4.0),
    "rising": 0.01 + 0.01 * YEARS,
    "early": 0.12 * np.exp(-((YEARS - 2.0) ** 2) / 4.0) + 0.001,
    "a plateau": np.where((YEARS > 3) & (YEARS < 12), 0.08, 0.02),
}
TWO_MODES = 0.02 + 0.08 * np.exp(-((YEARS - 1.5) ** 2) / 1.5) + 0.05 * np.exp(-((YEARS - 8.0) ** 2) / 4.0)


def drawn(hazard: npt.NDArray[np.float64], patients: int, runs: int, seed: int) -> list[int]:
    """Numbers of modes that are found in follow-ups by dice, with ever fewer at risk."""
    draw = np.random.default_rng([seed, patients])
    found = []
    for _ in range(runs):
        time = patients * np.exp(-np.concatenate([[0.0], hazard.cumsum()[:-1]]) - 0.05 * YEARS)
        found.append(len(modes(draw.poisson(hazard * time), time)))
    return found


@pytest.mark.parametrize("patients", [50, 1000, 100_000])
@pytest.mark.parametrize("name", ONE_MODE)
def test_noise_makes_no_modes(name: str, patients: int) -> None:
    """False alarms are at most 5 %: they fail where their chance under 5 % is below the threshold of ``budget``."""
    found = drawn(ONE_MODE[name], patients, 200, 4)
    false = sum(number > 1 for number in found)
    assert stats.binom.sf(false - 1, 200, 0.05) >= ALPHA
    assert min(found) == 1
    assert false <= 10  # the rule is a strict one: all pairs of years share the 5 %


def test_noise_makes_no_third_mode() -> None:
    assert max(drawn(TWO_MODES, 100_000, 100, 5)) == 2


def test_two_modes_are_found_where_there_are_events_enough() -> None:
    assert [np.mean(drawn(TWO_MODES, n, 50, 6)) for n in (10_000, 100_000)] == [2.0, 2.0]
    assert np.mean(drawn(TWO_MODES, 100, 50, 6)) < 1.5


def test_peaks_are_told_where_they_are() -> None:
    time = np.full(15, 1e5)
    found = modes(np.round(TWO_MODES * time).astype(int), time)
    assert len(found) == 2
    assert found[0].first in (1, 2)
    assert found[1].first <= 8 <= found[1].last
    # Each peak is above the years between by the exact test of one pair, which all that could be compared share.
    time = np.array([100.0, 100.0, 100.0])
    pairs = 2 * sum(1 for a in range(3) for b in range(a + 1, 4) for c in range(b, 3) for d in range(c + 1, 4)
                    if b - a <= LONGEST and d - c <= LONGEST)  # fmt: skip
    for peak in range(5, 30):
        told = stats.binomtest(peak, peak + 5, 0.5, alternative="greater").pvalue <= 0.05 / pairs
        found = modes(np.array([peak, 5, peak]), time)
        assert found == ((Peak(0, 0), Peak(2, 2)) if told else found[:1])
        assert len(found) == 1 + told


def test_broad_peaks_are_told_by_years_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three years which none of them tells by itself."""
    time = np.full(9, 500.0)
    events = np.array([24, 24, 24, 9, 9, 9, 24, 24, 24])
    found = modes(events, time)
    assert len(found) == 2
    assert all(peak.last > peak.first for peak in found)
    monkeypatch.setattr("cascade.patient.follow.modes.LONGEST", 1)
    assert len(modes(events, time)) == 1


def test_three_modes_and_more() -> None:
    time = np.full(7, 1e4)
    assert len(modes(np.array([900, 100, 800, 100, 700, 100, 600]), time)) == 4
    assert len(modes(np.array([100, 900, 100, 800, 100, 700, 100]), time)) == 3


def test_years_without_anybody_or_without_events() -> None:
    time = np.array([1000.0, 0.0, 1000.0, 0.0, 1000.0])
    assert modes(np.array([90, 0, 10, 0, 80]), time) == (Peak(0, 0), Peak(4, 4))
    assert modes(np.zeros(5, int), time) == ()
    assert modes(np.array([0, 0, 1, 0, 0]), time) == (Peak(2, 2),)
    assert modes(np.array([50, 0, 0, 0, 50]), time) == (Peak(0, 0), Peak(4, 4))


@pytest.mark.parametrize(
    ("field", "events", "time", "alarms"),
    [
        ("events", [1, 2], [1.0], 0.05), ("events", [-1, 2], [1.0, 1.0], 0.05), ("events", [1, 2], [0.0, 1.0], 0.05),
        ("false_alarms", [1, 2], [1.0, 1.0], 0.0), ("false_alarms", [1, 2], [1.0, 1.0], "5 %"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(field: str, events: list[int], time: list[float], alarms: float) -> None:
    with pytest.raises(InputError) as error:
        modes(np.array(events), np.array(time), alarms)
    assert error.value.field == field
