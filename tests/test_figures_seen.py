"""What a figure tells apart by colour is told apart without the cones for green and in grey, or by a second mark."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

import cascade
from cascade.plot.changes import GAINED, LOST
from cascade.plot.curves import THIN
from cascade.plot.sites import AUTOPSY_COLOUR, MODEL_COLOUR, ROUTE_COLOURS
from helpers.drawn import compared, legend, textbook, unfinished
from helpers.models import CYCLIC
from helpers.seen import SIGHTS, apart

LEAST = 8.0
"""Distance of colours that a reader has to find again in a legend; neighbours with an edge need no more."""

# Bands of occupancy.


@cache
def twelve() -> Any:
    return cascade.exact(cascade.Model.from_survival({f"step {k}": 0.8 for k in range(12)}))


def colon() -> Any:
    return cascade.simulate(cascade.load("colon"), cells=3000, seed=1)


def injected() -> Any:
    return cascade.simulate(cascade.load("b16f1-liver"), cells=2000, seed=1, until=312.0)


@pytest.mark.parametrize("living", [False, True])
@pytest.mark.parametrize("source", [twelve, textbook, unfinished, colon, injected, lambda: cascade.exact(CYCLIC)])
def test_bands_that_lie_on_each_other_have_a_white_line_between(source: Callable[[], Any], living: bool) -> None:
    (ax,) = cascade.plot.occupancy(source(), living=living).axes
    drawn = [line for line in ax.lines if to_hex(line.get_color()) == "#ffffff"]
    assert all(line.get_zorder() > 1 for line in drawn)
    edges = np.array([line.get_ydata() for line in drawn])
    bands = [path.get_paths()[0].vertices for path in ax.collections]
    xs = np.asarray(drawn[0].get_xdata(), float)
    for i, x in enumerate(xs):
        ends = [band[band[:, 0] == x, 1] for band in bands]
        thick = sorted((e.min(), e.max()) for e in ends if len(e) and e.max() - e.min() > 2 * THIN)
        for (_, top), (bottom, _) in pairwise(thick):
            if bottom - top < 1e-9:
                assert np.nanmin(np.abs(edges[:, i] - top), initial=1.0) < 1e-9, (x, top)


# Other figures.


@pytest.mark.parametrize("sight", SIGHTS)
def test_colours_of_other_legends_are_apart(sight: str) -> None:
    right = list(legend(cascade.plot.comparison(compared()).axes[1]).values())
    for colours in (ROUTE_COLOURS[:4], (GAINED, LOST), (AUTOPSY_COLOUR, MODEL_COLOUR), right):
        assert min(apart(a, b, sight) for a, b in combinations(colours, 2)) >= LEAST


def test_colours_too_near_are_seen() -> None:
    assert apart("#6699CC", "#77AADD", "deuteranopia") < LEAST
    assert apart("#44AA99", "#CC6677", "grey") < 10 < apart("#44AA99", "#CC6677")
    assert apart("#FFFFFF", "#000000") == pytest.approx(100.0, abs=0.1)
