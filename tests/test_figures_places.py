"""Figures by organ against the tables they show: colonies, autopsies, the body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.text import Text

import cascade
from cascade import plot
from cascade.body.schematic import Layout
from cascade.common.colours import organ_mark
from helpers.drawn import (
    TWO,
    Source,
    clopper_pearson,
    colon,
    colon_exact,
    esophagus_exact,
    from_top,
    heading,
    key,
    panel,
    picture,
    points,
    share_in,
    text_at,
    ticks,
    where,
    whiskers,
)

# Organs.


def sites_of(ax: Axes) -> list[str]:
    """Sites from top to bottom, without the headings of routes."""
    return [" ".join(label.split()) for label in from_top(ax) if not headed(label)]


def headed(label: str) -> bool:
    """Whether a label is the heading of a kind and route."""
    return bool(re.match(r"(distant|nodal|local),\s", label))


@pytest.mark.parametrize("source", [colon, colon_exact])
def test_organs_draws_the_sites_with_most_colonies_in_the_order_of_the_table(source: Source) -> None:
    table = source().organs()
    ax = panel(picture(plot.organs, source), "colonies")
    shown = sites_of(ax)
    settled = [row for row in table if row.colonies > 0]
    assert shown == [row.organ for row in settled if row.organ in shown]
    least = min(row.colonies for row in settled if row.organ in shown)
    others = [row for row in settled if row.organ not in shown]
    assert len(shown) == min(18, len(settled))
    assert all(row.colonies <= least for row in others)
    said = re.search(r"\((\d+) sites with fewer", ax.get_xlabel())
    assert int(said[1]) == len(others) if said else not others
    heads = [" ".join(label.split()) for label in from_top(ax) if headed(label)]
    assert heads == list(dict.fromkeys(f"{row.kind}, by {row.route}" for row in table if row.organ in shown))


@pytest.mark.parametrize("source", [colon, colon_exact])
def test_marks_of_organs_are_shares_of_all_colonies_with_their_intervals(source: Source) -> None:
    table = source().organs()
    total = sum(row.colonies for row in table)
    rows = {row.organ: row for row in table}
    ax = panel(picture(plot.organs, source), "colonies")
    found, drawn = whiskers(ax), {line.get_label(): line for line in ax.lines if line.get_marker() != "None"}
    for label, y in ticks(ax.yaxis).items():
        if headed(label):
            continue
        row, line = rows[" ".join(label.split())], drawn[" ".join(label.split())]
        assert line.get_xdata()[0] == pytest.approx(np.log10(row.colonies / total))
        assert (to_hex(line.get_color()).upper(), line.get_marker()) == tuple(organ_mark(row.organ))
        assert share_in(text_at(ax, ax.get_xlim()[1], y)) == pytest.approx(row.colonies / total, rel=TWO)
        if table.exact:
            assert round(y, 9) not in found
        else:
            interval = np.log10(clopper_pearson(row.colonies, total))
            assert found[round(y, 9)] == pytest.approx(tuple(interval), rel=1e-6)
    assert all(share_in(label) == pytest.approx(10.0**at) for label, at in ticks(ax.xaxis).items())


def share_of_patients(exposure: Any, colonies_per_cell: float, detection: float) -> float:
    """Of the model's notes: 1 - (1 + m / k)^-k of the patients have a metastasis, and so many are found."""
    m = exposure.relative_cells * colonies_per_cell
    free = np.exp(-m) if exposure.k is None else (1.0 + m / exposure.k) ** -exposure.k
    return float(detection * (1.0 - free))


@cache
def alike_exact() -> Any:
    """All patients exposed alike."""
    model = colon().model
    return cascade.exact(model.with_(exposure={"relative_cells": 2.0 * model.exposure.relative_cells, "k": None}))


@cache
def uneven() -> Any:
    """Patients more unlike than exponential."""
    model = colon().model
    return cascade.simulate(
        model.with_(exposure={"relative_cells": model.exposure.relative_cells, "k": 0.4}), cells=3_000_000, seed=4
    )


