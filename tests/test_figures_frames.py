"""Frames of figures: what stands in them fills them, whatever they show; ticks of shares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

import cascade
from cascade import plot
from cascade.common.sight import contrast as contrast_of
from cascade.plot.notation import decade_label, one_in
from helpers.drawn import compared, heading, told
from helpers.inspect import texts_of

TEXTBOOK = cascade.load("textbook")
WEAKER = TEXTBOOK.with_(scale={"*.immune killing": 0.2}, name="weaker")

FIGURES: dict[str, Callable[[str], Figure]] = {
    "funnel": lambda style: plot.funnel(cascade.simulate(TEXTBOOK, cells=10**6, seed=1), style=style),
    "two funnels": lambda style: plot.funnel(cascade.exact(TEXTBOOK), cascade.exact(WEAKER), style=style),
    "alluvial": lambda style: plot.alluvial(cascade.exact(TEXTBOOK), style=style),
    "mouse": lambda style: plot.body(cascade.exact(cascade.load("mouse-tail-vein")), style=style),
    "organs": lambda style: plot.organs(cascade.exact(cascade.load("colon")), style=style),
    "body": lambda style: plot.body(cascade.exact(cascade.load("breast")), style=style),
    "comparison": lambda style: plot.comparison(compared(), style=style),
    "occupancy": lambda style: plot.occupancy(cascade.simulate(TEXTBOOK, cells=10**5, seed=1), style=style),
    "incidence": lambda style: plot.incidence(cascade.simulate(TEXTBOOK, cells=10**5, seed=1), style=style),
}


def contrast(one: object, two: object) -> float:
    """Contrast of two colours of matplotlib, after WCAG 2.1."""
    from matplotlib.colors import to_hex

    return contrast_of(to_hex(one).upper(), to_hex(two).upper())  # type: ignore[arg-type]


def inked(figure: Figure) -> tuple[float, float]:
    """Shares of the width and of the height of a picture from the first to the last of what is drawn in it."""
    texts_of(figure)
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].min(axis=2) < 200  # type: ignore[attr-defined]
    across, down = np.flatnonzero(pixels.any(axis=0)), np.flatnonzero(pixels.any(axis=1))
    height, width = pixels.shape
    return float(np.ptp(across) + 1) / width, float(np.ptp(down) + 1) / height


@pytest.mark.sampled(6)
@pytest.mark.parametrize("style", ["screen", "paper"])
@pytest.mark.parametrize("name", FIGURES)
def test_what_is_drawn_fills_its_picture(name: str, style: str) -> None:
    """From edge to edge: also that of a mouse, which has no other routes at the right."""
    across, down = inked(FIGURES[name](style))
    assert across > 0.93
    assert down > 0.9


def test_a_picture_that_is_empty_at_its_right_is_seen() -> None:
    figure = Figure(figsize=(4, 3))
    figure.text(0.1, 0.9, "at the upper left")
    assert inked(figure)[0] < 0.6


def test_several_funnels_have_a_heading_of_their_own() -> None:
    one, two = (FIGURES[name]("screen") for name in ("funnel", "two funnels"))
    assert "1,000,000 cells" in told(one)
    assert "1,000,000 cells" not in told(two)
    assert heading(two) == "Share of all cells that passed each step"


@pytest.mark.parametrize(
    ("decades", "text"),
    [(0, "all"), (1, "1 in 10"), (3, "1 in 1,000"), (6, "1 in 10\u2076"), (12, "1 in 10\u00b9\u00b2")],
)
def test_ticks_of_shares_are_told_as_one_in_so_many(decades: float, text: str) -> None:
    assert decade_label(decades) == text


def test_shares_are_per_cent_down_to_a_tenth_and_one_in_so_many_below() -> None:
    for share, text in (
        (0.00101, "0.10 %"),
        (0.0009, "1 in 1,100"),
        (1e-9, "1 in 1,000,000,000"),
        (1e-20, "1 in 1.0e20"),
    ):
        assert one_in(share) == text
