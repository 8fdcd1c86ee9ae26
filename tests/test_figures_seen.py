"""What a figure tells apart by colour is told apart without the cones for green and in grey, or by a second mark."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

import cascade
from cascade.common.colours import STAGE_COLOURS, cause_colours, cause_hatches, lightness, stage_colours
from cascade.plot.changes import GAINED, LOST
from cascade.plot.curves import THIN
from cascade.plot.sites import AUTOPSY_COLOUR, MODEL_COLOUR, ROUTE_COLOURS
from helpers.drawn import compared, legend, textbook, textbook_exact, unfinished
from helpers.models import CYCLIC
from helpers.seen import SIGHTS, apart, lab

LEAST = 8.0
"""Distance of colours that a reader has to find again in a legend; neighbours with an edge need no more."""

STANDARD = list(STAGE_COLOURS)
STEPS = {
    "standard": STANDARD,
    "some of the standard": STANDARD[1::2],
    "others": [f"step {k}" for k in range(12)],
    "mixed": [name for k, standard in enumerate(STANDARD) for name in (standard, f"after {k}")],
    "one between": ["breach", "new", "extravasation"],
}


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_steps_that_follow_each_other_have_colours_apart(steps: list[str], sight: str) -> None:
    colours = stage_colours(steps)
    assert len(set(colours.values())) == len(steps)
    for one, after in pairwise(steps):
        assert apart(colours[one], colours[after], sight) >= LEAST, (one, after)
    if sight != "grey":
        assert min(apart(a, b, sight) for a, b in combinations(colours.values(), 2)) >= LEAST


def test_colours_of_steps_are_the_same_whenever_they_are_asked_for() -> None:
    steps = [f"step {k}" for k in range(40)]
    assert stage_colours(steps) == stage_colours(steps)
    assert all(stage_colours([*STANDARD, "new"])[name] == STAGE_COLOURS[name] for name in STANDARD)
    for one, after in pairwise(stage_colours(steps).values()):
        assert one != after


def test_lightness_is_that_of_the_colours_seen() -> None:
    for colour in (*STAGE_COLOURS.values(), "#000000", "#FFFFFF", "#010101"):
        assert lightness(colour) == pytest.approx(lab(colour)[0], abs=0.05)


# Causes of death.


@pytest.mark.parametrize("count", [2, 9, 15, 60])
def test_causes_have_a_mark_besides_their_colour(count: int) -> None:
    causes = [f"cause {k}" for k in range(count)]
    marks = list(zip(cause_colours(causes).values(), cause_hatches(causes).values(), strict=True))
    assert len(set(marks)) == count
    # Those with the same hatch are far from each other in the list, and differ in colour.
    assert all(len({hatch for _, hatch in marks[k : k + 10]}) == min(10, count - k) for k in range(count))


def many_causes() -> Any:
    steps = ["one", "two", "three"]
    lost = {step: {f"cause {k}": 1.0 for k in range(4 * i, 4 * i + 8)} for i, step in enumerate(steps)}
    return cascade.exact(cascade.Model.from_survival(dict.fromkeys(steps, 0.5), causes=lost))


@pytest.mark.parametrize("source", [textbook, textbook_exact, unfinished, many_causes])
def test_every_segment_of_the_causes_has_the_marks_of_the_legend_and_an_edge(source: Callable[[], Any]) -> None:
    right: Axes = cascade.plot.funnel(source()).axes[1]
    shown = right.get_legend()
    assert shown is not None
    handles = [(to_hex(h.get_facecolor()), h.get_hatch() or "") for h in shown.legend_handles]
    assert len(set(handles)) == len(handles)
    # Those still there are grey, and the lightest.
    hatches = [hatch for colour, hatch in handles if colour != "#e6e6e6"]
    assert all(lab(colour)[0] < 88 for colour, _ in handles if colour != "#e6e6e6")
    assert len(set(hatches)) == len(hatches) or len(hatches) > 10
    for bar in (p for p in right.patches if isinstance(p, Rectangle) and p.get_width() > 0):
        assert (to_hex(bar.get_facecolor()), bar.get_hatch() or "") in handles
        assert to_hex(bar.get_edgecolor()) == "#ffffff"
        assert bar.get_linewidth() > 0.3


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
