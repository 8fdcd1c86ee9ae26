"""Factors with clocks of their own, clusters and fragments: the kernel against the slow reference, unit by unit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.histories import Histories, histories_of
from cascade.lower import lower
from cascade.model import Model
from cascade.tables import prepare
from models import CYCLIC, FRAIL, LINEAR, random_models
from reference import Reference
from test_factors import two_levels
from test_kernel import WINDOWS, Windows, environment, same

SIZES = [{"size": 1, "share": 0.3}, {"size": 3, "share": 0.4}, {"size": 6, "share": 0.3}]


def clustered(model: Model, *, bond: float = 0.3, on_entering: float = 0.4, power: float = -0.5) -> Model:
    """Units of up to six cells in a model, which break in every state but the first."""
    names = [name for name, _, _ in model.hazards()]
    breaks = [
        {"state": state.name, "hazard": bond, "on_entering": on_entering}
        for state in model.states[1:]
        if not state.absorbing
    ]
    effects = [
        {"hazard": names[1], "power": power},
        {"hazard": names[-1], "factor": 0.5, "power": 1.0},
    ]
    return model.with_(clusters={"sizes": SIZES, "effects": effects, "breaks": breaks})


# A factor inside some states only, with a begin of its own: it is left and entered again.
INSIDE = two_levels(CYCLIC, states=["bed", "tissue"], begin={"off": 0.6, "on": 0.4}, name="phenotype")
TWO = two_levels(INSIDE)
MODELS = {
    "factor": two_levels(LINEAR),
    "inside": INSIDE,
    "two factors": TWO,
    "frail": two_levels(FRAIL, begin={"on": 1.0}),
    "clusters": clustered(CYCLIC),
    "clusters that break at once": clustered(LINEAR, on_entering=1.0, bond=0.0),
    "clusters with factors and frailties": clustered(two_levels(FRAIL)),
}


def lives(model: Model, seed: int, cells: range, windows: Windows) -> Histories:
    lowered = lower(model)
    return histories_of(lowered, prepare(lowered, environment(model, windows)), seed, cells)


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


@pytest.mark.parametrize("windows", [((math.inf, {}),), ((5.0, {}),), WINDOWS, SWITCHED], ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_unit_by_unit_as_the_reference(name: str, windows: Windows) -> None:
    all_same(MODELS[name], 3, range(150), windows)


@settings(max_examples=25)
@given(random_models(), st.integers(0, 2**31), st.booleans())
def test_random_models_as_the_reference(model: Model, seed: int, clusters: bool) -> None:
    grown = two_levels(model, begin={"off": 0.5, "on": 0.5})
    all_same(clustered(grown) if clusters else grown, seed, range(25), ((math.inf, {}),))
