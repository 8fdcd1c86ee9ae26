"""Factors: levels over states, in simulation, exact answer and replay; the models that have them; errors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cascade
from cascade.lowering.lower import lower
from cascade.model import Model
from helpers.agreement import all_agree
from helpers.budget import agrees, within
from helpers.models import CYCLIC, LINEAR, TWO_FRAILTIES, random_models, two_levels


def names(model: Model) -> list[str]:
    return [name for name, _, _ in model.hazards()]


@pytest.mark.parametrize("until", [None, 1.5])
@pytest.mark.parametrize("model", [LINEAR, CYCLIC], ids=lambda m: m.name)
def test_counts_agree_with_the_exact_answer(model: Model, until: float | None) -> None:
    grown = two_levels(model, begin={"off": 0.6, "on": 0.4})
    result, exact = cascade.simulate(grown, cells=400_000, seed=3, until=until), cascade.exact(grown, until=until)
    assert all_agree(result, exact) == []
    plain = cascade.exact(model, until=until).funnel()
    assert max(abs(a.passed / b.passed - 1) for a, b in zip(exact.funnel(), plain, strict=True) if b.passed) > 0.02


def test_frailties_treatments_and_two_factors_agree() -> None:
    grown = two_levels(two_levels(TWO_FRAILTIES), name="phenotype", states=[TWO_FRAILTIES.states[1].name], factor=3.0)
    shield = cascade.Treatment(
        name="t", effects=[{"hazard": "*.cloak: on", "factor": 0.0}], start_hours=0.1, end_hours=1.0
    )
    for model in (grown, grown.with_(frailties=()).with_treatments(shield)):
        assert all_agree(cascade.simulate(model, cells=300_000, seed=4), cascade.exact(model)) == []


@settings(max_examples=6)
@given(random_models(), st.floats(0.1, 5.0), st.floats(0.0, 3.0))
def test_random_models_agree(model: Model, on: float, factor: float) -> None:
    grown = two_levels(model, on=on, factor=factor)
    assert all_agree(cascade.simulate(grown, cells=60_000, seed=9), cascade.exact(grown)) == []


def test_a_factor_without_effects_changes_nothing() -> None:
    idle = two_levels(CYCLIC, effects=[], begin={"off": 0.3, "on": 0.7})
    plain, grown = cascade.exact(CYCLIC), cascade.exact(idle)
    assert grown.fates() == pytest.approx(plain.fates(), rel=1e-10)
    assert grown.milestones() == pytest.approx(plain.milestones(), rel=1e-10)
    assert {t: n for t, n in grown.events().items() if "cloak" not in t} == pytest.approx(plain.events(), rel=1e-10)


def test_switching_off_at_once_is_no_factor_and_on_for_ever_a_change() -> None:
    name = names(LINEAR)[1]
    never = two_levels(LINEAR, on=0.0)
    assert cascade.exact(never).fates() == pytest.approx(cascade.exact(LINEAR).fates(), rel=1e-12)
    always = two_levels(LINEAR, off=0.0, begin={"on": 1.0}, effects=[{"level": "on", "hazard": name, "factor": 0.25}])
    changed = cascade.exact(LINEAR.with_(scale={name: 0.25})).fates()
    assert cascade.exact(always).fates() == pytest.approx(changed, rel=1e-12)


def test_levels_are_kept_inside_and_drawn_on_coming_in() -> None:
    """Blood on, tissue off, blood again: the level is drawn anew by ``begin``; two neighbours inside keep it."""
    chain = cascade.Model.from_survival({"a": 1.0, "b": 1.0, "c": 0.5}, mean_hours=1.0)
    effects = [{"level": "on", "hazard": "c.lost", "factor": 0.0}]
    factor = {"name": "f", "levels": ["off", "on"], "begin": {"off": 0.75, "on": 0.25}, "effects": effects}
    kept = chain.with_(factors=[{**factor, "states": ["a", "b", "c"]}])
    assert cascade.exact(kept).success == pytest.approx(0.25 + 0.75 * 0.5, rel=1e-12)
    drawn = chain.with_(factors=[{**factor, "states": ["a", "c"], "begin": {"on": 1.0}}])
    assert cascade.exact(drawn).success == pytest.approx(1.0, rel=1e-12)
    # With phases: a level is kept from phase to phase, and switches within each.
    slow = chain.with_(states=[s.model_copy(update={"phases": 3}) for s in chain.states[:2]] + list(chain.states[2:]))
    assert lower(slow.with_(factors=[{**factor, "states": ["a", "b", "c"]}])).size == 3 * 2 + 3 * 2 + 2 + 1
    assert cascade.exact(slow.with_(factors=[{**factor, "states": ["a", "b", "c"]}])).success == pytest.approx(0.625)


def test_share_of_time_at_a_level() -> None:
    """Long in one state: the share at a level is that of the two switching hazards."""
    wait = cascade.Model(
        name="wait",
        stages=["s"],
        states=[
            {
                "name": "s",
                "stage": "s",
                "moves": [{"to": "end", "hazard": 1e-3}],
                "deaths": [{"cause": "x", "hazard": 1e-3}],
            },
            {"name": "end", "absorbing": True},
        ],
    )
    effects = [{"level": "on", "hazard": "s.x", "factor": 0.0}]
    switches = [{"level": "off", "to": "on", "hazard": 30.0}, {"level": "on", "to": "off", "hazard": 10.0}]
    grown = wait.with_(
        factors=[{"name": "f", "levels": ["off", "on"], "states": ["s"], "switches": switches, "effects": effects}]
    )
    assert cascade.exact(grown).success == pytest.approx(1 / (1 + 0.25), rel=1e-4)


def test_replay_shows_switches_and_counts_add_up() -> None:
    grown = two_levels(CYCLIC)
    n = 3000
    result = cascade.simulate(grown, cells=n, seed=2)
    order = list(result.events())
    each = np.zeros((n, len(order)))
    for history in result.replay(range(n)):
        for stay in history.stays:
            if stay.ended_by:
                each[history.cell, order.index(f"{stay.state}.{stay.ended_by}")] += 1
    assert each.sum(axis=0).tolist() == list(result.events().values())
    assert sum(each[:, i].sum() for i, name in enumerate(order) if ".cloak: on" in name) > 100
    truth = cascade.exact(grown).events()
    for i, name in enumerate(order):
        error = each[:, i].std() / math.sqrt(n) + 1 / n
        assert within(each[:, i].mean(), truth[name], error), name


def test_body_with_a_cloak_agrees() -> None:
    """A factor on the cells in the blood of a cancer: organs by simulation and exactly, and quickly."""
    plain = cascade.load("colon")
    effects = [
        {"level": "cloaked", "hazard": h, "factor": 0.1}
        for h in ("*, held.immune killing", "*, passing.immune killing")
    ]
    switches = [{"level": "bare", "to": "cloaked", "hazard": 30.0}, {"level": "cloaked", "to": "bare", "hazard": 1.0}]
    inside = ["*, held", "*, passing", "*: arrested"]
    cloak = {"name": "cloak", "levels": ["bare", "cloaked"], "states": inside, "switches": switches, "effects": effects}
    grown = plain.with_(factors=[cloak])
    result, exact = cascade.simulate(grown, cells=300_000, seed=6), cascade.exact(grown)
    assert all_agree(result, exact) == []
    expected = {row.organ: row for row in exact.organs(1.0)}
    for row in result.organs():
        assert agrees(int(row.arrested), result.cells, expected[row.organ].arrested), row.organ
    before = {row.organ: row.arrested for row in cascade.exact(plain).organs(1.0)}
    assert expected["lung"].arrested > 1.01 * before["lung"]


def test_platelets_need_nk_cells_in_the_default_model() -> None:
    model = cascade.load("platelets")
    bare = cascade.Treatment(name="none", effects=[{"hazard": "*.cloak: cloaked", "factor": 0.0}])
    alone = model.with_(scale={"*.immune killing": 0.0})
    assert cascade.exact(alone).fates() == pytest.approx(cascade.exact(alone.with_treatments(bare)).fates(), rel=1e-9)
    assert cascade.exact(model).success > 1.5 * cascade.exact(model.with_treatments(bare)).success
    for name in ("platelets", "platelets-all-four", "emt"):
        grown = cascade.load(name)
        assert all_agree(cascade.simulate(grown, cells=400_000, seed=5), cascade.exact(grown)) == []


def test_wrong_factors_get_one_clear_message() -> None:
    right = two_levels(LINEAR).factors[0].model_dump()
    switch = {"level": "off", "to": "on", "hazard": 1.0}
    for changes, message in (
        ({"levels": ["off", "on", "on"]}, "each level once"),
        ({"levels": ["off"], "switches": [], "effects": []}, "at least one entry|at least 2"),
        ({"states": ["nowhere"]}, "a state that is not absorbing"),
        ({"begin": {"off": 0.5}}, "shares that sum to 1"),
        ({"begin": {"up": 1.0}}, "a level"),
        ({"switches": [{**switch, "to": "up"}]}, "a level"),
        ({"switches": [{**switch, "to": "off"}]}, "another level"),
        ({"switches": [switch, switch]}, "each switch once"),
        ({"effects": [{"level": "on", "hazard": "*.nothing", "factor": 1.0}]}, "a hazard of the model"),
        ({"effects": [{"level": "on", "hazard": names(LINEAR)[0], "factor": -1.0}]}, "a number >= 0"),
    ):
        with pytest.raises(cascade.ModelError, match=message) as caught:
            LINEAR.with_(factors=[{**right, **changes}])
        assert len(caught.value.faults) == 1, message
    huge = [{"name": f"f{i}", "levels": [f"l{j}" for j in range(64)], "states": ["*"]} for i in range(4)]
    with pytest.raises(cascade.ModelError, match="phases and levels counted"):
        LINEAR.with_(factors=huge)


def test_models_with_factors_are_saved_whole() -> None:
    grown = two_levels(CYCLIC, begin={"off": 0.5, "on": 0.5})
    assert Model.from_toml(grown.to_toml()) == grown
    parts = cascade.simulate(grown, cells=range(2000), seed=1).merge(
        cascade.simulate(grown, cells=range(2000, 5000), seed=1)
    )
    whole = cascade.simulate(grown, cells=5000, seed=1)
    assert np.array_equal(parts.totals.counts, whole.totals.counts)


def test_the_order_of_a_table_in_a_file_changes_no_life() -> None:
    one, two = (two_levels(CYCLIC, begin=begin) for begin in ({"off": 0.6, "on": 0.4}, {"on": 0.4, "off": 0.6}))
    assert one.digest() == two.digest()
    runs = [cascade.simulate(model, cells=2000, seed=3).totals.counts for model in (one, two)]
    assert np.array_equal(*runs)