@pytest.mark.parametrize("source", [colon, colon_exact, alike_exact, uneven])
def test_autopsies_and_model_stand_at_the_same_organ_each_with_its_interval(source: Source) -> None:
    model = source().model
    rows = {row.organ: row for row in source().organs()}
    sites = {site.name: site for site in model.sites if site.scored}
    ax = panel(picture(plot.organs, source), "autopsies")
    seen, expected, found = points(ax, "o"), points(ax, "D"), whiskers(ax)
    assert set(ticks(ax.yaxis)) == set(sites)
    shares = [sites[organ].found / sites[organ].of for organ in from_top(ax)]
    assert shares == sorted(shares, reverse=True)
    assert any(site.found == 0 for site in sites.values())
    assert any(site.detection < 1 for site in sites.values())
    for organ, y in ticks(ax.yaxis).items():
        site, above, below = sites[organ], round(y + 0.14, 9), round(y - 0.14, 9)
        assert seen.pop(above) == pytest.approx(site.found / site.of)
        assert found.pop(above) == pytest.approx(clopper_pearson(site.found, site.of), rel=1e-6)
        if source().organs().exact:
            per_cell = [rows[organ].colonies / 1e6] * 3
        else:
            low, high = clopper_pearson(rows[organ].colonies, source().cells)
            per_cell = [low, rows[organ].colonies / source().cells, high]
        low, middle, high = (share_of_patients(model.exposure, n, site.detection) for n in per_cell)
        assert expected.pop(below) == pytest.approx(middle, rel=1e-6)
        assert found.pop(below) == pytest.approx((low, high), rel=1e-6)
    assert not seen
    assert not expected
    assert not found


def test_the_key_tells_autopsies_from_model() -> None:
    for source, filled in ((colon(), True), (colon_exact(), False)):
        figure = plot.organs(source)
        assert {name.split()[0]: mark for name, (_, mark) in key(figure).items()} == {"autopsies": "o", "model": "D"}
        ax = panel(figure, "autopsies")
        rows = {
            line.get_marker(): {round(line.get_ydata()[0] % 1, 2)} for line in ax.lines if line.get_marker() != "None"
        }
        assert rows == {"o": {0.14}, "D": {0.86}}
        for line in (line for line in ax.lines if line.get_marker() == "D"):
            assert (to_hex(line.get_markerfacecolor()) != "#ffffff") == filled, "open where it is exact"
        low, high = ax.get_xlim()
        assert low <= 0 < max(max(line.get_xdata()) for line in ax.lines) <= high


@pytest.mark.parametrize(("name", "cells"), [("colon", 0), ("breast", 10**6), ("prostate", 10**6), ("lung", 10**6)])
def test_no_axis_of_shares_goes_beyond_all(name: str, cells: int) -> None:
    model = cascade.load(name)
    figure = plot.organs(cascade.simulate(model, cells=cells, seed=1) if cells else cascade.exact(model))
    ax = panel(figure, "autopsies")
    assert ax.spines["bottom"].get_bounds()[1] <= 1.0
    assert all(share_in(label) <= 1.0 for label, at in ticks(ax.xaxis).items() if at <= ax.get_xlim()[1])
    assert panel(figure, "colonies").spines["bottom"].get_bounds()[1] == pytest.approx(0.06)


def test_organs_leaves_the_autopsies_out_where_they_cannot_be_compared() -> None:
    stopped = cascade.simulate(colon().model, cells=2000, seed=1, until=24.0)
    assert stopped.organs().rows[0].colonies == 0
    (ax,) = plot.organs(stopped).axes
    assert [t.get_text() for t in ax.texts] == ["no colonies"]
    assert not ax.lines
    assert heading(plot.organs(stopped)) == f"{stopped.label}: 2,000 cells, until 24 h, 0 colonies"
    (ax,) = plot.organs(cascade.exact(cascade.load("leukemia"))).axes
    assert len([line for line in ax.lines if line.get_marker() != "None"]) == 18


