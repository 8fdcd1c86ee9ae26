"""Lives and counts under windows of the environment, and whether they are those of the slow reference."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from cascade.engine.counts import Totals
from cascade.engine.executor import conduct_totals
from cascade.engine.prepare import Environment, prepare
from cascade.lowering.lower import lower
from cascade.lowering.timegrid import FOREVER
from cascade.model import Model
from cascade.runs.histories import Histories, History, histories_of
from helpers.reference import Life, Reference

Windows = Sequence[tuple[float, Mapping[str, float]]]


def environment(model: Model, windows: Windows) -> Environment:
    """Windows by hazard name as arrays."""
    names = [t.name for t in lower(model).transitions]
    ends = np.array([min(end, FOREVER) for end, _ in windows])
    return Environment(ends, np.array([[w.get(name, 1.0) for name in names] for _, w in windows]))


def lives(model: Model, seed: int, cells: Sequence[int], windows: Windows) -> Histories:
    lowered = lower(model)
    return histories_of(lowered, prepare(lowered, environment(model, windows)), seed, cells)


def totals(model: Model, seed: int, cells: range, windows: Windows) -> Totals:
    lowered = lower(model)
    return conduct_totals(lowered, prepare(lowered, environment(model, windows)), seed, cells)


def same(history: History, life: Life) -> None:
    """Every state, way and time equal (times to rounding of the logarithm)."""
    assert [(s.state, s.ended_by, s.died) for s in history.stays[: len(life.events)]] == [
        (e.state, e.way, e.died) for e in life.events
    ]
    assert history.stays[0].state == life.start
    assert history.stays[0].entered == pytest.approx(life.entered, rel=1e-12, abs=1e-15)
    for stay, event in zip(history.stays, life.events, strict=False):
        if event.way or math.isfinite(event.time):
            assert stay.left == pytest.approx(event.time, rel=1e-11)


WINDOWS: Windows = (
    (2.0, {}),
    (2.5, {"blood.shear": 0.0, "blood.bed": 0.0, "blood.immune killing": 0.0}),
    (9.0, {"tissue.apoptosis": 3.0, "bed.shear": 0.1}),
    (400.0, {"asleep.tissue": 20.0}),
)


def all_same(model: Model, seed: int, cells: range, windows: Windows) -> None:
    reference = Reference(model, seed, windows)
    for history in lives(model, seed, cells, windows):
        founder, *fragments = sorted(reference.lives(history.cell), key=lambda life: life.member)
        same(history, founder)
        assert [f.member for f in history.fragments] == [f.member for f in fragments]
        for fragment, life in zip((history, *history.fragments), (founder, *fragments), strict=True):
            assert fragment.size == life.size
            same(fragment, life)


SWITCHED: Windows = (
    (1.0, {}),
    (3.0, {"blood.cloak: on": 0.0, "bed.clusters: break": 5.0, "breach.cloak: on": 3.0}),
    (8.0, {"blood.shear": 4.0, "tissue.cloak: off": 10.0, "tissue.phenotype: on": 0.0}),
    (300.0, {}),
)
