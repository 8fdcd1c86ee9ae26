"""Success by kind: distant metastases, nodal ones, and growth where the primary is."""

from __future__ import annotations

import pytest

import cascade
from cascade import body
from cascade.answers.kinds import KINDS, colonies_by_kind
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