def test_the_figure_says_whether_its_soil_was_fitted_to_the_counts() -> None:
    soil = {site.name: 0.0 for site in colon().model.sites if site.soil is not None}
    alike = cascade.exact(cascade.body.cancer("colon").with_(soil=soil).model())
    for source, said in ((colon_exact(), "soil was fitted to these counts: calibrated"), (alike, "not that fitted")):
        assert said in panel(plot.organs(source), "autopsies").get_xlabel()


def test_organs_in_a_given_axes_shows_the_comparison_alone() -> None:
    ax = Figure(figsize=(8, 6)).add_subplot()
    figure = plot.organs(colon(), ax=ax)
    assert figure is ax.get_figure()
    assert points(ax, "D") == points(panel(plot.organs(colon()), "autopsies"), "D")
    total = sum(row.colonies for row in colon().organs())
    assert ax.get_title(loc="left") == f"{colon().label}: 8,000,000 cells, {total} colonies"


# The body.


def circles(ax: Axes) -> list[Circle]:
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


SHARE = re.compile(r"(<?[\d.]+ %|1 in [\d,]+)( \([\d,]+ of [\d,]+\))?")


def counted_in(text: str) -> tuple[int, int] | None:
    """Of few that were counted: how many of how many, as a text says."""
    found = re.search(r"\(([\d,]+) of ([\d,]+)\)", text)
    return (int(found[1].replace(",", "")), int(found[2].replace(",", ""))) if found else None


def named_circle(ax: Axes, text: Text) -> Circle:
    """The circle beside (or, for the lung, above) its name."""
    x, y = where(text)
    beside = [c for c in circles(ax) if abs(c.center[1] - y) < 1e-9]
    above = [c for c in circles(ax) if abs(c.center[0] - x) < 1e-9 and c.center[1] < y]
    return min(beside or above, key=lambda c: abs(c.center[0] - x) + abs(c.center[1] - y))


def sites_drawn(ax: Axes, organs: Iterable[str]) -> dict[str, tuple[Circle, str, str]]:
    """By organ its circle, the share beside it ("" without one) and the weight of that text."""
    found = {}
    for organ in organs:
        (name,) = (t for t in ax.texts if " ".join(t.get_text().split()) in (organ, f"{organ} (own organ)"))
        circle = named_circle(ax, name)
        shares = (t for t in ax.texts if SHARE.fullmatch(t.get_text()) and where(t)[0] > circle.center[0])
        beside = [t for t in shares if abs(where(t)[1] - circle.center[1]) < 1e-9]
        beside = [t for t in beside if (where(t)[0] > 9) == (circle.center[0] > 9)]  # the list of the other routes
        said = (beside[0].get_text(), str(beside[0].get_weight())) if beside else ("", "")
        found[organ] = (circle, *said)
    return found


bodies = pytest.mark.parametrize("source", [colon, colon_exact, esophagus_exact])


def number(row: Any, what: str) -> float:
    return float(row.colonies if what == "colonies" else row.arrested)


@pytest.mark.parametrize("what", ["colonies", "arrested"])
@bodies
def test_the_area_of_a_circle_is_the_share_of_all_in_the_colour_of_its_organ(source: Source, what: str) -> None:
    table = source().organs()
    (ax, *_) = picture(plot.body, source, what=what).axes
    drawn = sites_drawn(ax, [row.organ for row in table])
    most = max(number(row, what) for row in table)
    blood = {site.route for site in source().model.sites if site.flow is not None}
    # No circle of the list of the other routes reaches into the next.
    listed = [drawn[row.organ][0] for row in table if row.route not in blood]
    assert all(after.center[1] - one.center[1] > one.radius + after.radius for one, after in pairwise(listed))
    largest = max(circle.radius for circle, _, _ in drawn.values())
    for row in table:
        circle = drawn[row.organ][0]
        assert circle.radius == pytest.approx(largest * max(np.sqrt(number(row, what) / most), 0.1), rel=1e-6)
        colour = organ_mark(row.organ).colour if number(row, what) else "#FFFFFF"
        assert to_hex(circle.get_facecolor()).upper() == colour


