"""What belongs together in a figure stands together: words in their symbols, ends of axes at what they mark."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Circle, Patch, Rectangle, RegularPolygon
from matplotlib.text import Text

import cascade
from cascade.model import Model
from cascade.plot.changes import FEW
from cascade.plot.circles import LARGEST
from cascade.plot.moving import moving_cells
from helpers.models import CYCLIC, FRAIL, clustered

BODIES = ("breast", "colon", "prostate", "melanoma")


@cache
def drawn(name: str) -> Axes:
    """The body of a cancer."""
    figure = cascade.plot.body(cascade.exact(cascade.load(name)))
    figure.canvas.draw()
    return figure.axes[0]


def centre(patch: Patch) -> tuple[float, float]:
    """Middle of a patch, in data."""
    path = patch.get_path().transformed(patch.get_patch_transform())
    box = path.get_extents()
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def words(ax: Axes, *texts: str) -> list[Text]:
    """The texts that begin so."""
    return [text for text in ax.texts if text.get_text().startswith(texts)]


@pytest.mark.parametrize("name", BODIES)
def test_hearts_and_primary_bear_their_names(name: str) -> None:
    ax = drawn(name)
    hearts = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    assert len(hearts) == 2
    for heart, text in zip(hearts, words(ax, "right\nheart", "left\nheart"), strict=True):
        assert centre(heart) == pytest.approx(text.get_position())
    (primary,) = (patch for patch in ax.patches if isinstance(patch, RegularPolygon))
    (text,) = words(ax, "primary")
    assert centre(primary) == pytest.approx(text.get_position(), abs=0.01)


@pytest.mark.parametrize("name", BODIES)
def test_the_ways_into_the_blood_are_listed_beside_the_primary(name: str) -> None:
    ax = drawn(name)
    (primary,) = words(ax, "primary")
    (listed,) = words(ax, "into the blood by")
    (x, y), (a, b) = primary.get_position(), listed.get_position()
    assert math.hypot(x - a, y - b) < 1.0, "inches"
    box = listed.get_window_extent().transformed(ax.transData.inverted())
    assert not (box.x0 < x < box.x1 and min(box.y0, box.y1) < y < max(box.y0, box.y1)), "not on top of it"


@pytest.mark.parametrize("name", BODIES)
def test_other_routes_stand_under_their_heading(name: str) -> None:
    ax = drawn(name)
    (heading,) = words(ax, "Other routes")
    x, y = heading.get_position()
    below = [t for t in ax.texts if t.get_text().endswith("of all colonies") and t.get_position()[0] == x]
    assert below
    first = min(t.get_position()[1] for t in below)
    assert 0 < first - y < 0.6, "from top to bottom, in inches"


@pytest.mark.parametrize("name", BODIES)
def test_circles_of_the_body_are_inside_it(name: str) -> None:
    ax = drawn(name)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    for circle in (patch for patch in ax.patches if isinstance(patch, Circle)):
        x, y = circle.center
        assert left < x - circle.radius < x + circle.radius < right
        assert top < y - circle.radius < y + circle.radius < bottom
        assert circle.radius <= LARGEST


# Traits and comparisons.


@pytest.mark.parametrize("cells", [200, 20_000])
def test_the_axis_of_traits_holds_nearly_all_cells_and_the_mean_of_those_that_started(cells: int) -> None:
    found = cascade.selection(FRAIL, cells=cells, seed=1)
    every = cascade.replay(FRAIL, seed=1, cells=range(min(cells, 2000)))
    for ax, trait in zip(cascade.plot.selection(found).axes, found.traits, strict=True):
        low, high = ax.spines["bottom"].get_bounds()
        z = np.array([life.traits[trait] for life in every])
        assert np.mean((low <= z) & (z <= high)) > 0.98
        assert high / low < 10 * max(10, z.max() / z.min())
        (one,) = (line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1 < len(line.get_xdata()))
        assert one == 1.0
        ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
        assert list(ax.get_xticks()) == ticks
        wanted = [m * 10.0**e for e in range(-6, 7) for m in (1, 3)]
        assert all(any(math.isclose(tick, w) for w in wanted) for tick in ticks)
        assert len(ticks) >= 2


def single_cells(cells: int) -> list[object]:
    """Lines that stand for single cells, of so many that started."""
    model = Model.from_survival(
        {"wait": 1.0}, frailties=[{"name": "z", "cv": 1.0, "hazards": [{"hazard": "wait.metastasis"}]}]
    )
    ax = cascade.plot.selection(cascade.selection(model, cells=cells, seed=1)).axes[0]
    return [segment for lines in ax.collections if hasattr(lines, "get_segments") for segment in lines.get_segments()]


def test_few_cells_are_drawn_one_by_one() -> None:
    assert single_cells(FEW - 1)
    assert not single_cells(FEW)


def many() -> Model:
    """A step with fifteen causes of death."""
    deaths = [{"cause": f"cause {i}", "hazard": 1.0 + 0.1 * i} for i in range(15)]
    states = [
        {"name": "here", "stage": "way", "moves": [{"to": "goal", "hazard": 1.0}], "deaths": deaths},
        {"name": "goal", "absorbing": True},
    ]
    return Model(name="many", stages=["way"], states=states)


@pytest.mark.parametrize("most", [None, 3])
def test_the_ends_that_changed_are_listed_with_the_most_changed_first(most: int | None) -> None:
    other = many().with_(name="other", scale={"here.goal": 3.0, "here.cause 3": 4.0})
    found = cascade.compare(many(), other, cells=3000, seed=1)
    figure = cascade.plot.comparison(found) if most is None else cascade.plot.comparison(found, most=most)
    shown = [" ".join(label.get_text().split()).removesuffix(" (way)") for label in figure.axes[1].get_yticklabels()]
    changed = [row.cause for row in found.causes() if row.saved or row.moved or row.lost]
    assert len(changed) == 15
    assert shown == changed[: most or 10]


def test_an_end_from_which_as_many_moved_as_were_saved_is_shown() -> None:
    """Two cells of one cause: one that succeeds now, one that dies of another."""
    one = many()
    for seed in range(200):
        found = cascade.compare(one, one.with_(scale={"here.goal": 2.0, "here.cause 0": 0.3}), cells=40, seed=seed)
        even = [row.cause for row in found.causes() if row.moved and row.moved == row.saved + row.lost]
        if even and len([row for row in found.causes() if row.saved + row.moved + row.lost]) <= 10:
            labels = cascade.plot.comparison(found).axes[1].get_yticklabels()
            assert set(even) <= {" ".join(label.get_text().split()).removesuffix(" (way)") for label in labels}
            return
    pytest.fail("no such comparison")


def test_curves_of_an_exact_answer_begin_before_and_end_after_every_mean_time() -> None:
    for model in (CYCLIC, cascade.load("textbook")):
        exact = cascade.exact(model)
        means = [t.mean_hours for t in exact.times() if 0 < t.mean_hours < math.inf]
        low, high = cascade.plot.occupancy(exact).axes[0].get_xlim()
        assert low == pytest.approx(min(means) / 100)
        assert high == pytest.approx(max(means) * 20)


def test_moving_cells_are_named_by_cell_and_member() -> None:
    pytest.importorskip("anywidget")
    for model in (CYCLIC, clustered(CYCLIC)):
        result = cascade.simulate(model, cells=30, seed=1)
        units = [unit for life in result.replay(range(30)) for unit in (life, *life.fragments)]
        named = [life["cell"] for life in moving_cells(result, range(30)).lives]
        assert len(set(named)) == len(named)
        for name, unit in zip(named, units, strict=True):
            alone = not unit.member and unit.size == 1
            assert name == (str(unit.cell) if alone else f"{unit.cell}, member {unit.member}")


# Ends of what is allowed, and causes by any name.


@pytest.mark.parametrize("name", BODIES)
def test_organs_of_other_routes_are_named_beside_their_circles(name: str) -> None:
    ax = drawn(name)
    (heading,) = words(ax, "Other routes")
    for circle in (p for p in ax.patches if isinstance(p, Circle) and p.center[0] > heading.get_position()[0]):
        (x, y), texts = circle.center, [t for t in ax.texts if t.get_position()[1] == circle.center[1]]
        beside = [t for t in texts if t.get_ha() == "left" and t.get_position()[0] > x + circle.radius]
        assert any(t.get_position()[0] - x < 0.6 for t in beside), f"no name at {y:.2f}"


def test_a_cause_of_any_name_has_its_own_share() -> None:
    """Names before and after that of the cells that are still there, which have a share of their own."""
    deaths = [{"cause": cause, "hazard": 1.0 + k} for k, cause in enumerate(("age", "still", "vanished"))]
    states = [{"name": "here", "stage": "way", "moves": [{"to": "goal", "hazard": 1.0}], "deaths": deaths},
              {"name": "goal", "absorbing": True}]  # fmt: skip
    exact = cascade.exact(Model(name="named", stages=["way"], states=states), until=0.1)
    (row,) = exact.funnel()
    ax = cascade.plot.funnel(exact).axes[0]
    total = row.still + sum(row.lost.values())
    widths = [p.get_width() for p in ax.patches if isinstance(p, Rectangle) and p.get_width() > 0]
    shares = [width / sum(widths) for width in widths]
    assert shares == pytest.approx(sorted([*(n / total for n in row.lost.values()), row.still / total], reverse=True))
    colours = [to_hex(p.get_facecolor()).upper() for p in ax.patches if isinstance(p, Rectangle) and p.get_width() > 0]
    assert len(set(colours)) == 4


@pytest.mark.parametrize(("dpi", "fine"), [(9, False), (10, True), (2000, True), (2001, False), (5000, False)])
def test_the_fineness_of_a_picture_has_bounds(dpi: int, fine: bool, tmp_path: Path) -> None:
    figure = cascade.plot.Picture(figsize=(0.2, 0.2))
    if fine:
        assert cascade.plot.save(figure, tmp_path / "f.png", dpi=dpi).exists()
    else:
        with pytest.raises(cascade.InputError, match="dpi"):
            cascade.plot.save(figure, tmp_path / "f.png", dpi=dpi)
