"""Figures of own data and of fits: looked at as far as a machine can, and what they say is what was counted."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

import cascade
from cascade import plot
from cascade.inference.drawing import drawn
from cascade.plot.look import STYLES
from helpers.inspect import clashes, cut, faint, outside, small, texts_of
from helpers.of_patients import OF_FITS

TYPE = {"paper": 6.0, "screen": 8.6, "slide": 5.7}
COUNTED = {"solitary": ["lodged", "extravasated", "dormant"], "grown": ["micrometastasis", "macrometastasis"]}
FREE = ["extravasated.micrometastasis", "micrometastasis.regression", "dormant.death of dormant cells"]


@cache
def study(arms: int, cells: float, kinds: int = 2) -> cascade.Data:
    """Counts of five animals a day in each arm."""
    names = ["control", "NK cells gone", "with an antibody that has a long name", "both", "neither", "sham"][:arms]
    rows = [
        {"animal": f"{day} {k}", "arm": arm, "day": day, "observable": o, "count": 0}
        for arm in names for day in (1, 4, 13) for k in range(5) for o in list(COUNTED)[:kinds]
    ]  # fmt: skip
    data = cascade.Data.counts(rows, COUNTED, cells=cells)
    liver = cascade.load("b16f1-liver")
    fit = cascade.fit(liver, data, FREE[:1], starts=0)
    return drawn(fit.likelihood, np.zeros(1), np.full(len(fit.spreads), 0.3), np.random.default_rng(3))


@cache
def fitted(arms: int = 2, cells: float = 1e5, by: str | None = "arm", kinds: int = 2) -> cascade.Fit:
    free = FREE if kinds == 2 else [*FREE[:2], "injected.early death"]
    return cascade.fit(cascade.load("b16f1-liver"), study(arms, cells, kinds), free, by=by, starts=0)


@cache
def below() -> cascade.Data:
    """Zeros, counts below a limit, and other doses."""
    rows = [
        {"animal": f"{day} {k}", "day": day, "count": count, "cells": 1e4 * (1 + k)}
        for day, counts in ((1, ["120", "96", "30"]), (20, ["0", "<5", "3"]), (30, ["0", "0", "<5"]))
        for k, count in enumerate(counts)
    ]  # fmt: skip
    return cascade.Data.counts(rows, {"alive": ["extravasated", "dormant"]})


@cache
def swept() -> cascade.Sweep:
    factors = [0.1, 0.3, 1.0, 3.0, 10.0]
    return cascade.sweep(cascade.load("textbook"), {"*.immune killing": factors, "*.shear": factors[1:4]})


@cache
def happened(arms: int, *, fit: bool = True) -> cascade.Data | cascade.Fit:
    """Times to two events in some arms, and a fit of them."""
    draw, names = np.random.default_rng(2), ["control", "NK cells gone", "an antibody", "both", "neither"][:arms]
    rows: list[dict[str, Any]] = []
    for arm in names:
        time, kind = draw.exponential(60.0, 40), draw.choice(["extravasated", "shear", "anoikis"], 40)
        last = draw.uniform(10.0, 90.0, 40)
        rows += [
            {"hours": float(min(t, end)), "event": str(what) if t <= end else "", "arm": arm}
            for t, what, end in zip(time, kind, last, strict=True)
        ]
    data = cascade.Data.times(rows)
    free = ["arrested.extravasated", "*.shear"]
    return cascade.fit(cascade.load("textbook"), data, free, by="arm", starts=0) if fit else data


@cache
def seen() -> cascade.Fit:
    """Findings in two organs."""
    rows = [
        {"day": day, "organ": organ, "found": k, "of": 9}
        for organ, counts in (("macrometastasis", (1, 4, 6)), ("micrometastasis", (3, 3, 2)))
        for day, k in zip((5, 10, 20), counts, strict=True)
    ]
    data = cascade.Data.seen(rows, cells=1e6)
    return cascade.fit(cascade.load("textbook"), data, ["micrometastasis.macrometastasis"], starts=0)


FIGURES: dict[str, Callable[[str], Figure]] = {
    "data of one arm": lambda style: plot.data(study(1, 1e5), style=style),
    "data of six arms": lambda style: plot.data(study(6, 1e5, 1), style=style),
    "data of times of two arms": lambda style: plot.data(happened(2), style=style),
    "data of times of one arm": lambda style: plot.data(happened(1, fit=False), style=style),
    "data of times of five arms": lambda style: plot.data(happened(5), style=style),
    "fit of findings": lambda style: plot.fit(seen(), style=style),
    "profile of times": lambda style: plot.profile(happened(2), style=style),  # type: ignore[arg-type]
    "data below a limit": lambda style: plot.data(below(), style=style),
    "data with a fit": lambda style: plot.data(fitted(), style=style),
    "fit of few cells": lambda style: plot.fit(fitted(1, 300.0, None), style=style),
    "fit of two arms": lambda style: plot.fit(fitted(), style=style),
    "fit of one": lambda style: plot.fit(fitted(1, by=None), style=style),
    "profile with open sides": lambda style: plot.profile(fitted(1, by=None, kinds=1), style=style),
    "profile of one": lambda style: plot.profile(fitted(1, by=None), style=style),
    "tornado of all": lambda style: plot.tornado(cascade.sensitivity(cascade.load("textbook")), style=style),
    "tornado over many decades": lambda style: plot.tornado(
        cascade.sensitivity(cascade.load("b16f1-liver")), style=style
    ),
    "tornado of few": lambda style: plot.tornado(
        cascade.sensitivity(cascade.load("b16f1-liver"), {"*.regression": (0.5, 2), "lodged.extravasated": (0.9, 1.1)}),
        style=style,
    ),
    "heat_map of shares": lambda style: plot.heat_map(swept(), style=style),
    "posterior of one": lambda style: plot.posterior(fitted(1, by=None).posterior(draws=300), style=style),
    "posterior of two arms": lambda style: plot.posterior(fitted().posterior(draws=300), style=style),
}


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (["<100", "81000", "100"], "from below 100 to 81,000"), (["0", "<100", "7"], "from 0 to below 100"),
        (["20", "<100", "300"], "from 20 or less to 300"), (["<10", "<5"], "from below 5 to below 10"),
        (["7", "1200"], "from 7 to 1,200"),
    ],
)  # fmt: skip
def test_for_who_cannot_see_it_no_count_below_a_limit_is_a_zero(counts: list[str], told: str) -> None:
    rows = [{"animal": k, "day": 2, "count": count} for k, count in enumerate(counts)]
    figure = plot.data(cascade.Data.counts(rows, {"alive": ["dormant"]}, cells=1e5))
    assert f"alive, all: {told}." in plot.alt_text(figure)


@pytest.mark.sampled(12, 20)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("which", FIGURES)
def test_nothing_is_cut_small_faint_outside_or_on_another(which: str, style: str) -> None:
    figure = FIGURES[which](style)
    found = {
        "texts on each other": clashes(figure),
        "cut": cut(figure),
        "small": small(figure, TYPE[style]),
        "faint": faint(figure),
        "outside": outside(figure),
    }
    assert {what: some for what, some in found.items() if some} == {}
    width, height = figure.get_size_inches() * 25.4
    if style == "paper":
        assert width == pytest.approx(183, abs=0.1)
        assert height <= 247, "a page"
    if style == "slide":
        assert (width, height) == pytest.approx((338.667, 190.5), abs=0.1)
    assert any(text.get_text().replace("\n", " ").endswith("about a patient.") for text in texts_of(figure))
    assert len(plot.alt_text(figure)) > 60


def test_every_figure_of_fits_is_tried() -> None:
    assert {which.split()[0] for which in FIGURES} == OF_FITS


@pytest.mark.parametrize("name", sorted(OF_FITS))
def test_something_else_is_refused_by_name(name: str) -> None:
    for wrong in (3, "fit", None):
        with pytest.raises(cascade.InputError) as error:
            getattr(plot, name)(wrong)
        assert error.value.field == "source"


def lines(ax: Any, label: str) -> list[Any]:
    return [line for line in ax.lines if line.get_label() == label]


def test_every_animal_is_a_point_where_it_was_counted() -> None:
    data = study(2, 1e5)
    figure = plot.data(data)
    for ax in figure.axes:
        observable, arm = ax.get_label().split(": ")
        rows = [row for row in data.rows if (row.observable, row.arm) == (observable, arm)]
        heights = sorted(float(line.get_ydata()[0]) for line in lines(ax, "_animal"))
        assert heights == sorted(float(row.count) for row in rows)
    assert sum(len(lines(ax, "_animal")) for ax in figure.axes) == len(data)


def test_zeros_stand_in_their_strip_and_limits_are_arrows() -> None:
    ax = plot.data(below()).axes[0]
    edge = next(
        float(line.get_ydata()[0])
        for line in ax.lines
        if len(set(line.get_ydata())) == 1 and len(line.get_xdata()) == 2
    )
    zeros = [line for line in lines(ax, "_animal") if line.get_ydata()[0] < edge]
    assert len(zeros) == sum(row.count == 0 and not row.limit for row in below().rows)
    assert len(lines(ax, "_limit")) == 2 * sum(row.limit > 0 for row in below().rows)
    assert "scaled" in " ".join(text.get_text() for text in texts_of(ax.figure)) or "Counts as of" in " ".join(
        text.get_text().replace("\n", " ") for text in texts_of(ax.figure)
    )


def test_curves_and_bands_are_those_of_predictions() -> None:
    fit = fitted()
    for ax in plot.data(fit).axes:
        observable, arm = ax.get_label().split(": ")
        (curve,) = lines(ax, "median animal")
        hours = np.asarray(curve.get_xdata()) * 24.0
        told = fit.predict(observable, hours.tolist(), arm=arm)
        assert np.asarray(curve.get_ydata()) == pytest.approx(told.median, rel=1e-9)


def test_intervals_in_the_figure_are_those_of_the_table() -> None:
    fit = fitted(1, by=None, kinds=1)
    axes = {ax.get_label(): ax for ax in plot.profile(fit).axes}
    for row in fit.table():
        ax = axes[f"profile of {row.hazard}"]
        (bar,) = lines(ax, "interval")
        low, high = (row.model * np.exp(x) for x in bar.get_xdata())
        opened = {line.get_marker() for line in lines(ax, "open")}
        assert opened == {mark for mark, is_open in (("<", row.low == 0), (">", np.isinf(row.high))) if is_open}
        if row.low > 0:
            assert low == pytest.approx(row.low)
        if np.isfinite(row.high):
            assert high == pytest.approx(row.high)
        (profile,) = lines(ax, "profile")
        fall = np.asarray(profile.get_ydata())
        assert np.nanmin(fall) == pytest.approx(0.0, abs=1e-2)


def test_a_tornado_has_the_ends_of_its_rows_and_a_heat_map_its_values() -> None:
    found = cascade.sensitivity(cascade.load("textbook"), ["*.shear", "*.immune killing", "arrested.extravasated"])
    (ax,) = plot.tornado(found).axes
    for row in found.rows:
        (bar,) = next(c for c in ax.containers if c.get_label() == row.hazard)
        assert sorted((row.at_low, row.at_high)) == pytest.approx([bar.get_x(), bar.get_x() + bar.get_width()])
    (ax,) = plot.heat_map(swept()).axes
    factors, values = swept().of()
    shown = np.asarray(ax.images[0].get_array()).T.ravel()
    assert 10.0**shown == pytest.approx(values)
    assert len(factors) == 15
    with pytest.raises(cascade.InputError, match="grid of two hazards"):
        plot.heat_map(cascade.sweep(cascade.load("textbook"), {"*.shear": [1, 2]}))


def test_a_posterior_shows_medians_and_the_prior() -> None:
    found = fitted(1, by=None).posterior(draws=300)
    (ax,) = plot.posterior(found).axes
    medians = [float(line.get_xdata()[0]) for line in lines(ax, "median")]
    assert medians == pytest.approx([row.median for row in found.rows])
    assert len(lines(ax, "prior")) == len(found.rows)
