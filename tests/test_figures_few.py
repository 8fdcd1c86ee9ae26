"""Shares of few cells are told with their counts: 67 % of three colonies says little."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

import cascade
from cascade.plot.notation import FEW_COUNTED, few
from helpers.drawn import where
from helpers.models import FRAIL
from helpers.of_patients import OF_FITS, OF_PATIENTS

SHARE = re.compile(r"\d %|\b1 in \d")
COUNT = re.compile(r"\([\d,]+( of [\d,]+)?\)|\n\(?[\d,]+( passed\))?$")
CHAIN = cascade.Model.from_survival(
    {"one": 0.6, "two": 0.5, "three": 0.5}, causes={"two": {"shear": 2.0, "anoikis": 1.0}, "three": {"hunger": 1.0}}
)


@cache
def small() -> Any:
    return cascade.simulate(CHAIN, cells=60, seed=1)


@cache
def colonies() -> Any:
    """Fourteen colonies by three routes, of cells that are not few."""
    return cascade.simulate(cascade.load("colon"), cells=1_000_000, seed=1)


def selected() -> Figure:
    return cascade.plot.selection(cascade.selection(FRAIL.with_(frailties=FRAIL.frailties[1:2]), cells=60, seed=1))


def compared() -> Figure:
    return cascade.plot.comparison(cascade.compare(CHAIN, CHAIN.with_(scale={"two.shear": 0.1}), cells=60, seed=1))


FIGURES: dict[str, Callable[[], Figure]] = {
    "funnel": lambda: cascade.plot.funnel(small()),
    "alluvial": lambda: cascade.plot.alluvial(small()),
    "waterfall": lambda: cascade.plot.waterfall(small()),
    "funnels": lambda: cascade.plot.funnel(small(), small(), labels=["one", "two"]),
    "occupancy": lambda: cascade.plot.occupancy(small(), living=True),
    "incidence": lambda: cascade.plot.incidence(small()),
    "organs": lambda: cascade.plot.organs(colonies()),
    "body": lambda: cascade.plot.body(colonies()),
    "selection": selected,
    "comparison": compared,
}


def alone(ax: Axes) -> list[str]:
    """Shares without a count in their text, or in one at their height (a column of counts)."""
    beside = {round(where(t)[1], 6) for t in ax.texts if re.fullmatch(r"[\d,]+", t.get_text())}

    def told(text: Text) -> bool:
        return bool(COUNT.search(text.get_text())) or round(where(text)[1], 6) in beside

    return [
        t.get_text() for t in ax.texts if SHARE.search(t.get_text()) and "below" not in t.get_text() and not told(t)
    ]


def test_every_figure_is_tried() -> None:
    # Elasticities are of exact answers alone, and no shares.
    other = (
        {
            "Picture",
            "alt_text",
            "cause_colours",
            "stage_colours",
            "check_path",
            "has_body",
            "save",
            "elasticities",
            "film",
            "patients",
        }
        | OF_PATIENTS
        | OF_FITS
    )
    assert set(FIGURES) - {"funnels"} == set(cascade.plot.__all__) - other


@pytest.mark.parametrize("name", FIGURES)
def test_no_share_of_few_stands_alone(name: str) -> None:
    for ax in FIGURES[name]().axes:
        # The ways into the blood are those of many cells; so are the blocks of an alluvial figure, and its branches,
        # of which the last number of cells stands at the end; circles of the scale stand for round shares.
        assert name == "alluvial" or [t for t in alone(ax) if not t.startswith(("into the blood by", "\u2264"))
                                      and not _of_scale(ax, t)] == []  # fmt: skip


def _of_scale(ax: Axes, text: str) -> bool:
    """Whether a text says a share that a circle of the scale stands for."""
    scale = [p for p in ax.patches if p.get_gid() == "scale"]
    (found,) = (t for t in ax.texts if t.get_text() == text)
    return any(abs(p.get_center()[0] - where(found)[0]) < 1e-9 for p in scale)  # type: ignore[attr-defined]


def test_the_end_of_an_alluvial_figure_of_few_says_how_many_they_are() -> None:
    passed = small().funnel().rows[-1].passed
    assert f"({passed} cells)" in " ".join(t.get_text() for t in FIGURES["alluvial"]().axes[0].texts).replace("\n", " ")


def test_ways_into_the_blood_of_few_cells_are_counted_too() -> None:
    (ax, *_) = cascade.plot.body(cascade.simulate(cascade.load("colon"), cells=300, seed=1)).axes
    (listed,) = (t.get_text() for t in ax.texts if t.get_text().startswith("into the blood by"))
    assert all(COUNT.search(line) for line in listed.splitlines()[1:])


def test_the_number_of_colonies_is_told_and_what_tells_more() -> None:
    table = colonies().organs()
    total = sum(row.colonies for row in table)
    assert 5 < total < 30
    for draw in (cascade.plot.body, cascade.plot.organs):
        told = " ".join(" ".join(t.get_text().split()) for t in draw(colonies()).findobj(Text))
        assert f"1,000,000 cells, {total} colonies" in told
        assert "so few that the exact answer tells more" in told
        exact = " ".join(t.get_text() for t in draw(cascade.exact(colonies().model)).findobj(Text))
        assert "so few" not in exact
        assert f" of {total}" not in exact


def test_counts_beside_shares_are_those_of_the_table() -> None:
    ax = cascade.plot.incidence(small()).axes[0]
    lost: dict[str, float] = {}
    for row in small().funnel():
        for cause, n in row.lost.items():
            lost[cause] = lost.get(cause, 0) + n
    found = {t.get_text().split("  ")[0]: t.get_text() for t in ax.texts}
    assert {cause: int(COUNT.search(found[cause])[0].strip("()")) for cause in lost} == lost  # type: ignore[index]


def test_where_few_begins() -> None:
    assert few(FEW_COUNTED - 1, exact=False)
    assert not few(FEW_COUNTED, exact=False)
    assert not few(0, exact=True)


def test_a_share_alone_is_seen() -> None:
    ax = Figure().add_subplot()
    ax.text(0, 1, "67 %")
    ax.text(0, 2, "67 % (2 of 3)")
    ax.text(0, 3, "33 %")
    ax.text(1, 3, "3")
    assert alone(ax) == ["67 %"]
