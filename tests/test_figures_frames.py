"""Frames of figures: what is drawn stands inside them and fills them; what is written can be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import cascade
from cascade.plot.style import share_label

TEXTBOOK = cascade.load("textbook")
WEAKER = TEXTBOOK.with_(scale={"*.immune killing": 0.2}, name="weaker")
LEAST_FILLED = 0.7
LEAST_CONTRAST = 3.0  # of large text: WCAG 2.1, success criterion 1.4.3

FIGURES: dict[str, Callable[[], Figure]] = {
    "funnel": lambda: cascade.plot.funnel(cascade.simulate(TEXTBOOK, cells=10**6, seed=1)),
    "two funnels": lambda: cascade.plot.funnel(cascade.exact(TEXTBOOK), cascade.exact(WEAKER)),
    "waterfall": lambda: cascade.plot.waterfall(cascade.simulate(TEXTBOOK, cells=10**6, seed=1)),
    "exact waterfall": lambda: cascade.plot.waterfall(cascade.exact(TEXTBOOK)),
    "organs": lambda: cascade.plot.organs(cascade.simulate(cascade.load("colon"), cells=10**6, seed=1)),
    "body": lambda: cascade.plot.body(cascade.exact(cascade.load("breast"))),
    "selection": lambda: cascade.plot.selection(cascade.selection(cascade.load("unlike-cells"), cells=10**5, seed=1)),
    "comparison": lambda: cascade.plot.comparison(cascade.compare(TEXTBOOK, WEAKER, cells=10**6, seed=1)),
    "occupancy": lambda: cascade.plot.occupancy(cascade.simulate(TEXTBOOK, cells=10**5, seed=1)),
}


def filled(limits: tuple[float, float], data: tuple[float, float]) -> float:
    """Share of an axis that data takes; less than nothing where some of it lies outside."""
    (low, high), (first, last) = sorted(limits), sorted(data)
    inside = low <= first + 1e-9 and last - 1e-9 <= high
    return (last - first) / (high - low) if inside else -1.0


def numbers_end(ax: Axes) -> float:
    """Where the last number beside what is drawn ends, within the axes."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    ends = [ax.transData.inverted().transform(t.get_window_extent().corners())[:, 0].max() for t in ax.texts]
    return min(max(map(float, ends), default=-float("inf")), ax.get_xlim()[1])


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", FIGURES)
def test_what_is_drawn_fills_its_frame(name: str) -> None:
    for ax in FIGURES[name]().axes:
        data = ax.dataLim
        if not ax.has_data():
            continue  # the panel of a legend
        if ax.get_yscale() == "linear" and abs(data.height) < float("inf"):
            assert filled(ax.get_ylim(), (data.y0, data.y1)) >= LEAST_FILLED, "from top to bottom"
        # The densities of traits go on beyond the part that is shown.
        if ax.get_xscale() == "linear" and name != "selection":
            assert filled(ax.get_xlim(), (data.x0, max(data.x1, numbers_end(ax)))) >= LEAST_FILLED, "from left to right"


def test_a_frame_that_is_too_small_or_too_large_is_seen() -> None:
    assert filled((0, 10), (1, 9)) == 0.8
    assert filled((10, 0), (1, 9)) == 0.8
    assert filled((2, 10), (1, 9)) < 0
    assert filled((0, 30), (1, 9)) < LEAST_FILLED


def luminance(colour: object) -> float:
    """Relative luminance of sRGB, after WCAG 2.1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]  # type: ignore[arg-type]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: object, two: object) -> float:
    dark, light = sorted((luminance(one), luminance(two)))
    return (light + 0.05) / (dark + 0.05)


def written_in_bars(ax: Axes) -> list[tuple[str, float]]:
    """Texts that stand in a bar, with their contrast to it."""
    bars = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    return [
        (text.get_text(), contrast(text.get_color(), bar.get_facecolor()[:3]))
        for text in ax.texts
        for bar in bars
        if bar.get_x() < text.get_position()[0] < bar.get_x() + bar.get_width()
        and bar.get_y() < text.get_position()[1] < bar.get_y() + bar.get_height()
    ]


@pytest.mark.parametrize("name", ["textbook", "colon", "b16f1-liver", "clusters"])
def test_shares_can_be_read_on_their_bars(name: str) -> None:
    shown = written_in_bars(cascade.plot.funnel(cascade.exact(cascade.load(name))).axes[1])
    assert len(shown) >= 3
    assert [text for text, difference in shown if difference < LEAST_CONTRAST] == []


def test_several_funnels_have_a_title_of_their_own() -> None:
    one, two = (FIGURES[name]() for name in ("funnel", "two funnels"))
    titles = [" ".join(text.get_text() for text in f.findobj(Text)) for f in (one, two)]
    assert "1,000,000 cells" in titles[0]
    assert "1,000,000 cells" not in titles[1]
    assert "Survival funnel" in titles[1]


@pytest.mark.parametrize(
    ("share", "text"), [(1.0, "all"), (0.1, "1 in 10"), (1e-3, "1 in 1,000"), (1e-4, "1 in $10^{4}$")]
)
def test_ticks_of_shares_are_told_as_one_in_so_many(share: float, text: str) -> None:
    assert share_label(share, None) == text
