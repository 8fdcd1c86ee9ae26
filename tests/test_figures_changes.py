"""Figures of change against the tables they show: traits, comparisons; and what a file says of itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image

import cascade
from cascade import plot
from cascade.common.colours import ALIVE_COLOUR, DEATH_COLOUR, QUIET
from cascade.plot.dots import ZERO
from helpers.drawn import (
    Floats,
    Source,
    colon,
    compared,
    count_in,
    cyclic,
    cyclic_exact,
    few_traits,
    from_top,
    heading,
    key,
    picture,
    points,
    share_in,
    swapped_round,
    ticks,
    traits,
    unfinished,
    where,
)
from helpers.models import CYCLIC, FRAIL

THREE = 6e-3
"""Largest relative error of a number that is written with three figures."""

# Selection.


def trait_panels(source: Any) -> dict[str, Axes]:
    """Axes by the name of their trait."""
    shown = {ax.get_label(): ax for ax in plot.selection(source).axes}
    assert list(shown) == list(source.traits)
    return shown


def by_trait(source: Any, trait: str) -> list[Any]:
    return [row for row in source if row.trait == trait]


@pytest.mark.parametrize("source", [traits, few_traits])
def test_steps_of_a_selection_stand_below_each_other_with_their_cells(source: Source) -> None:
    for trait, ax in trait_panels(source()).items():
        labels = [label.split("\n") for label in from_top(ax)]
        rows = by_trait(source(), trait)
        assert [name for name, _ in labels] == ["started", *(f"passed {row.step}" for row in rows[1:])]
        assert [count_in(n) for _, n in labels] == [row.cells for row in rows]


@pytest.mark.parametrize("source", [traits, few_traits])
def test_dot_and_text_of_a_selection_are_the_mean(source: Source) -> None:
    for trait, ax in trait_panels(source()).items():
        dots = points(ax, "o")
        for label, row in zip(from_top(ax), by_trait(source(), trait), strict=True):
            y = ticks(ax.yaxis)[label]
            assert (y in dots) == (row.cells > 0)
            if row.cells:
                assert dots[y] == pytest.approx(row.mean)
                (said,) = (t for t in ax.texts if y < where(t)[1] < y + 0.5)
                assert float(said.get_text()) == pytest.approx(row.mean, rel=THREE)
                assert ax.get_xlim()[0] < row.mean < ax.get_xlim()[1]


def ridge(source: Any, trait: str, step: str) -> Floats:
    """Cells by bin of the trait between 10^-4 and 10^4, a moving mean where they are few; the highest is 1."""
    counts = source.histogram[source.traits.index(trait), source.steps.index(step), 1:-1].astype(float)
    wide = 1 if counts.sum() > 30_000 else 5 if counts.sum() > 1000 else 11
    padded = np.pad(counts, wide // 2)
    means = np.array([padded[b : b + wide].mean() for b in range(len(counts))])
    return means / means.max()


EDGES = np.geomspace(1e-4, 1e4, 159)
MIDDLES = np.sqrt(EDGES[1:] * EDGES[:-1])


def test_ridges_are_as_high_as_the_cells_are_many() -> None:
    for trait, ax in trait_panels(traits()).items():
        areas = {area_bottom(area): area for area in ax.collections}
        outlines = [line for line in ax.lines if len(line.get_xdata()) > 2]
        for outline, label, row in zip(outlines, from_top(ax), by_trait(traits(), trait), strict=True):
            y = ticks(ax.yaxis)[label]
            corners = areas[y].get_paths()[0].vertices
            low, high = ax.spines["bottom"].get_bounds()
            shown = (low * (1 - 1e-9) < MIDDLES) & (high * (1 + 1e-9) > MIDDLES)
            expected = ridge(traits(), trait, row.step)
            expected = expected[shown]
            heights = np.array([corners[corners[:, 0] == x, 1].max() for x in np.unique(corners[:, 0])]) - y
            assert np.unique(corners[:, 0]) == pytest.approx(MIDDLES[shown])
            assert heights / 0.85 == pytest.approx(expected, abs=1e-9)
            assert 0.5 < heights.max() < 1.0  # below the next row
            assert outline.get_ydata() - y == pytest.approx(heights, abs=1e-9)
            assert outline.get_xdata() == pytest.approx(MIDDLES[shown])
            assert to_hex(areas[y].get_facecolor()[0]).upper() == (QUIET if row.step == "start" else ALIVE_COLOUR)


def area_bottom(area: Any) -> float:
    return float(area.get_paths()[0].vertices[:, 1].min())


def test_a_trait_of_few_cells_is_drawn_cell_by_cell() -> None:
    seen = set()
    for trait, ax in trait_panels(few_traits()).items():
        strokes = [c for c in ax.collections if isinstance(c, LineCollection)]
        for k, (label, row) in enumerate(zip(from_top(ax), by_trait(few_traits(), trait), strict=True)):
            y = ticks(ax.yaxis)[label]
            at = [s for c in strokes for s in c.get_segments() if s[:, 1].min() == y]
            seen.add(row.cells < 30)
            if row.cells < 30:
                filled = few_traits().histogram[few_traits().traits.index(trait), k, 1:-1] > 0
                wanted = [row.mean] if filled.sum() == 1 else MIDDLES[filled]
                assert sorted(s[0, 0] for s in at) == pytest.approx(wanted)
            else:
                assert not at
    assert seen == {True, False}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("cells", [1, 2, 3])
def test_a_single_survivor_stands_where_its_mean_does(cells: int) -> None:
    """At every step that one cell passed, of whichever trait."""
    alone = 0
    for seed in range(12):
        source = cascade.selection(FRAIL, cells=cells, seed=seed)
        for trait, ax in trait_panels(source).items():
            strokes = [s for c in ax.collections if isinstance(c, LineCollection) for s in c.get_segments()]
            for label, row in zip(from_top(ax), by_trait(source, trait), strict=True):
                at = [s[0, 0] for s in strokes if s[:, 1].min() == ticks(ax.yaxis)[label]]
                if row.cells == 1:
                    assert at == pytest.approx([row.mean], rel=1e-12)
                    alone += 1
    assert alone > 3


@pytest.mark.parametrize("source", [traits, few_traits])
def test_the_axis_of_a_trait_holds_all_but_the_rarest(source: Source) -> None:
    for f, ax in enumerate(trait_panels(source()).values()):
        low, high = ax.spines["bottom"].get_bounds()
        assert ax.get_xlim()[0] == low
        assert ax.get_xlim()[1] > high, "room for the numbers"
        counts = source().histogram[f, :, 1:-1].sum(axis=0)
        assert ax.get_xscale() == "log"
        assert counts[low > MIDDLES].sum() < 0.004 * counts.sum()
        assert counts[high < MIDDLES].sum() < 0.002 * counts.sum()
        marks = ticks(ax.xaxis)
        assert len(marks) >= 2
        assert all(float(label) == pytest.approx(at) for label, at in marks.items())
        down, up = ax.get_ylim()
        assert down < 0
        assert up >= len(source().steps) - 1 + 0.85


def test_the_title_of_a_selection_says_how_many_cells() -> None:
    assert heading(plot.selection(traits())) == "frail: 40,000 cells"


# Comparison.


def dots(ax: Axes, name: str) -> list[float]:
    """Where the dots of a series are, from row to row."""
    return [float(line.get_xdata()[0]) for line in ax.lines if str(line.get_label()) == name]


def column(ax: Axes, name: str) -> list[str]:
    """Texts below a heading of a column."""
    (head,) = (t for t in ax.texts if t.get_text() == name)
    found = [t for t in ax.texts if where(t)[0] == where(head)[0] and t is not head]
    return [t.get_text() for t in sorted(found, key=lambda t: where(t)[1])]


def placed(counts: list[int]) -> list[float]:
    return [float(np.log10(n)) if n else ZERO for n in counts]


@pytest.mark.parametrize("swapped", [False, True])
def test_gained_and_lost_cells_are_drawn_at_their_step(swapped: bool) -> None:
    source, names = (swapped_round(), ["other", "cyclic"]) if swapped else (compared(), ["cyclic", "other"])
    gained, lost = f"gained: only under {names[1]}", f"lost: only under {names[0]}"
    figure = plot.comparison(source)
    assert {gained, lost} <= set(key(figure))
    assert key(figure)[gained] == (ALIVE_COLOUR, "o")
    assert key(figure)[lost] == (DEATH_COLOUR, "D")
    for ax in (figure.axes[0], plot.comparison(source, ax=Figure(figsize=(9, 5)).add_subplot()).axes[0]):
        assert from_top(ax) == list(CYCLIC.stages)
        assert dots(ax, gained) == pytest.approx(placed([row.gained for row in source]))
        assert dots(ax, lost) == pytest.approx(placed([row.lost for row in source]))
        assert column(ax, "gained") == [f"+{row.gained:,}" if row.gained else "0" for row in source]
        assert column(ax, "lost") == [f"\u2212{row.lost:,}" if row.lost else "0" for row in source]
        # Zeros have a strip of their own, apart from one cell.
        (strip,) = (line for line in ax.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2)
        assert ZERO < strip.get_xdata()[0] < 0.0
        marks = ticks(ax.xaxis)
        assert marks.pop("0") == ZERO
        assert all(count_of(label) == pytest.approx(10.0**at) for label, at in marks.items())
    assert all(sum(getattr(row, kind) > 0 for row in source) >= 2 for kind in ("gained", "lost"))


def count_of(label: str) -> float:
    """A mark such as 1,000 or 10 with its power in characters."""
    return 1.0 / share_in(f"1 in {label}")


@pytest.mark.parametrize("most", [10, 3])
def test_what_became_of_cells_by_cause_is_drawn_the_most_saved_first(most: int) -> None:
    right = plot.comparison(compared(), most=most).axes[1]
    dead = [row for row in compared().causes() if row.kind == "death" and row.saved + row.moved + row.lost]
    assert any(row.kind == "alive" for row in compared().causes())
    assert len(dead) > 3
    assert [" ".join(label.split()) for label in from_top(right)] == [
        f"{row.cause} ({row.step})" for row in dead[:most]
    ]
    for kind, name in (("saved", "saved: succeed now"), ("moved", "moved: end elsewhere now"),
                       ("lost", "lost: succeeded without")):  # fmt: skip
        numbers = [getattr(row, kind) for row in dead[:most]]
        assert dots(right, name) == pytest.approx(placed(numbers))
        assert column(right, kind) == [f"{n:,}" for n in numbers]


def test_a_comparison_without_losses_has_them_all_at_zero() -> None:
    better = CYCLIC.with_(name="better", scale={"*.shear": 0.0})
    kept = cascade.compare(CYCLIC, better, cells=3000, seed=1)
    ax, _ = plot.comparison(kept).axes
    assert not any(row.lost for row in kept)
    assert set(dots(ax, "lost: only under cyclic")) == {ZERO}
    assert set(column(ax, "lost")) == {"0"}


def test_the_heading_of_a_comparison_names_both_models_and_the_cells() -> None:
    assert heading(plot.comparison(compared())) == "cyclic and other: the same 20,000 cells"


# What a file says of itself.


def noted(figure: Figure, folder: Path, kind: str) -> str:
    """The note that a saved figure carries."""
    path = plot.save(figure, folder / f"figure.{kind}")
    if kind == "png":
        with Image.open(path) as image:
            return str(image.info["Description"])
    found = re.search(r"<dc:description>(.*?)</dc:description>", path.read_text(), re.DOTALL)
    assert found
    return found[1].strip()


def note_of(source: Any) -> str:
    """Model, digest, end, seed and number of cells."""
    model = f"model {source.model.name} (sha256 {source.model.digest()[:16]}), until {source.until}"
    made = f"seed {source.seed}, cells {source.cells}" if hasattr(source, "seed") else "exact answer"
    return f"{model}, {made}"


@pytest.mark.parametrize("kind", ["png", "svg"])
@pytest.mark.parametrize("source", [unfinished, cyclic_exact])
def test_a_saved_figure_says_of_which_run_it_is(source: Source, kind: str, tmp_path: Path) -> None:
    note = noted(picture(plot.waterfall, source), tmp_path, kind)
    assert note.startswith(f"{note_of(source())}; metastatic-cascade ")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("draw", [plot.funnel, plot.alluvial, plot.occupancy, plot.incidence, plot.organs, plot.body])
def test_every_figure_is_signed(draw: Any, tmp_path: Path) -> None:
    assert note_of(colon()) in noted(draw(colon()), tmp_path, "svg")


def test_a_figure_of_several_sources_names_them_all(tmp_path: Path) -> None:
    counts = cascade.Funnel.from_counts(dict(zip(["in", *CYCLIC.stages], [90, 9, 4, 1], strict=True)), label="mine")
    note = noted(plot.funnel(cyclic(), cyclic_exact(), counts), tmp_path, "svg")
    assert note.startswith(f"{note_of(cyclic())}; {note_of(cyclic_exact())}; mine; ")


def test_selection_and_comparison_say_of_which_run_they_are(tmp_path: Path) -> None:
    """Model or both, the end, seed and cells."""
    assert note_of(traits()) in noted(plot.selection(traits()), tmp_path, "svg")
    one, two = (f"model {m.name} (sha256 {m.digest()[:16]})" for m in (compared().model, compared().other))
    wanted = f"{one} and {two}, until {compared().until}, seed {compared().seed}, cells {compared().cells}"
    assert wanted in noted(plot.comparison(compared()), tmp_path, "svg")
    soon = cascade.selection(FRAIL, cells=100, seed=4, until=2.5)
    assert f"until 2.5, seed 4, cells {soon.cells}" in noted(plot.selection(soon), tmp_path, "svg")
