"""Cells from the vessel to their first division: with what comes before and after they are the whole, once."""

from __future__ import annotations

import math

import pytest

import cascade
from cascade.body import cancer, cancer_names
from cascade.body.clock import clock
from cascade.patient.founding import Founding, foundings, treatments_left

GROWS = {"blood": 0.06, "nodes": 0.001 / 0.01, "cavity": 0.0012 / 0.0092}
"""Share of micrometastases that grow, in the cell model."""


def parts(name: str) -> tuple[cascade.Model, tuple[Founding, ...]]:
    one = cancer(name)
    return one.model(), foundings(one)


def after(model: cascade.Model, site: str) -> tuple[float, float]:
    """Share of the founders in a site that the cell model lets grow, and the days until they are a colony."""
    for state in model.states:
        if state.milestone == "micrometastasis":
            colonies = [m for m in state.moves if next(s for s in model.states if s.name == m.to).site == site]
            if colonies:
                total = sum(e.hazard for e in (*state.moves, *state.deaths))
                return sum(m.hazard for m in colonies) / total, 1.0 / total / 24.0
    return 1.0, 0.0


@pytest.mark.sampled(3, 8)
@pytest.mark.parametrize("name", cancer_names())
def test_founding_with_what_is_before_and_after_is_the_whole_chance(name: str) -> None:
    """Over all cancers: nothing is left out, and no hazard counted twice."""
    model, made = parts(name)
    assert math.fsum(f.share for f in made) == pytest.approx(1.0)
    found: dict[str, float] = {}
    for f in made:
        for site, chance in f.chances.items():
            grows, _ = after(model, site)
            found[site] = found.get(site, 0.0) + f.share * f.reached * chance * grows
    whole = {row.organ: row.colonies for row in cascade.exact(model).organs(1.0)}
    assert {site: found.get(site, 0.0) for site in whole} == pytest.approx(whole, rel=1e-11)
    assert sum(whole.values()) == pytest.approx(cascade.exact(model).success, rel=1e-11)


@pytest.mark.parametrize(("name", "route", "site"), [
    ("breast", "blood", "bone"), ("colon", "blood", "liver"), ("colon", "lymph", "epicolic nodes"),
    ("ovary", "peritoneum", "omentum"), ("prostate", "nerve", "periprostatic nerves"),
])  # fmt: skip
def test_delays_add_up(name: str, route: str, site: str) -> None:
    """Time to the vessel, from there to founding, and of the lesion: each a conditioned mean of its own."""
    model, made = parts(name)
    f = next(f for f in made if f.route == route)
    start = next(s.state for s in model.start.states if s.state.endswith(f"({route})"))
    (colony, *_) = [s.name for s in model.states if s.landmark == "colony" and s.site == site]
    (founder, *_) = [s.name for s in f.model.states if s.landmark == "colony" and s.site == site]

    def days(of: cascade.Model, goal: str) -> float:
        return next(
            time.mean_hours for time in cascade.exact(of.given(goal)).times() if time.name == of.stages[-1]
        ) / 24.0  # fmt: skip

    _, lesion = after(model, site)
    whole = days(model.injected(start), colony)
    assert days(f.before, "shed") + days(f.model, founder) + lesion == pytest.approx(whole, rel=1e-9)


def test_the_model_ends_at_the_first_division() -> None:
    for f in foundings(cancer("breast")):
        names = {state.name for state in f.model.states}
        assert not any(
            name.endswith(": colony") for name in names if name.replace("colony", "micrometastasis") in names
        )
        assert not any("primary" in name or "invading" in name for name in names)
        causes = {death.cause for state in f.model.states for death in state.deaths}
        assert "regression" not in causes
        assert "death in the primary" not in causes


def test_cells_of_colon_from_the_vessel() -> None:
    """As the design of patients has it: 4.4e-4 from the vessel, and a half of it from all that set out."""
    blood = next(f for f in foundings(cancer("colon")) if f.route == "blood")
    assert sum(blood.chances.values()) == pytest.approx(4.4e-4, rel=0.02)
    assert blood.reached == pytest.approx(0.5 * 0.8 * 0.5)


def test_a_source_in_the_liver_sends_its_cells_to_the_lung_first() -> None:
    (only,) = foundings(cancer("colon"), "liver")
    (primary,) = (f for f in foundings(cancer("colon")) if f.route == "blood")
    assert only.route == "blood"
    assert only.chances["lung"] > 1.3 * primary.chances["lung"]
    assert only.chances["liver"] < 0.6 * primary.chances["liver"]


def test_dormancy_of_decades_is_in_the_delay() -> None:
    blood = next(f for f in foundings(cancer("breast")) if f.route == "blood")
    year = 8766.0
    curves = blood.answer.occupancy([1.0 * year, 10.0 * year, 30.0 * year])
    late = [1.0 - float(curves["bone: micrometastasis"][i]) / blood.chances["bone"] for i in range(3)]
    deep = 0.8331 * 0.4872
    assert late[2] == pytest.approx(deep * math.exp(-1.0), rel=0.01)
    assert late[0] > late[1] > late[2] > 0.1
    assert clock().sleep[1].mean_years == 30.0


def test_treatments_after_the_cut_are_refused() -> None:
    blood = next(f for f in foundings(cancer("breast")) if f.route == "blood")
    for name in ("chemotherapy", "anti-angiogenic"):
        with pytest.raises(cascade.InputError, match=r"treatment.*on lesions"):
            treatments_left(blood.model, cascade.treatment(name))
    for name in ("nk-depletion", "anticoagulant", "hormone"):
        assert treatments_left(blood.model, cascade.treatment(name)).effects


def test_wrong_sources_are_refused() -> None:
    with pytest.raises(cascade.InputError, match=r"source = 'livr'.*did you mean 'liver'"):
        foundings(cancer("colon"), "livr")
    with pytest.raises(cascade.InputError, match="source"):
        foundings(cancer("colon"), "peritoneum")


def test_a_node_sheds_into_the_lymph_that_leaves_it() -> None:
    """Its cells go where those go that pass it by: to the next node, and from the last into the blood."""
    breast = cancer("breast")
    model = breast.model()
    (first,) = foundings(breast, "axillary nodes")
    assert first.route == "lymph"
    assert first.before == next(f.before for f in foundings(breast) if f.route == "lymph")
    assert "axillary nodes" not in first.chances
    on = cascade.exact(model.injected("apical axillary nodes: sinus"))
    for site in ("apical axillary nodes", "supraclavicular nodes", "lung"):
        grows, _ = after(model, site)
        found = {row.organ: row.colonies for row in on.organs(1.0)}
        assert first.chances[site] * grows == pytest.approx(found[site], rel=1e-11)
    (last,) = foundings(breast, "supraclavicular nodes")
    assert not any(site in last.chances for site in ("axillary nodes", "supraclavicular nodes"))
    duct = cascade.exact(model.injected("thoracic duct"))
    whole = sum(row.colonies for row in duct.organs(1.0))
    assert sum(c * after(model, site)[0] for site, c in last.chances.items()) == pytest.approx(whole, rel=1e-11)


def test_founding_is_worked_out_once() -> None:
    """Whoever changes a number of a disease, whose cells stay what they are, does not wait for it again."""
    cancer = cascade.body.cancer("colon")
    assert cascade.patient.foundings(cancer) is cascade.patient.foundings(cascade.body.cancer("colon"))
    assert cascade.patient.foundings(cancer, "liver") is cascade.patient.foundings(cancer, "liver")