@pytest.mark.parametrize("what", ["colonies", "arrested"])
@bodies
def test_there_is_one_hundred_per_cent_and_the_numbers_beside_circles_add_up_to_it(source: Source, what: str) -> None:
    table = source().organs()
    (ax, *_) = picture(plot.body, source, what=what).axes
    total = sum(number(row, what) for row in table)
    drawn = sites_drawn(ax, [row.organ for row in table])
    assert sum(bool(text) for _, text, _ in drawn.values()) == sum(number(row, what) > 0 for row in table)
    for row in table:
        _, text, weight = drawn[row.organ]
        if number(row, what) > 0:
            share = number(row, what) / total
            few = not table.exact and total < 100
            assert counted_in(text) == ((number(row, what), total) if few else None)
            assert share_in(text) == pytest.approx(share, rel=TWO)
            assert weight == ("bold" if share >= 0.1 else "normal")
    # Two figures each: together within half a unit of the second of each.
    assert sum(share_in(text) for _, text, _ in drawn.values() if text) == pytest.approx(1.0, abs=0.03)


@bodies
def test_every_bed_is_drawn_and_a_second_bed_of_an_organ_holds_nothing(source: Source) -> None:
    (ax, *_) = picture(plot.body, source).axes
    (name,) = (t for t in ax.texts if t.get_text() == "bronchi (lung)")
    circle = named_circle(ax, name)
    assert circle.radius == min(c.radius for c in circles(ax))
    assert to_hex(circle.get_facecolor()) == "#ffffff"
    own = {site.name for site in source().model.sites if site.own}
    said = {t.get_text().removesuffix(" (own organ)") for t in ax.texts if t.get_text().endswith(" (own organ)")}
    assert said == own


@bodies
def test_other_routes_are_listed_with_their_shares_of_all_colonies(source: Source) -> None:
    table, sites = source().organs(), source().model.sites
    (ax, *_) = picture(plot.body, source).axes
    total = sum(row.colonies for row in table)
    of_route = {
        route: sum(r.colonies for r in table.of_route(route)) for route in dict.fromkeys(r.route for r in table)
    }
    others = [route for route in of_route if route not in {site.route for site in sites if site.flow is not None}]
    assert len(others) >= 2
    heads = {t.get_text().partition(":")[0]: t for t in ax.texts
             if " ".join(t.get_text().split()).endswith(" of all colonies") and t.get_style() == "italic"}  # fmt: skip
    heights = [where(heads[route])[1] for route in others]
    assert list(heads) == others
    assert heights == sorted(heights)
    for route, below in zip(others, [*heights[1:], np.inf], strict=True):
        assert share_in(heads[route].get_text()) == pytest.approx(of_route[route] / total, rel=TWO)
        listed = {
            " ".join(t.get_text().split()): where(t)[1]
            for t in ax.texts
            if " ".join(t.get_text().split()) in {r.organ for r in table.of_route(route)}
        }
        assert list(listed) == [row.organ for row in table.of_route(route)]
        assert all(where(heads[route])[1] < y < below for y in listed.values())
    (note,) = (t.get_text() for t in picture(plot.body, source).texts if "by blood" in t.get_text())
    blood = sum(of_route[route] for route in of_route if route not in others)
    assert share_in(note.partition("colonies; ")[2]) == pytest.approx(blood / total, rel=TWO)


