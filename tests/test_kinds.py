"""Success by kind: distant metastases, nodal ones, and growth where the primary is."""

from __future__ import annotations

import numpy as np
import pytest

import cascade
from cascade import body
from cascade.answers.intervals import paired_difference
from cascade.answers.kinds import KINDS, colonies_by_kind, kind_of_states
from cascade.model import Model
from helpers.budget import agrees
from helpers.models import CYCLIC

LOCAL = {"nerve", "direct growth", "tumour thrombus"}


@pytest.mark.parametrize("name", body.cancer_names())
def test_every_colony_is_of_one_kind_and_the_kinds_add_up_to_success(name: str) -> None:
    model = cascade.load(name)
    by_kind = colonies_by_kind(model)
    every = [state for states in by_kind.values() for state in states]
    assert len(every) == len(set(every))
    assert set(every) == {s.name for s in model.states if s.landmark == "colony"} == set(model.goals)
    exact = cascade.exact(model)
    assert exact.distant + exact.nodal + exact.local == pytest.approx(exact.success, rel=1e-12)
    for site in model.sites:
        wanted = "local" if site.own or site.route in LOCAL else "nodal" if "nodes" in site.name else "distant"
        assert site.kind == wanted, site.name


def test_counts_by_kind_agree_with_the_exact_answer() -> None:
    model = cascade.load("breast").given(cascade.load("breast").goals)
    result, exact = cascade.simulate(model, cells=40_000, seed=1), cascade.exact(model)
    for kind, n in result.kinds().items():
        assert agrees(n, result.cells, exact.kinds()[kind])
    for funnel in (result.funnel(), exact.funnel()):
        marks = {mark.name: mark for mark in funnel.milestones}
        for kind, name in KINDS.items():
            assert marks[name].low <= exact.kinds()[kind] <= marks[name].high
        assert "  distant metastasis " in str(funnel)
        assert "ever distant" not in str(funnel)


def test_what_colonies_are_called_changes_no_digest() -> None:
    model = cascade.load("colon")
    other = model.with_(sites=[site.model_copy(update={"kind": "local"}) for site in model.sites])
    assert other.digest() == model.digest()
    assert cascade.exact(other).local == pytest.approx(cascade.exact(model).success)


def test_elasticities_of_a_kind_are_those_of_its_colonies() -> None:
    exact = cascade.exact(cascade.load("prostate"))
    of = {kind: exact.elasticities(kind) for kind in KINDS}
    whole, shares = exact.elasticities(), exact.kinds()
    for hazard, value in whole.items():
        parts = sum(shares[kind] * of[kind][hazard] for kind in KINDS) / exact.success
        assert parts == pytest.approx(value, abs=1e-9)
    with pytest.raises(cascade.InputError, match="'distant', 'nodal', 'local'"):
        exact.elasticities("far")


def test_models_without_sites_have_no_kinds() -> None:
    assert cascade.exact(CYCLIC).kinds() == {}
    assert cascade.simulate(CYCLIC, cells=100, seed=1).kinds() == {}
    assert cascade.exact(CYCLIC).distant == 0.0
    assert cascade.compare(CYCLIC, CYCLIC.with_(name="b"), cells=100, seed=1).kinds() == ()


COLON = cascade.load("colon")
FEW = COLON.given(COLON.goals)
"""Cells that all found."""


def test_pairs_by_kind_are_those_of_the_lives() -> None:
    """Every number of the table counted anew from both lives of each cell."""
    begun = [share.state for share in FEW.start.states]
    moved = FEW.with_(start={"states": [{"state": state, "share": 1.0 / len(begun)} for state in begun]}, name="moved")
    found = cascade.compare(FEW, moved, cells=600, seed=3)
    lives = found.replay(range(600))
    names, places = list(KINDS), kind_of_states(COLON)
    ends = [[names[places[life.fate]] for life in (both.one, both.two)] for both in lives]
    assert len({tuple(end) for end in ends}) > 3
    for kind, row in zip(KINDS, found.kinds(), strict=True):
        one, two = (np.array([end[side] == kind for end in ends]) for side in (0, 1))
        assert row.step == KINDS[kind]
        assert (row.passed, row.passed_other) == (one.sum(), two.sum())
        assert (row.gained, row.lost) == ((two & ~one).sum(), (one & ~two).sum())
        assert row.difference == (row.gained - row.lost) / 600
        assert (row.low, row.high) == paired_difference(row.gained, row.lost, 600)
    # Success is any of them, and here nobody fails.
    assert sum(row.passed for row in found.kinds()) == 600
    assert found.saved == found.lost == 0
    text = str(found)
    assert text.index("distant metastasis") < text.index("nodal metastasis") < text.index("local growth")
    assert text.index("local growth") < text.index(COLON.stages[0])
    assert "success: any colony" in text


def test_kinds_of_clusters_take_founders_as_independent() -> None:
    """Units of 20 that share their fate: coverage of each kind's change over 100 runs, at least 90."""
    ways = [{"to": "far", "hazard": 0.2}, {"to": "near", "hazard": 0.1}]
    model = Model(
        name="units", stages=["way"],
        states=[
            {"name": "blood", "stage": "way", "moves": ways, "deaths": [{"cause": "lost", "hazard": 0.7}]},
            *({"name": name, "absorbing": True, "site": name, "landmark": "colony"} for name in ("far", "near")),
        ],
        sites=[{"name": "far", "route": "blood"}, {"name": "near", "route": "blood", "kind": "local"}],
        clusters={"sizes": [{"size": 20, "share": 1.0}]},
    )  # fmt: skip
    other = model.with_(scale={"blood.far": 1.5, "blood.near": 0.5}, name="other")
    truth = [
        cascade.exact(other).kinds()[kind] - cascade.exact(model).kinds()[kind]
        for kind in ("distant", "nodal", "local")
    ]
    inside = np.zeros(3, int)
    for seed in range(100):
        rows = cascade.compare(model, other, cells=300, seed=seed).kinds()
        inside += [row.low <= true <= row.high for row, true in zip(rows, truth, strict=True)]
        assert rows[0].passed + rows[2].passed <= 300 * 20
    assert inside.tolist()[1] == 100, "there are no nodal ones"
    assert (inside >= 90).all()
    # Planted: as if the cells of a unit were independent, the interval is far too narrow.
    plain = [paired_difference(row.gained, row.lost, 6000) for row in rows]
    assert (plain[0].high - plain[0].low) * 3 < rows[0].high - rows[0].low
