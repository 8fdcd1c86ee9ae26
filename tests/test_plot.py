"""Figures: what they name, what they carry, what they refuse, and that they touch no global state."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

import cascade
from cascade import plot
from cascade.runs.result import Result
from helpers.models import CYCLIC, LINEAR


@pytest.fixture(scope="module")
def result() -> Result:
    return cascade.simulate(cascade.load("textbook"), cells=300_000, seed=1)


def texts(figure: Figure) -> str:
    """All text of a figure that is drawn."""
    figure.draw_without_rendering()
    return "\n".join(t.get_text() for t in figure.findobj(lambda a: hasattr(a, "get_text")))


def test_no_text_leaves_the_figure(result: Result) -> None:
    figures = [
        plot.funnel(result),
        plot.funnel(result, cascade.exact(result.model), labels=["simulated", "exact"]),
        plot.waterfall(result),
        plot.occupancy(result),
        plot.occupancy(result, living=True),
        plot.incidence(result),
    ]
    for figure in figures:
        figure.draw_without_rendering()
        box = figure.bbox
        for text in figure.findobj(lambda a: hasattr(a, "get_text")):
            if text.get_text() and text.get_visible():
                extent = text.get_window_extent()
                inside = extent.x0 >= box.x0 - 2 and extent.x1 <= box.x1 + 2
                inside &= extent.y0 >= box.y0 - 2 and extent.y1 <= box.y1 + 2
                assert inside or text.get_text() in _ticks(figure), text.get_text()


def _ticks(figure: Figure) -> set[str]:
    """Labels of ticks outside the range of an axis: made, but not drawn."""
    found = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            found |= {t.label1.get_text() for t in axis.get_major_ticks()}
    return found


def test_a_zero_count_shows_its_upper_bound() -> None:
    # 1 - 0.05^(1/1000) is 0.2991 %, and a bound is rounded away from what it bounds.
    assert "below 0.3 % of all" in texts(plot.funnel(cascade.Funnel.from_counts({"in": 1000, "out": 0})))


@pytest.mark.full
@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_files_carry_model_seed_and_version(result: Result, tmp_path: Path, kind: str) -> None:
    path = plot.save(plot.funnel(result), tmp_path / f"f.{kind}")
    data = path.read_bytes()
    assert b"model textbook" in data
    assert b"seed 1" in data
    assert b"metastatic-cascade" in data
    with pytest.raises(cascade.InputError, match="png"):
        plot.save(plot.funnel(result), tmp_path / "f.jpg")


TWICE = """
import sys
from pathlib import Path
import cascade
from cascade import plot
counts = cascade.Funnel.from_counts({"in $x": 1000, "held": 40, "out": 0})
for draw in (plot.funnel, plot.waterfall):
    for kind in ("svg", "pdf", "png"):
        plot.save(draw(counts), Path(sys.argv[1]) / f"{draw.__name__}.{kind}")
