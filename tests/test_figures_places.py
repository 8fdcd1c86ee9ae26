"""Figures by organ against the tables they show: colonies, autopsies, the body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch
from matplotlib.text import Text

import cascade
from cascade import plot
from helpers.drawn import (
    TWO,
    Source,
    bars,
    bars_at,
    clopper_pearson,
    colon,
    colon_exact,
    esophagus_exact,
    from_top,
    legend,
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


@pytest.mark.parametrize("source", [colon, colon_exact])
def test_organs_draws_the_sites_with_most_colonies_in_the_order_of_the_table(source: Source) -> None:
    table = source().organs()
    ax = panel(picture(plot.organs, source), "Where colonies arise")
    shown = from_top(ax)
    settled = [row for row in table if row.colonies > 0]
    assert shown == [row.organ for row in settled if row.organ in shown]
    least = min(row.colonies for row in settled if row.organ in shown)
    others = [row for row in settled if row.organ not in shown]
    assert len(shown) == min(18, len(settled))
    assert all(row.colonies <= least for row in others)
    said = re.search(r"\((\d+) sites with fewer", ax.get_xlabel())
    assert int(said[1]) == len(others) if said else not others


@pytest.mark.parametrize("source", [colon, colon_exact])
def test_bars_of_organs_are_shares_of_all_colonies_with_their_intervals(source: Source) -> None:
    table = source().organs()
    total = sum(row.colonies for row in table)
    rows = {row.organ: row for row in table}
    ax = panel(picture(plot.organs, source), "Where colonies arise")
    found, routes = whiskers(ax), legend(ax)
    assert list(routes) == [
        r for r in dict.fromkeys(row.route for row in table) if r in {rows[o].route for o in from_top(ax)}
    ]
    assert len(set(routes.values())) == len(routes)
    for organ, y in ticks(ax.yaxis).items():
        row = rows[organ]
        (bar,) = bars_at(ax, y)
        assert (bar.left, bar.right) == pytest.approx((0.0, row.colonies / total))
        assert bar.colour == routes[row.route]
        assert share_in(text_at(ax, row.high, y)) == pytest.approx(row.colonies / total, rel=TWO)
        if table.exact:
            assert y not in found
        else:
            interval = clopper_pearson(row.colonies, total)
            assert found[y] == pytest.approx(interval, rel=1e-6)
        assert ax.get_xlim()[1] > max(bar.right, row.high)
    assert ax.get_xlim()[0] == 0.0
    assert all(share_in(label) == pytest.approx(at) for label, at in ticks(ax.xaxis).items() if at > 0)


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
    ax = panel(picture(plot.organs, source), "Blood-borne")
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


def test_the_legend_tells_autopsies_from_model() -> None:
    ax = panel(plot.organs(colon_exact()), "Blood-borne")
    markers = [h.get_marker() for h in ax.get_legend().legend_handles]
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert sorted(zip(labels, markers, strict=True)) == [("autopsies", "o"), ("model", "D")]
    pairs = {(line.get_marker(), to_hex(line.get_color())) for line in ax.lines if line.get_marker() in ("o", "D")}
    by_row = {to_hex(line.get_color()): {round(line.get_ydata()[0] % 1, 2)} for line in ax.lines}
    assert pairs == {("o", legend(ax)["autopsies"]), ("D", legend(ax)["model"])}
    assert by_row == {legend(ax)["autopsies"]: {0.14}, legend(ax)["model"]: {0.86}}
    low, high = ax.get_xlim()
    assert low <= 0 < max(max(line.get_xdata()) for line in ax.lines) <= high


def test_organs_leaves_the_autopsies_out_where_they_cannot_be_compared() -> None:
    stopped = cascade.simulate(colon().model, cells=2000, seed=1, until=24.0)
    assert stopped.organs().rows[0].colonies == 0
    (ax,) = plot.organs(stopped).axes
    assert [t.get_text() for t in ax.texts] == ["no colonies"]
    assert not bars(ax)
    assert plot.organs(stopped).get_suptitle() == f"{stopped.label}: 2,000 cells, until 24 h, 0 colonies"
    (ax,) = plot.organs(cascade.exact(cascade.load("leukemia"))).axes
    assert len(bars(ax)) == 18


def test_the_figure_says_whether_its_soil_was_fitted_to_the_counts() -> None:
    soil = {site.name: 0.0 for site in colon().model.sites if site.soil is not None}
    alike = cascade.exact(cascade.body.cancer("colon").with_(soil=soil).model())
    for source, said in ((colon_exact(), "soil was fitted to these counts: calibrated"), (alike, "not that fitted")):
        assert said in panel(plot.organs(source), "Blood-borne").get_xlabel()


def test_organs_in_a_given_axes_shows_the_comparison_alone() -> None:
    ax = Figure().add_subplot()
    figure = plot.organs(colon(), ax=ax)
    assert figure is ax.get_figure()
    assert points(ax, "D") == points(panel(plot.organs(colon()), "Blood-borne"), "D")
    total = sum(row.colonies for row in colon().organs())
    assert ax.get_title(loc="left") == f"{colon().label}: 8,000,000 cells, {total} colonies"


# The body.


def circles(ax: Axes) -> list[Circle]:
    return [patch for patch in ax.patches if isinstance(patch, Circle)]


SHARE = re.compile(r"<?[\d.]+ %( \([\d,]+ of [\d,]+\))?")


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
        (name,) = (t for t in ax.texts if t.get_text() in (organ, f"{organ} (own organ)"))
        circle = named_circle(ax, name)
        shares = (t for t in ax.texts if SHARE.fullmatch(t.get_text()) and where(t)[0] > circle.center[0])
        beside = [t for t in shares if abs(where(t)[1] - circle.center[1]) < 1e-9]
        beside = [t for t in beside if (where(t)[0] > 9) == (circle.center[0] > 9)]  # the list of the other routes
        said = (beside[0].get_text(), str(beside[0].get_weight())) if beside else ("", "")
        found[organ] = (circle, *said)
    return found


bodies = pytest.mark.parametrize("source", [colon, colon_exact, esophagus_exact])


@bodies
def test_the_area_of_a_circle_is_the_number_of_cells_arrested(source: Source) -> None:
    table = source().organs()
    (ax, *_) = picture(plot.body, source).axes
    drawn = sites_drawn(ax, [row.organ for row in table])
    most = max(row.arrested for row in table)
    blood = {site.route for site in source().model.sites if site.flow is not None}
    # No circle of the list of the other routes reaches into the next.
    listed = [drawn[row.organ][0] for row in table if row.route not in blood]
    assert all(after.center[1] - one.center[1] > one.radius + after.radius for one, after in pairwise(listed))
    for row in table:
        assert drawn[row.organ][0].radius == pytest.approx(max(0.3 * np.sqrt(row.arrested / most), 0.03), rel=1e-6)


@bodies
def test_the_colour_of_a_circle_is_the_number_of_colonies(source: Source) -> None:
    table = source().organs()
    (ax, *_) = picture(plot.body, source).axes
    most = max(row.colonies for row in table)
    for organ, (circle, _, _) in sites_drawn(ax, [row.organ for row in table]).items():
        (row,) = (row for row in table if row.organ == organ)
        # From a 300th of the most on, by the logarithm.
        height = np.clip(1.0 + np.log(row.colonies / most) / np.log(300.0), 0.0, 1.0) if row.colonies else None
        expected = "#ffffff" if height is None else to_hex(colormaps["YlOrRd"](float(height)))
        channels = zip(to_rgb(circle.get_facecolor()), to_rgb(expected), strict=True)
        assert max(abs(a - b) for a, b in channels) < 0.02, organ


@bodies
def test_the_text_beside_a_circle_is_its_share_of_the_colonies_of_its_route(source: Source) -> None:
    table = source().organs()
    (ax, *_) = picture(plot.body, source).axes
    of_route = {route: sum(row.colonies for row in table.of_route(route)) for route in {r.route for r in table}}
    drawn = sites_drawn(ax, [row.organ for row in table])
    assert sum(bool(text) for _, text, _ in drawn.values()) == sum(row.colonies > 0 for row in table)
    for row in table:
        _, text, weight = drawn[row.organ]
        if row.colonies > 0:
            share = row.colonies / of_route[row.route]
            few = not table.exact and of_route[row.route] < 100
            assert counted_in(text) == ((row.colonies, of_route[row.route]) if few else None)
            if share >= 1e-4:
                assert share_in(text) == pytest.approx(share, rel=TWO)
            else:
                assert text == "<0.01 %"
            assert weight == ("bold" if share >= 0.1 else "normal")


@bodies
def test_every_bed_is_drawn_and_a_second_bed_of_an_organ_holds_nothing(source: Source) -> None:
    (ax, *_) = picture(plot.body, source).axes
    (name,) = (t for t in ax.texts if t.get_text() == "bronchi (lung)")
    circle = named_circle(ax, name)
    assert (circle.radius, to_hex(circle.get_facecolor())) == (pytest.approx(0.03), "#ffffff")
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
    heads = {t.get_text().partition(":")[0]: t for t in ax.texts if t.get_text().endswith(" of all colonies")}
    heights = [where(heads[route])[1] for route in others]
    assert list(heads) == others
    assert heights == sorted(heights)
    for route, below in zip(others, [*heights[1:], np.inf], strict=True):
        assert share_in(heads[route].get_text()) == pytest.approx(of_route[route] / total, rel=TWO)
        listed = {
            t.get_text(): where(t)[1] for t in ax.texts if t.get_text() in {r.organ for r in table.of_route(route)}
        }
        assert list(listed) == [row.organ for row in table.of_route(route)]
        assert all(where(heads[route])[1] < y < below for y in listed.values())
    (note,) = (t.get_text() for t in ax.texts if "by blood" in t.get_text())
    blood = sum(of_route[route] for route in of_route if route not in others)
    assert share_in(note.partition("route; ")[2]) == pytest.approx(blood / total, rel=TWO)


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
    assert widths == pytest.approx([1.0 + 2.5 * share for share in ways.values()])
    (trunk,) = (where(t)[0] for t in ax.texts if t.get_text() == "right\nheart")
    (portal,) = (where(t)[0] for t in ax.texts if t.get_text() == "portal vein")
    tips = [arrow._posA_posB[1] for arrow in arrows]
    assert [tip[0] for tip in tips] == pytest.approx([trunk, trunk, portal - 0.1])
    assert tips[0][1] < tips[1][1]  # the azygos vein joins high up
    (start,) = {arrow._posA_posB[0] for arrow in arrows}
    assert [where(t) for t in ax.texts if t.get_text() == "primary"] == [pytest.approx(start)]


def test_a_way_that_few_take_has_no_arrow() -> None:
    (ax, *_) = plot.body(colon_exact()).axes
    (arrow,) = (patch for patch in ax.patches if isinstance(patch, FancyArrowPatch))
    assert ways_in(colon_exact())["veins"] < 0.02
    assert arrow.get_linewidth() == pytest.approx(1.0 + 2.5 * ways_in(colon_exact())["portal vein"])


def test_vessels_are_as_wide_as_their_flow() -> None:
    (ax, *_) = plot.body(colon_exact()).axes
    (heart,) = (where(t)[0] for t in ax.texts if t.get_text() == "left\nheart")
    drawn = sites_drawn(ax, [site.name for site in colon_exact().model.sites if site.flow is not None])
    checked = 0
    for bed in cascade.body.circulation("male").beds:
        if bed.name in drawn and bed.flow > 0:
            x, y = drawn[bed.name][0].center
            (line,) = (
                line for line in ax.lines
                if set(line.get_ydata()) == {y} and sorted(line.get_xdata()) == pytest.approx([x, heart])
            )  # fmt: skip
            assert line.get_linewidth() == pytest.approx(max(0.7, 20.0 * bed.flow))
            checked += 1
    assert checked > 15


def test_the_scale_of_colour_has_the_colours_of_the_circles() -> None:
    figure = plot.body(colon_exact())
    (mesh,) = (c for c in figure.axes[0].child_axes[0].collections if not isinstance(c, LineCollection))
    lightest, darkest = (to_hex(mesh.cmap(mesh.norm(v))) for v in (mesh.norm.vmin, mesh.norm.vmax))
    assert (lightest, darkest) == tuple(to_hex(colormaps["YlOrRd"](v)) for v in (0.0, 1.0))


def test_an_empty_body_has_white_circles_and_no_shares() -> None:
    few = cascade.simulate(cascade.load("lung"), cells=10, seed=1)
    (ax, *_) = plot.body(few).axes
    drawn = sites_drawn(ax, [row.organ for row in few.organs()])
    assert {to_hex(circle.get_facecolor()) for circle, _, _ in drawn.values()} == {"#ffffff"}
    assert {text for _, text, _ in drawn.values()} == {""}
    assert not any("of all colonies" in t.get_text() and "by blood" in t.get_text() for t in ax.texts)
