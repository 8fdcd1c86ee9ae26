"""Lowering: every exit of every expanded state against the slow reference, windows and traits by hand."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
from cascade.lowering.lower import lower
from cascade.lowering.lowered import Lowered
from cascade.model import Model
from helpers.models import CYCLIC, LINEAR, TURNED_BACK, UNITS, clustered, correlated, random_models, two_levels
from helpers.reference import CLUSTERS, Agent, Life, Reference, Way

Exit = tuple[str, str, str, bool, str]
"""Way, where it leads, levels there, whether only to the next phase, and the levels of a fragment."""


def in_words(model: Model, levels: dict[str, str], size: int) -> str:
    """Levels of an agent as the lowering writes them."""
    words = [levels[f.name] for f in model.factors if f.name in levels]
    return ", ".join([*words, *([f"{size} cells"] if size > 1 else [])])


def of_reference(model: Model, reference: Reference, agent: Agent) -> Counter[Exit]:
    """Rates of what an agent can do by the slow rules."""
    state = reference.states[agent.state]
    last = agent.phase == state.phases - 1
    rates: Counter[Exit] = Counter()

    def note(way: Way, to: str, *, inner: bool = False) -> None:
        absorbed = bool(to) and reference.states[to].absorbing
        level = "" if absorbed or not to else in_words(model, way.levels, way.size)
        rest = "" if not way.apart or absorbed else in_words(model, way.levels, way.apart)
        rates[way.name, to, level, inner, f"{way.apart}: {rest}" if way.apart and not absorbed else ""] += way.rate

    moves, deaths = reference.ways([], agent)
    for way in moves:
        note(way, way.name if last else agent.state, inner=not last)
    for way in deaths:
        note(way, "")
    names = [f.name for f in model.factors if f.name in agent.levels]
    for name in [*names, *([CLUSTERS] if model.clusters else [])]:
        for way in reference.switches(name, agent):
            note(way, agent.state)
    return rates


def of_lowering(lowered: Lowered, s: int) -> Counter[Exit]:
    """The same of an expanded state by its exits."""
    rates: Counter[Exit] = Counter()
    for e in np.flatnonzero(lowered.exit_source == s).tolist():
        target, apart = int(lowered.exit_target[e]), int(lowered.exit_apart[e])
        to = lowered.states[lowered.base[target]] if target >= 0 else ""
        rest = f"{lowered.size_of[apart]}: {lowered.levels[apart]}" if apart >= 0 else ""
        way = lowered.transitions[lowered.exit_transition[e]].way
        level = lowered.levels[target] if target >= 0 else ""
        rates[way, to, level, bool(lowered.exit_inner[e]), rest] += float(lowered.exit_hazard[e])
    return rates


def agent_in(model: Model, lowered: Lowered, s: int) -> Agent:
    """An agent as an expanded state has it."""
    state = model.states[lowered.base[s]]
    same_base = np.flatnonzero(lowered.base == lowered.base[s])
    width = len(same_base) // state.phases
    words = lowered.levels[s].split(", ")
    reference = Reference(model, 1)
    levels = {f.name: words.pop(0) for f in reference._factors(state.name)}
    life = Life(state.name, 0.0, 0, int(lowered.size_of[s]))
    phase = int((s - same_base[0]) // width)
    return Agent(life, state.name, phase, levels, int(lowered.size_of[s]), 0.0, 0)


def assert_lowered_as_the_reference(model: Model) -> None:
    lowered, reference = lower(model), Reference(model, 1)
    for s in range(lowered.size):
        if lowered.absorbing[s]:
            assert of_lowering(lowered, s) == Counter()
            continue
        ours, wanted = of_lowering(lowered, s), of_reference(model, reference, agent_in(model, lowered, s))
        # A way with no rate at all may be there or not.
        keys = {key for key in {*ours, *wanted} if ours[key] or wanted[key]}
        assert {k: ours[k] for k in keys} == pytest.approx({k: wanted[k] for k in keys}, rel=1e-12), lowered.levels[s]


PLAIN = {"linear": LINEAR, "cyclic": CYCLIC, "turned back": TURNED_BACK}
PLAIN |= {name: model for name, model in UNITS.items() if not model.frailties}


@pytest.mark.parametrize(
    "model", [LINEAR, CYCLIC, TURNED_BACK, *PLAIN.values()], ids=["linear", "cyclic", "back", *PLAIN]
)
def test_every_exit_is_that_of_the_reference(model: Model) -> None:
    assert_lowered_as_the_reference(model)


@settings(max_examples=12)
@given(random_models(), st.booleans(), st.booleans())
def test_random_models_are_lowered_as_the_reference(model: Model, factor: bool, clusters: bool) -> None:
    grown = two_levels(model, begin={"off": 0.3, "on": 0.7}) if factor else model
    assert_lowered_as_the_reference(clustered(grown) if clusters else grown)


@pytest.mark.parametrize("name", [entry.name for entry in cascade.models()])
def test_lowered_arrays_belong_together(name: str) -> None:
    low = lower(cascade.load(name))
    exits = len(low.exit_source)
    groups = low.exit_start
    assert groups[0] == 0
    assert (np.diff(groups) >= 0).all()
    for s in range(low.size):
        moves, deaths = range(groups[2 * s], groups[2 * s + 1]), range(groups[2 * s + 1], groups[2 * s + 2])
        assert all(low.exit_source[e] == s for e in (*moves, *deaths))
        assert all(low.exit_target[e] >= 0 for e in moves)
        assert all(low.exit_target[e] < 0 for e in deaths)
    assert low.clock_start[0] == groups[-1]
    assert low.clock_start[-1] == exits
    assert low.start_share.sum() == pytest.approx(1.0)
    assert (low.exit_hazard >= 0).all()


def test_windows_begin_and_end_with_the_treatments_and_overlapping_ones_multiply() -> None:
    shield = cascade.Treatment(name="a", effects=[{"hazard": "*.shear", "factor": 0.5}], start_hours=1.0, end_hours=4.0)
    other = cascade.Treatment(name="b", effects=[{"hazard": "bed.shear", "factor": 3.0}], start_hours=2.0)
    low = lower(CYCLIC.with_treatments(shield, other))
    names = [t.name for t in low.transitions]
    assert low.window_start.tolist() == [0.0, 1.0, 2.0, 4.0]
    of = {name: low.multipliers[:, names.index(name)].tolist() for name in ("blood.shear", "bed.shear", "bed.tissue")}
    assert of == {
        "blood.shear": [1.0, 0.5, 0.5, 1.0],
        "bed.shear": [1.0, 0.5, 1.5, 3.0],
        "bed.tissue": [1.0, 1.0, 1.0, 1.0],
    }


def test_the_course_of_a_capacity_stands_in_its_windows() -> None:
    shared = {"occupied_by": ["blood"], "hazards": ["*.shear"], "half": 1.0, "windows": [0.0, 2.0, 5.0]}
    low = lower(CYCLIC.with_(capacity={**shared, "factors": [0.5, 0.25, 1.0]}))
    shear = [i for i, t in enumerate(low.transitions) if t.way == "shear"]
    assert low.multipliers[:, shear].tolist() == [[0.5] * len(shear), [0.25] * len(shear), [1.0] * len(shear)]
    assert (np.delete(low.multipliers, shear, axis=1) == 1.0).all()


@pytest.mark.parametrize("value", [-0.7, 0.4])
def test_mixed_traits_have_the_stated_correlation(value: float) -> None:
    """Log Z is ``mixing`` times independent normals of the same spreads, plus ``shift``: mean of Z one."""
    low = lower(correlated(value))
    sigma = np.sqrt(np.log1p(low.frailty_cv**2))
    covariance = low.mixing @ np.diag(sigma**2) @ low.mixing.T
    assert np.diag(covariance) == pytest.approx(sigma**2, rel=1e-12)
    assert covariance[0, 1] / math.prod(sigma) == pytest.approx(value, rel=1e-12)
    mean_of_log = low.mixing @ (-(sigma**2) / 2) + low.shift
    assert mean_of_log == pytest.approx(-(sigma**2) / 2, rel=1e-12)