"""


@pytest.mark.full
@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_a_figure_saved_twice_is_one_file(result: Result, tmp_path: Path, kind: str) -> None:
    """Also one that is drawn anew: nothing in it comes from a clock, from chance or from what was saved before."""
    for k, draw in enumerate((plot.funnel, plot.occupancy, plot.incidence)):
        figure = draw(result)
        first, again, anew = (
            plot.save(f, tmp_path / f"{k}.{kind}").read_bytes() for f in (figure, figure, draw(result))
        )
        assert first == again == anew


@pytest.mark.full
def test_a_figure_is_one_file_whatever_the_order_of_sets(tmp_path: Path) -> None:
    """In processes that order sets of names otherwise."""
    for order in ("1", "2"):
        (tmp_path / order).mkdir()
        command = [sys.executable, "-c", TWICE, str(tmp_path / order)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": order})
    files = sorted((tmp_path / "1").iterdir())
    assert len(files) == 6
    assert [f.read_bytes() for f in files] == [(tmp_path / "2" / f.name).read_bytes() for f in files]


def test_a_notebook_shows_a_figure_by_itself(result: Result) -> None:
    assert plot.waterfall(result)._repr_png_()[:4] == b"\x89PNG"  # type: ignore[attr-defined]


def test_every_figure_draws_into_given_axes(result: Result) -> None:
    figure = Figure(figsize=(12, 9))
    axes = list(figure.subplots(2, 2).ravel())
    for k, draw in enumerate((plot.funnel, plot.waterfall, plot.occupancy, plot.incidence)):
        assert draw(result, ax=axes[k]) is figure
        assert [ax.has_data() for ax in axes] == [j <= k for j in range(4)]
    assert figure.axes == axes
    figure.draw_without_rendering()


def test_names_with_dollar_signs() -> None:
    model = cascade.Model.from_survival({"$x_{$": 0.5, "b": 0.5}, causes={"b": {"$y^{": 1.0}}, title="cost $")
    done = cascade.simulate(model, cells=1000, seed=1)
    for figure in (plot.funnel(done), plot.waterfall(done), plot.occupancy(done), plot.incidence(done)):
        assert "\\$" in texts(figure)


def test_what_cannot_be_drawn_is_named() -> None:
    still = LINEAR.with_(hazards={name: 0.0 for name, _, _ in LINEAR.hazards()})
    done = cascade.simulate(still, cells=10, seed=1, until=1.0)
    with pytest.raises(cascade.InputError, match="happened"):
        plot.incidence(done)
    with pytest.raises(cascade.InputError, match="steps"):
        plot.funnel(cascade.exact(LINEAR), cascade.exact(CYCLIC))
    with pytest.raises(cascade.InputError):
        plot.funnel("x")  # type: ignore[arg-type]


def test_pyplot_and_its_state_are_left_alone() -> None:
    code = (
        "import sys, cascade, matplotlib; before = dict(matplotlib.rcParams)\n"
        "cascade.plot.funnel(cascade.Funnel.from_counts({'a': 10, 'b': 5}))\n"
        "import matplotlib._pylab_helpers as helpers; assert not helpers.Gcf.figs\n"
        "assert dict(matplotlib.rcParams) == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_body_names_its_vessels() -> None:
    shown = texts(plot.body(cascade.exact(cascade.load("colon"))))
    for text in ("right\nheart", "left\nheart", "portal vein", "bronchi (lung)", "primary"):
        assert text in shown
    assert "into the blood by\n99 % portal vein" in shown


@pytest.mark.full
@pytest.mark.parametrize("name", cascade.body.cancer_names())
def test_the_body_of_each_cancer_names_all_its_sites(name: str) -> None:
    exact = cascade.exact(cascade.load(name))
    # Long names stand in two lines.
    named = {" ".join(t.get_text().split()).removesuffix(" (own organ)") for t in plot.body(exact).axes[0].texts}
    assert {row.organ for row in exact.organs()} <= named


def test_what_has_no_organs_is_refused() -> None:
    with pytest.raises(cascade.InputError, match="sites"):
        plot.body(cascade.exact(LINEAR))
    with pytest.raises(cascade.InputError, match="a result or an exact answer"):
        plot.organs("lung")  # type: ignore[arg-type]


# Texts for who cannot see a figure, and letters that journals take.


def test_svg_has_a_title_and_a_description_that_readers_of_screens_tell(result: Result, tmp_path: Path) -> None:
    figure = plot.funnel(result)
    text = plot.save(figure, tmp_path / "f.svg").read_text(encoding="utf-8")
    tree = ET.fromstring(text)  # noqa: S314
    assert tree.get("role") == "img"
    children = [child.tag.rpartition("}")[2] for child in tree]
    assert children[:2] == ["title", "desc"]
    assert tree[0].text.startswith("model textbook")  # type: ignore[union-attr]
    assert tree[1].text == plot.alt_text(figure)


def test_a_name_with_marks_of_xml_is_told_as_it_is(tmp_path: Path) -> None:
    counts = cascade.Funnel.from_counts({"in": 10, "a < b & c": 4}, label='<b> "x" & y')
    figure = plot.funnel(counts)
    tree = ET.fromstring(plot.save(figure, tmp_path / "f.svg").read_text(encoding="utf-8"))  # noqa: S314
    assert tree[1].text == plot.alt_text(figure)
    assert '<b> "x" & y' in plot.alt_text(figure)
    assert "&lt;b&gt; &quot;x&quot;" in figure._repr_html_()  # type: ignore[attr-defined]


def test_the_text_of_a_figure_says_what_is_seen(result: Result) -> None:
    told = plot.alt_text(plot.funnel(result))
    assert told.startswith("Waterfall of the cells lost at each step")
    assert "300,000 cells" in told
    assert all(step in told for step in result.model.stages)
    assert "Most are lost at colonization" in told
    shared = Figure(figsize=(12, 9))
    for ax, draw in zip(shared.subplots(1, 2), (plot.funnel, plot.occupancy), strict=True):
        draw(result, ax=ax)
    assert plot.alt_text(shared).count("The standard cascade") == 2, "of a figure of two its texts are joined"
    with pytest.raises(cascade.InputError, match=r"^figure = "):
        plot.alt_text(Figure())


def test_a_notebook_gives_the_text_with_the_picture(result: Result) -> None:
    html = plot.funnel(result)._repr_html_()  # type: ignore[attr-defined]
    assert html.startswith('<img alt="Waterfall of the cells lost at each step')
    assert "data:image/png;base64," in html


def test_pdf_has_letters_as_fonts_of_type_42(result: Result, tmp_path: Path) -> None:
    """TrueType fonts inside, none of type 3: what journals take."""
    data = plot.save(plot.alluvial(result, style="paper"), tmp_path / "f.pdf").read_bytes()
    assert b"/FontFile2" in data
    assert b"/Subtype /Type3" not in data
    assert b"DejaVuSans" in data


@pytest.mark.parametrize(("style", "dpi"), [("paper", 300), ("screen", 150), ("slide", 120)])
def test_a_style_is_saved_with_its_pixels(result: Result, style: str, dpi: int, tmp_path: Path) -> None:
    figure = plot.funnel(result, style=style)
    with Image.open(plot.save(figure, tmp_path / "f.png")) as image:
        assert image.width == pytest.approx(figure.get_figwidth() * dpi, abs=1)
        assert image.info["dpi"][0] == pytest.approx(dpi, abs=0.1)


def test_the_fonts_that_matplotlib_ships_are_enough(result: Result) -> None:
    """No text asks for a family of its own."""
    for figure in (plot.funnel(result), plot.alluvial(result, style="slide")):
        families = {t.get_fontfamily()[0] for t in figure.findobj(Text) if isinstance(t, Text)}
        assert families == {"sans-serif"}
