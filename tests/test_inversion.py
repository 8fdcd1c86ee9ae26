"""Inversion of transforms: many times and many numbers in one call are those of each alone, with their errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import gammainc

import cascade
from cascade.common.types import Complexes, Floats
from cascade.model import Model
from cascade.solution import laplace

TIMES = np.array([3.0, 0.0, 700.0, 0.02, 3.5, 41.0, 5.9, 650.0, 0.021, 20.0, 3.0])
"""Of several octaves, in no order; two in an octave, one twice, and none at 0."""

PHASES = np.array([1, 4, 30, 120])
STEPS = 121
WAVE = np.array([-0.2 + 4j, -0.2 - 4j])


def transforms(z: Complexes) -> Complexes:
    """Of four sums of exponential times, the last so steep that its octaves need finer rules than others."""
    return np.stack([(1.0 / (1.0 + z)) ** k / z for k in PHASES], axis=1)


def truth(times: Floats) -> Floats:
    return np.stack([gammainc(k, times) for k in PHASES], axis=1)


def with_a_wave(z: Complexes) -> Complexes:
    """And one that oscillates: what is enclosed early is not late."""
    return np.column_stack([transforms(z), 4.0 / ((z + 0.2) ** 2 + 16.0)])


def true_wave(times: Floats) -> Floats:
    return np.column_stack([truth(times), np.exp(-0.2 * times) * np.sin(4.0 * times)])


@pytest.mark.parametrize("copies", [1, 40, 20_000])
def test_errors_are_kept_however_many_are_asked_at_once(copies: int) -> None:
    values, errors = laplace.invert(lambda z: np.tile(transforms(z), copies), TIMES, np.zeros(0, complex), steps=STEPS)
    assert values.shape == errors.shape == (len(TIMES), 4 * copies)
    for some in (slice(0, 4), slice(-4, None)):
        assert np.all(np.abs(values[:, some] - truth(TIMES)) <= errors[:, some])
    assert errors.max() < 1e-8
    assert not values[TIMES == 0].any()
    assert not errors[TIMES == 0].any()


@pytest.mark.parametrize("poles", [WAVE, None], ids=["known poles", "none known"])
def test_each_octave_has_the_contour_that_it_needs(poles: Complexes | None) -> None:
    values, errors = laplace.invert(with_a_wave, TIMES[TIMES < 100], poles, steps=STEPS)
    assert np.all(np.abs(values - true_wave(TIMES[TIMES < 100])) <= errors)
    assert errors.max() < 1e-6


def test_together_as_each_alone() -> None:
    values, errors = laplace.invert(with_a_wave, TIMES, WAVE, steps=STEPS)
    for i, time in enumerate(TIMES):
        alone, wrong = laplace.invert(with_a_wave, np.array([time]), WAVE, steps=STEPS)
        assert np.all(np.abs(values[i] - alone[0]) <= errors[i] + wrong[0])


def test_of_more_axes_and_of_no_times() -> None:
    values, errors = laplace.invert(lambda z: transforms(z).reshape(-1, 2, 2), TIMES, np.zeros(0, complex), steps=STEPS)
    assert np.all(np.abs(values.reshape(-1, 4) - truth(TIMES)) <= errors.reshape(-1, 4))
    for times in (np.zeros(0), np.zeros(2)):
        values, errors = laplace.invert(transforms, times, np.zeros(0, complex))
        assert values.shape == errors.shape == (len(times), 4)
        assert not values.any()


def test_one_call_serves_all_octaves() -> None:
    """What takes the time is calling: of few numbers all points of all contours are in one call."""
    calls: list[int] = []

    def counted(z: Complexes) -> Complexes:
        calls.append(len(z))
        return (1.0 / (1.0 + z))[:, None]

    laplace.invert(counted, np.geomspace(0.1, 1000.0, 14), np.zeros(0, complex))
    assert len(calls) == 2


@pytest.mark.parametrize("phases", [20, 60, 120, 200, 300])
def test_errors_of_many_phases_in_a_row_are_kept(phases: int) -> None:
    """Such transforms turn fast along a contour: coarse rules that agree with each other may all be wrong."""
    state = {"name": "a", "stage": "a", "phases": phases, "moves": [{"to": "b", "hazard": 1.0}]}
    model = Model(name="row", stages=["a"], states=[state, {"name": "b", "absorbing": True}])
    times = np.geomspace(0.05, 8.0, 60) * phases
    curves = cascade.exact(model).reach(times.tolist())
    assert curves.errors is not None
    assert curves.errors.max() < 1e-8
    assert np.all(np.abs(curves["a"] - gammainc(phases, times)) <= curves.errors[0] + 1e-14)