def ways_in(source: Any) -> dict[str, float]:
    """Shares of the cells that came into the blood by each vessel, the most first."""
    entries = cascade.body.came_in(source.events(), cascade.body.circulation("male"))
    total = sum(entries.values())
    return {vessel: n / total for vessel, n in sorted(entries.items(), key=lambda item: -item[1])}


@bodies
def test_the_ways_into_the_blood_are_listed_the_most_used_first(source: Source) -> None:
    (ax, *_) = picture(plot.body, source).axes
    (listed,) = (t.get_text() for t in ax.texts if t.get_text().startswith("into the blood by"))
    said = [re.fullmatch(r"(\S+ %) (.*)", line) for line in listed.splitlines()[1:]]
    shares = {found[2]: share_in(found[1]) for found in said if found}
    assert list(shares) == list(ways_in(source()))
    assert shares == pytest.approx(ways_in(source()), rel=TWO)


def test_arrows_lead_to_the_vessels_and_are_wider_for_more_cells() -> None:
    (ax, *_) = plot.body(esophagus_exact()).axes
    ways = ways_in(esophagus_exact())
    assert list(ways) == ["azygos vein", "veins", "portal vein"]
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    widths = [arrow.get_linewidth() for arrow in arrows]
    wanted = [1.0 + 2.5 * share for share in ways.values()]
    assert [width / widths[0] for width in widths] == pytest.approx([width / wanted[0] for width in wanted])
    (trunk,) = (where(t)[0] for t in ax.texts if t.get_text() == "right\nheart")
    portal = Layout().portal
    tips = [arrow._posA_posB[1] for arrow in arrows]
    assert [tip[0] for tip in tips] == pytest.approx([trunk, trunk, portal])
    assert tips[0][1] < tips[1][1]  # the azygos vein joins high up
    (start,) = {arrow._posA_posB[0] for arrow in arrows}
    assert [where(t) for t in ax.texts if t.get_text() == "primary"] == [pytest.approx(start)]


def test_a_way_that_few_take_has_no_arrow() -> None:
    (ax, *_) = plot.body(colon_exact()).axes
    (arrow,) = (patch for patch in ax.patches if isinstance(patch, FancyArrowPatch))
    assert ways_in(colon_exact())["veins"] < 0.02
    assert arrow.get_linewidth() > 0


def test_vessels_are_as_wide_as_their_flow() -> None:
    (ax, *_) = plot.body(colon_exact()).axes
    (heart,) = (where(t)[0] for t in ax.texts if t.get_text() == "left\nheart")
    drawn = sites_drawn(ax, [site.name for site in colon_exact().model.sites if site.flow is not None])
    figure = ax.get_figure()
    assert figure is not None
    figure.draw_without_rendering()
    # Points of paper to an inch of the layout.
    scale = ax.get_window_extent().width / figure.dpi / np.ptp(ax.get_xlim()) * 72  # type: ignore[union-attr]
    thinnest = min(line.get_linewidth() for line in ax.lines)
    checked = 0
    for bed in cascade.body.circulation("male").beds:
        if bed.name in drawn and bed.flow > 0:
            x, y = drawn[bed.name][0].center
            (line,) = (
                line for line in ax.lines
                if set(line.get_ydata()) == {y} and sorted(line.get_xdata()) == pytest.approx([x, heart])
            )  # fmt: skip
            assert line.get_linewidth() == pytest.approx(max(thinnest, 0.277 * scale * bed.flow))
            checked += 1
    assert checked > 15


def test_an_empty_body_has_white_circles_and_no_shares() -> None:
    few = cascade.simulate(cascade.load("lung"), cells=10, seed=1)
    (ax, *_) = plot.body(few).axes
    drawn = sites_drawn(ax, [row.organ for row in few.organs()])
    assert {to_hex(circle.get_facecolor()) for circle, _, _ in drawn.values()} == {"#ffffff"}
    assert {text for _, text, _ in drawn.values()} == {""}
    assert not any("of all colonies" in t.get_text() and "by blood" in t.get_text() for t in ax.texts)
