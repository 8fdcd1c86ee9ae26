"""Cells that a metastasis sheds: the drainage of its organ, by hand for four of them."""

from __future__ import annotations

import pytest

import cascade
from cascade.body import cancer, circulation

BY_HAND = {
    # The hepatic veins join the caval vein: the lung is next.
    "liver": ({"veins": 1.0}, "lung"),
    # The splenic vein is part of the portal vein: the liver is next.
    "spleen": ({"portal vein": 1.0}, "liver"),
    "bone": ({"veins": 1.0}, "lung"),
}


@pytest.mark.parametrize("organ", BY_HAND)
def test_drainage_and_the_next_bed(organ: str) -> None:
    drainage, following = BY_HAND[organ]
    one = cancer("colon").from_site(organ)
    assert dict(one.drainage) == pytest.approx(drainage)
    (vessel,) = one.drainage
    assert circulation(one.sex).first_beds(vessel) == {following: 1.0}
    # All cells being held where they come first, all are held in that bed.
    held = one.model(classes=[cascade.body.CellClass(name="all", arrest=1.0)])
    arrested = {row.organ: row.arrested for row in cascade.exact(held).organs(1.0)}
    assert max(arrested, key=lambda name: arrested[name]) == following
    assert sum(arrested.values()) == pytest.approx(arrested[following], rel=1e-12)


def test_cells_of_a_lung_metastasis_come_to_all_organs_at_once() -> None:
    one = cancer("breast").from_site("lung")
    body = circulation("female")
    # Pulmonary veins carry the whole output, bronchial veins what the bronchi get of it.
    bronchi = next(bed.flow for bed in body.beds if bed.name == "bronchi")
    assert one.drainage["left heart"] == pytest.approx(1.0 / (1.0 + bronchi))
    assert one.drainage["veins"] == pytest.approx(bronchi / (1.0 + bronchi))


@pytest.mark.sampled(2, 8)
@pytest.mark.parametrize("name", cascade.body.cancer_names())
def test_the_cells_are_the_same(name: str) -> None:
    one = cancer(name)
    model, moved = one.model(), one.from_site("bone").model()
    hazards = {state.name: state for state in model.states}
    for state in moved.states:
        if state.site is not None and state.name in hazards:
            same = hazards[state.name]
            assert (state.moves, state.deaths, state.phases) == (same.moves, same.deaths, same.phases)
    kinds = {site.name: site.kind for site in moved.sites}
    assert kinds["bone"] == "local"
    assert kinds.get("liver") == "distant"
    assert {site.name: site.soil for site in moved.sites} == {
        site.name: site.soil for site in model.sites if site.name in kinds
    }
    assert {site.route for site in moved.sites} == {"blood"}
    assert moved.exposure is None


def test_an_organ_without_a_bed_is_refused() -> None:
    with pytest.raises(cascade.InputError, match=r"organ = 'livr'.*did you mean 'liver'"):
        cancer("colon").from_site("livr")
