"""Curves over time: the edges at which they are known, and what they say there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import cascade
from cascade.answers.curves import Curves, choose_moments
from helpers.models import CYCLIC, FRAIL, LINEAR

EDGES = np.array([1.0, 2.0, 4.0, 8.0, np.inf])


def test_times_are_edges_within_the_run_its_start_or_its_end() -> None:
    counts = np.zeros((2, 5), np.int64)

    def gone(times: list[float], until: float | None) -> list[int]:
        hours, bins = choose_moments(EDGES, times, counts, until)
        assert hours.tolist() == times
        return bins.tolist()  # type: ignore[no-any-return]

    assert gone([8.0, 0.0, 1.0], None) == [4, 0, 1]
    assert gone([4.0, 0.0, 5.0], 5.0) == [3, 0, 5]
    assert gone([4.0], 4.0) == [5]
    assert gone([], 4.0) == []
    nan, inf = float("nan"), float("inf")
    wrong: list[tuple[list[float], float | None]] = [
        ([3.0], None), ([9.0], None), ([-1.0], None), ([nan], None), ([inf], None), ([4.0], 3.0), ([5.0], 6.0)
    ]  # fmt: skip
    for times, until in [*wrong, ([[1.0]], None), (["x"], None)]:
        with pytest.raises(cascade.InputError, match="times"):
            choose_moments(EDGES, times, counts, until)  # type: ignore[arg-type]


@pytest.mark.parametrize("until", [None, 1.0, 1.5, 2.5, 100.0])
def test_curves_span_the_events_from_before_the_first_to_the_end(until: float | None) -> None:
    """Bins begin at 0 and at every edge; what is counted lies before ``until``."""
    begins = [0.0, *EDGES[:-1]]
    possible = [i for i in range(5) if until is None or begins[i] < until]
    for first, last in itertools.combinations_with_replacement(possible, 2):
        counts = np.zeros((2, 5), np.int64)
        counts[0, first], counts[1, last] = 1, 2
        hours, gone = choose_moments(EDGES, None, counts, until)
        assert hours[0] == begins[first]
        assert gone[0] == first, "nothing has happened yet"
        assert (np.diff(hours) > 0).all()
        if until is None:
            assert hours[-1] == EDGES[min(last, 3)]
        else:
            assert hours[-1] == min(until, EDGES[last])
            assert gone[-1] > last, "all has happened"
    hours, gone = choose_moments(EDGES, None, np.zeros((2, 5), np.int64), until)
    assert hours.size == gone.size == 0


LATE = CYCLIC.with_(start={"states": [{"state": "blood"}], "entry_hours": [0.0, 9.0]})
TREATED = CYCLIC.with_treatments(
    cascade.Treatment(name="t", effects=[{"hazard": "*.shear", "factor": 0.1}], start_hours=0.4, end_hours=2.0)
)


@pytest.mark.parametrize("until", [0.013, 0.7, 5.0, 33.3])
@pytest.mark.parametrize(
    "model", [LINEAR, CYCLIC, FRAIL, LATE, TREATED, cascade.load("clusters"), cascade.load("emt")], ids=lambda m: m.name
)
def test_counted_curves_have_both_their_ends(model: cascade.Model, until: float) -> None:
    """At 0 every cell is where it starts, as in the exact answer; at the end the curves are the counts."""
    result, exact = cascade.simulate(model, cells=3000, seed=4, until=until), cascade.exact(model, until=until)
    states, ends = result.occupancy([0.0, until]), result.incidence([0.0, until])
    begun = exact.occupancy([0.0])
    assert states.hours.tolist() == ends.hours.tolist() == [0.0, until]
    assert states.values[:, 0] == pytest.approx(begun.values[:, 0], abs=0.05)
    assert [name for name in states.names if begun[name][0] == 0 and states[name][0] != 0] == []
    assert states.values[:, 0].sum() == pytest.approx(1.0)
    assert not ends.values[:, 0].any()
    counted = {**result.fates(), **result.causes()}
    for curves in (states, ends, result.occupancy(), result.incidence()):
        if len(curves.hours):
            assert (curves.values[:, -1] * result.cells).round(6).tolist() == [
                counted.get(name, 0) for name in curves.names
            ]
    with pytest.raises(cascade.InputError, match="end of the run"):
        result.occupancy([until * 1.001])


def test_every_time_becomes_a_row_of_named_numbers() -> None:
    values = np.array([[0.1, 0.2, 0.3], [0.9, 0.8, 0.7]])
    curves = Curves(EDGES[:3], ("dead", "alive"), values)
    assert curves.to_dicts() == [
        {"hours": h, "dead": d, "alive": a} for h, d, a in zip(EDGES, *values.tolist(), strict=False)
    ]
    assert curves["alive"].tolist() == [0.9, 0.8, 0.7]
    with pytest.raises(cascade.InputError, match="dead"):
        curves["asleep"]
    with pytest.raises(ValueError, match="zip"):
        Curves(EDGES, ("dead", "alive"), values).to_dicts()
