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
from cascade.common.colours import LOOKS
from cascade.lessons.looks import causes_of
from cascade.lessons.page import cause_property
from test_figures_frames import contrast

TEXTBOOK = cascade.load("textbook")
ROWS = len(TEXTBOOK.stages) + 1
SEEN = 3.0  # contrast of graphics: WCAG 2.1, success criterion 1.4.11
STAGE = "cascade.lesson.scenes[0].scene.stage"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cascade.simulate(TEXTBOOK, cells=10, seed=5).to_html(tmp_path_factory.mktemp("media") / "t.html")


def opened(browser: Any, path: Path, **how: Any) -> Any:
    """The page at the end of its film, so that whatever cells die of is there."""
    how = {"reduced_motion": "reduce"} | how
    page = browser.new_context(viewport={"width": 1280, "height": 900}, **how).new_page()
    page.goto(f"file://{path}#film=shown")
    page.wait_for_function(f"() => globalThis.cascade?.lesson && {STAGE}.cells.ready", timeout=240_000)
    page.evaluate(f"{STAGE}.seek({STAGE}.cells.length)")
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


PASSED = "#5b6675"
"""Of those who passed, in the light style."""


def causes() -> list[str]:
    return list(dict.fromkeys(death.cause for state in TEXTBOOK.states for death in state.deaths))


def told(page: Any) -> list[str]:
    """Causes that something in the bars is drawn for."""
    colours = causes_of(causes())[1]
    styles = page.eval_on_selector_all(
        "#film .parts i", "all => all.filter((e) => e.offsetWidth > 1).map((e) => e.style.background)"
    )
    return [cause for cause in colours if f"var({cause_property(cause)})" in styles]


def test_bars_and_dots_are_printed_though_no_backgrounds_are(browser: Any, path: Path) -> None:
    page = opened(browser, path, color_scheme="dark")
    shown = told(page)
    assert len(shown) > 5
    fills = fills_of(page.pdf(print_background=False))
    wanted = {cause: causes_of(causes())[1][cause][0] for cause in shown}
    for name, colour in {**wanted, "passed": PASSED, "alive": LOOKS["colours"]["alive"]}.items():
        assert filled_with(fills, colour), f"{name}: on paper the colours of the light style"
    # A bar for each step that some pass, and the dot of the legend.
    assert filled_with(fills, PASSED) > len(TEXTBOOK.stages) - 1
    page.context.close()


def filled_with(fills: list[tuple[float, ...]], colour: str) -> int:
    """How often something is filled with a colour."""
    return sum(bool(np.allclose(fill, to_rgb(colour), atol=0.01)) for fill in fills)


def test_whatever_has_a_background_of_its_own_is_printed_and_seen(browser: Any, path: Path) -> None:
    """A part that is added with a colour in its style means something by it."""
    page = opened(browser, path)
    parts = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((e) => e.style.background).map((e) => {
        const s = getComputedStyle(e);
        return [e.outerHTML, s.printColorAdjust, s.forcedColorAdjust]; })"""
    )
    assert len(parts) > len(TEXTBOOK.stages)
    assert [html for html, paper, kept in parts if (paper, kept) != ("exact", "none")] == []
    page.context.close()


@pytest.mark.sampled(1)
def test_on_paper_bars_have_room_and_their_colours(browser: Any, path: Path) -> None:
    page = opened(browser, path)
    page.set_viewport_size({"width": 720, "height": 1000})
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    tracks = page.query_selector_all("#film .track")
    assert len(tracks) == ROWS
    assert min(track.bounding_box()["width"] for track in tracks) > 150
    for bar in page.query_selector_all("#film .track")[:-1]:
        if bar.query_selector(".parts i").bounding_box()["width"] > 20:
            assert np.allclose(colour_at(pixels(bar), 0.03), to_rgb(PASSED), atol=0.02)
    page.context.close()


@pytest.mark.full
def test_bars_are_seen_among_forced_colours(forced: Any) -> None:
    bars = forced.evaluate(f"{STAGE}.counts.map(({{ came }}, k) => came * {STAGE}.bars.zooms[k])")
    assert len(bars) == ROWS
    assert sum(0.05 < ends < 0.9 for ends in bars) > 3
    for track, ends in zip(forced.query_selector_all("#film .track"), bars, strict=True):
        picture = pixels(track)
        middle = picture.shape[0] // 2
        if ends < 0.9:
            edge = max(contrast(tuple(picture[middle, -k]), colour_at(picture, 0.95)) for k in (1, 2, 3))
            assert edge >= SEEN, "a frame shows where all would be"
        if 0.05 < ends < 0.9:
            assert contrast(colour_at(picture, 0.03), colour_at(picture, 0.95)) >= SEEN


@pytest.mark.full
def test_the_legend_and_the_cells_keep_their_colours_among_forced_ones(forced: Any) -> None:
    dark = forced.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    dots = forced.query_selector_all("#film .legend i")
    shown = [colour_at(pixels(dot), 0.5) for dot in dots]
    wanted = forced.evaluate(
        """['--alive', '--passed'].map((name) =>
        getComputedStyle(document.documentElement).getPropertyValue(name).trim())"""
    )
    assert np.allclose(shown, [to_rgb(colour) for colour in wanted], atol=0.02)
    assert wanted[0] == LOOKS["dark" if dark else "colours"]["alive"]
    kept = forced.evaluate("getComputedStyle(document.querySelector('#film canvas')).forcedColorAdjust")
    assert kept == "none"


@pytest.mark.full
def test_what_is_not_printed_is_seen(browser: Any, path: Path) -> None:
    page = opened(browser, path)
    before = filled_with(fills_of(page.pdf(print_background=False)), PASSED)
    page.add_style_tag(content=".parts i { print-color-adjust: economy !important; }")
    assert before - filled_with(fills_of(page.pdf(print_background=False)), PASSED) >= len(TEXTBOOK.stages) - 1
    page.context.close()
