"""Curves over time: the edges at which they are known, and what they say there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import cascade
from cascade.answers.curves import Curves, choose_edges

EDGES = np.array([0.0, 1.0, 2.0, 4.0, 8.0])


def test_times_are_edges_within_the_run() -> None:
    counts = np.zeros((2, 5), np.int64)
    assert choose_edges(EDGES, [8.0, 1.0], counts, None).tolist() == [4, 1]
    assert choose_edges(EDGES, [4.0], counts, 4.0).tolist() == [3]
    assert choose_edges(EDGES, [], counts, 4.0).size == 0
    for times, until in (([3.0], None), ([9.0], None), ([-1.0], None), ([4.0], 3.0), ([[1.0]], None), (["x"], None)):
        with pytest.raises(cascade.InputError, match="times"):
            choose_edges(EDGES, times, counts, until)  # type: ignore[arg-type]


@pytest.mark.parametrize("until", [None, 2.0, 2.5, 100.0])
def test_curves_span_the_events_from_the_edge_before_the_first(until: float | None) -> None:
    for first, last in itertools.combinations_with_replacement(range(5), 2):
        counts = np.zeros((2, 5), np.int64)
        counts[0, first], counts[1, last] = 1, 2
        wanted = [i for i in range(first - 1, last + 1) if 0 <= i < 4 and (until is None or EDGES[i] <= until)]
        assert choose_edges(EDGES, None, counts, until).tolist() == wanted
    assert choose_edges(EDGES, None, np.zeros((2, 5), np.int64), until).size == 0


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
