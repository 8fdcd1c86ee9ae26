"""Treatments: windows in simulation and exact answer, the same cells twice, the catalogue, errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import cascade
from cascade.model import Model
from cascade.model.names import matching
from helpers.agreement import all_agree
from helpers.budget import SIGMAS, agrees, within
from helpers.models import CYCLIC, LINEAR, TWO_FRAILTIES, random_models


def hazards(model: Model) -> list[str]:
    return [name for name, _, _ in model.hazards()]


def two_treatments(model: Model) -> list[cascade.Treatment]:
    """Two that overlap for a while and share a hazard."""
    names = hazards(model)
    first = [{"hazard": names[0], "factor": 0.2}, {"hazard": names[1], "factor": 3.0}]
    second = [{"hazard": name, "factor": 0.5} for name in names[1:4]]
    return [
        cascade.Treatment(name="first", effects=first, start_hours=0.01, end_hours=5.0),
        cascade.Treatment(name="second", effects=second, start_hours=1.0, end_hours=3.0),
    ]


@pytest.mark.parametrize(
    ("model", "until"),
    [
        (LINEAR, None),
        (LINEAR, 2.0),
        (CYCLIC, None),
        (CYCLIC, 2.0),
        pytest.param(TWO_FRAILTIES, None, marks=pytest.mark.slow),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_counts_agree_with_the_exact_answer(model: Model, until: float | None) -> None:
    treated = model.with_treatments(*two_treatments(model))
    result, exact = cascade.simulate(treated, cells=400_000, seed=3, until=until), cascade.exact(treated, until=until)
    assert all_agree(result, exact) == []
    plain = cascade.exact(model, until=until).funnel().rows
    moved = [abs(a.passed / b.passed - 1) for a, b in zip(exact.funnel(), plain, strict=True) if b.passed]
    assert max(moved) > 0.05  # the treatments do something


def test_entries_over_an_interval_and_treatments_agree() -> None:
    treated = LINEAR.with_(start={**LINEAR.start.model_dump(), "entry_hours": (0.5, 3.5)})
    treated = treated.with_treatments(*two_treatments(LINEAR))
    for until in (None, 2.5):
        result = cascade.simulate(treated, cells=300_000, seed=5, until=until)
        assert all_agree(result, cascade.exact(treated, until=until)) == []


@settings(max_examples=15)
@given(random_models(), st.floats(0.05, 2.0), st.floats(0.1, 5.0), st.floats(0.0, 4.0))
def test_random_models_agree(model: Model, start: float, hours: float, factor: float) -> None:
    effect = {"hazard": hazards(model)[0], "factor": factor}
    treated = model.with_treatments(
        cascade.Treatment(name="t", effects=[effect], start_hours=start, end_hours=start + hours)
    )
    result = cascade.simulate(treated, cells=60_000, seed=9)
    assert all_agree(result, cascade.exact(treated)) == []


def test_curves_and_events_agree() -> None:
    treated = CYCLIC.with_treatments(*two_treatments(CYCLIC))
    times = [0.005, 0.5, 1.5, 4.0, 9.0]
    n = 400_000
    result, exact = cascade.simulate(treated, cells=n, seed=6, times=times), cascade.exact(treated)
    seen, truth = result.occupancy(times), exact.occupancy(times)
    for name in truth.names:
        for p, q in zip(seen[name], truth[name], strict=True):
            assert agrees(round(p * n), n, float(q)), name
    counted = result.events()
    for name, expected in exact.events().items():
        # Events of one cell are not independent: a bound on their variance by that of ten per cell.
        assert within(counted[name] / n, expected, np.sqrt(10 * expected / n) + 1e-6), name


def test_a_treatment_that_changes_nothing_changes_nothing() -> None:
    idle = cascade.Treatment(
        name="idle", effects=[{"hazard": hazards(CYCLIC)[0], "factor": 1.0}], start_hours=0.5, end_hours=2.0
    )
    treated = CYCLIC.with_treatments(idle)
    plain, marched = cascade.exact(CYCLIC), cascade.exact(treated)
    assert marched.fates() == pytest.approx(plain.fates(), abs=1e-9)
    assert marched.occupancy([0.3, 1.0, 7.0]).values == pytest.approx(plain.occupancy([0.3, 1.0, 7.0]).values, abs=1e-9)
    assert marched.milestones() == pytest.approx(plain.milestones(), abs=1e-9)
    # Bit by bit: a window without a change moves no clock.
    a, b = (cascade.simulate(m, cells=50_000, seed=4).totals for m in (CYCLIC, treated))
    assert np.array_equal(a.counts, b.counts)


def test_a_treatment_for_ever_is_a_change_of_hazards() -> None:
    name = hazards(LINEAR)[1]
    treated = LINEAR.with_treatments(cascade.Treatment(name="t", effects=[{"hazard": name, "factor": 0.25}]))
    changed = LINEAR.with_(scale={name: 0.25})
    a, b = (cascade.simulate(m, cells=50_000, seed=4).totals for m in (treated, changed))
    assert np.array_equal(a.counts, b.counts)
    assert cascade.exact(treated).fates() == pytest.approx(cascade.exact(changed).fates(), rel=1e-12)
    assert cascade.exact(treated).elasticities() == pytest.approx(cascade.exact(changed).elasticities(), rel=1e-9)


def test_a_treatment_can_be_moved_in_time() -> None:
    one = two_treatments(LINEAR)[0]
    moved = one.during(7.0)
    assert (moved.start_hours, moved.end_hours, moved.effects) == (7.0, None, one.effects)
    with pytest.raises(cascade.ModelError, match="a time after its start"):
        one.during(7.0, 6.0)


def test_overlapping_treatments_multiply() -> None:
    name = hazards(LINEAR)[1]
    both = [cascade.Treatment(name=n, effects=[{"hazard": name, "factor": f}]) for n, f in (("a", 0.5), ("b", 3.0))]
    one = cascade.Treatment(name="c", effects=[{"hazard": name, "factor": 1.5}])
    assert cascade.exact(LINEAR.with_treatments(*both)).fates() == pytest.approx(
        cascade.exact(LINEAR.with_treatments(one)).fates(), rel=1e-12
    )


def test_treated_results_replay_merge_and_open(tmp_path: Path) -> None:
    treated = CYCLIC.with_treatments(*two_treatments(CYCLIC))
    whole = cascade.simulate(treated, cells=4000, seed=2)
    opened = cascade.open_result(whole.save(tmp_path / "t.cascade"))
    assert opened.model == treated
    fates: dict[str, int] = {}
    for history in opened.replay(range(4000)):
        fates[history.fate] = fates.get(history.fate, 0) + 1
    assert fates == whole.fates()
    parts = cascade.simulate(treated, cells=range(1500), seed=2).merge(
        cascade.simulate(treated, cells=range(1500, 4000), seed=2)
    )
    assert np.array_equal(parts.totals.counts, whole.totals.counts)
    assert Model.from_toml(treated.to_toml()) == treated


@pytest.mark.parametrize("limit", [0.0, None])
@pytest.mark.parametrize("closed", [("*.shear", "*.immune killing", "bed.tissue"), ("blood.shear", "*.immune killing")])
def test_a_way_out_that_closes_later_or_opens_later(closed: tuple[str, ...], limit: float | None) -> None:
    """What is so in the last window is so for ever: only a way out that stays closed needs an end."""
    effects = [{"hazard": hazard, "factor": 0.0} for hazard in closed]
    later = CYCLIC.with_treatments(cascade.Treatment(name="t", effects=effects, start_hours=3.0))
    for_a_while = CYCLIC.with_treatments(cascade.Treatment(name="t", effects=effects, start_hours=1.0, end_hours=3.0))
    endless = "bed.tissue" in closed
    calls = (
        lambda m, until: cascade.simulate(m, cells=300, seed=1, until=until),
        lambda m, until: cascade.replay(m, seed=1, cells=range(20), until=until),
        lambda m, until: cascade.compare(m, m, cells=300, seed=1, until=until),
        lambda m, until: cascade.exact(m, until=until).funnel(),
    )
    for call in calls:
        call(for_a_while, None)
        call(later, 50.0 if limit is None else 5.0)
        if endless:
            with pytest.raises(cascade.InputError, match="until"):
                call(later, None)
        else:
            call(later, None)
    if endless:
        # Whoever is still in the vessels then stays there: simulated and exact alike.
        until = 5.0 if limit is not None else 20.0
        result, exact = cascade.simulate(later, cells=100_000, seed=2, until=until), cascade.exact(later, until=until)
        assert all_agree(result, exact) == []


# The same cells twice.


@pytest.mark.parametrize(("factor", "harmless"), [(0.3, True), (4.0, False)])
def test_who_can_only_be_helped_is_never_lost(factor: float, harmless: bool) -> None:
    """Less killing in any window never loses a survivor of a linear model; more never saves one."""
    causes = sorted({name for name in hazards(LINEAR) if name.partition(".")[2] not in LINEAR_STATES})
    effects = [{"hazard": name, "factor": factor} for name in causes]
    shield = cascade.Treatment(name="shield", effects=effects, start_hours=0.02, end_hours=3.0)
    found = cascade.compare(LINEAR, LINEAR.with_treatments(shield), cells=200_000, seed=8)
    changed = sum(row.saved + row.moved + row.lost for row in found.causes())
    assert changed > 1000
    assert (found.lost if harmless else found.saved) == 0
    assert all((row.lost if harmless else row.gained) == 0 for row in found)


LINEAR_STATES = {state.name for state in LINEAR.states}


def test_causes_add_up_and_cells_are_named() -> None:
    other = LINEAR.with_(scale={"*.immune killing": 0.2, "detachment.breach": 0.9}, name="other")
    n = 50_000
    found = cascade.compare(LINEAR, other, cells=n, seed=3)
    assert sum(found.ends.values()) == n
    rows = found.causes()
    assert sum(row.saved for row in rows) == found.saved
    assert len(found.saved_cells) == min(found.saved, 1000)
    assert sum(row.lost for row in rows) == found.lost
    assert len(found.lost_cells) == min(found.lost, 1000)
    one = cascade.simulate(LINEAR, cells=n, seed=3)
    ended = {(row.step, cause): int(k) for row in one.funnel() for cause, k in row.lost.items()}
    assert {(r.step, r.cause): r.cells for r in rows if r.cells and r.cause != "alive"} == ended
    goal = next(state.name for state in LINEAR.states if state.stage is None)
    for lives in found.replay(found.saved_cells[:20]):
        assert lives.two.fate == goal != lives.one.fate
        assert f"cell {lives.one.cell}" in str(lives)
    assert [lives.one.fate for lives in found.replay(found.lost_cells[:5])] == [goal] * len(found.lost_cells[:5])
    assert "saved from it" in str(found)


def test_paired_cells_are_worth_many_independent_ones() -> None:
    """A 5 % change of a hazard: at least 20 times fewer cells than two independent runs."""
    name = next(n for n in hazards(LINEAR) if n.endswith("immune killing"))
    found = cascade.compare(LINEAR, LINEAR.with_(scale={name: 0.95}, name="less"), cells=400_000, seed=12)
    assert found.fewer_cells > 20
    # The ratio told is that of the variances: seen over 40 pairs of runs.
    differences, independent = [], []
    for seed in range(40):
        few = cascade.compare(LINEAR, LINEAR.with_(scale={name: 0.95}, name="less"), cells=10_000, seed=seed)
        differences.append((few.saved - few.lost) / few.cells)
        other = cascade.simulate(few.other, cells=10_000, seed=1000 + seed).success
        independent.append(other - cascade.simulate(LINEAR, cells=10_000, seed=seed).success)
    assert np.var(independent) / np.var(differences) > 20 / SIGMAS


def test_cells_are_counted_once_at_the_moment_of_entry() -> None:
    """Also before it, and milestones of states in which cells start."""
    treated = CYCLIC.with_treatments(*two_treatments(CYCLIC))
    assert cascade.exact(treated).occupancy([0.0]).values.sum() == pytest.approx(1.0)
    late = LINEAR.with_(start={**LINEAR.start.model_dump(), "entry_hours": (5.0, 5.0)})
    late = late.with_treatments(*two_treatments(LINEAR))
    for until in (4.0, 5.0, 6.0):
        assert sum(cascade.exact(late, until=until).fates().values()) == pytest.approx(1.0)
    states = [s.model_copy(update={"milestone": "began"} if i == 0 else {}) for i, s in enumerate(LINEAR.states)]
    spread = LINEAR.with_(states=states, start={**LINEAR.start.model_dump(), "entry_hours": (0.0, 10.0)})
    spread = spread.with_treatments(*two_treatments(LINEAR))
    assert cascade.exact(spread, until=5.0).milestones()["began"] == pytest.approx(1.0)


def test_nodes_are_fine_enough_for_every_window() -> None:
    """A frailty that matters only while a treatment makes its hazard large."""
    waiting = Model.from_survival({"s": 0.5}, mean_hours=5.0, causes={"s": {"x": 1.0}})
    waiting = waiting.with_(
        hazards={"s.metastasis": 0.1, "s.x": 1e-6},
        frailties=[{"name": "z", "cv": 2.0, "distribution": "gamma", "hazards": [{"hazard": "s.x"}]}],
    )
    strong = cascade.Treatment(name="t", effects=[{"hazard": "s.x", "factor": 1e6}], start_hours=1.0, end_hours=30.0)
    exact = cascade.exact(waiting.with_treatments(strong))
    # By hand, averaged over the gamma distribution of Z (shape 1/4) on a fine grid of log Z.
    x = np.linspace(-200.0, 6.0, 2_000_001)
    z = np.exp(x)
    density = stats.gamma.pdf(z, 0.25, scale=4.0) * z
    rates = [(0.1 + z * f, hours) for f, hours in ((1e-6, 1.0), (1.0, 29.0), (1e-6, np.inf))]
    alive, passed = np.ones_like(z), np.zeros_like(z)
    for rate, hours in rates:
        passed += alive * 0.1 / rate * -np.expm1(-rate * hours)
        alive = alive * np.exp(-rate * hours)
    assert exact.success == pytest.approx(np.trapezoid(passed * density, x), rel=1e-7)


def test_causes_may_bear_any_name() -> None:
    odd = Model.from_survival({"a": 0.5, "b": 0.4}, causes={"a": {"success": 1.0}, "b": {"alive": 1.0}})
    found = cascade.compare(odd, odd.with_(scale={"a.success": 0.5, "b.alive": 0.5}), cells=20_000, seed=1)
    rows = found.causes()
    assert sum(row.saved for row in rows) == found.saved > 1000
    assert {(row.cause, row.kind) for row in rows} == {("success", "death"), ("alive", "death")}


# The catalogue.


@pytest.mark.parametrize("name", [entry.name for entry in cascade.treatments()])
def test_catalogue_treatments_are_sourced_and_act(name: str) -> None:
    treatment = cascade.treatment(name)
    assert treatment.name == name
    assert "patient" in treatment.limits
    keys = {source.key for source in treatment.sources} | {"illustrative"}
    for effect in treatment.effects:
        assert effect.source
        assert set(effect.source) <= keys
    assert any(matching(effect.hazard, hazards(cascade.load("colon"))) for effect in treatment.effects)
    # What it does is solved where that is quick: through windows colon takes twenty seconds.
    plain = cascade.load("mouse-tail-vein" if name == "e-selectin-block" else "textbook")
    assert cascade.exact(plain.with_treatments(treatment)).success != pytest.approx(cascade.exact(plain).success)
    # No effect that acts nowhere.
    everywhere = [name for model in ("colon", "textbook", "mouse-tail-vein") for name in hazards(cascade.load(model))]
    for effect in treatment.effects:
        assert matching(effect.hazard, everywhere), effect.hazard


def test_times_of_a_file_are_kept_unless_others_are_given(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nstart_hours = 5\nend_hours = 48\neffects = [{ hazard = "*.shear", factor = 0.5 }]\n'
    )
    for times, wanted in (((), (5, 48)), ((10,), (10, 48)), ((0, float("inf")), (0, None)), ((None, 24), (5, 24))):
        found = cascade.treatment(path, *times)
        assert (found.start_hours, found.end_hours) == wanted
    with pytest.raises(cascade.InputError, match="this is a treatment"):
        cascade.load(path)


def acts_on(name: str, model: str) -> set[str]:
    names = hazards(cascade.load(model))
    return {n for e in cascade.treatment(name).effects for n in matching(e.hazard, names)}


def test_treatments_act_where_they_should() -> None:
    for model in ("textbook", "colon"):
        # MMP inhibitors act on outgrowth, not on extravasation (TIMP-1 cells still extravasate).
        assert not any(n.endswith("extravasated") for n in acts_on("mmp-inhibitor", model))
        assert any("macro" in n or "colony" in n for n in acts_on("mmp-inhibitor", model))
        # Chemotherapy kills dividing cells and spares dormant ones.
        assert not any("dormant" in n.partition(".")[0] for n in acts_on("chemotherapy", model) if "micro" not in n)
        assert all(n.startswith("primary") for n in acts_on("radiotherapy", model))
    assert {n.partition(".")[2] for n in acts_on("e-selectin-block", "colon")} == {"bone: arrested", "liver: arrested"}


# Errors.


def test_wrong_treatments_get_clear_messages() -> None:
    effect = [{"hazard": "*.immune killing", "factor": 0.5}]
    with pytest.raises(cascade.ModelError, match=r"end_hours = 1\.0: a time after its start \(2 h\)"):
        cascade.Treatment(name="t", effects=effect, start_hours=2.0, end_hours=1.0)
    with pytest.raises(cascade.InputError, match=r"which has none of \*\.nothing"):
        LINEAR.with_treatments(cascade.Treatment(name="t", effects=[{"hazard": "*.nothing", "factor": 2.0}]))
    with pytest.raises(cascade.ModelError, match="factor"):
        cascade.Treatment(name="t", effects=[{"hazard": "*.shear", "factor": -1.0}])
    with pytest.raises(cascade.ModelError, match="at least one entry"):
        cascade.Treatment(name="t", effects=[])
    with pytest.raises(cascade.InputError, match="did you mean 'nk-depletion'"):
        cascade.treatment("nk-depletio")
    with pytest.raises(cascade.ModelError, match="at least one that acts"):
        LINEAR.with_(treatments=[{"name": "t", "effects": [{"hazard": "*.nothing", "factor": 2.0}]}])
    with pytest.raises(cascade.ModelError, match="the key of a source"):
        cascade.Treatment(name="t", effects=[{"hazard": "*.shear", "factor": 2.0, "source": ["X"]}])
    with pytest.raises(cascade.InputError, match="a Treatment"):
        LINEAR.with_treatments("nk-depletion")  # type: ignore[arg-type]
    treated = LINEAR.with_treatments(*two_treatments(LINEAR))
    for ask in (cascade.exact(treated).times, cascade.exact(treated).traits):
        with pytest.raises(cascade.InputError, match="a model without treatments or the course"):
            ask()
