"""All figures of all models of the catalogue, in all styles, looked at as far as a machine can."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from matplotlib.figure import Figure

import cascade
from cascade import plot
from cascade.plot.look import STYLES
from helpers.inspect import clashes, cut, faint, outside, small

MODELS = {entry.name: entry.group for entry in cascade.models()}
TYPE = {"paper": 6.0, "screen": 8.6, "slide": 5.7}
"""Points of the smallest type; of a slide those of the fullest figure."""


@cache
def model_of(name: str) -> Any:
    return cascade.load(name)


@cache
def exact(name: str) -> Any:
    return cascade.exact(model_of(name))


@cache
def counted(name: str) -> Any:
    return cascade.simulate(model_of(name), cells=30_000, seed=1)


@cache
def compared(name: str) -> Any:
    model = model_of(name)
    first = model.hazard_names()[0]
    return cascade.compare(model, model.with_(name="changed", scale={first: 0.3}), cells=20_000, seed=1)


@cache
def selected(name: str) -> Any:
    return cascade.selection(model_of(name), cells=20_000, seed=1)


FIGURES: dict[str, Callable[[str, str], Figure]] = {
    "funnel": lambda name, style: plot.funnel(counted(name), style=style),
    "exact funnel": lambda name, style: plot.funnel(exact(name), style=style),
    "both": lambda name, style: plot.funnel(counted(name), exact(name), style=style),
    "funnels": lambda name, style: plot.funnel(
        counted(name), exact(name), labels=["as it was counted", "as it is solved"], style=style
    ),
    "alluvial": lambda name, style: plot.alluvial(exact(name), style=style),
    "counted alluvial": lambda name, style: plot.alluvial(counted(name), style=style),
    "occupancy": lambda name, style: plot.occupancy(counted(name), style=style),
    "living occupancy": lambda name, style: plot.occupancy(counted(name), living=True, style=style),
    "incidence": lambda name, style: plot.incidence(counted(name), style=style),
    "patients": lambda name, style: plot.patients(exact(name), style=style),
    "organs": lambda name, style: plot.organs(exact(name), style=style),
    "counted organs": lambda name, style: plot.organs(counted(name), style=style),
    "body": lambda name, style: plot.body(exact(name), style=style),
    "counted body": lambda name, style: plot.body(counted(name), style=style),
    "arrested body": lambda name, style: plot.body(exact(name), what="arrested", style=style),
    "comparison": lambda name, style: plot.comparison(compared(name), style=style),
    "selection": lambda name, style: plot.selection(selected(name), style=style),
    "elasticities": lambda name, style: plot.elasticities(exact(name), style=style),
}


def can_draw(kind: str, name: str) -> bool:
    """Whether there is such a figure of a model."""
    model = model_of(name)
    if kind == "patients":
        return model.exposure is not None
    if "organs" in kind or "body" in kind:
        return bool(model.sites)
    if kind == "selection":
        return bool(model.frailties)
    if name.startswith("ctc"):
        return "elasticities" not in kind  # of a way that all take
    return True


CASES = [(kind, name, style) for name in MODELS for kind in FIGURES for style in STYLES if can_draw(kind, name)]


def faults(figure: Figure, style: str) -> dict[str, Any]:
    """All that a machine sees."""
    found = {
        "texts on each other": clashes(figure),
        "cut": cut(figure),
        "small": small(figure, TYPE[style]),
        "faint": faint(figure),
        "outside": outside(figure),
    }
    return {what: which for what, which in found.items() if which}


@pytest.mark.sampled(60)
@pytest.mark.parametrize(("kind", "name", "style"), CASES, ids=lambda part: part)
def test_nothing_is_cut_small_faint_outside_or_on_another(kind: str, name: str, style: str) -> None:
    figure = FIGURES[kind](name, style)
    assert faults(figure, style) == {}
    width, height = figure.get_size_inches() * 25.4
    if style == "paper" and "body" not in kind:
        assert width == pytest.approx(89, abs=0.1) or width == pytest.approx(183, abs=0.1)
    if style == "paper":
        assert width <= 183.1
        assert height <= 247, "a page"
    if style == "slide":
        assert (width, height) == pytest.approx((338.667, 190.5), abs=0.1)
    assert len(plot.alt_text(figure)) > 60


def test_every_figure_is_tried() -> None:
    other = {"Picture", "alt_text", "cause_colours", "check_path", "has_body", "save", "stage_colours", "waterfall"}
    assert {kind.split()[-1] for kind in FIGURES} == set(plot.__all__) - other | {"both", "funnels"}
