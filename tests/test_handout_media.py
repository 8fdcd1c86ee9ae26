"""The page on paper and among colours that a reader has chosen: what is drawn as a background is still seen."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

import cascade
from cascade.common.colours import ALIVE_COLOUR
from cascade.web.page import write_page
from test_figures_frames import contrast

TEXTBOOK = cascade.load("textbook")
SEEN = 3.0  # contrast of graphics: WCAG 2.1, success criterion 1.4.11


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(TEXTBOOK, tmp_path_factory.mktemp("media") / "t.html", seed=5, cells=1000)


def opened(browser: Any, path: Path, **how: Any) -> Any:
    page = browser.new_context(viewport={"width": 1280, "height": 900}, **how).new_page()
    page.goto(f"file://{path}")
    page.wait_for_selector("#progress[data-done=true]", timeout=30_000)
    return page


@pytest.fixture(params=["light", "dark"])
def forced(request: pytest.FixtureRequest, browser: Any, path: Path) -> Iterator[Any]:
    """The page among forced colours, on a light and on a dark ground."""
    page = opened(browser, path, forced_colors="active", color_scheme=request.param)
    yield page
    page.context.close()


def pixels(part: Any) -> Any:
    """Colours of a part of the page, (height, width, 3)."""
    return imread(io.BytesIO(part.screenshot()))[..., :3]


def colour_at(picture: Any, across: float) -> tuple[float, ...]:
    """The colour half-way down."""
    height, width, _ = picture.shape
    return tuple(float(c) for c in picture[height // 2, min(width - 1, int(across * width))])


def fills_of(pdf: bytes) -> list[tuple[float, ...]]:
    """Colours that something on the sheets is filled with."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            text = zlib.decompress(stream)
        except zlib.error:
            continue
        found += re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) rg\b", text)
    return [tuple(map(float, colour)) for colour in found]


def test_bars_and_dots_are_printed_though_no_backgrounds_are(browser: Any, path: Path) -> None:
    page = opened(browser, path)
    fills = fills_of(page.pdf(print_background=False))
    wanted = {**cascade.plot.stage_colours(TEXTBOOK.stages), **cascade.plot.cause_colours(causes())}
    for name, colour in wanted.items():
        assert any(np.allclose(fill, to_rgb(colour), atol=0.01) for fill in fills), name
    # Steps share the blue of what lives: a bar for each, and the dot of the legend.
    assert blue_in(fills) > len(TEXTBOOK.stages)
    page.context.close()


def blue_in(fills: list[tuple[float, ...]]) -> int:
    """How often something is filled with the blue of what lives."""
    return sum(bool(np.allclose(fill, to_rgb(ALIVE_COLOUR), atol=0.01)) for fill in fills)


def causes() -> list[str]:
    return list(dict.fromkeys(death.cause for state in TEXTBOOK.states for death in state.deaths))


def test_whatever_has_a_background_of_its_own_is_printed_and_seen(browser: Any, path: Path) -> None:
    """A part that is added with a colour in its style means something by it."""
    page = opened(browser, path)
    parts = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((e) => e.style.background).map((e) => {
        const s = getComputedStyle(e);
        return [e.outerHTML, s.printColorAdjust, s.forcedColorAdjust]; })"""
    )
    assert len(parts) > len(TEXTBOOK.stages)
    assert [
        html for html, paper, forced in parts if (paper, forced) != ("exact", "auto" if "width" in html else "none")
    ] == []
    page.context.close()


@pytest.mark.sampled(1)
def test_on_paper_bars_have_the_width_of_the_sheet(browser: Any, path: Path) -> None:
    page = opened(browser, path)
    page.set_viewport_size({"width": 720, "height": 1000})
    page.emulate_media(media="print")
    widths = [bar.bounding_box()["width"] for bar in page.query_selector_all(".bar")]
    assert len(widths) == len(TEXTBOOK.stages)
    assert min(widths) > 300
    for bar, step in zip(page.query_selector_all(".bar"), TEXTBOOK.stages, strict=True):
        assert np.allclose(
            colour_at(pixels(bar), 0.03), to_rgb(cascade.plot.stage_colours(TEXTBOOK.stages)[step]), atol=0.02
        )
    page.context.close()


@pytest.mark.full
def test_bars_are_seen_among_forced_colours(forced: Any) -> None:
    shares = [row.fraction_of_all for row in cascade.exact(TEXTBOOK).funnel()]
    for bar, share in zip(forced.query_selector_all(".bar"), shares, strict=True):
        picture, ends = pixels(bar), max(0.0, 1.0 + np.log10(share) / 9.0)
        filled, free = colour_at(picture, ends - 0.03), colour_at(picture, ends + 0.03)
        assert contrast(filled, free) >= SEEN
        assert contrast(colour_at(picture, 0.03), free) >= SEEN
        assert contrast(colour_at(picture, 0.999), free) >= SEEN, "a frame shows where all would be"


@pytest.mark.full
def test_the_legend_and_the_cells_keep_their_colours_among_forced_ones(forced: Any) -> None:
    dots = forced.query_selector_all(".legend i")
    shown = [colour_at(pixels(dot), 0.5) for dot in dots]
    wanted = [to_rgb(colour) for colour in cascade.plot.cause_colours(causes()).values()]
    assert np.allclose(shown[1:-1], wanted, atol=0.02)
    canvas = pixels(forced.query_selector("canvas"))
    assert np.allclose(canvas[3, 3], 1.0), "names are written in dark ink: the ground is white"


@pytest.mark.full
def test_what_is_not_printed_is_seen(browser: Any, path: Path) -> None:
    page = opened(browser, path)
    before = blue_in(fills_of(page.pdf(print_background=False)))
    page.add_style_tag(content=".bar > div { print-color-adjust: economy !important; }")
    assert before - blue_in(fills_of(page.pdf(print_background=False))) == len(TEXTBOOK.stages)
    page.context.close()
