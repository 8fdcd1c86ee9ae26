"""Symmetries on shared draws: exact equalities, no statistics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
from cascade.model import Model
from helpers.models import CYCLIC, FRAIL, LINEAR, random_models

SOME = range(3000)


@pytest.mark.parametrize(
    "model",
    [LINEAR, CYCLIC.with_(start={"states": [{"state": "blood"}]}), FRAIL.with_(start={"states": [{"state": "bed"}]})],
)
def test_halved_hazards_keep_every_fate_and_double_every_time(model: Model) -> None:
    slow = model.with_(scale={name: 0.5 for name, _, _ in model.hazards()})
    for a, b in zip(cascade.replay(model, seed=6, cells=SOME), cascade.replay(slow, seed=6, cells=SOME), strict=True):
        assert [(s.state, s.ended_by, s.died, 2 * s.entered, 2 * s.left) for s in a.stays] == [
            (s.state, s.ended_by, s.died, s.entered, s.left) for s in b.stays
        ]


def test_renamed_states_have_the_same_counts() -> None:
    text = CYCLIC.to_toml().replace('"asleep"', '"resting"').replace('"bed"', '"capillary"')
    renamed = Model.from_toml(
        text.replace('stage = "capillary"', 'stage = "bed"').replace(
            '"vessel",\n    "capillary"', '"vessel",\n    "bed"'
        )
    )
    one, two = (cascade.simulate(m, cells=50_000, seed=3) for m in (CYCLIC, renamed))
    assert np.array_equal(one.totals.counts, two.totals.counts)


def test_more_cells_leave_the_old_ones_unchanged() -> None:
    few, many = (cascade.simulate(LINEAR, cells=n, seed=3) for n in (10_000, 40_000))
    assert list(few.watched) == [c for c in many.watched if c < 10_000]
    rest = cascade.simulate(LINEAR, cells=range(10_000, 40_000), seed=3)
    assert np.array_equal(few.merge(rest).totals.counts, many.totals.counts)


@settings(max_examples=25)
@given(random_models(linear=True), st.data())
def test_a_lower_death_hazard_never_loses_a_survivor_of_a_linear_model(model: Model, data: st.DataObject) -> None:
    """At any ``until``: every cell comes at least as far, and lives at least as long."""
    deaths = [f"{s.name}.{d.cause}" for s in model.states for d in s.deaths]
    name = data.draw(st.sampled_from(deaths))
    gentler = model.with_(scale={name: data.draw(st.one_of(st.just(0.0), st.floats(1e-6, 1.0)))})
    until = data.draw(st.one_of(st.none(), st.floats(0.01, 20.0)))
    found = cascade.compare(model, gentler, cells=5000, seed=data.draw(st.integers(0, 2**31)), until=until)
    assert found.lost == 0
    assert np.array_equal(found.furthest, np.triu(found.furthest))


def test_a_harsher_death_hazard_never_saves_a_cell_of_a_linear_model() -> None:
    harsher = LINEAR.with_(scale={"*.immune killing": 3.0})
    assert cascade.compare(LINEAR, harsher, cells=100_000, seed=1).saved == 0


def test_a_planted_reversal_is_seen() -> None:
    """The symmetry above does fail where it must: a slower move loses cells."""
    slower = LINEAR.with_(scale={"detachment.breach": 0.5})
    assert cascade.compare(LINEAR, slower, cells=100_000, seed=1).lost > 0


def test_a_cell_keeps_its_frailty_when_others_are_added() -> None:
    """Adding a frailty on a hazard of 0 changes no life."""
    one = FRAIL.with_(frailties=FRAIL.frailties[:1])
    dead = one.with_(hazards={"asleep.slow death": 0.0})
    more = dead.with_(
        frailties=[*one.frailties, {"name": "new", "cv": 1.0, "hazards": [{"hazard": "asleep.slow death"}]}]
    )
    a, b = cascade.replay(dead, seed=6, cells=range(800)), cascade.replay(more, seed=6, cells=range(800))
    assert [[s.state for s in h.stays] for h in a] == [[s.state for s in h.stays] for h in b]
